/* caret.c - shows a person where a statement went wrong.
 *
 * The quoted line is cut into cells: one per character, each with its text as shown and its
 * columns. Tabs become spaces up to the next multiple of eight, bytes that a terminal would obey
 * become \xNN, so what is under the caret is what was written. A line that is too wide is cut to a
 * window around the caret. Widths follow a short table of East Asian wide and combining ranges. */
#include "base/caret.h"
#include "base/utf8.h"

enum { TAB_COLUMNS = 8, CELL_TEXT_MAX = 8 };

static const struct CaretRange {
    u32 from, to;
} caret_wide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xAC00, 0xD7A3},
                  {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
                  {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}},
  caret_narrow[] = {{0x0300, 0x036F}, {0x200B, 0x200D}, {0x20D0, 0x20F0}, {0xFE00, 0xFE0F}};

static bool
range_has(const struct CaretRange *r, size_t n, u32 c)
{
    for (size_t i = 0; i < n; i++) {
        if (c >= r[i].from && c <= r[i].to) return true;
    }
    return false;
}

/* One character of the line as it is shown. */
typedef struct CaretCell {
    char text[CELL_TEXT_MAX];
    u32 len, columns, bytes;
} CaretCell;

static CaretCell
caret_cell(Str line, u32 at, u32 column)
{
    CaretCell cell = {.columns = 1};
    u32 c = utf8_decode(line, at, &cell.bytes);
    u8 byte = (u8)line.ptr[at];
    if (byte == '\t') {
        cell.columns = cell.len = TAB_COLUMNS - column % TAB_COLUMNS;
        memset(cell.text, ' ', cell.len);
    } else if (c < 0x20 || c == 0x7F || (c == 0xFFFD && cell.bytes == 1) ||
               (c >= 0x80 && c < 0xA0) || (c >= 0x202A && c <= 0x202E) ||
               (c >= 0x2066 && c <= 0x2069)) {
        /* Controls, stray bytes, and marks that would turn the line around. */
        static const char hex[] = "0123456789ABCDEF";
        const char escape[4] = {'\\', 'x', hex[byte >> 4], hex[byte & 15]};
        memcpy(cell.text, escape, 4);
        cell.len = cell.columns = 4;
        cell.bytes = 1; /* the bytes of a longer one follow as cells of their own */
    } else {
        memcpy(cell.text, line.ptr + at, cell.bytes);
        cell.len = cell.bytes;
        if (range_has(caret_wide, ARRAY_LEN(caret_wide), c)) cell.columns = 2;
        if (range_has(caret_narrow, ARRAY_LEN(caret_narrow), c)) cell.columns = 0;
    }
    return cell;
}

/* The line around pos: [begin, end) without the line end. */
static Str
caret_line(Str script, u32 pos, u32 *ret_begin)
{
    u32 begin = pos, end = pos;
    while (begin > 0 && script.ptr[begin - 1] != '\n') begin--;
    while (end < script.len && script.ptr[end] != '\n') end++;
    if (end > begin && script.ptr[end - 1] == '\r') end--;
    *ret_begin = begin;
    return (Str){script.len ? script.ptr + begin : "", end - begin};
}

void
caret_place(Str script, u32 pos, u32 *ret_line, u32 *ret_col)
{
    u32 line = 1, begin = 0;
    pos = MIN(pos, script.len);
    for (u32 i = 0; i < pos; i++) {
        if (script.ptr[i] != '\n') continue;
        line++;
        begin = i + 1;
    }
    *ret_line = line;
    *ret_col = utf8_length((Str){script.len ? script.ptr + begin : "", pos - begin}) + 1;
}

typedef struct CaretColors {
    const char *error, *dim, *mark, *hint, *off;
} CaretColors;
static const CaretColors colors_on = {"\033[1;31m", "\033[34m", "\033[1;31m", "\033[36m",
                                      "\033[0m"};
static const CaretColors colors_off = {"", "", "", "", ""};

/* Columns of the line's first `bytes` bytes. */
static u32
caret_columns(Str line, u32 bytes)
{
    u32 column = 0;
    for (u32 at = 0; at < bytes;) {
        CaretCell cell = caret_cell(line, at, column);
        column += cell.columns;
        at += cell.bytes;
    }
    return column;
}

/* Which columns of the line are shown. */
typedef struct CaretWindow {
    u32 from, to;
    bool cut_left, cut_right;
} CaretWindow;

enum { CUT_COLUMNS = 3 }; /* "..." */

static CaretWindow
caret_window(u32 line_columns, u32 mark, u32 mark_columns, u32 room)
{
    enum { ROOM_MIN = 20 };
    CaretWindow w = {0, line_columns, false, false};
    if (room == 0 || line_columns <= room) return w;
    room = MAX(room, (u32)ROOM_MIN);
    /* The mark a third into the window, so that more of what follows is seen. */
    u32 lead = MIN(room / 3, room - MIN(mark_columns, room / 2));
    w.from = mark > lead ? mark - lead : 0;
    if (w.from + room > line_columns) w.from = line_columns > room ? line_columns - room : 0;
    w.to = w.from + room;
    w.cut_left = w.from > 0;
    w.cut_right = w.to < line_columns;
    w.from += w.cut_left ? CUT_COLUMNS : 0;
    w.to -= w.cut_right ? CUT_COLUMNS : 0;
    return w;
}

static void
strbuf_fill(StrBuf *out, char c, u32 n)
{
    memset(strbuf_room(out, n), c, n);
    out->len += n;
    out->ptr[out->len] = '\0';
}

/* The cells inside the window; one that is cut through shows as spaces. */
static void
caret_print_line(StrBuf *out, Str line, const CaretWindow *w)
{
    if (w->cut_left) strbuf_str(out, STR("..."));
    u32 column = 0;
    for (u32 at = 0; at < line.len && column < w->to;) {
        CaretCell cell = caret_cell(line, at, column);
        u32 end = column + cell.columns;
        if (column >= w->from && end <= w->to) {
            strbuf_add(out, cell.text, cell.len);
        } else if (end > w->from && column < w->to) {
            strbuf_fill(out, ' ', MIN(end, w->to) - MAX(column, w->from));
        }
        column = end;
        at += cell.bytes;
    }
    if (w->cut_right) strbuf_str(out, STR("..."));
}

static void
caret_print_picture(StrBuf *out, Str script, const Err *err, CaretStyle style, u32 number)
{
    const CaretColors *c = style.color ? &colors_on : &colors_off;
    u32 begin, pos = MIN(err->pos, script.len);
    Str line = caret_line(script, pos, &begin);
    u32 from = MIN(pos - begin, line.len);
    u32 to = err->width > line.len - from ? line.len : from + err->width;
    u32 mark = caret_columns(line, from), mark_end = caret_columns(line, to);
    mark_end = MAX(mark_end, mark + 1);

    StrBuf gutter = {0};
    strbuf_printf(&gutter, "%2u", number);
    u32 used = (u32)gutter.len + 3;
    u32 room = style.width > used ? style.width - used : style.width ? 1 : 0;
    CaretWindow w = caret_window(caret_columns(line, line.len), mark, mark_end - mark, room);

    strbuf_printf(out, "%s%s |%s ", c->dim, gutter.ptr, c->off);
    caret_print_line(out, line, &w);
    strbuf_printf(out, "\n%s%*s |%s ", c->dim, (int)gutter.len, "", c->off);
    u32 shift = w.cut_left ? w.from - CUT_COLUMNS : 0;
    u32 shown_end = w.cut_right ? MIN(mark_end, w.to) : mark_end;
    strbuf_fill(out, ' ', mark - MIN(shift, mark));
    strbuf_printf(out, "%s", c->mark);
    strbuf_fill(out, '^', shown_end > mark ? shown_end - mark : 1);
    strbuf_printf(out, "%s\n", c->off);
    strbuf_done(&gutter);
}

/* Text that quotes what came from outside: it obeys no terminal either. A character that the end
 * of Err's buffer cut through is left out. */
static void
caret_print_text(StrBuf *out, Str text, size_t room)
{
    if (text.len + 1 == room) {
        u32 bytes, last = utf8_prev(text, text.len);
        utf8_decode(text, last, &bytes);
        bool stray = bytes == 1 && (u8)text.ptr[last] >= 0x80;
        if (stray || last + bytes != text.len) text.len = last;
    }
    for (u32 at = 0; at < text.len;) {
        CaretCell cell = caret_cell(text, at, TAB_COLUMNS - 1); /* a tab is one space */
        strbuf_add(out, cell.text, cell.len);
        at += cell.bytes;
    }
}

void
caret_print(StrBuf *out, Str file, Str script, const Err *err, CaretStyle style)
{
    const CaretColors *c = style.color ? &colors_on : &colors_off;
    strbuf_printf(out, "%serror[%s]%s: ", c->error, errcode_name(err->code), c->off);
    caret_print_text(out, str_from(err->text), sizeof err->text);
    strbuf_char(out, '\n');
    if (err->pos != POS_NONE) {
        u32 line, col;
        caret_place(script, err->pos, &line, &col);
        strbuf_printf(out, "%s  -->%s ", c->dim, c->off);
        caret_print_text(out, file, 0);
        strbuf_printf(out, ":%u:%u\n", line, col);
        caret_print_picture(out, script, err, style, line);
    }
    if (!err->hint[0]) return;
    strbuf_printf(out, "%shint%s: ", c->hint, c->off);
    caret_print_text(out, str_from(err->hint), sizeof err->hint);
    strbuf_char(out, '\n');
}
