/* sorter.c - normalised keys, sorted by an 8-byte prefix first. */
#include "exec/sorter.h"
#include "base/mem.h"
#include <stdlib.h>

typedef struct SortRow {
    u64 prefix; /* the key's first bytes, big-endian: decides most comparisons */
    u8 *key;
    u32 key_bytes;
    u32 batch, row;
    u64 arrival; /* number of the row, or its complement */
} SortRow;

struct Sorter {
    const SortKey *keys;
    u32 nkeys, nall; /* nall: with the columns that decide ties */
    u64 latest;      /* all ones: of equals, the later row comes first */
    SortKey *all;
    u64 arrived;
    Batch **batches;
    u32 nbatches, batches_cap;
    SortRow *rows;
    u64 nrows, rows_cap;
    Arena *arena; /* keys */
};

Sorter *
sorter_new(const SortKey *keys, u32 nkeys, u32 columns, SortTies ties)
{
    Sorter *s = mem_make(Sorter);
    s->nkeys = nkeys;
    s->all = mem_array(SortKey, nkeys + columns);
    for (; s->nall < nkeys; s->nall++) s->all[s->nall] = keys[s->nall];
    s->latest = ties == SORT_BY_LATEST ? UINT64_MAX : 0;
    for (u32 c = 0; ties == SORT_BY_COLUMNS && c < columns; c++) {
        bool there = false;
        for (u32 i = 0; i < nkeys; i++) there |= keys[i].column == c;
        if (!there) s->all[s->nall++] = (SortKey){.column = c, .nulls_first = true};
    }
    s->keys = s->all;
    s->arena = arena_new();
    return s;
}

static void
batches_free(Sorter *s)
{
    for (u32 i = 0; i < s->nbatches; i++) batch_free(s->batches[i]);
    s->nbatches = 0;
}

void
sorter_free(Sorter *s)
{
    if (!s) return;
    batches_free(s);
    mem_free(s->batches);
    mem_free(s->rows);
    mem_free(s->all);
    arena_free(s->arena);
    mem_free(s);
}

u64
sorter_rows(const Sorter *s)
{
    return s->nrows;
}

/* ---- normalised keys ------------------------------------------------------------------------ */

static void
key_be(StrBuf *k, u64 v, u32 bytes)
{
    char out[8];
    for (u32 i = 0; i < bytes; i++) out[i] = (char)(u8)(v >> (8 * (bytes - 1 - i)));
    strbuf_add(k, out, bytes);
}

/* Order-preserving bits of a double: flip all when negative, else the sign (IEEE 754 totals). */
static u64
key_f64_bits(f64 d)
{
    u64 bits;
    if (d == 0) d = 0;
    if (d != d) return UINT64_MAX; /* NaN is the largest, as in Flink */
    memcpy(&bits, &d, sizeof bits);
    return bits >> 63 ? ~bits : bits | (u64)1 << 63;
}

/* 0x00 inside a text becomes 0x00 0xFF; 0x00 0x00 ends it, so that a prefix sorts first. */
static void
key_text(StrBuf *k, Str t)
{
    for (u32 i = 0; i < t.len; i++) {
        strbuf_char(k, t.ptr[i]);
        if (t.ptr[i] == '\0') strbuf_char(k, (char)0xFF);
    }
    strbuf_add(k, "\0", 2);
}

#define SLOT(T) (*(const T *)slot)

static void
key_slot(StrBuf *k, Type t, const void *slot)
{
    const u64 sign = (u64)1 << 63;
    switch ((Phys)type_phys[t.kind]) {
    case PHYS_U8:
        key_be(k, SLOT(u8), 1);
        break;
    case PHYS_I8:
        key_be(k, (u8)SLOT(i8) ^ 0x80u, 1);
        break;
    case PHYS_I16:
        key_be(k, (u16)SLOT(i16) ^ 0x8000u, 2);
        break;
    case PHYS_I32:
        key_be(k, (u32)SLOT(i32) ^ 0x80000000u, 4);
        break;
    case PHYS_I64:
        key_be(k, (u64)SLOT(i64) ^ sign, 8);
        break;
    case PHYS_F32:
        key_be(k, key_f64_bits((f64)SLOT(f32)), 8);
        break;
    case PHYS_F64:
        key_be(k, key_f64_bits(SLOT(f64)), 8);
        break;
    case PHYS_I128: {
        i128 v = SLOT(i128);
        key_be(k, (u64)(v >> 64) ^ sign, 8);
        key_be(k, (u64)v, 8);
        break;
    }
    case PHYS_STR:
        key_text(k, strview_str(slot));
        break;
    case PHYS_COUNT:
        UNREACHABLE();
    }
}

static void
key_column(StrBuf *k, const SortKey *key, const Vector *v, u32 row)
{
    const void *slot = vector_at(v, row);
    strbuf_char(k, (slot == NULL) == key->nulls_first ? 0 : 1);
    if (!slot) return;
    size_t from = k->len;
    key_slot(k, v->type, slot);
    if (!key->descending) return;
    for (size_t i = from; i < k->len; i++) k->ptr[i] = (char)~k->ptr[i];
}

void
sorter_key(const SortKey *keys, u32 nkeys, const Batch *b, u32 row, StrBuf *out)
{
    for (u32 i = 0; i < nkeys; i++) key_column(out, &keys[i], &b->col[keys[i].column], row);
}

static u64
key_prefix(const u8 *key, u32 bytes)
{
    u64 p = 0;
    for (u32 i = 0; i < 8; i++) p = p << 8 | (i < bytes ? key[i] : 0);
    return p;
}

void
sorter_add(Sorter *s, Batch *b)
{
    mem_grow(s->batches, s->nbatches, s->batches_cap);
    StrBuf k = {0};
    for (u32 row = 0; row < b->rows; row++) {
        strbuf_clear(&k);
        sorter_key(s->all, s->nall, b, row, &k);
        mem_grow(s->rows, s->nrows, s->rows_cap);
        SortRow *r = &s->rows[s->nrows++];
        u32 bytes = (u32)k.len;
        r->key = bytes ? (u8 *)arena_copy(s->arena, k.ptr, bytes) : NULL;
        r->key_bytes = bytes;
        r->prefix = key_prefix(r->key, bytes);
        r->batch = s->nbatches;
        r->row = row;
        r->arrival = s->arrived++ ^ s->latest;
    }
    strbuf_done(&k);
    s->batches[s->nbatches++] = b;
}

static int
row_cmp(const void *a, const void *b)
{
    const SortRow *x = a, *y = b;
    if (x->prefix != y->prefix) return x->prefix < y->prefix ? -1 : 1;
    u32 n = MIN(x->key_bytes, y->key_bytes);
    int c = n > 8 ? memcmp(x->key + 8, y->key + 8, n - 8) : 0;
    if (c) return c;
    if (x->key_bytes != y->key_bytes) return x->key_bytes < y->key_bytes ? -1 : 1;
    return (x->arrival > y->arrival) - (x->arrival < y->arrival);
}

void
sorter_sort(Sorter *s)
{
    if (s->nrows > 1) qsort(s->rows, s->nrows, sizeof *s->rows, row_cmp);
}

void
sorter_truncate(Sorter *s, u64 rows)
{
    if (s->nrows <= rows) return;
    /* The kept rows, in order, become the only batches, so that the rest is really forgotten. */
    Batch **kept = mem_array(Batch *, rows / BATCH_ROWS_MAX + 1);
    u32 nkept = 0;
    for (u64 from = 0; from < rows; from += BATCH_ROWS_MAX) {
        kept[nkept++] = sorter_batch(s, from, (u32)MIN(rows - from, (u64)BATCH_ROWS_MAX));
    }
    batches_free(s);
    s->nrows = 0;
    arena_free(s->arena);
    s->arena = arena_new();
    u64 *arrival = mem_array(u64, rows);
    for (u64 i = 0; i < rows; i++) arrival[i] = s->rows[i].arrival;
    for (u32 i = 0; i < nkept; i++) sorter_add(s, kept[i]);
    for (u64 i = 0; i < rows; i++) s->rows[i].arrival = arrival[i]; /* they came when they came */
    mem_free(arrival);
    mem_free(kept);
}

/* ---- reading -------------------------------------------------------------------------------- */

static Vector
gather_column(const Sorter *s, u32 col, u64 from, u32 n)
{
    Vector v = vector_new(s->batches[s->rows[from].batch]->col[col].type, n);
    u32 bytes = type_slot_bytes[v.type.kind];
    bool text = type_phys[v.type.kind] == PHYS_STR;
    for (u32 i = 0; i < n; i++) {
        const SortRow *r = &s->rows[from + i];
        const void *slot = vector_at(&s->batches[r->batch]->col[col], r->row);
        if (!slot) {
            vector_set_null(&v, i);
        } else if (text) {
            Str t = strview_str(slot);
            vector_set_str(&v, i, t.ptr, t.len);
        } else {
            memcpy(v.data->bytes + (size_t)i * bytes, slot, bytes);
        }
    }
    return v;
}

Batch *
sorter_batch(const Sorter *s, u64 from, u32 n)
{
    assert(n && from + n <= s->nrows);
    const Batch *like = s->batches[s->rows[from].batch];
    Batch *b = batch_new(like->cols, n);
    b->proc_time_us = like->proc_time_us;
    for (u32 c = 0; c < like->cols; c++) b->col[c] = gather_column(s, c, from, n);
    return b;
}

bool
sorter_same_prefix(const Sorter *s, u64 i, u32 keys)
{
    assert(i > 0 && i < s->nrows);
    StrBuf a = {0}, b = {0};
    const SortRow *x = &s->rows[i - 1], *y = &s->rows[i];
    for (u32 k = 0; k < keys; k++) {
        key_column(&a, &s->all[k], &s->batches[x->batch]->col[s->all[k].column], x->row);
        key_column(&b, &s->all[k], &s->batches[y->batch]->col[s->all[k].column], y->row);
    }
    bool same = str_eq(strbuf_view(&a), strbuf_view(&b));
    strbuf_done(&a);
    strbuf_done(&b);
    return same;
}
