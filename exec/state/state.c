/* state.c - records of operators into a list of changes, and out of the store again. */
#include "exec/state/state.h"
#include "base/mem.h"
#include "exec/state/changes.h"

static StoreChange *
change_add(StateWriter *w, StoreChangeKind kind, StateKey key)
{
    StateChanges *c = w->to;
    mem_grow(c->at, c->len, c->cap);
    StoreChange *change = &c->at[c->len++];
    *change = (StoreChange){.kind = kind, .op = w->op, .subtask = w->subtask, .key = key};
    return change;
}

u64
state_epoch(const StateWriter *w)
{
    return w->epoch;
}

u8 *
state_room(StateWriter *w, StateKey key, u32 len)
{
    u8 *image = mem_alloc(MAX(len, 1u));
    StoreChange *change = change_add(w, STORE_PUT, key);
    change->image = image;
    change->len = len;
    w->to->bytes += len;
    return image;
}

void
state_put(StateWriter *w, StateKey key, Str image)
{
    u8 *room = state_room(w, key, image.len);
    if (image.len) memcpy(room, image.ptr, image.len);
}

void
state_delete_pane(StateWriter *w, u16 table, i64 pane0, i64 pane1)
{
    (void)change_add(w, STORE_DELETE_PANE, (StateKey){table, {pane0, pane1}, 0});
}

void
state_delete_table(StateWriter *w, u16 table)
{
    (void)change_add(w, STORE_DELETE_TABLE, (StateKey){.table = table});
}

void
state_changes_join(StateChanges *to, StateChanges *from)
{
    for (size_t i = 0; i < from->len; i++) {
        mem_grow(to->at, to->len, to->cap);
        to->at[to->len++] = from->at[i];
    }
    to->bytes += from->bytes;
    from->len = 0;
    state_changes_done(from);
}

void
state_changes_done(StateChanges *c)
{
    for (size_t i = 0; i < c->len; i++) mem_free((void *)(uintptr_t)c->at[i].image);
    mem_free(c->at);
    *c = (StateChanges){0};
}

u32
state_subtasks_then(const StateReader *r)
{
    return r->subtasks_then;
}

Status
state_each(StateReader *r, u16 table,
           Status (*each)(void *ctx, const StateRecord *record, Err *err), void *ctx, Err *err)
{
    return state_store_each(r->store, r->op, table, each, ctx, err);
}

Status
state_damaged(const char *what, Err *err)
{
    Status st = err_set(err, W5004, POS_NONE, "the bytes stored for %s are none", what);
    return err_hint(err, st, "Look at it with weir state check.");
}
