/* store_commit.c - an epoch: one write transaction. */
#include "base/failpoint.h"
#include "base/mem.h"
#include "exec/state/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PUTS_PER_FAILPOINT = 64,
    COMMITS_PER_READER_CHECK = 64, /* a reader that was killed pins old pages */
    PREALLOCATE_MOST = 64 << 20,
};

typedef struct Commit {
    StateStore *store;
    u64 epoch;
    const StoreChange *changes;
    size_t nchanges;
    const StoreMeta *meta;
    u32 nmeta;
    u64 bytes; /* of images */
    MDB_txn *txn;
    MDB_cursor *cursor;
    StoreRoot root;
    StoreTallies tallies;
    bool map_full;
} Commit;

static Status
commit_error(Commit *c, int rc, Err *err)
{
    c->map_full = rc == MDB_MAP_FULL;
    return store_error(c->store, rc, "write the state", MAX(c->bytes, 1u), err);
}

static MDB_val
val_of(const void *bytes, size_t len)
{
    return (MDB_val){.mv_size = len, .mv_data = (void *)(uintptr_t)bytes};
}

/* ---- entries -------------------------------------------------------------------------------- */

/* The value under key, with its checksum looked at only. rc MDB_NOTFOUND: none. */
static int
entry_find(Commit *c, const StoreKey *key, MDB_val *ret_value)
{
    MDB_val k = val_of(key->at, key->len);
    int rc = mdb_cursor_get(c->cursor, &k, ret_value, MDB_SET);
    return !rc && ret_value->mv_size < STORE_SUM_BYTES ? MDB_CORRUPTED : rc;
}

/* Fixed-size values that are read to be changed are checked. */
static Status
entry_read(Commit *c, const StoreKey *key, void *ret, size_t len, u64 *ret_sum, bool *ret_there,
           Err *err)
{
    MDB_val value;
    int rc = entry_find(c, key, &value);
    *ret_there = rc == 0;
    if (rc == MDB_NOTFOUND) return ERR_OK;
    if (rc) return commit_error(c, rc, err);
    MDB_val k = val_of(key->at, key->len);
    *ret_sum = store_sum_at(&value);
    if (value.mv_size != len + STORE_SUM_BYTES ||
        store_checksum(&k, value.mv_data, len) != *ret_sum) {
        return store_damaged(c->store, err, "an entry fails its checksum");
    }
    memcpy(ret, value.mv_data, len);
    return ERR_OK;
}

static int
entry_put(Commit *c, const StoreKey *key, const void *bytes, size_t len, u64 *ret_sum)
{
    MDB_val k = val_of(key->at, key->len), value = {.mv_size = len + STORE_SUM_BYTES};
    int rc = mdb_cursor_put(c->cursor, &k, &value, MDB_RESERVE);
    if (rc) return rc;
    k = val_of(key->at, key->len);
    *ret_sum = store_checksum(&k, bytes, len);
    if (len) memcpy(value.mv_data, bytes, len);
    memcpy((u8 *)value.mv_data + len, ret_sum, sizeof *ret_sum);
    return 0;
}

/* ---- records -------------------------------------------------------------------------------- */

static Status
commit_tally(Commit *c, u32 op, u16 table, StoreTally **ret, Err *err)
{
    bool is_new;
    StoreTally *t = store_tally_of(&c->tallies, op, table, &is_new);
    *ret = t;
    if (is_new) {
        StoreKey key = store_key_table(op, table);
        TRY(entry_read(c, &key, &t->now, sizeof t->now, &t->old_sum, &t->there, err));
    }
    t->dirty = true;
    return ERR_OK;
}

static void
tally_without(StoreTally *t, const MDB_val *value)
{
    t->now.records--;
    t->now.bytes -= value->mv_size - STORE_SUM_BYTES;
    t->now.sum -= store_sum_at(value);
}

static Status
commit_put(Commit *c, const StoreChange *change, Err *err)
{
    StoreTally *t;
    TRY(commit_tally(c, change->op, change->key.table, &t, err));
    StoreKey key = store_key_record(change->op, change->subtask, change->key);
    MDB_val old;
    int rc = entry_find(c, &key, &old);
    if (!rc) tally_without(t, &old);
    if (rc && rc != MDB_NOTFOUND) return commit_error(c, rc, err);
    u64 sum;
    rc = entry_put(c, &key, change->image, change->len, &sum);
    if (rc) return commit_error(c, rc, err);
    t->now.records++;
    t->now.bytes += change->len;
    t->now.sum += sum;
    return ERR_OK;
}

static Status
commit_delete(Commit *c, u32 op, u16 table, const StoreKey *prefix, Err *err)
{
    StoreTally *t;
    TRY(commit_tally(c, op, table, &t, err));
    MDB_val key = val_of(prefix->at, prefix->len), value;
    int rc = mdb_cursor_get(c->cursor, &key, &value, MDB_SET_RANGE);
    while (!rc && store_key_begins(&key, prefix)) {
        if (value.mv_size < STORE_SUM_BYTES) return commit_error(c, MDB_CORRUPTED, err);
        tally_without(t, &value);
        rc = mdb_cursor_del(c->cursor, 0);
        key = val_of(prefix->at, prefix->len);
        if (!rc) rc = mdb_cursor_get(c->cursor, &key, &value, MDB_SET_RANGE);
    }
    return rc && rc != MDB_NOTFOUND ? commit_error(c, rc, err) : ERR_OK;
}

/* The tables of an operator that have records, as far as this epoch knows. */
static Status
commit_delete_all(Commit *c, const StoreChange *change, Err *err)
{
    StoreKey prefix = store_key_op(STORE_KIND_TABLE, change->op), next = prefix;
    for (;;) {
        MDB_val key = val_of(next.at, next.len), value;
        int rc = mdb_cursor_get(c->cursor, &key, &value, MDB_SET_RANGE);
        if (rc == MDB_NOTFOUND || (!rc && !store_key_begins(&key, &prefix))) break;
        if (!rc && key.mv_size != STORE_TABLE_KEY_BYTES) rc = MDB_CORRUPTED;
        if (rc) return commit_error(c, rc, err);
        u32 op;
        StateRecord r;
        store_key_read(&key, &op, &r);
        StoreKey records = store_key_subtask(change->op, r.key.table, change->subtask);
        TRY(commit_delete(c, change->op, r.key.table, &records, err));
        if (r.key.table == UINT16_MAX) break;
        next = store_key_table(change->op, (u16)(r.key.table + 1));
    }
    /* Tables that this epoch made have no stored sums yet. */
    for (u32 i = 0; i < c->tallies.len; i++) {
        StoreTally t = c->tallies.at[i];
        if (t.op != change->op || t.there) continue;
        StoreKey records = store_key_subtask(t.op, t.table, change->subtask);
        TRY(commit_delete(c, t.op, t.table, &records, err));
    }
    return ERR_OK;
}

static Status
commit_change(Commit *c, const StoreChange *change, Err *err)
{
    StoreKey prefix;
    switch (change->kind) {
    case STORE_PUT:
        return commit_put(c, change, err);
    case STORE_DELETE_PANE:
        prefix = store_key_pane(change->op, change->subtask, change->key);
        return commit_delete(c, change->op, change->key.table, &prefix, err);
    case STORE_DELETE_TABLE:
        if (change->key.table == ANY_TABLE) return commit_delete_all(c, change, err);
        prefix = store_key_subtask(change->op, change->key.table, change->subtask);
        return commit_delete(c, change->op, change->key.table, &prefix, err);
    }
    UNREACHABLE();
}

static Status
commit_changes(Commit *c, Err *err)
{
    for (size_t i = 0; i < c->nchanges; i++) {
        int rc = i % PUTS_PER_FAILPOINT == 0 ? failpoint(FAIL_STORE_PUT) : 0;
        if (rc) return commit_error(c, rc, err);
        TRY(commit_change(c, &c->changes[i], err));
    }
    return ERR_OK;
}

/* ---- what vouches for them ------------------------------------------------------------------ */

static Status
commit_tallies(Commit *c, Err *err)
{
    for (u32 i = 0; i < c->tallies.len; i++) {
        StoreTally *t = &c->tallies.at[i];
        StoreKey key = store_key_table(t->op, t->table);
        if (!t->dirty) continue;
        if (t->there) {
            c->root.tables--;
            c->root.table_sum -= t->old_sum;
        }
        int rc = 0;
        if (t->now.records) {
            u64 sum = 0;
            rc = entry_put(c, &key, &t->now, sizeof t->now, &sum);
            c->root.tables++;
            c->root.table_sum += sum;
        } else if (t->there) {
            MDB_val old;
            rc = entry_find(c, &key, &old);
            if (!rc) rc = mdb_cursor_del(c->cursor, 0);
        }
        if (rc) return commit_error(c, rc, err);
    }
    return ERR_OK;
}

static Status
commit_metas(Commit *c, const StoreMeta *meta, u32 n, Err *err)
{
    for (u32 i = 0; i < n; i++) {
        StoreKey key = store_key_meta(meta[i].name);
        MDB_val old;
        u64 sum = 0;
        int rc = entry_find(c, &key, &old);
        if (!rc) {
            c->root.metas--;
            c->root.meta_sum -= store_sum_at(&old);
        }
        if (!rc || rc == MDB_NOTFOUND) {
            rc = entry_put(c, &key, meta[i].value.ptr, meta[i].value.len, &sum);
        }
        if (rc) return commit_error(c, rc, err);
        c->root.metas++;
        c->root.meta_sum += sum;
    }
    return ERR_OK;
}

static Status
commit_root(Commit *c, Err *err)
{
    StoreKey key = store_key_root();
    u64 sum;
    c->root.format = STORE_FORMAT;
    c->root.epoch = c->epoch;
    int rc = entry_put(c, &key, &c->root, sizeof c->root, &sum);
    return rc ? commit_error(c, rc, err) : ERR_OK;
}

/* ---- the file ------------------------------------------------------------------------------- */

/* Is the file still the one that was opened? Somebody may have moved the folder away. */
static Status
file_is_ours(Commit *c, Err *err)
{
    StateStore *s = c->store;
    StrBuf path = {0};
    struct stat st;
    strbuf_printf(&path, "%s/data.mdb", s->folder);
    bool ours = stat(path.ptr, &st) == 0 && st.st_dev == s->dev && st.st_ino == s->ino;
    strbuf_done(&path);
    if (ours) return ERR_OK;
    return err_set(err, W5001, POS_NONE, "the state in \"%.200s\" was moved or replaced",
                   s->folder);
}

/* Make the file long enough for whatever this epoch may write, so that one that is shorter than its
 * pages is a damaged one, and so that growing it is no work of the commit. All pages of the tree
 * may be copied, every record may come with new pages of the tree, and the list of free pages with
 * it. */
static Status
file_room(Commit *c, Err *err)
{
    MDB_stat tree;
    MDB_envinfo info;
    struct stat st;
    int fd = -1;
    int rc = mdb_env_stat(c->store->env, &tree);
    if (!rc) rc = mdb_env_info(c->store->env, &info);
    if (!rc) rc = mdb_env_get_fd(c->store->env, &fd);
    if (!rc && fstat(fd, &st) != 0) rc = errno;
    if (rc) return commit_error(c, rc, err);
    u64 page = MAX(tree.ms_psize, 1u);
    u64 pages = c->bytes / page + 4 * (u64)(c->nchanges + c->nmeta + c->store->nnotes) +
                tree.ms_branch_pages + tree.ms_leaf_pages;
    u64 need = (info.me_last_pgno + 1 + pages + pages / 32 + 256) * page;
    u64 now = (u64)st.st_size;
    if (need <= now) return ERR_OK;
    u64 to = need + MIN(now / 8, (u64)PREALLOCATE_MOST);
    /* The first of it as blocks, which saves time at the commit; the rest only as length. */
    u64 blocks = MIN(to - now, (u64)PREALLOCATE_MOST);
    (void)fallocate(fd, 0, (off_t)now, (off_t)blocks); /* a full disk may have room in the file */
    if (ftruncate(fd, (off_t)to) != 0) return commit_error(c, errno, err);
    return ERR_OK;
}

/* No fsync: after a power cut the number may be older, which it may always be. */
static Status
epoch_promise(Commit *c, Err *err)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%020llu\n", (unsigned long long)c->epoch);
    if (pwrite(c->store->epoch_fd, text, (size_t)n, 0) == n) return ERR_OK;
    return commit_error(c, errno, err);
}

/* ---- the transaction ------------------------------------------------------------------------ */

static Status
commit_begin(Commit *c, Err *err)
{
    StateStore *s = c->store;
    int rc = failpoint(FAIL_STORE_BEGIN);
    if (!rc) rc = mdb_txn_begin(s->env, NULL, 0, &c->txn);
    if (!rc) rc = mdb_cursor_open(c->txn, s->dbi, &c->cursor);
    if (rc) return commit_error(c, rc, err);
    StoreKey key = store_key_root();
    u64 sum;
    bool there;
    TRY(entry_read(c, &key, &c->root, sizeof c->root, &sum, &there, err));
    return c->root.epoch == s->epoch ? ERR_OK : store_damaged(s, err, "its root has changed");
}

static Status
commit_work(void *ctx, Err *err)
{
    Commit *c = ctx;
    TRY(file_is_ours(c, err));
    TRY(file_room(c, err));
    TRY(commit_begin(c, err));
    TRY(commit_changes(c, err));
    TRY(commit_tallies(c, err));
    TRY(commit_metas(c, c->store->notes, c->store->nnotes, err));
    TRY(commit_metas(c, c->meta, c->nmeta, err));
    TRY(commit_root(c, err));
    mdb_cursor_close(c->cursor);
    c->cursor = NULL;
    int rc = failpoint(FAIL_STORE_COMMIT);
    MDB_txn *txn = c->txn;
    if (!rc) c->txn = NULL; /* gone, whatever the answer */
    if (!rc) rc = mdb_txn_commit(txn);
    if (rc) return commit_error(c, rc, err);
    rc = failpoint(FAIL_STORE_COMMITTED);
    if (rc) return commit_error(c, rc, err);
    return epoch_promise(c, err);
}

static Status
commit_abort(void *ctx, Err *err)
{
    Commit *c = ctx;
    (void)err;
    MDB_cursor *cursor = c->cursor;
    MDB_txn *txn = c->txn;
    c->cursor = NULL;
    c->txn = NULL;
    if (cursor) mdb_cursor_close(cursor);
    if (txn) mdb_txn_abort(txn);
    return ERR_OK;
}

static Status
commit_once(Commit *c, Err *err)
{
    Err ignored;
    c->map_full = false;
    c->root = (StoreRoot){0};
    c->tallies.len = 0;
    Status st = store_guarded(c->store, commit_work, c, err);
    if (store_guarded(c->store, commit_abort, c, &ignored)) c->map_full = false;
    return st;
}

Status
state_store_commit(StateStore *s, u64 epoch, const StoreChange *changes, size_t nchanges,
                   const StoreMeta *meta, u32 nmeta, Err *err)
{
    assert(s->mode != STORE_READ && epoch > s->epoch);
    TRY(store_latched(s, err));
    Commit c = {.store = s,
                .epoch = epoch,
                .changes = changes,
                .nchanges = nchanges,
                .meta = meta,
                .nmeta = nmeta};
    for (size_t i = 0; i < nchanges; i++) c.bytes += changes[i].len + 4096u;
    for (u32 i = 0; i < nmeta; i++) c.bytes += meta[i].value.len + 4096u;
    for (u32 i = 0; i < s->nnotes; i++) c.bytes += s->notes[i].value.len + 4096u;
    Status st = commit_once(&c, err);
    while (st && c.map_full) {
        int rc = store_map_grow(s);
        if (rc) {
            st = store_error(s, ENOMEM, "write the state", c.bytes, err);
            break;
        }
        st = commit_once(&c, err);
    }
    mem_free(c.tallies.at);
    if (st) return store_latch(s, st, err);
    s->epoch = epoch;
    store_notes_clear(s);
    int dead = 0;
    if (++s->commits % COMMITS_PER_READER_CHECK == 0) (void)mdb_reader_check(s->env, &dead);
    return ERR_OK;
}
