/* window.h - where windows over event time begin and end.
 *
 * A time column of TIMESTAMP_LTZ is cut into windows by the session's local clock: a day begins at
 * local midnight, and window_start and window_end are local TIMESTAMPs. Watermarks stay in UTC, so
 * the end of such a window is converted before it is compared. */
#pragma once
#include "base/timezone.h"
#include "planner/plan.h"

/* What converts a time column's values to the clock that windows are cut by; zone NULL: nothing. */
typedef struct WindowClock {
    const TimeZone *zone;
} WindowClock;

static inline WindowClock
window_clock(Type time, const Session *session)
{
    bool local =
        time.kind == TYPE_TIMESTAMP_LTZ && session->zone && !timezone_is_utc(session->zone);
    return (WindowClock){.zone = local ? session->zone : NULL};
}

/* The window [start, start + size) that holds a time on the window clock. */
static inline i64
window_start(const TimeWindow *w, i64 time_us)
{
    i64 rem = (time_us - w->offset_us) % w->size_us;
    if (rem < 0) rem += w->size_us; /* before 1970, % rounds towards zero */
    return time_us - rem;
}

/* A window's end on the window clock as the watermark sees it. Where the local clock is set back,
 * an end that comes twice is the second one: rows of both passes belong to the window. */
static inline i64
window_to_event(WindowClock c, i64 end_us)
{
    if (!c.zone) return end_us;
    i64 first = timezone_from_local(c.zone, end_us);
    ZoneCursor at = timezone_cursor(c.zone);
    (void)timezone_cursor_to_local(&at, first);
    i64 set_back = at.to_us;
    if (set_back == INT64_MAX) return first;
    (void)timezone_cursor_to_local(&at, set_back);
    i64 second = end_us - at.offset_us;
    return second > set_back ? second : first;
}

/* Times of n rows on the window clock; in place. */
static inline void
window_from_event(WindowClock c, i64 *times_us, u32 n)
{
    if (!c.zone) return;
    ZoneCursor cursor = timezone_cursor(c.zone);
    for (u32 i = 0; i < n; i++) times_us[i] = timezone_cursor_to_local(&cursor, times_us[i]);
}
