/* batch.c - making, narrowing, checking and freeing batches. */
#include "base/batch.h"
#include "base/mem.h"

Batch *
batch_new(u32 cols, u32 rows)
{
    assert(rows > 0 && rows <= BATCH_ROWS_MAX);
    Batch *b = mem_zalloc(sizeof *b + cols * sizeof b->col[0]);
    b->cols = cols;
    b->rows = rows;
    return b;
}

void
batch_free(Batch *b)
{
    if (!b) return;
    for (u32 i = 0; i < b->cols; i++) vector_done(&b->col[i]);
    buf_unref(b->kind);
    buf_unref(b->wm);
    mem_free(b);
}

Batch *
batch_take(Batch *b, const u16 *rows, u32 n)
{
    assert(n > 0 && n <= b->rows);
    if (n == b->rows) {
        /* All rows in order is the usual case of a filter that lets everything pass. */
        u32 i = 0;
        while (i < n && rows[i] == i) i++;
        if (i == n) return b;
    }
    for (u32 i = 0; i < b->cols; i++) {
        Vector taken = vector_take(&b->col[i], rows, n);
        vector_done(&b->col[i]);
        b->col[i] = taken;
    }
    if (b->kind) {
        Buf *kind = buf_new(n);
        for (u32 i = 0; i < n; i++) kind->bytes[i] = b->kind->bytes[rows[i]];
        buf_unref(b->kind);
        b->kind = kind;
    }
    if (b->wm) {
        Buf *wm = buf_new(n * sizeof(i64));
        for (u32 i = 0; i < n; i++) buf_data(wm, i64)[i] = buf_data(b->wm, i64)[rows[i]];
        buf_unref(b->wm);
        b->wm = wm;
    }
    b->rows = n;
    return b;
}

static void
batch_origin(Batch *to, const Batch *from)
{
    to->seq = from->seq;
    to->chunk = from->chunk;
    to->table = from->table;
    to->partition = from->partition;
    to->proc_time_us = from->proc_time_us;
}

void
batch_stamp(Batch *to, const Batch *from)
{
    assert(to->rows == from->rows && !to->kind && !to->wm);
    batch_origin(to, from);
    to->kind = buf_ref(from->kind);
    to->wm = buf_ref(from->wm);
}

Batch *
batch_slice(const Batch *b, u32 from, u32 n)
{
    assert(n > 0 && from <= b->rows && n <= b->rows - from);
    Batch *s = batch_new(b->cols, n);
    batch_origin(s, b);
    for (u32 i = 0; i < b->cols; i++) s->col[i] = vector_slice(&b->col[i], from, n);
    if (b->kind) {
        s->kind = buf_new(n);
        memcpy(s->kind->bytes, b->kind->bytes + from, n);
    }
    if (b->wm) {
        s->wm = buf_new(n * sizeof(i64));
        memcpy(s->wm->bytes, buf_data(b->wm, i64) + from, n * sizeof(i64));
    }
    return s;
}

void
batch_check(const Batch *b)
{
    assert(b->rows > 0 && b->rows <= BATCH_ROWS_MAX);
    for (u32 i = 0; i < b->cols; i++) {
        assert(b->col[i].len == b->rows);
        vector_check(&b->col[i]);
    }
    if (b->kind) {
        assert(b->kind->cap >= b->rows);
        for (u32 i = 0; i < b->rows; i++) assert(b->kind->bytes[i] <= ROW_DELETE);
    }
    if (b->wm) assert(b->wm->cap >= b->rows * sizeof(i64));
}
