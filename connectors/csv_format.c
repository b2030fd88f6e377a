/* csv_format.c - 'format' = 'csv': its options and checks, scans and partitions.
 *
 * Options are Flink's, plus weir's own: csv.header, csv.trim, csv.max-record-bytes, on-error. */
#include "base/mem.h"
#include "connectors/csv.h"
#include "connectors/csv_filter.h"

#define CSV_OPTION(name, type, field, initial, values, doc)                                        \
    {                                                                                              \
        name, OPTION_##type, offsetof(CsvOptions, field), initial, values, doc                     \
    }

static const Option options[] = {
    CSV_OPTION("csv.field-delimiter", CHAR, delimiter, ",", NULL, "stands between fields"),
    CSV_OPTION("csv.quote-character", CHAR, quote, "\"", NULL,
               "encloses fields that hold delimiters, line ends or quotes (doubled)"),
    CSV_OPTION("csv.disable-quote-character", BOOL, quotes_off, "false", NULL,
               "quotes are characters like any other"),
    CSV_OPTION("csv.escape-character", CHAR, escape, "", NULL,
               "takes the meaning from the character behind it; unset: none"),
    CSV_OPTION("csv.allow-comments", BOOL, comments, "false", NULL,
               "lines that start with # are no records"),
    CSV_OPTION("csv.ignore-parse-errors", BOOL, ignore_errors, "false", NULL,
               "a field that does not fit is NULL, a malformed record is left out"),
    CSV_OPTION("csv.null-literal", TEXT, null_literal, "", NULL,
               "the text that means NULL when it stands without quotes"),
    CSV_OPTION("csv.array-element-delimiter", TEXT, array_delimiter, "", NULL, "not supported yet"),
    CSV_OPTION("csv.write-bigdecimal-in-scientific-notation", BOOL, scientific, "false", NULL,
               "only false: decimals are written with all their digits"),
    CSV_OPTION("csv.header", BOOL, header, "false", NULL,
               "the first record names the columns; fields are found by name"),
    CSV_OPTION("csv.trim", BOOL, trim, "false", NULL, "blanks around fields do not count"),
    CSV_OPTION("csv.max-record-bytes", BYTES, record_bytes_max, "16 mb", NULL,
               "a longer record is an error"),
    CSV_OPTION(
        "on-error", ENUM, on_error, "fail", "fail|skip|dead-letter",
        "what a bad record does: ends the statement, or is left out and counted; dead-letter "
        "is not supported yet"),
};

static const OptionSetting *
setting_of(const OptionSetting *settings, u32 n, Str key)
{
    for (u32 i = 0; i < n; i++)
        if (str_eq_nocase(settings[i].name, key)) return &settings[i];
    return NULL;
}

static Status
setting_refuse(const OptionSetting *s, ErrCode code, const char *why, Err *err)
{
    Status st = err_set(err, code, s ? s->value_pos : POS_NONE, "%s", why);
    if (s) err_at(err, s->value_pos, s->value_width);
    return st;
}

static bool
structural_char(u8 c)
{
    return c == '\n' || c == '\r' || c == ' ';
}

static Status
csv_check_chars(const CsvOptions *o, const OptionSetting *settings, u32 n, Err *err)
{
    const OptionSetting *d = setting_of(settings, n, STR("csv.field-delimiter"));
    const OptionSetting *q = setting_of(settings, n, STR("csv.quote-character"));
    const OptionSetting *e = setting_of(settings, n, STR("csv.escape-character"));
    if (o->delimiter == '\n' || o->delimiter == '\r')
        return setting_refuse(d, W2012, "csv.field-delimiter cannot be a line end", err);
    if (!o->quotes_off && structural_char(o->quote))
        return setting_refuse(q, W2012, "csv.quote-character cannot be white space", err);
    if (!o->quotes_off && o->quote == o->delimiter)
        return setting_refuse(q ? q : d, W2012,
                              "csv.quote-character and csv.field-delimiter are the same", err);
    if (o->escape && (structural_char(o->escape) || o->escape == o->delimiter))
        return setting_refuse(e, W2012,
                              "csv.escape-character cannot be white space or the delimiter", err);
    return ERR_OK;
}

static Status
csv_check(TableSpec *spec, void *format_options, OptionSetting *settings, u32 nsettings, Err *err)
{
    CsvOptions *o = format_options;
    (void)spec;
    const OptionSetting *s;
    TRY(csv_check_chars(o, settings, nsettings, err));
    s = setting_of(settings, nsettings, STR("csv.array-element-delimiter"));
    if (s) return setting_refuse(s, W2001, "csv.array-element-delimiter is not supported yet", err);
    if (o->scientific)
        return setting_refuse(
            setting_of(settings, nsettings, STR("csv.write-bigdecimal-in-scientific-notation")),
            W2001, "decimals in scientific notation are not supported yet", err);
    if (o->on_error == ON_ERROR_DEAD_LETTER)
        return setting_refuse(setting_of(settings, nsettings, STR("on-error")), W2001,
                              "'on-error' = 'dead-letter' is not supported yet", err);
    if (o->record_bytes_max < 64 || o->record_bytes_max > 1 << 30)
        return setting_refuse(setting_of(settings, nsettings, STR("csv.max-record-bytes")), W2012,
                              "csv.max-record-bytes must lie between 64 bytes and 1 gb", err);
    o->null_set = setting_of(settings, nsettings, STR("csv.null-literal")) != NULL;
    return ERR_OK;
}

/* Could the loops of types other than text take the null literal for a value? */
static bool
null_looks_like_value(const CsvOptions *o)
{
    if (!o->null_set || o->null_literal.len == 0) return false;
    char c = o->null_literal.ptr[0];
    return c == '-' || c == '.' || (c >= '0' && c <= '9') ||
           str_eq_nocase(o->null_literal, STR("true")) ||
           str_eq_nocase(o->null_literal, STR("false"));
}

static CsvColumnFn *
loop_of(const CsvScan *scan, Type type)
{
    const CsvKernels *k = scan->kernels;
    const CsvOptions *o = scan->options;
    if (type_is(type, KIND_TEXT)) return o->trim || o->escape ? NULL : k->texts;
    if (null_looks_like_value(o)) return NULL;
    if (type_is(type, KIND_INTEGER)) return type.kind == TYPE_BIGINT ? k->i64s : k->i32s;
    if (type_is(type, KIND_APPROX)) return type.kind == TYPE_DOUBLE ? k->f64s : k->f32s;
    if (type.kind == TYPE_DECIMAL) return k->decimals;
    if (type.kind == TYPE_BOOLEAN) return k->bools;
    if (type.kind == TYPE_DATE) return k->dates;
    if (type.kind == TYPE_TIMESTAMP || type.kind == TYPE_TIMESTAMP_LTZ) return k->timestamps;
    return NULL;
}

static CsvColumn
column_of(const CsvScan *scan, u32 table_field)
{
    const FieldSpec *f = &scan->want->table->fields[table_field];
    CsvColumn c = {.field = f, .type = f->type, .loop = loop_of(scan, f->type)};
    c.wide = f->type.kind == TYPE_TINYINT || f->type.kind == TYPE_SMALLINT;
    for (u32 i = 0; i < table_field; i++)
        c.physical += scan->want->table->fields[i].metadata.len == 0;
    return c;
}

/* The column that predicate p reads: a delivered one, or one more. */
static u32
pred_column(CsvScan *scan, u32 p)
{
    const FieldSpec *f = &scan->want->table->fields[scan->want->preds[p].field];
    u32 i = 0;
    while (i < scan->ncolumns && scan->column[i].field != f) i++;
    if (i == scan->ncolumns)
        scan->column[scan->ncolumns++] = column_of(scan, scan->want->preds[p].field);
    scan->column[i].first = true;
    return i;
}

static Status
csv_scan_open(const SourceWant *want, FormatScan **ret_scan, u64 *ret_applied, Err *err)
{
    (void)err;
    const CsvOptions *o = ((const FormatOptions *)want->table->format)->options;
    CsvScan *scan = mem_make(CsvScan);
    scan->head.record_bytes_max = (u32)o->record_bytes_max;
    scan->options = o;
    scan->want = want;
    scan->kernels = csv_kernels();
    scan->quote = o->quotes_off ? -1 : o->quote;
    scan->slow_index = o->comments || o->escape;
    for (u32 i = 0; i < want->table->nfields; i++)
        scan->nphysical += want->table->fields[i].metadata.len == 0;
    scan->column = mem_array(CsvColumn, want->nfields + want->npreds + 1);
    scan->pred_column = mem_array(u32, want->npreds + 1);
    for (u32 i = 0; i < want->nfields; i++)
        scan->column[scan->ncolumns++] = column_of(scan, want->fields[i]);
    for (u32 p = 0; p < MIN(want->npreds, 64); p++) {
        const FieldSpec *f = &want->table->fields[want->preds[p].field];
        if (f->metadata.len || !csv_filter_can(f->type, &want->preds[p])) continue;
        scan->pred_column[p] = pred_column(scan, p);
        scan->applied |= (u64)1 << p;
    }
    *ret_scan = &scan->head;
    *ret_applied = scan->applied;
    return ERR_OK;
}

static void
csv_scan_close(FormatScan *s)
{
    CsvScan *scan = (CsvScan *)s;
    if (!scan) return;
    mem_free(scan->column);
    mem_free(scan->pred_column);
    mem_free(scan);
}

static FormatPart *
csv_part_open(const FormatScan *s, const char *file)
{
    const CsvScan *scan = (const CsvScan *)s;
    CsvPart *part = mem_make(CsvPart);
    part->head = (FormatPart){s, file};
    part->field = mem_array(u32, scan->ncolumns + 1);
    part->header_due = scan->options->header;
    if (!part->header_due) csv_part_columns(part);
    return &part->head;
}

static void
csv_part_rewind(FormatPart *p)
{
    CsvPart *part = (CsvPart *)p;
    part->header_due = ((const CsvScan *)p->scan)->options->header;
}

static bool
csv_part_ready(const FormatPart *p)
{
    return !((const CsvPart *)p)->header_due;
}

static void
csv_part_close(FormatPart *p)
{
    CsvPart *part = (CsvPart *)p;
    if (!part) return;
    mem_free(part->field);
    mem_free(part);
}

extern const FormatDef format_csv;
const FormatDef format_csv = {
    .name = "csv",
    .doc = "Fields between delimiters, a record a line, as RFC 4180 and Flink have it.",
    .options = options,
    .noptions = ARRAY_LEN(options),
    .options_bytes = sizeof(CsvOptions),
    .check = csv_check,
    .scan_open = csv_scan_open,
    .scan_close = csv_scan_close,
    .part_open = csv_part_open,
    .part_close = csv_part_close,
    .part_rewind = csv_part_rewind,
    .part_ready = csv_part_ready,
    .index = csv_index,
    .reader_open = csv_reader_open,
    .decode = csv_decode,
    .reader_close = csv_reader_close,
    .encoder_open = csv_encoder_open,
    .encode_header = csv_encode_header,
    .encode = csv_encode,
    .encoder_close = csv_encoder_close,
    .suffix = ".csv",
};
