/* agg_count.c - COUNT(*) and COUNT(x). State: one counter. The caller has taken off lanes whose x
 * is NULL, so both count alike. */
#include "exec/aggs/aggs.h"

Status
agg_misfit(const AggCall *c, Err *err)
{
    StrBuf text = {0};
    for (u32 i = 0; i < c->nargs; i++) {
        if (i) strbuf_add(&text, ", ", 2);
        type_print(&text, type_nullable(c->arg_type[i], true));
    }
    Status st = err_set(err, W2005, c->pos, "aggregate \"%s\" does not take (%.*s)", c->def->name,
                        STR_ARG(strbuf_view(&text)));
    err->width = c->width;
    strbuf_done(&text);
    return err_hint(err, st, "Write %s.", c->def->syntax);
}

static i64 *
count_at(u8 *state)
{
    return (i64 *)(void *)state;
}

static void
count_update(const AggCall *c, u8 *const *rows, u32 at, const Vector *args, const u64 *lanes, u32 n)
{
    (void)c, (void)args;
    if (!lanes) {
        for (u32 i = 0; i < n; i++) ++*count_at(rows[i] + at);
        return;
    }
    for (u32 i = 0; i < n; i++) *count_at(rows[i] + at) += bit_get(lanes, i);
}

static void
count_update_one(const AggCall *c, u8 *state, const Vector *args, const u64 *lanes, u32 n)
{
    (void)c, (void)args;
    i64 count = 0;
    for (u32 from = 0; from < n; from += 64)
        count += __builtin_popcountll(lanes_word(lanes, from, n));
    *count_at(state) += count;
}

static void
count_retract(const AggCall *c, u8 *const *rows, u32 at, const Vector *args, const u64 *lanes,
              u32 n)
{
    (void)c, (void)args;
    for (u32 i = 0; i < n; i++) *count_at(rows[i] + at) -= !lanes || bit_get(lanes, i);
}

static void
count_merge(const AggCall *c, u8 *state, u8 *other)
{
    (void)c;
    *count_at(state) += *count_at(other);
}

static void
count_subtract(const AggCall *c, u8 *state, const u8 *other)
{
    (void)c;
    *count_at(state) -= *(const i64 *)(const void *)other;
}

static Status
count_finish(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n, Err *err)
{
    (void)c, (void)err;
    for (u32 i = 0; i < n; i++) vector_data(out, i64)[i] = *count_at(rows[i] + at);
    return ERR_OK;
}

static const AggFns count_fns = {
    .update = count_update,
    .update_one = count_update_one,
    .merge = count_merge,
    .retract = count_retract,
    .finish = count_finish,
    .subtract = count_subtract,
};

static Status
count_bind(AggCall *c, Err *err)
{
    (void)err;
    c->fns = &count_fns;
    c->state_bytes = sizeof(i64);
    c->ret = type_nullable(type_of(TYPE_BIGINT), false);
    return ERR_OK;
}

const AggDef aggs_count[] = {
    {.name = "COUNT",
     .args_min = 0,
     .args_max = 1,
     .bind = count_bind,
     .syntax = "COUNT(*) or COUNT([DISTINCT] x)",
     .doc = "How many rows there are, or how many of them have a value of x.",
     .example = "COUNT(x) over 1, 2, NULL -> 2"},
    {0},
};
