/* datagen_value.c - generated columns, type by type.
 *
 * The random numbers are splitmix64's (Steele, Lea, Flood; base/rng.h) read by counter instead of
 * in sequence. A value that needs more than one draws the next from its first. */
#include "base/clock.h"
#include "base/datetime.h"
#include "base/decimal.h"
#include "base/rng.h"
#include "connectors/datagen.h"

static u64
row_random(u64 key, u64 row)
{
    u64 state = key + row * 0x9E3779B97F4A7C15u;
    return rng_splitmix(&state);
}

static f64
unit_of(u64 random) /* [0, 1) */
{
    return (f64)(random >> 11) * 0x1p-53;
}

/* 0 .. below - 1, small ones more frequent when skewed; below 0 means 2^64. Only multiplications,
 * so that every machine agrees. */
static u64
rank_of(const DatagenField *f, u64 random, u64 below)
{
    if (f->skew == 0 || below == 0) return below ? (u64)((u128)random * below >> 64) : random;
    f64 u = unit_of(random), power = u;
    for (u32 i = 0; i < f->skew; i++) power *= u;
    u64 rank = (u64)(power * (f64)below);
    return MIN(rank, below - 1);
}

static i64
integer_random(const DatagenField *f, u64 random)
{
    u64 below = (u64)f->max - (u64)f->min + 1;
    return (i64)((u64)f->min + rank_of(f, random, below));
}

static i64
integer_at(const DatagenField *f, u64 row)
{
    if (f->kind == DATAGEN_RANDOM) return integer_random(f, row_random(f->key, row));
    return (i64)((u64)f->start + row * (u64)f->step);
}

static f64
float_at(const DatagenField *f, u64 row)
{
    if (f->kind == DATAGEN_SEQUENCE) return (f64)integer_at(f, row);
    f64 u = unit_of(row_random(f->key, row)), power = u;
    for (u32 i = 0; i < f->skew; i++) power *= u;
    return f->float_min * (1 - power) + f->float_max * power; /* the range may exceed a double */
}

/* Microseconds; for sequences the jitter goes back from the step. */
static i64
time_at(const DatagenField *f, const DatagenClock *clock, u64 row)
{
    i64 us = clock->start_us;
    if (f->kind == DATAGEN_SEQUENCE)
        us = integer_at(f, row);
    else if (clock->rows_per_second)
        us += (i64)((u128)row * US_PER_SECOND / (u64)clock->rows_per_second);
    if (f->max_past_us > 0) {
        u64 jitter = rank_of(f, row_random(~f->key, row), (u64)f->max_past_us + 1);
        us -= (i64)jitter;
    }
    return timestamp_cut(us, f->type.scale);
}

/* --- texts --------------------------------------------------------------------------------- */

static u32
text_length(const DatagenField *f, u64 random)
{
    if (!f->var_length || f->length < 2) return f->length;
    return 1 + (u32)((u128)random * f->length >> 64);
}

static void
random_put(Vector *v, u32 i, const DatagenField *f, u64 row)
{
    static const char hex[] = "0123456789abcdef";
    bool bytes = type_is(f->type, KIND_BYTES);
    u64 state = row_random(f->key, row);
    u32 len = text_length(f, rng_splitmix(&state));
    char small[STRVIEW_INLINE], *to = len > STRVIEW_INLINE ? vector_room(v, len) : small;
    for (u32 k = 0; k < len;) {
        u64 r = rng_splitmix(&state);
        u32 n = MIN(len - k, bytes ? 8 : 16);
        for (u32 j = 0; j < n; j++, r >>= bytes ? 8 : 4) to[k++] = bytes ? (char)r : hex[r & 15];
    }
    vector_data(v, StrView)[i] = strview_make(to, len);
}

static void
text_put(Vector *v, u32 i, const DatagenField *f, u64 row)
{
    if (f->nvalues) {
        u64 rank = f->kind == DATAGEN_SEQUENCE ? row % f->nvalues
                                               : rank_of(f, row_random(f->key, row), f->nvalues);
        vector_set_str(v, i, f->values[rank].ptr, f->values[rank].len);
    } else if (f->kind == DATAGEN_SEQUENCE || f->numbered) {
        char text[I64_TEXT_MAX];
        u32 digits = i64_print(text, integer_at(f, row)), len = f->prefix.len + digits;
        char small[STRVIEW_INLINE], *to = len > STRVIEW_INLINE ? vector_room(v, len) : small;
        if (f->prefix.len) memcpy(to, f->prefix.ptr, f->prefix.len);
        memcpy(to + f->prefix.len, text, digits);
        vector_data(v, StrView)[i] = strview_make(to, len);
    } else {
        random_put(v, i, f, row);
    }
}

/* --- columns ------------------------------------------------------------------------------- */

#define FILL(T, expr)                                                                              \
    do {                                                                                           \
        T *out = vector_data(v, T);                                                                \
        for (u32 i = 0; i < n; i++) {                                                              \
            u64 row = from + i;                                                                    \
            out[i] = (T)(expr);                                                                    \
        }                                                                                          \
    } while (0)

static void
column_fill(Vector *v, const DatagenField *f, const DatagenClock *clock, u64 from, u32 n)
{
    switch ((TypeKind)f->type.kind) {
    case TYPE_BOOLEAN:
        FILL(u8, row_random(f->key, row) >> 63);
        break;
    case TYPE_TINYINT:
        FILL(i8, integer_at(f, row));
        break;
    case TYPE_SMALLINT:
        FILL(i16, integer_at(f, row));
        break;
    case TYPE_INT:
        FILL(i32, integer_at(f, row));
        break;
    case TYPE_BIGINT:
    case TYPE_INTERVAL_YM:
        FILL(i64, integer_at(f, row));
        break;
    case TYPE_INTERVAL_DT:
        FILL(i64, integer_at(f, row) * US_PER_MS);
        break;
    case TYPE_DECIMAL:
        FILL(i128, integer_at(f, row));
        break;
    case TYPE_FLOAT:
        FILL(f32, float_at(f, row));
        break;
    case TYPE_DOUBLE:
        FILL(f64, float_at(f, row));
        break;
    case TYPE_CHAR:
    case TYPE_VARCHAR:
    case TYPE_BINARY:
    case TYPE_VARBINARY:
        for (u32 i = 0; i < n; i++) text_put(v, i, f, from + i);
        break;
    case TYPE_DATE:
        FILL(i32, timestamp_days(time_at(f, clock, row)));
        break;
    case TYPE_TIME:
        FILL(i64, timestamp_time_us(time_at(f, clock, row)));
        break;
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        FILL(i64, time_at(f, clock, row));
        break;
    case TYPE_NULL:
    case TYPE_COUNT:
        UNREACHABLE();
    }
}

Vector
datagen_column(const DatagenField *f, const DatagenClock *clock, u64 from, u32 n)
{
    Vector v = vector_new(f->type, n);
    column_fill(&v, f, clock, from, n);
    for (u32 i = 0; i < n && f->null_rate > 0; i++) {
        if (unit_of(row_random(f->key ^ 0x5555555555555555u, from + i)) < f->null_rate)
            vector_set_null(&v, i);
    }
    return v;
}
