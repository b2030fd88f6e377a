/* explain.c - a plan as text: one line per node, two spaces per level, inputs below.
 *
 *   Result(select=[page, n])
 *     GlobalAggregate(groupBy=[page], window=[TUMBLE(time_col=[ts], size=[1 min])], ...)
 *       Exchange(distribution=[hash])
 *
 * Expressions are SQL with column names. A name that an input has twice is printed as name$2 for
 * the second one. */
#include "planner/explain.h"

#include "base/value_text.h"
#include "planner/planner.h"

/* ---- expressions ---------------------------------------------------------------------------- */

static void
explain_column(StrBuf *out, const Schema *s, u32 col)
{
    if (!s || col >= s->len) {
        strbuf_printf(out, "$%u", col);
        return;
    }
    u32 before = 0;
    for (u32 i = 0; i < col; i++) before += str_eq(s->at[i].name, s->at[col].name);
    strbuf_str(out, s->at[col].name);
    if (before) strbuf_printf(out, "$%u", before + 1);
}

static void
explain_quoted(StrBuf *out, Str text)
{
    strbuf_char(out, '\'');
    for (u32 i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'') strbuf_char(out, '\'');
        strbuf_char(out, text.ptr[i]);
    }
    strbuf_char(out, '\'');
}

/* us as a size: "1 min", "1 h 30 min". */
static void
explain_duration(StrBuf *out, i64 us)
{
    static const struct {
        i64 us;
        const char *name;
    } units[] = {{86400000000, "d"}, {3600000000, "h"}, {60000000, "min"},
                 {1000000, "s"},     {1000, "ms"},      {1, "us"}};
    if (us < 0) strbuf_char(out, '-');
    u64 rest = us < 0 ? 0 - (u64)us : (u64)us;
    bool first = true;
    for (u32 i = 0; i < ARRAY_LEN(units); i++) {
        u64 n = rest / (u64)units[i].us;
        if (n == 0) continue;
        strbuf_printf(out, "%s%llu %s", first ? "" : " ", (unsigned long long)n, units[i].name);
        rest %= (u64)units[i].us;
        first = false;
    }
    if (first) strbuf_printf(out, "0 s");
}

/* INTERVAL '5' SECOND where one unit will do, else from days to seconds; printed is +d hh:mm:ss.f
 */
static void
explain_interval(StrBuf *out, i64 us, Str printed)
{
    static const struct {
        i64 us;
        const char *name;
    } units[] = {
        {86400000000, "DAY"}, {3600000000, "HOUR"}, {60000000, "MINUTE"}, {1000000, "SECOND"}};
    const char *minus = us < 0 ? "-" : "";
    for (u32 i = 0; i < ARRAY_LEN(units); i++) {
        if (us % units[i].us != 0) continue;
        u64 n = (us < 0 ? 0 - (u64)us : (u64)us) / (u64)units[i].us;
        if (n == 0 && i + 1 < ARRAY_LEN(units)) continue;
        strbuf_printf(out, "INTERVAL '%s%llu' %s", minus, (unsigned long long)n, units[i].name);
        return;
    }
    if (printed.len && printed.ptr[0] == '+') printed = (Str){printed.ptr + 1, printed.len - 1};
    strbuf_printf(out, "INTERVAL '%.*s' DAY TO SECOND", STR_ARG(printed));
}

static void
explain_constant(StrBuf *out, const Vector *v)
{
    const void *slot = vector_at(v, 0);
    Type t = v->type;
    if (!slot) {
        strbuf_printf(out, "NULL");
        return;
    }
    StrBuf text = {0};
    value_print(&text, t, slot, NULL);
    if (t.kind == TYPE_INTERVAL_DT) {
        explain_interval(out, *(const i64 *)slot, strbuf_view(&text));
    } else if (type_is(t, KIND_TEXT)) {
        explain_quoted(out, strbuf_view(&text));
    } else if (type_is(t, KIND_BYTES)) {
        strbuf_printf(out, "X'");
        for (size_t i = 0; i < text.len; i++) strbuf_printf(out, "%02X", (u8)text.ptr[i]);
        strbuf_char(out, '\'');
    } else if (t.kind == TYPE_INTERVAL_YM) {
        Str ym = strbuf_view(&text);
        if (ym.len && ym.ptr[0] == '+') ym = (Str){ym.ptr + 1, ym.len - 1};
        strbuf_printf(out, "INTERVAL '%.*s' YEAR TO MONTH", STR_ARG(ym));
    } else if (type_is(t, KIND_TIME)) {
        const char *name = t.kind == TYPE_DATE        ? "DATE"
                           : t.kind == TYPE_TIME      ? "TIME"
                           : t.kind == TYPE_TIMESTAMP ? "TIMESTAMP"
                                                      : "TIMESTAMP_LTZ";
        strbuf_printf(out, "%s ", name);
        explain_quoted(out, strbuf_view(&text));
    } else {
        strbuf_str(out, strbuf_view(&text));
    }
    strbuf_done(&text);
}

static bool
explain_is_word(const char *name)
{
    for (const char *p = name; *p; p++) {
        if (*p >= 'A' && *p <= 'Z') return true;
    }
    return false;
}

static void explain_expr(StrBuf *out, const BoundExpr *e, const Schema *s, bool nested);

static void
explain_list(StrBuf *out, BoundExpr *const *args, u32 n, const Schema *s, const char *between,
             bool nested)
{
    for (u32 i = 0; i < n; i++) {
        if (i) strbuf_printf(out, "%s", between);
        explain_expr(out, args[i], s, nested);
    }
}

static void
explain_case(StrBuf *out, const BoundExpr *e, const Schema *s)
{
    strbuf_printf(out, "CASE");
    for (u32 i = 0; i + 1 < e->nargs; i += 2) {
        strbuf_printf(out, " WHEN ");
        explain_expr(out, e->args[i], s, false);
        strbuf_printf(out, " THEN ");
        explain_expr(out, e->args[i + 1], s, false);
    }
    if (e->nargs % 2) {
        strbuf_printf(out, " ELSE ");
        explain_expr(out, e->args[e->nargs - 1], s, false);
    }
    strbuf_printf(out, " END");
}

/* CURRENT_DATE and its kin are written without parentheses. */
static bool
explain_is_bare(const BoundExpr *e)
{
    const char *name = e->call.def->name;
    bool bare = strncmp(name, "CURRENT_", 8) == 0 || strncmp(name, "LOCALTIME", 9) == 0;
    return e->nargs == 0 && bare && strcmp(name, "CURRENT_ROW_TIMESTAMP") != 0;
}

static void
explain_call(StrBuf *out, const BoundExpr *e, const Schema *s, bool nested)
{
    const char *name = e->call.def->name;
    bool cast = strcmp(name, "CAST") == 0 || strcmp(name, "TRY_CAST") == 0;
    bool is_op = (e->call.def->flags & FUNC_OPERATOR) != 0;
    bool in = strcmp(name, "IN") == 0, is = strncmp(name, "IS ", 3) == 0;
    bool infix = e->nargs == 2 && (is_op || !explain_is_word(name) || strstr(name, "LIKE") ||
                                   strstr(name, "DISTINCT FROM"));
    if (cast) {
        strbuf_printf(out, "%s(", name);
        explain_expr(out, e->args[0], s, false);
        strbuf_printf(out, " AS ");
        type_print(out, type_nullable(e->type, true));
        strbuf_char(out, ')');
        return;
    }
    if (explain_is_bare(e)) {
        strbuf_printf(out, "%s", name);
        return;
    }
    bool bracket = nested && (infix || in || (is && e->nargs == 1));
    if (bracket) strbuf_char(out, '(');
    if (in && e->nargs > 1) {
        explain_expr(out, e->args[0], s, true);
        strbuf_printf(out, " IN (");
        explain_list(out, e->args + 1, e->nargs - 1, s, ", ", false);
        strbuf_char(out, ')');
    } else if (e->nargs == 2 && strcmp(name, "IS JSON") == 0 && e->args[1]->kind == BOUND_CONST) {
        const StrView *what = vector_at(&e->args[1]->constant, 0);
        explain_expr(out, e->args[0], s, true);
        strbuf_printf(out, " IS JSON %.*s", STR_ARG(strview_str(what)));
    } else if (infix) {
        explain_expr(out, e->args[0], s, true);
        strbuf_printf(out, " %s ", name);
        explain_expr(out, e->args[1], s, true);
    } else if (is && e->nargs == 1) {
        explain_expr(out, e->args[0], s, true);
        strbuf_printf(out, " %s", name);
    } else if (e->nargs == 1 && (is_op || strcmp(name, "NOT") == 0)) {
        strbuf_printf(out, "%s%s", name, explain_is_word(name) ? " " : "");
        explain_expr(out, e->args[0], s, true);
    } else {
        strbuf_printf(out, "%s(", name);
        explain_list(out, e->args, e->nargs, s, ", ", false);
        strbuf_char(out, ')');
    }
    if (bracket) strbuf_char(out, ')');
}

static void
explain_expr(StrBuf *out, const BoundExpr *e, const Schema *s, bool nested)
{
    switch (e->kind) {
    case BOUND_COLUMN:
        explain_column(out, s, e->column);
        return;
    case BOUND_CONST:
        explain_constant(out, &e->constant);
        return;
    case BOUND_CALL:
        explain_call(out, e, s, nested);
        return;
    case BOUND_CASE:
        explain_case(out, e, s);
        return;
    case BOUND_AND:
    case BOUND_OR:
        if (nested) strbuf_char(out, '(');
        explain_list(out, e->args, e->nargs, s, e->kind == BOUND_AND ? " AND " : " OR ", true);
        if (nested) strbuf_char(out, ')');
        return;
    }
    UNREACHABLE();
}

void
expr_explain(StrBuf *out, const BoundExpr *e, const Schema *input)
{
    explain_expr(out, e, input, false);
}

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
detail_window(StrBuf *out, bool *any, const TimeWindow *w, const Schema *s)
{
    static const char *const names[] = {"NONE", "TUMBLE", "HOP", "CUMULATE", "SESSION"};
    if (w->kind == WINDOW_NONE) return;
    detail_begin(out, any, "window");
    strbuf_printf(out, "%s(time_col=[", names[w->kind]);
    explain_column(out, s, w->time_col);
    strbuf_printf(out, w->kind == WINDOW_SESSION ? "], gap=[" : "], size=[");
    explain_duration(out, w->size_us);
    if (w->slide_us) {
        strbuf_printf(out, w->kind == WINDOW_HOP ? "], slide=[" : "], step=[");
        explain_duration(out, w->slide_us);
    }
    if (w->offset_us) {
        strbuf_printf(out, "], offset=[");
        explain_duration(out, w->offset_us);
    }
    strbuf_printf(out, "]%s)]", w->bounded_only ? ", closes=[end]" : "");
}

static void
explain_agg_call(StrBuf *out, const BoundAgg *agg, const Schema *s)
{
    strbuf_printf(out, "%s(%s", agg->call.def->name, agg->distinct ? "DISTINCT " : "");
    if (agg->call.nargs == 0) strbuf_char(out, '*');
    explain_list(out, agg->args, agg->call.nargs, s, ", ", false);
    strbuf_char(out, ')');
    if (!agg->filter) return;
    strbuf_printf(out, " FILTER (WHERE ");
    explain_expr(out, agg->filter, s, false);
    strbuf_char(out, ')');
}

/* Names of the results stand in the schema of AGGREGATE and GLOBAL_AGG, not of LOCAL_AGG. */
static void
detail_aggregate(StrBuf *out, bool *any, const PlanNode *n)
{
    const PlanNode *local = n;
    if (n->kind == PLAN_GLOBAL_AGG) local = n->input[0]->input[0];
    const Schema *s = &local->input[0]->schema;
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
        explain_expr(out, e, s, false);
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
        explain_list(out, n->values.rows + (size_t)r * n->schema.len, n->schema.len, NULL, ", ",
                     false);
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
        explain_expr(out, n->watermark.expr, &n->schema, false);
        strbuf_char(out, ']');
        return;
    case PLAN_FILTER:
        detail_begin(out, any, "where");
        explain_expr(out, n->filter.cond, &n->schema, false);
        strbuf_char(out, ']');
        return;
    case PLAN_PROJECT:
        detail_project(out, any, n);
        return;
    case PLAN_EXPAND:
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

static const char *
mode_text(EdgeMode mode)
{
    static const char *const texts[] = {"I", "I,UA,D", "I,UB,UA,D"};
    return texts[mode];
}

/* ---- trees ---------------------------------------------------------------------------------- */

static void
explain_tree(StrBuf *out, const PlanNode *n, u32 level, bool modes)
{
    bool any = false;
    strbuf_printf(out, "%*s%s(", (int)level * 2, "", plan_text[n->kind]);
    node_details(out, &any, n);
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
