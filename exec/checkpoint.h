/* checkpoint.h - ends the epochs of a running job, one after the other.
 *
 *     declared    feeds hand out nothing more; sources pass the barrier between chunks
 *     aligned     every task has passed it and given its changes away; sources read on
 *     written     by the checkpoint thread: sinks sync, the store commits (the decision), sinks
 *                 commit
 *
 * The algorithm is Chandy and Lamport's for distributed snapshots as Flink has it (asynchronous
 * barrier snapshots, arXiv:1506.08603), with aligned barriers and one epoch in flight. */
#pragma once
#include "exec/feed.h"
#include "exec/task.h"

typedef struct Checkpoint Checkpoint;

typedef struct CheckpointOptions {
    Shared *shared;
    Feed *const *feeds;
    const PlanNode *const *scans; /* of the feeds: positions are stored under their ids */
    u32 nfeeds;
    struct LateLog *late; /* goes into each epoch; see exec/late.h. NULL: nothing does */
    StateStore *store;    /* NULL: nothing is stored, no epoch ends before the job does */
    i64 interval_us;      /* between the ends of epochs; 0: as fast as they can follow (tests) */
    bool inline_writes;   /* no thread: whoever finds the epoch aligned writes it (seeded runs) */
    const atomic_bool *stop; /* when set: end an epoch, then read no further; may be NULL */
    /* The epoch is durable and visible. With the lock held. May be NULL. */
    void (*committed)(void *ctx, u64 epoch);
    void *committed_ctx;
} CheckpointOptions;

Checkpoint *checkpoint_open(const CheckpointOptions *options);
void checkpoint_close(Checkpoint *c); /* waits for what is being written; NULL is fine */

/* Changes that the next epoch to be written begins with (taken over): descriptions of operators, or
 * the deletion of what the workers of another number left. */
void checkpoint_first(Checkpoint *c, StateChanges *changes, const StoreMeta *meta, u32 nmeta);

/* Do what is due, with the lock of Shared held; it may be released meanwhile. *ret_over: asked to
 * stop, and the last epoch is written. Called by workers whenever they look for work. */
Status checkpoint_step(Checkpoint *c, bool *ret_over, Err *err) MUST_USE;
/* Nothing can run before the epoch that is being written is done, or the next one is declared; us
 * until the latter is due, INT64_MAX: never. With the lock held. */
i64 checkpoint_wait_us(const Checkpoint *c);

/* All tasks are done: the last epoch, in which sinks finish; *ret_meta of the caller marks the job
 * as finished. Works without a store, too. */
Status checkpoint_finish(Checkpoint *c, const StoreMeta *meta, u32 nmeta, Err *err) MUST_USE;
/* The files of the last epoch are visible, too: the job need not be opened again. */
Status checkpoint_finished(Checkpoint *c, Err *err) MUST_USE;
