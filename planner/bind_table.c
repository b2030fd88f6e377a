/* bind_table.c - CREATE TABLE's definition, and the rows of a table.
 *
 *   SCAN fields  ->  PROJECT declared columns (if some are computed)  ->  WATERMARK (if declared)
 *
 * Fields are the physical and metadata columns: what a connector delivers. Computed columns read
 * fields only; the watermark may read all columns. */
#include "grammar/parse.h"
#include "planner/bind.h"
#include "planner/explain.h"

typedef struct TableBinding {
    Binder *b;
    const CreateTable *create;
    TableDef *def;
    Rel fields;  /* as computed columns see them */
    Rel columns; /* as the watermark sees them */
} TableBinding;

static u32
table_find(const TableDef *def, Str name)
{
    for (u32 i = 0; i < def->ncolumns; i++) {
        if (str_eq(def->columns[i].column.name, name)) return i;
    }
    return UINT32_MAX;
}

static Status
table_no_column(const TableBinding *t, const char *where, Name name, Err *err)
{
    Status st = bind_fail(t->b, W2013, name.pos, name.width, err,
                          "column \"%.*s\" in %s does not exist", STR_ARG(name.text), where);
    StrBuf text = {0};
    Nearest near = {0};
    for (u32 i = 0; i < t->def->ncolumns; i++) {
        nearest_offer(&near, name.text, t->def->columns[i].column.name);
    }
    if (near.best.len) strbuf_printf(&text, "Did you mean \"%.*s\"? ", STR_ARG(near.best));
    scope_describe(&t->columns, &text);
    err_hint(err, st, "%.*s", STR_ARG(strbuf_view(&text)));
    strbuf_done(&text);
    return st;
}

/* ---- columns -------------------------------------------------------------------------------- */

static Status
table_declare(TableBinding *t, const ColumnDef *c, Err *err)
{
    Binder *b = t->b;
    if (table_find(t->def, c->name.text) != UINT32_MAX) {
        return bind_fail(b, W2011, c->name.pos, c->name.width, err,
                         "column \"%.*s\" is declared twice", STR_ARG(c->name.text));
    }
    TableColumn *tc = &t->def->columns[t->def->ncolumns];
    *tc = (TableColumn){.kind = c->kind,
                        .metadata_key = c->metadata_key,
                        .is_virtual = c->is_virtual,
                        .comment = c->comment,
                        .field = UINT32_MAX,
                        .pos = bind_pos(b, c->name.pos),
                        .width = bind_width(b, c->name.width)};
    tc->column.name = c->name.text;
    switch (c->kind) {
    case COLUMN_PHYSICAL:
    case COLUMN_METADATA:
        TRY(bind_type(b, c->type, &tc->column.type, err));
        if (c->kind == COLUMN_METADATA && !tc->metadata_key.ptr) tc->metadata_key = c->name.text;
        tc->field = t->def->nfields++;
        break;
    case COLUMN_COMPUTED:
        break;
    case COLUMN_NAMED:
        return bind_fail(b, W2018, c->pos, c->width, err, "column \"%.*s\" has no type",
                         STR_ARG(c->name.text));
    }
    t->def->ncolumns++;
    return ERR_OK;
}

static void
table_field_scope(TableBinding *t)
{
    TableDef *def = t->def;
    t->fields.at = arena_array(t->b->a, RelColumn, def->nfields + 1);
    t->fields.len = def->nfields;
    for (u32 i = 0; i < def->ncolumns; i++) {
        if (def->columns[i].field == UINT32_MAX) continue;
        RelColumn *c = &t->fields.at[def->columns[i].field];
        c->column = def->columns[i].column;
        c->table = def->name;
    }
}

static Status
table_compute(TableBinding *t, const ColumnDef *c, TableColumn *tc, Err *err)
{
    ExprScope s = {.rel = &t->fields, .clause = "a computed column"};
    BoundExpr *x;
    TRY(bind_expr(t->b, &s, c->expr, &x, err));
    if (x->type.kind == TYPE_NULL) {
        return bind_fail(t->b, W2018, c->expr->pos, c->expr->width, err,
                         "column \"%.*s\" has no type: write CAST(NULL AS ...)",
                         STR_ARG(c->name.text));
    }
    tc->computed = x;
    tc->column.type = x->type;
    if (bound_is_proctime(x)) tc->column.attr = ATTR_PROCTIME;
    StrBuf text = {0};
    Schema schema = {.at = arena_array(t->b->a, Column, t->fields.len + 1), .len = t->fields.len};
    for (u32 i = 0; i < schema.len; i++) schema.at[i] = t->fields.at[i].column;
    expr_explain(&text, x, &schema);
    tc->computed_sql = (Str){arena_copy(t->b->a, text.ptr, text.len), (u32)text.len};
    strbuf_done(&text);
    return ERR_OK;
}

static Status
table_columns(TableBinding *t, Err *err)
{
    const TableElems *elems = &t->create->elems;
    TRY(bind_limit(t->b, elems->columns_len, COLUMNS_MAX, "a table", "columns", t->create->name.pos,
                   t->create->name.width, err));
    t->def->columns = arena_array(t->b->a, TableColumn, elems->columns_len + 1);
    for (u32 i = 0; i < elems->columns_len; i++) TRY(table_declare(t, &elems->columns[i], err));
    table_field_scope(t);
    for (u32 i = 0; i < elems->columns_len; i++) {
        if (elems->columns[i].kind != COLUMN_COMPUTED) continue;
        TRY(table_compute(t, &elems->columns[i], &t->def->columns[i], err));
    }
    t->columns.at = arena_array(t->b->a, RelColumn, t->def->ncolumns + 1);
    t->columns.len = t->def->ncolumns;
    for (u32 i = 0; i < t->def->ncolumns; i++) {
        t->columns.at[i].column = t->def->columns[i].column;
        t->columns.at[i].table = t->def->name;
    }
    return ERR_OK;
}

/* CREATE TABLE t AS SELECT: the query's columns. */
static Status
table_columns_of_query(TableBinding *t, Err *err)
{
    Rel rel;
    TRY(bind_query(t->b, t->create->query, &rel, err));
    TableDef *def = t->def;
    def->columns = arena_array(t->b->a, TableColumn, rel.len + 1);
    for (u32 i = 0; i < rel.len; i++) {
        const Query *q = t->create->query;
        Column c = rel.at[i].column;
        if (table_find(def, c.name) != UINT32_MAX) {
            return bind_fail(t->b, W2011, q->pos, q->width, err,
                             "the query names two columns \"%.*s\"", STR_ARG(c.name));
        }
        if (c.type.kind == TYPE_NULL) {
            return bind_fail(t->b, W2018, q->pos, q->width, err,
                             "column \"%.*s\" has no type: write CAST(NULL AS ...)",
                             STR_ARG(c.name));
        }
        c.attr = ATTR_NONE;
        def->columns[i] = (TableColumn){.column = c,
                                        .kind = COLUMN_PHYSICAL,
                                        .field = def->nfields++,
                                        .pos = bind_pos(t->b, q->pos)};
        def->ncolumns++;
    }
    table_field_scope(t);
    t->columns = t->fields;
    return ERR_OK;
}

/* ---- watermark, keys, partitions ------------------------------------------------------------ */

static Status
table_watermark(TableBinding *t, const WatermarkDef *w, Err *err)
{
    Binder *b = t->b;
    if (w->column.len > 1) {
        return bind_unsupported(b, w->column.pos, w->column.width, "a watermark on a nested field",
                                err);
    }
    Name name = w->column.at[0];
    u32 col = table_find(t->def, name.text);
    if (col == UINT32_MAX) return table_no_column(t, "WATERMARK FOR", name, err);
    Type type = t->def->columns[col].column.type;
    if (type.kind != TYPE_TIMESTAMP && type.kind != TYPE_TIMESTAMP_LTZ) {
        Status st = bind_fail(b, W2016, name.pos, name.width, err,
                              "WATERMARK FOR needs a TIMESTAMP: \"%.*s\" is %s", STR_ARG(name.text),
                              bind_type_text(b, type));
        return err_hint(err, st, "Add a column: event_time AS TO_TIMESTAMP(%.*s).",
                        STR_ARG(name.text));
    }
    t->def->columns[col].column.attr = ATTR_ROWTIME;
    t->columns.at[col].column.attr = ATTR_ROWTIME;
    ExprScope s = {.rel = &t->columns, .clause = "WATERMARK"};
    BoundExpr *x;
    TRY(bind_expr(b, &s, w->expr, &x, err));
    if (x->type.kind != type.kind) {
        return bind_fail(b, W2016, w->expr->pos, w->expr->width, err,
                         "a watermark for %s cannot be %s", bind_type_text(b, type),
                         bind_type_text(b, x->type));
    }
    if (bound_facts(x) & (BOUND_VOLATILE | BOUND_STABLE)) {
        return bind_fail(b, W2016, w->expr->pos, w->expr->width, err,
                         "a watermark must depend on the row only");
    }
    StrBuf text = {0};
    Schema schema = {.at = arena_array(b->a, Column, t->columns.len), .len = t->columns.len};
    for (u32 i = 0; i < schema.len; i++) schema.at[i] = t->columns.at[i].column;
    expr_explain(&text, x, &schema);
    t->def->watermark_sql = (Str){arena_copy(b->a, text.ptr, text.len), (u32)text.len};
    strbuf_done(&text);
    t->def->watermark = x;
    t->def->watermark_col = col;
    return ERR_OK;
}

static bool
table_is_memory(const TableDef *def)
{
    for (u32 i = 0; i < def->options.len; i++) {
        const OptionDef *o = &def->options.at[i];
        if (str_eq(o->key, STR("connector"))) return str_eq(o->value, STR("memory"));
    }
    return false;
}

static Status
table_primary_key(TableBinding *t, const ConstraintDef *c, Err *err)
{
    Binder *b = t->b;
    TableDef *def = t->def;
    if (def->nprimary_key) {
        return bind_fail(b, W2011, c->pos, c->width, err, "PRIMARY KEY is declared twice");
    }
    if (c->enforced != ENFORCED_NOT && !table_is_memory(def)) {
        Status st = bind_fail(b, W2018, c->pos, c->width, err, "PRIMARY KEY cannot be enforced");
        return err_hint(err, st, "Write PRIMARY KEY (...) NOT ENFORCED.");
    }
    def->primary_key = arena_array(b->a, u32, c->columns.len + 1);
    for (u32 i = 0; i < c->columns.len; i++) {
        Name name = c->columns.at[i];
        u32 col = table_find(def, name.text);
        if (col == UINT32_MAX) return table_no_column(t, "PRIMARY KEY", name, err);
        if (def->columns[col].kind != COLUMN_PHYSICAL) {
            return bind_fail(b, W2018, name.pos, name.width, err,
                             "column \"%.*s\" of the PRIMARY KEY is not a physical column",
                             STR_ARG(name.text));
        }
        for (u32 k = 0; k < i; k++) {
            if (def->primary_key[k] != col) continue;
            return bind_fail(b, W2011, name.pos, name.width, err,
                             "column \"%.*s\" is in the PRIMARY KEY twice", STR_ARG(name.text));
        }
        def->primary_key[def->nprimary_key++] = col;
        def->columns[col].column.type.not_null = true;
    }
    return ERR_OK;
}

static Status
table_constraints(TableBinding *t, Err *err)
{
    const TableElems *elems = &t->create->elems;
    for (u32 i = 0; i < elems->constraints_len; i++) {
        const ConstraintDef *c = &elems->constraints[i];
        if (c->kind == CONSTRAINT_PRIMARY_KEY) {
            TRY(table_primary_key(t, c, err));
        } else if (!table_is_memory(t->def)) {
            return bind_unsupported(t->b, c->pos, c->width, "UNIQUE", err);
        }
    }
    if (elems->watermarks_len > 1) {
        const WatermarkDef *w = &elems->watermarks[1];
        return bind_fail(t->b, W2011, w->pos, w->width, err, "WATERMARK is declared twice");
    }
    if (elems->watermarks_len) TRY(table_watermark(t, &elems->watermarks[0], err));

    const NameList *by = &t->create->partitioned_by;
    t->def->partitioned_by = arena_array(t->b->a, u32, by->len + 1);
    for (u32 i = 0; i < by->len; i++) {
        u32 col = table_find(t->def, by->at[i].text);
        if (col == UINT32_MAX) return table_no_column(t, "PARTITIONED BY", by->at[i], err);
        if (t->def->columns[col].kind != COLUMN_PHYSICAL) {
            return bind_fail(t->b, W2018, by->at[i].pos, by->at[i].width, err,
                             "a table is partitioned by physical columns only");
        }
        t->def->partitioned_by[t->def->npartitioned_by++] = col;
    }
    return ERR_OK;
}

/* Options of a stored table lie in the catalog's text: errors about them point at the table. */
static OptionList
table_options(const Binder *b, const OptionList *from)
{
    if (!b->place.fixed) return *from;
    OptionList to = {.at = arena_array(b->a, OptionDef, from->len + 1), .len = from->len};
    for (u32 i = 0; i < from->len; i++) {
        to.at[i] = from->at[i];
        to.at[i].pos = to.at[i].value_pos = b->place.pos;
        to.at[i].width = to.at[i].value_width = b->place.width;
    }
    return to;
}

Status
bind_table_def(Binder *b, const CreateTable *create, TableDef **ret_def, Err *err)
{
    if (create->like.len) {
        return bind_unsupported(b, create->like.pos, create->like.width, "CREATE TABLE LIKE", err);
    }
    TableDef *def = arena_make(b->a, TableDef);
    def->name = path_last(&create->name).text;
    def->watermark_col = UINT32_MAX;
    def->options = table_options(b, &create->options);
    def->comment = create->comment;
    def->pos = bind_pos(b, create->name.pos);
    TableBinding t = {.b = b, .create = create, .def = def};
    if (create->query && create->elems.columns_len == 0) {
        TRY(table_columns_of_query(&t, err));
    } else if (create->query) {
        return bind_unsupported(b, create->query->pos, create->query->width,
                                "CREATE TABLE with both columns and a query", err);
    } else {
        TRY(table_columns(&t, err));
    }
    if (def->nfields == 0) {
        Status st = bind_fail(b, W2018, create->name.pos, create->name.width, err,
                              "table \"%.*s\" has no physical column", STR_ARG(def->name));
        return err_hint(err, st, "Declare columns: CREATE TABLE %.*s (id BIGINT, ...).",
                        STR_ARG(def->name));
    }
    TRY(table_constraints(&t, err));
    def->watermark_options = (WatermarkOptions){.idle_timeout_us = -1, .late_keep = LATE_KEEP};
    TRY(bind_options(b, &def->options, &def->watermark_options, err));
    *ret_def = def;
    return ERR_OK;
}

/* ---- tables of the catalog ------------------------------------------------------------------ */

static bool
path_is_local(const Path *p)
{
    if (p->len == 3 && !str_eq(p->at[0].text, STR("default_catalog"))) return false;
    return p->len == 1 || (p->len <= 3 && str_eq(p->at[p->len - 2].text, STR("default_database")));
}

Status
bind_find(Binder *b, const Path *name, CatalogEntry *ret_entry, Err *err)
{
    Str last = path_last(name).text;
    bool found = false;
    if (path_is_local(name)) {
        TRY(catalog_find(b->env->catalog, b->a, CATALOG_TABLE, last, ret_entry, &found, err));
    }
    if (found) return ERR_OK;
    Status st = bind_fail(b, W2002, name->pos, name->width, err, "table \"%.*s\" does not exist",
                          STR_ARG(last));
    Str near = catalog_nearest(b->env->catalog, b->a, CATALOG_TABLE, last);
    for (const CteFrame *f = b->ctes; f && !near.len; f = f->outer) {
        Nearest n = {0};
        nearest_offer(&n, last, f->cte->name.text);
        near = n.best;
    }
    if (near.len) return err_hint(err, st, "Did you mean \"%.*s\"?", STR_ARG(near));
    return err_hint(err, st, "SHOW TABLES lists the tables; CREATE TABLE makes one.");
}

static Status
stored_table_bind(Binder *b, const CatalogEntry *entry, TableDef **ret_def, Err *err)
{
    Stmt *stmt = NULL;
    u32 next;
    Err inner;
    if (parse_statement(b->a, entry->sql, 0, &stmt, &next, &inner) || !stmt ||
        stmt->kind != STMT_CREATE_TABLE) {
        return err_set(err, W5002, b->place.pos, "table \"%.*s\" cannot be read from the catalog",
                       STR_ARG(entry->name));
    }
    return bind_table_def(b, stmt->create_table, ret_def, err);
}

Status
bind_stored_table(Binder *b, const CatalogEntry *entry, u32 pos, u32 width, TableDef **ret_def,
                  Err *err)
{
    Place outer = b->place;
    const CteFrame *ctes = b->ctes;
    b->place = (Place){true, bind_pos(b, pos), bind_width(b, width)};
    b->ctes = NULL;
    Status st = stored_table_bind(b, entry, ret_def, err);
    b->place = outer;
    b->ctes = ctes;
    return st;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static void
scan_columns(Binder *b, const TableDef *def, Rel *rel)
{
    OutputList outs = {0};
    for (u32 i = 0; i < def->ncolumns; i++) {
        const TableColumn *c = &def->columns[i];
        BoundExpr *x = c->computed ? c->computed : bound_column(b->a, c->field, c->column.type);
        output_add(b, &outs, (Output){.expr = x, .name = c->column.name});
    }
    rel_project(b, rel, outs.at, outs.len);
}

static void
scan_watermark(Binder *b, const TableDef *def, const WatermarkOptions *options, Rel *rel)
{
    PlanNode *n = node_new(b->a, PLAN_WATERMARK, 1, 0);
    n->pos = rel->node->pos;
    n->input[0] = rel->node;
    n->schema = rel->node->schema;
    n->watermark.time_col = def->watermark_col;
    n->watermark.expr = def->watermark;
    n->watermark.max_advance_us = options->max_advance_us;
    n->watermark.late_keep = (u32)options->late_keep;
    if (!rel->bounded) { /* what ends waits for all of its partitions */
        bool said = options->idle_timeout_us >= 0;
        n->watermark.idle_timeout_us = said ? options->idle_timeout_us : b->env->idle_timeout_us;
    }
    rel->node = n;
}

Status
bind_scan(Binder *b, const TableDef *def, const OptionList *hints, Rel *ret, Err *err)
{
    const struct TableSpec *spec = NULL;
    bool bounded = false;
    WatermarkOptions options = def->watermark_options;
    TRY(bind_options(b, hints, &options, err));
    TRY(b->env->table_spec(b->env->ctx, b->a, def, hints, &spec, &bounded, err));
    PlanNode *n = node_new(b->a, PLAN_SCAN, 0, def->nfields);
    n->pos = def->pos;
    n->scan.table = spec;
    n->scan.name = arena_copy(b->a, def->name.ptr, def->name.len);
    n->scan.bounded = bounded;
    n->scan.source_col = arena_array(b->a, u32, def->nfields + 1);
    bool computed = def->nfields < def->ncolumns;
    for (u32 i = 0; i < def->ncolumns; i++) {
        u32 field = def->columns[i].field;
        if (field == UINT32_MAX) continue;
        n->schema.at[field] = def->columns[i].column;
        n->scan.source_col[field] = field;
    }
    Rel rel = rel_of(b, n, bounded);
    if (computed) scan_columns(b, def, &rel);
    for (u32 i = 0; i < def->ncolumns; i++) {
        rel.at[i].column = def->columns[i].column;
        rel.at[i].table = def->name;
        rel.node->schema.at[i] = def->columns[i].column;
    }
    if (def->watermark_col != UINT32_MAX) scan_watermark(b, def, &options, &rel);
    *ret = rel;
    return ERR_OK;
}
