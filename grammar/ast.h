/* ast.h - what the grammar builds: the statement as written, nothing resolved.
 *
 *   Stmt -> Query -> Select -> SelectItem -> Expr          TypeName (CAST, DDL)
 *                      '-> TableRef (a tree of joins)       Path (a.b.c), Name
 *
 * Every node lives in the statement's arena and carries `pos`, a byte offset into the whole
 * script, and `width`, the bytes of the construct, so that any later room can underline it.
 * Texts (Str) are decoded: no quotes, no doubled quotes, no backticks; they point into the
 * arena or into the script, so the script must outlive the AST. Names keep their case. Nodes
 * do not change once parse_statement() has returned.
 *
 * Lists are {at, len}; at is NULL when len is 0. "Absent" is a NULL pointer, or a Name or Str
 * whose ptr is NULL (an empty string literal has a ptr).
 *
 * Depth: AND and OR are lists and may be of any length. All other nesting, left-deep chains
 * (a + b + c ...) and chains of joins included, is bounded: no path from a statement to a leaf
 * passes more than AST_HEIGHT_MAX nodes with a height (Expr, Query, TableRef, TypeName,
 * MatchPattern, GroupElem), so that recursion over the tree is safe. Beyond it: W1005.
 *
 * Not here: printing is ast_print.h, comparing ast_equal.h, building parse.h. */
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

/* ---- Queries ---- */

typedef struct SelectItem {
    Expr *expr;
    Name alias; /* absent: none */
    u32 pos, width;
} SelectItem;

typedef struct SelectItemList {
    SelectItem *at;
    u32 len;
} SelectItemList;

typedef enum GroupKind {
    GROUP_EXPR,  /* one expression */
    GROUP_SET,   /* (a, b) or (): args are GROUP_EXPR */
    GROUP_SETS,  /* GROUPING SETS (...): args of any kind */
    GROUP_CUBE,  /* args are GROUP_EXPR or GROUP_SET */
    GROUP_ROLLUP /* same */
} GroupKind;

typedef struct GroupElem GroupElem;
struct GroupElem {
    GroupKind kind;
    u32 pos, width;
    u16 height;
    Expr *expr;       /* GROUP_EXPR */
    GroupElem **args; /* the others */
    u32 len;
};

typedef struct GroupBy {
    bool present; /* GROUP BY was written; GROUP BY () is present with one empty GROUP_SET */
    bool all;     /* GROUP BY ALL: every select item that is no aggregate */
    GroupElem **at;
    u32 len;
    u32 pos, width;
} GroupBy;

typedef struct NamedWindow {
    Name name;
    WindowSpec *spec;
} NamedWindow;

typedef struct Select {
    u32 pos, width;
    bool distinct;
    HintList hints;
    SelectItemList items;
    TableRef *from; /* NULL: SELECT without FROM */
    Expr *where;    /* NULL: none, as having and qualify */
    GroupBy group_by;
    Expr *having;
    NamedWindow *windows;
    u32 windows_len;
    Expr *qualify;
} Select;

typedef struct Cte {
    Name name;
    NameList columns; /* len 0: the query's own */
    Query *query;
} Cte;

typedef enum QueryKind {
    QUERY_SELECT,
    QUERY_VALUES,
    QUERY_TABLE, /* TABLE t */
    QUERY_SETOP,
    QUERY_NEST /* (query), where both the inner and the outer have ORDER BY, LIMIT or WITH */
} QueryKind;

typedef enum SetOp { SETOP_UNION, SETOP_INTERSECT, SETOP_EXCEPT } SetOp; /* MINUS is EXCEPT */

/* A query expression with its tail. Redundant parentheses leave no trace. */
struct Query {
    QueryKind kind;
    u32 pos, width;
    u16 height;
    Cte *ctes; /* WITH */
    u32 ctes_len;
    union {
        Select *select;
        ExprList rows; /* VALUES: each an EXPR_ROW; VALUES 1, 2 has rows of one column */
        Path table;
        struct {
            SetOp op;
            bool all;
            Query **at; /* two or more, applied left to right; len = number */
            u32 len;
        } setop;
        Query *inner;
    };
    OrderList order_by;
    Expr *limit;  /* NULL: none or ALL; FETCH FIRST n ROWS ONLY is LIMIT n */
    Expr *offset; /* NULL: none */
};

typedef enum TableKind {
    TABLE_NAME,
    TABLE_FILE,   /* FROM 'x.csv' */
    TABLE_QUERY,  /* derived table; VALUES too */
    TABLE_FUNC,   /* TUMBLE(...), TABLE(f(...)), LATERAL TABLE(f(x)), state('job', 'op') */
    TABLE_UNNEST, /* UNNEST(x [, y]) [WITH ORDINALITY] */
    TABLE_JOIN,
    TABLE_MATCH /* t MATCH_RECOGNIZE (...) */
} TableKind;

typedef enum JoinKind {
    JOIN_INNER,
    JOIN_LEFT,
    JOIN_RIGHT,
    JOIN_FULL,
    JOIN_CROSS, /* CROSS JOIN and the comma */
    JOIN_SEMI,  /* LEFT SEMI JOIN */
    JOIN_ANTI
} JoinKind;

typedef struct Join {
    JoinKind kind;
    bool natural;
    TableRef *left, *right;
    Expr *on; /* NULL: none */
    NameList using_names;
    u32 pos, width; /* the words between the two sides */
} Join;

typedef enum PatternKind {
    PATTERN_SYMBOL,
    PATTERN_CONCAT,  /* A B C */
    PATTERN_ALT,     /* A | B */
    PATTERN_REPEAT,  /* args[0] min..max times */
    PATTERN_PERMUTE, /* PERMUTE(A, B) */
    PATTERN_EXCLUDE  /* {- A -} */
} PatternKind;

typedef struct MatchPattern MatchPattern;
struct MatchPattern {
    PatternKind kind;
    u32 pos, width;
    u16 height;
    Name symbol;
    MatchPattern **args;
    u32 len;
    i64 min, max;   /* max -1: no bound */
    bool reluctant; /* a trailing ? */
};

typedef struct MatchSubset {
    Name name;
    NameList symbols;
} MatchSubset;

typedef struct MatchDefine {
    Name name;
    Expr *cond;
} MatchDefine;

typedef enum RowsPerMatch {
    ROWS_PER_MATCH_UNSAID,
    ROWS_PER_MATCH_ONE,
    ROWS_PER_MATCH_ALL,
    ROWS_PER_MATCH_ALL_SHOW_EMPTY,
    ROWS_PER_MATCH_ALL_OMIT_EMPTY,
    ROWS_PER_MATCH_ALL_WITH_UNMATCHED
} RowsPerMatch;

typedef enum AfterMatch {
    AFTER_MATCH_UNSAID,
    AFTER_MATCH_NEXT_ROW,
    AFTER_MATCH_PAST_LAST_ROW,
    AFTER_MATCH_TO_FIRST, /* with a symbol */
    AFTER_MATCH_TO_LAST   /* with a symbol; SKIP TO a means this */
} AfterMatch;

typedef struct Match {
    TableRef *input;
    ExprList partition_by;
    OrderList order_by;
    SelectItemList measures; /* every item has an alias */
    RowsPerMatch rows_per_match;
    AfterMatch after;
    Name after_symbol;
    bool anchor_start, anchor_end; /* ^ and $ */
    MatchPattern *pattern;
    Expr *within; /* an interval; NULL: none */
    MatchSubset *subsets;
    u32 subsets_len;
    MatchDefine *defines;
    u32 defines_len;
    u32 pos, width; /* the MATCH_RECOGNIZE word */
} Match;

struct TableRef {
    TableKind kind;
    u32 pos, width;
    u16 height;
    bool lateral;
    Name alias;       /* absent: none */
    NameList columns; /* alias (a, b) */
    union {
        struct {
            Path path;
            HintList hints;
            Expr *as_of; /* FOR SYSTEM_TIME AS OF x; NULL: none */
        } name;
        Str file;
        Query *query;
        struct {
            Expr *call;   /* EXPR_CALL */
            bool wrapped; /* TABLE(...) was written */
        } func;
        struct {
            ExprList args;
            bool ordinality;
        } unnest;
        Join *join;
        Match *match;
    };
};

/* ---- Statements: tables ---- */

typedef enum ColumnKind {
    COLUMN_PHYSICAL,
    COLUMN_COMPUTED, /* c AS expr */
    COLUMN_METADATA, /* c TYPE METADATA [FROM 'key'] [VIRTUAL] */
    COLUMN_NAMED     /* a bare name: CREATE TABLE t (a, b) AS SELECT ... */
} ColumnKind;

typedef enum ColumnPlace { PLACE_UNSAID, PLACE_FIRST, PLACE_AFTER } ColumnPlace;

typedef struct ColumnDef {
    Name name;
    ColumnKind kind;
    u32 pos, width;
    TypeName *type;   /* PHYSICAL, METADATA; nullability is in the type */
    Expr *expr;       /* COMPUTED */
    Str metadata_key; /* ptr NULL: none */
    bool is_virtual;
    Str comment;       /* ptr NULL: none */
    ColumnPlace place; /* ALTER TABLE ADD, MODIFY */
    Name after;
} ColumnDef;

typedef enum ConstraintKind { CONSTRAINT_PRIMARY_KEY, CONSTRAINT_UNIQUE } ConstraintKind;
typedef enum Enforced { ENFORCED_UNSAID, ENFORCED_NOT, ENFORCED_YES } Enforced;

typedef struct ConstraintDef {
    ConstraintKind kind;
    Enforced enforced;
    Name name;        /* CONSTRAINT name; absent: none */
    NameList columns; /* the column's name when it was written at the column itself */
    u32 pos, width;
} ConstraintDef;

typedef struct WatermarkDef {
    Path column;
    Expr *expr;
    u32 pos, width;
} WatermarkDef;

/* What stands in the parentheses of CREATE TABLE, ALTER TABLE ADD and MODIFY, kind by kind in
 * the order of writing. */
typedef struct TableElems {
    ColumnDef *columns;
    u32 columns_len;
    ConstraintDef *constraints;
    u32 constraints_len;
    WatermarkDef *watermarks; /* more than one parses; the binder refuses */
    u32 watermarks_len;
} TableElems;

typedef enum LikeFeature {
    LIKE_FEATURE_ALL,
    LIKE_FEATURE_CONSTRAINTS,
    LIKE_FEATURE_DISTRIBUTION,
    LIKE_FEATURE_GENERATED,
    LIKE_FEATURE_METADATA,
    LIKE_FEATURE_OPTIONS,
    LIKE_FEATURE_PARTITIONS,
    LIKE_FEATURE_WATERMARKS
} LikeFeature;

typedef enum LikeMerge { LIKE_INCLUDING, LIKE_EXCLUDING, LIKE_OVERWRITING } LikeMerge;

typedef struct LikeOption {
    LikeMerge merge;
    LikeFeature feature;
} LikeOption;

typedef enum DistributionKind {
    DISTRIBUTION_NONE,
    DISTRIBUTION_UNSAID, /* DISTRIBUTED BY (a), DISTRIBUTED INTO 4 BUCKETS */
    DISTRIBUTION_HASH,
    DISTRIBUTION_RANGE
} DistributionKind;

typedef struct CreateTable {
    Path name;
    bool or_replace, temporary, if_not_exists;
    TableElems elems;
    Str comment; /* ptr NULL: none */
    NameList partitioned_by;
    DistributionKind distribution;
    NameList distributed_by;
    i64 buckets; /* -1: not written */
    OptionList options;
    bool has_with; /* WITH (...) was written, maybe empty */
    Path like;     /* len 0: none */
    LikeOption *like_options;
    u32 like_options_len;
    Query *query; /* AS SELECT; NULL: none */
} CreateTable;

typedef enum AlterKind {
    ALTER_RENAME,        /* to */
    ALTER_RENAME_COLUMN, /* column, new_column */
    ALTER_SET,           /* options */
    ALTER_RESET,         /* keys */
    ALTER_ADD,           /* elems */
    ALTER_MODIFY,        /* elems */
    ALTER_DROP_COLUMNS,  /* columns */
    ALTER_DROP_PRIMARY_KEY,
    ALTER_DROP_CONSTRAINT, /* column is its name */
    ALTER_DROP_WATERMARK,
    ALTER_AS /* ALTER VIEW v AS query */
} AlterKind;

/* ALTER TABLE and ALTER VIEW. */
typedef struct Alter {
    bool view, if_exists;
    Path name;
    AlterKind kind;
    u32 kind_pos, kind_width; /* the words that say what is done */
    Path to;
    Path column; /* of more parts: a nested field */
    Name new_column;
    OptionList options;
    StrList keys;
    TableElems elems;
    Path *columns;
    u32 columns_len;
    Query *query;
} Alter;

/* ---- Statements: other objects ---- */

typedef struct CreateView {
    Path name;
    bool or_replace, temporary, if_not_exists;
    NameList columns;        /* len 0: the query's own */
    StrList column_comments; /* as many as columns, ptr NULL: none; or len 0 */
    Str comment;
    Query *query;
    u32 query_pos, query_width; /* the query's text in the script, as written */
} CreateView;

typedef struct MacroParam {
    Name name;
    TypeName *type;
} MacroParam;

/* A SQL macro: CREATE FUNCTION f(a INT, b STRING) RETURNS INT RETURN a + 1.
 * Flink's CREATE FUNCTION f AS 'class' parses too: class_name set, body NULL. */
typedef struct CreateFunction {
    Path name;
    bool or_replace, temporary, if_not_exists;
    MacroParam *params;
    u32 params_len;
    TypeName *returns;
    Expr *body;
    u32 body_pos, body_width;
    Str class_name, language; /* ptr NULL: none */
} CreateFunction;

typedef struct CreateModel {
    Path name;
    bool or_replace, temporary, if_not_exists;
    TableElems input, output; /* physical columns only */
    Str comment;
    OptionList options;
} CreateModel;

/* CREATE CATALOG c [COMMENT 'x'] [WITH (...)], CREATE DATABASE d ... */
typedef struct CreateSpace {
    bool catalog;
    Path name;
    bool if_not_exists;
    Str comment;
    OptionList options;
} CreateSpace;

typedef struct CreateIndex {
    bool unique, if_not_exists;
    Path name;
    Path table;
    OrderList columns;
} CreateIndex;

typedef enum ObjectKind {
    OBJECT_TABLE,
    OBJECT_VIEW,
    OBJECT_FUNCTION,
    OBJECT_MODEL,
    OBJECT_CATALOG,
    OBJECT_DATABASE,
    OBJECT_INDEX,
    OBJECT_KIND_COUNT
} ObjectKind;

typedef struct Drop {
    ObjectKind object;
    bool temporary, if_exists, cascade, restrict_;
    Path name;
} Drop;

/* ---- Statements: jobs ---- */

typedef struct PartitionValue {
    Name name;
    Expr *value; /* NULL: PARTITION (dt) */
} PartitionValue;

typedef struct Insert {
    bool overwrite;
    bool execute; /* EXECUTE INSERT ...: the same */
    Path table;
    HintList hints;
    PartitionValue *partition;
    u32 partition_len;
    NameList columns; /* len 0: all */
    Query *query;
} Insert;

typedef struct StatementSet {
    bool begin_form; /* BEGIN STATEMENT SET; ... END, not EXECUTE STATEMENT SET BEGIN ... END */
    Stmt **at;       /* each a STMT_INSERT */
    u32 len;
} StatementSet;

enum {
    EXPLAIN_ESTIMATED_COST = 1,
    EXPLAIN_CHANGELOG_MODE = 2,
    EXPLAIN_JSON = 4, /* JSON and JSON_EXECUTION_PLAN */
    EXPLAIN_PLAN_ADVICE = 8,
    EXPLAIN_ANALYZE = 16
};

typedef struct Explain {
    u32 details; /* bits from above */
    Stmt *stmt;  /* query, insert, statement set, CREATE TABLE AS */
} Explain;

typedef struct StopJob {
    Str job;
    u32 job_pos, job_width;
    bool with_savepoint, with_drain;
} StopJob;

typedef struct Copy {
    Query *query; /* COPY t TO 'file' is COPY (TABLE t) TO 'file' */
    Str file;
    u32 file_pos, file_width;
    OptionList options;
} Copy;

/* ---- Statements: looking, settings ---- */

typedef enum ShowKind {
    SHOW_TABLES,
    SHOW_VIEWS,
    SHOW_FUNCTIONS,
    SHOW_USER_FUNCTIONS,
    SHOW_MODELS,
    SHOW_CATALOGS,
    SHOW_DATABASES,
    SHOW_CURRENT_CATALOG,
    SHOW_CURRENT_DATABASE,
    SHOW_COLUMNS,    /* FROM name */
    SHOW_PARTITIONS, /* name */
    SHOW_INDEXES,
    SHOW_CREATE_TABLE, /* name */
    SHOW_CREATE_VIEW,
    SHOW_CREATE_FUNCTION,
    SHOW_CREATE_MODEL,
    SHOW_CREATE_CATALOG,
    SHOW_JOBS,
    SHOW_MODULES,
    SHOW_SETTINGS,
    SHOW_KIND_COUNT
} ShowKind;

typedef struct Show {
    ShowKind kind;
    Path name;     /* SHOW CREATE x name, COLUMNS FROM name, TABLES FROM database; len 0: none */
    bool not_like; /* LIKE only */
    bool ilike;
    Str like; /* ptr NULL: none */
} Show;

typedef enum DescribeKind {
    DESCRIBE_TABLE, /* table or view */
    DESCRIBE_FILE,
    DESCRIBE_FUNCTION,
    DESCRIBE_MODEL,
    DESCRIBE_CATALOG,
    DESCRIBE_DATABASE,
    DESCRIBE_JOB, /* text: the job */
    DESCRIBE_QUERY
} DescribeKind;

typedef struct Describe {
    DescribeKind kind;
    bool extended;
    Path name;
    Str text; /* FILE, JOB */
    u32 text_pos, text_width;
    Query *query; /* DESCRIBE SELECT ... */
} Describe;

/* SUMMARIZE t | 'file' | query. */
typedef struct Summarize {
    TableRef *table; /* TABLE_NAME, TABLE_FILE or TABLE_QUERY */
} Summarize;

typedef enum UseKind { USE_DATABASE, USE_CATALOG, USE_MODULES } UseKind;

typedef struct Use {
    UseKind kind;
    Path name;        /* DATABASE, CATALOG */
    NameList modules; /* MODULES */
} Use;

/* SET 'k' = 'v', SET k = v (a dotted key, any single value as text). key.ptr NULL: a bare SET,
 * or a bare RESET, which means all. */
typedef struct Setting {
    Str key, value;
    u32 key_pos, key_width;
    u32 value_pos, value_width;
} Setting;

typedef enum StmtKind {
    STMT_QUERY,
    STMT_INSERT,
    STMT_STATEMENT_SET,
    STMT_COPY,
    STMT_EXPLAIN,
    STMT_CREATE_TABLE,
    STMT_ALTER,
    STMT_CREATE_VIEW,
    STMT_CREATE_FUNCTION,
    STMT_CREATE_MODEL,
    STMT_CREATE_SPACE,
    STMT_CREATE_INDEX,
    STMT_DROP,
    STMT_SHOW,
    STMT_DESCRIBE,
    STMT_SUMMARIZE,
    STMT_USE,
    STMT_SET,
    STMT_RESET,
    STMT_STOP_JOB,
    STMT_KIND_COUNT
} StmtKind;

struct Stmt {
    StmtKind kind;
    u32 pos, width; /* without the closing semicolon */
    union {
        Query *query;
        Insert *insert;
        StatementSet *set;
        Copy *copy;
        Explain *explain;
        CreateTable *create_table;
        Alter *alter;
        CreateView *create_view;
        CreateFunction *create_function;
        CreateModel *create_model;
        CreateSpace *create_space;
        CreateIndex *create_index;
        Drop *drop;
        Show *show;
        Describe *describe;
        Summarize *summarize;
        Use *use;
        Setting *setting; /* SET, RESET */
        StopJob *stop_job;
    };
};

/* ---- Texts of enumerators, for messages and names (upper case, as SQL spells them) ---- */

const char *binary_op_text(BinaryOp op);       /* "+", "=", "<>" */
const char *time_unit_text(TimeUnit unit);     /* "DAY"; "" for UNIT_NONE */
const char *object_kind_text(ObjectKind kind); /* "TABLE" */
const char *show_kind_text(ShowKind kind);     /* "CREATE TABLE" */
const char *stmt_kind_text(StmtKind kind);     /* "CREATE TABLE", "EXPLAIN" */
/* The unit a word names, singular or plural, any case; UNIT_NONE when it names none. */
TimeUnit time_unit_find(Str word);
