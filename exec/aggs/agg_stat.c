/* agg_stat.c - STDDEV_POP, STDDEV_SAMP, VAR_POP, VAR_SAMP of numbers.
 *
 * Results: the argument's type for integers (cut to a whole number) and FLOAT, as Flink has it;
 * DOUBLE for DOUBLE and DECIMAL.
 *
 * The state holds the exact sums of x and of x * x, so no order of rows shows. The sum of squared
 * deviations is taken from them around the rounded mean m without cancellation:
 *     sum (x - m)^2 = sum x^2 - 2 m sum x + n m^2
 * every term of which is added exactly; only the last division rounds (and m itself, whose error
 * enters squared). */
#include "base/number.h"
#include "exec/aggs/aggs.h"

#include <math.h>

typedef struct StatSum {
    XSum sum, squares;
    i64 n;
} StatSum;

static inline void
statsum_add(StatSum *s, f64 x)
{
    xsum_add(&s->sum, x);
    xsum_add_product(&s->squares, x, x);
    s->n++;
}
static inline void
statsum_sub(StatSum *s, f64 x)
{
    xsum_sub(&s->sum, x);
    xsum_sub_product(&s->squares, x, x);
    s->n--;
}

#define NAME(fn) stat_##fn
#define STATE StatSum
#define SLOT f64
#define ADD(s, x) statsum_add(s, x)
#define SUB(s, x) statsum_sub(s, x)
#include "exec/kernels/agg.tmpl.h"

static void
stat_merge(const AggCall *c, u8 *state, u8 *other)
{
    (void)c;
    StatSum *a = (StatSum *)(void *)state, *b = (StatSum *)(void *)other;
    xsum_merge(&a->sum, &b->sum);
    xsum_merge(&a->squares, &b->squares);
    a->n += b->n;
}

static void
stat_subtract(const AggCall *c, u8 *state, const u8 *other)
{
    (void)c;
    StatSum *a = (StatSum *)(void *)state;
    const StatSum *b = (const StatSum *)(const void *)other;
    xsum_unmerge(&a->sum, &b->sum);
    xsum_unmerge(&a->squares, &b->squares);
    a->n -= b->n;
}

static void
stat_copy(const AggCall *c, u8 *state, const u8 *from)
{
    (void)c;
    StatSum *a = (StatSum *)(void *)state;
    const StatSum *b = (const StatSum *)(const void *)from;
    xsum_copy(&a->sum, &b->sum);
    xsum_copy(&a->squares, &b->squares);
    a->n = b->n;
}

static size_t
stat_owned(const AggCall *c, const u8 *state)
{
    (void)c;
    const StatSum *s = (const StatSum *)(const void *)state;
    return xsum_owned(&s->sum) + xsum_owned(&s->squares);
}

static void
stat_save(const AggCall *c, const u8 *state, StrBuf *out)
{
    (void)c;
    const StatSum *s = (const StatSum *)(const void *)state;
    agg_save_xsum(&s->sum, out);
    agg_save_xsum(&s->squares, out);
    agg_save_i64(s->n, out);
}

static bool
stat_load(const AggCall *c, u8 *state, Str *bytes)
{
    (void)c;
    StatSum *s = (StatSum *)(void *)state;
    return agg_load_xsum(&s->sum, bytes) && agg_load_xsum(&s->squares, bytes) &&
           agg_load_i64(&s->n, bytes);
}

static void
stat_done(const AggCall *c, u8 *state)
{
    (void)c;
    StatSum *s = (StatSum *)(void *)state;
    xsum_done(&s->sum);
    xsum_done(&s->squares);
}

static f64
stat_deviations(const StatSum *s)
{
    f64 n = (f64)s->n, high = xsum_round(&s->sum), mean = high / n;
    XSum rest = {0}, total = {0};
    xsum_merge(&rest, &s->sum); /* what rounding the sum lost */
    xsum_add(&rest, -high);
    f64 low = xsum_round(&rest), square = n * mean, square_low = fma(n, mean, -square);
    xsum_done(&rest);

    xsum_merge(&total, &s->squares);
    xsum_add_product(&total, -2 * mean, high);
    xsum_add_product(&total, -2 * mean, low);
    xsum_add_product(&total, square, mean);
    xsum_add_product(&total, square_low, mean);
    f64 v = xsum_round(&total);
    xsum_done(&total);
    return v > 0 || v != v ? v : 0;
}

typedef struct StatKind {
    bool root, sample;
} StatKind;

static void
stat_store(Vector *out, u32 i, f64 v)
{
    switch ((int)out->type.kind) {
    case TYPE_TINYINT:
        vector_data(out, i8)[i] = (i8)f64_to_i32(v);
        break;
    case TYPE_SMALLINT:
        vector_data(out, i16)[i] = (i16)f64_to_i32(v);
        break;
    case TYPE_INT:
        vector_data(out, i32)[i] = f64_to_i32(v);
        break;
    case TYPE_BIGINT:
        vector_data(out, i64)[i] = f64_to_i64(v);
        break;
    case TYPE_FLOAT:
        vector_data(out, f32)[i] = (f32)v;
        break;
    default:
        vector_data(out, f64)[i] = v;
        break;
    }
}

static Status
stat_finish(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n, Err *err)
{
    (void)err;
    const StatKind *kind = c->data;
    for (u32 i = 0; i < n; i++) {
        const StatSum *s = (const StatSum *)(const void *)(rows[i] + at);
        i64 by = s->n - kind->sample;
        if (s->n <= 0 || by <= 0) {
            vector_set_null(out, i);
            continue;
        }
        f64 v = stat_deviations(s) / (f64)by;
        bool whole = type_is(out->type, KIND_INTEGER);
        if (whole) v = trunc(v);
        if (kind->root) v = sqrt(v);
        stat_store(out, i, v);
    }
    return ERR_OK;
}

static const AggFns stat_fns = {
    .update = stat_update,
    .update_one = stat_update_one,
    .retract = stat_retract,
    .merge = stat_merge,
    .finish = stat_finish,
    .done = stat_done,
    .subtract = stat_subtract,
    .copy = stat_copy,
    .save = stat_save,
    .load = stat_load,
    .owned = stat_owned,
};

static Status
stat_bind(AggCall *c, Err *err)
{
    Type *t = &c->arg_type[0];
    if (!type_is(*t, KIND_NUMERIC) && t->kind != TYPE_NULL) return agg_misfit(c, err);
    StatKind *kind = arena_make(c->arena, StatKind);
    size_t len = strlen(c->def->name);
    kind->root = c->def->name[0] == 'S';
    kind->sample = strcmp(c->def->name + len - 4, "_POP") != 0;
    bool kept = type_is(*t, KIND_INTEGER) || t->kind == TYPE_FLOAT;
    c->ret = kept ? type_nullable(*t, true) : type_of(TYPE_DOUBLE);
    *t = type_nullable(type_of(TYPE_DOUBLE), !t->not_null);
    c->data = kind;
    c->fns = &stat_fns;
    c->state_bytes = sizeof(StatSum);
    return ERR_OK;
}

#define STAT(func, doc_text, example_text)                                                         \
    {                                                                                              \
        .name = func, .args_min = 1, .args_max = 1, .bind = stat_bind, .syntax = func "(x)",       \
        .doc = doc_text, .example = example_text                                                   \
    }

const AggDef aggs_stat[] = {
    STAT("VAR_POP", "The variance of the values.", "VAR_POP(x) over 2, 4, 6, 8 -> 5"),
    STAT("VAR_SAMP", "The variance estimated from a sample; NULL for one value.",
         "VAR_SAMP(x) over 1, 3 -> 2"),
    STAT("VARIANCE", "As VAR_SAMP.", "VARIANCE(x) over 1, 3 -> 2"),
    STAT("STDDEV_POP", "The standard deviation of the values.", "STDDEV_POP(x) over 1, 3 -> 1"),
    STAT("STDDEV_SAMP", "The standard deviation estimated from a sample; NULL for one value.",
         "STDDEV_SAMP(x) over 1, 3, 5 -> 2"),
    STAT("STDDEV", "As STDDEV_SAMP.", "STDDEV(x) over 1, 3, 5 -> 2"),
    {0},
};
