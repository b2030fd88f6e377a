/* json_index.c - the index pass of json_index.h, compiled once per processor level.
 *
 * Each block of 64 bytes becomes a few 64-bit masks, one bit a byte; everything after that is the
 * same for all levels, but the way from masks to positions. */
#include "connectors/json_index.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* What a byte is outside of texts, one bit each. Nibble tables (class_low, class_high) also put '*'
 * and '<' among the separators; no shape knows such a mark, so lines with them are walked. */
enum {
    CLASS_QUOTE = 1,
    CLASS_OPEN = 2,
    CLASS_CLOSE = 4,
    CLASS_SEPARATOR = 8,
    CLASS_NEWLINE = 16,
    CLASS_SPACE = 32,
    CLASS_RETURN = 64,
    CLASS_SCALAR = 128,
    CLASS_MARK = CLASS_OPEN | CLASS_CLOSE | CLASS_SEPARATOR | CLASS_NEWLINE,
    /* What may follow each. A quote in front is a closing one, a quote behind an opening one. */
    AFTER_QUOTE = CLASS_CLOSE | CLASS_SEPARATOR | CLASS_NEWLINE | CLASS_RETURN,
    AFTER_SPACE = CLASS_QUOTE | CLASS_SCALAR | CLASS_OPEN,
    AFTER_SEPARATOR = AFTER_SPACE | CLASS_SPACE,
    AFTER_OPEN = AFTER_SEPARATOR | CLASS_CLOSE,
    AFTER_CLOSE = AFTER_QUOTE,
    AFTER_NEWLINE = AFTER_SEPARATOR | CLASS_NEWLINE,
    AFTER_RETURN = CLASS_NEWLINE,
    AFTER_SCALAR = AFTER_QUOTE | CLASS_SCALAR,
};

/* A block as masks, one bit a byte, before it is known which bytes lie within texts. */
typedef struct Bytes {
    u64 quote, backslash;
    u64 mark;    /* punctuation */
    u64 control; /* below 0x20 */
    u64 high;    /* above 127 */
    u64 clash;   /* may not follow the byte before it, if that and this lie outside of texts */
} Bytes;

#if defined(__AVX512VBMI__)

/* clang-format off */
#define S CLASS_SCALAR
#define S8 S, S, S, S, S, S, S, S
_Alignas(64) static const u8 class_of[128] = {
    S8, S, S, CLASS_NEWLINE, S, S, CLASS_RETURN, S, S, S8, S8,
    CLASS_SPACE, S, CLASS_QUOTE, S, S, S, S, S, S, S, S, S, CLASS_SEPARATOR, S, S, S,
    S8, S, S, CLASS_SEPARATOR, S, S, S, S, S,
    S8, S8, S8, S, S, S, CLASS_OPEN, S, CLASS_CLOSE, S, S,
    S8, S8, S8, S, S, S, CLASS_OPEN, S, CLASS_CLOSE, S, S,
};
#undef S
#undef S8
#define A AFTER_SCALAR
#define A8 A, A, A, A, A, A, A, A
_Alignas(64) static const u8 after[128] = {
    A8, A, A, AFTER_NEWLINE, A, A, AFTER_RETURN, A, A, A8, A8,
    AFTER_SPACE, A, AFTER_QUOTE, A, A, A, A, A, A, A, A, A, AFTER_SEPARATOR, A, A, A,
    A8, A, A, AFTER_SEPARATOR, A, A, A, A, A,
    A8, A8, A8, A, A, A, AFTER_OPEN, A, AFTER_CLOSE, A, A,
    A8, A8, A8, A, A, A, AFTER_OPEN, A, AFTER_CLOSE, A, A,
};
#undef A
#undef A8
/* clang-format on */

static inline Bytes
bytes_of(const char *p)
{
    /* A look-up takes seven bits of a byte: bytes above 127 go as 127, a scalar. */
    const __m512i x7f = _mm512_set1_epi8(0x7F);
    __m512i v = _mm512_loadu_si512(p), low = _mm512_min_epu8(v, x7f);
    __m512i before = _mm512_min_epu8(_mm512_loadu_si512(p - 1), x7f);
    __m512i class = _mm512_permutex2var_epi8(_mm512_load_si512(class_of), low,
                                             _mm512_load_si512(class_of + 64));
    __m512i allowed =
        _mm512_permutex2var_epi8(_mm512_load_si512(after), before, _mm512_load_si512(after + 64));
    return (Bytes){
        .quote = _mm512_test_epi8_mask(class, _mm512_set1_epi8(CLASS_QUOTE)),
        .backslash = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\')),
        .mark = _mm512_test_epi8_mask(class, _mm512_set1_epi8(CLASS_MARK)),
        .control = _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(0x20)),
        .high = _mm512_movepi8_mask(v),
        .clash = _mm512_testn_epi8_mask(class, allowed),
    };
}

#elif defined(__SSSE3__)

/* Class = class_low[low nibble] & class_high[high nibble], scalar if that is none. */
/* clang-format off */
static const u8 class_low[16] = {
    CLASS_SPACE, 0, CLASS_QUOTE, 0, 0, 0, 0, 0, 0, 0, CLASS_NEWLINE | CLASS_SEPARATOR, CLASS_OPEN,
    CLASS_SEPARATOR, CLASS_CLOSE | CLASS_RETURN, 0, 0,
};
static const u8 class_high[16] = {
    CLASS_NEWLINE | CLASS_RETURN, 0, CLASS_QUOTE | CLASS_SPACE | CLASS_SEPARATOR, CLASS_SEPARATOR,
    0, CLASS_OPEN | CLASS_CLOSE, 0, CLASS_OPEN | CLASS_CLOSE,
};
/* clang-format on */
/* What may follow a class, by its low and by its high nibble: one of them is 0. */
static const u8 after_low[16] = {0, AFTER_QUOTE, AFTER_OPEN,     0, AFTER_CLOSE, 0,
                                 0, 0,           AFTER_SEPARATOR};
static const u8 after_high[16] = {0, AFTER_NEWLINE, AFTER_SPACE, 0, AFTER_RETURN, 0, 0,
                                  0, AFTER_SCALAR};

#if defined(__AVX2__)
typedef __m256i Lanes;
enum { LANES = 32 };
#define lanes_table(t)                                                                             \
    _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)(t)))
#define lanes_load(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define lanes_of(c) _mm256_set1_epi8((char)(c))
#define lanes_look(table, index) _mm256_shuffle_epi8(table, index)
#define lanes_and(a, b) _mm256_and_si256(a, b)
#define lanes_or(a, b) _mm256_or_si256(a, b)
#define lanes_eq(a, b) _mm256_cmpeq_epi8(a, b)
#define lanes_min(a, b) _mm256_min_epu8(a, b)
#define lanes_high_nibble(a) _mm256_and_si256(_mm256_srli_epi16(a, 4), _mm256_set1_epi8(15))
#define lanes_mask(a) ((u64)(u32)_mm256_movemask_epi8(a))
#else
typedef __m128i Lanes;
enum { LANES = 16 };
#define lanes_table(t) _mm_loadu_si128((const __m128i *)(const void *)(t))
#define lanes_load(p) _mm_loadu_si128((const __m128i *)(const void *)(p))
#define lanes_of(c) _mm_set1_epi8((char)(c))
#define lanes_look(table, index) _mm_shuffle_epi8(table, index)
#define lanes_and(a, b) _mm_and_si128(a, b)
#define lanes_or(a, b) _mm_or_si128(a, b)
#define lanes_eq(a, b) _mm_cmpeq_epi8(a, b)
#define lanes_min(a, b) _mm_min_epu8(a, b)
#define lanes_high_nibble(a) _mm_and_si128(_mm_srli_epi16(a, 4), _mm_set1_epi8(15))
#define lanes_mask(a) ((u64)(u32)_mm_movemask_epi8(a))
#endif

static inline Lanes
lanes_class(Lanes v)
{
    /* A byte above 127 looks up 0 in the low table: scalar. */
    Lanes low = lanes_look(lanes_table(class_low), v);
    Lanes class = lanes_and(low, lanes_look(lanes_table(class_high), lanes_high_nibble(v)));
    return lanes_or(class, lanes_and(lanes_eq(class, lanes_of(0)), lanes_of(CLASS_SCALAR)));
}

static inline Bytes
bytes_of(const char *p)
{
    Bytes r = {0};
    const Lanes zero = lanes_of(0), x1f = lanes_of(0x1F);
    for (u32 i = 0; i < 64; i += LANES) {
        Lanes v = lanes_load(p + i), class = lanes_class(v);
        Lanes before = lanes_class(lanes_load(p + i - 1));
        Lanes allowed =
            lanes_or(lanes_look(lanes_table(after_low), lanes_and(before, lanes_of(15))),
                     lanes_look(lanes_table(after_high), lanes_high_nibble(before)));
        r.quote |= lanes_mask(lanes_eq(v, lanes_of('"'))) << i;
        r.backslash |= lanes_mask(lanes_eq(v, lanes_of('\\'))) << i;
        Lanes plain = lanes_eq(lanes_and(class, lanes_of(CLASS_MARK)), zero);
        r.mark |= (lanes_mask(plain) ^ (((u64)1 << LANES) - 1)) << i;
        r.control |= lanes_mask(lanes_eq(lanes_min(v, x1f), v)) << i;
        r.high |= lanes_mask(v) << i;
        r.clash |= lanes_mask(lanes_eq(lanes_and(class, allowed), zero)) << i;
    }
    return r;
}

#else

static u8
byte_class(u8 c)
{
    switch (c) {
    case '"':
        return CLASS_QUOTE;
    case '{':
    case '[':
        return CLASS_OPEN;
    case '}':
    case ']':
        return CLASS_CLOSE;
    case ':':
    case ',':
        return CLASS_SEPARATOR;
    case '\n':
        return CLASS_NEWLINE;
    case ' ':
        return CLASS_SPACE;
    case '\r':
        return CLASS_RETURN;
    default:
        return CLASS_SCALAR;
    }
}

static inline Bytes
bytes_of(const char *p)
{
    static const u8 after[8] = {AFTER_QUOTE,   AFTER_OPEN,  AFTER_CLOSE,  AFTER_SEPARATOR,
                                AFTER_NEWLINE, AFTER_SPACE, AFTER_RETURN, AFTER_SCALAR};
    Bytes r = {0};
    u8 before = byte_class((u8)p[-1]);
    for (u32 i = 0; i < 64; i++) {
        u64 bit = (u64)1 << i;
        u8 c = (u8)p[i], class = byte_class(c);
        if (class == CLASS_QUOTE) r.quote |= bit;
        if (c == '\\') r.backslash |= bit;
        if (class & CLASS_MARK) r.mark |= bit;
        if (c < 0x20) r.control |= bit;
        if (c > 0x7F) r.high |= bit;
        if (!(class & after[__builtin_ctz(before)])) r.clash |= bit;
        before = class;
    }
    return r;
}

#endif

/* Bit i of the result: an odd number of set bits in m up to and including i. */
static inline u64
prefix_xor(u64 m)
{
#if defined(__PCLMUL__)
    __m128i ones = _mm_set1_epi8(-1);
    return (u64)_mm_cvtsi128_si64(_mm_clmulepi64_si128(_mm_set_epi64x(0, (i64)m), ones, 0));
#else
    for (u32 i = 1; i < 64; i *= 2) m ^= m << i;
    return m;
#endif
}

/* The bytes that a backslash in front makes ordinary. Backslashes are rare, so a loop will do. */
static inline u64
escaped_bytes(u64 backslash, u64 *carry)
{
    u64 escaped = *carry;
    *carry = 0;
    if (LIKELY(!backslash)) return escaped;
    u64 escapers = backslash & ~escaped;
    while (escapers) {
        u64 at = escapers & -escapers;
        if (at >> 63) *carry = 1;
        escaped |= at << 1;
        escapers &= ~(at | at << 1);
    }
    return escaped;
}

/* Positions and bytes of the set bits of m go to at and kind; returns how many. */
static inline u32
marks_put(u64 m, const char *p, u32 base, u16 *at, u8 *kind)
{
    u32 count = (u32)__builtin_popcountll(m);
#if defined(__AVX512VBMI2__)
    const __m512i iota = _mm512_set_epi8(
        63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41,
        40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18,
        17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    __m512i offset = _mm512_maskz_compress_epi8(m, iota), first = _mm512_set1_epi16((i16)base);
    _mm512_storeu_si512(kind, _mm512_maskz_compress_epi8(m, _mm512_loadu_si512(p)));
    __m256i low = _mm512_castsi512_si256(offset), high = _mm512_extracti64x4_epi64(offset, 1);
    _mm512_storeu_si512(at, _mm512_add_epi16(first, _mm512_cvtepu8_epi16(low)));
    if (UNLIKELY(count > 32))
        _mm512_storeu_si512(at + 32, _mm512_add_epi16(first, _mm512_cvtepu8_epi16(high)));
#else
    /* Four at a time: what is written behind the last one is overwritten later. */
    for (u32 n = 0; n < count; n += 4) {
        for (u32 k = 0; k < 4; k++) {
            u32 i = m ? (u32)__builtin_ctzll(m) : 0;
            at[n + k] = (u16)(base + i);
            kind[n + k] = (u8)p[i];
            m &= m - 1;
        }
    }
#endif
    return count;
}

static void
index_run(const char *text, u32 len, JsonIndex *ix)
{
    assert(len > 0 && len <= JSON_WINDOW && text[len - 1] == '\n');
    u64 escape = 0, in_text = 0; /* of the block before: all ones if a text goes on */
    u64 odd_any = 0, escapes = 0, high = 0;
    u32 n = 0;
    bool run_over = false;
    for (u32 base = 0; base < len; base += 64) {
        const char *p = text + base;
        u64 within = len - base >= 64 ? ~(u64)0 : ((u64)1 << (len - base)) - 1;
        Bytes b = bytes_of(p);
        u64 quote = b.quote & within & ~escaped_bytes(b.backslash, &escape);
        u64 inside = prefix_xor(quote) ^ in_text; /* an opening quote is in, a closing one out */
        in_text = (u64)((i64)inside >> 63);
        u64 mark = b.mark & ~inside & within;
        /* Where this byte and the one before are no text: quotes count with what lies outside. */
        u64 outside = ~(inside ^ quote);
        if (base == 0) b.clash &= ~(u64)1; /* the byte before is no matter */
        u64 odd = (b.clash & outside) | (b.high & ~inside);
        u64 control = b.control & ~mark;
        if (UNLIKELY(control & within)) {
            /* Only a return in front of the line end is none. */
            u64 newline = mark & b.control;
            odd |= control & (inside | ~(newline >> 1));
            run_over |= (b.control & b.mark & inside & within) != 0;
        }
        odd &= within;
        ix->odd[base / 64] = odd != 0;
        odd_any |= odd;
        escapes |= b.backslash & within;
        high |= b.high & within;
        n += marks_put(mark, p, base, ix->at + n, ix->kind + n);
    }
    ix->n = n;
    ix->odd_any = odd_any != 0;
    ix->escapes = escapes != 0;
    ix->not_ascii = high != 0;
    ix->run_over = run_over;
}

/* Counted in bytes side by side, which compilers turn into vectors, and summed before they run
 * over. */
static u32
lines_count(const char *text, size_t len)
{
    enum { SIDE = 64, ROUNDS = 255 };
    u32 lines = 0;
    size_t at = 0;
    while (len - at >= SIDE) {
        u8 count[SIDE] = {0};
        size_t rounds = MIN((len - at) / SIDE, (size_t)ROUNDS);
        for (size_t r = 0; r < rounds; r++, at += SIDE)
            for (u32 k = 0; k < SIDE; k++) count[k] = (u8)(count[k] + (text[at + k] == '\n'));
        for (u32 k = 0; k < SIDE; k++) lines += count[k];
    }
    for (; at < len; at++) lines += text[at] == '\n';
    return lines;
}

extern const JsonIndexer CPU_SYMBOL(json_indexer);
const JsonIndexer CPU_SYMBOL(json_indexer) = {index_run, lines_count};
