/* render_csv.c - csv as RFC 4180 has it (but with a line feed, as every tool writes), and tsv.
 *
 * csv quotes a field that holds a comma, a quote, a line end or a space at either end, and an empty
 * text, so that it differs from NULL, which is written as nothing. tsv has no quotes: tab, line
 * feed, carriage return and backslash are written \t \n \r \\, and NULL is \N, so that every line
 * is a row and every tab a border. A pipe gets data as it is, a
 * terminal gets it escaped. */
#include "cli/render.h"

static bool
csv_needs_quotes(const char *text, size_t len)
{
    if (len == 0 || text[0] == ' ' || text[len - 1] == ' ') return true;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == ',' || c == '"' || c == '\n' || c == '\r') return true;
    }
    return false;
}

static void
csv_field(StrBuf *out, Str s)
{
    if (!csv_needs_quotes(s.ptr, s.len)) {
        strbuf_str(out, s);
        return;
    }
    strbuf_char(out, '"');
    for (u32 i = 0; i < s.len;) {
        const char *quote = memchr(s.ptr + i, '"', s.len - i);
        u32 run = quote ? (u32)(quote - (s.ptr + i)) + 1 : s.len - i;
        strbuf_add(out, s.ptr + i, run);
        if (quote) strbuf_char(out, '"');
        i += run;
    }
    strbuf_char(out, '"');
}

static char
tsv_letter(char c)
{
    if (c == '\t') return 't';
    if (c == '\n') return 'n';
    if (c == '\r') return 'r';
    return c == '\\' ? '\\' : 0;
}

static void
tsv_field(StrBuf *out, Str s)
{
    u32 from = 0;
    for (u32 i = 0; i < s.len; i++) {
        char escape[2] = {'\\', tsv_letter(s.ptr[i])};
        if (!escape[1]) continue;
        strbuf_add(out, s.ptr + from, i - from);
        strbuf_add(out, escape, 2);
        from = i + 1;
    }
    strbuf_add(out, s.ptr + from, s.len - from);
}

static void
csv_begin(Render *r)
{
    size_t from = r->out->text.len;
    for (u32 i = 0; render_header(r) && i < r->ncol; i++) {
        if (i) strbuf_char(&r->out->text, ',');
        csv_field(&r->out->text, r->col[i].name);
    }
    if (!render_header(r)) return;
    strbuf_char(&r->out->text, '\n');
    if (r->style.terminal) render_row_safe(r, from);
}

static Status
csv_rows(Render *r, const Batch *b, Err *err)
{
    StrBuf *out = &r->out->text;
    Str null = render_null(r, STR(""));
    for (u32 row = 0; row < b->rows; row++) {
        size_t from = out->len;
        for (u32 i = 0; i < r->ncol; i++) {
            const RenderColumn *c = &r->col[i];
            const void *slot = vector_at(&b->col[i], row);
            if (i) strbuf_char(out, ',');
            if (!slot) {
                strbuf_str(out, null);
            } else if (c->kind == CELL_TEXT) {
                csv_field(out, strview_str(slot));
            } else {
                cell_print_base64(out, r->weir, c->kind, c->type, slot);
            }
        }
        strbuf_char(out, '\n');
        if (r->style.terminal) render_row_safe(r, from);
        TRY(output_row(r->out, err));
    }
    r->rows += b->rows;
    return ERR_OK;
}

static void
tsv_begin(Render *r)
{
    size_t from = r->out->text.len;
    for (u32 i = 0; render_header(r) && i < r->ncol; i++) {
        if (i) strbuf_char(&r->out->text, '\t');
        tsv_field(&r->out->text, r->col[i].name);
    }
    if (!render_header(r)) return;
    strbuf_char(&r->out->text, '\n');
    if (r->style.terminal) render_row_safe(r, from);
}

static Status
tsv_rows(Render *r, const Batch *b, Err *err)
{
    StrBuf *out = &r->out->text;
    Str null = render_null(r, STR("\\N"));
    for (u32 row = 0; row < b->rows; row++) {
        size_t from = out->len;
        for (u32 i = 0; i < r->ncol; i++) {
            const RenderColumn *c = &r->col[i];
            const void *slot = vector_at(&b->col[i], row);
            if (i) strbuf_char(out, '\t');
            if (!slot) {
                strbuf_str(out, null);
            } else if (c->kind == CELL_TEXT) {
                tsv_field(out, strview_str(slot));
            } else {
                cell_print_base64(out, r->weir, c->kind, c->type, slot);
            }
        }
        strbuf_char(out, '\n');
        if (r->style.terminal) render_row_safe(r, from);
        TRY(output_row(r->out, err));
    }
    r->rows += b->rows;
    return ERR_OK;
}

static Status
csv_end(Render *r, bool failed, Err *err)
{
    (void)failed; /* whole rows have gone out; the exit code says the rest */
    return output_flush(r->out, err);
}

const RenderDef render_csv = {
    .name = "csv",
    .doc = "comma-separated values, as RFC 4180 has them",
    .begin = csv_begin,
    .rows = csv_rows,
    .end = csv_end,
};

const RenderDef render_tsv = {
    .name = "tsv",
    .doc = "tab-separated values; \\t \\n \\\\ inside a value, \\N for NULL",
    .begin = tsv_begin,
    .rows = tsv_rows,
    .end = csv_end,
};
