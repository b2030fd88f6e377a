/* failpoint.c - reads WEIR_FAIL once and counts how often its point is passed. */
#include "base/failpoint.h"
#include "base/str.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

static const char *const names[FAIL_COUNT] = {
#define FAILPOINT(id, text) [FAIL_##id] = text,
#include "base/failpoints.def"
#undef FAILPOINT
};

typedef struct Plan {
    Failpoint point; /* FAIL_COUNT: none */
    u64 nth;
    int failure; /* errno; 0: kill or delay */
    long delay_ms;
} Plan;

/* A switch of the process, as the environment that it comes from: written once, then read. */
static Plan plan = {.point = FAIL_COUNT};       /* tidy: ok */
static _Atomic(u64) passed;                     /* tidy: ok */
static pthread_once_t once = PTHREAD_ONCE_INIT; /* tidy: ok */

const char *
failpoint_name(Failpoint p)
{
    return names[p];
}

/* The text between ':' and the next one. */
static Str
part_next(const char **at)
{
    const char *from = *at, *colon = strchrnul(from, ':');
    *at = *colon ? colon + 1 : colon;
    return (Str){from, (u32)(colon - from)};
}

static void
plan_read(void)
{
    const char *at = getenv("WEIR_FAIL"); /* tidy: ok, a switch for tests */
    if (!at || getauxval(AT_SECURE)) return;
    Str point = part_next(&at), nth = part_next(&at), action = part_next(&at);
    Plan read = {.point = FAIL_COUNT, .nth = 1};
    for (u32 i = 0; i < FAIL_COUNT; i++) {
        if (str_eq(point, str_from(names[i]))) read.point = (Failpoint)i;
    }
    if (nth.len) read.nth = strtoull(nth.ptr, NULL, 10);
    if (str_eq(action, STR("eio"))) read.failure = EIO;
    if (str_eq(action, STR("enospc"))) read.failure = ENOSPC;
    if (str_starts(action, STR("delay="))) read.delay_ms = strtol(action.ptr + 6, NULL, 10);
    plan = read;
}

int
failpoint(Failpoint p)
{
    (void)pthread_once(&once, plan_read);
    if (LIKELY(plan.point != p)) return 0;
    if (atomic_fetch_add(&passed, 1) + 1 != plan.nth) return 0;
    if (plan.failure) return plan.failure;
    if (plan.delay_ms) {
        struct timespec t = {plan.delay_ms / 1000, plan.delay_ms % 1000 * 1000000};
        (void)nanosleep(&t, NULL);
        return 0;
    }
    (void)kill(getpid(), SIGKILL);
    for (;;) (void)pause();
}
