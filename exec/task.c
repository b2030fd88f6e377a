/* task.c - running a chain: messages in, operators in turn, messages out.
 *
 * Fan-in: the watermark of a task is the least of its inputs that have not ended, and never goes
 * back; the end comes when all inputs have ended, after a last watermark of WATERMARK_MAX. */
#include "exec/task.h"
#include "base/mem.h"
#include "exec/feed.h"

/* ---- channels ----------------------------------------------------------------------------- */

Channel *
channel_new(Arena *a, Task *from, Task *to, u32 port)
{
    Channel *c = arena_make(a, Channel);
    c->from = from;
    c->to = to;
    c->port = port;
    c->event_us = WATERMARK_NONE;
    return c;
}

void
msg_free(Msg *m)
{
    if (m->kind == MSG_BATCH) batch_free(m->batch);
    if (m->kind == MSG_PANE) pane_unref(m->pane);
}

static void
channel_put(Channel *c, Msg m)
{
    if (c->len == c->cap) {
        u32 cap = c->cap ? c->cap * 2 : CHANNEL_ROOM * 2;
        Msg *ring = mem_array(Msg, cap);
        for (u32 i = 0; i < c->len; i++) ring[i] = c->ring[(c->head + i) % c->cap];
        mem_free(c->ring);
        c->ring = ring;
        c->cap = cap;
        c->head = 0;
    }
    c->ring[(c->head + c->len++) % c->cap] = m;
}

static Msg
channel_take(Channel *c)
{
    assert(c->len);
    Msg m = c->ring[c->head];
    c->head = (c->head + 1) % c->cap;
    c->len--;
    if (m.kind == MSG_END) c->ended = true; /* under the lock: gates look at it */
    return m;
}

void
channel_done(Channel *c)
{
    while (c->len) {
        Msg m = channel_take(c);
        msg_free(&m);
    }
    mem_free(c->ring);
    c->ring = NULL;
    c->cap = 0;
}

static void
channel_send(Channel *c, Msg m)
{
    Shared *s = c->from->shared;
    m.port = c->port;
    pthread_mutex_lock(&s->lock);
    bool closed = c->closed;
    if (!closed) channel_put(c, m);
    pthread_mutex_unlock(&s->lock);
    if (closed) msg_free(&m);
}

/* ---- the chain ---------------------------------------------------------------------------- */

Status
out_batch(Out *out, Batch *b, Err *err)
{
    Task *t = out->task;
    if (out->next < t->nops) {
        Op *op = t->ops[out->next];
        return op->def->process(op, 0, b, &t->outs[out->next], err);
    }
    assert(t->nedge == 1); /* rows are gathered; only panes are shared among several */
    channel_send(t->edge[0], (Msg){.kind = MSG_BATCH, .batch = b});
    return ERR_OK;
}

Status
out_pane(Out *out, Pane *p, Err *err)
{
    (void)err;
    Task *t = out->task;
    assert(out->next == t->nops && t->nedge > 0);
    for (u32 i = 1; i < t->nedge; i++) (void)pane_ref(p);
    for (u32 i = 0; i < t->nedge; i++) {
        channel_send(t->edge[i], (Msg){.kind = MSG_PANE, .pane = p});
    }
    return ERR_OK;
}

Status
out_watermark(Out *out, i64 event_us, i64 proc_us, Err *err)
{
    Task *t = out->task;
    for (u32 i = out->next; i < t->nops; i++) {
        Op *op = t->ops[i];
        if (op->def->watermark) {
            return op->def->watermark(op, event_us, proc_us, &t->outs[i], err);
        }
    }
    Msg m = {.kind = MSG_WATERMARK, .watermark = {event_us, proc_us}};
    for (u32 i = 0; i < t->nedge; i++) channel_send(t->edge[i], m);
    return ERR_OK;
}

void
out_enough(Out *out)
{
    out->task->first = MAX(out->task->first, out->next);
}

static bool edge_has_room(const Task *t);

bool
out_has_room(Out *out)
{
    Task *t = out->task;
    if (out->next <= t->first) return false; /* nobody wants it */
    pthread_mutex_lock(&t->shared->lock);
    bool room = edge_has_room(t);
    pthread_mutex_unlock(&t->shared->lock);
    return room;
}

void
out_again(Out *out)
{
    Task *t = out->task;
    assert(t->again == t->nops && out->next > 0); /* who gives way has sent no watermark yet */
    t->again = out->next - 1;
}

/* Nothing more will come out, and nothing more is taken in. */
static void
task_leave(Task *t)
{
    for (u32 i = 0; i < t->nedge; i++) channel_send(t->edge[i], (Msg){.kind = MSG_END});
    if (!t->nin && t->ctx.feed) feed_leave(t->ctx.feed, t->epoch);
    pthread_mutex_lock(&t->shared->lock);
    t->done = true;
    for (u32 i = 0; i < t->nin; i++) {
        t->in[i]->closed = true;
        while (t->in[i]->len) {
            Msg m = channel_take(t->in[i]);
            msg_free(&m);
        }
    }
    pthread_mutex_unlock(&t->shared->lock);
}

/* The inputs are over: the last watermark, then every operator's rest, in the order of the chain;
 * called again when an operator gave way in the middle of its rest. Operators that nobody wants
 * anything from are left out. */
static Status
task_end(Task *t, Err *err)
{
    if (!t->ending) {
        t->ending = true;
        t->again = t->nops;
        t->next_end = t->first;
        Out head = {.task = t, .next = t->first};
        TRY(out_watermark(&head, WATERMARK_MAX, t->proc_us, err));
    }
    while (t->again == t->nops && t->next_end < t->nops) {
        u32 i = t->next_end++;
        if (t->ops[i]->def->end) TRY(t->ops[i]->def->end(t->ops[i], &t->outs[i], err));
    }
    if (t->again == t->nops) task_leave(t);
    return ERR_OK;
}

void
task_ended_before(Task *t)
{
    t->ending = true;
    task_leave(t);
}

/* ---- counts ------------------------------------------------------------------------------- */

void
counts_clear(JobCounts *c)
{
    memset(c, 0, sizeof *c);
    c->watermark_us = WATERMARK_NONE;
}

void
counts_add(JobCounts *to, const JobCounts *more)
{
    to->rows_in += more->rows_in;
    to->rows_out += more->rows_out;
    to->rows_late += more->rows_late;
    to->rows_skipped += more->rows_skipped;
    to->bytes_in += more->bytes_in;
    to->rows_late_after_close += more->rows_late_after_close;
    to->watermark_us = MAX(to->watermark_us, more->watermark_us);
}

/* With the lock held. */
static void
task_passed(Task *t, u64 epoch)
{
    t->epoch = epoch;
    counts_clear(&t->passed);
    counts_add(&t->passed, &t->counts);
}

/* ---- epochs ------------------------------------------------------------------------------- */

/* The rows so far belong to an epoch: every operator writes what it changed, then the barrier goes
 * on. */
static Status
task_barrier(Task *t, u64 epoch, Err *err)
{
    assert(t->again == t->nops && epoch == t->epoch + 1);
    for (u32 i = 0; i < t->nops; i++) {
        Op *op = t->ops[i];
        StateWriter w = {&t->changes, op->node->id, (u16)t->subtask, epoch};
        if (op->def->barrier) TRY(op->def->barrier(op, &w, &t->outs[i], err));
    }
    Msg m = {.kind = MSG_BARRIER, .epoch = epoch};
    for (u32 i = 0; i < t->nedge; i++) channel_send(t->edge[i], m);
    pthread_mutex_lock(&t->shared->lock);
    task_passed(t, epoch);
    for (u32 i = 0; i < t->nin; i++) t->in[i]->barred = false;
    pthread_mutex_unlock(&t->shared->lock);
    return ERR_OK;
}

/* A node whose number does not depend on how many workers there are: a restart finds it again. */
static bool
op_is_lasting(const Task *t, const Op *op)
{
    return op->node->kind != PLAN_LOCAL_AGG && !t->passing;
}

/* A task that has ended goes on passing barriers, so that an epoch knows of its end: nobody may
 * come to the end of its rows again after a restart. What its operators kept is of no more use, but
 * for what the last one says of the world outside. */
static Status
task_barrier_ended(Task *t, u64 epoch, Err *err)
{
    assert(t->done && epoch == t->epoch + 1);
    for (u32 i = 0; i < t->nops; i++) {
        Op *op = t->ops[i];
        bool root = i + 1 == t->nops && t->nedge == 0;
        StateWriter w = {&t->changes, op->node->id, (u16)t->subtask, epoch};
        if (root && op->def->barrier) TRY(op->def->barrier(op, &w, &t->outs[i], err));
        if (t->told || !op_is_lasting(t, op)) continue;
        if (!root && op->def->restore) state_delete_table(&w, ANY_TABLE);
        state_put(&w, (StateKey){.table = ENDED_TABLE},
                  (Str){(const char *)&t->subtasks, sizeof t->subtasks});
    }
    t->told = true;
    pthread_mutex_lock(&t->shared->lock);
    task_passed(t, epoch);
    pthread_mutex_unlock(&t->shared->lock);
    return ERR_OK;
}

/* Do all inputs that still bring rows stand at the barrier? */
static bool
task_aligned(const Task *t)
{
    bool any = false;
    for (u32 i = 0; i < t->nin; i++) {
        if (!t->in[i]->ended && !t->in[i]->barred) return false;
        any |= !t->in[i]->ended;
    }
    return any;
}

/* ---- taking messages ---------------------------------------------------------------------- */

/* In order, a batch may be taken when no other input can still bring one with a smaller seq. */
static Channel *
choose_in_order(const Task *t)
{
    Channel *best = NULL;
    u64 least = UINT64_MAX, bound = UINT64_MAX;
    for (u32 i = 0; i < t->nin; i++) {
        Channel *c = t->in[i];
        if (c->ended || c->barred) continue; /* what comes behind a barrier has a larger seq */
        if (c->len == 0) {
            const _Atomic(u64) *promise = c->from->seq_bound;
            bound = MIN(bound, promise ? *promise : 0);
            continue;
        }
        const Msg *m = &c->ring[c->head];
        if (m->kind != MSG_BATCH) return c;
        if (m->batch->seq < least || !best) {
            least = m->batch->seq;
            best = c;
        }
    }
    return best && least <= bound ? best : NULL;
}

static Channel *
choose_input(const Task *t)
{
    if (t->in_order) return choose_in_order(t);
    for (u32 i = 0; i < t->nin; i++) {
        Channel *c = t->in[(t->next_in + i) % t->nin];
        if (c->len && !c->barred) return c;
    }
    return NULL;
}

static Status
task_watermark(Task *t, Channel *c, i64 event_us, i64 proc_us, Err *err)
{
    c->event_us = MAX(c->event_us, event_us);
    t->proc_us = MAX(t->proc_us, proc_us);
    i64 least = WATERMARK_MAX;
    for (u32 i = 0; i < t->nin; i++) {
        if (!t->in[i]->ended) least = MIN(least, t->in[i]->event_us);
    }
    if (least <= t->event_us || least == WATERMARK_MAX) return ERR_OK; /* MAX comes at the end */
    t->event_us = least;
    Out head = {.task = t, .next = 0};
    return out_watermark(&head, least, t->proc_us, err);
}

static Status
task_message(Task *t, Channel *c, Msg m, Err *err)
{
    Op *op = t->ops[0];
    switch (m.kind) {
    case MSG_BATCH:
        return op->def->process(op, m.port, m.batch, &t->outs[0], err);
    case MSG_PANE:
        return op->def->pane(op, m.pane, &t->outs[0], err);
    case MSG_WATERMARK:
        return task_watermark(t, c, m.watermark.event_us, m.watermark.proc_us, err);
    case MSG_END:
        for (u32 i = 0; i < t->nin; i++) {
            if (!t->in[i]->ended) return task_watermark(t, c, WATERMARK_MAX, t->proc_us, err);
        }
        return task_end(t, err);
    case MSG_BARRIER:
        assert(m.epoch == t->epoch + 1);
        c->barred = true;
        return ERR_OK; /* task_step goes on when all inputs are there */
    }
    UNREACHABLE();
}

static bool
edge_has_room(const Task *t)
{
    for (u32 i = 0; i < t->nedge; i++) {
        if (!t->edge[i]->closed && t->edge[i]->len >= CHANNEL_ROOM) return false;
    }
    return true;
}

static bool
edge_closed(const Task *t)
{
    for (u32 i = 0; i < t->nedge; i++) {
        if (!t->edge[i]->closed) return false;
    }
    return t->nedge > 0;
}

static bool
gates_open(const Task *t)
{
    for (const Gate *g = t->gates; g; g = g->next) {
        for (u32 i = 0; i < g->of->nin; i++) {
            const Channel *c = g->of->in[i];
            if (c->port < g->port && !c->ended) return false;
        }
    }
    return true;
}

bool
task_runnable(const Task *t)
{
    if (t->running) return false;
    if (t->done) return t->epoch < t->shared->epoch;
    if (!edge_has_room(t)) return false;
    /* A source that need not go on does not wait for its siblings, nor for new rows. */
    if (t->first || t->ending || t->again != t->nops || edge_closed(t)) return true;
    if (t->nin) return task_aligned(t) || choose_input(t) != NULL;
    if (t->idle || (t->shared->stop_epoch && t->epoch >= t->shared->stop_epoch)) return false;
    if (t->gates && t->epoch >= t->shared->epoch && !gates_open(t)) return false;
    Op *op = t->ops[0];
    return !t->waiting || !op->def->ready || op->def->ready(op);
}

/* The epoch that a source must end before it reads on; 0: none. A scan is told by its feed. */
static u64
source_barrier_due(Task *t, u64 *ret_moves)
{
    pthread_mutex_lock(&t->shared->lock);
    u64 declared = t->shared->epoch;
    *ret_moves = t->shared->moves;
    pthread_mutex_unlock(&t->shared->lock);
    return !t->ctx.feed && declared > t->epoch ? declared : 0;
}

static Status
source_step(Task *t, bool *ret_progress, Err *err)
{
    PollResult result = POLL_BARRIER;
    u64 moves;
    if (!source_barrier_due(t, &moves)) {
        TRY(t->ops[0]->def->poll(t->ops[0], &t->outs[0], &result, err));
    }
    *ret_progress = result == POLL_WORKED || result == POLL_END || result == POLL_BARRIER;
    if (result == POLL_BARRIER) return task_barrier(t, t->epoch + 1, err);
    if (result == POLL_END) return task_end(t, err);
    pthread_mutex_lock(&t->shared->lock);
    t->shared->progress += result == POLL_WORKED;
    t->waiting = result == POLL_WAIT;
    /* A sibling that moved on while this one looked has news of the watermark: look again. */
    t->idle = result == POLL_IDLE && moves == t->shared->moves;
    pthread_mutex_unlock(&t->shared->lock);
    return ERR_OK;
}

static bool
task_wants_input(const Task *t)
{
    return !t->done && !t->first && !t->ending && t->again == t->nops;
}

Status
task_step(Task *t, bool *ret_progress, Err *err)
{
    *ret_progress = t->done;
    if (t->done) return task_barrier_ended(t, t->epoch + 1, err);
    pthread_mutex_lock(&t->shared->lock);
    if (edge_closed(t)) t->first = t->nops;
    pthread_mutex_unlock(&t->shared->lock);
    if (t->again < t->first) t->again = t->nops; /* its rest is not wanted */
    if (t->again != t->nops) {
        u32 i = t->again;
        t->again = t->nops;
        *ret_progress = true;
        TRY(t->ops[i]->def->resume(t->ops[i], &t->outs[i], err));
        if (t->again != t->nops) return ERR_OK;
    }
    if (t->first || t->ending) {
        *ret_progress = true;
        return task_end(t, err);
    }
    if (!t->nin) return source_step(t, ret_progress, err);
    for (u32 i = 0; i < TASK_STEP_MSGS && task_wants_input(t); i++) {
        if (task_aligned(t)) TRY(task_barrier(t, t->epoch + 1, err));
        pthread_mutex_lock(&t->shared->lock);
        Channel *c = i == 0 || edge_has_room(t) ? choose_input(t) : NULL;
        Msg m = c ? channel_take(c) : (Msg){0};
        t->next_in = (t->next_in + 1) % t->nin;
        pthread_mutex_unlock(&t->shared->lock);
        if (!c) break;
        *ret_progress = true;
        TRY(task_message(t, c, m, err));
    }
    return ERR_OK;
}

void
task_destroy(Task *t)
{
    state_changes_done(&t->changes);
    for (u32 i = 0; i < t->nin; i++) channel_done(t->in[i]);
    for (u32 i = 0; i < t->nops; i++) {
        if (t->ops[i]) t->ops[i]->def->destroy(t->ops[i]);
    }
}
