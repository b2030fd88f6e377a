/* pane.c - group rows in chunks, found by linear probing.
 *
 * The index holds the upper half of the hash beside the row number, so a probe touches a row only
 * when it is most likely the right one, and growing the index touches no row at all. For a batch,
 * all index slots are prefetched before the first is looked at. */
#include "exec/state/pane.h"
#include "base/hash.h"
#include "base/mem.h"
#include <stdlib.h>

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
    u32 nchunks, chunks_cap;
    u64 *index; /* hash's upper half | row number + 1; 0: free */
    u32 index_mask;
    StrHeap *heap;
};

Pane *
pane_new(const PaneShape *shape, PaneId id)
{
    Pane *p = mem_make(Pane);
    p->refs = 1;
    p->shape = shape;
    p->id = id;
    while (p->chunk_rows_log2 < 12 &&
           ((size_t)shape->layout->row_bytes << (p->chunk_rows_log2 + 1)) <= CHUNK_BYTES) {
        p->chunk_rows_log2++;
    }
    return p;
}

Pane *
pane_ref(Pane *p)
{
    p->refs++;
    return p;
}

static u32
share_of(u64 hash, u32 parts)
{
    return (u32)(((u128)hash * parts) >> 64);
}

static u64
row_hash(const u8 *row)
{
    u64 h;
    memcpy(&h, row + ROW_HASH_AT, sizeof h);
    return h;
}

static void
row_done(const PaneShape *shape, u8 *row)
{
    for (u32 a = 0; a < shape->layout->naggs; a++) {
        const AggCall *c = shape->aggs[a];
        if (c->fns->done) c->fns->done(c, row + shape->layout->agg_at[a]);
    }
}

static bool
shape_owns_memory(const PaneShape *shape)
{
    for (u32 a = 0; a < shape->layout->naggs; a++) {
        if (shape->aggs[a]->fns->done) return true;
    }
    return false;
}

static bool
pane_is_spent(const Pane *p, u32 part)
{
    return p->spent[part / 64] >> (part % 64) & 1;
}

void
pane_unref(Pane *p)
{
    if (!p || --p->refs) return;
    if (shape_owns_memory(p->shape)) {
        for (u32 i = 0; i < p->rows; i++) {
            u8 *row = pane_row(p, i);
            if (p->parts && pane_is_spent(p, share_of(row_hash(row), p->parts))) continue;
            row_done(p->shape, row);
        }
    }
    for (u32 i = 0; i < p->nchunks; i++) mem_free(p->chunks[i]);
    mem_free(p->chunks);
    mem_free(p->index);
    strheap_unref(p->heap);
    mem_free(p);
}

PaneId
pane_id(const Pane *p)
{
    return p->id;
}

u32
pane_rows(const Pane *p)
{
    return p->rows;
}

size_t
pane_bytes(const Pane *p)
{
    size_t chunk = (size_t)p->shape->layout->row_bytes << p->chunk_rows_log2;
    size_t index = p->index ? ((size_t)p->index_mask + 1) * sizeof *p->index : 0;
    size_t rows = p->nchunks ? (p->nchunks - 1) * chunk : 0;
    rows += (size_t)p->first_cap * p->shape->layout->row_bytes;
    return rows + index + (p->heap ? strheap_bytes(p->heap) : 0);
}

u8 *
pane_row(const Pane *p, u32 i)
{
    assert(i < p->rows);
    u32 in_chunk = i & ((1u << p->chunk_rows_log2) - 1);
    return p->chunks[i >> p->chunk_rows_log2] + (size_t)in_chunk * p->shape->layout->row_bytes;
}

static u8 *
chunk_new(const Pane *p, u32 rows)
{
    size_t bytes = (size_t)p->shape->layout->row_bytes * rows;
    u8 *chunk = mem_aligned(64, bytes);
    memset(chunk, 0, bytes);
    return chunk;
}

/* Room in chunk 0 for `more` rows, as far as it goes. Rows move here, and only here. */
static void
rows_reserve(Pane *p, u32 more)
{
    u32 full = 1u << p->chunk_rows_log2;
    u32 need = (u32)MIN((u64)p->rows + more, (u64)full);
    if (need <= p->first_cap) return;
    u32 cap = MIN(MAX(need, p->first_cap * 2), full);
    u8 *chunk = chunk_new(p, cap);
    if (p->nchunks) {
        memcpy(chunk, p->chunks[0], (size_t)p->rows * p->shape->layout->row_bytes);
        mem_free(p->chunks[0]);
    } else {
        mem_grow(p->chunks, p->nchunks, p->chunks_cap);
        p->nchunks = 1;
    }
    p->chunks[0] = chunk;
    p->first_cap = cap;
}

/* rows_reserve() came before. */
static u8 *
row_append(Pane *p)
{
    const RowLayout *l = p->shape->layout;
    if (p->rows >> p->chunk_rows_log2 == p->nchunks) {
        mem_grow(p->chunks, p->nchunks, p->chunks_cap);
        p->chunks[p->nchunks++] = chunk_new(p, 1u << p->chunk_rows_log2);
    }
    assert(p->rows < UINT32_MAX - 1);
    p->rows++;
    u8 *row = pane_row(p, p->rows - 1);
    for (u32 a = 0; a < l->naggs; a++) {
        const AggCall *c = p->shape->aggs[a];
        if (c->fns->init) c->fns->init(c, row + l->agg_at[a]);
    }
    return row;
}

/* ---- keys of a batch ---------------------------------------------------------------------- */

struct KeyBatch {
    const RowLayout *layout;
    u32 rows;
    bool any_long; /* some text is longer than 12 bytes: words alone do not decide equality */
    u64 hash[BATCH_ROWS_MAX];
    u64 words[]; /* rows * key_words */
};

KeyBatch *
key_batch_new(const RowLayout *layout)
{
    size_t words = (size_t)BATCH_ROWS_MAX * MAX(layout->key_words, 1u);
    KeyBatch *k = mem_alloc(sizeof(KeyBatch) + words * sizeof(u64));
    k->layout = layout;
    k->rows = 0;
    k->any_long = false;
    return k;
}

void
key_batch_free(KeyBatch *k)
{
    mem_free(k);
}

static u64
f64_word(f64 d)
{
    u64 w;
    if (d == 0) d = 0; /* -0.0 */
    if (d != d) return 0x7FF8000000000000u;
    memcpy(&w, &d, sizeof w);
    return w;
}

/* One loop per physical type: lane i's slot into its word. */
#define LOAD_WORDS(T, EXPR)                                                                        \
    do {                                                                                           \
        const T *restrict slots = vector_data(v, const T);                                         \
        for (u32 i = 0; i < n; i++) {                                                              \
            T x = slots[i];                                                                        \
            to[(size_t)i * stride] = (EXPR);                                                       \
        }                                                                                          \
    } while (0)

/* The greatest low half of a first word: of texts, the greatest length. */
static u32
key_load_two_words(u64 *to, u32 stride, const Vector *v, u32 n)
{
    const u64 *restrict slots = vector_data(v, const u64);
    u32 longest = 0;
    for (u32 i = 0; i < n; i++) {
        u64 first = slots[2 * i];
        longest = MAX(longest, (u32)first);
        to[(size_t)i * stride] = first;
        to[(size_t)i * stride + 1] = slots[2 * i + 1];
    }
    return longest;
}

/* True if a text is longer than its slot. */
static bool
key_load_flat(u64 *to, u32 stride, const Vector *v, u32 n)
{
    switch ((Phys)type_phys[v->type.kind]) {
    case PHYS_U8:
        LOAD_WORDS(u8, (u64)x);
        break;
    case PHYS_I8:
        LOAD_WORDS(i8, (u64)(i64)x);
        break;
    case PHYS_I16:
        LOAD_WORDS(i16, (u64)(i64)x);
        break;
    case PHYS_I32:
        LOAD_WORDS(i32, (u64)(i64)x);
        break;
    case PHYS_I64:
        LOAD_WORDS(i64, (u64)x);
        break;
    case PHYS_F32:
        LOAD_WORDS(f32, f64_word((f64)x));
        break;
    case PHYS_F64:
        LOAD_WORDS(f64, f64_word(x));
        break;
    case PHYS_I128:
        (void)key_load_two_words(to, stride, v, n);
        break;
    case PHYS_STR:
        return key_load_two_words(to, stride, v, n) > STRVIEW_INLINE;
    case PHYS_COUNT:
        UNREACHABLE();
    }
    return false;
}

/* A null's slot is zero by vector.h's law, but for types whose zero is not all bits zero there is
 * none; the null bit tells it from a real zero. */
static void
key_load_column(KeyBatch *k, u32 key, const Vector *col)
{
    const RowLayout *l = k->layout;
    u32 n = k->rows, stride = l->key_words;
    u64 *to = k->words + l->keys[key].word;
    Vector flat = vector_share(col);
    if (flat.form != VEC_FLAT) vector_flatten(&flat);
    const Vector *v = &flat;
    k->any_long |= key_load_flat(to, stride, v, n);
    const u64 *valid = vector_valid(v);
    if (valid && l->null_word != UINT32_MAX) {
        bool two = type_phys[v->type.kind] == PHYS_STR || type_phys[v->type.kind] == PHYS_I128;
        u64 *nulls = k->words + l->null_word;
        for (u32 i = 0; i < n; i++) {
            if (bit_get(valid, i)) continue;
            nulls[(size_t)i * stride] |= (u64)1 << key;
            to[(size_t)i * stride] = 0;
            if (two) to[(size_t)i * stride + 1] = 0;
        }
    }
    vector_done(&flat);
}

static bool
word_is_text(const RowLayout *l, u32 word, u32 *ret_key)
{
    for (u32 i = 0; i < l->nkeys; i++) {
        if (l->keys[i].word != word) continue;
        *ret_key = i;
        return type_phys[l->keys[i].type.kind] == PHYS_STR;
    }
    return false;
}

/* Fixed seed: hashes only steer tables in memory, and rows of one group must meet in one share.
 * A flood of chosen keys meets linear probing over a table that is at most half full. */
enum { HASH_SEED = 0x5bd1e995 };

static u64
hash_long_texts(const RowLayout *l, const u64 *words, u32 hashed)
{
    u64 h = HASH_SEED;
    for (u32 w = 0; w < hashed; w++) {
        u32 key;
        if (word_is_text(l, w, &key) && (u32)words[w] > STRVIEW_INLINE) {
            StrView s;
            memcpy(&s, words + w, sizeof s);
            h = hash_bytes(s.ptr, s.len, h);
            w++;
        } else {
            h = hash_u64(words[w], h);
        }
    }
    return h;
}

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

static inline __attribute__((always_inline)) void
hash_words(KeyBatch *k, u32 stride, u32 hashed)
{
    for (u32 i = 0; i < k->rows; i++) {
        const u64 *words = k->words + (size_t)i * stride;
        u64 h = HASH_SEED;
        for (u32 w = 0; w < hashed; w++) h = hash_u64(words[w], h);
        k->hash[i] = h;
    }
}

static void
key_batch_hash(KeyBatch *k)
{
    const RowLayout *l = k->layout;
    u32 stride = l->key_words, hashed = stride - (l->null_word != UINT32_MAX);
    if (k->any_long) {
        for (u32 i = 0; i < k->rows; i++) {
            k->hash[i] = hash_long_texts(l, k->words + (size_t)i * stride, hashed);
        }
        return;
    }
#define HASH_WORDS(n) hash_words(k, stride, n)
    FOR_WORDS(HASH_WORDS, hashed)
#undef HASH_WORDS
}

void
key_batch_load(KeyBatch *k, const Batch *b)
{
    const RowLayout *l = k->layout;
    k->rows = b->rows;
    k->any_long = false;
    if (l->null_word != UINT32_MAX) {
        u64 *nulls = k->words + l->null_word;
        for (u32 i = 0; i < b->rows; i++) nulls[(size_t)i * l->key_words] = 0;
    }
    for (u32 i = 0; i < l->nkeys; i++) key_load_column(k, i, &b->col[l->keys[i].col]);
    key_batch_hash(k);
}

/* ---- finding groups ----------------------------------------------------------------------- */

static bool
words_equal_long(const RowLayout *l, const u64 *a, const u64 *b)
{
    for (u32 w = 0; w < l->key_words; w++) {
        u32 key;
        if (word_is_text(l, w, &key)) {
            StrView x, y;
            memcpy(&x, a + w, sizeof x);
            memcpy(&y, b + w, sizeof y);
            if (!strview_eq(&x, &y)) return false;
            w++;
        } else if (a[w] != b[w]) {
            return false;
        }
    }
    return true;
}

static inline __attribute__((always_inline)) bool
words_equal(const u64 *a, const u64 *b, u32 words)
{
    u64 differ = 0;
    for (u32 w = 0; w < words; w++) differ |= a[w] ^ b[w];
    return differ == 0;
}

static void
index_resize(Pane *p, u32 cap)
{
    u64 *index = mem_array(u64, cap);
    u32 mask = cap - 1;
    for (u32 i = 0; p->index && i <= p->index_mask; i++) {
        u64 e = p->index[i];
        if (!e) continue;
        u32 at = (u32)(e >> 32) & mask;
        while (index[at]) at = (at + 1) & mask;
        index[at] = e;
    }
    mem_free(p->index);
    p->index = index;
    p->index_mask = mask;
}

/* Room for `more` rows at a load of at most one half. */
static void
index_reserve(Pane *p, u32 more)
{
    u64 cap = p->index ? (u64)p->index_mask + 1 : INDEX_MIN;
    while (((u64)p->rows + more) * 2 > cap) cap *= 2;
    assert(cap <= (u64)1 << 31); /* 2^30 groups are tens of gigabytes */
    if (!p->index || cap > (u64)p->index_mask + 1) index_resize(p, (u32)cap);
}

void
pane_expect(Pane *p, u32 rows)
{
    index_reserve(p, rows);
}

/* Long texts of a new row move into the pane's heap. */
static void
row_own_texts(Pane *p, u8 *row)
{
    const RowLayout *l = p->shape->layout;
    for (u32 i = 0; i < l->nkeys; i++) {
        if (type_phys[l->keys[i].type.kind] != PHYS_STR) continue;
        StrView s;
        u8 *at = row + ROW_KEYS_AT + l->keys[i].word * 8;
        memcpy(&s, at, sizeof s);
        if (s.len <= STRVIEW_INLINE) continue;
        if (!p->heap) p->heap = strheap_new();
        char *copy = strheap_room(p->heap, s.len);
        memcpy(copy, s.ptr, s.len);
        s.ptr = copy;
        memcpy(at, &s, sizeof s);
    }
}

static inline const u64 *
row_words(const u8 *row)
{
    return (const u64 *)(const void *)(row + ROW_KEYS_AT);
}

static bool
row_has_key(const RowLayout *l, const u8 *row, const u64 *words, bool any_long)
{
    if (any_long) return words_equal_long(l, row_words(row), words);
    return words_equal(row_words(row), words, l->key_words);
}

/* The group with these words, made when absent. The index has room. */
static u8 *
group_find(Pane *p, u64 hash, const u64 *words, bool any_long)
{
    const RowLayout *l = p->shape->layout;
    u32 hi = (u32)(hash >> 32), at = hi & p->index_mask;
    for (;; at = (at + 1) & p->index_mask) {
        u64 e = p->index[at];
        if (!e) break;
        if ((u32)(e >> 32) != hi) continue;
        u8 *row = pane_row(p, (u32)e - 1);
        if (row_has_key(l, row, words, any_long)) return row;
    }
    u8 *row = row_append(p);
    p->index[at] = (u64)hi << 32 | p->rows;
    memcpy(row + ROW_HASH_AT, &hash, sizeof hash);
    memcpy(row + ROW_KEYS_AT, words, (size_t)l->key_words * 8);
    if (any_long) row_own_texts(p, row);
    return row;
}

/* Lanes from..to: most groups are there already, in the first slot looked at. */
static inline __attribute__((always_inline)) void
find_groups(Pane *p, const KeyBatch *k, const u16 *lanes, u32 n, u8 **ret_rows, u32 words)
{
    const u64 *index = p->index;
    u32 mask = p->index_mask, log2 = p->chunk_rows_log2, row_mask = (1u << log2) - 1;
    size_t row_bytes = p->shape->layout->row_bytes;
    for (u32 i = 0; i < n; i++) {
        u32 lane = lanes ? lanes[i] : i;
        u64 hash = k->hash[lane], e = index[(u32)(hash >> 32) & mask];
        const u64 *key = k->words + (size_t)lane * words;
        if (LIKELY(e && (e ^ hash) >> 32 == 0)) {
            u32 number = (u32)e - 1;
            u8 *row = p->chunks[number >> log2] + (number & row_mask) * row_bytes;
            if (LIKELY(words_equal(row_words(row), key, words))) {
                ret_rows[i] = row;
                continue;
            }
        }
        ret_rows[i] = group_find(p, hash, key, k->any_long);
    }
}

/* Beyond this many slots an index does not fit the second-level cache. */
enum { PREFETCH_SLOTS = 32 * 1024 };

void
pane_find_groups(Pane *p, const KeyBatch *k, const u16 *lanes, u32 n, u8 **ret_rows)
{
    assert(p->refs == 1);
    index_reserve(p, n);
    rows_reserve(p, n);
    for (u32 i = 0; i < n && p->index_mask >= PREFETCH_SLOTS; i++) {
        u32 lane = lanes ? lanes[i] : i;
        __builtin_prefetch(&p->index[(u32)(k->hash[lane] >> 32) & p->index_mask]);
    }
#define FIND_GROUPS(words) find_groups(p, k, lanes, n, ret_rows, words)
    FOR_WORDS(FIND_GROUPS, k->layout->key_words)
#undef FIND_GROUPS
}

u8 *
pane_single_group(Pane *p)
{
    assert(p->shape->layout->nkeys == 0);
    if (p->rows == 0) {
        rows_reserve(p, 1);
        u64 hash = HASH_SEED;
        memcpy(row_append(p) + ROW_HASH_AT, &hash, sizeof hash);
    }
    return pane_row(p, 0);
}

static void
row_merge(Pane *p, const u8 *row_from, u8 *row_to)
{
    const RowLayout *l = p->shape->layout;
    for (u32 a = 0; a < l->naggs; a++) {
        const AggCall *c = p->shape->aggs[a];
        u8 *other = (u8 *)(uintptr_t)row_from + l->agg_at[a];
        c->fns->merge(c, row_to + l->agg_at[a], other);
        if (c->fns->done) c->fns->done(c, other);
    }
}

void
pane_share(Pane *p, u32 parts)
{
    assert(p->refs == 1 && p->parts == 0 && parts && parts <= PARTS_MAX);
    p->parts = parts;
}

void
pane_merge_share(Pane *p, Pane *from, u32 part)
{
    u32 parts = from->parts;
    assert(part < parts);
    const RowLayout *l = p->shape->layout;
    for (u32 i = 0; i < from->rows; i++) {
        u8 *row = pane_row(from, i);
        u64 hash = row_hash(row);
        if (share_of(hash, parts) != part) continue;
        u8 *to;
        if (l->nkeys) {
            index_reserve(p, 1);
            rows_reserve(p, 1);
            to = group_find(p, hash, row_words(row), from->heap != NULL);
        } else {
            to = pane_single_group(p);
        }
        row_merge(p, row, to);
    }
    from->spent[part / 64] |= (u64)1 << (part % 64);
}

/* ---- reading rows ------------------------------------------------------------------------- */

#define STORE_SLOTS(T, EXPR)                                                                       \
    do {                                                                                           \
        T *restrict slots = vector_data(&v, T);                                                    \
        for (u32 i = 0; i < n; i++) {                                                              \
            u64 w;                                                                                 \
            memcpy(&w, rows[i] + at, sizeof w);                                                    \
            slots[i] = (EXPR);                                                                     \
        }                                                                                          \
    } while (0)

static f64
word_f64(u64 w)
{
    f64 d;
    memcpy(&d, &w, sizeof d);
    return d;
}

static void
key_nulls(const RowLayout *l, u32 key, u8 *const *rows, u32 n, Vector *v)
{
    u32 at = ROW_KEYS_AT + l->null_word * 8;
    for (u32 i = 0; i < n; i++) {
        u64 nulls;
        memcpy(&nulls, rows[i] + at, sizeof nulls);
        if (nulls >> key & 1) vector_set_null(v, i);
    }
}

Vector
pane_key_column(const Pane *p, u32 key, u8 *const *rows, u32 n)
{
    const RowLayout *l = p->shape->layout;
    const KeyColumn *c = &l->keys[key];
    u32 at = ROW_KEYS_AT + c->word * 8;
    Vector v = vector_new(c->type, n);
    switch ((Phys)type_phys[c->type.kind]) {
    case PHYS_U8:
        STORE_SLOTS(u8, (u8)w);
        break;
    case PHYS_I8:
        STORE_SLOTS(i8, (i8)w);
        break;
    case PHYS_I16:
        STORE_SLOTS(i16, (i16)w);
        break;
    case PHYS_I32:
        STORE_SLOTS(i32, (i32)w);
        break;
    case PHYS_I64:
        STORE_SLOTS(i64, (i64)w);
        break;
    case PHYS_F32:
        STORE_SLOTS(f32, (f32)word_f64(w));
        break;
    case PHYS_F64:
        STORE_SLOTS(f64, word_f64(w));
        break;
    case PHYS_I128:
    case PHYS_STR: {
        u8 *to = v.data->bytes;
        for (u32 i = 0; i < n; i++) memcpy(to + 16 * (size_t)i, rows[i] + at, 16);
        if (p->heap && type_phys[c->type.kind] == PHYS_STR) {
            if (!v.heap) v.heap = strheap_new();
            strheap_keep(v.heap, p->heap);
        }
        break;
    }
    case PHYS_COUNT:
        UNREACHABLE();
    }
    if (l->null_word != UINT32_MAX) key_nulls(l, key, rows, n, &v);
    return v;
}

/* ---- order -------------------------------------------------------------------------------- */

static int
word_cmp(Type t, const u8 *a, const u8 *b)
{
    if (type_phys[t.kind] == PHYS_STR) {
        StrView x, y;
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        return strview_cmp(&x, &y);
    }
    if (type_phys[t.kind] == PHYS_I128) {
        i128 x, y;
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        return (x > y) - (x < y);
    }
    u64 x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    if (type_is(t, KIND_APPROX)) {
        f64 d = word_f64(x), e = word_f64(y);
        if (d != d || e != e) return (d != d) - (e != e); /* NaN is the largest */
        return (d > e) - (d < e);
    }
    return ((i64)x > (i64)y) - ((i64)x < (i64)y);
}

static int
row_cmp(const RowLayout *l, const u8 *a, const u8 *b)
{
    u64 null_a = 0, null_b = 0;
    if (l->null_word != UINT32_MAX) {
        memcpy(&null_a, a + ROW_KEYS_AT + l->null_word * 8, 8);
        memcpy(&null_b, b + ROW_KEYS_AT + l->null_word * 8, 8);
    }
    for (u32 i = 0; i < l->nkeys; i++) {
        bool na = null_a >> i & 1, nb = null_b >> i & 1;
        if (na != nb) return na ? -1 : 1;
        if (na) continue;
        u32 at = ROW_KEYS_AT + l->keys[i].word * 8;
        int c = word_cmp(l->keys[i].type, a + at, b + at);
        if (c) return c;
    }
    return 0;
}

static int
order_cmp(const void *a, const void *b, void *ctx)
{
    const Pane *p = ctx;
    u32 x = *(const u32 *)a, y = *(const u32 *)b;
    return row_cmp(p->shape->layout, pane_row(p, x), pane_row(p, y));
}

void
pane_sort(const Pane *p, u32 *ret_order)
{
    for (u32 i = 0; i < p->rows; i++) ret_order[i] = i;
    qsort_r(ret_order, p->rows, sizeof *ret_order, order_cmp, (void *)(uintptr_t)p);
}
