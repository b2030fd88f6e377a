/* output.c - writing everything, whatever write() does. */
#include "cli/output.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum { OUT_DELAY_US = 50 * 1000 };

Output
output_make(int fd, const char *path)
{
    return (Output){.fd = fd, .path = path};
}

void
output_done(Output *o)
{
    strbuf_done(&o->text);
}

static Status
out_failed(Output *o, int why, Err *err)
{
    o->text.len = 0; /* a second attempt would repeat half a row */
    if (why == EPIPE) {
        o->gone = true;
        return err_set(err, W8002, POS_NONE, "the reader of the output has gone");
    }
    const char *name = o->path ? o->path : "standard output";
    if (why == ENOSPC || why == EDQUOT) {
        return err_set(err, W7002, POS_NONE, "no space left to write %.200s", name);
    }
    return err_set(err, W4004, POS_NONE, "cannot write %.200s: %s", name, strerror(why));
}

Status
output_flush(Output *o, Err *err)
{
    size_t at = 0;
    while (at < o->text.len) {
        ssize_t n = write(o->fd, o->text.ptr + at, o->text.len - at);
        if (n > 0) {
            at += (size_t)n;
        } else if (n < 0 && errno == EAGAIN) { /* somebody made our stdout non-blocking */
            struct pollfd wait = {.fd = o->fd, .events = POLLOUT};
            (void)poll(&wait, 1, -1);
        } else if (n < 0 && errno != EINTR) {
            return out_failed(o, errno, err);
        }
    }
    o->text.len = 0;
    o->flushed_us = clock_monotonic_us();
    return ERR_OK;
}

Status
output_batch(Output *o, Err *err)
{
    if (clock_monotonic_us() - o->flushed_us < OUT_DELAY_US) return output_row(o, err);
    return output_flush(o, err);
}
