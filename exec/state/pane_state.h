/* pane_state.h - the panes of an operator instance in the store: written at barriers, read at a
 * start.
 *
 *     panes --state_table_save()--> changed chunks as records, panes that are gone deleted
 *     panes <--state_table_restore()-- records of all subtasks
 *
 * One record per chunk (about 16 KiB, see row_image.h), under the pane's id and the chunk's number;
 * a first record, before all panes, holds the text of pane_shape_describe(). A barrier costs what
 * changed: a byte per chunk tells. Panes are named by their PaneId, so an operator whose panes mean
 * something else (sessions) needs another table with another number for them. */
#pragma once
#include "exec/state/pane.h"
#include "exec/state/state.h"

typedef struct StateTable StateTable;

/* number: StateKey.table, unique in the operator. The shape outlives the table. */
StateTable *state_table_new(u16 number, const PaneShape *shape);
void state_table_free(StateTable *t); /* NULL is fine */

/* Write what changed. panes: all that are live, no two with one id, in any order (ascending by id
 * is fastest); empty ones are fine. Panes that were written once and are not among them now, are
 * deleted. */
void state_table_save(StateTable *t, Pane *const *panes, u32 n, StateWriter *w);

/* Give `each` the instance's panes, ascending by id, with their index; it gets the reference. With
 * as many subtasks as then, these are the panes that this subtask wrote, and clean. With another
 * number, they hold the rows of this subtask's share of the hash space (pane_share_of) from all
 * panes of all, and the next save writes everything anew, after state_delete_table().
 * W5004: bytes that are no such panes; W5005: panes of another shape; and failures of each. */
Status state_table_restore(StateTable *t, StateReader *r, u32 subtask, u32 subtasks,
                           Status (*each)(void *ctx, Pane *p, Err *err), void *ctx,
                           Err *err) MUST_USE;

/* What the rows of a table are: types of keys, names and state sizes of aggregates, as one line. */
void pane_shape_describe(const PaneShape *shape, StrBuf *out);
