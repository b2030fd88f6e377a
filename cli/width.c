/* width.c - columns by a table of ranges (width.def), escapes by a switch. */
#include "cli/width.h"
#include "base/utf8.h"

typedef struct WidthRange {
    u32 first, last;
    u32 columns;
} WidthRange;

static const WidthRange ranges[] = {
#define WIDE(first, last, columns) {first, last, columns},
#include "cli/width.def"
#undef WIDE
};

u32
width_char(u32 code_point)
{
    if (code_point < ranges[0].first) return 1;
    u32 lo = 0, hi = ARRAY_LEN(ranges);
    while (lo < hi) {
        u32 mid = (lo + hi) / 2;
        if (ranges[mid].last < code_point) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    bool inside = lo < ARRAY_LEN(ranges) && ranges[lo].first <= code_point;
    return inside ? ranges[lo].columns : 1;
}

/* What reorders or hides the text around it: marks, embeddings, overrides and isolates of
 * direction, line and paragraph separators, the byte order mark, tags. */
static bool
char_is_treacherous(u32 c)
{
    return (c >= 0x200E && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0x061C || c == 0xFEFF ||
           (c >= 0xE0000 && c <= 0xE007F);
}

static u32
show_byte(StrBuf *out, u32 c)
{
    strbuf_printf(out, "\\x%02x", c);
    return 4;
}

static u32
show_code_point(StrBuf *out, u32 c)
{
    strbuf_printf(out, "\\u%04x", c);
    return c > 0xFFFF ? 7 : 6;
}

static u32
show_control(StrBuf *out, u8 c, bool utf8)
{
    char letter = c == '\n' ? 'n' : c == '\t' ? 't' : c == '\r' ? 'r' : 0;
    if (letter) {
        strbuf_char(out, '\\');
        strbuf_char(out, letter);
        return 2;
    }
    if (!utf8) return show_byte(out, c);
    char picture[4];
    strbuf_add(out, picture, utf8_encode(picture, c == 0x7F ? 0x2421 : 0x2400u + c));
    return 1;
}

/* One character that is not printable ASCII; *ret_bytes is what it took. */
static u32
show_char(StrBuf *out, Str s, u32 at, bool utf8, u32 *ret_bytes)
{
    u8 first = (u8)s.ptr[at];
    *ret_bytes = 1;
    if (first < 0x20 || first == 0x7F) return show_control(out, first, utf8);
    u32 bytes = 1;
    u32 c = utf8_decode(s, at, &bytes);
    if (bytes == 1) return show_byte(out, first); /* not UTF-8 */
    *ret_bytes = bytes;
    if (c < 0xA0) return show_byte(out, c);
    if (char_is_treacherous(c)) return show_code_point(out, c);
    strbuf_add(out, s.ptr + at, bytes);
    return width_char(c);
}

u32
width_show(StrBuf *out, Str s, bool utf8)
{
    u32 width = 0;
    for (u32 i = 0; i < s.len;) {
        u32 from = i;
        while (i < s.len && s.ptr[i] >= 0x20 && s.ptr[i] < 0x7F) i++;
        strbuf_add(out, s.ptr + from, i - from);
        width += i - from;
        if (i == s.len) break;
        u32 bytes;
        width += show_char(out, s, i, utf8, &bytes);
        i += bytes;
    }
    return width;
}

u32
width_fit(Str shown, u32 columns, u32 *ret_width)
{
    u32 i = 0, width = 0;
    while (i < shown.len) {
        u32 bytes = 1;
        u32 c = (u8)shown.ptr[i] < 0x80 ? (u8)shown.ptr[i] : utf8_decode(shown, i, &bytes);
        u32 w = width_char(c);
        if (width + w > columns) break;
        width += w;
        i += bytes;
    }
    *ret_width = width;
    return i;
}
