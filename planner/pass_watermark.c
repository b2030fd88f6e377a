/* pass_watermark.c - WATERMARK nodes go where no operator above them waits for event time.
 *
 * Those that wait: windowed aggregates, sessions and ranks per window, unless their windows only
 * close at the end of the input. */
#include "planner/pass.h"

static bool
window_waits(const TimeWindow *w)
{
    return w->kind != WINDOW_NONE && w->event_time && !w->bounded_only;
}

static bool
watermark_waits(const PlanNode *n)
{
    if (n->kind == PLAN_AGGREGATE) return window_waits(&n->agg.window);
    if (n->kind == PLAN_WINDOW) {
        return n->window.spec.kind == WINDOW_SESSION && window_waits(&n->window.spec);
    }
    return n->kind == PLAN_RANK && n->rank.window_end_col != UINT32_MAX;
}

static void
watermark_drop(PlanNode **at, bool needed)
{
    PlanNode *n = *at;
    needed = needed || watermark_waits(n);
    for (u32 i = 0; i < n->ninputs; i++) watermark_drop(&n->input[i], needed);
    if (n->kind == PLAN_WATERMARK && !needed) *at = n->input[0];
}

void
pass_watermark(Binder *b, PlanNode **root)
{
    (void)b;
    watermark_drop(root, false);
}
