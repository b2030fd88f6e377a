/* csv_decode.c - a chunk's records to batches, column by column.
 *
 *     chunk index -> records of the batch -> predicate columns -> chosen records -> other columns
 *
 * When every record of a chunk has the same number of fields, the chunk's index is used as it is,
 * with the number of fields as stride; else csv_rows() writes a cleaned one per batch. A column's
 * loop leaves what it does not know in `odd`; each of those goes through csv_field(). Records with
 * a field that does not fit are marked bad: under 'skip' they are taken out, else the first of them
 * is the error. Long texts point into the chunk's buffer, which the column's heap keeps alive; when
 * few rows are left they are copied. */
#include "base/mem.h"
#include "base/utf8.h"
#include "connectors/csv.h"
#include "connectors/csv_filter.h"

/* Entries of a cleaned index at most, so that a header of 100,000 names costs no gigabyte. */
#define ROWS_ENTRIES_MAX (1u << 20)

FormatReader *
csv_reader_open(const FormatScan *s)
{
    const CsvScan *scan = (const CsvScan *)s;
    CsvReader *r = mem_make(CsvReader);
    r->scan = scan;
    r->loop = mem_array(CsvLoop, MAX(scan->ncolumns, 1));
    for (u32 i = 0; i < scan->ncolumns; i++) {
        const CsvColumn *col = &scan->column[i];
        r->loop[i] = CSV_LOOP_START;
        r->loop[i].scale = col->type.scale;
        r->loop[i].keep_quoted = scan->options->null_set;
        r->loop[i].zoned = col->type.kind == TYPE_TIMESTAMP_LTZ;
        if (col->type.kind == TYPE_DECIMAL) r->loop[i].limit = decimal_pow10[col->type.precision];
    }
    r->pairs = mem_array(u32, 2 * BATCH_ROWS_MAX);
    r->odd = mem_array(u16, BATCH_ROWS_MAX + 1);
    r->chosen = mem_array(u16, BATCH_ROWS_MAX + 1);
    r->wide = mem_array(i32, BATCH_ROWS_MAX + 16);
    for (u32 i = 0; i < BATCH_ROWS_MAX; i++) r->chosen[i] = (u16)i; /* only predicates change it */
    return &r->head;
}

void
csv_reader_close(FormatReader *head)
{
    CsvReader *r = (CsvReader *)head;
    if (!r) return;
    strbuf_done(&r->scratch);
    mem_free(r->loop);
    mem_free(r->rows_at);
    mem_free(r->pairs);
    mem_free(r->odd);
    mem_free(r->chosen);
    mem_free(r->wide);
    mem_free(r);
}

/* Once per chunk: is it regular, is its text valid. */
static void
chunk_begin(CsvReader *r, TextChunk *c)
{
    const CsvPart *part = (const CsvPart *)c->part;
    const CsvScan *scan = r->scan;
    u32 records = c->state[CSV_RECORDS], crlf = 0;
    c->state[CSV_BEGUN] = 1;
    r->head.counts.skipped += c->skipped;
    c->regular = part->nfields > 1 && !scan->slow_index &&
                 (u64)records * part->nfields == c->nindex &&
                 scan->kernels->regular(c->data, c->index, records, part->nfields, &crlf);
    if (crlf && crlf < records) c->regular = false;
    c->state[CSV_TRIM] = crlf > 0;
    if (c->not_text) c->state[CSV_BAD_UTF8] = !utf8_valid(c->data, c->len);
}

/* The next records of a chunk that is not regular, with blank lines, comments, records of another
 * length and '\r' taken out. Fewer than `max` when an error must wait for the rows before it. */
static Status
csv_rows(CsvReader *r, TextChunk *c, u32 max, CsvRows *ret_rows, Err *err)
{
    const CsvPart *part = (const CsvPart *)c->part;
    const CsvOptions *o = r->scan->options;
    u32 nfields = part->nfields, stride = nfields + 1, n = 0;
    max = MIN(max, MAX(ROWS_ENTRIES_MAX / stride, 1));
    if (r->rows_cap < max * stride) {
        mem_free(r->rows_at);
        r->rows_cap = max * stride;
        r->rows_at = mem_array(u32, r->rows_cap);
    }
    while (c->next < c->nindex && n < max) {
        const u32 *at = c->index + c->next;
        u32 left = c->nindex - c->next, k = 1;
        while (k < left && c->data[at[k]] != '\n') k++;
        u32 start = at[0] + 1, end = at[k];
        u32 trimmed = end > start && c->data[end - 1] == '\r' ? end - 1 : end;
        bool nothing = (k == 1 && trimmed == start) || (o->comments && c->data[start] == '#');
        if (!nothing && k != nfields) {
            bool skip = o->on_error == ON_ERROR_SKIP || o->ignore_errors;
            if (!skip && n > 0) break;
            if (!skip) return csv_count_error(c, start, end, k, nfields, err);
            r->head.counts.skipped++;
            nothing = true;
        }
        c->next += k;
        if (nothing) continue;
        u32 *to = r->rows_at + (size_t)n * stride;
        memcpy(to, at, nfields * sizeof(u32));
        to[nfields] = trimmed;
        n++;
    }
    *ret_rows = (CsvRows){r->rows_at, stride, 0, n};
    return ERR_OK;
}

static Status
records_next(CsvReader *r, TextChunk *c, u32 max, CsvRows *ret_rows, Err *err)
{
    if (!c->regular) return csv_rows(r, c, max, ret_rows, err);
    u32 nfields = ((const CsvPart *)c->part)->nfields;
    u32 n = MIN(max, (c->nindex - c->next) / nfields);
    *ret_rows = (CsvRows){c->index + c->next, nfields, c->state[CSV_TRIM], n};
    c->next += n * nfields;
    return ERR_OK;
}

/* The fields of one column, of all records or of the chosen ones. */
static CsvSpan
column_span(CsvReader *r, const TextChunk *c, const CsvRows *rows, u32 column, bool chosen)
{
    const CsvPart *part = (const CsvPart *)c->part;
    u32 field = part->field[column];
    const u32 *at = rows->at + field;
    CsvSpan s = {c->data,   at, rows->stride, 1, field + 1 == part->nfields ? rows->trim : 0,
                 rows->rows};
    if (!chosen || r->nchosen == rows->rows) return s;
    for (u32 i = 0; i < r->nchosen; i++) {
        const u32 *from = at + (size_t)r->chosen[i] * rows->stride;
        r->pairs[2 * i] = from[0];
        r->pairs[2 * i + 1] = from[1];
    }
    s.at = r->pairs;
    s.stride = 2;
    s.rows = r->nchosen;
    return s;
}

static Str
span_field(const CsvSpan *s, u32 row)
{
    const u32 *at = s->at + (size_t)row * s->stride;
    u32 start = at[0] + s->lead;
    return (Str){s->data + start, at[1] - s->trim - start};
}

static u32
narrow(const i32 *from, u32 rows, bool i8s, void *out, u16 *odd, u32 nodd)
{
    u32 n = nodd;
    i8 *bytes = out;
    i16 *shorts = out;
    for (u32 i = 0; i < rows; i++) {
        bool fits = i8s ? from[i] == (i8)from[i] : from[i] == (i16)from[i];
        if (i8s)
            bytes[i] = (i8)(fits ? from[i] : 0);
        else
            shorts[i] = (i16)(fits ? from[i] : 0);
        if (!fits) odd[n++] = (u16)i;
    }
    return n;
}

static u32
loop_run(CsvReader *r, const CsvColumn *col, CsvLoop *loop, const CsvSpan *s, Vector *v)
{
    if (!col->loop) {
        memset(v->data->bytes, 0, (size_t)s->rows * type_slot_bytes[col->type.kind]);
        for (u32 i = 0; i < s->rows; i++) r->odd[i] = (u16)i;
        return s->rows;
    }
    if (!col->wide) return col->loop(s, loop, v->data->bytes, r->odd);
    u32 nodd = col->loop(s, loop, r->wide, r->odd);
    return narrow(r->wide, s->rows, col->type.kind == TYPE_TINYINT, v->data->bytes, r->odd, nodd);
}

static void
record_bad(CsvReader *r, u32 record)
{
    r->nbad += !bit_get(r->bad, record);
    bit_set(r->bad, record);
}

/* Texts that are the null literal, or no UTF-8, among those that the loop made. */
static void
texts_check(CsvReader *r, const TextChunk *c, bool chosen, Vector *v)
{
    const CsvOptions *o = r->scan->options;
    const StrView *slot = vector_data(v, StrView);
    if (c->state[CSV_BAD_UTF8]) {
        for (u32 i = 0; i < v->len; i++) {
            Str text = strview_str(&slot[i]);
            if (utf8_valid(text.ptr, text.len)) continue;
            if (o->ignore_errors)
                vector_set_null(v, i);
            else
                record_bad(r, chosen ? r->chosen[i] : i);
        }
    }
    if (!o->null_set) return;
    StrView literal = strview_make(o->null_literal.ptr, o->null_literal.len);
    for (u32 i = 0; i < v->len; i++)
        if (strview_eq(&slot[i], &literal)) vector_set_null(v, i);
}

/* Rows that the loop left: properly, one by one. */
static void
odd_rows(CsvReader *r, const TextChunk *c, const CsvColumn *col, const CsvSpan *s, bool chosen,
         u32 nodd, Vector *v)
{
    u32 slot_bytes = type_slot_bytes[col->type.kind];
    for (u32 k = 0; k < nodd; k++) {
        u32 i = r->odd[k];
        Str field = span_field(s, i), text;
        u8 *slot = v->data->bytes + (size_t)i * slot_bytes;
        CsvField f = csv_field(r->scan, col, field.ptr, field.len, c->state[CSV_BAD_UTF8] != 0,
                               &r->scratch, &v->heap, &text, slot);
        if (f == CSV_VALUE) {
            if (v->valid) bit_set(vector_valid(v), i);
            if (!type_is(col->type, KIND_HEAP)) continue;
            StrView view = strview_make(text.ptr, text.len);
            memcpy(slot, &view, sizeof view);
        } else if (f == CSV_NULL || r->scan->options->ignore_errors) {
            vector_set_null(v, i);
        } else {
            record_bad(r, chosen ? r->chosen[i] : i);
        }
    }
}

static Vector
column_decode(CsvReader *r, TextChunk *c, const CsvRows *rows, u32 column, bool chosen)
{
    const CsvColumn *col = &r->scan->column[column];
    CsvSpan s = column_span(r, c, rows, column, chosen);
    /* A loop may write a little past the last slot: buffers have 64 bytes behind. */
    Vector v = {.type = col->type,
                .form = VEC_FLAT,
                .len = s.rows,
                .data = buf_new((size_t)s.rows * type_slot_bytes[col->type.kind])};
    bool text = type_is(col->type, KIND_HEAP);
    CsvLoop *loop = &r->loop[column];
    loop->quote = c->quotes ? r->scan->quote : -1;
    u32 nodd = loop_run(r, col, loop, &s, &v);
    if (text && col->loop) texts_check(r, c, chosen, &v);
    odd_rows(r, c, col, &s, chosen, nodd, &v);
    if (!col->type.not_null || !v.valid) return v;
    for (u32 i = 0; i < v.len; i++)
        if (!bit_get(vector_valid(&v), i)) record_bad(r, chosen ? r->chosen[i] : i);
    return v;
}

/* What is wrong with the first bad record: decoded columns in the order of their decoding. */
static Status
first_error(CsvReader *r, const TextChunk *c, const CsvRows *rows, Err *err)
{
    const CsvScan *scan = r->scan;
    u32 record = 0;
    while (!bit_get(r->bad, record)) record++;
    for (u32 pass = 0; pass < 2; pass++) {
        for (u32 i = 0; i < scan->ncolumns; i++) {
            const CsvColumn *col = &scan->column[i];
            if (col->first != (pass == 0)) continue;
            CsvSpan s = column_span(r, c, rows, i, false);
            Str field = span_field(&s, record), text;
            _Alignas(16) u8 slot[16];
            StrHeap *heap = NULL;
            CsvField f = csv_field(scan, col, field.ptr, field.len, c->state[CSV_BAD_UTF8] != 0,
                                   &r->scratch, &heap, &text, slot);
            strheap_unref(heap);
            if (f == CSV_NULL && col->type.not_null) f = CSV_BAD_NULL;
            if (f == CSV_VALUE || f == CSV_NULL) continue;
            return csv_field_error(c, col, field.ptr, field.len, f, err);
        }
    }
    UNREACHABLE();
}

/* Delivered columns that are decoded already hold all records: keep the chosen ones. */
static void
columns_choose(CsvReader *r, Vector *decoded, u32 rows)
{
    if (r->nchosen == rows) return;
    for (u32 i = 0; i < r->scan->want->nfields; i++) {
        if (!decoded[i].data) continue;
        Vector v = vector_take(&decoded[i], r->chosen, r->nchosen);
        vector_done(&decoded[i]);
        decoded[i] = v;
    }
}

/* Take bad records out of decoded[0, nfields), which hold the chosen ones. */
static void
columns_without_bad(CsvReader *r, Vector *decoded)
{
    u32 n = 0;
    u16 *kept = r->odd;
    for (u32 i = 0; i < r->nchosen; i++)
        if (!bit_get(r->bad, r->chosen[i])) kept[n++] = (u16)i;
    for (u32 i = 0; i < r->scan->want->nfields; i++) {
        Vector v = vector_take(&decoded[i], kept, n);
        vector_done(&decoded[i]);
        decoded[i] = v;
    }
    r->nchosen = n;
}

/* The columns of one batch; r->nchosen rows of them are left. */
static Status
batch_fill(CsvReader *r, TextChunk *c, const CsvRows *rows, Vector *decoded, Err *err)
{
    const CsvScan *scan = r->scan;
    memset(r->bad, 0, sizeof r->bad);
    r->nbad = 0;
    r->nchosen = rows->rows;
    for (u32 i = 0; scan->applied && i < rows->rows; i++) r->chosen[i] = (u16)i;

    for (u32 i = 0; i < scan->ncolumns; i++)
        if (scan->column[i].first) decoded[i] = column_decode(r, c, rows, i, false);
    for (u32 p = 0; p < scan->want->npreds; p++) {
        if (!(scan->applied >> p & 1)) continue;
        const SourcePredicate *pred = &scan->want->preds[p];
        r->nchosen = csv_filter(&decoded[scan->pred_column[p]], pred->op, pred->constant, r->chosen,
                                r->nchosen, r->bad);
    }
    columns_choose(r, decoded, rows->rows);
    for (u32 i = 0; i < scan->want->nfields; i++)
        if (!scan->column[i].first) decoded[i] = column_decode(r, c, rows, i, true);

    r->head.counts.rows += rows->rows;
    if (r->nbad == 0) return ERR_OK;
    bool skip = scan->options->on_error == ON_ERROR_SKIP || scan->options->ignore_errors;
    if (!skip) return first_error(r, c, rows, err);
    r->head.counts.rows -= r->nbad;
    r->head.counts.skipped += r->nbad;
    columns_without_bad(r, decoded);
    return ERR_OK;
}

/* Until here long texts lie in the chunk, which is going to be another one. Mostly the batch keeps
 * the chunk's buffer; few rows of many copy their texts instead, or a selective query that gathers
 * rows would hold its whole input. */
static void
texts_own(Vector *v, const TextChunk *c, bool few)
{
    StrView *slot = vector_data(v, StrView);
    bool any = false;
    for (u32 i = 0; i < v->len; i++) any |= slot[i].len > STRVIEW_INLINE;
    if (!any) return;
    if (!few) {
        if (!v->heap) v->heap = strheap_new();
        strheap_keep_buf(v->heap, c->buf);
        return;
    }
    for (u32 i = 0; i < v->len; i++) {
        bool ours = slot[i].len > STRVIEW_INLINE && slot[i].ptr >= c->data &&
                    slot[i].ptr < c->data + c->len;
        if (!ours) continue;
        char *room = vector_room(v, slot[i].len);
        memcpy(room, slot[i].ptr, slot[i].len);
        slot[i].ptr = room;
    }
}

Status
csv_decode(FormatReader *head, TextChunk *c, Batch **ret_batch, Err *err)
{
    CsvReader *r = (CsvReader *)head;
    const CsvScan *scan = r->scan;
    u32 ncols = scan->want->nfields;
    *ret_batch = NULL;
    if (!c->state[CSV_BEGUN]) chunk_begin(r, c);
    for (;;) {
        CsvRows rows = {0};
        TRY(records_next(r, c, scan->want->batch_rows, &rows, err));
        if (rows.rows == 0) return ERR_OK;
        Vector *decoded = mem_array(Vector, MAX(scan->ncolumns, 1));
        Status st = batch_fill(r, c, &rows, decoded, err);
        if (!st && r->nchosen > 0) {
            Batch *b = batch_new(ncols, r->nchosen);
            for (u32 i = 0; i < ncols; i++) {
                if (type_is(decoded[i].type, KIND_HEAP))
                    texts_own(&decoded[i], c, r->nchosen < rows.rows / 8);
                b->col[i] = decoded[i];
                decoded[i] = (Vector){0};
            }
            *ret_batch = b;
        }
        for (u32 i = 0; i < scan->ncolumns; i++) vector_done(&decoded[i]);
        mem_free(decoded);
        if (st || *ret_batch) return st;
    }
}
