/* csv_field.c - one field, looked at properly; and what to say when it does not fit.
 *
 * A field is NULL when it is the null literal without quotes, or empty and of a type other than
 * text. White space around a value that is not text does not count. */
#include "base/decimal.h"
#include "base/utf8.h"
#include "connectors/base64.h"
#include "connectors/csv.h"

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool
csv_unquote(const CsvScan *scan, Str field, char *room, Str *ret_text, bool *ret_quoted)
{
    const CsvOptions *o = scan->options;
    Str f = field;
    if (o->trim) {
        while (f.len && is_blank(f.ptr[0])) f.ptr++, f.len--;
        while (f.len && is_blank(f.ptr[f.len - 1])) f.len--;
    }
    bool quoted = f.len > 0 && (i32)(u8)f.ptr[0] == scan->quote;
    *ret_quoted = quoted;
    *ret_text = f;
    if (!quoted && (!o->escape || !memchr(f.ptr, o->escape, f.len))) return true;
    u32 n = 0, i = quoted, plain = 0;
    bool closed = !quoted;
    for (; i < f.len; i++) {
        u8 ch = (u8)f.ptr[i];
        if (o->escape && ch == o->escape && ch != scan->quote && i + 1 < f.len) {
            i++;
        } else if (quoted && (i32)ch == scan->quote) {
            if (i + 1 >= f.len || (i32)(u8)f.ptr[i + 1] != scan->quote) {
                closed = true;
                i++;
                break;
            }
            i++;
        } else {
            plain++;
        }
        room[n++] = f.ptr[i];
    }
    if (!closed || i < f.len) return false;
    /* Nothing was taken out: the bytes in the chunk will do. */
    *ret_text = n == plain ? (Str){f.ptr + quoted, n} : (Str){room, n};
    return true;
}

static CsvField
text_field(const CsvColumn *col, Str text, bool check_utf8, StrBuf *scratch, StrHeap **heap,
           Str *ret_text)
{
    if (type_is(col->type, KIND_BYTES)) {
        if (!*heap) *heap = strheap_new();
        char *room = strheap_room(*heap, text.len / 4 * 3 + 4);
        u32 n = 0;
        if (!base64_decode(room, text.ptr, text.len, &n)) return CSV_BAD_TYPE;
        *ret_text = (Str){room, n};
        return CSV_VALUE;
    }
    if (check_utf8 && !utf8_valid(text.ptr, text.len)) return CSV_BAD_UTF8_TEXT;
    bool ours = text.ptr >= scratch->ptr && text.ptr < scratch->ptr + scratch->cap;
    if (ours && text.len > STRVIEW_INLINE) {
        if (!*heap) *heap = strheap_new();
        char *room = strheap_room(*heap, text.len);
        memcpy(room, text.ptr, text.len);
        text.ptr = room;
    }
    *ret_text = text;
    return CSV_VALUE;
}

CsvField
csv_field(const CsvScan *scan, const CsvColumn *col, const char *ptr, u32 len, bool check_utf8,
          StrBuf *scratch, StrHeap **heap, Str *ret_text, void *ret_slot)
{
    const CsvOptions *o = scan->options;
    Str text;
    bool quoted;
    strbuf_clear(scratch);
    char *room = strbuf_room(scratch, (size_t)len + 1);
    if (!csv_unquote(scan, (Str){ptr, len}, room, &text, &quoted)) return CSV_BAD_QUOTE;
    if (o->null_set && !quoted && str_eq(text, o->null_literal)) return CSV_NULL;
    if (type_is(col->type, KIND_HEAP))
        return text_field(col, text, check_utf8, scratch, heap, ret_text);
    text = str_trim(text);
    if (text.len == 0) return CSV_NULL;
    switch (value_parse(col->type, text, scan->want->env ? scan->want->env->zone : NULL,
                        VALUE_STRICT, ret_slot)) {
    case TEXT_OK:
        return CSV_VALUE;
    case TEXT_RANGE:
        return CSV_BAD_RANGE;
    case TEXT_MALFORMED:
        break;
    }
    return CSV_BAD_TYPE;
}

Status
csv_field_error(const TextChunk *c, const CsvColumn *col, const char *ptr, u32 len, CsvField what,
                Err *err)
{
    char shown[ESCAPED_MAX];
    unsigned long long line = chunk_line_at(c, (u32)(ptr - c->data));
    Str name = col->field->name;
    StrBuf type = {0};
    type_print(&type, type_nullable(col->type, true));
    text_escaped(shown, ptr, len);
    Status st = ERR_OK;
    switch (what) {
    case CSV_VALUE:
    case CSV_NULL:
        UNREACHABLE();
    case CSV_BAD_TYPE:
        st = err_set(err, W3102, POS_NONE, "%s:%llu: field \"%.*s\": \"%s\" is not a %s", c->file,
                     line, STR_ARG(name), shown, type.ptr);
        break;
    case CSV_BAD_RANGE:
        st = err_set(err, W3102, POS_NONE, "%s:%llu: field \"%.*s\": \"%s\" is out of range of %s",
                     c->file, line, STR_ARG(name), shown, type.ptr);
        break;
    case CSV_BAD_UTF8_TEXT:
        st = err_set(err, W3104, POS_NONE, "%s:%llu: field \"%.*s\": \"%s\" is not valid UTF-8",
                     c->file, line, STR_ARG(name), shown);
        break;
    case CSV_BAD_QUOTE:
        st = err_set(err, W3101, POS_NONE,
                     "%s:%llu: field \"%.*s\": text goes on behind the closing quote: \"%s\"",
                     c->file, line, STR_ARG(name), shown);
        break;
    case CSV_BAD_NULL:
        st = err_set(err, W3103, POS_NONE, "%s:%llu: field \"%.*s\" has no value, but is NOT NULL",
                     c->file, line, STR_ARG(name));
        break;
    }
    strbuf_done(&type);
    return st;
}

Status
csv_count_error(const TextChunk *c, u32 from, u32 to, u32 got, u32 want, Err *err)
{
    char shown[ESCAPED_MAX];
    if (to > from && c->data[to - 1] == '\r') to--;
    Status st = err_set(err, W3101, POS_NONE, "%s:%llu: record has %u field%s, not %u: \"%s\"",
                        c->file, (unsigned long long)chunk_line_at(c, from), got,
                        got == 1 ? "" : "s", want, text_escaped(shown, c->data + from, to - from));
    if (got != 1) return st;
    return err_hint(err, st, "Is 'csv.field-delimiter' the one that the file uses?");
}
