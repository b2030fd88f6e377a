/* csv_kernels.c - the hot loops of CSV reading; compiled once per processor level.
 *
 * Structural index: 64 bytes give bit masks of delimiters, line ends and quotes; a carry-less
 * multiply by all ones (prefix xor) turns quote bits into "inside quotes"; the bits that are left
 * become u32 offsets. The idea is simdjson's (Langdale, Lemire: Parsing gigabytes of JSON per
 * second, 2019). Quotes are trusted only where opening ones follow a field's start and closing
 * ones its end; else `odd` is set and the caller indexes byte by byte.
 *
 * Numbers: the last 16 bytes up to the field's end are loaded at once, the point is taken out by a
 * shuffle, bytes before the field become '0', and three multiply-adds give 16 digits. A double is
 * mantissa / 10^fraction, which rounds once and so is exact below 2^53 (Clinger 1990).
 *
 * Not here: quotes, NULL, exponents, rare layouts (csv_decode.c). */
#include "connectors/csv_kernels.h"
#include "base/cpu.h"
#include "base/decimal.h"
#include "connectors/field_quad.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#define DIGITS_MAX 16

static inline u64
load_u64(const char *p)
{
    u64 v;
    memcpy(&v, p, 8);
    return v;
}

/* ---- structural index ------------------------------------------------------------------------ */

typedef struct Masks {
    u64 delimiter, newline, quote, high;
} Masks;

#if defined(__AVX512BW__) && defined(__AVX512VBMI2__)
static inline Masks
masks_at(const char *p, u8 delimiter, u8 quote)
{
    __m512i v = _mm512_loadu_si512(p);
    return (Masks){
        _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8((char)delimiter)),
        _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\n')),
        _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8((char)quote)),
        _mm512_movepi8_mask(v),
    };
}

static inline u32
mask_emit(u64 m, u32 base, u32 *out)
{
    static const u8 iota[64] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
                                32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
                                48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    u32 n = (u32)__builtin_popcountll(m);
    __m512i at = _mm512_maskz_compress_epi8(m, _mm512_loadu_si512(iota));
    __m512i from = _mm512_set1_epi32((int)base);
#define EMIT_PART(k, part)                                                                         \
    _mm512_storeu_si512(out + 16 * (k), _mm512_add_epi32(from, _mm512_cvtepu8_epi32(part)))
    EMIT_PART(0, _mm512_castsi512_si128(at));
    if (UNLIKELY(n > 16)) {
        EMIT_PART(1, _mm512_extracti32x4_epi32(at, 1));
        EMIT_PART(2, _mm512_extracti32x4_epi32(at, 2));
        EMIT_PART(3, _mm512_extracti32x4_epi32(at, 3));
    }
#undef EMIT_PART
    return n;
}
#else
#if defined(__AVX2__)
static inline u64
mask_eq(__m256i a, __m256i b, char c)
{
    __m256i w = _mm256_set1_epi8(c);
    u64 low = (u32)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, w));
    u64 high = (u32)_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, w));
    return low | high << 32;
}

static inline Masks
masks_at(const char *p, u8 delimiter, u8 quote)
{
    __m256i a = _mm256_loadu_si256((const void *)p);
    __m256i b = _mm256_loadu_si256((const void *)(p + 32));
    u64 low = (u32)_mm256_movemask_epi8(a), high = (u32)_mm256_movemask_epi8(b);
    return (Masks){mask_eq(a, b, (char)delimiter), mask_eq(a, b, '\n'), mask_eq(a, b, (char)quote),
                   low | high << 32};
}
#elif defined(__SSE2__)
static inline Masks
masks_at(const char *p, u8 delimiter, u8 quote)
{
    __m128i d = _mm_set1_epi8((char)delimiter), n = _mm_set1_epi8('\n');
    __m128i q = _mm_set1_epi8((char)quote);
    Masks m = {0, 0, 0, 0};
    for (u32 k = 0; k < 4; k++) {
        __m128i v = _mm_loadu_si128((const void *)(p + 16 * k));
        m.delimiter |= (u64)(u32)_mm_movemask_epi8(_mm_cmpeq_epi8(v, d)) << (16 * k);
        m.newline |= (u64)(u32)_mm_movemask_epi8(_mm_cmpeq_epi8(v, n)) << (16 * k);
        m.quote |= (u64)(u32)_mm_movemask_epi8(_mm_cmpeq_epi8(v, q)) << (16 * k);
        m.high |= (u64)(u32)_mm_movemask_epi8(v) << (16 * k);
    }
    return m;
}
#else
static inline Masks
masks_at(const char *p, u8 delimiter, u8 quote)
{
    Masks m = {0, 0, 0, 0};
    for (u32 k = 0; k < 64; k++) {
        u8 c = (u8)p[k];
        m.delimiter |= (u64)(c == delimiter) << k;
        m.newline |= (u64)(c == '\n') << k;
        m.quote |= (u64)(c == quote) << k;
        m.high |= (u64)(c >> 7) << k;
    }
    return m;
}
#endif

/* Number of the lowest bit; anything when there is none. */
static inline u32
bit_lowest(u64 m)
{
#ifdef __BMI__
    return (u32)_tzcnt_u64(m);
#else
    return (u32)__builtin_ctzll(m | (u64)1 << 63);
#endif
}

/* Writes whole eights: offsets behind the last one are overwritten by the next call. */
static inline u32
mask_emit(u64 m, u32 base, u32 *out)
{
    u32 n = (u32)__builtin_popcountll(m);
    for (u32 k = 0; k < n; k += 8) {
        for (u32 j = 0; j < 8; j++) {
            out[k + j] = base + bit_lowest(m);
            m &= m - 1;
        }
    }
    return n;
}
#endif

static inline u64
prefix_xor(u64 m)
{
#if defined(__PCLMUL__)
    __m128i ones = _mm_set1_epi8(-1);
    return (u64)_mm_cvtsi128_si64(_mm_clmulepi64_si128(_mm_set_epi64x(0, (i64)m), ones, 0));
#else
    for (u32 k = 1; k < 64; k *= 2) m ^= m << k;
    return m;
#endif
}

/* Quote state between blocks: all ones inside quotes; the last byte's masks; and what was seen. */
typedef struct QuoteState {
    u64 inside;
    u64 last_edge;    /* 1: the byte before is a delimiter, line end or quote, or there is none */
    u64 last_closing; /* 1: it is a closing quote */
    u64 odd;          /* not 0: a quote where only csv_index_slow() understands it */
    u64 quotes;       /* not 0: there are some */
    u32 lines;        /* '\n' inside quotes */
} QuoteState;

/* Which of the bytes behind closing quotes are no field's end. */
static u64
closing_odd(const char *p, u64 behind)
{
    u64 odd = behind;
    for (; behind; behind &= behind - 1) {
        u32 k = (u32)__builtin_ctzll(behind);
        odd &= ~((u64)(p[k] == '\r') << k);
    }
    return odd;
}

static inline u64
block_inside(const char *p, const Masks *m, QuoteState *q)
{
    u64 inside = prefix_xor(m->quote) ^ q->inside;
    u64 edge = m->delimiter | m->newline | m->quote;
    u64 opening = m->quote & inside, closing = m->quote & ~inside;
    u64 behind = (closing << 1 | q->last_closing) & ~edge;
    q->odd |= opening & ~(edge << 1 | q->last_edge);
    if (UNLIKELY(behind)) q->odd |= closing_odd(p, behind);
    u64 lines = m->newline & inside;
    if (UNLIKELY(lines)) q->lines += (u32)__builtin_popcountll(lines);
    q->quotes |= m->quote;
    q->inside = (u64)((i64)inside >> 63);
    q->last_closing = closing >> 63;
    return inside;
}

static void
csv_index(const char *data, u32 n, u8 delimiter, i32 quote, u32 *out, CsvIndex *ret)
{
    u32 count = 0, records = 0;
    u64 high = 0;
    QuoteState q = {.last_edge = 1};
    /* Without quotes, compare with the line end: its bits are masked away below. */
    u8 quote_byte = quote < 0 ? (u8)'\n' : (u8)quote;
    u64 quote_mask = quote < 0 ? 0 : ~(u64)0;
    *ret = (CsvIndex){0};
    for (u32 i = 0; i < n; i += 64) {
        Masks m = masks_at(data + i, delimiter, quote_byte);
        m.quote &= quote_mask;
        if (UNLIKELY(n - i < 64)) {
            u64 keep = ((u64)1 << (n - i)) - 1;
            m.delimiter &= keep, m.newline &= keep, m.quote &= keep, m.high &= keep;
        }
        high |= m.high;
        u64 structural = m.delimiter | m.newline, newline = m.newline;
        if (UNLIKELY((m.quote | q.inside | q.last_closing) != 0)) {
            u64 inside = block_inside(data + i, &m, &q);
            structural &= ~inside;
            newline &= ~inside;
        }
        q.last_edge = (m.delimiter | m.newline | m.quote) >> 63;
        records += (u32)__builtin_popcountll(newline);
        count += mask_emit(structural, i, out + count);
    }
    ret->n = count;
    ret->records = records;
    ret->quoted_lines = q.lines;
    ret->not_text = high != 0;
    ret->quotes = q.quotes != 0;
    ret->odd = q.odd != 0;
}

static bool
csv_regular(const char *data, const u32 *at, u32 records, u32 nfields, u32 *ret_crlf)
{
    u32 bad = 0, crlf = 0;
    const u32 *end = at + nfields;
    for (u32 r = 0; r < records; r++, end += nfields) {
        const char *p = data + *end;
        bad |= (u32)(p[0] != '\n');
        crlf += (u32)(p[-1] == '\r');
    }
    *ret_crlf = crlf;
    return !bad;
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* Digits with at most one '.', at most 16 bytes in all. */
typedef struct Digits {
    u64 value;
    u32 fraction; /* digits behind the point */
    bool point;
    bool ok;
} Digits;

#ifdef __SSE4_1__
/* Row d moves the bytes before the point at d one up, over it; byte 0 becomes 0. */
#define SHUFFLE_ROW(d)                                                                             \
    {                                                                                              \
        -128, SHUFFLE_AT(d, 1), SHUFFLE_AT(d, 2), SHUFFLE_AT(d, 3), SHUFFLE_AT(d, 4),              \
            SHUFFLE_AT(d, 5), SHUFFLE_AT(d, 6), SHUFFLE_AT(d, 7), SHUFFLE_AT(d, 8),                \
            SHUFFLE_AT(d, 9), SHUFFLE_AT(d, 10), SHUFFLE_AT(d, 11), SHUFFLE_AT(d, 12),             \
            SHUFFLE_AT(d, 13), SHUFFLE_AT(d, 14), SHUFFLE_AT(d, 15)                                \
    }
#define SHUFFLE_AT(d, i) ((i) <= (d) ? (i)-1 : (i))
static const i8 point_out[16][16] = {
    SHUFFLE_ROW(0),  SHUFFLE_ROW(1),  SHUFFLE_ROW(2),  SHUFFLE_ROW(3),
    SHUFFLE_ROW(4),  SHUFFLE_ROW(5),  SHUFFLE_ROW(6),  SHUFFLE_ROW(7),
    SHUFFLE_ROW(8),  SHUFFLE_ROW(9),  SHUFFLE_ROW(10), SHUFFLE_ROW(11),
    SHUFFLE_ROW(12), SHUFFLE_ROW(13), SHUFFLE_ROW(14), SHUFFLE_ROW(15)};
/* 16 bytes from keep_last + 16 - n keep the last n bytes. */
static const u8 keep_last[32] = {0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
                                 0,    0,    0,    0,    0,    0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/* v: 16 values of one digit each, the first the highest. */
static inline u64
digits_value(__m128i v)
{
    const __m128i tens = _mm_set1_epi16(0x010A);
    const __m128i hundreds = _mm_set1_epi32(0x00010064);
    const __m128i tenthousands = _mm_set1_epi32(0x00012710);
    v = _mm_madd_epi16(_mm_maddubs_epi16(v, tens), hundreds);
    v = _mm_madd_epi16(_mm_packus_epi32(v, v), tenthousands);
    u64 pair = (u64)_mm_cvtsi128_si64(v);
    return (pair & 0xffffffff) * 100000000 + (pair >> 32);
}

static inline Digits
digits_parse(const char *end, u32 len, bool point)
{
    Digits d = {0, 0, false, false};
    if (UNLIKELY(len - 1 >= DIGITS_MAX)) return d;
    __m128i v = _mm_loadu_si128((const void *)(end - 16));
    __m128i keep = _mm_loadu_si128((const void *)(keep_last + len));
    v = _mm_and_si128(_mm_sub_epi8(v, _mm_set1_epi8('0')), keep);
    if (point) {
        __m128i dot = _mm_cmpeq_epi8(v, _mm_set1_epi8((char)('.' - '0')));
        u32 dots = (u32)_mm_movemask_epi8(dot);
        if (LIKELY(dots)) {
            u32 at = (u32)__builtin_ctz(dots);
            v = _mm_shuffle_epi8(v, _mm_loadu_si128((const void *)point_out[at]));
            d.fraction = 15 - at;
            d.point = true;
        }
    }
    __m128i above_nine = _mm_subs_epu8(v, _mm_set1_epi8(9));
    d.ok = _mm_testz_si128(above_nine, above_nine);
    d.value = digits_value(v);
    return d;
}
#else
static inline Digits
digits_parse(const char *end, u32 len, bool point)
{
    Digits d = {0, 0, false, false};
    if (len - 1 >= DIGITS_MAX) return d;
    for (const char *p = end - len; p < end; p++) {
        u32 digit = (u32)(u8)*p - '0';
        if (point && !d.point && *p == '.') {
            d.point = true;
            d.fraction = (u32)(end - p) - 1;
            continue;
        }
        if (digit > 9) return d;
        d.value = d.value * 10 + digit;
    }
    d.ok = true;
    return d;
}
#endif

/* Rows [first, end) of span s one by one: `start`, `end` and `len` of row r. What the loops read of
 * s is copied, because slots may alias it as far as the compiler knows. */
#define EACH_FIELD_IN(s, r, first, end)                                                            \
    const char *const data_ = (s)->data;                                                           \
    const u32 stride_ = (s)->stride, lead_ = (s)->lead, trim_ = (s)->trim, rows_ = (end);          \
    const u32 *at_ = (s)->at + (size_t)(first)*stride_;                                            \
    for (u32 r = (first); r < rows_; r++, at_ += stride_)
#define EACH_FIELD(s, r) EACH_FIELD_IN(s, r, 0, (s)->rows)
#define FIELD()                                                                                    \
    const u32 from_ = at_[0] + lead_, to_ = at_[1] - trim_;                                        \
    const char *start = data_ + from_, *end = data_ + to_;                                         \
    u32 len = to_ - from_
/* A branch: most columns have no odd fields, or nothing else. */
#define FIELD_ODD(r)                                                                               \
    do {                                                                                           \
        to[r] = 0;                                                                                 \
        odd[n++] = (u16)(r);                                                                       \
    } while (0)

/* Is the number, whose first digit is at p, one to JSON too? */
static inline bool
strict_number(const char *p, const char *end)
{
    bool zero = *p == '0' && end - p > 1 && p[1] != '.';
    return !zero && *p != '.' && end[-1] != '.';
}

#ifdef FIELD_QUADS
static inline Quad
quad_of(const CsvSpan *s, u32 row)
{
    Quad q;
    const u32 *at = s->at + (size_t)row * s->stride;
    for (u32 k = 0; k < 4; k++, at += s->stride) {
        u32 from = at[0] + s->lead;
        q.at[k] = s->data + from;
        q.len[k] = at[1] - s->trim - from;
    }
    return q;
}

/* Rows by fours as far as `quad(q)` takes them, by `single(first, end)` the others; the loop's
 * variables are s, to, odd, n. */
#define EACH_QUAD(quad, single)                                                                    \
    u32 r = 0;                                                                                     \
    for (; r + 4 <= s->rows; r += 4) {                                                             \
        Quad q = quad_of(s, r);                                                                    \
        if (UNLIKELY(!(quad))) n = single(s, l, r, r + 4, to, odd, n);                             \
    }                                                                                              \
    return single(s, l, r, s->rows, to, odd, n)
#else
#define EACH_QUAD(quad, single) return single(s, l, 0, s->rows, to, odd, n)
#endif

static u32
i64s_in(const CsvSpan *s, const CsvLoop *l, u32 first, u32 last, i64 *to, u16 *odd, u32 n)
{
    const bool strict = l->strict;
    EACH_FIELD_IN(s, r, first, last)
    {
        FIELD();
        i64 minus = -(i64)(*start == '-');
        Digits d = digits_parse(end, len + (u32)minus, false);
        if (LIKELY(d.ok && (!strict || strict_number(start - minus, end))))
            to[r] = ((i64)d.value ^ minus) - minus;
        else
            FIELD_ODD(r);
    }
    return n;
}

static u32
csv_i64s(const CsvSpan *span, CsvLoop *l, void *out, u16 *odd)
{
    const CsvSpan copy = *span, *s = &copy;
    const bool strict = l->strict;
    i64 *to = out;
    u32 n = 0;
    (void)strict;
    EACH_QUAD(quad_i64s(&q, strict, to + r), i64s_in);
}

static u32
i32s_in(const CsvSpan *s, const CsvLoop *l, u32 first, u32 last, i32 *to, u16 *odd, u32 n)
{
    const bool strict = l->strict;
    EACH_FIELD_IN(s, r, first, last)
    {
        FIELD();
        i64 minus = -(i64)(*start == '-');
        Digits d = digits_parse(end, len + (u32)minus, false);
        bool ok = d.ok && d.value <= INT32_MAX;
        if (LIKELY(ok && (!strict || strict_number(start - minus, end))))
            to[r] = (i32)(((i64)d.value ^ minus) - minus);
        else
            FIELD_ODD(r);
    }
    return n;
}

static u32
csv_i32s(const CsvSpan *span, CsvLoop *l, void *out, u16 *odd)
{
    const CsvSpan copy = *span, *s = &copy;
    const bool strict = l->strict;
    i32 *to = out;
    u32 n = 0;
    (void)strict;
    EACH_QUAD(quad_i32s(&q, strict, to + r), i32s_in);
}

/* And their opposites, for numbers with a minus, so that "-0" becomes -0. */
static const f64 pow10_f64[2][DIGITS_MAX] = {
    {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15},
    {-1e0, -1e1, -1e2, -1e3, -1e4, -1e5, -1e6, -1e7, -1e8, -1e9, -1e10, -1e11, -1e12, -1e13, -1e14,
     -1e15}};

/* A point leaves 15 digits at most, which are below 2^53. */
static u32
f64s_in(const CsvSpan *s, const CsvLoop *l, u32 first, u32 last, f64 *to, u16 *odd, u32 n)
{
    const bool strict = l->strict;
    EACH_FIELD_IN(s, r, first, last)
    {
        FIELD();
        u32 minus = *start == '-';
        Digits d = digits_parse(end, len - minus, true);
        bool ok = d.ok && (d.point ? len - minus > 1 : d.value <= (u64)1 << 53);
        if (LIKELY(ok && (!strict || strict_number(start + minus, end))))
            to[r] = (f64)(i64)d.value / pow10_f64[minus][d.fraction];
        else
            FIELD_ODD(r);
    }
    return n;
}

static u32
csv_f64s(const CsvSpan *span, CsvLoop *l, void *out, u16 *odd)
{
    const CsvSpan copy = *span, *s = &copy;
    const bool strict = l->strict;
    f64 *to = out;
    u32 n = 0;
    (void)strict;
#ifdef FIELD_QUADS
    QuadPoints points = QUAD_POINTS;
#endif
    EACH_QUAD(quad_f64s(&q, strict, &points, to + r), f64s_in);
}

/* Powers up to 10^10 are exact in a float. */
static u32
csv_f32s(const CsvSpan *s, CsvLoop *l, void *out, u16 *odd)
{
    f32 *to = out;
    u32 n = 0;
    EACH_FIELD(s, r)
    {
        FIELD();
        u32 minus = *start == '-';
        Digits d = digits_parse(end, len - minus, true);
        bool exact = d.value <= (u64)1 << 24 && d.fraction <= 10;
        exact = exact && len - minus > d.point;
        if (LIKELY(d.ok && exact && (!l->strict || strict_number(start + minus, end))))
            to[r] = (f32)(i64)d.value / (f32)pow10_f64[minus][d.fraction];
        else
            FIELD_ODD(r);
    }
    return n;
}

static u32
csv_decimals(const CsvSpan *s, CsvLoop *l, void *out, u16 *odd)
{
    i128 *to = out;
    const i128 limit = l->limit;
    const u32 scale = l->scale;
    u32 n = 0;
    EACH_FIELD(s, r)
    {
        FIELD();
        bool minus = *start == '-';
        Digits d = digits_parse(end, len - minus, true);
        u32 up = scale - d.fraction; /* wraps when the text has more digits */
        i128 v = up < DIGITS_MAX + 3 ? (i128)d.value * decimal_pow10[up] : limit;
        if (LIKELY(d.ok && v < limit && len - minus > d.point))
            to[r] = minus ? -v : v;
        else
            FIELD_ODD(r);
    }
    return n;
}

static u32
csv_bools(const CsvSpan *s, CsvLoop *l, void *out, u16 *odd)
{
    (void)l;
    u8 *to = out;
    u32 n = 0;
    EACH_FIELD(s, r)
    {
        FIELD();
        (void)end;
        u64 v = load_u64(start) | 0x2020202020202020u;
        bool yes = len == 4 && (u32)v == 0x65757274;              /* "true" */
        bool no = len == 5 && (v & 0xffffffffff) == 0x65736c6166; /* "false" */
        to[r] = yes;
        odd[n] = (u16)r;
        n += !(yes | no);
    }
    return n;
}

/* ---- times ----------------------------------------------------------------------------------- */

/* Two digits at p, 100 or more if they are none. */
static inline u32
two_digits(const char *p)
{
    u32 tens = (u32)(u8)p[0] - '0', ones = (u32)(u8)p[1] - '0';
    return tens > 9 || ones > 9 ? 100 : tens * 10 + ones;
}

/* Days since 1970-01-01 of a civil date (Hinnant, "chrono-compatible low-level date algorithms");
 * INT32_MIN if "yyyy-MM-dd" at p is no date of the years 1 to 9999. */
static i32
day_parse(const char *p)
{
    u32 century = two_digits(p), rest = two_digits(p + 2);
    u32 month = two_digits(p + 5), day = two_digits(p + 8);
    if (century > 99 || rest > 99) return INT32_MIN;
    u32 year = century * 100 + rest;
    static const u8 days_in[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (p[4] != '-' || p[7] != '-' || year == 0 || month - 1 > 11) return INT32_MIN;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (day == 0 || day > days_in[month - 1] + (u32)(leap && month == 2)) return INT32_MIN;
    year -= month <= 2;
    u32 era = year / 400, of_era = year - era * 400;
    u32 doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    u32 doe = of_era * 365 + of_era / 4 - of_era / 100 + doy;
    return (i32)(era * 146097 + doe) - 719468;
}

static u32
csv_dates(const CsvSpan *s, CsvLoop *l, void *out, u16 *odd)
{
    i32 *to = out;
    u32 n = 0;
    u64 first = load_u64(l->minute);
    u16 last;
    memcpy(&last, l->minute + 8, 2);
    i32 days = l->minute_days;
    EACH_FIELD(s, r)
    {
        FIELD();
        (void)end;
        u16 tail;
        memcpy(&tail, start + 8, 2);
        bool ok = len == 10;
        if (ok && (load_u64(start) != first || tail != last)) {
            i32 v = day_parse(start);
            ok = v != INT32_MIN;
            if (ok) {
                memcpy(l->minute, start, 10);
                first = load_u64(start);
                last = tail;
                days = v;
            }
        }
        to[r] = ok ? days : 0;
        odd[n] = (u16)r;
        n += !ok;
    }
    l->minute_days = days;
    return n;
}

/* "yyyy-MM-dd HH:mm" at p: microseconds since 1970 into l->minute_us; false if it is none. The
 * cache always holds a well-formed text with its value, or a comparison would let nonsense in. */
static __attribute__((noinline)) bool
minute_parse(CsvLoop *l, const char *p)
{
    i32 days = l->minute_days;
    if (memcmp(l->minute, p, 10) != 0) days = day_parse(p);
    u32 hour = two_digits(p + 11), minute = two_digits(p + 14);
    if (days == INT32_MIN || (p[10] != ' ' && p[10] != 'T') || p[13] != ':') return false;
    if (hour > 23 || minute > 59) return false;
    memcpy(l->minute, p, 16);
    l->minute_days = days;
    l->minute_us = ((i64)days * 1440 + hour * 60 + minute) * 60000000;
    return true;
}

/* "m:ss.SSS" in v (first byte lowest), the m ignored. */
static inline bool
millis_parse(u64 v, u32 *ret_ms)
{
    v = (v ^ 0x3030302E30303A00u) & 0xffffffffffffff00u; /* digits 0..9, marks 0 */
    bool ok = (((v + 0x06060600060A0000u) | v) & 0xf0f0f0fff0f0ff00u) == 0;
    v = (v * 2561 >> 8) & 0x00ff00ff00ff00ffu; /* 0, ss, 0S, SS */
    *ret_ms = (u32)(v * (((u64)1000 << 32) + (100 << 16) + 1) >> 48);
    return ok;
}

/* The part behind the minute: ":ss", ":ss.SSS" or ":ss.SSSSSS"; -1 if it is something else, or
 * finer than the type. */
static i64
seconds_parse(const char *p, u32 len, u32 scale)
{
    if (len == 19) {
        u32 s = p[16] == ':' ? two_digits(p + 17) : 100;
        return s < 60 ? (i64)s * 1000000 : -1;
    }
    u32 ms;
    if ((len != 23 || scale < 3) && (len != 26 || scale < 6)) return -1;
    if (!millis_parse(load_u64(p + 15), &ms)) return -1;
    if (len == 23) return (i64)ms * 1000;
    u32 hundreds = (u32)(u8)p[23] - '0', rest = two_digits(p + 24);
    if (hundreds > 9 || rest > 99) return -1;
    return (i64)ms * 1000 + hundreds * 100 + rest;
}

/* Another minute, or not with milliseconds. */
static __attribute__((noinline)) bool
timestamp_other(CsvLoop *l, const char *start, u32 len, i64 *ret_us)
{
    i64 us = seconds_parse(start, len, l->scale);
    if (us < 0 || (l->zoned && start[len] != 'Z')) return false;
    if (memcmp(l->minute, start, 16) != 0 && !minute_parse(l, start)) return false;
    *ret_us = l->minute_us + us;
    return true;
}

static u32
timestamps_in(const CsvSpan *s, CsvLoop *l, u32 first_row, u32 last_row, i64 *to, u16 *odd, u32 n)
{
    const u32 zone = l->zoned, likely_len = l->scale < 3 ? UINT32_MAX : 23 + zone;
    const bool quoted = l->in_quotes;
    u64 first = load_u64(l->minute), second = load_u64(l->minute + 8);
    i64 minute_us = l->minute_us;
    EACH_FIELD_IN(s, r, first_row, last_row)
    {
        FIELD();
        (void)end;
        u32 ms;
        u64 differs = (load_u64(start) ^ first) | (load_u64(start + 8) ^ second);
        bool ok = millis_parse(load_u64(start + 15), &ms) && len == likely_len && differs == 0;
        /* Not end[-1]: a JSON field that is missing ends before it starts. */
        bool framed = (!zone || start[23] == 'Z') && (!quoted || start[-1] == '"');
        if (LIKELY(ok && framed)) {
            to[r] = minute_us + (i64)ms * 1000;
            continue;
        }
        if ((quoted && start[-1] != '"') || !timestamp_other(l, start, len - zone, &to[r]))
            FIELD_ODD(r);
        first = load_u64(l->minute);
        second = load_u64(l->minute + 8);
        minute_us = l->minute_us;
    }
    return n;
}

#ifdef FIELD_QUADS
/* A zone's Z and quotes where they belong, the usual length. */
static inline bool
quad_framed(const Quad *q, u32 len, bool zoned, bool quoted)
{
    bool other = false;
    for (u32 k = 0; k < 4; k++) {
        other |= q->len[k] != len;
        if (zoned) other |= q->at[k][23] != 'Z';
        if (quoted) other |= q->at[k][-1] != '"';
    }
    return !other;
}
#endif

static u32
csv_timestamps(const CsvSpan *span, CsvLoop *l, void *out, u16 *odd)
{
    const CsvSpan copy = *span, *s = &copy;
    i64 *to = out;
    u32 n = 0;
#ifdef FIELD_QUADS
    const bool zoned = l->zoned, quoted = l->in_quotes;
    const u32 len = l->scale < 3 ? UINT32_MAX : 23 + (u32)zoned;
#define MINUTE _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)l->minute))
#endif
    EACH_QUAD(quad_framed(&q, len, zoned, quoted) &&
                  quad_timestamps(&q, MINUTE, _mm256_set1_epi64x(l->minute_us), to + r),
              timestamps_in);
#undef MINUTE
}

/* ---- text ------------------------------------------------------------------------------------ */

/* Is the field, which starts with a quote, one quote, up to 16 other bytes, one quote? */
static inline bool
quoted_simply(const char *start, u32 len, i32 quote)
{
#ifdef __SSE4_1__
    if (len - 2 > 16 || (u8)start[len - 1] != quote) return false;
    __m128i v = _mm_loadu_si128((const void *)(start + 1));
    u32 quotes = (u32)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8((char)quote)));
    return (quotes & ((1u << (len - 2)) - 1)) == 0;
#else
    (void)start, (void)len, (void)quote;
    return false;
#endif
}

static u32
csv_texts(const CsvSpan *s, CsvLoop *l, void *out, u16 *odd)
{
    StrView *to = out;
    u32 n = 0;
    const i32 quote = l->quote;
    const bool simple = !l->keep_quoted;
    EACH_FIELD(s, r)
    {
        FIELD();
        (void)end;
        bool quoted = (u8)*start == quote;
        if (quoted && simple && quoted_simply(start, len, quote)) {
            quoted = false;
            start++;
            len -= 2;
        }
        len = quoted ? 0 : len;
#ifdef __SSE4_1__
        /* Bytes before the field stand where the length goes. */
        static const u8 keep_text[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
        u32 kept = MIN(len, STRVIEW_INLINE);
        __m128i v = _mm_loadu_si128((const void *)(start - 4));
        v = _mm_and_si128(v, _mm_loadu_si128((const void *)(keep_text + STRVIEW_INLINE - kept)));
        _mm_storeu_si128((void *)&to[r], _mm_insert_epi32(v, (int)len, 0));
        if (UNLIKELY(len > STRVIEW_INLINE)) to[r].ptr = start;
#else
        to[r] = strview_make(start, len);
#endif
        odd[n] = (u16)r;
        n += quoted;
    }
    return n;
}

extern const CsvKernels CPU_SYMBOL(csv_kernels);
const CsvKernels CPU_SYMBOL(csv_kernels) = {
    .index = csv_index,
    .regular = csv_regular,
    .i64s = csv_i64s,
    .i32s = csv_i32s,
    .f64s = csv_f64s,
    .f32s = csv_f32s,
    .decimals = csv_decimals,
    .bools = csv_bools,
    .dates = csv_dates,
    .timestamps = csv_timestamps,
    .texts = csv_texts,
};
