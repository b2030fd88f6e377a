/* explain_expr.c - a bound expression as SQL with column names.
 *
 * A name that an input has twice is printed as name$2 for the second one. */
#include "planner/explain.h"

#include "base/value_text.h"

/* ---- columns and constants ------------------------------------------------------------------ */

void
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
void
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

void
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

void
expr_list_explain(StrBuf *out, BoundExpr *const *exprs, u32 n, const Schema *input)
{
    explain_list(out, exprs, n, input, ", ", false);
}
