/* field_quad.h - four fields at a time: numbers with a point and time stamps, for AVX-512.
 *
 * Each field lies in a 128-bit lane, its last byte in the lane's last, so that the same few
 * instructions do for four fields what csv_kernels.c does for one. A field is 16 bits of a mask.
 * What is not plain is refused, for all four, and left to the loop for single fields. */
#pragma once
#include "base/base.h"

#if defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define FIELD_QUADS
#include <immintrin.h>

#define QUAD_LOW 0x0001000100010001u  /* the first byte of each lane */
#define QUAD_LAST 0x8000800080008000u /* the last */

typedef struct Quad {
    const char *at[4]; /* the fields */
    u32 len[4];
} Quad;

static inline __m512i
quad_load(const char *a, const char *b, const char *c, const char *d)
{
    __m512i v = _mm512_castsi128_si512(_mm_loadu_si128((const void *)a));
    v = _mm512_inserti32x4(v, _mm_loadu_si128((const void *)b), 1);
    v = _mm512_inserti32x4(v, _mm_loadu_si128((const void *)c), 2);
    return _mm512_inserti32x4(v, _mm_loadu_si128((const void *)d), 3);
}

/* Where the points of the last four fields were, and what follows from it. Start with QUAD_POINTS:
 * no points. */
typedef struct QuadPoints {
    u64 points;
    u64 upto; /* the bytes up to the point */
    __m256d divisor;
} QuadPoints;
#define QUAD_POINTS ((QuadPoints){0, 0, _mm256_set1_pd(1.0)})

/* False: a field has two. */
static inline bool
quad_points(u64 points, QuadPoints *p)
{
    static const f64 power[16] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    _Alignas(32) f64 divisor[4];
    u64 upto = 0;
    for (u32 k = 0; k < 4; k++) {
        u32 lane = (u32)(points >> 16 * k) & 0xffff;
        if (lane & (lane - 1)) return false;
        if (lane) upto |= (u64)(lane ^ (lane - 1)) << 16 * k;
        divisor[k] = lane ? power[15 - __builtin_ctz(lane)] : 1.0;
    }
    *p = (QuadPoints){points, upto, _mm256_load_pd(divisor)};
    return true;
}

/* v: 16 digits a lane. Their values. */
static inline __m256i
quad_digits_value(__m512i v)
{
    v = _mm512_maddubs_epi16(v, _mm512_set1_epi16(0x010A));
    v = _mm512_madd_epi16(v, _mm512_set1_epi32(0x00010064));
    v = _mm512_madd_epi16(_mm512_packus_epi32(v, v), _mm512_set1_epi32(0x00012710));
    v = _mm512_add_epi64(_mm512_mul_epu32(v, _mm512_set1_epi64(100000000)),
                         _mm512_srli_epi64(v, 32));
    return _mm512_castsi512_si256(
        _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 0, 2, 4, 6), v));
}

/* Four numbers: an optional '-', digits and, if `point`, an optional '.', 15 bytes at most.
 * `strict` holds them to JSON's grammar: no zero before another digit, digits on both sides of a
 * point. The values are without sign and point; negative ones have their bit in *ret_minus. */
static inline bool
quad_numbers(const Quad *q, bool point, bool strict, QuadPoints *p, __m256i *ret_value,
             u8 *ret_minus)
{
    const u32 *len = q->len;
    if ((len[0] | len[1] | len[2] | len[3]) > 15) return false;
    u64 keep = ~((u64)(0xffffu >> len[0]) | (u64)(0xffffu >> len[1]) << 16 |
                 (u64)(0xffffu >> len[2]) << 32 | (u64)(0xffffu >> len[3]) << 48);
    __m512i v = quad_load(q->at[0] + len[0] - 16, q->at[1] + len[1] - 16, q->at[2] + len[2] - 16,
                          q->at[3] + len[3] - 16);
    v = _mm512_maskz_sub_epi8(keep, v, _mm512_set1_epi8('0'));
    u64 points = point ? _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8((char)('.' - '0'))) : 0;
    u64 other = _mm512_cmpgt_epu8_mask(v, _mm512_set1_epi8(9)) & ~points;
    u64 digits = keep & ~points & ~other, first = keep & ~(keep << 1 & ~QUAD_LOW);
    if (((digits - QUAD_LOW) & ~digits & QUAD_LAST) != 0) return false; /* a field without digits */
    *ret_minus = 0;
    if (UNLIKELY(other != 0)) {
        u64 minus = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8((char)('-' - '0'))) & first;
        if (minus != other) return false;
        first = (first & ~minus) | minus << 1;
        v = _mm512_maskz_mov_epi8(~minus, v);
        for (u32 k = 0; k < 4; k++)
            *ret_minus = (u8)(*ret_minus | (u32)((minus >> 16 * k & 0xffff) != 0) << k);
    }
    if (strict) {
        u64 zero = first & _mm512_testn_epi8_mask(v, v);
        if (((zero << 1 & ~QUAD_LOW & ~points) | (points & (first | QUAD_LAST))) != 0) return false;
    }
    if (point) {
        if (points != p->points && !quad_points(points, p)) return false;
        v = _mm512_mask_mov_epi8(v, p->upto, _mm512_bslli_epi128(v, 1));
    }
    *ret_value = quad_digits_value(v);
    return true;
}

/* An integer by a power of ten, rounded once. */
static inline bool
quad_f64s(const Quad *q, bool strict, QuadPoints *p, f64 *to)
{
    __m256i value;
    u8 minus;
    if (!quad_numbers(q, true, strict, p, &value, &minus)) return false;
    __m256d x = _mm256_div_pd(_mm256_cvtepi64_pd(value), p->divisor);
    _mm256_storeu_pd(to, _mm256_mask_xor_pd(x, minus, x, _mm256_set1_pd(-0.0)));
    return true;
}

static inline bool
quad_i64s(const Quad *q, bool strict, i64 *to)
{
    __m256i value;
    u8 minus;
    if (!quad_numbers(q, false, strict, NULL, &value, &minus)) return false;
    value = _mm256_mask_sub_epi64(value, minus, _mm256_setzero_si256(), value);
    _mm256_storeu_si256((void *)to, value);
    return true;
}

/* False too if one is too large. */
static inline bool
quad_i32s(const Quad *q, bool strict, i32 *to)
{
    __m256i value;
    u8 minus;
    if (!quad_numbers(q, false, strict, NULL, &value, &minus)) return false;
    if (_mm256_cmpgt_epi64_mask(value, _mm256_set1_epi64x(INT32_MAX)) != 0) return false;
    value = _mm256_mask_sub_epi64(value, minus, _mm256_setzero_si256(), value);
    _mm_storeu_si128((void *)to, _mm256_cvtepi64_epi32(value));
    return true;
}

/* Four times of one minute with milliseconds, "yyyy-MM-dd HH:mm:ss.SSS" each; minute is its first
 * 16 bytes in each lane and minute_us its value. Lengths are the caller's to check. */
static inline bool
quad_timestamps(const Quad *q, __m512i minute, __m256i minute_us, i64 *to)
{
    __m512i v = quad_load(q->at[0], q->at[1], q->at[2], q->at[3]);
    if (_mm512_cmpneq_epi64_mask(v, minute) != 0) return false;
    /* In the upper half of each lane: "m:ss.SSS", digits become 0..9 and marks 0. */
    v = quad_load(q->at[0] + 7, q->at[1] + 7, q->at[2] + 7, q->at[3] + 7);
    v = _mm512_xor_si512(v, _mm512_set1_epi64(0x3030302E30303A00));
    const i64 limit = 0x09090900090500FF;
    if (_mm512_cmpgt_epu8_mask(v, _mm512_setr4_epi64(-1, limit, -1, limit)) != 0) return false;
    v = _mm512_maddubs_epi16(v, _mm512_set1_epi64(0x010A6400010A0000)); /* 0, ss, S00, SS */
    v = _mm512_madd_epi16(v, _mm512_set1_epi64(0x0001000103E80000));    /* ss000, SSS */
    v = _mm512_add_epi64(v, _mm512_srli_epi64(v, 32));
    __m256i ms = _mm512_castsi512_si256(
        _mm512_permutexvar_epi64(_mm512_setr_epi64(1, 3, 5, 7, 1, 3, 5, 7), v));
    __m256i us = _mm256_mul_epu32(ms, _mm256_set1_epi64x(1000));
    _mm256_storeu_si256((void *)to, _mm256_add_epi64(us, minute_us));
    return true;
}
#endif
