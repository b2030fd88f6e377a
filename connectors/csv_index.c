/* csv_index.c - where the records of a block end, and what its first record says if it is a header.
 *
 * c->index[0] is the offset before the first record (-1 at the start of data, so that "+ 1" is
 * where the field starts), then one entry per delimiter and line end outside quotes. */
#include "base/cpu.h"
#include "base/mem.h"
#include "connectors/csv.h"

#if defined(__x86_64__)
extern const CsvKernels csv_kernels_v2, csv_kernels_v3, csv_kernels_v4;

const CsvKernels *
csv_kernels(void)
{
    switch (cpu_level()) {
    case CPU_V4:
        return &csv_kernels_v4;
    case CPU_V3:
        return &csv_kernels_v3;
    case CPU_BASE:
    case CPU_V2:
        break;
    }
    return &csv_kernels_v2;
}
#else
extern const CsvKernels csv_kernels_base;

const CsvKernels *
csv_kernels(void)
{
    return &csv_kernels_base;
}
#endif

/* Offset behind the quoted content that starts at i: of the closing quote + 1, or n if it is
 * open. */
static u32
quoted_end(const CsvScan *scan, const char *data, u32 n, u32 i, u32 *lines, bool *ret_closed)
{
    u8 escape = scan->options->escape;
    *ret_closed = false;
    for (; i < n; i++) {
        u8 ch = (u8)data[i];
        if (ch == '\n') ++*lines;
        if (escape && ch == escape && ch != scan->quote) {
            i++;
            if (i < n && data[i] == '\n') ++*lines;
        } else if (ch == scan->quote) {
            if (i + 1 >= n || (u8)data[i + 1] != scan->quote) {
                *ret_closed = true;
                return i + 1;
            }
            i++;
        }
    }
    return n;
}

void
csv_index_slow(const CsvScan *scan, const char *data, u32 n, u32 *out, CsvIndex *ret, u32 *ret_open)
{
    const CsvOptions *o = scan->options;
    bool record_start = true, field_start = true;
    *ret = (CsvIndex){.odd = true};
    *ret_open = UINT32_MAX;
    for (u32 i = 0; i < n; i++) {
        u8 ch = (u8)data[i];
        ret->not_text |= ch > 127;
        if (record_start && o->comments && ch == '#') {
            const char *end = memchr(data + i, '\n', n - i);
            i = end ? (u32)(end - data) : n;
            if (!end) return;
            ch = '\n';
        } else if (field_start && (i32)ch == scan->quote) {
            bool closed = false;
            u32 end = quoted_end(scan, data, n, i + 1, &ret->quoted_lines, &closed);
            ret->quotes = true;
            for (u32 k = i; k < end; k++) ret->not_text |= (u8)data[k] > 127;
            if (!closed) {
                *ret_open = i;
                return;
            }
            i = end - 1;
            record_start = field_start = false;
            continue;
        } else if (o->escape && ch == o->escape && i + 1 < n && data[i + 1] != '\n') {
            ret->quotes = true;
            ret->not_text |= (u8)data[++i] > 127;
            record_start = field_start = false;
            continue;
        }
        if (ch == '\n' || ch == o->delimiter) {
            out[ret->n++] = i;
            ret->records += ch == '\n';
            record_start = ch == '\n';
            field_start = true;
        } else {
            record_start = false;
            field_start = field_start && o->trim && (ch == ' ' || ch == '\t');
        }
    }
}

/* The rest of the partition, or as much as may be read, holds no whole record: a quote is open or
 * the record is too long. Under 'skip' its first line is left out and the next one is tried. */
static Status
csv_no_record(const CsvPart *part, TextChunk *c, u32 have, IndexInput input, Err *err)
{
    const CsvScan *scan = (const CsvScan *)part->head.scan;
    CsvIndex index;
    u32 open = UINT32_MAX;
    csv_index_slow(scan, c->data, have, c->index + 1, &index, &open);
    const char *newline = memchr(c->data, '\n', have);
    if (open != UINT32_MAX && newline && scan->options->on_error == ON_ERROR_SKIP) {
        c->len = (u32)(newline - c->data) + 1;
        c->lines = 1;
        c->skipped = 1;
        return ERR_OK;
    }
    Status st;
    if (input == INDEX_LAST) {
        st = err_set(err, W3101, POS_NONE, "%s:%llu: a quote is opened and never closed", c->file,
                     (unsigned long long)chunk_line_at(c, open));
        return err_hint(err, st,
                        "If quotes have no meaning in this file, write "
                        "'csv.disable-quote-character' = 'true'.");
    }
    st = err_set(err, W3105, POS_NONE, "%s:%llu: the record is longer than %u bytes", c->file,
                 (unsigned long long)c->line, scan->head.record_bytes_max);
    if (open != UINT32_MAX)
        return err_hint(err, st, "A quote is opened on line %llu: is it closed?",
                        (unsigned long long)chunk_line_at(c, open));
    return err_hint(err, st, "Raise 'csv.max-record-bytes' if records are that long.");
}

/* ---- header ---------------------------------------------------------------------------------- */

void
csv_part_columns(CsvPart *part)
{
    const CsvScan *scan = (const CsvScan *)part->head.scan;
    part->nfields = scan->nphysical;
    for (u32 i = 0; i < scan->ncolumns; i++) part->field[i] = scan->column[i].physical;
}

/* The record that starts behind at[0] ends at entry number: */
static u32
record_end(const char *data, const u32 *at, u32 n)
{
    u32 k = 1;
    while (k < n && data[at[k]] != '\n') k++;
    return k;
}

static Status
header_missing(const CsvPart *part, const CsvColumn *col, const StrBuf *names, Err *err)
{
    char shown[ESCAPED_MAX];
    Status st = err_set(err, W2013, col->field->pos, "%s: the header has no column \"%.*s\"",
                        part->head.file, STR_ARG(col->field->name));
    return err_hint(err, st, "Its columns are %s.", text_escaped(shown, names->ptr, names->len));
}

/* Match the scan's columns with the header's names: exactly, else without regard to case. */
static Status
header_match(CsvPart *part, const Str *name, u32 n, Err *err)
{
    const CsvScan *scan = (const CsvScan *)part->head.scan;
    StrBuf names = {0};
    for (u32 i = 0; i < n && names.len < 300; i++)
        strbuf_printf(&names, "%s%.*s", i ? ", " : "", (int)MIN(name[i].len, 100), name[i].ptr);
    Status st = ERR_OK;
    for (u32 i = 0; i < scan->ncolumns && !st; i++) {
        Str wanted = scan->column[i].field->name;
        u32 found = n;
        for (u32 k = 0; k < n && found == n; k++)
            if (str_eq(name[k], wanted)) found = k;
        for (u32 k = 0; k < n && found == n; k++)
            if (str_eq_nocase(name[k], wanted)) found = k;
        if (found == n) st = header_missing(part, &scan->column[i], &names, err);
        part->field[i] = found;
    }
    part->nfields = n;
    strbuf_done(&names);
    return st;
}

static Status
header_read(CsvPart *part, const char *data, const u32 *at, u32 nfields, Err *err)
{
    const CsvScan *scan = (const CsvScan *)part->head.scan;
    Str *name = mem_array(Str, nfields);
    char *room = mem_alloc(at[nfields] - at[0]);
    char *next = room;
    for (u32 i = 0; i < nfields; i++) {
        u32 start = at[i] + 1, end = at[i + 1];
        if (i + 1 == nfields && end > start && data[end - 1] == '\r') end--;
        Str field = {data + start, end - start};
        bool quoted;
        if (!csv_unquote(scan, field, next, &name[i], &quoted)) name[i] = field;
        name[i] = str_trim(name[i]);
        next += end - start;
    }
    Status st = header_match(part, name, nfields, err);
    mem_free(room);
    mem_free(name);
    return st;
}

/* Take the header off the front of the chunk's index; blank lines and comments before it go too. */
static Status
header_take(CsvPart *part, TextChunk *c, Err *err)
{
    const CsvScan *scan = (const CsvScan *)part->head.scan;
    const char *data = c->data;
    u32 gone = 0;
    while (part->header_due && gone < c->nindex) {
        const u32 *at = c->index + gone;
        u32 n = record_end(data, at, c->nindex - gone);
        u32 start = at[0] + 1, len = at[n] - start;
        bool blank = n == 1 && (len == 0 || (len == 1 && data[start] == '\r'));
        bool comment = scan->options->comments && data[start] == '#';
        gone += n;
        c->state[CSV_RECORDS]--;
        if (blank || comment) continue;
        TRY(header_read(part, data, at, n, err));
        part->header_due = false;
    }
    c->nindex -= gone;
    memmove(c->index, c->index + gone, (c->nindex + 1) * sizeof(u32));
    return ERR_OK;
}

Status
csv_index(FormatPart *p, TextChunk *c, u32 have, IndexInput input, Err *err)
{
    CsvPart *part = (CsvPart *)p;
    const CsvScan *scan = (const CsvScan *)p->scan;
    CsvIndex index = {.odd = true};
    chunk_index_room(c, have + 128);
    u32 *at = c->index;
    at[0] = UINT32_MAX;
    if (!scan->slow_index)
        scan->kernels->index(c->data, have, scan->options->delimiter, scan->quote, at + 1, &index);
    if (index.odd) {
        u32 open;
        csv_index_slow(scan, c->data, have, at + 1, &index, &open);
    }
    u32 n = index.n;
    while (n > 0 && c->data[at[n]] != '\n') n--;
    c->nindex = n;
    c->len = n ? at[n] + 1 : 0;
    c->not_text = index.not_text;
    c->quotes = index.quotes;
    c->state[CSV_RECORDS] = index.records;
    c->lines = index.records + index.quoted_lines;
    if (index.quoted_lines) {
        u32 tail = 0;
        for (u32 i = c->len; i < have; i++) tail += c->data[i] == '\n';
        c->lines -= tail;
    }
    if (c->len == 0) return input == INDEX_MORE ? ERR_OK : csv_no_record(part, c, have, input, err);
    return part->header_due ? header_take(part, c, err) : ERR_OK;
}
