/* err.c - filling and naming errors; printing is caret.c. */
#include "base/err.h"
#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *name;
    int exit_code;
} statuses[STATUS_COUNT] = {
#define STATUS(name, exit_code, text) [ERR_##name] = {#name, exit_code},
#include "base/status.def"
#undef STATUS
};

static const struct {
    const char *name, *text;
    Status status;
} codes[ERRCODE_COUNT] = {
    [W0000] = {"W0000", "no error", ERR_OK},
#define ERROR(code, status, text) [code] = {#code, text, ERR_##status},
#include "base/errors.def"
#undef ERROR
};

const char *
status_name(Status st)
{
    assert(st < STATUS_COUNT);
    return statuses[st].name;
}

int
status_exit(Status st)
{
    assert(st < STATUS_COUNT);
    return statuses[st].exit_code;
}

const char *
errcode_name(ErrCode code)
{
    assert(code < ERRCODE_COUNT);
    return codes[code].name;
}

const char *
errcode_text(ErrCode code)
{
    assert(code < ERRCODE_COUNT);
    return codes[code].text;
}

Status
errcode_status(ErrCode code)
{
    assert(code < ERRCODE_COUNT);
    return codes[code].status;
}

#ifdef __clang_analyzer__
#undef err_set
#undef err_hint
#endif

Status
err_set(Err *err, ErrCode code, u32 pos, const char *fmt, ...)
{
    assert(code != W0000 && code < ERRCODE_COUNT);
    err->code = code;
    err->pos = pos;
    err->width = 0;
    err->hint[0] = '\0';
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    return codes[code].status;
}

Status
err_hint(Err *err, Status st, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(err->hint, sizeof err->hint, fmt, ap);
    va_end(ap);
    return st;
}

void
err_at(Err *err, u32 pos, u32 width)
{
    err->pos = pos;
    err->width = width;
}
