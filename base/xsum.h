/* xsum.h - exact sums of DOUBLE: no order, split, merge or retraction changes a bit.
 *
 *     sum = (hi:lo) * 2^unit            128-bit fixed point, unit chosen by the first value
 *         + wide                        superaccumulator, made when a value or the sum lies outside
 *
 * The wide part covers every product of two doubles, so squares can be added exactly too. NaN and
 * the infinities are counted there, so they retract. The idea of the superaccumulator is Kulisch's.
 * The result is the real sum rounded once, to nearest, ties to even; a sum of nothing is 0.
 *
 * A state is 32 bytes, 8-byte aligned, and zero is its start. It may own heap memory: xsum_done. */
#pragma once
#include "base/base.h"

typedef struct XSum {
    u64 lo;
    i64 hi;
    struct XSumWide *wide;
    /* Shift of a double with biased exponent e: e + XSUM_UNSET - unit. 0 is "no unit yet": then
     * every shift is out of bounds. */
    u64 unit;
} XSum;

/* Room in bits below and above the first value: 53 + 40 + 32 leaves a sign and a carry bit. */
enum { XSUM_DOWN = 40, XSUM_UP = 32, XSUM_UNSET = 4096 };

void xsum_add_slow(XSum *s, f64 x);
void xsum_sub_special(XSum *s, f64 x); /* NaN or infinite */

static inline void
xsum_init(XSum *s)
{
    *s = (XSum){0};
}

static inline void
xsum_add(XSum *s, f64 x)
{
    u64 bits;
    memcpy(&bits, &x, 8);
    u64 exponent = bits >> 52 & 0x7FF, shift = exponent + XSUM_UNSET - s->unit;
    /* Exponent 0 is zero and the subnormals, 0x7FF NaN and the infinities. */
    if (UNLIKELY((shift > XSUM_DOWN + XSUM_UP) | (exponent - 1 >= 0x7FE))) {
        xsum_add_slow(s, x);
        return;
    }
    u64 mantissa = (bits & 0xFFFFFFFFFFFFFu) | 0x10000000000000u;
    i128 v = (i128)((u128)mantissa << shift), sum, old = (i128)((u128)(u64)s->hi << 64 | s->lo);
    i64 sign = (i64)bits >> 63;
    v = (v ^ sign) - sign;
    if (UNLIKELY(__builtin_add_overflow(old, v, &sum))) {
        xsum_add_slow(s, x);
        return;
    }
    s->lo = (u64)sum;
    s->hi = (i64)(sum >> 64);
}
static inline void
xsum_sub(XSum *s, f64 x) /* take a value off again; NaN and infinities too */
{
    void xsum_sub_special(XSum * sum, f64 value);
    if (UNLIKELY(!__builtin_isfinite(x))) {
        xsum_sub_special(s, x);
        return;
    }
    xsum_add(s, -x);
}
void xsum_add_n(XSum *s, const f64 *x, size_t n); /* contiguous */
void xsum_add_n32(XSum *s, const f32 *x, size_t n);
void xsum_add_i64(XSum *s, i64 x);
void xsum_add_product(XSum *s, f64 x, f64 y); /* x * y, all 106 bits of it */
void xsum_sub_product(XSum *s, f64 x, f64 y);
void xsum_merge(XSum *s, const XSum *other);   /* other stays */
void xsum_unmerge(XSum *s, const XSum *other); /* take off what was merged; other stays */
void xsum_copy(XSum *to, const XSum *from);    /* to holds nothing before; they share nothing */
f64 xsum_round(const XSum *s);
f32 xsum_round_f32(const XSum *s); /* from the exact sum, not by way of a double */
size_t xsum_owned(const XSum *s);  /* bytes of heap memory */
void xsum_done(XSum *s);           /* frees; s is zero again */

/* The state as bytes, equal for equal sums, whatever their history; to snapshot and restore. */
enum { XSUM_IMAGE_MAX = 640 };
u32 xsum_save(const XSum *s, u8 *to); /* bytes written */
bool xsum_load(XSum *s, const u8 *from, u32 len);

/* The same faster and with its length inside, but as the state happens to lie: for checkpoints. */
enum { XSUM_PACK_MAX = XSUM_IMAGE_MAX + 3 };
u32 xsum_pack(const XSum *s, u8 *to);                 /* bytes written */
u32 xsum_unpack(XSum *s, const u8 *from, size_t len); /* bytes read; 0: these are no sum */
