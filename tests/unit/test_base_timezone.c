/* test_base_timezone.c - zones against the C library, gaps and overlaps, names, hostile files. */
#include "base/rng.h"
#include "base/timezone.h"
#include "tests/unit/test.h"

#include <stdlib.h>
#include <time.h>

static const char *const zones[] = {
    "Europe/Berlin",     "America/New_York", "Asia/Shanghai",    "Australia/Lord_Howe",
    "America/Sao_Paulo", "Asia/Kolkata",     "Pacific/Apia",     "Africa/Casablanca",
    "Europe/Dublin",     "America/St_Johns", "Antarctica/Troll", "Asia/Tehran",
    "Pacific/Chatham",   "America/Nuuk",     "Africa/Monrovia",  "Etc/GMT+5"};

static TimeZone *
zone(const char *name)
{
    TimeZone *z = NULL;
    Err err;
    CHECK(timezone_find(name, &z, &err) == ERR_OK);
    return z;
}

static i64
ts(const char *text)
{
    i64 us = -1;
    CHECK(timestamp_parse(text, (u32)strlen(text), &us) == TEXT_OK);
    return us;
}

static void
offsets_agree_with_libc(void)
{
    Rng r = rng_seed(31);
    for (u32 i = 0; i < ARRAY_LEN(zones); i++) {
        TimeZone *z = zone(zones[i]);
        if (!z) continue;
        setenv("TZ", zones[i], 1);
        tzset();
        ZoneCursor c = timezone_cursor(z);
        for (u32 k = 0; k < 20000; k++) {
            i64 s = (i64)rng_below(&r, 400 * 31556952ULL) - 150 * 31556952LL; /* 1820 to 2220 */
            if (k % 5 == 0) s = (i64)rng_below(&r, 8000 * 31556952ULL) - 1900 * 31556952LL;
            struct tm tm;
            time_t t = (time_t)s;
            CHECK(localtime_r(&t, &tm) != NULL);
            i64 us = s * US_PER_SECOND + (i64)rng_below(&r, 1000000);
            CHECK(timezone_offset_s(z, us) == tm.tm_gmtoff);
            CHECK(timezone_to_local(z, us) - us == tm.tm_gmtoff * US_PER_SECOND);
            CHECK(timezone_cursor_to_local(&c, us) - us == tm.tm_gmtoff * US_PER_SECOND);
            if (check_failures > 5) break;
        }
        timezone_free(z);
    }
    unsetenv("TZ");
    tzset();
}

/* By definition: the earliest instant that shows this local time; in a gap the offset before it. */
static void
local_times_find_their_instant(void)
{
    Rng r = rng_seed(32);
    for (u32 i = 0; i < ARRAY_LEN(zones); i++) {
        TimeZone *z = zone(zones[i]);
        if (!z) continue;
        ZoneCursor walk = timezone_cursor(z), c = walk, sorted = walk;
        for (u32 k = 0; k < 20000; k++) {
            /* Near a transition, mostly: those are the interesting ones. */
            i64 us = ((i64)rng_below(&r, 300 * 31556952ULL) - 100 * 31556952LL) * US_PER_SECOND;
            timezone_seek(&walk, us);
            if (k % 4 && walk.from_us != INT64_MIN) us = walk.from_us;
            i64 local = us + (i64)rng_below(&r, 30 * (u64)US_PER_HOUR) - 15 * US_PER_HOUR;
            i64 near[2] = {local - 26 * US_PER_HOUR, local + 26 * US_PER_HOUR};
            ZoneCursor a = walk, b = walk;
            timezone_seek(&a, near[0]);
            timezone_seek(&b, near[1]);
            if (a.to_us != b.from_us && a.from_us != b.from_us) continue; /* two at once */
            i64 want = local - a.offset_us;
            if (want >= a.to_us && local - b.offset_us >= b.from_us) want = local - b.offset_us;
            CHECK(timezone_from_local(z, local) == want);
            CHECK(timezone_cursor_from_local(&c, local) == want);
            CHECK(timezone_cursor_from_local(&sorted, local) == want);
        }
        timezone_free(z);
    }
}

static void
gaps_and_overlaps_as_java(void)
{
    TimeZone *z = zone("Europe/Berlin");
    CHECK(timezone_from_local(z, ts("2024-03-31 02:30:00")) == ts("2024-03-31 01:30:00"));
    CHECK(timezone_to_local(z, ts("2024-03-31 01:30:00")) == ts("2024-03-31 03:30:00"));
    CHECK(timezone_from_local(z, ts("2024-10-27 02:30:00")) == ts("2024-10-27 00:30:00"));
    CHECK(timezone_from_local(z, ts("2500-07-01 12:00:00")) == ts("2500-07-01 10:00:00"));
    CHECK(timezone_from_local(z, ts("2500-01-01 12:00:00")) == ts("2500-01-01 11:00:00"));
    i64 us = 0;
    CHECK(timestamp_ltz_parse("2024-07-01 12:00:00", 19, z, &us) == TEXT_OK);
    CHECK(us == ts("2024-07-01 10:00:00"));
    CHECK(timestamp_ltz_parse("2024-07-01T12:00:00Z", 20, z, &us) == TEXT_OK);
    CHECK(us == ts("2024-07-01 12:00:00"));
    CHECK(timestamp_ltz_parse("2024-07-01T12:00:00-01:30", 25, z, &us) == TEXT_OK);
    CHECK(us == ts("2024-07-01 13:30:00"));
    static const i64 ends[] = {INT64_MIN, INT64_MAX, INT64_MIN + 1, INT64_MAX - 1};
    for (u32 i = 0; i < ARRAY_LEN(ends); i++) { /* defined, whatever it is */
        (void)timezone_from_local(z, ends[i]);
        (void)timezone_to_local(z, ends[i]);
    }
    timezone_free(z);
}

static void
names_are_found(void)
{
    static const struct {
        const char *name;
        i32 offset;
    } fixed[] = {{"UTC", 0},          {"Z", 0},        {"GMT+01:00", 3600}, {"+08:00", 28800},
                 {"-8", -28800},      {"UTC+1", 3600}, {"UT-02:30", -9000}, {" +0530 ", 19800},
                 {"+01:02:03", 3723}, {"GMT", 0},      {"-18:00", -64800}};
    for (u32 i = 0; i < ARRAY_LEN(fixed); i++) {
        TimeZone *z = zone(fixed[i].name);
        if (z) CHECK(timezone_offset_s(z, 0) == fixed[i].offset);
        if (z) CHECK(timezone_is_utc(z) == (fixed[i].offset == 0));
        timezone_free(z);
    }
    static const char *const bad[] = {"",
                                      "Europe/Atlantis",
                                      "../../etc/passwd",
                                      "/etc/passwd",
                                      "+19:00",
                                      "+1:2",
                                      "+123",
                                      "GMT+",
                                      "+08:60",
                                      "UTCX",
                                      "Europe",
                                      "+",
                                      "+08:00:00:00",
                                      "-18:00:01",
                                      "zone.tab"};
    for (u32 i = 0; i < ARRAY_LEN(bad); i++) {
        TimeZone *z = NULL;
        Err err;
        CHECK(timezone_find(bad[i], &z, &err) == ERR_BIND && err.code == W2017 && !z);
    }
    CHECK(timezone_is_utc(timezone_utc()) && strcmp(timezone_name(timezone_utc()), "UTC") == 0);
    timezone_free(NULL);
}

/* Flipped and cut bytes: refused or read, never out of bounds (the sanitizer watches). */
static void
hostile_files_are_survived(void)
{
    u8 file[8192];
    char path[200];
    const char *folder = getenv("TZDIR");
    (void)snprintf(path, sizeof path, "%s/Europe/Berlin", folder ? folder : "/usr/share/zoneinfo");
    FILE *f = fopen(path, "rb");
    CHECK(f != NULL);
    if (!f) return;
    size_t len = fread(file, 1, sizeof file, f);
    fclose(f);
    Rng r = rng_seed(33);
    for (u32 round = 0; round < 30000; round++) {
        size_t n = round % 2 ? len : rng_below(&r, len + 1);
        u8 *copy = malloc(n ? n : 1);
        memcpy(copy, file, n);
        for (u32 k = 0; n && k < round % 4; k++) copy[rng_below(&r, n)] = (u8)rng_below(&r, 256);
        if (n > 60 && round % 3 == 0)
            copy[n - 1 - rng_below(&r, 30)] = (u8) "0123456789M,/.-<>"[round % 17];
        TimeZone *z = timezone_read("x", copy, n);
        free(copy);
        if (!z) continue;
        for (i64 us = -4000000000000000; us < 8000000000000000; us += 400000000000000) {
            (void)timezone_to_local(z, us);
            (void)timezone_from_local(z, us);
        }
        timezone_free(z);
    }
}

TESTS(TEST(offsets_agree_with_libc), TEST(local_times_find_their_instant),
      TEST(gaps_and_overlaps_as_java), TEST(names_are_found), TEST(hostile_files_are_survived))
