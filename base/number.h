/* number.h - integers and floating point numbers as text, both ways.
 *
 * Printing writes the shortest digits that read back as the same number, in the form of Java's
 * Double.toString (1.0, 1.0E10, 1.23E-5, NaN, -Infinity), which is what CAST(x AS STRING) gives.
 * Parsing is exact: the nearest number, ties to even. Nothing depends on the locale. */
#pragma once
#include "base/str.h"

/* What reading a text came to; every *_parse of base answers this, and the caller words it. */
typedef enum TextResult {
    TEXT_OK,
    TEXT_MALFORMED, /* not in the form at all */
    TEXT_RANGE,     /* well formed, but the value does not fit */
} TextResult;

/* Printing: `to` has room for that many bytes; the length is returned, no NUL is written. */
enum {
    I64_TEXT_MAX = 20,
    F64_TEXT_MAX = 26, /* -2.2250738585072014E-308 */
    F64_PLAIN_TEXT_MAX = 26,
};
u32 u64_print(char *to, u64 value);
u32 i64_print(char *to, i64 value);
u32 f64_print(char *to, f64 value);       /* 1.0, 1.0E10, Infinity */
u32 f32_print(char *to, f32 value);       /* the same, with the digits that a FLOAT needs */
u32 f64_print_plain(char *to, f64 value); /* 1, 0.5, 1.5e-5 (below 1e-4), 1e16 (from there on) */
u32 f32_print_plain(char *to, f32 value);

/* The shortest decimal of a finite value other than 0: value = digits * 10^exponent, with no
 * trailing zero in digits. Sign ignored. */
typedef struct ShortDecimal {
    u64 digits;
    i32 exponent;
} ShortDecimal;
ShortDecimal f64_shortest(f64 value);
ShortDecimal f32_shortest(f32 value);

/* Whole text as an integer: optional sign, digits; no white space. */
TextResult i64_parse(const char *text, u32 len, i64 *ret_value);
/* The same, in [min, max] (INT8_MIN..INT8_MAX and so on). */
TextResult int_parse(const char *text, u32 len, i64 min, i64 max, i64 *ret_value);
/* As CAST does: a fraction of digits may follow and is cut off ("1.9" is 1, "-.5" is 0). */
TextResult int_parse_cut(const char *text, u32 len, i64 min, i64 max, i64 *ret_value);
/* Whole text as a number: 1, -1.5, .5, 1., 1e10, NaN, Infinity, inf (any case); no white space.
 * Too large gives infinity and TEXT_OK as Java does, too small gives 0. */
TextResult f64_parse(const char *text, u32 len, f64 *ret_value);
TextResult f32_parse(const char *text, u32 len, f32 *ret_value);

/* What follows a number's digits, from byte `at` to the text's end: nothing (0) or e-10, E+3. */
bool exponent_parse(const char *text, u32 at, u32 len, i64 *ret_exponent);

/* Float to integer as Java's cast does: truncated, clamped to the range, NaN is 0. */
i64 f64_to_i64(f64 value);
i32 f64_to_i32(f64 value);

/* --- digits eight at a time (the idea is Daniel Lemire's and Mula's, "parse eight digits") --- */

/* Are these eight bytes (loaded little-endian) all '0'..'9'? */
static inline bool
digits8_are(u64 chunk)
{
    return (((chunk + 0x4646464646464646u) | (chunk - 0x3030303030303030u)) &
            0x8080808080808080u) == 0;
}
/* Their value. */
static inline u32
digits8_value(u64 chunk)
{
    chunk = (chunk & 0x0F0F0F0F0F0F0F0Fu) * 2561 >> 8;
    chunk = (chunk & 0x00FF00FF00FF00FFu) * 6553601 >> 16;
    return (u32)((chunk & 0x0000FFFF0000FFFFu) * 42949672960001u >> 32);
}
/* The eight digits of v < 10^8, zeros in front, as a word that holds the first one in its lowest
 * byte; '0' is not added yet (Paul Khuong's way: halves of halves in one register). */
static inline u64
digits8_word(u32 v)
{
    u64 halves = v / 10000 | (u64)(v % 10000) << 32;
    u64 high = (halves * 10486 >> 20) & 0x7F0000007Fu;
    u64 pairs = ((halves - 100 * high) << 16) + high;
    u64 tens = (pairs * 103 >> 10) & 0x000F000F000F000Fu;
    return tens + ((pairs - 10 * tens) << 8);
}
static inline u64
load8(const char *p)
{
    u64 v;
    memcpy(&v, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}
static inline void
store8(char *p, u64 v)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    memcpy(p, &v, 8);
}
static inline void
digits8_put(char *to, u32 v) /* eight characters, v < 10^8 */
{
    store8(to, digits8_word(v) + 0x3030303030303030u);
}
static inline void
digits2_put(char *to, u32 v) /* two characters, v < 100 */
{
    u32 tens = v * 205 >> 11;
    to[0] = (char)('0' + tens);
    to[1] = (char)('0' + v - tens * 10);
}
