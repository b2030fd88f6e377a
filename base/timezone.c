/* timezone.c - zones: fixed offsets, TZif files (RFC 8536), and the POSIX rule at a file's end.
 *
 *   utc:   ..... at[0] ........ at[1] ...... at[n-1] ........ rule, year by year
 *   offset:  [0]         [1]           ...           [n]
 *
 * Everything is asked in stretches: [from, to) of UTC with one offset. Local to UTC walks the
 * stretches from a day before, which finds gaps and overlaps without special cases: the first
 * stretch that holds the local time is the earlier offset, and one that is passed over is a gap. */
#include "base/timezone.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

/* When daylight saving begins or ends in a year; time is local, of the offset before. */
typedef struct ZoneDay {
    enum { DAY_MONTH_WEEK, DAY_JULIAN, DAY_OF_YEAR } form;
    i32 month, week, day; /* Mm.w.d; Jn and n use day alone */
    i32 time_s;
} ZoneDay;

struct TimeZone {
    char *name;
    i64 *at; /* seconds UTC, ascending */
    i32 *offset;
    u32 transitions;
    bool has_rule, has_dst; /* rule: std_s or, between begin and end of each year, dst_s */
    i32 std_s, dst_s;
    ZoneDay begin, end;
};

/* No zone is further from UTC (the file format's own bound). */
enum { OFFSET_MAX_S = 93599, TRANSITIONS_MAX = 20000, FILE_BYTES_MAX = 1 << 20 };

/* The fields are written while a zone is read and never after; this one is not freed either. */
static const i32 utc_offset[1] = {0};
static const TimeZone utc_zone = {.name = (char *)"UTC", .offset = (i32 *)utc_offset};

const TimeZone *
timezone_utc(void)
{
    return &utc_zone;
}

const char *
timezone_name(const TimeZone *z)
{
    return z->name;
}

bool
timezone_is_utc(const TimeZone *z)
{
    return z->transitions == 0 && !z->has_rule && z->offset[0] == 0;
}

void
timezone_free(TimeZone *z)
{
    if (!z || z == &utc_zone) return;
    mem_free(z->name);
    mem_free(z->at);
    mem_free(z->offset);
    mem_free(z);
}

static TimeZone *
timezone_fixed(Str name, i32 offset_s)
{
    TimeZone *z = mem_make(TimeZone);
    z->name = mem_strdup(name.ptr, name.len);
    z->offset = mem_array(i32, 1);
    z->offset[0] = offset_s;
    return z;
}

/* --- the POSIX rule: CET-1CEST,M3.5.0,M10.5.0/3 --- */

typedef struct RuleText {
    const char *at, *end;
} RuleText;

static bool
rule_char(RuleText *t, char c)
{
    if (t->at == t->end || *t->at != c) return false;
    t->at++;
    return true;
}

static bool
rule_number(RuleText *t, i32 max, i32 *ret_value)
{
    const char *begin = t->at;
    i32 v = 0;
    while (t->at < t->end && (u8)(*t->at - '0') <= 9 && v <= max) v = v * 10 + (*t->at++ - '0');
    *ret_value = v;
    return t->at > begin && v <= max;
}

static bool
rule_name(RuleText *t)
{
    const char *begin = t->at;
    if (rule_char(t, '<')) {
        while (t->at < t->end && *t->at != '>') t->at++;
        return rule_char(t, '>');
    }
    while (t->at < t->end && ((*t->at | 32) >= 'a' && (*t->at | 32) <= 'z')) t->at++;
    return t->at - begin >= 3;
}

/* [+-]h[h][h][:mm[:ss]] in seconds. */
static bool
rule_time(RuleText *t, i32 hours_max, i32 *ret_s)
{
    bool negative = rule_char(t, '-');
    if (!negative) rule_char(t, '+');
    i32 part[3] = {0};
    if (!rule_number(t, hours_max, &part[0])) return false;
    for (u32 i = 1; i < 3 && rule_char(t, ':'); i++) {
        if (!rule_number(t, 59, &part[i])) return false;
    }
    i32 s = part[0] * 3600 + part[1] * 60 + part[2];
    *ret_s = negative ? -s : s;
    return true;
}

static bool
rule_day(RuleText *t, ZoneDay *ret_day)
{
    ZoneDay d = {.time_s = 2 * 3600};
    bool ok;
    if (!rule_char(t, ',')) return false;
    if (rule_char(t, 'M')) {
        d.form = DAY_MONTH_WEEK;
        ok = rule_number(t, 12, &d.month) && rule_char(t, '.') && rule_number(t, 5, &d.week) &&
             rule_char(t, '.') && rule_number(t, 6, &d.day) && d.month >= 1 && d.week >= 1;
    } else if (rule_char(t, 'J')) {
        d.form = DAY_JULIAN;
        ok = rule_number(t, 365, &d.day) && d.day >= 1;
    } else {
        d.form = DAY_OF_YEAR;
        ok = rule_number(t, 365, &d.day);
    }
    if (!ok || (rule_char(t, '/') && !rule_time(t, 167, &d.time_s))) return false;
    *ret_day = d;
    return true;
}

/* An empty rule is fine: then the last offset stays. */
static bool
rule_read(TimeZone *z, const char *text, size_t len)
{
    if (len == 0) return true;
    RuleText t = {text, text + len};
    if (!rule_name(&t) || !rule_time(&t, 24, &z->std_s)) return false;
    z->std_s = -z->std_s; /* POSIX counts west of Greenwich */
    if (t.at < t.end) {
        if (!rule_name(&t)) return false;
        z->dst_s = z->std_s + 3600;
        if (t.at < t.end && *t.at != ',') {
            if (!rule_time(&t, 24, &z->dst_s)) return false;
            z->dst_s = -z->dst_s;
        }
        if (!rule_day(&t, &z->begin) || !rule_day(&t, &z->end)) return false;
        z->has_dst = true;
    }
    z->has_rule = true;
    return t.at == t.end;
}

/* Local seconds since 1970, as if the zone were UTC. */
static i64
zone_day_s(const ZoneDay *d, i32 year)
{
    i32 first = civil_days((Civil){year, 1, 1}), days;
    bool leap = civil_month_days(year, 2) == 29;
    if (d->form == DAY_MONTH_WEEK) {
        i32 month = civil_days((Civil){year, (u8)d->month, 1});
        i32 weekday = (month % 7 + 7 + 4) % 7; /* 0 Sunday; 1970-01-01 was a Thursday */
        days = month + (d->day - weekday + 7) % 7 + (d->week - 1) * 7;
        i32 last = month + (i32)civil_month_days(year, (u32)d->month) - 1;
        if (days > last) days -= 7;
    } else if (d->form == DAY_JULIAN) {
        days = first + d->day - 1 + (leap && d->day >= 60);
    } else {
        days = first + d->day;
    }
    return (i64)days * 86400 + d->time_s;
}

/* --- stretches --- */

static i64
saturated_us(i64 s)
{
    if (s > INT64_MAX / US_PER_SECOND) return INT64_MAX;
    if (s < INT64_MIN / US_PER_SECOND) return INT64_MIN;
    return s * US_PER_SECOND;
}

static i64
floor_s(i64 us)
{
    return us / US_PER_SECOND - (us % US_PER_SECOND < 0);
}

/* The stretch of the rule around s, which is past the last transition. */
static void
rule_seek(const TimeZone *z, i64 s, i64 *ret_from, i64 *ret_to, i32 *ret_offset)
{
    if (!z->has_dst) {
        *ret_offset = z->std_s;
        return;
    }
    i32 year = civil_of_days((i32)((s + z->std_s) / 86400 - ((s + z->std_s) % 86400 < 0))).year;
    *ret_offset = z->std_s;
    i64 latest = INT64_MIN;
    for (i32 y = year - 1; y <= year + 1; y++) {
        i64 begin = zone_day_s(&z->begin, y) - z->std_s, end = zone_day_s(&z->end, y) - z->dst_s;
        for (u32 i = 0; i < 2; i++) {
            i64 at = i ? end : begin;
            if (at <= s && at >= latest) {
                latest = at;
                *ret_offset = i ? z->std_s : z->dst_s;
            }
            if (at > s && at < *ret_to) *ret_to = at;
        }
    }
    if (latest > *ret_from) *ret_from = latest;
}

void
timezone_seek(ZoneCursor *c, i64 utc_us)
{
    const TimeZone *z = c->zone;
    i64 s = floor_s(utc_us), from = INT64_MIN, to = INT64_MAX;
    u32 low = 0, high = z->transitions; /* how many transitions are at or before s */
    while (low < high) {
        u32 middle = (low + high) / 2;
        if (z->at[middle] <= s) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    i32 offset = z->offset[low];
    if (low > 0) from = z->at[low - 1];
    if (low < z->transitions) {
        to = z->at[low];
    } else if (z->has_rule) {
        rule_seek(z, s, &from, &to, &offset);
    }
    c->from_us = from == INT64_MIN ? INT64_MIN : saturated_us(from);
    c->to_us = to == INT64_MAX ? INT64_MAX : saturated_us(to);
    c->offset_us = offset * US_PER_SECOND;
}

ZoneCursor
timezone_cursor(const TimeZone *z)
{
    ZoneCursor c = {.zone = z};
    timezone_seek(&c, 0);
    return c;
}

i32
timezone_offset_s(const TimeZone *z, i64 utc_us)
{
    ZoneCursor c = {.zone = z};
    timezone_seek(&c, utc_us);
    return (i32)(c.offset_us / US_PER_SECOND);
}

/* Wrapping: what lies beyond the i64 range is garbage, but defined garbage. */
static i64
minus(i64 a, i64 b)
{
    return (i64)((u64)a - (u64)b);
}

i64
timezone_to_local(const TimeZone *z, i64 utc_us)
{
    ZoneCursor c = {.zone = z};
    timezone_seek(&c, utc_us);
    return minus(utc_us, -c.offset_us);
}

i64
timezone_cursor_from_local(ZoneCursor *c, i64 local_us)
{
    const i64 margin = (OFFSET_MAX_S + 1) * US_PER_SECOND;
    i64 utc = minus(local_us, c->offset_us);
    /* Deep inside a stretch no other one can claim the local time. */
    bool late_enough = c->from_us == INT64_MIN || minus(utc, c->from_us) >= 2 * margin;
    if (utc >= c->from_us && late_enough && utc < c->to_us) return utc;
    if (local_us < INT64_MIN + margin) return utc;
    timezone_seek(c, local_us - margin);
    for (;;) {
        i64 before = c->offset_us, end = c->to_us;
        utc = minus(local_us, before);
        if (utc < end || end == INT64_MAX) return utc;
        timezone_seek(c, end);
        if (minus(local_us, c->offset_us) < end) return utc; /* a gap: by the offset before it */
    }
}

i64
timezone_from_local(const TimeZone *z, i64 local_us)
{
    ZoneCursor c = {.zone = z};
    timezone_seek(&c, local_us);
    return timezone_cursor_from_local(&c, local_us);
}

/* --- TZif --- */

typedef struct TzHeader {
    u8 version;
    u32 isut, isstd, leap, time, type, chars;
} TzHeader;

enum { TZ_HEADER_BYTES = 44 };

static u32
big32(const u8 *p)
{
    return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}
static i64
big64(const u8 *p)
{
    return (i64)((u64)big32(p) << 32 | big32(p + 4));
}

static bool
tz_header(const u8 *p, size_t len, TzHeader *h)
{
    if (len < TZ_HEADER_BYTES || memcmp(p, "TZif", 4) != 0) return false;
    h->version = p[4];
    u32 *field[6] = {&h->isut, &h->isstd, &h->leap, &h->time, &h->type, &h->chars};
    for (u32 i = 0; i < 6; i++) {
        *field[i] = big32(p + 20 + 4 * i);
        if (*field[i] > TRANSITIONS_MAX) return false;
    }
    return h->type >= 1 && h->type <= 256;
}

static size_t
tz_block_bytes(const TzHeader *h, u32 time_bytes)
{
    return (size_t)h->time * (time_bytes + 1) + h->type * 6 + h->chars +
           (size_t)h->leap * (time_bytes + 4) + h->isstd + h->isut;
}

static i32
tz_type_offset(const u8 *types, u32 type)
{
    i32 offset = (i32)big32(types + (size_t)type * 6);
    return offset > OFFSET_MAX_S || offset < -OFFSET_MAX_S ? INT32_MIN : offset;
}

/* Transitions and offsets of one data block; false if it contradicts itself. */
static bool
tz_block_read(TimeZone *z, const u8 *p, const TzHeader *h, u32 time_bytes)
{
    const u8 *index = p + (size_t)h->time * time_bytes, *types = index + h->time;
    z->at = mem_array(i64, h->time);
    z->offset = mem_array(i32, h->time + 1);
    z->offset[0] = tz_type_offset(types, 0);
    z->transitions = h->time;
    bool ok = z->offset[0] != INT32_MIN;
    for (u32 i = 0; i < h->time && ok; i++) {
        z->at[i] = time_bytes == 8 ? big64(p + (size_t)i * 8) : (i32)big32(p + (size_t)i * 4);
        ok = index[i] < h->type && (i == 0 || z->at[i] > z->at[i - 1]);
        if (!ok) break;
        z->offset[i + 1] = tz_type_offset(types, index[i]);
        ok = z->offset[i + 1] != INT32_MIN;
    }
    return ok;
}

TimeZone *
timezone_read(const char *name, const void *bytes, size_t len)
{
    const u8 *p = bytes, *end = p + len;
    TzHeader h;
    u32 time_bytes = 4;
    if (!tz_header(p, len, &h)) return NULL;
    p += TZ_HEADER_BYTES;
    if (h.version >= '2') {
        size_t skip = tz_block_bytes(&h, 4);
        if ((size_t)(end - p) < skip) return NULL;
        p += skip;
        if (!tz_header(p, (size_t)(end - p), &h)) return NULL;
        p += TZ_HEADER_BYTES;
        time_bytes = 8;
    }
    size_t block = tz_block_bytes(&h, time_bytes);
    if ((size_t)(end - p) < block) return NULL;
    TimeZone *z = mem_make(TimeZone);
    z->name = mem_strdup(name, strlen(name));
    bool ok = tz_block_read(z, p, &h, time_bytes);
    p += block;
    if (ok && time_bytes == 8 && end - p >= 2 && *p == '\n') {
        const u8 *stop = memchr(p + 1, '\n', (size_t)(end - p - 1));
        ok = stop && rule_read(z, (const char *)p + 1, (size_t)(stop - p - 1));
    }
    if (ok) return z;
    timezone_free(z);
    return NULL;
}

/* --- finding --- */

/* +8, -08, +08:00, +0800, +08:00:00; up to 18 hours. */
static bool
offset_read(Str s, i32 *ret_offset_s)
{
    if (s.len < 2 || (s.ptr[0] != '+' && s.ptr[0] != '-')) return false;
    i32 part[3] = {0}, n = 0, digits = 0;
    bool colons = false;
    for (u32 i = 1; i < s.len; i++) {
        if (s.ptr[i] == ':' && digits && n < 2) {
            n++;
            digits = 0;
            colons = true;
            continue;
        }
        if ((u8)(s.ptr[i] - '0') > 9 || ++digits > (colons ? 2 : 4)) return false;
        part[n] = part[n] * 10 + (s.ptr[i] - '0');
    }
    if (digits == 0 || (colons && (digits != 2 || part[0] > 99))) return false;
    if (!colons && digits > 2) {
        if (digits != 4) return false;
        part[1] = part[0] % 100;
        part[0] /= 100;
    }
    i32 offset = part[0] * 3600 + part[1] * 60 + part[2];
    if (part[1] > 59 || part[2] > 59 || offset > 18 * 3600) return false;
    *ret_offset_s = s.ptr[0] == '-' ? -offset : offset;
    return true;
}

static bool
is_file_name(Str name)
{
    bool ok = name.len > 0 && name.len < 64 && name.ptr[0] != '/' && name.ptr[0] != '-';
    for (u32 i = 0; i < name.len && ok; i++) {
        char c = name.ptr[i];
        ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '/' || c == '_' || c == '-' || c == '+';
    }
    return ok;
}

/* The zone in the database's file; NULL if there is none or it is no zone. */
static TimeZone *
timezone_open(Str name)
{
    const char *folder = getenv("TZDIR");
    if (!folder || !*folder) folder = "/usr/share/zoneinfo";
    StrBuf path = {0}, content = {0};
    strbuf_printf(&path, "%s/%.*s", folder, STR_ARG(name));
    FILE *f = fopen(path.ptr, "rb");
    TimeZone *z = NULL;
    if (f) {
        size_t got;
        do {
            got = fread(strbuf_room(&content, 4096), 1, 4096, f);
            content.len += got;
        } while (got && content.len < FILE_BYTES_MAX);
        fclose(f);
        char *text = mem_strdup(name.ptr, name.len);
        z = timezone_read(text, content.ptr, content.len);
        mem_free(text);
    }
    strbuf_done(&path);
    strbuf_done(&content);
    return z;
}

Status
timezone_find(const char *name, TimeZone **ret_zone, Err *err)
{
    static const char *const utc_names[] = {"UTC", "Z", "GMT", "UT", "Etc/UTC", "Etc/GMT", "GMT0"};
    Str s = str_trim(str_from(name)), rest = s;
    for (u32 i = 0; i < ARRAY_LEN(utc_names); i++) {
        if (!str_eq(s, str_from(utc_names[i]))) continue;
        *ret_zone = timezone_fixed(s, 0);
        return ERR_OK;
    }
    static const Str prefixes[] = {{"UTC", 3}, {"GMT", 3}, {"UT", 2}};
    for (u32 i = 0; i < ARRAY_LEN(prefixes) && rest.len == s.len; i++) {
        u32 len = prefixes[i].len;
        if (str_starts(s, prefixes[i])) rest = (Str){s.ptr + len, s.len - len};
    }
    i32 offset_s;
    if (offset_read(rest, &offset_s)) {
        *ret_zone = timezone_fixed(s, offset_s);
        return ERR_OK;
    }
    TimeZone *z = is_file_name(s) ? timezone_open(s) : NULL;
    if (z) {
        *ret_zone = z;
        return ERR_OK;
    }
    Status st = err_set(err, W2017, POS_NONE, "time zone \"%.*s\" does not exist",
                        (int)MIN(s.len, 100u), s.ptr);
    return err_hint(err, st, "Write a name such as 'Europe/Berlin' or an offset such as '+02:00'.");
}

TextResult
timestamp_ltz_parse(const char *text, u32 len, const TimeZone *z, i64 *ret_us)
{
    i64 us;
    bool has_offset;
    i32 offset_s;
    TextResult result = timestamp_parse_offset(text, len, &us, &has_offset, &offset_s);
    if (result != TEXT_OK) return result;
    *ret_us = has_offset ? us - offset_s * US_PER_SECOND : timezone_from_local(z, us);
    return TEXT_OK;
}
