/* test_base_datetime.c - the calendar against brute force, texts both ways, Flink's floors. */
#include "base/datetime.h"
#include "base/rng.h"
#include "tests/unit/test.h"

static i64
ts(const char *text)
{
    i64 us = -1;
    CHECK(timestamp_parse(text, (u32)strlen(text), &us) == TEXT_OK);
    return us;
}

static i32
day(const char *text)
{
    i32 days = -1;
    CHECK(date_parse(text, (u32)strlen(text), &days) == TEXT_OK);
    return days;
}

static bool
shows(i64 us, u32 digits, const char *want)
{
    char b[DATETIME_TEXT_MAX + 1];
    b[timestamp_print(b, us, digits)] = '\0';
    if (strcmp(b, want)) fprintf(stderr, "got %s, want %s\n", b, want);
    return strcmp(b, want) == 0;
}

static void
days_count_up(void)
{
    i32 days = DATE_MIN_DAYS;
    u32 days_wrong = 0;
    for (i32 y = 1; y <= 9999; y++) {
        for (u32 m = 1; m <= 12; m++) {
            for (u32 d = 1; d <= civil_month_days(y, m); d++, days++) {
                Civil c = civil_of_days(days);
                days_wrong += c.year != y || c.month != m || c.day != d;
                days_wrong += civil_days((Civil){y, (u8)m, (u8)d}) != days;
            }
        }
    }
    CHECK(days_wrong == 0 && days == DATE_MAX_DAYS + 1);
    CHECK(civil_days(civil_of_days(INT32_MIN / 2)) == INT32_MIN / 2);
    CHECK(civil_of_days(INT32_MAX).year > 5000000 && civil_of_days(INT32_MIN).year < -5000000);
}

static void
texts_are_read(void)
{
    i64 us, off;
    i32 days, offset;
    bool has;
    CHECK(day("1970-01-01") == 0 && day("123") == civil_days((Civil){123, 1, 1}));
    CHECK(day("2021-9-7") == day("2021-09-07") && day("2021-09") == day("2021-09-01"));
    CHECK(day("2021-09-27 12:34:56.123456789") == day("2021-09-27"));
    CHECK(ts("1970-01-01 00:00:01.5") == 1500000 && ts("1969-12-31 23:59:59.999999") == -1);
    CHECK(ts("2021-09-27") == ts("2021-09-27T00:00") &&
          ts("2021-9-7 1:2:3") % US_PER_DAY == 3723 * US_PER_SECOND);
    CHECK(ts("1970-01-01 00:00:00.123456789") == 123456);
    CHECK(time_parse("12:34:56.123456789", 18, &us) == TEXT_OK && us == 45296123456);
    CHECK(time_parse("12:34", 5, &us) == TEXT_OK && us == 45240000000);
    static const char *const bad_dates[] = {"",           "foo",        "2021/09/27",   "2021-",
                                            "2021-1-1x",  "2021-001-1", "2021-01-01 x", "-1-1-1",
                                            "2021-01-01 "};
    for (u32 i = 0; i < ARRAY_LEN(bad_dates); i++) {
        CHECK(date_parse(bad_dates[i], (u32)strlen(bad_dates[i]), &days) == TEXT_MALFORMED);
    }
    CHECK(date_parse("2021-02-29", 10, &days) == TEXT_RANGE);
    CHECK(date_parse("0000-01-01", 10, &days) == TEXT_RANGE);
    CHECK(date_parse("10000-01-01", 11, &days) == TEXT_RANGE);
    static const char *const bad_times[] = {"123",      "2021-09-27 12",     "2021-09-27 12:00:00.",
                                            "12:00:00", "2021-09-27 12:00 ", "2021-09-27 12:000",
                                            "2021-13"};
    for (u32 i = 0; i < ARRAY_LEN(bad_times); i++) {
        CHECK(timestamp_parse(bad_times[i], (u32)strlen(bad_times[i]), &us) == TEXT_MALFORMED);
    }
    CHECK(timestamp_parse("2021-09-27 24:00:00", 19, &us) == TEXT_RANGE);
    CHECK(time_parse("12:34:60", 8, &us) == TEXT_RANGE);
    CHECK(time_parse("2021-09-27", 10, &us) == TEXT_MALFORMED);
    static const struct {
        const char *text;
        i32 offset;
    } offsets[] = {{"2021-09-27T12:00:00Z", 0},
                   {"2021-09-27 12:00:00+01:00", 3600},
                   {"2021-09-27 12:00:00.5 -0330", -12600},
                   {"2021-09-27T12:00+02", 7200},
                   {"2021-09-27 12:00:00 UTC", 0},
                   {"2021-09-27 12:00:00+01:02:03", 3723}};
    for (u32 i = 0; i < ARRAY_LEN(offsets); i++) {
        const char *t = offsets[i].text;
        CHECK(timestamp_parse_offset(t, (u32)strlen(t), &off, &has, &offset) == TEXT_OK);
        CHECK(has && offset == offsets[i].offset);
    }
    CHECK(timestamp_parse_offset("2021-09-27 12:00:00", 19, &off, &has, &offset) == TEXT_OK &&
          !has);
    CHECK(timestamp_parse_offset("2021-09-27 12:00:00+19", 22, &off, &has, &offset) == TEXT_RANGE);
    CHECK(timestamp_parse_offset("2021-09-27 12:00:00+1:0:0:0", 27, &off, &has, &offset) ==
          TEXT_MALFORMED);
}

static void
texts_are_printed(void)
{
    CHECK(shows(0, 3, "1970-01-01 00:00:00.000") && shows(-1, 6, "1969-12-31 23:59:59.999999"));
    CHECK(shows(ts("2021-09-24 12:34:56.123456"), 4, "2021-09-24 12:34:56.1234"));
    CHECK(shows(ts("2021-09-24 12:34:56.123456"), 9, "2021-09-24 12:34:56.123456000"));
    CHECK(shows(TIMESTAMP_MAX_US, 0, "9999-12-31 23:59:59") &&
          shows(TIMESTAMP_MIN_US, 0, "0001-01-01 00:00:00"));
    CHECK(shows(-62167219200000000, 0, "0000-01-01 00:00:00"));
    CHECK(shows(TIMESTAMP_MAX_US + 1, 0, "+10000-01-01 00:00:00"));
    char b[DATETIME_TEXT_MAX + 1];
    CHECK(timestamp_print(b, INT64_MIN, 9) <= DATETIME_TEXT_MAX);
    CHECK(timestamp_print(b, INT64_MAX, 9) <= DATETIME_TEXT_MAX);
    b[timestamp_print_iso(b, 1500000, 1)] = '\0';
    CHECK(strcmp(b, "1970-01-01T00:00:01.5") == 0);
    b[time_print(b, US_PER_DAY - 1, 2)] = '\0';
    CHECK(strcmp(b, "23:59:59.99") == 0);
    CHECK(timestamp_cut(1999999, 0) == 1000000 && timestamp_cut(-1, 3) == -1000);
}

/* The fast layout must agree with the general parser wherever it answers. */
static void
fixed_layout_agrees(void)
{
    Rng r = rng_seed(5);
    TimestampCache cache = {0};
    u32 taken = 0;
    for (u32 i = 0; i < 400000; i++) {
        char b[DATETIME_TEXT_MAX + 1];
        i64 us = TIMESTAMP_MIN_US + (i64)rng_below(&r, (u64)(TIMESTAMP_MAX_US - TIMESTAMP_MIN_US));
        if (i % 2) us = (i64)rng_below(&r, 3 * (u64)US_PER_DAY) + ts("2024-02-28");
        static const u32 digit_choice[4] = {0, 3, 6, 4};
        u32 digits = digit_choice[rng_below(&r, 4)], len = timestamp_print(b, us, digits);
        u64 change = rng_below(&r, 6);
        if (change < 3) b[rng_below(&r, len)] = (char)rng_below(&r, 256);
        if (change == 0) b[rng_below(&r, len)] = (char)('0' + rng_below(&r, 12));
        char exact[DATETIME_TEXT_MAX];
        memcpy(exact, b, len);
        i64 fast = 0, slow = 0;
        if (!timestamp_parse_fixed(exact, len, &cache, &fast)) {
            if (change >= 3) CHECK(digits == 4);
            continue;
        }
        taken++;
        CHECK(timestamp_parse(exact, len, &slow) == TEXT_OK && fast == slow);
    }
    CHECK(taken > 100000);
}

static void
fields_as_flink_has_them(void)
{
    i64 t = ts("1996-11-10 06:55:44.333");
    static const struct {
        CalendarUnit unit;
        i64 want;
    } fields[] = {{CAL_MILLENNIUM, 2}, {CAL_CENTURY, 20},      {CAL_DECADE, 199},
                  {CAL_YEAR, 1996},    {CAL_QUARTER, 4},       {CAL_MONTH, 11},
                  {CAL_WEEK, 45},      {CAL_DAY, 10},          {CAL_HOUR, 6},
                  {CAL_MINUTE, 55},    {CAL_SECOND, 44},       {CAL_MILLISECOND, 333},
                  {CAL_DOY, 315},      {CAL_DOW, 1},           {CAL_ISODOW, 7},
                  {CAL_ISOYEAR, 1996}, {CAL_EPOCH, 847608944}, {CAL_NANOSECOND, 333000000}};
    for (u32 i = 0; i < ARRAY_LEN(fields); i++) {
        CHECK(timestamp_field(fields[i].unit, t) == fields[i].want);
    }
    CHECK(timestamp_field(CAL_ISOYEAR, ts("2006-01-01")) == 2005);
    CHECK(timestamp_field(CAL_ISOYEAR, ts("1969-12-29")) == 1970);
    CHECK(timestamp_field(CAL_WEEK, ts("2005-01-01")) == 53);
    CHECK(timestamp_field(CAL_ISODOW, ts("1969-12-28")) == 7);
    CHECK(timestamp_field(CAL_EPOCH, -1) == -1 && timestamp_field(CAL_SECOND, -1) == 59);
    CalendarUnit u;
    CHECK(calendar_unit_find(STR("days"), &u) && u == CAL_DAY);
    CHECK(calendar_unit_find(STR("SQL_TSI_HOUR"), &u) && u == CAL_HOUR);
    CHECK(calendar_unit_find(STR("Centuries"), &u) && u == CAL_CENTURY);
    CHECK(!calendar_unit_find(STR("fortnight"), &u) && !calendar_unit_find(STR(""), &u));
    CHECK(!calendar_unit_find(STR("SQL_TSI_"), &u) && !calendar_unit_find(STR("s"), &u));
}

static void
floors_as_flink_has_them(void)
{
    static const struct {
        CalendarUnit unit;
        const char *from, *floor, *ceil;
    } rows[] = {
        {CAL_YEAR, "1996-11-10 06:55:44", "1996-01-01", "1997-01-01"},
        {CAL_MONTH, "2018-03-01 21:00:01", "2018-03-01", "2018-03-01"},
        {CAL_MONTH, "2018-12-02", "2018-12-01", "2019-01-01"},
        {CAL_QUARTER, "2018-04-02 21:00:01", "2018-04-01", "2018-07-01"},
        {CAL_QUARTER, "1990-10-14", "1990-10-01", "1991-01-01"},
        {CAL_DECADE, "2018-01-02 21:00:01", "2010-01-01", "2020-01-01"},
        {CAL_DECADE, "1999-01-01", "1990-01-01", "2000-01-01"},
        {CAL_CENTURY, "2018-01-02", "2001-01-01", "2101-01-01"},
        {CAL_MILLENNIUM, "2018-01-02", "2001-01-01", "3001-01-01"},
        {CAL_MILLENNIUM, "1990-10-14", "1001-01-01", "2001-01-01"},
        {CAL_WEEK, "2021-02-27", "2021-02-21", "2021-02-28"},
        {CAL_WEEK, "2021-03-01", "2021-02-28", "2021-03-07"},
        {CAL_DAY, "2018-03-31 00:00:01", "2018-03-31", "2018-04-01"},
        {CAL_HOUR, "2018-03-20 06:00:00", "2018-03-20 06:00", "2018-03-20 06:00"},
        {CAL_MILLISECOND, "2020-02-29 01:56:59.987654", "2020-02-29 01:56:59.987",
         "2020-02-29 01:56:59.988"},
        {CAL_SECOND, "1969-12-31 23:59:58.5", "1969-12-31 23:59:58", "1969-12-31 23:59:59"}};
    for (u32 i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK(timestamp_floor(rows[i].unit, ts(rows[i].from)) == ts(rows[i].floor));
        CHECK(timestamp_ceil(rows[i].unit, ts(rows[i].from)) == ts(rows[i].ceil));
    }
    CHECK(date_ceil(CAL_DAY, day("2021-02-27")) == day("2021-02-28"));
    CHECK(date_ceil(CAL_HOUR, day("2021-02-27")) == day("2021-02-27"));
    CHECK(date_ceil(CAL_WEEK, day("1990-10-14")) == day("1990-10-14"));
    CHECK(timestamp_trunc(CAL_WEEK, ts("2021-02-28 12:00:00")) == ts("2021-02-22"));
}

static void
sums_and_differences(void)
{
    i64 us;
    i32 d;
    CHECK(date_add_months(day("2020-01-31"), 1, &d) && d == day("2020-02-29"));
    CHECK(date_add_months(day("1990-10-14"), -2, &d) && d == day("1990-08-14"));
    CHECK(timestamp_add_months(ts("2020-02-29 01:00:00"), 12, &us) && us == ts("2021-02-28 01:00"));
    CHECK(!date_add_months(0, INT64_MAX, &d) && !timestamp_add_months(0, 12 * 400000, &us));
    CHECK(timestamp_add(CAL_WEEK, -1, ts("2020-01-08"), &us) && us == ts("2020-01-01"));
    CHECK(timestamp_add(CAL_CENTURY, 1, ts("2000-01-01"), &us) && us == ts("2100-01-01"));
    CHECK(!timestamp_add(CAL_DAY, INT64_MAX, 0, &us) &&
          !timestamp_add(CAL_SECOND, 1, INT64_MAX, &us));
    static const struct {
        CalendarUnit unit;
        const char *from, *to;
        i64 want;
    } rows[] = {{CAL_MONTH, "2019-09-01", "2016-08-01", -37},
                {CAL_MONTH, "2016-06-15 11:00:00", "2018-05-19", 23},
                {CAL_MONTH, "2020-01-31", "2020-02-29", 1},
                {CAL_QUARTER, "2016-06-15", "2018-03-18", 7},
                {CAL_YEAR, "2016-06-15", "2018-06-14", 1},
                {CAL_WEEK, "2016-08-15", "2016-06-18", -8},
                {CAL_DAY, "2016-06-15 11:00:00", "2016-06-19", 3},
                {CAL_HOUR, "2016-06-15", "2016-06-12", -72},
                {CAL_MINUTE, "2016-06-15", "2016-06-16 11:11:11", 2111}};
    for (u32 i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK(timestamp_diff(rows[i].unit, ts(rows[i].from), ts(rows[i].to)) == rows[i].want);
    }
    CHECK(timestamp_diff(CAL_DAY, INT64_MIN, INT64_MAX) == 213503982);
}

TESTS(TEST(days_count_up), TEST(texts_are_read), TEST(texts_are_printed), TEST(fixed_layout_agrees),
      TEST(fields_as_flink_has_them), TEST(floors_as_flink_has_them), TEST(sums_and_differences))
