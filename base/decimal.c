/* decimal.c - DECIMAL arithmetic and result types; texts are decimal_text.c.
 *
 * A value is sign and magnitude while it is computed: magnitudes below 10^38 fit u128, products
 * and scaled dividends fit 256 bits (Wide). Half up needs only the first digit that is dropped, so
 * a quotient cut one digit longer decides it, however many steps it took. Long division is
 * Knuth's algorithm D with 64-bit digits (The Art of Computer Programming 2, 4.3.1). */
#include "base/decimal.h"

#define P19 ((u128)10000000000000000000u)
#define P(lo) ((i128)(P19 * (u128)(lo)))
const i128 decimal_pow10[DECIMAL_PRECISION_MAX + 1] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
    1000000000000000000,
    P(1),
    P(10),
    P(100),
    P(1000),
    P(10000),
    P(100000),
    P(1000000),
    P(10000000),
    P(100000000),
    P(1000000000),
    P(10000000000),
    P(100000000000),
    P(1000000000000),
    P(10000000000000),
    P(100000000000000),
    P(1000000000000000),
    P(10000000000000000),
    P(100000000000000000),
    P(1000000000000000000),
    P(10000000000000000000u),
};

static u128
pow10_of(u32 n)
{
    assert(n <= DECIMAL_PRECISION_MAX);
    return (u128)decimal_pow10[n];
}

static u128
magnitude(i128 v)
{
    return v < 0 ? 0 - (u128)v : (u128)v;
}

/* --- 256 bits --- */

typedef struct Wide {
    u128 hi, lo;
} Wide;

static Wide
wide_mul(u128 a, u128 b)
{
    u64 a1 = (u64)(a >> 64), a0 = (u64)a, b1 = (u64)(b >> 64), b0 = (u64)b;
    u128 low = (u128)a0 * b0, cross1 = (u128)a1 * b0, cross2 = (u128)a0 * b1;
    u128 middle = (low >> 64) + (u64)cross1 + (u64)cross2;
    return (Wide){(u128)a1 * b1 + (cross1 >> 64) + (cross2 >> 64) + (middle >> 64),
                  middle << 64 | (u64)low};
}

static Wide
wide_add(Wide a, Wide b)
{
    Wide r = {a.hi + b.hi, a.lo + b.lo};
    r.hi += r.lo < a.lo;
    return r;
}

static Wide
wide_sub(Wide a, Wide b) /* a >= b */
{
    return (Wide){a.hi - b.hi - (a.lo < b.lo), a.lo - b.lo};
}

static int
wide_cmp(Wide a, Wide b)
{
    if (a.hi != b.hi) return a.hi < b.hi ? -1 : 1;
    return (a.lo > b.lo) - (a.lo < b.lo);
}

/* One digit of the quotient: (rest, next) / d, where rest < d and d has its top bit set. */
static u64
divide_digit(u128 *rest, u64 next, u128 d)
{
    u64 d1 = (u64)(d >> 64), d0 = (u64)d;
    assert(d1 >> 63);
    u128 q = *rest / d1;
    if (q >> 64) q = UINT64_MAX;
    u128 r = *rest - q * d1;
    while (r >> 64 == 0 && q * d0 > (r << 64 | next)) {
        q--;
        r += d1;
    }
    *rest = (*rest << 64 | next) - q * d; /* what wraps is 2^128 times the truth */
    return (u64)q;
}

/* (hi, lo) / d with hi < d, so that the quotient fits. */
static u128
divide_fitting(u128 hi, u128 lo, u128 d, u128 *ret_rest)
{
    if (hi == 0) {
        *ret_rest = lo % d;
        return lo / d;
    }
    u64 top = (u64)(d >> 64);
    int shift = top ? __builtin_clzll(top) : 64 + __builtin_clzll((u64)d);
    if (shift) {
        hi = hi << shift | lo >> (128 - shift);
        lo <<= shift;
        d <<= shift;
    }
    u64 q1 = divide_digit(&hi, (u64)(lo >> 64), d);
    u64 q0 = divide_digit(&hi, (u64)lo, d);
    *ret_rest = hi >> shift;
    return (u128)q1 << 64 | q0;
}

static Wide
wide_div(Wide a, u128 d, u128 *ret_rest)
{
    Wide q;
    q.hi = a.hi / d;
    q.lo = divide_fitting(a.hi % d, a.lo, d, ret_rest);
    return q;
}

/* Cut `digits` decimal digits off, rounding half up. */
static Wide
wide_round_off(Wide a, u32 digits)
{
    if (digits == 0) return a;
    u128 rest;
    for (u32 left = digits - 1; left; left -= MIN(left, (u32)DECIMAL_PRECISION_MAX)) {
        a = wide_div(a, pow10_of(MIN(left, (u32)DECIMAL_PRECISION_MAX)), &rest);
    }
    return wide_div(wide_add(a, (Wide){0, 5}), 10, &rest);
}

/* Give a magnitude of scale `from` the type `ret`; false if it does not fit. */
static bool
wide_settle(Wide a, bool negative, u32 from, Type ret, i128 *ret_value)
{
    if (from > ret.scale) {
        a = wide_round_off(a, from - ret.scale);
    } else if (from < ret.scale) {
        if (a.hi || a.lo >= pow10_of(DECIMAL_PRECISION_MAX)) return false;
        a = wide_mul(a.lo, pow10_of(ret.scale - from));
    }
    if (a.hi || a.lo >= pow10_of(ret.precision)) return false;
    *ret_value = negative ? -(i128)a.lo : (i128)a.lo;
    return true;
}

/* --- values --- */

bool
decimal_rescale(i128 v, u32 from_scale, u32 to_scale, u32 precision, i128 *ret_value)
{
    if (from_scale == to_scale) {
        *ret_value = v;
        return decimal_fits(v, precision);
    }
    Type ret = type_decimal(precision, MIN(to_scale, precision));
    ret.scale = (u8)to_scale;
    return wide_settle((Wide){0, magnitude(v)}, v < 0, from_scale, ret, ret_value);
}

bool
decimal_add(i128 a, u32 as, i128 b, u32 bs, Type ret, i128 *ret_value)
{
    if (as == bs && as == ret.scale) {
        return !__builtin_add_overflow(a, b, ret_value) && decimal_fits(*ret_value, ret.precision);
    }
    u32 scale = MAX(as, bs);
    Wide x = wide_mul(magnitude(a), pow10_of(scale - as));
    Wide y = wide_mul(magnitude(b), pow10_of(scale - bs));
    bool negative = a < 0;
    if (negative == (b < 0)) {
        x = wide_add(x, y);
    } else if (wide_cmp(x, y) >= 0) {
        x = wide_sub(x, y);
    } else {
        x = wide_sub(y, x);
        negative = !negative;
    }
    return wide_settle(x, negative, scale, ret, ret_value);
}

bool
decimal_sub(i128 a, u32 as, i128 b, u32 bs, Type ret, i128 *ret_value)
{
    return decimal_add(a, as, -b, bs, ret, ret_value);
}

bool
decimal_mul(i128 a, u32 as, i128 b, u32 bs, Type ret, i128 *ret_value)
{
    if (a == (i64)a && b == (i64)b && as + bs == ret.scale) {
        *ret_value = a * b;
        return decimal_fits(*ret_value, ret.precision);
    }
    Wide p = wide_mul(magnitude(a), magnitude(b));
    return wide_settle(p, (a < 0) != (b < 0), as + bs, ret, ret_value);
}

/* round(a * 10^up / b) for up <= 76; false if far too large. */
static bool
quotient_up(u128 a, u32 up, u128 b, Wide *ret_quotient)
{
    u32 first = MIN(up, (u32)DECIMAL_PRECISION_MAX), second = up - first;
    u128 rest;
    Wide q = wide_div(wide_mul(a, pow10_of(first)), b, &rest);
    if (second) {
        if (q.hi || q.lo >= pow10_of(DECIMAL_PRECISION_MAX)) return false;
        Wide more = wide_div(wide_mul(rest, pow10_of(second)), b, &rest);
        q = wide_add(wide_mul(q.lo, pow10_of(second)), more);
    }
    if (rest >= b - rest) q = wide_add(q, (Wide){0, 1});
    *ret_quotient = q;
    return true;
}

bool
decimal_div(i128 a, u32 as, i128 b, u32 bs, Type ret, i128 *ret_value)
{
    assert(b != 0);
    i32 up = (i32)(ret.scale + bs) - (i32)as;
    Wide q;
    if (up >= 0) {
        if (!quotient_up(magnitude(a), (u32)up, magnitude(b), &q)) return false;
    } else {
        Wide d = wide_mul(magnitude(b), pow10_of((u32)-up));
        /* Beyond 128 bits the divisor is more than twice any dividend. */
        if (d.hi || d.lo >> 127) {
            q = (Wide){0, magnitude(a) >= d.lo - magnitude(a) && !d.hi};
        } else if (!quotient_up(magnitude(a), 0, d.lo, &q)) {
            return false;
        }
    }
    return wide_settle(q, (a < 0) != (b < 0), ret.scale, ret, ret_value);
}

bool
decimal_mod(i128 a, u32 as, i128 b, u32 bs, Type ret, i128 *ret_value)
{
    assert(b != 0);
    u32 scale = MAX(as, bs);
    Wide x = wide_mul(magnitude(a), pow10_of(scale - as));
    Wide y = wide_mul(magnitude(b), pow10_of(scale - bs));
    if (wide_cmp(x, y) >= 0) { /* then y has 128 bits: one of the two factors is 1 */
        u128 rest;
        wide_div(x, y.lo, &rest);
        x = (Wide){0, rest};
    }
    return wide_settle(x, a < 0, scale, ret, ret_value);
}

int
decimal_cmp(i128 a, u32 as, i128 b, u32 bs)
{
    if (as == bs || (a < 0) != (b < 0)) return (a > b) - (a < b);
    u32 scale = MAX(as, bs);
    int c = wide_cmp(wide_mul(magnitude(a), pow10_of(scale - as)),
                     wide_mul(magnitude(b), pow10_of(scale - bs)));
    return a < 0 ? -c : c;
}

i128
decimal_whole(i128 v, u32 scale)
{
    return v / decimal_pow10[scale];
}

i128
decimal_floor(i128 v, u32 scale)
{
    return v / decimal_pow10[scale] - (v % decimal_pow10[scale] < 0);
}

i128
decimal_ceil(i128 v, u32 scale)
{
    return v / decimal_pow10[scale] + (v % decimal_pow10[scale] > 0);
}

bool
decimal_round(i128 v, u32 scale, i32 digits, u32 precision, i128 *ret_value)
{
    if (digits >= (i32)scale) {
        *ret_value = v;
        return decimal_fits(v, precision);
    }
    i64 off = (i64)scale - digits;
    *ret_value = 0;
    if (off > DECIMAL_PRECISION_MAX) return true; /* less than half of 10^off */
    Wide q = wide_round_off((Wide){0, magnitude(v)}, (u32)off);
    if (digits < 0) q = wide_mul(q.lo, pow10_of((u32)-digits));
    if (q.hi || q.lo >= pow10_of(precision)) return false;
    *ret_value = v < 0 ? -(i128)q.lo : (i128)q.lo;
    return true;
}

i128
decimal_truncate(i128 v, u32 scale, i32 digits)
{
    if (digits >= (i32)scale) return v;
    i64 off = (i64)scale - digits;
    if (off > DECIMAL_PRECISION_MAX) return 0;
    v /= decimal_pow10[off];
    return digits < 0 ? v * decimal_pow10[-digits] : v;
}

bool
decimal_from_i64(i64 x, u32 precision, u32 scale, i128 *ret_value)
{
    return decimal_rescale(x, 0, scale, precision, ret_value);
}

/* --- result types --- */

Type
decimal_of_integer(TypeKind kind)
{
    switch (kind) {
    case TYPE_TINYINT:
        return type_decimal(3, 0);
    case TYPE_SMALLINT:
        return type_decimal(5, 0);
    case TYPE_INT:
        return type_decimal(10, 0);
    case TYPE_BIGINT:
        return type_decimal(19, 0);
    case TYPE_NULL:
    case TYPE_BOOLEAN:
    case TYPE_DECIMAL:
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
    case TYPE_CHAR:
    case TYPE_VARCHAR:
    case TYPE_BINARY:
    case TYPE_VARBINARY:
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
    case TYPE_INTERVAL_YM:
    case TYPE_INTERVAL_DT:
    case TYPE_COUNT:
        break;
    }
    UNREACHABLE();
}

/* Up to 38 digits as they are; beyond, the whole digits are kept as long as 6 are left behind the
 * point (or all of them, if there are fewer). */
static Type
type_adjusted(u32 precision, u32 scale, Type a, Type b)
{
    if (precision > DECIMAL_PRECISION_MAX) {
        u32 whole = precision - scale, scale_min = MIN(scale, 6u);
        u32 left = whole < DECIMAL_PRECISION_MAX ? DECIMAL_PRECISION_MAX - whole : 0;
        scale = MAX(left, scale_min);
        precision = DECIMAL_PRECISION_MAX;
    }
    Type t = type_decimal(precision, MIN(scale, precision));
    t.not_null = a.not_null && b.not_null;
    return t;
}

Type
decimal_add_type(Type a, Type b)
{
    u32 scale = MAX(a.scale, b.scale), whole = MAX(a.precision - a.scale, b.precision - b.scale);
    return type_adjusted(whole + scale + 1, scale, a, b);
}

Type
decimal_mul_type(Type a, Type b)
{
    return type_adjusted(a.precision + b.precision + 1, (u32)a.scale + b.scale, a, b);
}

Type
decimal_div_type(Type a, Type b)
{
    u32 scale = MAX(6u, a.scale + b.precision + 1);
    return type_adjusted(a.precision - a.scale + b.scale + scale, scale, a, b);
}

Type
decimal_mod_type(Type a, Type b)
{
    if (a.scale == 0 && b.scale == 0) return type_adjusted(b.precision, 0, a, b);
    u32 scale = MAX(a.scale, b.scale), whole = MIN(a.precision - a.scale, b.precision - b.scale);
    return type_adjusted(whole + scale, scale, a, b);
}

Type
decimal_sum_type(Type a)
{
    return type_decimal(DECIMAL_PRECISION_MAX, a.scale);
}

Type
decimal_avg_type(Type a)
{
    return type_decimal(DECIMAL_PRECISION_MAX, MAX(a.scale, 6));
}

Type
decimal_round_type(Type a, i32 digits)
{
    if (digits >= a.scale) return a;
    u32 scale = digits < 0 ? 0 : (u32)digits, precision = 1 + a.precision - a.scale + scale;
    Type t = type_decimal(MIN(precision, (u32)DECIMAL_PRECISION_MAX), scale);
    t.not_null = a.not_null;
    return t;
}

Type
decimal_floor_type(Type a)
{
    Type t = type_decimal(a.precision, 0);
    t.not_null = a.not_null;
    return t;
}
