/* test_datagen.c - generated rows: the same whatever the batch size and columns, bounded by counts
 * and sequences, within their options; and options that do not fit are refused. */
#include "base/value_text.h"
#include "connectors/connector.h"
#include "tests/unit/test.h"

enum { FIELDS_MAX = 8, SETTINGS_MAX = 24 };

/* A datagen table: columns, and settings as "key=value". */
typedef struct Gen {
    FieldSpec fields[FIELDS_MAX];
    OptionSetting settings[SETTINGS_MAX];
    u32 nfields, nsettings;
    Arena *arena;
    TableSpec *table;
} Gen;

static void
gen_column(Gen *g, const char *name, Type type)
{
    g->fields[g->nfields++] = (FieldSpec){.name = str_from(name), .type = type};
}

static void
gen_option(Gen *g, const char *key, const char *value)
{
    g->settings[g->nsettings++] = (OptionSetting){.name = str_from(key), .value = str_from(value)};
}

static Status
gen_make(Gen *g, Err *err)
{
    gen_option(g, "connector", "datagen");
    g->arena = arena_new();
    return table_spec_make(g->arena, NULL, STR("t"), g->fields, g->nfields, g->settings,
                           g->nsettings, 0, &g->table, err);
}

/* All rows of the given columns as text, a line each; at most 2000. */
static void
gen_rows(const Gen *g, const u32 *columns, u32 ncolumns, u32 batch_rows, StrBuf *out)
{
    const SourceDef *def = g->table->connector->source;
    SourceWant want = {.table = g->table, .fields = columns, .nfields = ncolumns};
    want.batch_rows = batch_rows;
    Source *s;
    Reader *r;
    Chunk *c;
    Batch *b;
    FetchResult got = FETCH_CHUNK;
    Err err;
    u64 applied, rows = 0;
    strbuf_clear(out);
    CHECK(def->open(&want, &s, &applied, &err) == ERR_OK);
    CHECK(def->reader_open(s, &r, &err) == ERR_OK);
    while (rows < 2000 && def->fetch(s, 0, &got, &c, &err) == ERR_OK && got == FETCH_CHUNK) {
        while (def->decode(r, c, &b, &err) == ERR_OK && b) {
            batch_check(b);
            rows += b->rows;
            for (u32 i = 0; i < b->rows; i++) {
                for (u32 k = 0; k < b->cols; k++) {
                    if (k) strbuf_char(out, '|');
                    value_print(out, b->col[k].type, vector_at(&b->col[k], i), NULL);
                }
                strbuf_char(out, '\n');
            }
            batch_free(b);
        }
        def->chunk_free(s, c);
    }
    CHECK(rows >= 2000 || got == FETCH_END);
    def->reader_close(r);
    def->close(s);
}

static void
gen_done(Gen *g)
{
    arena_free(g->arena);
}

static void
rows_do_not_depend_on_batches_or_columns(void)
{
    Gen g = {0};
    Err err;
    gen_column(&g, "n", type_of(TYPE_BIGINT));
    gen_column(&g, "d", type_of(TYPE_DOUBLE));
    gen_column(&g, "s", type_string());
    gen_column(&g, "b", type_of(TYPE_BOOLEAN));
    gen_column(&g, "m", type_decimal(10, 2));
    gen_column(&g, "t", type_timestamp(TYPE_TIMESTAMP, 3));
    gen_option(&g, "number-of-rows", "1000");
    gen_option(&g, "fields.s.var-len", "true");
    gen_option(&g, "fields.n.null-rate", "0.3");
    gen_option(&g, "fields.t.kind", "sequence");
    gen_option(&g, "fields.t.start", "2024-01-01 00:00:00");
    gen_option(&g, "fields.t.step", "100 ms");
    gen_option(&g, "fields.t.max-past", "2 s");
    CHECK(gen_make(&g, &err) == ERR_OK);
    StrBuf all = {0}, small = {0}, one = {0};
    static const u32 every[] = {0, 1, 2, 3, 4, 5}, last[] = {5};
    gen_rows(&g, every, 6, BATCH_ROWS_MAX, &all);
    gen_rows(&g, every, 6, 7, &small);
    gen_rows(&g, last, 1, 100, &one);
    CHECK(str_eq(strbuf_view(&all), strbuf_view(&small)));
    u32 lines = 0, nulls = 0;
    const char *single = one.ptr;
    for (const char *p = all.ptr; *p;) {
        const char *end = strchr(p, '\n'), *single_end = strchr(single, '\n');
        Str line = {p, (u32)(end - p)}, alone = {single, (u32)(single_end - single)};
        CHECK(str_ends(line, alone));
        nulls += str_starts(line, STR("NULL|"));
        lines++;
        p = end + 1;
        single = single_end + 1;
    }
    CHECK(lines == 1000);
    CHECK(nulls > 230 && nulls < 370);
    strbuf_done(&all);
    strbuf_done(&small);
    strbuf_done(&one);
    gen_done(&g);
}

static void
sequences_advance_and_end(void)
{
    Gen g = {0};
    Err err;
    gen_column(&g, "n", type_of(TYPE_INT));
    gen_column(&g, "t", type_timestamp(TYPE_TIMESTAMP, 3));
    gen_column(&g, "s", type_string());
    gen_column(&g, "v", type_string());
    gen_column(&g, "d", type_of(TYPE_DATE));
    gen_option(&g, "fields.n.kind", "sequence");
    gen_option(&g, "fields.n.start", "5");
    gen_option(&g, "fields.n.end", "8");
    gen_option(&g, "fields.t.kind", "sequence");
    gen_option(&g, "fields.t.start", "2024-02-28 23:59:59.9");
    gen_option(&g, "fields.t.step", "100 ms");
    gen_option(&g, "fields.s.kind", "sequence");
    gen_option(&g, "fields.s.prefix", "a much longer row ");
    gen_option(&g, "fields.v.kind", "sequence");
    gen_option(&g, "fields.v.values", "x|yy|");
    gen_option(&g, "fields.d.kind", "sequence");
    gen_option(&g, "fields.d.start", "2024-02-28");
    CHECK(gen_make(&g, &err) == ERR_OK);
    StrBuf out = {0};
    static const u32 every[] = {0, 1, 2, 3, 4}, some[] = {3};
    gen_rows(&g, every, 5, 3, &out);
    const char *expected = "5|2024-02-28 23:59:59.900|a much longer row 0|x|2024-02-28\n"
                           "6|2024-02-29 00:00:00.000|a much longer row 1|yy|2024-02-29\n"
                           "7|2024-02-29 00:00:00.100|a much longer row 2||2024-03-01\n"
                           "8|2024-02-29 00:00:00.200|a much longer row 3|x|2024-03-02\n";
    CHECK(str_eq(strbuf_view(&out), str_from(expected)));
    gen_rows(&g, some, 1, 100, &out); /* the end holds although its column is not wanted */
    CHECK(str_eq(strbuf_view(&out), str_from("x\nyy\n\nx\n")));
    strbuf_done(&out);
    gen_done(&g);
}

static void
values_stay_in_bounds(void)
{
    Gen g = {0};
    Err err;
    gen_column(&g, "n", type_of(TYPE_SMALLINT));
    gen_column(&g, "page", type_string());
    gen_column(&g, "x", type_of(TYPE_FLOAT));
    gen_option(&g, "number-of-rows", "2000");
    gen_option(&g, "fields.n.min", "-3");
    gen_option(&g, "fields.n.max", "3");
    gen_option(&g, "fields.page.prefix", "/p/");
    gen_option(&g, "fields.page.max", "9");
    gen_option(&g, "fields.page.skew", "2");
    gen_option(&g, "fields.x.min", "1");
    gen_option(&g, "fields.x.max", "2");
    CHECK(gen_make(&g, &err) == ERR_OK);
    StrBuf out = {0};
    static const u32 every[] = {0, 1, 2};
    gen_rows(&g, every, 3, BATCH_ROWS_MAX, &out);
    u32 numbers[7] = {0}, pages[10] = {0};
    for (const char *p = out.ptr; *p; p = strchr(p, '\n') + 1) {
        i64 n;
        const char *bar = strchr(p, '|');
        CHECK(str_to_i64((Str){p, (u32)(bar - p)}, &n) && n >= -3 && n <= 3);
        numbers[n + 3]++;
        CHECK(!memcmp(bar, "|/p/", 4) && bar[4] >= '0' && bar[4] <= '9' && bar[5] == '|');
        pages[bar[4] - '0']++;
        CHECK(bar[6] == '1' && bar[7] == '.');
    }
    for (u32 i = 0; i < 7; i++) CHECK(numbers[i] > 2000 / 7 / 2);
    CHECK(pages[0] > 3 * pages[9] && pages[9] > 0);
    strbuf_done(&out);
    gen_done(&g);
}

static void
no_end_means_waiting(void)
{
    Gen g = {0};
    Err err;
    gen_column(&g, "n", type_of(TYPE_BIGINT));
    gen_option(&g, "rows-per-second", "1");
    CHECK(gen_make(&g, &err) == ERR_OK);
    const SourceDef *def = g.table->connector->source;
    static const u32 first[] = {0};
    SourceWant want = {.table = g.table, .fields = first, .nfields = 1, .batch_rows = 10};
    Source *s;
    Chunk *c;
    FetchResult got;
    u64 applied;
    CHECK(def->open(&want, &s, &applied, &err) == ERR_OK);
    CHECK(!def->bounded(s));
    CHECK(def->fetch(s, 0, &got, &c, &err) == ERR_OK && got == FETCH_CHUNK);
    def->chunk_free(s, c);
    CHECK(def->fetch(s, 0, &got, &c, &err) == ERR_OK && got == FETCH_IDLE);
    def->close(s);
    gen_done(&g);
}

static void
misfitting_options_are_refused(void)
{
    static const struct {
        const char *key, *value;
        ErrCode code;
    } cases[] = {
        {"fields.n.kind", "sometimes", W2012},  {"fields.n.min", "x", W2012},
        {"fields.n.max", "99999999999", W2012}, {"fields.n.min", "2147483647", W0000},
        {"fields.s.length", "-1", W2012},       {"fields.s.length", "5", W0000},
        {"fields.x.length", "5", W2012},        {"fields.n.null-rate", "1.5", W2012},
        {"fields.t.max-past", "soon", W2012},   {"fields.t.kind", "sequence", W2014},
        {"fields.n.skew", "9", W2012},          {"fields.n.values", "a|b", W2012},
        {"rows-per-second", "0", W2012},        {"number-of-rows", "many", W2012},
    };
    for (u32 i = 0; i < ARRAY_LEN(cases); i++) {
        Gen g = {0};
        Err err = {0};
        gen_column(&g, "n", type_of(TYPE_INT));
        gen_column(&g, "s", type_string());
        gen_column(&g, "t", type_timestamp(TYPE_TIMESTAMP, 3));
        gen_option(&g, cases[i].key, cases[i].value);
        Status st = gen_make(&g, &err);
        CHECK((st != ERR_OK) == (cases[i].code != W0000));
        CHECK(!st || err.code == cases[i].code);
        if (st && err.code != cases[i].code) fprintf(stderr, "%s: %s\n", cases[i].key, err.text);
        gen_done(&g);
    }
}

/* The row numbers of a chunk, one column `id` that counts. */
static u64
chunk_rows(const SourceDef *def, Reader *r, Source *s, Chunk *c, u64 expected)
{
    Batch *b;
    Err err;
    u64 rows = 0;
    while (def->decode(r, c, &b, &err) == ERR_OK && b) {
        for (u32 i = 0; i < b->rows; i++)
            CHECK(vector_data(&b->col[0], i64)[i] == (i64)(expected + rows + i));
        rows += b->rows;
        batch_free(b);
    }
    def->chunk_free(s, c);
    return rows;
}

static void
rows_go_on_where_they_were(void)
{
    Gen g = {0};
    Err err;
    gen_column(&g, "id", type_of(TYPE_BIGINT));
    gen_option(&g, "fields.id.kind", "sequence");
    gen_option(&g, "number-of-rows", "30000");
    CHECK(gen_make(&g, &err) == ERR_OK);
    const SourceDef *def = g.table->connector->source;
    u32 wanted = 0;
    SourceWant want = {.table = g.table, .fields = &wanted, .nfields = 1, .batch_rows = 700};
    StrBuf saved = {0};
    u64 rows = 0, applied;
    for (FetchResult got = FETCH_CHUNK; got != FETCH_END;) { /* a start for every chunk */
        Source *s;
        Reader *r;
        Chunk *c;
        CHECK(def->open(&want, &s, &applied, &err) == ERR_OK);
        if (saved.len) CHECK(def->restore(s, strbuf_view(&saved), &err) == ERR_OK);
        CHECK(def->reader_open(s, &r, &err) == ERR_OK);
        CHECK(def->fetch(s, 0, &got, &c, &err) == ERR_OK && got != FETCH_IDLE);
        if (got == FETCH_CHUNK) rows += chunk_rows(def, r, s, c, rows);
        strbuf_clear(&saved);
        def->save(s, &saved);
        def->reader_close(r);
        def->close(s);
    }
    CHECK(rows == 30000);
    strbuf_done(&saved);
    gen_done(&g);
}

TESTS(TEST(rows_do_not_depend_on_batches_or_columns), TEST(sequences_advance_and_end),
      TEST(values_stay_in_bounds), TEST(no_end_means_waiting), TEST(misfitting_options_are_refused),
      TEST(rows_go_on_where_they_were))
