/* agg_stat.c - VAR_POP, VAR_SAMP, STDDEV_POP, STDDEV_SAMP and their synonyms.
 *
 * Both the sum of x and the sum of x * x are exact (base/xsum.h), so the result does not depend on
 * order, threads or restarts: (sum of squares - sum * sum / n) / n with each sum rounded once. */
#include "base/decimal.h"
#include "base/xsum.h"
#include "exec/aggs/aggs.h"
#include <math.h>

typedef struct StatState {
    i64 count;
    XSum sum, squares;
} StatState;

typedef enum StatKind { STAT_VAR_POP, STAT_VAR_SAMP, STAT_DEV_POP, STAT_DEV_SAMP } StatKind;

static void
stat_add(StatState *s, f64 x)
{
    s->count++;
    xsum_add(&s->sum, x);
    xsum_add_product(&s->squares, x, x);
}

static void
stat_update(const AggCall *c, u8 *const *rows, u32 at, const Vector *args, const u64 *lanes, u32 n)
{
    (void)c;
    const f64 *x = vector_data(&args[0], const f64);
    FOR_LANES(i, n, lanes, { stat_add(STATE(StatState, rows, i, at), x[i]); });
}

static void
stat_update_one(const AggCall *c, u8 *state, const Vector *args, const u64 *lanes, u32 n)
{
    (void)c;
    const f64 *x = vector_data(&args[0], const f64);
    FOR_LANES(i, n, lanes, { stat_add(STATE_ONE(StatState, state), x[i]); });
}

static void
stat_retract(const AggCall *c, u8 *const *rows, u32 at, const Vector *args, const u64 *lanes, u32 n)
{
    (void)c;
    const f64 *x = vector_data(&args[0], const f64);
    FOR_LANES(i, n, lanes, {
        StatState *s = STATE(StatState, rows, i, at);
        s->count--;
        xsum_sub(&s->sum, x[i]);
        xsum_sub_product(&s->squares, x[i], x[i]);
    });
}

static void
stat_merge(const AggCall *c, u8 *state, u8 *other)
{
    (void)c;
    StatState *s = STATE_ONE(StatState, state), *o = STATE_ONE(StatState, other);
    s->count += o->count;
    xsum_merge(&s->sum, &o->sum);
    xsum_merge(&s->squares, &o->squares);
}

static void
stat_done(const AggCall *c, u8 *state)
{
    (void)c;
    xsum_done(&STATE_ONE(StatState, state)->sum);
    xsum_done(&STATE_ONE(StatState, state)->squares);
}

static Status
stat_finish(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n, Err *err)
{
    (void)err;
    const StatKind kind = *(const StatKind *)c->data;
    i64 less = kind == STAT_VAR_SAMP || kind == STAT_DEV_SAMP;
    bool root = kind == STAT_DEV_POP || kind == STAT_DEV_SAMP;
    for (u32 i = 0; i < n; i++) {
        const StatState *s = STATE(StatState, rows, i, at);
        if (s->count <= less) {
            vector_set_null(out, i);
            continue;
        }
        f64 sum = xsum_round(&s->sum), squares = xsum_round(&s->squares);
        f64 var = (squares - sum * sum / (f64)s->count) / (f64)(s->count - less);
        if (var < 0) var = 0; /* rounding around a variance of zero */
        f64 value = root ? sqrt(var) : var;
        if (c->ret.kind == TYPE_DOUBLE)
            vector_data(out, f64)[i] = value;
        else if (c->ret.kind == TYPE_FLOAT)
            vector_data(out, f32)[i] = (f32)value;
        else
            UNREACHABLE();
    }
    return ERR_OK;
}

static const AggFns stat_fns = {
    .update = stat_update,
    .update_one = stat_update_one,
    .merge = stat_merge,
    .retract = stat_retract,
    .finish = stat_finish,
    .done = stat_done,
};

static Status
stat_bind(AggCall *call, const StatKind *kind, Err *err)
{
    Type t = call->arg_type[0];
    if (!type_is(t, KIND_NUMERIC)) return agg_misfit(call, err);
    if (!type_is(t, KIND_APPROX)) {
        Status st = err_set(err, W2001, call->pos,
                            "%s of an integer or DECIMAL is not supported yet", call->def->name);
        err->width = call->width;
        return err_hint(err, st, "Write %s(CAST(x AS DOUBLE)).", call->def->name);
    }
    call->arg_type[0] = type_nullable(type_of(TYPE_DOUBLE), !t.not_null);
    call->ret = type_nullable(t, true);
    call->state_bytes = sizeof(StatState);
    call->data = kind;
    call->fns = &stat_fns;
    return ERR_OK;
}

#define STAT_BIND(NAME, KIND)                                                                      \
    static Status NAME(AggCall *call, Err *err)                                                    \
    {                                                                                              \
        static const StatKind kind = KIND;                                                         \
        return stat_bind(call, &kind, err);                                                        \
    }
STAT_BIND(var_pop_bind, STAT_VAR_POP)
STAT_BIND(var_samp_bind, STAT_VAR_SAMP)
STAT_BIND(stddev_pop_bind, STAT_DEV_POP)
STAT_BIND(stddev_samp_bind, STAT_DEV_SAMP)

#define STAT_ROW(NAME, BIND, DOC, EXAMPLE)                                                         \
    {                                                                                              \
        .name = NAME, .args_min = 1, .args_max = 1, .bind = BIND, .syntax = NAME "(number)",       \
        .doc = DOC, .example = EXAMPLE                                                             \
    }

const AggDef aggs_stat[] = {
    STAT_ROW("VAR_POP", var_pop_bind, "Population variance.", "VAR_POP(x) over 1e0, 3e0 -> 1.0"),
    STAT_ROW("VAR_SAMP", var_samp_bind, "Sample variance; NULL for fewer than two values.",
             "VAR_SAMP(x) over 1e0, 3e0 -> 2.0"),
    STAT_ROW("VARIANCE", var_samp_bind, "Synonym of VAR_SAMP.", "VARIANCE(x) over 1e0, 3e0 -> 2.0"),
    STAT_ROW("STDDEV_POP", stddev_pop_bind, "Population standard deviation.",
             "STDDEV_POP(x) over 1e0, 3e0 -> 1.0"),
    STAT_ROW("STDDEV_SAMP", stddev_samp_bind,
             "Sample standard deviation; NULL for fewer than two values.",
             "STDDEV_SAMP(x) over 1e0, 9e0, 5e0 -> 4.0"),
    STAT_ROW("STDDEV", stddev_samp_bind, "Synonym of STDDEV_SAMP.",
             "STDDEV(x) over 1e0, 9e0, 5e0 -> 4.0"),
    {0},
};
