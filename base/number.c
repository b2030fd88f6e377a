/* number.c - integers as text, both ways; floating point is number_float.c. */
#include "base/number.h"

static const char digit_pairs[201] = "00010203040506070809101112131415161718192021222324"
                                     "25262728293031323334353637383940414243444546474849"
                                     "50515253545556575859606162636465666768697071727374"
                                     "75767778798081828384858687888990919293949596979899";

static u32
u64_width(u64 v)
{
    static const u64 pow10[20] = {0,
                                  10u,
                                  100u,
                                  1000u,
                                  10000u,
                                  100000u,
                                  1000000u,
                                  10000000u,
                                  100000000u,
                                  1000000000u,
                                  10000000000u,
                                  100000000000u,
                                  1000000000000u,
                                  10000000000000u,
                                  100000000000000u,
                                  1000000000000000u,
                                  10000000000000000u,
                                  100000000000000000u,
                                  1000000000000000000u,
                                  10000000000000000000u};
    /* 1233 / 4096 is just above log10(2). */
    u32 bits = 64 - (u32)__builtin_clzll(v | 1), guess = bits * 1233 >> 12;
    return guess + (v >= pow10[guess]);
}

u32
u64_print(char *to, u64 value)
{
    u32 width = value ? u64_width(value) : 1, at = width;
    while (value >= 100) {
        memcpy(to + (at -= 2), digit_pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        memcpy(to, digit_pairs + value * 2, 2);
    } else {
        to[0] = (char)('0' + value);
    }
    return width;
}

u32
i64_print(char *to, i64 value)
{
    if (value >= 0) return u64_print(to, (u64)value);
    to[0] = '-';
    return 1 + u64_print(to + 1, 0 - (u64)value);
}

/* Digits from text[at] on into *ret_value, which saturates at UINT64_MAX; returns where they end.
 */
static u32
digits_read(const char *text, u32 at, u32 len, u64 *ret_value)
{
    u64 v = 0;
    bool over = false;
    u32 begin = at;
    while (len - at >= 8 && at - begin < 16) {
        u64 chunk = load8(text + at);
        if (!digits8_are(chunk)) break;
        v = v * 100000000 + digits8_value(chunk);
        at += 8;
    }
    for (; at < len; at++) {
        u32 digit = (u32)(u8)text[at] - '0';
        if (digit > 9) break;
        over |= __builtin_mul_overflow(v, 10u, &v);
        over |= __builtin_add_overflow(v, digit, &v);
    }
    *ret_value = over ? UINT64_MAX : v;
    return at;
}

static TextResult
int_settle(bool negative, u64 magnitude, i64 min, i64 max, i64 *ret_value)
{
    /* min and max have the form of two's complement, so -min == max + 1 or min is closer. */
    if (negative ? magnitude > 0 - (u64)min : magnitude > (u64)max) return TEXT_RANGE;
    *ret_value = (i64)(negative ? 0 - magnitude : magnitude);
    return TEXT_OK;
}

TextResult
int_parse(const char *text, u32 len, i64 min, i64 max, i64 *ret_value)
{
    assert(min <= 0 && max >= 0);
    u32 at = len && (text[0] == '-' || text[0] == '+');
    u64 magnitude;
    u32 end = digits_read(text, at, len, &magnitude);
    if (end == at || end != len) return TEXT_MALFORMED;
    return int_settle(text[0] == '-', magnitude, min, max, ret_value);
}

TextResult
int_parse_cut(const char *text, u32 len, i64 min, i64 max, i64 *ret_value)
{
    assert(min <= 0 && max >= 0);
    u32 at = len && (text[0] == '-' || text[0] == '+');
    u64 magnitude, fraction;
    u32 end = digits_read(text, at, len, &magnitude), digits = end - at;
    if (end < len && text[end] == '.') {
        u32 begin = end + 1;
        end = digits_read(text, begin, len, &fraction);
        digits += end - begin;
    }
    if (digits == 0 || end != len) return TEXT_MALFORMED;
    return int_settle(text[0] == '-', magnitude, min, max, ret_value);
}

TextResult
i64_parse(const char *text, u32 len, i64 *ret_value)
{
    return int_parse(text, len, INT64_MIN, INT64_MAX, ret_value);
}

i64
f64_to_i64(f64 value)
{
    if (value >= 0x1p63) return INT64_MAX;
    if (value < -0x1p63) return INT64_MIN;
    return value == value ? (i64)value : 0;
}

i32
f64_to_i32(f64 value)
{
    i64 v = f64_to_i64(value);
    return v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : (i32)v;
}
