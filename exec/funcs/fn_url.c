/* fn_url.c - parts of URLs, and percent encoding.
 *
 *     protocol://userinfo@host:port/path?query#ref
 *                '--- authority --'
 *                                  '-- file --'
 *
 * PARSE_URL answers as java.net.URL does: a protocol that it does not know gives NULL. */
#include "base/utf8.h"
#include "exec/funcs/funcs.h"

/* Parts that are absent have a NULL ptr; present ones may be empty. */
typedef struct Url {
    Str protocol, authority, userinfo, host, path, query, ref, file;
} Url;

static bool
str_cut(Str s, char at, Str *ret_head, Str *ret_tail)
{
    const char *p = s.len ? memchr(s.ptr, at, s.len) : NULL;
    if (!p) return false;
    u32 head = (u32)(p - s.ptr);
    *ret_head = (Str){s.ptr, head};
    *ret_tail = (Str){p + 1, s.len - head - 1};
    return true;
}

static bool
url_protocol_known(Str p)
{
    static const char *const known[] = {"http", "https", "ftp", "file", "jar"};
    for (u32 i = 0; i < ARRAY_LEN(known); i++) {
        if (str_eq_nocase(p, str_from(known[i]))) return true;
    }
    return false;
}

static void
url_authority(Url *u)
{
    Str rest = u->authority;
    for (u32 i = rest.len; i-- > 0;) { /* the last @: a password may hold one */
        if (rest.ptr[i] != '@') continue;
        u->userinfo = (Str){rest.ptr, i};
        rest = (Str){rest.ptr + i + 1, rest.len - i - 1};
        break;
    }
    u32 host = rest.len;
    if (rest.len && rest.ptr[0] == '[') { /* IPv6 */
        const char *close = memchr(rest.ptr, ']', rest.len);
        if (close) host = (u32)(close - rest.ptr) + 1;
    } else {
        const char *colon = rest.len ? memchr(rest.ptr, ':', rest.len) : NULL;
        if (colon) host = (u32)(colon - rest.ptr);
    }
    u->host = (Str){rest.ptr, host};
}

static bool
url_parse(Str s, Url *ret)
{
    Url u = {0};
    Str rest, head;
    s = str_trim(s);
    if (!str_cut(s, ':', &u.protocol, &rest) || !url_protocol_known(u.protocol)) return false;
    if (str_cut(rest, '#', &head, &u.ref)) rest = head;
    bool has_query = str_cut(rest, '?', &head, &u.query);
    Str before = has_query ? head : rest;
    u.path = before;
    if (str_starts(before, STR("//"))) {
        Str after = {before.ptr + 2, before.len - 2};
        const char *slash = after.len ? memchr(after.ptr, '/', after.len) : NULL;
        u32 len = slash ? (u32)(slash - after.ptr) : after.len;
        u.authority = (Str){after.ptr, len};
        u.path = (Str){after.ptr + len, after.len - len};
        url_authority(&u);
    }
    u32 file_len = (u32)(rest.ptr + rest.len - u.path.ptr);
    u.file = (Str){u.path.ptr, file_len};
    *ret = u;
    return true;
}

/* The value behind key= in the query. */
static Str
url_query_value(Str query, Str key)
{
    while (query.ptr) {
        Str pair = query, name, value;
        Str next = {0};
        if (str_cut(query, '&', &pair, &next))
            query = next;
        else
            query = (Str){0};
        if (str_cut(pair, '=', &name, &value) && str_eq(name, key)) return value;
    }
    return (Str){0};
}

static Str
url_part(const Url *u, Str name)
{
    const struct {
        Str name, value;
    } parts[] = {
        {STR("HOST"), u->host},           {STR("PATH"), u->path},
        {STR("QUERY"), u->query},         {STR("REF"), u->ref},
        {STR("FILE"), u->file},           {STR("PROTOCOL"), u->protocol},
        {STR("AUTHORITY"), u->authority}, {STR("USERINFO"), u->userinfo},
    };
    for (u32 i = 0; i < ARRAY_LEN(parts); i++) {
        if (str_eq(parts[i].name, name)) return parts[i].value;
    }
    return (Str){0};
}

static Status
parse_url_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)err;
    text_borrow(out, &args[0]);
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        Url u;
        Str part = {0};
        if (url_parse(lane_str(&args[0], i), &u)) part = url_part(&u, lane_str(&args[1], i));
        if (part.ptr && nargs > 2) {
            bool query = str_eq(lane_str(&args[1], i), STR("QUERY"));
            part = query ? url_query_value(part, lane_str(&args[2], i)) : (Str){0};
        }
        if (part.ptr)
            lane_borrow(out, i, part);
        else
            vector_set_null(out, i);
    }
    return ERR_OK;
}

/* ---- percent encoding, as java.net.URLEncoder ----------------------------------------------- */

static bool
url_char_stays(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '*' || c == '_';
}

static Status
url_encode_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    StrBuf text = {0};
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        Str s = lane_str(&args[0], i);
        strbuf_clear(&text);
        for (u32 k = 0; k < s.len; k++) {
            u8 c = (u8)s.ptr[k];
            char escape[3] = {'%', "0123456789ABCDEF"[c >> 4], "0123456789ABCDEF"[c & 15]};
            if (url_char_stays(s.ptr[k]))
                strbuf_char(&text, s.ptr[k]);
            else if (c == ' ')
                strbuf_char(&text, '+');
            else
                strbuf_add(&text, escape, 3);
        }
        lane_set_text(out, i, strbuf_view(&text));
    }
    strbuf_done(&text);
    return ERR_OK;
}

static i32
url_hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
url_decode_lane(StrBuf *to, Str s)
{
    for (u32 k = 0; k < s.len; k++) {
        char c = s.ptr[k];
        if (c == '%') {
            if (s.len - k < 3) return false;
            i32 high = url_hex(s.ptr[k + 1]), low = url_hex(s.ptr[k + 2]);
            if (high < 0 || low < 0) return false;
            c = (char)(high << 4 | low);
            k += 2;
        } else if (c == '+') {
            c = ' ';
        }
        strbuf_char(to, c);
    }
    return utf8_valid(to->ptr, to->len);
}

static Status
url_decode_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    StrBuf text = {0};
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        strbuf_clear(&text);
        if (url_decode_lane(&text, lane_str(&args[0], i)))
            lane_set_text(out, i, strbuf_view(&text));
        else
            vector_set_null(out, i);
    }
    strbuf_done(&text);
    return ERR_OK;
}

const FuncDef funcs_url[] = {
    {.name = "PARSE_URL",
     .args = {ARG_STRING, ARG_STRING, ARG_STRING},
     .args_min = 2,
     .ret = TYPE_VARCHAR,
     .flags = FUNC_NULLABLE,
     .kernel = parse_url_kernel,
     .category = "string",
     .syntax = "PARSE_URL(url, part [, key])",
     .doc = "HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY or USERINFO of a URL, or the value "
            "of a key in its QUERY.",
     .example = "PARSE_URL('http://weir.dev/a?k=1', 'QUERY', 'k') -> 1"},
    {.name = "URL_ENCODE",
     .args = {ARG_STRING},
     .ret = TYPE_VARCHAR,
     .kernel = url_encode_kernel,
     .category = "string",
     .syntax = "URL_ENCODE(text)",
     .doc = "The text in application/x-www-form-urlencoded form.",
     .example = "URL_ENCODE('a b/c') -> a+b%2Fc"},
    {.name = "URL_DECODE",
     .args = {ARG_STRING},
     .ret = TYPE_VARCHAR,
     .flags = FUNC_NULLABLE,
     .kernel = url_decode_kernel,
     .category = "string",
     .syntax = "URL_DECODE(text)",
     .doc = "The text that was encoded; NULL if it is not in that form.",
     .example = "URL_DECODE('a+b%2Fc') -> a b/c"},
    {0},
};
