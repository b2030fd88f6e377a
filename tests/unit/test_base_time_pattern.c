/* test_base_time_pattern.c - patterns printed and read as java.time does. */
#include "base/mem.h"
#include "base/rng.h"
#include "base/time_pattern.h"
#include "tests/unit/test.h"

static i64
ts(const char *text)
{
    i64 us = -1;
    CHECK(timestamp_parse(text, (u32)strlen(text), &us) == TEXT_OK);
    return us;
}

static bool
prints(const char *pattern, const char *at, i32 offset_s, const char *want)
{
    Arena *a = arena_new();
    TimePattern *p = NULL;
    StrBuf b = {0};
    Err err;
    bool ok = time_pattern_compile(a, str_from(pattern), &p, &err) == ERR_OK;
    if (ok) time_pattern_print(p, ts(at), offset_s, &b);
    ok = ok && str_eq(strbuf_view(&b), str_from(want));
    if (!ok) fprintf(stderr, "%s: got %.*s, want %s\n", pattern, STR_ARG(strbuf_view(&b)), want);
    strbuf_done(&b);
    arena_free(a);
    return ok;
}

/* want NULL: malformed; "!": out of range. */
static bool
reads(const char *pattern, const char *text, const char *want)
{
    Arena *a = arena_new();
    TimePattern *p = NULL;
    Err err;
    i64 us = 0;
    TextResult r = TEXT_MALFORMED, wanted = !want          ? TEXT_MALFORMED
                                            : *want == '!' ? TEXT_RANGE
                                                           : TEXT_OK;
    bool ok = time_pattern_compile(a, str_from(pattern), &p, &err) == ERR_OK;
    if (ok) r = time_pattern_parse(p, str_from(text), &us, NULL);
    ok = ok && r == wanted && (r != TEXT_OK || us == ts(want));
    if (!ok) fprintf(stderr, "%s %s: result %d, us %lld\n", pattern, text, (int)r, (long long)us);
    arena_free(a);
    return ok;
}

static void
patterns_print(void)
{
    const char *at = "2018-03-14 01:02:03.123456", *evening = "2021-11-07 22:05:09";
    CHECK(prints("yyyy/MM/dd HH:mm:ss", at, 0, "2018/03/14 01:02:03"));
    CHECK(prints("yyyy-MM-dd HH:mm:ss.SSSSSS", at, 0, "2018-03-14 01:02:03.123456"));
    CHECK(prints("yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSS", at, 0, "2018-03-14T01:02:03.123456000"));
    CHECK(prints("yy M d H h m s S", at, 0, "18 3 14 1 1 2 3 1"));
    CHECK(prints("EEE, d MMM yyyy hh:mm a", evening, 0, "Sun, 7 Nov 2021 10:05 PM"));
    CHECK(prints("EEEE MMMM E MMMMM D DDD e", evening, 0, "Sunday November Sun N 311 311 1"));
    CHECK(prints("k K kk KK", "2021-01-01 00:00:00", 0, "24 0 24 00"));
    CHECK(prints("Q QQ QQQ QQQQ G", evening, 0, "4 04 Q4 4th quarter AD"));
    CHECK(prints("'it''s' ''yyyy'' uuuu", at, 0, "it's '2018' 2018"));
    CHECK(prints("X XX XXX x xxx Z ZZZZZ", at, 0, "Z Z Z +00 +00:00 +0000 Z"));
    CHECK(prints("X XX XXX x Z ZZZZ", at, -12600, "-0330 -0330 -03:30 -0330 -0330 GMT-03:30"));
    CHECK(prints("yyyy[-MM[-dd]]", at, 0, "2018-03-14") && prints("", at, 0, ""));
    CHECK(prints("yyyyMMddHHmmssSSS", at, 0, "20180314010203123") &&
          prints("n A", at, 0, "123456000 3723123"));
}

static void
patterns_read(void)
{
    CHECK(reads("yyyy-MM-dd HH:mm:ss", "1970-01-01 08:01:40", "1970-01-01 08:01:40"));
    CHECK(reads("yyyyMMddHH", "2000020210", "2000-02-02 10:00:00"));
    CHECK(reads("SSSSSSS", "1234567", "1970-01-01 00:00:00.123456"));
    CHECK(reads("yyyy-MM-dd HH:mm:ss.SSSSS", "1970-01-01 00:00:00.12345",
                "1970-01-01 00:00:00.12345"));
    CHECK(reads("yyyy-MM-dd HH:mm:ss.SSS", "2017-09-15 00:00:00.12345", NULL));
    CHECK(reads("yyyy-MM-dd", "invalid value", NULL) && reads("yyyy", "20211", NULL));
    CHECK(reads("d/M/yyyy", "7/11/2021", "2021-11-07") &&
          reads("dd/MM/yy", "07/11/21", "2021-11-07"));
    CHECK(reads("dd/MM/yyyy", "7/11/2021", NULL) && reads("yyyyMMdd", "2021117", NULL));
    CHECK(reads("dMMyyyy", "7112021", "2021-11-07") && reads("dMMyyyy", "17112021", "2021-11-17"));
    CHECK(reads("EEE, d MMM yyyy hh:mm a", "Sun, 7 Nov 2021 10:05 PM", "2021-11-07 22:05:00"));
    CHECK(reads("EEE, d MMM yyyy", "Mon, 7 Nov 2021", "!") && reads("hh a", "12 am", "1970-01-01"));
    CHECK(reads("d MMMM yyyy", "14 march 2018", "2018-03-14") &&
          reads("d MMM yyyy", "14 Mrz 2018", NULL));
    CHECK(reads("yyyy-MM-dd", "2021-02-30", "2021-02-28") &&
          reads("yyyy-MM-dd", "2021-02-32", "!"));
    CHECK(reads("yyyy-MM-dd", "2021-13-01", "!") && reads("HH:mm", "24:00", "!") &&
          reads("hh", "13", "!"));
    CHECK(reads("yyyy-DDD", "2020-366", "2020-12-31") && reads("yyyy-DDD", "2021-366", "!"));
    CHECK(reads("yyyy-MM-dd[ HH:mm[:ss]]", "2021-11-07", "2021-11-07"));
    CHECK(reads("yyyy-MM-dd[ HH:mm[:ss]]", "2021-11-07 10:05", "2021-11-07 10:05"));
    CHECK(reads("yyyy-MM-dd[ HH:mm[:ss]]", "2021-11-07 10:05:09", "2021-11-07 10:05:09"));
    CHECK(reads("yyyy-MM-dd[ HH:mm[:ss]]", "2021-11-07 10", NULL));
    CHECK(reads("[yyyy][-MM]", "-03", "1970-03-01"));
    CHECK(reads("yyyy-MM-dd'T'HH:mm:ssXXX", "2021-11-07T10:05:09+02:00", "2021-11-07 08:05:09"));
    CHECK(reads("yyyy-MM-dd'T'HH:mm:ssX", "2021-11-07T10:05:09Z", "2021-11-07 10:05:09"));
    CHECK(reads("kk", "24", "1970-01-01") && reads("kk", "00", "!") &&
          reads("yyyy G", "0044 BC", "!"));
    CHECK(reads("'at' HH", "at 07", "1970-01-01 07:00:00") && reads("'at' HH", "At 07", NULL));
}

static void
wrong_patterns_are_named(void)
{
    static const char *const bad[] = {"YYYY-MM-dd",
                                      "yyyy-MM-dd'T",
                                      "[yyyy",
                                      "yyyy]",
                                      "{yyyy}",
                                      "yyyy#",
                                      "VV",
                                      "HHH",
                                      "SSSSSSSSSS",
                                      "jj",
                                      "[[[[[[[[[y]]]]]]]]]",
                                      "p"};
    Arena *a = arena_new();
    for (u32 i = 0; i < ARRAY_LEN(bad); i++) {
        TimePattern *p = NULL;
        Err err;
        CHECK(time_pattern_compile(a, str_from(bad[i]), &p, &err) == ERR_RUN && err.code == W3006);
        CHECK(!p && strlen(err.text) > 10);
    }
    arena_free(a);
}

/* What any pattern prints of a full timestamp it reads back; junk never breaks it. */
static void
printed_times_read_back(void)
{
    static const char *const patterns[] = {
        "yyyy-MM-dd HH:mm:ss.SSSSSS", "yyyyMMddHHmmssSSSSSS", "EEEE d MMMM yyyy h:m:s.SSSSSS a",
        "uuuu.DDD.HH[.mm.ss.SSSSSS]", "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX"};
    Rng r = rng_seed(51);
    Arena *a = arena_new();
    for (u32 k = 0; k < ARRAY_LEN(patterns); k++) {
        TimePattern *p = NULL;
        Err err;
        CHECK(time_pattern_compile(a, str_from(patterns[k]), &p, &err) == ERR_OK);
        for (u32 i = 0; p && i < 20000; i++) {
            StrBuf b = {0};
            i64 us =
                TIMESTAMP_MIN_US + (i64)rng_below(&r, (u64)(TIMESTAMP_MAX_US - TIMESTAMP_MIN_US));
            i64 back = 0;
            time_pattern_print(p, us, 3600, &b);
            bool zoned = false;
            CHECK(time_pattern_parse(p, strbuf_view(&b), &back, &zoned) == TEXT_OK);
            CHECK(back == us - (zoned ? US_PER_HOUR : 0));
            char *junk =
                mem_strdup(b.ptr, rng_below(&r, b.len + 1)); /* exact size: overruns show */
            u32 len = (u32)strlen(junk);
            if (len) junk[rng_below(&r, len)] = (char)(1 + rng_below(&r, 255));
            (void)time_pattern_parse(p, (Str){junk, len}, &back, NULL);
            mem_free(junk);
            strbuf_done(&b);
        }
    }
    arena_free(a);
}

TESTS(TEST(patterns_print), TEST(patterns_read), TEST(wrong_patterns_are_named),
      TEST(printed_times_read_back))
