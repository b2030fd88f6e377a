/* planner.h - from an AST to a physical plan; pure: no I/O beyond what PlannerEnv does.
 *
 *   ast -bind_*.c-> logical plan -pass_*.c-> same, smaller -physical.c-> plan.h -explain.c-> text
 */
#pragma once
#include "base/err.h"
#include "catalog/catalog.h"
#include "grammar/ast.h"
#include "planner/plan.h"

/* A table's definition, bound: what DESCRIBE shows and connectors are asked with. */
typedef struct TableColumn {
    Column column;       /* with its time attribute */
    ColumnKind kind;     /* grammar/ast.h */
    Str metadata_key;    /* METADATA [FROM 'key'] */
    bool is_virtual;     /* METADATA VIRTUAL: not written by sinks */
    BoundExpr *computed; /* over the physical and metadata columns, in their order */
    Str computed_sql;    /* for DESCRIBE */
    Str comment;
    u32 field; /* physical and metadata: number among those; else UINT32_MAX */
    u32 pos, width;
} TableColumn;

/* 'scan.watermark.*' */
typedef struct WatermarkOptions {
    i64 idle_timeout_us; /* -1: as the session has it */
    i64 max_advance_us;  /* 0: no limit */
    i64 late_keep;       /* 'late.keep': how many late rows can be read; 0: none */
} WatermarkOptions;

enum { LATE_KEEP = 10000, LATE_KEEP_MAX = 1000000 };

typedef struct TableDef {
    Str name;
    TableColumn *columns;
    u32 ncolumns;
    u32 nfields;          /* physical and metadata columns */
    u32 watermark_col;    /* UINT32_MAX: none */
    BoundExpr *watermark; /* over all columns */
    Str watermark_sql;
    WatermarkOptions watermark_options;
    u32 *primary_key;
    u32 nprimary_key;
    u32 *partitioned_by; /* columns */
    u32 npartitioned_by;
    OptionList options;
    Str comment;
    u32 pos;
    PlanOwned *owned; /* see table_def_done() */
} TableDef;

/* What the front desk does for the planner. */
typedef struct PlannerEnv {
    void *ctx;
    Catalog *catalog;
    const FuncTable *funcs;
    const Session *session;
    u32 parallel;        /* workers that the job will have, >= 1 */
    bool optimize;       /* false: binding and physical planning only (test mode) */
    i64 idle_timeout_us; /* of unbounded tables that do not say otherwise; 0: never idle */
    /* '5 s' as options have it. NULL: the planner's options cannot be given. */
    bool (*duration)(Str text, i64 *ret_us);
    /* Check a table's options and give the connector's view of it. hints: OPTIONS('k'='v') that
     * override. *ret_bounded: does its source end? */
    Status (*table_spec)(void *ctx, Arena *a, const TableDef *def, const OptionList *hints,
                         const struct TableSpec **ret_spec, bool *ret_bounded, Err *err);
    /* The name of a table with the rows of state('job', 'operator'). NULL: there is none. */
    Status (*state_table)(void *ctx, Arena *a, Str job, Str op, Str *ret_table, Err *err);
    /* t$late: the name of a table with the late rows of table t. NULL: there is none. */
    Status (*late_table)(void *ctx, Arena *a, Str table, Str *ret_table, Err *err);
} PlannerEnv;

/* CREATE TABLE's AST to a definition. Everything lives in a. */
Status plan_table_def(const PlannerEnv *env, Arena *a, const CreateTable *create,
                      TableDef **ret_def, Err *err) MUST_USE;
/* The definition of a table in the catalog. W2002 with the nearest name. */
Status plan_find_table(const PlannerEnv *env, Arena *a, const Path *name, TableDef **ret_def,
                       Err *err) MUST_USE;
/* Is this option of a table read here? table_spec() leaves it alone then. */
bool plan_owns_option(Str key);
/* A query whose rows go to the caller (a RESULT root). */
Status plan_query(const PlannerEnv *env, Arena *a, const Query *query, Plan **ret_plan,
                  Err *err) MUST_USE;
/* INSERTs that run together as one job: a SINK root each. */
Status plan_inserts(const PlannerEnv *env, Arena *a, const Insert *const *inserts, u32 n,
                    Plan **ret_plan, Err *err) MUST_USE;
/* Is the view's query, or the macro's body, well formed against the catalog? For CREATE. */
Status plan_check_view(const PlannerEnv *env, Arena *a, const CreateView *view, Schema *ret_schema,
                       Err *err) MUST_USE;
Status plan_check_function(const PlannerEnv *env, Arena *a, const CreateFunction *f,
                           Err *err) MUST_USE;

/* EXPLAIN's tree; changelog_mode prints each edge's mode. */
void plan_explain(StrBuf *out, const Plan *plan, bool changelog_mode);
void plan_explain_json(StrBuf *out, const Plan *plan);

/* What the state of n means, as text: kind, expressions with their constants, keys, aggregates,
 * window, and the names and types of columns; nothing of parallelism or of places in the script.
 * Equal texts of all nodes with the same ids mean that what was stored under the old plan fits the
 * new one. Adds nothing for the nodes that only parallelism brings (LOCAL_AGG, EXCHANGE). */
void node_describe(const PlanNode *n, StrBuf *out);

/* Constants hold counted buffers, which an arena does not free: call these before the arena goes.
 * NULL is fine. A Plan that failed to bind leaves nothing behind. */
void plan_done(Plan *plan);
void table_def_done(TableDef *def);
