/* xsum.c - the slow half of exact sums: choosing units, the superaccumulator, rounding.
 *
 * The wide part is one two's complement integer of 4,416 bits whose unit is 2^-2148, the last bit
 * of the smallest product of two doubles; its top leaves room for 2^64 values of the largest one.
 * Whatever leaves the fixed part (hi:lo) goes there, so the two together are always the real sum,
 * and a value's way through them never shows in the result. */
#include "base/xsum.h"
#include "base/mem.h"

enum {
    WIDE_LIMBS = 69,
    WIDE_UNIT = -2148, /* 2 * -1074 */
    F64_BIAS = 1075,   /* a double with biased exponent e is mantissa * 2^(e - 1075) */
};

typedef struct XSumWide {
    u64 limb[WIDE_LIMBS]; /* little-endian, two's complement */
    i64 nan, inf, minus_inf;
} XSumWide;

static XSumWide *
xsum_wide(XSum *s)
{
    if (!s->wide) s->wide = mem_make(XSumWide);
    return s->wide;
}

/* limb[from..] += value * 2^(64 * from), or -=. */
static void
limbs_add(u64 *limb, u32 from, u64 value)
{
    for (u32 i = from; value && i < WIDE_LIMBS; i++) {
        value = __builtin_add_overflow(limb[i], value, &limb[i]);
    }
}
static void
limbs_sub(u64 *limb, u32 from, u64 value)
{
    for (u32 i = from; value && i < WIDE_LIMBS; i++) {
        value = __builtin_sub_overflow(limb[i], value, &limb[i]);
    }
}

/* Add or subtract magnitude * 2^exponent. */
static void
wide_add(XSumWide *w, u128 magnitude, i32 exponent, bool negative)
{
    u32 bit = (u32)(exponent - WIDE_UNIT), at = bit / 64, shift = bit % 64;
    u64 part[3] = {(u64)(magnitude << shift), (u64)(magnitude << shift >> 64),
                   shift ? (u64)(magnitude >> (128 - shift)) : 0};
    assert(exponent >= WIDE_UNIT && at + 3 <= WIDE_LIMBS);
    for (u32 i = 0; i < 3; i++) {
        if (negative) {
            limbs_sub(w->limb, at + i, part[i]);
        } else {
            limbs_add(w->limb, at + i, part[i]);
        }
    }
}

static i128
xsum_fixed(const XSum *s)
{
    return (i128)((u128)(u64)s->hi << 64 | s->lo);
}

static void
xsum_set_fixed(XSum *s, i128 v)
{
    s->lo = (u64)v;
    s->hi = (i64)(v >> 64);
}

/* Exponent of the fixed part's unit. */
static i32
xsum_exponent(const XSum *s)
{
    return (i32)s->unit - XSUM_UNSET - F64_BIAS;
}

/* Empty the fixed part into a wide one. */
static void
xsum_spill_to(const XSum *s, XSumWide *w)
{
    i128 v = xsum_fixed(s);
    if (v == 0) return;
    u128 magnitude = v < 0 ? 0 - (u128)v : (u128)v;
    i32 exponent = xsum_exponent(s);
    /* A unit below the smallest double's holds zeros there; the wide part may not reach. */
    while (exponent < WIDE_UNIT) {
        magnitude >>= 1;
        exponent++;
    }
    wide_add(w, magnitude, exponent, v < 0);
}

static void
xsum_count_special(XSum *s, f64 x, i64 by)
{
    XSumWide *w = xsum_wide(s);
    if (x != x) {
        w->nan += by;
    } else if (x > 0) {
        w->inf += by;
    } else {
        w->minus_inf += by;
    }
}

void
xsum_sub_special(XSum *s, f64 x)
{
    xsum_count_special(s, x, -1);
}

void
xsum_add_slow(XSum *s, f64 x)
{
    u64 bits;
    memcpy(&bits, &x, 8);
    i64 e = (i64)(bits >> 52 & 0x7FF);
    u64 mantissa = bits & 0xFFFFFFFFFFFFFu;
    bool negative = bits >> 63;
    if (e == 0x7FF) {
        xsum_count_special(s, x, 1);
        return;
    }
    if (e == 0) {
        if (mantissa == 0) return;
        e = 1;
    } else {
        mantissa |= (u64)1 << 52;
    }
    if (s->unit == 0) s->unit = (u64)(e - XSUM_DOWN + XSUM_UNSET);
    i64 shift = e + XSUM_UNSET - (i64)s->unit;
    /* Below the unit, but with nothing but zeros there (3.0 after 1e20)? */
    if (shift < 0 && shift > -53 && (mantissa & (((u64)1 << -shift) - 1)) == 0) {
        mantissa >>= -shift;
        shift = 0;
    }
    if (shift < 0 || shift > XSUM_DOWN + XSUM_UP) {
        wide_add(xsum_wide(s), mantissa, (i32)e - F64_BIAS, negative);
        return;
    }
    i128 v = (i128)((u128)mantissa << shift), sum;
    if (__builtin_add_overflow(xsum_fixed(s), negative ? -v : v, &sum)) {
        xsum_spill_to(s, xsum_wide(s));
        sum = negative ? -v : v;
    }
    xsum_set_fixed(s, sum);
}

void
xsum_add_n(XSum *s, const f64 *x, size_t n)
{
    XSum local = *s; /* in registers, as far as they go */
    for (size_t i = 0; i < n; i++) xsum_add(&local, x[i]);
    *s = local;
}

void
xsum_add_n32(XSum *s, const f32 *x, size_t n)
{
    XSum local = *s;
    for (size_t i = 0; i < n; i++) xsum_add(&local, (f64)x[i]);
    *s = local;
}

void
xsum_add_i64(XSum *s, i64 x)
{
    /* Both halves are exact doubles. */
    xsum_add(s, (f64)(x >> 32) * 0x1p32);
    xsum_add(s, (f64)(u32)x);
}

static void
xsum_product(XSum *s, f64 x, f64 y, i64 by)
{
    if (!__builtin_isfinite(x) || !__builtin_isfinite(y)) {
        xsum_count_special(s, x * y, by); /* infinity times zero is NaN, as it should */
        return;
    }
    u64 bits[2];
    memcpy(&bits[0], &x, 8);
    memcpy(&bits[1], &y, 8);
    u128 product = 1;
    i32 exponent = 0;
    for (u32 i = 0; i < 2; i++) {
        i32 e = (i32)(bits[i] >> 52 & 0x7FF);
        product *= (bits[i] & 0xFFFFFFFFFFFFFu) | (u64)(e > 0) << 52;
        exponent += MAX(e, 1) - F64_BIAS;
    }
    if (product == 0) return;
    bool negative = (bits[0] ^ bits[1]) >> 63 ^ (by < 0);
    int zeros = (u64)product ? __builtin_ctzll((u64)product) : 64;
    product >>= zeros;
    exponent += zeros;
    int top = product >> 64 ? 128 - __builtin_clzll((u64)(product >> 64))
                            : 64 - __builtin_clzll((u64)product);
    /* The first product sets the unit: 92 bits below its top if it is that short (products of
     * integers), else 8 bits below its end. 106 + 8 leaves room for thousands of its like before
     * the fixed part spills, and for those of a sixteenth of its factors. */
    i64 biased = exponent + F64_BIAS + XSUM_UNSET;
    if (s->unit == 0) s->unit = (u64)(top <= 92 ? biased + top - 92 : biased - 8);
    i64 shift = biased - (i64)s->unit;
    if (shift >= 0 && shift + top <= 126) {
        i128 v = (i128)(product << shift), sum;
        if (!__builtin_add_overflow(xsum_fixed(s), negative ? -v : v, &sum)) {
            xsum_set_fixed(s, sum);
            return;
        }
        xsum_spill_to(s, xsum_wide(s));
        xsum_set_fixed(s, negative ? -v : v);
        return;
    }
    wide_add(xsum_wide(s), product, exponent, negative);
}

void
xsum_add_product(XSum *s, f64 x, f64 y)
{
    xsum_product(s, x, y, 1);
}

void
xsum_sub_product(XSum *s, f64 x, f64 y)
{
    xsum_product(s, x, y, -1);
}

void
xsum_merge(XSum *s, const XSum *other)
{
    if (other->wide) {
        XSumWide *w = xsum_wide(s);
        bool carry = false;
        for (u32 i = 0; i < WIDE_LIMBS; i++) {
            u64 sum;
            bool over = __builtin_add_overflow(w->limb[i], other->wide->limb[i], &sum);
            over |= __builtin_add_overflow(sum, (u64)carry, &w->limb[i]);
            carry = over;
        }
        w->nan += other->wide->nan;
        w->inf += other->wide->inf;
        w->minus_inf += other->wide->minus_inf;
    }
    if (xsum_fixed(other) == 0) return;
    if (s->unit == 0) s->unit = other->unit;
    i128 sum;
    if (s->unit == other->unit && !__builtin_add_overflow(xsum_fixed(s), xsum_fixed(other), &sum)) {
        xsum_set_fixed(s, sum);
        return;
    }
    /* Another unit: shift it to ours where that loses nothing. */
    i64 shift = (i64)other->unit - (i64)s->unit;
    i128 v = xsum_fixed(other);
    if (shift > 0 && shift < 127 && (i128)((u128)v << shift) >> shift == v &&
        !__builtin_add_overflow(xsum_fixed(s), (i128)((u128)v << shift), &sum)) {
        xsum_set_fixed(s, sum);
        return;
    }
    if (shift < 0 && shift > -127 && ((u128)v & (((u128)1 << -shift) - 1)) == 0 &&
        !__builtin_add_overflow(xsum_fixed(s), v >> -shift, &sum)) {
        xsum_set_fixed(s, sum);
        return;
    }
    xsum_spill_to(other, xsum_wide(s));
}

void
xsum_copy(XSum *to, const XSum *from)
{
    *to = *from;
    if (!from->wide) return;
    to->wide = mem_make(XSumWide);
    *to->wide = *from->wide;
}

/* --- rounding --- */

/* What tells DOUBLE from FLOAT. */
typedef struct RoundForm {
    i32 digits;   /* of the mantissa, with the hidden one */
    i32 unit_min; /* exponent of the smallest subnormal */
    i32 top_max;  /* exponent of the highest bit of the largest finite value */
} RoundForm;
static const RoundForm round_f64 = {53, -1074, 1023};
static const RoundForm round_f32 = {24, -149, 127};

static bool
limbs_bit(const u64 *limb, i32 at)
{
    /* NOLINTNEXTLINE(clang-analyzer-*): at is below the highest bit, which it cannot follow */
    return at >= 0 && limb[at / 64] >> (at % 64) & 1;
}
static bool
limbs_any_below(const u64 *limb, i32 at)
{
    if (at <= 0) return false;
    for (i32 i = 0; i < at / 64; i++) {
        if (limb[i]) return true;
    }
    return at % 64 && limb[at / 64] << (64 - at % 64);
}
/* 64 bits from bit `at` on, which may be negative (zeros) and must lie below limbs * 64. */
static u64
limbs_word(const u64 *limb, i32 limbs, i32 at)
{
    if (at < 0) return at > -64 ? limb[0] << -at : 0;
    i32 i = at / 64, shift = at % 64;
    u64 word = limb[i] >> shift;
    if (shift && i + 1 < limbs) word |= limb[i + 1] << (64 - shift);
    return word;
}
/* Highest bit that is set, -1 if none is. */
static i32
limbs_top(const u64 *limb, i32 limbs)
{
    i32 i = limbs - 1;
    while (i >= 0 && limb[i] == 0) i--;
    return i < 0 ? -1 : i * 64 + 63 - __builtin_clzll(limb[i]);
}

/* The magnitude in limbs (bit 0 is 2^unit, `limbs` of them) to nearest, ties to even; the result
 * is exact as a double whatever the form. */
static f64
limbs_round(const u64 *limb, i32 limbs, i32 unit, const RoundForm *form)
{
    i32 top = limbs_top(limb, limbs);
    /* The lowest bit kept: `digits` from the top, but none below the smallest subnormal. */
    i32 low = MAX(top - form->digits + 1, form->unit_min - unit);
    if (top < 0 || low - 1 > top) return 0;
    u64 m = low > top ? 0 : limbs_word(limb, limbs, low);
    if (limbs_bit(limb, low - 1) && ((m & 1) || limbs_any_below(limb, low - 1))) m++;
    if (m == 0) return 0;
    i32 result_top = 63 - __builtin_clzll(m) + low + unit;
    if (result_top > form->top_max) return __builtin_inf();
    return __builtin_ldexp((f64)m, low + unit);
}

/* Two's complement to sign and magnitude, in place. */
static bool
wide_magnitude(XSumWide *w)
{
    bool negative = w->limb[WIDE_LIMBS - 1] >> 63;
    if (!negative) return false;
    u64 carry = 1;
    for (u32 i = 0; i < WIDE_LIMBS; i++) {
        carry = __builtin_add_overflow(~w->limb[i], carry, &w->limb[i]);
    }
    return true;
}

static f64
xsum_round_as(const XSum *s, const RoundForm *form)
{
    i128 v = xsum_fixed(s);
    if (!s->wide) {
        if (v == 0) return 0;
        u128 magnitude = v < 0 ? 0 - (u128)v : (u128)v;
        u64 limb[2] = {(u64)magnitude, (u64)(magnitude >> 64)};
        f64 r = limbs_round(limb, 2, xsum_exponent(s), form);
        return v < 0 ? -r : r;
    }
    const XSumWide *w = s->wide;
    if (w->nan || (w->inf && w->minus_inf)) return __builtin_nan("");
    if (w->inf) return __builtin_inf();
    if (w->minus_inf) return -__builtin_inf();
    XSumWide all = *w;
    xsum_spill_to(s, &all);
    bool negative = wide_magnitude(&all);
    f64 r = limbs_round(all.limb, WIDE_LIMBS, WIDE_UNIT, form);
    return negative ? -r : r;
}

f64
xsum_round(const XSum *s)
{
    return xsum_round_as(s, &round_f64) + 0.0; /* no -0 */
}

f32
xsum_round_f32(const XSum *s)
{
    return (f32)(xsum_round_as(s, &round_f32) + 0.0);
}

size_t
xsum_owned(const XSum *s)
{
    return s->wide ? sizeof *s->wide : 0;
}

void
xsum_done(XSum *s)
{
    mem_free(s->wide);
    *s = (XSum){0};
}

/* --- image: counts of the specials, number of the first limb, limbs without sign extension --- */

u32
xsum_save(const XSum *s, u8 *to)
{
    XSumWide all = s->wide ? *s->wide : (XSumWide){0};
    xsum_spill_to(s, &all);
    u32 first = 0, end = WIDE_LIMBS;
    while (first < WIDE_LIMBS && all.limb[first] == 0) first++;
    /* A limb that only repeats the sign of the one below can go. */
    while (end > first + 1 && all.limb[end - 1] == (u64)((i64)all.limb[end - 2] >> 63)) end--;
    if (first == WIDE_LIMBS) first = end = 0;
    i64 head[4] = {all.nan, all.inf, all.minus_inf, (i64)first};
    memcpy(to, head, sizeof head);
    u32 bytes = (end - first) * (u32)sizeof(u64);
    memcpy(to + sizeof head, all.limb + first, bytes);
    return (u32)sizeof head + bytes;
}

/* A sum of up to 120 bits goes back into the fixed part, so that a restored state is as small and
 * fast as it was: 92 bits below its top is where a first value of that size would put the unit. */
static bool
xsum_narrow(XSum *s, const XSumWide *w)
{
    enum { BITS_MAX = 120, BELOW_TOP = 52 + XSUM_DOWN };
    XSumWide all = *w;
    bool negative = wide_magnitude(&all);
    i32 top = limbs_top(all.limb, WIDE_LIMBS), low = 0;
    if (top < 0) return true;
    while (!limbs_bit(all.limb, low)) low++;
    if (top - low >= BITS_MAX) return false;
    low = MAX(MIN(low, top - BELOW_TOP), 0);
    if (low / 64 + 3 > WIDE_LIMBS) return false; /* no sum of doubles: it could not go back */
    u128 v = limbs_word(all.limb, WIDE_LIMBS, low);
    if (low + 64 < WIDE_LIMBS * 64) {
        v |= (u128)limbs_word(all.limb, WIDE_LIMBS, low + 64) << 64;
    }
    xsum_set_fixed(s, negative ? -(i128)v : (i128)v);
    s->unit = (u64)((i64)low + WIDE_UNIT + F64_BIAS + XSUM_UNSET);
    return true;
}

bool
xsum_load(XSum *s, const u8 *from, u32 len)
{
    i64 head[4];
    if (len < sizeof head) return false;
    memcpy(head, from, sizeof head);
    u32 bytes = len - (u32)sizeof head, n = bytes / (u32)sizeof(u64);
    if (bytes % sizeof(u64) || head[3] < 0 || head[3] > WIDE_LIMBS || n > WIDE_LIMBS - head[3]) {
        return false;
    }
    XSumWide w = {.nan = head[0], .inf = head[1], .minus_inf = head[2]};
    u32 first = (u32)head[3];
    memcpy(w.limb + first, from + sizeof head, bytes);
    if (n && w.limb[first + n - 1] >> 63) {
        for (u32 i = first + n; i < WIDE_LIMBS; i++) w.limb[i] = UINT64_MAX;
    }
    *s = (XSum){0};
    bool specials = w.nan || w.inf || w.minus_inf;
    if (specials || !xsum_narrow(s, &w)) *xsum_wide(s) = w;
    return true;
}

/* --- taking off again --- */

static void
wide_unmerge(XSumWide *w, const XSumWide *other)
{
    bool borrow = false;
    for (u32 i = 0; i < WIDE_LIMBS; i++) {
        u64 rest;
        bool under = __builtin_sub_overflow(w->limb[i], other->limb[i], &rest);
        under |= __builtin_sub_overflow(rest, (u64)borrow, &w->limb[i]);
        borrow = under;
    }
    w->nan -= other->nan;
    w->inf -= other->inf;
    w->minus_inf -= other->minus_inf;
}

/* A window that slides on is as small and fast again as its values allow: what fits goes back into
 * the fixed part, and a sum that is back at zero forgets its unit. */
void
xsum_unmerge(XSum *s, const XSum *other)
{
    XSum minus = {.unit = other->unit};
    i128 v = xsum_fixed(other);
    bool lowest = v < 0 && (u128)v << 1 == 0; /* has no negative: it goes in halves */
    xsum_set_fixed(&minus, lowest ? -(v / 2) : -v);
    xsum_merge(s, &minus);
    if (lowest) xsum_merge(s, &minus);
    if (other->wide) wide_unmerge(xsum_wide(s), other->wide);
    if (s->wide && !(s->wide->nan || s->wide->inf || s->wide->minus_inf)) {
        XSumWide all = *s->wide;
        XSum narrow = {0};
        xsum_spill_to(s, &all);
        if (xsum_narrow(&narrow, &all)) {
            mem_free(s->wide);
            *s = narrow;
        }
    }
    if (!s->wide && xsum_fixed(s) == 0) s->unit = 0;
}

/* --- packed: how much there is (an XSumPack), then the parts --- */

typedef enum XSumPack { PACK_NOTHING, PACK_FIXED, PACK_IMAGE } XSumPack;
enum { PACK_FIXED_BYTES = 1 + 8 + 8 + 2 };

u32
xsum_pack(const XSum *s, u8 *to)
{
    if (s->wide) {
        u32 bytes = xsum_save(s, to + 3);
        u16 len = (u16)bytes;
        to[0] = PACK_IMAGE;
        memcpy(to + 1, &len, sizeof len);
        return bytes + 3;
    }
    if (xsum_fixed(s) == 0) {
        to[0] = PACK_NOTHING;
        return 1;
    }
    u16 unit = (u16)s->unit;
    to[0] = PACK_FIXED;
    memcpy(to + 1, &s->lo, 8);
    memcpy(to + 9, &s->hi, 8);
    memcpy(to + 17, &unit, sizeof unit);
    return PACK_FIXED_BYTES;
}

/* Any unit that a double or a product can have had: its bits must find room in the wide part. */
static bool
unit_is_possible(const XSum *s)
{
    enum { BELOW_MAX = 100 };
    i32 exponent = xsum_exponent(s);
    return exponent >= WIDE_UNIT - BELOW_MAX &&
           (exponent < WIDE_UNIT || (exponent - WIDE_UNIT) / 64 + 3 <= WIDE_LIMBS);
}

u32
xsum_unpack(XSum *s, const u8 *from, size_t len)
{
    *s = (XSum){0};
    if (len == 0) return 0;
    if (from[0] == PACK_NOTHING) return 1;
    if (from[0] == PACK_FIXED) {
        u16 unit;
        if (len < PACK_FIXED_BYTES) return 0;
        memcpy(&s->lo, from + 1, 8);
        memcpy(&s->hi, from + 9, 8);
        memcpy(&unit, from + 17, sizeof unit);
        s->unit = unit;
        if (unit_is_possible(s)) return PACK_FIXED_BYTES;
        *s = (XSum){0};
        return 0;
    }
    u16 bytes;
    if (from[0] != PACK_IMAGE || len < 3) return 0;
    memcpy(&bytes, from + 1, sizeof bytes);
    if (bytes > len - 3 || bytes > XSUM_IMAGE_MAX) return 0;
    return xsum_load(s, from + 3, bytes) ? bytes + 3u : 0;
}
