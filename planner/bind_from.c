/* bind_from.c - FROM: tables, views, CTEs, derived tables, window table functions. */
#include "grammar/parse.h"
#include "planner/bind.h"

Status
bind_rename(Binder *b, Rel *rel, const NameList *names, u32 pos, Err *err)
{
    if (names->len == 0) return ERR_OK;
    if (names->len != rel->len) {
        return bind_fail(b, W2009, names->at[0].pos, names->at[0].width, err,
                         "%u name%s for %u column%s", names->len, plural(names->len), rel->len,
                         plural(rel->len));
    }
    (void)pos;
    RelColumn *at = arena_array(b->a, RelColumn, rel->len);
    memcpy(at, rel->at, rel->len * sizeof *at);
    for (u32 i = 0; i < rel->len; i++) {
        at[i].column.name = names->at[i].text;
        at[i].hides = (Str){0};
    }
    rel->at = at;
    return ERR_OK;
}

static Status
from_count(Binder *b, u32 pos, u32 width, Err *err)
{
    if (b->refs++ < TABLE_REFS_MAX) return ERR_OK;
    return bind_fail(b, W7003, pos, width, err,
                     "the query reads more than %d tables once its views are put inline",
                     TABLE_REFS_MAX);
}

/* ---- names ---------------------------------------------------------------------------------- */

static const CteFrame *
from_find_cte(const Binder *b, const Path *p)
{
    if (p->len != 1) return NULL;
    for (const CteFrame *f = b->ctes; f; f = f->outer) {
        if (str_eq(f->cte->name.text, p->at[0].text)) return f;
    }
    return NULL;
}

static Status
from_cte(Binder *b, const CteFrame *f, Rel *ret, Err *err)
{
    const CteFrame *seen = b->ctes;
    b->ctes = f->outer;
    Status st = bind_query(b, f->cte->query, ret, err);
    b->ctes = seen;
    if (st) return st;
    return bind_rename(b, ret, &f->cte->columns, f->cte->name.pos, err);
}

static Status
from_view_query(Binder *b, const CreateView *v, Rel *ret, Err *err)
{
    const CteFrame *seen = b->ctes;
    b->ctes = NULL;
    Status st = bind_query(b, v->query, ret, err);
    b->ctes = seen;
    if (st) return st;
    return bind_rename(b, ret, &v->columns, v->name.pos, err);
}

static Status
from_view(Binder *b, const CatalogEntry *entry, const TableRef *t, Rel *ret, Err *err)
{
    Stmt *stmt = NULL;
    u32 next;
    Err inner;
    if (parse_statement(b->a, entry->sql, 0, &stmt, &next, &inner) || !stmt ||
        stmt->kind != STMT_CREATE_VIEW) {
        return bind_fail(b, W5002, t->pos, t->width, err,
                         "view \"%.*s\" cannot be read from the catalog", STR_ARG(entry->name));
    }
    Place outer = b->place;
    b->place = (Place){true, bind_pos(b, t->pos), bind_width(b, t->width)};
    Status st = from_view_query(b, stmt->create_view, ret, err);
    b->place = outer;
    if (!st || outer.fixed) return st;
    /* The error speaks of the view's text, which is not in the script. */
    char text[sizeof err->text], hint[sizeof err->hint];
    memcpy(text, err->text, sizeof text);
    memcpy(hint, err->hint, sizeof hint);
    u32 pos = err->pos, width = err->width;
    err_set(err, err->code, pos, "in view \"%.*s\": %s", STR_ARG(entry->name), text);
    err_at(err, pos, width);
    if (hint[0]) err_hint(err, st, "%s", hint);
    return st;
}

/* t of t$late; empty: it is no such name. */
static Str
late_base(const Binder *b, const Path *p)
{
    static const Str suffix = {"$late", 5};
    Str name = path_last(p).text;
    bool late =
        b->env->late_table && p->len == 1 && name.len > suffix.len && str_ends(name, suffix);
    return late ? (Str){name.ptr, name.len - suffix.len} : (Str){0};
}

/* The front desk makes a table of it. */
static Status
from_late(Binder *b, const TableRef *t, Rel *ret, Err *err)
{
    const Path *p = &t->name.path;
    Name name = {.pos = p->pos, .width = p->width};
    Status st = b->env->late_table(b->env->ctx, b->a, late_base(b, p), &name.text, err);
    if (st) {
        err->pos = bind_pos(b, p->pos);
        err->width = bind_width(b, p->width);
        return st;
    }
    TableRef named = {.kind = TABLE_NAME, .pos = t->pos, .width = t->width};
    named.name.path = (Path){.at = &name, .len = 1, .pos = p->pos, .width = p->width};
    return bind_table_name(b, &named, ret, err);
}

Status
bind_table_name(Binder *b, const TableRef *t, Rel *ret, Err *err)
{
    const Path *p = &t->name.path;
    TRY(from_count(b, t->pos, t->width, err));
    if (t->name.as_of) {
        return bind_unsupported(b, t->name.as_of->pos, t->name.as_of->width,
                                "FOR SYSTEM_TIME AS OF", err);
    }
    const CteFrame *cte = from_find_cte(b, p);
    if (cte) return from_cte(b, cte, ret, err);
    CatalogEntry entry;
    Status st = bind_find(b, p, &entry, err);
    if (st && err->code == W2002 && late_base(b, p).len) return from_late(b, t, ret, err);
    if (st) return st;
    if (entry.kind == CATALOG_VIEW) return from_view(b, &entry, t, ret, err);
    if (entry.kind != CATALOG_TABLE) {
        return bind_fail(b, W2002, t->pos, t->width, err, "\"%.*s\" is not a table or view",
                         STR_ARG(entry.name));
    }
    TableDef *def;
    TRY(bind_stored_table(b, &entry, p->pos, p->width, &def, err));
    OptionList none = {0};
    const OptionList *hints = &none;
    for (u32 i = 0; i < t->name.hints.len; i++) {
        const Hint *h = &t->name.hints.at[i];
        if (str_eq_nocase(h->name.text, STR("OPTIONS"))) hints = &h->options;
    }
    return bind_scan(b, def, hints, ret, err);
}

/* ---- table references ----------------------------------------------------------------------- */

/* state('job', 'operator'): the front desk makes a table of it. */
static Status
from_state(Binder *b, const TableRef *t, Rel *ret, Err *err)
{
    const ExprList *args = &t->func.call->call->args;
    Str texts[2];
    for (u32 i = 0; i < 2; i++) {
        const Expr *arg = args->len == 2 ? args->at[i] : NULL;
        if (!arg || arg->kind != EXPR_LITERAL || arg->literal->kind != LITERAL_STRING) {
            return bind_fail(b, W2005, t->pos, t->width, err,
                             "state takes a job and an operator, as two texts");
        }
        texts[i] = arg->literal->text;
    }
    Name name = {.pos = t->pos, .width = t->width};
    Status st = b->env->state_table(b->env->ctx, b->a, texts[0], texts[1], &name.text, err);
    if (st) {
        err->pos = bind_pos(b, t->pos);
        err->width = bind_width(b, t->width);
        return st;
    }
    TableRef named = {.kind = TABLE_NAME, .pos = t->pos, .width = t->width};
    named.name.path = (Path){.at = &name, .len = 1, .pos = t->pos, .width = t->width};
    return bind_table_name(b, &named, ret, err);
}

static Status
from_func(Binder *b, const TableRef *t, Rel *ret, Err *err)
{
    const Expr *call = t->func.call;
    WindowKind kind;
    Str name = path_last(&call->call->func).text;
    if (window_kind_find(name, &kind)) return bind_window_table(b, t, ret, err);
    if (b->env->state_table && str_eq_nocase(name, STR("state"))) {
        return from_state(b, t, ret, err);
    }
    return bind_fail(b, W2001, t->pos, t->width, err,
                     "table function \"%.*s\" is not supported yet", STR_ARG(name));
}

static Status
from_kind(Binder *b, const TableRef *t, Rel *ret, Err *err)
{
    switch (t->kind) {
    case TABLE_NAME:
        return bind_table_name(b, t, ret, err);
    case TABLE_QUERY:
        return bind_query(b, t->query, ret, err);
    case TABLE_FUNC:
        return from_func(b, t, ret, err);
    case TABLE_FILE:
        return bind_unsupported(b, t->pos, t->width, "a file as a table", err);
    case TABLE_UNNEST:
        return bind_unsupported(b, t->pos, t->width, "UNNEST", err);
    case TABLE_JOIN:
        return bind_unsupported(b, t->join->pos, t->join->width, "a join", err);
    case TABLE_MATCH:
        return bind_unsupported(b, t->match->pos, t->match->width, "MATCH_RECOGNIZE", err);
    }
    UNREACHABLE();
}

Status
bind_table_ref(Binder *b, const TableRef *t, Rel *ret, Err *err)
{
    if (t->lateral) return bind_unsupported(b, t->pos, t->width, "LATERAL", err);
    TRY(from_kind(b, t, ret, err));
    TRY(bind_rename(b, ret, &t->columns, t->pos, err));
    Str alias = t->alias.text;
    if (!alias.ptr && t->kind == TABLE_NAME) alias = path_last(&t->name.path).text;
    if (!alias.ptr && t->kind == TABLE_FUNC) return ERR_OK; /* keeps the name of its table */
    RelColumn *at = arena_array(b->a, RelColumn, ret->len + 1);
    if (ret->len) memcpy(at, ret->at, ret->len * sizeof *at);
    ret->at = at;
    rel_alias(ret, alias);
    return ERR_OK;
}
