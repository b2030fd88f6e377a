/* agg_spill.c - counting panes, and freezing the largest. */
#include "exec/ops/agg_spill.h"
#include "base/mem.h"
#include "exec/pressure.h"
#include "exec/state/spill.h"

struct AggSpill {
    const OpCtx *ctx;
    const PlanNode *node;
    const PaneShape *shape;
    bool freezes;
    Spill *spill; /* NULL: nothing was ever frozen */
    u64 held;     /* what was said of the bytes here */
    u32 skip;     /* calls until the next look */
    Pane *live;   /* being read back, with its layers */
    SpillRead *read;
};

/* With many panes open, one look is spread over many batches. */
enum { PANES_PER_CALL = 32 };

AggSpill *
agg_spill_new(const OpCtx *ctx, const PlanNode *n, const PaneShape *shape, bool freezes)
{
    AggSpill *a = mem_make(AggSpill);
    a->ctx = ctx;
    a->node = n;
    a->shape = shape;
    /* What a crash must not take needs a file with a name. */
    a->freezes = freezes && (!ctx->durable || ctx->state_folder);
    return a;
}

void
agg_spill_free(AggSpill *a)
{
    if (!a) return;
    (void)memory_pressure(a->ctx, &a->held, 0);
    spill_read_free(a->read);
    pane_unref(a->live);
    spill_free(a->spill);
    mem_free(a);
}

static void
spill_make(AggSpill *a)
{
    if (a->spill) return;
    SpillSpec spec = {.shape = a->shape,
                      .folder = a->ctx->durable ? a->ctx->state_folder : NULL,
                      .op = a->node->id,
                      .subtask = a->ctx->subtask,
                      .by_key = a->node->agg.sorted};
    a->spill = spill_new(&spec);
}

static u64
bytes_of(const Pane *p)
{
    return pane_bytes(p) + pane_bytes_owned(p);
}

static u64
panes_bytes(const PaneSet *panes)
{
    u64 bytes = 0;
    for (u32 i = panes->oldest; i < panes->nopen; i++) bytes += bytes_of(panes->open[i]);
    for (u32 i = 0; i < panes->nfresh; i++) bytes += bytes_of(panes->fresh[i]);
    return bytes;
}

/* Freeze every pane that holds at least half of what the largest does. */
static Status
panes_freeze(AggSpill *a, PaneSet *panes, Err *err)
{
    spill_make(a);
    pane_set_join(panes);
    u64 largest = 0;
    for (u32 i = panes->oldest; i < panes->nopen; i++) {
        largest = MAX(largest, bytes_of(panes->open[i]));
    }
    for (u32 i = panes->oldest; i < panes->nopen; i++) {
        Pane *p = panes->open[i];
        if (bytes_of(p) < largest / 2) continue;
        TRY(spill_pane(a->spill, p, err));
        panes->open[i] = pane_new(a->shape, pane_id(p));
        pane_unref(p);
    }
    panes->usual_rows = 0; /* room for that many would soon be too much again */
    return ERR_OK;
}

static Status
beyond_limit(const AggSpill *a, u64 bytes, Err *err)
{
    const char *what = a->node->agg.window.kind == WINDOW_NONE ? "groups" : "windows";
    Status st = err_set(err, W7001, a->node->pos,
                        "the %s of this aggregate hold %llu KiB, and the limit is %llu KiB", what,
                        (unsigned long long)(bytes * a->ctx->subtasks >> 10),
                        (unsigned long long)(a->ctx->state_limit >> 10));
    return err_hint(err, st, "Raise 'state.memory-limit'.");
}

Status
agg_spill_check(AggSpill *a, PaneSet *panes, u64 more, Err *err)
{
    if (!a->ctx->state_bytes || (a->skip && a->skip--)) return ERR_OK;
    a->skip = (panes->nopen - panes->oldest + panes->nfresh) / PANES_PER_CALL;
    u64 bytes = panes_bytes(panes) + more;
    bool keyed = a->node->agg.nkeys > 0;
    if (!memory_pressure(a->ctx, &a->held, bytes)) return ERR_OK;
    if (!a->freezes || !keyed) {
        return bytes > a->ctx->state_limit / a->ctx->subtasks ? beyond_limit(a, bytes, err)
                                                              : ERR_OK;
    }
    TRY(panes_freeze(a, panes, err));
    (void)memory_pressure(a->ctx, &a->held, panes_bytes(panes) + more);
    return ERR_OK;
}

bool
agg_spill_is_pressed(AggSpill *a, const PaneSet *panes)
{
    if (!a->ctx->state_bytes || (a->skip && a->skip--)) return false;
    a->skip = (panes->nopen - panes->oldest + panes->nfresh) / PANES_PER_CALL;
    return memory_pressure(a->ctx, &a->held, panes_bytes(panes));
}

/* ---- firing ------------------------------------------------------------------------------- */

Status
agg_spill_open(AggSpill *a, Pane *live, Pane **ret_part, Err *err)
{
    assert(!a->read && !a->live);
    if (!spill_has(a->spill, pane_id(live))) {
        *ret_part = live;
        return ERR_OK;
    }
    a->live = live;
    TRY(spill_read_new(a->spill, live, pane_id(live), &a->read, err));
    return spill_read_next(a->read, ret_part, err);
}

Status
agg_spill_next(AggSpill *a, Pane **ret_part, Err *err)
{
    *ret_part = NULL;
    if (!a->read) return ERR_OK;
    TRY(spill_read_next(a->read, ret_part, err));
    if (*ret_part) return ERR_OK;
    spill_read_free(a->read);
    a->read = NULL;
    spill_drop(a->spill, pane_id(a->live));
    pane_unref(a->live);
    a->live = NULL;
    return ERR_OK;
}

/* ---- epochs ------------------------------------------------------------------------------- */

Status
agg_spill_save(AggSpill *a, StateWriter *w, u16 table, Err *err)
{
    assert(!a->read);
    if (!a->spill || !a->ctx->durable) return ERR_OK;
    return spill_save(a->spill, w, table, err);
}

Status
agg_spill_restore(AggSpill *a, StateReader *r, u16 table, PaneSet *panes, Err *err)
{
    if (!a->freezes || !a->ctx->durable) return ERR_OK;
    spill_make(a);
    TRY(spill_restore(a->spill, r, table, a->ctx->subtasks, err));
    pane_set_join(panes);
    PaneId id;
    for (u32 i = 0; spill_id(a->spill, i, &id); i++) {
        if (!pane_set_find(panes, id)) pane_set_add(panes, pane_new(a->shape, id));
    }
    pane_set_join(panes);
    return ERR_OK;
}
