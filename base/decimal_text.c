/* decimal_text.c - DECIMAL as text and as DOUBLE, both ways. */
#include "base/decimal.h"
#include "base/number.h"

/* Where the digits of a number's text lie. The value is 0.ddd * 10^point, its first digit not 0
 * unless all are. */
typedef struct DigitText {
    const char *text;
    u32 from, to; /* digits and at most one point between */
    i64 point;
    bool negative;
} DigitText;

static bool
digits_find(const char *text, u32 len, DigitText *ret_digits)
{
    u32 at = len && (text[0] == '-' || text[0] == '+'), seen = 0;
    DigitText d = {.text = text, .negative = at && text[0] == '-'};
    bool point = false, started = false;
    i64 exponent;
    for (; at < len; at++) {
        if (text[at] == '.' && !point) {
            point = true;
            continue;
        }
        if ((u8)(text[at] - '0') > 9) break;
        seen++;
        if (!started && text[at] != '0') {
            started = true;
            d.from = at;
        }
        /* Digits before the point move it right, zeros right behind it move it left. */
        if (!point && started) d.point++;
        if (point && !started) d.point--;
    }
    d.to = at;
    if (!started) d.from = at;
    if (!seen || !exponent_parse(text, at, len, &exponent)) return false;
    d.point += exponent;
    *ret_digits = d;
    return true;
}

/* What nearly all texts are: up to 18 digits, at most one point, no more digits behind it than the
 * scale has. False for everything else. */
static bool
decimal_parse_short(const char *text, u32 len, u32 scale, i128 *ret_value)
{
    u32 at = len && (text[0] == '-' || text[0] == '+'), digits = 0, behind = 0;
    if (len - at > 19) return false;
    bool negative = at && text[0] == '-', point = false;
    u64 v = 0;
    for (; at < len; at++) {
        u32 digit = (u32)(u8)text[at] - '0';
        if (UNLIKELY(digit > 9)) {
            if (text[at] != '.' || point) return false;
            point = true;
            continue;
        }
        v = v * 10 + digit;
        digits++;
        behind += point;
    }
    if (digits == 0 || digits > 18 || behind > scale) return false;
    u32 up = scale - behind;
    if (up > DECIMAL_PRECISION_MAX - 18) return false;
    i128 scaled = (i128)v * decimal_pow10[up];
    *ret_value = negative ? -scaled : scaled;
    return true;
}

TextResult
decimal_parse(const char *text, u32 len, u32 precision, u32 scale, i128 *ret_value)
{
    DigitText d;
    i128 quick;
    if (LIKELY(decimal_parse_short(text, len, scale, &quick))) {
        if (!decimal_fits(quick, precision)) return TEXT_RANGE;
        *ret_value = quick;
        return TEXT_OK;
    }
    if (!digits_find(text, len, &d)) return TEXT_MALFORMED;
    /* The first `kept` digits are the unscaled value, the next one rounds it. */
    i64 kept = d.point + scale;
    u128 v = 0;
    u64 head = 0; /* the first digits, 64 bits at a time */
    u32 at = d.from;
    if (d.from == d.to || kept < 0) {
        *ret_value = 0;
        return TEXT_OK;
    }
    if (kept > DECIMAL_PRECISION_MAX) return TEXT_RANGE;
    i64 taken = 0;
    for (; at < d.to && taken < kept; at++) {
        if (text[at] == '.') continue;
        head = head * 10 + (u32)(text[at] - '0');
        if (++taken % 18 == 0) {
            v = v * 1000000000000000000u + head;
            head = 0;
        }
    }
    v = v * (u128)decimal_pow10[taken % 18] + head;
    if (taken < kept) {
        v *= (u128)decimal_pow10[kept - taken];
    } else {
        if (at < d.to && text[at] == '.') at++;
        if (at < d.to && text[at] >= '5') v++;
    }
    if (!decimal_fits((i128)v, precision)) return TEXT_RANGE;
    *ret_value = d.negative ? -(i128)v : (i128)v;
    return TEXT_OK;
}

bool
decimal_literal_type(Str text, Type *ret_type)
{
    u32 digits = 0, scale = 0;
    bool point = false;
    for (u32 i = 0; i < text.len; i++) {
        if (text.ptr[i] == '.') {
            point = true;
        } else if ((u8)(text.ptr[i] - '0') <= 9) {
            digits++;
            scale += point;
        }
    }
    if (digits == 0 || digits > DECIMAL_PRECISION_MAX) return false;
    *ret_type = type_decimal(digits, scale);
    ret_type->not_null = true;
    return true;
}

/* v as exactly `width` digits. */
static void
digits_put(char *to, u64 v, u32 width)
{
    for (u32 i = width; i-- > 0; v /= 10) to[i] = (char)('0' + v % 10);
}

/* Plain digits of a magnitude; returns how many. */
static u32
u128_put(char *to, u128 v)
{
    enum { CHUNK = 19 };
    const u64 chunk = 10000000000000000000u;
    if (v < chunk) return u64_print(to, (u64)v);
    u128 high = v / chunk;
    u32 n = u128_put(to, high);
    digits_put(to + n, (u64)(v - high * chunk), CHUNK);
    return n + CHUNK;
}

u32
decimal_print(char *to, i128 v, u32 scale)
{
    char digits[40];
    u32 at = 0, n = u128_put(digits, v < 0 ? 0 - (u128)v : (u128)v);
    if (v < 0) to[at++] = '-';
    if (n <= scale) {
        to[at++] = '0';
    } else {
        memcpy(to + at, digits, n - scale);
        at += n - scale;
    }
    if (scale == 0) return at;
    to[at++] = '.';
    u32 behind = MIN(n, scale);
    memset(to + at, '0', scale - behind);
    at += scale - behind;
    memcpy(to + at, digits + n - behind, behind);
    return at + behind;
}

f64
decimal_to_f64(i128 v, u32 scale)
{
    static const f64 pow10[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const i128 exact = (i128)1 << 53;
    if (v <= exact && v >= -exact && scale <= 22) return (f64)(i64)v / pow10[scale];
    char text[DECIMAL_TEXT_MAX];
    f64 value = 0;
    TextResult result = f64_parse(text, decimal_print(text, v, scale), &value);
    assert(result == TEXT_OK);
    return value;
}

bool
decimal_from_f64(f64 x, u32 precision, u32 scale, i128 *ret_value)
{
    *ret_value = 0;
    if (!__builtin_isfinite(x)) return false;
    if (x == 0) return true;
    ShortDecimal d = f64_shortest(x);
    i32 up = d.exponent + (i32)scale;
    if (up > DECIMAL_PRECISION_MAX) return false;
    if (up < -(i32)DECIMAL_PRECISION_MAX) return true;
    i128 v = x < 0 ? -(i128)d.digits : (i128)d.digits;
    /* As a value of scale `-up` that is wanted at scale 0. */
    if (up < 0) return decimal_rescale(v, (u32)-up, 0, precision, ret_value);
    if (!decimal_fits(v, DECIMAL_PRECISION_MAX - (u32)up)) return false;
    *ret_value = v * decimal_pow10[up];
    return decimal_fits(*ret_value, precision);
}
