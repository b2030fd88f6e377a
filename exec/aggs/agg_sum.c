/* agg_sum.c - SUM, $SUM0 and AVG, all exact: any split and order of the rows gives the same bits.
 *
 *   integers   a 64-bit sum that wraps around in the argument's type, as Flink's does
 *   DECIMAL    192 bits (WideSum); a sum of more than 38 digits is NULL
 *   reals      base/xsum.h, rounded once at the end
 *
 * Results: SUM keeps the argument's type, of DECIMAL(p, s) it is DECIMAL(38, s). AVG of integers is
 * cut to a whole number, of DECIMAL it is DECIMAL(38, max(6, s)). */
#include "base/decimal.h"
#include "exec/aggs/aggs.h"

typedef struct IntSum {
    i64 sum;
    i64 n; /* values: 0 makes the result NULL */
} IntSum;

typedef struct RealSum {
    XSum sum;
    i64 n;
} RealSum;

static inline void
intsum_add(IntSum *s, i64 x)
{
    s->sum = (i64)((u64)s->sum + (u64)x);
    s->n++;
}
static inline void
intsum_sub(IntSum *s, i64 x)
{
    s->sum = (i64)((u64)s->sum - (u64)x);
    s->n--;
}
static inline void
realsum_add(RealSum *s, f64 x)
{
    xsum_add(&s->sum, x);
    s->n++;
}
static inline void
realsum_sub(RealSum *s, f64 x)
{
    xsum_sub(&s->sum, x);
    s->n--;
}

#define NAME(fn) sum_i8_##fn
#define STATE IntSum
#define SLOT i8
#define ADD(s, x) intsum_add(s, x)
#define SUB(s, x) intsum_sub(s, x)
#include "exec/kernels/agg.tmpl.h"
#define NAME(fn) sum_i16_##fn
#define STATE IntSum
#define SLOT i16
#define ADD(s, x) intsum_add(s, x)
#define SUB(s, x) intsum_sub(s, x)
#include "exec/kernels/agg.tmpl.h"
#define NAME(fn) sum_i32_##fn
#define STATE IntSum
#define SLOT i32
#define ADD(s, x) intsum_add(s, x)
#define SUB(s, x) intsum_sub(s, x)
#include "exec/kernels/agg.tmpl.h"
#define NAME(fn) sum_i64_##fn
#define STATE IntSum
#define SLOT i64
#define ADD(s, x) intsum_add(s, x)
#define SUB(s, x) intsum_sub(s, x)
#include "exec/kernels/agg.tmpl.h"
#define NAME(fn) wide_i64_##fn
#define STATE WideSum
#define SLOT i64
#define ADD(s, x) widesum_add(s, x)
#define SUB(s, x) widesum_sub(s, x)
#include "exec/kernels/agg.tmpl.h"
#define NAME(fn) wide_i128_##fn
#define STATE WideSum
#define SLOT i128
#define ADD(s, x) widesum_add(s, x)
#define SUB(s, x) widesum_sub(s, x)
#include "exec/kernels/agg.tmpl.h"
#define NAME(fn) real_f32_##fn
#define STATE RealSum
#define SLOT f32
#define ADD(s, x) realsum_add(s, (f64)(x))
#define SUB(s, x) realsum_sub(s, (f64)(x))
#include "exec/kernels/agg.tmpl.h"
#define NAME(fn) real_f64_##fn
#define STATE RealSum
#define SLOT f64
#define ADD(s, x) realsum_add(s, x)
#define SUB(s, x) realsum_sub(s, x)
#include "exec/kernels/agg.tmpl.h"

/* ---- merge, copy, save
 * ---------------------------------------------------------------------------- */

static void
intsum_merge(const AggCall *c, u8 *state, u8 *other)
{
    (void)c;
    IntSum *a = (IntSum *)(void *)state, *b = (IntSum *)(void *)other;
    a->sum = (i64)((u64)a->sum + (u64)b->sum);
    a->n += b->n;
}
static void
wide_merge(const AggCall *c, u8 *state, u8 *other)
{
    (void)c;
    widesum_merge((WideSum *)(void *)state, (WideSum *)(void *)other);
}
static void
real_merge(const AggCall *c, u8 *state, u8 *other)
{
    (void)c;
    RealSum *a = (RealSum *)(void *)state, *b = (RealSum *)(void *)other;
    xsum_merge(&a->sum, &b->sum);
    a->n += b->n;
}
static void
intsum_subtract(const AggCall *c, u8 *state, const u8 *other)
{
    (void)c;
    IntSum *a = (IntSum *)(void *)state;
    const IntSum *b = (const IntSum *)(const void *)other;
    a->sum = (i64)((u64)a->sum - (u64)b->sum);
    a->n -= b->n;
}
static void
wide_subtract(const AggCall *c, u8 *state, const u8 *other)
{
    (void)c;
    widesum_unmerge((WideSum *)(void *)state, (const WideSum *)(const void *)other);
}
static void
real_subtract(const AggCall *c, u8 *state, const u8 *other)
{
    (void)c;
    RealSum *a = (RealSum *)(void *)state;
    const RealSum *b = (const RealSum *)(const void *)other;
    xsum_unmerge(&a->sum, &b->sum);
    a->n -= b->n;
}
static void
real_copy(const AggCall *c, u8 *state, const u8 *from)
{
    (void)c;
    RealSum *a = (RealSum *)(void *)state;
    const RealSum *b = (const RealSum *)(const void *)from;
    xsum_copy(&a->sum, &b->sum);
    a->n = b->n;
}
static size_t
real_owned(const AggCall *c, const u8 *state)
{
    (void)c;
    return xsum_owned(&((const RealSum *)(const void *)state)->sum);
}
static void
real_save(const AggCall *c, const u8 *state, StrBuf *out)
{
    (void)c;
    const RealSum *s = (const RealSum *)(const void *)state;
    agg_save_xsum(&s->sum, out);
    agg_save_i64(s->n, out);
}
static bool
real_load(const AggCall *c, u8 *state, Str *bytes)
{
    (void)c;
    RealSum *s = (RealSum *)(void *)state;
    return agg_load_xsum(&s->sum, bytes) && agg_load_i64(&s->n, bytes);
}
static void
real_done(const AggCall *c, u8 *state)
{
    (void)c;
    xsum_done(&((RealSum *)(void *)state)->sum);
}

/* ---- finish --------------------------------------------------------------------------------- */

/* What the result is; lives in AggCall.data. */
typedef enum SumKind { SUM_SUM, SUM_SUM0, SUM_AVG } SumKind;

static SumKind
sum_kind(const AggCall *c)
{
    return *(const SumKind *)c->data;
}

static bool
sum_is_null(const AggCall *c, i64 n)
{
    return n <= 0 && sum_kind(c) != SUM_SUM0;
}

static Status
intsum_finish(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n, Err *err)
{
    (void)err;
    bool avg = sum_kind(c) == SUM_AVG;
    for (u32 i = 0; i < n; i++) {
        const IntSum *s = (const IntSum *)(const void *)(rows[i] + at);
        if (sum_is_null(c, s->n))
            vector_set_null(out, i);
        else
            vector_set_integer(out, i, avg ? s->sum / s->n : s->sum);
    }
    return ERR_OK;
}

/* AVG(BIGINT): the sum may need 128 bits, the average does not. */
static Status
wide_avg_finish(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n, Err *err)
{
    (void)c, (void)err;
    for (u32 i = 0; i < n; i++) {
        const WideSum *s = (const WideSum *)(const void *)(rows[i] + at);
        i128 v;
        if (s->n <= 0 || !widesum_value(s, &v))
            vector_set_null(out, i);
        else
            vector_data(out, i64)[i] = (i64)(v / s->n);
    }
    return ERR_OK;
}

static Status
decimal_finish(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n, Err *err)
{
    (void)err;
    bool avg = sum_kind(c) == SUM_AVG;
    u32 scale = c->arg_type[0].scale;
    for (u32 i = 0; i < n; i++) {
        const WideSum *s = (const WideSum *)(const void *)(rows[i] + at);
        i128 v, mean = 0;
        bool fits = widesum_value(s, &v) && decimal_fits(v, DECIMAL_PRECISION_MAX);
        if (!fits || sum_is_null(c, s->n))
            vector_set_null(out, i);
        else if (!avg)
            vector_data(out, i128)[i] = v;
        else if (decimal_div(v, scale, s->n, 0, out->type, &mean))
            vector_data(out, i128)[i] = mean;
        else
            vector_set_null(out, i);
    }
    return ERR_OK;
}

static Status
f64_finish(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n, Err *err)
{
    (void)err;
    bool avg = sum_kind(c) == SUM_AVG;
    for (u32 i = 0; i < n; i++) {
        const RealSum *s = (const RealSum *)(const void *)(rows[i] + at);
        f64 v = xsum_round(&s->sum);
        if (sum_is_null(c, s->n))
            vector_set_null(out, i);
        else
            vector_data(out, f64)[i] = avg ? v / (f64)s->n : v;
    }
    return ERR_OK;
}

static Status
f32_finish(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n, Err *err)
{
    (void)err;
    bool avg = sum_kind(c) == SUM_AVG;
    for (u32 i = 0; i < n; i++) {
        const RealSum *s = (const RealSum *)(const void *)(rows[i] + at);
        if (sum_is_null(c, s->n))
            vector_set_null(out, i);
        else if (avg)
            vector_data(out, f32)[i] = (f32)(xsum_round(&s->sum) / (f64)s->n);
        else
            vector_data(out, f32)[i] = xsum_round_f32(&s->sum);
    }
    return ERR_OK;
}

#define FNS(prefix, state, finish_fn)                                                              \
    .update = prefix##_update, .update_one = prefix##_update_one, .retract = prefix##_retract,     \
    .merge = state##_merge, .subtract = state##_subtract, .finish = finish_fn
#define REAL_FNS                                                                                   \
    .done = real_done, .copy = real_copy, .save = real_save, .load = real_load, .owned = real_owned
static const AggFns sum_fns[PHYS_COUNT] = {
    [PHYS_I8] = {FNS(sum_i8, intsum, intsum_finish)},
    [PHYS_I16] = {FNS(sum_i16, intsum, intsum_finish)},
    [PHYS_I32] = {FNS(sum_i32, intsum, intsum_finish)},
    [PHYS_I64] = {FNS(sum_i64, intsum, intsum_finish)},
    [PHYS_I128] = {FNS(wide_i128, wide, decimal_finish)},
    [PHYS_F32] = {FNS(real_f32, real, f32_finish), REAL_FNS},
    [PHYS_F64] = {FNS(real_f64, real, f64_finish), REAL_FNS},
};
static const AggFns avg_i64_fns = {FNS(wide_i64, wide, wide_avg_finish)};

static Status
sum_bind_kind(AggCall *c, const SumKind *kind, Err *err)
{
    Type *t = &c->arg_type[0];
    if (t->kind == TYPE_NULL) *t = type_of(TYPE_INT);
    bool interval = type_is(*t, KIND_INTERVAL) && *kind != SUM_SUM0;
    if (!type_is(*t, KIND_NUMERIC) && !interval) return agg_misfit(c, err);
    bool avg = *kind == SUM_AVG;
    Phys phys = (Phys)type_phys[t->kind];
    c->data = kind;
    c->fns = avg && phys == PHYS_I64 ? &avg_i64_fns : &sum_fns[phys];
    c->ret = type_nullable(*t, *kind != SUM_SUM0);
    c->state_bytes = sizeof(IntSum);
    if (c->fns == &avg_i64_fns || phys == PHYS_I128) c->state_bytes = sizeof(WideSum);
    if (type_is(*t, KIND_APPROX)) c->state_bytes = sizeof(RealSum);
    if (phys == PHYS_I128) {
        c->ret = avg ? decimal_avg_type(*t) : decimal_sum_type(*t);
        c->ret.not_null = *kind == SUM_SUM0;
    }
    return ERR_OK;
}

static Status
sum_bind(AggCall *c, Err *err)
{
    static const SumKind kind = SUM_SUM;
    return sum_bind_kind(c, &kind, err);
}
static Status
sum0_bind(AggCall *c, Err *err)
{
    static const SumKind kind = SUM_SUM0;
    return sum_bind_kind(c, &kind, err);
}
static Status
avg_bind(AggCall *c, Err *err)
{
    static const SumKind kind = SUM_AVG;
    return sum_bind_kind(c, &kind, err);
}

const AggDef aggs_sum[] = {
    {.name = "SUM",
     .args_min = 1,
     .args_max = 1,
     .bind = sum_bind,
     .syntax = "SUM([DISTINCT] x)",
     .doc = "The sum of the values in the type of x; NULL if there are none. Sums of FLOAT and "
            "DOUBLE are exact and rounded once.",
     .example = "SUM(x) over 1, 2, NULL -> 3"},
    {.name = "AVG",
     .args_min = 1,
     .args_max = 1,
     .bind = avg_bind,
     .syntax = "AVG([DISTINCT] x)",
     .doc =
         "The average of the values, cut to a whole number for integers; NULL if there are none.",
     .example = "AVG(x) over 1, 2, 4 -> 2"},
    {.name = "$SUM0",
     .args_min = 1,
     .args_max = 1,
     .bind = sum0_bind,
     .syntax = "$SUM0(x)",
     .doc = "As SUM, but 0 if there are no values.",
     .example = "$SUM0(x) over NULL -> 0"},
    {.name = "SUM0",
     .args_min = 1,
     .args_max = 1,
     .bind = sum0_bind,
     .syntax = "SUM0(x)",
     .doc = "As SUM, but 0 if there are no values.",
     .example = "SUM0(x) over NULL -> 0"},
    {0},
};
