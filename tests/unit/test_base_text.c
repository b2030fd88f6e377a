/* test_base_text.c - values of every type as text and back, intervals, lengths, error pictures. */
#include "base/caret.h"
#include "base/interval.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "base/value_text.h"
#include "tests/unit/test.h"

static bool
is(StrBuf *b, const char *want)
{
    bool same = str_eq(strbuf_view(b), str_from(want));
    if (!same) fprintf(stderr, "got:\n%.*s\nwant:\n%s\n", STR_ARG(strbuf_view(b)), want);
    strbuf_clear(b);
    return same;
}

typedef union Slot {
    u8 u8;
    i8 i8;
    i16 i16;
    i32 i32;
    i64 i64;
    i128 i128;
    f32 f32;
    f64 f64;
} Slot;

static Type
sized(TypeKind kind, u32 precision)
{
    Type t = type_of(kind);
    t.precision = precision;
    return t;
}

/* Text to slot to text; "" when it is refused as malformed, "!" when out of range. */
static bool
casts(Type t, const char *text, const char *want)
{
    Slot slot = {0};
    StrBuf b = {0};
    TextResult r = value_parse(t, str_from(text), NULL, VALUE_CAST, &slot);
    if (r == TEXT_OK) value_print(&b, t, &slot, NULL);
    if (r == TEXT_RANGE) strbuf_char(&b, '!');
    bool same = is(&b, want);
    strbuf_done(&b);
    return same;
}

static void
values_cast_as_flink(void)
{
    Type boolean = type_of(TYPE_BOOLEAN), tiny = type_of(TYPE_TINYINT), big = type_of(TYPE_BIGINT);
    CHECK(casts(boolean, "FalsE", "FALSE") && casts(boolean, " yes ", "TRUE"));
    CHECK(casts(boolean, "1", "TRUE") && casts(boolean, "", "") && casts(boolean, "foo", ""));
    CHECK(casts(tiny, "1.234", "1") && casts(tiny, "-130", "!") && casts(tiny, "Flink", ""));
    CHECK(casts(type_of(TYPE_SMALLINT), "-32769", "!") && casts(type_of(TYPE_INT), "123", "123"));
    CHECK(casts(type_of(TYPE_INT), "-3276913443134", "!") &&
          casts(big, " 9223372036854775807 ", "9223372036854775807"));
    CHECK(casts(type_of(TYPE_FLOAT), "123", "123.0") &&
          casts(type_of(TYPE_DOUBLE), "1e10", "1.0E10"));
    CHECK(casts(type_of(TYPE_DOUBLE), "Apache", "") && casts(type_of(TYPE_FLOAT), "0.1", "0.1"));
    CHECK(casts(type_decimal(5, 3), "1.2", "1.200") &&
          casts(type_decimal(8, 4), "12345.6789", "!"));
    CHECK(casts(type_of(TYPE_DATE), "123", "0123-01-01") &&
          casts(type_of(TYPE_DATE), "2021/09/27", ""));
    CHECK(casts(type_of(TYPE_DATE), "2021-09-27 12:34:56.123456789", "2021-09-27"));
    CHECK(casts(type_of(TYPE_TIME), "12:34:56.123456789", "12:34:56"));
    CHECK(casts(type_of(TYPE_TIME), "2021-09-27", ""));
    CHECK(casts(type_timestamp(TYPE_TIMESTAMP, 3), "2021-09-27 12:34:56.1",
                "2021-09-27 12:34:56.100"));
    CHECK(casts(type_timestamp(TYPE_TIMESTAMP, 3), "1969-12-31 23:59:59.9999",
                "1969-12-31 23:59:59.999"));
    CHECK(casts(type_timestamp(TYPE_TIMESTAMP_LTZ, 0), "2021-09-27T12:00:00+02:00",
                "2021-09-27 10:00:00"));
    CHECK(casts(type_of(TYPE_INTERVAL_YM), "+10-03", "+10-03") &&
          casts(type_of(TYPE_INTERVAL_YM), "-0-05", "-0-05"));
    CHECK(casts(type_of(TYPE_INTERVAL_DT), "-1 12:00:00.5", "-1 12:00:00.500"));
    Slot slot;
    CHECK(value_parse(tiny, STR("1.5"), NULL, VALUE_STRICT, &slot) == TEXT_MALFORMED);
    CHECK(value_parse(type_of(TYPE_DATE), STR("2021-09-27 12:00"), NULL, VALUE_STRICT, &slot) ==
          TEXT_MALFORMED);
    CHECK(value_parse(type_of(TYPE_DATE), STR("2021"), NULL, VALUE_STRICT, &slot) ==
          TEXT_MALFORMED);
    CHECK(value_parse(type_of(TYPE_DATE), STR("2021-9-7"), NULL, VALUE_STRICT, &slot) == TEXT_OK);
    StrBuf b = {0};
    value_print(&b, big, NULL, NULL);
    CHECK(is(&b, "NULL"));
    TimeZone *z = NULL;
    Err err;
    CHECK(timezone_find("Asia/Shanghai", &z, &err) == ERR_OK);
    Type ltz = type_timestamp(TYPE_TIMESTAMP_LTZ, 3);
    CHECK(value_parse(ltz, STR("2021-09-25 07:54:56.1"), z, 0, &slot) == TEXT_OK);
    value_print(&b, ltz, &slot, z);
    CHECK(is(&b, "2021-09-25 07:54:56.100"));
    value_print(&b, ltz, &slot, NULL);
    CHECK(is(&b, "2021-09-24 23:54:56.100"));
    timezone_free(z);
    strbuf_done(&b);
}

static bool
fits_to(Type t, Str text, Str want)
{
    StrBuf scratch = {0};
    Str got = value_fit(t, text, &scratch);
    bool same = str_eq(got, want);
    strbuf_done(&scratch);
    return same;
}

static void
lengths_fit(void)
{
    CHECK(fits_to(sized(TYPE_CHAR, 5), STR("foo"), STR("foo  ")));
    CHECK(fits_to(sized(TYPE_CHAR, 3), STR("2021-09-24"), STR("202")));
    CHECK(fits_to(sized(TYPE_VARCHAR, 3), STR("abcdef"), STR("abc")));
    CHECK(fits_to(sized(TYPE_VARCHAR, 3), STR("ab"), STR("ab")));
    CHECK(
        fits_to(sized(TYPE_VARCHAR, 2), STR("\xc3\xa4\xc3\xb6\xc3\xbc"), STR("\xc3\xa4\xc3\xb6")));
    CHECK(fits_to(sized(TYPE_CHAR, 4), STR("\xc3\xa4\xc3\xb6"), STR("\xc3\xa4\xc3\xb6  ")));
    CHECK(fits_to(sized(TYPE_BINARY, 2), STR("a"), STR("a\0")));
    CHECK(fits_to(sized(TYPE_BINARY, 2), STR("\0\1\2"), STR("\0\1")));
    CHECK(fits_to(sized(TYPE_VARBINARY, 4), STR("AAbbCcDdEe"), STR("AAbb")));
    CHECK(fits_to(type_string(), STR(""), STR("")) &&
          fits_to(sized(TYPE_CHAR, 2), STR(""), STR("  ")));
    Vector v = vector_new(sized(TYPE_CHAR, 20), 2);
    CHECK(value_store(&v, 0, STR("abc"), NULL, 0) == TEXT_OK);
    CHECK(str_eq(strview_str(vector_at(&v, 0)), STR("abc                 ")));
    vector_done(&v);
    v = vector_new(type_of(TYPE_INT), 2);
    CHECK(value_store(&v, 1, STR("7"), NULL, 0) == TEXT_OK && vector_data(&v, i32)[1] == 7);
    CHECK(value_store(&v, 1, STR("x"), NULL, 0) == TEXT_MALFORMED && vector_data(&v, i32)[1] == 7);
    vector_done(&v);
}

static bool
interval(const char *text, CalendarUnit start, CalendarUnit end, const char *want)
{
    i64 v = 0;
    char b[INTERVAL_TEXT_MAX + 1] = "";
    TextResult r = interval_parse(str_from(text), start, end, &v);
    bool months = start <= CAL_MONTH;
    if (r == TEXT_OK) b[months ? interval_ym_print(b, v) : interval_dt_print(b, v)] = '\0';
    if (r == TEXT_RANGE) b[0] = '!';
    if (strcmp(b, want)) fprintf(stderr, "got %s, want %s\n", b, want);
    return strcmp(b, want) == 0;
}

static void
intervals_both_ways(void)
{
    CHECK(interval("2", CAL_YEAR, CAL_YEAR, "+2-00") &&
          interval("-2", CAL_YEAR, CAL_YEAR, "-2-00"));
    CHECK(interval("2-10", CAL_YEAR, CAL_MONTH, "+2-10") &&
          interval("2-12", CAL_YEAR, CAL_MONTH, "!"));
    CHECK(interval("14", CAL_MONTH, CAL_MONTH, "+1-02") &&
          interval("3", CAL_QUARTER, CAL_QUARTER, "+0-09"));
    CHECK(interval("10 00:00:00.004", CAL_DAY, CAL_SECOND, "+10 00:00:00.004"));
    CHECK(interval("-10 00:00:00.004", CAL_DAY, CAL_SECOND, "-10 00:00:00.004"));
    CHECK(interval("0.003", CAL_SECOND, CAL_SECOND, "+0 00:00:00.003"));
    CHECK(interval("0.0000015", CAL_SECOND, CAL_SECOND, "+0 00:00:00.000001"));
    CHECK(interval("100:30", CAL_HOUR, CAL_MINUTE, "+4 04:30:00.000"));
    CHECK(interval("1:2:3.5", CAL_HOUR, CAL_SECOND, "+0 01:02:03.500"));
    CHECK(interval(" + 5 ", CAL_MINUTE, CAL_MINUTE, "+0 00:05:00.000"));
    CHECK(interval("2", CAL_WEEK, CAL_WEEK, "+14 00:00:00.000"));
    CHECK(interval("5", CAL_MILLISECOND, CAL_MILLISECOND, "+0 00:00:00.005"));
    CHECK(interval("1 24", CAL_DAY, CAL_HOUR, "!") &&
          interval("1:60", CAL_MINUTE, CAL_SECOND, "!"));
    CHECK(interval("99999999999999999999", CAL_DAY, CAL_DAY, "!"));
    CHECK(interval("9223372036854775807", CAL_SECOND, CAL_SECOND, "!"));
    static const char *const bad[] = {"", "-", "x", "1-", "1 2:", "1.5", "1:2", "--1", "1 x"};
    for (u32 i = 0; i < ARRAY_LEN(bad); i++) CHECK(interval(bad[i], CAL_DAY, CAL_HOUR, ""));
    CHECK(interval("1.", CAL_SECOND, CAL_SECOND, "") && interval("1", CAL_DAY, CAL_MONTH, ""));
    CHECK(interval("1", CAL_DOW, CAL_DOW, "") && interval("1-1", CAL_MONTH, CAL_YEAR, ""));
    char b[INTERVAL_TEXT_MAX];
    CHECK(interval_dt_print(b, INT64_MIN) <= INTERVAL_TEXT_MAX);
    CHECK(interval_ym_print(b, INT64_MIN) <= INTERVAL_TEXT_MAX);
}

static Err
error_at(u32 pos, u32 width)
{
    Err err;
    Status st = err_set(&err, W2013, pos, "column \"user_idd\" does not exist");
    CHECK(err_hint(&err, st, "did you mean \"user_id\"?") == ERR_BIND);
    err_at(&err, pos, width);
    return err;
}

static void
pictures_point_at_the_place(void)
{
    StrBuf b = {0};
    Str script = STR("SELECT 1;\nSELECT user_idd,\r\n  x FROM clicks");
    Err err = error_at(17, 8);
    caret_print(&b, STR("job.sql"), script, &err, (CaretStyle){0});
    CHECK(is(&b, "error[W2013]: column \"user_idd\" does not exist\n"
                 "  --> job.sql:2:8\n"
                 " 2 | SELECT user_idd,\n"
                 "   |        ^^^^^^^^\n"
                 "hint: did you mean \"user_id\"?\n"));
    err.hint[0] = '\0';
    err.pos = script.len; /* the end of input */
    caret_print(&b, STR("a"), script, &err, (CaretStyle){0});
    CHECK(is(&b, "error[W2013]: column \"user_idd\" does not exist\n  --> a:3:16\n"
                 " 3 |   x FROM clicks\n   |                ^\n"));
    script = STR("a\tb\x1b[2J \xe4\xb8\xad\xff z");
    err.pos = script.len - 1;
    err.width = 1;
    caret_print(&b, STR("a"), script, &err, (CaretStyle){0});
    CHECK(is(&b, "error[W2013]: column \"user_idd\" does not exist\n  --> a:1:12\n"
                 " 1 | a       b\\x1B[2J \xe4\xb8\xad\\xFF z\n"
                 "   |                         ^\n"));
    script = STR("SELECT aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, oops, "
                 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
    err.pos = 60;
    err.width = 4;
    caret_print(&b, STR("a"), script, &err, (CaretStyle){.width = 45});
    CHECK(is(&b, "error[W2013]: column \"user_idd\" does not exist\n  --> a:1:61\n"
                 " 1 | ...aaaaaaaa, oops, bbbbbbbbbbbbbbbbbb...\n"
                 "   |              ^^^^\n"));
    err.pos = POS_NONE;
    caret_print(&b, STR("a"), script, &err, (CaretStyle){.color = true});
    CHECK(is(&b, "\033[1;31merror[W2013]\033[0m: column \"user_idd\" does not exist\n"));
    strbuf_done(&b);
}

/* Names come from outside too, and a long one is cut by Err's buffer. */
static void
texts_of_errors_are_escaped(void)
{
    StrBuf b = {0};
    Err err;
    Status st = err_set(&err, W2002, 0, "table \"%s\" does not exist", "a\x1b[2J\tb\n\xff");
    CHECK(err_hint(&err, st, "Write \x07 here.") == ERR_BIND);
    caret_print(&b, STR("x\ny.sql"), STR("z"), &err, (CaretStyle){0});
    CHECK(is(&b, "error[W2002]: table \"a\\x1B[2J b\\x0A\\xFF\" does not exist\n"
                 "  --> x\\x0Ay.sql:1:1\n 1 | z\n   | ^\nhint: Write \\x07 here.\n"));
    for (u32 shift = 0; shift < 4; shift++) {
        char name[800];
        u32 len = shift;
        memset(name, 'x', shift);
        while (len < 700) len += 3, memcpy(name + len - 3, "\xe4\xb8\xad", 3);
        name[len] = '\0';
        CHECK(err_set(&err, W2002, POS_NONE, "%s", name) == ERR_BIND);
        caret_print(&b, STR("f"), STR(""), &err, (CaretStyle){0});
        CHECK(utf8_valid(b.ptr, b.len) && !strchr(b.ptr, '\\'));
        CHECK(b.len >= strlen("error[W2002]: ") + sizeof err.text - 4);
        strbuf_clear(&b);
    }
    strbuf_done(&b);
}

/* Any bytes, any place, any width: one line each, no control characters, no wider than asked. */
static void
pictures_survive_anything(void)
{
    Rng r = rng_seed(41);
    StrBuf b = {0};
    for (u32 round = 0; round < 30000; round++) {
        char script[300];
        u32 len = (u32)rng_below(&r, sizeof script);
        for (u32 i = 0; i < len; i++) {
            script[i] = (char)(rng_below(&r, 3) ? 32 + rng_below(&r, 95) : rng_below(&r, 256));
        }
        Err err = error_at((u32)rng_below(&r, len + 3), (u32)rng_below(&r, 400));
        u32 width = round % 2 ? (u32)rng_below(&r, 200) : 0, lines = 0, longest = 0, run = 0;
        caret_print(&b, STR("f"), (Str){script, len}, &err, (CaretStyle){.width = width});
        for (size_t i = 0; i < b.len; i++) {
            u8 c = (u8)b.ptr[i];
            CHECK(c == '\n' || (c >= 0x20 && c != 0x7F));
            bool picture = lines == 2 || lines == 3;
            run = c == '\n' ? 0 : run + ((c & 0xC0) != 0x80);
            if (picture) longest = MAX(longest, run);
            lines += c == '\n';
        }
        CHECK(lines == 5);
        if (width >= 40) CHECK(longest <= width + 1);
        strbuf_clear(&b);
    }
    strbuf_done(&b);
}

TESTS(TEST(values_cast_as_flink), TEST(lengths_fit), TEST(intervals_both_ways),
      TEST(pictures_point_at_the_place), TEST(texts_of_errors_are_escaped),
      TEST(pictures_survive_anything))
