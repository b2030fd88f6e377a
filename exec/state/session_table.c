/* session_table.c - linear probing over the latest session of each key.
 *
 * The index keeps the upper half of the hash beside the slot, as a pane's does (pane.c), but keys
 * go away here: an entry is taken out by moving back those that probed past it. */
#include "exec/state/session_table.h"
#include "base/mem.h"
#include "exec/state/pane_body.h"

struct SessionTable {
    RowLayout *layout;
    i64 gap_us;
    const SessionFns *fns;
    void *ctx;
    u32 session_at;
    u32 chunk_log2; /* slots of a chunk */
    u8 **chunks;
    u8 *dirty; /* per chunk */
    u32 nchunks, chunks_cap, dirty_cap;
    u32 slots;  /* given out at least once */
    u32 free;   /* chain of free slots by Span.left; SESSION_NONE: none */
    u32 nlive;  /* in the index or behind it */
    u32 nkeys;  /* entries of the index */
    u64 *index; /* hash's upper half | slot + 1; 0: free */
    u32 mask;
    u32 *merged; /* slots that wait for session_table_settle() */
    u32 nmerged, merged_cap;
    size_t text_bytes; /* of keys that own memory */
    Pane *reader;      /* without rows: reads key columns */
    PaneShape shape;
    RowLayout keys; /* without the states: the reader never has rows */
};

SessionTable *
session_table_new(RowLayout *layout, i64 gap_us, const SessionFns *fns, void *ctx)
{
    SessionTable *t = mem_make(SessionTable);
    t->layout = layout;
    t->gap_us = gap_us;
    t->fns = fns;
    t->ctx = ctx;
    t->session_at = row_layout_add(layout, sizeof(Span));
    t->free = SESSION_NONE;
    while (t->chunk_log2 < 12 && (size_t)layout->row_bytes << (t->chunk_log2 + 1) <= CHUNK_BYTES) {
        t->chunk_log2++;
    }
    t->mask = INDEX_MIN - 1;
    t->index = mem_array(u64, INDEX_MIN);
    t->keys = *layout;
    t->keys.naggs = 0;
    t->shape.layout = &t->keys;
    t->reader = pane_new(&t->shape, (PaneId){0, 0});
    return t;
}

u8 *
session_row(const SessionTable *t, u32 slot)
{
    assert(slot < t->slots);
    u32 in_chunk = slot & ((1u << t->chunk_log2) - 1);
    return t->chunks[slot >> t->chunk_log2] + (size_t)in_chunk * t->layout->row_bytes;
}

Span *
session_span(const SessionTable *t, u8 *row)
{
    return (Span *)(void *)(row + t->session_at);
}

static Span *
span_at(const SessionTable *t, u32 slot)
{
    return session_span(t, session_row(t, slot));
}

void
session_changed(SessionTable *t, u32 slot)
{
    t->dirty[slot >> t->chunk_log2] = 1;
}

u32
session_table_live(const SessionTable *t)
{
    return t->nlive;
}

size_t
session_table_bytes(const SessionTable *t)
{
    size_t chunk = (size_t)t->layout->row_bytes << t->chunk_log2;
    return t->nchunks * chunk + ((size_t)t->mask + 1) * sizeof *t->index + t->text_bytes;
}

/* ---- keys --------------------------------------------------------------------------------- */

typedef enum TextsWay { TEXTS_OWN, TEXTS_FREE } TextsWay;

/* Long texts of a row become its own, or are given back. */
static void
row_texts(SessionTable *t, u8 *row, TextsWay way)
{
    const RowLayout *l = t->layout;
    for (u32 k = 0; k < l->nkeys && l->has_text; k++) {
        if (type_phys[l->keys[k].type.kind] != PHYS_STR) continue;
        StrView s;
        u8 *at = row + l->keys_at + l->keys[k].word * 8;
        memcpy(&s, at, sizeof s);
        if (s.len <= STRVIEW_INLINE) continue;
        if (way == TEXTS_OWN) {
            char *copy = mem_alloc(s.len);
            memcpy(copy, s.ptr, s.len);
            s.ptr = copy;
            memcpy(at, &s, sizeof s);
            t->text_bytes += s.len;
        } else {
            char *owned;
            memcpy(&owned, &s.ptr, sizeof owned);
            mem_free(owned);
            t->text_bytes -= s.len;
        }
    }
}

static inline bool
row_has_key(const RowLayout *l, const u8 *row, const u64 *words, bool any_long)
{
    if (any_long) return key_words_equal_long(l, row_words(l, row), words);
    return key_words_equal(row_words(l, row), words, l->key_words);
}

Vector
session_key_column(const SessionTable *t, u32 key, u8 *const *rows, u32 n)
{
    Vector v = pane_key_column(t->reader, key, rows, n);
    if (type_phys[v.type.kind] != PHYS_STR) return v;
    for (u32 i = 0; i < n; i++) {
        StrView s = vector_data(&v, StrView)[i];
        if (s.len > STRVIEW_INLINE) vector_set_str(&v, i, s.ptr, s.len);
    }
    return v;
}

/* ---- slots -------------------------------------------------------------------------------- */

static void
chunk_add(SessionTable *t)
{
    size_t bytes = (size_t)t->layout->row_bytes << t->chunk_log2;
    if (t->nchunks == t->dirty_cap) {
        t->dirty_cap = t->dirty_cap ? t->dirty_cap * 2 : 8;
        t->dirty = mem_realloc(t->dirty, t->dirty_cap);
    }
    mem_grow(t->chunks, t->nchunks, t->chunks_cap);
    t->chunks[t->nchunks] = mem_aligned(64, bytes);
    memset(t->chunks[t->nchunks], 0, bytes);
    t->dirty[t->nchunks++] = 0;
}

static u32
slot_take(SessionTable *t)
{
    u32 slot = t->free;
    if (slot != SESSION_NONE) {
        t->free = span_at(t, slot)->left;
    } else {
        assert(t->slots < SESSION_NONE - 1);
        slot = t->slots;
        if (slot >> t->chunk_log2 == t->nchunks) chunk_add(t);
        t->slots++;
    }
    Span *s = span_at(t, slot);
    s->left = s->right = SESSION_NONE;
    s->turn++;
    return slot;
}

/* The user's part is spent already. */
static void
slot_give(SessionTable *t, u32 slot)
{
    u8 *row = session_row(t, slot);
    row_texts(t, row, TEXTS_FREE);
    u32 turn = session_span(t, row)->turn;
    memset(row, 0, t->layout->row_bytes);
    session_span(t, row)->turn = turn + (turn & 1);
    session_span(t, row)->left = t->free;
    t->free = slot;
    session_changed(t, slot);
}

/* ---- the index ---------------------------------------------------------------------------- */

static void
index_grow(SessionTable *t)
{
    u32 cap = (t->mask + 1) * 2, mask = cap - 1;
    assert(cap <= (u32)1 << 31);
    u64 *index = mem_array(u64, cap);
    for (u32 i = 0; i <= t->mask; i++) {
        u64 e = t->index[i];
        if (!e) continue;
        u32 at = (u32)(e >> 32) & mask;
        while (index[at]) at = (at + 1) & mask;
        index[at] = e;
    }
    mem_free(t->index);
    t->index = index;
    t->mask = mask;
}

/* The entry of a key, or the free one where it belongs. */
static u32
index_find(const SessionTable *t, u64 hash, const u64 *words, bool any_long)
{
    u32 hi = (u32)(hash >> 32), at = hi & t->mask;
    for (; t->index[at]; at = (at + 1) & t->mask) {
        u64 e = t->index[at];
        if ((u32)(e >> 32) != hi) continue;
        if (row_has_key(t->layout, session_row(t, (u32)e - 1), words, any_long)) break;
    }
    return at;
}

static void
index_remove(SessionTable *t, u32 gap)
{
    for (u32 at = (gap + 1) & t->mask; t->index[at]; at = (at + 1) & t->mask) {
        u32 home = (u32)(t->index[at] >> 32) & t->mask;
        if (((at - home) & t->mask) < ((at - gap) & t->mask)) continue; /* belongs behind the gap */
        t->index[gap] = t->index[at];
        gap = at;
    }
    t->index[gap] = 0;
}

static void
index_set(SessionTable *t, u32 at, u32 slot)
{
    t->index[at] = t->index[at] >> 32 << 32 | (slot + 1);
}

/* Beyond this many entries an index does not fit the second-level cache. */
enum { PREFETCH_SLOTS = 16 * 1024 };

static void
row_prefetch(const SessionTable *t, u32 slot)
{
    const u8 *row = session_row(t, slot);
    __builtin_prefetch(row);
    __builtin_prefetch(row + t->session_at);
}

void
session_table_prefetch(const SessionTable *t, const KeyBatch *keys, u32 from)
{
    if (t->mask < PREFETCH_SLOTS) return;
    u32 mid = MIN(from + SESSION_PREFETCH, keys->rows);
    u32 end = MIN(mid + SESSION_PREFETCH, keys->rows);
    for (u32 i = from; i < mid; i++) {
        u64 e = t->index[(u32)(keys->hash[i] >> 32) & t->mask];
        if (e) row_prefetch(t, (u32)e - 1);
    }
    for (u32 i = mid; i < end; i++) {
        __builtin_prefetch(&t->index[(u32)(keys->hash[i] >> 32) & t->mask]);
    }
}

void
session_prefetch(const SessionTable *t, u32 slot, bool near)
{
    if (!near) {
        row_prefetch(t, slot);
        return;
    }
    u64 hash = pane_row_hash(t->layout, session_row(t, slot));
    __builtin_prefetch(&t->index[(u32)(hash >> 32) & t->mask]);
}

/* ---- a key's older sessions --------------------------------------------------------------- */

/* A treap by start (C. Aragon, R. Seidel, "Randomized Search Trees", 1989): a slot's rank is a hash
 * of its number, a node's children have lower ranks, so the depth is logarithmic in all likelihood,
 * in whatever order sessions come and go. */
static u64
tree_rank(u32 slot)
{
    return hash_u64(slot, 1);
}

/* Sessions before start_us, and the others. */
static void
tree_split(SessionTable *t, u32 root, i64 start_us, u32 *ret_before, u32 *ret_after)
{
    while (root != SESSION_NONE) {
        Span *s = span_at(t, root);
        if (s->start_us < start_us) {
            *ret_before = root;
            ret_before = &s->right;
            root = s->right;
        } else {
            *ret_after = root;
            ret_after = &s->left;
            root = s->left;
        }
    }
    *ret_before = *ret_after = SESSION_NONE;
}

static u32
tree_insert(SessionTable *t, u32 root, u32 slot)
{
    u32 *at = &root;
    i64 start_us = span_at(t, slot)->start_us;
    while (*at != SESSION_NONE && tree_rank(*at) > tree_rank(slot)) {
        Span *s = span_at(t, *at);
        at = start_us < s->start_us ? &s->left : &s->right;
    }
    Span *made = span_at(t, slot);
    tree_split(t, *at, start_us, &made->left, &made->right);
    *at = slot;
    return root;
}

/* Without the session that starts at start_us, which is there. */
static u32
tree_remove(SessionTable *t, u32 root, i64 start_us)
{
    u32 *at = &root;
    Span *s;
    while ((s = span_at(t, *at))->start_us != start_us) {
        at = start_us < s->start_us ? &s->left : &s->right;
    }
    u32 left = s->left, right = s->right;
    s->left = s->right = SESSION_NONE;
    while (left != SESSION_NONE && right != SESSION_NONE) {
        if (tree_rank(left) > tree_rank(right)) {
            *at = left;
            at = &span_at(t, left)->right;
            left = *at;
        } else {
            *at = right;
            at = &span_at(t, right)->left;
            right = *at;
        }
    }
    *at = left != SESSION_NONE ? left : right;
    return root;
}

/* The last one that starts by upto_us. */
static u32
tree_last(const SessionTable *t, u32 root, i64 upto_us)
{
    u32 best = SESSION_NONE;
    while (root != SESSION_NONE) {
        const Span *s = span_at(t, root);
        if (s->start_us <= upto_us) {
            best = root;
            root = s->right;
        } else {
            root = s->left;
        }
    }
    return best;
}

/* ---- sessions ----------------------------------------------------------------------------- */

/* A new session of the key whose index entry is `at`; not in it or its tree yet. */
static u32
session_make(SessionTable *t, u64 hash, const u64 *words, i64 start_us, i64 last_us)
{
    u32 slot = slot_take(t);
    u8 *row = session_row(t, slot);
    memcpy(row + t->layout->keys_at, words, (size_t)t->layout->key_words * 8);
    if (t->layout->has_text) memcpy(row, &hash, sizeof hash);
    row_texts(t, row, TEXTS_OWN);
    Span *s = session_span(t, row);
    s->start_us = start_us;
    s->last_us = last_us;
    if (t->fns->init) t->fns->init(t->ctx, row);
    t->nlive++;
    session_changed(t, slot);
    return slot;
}

/* `slot` becomes the latest session of the key whose index entry is `at`. */
static void
session_lead(SessionTable *t, u32 at, u64 hash, u32 slot)
{
    if (t->index[at]) {
        u32 before = (u32)t->index[at] - 1, rest = span_at(t, before)->left;
        span_at(t, before)->left = SESSION_NONE;
        span_at(t, slot)->left = tree_insert(t, rest, before);
    } else {
        t->nkeys++;
    }
    t->index[at] = hash >> 32 << 32 | (slot + 1);
}

/* `from`, which is in no tree any more, goes into `to`. */
static void
session_merge(SessionTable *t, u32 to, u32 from)
{
    Span *a = span_at(t, to), *b = span_at(t, from);
    a->start_us = MIN(a->start_us, b->start_us);
    a->last_us = MAX(a->last_us, b->last_us);
    t->fns->merge(t->ctx, session_row(t, to), session_row(t, from));
    b->turn++;
    b->left = to; /* its heir */
    t->nlive--;
    mem_grow(t->merged, t->nmerged, t->merged_cap);
    t->merged[t->nmerged++] = from;
    session_changed(t, from);
}

/* A row at ts_us widens a session; it may touch the next older one in the tree at root, too. */
static void
session_widen(SessionTable *t, u32 *root, u32 slot, i64 ts_us)
{
    Span *s = span_at(t, slot);
    s->last_us = MAX(s->last_us, ts_us);
    if (ts_us < s->start_us) {
        u32 older = tree_last(t, *root, s->start_us - 1);
        if (older != SESSION_NONE && ts_us <= span_at(t, older)->last_us + t->gap_us) {
            *root = tree_remove(t, *root, span_at(t, older)->start_us);
            session_merge(t, slot, older);
        }
        s->start_us = MIN(s->start_us, ts_us);
    }
    session_changed(t, slot);
}

/* Any case; in order or not. */
static u32
session_touch_any(SessionTable *t, const KeyBatch *keys, u32 lane, u32 at, i64 ts_us, i64 closed_us,
                  bool *ret_new)
{
    u64 hash = keys->hash[lane];
    const u64 *words = keys->words + (size_t)lane * t->layout->key_words;
    bool may_be = ts_us + t->gap_us > closed_us;
    u32 latest = t->index[at] ? (u32)t->index[at] - 1 : SESSION_NONE;
    Span *head = latest == SESSION_NONE ? NULL : span_at(t, latest);
    *ret_new = may_be;
    if (!head || ts_us > head->last_us + t->gap_us) {
        if (!may_be) return SESSION_NONE;
        u32 made = session_make(t, hash, words, ts_us, ts_us);
        session_lead(t, at, hash, made);
        return made;
    }
    u32 slot = latest;
    if (ts_us + t->gap_us < head->start_us) {
        slot = tree_last(t, head->left, ts_us + t->gap_us);
        if (slot == SESSION_NONE || ts_us > span_at(t, slot)->last_us + t->gap_us) {
            if (!may_be) return SESSION_NONE;
            u32 made = session_make(t, hash, words, ts_us, ts_us);
            head = span_at(t, latest);
            head->left = tree_insert(t, head->left, made);
            return made;
        }
    }
    *ret_new = false;
    u32 rest = head->left;
    session_widen(t, &rest, slot, ts_us);
    head->left = rest;
    return slot;
}

u32
session_touch(SessionTable *t, const KeyBatch *keys, u32 lane, i64 ts_us, i64 closed_us,
              bool *ret_new)
{
    *ret_new = false;
    if ((t->nkeys + 1) * 2 > t->mask + 1) index_grow(t);
    const u64 *words = keys->words + (size_t)lane * t->layout->key_words;
    u64 hash = keys->hash[lane], e = t->index[(u32)(hash >> 32) & t->mask];
    if (LIKELY(e && (e ^ hash) >> 32 == 0)) { /* most keys are there, in the first place tried */
        u32 slot = (u32)e - 1;
        u8 *row = session_row(t, slot);
        Span *s = session_span(t, row);
        if (LIKELY(ts_us >= s->start_us && ts_us <= s->last_us + t->gap_us) &&
            LIKELY(row_has_key(t->layout, row, words, keys->any_long))) {
            s->last_us = MAX(s->last_us, ts_us);
            session_changed(t, slot);
            return slot;
        }
    }
    u32 at = index_find(t, hash, words, keys->any_long);
    return session_touch_any(t, keys, lane, at, ts_us, closed_us, ret_new);
}

bool
session_table_merged(const SessionTable *t)
{
    return t->nmerged > 0;
}

u32
session_heir(const SessionTable *t, u32 slot)
{
    while (!(span_at(t, slot)->turn & 1)) slot = span_at(t, slot)->left;
    return slot;
}

void
session_table_settle(SessionTable *t)
{
    while (t->nmerged) slot_give(t, t->merged[--t->nmerged]);
}

void
session_close(SessionTable *t, u32 slot)
{
    const u8 *row = session_row(t, slot);
    u32 at = index_find(t, pane_row_hash(t->layout, row), row_words(t->layout, row), true);
    assert(t->index[at]);
    u32 latest = (u32)t->index[at] - 1;
    Span *s = span_at(t, slot), *head = span_at(t, latest);
    if (slot != latest) {
        head->left = tree_remove(t, head->left, s->start_us);
    } else if (s->left == SESSION_NONE) {
        index_remove(t, at);
        t->nkeys--;
    } else {
        u32 next = tree_last(t, s->left, INT64_MAX);
        u32 rest = tree_remove(t, s->left, span_at(t, next)->start_us);
        span_at(t, next)->left = rest;
        index_set(t, at, next);
    }
    s->left = s->right = SESSION_NONE;
    t->nlive--;
    session_changed(t, slot);
}

void
session_release(SessionTable *t, u32 slot)
{
    if (t->fns->done) t->fns->done(t->ctx, session_row(t, slot));
    slot_give(t, slot);
}

int
session_cmp(const SessionTable *t, u32 a, u32 b)
{
    u8 *x = session_row(t, a), *y = session_row(t, b);
    i64 p = session_span(t, x)->last_us, q = session_span(t, y)->last_us;
    if (p != q) return p < q ? -1 : 1;
    return pane_row_cmp(t->layout, x, y);
}

u32
session_table_slots(const SessionTable *t)
{
    return t->slots;
}

bool
session_is_open(const SessionTable *t, u32 slot)
{
    return span_at(t, slot)->turn & 1;
}

void
session_table_free(SessionTable *t)
{
    if (!t) return;
    session_table_settle(t);
    for (u32 slot = 0; slot < t->slots; slot++) {
        if (span_at(t, slot)->turn & 1) session_release(t, slot);
    }
    for (u32 i = 0; i < t->nchunks; i++) mem_free(t->chunks[i]);
    mem_free(t->chunks);
    mem_free(t->dirty);
    mem_free(t->index);
    mem_free(t->merged);
    pane_unref(t->reader);
    mem_free(t);
}

/* ---- state -------------------------------------------------------------------------------- */

void
session_table_changes(SessionTable *t, void (*each)(void *ctx, u32 chunk, const u32 *slots, u32 n),
                      void *ctx)
{
    assert(t->nmerged == 0);
    u32 per_chunk = 1u << t->chunk_log2;
    u32 *slots = mem_array(u32, per_chunk);
    for (u32 chunk = 0; chunk < t->nchunks; chunk++) {
        if (!t->dirty[chunk]) continue;
        t->dirty[chunk] = 0;
        u32 n = 0, first = chunk << t->chunk_log2;
        for (u32 slot = first; slot < MIN(first + per_chunk, t->slots); slot++) {
            if (span_at(t, slot)->turn & 1) slots[n++] = slot;
        }
        each(ctx, chunk, slots, n);
    }
    mem_free(slots);
}

bool
session_restore(SessionTable *t, const KeyBatch *keys, u32 lane, i64 start_us, i64 last_us,
                u32 *ret_slot)
{
    if ((t->nkeys + 1) * 2 > t->mask + 1) index_grow(t);
    u64 hash = keys->hash[lane];
    const u64 *words = keys->words + (size_t)lane * t->layout->key_words;
    u32 at = index_find(t, hash, words, keys->any_long);
    u32 latest = t->index[at] ? (u32)t->index[at] - 1 : SESSION_NONE;
    Span *head = latest == SESSION_NONE ? NULL : span_at(t, latest);
    bool leads = !head || start_us > head->last_us + t->gap_us;
    if (!leads) {
        if (last_us + t->gap_us >= head->start_us) return false;
        u32 older = tree_last(t, head->left, last_us + t->gap_us);
        if (older != SESSION_NONE && start_us <= span_at(t, older)->last_us + t->gap_us)
            return false;
    }
    u32 made = *ret_slot = session_make(t, hash, words, start_us, last_us);
    if (leads) {
        session_lead(t, at, hash, made);
    } else {
        head = span_at(t, latest);
        head->left = tree_insert(t, head->left, made);
    }
    return true;
}
