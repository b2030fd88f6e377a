/* json_lines.c - the loops of json_lines.h, compiled once per processor level. */
#include "connectors/json_lines.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

static u32
lines_match(const JsonShape *shape, const JsonIndex *ix, u32 max, JsonLines *l)
{
    const char *text = l->text;
    const u32 nvalues = l->nvalues, stride = l->stride, base = l->base;
    const u32 flags = ix->escapes ? JSON_TOKEN_ESCAPED : 0;
    u32 mark = l->mark, from = l->from, n = 0;
    for (; n < max && mark < ix->n; n++) {
        if (UNLIKELY(!shape_fits(shape, text, ix, mark))) break;
        u32 last = mark + shape->nkinds - 1, to = ix->at[last];
        if (UNLIKELY(ix->odd_any && blocks_odd(ix, from, to + 1))) break;
        shape_tokens(shape, nvalues, text, ix, mark, base, flags, l->tokens + n, stride);
        l->line_at[n] = base + from;
        mark = last + 1;
        from = to + 1;
    }
    l->mark = mark;
    l->from = from;
    return n;
}

static u32
lines_texts(const CsvSpan *s, CsvLoop *loop, void *out, u16 *odd)
{
    const char *const data = s->data;
    const u32 *at = s->at;
    const u32 rows = s->rows, stride = s->stride, lead = s->lead, trim = s->trim;
    StrView *to = out;
    u32 n = 0;
    (void)loop;
    for (u32 r = 0; r < rows; r++, at += stride) {
        const char *start = data + at[0] + lead;
        u32 len = (at[1] & ~JSON_TOKEN_ESCAPED) - trim - (at[0] + lead);
        bool other = start[-1] != '"' || (i32)len < 0;
        if (UNLIKELY((at[1] & JSON_TOKEN_ESCAPED) && !other)) other = memchr(start, '\\', len);
        len = other ? 0 : len;
#ifdef __SSE4_1__
        /* Bytes before the text stand where the length goes. */
        static const u8 keep_text[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
        u32 kept = MIN(len, STRVIEW_INLINE);
        __m128i v = _mm_loadu_si128((const void *)(start - 4));
        v = _mm_and_si128(v, _mm_loadu_si128((const void *)(keep_text + STRVIEW_INLINE - kept)));
        _mm_storeu_si128((void *)&to[r], _mm_insert_epi32(v, (i32)len, 0));
        if (UNLIKELY(len > STRVIEW_INLINE)) to[r].ptr = start;
#else
        to[r] = strview_make(start, len);
#endif
        odd[n] = (u16)r;
        n += other;
    }
    return n;
}

extern const JsonLoops CPU_SYMBOL(json_loops);
const JsonLoops CPU_SYMBOL(json_loops) = {lines_match, lines_texts};
