/* spill.h - panes larger than memory: their rows, frozen in layers of files.
 *
 *     live pane --spill_pane()--> layer 1 | block | block | ...     rows in order, about 64 KiB
 * each live pane --spill_pane()--> layer 2 | block | ... live pane + layers --spill_read_next()-->
 * small panes, in that order, each group once
 *
 * Under pressure a pane's rows become a layer, and the pane starts again empty. When its window
 * fires, all its layers and what is in memory are merged like sorted runs: one block of each is in
 * memory at a time, whatever the pane's size. The order is that of pane_sort() where the operator
 * fires in key order, else that of the hash. A block has a checksum (XXH3) of itself and its place.
 *
 * With a folder, layers belong to epochs: a record lists them, their files are synced before it is
 * written, and a file goes only when the epoch that no longer lists it is decided. Without, the
 * files have no name and die with the process. */
#pragma once
#include "exec/state/pane.h"
#include "exec/state/state.h"

typedef struct Spill Spill;

typedef struct SpillSpec {
    const PaneShape *shape; /* outlives the Spill */
    const char *folder;     /* NULL: unnamed files in /var/tmp or /tmp */
    u32 op, subtask;        /* name the files, when there is a folder */
    bool by_key;            /* order of keys, not of hashes */
} SpillSpec;

Spill *spill_new(const SpillSpec *spec); /* no file is made yet */
void spill_free(Spill *s);               /* NULL is fine; named files stay */

/* Write the rows of p, which stays, as a layer of its id. An empty pane makes none. The first
 * failure is final. W7002: disk full; W5001. */
Status spill_pane(Spill *s, const Pane *p, Err *err) MUST_USE;
bool spill_has(const Spill *s, PaneId id);
/* The ids that have layers, ascending, each once: number i, or false when there are no more. */
bool spill_id(const Spill *s, u32 i, PaneId *ret_id);
void spill_drop(Spill *s, PaneId id); /* its layers are not needed any more */
u64 spill_bytes(const Spill *s);      /* in files */

/* Read a pane back: live (NULL: nothing) and all layers of its id, merged. Neither changes. */
typedef struct SpillRead SpillRead;
Status spill_read_new(Spill *s, const Pane *live, PaneId id, SpillRead **ret_read,
                      Err *err) MUST_USE;
/* The next few thousand groups, as a pane that can be walked and finished, but has no index; the
 * caller's. NULL: that was all. W5004: damaged; W5001. */
Status spill_read_next(SpillRead *r, Pane **ret_pane, Err *err) MUST_USE;
void spill_read_free(SpillRead *r); /* NULL is fine */

/* At a barrier, beside state_table_save(): sync what is not, and list the layers in the one record
 * of the table. Only with a folder. */
Status spill_save(Spill *s, StateWriter *w, u16 table, Err *err) MUST_USE;
/* At a start: the layers of the last epoch; with another number of subtasks than then, this
 * subtask's share of everybody's layers, copied. Files of no epoch are deleted. W5004, W5001. */
Status spill_restore(Spill *s, StateReader *r, u16 table, u32 subtasks, Err *err) MUST_USE;
