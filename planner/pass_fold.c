/* pass_fold.c - conditions and branches whose outcome is known are decided while planning.
 *
 *   TRUE AND x -> x      FALSE AND x -> FALSE      NOT NULL-safe only: NULL AND x stays
 *   CASE WHEN FALSE THEN a WHEN TRUE THEN b ... -> b
 *   FILTER TRUE -> gone  FILTER FALSE -> no rows at all
 *
 * Calls of constants are folded when they are bound (bind_fold.c); here they are tried again,
 * since views, macros and branches bring new constants together. x = x is not TRUE: x may be
 * NULL. */
#include "planner/pass.h"

/* n-ary AND (stop = FALSE) or OR (stop = TRUE). */
static BoundExpr *
fold_logic(Binder *b, const BoundExpr *e)
{
    bool and = e->kind == BOUND_AND;
    BoundList kept = {0};
    for (u32 i = 0; i < e->nargs; i++) {
        BoundExpr *x = e->args[i];
        bool known = x->kind == BOUND_CONST && !vector_is_null(&x->constant, 0);
        if (!known) {
            bound_list_add(b->a, &kept, x);
        } else if (bound_is_true(x) != and) {
            if (kept.len == 0) return x; /* what stands before it may raise an error */
            bound_list_add(b->a, &kept, x);
            break;
        }
    }
    if (kept.len == 0) return e->args[e->nargs - 1];
    if (kept.len == 1) return kept.at[0];
    BoundExpr *c = arena_make(b->a, BoundExpr);
    *c = *e;
    c->args = kept.at;
    c->nargs = kept.len;
    return c;
}

static BoundExpr *
fold_case(Binder *b, const BoundExpr *e)
{
    BoundList kept = {0};
    for (u32 i = 0; i < e->nargs; i += 2) {
        bool otherwise = i + 1 == e->nargs;
        if (!otherwise && bound_is_never(e->args[i])) continue;
        if (otherwise || bound_is_true(e->args[i])) {
            bound_list_add(b->a, &kept, e->args[otherwise ? i : i + 1]);
            break;
        }
        bound_list_add(b->a, &kept, e->args[i]);
        bound_list_add(b->a, &kept, e->args[i + 1]);
    }
    if (kept.len == 1) return kept.at[0];
    if (kept.len == 0) { /* no branch is left, and there is no ELSE */
        Vector null = vector_null(type_nullable(e->type, true), 1);
        return bind_const(b, &null, e->pos, e->width);
    }
    BoundExpr *c = arena_make(b->a, BoundExpr);
    *c = *e;
    c->args = kept.at;
    c->nargs = kept.len;
    return c;
}

static BoundExpr *
fold_expr(Binder *b, BoundExpr *e)
{
    bool changed = false;
    BoundExpr **args = e->nargs ? arena_array(b->a, BoundExpr *, e->nargs) : NULL;
    for (u32 i = 0; i < e->nargs; i++) {
        args[i] = fold_expr(b, e->args[i]);
        changed = changed || args[i] != e->args[i];
    }
    if (changed) {
        BoundExpr *c = arena_make(b->a, BoundExpr);
        *c = *e;
        c->args = args;
        e = c;
    }
    switch (e->kind) {
    case BOUND_COLUMN:
    case BOUND_CONST:
        return e;
    case BOUND_CALL:
        return bind_fold(b, e);
    case BOUND_AND:
    case BOUND_OR:
        return fold_logic(b, e);
    case BOUND_CASE:
        return fold_case(b, e);
    }
    UNREACHABLE();
}

/* PROJECT of constants over the one row of a SELECT without FROM is that row; of no rows it is no
 * rows. */
static void
fold_project(PlanNode **at)
{
    PlanNode *n = *at, *in = n->input[0];
    if (in->kind == PLAN_VALUES && in->values.nrows == 0) {
        in->schema = n->schema;
        *at = in;
        return;
    }
    if (in->kind != PLAN_VALUES || in->schema.len != 0 || in->values.nrows != 1) return;
    for (u32 i = 0; i < n->schema.len; i++) {
        if (n->project.exprs[i]->kind != BOUND_CONST) return;
    }
    in->values.rows = n->project.exprs;
    in->schema = n->schema;
    *at = in;
}

static void
fold_filter(Binder *b, PlanNode **at)
{
    PlanNode *n = *at;
    if (bound_is_true(n->filter.cond)) {
        *at = n->input[0];
    } else if (bound_is_never(n->filter.cond)) {
        PlanNode *none = node_new(b->a, PLAN_VALUES, 0, 0);
        none->pos = n->pos;
        none->schema = n->schema;
        *at = none;
    }
}

void
pass_fold(Binder *b, PlanNode **root)
{
    PlanNode *n = *root;
    for (u32 i = 0; i < n->ninputs; i++) pass_fold(b, &n->input[i]);
    if (n->kind == PLAN_FILTER) {
        n->filter.cond = fold_expr(b, n->filter.cond);
        fold_filter(b, root);
    } else if (n->kind == PLAN_PROJECT) {
        for (u32 i = 0; i < n->schema.len; i++) {
            n->project.exprs[i] = fold_expr(b, n->project.exprs[i]);
        }
        fold_project(root);
    } else if (n->kind == PLAN_WATERMARK) {
        n->watermark.expr = fold_expr(b, n->watermark.expr);
    }
}
