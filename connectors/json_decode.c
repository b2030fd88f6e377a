/* json_decode.c - a chunk's lines to batches.
 *
 *     window of 16 KiB -> index -> line by line: does a known shape fit? -> tokens -> columns
 *                                       no -> simdjson walks the line, its shape is learned
 *
 * Both ways give tokens, and json_value.c converts them, so a value means the same whichever way
 * its line took. The fast way is taken only where it proves what the walk would find: the same
 * punctuation and keys in a line whose blocks hold nothing odd. Windows whose texts run over line
 * ends or are not UTF-8, and lines longer than a window, are walked line by line.
 *
 * Bad records: a line that is no JSON object, and values that do not fit. Under 'on-error' = 'skip'
 * the row is left out; under 'fail' the first bad row in file order ends the scan, whatever the
 * batch size, and the batches before it are delivered. */
#include "base/mem.h"
#include "connectors/csv_filter.h"
#include "connectors/json_lines.h"

enum {
    /* After a window in which fewer than a quarter of the lines had a known shape, that many
     * windows are walked without an index. */
    PLAIN_WINDOWS = 8,
};

typedef struct JsonReader {
    FormatReader head;
    const JsonScan *scan;
    JsonWalker *walker;
    JsonRows rows;
    u32 window_from, window_to; /* in the chunk */
    bool indexed;               /* the window has an index; mark is the next line's first */
    u32 mark;
    u32 room;  /* rows that the batch being built can take */
    u32 plain; /* windows to go without an index */
    u32 lines, hits;
    JsonShape *shape[SHAPES_MAX]; /* the last one that fitted is first */
    u32 nshapes;
    JsonIndex index;
} JsonReader;

FormatReader *
json_reader_open(const FormatScan *base)
{
    const JsonScan *scan = (const JsonScan *)base;
    JsonReader *r = mem_make(JsonReader);
    r->scan = scan;
    r->walker = scan->simd->open();
    assert(r->walker);
    JsonRows *rows = &r->rows;
    rows->scan = scan;
    rows->stride = scan->batch_rows;
    rows->tokens = mem_array(JsonToken, (size_t)rows->stride * MAX(scan->nvalues, 1));
    rows->pairs = mem_array(JsonToken, rows->stride);
    rows->odd = mem_array(u16, BATCH_ROWS_MAX + 1);
    rows->loop = mem_array(JsonLoop, MAX(scan->ncolumns, 1));
    for (u32 i = 0; i < scan->ncolumns; i++) rows->loop[i] = json_loop_of(scan, i);
    rows->kept = mem_array(bool, MAX(scan->ncolumns, 1));
    for (u32 i = 0; i < SHAPES_MAX; i++) {
        r->shape[i] = mem_make(JsonShape);
        r->shape[i]->value = mem_array(ShapeValue, MAX(scan->nvalues, 1));
    }
    return &r->head;
}

void
json_reader_close(FormatReader *base)
{
    JsonReader *r = (JsonReader *)base;
    if (!r) return;
    for (u32 i = 0; i < SHAPES_MAX; i++) {
        mem_free(r->shape[i]->value);
        mem_free(r->shape[i]);
    }
    r->scan->simd->close(r->walker);
    mem_free(r->rows.tokens);
    mem_free(r->rows.pairs);
    mem_free(r->rows.odd);
    mem_free(r->rows.loop);
    mem_free(r->rows.kept);
    strbuf_done(&r->rows.scratch);
    mem_free(r);
}

/* --- lines --------------------------------------------------------------------------------- */

static Status
line_error(const TextChunk *c, u32 from, u32 len, JsonFault fault, const char *why, Err *err)
{
    char shown[ESCAPED_MAX];
    unsigned long long line = chunk_line_at(c, from);
    text_escaped(shown, c->data + from, len);
    if (fault == JSON_BAD_UTF8)
        return err_set(err, W3104, POS_NONE, "%s:%llu: not valid UTF-8: %s", c->file, line, shown);
    if (fault == JSON_BROKEN)
        return err_set(err, W3101, POS_NONE, "%s:%llu: not valid JSON (%s): %s", c->file, line, why,
                       shown);
    Status st =
        err_set(err, W3101, POS_NONE, "%s:%llu: not a JSON object: %s", c->file, line, shown);
    if (c->data[from] != '[') return st;
    return err_hint(err, st,
                    "A record is one JSON object on one line; a file that is one array of "
                    "objects is not supported yet.");
}

/* Walk the line data[from, to), without its '\n', into the next row. *ret_row says whether it gave
 * one: blank lines and skipped ones do not. Fails only when the scan must end. */
static Status
line_walk(JsonReader *r, TextChunk *c, u32 from, u32 to, bool *ret_row, Err *err)
{
    JsonRows *rows = &r->rows;
    const JsonScan *scan = r->scan;
    const char *text = c->data;
    *ret_row = false;
    rows->flagged = true;
    while (from < to && (text[from] == ' ' || text[from] == '\t' || text[from] == '\r')) from++;
    while (from < to && (text[to - 1] == ' ' || text[to - 1] == '\t' || text[to - 1] == '\r')) to--;
    if (from == to) return ERR_OK;

    JsonToken *tokens = rows->tokens + rows->n;
    for (u32 v = 0; v < scan->nvalues; v++) tokens[(size_t)v * rows->stride] = (JsonToken){0, 0};
    const char *why = "";
    JsonFault fault = JSON_NOT_OBJECT;
    if (text[from] == '{')
        fault = scan->simd->walk(r->walker, scan->nodes, text + from, to - from, text, tokens,
                                 rows->stride, &why);
    if (fault == JSON_FINE) {
        u32 whole = scan->nodes[0].column;
        if (whole != JSON_COLUMN_NONE) tokens[(size_t)whole * rows->stride] = (JsonToken){from, to};
        rows->line_at[rows->n++] = from;
        *ret_row = true;
        return ERR_OK;
    }
    const JsonOptions *o = scan->options;
    if (o->on_error != JSON_ON_ERROR_SKIP && !o->ignore_errors)
        return line_error(c, from, to - from, fault, why, err);
    r->head.counts.skipped++;
    r->head.counts.rows++;
    return ERR_OK;
}

/* A line that the first shape does not fit: another shape, or a walk. The line begins at mark. */
static Status
line_other(JsonReader *r, TextChunk *c, Err *err)
{
    const JsonIndex *ix = &r->index;
    const char *text = c->data + r->window_from;
    const u8 *end = memchr(ix->kind + r->mark, '\n', ix->n - r->mark);
    assert(end); /* a window is whole lines */
    u32 last = (u32)(end - ix->kind), from = c->next, to = r->window_from + ix->at[last];
    bool odd = ix->odd_any && blocks_odd(ix, from - r->window_from, to - r->window_from + 1);

    for (u32 s = 0; s < r->nshapes && !odd; s++) {
        JsonShape *shape = r->shape[s];
        if (!shape_fits(shape, text, ix, r->mark)) continue;
        memmove(r->shape + 1, r->shape, s * sizeof r->shape[0]);
        r->shape[0] = shape;
        return ERR_OK; /* the caller's loop takes the line now */
    }
    bool row;
    TRY(line_walk(r, c, from, to, &row, err));
    r->lines++;
    if (row && !odd && !r->scan->no_shapes) {
        JsonShape *shape = r->shape[SHAPES_MAX - 1];
        if (shape_learn(shape, r->scan, text, ix, r->mark, last)) {
            memmove(r->shape + 1, r->shape, (SHAPES_MAX - 1) * sizeof r->shape[0]);
            r->shape[0] = shape;
            r->nshapes = MIN(r->nshapes + 1, SHAPES_MAX);
        } else {
            r->nshapes = MIN(r->nshapes, SHAPES_MAX - 1); /* the last one was overwritten */
        }
    }
    r->mark = last + 1;
    c->next = to + 1;
    return ERR_OK;
}

/* Lines of the indexed window until it or the batch is full. */
static Status
window_lines(JsonReader *r, TextChunk *c, Err *err)
{
    JsonRows *rows = &r->rows;
    const JsonIndex *ix = &r->index;
    rows->flagged |= ix->escapes;
    while (rows->n < r->room && r->mark < ix->n) {
        JsonLines l = {.text = c->data + r->window_from,
                       .base = r->window_from,
                       .from = c->next - r->window_from,
                       .mark = r->mark,
                       .tokens = rows->tokens + rows->n,
                       .line_at = rows->line_at + rows->n,
                       .stride = rows->stride,
                       .nvalues = r->scan->nvalues};
        u32 n = r->nshapes ? r->scan->loops->match(r->shape[0], ix, r->room - rows->n, &l) : 0;
        rows->n += n;
        r->lines += n;
        r->hits += n;
        r->mark = l.mark;
        c->next = r->window_from + l.from;
        if (rows->n < r->room && r->mark < ix->n) TRY(line_other(r, c, err));
    }
    return ERR_OK;
}

/* Lines of a window without index. */
static Status
window_walk(JsonReader *r, TextChunk *c, Err *err)
{
    bool row;
    while (r->rows.n < r->room && c->next < r->window_to) {
        const char *from = c->data + c->next;
        const char *end = memchr(from, '\n', r->window_to - c->next);
        assert(end);
        u32 to = (u32)(end - c->data);
        TRY(line_walk(r, c, c->next, to, &row, err));
        c->next = to + 1;
    }
    return ERR_OK;
}

/* The next whole lines from c->next on, at most JSON_WINDOW bytes if they are not one long one. */
static void
window_open(JsonReader *r, const TextChunk *c)
{
    u32 from = c->next, left = c->len - from;
    r->window_from = from;
    r->indexed = false;
    r->mark = 0;
    const char *text = c->data + from;
    if (r->lines && r->hits * 4 < r->lines) r->plain = PLAIN_WINDOWS;
    r->lines = r->hits = 0;

    u32 bytes = MIN(left, JSON_WINDOW);
    if (bytes < left) {
        const char *last = memrchr(text, '\n', bytes);
        if (!last) {
            last = memchr(text + bytes, '\n', left - bytes);
            assert(last); /* a chunk is whole lines */
            r->window_to = from + (u32)(last - text) + 1;
            return;
        }
        bytes = (u32)(last - text) + 1;
    }
    r->window_to = from + bytes;
    if (r->plain || r->scan->no_shapes) {
        r->plain -= r->plain > 0;
        return;
    }
    r->scan->indexer->run(text, bytes, &r->index);
    if (r->index.run_over) return;
    if (r->index.not_ascii && !r->scan->simd->utf8_valid(text, bytes)) return;
    r->indexed = true;
}

/* --- rows ---------------------------------------------------------------------------------- */

/* The value of the failing row, as it may stand in a message. */
static void
value_shown(const JsonRows *rows, JsonToken t, char *shown)
{
    const char *text = rows->text + t.at;
    u32 len = JSON_TOKEN_LEN(t);
    if (len >= 2 && text[0] == '"') text++, len -= 2;
    text_escaped(shown, text, len);
}

static Status
value_error(const JsonRows *rows, const TextChunk *c, Err *err)
{
    const JsonColumn *column = &rows->scan->columns[rows->fail_column];
    JsonToken t = rows->tokens[(size_t)column->value * rows->stride + rows->fail_row];
    unsigned long long line = chunk_line_at(c, rows->line_at[rows->fail_row]);
    Str name = column->field->name;
    char shown[ESCAPED_MAX];
    StrBuf type = {0};
    Status st = ERR_OK;
    value_shown(rows, t, shown);
    type_print(&type, type_nullable(column->field->type, true));
    switch (rows->fail_why) {
    case JSON_VALUE_MISSING:
        st = err_set(err, W3101, POS_NONE, "%s:%llu: field \"%.*s\" is missing", c->file, line,
                     STR_ARG(name));
        break;
    case JSON_VALUE_NO_NULL:
        st =
            err_set(err, W3103, POS_NONE, "%s:%llu: field \"%.*s\" is NULL, the column is NOT NULL",
                    c->file, line, STR_ARG(name));
        break;
    case JSON_VALUE_TYPE:
        st = err_set(err, W3102, POS_NONE, "%s:%llu: field \"%.*s\": \"%s\" is not a %s", c->file,
                     line, STR_ARG(name), shown, type.ptr);
        break;
    case JSON_VALUE_RANGE:
        st = err_set(err, W3102, POS_NONE, "%s:%llu: field \"%.*s\": \"%s\" is out of range for %s",
                     c->file, line, STR_ARG(name), shown, type.ptr);
        break;
    case JSON_VALUE_UTF8:
        st = err_set(err, W3104, POS_NONE,
                     "%s:%llu: field \"%.*s\": an unpaired surrogate is no character: \"%s\"",
                     c->file, line, STR_ARG(name), shown);
        break;
    case JSON_VALUE_BROKEN:
        st = err_set(err, W3101, POS_NONE, "%s:%llu: not valid JSON: field \"%.*s\": %s", c->file,
                     line, STR_ARG(name), shown);
        break;
    case JSON_VALUE_FINE:
    case JSON_VALUE_NULL:
        UNREACHABLE();
    }
    strbuf_done(&type);
    return st;
}

/* The rows of b that are not dropped and pass the predicates, or NULL if none does. */
static Batch *
rows_kept(const JsonRows *rows, Batch *b)
{
    u16 kept[BATCH_ROWS_MAX];
    u32 n = 0;
    for (u32 i = 0; i < rows->n; i++)
        if (!bit_get(rows->drop, i)) kept[n++] = (u16)i;
    assert(n == rows->n - rows->dropped);
    const JsonScan *scan = rows->scan;
    for (u32 p = 0; p < scan->npreds && n; p++) {
        const SourcePredicate *pred = scan->preds[p].of;
        n = csv_filter(&b->col[scan->preds[p].column], pred->op, pred->constant, kept, n,
                       rows->drop);
    }
    if (n == rows->n) return b;
    if (n) return batch_take(b, kept, n);
    batch_free(b);
    return NULL;
}

/* The next rows into the columns of b, window by window, while its text is in the cache. What ends
 * the scan is left for the next call as long as there are rows before it. */
static Status
rows_collect(JsonReader *r, TextChunk *c, Batch *b, Err *err)
{
    JsonRows *rows = &r->rows;
    while (rows->n < r->room && c->next < c->len && rows->fail_row == UINT32_MAX) {
        u32 from = rows->n;
        rows->flagged = false;
        if (c->next >= r->window_to) window_open(r, c);
        Status st = r->indexed ? window_lines(r, c, err) : window_walk(r, c, err);
        for (u32 i = 0; i < b->cols; i++) json_column_fill(rows, i, from, &b->col[i]);
        if (st && rows->n == 0) return st;
        if (st) break;
    }
    if (rows->fail_row == UINT32_MAX) return ERR_OK;
    if (rows->fail_row == 0) return value_error(rows, c, err);
    /* The rows before it go out; the next call begins with the bad one, and ends the scan. */
    rows->n = rows->fail_row;
    c->next = rows->line_at[rows->fail_row];
    r->window_to = 0;
    return ERR_OK;
}

static Batch *
rows_begin(JsonReader *r, const TextChunk *c)
{
    JsonRows *rows = &r->rows;
    /* Lines of the chunk bound the rows, so that a small file makes small vectors. */
    r->room = MIN(rows->stride, MAX(c->lines, 1));
    rows->buf = c->buf;
    rows->text = c->data;
    rows->n = 0;
    rows->dropped = 0;
    rows->fail_row = UINT32_MAX;
    memset(rows->drop, 0, sizeof rows->drop);
    memset(rows->kept, 0, rows->scan->ncolumns * sizeof(bool));
    if (c->next == 0) r->window_to = 0;
    Batch *b = batch_new(rows->scan->ncolumns, r->room);
    for (u32 i = 0; i < b->cols; i++)
        b->col[i] = vector_new(rows->scan->columns[i].field->type, r->room);
    return b;
}

Status
json_decode(FormatReader *base, TextChunk *c, Batch **ret_batch, Err *err)
{
    JsonReader *r = (JsonReader *)base;
    JsonRows *rows = &r->rows;
    *ret_batch = NULL;
    while (!*ret_batch && c->next < c->len) {
        Batch *b = rows_begin(r, c);
        Status st = rows_collect(r, c, b, err);
        if (st || rows->n == 0) {
            batch_free(b);
            if (st) return st;
            continue;
        }
        b->rows = rows->n;
        for (u32 i = 0; i < b->cols; i++) b->col[i].len = rows->n;
        r->head.counts.rows += rows->n;
        r->head.counts.skipped += rows->dropped;
        *ret_batch = rows->dropped || rows->scan->npreds ? rows_kept(rows, b) : b;
    }
    return ERR_OK;
}
