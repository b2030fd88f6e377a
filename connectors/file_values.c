/* file_values.c - 'scan.partition-column': each value of a column in the files is a source
 * partition.
 *
 * A file sink writes the source partition of each row ('sink.partition-column'), so that the files
 * replay like the stream: the watermark before a row depends on the earlier rows of its partition
 * only (DIALECT 4). For that the partitions must be known before the first row is handed out, else
 * windows would close before a partition that comes late in the files has been heard of. Partition
 * number i is the i-th smallest value. */
#include "base/mem.h"
#include "connectors/file_source.h"

#include <stdlib.h>

enum { VALUES_MAX = 1024 };

/* Where value stands in the sorted list, or should. */
static u32
value_place(const Source *s, i64 value)
{
    u32 low = 0, high = s->nvalues;
    while (low < high) {
        u32 middle = (low + high) / 2;
        if (s->values[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static i64
value_of(const Vector *v, const void *slot)
{
    return v->type.kind == TYPE_INT ? *(const i32 *)slot : *(const i64 *)slot;
}

static Status
values_learn(Source *s, const Batch *b, const FilePart *p, Err *err)
{
    const Vector *v = &b->col[0];
    Str name = s->want.table->fields[s->value_field].name;
    for (u32 i = 0; i < b->rows; i++) {
        const void *slot = vector_at(v, i);
        if (!slot)
            return err_set(err, W3103, POS_NONE,
                           "%s: column \"%.*s\", the source partition, is NULL in a row",
                           p->file.name, STR_ARG(name));
        i64 value = value_of(v, slot);
        u32 at = value_place(s, value);
        if (at < s->nvalues && s->values[at] == value) continue;
        if (s->nvalues == VALUES_MAX)
            return err_set(err, W7003, POS_NONE,
                           "column \"%.*s\", the source partition, has more than %d values",
                           STR_ARG(name), VALUES_MAX);
        memmove(&s->values[at + 1], &s->values[at], (s->nvalues - at) * sizeof(i64));
        s->values[at] = value;
        s->nvalues++;
    }
    return ERR_OK;
}

/* One partition of the scan that only learns. */
static Status
file_learn(Source *s, Source *plain, Reader *r, u32 partition, Err *err)
{
    for (;;) {
        FetchResult got;
        Chunk *c;
        TRY(filesystem_source.fetch(plain, partition, &got, &c, err));
        if (got == FETCH_END) return ERR_OK;
        if (got != FETCH_CHUNK) continue;
        Status st = ERR_OK;
        for (bool more = true; more;) {
            Batch *b = NULL;
            st = filesystem_source.decode(r, c, &b, err);
            if (!st && b) st = values_learn(s, b, part_at(plain, partition), err);
            more = !st && b;
            batch_free(b);
        }
        filesystem_source.chunk_free(plain, c);
        if (st) return st;
    }
}

static Status
values_read(Source *s, Err *err)
{
    SourceWant want = s->want;
    want.fields = &s->value_field;
    want.nfields = 1;
    want.npreds = 0;
    want.batch_rows = BATCH_ROWS_MAX;
    Source *plain = NULL;
    Reader *r = NULL;
    u64 unused;
    Status st = source_open(&want, false, &plain, &unused, err);
    if (!st) st = filesystem_source.reader_open(plain, &r, err);
    for (u32 i = 0; !st && i < plain->nparts; i++) st = file_learn(s, plain, r, i, err);
    filesystem_source.reader_close(r);
    filesystem_source.close(plain);
    return st;
}

Status
values_open(Source *s, Err *err)
{
    u32 nfiles = s->nparts;
    const FieldSpec *f = &s->want.table->fields[s->value_field];
    if (bit_get(s->ours, s->value_field))
        return err_set(err, W2001, f->pos,
                       "scan.partition-column that is in PARTITIONED BY is not supported yet");
    s->values = mem_array(i64, VALUES_MAX);
    s->value_names = mem_array(char *, VALUES_MAX);
    TRY(values_read(s, err));
    if ((u64)s->nvalues * nfiles > FILES_MAX)
        return err_set(err, W7003, POS_NONE, "more than %d files times values of \"%.*s\"",
                       FILES_MAX, STR_ARG(f->name));
    for (u32 i = 0; i < s->nvalues; i++) {
        StrBuf name = {0};
        strbuf_printf(&name, "%.*s = %lld", STR_ARG(f->name), (long long)s->values[i]);
        s->value_names[i] = mem_strdup(name.ptr, name.len);
        strbuf_done(&name);
        for (u32 k = 0; i > 0 && k < nfiles; k++) {
            const ListedFile *file = &part_at(s, k)->file;
            (void)part_add(s, str_from(file->path), (size_t)(file->name - file->path), file->stamp);
        }
    }
    return ERR_OK;
}

FilePart *
values_part_at(const Source *s, u32 value, u32 i)
{
    u32 nfiles = s->nparts / s->nvalues;
    return i < nfiles ? part_at(s, value * nfiles + i) : NULL;
}

FilePart *
values_part(const Source *s, u32 value)
{
    u32 i = 0;
    FilePart *p = values_part_at(s, value, i);
    while (p && p->done) p = values_part_at(s, value, ++i);
    return p;
}

Batch *
values_take(const Source *s, Batch *b, u32 value)
{
    const Vector *v = &b->col[s->value_column];
    u16 rows[BATCH_ROWS_MAX];
    u32 n = 0;
    for (u32 i = 0; i < b->rows; i++) {
        const void *slot = vector_at(v, i);
        if (slot && value_of(v, slot) == s->values[value]) rows[n++] = (u16)i;
    }
    if (n > 0) return batch_take(b, rows, n);
    batch_free(b);
    return NULL;
}

void
values_close(Source *s)
{
    for (u32 i = 0; s->value_names && i < s->nvalues; i++) mem_free(s->value_names[i]);
    mem_free(s->value_names);
    mem_free(s->values);
}
