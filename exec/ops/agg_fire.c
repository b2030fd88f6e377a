/* agg_fire.c - windows out, in the order of their ends. */
#include "base/mem.h"
#include "exec/ops/agg_inside.h"

/* ---- the next window ------------------------------------------------------------------------ */

static bool
closes_by(const AggCore *c, i64 end_us, i64 time_us)
{
    if (time_us == WATERMARK_MAX) return true;
    return !c->node->agg.window.bounded_only && agg_last_us(c, end_us) <= time_us;
}

/* Windows without rows are skipped: behind a gap, the next one is that of the first pane. */
static bool
slide_on(AggCore *c, i64 time_us)
{
    i64 end_us;
    if (!slide_next(c->slide, &end_us)) {
        const Pane *first = pane_set_first(c->panes);
        if (!first) return false;
        end_us = pane_id(first).first_end_us;
    }
    if (!closes_by(c, end_us, time_us)) return false;
    slide_to(c->slide, end_us);
    for (const Pane *p; (p = pane_set_first(c->panes)) && pane_id(p).first_end_us <= end_us;) {
        slide_add(c->slide, pane_set_take(c->panes));
    }
    c->firing = slide_window(c->slide);
    c->end_us = end_us;
    if (c->firing) c->start_us = slide_window_start(c->slide);
    return true;
}

static void
pane_begin(AggCore *c)
{
    c->emitted = 0;
    if (!c->firing || !c->node->agg.sorted) return;
    c->order = mem_array(u32, pane_rows(c->firing));
    pane_sort(c->firing, c->order);
}

/* *ret_any false: no window closes by then. A window may turn out to be empty. */
static Status
window_next(AggCore *c, i64 time_us, bool *ret_any, Err *err)
{
    *ret_any = false;
    if (c->slide) {
        if (!slide_on(c, time_us)) return ERR_OK;
    } else {
        Pane *p = agg_core_take(c, time_us);
        if (!p) return ERR_OK;
        c->start_us = pane_id(p).start_us;
        c->end_us = pane_id(p).first_end_us;
        TRY(agg_spill_open(c->spill, p, &c->firing, err));
        c->owned = true;
    }
    pane_begin(c);
    *ret_any = true;
    return ERR_OK;
}

/* A pane that was frozen goes on with its next part. */
static Status
window_done(AggCore *c, Err *err)
{
    mem_free(c->order);
    if (c->owned) pane_unref(c->firing);
    c->order = NULL;
    c->firing = NULL;
    c->owned = false;
    TRY(agg_spill_next(c->spill, &c->firing, err));
    if (!c->firing) return ERR_OK;
    c->owned = true;
    pane_begin(c);
    return ERR_OK;
}

/* ---- its rows ------------------------------------------------------------------------------- */

static Status
emit_rows(AggCore *c, u32 n, Batch **ret_batch, Err *err)
{
    const PlanNode *node = c->node;
    Batch *b = batch_new(node->schema.len, n);
    u32 col = 0;
    for (u32 k = 0; k < node->agg.nkeys; k++) {
        b->col[col++] = pane_key_column(c->firing, k, c->rows, n);
    }
    for (u32 a = 0; a < node->agg.naggs; a++, col++) {
        const AggCall *call = c->shape.aggs[a];
        b->col[col] = vector_new(node->schema.at[col].type, n);
        u32 at = c->shape.layout->agg_at[a];
        Status st = call->fns->finish(call, c->rows, at, &b->col[col], n, err);
        if (st) {
            batch_free(b);
            return st;
        }
    }
    i64 last_us = node->agg.win_time ? agg_last_us(c, c->end_us) : 0;
    const bool wanted[3] = {node->agg.win_start, node->agg.win_end, node->agg.win_time};
    const i64 bound[3] = {c->start_us, c->end_us, last_us};
    for (u32 i = 0; i < 3; i++) {
        if (!wanted[i]) continue;
        b->col[col] = vector_const(node->schema.at[col].type, n, &bound[i]);
        col++;
    }
    assert(col == node->schema.len);
    *ret_batch = b;
    return ERR_OK;
}

/* The next rows of the window into c->rows; 0: there are no more. */
static u32
rows_next(AggCore *c)
{
    u32 most = c->ctx->batch_rows;
    if (c->slide) return slide_rows(c->slide, c->order, &c->emitted, most, c->rows);
    u32 n = MIN(pane_rows(c->firing) - c->emitted, most);
    for (u32 i = 0; i < n; i++, c->emitted++) {
        c->rows[i] = pane_row(c->firing, c->order ? c->order[c->emitted] : c->emitted);
    }
    return n;
}

Status
agg_core_fire(AggCore *c, i64 time_us, Out *out, bool *ret_done, Err *err)
{
    *ret_done = false;
    for (;;) {
        if (!c->firing) {
            bool any;
            TRY(window_next(c, time_us, &any, err));
            if (!any) break;
            continue; /* a window may be empty */
        }
        if (!out_has_room(out)) return ERR_OK;
        u32 n = rows_next(c);
        if (n == 0) {
            TRY(window_done(c, err));
            continue;
        }
        Batch *b = NULL;
        TRY(emit_rows(c, n, &b, err));
        TRY(out_batch(out, b, err));
    }
    agg_core_close(c, time_us);
    *ret_done = true;
    return ERR_OK;
}
