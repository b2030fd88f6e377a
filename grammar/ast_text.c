/* ast_text.c - the words of enumerators, and the units of time. */
#include "grammar/ast.h"

static const char *const binary_ops[BINARY_OP_COUNT] = {
    [OP_ADD] = "+",
    [OP_SUB] = "-",
    [OP_MUL] = "*",
    [OP_DIV] = "/",
    [OP_MOD] = "%",
    [OP_CONCAT] = "||",
    [OP_EQ] = "=",
    [OP_NE] = "<>",
    [OP_LT] = "<",
    [OP_LE] = "<=",
    [OP_GT] = ">",
    [OP_GE] = ">=",
    [OP_OVERLAPS] = "OVERLAPS",
};

static const char *const units[UNIT_COUNT] = {
    [UNIT_NONE] = "",
    [UNIT_YEAR] = "YEAR",
    [UNIT_QUARTER] = "QUARTER",
    [UNIT_MONTH] = "MONTH",
    [UNIT_WEEK] = "WEEK",
    [UNIT_DAY] = "DAY",
    [UNIT_HOUR] = "HOUR",
    [UNIT_MINUTE] = "MINUTE",
    [UNIT_SECOND] = "SECOND",
    [UNIT_MILLISECOND] = "MILLISECOND",
    [UNIT_MICROSECOND] = "MICROSECOND",
    [UNIT_NANOSECOND] = "NANOSECOND",
    [UNIT_EPOCH] = "EPOCH",
    [UNIT_DECADE] = "DECADE",
    [UNIT_CENTURY] = "CENTURY",
    [UNIT_MILLENNIUM] = "MILLENNIUM",
    [UNIT_DOW] = "DOW",
    [UNIT_ISODOW] = "ISODOW",
    [UNIT_DOY] = "DOY",
    [UNIT_ISOYEAR] = "ISOYEAR",
};

static const char *const objects[OBJECT_KIND_COUNT] = {
    [OBJECT_TABLE] = "TABLE", [OBJECT_VIEW] = "VIEW",       [OBJECT_FUNCTION] = "FUNCTION",
    [OBJECT_MODEL] = "MODEL", [OBJECT_CATALOG] = "CATALOG", [OBJECT_DATABASE] = "DATABASE",
    [OBJECT_INDEX] = "INDEX",
};

static const char *const shows[SHOW_KIND_COUNT] = {
    [SHOW_TABLES] = "TABLES",
    [SHOW_VIEWS] = "VIEWS",
    [SHOW_FUNCTIONS] = "FUNCTIONS",
    [SHOW_USER_FUNCTIONS] = "USER FUNCTIONS",
    [SHOW_MODELS] = "MODELS",
    [SHOW_CATALOGS] = "CATALOGS",
    [SHOW_DATABASES] = "DATABASES",
    [SHOW_CURRENT_CATALOG] = "CURRENT CATALOG",
    [SHOW_CURRENT_DATABASE] = "CURRENT DATABASE",
    [SHOW_COLUMNS] = "COLUMNS",
    [SHOW_PARTITIONS] = "PARTITIONS",
    [SHOW_INDEXES] = "INDEXES",
    [SHOW_CREATE_TABLE] = "CREATE TABLE",
    [SHOW_CREATE_VIEW] = "CREATE VIEW",
    [SHOW_CREATE_FUNCTION] = "CREATE FUNCTION",
    [SHOW_CREATE_MODEL] = "CREATE MODEL",
    [SHOW_CREATE_CATALOG] = "CREATE CATALOG",
    [SHOW_JOBS] = "JOBS",
    [SHOW_MODULES] = "MODULES",
    [SHOW_SETTINGS] = "SETTINGS",
};

static const char *const stmts[STMT_KIND_COUNT] = {
    [STMT_QUERY] = "SELECT",
    [STMT_INSERT] = "INSERT",
    [STMT_STATEMENT_SET] = "STATEMENT SET",
    [STMT_COPY] = "COPY",
    [STMT_EXPLAIN] = "EXPLAIN",
    [STMT_CREATE_TABLE] = "CREATE TABLE",
    [STMT_ALTER] = "ALTER",
    [STMT_CREATE_VIEW] = "CREATE VIEW",
    [STMT_CREATE_FUNCTION] = "CREATE FUNCTION",
    [STMT_CREATE_MODEL] = "CREATE MODEL",
    [STMT_CREATE_SPACE] = "CREATE DATABASE",
    [STMT_CREATE_INDEX] = "CREATE INDEX",
    [STMT_DROP] = "DROP",
    [STMT_SHOW] = "SHOW",
    [STMT_DESCRIBE] = "DESCRIBE",
    [STMT_SUMMARIZE] = "SUMMARIZE",
    [STMT_USE] = "USE",
    [STMT_SET] = "SET",
    [STMT_RESET] = "RESET",
    [STMT_STOP_JOB] = "STOP JOB",
};

const char *
binary_op_text(BinaryOp op)
{
    assert(op < BINARY_OP_COUNT);
    return binary_ops[op];
}

const char *
time_unit_text(TimeUnit unit)
{
    assert(unit < UNIT_COUNT);
    return units[unit];
}

const char *
object_kind_text(ObjectKind kind)
{
    assert(kind < OBJECT_KIND_COUNT);
    return objects[kind];
}

const char *
show_kind_text(ShowKind kind)
{
    assert(kind < SHOW_KIND_COUNT);
    return shows[kind];
}

const char *
stmt_kind_text(StmtKind kind)
{
    assert(kind < STMT_KIND_COUNT);
    return stmts[kind];
}

/* CENTURIES and MILLENNIA are not worth a table: units up to NANOSECOND take an S. */
TimeUnit
time_unit_find(Str word)
{
    Str odbc = STR("SQL_TSI_"); /* TIMESTAMPADD(SQL_TSI_DAY, ...) */
    bool prefixed = word.len > odbc.len && str_eq_nocase((Str){word.ptr, odbc.len}, odbc);
    if (prefixed) word = (Str){word.ptr + odbc.len, word.len - odbc.len};
    for (u32 i = 1; i < UNIT_COUNT; i++) {
        Str unit = str_from(units[i]);
        if (str_eq_nocase(word, unit)) return (TimeUnit)i;
        bool plural =
            i <= UNIT_NANOSECOND && word.len == unit.len + 1 && (word.ptr[unit.len] | 32) == 's';
        if (plural && str_eq_nocase((Str){word.ptr, unit.len}, unit)) return (TimeUnit)i;
    }
    return UNIT_NONE;
}
