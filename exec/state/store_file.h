/* store_file.h - the inside of the store: its handle, its keys, its values.
 *
 *     'D' op table                          how many records a table has, their bytes, their sum
 *     'E'                                   the root: format, epoch, and what must be there besides
 *     'M' name                              a meta value
 *     'R' op table subtask pane pane chunk  a record
 *
 * Every value ends in the XXH3 of key and value, which finds what was changed. What was lost is
 * found by sums of these checksums: 'D' has that of a table's records, 'E' those of all 'M' and all
 * 'D'; and the file `epoch` beside the store finds an older root that a damaged page brought back.
 *
 * LMDB answers a damaged page with an assertion. Its calls therefore run inside store_guarded(),
 * where an assertion becomes W5004. What remains is a fault at an address of the map: whoever runs
 * jobs catches it (state_store_map). */
#pragma once
#include "exec/state/store.h"
#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

struct StateStore {
    char *folder;
    StoreMode mode;
    MDB_env *env;
    MDB_dbi dbi;
    int lock_fd, epoch_fd; /* -1: not open */
    dev_t dev;
    ino_t ino;     /* of data.mdb when it was opened */
    const u8 *map; /* NULL: not known where */
    size_t map_bytes;
    _Atomic(u64) epoch;
    u64 commits;      /* since the start */
    StoreMeta *notes; /* owned, with their texts, until the next commit */
    u32 nnotes, notes_cap;
    char assertion[200];
    pthread_mutex_t lock; /* of what follows */
    Status failed;        /* final */
    Err failure;
};

/* ---- keys ----------------------------------------------------------------------------------- */

typedef enum StoreKind {
    STORE_KIND_TABLE = 'D',
    STORE_KIND_ROOT = 'E',
    STORE_KIND_META = 'M',
    STORE_KIND_RECORD = 'R',
} StoreKind;

enum {
    STORE_META_NAME_MAX = 200,
    STORE_KEY_MAX = 1 + STORE_META_NAME_MAX,
    STORE_SUM_BYTES = 8,
    STORE_TABLE_KEY_BYTES = 7,
    STORE_RECORD_KEY_BYTES = 29,
};

/* Kind and what follows; a shorter one is a prefix to look for. */
typedef struct StoreKey {
    u8 at[STORE_KEY_MAX];
    u32 len;
} StoreKey;

StoreKey store_key_root(void);
StoreKey store_key_meta(Str name);
StoreKey store_key_table(u32 op, u16 table);
StoreKey store_key_record(u32 op, u16 subtask, StateKey key);
/* All tables' sums, all records or all sums of an operator, of a table, of a subtask, of a pane. */
StoreKey store_key_kind(StoreKind kind);
StoreKey store_key_op(StoreKind kind, u32 op);
StoreKey store_key_subtask(u32 op, u16 table, u16 subtask);
StoreKey store_key_pane(u32 op, u16 subtask, StateKey key);
bool store_key_begins(const MDB_val *key, const StoreKey *prefix);
/* key must be a whole one of its kind, as store_look_next() gives it. */
void store_key_read(const MDB_val *key, u32 *ret_op, StateRecord *ret);

/* ---- values --------------------------------------------------------------------------------- */

/* The root's and a table's value as stored: little-endian, checksum not included. */
typedef struct StoreRoot {
    u32 format;
    u32 unused;
    u64 epoch;
    u64 metas, meta_sum;   /* how many, and the sum of their checksums */
    u64 tables, table_sum; /* the same of 'D' */
} StoreRoot;

typedef struct StoreSums {
    u64 records, bytes, sum;
} StoreSums;

/* The sums of one table while records are counted. */
typedef struct StoreTally {
    u32 op;
    u16 table;
    bool dirty, there; /* there: 'D' is stored, with old_sum as its checksum */
    u64 old_sum;
    StoreSums now;
} StoreTally;

typedef struct StoreTallies {
    StoreTally *at;
    u32 len, cap;
} StoreTallies;

/* Found or made. */
StoreTally *store_tally_of(StoreTallies *t, u32 op, u16 table, bool *ret_new);

u64 store_checksum(const MDB_val *key, const void *bytes, size_t len);
u64 store_sum_at(const MDB_val *value); /* the stored checksum; mv_size >= STORE_SUM_BYTES */

/* ---- looking -------------------------------------------------------------------------------- */

/* A read transaction with a cursor. */
typedef struct StoreLook {
    StateStore *store;
    MDB_txn *txn;
    MDB_cursor *cursor;
    u64 file_bytes;
    StoreRoot root; /* epoch 0: nothing was ever committed */
} StoreLook;

typedef struct StoreItem {
    MDB_val key;
    Str image; /* without its checksum */
    u64 sum;
} StoreItem;

Status store_look_open(StateStore *s, StoreLook *look, Err *err) MUST_USE;
void store_look_close(StoreLook *look);
/* The first item whose key begins with prefix, or the one behind the last that was given; checked.
 * *ret_there is false behind the last. */
Status store_look_first(StoreLook *look, const StoreKey *prefix, StoreItem *ret, bool *ret_there,
                        Err *err) MUST_USE;
Status store_look_next(StoreLook *look, const StoreKey *prefix, StoreItem *ret, bool *ret_there,
                       Err *err) MUST_USE;
/* All 'D' that begin with prefix. */
Status store_look_sums(StoreLook *look, const StoreKey *prefix, StoreTallies *ret,
                       Err *err) MUST_USE;
/* Are root, metas and sums of tables all there? */
Status store_look_verify(StoreLook *look, Err *err) MUST_USE;

/* ---- failures ------------------------------------------------------------------------------- */

/* Run work(ctx) so that an assertion of LMDB comes back as W5004. */
Status store_guarded(StateStore *s, Status (*work)(void *ctx, Err *err), void *ctx,
                     Err *err) MUST_USE;
/* What an answer of LMDB or an errno means. bytes: how much was to be written; 0: it was a read. */
Status store_error(StateStore *s, int rc, const char *what, u64 bytes, Err *err);
Status store_damaged(const StateStore *s, Err *err, const char *fmt, ...) PRINTF(3, 4);
void store_notes_clear(StateStore *s);
/* More address space, twice as much at best; no transaction may be open. An errno: none is left. */
int store_map_grow(StateStore *s) MUST_USE;
/* Remember a failure for good; returns st. And the one that is remembered, or OK. */
Status store_latch(StateStore *s, Status st, const Err *err);
Status store_latched(StateStore *s, Err *err);
