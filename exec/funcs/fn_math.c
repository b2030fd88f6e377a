/* fn_math.c - functions of real numbers, bits, and random numbers.
 *
 * RAND(seed) and RAND_INTEGER(seed, ...) draw from java.util.Random's published generator (a
 * linear congruential one of 48 bits, Knuth), so a file gives the numbers that Flink gives: row n
 * jumps to the n-th draw in O(log n). Without a seed, numbers come from the statement's seed and
 * the row's number, so a run replays. */
#include "base/hash.h"
#include "base/rng.h"
#include "exec/funcs/funcs.h"

#include <math.h>

/* ---- one real argument ---------------------------------------------------------------------- */

#define REAL(name, expression)                                                                     \
    static Status name(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)   \
    {                                                                                              \
        (void)nargs, (void)err;                                                                    \
        for (u32 i = 0; i < ctx->rows; i++) {                                                      \
            f64 x = LANE(&args[0], f64, i);                                                        \
            vector_data(out, f64)[i] = expression;                                                 \
        }                                                                                          \
        return ERR_OK;                                                                             \
    }
REAL(sqrt_kernel, sqrt(x))
REAL(exp_kernel, exp(x))
REAL(ln_kernel, log(x))
REAL(log2_kernel, log(x) / M_LN2)
REAL(log10_kernel, log10(x))
REAL(sin_kernel, sin(x))
REAL(cos_kernel, cos(x))
REAL(tan_kernel, tan(x))
REAL(cot_kernel, 1.0 / tan(x))
REAL(asin_kernel, asin(x))
REAL(acos_kernel, acos(x))
REAL(atan_kernel, atan(x))
REAL(sinh_kernel, sinh(x))
REAL(cosh_kernel, cosh(x))
REAL(tanh_kernel, tanh(x))
REAL(degrees_kernel, x *(180.0 / M_PI))
REAL(radians_kernel, x / 180.0 * M_PI)
#undef REAL

#define KERNEL power_kernel
#define LEFT f64
#define RIGHT f64
#define OUT f64
#define EXPR pow(l, r)
#include "exec/kernels/binary.tmpl.h"
#define KERNEL atan2_kernel
#define LEFT f64
#define RIGHT f64
#define OUT f64
#define EXPR atan2(l, r)
#include "exec/kernels/binary.tmpl.h"
#define KERNEL log_base_kernel
#define LEFT f64
#define RIGHT f64
#define OUT f64
#define EXPR log(r) / log(l)
#include "exec/kernels/binary.tmpl.h"

static Status
pi_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)args, (void)nargs, (void)err;
    for (u32 i = 0; i < ctx->rows; i++) vector_data(out, f64)[i] = M_PI;
    return ERR_OK;
}

static Status
e_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)args, (void)nargs, (void)err;
    for (u32 i = 0; i < ctx->rows; i++) vector_data(out, f64)[i] = M_E;
    return ERR_OK;
}

/* ---- bits ----------------------------------------------------------------------------------- */

#define BITS(name, operation)                                                                      \
    static Status name(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)   \
    {                                                                                              \
        (void)nargs, (void)err;                                                                    \
        for (u32 i = 0; i < ctx->rows; i++)                                                        \
            vector_data(out, i64)[i] = LANE(&args[0], i64, i) operation LANE(&args[1], i64, i);    \
        return ERR_OK;                                                                             \
    }
BITS(bit_and_kernel, &)
BITS(bit_or_kernel, |)
BITS(bit_xor_kernel, ^)
#undef BITS

static void
lane_set_digits(Vector *out, u32 i, u64 value, u32 bits_per_digit)
{
    char digits[64];
    u32 at = sizeof digits;
    do {
        digits[--at] = "0123456789ABCDEF"[value & ((1u << bits_per_digit) - 1)];
        value >>= bits_per_digit;
    } while (value);
    vector_set_str(out, i, digits + at, (u32)sizeof digits - at);
}

#define KERNEL bin_kernel
#define BODY lane_set_digits(out, i, (u64)LANE(&args[0], i64, i), 1)
#include "exec/kernels/lanes.tmpl.h"
#define KERNEL hex_number_kernel
#define BODY lane_set_digits(out, i, (u64)LANE(&args[0], i64, i), 4)
#include "exec/kernels/lanes.tmpl.h"

/* ---- random numbers ------------------------------------------------------------------------- */

#define LCG_MULTIPLIER 0x5DEECE66Du
#define LCG_INCREMENT 0xBu
#define LCG_MASK (((u64)1 << 48) - 1)

static u32
lcg_next(u64 *state, u32 bits)
{
    *state = (*state * LCG_MULTIPLIER + LCG_INCREMENT) & LCG_MASK;
    return (u32)(*state >> (48 - bits));
}

/* The state after `steps` draws: x -> a x + b applied by repeated squaring (Brown, 1994). */
static u64
lcg_start(i64 seed, u64 steps)
{
    u64 state = ((u64)seed ^ LCG_MULTIPLIER) & LCG_MASK;
    u64 a = LCG_MULTIPLIER, b = LCG_INCREMENT;
    for (; steps; steps >>= 1) {
        if (steps & 1) state = (state * a + b) & LCG_MASK;
        b = (a + 1) * b & LCG_MASK;
        a = a * a & LCG_MASK;
    }
    return state;
}

static f64
lcg_f64(u64 *state)
{
    u64 high = (u64)lcg_next(state, 26) << 27;
    return (f64)(high + lcg_next(state, 27)) * 0x1p-53;
}

static i32
lcg_below(u64 *state, i32 bound)
{
    i32 bits = (i32)lcg_next(state, 31);
    if ((bound & (bound - 1)) == 0) return (i32)(((i64)bound * bits) >> 31);
    i32 value = bits % bound;
    while ((i64)bits - value + (bound - 1) > INT32_MAX) { /* the last, incomplete run of values */
        bits = (i32)lcg_next(state, 31);
        value = bits % bound;
    }
    return value;
}

/* A number for this call and row that only the statement's seed changes. */
static u64
draw_u64(const EvalCtx *ctx, u32 i, u64 salt)
{
    u64 seed = ctx->session ? ctx->session->seed : 0;
    return hash_u64(ctx->row_base + i, hash_u64(ctx->pos + salt, seed));
}

static Status
rand_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)err;
    for (u32 i = 0; i < ctx->rows; i++) {
        f64 v;
        if (nargs == 0) {
            v = (f64)(draw_u64(ctx, i, 0) >> 11) * 0x1p-53;
        } else {
            u64 state = lcg_start(LANE(&args[0], i32, i), 2 * (ctx->row_base + i));
            v = lcg_f64(&state);
        }
        vector_data(out, f64)[i] = v;
    }
    return ERR_OK;
}

static Status
rand_integer_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    i32 *to = vector_data(out, i32);
    for (u32 i = 0; i < ctx->rows; i++) {
        i32 bound = LANE(&args[nargs - 1], i32, i);
        to[i] = 0;
        if (bound <= 0) {
            if (!eval_lane_counts(ctx, out, i)) continue;
            LANE_FAIL(W3006, "the bound of RAND_INTEGER must be greater than 0, not %d", bound);
        }
        if (nargs == 1) {
            to[i] = (i32)(((u128)draw_u64(ctx, i, 0) * (u32)bound) >> 64);
        } else {
            u64 state = lcg_start(LANE(&args[0], i32, i), ctx->row_base + i);
            to[i] = lcg_below(&state, bound);
        }
    }
    return ERR_OK;
}

/* Version 4, variant 1 (RFC 4122): 122 random bits. */
static Status
uuid_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)args, (void)nargs, (void)err;
    for (u32 i = 0; i < ctx->rows; i++) {
        u64 half[2] = {draw_u64(ctx, i, 1), draw_u64(ctx, i, 2)};
        half[0] = (half[0] & ~(u64)0xF000) | 0x4000;
        half[1] = (half[1] & ~((u64)3 << 62)) | (u64)1 << 63;
        char text[36];
        u32 at = 0;
        for (u32 k = 0; k < 32; k++) {
            if (k == 8 || k == 12 || k == 16 || k == 20) text[at++] = '-';
            text[at++] = "0123456789abcdef"[half[k / 16] >> (60 - k % 16 * 4) & 15];
        }
        vector_set_str(out, i, text, at);
    }
    return ERR_OK;
}

#define REAL1(func, kernel_name, doc_text, example_text)                                           \
    {                                                                                              \
        .name = func, .args = {TYPE_DOUBLE}, .ret = TYPE_DOUBLE, .kernel = kernel_name,            \
        .category = "arithmetic", .syntax = func "(x)", .doc = doc_text, .example = example_text   \
    }
#define REAL2(func, a, b, kernel_name, doc_text, example_text)                                     \
    {                                                                                              \
        .name = func, .args = {TYPE_DOUBLE, TYPE_DOUBLE}, .ret = TYPE_DOUBLE,                      \
        .kernel = kernel_name, .category = "arithmetic", .syntax = func "(" a ", " b ")",          \
        .doc = doc_text, .example = example_text                                                   \
    }
#define BITS2(func, kernel_name, doc_text, example_text)                                           \
    {                                                                                              \
        .name = func, .args = {TYPE_BIGINT, TYPE_BIGINT}, .ret = TYPE_BIGINT,                      \
        .kernel = kernel_name, .category = "arithmetic", .syntax = func "(a, b)", .doc = doc_text, \
        .example = example_text                                                                    \
    }

const FuncDef funcs_math[] = {
    REAL1("SQRT", sqrt_kernel, "The square root; NaN for a negative number.", "SQRT(25) -> 5.0"),
    REAL1("EXP", exp_kernel, "e to the power of x.", "EXP(0) -> 1.0"),
    REAL1("LN", ln_kernel, "The natural logarithm.", "LN(1) -> 0.0"),
    REAL1("LOG", ln_kernel, "The natural logarithm.", "LOG(1) -> 0.0"),
    REAL2("LOG", "base", "x", log_base_kernel, "The logarithm of x to the given base.",
          "LOG(10, 100) -> 2.0"),
    REAL1("LOG2", log2_kernel, "The logarithm to base 2.", "LOG2(10) -> 3.3219280948873626"),
    REAL1("LOG10", log10_kernel, "The logarithm to base 10.", "LOG10(1000) -> 3.0"),
    REAL2("POWER", "x", "y", power_kernel, "x to the power of y.", "POWER(2, 10) -> 1024.0"),
    REAL1("SIN", sin_kernel, "The sine of an angle in radians.", "SIN(0) -> 0.0"),
    REAL1("COS", cos_kernel, "The cosine of an angle in radians.", "COS(0) -> 1.0"),
    REAL1("TAN", tan_kernel, "The tangent of an angle in radians.", "TAN(0) -> 0.0"),
    REAL1("COT", cot_kernel, "The cotangent of an angle in radians.",
          "COT(1) -> 0.6420926159343306"),
    REAL1("ASIN", asin_kernel, "The angle whose sine is x.", "ASIN(0) -> 0.0"),
    REAL1("ACOS", acos_kernel, "The angle whose cosine is x.", "ACOS(1) -> 0.0"),
    REAL1("ATAN", atan_kernel, "The angle whose tangent is x.", "ATAN(0) -> 0.0"),
    REAL2("ATAN2", "y", "x", atan2_kernel, "The angle of the point (x, y).", "ATAN2(0, 1) -> 0.0"),
    REAL1("SINH", sinh_kernel, "The hyperbolic sine.", "SINH(0) -> 0.0"),
    REAL1("COSH", cosh_kernel, "The hyperbolic cosine.", "COSH(0) -> 1.0"),
    REAL1("TANH", tanh_kernel, "The hyperbolic tangent.", "TANH(0) -> 0.0"),
    REAL1("DEGREES", degrees_kernel, "Radians as degrees.", "DEGREES(PI()) -> 180.0"),
    REAL1("RADIANS", radians_kernel, "Degrees as radians.", "RADIANS(180) -> 3.141592653589793"),
    {.name = "PI",
     .ret = TYPE_DOUBLE,
     .flags = FUNC_NOT_NULL,
     .kernel = pi_kernel,
     .category = "arithmetic",
     .syntax = "PI()",
     .doc = "The ratio of a circle's circumference to its diameter.",
     .example = "PI() -> 3.141592653589793"},
    {.name = "E",
     .ret = TYPE_DOUBLE,
     .flags = FUNC_NOT_NULL,
     .kernel = e_kernel,
     .category = "arithmetic",
     .syntax = "E()",
     .doc = "The base of natural logarithms.",
     .example = "E() -> 2.718281828459045"},
    BITS2("BITAND", bit_and_kernel, "The bits that both have.", "BITAND(12, 10) -> 8"),
    BITS2("BITOR", bit_or_kernel, "The bits that one of both has.", "BITOR(12, 10) -> 14"),
    BITS2("BITXOR", bit_xor_kernel, "The bits that just one of both has.", "BITXOR(12, 10) -> 6"),
    {.name = "BIN",
     .args = {TYPE_BIGINT},
     .ret = TYPE_VARCHAR,
     .kernel = bin_kernel,
     .category = "string",
     .syntax = "BIN(integer)",
     .doc = "The integer in binary digits; negative ones in 64-bit two's complement.",
     .example = "BIN(10) -> 1010"},
    {.name = "HEX",
     .args = {TYPE_BIGINT},
     .ret = TYPE_VARCHAR,
     .kernel = hex_number_kernel,
     .category = "string",
     .syntax = "HEX(integer or text)",
     .doc = "An integer in hexadecimal digits, or the bytes of a text.",
     .example = "HEX(255) -> FF"},
    {.name = "RAND",
     .ret = TYPE_DOUBLE,
     .flags = FUNC_VOLATILE | FUNC_NOT_NULL,
     .kernel = rand_kernel,
     .category = "arithmetic",
     .syntax = "RAND([seed])",
     .doc = "A random number from 0 up to 1.",
     .example = "RAND() < 1 -> TRUE"},
    {.name = "RAND",
     .args = {TYPE_INT},
     .ret = TYPE_DOUBLE,
     .flags = FUNC_VOLATILE,
     .kernel = rand_kernel,
     .category = "arithmetic",
     .syntax = "RAND(seed)",
     .doc = "A random number from 0 up to 1; the same seed gives the same numbers.",
     .example = "RAND(1) -> 0.7308781907032909"},
    {.name = "RAND_INTEGER",
     .args = {TYPE_INT},
     .ret = TYPE_INT,
     .flags = FUNC_VOLATILE | FUNC_CAN_FAIL,
     .kernel = rand_integer_kernel,
     .category = "arithmetic",
     .syntax = "RAND_INTEGER([seed,] bound)",
     .doc = "A random integer from 0 up to the bound.",
     .example = "RAND_INTEGER(1) -> 0"},
    {.name = "RAND_INTEGER",
     .args = {TYPE_INT, TYPE_INT},
     .ret = TYPE_INT,
     .flags = FUNC_VOLATILE | FUNC_CAN_FAIL,
     .kernel = rand_integer_kernel,
     .category = "arithmetic",
     .syntax = "RAND_INTEGER(seed, bound)",
     .doc = "A random integer from 0 up to the bound; the same seed gives the same integers.",
     .example = "RAND_INTEGER(1, 10) -> 5"},
    {.name = "UUID",
     .ret = TYPE_VARCHAR,
     .flags = FUNC_VOLATILE | FUNC_NOT_NULL,
     .kernel = uuid_kernel,
     .category = "string",
     .syntax = "UUID()",
     .doc = "A random identifier of 36 characters (version 4).",
     .example = "CHAR_LENGTH(UUID()) -> 36"},
    {0},
};
