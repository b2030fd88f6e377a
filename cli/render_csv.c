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

/* What csv and tsv differ in. */
typedef struct Separated {
    char separator;
    const char *null;
    void (*field)(StrBuf *out, Str s);
} Separated;
static const Separated csv_form = {',', "", csv_field};
static const Separated tsv_form = {'\t', "\\N", tsv_field};

static void
separated_begin(Render *r, const Separated *form)
{
    if (!render_header(r)) return;
    StrBuf *out = &r->out->text;
    size_t from = out->len;
    for (u32 i = 0; i < r->ncol; i++) {
        if (i) strbuf_char(out, form->separator);
        form->field(out, r->col[i].name);
    }
    strbuf_char(out, '\n');
    if (r->style.terminal) render_row_safe(r, from);
}

static Status
separated_rows(Render *r, const Separated *form, const Batch *b, Err *err)
{
    StrBuf *out = &r->out->text;
    Str null = render_null(r, str_from(form->null));
    for (u32 row = 0; row < b->rows; row++) {
        size_t from = out->len;
        for (u32 i = 0; i < r->ncol; i++) {
            const RenderColumn *c = &r->col[i];
            const void *slot = vector_at(&b->col[i], row);
            if (i) strbuf_char(out, form->separator);
            if (!slot) {
                strbuf_str(out, null);
            } else if (c->kind == CELL_TEXT) {
                form->field(out, strview_str(slot));
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
csv_begin(Render *r)
{
    separated_begin(r, &csv_form);
}

static Status
csv_rows(Render *r, const Batch *b, Err *err)
{
    return separated_rows(r, &csv_form, b, err);
}

static void
tsv_begin(Render *r)
{
    separated_begin(r, &tsv_form);
}

static Status
tsv_rows(Render *r, const Batch *b, Err *err)
{
    return separated_rows(r, &tsv_form, b, err);
}

static Status
separated_end(Render *r, bool failed, Err *err)
{
    (void)failed; /* whole rows have gone out; the exit code says the rest */
    return output_flush(r->out, err);
}

const RenderDef render_csv = {
    .name = "csv",
    .doc = "comma-separated values, as RFC 4180 has them",
    .begin = csv_begin,
    .rows = csv_rows,
    .end = separated_end,
};

const RenderDef render_tsv = {
    .name = "tsv",
    .doc = "tab-separated values; \\t \\n \\\\ inside a value, \\N for NULL",
    .begin = tsv_begin,
    .rows = tsv_rows,
    .end = separated_end,
};
