/* agg_stat.c - STDDEV_POP, STDDEV_SAMP, VAR_POP, VAR_SAMP of numbers, as DOUBLE.
 *
 * The state holds the exact sums of x and of x * x, so no order of rows shows. The sum of squared
 * deviations is taken from them around the rounded mean m without cancellation:
 *     sum (x - m)^2 = sum x^2 - 2 m sum x + n m^2
 * every term of which is added exactly; only the last division rounds (and m itself, whose error
 * enters squared). */
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
        vector_data(out, f64)[i] = kind->root ? sqrt(v) : v;
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
    *t = type_nullable(type_of(TYPE_DOUBLE), !t->not_null);
    c->ret = type_of(TYPE_DOUBLE);
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
    STAT("VAR_POP", "The variance of the values.", "VAR_POP(x) over 1, 2, 3, 4 -> 1.25"),
    STAT("VAR_SAMP", "The variance estimated from a sample; NULL for one value.",
         "VAR_SAMP(x) over 1, 3 -> 2.0"),
    STAT("VARIANCE", "As VAR_SAMP.", "VARIANCE(x) over 1, 3 -> 2.0"),
    STAT("STDDEV_POP", "The standard deviation of the values.", "STDDEV_POP(x) over 1, 3 -> 1.0"),
    STAT("STDDEV_SAMP", "The standard deviation estimated from a sample; NULL for one value.",
         "STDDEV_SAMP(x) over 1, 3, 5 -> 2.0"),
    STAT("STDDEV", "As STDDEV_SAMP.", "STDDEV(x) over 1, 3, 5 -> 2.0"),
    {0},
};
