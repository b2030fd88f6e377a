/* pane_body.h - how a pane lies in memory, for the files of exec/state that look inside.
 *
 * A chunk's dirty byte is set wherever one of its rows is handed out for change, and cleared when
 * its image has been written (pane_state.c). */
#pragma once
#include "base/hash.h"
#include "exec/state/pane.h"

enum { CHUNK_BYTES = 16 * 1024, INDEX_MIN = 16, PARTS_MAX = 1024 };

struct Pane {
    _Atomic(u32) refs;
    _Atomic(u64) spent[PARTS_MAX / 64]; /* bit per share whose states were merged elsewhere */
    u32 parts;                          /* how many shares; 0: never sent */
    const PaneShape *shape;
    PaneId id;
    u32 rows;
    u32 chunk_rows_log2;
    u32 first_cap; /* rows that chunk 0 has room for: it grows, so that small panes stay small */
    u8 **chunks;
    u8 *dirty; /* a byte per chunk: changed since its image was written */
    u32 nchunks, chunks_cap;
    bool stored; /* a state table has images of it */
    u64 *index;  /* hash's upper half | row number + 1; 0: free */
    u32 index_mask;
    StrHeap *heap;
    _Atomic(u64) *account; /* holds `charged` bytes of this pane; NULL: none does */
    u64 charged;
};

/* All rows that a chunk can hold; the last chunk of a pane may have fewer. */
static inline u32
pane_chunk_rows(const Pane *p)
{
    return 1u << p->chunk_rows_log2;
}

static inline const u64 *
row_words(const RowLayout *l, const u8 *row)
{
    return (const u64 *)(const void *)(row + l->keys_at);
}

/* A raw row behind the others: zeroed, without key, states not initialised, not in the index. */
u8 *pane_append_raw(Pane *p);
void pane_row_done(const PaneShape *shape, u8 *row);
/* Room in chunk 0 for `more` rows, as far as it goes. */
void pane_reserve_rows(Pane *p, u32 more);
/* Room for `more` rows in the index, and in chunk 0 as far as it goes. */
void pane_reserve(Pane *p, u32 more);
void pane_row_init(const Pane *p, u8 *row); /* the states of a raw row */
/* Put rows from..pane_rows()-1, which have keys, into the index. False: two have the same key. */
bool pane_index_rows(Pane *p, u32 from);
/* The group with these words, in an index that has room; made when absent, as a raw row with its
 * key. any_long: texts longer than 12 bytes may be among the words. */
u8 *pane_find_raw(Pane *p, u64 hash, const u64 *words, bool any_long, bool *ret_made);
/* Between states of two rows; into zeroed memory. The source stays as it is. */
void pane_states_copy(const PaneShape *shape, u8 *to, const u8 *from);
void pane_states_merge(const PaneShape *shape, u8 *to, const u8 *from);
/* Long texts of a row that still point elsewhere move into the pane's heap. */
void pane_own_texts(Pane *p, u8 *row);

/* ---- key words ---------------------------------------------------------------------------- */

/* Fixed seed: hashes only steer tables in memory, and rows of one group must meet in one share.
 * A flood of chosen keys meets linear probing over a table with room to spare. */
enum { HASH_SEED = 0x5bd1e995 };

/* The loops over key words are compiled for each small number of words, which the compiler unrolls:
 * FOR_WORDS calls one of them. Null bits are compared, but not hashed: a NULL has zero words. */
#define FOR_WORDS(call, words)                                                                     \
    switch (words) {                                                                               \
    case 1:                                                                                        \
        call(1);                                                                                   \
        break;                                                                                     \
    case 2:                                                                                        \
        call(2);                                                                                   \
        break;                                                                                     \
    case 3:                                                                                        \
        call(3);                                                                                   \
        break;                                                                                     \
    case 4:                                                                                        \
        call(4);                                                                                   \
        break;                                                                                     \
    default:                                                                                       \
        call(words);                                                                               \
        break;                                                                                     \
    }

/* Texts longer than 12 bytes are hashed by their bytes. */
u64 key_words_hash_long(const RowLayout *l, const u64 *words);

static inline __attribute__((always_inline)) u64
key_words_hash(const u64 *words, u32 hashed)
{
    u64 h = HASH_SEED;
    for (u32 w = 0; w < hashed; w++) h = hash_u64(words[w], h);
    return h;
}

bool key_words_equal_long(const RowLayout *l, const u64 *a, const u64 *b);

static inline __attribute__((always_inline)) bool
key_words_equal(const u64 *a, const u64 *b, u32 words)
{
    u64 differ = 0;
    for (u32 w = 0; w < words; w++) differ |= a[w] ^ b[w];
    return differ == 0;
}

static inline u64
pane_row_hash(const RowLayout *l, const u8 *row)
{
    u64 h;
    if (!l->has_text) return key_words_hash(row_words(l, row), l->hashed_words);
    memcpy(&h, row, sizeof h);
    return h;
}

/* Rows by their keys: NULL first, ascending, texts by bytes. */
int pane_row_cmp(const RowLayout *l, const u8 *a, const u8 *b);

/* ---- keys of a batch ---------------------------------------------------------------------- */

struct KeyBatch {
    const RowLayout *layout;
    u32 rows;
    bool any_long; /* some text is longer than 12 bytes: words alone do not decide equality */
    u64 hash[BATCH_ROWS_MAX];
    u64 words[]; /* rows * key_words */
};
