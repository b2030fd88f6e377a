/* fn_clock.c - what time it is.
 *
 * All but two of them are the moment when the statement began, equal in every row. PROCTIME() and
 * CURRENT_ROW_TIMESTAMP() are the processing time stamped on the batch at its source: the only
 * clock that running operators see. */
#include "exec/funcs/funcs.h"

static i64
start_us(const EvalCtx *ctx)
{
    return ctx->session ? ctx->session->start_time_us : 0;
}

/* The same 8-byte (or, for dates, 4-byte) slot in every lane. */
static Status
fill_i64(const EvalCtx *ctx, Vector *out, i64 v)
{
    for (u32 i = 0; i < ctx->rows; i++) vector_data(out, i64)[i] = v;
    return ERR_OK;
}

#define CLOCK(name, value)                                                                         \
    static Status name(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)   \
    {                                                                                              \
        (void)args, (void)nargs, (void)err;                                                        \
        return fill_i64(ctx, out, value);                                                          \
    }
#define LOCAL timezone_to_local(ctx_zone(ctx), start_us(ctx))
CLOCK(now_kernel, timestamp_cut(start_us(ctx), 3))
CLOCK(localtimestamp_kernel, timestamp_cut(LOCAL, 3))
CLOCK(localtime_kernel, timestamp_time_us(timestamp_cut(LOCAL, 0)))
CLOCK(proctime_kernel, timestamp_cut(ctx->proc_time_us, 3))
CLOCK(unix_timestamp_kernel, timestamp_field(CAL_EPOCH, start_us(ctx)))

static Status
current_date_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)args, (void)nargs, (void)err;
    for (u32 i = 0; i < ctx->rows; i++) vector_data(out, i32)[i] = timestamp_days(LOCAL);
    return ERR_OK;
}
#undef LOCAL
#undef CLOCK

static Status
clock_bind_ltz(FuncCall *call, Err *err)
{
    (void)err;
    call->ret = type_timestamp(TYPE_TIMESTAMP_LTZ, 3);
    call->kernel = call->def->flags & FUNC_VOLATILE ? proctime_kernel : now_kernel;
    return ERR_OK;
}

static Status
clock_bind_local(FuncCall *call, Err *err)
{
    (void)err;
    call->ret = type_timestamp(TYPE_TIMESTAMP, 3);
    call->kernel = localtimestamp_kernel;
    return ERR_OK;
}

#define CLOCK_LTZ(func, stability, doc_text)                                                       \
    {                                                                                              \
        .name = func, .flags = FUNC_NOT_NULL | (stability), .bind = clock_bind_ltz,                \
        .category = "temporal", .syntax = func, .doc = doc_text,                                   \
        .example = func " IS NOT NULL -> TRUE"                                                     \
    }
#define CLOCK_CALL_LTZ(func, stability, doc_text)                                                  \
    {                                                                                              \
        .name = func, .flags = FUNC_NOT_NULL | (stability), .bind = clock_bind_ltz,                \
        .category = "temporal", .syntax = func "()", .doc = doc_text,                              \
        .example = func "() IS NOT NULL -> TRUE"                                                   \
    }
#define CLOCK_PLAIN(func, type, kernel_name, doc_text)                                             \
    {                                                                                              \
        .name = func, .ret = type, .flags = FUNC_NOT_NULL | FUNC_STABLE, .kernel = kernel_name,    \
        .category = "temporal", .syntax = func, .doc = doc_text,                                   \
        .example = func " IS NOT NULL -> TRUE"                                                     \
    }

const FuncDef funcs_clock[] = {
    CLOCK_PLAIN("CURRENT_DATE", TYPE_DATE, current_date_kernel,
                "The day on which the statement began, in the session's zone."),
    CLOCK_PLAIN("CURRENT_TIME", TYPE_TIME, localtime_kernel,
                "The time of day when the statement began, in the session's zone."),
    CLOCK_PLAIN("LOCALTIME", TYPE_TIME, localtime_kernel,
                "The time of day when the statement began, in the session's zone."),
    {.name = "LOCALTIMESTAMP",
     .flags = FUNC_NOT_NULL | FUNC_STABLE,
     .bind = clock_bind_local,
     .category = "temporal",
     .syntax = "LOCALTIMESTAMP",
     .doc = "The local date and time when the statement began, as TIMESTAMP(3).",
     .example = "LOCALTIMESTAMP = LOCALTIMESTAMP -> TRUE"},
    CLOCK_LTZ("CURRENT_TIMESTAMP", FUNC_STABLE, "The moment when the statement began."),
    CLOCK_CALL_LTZ("NOW", FUNC_STABLE, "The moment when the statement began."),
    CLOCK_CALL_LTZ("CURRENT_ROW_TIMESTAMP", FUNC_VOLATILE,
                   "The processing time stamped on the row at its source."),
    CLOCK_CALL_LTZ("PROCTIME", FUNC_VOLATILE,
                   "The processing time stamped on the row at its source; a time attribute."),
    {.name = "UNIX_TIMESTAMP",
     .ret = TYPE_BIGINT,
     .flags = FUNC_NOT_NULL | FUNC_STABLE,
     .kernel = unix_timestamp_kernel,
     .category = "temporal",
     .syntax = "UNIX_TIMESTAMP([text [, pattern]])",
     .doc = "Seconds from 1970 to the moment when the statement began.",
     .example = "UNIX_TIMESTAMP() IS NOT NULL -> TRUE"},
    {0},
};
