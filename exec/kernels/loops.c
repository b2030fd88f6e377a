/* loops.c - instances of the templates, compiled once per processor level.
 *
 * Built with WEIR_CPU_LEVEL set (root meson.build); each copy exports one const table. Integers
 * wrap around as Flink's do, which C promises only for unsigned operands: hence the casts. */
#include "exec/kernels/kernels.h"

#include "base/cpu.h"

static void
loops_range(const i64 *x, u32 n, i64 *ret_least, i64 *ret_greatest)
{
    i64 least = x[0], greatest = x[0];
    for (u32 i = 0; i < n; i++) {
        least = x[i] < least ? x[i] : least;
        greatest = x[i] > greatest ? x[i] : greatest;
    }
    *ret_least = least;
    *ret_greatest = greatest;
}

extern const KernelTable CPU_SYMBOL(kernel_loops);

/* ---- arithmetic ------------------------------------------------------------------------- */

#define KERNEL add_i8
#define LEFT i8
#define RIGHT i8
#define OUT i8
#define EXPR (u8)((u8)l + (u8)r)
#include "exec/kernels/binary.tmpl.h"
#define KERNEL add_i16
#define LEFT i16
#define RIGHT i16
#define OUT i16
#define EXPR (u16)((u16)l + (u16)r)
#include "exec/kernels/binary.tmpl.h"
#define KERNEL add_i32
#define LEFT i32
#define RIGHT i32
#define OUT i32
#define EXPR (u32) l + (u32)r
#include "exec/kernels/binary.tmpl.h"
#define KERNEL add_i64
#define LEFT i64
#define RIGHT i64
#define OUT i64
#define EXPR (u64) l + (u64)r
#include "exec/kernels/binary.tmpl.h"
#define KERNEL add_f32
#define LEFT f32
#define RIGHT f32
#define OUT f32
#define EXPR l + r
#include "exec/kernels/binary.tmpl.h"
#define KERNEL add_f64
#define LEFT f64
#define RIGHT f64
#define OUT f64
#define EXPR l + r
#include "exec/kernels/binary.tmpl.h"

#define KERNEL sub_i8
#define LEFT i8
#define RIGHT i8
#define OUT i8
#define EXPR (u8)((u8)l - (u8)r)
#include "exec/kernels/binary.tmpl.h"
#define KERNEL sub_i16
#define LEFT i16
#define RIGHT i16
#define OUT i16
#define EXPR (u16)((u16)l - (u16)r)
#include "exec/kernels/binary.tmpl.h"
#define KERNEL sub_i32
#define LEFT i32
#define RIGHT i32
#define OUT i32
#define EXPR (u32) l - (u32)r
#include "exec/kernels/binary.tmpl.h"
#define KERNEL sub_i64
#define LEFT i64
#define RIGHT i64
#define OUT i64
#define EXPR (u64) l - (u64)r
#include "exec/kernels/binary.tmpl.h"
#define KERNEL sub_f32
#define LEFT f32
#define RIGHT f32
#define OUT f32
#define EXPR l - r
#include "exec/kernels/binary.tmpl.h"
#define KERNEL sub_f64
#define LEFT f64
#define RIGHT f64
#define OUT f64
#define EXPR l - r
#include "exec/kernels/binary.tmpl.h"

#define KERNEL mul_i8
#define LEFT i8
#define RIGHT i8
#define OUT i8
#define EXPR (u8)((u32)(u8)l * (u32)(u8)r)
#include "exec/kernels/binary.tmpl.h"
#define KERNEL mul_i16
#define LEFT i16
#define RIGHT i16
#define OUT i16
#define EXPR (u16)((u32)(u16)l * (u32)(u16)r)
#include "exec/kernels/binary.tmpl.h"
#define KERNEL mul_i32
#define LEFT i32
#define RIGHT i32
#define OUT i32
#define EXPR (u32) l *(u32)r
#include "exec/kernels/binary.tmpl.h"
#define KERNEL mul_i64
#define LEFT i64
#define RIGHT i64
#define OUT i64
#define EXPR (u64) l *(u64)r
#include "exec/kernels/binary.tmpl.h"
#define KERNEL mul_f32
#define LEFT f32
#define RIGHT f32
#define OUT f32
#define EXPR l *r
#include "exec/kernels/binary.tmpl.h"
#define KERNEL mul_f64
#define LEFT f64
#define RIGHT f64
#define OUT f64
#define EXPR l *r
#include "exec/kernels/binary.tmpl.h"

#define KERNEL neg_i8
#define ARG i8
#define OUT i8
#define EXPR (u8)(0u - (u8)x)
#include "exec/kernels/unary.tmpl.h"
#define KERNEL neg_i16
#define ARG i16
#define OUT i16
#define EXPR (u16)(0u - (u16)x)
#include "exec/kernels/unary.tmpl.h"
#define KERNEL neg_i32
#define ARG i32
#define OUT i32
#define EXPR 0u - (u32)x
#include "exec/kernels/unary.tmpl.h"
#define KERNEL neg_i64
#define ARG i64
#define OUT i64
#define EXPR (u64)0 - (u64)x
#include "exec/kernels/unary.tmpl.h"
#define KERNEL neg_i128
#define ARG i128
#define OUT i128
#define EXPR (u128)0 - (u128)x
#include "exec/kernels/unary.tmpl.h"
#define KERNEL neg_f32
#define ARG f32
#define OUT f32
#define EXPR -x
#include "exec/kernels/unary.tmpl.h"
#define KERNEL neg_f64
#define ARG f64
#define OUT f64
#define EXPR -x
#include "exec/kernels/unary.tmpl.h"

/* ---- comparison -------------------------------------------------------------------------- */

#define SLOT u8
#define NAME(op) op##_u8
#include "exec/kernels/compare.tmpl.h"
#define SLOT i8
#define NAME(op) op##_i8
#include "exec/kernels/compare.tmpl.h"
#define SLOT i16
#define NAME(op) op##_i16
#include "exec/kernels/compare.tmpl.h"
#define SLOT i32
#define NAME(op) op##_i32
#include "exec/kernels/compare.tmpl.h"
#define SLOT i64
#define NAME(op) op##_i64
#include "exec/kernels/compare.tmpl.h"
#define SLOT i128
#define NAME(op) op##_i128
#include "exec/kernels/compare.tmpl.h"
#define SLOT f32
#define NAME(op) op##_f32
#include "exec/kernels/compare.tmpl.h"
#define SLOT f64
#define NAME(op) op##_f64
#include "exec/kernels/compare.tmpl.h"

/* Two short texts are equal iff their 16 bytes are (vector.h). */
static inline bool
text_eq(StrView l, StrView r)
{
    u64 a[2], b[2];
    memcpy(a, &l, 16);
    memcpy(b, &r, 16);
    if (a[0] != b[0]) return false; /* length and first four bytes */
    return a[1] == b[1] || (l.len > STRVIEW_INLINE && memcmp(l.ptr, r.ptr, l.len) == 0);
}

#define KERNEL eq_str
#define LEFT StrView
#define RIGHT StrView
#define OUT u8
#define EXPR text_eq(l, r)
#include "exec/kernels/binary.tmpl.h"
#define KERNEL ne_str
#define LEFT StrView
#define RIGHT StrView
#define OUT u8
#define EXPR !text_eq(l, r)
#include "exec/kernels/binary.tmpl.h"
#define KERNEL lt_str
#define LEFT StrView
#define RIGHT StrView
#define OUT u8
#define EXPR strview_cmp(&l, &r) < 0
#include "exec/kernels/binary.tmpl.h"
#define KERNEL le_str
#define LEFT StrView
#define RIGHT StrView
#define OUT u8
#define EXPR strview_cmp(&l, &r) <= 0
#include "exec/kernels/binary.tmpl.h"
#define KERNEL gt_str
#define LEFT StrView
#define RIGHT StrView
#define OUT u8
#define EXPR strview_cmp(&l, &r) > 0
#include "exec/kernels/binary.tmpl.h"
#define KERNEL ge_str
#define LEFT StrView
#define RIGHT StrView
#define OUT u8
#define EXPR strview_cmp(&l, &r) >= 0
#include "exec/kernels/binary.tmpl.h"

/* ---- masks -------------------------------------------------------------------------------- */

/* Eight bytes of 0 or 1 become eight bits: the multiplication moves bit 8k to bit 56 + k. */
static u64
pack_eight(const u8 *bytes)
{
    u64 x;
    memcpy(&x, bytes, 8);
    x |= x >> 4, x |= x >> 2, x |= x >> 1; /* any bit of a byte counts */
    return ((x & 0x0101010101010101u) * 0x0102040810204080u) >> 56;
}

static void
loops_pack(const u8 *bytes, u32 n, u64 *bits)
{
    for (u32 word = 0; word * 64 < n; word++) {
        u64 w = 0;
        u32 left = MIN(n - word * 64, 64u);
        for (u32 i = 0; i < left; i += 8) w |= pack_eight(bytes + word * 64 + i) << i;
        bits[word] = left == 64 ? w : w & (((u64)1 << left) - 1);
    }
}

static void
loops_unpack(const u64 *bits, u32 n, u8 *bytes)
{
    for (u32 i = 0; i < n; i += 8) {
        u64 b = bits[i >> 6] >> (i & 63) & 0xFF;
        /* Each byte keeps its own bit, which then moves down to bit 0. */
        u64 x = (b * 0x0101010101010101u) & 0x8040201008040201u;
        x = ((x + 0x7F7F7F7F7F7F7F7Fu) | x) >> 7 & 0x0101010101010101u;
        memcpy(bytes + i, &x, 8);
    }
}

static u32
loops_select(const u64 *bits, u32 n, u16 *rows)
{
    u32 kept = 0;
    for (u32 from = 0; from < n; from += 64) {
        u32 left = MIN(n - from, 64u);
        u64 w = bits[from >> 6];
        if (left < 64) w &= ((u64)1 << left) - 1;
        if (w == ~(u64)0) {
            for (u32 i = 0; i < 64; i++) rows[kept + i] = (u16)(from + i);
            kept += 64;
        } else if (__builtin_popcountll(w) <= 16 || kept + 64 > n) {
            for (; w; w &= w - 1) rows[kept++] = (u16)(from + (u32)__builtin_ctzll(w));
        } else { /* writes one past the kept ones, so not at the very end */
            for (u32 i = 0; i < left; i++) {
                rows[kept] = (u16)(from + i);
                kept += (u32)(w >> i & 1);
            }
        }
    }
    return kept;
}

#define ROW_OF(op)                                                                                 \
    {                                                                                              \
        [PHYS_I8] = op##_i8, [PHYS_I16] = op##_i16, [PHYS_I32] = op##_i32, [PHYS_I64] = op##_i64,  \
        [PHYS_F32] = op##_f32, [PHYS_F64] = op##_f64                                               \
    }
#define COMPARE_ROW(op)                                                                            \
    {                                                                                              \
        [PHYS_U8] = op##_u8, [PHYS_I8] = op##_i8, [PHYS_I16] = op##_i16, [PHYS_I32] = op##_i32,    \
        [PHYS_I64] = op##_i64, [PHYS_I128] = op##_i128, [PHYS_F32] = op##_f32,                     \
        [PHYS_F64] = op##_f64, [PHYS_STR] = op##_str                                               \
    }

const KernelTable CPU_SYMBOL(kernel_loops) = {
    .arith = {[ARITH_ADD] = ROW_OF(add), [ARITH_SUB] = ROW_OF(sub), [ARITH_MUL] = ROW_OF(mul)},
    .negate = {[PHYS_I8] = neg_i8,
               [PHYS_I16] = neg_i16,
               [PHYS_I32] = neg_i32,
               [PHYS_I64] = neg_i64,
               [PHYS_I128] = neg_i128,
               [PHYS_F32] = neg_f32,
               [PHYS_F64] = neg_f64},
    .compare = {[COMPARE_EQ] = COMPARE_ROW(eq),
                [COMPARE_NE] = COMPARE_ROW(ne),
                [COMPARE_LT] = COMPARE_ROW(lt),
                [COMPARE_LE] = COMPARE_ROW(le),
                [COMPARE_GT] = COMPARE_ROW(gt),
                [COMPARE_GE] = COMPARE_ROW(ge)},
    .pack = loops_pack,
    .unpack = loops_unpack,
    .select = loops_select,
    .range = loops_range,
};
