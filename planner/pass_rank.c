/* pass_rank.c - top-N: conditions on a rank become the rank's limit.
 *
 *   FILTER rn <= 3 AND x > 0        FILTER x > 0
 *     PROJECT ..., rn           ->    PROJECT ..., rn
 *       RANK                            RANK limit 3
 *
 * rn <= n, rn < n, rn = n (the condition stays unless n is 1) and the same the other way round. A
 * condition that is not taken over stays in the filter. A rank without a window or a limit keeps
 * its whole input, which must end: the check for that is here too. */
#include "planner/pass.h"

/* The RANK whose number column `col` of n is; NULL if it is another column. */
static PlanNode *
rank_behind(PlanNode *n, u32 col)
{
    for (;;) {
        if (n->kind == PLAN_PROJECT) {
            const BoundExpr *e = n->project.exprs[col];
            if (e->kind != BOUND_COLUMN) return NULL;
            col = e->column;
            n = n->input[0];
        } else if (n->kind == PLAN_FILTER) {
            n = n->input[0];
        } else if (n->kind == PLAN_RANK) {
            if (n->rank.emit_rank && col == n->schema.len - 1) return n;
            /* Below another rank a limit would change what that one counts. */
            return NULL;
        } else {
            return NULL;
        }
    }
}

static bool
rank_constant(Binder *b, BoundExpr *e, i64 *ret)
{
    if (!type_is(e->type, KIND_INTEGER)) return false;
    const Vector *v = bind_constant(b, e);
    const void *slot = v ? vector_at(v, 0) : NULL;
    if (!slot) return false;
    switch (type_slot_bytes[e->type.kind]) {
    case 1:
        *ret = *(const i8 *)slot;
        return true;
    case 2:
        *ret = *(const i16 *)slot;
        return true;
    case 4:
        *ret = *(const i32 *)slot;
        return true;
    default:
        *ret = *(const i64 *)slot;
        return true;
    }
}

/* op as it reads with its sides exchanged. */
static const char *
rank_turn(const char *op)
{
    static const char *const pairs[][2] = {{"<", ">"}, {"<=", ">="}, {">", "<"}, {">=", "<="}};
    for (u32 i = 0; i < ARRAY_LEN(pairs); i++) {
        if (strcmp(op, pairs[i][0]) == 0) return pairs[i][1];
    }
    return op;
}

/* column <op> constant, a cast of the column looked through. */
static bool
rank_comparison(Binder *b, const BoundExpr *e, const char **ret_op, u32 *ret_col, i64 *ret_n)
{
    if (e->kind != BOUND_CALL || e->nargs != 2) return false;
    const char *op = e->call.def->name;
    for (u32 side = 0; side < 2; side++) {
        const BoundExpr *x = e->args[side];
        if (x->kind == BOUND_CALL && x->nargs == 1 && type_is(x->type, KIND_INTEGER) &&
            x->args[0]->type.kind == TYPE_BIGINT && x->type.kind == TYPE_BIGINT) {
            x = x->args[0];
        }
        if (x->kind != BOUND_COLUMN || !rank_constant(b, e->args[1 - side], ret_n)) continue;
        *ret_col = x->column;
        *ret_op = side == 0 ? op : rank_turn(op);
        return true;
    }
    return false;
}

/* True when the condition is nothing but the limit and can go. */
static bool
rank_take(Binder *b, PlanNode *input, const BoundExpr *cond)
{
    const char *op;
    u32 col;
    i64 n;
    if (!rank_comparison(b, cond, &op, &col, &n)) return false;
    PlanNode *rank = rank_behind(input, col);
    if (!rank) return false;
    bool equal = strcmp(op, "=") == 0;
    if (strcmp(op, "<") == 0) {
        n = n == INT64_MIN ? n : n - 1;
    } else if (!equal && strcmp(op, "<=") != 0) {
        return false;
    }
    u64 limit = n < 0 ? 0 : (u64)n;
    rank->rank.limit = MIN(rank->rank.limit, limit);
    return !equal || n == 1;
}

static void
rank_filter(Binder *b, PlanNode **at)
{
    PlanNode *n = *at;
    BoundList parts = {0}, kept = {0};
    bound_split(b->a, n->filter.cond, &parts);
    for (u32 i = 0; i < parts.len; i++) {
        if (!rank_take(b, n->input[0], parts.at[i])) bound_list_add(b->a, &kept, parts.at[i]);
    }
    if (kept.len == parts.len) return;
    if (!kept.len) {
        *at = n->input[0];
    } else {
        n->filter.cond = bound_and(b->a, kept.at, kept.len);
    }
}

Status
pass_rank(Binder *b, PlanNode **root, Err *err)
{
    if ((*root)->kind == PLAN_FILTER) rank_filter(b, root);
    PlanNode *n = *root;
    if (n->kind == PLAN_RANK && n->rank.window_end_col == UINT32_MAX && !node_ends(n)) {
        Status st = err_set(err, W2001, n->pos,
                            "ranking an unbounded input without a window is not supported yet");
        err_at(err, n->pos, (u32)strlen("ROW_NUMBER"));
        err_at(err, n->pos, n->rank.kind == RANK_RANK ? 4 : 10); /* RANK, or the longer names */
        return err_hint(err, st,
                        "Add window_start, window_end of a windowed input to PARTITION "
                        "BY.");
    }
    for (u32 i = 0; i < n->ninputs; i++) TRY(pass_rank(b, &n->input[i], err));
    return ERR_OK;
}
