/* datetime.h - dates, times and timestamps without a zone.
 *
 * DATE is days since 1970-01-01 (i32), TIME microseconds since midnight, TIMESTAMP microseconds
 * since 1970-01-01 00:00:00 (i64), all proleptic Gregorian. Texts name years 0001..9999; the
 * arithmetic takes any value. Day <-> civil date is Howard Hinnant's algorithm ("chrono-Compatible
 * Low-Level Date Algorithms", public domain). Zones are in timezone.h, patterns of DATE_FORMAT in
 * time_pattern.h, intervals in interval.h. */
#pragma once
#include "base/number.h"

#define US_PER_MS 1000LL
#define US_PER_SECOND 1000000LL
#define US_PER_MINUTE (60 * US_PER_SECOND)
#define US_PER_HOUR (3600 * US_PER_SECOND)
#define US_PER_DAY (86400 * US_PER_SECOND)
/* 0001-01-01 00:00:00 and 9999-12-31 23:59:59.999999: what texts can name. */
#define TIMESTAMP_MIN_US (-719162LL * US_PER_DAY)
#define TIMESTAMP_MAX_US (2932897LL * US_PER_DAY - 1)
#define DATE_MIN_DAYS (-719162)
#define DATE_MAX_DAYS 2932896

typedef struct Civil {
    i32 year;
    u8 month, day; /* 1..12, 1..31 */
} Civil;

i32 civil_days(Civil c); /* month 1..12; the day may lie outside its month */
Civil civil_of_days(i32 days);
u32 civil_month_days(i32 year, u32 month);
bool civil_is_valid(i32 year, u32 month, u32 day); /* year 1..9999 */

/* Floor division, right before 1970 too. */
static inline i32
timestamp_days(i64 us)
{
    return (i32)(us / US_PER_DAY - (us % US_PER_DAY < 0));
}
static inline i64
timestamp_time_us(i64 us) /* since midnight */
{
    i64 rest = us % US_PER_DAY;
    return rest < 0 ? rest + US_PER_DAY : rest;
}
static inline i64
timestamp_of_date(i32 days)
{
    return days * US_PER_DAY;
}

/* --- reading; the whole text without white space around it; fraction digits past 6 are cut --- */

/* As CAST: y-M-d, y-M or y (digits without leading zeros are fine), a time part behind is checked
 * and dropped. */
TextResult date_parse(const char *text, u32 len, i32 *ret_days);
/* HH:mm:ss[.f], HH:mm, HH. */
TextResult time_parse(const char *text, u32 len, i64 *ret_us);
/* y-M-d, y-M-d HH:mm, y-M-d HH:mm:ss[.f]; 'T' or a space between. */
TextResult timestamp_parse(const char *text, u32 len, i64 *ret_us);
/* The same with an optional Z, +HH, +HH:mm, +HHmm or +HH:mm:ss behind the time (one space before
 * it is fine; ' UTC' too). ret_us is the local time as written; has_offset says whether one was. */
TextResult timestamp_parse_offset(const char *text, u32 len, i64 *ret_us, bool *ret_has_offset,
                                  i32 *ret_offset_s);

/* What a decoder keeps between rows: the last date's ten bytes and its midnight. Start with {0}. */
typedef struct TimestampCache {
    u64 year_month; /* "2024-01-" */
    u32 day;        /* "15" */
    i64 midnight_us;
} TimestampCache;
bool timestamp_cache_fill(TimestampCache *cache, const char *text);
/* yyyy-MM-dd HH:mm:ss with nothing, .SSS or .SSSSSS behind, 'T' for the space, one 'Z' at the
 * very end NOT taken. False for anything else, valid or not: ask timestamp_parse then. Reads
 * text[0..len) only. */
static inline bool
timestamp_parse_fixed(const char *text, u32 len, TimestampCache *cache, i64 *ret_us)
{
    if (len != 23 && len != 19 && len != 26) return false;
    u16 day;
    memcpy(&day, text + 8, 2);
    if (UNLIKELY(load8(text) != cache->year_month || day != cache->day)) {
        if (!timestamp_cache_fill(cache, text)) return false;
    }
    if ((text[10] != ' ') & (text[10] != 'T')) return false;
    /* "HH:mm:ss" less "00:00:00": digits become 0..9 and colons 0. */
    u64 t = load8(text + 11) ^ 0x30303A30303A3030u;
    if (((t + 0x76767F76767F7676u) | t) & 0x8080808080808080u) return false;
    t = t * 10 + (t >> 8);
    u32 hour = (u32)t & 0xFF, minute = (u32)(t >> 24) & 0xFF, second = (u32)(t >> 48) & 0xFF;
    if ((hour > 23) | (minute > 59) | (second > 59)) return false;
    u32 us = 0;
    if (len != 19) {
        /* ".123" or ".123456": the dot and up to seven bytes, the missing ones as zeros. */
        u64 f = len == 23 ? 0x3030303000000000u : 0x3000000000000000u;
        memcpy(&f, text + 19, 4);
        if (len == 26) memcpy((char *)&f + 4, text + 23, 3);
        f ^= 0x000000000000001Eu; /* '.' becomes '0' */
        if (text[19] != '.' || !digits8_are(f)) return false;
        us = digits8_value(f) / 10;
    }
    *ret_us = cache->midnight_us + (hour * 3600 + minute * 60 + second) * US_PER_SECOND + us;
    return true;
}

/* --- printing; returns the length, writes no NUL; digits is the fraction's, 0..9 --- */

enum { DATETIME_TEXT_MAX = 40 };
u32 date_print(char *to, i32 days);
u32 time_print(char *to, i64 us, u32 digits);
u32 timestamp_print(char *to, i64 us, u32 digits);     /* 2024-01-15 10:00:00.000 */
u32 timestamp_print_iso(char *to, i64 us, u32 digits); /* 'T' between; the caller adds 'Z' */
/* Cut to p fraction digits (towards the past, as Flink does for CAST to TIMESTAMP(p)). */
i64 timestamp_cut(i64 us, u32 digits);

/* --- calendar --- */

typedef enum CalendarUnit {
    CAL_MILLENNIUM,
    CAL_CENTURY,
    CAL_DECADE,
    CAL_YEAR,
    CAL_QUARTER,
    CAL_MONTH,
    CAL_WEEK, /* ISO: Monday first */
    CAL_DAY,
    CAL_HOUR,
    CAL_MINUTE,
    CAL_SECOND,
    CAL_MILLISECOND,
    CAL_MICROSECOND,
    CAL_NANOSECOND,
    CAL_EPOCH,   /* seconds since 1970; from here on for fields only */
    CAL_DOW,     /* 1 Sunday .. 7 Saturday */
    CAL_ISODOW,  /* 1 Monday .. 7 Sunday */
    CAL_DOY,     /* 1..366 */
    CAL_ISOYEAR, /* the year that the ISO week belongs to */
    CAL_COUNT
} CalendarUnit;

/* DAY, DAYS, SQL_TSI_DAY, any case; false if it is no unit. */
bool calendar_unit_find(Str name, CalendarUnit *ret_unit);
/* Microseconds of WEEK, DAY .. MICROSECOND; 0 for units of varying length and below. */
i64 calendar_unit_us(CalendarUnit unit);

/* EXTRACT: MILLISECOND and MICROSECOND count within the second (Flink). WEEK is ISO 1..53. */
i64 timestamp_field(CalendarUnit unit, i64 us);
/* FLOOR(ts TO unit), units up to MICROSECOND. WEEK goes to Sunday as Flink's FLOOR does,
 * timestamp_trunc goes to Monday. CEIL to MONTH and longer looks at the date alone, so 21:00 on the
 * first of a month stays on that day (Flink). */
i64 timestamp_floor(CalendarUnit unit, i64 us);
i64 timestamp_ceil(CalendarUnit unit, i64 us);
i64 timestamp_trunc(CalendarUnit unit, i64 us);
/* The same of a DATE; CEIL to DAY is the next day, shorter units change nothing (Flink). */
i32 date_floor(CalendarUnit unit, i32 days);
i32 date_ceil(CalendarUnit unit, i32 days);
/* The day is cut to the month's last. False when the result leaves what i64 us (i32 days) hold. */
bool timestamp_add_months(i64 us, i64 months, i64 *ret_us);
bool date_add_months(i32 days, i64 months, i32 *ret_days);
/* us + n units (TIMESTAMPADD); false on overflow. */
bool timestamp_add(CalendarUnit unit, i64 n, i64 us, i64 *ret_us);
/* Whole units from `from` to `to`, cut towards zero (TIMESTAMPDIFF). */
i64 timestamp_diff(CalendarUnit unit, i64 from, i64 to);
