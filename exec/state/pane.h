/* pane.h - the groups of one window: a chunked row store with a hash index.
 *
 *     index (open addressing)      chunks of about 16 KiB, rows never move
 *     | hash hi | row + 1 |  --->  | row | row | row |...   | row | ...
 *
 * A pane is the unit of expiry: closing a window drops its pane. It is counted, because a pane of
 * partial aggregates goes from one local phase to all subtasks of the global one, each of which
 * merges the rows of its share of the hash space. New rows come only while refs == 1. The index is
 * never stored or sent: who only walks rows does without.
 *
 * The states in rows may own memory (AggFns.done): a subtask that has merged its share says so by
 * pane_merge_share(), and the last reference runs done() for whatever nobody spent. */
#pragma once
#include "exec/state/row_layout.h"

typedef struct Pane Pane;

/* aggs: the calls whose states the rows hold; they and layout outlive the pane. */
typedef struct PaneShape {
    const RowLayout *layout;
    const AggCall *const *aggs;
} PaneShape;

/* A slice of time, in parts: windows that share their slices (HOP, CUMULATE) count its rows from a
 * certain window end on, and a row that is late for some of them belongs to a later part. Panes
 * without a window have (0, 0). All on the window clock (exec/window.h). */
typedef struct PaneId {
    i64 first_end_us; /* the first window end that counts the rows */
    i64 start_us;     /* of the slice; of a TUMBLE window: its start */
} PaneId;

Pane *pane_new(const PaneShape *shape, PaneId id);
Pane *pane_ref(Pane *p);
void pane_unref(Pane *p); /* NULL is fine */

/* Make room in the index for that many groups. */
void pane_expect(Pane *p, u32 rows);

PaneId pane_id(const Pane *p);
u32 pane_rows(const Pane *p);
/* What the pane holds, without what states of its rows own: O(1). */
size_t pane_bytes(const Pane *p);
/* What the states of its rows own, from a sample of them: O(1). */
size_t pane_bytes_owned(const Pane *p);
bool pane_shape_owns_memory(const PaneShape *shape);

/* Scratch for finding the groups of a batch, one per operator instance. */
typedef struct KeyBatch KeyBatch;
KeyBatch *key_batch_new(const RowLayout *layout);
void key_batch_free(KeyBatch *k); /* NULL is fine */
/* Read the key columns of rows lanes (any vector form) into words and hashes. */
void key_batch_load(KeyBatch *k, const Batch *b);

/* Find or make the group of each of n lanes: rows[i] points to the row of lane lanes[i] of the
 * loaded keys; lanes NULL: lanes 0..n-1. New rows have their aggregates initialised. */
void pane_find_groups(Pane *p, const KeyBatch *k, const u16 *lanes, u32 n, u8 **ret_rows);
/* The row of the one group of an aggregate without keys; made when absent. */
u8 *pane_single_group(Pane *p);

/* The group in p with the key of a row of another pane, which has the same keys and aggregates;
 * made when absent, with its states initialised. Owned by p with its texts. */
u8 *pane_group_of(Pane *p, const Pane *from, const u8 *row);
/* The same, but NULL when absent. */
u8 *pane_group_if_any(Pane *p, const Pane *from, const u8 *row);

/* Row number i (0 <= i < pane_rows), in the order of insertion: to look at. Who changes one says
 * so by pane_touch(); rows that were handed out by the functions above are known to change. */
u8 *pane_row(const Pane *p, u32 i);
void pane_touch(Pane *p, u32 i);
/* While a pane has less than a chunk of rows, they move when it grows; from now on not. */
void pane_pin(Pane *p);
/* No group will be looked for any more: the index goes; rows stay to be walked and saved. */
void pane_seal(Pane *p);
/* Merge all rows of `from` into p. `from` stays, and may be read by others meanwhile. The layouts
 * may differ in row_layout_add(). */
void pane_merge(Pane *p, const Pane *from);

/* Count the pane's bytes in *account from now until it is gone; account NULL: nowhere. Once. */
void pane_charge(Pane *p, _Atomic(u64) *account);

/* Which of `parts` shares of the hash space a hash falls into. */
u32 pane_share_of(u64 hash, u32 parts);
/* Say, before the pane is sent, that `parts` subtasks (1..1024) will each merge their share. */
void pane_share(Pane *p, u32 parts);
/* Merge into p the rows of `from` whose hash falls into share `part`, and mark that share of
 * `from` as spent. Both have one shape. Subtasks may do this side by side. */
void pane_merge_share(Pane *p, Pane *from, u32 part);

/* Column `key` of the n rows as a vector, which may share the pane's heap. */
Vector pane_key_column(const Pane *p, u32 key, u8 *const *rows, u32 n);
/* Row numbers in the order of the keys (NULL first, ascending, texts by bytes). */
void pane_sort(const Pane *p, u32 *ret_order);
