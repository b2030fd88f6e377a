/* test_exec_task.c - fan-in, giving way and ending early, with operators made for the purpose. */
#include "base/mem.h"
#include "exec/task.h"
#include "tests/unit/test.h"

/* Writes down what it gets; makes `makes` rows at a watermark, as long as there is room. */
typedef struct Probe {
    Op op;
    i64 watermark_us;
    u32 batches, watermarks, ends, makes, made;
    u64 seq[64];
    i64 pending_us;
} Probe;

static Status
probe_process(Op *op, u32 port, Batch *b, Out *out, Err *err)
{
    (void)port, (void)out, (void)err;
    Probe *p = (Probe *)op;
    p->seq[p->batches++ % 64] = b->seq;
    batch_free(b);
    return ERR_OK;
}

static Status
probe_resume(Op *op, Out *out, Err *err)
{
    Probe *p = (Probe *)op;
    for (; p->made < p->makes; p->made++) {
        if (!out_has_room(out)) {
            out_again(out);
            return ERR_OK;
        }
        Batch *b = batch_new(0, 1);
        b->seq = p->made;
        TRY(out_batch(out, b, err));
    }
    return out_watermark(out, p->pending_us, 0, err);
}

static Status
probe_watermark(Op *op, i64 event_us, i64 proc_us, Out *out, Err *err)
{
    (void)proc_us;
    Probe *p = (Probe *)op;
    p->watermark_us = p->pending_us = event_us;
    p->watermarks++;
    return probe_resume(op, out, err);
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
                                .watermark = probe_watermark,
                                .resume = probe_resume,
                                .end = probe_end,
                                .destroy = probe_destroy};

/* Two feeding tasks, which the test plays itself, one in the middle and one below. */
typedef struct Rig {
    Arena *arena;
    Shared shared;
    Task up[2], mid, down;
    Probe at_mid, at_down;
} Rig;

static void
rig_task(Rig *r, Task *t, Probe *p, u32 nin)
{
    t->shared = &r->shared;
    t->event_us = WATERMARK_NONE;
    t->in = arena_array(r->arena, Channel *, 2);
    t->edge = arena_array(r->arena, Channel *, 2);
    t->nin = nin;
    if (!p) return;
    p->op.def = &probe_def;
    p->watermark_us = WATERMARK_NONE;
    t->ops = arena_array(r->arena, Op *, 1);
    t->outs = arena_array(r->arena, Out, 1);
    t->ops[0] = &p->op;
    t->outs[0] = (Out){.task = t, .next = 1};
    t->nops = t->again = 1;
}

static Rig *
rig_new(void)
{
    Arena *a = arena_new();
    Rig *r = arena_make(a, Rig);
    r->arena = a;
    pthread_mutex_init(&r->shared.lock, NULL);
    rig_task(r, &r->mid, &r->at_mid, 2);
    rig_task(r, &r->down, &r->at_down, 1);
    for (u32 i = 0; i < 2; i++) {
        rig_task(r, &r->up[i], NULL, 0);
        r->up[i].edge[0] = r->mid.in[i] = channel_new(a, &r->up[i], &r->mid, 0);
        r->up[i].nedge = 1;
    }
    r->mid.edge[0] = r->down.in[0] = channel_new(a, &r->mid, &r->down, 0);
    r->mid.nedge = 1;
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
send_rows(Rig *r, u32 from, u64 seq)
{
    Err err;
    Batch *b = batch_new(0, 1);
    b->seq = seq;
    Out out = {.task = &r->up[from]};
    CHECK(out_batch(&out, b, &err) == ERR_OK);
}

static void
send_time(Rig *r, u32 from, i64 us)
{
    Err err;
    Out out = {.task = &r->up[from]};
    CHECK(out_watermark(&out, us, 0, &err) == ERR_OK);
}

static void
send_end(Rig *r, u32 from)
{
    Err err;
    bool progress;
    r->up[from].ending = true;
    CHECK(task_step(&r->up[from], &progress, &err) == ERR_OK);
    CHECK(r->up[from].done);
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
time_is_the_least_of_the_inputs(void)
{
    Rig *r = rig_new();
    send_time(r, 0, 100);
    run(&r->mid);
    CHECK(r->at_mid.watermarks == 0);
    send_time(r, 1, 50);
    send_time(r, 1, 40); /* never goes back */
    run(&r->mid);
    CHECK(r->at_mid.watermark_us == 50 && r->at_mid.watermarks == 1);
    send_end(r, 1); /* an input that has ended holds nothing back */
    run(&r->mid);
    CHECK(r->at_mid.watermark_us == 100 && !r->mid.done);
    send_end(r, 0);
    run(&r->mid);
    run(&r->down);
    CHECK(r->at_mid.watermark_us == WATERMARK_MAX && r->at_mid.ends == 1 && r->mid.done);
    CHECK(r->at_down.watermark_us == WATERMARK_MAX && r->at_down.ends == 1 && r->down.done);
    rig_free(r);
}

static void
rows_in_order_wait_for_promises(void)
{
    Rig *r = rig_new();
    _Atomic(u64) bound[2] = {0, 0};
    r->mid.in_order = true;
    for (u32 i = 0; i < 2; i++) r->up[i].seq_bound = &bound[i];
    send_rows(r, 0, 5);
    CHECK(!task_runnable(&r->mid));
    send_rows(r, 1, 3);
    run(&r->mid);
    CHECK(r->at_mid.batches == 1 && r->at_mid.seq[0] == 3); /* 4 may still come */
    bound[1] = 6;
    run(&r->mid);
    CHECK(r->at_mid.batches == 2 && r->at_mid.seq[1] == 5);
    send_rows(r, 1, 6);
    CHECK(!task_runnable(&r->mid)); /* the first input has promised nothing */
    send_end(r, 0);
    run(&r->mid);
    CHECK(r->at_mid.batches == 3);
    rig_free(r);
}

static void
firing_gives_way_to_a_full_channel(void)
{
    Rig *r = rig_new();
    r->at_mid.makes = 50;
    send_time(r, 0, 7);
    send_time(r, 1, 7);
    send_rows(r, 0, 1);
    run(&r->mid);
    CHECK(r->mid.edge[0]->len == CHANNEL_ROOM && !task_runnable(&r->mid));
    CHECK(r->at_mid.batches == 0); /* what came after the watermark waits behind it */
    send_end(r, 0);
    send_end(r, 1);
    for (u32 i = 0; i < 100 && !r->down.done; i++) {
        run(&r->down);
        run(&r->mid);
        CHECK(r->mid.edge[0]->len <= CHANNEL_ROOM + 2); /* the watermark and the end go along */
    }
    CHECK(r->at_down.batches == 50 && r->at_down.ends == 1);
    rig_free(r);
}

static void
nobody_makes_rows_for_a_closed_channel(void)
{
    Rig *r = rig_new();
    r->at_mid.makes = 50;
    send_time(r, 0, 7);
    send_time(r, 1, 7);
    run(&r->mid);
    u32 made = r->at_mid.made;
    Out last = {.task = &r->down, .next = 1};
    out_enough(&last);
    CHECK(task_runnable(&r->down)); /* at once, without waiting for another message */
    run(&r->down);
    CHECK(r->down.done && r->at_down.batches == 0);
    run(&r->mid);
    CHECK(r->mid.done && r->at_mid.made == made);
    CHECK(r->mid.in[0]->closed && r->mid.in[1]->closed);
    send_rows(r, 0, 1); /* dropped */
    CHECK(r->mid.in[0]->len == 0);
    rig_free(r);
}

TESTS(TEST(time_is_the_least_of_the_inputs), TEST(rows_in_order_wait_for_promises),
      TEST(firing_gives_way_to_a_full_channel), TEST(nobody_makes_rows_for_a_closed_channel))
