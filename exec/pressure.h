/* pressure.h - who must give memory back when the state of a job comes near its limit.
 *
 * Every operator instance that holds state says how much it is, after each message that may have
 * changed it much. Beyond three eighths of 'state.memory-limit' (the rest is for what is copied
 * aside at barriers, batches on their way, and the memory of freezing and firing) those that hold a
 * noticeable part are told to give it back: a global phase spills its largest panes
 * (exec/state/spill.h), a local phase sends its panes on. Which instance is told depends on timing;
 * no result does. */
#pragma once
#include "exec/op.h"

enum { PRESSURE_PARTS = 32 }; /* less than this part of the limit is not worth a spill */

/* *held: what this instance said last; 0 at first. True: give back what you can, then say again. */
static inline bool
memory_pressure(const OpCtx *ctx, u64 *held, u64 bytes)
{
    if (!ctx->state_bytes) return false;
    u64 change = bytes - *held; /* may be "negative": it wraps, and so does the sum */
    u64 total = atomic_fetch_add_explicit(ctx->state_bytes, change, memory_order_relaxed) + change;
    *held = bytes;
    if (ctx->state_limit == 0 || total <= ctx->state_limit / 8 * 3) return false;
    return bytes >= ctx->state_limit / PRESSURE_PARTS;
}
