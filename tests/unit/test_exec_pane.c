/* test_exec_pane.c - groups that stay found while a pane grows, moves and is merged in shares. */
#include "base/mem.h"
#include "exec/state/pane.h"
#include "tests/unit/test.h"

typedef struct Keys {
    Arena *arena;
    Schema schema;
    PaneShape shape;
    KeyBatch *batch;
} Keys;

static Keys
keys_of(Type type)
{
    Keys k = {.arena = arena_new()};
    k.schema.at = arena_make(k.arena, Column);
    k.schema.len = 1;
    k.schema.at[0].type = type;
    static const u32 first = 0;
    k.shape.layout = row_layout_new(k.arena, &k.schema, &first, 1, NULL, 0);
    k.batch = key_batch_new(k.shape.layout);
    return k;
}

static void
keys_done(Keys *k)
{
    key_batch_free(k->batch);
    arena_free(k->arena);
}

static Batch *
numbers(i64 from, u32 n)
{
    Batch *b = batch_new(1, n);
    b->col[0] = vector_new(type_of(TYPE_BIGINT), n);
    for (u32 i = 0; i < n; i++) vector_data(&b->col[0], i64)[i] = from + i;
    return b;
}

static void
pane_add(Keys *k, Pane *p, i64 from, u32 n, u8 **ret_rows)
{
    Batch *b = numbers(from, n);
    key_batch_load(k->batch, b);
    pane_find_groups(p, k->batch, NULL, n, ret_rows);
    batch_free(b);
}

static void
groups_are_found_again_as_the_pane_grows(void)
{
    Keys k = keys_of(type_of(TYPE_BIGINT));
    Pane *p = pane_new(&k.shape, (PaneId){0, 0});
    u8 *rows[BATCH_ROWS_MAX];
    for (u32 n = 1; n <= BATCH_ROWS_MAX; n *= 2) { /* chunk 0 grows: rows move between batches */
        pane_add(&k, p, 0, n, rows);
        CHECK(pane_rows(p) == n);
        for (u32 i = 0; i < n; i++) CHECK(rows[i] == pane_row(p, i));
    }
    for (i64 from = 0; from < 200000; from += 2000) pane_add(&k, p, from, 2000, rows);
    CHECK(pane_rows(p) == 200000);
    pane_add(&k, p, 123456, 3, rows);
    CHECK(pane_rows(p) == 200000);
    Vector v = pane_key_column(p, 0, rows, 3);
    for (u32 i = 0; i < 3; i++) CHECK(vector_data(&v, i64)[i] == 123456 + i);
    vector_done(&v);
    pane_unref(p);
    keys_done(&k);
}

static void
a_small_pane_is_small(void)
{
    Keys k = keys_of(type_of(TYPE_BIGINT));
    Pane *p = pane_new(&k.shape, (PaneId){0, 0});
    u8 *rows[4];
    pane_add(&k, p, 0, 4, rows);
    CHECK(pane_bytes(p) < 1024);
    pane_expect(p, 1000);
    CHECK(pane_bytes(p) >= 16000 && pane_rows(p) == 4);
    pane_add(&k, p, 0, 4, rows);
    CHECK(pane_rows(p) == 4);
    pane_unref(p);
    keys_done(&k);
}

static void
shares_cover_each_group_once(void)
{
    enum { PARTS = 100 }; /* more than one word of marks */
    Keys k = keys_of(type_of(TYPE_BIGINT));
    Pane *from = pane_new(&k.shape, (PaneId){60, 60});
    u8 *rows[BATCH_ROWS_MAX];
    for (i64 at = 0; at < 20000; at += 2000) pane_add(&k, from, at, 2000, rows);
    pane_share(from, PARTS);
    u32 total = 0;
    for (u32 part = 0; part < PARTS; part++) {
        Pane *to = pane_new(&k.shape, (PaneId){60, 60});
        pane_merge_share(to, from, part);
        total += pane_rows(to);
        CHECK(pane_rows(to) > 100 && pane_rows(to) < 300); /* 200 each, give or take */
        pane_unref(to);
    }
    CHECK(total == 20000);
    pane_unref(from);
    keys_done(&k);
}

static void
null_zero_and_long_texts_are_different_groups(void)
{
    Keys k = keys_of(type_of(TYPE_VARCHAR));
    const char *text[] = {"", "", "a text of more than twelve bytes", "a text of more than twelve",
                          "a text of more than twelve bytes"};
    Batch *b = batch_new(1, ARRAY_LEN(text));
    b->col[0] = vector_new(type_of(TYPE_VARCHAR), ARRAY_LEN(text));
    for (u32 i = 1; i < ARRAY_LEN(text); i++) {
        vector_set_str(&b->col[0], i, text[i], (u32)strlen(text[i]));
    }
    vector_set_null(&b->col[0], 0);
    Pane *p = pane_new(&k.shape, (PaneId){0, 0}), *to = pane_new(&k.shape, (PaneId){0, 0});
    u8 *rows[ARRAY_LEN(text)];
    key_batch_load(k.batch, b);
    pane_find_groups(p, k.batch, NULL, b->rows, rows);
    batch_free(b); /* the pane has its own bytes */
    CHECK(pane_rows(p) == 4 && rows[2] == rows[4] && rows[0] != rows[1]);
    pane_share(p, 1);
    pane_merge_share(to, p, 0);
    pane_unref(p);
    u32 order[4];
    pane_sort(to, order);
    for (u32 i = 0; i < 4; i++) rows[i] = pane_row(to, order[i]);
    Vector v = pane_key_column(to, 0, rows, 4);
    CHECK(vector_is_null(&v, 0) && !vector_is_null(&v, 1));
    CHECK(str_eq(strview_str(vector_at(&v, 1)), STR("")));
    CHECK(str_eq(strview_str(vector_at(&v, 2)), STR("a text of more than twelve")));
    pane_unref(to); /* and the column keeps the pane's */
    CHECK(str_eq(strview_str(vector_at(&v, 3)), STR("a text of more than twelve bytes")));
    vector_done(&v);
    keys_done(&k);
}

/* A whole merge leaves its source as it was, whatever room of its own the other layout has. */
static void
panes_merge_whole_and_find_each_other(void)
{
    Keys k = keys_of(type_of(TYPE_BIGINT)), wide = keys_of(type_of(TYPE_BIGINT));
    u32 at = row_layout_add((RowLayout *)(uintptr_t)wide.shape.layout, 12);
    CHECK(at % 8 == 0 && at == wide.shape.layout->extra_at);
    Pane *a = pane_new(&k.shape, (PaneId){0, 0}), *b = pane_new(&k.shape, (PaneId){0, 0});
    Pane *sum = pane_new(&wide.shape, (PaneId){0, 0});
    u8 *rows[BATCH_ROWS_MAX];
    for (i64 from = 0; from < 6000; from += 2000) pane_add(&k, a, from, 2000, rows);
    for (i64 from = 5000; from < 9000; from += 2000) pane_add(&k, b, from, 2000, rows);
    pane_merge(sum, a);
    pane_merge(sum, b);
    CHECK(pane_rows(sum) == 9000 && pane_rows(a) == 6000 && pane_rows(b) == 4000);
    Pane *found = pane_new(&wide.shape, (PaneId){0, 0});
    pane_pin(found);
    u8 *first = pane_group_of(found, a, pane_row(a, 17));
    for (u32 i = 0; i < 6000; i++) {
        u8 *row = pane_group_of(sum, a, pane_row(a, i));
        i64 extra;
        memcpy(&extra, row + at, sizeof extra);
        CHECK(extra == 0 && row == pane_group_if_any(sum, a, pane_row(a, i)));
        CHECK((pane_group_if_any(b, a, pane_row(a, i)) != NULL) == (i >= 5000));
        (void)pane_group_of(found, a, pane_row(a, i));
    }
    CHECK(first == pane_row(found, 0) && pane_rows(found) == 6000);
    CHECK(pane_group_if_any(found, a, pane_row(a, 17)) == first);
    Pane *all[] = {a, b, sum, found};
    for (u32 i = 0; i < ARRAY_LEN(all); i++) pane_unref(all[i]);
    keys_done(&wide);
    keys_done(&k);
}

TESTS(TEST(panes_merge_whole_and_find_each_other), TEST(groups_are_found_again_as_the_pane_grows),
      TEST(a_small_pane_is_small), TEST(shares_cover_each_group_once),
      TEST(null_zero_and_long_texts_are_different_groups))
