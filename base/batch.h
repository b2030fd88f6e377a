/* batch.h - what flows between operators: up to 2048 rows, stored by column. */
#pragma once
#include "base/vector.h"

/* 2048: a batch of 8 BIGINT columns fills 128 KiB, well inside L2. */
#define BATCH_ROWS_MAX 2048
#define BATCH_MASK_WORDS (BATCH_ROWS_MAX / 64)

typedef enum RowKind { ROW_INSERT, ROW_UPDATE_BEFORE, ROW_UPDATE_AFTER, ROW_DELETE } RowKind;

/* A run of rows with one schema.
 *
 * Ownership: exactly one owner at a time; passing a Batch * to process() or a queue gives it
 * away. Columns inside may share buffers with other batches.
 *
 * Invariants (batch_check):
 *  - 0 < rows <= BATCH_ROWS_MAX: an empty batch is never sent, it is freed;
 *  - every column has len == rows: batches are dense at the door;
 *  - kind is NULL (all rows are inserts) or holds one RowKind byte per row;
 *  - wm is NULL, or holds per row the watermark before it (us; DIALECT 4). NULL says that no
 *    row of the batch is slow, that is every row's event time is past wm(row) + unit;
 *  - table, partition and chunk say where the rows come from: rows of one chunk keep their order on
 *    every path, so (wm, table, partition, chunk, arrival) is the canonical order of DIALECT 4;
 *  - seq is the number of the source chunk that the rows come from, which orders batches where
 *    an operator asks for order; proc_time_us is the processing time stamped at the source. */
typedef struct Batch {
    u32 rows;
    u32 cols;
    Buf *kind;
    Buf *wm;
    u64 seq;
    u64 chunk; /* its number in the partition */
    u32 table, partition;
    i64 proc_time_us;
    Vector col[];
} Batch;

Batch *batch_new(u32 cols, u32 rows);                /* columns are {0}: the caller fills them */
void batch_free(Batch *b);                           /* NULL is fine */
Batch *batch_take(Batch *b, const u16 *rows, u32 n); /* consumes b; the n > 0 given rows, dense */
/* Batches made row for row of another's rows: kind, wm, where they come from, time. Not the rows.
 */
void batch_stamp(Batch *to, const Batch *from);
Batch *batch_slice(const Batch *b, u32 from, u32 n); /* b stays */
void batch_check(const Batch *b);
