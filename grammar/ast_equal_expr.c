/* ast_equal_expr.c - comparing names, types and expressions. */
#include "grammar/equal.h"

bool
text_equal(Str a, Str b)
{
    return (a.ptr == NULL) == (b.ptr == NULL) && str_eq(a, b);
}

bool
name_equal(Name a, Name b)
{
    return text_equal(a.text, b.text);
}

bool
names_equal(NameList a, NameList b)
{
    return LIST_EQUAL(a.at, a.len, b.at, b.len, name_equal);
}

bool
path_equal(Path a, Path b)
{
    return LIST_EQUAL(a.at, a.len, b.at, b.len, name_equal);
}

bool
exprs_equal(ExprList a, ExprList b)
{
    return LIST_EQUAL(a.at, a.len, b.at, b.len, expr_equal);
}

static bool
order_equal(OrderItem a, OrderItem b)
{
    return a.desc == b.desc && a.nulls == b.nulls && expr_equal(a.expr, b.expr);
}

bool
orders_equal(OrderList a, OrderList b)
{
    return LIST_EQUAL(a.at, a.len, b.at, b.len, order_equal);
}

bool
texts_equal(StrList a, StrList b)
{
    return LIST_EQUAL(a.at, a.len, b.at, b.len, text_equal);
}

static bool
option_equal(OptionDef a, OptionDef b)
{
    return str_eq(a.key, b.key) && str_eq(a.value, b.value);
}

bool
options_equal(OptionList a, OptionList b)
{
    return LIST_EQUAL(a.at, a.len, b.at, b.len, option_equal);
}

static bool
hint_equal(Hint a, Hint b)
{
    return name_equal(a.name, b.name) && options_equal(a.options, b.options) &&
           texts_equal(a.args, b.args);
}

bool
hints_equal(HintList a, HintList b)
{
    return LIST_EQUAL(a.at, a.len, b.at, b.len, hint_equal);
}

/* ---- Types ---- */

static bool
interval_equal(IntervalQual a, IntervalQual b)
{
    return a.start == b.start && a.end == b.end && a.precision == b.precision &&
           a.fraction == b.fraction;
}

static bool
field_equal(TypeField a, TypeField b)
{
    return name_equal(a.name, b.name) && text_equal(a.comment, b.comment) &&
           type_equal(a.type, b.type);
}

bool
type_equal(const TypeName *a, const TypeName *b)
{
    if (!a || !b) return a == b;
    return str_eq(a->name, b->name) && a->nulls == b->nulls && a->params == b->params &&
           a->param[0] == b->param[0] && a->param[1] == b->param[1] &&
           type_equal(a->args[0], b->args[0]) && type_equal(a->args[1], b->args[1]) &&
           interval_equal(a->interval, b->interval) && texts_equal(a->texts, b->texts) &&
           LIST_EQUAL(a->fields, a->fields_len, b->fields, b->fields_len, field_equal);
}

/* ---- Expressions ---- */

static bool
literal_equal(const Literal *a, const Literal *b)
{
    return a->kind == b->kind && a->boolean == b->boolean && a->negative == b->negative &&
           interval_equal(a->interval, b->interval) && str_eq(a->text, b->text);
}

static bool
bound_equal(FrameBound a, FrameBound b)
{
    return a.kind == b.kind && expr_equal(a.expr, b.expr);
}

bool
spec_equal(const WindowSpec *a, const WindowSpec *b)
{
    if (!a || !b) return a == b;
    return a->by_name == b->by_name && name_equal(a->base, b->base) &&
           exprs_equal(a->partition_by, b->partition_by) &&
           orders_equal(a->order_by, b->order_by) && a->mode == b->mode &&
           bound_equal(a->start, b->start) && bound_equal(a->end, b->end);
}

static bool
json_equal(const JsonClause *a, const JsonClause *b)
{
    if (!a || !b) return a == b;
    return type_equal(a->returning, b->returning) && a->wrapper == b->wrapper &&
           a->on_empty == b->on_empty && a->on_error == b->on_error && a->on_null == b->on_null &&
           expr_equal(a->empty_default, b->empty_default) &&
           expr_equal(a->error_default, b->error_default);
}

static bool
call_equal(const Call *a, const Call *b)
{
    return path_equal(a->func, b->func) && exprs_equal(a->args, b->args) &&
           a->quantifier == b->quantifier && orders_equal(a->order_by, b->order_by) &&
           orders_equal(a->within_group, b->within_group) && expr_equal(a->filter, b->filter) &&
           a->nulls == b->nulls && a->time == b->time && spec_equal(a->over, b->over) &&
           json_equal(a->json, b->json) && a->bare == b->bare;
}

static bool
when_equal(CaseWhen a, CaseWhen b)
{
    return expr_equal(a.when, b.when) && expr_equal(a.then, b.then);
}

static bool
case_equal(const Expr *a, const Expr *b)
{
    return expr_equal(a->cases.operand, b->cases.operand) &&
           LIST_EQUAL(a->cases.whens, a->cases.whens_len, b->cases.whens, b->cases.whens_len,
                      when_equal) &&
           expr_equal(a->cases.otherwise, b->cases.otherwise);
}

/* The kinds that hold one or more operands and little else. */
static bool
operands_equal(const Expr *a, const Expr *b)
{
    switch ((int)a->kind) {
    case EXPR_UNARY:
        return a->unary.op == b->unary.op && expr_equal(a->unary.arg, b->unary.arg);
    case EXPR_BINARY:
    case EXPR_DISTINCT:
        return a->binary.op == b->binary.op && expr_equal(a->binary.left, b->binary.left) &&
               expr_equal(a->binary.right, b->binary.right);
    case EXPR_LOGIC:
        return a->logic.op == b->logic.op && exprs_equal(a->logic.args, b->logic.args);
    case EXPR_IS:
        return a->is.is == b->is.is && expr_equal(a->is.arg, b->is.arg);
    case EXPR_BETWEEN:
        return a->between.symmetric == b->between.symmetric &&
               expr_equal(a->between.arg, b->between.arg) &&
               expr_equal(a->between.low, b->between.low) &&
               expr_equal(a->between.high, b->between.high);
    case EXPR_LIKE:
        return a->like.like == b->like.like && expr_equal(a->like.arg, b->like.arg) &&
               expr_equal(a->like.pattern, b->like.pattern) &&
               expr_equal(a->like.escape, b->like.escape);
    case EXPR_IN:
        return expr_equal(a->in.arg, b->in.arg) && exprs_equal(a->in.list, b->in.list) &&
               query_equal(a->in.query, b->in.query);
    case EXPR_QUANTIFIED:
        return a->quantified.op == b->quantified.op && a->quantified.all == b->quantified.all &&
               expr_equal(a->quantified.arg, b->quantified.arg) &&
               exprs_equal(a->quantified.list, b->quantified.list) &&
               query_equal(a->quantified.query, b->quantified.query);
    default:
        UNREACHABLE();
    }
}

static bool
star_equal(const Expr *a, const Expr *b)
{
    return path_equal(a->star.table, b->star.table) && expr_equal(a->star.base, b->star.base) &&
           names_equal(a->star.except, b->star.except);
}

bool
expr_equal(const Expr *a, const Expr *b)
{
    if (!a || !b) return a == b;
    if (a->kind != b->kind || a->negated != b->negated) return false;
    switch (a->kind) {
    case EXPR_LITERAL:
        return literal_equal(a->literal, b->literal);
    case EXPR_COLUMN:
        return path_equal(a->column, b->column);
    case EXPR_STAR:
        return star_equal(a, b);
    case EXPR_UNARY:
    case EXPR_BINARY:
    case EXPR_DISTINCT:
    case EXPR_LOGIC:
    case EXPR_IS:
    case EXPR_BETWEEN:
    case EXPR_LIKE:
    case EXPR_IN:
    case EXPR_QUANTIFIED:
        return operands_equal(a, b);
    case EXPR_EXISTS:
    case EXPR_SUBQUERY:
        return query_equal(a->query, b->query);
    case EXPR_CASE:
        return case_equal(a, b);
    case EXPR_CAST:
        return a->cast.try_cast == b->cast.try_cast && expr_equal(a->cast.arg, b->cast.arg) &&
               type_equal(a->cast.type, b->cast.type);
    case EXPR_CALL:
        return call_equal(a->call, b->call);
    case EXPR_ROW:
    case EXPR_ARRAY:
    case EXPR_MAP:
        return exprs_equal(a->args, b->args);
    case EXPR_FIELD:
        return name_equal(a->field.name, b->field.name) && expr_equal(a->field.arg, b->field.arg);
    case EXPR_INDEX:
        return expr_equal(a->index.arg, b->index.arg) && expr_equal(a->index.index, b->index.index);
    case EXPR_SYMBOL:
        return str_eq(a->symbol, b->symbol);
    case EXPR_NAMED_ARG:
        return name_equal(a->named_arg.name, b->named_arg.name) &&
               expr_equal(a->named_arg.arg, b->named_arg.arg);
    case EXPR_DESCRIPTOR:
        return names_equal(a->descriptor, b->descriptor);
    case EXPR_TABLE_ARG:
        return table_equal(a->table_arg.table, b->table_arg.table) &&
               exprs_equal(a->table_arg.partition_by, b->table_arg.partition_by) &&
               orders_equal(a->table_arg.order_by, b->table_arg.order_by);
    case EXPR_DEFAULT:
        return true;
    case EXPR_KIND_COUNT:
        break;
    }
    UNREACHABLE();
}
