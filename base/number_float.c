/* number_float.c - DOUBLE and FLOAT as text, both ways, exactly.
 *
 * Printing is Raffaello Giulietti's Schubfach ("The Schubfach way to render doubles"): the interval
 * of reals that round to the value is scaled by a power of ten to integers, and the shortest
 * decimal inside is among four candidates. Reading is Daniel Lemire's algorithm ("Number Parsing
 * at a Gigabyte per Second") behind Clinger's exact fast path; the rare text that it cannot decide
 * goes to strtod. Both share the 128-bit powers of ten in pow10.def. */
#include "base/number.h"

#include <stdlib.h>

enum { POW10_MIN = -342, POW10_MAX = 325 };

static const struct Pow10 {
    u64 hi, lo;
} pow10_table[POW10_MAX - POW10_MIN + 1] = {
#define POW10(hi, lo) {hi, lo},
#include "base/pow10.def"
#undef POW10
};

/* --- printing --- */

/* floor(g * cp / 2^128), its last bit set if anything was cut off. */
static inline u64
round_to_odd(struct Pow10 g, u64 cp)
{
    u128 x = (u128)g.lo * cp, y = (u128)g.hi * cp + (u64)(x >> 64);
    return (u64)(y >> 64) | ((u64)y > 1);
}

static ShortDecimal
short_strip(u64 digits, i32 exponent)
{
    while (digits % 100000000 == 0) {
        digits /= 100000000;
        exponent += 8;
    }
    while (digits % 10 == 0) {
        digits /= 10;
        exponent++;
    }
    return (ShortDecimal){digits, exponent};
}

/* The shortest decimal that rounds to c * 2^q; `closer`: the lower neighbour is half as far. */
static ShortDecimal
schubfach(u64 c, i32 q, bool closer)
{
    bool even = (c & 1) == 0;
    u64 left = 4 * c - 2 + closer, middle = 4 * c, right = 4 * c + 2;
    i32 k = (q * 1262611 - (closer ? 524031 : 0)) >> 22; /* floor(log10 of the interval's width) */
    i32 h = q + ((-k * 1741647) >> 19) + 1;
    struct Pow10 g = pow10_table[-k - POW10_MIN];
    if (-k > 55) g.hi += ++g.lo == 0; /* the algorithm wants the power rounded up */
    u64 vl = round_to_odd(g, left << h), v = round_to_odd(g, middle << h);
    u64 vr = round_to_odd(g, right << h);
    u64 lower = vl + !even, upper = vr - !even, s = v / 4;
    if (s >= 10) {
        u64 tens = s / 10;
        bool down = lower <= 40 * tens, up = 40 * tens + 40 <= upper;
        if (down != up) return short_strip(tens + up, k + 1);
    }
    bool down = lower <= 4 * s, up = 4 * s + 4 <= upper;
    if (down != up) return short_strip(s + up, k);
    u64 mid = 4 * s + 2;
    bool round_up = v > mid || (v == mid && (s & 1));
    return short_strip(s + round_up, k);
}

/* round(c * 2^q / 10^e), less than 2^64. */
static u64
scaled_round(u64 c, i32 q, i32 e)
{
    struct Pow10 g = pow10_table[-e - POW10_MIN];
    u128 p = (u128)g.hi * c + (u64)((u128)g.lo * c >> 64);
    i32 shift = 63 - q - ((-e * 1741647) >> 19);
    return (u64)((p >> (shift - 1)) + 1) >> 1;
}

/* Where a subnormal has one digit, Java asks for the nearest decimal of two (4.9E-324). */
static ShortDecimal
short_two_digits(ShortDecimal one, u64 c, i32 q)
{
    if (one.digits >= 10) return one;
    i32 e = one.exponent - 1;
    u64 two = scaled_round(c, q, e);
    if (two <= 10) two = scaled_round(c, q, --e); /* 9.9E-324 is shown as 1E-323 by one digit */
    return two % 10 ? (ShortDecimal){two, e} : one;
}

ShortDecimal
f64_shortest(f64 value)
{
    u64 bits;
    memcpy(&bits, &value, 8);
    u64 fraction = bits & 0xFFFFFFFFFFFFFu;
    i32 e = (i32)(bits >> 52) & 0x7FF;
    assert(e != 0x7FF && (bits << 1) != 0);
    if (e == 0) return short_two_digits(schubfach(fraction, -1074, false), fraction, -1074);
    u64 c = fraction | 0x10000000000000u;
    i32 q = e - 1075;
    if (q <= 0 && q > -53 && (c & (((u64)1 << -q) - 1)) == 0) return short_strip(c >> -q, 0);
    return schubfach(c, q, fraction == 0 && e > 1);
}

ShortDecimal
f32_shortest(f32 value)
{
    u32 bits;
    memcpy(&bits, &value, 4);
    u32 fraction = bits & 0x7FFFFF;
    i32 e = (i32)(bits >> 23) & 0xFF;
    assert(e != 0xFF && (bits << 1) != 0);
    if (e == 0) return short_two_digits(schubfach(fraction, -149, false), fraction, -149);
    u32 c = fraction | 0x800000;
    i32 q = e - 150;
    if (q <= 0 && q > -24 && (c & (((u32)1 << -q) - 1)) == 0) return short_strip(c >> -q, 0);
    return schubfach(c, q, fraction == 0 && e > 1);
}

static char *
text_put(char *to, const char *text, size_t len)
{
    memcpy(to, text, len);
    return to + len;
}

/* The digits with the point after the first `whole` of them (whole may be <= 0 or past the end). */
static char *
plain_put(char *to, const char *digits, i32 n, i32 whole)
{
    if (whole <= 0) {
        to = text_put(to, "0.", 2);
        memset(to, '0', (size_t)-whole);
        return text_put(to - whole, digits, (size_t)n);
    }
    if (whole >= n) {
        to = text_put(to, digits, (size_t)n);
        memset(to, '0', (size_t)(whole - n));
        return to + (whole - n);
    }
    to = text_put(to, digits, (size_t)whole);
    *to++ = '.';
    return text_put(to, digits + whole, (size_t)(n - whole));
}

/* Java: plain from 1e-3 below 1e7, at least one digit on each side of the point. */
static char *
java_put(char *to, ShortDecimal d)
{
    char digits[I64_TEXT_MAX];
    i32 n = (i32)u64_print(digits, d.digits), whole = n + d.exponent;
    if (whole > -3 && whole <= 7) {
        to = plain_put(to, digits, n, whole);
        return whole >= n ? text_put(to, ".0", 2) : to;
    }
    *to++ = digits[0];
    *to++ = '.';
    to = n > 1 ? text_put(to, digits + 1, (size_t)n - 1) : text_put(to, "0", 1);
    *to++ = 'E';
    return to + i64_print(to, whole - 1);
}

static char *
short_put(char *to, ShortDecimal d)
{
    char digits[I64_TEXT_MAX];
    i32 n = (i32)u64_print(digits, d.digits), whole = n + d.exponent;
    if (whole > -4 && whole <= 16) return plain_put(to, digits, n, whole);
    *to++ = digits[0];
    if (n > 1) {
        *to++ = '.';
        to = text_put(to, digits + 1, (size_t)n - 1);
    }
    *to++ = 'e';
    return to + i64_print(to, whole - 1);
}

/* NaN, infinities and zeros; NULL for all other values. */
static char *
special_put(char **to, f64 value, bool java)
{
    if (value != value) return text_put(*to, "NaN", 3);
    if (__builtin_signbit(value)) *(*to)++ = '-';
    if (__builtin_isinf(value)) return text_put(*to, "Infinity", 8);
    if (value == 0) return java ? text_put(*to, "0.0", 3) : text_put(*to, "0", 1);
    return NULL;
}

u32
f64_print(char *to, f64 value)
{
    char *at = to, *end = special_put(&at, value, true);
    if (!end) end = java_put(at, f64_shortest(value));
    return (u32)(end - to);
}

u32
f32_print(char *to, f32 value)
{
    char *at = to, *end = special_put(&at, (f64)value, true);
    if (!end) end = java_put(at, f32_shortest(value));
    return (u32)(end - to);
}

u32
f64_print_plain(char *to, f64 value)
{
    char *at = to, *end = special_put(&at, value, false);
    if (!end) end = short_put(at, f64_shortest(value));
    return (u32)(end - to);
}

u32
f32_print_plain(char *to, f32 value)
{
    char *at = to, *end = special_put(&at, (f64)value, false);
    if (!end) end = short_put(at, f32_shortest(value));
    return (u32)(end - to);
}

/* --- reading --- */

/* What tells DOUBLE from FLOAT; exponents are decimal unless they say bits. */
typedef struct FloatForm {
    i32 mantissa_bits; /* without the hidden one */
    i32 bias;
    u32 exponent_max;       /* all ones: infinity */
    i32 exact_max;          /* 10^n is exact up to here */
    i32 even_min, even_max; /* a tie can only happen between these */
} FloatForm;
static const FloatForm f64_form = {52, 1023, 0x7FF, 22, -4, 23};
static const FloatForm f32_form = {23, 127, 0xFF, 10, -17, 10};

/* A number's text, cut into w * 10^exponent. `many`: further digits were dropped from w. */
typedef struct FloatText {
    u64 w;
    i64 exponent;
    bool negative, many;
    u32 digits_from, digits_to; /* digits and perhaps a point */
} FloatText;

/* Lemire: w * 10^q as bits of the form, or false where 128 bits do not decide. */
static bool
lemire(const FloatForm *form, u64 w, i64 q, u64 *ret_bits)
{
    u64 infinity = (u64)form->exponent_max << form->mantissa_bits;
    *ret_bits = 0;
    if (w == 0 || q < POW10_MIN) return true;
    *ret_bits = infinity;
    if (q > 308) return true;
    i32 zeros = __builtin_clzll(w);
    w <<= zeros;
    struct Pow10 g = pow10_table[q - POW10_MIN];
    u128 first = (u128)w * g.hi;
    u64 hi = (u64)(first >> 64), lo = (u64)first, mask = UINT64_MAX >> (form->mantissa_bits + 3);
    if ((hi & mask) == mask) {
        u64 second = (u64)((u128)w * g.lo >> 64);
        lo += second;
        hi += lo < second;
    }
    if (lo == UINT64_MAX && (q < -27 || q > 55)) return false;
    i32 top = (i32)(hi >> 63), drop = top + 64 - form->mantissa_bits - 3;
    u64 m = hi >> drop;
    i32 exponent = (i32)((217706 * q) >> 16) + 63 + top - zeros + form->bias;
    u64 hidden = (u64)1 << form->mantissa_bits;
    if (exponent <= 0) {
        if (-exponent + 1 >= 64) {
            *ret_bits = 0;
            return true;
        }
        m >>= -exponent + 1;
        m = (m + (m & 1)) >> 1;
        *ret_bits = m; /* if it rounded up to the hidden bit, that is exponent 1 */
        return true;
    }
    bool may_tie = lo <= 1 && q >= form->even_min && q <= form->even_max && (m & 3) == 1;
    if (may_tie && m << drop == hi) m &= ~(u64)1;
    m = (m + (m & 1)) >> 1;
    if (m >= hidden << 1) {
        m = hidden;
        exponent++;
    }
    if ((u32)exponent >= form->exponent_max) return true;
    *ret_bits = (m & ~hidden) | (u64)exponent << form->mantissa_bits;
    return true;
}

/* Digits and one point from text[at] on; up to 19 significant digits go into w. */
static u32
mantissa_read(const char *text, u32 at, u32 len, FloatText *t)
{
    u32 significant = 0, seen = 0;
    bool point = false;
    t->digits_from = at;
    for (; at < len; at++) {
        u32 digit = (u32)(u8)text[at] - '0';
        if (digit > 9) {
            if (text[at] != '.' || point) break;
            point = true;
            continue;
        }
        seen++;
        if (significant < 19) {
            t->w = t->w * 10 + digit;
            significant += t->w != 0;
            t->exponent -= point;
        } else {
            t->many |= digit != 0;
            t->exponent += !point;
        }
    }
    t->digits_to = at;
    return seen ? at : UINT32_MAX;
}

bool
exponent_parse(const char *text, u32 at, u32 len, i64 *ret_exponent)
{
    *ret_exponent = 0;
    if (at == len) return true;
    if (text[at] != 'e' && text[at] != 'E') return false;
    at++;
    bool negative = at < len && text[at] == '-';
    at += at < len && (text[at] == '-' || text[at] == '+');
    if (at == len) return false;
    i64 e = 0;
    for (; at < len; at++) {
        u32 digit = (u32)(u8)text[at] - '0';
        if (digit > 9) return false;
        if (e < 100000000000) e = e * 10 + digit; /* far beyond any text's length */
    }
    *ret_exponent = negative ? -e : e;
    return true;
}

/* All digits that can matter (770 decide every tie, a further one that is not 0 stands for the
 * rest) as an integer with an exponent, which no locale changes. */
static u64
float_by_libc(const char *text, const FloatText *t, bool is_f32)
{
    enum { KEPT = 800 };
    char copy[KEPT + 32];
    u32 n = 0;
    i64 exponent = t->exponent;
    bool rest = false, point = false;
    /* t->exponent belongs to w; count it anew from the text: digits kept, digits behind the point.
     */
    i64 behind = 0, dropped = 0, in_w = 0;
    for (u32 i = t->digits_from; i < t->digits_to; i++) {
        if (text[i] == '.') {
            point = true;
            continue;
        }
        bool leading = n == 0 && text[i] == '0';
        bool kept = leading || n < KEPT;
        if (!leading) {
            if (n < KEPT) {
                copy[n++] = text[i];
            } else {
                rest |= text[i] != '0';
            }
            if (in_w < 19) {
                in_w++;
                exponent += point;
            } else {
                exponent -= !point;
            }
        } else {
            exponent += point;
        }
        behind += point && kept;
        dropped += !point && !kept;
    }
    /* exponent is now the written one alone. */
    exponent += dropped - behind;
    if (n == 0) copy[n++] = '0';
    if (rest) {
        copy[n++] = '1';
        exponent--;
    }
    copy[n++] = 'e';
    n += i64_print(copy + n, exponent);
    copy[n] = '\0';
    u64 bits = 0;
    if (is_f32) {
        f32 v = strtof(copy, NULL);
        memcpy(&bits, &v, 4);
    } else {
        f64 v = strtod(copy, NULL);
        memcpy(&bits, &v, 8);
    }
    return bits;
}

static u64
float_settle(const FloatForm *form, const char *text, const FloatText *t)
{
    u64 bits, above;
    bool sure = lemire(form, t->w, t->exponent, &bits);
    if (t->many) sure = sure && lemire(form, t->w + 1, t->exponent, &above) && bits == above;
    return sure ? bits : float_by_libc(text, t, form == &f32_form);
}

/* NaN, Infinity and inf in any case; the sign is taken off already. */
static bool
special_read(const char *text, u32 len, f64 *ret_value)
{
    Str s = {text, len};
    if (str_eq_nocase(s, STR("nan"))) {
        *ret_value = __builtin_nan("");
        return true;
    }
    *ret_value = __builtin_inf();
    return str_eq_nocase(s, STR("infinity")) || str_eq_nocase(s, STR("inf"));
}

static const f64 f64_pow10[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* Reads the parts; false if it is no number, or a special one, which is in *ret_special then. */
static bool
float_read(const char *text, u32 len, FloatText *t, TextResult *ret_result, f64 *ret_special)
{
    u32 at = len && (text[0] == '-' || text[0] == '+');
    t->negative = at && text[0] == '-';
    u32 end = mantissa_read(text, at, len, t);
    if (end != UINT32_MAX) {
        *ret_result = TEXT_MALFORMED;
        i64 exponent;
        if (!exponent_parse(text, end, len, &exponent)) return false;
        t->exponent += exponent;
        return true;
    }
    bool special = special_read(text + at, len - at, ret_special);
    if (special && t->negative) *ret_special = -*ret_special;
    *ret_result = special ? TEXT_OK : TEXT_MALFORMED;
    return false;
}

TextResult
f64_parse(const char *text, u32 len, f64 *ret_value)
{
    FloatText t = {0};
    TextResult result;
    f64 special;
    if (!float_read(text, len, &t, &result, &special)) {
        if (result == TEXT_OK) *ret_value = special;
        return result;
    }
    /* Clinger: both are exact, so one rounding is all there is. */
    if (LIKELY(!t.many && t.w <= (u64)1 << 53 && t.exponent >= -22 && t.exponent <= 22)) {
        f64 v = (f64)t.w;
        v = t.exponent < 0 ? v / f64_pow10[-t.exponent] : v * f64_pow10[t.exponent];
        *ret_value = t.negative ? -v : v;
        return TEXT_OK;
    }
    u64 bits = float_settle(&f64_form, text, &t) | (u64)t.negative << 63;
    memcpy(ret_value, &bits, 8);
    return TEXT_OK;
}

TextResult
f32_parse(const char *text, u32 len, f32 *ret_value)
{
    FloatText t = {0};
    TextResult result;
    f64 special;
    if (!float_read(text, len, &t, &result, &special)) {
        if (result == TEXT_OK) *ret_value = (f32)special;
        return result;
    }
    if (LIKELY(!t.many && t.w <= 1 << 24 && t.exponent >= -10 && t.exponent <= 10)) {
        f32 v = (f32)t.w, power = (f32)f64_pow10[t.exponent < 0 ? -t.exponent : t.exponent];
        v = t.exponent < 0 ? v / power : v * power;
        *ret_value = t.negative ? -v : v;
        return TEXT_OK;
    }
    u32 bits = (u32)float_settle(&f32_form, text, &t) | (u32)t.negative << 31;
    memcpy(ret_value, &bits, 4);
    return TEXT_OK;
}
