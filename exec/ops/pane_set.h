/* pane_set.h - the open panes of an operator, in the order in which they close, and the way from
 * the rows of a batch to their groups.
 *
 *     open:  [first end 10:01, slice 10:00] [10:02, 10:00] [10:02, 10:01] ...
 *
 * Ascending by (first_end_us, start_us). Panes made while a batch is taken in wait aside and join
 * the open ones in one merge, so that windows in any order and number cost little. */
#pragma once
#include "exec/state/pane.h"

/* Which pane each lane of a batch belongs to. */
typedef struct LanePanes {
    i64 first_end_us[BATCH_ROWS_MAX];
    i64 start_us[BATCH_ROWS_MAX];
    u64 keep[BATCH_MASK_WORDS]; /* lanes that belong to any */
} LanePanes;

typedef struct PaneSet {
    const PaneShape *shape;
    Pane **open; /* open[oldest..nopen) */
    u32 oldest, nopen, open_cap;
    Pane **fresh; /* not among the open ones yet */
    u32 nfresh, fresh_cap;
    u32 usual_rows; /* what a new pane will need room for */
    u16 lanes[BATCH_ROWS_MAX], left[BATCH_ROWS_MAX];
    u8 *found[BATCH_ROWS_MAX];
} PaneSet;

PaneSet *pane_set_new(const PaneShape *shape);
void pane_set_free(PaneSet *s); /* NULL is fine */

/* An open pane; NULL: none. Not before fresh ones have joined. */
Pane *pane_set_find(const PaneSet *s, PaneId id);
/* The pane with this id; made when absent, as a fresh one. A second call for it before
 * pane_set_join() is wrong. */
Pane *pane_set_get(PaneSet *s, PaneId id);
/* The same, when calls come in the order of ids. */
Pane *pane_set_get_next(PaneSet *s, PaneId id);
/* Takes one that is not there. */
void pane_set_add(PaneSet *s, Pane *p);
void pane_set_join(PaneSet *s);

/* The open pane that closes first; NULL: none. It stays in the set / becomes the caller's. */
Pane *pane_set_first(PaneSet *s);
Pane *pane_set_take(PaneSet *s);

/* ret_rows[i] is the group of lane i: of one pane that all of n lanes belong to, or of the panes
 * that `at` names, the lanes not kept being given `nowhere`. keys NULL: the one group of each. */
void pane_set_rows_of_one(PaneSet *s, const KeyBatch *keys, PaneId id, u32 n, u8 **ret_rows);
void pane_set_rows(PaneSet *s, const KeyBatch *keys, const LanePanes *at, u32 n, u8 *nowhere,
                   u8 **ret_rows);
