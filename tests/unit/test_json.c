/* test_json.c - JSON lines in and out: values, nested fields, bad records; and that lines mean the
 * same by learned shape, by simdjson, at every processor level, block size and batch size. */
#include "base/rng.h"
#include "connectors/json_scan.h"
#include "tests/unit/json_harness.h"
#include "tests/unit/test.h"

#define COLUMNS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Every way to run gives `expected`. */
static void
check_run(JsonRun run, const char *text, const char *expected)
{
    StrBuf out = {0};
    Str input = {text, (u32)strlen(text)};
    static const u32 blocks[] = {0, 1, 7, 64, 200, 1000}, rows[] = {0, 1, 3};
    for (u32 walk = 0; walk < 2; walk++) {
        for (CpuLevel level = CPU_V2; level <= CPU_V4; level++) {
            for (u32 b = 0; b < ARRAY_LEN(blocks); b++) {
                for (u32 r = 0; r < ARRAY_LEN(rows); r++) {
                    run.walk = walk;
                    run.level = level;
                    run.block = blocks[b];
                    run.batch_rows = rows[r];
                    Str got = json_run(&run, input, &out);
                    if (str_eq(got, str_from(expected))) continue;
                    fprintf(stderr, "walk %u level %d block %u rows %u:\n%s---- expected\n%s", walk,
                            level, blocks[b], rows[r], got.ptr, expected);
                    CHECK(walk > 1); /* shown above */
                    strbuf_done(&out);
                    return;
                }
            }
        }
    }
    strbuf_done(&out);
}

static JsonRun
run_of(const char *const *columns, const Type *types)
{
    JsonRun run = {.columns = columns};
    for (u32 i = 0; columns[i]; i++) run.types[i] = types[i];
    return run;
}
#define RUN(names, ...) run_of(names, (const Type[]){__VA_ARGS__})
#define TEXTS type_string()
#define LONGS type_of(TYPE_BIGINT)
#define DOUBLES type_of(TYPE_DOUBLE)

static void
clicks_are_read(void)
{
    JsonRun run =
        RUN(COLUMNS("ts", "page", "price"), type_timestamp(TYPE_TIMESTAMP, 3), TEXTS, DOUBLES);
    check_run(run,
              "{\"ts\":\"2024-01-01 00:00:00.000\",\"user_id\":735515,\"page\":\"/p/53\",\"price\":"
              "389.03,\"dur\":6606}\n"
              "{\"ts\":\"2024-01-01 00:00:00.250\",\"user_id\":1,\"page\":\"/a/page/longer/than/12"
              "\",\"price\":0.5,\"dur\":1}\n"
              "\n  \r\n"
              "{\"ts\":\"2024-01-01T00:00:01\", \"user_id\": 7, \"page\": \"\", \"price\": -12}\r\n"
              "{\"price\":1e2,\"page\":null,\"ts\":\"2024-01-02 00:00:00\"}\n"
              "{}\n"
              "{\"ts\":\"2024-01-03 10:00:00.123\",\"user_id\":2,\"page\":\"x\",\"price\":12345678."
              "25,\"dur\":1}",
              "2024-01-01 00:00:00.000\t/p/53\t389.03\n"
              "2024-01-01 00:00:00.250\t/a/page/longer/than/12\t0.5\n"
              "2024-01-01 00:00:01.000\t\t-12.0\n"
              "2024-01-02 00:00:00.000\tNULL\t100.0\n"
              "NULL\tNULL\tNULL\n"
              "2024-01-03 10:00:00.123\tx\t1.234567825E7\n");
}

static void
texts_take_any_value(void)
{
    check_run(RUN(COLUMNS("a"), TEXTS),
              "{\"a\":\"x\"}\n{\"a\":12.50}\n{\"a\":true}\n{\"a\":null}\n{\"a\":{\"b\":[1, 2]}}\n"
              "{\"a\":[1,{\"c\":\"]\"}]}\n{\"a\":{}}\n{\"a\":[]}\n{\"a\": [ ] }\n"
              "{\"a\":{\"long\":\"a container of more than twelve bytes\"}}\n",
              "x\n12.50\ntrue\nNULL\n{\"b\":[1, 2]}\n[1,{\"c\":\"]\"}]\n{}\n[]\n[ ]\n"
              "{\"long\":\"a container of more than twelve bytes\"}\n");
}

static void
escapes_are_resolved(void)
{
    check_run(
        RUN(COLUMNS("a", "b"), TEXTS, LONGS),
        "{\"a\":\"q\\\"b\\\\s\\/n\\nt\\t\",\"b\":\"\\u0031\\u0032\"}\n"
        "{\"a\":\"\\u00e4\\u20AC\\ud83d\\ude00 and more text behind it\",\"b\":1}\n"
        "{\"\\u0061\":\"key\",\"b\":2}\n"
        "{\"a\":\"plain\",\"b\":3}\n"
        "{\"a\":\"ends \\\\\",\"b\":4}\n",
        "q\"b\\s/n\nt\t\t12\n\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80 and more text behind it\t1\n"
        "key\t2\nplain\t3\nends \\\t4\n");
    check_run(RUN(COLUMNS("a"), TEXTS), "{\"a\":\"\\ud83d\"}\n",
              "W3104 a.jsonl:1: field \"a\": an unpaired surrogate is no character: "
              "\"\\\\ud83d\"\n");
    check_run(RUN(COLUMNS("a"), TEXTS), "{\"a\":\"\\x\"}\n",
              "W3101 a.jsonl:1: not valid JSON: field \"a\": \\\\x\n");
}

static OptionSetting
setting_of(const char *name, const char *value)
{
    return (OptionSetting){.name = str_from(name), .value = str_from(value)};
}

/* A key whose escapes mean nothing is none of the wanted ones, and no value of anybody. */
static void
unknown_keys_may_be_anything(void)
{
    check_run(RUN(COLUMNS("a"), LONGS),
              "{\"a\":1,\"long enough\":0}\n{\"a\":2,\"long enough\\q\":0}\n"
              "{\"a\":3,\"long eno\\ud800\":0}\n{\"\\q\":0,\"a\":4}\n",
              "1\n2\n3\n4\n");
    /* A name with a quote must not be found in the bytes of a key and what follows it. */
    JsonRun run = RUN(COLUMNS("x"), LONGS);
    OptionSetting quoted = setting_of("json.path.x", "$['a\":1,\"b']");
    run.options.settings = &quoted;
    run.options.nsettings = 1;
    check_run(run, "{\"a\":1,\"b\":2}\n{\"a\":1,\"b\":2}\n{\"a\\\":1,\\\"b\":3}\n",
              "NULL\nNULL\n3\n");
}

/* Names about as long as the bytes behind a chunk that may be read, and a chunk that ends with a
 * line of the same punctuation. */
static void
long_keys_stay_within_the_chunk(void)
{
    StrBuf text = {0}, expected = {0};
    for (u32 len = 1; len < 300; len += len < 80 ? 1 : 37) {
        for (u32 wanted = 0; wanted < 2; wanted++) {
            char name[300] = {0}, path[320] = "$.";
            memset(name, 'k', len);
            memcpy(path + 2, name, len);
            JsonRun run = RUN(COLUMNS("v"), LONGS);
            OptionSetting setting = setting_of("json.path.v", wanted ? path : "$.k");
            run.options.settings = &setting;
            run.options.nsettings = 1;
            strbuf_clear(&text);
            strbuf_clear(&expected);
            for (u32 i = 0; i < 3; i++) {
                strbuf_printf(&text, "{\"o\":1,\"%s\":%u}\n", name, i);
                strbuf_printf(&text, "{\"o\":1,\"\":5}\n{\"o\":0,\"%.*s\":8}\n", len - 1, name);
                if (wanted || len == 1)
                    strbuf_printf(&expected, "%u\nNULL\nNULL\n", i);
                else
                    strbuf_printf(&expected, "NULL\nNULL\n%s\n", len == 2 ? "8" : "NULL");
            }
            check_run(run, text.ptr, expected.ptr);
        }
    }
    strbuf_done(&text);
    strbuf_done(&expected);
}

static void
later_keys_win(void)
{
    check_run(RUN(COLUMNS("a", "b"), LONGS, LONGS),
              "{\"a\":1,\"b\":2}\n{\"a\":1,\"a\":3}\n{\"b\":4,\"b\":5}\n{\"a\":1,\"a\":null}\n",
              "1\t2\n3\tNULL\nNULL\t5\nNULL\tNULL\n");
}

static void
paths_reach_nested_fields(void)
{
    JsonRun run =
        RUN(COLUMNS("id", "user", "a.b", "all", "tag"), LONGS, TEXTS, LONGS, TEXTS, TEXTS);
    OptionSetting settings[] = {
        setting_of("json.path.id", "$.user.id"),
        setting_of("json.path.all", "$"),
        setting_of("json.path.tag", "$['user']['the tag']"),
    };
    run.options.settings = settings;
    run.options.nsettings = ARRAY_LEN(settings);
    check_run(
        run,
        "{\"user\":{\"id\":7,\"the tag\":\"x\"},\"a.b\":1}\n"
        "{\"user\":{\"id\":8,\"the tag\":\"y\"},\"a.b\":2}\n"
        "{\"user\":{\"id\":9},\"user\":{\"the tag\":\"z\"}}\n"
        " {\"user\":5} \n"
        "{\"user\":{\"id\":{\"no\":1}},\"a\":{\"b\":3}}\n",
        "7\t{\"id\":7,\"the tag\":\"x\"}\t1\t{\"user\":{\"id\":7,\"the tag\":\"x\"},\"a.b\":1}"
        "\tx\n"
        "8\t{\"id\":8,\"the tag\":\"y\"}\t2\t{\"user\":{\"id\":8,\"the tag\":\"y\"},\"a.b\":2}"
        "\ty\n"
        "NULL\t{\"the tag\":\"z\"}\tNULL\t{\"user\":{\"id\":9},\"user\":{\"the tag\":\"z\"}}"
        "\tz\n"
        "NULL\t5\tNULL\t{\"user\":5}\tNULL\n"
        "W3102 a.jsonl:5: field \"id\": \"{\\\"no\\\":1}\" is not a BIGINT\n");
}

static void
numbers_are_exact(void)
{
    check_run(RUN(COLUMNS("i"), LONGS),
              "{\"i\":9223372036854775807}\n{\"i\":-9223372036854775808}\n{\"i\":\" 12 \"}\n"
              "{\"i\":1.9}\n{\"i\":-1.9}\n{\"i\":12e3}\n{\"i\":-0}\n{\"i\":1234567890123456}\n"
              "{\"i\":12345678}\n{\"i\":-123456789}\n",
              "9223372036854775807\n-9223372036854775808\n12\n1\n-1\n12000\n0\n1234567890123456\n"
              "12345678\n-123456789\n");
    check_run(
        RUN(COLUMNS("d"), DOUBLES),
        "{\"d\":0.1}\n{\"d\":12345.678}\n{\"d\":-0.0}\n{\"d\":123456789.123456}\n"
        "{\"d\":0.30000000000000004}\n{\"d\":\"NaN\"}\n{\"d\":\"1.5\"}\n{\"d\":1E-7}\n"
        "{\"d\":9007199254740993}\n{\"d\":1.7976931348623157e308}\n{\"d\":5}\n{\"d\":-7.25}\n",
        "0.1\n12345.678\n-0.0\n1.23456789123456E8\n0.30000000000000004\nNaN\n1.5\n1.0E-7\n"
        "9.007199254740992E15\n1.7976931348623157E308\n5.0\n-7.25\n");
    check_run(RUN(COLUMNS("d"), type_decimal(38, 10)),
              "{\"d\":1234567890123456789012345678.0123456789}\n{\"d\":\"0.5\"}\n{\"d\":1e-10}\n",
              "1234567890123456789012345678.0123456789\n0.5000000000\n0.0000000001\n");
}

static void
misfits_name_their_place(void)
{
    check_run(RUN(COLUMNS("price"), DOUBLES), "{\"price\":1.5}\n{\"price\":\"abc\"}\n",
              "1.5\nW3102 a.jsonl:2: field \"price\": \"abc\" is not a DOUBLE\n");
    check_run(RUN(COLUMNS("i"), LONGS), "{\"i\":9223372036854775808}\n",
              "W3102 a.jsonl:1: field \"i\": \"9223372036854775808\" is out of range for BIGINT\n");
    check_run(RUN(COLUMNS("i"), type_of(TYPE_TINYINT)), "{\"i\":128}\n",
              "W3102 a.jsonl:1: field \"i\": \"128\" is out of range for TINYINT\n");
    check_run(RUN(COLUMNS("d"), DOUBLES), "{\"d\":1e999}\n",
              "W3102 a.jsonl:1: field \"d\": \"1e999\" is out of range for DOUBLE\n");
    check_run(RUN(COLUMNS("d"), type_decimal(4, 2)), "{\"d\":123.45}\n",
              "W3102 a.jsonl:1: field \"d\": \"123.45\" is out of range for DECIMAL(4, 2)\n");
    check_run(RUN(COLUMNS("i"), type_nullable(LONGS, false)), "{\"i\":null}\n",
              "W3103 a.jsonl:1: field \"i\" is NULL, the column is NOT NULL\n");
    check_run(RUN(COLUMNS("i"), LONGS), "{\"i\":01}\n",
              "W3101 a.jsonl:1: not valid JSON: field \"i\": 01\n");
    check_run(RUN(COLUMNS("d"), DOUBLES), "{\"d\":--5}\n",
              "W3101 a.jsonl:1: not valid JSON: field \"d\": --5\n");
    check_run(RUN(COLUMNS("b"), type_of(TYPE_BOOLEAN)), "{\"b\":tru}\n",
              "W3101 a.jsonl:1: not valid JSON: field \"b\": tru\n");
}

/* The code of the failure that `line` gives, with and without a good line of its look before. */
static void
check_fails(const char *line, const char *code)
{
    StrBuf out = {0}, text = {0};
    for (u32 walk = 0; walk < 2; walk++) {
        for (CpuLevel level = CPU_V2; level <= CPU_V4; level++) {
            JsonRun run = RUN(COLUMNS("a"), TEXTS);
            run.walk = walk;
            run.level = level;
            strbuf_clear(&text);
            strbuf_printf(&text, "{\"a\":1,\"b\":2}\n{\"a\":1,\"b\":2}\n%s\n{\"a\":3}\n", line);
            Str got = json_run(&run, strbuf_view(&text), &out);
            char want[64];
            (void)snprintf(want, sizeof want, "1\n1\n%s a.jsonl:3: ", code);
            if (!str_starts(got, str_from(want))) {
                fprintf(stderr, "%s: walk %u level %d: %s", line, walk, level, got.ptr);
                CHECK(walk > 1); /* shown above */
            }
        }
    }
    strbuf_done(&out);
    strbuf_done(&text);
}

static void
broken_lines_fail(void)
{
    static const char *const broken[] = {
        "not json",
        "{",
        "}",
        "{\"a\":1",
        "{\"a\":1,}",
        "{\"a\":1,,\"b\":2}",
        "{\"a\":,\"b\":2}",
        "{\"a\":1,\"b\":}",
        "{\"a\" 1,\"b\":2}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1,\"b\":2}}",
        "{\"a\":1,\"b\":2} x",
        "{\"a\":1,\"b\":2}{\"a\":1}",
        "{a:1,\"b\":2}",
        "{\"a\":1,b:2}",
        "{\"a\":\"x,\"b\":2}",
        "{\"a\":\"x\"y,\"b\":2}",
        "{\"a\":1,\"b\":2]",
        "[{\"a\":1,\"b\":2}]",
        "5",
        "null",
        "{\"a\":\"tab\there\",\"b\":2}",
        "{\"a\":1,\"b\":\"control \x01\"}",
    };
    for (u32 i = 0; i < ARRAY_LEN(broken); i++) check_fails(broken[i], "W3101");
    check_fails("{\"a\":\"\xFF\",\"b\":2}", "W3104");
    check_fails("{\"a\":1,\"b\":\"\xED\xA0\x80\"}", "W3104");
}

static void
bombs_end_cleanly(void)
{
    StrBuf text = {0}, out = {0};
    strbuf_add(&text, "{\"a\":", 5);
    for (u32 i = 0; i < 100000; i++) strbuf_char(&text, '[');
    for (u32 walk = 0; walk < 2; walk++) {
        JsonRun run = RUN(COLUMNS("a"), TEXTS);
        run.walk = walk;
        CHECK(str_starts(json_run(&run, strbuf_view(&text), &out), STR("W3101 a.jsonl:1: ")));
    }
    JsonRun run = RUN(COLUMNS("a"), TEXTS);
    run.options.record_bytes_max = 1000;
    run.block = 100;
    CHECK(str_starts(json_run(&run, strbuf_view(&text), &out), STR("W3105 a.jsonl:1: ")));
    strbuf_done(&text);
    strbuf_done(&out);
}

static void
policies_leave_out_or_null(void)
{
    const char *text = "{\"i\":1}\n{\"i\":\"x\"}\nbroken\n{\"i\":2}\n{}\n{\"i\":99999999999}\n";
    JsonRun run = RUN(COLUMNS("i"), type_of(TYPE_INT));
    run.options.on_error = JSON_ON_ERROR_SKIP;
    check_run(run, text, "1\n2\nNULL\nskipped 3\n");
    run.options.on_error = JSON_ON_ERROR_FAIL;
    run.options.ignore_errors = true;
    check_run(run, text, "1\nNULL\n2\nNULL\nNULL\nskipped 1\n");
    /* An empty object's shape must not take what else has its punctuation. */
    check_run(run, "{}\n{2}\n{\"i\"}\n{}\n", "NULL\nNULL\nskipped 2\n");
    run.options.ignore_errors = false;
    run.options.fail_on_missing = true;
    check_run(run, "{}\n", "W3101 a.jsonl:1: field \"i\" is missing\n");
}

static void
times_in_both_forms(void)
{
    check_run(RUN(COLUMNS("t", "z", "d", "c"), type_timestamp(TYPE_TIMESTAMP, 6),
                  type_timestamp(TYPE_TIMESTAMP_LTZ, 3), type_of(TYPE_DATE),
                  type_timestamp(TYPE_TIME, 3)),
              "{\"t\":\"2024-02-29 23:59:59.123456\",\"z\":\"2024-01-01 00:00:00.5Z\",\"d\":\"2024-"
              "02-29\",\"c\":\"10:11:12.5\"}\n"
              "{\"t\":\"2015-05-17T10:05:03Z\",\"z\":\"2024-01-01T01:00:00+01:00\"}\n"
              "{\"t\":\"2024-02-29 23:59:59\",\"z\":\"2024-01-01 00:00:00.250Z\"}\n",
              "2024-02-29 23:59:59.123456\t2024-01-01 00:00:00.500\t2024-02-29\t10:11:12\n"
              "2015-05-17 10:05:03.000000\t2024-01-01 00:00:00.000\tNULL\tNULL\n"
              "2024-02-29 23:59:59.000000\t2024-01-01 00:00:00.250\tNULL\tNULL\n");
    check_run(RUN(COLUMNS("t"), type_timestamp(TYPE_TIMESTAMP, 3)),
              "{\"t\":\"2023-02-29 00:00:00\"}",
              "W3102 a.jsonl:1: field \"t\": \"2023-02-29 00:00:00\" is out of range for "
              "TIMESTAMP(3)\n");
}

/* Fields that are missing leave tokens without bytes, which every loop must leave alone. */
static void
missing_fields_are_null_in_every_type(void)
{
    const Type types[] = {LONGS,
                          type_of(TYPE_INT),
                          type_of(TYPE_SMALLINT),
                          DOUBLES,
                          type_of(TYPE_FLOAT),
                          type_decimal(10, 2),
                          type_of(TYPE_BOOLEAN),
                          type_of(TYPE_DATE),
                          type_timestamp(TYPE_TIME, 3),
                          type_timestamp(TYPE_TIMESTAMP, 3),
                          type_timestamp(TYPE_TIMESTAMP_LTZ, 3),
                          TEXTS,
                          type_bytes()};
    for (u32 i = 0; i < ARRAY_LEN(types); i++)
        check_run(run_of(COLUMNS("a"), &types[i]),
                  "{}\n{\"b\":1}\n{\"b\":2}\n{\"b\":3}\n{\"b\":4}\n{\"b\":\"a text\"}\n",
                  "NULL\nNULL\nNULL\nNULL\nNULL\nNULL\n");
}

/* --- the same punctuation -------------------------------------------------------------------- */

/* What may stand between two marks of a line that looks like the one before. */
static const char *const between[] = {
    "",           " ",         "  ",          "2",
    " 2",         "2 ",        " 2 ",         "-",
    "01",         "x",         "tru",         "null",
    "2 3",        "\t2",       "2\t",         "\x01",
    "2\x01",      "\r",        "2\r",         "\\",
    "\\n",        "\"s\"",     " \"s\"",      "\"s\" ",
    "\"a\"",      " \"a\"",    "\"ab\"",      "\"\"",
    "\"s\"\"s\"", "\"s\"2",    "2\"s\"",      "\"s\" 2",
    "\"s\\q\"",   "\"\\q\"",   "\"\\u0061\"", "\"\\ud800\"",
    "\"zzzzzz\"", "\"zzzzz\"", "\"a\tb\"",    "\"\xC3\xA2\"",
    "\xC3\xA2",   "\"\xA2\"",  "*",           "2*3",
    "<",          "2<3",       "'s'",         "\"s",
    "s\"",        "\"dd\"",    "\"k\"",
};

/* Offsets in line of the ends of the gaps between marks; gap g is line[to[g - 1] + 1, to[g]). */
static u32
gaps_find(const char *line, u32 *to)
{
    bool in_text = false;
    u32 n = 0, len = (u32)strlen(line);
    for (u32 i = 0; i < len; i++) {
        in_text ^= line[i] == '"';
        if (!in_text && strchr("{}[]:,", line[i])) to[n++] = i;
    }
    to[n++] = len;
    return n;
}

/* text: twice the line, once the line with one gap filled by `fill`, the line. */
static void
check_gap(JsonRun run, const char *line, u32 from, u32 to, const char *fill)
{
    StrBuf text = {0}, one = {0}, other = {0};
    strbuf_printf(&text, "%s\n%s\n%.*s%s%s\n%s\n", line, line, (int)from, line, fill, line + to,
                  line);
    run.walk = true;
    Str expected = json_run(&run, strbuf_view(&text), &one);
    run.walk = false;
    for (run.level = CPU_V2; run.level <= CPU_V4; run.level++) {
        bool same = str_eq(json_run(&run, strbuf_view(&text), &other), expected);
        CHECK(same);
        if (!same) fprintf(stderr, "%s---- walk\n%s---- shape\n%s", text.ptr, one.ptr, other.ptr);
    }
    strbuf_done(&text);
    strbuf_done(&one);
    strbuf_done(&other);
}

static void
same_punctuation_proves_no_more_than_a_walk(void)
{
    static const char *const lines[] = {
        "{}",
        "{\"a\":1,\"zzzzzzzz\":2,\"d\":{\"a\":3,\"k\":[4,{\"y\":5}],\"e\":{}}}",
        " {\"a\": \"s\", \"d\": {\"a\": 1}, \"ab\": [ ], \"u\": {\"k\": {\"a\": 1}}}",
        "{\"x\":{\"y\":[[]]},\"d\":[7,\"s\",[8]]}",
    };
    OptionSetting settings[] = {setting_of("json.path.n", "$.d.a"), setting_of("json.path.r", "$")};
    JsonRun runs[] = {
        RUN(COLUMNS("a", "d"), LONGS, TEXTS),       RUN(COLUMNS("a", "n"), TEXTS, LONGS),
        RUN(COLUMNS("d", "n"), TEXTS, TEXTS),       RUN(COLUMNS("r"), TEXTS),
        RUN(COLUMNS("absent", "ab"), LONGS, TEXTS), RUN(COLUMNS("r", "n"), TEXTS, DOUBLES),
    };
    for (u32 r = 0; r < 2 * ARRAY_LEN(runs); r++) {
        JsonRun run = runs[r / 2];
        run.options.settings = settings;
        run.options.nsettings = ARRAY_LEN(settings);
        run.options.on_error = r % 2 ? JSON_ON_ERROR_SKIP : JSON_ON_ERROR_FAIL;
        run.batch_rows = 8;
        for (u32 i = 0; i < ARRAY_LEN(lines); i++) {
            u32 to[64], n = gaps_find(lines[i], to);
            for (u32 g = 0; g < n; g++)
                for (u32 k = 0; k < ARRAY_LEN(between); k++)
                    check_gap(run, lines[i], g ? to[g - 1] + 1 : 0, to[g], between[k]);
        }
    }
}

/* A random record of fields a..f, sometimes damaged; nested, spaced and ordered by chance. */
static void
record_make(Rng *rng, StrBuf *out)
{
    static const char *const values[] = {"1",
                                         "-25",
                                         "12.75",
                                         "\"x\"",
                                         "\"a text of more than twelve\"",
                                         "true",
                                         "null",
                                         "1e3",
                                         "\"q\\\"\\u0041\"",
                                         "{\"a\":1,\"b\":\"y\"}",
                                         "{}",
                                         "[1,2]",
                                         "[{\"a\":2}]",
                                         "\"\"",
                                         "\"2024-01-01 00:00:00.5\"",
                                         "\"\xC3\xA4\""};
    size_t from = out->len;
    u32 fields = (u32)rng_below(rng, 7), style = (u32)rng_below(rng, 4);
    strbuf_char(out, '{');
    for (u32 i = 0; i < fields; i++) {
        if (i) strbuf_add(out, ", ", style == 1 ? 2 : 1);
        char key = rng_below(rng, 8) ? (char)('a' + i) : (char)('a' + rng_below(rng, 6));
        strbuf_printf(out, "\"%c\":%s%s", key, style == 1 ? " " : "",
                      values[rng_below(rng, 3) ? i : rng_below(rng, ARRAY_LEN(values))]);
    }
    strbuf_char(out, '}');
    if (rng_below(rng, 12) == 0) {
        static const char junk[] = "\"{}[]:,\\ \t\xFF"
                                   "0a\n";
        out->ptr[from + rng_below(rng, out->len - from)] = junk[rng_below(rng, sizeof junk - 1)];
    }
    strbuf_char(out, '\n');
}

static void
all_ways_agree_on_random_records(void)
{
    Rng rng = rng_seed(42);
    StrBuf text = {0}, one = {0}, other = {0};
    OptionSetting settings[] = {setting_of("json.path.n", "$.d.a")};
    for (u32 round = 0; round < 400; round++) {
        strbuf_clear(&text);
        bool large = round % 16 == 0; /* some windows */
        u32 records = 1 + (u32)rng_below(&rng, large ? 1500 : 60);
        for (u32 i = 0; i < records; i++) {
            record_make(&rng, &text);
            u32 more = large && rng_below(&rng, 300) == 0 ? (u32)rng_below(&rng, 40000) : 0;
            if (more) strbuf_printf(&text, "{\"a\":4,\"e\":\"%*s\"}\n", (int)more, "x");
        }
        JsonRun run = RUN(COLUMNS("a", "b", "c", "d", "e", "n"), LONGS, type_of(TYPE_INT), DOUBLES,
                          TEXTS, TEXTS, TEXTS);
        run.options.settings = settings;
        run.options.nsettings = 1;
        run.options.on_error = (u32)rng_below(&rng, 2);
        run.options.ignore_errors = rng_below(&rng, 2);
        run.walk = true;
        Str expected = json_run(&run, strbuf_view(&text), &one);
        run.walk = false;
        for (CpuLevel level = CPU_V2; level <= CPU_V4; level++) {
            run.level = level;
            run.block = (u32)rng_below(&rng, large ? 70000 : 300) + 1;
            run.batch_rows = (u32)rng_below(&rng, large ? 1000 : 10) + 1;
            bool same = str_eq(json_run(&run, strbuf_view(&text), &other), expected);
            CHECK(same);
            if (!same) fprintf(stderr, "%s----\n%s----\n%s", text.ptr, one.ptr, other.ptr);
        }
    }
    strbuf_done(&text);
    strbuf_done(&one);
    strbuf_done(&other);
}

static void
levels_index_alike(void)
{
    /* The last bytes less 128 are a quote, a comma and a bracket. */
    static const char alphabet[] = "\"\"\\{}[]:,  ab01\n\r\t\x01\xC3\xA2\xAC\xFB";
    Rng rng = rng_seed(7);
    JsonIndex *a = mem_make(JsonIndex), *b = mem_make(JsonIndex);
    char text[64 + 1000 + 64];
    for (u32 round = 0; round < 3000; round++) {
        u32 len = 1 + (u32)rng_below(&rng, 1000);
        for (u32 i = 0; i < sizeof text; i++)
            text[i] = alphabet[rng_below(&rng, sizeof alphabet - 1)];
        text[64 + len - 1] = '\n';
        json_indexer_at(CPU_V2)->run(text + 64, len, a);
        for (CpuLevel level = CPU_V3; level <= cpu_level(); level++) {
            json_indexer_at(level)->run(text + 64, len, b);
            CHECK(a->n == b->n && !memcmp(a->at, b->at, a->n * sizeof a->at[0]));
            CHECK(!memcmp(a->kind, b->kind, a->n));
            CHECK(!memcmp(a->odd, b->odd, (len + 63) / 64));
            CHECK(a->run_over == b->run_over && a->escapes == b->escapes);
            CHECK(a->not_ascii == b->not_ascii);
        }
    }
    mem_free(a);
    mem_free(b);
}

/* If the linker had merged the copies, some would have another's kernel. */
static void
levels_have_their_own_kernels(void)
{
    for (CpuLevel level = CPU_V3; level <= cpu_level(); level++) {
        const JsonSimd *one = json_simd_at(level - 1), *next = json_simd_at(level);
        CHECK(one != next && one->walk != next->walk);
        CHECK(strcmp(one->kernel, next->kernel) != 0);
    }
}

static void
options_are_checked(void)
{
    FieldSpec fields[] = {{.name = STR("id"), .type = LONGS}};
    TableSpec spec = {.name = STR("t"), .fields = fields, .nfields = 1};
    struct {
        const char *name, *value;
        ErrCode code;
    } cases[] = {
        {"json.path.id", "$.user.id", W0000}, {"json.path.id", "$", W0000},
        {"json.path.id", "user", W2012},      {"json.path.id", "$..id", W2012},
        {"json.path.id", "$.a[0]", W2001},    {"json.path.id", "$['a", W2012},
        {"json.path.ix", "$.a", W2013},
    };
    for (u32 i = 0; i < ARRAY_LEN(cases); i++) {
        OptionSetting s = setting_of(cases[i].name, cases[i].value);
        JsonOptions o = {.record_bytes_max = 100};
        Err err = {0};
        Status st = format_json.check(&spec, &o, &s, 1, &err);
        CHECK((st != ERR_OK) == (cases[i].code != W0000));
        CHECK(!st || err.code == cases[i].code);
        CHECK(s.used);
    }
    JsonOptions later = {.record_bytes_max = 100, .on_error = JSON_ON_ERROR_DEAD_LETTER};
    Err err = {0};
    CHECK(format_json.check(&spec, &later, NULL, 0, &err) != ERR_OK && err.code == W2001);
}

/* One row of the given slots, encoded. */
static void
check_encoded(const char *name, Type type, const void *slot, JsonOptions options,
              const char *expected)
{
    FieldSpec fields[] = {{.name = str_from(name), .type = type},
                          {.name = STR("n"), .type = TEXTS},
                          {.name = STR("m"), .type = TEXTS, .metadata = STR("offset")}};
    FormatOptions format = {&format_json, &options};
    TableSpec table = {.name = STR("t"), .fields = fields, .nfields = 3, .format = &format};
    FormatEncoder *e;
    Err err;
    StrBuf out = {0};
    CHECK(format_json.encoder_open(&table, NULL, &e, &err) == ERR_OK);
    Batch *b = batch_new(3, 2);
    b->col[0] = vector_const(type, 2, slot);
    b->col[1] = vector_null(TEXTS, 2);
    b->col[2] = vector_null(TEXTS, 2);
    format_json.encode_header(e, &out);
    CHECK(format_json.encode(e, b, &out, &err) == ERR_OK);
    StrBuf twice = {0};
    strbuf_printf(&twice, "%s\n%s\n", expected, expected);
    if (!str_eq(strbuf_view(&out), strbuf_view(&twice))) {
        fprintf(stderr, "%s", out.ptr);
        CHECK(out.len == 0); /* shown above */
    }
    strbuf_done(&out);
    strbuf_done(&twice);
    batch_free(b);
    format_json.encoder_close(e);
}

static void
check_text(const char *text, const char *expected)
{
    StrView v = strview_make(text, (u32)strlen(text));
    check_encoded("a", TEXTS, &v, (JsonOptions){.omit_nulls = true}, expected);
}

static void
values_are_written_as_flink_does(void)
{
    JsonOptions plain = {0}, iso = {.timestamp_format = JSON_TIMES_ISO};
    check_text("plain and longer than one word", "{\"a\":\"plain and longer than one word\"}");
    check_text("q\"b\\s/\n\x01\x1F\x7F\xC3\xA4",
               "{\"a\":\"q\\\"b\\\\s/\\n\\u0001\\u001F\x7F\xC3\xA4\"}");
    check_text("", "{\"a\":\"\"}");
    i64 us = 1704067200123000;
    check_encoded("t", type_timestamp(TYPE_TIMESTAMP, 3), &us, plain,
                  "{\"t\":\"2024-01-01 00:00:00.123\",\"n\":null}");
    check_encoded("t", type_timestamp(TYPE_TIMESTAMP_LTZ, 3), &us, iso,
                  "{\"t\":\"2024-01-01T00:00:00.123Z\",\"n\":null}");
    us = 1704067200000000;
    check_encoded("t", type_timestamp(TYPE_TIMESTAMP, 3), &us, plain,
                  "{\"t\":\"2024-01-01 00:00:00\",\"n\":null}");
    f64 x = 1e10, nan = __builtin_nan("");
    check_encoded("x", DOUBLES, &x, plain, "{\"x\":1.0E10,\"n\":null}");
    check_encoded("x", DOUBLES, &nan, plain, "{\"x\":\"NaN\",\"n\":null}");
    i128 d = -12;
    check_encoded("d", type_decimal(10, 2), &d, plain, "{\"d\":-0.12,\"n\":null}");
    check_encoded("d", type_decimal(10, 8), &d, plain, "{\"d\":-1.2E-7,\"n\":null}");
    check_encoded("d", type_decimal(10, 8), &d, (JsonOptions){.plain_decimals = true},
                  "{\"d\":-0.00000012,\"n\":null}");
    u8 yes = 1;
    check_encoded("the \"b\"", type_of(TYPE_BOOLEAN), &yes, plain,
                  "{\"the \\\"b\\\"\":true,\"n\":null}");
    StrView bytes = strview_make("\0\1\2\xFF", 4);
    check_encoded("b", type_bytes(), &bytes, plain, "{\"b\":\"AAEC/w==\",\"n\":null}");
    i32 day = -1;
    check_encoded("d", type_of(TYPE_DATE), &day, plain, "{\"d\":\"1969-12-31\",\"n\":null}");
    i64 noon = 43200500000;
    check_encoded("c", type_timestamp(TYPE_TIME, 3), &noon, plain,
                  "{\"c\":\"12:00:00.5\",\"n\":null}");
}

static void
bytes_are_read_from_base64(void)
{
    StrBuf out = {0};
    JsonRun run = RUN(COLUMNS("b"), type_bytes());
    Str text = STR("{\"b\":\"aGVsbG8sIHdvcmxkLCBhbmQgbW9yZQ==\"}\n{\"b\":\"\\/w==\"}\n"
                   "{\"b\":\"!\"}\n");
    Str got = json_run(&run, text, &out);
    CHECK(str_starts(got, STR("hello, world, and more\n\xFF\nW3102 a.jsonl:3: ")));
    strbuf_done(&out);
}

static void
predicates_drop_rows(void)
{
    i64 two = 2;
    FieldSpec fields[] = {{.name = STR("a"), .type = LONGS}, {.name = STR("b"), .type = TEXTS}};
    JsonOptions options = {.record_bytes_max = 1000};
    FormatOptions format = {&format_json, &options};
    TableSpec table = {.name = STR("t"), .fields = fields, .nfields = 2, .format = &format};
    Vector constant = vector_const(LONGS, 1, &two);
    SourcePredicate preds[] = {{.field = 0, .op = 4, .constant = &constant}}; /* a > 2 */
    u32 wanted[] = {1, 0};
    SourceWant want = {
        .table = &table, .fields = wanted, .nfields = 2, .preds = preds, .npreds = 1};
    want.batch_rows = 2;
    FormatScan *scan;
    u64 applied = 0;
    Err err;
    ReadCounts counts;
    JsonRun run = {0};
    StrBuf out = {0};
    CHECK(format_json.scan_open(&want, &scan, &applied, &err) == ERR_OK);
    CHECK(applied == 1);
    Str text = STR("{\"a\":1}\n{\"a\":2}\n{\"a\":3,\"b\":\"x\"}\n{\"b\":\"y\"}\n{\"a\":9}\n");
    CHECK(json_feed(&run, scan, text.ptr, text.len, &out, &counts, &err) == ERR_OK);
    CHECK(str_eq(strbuf_view(&out), STR("x\t3\nNULL\t9\n")));
    CHECK(counts.rows == 5);
    format_json.scan_close(scan);
    vector_done(&constant);
    strbuf_done(&out);
}

TESTS(TEST(clicks_are_read), TEST(values_are_written_as_flink_does),
      TEST(bytes_are_read_from_base64), TEST(predicates_drop_rows), TEST(texts_take_any_value),
      TEST(escapes_are_resolved), TEST(unknown_keys_may_be_anything),
      TEST(long_keys_stay_within_the_chunk), TEST(missing_fields_are_null_in_every_type),
      TEST(same_punctuation_proves_no_more_than_a_walk), TEST(later_keys_win),
      TEST(paths_reach_nested_fields), TEST(numbers_are_exact), TEST(misfits_name_their_place),
      TEST(broken_lines_fail), TEST(bombs_end_cleanly), TEST(policies_leave_out_or_null),
      TEST(times_in_both_forms), TEST(all_ways_agree_on_random_records), TEST(levels_index_alike),
      TEST(levels_have_their_own_kernels), TEST(options_are_checked))
