/* pane.c - group rows in chunks, found by linear probing.
 *
 * The index holds the upper half of the hash beside the row number, so a probe touches a row only
 * when it is most likely the right one, and growing the index touches no row at all. For many rows
 * at once, index slots and then rows are prefetched before the first is looked at. */
#include "base/mem.h"
#include "exec/state/pane_body.h"

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

u32
pane_share_of(u64 hash, u32 parts)
{
    return (u32)(((u128)hash * parts) >> 64);
}

void
pane_row_done(const PaneShape *shape, u8 *row)
{
    for (u32 a = 0; a < shape->layout->naggs; a++) {
        const AggCall *c = shape->aggs[a];
        if (c->fns->done) c->fns->done(c, row + shape->layout->agg_at[a]);
    }
}

bool
pane_shape_owns_memory(const PaneShape *shape)
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
    if (pane_shape_owns_memory(p->shape)) {
        for (u32 i = 0; i < p->rows; i++) {
            u8 *row = pane_row(p, i);
            u64 hash = p->parts ? pane_row_hash(p->shape->layout, row) : 0;
            if (p->parts && pane_is_spent(p, pane_share_of(hash, p->parts))) continue;
            pane_row_done(p->shape, row);
        }
    }
    if (p->account) *p->account -= p->charged;
    for (u32 i = 0; i < p->nchunks; i++) mem_free(p->chunks[i]);
    mem_free(p->chunks);
    mem_free(p->dirty);
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
    size_t row = p->shape->layout->row_bytes, rows = p->first_cap;
    if (p->nchunks) rows += (size_t)(p->nchunks - 1) << p->chunk_rows_log2;
    size_t index = p->index ? ((size_t)p->index_mask + 1) * sizeof *p->index : 0;
    size_t list = p->chunks_cap * (sizeof *p->chunks + sizeof *p->dirty);
    return sizeof *p + rows * row + index + list + (p->heap ? strheap_bytes(p->heap) : 0);
}

size_t
pane_bytes_owned(const Pane *p)
{
    enum { SAMPLE = 32 };
    const RowLayout *l = p->shape->layout;
    u32 n = MIN(p->rows, (u32)SAMPLE);
    u64 bytes = 0;
    for (u32 a = 0; a < l->naggs; a++) {
        const AggCall *c = p->shape->aggs[a];
        for (u32 i = 0; c->fns->owned && i < n; i++) {
            u32 row = (u32)((u64)i * p->rows / n);
            bytes += c->fns->owned(c, pane_row(p, row) + l->agg_at[a]);
        }
    }
    return n ? bytes * p->rows / n : 0;
}

void
pane_charge(Pane *p, _Atomic(u64) *account)
{
    assert(!p->account);
    p->account = account;
    p->charged = pane_bytes(p) + pane_bytes_owned(p);
    if (account) *account += p->charged;
}

u8 *
pane_row(const Pane *p, u32 i)
{
    assert(i < p->rows);
    u32 in_chunk = i & (pane_chunk_rows(p) - 1);
    return p->chunks[i >> p->chunk_rows_log2] + (size_t)in_chunk * p->shape->layout->row_bytes;
}

void
pane_touch(Pane *p, u32 i)
{
    p->dirty[i >> p->chunk_rows_log2] = 1;
}

/* ---- rows --------------------------------------------------------------------------------- */

static void
chunk_add(Pane *p, u32 rows)
{
    if (p->nchunks == p->chunks_cap) {
        p->chunks_cap = p->chunks_cap ? p->chunks_cap * 2 : 1;
        p->chunks = mem_realloc(p->chunks, p->chunks_cap * sizeof *p->chunks);
        p->dirty = mem_realloc(p->dirty, p->chunks_cap * sizeof *p->dirty);
    }
    size_t bytes = (size_t)p->shape->layout->row_bytes * rows;
    u8 *chunk = mem_aligned(64, bytes);
    memset(chunk, 0, bytes);
    p->chunks[p->nchunks] = chunk;
    p->dirty[p->nchunks++] = 1;
}

/* Room in chunk 0 for `more` rows, as far as it goes. Rows move here, and only here. */
void
pane_reserve_rows(Pane *p, u32 more)
{
    u32 full = pane_chunk_rows(p);
    u32 need = (u32)MIN((u64)p->rows + more, (u64)full);
    if (need <= p->first_cap) return;
    u32 cap = MIN(MAX(need, p->first_cap * 2), full);
    u8 *old = NULL, was_dirty = 1;
    if (p->nchunks) {
        old = p->chunks[0];
        was_dirty = p->dirty[0];
        p->nchunks = 0;
    }
    chunk_add(p, cap);
    p->dirty[0] = was_dirty;
    if (old) memcpy(p->chunks[0], old, (size_t)p->rows * p->shape->layout->row_bytes);
    mem_free(old);
    p->first_cap = cap;
}

void
pane_pin(Pane *p)
{
    pane_reserve_rows(p, pane_chunk_rows(p));
}

/* pane_reserve_rows() came before. */
u8 *
pane_append_raw(Pane *p)
{
    if (p->rows >> p->chunk_rows_log2 == p->nchunks) chunk_add(p, pane_chunk_rows(p));
    assert(p->rows < UINT32_MAX - 1);
    p->rows++;
    pane_touch(p, p->rows - 1);
    return pane_row(p, p->rows - 1);
}

void
pane_row_init(const Pane *p, u8 *row)
{
    const RowLayout *l = p->shape->layout;
    for (u32 a = 0; a < l->naggs; a++) {
        const AggCall *c = p->shape->aggs[a];
        if (c->fns->init) c->fns->init(c, row + l->agg_at[a]);
    }
}

/* ---- the index ---------------------------------------------------------------------------- */

/* Small tables are found in one probe; a large one is bound by memory, where more entries in a
 * cache line cost little. */
enum { DENSE_SLOTS = 1 << 22 };

static u64
index_room(u64 slots)
{
    return slots < DENSE_SLOTS ? slots / 2 : slots / 4 * 3;
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

static void
index_reserve(Pane *p, u32 more)
{
    u64 cap = p->index ? (u64)p->index_mask + 1 : INDEX_MIN;
    if (p->index && (u64)p->rows + more <= index_room(cap)) return;
    while ((u64)p->rows + more > index_room(cap)) cap *= 2;
    assert(cap <= (u64)1 << 31); /* 2^30 groups are tens of gigabytes */
    index_resize(p, (u32)cap);
}

void
pane_seal(Pane *p)
{
    mem_free(p->index);
    p->index = NULL;
    p->index_mask = 0;
}

void
pane_expect(Pane *p, u32 rows)
{
    index_reserve(p, rows);
}

void
pane_reserve(Pane *p, u32 more)
{
    index_reserve(p, more);
    pane_reserve_rows(p, more);
}

void
pane_own_texts(Pane *p, u8 *row)
{
    const RowLayout *l = p->shape->layout;
    for (u32 i = 0; i < l->nkeys; i++) {
        if (type_phys[l->keys[i].type.kind] != PHYS_STR) continue;
        StrView s;
        u8 *at = row + l->keys_at + l->keys[i].word * 8;
        memcpy(&s, at, sizeof s);
        if (s.len <= STRVIEW_INLINE) continue;
        if (!p->heap) p->heap = strheap_new();
        char *copy = strheap_room(p->heap, s.len);
        memcpy(copy, s.ptr, s.len);
        s.ptr = copy;
        memcpy(at, &s, sizeof s);
    }
}

static bool
row_has_key(const RowLayout *l, const u8 *row, const u64 *words, bool any_long)
{
    if (any_long) return key_words_equal_long(l, row_words(l, row), words);
    return key_words_equal(row_words(l, row), words, l->key_words);
}

/* The slot of the group with these words, or the free one where it would be. */
static u32
index_probe(const Pane *p, u64 hash, const u64 *words, bool any_long)
{
    u32 hi = (u32)(hash >> 32), at = hi & p->index_mask;
    for (;; at = (at + 1) & p->index_mask) {
        u64 e = p->index[at];
        if (!e) return at;
        if ((u32)(e >> 32) != hi) continue;
        u8 *row = pane_row(p, (u32)e - 1);
        if (row_has_key(p->shape->layout, row, words, any_long)) return at;
    }
}

u8 *
pane_find_raw(Pane *p, u64 hash, const u64 *words, bool any_long, bool *ret_made)
{
    const RowLayout *l = p->shape->layout;
    u32 at = index_probe(p, hash, words, any_long);
    u64 e = p->index[at];
    *ret_made = e == 0;
    if (e) {
        pane_touch(p, (u32)e - 1);
        return pane_row(p, (u32)e - 1);
    }
    u8 *row = pane_append_raw(p);
    p->index[at] = (hash >> 32) << 32 | p->rows;
    if (l->has_text) memcpy(row, &hash, sizeof hash);
    memcpy(row + l->keys_at, words, (size_t)l->key_words * 8);
    if (any_long) pane_own_texts(p, row);
    return row;
}

/* Beyond this many slots an index does not fit the second-level cache; rows to be looked up at a
 * time when there are many. */
enum { PREFETCH_SLOTS = 32 * 1024, RUN_ROWS = 64 };

/* The row that is most likely the one: it may lie across two cache lines. */
static inline void
row_prefetch(const Pane *p, u64 hash)
{
    u64 e = p->index[(u32)(hash >> 32) & p->index_mask];
    if (!e) return;
    const u8 *row = pane_row(p, (u32)e - 1);
    __builtin_prefetch(row, 1);
    __builtin_prefetch(row + p->shape->layout->row_bytes - 1, 1);
}

/* Bring the slots of many hashes, and then the rows behind them, nearer. */
static void
index_prefetch(const Pane *p, const u64 *hash, u32 n)
{
    if (p->index_mask < PREFETCH_SLOTS) return;
    for (u32 i = 0; i < n; i++) {
        __builtin_prefetch(&p->index[(u32)(hash[i] >> 32) & p->index_mask]);
    }
    for (u32 i = 0; i < n; i++) row_prefetch(p, hash[i]);
}

bool
pane_index_rows(Pane *p, u32 from)
{
    const RowLayout *l = p->shape->layout;
    index_reserve(p, 0);
    bool all_new = true;
    for (u32 run = from; run < p->rows; run += RUN_ROWS) {
        u64 hash[RUN_ROWS];
        u32 n = MIN(p->rows - run, (u32)RUN_ROWS);
        for (u32 i = 0; i < n; i++) {
            hash[i] = pane_row_hash(l, pane_row(p, run + i));
            __builtin_prefetch(&p->index[(u32)(hash[i] >> 32) & p->index_mask], 1);
        }
        for (u32 i = 0; i < n; i++) {
            u32 at = index_probe(p, hash[i], row_words(l, pane_row(p, run + i)), p->heap != NULL);
            all_new &= p->index[at] == 0;
            p->index[at] = (hash[i] >> 32) << 32 | (run + i + 1);
        }
    }
    return all_new;
}

/* ---- finding groups ----------------------------------------------------------------------- */

static u8 *
group_find(Pane *p, u64 hash, const u64 *words, bool any_long)
{
    bool made;
    u8 *row = pane_find_raw(p, hash, words, any_long, &made);
    if (made) pane_row_init(p, row);
    return row;
}

/* Lanes from..to: most groups are there already, in the first slot looked at. */
static inline __attribute__((always_inline)) void
find_groups(Pane *p, const KeyBatch *k, const u16 *lanes, u32 n, u8 **ret_rows, u32 words)
{
    const u64 *index = p->index;
    u32 mask = p->index_mask, log2 = p->chunk_rows_log2, row_mask = (1u << log2) - 1;
    u32 keys_at = p->shape->layout->keys_at;
    size_t row_bytes = p->shape->layout->row_bytes;
    for (u32 i = 0; i < n; i++) {
        u32 lane = lanes ? lanes[i] : i;
        u64 hash = k->hash[lane], e = index[(u32)(hash >> 32) & mask];
        const u64 *key = k->words + (size_t)lane * words;
        if (LIKELY(e && (e ^ hash) >> 32 == 0)) {
            u32 number = (u32)e - 1;
            u8 *row = p->chunks[number >> log2] + (number & row_mask) * row_bytes;
            if (LIKELY(key_words_equal((const u64 *)(void *)(row + keys_at), key, words))) {
                p->dirty[number >> log2] = 1;
                ret_rows[i] = row;
                continue;
            }
        }
        ret_rows[i] = group_find(p, hash, key, k->any_long);
    }
}

static void
lanes_prefetch(const Pane *p, const KeyBatch *k, const u16 *lanes, u32 n)
{
    for (u32 i = 0; i < n; i++) {
        u32 lane = lanes ? lanes[i] : i;
        __builtin_prefetch(&p->index[(u32)(k->hash[lane] >> 32) & p->index_mask]);
    }
    for (u32 i = 0; i < n; i++) row_prefetch(p, k->hash[lanes ? lanes[i] : i]);
}

void
pane_find_groups(Pane *p, const KeyBatch *k, const u16 *lanes, u32 n, u8 **ret_rows)
{
    assert(p->refs == 1);
    pane_reserve(p, n);
    if (p->index_mask >= PREFETCH_SLOTS) lanes_prefetch(p, k, lanes, n);
#define FIND_GROUPS(words) find_groups(p, k, lanes, n, ret_rows, words)
    FOR_WORDS(FIND_GROUPS, k->layout->key_words)
#undef FIND_GROUPS
}

u8 *
pane_single_group(Pane *p)
{
    const RowLayout *l = p->shape->layout;
    assert(l->nkeys == 0);
    if (p->rows == 0) {
        pane_reserve_rows(p, 1);
        pane_row_init(p, pane_append_raw(p));
    }
    pane_touch(p, 0);
    return pane_row(p, 0);
}

u8 *
pane_group_of(Pane *p, const Pane *from, const u8 *row)
{
    const RowLayout *l = from->shape->layout;
    assert(p->refs == 1 && l->key_words == p->shape->layout->key_words);
    if (l->nkeys == 0) return pane_single_group(p);
    pane_reserve(p, 1);
    return group_find(p, pane_row_hash(l, row), row_words(l, row), from->heap != NULL);
}

u8 *
pane_group_if_any(Pane *p, const Pane *from, const u8 *row)
{
    const RowLayout *l = from->shape->layout;
    assert(l->key_words == p->shape->layout->key_words);
    if (p->rows == 0) return NULL;
    if (l->nkeys == 0) return pane_single_group(p);
    u32 at = index_probe(p, pane_row_hash(l, row), row_words(l, row), from->heap != NULL);
    u64 e = p->index[at];
    if (!e) return NULL;
    pane_touch(p, (u32)e - 1);
    return pane_row(p, (u32)e - 1);
}

/* ---- merging ------------------------------------------------------------------------------ */

void
pane_states_copy(const PaneShape *shape, u8 *to, const u8 *from)
{
    const RowLayout *l = shape->layout;
    for (u32 a = 0; a < l->naggs; a++) {
        const AggCall *c = shape->aggs[a];
        if (c->fns->copy)
            c->fns->copy(c, to + l->agg_at[a], from + l->agg_at[a]);
        else
            memcpy(to + l->agg_at[a], from + l->agg_at[a], c->state_bytes);
    }
}

void
pane_states_merge(const PaneShape *shape, u8 *to, const u8 *from)
{
    const RowLayout *l = shape->layout;
    for (u32 a = 0; a < l->naggs; a++) {
        const AggCall *c = shape->aggs[a];
        c->fns->merge(c, to + l->agg_at[a], (u8 *)(uintptr_t)from + l->agg_at[a]);
    }
}

/* n rows of `from`, by number; spend: their states are not needed any more. */
static void
merge_run(Pane *p, Pane *from, const u32 *number, const u64 *hash, u32 n, bool spend)
{
    const RowLayout *l = p->shape->layout, *from_l = from->shape->layout;
    pane_reserve(p, n);
    index_prefetch(p, hash, n);
    for (u32 i = 0; i < n; i++) {
        bool made;
        u8 *row = pane_row(from, number[i]);
        u8 *to = pane_find_raw(p, hash[i], row_words(from_l, row), from->heap != NULL, &made);
        if (!made) {
            pane_states_merge(p->shape, to, row);
            if (spend) pane_row_done(p->shape, row);
        } else if (spend) {
            memcpy(to + l->states_at, row + l->states_at, l->states_bytes);
        } else {
            pane_states_copy(p->shape, to, row);
        }
    }
}

/* parts 0: all rows. */
static void
merge_rows(Pane *p, Pane *from, u32 part, u32 parts)
{
    assert(p->refs == 1 && p->shape->layout->states_bytes == from->shape->layout->states_bytes);
    u64 hash[RUN_ROWS];
    u32 number[RUN_ROWS], n = 0;
    for (u32 i = 0; i < from->rows; i++) {
        u64 h = pane_row_hash(from->shape->layout, pane_row(from, i));
        if (parts && pane_share_of(h, parts) != part) continue;
        hash[n] = h;
        number[n++] = i;
        if (n < RUN_ROWS) continue;
        merge_run(p, from, number, hash, n, parts != 0);
        n = 0;
    }
    if (n) merge_run(p, from, number, hash, n, parts != 0);
}

static void
merge_single(Pane *p, Pane *from, bool spend)
{
    if (from->rows == 0) return;
    u8 *row = pane_row(from, 0);
    pane_states_merge(p->shape, pane_single_group(p), row);
    if (spend) pane_row_done(p->shape, row);
}

void
pane_merge(Pane *to, const Pane *from)
{
    Pane *other = (Pane *)(uintptr_t)from; /* not changed: nothing is spent */
    if (to->shape->layout->nkeys == 0)
        merge_single(to, other, false);
    else
        merge_rows(to, other, 0, 0);
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
    assert(part < from->parts);
    if (p->shape->layout->nkeys)
        merge_rows(p, from, part, from->parts);
    else if (pane_share_of(HASH_SEED, from->parts) == part)
        merge_single(p, from, true);
    from->spent[part / 64] |= (u64)1 << (part % 64);
}
