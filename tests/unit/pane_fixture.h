/* pane_fixture.h - a shape with keys and states of every sort, random rows for its panes, panes as
 * text, and a scratch store. */
#pragma once
#include "base/mem.h"
#include "base/rng.h"
#include "base/value_text.h"
#include "exec/funcs/funcs.h"
#include "exec/state/changes.h"
#include "exec/state/distinct.h"
#include "exec/state/pane_state.h"
#include "tests/unit/test.h"

#include <stdlib.h>

enum { KEYS = 3, AGGS_MAX = 6, PANES = 6, TABLE = 4, TABLE_SPILL = 5, OP = 7 };

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
