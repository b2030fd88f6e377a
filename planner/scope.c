/* scope.c - which column a name means, and what to say when it means none or two.
 *
 * Names are compared with case. A name of two parts is alias.column. In ORDER BY the names of the
 * SELECT's outputs hide columns; in GROUP BY, HAVING and QUALIFY columns hide outputs. Bounds of a
 * window hide those of windows further in. The body of a macro sees its parameters and nothing
 * else. */
#include "planner/bind.h"

/* 200: what fits an Err's hint beside the nearest name. */
enum { DESCRIBE_BYTES_MAX = 170 };

u32
scope_find(const Rel *rel, Str name)
{
    for (u32 i = 0; i < rel->len; i++) {
        if (str_eq(rel->at[i].column.name, name)) return i;
    }
    return UINT32_MAX;
}

void
scope_describe(const Rel *rel, StrBuf *out)
{
    Str table = rel->len ? rel->at[0].table : (Str){0};
    for (u32 i = 1; i < rel->len; i++) {
        if (!str_eq(rel->at[i].table, table)) table = (Str){0};
    }
    if (table.len) {
        strbuf_printf(out, "%.*s has ", STR_ARG(table));
    } else {
        strbuf_printf(out, "There is ");
    }
    size_t start = out->len;
    for (u32 i = 0; i < rel->len; i++) {
        if (i) strbuf_printf(out, ", ");
        size_t before = out->len;
        strbuf_str(out, rel->at[i].column.name);
        strbuf_char(out, ' ');
        type_print(out, type_nullable(rel->at[i].column.type, true));
        if (out->len - start <= DESCRIBE_BYTES_MAX || i == 0) continue;
        out->len = before; /* cut at a column */
        out->ptr[before] = 0;
        strbuf_printf(out, "...");
        return;
    }
}

static Status
scope_missing(const Binder *b, const ExprScope *s, const Path *p, Str name, Err *err)
{
    Status st;
    if (!s->rel || s->rel->len == 0) {
        st = bind_fail(b, W2013, p->pos, p->width, err, "column \"%.*s\" does not exist",
                       STR_ARG(name));
        if (s->macro) return err_hint(err, st, "The body of a function sees its parameters only.");
        if (!s->rel) return err_hint(err, st, "Only constants may stand in %s.", s->clause);
        return err_hint(err, st, "Nothing is read here: there is no FROM.");
    }
    if (p->len == 2) {
        st = bind_fail(b, W2013, p->pos, p->width, err, "column \"%.*s.%.*s\" does not exist",
                       STR_ARG(p->at[0].text), STR_ARG(name));
    } else {
        st = bind_fail(b, W2013, p->pos, p->width, err, "column \"%.*s\" does not exist",
                       STR_ARG(name));
    }
    Nearest near = {0};
    for (u32 i = 0; i < s->rel->len; i++) nearest_offer(&near, name, s->rel->at[i].column.name);
    for (u32 i = 0; s->aliases && i < s->aliases->len; i++) {
        if (s->aliases->at[i].name.len) nearest_offer(&near, name, s->aliases->at[i].name);
    }
    StrBuf text = {0};
    if (near.best.len) strbuf_printf(&text, "Did you mean \"%.*s\"? ", STR_ARG(near.best));
    scope_describe(s->rel, &text);
    err_hint(err, st, "%.*s", STR_ARG(strbuf_view(&text)));
    strbuf_done(&text);
    return st;
}

static Status
scope_ambiguous(const Binder *b, const ExprScope *s, const Path *p, Str name, Err *err)
{
    Status st =
        bind_fail(b, W2010, p->pos, p->width, err, "column \"%.*s\" is ambiguous", STR_ARG(name));
    for (u32 i = 0; i < s->rel->len; i++) {
        const RelColumn *c = &s->rel->at[i];
        if (!str_eq(c->column.name, name) || !c->table.len) continue;
        return err_hint(err, st, "Say which one is meant: %.*s.%.*s.", STR_ARG(c->table),
                        STR_ARG(name));
    }
    return err_hint(err, st, "Give the columns different names with AS.");
}

static BoundExpr *
scope_reference(const Binder *b, const Rel *rel, u32 col, const Path *p)
{
    BoundExpr *e = bound_column(b->a, col, rel->at[col].column.type);
    e->pos = bind_pos(b, p->pos);
    e->width = bind_width(b, p->width);
    return e;
}

/* Columns called name (of the table, if one is given): how many, and the first. */
static u32
scope_matches(const Rel *rel, Str table, Str name, u32 *ret_col)
{
    u32 found = 0;
    for (u32 i = 0; rel && i < rel->len; i++) {
        if (!rel->at[i].hides.len || !str_eq(rel->at[i].hides, name)) continue;
        if (table.ptr && !str_eq(rel->at[i].table, table)) continue;
        *ret_col = i;
        return 1;
    }
    for (u32 i = 0; rel && i < rel->len; i++) {
        if (!str_eq(rel->at[i].column.name, name)) continue;
        if (table.ptr && !str_eq(rel->at[i].table, table)) continue;
        if (found++ == 0) *ret_col = i;
    }
    return found;
}

static BoundExpr *
scope_alias(const ExprScope *s, Str name)
{
    for (u32 i = 0; s->aliases && i < s->aliases->len; i++) {
        const Output *o = &s->aliases->at[i];
        if (o->name.len && str_eq(o->name, name)) return o->expr;
    }
    return NULL;
}

static Status
scope_param(const Binder *b, const ExprScope *s, const Path *p, BoundExpr **ret, Err *err)
{
    Nearest near = {0};
    for (u32 i = 0; i < s->macro->len; i++) {
        Str name = s->macro->params[i].name.text;
        if (p->len == 1 && str_eq(name, p->at[0].text)) {
            *ret = s->macro->values[i];
            return ERR_OK;
        }
        nearest_offer(&near, path_last(p).text, name);
    }
    Status st = scope_missing(b, s, p, path_last(p).text, err);
    if (near.best.len) err_hint(err, st, "Did you mean \"%.*s\"?", STR_ARG(near.best));
    return st;
}

Status
scope_column(const Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret, Err *err)
{
    const Path *p = &e->column;
    u32 col = 0;
    if (s->macro) return scope_param(b, s, p, ret, err);
    if (p->len > 2) return bind_unsupported(b, p->pos, p->width, "access to nested fields", err);
    if (p->len == 2) {
        u32 found = scope_matches(s->rel, p->at[0].text, p->at[1].text, &col);
        if (found > 1) return scope_ambiguous(b, s, p, p->at[1].text, err);
        if (found == 0) {
            if (scope_matches(s->rel, (Str){0}, p->at[0].text, &col)) {
                return bind_unsupported(b, p->pos, p->width, "access to nested fields", err);
            }
            return scope_missing(b, s, p, p->at[1].text, err);
        }
        *ret = scope_reference(b, s->rel, col, p);
        return ERR_OK;
    }
    Str name = p->at[0].text;
    BoundExpr *alias = scope_alias(s, name);
    u32 found = scope_matches(s->rel, (Str){0}, name, &col);
    if (alias && (s->aliases_first || found == 0)) {
        *ret = alias;
        return ERR_OK;
    }
    if (found > 1) return scope_ambiguous(b, s, p, name, err);
    if (found == 0) return scope_missing(b, s, p, name, err);
    *ret = scope_reference(b, s->rel, col, p);
    return ERR_OK;
}
