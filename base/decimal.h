/* decimal.h - DECIMAL(p, s): a 128-bit integer that counts units of 10^-s.
 *
 * Results that do not fit their precision are reported by `false`; SQL's answer is then NULL in
 * arithmetic (Flink) or an error in CAST. All rounding is half up (away from zero at the middle).
 * Products and dividends pass through 256 bits, so nothing is rounded twice. */
#pragma once
#include "base/number.h"
#include "base/type.h"

extern const i128 decimal_pow10[DECIMAL_PRECISION_MAX + 1];

static inline bool
decimal_fits(i128 v, u32 precision)
{
    return v < decimal_pow10[precision] && v > -decimal_pow10[precision];
}

/* --- text --- */

enum { DECIMAL_TEXT_MAX = 44 }; /* sign, "0.", 38 digits */
/* "12.30" at scale 2 is 1230: digits behind the scale are rounded half up; exponents are read.
 * No white space. TEXT_RANGE when the rounded value needs more than `precision` digits. */
TextResult decimal_parse(const char *text, u32 len, u32 precision, u32 scale, i128 *ret_value);
/* All `scale` digits, never an exponent; returns the length, writes no NUL. */
u32 decimal_print(char *to, i128 v, u32 scale);
/* The precision and scale that a literal's text needs: 1.50 is (3, 2). False beyond 38 digits. */
bool decimal_literal_type(Str text, Type *ret_type);

/* --- values --- */

bool decimal_rescale(i128 v, u32 from_scale, u32 to_scale, u32 precision, i128 *ret_value);
/* a (scale as) op b (scale bs), rounded to the type `ret`. div and mod: b must not be 0. mod has
 * the sign of a. */
bool decimal_add(i128 a, u32 as, i128 b, u32 bs, Type ret, i128 *ret_value);
bool decimal_sub(i128 a, u32 as, i128 b, u32 bs, Type ret, i128 *ret_value);
bool decimal_mul(i128 a, u32 as, i128 b, u32 bs, Type ret, i128 *ret_value);
bool decimal_div(i128 a, u32 as, i128 b, u32 bs, Type ret, i128 *ret_value);
bool decimal_mod(i128 a, u32 as, i128 b, u32 bs, Type ret, i128 *ret_value);
int decimal_cmp(i128 a, u32 as, i128 b, u32 bs); /* -1, 0, 1, exact */

i128 decimal_floor(i128 v, u32 scale); /* whole number, scale 0 */
i128 decimal_ceil(i128 v, u32 scale);
/* ROUND(v, digits): digits may be negative; the result has scale MAX(0, MIN(scale, digits)). */
bool decimal_round(i128 v, u32 scale, i32 digits, u32 precision, i128 *ret_value);
i128 decimal_truncate(i128 v, u32 scale, i32 digits); /* same scale as the result of round */

f64 decimal_to_f64(i128 v, u32 scale); /* nearest double */
i128 decimal_whole(i128 v, u32 scale); /* truncated; the caller wraps or checks */
/* Through the shortest text of the double, as Flink (BigDecimal.valueOf) does. False: NaN,
 * infinite, or does not fit. */
bool decimal_from_f64(f64 x, u32 precision, u32 scale, i128 *ret_value);
bool decimal_from_i64(i64 x, u32 precision, u32 scale, i128 *ret_value);

/* --- result types (Flink's LogicalTypeMerging; over 38 digits the scale gives way down to 6) ---
 */

Type
decimal_of_integer(TypeKind kind); /* TINYINT (3,0), SMALLINT (5,0), INT (10,0), BIGINT (19,0) */
Type decimal_add_type(Type a, Type b); /* and subtraction */
Type decimal_mul_type(Type a, Type b);
Type decimal_div_type(Type a, Type b);
Type decimal_mod_type(Type a, Type b);
Type decimal_sum_type(Type a); /* (38, s) */
Type decimal_avg_type(Type a); /* (38, max(6, s)) */
Type decimal_round_type(Type a, i32 digits);
Type decimal_floor_type(Type a); /* and CEIL: (p, 0) */
