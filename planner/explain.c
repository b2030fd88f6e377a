/* explain.c - a plan as text: one line per node, two spaces per level, inputs below.
 *
 *   Result(select=[page, n])
 *     GlobalAggregate(groupBy=[page], window=[TUMBLE(time_col=[ts], size=[1 min])], ...)
 *       Exchange(distribution=[hash])
 *
 * The same details, without what depends on the machine, are what a changed query is compared by
 * (node_describe). */
#include "planner/explain.h"

#include "base/hash.h"
#include "planner/planner.h"

/* ---- nodes: each detail is " name=[value]" -------------------------------------------------- */

static void
detail_begin(StrBuf *out, bool *any, const char *name)
{
    strbuf_printf(out, "%s%s=[", *any ? ", " : "", name);
    *any = true;
}

static void
detail_columns(StrBuf *out, bool *any, const char *name, const Schema *s, const u32 *cols, u32 n)
{
    detail_begin(out, any, name);
    for (u32 i = 0; i < n; i++) {
        if (i) strbuf_printf(out, ", ");
        explain_column(out, s, cols[i]);
    }
    strbuf_char(out, ']');
}

static void
detail_schema(StrBuf *out, bool *any, const char *name, const Schema *s)
{
    detail_begin(out, any, name);
    for (u32 i = 0; i < s->len; i++) {
        if (i) strbuf_printf(out, ", ");
        explain_column(out, s, i);
    }
    strbuf_char(out, ']');
}

static void
detail_duration(StrBuf *out, bool *any, const char *name, i64 us)
{
    detail_begin(out, any, name);
    explain_duration(out, us);
    strbuf_char(out, ']');
}

static void
detail_window(StrBuf *out, bool *any, const TimeWindow *w, const Schema *s)
{
    static const char *const names[] = {"NONE", "TUMBLE", "HOP", "CUMULATE", "SESSION", "ATTACHED"};
    if (w->kind == WINDOW_NONE) return;
    bool more = false;
    detail_begin(out, any, "window");
    strbuf_printf(out, "%s(", names[w->kind]);
    if (w->kind == WINDOW_ATTACHED) {
        detail_columns(out, &more, "start", s, &w->start_col, 1);
        detail_columns(out, &more, "end", s, &w->end_col, 1);
    } else {
        detail_columns(out, &more, "time_col", s, &w->time_col, 1);
        detail_duration(out, &more, w->kind == WINDOW_SESSION ? "gap" : "size", w->size_us);
    }
    if (w->slide_us) {
        detail_duration(out, &more, w->kind == WINDOW_HOP ? "slide" : "step", w->slide_us);
    }
    if (w->offset_us) detail_duration(out, &more, "offset", w->offset_us);
    if (w->npartition) detail_columns(out, &more, "partition", s, w->partition, w->npartition);
    if (!w->event_time) strbuf_printf(out, ", time=[processing]");
    strbuf_printf(out, "%s)]", w->bounded_only ? ", closes=[end]" : "");
}

static void
explain_agg_call(StrBuf *out, const BoundAgg *agg, const Schema *s)
{
    strbuf_printf(out, "%s(%s", agg->call.def->name, agg->distinct ? "DISTINCT " : "");
    if (agg->call.nargs == 0) strbuf_char(out, '*');
    expr_list_explain(out, agg->args, agg->call.nargs, s);
    strbuf_char(out, ')');
    if (!agg->filter) return;
    strbuf_printf(out, " FILTER (WHERE ");
    expr_explain(out, agg->filter, s);
    strbuf_char(out, ')');
}

/* Column numbers of a GLOBAL_AGG speak of its LOCAL_AGG's input. */
static const Schema *
aggregate_input(const PlanNode *n)
{
    if (n->kind == PLAN_GLOBAL_AGG) n = n->input[0]->input[0];
    return &n->input[0]->schema;
}

/* Names of the results stand in the schema of AGGREGATE and GLOBAL_AGG, not of LOCAL_AGG. */
static void
detail_aggregate(StrBuf *out, bool *any, const PlanNode *n)
{
    const Schema *s = aggregate_input(n);
    if (n->agg.nkeys) detail_columns(out, any, "groupBy", s, n->agg.keys, n->agg.nkeys);
    detail_window(out, any, &n->agg.window, s);
    detail_begin(out, any, "select");
    u32 at = 0;
    for (u32 i = 0; i < n->agg.nkeys; i++, at++) {
        if (at) strbuf_printf(out, ", ");
        explain_column(out, s, n->agg.keys[i]);
    }
    for (u32 i = 0; i < n->agg.naggs; i++, at++) {
        if (at) strbuf_printf(out, ", ");
        explain_agg_call(out, &n->agg.aggs[i], s);
        if (n->kind == PLAN_LOCAL_AGG) continue;
        strbuf_printf(out, " AS ");
        explain_column(out, &n->schema, at);
    }
    for (; n->kind != PLAN_LOCAL_AGG && at < n->schema.len; at++) {
        if (at) strbuf_printf(out, ", ");
        explain_column(out, &n->schema, at);
    }
    strbuf_char(out, ']');
    if (n->agg.sorted && n->kind != PLAN_LOCAL_AGG) strbuf_printf(out, ", sorted=[true]");
}

static void
detail_keys(StrBuf *out, bool *any, const SortKey *keys, u32 n, const Schema *s)
{
    detail_begin(out, any, "orderBy");
    for (u32 i = 0; i < n; i++) {
        if (i) strbuf_printf(out, ", ");
        explain_column(out, s, keys[i].column);
        strbuf_printf(out, keys[i].descending ? " DESC" : " ASC");
        if (keys[i].nulls_first == keys[i].descending) {
            strbuf_printf(out, keys[i].nulls_first ? " NULLS FIRST" : " NULLS LAST");
        }
    }
    strbuf_char(out, ']');
}

static void
detail_number(StrBuf *out, bool *any, const char *name, u64 n)
{
    if (n == UINT64_MAX) return;
    detail_begin(out, any, name);
    strbuf_printf(out, "%llu]", (unsigned long long)n);
}

static void
detail_rank(StrBuf *out, bool *any, const PlanNode *n)
{
    static const char *const names[] = {"ROW_NUMBER", "RANK", "DENSE_RANK"};
    const Schema *s = &n->input[0]->schema;
    detail_begin(out, any, "function");
    strbuf_printf(out, "%s]", names[n->rank.kind]);
    detail_number(out, any, "limit", n->rank.limit);
    if (n->rank.npartition) {
        detail_columns(out, any, "partitionBy", s, n->rank.partition, n->rank.npartition);
    }
    if (n->rank.norder) detail_keys(out, any, n->rank.order, n->rank.norder, s);
    if (n->rank.window_end_col != UINT32_MAX) {
        detail_columns(out, any, "windowEnd", s, &n->rank.window_end_col, 1);
    }
    if (n->rank.emit_rank) {
        u32 last = n->schema.len - 1;
        detail_columns(out, any, "emit", &n->schema, &last, 1);
    }
}

static void
detail_scan(StrBuf *out, bool *any, const PlanNode *n)
{
    static const char *const ops[] = {"=", "<>", "<", "<=", ">", ">=", "IS NULL", "IS NOT NULL"};
    detail_begin(out, any, "table");
    strbuf_printf(out, "%s]", n->scan.name);
    detail_schema(out, any, "fields", &n->schema);
    if (!n->scan.npreds) return;
    detail_begin(out, any, "where");
    for (u32 i = 0; i < n->scan.npreds; i++) {
        const ScanPredicate *p = &n->scan.preds[i];
        if (i) strbuf_printf(out, " AND ");
        explain_column(out, &n->schema, p->column);
        strbuf_printf(out, " %s", ops[p->op]);
        if (p->op == PRED_IS_NULL || p->op == PRED_NOT_NULL) continue;
        strbuf_char(out, ' ');
        explain_constant(out, &p->constant);
    }
    strbuf_char(out, ']');
}

static void
detail_project(StrBuf *out, bool *any, const PlanNode *n)
{
    const Schema *s = &n->input[0]->schema;
    detail_begin(out, any, "select");
    for (u32 i = 0; i < n->schema.len; i++) {
        const BoundExpr *e = n->project.exprs[i];
        if (i) strbuf_printf(out, ", ");
        expr_explain(out, e, s);
        bool same = e->kind == BOUND_COLUMN && str_eq(s->at[e->column].name, n->schema.at[i].name);
        if (!same) strbuf_printf(out, " AS %.*s", STR_ARG(n->schema.at[i].name));
    }
    strbuf_char(out, ']');
}

static void
detail_values(StrBuf *out, bool *any, const PlanNode *n)
{
    enum { ROWS_SHOWN = 3 };
    detail_begin(out, any, "tuples");
    for (u32 r = 0; r < n->values.nrows; r++) {
        if (r) strbuf_printf(out, ", ");
        if (r == ROWS_SHOWN) {
            strbuf_printf(out, "... %u rows", n->values.nrows);
            break;
        }
        strbuf_char(out, '(');
        expr_list_explain(out, n->values.rows + (size_t)r * n->schema.len, n->schema.len, NULL);
        strbuf_char(out, ')');
    }
    strbuf_char(out, ']');
}

/* Which of the columns that GROUPING SETS are about each set keeps. */
static void
detail_sets(StrBuf *out, bool *any, const PlanNode *n)
{
    u32 ncols = n->schema.len - 1;
    detail_begin(out, any, "sets");
    for (u32 set = 0; set < n->expand.nsets; set++) {
        bool first = true;
        strbuf_printf(out, "%s(", set ? ", " : "");
        for (u32 c = 0; c < ncols; c++) {
            bool ever = false;
            for (u32 i = 0; i < n->expand.nsets; i++) {
                ever = ever || n->expand.gone[(size_t)i * ncols + c];
            }
            if (!ever || n->expand.gone[(size_t)set * ncols + c]) continue;
            if (!first) strbuf_printf(out, ", ");
            explain_column(out, &n->schema, c);
            first = false;
        }
        strbuf_char(out, ')');
    }
    strbuf_char(out, ']');
}

static void
node_details(StrBuf *out, bool *any, const PlanNode *n)
{
    static const char *const exchanges[] = {"single", "single, ordered", "hash"};
    switch (n->kind) {
    case PLAN_SCAN:
        detail_scan(out, any, n);
        return;
    case PLAN_VALUES:
        detail_values(out, any, n);
        return;
    case PLAN_WATERMARK:
        detail_columns(out, any, "rowtime", &n->schema, &n->watermark.time_col, 1);
        detail_begin(out, any, "watermark");
        expr_explain(out, n->watermark.expr, &n->schema);
        strbuf_char(out, ']');
        if (n->watermark.max_advance_us) {
            detail_duration(out, any, "maxAdvance", n->watermark.max_advance_us);
        }
        return;
    case PLAN_FILTER:
        detail_begin(out, any, "where");
        expr_explain(out, n->filter.cond, &n->schema);
        strbuf_char(out, ']');
        return;
    case PLAN_PROJECT:
        detail_project(out, any, n);
        return;
    case PLAN_EXPAND:
        detail_sets(out, any, n);
        return;
    case PLAN_UNION_ALL:
        detail_schema(out, any, "select", &n->schema);
        return;
    case PLAN_WINDOW:
        detail_window(out, any, &n->window.spec, &n->schema);
        return;
    case PLAN_AGGREGATE:
    case PLAN_LOCAL_AGG:
    case PLAN_GLOBAL_AGG:
        detail_aggregate(out, any, n);
        return;
    case PLAN_RANK:
        detail_rank(out, any, n);
        return;
    case PLAN_SORT:
        detail_keys(out, any, n->sort.keys, n->sort.nkeys, &n->schema);
        detail_number(out, any, "fetch", n->sort.limit);
        return;
    case PLAN_LIMIT:
        if (n->limit.offset) detail_number(out, any, "offset", n->limit.offset);
        detail_number(out, any, "fetch", n->limit.count);
        return;
    case PLAN_EXCHANGE:
        detail_begin(out, any, "distribution");
        strbuf_printf(out, "%s]", exchanges[n->exchange.kind]);
        return;
    case PLAN_SINK:
        detail_begin(out, any, "table");
        strbuf_printf(out, "%s]", n->sink.name);
        detail_schema(out, any, "fields", &n->schema);
        return;
    case PLAN_RESULT:
        detail_schema(out, any, "select", &n->schema);
        return;
    case PLAN_COUNT:
        break;
    }
    UNREACHABLE();
}

/* ---- what a changed query is compared by ---------------------------------------------------- */

static void
describe_columns(StrBuf *out, bool *any, const char *name, const Schema *s, const bool *used)
{
    bool first = true;
    detail_begin(out, any, name);
    for (u32 i = 0; i < s->len; i++) {
        if (used && !used[i]) continue;
        if (!first) strbuf_printf(out, ", ");
        first = false;
        explain_column(out, s, i);
        strbuf_char(out, ' ');
        type_print(out, s->at[i].type);
    }
    strbuf_char(out, ']');
}

/* What its state is made of: not what its results are called. */
static void
describe_aggregate(StrBuf *out, bool *any, const PlanNode *n)
{
    const Schema *s = aggregate_input(n);
    detail_begin(out, any, "keys");
    for (u32 i = 0; i < n->agg.nkeys; i++) {
        if (i) strbuf_printf(out, ", ");
        explain_column(out, s, n->agg.keys[i]);
        strbuf_char(out, ' ');
        type_print(out, s->at[n->agg.keys[i]].type);
    }
    strbuf_char(out, ']');
    detail_window(out, any, &n->agg.window, s);
    detail_begin(out, any, "aggs");
    for (u32 i = 0; i < n->agg.naggs; i++) {
        const BoundAgg *agg = &n->agg.aggs[i];
        if (i) strbuf_printf(out, ", ");
        explain_agg_call(out, agg, s);
        strbuf_char(out, ' ');
        type_print(out, agg->call.ret);
        strbuf_printf(out, " of (");
        for (u32 k = 0; k < agg->call.nargs; k++) {
            if (k) strbuf_printf(out, ", ");
            type_print(out, agg->args[k]->type);
        }
        strbuf_char(out, ')');
    }
    strbuf_char(out, ']');
}

/* All rows, which EXPLAIN does not show, by their hash. */
static void
describe_values(StrBuf *out, bool *any, const PlanNode *n)
{
    StrBuf row = {0};
    u64 hash = 0;
    for (u32 r = 0; r < n->values.nrows; r++) {
        strbuf_clear(&row);
        expr_list_explain(&row, n->values.rows + (size_t)r * n->schema.len, n->schema.len, NULL);
        hash = hash_bytes(row.ptr, row.len, hash);
    }
    strbuf_done(&row);
    detail_begin(out, any, "tuples");
    strbuf_printf(out, "%u rows, %016llx]", n->values.nrows, (unsigned long long)hash);
}

void
node_describe(const PlanNode *n, StrBuf *out)
{
    bool any = false;
    if (n->kind == PLAN_LOCAL_AGG || n->kind == PLAN_EXCHANGE) return;
    bool aggregate = n->kind == PLAN_AGGREGATE || n->kind == PLAN_GLOBAL_AGG;
    strbuf_printf(out, "%s(", plan_text[aggregate ? PLAN_AGGREGATE : n->kind]);
    if (aggregate) {
        describe_aggregate(out, &any, n);
    } else {
        if (n->kind == PLAN_VALUES) describe_values(out, &any, n);
        node_details(out, &any, n);
        describe_columns(out, &any, "columns", &n->schema, NULL);
    }
    strbuf_char(out, ')');
}

/* ---- trees ---------------------------------------------------------------------------------- */

static const char *
mode_text(EdgeMode mode)
{
    static const char *const texts[] = {"I", "I,UA,D", "I,UB,UA,D"};
    return texts[mode];
}

static void
explain_tree(StrBuf *out, const PlanNode *n, u32 level, bool modes)
{
    bool any = false;
    strbuf_printf(out, "%*s%s(", (int)level * 2, "", plan_text[n->kind]);
    node_details(out, &any, n);
    if (n->kind == PLAN_WATERMARK && n->watermark.idle_timeout_us) {
        detail_duration(out, &any, "idleTimeout", n->watermark.idle_timeout_us);
    }
    if (modes) strbuf_printf(out, "%schangelogMode=[%s]", any ? ", " : "", mode_text(n->mode));
    strbuf_printf(out, ")\n");
    for (u32 i = 0; i < n->ninputs; i++) explain_tree(out, n->input[i], level + 1, modes);
}

void
plan_explain(StrBuf *out, const Plan *plan, bool changelog_mode)
{
    for (u32 i = 0; i < plan->nroots; i++) explain_tree(out, plan->roots[i], 0, changelog_mode);
}

static void
explain_json_text(StrBuf *out, Str text)
{
    strbuf_char(out, '"');
    for (u32 i = 0; i < text.len; i++) {
        u8 c = (u8)text.ptr[i];
        if (c == '"' || c == '\\') {
            strbuf_printf(out, "\\%c", c);
        } else if (c < 0x20) {
            strbuf_printf(out, "\\u%04x", c);
        } else {
            strbuf_char(out, (char)c);
        }
    }
    strbuf_char(out, '"');
}

static void
explain_json_node(StrBuf *out, const PlanNode *n, bool *first)
{
    for (u32 i = 0; i < n->ninputs; i++) explain_json_node(out, n->input[i], first);
    StrBuf text = {0};
    bool any = false;
    strbuf_printf(&text, "%s(", plan_text[n->kind]);
    node_details(&text, &any, n);
    strbuf_char(&text, ')');
    strbuf_printf(out, "%s\n    {\"id\": %u, \"type\": \"%s\", \"contents\": ", *first ? "" : ",",
                  n->id, plan_text[n->kind]);
    explain_json_text(out, strbuf_view(&text));
    strbuf_done(&text);
    strbuf_printf(out, ", \"parallelism\": %u, \"changelogMode\": \"%s\", \"predecessors\": [",
                  n->parallel, mode_text(n->mode));
    for (u32 i = 0; i < n->ninputs; i++) {
        strbuf_printf(out, "%s{\"id\": %u}", i ? ", " : "", n->input[i]->id);
    }
    strbuf_printf(out, "]}");
    *first = false;
}

void
plan_explain_json(StrBuf *out, const Plan *plan)
{
    bool first = true;
    strbuf_printf(out, "{\n  \"nodes\": [");
    for (u32 i = 0; i < plan->nroots; i++) explain_json_node(out, plan->roots[i], &first);
    strbuf_printf(out, "\n  ]\n}\n");
}
