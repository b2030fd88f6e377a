/* datetime.c - dates and times as text, both ways, and the civil calendar under them.
 *
 * Day <-> civil date: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms" (public
 * domain). Fields, floors and differences are calendar.c. */
#include "base/datetime.h"

/* --- the civil calendar: eras of 400 years that begin on March 1st --- */

enum { ERA_DAYS = 146097, EPOCH_SHIFT = 719468 };

i32
civil_days(Civil c)
{
    i32 y = c.year - (c.month <= 2);
    i32 era = (y >= 0 ? y : y - 399) / 400;
    u32 year_of_era = (u32)(y - era * 400), month = c.month;
    u32 day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + c.day - 1;
    u32 day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * ERA_DAYS + (i32)day_of_era - EPOCH_SHIFT;
}

Civil
civil_of_days(i32 days)
{
    i64 z = (i64)days + EPOCH_SHIFT;
    i64 era = (z >= 0 ? z : z - (ERA_DAYS - 1)) / ERA_DAYS;
    u32 day_of_era = (u32)(z - era * ERA_DAYS);
    u32 year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    u32 day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    u32 shifted = (5 * day_of_year + 2) / 153; /* months since March */
    u32 month = shifted < 10 ? shifted + 3 : shifted - 9;
    return (Civil){.year = (i32)(year_of_era + era * 400) + (month <= 2),
                   .month = (u8)month,
                   .day = (u8)(day_of_year - (153 * shifted + 2) / 5 + 1)};
}

u32
civil_month_days(i32 year, u32 month)
{
    static const u8 days[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month] + (u32)(month == 2 && leap);
}

bool
civil_is_valid(i32 year, u32 month, u32 day)
{
    return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
           day <= civil_month_days(year, month);
}

/* --- reading --- */

typedef struct Scan {
    const char *at, *end;
} Scan;

/* One to `max` digits; false if there is none or one too many. */
static bool
scan_number(Scan *s, u32 max, u32 *ret_value)
{
    const char *begin = s->at;
    u32 v = 0;
    while (s->at < s->end && (u8)(*s->at - '0') <= 9) {
        if ((u32)(s->at - begin) == max) return false;
        v = v * 10 + (u32)(*s->at++ - '0');
    }
    *ret_value = v;
    return s->at > begin;
}

static bool
scan_char(Scan *s, char c)
{
    if (s->at == s->end || *s->at != c) return false;
    s->at++;
    return true;
}

/* The digits of a fraction, cut to microseconds. */
static bool
scan_fraction(Scan *s, u32 *ret_us)
{
    u32 us = 0, digits = 0;
    const char *begin = s->at;
    for (; s->at < s->end && (u8)(*s->at - '0') <= 9; s->at++) {
        if (digits == 6) continue;
        us = us * 10 + (u32)(*s->at - '0');
        digits++;
    }
    for (; digits < 6; digits++) us *= 10;
    *ret_us = us;
    return s->at > begin;
}

/* y[-M[-d]]; *ret_parts is 1..3. */
static TextResult
scan_date(Scan *s, i32 *ret_days, u32 *ret_parts)
{
    u32 part[3] = {1, 1, 1}, n = 0;
    do {
        if (!scan_number(s, n ? 2 : 9, &part[n])) return TEXT_MALFORMED;
        n++;
    } while (n < 3 && scan_char(s, '-'));
    *ret_parts = n;
    if (!civil_is_valid((i32)part[0], part[1], part[2])) return TEXT_RANGE;
    *ret_days = civil_days((Civil){(i32)part[0], (u8)part[1], (u8)part[2]});
    return TEXT_OK;
}

/* H[:m[:s[.f]]]; *ret_parts is 1..3. */
static TextResult
scan_time(Scan *s, i64 *ret_us, u32 *ret_parts)
{
    u32 part[3] = {0}, n = 0, us = 0;
    do {
        if (!scan_number(s, 2, &part[n])) return TEXT_MALFORMED;
        n++;
    } while (n < 3 && scan_char(s, ':'));
    if (n == 3 && scan_char(s, '.') && !scan_fraction(s, &us)) return TEXT_MALFORMED;
    *ret_parts = n;
    if (part[0] > 23 || part[1] > 59 || part[2] > 59) return TEXT_RANGE;
    *ret_us = (part[0] * 3600 + part[1] * 60 + part[2]) * US_PER_SECOND + us;
    return TEXT_OK;
}

static bool
scan_gap(Scan *s) /* between date and time */
{
    return scan_char(s, ' ') || scan_char(s, 'T') || scan_char(s, 't');
}

/* A malformed rest outweighs a range error in front of it. */
static TextResult
scan_end(const Scan *s, TextResult result)
{
    return s->at == s->end ? result : TEXT_MALFORMED;
}

TextResult
date_parse(const char *text, u32 len, i32 *ret_days)
{
    Scan s = {text, text + len};
    u32 parts;
    i32 days = 0;
    i64 us;
    TextResult result = scan_date(&s, &days, &parts);
    if (result == TEXT_MALFORMED) return result;
    if (parts == 3 && scan_gap(&s)) {
        TextResult time = scan_time(&s, &us, &parts);
        if (time != TEXT_OK) return time;
    }
    result = scan_end(&s, result);
    if (result == TEXT_OK) *ret_days = days;
    return result;
}

TextResult
time_parse(const char *text, u32 len, i64 *ret_us)
{
    Scan s = {text, text + len};
    u32 parts;
    i64 us = 0;
    TextResult result = scan_time(&s, &us, &parts);
    if (result != TEXT_MALFORMED) result = scan_end(&s, result);
    if (result == TEXT_OK) *ret_us = us;
    return result;
}

/* y-M-d, perhaps with a time of at least two parts, which *ret_timed says. */
static TextResult
scan_timestamp(Scan *s, i64 *ret_us, bool *ret_timed)
{
    u32 parts;
    i32 days = 0;
    i64 us = 0;
    *ret_timed = false;
    TextResult date = scan_date(s, &days, &parts);
    if (date == TEXT_MALFORMED || parts != 3) return TEXT_MALFORMED;
    if (scan_gap(s)) {
        TextResult time = scan_time(s, &us, &parts);
        if (time == TEXT_MALFORMED || parts < 2) return TEXT_MALFORMED;
        if (time == TEXT_RANGE) date = TEXT_RANGE;
        *ret_timed = true;
    }
    *ret_us = days * US_PER_DAY + us;
    return date;
}

TextResult
timestamp_parse(const char *text, u32 len, i64 *ret_us)
{
    Scan s = {text, text + len};
    bool timed;
    i64 us = 0;
    TextResult result = scan_timestamp(&s, &us, &timed);
    if (result != TEXT_MALFORMED) result = scan_end(&s, result);
    if (result == TEXT_OK) *ret_us = us;
    return result;
}

/* Z, UTC, +HH, +HHmm, +HH:mm[:ss]; up to 18 hours as java.time has it. */
static TextResult
scan_offset(Scan *s, i32 *ret_offset_s)
{
    *ret_offset_s = 0;
    if (scan_char(s, 'Z') || scan_char(s, 'z')) return TEXT_OK;
    if (s->end - s->at >= 3 && memcmp(s->at, "UTC", 3) == 0) {
        s->at += 3;
        return TEXT_OK;
    }
    bool negative = scan_char(s, '-');
    if (!negative && !scan_char(s, '+')) return TEXT_MALFORMED;
    u32 part[3] = {0}, n = 0;
    const char *begin = s->at;
    if (s->end - begin == 4 && scan_number(s, 4, &part[0]) && s->at == s->end) {
        part[1] = part[0] % 100;
        part[0] /= 100;
    } else {
        s->at = begin;
        do {
            if (!scan_number(s, 2, &part[n])) return TEXT_MALFORMED;
            n++;
        } while (n < 3 && scan_char(s, ':'));
    }
    i32 offset = (i32)(part[0] * 3600 + part[1] * 60 + part[2]);
    if (part[1] > 59 || part[2] > 59 || offset > 18 * 3600) return TEXT_RANGE;
    *ret_offset_s = negative ? -offset : offset;
    return TEXT_OK;
}

TextResult
timestamp_parse_offset(const char *text, u32 len, i64 *ret_us, bool *ret_has_offset,
                       i32 *ret_offset_s)
{
    Scan s = {text, text + len};
    bool timed, has_offset = false;
    i64 us = 0;
    i32 offset_s = 0;
    TextResult result = scan_timestamp(&s, &us, &timed);
    if (result == TEXT_MALFORMED) return result;
    if (timed && s.at < s.end) {
        scan_char(&s, ' ');
        TextResult offset = scan_offset(&s, &offset_s);
        if (offset == TEXT_MALFORMED) return offset;
        if (offset == TEXT_RANGE) result = TEXT_RANGE;
        has_offset = true;
    }
    result = scan_end(&s, result);
    if (result != TEXT_OK) return result;
    *ret_us = us;
    *ret_has_offset = has_offset;
    *ret_offset_s = offset_s;
    return TEXT_OK;
}

bool
timestamp_cache_fill(TimestampCache *cache, const char *text)
{
    u32 part[3] = {0};
    static const u8 begin[3] = {0, 5, 8}, end[3] = {4, 7, 10};
    for (u32 n = 0; n < 3; n++) {
        for (u32 i = begin[n]; i < end[n]; i++) {
            u32 digit = (u32)(u8)text[i] - '0';
            if (digit > 9) return false;
            part[n] = part[n] * 10 + digit;
        }
    }
    if (text[4] != '-' || text[7] != '-') return false;
    if (!civil_is_valid((i32)part[0], part[1], part[2])) return false;
    u16 day;
    memcpy(&day, text + 8, 2);
    cache->year_month = load8(text);
    cache->day = day;
    cache->midnight_us = civil_days((Civil){(i32)part[0], (u8)part[1], (u8)part[2]}) * US_PER_DAY;
    return true;
}

/* --- printing --- */

static char *
put2(char *to, u32 v)
{
    digits2_put(to, v);
    return to + 2;
}

static char *
put_year(char *to, i32 year)
{
    if (LIKELY(year >= 0 && year <= 9999)) return put2(put2(to, (u32)year / 100), (u32)year % 100);
    u32 magnitude = year < 0 ? 0 - (u32)year : (u32)year;
    *to++ = year < 0 ? '-' : '+';
    if (magnitude > 9999) return to + u64_print(to, magnitude);
    return put2(put2(to, magnitude / 100), magnitude % 100);
}

static char *
put_date(char *to, i32 days)
{
    Civil c = civil_of_days(days);
    to = put_year(to, c.year);
    *to++ = '-';
    to = put2(to, c.month);
    *to++ = '-';
    return put2(to, c.day);
}

static char *
put_time(char *to, i64 us, u32 digits)
{
    assert(digits <= 9);
    u32 seconds = (u32)(us / US_PER_SECOND), minutes = seconds / 60;
    u32 fraction = (u32)(us - seconds * US_PER_SECOND);
    to = put2(to, minutes / 60);
    *to++ = ':';
    to = put2(to, minutes % 60);
    *to++ = ':';
    to = put2(to, seconds - minutes * 60);
    if (digits == 0) return to;
    char all[9] = {[8] = '0'}; /* six digits and three zeros */
    digits8_put(all, fraction * 100);
    *to++ = '.';
    if (digits == 3) { /* the usual one: no call to copy it */
        memcpy(to, all, 3);
        return to + 3;
    }
    memcpy(to, all, digits);
    return to + digits;
}

u32
date_print(char *to, i32 days)
{
    return (u32)(put_date(to, days) - to);
}

u32
time_print(char *to, i64 us, u32 digits)
{
    assert(us >= 0 && us < US_PER_DAY);
    return (u32)(put_time(to, us, digits) - to);
}

static u32
timestamp_put(char *to, i64 us, u32 digits, char gap)
{
    i32 days = timestamp_days(us);
    char *at = put_date(to, days);
    *at++ = gap;
    /* Wrapping, for the one day that begins before what i64 reaches. */
    i64 time_us = (i64)((u64)us - (u64)days * (u64)US_PER_DAY);
    return (u32)(put_time(at, time_us, digits) - to);
}

u32
timestamp_print(char *to, i64 us, u32 digits)
{
    return timestamp_put(to, us, digits, ' ');
}

u32
timestamp_print_iso(char *to, i64 us, u32 digits)
{
    return timestamp_put(to, us, digits, 'T');
}

i64
timestamp_cut(i64 us, u32 digits)
{
    static const i64 unit[6] = {1000000, 100000, 10000, 1000, 100, 10};
    if (digits >= 6) return us;
    i64 rest = us % unit[digits];
    return us - (rest < 0 ? rest + unit[digits] : rest);
}
