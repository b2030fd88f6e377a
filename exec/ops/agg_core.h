/* agg_core.h - what the three aggregate operators share: open windows, and their groups.
 *
 *        watermark
 *            |
 *   [closed] | [pane 10:01] [pane 10:02] ...                           -> event time
 *
 * Every open window has a pane (exec/state/pane.h). Rows find their pane by event time and their
 * group in it by key; when the watermark passes the window's end, the pane is taken out and fired.
 * Without a window there is one pane, taken at the end of the input. */
#pragma once
#include "exec/op.h"

typedef struct AggCore AggCore;

/* W2001: more keys than a row has null bits for. */
Status agg_core_new(OpCtx *ctx, const PlanNode *n, AggCore **ret_core, Err *err) MUST_USE;
void agg_core_free(AggCore *c); /* NULL is fine */

/* Add the rows of b, which stays. Rows late for their window are left out and counted. */
Status agg_core_add(AggCore *c, const Batch *b, Err *err) MUST_USE;
/* Merge this subtask's share of a pane of partial aggregates; takes the reference. */
void agg_core_merge(AggCore *c, Pane *from);
/* The oldest pane whose window closes at or before event_us, no longer open; NULL: none. The
 * caller gets the reference. Without a window: only at WATERMARK_MAX. */
Pane *agg_core_take(AggCore *c, i64 event_us);
/* Make sure that an aggregate without keys and window has its one group. */
void agg_core_need_group(AggCore *c);
/* Send the groups of all panes that agg_core_take would give, as finished rows of the node's
 * schema, as long as out has room. *ret_done: all are sent; else call again with the same time. */
Status agg_core_fire(AggCore *c, i64 event_us, Out *out, bool *ret_done, Err *err) MUST_USE;
