/* physical.c - a bound plan becomes the operators that run: exchanges, local and global aggregates,
 * order, parallelism, ids.
 *
 * Sources and what follows them row by row run `parallel` times side by side. An aggregate is
 * computed in two steps, before and after the exchange by the hash of the key:
 *
 *   Scan p -> Filter p -> LocalAggregate p -> Exchange hash -> GlobalAggregate p
 *
 * Whatever asks for an order runs once. `ordered` says that a node's rows must come in the order
 * of their source (DIALECT 4): an EXCHANGE_ORDERED restores it. Groups have no such order: SORT and
 * ROW_NUMBER break ties by the other columns instead, and below a bare LIMIT the last step of the
 * aggregate runs once and fires in key order (`sorted`). */
#include "planner/pass.h"

typedef struct Physical {
    Binder *b;
    bool bounded; /* the tree at hand */
} Physical;

static Status physical_node(Physical *p, PlanNode **at, bool ordered, Err *err);

/* ---- exchanges ------------------------------------------------------------------------------ */

static PlanNode *
physical_exchange(Physical *p, PlanNode *input, ExchangeKind kind, u32 parallel)
{
    PlanNode *n = node_new(p->b->a, PLAN_EXCHANGE, 1, 0);
    n->pos = input->pos;
    n->input[0] = input;
    n->schema = input->schema;
    n->ordered = kind == EXCHANGE_ORDERED;
    n->parallel = parallel;
    n->exchange.kind = kind;
    return n;
}

/* The node runs once; its input comes together before it. */
static Status
physical_single(Physical *p, PlanNode *n, bool ordered, Err *err)
{
    TRY(physical_node(p, &n->input[0], ordered, err));
    n->parallel = 1;
    if (n->input[0]->parallel == 1) return ERR_OK;
    ExchangeKind kind = ordered ? EXCHANGE_ORDERED : EXCHANGE_GATHER;
    n->input[0] = physical_exchange(p, n->input[0], kind, 1);
    return ERR_OK;
}

/* ---- order ---------------------------------------------------------------------------------- */

/* Rows that come straight from a source, and so have its order. */
static bool
physical_has_order(const PlanNode *n)
{
    while (n->kind == PLAN_PROJECT || n->kind == PLAN_FILTER || n->kind == PLAN_WINDOW ||
           n->kind == PLAN_WATERMARK || n->kind == PLAN_EXCHANGE) {
        n = n->input[0];
    }
    if (n->kind == PLAN_UNION_ALL) {
        for (u32 i = 0; i < n->ninputs; i++) {
            if (!physical_has_order(n->input[i])) return false;
        }
        return true;
    }
    return n->kind == PLAN_SCAN || n->kind == PLAN_VALUES;
}

/* Group columns and the bounds that tell windows apart: one will do where windows are of one size,
 * CUMULATE's share their starts, sessions of different keys share anything. */
static bool
physical_unique_groups(const PlanNode *n, bool *set)
{
    const TimeWindow *w = &n->agg.window;
    WindowKind kind = w->kind == WINDOW_ATTACHED ? w->of : w->kind;
    u32 bound = n->agg.nkeys + n->agg.naggs;
    for (u32 i = 0; i < n->agg.nkeys; i++) set[i] = true;
    if (kind == WINDOW_NONE) return true;
    if (bound == n->schema.len) return false;
    set[bound] = true;
    if (kind == WINDOW_TUMBLE || kind == WINDOW_HOP) return true;
    for (u32 i = bound; i < n->schema.len; i++) set[i] = true;
    return n->agg.win_start && (n->agg.win_end || n->agg.win_time);
}

/* Columns of n that no two rows have in common, when those of a group by are still all there. */
static bool
physical_unique(Physical *p, const PlanNode *n, bool *set)
{
    if (n->kind == PLAN_FILTER) return physical_unique(p, n->input[0], set);
    if (n->kind == PLAN_AGGREGATE) {
        return physical_unique_groups(n, set);
    }
    if (n->kind != PLAN_PROJECT) return false;
    u32 nin = n->input[0]->schema.len, found = 0, wanted = 0;
    bool *below = arena_array(p->b->a, bool, nin + 1);
    if (!physical_unique(p, n->input[0], below)) return false;
    for (u32 i = 0; i < n->schema.len; i++) {
        const BoundExpr *e = n->project.exprs[i];
        if (e->kind != BOUND_COLUMN || !below[e->column]) continue;
        set[i] = true;
    }
    for (u32 c = 0; c < nin; c++) {
        if (!below[c]) continue;
        wanted++;
        for (u32 i = 0; i < n->schema.len; i++) {
            if (!bound_is_column(n->project.exprs[i], c)) continue;
            found++;
            break;
        }
    }
    return found == wanted;
}

/* Groups have no order to break ties by, so the columns that tell them apart do: whatever the
 * threads, the same rows come first. */
static void
physical_break_ties(Physical *p, const PlanNode *in, const u32 *fixed, u32 nfixed, SortKey **keys,
                    u32 *nkeys)
{
    const Schema *s = &in->schema;
    bool *used = arena_array(p->b->a, bool, s->len + 1);
    bool *unique = arena_array(p->b->a, bool, s->len + 1);
    bool some = physical_unique(p, in, unique);
    SortKey *all = arena_array(p->b->a, SortKey, *nkeys + s->len + 1);
    for (u32 i = 0; i < nfixed; i++) used[fixed[i]] = true;
    for (u32 i = 0; i < *nkeys; i++) {
        all[i] = (*keys)[i];
        used[all[i].column] = true;
    }
    for (u32 i = 0; i < s->len; i++) {
        if (used[i] || (some && !unique[i])) continue;
        all[(*nkeys)++] = (SortKey){.column = i, .nulls_first = true};
    }
    *keys = all;
}

static Status
physical_sort(Physical *p, PlanNode *n, Err *err)
{
    const PlanNode *in = n->input[0];
    bool ordered = physical_has_order(in);
    if (!ordered) {
        physical_break_ties(p, in, NULL, 0, &n->sort.keys, &n->sort.nkeys);
    }
    return physical_single(p, n, ordered, err);
}

/* Rows of equal RANK are all kept, so only ROW_NUMBER has ties. */
static Status
physical_rank(Physical *p, PlanNode *n, Err *err)
{
    const PlanNode *in = n->input[0];
    bool ordered = physical_has_order(in);
    if (!ordered && n->rank.kind == RANK_ROW_NUMBER) {
        physical_break_ties(p, in, n->rank.partition, n->rank.npartition, &n->rank.order,
                            &n->rank.norder);
    }
    return physical_single(p, n, ordered, err);
}

/* ---- aggregates ----------------------------------------------------------------------------- */

static bool
aggregate_splits(const PlanNode *n)
{
    for (u32 i = 0; i < n->agg.naggs; i++) {
        const AggCall *c = &n->agg.aggs[i].call;
        if (!c->fns->merge || c->def->flags & AGG_ORDERED) return false;
    }
    return true;
}

static PlanNode *
aggregate_local(Physical *p, const PlanNode *n)
{
    PlanNode *local = node_new(p->b->a, PLAN_LOCAL_AGG, 1, 3);
    local->pos = n->pos;
    local->input[0] = n->input[0];
    local->agg = n->agg;
    local->parallel = n->input[0]->parallel;
    local->schema.at[0] = (Column){.name = STR("$group"), .type = type_bytes()};
    local->schema.at[1] = (Column){.name = STR("$hash"), .type = type_of(TYPE_BIGINT)};
    local->schema.at[2] = (Column){.name = STR("$window"), .type = type_of(TYPE_TIMESTAMP)};
    for (u32 i = 0; i < 3; i++) local->schema.at[i].type.not_null = true;
    return local;
}

static Status
physical_aggregate(Physical *p, PlanNode *n, bool ordered, Err *err)
{
    n->agg.sorted = ordered;
    if (!aggregate_splits(n)) return physical_single(p, n, true, err);
    if (n->agg.window.kind == WINDOW_SESSION) return physical_single(p, n, false, err);
    TRY(physical_node(p, &n->input[0], false, err));
    if (n->input[0]->parallel == 1) return ERR_OK;
    PlanNode *local = aggregate_local(p, n);
    /* Without keys there is one group, and it exists even when no row comes; in order, one
     * instance must fire all groups. */
    bool single = ordered || (n->agg.nkeys == 0 && n->agg.window.kind == WINDOW_NONE);
    n->kind = PLAN_GLOBAL_AGG;
    n->parallel = single ? 1 : p->b->env->parallel;
    n->input[0] =
        physical_exchange(p, local, single ? EXCHANGE_GATHER : EXCHANGE_HASH, n->parallel);
    return ERR_OK;
}

/* ---- the rest ------------------------------------------------------------------------------- */

static Status
physical_union(Physical *p, PlanNode *n, bool ordered, Err *err)
{
    bool same = true;
    for (u32 i = 0; i < n->ninputs; i++) {
        TRY(physical_node(p, &n->input[i], ordered, err));
        same = same && n->input[i]->parallel == n->input[0]->parallel;
    }
    n->parallel = n->input[0]->parallel;
    if (same && (!ordered || n->parallel == 1)) return ERR_OK;
    n->parallel = 1;
    for (u32 i = 0; i < n->ninputs; i++) {
        if (n->input[i]->parallel == 1) continue;
        ExchangeKind kind = ordered ? EXCHANGE_ORDERED : EXCHANGE_GATHER;
        n->input[i] = physical_exchange(p, n->input[i], kind, 1);
    }
    return ERR_OK;
}

static Status
physical_node(Physical *p, PlanNode **at, bool ordered, Err *err)
{
    PlanNode *n = *at;
    n->ordered = ordered;
    switch (n->kind) {
    case PLAN_SCAN:
        n->parallel = p->b->env->parallel;
        return ERR_OK;
    case PLAN_VALUES:
        n->parallel = 1;
        return ERR_OK;
    case PLAN_WINDOW:
        /* Sessions are put together in one place, which knows the rows' order by itself. */
        if (n->window.spec.kind == WINDOW_SESSION) return physical_single(p, n, false, err);
        break;
    case PLAN_WATERMARK:
    case PLAN_FILTER:
    case PLAN_PROJECT:
    case PLAN_EXPAND:
        break;
    case PLAN_UNION_ALL:
        return physical_union(p, n, ordered, err);
    case PLAN_AGGREGATE:
        return physical_aggregate(p, n, ordered, err);
    case PLAN_RANK:
        return physical_rank(p, n, err);
    case PLAN_SORT:
        return physical_sort(p, n, err);
    case PLAN_LIMIT:
        return physical_single(p, n, true, err);
    case PLAN_SINK:
    case PLAN_RESULT:
        return physical_single(p, n, p->bounded && physical_has_order(n->input[0]), err);
    case PLAN_LOCAL_AGG:
    case PLAN_GLOBAL_AGG:
    case PLAN_EXCHANGE:
    case PLAN_COUNT:
        UNREACHABLE();
    }
    TRY(physical_node(p, &n->input[0], ordered, err));
    n->parallel = n->input[0]->parallel;
    return ERR_OK;
}

/* Each kind says what it makes of its inputs' modes; all of today's keep appending. */
static EdgeMode
physical_mode(const PlanNode *n)
{
    EdgeMode mode = EDGE_APPEND;
    for (u32 i = 0; i < n->ninputs; i++) mode = MAX(mode, n->input[i]->mode);
    switch (n->kind) {
    case PLAN_SCAN:
    case PLAN_VALUES:
    case PLAN_AGGREGATE: /* once per group: when its window closes, or at the end */
    case PLAN_GLOBAL_AGG:
    case PLAN_LOCAL_AGG:
    case PLAN_RANK:
    case PLAN_SORT:
    case PLAN_LIMIT:
        return EDGE_APPEND;
    case PLAN_WATERMARK:
    case PLAN_FILTER:
    case PLAN_PROJECT:
    case PLAN_UNION_ALL:
    case PLAN_WINDOW:
    case PLAN_EXPAND:
    case PLAN_EXCHANGE:
    case PLAN_SINK:
    case PLAN_RESULT:
        return mode;
    case PLAN_COUNT:
        break;
    }
    UNREACHABLE();
}

/* Ids in preorder, before parallelism comes in: state is named after them, and a job may go on
 * with another number of workers. */
static void
physical_number(PlanNode *n, u32 *next)
{
    n->id = (*next)++;
    for (u32 i = 0; i < n->ninputs; i++) physical_number(n->input[i], next);
}

/* What only parallelism brings keeps no state, and is numbered above the rest. */
static void
physical_finish(PlanNode *n, u32 *next)
{
    if (n->kind == PLAN_EXCHANGE || n->kind == PLAN_LOCAL_AGG) n->id = (*next)++;
    for (u32 i = 0; i < n->ninputs; i++) physical_finish(n->input[i], next);
    n->mode = physical_mode(n);
}

/* The node below a RESULT calls its columns as the query does. Nodes that make their columns just
 * take the names; the names of others come from below, so a PROJECT renames. */
static void
physical_result_names(Binder *b, PlanNode *result)
{
    PlanNode *in = result->input[0];
    bool same = true, makes = in->kind == PLAN_PROJECT || in->kind == PLAN_AGGREGATE ||
                              in->kind == PLAN_RANK || in->kind == PLAN_VALUES ||
                              in->kind == PLAN_UNION_ALL;
    assert(in->schema.len == result->schema.len);
    for (u32 i = 0; i < in->schema.len; i++) {
        same = same && str_eq(in->schema.at[i].name, result->schema.at[i].name);
    }
    if (same) return;
    if (!makes) {
        PlanNode *p = node_new(b->a, PLAN_PROJECT, 1, 0);
        p->pos = in->pos;
        p->input[0] = in;
        p->schema = in->schema;
        p->project.exprs = arena_array(b->a, BoundExpr *, in->schema.len + 1);
        for (u32 i = 0; i < in->schema.len; i++) {
            p->project.exprs[i] = bound_column(b->a, i, in->schema.at[i].type);
        }
        result->input[0] = in = p;
    }
    Schema named = {.at = arena_array(b->a, Column, in->schema.len), .len = in->schema.len};
    for (u32 i = 0; i < named.len; i++) {
        named.at[i] = in->schema.at[i];
        named.at[i].name = result->schema.at[i].name;
    }
    in->schema = named;
}

Status
physical_plan(Binder *b, PlanNode **roots, u32 nroots, Plan **ret_plan, Err *err)
{
    Plan *plan = arena_make(b->a, Plan);
    plan->roots = roots;
    plan->nroots = nroots;
    for (u32 i = 0; i < nroots; i++) {
        if (roots[i]->kind == PLAN_RESULT) physical_result_names(b, roots[i]);
        physical_number(roots[i], &plan->nodes);
    }
    for (u32 i = 0; i < nroots; i++) {
        Physical p = {.b = b, .bounded = node_ends(roots[i])};
        TRY(physical_node(&p, &plan->roots[i], false, err));
    }
    for (u32 i = 0; i < nroots; i++) physical_finish(plan->roots[i], &plan->nodes);
    *ret_plan = plan;
    return ERR_OK;
}
