/* vector.c - columns, the counted buffers under them, and the heaps that hold long texts.
 *
 * A vector's content never changes once it is shared; sharing is a reference more. The values of
 * a DICT vector are a counted Vector (DictBox), so that handles on it are cheap. */
#include "base/vector.h"
#include "base/mem.h"

#include <stdatomic.h>

/* --- buffers --- */

enum { BUF_SLACK = 64 };

Buf *
buf_new(size_t bytes)
{
    Buf *b = mem_aligned(64, sizeof(Buf) + bytes + BUF_SLACK);
    atomic_init(&b->refs, 1);
    b->cap = bytes;
    memset(b->bytes + bytes, 0, BUF_SLACK);
    return b;
}

Buf *
buf_zero(size_t bytes)
{
    Buf *b = buf_new(bytes);
    memset(b->bytes, 0, bytes);
    return b;
}

Buf *
buf_ref(Buf *b)
{
    if (b) atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
    return b;
}

void
buf_unref(Buf *b)
{
    if (!b) return;
    if (atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) == 1) mem_free(b);
}

static bool
buf_writable(Buf *b)
{
    return atomic_load_explicit(&b->refs, memory_order_acquire) == 1;
}

/* --- heaps of long texts --- */

typedef struct HeapChunk {
    struct HeapChunk *next;
    size_t used, cap;
    char bytes[];
} HeapChunk;

struct StrHeap {
    _Atomic(u32) refs;
    HeapChunk *chunk; /* newest first; only the newest has room */
    size_t bytes;
    Buf **bufs;
    u32 bufs_len, bufs_cap;
    StrHeap **heaps;
    u32 heaps_len, heaps_cap;
};

enum { HEAP_CHUNK_MIN = 1024, HEAP_CHUNK_MAX = 256 * 1024 };

StrHeap *
strheap_new(void)
{
    StrHeap *h = mem_make(StrHeap);
    atomic_init(&h->refs, 1);
    return h;
}

StrHeap *
strheap_ref(StrHeap *h)
{
    if (h) atomic_fetch_add_explicit(&h->refs, 1, memory_order_relaxed);
    return h;
}

/* Heaps keep heaps, never in a circle; the chain is as deep as operators pass texts on, and goes
 * down by one call each. */
void
strheap_unref(StrHeap *h)
{
    if (!h || atomic_fetch_sub_explicit(&h->refs, 1, memory_order_acq_rel) != 1) return;
    for (HeapChunk *c = h->chunk, *next; c; c = next) {
        next = c->next;
        mem_free(c);
    }
    for (u32 i = 0; i < h->bufs_len; i++) buf_unref(h->bufs[i]);
    for (u32 i = 0; i < h->heaps_len; i++) strheap_unref(h->heaps[i]);
    mem_free(h->bufs);
    mem_free(h->heaps);
    mem_free(h);
}

char *
strheap_room(StrHeap *h, size_t bytes)
{
    HeapChunk *c = h->chunk;
    if (!c || c->cap - c->used < bytes) {
        size_t cap = c ? MIN(c->cap * 2, (size_t)HEAP_CHUNK_MAX) : HEAP_CHUNK_MIN;
        cap = MAX(cap, bytes);
        c = mem_alloc(sizeof *c + cap);
        *c = (HeapChunk){.next = h->chunk, .cap = cap};
        h->chunk = c;
        h->bytes += cap;
    }
    char *at = c->bytes + c->used;
    c->used += bytes;
    return at;
}

void
strheap_keep_buf(StrHeap *h, Buf *b)
{
    if (h->bufs_len && h->bufs[h->bufs_len - 1] == b) return;
    mem_grow(h->bufs, h->bufs_len, h->bufs_cap);
    h->bufs[h->bufs_len++] = buf_ref(b);
    h->bytes += b->cap;
}

void
strheap_keep(StrHeap *h, StrHeap *other)
{
    if (!other || other == h) return;
    for (u32 i = 0; i < h->heaps_len; i++) {
        if (h->heaps[i] == other) return;
    }
    mem_grow(h->heaps, h->heaps_len, h->heaps_cap);
    h->heaps[h->heaps_len++] = strheap_ref(other);
}

size_t
strheap_bytes(const StrHeap *h)
{
    size_t bytes = h->bytes;
    for (u32 i = 0; i < h->heaps_len; i++) bytes += strheap_bytes(h->heaps[i]);
    return bytes;
}

/* --- text slots --- */

bool
strview_eq(const StrView *a, const StrView *b)
{
    u64 head_a, head_b, tail_a, tail_b; /* length and prefix; the rest, if inline */
    memcpy(&head_a, a, 8);
    memcpy(&head_b, b, 8);
    if (head_a != head_b) return false;
    if (a->len <= STRVIEW_INLINE) {
        memcpy(&tail_a, a->rest, 8);
        memcpy(&tail_b, b->rest, 8);
        return tail_a == tail_b;
    }
    return a->ptr == b->ptr || memcmp(a->ptr + 4, b->ptr + 4, a->len - 4) == 0;
}

int
strview_cmp(const StrView *a, const StrView *b)
{
    u32 head_a, head_b;
    memcpy(&head_a, a->prefix, 4);
    memcpy(&head_b, b->prefix, 4);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    head_a = __builtin_bswap32(head_a);
    head_b = __builtin_bswap32(head_b);
#endif
    /* Unused prefix bytes are zero, so a shorter text is not above a longer one here. */
    if (head_a != head_b) return head_a < head_b ? -1 : 1;
    u32 n = MIN(a->len, b->len);
    int c = n ? memcmp(strview_str(a).ptr, strview_str(b).ptr, n) : 0;
    return c ? c : (a->len > b->len) - (a->len < b->len);
}

/* --- vectors --- */

typedef struct DictBox {
    Vector values; /* first: a Vector *dict is a DictBox * */
    _Atomic(u32) refs;
} DictBox;

static DictBox *
dict_ref(Vector *dict)
{
    DictBox *box = (DictBox *)(void *)dict;
    if (box) atomic_fetch_add_explicit(&box->refs, 1, memory_order_relaxed);
    return box;
}

static void
dict_unref(Vector *dict)
{
    DictBox *box = (DictBox *)(void *)dict;
    if (!box || atomic_fetch_sub_explicit(&box->refs, 1, memory_order_acq_rel) != 1) return;
    vector_done(&box->values);
    mem_free(box);
}

static size_t
valid_bytes(u32 len)
{
    return ((size_t)len + 63) / 64 * sizeof(u64);
}

static bool
vector_is_text(const Vector *v)
{
    return type_is(v->type, KIND_HEAP);
}

Vector
vector_new(Type type, u32 len)
{
    size_t bytes = (size_t)len * type_slot_bytes[type.kind];
    Buf *data = type_is(type, KIND_HEAP) ? buf_zero(bytes) : buf_new(bytes);
    return (Vector){.type = type, .form = VEC_FLAT, .len = len, .data = data};
}

Vector
vector_null(Type type, u32 len)
{
    return (Vector){.type = type,
                    .form = VEC_CONST,
                    .len = len,
                    .data = buf_zero(type_slot_bytes[type.kind]),
                    .valid = buf_zero(sizeof(u64))};
}

Vector
vector_const(Type type, u32 len, const void *slot)
{
    Vector v = {
        .type = type, .form = VEC_CONST, .len = len, .data = buf_new(type_slot_bytes[type.kind])};
    if (type_is(type, KIND_HEAP)) {
        Str text = strview_str(slot);
        memset(v.data->bytes, 0, sizeof(StrView));
        vector_set_str(&v, 0, text.ptr, text.len);
    } else {
        memcpy(v.data->bytes, slot, type_slot_bytes[type.kind]);
    }
    return v;
}

Vector
vector_dict(Buf *codes, u32 len, Vector values)
{
    assert(values.form == VEC_FLAT && !values.valid);
    DictBox *box = mem_make(DictBox);
    box->values = values;
    atomic_init(&box->refs, 1);
    return (Vector){
        .type = values.type, .form = VEC_DICT, .len = len, .data = codes, .dict = &box->values};
}

void
vector_done(Vector *v)
{
    buf_unref(v->data);
    buf_unref(v->valid);
    strheap_unref(v->heap);
    dict_unref(v->dict);
    *v = (Vector){0};
}

Vector
vector_share(const Vector *v)
{
    buf_ref(v->data);
    buf_ref(v->valid);
    strheap_ref(v->heap);
    dict_ref(v->dict);
    return *v;
}

/* Slots of `bytes` each, from[rows[i]] to to[i]. */
static void
slots_gather(void *to, const void *from, size_t bytes, const u16 *rows, u32 n)
{
#define GATHER(T)                                                                                  \
    do {                                                                                           \
        T *out = to;                                                                               \
        const T *in = from;                                                                        \
        for (u32 i = 0; i < n; i++) out[i] = in[rows[i]];                                          \
        return;                                                                                    \
    } while (0)
    switch (bytes) {
    case 1:
        GATHER(u8);
    case 2:
        GATHER(u16);
    case 4:
        GATHER(u32);
    case 8:
        GATHER(u64);
    case 16:
        GATHER(u128);
    default:
        UNREACHABLE();
    }
#undef GATHER
}

static size_t
vector_slot_bytes(const Vector *v)
{
    return v->form == VEC_DICT ? sizeof(u32) : type_slot_bytes[v->type.kind];
}

/* An empty vector of v's form and content holders, for n slots that the caller fills. */
static Vector
vector_like(const Vector *v, u32 n)
{
    Vector t = *v;
    t.len = n;
    t.data = buf_new(n * vector_slot_bytes(v));
    t.valid = v->valid ? buf_zero(valid_bytes(n)) : NULL;
    strheap_ref(t.heap);
    dict_ref(t.dict);
    return t;
}

Vector
vector_take(const Vector *v, const u16 *rows, u32 n)
{
    if (v->form == VEC_CONST) {
        Vector t = vector_share(v);
        t.len = n;
        return t;
    }
    Vector t = vector_like(v, n);
    slots_gather(t.data->bytes, v->data->bytes, vector_slot_bytes(v), rows, n);
    if (v->valid) {
        const u64 *from = vector_valid(v);
        u64 *to = vector_valid(&t);
        for (u32 i = 0; i < n; i++) to[i >> 6] |= (u64)bit_get(from, rows[i]) << (i & 63);
    }
    return t;
}

Vector
vector_slice(const Vector *v, u32 from, u32 n)
{
    assert(from <= v->len && n <= v->len - from);
    if (v->form == VEC_CONST) {
        Vector t = vector_share(v);
        t.len = n;
        return t;
    }
    Vector t = vector_like(v, n);
    size_t slot = vector_slot_bytes(v);
    memcpy(t.data->bytes, v->data->bytes + from * slot, n * slot);
    if (v->valid) {
        const u64 *in = vector_valid(v);
        u64 *to = vector_valid(&t);
        for (u32 i = 0; i < n; i++) to[i >> 6] |= (u64)bit_get(in, from + i) << (i & 63);
    }
    return t;
}

static void
vector_flatten_const(Vector *v)
{
    size_t slot = type_slot_bytes[v->type.kind];
    Buf *data = buf_new(v->len * slot);
    if (v->valid && !bit_get(vector_valid(v), 0)) {
        memset(data->bytes, 0, v->len * slot); /* a null's slot is readable: zero will do */
    } else {
        for (u32 i = 0; i < v->len; i++) memcpy(data->bytes + i * slot, v->data->bytes, slot);
    }
    if (v->valid) {
        bool present = bit_get(vector_valid(v), 0);
        buf_unref(v->valid);
        v->valid = present ? NULL : buf_zero(valid_bytes(v->len));
    }
    buf_unref(v->data);
    v->data = data;
}

static void
vector_flatten_dict(Vector *v)
{
    size_t slot = type_slot_bytes[v->type.kind];
    Buf *data = buf_new(v->len * slot);
    const u32 *codes = vector_data(v, u32);
    const u8 *values = v->dict->data->bytes;
    for (u32 i = 0; i < v->len; i++) {
        if (v->dict->len) memcpy(data->bytes + i * slot, values + codes[i] * slot, slot);
    }
    if (!v->dict->len) memset(data->bytes, 0, v->len * slot); /* then every row is NULL */
    /* The texts stay where the dictionary has them. */
    StrHeap *heap = strheap_ref(v->dict->heap);
    strheap_unref(v->heap);
    v->heap = heap;
    dict_unref(v->dict);
    v->dict = NULL;
    buf_unref(v->data);
    v->data = data;
}

void
vector_flatten(Vector *v)
{
    if (v->form == VEC_CONST) vector_flatten_const(v);
    if (v->form == VEC_DICT) vector_flatten_dict(v);
    v->form = VEC_FLAT;
}

void
vector_own_valid(Vector *v)
{
    size_t bytes = v->form == VEC_CONST ? sizeof(u64) : valid_bytes(v->len);
    if (v->valid && buf_writable(v->valid)) return;
    Buf *valid = buf_new(bytes);
    if (v->valid) {
        memcpy(valid->bytes, v->valid->bytes, bytes);
    } else {
        memset(valid->bytes, 0xFF, bytes);
    }
    buf_unref(v->valid);
    v->valid = valid;
}

void
vector_set_null(Vector *v, u32 i)
{
    assert(v->form == VEC_FLAT && i < v->len);
    vector_own_valid(v);
    bit_clear(vector_valid(v), i);
    size_t slot = type_slot_bytes[v->type.kind];
    memset(v->data->bytes + i * slot, 0, slot);
}

char *
vector_room(Vector *v, size_t bytes)
{
    /* A heap that others read too is frozen: go on in one of our own that keeps it alive. */
    if (!v->heap || atomic_load_explicit(&v->heap->refs, memory_order_acquire) != 1) {
        StrHeap *own = strheap_new();
        strheap_keep(own, v->heap);
        strheap_unref(v->heap);
        v->heap = own;
    }
    return strheap_room(v->heap, bytes);
}

void
vector_set_str(Vector *v, u32 i, const char *ptr, u32 len)
{
    assert(vector_is_text(v));
    if (len > STRVIEW_INLINE) {
        char *copy = vector_room(v, len);
        memcpy(copy, ptr, len);
        ptr = copy;
    }
    vector_data(v, StrView)[i] = strview_make(ptr, len);
}

const void *
vector_at(const Vector *v, u32 i)
{
    assert(i < v->len);
    if (vector_is_null(v, i)) return NULL;
    size_t slot = type_slot_bytes[v->type.kind];
    switch (v->form) {
    case VEC_FLAT:
        return v->data->bytes + i * slot;
    case VEC_CONST:
        return v->data->bytes;
    case VEC_DICT:
        return v->dict->data->bytes + vector_data(v, u32)[i] * slot;
    }
    UNREACHABLE();
}

static void
vector_check_texts(const Vector *v, u32 slots)
{
    const StrView *at = vector_data(v, StrView);
    for (u32 i = 0; i < slots; i++) {
        if (at[i].len > STRVIEW_INLINE) assert(memcmp(at[i].prefix, at[i].ptr, 4) == 0);
        for (u32 k = at[i].len; k < STRVIEW_INLINE; k++) {
            assert((k < 4 ? at[i].prefix[k] : at[i].rest[k - 4]) == 0);
        }
    }
}

void
vector_check(const Vector *v)
{
    u32 slots = v->form == VEC_CONST ? 1 : v->len;
    assert(v->type.kind < TYPE_COUNT && v->form <= VEC_DICT);
    assert(v->data && v->data->cap >= slots * vector_slot_bytes(v));
    assert((v->form == VEC_DICT) == (v->dict != NULL));
    if (v->valid) assert(v->valid->cap >= valid_bytes(slots));
    if (v->form == VEC_DICT) {
        assert(v->dict->form == VEC_FLAT && !v->dict->valid);
        assert(type_eq(v->dict->type, v->type));
        for (u32 i = 0; i < v->len; i++) {
            assert(vector_is_null(v, i) || vector_data(v, u32)[i] < v->dict->len);
        }
        vector_check(v->dict);
    } else if (vector_is_text(v)) {
        vector_check_texts(v, slots);
    }
}
