/* json_value.c - tokens of JSON values into the slots of a column.
 *
 * One loop per frequent type, of csv_kernels.h and json_lines.h, takes what nearly all values look
 * like (a few digits, a fixed time stamp, a text without escapes) and leaves everything else to
 * value_store(), which knows the whole of JSON's grammar and Flink's rules: numbers and booleans
 * may stand in texts, a fraction for an integer column is cut off, any value fits a text column as
 * it is written. */
#include "base/decimal.h"
#include "base/timezone.h"
#include "connectors/base64.h"
#include "connectors/json_lines.h"

/* --- grammar ------------------------------------------------------------------------------- */

static u32
digits_run(const char *text, u32 len, u32 at)
{
    while (at < len && text[at] >= '0' && text[at] <= '9') at++;
    return at;
}

bool
json_number_valid(const char *text, u32 len)
{
    u32 at = len && text[0] == '-';
    u32 whole = digits_run(text, len, at);
    if (whole == at || (text[at] == '0' && whole > at + 1)) return false;
    at = whole;
    if (at < len && text[at] == '.') {
        u32 fraction = digits_run(text, len, at + 1);
        if (fraction == at + 1) return false;
        at = fraction;
    }
    if (at < len && (text[at] | 0x20) == 'e') {
        at++;
        if (at < len && (text[at] == '+' || text[at] == '-')) at++;
        u32 exponent = digits_run(text, len, at);
        if (exponent == at) return false;
        at = exponent;
    }
    return at == len;
}

static bool
hex4(const char *text, u32 *ret_value)
{
    u32 v = 0;
    for (u32 i = 0; i < 4; i++) {
        u32 c = (u8)text[i], lower = c | 0x20;
        if (c >= '0' && c <= '9')
            v = v << 4 | (c - '0');
        else if (lower >= 'a' && lower <= 'f')
            v = v << 4 | (lower - 'a' + 10);
        else
            return false;
    }
    *ret_value = v;
    return true;
}

/* \uXXXX at text[0, len), or two of them for one character past U+FFFF; returns the bytes read, 0
 * when the verdict says why not. */
static u32
unescape_code_point(const char *text, u32 len, u32 *ret_code, JsonVerdict *ret_verdict)
{
    u32 code, low;
    *ret_verdict = JSON_VALUE_BROKEN;
    if (len < 6 || !hex4(text + 2, &code)) return 0;
    *ret_code = code;
    if (code < 0xD800 || code > 0xDFFF) return 6;
    *ret_verdict = JSON_VALUE_UTF8;
    if (code > 0xDBFF || len < 12 || text[6] != '\\' || text[7] != 'u') return 0;
    if (!hex4(text + 8, &low) || low < 0xDC00 || low > 0xDFFF) return 0;
    *ret_code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    return 12;
}

static u32
code_point_put(char *out, u32 c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    u32 more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    u32 lead = more == 1 ? 0xC0 : more == 2 ? 0xE0 : 0xF0;
    out[0] = (char)(lead | c >> (6 * more));
    for (u32 i = 1; i <= more; i++) out[i] = (char)(0x80 | (c >> (6 * (more - i)) & 0x3F));
    return more + 1;
}

bool
json_string_unescape(const char *text, u32 len, char *out, u32 *ret_len, JsonVerdict *ret_verdict)
{
    static const char plain[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    u32 n = 0;
    for (u32 i = 0; i < len;) {
        if (text[i] != '\\') {
            out[n++] = text[i++];
            continue;
        }
        *ret_verdict = JSON_VALUE_BROKEN;
        if (i + 1 == len) return false;
        if (text[i + 1] == 'u') {
            u32 code = 0, used = unescape_code_point(text + i, len - i, &code, ret_verdict);
            if (!used) return false;
            n += code_point_put(out + n, code);
            i += used;
            continue;
        }
        const char *p = text[i + 1] ? strchr(plain, text[i + 1]) : NULL;
        if (!p) return false;
        out[n++] = means[p - plain];
        i += 2;
    }
    *ret_len = n;
    return true;
}

/* --- one value, any type ------------------------------------------------------------------- */

static JsonVerdict
verdict_of(TextResult r)
{
    if (r == TEXT_OK) return JSON_VALUE_FINE;
    return r == TEXT_RANGE ? JSON_VALUE_RANGE : JSON_VALUE_TYPE;
}

static void
integer_bounds(TypeKind kind, i64 *ret_min, i64 *ret_max)
{
    *ret_min = INT64_MIN, *ret_max = INT64_MAX;
    if (kind == TYPE_TINYINT) *ret_min = INT8_MIN, *ret_max = INT8_MAX;
    if (kind == TYPE_SMALLINT) *ret_min = INT16_MIN, *ret_max = INT16_MAX;
    if (kind == TYPE_INT || kind == TYPE_INTERVAL_YM) *ret_min = INT32_MIN, *ret_max = INT32_MAX;
}

/* A JSON number with an exponent, cut to an integer. */
static TextResult
integer_of_float(Str text, i64 min, i64 max, i64 *ret_value)
{
    f64 x;
    i128 exact;
    TextResult r = f64_parse(text.ptr, text.len, &x);
    if (r) return r;
    if (x > -0x1p53 && x < 0x1p53) {
        exact = (i64)x;
    } else if (decimal_parse(text.ptr, text.len, DECIMAL_PRECISION_MAX, 0, &exact)) {
        return TEXT_RANGE;
    }
    if (exact < min || exact > max) return TEXT_RANGE;
    *ret_value = (i64)exact;
    return TEXT_OK;
}

static JsonVerdict
integer_store(Type t, Str text, bool quoted, void *slot)
{
    i64 min, max, v = 0;
    integer_bounds((TypeKind)t.kind, &min, &max);
    TextResult r;
    if (quoted)
        r = int_parse(text.ptr, text.len, min, max, &v);
    else if (memchr(text.ptr, 'e', text.len) || memchr(text.ptr, 'E', text.len))
        r = integer_of_float(text, min, max, &v);
    else
        r = int_parse_cut(text.ptr, text.len, min, max, &v);
    if (r) return verdict_of(r);
    if (t.kind == TYPE_INTERVAL_DT && __builtin_mul_overflow(v, 1000, &v)) return JSON_VALUE_RANGE;
    switch ((Phys)type_phys[t.kind]) {
    case PHYS_I8:
        *(i8 *)slot = (i8)v;
        break;
    case PHYS_I16:
        *(i16 *)slot = (i16)v;
        break;
    case PHYS_I32:
        *(i32 *)slot = (i32)v;
        break;
    case PHYS_I64:
        *(i64 *)slot = v;
        break;
    case PHYS_U8:
    case PHYS_I128:
    case PHYS_F32:
    case PHYS_F64:
    case PHYS_STR:
    case PHYS_COUNT:
        UNREACHABLE();
    }
    return JSON_VALUE_FINE;
}

static JsonVerdict
float_store(Type t, Str text, void *slot)
{
    f64 x = 0;
    f32 y = 0;
    bool is_float = t.kind == TYPE_FLOAT;
    TextResult r = is_float ? f32_parse(text.ptr, text.len, &y) : f64_parse(text.ptr, text.len, &x);
    if (r) return verdict_of(r);
    /* Digits that come out infinite are a number that does not fit; the word Infinity is one. */
    bool infinite = is_float ? __builtin_isinf(y) : __builtin_isinf(x);
    char last = text.ptr[text.len - 1];
    if (infinite && ((last >= '0' && last <= '9') || last == '.')) return JSON_VALUE_RANGE;
    if (is_float)
        *(f32 *)slot = y;
    else
        *(f64 *)slot = x;
    return JSON_VALUE_FINE;
}

/* SQL's and ISO's forms of all time types. A Z behind a TIMESTAMP is taken as "UTC, as told". */
static JsonVerdict
time_store(const JsonRows *rows, Type t, Str text, void *slot)
{
    const ConnectorEnv *env = rows->scan->want->env;
    i64 us = 0;
    i32 days = 0;
    TextResult r;
    if (t.kind == TYPE_DATE) {
        if (text.len != 10) return JSON_VALUE_TYPE;
        r = date_parse(text.ptr, text.len, &days);
        if (!r) *(i32 *)slot = days;
        return verdict_of(r);
    }
    if (t.kind == TYPE_TIME) {
        if (text.len && text.ptr[text.len - 1] == 'Z') text.len--;
        r = time_parse(text.ptr, text.len, &us);
    } else if (t.kind == TYPE_TIMESTAMP) {
        if (text.len > 11 && text.ptr[text.len - 1] == 'Z') text.len--;
        r = timestamp_parse(text.ptr, text.len, &us);
    } else {
        const TimeZone *zone = env && env->zone ? env->zone : timezone_utc();
        r = timestamp_ltz_parse(text.ptr, text.len, zone, &us);
    }
    if (r) return verdict_of(r);
    *(i64 *)slot = timestamp_cut(us, t.scale);
    return JSON_VALUE_FINE;
}

static JsonVerdict
boolean_store(Str text, u8 *slot)
{
    if (!str_eq_nocase(text, STR("true")) && !str_eq_nocase(text, STR("false")))
        return JSON_VALUE_TYPE;
    *slot = text.len == 4;
    return JSON_VALUE_FINE;
}

static JsonVerdict
text_store(JsonRows *rows, Vector *v, u32 row, Str text, bool quoted, bool escaped)
{
    StrView *slot = vector_data(v, StrView) + row;
    if (type_is(v->type, KIND_BYTES)) {
        if (!quoted) return JSON_VALUE_TYPE;
        char *out = vector_room(v, text.len / 4 * 3 + 3); /* text may be in scratch */
        u32 n;
        if (!base64_decode(out, text.ptr, text.len, &n)) return JSON_VALUE_TYPE;
        *slot = strview_make(out, n);
        return JSON_VALUE_FINE;
    }
    if (escaped) {
        vector_set_str(v, row, text.ptr, text.len); /* text is in scratch */
        return JSON_VALUE_FINE;
    }
    *slot = strview_make(text.ptr, text.len);
    rows->keep_text |= text.len > STRVIEW_INLINE;
    return JSON_VALUE_FINE;
}

static JsonVerdict
typed_store(JsonRows *rows, Vector *v, u32 row, Str text, bool quoted)
{
    Type t = v->type;
    void *slot = v->data->bytes + (size_t)row * type_slot_bytes[t.kind];
    if (quoted) text = str_trim(text);
    if (quoted && text.len == 0) return JSON_VALUE_TYPE;
    if (type_is(t, KIND_INTEGER)) return integer_store(t, text, quoted, slot);
    if (type_is(t, KIND_APPROX)) return float_store(t, text, slot);
    if (t.kind == TYPE_DECIMAL) {
        i128 d;
        TextResult r = decimal_parse(text.ptr, text.len, t.precision, t.scale, &d);
        if (!r) memcpy(slot, &d, sizeof d);
        return verdict_of(r);
    }
    if (type_is(t, KIND_INTERVAL)) return integer_store(t, text, quoted, slot);
    if (t.kind == TYPE_BOOLEAN) return quoted ? boolean_store(text, slot) : JSON_VALUE_TYPE;
    if (type_is(t, KIND_TIME)) return quoted ? time_store(rows, t, text, slot) : JSON_VALUE_TYPE;
    return JSON_VALUE_TYPE;
}

/* Any value into slot `row`, by JSON's whole grammar. */
static JsonVerdict
value_store(JsonRows *rows, Vector *v, u32 row, JsonToken token)
{
    u32 len = JSON_TOKEN_LEN(token);
    bool is_text = type_is(v->type, KIND_TEXT), is_heap = type_is(v->type, KIND_HEAP);
    if (len == 0) return JSON_VALUE_MISSING;
    Str text = {rows->text + token.at, len};
    switch (text.ptr[0]) {
    case 'n':
        return str_eq(text, STR("null")) ? JSON_VALUE_NULL : JSON_VALUE_BROKEN;
    case 't':
    case 'f':
        if (!str_eq(text, STR("true")) && !str_eq(text, STR("false"))) return JSON_VALUE_BROKEN;
        if (is_text) return text_store(rows, v, row, text, false, false);
        if (v->type.kind != TYPE_BOOLEAN) return JSON_VALUE_TYPE;
        return boolean_store(text, vector_data(v, u8) + row);
    case '{':
    case '[':
        return is_text ? text_store(rows, v, row, text, false, false) : JSON_VALUE_TYPE;
    case '"':
        break;
    default:
        if (!json_number_valid(text.ptr, text.len)) return JSON_VALUE_BROKEN;
        if (is_heap) return text_store(rows, v, row, text, false, false);
        return typed_store(rows, v, row, text, false);
    }
    if (len < 2 || text.ptr[len - 1] != '"') return JSON_VALUE_BROKEN;
    text = (Str){text.ptr + 1, len - 2};
    bool escaped =
        (token.end & JSON_TOKEN_ESCAPED) && text.len && memchr(text.ptr, '\\', text.len) != NULL;
    if (escaped) {
        JsonVerdict verdict;
        strbuf_clear(&rows->scratch);
        char *out = strbuf_room(&rows->scratch, text.len);
        u32 n;
        if (!json_string_unescape(text.ptr, text.len, out, &n, &verdict)) return verdict;
        text = (Str){out, n};
    }
    if (is_heap) return text_store(rows, v, row, text, true, escaped);
    return typed_store(rows, v, row, text, true);
}

/* --- what happens to bad values ------------------------------------------------------------ */

static void
row_fault(JsonRows *rows, u32 row, u32 column, JsonVerdict why)
{
    const JsonOptions *o = rows->scan->options;
    if (o->on_error == JSON_ON_ERROR_SKIP || o->ignore_errors) {
        if (bit_get(rows->drop, row)) return;
        bit_set(rows->drop, row);
        rows->dropped++;
    } else if (row < rows->fail_row) {
        rows->fail_row = row;
        rows->fail_column = column;
        rows->fail_why = why;
    }
}

/* The way for every value that a fast loop did not take. */
static void
value_settle(JsonRows *rows, Vector *v, u32 column, u32 row, JsonToken token)
{
    const JsonOptions *o = rows->scan->options;
    JsonVerdict why = value_store(rows, v, row, token);
    if (why == JSON_VALUE_FINE) return;
    vector_set_null(v, row);
    if (why == JSON_VALUE_MISSING && !o->fail_on_missing) why = JSON_VALUE_NULL;
    /* 'ignore-parse-errors' makes the field NULL, where a whole row need not go. */
    if (o->ignore_errors && why != JSON_VALUE_BROKEN) why = JSON_VALUE_NULL;
    if (why == JSON_VALUE_NULL) {
        if (!v->type.not_null) return;
        why = JSON_VALUE_NO_NULL;
    }
    row_fault(rows, row, column, why);
}

/* --- columns ------------------------------------------------------------------------------- */

JsonLoop
json_loop_of(const JsonScan *scan, u32 column)
{
    const CsvKernels *k = scan->kernels;
    Type t = scan->columns[column].field->type;
    JsonLoop l = {.state = CSV_LOOP_START};
    l.state.strict = true;
    l.state.scale = t.scale;
    if (t.kind == TYPE_BIGINT) l.run = k->i64s;
    if (t.kind == TYPE_INT) l.run = k->i32s;
    if (t.kind == TYPE_DOUBLE) l.run = k->f64s;
    if (t.kind == TYPE_FLOAT) l.run = k->f32s;
    if (t.kind == TYPE_TIMESTAMP || t.kind == TYPE_TIMESTAMP_LTZ) {
        l.run = k->timestamps;
        l.state.in_quotes = true;
        l.state.zoned = t.kind == TYPE_TIMESTAMP_LTZ; /* no need of a zone where a Z stands */
        l.inset = 1;
    }
    l.text = type_is(t, KIND_TEXT);
    if (l.text) {
        l.run = scan->loops->texts;
        l.inset = 1;
    }
    return l;
}

/* Only the loop of texts knows flags. */
static const JsonToken *
tokens_plain(JsonRows *rows, const JsonToken *t, u32 n)
{
    for (u32 i = 0; i < n; i++)
        rows->pairs[i] = (JsonToken){t[i].at, t[i].end & ~JSON_TOKEN_ESCAPED};
    return rows->pairs;
}

void
json_column_fill(JsonRows *rows, u32 c, u32 from, Vector *v)
{
    const JsonToken *t = rows->tokens + (size_t)rows->scan->columns[c].value * rows->stride + from;
    JsonLoop *l = &rows->loop[c];
    u32 n = rows->n - from, nodd = n;
    rows->keep_text = false;
    if (l->run && n) {
        const JsonToken *plain = rows->flagged && !l->text ? tokens_plain(rows, t, n) : t;
        CsvSpan s = {rows->text, &plain->at, 2, l->inset, l->inset, n};
        u8 *slots = v->data->bytes + (size_t)from * type_slot_bytes[v->type.kind];
        nodd = l->run(&s, &l->state, slots, rows->odd);
        for (u32 i = 0; l->text && i < n; i++)
            rows->keep_text |= ((const StrView *)(const void *)slots)[i].len > STRVIEW_INLINE;
    } else {
        for (u32 i = 0; i < n; i++) rows->odd[i] = (u16)i;
    }
    for (u32 k = 0; k < nodd; k++) {
        u32 i = rows->odd[k];
        value_settle(rows, v, c, from + i, t[i]);
    }
    if (!rows->keep_text || rows->kept[c]) return;
    rows->kept[c] = true;
    if (!v->heap) v->heap = strheap_new();
    strheap_keep_buf(v->heap, rows->buf);
}
