/* file_source.c - files as a source.
 *
 * Each file is a partition. fetch() fills a block, lets the format cut whole records off its front
 * and keeps the rest for the next block:
 *
 *     | slack 64 | carry of the last block | fresh bytes ............ | slack |
 *                 \______ whole records: the chunk ______/\_ carry _/
 *
 * Blocks are counted buffers of a pool. The pool keeps a reference of its own, so a block is free
 * when that one is the only one left: batches may hold texts in it long after the chunk is gone.
 * At most DESCRIPTORS_MAX files are open: beyond that the one used longest ago is parked.
 *
 * Metadata columns and those of PARTITIONED BY are not the format's: they are put beside its own,
 * one value for all rows of a file. */
#include "connectors/file_source.h"
#include "base/mem.h"
#include "connectors/file_metadata.h"
#include "connectors/file_partition.h"

struct Reader {
    Source *source;
    FormatReader *format;
    ReadCounts counts; /* 'scan.partition-column': without the rows of other values */
    u64 skipped;       /* that the format has told of */
};

/* ---- partitions ------------------------------------------------------------------------------ */

/* Segment k holds SEGMENT_FIRST << k partitions. */
static u32
segment_of(u32 number, u32 *ret_offset)
{
    u32 k = 31 - (u32)__builtin_clz(number / SEGMENT_FIRST + 1);
    *ret_offset = number - SEGMENT_FIRST * (((u32)1 << k) - 1);
    return k;
}

FilePart *
part_at(const Source *s, u32 number)
{
    u32 offset, k = segment_of(number, &offset);
    return &s->segment[k][offset];
}

FilePart *
part_add(Source *s, Str path, size_t name_at, FileStamp stamp)
{
    u32 number = atomic_load_explicit(&s->nparts, memory_order_relaxed);
    u32 offset, k = segment_of(number, &offset);
    assert(k < SEGMENTS_MAX && name_at <= path.len);
    if (!s->segment[k]) s->segment[k] = mem_array(FilePart, SEGMENT_FIRST << k);
    FilePart *p = &s->segment[k][offset];
    *p = (FilePart){.number = number, .start = {.line = 1}, .now = {.line = 1}};
    p->file.path = mem_strdup(path.ptr, path.len);
    p->file.name = str_eq(path, STR("-")) ? "stdin" : p->file.path + name_at;
    p->file.stamp = stamp;
    s->bytes_total += stamp.stream ? 0 : stamp.size;
    atomic_store_explicit(&s->nparts, number + 1, memory_order_release);
    return p;
}

void
part_close(Source *s, FilePart *p)
{
    file_bytes_free(p->bytes);
    s->format->part_close(p->format);
    strbuf_done(&p->carry);
    strbuf_done(&p->first);
    mem_free(p->file.path);
    *p = (FilePart){0};
}

/* ---- opening --------------------------------------------------------------------------------- */

static void
source_split_fields(Source *s)
{
    const TableSpec *t = s->want.table;
    s->ours = mem_array(u64, t->nfields / 64 + 1);
    for (u32 i = 0; i < t->npartitioned_by; i++) bit_set(s->ours, t->partitioned_by[i]);
    u32 *unused;
    s->inner_table = table_without(t, s->ours, &unused);
    mem_free(unused);
    for (u32 i = 0; i < t->nfields; i++)
        if (t->fields[i].metadata.len) bit_set(s->ours, i);
}

/* The number of a field that is the format's, in the inner table. */
static u32
inner_number(const Source *s, u32 field)
{
    const TableSpec *t = s->want.table;
    u32 number = field;
    for (u32 i = 0; i < t->npartitioned_by; i++) number -= t->partitioned_by[i] < field;
    return number;
}

/* The format's view of what is wanted. */
static Status
scan_open(Source *s, u64 *ret_applied, Err *err)
{
    const SourceWant *w = &s->want;
    source_split_fields(s);
    s->inner = *w;
    s->inner.table = s->inner_table;
    s->inner_fields = mem_array(u32, w->nfields + 2);
    s->inner_preds = mem_array(SourcePredicate, w->npreds + 1);
    u32 *number = mem_array(u32, w->npreds + 1); /* of each inner predicate, outside */
    s->inner.nfields = s->inner.npreds = 0;
    for (u32 i = 0; i < w->nfields; i++)
        if (!bit_get(s->ours, w->fields[i]))
            s->inner_fields[s->inner.nfields++] = inner_number(s, w->fields[i]);
    for (u32 i = 0; i < MIN(w->npreds, 64); i++) {
        if (bit_get(s->ours, w->preds[i].field)) continue;
        number[s->inner.npreds] = i;
        s->inner_preds[s->inner.npreds] = w->preds[i];
        s->inner_preds[s->inner.npreds++].field = inner_number(s, w->preds[i].field);
    }
    s->widens = s->inner.nfields < w->nfields || s->value_field != UINT32_MAX;
    if (s->value_field != UINT32_MAX) { /* behind those that are delivered */
        s->value_column = s->inner.nfields;
        s->inner_fields[s->inner.nfields++] = inner_number(s, s->value_field);
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

/* The column of 'scan.partition-column'. */
static u32
value_field(const TableSpec *t)
{
    const FilesystemOptions *o = t->options;
    for (u32 i = 0; o->partition_read.len && i < t->nfields; i++)
        if (str_eq(t->fields[i].name, o->partition_read)) return i;
    return UINT32_MAX;
}

Status
source_open(const SourceWant *want, bool by_value, Source **ret_source, u64 *ret_applied, Err *err)
{
    const TableSpec *t = want->table;
    const FilesystemOptions *o = t->options;
    const FormatDef *format = ((const FormatOptions *)t->format)->def;
    assert(want->batch_rows >= 1 && want->batch_rows <= BATCH_ROWS_MAX);
    if (!format->scan_open)
        return err_set(err, W2001, t->pos, "reading format \"%s\" is not supported yet",
                       format->name);
    Source *s = mem_make(Source);
    s->want = *want;
    s->format = format;
    s->block_bytes = (u32)o->block_bytes;
    if (want->env && want->env->block_bytes) s->block_bytes = want->env->block_bytes;
    pthread_mutex_init(&s->mutex, NULL);
    s->value_field = by_value ? value_field(t) : UINT32_MAX;
    Status st = file_source_list(s, err);
    if (!st) st = scan_open(s, ret_applied, err);
    if (!st && s->value_field != UINT32_MAX) st = values_open(s, err);
    if (st) {
        filesystem_close(s);
        return st;
    }
    *ret_source = s;
    return ERR_OK;
}

static Status
filesystem_open(const SourceWant *want, Source **ret_source, u64 *ret_applied, Err *err)
{
    return source_open(want, true, ret_source, ret_applied, err);
}

static u32
filesystem_partitions(const Source *s)
{
    if (s->value_field != UINT32_MAX) return s->nvalues;
    return atomic_load_explicit(&s->nparts, memory_order_acquire);
}

static bool
filesystem_bounded(const Source *s)
{
    return ((const FilesystemOptions *)s->want.table->options)->monitor_us == 0;
}

static u64
filesystem_bytes_total(const Source *s)
{
    if (!filesystem_bounded(s)) return 0;
    for (u32 i = 0; i < s->nparts; i++)
        if (part_at(s, i)->file.stamp.stream) return 0;
    return s->bytes_total;
}

static const char *
filesystem_partition_name(const Source *s, u32 partition)
{
    assert(partition < filesystem_partitions(s));
    if (s->value_field != UINT32_MAX) return s->value_names[partition];
    return part_at(s, partition)->file.name;
}

/* ---- descriptors, blocks, chunks ------------------------------------------------------------- */

/* The partition is about to read: it has a place among the open ones. */
static void
part_use(Source *s, FilePart *p)
{
    pthread_mutex_lock(&s->mutex);
    p->busy = true;
    p->used = ++s->tick;
    u32 oldest = DESCRIPTORS_MAX;
    bool listed = p->file.stamp.stream;
    for (u32 i = 0; i < s->nopen; i++) {
        const FilePart *q = part_at(s, s->open_parts[i]);
        listed |= q == p;
        if (q->busy) continue;
        if (oldest == DESCRIPTORS_MAX || q->used < part_at(s, s->open_parts[oldest])->used)
            oldest = i;
    }
    if (!listed && s->nopen < DESCRIPTORS_MAX) {
        s->open_parts[s->nopen++] = p->number;
    } else if (!listed && oldest < DESCRIPTORS_MAX) {
        file_bytes_park(part_at(s, s->open_parts[oldest])->bytes);
        s->open_parts[oldest] = p->number;
    }
    pthread_mutex_unlock(&s->mutex);
}

static void
part_unuse(Source *s, FilePart *p)
{
    pthread_mutex_lock(&s->mutex);
    p->busy = false;
    if (p->ended || !p->bytes) {
        u32 kept = 0;
        for (u32 i = 0; i < s->nopen; i++)
            if (s->open_parts[i] != p->number) s->open_parts[kept++] = s->open_parts[i];
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

FileChunk *
chunk_take(Source *s, FilePart *p, u32 data_bytes)
{
    pthread_mutex_lock(&s->mutex);
    FileChunk *c = s->free_chunks;
    if (c) s->free_chunks = c->next_free;
    pthread_mutex_unlock(&s->mutex);
    if (!c) c = mem_make(FileChunk);
    u32 *index = c->text.index, cap = c->text.index_cap;
    *c = (FileChunk){.text = {.head = {.partition = p->number, .seq_in_partition = p->now.seq},
                              .file = p->file.name,
                              .part = p->format,
                              .buf = block_take(s, data_bytes),
                              .line = p->now.line,
                              .index = index,
                              .index_cap = cap},
                     .part = p};
    c->text.data = (char *)c->text.buf->bytes + SLACK;
    return c;
}

void
file_chunk_free(Source *s, Chunk *chunk)
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

void
chunk_grow(FileChunk *c, u32 have, u32 data_bytes)
{
    Buf *larger = buf_new(block_cap(data_bytes));
    memset(larger->bytes, 0, SLACK);
    memcpy(larger->bytes + SLACK, c->text.data, have);
    buf_unref(c->text.buf);
    c->text.buf = larger;
    c->text.data = (char *)larger->bytes + SLACK;
}

/* ---- fetching -------------------------------------------------------------------------------- */

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
                p->mark = 3;
            }
        }
        if (p->file.stamp.stream) break;
    }
    if (p->ended && *have > 0 && c->text.data[*have - 1] != '\n') {
        c->text.data[(*have)++] = '\n';
        p->added = true;
    }
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
        if (c->text.len > 0 || (p->file.stamp.stream && have == before)) break;
        assert(input == INDEX_MORE);
        if (have < room) continue;
        room = MIN(room * 2, s->scan->record_bytes_max);
        room = MAX(room, have + 1);
        chunk_grow(c, have, room);
    }
    assert(c->text.len <= have);
    strbuf_clear(&p->carry);
    strbuf_add(&p->carry, c->text.data + c->text.len, have - c->text.len);
    return ERR_OK;
}

FileBytes *
part_bytes(const Source *s, const FilePart *p)
{
    const FilesystemOptions *o = s->want.table->options;
    FileCodec codec = (FileCodec)o->codec;
    if (codec == CODEC_AUTO) codec = file_codec_of(str_from(p->file.path));
    return file_bytes_new(p->file.path, p->file.name, p->file.stamp, codec);
}

static Status
part_begin(Source *s, FilePart *p, Err *err)
{
    bool opened = p->format != NULL;
    if (!opened) p->format = s->format->part_open(s->scan, p->file.name);
    if (p->bytes || p->ended) return ERR_OK;
    if (p->now.at > 0) return part_resume(s, p, err);
    p->bytes = part_bytes(s, p);
    return ERR_OK;
}

/* The chunk is handed out: the partition stands behind it. */
static void
part_advance(FilePart *p, const TextChunk *c)
{
    p->now.at += p->mark + c->len;
    p->mark = 0;
    if (p->added && p->carry.len == 0) p->now.at--; /* the file has no such line end */
    p->now.line += c->lines;
    p->now.seq++;
}

static Status
part_fetch(Source *s, FilePart *p, FetchResult *ret_result, Chunk **ret_chunk, Err *err)
{
    TRY(part_begin(s, p, err));
    /* A carry of more than half a block would leave too little room to make progress. */
    u32 carry = (u32)p->carry.len, room = s->block_bytes;
    if (carry >= room / 2) room = 2 * carry + SLACK;
    FileChunk *c = chunk_take(s, p, room);
    Status st = chunk_fill(s, p, c, room, err);
    if (st || c->text.len == 0) {
        file_chunk_free(s, (Chunk *)c);
        p->done = !st && p->ended;
        *ret_result = p->done ? FETCH_END : FETCH_IDLE;
        return st;
    }
    if (p->bytes) {
        c->text.head.bytes = file_bytes_consumed(p->bytes) - p->told;
        p->told += c->text.head.bytes;
    }
    strbuf_done(&p->first);
    if (p->file.stamp.stream && p->now.seq == 0) strbuf_add(&p->first, c->text.data, c->text.len);
    part_advance(p, &c->text);
    *ret_chunk = (Chunk *)c;
    *ret_result = FETCH_CHUNK;
    return ERR_OK;
}

static Status
filesystem_fetch(Source *s, u32 partition, FetchResult *ret_result, Chunk **ret_chunk, Err *err)
{
    assert(partition < filesystem_partitions(s));
    bool by_value = s->value_field != UINT32_MAX;
    Status st = ERR_OK;
    *ret_chunk = NULL;
    *ret_result = FETCH_END;
    while (!st && *ret_result == FETCH_END) {
        FilePart *p = by_value ? values_part(s, partition) : part_at(s, partition);
        if (!p || p->done) return ERR_OK;
        part_use(s, p);
        st = part_fetch(s, p, ret_result, ret_chunk, err);
        part_unuse(s, p);
    }
    if (!st && *ret_result == FETCH_CHUNK) {
        FileChunk *c = (FileChunk *)*ret_chunk;
        c->text.head.partition = c->value = partition;
    }
    return st;
}

static Status
part_rewind(Source *s, FilePart *p, Err *err)
{
    if (p->now.seq == p->start.seq) return ERR_OK;
    if (p->file.stamp.stream) {
        if (p->now.seq > 1)
            return err_set(err, W4002, POS_NONE, "%s cannot be read twice", p->file.name);
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
        p->ended = p->begun = p->added = false;
        p->told = 0;
    }
    p->done = false;
    p->mark = 0;
    p->now = p->start;
    s->format->part_rewind(p->format);
    return ERR_OK;
}

static Status
filesystem_rewind(Source *s, u32 partition, Err *err)
{
    if (s->value_field == UINT32_MAX) return part_rewind(s, part_at(s, partition), err);
    FilePart *p;
    for (u32 i = 0; (p = values_part_at(s, partition, i)); i++) TRY(part_rewind(s, p, err));
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
static Status
batch_widen(const Source *s, const FilePart *p, Batch **batch, Err *err)
{
    const SourceWant *w = &s->want;
    const TimeZone *zone = w->env ? w->env->zone : NULL;
    Batch *inner = *batch, *b = batch_new(w->nfields, inner->rows);
    Status st = ERR_OK;
    u32 next = 0;
    for (u32 i = 0; i < w->nfields && !st; i++) {
        const FieldSpec *f = &w->table->fields[w->fields[i]];
        if (!bit_get(s->ours, w->fields[i])) {
            b->col[i] = inner->col[next];
            inner->col[next++] = (Vector){0};
        } else if (f->metadata.len) {
            b->col[i] = file_metadata_vector(f, &p->file, inner->rows);
        } else {
            st = partition_vector(f, p->file.path, inner->rows, zone, &b->col[i], err);
        }
    }
    batch_free(inner);
    if (st) batch_free(b);
    *batch = st ? NULL : b;
    return st;
}

static Status
filesystem_decode(Reader *r, Chunk *chunk, Batch **ret_batch, Err *err)
{
    FileChunk *c = (FileChunk *)chunk;
    if (!c->counted) r->format->counts.bytes += c->text.head.bytes;
    c->counted = true;
    const Source *s = r->source;
    for (;;) {
        TRY(s->format->decode(r->format, &c->text, ret_batch, err));
        if (!*ret_batch || s->value_field == UINT32_MAX) break;
        *ret_batch = values_take(s, *ret_batch, c->value);
        if (*ret_batch) break;
    }
    if (s->value_field != UINT32_MAX) {
        const ReadCounts *all = &r->format->counts;
        r->counts.bytes = all->bytes;
        r->counts.rows += *ret_batch ? (*ret_batch)->rows : 0;
        r->counts.skipped += c->value == 0 ? all->skipped - r->skipped : 0;
        r->skipped = all->skipped;
    }
    if (!*ret_batch || !s->widens) return ERR_OK;
    return batch_widen(s, c->part, ret_batch, err);
}

static const ReadCounts *
filesystem_counts(const Reader *r)
{
    return r->source->value_field != UINT32_MAX ? &r->counts : &r->format->counts;
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
    for (u32 i = 0; i < s->nparts; i++) part_close(s, part_at(s, i));
    values_close(s);
    for (u32 i = 0; i < SEGMENTS_MAX; i++) mem_free(s->segment[i]);
    for (u32 i = 0; i < s->npool; i++) buf_unref(s->pool[i]);
    for (FileChunk *c = s->free_chunks, *next; c; c = next) {
        next = c->next_free;
        mem_free(c->text.index);
        mem_free(c);
    }
    s->format->scan_close(s->scan);
    pthread_mutex_destroy(&s->mutex);
    table_without_free(s->inner_table);
    mem_free(s->inner_fields);
    mem_free(s->inner_preds);
    mem_free(s->ours);
    mem_free(s->known);
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
    .chunk_free = file_chunk_free,
    .reader_close = filesystem_reader_close,
    .close = filesystem_close,
    .save = file_source_save,
    .restore = file_source_restore,
    .describe = file_source_describe,
    .discover = file_source_discover,
};
