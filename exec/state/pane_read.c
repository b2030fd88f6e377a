/* pane_read.c - key columns out of rows, and rows in the order of their keys. */
#include "base/mem.h"
#include "exec/state/pane_body.h"
#include <stdlib.h>

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
    u32 at = l->keys_at + l->null_word * 8;
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
    u32 at = l->keys_at + c->word * 8;
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

int
pane_row_cmp(const RowLayout *l, const u8 *a, const u8 *b)
{
    u64 null_a = 0, null_b = 0;
    if (l->null_word != UINT32_MAX) {
        memcpy(&null_a, a + l->keys_at + l->null_word * 8, 8);
        memcpy(&null_b, b + l->keys_at + l->null_word * 8, 8);
    }
    /* Not by two booleans: gcc 12 at -O2 takes (3, 1) for equal when they are shifted out of their
     * words side by side in a loop. */
    const u64 differ = null_a ^ null_b;
    for (u32 i = 0; i < l->nkeys; i++) {
        const u64 bit = (u64)1 << i;
        if (differ & bit) return null_a & bit ? -1 : 1;
        if (null_a & bit) continue;
        u32 at = l->keys_at + l->keys[i].word * 8;
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
    return pane_row_cmp(p->shape->layout, pane_row(p, x), pane_row(p, y));
}

void
pane_sort(const Pane *p, u32 *ret_order)
{
    for (u32 i = 0; i < p->rows; i++) ret_order[i] = i;
    qsort_r(ret_order, p->rows, sizeof *ret_order, order_cmp, (void *)(uintptr_t)p);
}
