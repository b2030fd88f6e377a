/* weir_look.c - SHOW, DESCRIBE, EXPLAIN and USE; names for completion; what doctor finds. */
#include "base/cpu.h"
#include "base/mem.h"
#include "exec/funcs/funcs.h"
#include "grammar/ast_print.h"
#include "weir_desk.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- rows of text ------------------------------------------------------------------------------
 */

void
text_rows_add(TextRows *t, const Str *cells)
{
    if ((t->nrows + 1) * t->ncolumns > t->cap) {
        t->cap = MAX(t->cap * 2, 16 * t->ncolumns);
        t->cells = mem_realloc(t->cells, t->cap * sizeof *t->cells);
    }
    memcpy(t->cells + (size_t)t->nrows * t->ncolumns, cells, t->ncolumns * sizeof *cells);
    t->nrows++;
}

static Status
send_text(Desk *d, const TextRows *t, Err *err)
{
    const WeirOutput *out = d->out;
    WeirColumn *columns = arena_array(d->arena, WeirColumn, t->ncolumns);
    for (u32 c = 0; c < t->ncolumns; c++) {
        columns[c] = (WeirColumn){str_from(t->columns[c]), type_string()};
    }
    if (out->begin) TRY(out->begin(out->ctx, columns, t->ncolumns, err));
    for (u32 from = 0; from < t->nrows && out->rows; from += BATCH_ROWS_MAX) {
        u32 n = MIN(t->nrows - from, (u32)BATCH_ROWS_MAX);
        Batch *b = batch_new(t->ncolumns, n);
        for (u32 c = 0; c < t->ncolumns; c++) {
            b->col[c] = vector_new(type_string(), n);
            for (u32 i = 0; i < n; i++) {
                Str cell = t->cells[(size_t)(from + i) * t->ncolumns + c];
                if (cell.ptr)
                    vector_set_str(&b->col[c], i, cell.ptr, cell.len);
                else
                    vector_set_null(&b->col[c], i);
            }
        }
        Status st = out->rows(out->ctx, b, err);
        batch_free(b);
        if (st) return st;
    }
    WeirSummary summary = {.rows_out = t->nrows};
    return out->end ? out->end(out->ctx, &summary, err) : ERR_OK;
}

Status
desk_text(Desk *d, TextRows *t, Err *err)
{
    Status st = send_text(d, t, err);
    mem_free(t->cells);
    return st;
}

static Str
arena_str(Desk *d, StrBuf *b)
{
    Str s = {arena_copy(d->arena, b->len ? b->ptr : "", b->len), (u32)b->len};
    strbuf_done(b);
    return s;
}

static Str
type_text(Desk *d, Type t)
{
    StrBuf b = {0};
    type_print(&b, type_nullable(t, true));
    return arena_str(d, &b);
}

/* ---- SHOW --------------------------------------------------------------------------------------
 */

static Status
show_objects(Desk *d, const Show *s, CatalogKind kind, const char *column, Err *err)
{
    CatalogEntry *entries = NULL;
    u32 n = 0;
    TRY(catalog_list(d->weir->catalog, d->arena, kind, s->like, &entries, &n, err));
    const char *columns[] = {column};
    TextRows rows = {.columns = columns, .ncolumns = 1};
    for (u32 i = 0; i < n; i++) {
        if (entries[i].kind == kind) text_rows_add(&rows, &entries[i].name);
    }
    return desk_text(d, &rows, err);
}

/* LIKE with % and _ over a function's name; case does not matter there. */
static bool
name_like(Str pattern, Str name)
{
    if (pattern.len == 0) return name.len == 0;
    Str rest = {pattern.ptr + 1, pattern.len - 1};
    if (pattern.ptr[0] == '%') {
        for (u32 i = 0; i <= name.len; i++) {
            if (name_like(rest, (Str){name.ptr + i, name.len - i})) return true;
        }
        return false;
    }
    if (name.len == 0) return false;
    bool same = pattern.ptr[0] == '_' || str_eq_nocase((Str){pattern.ptr, 1}, (Str){name.ptr, 1});
    return same && name_like(rest, (Str){name.ptr + 1, name.len - 1});
}

static bool
plain_name(const char *name)
{
    for (const char *p = name; *p; p++) {
        bool word = (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '_';
        if (!word) return false;
    }
    return true;
}

static int
row_cmp(const void *a, const void *b)
{
    return str_cmp(*(const Str *)a, *(const Str *)b);
}

static void
each_function(void (*each)(void *ctx, const char *name, const char *doc), void *ctx)
{
    const FuncTable *t = &exec_func_table;
    for (u32 f = 0; f < t->nfamilies; f++) {
        const char *last = "";
        for (const FuncDef *def = t->families[f]; def->name; def++) {
            if ((def->flags & FUNC_OPERATOR) || !plain_name(def->name)) continue;
            if (strcmp(last, def->name) != 0) each(ctx, def->name, def->doc);
            last = def->name;
        }
    }
    for (u32 f = 0; f < t->nagg_families; f++) {
        for (const AggDef *def = t->agg_families[f]; def->name; def++) {
            if (plain_name(def->name)) each(ctx, def->name, def->doc);
        }
    }
}

typedef struct FunctionRows {
    TextRows *rows;
    Str like;
} FunctionRows;

static void
function_row(void *ctx, const char *name, const char *doc)
{
    FunctionRows *f = ctx;
    Str cells[2] = {str_from(name), str_from(doc ? doc : "")};
    if (f->like.ptr && !name_like(f->like, cells[0])) return;
    text_rows_add(f->rows, cells);
}

static Status
show_functions(Desk *d, const Show *s, Err *err)
{
    static const char *const columns[] = {"function name", "description"};
    TextRows rows = {.columns = columns, .ncolumns = 2};
    FunctionRows ctx = {.rows = &rows, .like = s->like};
    each_function(function_row, &ctx);
    CatalogEntry *entries = NULL;
    u32 n = 0;
    TRY(catalog_list(d->weir->catalog, d->arena, CATALOG_FUNCTION, s->like, &entries, &n, err));
    for (u32 i = 0; i < n; i++) {
        Str cells[2] = {entries[i].name, STR("macro")};
        text_rows_add(&rows, cells);
    }
    qsort(rows.cells, rows.nrows, 2 * sizeof(Str), row_cmp);
    u32 kept = 0; /* overloads in several families: one row */
    for (u32 i = 0; i < rows.nrows; i++) {
        if (kept && str_eq(rows.cells[2 * (kept - 1)], rows.cells[2 * i])) continue;
        memmove(&rows.cells[2 * kept++], &rows.cells[2 * i], 2 * sizeof(Str));
    }
    rows.nrows = kept;
    return desk_text(d, &rows, err);
}

Status
desk_no_object(Desk *d, CatalogKind kind, const char *what, const Path *path, Err *err)
{
    Str name = path_last(path).text;
    Status st = err_set(err, W2002, path->pos, "%s \"%.*s\" does not exist", what, STR_ARG(name));
    err_at(err, path->pos, path->width);
    CatalogKind space = kind == CATALOG_FUNCTION ? kind : CATALOG_TABLE;
    Str near = catalog_nearest(d->weir->catalog, d->arena, space, name);
    if (near.len) (void)err_hint(err, st, "Did you mean \"%.*s\"?", STR_ARG(near));
    return st;
}

static Status
find_object(Desk *d, CatalogKind kind, const char *what, const Path *path, CatalogEntry *ret,
            Err *err)
{
    Str name;
    bool found = false;
    TRY(desk_object_name(path, &name, err));
    TRY(catalog_find(d->weir->catalog, d->arena, kind, name, ret, &found, err));
    if (found) return ERR_OK;
    return desk_no_object(d, kind, what, path, err);
}

static Status
show_create(Desk *d, const Show *s, CatalogKind kind, const char *what, Err *err)
{
    CatalogEntry e;
    TRY(find_object(d, kind == CATALOG_VIEW ? CATALOG_TABLE : kind, what, &s->name, &e, err));
    if (e.kind != kind) {
        Status st = err_set(err, W2023, s->name.pos, "\"%.*s\" is not a %s", STR_ARG(e.name), what);
        err_at(err, s->name.pos, s->name.width);
        return st;
    }
    static const char *const columns[] = {"result"};
    TextRows rows = {.columns = columns, .ncolumns = 1};
    text_rows_add(&rows, &e.sql);
    return desk_text(d, &rows, err);
}

static Status
show_one(Desk *d, const char *column, Str value, Err *err)
{
    TextRows rows = {.columns = &column, .ncolumns = 1};
    text_rows_add(&rows, &value);
    return desk_text(d, &rows, err);
}

static Status
show_settings(Desk *d, Err *err)
{
    static const char *const columns[] = {"key", "value", "default", "description"};
    TextRows rows = {.columns = columns, .ncolumns = 4};
    const char *doc, *initial;
    for (u32 i = 0; weir_setting_at(i, &doc, &initial); i++) {
        const char *key = weir_setting_at(i, &doc, &initial);
        Str cells[4] = {str_from(key), weir_setting(d->weir, key), str_from(initial),
                        str_from(doc)};
        text_rows_add(&rows, cells);
    }
    return desk_text(d, &rows, err);
}

static Status describe_path(Desk *d, const Path *path, Err *err);

Status
desk_show(Desk *d, const Stmt *stmt, Err *err)
{
    const Show *s = stmt->show;
    if (s->not_like) return desk_unsupported("SHOW ... NOT LIKE", stmt->pos, stmt->width, err);
    switch (s->kind) {
    case SHOW_TABLES:
        return show_objects(d, s, CATALOG_TABLE, "table name", err);
    case SHOW_VIEWS:
        return show_objects(d, s, CATALOG_VIEW, "view name", err);
    case SHOW_FUNCTIONS:
        return show_functions(d, s, err);
    case SHOW_USER_FUNCTIONS:
        return show_objects(d, s, CATALOG_FUNCTION, "function name", err);
    case SHOW_MODELS:
        return show_objects(d, s, CATALOG_MODEL, "model name", err);
    case SHOW_CATALOGS:
        return show_one(d, "catalog name", STR("default_catalog"), err);
    case SHOW_DATABASES:
        return show_one(d, "database name", STR("default_database"), err);
    case SHOW_CURRENT_CATALOG:
        return show_one(d, "current catalog name", STR("default_catalog"), err);
    case SHOW_CURRENT_DATABASE:
        return show_one(d, "current database name", STR("default_database"), err);
    case SHOW_COLUMNS:
        return describe_path(d, &s->name, err);
    case SHOW_CREATE_TABLE:
        return show_create(d, s, CATALOG_TABLE, "table", err);
    case SHOW_CREATE_VIEW:
        return show_create(d, s, CATALOG_VIEW, "view", err);
    case SHOW_CREATE_FUNCTION:
        return show_create(d, s, CATALOG_FUNCTION, "function", err);
    case SHOW_SETTINGS:
        return show_settings(d, err);
    case SHOW_PARTITIONS:
    case SHOW_INDEXES:
    case SHOW_CREATE_MODEL:
    case SHOW_CREATE_CATALOG:
    case SHOW_JOBS:
    case SHOW_MODULES:
    case SHOW_KIND_COUNT:
        break;
    }
    char what[64];
    (void)snprintf(what, sizeof what, "SHOW %s", show_kind_text(s->kind));
    return desk_unsupported(what, stmt->pos, stmt->width, err);
}

/* ---- DESCRIBE ----------------------------------------------------------------------------------
 */

static bool
in_primary_key(const TableDef *def, u32 column)
{
    for (u32 i = 0; i < def->nprimary_key; i++) {
        if (def->primary_key[i] == column) return true;
    }
    return false;
}

static Str
primary_key_text(Desk *d, const TableDef *def)
{
    StrBuf b = {0};
    strbuf_printf(&b, "PRI(");
    for (u32 i = 0; i < def->nprimary_key; i++) {
        Str name = def->columns[def->primary_key[i]].column.name;
        strbuf_printf(&b, "%s%.*s", i ? ", " : "", STR_ARG(name));
    }
    strbuf_char(&b, ')');
    return arena_str(d, &b);
}

static Str
column_extras(Desk *d, const TableColumn *c)
{
    StrBuf b = {0};
    switch (c->kind) {
    case COLUMN_PHYSICAL:
    case COLUMN_NAMED:
        return (Str){0};
    case COLUMN_COMPUTED:
        strbuf_printf(&b, "AS %.*s", STR_ARG(c->computed_sql));
        break;
    case COLUMN_METADATA:
        strbuf_printf(&b, "METADATA FROM '%.*s'%s", STR_ARG(c->metadata_key),
                      c->is_virtual ? " VIRTUAL" : "");
        break;
    }
    return arena_str(d, &b);
}

static const char *const describe_columns[] = {"name", "type",   "null",
                                               "key",  "extras", "watermark"};

static Status
describe_table(Desk *d, const TableDef *def, Err *err)
{
    TextRows rows = {.columns = describe_columns, .ncolumns = 6};
    for (u32 i = 0; i < def->ncolumns; i++) {
        const TableColumn *c = &def->columns[i];
        Str cells[6] = {c->column.name, type_text(d, c->column.type),
                        c->column.type.not_null ? STR("FALSE") : STR("TRUE")};
        if (in_primary_key(def, i)) cells[3] = primary_key_text(d, def);
        cells[4] = column_extras(d, c);
        if (def->watermark_col == i) cells[5] = def->watermark_sql;
        text_rows_add(&rows, cells);
    }
    return desk_text(d, &rows, err);
}

static Status
describe_schema(Desk *d, const Schema *s, Err *err)
{
    TextRows rows = {.columns = describe_columns, .ncolumns = 6};
    for (u32 i = 0; i < s->len; i++) {
        const Column *c = &s->at[i];
        Str cells[6] = {c->name, type_text(d, c->type),
                        c->type.not_null ? STR("FALSE") : STR("TRUE")};
        if (c->attr == ATTR_ROWTIME) cells[4] = STR("event time");
        text_rows_add(&rows, cells);
    }
    return desk_text(d, &rows, err);
}

static Status
describe_path(Desk *d, const Path *path, Err *err)
{
    CatalogEntry e;
    TRY(find_object(d, CATALOG_TABLE, "table", path, &e, err));
    if (e.kind == CATALOG_VIEW) {
        Stmt *stored = NULL;
        u32 next = 0;
        Schema schema;
        TRY(parse_statement(d->arena, e.sql, 0, &stored, &next, err));
        TRY(plan_check_view(&d->planner, d->arena, stored->create_view, &schema, err));
        return describe_schema(d, &schema, err);
    }
    TableDef *def = NULL;
    TRY(plan_find_table(&d->planner, d->arena, path, &def, err));
    Status st = describe_table(d, def, err);
    table_def_done(def);
    return st;
}

typedef struct NearFunction {
    Str wanted;
    Nearest nearest;
} NearFunction;

static void
offer_function(void *ctx, const char *name, const char *doc)
{
    (void)doc;
    NearFunction *near = ctx;
    nearest_offer(&near->nearest, near->wanted, str_from(name));
}

static Status
describe_function(Desk *d, const Path *path, Err *err)
{
    static const char *const columns[] = {"syntax", "description", "example"};
    TextRows rows = {.columns = columns, .ncolumns = 3};
    Str name = path_last(path).text;
    const FuncTable *t = &exec_func_table;
    for (u32 f = 0; f < t->nfamilies; f++) {
        for (const FuncDef *def = t->families[f]; def->name; def++) {
            if (!str_eq_nocase(name, str_from(def->name)) || !def->syntax) continue;
            Str cells[3] = {str_from(def->syntax), str_from(def->doc), str_from(def->example)};
            text_rows_add(&rows, cells);
        }
    }
    const AggDef *agg = agg_find(t, name);
    if (agg) {
        Str cells[3] = {str_from(agg->syntax), str_from(agg->doc), str_from(agg->example)};
        text_rows_add(&rows, cells);
    }
    if (rows.nrows) return desk_text(d, &rows, err);
    mem_free(rows.cells);
    CatalogEntry e;
    bool found = false;
    TRY(catalog_find(d->weir->catalog, d->arena, CATALOG_FUNCTION, name, &e, &found, err));
    if (found) return show_one(d, "result", e.sql, err);
    NearFunction near = {.wanted = name};
    each_function(offer_function, &near);
    Status st = err_set(err, W2004, path->pos, "function \"%.*s\" does not exist", STR_ARG(name));
    err_at(err, path->pos, path->width);
    if (near.nearest.best.len) {
        (void)err_hint(err, st, "Did you mean \"%.*s\"?", STR_ARG(near.nearest.best));
    }
    return st;
}

static Status
describe_query(Desk *d, const Query *query, Err *err)
{
    Plan *plan = NULL;
    TRY(plan_query(&d->planner, d->arena, query, &plan, err));
    Status st = describe_schema(d, &plan->roots[0]->schema, err);
    plan_done(plan);
    return st;
}

Status
desk_describe(Desk *d, const Stmt *stmt, Err *err)
{
    const Describe *s = stmt->describe;
    switch (s->kind) {
    case DESCRIBE_TABLE:
        return describe_path(d, &s->name, err);
    case DESCRIBE_FUNCTION:
        return describe_function(d, &s->name, err);
    case DESCRIBE_QUERY:
        return describe_query(d, s->query, err);
    case DESCRIBE_FILE:
    case DESCRIBE_MODEL:
    case DESCRIBE_CATALOG:
    case DESCRIBE_DATABASE:
    case DESCRIBE_JOB:
        break;
    }
    return desk_unsupported("this DESCRIBE", stmt->pos, stmt->width, err);
}

/* ---- EXPLAIN -----------------------------------------------------------------------------------
 */

static Status
plan_of(Desk *d, const Stmt *s, Plan **ret_plan, Err *err)
{
    if (s->kind == STMT_QUERY) return plan_query(&d->planner, d->arena, s->query, ret_plan, err);
    if (s->kind == STMT_INSERT) {
        const Insert *one = s->insert;
        return plan_inserts(&d->planner, d->arena, &one, 1, ret_plan, err);
    }
    if (s->kind != STMT_STATEMENT_SET) {
        return desk_unsupported("EXPLAIN of this statement", s->pos, s->width, err);
    }
    const Insert **inserts = arena_array(d->arena, const Insert *, s->set->len);
    for (u32 i = 0; i < s->set->len; i++) inserts[i] = s->set->at[i]->insert;
    return plan_inserts(&d->planner, d->arena, inserts, s->set->len, ret_plan, err);
}

Status
desk_explain(Desk *d, const Stmt *stmt, Err *err)
{
    const Explain *e = stmt->explain;
    if (e->details & EXPLAIN_ANALYZE) {
        return desk_unsupported("EXPLAIN ANALYZE", stmt->pos, stmt->width, err);
    }
    if (e->details & (EXPLAIN_ESTIMATED_COST | EXPLAIN_PLAN_ADVICE)) {
        return desk_unsupported("this EXPLAIN detail", stmt->pos, stmt->width, err);
    }
    Plan *plan = NULL;
    TRY(plan_of(d, e->stmt, &plan, err));
    StrBuf b = {0};
    if (e->details & EXPLAIN_JSON)
        plan_explain_json(&b, plan);
    else
        plan_explain(&b, plan, (e->details & EXPLAIN_CHANGELOG_MODE) != 0);
    plan_done(plan);
    Str text = arena_str(d, &b);
    static const char *const columns[] = {"plan"};
    TextRows rows = {.columns = columns, .ncolumns = 1};
    for (u32 at = 0; at < text.len;) {
        const char *end = memchr(text.ptr + at, '\n', text.len - at);
        u32 len = (u32)(end ? (size_t)(end - text.ptr) - at : text.len - at);
        Str line = {text.ptr + at, len};
        text_rows_add(&rows, &line);
        at += len + 1;
    }
    return desk_text(d, &rows, err);
}

Status
desk_use(Desk *d, const Stmt *stmt, Err *err)
{
    const Use *u = stmt->use;
    if (u->kind == USE_MODULES) {
        return desk_unsupported("USE MODULES", stmt->pos, stmt->width, err);
    }
    bool catalog = u->kind == USE_CATALOG;
    Str wanted = path_last(&u->name).text;
    Str there = catalog ? STR("default_catalog") : STR("default_database");
    if (str_eq(wanted, there)) return desk_done(d, err, "using %.*s", STR_ARG(there));
    Status st = err_set(err, W2002, u->name.pos, "%s \"%.*s\" does not exist",
                        catalog ? "catalog" : "database", STR_ARG(wanted));
    err_at(err, u->name.pos, u->name.width);
    return err_hint(err, st,
                    "There is one catalog, default_catalog, with one database, "
                    "default_database.");
}

/* ---- names for completion
 * ------------------------------------------------------------------------ */

typedef struct Lister {
    void (*each)(void *ctx, Str name, Str detail);
    void *ctx;
} Lister;

static void
list_function(void *ctx, const char *name, const char *doc)
{
    Lister *l = ctx;
    l->each(l->ctx, str_from(name), str_from(doc ? doc : ""));
}

static void
list_columns(Weir *w, Str table, Lister *l)
{
    Desk d;
    desk_open(&d, w, NULL, true);
    Name name = {.text = table};
    Path path = {.at = &name, .len = 1};
    TableDef *def = NULL;
    Err err;
    if (!plan_find_table(&d.planner, d.arena, &path, &def, &err)) {
        for (u32 i = 0; i < def->ncolumns; i++) {
            const Column *c = &def->columns[i].column;
            l->each(l->ctx, c->name, type_text(&d, c->type));
        }
        table_def_done(def);
    }
    desk_close(&d);
}

static void
list_options(Str connector, Lister *l)
{
    const Connector *c = connector_find(connector);
    for (u32 i = 0; c && i < c->noptions; i++) {
        l->each(l->ctx, str_from(c->options[i].name), str_from(c->options[i].doc));
    }
}

void
weir_list(Weir *w, WeirListKind kind, Str of, void (*each)(void *ctx, Str name, Str detail),
          void *ctx)
{
    Lister l = {each, ctx};
    CatalogEntry *entries = NULL;
    u32 n = 0;
    Err err;
    Arena *a = arena_new();
    const char *doc, *initial;
    switch (kind) {
    case WEIR_TABLES:
    case WEIR_VIEWS: {
        CatalogKind wanted = kind == WEIR_TABLES ? CATALOG_TABLE : CATALOG_VIEW;
        if (catalog_list(w->catalog, a, wanted, (Str){0}, &entries, &n, &err)) n = 0;
        for (u32 i = 0; i < n; i++) {
            if (entries[i].kind == wanted) each(ctx, entries[i].name, entries[i].comment);
        }
        break;
    }
    case WEIR_FUNCTIONS:
        each_function(list_function, &l);
        break;
    case WEIR_COLUMNS:
        list_columns(w, of, &l);
        break;
    case WEIR_SETTINGS:
        for (u32 i = 0; weir_setting_at(i, &doc, &initial); i++) {
            each(ctx, str_from(weir_setting_at(i, &doc, &initial)), str_from(doc));
        }
        break;
    case WEIR_CONNECTORS:
        for (u32 i = 0; connector_at(i); i++) {
            each(ctx, str_from(connector_at(i)->name), str_from(connector_at(i)->doc));
        }
        break;
    case WEIR_OPTIONS:
        list_options(of, &l);
        break;
    }
    arena_free(a);
}

/* ---- doctor ------------------------------------------------------------------------------------
 */

void
weir_doctor(Weir *w, void (*each)(void *ctx, bool ok, const char *line), void *ctx)
{
    static const char *const levels[] = {"baseline", "x86-64-v2", "x86-64-v3 (AVX2)",
                                         "x86-64-v4 (AVX-512)"};
    char line[300];
    (void)snprintf(line, sizeof line, "weir %s", weir_version());
    each(ctx, true, line);
    CpuLevel level = cpu_level();
    (void)snprintf(line, sizeof line, "processor level %s, %ld processors", levels[level],
                   sysconf(_SC_NPROCESSORS_ONLN));
    each(ctx, level != CPU_BASE, line);
    (void)snprintf(line, sizeof line, "session time zone %s", timezone_name(w->zone));
    each(ctx, true, line);
    TimeZone *zone = NULL;
    Err err;
    bool zones = timezone_find("Europe/Berlin", &zone, &err) == ERR_OK;
    timezone_free(zone);
    each(ctx, zones,
         zones ? "time zone database found" : "no time zone database: install tzdata or set TZDIR");
    (void)snprintf(line, sizeof line, "catalog %s",
                   w->options.catalog ? w->options.catalog : "in memory");
    each(ctx, true, line);
}
