/* fn_time.c - fields of dates and times, and arithmetic by named units.
 *
 * A TIMESTAMP_LTZ shows the fields of its local time in the session's zone, EPOCH included, as in
 * Flink. TIME counts as a time of 1970-01-01. The calendar itself is base/datetime.h. */
#include "exec/funcs/funcs.h"

/* ---- EXTRACT -------------------------------------------------------------------------------- */

typedef struct FieldData {
    CalendarUnit unit;
} FieldData;

static CalendarUnit
field_unit(const EvalCtx *ctx)
{
    return ((const FieldData *)ctx->data)->unit;
}

#define KERNEL field_of_date
#define BODY                                                                                       \
    vector_data(out, i64)[i] =                                                                     \
        timestamp_field(field_unit(ctx), timestamp_of_date(LANE(&args[0], i32, i)))
#include "exec/kernels/lanes.tmpl.h"
#define KERNEL field_of_timestamp
#define BODY vector_data(out, i64)[i] = timestamp_field(field_unit(ctx), LANE(&args[0], i64, i))
#include "exec/kernels/lanes.tmpl.h"

static Status
field_of_ltz(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    ZoneCursor zone = timezone_cursor(ctx_zone(ctx));
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        i64 local = timezone_cursor_to_local(&zone, LANE(&args[0], i64, i));
        vector_data(out, i64)[i] = timestamp_field(field_unit(ctx), local);
    }
    return ERR_OK;
}

/* Fields of an interval are its parts; only the first one may grow: 19 days, 25 months' 2 years. */
static i64
field_of_months(CalendarUnit unit, i64 months)
{
    i64 years = months / 12, rest = months % 12;
    switch ((int)unit) {
    case CAL_MILLENNIUM:
        return years / 1000;
    case CAL_CENTURY:
        return years / 100;
    case CAL_DECADE:
        return years / 10;
    case CAL_YEAR:
        return years;
    case CAL_QUARTER:
        return rest / 3 + 1;
    case CAL_MONTH:
        return rest;
    default:
        return 0;
    }
}

static i64
field_of_us(CalendarUnit unit, i64 us)
{
    switch ((int)unit) {
    case CAL_DAY:
        return us / US_PER_DAY;
    case CAL_HOUR:
        return us / US_PER_HOUR % 24;
    case CAL_MINUTE:
        return us / US_PER_MINUTE % 60;
    case CAL_SECOND:
        return us / US_PER_SECOND % 60;
    case CAL_MILLISECOND:
        return us / US_PER_MS % 1000;
    case CAL_MICROSECOND:
        return us % US_PER_SECOND;
    case CAL_NANOSECOND:
        return us % US_PER_SECOND * 1000;
    case CAL_EPOCH:
        return us / US_PER_SECOND;
    default:
        return 0;
    }
}

#define KERNEL field_of_ym
#define BODY vector_data(out, i64)[i] = field_of_months(field_unit(ctx), LANE(&args[0], i64, i))
#include "exec/kernels/lanes.tmpl.h"
#define KERNEL field_of_dt
#define BODY vector_data(out, i64)[i] = field_of_us(field_unit(ctx), LANE(&args[0], i64, i))
#include "exec/kernels/lanes.tmpl.h"

static bool
unit_is_time(CalendarUnit unit) /* a part of the day */
{
    return unit >= CAL_HOUR && unit <= CAL_NANOSECOND;
}

static bool
field_exists(CalendarUnit unit, Type t)
{
    switch ((TypeKind)t.kind) {
    case TYPE_DATE:
        return !unit_is_time(unit);
    case TYPE_TIME:
        return unit_is_time(unit) || unit == CAL_EPOCH;
    case TYPE_INTERVAL_YM:
        return unit <= CAL_MONTH;
    case TYPE_INTERVAL_DT:
        return (unit >= CAL_DAY && unit <= CAL_NANOSECOND) || unit == CAL_EPOCH;
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        return true;
    case TYPE_NULL:
    case TYPE_BOOLEAN:
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
    case TYPE_DECIMAL:
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
    case TYPE_CHAR:
    case TYPE_VARCHAR:
    case TYPE_BINARY:
    case TYPE_VARBINARY:
    case TYPE_COUNT:
        break;
    }
    return false;
}

static Status
field_bind(FuncCall *call, u32 arg, CalendarUnit unit, Err *err)
{
    static const FuncKernel kernels[TYPE_COUNT] = {
        [TYPE_DATE] = field_of_date,           [TYPE_TIME] = field_of_timestamp,
        [TYPE_TIMESTAMP] = field_of_timestamp, [TYPE_TIMESTAMP_LTZ] = field_of_ltz,
        [TYPE_INTERVAL_YM] = field_of_ym,      [TYPE_INTERVAL_DT] = field_of_dt,
    };
    Type *t = &call->arg_type[arg];
    if (t->kind == TYPE_NULL) *t = type_of(unit_is_time(unit) ? TYPE_TIMESTAMP : TYPE_DATE);
    if (!field_exists(unit, *t)) return call_misfit(call, err);
    FieldData *d = arena_make(call->arena, FieldData);
    d->unit = unit;
    call->kernel = kernels[t->kind];
    call->data = d;
    call->ret = type_of(TYPE_BIGINT);
    return ERR_OK;
}

static Status
unit_argument(FuncCall *call, CalendarUnit *ret_unit, Err *err)
{
    Str name;
    TRY(call_const_text(call, 0, &name, err));
    if (calendar_unit_find(name, ret_unit)) return ERR_OK;
    return err_set(err, W3006, call->arg_pos ? call->arg_pos[0] : call->pos,
                   "\"%.*s\" is not a unit of time", STR_ARG(name));
}

/* The kernels read argument 0, which is the unit here. */
static Status
extract_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    switch ((int)args[1].type.kind) {
    case TYPE_DATE:
        return field_of_date(ctx, args + 1, nargs - 1, out, err);
    case TYPE_TIMESTAMP_LTZ:
        return field_of_ltz(ctx, args + 1, nargs - 1, out, err);
    case TYPE_INTERVAL_YM:
        return field_of_ym(ctx, args + 1, nargs - 1, out, err);
    case TYPE_INTERVAL_DT:
        return field_of_dt(ctx, args + 1, nargs - 1, out, err);
    default:
        return field_of_timestamp(ctx, args + 1, nargs - 1, out, err);
    }
}

static Status
extract_bind(FuncCall *call, Err *err)
{
    CalendarUnit unit;
    TRY(unit_argument(call, &unit, err));
    TRY(field_bind(call, 1, unit, err));
    call->kernel = extract_kernel;
    return ERR_OK;
}

/* YEAR(x), DAYOFMONTH(x) ...: the row's name is the unit's, or one of these. */
static Status
field_named_bind(FuncCall *call, Err *err)
{
    static const struct {
        const char *name;
        CalendarUnit unit;
    } names[] = {{"DAYOFYEAR", CAL_DOY}, {"DAYOFMONTH", CAL_DAY}, {"DAYOFWEEK", CAL_DOW}};
    CalendarUnit unit;
    for (u32 i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i].name, call->def->name) == 0)
            return field_bind(call, 0, names[i].unit, err);
    }
    bool found = calendar_unit_find(str_from(call->def->name), &unit);
    assert(found);
    return field_bind(call, 0, unit, err);
}

/* ---- TIMESTAMPADD --------------------------------------------------------------------------- */

static i64
clamp_count(i64 n)
{
    /* Far beyond any date, yet small enough for any unit's product to be caught as overflow. */
    return MAX(MIN(n, (i64)1 << 48), -((i64)1 << 48));
}

static bool
unit_add_lane(CalendarUnit unit, i64 n, const Vector *time, ZoneCursor *zone, Vector *out, u32 i)
{
    i64 us = 0, n_units = clamp_count(n);
    TypeKind kind = (TypeKind)time->type.kind;
    if (kind == TYPE_DATE) {
        if (!timestamp_add(unit, n_units, timestamp_of_date(LANE(time, i32, i)), &us)) return false;
        if (out->type.kind == TYPE_DATE)
            vector_data(out, i32)[i] = timestamp_days(us);
        else
            vector_data(out, i64)[i] = us;
        return true;
    }
    us = LANE(time, i64, i);
    if (kind == TYPE_TIME) { /* days and more change nothing about the time of day */
        bool same = !unit_is_time(unit);
        if (!same && !timestamp_add(unit, n_units, us, &us)) return false;
        us = timestamp_time_us(us);
    } else if (kind == TYPE_TIMESTAMP_LTZ && !unit_is_time(unit)) {
        if (!timestamp_add(unit, n_units, timezone_cursor_to_local(zone, us), &us)) return false;
        us = timezone_cursor_from_local(zone, us);
    } else if (!timestamp_add(unit, n_units, us, &us)) {
        return false;
    }
    vector_data(out, i64)[i] = us;
    return true;
}

static Status
timestampadd_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs;
    ZoneCursor zone = timezone_cursor(ctx_zone(ctx));
    memset(out->data->bytes, 0, (size_t)ctx->rows * type_slot_bytes[out->type.kind]);
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        i64 n = LANE(&args[1], i64, i);
        if (unit_add_lane(field_unit(ctx), n, &args[2], &zone, out, i)) continue;
        if (eval_lane_counts(ctx, out, i))
            LANE_FAIL(W3003, "the result is outside the range of dates and times");
    }
    return ERR_OK;
}

static Status
timestampadd_bind(FuncCall *call, Err *err)
{
    FieldData *d = arena_make(call->arena, FieldData);
    TRY(unit_argument(call, &d->unit, err));
    Type *n = &call->arg_type[1], *t = &call->arg_type[2];
    if (t->kind == TYPE_NULL) *t = type_of(TYPE_TIMESTAMP);
    if (d->unit >= CAL_EPOCH || !type_is(*t, KIND_TIME)) return call_misfit(call, err);
    if (!type_is(*n, KIND_INTEGER) && n->kind != TYPE_NULL) return call_misfit(call, err);
    *n = type_nullable(type_of(TYPE_BIGINT), !n->not_null);
    call->ret = type_nullable(*t, true);
    if (t->kind == TYPE_DATE && unit_is_time(d->unit)) call->ret = type_of(TYPE_TIMESTAMP);
    call->kernel = timestampadd_kernel;
    call->data = d;
    return ERR_OK;
}

/* ---- TIMESTAMPDIFF -------------------------------------------------------------------------- */

static i64
time_lane_us(const Vector *v, ZoneCursor *zone, bool local, u32 i)
{
    if (v->type.kind == TYPE_DATE) return timestamp_of_date(LANE(v, i32, i));
    i64 us = LANE(v, i64, i);
    return local && v->type.kind == TYPE_TIMESTAMP_LTZ ? timezone_cursor_to_local(zone, us) : us;
}

static Status
timestampdiff_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    ZoneCursor zone = timezone_cursor(ctx_zone(ctx));
    bool local = !unit_is_time(field_unit(ctx));
    for (u32 i = 0; i < ctx->rows; i++) {
        vector_data(out, i32)[i] = 0;
        if (vector_is_null(out, i)) continue;
        i64 from = time_lane_us(&args[1], &zone, local, i);
        i64 to = time_lane_us(&args[2], &zone, local, i);
        vector_data(out, i32)[i] = (i32)timestamp_diff(field_unit(ctx), from, to);
    }
    return ERR_OK;
}

static Status
timestampdiff_bind(FuncCall *call, Err *err)
{
    FieldData *d = arena_make(call->arena, FieldData);
    TRY(unit_argument(call, &d->unit, err));
    if (d->unit >= CAL_EPOCH) return call_misfit(call, err);
    for (u32 i = 1; i < 3; i++) {
        Type *t = &call->arg_type[i], other = call->arg_type[3 - i];
        if (t->kind == TYPE_NULL)
            *t = other.kind == TYPE_NULL ? type_of(TYPE_TIMESTAMP) : type_nullable(other, true);
        if (!type_is(*t, KIND_TIME)) return call_misfit(call, err);
    }
    bool zoned = call->arg_type[1].kind == TYPE_TIMESTAMP_LTZ;
    if (zoned != (call->arg_type[2].kind == TYPE_TIMESTAMP_LTZ)) return call_misfit(call, err);
    call->ret = type_of(TYPE_INT);
    call->kernel = timestampdiff_kernel;
    call->data = d;
    return ERR_OK;
}

#define FIELD(func, doc_text, example_text)                                                        \
    {                                                                                              \
        .name = func, .args_min = 1, .args_max = 1, .bind = field_named_bind,                      \
        .category = "temporal", .syntax = func "(time)", .doc = doc_text, .example = example_text  \
    }

const FuncDef funcs_time[] = {
    {.name = "EXTRACT",
     .args_min = 2,
     .args_max = 2,
     .bind = extract_bind,
     .category = "temporal",
     .syntax = "EXTRACT(unit FROM time)",
     .doc = "A field of a date, time, timestamp or interval, from MILLENNIUM to NANOSECOND, or "
            "EPOCH, DOW (1 is Sunday), ISODOW (1 is Monday), DOY, ISOYEAR.",
     .example = "EXTRACT(DAY FROM DATE '2018-03-18') -> 18"},
    FIELD("YEAR", "The year.", "YEAR(DATE '2024-05-06') -> 2024"),
    FIELD("QUARTER", "The quarter, 1 to 4.", "QUARTER(DATE '2024-05-06') -> 2"),
    FIELD("MONTH", "The month, 1 to 12.", "MONTH(DATE '2024-05-06') -> 5"),
    FIELD("WEEK", "The ISO week, 1 to 53.", "WEEK(DATE '2024-05-06') -> 19"),
    FIELD("DAYOFYEAR", "The day of the year, 1 to 366.", "DAYOFYEAR(DATE '2024-05-06') -> 127"),
    FIELD("DAYOFMONTH", "The day of the month, 1 to 31.", "DAYOFMONTH(DATE '2024-05-06') -> 6"),
    FIELD("DAYOFWEEK", "The day of the week, 1 (Sunday) to 7.",
          "DAYOFWEEK(DATE '2024-05-06') -> 2"),
    FIELD("HOUR", "The hour, 0 to 23.", "HOUR(TIME '12:34:56') -> 12"),
    FIELD("MINUTE", "The minute, 0 to 59.", "MINUTE(TIME '12:34:56') -> 34"),
    FIELD("SECOND", "The second, 0 to 59.", "SECOND(TIME '12:34:56') -> 56"),
    {.name = "TIMESTAMPADD",
     .args_min = 3,
     .args_max = 3,
     .flags = FUNC_CAN_FAIL,
     .bind = timestampadd_bind,
     .category = "temporal",
     .syntax = "TIMESTAMPADD(unit, n, time)",
     .doc = "The time n units later.",
     .example = "TIMESTAMPADD(MONTH, 1, DATE '2024-01-31') -> 2024-02-29"},
    {.name = "TIMESTAMPDIFF",
     .args_min = 3,
     .args_max = 3,
     .bind = timestampdiff_bind,
     .category = "temporal",
     .syntax = "TIMESTAMPDIFF(unit, from, to)",
     .doc = "How many whole units lie between both times; negative if `to` is earlier.",
     .example = "TIMESTAMPDIFF(DAY, DATE '2024-01-01', DATE '2024-02-01') -> 31"},
    {0},
};
