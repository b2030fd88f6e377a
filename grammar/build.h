/* build.h - what grammar.y's actions call to make nodes; private to the room.
 *
 * A reduction runs before its look-ahead token is taken, so when an action runs, `p->end` is the
 * end of the construct: nodes get their width from it. A failed action sets p->status once; the
 * driver stops feeding then, and what the remaining reductions build is thrown away. */
#pragma once
#include "base/err.h"
#include "grammar/ast.h"
#include "grammar/sub.h"
#include "grammar/tokens.h"

typedef struct Parse {
    Arena *arena;
    Str script;
    Err *err;
    Status status;
    u32 end;     /* behind the last token that the parser has taken */
    bool failed; /* the parser met a token that fits nowhere */
    Stmt *stmt;  /* the results, one of them */
    Expr *expr;
    Query *query;
} Parse;

/* The flags of CREATE [OR REPLACE] [TEMPORARY]. */
typedef struct CreateHead {
    u32 pos;
    bool or_replace, temporary;
} CreateHead;

/* A column with what belongs to the table: its own PRIMARY KEY or UNIQUE. */
enum {
    COLUMN_FLAG_PRIMARY_KEY = 1,
    COLUMN_FLAG_UNIQUE = 2,
    COLUMN_FLAG_NOT_NULL = 4,
    COLUMN_FLAG_NULL = 8
};
typedef struct ColumnParts {
    ColumnDef def;
    u32 flags;
    Enforced enforced;
} ColumnParts;

typedef struct TableAlias {
    Name name;
    NameList columns;
} TableAlias;

typedef struct TypeFieldList {
    TypeField *at;
    u32 len;
} TypeFieldList;

typedef struct GroupList {
    GroupElem **at;
    u32 len;
} GroupList;

typedef struct WhenList {
    CaseWhen *at;
    u32 len;
} WhenList;

typedef struct PatternList {
    MatchPattern **at;
    u32 len;
} PatternList;

typedef struct StmtList {
    Stmt **at;
    u32 len;
} StmtList;

/* LIMIT, OFFSET, FETCH in any order. */
typedef struct QueryTail {
    Expr *limit, *offset;
    bool limit_all;
} QueryTail;

/* Room for one more element; the capacity is a power of two that follows from len. */
void *list_room(Arena *a, void *at, u32 len, size_t elem_bytes);
#define list_push(p, list, value)                                                                  \
    do {                                                                                           \
        (list).at = list_room((p)->arena, (list).at, (list).len, sizeof *(list).at);               \
        (list).at[(list).len++] = (value);                                                         \
    } while (0)

/* Fail at a place, unless something has failed before. */
void parse_fail(Parse *p, ErrCode code, u32 pos, u32 width, const char *text, const char *hint);
/* 1 more than the larger; W1005 beyond AST_HEIGHT_MAX. */
u16 height_over(Parse *p, u32 pos, u16 a, u16 b);
u32 span_to_end(const Parse *p, u32 pos);

/* Tokens to texts. */
Str token_text(const Parse *p, Token t); /* as written */
Name name_make(Parse *p, Token t);
Str string_make(Parse *p, Token t);           /* decoded */
Str binary_make(Parse *p, Token t);           /* decoded */
i64 integer_make(Parse *p, Token t, i64 max); /* W1004 when larger */
Path path_add(Parse *p, Path path, Name name);
Str text_upper(Parse *p, Str s);

/* Expressions. */
Expr *expr_new(Parse *p, ExprKind kind, u32 pos);
void expr_over(Parse *p, Expr *e, const Expr *child); /* raise e's height; child may be NULL */
void expr_over_list(Parse *p, Expr *e, const ExprList *list);
Expr *expr_literal(Parse *p, LiteralKind kind, Token t);
Expr *expr_interval(Parse *p, u32 pos, bool negative, Token value, IntervalQual qual);
Expr *expr_unary(Parse *p, UnaryOp op, Token t, Expr *arg);
Expr *expr_binary(Parse *p, BinaryOp op, Expr *left, Expr *right);
Expr *expr_compare(Parse *p, Token op, Expr *left, Expr *right);
Expr *expr_logic(Parse *p, LogicOp op, Expr *left, Expr *right);
Expr *expr_parens(Parse *p, u32 pos, Expr *e);
Expr *expr_args(Parse *p, ExprKind kind, u32 pos, ExprList args);
Expr *expr_call(Parse *p, Path func, ExprList args);
Expr *expr_call_token(Parse *p, Token func, ExprList args);
Expr *expr_symbol(Parse *p, Token t);
Expr *expr_unit(Parse *p, Token t); /* W1001 when it is no time unit */
Expr *expr_query(Parse *p, ExprKind kind, u32 pos, Query *q);
Expr *expr_between(Parse *p, Token op, Expr *arg, Expr *low, Expr *high);
Expr *expr_like(Parse *p, Token op, Expr *arg, Expr *pattern, Expr *escape);
Expr *expr_in(Parse *p, Token op, Expr *arg, ExprList list, Query *q);
Expr *expr_quantified(Parse *p, Token op, bool all, Expr *arg, ExprList list, Query *q);
Expr *expr_case(Parse *p, Token t, Expr *operand, WhenList whens, Expr *otherwise);
Expr *expr_cast(Parse *p, u32 pos, Expr *arg, TypeName *type, bool try_cast);
Expr *expr_star(Parse *p, u32 pos, Path table, Expr *base, NameList except);
Expr *expr_table_arg(Parse *p, u32 pos, TableRef *t, Expr *partition_by, OrderList order_by);
ExprList args_settle(Parse *p, ExprList args); /* PARTITION BY a, b: see build_expr.c */
IntervalQual interval_qual(Parse *p, Token start, i32 precision, i32 fraction, Token *end);
JsonClause *json_clause(Parse *p, JsonClause *c);
void json_behavior(JsonClause *c, u8 sub, Expr *value);
void call_over(Parse *p, Expr *call, WindowSpec *over);
void call_order(Parse *p, Expr *call, OrderList *to, OrderList from);
BinaryOp compare_op(u16 kind);

/* Types. */
TypeName *type_new(Parse *p, u32 pos, Str name);
TypeName *type_words(Parse *p, u32 pos, Token first, Token second); /* DOUBLE PRECISION */
void type_params(Parse *p, TypeName *t, Token *first, Token *second);
TypeName *type_compose(Parse *p, u32 pos, const char *name, TypeName *a, TypeName *b);
TypeName *type_row(Parse *p, u32 pos, TypeFieldList fields);
TypeName *type_zone(Parse *p, TypeName *t, const char *name);

/* Queries. */
Query *query_new(Parse *p, QueryKind kind, u32 pos);
Query *query_select(Parse *p, Select *s);
Query *query_setop(Parse *p, Query *left, SetOp op, bool all, Query *right);
Query *query_values(Parse *p, u32 pos, ExprList rows);
Query *query_parens(Parse *p, u32 pos, Query *q);
Query *query_tail(Parse *p, Query *q, OrderList order_by, QueryTail tail);
Query *query_with(Parse *p, u32 pos, Query *q, Cte *ctes, u32 len);
GroupElem *group_elem(Parse *p, u32 pos, GroupKind kind, Expr *e, GroupList args);
TableRef *table_new(Parse *p, TableKind kind, u32 pos);
TableRef *table_func(Parse *p, u32 pos, Expr *call, bool wrapped);
TableRef *table_query(Parse *p, Query *q);
TableRef *table_join(Parse *p, TableRef *l, Join *how, TableRef *r);
TableRef *table_alias(Parse *p, TableRef *t, TableAlias alias);
TableRef *table_match(Parse *p, TableRef *input, Match *m);
Join *join_new(Parse *p, JoinKind kind, u32 pos);
MatchPattern *pattern_new(Parse *p, PatternKind kind, u32 pos);
MatchPattern *pattern_list(Parse *p, PatternKind kind, u32 pos, PatternList list);
MatchPattern *pattern_add(Parse *p, PatternKind kind, MatchPattern *left, MatchPattern *right);

/* Statements. */
Stmt *stmt_new(Parse *p, StmtKind kind, u32 pos);
void elems_column(Parse *p, TableElems *e, const ColumnParts *c);
void explain_detail(Parse *p, Explain *e, Token t);
void like_option(Parse *p, CreateTable *t, LikeMerge merge, Token feature);
