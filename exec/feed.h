/* feed.h - hands out the chunks of one scanned table to its subtasks, and knows the watermark of
 * each partition.
 *
 *     partition 0   [chunk 0][chunk 1][chunk 2] ...
 *                    posted   posted   taken        -> wm = maximum at the end of chunk 1
 *
 * Lateness is a property of the data (DIALECT 4): the watermark before a row depends on all earlier
 * rows of its partition, whoever decoded them. So each chunk learns the running maximum of the
 * watermark expression before it (feed_incoming) and posts the one behind it (feed_post), in the
 * order of the chunks. The partition that is furthest behind is read first; one that has not been
 * opened stands at a lower bound taken from its first row (feed_probe).
 *
 * Thread-safe: every subtask calls it. Fetching is serial per partition. */
#pragma once
#include "connectors/connector.h"
#include "exec/msg.h"
#include "planner/plan.h"

typedef struct Feed Feed;

typedef struct Taken {
    Chunk *chunk; /* owned by the taker: give back with feed_return */
    u32 partition;
    u64 number; /* in its partition */
    u64 seq;    /* among all chunks handed out: the order for EXCHANGE_ORDERED */
    bool probe; /* only look at the first row: feed_probe() follows */
} Taken;

typedef enum TakeResult {
    TAKE_CHUNK,
    TAKE_WAIT,
    TAKE_IDLE,
    TAKE_BARRIER, /* an epoch ends here; feed_passed() follows */
    TAKE_END
} TakeResult;

/* Opens the source of a SCAN node for its subtasks. watermark: the node that follows, or NULL. A
 * scan whose rows are wanted in one fixed order hands out one chunk at a time when it has several
 * partitions. */
Status feed_open(const PlanNode *scan, const PlanNode *watermark, const ConnectorEnv *env,
                 u32 batch_rows, u32 subtasks, Arena *a, Feed **ret_feed, Err *err) MUST_USE;
void feed_close(Feed *f); /* NULL is fine */

/* epoch: the last one whose barrier the caller has passed. */
Status feed_take(Feed *f, u64 epoch, Taken *ret_taken, TakeResult *ret_result, Err *err) MUST_USE;
void feed_return(Feed *f, Taken *t); /* frees the chunk */
/* Whether feed_take might not answer TAKE_WAIT now. */
bool feed_ready(Feed *f, u64 epoch);

/* The lower bound of a partition that was looked at; the partition begins again. */
Status feed_probe(Feed *f, const Taken *t, i64 bound_us, Err *err) MUST_USE;
/* The running maximum before the chunk; false while an earlier chunk has not posted. */
bool feed_incoming(Feed *f, const Taken *t, i64 *ret_wm_us);
/* The running maximum behind the chunk: never less than the one before it. */
void feed_post(Feed *f, const Taken *t, i64 wm_us);
/* No row of a chunk still to be handed out has a smaller watermark. */
i64 feed_watermark(Feed *f);

/* ---- epochs ----------------------------------------------------------------------------------
 * After feed_barrier() no chunk is handed out until every subtask that still reads has used up the
 * chunk in its hand and passed the barrier: then the position of the source is the epoch's. */

void feed_barrier(Feed *f, u64 epoch);
/* A subtask has passed the barrier / will take no more, and has passed that of `epoch` last. */
void feed_passed(Feed *f);
void feed_leave(Feed *f, u64 epoch);
/* The position at the last barrier that all have passed; f keeps it. Empty: the source has none. */
Str feed_position(const Feed *f);
/* Before the first take: go on from a position. W5004, W4003. */
Status feed_restore(Feed *f, Str position, Err *err) MUST_USE;
/* A stored position as words, appended: how far time and the source are. W5004. */
Status feed_position_show(const SourceDef *def, Str position, StrBuf *out, Err *err) MUST_USE;
/* Can the source go on from a position? Else a restarted job reads it from its beginning. */
bool feed_resumes(const Feed *f);
/* Processing time, which never goes back, not even over a restart; any thread. */
i64 feed_proc_time_us(Feed *f);

/* A reader for one subtask. */
Status feed_reader(Feed *f, Reader **ret_reader, Err *err) MUST_USE;
const SourceDef *feed_source(const Feed *f);
u64 feed_bytes_total(const Feed *f);
/* The order number that a chunk taken from now on would have at least. */
u64 feed_next_seq(Feed *f);
