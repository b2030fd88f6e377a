/* agg_extreme.c - MIN and MAX of every type with an order.
 *
 * The order is total, so that no order of the rows shows: -0.0 is below 0.0, NaN above all. Numbers
 * lie in the state as they are, FLOAT and DOUBLE as integers of the same order; a long text is a
 * copy that the state owns. There is no retract: what came second is not known. */
#include "base/mem.h"
#include "exec/aggs/aggs.h"

typedef struct Extreme64 {
    i64 best;
    u64 has;
} Extreme64;
typedef struct Extreme128 {
    u64 lo; /* halves, because a row is aligned to 8 bytes only */
    i64 hi;
    u64 has;
} Extreme128;
typedef struct ExtremeText {
    StrView best; /* a long one's ptr is from mem_alloc */
    u64 has;
} ExtremeText;

static inline i64
order_f64(f64 x)
{
    u64 bits = 0x7FF8000000000000u; /* one NaN for all */
    if (x == x) memcpy(&bits, &x, 8);
    i64 v = (i64)bits;
    return v ^ (i64)((u64)(v >> 63) >> 1);
}
static inline f64
order_f64_back(i64 v)
{
    v ^= (i64)((u64)(v >> 63) >> 1);
    f64 x;
    memcpy(&x, &v, 8);
    return x;
}

static inline void
extreme_min(Extreme64 *s, i64 x)
{
    if (!s->has || x < s->best) s->best = x;
    s->has = 1;
}
static inline void
extreme_max(Extreme64 *s, i64 x)
{
    if (!s->has || x > s->best) s->best = x;
    s->has = 1;
}

#define NAME(fn) min_u8_##fn
#define STATE Extreme64
#define SLOT u8
#define ADD(s, x) extreme_min(s, x)
#include "exec/kernels/agg.tmpl.h"
#define NAME(fn) max_u8_##fn
#define STATE Extreme64
#define SLOT u8
#define ADD(s, x) extreme_max(s, x)
#include "exec/kernels/agg.tmpl.h"
#define NAME(fn) min_i8_##fn
#define STATE Extreme64
#define SLOT i8
#define ADD(s, x) extreme_min(s, x)
#include "exec/kernels/agg.tmpl.h"
#define NAME(fn) max_i8_##fn
#define STATE Extreme64
#define SLOT i8
#define ADD(s, x) extreme_max(s, x)
#include "exec/kernels/agg.tmpl.h"
#define NAME(fn) min_i16_##fn
#define STATE Extreme64
#define SLOT i16
#define ADD(s, x) extreme_min(s, x)
#include "exec/kernels/agg.tmpl.h"
#define NAME(fn) max_i16_##fn
#define STATE Extreme64
#define SLOT i16
#define ADD(s, x) extreme_max(s, x)
#include "exec/kernels/agg.tmpl.h"
#define NAME(fn) min_i32_##fn
#define STATE Extreme64
#define SLOT i32
#define ADD(s, x) extreme_min(s, x)
#include "exec/kernels/agg.tmpl.h"
#define NAME(fn) max_i32_##fn
#define STATE Extreme64
#define SLOT i32
#define ADD(s, x) extreme_max(s, x)
#include "exec/kernels/agg.tmpl.h"
#define NAME(fn) min_i64_##fn
#define STATE Extreme64
#define SLOT i64
#define ADD(s, x) extreme_min(s, x)
#include "exec/kernels/agg.tmpl.h"
#define NAME(fn) max_i64_##fn
#define STATE Extreme64
#define SLOT i64
#define ADD(s, x) extreme_max(s, x)
#include "exec/kernels/agg.tmpl.h"
#define NAME(fn) min_f32_##fn
#define STATE Extreme64
#define SLOT f32
#define ADD(s, x) extreme_min(s, order_f64((f64)(x)))
#include "exec/kernels/agg.tmpl.h"
#define NAME(fn) max_f32_##fn
#define STATE Extreme64
#define SLOT f32
#define ADD(s, x) extreme_max(s, order_f64((f64)(x)))
#include "exec/kernels/agg.tmpl.h"
#define NAME(fn) min_f64_##fn
#define STATE Extreme64
#define SLOT f64
#define ADD(s, x) extreme_min(s, order_f64(x))
#include "exec/kernels/agg.tmpl.h"
#define NAME(fn) max_f64_##fn
#define STATE Extreme64
#define SLOT f64
#define ADD(s, x) extreme_max(s, order_f64(x))
#include "exec/kernels/agg.tmpl.h"

/* ---- DECIMAL -------------------------------------------------------------------------------- */

static inline i128
extreme128_value(const Extreme128 *s)
{
    return (i128)((u128)(u64)s->hi << 64 | s->lo);
}
static inline void
extreme128_set(Extreme128 *s, i128 x)
{
    s->lo = (u64)x;
    s->hi = (i64)(x >> 64);
    s->has = 1;
}
static inline void
extreme128_min(Extreme128 *s, i128 x)
{
    if (!s->has || x < extreme128_value(s)) extreme128_set(s, x);
}
static inline void
extreme128_max(Extreme128 *s, i128 x)
{
    if (!s->has || x > extreme128_value(s)) extreme128_set(s, x);
}
#define NAME(fn) min_i128_##fn
#define STATE Extreme128
#define SLOT i128
#define ADD(s, x) extreme128_min(s, x)
#include "exec/kernels/agg.tmpl.h"
#define NAME(fn) max_i128_##fn
#define STATE Extreme128
#define SLOT i128
#define ADD(s, x) extreme128_max(s, x)
#include "exec/kernels/agg.tmpl.h"

/* ---- texts ---------------------------------------------------------------------------------- */

static void
extreme_text_drop(ExtremeText *s)
{
    if (s->has && s->best.len > STRVIEW_INLINE) {
        char *owned;
        memcpy(&owned, &s->best.ptr, sizeof owned); /* ours since extreme_text_set */
        mem_free(owned);
    }
    *s = (ExtremeText){0};
}

static void
extreme_text_set(ExtremeText *s, const StrView *x)
{
    char *copy = NULL;
    if (x->len > STRVIEW_INLINE) {
        copy = mem_alloc(x->len);
        memcpy(copy, x->ptr, x->len);
    }
    extreme_text_drop(s);
    s->best = copy ? strview_make(copy, x->len) : *x;
    s->has = 1;
}

static inline void
extreme_text_min(ExtremeText *s, const StrView *x)
{
    if (!s->has || strview_cmp(x, &s->best) < 0) extreme_text_set(s, x);
}
static inline void
extreme_text_max(ExtremeText *s, const StrView *x)
{
    if (!s->has || strview_cmp(x, &s->best) > 0) extreme_text_set(s, x);
}
#define NAME(fn) min_str_##fn
#define STATE ExtremeText
#define SLOT StrView
#define ADD(s, x) extreme_text_min(s, &(x))
#include "exec/kernels/agg.tmpl.h"
#define NAME(fn) max_str_##fn
#define STATE ExtremeText
#define SLOT StrView
#define ADD(s, x) extreme_text_max(s, &(x))
#include "exec/kernels/agg.tmpl.h"

/* ---- merge, finish -------------------------------------------------------------------------- */

static bool
is_min(const AggCall *c)
{
    return c->def->name[1] == 'I';
}

static void
extreme_merge(const AggCall *c, u8 *state, u8 *other)
{
    Extreme64 *a = (Extreme64 *)(void *)state, *b = (Extreme64 *)(void *)other;
    if (!b->has) return;
    if (is_min(c))
        extreme_min(a, b->best);
    else
        extreme_max(a, b->best);
}
static void
extreme128_merge(const AggCall *c, u8 *state, u8 *other)
{
    Extreme128 *a = (Extreme128 *)(void *)state, *b = (Extreme128 *)(void *)other;
    if (!b->has) return;
    if (is_min(c))
        extreme128_min(a, extreme128_value(b));
    else
        extreme128_max(a, extreme128_value(b));
}
static void
extreme_text_merge(const AggCall *c, u8 *state, u8 *other)
{
    ExtremeText *a = (ExtremeText *)(void *)state, *b = (ExtremeText *)(void *)other;
    if (!b->has) return;
    if (is_min(c))
        extreme_text_min(a, &b->best);
    else
        extreme_text_max(a, &b->best);
}
static void
extreme_text_done(const AggCall *c, u8 *state)
{
    (void)c;
    extreme_text_drop((ExtremeText *)(void *)state);
}
static void
extreme_text_copy(const AggCall *c, u8 *state, const u8 *from)
{
    (void)c;
    const ExtremeText *s = (const ExtremeText *)(const void *)from;
    if (s->has) extreme_text_set((ExtremeText *)(void *)state, &s->best);
}
static size_t
extreme_text_owned(const AggCall *c, const u8 *state)
{
    (void)c;
    u32 len = ((const ExtremeText *)(const void *)state)->best.len;
    return len > STRVIEW_INLINE ? len : 0;
}
static void
extreme_text_save(const AggCall *c, const u8 *state, StrBuf *out)
{
    (void)c;
    const ExtremeText *s = (const ExtremeText *)(const void *)state;
    strbuf_char(out, s->has != 0);
    if (s->has) agg_save_text(strview_str(&s->best), out);
}
static bool
extreme_text_load(const AggCall *c, u8 *state, Str *bytes)
{
    u8 has;
    Str text;
    if (!agg_load_bytes(&has, 1, bytes) || has > 1) return false;
    if (!has) return true;
    if (!agg_load_text(c->arg_type[0], &text, bytes)) return false;
    StrView best = strview_make(text.ptr, text.len);
    extreme_text_set((ExtremeText *)(void *)state, &best);
    return true;
}

static Status
extreme_finish(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n, Err *err)
{
    (void)c, (void)err;
    for (u32 i = 0; i < n; i++) {
        const Extreme64 *s = (const Extreme64 *)(const void *)(rows[i] + at);
        if (!s->has) {
            vector_set_null(out, i);
            continue;
        }
        switch ((Phys)type_phys[out->type.kind]) {
        case PHYS_U8:
            vector_data(out, u8)[i] = (u8)s->best;
            break;
        case PHYS_I8:
            vector_data(out, i8)[i] = (i8)s->best;
            break;
        case PHYS_I16:
            vector_data(out, i16)[i] = (i16)s->best;
            break;
        case PHYS_I32:
            vector_data(out, i32)[i] = (i32)s->best;
            break;
        case PHYS_I64:
            vector_data(out, i64)[i] = s->best;
            break;
        case PHYS_F32:
            vector_data(out, f32)[i] = (f32)order_f64_back(s->best);
            break;
        case PHYS_F64:
            vector_data(out, f64)[i] = order_f64_back(s->best);
            break;
        case PHYS_I128:
        case PHYS_STR:
        case PHYS_COUNT:
            UNREACHABLE();
        }
    }
    return ERR_OK;
}
static Status
extreme128_finish(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n, Err *err)
{
    (void)c, (void)err;
    for (u32 i = 0; i < n; i++) {
        const Extreme128 *s = (const Extreme128 *)(const void *)(rows[i] + at);
        if (s->has)
            vector_data(out, i128)[i] = extreme128_value(s);
        else
            vector_set_null(out, i);
    }
    return ERR_OK;
}
static Status
extreme_text_finish(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n, Err *err)
{
    (void)c, (void)err;
    for (u32 i = 0; i < n; i++) {
        const ExtremeText *s = (const ExtremeText *)(const void *)(rows[i] + at);
        Str text = strview_str(&s->best);
        if (s->has)
            vector_set_str(out, i, text.ptr, text.len);
        else
            vector_set_null(out, i);
    }
    return ERR_OK;
}

#define FNS(prefix, kind)                                                                          \
    .update = prefix##_update, .update_one = prefix##_update_one, .merge = kind##_merge,           \
    .finish = kind##_finish
#define TEXT_FNS                                                                                   \
    .done = extreme_text_done, .copy = extreme_text_copy, .save = extreme_text_save,               \
    .load = extreme_text_load, .owned = extreme_text_owned
#define TABLE(way)                                                                                 \
    {                                                                                              \
        [PHYS_U8] = {FNS(way##_u8, extreme)}, [PHYS_I8] = {FNS(way##_i8, extreme)},                \
        [PHYS_I16] = {FNS(way##_i16, extreme)}, [PHYS_I32] = {FNS(way##_i32, extreme)},            \
        [PHYS_I64] = {FNS(way##_i64, extreme)}, [PHYS_F32] = {FNS(way##_f32, extreme)},            \
        [PHYS_F64] = {FNS(way##_f64, extreme)}, [PHYS_I128] = {FNS(way##_i128, extreme128)},       \
        [PHYS_STR] = {                                                                             \
            FNS(way##_str, extreme_text),                                                          \
            TEXT_FNS                                                                               \
        }                                                                                          \
    }
static const AggFns min_fns[PHYS_COUNT] = TABLE(min);
static const AggFns max_fns[PHYS_COUNT] = TABLE(max);

static Status
extreme_bind(AggCall *c, Err *err)
{
    (void)err;
    Type *t = &c->arg_type[0];
    if (t->kind == TYPE_NULL) *t = type_of(TYPE_INT);
    Phys phys = (Phys)type_phys[t->kind];
    c->fns = is_min(c) ? &min_fns[phys] : &max_fns[phys];
    c->ret = type_nullable(*t, true);
    c->state_bytes = sizeof(Extreme64);
    if (phys == PHYS_I128) c->state_bytes = sizeof(Extreme128);
    if (phys == PHYS_STR) c->state_bytes = sizeof(ExtremeText);
    return ERR_OK;
}

const AggDef aggs_extreme[] = {
    {.name = "MIN",
     .args_min = 1,
     .args_max = 1,
     .bind = extreme_bind,
     .syntax = "MIN(x)",
     .doc = "The least value; NULL if there are none.",
     .example = "MIN(x) over 3, 1, NULL -> 1"},
    {.name = "MAX",
     .args_min = 1,
     .args_max = 1,
     .bind = extreme_bind,
     .syntax = "MAX(x)",
     .doc = "The greatest value; NULL if there are none.",
     .example = "MAX(x) over 3, 1, NULL -> 3"},
    {0},
};
