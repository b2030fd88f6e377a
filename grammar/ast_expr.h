/* ast_expr.h - names, types and expressions of the AST; ast.h, which includes it, says what holds
 * for all nodes. */
#pragma once
#include "base/arena.h"
#include "base/str.h"

/* 1,000: a recursive walk with 1 KB frames takes 1 MB of stack, an eighth of the usual limit. */
enum { AST_HEIGHT_MAX = 1000 };

typedef struct Expr Expr;
typedef struct Query Query;
typedef struct TableRef TableRef;
typedef struct TypeName TypeName;
typedef struct Stmt Stmt;

/* ---- Names ---- */

/* One identifier as written, backticks removed. Absent: text.ptr is NULL. */
typedef struct Name {
    Str text;
    u32 pos, width;
} Name;

typedef struct NameList {
    Name *at;
    u32 len;
} NameList;

/* A dotted name of one or more parts: [catalog.][database.]object, or table.column.field. */
typedef struct Path {
    Name *at;
    u32 len; /* 0: absent */
    u32 pos, width;
} Path;

/* The part that names the thing itself: the last one. */
static inline Name
path_last(const Path *p)
{
    assert(p->len > 0);
    return p->at[p->len - 1];
}

typedef struct StrList {
    Str *at;
    u32 len;
} StrList;

/* 'key' = 'value' in WITH, SET, OPTIONS hints. */
typedef struct OptionDef {
    Str key, value;
    u32 pos, width;             /* the key */
    u32 value_pos, value_width; /* the value */
} OptionDef;

typedef struct OptionList {
    OptionDef *at;
    u32 len;
} OptionList;

/* OPTIONS('k'='v'), STATE_TTL('a'='1d'), LOOKUP('table'='t', ...), BROADCAST(t). Either
 * key-value pairs or plain arguments (names, strings, numbers as text), never both. */
typedef struct Hint {
    Name name;
    OptionList options;
    StrList args;
    u32 pos, width;
} Hint;

typedef struct HintList {
    Hint *at;
    u32 len;
} HintList;

/* ---- Types ---- */

typedef enum TimeUnit {
    UNIT_NONE,
    UNIT_YEAR,
    UNIT_QUARTER,
    UNIT_MONTH,
    UNIT_WEEK,
    UNIT_DAY,
    UNIT_HOUR,
    UNIT_MINUTE,
    UNIT_SECOND,
    UNIT_MILLISECOND,
    UNIT_MICROSECOND,
    UNIT_NANOSECOND,
    UNIT_EPOCH,
    UNIT_DECADE,
    UNIT_CENTURY,
    UNIT_MILLENNIUM,
    UNIT_DOW,
    UNIT_ISODOW,
    UNIT_DOY,
    UNIT_ISOYEAR,
    UNIT_COUNT
} TimeUnit;

/* YEAR(4) TO MONTH, DAY TO SECOND(3). end is UNIT_NONE without TO. Precisions are -1 when not
 * written. */
typedef struct IntervalQual {
    TimeUnit start, end;
    i32 precision, fraction;
} IntervalQual;

typedef struct TypeField {
    Name name;
    TypeName *type;
    Str comment; /* ptr NULL: none */
} TypeField;

typedef enum Nullability { NULLS_UNSAID, NULLS_ALLOWED, NULLS_NOT } Nullability;

/* A type as written. name is upper case with several words joined to Flink's short spelling:
 * DOUBLE PRECISION -> DOUBLE, CHAR VARYING -> VARCHAR, BINARY VARYING -> VARBINARY,
 * TIMESTAMP WITH LOCAL TIME ZONE -> TIMESTAMP_LTZ, TIMESTAMP WITH TIME ZONE -> TIMESTAMP_TZ,
 * T ARRAY -> ARRAY<T>, T MULTISET -> MULTISET<T>. Synonyms of one word (DEC, INTEGER) stay.
 *   ARRAY, MULTISET: args[0]     MAP: args[0], args[1]     ROW: fields
 *   INTERVAL: interval           RAW('class', 'snapshot'): texts
 * Any other name may come with params. Whether the name is a type is the binder's business. */
struct TypeName {
    u32 pos, width;
    u16 height;
    u8 params; /* how many of param are set: VARCHAR(10) has 1, DECIMAL(10, 2) has 2 */
    Nullability nulls;
    Str name;
    i64 param[2];
    TypeName *args[2];
    TypeField *fields;
    u32 fields_len;
    IntervalQual interval;
    StrList texts;
};

/* ---- Expressions ---- */

typedef struct ExprList {
    Expr **at;
    u32 len;
} ExprList;

typedef enum OrderNulls { ORDER_NULLS_UNSAID, ORDER_NULLS_FIRST, ORDER_NULLS_LAST } OrderNulls;

typedef struct OrderItem {
    Expr *expr;
    bool desc;
    OrderNulls nulls;
} OrderItem;

typedef struct OrderList {
    OrderItem *at;
    u32 len;
} OrderList;

typedef enum ExprKind {
    EXPR_LITERAL,
    EXPR_COLUMN,     /* a, t.a, a.b.c: the binder decides which part is a table or a field */
    EXPR_STAR,       /* *, t.*, * EXCEPT (a, b), (row_value).*; also COUNT(*)'s argument */
    EXPR_UNARY,      /* -x, +x, NOT x */
    EXPR_BINARY,     /* a + b, a = b, a || b, (a, b) OVERLAPS (c, d) */
    EXPR_LOGIC,      /* a AND b AND c; a OR b: two arguments or more */
    EXPR_IS,         /* x IS [NOT] NULL | TRUE | FALSE | UNKNOWN | JSON ... */
    EXPR_DISTINCT,   /* a IS [NOT] DISTINCT FROM b */
    EXPR_BETWEEN,    /* x [NOT] BETWEEN [SYMMETRIC] a AND b */
    EXPR_LIKE,       /* x [NOT] LIKE | ILIKE | RLIKE | SIMILAR TO p [ESCAPE e] */
    EXPR_IN,         /* x [NOT] IN (list) or (query) */
    EXPR_QUANTIFIED, /* x op ANY | ALL (query) or (list) */
    EXPR_EXISTS,     /* EXISTS (query) */
    EXPR_SUBQUERY,   /* (query) as a value, or as a table argument */
    EXPR_CASE,       /* CASE [x] WHEN a THEN b ... [ELSE c] END */
    EXPR_CAST,       /* CAST(x AS t), TRY_CAST(x AS t), x::t */
    EXPR_CALL,       /* f(...), with everything that may follow it */
    EXPR_ROW,        /* ROW(a, b) and (a, b) */
    EXPR_ARRAY,      /* ARRAY[a, b] */
    EXPR_MAP,        /* MAP[k, v, ...]: an even number of arguments */
    EXPR_FIELD,      /* (x).name, f(x).name, a[1].name */
    EXPR_INDEX,      /* a[i], m['k'] */
    EXPR_SYMBOL,     /* a bare word as an argument: a time unit, BOTH | LEADING | TRAILING */
    EXPR_NAMED_ARG,  /* name => x */
    EXPR_DESCRIPTOR, /* DESCRIPTOR(ts) */
    EXPR_TABLE_ARG,  /* TABLE t [PARTITION BY ...] [ORDER BY ...] as an argument */
    EXPR_DEFAULT,    /* DEFAULT as an argument or in VALUES */
    EXPR_KIND_COUNT
} ExprKind;

typedef enum LiteralKind {
    LITERAL_NULL,
    LITERAL_BOOL,          /* boolean; UNKNOWN is LITERAL_NULL */
    LITERAL_INTEGER,       /* text: digits only, of any length, no sign */
    LITERAL_DECIMAL,       /* text: digits with one point: 1.5, .5, 1. */
    LITERAL_DOUBLE,        /* text: with an exponent: 1e3, 1.5E-3 */
    LITERAL_STRING,        /* text: decoded UTF-8 (as valid as the script was) */
    LITERAL_BINARY,        /* text: the bytes of X'...' */
    LITERAL_DATE,          /* text: what stands in the quotes, not checked */
    LITERAL_TIME,          /* same */
    LITERAL_TIMESTAMP,     /* same */
    LITERAL_TIMESTAMP_LTZ, /* same */
    LITERAL_INTERVAL       /* text, negative (INTERVAL -'1' DAY), interval; the text not checked */
} LiteralKind;

typedef struct Literal {
    LiteralKind kind;
    bool boolean, negative;
    IntervalQual interval;
    Str text;
} Literal;

typedef enum UnaryOp { UNARY_NEG, UNARY_POS, UNARY_NOT } UnaryOp;

typedef enum BinaryOp {
    OP_ADD,
    OP_SUB,
    OP_MUL,
    OP_DIV,
    OP_MOD, /* a % b; MOD(a, b) is a call */
    OP_CONCAT,
    OP_EQ, /* = and == */
    OP_NE, /* <> and != */
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE,
    OP_OVERLAPS,
    BINARY_OP_COUNT
} BinaryOp;

typedef enum LogicOp { LOGIC_AND, LOGIC_OR } LogicOp;

typedef enum IsKind {
    IS_NULL,
    IS_TRUE,
    IS_FALSE,
    IS_UNKNOWN,
    IS_JSON, /* IS JSON and IS JSON VALUE */
    IS_JSON_SCALAR,
    IS_JSON_ARRAY,
    IS_JSON_OBJECT
} IsKind;

typedef enum LikeKind { LIKE_LIKE, LIKE_ILIKE, LIKE_RLIKE, LIKE_SIMILAR } LikeKind;

typedef struct CaseWhen {
    Expr *when, *then;
} CaseWhen;

typedef enum SetQuantifier { QUANTIFIER_NONE, QUANTIFIER_ALL, QUANTIFIER_DISTINCT } SetQuantifier;
typedef enum NullTreatment { NULLS_AS_DEFAULT, NULLS_IGNORE, NULLS_RESPECT } NullTreatment;
/* FINAL LAST(a.x), RUNNING LAST(a.x) in MEASURES and DEFINE. */
typedef enum CallTime { CALL_TIME_UNSAID, CALL_RUNNING, CALL_FINAL } CallTime;

typedef enum FrameMode { FRAME_NONE, FRAME_ROWS, FRAME_RANGE } FrameMode;
typedef enum BoundKind {
    BOUND_UNBOUNDED_PRECEDING,
    BOUND_PRECEDING, /* expr */
    BOUND_CURRENT_ROW,
    BOUND_FOLLOWING, /* expr */
    BOUND_UNBOUNDED_FOLLOWING
} BoundKind;

typedef struct FrameBound {
    BoundKind kind;
    Expr *expr; /* NULL unless PRECEDING or FOLLOWING */
    u32 pos, width;
} FrameBound;

/* OVER w: by_name, base = w, nothing else. OVER (w PARTITION BY ...): base = w and the rest.
 * OVER (PARTITION BY ...): base absent. The frame's end is CURRENT ROW when not written. */
typedef struct WindowSpec {
    u32 pos, width;
    bool by_name;
    Name base;
    ExprList partition_by;
    OrderList order_by;
    FrameMode mode;
    FrameBound start, end; /* only when mode is not FRAME_NONE */
} WindowSpec;

typedef enum JsonBehavior {
    JSON_UNSAID,
    JSON_NULL,
    JSON_ERROR,
    JSON_DEFAULT, /* with its expression */
    JSON_EMPTY_ARRAY,
    JSON_EMPTY_OBJECT,
    JSON_TRUE, /* JSON_EXISTS only, as FALSE and UNKNOWN */
    JSON_FALSE,
    JSON_UNKNOWN
} JsonBehavior;

typedef enum JsonWrapper {
    JSON_WRAPPER_UNSAID,
    JSON_WRAPPER_WITHOUT,
    JSON_WRAPPER_CONDITIONAL,
    JSON_WRAPPER_UNCONDITIONAL /* WITH WRAPPER alone means this */
} JsonWrapper;

typedef enum JsonOnNull { JSON_ON_NULL_UNSAID, JSON_NULL_ON_NULL, JSON_ABSENT_ON_NULL } JsonOnNull;

/* The clauses behind the arguments of a JSON function; NULL in Call when none is written. */
typedef struct JsonClause {
    TypeName *returning;
    JsonWrapper wrapper;
    JsonBehavior on_empty, on_error;
    Expr *empty_default, *error_default;
    JsonOnNull on_null;
} JsonClause;

/* Special syntaxes become plain argument lists under the function's name:
 *   EXTRACT(HOUR FROM x)       EXTRACT(SYMBOL HOUR, x)
 *   TRIM(BOTH c FROM x)       TRIM(SYMBOL BOTH, c, x); TRIM(c FROM x) means this too
 *   TRIM(BOTH FROM x)          TRIM(SYMBOL BOTH, x)
 *   SUBSTRING(x FROM a FOR b)  SUBSTRING(x, a, b)
 *   OVERLAY(x PLACING y FROM a FOR b)  OVERLAY(x, y, a, b)
 *   POSITION(a IN b)           POSITION(a, b)
 *   CEIL(x TO DAY), FLOOR(..)  CEIL(x, SYMBOL DAY)
 *   TIMESTAMPADD(DAY, n, x), TIMESTAMPDIFF(DAY, a, b)   first argument SYMBOL DAY
 *   JSON_OBJECT(KEY a VALUE b, 'c' : d)     JSON_OBJECT(a, b, 'c', d)
 *   CURRENT_TIMESTAMP          CURRENT_TIMESTAMP() with bare set
 * The function's name keeps the case it was written in: compare without case. */
typedef struct Call {
    Path func;
    ExprList args;
    SetQuantifier quantifier; /* COUNT(DISTINCT x) */
    OrderList order_by;       /* ARRAY_AGG(x ORDER BY y) */
    OrderList within_group;   /* LISTAGG(x) WITHIN GROUP (ORDER BY y) */
    Expr *filter;             /* FILTER (WHERE x); NULL: none */
    NullTreatment nulls;
    CallTime time;
    WindowSpec *over; /* NULL: none */
    JsonClause *json; /* NULL: none */
    bool bare;        /* written without parentheses */
} Call;

struct Expr {
    ExprKind kind;
    u32 pos, width;
    u16 height;
    bool negated; /* IS, DISTINCT, BETWEEN, LIKE, IN: written with NOT */
    union {
        Literal *literal;
        Path column;
        struct {
            Path table;      /* len 0: a bare * */
            Expr *base;      /* (x).*; NULL otherwise */
            NameList except; /* * EXCEPT (a, b), * EXCLUDE (a, b) */
        } star;
        struct {
            UnaryOp op;
            Expr *arg;
        } unary;
        struct {
            BinaryOp op;
            Expr *left, *right;
        } binary; /* also EXPR_DISTINCT, where op is not set */
        struct {
            LogicOp op;
            ExprList args;
        } logic;
        struct {
            IsKind is;
            Expr *arg;
        } is;
        struct {
            Expr *arg, *low, *high;
            bool symmetric;
        } between;
        struct {
            LikeKind like;
            Expr *arg, *pattern, *escape; /* escape NULL: none */
        } like;
        struct {
            Expr *arg;
            ExprList list;
            Query *query; /* NULL: list */
        } in;
        struct {
            BinaryOp op;
            bool all; /* ALL; otherwise ANY or SOME */
            Expr *arg;
            ExprList list;
            Query *query; /* NULL: list */
        } quantified;
        Query *query; /* EXISTS, SUBQUERY */
        struct {
            Expr *operand; /* NULL: searched CASE */
            CaseWhen *whens;
            u32 whens_len;
            Expr *otherwise; /* NULL: no ELSE */
        } cases;
        struct {
            Expr *arg;
            TypeName *type;
            bool try_cast;
        } cast;
        Call *call;
        ExprList args; /* ROW, ARRAY, MAP */
        struct {
            Expr *arg;
            Name name;
        } field;
        struct {
            Expr *arg, *index;
        } index;
        Str symbol; /* upper case; a time unit is singular: DAY, never DAYS */
        struct {
            Name name;
            Expr *arg;
        } named_arg;
        NameList descriptor;
        struct {
            TableRef *table; /* TABLE t: TABLE_NAME; TABLE (query): TABLE_QUERY */
            ExprList partition_by;
            OrderList order_by;
        } table_arg;
    };
};
