/* bench_pane.c - groups of panes: ns per row by number of groups, and bytes per group; how long the
 * state of 10 M groups takes to be copied aside at a barrier, committed, and read at a start.
 *
 * With any argument only the latter. Keys are BIGINT NOT NULL; the aggregates are COUNT(*),
 * SUM(BIGINT), MAX(BIGINT). */
#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "exec/funcs/funcs.h"
#include "exec/state/changes.h"
#include "exec/state/pane_state.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

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

static f64
seconds_since(i64 from)
{
    return (f64)(clock_monotonic_us() - from) * 1e-6;
}

static Status
keep_pane(void *ctx, Pane *p, Err *err)
{
    (void)err;
    *(Pane **)ctx = p;
    return ERR_OK;
}

static void
bench_state(Bench *b, u64 groups)
{
    Pane *p = pane_new(&b->shape, (PaneId){0, 0}), *back = NULL;
    Batch *batch = batch_new(1, BATCH_ROWS_MAX);
    batch->col[0] = vector_new(type_nullable(type_of(TYPE_BIGINT), false), BATCH_ROWS_MAX);
    i64 *key = vector_data(&batch->col[0], i64);
    for (u64 at = 0; at < groups; at += BATCH_ROWS_MAX) {
        for (u32 i = 0; i < BATCH_ROWS_MAX; i++) key[i] = (i64)(at + i);
        bench_add(b, p, batch);
    }
    batch_free(batch);
    char folder[] = "/tmp/weir-bench-XXXXXX";
    StateStore *store;
    Err err;
    if (!mkdtemp(folder) || state_store_open(folder, STORE_SCRATCH, &store, &err)) return;
    StateTable *t = state_table_new(1, &b->shape), *other = state_table_new(1, &b->shape);
    StateChanges changes = {0};
    StateWriter w = {.to = &changes};
    i64 from = clock_monotonic_us();
    state_table_save(t, &p, 1, &w);
    printf("%llu groups: copied aside in %.2f s, ", (unsigned long long)groups,
           seconds_since(from));
    from = clock_monotonic_us();
    if (state_store_commit(store, 1, changes.at, changes.len, NULL, 0, &err)) puts(err.text);
    printf("committed in %.2f s, ", seconds_since(from));
    state_changes_done(&changes);
    StateReader r = {.store = store, .subtasks_then = 1};
    from = clock_monotonic_us();
    clock_t cpu = clock();
    if (state_table_restore(other, &r, 0, 1, keep_pane, &back, &err)) puts(err.text);
    printf("restored in %.2f s, of CPU %.2f s\n", seconds_since(from),
           (f64)(clock() - cpu) / CLOCKS_PER_SEC);
    if (back && pane_rows(back) != pane_rows(p)) puts("rows are missing");
    pane_unref(back);
    pane_unref(p);
    state_table_free(t);
    state_table_free(other);
    state_store_close(store);
}

int
main(int argc, char **argv)
{
    (void)argv;
    Bench b;
    bench_make(&b);
    if (argc < 2) {
        for (u64 g = 1000; g <= 10000000; g *= 10) bench_groups(&b, g, 20000000);
    }
    bench_state(&b, 1000000);
    bench_state(&b, 10000000);
    key_batch_free(b.keys);
    arena_free(b.arena);
    return 0;
}
