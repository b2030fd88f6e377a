/* ast_print_query.c - queries and tables as SQL. */
#include "grammar/ast_print.h"
#include "grammar/print.h"

void
options_print(StrBuf *b, const OptionList *l)
{
    for (u32 i = 0; i < l->len; i++) {
        if (i) text_print(b, ", ");
        string_print(b, l->at[i].key);
        text_print(b, " = ");
        string_print(b, l->at[i].value);
    }
}

void
hints_print(StrBuf *b, const HintList *l)
{
    for (u32 i = 0; i < l->len; i++) {
        const Hint *h = &l->at[i];
        text_print(b, i ? ", " : " /*+ ");
        name_print(b, h->name.text);
        if (h->options.len || h->args.len) strbuf_char(b, '(');
        options_print(b, &h->options);
        for (u32 n = 0; n < h->args.len; n++) {
            if (n) text_print(b, ", ");
            string_print(b, h->args.at[n]);
        }
        if (h->options.len || h->args.len) strbuf_char(b, ')');
    }
    if (l->len) text_print(b, " */");
}

static void
group_print(StrBuf *b, const GroupElem *g)
{
    static const char *const words[] = {
        [GROUP_EXPR] = "",       [GROUP_SET] = "(",           [GROUP_SETS] = "GROUPING SETS (",
        [GROUP_CUBE] = "CUBE (", [GROUP_ROLLUP] = "ROLLUP (",
    };
    text_print(b, words[g->kind]);
    if (g->kind == GROUP_EXPR) {
        expr_print(b, g->expr);
        return;
    }
    for (u32 i = 0; i < g->len; i++) {
        if (i) text_print(b, ", ");
        group_print(b, g->args[i]);
    }
    strbuf_char(b, ')');
}

static void
group_by_print(StrBuf *b, const GroupBy *g)
{
    if (!g->present) return;
    text_print(b, g->all ? " GROUP BY ALL" : " GROUP BY ");
    for (u32 i = 0; i < g->len; i++) {
        if (i) text_print(b, ", ");
        group_print(b, g->at[i]);
    }
}

static void
clause_print(StrBuf *b, const char *word, const Expr *e)
{
    if (!e) return;
    text_print(b, word);
    expr_print(b, e);
}

static void
items_print(StrBuf *b, const SelectItemList *l)
{
    for (u32 i = 0; i < l->len; i++) {
        if (i) text_print(b, ", ");
        expr_print(b, l->at[i].expr);
        if (!l->at[i].alias.text.ptr) continue;
        text_print(b, " AS ");
        name_print(b, l->at[i].alias.text);
    }
}

static void
select_print(StrBuf *b, const Select *s)
{
    text_print(b, "SELECT");
    hints_print(b, &s->hints);
    text_print(b, s->distinct ? " DISTINCT " : " ");
    items_print(b, &s->items);
    if (s->from) text_print(b, " FROM ");
    if (s->from) table_ref_print(b, s->from);
    clause_print(b, " WHERE ", s->where);
    group_by_print(b, &s->group_by);
    clause_print(b, " HAVING ", s->having);
    for (u32 i = 0; i < s->windows_len; i++) {
        text_print(b, i ? ", " : " WINDOW ");
        name_print(b, s->windows[i].name.text);
        text_print(b, " AS (");
        window_spec_print(b, s->windows[i].spec);
        strbuf_char(b, ')');
    }
    clause_print(b, " QUALIFY ", s->qualify);
}

static bool
query_needs_parens(const Query *q)
{
    return q->order_by.len || q->limit || q->offset || q->ctes_len;
}

/* A member of a set operation. INTERSECT binds tighter than the others, which chain to the left:
 * the first member of UNION may be any set operation but one that would join the chain. */
static void
member_print(StrBuf *b, const Query *parent, const Query *q, bool first)
{
    bool parens = query_needs_parens(q);
    if (q->kind == QUERY_SETOP) {
        bool tighter = q->setop.op == SETOP_INTERSECT && parent->setop.op != SETOP_INTERSECT;
        bool same = q->setop.op == parent->setop.op && q->setop.all == parent->setop.all;
        bool level = (q->setop.op == SETOP_INTERSECT) == (parent->setop.op == SETOP_INTERSECT);
        parens = parens || !(tighter || (first && level && !same));
    }
    if (parens) strbuf_char(b, '(');
    query_print(b, q);
    if (parens) strbuf_char(b, ')');
}

static void
setop_print(StrBuf *b, const Query *q)
{
    static const char *const words[] = {
        [SETOP_UNION] = " UNION ",
        [SETOP_INTERSECT] = " INTERSECT ",
        [SETOP_EXCEPT] = " EXCEPT ",
    };
    for (u32 i = 0; i < q->setop.len; i++) {
        if (i) text_print(b, words[q->setop.op]);
        if (i && q->setop.all) text_print(b, "ALL ");
        member_print(b, q, q->setop.at[i], i == 0);
    }
}

/* A row of one column prints without ROW, but a value that is itself a row, or would chain with
 * a comma, keeps it. */
static void
values_print(StrBuf *b, const ExprList *rows)
{
    text_print(b, "VALUES ");
    for (u32 i = 0; i < rows->len; i++) {
        if (i) text_print(b, ", ");
        bool plain = rows->at[i]->args.len > 0;
        text_print(b, plain ? "(" : "ROW(");
        if (rows->at[i]->args.len == 1 && rows->at[i]->args.at[0]->kind == EXPR_ROW) {
            b->len--; /* ROW(ROW(1)) */
            text_print(b, "ROW(");
        }
        exprs_print(b, &rows->at[i]->args);
        strbuf_char(b, ')');
    }
}

static void
query_body_print(StrBuf *b, const Query *q)
{
    switch (q->kind) {
    case QUERY_SELECT:
        select_print(b, q->select);
        return;
    case QUERY_VALUES:
        values_print(b, &q->rows);
        return;
    case QUERY_TABLE:
        text_print(b, "TABLE ");
        path_print(b, &q->table);
        return;
    case QUERY_SETOP:
        setop_print(b, q);
        return;
    case QUERY_NEST:
        strbuf_char(b, '(');
        query_print(b, q->inner);
        strbuf_char(b, ')');
        return;
    }
}

void
query_print(StrBuf *b, const Query *q)
{
    for (u32 i = 0; i < q->ctes_len; i++) {
        text_print(b, i ? ", " : "WITH ");
        name_print(b, q->ctes[i].name.text);
        if (q->ctes[i].columns.len) text_print(b, " (");
        names_print(b, &q->ctes[i].columns);
        text_print(b, q->ctes[i].columns.len ? ") AS (" : " AS (");
        query_print(b, q->ctes[i].query);
        strbuf_char(b, ')');
    }
    if (q->ctes_len) strbuf_char(b, ' ');
    query_body_print(b, q);
    if (q->order_by.len) text_print(b, " ORDER BY ");
    orders_print(b, &q->order_by);
    clause_print(b, " LIMIT ", q->limit);
    if (!q->offset) return;
    /* A word is OFFSET only in front of a number or a parenthesis (phrases.def). */
    text_print(b, " OFFSET (");
    expr_print(b, q->offset);
    strbuf_char(b, ')');
}

/* ---- Tables ---- */

static void
alias_print(StrBuf *b, const TableRef *t)
{
    if (!t->alias.text.ptr) return;
    text_print(b, " AS ");
    name_print(b, t->alias.text);
    if (!t->columns.len) return;
    text_print(b, " (");
    names_print(b, &t->columns);
    strbuf_char(b, ')');
}

static void
join_print(StrBuf *b, const Join *j)
{
    static const char *const words[] = {
        [JOIN_INNER] = "JOIN ",          [JOIN_LEFT] = "LEFT JOIN ",
        [JOIN_RIGHT] = "RIGHT JOIN ",    [JOIN_FULL] = "FULL JOIN ",
        [JOIN_CROSS] = "CROSS JOIN ",    [JOIN_SEMI] = "LEFT SEMI JOIN ",
        [JOIN_ANTI] = "LEFT ANTI JOIN ",
    };
    table_ref_print(b, j->left);
    text_print(b, j->natural ? " NATURAL " : " ");
    text_print(b, words[j->kind]);
    bool nested = j->right->kind == TABLE_JOIN;
    if (nested) strbuf_char(b, '(');
    table_ref_print(b, j->right);
    if (nested) strbuf_char(b, ')');
    clause_print(b, " ON ", j->on);
    if (!j->using_names.len) return;
    text_print(b, " USING (");
    names_print(b, &j->using_names);
    strbuf_char(b, ')');
}

static void
repeat_print(StrBuf *b, const MatchPattern *x)
{
    if (x->min == 0 && x->max == -1)
        strbuf_char(b, '*');
    else if (x->min == 1 && x->max == -1)
        strbuf_char(b, '+');
    else if (x->min == 0 && x->max == 1)
        strbuf_char(b, '?');
    else if (x->max == -1)
        strbuf_printf(b, "{%lld,}", (long long)x->min);
    else if (x->max == x->min)
        strbuf_printf(b, "{%lld}", (long long)x->min);
    else
        strbuf_printf(b, "{%lld,%lld}", (long long)x->min, (long long)x->max);
    if (x->reluctant) strbuf_char(b, '?');
}

/* level: 0 alternatives may stand bare, 1 sequences may, 2 only one symbol or bracket. */
static void
pattern_print(StrBuf *b, const MatchPattern *x, int level)
{
    bool parens = (x->kind == PATTERN_ALT && level > 0) ||
                  (x->kind == PATTERN_CONCAT && level > 1) ||
                  (x->kind == PATTERN_REPEAT && level > 2);
    if (parens) strbuf_char(b, '(');
    switch (x->kind) {
    case PATTERN_SYMBOL:
        name_print(b, x->symbol.text);
        break;
    case PATTERN_ALT:
    case PATTERN_CONCAT:
        for (u32 i = 0; i < x->len; i++) {
            if (i) text_print(b, x->kind == PATTERN_ALT ? " | " : " ");
            pattern_print(b, x->args[i], x->kind == PATTERN_ALT ? 1 : 2);
        }
        break;
    case PATTERN_REPEAT:
        pattern_print(b, x->args[0], 3);
        repeat_print(b, x);
        break;
    case PATTERN_PERMUTE:
    case PATTERN_EXCLUDE:
        text_print(b, x->kind == PATTERN_PERMUTE ? "PERMUTE(" : "{- ");
        for (u32 i = 0; i < x->len; i++) {
            if (i) text_print(b, ", ");
            pattern_print(b, x->args[i], 0);
        }
        text_print(b, x->kind == PATTERN_PERMUTE ? ")" : " -}");
        break;
    }
    if (parens) strbuf_char(b, ')');
}

static void
after_match_print(StrBuf *b, const Match *m)
{
    static const char *const words[] = {
        [AFTER_MATCH_UNSAID] = "",
        [AFTER_MATCH_NEXT_ROW] = " AFTER MATCH SKIP TO NEXT ROW",
        [AFTER_MATCH_PAST_LAST_ROW] = " AFTER MATCH SKIP PAST LAST ROW",
        [AFTER_MATCH_TO_FIRST] = " AFTER MATCH SKIP TO FIRST ",
        [AFTER_MATCH_TO_LAST] = " AFTER MATCH SKIP TO LAST ",
    };
    static const char *const rows[] = {
        [ROWS_PER_MATCH_UNSAID] = "",
        [ROWS_PER_MATCH_ONE] = " ONE ROW PER MATCH",
        [ROWS_PER_MATCH_ALL] = " ALL ROWS PER MATCH",
        [ROWS_PER_MATCH_ALL_SHOW_EMPTY] = " ALL ROWS PER MATCH SHOW EMPTY MATCHES",
        [ROWS_PER_MATCH_ALL_OMIT_EMPTY] = " ALL ROWS PER MATCH OMIT EMPTY MATCHES",
        [ROWS_PER_MATCH_ALL_WITH_UNMATCHED] = " ALL ROWS PER MATCH WITH UNMATCHED ROWS",
    };
    text_print(b, rows[m->rows_per_match]);
    text_print(b, words[m->after]);
    if (m->after_symbol.text.ptr) name_print(b, m->after_symbol.text);
}

static void
match_body_print(StrBuf *b, const Match *m)
{
    if (m->partition_by.len) text_print(b, " PARTITION BY ");
    exprs_print(b, &m->partition_by);
    if (m->order_by.len) text_print(b, " ORDER BY ");
    orders_print(b, &m->order_by);
    if (m->measures.len) text_print(b, " MEASURES ");
    items_print(b, &m->measures);
    after_match_print(b, m);
    text_print(b, m->anchor_start ? " PATTERN (^ " : " PATTERN (");
    pattern_print(b, m->pattern, 0);
    text_print(b, m->anchor_end ? " $)" : ")");
    clause_print(b, " WITHIN ", m->within);
    for (u32 i = 0; i < m->subsets_len; i++) {
        text_print(b, i ? ", " : " SUBSET ");
        name_print(b, m->subsets[i].name.text);
        text_print(b, " = (");
        names_print(b, &m->subsets[i].symbols);
        strbuf_char(b, ')');
    }
    for (u32 i = 0; i < m->defines_len; i++) {
        text_print(b, i ? ", " : " DEFINE ");
        name_print(b, m->defines[i].name.text);
        text_print(b, " AS ");
        expr_print(b, m->defines[i].cond);
    }
}

/* Words with a syntax of their own, as TRIM, are just names here. */
static void
func_table_print(StrBuf *b, const TableRef *t)
{
    const Call *c = t->func.call->call;
    if (t->func.wrapped) text_print(b, "TABLE(");
    path_print(b, &c->func);
    strbuf_char(b, '(');
    exprs_print(b, &c->args);
    text_print(b, t->func.wrapped ? "))" : ")");
}

static void
table_body_print(StrBuf *b, const TableRef *t)
{
    switch (t->kind) {
    case TABLE_NAME:
        path_print(b, &t->name.path);
        hints_print(b, &t->name.hints);
        clause_print(b, " FOR SYSTEM_TIME AS OF ", t->name.as_of);
        return;
    case TABLE_FILE:
        string_print(b, t->file);
        return;
    case TABLE_QUERY:
        strbuf_char(b, '(');
        query_print(b, t->query);
        strbuf_char(b, ')');
        return;
    case TABLE_FUNC:
        func_table_print(b, t);
        return;
    case TABLE_UNNEST:
        text_print(b, "UNNEST(");
        exprs_print(b, &t->unnest.args);
        text_print(b, t->unnest.ordinality ? ") WITH ORDINALITY" : ")");
        return;
    case TABLE_JOIN:
        join_print(b, t->join);
        return;
    case TABLE_MATCH:
        table_ref_print(b, t->match->input);
        text_print(b, " MATCH_RECOGNIZE (");
        match_body_print(b, t->match);
        strbuf_char(b, ')');
        return;
    }
}

void
table_ref_print(StrBuf *b, const TableRef *t)
{
    if (t->lateral) text_print(b, "LATERAL ");
    table_body_print(b, t);
    alias_print(b, t);
}
