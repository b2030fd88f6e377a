/* bind_type.c - a type as written becomes a Type.
 *
 * One table of names; parameters are checked against the limits of DIALECT 2. Fractions of
 * seconds beyond microseconds (TIMESTAMP(9)) are accepted and kept to six digits. */
#include "planner/bind.h"

typedef enum ParamRule {
    PARAM_NONE,
    PARAM_LENGTH,   /* (n): 1.. */
    PARAM_DECIMAL,  /* (p [, s]) */
    PARAM_FRACTION, /* (p): 0..9 */
} ParamRule;

typedef struct TypeRow {
    const char *name;
    TypeKind kind;
    ParamRule rule;
} TypeRow;

static const TypeRow type_rows[] = {
    {"BOOLEAN", TYPE_BOOLEAN, PARAM_NONE},
    {"TINYINT", TYPE_TINYINT, PARAM_NONE},
    {"SMALLINT", TYPE_SMALLINT, PARAM_NONE},
    {"INT", TYPE_INT, PARAM_NONE},
    {"INTEGER", TYPE_INT, PARAM_NONE},
    {"BIGINT", TYPE_BIGINT, PARAM_NONE},
    {"FLOAT", TYPE_FLOAT, PARAM_NONE},
    {"REAL", TYPE_FLOAT, PARAM_NONE},
    {"DOUBLE", TYPE_DOUBLE, PARAM_NONE},
    {"DECIMAL", TYPE_DECIMAL, PARAM_DECIMAL},
    {"DEC", TYPE_DECIMAL, PARAM_DECIMAL},
    {"NUMERIC", TYPE_DECIMAL, PARAM_DECIMAL},
    {"CHAR", TYPE_CHAR, PARAM_LENGTH},
    {"CHARACTER", TYPE_CHAR, PARAM_LENGTH},
    {"VARCHAR", TYPE_VARCHAR, PARAM_LENGTH},
    {"STRING", TYPE_VARCHAR, PARAM_NONE},
    {"TEXT", TYPE_VARCHAR, PARAM_NONE},
    {"BINARY", TYPE_BINARY, PARAM_LENGTH},
    {"VARBINARY", TYPE_VARBINARY, PARAM_LENGTH},
    {"BYTES", TYPE_VARBINARY, PARAM_NONE},
    {"DATE", TYPE_DATE, PARAM_NONE},
    {"TIME", TYPE_TIME, PARAM_FRACTION},
    {"TIMESTAMP", TYPE_TIMESTAMP, PARAM_FRACTION},
    {"TIMESTAMP_LTZ", TYPE_TIMESTAMP_LTZ, PARAM_FRACTION},
    {"DATETIME", TYPE_TIMESTAMP, PARAM_FRACTION},
};

static const char *const later_types[] = {"ARRAY", "MAP",          "ROW",    "MULTISET",
                                          "RAW",   "TIMESTAMP_TZ", "VARIANT"};

static Status
type_params(const Binder *b, const TypeName *t, ParamRule rule, Type *type, Err *err)
{
    i64 p = t->params > 0 ? t->param[0] : -1, s = t->params > 1 ? t->param[1] : -1;
    u32 most = rule == PARAM_NONE ? 0 : rule == PARAM_DECIMAL ? 2 : 1;
    if (t->params > most) {
        return bind_fail(b, W2021, t->pos, t->width, err, "type %.*s takes %s", STR_ARG(t->name),
                         most == 0   ? "no parameter"
                         : most == 1 ? "one parameter"
                                     : "at most two parameters");
    }
    switch (rule) {
    case PARAM_NONE:
        return ERR_OK;
    case PARAM_LENGTH:
        if (p < 0) return ERR_OK;
        if (p == 0 || p > TYPE_LEN_MAX) {
            return bind_fail(b, W2021, t->pos, t->width, err,
                             "length of %.*s must be between 1 and 2147483647", STR_ARG(t->name));
        }
        type->precision = (u32)p;
        return ERR_OK;
    case PARAM_DECIMAL:
        if (p < 0) return ERR_OK;
        if (p == 0 || p > DECIMAL_PRECISION_MAX) {
            return bind_fail(b, W2021, t->pos, t->width, err,
                             "precision of %.*s must be between 1 and 38", STR_ARG(t->name));
        }
        if (s > p) {
            return bind_fail(b, W2021, t->pos, t->width, err,
                             "scale of %.*s must be between 0 and the precision", STR_ARG(t->name));
        }
        *type = type_decimal((u32)p, s < 0 ? 0 : (u32)s);
        return ERR_OK;
    case PARAM_FRACTION:
        if (p < 0) return ERR_OK;
        if (p > 9) {
            return bind_fail(b, W2021, t->pos, t->width, err,
                             "precision of %.*s must be between 0 and 9", STR_ARG(t->name));
        }
        type->scale = (u8)MIN(p, TIME_SCALE_MAX);
        return ERR_OK;
    }
    UNREACHABLE();
}

static Type
type_interval(const IntervalQual *q)
{
    bool months = q->start == UNIT_YEAR || q->start == UNIT_QUARTER || q->start == UNIT_MONTH;
    return type_of(months ? TYPE_INTERVAL_YM : TYPE_INTERVAL_DT);
}

static Status
type_not_found(const Binder *b, const TypeName *t, Err *err)
{
    for (u32 i = 0; i < ARRAY_LEN(later_types); i++) {
        if (!str_eq_nocase(t->name, str_from(later_types[i]))) continue;
        return bind_fail(b, W2001, t->pos, t->width, err, "type %s is not supported yet",
                         later_types[i]);
    }
    Nearest near = {0};
    for (u32 i = 0; i < ARRAY_LEN(type_rows); i++) {
        nearest_offer(&near, t->name, str_from(type_rows[i].name));
    }
    Status st = bind_fail(b, W2005, t->pos, t->width, err, "type \"%.*s\" does not exist",
                          STR_ARG(t->name));
    if (near.best.len) err_hint(err, st, "Did you mean %.*s?", STR_ARG(near.best));
    return st;
}

Status
bind_type(const Binder *b, const TypeName *t, Type *ret_type, Err *err)
{
    Type type = {0};
    if (str_eq_nocase(t->name, STR("INTERVAL"))) {
        type = type_interval(&t->interval);
    } else {
        const TypeRow *row = NULL;
        for (u32 i = 0; i < ARRAY_LEN(type_rows) && !row; i++) {
            if (str_eq_nocase(t->name, str_from(type_rows[i].name))) row = &type_rows[i];
        }
        if (!row) return type_not_found(b, t, err);
        bool longest = t->params == 0; /* VARCHAR alone is STRING, as in Flink's planner */
        type = row->kind == TYPE_VARCHAR && longest     ? type_string()
               : row->kind == TYPE_VARBINARY && longest ? type_bytes()
                                                        : type_of(row->kind);
        TRY(type_params(b, t, row->rule, &type, err));
    }
    type.not_null = t->nulls == NULLS_NOT;
    *ret_type = type;
    return ERR_OK;
}
