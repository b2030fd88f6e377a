/* store_look.c - reading the store: every value is checked, and so is that none is missing. */
#include "base/mem.h"
#include "exec/state/store_file.h"

#include <errno.h>
#include <sys/stat.h>

/* ---- one transaction ------------------------------------------------------------------------ */

static Status
look_root(StoreLook *look, Err *err)
{
    StoreKey key = store_key_root();
    StoreItem item;
    bool there;
    StateStore *s = look->store;
    look->root = (StoreRoot){0};
    TRY(store_look_first(look, &key, &item, &there, err));
    if (!there) {
        StoreKey any = {.len = 0};
        TRY(store_look_first(look, &any, &item, &there, err));
        return there ? store_damaged(s, err, "it has no root") : ERR_OK;
    }
    u32 format = 0;
    if (item.image.len >= sizeof format) memcpy(&format, item.image.ptr, sizeof format);
    if (format > STORE_FORMAT) {
        Status st = err_set(err, W5004, POS_NONE,
                            "the state in \"%.200s\" has format %u, this program knows up to %d",
                            s->folder, format, STORE_FORMAT);
        return err_hint(err, st, "A newer weir wrote it: use that one, or --fresh.");
    }
    if (item.image.len != sizeof look->root) return store_damaged(s, err, "its root is none");
    memcpy(&look->root, item.image.ptr, sizeof look->root);
    if (format == 0 || look->root.epoch == 0) return store_damaged(s, err, "its root is none");
    return ERR_OK;
}

Status
store_look_open(StateStore *s, StoreLook *look, Err *err)
{
    *look = (StoreLook){.store = s};
    struct stat st;
    int fd = -1;
    int rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &look->txn);
    if (!rc) rc = mdb_cursor_open(look->txn, s->dbi, &look->cursor);
    if (!rc) rc = mdb_env_get_fd(s->env, &fd);
    if (!rc && fstat(fd, &st) != 0) rc = errno;
    if (rc) return store_error(s, rc, "read the state", 0, err);
    look->file_bytes = (u64)st.st_size;
    return look_root(look, err);
}

void
store_look_close(StoreLook *look)
{
    if (look->cursor) mdb_cursor_close(look->cursor);
    if (look->txn) mdb_txn_abort(look->txn);
    look->cursor = NULL;
    look->txn = NULL;
}

/* Are the bytes that a page speaks of in the file at all? */
static bool
look_has(const StoreLook *look, const MDB_val *v)
{
    const u8 *map = look->store->map, *at = v->mv_data;
    if (!map) return true;
    return at >= map && (u64)(at - map) <= look->file_bytes &&
           v->mv_size <= look->file_bytes - (u64)(at - map);
}

static bool
key_is_whole(const MDB_val *key)
{
    if (key->mv_size == 0) return false;
    switch ((StoreKind) * (const u8 *)key->mv_data) {
    case STORE_KIND_TABLE:
        return key->mv_size == STORE_TABLE_KEY_BYTES;
    case STORE_KIND_ROOT:
        return key->mv_size == 1;
    case STORE_KIND_META:
        return key->mv_size <= STORE_KEY_MAX;
    case STORE_KIND_RECORD:
        return key->mv_size == STORE_RECORD_KEY_BYTES;
    }
    return false;
}

static Status
item_damaged(const StoreLook *look, const MDB_val *key, const char *how, Err *err)
{
    const StateStore *s = look->store;
    if (key && *(const u8 *)key->mv_data == STORE_KIND_RECORD) {
        u32 op;
        StateRecord r;
        store_key_read(key, &op, &r);
        return store_damaged(s, err,
                             "a record of operator %u, table %u (subtask %u, pane %lld %lld, "
                             "chunk %u) %s",
                             op, r.key.table, r.subtask, (long long)r.key.pane[0],
                             (long long)r.key.pane[1], r.key.chunk, how);
    }
    bool meta = key && *(const u8 *)key->mv_data == STORE_KIND_META;
    return store_damaged(s, err, "%s %s", meta ? "a text about the job" : "an entry", how);
}

static Status
look_item(StoreLook *look, const MDB_val *key, const MDB_val *value, StoreItem *ret, Err *err)
{
    if (!look_has(look, key) || !key_is_whole(key)) {
        return item_damaged(look, NULL, "has no key", err);
    }
    if (value->mv_size < STORE_SUM_BYTES || value->mv_size > UINT32_MAX || !look_has(look, value)) {
        return item_damaged(look, key, "has no end", err);
    }
    size_t len = value->mv_size - STORE_SUM_BYTES;
    u64 sum = store_sum_at(value);
    if (store_checksum(key, value->mv_data, len) != sum) {
        return item_damaged(look, key, "fails its checksum", err);
    }
    *ret = (StoreItem){.key = *key, .image = {value->mv_data, (u32)len}, .sum = sum};
    return ERR_OK;
}

static Status
look_take(StoreLook *look, int rc, MDB_val key, MDB_val value, const StoreKey *prefix,
          StoreItem *ret, bool *ret_there, Err *err)
{
    *ret_there = false;
    if (rc == MDB_NOTFOUND) return ERR_OK;
    if (rc) return store_error(look->store, rc, "read the state", 0, err);
    if (key.mv_size > STORE_KEY_MAX || !look_has(look, &key)) {
        return item_damaged(look, NULL, "has no key", err);
    }
    if (!store_key_begins(&key, prefix)) return ERR_OK;
    *ret_there = true;
    return look_item(look, &key, &value, ret, err);
}

Status
store_look_first(StoreLook *look, const StoreKey *prefix, StoreItem *ret, bool *ret_there, Err *err)
{
    MDB_val key = {.mv_size = prefix->len, .mv_data = (void *)(uintptr_t)prefix->at}, value = {0};
    int rc = mdb_cursor_get(look->cursor, &key, &value, prefix->len ? MDB_SET_RANGE : MDB_FIRST);
    return look_take(look, rc, key, value, prefix, ret, ret_there, err);
}

/* Keys that do not rise are a page that hangs in the wrong place, perhaps below itself. */
Status
store_look_next(StoreLook *look, const StoreKey *prefix, StoreItem *ret, bool *ret_there, Err *err)
{
    MDB_val before = ret->key, key = {0}, value = {0};
    int rc = mdb_cursor_get(look->cursor, &key, &value, MDB_NEXT);
    TRY(look_take(look, rc, key, value, prefix, ret, ret_there, err));
    if (!*ret_there) return ERR_OK;
    size_t len = MIN(before.mv_size, key.mv_size);
    int order = memcmp(before.mv_data, key.mv_data, len);
    if (order < 0 || (order == 0 && before.mv_size < key.mv_size)) return ERR_OK;
    return item_damaged(look, &key, "is out of order", err);
}

/* ---- sums ----------------------------------------------------------------------------------- */

static Status
sums_read(StoreLook *look, const StoreItem *item, StoreTallies *ret, Err *err)
{
    u32 op;
    StateRecord r;
    bool is_new;
    store_key_read(&item->key, &op, &r);
    StoreTally *t = store_tally_of(ret, op, r.key.table, &is_new);
    if (item->image.len != sizeof t->now || !is_new) {
        return item_damaged(look, NULL, "is no sum of a table", err);
    }
    memcpy(&t->now, item->image.ptr, sizeof t->now);
    t->there = true;
    t->old_sum = item->sum;
    return ERR_OK;
}

Status
store_look_sums(StoreLook *look, const StoreKey *prefix, StoreTallies *ret, Err *err)
{
    StoreItem item;
    bool there;
    TRY(store_look_first(look, prefix, &item, &there, err));
    while (there) {
        TRY(sums_read(look, &item, ret, err));
        TRY(store_look_next(look, prefix, &item, &there, err));
    }
    return ERR_OK;
}

Status
store_look_verify(StoreLook *look, Err *err)
{
    StoreItem item;
    bool there;
    u64 n[2] = {0}, sum[2] = {0};
    static const StoreKind kinds[] = {STORE_KIND_META, STORE_KIND_TABLE};
    for (u32 i = 0; i < ARRAY_LEN(kinds); i++) {
        StoreKey prefix = store_key_kind(kinds[i]);
        TRY(store_look_first(look, &prefix, &item, &there, err));
        while (there) {
            n[i]++;
            sum[i] += item.sum;
            TRY(store_look_next(look, &prefix, &item, &there, err));
        }
    }
    const StoreRoot *r = &look->root;
    bool whole =
        n[0] == r->metas && sum[0] == r->meta_sum && n[1] == r->tables && sum[1] == r->table_sum;
    return whole ? ERR_OK : store_damaged(look->store, err, "an entry is missing");
}

/* Everything counted must be what the sums say; `counted` may lack tables without records. */
static Status
sums_compare(StoreLook *look, const StoreTallies *sums, StoreTallies *counted, Err *err)
{
    for (u32 i = 0; i < sums->len; i++) {
        bool is_new;
        const StoreTally *want = &sums->at[i];
        const StoreTally *have = store_tally_of(counted, want->op, want->table, &is_new);
        if (have->now.records == want->now.records && have->now.bytes == want->now.bytes &&
            have->now.sum == want->now.sum) {
            continue;
        }
        return store_damaged(look->store, err,
                             "operator %u, table %u should have %llu records, and %llu are there",
                             want->op, want->table, (unsigned long long)want->now.records,
                             (unsigned long long)have->now.records);
    }
    if (counted->len == sums->len) return ERR_OK;
    return store_damaged(look->store, err, "there are records of a table that is not there");
}

/* ---- metas ---------------------------------------------------------------------------------- */

typedef struct MetaRead {
    StateStore *store;
    StoreLook look;
    Str prefix;
    bool one;
    StrBuf bytes; /* name, value, name, value */
    u32 *len;
    u32 n, cap;
} MetaRead;

static void
meta_copy(MetaRead *m, const StoreItem *item)
{
    const char *name = (const char *)item->key.mv_data + 1;
    Str parts[2] = {{name, (u32)item->key.mv_size - 1}, item->image};
    for (u32 i = 0; i < 2; i++) {
        mem_grow(m->len, m->n, m->cap);
        m->len[m->n++] = parts[i].len;
        strbuf_str(&m->bytes, parts[i]);
    }
}

static Status
meta_read(void *ctx, Err *err)
{
    MetaRead *m = ctx;
    StoreKey prefix = store_key_meta(m->prefix);
    StoreItem item;
    bool there;
    TRY(store_look_open(m->store, &m->look, err));
    TRY(store_look_verify(&m->look, err)); /* is anything missing? There are few. */
    TRY(store_look_first(&m->look, &prefix, &item, &there, err));
    if (m->one && there && item.key.mv_size != prefix.len) there = false;
    while (there) {
        meta_copy(m, &item);
        if (m->one) break;
        TRY(store_look_next(&m->look, &prefix, &item, &there, err));
    }
    return ERR_OK;
}

static Status
metas_read(MetaRead *m, Err *err)
{
    TRY(store_latched(m->store, err));
    Status st = store_guarded(m->store, meta_read, m, err);
    store_look_close(&m->look);
    return st;
}

static void
metas_done(MetaRead *m)
{
    strbuf_done(&m->bytes);
    mem_free(m->len);
}

Status
state_store_meta(StateStore *s, Str name, StrBuf *ret_value, bool *ret_there, Err *err)
{
    MetaRead m = {.store = s, .prefix = name, .one = true};
    Status st = metas_read(&m, err);
    *ret_there = !st && m.n;
    if (*ret_there) strbuf_add(ret_value, m.bytes.ptr + m.len[0], m.len[1]);
    metas_done(&m);
    return st;
}

Status
state_store_each_meta(StateStore *s, Str prefix,
                      Status (*each)(void *ctx, Str name, Str value, Err *err), void *ctx, Err *err)
{
    MetaRead m = {.store = s, .prefix = prefix};
    Status st = metas_read(&m, err);
    const char *at = m.bytes.ptr;
    for (u32 i = 0; i < m.n && !st; i += 2) {
        Str name = {at, m.len[i]}, value = {at + m.len[i], m.len[i + 1]};
        at += (size_t)m.len[i] + m.len[i + 1];
        st = each(ctx, name, value, err);
    }
    metas_done(&m);
    return st;
}

/* ---- records -------------------------------------------------------------------------------- */

typedef Status RecordEach(void *ctx, const StateRecord *record, Err *err);

typedef struct RecordCopy {
    StateRecord record; /* its image is at `from` of the bytes */
    size_t from;
} RecordCopy;

typedef struct RecordRead {
    StateStore *store;
    StoreLook look;
    u32 op;
    u16 table;
    RecordEach *each; /* NULL: copy */
    void *ctx;
    StoreTallies sums, counted;
    RecordCopy *copies;
    size_t ncopies, cap;
    StrBuf bytes;
} RecordRead;

static void
record_count(StoreTallies *counted, const StoreItem *item, u32 *ret_op, StateRecord *ret)
{
    bool is_new;
    store_key_read(&item->key, ret_op, ret);
    ret->image = item->image;
    StoreTally *t = store_tally_of(counted, *ret_op, ret->key.table, &is_new);
    t->now.records++;
    t->now.bytes += item->image.len;
    t->now.sum += item->sum;
}

static Status
record_take(RecordRead *r, const StoreItem *item, Err *err)
{
    u32 op;
    StateRecord record;
    record_count(&r->counted, item, &op, &record);
    if (r->each) return r->each(r->ctx, &record, err);
    mem_grow(r->copies, r->ncopies, r->cap);
    r->copies[r->ncopies++] = (RecordCopy){record, r->bytes.len};
    strbuf_str(&r->bytes, item->image);
    return ERR_OK;
}

static Status
records_read(void *ctx, Err *err)
{
    RecordRead *r = ctx;
    bool all = r->table == ANY_TABLE;
    StoreKey sums = all ? store_key_op(STORE_KIND_TABLE, r->op) : store_key_table(r->op, r->table);
    StoreKey prefix = sums;
    StoreItem item;
    bool there;
    prefix.at[0] = STORE_KIND_RECORD;
    TRY(store_look_open(r->store, &r->look, err));
    TRY(store_look_verify(&r->look, err));
    TRY(store_look_sums(&r->look, &sums, &r->sums, err));
    TRY(store_look_first(&r->look, &prefix, &item, &there, err));
    while (there) {
        TRY(record_take(r, &item, err));
        TRY(store_look_next(&r->look, &prefix, &item, &there, err));
    }
    return sums_compare(&r->look, &r->sums, &r->counted, err);
}

/* A job that starts reads its own state where it lies: nobody writes then. */
Status
state_store_each(StateStore *s, u32 op, u16 table, RecordEach *each, void *ctx, Err *err)
{
    TRY(store_latched(s, err));
    bool copy = s->mode == STORE_READ;
    RecordRead r = {.store = s, .op = op, .table = table, .each = copy ? NULL : each, .ctx = ctx};
    Status st = store_guarded(s, records_read, &r, err);
    store_look_close(&r.look);
    for (size_t i = 0; i < r.ncopies && !st; i++) {
        StateRecord *record = &r.copies[i].record;
        record->image.ptr = r.bytes.ptr + r.copies[i].from;
        st = each(ctx, record, err);
    }
    mem_free(r.copies);
    mem_free(r.sums.at);
    mem_free(r.counted.at);
    strbuf_done(&r.bytes);
    return st;
}

/* ---- all of it ------------------------------------------------------------------------------ */

typedef struct TablesRead {
    StateStore *store;
    StoreLook look;
    StoreTallies sums, counted;
    StoreCheck check;
} TablesRead;

static Status
tables_read(void *ctx, Err *err)
{
    TablesRead *t = ctx;
    StoreKey prefix = store_key_kind(STORE_KIND_TABLE);
    TRY(store_look_open(t->store, &t->look, err));
    TRY(store_look_verify(&t->look, err));
    return store_look_sums(&t->look, &prefix, &t->sums, err);
}

Status
state_store_each_table(StateStore *s, Status (*each)(void *ctx, const StoreTable *t, Err *err),
                       void *ctx, Err *err)
{
    TRY(store_latched(s, err));
    TablesRead t = {.store = s};
    Status st = store_guarded(s, tables_read, &t, err);
    store_look_close(&t.look);
    for (u32 i = 0; i < t.sums.len && !st; i++) {
        const StoreTally *tally = &t.sums.at[i];
        StoreTable table = {tally->op, tally->table, tally->now.records, tally->now.bytes};
        st = each(ctx, &table, err);
    }
    mem_free(t.sums.at);
    return st;
}

/* A key that the scan came by, but that a search does not find, would be lost to the next reader.
 */
static Status
check_found(TablesRead *t, const StoreItem *item, Err *err)
{
    MDB_val key = item->key, value;
    int rc = mdb_get(t->look.txn, t->store->dbi, &key, &value);
    if (rc) return item_damaged(&t->look, &item->key, "cannot be found", err);
    return value.mv_data == item->image.ptr
               ? ERR_OK
               : item_damaged(&t->look, &item->key, "is there twice", err);
}

static Status
check_read(void *ctx, Err *err)
{
    TablesRead *t = ctx;
    StoreKey all = {.len = 0};
    StoreItem item;
    bool there;
    TRY(tables_read(t, err));
    t->check.epoch = t->look.root.epoch;
    TRY(store_look_first(&t->look, &all, &item, &there, err));
    while (there) {
        TRY(check_found(t, &item, err));
        if (*(const u8 *)item.key.mv_data == STORE_KIND_RECORD) {
            u32 op;
            StateRecord record;
            record_count(&t->counted, &item, &op, &record);
            t->check.records++;
            t->check.bytes += item.image.len;
        }
        TRY(store_look_next(&t->look, &all, &item, &there, err));
    }
    return sums_compare(&t->look, &t->sums, &t->counted, err);
}

Status
state_store_check(StateStore *s, StoreCheck *ret, Err *err)
{
    TRY(store_latched(s, err));
    TablesRead t = {.store = s};
    Status st = store_guarded(s, check_read, &t, err);
    store_look_close(&t.look);
    mem_free(t.sums.at);
    mem_free(t.counted.at);
    if (!st) *ret = t.check;
    return st;
}
