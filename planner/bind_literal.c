/* bind_literal.c - constants as written, with the types that Flink gives them.
 *
 *   1 INT   3000000000 BIGINT   beyond: DECIMAL(n, 0)   1.5 DECIMAL(2, 1)   1e3 DOUBLE
 *   'abc' CHAR(3)   X'0AFF' BINARY(2)   TIMESTAMP '... .123' TIMESTAMP(3)
 */
#include "base/decimal.h"
#include "base/interval.h"
#include "base/timezone.h"
#include "base/utf8.h"
#include "planner/bind.h"

static Status
literal_malformed(const Binder *b, const Expr *e, const char *what, const char *form, Err *err)
{
    Str text = e->literal->text;
    Status st = bind_fail(b, W1004, e->pos, e->width, err, "\"%.*s\" is not a valid %s",
                          (int)MIN(text.len, 80), text.ptr, what);
    return err_hint(err, st, "Write it as %s.", form);
}

static Status
literal_integer(Binder *b, const Expr *e, BoundExpr **ret, Err *err)
{
    Str text = e->literal->text;
    i64 value;
    if (i64_parse(text.ptr, text.len, &value) == TEXT_OK) {
        if (value <= INT32_MAX) {
            i32 slot = (i32)value;
            *ret = bind_const_slot(b, type_of(TYPE_INT), &slot, e->pos, e->width);
        } else {
            *ret = bind_const_slot(b, type_of(TYPE_BIGINT), &value, e->pos, e->width);
        }
        return ERR_OK;
    }
    Type type;
    i128 slot;
    if (!decimal_literal_type(text, &type) ||
        decimal_parse(text.ptr, text.len, type.precision, type.scale, &slot) != TEXT_OK) {
        return bind_fail(b, W2021, e->pos, e->width, err, "number has more than 38 digits");
    }
    *ret = bind_const_slot(b, type, &slot, e->pos, e->width);
    return ERR_OK;
}

static Status
literal_decimal(Binder *b, const Expr *e, BoundExpr **ret, Err *err)
{
    Str text = e->literal->text;
    Type type;
    i128 slot;
    if (!decimal_literal_type(text, &type) ||
        decimal_parse(text.ptr, text.len, type.precision, type.scale, &slot) != TEXT_OK) {
        Status st = bind_fail(b, W2021, e->pos, e->width, err, "number has more than 38 digits");
        return err_hint(err, st, "Write it with an exponent (1.5e3) to get a DOUBLE.");
    }
    *ret = bind_const_slot(b, type, &slot, e->pos, e->width);
    return ERR_OK;
}

static Status
literal_double(Binder *b, const Expr *e, BoundExpr **ret, Err *err)
{
    f64 slot;
    Str text = e->literal->text;
    if (f64_parse(text.ptr, text.len, &slot) != TEXT_OK || __builtin_isinf(slot)) {
        return bind_fail(b, W2021, e->pos, e->width, err, "number does not fit DOUBLE");
    }
    *ret = bind_const_slot(b, type_of(TYPE_DOUBLE), &slot, e->pos, e->width);
    return ERR_OK;
}

static Status
literal_text(Binder *b, const Expr *e, BoundExpr **ret, Err *err)
{
    Str text = e->literal->text;
    Type type = type_of(TYPE_CHAR);
    if (e->literal->kind == LITERAL_BINARY) {
        type = type_of(TYPE_BINARY);
        type.precision = text.len;
    } else if (utf8_valid(text.ptr, text.len)) {
        type.precision = utf8_length(text);
    } else {
        return bind_fail(b, W1004, e->pos, e->width, err, "text is not valid UTF-8");
    }
    StrView slot = strview_make(text.ptr, text.len);
    *ret = bind_const_slot(b, type, &slot, e->pos, e->width);
    return ERR_OK;
}

/* Digits behind the last point: the precision that Flink gives TIMESTAMP '...'. */
static u32
literal_fraction(Str text)
{
    for (u32 i = text.len; i > 0; i--) {
        if (text.ptr[i - 1] == '.') return MIN(text.len - i, TIME_SCALE_MAX);
        if (text.ptr[i - 1] == ':') break;
    }
    return 0;
}

static Status
literal_time(Binder *b, const Expr *e, BoundExpr **ret, Err *err)
{
    const Literal *l = e->literal;
    Str text = str_trim(l->text);
    if (l->kind == LITERAL_DATE) {
        i32 days;
        if (date_parse(text.ptr, text.len, &days) != TEXT_OK) {
            return literal_malformed(b, e, "DATE", "DATE '2024-01-31'", err);
        }
        *ret = bind_const_slot(b, type_of(TYPE_DATE), &days, e->pos, e->width);
        return ERR_OK;
    }
    i64 us;
    TypeKind kind = TYPE_TIMESTAMP;
    if (l->kind == LITERAL_TIME) {
        kind = TYPE_TIME;
        if (time_parse(text.ptr, text.len, &us) != TEXT_OK) {
            return literal_malformed(b, e, "TIME", "TIME '10:00:00'", err);
        }
    } else if (l->kind == LITERAL_TIMESTAMP_LTZ) {
        kind = TYPE_TIMESTAMP_LTZ;
        const TimeZone *zone = b->env->session->zone;
        if (!zone) zone = timezone_utc();
        if (timestamp_ltz_parse(text.ptr, text.len, zone, &us) != TEXT_OK) {
            return literal_malformed(b, e, "TIMESTAMP_LTZ", "TIMESTAMP_LTZ '2024-01-31 10:00:00'",
                                     err);
        }
    } else if (timestamp_parse(text.ptr, text.len, &us) != TEXT_OK) {
        return literal_malformed(b, e, "TIMESTAMP", "TIMESTAMP '2024-01-31 10:00:00'", err);
    }
    Type type = type_timestamp(kind, literal_fraction(text));
    *ret = bind_const_slot(b, type, &us, e->pos, e->width);
    return ERR_OK;
}

static Status
literal_interval(Binder *b, const Expr *e, BoundExpr **ret, Err *err)
{
    const Literal *l = e->literal;
    CalendarUnit start, end;
    bool ok = calendar_unit_find(str_from(time_unit_text(l->interval.start)), &start);
    end = start;
    if (ok && l->interval.end != UNIT_NONE) {
        ok = calendar_unit_find(str_from(time_unit_text(l->interval.end)), &end);
    }
    i64 value = 0;
    if (!ok || interval_parse(str_trim(l->text), start, end, &value) != TEXT_OK) {
        return literal_malformed(b, e, "INTERVAL", "INTERVAL '5' MINUTE", err);
    }
    if (l->negative) value = -value; /* fields are bounded, so this cannot overflow */
    bool months = start == CAL_YEAR || start == CAL_QUARTER || start == CAL_MONTH;
    Type type = type_of(months ? TYPE_INTERVAL_YM : TYPE_INTERVAL_DT);
    *ret = bind_const_slot(b, type, &value, e->pos, e->width);
    return ERR_OK;
}

Status
bind_literal(Binder *b, const Expr *e, BoundExpr **ret, Err *err)
{
    switch (e->literal->kind) {
    case LITERAL_NULL:
        *ret = bind_null(b, type_of(TYPE_NULL), e->pos, e->width);
        return ERR_OK;
    case LITERAL_BOOL:
        *ret = bind_const_bool(b, e->literal->boolean, e->pos, e->width);
        return ERR_OK;
    case LITERAL_INTEGER:
        return literal_integer(b, e, ret, err);
    case LITERAL_DECIMAL:
        return literal_decimal(b, e, ret, err);
    case LITERAL_DOUBLE:
        return literal_double(b, e, ret, err);
    case LITERAL_STRING:
    case LITERAL_BINARY:
        return literal_text(b, e, ret, err);
    case LITERAL_DATE:
    case LITERAL_TIME:
    case LITERAL_TIMESTAMP:
    case LITERAL_TIMESTAMP_LTZ:
        return literal_time(b, e, ret, err);
    case LITERAL_INTERVAL:
        return literal_interval(b, e, ret, err);
    }
    UNREACHABLE();
}
