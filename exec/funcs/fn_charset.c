/* fn_charset.c - ENCODE and DECODE: texts as bytes of a character set, and back.
 *
 * US-ASCII, ISO-8859-1, UTF-8, UTF-16BE, UTF-16LE and UTF-16 (big-endian with its mark). A
 * character that a set does not have becomes ?, one that cannot be read U+FFFD, as Java does it. */
#include "base/utf8.h"
#include "exec/funcs/funcs.h"

typedef enum Charset {
    CHARSET_NONE, /* not known */
    CHARSET_ASCII,
    CHARSET_LATIN1,
    CHARSET_UTF8,
    CHARSET_UTF16,
    CHARSET_UTF16BE,
    CHARSET_UTF16LE,
} Charset;

static Charset
charset_find(Str name)
{
    static const struct {
        Str name;
        Charset set;
    } known[] = {
        {STR("US-ASCII"), CHARSET_ASCII},   {STR("ISO-8859-1"), CHARSET_LATIN1},
        {STR("UTF-8"), CHARSET_UTF8},       {STR("UTF-16"), CHARSET_UTF16},
        {STR("UTF-16BE"), CHARSET_UTF16BE}, {STR("UTF-16LE"), CHARSET_UTF16LE},
    };
    for (u32 i = 0; i < ARRAY_LEN(known); i++) {
        if (str_eq_nocase(known[i].name, name)) return known[i].set;
    }
    return CHARSET_NONE;
}

static void
unit_add(StrBuf *to, u32 unit, bool little)
{
    char high = (char)(unit >> 8), low = (char)unit;
    strbuf_char(to, little ? low : high);
    strbuf_char(to, little ? high : low);
}

static void
charset_encode(StrBuf *to, Str s, Charset set)
{
    bool little = set == CHARSET_UTF16LE;
    u32 limit = set == CHARSET_ASCII ? 0x80 : 0x100;
    if (set == CHARSET_UTF8) {
        strbuf_str(to, s);
        return;
    }
    if (set == CHARSET_UTF16) unit_add(to, 0xFEFF, false);
    for (u32 at = 0, bytes; at < s.len; at += bytes) {
        u32 c = utf8_decode(s, at, &bytes);
        if (set == CHARSET_ASCII || set == CHARSET_LATIN1) {
            strbuf_char(to, c < limit ? (char)c : '?');
        } else if (c < 0x10000) {
            unit_add(to, c, little);
        } else {
            unit_add(to, 0xD7C0 + (c >> 10), little);
            unit_add(to, 0xDC00 + (c & 0x3FF), little);
        }
    }
}

static void
char_add(StrBuf *to, u32 c)
{
    char *room = strbuf_room(to, 4);
    to->len += utf8_encode(room, c);
}

static u32
unit_at(Str s, u32 at, bool little)
{
    u32 a = (u8)s.ptr[at], b = (u8)s.ptr[at + 1];
    return little ? b << 8 | a : a << 8 | b;
}

static void
utf16_decode(StrBuf *to, Str s, Charset set)
{
    bool little = set == CHARSET_UTF16LE;
    u32 at = 0;
    if (set == CHARSET_UTF16 && s.len >= 2) {
        u32 mark = unit_at(s, 0, false);
        little = mark == 0xFFFE;
        if (mark == 0xFFFE || mark == 0xFEFF) at = 2;
    }
    for (; at + 2 <= s.len; at += 2) {
        u32 c = unit_at(s, at, little);
        if (c >= 0xD800 && c < 0xDC00 && at + 4 <= s.len) {
            u32 low = unit_at(s, at + 2, little);
            if (low >= 0xDC00 && low < 0xE000) {
                c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
                at += 2;
            }
        }
        char_add(to, c >= 0xD800 && c < 0xE000 ? 0xFFFD : c);
    }
    if (at < s.len) char_add(to, 0xFFFD);
}

static void
charset_decode(StrBuf *to, Str s, Charset set)
{
    if (set == CHARSET_UTF16 || set == CHARSET_UTF16BE || set == CHARSET_UTF16LE) {
        utf16_decode(to, s, set);
        return;
    }
    for (u32 at = 0, bytes = 1; at < s.len; at += bytes) {
        u8 c = (u8)s.ptr[at];
        if (set == CHARSET_UTF8)
            char_add(to, utf8_decode(s, at, &bytes));
        else
            char_add(to, set == CHARSET_ASCII && c >= 0x80 ? 0xFFFD : c);
    }
}

static Status
charset_run(const EvalCtx *ctx, const Vector *args, Vector *out, bool encode, Err *err)
{
    StrBuf text = {0};
    Status st = ERR_OK;
    for (u32 i = 0; i < ctx->rows && !st; i++) {
        if (vector_is_null(out, i)) continue;
        Str name = lane_str(&args[1], i);
        Charset set = charset_find(name);
        if (set == CHARSET_NONE) {
            if (!eval_lane_counts(ctx, out, i)) continue;
            st = err_set(err, W3006, ctx->pos, "character set \"%.*s\" does not exist",
                         STR_ARG(name));
            st = err_hint(err, st,
                          "Write UTF-8, UTF-16LE, UTF-16BE, UTF-16, ISO-8859-1 or US-ASCII.");
            continue;
        }
        strbuf_clear(&text);
        if (encode)
            charset_encode(&text, lane_str(&args[0], i), set);
        else
            charset_decode(&text, lane_str(&args[0], i), set);
        lane_set_text(out, i, strbuf_view(&text));
    }
    strbuf_done(&text);
    return st;
}

static Status
encode_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs;
    return charset_run(ctx, args, out, true, err);
}
static Status
decode_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs;
    return charset_run(ctx, args, out, false, err);
}

const FuncDef funcs_charset[] = {
    {.name = "ENCODE",
     .args = {ARG_STRING, ARG_STRING},
     .ret = TYPE_VARBINARY,
     .flags = FUNC_CAN_FAIL,
     .kernel = encode_kernel,
     .category = "encoding",
     .syntax = "ENCODE(text, charset)",
     .doc = "The text as bytes of a character set.",
     .example = "HEX(ENCODE('hi', 'UTF-16LE')) -> 68006900"},
    {.name = "DECODE",
     .args = {TYPE_VARBINARY, ARG_STRING},
     .ret = TYPE_VARCHAR,
     .flags = FUNC_CAN_FAIL,
     .kernel = decode_kernel,
     .category = "encoding",
     .syntax = "DECODE(bytes, charset)",
     .doc = "The text that bytes of a character set stand for.",
     .example = "DECODE(x'68006900', 'UTF-16LE') -> hi"},
    {0},
};
