/* clock.c - the only place that asks the system for the time. */
#include "base/clock.h"

#include <time.h>

static i64
clock_ns(clockid_t id)
{
    struct timespec t;
    int failed = clock_gettime(id, &t);
    assert(!failed);
    return (i64)t.tv_sec * 1000000000 + t.tv_nsec;
}

i64
clock_wall_us(void)
{
    return clock_ns(CLOCK_REALTIME) / 1000;
}

i64
clock_monotonic_us(void)
{
    return clock_ns(CLOCK_MONOTONIC) / 1000;
}

i64
clock_monotonic_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}
