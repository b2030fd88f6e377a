/* number.c - integers as text, both ways; floating point is number_float.c. */
#include "base/number.h"

/* The digits of v < 10^8 without zeros in front; at least one. */
static u32
short_print(char *to, u32 v)
{
    u64 word = digits8_word(v);
    u32 zeros = word ? (u32)__builtin_ctzll(word) / 8 : 7, n = 8 - zeros;
    char text[8];
    store8(text, (word + 0x3030303030303030u) >> (zeros * 8));
    /* Exactly n bytes, by overlapping pieces instead of a loop. */
    if (n == 8) {
        memcpy(to, text, 8);
    } else if (n >= 4) {
        memcpy(to, text, 4);
        memcpy(to + n - 4, text + n - 4, 4);
    } else {
        to[0] = text[0];
        to[n / 2] = text[n / 2];
        to[n - 1] = text[n - 1];
    }
    return n;
}

u32
u64_print(char *to, u64 value)
{
    enum { E8 = 100000000 };
    if (value < E8) return short_print(to, (u32)value);
    u64 high = value / E8;
    u32 n = high < E8 ? short_print(to, (u32)high) : 0;
    if (n == 0) {
        n = short_print(to, (u32)(high / E8));
        digits8_put(to + n, (u32)(high % E8));
        n += 8;
    }
    digits8_put(to + n, (u32)(value % E8));
    return n + 8;
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
        if (LIKELY(at - begin < 19)) {
            v = v * 10 + digit; /* 19 digits always fit */
            continue;
        }
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
