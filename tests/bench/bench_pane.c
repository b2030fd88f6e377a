/* bench_pane.c - groups of panes: ns per row by number of groups, and bytes per group.
 *
 * Keys are BIGINT NOT NULL; the aggregates are COUNT(*), SUM(BIGINT), MAX(BIGINT). */
#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "exec/funcs/funcs.h"
#include "exec/state/pane.h"
#include <stdio.h>

enum { AGGS = 3 };

typedef struct Bench {
    Arena *arena;
    PaneShape shape;
    KeyBatch *keys;
    u8 *rows[BATCH_ROWS_MAX];
} Bench;

static void
bench_make(Bench *b)
{
    static Column col = {.type = {.kind = TYPE_BIGINT, .not_null = true}};
    static const char *const names[AGGS] = {"COUNT", "SUM", "MAX"};
    Schema schema = {&col, 1};
    u32 key = 0, state_bytes[AGGS];
    b->arena = arena_new();
    const AggCall **calls = arena_array(b->arena, const AggCall *, AGGS);
    for (u32 i = 0; i < AGGS; i++) {
        AggCall *c = arena_make(b->arena, AggCall);
        *c = (AggCall){.arena = b->arena, .nargs = i > 0, .arg_type = {col.type}};
        Err err;
        if (agg_resolve(&exec_func_table, str_from(names[i]), c, &err)) printf("%s\n", err.text);
        calls[i] = c;
        state_bytes[i] = c->state_bytes;
    }
    b->shape.layout = row_layout_new(b->arena, &schema, &key, 1, state_bytes, AGGS);
    b->shape.aggs = calls;
    b->keys = key_batch_new(b->shape.layout);
}

static void
bench_add(Bench *b, Pane *p, Batch *batch)
{
    key_batch_load(b->keys, batch);
    pane_find_groups(p, b->keys, NULL, batch->rows, b->rows);
    for (u32 a = 0; a < AGGS; a++) {
        const AggCall *c = b->shape.aggs[a];
        c->fns->update(c, b->rows, b->shape.layout->agg_at[a], batch->col, NULL, batch->rows);
    }
}

static void
bench_groups(Bench *b, u64 groups, u64 rows)
{
    Rng rng = rng_seed(7);
    Pane *p = pane_new(&b->shape, (PaneId){0, 0});
    Batch *batch = batch_new(1, BATCH_ROWS_MAX);
    batch->col[0] = vector_new(type_nullable(type_of(TYPE_BIGINT), false), BATCH_ROWS_MAX);
    i64 *key = vector_data(&batch->col[0], i64);
    i64 took[2] = {0, 0};
    for (u32 pass = 0; pass < 2; pass++) { /* all groups are made, then found */
        i64 from = clock_monotonic_us();
        for (u64 at = 0; at < (pass ? rows : groups); at += BATCH_ROWS_MAX) {
            for (u32 i = 0; i < BATCH_ROWS_MAX; i++) {
                key[i] = pass ? (i64)rng_below(&rng, groups) : (i64)(at + i);
            }
            bench_add(b, p, batch);
        }
        took[pass] = clock_monotonic_us() - from;
    }
    printf("%9llu groups: made %5.1f ns, found %5.1f ns a row; %5.1f bytes a group\n",
           (unsigned long long)groups, (f64)took[0] * 1e3 / (f64)groups,
           (f64)took[1] * 1e3 / (f64)rows, (f64)pane_bytes(p) / (f64)pane_rows(p));
    batch_free(batch);
    pane_unref(p);
}

int
main(void)
{
    Bench b;
    bench_make(&b);
    for (u64 groups = 1000; groups <= 10000000; groups *= 10) bench_groups(&b, groups, 20000000);
    key_batch_free(b.keys);
    arena_free(b.arena);
    return 0;
}
