/* held.h - rows that are kept for later, each under a number of its own.
 *
 *     block 0:  rows 0 1 2 ... by column     block 1: ...     about 16 KiB each
 *
 * A row knows its place in the canonical order (DIALECT 4). Blocks are the unit of state: one is
 * written when it changed, and goes when all of its rows are gone. Kinds of rows are not kept. */
#pragma once
#include "exec/state/state.h"
#include "planner/plan.h"

typedef struct Held Held;

/* Where a row stands in the canonical order. Rows of one chunk arrive in their order on every path;
 * arrival is what decides among them. */
typedef struct HeldPlace {
    i64 wm_us; /* the watermark before it */
    u32 table, partition;
    u64 chunk, arrival;
} HeldPlace;

/* Below zero when a comes first. */
int held_place_cmp(const HeldPlace *a, const HeldPlace *b);

Held *held_new(const Schema *schema);
void held_free(Held *h); /* NULL is fine */

/* Copy lanes[0..n) of b; ret_rows[i] is the number of lane lanes[i], and places[i] its place. */
void held_add(Held *h, const Batch *b, const u16 *lanes, u32 n, const HeldPlace *places,
              u32 *ret_rows);
void held_drop(Held *h, u32 row); /* its number may be given again */
u64 held_rows(const Held *h);     /* kept now */
u64 held_bytes(const Held *h);    /* of memory, texts included */
u64 held_room(const Held *h);     /* how many the blocks in memory can hold */
const HeldPlace *held_place(const Held *h, u32 row);
/* A word of the user's own for each row; 0 at first, and not part of the state. */
u32 *held_link(Held *h, u32 row);
/* Rows in the order given as one batch with their watermarks, which shares nothing with h. */
Batch *held_batch(const Held *h, const u32 *rows, u32 n);

/* Write the blocks that changed since the last call as the records of `table`. */
void held_save(Held *h, StateWriter *w, u16 table);
/* The next held_save() replaces all records of the table: another Held wrote them. */
void held_replace(Held *h);
/* Into an empty h: `each` is told the number of every row that comes back, and
 * held_replace() is done. */
Status held_restore(Held *h, StateReader *r, u16 table, void (*each)(void *ctx, u32 row), void *ctx,
                    Err *err) MUST_USE;

/* ---- rows in the canonical order ------------------------------------------------------------ */

/* A queue of rows of h, whose first is the first in the canonical order. */
typedef struct HeldQueue {
    u32 *rows; /* a binary heap */
    u32 len, cap;
} HeldQueue;

void held_queue_add(HeldQueue *q, const Held *h, u32 row);
u32 held_queue_take(HeldQueue *q, const Held *h); /* len > 0 */
void held_queue_done(HeldQueue *q);
