/* session_table.h - open sessions, found by key and time.
 *
 *     index (open addressing)       slots in chunks of about 16 KiB, which never move
 *     | hash hi | slot + 1 |  --->  | key a, 10:05-10:09 | --> | key a, 09:10-09:30 |
 *
 * Each session is a row of a RowLayout: key words, then whatever its user keeps (the states of
 * aggregates, say), then Span. A key's latest session is the one in the index, so a row in order
 * finds it by one probe and extends it in place; the older ones hang behind it as a tree by time.
 * No two sessions of a key touch: a row that touches several merges them (DIALECT 4).
 *
 * Rows are assigned batch by batch: what was merged away keeps its slot until
 * session_table_settle(), so that lanes which were given it find its heir. */
#pragma once
#include "exec/state/pane.h"

typedef struct SessionTable SessionTable;

typedef struct Span {
    i64 start_us, last_us; /* times of its first and last row: it ends at last + gap */
    u32 left, right;       /* the table's */
    u32 turn;              /* of the slot: odd while a session lives in it */
} Span;

enum { SESSION_NONE = UINT32_MAX };

/* What the user does about the rest of the row. A new row is zero but for its key. */
typedef struct SessionFns {
    void (*init)(void *ctx, u8 *row);
    void (*merge)(void *ctx, u8 *to, u8 *from); /* from is spent; done() does not follow */
    void (*done)(void *ctx, u8 *row);
} SessionFns;

/* Adds Span to the layout, which is nobody else's, and lives as long as the table. */
SessionTable *session_table_new(RowLayout *layout, i64 gap_us, const SessionFns *fns, void *ctx);
void session_table_free(SessionTable *t); /* NULL is fine */
u32 session_table_live(const SessionTable *t);
size_t session_table_bytes(const SessionTable *t);

u8 *session_row(const SessionTable *t, u32 slot);
Span *session_span(const SessionTable *t, u8 *row);
void session_changed(SessionTable *t, u32 slot);

/* Help, not needed: bring closer what the lanes from..from + SESSION_PREFETCH will look at, as far
 * as it is known, and what tells of it for as many lanes behind them. */
enum { SESSION_PREFETCH = 64 };
void session_table_prefetch(const SessionTable *t, const KeyBatch *keys, u32 from);
/* The same for a slot that will be asked for; near: it is there, and will be closed. */
void session_prefetch(const SessionTable *t, u32 slot, bool near);
/* The session that takes in a row of lane `lane` of the loaded keys at ts_us; merges what it
 * touches. Where it touches none, a new one is made, unless that would end at or before
 * closed_us (its end, not end - unit): SESSION_NONE. *ret_new: it was made. */
u32 session_touch(SessionTable *t, const KeyBatch *keys, u32 lane, i64 ts_us, i64 closed_us,
                  bool *ret_new);
/* Did any session of this batch merge into another, and which one is it now? */
bool session_table_merged(const SessionTable *t);
u32 session_heir(const SessionTable *t, u32 slot);
void session_table_settle(SessionTable *t);

/* It takes no more rows; its slot stays until it is released, which runs done(). */
void session_close(SessionTable *t, u32 slot);
void session_release(SessionTable *t, u32 slot);

/* Below zero when a comes first: by end, then key. */
int session_cmp(const SessionTable *t, u32 a, u32 b);
/* Slots 0..session_table_slots()-1 have been used; those that are open now. */
u32 session_table_slots(const SessionTable *t);
bool session_is_open(const SessionTable *t, u32 slot);

/* Column `key` of the n rows, which shares nothing with the table. */
Vector session_key_column(const SessionTable *t, u32 key, u8 *const *rows, u32 n);

/* ---- state ---------------------------------------------------------------------------------- */

/* For each chunk of slots that changed since the last call: its number, and the slots in use. */
void session_table_changes(SessionTable *t,
                           void (*each)(void *ctx, u32 chunk, const u32 *slots, u32 n), void *ctx);
/* An open session from outside, with the key of a lane; its row is new. False: it touches one that
 * is there. */
bool session_restore(SessionTable *t, const KeyBatch *keys, u32 lane, i64 start_us, i64 last_us,
                     u32 *ret_slot);
