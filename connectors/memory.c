/* memory.c - 'connector' = 'memory': tables that live as long as the session.
 *
 *     MemoryStore -> MemoryTable "t" -> batch, batch, batch ...       one mutex for all of it
 *
 * Batches are immutable once they are in a table, so scans share their columns and need the lock
 * only to ask for the next one. A sink keeps its batches to itself until finish(): INSERT is all
 * or nothing; with epochs, each epoch is. What a session holds ends with it, so a sink cannot take
 * an epoch back, and after a restart tables hold what the script puts into them. A scan goes on by
 * the number of rows that it has handed out. Indexes and unique keys are accepted by the catalog
 * and not enforced here. */
#include "connectors/memory.h"
#include "base/mem.h"
#include "connectors/connector.h"
#include "connectors/saved.h"

#include <pthread.h>

/* Counted: the store holds one reference, every source and sink another. */
typedef struct MemoryTable {
    struct MemoryTable *next;
    char *name;
    u32 name_len;
    u32 refs;
    Batch **batch;
    u32 nbatches, cap;
    bool live, closed;
} MemoryTable;

struct MemoryStore {
    pthread_mutex_t lock;
    MemoryTable *first;
};

MemoryStore *
memory_store_new(void)
{
    MemoryStore *store = mem_make(MemoryStore);
    int rc = pthread_mutex_init(&store->lock, NULL);
    assert(rc == 0);
    return store;
}

/* The lock is held here and below, as long as names begin with table_. */
static void
table_unref(MemoryTable *t)
{
    assert(t->refs > 0);
    if (--t->refs) return;
    for (u32 i = 0; i < t->nbatches; i++) batch_free(t->batch[i]);
    mem_free(t->batch);
    mem_free(t->name);
    mem_free(t);
}

static MemoryTable **
table_find(MemoryStore *store, Str name)
{
    MemoryTable **at = &store->first;
    while (*at && !str_eq((Str){(*at)->name, (*at)->name_len}, name)) at = &(*at)->next;
    return at;
}

static MemoryTable *
table_get(MemoryStore *store, Str name)
{
    MemoryTable **at = table_find(store, name);
    if (*at) return *at;
    MemoryTable *t = mem_make(MemoryTable);
    t->name = mem_strdup(name.ptr, name.len);
    t->name_len = name.len;
    t->refs = 1;
    return *at = t;
}

static void
table_append(MemoryTable *t, Batch *b)
{
    mem_grow(t->batch, t->nbatches, t->cap);
    t->batch[t->nbatches++] = b;
}

static void
store_lock(MemoryStore *store)
{
    int rc = pthread_mutex_lock(&store->lock);
    assert(rc == 0);
}

static void
store_unlock(MemoryStore *store)
{
    int rc = pthread_mutex_unlock(&store->lock);
    assert(rc == 0);
}

void
memory_store_free(MemoryStore *store)
{
    if (!store) return;
    while (store->first) {
        MemoryTable *t = store->first;
        store->first = t->next;
        assert(t->refs == 1);
        table_unref(t);
    }
    (void)pthread_mutex_destroy(&store->lock);
    mem_free(store);
}

void
memory_table_push(MemoryStore *store, Str name, Batch *b)
{
    assert(b->rows > 0);
    store_lock(store);
    table_append(table_get(store, name), b);
    store_unlock(store);
}

void
memory_table_set_live(MemoryStore *store, Str name, bool live)
{
    store_lock(store);
    MemoryTable *t = table_get(store, name);
    t->live = live;
    t->closed = false;
    store_unlock(store);
}

void
memory_table_close(MemoryStore *store, Str name)
{
    store_lock(store);
    table_get(store, name)->closed = true;
    store_unlock(store);
}

void
memory_table_drop(MemoryStore *store, Str name)
{
    store_lock(store);
    MemoryTable **at = table_find(store, name), *t = *at;
    if (t) {
        *at = t->next;
        t->closed = true; /* nobody can feed or close it any more */
        table_unref(t);
    }
    store_unlock(store);
}

u64
memory_table_rows(MemoryStore *store, Str name)
{
    u64 rows = 0;
    store_lock(store);
    const MemoryTable *t = *table_find(store, name);
    for (u32 i = 0; t && i < t->nbatches; i++) rows += t->batch[i]->rows;
    store_unlock(store);
    return rows;
}

/* A column's own handle on b's content, so that both may be freed apart. */
static Batch *
batch_shared(const Batch *b, const u32 *fields, u32 nfields)
{
    Batch *r = batch_new(nfields, b->rows);
    for (u32 i = 0; i < nfields; i++) r->col[i] = vector_share(&b->col[fields ? fields[i] : i]);
    r->kind = buf_ref(b->kind);
    return r;
}

/* --- source -------------------------------------------------------------------------------- */

struct Source {
    const SourceWant *want;
    MemoryStore *store;
    MemoryTable *table;
    char *name;
    bool live;
    u32 end; /* batches that a bounded scan sees */
    u32 next;
    u64 seq;
    u64 rows;             /* handed out */
    u64 start, start_seq; /* rows and chunks at restore(): where rewind() goes back to */
    u64 skip;             /* rows still to be passed over: they were handed out by another start */
};

struct Chunk {
    ChunkHead head;
    Batch *batch; /* wanted columns, shared */
    u32 from;
};

struct Reader {
    ReadCounts counts;
    u32 batch_rows;
};

static Status
memory_missing(const TableSpec *spec, Err *err)
{
    return err_set(err, W2001, spec->pos, "memory tables need a session, table \"%.*s\" has none",
                   STR_ARG(spec->name));
}

static Status
memory_open(const SourceWant *want, Source **ret_source, u64 *ret_applied, Err *err)
{
    MemoryStore *store = want->env && want->env->memory ? want->env->memory : want->table->memory;
    if (!store) return memory_missing(want->table, err);
    Source *s = mem_make(Source);
    s->want = want;
    s->store = store;
    s->name = mem_strdup(want->table->name.ptr, want->table->name.len);
    store_lock(store);
    s->table = table_get(store, want->table->name);
    s->table->refs++;
    s->live = s->table->live;
    s->end = s->table->nbatches;
    store_unlock(store);
    *ret_source = s;
    *ret_applied = 0;
    return ERR_OK;
}

static u32
memory_partitions(const Source *s)
{
    (void)s;
    return 1;
}

static bool
memory_bounded(const Source *s)
{
    return !s->live;
}

static u64
memory_bytes_total(const Source *s)
{
    (void)s;
    return 0;
}

static const char *
memory_partition_name(const Source *s, u32 partition)
{
    assert(partition == 0);
    return s->name;
}

/* A name may have been dropped and made again with other columns while rows of old were pushed. */
static bool
batch_has_fields(const Batch *b, const TableSpec *table)
{
    if (b->cols != table->nfields) return false;
    for (u32 i = 0; i < b->cols; i++)
        if (b->col[i].type.kind != table->fields[i].type.kind) return false;
    return true;
}

static Status
memory_fetch(Source *s, u32 partition, FetchResult *ret_result, Chunk **ret_chunk, Err *err)
{
    assert(partition == 0);
    const SourceWant *want = s->want;
    Chunk *c = NULL;
    bool fits = true;
    store_lock(s->store);
    const MemoryTable *t = s->table;
    *ret_result = s->live && !t->closed ? FETCH_IDLE : FETCH_END;
    u32 end = s->live ? t->nbatches : s->end;
    while (s->next < end && s->skip > 0 && s->skip >= t->batch[s->next]->rows)
        s->skip -= t->batch[s->next++]->rows;
    if (s->next < end) {
        const Batch *b = t->batch[s->next];
        fits = batch_has_fields(b, want->table);
        if (fits) {
            c = mem_make(Chunk);
            c->head.seq_in_partition = s->seq++;
            c->batch = batch_shared(b, want->fields, want->nfields);
            c->from = (u32)s->skip;
            s->rows += b->rows - s->skip;
            s->skip = 0;
            s->next++;
            *ret_result = FETCH_CHUNK;
        }
    }
    store_unlock(s->store);
    if (*ret_result == FETCH_END && s->skip > 0)
        return err_set(err, W4003, want->table->pos,
                       "memory table \"%.*s\" holds fewer rows than the job has read",
                       STR_ARG(want->table->name));
    if (!fits)
        return err_set(err, W2009, want->table->pos,
                       "memory table \"%.*s\" holds rows with other columns",
                       STR_ARG(want->table->name));
    *ret_chunk = c;
    return ERR_OK;
}

static Status
memory_rewind(Source *s, u32 partition, Err *err)
{
    (void)err;
    assert(partition == 0);
    s->next = 0;
    s->seq = s->start_seq;
    s->rows = s->skip = s->start;
    return ERR_OK;
}

static void
memory_save(const Source *s, StrBuf *out)
{
    saved_u64(out, s->rows);
    saved_u64(out, s->seq);
}

static Status
memory_restore(Source *s, Str saved, Err *err)
{
    SavedReader r = {.left = saved};
    s->start = saved_read_u64(&r);
    s->start_seq = saved_read_u64(&r);
    if (!saved_read_end(&r))
        return err_set(err, W5004, POS_NONE, "the bytes stored for a memory table are none");
    return memory_rewind(s, 0, err);
}

static Status
memory_reader_open(Source *s, Reader **ret_reader, Err *err)
{
    (void)err;
    Reader *r = mem_make(Reader);
    r->batch_rows = s->want->batch_rows;
    *ret_reader = r;
    return ERR_OK;
}

static Status
memory_decode(Reader *r, Chunk *c, Batch **ret_batch, Err *err)
{
    (void)err;
    *ret_batch = NULL;
    if (!c->batch) return ERR_OK;
    u32 left = c->batch->rows - c->from;
    if (c->from == 0 && left <= r->batch_rows) { /* whole */
        *ret_batch = c->batch;
        c->batch = NULL;
    } else if (left) {
        u32 n = MIN(left, r->batch_rows);
        *ret_batch = batch_slice(c->batch, c->from, n);
        c->from += n;
    }
    if (*ret_batch) r->counts.rows += (*ret_batch)->rows;
    return ERR_OK;
}

static const ReadCounts *
memory_counts(const Reader *r)
{
    return &r->counts;
}

static void
memory_chunk_free(Source *s, Chunk *c)
{
    (void)s;
    if (!c) return;
    batch_free(c->batch);
    mem_free(c);
}

static void
memory_reader_close(Reader *r)
{
    mem_free(r);
}

static void
memory_close(Source *s)
{
    if (!s) return;
    store_lock(s->store);
    table_unref(s->table);
    store_unlock(s->store);
    mem_free(s->name);
    mem_free(s);
}

/* --- sink ---------------------------------------------------------------------------------- */

struct Sink {
    MemoryStore *store;
    Str name;
    Batch **batch; /* written since the last barrier */
    u32 nbatches, cap;
    Batch **sealed; /* of the epoch that the last barrier ended */
    u32 nsealed;
};

static Status
memory_sink_open(const TableSpec *table, const ConnectorEnv *env, Sink **ret_sink, Err *err)
{
    MemoryStore *store = env && env->memory ? env->memory : table->memory;
    if (!store) return memory_missing(table, err);
    Sink *s = mem_make(Sink);
    s->store = store;
    s->name = table->name;
    *ret_sink = s;
    return ERR_OK;
}

static Status
memory_sink_write(Sink *s, const Batch *b, Err *err)
{
    (void)err;
    mem_grow(s->batch, s->nbatches, s->cap);
    s->batch[s->nbatches++] = batch_shared(b, NULL, b->cols);
    return ERR_OK;
}

/* write() goes on with a list of its own while the checkpoint thread commits this one. */
static Status
memory_sink_barrier(Sink *s, u64 epoch, bool last, StrBuf *state, Err *err)
{
    (void)epoch, (void)last, (void)state, (void)err;
    assert(s->nsealed == 0);
    mem_free(s->sealed);
    s->sealed = s->batch;
    s->nsealed = s->nbatches;
    s->batch = NULL;
    s->nbatches = s->cap = 0;
    return ERR_OK;
}

static Status
memory_sink_commit(Sink *s, u64 epoch, Err *err)
{
    (void)epoch;
    (void)err;
    store_lock(s->store);
    MemoryTable *t = table_get(s->store, s->name);
    for (u32 i = 0; i < s->nsealed; i++) table_append(t, s->sealed[i]);
    store_unlock(s->store);
    s->nsealed = 0;
    return ERR_OK;
}

static void
memory_sink_close(Sink *s, bool keep)
{
    (void)keep;
    if (!s) return;
    for (u32 i = 0; i < s->nbatches; i++) batch_free(s->batch[i]);
    for (u32 i = 0; i < s->nsealed; i++) batch_free(s->sealed[i]);
    mem_free(s->batch);
    mem_free(s->sealed);
    mem_free(s);
}

/* --- the connector ------------------------------------------------------------------------- */

static Status
memory_check(TableSpec *spec, OptionSetting *settings, u32 nsettings, Err *err)
{
    (void)settings, (void)nsettings;
    for (u32 i = 0; i < spec->nfields; i++) {
        const FieldSpec *f = &spec->fields[i];
        if (f->metadata.len == 0) continue;
        return err_set(err, W2013, f->pos, "connector \"memory\" has no metadata \"%.*s\"",
                       STR_ARG(f->metadata));
    }
    return ERR_OK;
}

static const SourceDef memory_source = {
    .open = memory_open,
    .partitions = memory_partitions,
    .bounded = memory_bounded,
    .bytes_total = memory_bytes_total,
    .partition_name = memory_partition_name,
    .fetch = memory_fetch,
    .rewind = memory_rewind,
    .reader_open = memory_reader_open,
    .decode = memory_decode,
    .counts = memory_counts,
    .chunk_free = memory_chunk_free,
    .reader_close = memory_reader_close,
    .close = memory_close,
    .save = memory_save,
    .restore = memory_restore,
};

static const SinkDef memory_sink = {
    .open = memory_sink_open,
    .write = memory_sink_write,
    .barrier = memory_sink_barrier,
    .commit = memory_sink_commit,
    .close = memory_sink_close,
};

static bool
memory_table_ends(const TableSpec *spec)
{
    if (!spec->memory) return true;
    pthread_mutex_lock(&spec->memory->lock);
    const MemoryTable *t = *table_find(spec->memory, spec->name);
    bool live = t && t->live && !t->closed;
    pthread_mutex_unlock(&spec->memory->lock);
    return !live;
}

extern const Connector connector_memory;
const Connector connector_memory = {
    .name = "memory",
    .doc = "A table in memory, as long as the session lasts: filled by INSERT, read in that order.",
    .source = &memory_source,
    .sink = &memory_sink,
    .check = memory_check,
    .bounded = memory_table_ends,
};
