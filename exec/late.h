/* late.h - rows that came too late for their windows, kept to be read: the table t$late.
 *
 *     operators --late_rows()--> runs: images of rows, as dropped
 *                                  |  when there are many, when an epoch is written, when read
 *                                  v
 *                                texts, sorted: the newest `keep` of a table
 *
 * Newest is said by the data: by (watermark, partition, event time, window end, row), so that the
 * same rows stay whatever the threads, batches and restarts. Rows that only an operator had closed
 * its windows for, since a source was idle (JobCounts.rows_late_after_close), are not here.
 *
 * One log serves a job; all functions may be called from any thread. */
#pragma once
#include "exec/op.h"
#include "exec/state/changes.h"
#include "exec/state/held.h"
#include "exec/window.h"

/* The table of a scan node that holds its late rows: see exec/task.h for its neighbours. */
enum { LATE_TABLE = 0xFFFD };

typedef struct LateLog LateLog;

/* What a computed column is called in a row: the text of its expression. NULL: it is left out. */
typedef void LateNaming(StrBuf *out, const BoundExpr *e, const Schema *input);

LateLog *late_log_new(LateNaming *naming);
void late_log_free(LateLog *l); /* NULL is fine */

/* A table of the job with event time; number: its scan's, OpCtx.table. Before rows come. keep: how
 * many of its rows; 0: none. */
void late_log_add(LateLog *l, u32 number, const PlanNode *scan, u32 keep);
u32 late_log_tables(const LateLog *l);
/* The i-th that was added: its name, as people call it. */
Str late_log_name(const LateLog *l, u32 i);

/* ---- dropping ----------------------------------------------------------------------------- */

/* An operator that leaves late rows out: how its input is to be read. */
typedef struct LateOp LateOp;

/* input: the node that the operator's rows come from. time: the type of the column that its windows
 * are cut by. In ctx->arena; NULL when the job keeps no late rows. */
LateOp *late_op(OpCtx *ctx, const PlanNode *input, Type time);

/* Rows of one batch. */
typedef struct LateRows {
    const Batch *batch;
    const u64 *lanes;       /* a bit per row: late for all of its windows */
    const i64 *end_us;      /* per row: end of the last window missed, on the windows' clock */
    const HeldPlace *place; /* per row: where it comes from; NULL: where the batch does */
} LateRows;

/* Their watermarks are the batch's. o NULL: nothing happens. */
void late_rows(const LateOp *o, const LateRows *r);

/* ---- epochs ------------------------------------------------------------------------------- */

/* Append the tables that changed since they were written, with the rows up to the epoch. l NULL:
 * nothing. */
void late_log_write(LateLog *l, u64 epoch, StateChanges *to);
/* The rows that an earlier start has left, of table i. W5004. */
Status late_log_restore(LateLog *l, u32 i, StateStore *s, Err *err) MUST_USE;

/* ---- reading ------------------------------------------------------------------------------ */

/* event_time, watermark, window_end: TIMESTAMP(6), in the session's zone where the table's time is
 * TIMESTAMP_LTZ; row: STRING, the columns that the operator saw as a JSON object. event_time is
 * NULL where the operator no longer had it. */
extern const Schema late_schema;

typedef Status LateRead(void *ctx, const Batch *b, Err *err); /* b stays the caller's */

/* The rows of table i, oldest first. */
Status late_log_read(LateLog *l, u32 i, LateRead *read, void *ctx, Err *err) MUST_USE;
/* The rows that the last epoch of a store has, of a scan node. W5004. */
Status late_store_read(StateStore *s, u32 scan_id, LateRead *read, void *ctx, Err *err) MUST_USE;
