/* store.h - one LMDB file per job: every epoch is one write transaction.
 *
 *     <folder>/lock        flock()ed by the process that runs the job; holds its pid
 *     <folder>/data.mdb, lock.mdb
 *     <folder>/epoch       number of the last epoch: a data.mdb that is older has lost something
 *
 * Keys of LMDB are ours and short: a kind byte, then for state records (op u32, table u16, subtask
 * u16, pane i64 twice, chunk u32), big-endian with the sign bit of panes turned, so that the order
 * of bytes is the order of numbers. Every value ends in a 64-bit checksum (XXH3) of key and value.
 * No MDB_WRITEMAP and no MDB_NOSYNC: see PERFORMANCE 2.5 and FAULTS D1-D9 for why. The first failed
 * write or fsync is final for the process: the store latches it and every later call fails. */
#pragma once
#include "exec/state/state.h"

typedef struct StateStore StateStore;

enum { STORE_FORMAT = 1 }; /* of the file; a newer one is refused with both numbers */

typedef enum StoreMode {
    STORE_WRITE,   /* takes the lock: W6001 with the holder's pid when it is taken (exit 6) */
    STORE_FRESH,   /* the same, and whatever was there is deleted first */
    STORE_READ,    /* a look from outside, while a job may run: no lock */
    STORE_SCRATCH, /* an unnamed store for tests and spilling: the folder is removed at close */
} StoreMode;

/* Opens, or with the modes that write makes, the store in a folder (made with mode 0700 when
 * absent). A process opens one folder once. W5004: damaged or of a newer format; W4001: STORE_READ
 * and there is none; W5001: it cannot be opened or is on a network file system. */
Status state_store_open(const char *folder, StoreMode mode, StateStore **ret_store,
                        Err *err) MUST_USE;
void state_store_close(StateStore *s);      /* NULL is fine */
u64 state_store_epoch(const StateStore *s); /* the last committed one; 0: none yet */
const char *state_store_folder(const StateStore *s);
/* The addresses at which the file is mapped: a SIGBUS or SIGSEGV there means a damaged file. */
void state_store_map(const StateStore *s, const void **ret_from, size_t *ret_bytes);

/* ---- an epoch ------------------------------------------------------------------------------- */

/* Deletes concern one subtask; DELETE_TABLE with key.table ANY_TABLE means all tables of the
 * operator that this subtask wrote. */
typedef enum StoreChangeKind { STORE_PUT, STORE_DELETE_PANE, STORE_DELETE_TABLE } StoreChangeKind;

typedef struct StoreChange {
    StoreChangeKind kind;
    u32 op;
    u16 subtask;
    StateKey key;
    const u8 *image; /* STORE_PUT; the caller's */
    u32 len;
} StoreChange;

/* Text values beside the records: "sql", "path", "uuid", "name", "finished", and per operator
 * "op.<id>" with its description (what a changed query is compared by). */
typedef struct StoreMeta {
    Str name, value;
} StoreMeta;

/* A text that goes with the next commit. Copied. */
void state_store_note(StateStore *s, Str name, Str value);

/* Apply all changes in order and commit them as epoch number `epoch`, durable on return. Any
 * failure is final. W5001, W7002 (disk full), W5004. One caller at a time, and no
 * state_store_each() side by side with it. */
Status state_store_commit(StateStore *s, u64 epoch, const StoreChange *changes, size_t nchanges,
                          const StoreMeta *meta, u32 nmeta, Err *err) MUST_USE;

/* ---- looking -------------------------------------------------------------------------------- */

/* Any number of threads may look. What was read is checked, and complete: a record that should be
 * there and is not is damage, too. In a store opened for reading, callbacks come after the read has
 * ended, so that a slow reader holds nobody up.
 *
 * *ret_value is appended to; false in *ret_there when there is none. */
Status state_store_meta(StateStore *s, Str name, StrBuf *ret_value, bool *ret_there,
                        Err *err) MUST_USE;
/* Every meta value whose name begins with prefix. */
Status state_store_each_meta(StateStore *s, Str prefix,
                             Status (*each)(void *ctx, Str name, Str value, Err *err), void *ctx,
                             Err *err) MUST_USE;
/* Records of an operator, of one table or (ANY_TABLE) of all, by (table, subtask, pane, chunk). The
 * records of one call are of one epoch, whatever a running job commits meanwhile. */
enum { ANY_TABLE = 0xFFFF };
Status state_store_each(StateStore *s, u32 op, u16 table,
                        Status (*each)(void *ctx, const StateRecord *record, Err *err), void *ctx,
                        Err *err) MUST_USE;
/* The tables that have records, by (op, table). */
typedef struct StoreTable {
    u32 op;
    u16 table;
    u64 records, bytes; /* without keys and checksums */
} StoreTable;
Status state_store_each_table(StateStore *s,
                              Status (*each)(void *ctx, const StoreTable *t, Err *err), void *ctx,
                              Err *err) MUST_USE;
/* Reads everything and verifies every checksum and key. Counts go to *ret. W5004 at the first
 * damage, naming operator and table. */
typedef struct StoreCheck {
    u64 epoch, records, bytes;
} StoreCheck;
Status state_store_check(StateStore *s, StoreCheck *ret, Err *err) MUST_USE;
