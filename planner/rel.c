/* rel.c - plan nodes, and Rels: nodes whose columns still have names, aliases and window roles. */
#include "planner/bind.h"

PlanNode *
node_new(Arena *a, PlanKind kind, u32 ninputs, u32 ncolumns)
{
    PlanNode *n = arena_make(a, PlanNode);
    n->kind = kind;
    n->mode = EDGE_APPEND;
    n->parallel = 1;
    n->ninputs = ninputs;
    n->schema.len = ncolumns;
    if (ninputs) n->input = arena_array(a, PlanNode *, ninputs);
    if (ncolumns) n->schema.at = arena_array(a, Column, ncolumns);
    return n;
}

bool
node_ends(const PlanNode *n)
{
    if (n->kind == PLAN_SCAN) return n->scan.bounded;
    if (n->kind == PLAN_LIMIT && n->limit.count != UINT64_MAX) return true;
    for (u32 i = 0; i < n->ninputs; i++) {
        if (!node_ends(n->input[i])) return false;
    }
    return true;
}

Rel
rel_of(Binder *b, PlanNode *node, bool bounded)
{
    Rel rel = {.node = node, .len = node->schema.len, .bounded = bounded};
    rel.at = arena_array(b->a, RelColumn, rel.len + 1);
    for (u32 i = 0; i < rel.len; i++) rel.at[i].column = node->schema.at[i];
    return rel;
}

void
rel_alias(Rel *rel, Str table)
{
    for (u32 i = 0; i < rel->len; i++) rel->at[i].table = table;
}

void
rel_filter(Binder *b, Rel *rel, BoundExpr *cond)
{
    PlanNode *n = node_new(b->a, PLAN_FILTER, 1, 0);
    n->pos = cond->pos;
    n->input[0] = rel->node;
    n->schema = rel->node->schema;
    n->filter.cond = cond;
    rel->node = n;
}

void
rel_project(Binder *b, Rel *rel, const Output *outs, u32 nouts)
{
    PlanNode *n = node_new(b->a, PLAN_PROJECT, 1, nouts);
    n->pos = rel->node->pos;
    n->input[0] = rel->node;
    n->project.exprs = arena_array(b->a, BoundExpr *, nouts + 1);
    RelColumn *cols = arena_array(b->a, RelColumn, nouts + 1);
    for (u32 i = 0; i < nouts; i++) {
        const BoundExpr *e = outs[i].expr;
        n->project.exprs[i] = outs[i].expr;
        if (e->kind == BOUND_COLUMN) {
            assert(e->column < rel->len);
            cols[i] = rel->at[e->column];
        } else {
            cols[i].column.type = e->type;
            cols[i].column.attr = bound_is_proctime(e) ? ATTR_PROCTIME : ATTR_NONE;
        }
        cols[i].column.name = outs[i].name;
        cols[i].table = cols[i].hides = (Str){0};
        n->schema.at[i] = cols[i].column;
    }
    rel->node = n;
    rel->at = cols;
    rel->len = nouts;
}

void
output_add(Binder *b, OutputList *l, Output o)
{
    if (l->len == l->cap) {
        u32 cap = l->cap ? l->cap * 2 : 16;
        Output *at = arena_array(b->a, Output, cap);
        if (l->len) memcpy(at, l->at, l->len * sizeof *at);
        l->at = at;
        l->cap = cap;
    }
    l->at[l->len++] = o;
}

void
rel_forget_time(Rel *rel)
{
    for (u32 i = 0; i < rel->len; i++) {
        rel->at[i].role = ROLE_NONE;
        rel->at[i].window = NULL;
        rel->at[i].column.attr = ATTR_NONE;
        rel->node->schema.at[i].attr = ATTR_NONE;
    }
}
