/* agg_save.c - an aggregate's open windows in the store.
 *
 * Panes are kept as they are. Of HOP, those are the slices, also the ones that the window has taken
 * in: on restart it takes them in again. */
#include "base/mem.h"
#include "exec/ops/agg_inside.h"

enum { TABLE_PANES, TABLE_RUNNING, TABLE_CLOSED, TABLE_FROZEN };

static void
tables_make(AggCore *c)
{
    if (c->table) return;
    c->table = state_table_new(TABLE_PANES, &c->shape);
    if (c->slide && c->cut.cumulate) {
        c->running_table = state_table_new(TABLE_RUNNING, &c->shape);
    }
}

static void
closed_save(AggCore *c, StateWriter *w)
{
    if (c->closed_us == c->saved_us) return;
    c->saved_us = c->closed_us;
    Str image = {(const char *)&c->closed_us, sizeof c->closed_us};
    state_put(w, (StateKey){.table = TABLE_CLOSED}, image);
}

Status
agg_core_save(AggCore *c, StateWriter *w, Err *err)
{
    assert(!c->firing);
    tables_make(c);
    pane_set_join(c->panes);
    Pane *const *open = c->panes->open + c->panes->oldest;
    u32 nopen = c->panes->nopen - c->panes->oldest, nslices = 0;
    Pane *const *slices = c->slide ? slide_panes(c->slide, &nslices) : NULL;
    if (c->running_table) {
        state_table_save(c->running_table, slices, nslices, w);
        nslices = 0;
    }
    Pane **all = mem_array(Pane *, nopen + nslices);
    if (nslices) memcpy(all, slices, nslices * sizeof(Pane *));
    if (nopen) memcpy(all + nslices, open, nopen * sizeof(Pane *));
    state_table_save(c->table, all, nslices + nopen, w);
    mem_free(all);
    closed_save(c, w);
    return agg_spill_save(c->spill, w, TABLE_FROZEN, err);
}

/* ---- and back ----------------------------------------------------------------------------- */

/* All subtasks stood at the same watermark. */
static Status
closed_restore(void *ctx, const StateRecord *record, Err *err)
{
    AggCore *c = ctx;
    i64 closed_us;
    if (record->image.len != sizeof closed_us) return state_damaged("a watermark", err);
    memcpy(&closed_us, record->image.ptr, sizeof closed_us);
    c->closed_us = MAX(c->closed_us, closed_us);
    return ERR_OK;
}

static Status
pane_restore(void *ctx, Pane *p, Err *err)
{
    (void)err;
    pane_set_add(((AggCore *)ctx)->panes, p);
    return ERR_OK;
}

static Status
running_restore(void *ctx, Pane *p, Err *err)
{
    AggCore *c = ctx;
    if (slide_window(c->slide)) {
        pane_unref(p);
        return state_damaged("the running window", err);
    }
    slide_restore_running(c->slide, p);
    return ERR_OK;
}

/* The last window that fired, of those that hold a slice and end from first_end_us on. */
static i64
last_fired(const AggCore *c, i64 first_end_us, i64 start_us)
{
    i64 last = cut_last_end(&c->cut, start_us);
    return cut_open_end(&c->cut, first_end_us, last, c->closed_us) - c->cut.step_us;
}

static void
slide_restore(AggCore *c)
{
    const Pane *running = slide_window(c->slide);
    if (running) {
        PaneId id = pane_id(running);
        slide_to(c->slide, last_fired(c, id.start_us + c->cut.step_us, id.start_us));
    }
    bool moved = running != NULL;
    for (const Pane *p; (p = pane_set_first(c->panes));) {
        PaneId id = pane_id(p);
        if (agg_last_us(c, id.first_end_us) > c->closed_us) break;
        if (!moved) slide_to(c->slide, last_fired(c, id.first_end_us, id.start_us));
        moved = true;
        slide_add(c->slide, pane_set_take(c->panes));
    }
}

Status
agg_core_restore(AggCore *c, StateReader *r, Err *err)
{
    tables_make(c);
    const u32 subtask = c->ctx->subtask, subtasks = c->ctx->subtasks;
    TRY(state_each(r, TABLE_CLOSED, closed_restore, c, err));
    TRY(state_table_restore(c->table, r, subtask, subtasks, pane_restore, c, err));
    if (c->running_table) {
        TRY(state_table_restore(c->running_table, r, subtask, subtasks, running_restore, c, err));
    }
    pane_set_join(c->panes);
    TRY(agg_spill_restore(c->spill, r, TABLE_FROZEN, c->panes, err));
    if (state_subtasks_then(r) == subtasks) c->saved_us = c->closed_us;
    if (c->slide && c->closed_us != WATERMARK_NONE) slide_restore(c);
    return ERR_OK;
}
