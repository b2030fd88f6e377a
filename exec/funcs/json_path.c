/* json_path.c - a validating walker over JSON text. It builds no tree: a value is a stretch of the
 * text, and finding one skips its neighbours. */
#include "exec/funcs/json_path.h"

#include "base/utf8.h"

typedef struct Json {
    const char *at, *end;
} Json;

static void
json_space(Json *j)
{
    while (j->at < j->end && (*j->at == ' ' || *j->at == '\t' || *j->at == '\n' || *j->at == '\r'))
        j->at++;
}

static i32
hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hexadecimal digits at p; -1 if they are not. */
static i32
hex4(const char *p, const char *end)
{
    i32 v = 0;
    if (end - p < 4) return -1;
    for (u32 i = 0; i < 4; i++) {
        i32 d = hex_value(p[i]);
        if (d < 0) return -1;
        v = v << 4 | d;
    }
    return v;
}

static bool
json_string(Json *j)
{
    for (j->at++; j->at < j->end; j->at++) {
        u8 c = (u8)*j->at;
        if (c == '"') {
            j->at++;
            return true;
        }
        if (c < 0x20) return false;
        if (c != '\\') continue;
        if (++j->at >= j->end) return false;
        if (*j->at == 'u') {
            if (hex4(j->at + 1, j->end) < 0) return false;
            j->at += 4;
        } else if (!memchr("\"\\/bfnrt", *j->at, 8)) {
            return false;
        }
    }
    return false;
}

static bool
json_digits(Json *j)
{
    const char *from = j->at;
    while (j->at < j->end && *j->at >= '0' && *j->at <= '9') j->at++;
    return j->at > from;
}

static bool
json_number(Json *j)
{
    if (*j->at == '-') j->at++;
    if (j->at < j->end && *j->at == '0')
        j->at++;
    else if (!json_digits(j))
        return false;
    if (j->at < j->end && *j->at == '.') {
        j->at++;
        if (!json_digits(j)) return false;
    }
    if (j->at < j->end && (*j->at | 32) == 'e') {
        j->at++;
        if (j->at < j->end && (*j->at == '+' || *j->at == '-')) j->at++;
        if (!json_digits(j)) return false;
    }
    return true;
}

static bool
json_word(Json *j, Str word)
{
    if ((size_t)(j->end - j->at) < word.len || memcmp(j->at, word.ptr, word.len) != 0) return false;
    j->at += word.len;
    return true;
}

static bool json_value(Json *j, u32 depth);

static bool
json_members(Json *j, bool object, u32 depth)
{
    char close = object ? '}' : ']';
    j->at++;
    json_space(j);
    if (j->at < j->end && *j->at == close) {
        j->at++;
        return true;
    }
    for (;;) {
        json_space(j);
        if (object) {
            if (j->at >= j->end || *j->at != '"' || !json_string(j)) return false;
            json_space(j);
            if (j->at >= j->end || *j->at++ != ':') return false;
        }
        if (!json_value(j, depth + 1)) return false;
        json_space(j);
        if (j->at >= j->end) return false;
        char c = *j->at++;
        if (c == close) return true;
        if (c != ',') return false;
    }
}

/* Recursion is bounded by JSON_DEPTH_MAX. */
static bool
json_value(Json *j, u32 depth)
{
    json_space(j);
    if (j->at >= j->end || depth > JSON_DEPTH_MAX) return false;
    switch (*j->at) {
    case '{':
        return json_members(j, true, depth);
    case '[':
        return json_members(j, false, depth);
    case '"':
        return json_string(j);
    case 't':
        return json_word(j, STR("true"));
    case 'f':
        return json_word(j, STR("false"));
    case 'n':
        return json_word(j, STR("null"));
    default:
        return json_number(j);
    }
}

char
json_check(Str text)
{
    Json j = {text.ptr, text.ptr + text.len};
    json_space(&j);
    if (j.at >= j.end) return 0;
    char first = *j.at;
    if (!json_value(&j, 0)) return 0;
    json_space(&j);
    return j.at == j.end ? first : 0;
}

/* ---- finding -------------------------------------------------------------------------------- */

static bool
key_is(Str written, Str key)
{
    Str inside = {written.ptr + 1, written.len - 2};
    if (!memchr(written.ptr, '\\', written.len)) return str_eq(inside, key);
    StrBuf plain = {0};
    json_unescape(&plain, written);
    bool same = str_eq(strbuf_view(&plain), key);
    strbuf_done(&plain);
    return same;
}

/* Stand on the member that the step names; the text is known to be valid. */
static bool
json_enter(Json *j, const JsonStep *step)
{
    json_space(j);
    if (*j->at != (step->is_index ? '[' : '{')) return false;
    j->at++;
    for (u32 i = 0;; i++) {
        json_space(j);
        if (*j->at == ']' || *j->at == '}') return false;
        bool here = step->is_index && i == step->index;
        if (!step->is_index) {
            const char *from = j->at;
            json_string(j);
            here = key_is((Str){from, (u32)(j->at - from)}, step->key);
            json_space(j);
            j->at++; /* : */
            json_space(j);
        }
        if (here) return true;
        json_value(j, 0);
        json_space(j);
        if (*j->at != ',') return false;
        j->at++;
    }
}

bool
json_find(Str text, const JsonPath *path, Str *ret_value)
{
    Json j = {text.ptr, text.ptr + text.len};
    for (u32 i = 0; i < path->len; i++) {
        if (!json_enter(&j, &path->at[i])) return false;
    }
    json_space(&j);
    const char *from = j.at;
    json_value(&j, 0);
    *ret_value = (Str){from, (u32)(j.at - from)};
    return true;
}

/* ---- the path ------------------------------------------------------------------------------- */

static Status
path_wrong(Str text, u32 pos, Err *err)
{
    Status st = err_set(err, W3004, pos, "'%.*s' is not a JSON path", STR_ARG(text));
    return err_hint(err, st, "Write a path such as '$.a.b[0]' or 'lax $.a'.");
}

static bool
path_name_char(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || c == '$' ||
           c == '-' || (u8)c >= 128;
}

/* A key in quotes at s->at; the quote doubles or is escaped inside. */
static bool
path_quoted(Arena *a, Json *s, Str *ret_key)
{
    char quote = *s->at++;
    char *key = arena_array(a, char, s->end - s->at + 1);
    u32 len = 0;
    while (s->at < s->end && *s->at != quote) {
        if (*s->at == '\\' && s->at + 1 < s->end) s->at++;
        key[len++] = *s->at++;
    }
    if (s->at >= s->end) return false;
    s->at++;
    *ret_key = (Str){key, len};
    return true;
}

static bool
path_index(Json *s, u32 *ret_index)
{
    u64 v = 0;
    const char *from = s->at;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9' && v < 1000000000u)
        v = v * 10 + (u64)(*s->at++ - '0');
    *ret_index = (u32)v;
    return s->at > from && v < 1000000000u;
}

/* One step; false if it is not well formed. */
static bool
path_step(Arena *a, Json *s, JsonStep *step)
{
    *step = (JsonStep){0};
    bool bracket_next = *s->at == '.' && s->at + 1 < s->end && s->at[1] == '[';
    if (bracket_next) s->at++; /* $.['key'] is $['key'] */
    if (*s->at == '.') {
        s->at++;
        if (s->at < s->end && *s->at == '"') return path_quoted(a, s, &step->key);
        const char *from = s->at;
        while (s->at < s->end && path_name_char(*s->at)) s->at++;
        step->key = (Str){arena_copy(a, from, (size_t)(s->at - from)), (u32)(s->at - from)};
        return step->key.len > 0;
    }
    if (*s->at != '[') return false;
    s->at++;
    json_space(s);
    if (s->at < s->end && (*s->at == '\'' || *s->at == '"')) {
        if (!path_quoted(a, s, &step->key)) return false;
    } else {
        step->is_index = true;
        if (!path_index(s, &step->index)) return false;
    }
    json_space(s);
    return s->at < s->end && *s->at++ == ']';
}

Status
json_path_compile(Arena *a, Str text, u32 pos, JsonPath *ret, Err *err)
{
    Str t = str_trim(text);
    *ret = (JsonPath){.strict = true};
    if (t.len > 4 && str_eq_nocase((Str){t.ptr, 4}, STR("lax "))) {
        ret->strict = false;
        t = str_trim((Str){t.ptr + 4, t.len - 4});
    } else if (t.len > 7 && str_eq_nocase((Str){t.ptr, 7}, STR("strict "))) {
        t = str_trim((Str){t.ptr + 7, t.len - 7});
    }
    if (!t.len || t.ptr[0] != '$') return path_wrong(text, pos, err);
    Json s = {t.ptr + 1, t.ptr + t.len};
    while (s.at < s.end) {
        if (ret->len == JSON_STEPS_MAX) {
            return err_set(err, W7003, pos, "a JSON path may have %u steps", JSON_STEPS_MAX);
        }
        Str rest = {s.at, (u32)(s.end - s.at)};
        if (str_starts(rest, STR("[*")) || str_starts(rest, STR(".*")) ||
            str_starts(rest, STR("[?")) || str_starts(rest, STR("..")))
            return err_set(err, W2001, pos, "wildcards and filters in JSON paths");
        if (!path_step(a, &s, &ret->at[ret->len++])) return path_wrong(text, pos, err);
    }
    return ERR_OK;
}

/* ---- strings -------------------------------------------------------------------------------- */

/* One escape at s.ptr[*at] (a backslash); false if it is none. */
static bool
unescape_one(StrBuf *to, Str s, u32 *at)
{
    u32 i = *at + 1;
    if (i >= s.len) return false;
    const char *plain = "\"\\/bfnrt", *means = "\"\\/\b\f\n\r\t";
    const char *p = memchr(plain, s.ptr[i], 8);
    if (p) {
        strbuf_char(to, means[p - plain]);
        *at = i + 1;
        return true;
    }
    const char *end = s.ptr + s.len;
    i32 unit = s.ptr[i] == 'u' ? hex4(s.ptr + i + 1, end) : -1;
    if (unit < 0) return false;
    u32 code = (u32)unit;
    i += 5;
    if (code >= 0xD800 && code < 0xDC00 && i + 6 <= s.len && s.ptr[i] == '\\' &&
        s.ptr[i + 1] == 'u') {
        i32 low = hex4(s.ptr + i + 2, end);
        if (low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + ((u32)low - 0xDC00);
            i += 6;
        }
    }
    if (code >= 0xD800 && code < 0xE000) code = 0xFFFD; /* half of a pair */
    char *room = strbuf_room(to, 4);
    to->len += utf8_encode(room, code);
    *at = i;
    return true;
}

bool
json_unescape_inside(StrBuf *to, Str inside)
{
    for (u32 i = 0; i < inside.len;) {
        if (inside.ptr[i] != '\\')
            strbuf_char(to, inside.ptr[i++]);
        else if (!unescape_one(to, inside, &i))
            return false;
    }
    return true;
}

void
json_unescape(StrBuf *to, Str value)
{
    bool valid = json_unescape_inside(to, (Str){value.ptr + 1, value.len - 2});
    assert(valid); /* the text was checked */
}

void
json_compact(StrBuf *to, Str value)
{
    bool inside = false; /* of a string */
    for (u32 i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (!inside && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) continue;
        strbuf_char(to, c);
        if (inside && c == '\\')
            strbuf_char(to, value.ptr[++i]);
        else if (c == '"')
            inside = !inside;
    }
}

static void
quote_unit(StrBuf *to, u32 unit)
{
    strbuf_printf(to, "\\u%04x", unit);
}

void
json_quote(StrBuf *to, Str text, bool ascii)
{
    strbuf_char(to, '"');
    for (u32 i = 0, bytes; i < text.len; i += bytes) {
        u32 c = utf8_decode(text, i, &bytes);
        const char *special = "\"\\\b\f\n\r\t", *letters = "\"\\bfnrt";
        const char *p = c < 128 ? memchr(special, (int)c, 7) : NULL;
        if (p && c) {
            strbuf_char(to, '\\');
            strbuf_char(to, letters[p - special]);
        } else if (c == '/' && ascii) {
            strbuf_add(to, "\\/", 2);
        } else if (c < 0x20 || (ascii && c > 126 && c < 0x10000)) {
            quote_unit(to, c);
        } else if (ascii && c >= 0x10000) {
            quote_unit(to, 0xD7C0 + (c >> 10));
            quote_unit(to, 0xDC00 + (c & 0x3FF));
        } else {
            strbuf_add(to, text.ptr + i, bytes);
        }
    }
    strbuf_char(to, '"');
}
