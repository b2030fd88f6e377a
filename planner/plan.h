/* plan.h - the contract between planner/ and exec/: everything that exec/ is told.
 *
 * One tree of PlanNodes per statement (a job has several roots). The binder builds it, the passes
 * rewrite it, physical.c splits aggregates and puts in the exchanges; after that it is read-only
 * and lives in its arena as long as the job runs. Running state is a parallel tree (exec/). */
#pragma once
#include "base/arena.h"
#include "catalog/func.h"

/* ---- schema ------------------------------------------------------------------------------- */

typedef enum TimeAttr { ATTR_NONE, ATTR_ROWTIME, ATTR_PROCTIME } TimeAttr;

typedef struct Column {
    Str name;
    Type type;
    TimeAttr attr; /* ROWTIME: the event time that the watermark speaks of */
} Column;

typedef struct Schema {
    Column *at;
    u32 len;
} Schema;

/* ---- expressions -------------------------------------------------------------------------- */

typedef enum BoundExprKind {
    BOUND_COLUMN, /* column of the input */
    BOUND_CONST,
    BOUND_CALL, /* strict or NULL-aware kernel over all arguments */
    BOUND_AND,  /* n-ary, three-valued, later arguments only matter where earlier ones allow */
    BOUND_OR,
    BOUND_CASE, /* args: cond1, value1, cond2, value2, ..., [else] */
} BoundExprKind;

/* A bound scalar expression: names are gone, only column numbers and kernels remain. */
typedef struct BoundExpr BoundExpr;
struct BoundExpr {
    BoundExprKind kind;
    Type type;
    u32 pos, width; /* where it came from in the script, for run-time errors */
    u32 nargs;
    BoundExpr **args;
    union {
        u32 column;
        Vector constant; /* CONST of len 1; its buffers are owned by the plan */
        struct {
            const FuncDef *def; /* the CAST row for casts */
            FuncKernel kernel;
            const void *data;
        } call;
    };
};

typedef struct BoundAgg {
    AggCall call;
    BoundExpr *args[FUNC_ARGS_MAX]; /* plain column references after the binder's projection */
    BoundExpr *filter;              /* column reference of a BOOLEAN, or NULL */
    bool distinct;
} BoundAgg;

typedef struct SortKey {
    u32 column;
    bool descending;
    bool nulls_first; /* resolved: Flink's default is NULLs first when ascending, last when not */
} SortKey;

/* ---- windows ------------------------------------------------------------------------------ */

typedef enum WindowKind {
    WINDOW_NONE,
    WINDOW_TUMBLE,
    WINDOW_HOP,
    WINDOW_CUMULATE,
    WINDOW_SESSION,
    WINDOW_ATTACHED, /* of an aggregate: rows bring their window's bounds in two columns */
} WindowKind;

typedef struct TimeWindow {
    WindowKind kind;
    WindowKind of;  /* ATTACHED: what the bounds are bounds of */
    u32 time_col;   /* of the input; ATTACHED: end_col */
    Type time_type; /* of the time column; windows over a TIMESTAMP_LTZ are cut by the session's
                     * clock. ATTACHED: of the column that the windows were cut by */
    i64 size_us;    /* SESSION: the gap */
    i64 slide_us;   /* HOP: slide, CUMULATE: step; else 0 */
    i64 offset_us;
    i64 unit_us;    /* 1,000 or 1: what "end - unit" means (DIALECT 4) */
    u32 *partition; /* SESSION PARTITION BY columns; of an aggregate: the same set as its keys */
    u32 npartition;
    u32 start_col, end_col; /* ATTACHED: of the input */
    bool event_time;        /* false: PROCTIME() window */
    bool bounded_only; /* no declared watermark: closes at the end of the input, no row is late */
} TimeWindow;

/* ---- nodes -------------------------------------------------------------------------------- */

typedef enum PlanKind {
#define PLAN(id, name, text) PLAN_##id,
#include "planner/plan_nodes.def"
#undef PLAN
    PLAN_COUNT
} PlanKind;

/* What a row on this edge may be. */
typedef enum EdgeMode { EDGE_APPEND, EDGE_UPSERT, EDGE_RETRACT } EdgeMode;

typedef enum ExchangeKind {
    EXCHANGE_GATHER,  /* many to one, as they come */
    EXCHANGE_ORDERED, /* many to one, in the order of source chunks (Batch.seq) */
    EXCHANGE_HASH,    /* many to many: panes of a LOCAL_AGG, shared by the hash of the key */
} ExchangeKind;

/* A cheap comparison that a decoder may apply while it reads: column <op> constant. */
typedef struct ScanPredicate {
    u32 column; /* of the SCAN's output */
    enum { PRED_EQ, PRED_NE, PRED_LT, PRED_LE, PRED_GT, PRED_GE, PRED_IS_NULL, PRED_NOT_NULL } op;
    Vector constant; /* of the column's type */
} ScanPredicate;

typedef struct PlanNode PlanNode;
struct PlanNode {
    PlanKind kind;
    u32 id;        /* stable across restarts of the same text, whatever the number of workers:
                    * state is named after it */
    u32 pos;       /* in the script */
    EdgeMode mode; /* of the output edge */
    bool ordered;  /* the operator above needs rows in canonical order */
    u32 parallel;  /* subtasks; set by physical.c */
    Schema schema; /* of the output */
    PlanNode **input;
    u32 ninputs;
    union {
        /* Reads columns `source_col[i]` of a table into output column i. */
        struct {
            const struct TableSpec *table; /* connector.h's view of the table */
            const char *name;              /* as people call it, for EXPLAIN and errors */
            u32 *source_col;
            ScanPredicate *preds;
            u32 npreds;
            bool bounded;
        } scan;
        struct {
            BoundExpr **rows; /* nrows * schema.len, row-major; constants */
            u32 nrows;
        } values;
        /* Lateness is decided here: after the computed columns, before any filter. */
        struct {
            u32 time_col;
            BoundExpr *expr;
            i64 max_advance_us;  /* 0: no limit */
            i64 idle_timeout_us; /* 0: never idle */
            u32 late_keep;       /* how many late rows can be read; 0: none */
        } watermark;
        struct {
            BoundExpr *cond;
        } filter;
        struct {
            BoundExpr **exprs; /* schema.len of them */
        } project;
        /* Appends window_start, window_end, window_time to each row, once per window. */
        struct {
            TimeWindow spec;
        } window;
        /* GROUP BY. Output of AGGREGATE and GLOBAL_AGG: group columns in the order of `keys`,
         * then one column per aggregate, then window_start, window_end, window_time for those
         * that win_cols asks for (in this order).
         * LOCAL_AGG sends its panes (tables of partial aggregates, exec/state/pane.h) over an
         * EXCHANGE_HASH to the GLOBAL_AGG above, which takes its share of each by the hash of the
         * key; a GLOBAL_AGG repeats keys, aggs and window of its LOCAL_AGG, whose column numbers
         * speak of the LOCAL_AGG's input. */
        struct {
            u32 *keys; /* input columns */
            u32 nkeys;
            BoundAgg *aggs;
            u32 naggs;
            TimeWindow window; /* WINDOW_NONE: one result at the end of a bounded input */
            bool win_start, win_end, win_time;
            bool sorted; /* the operator above asks for a fixed order: fire in key order */
        } agg;
        /* GROUPING SETS: each row once per set, in the order of the sets, with the columns that the
         * set leaves out as NULL, and the number of the set appended as an INT NOT NULL. */
        struct {
            const bool *gone; /* nsets * (schema.len - 1): column is NULL in the set */
            u32 nsets;
        } expand;
        /* Keeps the first `limit` rows of each partition by `order`; ties are broken by the
         * canonical order. With window_end_col the partition is dropped when its window closes;
         * else it ends with the bounded input. */
        struct {
            u32 *partition;
            u32 npartition;
            SortKey *order;
            u32 norder;
            enum { RANK_ROW_NUMBER, RANK_RANK, RANK_DENSE_RANK } kind;
            u64 limit;
            bool emit_rank;     /* appends the number as BIGINT NOT NULL */
            u32 window_end_col; /* UINT32_MAX: none */
            /* Of the partition: goes with window_end_col and parts nothing further. UINT32_MAX:
             * none, as for sessions, which may end together */
            u32 window_start_col;
            i64 unit_us;
            Type time_type;  /* of the window, as TimeWindow has it */
            bool event_time; /* of the window: as TimeWindow has it */
        } rank;
        struct {
            SortKey *keys;
            u32 nkeys;
            u64 limit; /* UINT64_MAX: none (LIMIT above is fused here too: top-N) */
        } sort;
        struct {
            u64 offset, count; /* count UINT64_MAX: none */
        } limit;
        struct {
            ExchangeKind kind;
        } exchange;
        struct {
            const struct TableSpec *table;
            const char *name;
        } sink;
        /* Rows go to the caller. `updating`: they carry kinds. */
        struct {
            u8 unused;
        } result;
    };
};

typedef struct PlanOwned PlanOwned; /* buffers of constants; plan_done() in planner.h drops them */

typedef struct Plan {
    PlanNode **roots; /* SINK or RESULT nodes */
    u32 nroots;
    u32 nodes; /* ids are 0..nodes-1 */
    bool bounded;
    PlanOwned *owned;
} Plan;

extern const char *const plan_text[PLAN_COUNT];
