/* vector.h - one column of a batch.
 *
 *     FLAT   data: len slots             valid: len bits or NULL     heap: long text or NULL
 *     CONST  data: one slot, for all     valid: bit 0 or NULL        heap
 *     DICT   data: len u32 codes         valid: len bits or NULL     dict: the values, FLAT
 */
#pragma once
#include "base/type.h"

/* A text or bytes slot: up to 12 bytes inline, else a 4-byte prefix and a pointer into the
 * vector's heap. Unused inline bytes are zero, so two short slots are equal iff all 16 are. */
typedef struct StrView {
    u32 len;
    char prefix[4];
    union {
        char rest[8];
        const char *ptr;
    };
} StrView;
static_assert(sizeof(StrView) == 16, "two text slots fit a 32-byte load");
#define STRVIEW_INLINE 12

/* A counted run of bytes, 64-byte aligned, with 64 readable bytes behind cap.
 * Writable only while refs == 1; sharing freezes it. */
typedef struct Buf {
    _Atomic(u32) refs;
    size_t cap;
    _Alignas(64) u8 bytes[];
} Buf;

Buf *buf_new(size_t bytes); /* not zeroed */
Buf *buf_zero(size_t bytes);
Buf *buf_ref(Buf *b);   /* NULL is fine; returns b */
void buf_unref(Buf *b); /* NULL is fine */
#define buf_data(b, T) ((T *)(void *)(b)->bytes)

/* Where the bytes of long text slots live: chunks that the heap allocates, plus other buffers and
 * heaps that it keeps alive. Counted; grows only while its one owner builds the vector. */
typedef struct StrHeap StrHeap;
StrHeap *strheap_new(void);
StrHeap *strheap_ref(StrHeap *h);              /* NULL is fine */
void strheap_unref(StrHeap *h);                /* NULL is fine */
char *strheap_room(StrHeap *h, size_t bytes);  /* stable until the heap goes */
void strheap_keep_buf(StrHeap *h, Buf *b);     /* refs b; slots may point into it */
void strheap_keep(StrHeap *h, StrHeap *other); /* refs other; NULL is fine */
size_t strheap_bytes(const StrHeap *h);

static inline Str
strview_str(const StrView *v)
{
    return (Str){v->len <= STRVIEW_INLINE ? v->prefix : v->ptr, v->len};
}
/* A slot for len bytes at ptr, which must outlive the slot when len > 12. */
static inline StrView
strview_make(const char *ptr, u32 len)
{
    StrView v = {.len = len};
    if (len <= STRVIEW_INLINE) {
        if (len) memcpy(v.prefix, ptr, len);
    } else {
        memcpy(v.prefix, ptr, 4);
        v.ptr = ptr;
    }
    return v;
}
bool strview_eq(const StrView *a, const StrView *b);
int strview_cmp(const StrView *a, const StrView *b); /* unsigned byte order */

typedef enum VecForm { VEC_FLAT, VEC_CONST, VEC_DICT } VecForm;

/* Invariants (vector_check asserts them):
 *  - data holds len slots when FLAT, one when CONST, len codes below dict->len when DICT;
 *  - valid is NULL (no nulls) or holds one bit per slot, 1 = present; bits past len are anything;
 *  - a DICT's nulls are in its own valid; its dict is FLAT and has no nulls;
 *  - a slot whose valid bit is 0 still holds a readable value (zero, or an empty text), so that
 *    kernels may compute every lane and let validity hide the junk;
 *  - data has room for 64 bytes past the last slot. */
typedef struct Vector {
    Type type;
    VecForm form;
    u32 len;
    Buf *data;
    Buf *valid;
    StrHeap *heap;
    struct Vector *dict; /* counted: see vector_dict */
} Vector;

#define vector_data(v, T) ((T *)(void *)(v)->data->bytes)
#define vector_valid(v) ((v)->valid ? (u64 *)(void *)(v)->valid->bytes : NULL)

Vector vector_new(Type type, u32 len);  /* FLAT; slots zero for text types, undefined otherwise;
                                           no nulls */
Vector vector_null(Type type, u32 len); /* CONST NULL */
Vector vector_const(Type type, u32 len, const void *slot); /* CONST of one slot (copied; the bytes
                                           of a long text are copied into the vector's heap) */
/* DICT over values (FLAT, no nulls; its content is taken over). codes is taken. */
Vector vector_dict(Buf *codes, u32 len, Vector values);
void vector_done(Vector *v);          /* drops what it holds; v is {0} again */
Vector vector_share(const Vector *v); /* another handle on the same content */
Vector vector_take(const Vector *v, const u16 *rows, u32 n); /* gather; v stays */
Vector vector_slice(const Vector *v, u32 from, u32 n);       /* copy of a range; v stays */
void vector_flatten(Vector *v);         /* CONST or DICT becomes FLAT, in place */
void vector_own_valid(Vector *v);       /* valid becomes non-NULL, writable, all bits kept */
void vector_set_null(Vector *v, u32 i); /* FLAT, being built; also zeroes the slot */
void vector_set_str(Vector *v, u32 i, const char *ptr, u32 len); /* FLAT text; copies the bytes */
char *vector_room(Vector *v, size_t bytes); /* room in the vector's own heap, made when needed */
/* Slot i, whatever the form; NULL if it is null. Points into the vector. */
const void *vector_at(const Vector *v, u32 i);
void vector_check(const Vector *v);

static inline bool
bit_get(const u64 *bits, u32 i)
{
    return bits[i >> 6] >> (i & 63) & 1;
}
static inline void
bit_set(u64 *bits, u32 i)
{
    bits[i >> 6] |= (u64)1 << (i & 63);
}
static inline void
bit_clear(u64 *bits, u32 i)
{
    bits[i >> 6] &= ~((u64)1 << (i & 63));
}
static inline bool
vector_is_null(const Vector *v, u32 i)
{
    return v->valid && !bit_get(vector_valid(v), v->form == VEC_CONST ? 0 : i);
}

/* A value of any integer type into a lane of a FLAT vector; what does not fit wraps around. */
static inline void
vector_set_integer(Vector *v, u32 i, i64 value)
{
    switch (type_slot_bytes[v->type.kind]) {
    case 1:
        vector_data(v, i8)[i] = (i8)value;
        break;
    case 2:
        vector_data(v, i16)[i] = (i16)value;
        break;
    case 4:
        vector_data(v, i32)[i] = (i32)value;
        break;
    default:
        vector_data(v, i64)[i] = value;
        break;
    }
}
