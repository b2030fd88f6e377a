/* interval.c - texts of INTERVAL values, both ways. */
#include "base/interval.h"

static char *
put2(char *to, u32 v)
{
    to[0] = (char)('0' + v / 10);
    to[1] = (char)('0' + v % 10);
    return to + 2;
}

u32
interval_ym_print(char *to, i64 months)
{
    u64 m = months < 0 ? 0 - (u64)months : (u64)months;
    char *at = to;
    *at++ = months < 0 ? '-' : '+';
    at += u64_print(at, m / 12);
    *at++ = '-';
    return (u32)(put2(at, (u32)(m % 12)) - to);
}

u32
interval_dt_print(char *to, i64 us)
{
    u64 u = us < 0 ? 0 - (u64)us : (u64)us;
    u64 day = (u64)US_PER_DAY;
    char *at = to;
    *at++ = us < 0 ? '-' : '+';
    at += u64_print(at, u / day);
    *at++ = ' ';
    return (u32)(at - to) + time_print(at, (i64)(u % day), u % 1000 ? 6 : 3);
}

/* Units that an interval's text can chain, and what stands between them. */
static const struct {
    CalendarUnit unit;
    char before;
    u32 max;   /* behind another field */
    i64 worth; /* months or microseconds */
} interval_fields[] = {
    {CAL_YEAR, 0, 0, 12},
    {CAL_MONTH, '-', 11, 1},
    {CAL_DAY, 0, 0, US_PER_DAY},
    {CAL_HOUR, ' ', 23, US_PER_HOUR},
    {CAL_MINUTE, ':', 59, US_PER_MINUTE},
    {CAL_SECOND, ':', 59, US_PER_SECOND},
};
enum { FIRST_DAY_FIELD = 2 };

static u32
field_of(CalendarUnit unit)
{
    u32 i = 0;
    while (i < ARRAY_LEN(interval_fields) && interval_fields[i].unit != unit) i++;
    return i;
}

typedef struct IntervalText {
    Str rest;
    bool range; /* well formed so far, but too large */
    i64 value;
} IntervalText;

static bool
interval_digits(IntervalText *t, u64 *ret_value)
{
    u32 n = 0;
    u64 v = 0;
    for (; n < t->rest.len && (u8)(t->rest.ptr[n] - '0') <= 9; n++) {
        u32 digit = (u32)(t->rest.ptr[n] - '0');
        if (v > (UINT64_MAX - 9) / 10) t->range = true;
        v = t->range ? v : v * 10 + digit;
    }
    t->rest = (Str){t->rest.ptr + n, t->rest.len - n};
    *ret_value = v;
    return n > 0;
}

/* Add count * worth, positive; the sign comes at the end. */
static void
interval_add(IntervalText *t, u64 count, i64 worth)
{
    i64 part;
    if (count > INT64_MAX || __builtin_mul_overflow((i64)count, worth, &part) ||
        __builtin_add_overflow(t->value, part, &t->value)) {
        t->range = true;
    }
}

static bool
interval_char(IntervalText *t, char c)
{
    if (t->rest.len == 0 || t->rest.ptr[0] != c) return false;
    t->rest = (Str){t->rest.ptr + 1, t->rest.len - 1};
    return true;
}

/* Digits behind the seconds' point, cut to microseconds. */
static bool
interval_fraction(IntervalText *t)
{
    i64 worth = US_PER_SECOND;
    u32 n = 0;
    for (; n < t->rest.len && (u8)(t->rest.ptr[n] - '0') <= 9; n++) {
        worth /= 10;
        interval_add(t, (u64)(t->rest.ptr[n] - '0'), worth);
    }
    t->rest = (Str){t->rest.ptr + n, t->rest.len - n};
    return n > 0;
}

static TextResult
interval_finish(const IntervalText *t, bool negative, i64 *ret_value)
{
    if (t->rest.len) return TEXT_MALFORMED;
    if (t->range) return TEXT_RANGE;
    *ret_value = negative ? -t->value : t->value;
    return TEXT_OK;
}

/* One number of a unit that never chains: QUARTER, WEEK, MILLISECOND, MICROSECOND. */
static i64
single_worth(CalendarUnit unit)
{
    return unit == CAL_QUARTER ? 3 : calendar_unit_us(unit);
}

TextResult
interval_parse(Str text, CalendarUnit start, CalendarUnit end, i64 *ret_value)
{
    IntervalText t = {.rest = str_trim(text)};
    bool negative = interval_char(&t, '-');
    if (!negative) interval_char(&t, '+');
    t.rest = str_trim(t.rest); /* "- 5" */
    u32 first = field_of(start), last = field_of(end);
    u64 n;
    if (first == ARRAY_LEN(interval_fields)) {
        if (start != end || single_worth(start) == 0) return TEXT_MALFORMED;
        if (!interval_digits(&t, &n)) return TEXT_MALFORMED;
        interval_add(&t, n, single_worth(start));
        return interval_finish(&t, negative, ret_value);
    }
    bool chain = last < ARRAY_LEN(interval_fields) && first <= last &&
                 (first < FIRST_DAY_FIELD) == (last < FIRST_DAY_FIELD);
    if (!chain) return TEXT_MALFORMED;
    for (u32 i = first; i <= last; i++) {
        if (i > first && !interval_char(&t, interval_fields[i].before)) return TEXT_MALFORMED;
        if (i > first && interval_fields[i].before == ' ') t.rest = str_trim(t.rest);
        if (!interval_digits(&t, &n)) return TEXT_MALFORMED;
        if (i > first && n > interval_fields[i].max) t.range = true;
        interval_add(&t, n, interval_fields[i].worth);
    }
    if (end == CAL_SECOND && interval_char(&t, '.') && !interval_fraction(&t))
        return TEXT_MALFORMED;
    return interval_finish(&t, negative, ret_value);
}

TextResult
interval_ym_parse(Str text, i64 *ret_months)
{
    return interval_parse(text, CAL_YEAR, CAL_MONTH, ret_months);
}

TextResult
interval_dt_parse(Str text, i64 *ret_us)
{
    return interval_parse(text, CAL_DAY, CAL_SECOND, ret_us);
}
