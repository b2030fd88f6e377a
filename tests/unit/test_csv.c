/* test_csv.c - what CSV text means: types, quotes, NULL, headers, bad records; and that it means
 * the same however the file is cut in blocks and whichever copy of the hot loops runs. */
#include "connectors/csv.h"
#include "tests/unit/table_fixture.h"

static void
every_type_reads_common_and_rare_forms(void)
{
    Fixture f = fixture_open();
    fixture_file(&f, "a.csv",
                 "true,1,-2,3,-4,1.5,2.25,12.34,2024-02-29,10:11:12,2024-01-01 00:00:00.123,x\n"
                 "FALSE,-128,32767,-2147483648,9223372036854775807,-1e3,1e-5,-0.005,1970-01-01,"
                 "23:59:59,1969-12-31T23:59:59,longer than twelve bytes\n"
                 "0,127,-32768,2147483647,-9223372036854775808,.5,5.,99999999.99,9999-12-31,"
                 "00:00:00,0001-01-01 00:00:00.000001,\xc3\xa4\n");
    CHECK_ROWS(&f,
               "a BOOLEAN, b TINYINT, c SMALLINT, d INT, e BIGINT, f FLOAT, g DOUBLE, "
               "h DECIMAL(10_2), i DATE, j TIME, k TIMESTAMP(3), l STRING",
               "",
               "TRUE|1|-2|3|-4|1.5|2.25|12.34|2024-02-29|10:11:12|2024-01-01 00:00:00.123|x\n"
               "FALSE|-128|32767|-2147483648|9223372036854775807|-1000.0|1.0E-5|-0.01|1970-01-01|"
               "23:59:59|1969-12-31 23:59:59.000|longer than twelve bytes\n"
               "FALSE|127|-32768|2147483647|-9223372036854775808|0.5|5.0|99999999.99|9999-12-31|"
               "00:00:00|0001-01-01 00:00:00.000|\xc3\xa4\n");
    fixture_file(&f, "a.csv",
                 "2024-05-06 07:08:09,2024-05-06 07:08:09.123456,"
                 "2024-05-06 07:08:09.123Z,aGVsbG8=,-12345678901234567890.1234\n");
    CHECK_ROWS(&f, "a TIMESTAMP(0), b TIMESTAMP(6), c TIMESTAMP_LTZ(3), d BYTES, e DECIMAL(38_4)",
               "",
               "2024-05-06 07:08:09|2024-05-06 07:08:09.123456|2024-05-06 07:08:09.123|hello|"
               "-12345678901234567890.1234\n");
    fixture_close(&f);
}

static void
wrong_types_are_named_with_their_place(void)
{
    static const struct {
        const char *type, *text, *says;
    } cases[] = {
        {"INT", "12x", "a.csv:2: field \"a\": \"12x\" is not a INT"},
        {"INT", "2147483648", "\"2147483648\" is out of range of INT"},
        {"TINYINT", "128", "out of range of TINYINT"},
        {"TINYINT", "-129", "out of range of TINYINT"},
        {"SMALLINT", "32768", "out of range of SMALLINT"},
        {"BIGINT", "9223372036854775808", "out of range of BIGINT"},
        {"INT", "1.5", "is not a INT"},
        {"INT", "-", "is not a INT"},
        {"BIGINT", "--5", "is not a BIGINT"},
        {"BIGINT", "1 2", "is not a BIGINT"},
        {"DOUBLE", "12.x", "\"12.x\" is not a DOUBLE"},
        {"DOUBLE", ".", "is not a DOUBLE"},
        {"DOUBLE", "-.", "is not a DOUBLE"},
        {"DOUBLE", "1.2.3", "is not a DOUBLE"},
        {"FLOAT", ".", "is not a FLOAT"},
        {"DECIMAL(10_2)", "-", "is not a DECIMAL(10, 2)"},
        {"DECIMAL(10_2)", ".", "is not a DECIMAL(10, 2)"},
        {"DECIMAL(10_2)", "123456789", "out of range of DECIMAL(10, 2)"},
        {"BOOLEAN", "tru", "is not a BOOLEAN"},
        {"DATE", "2023-02-29", "DATE"},
        {"DATE", "2024-13-01", "DATE"},
        {"DATE", "2024-01-1x", "DATE"},
        {"TIMESTAMP(3)", "2024-01-01 24:00:00.000", "TIMESTAMP(3)"},
        {"TIMESTAMP(3)", "2024-01-01 00:60:00.000", "TIMESTAMP(3)"},
        {"TIMESTAMP(3)", "2024-01-01 00:00:60.000", "TIMESTAMP(3)"},
        {"TIMESTAMP(3)", "2024-01-01 00:00:00,000", "record has 2 fields"},
        {"TIMESTAMP(3)", "2024-02-30 00:00:00.000", "TIMESTAMP(3)"},
        {"TIMESTAMP(3)", "2024-01-01 00:00:00.0x0", "TIMESTAMP(3)"},
        {"BYTES", "a*b=", "is not a BYTES"},
    };
    Fixture f = fixture_open();
    for (u32 i = 0; i < ARRAY_LEN(cases); i++) {
        char text[200], columns[100];
        snprintf(text, sizeof text, "\n%s\n", cases[i].text);
        snprintf(columns, sizeof columns, "a %s", cases[i].type);
        fixture_file(&f, "a.csv", text);
        ErrCode code = strstr(cases[i].says, "record") ? W3101 : W3102;
        CHECK_FAILS(&f, columns, "", code, cases[i].says);
    }
    fixture_close(&f);
}

/* A malformed time must not pass because the minute before it was fine. */
static void
time_cache_lets_no_nonsense_in(void)
{
    Fixture f = fixture_open();
    const char *good = "2024-01-01 00:00:00.000\n2024-01-02 10:20:30.400\n";
    const char *bad[] = {"2024-01-02 10:20:3x.400",
                         "2024-01-03 10:99:30.400",
                         "2024-01-02 10:2a:30.400",
                         "2024-01-02x10:20:30.400",
                         "2024-01-03 1",
                         "2024-01-02 10:20:30.4000000000x"};
    for (u32 i = 0; i < ARRAY_LEN(bad); i++) {
        char text[300];
        snprintf(text, sizeof text, "%s%s\n%s", good, bad[i], good);
        fixture_file(&f, "a.csv", text);
        CHECK_ROWS(&f, "a TIMESTAMP(3)", "on-error=skip",
                   "2024-01-01 00:00:00.000\n2024-01-02 10:20:30.400\n"
                   "2024-01-01 00:00:00.000\n2024-01-02 10:20:30.400\n");
        CHECK(f.skipped == 1 && f.counted == 4);
    }
    fixture_close(&f);
}

static void
quotes_hold_delimiters_lines_and_quotes(void)
{
    Fixture f = fixture_open();
    fixture_file(&f, "a.csv",
                 "\"a,b\",1\n\"two\nlines\",\"2\"\n\"say \"\"hi\"\" to all of them\",3\n"
                 "\"\",4\n\"\"\"\",5\n\"plain\",6\r\n\"a longer quoted text, no escapes\",7\n");
    CHECK_ROWS(&f, "s STRING, n INT", "",
               "a,b|1\ntwo\nlines|2\nsay \"hi\" to all of them|3\n|4\n\"|5\nplain|6\n"
               "a longer quoted text, no escapes|7\n");
    fixture_file(&f, "a.csv", "5\" pipe,1\nsay \"hi\",2\n\"x\",3\n");
    CHECK_ROWS(&f, "s STRING, n INT", "", "5\" pipe|1\nsay \"hi\"|2\nx|3\n");
    fixture_file(&f, "a.csv", "\"x,1\n'a,b',2\n");
    CHECK_ROWS(&f, "s STRING, n INT", "csv.quote-character='", "\"x|1\na,b|2\n");
    fixture_file(&f, "a.csv", "\"x,1\n");
    CHECK_ROWS(&f, "s STRING, n INT", "csv.disable-quote-character=true", "\"x|1\n");
    fixture_file(&f, "a.csv", "a\\,b,1\n\"q\\\"q\",2\n");
    CHECK_ROWS(&f, "s STRING, n INT", "csv.escape-character=\\", "a,b|1\nq\"q|2\n");
    fixture_file(&f, "a.csv", "ok,1\n\"x\"y,2\n");
    CHECK_FAILS(&f, "s STRING, n INT", "", W3101, "a.csv:2: field \"s\": text goes on behind");
    fixture_close(&f);
}

static void
open_quote_names_its_line(void)
{
    Fixture f = fixture_open();
    fixture_file(&f, "a.csv", "\"a\nb\",1\nc,2\n\"open,3\nd,4\n");
    CHECK_FAILS(&f, "s STRING, n INT", "", W3101, "a.csv:4: a quote is opened and never closed");
    CHECK_ROWS(&f, "s STRING, n INT", "on-error=skip", "a\nb|1\nc|2\nd|4\n");
    CHECK(f.skipped == 1);
    CHECK_ROWS(&f, "s STRING, n INT", "on-error=skip;source.block-bytes=64", "a\nb|1\nc|2\nd|4\n");
    fixture_close(&f);
}

static void
lines_end_and_begin_in_many_ways(void)
{
    Fixture f = fixture_open();
    const char *rows = "1|x\n2|y\n";
    const char *texts[] = {"1,x\n2,y\n",
                           "1,x\r\n2,y\r\n",
                           "1,x\n2,y",
                           "1,x\r\n2,y",
                           "\357\273\2771,x\n2,y\n",
                           "\n\n1,x\n\n\n2,y\n\n",
                           "\r\n1,x\r\n\r\n2,y\r\n",
                           "1,x\r\n2,y\n"};
    for (u32 i = 0; i < ARRAY_LEN(texts); i++) {
        fixture_file(&f, "a.csv", texts[i]);
        CHECK_ROWS(&f, "n INT, s STRING", "", rows);
        CHECK_ROWS(&f, "n INT, s STRING", "source.block-bytes=64", rows);
    }
    const char *empty[] = {"", "\n", "\r\n\n", "\xef\xbb\xbf"};
    for (u32 i = 0; i < ARRAY_LEN(empty); i++) {
        fixture_file(&f, "a.csv", empty[i]);
        CHECK_ROWS(&f, "n INT, s STRING", "", "");
        CHECK_ROWS(&f, "n INT, s STRING", "csv.header=true", "");
    }
    fixture_file(&f, "a.csv", "# note, with \"\n1,x\n#2,y\n3,#z\n");
    CHECK_ROWS(&f, "n INT, s STRING", "csv.allow-comments=true", "1|x\n3|#z\n");
    fixture_file(&f, "a.csv", "1;x\n");
    CHECK_ROWS(&f, "n INT, s STRING", "csv.field-delimiter=\\u003b", "1|x\n");
    fixture_file(&f, "a.csv", "1\tx,y\n");
    CHECK_ROWS(&f, "n INT, s STRING", "csv.field-delimiter=\\t", "1|x,y\n");
    fixture_file(&f, "a.csv", " 1 , x \n 2, \"y\" \n");
    CHECK_ROWS(&f, "n INT, s STRING", "", "1| x \n2| \"y\" \n");
    fixture_close(&f);
}

static void
blanks_are_trimmed_on_request(void)
{
    Fixture f = fixture_open();
    fixture_file(&f, "a.csv", " 1 , x \n\t2, \" y, \" \n3,\n");
    CHECK_ROWS(&f, "n INT, s STRING", "csv.trim=true", "1|x\n2| y, \n3|\n");
    fixture_close(&f);
}

static void
null_is_an_empty_value_or_the_literal(void)
{
    Fixture f = fixture_open();
    fixture_file(&f, "a.csv", ",,\n1,,2\n\"\",\"\",\n");
    CHECK_ROWS(&f, "a INT, b STRING, c DOUBLE", "", "NULL||NULL\n1||2.0\nNULL||NULL\n");
    fixture_file(&f, "a.csv", "NA,NA,NA\n1,\"NA\",2\n3,x,NA\n");
    CHECK_ROWS(&f, "a INT, b STRING, c DOUBLE", "csv.null-literal=NA",
               "NULL|NULL|NULL\n1|NA|2.0\n3|x|NULL\n");
    fixture_file(&f, "a.csv", "0,0,1\n-1,,0\n");
    CHECK_ROWS(&f, "a INT, b STRING, c DOUBLE", "csv.null-literal=0", "NULL|NULL|1.0\n-1||NULL\n");
    fixture_file(&f, "a.csv", "1,,\n2,\"\",3\n");
    CHECK_ROWS(&f, "a INT, b STRING, c DOUBLE", "csv.null-literal=", "1|NULL|NULL\n2||3.0\n");
    fixture_file(&f, "a.csv", "1,x\n,y\n3,z\n");
    CHECK_FAILS(&f, "a INT NOT NULL, b STRING", "", W3103,
                "a.csv:2: field \"a\" has no value, but is NOT NULL");
    CHECK_ROWS(&f, "a INT NOT NULL, b STRING", "on-error=skip", "1|x\n3|z\n");
    CHECK(f.skipped == 1);
    fixture_close(&f);
}

static void
header_names_the_fields(void)
{
    Fixture f = fixture_open();
    fixture_file(&f, "a.csv", "\n\"name\",Unused, ID \r\nx,9,1\r\ny,9,2\r\n");
    CHECK_ROWS(&f, "id INT, name STRING", "csv.header=true", "1|x\n2|y\n");
    CHECK_ROWS(&f, "id INT, name STRING", "csv.header=true;source.block-bytes=64", "1|x\n2|y\n");
    CHECK_FAILS(&f, "id INT, price STRING", "csv.header=true", W2013,
                "a.csv: the header has no column \"price\"");
    CHECK(strstr(f.err.hint, "name, Unused, ID") != NULL);
    fixture_file(&f, "a.csv", "id,ID\n1,2\n");
    CHECK_ROWS(&f, "ID INT, id INT", "csv.header=true", "2|1\n");
    fixture_file(&f, "a.csv", "id,name\n");
    CHECK_ROWS(&f, "id INT, name STRING", "csv.header=true", "");
    f.wanted = "1";
    fixture_file(&f, "a.csv", "name,id\nx,1\n");
    CHECK_ROWS(&f, "id INT, name STRING", "csv.header=true", "x\n");
    fixture_close(&f);
}

static void
records_have_the_tables_fields(void)
{
    Fixture f = fixture_open();
    fixture_file(&f, "a.csv", "1,x\n2\n3,y\n4,z,0\n5,w\n");
    CHECK_FAILS(&f, "a INT, b STRING", "", W3101, "a.csv:2: record has 1 field, not 2: \"2\"");
    CHECK(strcmp(f.rows.ptr, "1|x\n") == 0);
    CHECK_ROWS(&f, "a INT, b STRING", "on-error=skip", "1|x\n3|y\n5|w\n");
    CHECK(f.skipped == 2 && f.counted == 3);
    CHECK_ROWS(&f, "a INT, b STRING", "csv.ignore-parse-errors=true", "1|x\n3|y\n5|w\n");
    fixture_file(&f, "a.csv", "1,x,y\n");
    CHECK_FAILS(&f, "a INT, b STRING", "", W3101, "a.csv:1: record has 3 fields, not 2");
    fixture_file(&f, "a.csv", "1,x\ny,2\n3,z\n");
    CHECK_ROWS(&f, "a INT, b STRING", "csv.ignore-parse-errors=true", "1|x\nNULL|2\n3|z\n");
    CHECK_ROWS(&f, "a INT, b STRING", "on-error=skip", "1|x\n3|z\n");
    /* Two blank lines in a row are as many line ends as a record of two fields has entries. */
    fixture_file(&f, "a.csv", "1,x\n\n\n2,y\n");
    CHECK_ROWS(&f, "a INT, b STRING", "", "1|x\n2|y\n");
    fixture_close(&f);
}

static void
first_bad_row_is_the_error(void)
{
    Fixture f = fixture_open();
    fixture_file(&f, "a.csv", "1,1\n2,bad\nworse,3\n4,x\n");
    CHECK_FAILS(&f, "a INT, b INT", "", W3102, "a.csv:2: field \"b\": \"bad\"");
    fixture_file(&f, "a.csv", "\"1\",\"a\n\n\n\"\n2,b\nx\x1b[31m\"\\,c\n");
    CHECK_FAILS(&f, "a INT, b STRING", "", W3102,
                "a.csv:6: field \"a\": \"x\\x1b[31m\\\"\\\\\" is not a INT");
    fixture_close(&f);
}

static void
text_is_valid_utf8(void)
{
    Fixture f = fixture_open();
    fixture_file(&f, "a.csv", "1,caf\xc3\xa9\n2,caf\xe9\n3,\"\xe2\x82\xac\"\n4,\"\xe2\x82\"\n");
    CHECK_FAILS(&f, "a INT, b STRING", "", W3104,
                "a.csv:2: field \"b\": \"caf\\xe9\" is not valid");
    CHECK_ROWS(&f, "a INT, b STRING", "on-error=skip", "1|caf\xc3\xa9\n3|\xe2\x82\xac\n");
    CHECK(f.skipped == 2);
    f.wanted = "0"; /* a field that nobody wants is not looked at */
    CHECK_ROWS(&f, "a INT, b STRING", "", "1\n2\n3\n4\n");
    fixture_close(&f);
}

static void
records_have_a_longest(void)
{
    Fixture f = fixture_open();
    StrBuf text = {0};
    strbuf_str(&text, STR("1,x\n2,"));
    for (u32 i = 0; i < 5000; i++) strbuf_char(&text, 'y');
    strbuf_str(&text, STR("\n3,z\n"));
    fixture_bytes(&f, "a.csv", text.ptr, text.len);
    CHECK(fixture_read(&f, "a INT, b STRING", "source.block-bytes=64") == ERR_OK);
    CHECK(f.rows.len == text.len);
    CHECK_FAILS(&f, "a INT, b STRING", "source.block-bytes=64;csv.max-record-bytes=4096", W3105,
                "a.csv:2: the record is longer than 4096 bytes");
    strbuf_done(&text);
    fixture_close(&f);
}

static Vector
constant_i64(TypeKind kind, i64 value)
{
    i32 narrow = (i32)value;
    return vector_const(type_of(kind), 1, kind == TYPE_INT ? (void *)&narrow : (void *)&value);
}

static void
predicates_drop_rows_before_the_rest_is_decoded(void)
{
    Fixture f = fixture_open();
    fixture_file(&f, "a.csv", "1,x,10\n2,y,20\n,z,30\n4,bad\xff,oops\n5,v,50\n");
    Vector two = constant_i64(TYPE_INT, 2), fifty = constant_i64(TYPE_BIGINT, 50);
    StrView word = strview_make("y", 1);
    Vector text = vector_const(type_string(), 1, &word);
    f.npreds = 1;
    f.preds[0] = (SourcePredicate){0, 3, &two}; /* <= */
    CHECK_ROWS(&f, "a INT, b STRING, c BIGINT", "", "1|x|10\n2|y|20\n");
    CHECK(f.counted == 5 && f.skipped == 0);
    f.wanted = "1"; /* the predicate's column is not delivered */
    CHECK_ROWS(&f, "a INT, b STRING, c BIGINT", "", "x\ny\n");
    f.wanted = NULL;
    f.preds[0] = (SourcePredicate){1, 0, &text};
    CHECK_FAILS(&f, "a INT, b STRING, c BIGINT", "", W3104, "a.csv:4");
    CHECK_ROWS(&f, "a INT, b STRING, c BIGINT", "on-error=skip", "2|y|20\n");
    f.preds[0] = (SourcePredicate){0, 6, NULL};
    CHECK_ROWS(&f, "a INT, b STRING, c BIGINT", "", "NULL|z|30\n");
    f.preds[0] = (SourcePredicate){0, 7, NULL};
    f.preds[1] = (SourcePredicate){2, 5, &fifty};
    f.npreds = 2;
    CHECK_ROWS(&f, "a INT, b STRING, c BIGINT", "on-error=skip", "5|v|50\n");
    vector_done(&two);
    vector_done(&fifty);
    vector_done(&text);
    fixture_close(&f);
}

/* ---- random tables --------------------------------------------------------------------------- */

static u64
next_random(u64 *state)
{
    u64 z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* Appends one record and what it reads as. */
static void
random_record(u64 *seed, bool quotes, StrBuf *text, StrBuf *rows)
{
    static const char *const plain[] = {
        "", "a", "bcd", "0123456789ab", "0123456789abc", "a text that is longer than most"};
    static const char *const quoted[][2] = {
        {"\"\"", ""},
        {"\",\"", ","},
        {"\"\n\"", "\n"},
        {"\"a\"\"b\"", "a\"b"},
        {"\"x, y\r\nand \"\"more\"\" of it\"", "x, y\r\nand \"more\" of it"},
        {"\"simple\"", "simple"}};
    i64 number = (i64)next_random(seed) >> (next_random(seed) % 64);
    u32 k = (u32)(next_random(seed) % 6);
    bool q = quotes && next_random(seed) % 3 == 0;
    strbuf_printf(text, "%lld,%s,%.3f", (long long)number, q ? quoted[k][0] : plain[k],
                  (f64)(number % 100000) / 8);
    strbuf_str(text, next_random(seed) % 8 == 0 && quotes ? STR("\r\n") : STR("\n"));
    if (quotes && next_random(seed) % 16 == 0) strbuf_str(text, STR("\n"));
    strbuf_printf(rows, "%lld|%s|", (long long)number, q ? quoted[k][1] : plain[k]);
    char shown[F64_TEXT_MAX];
    strbuf_add(rows, shown, f64_print(shown, (f64)(number % 100000) / 8));
    strbuf_char(rows, '\n');
}

static void
random_files_mean_the_same_in_all_blocks_and_levels(void)
{
    static const char *const levels[] = {"v2", "v3", "v4"};
    Fixture f = fixture_open();
    u64 seed = 42;
    for (u32 round = 0; round < 40; round++) {
        StrBuf text = {0}, rows = {0};
        u32 records = (u32)(next_random(&seed) % 400);
        for (u32 i = 0; i < records; i++) random_record(&seed, round % 2, &text, &rows);
        fixture_bytes(&f, "a.csv", text.ptr ? text.ptr : "", text.len);
        char settings[64];
        u32 block = round % 4 == 3 ? 262144 : 64 + (u32)(next_random(&seed) % 960);
        snprintf(settings, sizeof settings, "source.block-bytes=%u", block);
        f.batch_rows = 1 + (u32)(next_random(&seed) % 100);
        for (u32 l = 0; l < ARRAY_LEN(levels); l++) {
            setenv("WEIR_CPU", levels[l], 1);
            CHECK_ROWS(&f, "a BIGINT, b STRING, c DOUBLE", settings, rows.ptr ? rows.ptr : "");
        }
        unsetenv("WEIR_CPU");
        strbuf_done(&text);
        strbuf_done(&rows);
    }
    fixture_close(&f);
}

/* The fast index on any bytes: what it does not call odd is what the slow one says. */
static void
random_bytes_have_one_index(void)
{
    static const char alphabet[] = "ab,,\"\"\n\n\r#\xc3 \"";
    static const char *const levels[] = {"v2", "v3", "v4"};
    enum { BYTES = 700 };
    CsvOptions options = {.delimiter = ',', .quote = '"'};
    CsvScan scan = {.options = &options, .quote = '"'};
    char *data = mem_zalloc(BYTES + 256);
    u32 *fast = mem_array(u32, BYTES + 256), *slow = mem_array(u32, BYTES + 256);
    u64 seed = 7, trusted = 0;
    for (u32 round = 0; round < 30000; round++) {
        u32 n = (u32)(next_random(&seed) % (round % 8 ? 12 : BYTES));
        for (u32 i = 0; i < n + 64; i++)
            data[64 + i] = alphabet[next_random(&seed) % (sizeof alphabet - 1)];
        CsvIndex want, got;
        u32 open;
        csv_index_slow(&scan, data + 64, n, slow, &want, &open);
        for (u32 l = 0; l < ARRAY_LEN(levels); l++) {
            setenv("WEIR_CPU", levels[l], 1);
            csv_kernels()->index(data + 64, n, ',', '"', fast, &got);
            if (got.odd) continue;
            trusted++;
            bool same = got.n == want.n && got.records == want.records &&
                        got.quoted_lines == want.quoted_lines && got.not_text == want.not_text &&
                        got.quotes == want.quotes && memcmp(fast, slow, 4 * got.n) == 0;
            CHECK(same);
        }
    }
    CHECK(trusted > 10000);
    unsetenv("WEIR_CPU");
    mem_free(data);
    mem_free(fast);
    mem_free(slow);
}

/* The fast doubles, floats and decimals are the exact ones. */
static void
numbers_are_exact(void)
{
    Fixture f = fixture_open();
    StrBuf text = {0}, rows = {0};
    u64 seed = 99;
    for (u32 i = 0; i < 20000; i++) {
        char number[40], shown[F64_TEXT_MAX];
        u64 digits = next_random(&seed) >> (next_random(&seed) % 64);
        u32 fraction = (u32)(next_random(&seed) % 17);
        snprintf(number, sizeof number, "%s%llu.%0*llu", next_random(&seed) % 2 ? "-" : "",
                 (unsigned long long)(digits % 10000000), (int)fraction + 1,
                 (unsigned long long)(digits % 1000000));
        strbuf_printf(&text, "%s,%s\n", number, number);
        strbuf_add(&rows, shown, f64_print(shown, strtod(number, NULL)));
        strbuf_char(&rows, '|');
        strbuf_add(&rows, shown, f32_print(shown, strtof(number, NULL)));
        strbuf_char(&rows, '\n');
    }
    fixture_bytes(&f, "a.csv", text.ptr, text.len);
    CHECK_ROWS(&f, "a DOUBLE, b FLOAT", "", rows.ptr);
    fixture_file(&f, "a.csv", "9007199254740993,-0,0.1\n123456789012345.6,-0.0,1234567890123456\n");
    CHECK_ROWS(&f, "a DOUBLE, b DOUBLE, c DOUBLE", "",
               "9.007199254740992E15|-0.0|0.1\n1.234567890123456E14|-0.0|1.234567890123456E15\n");
    strbuf_done(&text);
    strbuf_done(&rows);
    fixture_close(&f);
}

/* Fields of one column with a tab behind each. */
static const char hostile_fields[] =
    "389.03\t1.5\t12.25\t0.07\t7.00\t42\t-3.75\t-0\t-0.0\t0\t00\t007\t01.5\t5.\t.5\t-.5\t-5.\t.\t"
    "-\t-.\t--1\t1-2\t1.2.3\t1e5\t+4\t\t 1\t1 \t9007199254740993\t123456789012345\t"
    "12345678901234567\t2147483647\t2147483648\t-2147483648\t1/2\t1:2\t"
    "2024-01-15 10:20:30.123\t2024-01-15 10:20:59.999\t2024-01-15 10:20:60.000\t"
    "2024-01-15 10:21:00.001\t2024-01-15T10:20:30.123\t2024-01-15 10:20:30,123\t"
    "2024-01-15 10:20:3:.123\t2024-01-15 10:20:30.12\t2024-01-15 10:20:30.123456\t"
    "2024-01-15 10:20:30\t2024-01-15 10:20:30.123Z\t2024-13-15 10:20:30.123\t\x80\xff\t\"1\"\t";

/* Whatever a loop does with fields side by side, it does with each alone. */
static void
neighbours_do_not_matter(void)
{
    enum { ROWS = 41, FIELDS_MAX = 64 };
    static const char *const levels[] = {"v2", "v3", "v4"};
    char *data = mem_zalloc(sizeof hostile_fields + 256);
    memcpy(data + 64, hostile_fields, sizeof hostile_fields);
    u32 end[FIELDS_MAX], nfields = 0, at[2 * ROWS];
    u64 seed = 5, odds = 0, rows = 0;
    for (u32 i = 0; hostile_fields[i]; i++)
        if (hostile_fields[i] == '\t') end[nfields++] = i;
    for (u32 round = 0; round < 30000; round++) {
        setenv("WEIR_CPU", levels[round % 3], 1);
        const CsvKernels *k = csv_kernels();
        CsvColumnFn *const loops[] = {k->i64s, k->i32s, k->f64s, k->f32s, k->timestamps};
        CsvColumnFn *loop = loops[next_random(&seed) % ARRAY_LEN(loops)];
        /* Mostly the same field, so that four of them stand side by side. */
        u32 same = (u32)(next_random(&seed) % nfields), n = 0;
        for (u32 r = 0; r < ROWS; r++) {
            u32 f = next_random(&seed) % 8 ? same : (u32)(next_random(&seed) % nfields);
            at[2 * r] = f ? end[f - 1] : UINT32_MAX;
            at[2 * r + 1] = end[f];
        }
        CsvLoop start = CSV_LOOP_START, one;
        start.strict = next_random(&seed) % 2;
        start.zoned = next_random(&seed) % 4 == 0;
        start.in_quotes = next_random(&seed) % 4 == 0;
        start.scale = (u8)(next_random(&seed) % 3 * 3);
        one = start;
        _Alignas(64) i64 together[ROWS + 16] = {0}, alone[16];
        u16 odd[ROWS + 1], odd_alone[2];
        CsvSpan s = {data + 64, at, 2, 1, 0, ROWS};
        u32 nodd = loop(&s, &start, together, odd);
        u32 bytes = loop == k->i32s || loop == k->f32s ? 4 : 8;
        for (u32 r = 0; r < ROWS; r++) {
            CsvSpan single = {data + 64, at + (size_t)2 * r, 2, 1, 0, 1};
            bool is_odd = n < nodd && odd[n] == r;
            n += is_odd;
            alone[0] = 0;
            CHECK(loop(&single, &one, alone, odd_alone) == is_odd);
            CHECK(memcmp((char *)together + (size_t)bytes * r, alone, bytes) == 0);
        }
        CHECK(n == nodd);
        odds += nodd;
        rows += ROWS;
    }
    CHECK(odds > rows / 10 && odds < rows * 19 / 20);
    unsetenv("WEIR_CPU");
    mem_free(data);
}

/* Batches outlive their chunk and the source: texts in them stay. Rows from `from` on pass. */
static void
outlive_check(u32 from)
{
    enum { ROWS = 2000 };
    Fixture f = fixture_open();
    StrBuf text = {0}, rows = {0};
    for (u32 i = 0; i < ROWS; i++) {
        strbuf_printf(&text, "%u,a text of some length %u,\"with \"\"quotes\"\" %u\"\n", i, i, i);
        if (i >= from)
            strbuf_printf(&rows, "%u|a text of some length %u|with \"quotes\" %u\n", i, i, i);
    }
    fixture_bytes(&f, "a.csv", text.ptr, text.len);
    Vector constant = constant_i64(TYPE_INT, from);
    f.preds[0] = (SourcePredicate){0, 5, &constant};
    f.npreds = 1;
    ConnectorEnv env = {0};
    const TableSpec *spec =
        fixture_table(&f, &env, "i INT, s STRING, q STRING", "source.block-bytes=4096");
    SourceWant want = {.env = &env};
    u32 numbers[4];
    fixture_want(&f, spec, &want, numbers);
    const SourceDef *def = spec->connector->source;
    Source *s;
    Reader *r;
    u64 applied;
    CHECK(!def->open(&want, &s, &applied, &f.err) && !def->reader_open(s, &r, &f.err));
    Batch *kept[ROWS + 1];
    u32 n = 0;
    for (;;) {
        FetchResult result;
        Chunk *c;
        CHECK(!def->fetch(s, 0, &result, &c, &f.err));
        if (result != FETCH_CHUNK) break;
        while (!def->decode(r, c, &kept[n], &f.err) && kept[n]) n++;
        def->chunk_free(s, c);
    }
    def->reader_close(r);
    def->close(s);
    for (u32 i = 0; i < n; i++) {
        fixture_print(&f.rows, kept[i]);
        batch_free(kept[i]);
    }
    CHECK(f.rows.len == rows.len && memcmp(f.rows.ptr, rows.ptr, rows.len) == 0);
    vector_done(&constant);
    strbuf_done(&text);
    strbuf_done(&rows);
    fixture_close(&f);
}

static void
texts_outlive_their_chunk(void)
{
    outlive_check(0);
    outlive_check(1995);
}

TESTS(TEST(every_type_reads_common_and_rare_forms), TEST(wrong_types_are_named_with_their_place),
      TEST(time_cache_lets_no_nonsense_in), TEST(quotes_hold_delimiters_lines_and_quotes),
      TEST(open_quote_names_its_line), TEST(lines_end_and_begin_in_many_ways),
      TEST(blanks_are_trimmed_on_request), TEST(null_is_an_empty_value_or_the_literal),
      TEST(header_names_the_fields), TEST(records_have_the_tables_fields),
      TEST(first_bad_row_is_the_error), TEST(text_is_valid_utf8), TEST(records_have_a_longest),
      TEST(predicates_drop_rows_before_the_rest_is_decoded),
      TEST(random_files_mean_the_same_in_all_blocks_and_levels), TEST(random_bytes_have_one_index),
      TEST(numbers_are_exact), TEST(neighbours_do_not_matter), TEST(texts_outlive_their_chunk))
