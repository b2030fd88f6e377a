/* msg.h - what travels along an edge, in order, never reordered: rows, then the watermark that
 * they imply, then the barrier that ends their epoch; the end comes last.
 *
 * Rows have two forms: batches, and, between the two phases of an aggregate, panes. */
#pragma once
#include "base/batch.h"
#include "exec/state/pane.h"

/* No watermark yet; and the one behind the last row of a bounded input. */
#define WATERMARK_NONE INT64_MIN
#define WATERMARK_MAX INT64_MAX

typedef enum MsgKind { MSG_BATCH, MSG_PANE, MSG_WATERMARK, MSG_BARRIER, MSG_END } MsgKind;

typedef struct Msg {
    MsgKind kind;
    u32 port; /* which input of the operator, for batches and panes */
    union {
        Batch *batch; /* owned by whoever holds the message */
        Pane *pane;   /* one reference */
        struct {
            i64 event_us; /* no later row on this edge is older, but for late ones */
            i64 proc_us;  /* processing time, which never goes back either */
        } watermark;
        u64 epoch; /* rows before this belong to the epoch, rows after it to the next */
    };
} Msg;

void msg_free(Msg *m); /* drops what it carries */
