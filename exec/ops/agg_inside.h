/* agg_inside.h - what agg_core.c (rows in) and agg_fire.c (rows out, state) share. */
#pragma once
#include "exec/late.h"
#include "exec/ops/agg_core.h"
#include "exec/ops/agg_spill.h"
#include "exec/ops/pane_set.h"
#include "exec/ops/slide.h"
#include "exec/state/pane_state.h"

struct AggCore {
    const PlanNode *node;
    OpCtx *ctx;
    PaneShape shape;
    WindowCut cut;
    bool windowed, attached;
    bool lateness;    /* a row may be late */
    bool clamps;      /* by processing time: a row behind the clock belongs to what is open */
    bool each_window; /* rows go into each of their windows: aggregates that depend on order */
    PaneSet *panes;
    AggSpill *spill; /* counts the panes, and freezes what memory has no room for */
    Slide *slide;    /* NULL: a pane is a window */
    KeyBatch *keys;
    LateOp *late;  /* NULL: late rows are not kept */
    i64 closed_us; /* windows that end by then are closed */
    /* The window being emitted. */
    Pane *firing; /* its rows; NULL: none */
    bool owned;   /* and the pane goes with it */
    i64 start_us, end_us;
    u32 *order; /* row numbers in order; NULL: as they are */
    u32 emitted;
    StateTable *table, *running_table; /* NULL: never saved */
    i64 saved_us;                      /* closed_us as it was saved */
    /* The batch being taken in. */
    u8 *rows[BATCH_ROWS_MAX]; /* the group of each lane */
    i64 last_us[BATCH_ROWS_MAX];
    LanePanes at;
    u64 mask[BATCH_MASK_WORDS];
    u8 *nowhere; /* a row for lanes that are left out: never read */
};

static inline i64
agg_last_us(const AggCore *c, i64 end_us)
{
    return cut_last_us(&c->cut, end_us);
}
