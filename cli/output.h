/* output.h - bytes on their way to stdout or a file.
 *
 * Renderers add to `text`; rows leave in large writes. A reader that has gone away (`| head`) is no
 * failure of ours: `gone` is set, the running statement ends, and the program exits with 0. */
#pragma once
#include "base/err.h"
#include "base/str.h"

enum {
    OUT_WRITE_BYTES = 64 * 1024, /* 64 KiB: what a pipe holds; more in one write gains nothing */
};

typedef struct Output {
    int fd;
    StrBuf text;
    bool gone;
    i64 flushed_us;   /* when, by the monotonic clock */
    const char *path; /* for messages; NULL: stdout */
} Output;

Output output_make(int fd, const char *path); /* path is borrowed; fd stays the caller's */
void output_done(Output *o);                  /* frees what is not written yet */
/* Everything must be out: W4004, W7002, or W8002 with `gone` set. */
Status output_flush(Output *o, Err *err) MUST_USE;
/* After a row: write when there is enough for a write. */
static inline Status
output_row(Output *o, Err *err)
{
    return o->text.len < OUT_WRITE_BYTES ? ERR_OK : output_flush(o, err);
}
/* After a batch: write when the last one is 50 ms ago, so that slow rows are seen at once. */
Status output_batch(Output *o, Err *err) MUST_USE;
