/* json_encode.c - batches as JSON lines, value for value as Flink's json format writes them.
 *
 * Numbers bare (DOUBLE in Java's form, NaN and the infinities as texts, DECIMAL with an exponent
 * below 1E-6 unless told otherwise), times as texts without trailing zeros of the fraction,
 * TIMESTAMP_LTZ in UTC with Z, bytes in base64, control characters escaped, other text as it is. */
#include "base/decimal.h"
#include "base/mem.h"
#include "connectors/base64.h"
#include "connectors/json_scan.h"

struct FormatEncoder {
    const JsonOptions *options;
    u32 nfields;
    bool *hidden; /* metadata columns are not part of the record */
    StrBuf *key;  /* per field: "name": */
};

/* --- text ---------------------------------------------------------------------------------- */

/* Bytes of text[0, len) before the first that JSON wants escaped. */
static u32
plain_run(const char *text, u32 len)
{
    const u64 ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    u32 i = 0;
    for (; i + 8 <= len; i += 8) {
        u64 v = load8(text + i), quote = v ^ (ones * '"'), slash = v ^ (ones * '\\');
        /* Below 0x20, a quote, a backslash; exact as far as "none in these eight" goes. */
        u64 hit = ((v - ones * 0x20) | (quote - ones) | (slash - ones)) & ~v & tops;
        if (hit) break;
    }
    while (i < len && (u8)text[i] >= 0x20 && text[i] != '"' && text[i] != '\\') i++;
    return i;
}

static void
text_add(StrBuf *out, const char *text, u32 len)
{
    static const char hex[] = "0123456789ABCDEF";
    static const char codes[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";
    char *to = strbuf_room(out, (size_t)len * 6 + 2), *begin = to;
    *to++ = '"';
    for (u32 i = 0; i < len;) {
        u32 run = plain_run(text + i, len - i);
        memcpy(to, text + i, run);
        to += run;
        i += run;
        if (i == len) break;
        u8 c = (u8)text[i++];
        const char *code = c ? strchr(codes, c) : NULL;
        *to++ = '\\';
        if (code) {
            *to++ = letters[code - codes];
        } else {
            memcpy(to, "u00", 3);
            to[3] = hex[c >> 4];
            to[4] = hex[c & 15];
            to += 5;
        }
    }
    *to++ = '"';
    out->len += (size_t)(to - begin);
}

/* --- values -------------------------------------------------------------------------------- */

/* BigDecimal.toString: plain down to 1E-6, then one digit, the others and an exponent. */
static u32
decimal_scientific(char *to, i128 v, u32 scale)
{
    char digits[DECIMAL_TEXT_MAX];
    u32 n = decimal_print(digits, v, 0), sign = v < 0;
    i32 exponent = (i32)(n - sign) - 1 - (i32)scale;
    if (exponent >= -6) return decimal_print(to, v, scale);
    u32 len = 0;
    if (sign) to[len++] = '-';
    to[len++] = digits[sign];
    if (n - sign > 1) {
        to[len++] = '.';
        memcpy(to + len, digits + sign + 1, n - sign - 1);
        len += n - sign - 1;
    }
    to[len++] = 'E';
    return len + i64_print(to + len, exponent);
}

/* Digits of the fraction of a second that are worth writing. */
static u32
fraction_digits(i64 us)
{
    i64 rest = us % US_PER_SECOND;
    u32 digits = rest ? 6 : 0;
    while (digits && rest % 10 == 0) rest /= 10, digits--;
    return digits;
}

static u32
time_value(char *to, const JsonOptions *o, Type t, const void *slot)
{
    u32 len = 0;
    to[len++] = '"';
    if (t.kind == TYPE_DATE) {
        len += date_print(to + len, *(const i32 *)slot);
    } else {
        i64 us = *(const i64 *)slot;
        u32 digits = fraction_digits(us);
        if (t.kind == TYPE_TIME)
            len += time_print(to + len, us, digits);
        else if (o->timestamp_format == JSON_TIMES_ISO)
            len += timestamp_print_iso(to + len, us, digits);
        else
            len += timestamp_print(to + len, us, digits);
        if (t.kind == TYPE_TIMESTAMP_LTZ) to[len++] = 'Z';
    }
    to[len++] = '"';
    return len;
}

static u32
float_value(char *to, Type t, const void *slot)
{
    f64 x = t.kind == TYPE_FLOAT ? (f64) * (const f32 *)slot : *(const f64 *)slot;
    bool finite = __builtin_isfinite(x);
    u32 len = 0;
    if (!finite) to[len++] = '"';
    len += t.kind == TYPE_FLOAT ? f32_print(to + len, (f32)x) : f64_print(to + len, x);
    if (!finite) to[len++] = '"';
    return len;
}

static void
bytes_add(StrBuf *out, Str bytes)
{
    u32 len = base64_encoded_bytes(bytes.len);
    char *to = strbuf_room(out, (size_t)len + 2);
    to[0] = to[len + 1] = '"';
    base64_encode(to + 1, bytes.ptr, bytes.len);
    out->len += (size_t)len + 2;
}

enum { VALUE_BYTES = 64 }; /* more than any value that is no text or bytes needs */
static_assert(VALUE_BYTES > DECIMAL_TEXT_MAX + 8 && VALUE_BYTES > DATETIME_TEXT_MAX + 8,
              "room for numbers and times");

static void
value_add(StrBuf *out, const JsonOptions *o, Type t, const void *slot)
{
    char *to = strbuf_room(out, VALUE_BYTES);
    u32 len = 0;
    switch ((TypeKind)t.kind) {
    case TYPE_CHAR:
    case TYPE_VARCHAR: {
        Str s = strview_str(slot);
        text_add(out, s.ptr, s.len);
        return;
    }
    case TYPE_BINARY:
    case TYPE_VARBINARY:
        bytes_add(out, strview_str(slot));
        return;
    case TYPE_BOOLEAN:
        len = *(const u8 *)slot ? 4 : 5;
        memcpy(to, *(const u8 *)slot ? "true" : "false", len);
        break;
    case TYPE_TINYINT:
        len = i64_print(to, *(const i8 *)slot);
        break;
    case TYPE_SMALLINT:
        len = i64_print(to, *(const i16 *)slot);
        break;
    case TYPE_INT:
        len = i64_print(to, *(const i32 *)slot);
        break;
    case TYPE_BIGINT:
    case TYPE_INTERVAL_YM:
        len = i64_print(to, *(const i64 *)slot);
        break;
    case TYPE_INTERVAL_DT:
        len = i64_print(to, *(const i64 *)slot / US_PER_MS);
        break;
    case TYPE_DECIMAL: {
        i128 v;
        memcpy(&v, slot, sizeof v);
        len =
            o->plain_decimals ? decimal_print(to, v, t.scale) : decimal_scientific(to, v, t.scale);
        break;
    }
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        len = float_value(to, t, slot);
        break;
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        len = time_value(to, o, t, slot);
        break;
    case TYPE_NULL:
    case TYPE_COUNT:
        UNREACHABLE();
    }
    assert(len < VALUE_BYTES);
    out->len += len;
}

/* --- the encoder --------------------------------------------------------------------------- */

void
json_encoder_close(FormatEncoder *e)
{
    if (!e) return;
    for (u32 i = 0; i < e->nfields; i++) strbuf_done(&e->key[i]);
    mem_free(e->key);
    mem_free(e->hidden);
    mem_free(e);
}

Status
json_encoder_open(const TableSpec *table, const ConnectorEnv *env, FormatEncoder **ret_encoder,
                  Err *err)
{
    (void)env; /* every time is written in UTC or without a zone */
    const FormatOptions *fo = table->format;
    const JsonOptions *o = fo->options;
    for (u32 i = 0; i < table->nfields; i++) {
        JsonPath path;
        TRY(json_path_of(o, table->fields[i].name, &path, err));
        if (path.depth == 1 && str_eq(path.names[0], table->fields[i].name)) continue;
        return err_set(err, W2001, table->pos,
                       "writing column \"%.*s\" into a nested field is not supported yet",
                       STR_ARG(table->fields[i].name));
    }
    FormatEncoder *e = mem_make(FormatEncoder);
    e->options = o;
    e->nfields = table->nfields;
    e->key = mem_array(StrBuf, MAX(e->nfields, 1));
    e->hidden = mem_array(bool, MAX(e->nfields, 1));
    for (u32 i = 0; i < e->nfields; i++) {
        Str name = table->fields[i].name;
        e->hidden[i] = table->fields[i].metadata.len > 0;
        text_add(&e->key[i], name.ptr, name.len);
        strbuf_char(&e->key[i], ':');
    }
    *ret_encoder = e;
    return ERR_OK;
}

void
json_encode_header(FormatEncoder *e, StrBuf *out)
{
    (void)e, (void)out; /* lines have none */
}

Status
json_encode(FormatEncoder *e, const Batch *b, StrBuf *out, Err *err)
{
    (void)err;
    assert(b->cols == e->nfields);
    for (u32 r = 0; r < b->rows; r++) {
        char next = '{';
        for (u32 c = 0; c < b->cols; c++) {
            const void *slot = vector_at(&b->col[c], r);
            if (e->hidden[c] || (!slot && e->options->omit_nulls)) continue;
            Str key = strbuf_view(&e->key[c]);
            char *to = strbuf_room(out, (size_t)key.len + 8);
            *to++ = next;
            memcpy(to, key.ptr, key.len);
            out->len += key.len + 1;
            next = ',';
            if (slot) {
                value_add(out, e->options, b->col[c].type, slot);
            } else {
                memcpy(to + key.len, "null", 4);
                out->len += 4;
            }
        }
        if (next == '{') strbuf_add(out, "{", 1);
        strbuf_add(out, "}\n", 2);
    }
    return ERR_OK;
}
