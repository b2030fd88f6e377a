/* agg_count.c - COUNT(*) and COUNT(x). */
#include "exec/aggs/aggs.h"

Status
agg_misfit(const AggCall *call, Err *err)
{
    StrBuf text = {0};
    for (u32 i = 0; i < call->nargs; i++) {
        if (i) strbuf_add(&text, ", ", 2);
        type_print(&text, type_nullable(call->arg_type[i], true));
    }
    Status st = err_set(err, W2005, call->pos, "aggregate \"%s\" does not take (%.*s)",
                        call->def->name, STR_ARG(strbuf_view(&text)));
    err->width = call->width;
    strbuf_done(&text);
    return err_hint(err, st, "Write %s.", call->def->syntax);
}

static void
count_update(const AggCall *c, u8 *const *rows, u32 at, const Vector *args, const u64 *lanes, u32 n)
{
    (void)c, (void)args;
    FOR_LANES(i, n, lanes, { ++*STATE(i64, rows, i, at); });
}

static void
count_update_one(const AggCall *c, u8 *state, const Vector *args, const u64 *lanes, u32 n)
{
    (void)c, (void)args;
    i64 *count = STATE_ONE(i64, state);
    if (!lanes) {
        *count += n;
        return;
    }
    for (u32 i = 0; i < n; i++) *count += bit_get(lanes, i);
}

static void
count_retract(const AggCall *c, u8 *const *rows, u32 at, const Vector *args, const u64 *lanes,
              u32 n)
{
    (void)c, (void)args;
    FOR_LANES(i, n, lanes, { --*STATE(i64, rows, i, at); });
}

static void
count_merge(const AggCall *c, u8 *state, u8 *other)
{
    (void)c;
    *STATE_ONE(i64, state) += *STATE_ONE(i64, other);
}

static Status
count_finish(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n, Err *err)
{
    (void)c, (void)err;
    i64 *to = vector_data(out, i64);
    for (u32 i = 0; i < n; i++) to[i] = *STATE(i64, rows, i, at);
    return ERR_OK;
}

static const AggFns count_fns = {
    .update = count_update,
    .update_one = count_update_one,
    .merge = count_merge,
    .retract = count_retract,
    .finish = count_finish,
};

static Status
count_bind(AggCall *call, Err *err)
{
    (void)err;
    call->ret = type_nullable(type_of(TYPE_BIGINT), false);
    call->state_bytes = sizeof(i64);
    call->fns = &count_fns;
    return ERR_OK;
}

const AggDef aggs_count[] = {
    {.name = "COUNT",
     .args_min = 0,
     .args_max = 1,
     .bind = count_bind,
     .syntax = "COUNT(*), COUNT([DISTINCT] x)",
     .doc = "Number of rows, or of rows in which x is not NULL.",
     .example = "COUNT(x) over 1, 2, NULL -> 2"},
    {0},
};
