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

#ifdef __SSE2__
#include <emmintrin.h>
#endif

typedef struct CsvWriter CsvWriter;
typedef char *CsvWriteFn(CsvWriter *w, u32 row, char *to);

struct CsvWriter {
    CsvWriteFn *write;
    const FormatEncoder *encoder;
    Type type;
    const void *data; /* of the batch at hand */
    const u64 *valid;
    i64 minute_us; /* the last minute that was printed, and its text */
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
    bool simple;       /* only those bytes matter, and special16 holds them all */
#ifdef __SSE2__
    __m128i special16[4];
#endif
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

/* Prices and the like: at most two digits behind the point and below 10^7. Then the value is
 * hundredths / 100 rounded once, a decimal of at most 9 digits, and no other one of up to 15 digits
 * is nearest to the same double, so these are the shortest digits. */
static char *
write_f64(CsvWriter *w, u32 row, char *to)
{
    f64 value = ((const f64 *)w->data)[row];
    if (!(value >= 0.01 && value < 1e7)) return to + f64_print(to, value);
    u32 hundredths = (u32)(value * 100 + 0.5);
    if ((f64)hundredths / 100 != value) return to + f64_print(to, value);
    u32 fraction = hundredths % 100;
    to += u64_print(to, hundredths / 100);
    *to++ = '.';
    *to++ = (char)('0' + fraction / 10);
    *to = (char)('0' + fraction % 10);
    return to + (fraction % 10 != 0);
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
    u64 rest = (u64)us - (u64)w->minute_us;
    if (rest >= US_PER_MINUTE || w->minute_len == 0) {
        i64 of_minute = us % US_PER_MINUTE;
        if (of_minute < 0) of_minute += US_PER_MINUTE;
        rest = (u64)of_minute;
        w->minute_us = us - of_minute;
        w->minute_len = timestamp_print(w->minute_text, w->minute_us, 0) - 2;
    }
    memcpy(to, w->minute_text, 24);
    if (UNLIKELY(w->minute_len > 24)) memcpy(to, w->minute_text, sizeof w->minute_text);
    to += w->minute_len;
    u32 seconds = (u32)rest / US_PER_SECOND, fraction = (u32)rest % US_PER_SECOND;
    two_put(to, seconds);
    if (w->type.scale == 0) return to + 2;
    to[2] = '.';
    u32 millis = fraction / 1000;
    to[3] = (char)('0' + millis / 100);
    two_put(to + 4, millis % 100);
    if (w->type.scale <= 3) return to + 3 + w->type.scale;
    u32 micros = fraction % 1000;
    to[6] = (char)('0' + micros / 100);
    two_put(to + 7, micros % 100);
    return to + 3 + w->type.scale;
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

/* A short text lies in its slot: 16 bytes are looked at and copied at once, the ones behind it are
 * overwritten by what comes next. */
static char *
write_text(CsvWriter *w, u32 row, char *to)
{
    const StrView *slot = &((const StrView *)w->data)[row];
#ifdef __SSE2__
    if (LIKELY(slot->len <= STRVIEW_INLINE && w->encoder->simple)) {
        const __m128i *special = w->encoder->special16;
        __m128i v = _mm_loadu_si128((const void *)slot->prefix);
        __m128i hit = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(v, special[0]), _mm_cmpeq_epi8(v, special[1])),
            _mm_or_si128(_mm_cmpeq_epi8(v, special[2]), _mm_cmpeq_epi8(v, special[3])));
        u32 hits = (u32)_mm_movemask_epi8(hit) & ((1u << slot->len) - 1);
        if (LIKELY(!hits)) {
            _mm_storeu_si128((void *)to, v);
            return to + slot->len;
        }
    }
#endif
    return put_text(w->encoder, strview_str(slot), to);
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
    FormatEncoder *e = mem_aligned(64, sizeof *e);
    memset(e, 0, sizeof *e);
    const CsvOptions *o = ((const FormatOptions *)table->format)->options;
    e->table = table;
    e->options = o;
    e->zone = env ? env->zone : NULL;
    e->column = mem_array(CsvWriter, table->nfields + 1);
    e->special[o->delimiter] = e->special['\n'] = e->special['\r'] = true;
    if (!o->quotes_off) e->special[o->quote] = true;
    if (o->escape) e->special[o->escape] = true;
    e->simple = !o->escape && !o->null_set && !o->comments && !o->trim && table->nfields > 1;
#ifdef __SSE2__
    e->special16[0] = _mm_set1_epi8((char)o->delimiter);
    e->special16[1] = _mm_set1_epi8((char)(o->quotes_off ? o->delimiter : o->quote));
    e->special16[2] = _mm_set1_epi8('\n');
    e->special16[3] = _mm_set1_epi8('\r');
#endif
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

/* Bytes that no row of the batch exceeds. */
static size_t
row_bytes_max(const FormatEncoder *e, u32 rows)
{
    size_t bytes = e->fixed_max + 1;
    for (u32 i = 0; i < e->table->nfields; i++) {
        const CsvWriter *w = &e->column[i];
        if (!type_is(w->type, KIND_HEAP)) continue;
        u32 longest = 0;
        for (u32 row = 0; row < rows; row++)
            longest = MAX(longest, ((const StrView *)w->data)[row].len);
        bytes += 2 * (size_t)longest;
    }
    return bytes;
}

static char *
put_null(const FormatEncoder *e, char *to)
{
    const CsvOptions *o = e->options;
    if (o->null_set) {
        memcpy(to, o->null_literal.ptr, o->null_literal.len);
        return to + o->null_literal.len;
    }
    if (e->table->nfields > 1 || o->quotes_off) return to;
    *to++ = (char)o->quote; /* an empty line would be no record */
    *to++ = (char)o->quote;
    return to;
}

static void
rows_write(FormatEncoder *e, u32 rows, StrBuf *out)
{
    enum { ROOM = 64 * 1024 };
    u32 ncols = e->table->nfields;
    char delimiter = (char)e->options->delimiter;
    size_t row_max = row_bytes_max(e, rows);
    u32 step = (u32)MAX(ROOM / row_max, 1);
    for (u32 row = 0; row < rows;) {
        char *to = strbuf_room(out, step * row_max);
        for (u32 end = MIN(row + step, rows); row < end; row++) {
            for (u32 i = 0; i < ncols; i++) {
                CsvWriter *w = &e->column[i];
                bool present = !w->valid || bit_get(w->valid, row);
                to = LIKELY(present) ? w->write(w, row, to) : put_null(e, to);
                *to++ = delimiter;
            }
            to[-1] = '\n';
        }
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
