/* bench_csv.c - how long fetching and decoding a CSV file of the clickstream takes, per row.
 *
 *     bench_csv FILE [COLUMNS [ROUNDS [OPTION=VALUE ...]]]
 *
 * COLUMNS are letters of the table's columns: t(s) u(ser_id) p(age) a(ction) r(price) c(ountry)
 * d(ur); "tpr" is what W1's first query reads. Prints the best and the middle round. One
 * thread; processor time, so that a busy machine disturbs less. */
#include "base/mem.h"
#include "connectors/connector.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static f64
now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (f64)t.tv_sec + (f64)t.tv_nsec * 1e-9;
}

static void
die(const Err *err)
{
    fprintf(stderr, "error[%s]: %s\n", errcode_name(err->code), err->text);
    exit(1);
}

typedef struct Round {
    u64 rows;
    f64 fetch_s, total_s;
    f64 sum; /* so that nothing is optimised away, and results can be compared */
} Round;

static f64
batch_sum(const Batch *b)
{
    f64 sum = 0;
    for (u32 i = 0; i < b->cols; i++) {
        const Vector *v = &b->col[i];
        if (v->type.kind == TYPE_DOUBLE) sum += vector_data(v, f64)[b->rows - 1];
        if (v->type.kind == TYPE_BIGINT) sum += (f64)vector_data(v, i64)[b->rows - 1];
        if (v->type.kind == TYPE_TIMESTAMP) sum += (f64)vector_data(v, i64)[b->rows - 1] * 1e-12;
        if (type_is(v->type, KIND_TEXT)) sum += vector_data(v, StrView)[b->rows - 1].len;
    }
    return sum;
}

static Round
round_run(const SourceDef *def, const SourceWant *want)
{
    Err err;
    Source *s;
    Reader *r;
    u64 applied;
    Round out = {0};
    f64 start = now_s();
    if (def->open(want, &s, &applied, &err) || def->reader_open(s, &r, &err)) die(&err);
    for (u32 p = 0; p < def->partitions(s);) {
        FetchResult result;
        Chunk *c;
        f64 t = now_s();
        if (def->fetch(s, p, &result, &c, &err)) die(&err);
        out.fetch_s += now_s() - t;
        if (result == FETCH_END) p++;
        if (result != FETCH_CHUNK) continue;
        for (;;) {
            Batch *b;
            if (def->decode(r, c, &b, &err)) die(&err);
            if (!b) break;
            out.rows += b->rows;
            out.sum += batch_sum(b);
            batch_free(b);
        }
        def->chunk_free(s, c);
    }
    def->reader_close(r);
    def->close(s);
    out.total_s = now_s() - start;
    return out;
}

static int
round_cmp(const void *a, const void *b)
{
    f64 x = ((const Round *)a)->total_s, y = ((const Round *)b)->total_s;
    return (x > y) - (x < y);
}

static void
round_print(const char *name, const Round *r, const char *columns)
{
    f64 rows = (f64)r->rows;
    printf("%s: columns %s, %llu rows, %.1f ns/row (fetch %.1f), %.1f M rows/s, sum %.6f\n", name,
           columns, (unsigned long long)r->rows, r->total_s / rows * 1e9, r->fetch_s / rows * 1e9,
           rows / r->total_s / 1e6, r->sum);
}

enum { SETTINGS_MAX = 16, ROUNDS_MAX = 100 };

static OptionSetting
setting(const char *name, const char *value)
{
    return (OptionSetting){.name = str_from(name), .value = str_from(value)};
}

int
main(int argc, char **argv)
{
    if (argc < 2) return 2;
    const char *columns = argc > 2 ? argv[2] : "tpr";
    u32 rounds = argc > 3 ? (u32)strtoul(argv[3], NULL, 10) : 5;
    rounds = MAX(1, MIN(rounds, ROUNDS_MAX));
    FieldSpec fields[] = {
        {.name = STR("ts"), .type = type_timestamp(TYPE_TIMESTAMP, 3)},
        {.name = STR("user_id"), .type = type_of(TYPE_BIGINT)},
        {.name = STR("page"), .type = type_string()},
        {.name = STR("action"), .type = type_string()},
        {.name = STR("price"), .type = type_of(TYPE_DOUBLE)},
        {.name = STR("country"), .type = type_string()},
        {.name = STR("dur"), .type = type_of(TYPE_INT)},
    };
    static const char letters[] = "tuparcd";
    u32 wanted[ARRAY_LEN(fields)], nwanted = 0;
    for (const char *c = columns; *c && nwanted < ARRAY_LEN(wanted); c++) {
        const char *at = strchr(letters, *c);
        if (at) wanted[nwanted++] = (u32)(at - letters);
    }
    OptionSetting settings[SETTINGS_MAX];
    u32 n = 0;
    settings[n++] = setting("connector", "filesystem");
    settings[n++] = setting("format", "csv");
    settings[n++] = setting("path", argv[1]);
    for (int i = 4; i < argc && n < SETTINGS_MAX; i++) {
        char *eq = strchr(argv[i], '=');
        if (!eq) return 2;
        *eq = 0;
        settings[n++] = setting(argv[i], eq + 1);
    }
    Err err;
    Arena *arena = arena_new();
    ConnectorEnv env = {0};
    TableSpec *spec;
    if (table_spec_make(arena, &env, STR("clicks"), fields, ARRAY_LEN(fields), settings, n, 0,
                        &spec, &err))
        die(&err);
    SourceWant want = {.table = spec,
                       .fields = wanted,
                       .nfields = nwanted,
                       .batch_rows = BATCH_ROWS_MAX,
                       .env = &env};
    Round all[ROUNDS_MAX];
    for (u32 i = 0; i < rounds; i++) all[i] = round_run(spec->connector->source, &want);
    qsort(all, rounds, sizeof *all, round_cmp);
    round_print("best", &all[0], columns);
    round_print("middle", &all[rounds / 2], columns);
    arena_free(arena);
    return 0;
}
