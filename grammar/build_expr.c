/* build_expr.c - expression nodes.
 *
 * AND and OR grow one list when they chain to the left. A table argument's PARTITION BY may list
 * several columns without parentheses, and a comma then reads like the next argument: such
 * columns are moved into the list afterwards (args_settle), up to the first argument that is no
 * plain column. */
#include "grammar/build.h"

Expr *
expr_new(Parse *p, ExprKind kind, u32 pos)
{
    Expr *e = arena_make(p->arena, Expr);
    e->kind = kind;
    e->pos = pos;
    e->width = span_to_end(p, pos);
    e->height = 1;
    return e;
}

void
expr_over(Parse *p, Expr *e, const Expr *child)
{
    if (child) e->height = MAX(e->height, height_over(p, e->pos, child->height, 0));
}

void
expr_over_list(Parse *p, Expr *e, const ExprList *list)
{
    for (u32 i = 0; i < list->len; i++) expr_over(p, e, list->at[i]);
}

static void
expr_over_order(Parse *p, Expr *e, const OrderList *list)
{
    for (u32 i = 0; i < list->len; i++) expr_over(p, e, list->at[i].expr);
}

static void
expr_over_query(Parse *p, Expr *e, const Query *q)
{
    if (q) e->height = MAX(e->height, height_over(p, e->pos, q->height, 0));
}

Expr *
expr_literal(Parse *p, LiteralKind kind, Token t)
{
    Expr *e = expr_new(p, EXPR_LITERAL, t.pos);
    e->literal = arena_make(p->arena, Literal);
    e->literal->kind = kind;
    if (kind == LITERAL_STRING)
        e->literal->text = string_make(p, t);
    else if (kind == LITERAL_BINARY)
        e->literal->text = binary_make(p, t);
    else if (kind != LITERAL_NULL && kind != LITERAL_BOOL)
        e->literal->text = token_text(p, t);
    return e;
}

Expr *
expr_interval(Parse *p, u32 pos, bool negative, Token value, IntervalQual qual)
{
    Expr *e = expr_new(p, EXPR_LITERAL, pos);
    e->literal = arena_make(p->arena, Literal);
    e->literal->kind = LITERAL_INTERVAL;
    e->literal->text = value.kind == TK_STRING ? string_make(p, value) : token_text(p, value);
    e->literal->negative = negative;
    e->literal->interval = qual;
    return e;
}

Expr *
expr_unary(Parse *p, UnaryOp op, Token t, Expr *arg)
{
    Expr *e = expr_new(p, EXPR_UNARY, t.pos);
    e->unary.op = op;
    e->unary.arg = arg;
    expr_over(p, e, arg);
    return e;
}

Expr *
expr_binary(Parse *p, BinaryOp op, Expr *left, Expr *right)
{
    Expr *e = expr_new(p, EXPR_BINARY, left->pos);
    e->binary.op = op;
    e->binary.left = left;
    e->binary.right = right;
    expr_over(p, e, left);
    expr_over(p, e, right);
    return e;
}

BinaryOp
compare_op(u16 kind)
{
    switch (kind) {
    case TK_EQ:
        return OP_EQ;
    case TK_NE:
        return OP_NE;
    case TK_LT:
        return OP_LT;
    case TK_LE:
        return OP_LE;
    case TK_GT:
        return OP_GT;
    case TK_GE:
        return OP_GE;
    default:
        UNREACHABLE();
    }
}

Expr *
expr_compare(Parse *p, Token op, Expr *left, Expr *right)
{
    return expr_binary(p, compare_op(op.kind), left, right);
}

Expr *
expr_logic(Parse *p, LogicOp op, Expr *left, Expr *right)
{
    Expr *e = left;
    if (left->kind != EXPR_LOGIC || left->logic.op != op) {
        e = expr_new(p, EXPR_LOGIC, left->pos);
        e->logic.op = op;
        list_push(p, e->logic.args, left);
        expr_over(p, e, left);
    }
    list_push(p, e->logic.args, right);
    expr_over(p, e, right);
    e->width = span_to_end(p, e->pos);
    return e;
}

/* Parentheses leave no node, but they belong to what is underlined. */
Expr *
expr_parens(Parse *p, u32 pos, Expr *e)
{
    e->pos = pos;
    e->width = span_to_end(p, pos);
    return e;
}

Expr *
expr_args(Parse *p, ExprKind kind, u32 pos, ExprList args)
{
    Expr *e = expr_new(p, kind, pos);
    e->args = args;
    expr_over_list(p, e, &args);
    if (kind == EXPR_MAP && args.len % 2) {
        parse_fail(p, W1001, e->pos, e->width, "a MAP needs as many values as keys",
                   "Write MAP[key, value, key, value].");
    }
    return e;
}

Expr *
expr_call(Parse *p, Path func, ExprList args)
{
    Expr *e = expr_new(p, EXPR_CALL, func.pos);
    e->call = arena_make(p->arena, Call);
    e->call->func = func;
    e->call->args = args;
    expr_over_list(p, e, &args);
    return e;
}

Expr *
expr_call_token(Parse *p, Token func, ExprList args)
{
    return expr_call(p, path_add(p, (Path){0}, name_make(p, func)), args);
}

Expr *
expr_symbol(Parse *p, Token t)
{
    Expr *e = expr_new(p, EXPR_SYMBOL, t.pos);
    e->width = t.width;
    e->symbol = text_upper(p, token_text(p, t));
    return e;
}

static TimeUnit
unit_make(Parse *p, Token t)
{
    TimeUnit unit = t.quoted ? UNIT_NONE : time_unit_find(token_text(p, t));
    if (unit == UNIT_NONE && !p->status) {
        Str s = token_text(p, t);
        p->status = err_set(p->err, W1001, t.pos, "\"%.*s\" is not a unit of time",
                            (int)MIN(s.len, 40u), s.ptr);
        err_at(p->err, t.pos, t.width);
        p->status = err_hint(p->err, p->status,
                             "Units are YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND.");
    }
    return unit;
}

Expr *
expr_unit(Parse *p, Token t)
{
    Expr *e = expr_symbol(p, t);
    e->symbol = str_from(time_unit_text(unit_make(p, t)));
    return e;
}

IntervalQual
interval_qual(Parse *p, Token start, i32 precision, i32 fraction, Token *end)
{
    IntervalQual q = {unit_make(p, start), UNIT_NONE, precision, fraction};
    if (end) q.end = unit_make(p, *end);
    return q;
}

Expr *
expr_query(Parse *p, ExprKind kind, u32 pos, Query *q)
{
    Expr *e = expr_new(p, kind, pos);
    e->query = q;
    expr_over_query(p, e, q);
    return e;
}

Expr *
expr_between(Parse *p, Token op, Expr *arg, Expr *low, Expr *high)
{
    Expr *e = expr_new(p, EXPR_BETWEEN, arg->pos);
    e->negated = op.negated;
    e->between.symmetric = op.sub == 1;
    e->between.arg = arg;
    e->between.low = low;
    e->between.high = high;
    expr_over(p, e, arg);
    expr_over(p, e, low);
    expr_over(p, e, high);
    return e;
}

static LikeKind
like_kind(u16 kind)
{
    switch (kind) {
    case TK_LIKE:
        return LIKE_LIKE;
    case TK_ILIKE:
        return LIKE_ILIKE;
    case TK_RLIKE:
        return LIKE_RLIKE;
    case TK_SIMILAR_TO:
        return LIKE_SIMILAR;
    default:
        UNREACHABLE();
    }
}

Expr *
expr_like(Parse *p, Token op, Expr *arg, Expr *pattern, Expr *escape)
{
    Expr *e = expr_new(p, EXPR_LIKE, arg->pos);
    e->negated = op.negated;
    e->like.like = like_kind(op.kind);
    e->like.arg = arg;
    e->like.pattern = pattern;
    e->like.escape = escape;
    expr_over(p, e, arg);
    expr_over(p, e, pattern);
    expr_over(p, e, escape);
    return e;
}

Expr *
expr_in(Parse *p, Token op, Expr *arg, ExprList list, Query *q)
{
    Expr *e = expr_new(p, EXPR_IN, arg->pos);
    e->negated = op.negated;
    e->in.arg = arg;
    e->in.list = list;
    e->in.query = q;
    expr_over(p, e, arg);
    expr_over_list(p, e, &list);
    expr_over_query(p, e, q);
    return e;
}

Expr *
expr_quantified(Parse *p, Token op, bool all, Expr *arg, ExprList list, Query *q)
{
    Expr *e = expr_new(p, EXPR_QUANTIFIED, arg->pos);
    e->quantified.op = compare_op(op.kind);
    e->quantified.all = all;
    e->quantified.arg = arg;
    e->quantified.list = list;
    e->quantified.query = q;
    expr_over(p, e, arg);
    expr_over_list(p, e, &list);
    expr_over_query(p, e, q);
    return e;
}

Expr *
expr_case(Parse *p, Token t, Expr *operand, WhenList whens, Expr *otherwise)
{
    Expr *e = expr_new(p, EXPR_CASE, t.pos);
    e->cases.operand = operand;
    e->cases.whens = whens.at;
    e->cases.whens_len = whens.len;
    e->cases.otherwise = otherwise;
    expr_over(p, e, operand);
    for (u32 i = 0; i < whens.len; i++) {
        expr_over(p, e, whens.at[i].when);
        expr_over(p, e, whens.at[i].then);
    }
    expr_over(p, e, otherwise);
    return e;
}

Expr *
expr_cast(Parse *p, u32 pos, Expr *arg, TypeName *type, bool try_cast)
{
    Expr *e = expr_new(p, EXPR_CAST, pos);
    e->cast.arg = arg;
    e->cast.type = type;
    e->cast.try_cast = try_cast;
    expr_over(p, e, arg);
    e->height = MAX(e->height, height_over(p, e->pos, type->height, 0));
    return e;
}

Expr *
expr_star(Parse *p, u32 pos, Path table, Expr *base, NameList except)
{
    Expr *e = expr_new(p, EXPR_STAR, pos);
    e->star.table = table;
    e->star.base = base;
    e->star.except = except;
    expr_over(p, e, base);
    return e;
}

Expr *
expr_table_arg(Parse *p, u32 pos, TableRef *t, Expr *partition_by, OrderList order_by)
{
    Expr *e = expr_new(p, EXPR_TABLE_ARG, pos);
    e->table_arg.table = t;
    e->table_arg.order_by = order_by;
    if (partition_by && partition_by->kind == EXPR_ROW)
        e->table_arg.partition_by = partition_by->args;
    else if (partition_by)
        list_push(p, e->table_arg.partition_by, partition_by);
    e->height = height_over(p, pos, t->height, 0);
    expr_over(p, e, partition_by);
    expr_over_order(p, e, &order_by);
    return e;
}

/* The table argument that may still take columns: PARTITION BY was written and no ORDER BY. */
static Expr *
args_open_partition(Expr *e)
{
    if (e->kind == EXPR_NAMED_ARG) e = e->named_arg.arg;
    bool open =
        e->kind == EXPR_TABLE_ARG && e->table_arg.partition_by.len && !e->table_arg.order_by.len;
    return open ? e : NULL;
}

ExprList
args_settle(Parse *p, ExprList args)
{
    ExprList settled = {0};
    Expr *open = NULL;
    for (u32 i = 0; i < args.len; i++) {
        Expr *e = args.at[i];
        if (open && e->kind == EXPR_COLUMN) {
            list_push(p, open->table_arg.partition_by, e);
            open->width = e->pos + e->width - open->pos;
            continue;
        }
        open = args_open_partition(e);
        list_push(p, settled, e);
    }
    return settled;
}

void
json_behavior(JsonClause *c, u8 sub, Expr *value)
{
    JsonBehavior behavior = (JsonBehavior)(sub & ~JSON_SUB_ERROR);
    if (sub & JSON_SUB_ERROR) {
        c->on_error = behavior;
        c->error_default = value;
    } else {
        c->on_empty = behavior;
        c->empty_default = value;
    }
}

/* NULL when nothing was written. */
JsonClause *
json_clause(Parse *p, JsonClause *c)
{
    (void)p;
    bool any = c->returning || c->wrapper || c->on_empty || c->on_error || c->on_null;
    return any ? c : NULL;
}

void
call_order(Parse *p, Expr *call, OrderList *to, OrderList from)
{
    *to = from;
    expr_over_order(p, call, &from);
}

void
call_over(Parse *p, Expr *call, WindowSpec *over)
{
    call->call->over = over;
    expr_over_list(p, call, &over->partition_by);
    expr_over_order(p, call, &over->order_by);
    expr_over(p, call, over->start.expr);
    expr_over(p, call, over->end.expr);
}
