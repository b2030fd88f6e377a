/* window.h - where windows over time begin and end, and the slices that they share.
 *
 *     HOP, size 3, slide 2     |..A..|..B..|      slices: of width gcd(size, slide) = 1
 *     window ends          ..., 1,    3,    5     a row of slice [2, 3) belongs to the windows
 *                                                 ending at 3 and 5: its first end is 3
 *
 * A slice lies wholly inside or outside of each window. TUMBLE: the slice is the window; CUMULATE:
 * slices are one step wide. Where no two windows share a row (HOP with size <= slide too), a slice
 * is `whole`: the part of the step that the window covers.
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

/* The greatest offset_us + k * step_us at or before t; before 1970, % rounds towards zero. */
static inline i64
window_floor(i64 t, i64 step_us, i64 offset_us)
{
    i64 rem = (t - offset_us) % step_us;
    return t - (rem < 0 ? rem + step_us : rem);
}

/* The TUMBLE window [start, start + size) that holds a time on the window clock. */
static inline i64
window_start(const TimeWindow *w, i64 time_us)
{
    return window_floor(time_us, w->size_us, w->offset_us);
}

/* A window's end on the window clock as the watermark sees it; never falls as ends rise. Where the
 * local clock is set back, an end that comes twice is the second one: rows of both passes belong to
 * the window. Where it is set forward, ends that never come are the instant of the change. */
static inline i64
window_to_event(WindowClock c, i64 end_us)
{
    if (!c.zone) return end_us;
    i64 first = timezone_from_local(c.zone, end_us);
    ZoneCursor at = timezone_cursor(c.zone);
    i64 back = timezone_cursor_to_local(&at, first);
    if (back != end_us) return at.from_us;
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

/* ---- slices ------------------------------------------------------------------------------- */

typedef struct WindowCut {
    WindowClock clock;
    i64 width_us; /* of a slice */
    i64 step_us;  /* from a window's end to the next */
    i64 size_us, offset_us, unit_us;
    bool cumulate, whole;
} WindowCut;

static inline WindowCut
window_cut(const TimeWindow *w, WindowClock clock)
{
    WindowCut c = {.clock = clock,
                   .width_us = w->size_us,
                   .step_us = w->size_us,
                   .size_us = w->size_us,
                   .offset_us = w->offset_us,
                   .unit_us = w->unit_us,
                   .cumulate = w->kind == WINDOW_CUMULATE,
                   .whole = w->kind != WINDOW_CUMULATE && w->kind != WINDOW_HOP};
    if (c.whole) return c;
    c.width_us = c.step_us = w->slide_us;
    c.whole = w->size_us <= w->slide_us;
    if (c.cumulate) return c;
    i64 rest = c.whole ? 0 : w->size_us;
    while (rest) { /* Euclid */
        i64 next = c.width_us % rest;
        c.width_us = rest;
        rest = next;
    }
    return c;
}

/* The slice that holds a time. */
static inline i64
cut_slice(const WindowCut *c, i64 t)
{
    return window_floor(t, c->width_us, c->offset_us);
}

/* Ends of the first and the last window that hold a slice, or a time; between them, one a step. A
 * time in a gap between windows has its first end behind its last. */
static inline i64
cut_first_end(const WindowCut *c, i64 start_us)
{
    if (c->cumulate) return window_floor(start_us, c->step_us, c->offset_us) + c->step_us;
    return window_floor(start_us - c->size_us, c->step_us, c->offset_us) + c->step_us + c->size_us;
}
static inline i64
cut_last_end(const WindowCut *c, i64 start_us)
{
    i64 step = c->cumulate ? c->size_us : c->step_us;
    return window_floor(start_us, step, c->offset_us) + c->size_us;
}

/* Where the window with this end begins that holds the slice. */
static inline i64
cut_start_of(const WindowCut *c, i64 start_us, i64 end_us)
{
    return c->cumulate ? window_floor(start_us, c->size_us, c->offset_us) : end_us - c->size_us;
}

/* The last time of the window, on the watermark's clock: it closes when the watermark is there. */
static inline i64
cut_last_us(const WindowCut *c, i64 end_us)
{
    return window_to_event(c->clock, end_us) - c->unit_us;
}

/* Of the windows ending at first_us and then each step until last_us, the first that is still open
 * at a watermark; one past the last: none is. */
static inline i64
cut_open_end(const WindowCut *c, i64 first_us, i64 last_us, i64 wm_us)
{
    i64 lo = 0, hi = last_us < first_us ? 0 : (last_us - first_us) / c->step_us + 1;
    if (hi && cut_last_us(c, first_us) > wm_us) return first_us;
    while (lo < hi) {
        i64 mid = lo + (hi - lo) / 2;
        if (cut_last_us(c, first_us + mid * c->step_us) > wm_us)
            hi = mid;
        else
            lo = mid + 1;
    }
    return first_us + lo * c->step_us;
}
