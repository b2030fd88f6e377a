/* datagen.c - 'connector' = 'datagen': rows out of nothing, for examples, tests and benchmarks.
 *
 * The options are Flink's; weir adds 'seed', sequences of times, and texts that look like a site's
 * visitors. A column's are the rows of column_options.
 *
 * A source with an end (number-of-rows, or of a sequence) runs at full speed unless rows-per-second
 * is given; without one it keeps to rows-per-second. Times that are not a sequence count back from
 * the wall clock, as Flink's do; all else depends on the seed and the row's number alone. Chunks
 * are ranges of row numbers, so any worker may decode any of them. */
#include "connectors/datagen.h"
#include "base/clock.h"
#include "base/datetime.h"
#include "base/decimal.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "connectors/connector.h"
#include "connectors/saved.h"

enum {
    CHUNK_ROWS = 16 * BATCH_ROWS_MAX, /* some milliseconds of a worker's time */
    SKEW_MAX = 8,
    LENGTH_MAX = 1 << 20,
    LENGTH_OPEN = 100, /* Flink's, where the type gives none */
    NAME_SHOWN = 100,
};

typedef struct DatagenOptions {
    i64 rows_per_second;
    i64 rows; /* -1: no end of its own */
    i64 seed;
    const OptionSetting *settings; /* for 'fields.', which are read again when a scan opens */
    u32 nsettings;
    bool paced; /* rows-per-second was given */
} DatagenOptions;

static const Option options[] = {
    {"rows-per-second", OPTION_INT, offsetof(DatagenOptions, rows_per_second), "10000", NULL,
     "rows are made at this rate; a source that ends keeps to it only if it is given"},
    {"number-of-rows", OPTION_INT, offsetof(DatagenOptions, rows), "-1", NULL,
     "ends after so many rows; without it, and without a sequence that ends, it goes on for ever"},
    {"seed", OPTION_INT, offsetof(DatagenOptions, seed), "42", NULL,
     "other seeds make other rows; the same seed makes the same ones"},
};

/* Read by key, as the type of the column wants them. */
#define COLUMN_OPTION(key, type, initial, values, doc)                                             \
    {                                                                                              \
        "fields.<column>." key, OPTION_##type, 0, initial, values, doc                             \
    }

static const Option column_options[] = {
    COLUMN_OPTION("kind", ENUM, "random", "random|sequence", "how values are made"),
    COLUMN_OPTION("min", DOUBLE, "", NULL,
                  "least random number (unset: the type's); on a text column: numbered texts"),
    COLUMN_OPTION("max", DOUBLE, "", NULL,
                  "greatest random number (unset: the type's); on a text column: numbered texts"),
    COLUMN_OPTION(
        "length", INT, "", NULL,
        "of random texts (hexadecimal digits) and bytes; unset: what the type says, or 100"),
    COLUMN_OPTION("var-len", BOOL, "false", NULL, "length is the most, not all"),
    COLUMN_OPTION("start", TEXT, "", NULL,
                  "first value of a sequence (unset: 0); a time as in SQL, '2024-01-01 00:00:00', "
                  "which is UTC for TIMESTAMP_LTZ"),
    COLUMN_OPTION("end", TEXT, "", NULL,
                  "last value of a sequence; the table ends with its shortest sequence"),
    COLUMN_OPTION("step", TEXT, "", NULL,
                  "between a sequence's values: 1, '100 ms'; unset: 1, 1 s, or 1 day for DATE"),
    COLUMN_OPTION("null-rate", DOUBLE, "0", NULL, "share of NULLs, 0 to 1"),
    COLUMN_OPTION("max-past", DURATION, "0 s", NULL,
                  "of times: up to that much before now, or before the sequence's value"),
    COLUMN_OPTION("values", TEXT, "", NULL, "'a|b|c': a text column holds one of these"),
    COLUMN_OPTION(
        "skew", INT, "0", NULL,
        "0: even; 1 to 8: the first of values, or the least of min to max, much more often"),
    COLUMN_OPTION("prefix", TEXT, "", NULL, "stands before the number in numbered texts"),
};
#undef COLUMN_OPTION

/* --- a column's options -------------------------------------------------------------------- */

/* Options 'fields.<column>.<key>' of one column, found by key. */
typedef struct FieldOptions {
    const DatagenOptions *of;
    OptionSetting *mark; /* not NULL: the settings, to be marked used */
    const FieldSpec *field;
} FieldOptions;

static bool
column_option_exists(const char *key)
{
    for (u32 i = 0; i < ARRAY_LEN(column_options); i++)
        if (strcmp(strrchr(column_options[i].name, '.') + 1, key) == 0) return true;
    return false;
}

static const OptionSetting *
field_option(const FieldOptions *o, const char *key)
{
    static const char prefix[] = "fields.";
    Str column = o->field->name, wanted = str_from(key);
    assert(column_option_exists(key));
    for (u32 i = 0; i < o->of->nsettings; i++) {
        Str name = o->of->settings[i].name;
        if (name.len != sizeof prefix - 1 + column.len + 1 + wanted.len) continue;
        if (!str_eq_nocase((Str){name.ptr, sizeof prefix - 1}, STR("fields."))) continue;
        name = (Str){name.ptr + sizeof prefix - 1, name.len - (u32)(sizeof prefix - 1)};
        if (!str_eq((Str){name.ptr, column.len}, column) || name.ptr[column.len] != '.') continue;
        if (!str_eq_nocase((Str){name.ptr + column.len + 1, wanted.len}, wanted)) continue;
        if (o->mark) o->mark[i].used = true;
        return &o->of->settings[i];
    }
    return NULL;
}

static Status
option_misfit(const OptionSetting *s, const char *what, Err *err)
{
    Status st = err_set(err, W2012, s->value_pos, "option \"%.*s\": \"%.*s\" is not %s",
                        (int)MIN(s->name.len, NAME_SHOWN), s->name.ptr,
                        (int)MIN(s->value.len, NAME_SHOWN), s->value.ptr, what);
    err_at(err, s->value_pos, s->value_width);
    return st;
}

static Status
read_integer(const FieldOptions *o, const char *key, i64 min, i64 max, i64 *to, Err *err)
{
    const OptionSetting *s = field_option(o, key);
    i64 v;
    if (!s) return ERR_OK;
    if (!str_to_i64(str_trim(s->value), &v) || v < min || v > max)
        return option_misfit(s, "an integer that fits", err);
    *to = v;
    return ERR_OK;
}

static Status
read_float(const FieldOptions *o, const char *key, f64 min, f64 max, f64 *to, Err *err)
{
    const OptionSetting *s = field_option(o, key);
    f64 v;
    if (!s) return ERR_OK;
    Str text = str_trim(s->value);
    if (f64_parse(text.ptr, text.len, &v) || !(v >= min && v <= max))
        return option_misfit(s, "a number that fits", err);
    *to = v;
    return ERR_OK;
}

static Status
read_duration(const FieldOptions *o, const char *key, i64 *to, Err *err)
{
    const OptionSetting *s = field_option(o, key);
    if (!s || duration_parse(s->value, to)) return ERR_OK;
    return option_misfit(s, "a duration such as '100 ms'", err);
}

/* A number of a DECIMAL column as its unscaled integer; values stay below 2^63. */
static Status
read_decimal(const FieldOptions *o, const char *key, Type t, i64 *to, Err *err)
{
    const OptionSetting *s = field_option(o, key);
    i128 v;
    if (!s) return ERR_OK;
    Str text = str_trim(s->value);
    if (decimal_parse(text.ptr, text.len, MIN(t.precision, 18), t.scale, &v))
        return option_misfit(s, "a number of at most 18 digits that fits", err);
    *to = (i64)v;
    return ERR_OK;
}

static void
bounds_of(Type t, i64 *ret_min, i64 *ret_max)
{
    *ret_min = INT64_MIN, *ret_max = INT64_MAX;
    if (t.kind == TYPE_TINYINT) *ret_min = INT8_MIN, *ret_max = INT8_MAX;
    if (t.kind == TYPE_SMALLINT) *ret_min = INT16_MIN, *ret_max = INT16_MAX;
    if (t.kind == TYPE_INT) *ret_min = INT32_MIN, *ret_max = INT32_MAX;
    if (t.kind == TYPE_INTERVAL_YM) *ret_min = 0, *ret_max = 120000; /* ten thousand years */
    if (t.kind == TYPE_INTERVAL_DT) *ret_min = 0, *ret_max = INT64_MAX / US_PER_SECOND;
    if (t.kind == TYPE_DECIMAL) {
        *ret_max = (i64)decimal_pow10[MIN(t.precision, 18)] - 1;
        *ret_min = -*ret_max;
    }
}

static Status
read_time(const FieldOptions *o, const char *key, Type t, i64 *to, bool *ret_given, Err *err)
{
    const OptionSetting *s = field_option(o, key);
    *ret_given = s != NULL;
    if (!s) return ERR_OK;
    Str text = str_trim(s->value);
    TextResult r = t.kind == TYPE_TIME ? time_parse(text.ptr, text.len, to)
                                       : timestamp_parse(text.ptr, text.len, to);
    if (r && t.kind != TYPE_TIME) {
        i32 days;
        r = date_parse(text.ptr, text.len, &days);
        if (!r) *to = timestamp_of_date(days);
    }
    return r ? option_misfit(s, "a time such as '2024-01-01 00:00:00'", err) : ERR_OK;
}

static Status
sequence_of_times(const FieldOptions *o, DatagenField *f, Err *err)
{
    bool given;
    f->step = US_PER_SECOND;
    if (f->type.kind == TYPE_DATE) f->step = US_PER_DAY;
    TRY(read_duration(o, "step", &f->step, err));
    TRY(read_time(o, "start", f->type, &f->start, &given, err));
    if (!given)
        return err_set(err, W2014, o->field->pos,
                       "a sequence for column \"%.*s\" needs 'fields.%.*s.start'",
                       STR_ARG(o->field->name), STR_ARG(o->field->name));
    return read_time(o, "end", f->type, &f->end, &f->ends, err);
}

static Status
sequence_of_numbers(const FieldOptions *o, DatagenField *f, Err *err)
{
    Type t = f->type;
    i64 min, max;
    if (t.kind == TYPE_BOOLEAN)
        return err_set(err, W2012, o->field->pos, "column \"%.*s\": a BOOLEAN is no sequence",
                       STR_ARG(o->field->name));
    bounds_of(t, &min, &max);
    f->start = min > 0 ? min : 0;
    f->end = max;
    f->step = t.kind == TYPE_DECIMAL ? (i64)decimal_pow10[MIN(t.scale, 18)] : 1;
    f->ends = field_option(o, "end") != NULL;
    if (t.kind == TYPE_DECIMAL) {
        TRY(read_decimal(o, "start", t, &f->start, err));
        TRY(read_decimal(o, "end", t, &f->end, err));
        return read_decimal(o, "step", t, &f->step, err);
    }
    TRY(read_integer(o, "start", min, max, &f->start, err));
    TRY(read_integer(o, "end", min, max, &f->end, err));
    TRY(read_integer(o, "step", INT64_MIN, INT64_MAX, &f->step, err));
    /* Small integers would wrap: they end where the type does. */
    if (type_is(t, KIND_INTEGER) && t.kind != TYPE_BIGINT) f->ends = true;
    return ERR_OK;
}

static Status
sequence_read(const FieldOptions *o, DatagenField *f, Err *err)
{
    if (type_is(f->type, KIND_TIME))
        TRY(sequence_of_times(o, f, err));
    else
        TRY(sequence_of_numbers(o, f, err));
    const OptionSetting *step = field_option(o, "step");
    if (f->step == 0) return option_misfit(step, "a step that leads anywhere", err);
    if (f->step < 0 && !f->ends) return option_misfit(step, "above 0 (there is no end)", err);
    return ERR_OK;
}

static Status
values_read(const FieldOptions *o, DatagenField *f, Err *err)
{
    const OptionSetting *s = field_option(o, "values");
    if (!s) return ERR_OK;
    if (f->type.kind != TYPE_VARCHAR)
        return option_misfit(s, "possible here: 'values' is for STRING and VARCHAR", err);
    u32 cap = 0;
    Str rest = s->value;
    for (bool more = true; more;) {
        const char *bar = rest.len ? memchr(rest.ptr, '|', rest.len) : NULL;
        Str value = {rest.ptr, bar ? (u32)(bar - rest.ptr) : rest.len};
        if (utf8_length(value) > f->type.precision)
            return option_misfit(s, "short enough for the column", err);
        mem_grow(f->values, f->nvalues, cap);
        f->values[f->nvalues++] = value;
        more = bar != NULL;
        if (bar) rest = (Str){bar + 1, rest.len - value.len - 1};
    }
    return ERR_OK;
}

static Status
texts_read(const FieldOptions *o, DatagenField *f, Err *err)
{
    Type t = f->type;
    bool fixed = t.kind == TYPE_CHAR || t.kind == TYPE_BINARY;
    i64 most = MIN(t.precision, (u32)LENGTH_MAX), length = most;
    if (!fixed && t.precision == TYPE_LEN_MAX) length = LENGTH_OPEN;
    const OptionSetting *given = field_option(o, "length"), *prefix = field_option(o, "prefix");
    if (given && fixed) return option_misfit(given, "possible: the type fixes the length", err);
    TRY(read_integer(o, "length", 0, most, &length, err));
    f->length = (u32)length;
    const OptionSetting *var = field_option(o, "var-len");
    if (var) {
        f->var_length = str_eq_nocase(str_trim(var->value), STR("true"));
        if (!f->var_length && !str_eq_nocase(str_trim(var->value), STR("false")))
            return option_misfit(var, "true or false", err);
        if (f->var_length && fixed) return option_misfit(var, "possible: the length is fixed", err);
    }
    if (prefix) f->prefix = prefix->value;
    const OptionSetting *max = field_option(o, "max");
    f->numbered = max || prefix || field_option(o, "min");
    if (t.kind != TYPE_VARCHAR && (f->numbered || f->kind == DATAGEN_SEQUENCE))
        return err_set(err, W2012, o->field->pos,
                       "column \"%.*s\": numbered texts are for STRING and VARCHAR",
                       STR_ARG(o->field->name));
    f->min = 0;
    if (t.precision < f->prefix.len + I64_TEXT_MAX && (f->numbered || f->kind == DATAGEN_SEQUENCE))
        return err_set(err, W2012, o->field->pos,
                       "column \"%.*s\" is too short for numbered texts; declare it STRING",
                       STR_ARG(o->field->name));
    return values_read(o, f, err);
}

static Status
random_read(const FieldOptions *o, DatagenField *f, Err *err)
{
    i64 min, max;
    bounds_of(f->type, &min, &max);
    if (f->type.kind == TYPE_DECIMAL) {
        TRY(read_decimal(o, "min", f->type, &f->min, err));
        TRY(read_decimal(o, "max", f->type, &f->max, err));
    } else if (type_is(f->type, KIND_APPROX)) {
        f64 most = f->type.kind == TYPE_FLOAT ? (f64)__FLT_MAX__ : __DBL_MAX__;
        f->float_max = most;
        TRY(read_float(o, "min", -most, most, &f->float_min, err));
        TRY(read_float(o, "max", -most, most, &f->float_max, err));
    } else if (!type_is(f->type, KIND_TIME | KIND_BYTES) && f->type.kind != TYPE_BOOLEAN) {
        TRY(read_integer(o, "min", min, max, &f->min, err));
        TRY(read_integer(o, "max", min, max, &f->max, err));
    }
    if (f->min > f->max || f->float_min > f->float_max)
        return err_set(err, W2012, o->field->pos, "column \"%.*s\": min is above max",
                       STR_ARG(o->field->name));
    return ERR_OK;
}

/* The field as its options say. f owns f->values afterwards, also on failure. */
static Status
field_read(const FieldOptions *o, DatagenField *f, Err *err)
{
    *f = (DatagenField){.type = o->field->type};
    bounds_of(f->type, &f->min, &f->max);
    const OptionSetting *kind = field_option(o, "kind");
    if (kind) {
        Str text = str_trim(kind->value);
        f->kind = str_eq_nocase(text, STR("sequence")) ? DATAGEN_SEQUENCE : DATAGEN_RANDOM;
        if (f->kind == DATAGEN_RANDOM && !str_eq_nocase(text, STR("random")))
            return option_misfit(kind, "random or sequence", err);
    }
    i64 skew = 0;
    TRY(read_integer(o, "skew", 0, SKEW_MAX, &skew, err));
    f->skew = (u32)skew;
    TRY(read_float(o, "null-rate", 0, 1, &f->null_rate, err));
    if (f->null_rate > 0 && f->type.not_null)
        return option_misfit(field_option(o, "null-rate"), "possible: the column is NOT NULL", err);
    if (type_is(f->type, KIND_HEAP)) TRY(texts_read(o, f, err));
    if (type_is(f->type, KIND_TIME)) TRY(read_duration(o, "max-past", &f->max_past_us, err));
    if (f->kind == DATAGEN_SEQUENCE) return sequence_read(o, f, err);
    return random_read(o, f, err);
}

/* Rows until the sequence has passed its end. */
static u64
sequence_rows(const DatagenField *f)
{
    if (f->kind != DATAGEN_SEQUENCE || !f->ends) return UINT64_MAX;
    if (f->step > 0 ? f->end < f->start : f->end > f->start) return 0;
    u64 distance = f->step > 0 ? (u64)f->end - (u64)f->start : (u64)f->start - (u64)f->end;
    u64 step = f->step > 0 ? (u64)f->step : -(u64)f->step;
    return distance / step == UINT64_MAX ? UINT64_MAX : distance / step + 1;
}

static Status
datagen_check(TableSpec *spec, OptionSetting *settings, u32 nsettings, Err *err)
{
    DatagenOptions *o = (DatagenOptions *)(uintptr_t)spec->options; /* ours, made for this table */
    o->settings = settings;
    o->nsettings = nsettings;
    for (u32 i = 0; i < nsettings; i++)
        o->paced |= str_eq_nocase(settings[i].name, STR("rows-per-second"));
    if (o->rows_per_second < 1 || o->rows < -1)
        return err_set(err, W2012, spec->pos,
                       "datagen makes at least 1 row a second, and no "
                       "negative number of rows");
    for (u32 i = 0; i < spec->nfields; i++) {
        const FieldSpec *field = &spec->fields[i];
        if (field->metadata.len)
            return err_set(err, W2013, field->pos, "connector \"datagen\" has no metadata \"%.*s\"",
                           STR_ARG(field->metadata));
        FieldOptions fo = {.of = o, .mark = settings, .field = field};
        DatagenField f;
        Status st = field_read(&fo, &f, err);
        mem_free(f.values);
        if (st) return st;
    }
    return ERR_OK;
}

/* --- source -------------------------------------------------------------------------------- */

struct Source {
    const SourceWant *want;
    const DatagenOptions *options;
    DatagenField *fields; /* wanted ones */
    u64 rows;             /* UINT64_MAX: without end */
    u64 next;
    u64 seq;
    u64 first, first_seq; /* where rewind() goes back to */
    bool started;
    i64 started_us; /* monotonic clock at row 0, or when it would have been made */
    DatagenClock clock;
};

struct Chunk {
    ChunkHead head;
    u64 from, to;
};

struct Reader {
    ReadCounts counts;
    const Source *source;
};

static void
datagen_close(Source *s)
{
    if (!s) return;
    for (u32 i = 0; i < s->want->nfields; i++) mem_free(s->fields[i].values);
    mem_free(s->fields);
    mem_free(s);
}

static u64
field_key(u64 seed, u32 field)
{
    u64 state = seed ^ (u64)(field + 1) * 0xD1B54A32D192ED03u;
    return rng_splitmix(&state);
}

/* Do the options, which were checked with the table, ask for a number of rows? */
static bool
datagen_ends(const TableSpec *table)
{
    const DatagenOptions *o = table->options;
    u64 rows = o->rows >= 0 ? (u64)o->rows : UINT64_MAX;
    for (u32 i = 0; i < table->nfields; i++) {
        FieldOptions fo = {.of = o, .field = &table->fields[i]};
        DatagenField f;
        Err err;
        if (!field_read(&fo, &f, &err)) rows = MIN(rows, sequence_rows(&f));
        mem_free(f.values);
    }
    return rows != UINT64_MAX;
}

static Status
datagen_open(const SourceWant *want, Source **ret_source, u64 *ret_applied, Err *err)
{
    Source *s = mem_make(Source);
    s->want = want;
    s->options = want->table->options;
    s->fields = mem_array(DatagenField, MAX(want->nfields, 1));
    s->rows = s->options->rows >= 0 ? (u64)s->options->rows : UINT64_MAX;
    for (u32 i = 0; i < want->table->nfields; i++) {
        FieldOptions fo = {.of = s->options, .field = &want->table->fields[i]};
        DatagenField f;
        Status st = field_read(&fo, &f, err);
        f.key = field_key((u64)s->options->seed, i);
        s->rows = MIN(s->rows, sequence_rows(&f));
        bool kept = false;
        for (u32 w = 0; w < want->nfields && !kept && !st; w++) {
            if (want->fields[w] != i) continue;
            s->fields[w] = f;
            kept = true;
        }
        if (!kept) mem_free(f.values);
        if (st) {
            datagen_close(s);
            return st;
        }
    }
    bool paced = s->rows == UINT64_MAX || s->options->paced;
    s->clock.rows_per_second = paced ? s->options->rows_per_second : 0;
    *ret_source = s;
    *ret_applied = 0;
    return ERR_OK;
}

static u32
datagen_partitions(const Source *s)
{
    (void)s;
    return 1;
}

static bool
datagen_bounded(const Source *s)
{
    return s->rows != UINT64_MAX;
}

static u64
datagen_bytes_total(const Source *s)
{
    (void)s;
    return 0;
}

static const char *
datagen_partition_name(const Source *s, u32 partition)
{
    (void)s;
    assert(partition == 0);
    return "datagen";
}

/* Rows that may have been made by now. */
static u64
rows_due(Source *s)
{
    if (s->clock.rows_per_second == 0) return UINT64_MAX;
    i64 passed_us = clock_monotonic_us() - s->started_us;
    return (u64)((u128)(u64)MAX(passed_us, 0) * (u64)s->clock.rows_per_second / US_PER_SECOND) + 1;
}

static Status
datagen_fetch(Source *s, u32 partition, FetchResult *ret_result, Chunk **ret_chunk, Err *err)
{
    (void)err;
    assert(partition == 0);
    if (!s->started) {
        s->started = true;
        s->started_us = clock_monotonic_us();
        s->clock.start_us = clock_wall_us();
    }
    u64 until = MIN(s->rows, rows_due(s));
    *ret_chunk = NULL;
    *ret_result = FETCH_END;
    if (s->next == s->rows) return ERR_OK;
    *ret_result = FETCH_IDLE;
    if (s->next >= until) return ERR_OK;
    Chunk *c = mem_make(Chunk);
    c->head.seq_in_partition = s->seq++;
    c->from = s->next;
    c->to = s->next + MIN(until - s->next, (u64)CHUNK_ROWS);
    s->next = c->to;
    *ret_result = FETCH_CHUNK;
    *ret_chunk = c;
    return ERR_OK;
}

static Status
datagen_rewind(Source *s, u32 partition, Err *err)
{
    (void)err;
    assert(partition == 0);
    s->next = s->first;
    s->seq = s->first_seq;
    return ERR_OK;
}

static Status
datagen_reader_open(Source *s, Reader **ret_reader, Err *err)
{
    (void)err;
    Reader *r = mem_make(Reader);
    r->source = s;
    *ret_reader = r;
    return ERR_OK;
}

static Status
datagen_decode(Reader *r, Chunk *c, Batch **ret_batch, Err *err)
{
    (void)err;
    const SourceWant *want = r->source->want;
    *ret_batch = NULL;
    if (c->from == c->to) return ERR_OK;
    u32 n = (u32)MIN(c->to - c->from, (u64)want->batch_rows);
    Batch *b = batch_new(want->nfields, n);
    for (u32 i = 0; i < want->nfields; i++)
        b->col[i] = datagen_column(&r->source->fields[i], &r->source->clock, c->from, n);
    c->from += n;
    r->counts.rows += n;
    *ret_batch = b;
    return ERR_OK;
}

static const ReadCounts *
datagen_counts(const Reader *r)
{
    return &r->counts;
}

static void
datagen_chunk_free(Source *s, Chunk *c)
{
    (void)s;
    mem_free(c);
}

static void
datagen_reader_close(Reader *r)
{
    mem_free(r);
}

/* Every value is a function of its row's number and the clock at row 0. */
static void
datagen_save(const Source *s, StrBuf *out)
{
    saved_u64(out, s->started);
    saved_u64(out, s->next);
    saved_u64(out, s->seq);
    saved_i64(out, s->clock.start_us);
}

/* The pace goes on from now: rows of the time between are not made up for. */
static Status
datagen_restore(Source *s, Str saved, Err *err)
{
    SavedReader r = {.left = saved};
    s->started = saved_read_u64(&r) != 0;
    s->next = s->first = saved_read_u64(&r);
    s->seq = s->first_seq = saved_read_u64(&r);
    s->clock.start_us = saved_read_i64(&r);
    if (!saved_read_end(&r))
        return err_set(err, W5004, POS_NONE, "the bytes stored for a datagen source are none");
    s->next = s->first = MIN(s->next, s->rows);
    s->started_us = clock_monotonic_us();
    if (s->clock.rows_per_second) {
        u128 passed_us = (u128)s->next * US_PER_SECOND / (u64)s->clock.rows_per_second;
        s->started_us -= (i64)MIN(passed_us, (u128)INT64_MAX / 2);
    }
    return ERR_OK;
}

static const SourceDef datagen_source = {
    .open = datagen_open,
    .partitions = datagen_partitions,
    .bounded = datagen_bounded,
    .bytes_total = datagen_bytes_total,
    .partition_name = datagen_partition_name,
    .fetch = datagen_fetch,
    .rewind = datagen_rewind,
    .reader_open = datagen_reader_open,
    .decode = datagen_decode,
    .counts = datagen_counts,
    .chunk_free = datagen_chunk_free,
    .reader_close = datagen_reader_close,
    .close = datagen_close,
    .save = datagen_save,
    .restore = datagen_restore,
};

extern const Connector connector_datagen;
const Connector connector_datagen = {
    .name = "datagen",
    .doc = "Generated rows, the same for the same seed.",
    .options = options,
    .noptions = ARRAY_LEN(options),
    .column_options = column_options,
    .ncolumn_options = ARRAY_LEN(column_options),
    .options_bytes = sizeof(DatagenOptions),
    .source = &datagen_source,
    .check = datagen_check,
    .bounded = datagen_ends,
};
