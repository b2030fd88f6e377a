/* bind.h - what the bind_*.c files share: names on the left, column numbers on the right.
 *
 *   Query --bind_query--> Rel = PlanNode + what its columns are called
 *   Expr  --bind_expr---> BoundExpr over the columns of a Rel, in an ExprScope
 *
 * While a SELECT is bound its expressions may read columns that do not exist yet: results of
 * aggregates, of ranks and window bounds. Such slots have numbers from SLOT_AGG on; bind_group.c
 * and bind_rank.c turn them into real columns. */
#pragma once
#include "planner/bound.h"
#include "planner/planner.h"

/* Text that lies in the catalog has no place in the script: its errors point at the name in the
 * script that led there. */
typedef struct Place {
    bool fixed;
    u32 pos, width;
} Place;

/* A buffer-holding constant of the plan; see plan_done(). */
struct PlanOwned {
    PlanOwned *next;
    Vector *vector;
};

typedef struct CteFrame CteFrame;
struct CteFrame {
    const Cte *cte;
    const CteFrame *outer; /* what the CTE's own text sees */
};

typedef struct Binder {
    const PlannerEnv *env;
    Arena *a;
    Place place;
    const CteFrame *ctes;
    PlanOwned *owned;
    u32 depth; /* queries within queries, views and CTEs counted */
    u32 refs;  /* tables, views and CTEs named so far, expansions counted */
    u32 macro_depth, macro_calls;
} Binder;

enum {
    /* 200: chains of WITH get long; a level of binding takes up to 4 KB of stack. */
    QUERY_DEPTH_MAX = 200,
    /* 10,000: a view over views may double at each step; this ends it. */
    TABLE_REFS_MAX = 10000,
    MACRO_DEPTH_MAX = 32,
    /* 10,000: a macro that calls two doubles at each level, which depth alone does not end. */
    MACRO_CALLS_MAX = 10000,
    /* 4,096: of a table, a SELECT, GROUP BY or ORDER BY; also aggregates of one SELECT. Names and
     * equal expressions are searched one by one. */
    COLUMNS_MAX = 4096,
    RANKS_MAX = 64, /* of one SELECT: each is an operator */
};

typedef enum WindowRole { ROLE_NONE, ROLE_START, ROLE_END, ROLE_TIME } WindowRole;

/* A column of a Rel: the node's column of the same number, plus what only names and time need. */
typedef struct RelColumn {
    Str table; /* the alias that qualifies it; empty: none */
    Column column;
    Str hides;  /* a name that means this column, not the other one that is called so: bounds of a
                 * window over rows that have window_start already. Empty: none */
    bool loose; /* event time of a bounded table that declares no watermark */
    WindowRole role;
    const TimeWindow *window; /* whose bound this is, when role is set */
} RelColumn;

typedef struct Rel {
    PlanNode *node;
    RelColumn *at;
    u32 len;
    bool bounded;
} Rel;

enum {
    SLOT_AGG = 0x10000000,
    SLOT_OVER = 0x20000000,
    SLOT_WINDOW = 0x30000000,   /* + WindowRole: of the GROUP BY's window */
    SLOT_GROUPING = 0x40000000, /* + number of the call of GROUPING */
};

/* A named output of a SELECT, before it becomes a column. */
typedef struct Output {
    BoundExpr *expr;
    Str name;
    u32 pos, width;
} Output;

typedef struct OutputList {
    Output *at;
    u32 len, cap;
} OutputList;

typedef struct AggList {
    BoundAgg *at;
    u32 len, cap;
} AggList;

/* ROW_NUMBER() OVER (PARTITION BY ... ORDER BY ...) and its kin. */
typedef struct OverCall {
    int kind; /* RANK_* */
    BoundList partition, order;
    bool *descending, *nulls_first;
    u32 pos, width;
} OverCall;

typedef struct OverList {
    OverCall *at;
    u32 len, cap;
} OverList;

/* GROUPING(a, b), GROUP_ID(): over the input of the GROUP BY. */
typedef struct GroupingCall {
    BoundList args; /* empty: all keys */
    u32 pos, width;
} GroupingCall;

typedef struct GroupingList {
    GroupingCall *at;
    u32 len, cap;
} GroupingList;

/* GROUPING SETS: which keys are in which set. n = 0: all keys in the one set. */
typedef struct GroupSets {
    bool *has; /* n * keys.len */
    u32 n;
    u32 items; /* expressions of GROUP BY so far, equal ones counted again */
} GroupSets;

/* GROUP BY TUMBLE(ts, size): what TUMBLE_START(ts, size) elsewhere in the SELECT must equal. */
typedef struct LegacyWindow {
    TimeWindow spec; /* time_col: of the input of the GROUP BY */
    u32 pos, width;
} LegacyWindow;

typedef struct MacroArgs {
    const MacroParam *params;
    BoundExpr **values;
    u32 len;
} MacroArgs;

/* Where an expression stands: which names it sees, what else is allowed in it. */
typedef struct ExprScope {
    const Rel *rel;            /* NULL: no columns */
    const char *clause;        /* "WHERE": for messages */
    AggList *aggs;             /* collects aggregate calls; NULL: not allowed here */
    OverList *overs;           /* collects ranks; NULL: not allowed here */
    GroupingList *groupings;   /* collects calls of GROUPING; NULL: not allowed here */
    const OutputList *aliases; /* names of outputs, where they may be used */
    bool aliases_first;        /* ORDER BY: an output's name hides a column */
    bool in_agg;               /* within an aggregate's arguments */
    const LegacyWindow *legacy;
    const MacroArgs *macro; /* the body of a macro sees its parameters only */
} ExprScope;

/* "" for one, "s" else. */
static inline const char *
plural(u32 n)
{
    return n == 1 ? "" : "s";
}

/* ---- bind.c: failing, owning ---------------------------------------------------------------- */

/* err_set() at a place of the script or, within catalog text, where that was named. */
Status bind_fail(const Binder *b, ErrCode code, u32 pos, u32 width, Err *err, const char *fmt, ...)
    PRINTF(6, 7);
/* W7003 when n is over max: "a SELECT has at most 4096 columns". */
Status bind_limit(const Binder *b, u32 n, u32 max, const char *whose, const char *what, u32 pos,
                  u32 width, Err *err) MUST_USE;
/* "X is not supported yet" (W2001). */
Status bind_unsupported(const Binder *b, u32 pos, u32 width, const char *what, Err *err);
#ifdef __clang_analyzer__ /* as in base/err.h */
#define bind_fail(...) ((void)bind_fail(__VA_ARGS__), ERR_BIND)
#define bind_unsupported(...) ((void)bind_unsupported(__VA_ARGS__), ERR_UNSUPPORTED)
#endif
u32 bind_pos(const Binder *b, u32 pos);
u32 bind_width(const Binder *b, u32 width);
/* A constant expression that takes over v's content; v is {0} after. */
BoundExpr *bind_const(Binder *b, Vector *v, u32 pos, u32 width);
BoundExpr *bind_const_slot(Binder *b, Type type, const void *slot, u32 pos, u32 width);
BoundExpr *bind_const_text(Binder *b, Str text, u32 pos, u32 width);
BoundExpr *bind_const_bool(Binder *b, bool value, u32 pos, u32 width);
BoundExpr *bind_null(Binder *b, Type type, u32 pos, u32 width);
/* Drops the constants that a failed or finished binding owns. */
void bind_release(PlanOwned *owned);

/* ---- bind_type.c, bind_literal.c ------------------------------------------------------------ */

Status bind_type(const Binder *b, const TypeName *t, Type *ret_type, Err *err) MUST_USE;
Status bind_literal(Binder *b, const Expr *e, BoundExpr **ret, Err *err) MUST_USE;
const char *bind_type_text(const Binder *b, Type t); /* in the arena, for messages */

/* ---- bind_fold.c ---------------------------------------------------------------------------- */

/* The value of a call whose arguments are constants, when that is known before the query runs
 * and raises no error; else e. */
BoundExpr *bind_fold(Binder *b, BoundExpr *e);
/* The same for a whole tree; NULL if it is no constant. Needed where SQL wants a constant, and
 * with optimisation off. */
const Vector *bind_constant(Binder *b, BoundExpr *e);

/* ---- bind_cast.c ---------------------------------------------------------------------------- */

Status bind_cast(Binder *b, BoundExpr *e, Type to, bool try_cast, u32 pos, u32 width,
                 BoundExpr **ret, Err *err) MUST_USE;
/* A quiet conversion: nothing when the types are equal. The caller has checked that it is fine. */
Status bind_coerce(Binder *b, BoundExpr *e, Type to, BoundExpr **ret, Err *err) MUST_USE;
/* Bring n expressions to their common type (CASE, UNION, VALUES, IN). what: "CASE", for W2006. */
Status bind_common(Binder *b, BoundExpr **at, u32 n, const char *what, Type *ret_type,
                   Err *err) MUST_USE;

/* ---- bind_expr.c, bind_call.c, bind_agg.c, bind_rank.c, bind_macro.c ------------------------ */

Status bind_expr(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret, Err *err) MUST_USE;
/* An expression that must be BOOLEAN. */
Status bind_condition(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret,
                      Err *err) MUST_USE;
/* name(args): overload, implicit casts, folding. */
Status bind_func(Binder *b, Str name, BoundExpr **args, u32 nargs, u32 pos, u32 width,
                 BoundExpr **ret, Err *err) MUST_USE;
Status bind_call(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret, Err *err) MUST_USE;
/* Arguments for the clauses behind a JSON function's own two: args has room for JSON_ARGS_MAX. */
enum { JSON_ARGS_MAX = 6 };
Status bind_json_clause(Binder *b, const Expr *e, BoundExpr **args, u32 *nargs, Err *err) MUST_USE;
Status bind_agg_call(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret,
                     Err *err) MUST_USE;
Status bind_over_call(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret,
                      Err *err) MUST_USE;
/* *ret NULL if there is no macro of that name. */
Status bind_macro_call(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret,
                       Err *err) MUST_USE;
/* Put the ranks of a SELECT over rel: each becomes a column, ret_col says which. */
void bind_ranks(Binder *b, const OverList *overs, Rel *rel, u32 *ret_col);
/* Flink's default: NULLs are the smallest value. */
bool order_nulls_first(const OrderItem *o);

/* ---- scope.c -------------------------------------------------------------------------------- */

/* The column that a name of one or two parts means. */
Status scope_column(const Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret,
                    Err *err) MUST_USE;
/* By bare name among rel's columns: its number, UINT32_MAX if there is none. */
u32 scope_find(const Rel *rel, Str name);
/* "clicks has user_id BIGINT, url STRING, ...", cut to fit a hint. */
void scope_describe(const Rel *rel, StrBuf *out);

/* ---- rel.c: nodes with names ---------------------------------------------------------------- */

PlanNode *node_new(Arena *a, PlanKind kind, u32 ninputs, u32 ncolumns);
/* Do the rows of n come to an end? A LIMIT ends even what has no end. */
bool node_ends(const PlanNode *n);
/* FILTER over rel; conditions must be over rel's columns. */
void rel_filter(Binder *b, Rel *rel, BoundExpr *cond);
/* PROJECT over rel. Plain columns keep time attribute and window role. */
void rel_project(Binder *b, Rel *rel, const Output *outs, u32 n);
/* A Rel whose columns are node->schema, without roles. */
Rel rel_of(Binder *b, PlanNode *node, bool bounded);
void rel_alias(Rel *rel, Str table);
void output_add(Binder *b, OutputList *l, Output o);

/* ---- bind_query.c, bind_select.c, bind_from.c, bind_window.c, bind_group.c, bind_order.c ---- */

Status bind_query(Binder *b, const Query *q, Rel *ret, Err *err) MUST_USE;
/* order_by, limit and offset of q apply to its SELECT, so they are bound with it. */
Status bind_select(Binder *b, const Query *q, Rel *ret, Err *err) MUST_USE;
Status bind_table_ref(Binder *b, const TableRef *t, Rel *ret, Err *err) MUST_USE;
Status bind_table_name(Binder *b, const TableRef *t, Rel *ret, Err *err) MUST_USE;
/* Where column col of a query's ncols is written, as well as that can be told. */
void query_column_place(const Query *q, u32 col, u32 ncols, u32 *ret_pos, u32 *ret_width);
Status bind_rename(Binder *b, Rel *rel, const NameList *names, u32 pos, Err *err) MUST_USE;
/* TUMBLE(...), HOP(...), CUMULATE(...), SESSION(...) in FROM. */
bool window_kind_find(Str name, WindowKind *ret_kind);
/* Bounds are TIMESTAMP(3), the window's time is like the column that it was cut by. */
Type window_column_type(WindowRole role, Type time);
Status bind_window_table(Binder *b, const TableRef *t, Rel *ret, Err *err) MUST_USE;
/* TUMBLE(ts, size [, offset]) and its kin in GROUP BY. *ret_is false: another call. */
Status bind_group_window(Binder *b, const Rel *rel, const Expr *e, LegacyWindow *ret, bool *ret_is,
                         Err *err) MUST_USE;
/* TUMBLE_START(ts, size) and its kin: a SLOT_WINDOW column. *ret NULL: another call. */
Status bind_group_window_bound(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret,
                               Err *err) MUST_USE;
/* May column col of rel be an event-time window's time column? Fills spec's time fields. */
Status bind_time_column(const Binder *b, const Rel *rel, u32 col, u32 pos, u32 width,
                        TimeWindow *spec, Err *err) MUST_USE;

/* The rows of a windowed Rel before they were put in windows; see bind_strip.c. */
typedef enum StripKind { STRIP_COLUMN, STRIP_WINDOW, STRIP_MIXED } StripKind;
typedef struct StripColumn {
    StripKind kind;
    BoundExpr *expr; /* COLUMN: of the stripped rel; WINDOW: over SLOT_WINDOW columns */
} StripColumn;
typedef struct Strip {
    PlanNode *node;
    u32 time_col;
    u32 pos; /* of the window's call */
    bool session;
    u32 *partition; /* of the SESSION */
    u32 npartition;
    StripColumn *at;     /* per column of the Rel */
    BoundList postponed; /* conditions over SLOT_WINDOW columns, to apply after the aggregate */
} Strip;
/* False: the rows come from elsewhere (from an aggregate, a rank, a union), or something is done to
 * them that depends on their windows. */
bool window_strip(Binder *b, const Rel *rel, const TimeWindow *window, Strip *ret_strip);
/* The column of rel that is this bound of the window; queries in between that left it out pass it
 * on from now on, and rel has one column more. False: it cannot be had. */
bool window_bound(Binder *b, Rel *rel, const TimeWindow *window, WindowRole role, u32 *ret_col);

/* A SELECT while it is bound. */
typedef struct Selecting {
    const Select *sel;
    Rel rel;
    ExprScope scope; /* points into this struct */
    OutputList outs; /* select items, then hidden ones for ORDER BY */
    u32 nvisible;
    AggList aggs;
    OverList overs;
    GroupingList groupings;
    BoundList keys; /* GROUP BY, without its window call */
    GroupSets sets;
    LegacyWindow legacy;
    bool has_legacy, grouped;
    BoundExpr *having, *qualify;
    SortKey *order; /* columns are numbers of outs */
    u32 norder;
} Selecting;

/* bind_sets.c: GROUP BY TUMBLE(...), before anything else is bound: sets legacy. */
Status bind_group_legacy(Binder *b, Selecting *g, Err *err) MUST_USE;
/* The expressions of GROUP BY, over g->rel: keys and sets. */
Status bind_group_keys(Binder *b, Selecting *g, Err *err) MUST_USE;
/* The number of this key; equal ones are one. */
u32 group_key_add(Binder *b, Selecting *g, BoundExpr *key);
/* Is the key in every set? */
bool group_key_always(const Selecting *g, u32 key);
/* GROUPING, GROUPING_ID, GROUP_ID? Their calls become SLOT_GROUPING columns, */
bool grouping_find(Str name);
Status bind_grouping_call(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret,
                          Err *err) MUST_USE;
/* and in the end expressions over the column that holds the number of the set. */
Status bind_grouping_value(Binder *b, const Selecting *g, u32 number, u32 set_col, BoundExpr **ret,
                           Err *err) MUST_USE;
/* Group g->rel; outs, having, qualify and ranks are rewritten to read the groups. */
Status bind_group(Binder *b, Selecting *g, Err *err) MUST_USE;
/* AGGREGATE on all columns of rel without calls. */
Status bind_distinct(Binder *b, Rel *rel, u32 pos, u32 width, Err *err) MUST_USE;

/* ORDER BY of q: fills g->order, adds hidden outputs. */
Status bind_order(Binder *b, const Query *q, Selecting *g, Err *err) MUST_USE;
/* SORT by the columns of rel in keys, then LIMIT and OFFSET of q. */
Status bind_tail(Binder *b, const Query *q, SortKey *keys, u32 nkeys, Rel *rel, Err *err) MUST_USE;
/* ORDER BY over a query that is no SELECT: its columns by name and number. */
Status bind_order_columns(Binder *b, const Query *q, const Rel *rel, SortKey **ret_keys,
                          Err *err) MUST_USE;
/* Window roles and time attributes end here: rows come when the input has ended. */
void rel_forget_time(Rel *rel);

/* ---- bind_option.c -------------------------------------------------------------------------- */

/* WITH or OPTIONS: no key twice (W2011), and what is said of the watermark goes into *at, where it
 * replaces what is there (W2012 for what is no duration). */
Status bind_options(const Binder *b, const OptionList *list, WatermarkOptions *at,
                    Err *err) MUST_USE;

/* ---- bind_table.c --------------------------------------------------------------------------- */

Status bind_table_def(Binder *b, const CreateTable *create, TableDef **ret_def, Err *err) MUST_USE;
/* A table of the catalog. *ret_entry: what was found, also a view; kind says which. */
Status bind_find(Binder *b, const Path *name, CatalogEntry *ret_entry, Err *err) MUST_USE;
Status bind_stored_table(Binder *b, const CatalogEntry *entry, u32 pos, u32 width,
                         TableDef **ret_def, Err *err) MUST_USE;
/* Its rows: SCAN, computed columns, WATERMARK. */
Status bind_scan(Binder *b, const TableDef *def, const OptionList *hints, Rel *ret,
                 Err *err) MUST_USE;
