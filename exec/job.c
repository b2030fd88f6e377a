/* job.c - from plan nodes to tasks.
 *
 * A stage is a chain of operators between exchanges, with `parallel` tasks:
 *
 *     stage:  SCAN - PROJECT - FILTER - LOCAL_AGG   =EXCHANGE=>   GLOBAL_AGG   =EXCHANGE=>   RESULT
 *     tasks:  0 1                                                 2 3                        4
 *
 * EXCHANGE nodes become channels between all tasks of two stages; UNION_ALL begins a stage whose
 * ports are its inputs. WATERMARK swallows the PROJECT and SCAN below it (op_watermark.c). */
#include "exec/job.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "exec/feed.h"
#include "exec/late.h"
#include "exec/scan.h"
#include "exec/workers.h"
#include <stdio.h>
#include <stdlib.h>

typedef struct Stage {
    const PlanNode **nodes; /* lowest first */
    u32 nnodes;
    u32 parallel;
    const PlanNode *scan; /* of a source stage over a table */
    struct Stage **in;    /* per port */
    u32 nin;
    bool in_order, by_port;
    bool side_by_side; /* subtask i takes from subtask i of each input only */
    bool passing;      /* Task.passing */
    Task **tasks;
    Feed *feed;
    u32 table; /* the feed's number */
} Stage;

struct Job {
    const Plan *plan;
    JobOptions options;
    Arena *arena;
    Shared shared;
    JobCounts counts;
    _Atomic(u64) state_bytes; /* that operators hold */
    Checkpoint *checkpoint;
    LateLog *late;
    Feed **feeds;
    const PlanNode **scans; /* of the feeds */
    u32 nfeeds, feeds_cap, scans_cap, tasks_cap;
    bool finished;
    u32 nodes_max;
};

/* No node of its own runs for an exchange: it is the channels between two stages. */
const OpDef op_exchange = {0};

const OpDef *const op_defs[PLAN_COUNT] = {
#define PLAN(id, name, text) [PLAN_##id] = &op_##name,
#include "planner/plan_nodes.def"
#undef PLAN
};

/* ---- stages --------------------------------------------------------------------------------- */

static Stage *
stage_new(Job *j, const PlanNode *n)
{
    Stage *s = arena_make(j->arena, Stage);
    s->nodes = arena_array(j->arena, const PlanNode *, j->plan->nodes + 1);
    s->parallel = MAX(n->parallel, 1u);
    return s;
}

static const PlanNode *
scan_below(const PlanNode *n)
{
    while (n->kind == PLAN_WATERMARK || n->kind == PLAN_PROJECT) n = n->input[0];
    assert(n->kind == PLAN_SCAN);
    return n;
}

static Stage *stage_of(Job *j, const PlanNode *n);

/* Inputs of a union run side by side with it, subtask by subtask, when all have as many; otherwise
 * one task gathers them. An input that must keep its order is put in order by a stage of its own,
 * in which the union's operator only passes rows on. */
static Stage *
stage_union(Job *j, const PlanNode *n)
{
    Stage *s = stage_new(j, n);
    s->by_port = n->ordered;
    s->in = arena_array(j->arena, Stage *, n->ninputs);
    for (u32 i = 0; i < n->ninputs; i++) {
        const PlanNode *in = n->input[i];
        bool exchange = in->kind == PLAN_EXCHANGE;
        if (exchange && in->exchange.kind != EXCHANGE_ORDERED) in = in->input[0], exchange = false;
        Stage *input = stage_of(j, in);
        if (exchange) {
            input->nodes[input->nnodes++] = n;
            input->passing = true;
        }
        s->side_by_side |= s->parallel > 1;
        assert(!s->side_by_side || input->parallel == s->parallel);
        s->in[s->nin++] = input;
    }
    s->nodes[s->nnodes++] = n;
    return s;
}

/* The open stage whose last operator is n. Recursion is bounded by the plan's depth, which the
 * grammar bounds. */
static Stage *
stage_of(Job *j, const PlanNode *n)
{
    if (n->kind == PLAN_SCAN || n->kind == PLAN_WATERMARK) {
        Stage *s = stage_new(j, n);
        s->nodes[s->nnodes++] = n;
        s->scan = scan_below(n);
        return s;
    }
    if (n->kind == PLAN_VALUES) {
        Stage *s = stage_new(j, n);
        s->nodes[s->nnodes++] = n;
        return s;
    }
    if (n->kind == PLAN_UNION_ALL) return stage_union(j, n);
    if (n->kind == PLAN_EXCHANGE) {
        Stage *s = stage_new(j, n);
        s->parallel = MAX(n->parallel, 1u);
        s->in = arena_array(j->arena, Stage *, 1);
        s->in[s->nin++] = stage_of(j, n->input[0]);
        s->in_order = n->exchange.kind == EXCHANGE_ORDERED;
        return s; /* its operators follow */
    }
    Stage *s = stage_of(j, n->input[0]);
    assert(s->nnodes == 0 || MAX(n->parallel, 1u) == s->parallel);
    if (s->nnodes == 0) s->parallel = MAX(n->parallel, 1u);
    s->nodes[s->nnodes++] = n;
    return s;
}

/* ---- tasks ---------------------------------------------------------------------------------- */

/* How many subtasks a node had when the last epoch was written. */
static Status
subtasks_then(Job *j, u32 id, u32 *ret, Err *err)
{
    StrBuf value = {0};
    char name[32];
    bool there = false;
    (void)snprintf(name, sizeof name, "subtasks.%u", id);
    Status st = state_store_meta(j->options.store, str_from(name), &value, &there, err);
    u64 n = there ? strtoull(value.len ? value.ptr : "", NULL, 10) : 0;
    strbuf_done(&value);
    if (st) return st;
    if (n == 0 || n > UINT16_MAX) return state_damaged("an operator's number of subtasks", err);
    *ret = (u32)n;
    return ERR_OK;
}

static Status
op_restore(Job *j, const Task *t, Op *op, Err *err)
{
    if (!op->def->restore) return ERR_OK;
    StateReader r = {.store = j->options.store, .op = op->node->id};
    TRY(subtasks_then(j, r.op, &r.subtasks_then, err));
    TRY(op->def->restore(op, &r, err));
    int why = t->subtask == 0 ? failpoint(FAIL_RESTORE_OP) : 0;
    return why ? err_set(err, W5001, POS_NONE, "state cannot be read: %s", strerror(why)) : ERR_OK;
}

typedef struct Ended {
    const Task *task;
    u32 others; /* subtasks of a node that had as many as the record says */
    bool itself, all;
} Ended;

static Status
ended_record(void *ctx, const StateRecord *record, Err *err)
{
    Ended *e = ctx;
    u32 subtasks;
    if (record->image.len != sizeof subtasks) return state_damaged("an operator's end", err);
    memcpy(&subtasks, record->image.ptr, sizeof subtasks);
    e->itself |= subtasks == e->task->subtasks && record->subtask == e->task->subtask;
    e->all |= ++e->others == subtasks;
    return ERR_OK;
}

/* Had the task ended by the epoch that the job goes on from? When the last of its operators had,
 * nobody wants anything from the others. Where there were as many subtasks as now, each one knows
 * for itself. */
static Status
task_had_ended(Job *j, const Stage *s, Task *t, Err *err)
{
    u32 last = s->nnodes - 1;
    if (!j->shared.epoch || s->passing) return ERR_OK;
    if (s->nodes[last]->kind == PLAN_LOCAL_AGG && last-- == 0) return ERR_OK;
    Ended e = {.task = t};
    TRY(state_store_each(j->options.store, s->nodes[last]->id, ENDED_TABLE, ended_record, &e, err));
    t->ending = e.itself || e.all;
    return ERR_OK;
}

/* Of a task that had ended only its root has something left to say. */
static bool
op_wants_state(const Job *j, const Stage *s, const Task *t, u32 i, u32 consumers)
{
    return j->shared.epoch && (!t->ending || (i + 1 == s->nnodes && consumers == 0));
}

static Status
task_ops(Job *j, Stage *s, Task *t, u32 consumers, Err *err)
{
    TRY(task_had_ended(j, s, t, err));
    const char *folder = j->options.store ? state_store_folder(j->options.store) : NULL;
    t->ops = arena_array(j->arena, Op *, s->nnodes);
    t->outs = arena_array(j->arena, Out, s->nnodes);
    t->ctx = (OpCtx){.arena = j->arena,
                     .session = j->options.session,
                     .env = j->options.env,
                     .output = &j->options.output,
                     .counts = &t->counts,
                     .durable = j->options.store != NULL,
                     .job = j->options.job,
                     .state_bytes = &j->state_bytes,
                     .state_limit = j->options.memory_limit,
                     .state_folder = folder,
                     .late = j->late,
                     .epoch = &t->epoch,
                     .feed = s->feed,
                     .table = s->table,
                     .seq_bound = t->seq_bound,
                     .subtask = t->subtask,
                     .subtasks = t->subtasks,
                     .consumers = consumers,
                     .batch_rows = j->options.batch_rows};
    for (u32 i = 0; i < s->nnodes; i++) {
        const PlanNode *n = s->nodes[i];
        const OpDef *def = op_defs[n->kind];
        t->outs[i] = (Out){.task = t, .next = i + 1};
        Status st = def->create(&t->ctx, n, &t->ops[i], err);
        if (t->ops[i]) {
            if (!t->ops[i]->def) t->ops[i]->def = def; /* some nodes have several operators */
            t->ops[i]->node = n;
            t->nops = i + 1;
        }
        if (st) return st;
        if (op_wants_state(j, s, t, i, consumers)) TRY(op_restore(j, t, t->ops[i], err));
    }
    t->again = t->nops;
    return ERR_OK;
}

static void
job_add_task(Job *j, Task *t)
{
    mem_grow(j->shared.tasks, j->shared.ntasks, j->tasks_cap);
    t->id = j->shared.ntasks;
    t->shared = &j->shared;
    j->shared.tasks[j->shared.ntasks++] = t;
}

static void
connect_stages(Job *j, Stage *from, Stage *to, u32 port)
{
    for (u32 f = 0; f < from->parallel; f++) {
        Task *source = from->tasks[f];
        source->edge = arena_array(j->arena, Channel *, to->parallel);
        for (u32 i = 0; i < to->parallel; i++) {
            if (to->side_by_side && i != f) continue;
            Task *sink = to->tasks[i];
            Channel *c = channel_new(j->arena, source, sink, port);
            source->edge[source->nedge++] = c;
            sink->in[sink->nin++] = c;
        }
    }
}

static Status
feed_record(void *ctx, const StateRecord *record, Err *err)
{
    return feed_restore(ctx, record->image, err);
}

static Status
stage_feed(Job *j, Stage *s, Err *err)
{
    const PlanNode *watermark = s->nodes[0]->kind == PLAN_WATERMARK ? s->nodes[0] : NULL;
    TRY(feed_open(s->scan, watermark, j->options.env, j->options.batch_rows, s->parallel, j->arena,
                  &s->feed, err));
    s->table = j->nfeeds;
    mem_grow(j->feeds, j->nfeeds, j->feeds_cap);
    j->feeds[j->nfeeds++] = s->feed;
    mem_grow(j->scans, s->table, j->scans_cap);
    j->scans[s->table] = s->scan;
    if (watermark) late_log_add(j->late, s->table, s->scan, watermark->watermark.late_keep);
    if (!j->options.store) return ERR_OK;
    if (!feed_resumes(s->feed)) {
        return err_set(err, W2001, s->scan->pos,
                       "not supported yet: going on with table \"%s\" after a restart",
                       s->scan->scan.name);
    }
    if (!j->shared.epoch) return ERR_OK;
    if (watermark) {
        TRY(late_log_restore(j->late, late_log_tables(j->late) - 1, j->options.store, err));
    }
    return state_store_each(j->options.store, s->scan->id, FEED_TABLE, feed_record, s->feed, err);
}

/* All sources of a stage wait behind input number port of a union. */
static void
stage_gate(Job *j, Stage *s, const Task *of, u32 port)
{
    for (u32 i = 0; i < s->nin; i++) stage_gate(j, s->in[i], of, port);
    for (u32 i = 0; i < s->parallel && s->nin == 0; i++) {
        Gate *g = arena_make(j->arena, Gate);
        *g = (Gate){of, port, s->tasks[i]->gates};
        s->tasks[i]->gates = g;
    }
}

/* Upstream stages first, so that tasks are in that order too. */
static Status
stage_build(Job *j, Stage *s, u32 consumers, Err *err)
{
    u32 nin = 0;
    for (u32 i = 0; i < s->nin; i++) {
        TRY(stage_build(j, s->in[i], s->parallel, err));
        nin += s->in[i]->parallel;
    }
    if (s->scan) {
        TRY(stage_feed(j, s, err));
    }
    s->tasks = arena_array(j->arena, Task *, s->parallel);
    for (u32 i = 0; i < s->parallel; i++) {
        Task *t = s->tasks[i] = arena_make(j->arena, Task);
        t->head = s->nodes[0];
        t->subtask = i;
        t->subtasks = s->parallel;
        t->in_order = s->in_order;
        t->passing = s->passing;
        t->epoch = j->shared.epoch;
        counts_clear(&t->counts);
        counts_clear(&t->passed);
        t->event_us = WATERMARK_NONE;
        t->in = nin ? arena_array(j->arena, Channel *, nin) : NULL;
        t->seq_bound = s->scan ? arena_make(j->arena, _Atomic(u64)) : NULL;
        job_add_task(j, t);
        TRY(task_ops(j, s, t, consumers, err));
    }
    for (u32 i = 0; i < s->nin; i++) connect_stages(j, s->in[i], s, i);
    for (u32 i = 1; i < s->nin && s->by_port; i++) stage_gate(j, s->in[i], s->tasks[0], i);
    return ERR_OK;
}

/* ---- epochs --------------------------------------------------------------------------------- */

/* What the next epoch says of every operator: how many subtasks it has. What as many others left
 * behind is deleted: nobody owns it any more, and everybody has read it. */
static Status
job_first_epoch(Job *j, Err *err)
{
    const Shared *s = &j->shared;
    u32 nops = 0;
    for (u32 t = 0; t < s->ntasks; t++) nops += s->tasks[t]->nops;
    StoreMeta *meta = arena_array(j->arena, StoreMeta, nops + 1);
    StateChanges changes = {0};
    u32 nmeta = 0;
    for (u32 t = 0; t < s->ntasks; t++) {
        const Task *task = s->tasks[t];
        for (u32 i = 0; i < task->nops && task->subtask == 0; i++) {
            u32 id = task->ops[i]->node->id, then = task->subtasks;
            if (task->passing) continue;
            char *name = arena_array(j->arena, char, 24), *value = arena_array(j->arena, char, 12);
            (void)snprintf(name, 24, "subtasks.%u", id);
            (void)snprintf(value, 12, "%u", task->subtasks);
            meta[nmeta++] = (StoreMeta){str_from(name), str_from(value)};
            bool lasting = task->ops[i]->node->kind != PLAN_LOCAL_AGG;
            if (s->epoch && lasting) TRY(subtasks_then(j, id, &then, err));
            for (u32 k = 0; k < then && then != task->subtasks; k++) {
                StateWriter w = {&changes, id, (u16)k, s->epoch};
                state_delete_table(&w, ANY_TABLE);
            }
        }
    }
    checkpoint_first(j->checkpoint, &changes, meta, nmeta);
    return ERR_OK;
}

static Status
job_checkpoint(Job *j, Err *err)
{
    CheckpointOptions options = {.shared = &j->shared,
                                 .feeds = j->feeds,
                                 .scans = j->scans,
                                 .nfeeds = j->nfeeds,
                                 .store = j->options.store,
                                 .late = j->late,
                                 .interval_us = j->options.checkpoint_us,
                                 .inline_writes = j->options.seed || !j->options.checkpoint_us,
                                 .stop = j->options.stop,
                                 .committed = j->options.committed,
                                 .committed_ctx = j->options.committed_ctx};
    j->checkpoint = checkpoint_open(&options);
    return j->options.store ? job_first_epoch(j, err) : ERR_OK;
}

Status
job_open(const Plan *plan, const JobOptions *options, Job **ret_job, Err *err)
{
    assert(options->threads && options->batch_rows && options->batch_rows <= BATCH_ROWS_MAX);
    Job *j = mem_make(Job);
    j->plan = plan;
    j->options = *options;
    j->arena = arena_new();
    j->late = late_log_new(options->late_naming);
    pthread_mutex_init(&j->shared.lock, NULL);
    if (options->store) j->shared.epoch = state_store_epoch(options->store);
    if (j->shared.epoch) (void)failpoint(FAIL_RESTORE_OPEN);
    Status st = ERR_OK;
    for (u32 i = 0; i < plan->nroots && !st; i++) {
        Stage *s = stage_of(j, plan->roots[i]);
        assert(s->parallel == 1); /* physical.c gathers before a sink */
        st = stage_build(j, s, 0, err);
    }
    for (u32 i = 0; i < j->shared.ntasks && !st; i++) {
        if (j->shared.tasks[i]->ending) task_ended_before(j->shared.tasks[i]);
    }
    if (!st) st = job_checkpoint(j, err);
    if (st) {
        job_close(j);
        return st;
    }
    (void)failpoint(FAIL_RESTORE_DONE);
    *ret_job = j;
    return ERR_OK;
}

static Status
job_work(Job *j, bool until_idle, Err *err)
{
    WorkOptions options = {.threads = j->options.threads,
                           .seed = j->options.seed,
                           .interrupt = j->options.interrupt,
                           .tick = j->options.tick,
                           .tick_ctx = j->options.tick_ctx,
                           .checkpoint = j->checkpoint};
    return workers_run(&j->shared, &options, until_idle, err);
}

/* Had the last epoch been decided, but perhaps not shown? Then that is all that is left to do, and
 * sinks have done it when they were restored. */
static Status
job_was_committing(const Job *j, bool *ret, Err *err)
{
    StrBuf value = {0};
    bool there = false;
    *ret = false;
    if (!j->options.store) return ERR_OK;
    Status st = state_store_meta(j->options.store, STR("finished"), &value, &there, err);
    *ret = there && str_eq(strbuf_view(&value), STR("committing"));
    strbuf_done(&value);
    return st;
}

Status
job_run(Job *j, Err *err)
{
    bool committing;
    TRY(job_was_committing(j, &committing, err));
    if (committing) {
        j->finished = true;
        return checkpoint_finished(j->checkpoint, err);
    }
    TRY(job_work(j, false, err));
    for (u32 i = 0; i < j->shared.ntasks; i++) {
        if (!j->shared.tasks[i]->done) return ERR_OK; /* stopped */
    }
    /* All is computed, but nothing shown: whoever gave up meanwhile is still obeyed. */
    if (j->options.interrupt && atomic_load(j->options.interrupt))
        return err_set(err, W8002, POS_NONE, "interrupted");
    StoreMeta mark = {STR("finished"), STR("committing")};
    TRY(checkpoint_finish(j->checkpoint, &mark, 1, err));
    TRY(checkpoint_finished(j->checkpoint, err));
    j->finished = true;
    return ERR_OK;
}

bool
job_finished(const Job *j)
{
    return j->finished;
}

Status
job_pump(Job *j, Err *err)
{
    return job_work(j, true, err);
}

const JobCounts *
job_counts(Job *j)
{
    counts_clear(&j->counts);
    for (u32 i = 0; i < j->shared.ntasks; i++) counts_add(&j->counts, &j->shared.tasks[i]->counts);
    return &j->counts;
}

void
job_epoch_counts(const Job *j, JobCounts *ret)
{
    counts_clear(ret);
    for (u32 i = 0; i < j->shared.ntasks; i++) counts_add(ret, &j->shared.tasks[i]->passed);
}

LateLog *
job_late(Job *j)
{
    return j->late;
}

u64
job_bytes_total(const Job *j)
{
    u64 total = 0;
    for (u32 i = 0; i < j->nfeeds; i++) {
        u64 bytes = feed_bytes_total(j->feeds[i]);
        if (!bytes) return 0;
        total += bytes;
    }
    return total;
}

void
job_close(Job *j)
{
    if (!j) return;
    checkpoint_close(j->checkpoint);
    for (u32 i = 0; i < j->shared.ntasks; i++) task_destroy(j->shared.tasks[i]);
    for (u32 i = 0; i < j->nfeeds; i++) feed_close(j->feeds[i]);
    late_log_free(j->late);
    mem_free(j->feeds);
    mem_free(j->scans);
    mem_free(j->shared.tasks);
    pthread_mutex_destroy(&j->shared.lock);
    arena_free(j->arena);
    mem_free(j);
}
