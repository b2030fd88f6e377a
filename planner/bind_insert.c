/* bind_insert.c - INSERT INTO: a query's columns become the fields of a sink.
 *
 * The query feeds the columns that the statement names, or all that can be written: physical ones
 * and metadata that is not virtual, in order. Other fields are NULL. Values convert as they would
 * in an expression; constants convert to whatever the column is. */
#include "planner/bind_insert.h"

typedef struct Inserting {
    Binder *b;
    const Insert *insert;
    const TableDef *def;
    Rel rel;
    u32 *target; /* per column of rel: the table's column */
} Inserting;

static bool
insert_writable(const TableColumn *c)
{
    return c->field != UINT32_MAX && !(c->kind == COLUMN_METADATA && c->is_virtual);
}

static void
insert_describe(const TableDef *def, StrBuf *out)
{
    strbuf_printf(out, "%.*s takes ", STR_ARG(def->name));
    bool first = true;
    for (u32 i = 0; i < def->ncolumns; i++) {
        if (!insert_writable(&def->columns[i])) continue;
        if (out->len > 180) {
            strbuf_printf(out, ", ...");
            return;
        }
        strbuf_printf(out, "%s%.*s ", first ? "" : ", ", STR_ARG(def->columns[i].column.name));
        type_print(out, type_nullable(def->columns[i].column.type, true));
        first = false;
    }
}

static Status
insert_named(Inserting *t, const Name *name, u32 *ret_col, Err *err)
{
    Nearest near = {0};
    for (u32 i = 0; i < t->def->ncolumns; i++) {
        const TableColumn *c = &t->def->columns[i];
        if (str_eq(c->column.name, name->text)) {
            if (insert_writable(c)) {
                *ret_col = i;
                return ERR_OK;
            }
            return bind_fail(t->b, W2020, name->pos, name->width, err,
                             "column \"%.*s\" cannot be written: it is %s", STR_ARG(name->text),
                             c->computed ? "computed" : "virtual metadata");
        }
        nearest_offer(&near, name->text, c->column.name);
    }
    Status st = bind_fail(t->b, W2013, name->pos, name->width, err,
                          "column \"%.*s\" does not exist in table \"%.*s\"", STR_ARG(name->text),
                          STR_ARG(t->def->name));
    StrBuf text = {0};
    if (near.best.len) strbuf_printf(&text, "Did you mean \"%.*s\"? ", STR_ARG(near.best));
    insert_describe(t->def, &text);
    err_hint(err, st, "%.*s", STR_ARG(strbuf_view(&text)));
    strbuf_done(&text);
    return st;
}

static Status
insert_targets(Inserting *t, u32 *ret_len, Err *err)
{
    const NameList *names = &t->insert->columns;
    t->target = arena_array(t->b->a, u32, MAX(names->len, t->def->ncolumns) + 1);
    u32 n = 0;
    for (u32 i = 0; i < names->len; i++) {
        TRY(insert_named(t, &names->at[i], &t->target[n], err));
        for (u32 k = 0; k < n; k++) {
            if (t->target[k] != t->target[n]) continue;
            return bind_fail(t->b, W2011, names->at[i].pos, names->at[i].width, err,
                             "column \"%.*s\" is named twice", STR_ARG(names->at[i].text));
        }
        n++;
    }
    for (u32 i = 0; names->len == 0 && i < t->def->ncolumns; i++) {
        if (insert_writable(&t->def->columns[i])) t->target[n++] = i;
    }
    *ret_len = n;
    return ERR_OK;
}

static Status
insert_widths(const Inserting *t, u32 ntargets, Err *err)
{
    if (t->rel.len == ntargets) return ERR_OK;
    const Query *q = t->insert->query;
    Status st = bind_fail(t->b, W2009, q->pos, q->width, err,
                          "the query has %u column%s, table \"%.*s\" takes %u here", t->rel.len,
                          plural(t->rel.len), STR_ARG(t->def->name), ntargets);
    StrBuf text = {0};
    insert_describe(t->def, &text);
    err_hint(err, st, "%.*s", STR_ARG(strbuf_view(&text)));
    strbuf_done(&text);
    return st;
}

/* Constants of a VALUES are converted where they stand. */
static bool
insert_is_constant(const Rel *rel, u32 col)
{
    const PlanNode *n = rel->node;
    if (n->kind == PLAN_VALUES) return true;
    return n->kind == PLAN_PROJECT && n->project.exprs[col]->kind == BOUND_CONST;
}

static Status
insert_cast(Inserting *t, u32 col, BoundExpr **ret, Err *err)
{
    const TableColumn *c = &t->def->columns[t->target[col]];
    Type from = t->rel.at[col].column.type, to = c->column.type;
    BoundExpr *x = bound_column(t->b->a, col, from);
    u32 pos, width;
    query_column_place(t->insert->query, col, t->rel.len, &pos, &width);
    x->pos = bind_pos(t->b, pos);
    x->width = bind_width(t->b, width);
    bool same_family = type_is(from, KIND_TEXT) == type_is(to, KIND_TEXT);
    bool ok = from.kind == TYPE_NULL || type_eq(from, to) || type_implicit(from, to) ||
              (insert_is_constant(&t->rel, col) && same_family);
    if (!ok) {
        Status st = bind_fail(t->b, W2006, pos, width, err,
                              "column \"%.*s\" of table \"%.*s\" is %s, the query gives %s",
                              STR_ARG(c->column.name), STR_ARG(t->def->name),
                              bind_type_text(t->b, to), bind_type_text(t->b, from));
        return err_hint(err, st, "Write CAST(%.*s AS %s).", STR_ARG(t->rel.at[col].column.name),
                        bind_type_text(t->b, to));
    }
    return bind_coerce(t->b, x, type_nullable(to, !from.not_null), ret, err);
}

static Status
insert_project(Inserting *t, Err *err)
{
    Output *outs = arena_array(t->b->a, Output, t->def->nfields + 1);
    for (u32 i = 0; i < t->rel.len; i++) {
        u32 field = t->def->columns[t->target[i]].field;
        TRY(insert_cast(t, i, &outs[field].expr, err));
    }
    for (u32 i = 0; i < t->def->ncolumns; i++) {
        const TableColumn *c = &t->def->columns[i];
        if (c->field == UINT32_MAX) continue;
        outs[c->field].name = c->column.name;
        if (outs[c->field].expr) continue;
        const Path *p = &t->insert->table;
        if (c->column.type.not_null && insert_writable(c)) {
            return bind_fail(t->b, W2020, p->pos, p->width, err,
                             "column \"%.*s\" is NOT NULL and gets no value",
                             STR_ARG(c->column.name));
        }
        outs[c->field].expr = bind_null(t->b, c->column.type, p->pos, p->width);
    }
    rel_project(t->b, &t->rel, outs, t->def->nfields);
    return ERR_OK;
}

Status
bind_insert(Binder *b, const Insert *insert, PlanNode **ret_root, bool *ret_bounded, Err *err)
{
    Inserting t = {.b = b, .insert = insert};
    if (insert->partition_len) {
        return bind_unsupported(b, insert->partition[0].name.pos, insert->partition[0].name.width,
                                "PARTITION (...)", err);
    }
    CatalogEntry entry;
    TRY(bind_find(b, &insert->table, &entry, err));
    if (entry.kind != CATALOG_TABLE) {
        return bind_fail(b, W2020, insert->table.pos, insert->table.width, err,
                         "\"%.*s\" is a view: nothing can be written to it", STR_ARG(entry.name));
    }
    TableDef *def;
    TRY(bind_stored_table(b, &entry, insert->table.pos, insert->table.width, &def, err));
    t.def = def;
    OptionList none = {0};
    const OptionList *hints = &none;
    for (u32 i = 0; i < insert->hints.len; i++) {
        const Hint *h = &insert->hints.at[i];
        if (str_eq_nocase(h->name.text, STR("OPTIONS"))) hints = &h->options;
    }
    WatermarkOptions unused;
    TRY(bind_options(b, hints, &unused, err));
    const struct TableSpec *spec = NULL;
    bool source_bounded;
    TRY(b->env->table_spec(b->env->ctx, b->a, def, hints, &spec, &source_bounded, err));
    TRY(bind_query(b, insert->query, &t.rel, err));
    u32 ntargets = 0;
    TRY(insert_targets(&t, &ntargets, err));
    TRY(insert_widths(&t, ntargets, err));
    TRY(insert_project(&t, err));

    PlanNode *n = node_new(b->a, PLAN_SINK, 1, 0);
    n->pos = bind_pos(b, insert->table.pos);
    n->input[0] = t.rel.node;
    n->schema = t.rel.node->schema;
    n->sink.table = spec;
    n->sink.name = arena_copy(b->a, def->name.ptr, def->name.len);
    *ret_root = n;
    *ret_bounded = t.rel.bounded;
    return ERR_OK;
}
