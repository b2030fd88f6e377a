/* scan.c - taking, decoding and counting chunks for op_scan.c and op_watermark.c. */
#include "exec/scan.h"

Status
scan_open(Scan *s, OpCtx *ctx, Err *err)
{
    s->feed = ctx->feed;
    s->counts = ctx->counts;
    s->table = ctx->table;
    s->seq_bound = ctx->seq_bound;
    return feed_reader(s->feed, &s->reader, err);
}

void
scan_close(Scan *s)
{
    if (!s->feed) return;
    if (s->taken.chunk) feed_return(s->feed, &s->taken);
    if (s->reader) feed_source(s->feed)->reader_close(s->reader);
    s->reader = NULL;
}

Status
scan_take(Scan *s, TakeResult *ret_result, Err *err)
{
    assert(!s->taken.chunk);
    *s->seq_bound = feed_next_seq(s->feed);
    TRY(feed_take(s->feed, s->epoch, &s->taken, ret_result, err));
    s->proc_time_us = feed_proc_time_us(s->feed);
    if (*ret_result == TAKE_CHUNK) *s->seq_bound = s->taken.seq;
    return ERR_OK;
}

void
scan_barrier(Scan *s, u64 epoch)
{
    assert(!s->taken.chunk && epoch > s->epoch);
    s->epoch = epoch;
    feed_passed(s->feed);
}

bool
scan_ready_to_take(const Scan *s)
{
    return feed_ready(s->feed, s->epoch) || *s->seq_bound < feed_next_seq(s->feed);
}

Status
scan_next(Scan *s, Batch **ret_batch, Err *err)
{
    TRY(feed_source(s->feed)->decode(s->reader, s->taken.chunk, ret_batch, err));
    Batch *b = *ret_batch;
    if (!b) return ERR_OK;
    b->seq = s->taken.seq;
    b->table = s->table;
    b->partition = s->taken.partition;
    b->chunk = s->taken.number;
    b->proc_time_us = s->proc_time_us;
    return ERR_OK;
}

void
scan_release(Scan *s)
{
    const ReadCounts *now = feed_source(s->feed)->counts(s->reader);
    if (!s->taken.probe) { /* rows that a probe looked at are read again */
        s->counts->rows_in += now->rows - s->told.rows;
        s->counts->bytes_in += now->bytes - s->told.bytes;
        s->counts->rows_skipped += now->skipped - s->told.skipped;
    }
    s->told = *now;
    feed_return(s->feed, &s->taken);
}
