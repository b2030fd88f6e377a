/* render_text.c - markdown, line (a value per line), and plain (the text itself: EXPLAIN).
 *
 * What a person reads is shown escaped (width.h); on a pipe `plain` passes text as it is. */
#include "base/mem.h"
#include "cli/render.h"
#include "cli/width.h"

/* ---- markdown ------------------------------------------------------------------------------- */

/* A cell is one line: | and what starts markup are escaped, line ends become <br>. */
static void
markdown_text(StrBuf *out, Str s)
{
    for (u32 i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '\n') {
            strbuf_str(out, STR("<br>"));
        } else if (c != '\r') {
            if (c == '|' || c == '\\') strbuf_char(out, '\\');
            strbuf_char(out, c);
        }
    }
}

static void
markdown_cell(const Render *r, StrBuf *scratch, Str s)
{
    if (r->style.terminal) {
        strbuf_clear(scratch);
        (void)width_show(scratch, s, r->style.utf8);
        s = strbuf_view(scratch);
    }
    strbuf_str(&r->out->text, STR(" "));
    markdown_text(&r->out->text, s);
    strbuf_str(&r->out->text, STR(" |"));
}

static void
markdown_begin(Render *r)
{
    StrBuf *out = &r->out->text, scratch = {0};
    strbuf_char(out, '|');
    for (u32 i = 0; i < r->ncol; i++) markdown_cell(r, &scratch, r->col[i].name);
    strbuf_str(out, STR("\n|"));
    for (u32 i = 0; i < r->ncol; i++) {
        strbuf_str(out, cell_is_number(r->col[i].kind) ? STR(" ---: |") : STR(" --- |"));
    }
    strbuf_char(out, '\n');
    strbuf_done(&scratch);
}

static Status
markdown_rows(Render *r, const Batch *b, Err *err)
{
    Str null = render_null(r, STR("NULL"));
    StrBuf cell = {0}, scratch = {0};
    Status st = ERR_OK;
    for (u32 row = 0; row < b->rows && !st; row++) {
        strbuf_char(&r->out->text, '|');
        for (u32 i = 0; i < r->ncol; i++) {
            const void *slot = vector_at(&b->col[i], row);
            strbuf_clear(&cell);
            if (slot) cell_print(&cell, r->weir, r->col[i].kind, r->col[i].type, slot);
            markdown_cell(r, &scratch, slot ? strbuf_view(&cell) : null);
        }
        strbuf_char(&r->out->text, '\n');
        r->rows++;
        st = output_row(r->out, err);
    }
    strbuf_done(&cell);
    strbuf_done(&scratch);
    return st;
}

static Status
text_end(Render *r, bool failed, Err *err)
{
    (void)failed;
    return output_flush(r->out, err);
}

/* ---- line ----------------------------------------------------------------------------------- */

/* Names right-aligned to the widest one; state is the width of each. */
static void
line_begin(Render *r)
{
    u32 *width = mem_array(u32, r->ncol + 1);
    StrBuf scratch = {0};
    for (u32 i = 0; i < r->ncol; i++) {
        strbuf_clear(&scratch);
        width[i + 1] = width_show(&scratch, r->col[i].name, r->style.utf8);
        width[0] = MAX(width[0], width[i + 1]);
    }
    strbuf_done(&scratch);
    r->state = width;
}

static void
line_row(const Render *r, const Batch *b, u32 row, StrBuf *cell)
{
    const u32 *width = r->state;
    StrBuf *out = &r->out->text;
    Str null = render_null(r, STR("NULL"));
    for (u32 i = 0; i < r->ncol; i++) {
        const void *slot = vector_at(&b->col[i], row);
        for (u32 k = width[i + 1]; k < width[0]; k++) strbuf_char(out, ' ');
        if (r->style.color) strbuf_str(out, STR(SGR_BOLD));
        (void)width_show(out, r->col[i].name, r->style.utf8);
        if (r->style.color) strbuf_str(out, STR(SGR_RESET));
        strbuf_str(out, STR(" = "));
        if (slot) {
            strbuf_clear(cell);
            cell_print(cell, r->weir, r->col[i].kind, r->col[i].type, slot);
            (void)width_show(out, strbuf_view(cell), r->style.utf8);
        } else {
            if (r->style.color) strbuf_str(out, STR(SGR_DIM));
            strbuf_str(out, null);
            if (r->style.color) strbuf_str(out, STR(SGR_RESET));
        }
        strbuf_char(out, '\n');
    }
}

static Status
line_rows(Render *r, const Batch *b, Err *err)
{
    StrBuf cell = {0};
    Status st = ERR_OK;
    for (u32 row = 0; row < b->rows && !st; row++) {
        if (r->rows) strbuf_char(&r->out->text, '\n');
        line_row(r, b, row, &cell);
        r->rows++;
        st = output_row(r->out, err);
    }
    strbuf_done(&cell);
    return st;
}

static void
line_done(Render *r)
{
    mem_free(r->state);
}

/* ---- plain ---------------------------------------------------------------------------------- */

static void
plain_begin(Render *r)
{
    (void)r;
}

/* Text that has lines keeps them, also where everything else is escaped. */
static void
plain_text(const Render *r, Str s)
{
    StrBuf *out = &r->out->text;
    if (!r->style.terminal) {
        strbuf_str(out, s);
        return;
    }
    for (u32 i = 0; i < s.len;) {
        const char *end = memchr(s.ptr + i, '\n', s.len - i);
        u32 n = end ? (u32)(end - (s.ptr + i)) : s.len - i;
        (void)width_show(out, (Str){s.ptr + i, n}, r->style.utf8);
        if (end) strbuf_char(out, '\n');
        i += n + (end != NULL);
    }
}

static Status
plain_rows(Render *r, const Batch *b, Err *err)
{
    StrBuf *out = &r->out->text, cell = {0};
    Status st = ERR_OK;
    for (u32 row = 0; row < b->rows && !st; row++) {
        for (u32 i = 0; i < r->ncol; i++) {
            const void *slot = vector_at(&b->col[i], row);
            if (i) strbuf_char(out, '\t');
            strbuf_clear(&cell);
            if (slot) cell_print(&cell, r->weir, r->col[i].kind, r->col[i].type, slot);
            plain_text(r, strbuf_view(&cell));
        }
        if (out->len == 0 || out->ptr[out->len - 1] != '\n') strbuf_char(out, '\n');
        r->rows++;
        st = output_row(r->out, err);
    }
    strbuf_done(&cell);
    return st;
}

const RenderDef render_markdown = {
    .name = "markdown",
    .doc = "a table for a README or an issue",
    .begin = markdown_begin,
    .rows = markdown_rows,
    .end = text_end,
};

const RenderDef render_line = {
    .name = "line",
    .doc = "one `column = value` per line, an empty line between rows",
    .begin = line_begin,
    .rows = line_rows,
    .end = text_end,
    .done = line_done,
};

const RenderDef render_plain = {
    .name = "plain",
    .doc = "the text itself",
    .begin = plain_begin,
    .rows = plain_rows,
    .end = text_end,
};
