/* planner.c - the planner's doors: bind, run the passes, make it physical. */
#include "planner/planner.h"

#include "planner/bind_insert.h"
#include "planner/pass.h"

const char *const plan_text[PLAN_COUNT] = {
#define PLAN(id, name, text) [PLAN_##id] = text,
#include "planner/plan_nodes.def"
#undef PLAN
};

static Status
plan_finish(Binder *b, PlanNode **roots, u32 nroots, bool bounded, Plan **ret_plan, Err *err)
{
    for (u32 i = 0; i < nroots; i++) {
        TRY(pass_rank(b, &roots[i], err));
        if (!b->env->optimize) continue;
        pass_fold(b, &roots[i]);
        pass_watermark(b, &roots[i]);
        pass_pushdown_filter(b, &roots[i]);
        pass_prune(b, &roots[i]);
    }
    TRY(physical_plan(b, roots, nroots, ret_plan, err));
    (*ret_plan)->bounded = bounded;
    (*ret_plan)->owned = b->owned;
    return ERR_OK;
}

static Status
query_bind(Binder *b, const Query *query, Plan **ret_plan, Err *err)
{
    Rel rel;
    TRY(bind_query(b, query, &rel, err));
    PlanNode *root = node_new(b->a, PLAN_RESULT, 1, rel.len);
    root->pos = query->pos;
    root->input[0] = rel.node;
    for (u32 i = 0; i < rel.len; i++) root->schema.at[i] = rel.at[i].column;
    PlanNode **roots = arena_make(b->a, PlanNode *);
    roots[0] = root;
    return plan_finish(b, roots, 1, rel.bounded, ret_plan, err);
}

Status
plan_query(const PlannerEnv *env, Arena *a, const Query *query, Plan **ret_plan, Err *err)
{
    Binder b = {.env = env, .a = a};
    Status st = query_bind(&b, query, ret_plan, err);
    if (st) bind_release(b.owned);
    return st;
}

static Status
inserts_bind(Binder *b, const Insert *const *inserts, u32 n, Plan **ret_plan, Err *err)
{
    PlanNode **roots = arena_array(b->a, PlanNode *, n + 1);
    bool bounded = true;
    for (u32 i = 0; i < n; i++) {
        bool one = false;
        TRY(bind_insert(b, inserts[i], &roots[i], &one, err));
        bounded = bounded && one;
    }
    return plan_finish(b, roots, n, bounded, ret_plan, err);
}

Status
plan_inserts(const PlannerEnv *env, Arena *a, const Insert *const *inserts, u32 n, Plan **ret_plan,
             Err *err)
{
    Binder b = {.env = env, .a = a};
    Status st = inserts_bind(&b, inserts, n, ret_plan, err);
    if (st) bind_release(b.owned);
    return st;
}

Status
plan_table_def(const PlannerEnv *env, Arena *a, const CreateTable *create, TableDef **ret_def,
               Err *err)
{
    Binder b = {.env = env, .a = a};
    Status st = bind_table_def(&b, create, ret_def, err);
    if (st) {
        bind_release(b.owned);
    } else {
        (*ret_def)->owned = b.owned;
    }
    return st;
}

static Status
table_find_bind(Binder *b, const Path *name, TableDef **ret_def, Err *err)
{
    CatalogEntry entry;
    TRY(bind_find(b, name, &entry, err));
    if (entry.kind != CATALOG_TABLE) {
        return bind_fail(b, W2002, name->pos, name->width, err, "\"%.*s\" is not a table",
                         STR_ARG(entry.name));
    }
    return bind_stored_table(b, &entry, name->pos, name->width, ret_def, err);
}

Status
plan_find_table(const PlannerEnv *env, Arena *a, const Path *name, TableDef **ret_def, Err *err)
{
    Binder b = {.env = env, .a = a};
    Status st = table_find_bind(&b, name, ret_def, err);
    if (st) {
        bind_release(b.owned);
    } else {
        (*ret_def)->owned = b.owned;
    }
    return st;
}

static Status
view_bind(Binder *b, const CreateView *view, Schema *ret_schema, Err *err)
{
    Rel rel;
    TRY(bind_query(b, view->query, &rel, err));
    TRY(bind_rename(b, &rel, &view->columns, view->name.pos, err));
    Schema schema = {.at = arena_array(b->a, Column, rel.len + 1), .len = rel.len};
    for (u32 i = 0; i < rel.len; i++) {
        schema.at[i] = rel.at[i].column;
        for (u32 k = 0; k < i; k++) {
            if (!str_eq(schema.at[k].name, schema.at[i].name)) continue;
            Status st = bind_fail(b, W2011, view->query->pos, view->query->width, err,
                                  "the view has two columns \"%.*s\"", STR_ARG(schema.at[i].name));
            return err_hint(err, st, "Name one of them with AS.");
        }
    }
    *ret_schema = schema;
    return ERR_OK;
}

Status
plan_check_view(const PlannerEnv *env, Arena *a, const CreateView *view, Schema *ret_schema,
                Err *err)
{
    Binder b = {.env = env, .a = a};
    Status st = view_bind(&b, view, ret_schema, err);
    bind_release(b.owned);
    return st;
}

void
plan_done(Plan *plan)
{
    if (!plan) return;
    bind_release(plan->owned);
    plan->owned = NULL;
}

void
table_def_done(TableDef *def)
{
    if (!def) return;
    bind_release(def->owned);
    def->owned = NULL;
}
