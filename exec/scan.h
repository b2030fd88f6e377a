/* scan.h - one subtask's reading of a scanned table: chunks from the feed, batches out of them. */
#pragma once
#include "exec/feed.h"
#include "exec/op.h"

typedef struct Scan {
    Feed *feed;
    Reader *reader;
    JobCounts *counts;
    u64 epoch;               /* the last whose barrier was passed */
    u32 table;               /* of the job's scans, in the order of the plan */
    Taken taken;             /* the chunk being decoded; chunk NULL: none */
    ReadCounts told;         /* what the job's counts have been told of so far */
    i64 proc_time_us;        /* when the chunk was taken */
    _Atomic(u64) *seq_bound; /* OpCtx's */
} Scan;

Status scan_open(Scan *s, OpCtx *ctx, Err *err) MUST_USE;
void scan_close(Scan *s); /* half-open is fine */

/* Take the next chunk; only when the last one is used up. */
Status scan_take(Scan *s, TakeResult *ret_result, Err *err) MUST_USE;
/* After TAKE_BARRIER: the epoch's barrier goes on from here. */
void scan_barrier(Scan *s, u64 epoch);
/* After TAKE_WAIT: might scan_take answer otherwise now, or has the promise of seq_bound fallen
 * behind? A consumer in order would wait for it, and the feed's other takers for the consumer. */
bool scan_ready_to_take(const Scan *s);
/* The next batch of the chunk in hand, stamped with seq and processing time; NULL: used up, and the
 * caller ends it with scan_release. */
Status scan_next(Scan *s, Batch **ret_batch, Err *err) MUST_USE;
void scan_release(Scan *s);
