/* timezone.h - civil time <-> UTC by the zones of the system's database.
 *
 * A zone is read once and immutable, so threads share it freely. Files are TZif (RFC 8536) from
 * $TZDIR or /usr/share/zoneinfo; times past the last transition follow the POSIX rule at the
 * file's end. Gaps and overlaps are java.time's: a local time in a gap moves forward by the gap's
 * length, one in an overlap means the earlier offset. */
#pragma once
#include "base/datetime.h"
#include "base/err.h"

typedef struct TimeZone TimeZone;

/* 'Europe/Berlin', 'UTC', 'GMT', 'Z', '+08:00', '-8', 'UTC+1', 'GMT+01:00'. The caller frees it
 * (timezone_free takes the built-in UTC too). W2017 if there is no such zone. */
Status timezone_find(const char *name, TimeZone **ret_zone, Err *err) MUST_USE;
/* A zone from the bytes of a TZif file; for tests and fuzzing. NULL if they are no such file. */
TimeZone *timezone_read(const char *name, const void *bytes, size_t len);
void timezone_free(TimeZone *z); /* NULL is fine */
const TimeZone *timezone_utc(void);
const char *timezone_name(const TimeZone *z);
bool timezone_is_utc(const TimeZone *z); /* offset 0 always */

i32 timezone_offset_s(const TimeZone *z, i64 utc_us);
i64 timezone_to_local(const TimeZone *z, i64 utc_us);
i64 timezone_from_local(const TimeZone *z, i64 local_us);

/* The stretch of UTC time around the last look-up in which the offset stands; one per loop. */
typedef struct ZoneCursor {
    const TimeZone *zone;
    i64 from_us, to_us; /* [from, to) in UTC */
    i64 offset_us;
} ZoneCursor;
ZoneCursor timezone_cursor(const TimeZone *z);
void timezone_seek(ZoneCursor *c, i64 utc_us);
static inline i64
timezone_cursor_to_local(ZoneCursor *c, i64 utc_us)
{
    if (UNLIKELY(utc_us < c->from_us || utc_us >= c->to_us)) timezone_seek(c, utc_us);
    return utc_us + c->offset_us;
}
i64 timezone_cursor_from_local(ZoneCursor *c, i64 local_us);

/* Text of a TIMESTAMP_LTZ to UTC: an offset or Z in the text wins, else it is local to z. */
TextResult timestamp_ltz_parse(const char *text, u32 len, const TimeZone *z, i64 *ret_us);
