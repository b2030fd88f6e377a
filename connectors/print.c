/* print.c - 'connector' = 'print': rows as Flink prints them, and 'blackhole', which drops them.
 *
 *     +I[2024-01-01T00:00, pen, 3]        identifier> -U[null, ...] with 'print-identifier'
 *
 * Values are Java's toString: times in ISO form without a zero fraction, null in small letters. */
#include "base/mem.h"
#include "base/value_text.h"
#include "connectors/connector.h"

#include <errno.h>
#include <unistd.h>

typedef struct PrintOptions {
    Str identifier;
    bool standard_error;
    i64 parallelism;
} PrintOptions;

static const Option print_options[] = {
    {"print-identifier", OPTION_TEXT, offsetof(PrintOptions, identifier), "", NULL,
     "stands before each row, with \"> \" behind it"},
    {"standard-error", OPTION_BOOL, offsetof(PrintOptions, standard_error), "false", NULL,
     "print to standard error"},
    {"sink.parallelism", OPTION_INT, offsetof(PrintOptions, parallelism), "1", NULL,
     "accepted for Flink's sake; rows are printed by one writer"},
};

struct Sink {
    const TableSpec *table;
    const TimeZone *zone;
    const PrintOptions *options;
    int fd;
    StrBuf out;
};

static Status
print_open(const TableSpec *table, const ConnectorEnv *env, Sink **ret_sink, Err *err)
{
    (void)err;
    Sink *s = mem_make(Sink);
    s->table = table;
    s->options = table->options;
    s->zone = env ? env->zone : NULL;
    s->fd = s->options->standard_error ? STDERR_FILENO : STDOUT_FILENO;
    *ret_sink = s;
    return ERR_OK;
}

/* java.time: seconds only when there are any, fractions in groups of three digits. */
static void
print_clock(StrBuf *out, i64 us_of_day)
{
    u32 s = (u32)(us_of_day / US_PER_SECOND), us = (u32)(us_of_day % US_PER_SECOND);
    strbuf_printf(out, "%02u:%02u", s / 3600, s / 60 % 60);
    if (s % 60 || us) strbuf_printf(out, ":%02u", s % 60);
    if (us % 1000)
        strbuf_printf(out, ".%06u", us);
    else if (us)
        strbuf_printf(out, ".%03u", us / 1000);
}

static void
print_timestamp(StrBuf *out, i64 us, bool instant)
{
    char date[DATETIME_TEXT_MAX];
    strbuf_add(out, date, date_print(date, timestamp_days(us)));
    strbuf_char(out, 'T');
    i64 rest = timestamp_time_us(us);
    print_clock(out, rest);
    if (!instant) return;
    if (rest % US_PER_MINUTE == 0) strbuf_add(out, ":00", 3); /* Instant always has seconds */
    strbuf_char(out, 'Z');
}

static void
print_bytes(StrBuf *out, Str bytes)
{
    strbuf_char(out, '[');
    for (u32 i = 0; i < bytes.len; i++)
        strbuf_printf(out, "%s%d", i ? ", " : "", (int)(i8)bytes.ptr[i]);
    strbuf_char(out, ']');
}

static void
print_slot(const Sink *s, StrBuf *out, Type type, const void *slot)
{
    i64 value = 0;
    if (slot && type_phys[type.kind] == PHYS_I64) memcpy(&value, slot, sizeof value);
    if (!slot)
        strbuf_add(out, "null", 4);
    else if (type.kind == TYPE_TIMESTAMP || type.kind == TYPE_TIMESTAMP_LTZ)
        print_timestamp(out, value, type.kind == TYPE_TIMESTAMP_LTZ);
    else if (type.kind == TYPE_TIME)
        print_clock(out, value);
    else if (type.kind == TYPE_BOOLEAN)
        strbuf_str(out, *(const u8 *)slot ? STR("true") : STR("false"));
    else if (type_is(type, KIND_BYTES))
        print_bytes(out, strview_str(slot));
    else
        value_print(out, type, slot, s->zone);
}

static Status
print_flush(Sink *s, Err *err)
{
    for (size_t at = 0; at < s->out.len;) {
        ssize_t n = write(s->fd, s->out.ptr + at, s->out.len - at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0)
            return err_set(err, errno == EPIPE ? W5003 : W5001, POS_NONE, "cannot print: %s",
                           strerror(errno));
        at += (size_t)n;
    }
    strbuf_clear(&s->out);
    return ERR_OK;
}

static Status
print_write(Sink *s, const Batch *b, Err *err)
{
    static const char *const kinds[] = {[ROW_INSERT] = "+I",
                                        [ROW_UPDATE_BEFORE] = "-U",
                                        [ROW_UPDATE_AFTER] = "+U",
                                        [ROW_DELETE] = "-D"};
    for (u32 row = 0; row < b->rows; row++) {
        if (s->options->identifier.len) {
            strbuf_str(&s->out, s->options->identifier);
            strbuf_add(&s->out, "> ", 2);
        }
        u8 kind = b->kind ? b->kind->bytes[row] : ROW_INSERT;
        assert(kind < ARRAY_LEN(kinds));
        strbuf_printf(&s->out, "%s[", kinds[kind]);
        for (u32 i = 0; i < b->cols; i++) {
            if (i) strbuf_add(&s->out, ", ", 2);
            print_slot(s, &s->out, b->col[i].type, vector_at(&b->col[i], row));
        }
        strbuf_add(&s->out, "]\n", 2);
    }
    return print_flush(s, err);
}

static Status
print_commit(Sink *s, u64 epoch, Err *err)
{
    (void)epoch;
    return print_flush(s, err);
}

static void
print_close(Sink *s, bool keep)
{
    (void)keep;
    if (!s) return;
    strbuf_done(&s->out);
    mem_free(s);
}

static const SinkDef print_sink = {
    .open = print_open,
    .write = print_write,
    .commit = print_commit,
    .close = print_close,
    .takes_updates = true,
};

extern const Connector connector_print;
const Connector connector_print = {
    .name = "print",
    .doc = "Rows on standard output with their kind, as Flink's print connector writes them.",
    .options = print_options,
    .noptions = ARRAY_LEN(print_options),
    .options_bytes = sizeof(PrintOptions),
    .sink = &print_sink,
};

static Status
blackhole_open(const TableSpec *table, const ConnectorEnv *env, Sink **ret_sink, Err *err)
{
    (void)table, (void)env, (void)err;
    *ret_sink = mem_make(Sink);
    return ERR_OK;
}

static Status
blackhole_write(Sink *s, const Batch *b, Err *err)
{
    (void)s, (void)b, (void)err;
    return ERR_OK;
}

static Status
blackhole_commit(Sink *s, u64 epoch, Err *err)
{
    (void)epoch;
    (void)s, (void)err;
    return ERR_OK;
}

static void
blackhole_close(Sink *s, bool keep)
{
    (void)keep;
    mem_free(s);
}

static const SinkDef blackhole_sink = {
    .open = blackhole_open,
    .write = blackhole_write,
    .commit = blackhole_commit,
    .close = blackhole_close,
    .takes_updates = true,
};

extern const Connector connector_blackhole;
const Connector connector_blackhole = {
    .name = "blackhole",
    .doc = "Takes rows and forgets them; for measurements.",
    .sink = &blackhole_sink,
};
