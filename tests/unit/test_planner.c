/* test_planner.c - plans as EXPLAIN prints them, errors with what they underline, definitions of
 * tables, and the limits that keep hostile statements small.
 *
 * The catalog and the function table are the real ones; tables' options are not looked at. */
#include "base/mem.h"
#include "base/timezone.h"
#include "connectors/options.h"
#include "exec/funcs/funcs.h"
#include "grammar/parse.h"
#include "planner/planner.h"
#include "tests/unit/test.h"

static const char *const setup[] = {
    "CREATE TABLE clicks (page STRING, user_id BIGINT, price DOUBLE, ts TIMESTAMP(3), "
    "WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'x')",
    "CREATE TABLE raw (page STRING, at STRING, n INT, ts AS TO_TIMESTAMP(at), "
    "WATERMARK FOR ts AS ts - INTERVAL '10' SECOND) WITH ('connector' = 'x')",
    "CREATE TABLE plain (a INT, b STRING, ts TIMESTAMP(3)) WITH ('connector' = 'x')",
    "CREATE TABLE live (a INT, b STRING, ts TIMESTAMP(3)) WITH ('connector' = 'endless')",
    "CREATE TABLE keyed (id BIGINT, v DECIMAL(10, 2), twice AS v * 2, "
    "src STRING METADATA FROM 'file.path' VIRTUAL, PRIMARY KEY (id) NOT ENFORCED) "
    "WITH ('connector' = 'x')",
    "CREATE VIEW per_minute AS SELECT page, window_start, window_end, window_time, COUNT(*) AS n "
    "FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) "
    "GROUP BY page, window_start, window_end, window_time",
    "CREATE TABLE drip (a INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ("
    "'connector' = 'endless')",
    "CREATE VIEW loud AS SELECT UPPER(b) AS s, a FROM plain WHERE a > 0",
    "CREATE FUNCTION twice(x INT) RETURNS INT RETURN x + x",
};

typedef struct World {
    Arena *arena;
    Catalog *catalog;
    Session session;
    PlannerEnv env;
    Err err;
} World;

static Status
world_table_spec(void *ctx, Arena *a, const TableDef *def, const OptionList *hints,
                 const struct TableSpec **ret_spec, bool *ret_bounded, Err *err)
{
    (void)ctx, (void)a, (void)hints, (void)err;
    static const char spec;
    *ret_spec = (const struct TableSpec *)(const void *)&spec; /* nobody looks into it */
    *ret_bounded = true;
    for (u32 i = 0; i < def->options.len; i++) {
        if (str_eq(def->options.at[i].value, STR("endless"))) *ret_bounded = false;
    }
    return ERR_OK;
}

static Stmt *
world_parse(World *w, Str sql)
{
    Stmt *stmt = NULL;
    u32 next;
    Status st = parse_statement(w->arena, sql, 0, &stmt, &next, &w->err);
    if (st) fprintf(stderr, "%.*s\n  does not parse: %s\n", STR_ARG(sql), w->err.text);
    return st ? NULL : stmt;
}

static Status
world_define(World *w, const Stmt *stmt, CatalogEntry *ret_entry)
{
    TableDef *def = NULL;
    Schema schema;
    Status st;
    if (stmt->kind == STMT_CREATE_TABLE) {
        ret_entry->kind = CATALOG_TABLE;
        ret_entry->name = path_last(&stmt->create_table->name).text;
        st = plan_table_def(&w->env, w->arena, stmt->create_table, &def, &w->err);
        table_def_done(def);
    } else if (stmt->kind == STMT_CREATE_VIEW) {
        ret_entry->kind = CATALOG_VIEW;
        ret_entry->name = path_last(&stmt->create_view->name).text;
        st = plan_check_view(&w->env, w->arena, stmt->create_view, &schema, &w->err);
    } else {
        ret_entry->kind = CATALOG_FUNCTION;
        ret_entry->name = path_last(&stmt->create_function->name).text;
        st = plan_check_function(&w->env, w->arena, stmt->create_function, &w->err);
    }
    return st;
}

static Status
world_create(World *w, const char *sql)
{
    Stmt *stmt = world_parse(w, str_from(sql));
    CatalogEntry entry = {.sql = str_from(sql)};
    bool done;
    if (!stmt) return ERR_SYNTAX;
    Status st = world_define(w, stmt, &entry);
    if (st) return st;
    return catalog_create(w->catalog, &entry, true, false, 0, &done, &w->err);
}

static void
world_open(World *w)
{
    *w = (World){.arena = arena_new(), .session = {.zone = timezone_utc()}};
    CHECK(!catalog_open(NULL, &w->catalog, &w->err));
    w->env = (PlannerEnv){.catalog = w->catalog,
                          .funcs = &exec_func_table,
                          .parallel = 1,
                          .optimize = true,
                          .idle_timeout_us = 30000000,
                          .duration = duration_parse,
                          .table_spec = world_table_spec};
    w->env.session = &w->session;
    for (u32 i = 0; i < ARRAY_LEN(setup); i++) CHECK(!world_create(w, setup[i]));
}

static void
world_close(World *w)
{
    catalog_close(w->catalog);
    arena_free(w->arena);
}

static Status
world_plan(World *w, Str sql, Plan **ret_plan)
{
    Stmt *stmt = world_parse(w, sql);
    if (!stmt) return ERR_SYNTAX;
    if (stmt->kind == STMT_QUERY) {
        return plan_query(&w->env, w->arena, stmt->query, ret_plan, &w->err);
    }
    if (stmt->kind == STMT_INSERT) {
        const Insert *insert = stmt->insert;
        return plan_inserts(&w->env, w->arena, &insert, 1, ret_plan, &w->err);
    }
    CatalogEntry entry = {0};
    return world_define(w, stmt, &entry);
}

/* ---- plans ---------------------------------------------------------------------------------- */

static const struct {
    u32 parallel;
    bool optimize;
    const char *sql, *plan;
} plan_cases[] = {
#define PLAN_CASE(parallel, optimize, sql, plan) {parallel, optimize, sql, plan},
#include "tests/unit/planner_plans.def"
#undef PLAN_CASE
};

static void
planner_plans(void)
{
    for (u32 i = 0; i < ARRAY_LEN(plan_cases); i++) {
        World w;
        world_open(&w);
        w.env.parallel = plan_cases[i].parallel;
        w.env.optimize = plan_cases[i].optimize;
        Plan *plan = NULL;
        StrBuf text = {0};
        Status st = world_plan(&w, str_from(plan_cases[i].sql), &plan);
        CHECK(!st);
        if (st) fprintf(stderr, "%s\n  %s\n", plan_cases[i].sql, w.err.text);
        if (!st) plan_explain(&text, plan, false);
        bool same = !st && str_eq(strbuf_view(&text), str_from(plan_cases[i].plan));
        CHECK(same);
        if (!same) fprintf(stderr, "%s\n%s", plan_cases[i].sql, st ? "" : text.ptr);
        strbuf_done(&text);
        plan_done(plan);
        world_close(&w);
    }
}

/* ---- errors --------------------------------------------------------------------------------- */

static const struct {
    const char *sql;
    ErrCode code;
    const char *under, *text, *hint;
} fail_cases[] = {
#define FAIL_CASE(sql, code, under, text, hint) {sql, code, under, text, hint},
#include "tests/unit/planner_errors.def"
#undef FAIL_CASE
};

static void
planner_errors(void)
{
    World w;
    world_open(&w);
    for (u32 i = 0; i < ARRAY_LEN(fail_cases); i++) {
        Plan *plan = NULL;
        Str sql = str_from(fail_cases[i].sql);
        Status st = world_plan(&w, sql, &plan);
        CHECK(st == errcode_status(fail_cases[i].code));
        bool inside = st && w.err.pos <= sql.len && w.err.width <= sql.len - w.err.pos;
        CHECK(inside);
        if (!inside) continue;
        Str under = {sql.ptr + w.err.pos, w.err.width};
        bool same = w.err.code == fail_cases[i].code &&
                    str_eq(under, str_from(fail_cases[i].under)) &&
                    strcmp(w.err.text, fail_cases[i].text) == 0 &&
                    strcmp(w.err.hint, fail_cases[i].hint) == 0;
        CHECK(same);
        if (!same) {
            fprintf(stderr, "%s\n  %s at \"%.*s\": %s\n  hint: %s\n", sql.ptr,
                    errcode_name(w.err.code), STR_ARG(under), w.err.text, w.err.hint);
        }
    }
    world_close(&w);
}

/* An error in a view's own text points at where the view is named. */
static void
planner_error_in_view(void)
{
    World w;
    world_open(&w);
    bool done;
    CHECK(!catalog_drop(w.catalog, CATALOG_TABLE, STR("plain"), false, 0, &done, &w.err));
    Plan *plan = NULL;
    CHECK(world_plan(&w, STR("SELECT s FROM loud"), &plan) == ERR_BIND);
    CHECK(w.err.pos == 14 && w.err.width == 4);
    CHECK(strcmp(w.err.text, "in view \"loud\": table \"plain\" does not exist") == 0);
    world_close(&w);
}

/* ---- definitions ---------------------------------------------------------------------------- */

static void
planner_table_def(void)
{
    World w;
    world_open(&w);
    Stmt *stmt = world_parse(
        &w, STR("CREATE TABLE t (a INT NOT NULL, d AS b * 2, b DECIMAL(10, 2), p AS PROCTIME(), "
                "ts TIMESTAMP(9), src STRING METADATA VIRTUAL, "
                "WATERMARK FOR ts AS ts - INTERVAL '90' SECOND, PRIMARY KEY (b) NOT ENFORCED) "
                "PARTITIONED BY (a) WITH ('connector' = 'x')"));
    TableDef *def = NULL;
    CHECK(stmt && !plan_table_def(&w.env, w.arena, stmt->create_table, &def, &w.err));
    if (!def) return;
    const TableColumn *c = def->columns;
    CHECK(def->ncolumns == 6 && def->nfields == 4);
    CHECK(c[0].field == 0 && c[0].column.type.not_null);
    CHECK(c[1].computed && c[1].field == UINT32_MAX && str_eq(c[1].computed_sql, STR("b * 2")));
    CHECK(c[1].computed->args[0]->column == 1); /* b is field 1 */
    CHECK(c[2].field == 1 && c[2].column.type.not_null);
    CHECK(c[3].column.attr == ATTR_PROCTIME);
    CHECK(c[4].column.attr == ATTR_ROWTIME && c[4].column.type.scale == 6);
    CHECK(c[5].is_virtual && str_eq(c[5].metadata_key, STR("src")));
    CHECK(def->watermark_col == 4 && def->nprimary_key == 1 && def->primary_key[0] == 2);
    CHECK(def->npartitioned_by == 1 && def->partitioned_by[0] == 0);
    CHECK(str_eq(def->watermark_sql, STR("ts - INTERVAL '90' SECOND")));
    table_def_done(def);
    world_close(&w);
}

static void
planner_schema_of_view(void)
{
    World w;
    world_open(&w);
    Stmt *stmt = world_parse(&w, STR("CREATE VIEW v (x, y) AS SELECT a, COUNT(*) FROM plain "
                                     "GROUP BY a"));
    Schema schema = {0};
    CHECK(stmt && !plan_check_view(&w.env, w.arena, stmt->create_view, &schema, &w.err));
    CHECK(schema.len == 2 && str_eq(schema.at[0].name, STR("x")));
    CHECK(schema.len == 2 && schema.at[1].type.kind == TYPE_BIGINT && schema.at[1].type.not_null);
    world_close(&w);
}

/* ---- shapes --------------------------------------------------------------------------------- */

/* "0 Result(...)\n1 Filter(...)\n": what stored state is compared by. Ids run in preorder from 0
 * on; those that only parallelism brings lie above. */
static void
shape_text(const PlanNode *n, const Plan *plan, u32 *next, u32 *above, StrBuf *out)
{
    StrBuf text = {0};
    CHECK(n->parallel >= 1 && n->mode == EDGE_APPEND && n->id < plan->nodes);
    node_describe(n, &text);
    if (n->kind == PLAN_EXCHANGE || n->kind == PLAN_LOCAL_AGG) {
        CHECK(text.len == 0);
        ++*above;
    } else {
        CHECK(n->id == (*next)++);
        strbuf_printf(out, "%u %.*s\n", n->id, STR_ARG(strbuf_view(&text)));
    }
    strbuf_done(&text);
    for (u32 i = 0; i < n->ninputs; i++) shape_text(n->input[i], plan, next, above, out);
}

static void
shape_of(const char *sql, u32 parallel, StrBuf *out)
{
    World w;
    world_open(&w);
    w.env.parallel = parallel;
    Plan *plan = NULL;
    CHECK(!world_plan(&w, str_from(sql), &plan));
    u32 next = 0, above = 0;
    if (plan) shape_text(plan->roots[0], plan, &next, &above, out);
    CHECK(plan && next + above == plan->nodes);
    CHECK(parallel == 1 ? above == 0 : above > 0);
    plan_done(plan);
    world_close(&w);
}

static bool
shape_same(const char *x, u32 x_parallel, const char *y, u32 y_parallel)
{
    StrBuf of_x = {0}, of_y = {0};
    shape_of(x, x_parallel, &of_x);
    shape_of(y, y_parallel, &of_y);
    bool same = str_eq(strbuf_view(&of_x), strbuf_view(&of_y));
    strbuf_done(&of_x);
    strbuf_done(&of_y);
    return same;
}

static void
planner_ids(void)
{
    const char *sql = "SELECT b, COUNT(*) FROM plain GROUP BY b UNION ALL "
                      "SELECT page, user_id FROM clicks";
    CHECK(shape_same(sql, 1, sql, 4));
    CHECK(shape_same(sql, 2, sql, 3));
}

/* What must not go on with another query's state reads differently; what may reads the same. */
static void
planner_describe(void)
{
    static const char *const queries[] = {
        "SELECT b, SUM(a) FROM plain GROUP BY b",
        "SELECT b, SUM(a) FROM plain WHERE a > 3 GROUP BY b",
        "SELECT b, SUM(a) FROM plain WHERE a > 4 GROUP BY b",
        "SELECT b, SUM(a * 2) FROM plain GROUP BY b",
        "SELECT b, SUM(a * 3) FROM plain GROUP BY b",
        "SELECT b, SUM(DISTINCT a) FROM plain GROUP BY b",
        "SELECT b, MAX(a) FROM plain GROUP BY b",
        "SELECT b, SUM(a) FILTER (WHERE a > 3) FROM plain GROUP BY b",
        "SELECT ts, SUM(a) FROM plain GROUP BY ts",
        "SELECT TUMBLE_START(ts, INTERVAL '1' MINUTE), COUNT(*) FROM clicks "
        "GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE)",
        "SELECT TUMBLE_START(ts, INTERVAL '2' MINUTE), COUNT(*) FROM clicks "
        "GROUP BY TUMBLE(ts, INTERVAL '2' MINUTE)",
        "SELECT page, COUNT(*) FROM (VALUES ('a', 1), ('b', 2), ('c', 3), ('d', 4), ('e', 5)) "
        "AS v (page, n) GROUP BY page",
        "SELECT page, COUNT(*) FROM (VALUES ('a', 1), ('b', 2), ('c', 3), ('d', 4), ('f', 5)) "
        "AS v (page, n) GROUP BY page",
    };
    for (u32 i = 0; i < ARRAY_LEN(queries); i++) {
        for (u32 k = 0; k < ARRAY_LEN(queries); k++) {
            CHECK(shape_same(queries[i], 1, queries[k], 1) == (i == k));
        }
    }
    CHECK(shape_same("SELECT b, SUM(a) FROM plain GROUP BY b", 1,
                     "-- a note\nSELECT b,  SUM(a)\nFROM plain GROUP BY b", 4));
}

/* The JSON form, and edges' modes. */
static void
planner_json(void)
{
    World w;
    world_open(&w);
    w.env.parallel = 4;
    Plan *plan = NULL;
    CHECK(!world_plan(&w, STR("SELECT b, COUNT(*) FROM plain GROUP BY b"), &plan));
    if (plan) {
        CHECK(plan->bounded);
        StrBuf json = {0};
        plan_explain_json(&json, plan);
        CHECK(strstr(json.ptr, "{\"id\": 0, \"type\": \"Result\"") != NULL);
        CHECK(strstr(json.ptr, "\"parallelism\": 4") != NULL);
        strbuf_done(&json);
        plan_explain(&json, plan, true);
        CHECK(strstr(json.ptr, "Result(select=[b, EXPR$1], changelogMode=[I])") != NULL);
        strbuf_done(&json);
    }
    plan_done(plan);
    world_close(&w);
}

/* ---- limits --------------------------------------------------------------------------------- */

static Status
limit_plan(World *w, const StrBuf *sql)
{
    Plan *plan = NULL;
    Status st = world_plan(w, strbuf_view(sql), &plan);
    plan_done(plan);
    return st;
}

/* Each step doubles what is before it: 2 to the power of 60 parts, if they were written out. */
static void
planner_limits_expressions(void)
{
    World w;
    world_open(&w);
    StrBuf sql = {0};
    strbuf_printf(&sql, "SELECT ");
    for (u32 i = 0; i < 60; i++) strbuf_printf(&sql, "twice(");
    strbuf_printf(&sql, "a");
    for (u32 i = 0; i < 60; i++) strbuf_printf(&sql, ")");
    strbuf_printf(&sql, " FROM plain");
    CHECK(limit_plan(&w, &sql) == ERR_LIMIT && w.err.code == W7003);

    strbuf_clear(&sql);
    strbuf_printf(&sql, "SELECT 1 FROM plain WHERE ");
    for (u32 i = 0; i < 60; i++) strbuf_printf(&sql, "(");
    strbuf_printf(&sql, "TRUE");
    for (u32 i = 0; i < 60; i++) strbuf_printf(&sql, ") BETWEEN SYMMETRIC (a > 1) AND (a > 2)");
    CHECK(limit_plan(&w, &sql) == ERR_LIMIT && w.err.code == W7003);

    /* Each level of projection doubles: x + x is computed below, not put in twice. */
    strbuf_clear(&sql);
    strbuf_printf(&sql, "WITH q0 AS (SELECT a AS x FROM plain)");
    for (u32 i = 1; i < 60; i++) {
        strbuf_printf(&sql, ", q%u AS (SELECT x + x AS x FROM q%u WHERE x > 0)", i, i - 1);
    }
    strbuf_printf(&sql, " SELECT x FROM q59 WHERE x > 5");
    CHECK(limit_plan(&w, &sql) == ERR_OK);
    strbuf_done(&sql);
    world_close(&w);
}

/* 1,024 sets, and thousands of parts that would make each of them longer. */
static void
planner_limits_sets(void)
{
    World w;
    world_open(&w);
    StrBuf sql = {0};
    strbuf_printf(&sql, "SELECT COUNT(*) FROM plain GROUP BY CUBE (a");
    for (u32 i = 1; i < 10; i++) strbuf_printf(&sql, ", a + %u", i);
    strbuf_printf(&sql, ")");
    for (u32 i = 0; i < 4000; i++) strbuf_printf(&sql, ", GROUPING SETS ((b))");
    CHECK(limit_plan(&w, &sql) == ERR_OK);
    for (u32 i = 0; i < 100; i++) strbuf_printf(&sql, ", b");
    CHECK(limit_plan(&w, &sql) == ERR_LIMIT && w.err.code == W7003);

    strbuf_clear(&sql);
    strbuf_printf(&sql, "SELECT GROUPING(a)");
    for (u32 i = 1; i < 100; i++) strbuf_printf(&sql, ", GROUPING(a)");
    strbuf_printf(&sql, " FROM plain GROUP BY CUBE (a");
    for (u32 i = 1; i < 10; i++) strbuf_printf(&sql, ", a + %u", i);
    strbuf_printf(&sql, ")");
    CHECK(limit_plan(&w, &sql) == ERR_LIMIT && w.err.code == W7003);
    strbuf_done(&sql);
    world_close(&w);
}

static void
planner_limits_tables(void)
{
    World w;
    world_open(&w);
    StrBuf sql = {0};
    strbuf_printf(&sql, "WITH q0 AS (SELECT a FROM plain)");
    for (u32 i = 1; i < 20; i++) {
        strbuf_printf(&sql, ", q%u AS (SELECT a FROM q%u UNION ALL SELECT a FROM q%u)", i, i - 1,
                      i - 1);
    }
    strbuf_printf(&sql, " SELECT a FROM q19");
    CHECK(limit_plan(&w, &sql) == ERR_LIMIT && w.err.code == W7003);

    strbuf_clear(&sql);
    strbuf_printf(&sql, "WITH q0 AS (SELECT a FROM plain)");
    for (u32 i = 1; i < 2000; i++) strbuf_printf(&sql, ", q%u AS (SELECT a FROM q%u)", i, i - 1);
    strbuf_printf(&sql, " SELECT a FROM q1999");
    CHECK(limit_plan(&w, &sql) == ERR_SYNTAX && w.err.code == W1005);
    strbuf_done(&sql);

    /* A view that has come to name itself. */
    CHECK(!world_create(&w, "CREATE VIEW loop_a AS SELECT a FROM plain"));
    CHECK(!world_create(&w, "CREATE VIEW loop_b AS SELECT a FROM loop_a"));
    CatalogEntry entry = {.kind = CATALOG_VIEW,
                          .name = STR("loop_a"),
                          .sql = STR("CREATE VIEW loop_a AS SELECT a FROM loop_b")};
    bool done;
    CHECK(!catalog_create(w.catalog, &entry, true, false, 0, &done, &w.err));
    Plan *plan = NULL;
    CHECK(world_plan(&w, STR("SELECT a FROM loop_a"), &plan) == ERR_SYNTAX);
    CHECK(w.err.code == W1005);
    world_close(&w);
}

TESTS(TEST(planner_plans), TEST(planner_errors), TEST(planner_error_in_view),
      TEST(planner_table_def), TEST(planner_schema_of_view), TEST(planner_ids),
      TEST(planner_describe), TEST(planner_json), TEST(planner_limits_expressions),
      TEST(planner_limits_sets), TEST(planner_limits_tables))
