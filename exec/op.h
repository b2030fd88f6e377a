/* op.h - the contract between the tasks and an operator.
 *
 * An operator is single-threaded, never blocks and never sees a clock, a random number or a file
 * (sources and sinks see their connector): everything it knows arrives as a message. It may be
 * called on any thread, but on one at a time. A plan node with `parallel` subtasks has that many
 * operators, which share nothing but the read-only node. */
#pragma once
#include "base/err.h"
#include "connectors/connector.h"
#include "exec/eval.h"
#include "exec/msg.h"
#include "exec/state/state.h"
#include "planner/plan.h"
#include <stdatomic.h>

typedef struct Op Op;
typedef struct Out Out; /* where results go: the next operator of the chain, or the edge */

/* Rows counted while a job runs; read by progress and summary. */
typedef struct JobCounts {
    _Atomic(u64) rows_in, rows_out, rows_late, rows_skipped, bytes_in;
    _Atomic(i64) watermark_us; /* of the last operator that closes windows */
    /* Late only for what the operator had closed already, since a source was idle. */
    _Atomic(u64) rows_late_after_close;
} JobCounts;

/* Where a RESULT root's rows go; called from one thread at a time. */
typedef struct JobOutput {
    void *ctx;
    Status (*rows)(void *ctx, const Batch *b, Err *err); /* b stays the caller's */
    void (*barrier)(void *ctx, u64 epoch); /* the rows so far belong to it; NULL: no matter */
} JobOutput;

/* What an operator instance is told at its creation. */
typedef struct OpCtx {
    Arena *arena; /* lives as long as the job */
    const Session *session;
    const ConnectorEnv *env;
    const JobOutput *output;
    JobCounts *counts;
    struct Feed *feed;       /* of the chain's SCAN, shared by its subtasks; NULL: no scan */
    u32 table;               /* the scan's number among the job's, in the order of the plan */
    _Atomic(u64) *seq_bound; /* a source's promise: no later batch has a smaller Batch.seq */
    bool durable;            /* the job has a store: what is written must survive a crash */
    u32 subtask, subtasks;   /* this instance, of how many */
    u32 consumers;           /* subtasks at the other end of the chain's edge */
    u32 batch_rows;          /* no batch that this operator makes is longer */
    const char *job;         /* durable: names the job, the same at every start; NULL: unnamed */
    /* Bytes of state that the job's operators hold, and may hold; see exec/pressure.h. Limit 0, or
     * state_bytes NULL: any number. */
    _Atomic(u64) *state_bytes;
    u64 state_limit;
    const char *state_folder; /* the job's, for spilled panes; NULL: unnamed temporary files */
    struct LateLog *late;     /* rows left out as late, see exec/late.h; NULL: they are forgotten */
    const u64 *epoch;         /* the last one whose barrier the task has passed */
} OpCtx;

/* Pass on rows or time. Takes what it is given; the consumer's failure comes back. */
Status out_batch(Out *out, Batch *b, Err *err) MUST_USE;
Status out_pane(Out *out, Pane *p, Err *err) MUST_USE;
Status out_watermark(Out *out, i64 event_us, i64 proc_us, Err *err) MUST_USE;
/* No more rows are wanted from above: the operator has all that it needs (LIMIT). */
void out_enough(Out *out);
/* Is another batch welcome? An operator that makes many rows out of one message asks before each
 * batch; when the answer is no it remembers where it stands, calls out_again() and returns, and
 * resume() goes on from there. Until it is through, it gets no other message. */
bool out_has_room(Out *out);
void out_again(Out *out);

/* What a source did when it was polled. */
typedef enum PollResult {
    POLL_WORKED,
    POLL_WAIT,    /* another subtask must move first; ready() tells when */
    POLL_BARRIER, /* an epoch ends here: nothing was read, and the barrier goes first */
    POLL_IDLE,    /* nothing to read now; ask again later */
    POLL_END,     /* nothing more will ever come */
} PollResult;

/* Sources have poll, all others process. */
typedef struct OpDef {
    Status (*create)(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err);
    /* Read a little (at most one batch) and pass it on. */
    Status (*poll)(Op *op, Out *out, PollResult *ret_result, Err *err);
    bool (*ready)(Op *op); /* after POLL_WAIT: is it worth polling again? NULL: always */
    /* Takes b, from input number port. */
    Status (*process)(Op *op, u32 port, Batch *b, Out *out, Err *err);
    /* Takes one reference of p. NULL: this operator never gets panes. */
    Status (*pane)(Op *op, Pane *p, Out *out, Err *err);
    /* Event time on all inputs has reached event_us. NULL: passed on as it is. */
    Status (*watermark)(Op *op, i64 event_us, i64 proc_us, Out *out, Err *err);
    /* Go on where out_again() was called. NULL: it never is. */
    Status (*resume)(Op *op, Out *out, Err *err);
    /* All inputs have ended, after a watermark of WATERMARK_MAX: emit what is left. NULL: nothing
     * is left. */
    Status (*end)(Op *op, Out *out, Err *err);
    /* The rows so far belong to the epoch that ends here: write what changed since the last
     * barrier. It may send rows first (a local phase gives its panes away). Comes only while
     * nothing waits to be resumed. NULL: no state. */
    Status (*barrier)(Op *op, StateWriter *w, Out *out, Err *err);
    /* Right after create(), when the job goes on from an epoch. NULL: no state. */
    Status (*restore)(Op *op, StateReader *r, Err *err);
    /* The job has ended, after end() of all operators: what barrier() does, for the last time.
     * Sinks only; they have no end(). sync() and commit() follow, also in a job without state. */
    Status (*finish)(Op *op, StateWriter *w, Err *err);
    /* On the checkpoint thread, while process() may run: make durable what the barrier of the epoch
     * flushed, before the epoch is decided; and make it visible once it is. Sinks only. */
    Status (*sync)(Op *op, u64 epoch, Err *err);
    Status (*commit)(Op *op, u64 epoch, Err *err);
    void (*destroy)(Op *op); /* NULL is fine; half-built is fine */
} OpDef;

struct Op {
    const OpDef *def;
    const PlanNode *node;
};

#define PLAN(id, name, text) extern const OpDef op_##name;
#include "planner/plan_nodes.def"
#undef PLAN
extern const OpDef *const op_defs[PLAN_COUNT];
