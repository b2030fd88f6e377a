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
#include "grammar/ast_expr.h"

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
