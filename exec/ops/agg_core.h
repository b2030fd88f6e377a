/* agg_core.h - what the three aggregate operators share: open windows, and their groups.
 *
 *        watermark
 *            |
 *   [closed] | [pane 10:01] [pane 10:02] ...                           -> event time
 *
 * Rows find their slice by event time, and the first window that counts them by lateness: both name
 * the pane (exec/state/pane.h), in which the key names the group. Windows fire in the order of
 * their ends when the watermark passes. A TUMBLE window is its pane; HOP and CUMULATE put theirs
 * together of slices (slide.h). Without a window there is one pane, for the end of the input.
 *
 * State tables of the operator: 0 panes; 1 CUMULATE's running pane; 2 one record: the time up to
 * which windows are closed, i64. */
#pragma once
#include "exec/op.h"

typedef struct AggCore AggCore;

/* W2001: more keys than a row has null bits for. */
Status agg_core_new(OpCtx *ctx, const PlanNode *n, AggCore **ret_core, Err *err) MUST_USE;
void agg_core_free(AggCore *c); /* NULL is fine */

/* Add the rows of b, which stays. Rows late for all their windows are left out and counted. */
Status agg_core_add(AggCore *c, const Batch *b, Err *err) MUST_USE;
/* Merge this subtask's share of a pane of partial aggregates; takes the reference. */
void agg_core_merge(AggCore *c, Pane *from);

/* After rows or panes were added: obey the memory limit. W7001, W7002, W5001. */
Status agg_core_relieve(AggCore *c, Err *err) MUST_USE;
/* Of a local phase: had its panes better go on now? */
bool agg_core_is_pressed(AggCore *c);

/* Of a watermark's two times, the one that closes this aggregate's windows. */
i64 agg_core_time(const AggCore *c, i64 event_us, i64 proc_us);
/* The pane that is first to count in a window, if that closes at or before time_us (of
 * agg_core_time); NULL: none. The caller gets the reference. Without a window: only at
 * WATERMARK_MAX. Calls with rising times; WATERMARK_MAX may come before, to empty the core. */
Pane *agg_core_take(AggCore *c, i64 time_us);
/* No row may join a window that closes by then any more. */
void agg_core_close(AggCore *c, i64 time_us);
/* Make sure that an aggregate without keys and window has its one group. */
void agg_core_need_group(AggCore *c);
/* Send the rows of all windows that close at or before time_us, finished and of the node's schema,
 * as long as out has room. *ret_done: all are sent; else call again with the same time. */
Status agg_core_fire(AggCore *c, i64 time_us, Out *out, bool *ret_done, Err *err) MUST_USE;

/* At a barrier, while nothing is firing; and right after agg_core_new(). W5004, W5005. */
Status agg_core_save(AggCore *c, StateWriter *w, Err *err) MUST_USE;
Status agg_core_restore(AggCore *c, StateReader *r, Err *err) MUST_USE;
