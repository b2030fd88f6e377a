/* time_pattern.c - java.time patterns, compiled to a list of fields and literals.
 *
 * Reading follows DateTimeFormatter's rules: two letters mean exactly two digits, yyyy exactly
 * four; one letter takes as many as there are, but leaves enough for the fixed fields that follow
 * without a break ("yyyyMMddHH"). An optional part that does not match is skipped as a whole. A
 * day behind its month's end is moved back to it, as java.time's "smart" resolving does. */
#include "base/time_pattern.h"

enum { ITEM_LITERAL = 0, ITEM_OPEN = '[', ITEM_CLOSE = ']' };
enum { PATTERN_BYTES_MAX = 1000, OPTIONAL_DEPTH_MAX = 8, DIGITS_MAX = 9 };

typedef struct PatternItem {
    char letter; /* of the field; or one of the above */
    u8 width;    /* how often the letter stands there */
    u8 reserve;  /* digits that the fixed fields right behind need */
    Str text;    /* of a literal */
} PatternItem;

struct TimePattern {
    u32 len;
    PatternItem *item;
};

static const char *const month_names[12] = {"January",   "February", "March",    "April",
                                            "May",       "June",     "July",     "August",
                                            "September", "October",  "November", "December"};
static const char *const day_names[7] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                         "Friday", "Saturday", "Sunday"};

/* --- compiling --- */

/* Letters and how often they may stand. */
static u32
letter_width_max(char letter)
{
    switch (letter) {
    case 'y':
    case 'u':
        return 9;
    case 'M':
    case 'L':
    case 'E':
    case 'G':
    case 'Z':
        return 5;
    case 'Q':
    case 'q':
        return 4;
    case 'X':
    case 'x':
    case 'D':
        return 3;
    case 'd':
    case 'H':
    case 'h':
    case 'K':
    case 'k':
    case 'm':
    case 's':
    case 'e':
        return 2;
    case 'S':
    case 'n':
    case 'A':
        return 9;
    case 'a':
        return 1;
    default:
        return 0;
    }
}

/* Digits of a field that has always the same number of them; 0 if it varies or is text. */
static u32
item_fixed_digits(const PatternItem *it)
{
    if (it->letter == ITEM_LITERAL || it->letter == ITEM_OPEN || it->letter == ITEM_CLOSE) return 0;
    if (strchr("EaGXxZ", it->letter)) return 0;
    if (strchr("MLQq", it->letter) && it->width > 2) return 0;
    if (it->letter == 'S') return it->width;
    if (strchr("yu", it->letter)) return it->width == 2 || it->width >= 4 ? it->width : 0;
    return it->width > 1 ? it->width : 0;
}

static Status
pattern_wrong(Err *err, Str pattern, const char *why)
{
    return err_set(err, W3006, POS_NONE, "time pattern \"%.*s\": %s", (int)MIN(pattern.len, 200u),
                   pattern.ptr, why);
}

/* A quoted literal from the quote at `at` on; '' is a quote, inside and outside. */
static bool
pattern_quoted(Arena *a, Str p, u32 *at, Str *ret_text)
{
    u32 i = *at + 1, n = 0;
    char *text = arena_alloc(a, p.len, 1);
    if (i < p.len && p.ptr[i] == '\'') {
        text[n++] = '\'';
        i++;
    } else {
        for (;; i++) {
            if (i == p.len) return false;
            if (p.ptr[i] == '\'') {
                if (i + 1 == p.len || p.ptr[i + 1] != '\'') break;
                i++;
            }
            text[n++] = p.ptr[i];
        }
        i++;
    }
    *at = i;
    *ret_text = (Str){text, n};
    return true;
}

static Status
pattern_field(Str p, u32 *at, PatternItem *it, Err *err)
{
    char letter = p.ptr[*at];
    u32 n = 1, max = letter_width_max(letter);
    while (*at + n < p.len && p.ptr[*at + n] == letter) n++;
    if (max == 0) {
        char why[] = "letter ? has no meaning here";
        why[7] = letter;
        Status st = pattern_wrong(err, p, why);
        if (letter != 'Y') return st;
        return err_hint(err, st, "Write yyyy for the year; Y is the year of the week.");
    }
    if (n > max) return pattern_wrong(err, p, "a letter stands too often in a row");
    *it = (PatternItem){.letter = letter, .width = (u8)n};
    *at += n;
    return ERR_OK;
}

static void
pattern_reserve(TimePattern *t)
{
    u32 digits = 0;
    for (u32 i = t->len; i-- > 0;) {
        PatternItem *it = &t->item[i];
        it->reserve = (u8)MIN(digits, 255u);
        u32 fixed = item_fixed_digits(it);
        digits = fixed ? digits + fixed : 0;
    }
}

Status
time_pattern_compile(Arena *a, Str p, TimePattern **ret_pattern, Err *err)
{
    if (p.len > PATTERN_BYTES_MAX) return pattern_wrong(err, p, "too long");
    TimePattern *t = arena_make(a, TimePattern);
    t->item = arena_array(a, PatternItem, p.len + 1);
    u32 depth = 0;
    for (u32 at = 0; at < p.len;) {
        PatternItem *it = &t->item[t->len++];
        char c = p.ptr[at];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
            TRY(pattern_field(p, &at, it, err));
        } else if (c == '\'') {
            if (!pattern_quoted(a, p, &at, &it->text)) {
                return pattern_wrong(err, p, "a quote is not closed");
            }
        } else if (c == '[' || c == ']') {
            if (c == ']' && depth == 0) return pattern_wrong(err, p, "] without [");
            depth = c == '[' ? depth + 1 : depth - 1;
            if (depth > OPTIONAL_DEPTH_MAX) return pattern_wrong(err, p, "nested too deeply");
            it->letter = c;
            at++;
        } else if (c == '{' || c == '}' || c == '#') {
            return pattern_wrong(err, p, "{, } and # are reserved: put them in quotes");
        } else {
            it->text = (Str){arena_copy(a, p.ptr + at, 1), 1};
            at++;
        }
    }
    if (depth) return pattern_wrong(err, p, "[ is not closed");
    pattern_reserve(t);
    *ret_pattern = t;
    return ERR_OK;
}

/* --- printing --- */

static void
number_print(StrBuf *out, i64 v, u32 width)
{
    char text[I64_TEXT_MAX];
    if (v < 0) strbuf_char(out, '-');
    u32 n = u64_print(text, v < 0 ? 0 - (u64)v : (u64)v);
    for (; n < width; width--) strbuf_char(out, '0');
    strbuf_add(out, text, n);
}

/* Three letters, all of them, or the first one. */
static void
name_print(StrBuf *out, const char *name, u32 width)
{
    strbuf_add(out, name, width <= 3 ? 3 : width == 4 ? strlen(name) : 1);
}

static void
quarter_print(StrBuf *out, u32 quarter, u32 width)
{
    static const char *const long_names[4] = {"1st quarter", "2nd quarter", "3rd quarter",
                                              "4th quarter"};
    if (width <= 2) {
        number_print(out, quarter, width);
    } else if (width == 3) {
        strbuf_printf(out, "Q%u", quarter);
    } else {
        strbuf_str(out, str_from(long_names[quarter - 1]));
    }
}

static void
zone_print(StrBuf *out, const PatternItem *it, i32 offset_s)
{
    bool colon = (it->letter == 'Z' && it->width == 5) || (it->letter != 'Z' && it->width == 3);
    bool zulu = it->letter == 'X' || (it->letter == 'Z' && it->width == 5);
    if (offset_s == 0 && zulu) {
        strbuf_char(out, 'Z');
        return;
    }
    if (it->letter == 'Z' && it->width == 4) {
        strbuf_str(out, STR("GMT"));
        if (offset_s == 0) return;
        colon = true;
    }
    u32 minutes = (u32)(offset_s < 0 ? -offset_s : offset_s) / 60;
    bool hours_only = it->letter != 'Z' && it->width == 1 && minutes % 60 == 0;
    strbuf_printf(out, hours_only ? "%c%02u" : "%c%02u%s%02u", offset_s < 0 ? '-' : '+',
                  minutes / 60, colon ? ":" : "", minutes % 60);
}

/* Fields of the time of day. */
static void
time_item_print(const PatternItem *it, i64 time_us, StrBuf *out)
{
    u32 hour = (u32)(time_us / US_PER_HOUR), us = (u32)(time_us % US_PER_SECOND);
    switch (it->letter) {
    case 'a':
        strbuf_str(out, hour < 12 ? STR("AM") : STR("PM"));
        break;
    case 'H':
        number_print(out, hour, it->width);
        break;
    case 'k':
        number_print(out, hour ? hour : 24, it->width);
        break;
    case 'K':
        number_print(out, hour % 12, it->width);
        break;
    case 'h':
        number_print(out, hour % 12 ? hour % 12 : 12, it->width);
        break;
    case 'm':
        number_print(out, time_us / US_PER_MINUTE % 60, it->width);
        break;
    case 's':
        number_print(out, time_us / US_PER_SECOND % 60, it->width);
        break;
    case 'S': {
        char digits[DIGITS_MAX + 11];
        u32 n = time_print(digits, time_us, it->width);
        strbuf_add(out, digits + n - it->width, it->width);
        break;
    }
    case 'n':
        number_print(out, us * (i64)1000, it->width);
        break;
    case 'A':
        number_print(out, time_us / US_PER_MS, it->width);
        break;
    default:
        UNREACHABLE();
    }
}

static void
date_item_print(const PatternItem *it, i64 us, Civil c, StrBuf *out)
{
    i64 year_of_era = c.year > 0 ? c.year : 1 - (i64)c.year;
    switch (it->letter) {
    case 'G':
        strbuf_str(out, c.year > 0 ? STR("AD") : STR("BC"));
        break;
    case 'y':
        number_print(out, it->width == 2 ? year_of_era % 100 : year_of_era, it->width);
        break;
    case 'u':
        number_print(out, it->width == 2 ? ((i64)c.year % 100 + 100) % 100 : c.year, it->width);
        break;
    case 'M':
    case 'L':
        if (it->width <= 2) {
            number_print(out, c.month, it->width);
        } else {
            name_print(out, month_names[c.month - 1], it->width);
        }
        break;
    case 'd':
        number_print(out, c.day, it->width);
        break;
    case 'D':
        number_print(out, timestamp_field(CAL_DOY, us), it->width);
        break;
    case 'Q':
    case 'q':
        quarter_print(out, (c.month + 2u) / 3, it->width);
        break;
    case 'E':
        name_print(out, day_names[timestamp_field(CAL_ISODOW, us) - 1], it->width);
        break;
    case 'e':
        number_print(out, timestamp_field(CAL_DOW, us), it->width);
        break;
    default:
        UNREACHABLE();
    }
}

void
time_pattern_print(const TimePattern *p, i64 us, i32 offset_s, StrBuf *out)
{
    Civil c = civil_of_days(timestamp_days(us));
    i64 time_us = timestamp_time_us(us);
    for (u32 i = 0; i < p->len; i++) {
        const PatternItem *it = &p->item[i];
        if (it->letter == ITEM_LITERAL) {
            strbuf_str(out, it->text);
        } else if (strchr("XxZ", it->letter)) {
            zone_print(out, it, offset_s);
        } else if (strchr("aHkKhmsSnA", it->letter)) {
            time_item_print(it, time_us, out);
        } else if (it->letter != ITEM_OPEN && it->letter != ITEM_CLOSE) {
            date_item_print(it, us, c, out);
        }
    }
}

/* --- reading --- */

/* What the text has said so far; -1: nothing. */
typedef struct TimeRead {
    i64 year, month, day, day_of_year, weekday;
    i64 hour, half_hour, pm, minute, second, us, milli_of_day;
    bool bc, has_offset;
    i32 offset_s;
} TimeRead;

typedef struct TimeText {
    Str s;
    u32 at;
} TimeText;

static bool
digits_read(TimeText *t, u32 min, u32 max, u32 reserve, i64 *ret_value)
{
    u32 run = 0;
    while (t->at + run < t->s.len && (u8)(t->s.ptr[t->at + run] - '0') <= 9) run++;
    u32 take = min == max ? max : MIN(max, run > reserve ? run - reserve : 0);
    if (take < min || take > run) return false;
    i64 v = 0;
    for (u32 i = 0; i < take; i++) v = v * 10 + (t->s.ptr[t->at++] - '0');
    *ret_value = v;
    return true;
}

/* Which of the names, or of their first three letters, stands here (any case); -1 if none. */
static i32
name_read(TimeText *t, const char *const *names, u32 n, bool whole)
{
    for (u32 i = 0; i < n; i++) {
        u32 len = whole ? (u32)strlen(names[i]) : 3;
        if (t->s.len - t->at < len) continue;
        if (!str_eq_nocase((Str){t->s.ptr + t->at, len}, (Str){names[i], len})) continue;
        t->at += len;
        return (i32)i;
    }
    return -1;
}

static bool
zone_read(TimeText *t, TimeRead *r)
{
    char c = t->at < t->s.len ? t->s.ptr[t->at] : '\0';
    i64 hours, minutes = 0;
    r->has_offset = true;
    if (c == 'Z') {
        t->at++;
        r->offset_s = 0;
        return true;
    }
    if (c != '+' && c != '-') return false;
    t->at++;
    if (!digits_read(t, 2, 2, 0, &hours)) return false;
    bool colon = t->at < t->s.len && t->s.ptr[t->at] == ':';
    t->at += colon;
    if (!digits_read(t, 2, 2, 0, &minutes) && colon) return false;
    if (hours > 18 || minutes > 59) return false;
    r->offset_s = (i32)(hours * 3600 + minutes * 60) * (c == '-' ? -1 : 1);
    return true;
}

static bool
month_read(TimeText *t, const PatternItem *it, TimeRead *r)
{
    if (it->width <= 2) {
        return digits_read(t, it->width, it->width == 2 ? 2 : DIGITS_MAX, it->reserve, &r->month);
    }
    r->month = name_read(t, month_names, 12, it->width == 4) + 1;
    return r->month > 0 && it->width <= 4;
}

static bool
fraction_read(TimeText *t, u32 width, TimeRead *r)
{
    i64 v;
    if (!digits_read(t, width, width, 0, &v)) return false;
    for (; width < 6; width++) v *= 10;
    for (; width > 6; width--) v /= 10;
    r->us = v;
    return true;
}

static bool
year_read(TimeText *t, const PatternItem *it, TimeRead *r)
{
    bool fixed = it->width == 2 || it->width >= 4;
    if (!digits_read(t, it->width, fixed ? it->width : DIGITS_MAX, it->reserve, &r->year)) {
        return false;
    }
    if (it->width == 2) r->year += 2000;
    return true;
}

/* Where a number of the letter goes; NULL if it is no plain number. */
static i64 *
number_place(TimeRead *r, char letter)
{
    switch (letter) {
    case 'd':
        return &r->day;
    case 'D':
        return &r->day_of_year;
    case 'H':
    case 'k':
        return &r->hour;
    case 'K':
    case 'h':
        return &r->half_hour;
    case 'm':
        return &r->minute;
    case 's':
        return &r->second;
    case 'A':
        return &r->milli_of_day;
    default:
        return NULL;
    }
}

static bool
field_read(TimeText *t, const PatternItem *it, TimeRead *r)
{
    static const char *const halves[2] = {"AM ", "PM "}, *const eras[2] = {"BC ", "AD "};
    i64 ignored;
    i64 *place = number_place(r, it->letter);
    if (place) {
        u32 max = it->width > 1 ? it->width : DIGITS_MAX;
        if (!digits_read(t, it->width, max, it->reserve, place)) return false;
        bool clock24 = it->letter == 'k', clock12 = it->letter == 'h';
        /* 24 and 12 are the midnight and noon that the other letters call 0. */
        if ((clock24 && (*place < 1 || *place > 24)) || (clock12 && (*place < 1 || *place > 12))) {
            *place = 99;
        } else if ((clock24 && *place == 24) || (clock12 && *place == 12)) {
            *place = 0;
        }
        return true;
    }
    Str two = {t->s.ptr + t->at, MIN(t->s.len - t->at, 2u)};
    switch (it->letter) {
    case 'y':
    case 'u':
        return year_read(t, it, r);
    case 'M':
    case 'L':
        return month_read(t, it, r);
    case 'S':
        return fraction_read(t, it->width, r);
    case 'n':
        if (!digits_read(t, it->width, DIGITS_MAX, it->reserve, &r->us)) return false;
        r->us /= 1000;
        return true;
    case 'E':
        r->weekday = name_read(t, day_names, 7, it->width == 4);
        return r->weekday >= 0 && it->width <= 4;
    case 'e':
    case 'Q':
    case 'q':
        return it->width <= 2 && digits_read(t, it->width, 2, it->reserve, &ignored);
    case 'a':
    case 'G': {
        const char *const *names = it->letter == 'a' ? halves : eras;
        bool second = str_eq_nocase(two, (Str){names[1], 2});
        if (!second && !str_eq_nocase(two, (Str){names[0], 2})) return false;
        t->at += 2;
        if (it->letter == 'a') r->pm = second;
        if (it->letter == 'G') r->bc = !second;
        return true;
    }
    case 'X':
    case 'x':
    case 'Z':
        return zone_read(t, r);
    default:
        UNREACHABLE();
    }
}

static bool
item_read(TimeText *t, const PatternItem *it, TimeRead *r)
{
    if (it->letter != ITEM_LITERAL) return field_read(t, it, r);
    bool same = t->s.len - t->at >= it->text.len &&
                memcmp(t->s.ptr + t->at, it->text.ptr, it->text.len) == 0;
    if (same) t->at += it->text.len;
    return same;
}

/* The date from what was read; false if there is no such day. */
static bool
date_settle(const TimeRead *r, i32 *ret_days)
{
    i64 year = r->year < 0 ? 1970 : r->bc ? 1 - r->year : r->year;
    i64 month = r->month < 0 ? 1 : r->month, day = r->day < 0 ? 1 : r->day;
    if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31) return false;
    if (r->day_of_year >= 0 && r->month < 0) {
        i32 days = civil_month_days((i32)year, 2) == 29 ? 366 : 365;
        if (r->day_of_year < 1 || r->day_of_year > days) return false;
        *ret_days = civil_days((Civil){(i32)year, 1, 1}) + (i32)r->day_of_year - 1;
    } else {
        i64 last = civil_month_days((i32)year, (u32)month);
        *ret_days = civil_days((Civil){(i32)year, (u8)month, (u8)MIN(day, last)});
    }
    return r->weekday < 0 ||
           timestamp_field(CAL_ISODOW, timestamp_of_date(*ret_days)) == r->weekday + 1;
}

static bool
time_settle(const TimeRead *r, i64 *ret_us)
{
    i64 hour = r->hour, minute = MAX(r->minute, 0), second = MAX(r->second, 0);
    if (r->half_hour > 11) return false;
    if (hour < 0 && r->half_hour >= 0) hour = r->half_hour + (r->pm > 0 ? 12 : 0);
    hour = MAX(hour, 0);
    if (hour > 23 || minute > 59 || second > 59) return false;
    *ret_us = (hour * 3600 + minute * 60 + second) * US_PER_SECOND + MAX(r->us, 0);
    if (r->milli_of_day >= 0) *ret_us = r->milli_of_day * US_PER_MS;
    return *ret_us < US_PER_DAY;
}

TextResult
time_pattern_parse(const TimePattern *p, Str text, i64 *ret_us, bool *ret_has_offset)
{
    TimeText t = {.s = text};
    TimeRead r = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, false, false, 0};
    struct {
        TimeText text;
        TimeRead read;
    } saved[OPTIONAL_DEPTH_MAX + 1];
    u32 depth = 0;
    for (u32 i = 0; i < p->len; i++) {
        const PatternItem *it = &p->item[i];
        if (it->letter == ITEM_OPEN) {
            saved[depth].text = t;
            saved[depth++].read = r;
        } else if (it->letter == ITEM_CLOSE) {
            depth--;
        } else if (!item_read(&t, it, &r)) {
            if (depth == 0) return TEXT_MALFORMED;
            depth--;
            t = saved[depth].text;
            r = saved[depth].read;
            /* On behind the part's own end. */
            for (u32 inner = 1; inner;) {
                char letter = p->item[++i].letter;
                inner += letter == ITEM_OPEN;
                inner -= letter == ITEM_CLOSE;
            }
        }
    }
    if (t.at != t.s.len) return TEXT_MALFORMED;
    i32 days;
    i64 time_us;
    if (!date_settle(&r, &days) || !time_settle(&r, &time_us)) return TEXT_RANGE;
    *ret_us = timestamp_of_date(days) + time_us - r.offset_s * US_PER_SECOND;
    if (ret_has_offset) *ret_has_offset = r.has_offset;
    return TEXT_OK;
}
