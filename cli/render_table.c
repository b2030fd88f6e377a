/* render_table.c - tables for people: `table` with a line of types, `box` without.
 *
 *     ┌──────┬────────┐      Widths come from the first rows: up to 1,000, or what 250 ms bring, or
 *     │ page │      n │      4 MiB of text. These are held back as shown text; then the head is
 *     │STRING│ BIGINT │      printed, they follow, and every later row streams. On a terminal text
 *     ├──────┼────────┤      columns shrink to what fits (a level is sought below which all
 *     │ cart │ 12,345 │      columns keep their width), then columns in the middle are left out; a
 *     └──────┴────────┘      cell that is too wide ends in …. A number is never cut: it sticks out.
 *
 * Elsewhere nothing is cut. Control characters are always shown escaped: a raw line end would break
 * the box. */
#include "base/clock.h"
#include "base/mem.h"
#include "cli/render.h"
#include "cli/width.h"

enum {
    HELD_ROWS_MAX = 1000,
    HELD_US_MAX = 250 * 1000,
    HELD_BYTES_MAX = 4 << 20,
    TEXT_COLUMNS_MIN = 12,   /* text is not shrunk below that */
    NUMBER_COLUMNS_MIN = 10, /* room for numbers that grow after the widths are fixed */
    CELL_BORDER = 3,         /* "│ " and " " around a cell */
};

typedef struct HeldCell {
    size_t at; /* in TableState.text */
    u32 len, width;
    bool null;
} HeldCell;

typedef struct TableState {
    bool types;
    u32 *width; /* of each column, fixed when streaming */
    bool *shown;
    u32 gap; /* the column before which … stands for hidden ones; UINT32_MAX: none hidden */
    StrBuf text;
    HeldCell *cell; /* held * ncol */
    u32 held;
    bool streaming;
    i64 began_us;
    StrBuf raw, safe; /* of one cell */
    StrBuf *type_text;
} TableState;

typedef struct Border {
    Str bar, dash, dots;
    Str corner[3][3]; /* top, middle, bottom: left, between, right */
} Border;

static const Border lines_utf8 = {
    .bar = {"│", 3},
    .dash = {"─", 3},
    .dots = {"…", 3},
    .corner = {{{"┌", 3}, {"┬", 3}, {"┐", 3}},
               {{"├", 3}, {"┼", 3}, {"┤", 3}},
               {{"└", 3}, {"┴", 3}, {"┘", 3}}},
};
static const Border lines_ascii = {
    .bar = {"|", 1},
    .dash = {"-", 1},
    .dots = {"~", 1},
    .corner = {{{"+", 1}, {"+", 1}, {"+", 1}},
               {{"+", 1}, {"+", 1}, {"+", 1}},
               {{"+", 1}, {"+", 1}, {"+", 1}}},
};

static const Border *
table_border(const Render *r)
{
    return r->style.utf8 ? &lines_utf8 : &lines_ascii;
}

/* ---- cells ---------------------------------------------------------------------------------- */

/* A long value is cut before it is escaped: what is past the screen's width is never seen. */
static Str
table_clip(const Render *r, Str s)
{
    u32 max = r->style.columns * 4 + 16;
    if (!r->style.columns || s.len <= max) return s;
    while (max > 0 && ((u8)s.ptr[max] & 0xC0) == 0x80) max--;
    return (Str){s.ptr, max};
}

/* Append the value as shown; NULL slot: the word for it. */
static HeldCell
table_cell(const Render *r, StrBuf *out, u32 col, const void *slot)
{
    TableState *t = r->state;
    HeldCell c = {.at = out->len, .null = !slot};
    Str text = render_null(r, STR("NULL"));
    if (slot && r->col[col].kind == CELL_TEXT) {
        text = strview_str(slot);
    } else if (slot) {
        strbuf_clear(&t->raw);
        cell_print(&t->raw, r->weir, r->col[col].kind, r->col[col].type, slot);
        text = strbuf_view(&t->raw);
    }
    c.width = width_show(out, table_clip(r, text), r->style.utf8);
    c.len = (u32)(out->len - c.at);
    return c;
}

static void
table_pad(StrBuf *out, u32 n)
{
    while (n--) strbuf_char(out, ' ');
}

static void
table_put(const Render *r, u32 col, Str shown, u32 width, const char *sgr)
{
    const TableState *t = r->state;
    StrBuf *out = &r->out->text;
    u32 room = t->width[col];
    bool number = cell_is_number(r->col[col].kind);
    bool cut = width > room && r->style.columns && !(number && !sgr);
    if (cut) shown.len = width_fit(shown, room - 1, &width);
    u32 pad = width + cut < room ? room - width - cut : 0;
    strbuf_char(out, ' ');
    if (number) table_pad(out, pad);
    if (sgr && r->style.color) strbuf_str(out, str_from(sgr));
    strbuf_str(out, shown);
    if (cut) strbuf_str(out, table_border(r)->dots);
    if (sgr && r->style.color) strbuf_str(out, STR(SGR_RESET));
    if (!number) table_pad(out, pad);
    strbuf_char(out, ' ');
    strbuf_str(out, table_border(r)->bar);
}

static void
table_gap(const Render *r, u32 col)
{
    const TableState *t = r->state;
    if (t->gap != col) return;
    StrBuf *out = &r->out->text;
    strbuf_char(out, ' ');
    strbuf_str(out, table_border(r)->dots);
    strbuf_char(out, ' ');
    strbuf_str(out, table_border(r)->bar);
}

/* ---- widths --------------------------------------------------------------------------------- */

static u64
table_width_at(const Render *r, u32 level)
{
    const TableState *t = r->state;
    u64 sum = 1;
    for (u32 i = 0; i < r->ncol; i++) {
        u32 w = t->width[i];
        if (r->col[i].kind == CELL_TEXT || r->col[i].kind == CELL_BYTES) w = MIN(w, level);
        sum += w + CELL_BORDER;
    }
    return sum;
}

/* Text columns wider than the highest level that fits are cut down to it. */
static void
table_shrink(Render *r)
{
    TableState *t = r->state;
    u32 lo = TEXT_COLUMNS_MIN, hi = MAX(r->style.columns, lo);
    while (lo < hi) {
        u32 mid = (lo + hi + 1) / 2;
        if (table_width_at(r, mid) <= r->style.columns) {
            lo = mid;
        } else {
            hi = mid - 1;
        }
    }
    for (u32 i = 0; i < r->ncol; i++) {
        bool text = r->col[i].kind == CELL_TEXT || r->col[i].kind == CELL_BYTES;
        if (text) t->width[i] = MIN(t->width[i], lo);
    }
}

/* Columns are kept from both ends in turn while they fit beside the column of dots. */
static void
table_hide(Render *r)
{
    TableState *t = r->state;
    u32 left = 0, right = r->ncol;
    u64 sum = 1 + CELL_BORDER + 1;
    while (left < right) {
        bool from_left = left <= r->ncol - right;
        u32 col = from_left ? left : right - 1;
        sum += t->width[col] + CELL_BORDER;
        if (sum > r->style.columns && left > 0) break;
        if (from_left) {
            left++;
        } else {
            right--;
        }
    }
    for (u32 i = left; i < right; i++) t->shown[i] = false;
    r->hidden = right - left;
    t->gap = r->hidden ? right : UINT32_MAX;
}

static void
table_widths(Render *r, bool more_follows)
{
    TableState *t = r->state;
    for (u32 i = 0; i < r->ncol; i++) {
        u32 w = 1;
        if (render_header(r)) {
            strbuf_clear(&t->safe);
            w = MAX(w, width_show(&t->safe, r->col[i].name, r->style.utf8));
            if (t->types) w = MAX(w, (u32)t->type_text[i].len);
        }
        for (u32 row = 0; row < t->held; row++) {
            w = MAX(w, t->cell[(size_t)row * r->ncol + i].width);
        }
        if (more_follows && cell_is_number(r->col[i].kind)) w = MAX(w, (u32)NUMBER_COLUMNS_MIN);
        t->width[i] = w;
        t->shown[i] = true;
    }
    t->gap = UINT32_MAX;
    if (!r->style.columns || table_width_at(r, UINT32_MAX) <= r->style.columns) return;
    table_shrink(r);
    if (table_width_at(r, UINT32_MAX) > r->style.columns) table_hide(r);
}

/* ---- lines ---------------------------------------------------------------------------------- */

static void
table_rule(const Render *r, u32 which)
{
    const TableState *t = r->state;
    const Border *line = table_border(r);
    StrBuf *out = &r->out->text;
    strbuf_str(out, line->corner[which][0]);
    bool first = true;
    for (u32 i = 0; i <= r->ncol; i++) {
        bool column = i < r->ncol && t->shown[i];
        for (u32 part = 0; part < 2; part++) { /* the dots' column, then the column itself */
            if (part == 0 ? t->gap != i : !column) continue;
            if (!first) strbuf_str(out, line->corner[which][1]);
            first = false;
            u32 n = (part == 0 ? 1 : t->width[i]) + 2;
            while (n--) strbuf_str(out, line->dash);
        }
    }
    strbuf_str(out, line->corner[which][2]);
    strbuf_char(out, '\n');
}

static void
table_head(const Render *r)
{
    TableState *t = r->state;
    StrBuf *out = &r->out->text;
    table_rule(r, 0);
    if (!render_header(r)) return;
    for (u32 line = 0; line < (t->types ? 2u : 1u); line++) {
        strbuf_str(out, table_border(r)->bar);
        for (u32 i = 0; i <= r->ncol; i++) {
            table_gap(r, i);
            if (i == r->ncol || !t->shown[i]) continue;
            strbuf_clear(&t->safe);
            u32 width = (u32)t->type_text[i].len;
            if (line == 0) width = width_show(&t->safe, r->col[i].name, r->style.utf8);
            table_put(r, i, strbuf_view(line == 0 ? &t->safe : &t->type_text[i]), width,
                      line == 0 ? SGR_BOLD : SGR_DIM);
        }
        strbuf_char(out, '\n');
    }
    table_rule(r, 1);
}

static void
table_line(const Render *r, const StrBuf *text, const HeldCell *cells)
{
    const TableState *t = r->state;
    StrBuf *out = &r->out->text;
    strbuf_str(out, table_border(r)->bar);
    for (u32 i = 0; i <= r->ncol; i++) {
        table_gap(r, i);
        if (i == r->ncol || !t->shown[i]) continue;
        const HeldCell *c = &cells[i];
        table_put(r, i, (Str){text->ptr + c->at, c->len}, c->width, c->null ? SGR_DIM : NULL);
    }
    strbuf_char(out, '\n');
}

static Status
table_release(Render *r, bool more_follows, Err *err)
{
    TableState *t = r->state;
    table_widths(r, more_follows);
    table_head(r);
    for (u32 row = 0; row < t->held; row++) {
        table_line(r, &t->text, &t->cell[(size_t)row * r->ncol]);
        TRY(output_row(r->out, err));
    }
    t->streaming = true;
    t->held = 0;
    strbuf_done(&t->text);
    return ERR_OK;
}

/* ---- the renderer --------------------------------------------------------------------------- */

static void
table_open(Render *r, bool types)
{
    TableState *t = mem_make(TableState);
    t->types = types;
    t->width = mem_array(u32, r->ncol + 1);
    t->shown = mem_array(bool, r->ncol + 1);
    t->type_text = mem_array(StrBuf, r->ncol + 1);
    t->cell = mem_array(HeldCell, ((size_t)HELD_ROWS_MAX + 1) * (r->ncol + 1));
    t->began_us = clock_monotonic_us();
    for (u32 i = 0; i < r->ncol; i++) {
        type_print(&t->type_text[i], type_nullable(r->col[i].type, true));
    }
    r->state = t;
}

static void
table_begin(Render *r)
{
    table_open(r, true);
}

static void
box_begin(Render *r)
{
    table_open(r, false);
}

static Status
table_row(Render *r, const Batch *b, u32 row, Err *err)
{
    TableState *t = r->state;
    HeldCell *cells = &t->cell[(size_t)t->held * r->ncol];
    for (u32 i = 0; i < r->ncol; i++) {
        cells[i] = table_cell(r, &t->text, i, vector_at(&b->col[i], row));
    }
    if (!t->streaming) {
        t->held++;
        bool full = t->held == HELD_ROWS_MAX || t->text.len >= HELD_BYTES_MAX;
        return full ? table_release(r, true, err) : ERR_OK;
    }
    table_line(r, &t->text, cells);
    strbuf_clear(&t->text);
    return output_row(r->out, err);
}

static Status
table_tick(Render *r, Err *err)
{
    TableState *t = r->state;
    if (t->streaming || t->held == 0) return ERR_OK;
    if (clock_monotonic_us() - t->began_us < HELD_US_MAX) return ERR_OK;
    TRY(table_release(r, true, err));
    return output_flush(r->out, err);
}

static Status
table_rows(Render *r, const Batch *b, Err *err)
{
    for (u32 row = 0; row < b->rows; row++) {
        TRY(table_row(r, b, row, err));
        r->rows++;
    }
    return table_tick(r, err);
}

static Status
table_end(Render *r, bool failed, Err *err)
{
    TableState *t = r->state;
    if (failed && t->held == 0 && !t->streaming) return ERR_OK;
    if (!t->streaming) TRY(table_release(r, false, err));
    if (!failed) table_rule(r, 2);
    return output_flush(r->out, err);
}

static void
table_done(Render *r)
{
    TableState *t = r->state;
    for (u32 i = 0; i < r->ncol; i++) strbuf_done(&t->type_text[i]);
    strbuf_done(&t->text);
    strbuf_done(&t->raw);
    strbuf_done(&t->safe);
    mem_free(t->type_text);
    mem_free(t->width);
    mem_free(t->shown);
    mem_free(t->cell);
    mem_free(t);
}

const RenderDef render_table = {
    .name = "table",
    .doc = "a box with column types, cut to the terminal's width",
    .begin = table_begin,
    .rows = table_rows,
    .end = table_end,
    .done = table_done,
    .tick = table_tick,
    .footer = true,
};

const RenderDef render_box = {
    .name = "box",
    .doc = "the same without types",
    .begin = box_begin,
    .rows = table_rows,
    .end = table_end,
    .done = table_done,
    .tick = table_tick,
    .footer = true,
};
