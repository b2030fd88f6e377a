/* filesystem.c - 'connector' = 'filesystem': its options, and files as a source.
 *
 * Each file is a partition. fetch() fills a block, lets the format cut whole records off its front
 * and keeps the rest for the next block:
 *
 *     | slack 64 | carry of the last block | fresh bytes ............ | slack |
 *                 \______ whole records: the chunk ______/\_ carry _/
 *
 * Blocks are counted buffers of a pool. The pool keeps a reference of its own, so a block is free
 * when that one is the only one left: batches may hold texts in it long after the chunk is gone.
 * At most DESCRIPTORS_MAX files are open: beyond that the one used longest ago is parked. */
#include "connectors/filesystem.h"
#include "base/mem.h"
#include "connectors/file_list.h"

#include <pthread.h>
#include <stdatomic.h>

#define DESCRIPTORS_MAX 64
#define POOL_MAX 64 /* blocks; more are made when needed and freed at once */
#define SLACK 64    /* before the data, and behind it beside the block's own */

#define FILESYSTEM_OPTION(name, type, field, initial, values, doc)                                 \
    {                                                                                              \
        name, OPTION_##type, offsetof(FilesystemOptions, field), initial, values, doc              \
    }

static const Option options[] = {
    FILESYSTEM_OPTION("path", TEXT, path, NULL, NULL,
                      "a file, a folder (all files below it), a glob, or - for standard input "
                      "and output; a folder, or a name that ends in /, is written as part-N"),
    FILESYSTEM_OPTION("compression", ENUM, codec, "auto", "auto|none|gzip|zstd",
                      "of files that are read; auto goes by the suffixes .gz and .zst"),
    FILESYSTEM_OPTION("source.path.regex-pattern", TEXT, pattern, "", NULL,
                      "read only files whose whole path matches this extended regular expression"),
    FILESYSTEM_OPTION("source.block-bytes", BYTES, block_bytes, "256 kb", NULL,
                      "read at a time; for measurements and tests"),
    FILESYSTEM_OPTION("source.monitor-interval", TEXT, monitor_interval, "", NULL,
                      "not supported yet: look for new files again and again"),
};

typedef struct FileChunk {
    TextChunk text; /* first: a Chunk is a TextChunk is a FileChunk */
    bool counted;
    struct FileChunk *next_free;
} FileChunk;

typedef struct FilePart {
    const ListedFile *file;
    FileBytes *bytes; /* NULL before the first fetch and after the end */
    FormatPart *format;
    StrBuf carry;
    StrBuf first; /* of a stream: the first chunk, until the second is fetched (rewind) */
    u64 seq;
    u64 line;
    u64 told;   /* bytes reported by chunks so far */
    bool begun; /* a byte order mark can no longer come */
    bool ended; /* no more bytes; carry may hold the rest */
    bool done;
    bool busy; /* being fetched: not to be parked; under the source's mutex, as used */
    u64 used;
} FilePart;

struct Source {
    SourceWant want;  /* as opened */
    SourceWant inner; /* without metadata, for the format */
    u32 *inner_fields;
    SourcePredicate *inner_preds;
    const FormatDef *format;
    FormatScan *scan;
    FileList files;
    FilePart *part;
    u32 block_bytes;

    pthread_mutex_t mutex; /* over the rest */
    u32 open_parts[DESCRIPTORS_MAX];
    u32 nopen;
    u64 tick;
    Buf *pool[POOL_MAX];
    u32 npool;
    FileChunk *free_chunks;
};

struct Reader {
    Source *source;
    FormatReader *format;
};

/* ---- metadata columns ------------------------------------------------------------------------ */

typedef struct MetadataKey {
    const char *name;
    TypeKind kind;
} MetadataKey;

static const MetadataKey metadata_keys[] = {
    {"file.path", TYPE_VARCHAR},
    {"file.name", TYPE_VARCHAR},
    {"file.size", TYPE_BIGINT},
    {"file.modification-time", TYPE_TIMESTAMP_LTZ},
};

static Status
metadata_check(const FieldSpec *f, Err *err)
{
    Nearest near = {0};
    for (u32 i = 0; i < ARRAY_LEN(metadata_keys); i++) {
        const MetadataKey *k = &metadata_keys[i];
        nearest_offer(&near, f->metadata, str_from(k->name));
        if (!str_eq(f->metadata, str_from(k->name))) continue;
        if (f->type.kind == k->kind) return ERR_OK;
        StrBuf type = {0};
        type_print(&type, type_of(k->kind));
        Status st = err_set(err, W2005, f->pos, "metadata \"%s\" does not fit this type", k->name);
        err_hint(err, st, "Declare the column as %s.",
                 k->kind == TYPE_VARCHAR ? "STRING" : type.ptr);
        strbuf_done(&type);
        return st;
    }
    Status st = err_set(err, W2013, f->pos, "metadata \"%.*s\" does not exist in files",
                        (int)MIN(f->metadata.len, 60), f->metadata.ptr);
    if (near.best.len) return err_hint(err, st, "Did you mean '%.*s'?", STR_ARG(near.best));
    return err_hint(err, st, "There are file.path, file.name, file.size, file.modification-time.");
}

static Vector
metadata_vector(const FieldSpec *f, const ListedFile *file, u32 rows)
{
    if (str_eq(f->metadata, STR("file.size"))) {
        i64 size = (i64)file->stamp.size;
        return vector_const(f->type, rows, &size);
    }
    if (str_eq(f->metadata, STR("file.modification-time"))) {
        i64 us = file->stamp.mtime_ns / 1000;
        us -= us % type_time_unit_us(f->type);
        return vector_const(f->type, rows, &us);
    }
    const char *slash = strrchr(file->path, '/');
    bool whole = str_eq(f->metadata, STR("file.path")) || !slash;
    Str text = str_from(whole ? file->path : slash + 1);
    StrView slot = strview_make(text.ptr, text.len);
    return vector_const(f->type, rows, &slot);
}

/* ---- opening --------------------------------------------------------------------------------- */

static Status
filesystem_check(TableSpec *spec, OptionSetting *settings, u32 nsettings, Err *err)
{
    const FilesystemOptions *o = spec->options;
    for (u32 i = 0; i < nsettings; i++) {
        const OptionSetting *s = &settings[i];
        if (str_eq_nocase(s->name, STR("source.monitor-interval")))
            return err_set(err, W2001, s->name_pos, "source.monitor-interval is not supported yet");
        if (str_eq_nocase(s->name, STR("source.block-bytes")) &&
            (o->block_bytes < 64 || o->block_bytes > 1 << 28))
            return err_set(err, W2012, s->value_pos,
                           "source.block-bytes must lie between 64 bytes and 256 mb");
    }
    for (u32 i = 0; i < spec->nfields; i++)
        if (spec->fields[i].metadata.len) TRY(metadata_check(&spec->fields[i], err));
    return ERR_OK;
}

/* The format's view of what is wanted: metadata columns are ours. */
static Status
scan_open(Source *s, u64 *ret_applied, Err *err)
{
    const SourceWant *w = &s->want;
    s->inner = *w;
    s->inner_fields = mem_array(u32, w->nfields + 1);
    s->inner_preds = mem_array(SourcePredicate, w->npreds + 1);
    u32 *number = mem_array(u32, w->npreds + 1); /* of each inner predicate, outside */
    s->inner.nfields = s->inner.npreds = 0;
    for (u32 i = 0; i < w->nfields; i++)
        if (w->table->fields[w->fields[i]].metadata.len == 0)
            s->inner_fields[s->inner.nfields++] = w->fields[i];
    for (u32 i = 0; i < MIN(w->npreds, 64); i++) {
        if (w->table->fields[w->preds[i].field].metadata.len) continue;
        number[s->inner.npreds] = i;
        s->inner_preds[s->inner.npreds++] = w->preds[i];
    }
    s->inner.fields = s->inner_fields;
    s->inner.preds = s->inner_preds;
    u64 applied = 0;
    Status st = s->format->scan_open(&s->inner, &s->scan, &applied, err);
    *ret_applied = 0;
    for (u32 i = 0; i < s->inner.npreds && !st; i++)
        *ret_applied |= (applied >> i & 1) << number[i];
    mem_free(number);
    return st;
}

static void filesystem_close(Source *s);

static Status
filesystem_open(const SourceWant *want, Source **ret_source, u64 *ret_applied, Err *err)
{
    const TableSpec *t = want->table;
    const FilesystemOptions *o = t->options;
    const FormatDef *format = ((const FormatOptions *)t->format)->def;
    assert(want->batch_rows >= 1 && want->batch_rows <= BATCH_ROWS_MAX);
    if (t->npartitioned_by)
        return err_set(err, W2001, t->pos, "reading PARTITIONED BY folders is not supported yet");
    if (!format->scan_open)
        return err_set(err, W2001, t->pos, "reading format \"%s\" is not supported yet",
                       format->name);
    Source *s = mem_make(Source);
    s->want = *want;
    s->format = format;
    s->block_bytes = (u32)o->block_bytes;
    pthread_mutex_init(&s->mutex, NULL);
    const char *base = want->env ? want->env->base_dir : NULL;
    Status st = file_list_make(&s->files, o->path, base, o->pattern, err);
    if (!st) st = scan_open(s, ret_applied, err);
    if (st) {
        filesystem_close(s);
        return st;
    }
    s->part = mem_array(FilePart, s->files.len + 1);
    for (u32 i = 0; i < s->files.len; i++) {
        s->part[i].file = &s->files.at[i];
        s->part[i].line = 1;
    }
    *ret_source = s;
    return ERR_OK;
}

static u32
filesystem_partitions(const Source *s)
{
    return s->files.len;
}

static bool
filesystem_bounded(const Source *s)
{
    (void)s;
    return true;
}

static u64
filesystem_bytes_total(const Source *s)
{
    for (u32 i = 0; i < s->files.len; i++)
        if (s->files.at[i].stamp.stream) return 0;
    return s->files.bytes;
}

static const char *
filesystem_partition_name(const Source *s, u32 partition)
{
    assert(partition < s->files.len);
    return s->files.at[partition].name;
}

/* ---- descriptors, blocks, chunks ------------------------------------------------------------- */

/* The partition is about to read: it has a place among the open ones. */
static void
part_use(Source *s, FilePart *p)
{
    pthread_mutex_lock(&s->mutex);
    p->busy = true;
    p->used = ++s->tick;
    u32 number = (u32)(p - s->part), oldest = DESCRIPTORS_MAX;
    bool listed = p->file->stamp.stream;
    for (u32 i = 0; i < s->nopen; i++) {
        const FilePart *q = &s->part[s->open_parts[i]];
        listed |= s->open_parts[i] == number;
        if (q->busy) continue;
        if (oldest == DESCRIPTORS_MAX || q->used < s->part[s->open_parts[oldest]].used) oldest = i;
    }
    if (!listed && s->nopen < DESCRIPTORS_MAX) {
        s->open_parts[s->nopen++] = number;
    } else if (!listed && oldest < DESCRIPTORS_MAX) {
        file_bytes_park(s->part[s->open_parts[oldest]].bytes);
        s->open_parts[oldest] = number;
    }
    pthread_mutex_unlock(&s->mutex);
}

static void
part_unuse(Source *s, FilePart *p)
{
    pthread_mutex_lock(&s->mutex);
    p->busy = false;
    if (p->ended || !p->bytes) {
        u32 number = (u32)(p - s->part), kept = 0;
        for (u32 i = 0; i < s->nopen; i++)
            if (s->open_parts[i] != number) s->open_parts[kept++] = s->open_parts[i];
        s->nopen = kept;
        file_bytes_free(p->bytes);
        p->bytes = NULL;
    }
    pthread_mutex_unlock(&s->mutex);
}

static size_t
block_cap(u32 data_bytes)
{
    return (size_t)data_bytes + 3 * SLACK;
}

/* A block for data_bytes, with one reference for the chunk. */
static Buf *
block_take(Source *s, u32 data_bytes)
{
    if (data_bytes != s->block_bytes) return buf_new(block_cap(data_bytes));
    Buf *found = NULL;
    pthread_mutex_lock(&s->mutex);
    for (u32 i = 0; i < s->npool && !found; i++)
        if (atomic_load_explicit(&s->pool[i]->refs, memory_order_acquire) == 1)
            found = buf_ref(s->pool[i]);
    if (!found) {
        found = buf_new(block_cap(data_bytes));
        memset(found->bytes, 0, SLACK);
        if (s->npool < POOL_MAX) s->pool[s->npool++] = buf_ref(found);
    }
    pthread_mutex_unlock(&s->mutex);
    return found;
}

static FileChunk *
chunk_take(Source *s, FilePart *p, u32 data_bytes)
{
    pthread_mutex_lock(&s->mutex);
    FileChunk *c = s->free_chunks;
    if (c) s->free_chunks = c->next_free;
    pthread_mutex_unlock(&s->mutex);
    if (!c) c = mem_make(FileChunk);
    u32 *index = c->text.index, cap = c->text.index_cap;
    *c = (FileChunk){.text = {.head = {.partition = (u32)(p - s->part), .seq_in_partition = p->seq},
                              .file = p->file->name,
                              .part = p->format,
                              .buf = block_take(s, data_bytes),
                              .line = p->line,
                              .index = index,
                              .index_cap = cap}};
    c->text.data = (char *)c->text.buf->bytes + SLACK;
    return c;
}

static void
filesystem_chunk_free(Source *s, Chunk *chunk)
{
    FileChunk *c = (FileChunk *)chunk;
    if (!c) return;
    buf_unref(c->text.buf);
    c->text.buf = NULL;
    if (c->text.index_cap > s->block_bytes + 4 * SLACK) { /* of a long record: not to be kept */
        mem_free(c->text.index);
        c->text.index = NULL;
        c->text.index_cap = 0;
    }
    pthread_mutex_lock(&s->mutex);
    c->next_free = s->free_chunks;
    s->free_chunks = c;
    pthread_mutex_unlock(&s->mutex);
}

/* ---- fetching -------------------------------------------------------------------------------- */

/* The chunk's block becomes twice as large, content kept. */
static void
block_grow(FileChunk *c, u32 have, u32 data_bytes)
{
    Buf *larger = buf_new(block_cap(data_bytes));
    memset(larger->bytes, 0, SLACK);
    memcpy(larger->bytes + SLACK, c->text.data, have);
    buf_unref(c->text.buf);
    c->text.buf = larger;
    c->text.data = (char *)larger->bytes + SLACK;
}

/* Read until the block is full, the input ends, or a stream has given something. */
static Status
block_fill(FilePart *p, FileChunk *c, u32 room, u32 *have, Err *err)
{
    while (*have < room && !p->ended) {
        size_t got = 0;
        TRY(file_bytes_read(p->bytes, c->text.data + *have, room - *have, &got, &p->ended, err));
        *have += (u32)got;
        if (!p->begun && (*have >= 3 || p->ended)) {
            p->begun = true;
            if (*have >= 3 && memcmp(c->text.data, "\xef\xbb\xbf", 3) == 0) {
                *have -= 3;
                memmove(c->text.data, c->text.data + 3, *have);
            }
        }
        if (p->file->stamp.stream) break;
    }
    if (p->ended && *have > 0 && c->text.data[*have - 1] != '\n') c->text.data[(*have)++] = '\n';
    return ERR_OK;
}

/* Fill c with whole records. Afterwards c->text.len is 0 when there are none now (a stream) or any
 * more (p->ended and nothing carried). */
static Status
chunk_fill(Source *s, FilePart *p, FileChunk *c, u32 room, Err *err)
{
    u32 have = (u32)p->carry.len;
    if (have) memcpy(c->text.data, p->carry.ptr, have);
    for (;;) {
        u32 before = have;
        TRY(block_fill(p, c, room, &have, err));
        if (have == 0) break;
        if (!p->begun) break;
        bool full = have >= s->scan->record_bytes_max;
        IndexInput input = p->ended ? INDEX_LAST : full && have >= room ? INDEX_FULL : INDEX_MORE;
        TRY(s->format->index(p->format, &c->text, have, input, err));
        if (c->text.len > 0 || (p->file->stamp.stream && have == before)) break;
        assert(input == INDEX_MORE);
        if (have < room) continue;
        room = MIN(room * 2, s->scan->record_bytes_max);
        room = MAX(room, have + 1);
        block_grow(c, have, room);
    }
    assert(c->text.len <= have);
    strbuf_clear(&p->carry);
    strbuf_add(&p->carry, c->text.data + c->text.len, have - c->text.len);
    return ERR_OK;
}

static Status
part_fetch(Source *s, FilePart *p, FetchResult *ret_result, Chunk **ret_chunk, Err *err)
{
    const FilesystemOptions *o = s->want.table->options;
    if (!p->bytes && !p->ended) {
        FileCodec codec = (FileCodec)o->codec;
        if (codec == CODEC_AUTO) codec = file_codec_of(str_from(p->file->path));
        p->bytes = file_bytes_new(p->file->path, p->file->name, p->file->stamp, codec);
    }
    if (!p->format) p->format = s->format->part_open(s->scan, p->file->name);

    /* A carry of more than half a block would leave too little room to make progress. */
    u32 carry = (u32)p->carry.len, room = s->block_bytes;
    if (carry >= room / 2) room = 2 * carry + SLACK;
    FileChunk *c = chunk_take(s, p, room);
    Status st = chunk_fill(s, p, c, room, err);
    if (st || c->text.len == 0) {
        filesystem_chunk_free(s, (Chunk *)c);
        p->done = !st && p->ended;
        *ret_result = p->done ? FETCH_END : FETCH_IDLE;
        return st;
    }
    if (p->bytes) {
        c->text.head.bytes = file_bytes_consumed(p->bytes) - p->told;
        p->told += c->text.head.bytes;
    }
    strbuf_done(&p->first);
    if (p->file->stamp.stream && p->seq == 0) strbuf_add(&p->first, c->text.data, c->text.len);
    p->line += c->text.lines;
    p->seq++;
    *ret_chunk = (Chunk *)c;
    *ret_result = FETCH_CHUNK;
    return ERR_OK;
}

static Status
filesystem_fetch(Source *s, u32 partition, FetchResult *ret_result, Chunk **ret_chunk, Err *err)
{
    assert(partition < s->files.len);
    FilePart *p = &s->part[partition];
    *ret_chunk = NULL;
    *ret_result = FETCH_END;
    if (p->done) return ERR_OK;
    part_use(s, p);
    Status st = part_fetch(s, p, ret_result, ret_chunk, err);
    part_unuse(s, p);
    return st;
}

static Status
filesystem_rewind(Source *s, u32 partition, Err *err)
{
    FilePart *p = &s->part[partition];
    if (p->seq == 0) return ERR_OK;
    if (p->file->stamp.stream) {
        if (p->seq > 1)
            return err_set(err, W4002, POS_NONE, "%s cannot be read twice", p->file->name);
        strbuf_add(&p->first, p->carry.ptr ? p->carry.ptr : "", p->carry.len);
        strbuf_done(&p->carry);
        p->carry = p->first;
        p->first = (StrBuf){0};
    } else {
        /* Freed, not kept: 10,000 compressed files may be looked at before the first is read. */
        part_use(s, p);
        file_bytes_free(p->bytes);
        p->bytes = NULL;
        part_unuse(s, p);
        strbuf_done(&p->carry);
        p->ended = p->begun = false;
        p->told = 0;
    }
    p->done = false;
    p->seq = 0;
    p->line = 1;
    s->format->part_rewind(p->format);
    return ERR_OK;
}

/* ---- decoding -------------------------------------------------------------------------------- */

static Status
filesystem_reader_open(Source *s, Reader **ret_reader, Err *err)
{
    (void)err;
    Reader *r = mem_make(Reader);
    r->source = s;
    r->format = s->format->reader_open(s->scan);
    *ret_reader = r;
    return ERR_OK;
}

/* The format's columns and the file's, in the order wanted. */
static Batch *
batch_with_metadata(const Source *s, const TextChunk *c, Batch *inner)
{
    const SourceWant *w = &s->want;
    const ListedFile *file = s->part[c->head.partition].file;
    Batch *b = batch_new(w->nfields, inner->rows);
    u32 next = 0;
    for (u32 i = 0; i < w->nfields; i++) {
        const FieldSpec *f = &w->table->fields[w->fields[i]];
        if (f->metadata.len) {
            b->col[i] = metadata_vector(f, file, inner->rows);
        } else {
            b->col[i] = inner->col[next];
            inner->col[next++] = (Vector){0};
        }
    }
    batch_free(inner);
    return b;
}

static Status
filesystem_decode(Reader *r, Chunk *chunk, Batch **ret_batch, Err *err)
{
    FileChunk *c = (FileChunk *)chunk;
    if (!c->counted) r->format->counts.bytes += c->text.head.bytes;
    c->counted = true;
    const Source *s = r->source;
    TRY(s->format->decode(r->format, &c->text, ret_batch, err));
    if (*ret_batch && s->inner.nfields != s->want.nfields)
        *ret_batch = batch_with_metadata(s, &c->text, *ret_batch);
    return ERR_OK;
}

static const ReadCounts *
filesystem_counts(const Reader *r)
{
    return &r->format->counts;
}

static void
filesystem_reader_close(Reader *r)
{
    if (!r) return;
    r->source->format->reader_close(r->format);
    mem_free(r);
}

static void
filesystem_close(Source *s)
{
    if (!s) return;
    for (u32 i = 0; s->part && i < s->files.len; i++) {
        FilePart *p = &s->part[i];
        file_bytes_free(p->bytes);
        s->format->part_close(p->format);
        strbuf_done(&p->carry);
        strbuf_done(&p->first);
    }
    for (u32 i = 0; i < s->npool; i++) buf_unref(s->pool[i]);
    for (FileChunk *c = s->free_chunks, *next; c; c = next) {
        next = c->next_free;
        mem_free(c->text.index);
        mem_free(c);
    }
    s->format->scan_close(s->scan);
    file_list_done(&s->files);
    pthread_mutex_destroy(&s->mutex);
    mem_free(s->part);
    mem_free(s->inner_fields);
    mem_free(s->inner_preds);
    mem_free(s);
}

const SourceDef filesystem_source = {
    .open = filesystem_open,
    .partitions = filesystem_partitions,
    .bounded = filesystem_bounded,
    .bytes_total = filesystem_bytes_total,
    .partition_name = filesystem_partition_name,
    .fetch = filesystem_fetch,
    .rewind = filesystem_rewind,
    .reader_open = filesystem_reader_open,
    .decode = filesystem_decode,
    .counts = filesystem_counts,
    .chunk_free = filesystem_chunk_free,
    .reader_close = filesystem_reader_close,
    .close = filesystem_close,
};

extern const Connector connector_filesystem;
const Connector connector_filesystem = {
    .name = "filesystem",
    .doc = "Files of one format: read as they are at the start, written whole at the end.",
    .options = options,
    .noptions = ARRAY_LEN(options),
    .options_bytes = sizeof(FilesystemOptions),
    .has_format = true,
    .source = &filesystem_source,
    .sink = &filesystem_sink,
    .check = filesystem_check,
};
