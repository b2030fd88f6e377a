/* build_query.c - queries, tables, types and the statements that need more than a struct.
 *
 * A query's height is over everything in it: each expression, table and subquery adds to it, so
 * that one limit bounds every path through the tree. */
#include "grammar/build.h"

Query *
query_new(Parse *p, QueryKind kind, u32 pos)
{
    Query *q = arena_make(p->arena, Query);
    q->kind = kind;
    q->pos = pos;
    q->width = span_to_end(p, pos);
    q->height = 1;
    return q;
}

static void
query_over(Parse *p, Query *q, u16 height)
{
    q->height = MAX(q->height, height_over(p, q->pos, height, 0));
}

static void
query_over_expr(Parse *p, Query *q, const Expr *e)
{
    if (e) query_over(p, q, e->height);
}

static void
query_over_spec(Parse *p, Query *q, const WindowSpec *w)
{
    for (u32 i = 0; i < w->partition_by.len; i++) query_over_expr(p, q, w->partition_by.at[i]);
    for (u32 i = 0; i < w->order_by.len; i++) query_over_expr(p, q, w->order_by.at[i].expr);
    query_over_expr(p, q, w->start.expr);
    query_over_expr(p, q, w->end.expr);
}

Query *
query_select(Parse *p, Select *s)
{
    Query *q = query_new(p, QUERY_SELECT, s->pos);
    q->select = s;
    for (u32 i = 0; i < s->items.len; i++) query_over_expr(p, q, s->items.at[i].expr);
    if (s->from) query_over(p, q, s->from->height);
    query_over_expr(p, q, s->where);
    for (u32 i = 0; i < s->group_by.len; i++) query_over(p, q, s->group_by.at[i]->height);
    query_over_expr(p, q, s->having);
    for (u32 i = 0; i < s->windows_len; i++) query_over_spec(p, q, s->windows[i].spec);
    query_over_expr(p, q, s->qualify);
    return q;
}

static bool
query_has_tail(const Query *q)
{
    return q->order_by.len || q->limit || q->offset || q->ctes_len;
}

Query *
query_setop(Parse *p, Query *left, SetOp op, bool all, Query *right)
{
    Query *q = left;
    bool chain = left->kind == QUERY_SETOP && left->setop.op == op && left->setop.all == all &&
                 !query_has_tail(left);
    if (!chain) {
        q = query_new(p, QUERY_SETOP, left->pos);
        q->setop.op = op;
        q->setop.all = all;
        list_push(p, q->setop, left);
        query_over(p, q, left->height);
    }
    list_push(p, q->setop, right);
    query_over(p, q, right->height);
    q->width = span_to_end(p, q->pos);
    return q;
}

/* VALUES 1, 2 has two rows of one column: every row becomes an EXPR_ROW. */
Query *
query_values(Parse *p, u32 pos, ExprList rows)
{
    Query *q = query_new(p, QUERY_VALUES, pos);
    for (u32 i = 0; i < rows.len; i++) {
        Expr *e = rows.at[i];
        if (e->kind != EXPR_ROW) {
            Expr *row = expr_new(p, EXPR_ROW, e->pos);
            row->width = e->width;
            list_push(p, row->args, e);
            expr_over(p, row, e);
            rows.at[i] = row;
        }
        query_over_expr(p, q, rows.at[i]);
    }
    q->rows = rows;
    return q;
}

Query *
query_parens(Parse *p, u32 pos, Query *q)
{
    q->pos = pos;
    q->width = span_to_end(p, pos);
    return q;
}

/* (SELECT ... LIMIT 3) LIMIT 2 keeps both limits: the inner query is nested then. */
static Query *
query_nest(Parse *p, Query *inner)
{
    Query *q = query_new(p, QUERY_NEST, inner->pos);
    q->inner = inner;
    query_over(p, q, inner->height);
    return q;
}

Query *
query_tail(Parse *p, Query *q, OrderList order_by, QueryTail tail)
{
    if (!order_by.len && !tail.limit && !tail.offset) return q;
    if (query_has_tail(q)) q = query_nest(p, q);
    q->order_by = order_by;
    q->limit = tail.limit;
    q->offset = tail.offset;
    for (u32 i = 0; i < order_by.len; i++) query_over_expr(p, q, order_by.at[i].expr);
    query_over_expr(p, q, tail.limit);
    query_over_expr(p, q, tail.offset);
    q->width = span_to_end(p, q->pos);
    return q;
}

/* A tail may have been put on q by query_tail(); a WITH of its own came with parentheses. */
Query *
query_with(Parse *p, u32 pos, Query *q, Cte *ctes, u32 len)
{
    if (q->ctes_len) q = query_nest(p, q);
    q->ctes = ctes;
    q->ctes_len = len;
    q->pos = pos;
    q->width = span_to_end(p, pos);
    for (u32 i = 0; i < len; i++) query_over(p, q, ctes[i].query->height);
    return q;
}

/* GROUP BY (a, b) reads as a row value: it is a grouping set of two. */
GroupElem *
group_elem(Parse *p, u32 pos, GroupKind kind, Expr *e, GroupList args)
{
    GroupElem *g = arena_make(p->arena, GroupElem);
    *g = (GroupElem){.kind = kind, .pos = pos, .width = span_to_end(p, pos), .height = 1};
    bool row = kind == GROUP_EXPR && e->kind == EXPR_ROW && p->script.ptr[e->pos] == '(';
    if (row) {
        g->kind = GROUP_SET;
        for (u32 i = 0; i < e->args.len; i++) {
            GroupElem *item = group_elem(p, e->args.at[i]->pos, GROUP_EXPR, e->args.at[i], args);
            item->width = e->args.at[i]->width;
            list_push(p, args, item);
        }
    } else if (kind == GROUP_EXPR) {
        g->expr = e;
        g->height = height_over(p, pos, e->height, 0);
        return g;
    }
    g->args = args.at;
    g->len = args.len;
    for (u32 i = 0; i < args.len; i++) {
        g->height = MAX(g->height, height_over(p, pos, args.at[i]->height, 0));
    }
    return g;
}

TableRef *
table_new(Parse *p, TableKind kind, u32 pos)
{
    TableRef *t = arena_make(p->arena, TableRef);
    t->kind = kind;
    t->pos = pos;
    t->width = span_to_end(p, pos);
    t->height = 1;
    return t;
}

TableRef *
table_func(Parse *p, u32 pos, Expr *call, bool wrapped)
{
    TableRef *t = table_new(p, TABLE_FUNC, pos);
    t->func.call = call;
    t->func.wrapped = wrapped;
    t->height = height_over(p, pos, call->height, 0);
    return t;
}

TableRef *
table_query(Parse *p, Query *q)
{
    TableRef *t = table_new(p, TABLE_QUERY, q->pos);
    t->query = q;
    t->height = height_over(p, t->pos, q->height, 0);
    return t;
}

Join *
join_new(Parse *p, JoinKind kind, u32 pos)
{
    Join *j = arena_make(p->arena, Join);
    j->kind = kind;
    j->pos = pos;
    j->width = span_to_end(p, pos);
    return j;
}

TableRef *
table_join(Parse *p, TableRef *l, Join *how, TableRef *r)
{
    TableRef *t = table_new(p, TABLE_JOIN, l->pos);
    how->left = l;
    how->right = r;
    t->join = how;
    t->height = height_over(p, t->pos, l->height, r->height);
    if (how->on) t->height = MAX(t->height, height_over(p, t->pos, how->on->height, 0));
    bool bare = how->kind == JOIN_CROSS || how->natural;
    bool cond = how->on || how->using_names.len;
    if (bare && cond) {
        parse_fail(p, W1001, how->pos, how->width, "this join takes no condition",
                   "Write JOIN ... ON, or leave the condition out.");
    } else if (!bare && !cond) {
        parse_fail(p, W1001, how->pos, how->width, "a join needs ON or USING",
                   "Write ON a.x = b.x behind the table, or CROSS JOIN for all pairs.");
    }
    return t;
}

TableRef *
table_alias(Parse *p, TableRef *t, TableAlias alias)
{
    if (!alias.name.text.ptr) return t;
    if (t->kind == TABLE_JOIN || t->alias.text.ptr) {
        parse_fail(p, W1001, alias.name.pos, alias.name.width,
                   "a join in parentheses cannot have a name",
                   "Put SELECT * FROM in front of it, or name the tables inside.");
        return t;
    }
    t->alias = alias.name;
    t->columns = alias.columns;
    t->width = span_to_end(p, t->pos);
    return t;
}

TableRef *
table_match(Parse *p, TableRef *input, Match *m)
{
    TableRef *t = table_new(p, TABLE_MATCH, input->pos);
    m->input = input;
    t->match = m;
    t->height = height_over(p, t->pos, input->height, m->pattern->height);
    u16 h = 0;
    for (u32 i = 0; i < m->partition_by.len; i++) h = MAX(h, m->partition_by.at[i]->height);
    for (u32 i = 0; i < m->order_by.len; i++) h = MAX(h, m->order_by.at[i].expr->height);
    for (u32 i = 0; i < m->measures.len; i++) h = MAX(h, m->measures.at[i].expr->height);
    for (u32 i = 0; i < m->defines_len; i++) h = MAX(h, m->defines[i].cond->height);
    if (m->within) h = MAX(h, m->within->height);
    t->height = MAX(t->height, height_over(p, t->pos, h, 0));
    return t;
}

MatchPattern *
pattern_new(Parse *p, PatternKind kind, u32 pos)
{
    MatchPattern *x = arena_make(p->arena, MatchPattern);
    x->kind = kind;
    x->pos = pos;
    x->width = span_to_end(p, pos);
    x->height = 1;
    return x;
}

MatchPattern *
pattern_list(Parse *p, PatternKind kind, u32 pos, PatternList list)
{
    MatchPattern *x = pattern_new(p, kind, pos);
    x->args = list.at;
    x->len = list.len;
    for (u32 i = 0; i < list.len; i++) {
        x->height = MAX(x->height, height_over(p, pos, list.at[i]->height, 0));
    }
    return x;
}

/* A B C and A | B | C become one list each. */
MatchPattern *
pattern_add(Parse *p, PatternKind kind, MatchPattern *left, MatchPattern *right)
{
    MatchPattern *x = left;
    if (left->kind != kind) {
        x = pattern_new(p, kind, left->pos);
        x->args = list_room(p->arena, NULL, 0, sizeof *x->args);
        x->args[x->len++] = left;
        x->height = height_over(p, x->pos, left->height, 0);
    }
    x->args = list_room(p->arena, x->args, x->len, sizeof *x->args);
    x->args[x->len++] = right;
    x->height = MAX(x->height, height_over(p, x->pos, right->height, 0));
    x->width = span_to_end(p, x->pos);
    return x;
}

/* ---- Types ---- */

TypeName *
type_new(Parse *p, u32 pos, Str name)
{
    TypeName *t = arena_make(p->arena, TypeName);
    t->pos = pos;
    t->width = span_to_end(p, pos);
    t->height = 1;
    t->name = name;
    return t;
}

TypeName *
type_words(Parse *p, u32 pos, Token first, Token second)
{
    static const struct {
        u16 word;
        Str first, name;
    } pairs[] = {
        {KW_PRECISION, {"DOUBLE", 6}, {"DOUBLE", 6}},
        {KW_VARYING, {"CHAR", 4}, {"VARCHAR", 7}},
        {KW_VARYING, {"CHARACTER", 9}, {"VARCHAR", 7}},
        {KW_VARYING, {"BINARY", 6}, {"VARBINARY", 9}},
    };
    for (u32 i = 0; i < ARRAY_LEN(pairs); i++) {
        bool same = second.word == pairs[i].word && !first.quoted &&
                    str_eq_nocase(token_text(p, first), pairs[i].first);
        if (same) return type_new(p, pos, pairs[i].name);
    }
    parse_fail(p, W1001, second.pos, second.width, "these words name no type",
               "Write DOUBLE PRECISION, CHAR VARYING(n) or BINARY VARYING(n).");
    return type_new(p, pos, STR("DOUBLE"));
}

void
type_params(Parse *p, TypeName *t, Token *first, Token *second)
{
    t->param[t->params++] = integer_make(p, *first, INT64_MAX);
    if (second) t->param[t->params++] = integer_make(p, *second, INT64_MAX);
    t->width = span_to_end(p, t->pos);
}

TypeName *
type_compose(Parse *p, u32 pos, const char *name, TypeName *a, TypeName *b)
{
    TypeName *t = type_new(p, pos, str_from(name));
    t->args[0] = a;
    t->args[1] = b;
    t->height = height_over(p, pos, a->height, b ? b->height : 0);
    return t;
}

TypeName *
type_row(Parse *p, u32 pos, TypeFieldList fields)
{
    TypeName *t = type_new(p, pos, STR("ROW"));
    t->fields = fields.at;
    t->fields_len = fields.len;
    for (u32 i = 0; i < fields.len; i++) {
        t->height = MAX(t->height, height_over(p, pos, fields.at[i].type->height, 0));
    }
    return t;
}

/* name NULL: WITHOUT TIME ZONE, which changes nothing. */
TypeName *
type_zone(Parse *p, TypeName *t, const char *name)
{
    bool timestamp = str_eq(t->name, STR("TIMESTAMP"));
    bool time = !name && str_eq(t->name, STR("TIME"));
    if (!timestamp && !time) {
        parse_fail(p, W1001, t->pos, span_to_end(p, t->pos), "only TIMESTAMP takes a time zone",
                   "Write TIMESTAMP(3) WITH LOCAL TIME ZONE or TIMESTAMP_LTZ(3).");
    }
    if (name) t->name = str_from(name);
    t->width = span_to_end(p, t->pos);
    return t;
}

/* ---- Statements ---- */

Stmt *
stmt_new(Parse *p, StmtKind kind, u32 pos)
{
    Stmt *s = arena_make(p->arena, Stmt);
    s->kind = kind;
    s->pos = pos;
    s->width = span_to_end(p, pos);
    return s;
}

static void
elems_constraint(Parse *p, TableElems *e, const ColumnParts *c, ConstraintKind kind)
{
    ConstraintDef own = {.kind = kind, .pos = c->def.pos, .width = c->def.width};
    if (kind == CONSTRAINT_PRIMARY_KEY) own.enforced = c->enforced;
    list_push(p, own.columns, c->def.name);
    e->constraints = list_room(p->arena, e->constraints, e->constraints_len, sizeof own);
    e->constraints[e->constraints_len++] = own;
}

void
elems_column(Parse *p, TableElems *e, const ColumnParts *c)
{
    e->columns = list_room(p->arena, e->columns, e->columns_len, sizeof c->def);
    e->columns[e->columns_len++] = c->def;
    if (c->flags & COLUMN_FLAG_PRIMARY_KEY) elems_constraint(p, e, c, CONSTRAINT_PRIMARY_KEY);
    if (c->flags & COLUMN_FLAG_UNIQUE) elems_constraint(p, e, c, CONSTRAINT_UNIQUE);
}

void
explain_detail(Parse *p, Explain *e, Token t)
{
    static const struct {
        Str word;
        u32 bit;
    } details[] = {
        {{"ESTIMATED_COST", 14}, EXPLAIN_ESTIMATED_COST},
        {{"CHANGELOG_MODE", 14}, EXPLAIN_CHANGELOG_MODE},
        {{"JSON", 4}, EXPLAIN_JSON},
        {{"JSON_EXECUTION_PLAN", 19}, EXPLAIN_JSON},
        {{"PLAN_ADVICE", 11}, EXPLAIN_PLAN_ADVICE},
        {{"ANALYZE", 7}, EXPLAIN_ANALYZE},
    };
    Str word = token_text(p, t);
    Nearest near = {0};
    for (u32 i = 0; i < ARRAY_LEN(details); i++) {
        if (str_eq_nocase(word, details[i].word)) {
            e->details |= details[i].bit;
            return;
        }
        nearest_offer(&near, word, details[i].word);
    }
    if (p->status) return;
    p->status = err_set(p->err, W1001, t.pos, "syntax error at \"%.*s\"", (int)MIN(word.len, 40u),
                        word.ptr);
    err_at(p->err, t.pos, t.width);
    p->status = near.best.len
                    ? err_hint(p->err, p->status, "Did you mean %.*s?", STR_ARG(near.best))
                    : err_hint(p->err, p->status,
                               "EXPLAIN takes CHANGELOG_MODE, ESTIMATED_COST, JSON or ANALYZE.");
}

void
like_option(Parse *p, CreateTable *t, LikeMerge merge, Token feature)
{
    static const char *const words[] = {
        [LIKE_FEATURE_ALL] = "ALL",
        [LIKE_FEATURE_CONSTRAINTS] = "CONSTRAINTS",
        [LIKE_FEATURE_DISTRIBUTION] = "DISTRIBUTION",
        [LIKE_FEATURE_GENERATED] = "GENERATED",
        [LIKE_FEATURE_METADATA] = "METADATA",
        [LIKE_FEATURE_OPTIONS] = "OPTIONS",
        [LIKE_FEATURE_PARTITIONS] = "PARTITIONS",
        [LIKE_FEATURE_WATERMARKS] = "WATERMARKS",
    };
    Str word = token_text(p, feature);
    for (u32 i = 0; i < ARRAY_LEN(words); i++) {
        if (!str_eq_nocase(word, str_from(words[i]))) continue;
        t->like_options =
            list_room(p->arena, t->like_options, t->like_options_len, sizeof *t->like_options);
        t->like_options[t->like_options_len++] = (LikeOption){merge, (LikeFeature)i};
        return;
    }
    parse_fail(p, W1001, feature.pos, feature.width, "LIKE has no such feature",
               "Features are ALL, CONSTRAINTS, DISTRIBUTION, GENERATED, METADATA, OPTIONS, "
               "PARTITIONS, WATERMARKS.");
}
