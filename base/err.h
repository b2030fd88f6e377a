/* err.h - how a call says no.
 *
 * A fallible function returns Status and takes `Err *err` last. The code lives only in the return
 * value; Err holds what a person reads. err_set() is the one way to produce a failure: it takes
 * a row of errors.def, which has a stable code (W2013), a status, and a page in the manual. */
#pragma once
#include "base/base.h"

typedef enum Status {
#define STATUS(name, exit_code, text) ERR_##name,
#include "base/status.def"
#undef STATUS
    STATUS_COUNT
} Status;
static_assert(ERR_OK == 0, "callers test `if (st)`");

typedef enum ErrCode {
    W0000,
#define ERROR(code, status, text) code,
#include "base/errors.def"
#undef ERROR
    ERRCODE_COUNT
} ErrCode;

#define POS_NONE UINT32_MAX

/* Invariants: text and hint are NUL-terminated UTF-8 without line ends;
 * pos is POS_NONE or a byte offset into the statement's script, width the bytes to underline. */
typedef struct Err {
    ErrCode code;
    u32 pos;
    u32 width;
    char text[512];
    char hint[256];
} Err;

/* Fill err and return the status of the code's row. The text is lower case, has no full stop,
 * names the kind and quotes the thing: column "x" does not exist. Clears hint and width. */
Status err_set(Err *err, ErrCode code, u32 pos, const char *fmt, ...) PRINTF(4, 5);
/* Add the hint, a full sentence or question that says what to write. Returns st unchanged. */
Status err_hint(Err *err, Status st, const char *fmt, ...) PRINTF(3, 4);
#ifdef __clang_analyzer__ /* sees one file at a time: let it know that a failure is one */
#define err_set(err, ...) ((void)err_set(err, __VA_ARGS__), ERR_RUN)
#define err_hint(err, ...) ((void)err_hint(err, __VA_ARGS__), ERR_RUN)
#endif
/* Point at `width` bytes from pos; for callers that learn the place after the failure. */
void err_at(Err *err, u32 pos, u32 width);

const char *status_name(Status st);
int status_exit(Status st);             /* the process's exit code for st */
const char *errcode_name(ErrCode code); /* "W2013" */
const char *errcode_text(ErrCode code); /* the row's general meaning */
Status errcode_status(ErrCode code);

/* Pass a failure up unchanged. Owns nothing, so use it only where nothing is owned. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        Status try_st_ = (call);                                                                   \
        if (try_st_) return try_st_;                                                               \
    } while (0)
