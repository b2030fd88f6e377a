/* csv_encode.c - batches to CSV text.
 *
 * A writer per column, chosen once; rows are written in order into room that is bounded before: the
 * fixed columns' longest texts plus twice the bytes of the row's texts. Text is quoted only where
 * reading it back would be something else: delimiters, quotes, line ends, the null literal, blanks
 * at the ends with csv.trim, '#' at the front with csv.allow-comments, a lone empty field. NULL is
 * the null literal, or nothing. Timestamps have exactly their type's fraction digits. */
#include "base/datetime.h"
#include "base/mem.h"
#include "connectors/base64.h"
#include "connectors/csv.h"

typedef struct CsvWriter CsvWriter;
typedef char *CsvWriteFn(CsvWriter *w, u32 row, char *to);

struct CsvWriter {
    CsvWriteFn *write;
    const FormatEncoder *encoder;
    Type type;
    const void *data; /* of the batch at hand */
    const u64 *valid;
    i64 minute; /* last minute since 1970 that was printed, and its text */
    char minute_text[DATETIME_TEXT_MAX + 8];
    u32 minute_len;
};

struct FormatEncoder {
    const TableSpec *table;
    const CsvOptions *options;
    const TimeZone *zone;
    CsvWriter *column;
    u32 fixed_max;     /* bytes of a row without its texts */
    bool special[256]; /* bytes that make a text need quotes or escapes */
    StrBuf scratch;
};

enum { FIXED_TEXT_MAX = 64 };

static char *
put_i64(char *to, i64 value)
{
    return to + i64_print(to, value);
}

static char *
write_i8(CsvWriter *w, u32 row, char *to)
{
    return put_i64(to, ((const i8 *)w->data)[row]);
}

static char *
write_i16(CsvWriter *w, u32 row, char *to)
{
    return put_i64(to, ((const i16 *)w->data)[row]);
}

static char *
write_i32(CsvWriter *w, u32 row, char *to)
{
    return put_i64(to, ((const i32 *)w->data)[row]);
}

static char *
write_i64(CsvWriter *w, u32 row, char *to)
{
    return put_i64(to, ((const i64 *)w->data)[row]);
}

static char *
write_f32(CsvWriter *w, u32 row, char *to)
{
    return to + f32_print(to, ((const f32 *)w->data)[row]);
}

static char *
write_f64(CsvWriter *w, u32 row, char *to)
{
    return to + f64_print(to, ((const f64 *)w->data)[row]);
}

static char *
write_decimal(CsvWriter *w, u32 row, char *to)
{
    return to + decimal_print(to, ((const i128 *)w->data)[row], w->type.scale);
}

static char *
write_bool(CsvWriter *w, u32 row, char *to)
{
    bool yes = ((const u8 *)w->data)[row] != 0;
    memcpy(to, yes ? "true" : "false", 5);
    return to + (yes ? 4 : 5);
}

static char *
write_date(CsvWriter *w, u32 row, char *to)
{
    return to + date_print(to, ((const i32 *)w->data)[row]);
}

static char *
write_time(CsvWriter *w, u32 row, char *to)
{
    return to + time_print(to, ((const i64 *)w->data)[row], w->type.scale);
}

static void
two_put(char *to, u32 value)
{
    to[0] = (char)('0' + value / 10);
    to[1] = (char)('0' + value % 10);
}

/* Rows that follow one another mostly share their minute. */
static char *
put_timestamp(CsvWriter *w, i64 us, char *to)
{
    i64 rest = us % US_PER_MINUTE;
    if (rest < 0) rest += US_PER_MINUTE;
    i64 minute = (us - rest) / US_PER_MINUTE;
    if (minute != w->minute || w->minute_len == 0) {
        w->minute = minute;
        w->minute_len = timestamp_print(w->minute_text, us - rest, 0) - 2;
    }
    memcpy(to, w->minute_text, sizeof w->minute_text);
    to += w->minute_len;
    u32 seconds = (u32)(rest / US_PER_SECOND), fraction = (u32)(rest % US_PER_SECOND);
    two_put(to, seconds);
    to += 2;
    if (w->type.scale == 0) return to;
    *to++ = '.';
    for (u32 k = 6; k-- > 0; fraction /= 10) to[k] = (char)('0' + fraction % 10);
    return to + w->type.scale;
}

static char *
write_timestamp(CsvWriter *w, u32 row, char *to)
{
    return put_timestamp(w, ((const i64 *)w->data)[row], to);
}

/* As UTC with a Z, whatever the session's zone: the file is read elsewhere. */
static char *
write_timestamp_ltz(CsvWriter *w, u32 row, char *to)
{
    to = put_timestamp(w, ((const i64 *)w->data)[row], to);
    *to++ = 'Z';
    return to;
}

static char *
write_other(CsvWriter *w, u32 row, char *to)
{
    StrBuf out = {0};
    const char *slot = (const char *)w->data + (size_t)row * type_slot_bytes[w->type.kind];
    value_print(&out, w->type, slot, w->encoder->zone);
    size_t n = MIN(out.len, (size_t)FIXED_TEXT_MAX);
    memcpy(to, out.ptr ? out.ptr : "", n);
    strbuf_done(&out);
    return to + n;
}

static char *
put_quoted(const FormatEncoder *e, Str text, char *to)
{
    u8 quote = e->options->quote, escape = e->options->escape;
    *to++ = (char)quote;
    for (u32 i = 0; i < text.len; i++) {
        u8 ch = (u8)text.ptr[i];
        if (ch == quote)
            *to++ = (char)quote;
        else if (escape && ch == escape)
            *to++ = (char)escape;
        *to++ = text.ptr[i];
    }
    *to++ = (char)quote;
    return to;
}

static char *
put_escaped(const FormatEncoder *e, Str text, char *to)
{
    u8 escape = e->options->escape;
    for (u32 i = 0; i < text.len; i++) {
        if (e->special[(u8)text.ptr[i]] && text.ptr[i] != '\n' && text.ptr[i] != '\r')
            *to++ = (char)escape;
        *to++ = text.ptr[i];
    }
    return to;
}

static bool
text_needs_quotes(const FormatEncoder *e, Str text)
{
    const CsvOptions *o = e->options;
    bool special = false;
    for (u32 i = 0; i < text.len; i++) special |= e->special[(u8)text.ptr[i]];
    if (special) return true;
    if (o->null_set && str_eq(text, o->null_literal)) return true;
    if (text.len == 0) return e->table->nfields == 1;
    if (o->comments && text.ptr[0] == '#') return true;
    char last = text.ptr[text.len - 1];
    return o->trim && (text.ptr[0] == ' ' || text.ptr[0] == '\t' || last == ' ' || last == '\t');
}

static char *
put_text(const FormatEncoder *e, Str text, char *to)
{
    if (LIKELY(!text_needs_quotes(e, text))) {
        memcpy(to, text.ptr, text.len);
        return to + text.len;
    }
    return e->options->quotes_off ? put_escaped(e, text, to) : put_quoted(e, text, to);
}

static char *
write_text(CsvWriter *w, u32 row, char *to)
{
    return put_text(w->encoder, strview_str(&((const StrView *)w->data)[row]), to);
}

static char *
write_bytes(CsvWriter *w, u32 row, char *to)
{
    Str bytes = strview_str(&((const StrView *)w->data)[row]);
    base64_encode(to, bytes.ptr, bytes.len);
    return to + base64_encoded_bytes(bytes.len);
}

static CsvWriteFn *
writer_of(Type type)
{
    if (type_is(type, KIND_BYTES)) return write_bytes;
    if (type_is(type, KIND_TEXT)) return write_text;
    if (type.kind == TYPE_BOOLEAN) return write_bool;
    if (type.kind == TYPE_DECIMAL) return write_decimal;
    if (type.kind == TYPE_DATE) return write_date;
    if (type.kind == TYPE_TIME) return write_time;
    if (type.kind == TYPE_TIMESTAMP) return write_timestamp;
    if (type.kind == TYPE_TIMESTAMP_LTZ) return write_timestamp_ltz;
    if (type_is(type, KIND_INTERVAL) || type.kind == TYPE_NULL) return write_other;
    static CsvWriteFn *const by_phys[PHYS_COUNT] = {
        [PHYS_I8] = write_i8,   [PHYS_I16] = write_i16, [PHYS_I32] = write_i32,
        [PHYS_I64] = write_i64, [PHYS_F32] = write_f32, [PHYS_F64] = write_f64,
    };
    return by_phys[type_phys[type.kind]];
}

Status
csv_encoder_open(const TableSpec *table, const ConnectorEnv *env, FormatEncoder **ret_encoder,
                 Err *err)
{
    (void)err;
    FormatEncoder *e = mem_make(FormatEncoder);
    const CsvOptions *o = ((const FormatOptions *)table->format)->options;
    e->table = table;
    e->options = o;
    e->zone = env ? env->zone : NULL;
    e->column = mem_array(CsvWriter, table->nfields + 1);
    e->special[o->delimiter] = e->special['\n'] = e->special['\r'] = true;
    if (!o->quotes_off) e->special[o->quote] = true;
    if (o->escape) e->special[o->escape] = true;
    for (u32 i = 0; i < table->nfields; i++) {
        Type t = table->fields[i].type;
        e->column[i] = (CsvWriter){.write = writer_of(t), .encoder = e, .type = t};
        e->fixed_max += FIXED_TEXT_MAX + (o->null_set ? o->null_literal.len : 0) + 4;
    }
    *ret_encoder = e;
    return ERR_OK;
}

void
csv_encoder_close(FormatEncoder *e)
{
    if (!e) return;
    strbuf_done(&e->scratch);
    mem_free(e->column);
    mem_free(e);
}

void
csv_encode_header(FormatEncoder *e, StrBuf *out)
{
    if (!e->options->header) return;
    for (u32 i = 0; i < e->table->nfields; i++) {
        Str name = e->table->fields[i].name;
        if (i) strbuf_char(out, (char)e->options->delimiter);
        char *to = strbuf_room(out, 2 * (size_t)name.len + 3);
        out->len = (size_t)(put_text(e, name, to) - out->ptr);
    }
    strbuf_char(out, '\n');
}

/* Without quotes and escapes nothing can say that a delimiter is none. */
static Status
text_check_plain(const FormatEncoder *e, const CsvWriter *w, u32 rows, u32 column, Err *err)
{
    const CsvOptions *o = e->options;
    if (!o->quotes_off || !type_is(w->type, KIND_TEXT)) return ERR_OK;
    const StrView *slot = w->data;
    for (u32 i = 0; i < rows; i++) {
        Str text = strview_str(&slot[i]);
        bool special = false;
        for (u32 k = 0; k < text.len; k++) {
            u8 ch = (u8)text.ptr[k];
            special |= e->special[ch] && (!o->escape || ch == '\n' || ch == '\r');
        }
        if (!special) continue;
        char shown[ESCAPED_MAX];
        Str name = e->table->fields[column].name;
        Status st = err_set(err, W3102, POS_NONE,
                            "column \"%.*s\": \"%s\" cannot be written without quotes",
                            STR_ARG(name), text_escaped(shown, text.ptr, text.len));
        return err_hint(err, st, "Set 'csv.disable-quote-character' = 'false'.");
    }
    return ERR_OK;
}

static size_t
texts_max(const FormatEncoder *e, u32 row)
{
    size_t bytes = 0;
    for (u32 i = 0; i < e->table->nfields; i++) {
        const CsvWriter *w = &e->column[i];
        if (type_is(w->type, KIND_HEAP)) bytes += ((const StrView *)w->data)[row].len;
    }
    return 2 * bytes;
}

static void
rows_write(FormatEncoder *e, u32 rows, StrBuf *out)
{
    const CsvOptions *o = e->options;
    u32 ncols = e->table->nfields;
    for (u32 row = 0; row < rows; row++) {
        char *to = strbuf_room(out, e->fixed_max + texts_max(e, row) + 1);
        for (u32 i = 0; i < ncols; i++) {
            CsvWriter *w = &e->column[i];
            if (i) *to++ = (char)o->delimiter;
            if (LIKELY(!w->valid || bit_get(w->valid, row))) {
                to = w->write(w, row, to);
            } else if (o->null_set) {
                memcpy(to, o->null_literal.ptr, o->null_literal.len);
                to += o->null_literal.len;
            } else if (ncols == 1 && !o->quotes_off) { /* an empty line would be no record */
                *to++ = (char)o->quote;
                *to++ = (char)o->quote;
            }
        }
        *to++ = '\n';
        out->len = (size_t)(to - out->ptr);
    }
}

Status
csv_encode(FormatEncoder *e, const Batch *b, StrBuf *out, Err *err)
{
    assert(b->cols == e->table->nfields);
    Vector *flat = mem_array(Vector, b->cols + 1);
    Status st = ERR_OK;
    for (u32 i = 0; i < b->cols; i++) {
        flat[i] = vector_share(&b->col[i]);
        vector_flatten(&flat[i]);
        CsvWriter *w = &e->column[i];
        w->data = flat[i].data->bytes;
        w->valid = vector_valid(&flat[i]);
        if (!st) st = text_check_plain(e, w, b->rows, i, err);
    }
    if (!st) rows_write(e, b->rows, out);
    for (u32 i = 0; i < b->cols; i++) vector_done(&flat[i]);
    mem_free(flat);
    return st;
}
