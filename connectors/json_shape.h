/* json_shape.h - what the last lines looked like, so that the next one need not be searched.
 *
 * A shape is a line's sequence of punctuation and its keys. A line with the same sequence and, at
 * the same places in it, the same keys has its wanted values at the same places, so finding them
 * costs one look into the index each. The fewest comparisons that prove "the same keys" are
 * learned as pieces of eight masked bytes. (The idea: PERFORMANCE 3.1.) */
#pragma once
#include "connectors/json_index.h"
#include "connectors/json_scan.h"

enum {
    SHAPE_KINDS_MAX = 128, /* of punctuation in a line; longer lines go the general way */
    SHAPE_PIECES_MAX = 160,
    SHAPES_MAX = 4,
};

/* The eight bytes at `offset` behind the mark number `mark` of the line, as far as mask goes. */
typedef struct ShapePiece {
    u64 want, mask;
    u32 mark, offset;
} ShapePiece;

/* Where a value is: from `offset` bytes behind mark `from` (and a white space) to mark `to`, with
 * `end` of its bytes. */
typedef struct ShapeValue {
    u8 from, offset, to, end;
    bool missing;
} ShapeValue;

typedef struct JsonShape {
    u32 nkinds; /* with the line end */
    u32 npieces;
    _Alignas(8) u8 kind[SHAPE_KINDS_MAX + 8];
    u64 last_mask; /* of the last eight kinds */
    ShapePiece piece[SHAPE_PIECES_MAX];
    ShapeValue *value; /* scan->nvalues */
} JsonShape;

/* Learn the line whose marks are ix->at[from .. to], the last being its '\n'; text is the window's.
 * False if it has no shape worth keeping (too long, not JSON as far as can be seen, escaped or
 * repeated keys). shape->value must have room. */
bool shape_learn(JsonShape *shape, const JsonScan *scan, const char *text, const JsonIndex *ix,
                 u32 from, u32 to);

/* Has the line that begins with mark `from` this shape? Says nothing about odd blocks. */
static inline bool
shape_fits(const JsonShape *shape, const char *text, const JsonIndex *ix, u32 from)
{
    if (from + shape->nkinds > ix->n) return false;
    const u8 *kind = ix->kind + from;
    u64 differs = 0;
    u32 i = 0;
    for (; i + 8 < shape->nkinds; i += 8)
        differs |= load8((const char *)kind + i) ^ load8((const char *)shape->kind + i);
    u64 last = load8((const char *)kind + i) ^ load8((const char *)shape->kind + i);
    differs |= last & shape->last_mask;
    if (differs) return false;
    const u16 *at = ix->at + from;
    for (u32 k = 0; k < shape->npieces; k++) {
        const ShapePiece *p = &shape->piece[k];
        differs |= (load8(text + at[p->mark] + p->offset) ^ p->want) & p->mask;
    }
    return differs == 0;
}

/* The tokens of such a line for row `row`. */
static inline void
shape_tokens(const JsonShape *shape, u32 nvalues, const char *text, const JsonIndex *ix, u32 from,
             u32 base, u32 flags, JsonToken *tokens, u32 stride)
{
    const u16 *at = ix->at + from;
    for (u32 v = 0; v < nvalues; v++, tokens += stride) {
        ShapeValue s = shape->value[v];
        if (UNLIKELY(s.missing)) {
            *tokens = (JsonToken){0, 0};
            continue;
        }
        u32 start = at[s.from] + s.offset;
        start += text[start] == ' ';
        u32 end = at[s.to] + s.end;
        *tokens = (JsonToken){base + start, (base + end) | flags};
    }
}
