/* state.h - what operators keep across restarts: records of bytes, written by epoch.
 *
 *     operator --barrier(epoch)--> StateWriter --(checkpoint thread)--> StateStore: one transaction
 *     operator <--restore()------- StateReader <--------------------------'
 *
 * A record is a chunk of one pane of one table of one operator: about 16 KiB, because one record
 * per key would cost fifty times more at a commit (PERFORMANCE 2.5). User keys are never record
 * keys. Whoever writes owns the meaning of the bytes; the store adds a checksum to each record. */
#pragma once
#include "base/err.h"
#include "base/str.h"

/* Which record. Records of a table sort by pane, then chunk; all numbers sort as numbers. */
typedef struct StateKey {
    u16 table;   /* of the operator: each file of exec/ops that keeps state lists its tables */
    i64 pane[2]; /* the unit of expiry, e.g. (first window end, slice start); 0, 0: just one */
    u32 chunk;
} StateKey;

/* ---- writing, at a barrier ------------------------------------------------------------------ */

/* Collects what one operator instance (op, subtask) changed in one epoch. Only valid during
 * OpDef.barrier. */
typedef struct StateWriter StateWriter;

u64 state_epoch(const StateWriter *w); /* the number of the epoch that ends */

/* Room for a record of len bytes, to be filled before the next call; replaces an older one. */
u8 *state_room(StateWriter *w, StateKey key, u32 len);
void state_put(StateWriter *w, StateKey key, Str image);
/* Delete all records of a pane / of a table that this instance wrote. Put after delete works. */
void state_delete_pane(StateWriter *w, u16 table, i64 pane0, i64 pane1);
void state_delete_table(StateWriter *w, u16 table);

/* ---- reading, at a start -------------------------------------------------------------------- */

/* The records of one operator as of the last committed epoch, of all subtasks that ran then. Only
 * valid during OpDef.restore. */
typedef struct StateReader StateReader;

typedef struct StateRecord {
    u32 subtask; /* that wrote it */
    StateKey key;
    Str image; /* checked; valid during the call */
} StateRecord;

/* How many subtasks the operator had, and has now. When they differ, nobody owns the old records:
 * each instance takes the rows of its share of the hash space from all of them, subtask 0 of the
 * new ones has them deleted (the first barrier of the job does so), and all write anew. */
u32 state_subtasks_then(const StateReader *r);
/* Calls each for every record of a table, ordered by (subtask, pane, chunk). A failure of each
 * comes back. W5004: a record is damaged. */
Status state_each(StateReader *r, u16 table,
                  Status (*each)(void *ctx, const StateRecord *record, Err *err), void *ctx,
                  Err *err) MUST_USE;
/* What says that bytes which passed their checksum are still no state: W5004. what: "a session". */
Status state_damaged(const char *what, Err *err);
