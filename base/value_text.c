/* value_text.c - CAST to and from text, for every type, in one place. */
#include "base/value_text.h"
#include "base/decimal.h"
#include "base/interval.h"
#include "base/utf8.h"

/* --- printing --- */

/* Room for the longest text that is not text itself. */
enum { VALUE_TEXT_MAX = 64 };

static u32
value_put(char *to, Type t, const void *slot, const TimeZone *zone)
{
    switch ((TypeKind)t.kind) {
    case TYPE_BOOLEAN:
        memcpy(to, *(const u8 *)slot ? "TRUE" : "FALSE", 5);
        return *(const u8 *)slot ? 4 : 5;
    case TYPE_TINYINT:
        return i64_print(to, *(const i8 *)slot);
    case TYPE_SMALLINT:
        return i64_print(to, *(const i16 *)slot);
    case TYPE_INT:
        return i64_print(to, *(const i32 *)slot);
    case TYPE_BIGINT:
        return i64_print(to, *(const i64 *)slot);
    case TYPE_DECIMAL:
        return decimal_print(to, *(const i128 *)slot, t.scale);
    case TYPE_FLOAT:
        return f32_print(to, *(const f32 *)slot);
    case TYPE_DOUBLE:
        return f64_print(to, *(const f64 *)slot);
    case TYPE_DATE:
        return date_print(to, *(const i32 *)slot);
    case TYPE_TIME:
        return time_print(to, *(const i64 *)slot, 0);
    case TYPE_TIMESTAMP:
        return timestamp_print(to, *(const i64 *)slot, t.scale);
    case TYPE_TIMESTAMP_LTZ:
        return timestamp_print(to, timezone_to_local(zone, *(const i64 *)slot), t.scale);
    case TYPE_INTERVAL_YM:
        return interval_ym_print(to, *(const i64 *)slot);
    case TYPE_INTERVAL_DT:
        return interval_dt_print(to, *(const i64 *)slot);
    case TYPE_NULL:
        memcpy(to, "NULL", 4);
        return 4;
    case TYPE_CHAR:
    case TYPE_VARCHAR:
    case TYPE_BINARY:
    case TYPE_VARBINARY:
    case TYPE_COUNT:
        break;
    }
    UNREACHABLE();
}

void
value_print(StrBuf *out, Type t, const void *slot, const TimeZone *zone)
{
    if (!slot) t.kind = TYPE_NULL;
    if (slot && type_is(t, KIND_HEAP)) {
        strbuf_str(out, strview_str(slot));
        return;
    }
    char text[VALUE_TEXT_MAX];
    strbuf_add(out, text, value_put(text, t, slot, zone ? zone : timezone_utc()));
}

/* --- reading --- */

static TextResult
boolean_parse(Str s, u8 *ret_value)
{
    static const struct {
        Str text;
        u8 value;
    } words[] = {{{"true", 4}, 1}, {{"false", 5}, 0}, {{"t", 1}, 1},   {{"f", 1}, 0},
                 {{"1", 1}, 1},    {{"0", 1}, 0},     {{"yes", 3}, 1}, {{"no", 2}, 0},
                 {{"y", 1}, 1},    {{"n", 1}, 0},     {{"on", 2}, 1},  {{"off", 3}, 0}};
    for (u32 i = 0; i < ARRAY_LEN(words); i++) {
        if (!str_eq_nocase(s, words[i].text)) continue;
        *ret_value = words[i].value;
        return TEXT_OK;
    }
    return TEXT_MALFORMED;
}

static TextResult
integer_parse(Str s, u32 flags, i64 min, i64 max, i64 *ret_value)
{
    return flags & VALUE_STRICT ? int_parse(s.ptr, s.len, min, max, ret_value)
                                : int_parse_cut(s.ptr, s.len, min, max, ret_value);
}

/* Strict: y-M-d with both dashes and nothing behind. */
static TextResult
date_value_parse(Str s, u32 flags, i32 *ret_days)
{
    if (flags & VALUE_STRICT) {
        u32 dashes = 0;
        for (u32 i = 0; i < s.len; i++) {
            dashes += s.ptr[i] == '-';
            if (s.ptr[i] == ' ' || (s.ptr[i] | 32) == 't') return TEXT_MALFORMED;
        }
        if (dashes != 2) return TEXT_MALFORMED;
    }
    return date_parse(s.ptr, s.len, ret_days);
}

TextResult
value_parse(Type t, Str text, const TimeZone *zone, u32 flags, void *ret_slot)
{
    Str s = str_trim(text);
    i64 v = 0;
    TextResult result = TEXT_MALFORMED;
    switch ((TypeKind)t.kind) {
    case TYPE_BOOLEAN:
        return boolean_parse(s, ret_slot);
    case TYPE_TINYINT:
        result = integer_parse(s, flags, INT8_MIN, INT8_MAX, &v);
        if (result == TEXT_OK) *(i8 *)ret_slot = (i8)v;
        return result;
    case TYPE_SMALLINT:
        result = integer_parse(s, flags, INT16_MIN, INT16_MAX, &v);
        if (result == TEXT_OK) *(i16 *)ret_slot = (i16)v;
        return result;
    case TYPE_INT:
        result = integer_parse(s, flags, INT32_MIN, INT32_MAX, &v);
        if (result == TEXT_OK) *(i32 *)ret_slot = (i32)v;
        return result;
    case TYPE_BIGINT:
        return integer_parse(s, flags, INT64_MIN, INT64_MAX, ret_slot);
    case TYPE_DECIMAL:
        return decimal_parse(s.ptr, s.len, t.precision, t.scale, ret_slot);
    case TYPE_FLOAT:
        return f32_parse(s.ptr, s.len, ret_slot);
    case TYPE_DOUBLE:
        return f64_parse(s.ptr, s.len, ret_slot);
    case TYPE_DATE:
        return date_value_parse(s, flags, ret_slot);
    case TYPE_TIME:
        result = time_parse(s.ptr, s.len, &v);
        break;
    case TYPE_TIMESTAMP:
        result = timestamp_parse(s.ptr, s.len, &v);
        break;
    case TYPE_TIMESTAMP_LTZ:
        result = timestamp_ltz_parse(s.ptr, s.len, zone ? zone : timezone_utc(), &v);
        break;
    case TYPE_INTERVAL_YM:
        return interval_ym_parse(s, ret_slot);
    case TYPE_INTERVAL_DT:
        return interval_dt_parse(s, ret_slot);
    case TYPE_NULL:
    case TYPE_CHAR:
    case TYPE_VARCHAR:
    case TYPE_BINARY:
    case TYPE_VARBINARY:
    case TYPE_COUNT:
        UNREACHABLE();
    }
    if (result == TEXT_OK) *(i64 *)ret_slot = timestamp_cut(v, t.scale);
    return result;
}

/* --- lengths --- */

/* Bytes of the first n characters (or bytes), and how many there are up to n. */
static u32
fit_bytes(Type t, Str text, u32 *ret_units)
{
    u32 n = t.precision;
    if (type_is(t, KIND_BYTES)) {
        *ret_units = MIN(text.len, n);
        return *ret_units;
    }
    if (t.kind == TYPE_VARCHAR && text.len <= n) { /* a character has a byte at least */
        *ret_units = n;
        return text.len;
    }
    u32 bytes = utf8_offset(text, n);
    *ret_units = bytes < text.len ? n : utf8_length(text);
    return bytes;
}

Str
value_fit(Type t, Str text, StrBuf *scratch)
{
    u32 units;
    assert(type_is(t, KIND_HEAP));
    Str cut = {text.ptr, fit_bytes(t, text, &units)};
    bool pads = t.kind == TYPE_CHAR || t.kind == TYPE_BINARY;
    if (!pads || units >= t.precision) return cut;
    u32 missing = t.precision - units;
    strbuf_clear(scratch);
    strbuf_str(scratch, cut);
    memset(strbuf_room(scratch, missing), t.kind == TYPE_CHAR ? ' ' : 0, missing);
    scratch->len += missing;
    scratch->ptr[scratch->len] = '\0';
    return strbuf_view(scratch);
}

TextResult
value_store(Vector *v, u32 i, Str text, const TimeZone *zone, u32 flags)
{
    assert(v->form == VEC_FLAT && i < v->len);
    if (!type_is(v->type, KIND_HEAP)) {
        return value_parse(v->type, text, zone, flags,
                           v->data->bytes + (size_t)i * type_slot_bytes[v->type.kind]);
    }
    StrBuf scratch = {0};
    Str fitted = value_fit(v->type, text, &scratch);
    vector_set_str(v, i, fitted.ptr, fitted.len);
    strbuf_done(&scratch);
    return TEXT_OK;
}
