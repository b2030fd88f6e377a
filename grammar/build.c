/* build.c - the ground under the actions: failing, lists, heights, and texts of tokens.
 *
 * Literals are decoded here, once: what a node holds is the text that is meant. A string without
 * anything to decode stays where it is in the script. */
#include "grammar/build.h"
#include "base/utf8.h"
#include "grammar/parse.h"

void *
list_room(Arena *a, void *at, u32 len, size_t elem_bytes)
{
    enum { FIRST = 4 };
    bool full = len == 0 || (len >= FIRST && (len & (len - 1)) == 0);
    if (!full) return at;
    size_t cap = len == 0 ? FIRST : (size_t)len * 2;
    void *room = arena_alloc(a, cap * elem_bytes, _Alignof(max_align_t));
    if (len) memcpy(room, at, len * elem_bytes);
    return room;
}

void
parse_fail(Parse *p, ErrCode code, u32 pos, u32 width, const char *text, const char *hint)
{
    if (p->status) return;
    p->status = err_set(p->err, code, pos, "%s", text);
    err_at(p->err, pos, width);
    if (hint) p->status = err_hint(p->err, p->status, "%s", hint);
}

u16
height_over(Parse *p, u32 pos, u16 a, u16 b)
{
    u16 height = (u16)(MAX(a, b) + 1);
    if (height > AST_HEIGHT_MAX && !p->status) {
        parse_fail(p, W1005, pos, 1, "the statement is nested too deeply",
                   "Split it with WITH or a view: a chain of 1,000 operators, set operations or "
                   "joins is the limit; lists in IN, AND and OR have none.");
    }
    return height;
}

u32
span_to_end(const Parse *p, u32 pos)
{
    return p->end > pos ? p->end - pos : 0;
}

Str
token_text(const Parse *p, Token t)
{
    return (Str){p->script.ptr + t.pos, t.width};
}

/* The inside of a quoted text with the doubled quotes single. */
static Str
quotes_undouble(Parse *p, Str inside, char quote)
{
    if (!inside.len || !memchr(inside.ptr, quote, inside.len)) return inside;
    char *text = arena_alloc(p->arena, inside.len, 1);
    u32 len = 0;
    for (u32 i = 0; i < inside.len; i++) {
        text[len++] = inside.ptr[i];
        if (inside.ptr[i] == quote) i++;
    }
    return (Str){text, len};
}

Name
name_make(Parse *p, Token t)
{
    Str text = token_text(p, t);
    if (t.quoted) {
        assert(text.len > 2);
        text = quotes_undouble(p, (Str){text.ptr + 1, text.len - 2}, '`');
    }
    return (Name){text, t.pos, t.width};
}

static i32
hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* \0041 or \+000041 at s[at], which is behind the escape character. Returns the digits read, 0
 * when it is not well formed. */
static u32
escape_read(Str s, u32 at, u32 *ret_code)
{
    u32 digits = at < s.len && s.ptr[at] == '+' ? 6 : 4;
    u32 first = at + (digits == 6);
    if (first + digits > s.len) return 0;
    u32 code = 0;
    for (u32 i = 0; i < digits; i++) {
        i32 v = hex_value(s.ptr[first + i]);
        if (v < 0) return 0;
        code = code << 4 | (u32)v;
    }
    *ret_code = code;
    return first + digits - at;
}

/* U&'...': the escapes are UTF-16 units or code points; surrogates come in pairs. */
static Str
unicode_decode(Parse *p, Token t, Str s, char escape)
{
    char *text = arena_alloc(p->arena, s.len + 1, 1); /* an escape is longer than its UTF-8 */
    u32 len = 0, high = 0;
    for (u32 i = 0; i < s.len;) {
        u32 code = 0, used = 0;
        bool escaped = s.ptr[i] == escape;
        if (escaped && i + 1 < s.len && s.ptr[i + 1] == escape) {
            escaped = false;
            i++;
        }
        if (escaped) used = escape_read(s, i + 1, &code);
        bool low = code >= 0xdc00 && code <= 0xdfff;
        if ((escaped && !used) || code > 0x10ffff || (high != 0) != low) {
            parse_fail(p, W1004, t.pos, t.width, "a Unicode escape is not well formed",
                       "Write four hex digits behind the backslash: U&'\\00e9'.");
            return STR("");
        }
        if (!escaped) {
            text[len++] = s.ptr[i++];
            continue;
        }
        i += 1 + used;
        if (code >= 0xd800 && code <= 0xdbff) {
            high = code;
            continue;
        }
        if (low) code = 0x10000 + ((high - 0xd800) << 10) + (code - 0xdc00);
        high = 0;
        len += utf8_encode(text + len, code);
    }
    if (high) parse_fail(p, W1004, t.pos, t.width, "half of a surrogate pair is missing", NULL);
    return (Str){text, len};
}

/* N'x', _UTF8'x', U&'x' [UESCAPE '!'], 'x'. */
Str
string_make(Parse *p, Token t)
{
    Str s = token_text(p, t);
    bool unicode = s.ptr[0] == 'U' || s.ptr[0] == 'u';
    char escape = '\\';
    u32 end = s.len;
    if (unicode) {
        /* With UESCAPE the token ends in the escape character's own string. */
        const char *close = s.ptr + 3;
        for (; close < s.ptr + s.len; close++) {
            if (*close != '\'') continue;
            if (close + 1 < s.ptr + s.len && close[1] == '\'')
                close++;
            else
                break;
        }
        end = (u32)(close - s.ptr) + 1;
        if (end < s.len) escape = s.ptr[s.len - 2];
    }
    const char *open = memchr(s.ptr, '\'', end);
    assert(open && end >= (u32)(open - s.ptr) + 2);
    Str inside = {open + 1, end - (u32)(open - s.ptr) - 2};
    inside = quotes_undouble(p, inside, '\'');
    return unicode ? unicode_decode(p, t, inside, escape) : inside;
}

Str
binary_make(Parse *p, Token t)
{
    Str s = token_text(p, t);
    assert(s.len >= 3);
    Str hex = {s.ptr + 2, s.len - 3};
    char *bytes = arena_alloc(p->arena, hex.len / 2 + 1, 1);
    for (u32 i = 0; i + 1 < hex.len; i += 2) {
        i32 high = hex_value(hex.ptr[i]), low = hex_value(hex.ptr[i + 1]);
        if (high < 0 || low < 0) {
            parse_fail(p, W1004, t.pos + 2 + i, 2, "a binary literal holds hex digits only", NULL);
            return STR("");
        }
        bytes[i / 2] = (char)(high << 4 | low);
    }
    if (hex.len % 2) {
        parse_fail(p, W1004, t.pos, t.width, "a binary literal needs an even number of hex digits",
                   NULL);
    }
    return (Str){bytes, hex.len / 2};
}

i64
integer_make(Parse *p, Token t, i64 max)
{
    i64 value = 0;
    if (str_to_i64(token_text(p, t), &value) && value <= max) return value;
    parse_fail(p, W1004, t.pos, t.width, "a number is too large here", NULL);
    return 0;
}

Path
path_add(Parse *p, Path path, Name name)
{
    u32 pos = path.len ? path.pos : name.pos;
    list_push(p, path, name);
    path.pos = pos;
    path.width = name.pos + name.width - pos;
    return path;
}

Str
text_upper(Parse *p, Str s)
{
    char *text = arena_copy(p->arena, s.ptr, s.len);
    for (u32 i = 0; i < s.len; i++) {
        if (text[i] >= 'a' && text[i] <= 'z') text[i] = (char)(text[i] - 32);
    }
    return (Str){text, s.len};
}
