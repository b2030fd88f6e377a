/* test_exec_sorter.c - normalised keys against the order that SQL asks for, and forgetting rows. */
#include "exec/sorter.h"
#include "tests/unit/test.h"

static Batch *
batch_of(const char *const *text, const i64 *n, u32 rows)
{
    Batch *b = batch_new(2, rows);
    b->col[0] = vector_new(type_of(TYPE_VARCHAR), rows);
    b->col[1] = vector_new(type_of(TYPE_BIGINT), rows);
    for (u32 i = 0; i < rows; i++) {
        if (text[i])
            vector_set_str(&b->col[0], i, text[i], (u32)strlen(text[i]));
        else
            vector_set_null(&b->col[0], i);
        vector_data(&b->col[1], i64)[i] = n[i];
    }
    return b;
}

static i64
number_at(const Sorter *s, u64 i)
{
    Batch *b = sorter_batch(s, i, 1);
    i64 n = vector_data(&b->col[1], i64)[0];
    batch_free(b);
    return n;
}

static void
texts_nulls_and_directions(void)
{
    const char *text[] = {"b", NULL, "ab", "a", "", "a longer text, x", "a longer text, w"};
    const i64 id[] = {0, 1, 2, 3, 4, 5, 6};
    const i64 up[] = {1, 4, 3, 6, 5, 2, 0}, down[] = {0, 2, 5, 6, 3, 4, 1};
    for (u32 descending = 0; descending < 2; descending++) {
        SortKey key = {.column = 0, .descending = descending, .nulls_first = !descending};
        Sorter *s = sorter_new(&key, 1, 2, SORT_BY_ARRIVAL);
        sorter_add(s, batch_of(text, id, 7));
        sorter_sort(s);
        for (u32 i = 0; i < 7; i++) CHECK(number_at(s, i) == (descending ? down[i] : up[i]));
        sorter_free(s);
    }
}

static void
numbers_at_their_limits(void)
{
    const char *text[] = {"", "", "", "", ""};
    const i64 id[] = {0, INT64_MAX, -1, INT64_MIN, 1};
    const i64 sorted[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
    SortKey key = {.column = 1};
    Sorter *s = sorter_new(&key, 1, 2, SORT_BY_ARRIVAL);
    sorter_add(s, batch_of(text, id, 5));
    sorter_sort(s);
    for (u32 i = 0; i < 5; i++) CHECK(number_at(s, i) == sorted[i]);
    sorter_free(s);
}

static void
ties_keep_their_order_when_rows_are_forgotten(void)
{
    const char *text[] = {"x", "x", "x"};
    const i64 first[] = {1, 2, 3}, second[] = {4, 5, 6};
    const i64 kept[2][2] = {{1, 2}, {6, 5}};
    for (u32 latest = 0; latest < 2; latest++) {
        SortKey key = {.column = 0};
        Sorter *s = sorter_new(&key, 1, 2, latest ? SORT_BY_LATEST : SORT_BY_ARRIVAL);
        sorter_add(s, batch_of(text, first, 3));
        sorter_sort(s);
        sorter_truncate(s, 2);
        CHECK(sorter_rows(s) == 2);
        sorter_add(s, batch_of(text, second, 3)); /* arrived later than those kept */
        sorter_sort(s);
        sorter_truncate(s, 2);
        sorter_sort(s);
        CHECK(number_at(s, 0) == kept[latest][0] && number_at(s, 1) == kept[latest][1]);
        CHECK(sorter_same_prefix(s, 1, 1));
        sorter_truncate(s, 0);
        CHECK(sorter_rows(s) == 0);
        sorter_free(s);
    }
}

static void
columns_decide_whatever_the_arrival(void)
{
    const char *text[] = {"x", "x", "x"};
    const i64 one[] = {3, 1, 2}, other[] = {2, 3, 1};
    SortKey key = {.column = 0};
    for (u32 turn = 0; turn < 2; turn++) {
        Sorter *s = sorter_new(&key, 1, 2, SORT_BY_COLUMNS);
        sorter_add(s, batch_of(text, turn ? one : other, 3));
        sorter_sort(s);
        for (u32 i = 0; i < 3; i++) CHECK(number_at(s, i) == i + 1);
        sorter_free(s);
    }
}

TESTS(TEST(texts_nulls_and_directions), TEST(numbers_at_their_limits),
      TEST(ties_keep_their_order_when_rows_are_forgotten),
      TEST(columns_decide_whatever_the_arrival))
