/* pass_pushdown_filter.c - conditions move towards the source, conjunct by conjunct.
 *
 * Through PROJECT (its expressions put in), UNION ALL (into each side), WINDOW (what is not about
 * its bounds; of a SESSION only what is about its partition), SORT, AGGREGATE (what is about its
 * keys) and RANK (what is about its partition). Never through a LIMIT, and never through a
 * WATERMARK: every row counts for event time, filtered or not. What compares a scanned column with
 * a constant also becomes a predicate of the scan, which a decoder may use to skip rows early; the
 * filter stays, since it need not.
 *
 * Volatile conditions stay where they were written. */
#include "planner/pass.h"

static void push(Binder *b, PlanNode **at, BoundList *conds);

/* The conditions end here: a FILTER above n. */
static void
push_stop(Binder *b, PlanNode **at, const BoundList *conds)
{
    if (!conds->len) return;
    PlanNode *f = node_new(b->a, PLAN_FILTER, 1, 0);
    f->pos = conds->at[0]->pos;
    f->input[0] = *at;
    f->schema = (*at)->schema;
    f->filter.cond = bound_and(b->a, conds->at, conds->len);
    *at = f;
}

/* Split conds: those that read only columns in `set` go on as they are renumbered by map. */
static void
push_split(Binder *b, const BoundList *conds, const bool *set, const u32 *map, u32 n,
           BoundList *ret_below, BoundList *ret_above)
{
    for (u32 i = 0; i < conds->len; i++) {
        BoundExpr *e = conds->at[i];
        bool moves = (bound_facts(e) & BOUND_READS) && bound_reads_only(e, set, n);
        if (moves) {
            bound_list_add(b->a, ret_below, bound_renumber(b->a, e, map));
        } else {
            bound_list_add(b->a, ret_above, e);
        }
    }
}

/* ---- scans ---------------------------------------------------------------------------------- */

static bool
push_comparison(const char *name, int *ret_op)
{
    static const char *const ops[] = {"=", "<>", "<", "<=", ">", ">="};
    for (u32 i = 0; i < ARRAY_LEN(ops); i++) {
        if (strcmp(name, ops[i]) != 0) continue;
        *ret_op = (int)i;
        return true;
    }
    return false;
}

static int
push_turn(int op)
{
    static const int turned[] = {PRED_EQ, PRED_NE, PRED_GT, PRED_GE, PRED_LT, PRED_LE};
    return turned[op];
}

static bool
push_predicate(const BoundExpr *e, ScanPredicate *ret)
{
    if (e->kind != BOUND_CALL) return false;
    const char *name = e->call.def->name;
    bool is_null = strcmp(name, "IS NULL") == 0;
    if (e->nargs == 1 && (is_null || strcmp(name, "IS NOT NULL") == 0)) {
        if (e->args[0]->kind != BOUND_COLUMN) return false;
        ret->column = e->args[0]->column;
        ret->op = is_null ? PRED_IS_NULL : PRED_NOT_NULL;
        return true;
    }
    int op;
    if (e->nargs != 2 || !push_comparison(name, &op)) return false;
    for (u32 side = 0; side < 2; side++) {
        const BoundExpr *col = e->args[side], *value = e->args[1 - side];
        if (col->kind != BOUND_COLUMN || value->kind != BOUND_CONST) continue;
        /* 'x' is a CHAR(1) with the same slot as a STRING. */
        bool text = col->type.kind == TYPE_VARCHAR && value->type.kind == TYPE_CHAR;
        if (!text && !type_eq(col->type, value->type)) return false;
        if (vector_is_null(&value->constant, 0)) return false;
        ret->column = col->column;
        ret->op = (u32)(side == 0 ? op : push_turn(op));
        ret->constant = value->constant; /* the constant expression goes on owning it */
        ret->constant.type = type_nullable(col->type, false);
        return true;
    }
    return false;
}

static void
push_scan(Binder *b, PlanNode **at, const BoundList *conds)
{
    PlanNode *n = *at;
    n->scan.preds = arena_array(b->a, ScanPredicate, conds->len + 1);
    for (u32 i = 0; i < conds->len; i++) {
        if (push_predicate(conds->at[i], &n->scan.preds[n->scan.npreds])) n->scan.npreds++;
    }
    push_stop(b, at, conds);
}

/* ---- other nodes ---------------------------------------------------------------------------- */

static void
push_project(Binder *b, PlanNode **at, const BoundList *conds)
{
    PlanNode *n = *at;
    BoundList below = {0}, above = {0};
    bool *fixed = arena_array(b->a, bool, n->schema.len + 1);
    for (u32 i = 0; i < n->schema.len; i++) {
        fixed[i] = !(bound_facts(n->project.exprs[i]) & BOUND_VOLATILE);
    }
    for (u32 i = 0; i < conds->len; i++) {
        BoundExpr *e = conds->at[i];
        BoundExpr *moved = NULL;
        if (bound_reads_only(e, fixed, n->schema.len)) {
            moved = bound_replace(b->a, e, n->project.exprs);
        }
        if (moved && bound_small(moved)) {
            bound_list_add(b->a, &below, moved);
        } else {
            bound_list_add(b->a, &above, e);
        }
    }
    push(b, &n->input[0], &below);
    push_stop(b, at, &above);
}

static void
push_union(Binder *b, PlanNode *n, const BoundList *conds)
{
    for (u32 i = 0; i < n->ninputs; i++) {
        BoundList copy = {0};
        for (u32 k = 0; k < conds->len; k++) bound_list_add(b->a, &copy, conds->at[k]);
        push(b, &n->input[i], &copy);
    }
}

/* The first columns of n are its input's, the others its own. */
static void
push_appending(Binder *b, PlanNode **at, const BoundList *conds, u32 own)
{
    PlanNode *n = *at;
    u32 ncols = n->schema.len;
    bool *set = arena_array(b->a, bool, ncols + 1);
    u32 *map = arena_array(b->a, u32, ncols + 1);
    for (u32 i = 0; i < ncols; i++) {
        map[i] = i;
        set[i] = i < ncols - own;
    }
    BoundList below = {0}, above = {0};
    push_split(b, conds, set, map, ncols, &below, &above);
    push(b, &n->input[0], &below);
    push_stop(b, at, &above);
}

/* Conditions on columns `cols` of the input, which are columns of n too, take out whole partitions
 * of a RANK or a SESSION; others would change what the rows that are left count, or where sessions
 * end. */
static void
push_only(Binder *b, PlanNode **at, const BoundList *conds, const u32 *cols, u32 len)
{
    PlanNode *n = *at;
    u32 ncols = n->schema.len;
    bool *set = arena_array(b->a, bool, ncols + 1);
    u32 *map = arena_array(b->a, u32, ncols + 1);
    for (u32 i = 0; i < ncols; i++) map[i] = i;
    for (u32 i = 0; i < len; i++) set[cols[i]] = true;
    BoundList below = {0}, above = {0};
    push_split(b, conds, set, map, ncols, &below, &above);
    push(b, &n->input[0], &below);
    push_stop(b, at, &above);
}

static void
push_aggregate(Binder *b, PlanNode **at, const BoundList *conds)
{
    PlanNode *n = *at;
    u32 ncols = n->schema.len;
    bool *set = arena_array(b->a, bool, ncols + 1);
    u32 *map = arena_array(b->a, u32, ncols + 1);
    for (u32 i = 0; i < n->agg.nkeys; i++) {
        set[i] = true;
        map[i] = n->agg.keys[i];
    }
    BoundList below = {0}, above = {0};
    push_split(b, conds, set, map, ncols, &below, &above);
    push(b, &n->input[0], &below);
    push_stop(b, at, &above);
}

static void
push_filter(Binder *b, PlanNode **at, BoundList *conds)
{
    PlanNode *n = *at;
    BoundList parts = {0}, held = {0};
    bound_split(b->a, n->filter.cond, &parts);
    BoundList all = {0};
    for (u32 i = 0; i < parts.len; i++) {
        bool moves = !(bound_facts(parts.at[i]) & BOUND_VOLATILE);
        bound_list_add(b->a, moves ? &all : &held, parts.at[i]);
    }
    for (u32 i = 0; i < conds->len; i++) bound_list_add(b->a, &all, conds->at[i]);
    if (held.len) {
        /* A volatile condition sees the rows that it saw before: nothing passes it. */
        PlanNode *below = n->input[0];
        BoundList none = {0};
        push(b, &below, &none);
        n->input[0] = below;
        push_stop(b, at, conds);
        return;
    }
    *at = n->input[0];
    push(b, at, &all);
}

static void
push(Binder *b, PlanNode **at, BoundList *conds)
{
    PlanNode *n = *at;
    BoundList none = {0};
    switch (n->kind) {
    case PLAN_SCAN:
        push_scan(b, at, conds);
        return;
    case PLAN_FILTER:
        push_filter(b, at, conds);
        return;
    case PLAN_PROJECT:
        push_project(b, at, conds);
        return;
    case PLAN_UNION_ALL:
        push_union(b, n, conds);
        return;
    case PLAN_WINDOW:
        if (n->window.spec.kind == WINDOW_SESSION) {
            push_only(b, at, conds, n->window.spec.partition, n->window.spec.npartition);
        } else {
            push_appending(b, at, conds, 3);
        }
        return;
    case PLAN_AGGREGATE:
        push_aggregate(b, at, conds);
        return;
    case PLAN_RANK:
        push_only(b, at, conds, n->rank.partition, n->rank.npartition);
        return;
    case PLAN_SORT:
        if (n->sort.limit != UINT64_MAX) break;
        push_appending(b, at, conds, 0);
        return;
    case PLAN_VALUES:
        push_stop(b, at, conds);
        return;
    case PLAN_EXPAND:
    case PLAN_WATERMARK:
    case PLAN_LIMIT:
    case PLAN_SINK:
    case PLAN_RESULT:
        break;
    case PLAN_LOCAL_AGG:
    case PLAN_GLOBAL_AGG:
    case PLAN_EXCHANGE:
    case PLAN_COUNT:
        UNREACHABLE();
    }
    push(b, &n->input[0], &none);
    push_stop(b, at, conds);
}

void
pass_pushdown_filter(Binder *b, PlanNode **root)
{
    BoundList none = {0};
    push(b, root, &none);
}
