/* row_layout.h - how one row of a group table lies in memory.
 *
 *     | hash u64 | key words ...          | null bits u64 | aggregate states ... |
 *     0          8                        ^ only if a key may be NULL
 *
 * A key column takes one 8-byte word (integers, floating point, dates and times, BOOLEAN), or two
 * (DECIMAL, text). Equal keys have equal words, but for texts longer than 12 bytes, whose second
 * word is a pointer. -0.0 is stored as 0.0 and every NaN as one NaN, so that they group. */
#pragma once
#include "planner/plan.h"

typedef struct KeyColumn {
    Type type;
    u32 col;  /* of the input */
    u32 word; /* offset of its first word inside the key words */
} KeyColumn;

typedef struct RowLayout {
    KeyColumn *keys;
    u32 nkeys;
    u32 key_words; /* null bits included */
    u32 null_word; /* index of the null bits; UINT32_MAX: none */
    bool has_text;
    u32 naggs;
    u32 *agg_at; /* offset of each aggregate's state in the row */
    u32 row_bytes;
} RowLayout;

enum { ROW_HASH_AT = 0, ROW_KEYS_AT = 8, ROW_KEYS_MAX = 64 };

/* types: of the input's columns. state_bytes: per aggregate. Lives in the arena. */
RowLayout *row_layout_new(Arena *a, const Schema *input, const u32 *keys, u32 nkeys,
                          const u32 *state_bytes, u32 naggs);
