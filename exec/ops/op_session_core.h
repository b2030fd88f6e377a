/* op_session_core.h - what the two SESSION operators share: rows find their sessions, slow rows
 * wait, sessions close.
 *
 *     batch -+- in order: given to sessions at once ----------> user->rows()
 *            '- slow rows: held ---(W > wm(row))--- fire(wm) --> user->rows(), in canonical order
 *     watermark W: held rows with wm < W, then fire(W) -> fired[] -> user's emission
 *
 * A row is slow when its time is at or before the watermark in front of it (+ unit): whether it is
 * late, and what it merges, depends on what has closed by then. All other rows commute, since they
 * cannot be late for the sessions that they touch (DIALECT 4). */
#pragma once
#include "exec/late.h"
#include "exec/op.h"
#include "exec/state/held.h"
#include "exec/state/session_table.h"
#include "exec/state/timers.h"
#include "exec/window.h"

typedef struct SessionCore SessionCore;

/* What an operator does with rows and their sessions. */
typedef struct SessionUser {
    SessionFns fns;                     /* their ctx is the core */
    bool places;                        /* c->place is wanted */
    u64 (*bytes)(const SessionCore *c); /* of memory beside sessions; NULL: none */
    /* Lane i of b belongs to the session in slot c->slot[i], or to none (bit i of c->keep). */
    void (*rows)(SessionCore *c, const Batch *b);
} SessionUser;

struct SessionCore {
    Op op;
    OpCtx *ctx;
    const SessionUser *user;
    const Schema *input;
    const TimeWindow *window;
    i64 gap_us, unit_us;
    WindowClock clock;
    RowLayout *layout;
    KeyBatch *keys;
    SessionTable *table;
    Timers *timers;
    Held *slow;
    HeldQueue waiting;
    i64 closed_us;         /* sessions with end - unit at or before this are closed */
    i64 event_us, proc_us; /* the watermark that fires, passed on when all rows are out */
    u64 told_bytes;        /* what memory_pressure() was told last */
    u64 arrivals;          /* rows so far */
    u64 starts;            /* how often the operator went on from its state */
    u32 *fired;            /* closed sessions, to be emitted and released */
    u32 nfired, fired_cap, emitted;
    /* The batch being taken in. */
    u32 slot[BATCH_ROWS_MAX];
    HeldPlace place[BATCH_ROWS_MAX]; /* without watermarks: rows of a partition are in order */
    u64 keep[BATCH_MASK_WORDS];
    bool all_kept, any_late;
    u64 left_out[BATCH_MASK_WORDS]; /* the late ones, if any */
    LateOp *late;                   /* NULL: late rows are not kept */
};

enum { SESSION_TABLE_CORE, SESSION_TABLE_SLOW, SESSION_TABLE_OPEN }; /* numbers of state tables */

/* layout: the keys, and what the user keeps in a row; the core adds its own. */
void session_core_init(SessionCore *c, OpCtx *ctx, const PlanNode *n, const TimeWindow *w,
                       RowLayout *layout, const SessionUser *user);
void session_core_done(SessionCore *c);

/* Takes b. W3107: a row has no event time. */
Status session_core_add(SessionCore *c, Batch *b, Err *err) MUST_USE;
/* Give rows that come back from the state, whose places are set, to their sessions. */
Status session_core_readd(SessionCore *c, const Batch *b, Err *err) MUST_USE;
/* Time has come this far: c->fired is what has to be emitted, in order when `sorted`. */
void session_core_advance(SessionCore *c, i64 event_us, i64 proc_us, bool sorted);
/* All of c->fired is emitted and released: pass the watermark on. */
Status session_core_pass_on(SessionCore *c, Out *out, Err *err) MUST_USE;
/* The bounds of n sessions given by their rows into columns col.. of b, as far as they are asked
 * for: window_start, window_end, window_time. */
void session_core_bounds(const SessionCore *c, u8 *const *rows, Batch *b, u32 col, bool start,
                         bool end, bool time);

void session_core_save(SessionCore *c, StateWriter *w);
Status session_core_restore(SessionCore *c, StateReader *r, Err *err) MUST_USE;
/* A session that came back from the state will be due. */
void session_core_expect(SessionCore *c, u32 slot);
