/* calendar.c - fields, floors, sums and differences of dates and times (datetime.h).
 *
 * Where SQL leaves room, Flink's answers count: its FLOOR goes to Sunday for WEEK, its CEIL to
 * MONTH and longer ignores the time of day. */
#include "base/datetime.h"

static const struct {
    const char *name;
    i64 us; /* of units with a fixed length */
} calendar_units[CAL_COUNT] = {
    [CAL_MILLENNIUM] = {"MILLENNIUM", 0},
    [CAL_CENTURY] = {"CENTURY", 0},
    [CAL_DECADE] = {"DECADE", 0},
    [CAL_YEAR] = {"YEAR", 0},
    [CAL_QUARTER] = {"QUARTER", 0},
    [CAL_MONTH] = {"MONTH", 0},
    [CAL_WEEK] = {"WEEK", 7 * US_PER_DAY},
    [CAL_DAY] = {"DAY", US_PER_DAY},
    [CAL_HOUR] = {"HOUR", US_PER_HOUR},
    [CAL_MINUTE] = {"MINUTE", US_PER_MINUTE},
    [CAL_SECOND] = {"SECOND", US_PER_SECOND},
    [CAL_MILLISECOND] = {"MILLISECOND", US_PER_MS},
    [CAL_MICROSECOND] = {"MICROSECOND", 1},
    [CAL_NANOSECOND] = {"NANOSECOND", 0},
    [CAL_EPOCH] = {"EPOCH", 0},
    [CAL_DOW] = {"DOW", 0},
    [CAL_ISODOW] = {"ISODOW", 0},
    [CAL_DOY] = {"DOY", 0},
    [CAL_ISOYEAR] = {"ISOYEAR", 0},
};

static bool
calendar_unit_is(Str name, Str unit)
{
    if (str_eq_nocase(name, unit)) return true;
    /* DAYS, YEARS ...; CENTURIES and MILLENNIA are below. */
    Str last = {name.ptr + name.len - 1, 1};
    return name.len == unit.len + 1 && str_eq_nocase(last, STR("S")) &&
           str_eq_nocase((Str){name.ptr, name.len - 1}, unit);
}

bool
calendar_unit_find(Str name, CalendarUnit *ret_unit)
{
    static const struct {
        const char *name;
        CalendarUnit unit;
    } others[] = {
        {"CENTURIES", CAL_CENTURY},       {"MILLENNIA", CAL_MILLENNIUM},
        {"DAYOFWEEK", CAL_DOW},           {"DAYOFYEAR", CAL_DOY},
        {"FRAC_SECOND", CAL_MICROSECOND}, {"SQL_TSI_FRAC_SECOND", CAL_MICROSECOND},
    };
    for (u32 i = 0; i < ARRAY_LEN(others); i++) {
        if (!str_eq_nocase(name, str_from(others[i].name))) continue;
        *ret_unit = others[i].unit;
        return true;
    }
    static const Str prefix = {"SQL_TSI_", 8};
    if (name.len > prefix.len && str_eq_nocase((Str){name.ptr, prefix.len}, prefix)) {
        name = (Str){name.ptr + prefix.len, name.len - prefix.len};
    }
    for (u32 unit = 0; unit < CAL_COUNT && name.len; unit++) {
        if (!calendar_unit_is(name, str_from(calendar_units[unit].name))) continue;
        *ret_unit = (CalendarUnit)unit;
        return true;
    }
    return false;
}

i64
calendar_unit_us(CalendarUnit unit)
{
    assert(unit < CAL_COUNT);
    return calendar_units[unit].us;
}

static i64
floor_div(i64 a, i64 b)
{
    return a / b - (a % b < 0);
}

/* 0 is Monday. 1970-01-01 was a Thursday. */
static u32
days_weekday(i32 days)
{
    i32 w = (i32)(((i64)days + 3) % 7);
    return (u32)(w < 0 ? w + 7 : w);
}

/* The Thursday of the ISO week decides which year the week belongs to. */
static void
days_iso_week(i32 days, i32 *ret_year, u32 *ret_week)
{
    i32 thursday = days - (i32)days_weekday(days) + 3;
    *ret_year = civil_of_days(thursday).year;
    *ret_week = (u32)(thursday - civil_days((Civil){*ret_year, 1, 1})) / 7 + 1;
}

static i64
days_field(CalendarUnit unit, i32 days)
{
    Civil c = civil_of_days(days);
    i32 iso_year;
    u32 iso_week;
    switch (unit) {
    case CAL_MILLENNIUM:
        return floor_div((i64)c.year + 999, 1000);
    case CAL_CENTURY:
        return floor_div((i64)c.year + 99, 100);
    case CAL_DECADE:
        return floor_div(c.year, 10);
    case CAL_YEAR:
        return c.year;
    case CAL_QUARTER:
        return (c.month + 2) / 3;
    case CAL_MONTH:
        return c.month;
    case CAL_WEEK:
        days_iso_week(days, &iso_year, &iso_week);
        return iso_week;
    case CAL_ISOYEAR:
        days_iso_week(days, &iso_year, &iso_week);
        return iso_year;
    case CAL_DAY:
        return c.day;
    case CAL_DOW:
        return (days_weekday(days) + 1) % 7 + 1;
    case CAL_ISODOW:
        return days_weekday(days) + 1;
    case CAL_DOY:
        return days - civil_days((Civil){c.year, 1, 1}) + 1;
    case CAL_HOUR:
    case CAL_MINUTE:
    case CAL_SECOND:
    case CAL_MILLISECOND:
    case CAL_MICROSECOND:
    case CAL_NANOSECOND:
    case CAL_EPOCH:
    case CAL_COUNT:
        break;
    }
    UNREACHABLE();
}

i64
timestamp_field(CalendarUnit unit, i64 us)
{
    i64 time = timestamp_time_us(us);
    switch (unit) {
    case CAL_HOUR:
        return time / US_PER_HOUR;
    case CAL_MINUTE:
        return time / US_PER_MINUTE % 60;
    case CAL_SECOND:
        return time / US_PER_SECOND % 60;
    case CAL_MILLISECOND:
        return time % US_PER_SECOND / US_PER_MS;
    case CAL_MICROSECOND:
        return time % US_PER_SECOND;
    case CAL_NANOSECOND:
        return time % US_PER_SECOND * 1000;
    case CAL_EPOCH:
        return floor_div(us, US_PER_SECOND);
    case CAL_MILLENNIUM:
    case CAL_CENTURY:
    case CAL_DECADE:
    case CAL_YEAR:
    case CAL_QUARTER:
    case CAL_MONTH:
    case CAL_WEEK:
    case CAL_DAY:
    case CAL_DOW:
    case CAL_ISODOW:
    case CAL_DOY:
    case CAL_ISOYEAR:
    case CAL_COUNT:
        break;
    }
    return days_field(unit, timestamp_days(us));
}

/* Years of a unit and what the first year of its numbering leaves over: centuries begin at ..01. */
static i32
unit_years(CalendarUnit unit, i32 *ret_phase)
{
    *ret_phase = unit == CAL_MILLENNIUM || unit == CAL_CENTURY;
    return unit == CAL_MILLENNIUM ? 1000 : unit == CAL_CENTURY ? 100 : unit == CAL_DECADE ? 10 : 1;
}

static i32
civil_clamped_days(i64 year, u32 month)
{
    /* i32 days reach to year +-5,879,610; the clamp keeps far garbage defined. */
    i64 y = MIN(MAX(year, -5800000), 5800000);
    return civil_days((Civil){(i32)y, (u8)month, 1});
}

/* First day of the unit that `days` is in; `next`: of the one after it. MONTH and longer. */
static i32
days_floor_long(CalendarUnit unit, i32 days, bool next)
{
    Civil c = civil_of_days(days);
    if (unit == CAL_MONTH || unit == CAL_QUARTER) {
        u32 step = unit == CAL_MONTH ? 1 : 3, month = (c.month - 1) / step * step + 1;
        if (!next) return civil_clamped_days(c.year, month);
        month += step;
        return month > 12 ? civil_clamped_days((i64)c.year + 1, month - 12)
                          : civil_clamped_days(c.year, month);
    }
    i32 phase, years = unit_years(unit, &phase);
    i64 first = floor_div((i64)c.year - phase, years) * years + phase;
    return civil_clamped_days(next ? first + years : first, 1);
}

i32
date_floor(CalendarUnit unit, i32 days)
{
    assert(unit <= CAL_NANOSECOND);
    if (unit >= CAL_DAY) return days;
    if (unit == CAL_WEEK) return days - (i32)((days_weekday(days) + 1) % 7);
    return days_floor_long(unit, days, false);
}

i32
date_ceil(CalendarUnit unit, i32 days)
{
    assert(unit <= CAL_NANOSECOND);
    if (unit == CAL_DAY) return days + 1;
    i32 floor = date_floor(unit, days);
    if (floor == days) return days;
    return unit == CAL_WEEK ? floor + 7 : days_floor_long(unit, days, true);
}

i64
timestamp_floor(CalendarUnit unit, i64 us)
{
    assert(unit <= CAL_NANOSECOND);
    i64 step = calendar_units[unit].us;
    if (unit == CAL_NANOSECOND) return us;
    if (unit >= CAL_DAY) {
        i64 rest = us % step;
        return us - (rest < 0 ? rest + step : rest);
    }
    return timestamp_of_date(date_floor(unit, timestamp_days(us)));
}

i64
timestamp_ceil(CalendarUnit unit, i64 us)
{
    if (unit < CAL_WEEK) return timestamp_of_date(date_ceil(unit, timestamp_days(us)));
    i64 floor = timestamp_floor(unit, us);
    return floor == us ? us : floor + calendar_units[unit].us;
}

i64
timestamp_trunc(CalendarUnit unit, i64 us)
{
    if (unit != CAL_WEEK) return timestamp_floor(unit, us);
    i32 days = timestamp_days(us);
    return timestamp_of_date(days - (i32)days_weekday(days));
}

bool
date_add_months(i32 days, i64 months, i32 *ret_days)
{
    enum { YEAR_MAX = 5800000 }; /* inside what i32 days reach */
    Civil c = civil_of_days(days);
    i64 total;
    if (__builtin_add_overflow(months, (i64)c.year * 12 + c.month - 1, &total)) return false;
    i64 year = floor_div(total, 12);
    if (year < -YEAR_MAX || year > YEAR_MAX) return false;
    u32 month = (u32)(total - year * 12) + 1;
    u32 last = civil_month_days((i32)year, month);
    *ret_days = civil_days((Civil){(i32)year, (u8)month, (u8)MIN(c.day, last)});
    return true;
}

bool
timestamp_add_months(i64 us, i64 months, i64 *ret_us)
{
    i32 days;
    i64 midnight;
    if (!date_add_months(timestamp_days(us), months, &days)) return false;
    if (__builtin_mul_overflow((i64)days, US_PER_DAY, &midnight)) return false;
    return !__builtin_add_overflow(midnight, timestamp_time_us(us), ret_us);
}

/* Months of the units from QUARTER up; 0 for others. */
static i64
unit_months(CalendarUnit unit)
{
    i32 phase;
    if (unit == CAL_MONTH) return 1;
    if (unit == CAL_QUARTER) return 3;
    return unit <= CAL_YEAR ? unit_years(unit, &phase) * 12 : 0;
}

bool
timestamp_add(CalendarUnit unit, i64 n, i64 us, i64 *ret_us)
{
    i64 delta, months = unit_months(unit);
    if (months) {
        if (__builtin_mul_overflow(n, months, &delta)) return false;
        return timestamp_add_months(us, delta, ret_us);
    }
    if (unit == CAL_NANOSECOND) {
        delta = floor_div(n, 1000);
    } else {
        assert(calendar_units[unit].us);
        if (__builtin_mul_overflow(n, calendar_units[unit].us, &delta)) return false;
    }
    return !__builtin_add_overflow(us, delta, ret_us);
}

/* Whole months from `from` to a later or equal `to`. */
static i64
months_between(i64 from, i64 to)
{
    Civil a = civil_of_days(timestamp_days(from)), b = civil_of_days(timestamp_days(to));
    i64 months = ((i64)b.year - a.year) * 12 + b.month - a.month, back;
    if (months > 0 && (!timestamp_add_months(from, months, &back) || back > to)) months--;
    return months;
}

i64
timestamp_diff(CalendarUnit unit, i64 from, i64 to)
{
    i64 months = unit_months(unit);
    if (months)
        return from <= to ? months_between(from, to) / months
                          : -(months_between(to, from) / months);
    i128 delta = (i128)to - from;
    if (unit == CAL_NANOSECOND) return (i64)(u64)(delta * 1000);
    assert(calendar_units[unit].us);
    return (i64)(delta / calendar_units[unit].us);
}
