/* task.h - a chain of operators that one worker runs at a time, and the queues between tasks.
 *
 *     inbox: channel, channel ...  ->  op 0 -> op 1 -> ... -> op n-1  ->  edge: channel per
 * consumer (or op 0 is a source)
 *
 * A plan's stage (operators between two exchanges) has `parallel` tasks. Channels are guarded by
 * the scheduler's lock; everything else of a task belongs to the worker that runs it. */
#pragma once
#include "exec/op.h"
#include "exec/state/changes.h"
#include <pthread.h>

/* The table of a scan node that holds the position of its feed; and the one, of every node, that
 * says which subtasks have ended. Late rows have one, too: exec/late.h. */
enum { FEED_TABLE = 0, ENDED_TABLE = 0xFFFE };

/* 8 batches: enough that neither side waits for the other in step, and still inside L2/L3. */
enum { CHANNEL_ROOM = 8, TASK_STEP_MSGS = 8 };

typedef struct Task Task;

/* A queue from one task to another. It has room below CHANNEL_ROOM messages; a task that runs only
 * while its channels have room may overshoot by what one message makes it emit. */
typedef struct Channel {
    Task *from, *to;
    u32 port;
    Msg *ring;
    u32 head, len, cap;
    bool closed;  /* the consumer wants no more: what is sent is dropped */
    bool ended;   /* MSG_END was taken out */
    bool barred;  /* its barrier was taken out; nothing more until all inputs have theirs */
    i64 event_us; /* the last watermark taken out */
} Channel;

/* Where an operator's results go: see op.h. */
struct Out {
    Task *task;
    u32 next; /* index of the next operator; == nops: the edge */
};

/* A source below input `port` of an ordered union reads nothing before the earlier inputs have
 * ended: the union would only make it wait, and with its rows in the way no barrier would pass. */
typedef struct Gate {
    const Task *of; /* the union */
    u32 port;
    struct Gate *next; /* of a union further down */
} Gate;

typedef struct Shared Shared; /* what all tasks of a job have in common */

struct Task {
    u32 id;
    Shared *shared;
    const PlanNode *head; /* the lowest node of its chain */
    u32 subtask, subtasks;
    Op **ops;
    Out *outs; /* outs[i] is where ops[i] writes */
    u32 nops;
    Channel **in; /* NULL for sources */
    u32 nin, next_in;
    bool in_order;           /* EXCHANGE_ORDERED: take the batch with the least seq */
    Gate *gates;             /* a source: all must be open */
    _Atomic(u64) *seq_bound; /* a source's promise, for consumers in order; NULL: none */
    Channel **edge;
    u32 nedge;
    i64 event_us, proc_us; /* combined watermark of the inputs */
    u64 epoch;             /* whose barrier it has passed last; written under the lock */
    StateChanges changes;  /* of the epoch that it passed, until the checkpoint takes them */
    OpCtx ctx;
    JobCounts counts; /* of its operators */
    JobCounts passed; /* what they were at the last barrier; under the lock */
    /* Under the scheduler's lock. */
    bool running, done, idle, waiting;
    bool told;    /* done, and the store knows */
    bool passing; /* only brings rows in order, under the number of the union that follows */
    /* Written by the running worker, read by others only while nobody runs it. */
    u32 again;    /* the operator to resume; == nops: none */
    u32 first;    /* operators before this one are of no use any more: what follows has enough */
    bool ending;  /* the inputs are over */
    u32 next_end; /* the next operator to call end() of */
};

struct Shared {
    pthread_mutex_t lock; /* channels and the flags of tasks */
    Task **tasks;         /* upstream first */
    u32 ntasks;
    u64 epoch;      /* declared last */
    u64 stop_epoch; /* sources read no further than this one; 0: none */
    u64 progress;   /* steps of sources that gave something */
    u64 moves;      /* times that idle sources were woken, since another one had moved on */
};

/* May the task run now? With the lock held. */
bool task_runnable(const Task *t);
/* Do a little: poll the source once, or take in a few messages. Without the lock. *ret_progress is
 * false when a source had nothing to do. */
Status task_step(Task *t, bool *ret_progress, Err *err) MUST_USE;
void counts_clear(JobCounts *c);
void counts_add(JobCounts *to, const JobCounts *more);

/* Before the first step, when the channels are there: the task had ended by the epoch that the job
 * goes on from. Its consumers hear of it as if it ended now. */
void task_ended_before(Task *t);
void task_destroy(Task *t);

Channel *channel_new(Arena *a, Task *from, Task *to, u32 port);
void channel_done(Channel *c); /* drops what is queued */
