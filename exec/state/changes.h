/* changes.h - what the operators of a job changed in one epoch, on its way to the store. */
#pragma once
#include "exec/state/store.h"

/* Owns the images. Not thread-safe: each task fills its own; they are joined when it has passed
 * the barrier. */
typedef struct StateChanges {
    StoreChange *at;
    size_t len, cap;
    u64 bytes; /* of images */
} StateChanges;

struct StateWriter {
    StateChanges *to;
    u32 op;
    u16 subtask;
    u64 epoch;
};

struct StateReader {
    StateStore *store;
    u32 op;
    u32 subtasks_then;
};

/* Moves everything from `from` behind what is there. */
void state_changes_join(StateChanges *to, StateChanges *from);
void state_changes_done(StateChanges *c);
