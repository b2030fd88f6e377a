/* state_look.c - an operator by itself: made, restored, ended, and what it sends is shown.
 *
 * It runs in a task of its own with one more operator behind it, which is the RESULT of queries. */
#include "exec/state_look.h"
#include "base/mem.h"
#include "exec/task.h"

enum { LOOK_OPS = 2 };

typedef struct Look {
    Shared shared;
    Task task;
    Op *ops[LOOK_OPS];
    Out outs[LOOK_OPS];
    JobCounts counts;
    PlanNode result;
} Look;

static Status
look_op(Look *l, u32 i, const PlanNode *n, Err *err)
{
    Status st = op_defs[n->kind]->create(&l->task.ctx, n, &l->ops[i], err);
    if (l->ops[i]) {
        if (!l->ops[i]->def) l->ops[i]->def = op_defs[n->kind];
        l->ops[i]->node = n;
        l->task.nops = i + 1;
    }
    return st;
}

/* How many subtasks wrote the state: nobody owns it here, so one instance takes all. */
static Status
look_restore(Look *l, StateStore *s, Err *err)
{
    Op *op = l->ops[0];
    StateReader r = {.store = s, .op = op->node->id};
    StrBuf name = {0}, value = {0};
    bool there = false;
    i64 then = 0;
    strbuf_printf(&name, "subtasks.%u", r.op);
    Status st = state_store_meta(s, strbuf_view(&name), &value, &there, err);
    if (!st && there && !(str_to_i64(strbuf_view(&value), &then) && then > 0 && then <= UINT16_MAX))
        st = state_damaged("an operator's number of subtasks", err);
    strbuf_done(&name);
    strbuf_done(&value);
    if (st || !there) return st;
    r.subtasks_then = (u32)then;
    return op->def->restore(op, &r, err);
}

/* The end of the input: what has to give way to others in a job goes on at once. */
static Status
look_end(Look *l, Err *err)
{
    Op *op = l->ops[0];
    const OpDef *def = op->def;
    Task *t = &l->task;
    t->again = t->nops;
    if (def->watermark) {
        TRY(def->watermark(op, WATERMARK_MAX, WATERMARK_MAX, &l->outs[0], err));
    }
    for (u32 ended = 0; ended < 2; ended++) {
        while (t->again != t->nops) {
            t->again = t->nops;
            TRY(def->resume(op, &l->outs[0], err));
        }
        if (!ended && def->end) TRY(def->end(op, &l->outs[0], err));
    }
    return ERR_OK;
}

static Status
look_none(const PlanNode *n, Err *err)
{
    return err_set(err, W2001, POS_NONE, "operator %u (%s) keeps no rows", n->id,
                   plan_text[n->kind]);
}

static Status
look_run(Look *l, StateStore *s, const PlanNode *n, Err *err)
{
    TRY(look_op(l, 0, n, err));
    if (!l->ops[0]->def->restore || !l->ops[0]->def->process) return look_none(n, err);
    TRY(look_op(l, 1, &l->result, err));
    TRY(look_restore(l, s, err));
    return look_end(l, err);
}

Status
state_look_rows(StateStore *s, const PlanNode *n, const Session *session, const JobOutput *output,
                Err *err)
{
    if (n->kind == PLAN_WATERMARK || n->kind == PLAN_SINK) return look_none(n, err);
    Look *l = mem_make(Look);
    l->result = (PlanNode){.kind = PLAN_RESULT, .schema = n->schema};
    pthread_mutex_init(&l->shared.lock, NULL);
    l->task = (Task){.shared = &l->shared, .ops = l->ops, .outs = l->outs, .subtasks = 1};
    for (u32 i = 0; i < LOOK_OPS; i++) l->outs[i] = (Out){.task = &l->task, .next = i + 1};
    l->task.ctx = (OpCtx){.arena = arena_new(),
                          .session = session,
                          .output = output,
                          .counts = &l->counts,
                          .subtasks = 1,
                          .consumers = 1,
                          .batch_rows = BATCH_ROWS_MAX};
    Status st = look_run(l, s, n, err);
    for (u32 i = 0; i < LOOK_OPS; i++) {
        if (l->ops[i] && l->ops[i]->def->destroy) l->ops[i]->def->destroy(l->ops[i]);
    }
    arena_free(l->task.ctx.arena);
    pthread_mutex_destroy(&l->shared.lock);
    mem_free(l);
    return st;
}
