/* agg_spill.h - the panes of an aggregate under 'state.memory-limit': they are counted, and the
 * largest are frozen (exec/state/spill.h) when the job holds too much.
 *
 * A frozen pane stays open, empty. When it fires, its layers and what came since are read back as
 * parts, each of which is fired and dropped. Panes that windows share (HOP, CUMULATE) are not
 * frozen, because a window's rows are in memory as one pane anyway; those are only counted. */
#pragma once
#include "exec/op.h"
#include "exec/ops/pane_set.h"

typedef struct AggSpill AggSpill;

/* freezes: panes are windows. */
AggSpill *agg_spill_new(const OpCtx *ctx, const PlanNode *n, const PaneShape *shape, bool freezes);
void agg_spill_free(AggSpill *a); /* NULL is fine */

/* After rows came: count the open panes, and `more` bytes beside them; freeze what must be. Calls
 * are cheap: with many panes open it looks only now and then. W7001: the panes of this aggregate
 * alone are beyond the limit, and cannot be frozen; W7002, W5001. */
Status agg_spill_check(AggSpill *a, PaneSet *panes, u64 more, Err *err) MUST_USE;
/* The same for a local phase: true when its panes had better go on now. */
bool agg_spill_is_pressed(AggSpill *a, const PaneSet *panes);

/* A pane fires: the part of it to begin with, which is the pane itself when nothing of it is
 * frozen. Takes live; the caller gets the part. */
Status agg_spill_open(AggSpill *a, Pane *live, Pane **ret_part, Err *err) MUST_USE;
/* The next part of the pane opened last; NULL: that was all, and it is forgotten. */
Status agg_spill_next(AggSpill *a, Pane **ret_part, Err *err) MUST_USE;

/* At a barrier and at a start. Panes of which all is frozen join the set, empty. */
Status agg_spill_save(AggSpill *a, StateWriter *w, u16 table, Err *err) MUST_USE;
Status agg_spill_restore(AggSpill *a, StateReader *r, u16 table, PaneSet *panes, Err *err) MUST_USE;
