/* ast_print_expr.c - expressions as SQL.
 *
 * Parentheses by precedence: every expression has a level, the one of its operator in grammar.y,
 * and is put in parentheses where a tighter level is asked for. An operand to the right of a
 * left-associative operator must be tighter than the operator. */
#include "grammar/ast_print.h"
#include "grammar/print.h"
#include "grammar/tokens.h"

typedef enum Level {
    LEVEL_OR,
    LEVEL_AND,
    LEVEL_NOT,
    LEVEL_IS,
    LEVEL_COMPARE,
    LEVEL_RANGE, /* BETWEEN, IN, LIKE */
    LEVEL_ADD,
    LEVEL_MUL,
    LEVEL_UNARY,
    LEVEL_CAST,
    LEVEL_POSTFIX, /* [i], .field */
    LEVEL_ATOM
} Level;

static void expr_at(StrBuf *b, const Expr *e, Level level);

/* ---- Calls ---- */

static bool
expr_is_symbol(const Expr *e)
{
    return e->kind == EXPR_SYMBOL;
}

typedef enum CallForm {
    FORM_PLAIN,
    FORM_EXTRACT,    /* EXTRACT(a FROM b) */
    FORM_TRIM,       /* TRIM(a [b] FROM c) */
    FORM_POSITION,   /* POSITION(a IN b [FROM c]) */
    FORM_OVERLAY,    /* OVERLAY(a PLACING b FROM c [FOR d]) */
    FORM_TO,         /* CEIL(a TO b) */
    FORM_UNIT_FIRST, /* TIMESTAMPADD(DAY, b, c) */
    FORM_JSON_PAIRS
} CallForm;

/* Only a plain name of one part takes a form of its own, and only with the arguments that the
 * form has: anything else was a quoted name. */
static CallForm
call_form(const Call *c)
{
    if (c->func.len != 1) return FORM_PLAIN;
    Str f = c->func.at[0].text;
    u32 n = c->args.len;
    bool first = n && expr_is_symbol(c->args.at[0]);
    if (str_eq_nocase(f, STR("EXTRACT")) && n == 2 && first) return FORM_EXTRACT;
    if (str_eq_nocase(f, STR("TRIM")) && first) return FORM_TRIM;
    if (str_eq_nocase(f, STR("POSITION")) && (n == 2 || n == 3)) return FORM_POSITION;
    if (str_eq_nocase(f, STR("OVERLAY")) && (n == 3 || n == 4)) return FORM_OVERLAY;
    if (n == 2 && expr_is_symbol(c->args.at[1])) return FORM_TO;
    if (n == 3 && first) return FORM_UNIT_FIRST;
    bool object = str_eq_nocase(f, STR("JSON_OBJECT")) || str_eq_nocase(f, STR("JSON_OBJECTAGG"));
    return object && n % 2 == 0 ? FORM_JSON_PAIRS : FORM_PLAIN;
}

static void
glued_print(StrBuf *b, const ExprList *l, const char *const *glue)
{
    for (u32 i = 0; i < l->len; i++) {
        if (i) text_print(b, glue[i - 1]);
        expr_print(b, l->at[i]);
    }
}

static void
json_pairs_print(StrBuf *b, const ExprList *l)
{
    for (u32 i = 0; i < l->len; i += 2) {
        text_print(b, i ? ", KEY " : "KEY ");
        expr_print(b, l->at[i]);
        text_print(b, " VALUE ");
        expr_print(b, l->at[i + 1]);
    }
}

static void
call_args_print(StrBuf *b, const Call *c)
{
    static const char *const position[] = {" IN ", " FROM "};
    static const char *const overlay[] = {" PLACING ", " FROM ", " FOR "};
    static const char *const extract[] = {" FROM "};
    static const char *const trim2[] = {" FROM "};
    static const char *const trim3[] = {" ", " FROM "};
    static const char *const to[] = {" TO "};
    switch (call_form(c)) {
    case FORM_PLAIN:
    case FORM_UNIT_FIRST:
        exprs_print(b, &c->args);
        return;
    case FORM_EXTRACT:
        glued_print(b, &c->args, extract);
        return;
    case FORM_TRIM:
        glued_print(b, &c->args, c->args.len == 2 ? trim2 : trim3);
        return;
    case FORM_POSITION:
        glued_print(b, &c->args, position);
        return;
    case FORM_OVERLAY:
        glued_print(b, &c->args, overlay);
        return;
    case FORM_TO:
        glued_print(b, &c->args, to);
        return;
    case FORM_JSON_PAIRS:
        json_pairs_print(b, &c->args);
        return;
    }
}

static void
json_behavior_print(StrBuf *b, JsonBehavior behavior, const Expr *value, const char *on)
{
    static const char *const words[] = {
        [JSON_NULL] = "NULL",
        [JSON_ERROR] = "ERROR",
        [JSON_DEFAULT] = "DEFAULT ",
        [JSON_EMPTY_ARRAY] = "EMPTY ARRAY",
        [JSON_EMPTY_OBJECT] = "EMPTY OBJECT",
        [JSON_TRUE] = "TRUE",
        [JSON_FALSE] = "FALSE",
        [JSON_UNKNOWN] = "UNKNOWN",
    };
    if (behavior == JSON_UNSAID) return;
    strbuf_char(b, ' ');
    text_print(b, words[behavior]);
    if (behavior == JSON_DEFAULT) expr_print(b, value);
    text_print(b, on);
}

static void
json_clause_print(StrBuf *b, const JsonClause *j, bool space)
{
    if (j->returning) {
        text_print(b, " RETURNING ");
        type_name_print(b, j->returning);
    }
    if (j->wrapper == JSON_WRAPPER_WITHOUT) text_print(b, " WITHOUT WRAPPER");
    if (j->wrapper == JSON_WRAPPER_CONDITIONAL) text_print(b, " WITH CONDITIONAL WRAPPER");
    if (j->wrapper == JSON_WRAPPER_UNCONDITIONAL) text_print(b, " WITH UNCONDITIONAL WRAPPER");
    json_behavior_print(b, j->on_empty, j->empty_default, " ON EMPTY");
    json_behavior_print(b, j->on_error, j->error_default, " ON ERROR");
    if (j->on_null && space) strbuf_char(b, ' ');
    if (j->on_null == JSON_NULL_ON_NULL) text_print(b, "NULL ON NULL");
    if (j->on_null == JSON_ABSENT_ON_NULL) text_print(b, "ABSENT ON NULL");
}

static void
bound_print(StrBuf *b, const FrameBound *f)
{
    switch (f->kind) {
    case BOUND_UNBOUNDED_PRECEDING:
        text_print(b, "UNBOUNDED PRECEDING");
        return;
    case BOUND_CURRENT_ROW:
        text_print(b, "CURRENT ROW");
        return;
    case BOUND_UNBOUNDED_FOLLOWING:
        text_print(b, "UNBOUNDED FOLLOWING");
        return;
    case BOUND_PRECEDING:
    case BOUND_FOLLOWING:
        expr_print(b, f->expr);
        text_print(b, f->kind == BOUND_PRECEDING ? " PRECEDING" : " FOLLOWING");
        return;
    }
}

/* What stands between the parentheses. */
void
window_spec_print(StrBuf *b, const WindowSpec *w)
{
    const char *glue = "";
    if (w->base.text.ptr) {
        name_print(b, w->base.text);
        glue = " ";
    }
    if (w->partition_by.len) {
        strbuf_printf(b, "%sPARTITION BY ", glue);
        exprs_print(b, &w->partition_by);
        glue = " ";
    }
    if (w->order_by.len) {
        strbuf_printf(b, "%sORDER BY ", glue);
        orders_print(b, &w->order_by);
        glue = " ";
    }
    if (w->mode == FRAME_NONE) return;
    strbuf_printf(b, "%s%s BETWEEN ", glue, w->mode == FRAME_ROWS ? "ROWS" : "RANGE");
    bound_print(b, &w->start);
    text_print(b, " AND ");
    bound_print(b, &w->end);
}

static bool
args_are_values(const ExprList *l)
{
    for (u32 i = 0; i < l->len; i++) {
        ExprKind k = l->at[i]->kind;
        bool value = k != EXPR_STAR && k != EXPR_NAMED_ARG && k != EXPR_DESCRIPTOR &&
                     k != EXPR_TABLE_ARG && k != EXPR_SYMBOL;
        if (!value) return false;
    }
    return true;
}

/* Does the word's own syntax take these arguments? Otherwise the name was quoted. */
static bool
call_fits_word(const Call *c, u16 token)
{
    CallForm form = call_form(c);
    bool inner = c->quantifier || c->order_by.len;
    bool values = c->args.len && args_are_values(&c->args);
    switch (token) {
    case TK_EXTRACT:
        return !inner && form == FORM_EXTRACT;
    case TK_TIMESTAMP_CALL:
        return !inner && form == FORM_UNIT_FIRST;
    case TK_CEIL:
        return !inner;
    case TK_TRIM:
        return !inner && (form == FORM_TRIM || values);
    case TK_SUBSTRING:
    case TK_OVERLAY:
    case TK_POSITION:
        return !inner && values;
    case TK_JSON_VALUE:
    case TK_JSON_QUERY:
    case TK_JSON_EXISTS:
        return !inner && values && c->args.len == 2;
    case TK_JSON_OBJECT:
        return !inner && (values || !c->args.len) && form == FORM_JSON_PAIRS;
    case TK_JSON_ARRAY:
        return !inner && (values || !c->args.len);
    default:
        return true;
    }
}

/* A keyword that is callable prints bare, so that TRIM(x) does not become `TRIM`(x). */
static void
func_print(StrBuf *b, const Call *c)
{
    Str name = c->func.at[0].text;
    KeywordId id = c->func.len == 1 && name_is_plain(name) ? keyword_id(name) : KW_NONE;
    bool bare = id && keyword_callable(id) && call_fits_word(c, keyword_token(id));
    if (bare)
        strbuf_str(b, name);
    else
        path_print(b, &c->func);
}

static void
call_tail_print(StrBuf *b, const Call *c)
{
    if (c->nulls == NULLS_IGNORE) text_print(b, " IGNORE NULLS");
    if (c->nulls == NULLS_RESPECT) text_print(b, " RESPECT NULLS");
    if (c->within_group.len) {
        text_print(b, " WITHIN GROUP (ORDER BY ");
        orders_print(b, &c->within_group);
        strbuf_char(b, ')');
    }
    if (c->filter) {
        text_print(b, " FILTER (WHERE ");
        expr_print(b, c->filter);
        strbuf_char(b, ')');
    }
    if (!c->over) return;
    text_print(b, " OVER ");
    if (c->over->by_name) {
        name_print(b, c->over->base.text);
        return;
    }
    strbuf_char(b, '(');
    window_spec_print(b, c->over);
    strbuf_char(b, ')');
}

static void
call_print(StrBuf *b, const Call *c)
{
    if (c->time == CALL_RUNNING) text_print(b, "RUNNING ");
    if (c->time == CALL_FINAL) text_print(b, "FINAL ");
    func_print(b, c);
    if (c->bare) return;
    strbuf_char(b, '(');
    if (c->quantifier == QUANTIFIER_DISTINCT) text_print(b, "DISTINCT ");
    if (c->quantifier == QUANTIFIER_ALL) text_print(b, "ALL ");
    call_args_print(b, c);
    if (c->json) json_clause_print(b, c->json, c->args.len > 0);
    if (c->order_by.len) text_print(b, " ORDER BY ");
    orders_print(b, &c->order_by);
    strbuf_char(b, ')');
    call_tail_print(b, c);
}

/* ---- Expressions ---- */

static Level
binary_level(BinaryOp op)
{
    switch (op) {
    case OP_ADD:
    case OP_SUB:
        return LEVEL_ADD;
    case OP_MUL:
    case OP_DIV:
    case OP_MOD:
    case OP_CONCAT:
        return LEVEL_MUL;
    case OP_EQ:
    case OP_NE:
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE:
    case OP_OVERLAPS:
        return LEVEL_COMPARE;
    case BINARY_OP_COUNT:
        break;
    }
    UNREACHABLE();
}

static Level
expr_level(const Expr *e)
{
    switch (e->kind) {
    case EXPR_LOGIC:
        return e->logic.op == LOGIC_OR ? LEVEL_OR : LEVEL_AND;
    case EXPR_UNARY:
        return e->unary.op == UNARY_NOT ? LEVEL_NOT : LEVEL_UNARY;
    case EXPR_IS:
        return LEVEL_IS;
    case EXPR_BINARY:
        return binary_level(e->binary.op);
    case EXPR_DISTINCT:
    case EXPR_QUANTIFIED:
        return LEVEL_COMPARE;
    case EXPR_BETWEEN:
    case EXPR_LIKE:
    case EXPR_IN:
        return LEVEL_RANGE;
    case EXPR_CALL:
        return e->call->time ? LEVEL_UNARY : LEVEL_ATOM;
    case EXPR_FIELD:
    case EXPR_INDEX:
        return LEVEL_POSTFIX;
    case EXPR_LITERAL:
    case EXPR_COLUMN:
    case EXPR_STAR:
    case EXPR_EXISTS:
    case EXPR_SUBQUERY:
    case EXPR_CASE:
    case EXPR_CAST:
    case EXPR_ROW:
    case EXPR_ARRAY:
    case EXPR_MAP:
    case EXPR_SYMBOL:
    case EXPR_NAMED_ARG:
    case EXPR_DESCRIPTOR:
    case EXPR_TABLE_ARG:
    case EXPR_DEFAULT:
        return LEVEL_ATOM;
    case EXPR_KIND_COUNT:
        break;
    }
    UNREACHABLE();
}

/* In front of a dot: (a).b is not the path a.b, and 1.b is not a field of 1. */
static void
dotted_print(StrBuf *b, const Expr *e)
{
    bool parens = e->kind == EXPR_COLUMN || e->kind == EXPR_LITERAL;
    if (parens) strbuf_char(b, '(');
    expr_at(b, e, parens ? LEVEL_OR : LEVEL_POSTFIX);
    text_print(b, parens ? ")." : ".");
}

static void
star_print(StrBuf *b, const Expr *e)
{
    if (e->star.table.len) {
        path_print(b, &e->star.table);
        strbuf_char(b, '.');
    } else if (e->star.base) {
        dotted_print(b, e->star.base);
    }
    strbuf_char(b, '*');
    if (!e->star.except.len) return;
    text_print(b, " EXCEPT (");
    names_print(b, &e->star.except);
    strbuf_char(b, ')');
}

static void
is_print(StrBuf *b, const Expr *e)
{
    static const char *const words[] = {
        [IS_NULL] = "NULL",
        [IS_TRUE] = "TRUE",
        [IS_FALSE] = "FALSE",
        [IS_UNKNOWN] = "UNKNOWN",
        [IS_JSON] = "JSON",
        [IS_JSON_SCALAR] = "JSON SCALAR",
        [IS_JSON_ARRAY] = "JSON ARRAY",
        [IS_JSON_OBJECT] = "JSON OBJECT",
    };
    expr_at(b, e->is.arg, LEVEL_IS);
    text_print(b, e->negated ? " IS NOT " : " IS ");
    text_print(b, words[e->is.is]);
}

static void
like_print(StrBuf *b, const Expr *e)
{
    static const char *const words[] = {
        [LIKE_LIKE] = "LIKE ",
        [LIKE_ILIKE] = "ILIKE ",
        [LIKE_RLIKE] = "RLIKE ",
        [LIKE_SIMILAR] = "SIMILAR TO ",
    };
    expr_at(b, e->like.arg, LEVEL_RANGE);
    text_print(b, e->negated ? " NOT " : " ");
    text_print(b, words[e->like.like]);
    expr_at(b, e->like.pattern, LEVEL_ADD);
    if (!e->like.escape) return;
    text_print(b, " ESCAPE ");
    expr_at(b, e->like.escape, LEVEL_ADD);
}

/* (list) or (query). */
static void
set_print(StrBuf *b, const ExprList *list, const Query *q)
{
    strbuf_char(b, '(');
    if (q)
        query_print(b, q);
    else
        exprs_print(b, list);
    strbuf_char(b, ')');
}

static void
between_print(StrBuf *b, const Expr *e)
{
    expr_at(b, e->between.arg, LEVEL_RANGE);
    text_print(b, e->negated ? " NOT BETWEEN " : " BETWEEN ");
    if (e->between.symmetric) text_print(b, "SYMMETRIC ");
    expr_at(b, e->between.low, LEVEL_ADD);
    text_print(b, " AND ");
    expr_at(b, e->between.high, LEVEL_ADD);
}

static void
case_print(StrBuf *b, const Expr *e)
{
    text_print(b, "CASE");
    if (e->cases.operand) strbuf_char(b, ' ');
    if (e->cases.operand) expr_print(b, e->cases.operand);
    for (u32 i = 0; i < e->cases.whens_len; i++) {
        text_print(b, " WHEN ");
        expr_print(b, e->cases.whens[i].when);
        text_print(b, " THEN ");
        expr_print(b, e->cases.whens[i].then);
    }
    if (e->cases.otherwise) text_print(b, " ELSE ");
    if (e->cases.otherwise) expr_print(b, e->cases.otherwise);
    text_print(b, " END");
}

static void
unary_print(StrBuf *b, const Expr *e)
{
    if (e->unary.op == UNARY_NOT) {
        text_print(b, "NOT ");
        expr_at(b, e->unary.arg, LEVEL_NOT);
        return;
    }
    /* Two minus signs would begin a comment. */
    const Expr *arg = e->unary.arg;
    strbuf_char(b, e->unary.op == UNARY_NEG ? '-' : '+');
    if (arg->kind == EXPR_UNARY && arg->unary.op != UNARY_NOT) strbuf_char(b, ' ');
    expr_at(b, arg, LEVEL_UNARY);
}

static void
table_arg_print(StrBuf *b, const Expr *e)
{
    const TableRef *t = e->table_arg.table;
    text_print(b, "TABLE ");
    table_ref_print(b, t);
    if (e->table_arg.partition_by.len) {
        text_print(b, " PARTITION BY (");
        exprs_print(b, &e->table_arg.partition_by);
        strbuf_char(b, ')');
    }
    if (e->table_arg.order_by.len) text_print(b, " ORDER BY ");
    orders_print(b, &e->table_arg.order_by);
}

static void
field_print(StrBuf *b, const Expr *e)
{
    dotted_print(b, e->field.arg);
    name_print(b, e->field.name.text);
}

static void
logic_print(StrBuf *b, const Expr *e)
{
    Level level = e->logic.op == LOGIC_OR ? LEVEL_OR : LEVEL_AND;
    for (u32 i = 0; i < e->logic.args.len; i++) {
        if (i) text_print(b, e->logic.op == LOGIC_OR ? " OR " : " AND ");
        expr_at(b, e->logic.args.at[i], level + 1);
    }
}

static void
binary_print_infix(StrBuf *b, const Expr *e, const char *op)
{
    Level level = expr_level(e);
    expr_at(b, e->binary.left, level);
    strbuf_printf(b, " %s ", op);
    expr_at(b, e->binary.right, level + 1);
}

static void
list_print(StrBuf *b, const char *open, const ExprList *l, const char *close)
{
    text_print(b, open);
    exprs_print(b, l);
    text_print(b, close);
}

static void
quantified_print(StrBuf *b, const Expr *e)
{
    expr_at(b, e->quantified.arg, LEVEL_COMPARE);
    strbuf_printf(b, " %s %s ", binary_op_text(e->quantified.op),
                  e->quantified.all ? "ALL" : "ANY");
    set_print(b, &e->quantified.list, e->quantified.query);
}

static void
in_print(StrBuf *b, const Expr *e)
{
    expr_at(b, e->in.arg, LEVEL_RANGE);
    text_print(b, e->negated ? " NOT IN " : " IN ");
    set_print(b, &e->in.list, e->in.query);
}

static void
cast_print(StrBuf *b, const Expr *e)
{
    text_print(b, e->cast.try_cast ? "TRY_CAST(" : "CAST(");
    expr_print(b, e->cast.arg);
    text_print(b, " AS ");
    type_name_print(b, e->cast.type);
    strbuf_char(b, ')');
}

static void
index_print(StrBuf *b, const Expr *e)
{
    expr_at(b, e->index.arg, LEVEL_POSTFIX);
    strbuf_char(b, '[');
    expr_print(b, e->index.index);
    strbuf_char(b, ']');
}

static void
named_arg_print(StrBuf *b, const Expr *e)
{
    name_print(b, e->named_arg.name.text);
    text_print(b, " => ");
    expr_print(b, e->named_arg.arg);
}

static void
descriptor_print(StrBuf *b, const Expr *e)
{
    text_print(b, "DESCRIPTOR(");
    names_print(b, &e->descriptor);
    strbuf_char(b, ')');
}

static void
distinct_print(StrBuf *b, const Expr *e)
{
    binary_print_infix(b, e, e->negated ? "IS NOT DISTINCT FROM" : "IS DISTINCT FROM");
}

static void
operator_print(StrBuf *b, const Expr *e)
{
    switch ((int)e->kind) {
    case EXPR_UNARY:
        unary_print(b, e);
        return;
    case EXPR_BINARY:
        binary_print_infix(b, e, binary_op_text(e->binary.op));
        return;
    case EXPR_DISTINCT:
        distinct_print(b, e);
        return;
    case EXPR_LOGIC:
        logic_print(b, e);
        return;
    case EXPR_IS:
        is_print(b, e);
        return;
    case EXPR_BETWEEN:
        between_print(b, e);
        return;
    case EXPR_LIKE:
        like_print(b, e);
        return;
    case EXPR_IN:
        in_print(b, e);
        return;
    case EXPR_QUANTIFIED:
        quantified_print(b, e);
        return;
    default:
        UNREACHABLE();
    }
}

static void
expr_body_print(StrBuf *b, const Expr *e)
{
    switch (e->kind) {
    case EXPR_UNARY:
    case EXPR_BINARY:
    case EXPR_DISTINCT:
    case EXPR_LOGIC:
    case EXPR_IS:
    case EXPR_BETWEEN:
    case EXPR_LIKE:
    case EXPR_IN:
    case EXPR_QUANTIFIED:
        operator_print(b, e);
        return;
    case EXPR_LITERAL:
        literal_print(b, e->literal);
        return;
    case EXPR_COLUMN:
        path_print(b, &e->column);
        return;
    case EXPR_STAR:
        star_print(b, e);
        return;
    case EXPR_EXISTS:
        text_print(b, "EXISTS "); /* fall through */
    case EXPR_SUBQUERY:
        set_print(b, NULL, e->query);
        return;
    case EXPR_CASE:
        case_print(b, e);
        return;
    case EXPR_CAST:
        cast_print(b, e);
        return;
    case EXPR_CALL:
        call_print(b, e->call);
        return;
    case EXPR_ROW:
        list_print(b, "ROW(", &e->args, ")");
        return;
    case EXPR_ARRAY:
        list_print(b, "ARRAY[", &e->args, "]");
        return;
    case EXPR_MAP:
        list_print(b, "MAP[", &e->args, "]");
        return;
    case EXPR_FIELD:
        field_print(b, e);
        return;
    case EXPR_INDEX:
        index_print(b, e);
        return;
    case EXPR_SYMBOL:
        strbuf_str(b, e->symbol);
        return;
    case EXPR_NAMED_ARG:
        named_arg_print(b, e);
        return;
    case EXPR_DESCRIPTOR:
        descriptor_print(b, e);
        return;
    case EXPR_TABLE_ARG:
        table_arg_print(b, e);
        return;
    case EXPR_DEFAULT:
        text_print(b, "DEFAULT");
        return;
    case EXPR_KIND_COUNT:
        break;
    }
    UNREACHABLE();
}

static void
expr_at(StrBuf *b, const Expr *e, Level level)
{
    bool parens = expr_level(e) < level;
    if (parens) strbuf_char(b, '(');
    expr_body_print(b, e);
    if (parens) strbuf_char(b, ')');
}

void
expr_print(StrBuf *b, const Expr *e)
{
    expr_at(b, e, LEVEL_OR);
}
