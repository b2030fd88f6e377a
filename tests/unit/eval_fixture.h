/* eval_fixture.h - an SQL expression as text, bound by the planner and run by the evaluator, for
 * the tests of functions and expression programs. */
#pragma once
#include "base/value_text.h"
#include "catalog/catalog.h"
#include "exec/eval.h"
#include "exec/funcs/funcs.h"
#include "grammar/parse.h"
#include "planner/planner.h"

typedef struct EvalFixture {
    Catalog *catalog;
    Session session;
    PlannerEnv env;
} EvalFixture;

static Status
fixture_no_tables(void *ctx, Arena *a, const TableDef *def, const OptionList *hints,
                  const struct TableSpec **ret_spec, bool *ret_bounded, Err *err)
{
    (void)ctx, (void)a, (void)def, (void)hints, (void)ret_spec, (void)ret_bounded;
    return err_set(err, W2001, POS_NONE, "tables");
}

static void
fixture_open(EvalFixture *f, bool optimize)
{
    Err err;
    *f = (EvalFixture){
        .session = {.zone = timezone_utc(), .start_time_us = 1700000000123456, .seed = 7}};
    Status st = catalog_open(NULL, &f->catalog, &err);
    assert(st == ERR_OK);
    f->env = (PlannerEnv){.catalog = f->catalog,
                          .funcs = &exec_func_table,
                          .session = &f->session,
                          .parallel = 1,
                          .optimize = optimize,
                          .table_spec = fixture_no_tables};
}

static void
fixture_close(EvalFixture *f)
{
    catalog_close(f->catalog);
}

static void
vector_text(StrBuf *out, const Vector *v, u32 i, const TimeZone *zone)
{
    const void *slot = vector_at(v, i);
    if (slot)
        value_print(out, v->type, slot, zone);
    else
        strbuf_add(out, "NULL", 4);
}

/* The only value of the plan's only row. */
static Status
plan_value(const Plan *plan, const Session *session, StrBuf *out, Err *err)
{
    const PlanNode *n = plan->roots[0];
    while (n->kind != PLAN_PROJECT && n->kind != PLAN_VALUES) n = n->input[0];
    BoundExpr *e = n->kind == PLAN_PROJECT ? n->project.exprs[0] : n->values.rows[0];
    Vector v;
    TRY(eval_const(e, session, &v, err));
    vector_text(out, &v, 0, session->zone);
    vector_done(&v);
    return ERR_OK;
}

/* The value of an expression as text, or "W3001: message". */
static Status
fixture_eval(EvalFixture *f, const char *expression, StrBuf *out)
{
    Arena *a = arena_new();
    StrBuf sql = {0};
    Query *query;
    Plan *plan = NULL;
    Err err = {0};
    strbuf_printf(&sql, "SELECT %s", expression);
    Status st = parse_query(a, strbuf_view(&sql), &query, &err);
    if (!st) st = plan_query(&f->env, a, query, &plan, &err);
    if (!st) st = plan_value(plan, &f->session, out, &err);
    if (st) {
        strbuf_clear(out);
        strbuf_printf(out, "%s: %s", errcode_name(err.code), err.text);
    }
    plan_done(plan);
    strbuf_done(&sql);
    arena_free(a);
    return st;
}
