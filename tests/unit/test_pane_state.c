/* test_pane_state.c - panes through the store and back: by epoch, by number of subtasks, and from
 * bytes that somebody changed. */
#include "base/mem.h"
#include "base/rng.h"
#include "base/value_text.h"
#include "exec/funcs/funcs.h"
#include "exec/state/changes.h"
#include "exec/state/distinct.h"
#include "exec/state/pane_state.h"
#include "tests/unit/test.h"

#include <stdlib.h>

enum { KEYS = 3, AGGS_MAX = 6, PANES = 6, TABLE = 4, OP = 7 };

typedef struct Fixture {
    Arena *arena;
    Schema schema;
    PaneShape shape;
    KeyBatch *keys;
    u32 naggs;
    Rng rng;
    StateStore *store;
    u64 epoch;
    char folder[32];
} Fixture;

static const AggCall *
call_make(Fixture *f, const char *name, Type type, bool distinct)
{
    AggCall *c = arena_make(f->arena, AggCall);
    *c = (AggCall){.arena = f->arena, .nargs = 1, .arg_type = {type}};
    Err err;
    Status st = agg_resolve(&exec_func_table, str_from(name), c, &err);
    assert(st == ERR_OK);
    return distinct ? distinct_call(f->arena, c) : c;
}

/* Columns: BIGINT, STRING, BOOLEAN NOT NULL, then DOUBLE. plain: one key, states of plain bytes. */
static Fixture
fixture_new(bool plain, u64 seed)
{
    Fixture f = {.arena = arena_new(), .rng = rng_seed(seed), .folder = "/tmp/weir-pane-XXXXXX"};
    f.schema = (Schema){arena_array(f.arena, Column, KEYS + 1), KEYS + 1};
    const Type types[] = {type_of(TYPE_BIGINT), type_string(),
                          type_nullable(type_of(TYPE_BOOLEAN), false), type_of(TYPE_DOUBLE)};
    for (u32 i = 0; i <= KEYS; i++) f.schema.at[i].type = types[i];
    const AggCall **calls = arena_array(f.arena, const AggCall *, AGGS_MAX);
    u32 state_bytes[AGGS_MAX], columns[KEYS] = {0, 1, 2};
    calls[f.naggs++] = call_make(&f, "COUNT", types[3], false);
    if (!plain) {
        calls[f.naggs++] = call_make(&f, "SUM", types[3], false);
        calls[f.naggs++] = call_make(&f, "COUNT", types[3], true);
        calls[f.naggs++] = call_make(&f, "STDDEV_POP", types[3], false);
    }
    calls[f.naggs++] = call_make(&f, "MAX", types[3], false);
    for (u32 i = 0; i < f.naggs; i++) state_bytes[i] = calls[i]->state_bytes;
    f.shape.layout =
        row_layout_new(f.arena, &f.schema, columns, plain ? 1 : KEYS, state_bytes, f.naggs);
    f.shape.aggs = calls;
    f.keys = key_batch_new(f.shape.layout);
    Err err;
    char *made = mkdtemp(f.folder);
    assert(made);
    Status st = state_store_open(f.folder, STORE_SCRATCH, &f.store, &err);
    if (st) fprintf(stderr, "%s\n", err.text);
    assert(st == ERR_OK);
    return f;
}

static void
fixture_done(Fixture *f)
{
    state_store_close(f->store);
    key_batch_free(f->keys);
    arena_free(f->arena);
}

/* Random rows of about `groups` keys; those of one share only, if parts is not 0. */
static void
add_rows(Fixture *f, Pane *p, u32 groups, u32 rows)
{
    Batch *b = batch_new(KEYS + 1, rows);
    for (u32 i = 0; i <= KEYS; i++) b->col[i] = vector_new(f->schema.at[i].type, rows);
    for (u32 i = 0; i < rows; i++) {
        i64 key = (i64)rng_below(&f->rng, groups);
        char text[40];
        int len = snprintf(text, sizeof text, key % 3 ? "%lld" : "a long text, number %lld",
                           (long long)key);
        vector_data(&b->col[0], i64)[i] = key;
        vector_set_str(&b->col[1], i, text, (u32)len);
        vector_data(&b->col[2], u8)[i] = key & 1;
        vector_data(&b->col[3], f64)[i] =
            (f64)(i64)rng_below(&f->rng, 1000) * (key % 5 ? 0.01 : 1e200);
        if (key % 7 == 0) vector_set_null(&b->col[0], i);
        if (key % 11 == 0) vector_set_null(&b->col[1], i);
    }
    u8 *at[BATCH_ROWS_MAX];
    key_batch_load(f->keys, b);
    pane_find_groups(p, f->keys, NULL, rows, at);
    for (u32 a = 0; a < f->naggs; a++) {
        const AggCall *c = f->shape.aggs[a];
        c->fns->update(c, at, f->shape.layout->agg_at[a], &b->col[KEYS], NULL, rows);
    }
    batch_free(b);
}

/* All groups of a pane in order, as text. */
static void
pane_print(const Fixture *f, const Pane *p, StrBuf *out)
{
    u32 *order = mem_array(u32, pane_rows(p));
    pane_sort(p, order);
    strbuf_printf(out, "pane %lld %lld\n", (long long)pane_id(p).first_end_us,
                  (long long)pane_id(p).start_us);
    for (u32 i = 0; i < pane_rows(p); i++) {
        u8 *row = pane_row(p, order[i]);
        for (u32 k = 0; k < f->shape.layout->nkeys; k++) {
            Vector v = pane_key_column(p, k, &row, 1);
            if (vector_is_null(&v, 0))
                strbuf_str(out, STR("NULL"));
            else
                value_print(out, v.type, vector_at(&v, 0), NULL);
            strbuf_char(out, ' ');
            vector_done(&v);
        }
        for (u32 a = 0; a < f->naggs; a++) {
            const AggCall *c = f->shape.aggs[a];
            Vector v = vector_new(c->ret, 1);
            Err err;
            Status st = c->fns->finish(c, &row, f->shape.layout->agg_at[a], &v, 1, &err);
            assert(st == ERR_OK);
            if (vector_is_null(&v, 0))
                strbuf_str(out, STR("NULL"));
            else
                value_print(out, v.type, vector_at(&v, 0), NULL);
            strbuf_char(out, a + 1 < f->naggs ? ' ' : '\n');
            vector_done(&v);
        }
    }
    mem_free(order);
}

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
