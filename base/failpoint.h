/* failpoint.h - where a test makes things go wrong: WEIR_FAIL=point:n[:kill|eio|enospc|delay=ms]
 *
 * Compiled in always, asked at most once per epoch, file or recovery step, never per row. The n-th
 * time that the point is passed (1 is the first), the process is killed (the default, as by
 * kill -9), or the call fails as the system call behind it would. Ignored by set-uid programs. */
#pragma once
#include "base/err.h"

typedef enum Failpoint {
#define FAILPOINT(id, text) FAIL_##id,
#include "base/failpoints.def"
#undef FAILPOINT
    FAIL_COUNT
} Failpoint;

/* 0, or an errno that the caller must behave as if a system call had failed with. Thread-safe. */
int failpoint(Failpoint p);
const char *failpoint_name(Failpoint p);
