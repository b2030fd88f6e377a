/* row_layout.h - how one row of a group table lies in memory.
 *
 *     | hash u64 | key words ... | null bits u64 | aggregate states ... | room of the user |
 *     ^ only with text keys      ^ only if a key may be NULL            ^ row_layout_add()
 *
 * A key column takes one 8-byte word (integers, floating point, dates and times, BOOLEAN), or two
 * (DECIMAL, text). Equal keys have equal words, but for texts longer than 12 bytes, whose second
 * word is a pointer. -0.0 is stored as 0.0 and every NaN as one NaN, so that they group. The hash
 * of words without texts is sooner computed again than kept. Everything is aligned to 8. */
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
    u32 keys_at;      /* offset of the key words in the row */
    u32 key_words;    /* null bits included */
    u32 hashed_words; /* null bits not included */
    u32 null_word;    /* index of the null bits; UINT32_MAX: none */
    bool has_text;
    u32 naggs;
    u32 *agg_at;                 /* offset of each aggregate's state in the row */
    u32 states_at, states_bytes; /* all of them together */
    u32 extra_at, extra_bytes;   /* the user's own, zeroed in new rows */
    u32 row_bytes;
} RowLayout;

enum { ROW_KEYS_MAX = 64 };

/* types: of the input's columns. state_bytes: per aggregate. Lives in the arena. */
RowLayout *row_layout_new(Arena *a, const Schema *input, const u32 *keys, u32 nkeys,
                          const u32 *state_bytes, u32 naggs);
/* Make room for `bytes` more of the user's own in each row, 8-byte aligned and zeroed in new rows;
 * returns their offset. Before the first pane is made. Layouts that differ only in this fit the
 * same functions of pane.h. */
u32 row_layout_add(RowLayout *l, u32 bytes);
