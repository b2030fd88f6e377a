/* test_exec_checkpoint.c - how barriers meet in a task with two inputs, and what a task that has
 * ended still says; the tasks around it are played by the test. */
#include "base/mem.h"
#include "exec/task.h"
#include "tests/unit/test.h"

/* Writes down what came before each barrier. */
typedef struct Probe {
    Op op;
    u32 rows, at_barrier[8], barriers, ends;
} Probe;

static Status
probe_process(Op *op, u32 port, Batch *b, Out *out, Err *err)
{
    (void)port;
    ((Probe *)op)->rows += b->rows;
    return out_batch(out, b, err);
}

static Status
probe_barrier(Op *op, StateWriter *w, Out *out, Err *err)
{
    (void)out, (void)err;
    Probe *p = (Probe *)op;
    p->at_barrier[p->barriers++ % 8] = p->rows;
    state_put(w, (StateKey){0}, (Str){(const char *)&p->rows, sizeof p->rows});
    return ERR_OK;
}

static Status
probe_restore(Op *op, StateReader *r, Err *err)
{
    (void)op, (void)r, (void)err;
    return ERR_OK;
}

static Status
probe_end(Op *op, Out *out, Err *err)
{
    (void)out, (void)err;
    ((Probe *)op)->ends++;
    return ERR_OK;
}

static void
probe_destroy(Op *op)
{
    (void)op;
}

static const OpDef probe_def = {.process = probe_process,
                                .barrier = probe_barrier,
                                .restore = probe_restore,
                                .end = probe_end,
                                .destroy = probe_destroy};

typedef struct Rig {
    Arena *arena;
    Shared shared;
    Task up[2], mid, down;
    Probe probe;
} Rig;

static Rig *
rig_new(void)
{
    Arena *a = arena_new();
    Rig *r = arena_make(a, Rig);
    r->arena = a;
    pthread_mutex_init(&r->shared.lock, NULL);
    Task *all[4] = {&r->up[0], &r->up[1], &r->mid, &r->down};
    for (u32 i = 0; i < 4; i++) {
        all[i]->shared = &r->shared;
        all[i]->event_us = WATERMARK_NONE;
        all[i]->subtasks = 1;
        all[i]->in = arena_array(a, Channel *, 2);
        all[i]->edge = arena_array(a, Channel *, 1);
    }
    PlanNode *n = arena_make(a, PlanNode);
    n->kind = PLAN_FILTER;
    n->id = 7;
    r->probe.op = (Op){&probe_def, n};
    r->mid.ops = arena_array(a, Op *, 1);
    r->mid.outs = arena_array(a, Out, 1);
    r->mid.ops[0] = &r->probe.op;
    r->mid.outs[0] = (Out){.task = &r->mid, .next = 1};
    r->mid.nops = r->mid.again = 1;
    for (u32 i = 0; i < 2; i++) {
        r->up[i].edge[0] = r->mid.in[i] = channel_new(a, &r->up[i], &r->mid, i);
        r->up[i].nedge = 1;
    }
    r->mid.edge[0] = r->down.in[0] = channel_new(a, &r->mid, &r->down, 0);
    r->mid.nin = 2;
    r->mid.nedge = r->down.nin = 1;
    return r;
}

static void
rig_free(Rig *r)
{
    task_destroy(&r->mid);
    task_destroy(&r->down);
    pthread_mutex_destroy(&r->shared.lock);
    arena_free(r->arena);
}

static void
send_row(Rig *r, u32 from)
{
    Err err;
    Out out = {.task = &r->up[from]};
    CHECK(out_batch(&out, batch_new(0, 1), &err) == ERR_OK);
}

/* The source passes its barrier: it has no operators that would write anything. */
static void
send_barrier(Rig *r, u32 from)
{
    Err err;
    bool progress;
    CHECK(r->shared.epoch == r->up[from].epoch + 1);
    CHECK(task_step(&r->up[from], &progress, &err) == ERR_OK);
    CHECK(r->up[from].epoch == r->shared.epoch);
}

static void
send_end(Rig *r, u32 from)
{
    Err err;
    bool progress;
    r->up[from].ending = true;
    CHECK(task_step(&r->up[from], &progress, &err) == ERR_OK && r->up[from].done);
}

static void
run(Task *t)
{
    Err err;
    bool progress;
    for (u32 i = 0; i < 1000 && task_runnable(t); i++) {
        CHECK(task_step(t, &progress, &err) == ERR_OK);
    }
}

static void
rows_behind_a_barrier_wait_for_the_other_input(void)
{
    Rig *r = rig_new();
    send_row(r, 0);
    r->shared.epoch = 1;
    send_barrier(r, 0);
    send_row(r, 0); /* of the next epoch */
    send_row(r, 1);
    run(&r->mid);
    CHECK(r->probe.rows == 2 && r->probe.barriers == 0 && r->mid.epoch == 0);
    CHECK(r->mid.in[0]->barred && r->mid.in[0]->len == 1);
    send_row(r, 1);
    send_barrier(r, 1);
    run(&r->mid);
    CHECK(r->probe.barriers == 1 && r->probe.at_barrier[0] == 3 && r->mid.epoch == 1);
    CHECK(r->probe.rows == 4);
    rig_free(r);
}

static void
an_input_that_ends_holds_no_barrier_up(void)
{
    Rig *r = rig_new();
    r->shared.epoch = 1;
    send_barrier(r, 0);
    run(&r->mid);
    CHECK(r->probe.barriers == 0);
    send_row(r, 1);
    send_end(r, 1); /* before its barrier */
    run(&r->mid);
    CHECK(r->probe.barriers == 1 && r->probe.at_barrier[0] == 1 && r->mid.epoch == 1);
    CHECK(!r->mid.done);
    rig_free(r);
}

/* The store hears once that it has ended, and that nothing else is left of it. */
static void
a_task_that_has_ended_passes_barriers(void)
{
    Rig *r = rig_new();
    send_end(r, 0);
    send_end(r, 1);
    run(&r->mid);
    CHECK(r->mid.done && r->probe.ends == 1 && !task_runnable(&r->mid));
    for (u64 epoch = 1; epoch <= 2; epoch++) {
        r->shared.epoch = epoch;
        CHECK(task_runnable(&r->mid));
        run(&r->mid);
        CHECK(r->mid.epoch == epoch && !task_runnable(&r->mid));
        CHECK(r->mid.changes.len == 2);
    }
    const StoreChange *c = r->mid.changes.at;
    CHECK(r->probe.barriers == 0);
    CHECK(c[0].kind == STORE_DELETE_TABLE && c[0].key.table == ANY_TABLE && c[0].op == 7);
    CHECK(c[1].kind == STORE_PUT && c[1].key.table == ENDED_TABLE && c[1].op == 7);
    rig_free(r);
}

static void
consumers_hear_of_an_end_before_the_restart(void)
{
    Rig *r = rig_new();
    r->shared.epoch = 5;
    r->mid.epoch = r->up[0].epoch = r->up[1].epoch = 5;
    task_ended_before(&r->up[0]);
    send_row(r, 1);
    run(&r->mid);
    CHECK(r->mid.in[0]->ended && !r->mid.done && r->probe.rows == 1);
    task_ended_before(&r->up[1]);
    run(&r->mid);
    CHECK(r->mid.done && r->probe.ends == 1);
    rig_free(r);
}

static void
sources_of_a_later_input_wait_at_the_gate(void)
{
    Rig *r = rig_new();
    Gate gate = {.of = &r->mid, .port = 1};
    r->up[1].gates = &gate;
    Op source = {&probe_def, NULL};
    Op *ops[1] = {&source};
    r->up[1].ops = ops;
    r->up[1].again = r->up[1].nops = 1;
    CHECK(!task_runnable(&r->up[1]));
    r->shared.epoch = 1;
    CHECK(task_runnable(&r->up[1])); /* barriers pass it */
    r->up[1].epoch = 1;
    CHECK(!task_runnable(&r->up[1]));
    r->up[0].epoch = r->mid.epoch = 1;
    send_end(r, 0);
    run(&r->mid);
    CHECK(task_runnable(&r->up[1]));
    rig_free(r);
}

TESTS(TEST(rows_behind_a_barrier_wait_for_the_other_input),
      TEST(an_input_that_ends_holds_no_barrier_up), TEST(a_task_that_has_ended_passes_barriers),
      TEST(consumers_hear_of_an_end_before_the_restart),
      TEST(sources_of_a_later_input_wait_at_the_gate))
