/* test_pane_state.c - panes through the store and back: by epoch, by number of subtasks, and from
 * bytes that somebody changed. */
#include "tests/unit/pane_fixture.h"

/* Save as one subtask and commit; returns how many records were written. */
static u32
save(Fixture *f, StateTable *t, Pane **panes, u32 n, u32 subtask)
{
    StateChanges changes = {0};
    StateWriter w = {.to = &changes, .op = OP, .subtask = (u16)subtask};
    state_table_save(t, panes, n, &w);
    Err err;
    Status st = state_store_commit(f->store, ++f->epoch, changes.at, changes.len, NULL, 0, &err);
    if (st) fprintf(stderr, "%s\n", err.text);
    assert(st == ERR_OK);
    u32 puts = 0;
    for (size_t i = 0; i < changes.len; i++) puts += changes.at[i].kind == STORE_PUT;
    state_changes_done(&changes);
    return puts;
}

typedef struct Restored {
    Pane *at[PANES * 4];
    u32 n;
} Restored;

static Status
restored_add(void *ctx, Pane *p, Err *err)
{
    (void)err;
    Restored *r = ctx;
    assert(r->n < ARRAY_LEN(r->at));
    r->at[r->n++] = p;
    return ERR_OK;
}

static Status
restore(Fixture *f, StateTable *t, u32 then, u32 subtask, u32 now, Restored *ret, Err *err)
{
    StateReader r = {.store = f->store, .op = OP, .subtasks_then = then};
    *ret = (Restored){0};
    return state_table_restore(t, &r, subtask, now, restored_add, ret, err);
}

static void
restored_done(Restored *r)
{
    for (u32 i = 0; i < r->n; i++) pane_unref(r->at[i]);
    *r = (Restored){0};
}

static void
check_restored(Fixture *f, StateTable *t, Pane **panes, u32 n, Restored *ret)
{
    Err err;
    StrBuf want = {0}, got = {0};
    CHECK(restore(f, t, 1, 0, 1, ret, &err) == ERR_OK);
    for (u32 i = 0; i < n; i++) {
        if (panes[i] && pane_rows(panes[i])) pane_print(f, panes[i], &want);
    }
    for (u32 i = 0; i < ret->n; i++) pane_print(f, ret->at[i], &got);
    CHECK(str_eq(strbuf_view(&want), strbuf_view(&got)));
    strbuf_done(&want);
    strbuf_done(&got);
}

/* Epochs of random changes: panes grow, go, come again under the same id; and after a restart it
 * goes on as if there had been none. */
static void
check_epochs(bool plain, u64 seed)
{
    Fixture f = fixture_new(plain, seed);
    StateTable *t = state_table_new(TABLE, &f.shape);
    Pane *panes[PANES];
    for (u32 i = 0; i < PANES; i++) panes[i] = pane_new(&f.shape, (PaneId){i * 10, -(i64)i});
    for (u32 epoch = 0; epoch < 12; epoch++) {
        for (u32 k = 0; k < 4; k++) {
            u32 i = (u32)rng_below(&f.rng, PANES);
            add_rows(&f, panes[i], 1 + (u32)rng_below(&f.rng, 3000),
                     1 + (u32)rng_below(&f.rng, 900));
        }
        u32 again = (u32)rng_below(&f.rng, PANES);
        if (epoch % 3 == 2) {
            pane_unref(panes[again]);
            panes[again] = pane_new(&f.shape, (PaneId){again * 10, -(i64)again});
            if (epoch % 2) add_rows(&f, panes[again], 10, 20);
        }
        (void)save(&f, t, panes, PANES, 0);
        CHECK(save(&f, t, panes, PANES, 0) == 0); /* nothing has changed */
        StateTable *other = state_table_new(TABLE, &f.shape);
        Restored r;
        check_restored(&f, other, panes, PANES, &r);
        if (epoch % 4 == 3) { /* go on with what was read */
            for (u32 i = 0; i < PANES; i++) {
                pane_unref(panes[i]);
                panes[i] = pane_new(&f.shape, (PaneId){i * 10, -(i64)i});
            }
            for (u32 i = 0; i < r.n; i++) {
                u32 at = (u32)(pane_id(r.at[i]).first_end_us / 10);
                pane_unref(panes[at]);
                panes[at] = r.at[i];
            }
            r.n = 0;
            state_table_free(t);
            t = other;
            other = NULL;
        }
        restored_done(&r);
        state_table_free(other);
    }
    for (u32 i = 0; i < PANES; i++) pane_unref(panes[i]);
    state_table_free(t);
    fixture_done(&f);
}

static void
epochs_hold_what_changed(void)
{
    for (u64 seed = 0; seed < 6; seed++) check_epochs(seed % 2, seed);
}

static void
one_row_costs_one_chunk(void)
{
    Fixture f = fixture_new(true, 1);
    StateTable *t = state_table_new(TABLE, &f.shape);
    Pane *p = pane_new(&f.shape, (PaneId){0, 0});
    for (u32 i = 0; i < 20; i++) add_rows(&f, p, 100000, 2000);
    u32 all = save(&f, t, &p, 1, 0);
    CHECK(all > 10);
    pane_touch(p, pane_rows(p) / 2);
    CHECK(save(&f, t, &p, 1, 0) == 1);
    pane_unref(p);
    Pane *none = NULL;
    CHECK(save(&f, t, &none, 0, 0) == 0);
    Restored r;
    Err err;
    StateTable *other = state_table_new(TABLE, &f.shape);
    CHECK(restore(&f, other, 1, 0, 1, &r, &err) == ERR_OK && r.n == 0);
    state_table_free(other);
    state_table_free(t);
    fixture_done(&f);
}

/* Three subtasks wrote; one, two, three or five read: together they have each group once. */
static void
another_number_of_subtasks_shares_the_groups(void)
{
    enum { THEN = 3 };
    Fixture f = fixture_new(false, 3);
    Pane *all = pane_new(&f.shape, (PaneId){50, 40});
    add_rows(&f, all, 3000, 2000);
    StrBuf want = {0};
    pane_print(&f, all, &want);
    Pane *source = pane_new(&f.shape, (PaneId){50, 40});
    pane_merge(source, all);
    pane_share(source, THEN);
    StateTable *t[THEN];
    for (u32 i = 0; i < THEN; i++) {
        Pane *p = pane_new(&f.shape, (PaneId){50, 40});
        pane_merge_share(p, source, i);
        t[i] = state_table_new(TABLE, &f.shape);
        CHECK(save(&f, t[i], &p, 1, i) > 0);
        pane_unref(p);
        state_table_free(t[i]);
    }
    static const u32 now[] = {1, 2, 3, 5};
    for (u32 k = 0; k < ARRAY_LEN(now); k++) {
        Pane *sum = pane_new(&f.shape, (PaneId){50, 40});
        u32 rows = 0;
        for (u32 i = 0; i < now[k]; i++) {
            StateTable *mine = state_table_new(TABLE, &f.shape);
            Restored r;
            Err err;
            CHECK(restore(&f, mine, THEN, i, now[k], &r, &err) == ERR_OK && r.n == 1);
            rows += pane_rows(r.at[0]);
            pane_merge(sum, r.at[0]);
            restored_done(&r);
            state_table_free(mine);
        }
        StrBuf got = {0};
        pane_print(&f, sum, &got);
        CHECK(rows == pane_rows(all) && str_eq(strbuf_view(&want), strbuf_view(&got)));
        strbuf_done(&got);
        pane_unref(sum);
    }
    strbuf_done(&want);
    pane_unref(source);
    pane_unref(all);
    fixture_done(&f);
}

/* The store would find these; here they pass its checksums. */
static void
changed_bytes_are_refused_or_harmless(void)
{
    u32 refused = 0;
    for (u64 seed = 0; seed < 150; seed++) {
        Fixture f = fixture_new(seed % 4 == 0, seed);
        StateTable *t = state_table_new(TABLE, &f.shape);
        Pane *p = pane_new(&f.shape, (PaneId){0, 0});
        add_rows(&f, p, 200, 300);
        StateChanges changes = {0};
        StateWriter w = {.to = &changes, .op = OP};
        state_table_save(t, &p, 1, &w);
        for (u32 k = 0; k < 3; k++) {
            StoreChange *c = &changes.at[rng_below(&f.rng, changes.len)];
            u8 *image = (u8 *)(uintptr_t)c->image;
            if (seed % 3 == 0)
                c->len = (u32)rng_below(&f.rng, c->len);
            else
                image[rng_below(&f.rng, c->len)] ^= (u8)(1 << rng_below(&f.rng, 8));
            if (c->len == 0) c->len = 1;
        }
        Err err;
        Status st = state_store_commit(f.store, 1, changes.at, changes.len, NULL, 0, &err);
        CHECK(st == ERR_OK);
        state_changes_done(&changes);
        Restored r;
        StateTable *other = state_table_new(TABLE, &f.shape);
        st = restore(&f, other, 1, 0, 1, &r, &err);
        CHECK(st == ERR_OK || err.code == W5004 || err.code == W5005);
        refused += st != ERR_OK;
        StrBuf text = {0};
        for (u32 i = 0; i < r.n; i++) pane_print(&f, r.at[i], &text);
        strbuf_done(&text);
        restored_done(&r);
        state_table_free(other);
        state_table_free(t);
        pane_unref(p);
        fixture_done(&f);
    }
    CHECK(refused > 50);
}

TESTS(TEST(epochs_hold_what_changed), TEST(one_row_costs_one_chunk),
      TEST(another_number_of_subtasks_shares_the_groups),
      TEST(changed_bytes_are_refused_or_harmless))
