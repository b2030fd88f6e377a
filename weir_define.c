/* weir_define.c - CREATE, ALTER and DROP: check what it means, then store its canonical text. */
#include "grammar/ast_print.h"
#include "weir_desk.h"

static Str
stmt_text(Desk *d, const Stmt *s)
{
    StrBuf b = {0};
    stmt_print(&b, s);
    Str text = {arena_copy(d->arena, b.ptr, b.len), (u32)b.len};
    strbuf_done(&b);
    return text;
}

static Status
store(Desk *d, const CatalogEntry *e, bool or_replace, bool if_not_exists, const Path *name,
      const char *what, Err *err)
{
    bool done = false;
    Status st =
        catalog_create(d->weir->catalog, e, or_replace, if_not_exists, name->pos, &done, err);
    if (st && err->pos == name->pos) err_at(err, name->pos, name->width);
    if (st) return st;
    if (!done) return desk_done(d, err, "%s %.*s exists already", what, STR_ARG(e->name));
    return desk_done(d, err, "%s %.*s created", what, STR_ARG(e->name));
}

Status
desk_create_table(Desk *d, const Stmt *s, Err *err)
{
    const CreateTable *c = s->create_table;
    if (c->query) return desk_unsupported("CREATE TABLE AS", s->pos, s->width, err);
    if (c->like.len) return desk_unsupported("CREATE TABLE LIKE", c->like.pos, c->like.width, err);
    CatalogEntry e = {.kind = CATALOG_TABLE, .temporary = c->temporary};
    TRY(desk_object_name(&c->name, &e.name, err));
    TableDef *def = NULL;
    TRY(plan_table_def(&d->planner, d->arena, c, &def, err));
    const struct TableSpec *spec = NULL;
    bool bounded = false;
    Status st = d->planner.table_spec(d, d->arena, def, NULL, &spec, &bounded, err);
    table_def_done(def);
    if (st) return st;
    e.sql = stmt_text(d, s);
    e.comment = c->comment;
    return store(d, &e, c->or_replace, c->if_not_exists, &c->name, "table", err);
}

Status
desk_create_view(Desk *d, const Stmt *s, Err *err)
{
    const CreateView *c = s->create_view;
    CatalogEntry e = {.kind = CATALOG_VIEW, .temporary = c->temporary};
    TRY(desk_object_name(&c->name, &e.name, err));
    Schema schema;
    TRY(plan_check_view(&d->planner, d->arena, c, &schema, err));
    e.sql = stmt_text(d, s);
    e.comment = c->comment;
    return store(d, &e, c->or_replace, c->if_not_exists, &c->name, "view", err);
}

Status
desk_create_function(Desk *d, const Stmt *s, Err *err)
{
    const CreateFunction *c = s->create_function;
    if (!c->body) return desk_unsupported("a function in Java or Python", s->pos, s->width, err);
    CatalogEntry e = {.kind = CATALOG_FUNCTION, .temporary = c->temporary};
    TRY(desk_object_name(&c->name, &e.name, err));
    TRY(plan_check_function(&d->planner, d->arena, c, err));
    e.sql = stmt_text(d, s);
    return store(d, &e, c->or_replace, c->if_not_exists, &c->name, "function", err);
}

/* On a memory table an index is accepted and does nothing, as DIALECT 1 says; nowhere else. */
Status
desk_create_index(Desk *d, const Stmt *s, Err *err)
{
    const CreateIndex *c = s->create_index;
    TableDef *def = NULL;
    TRY(plan_find_table(&d->planner, d->arena, &c->table, &def, err));
    table_def_done(def); /* its options stay in the arena */
    for (u32 i = 0; i < def->options.len; i++) {
        const OptionDef *o = &def->options.at[i];
        if (!str_eq(o->key, STR("connector")) || !str_eq(o->value, STR("memory"))) continue;
        if (d->out->warning) {
            d->out->warning(d->out->ctx, "an index on a memory table is not kept or enforced");
        }
        return desk_done(d, err, "index %.*s accepted", STR_ARG(path_last(&c->name).text));
    }
    return desk_unsupported("CREATE INDEX on a table that is not in memory", s->pos, s->width, err);
}

/* ---- ALTER -------------------------------------------------------------------------------------
 */

/* The stored statement of an object, parsed again so that it can be changed and printed. */
static Status
stored_stmt(Desk *d, const CatalogEntry *e, Stmt **ret_stmt, Err *err)
{
    u32 next = 0;
    TRY(parse_statement(d->arena, e->sql, 0, ret_stmt, &next, err));
    assert(*ret_stmt);
    return ERR_OK;
}

static void
options_set(Arena *a, OptionList *list, const OptionDef *o)
{
    for (u32 i = 0; i < list->len; i++) {
        if (!str_eq(list->at[i].key, o->key)) continue;
        list->at[i].value = o->value;
        return;
    }
    OptionDef *at = arena_array(a, OptionDef, list->len + 1);
    if (list->len) memcpy(at, list->at, list->len * sizeof *at);
    at[list->len] = *o;
    *list = (OptionList){.at = at, .len = list->len + 1};
}

static void
options_reset(OptionList *list, Str key)
{
    u32 kept = 0;
    for (u32 i = 0; i < list->len; i++) {
        if (!str_eq(list->at[i].key, key)) list->at[kept++] = list->at[i];
    }
    list->len = kept;
}

static Status
alter_table(Desk *d, const Alter *a, Stmt *stored, CatalogEntry *e, Err *err)
{
    CreateTable *c = stored->create_table;
    if (a->kind == ALTER_RENAME) {
        TRY(desk_object_name(&a->to, &e->name, err));
        c->name.at[c->name.len - 1].text = e->name;
    } else if (a->kind == ALTER_SET) {
        for (u32 i = 0; i < a->options.len; i++) {
            options_set(d->arena, &c->options, &a->options.at[i]);
        }
        c->has_with = true;
    } else {
        for (u32 i = 0; i < a->keys.len; i++) options_reset(&c->options, a->keys.at[i]);
    }
    TableDef *def = NULL;
    TRY(plan_table_def(&d->planner, d->arena, c, &def, err));
    const struct TableSpec *spec = NULL;
    bool bounded = false;
    Status st = d->planner.table_spec(d, d->arena, def, NULL, &spec, &bounded, err);
    table_def_done(def);
    return st;
}

/* Does the error point into this statement? Other places are in the stored one's text. */
static bool
place_is_new(const Alter *a, const Err *err)
{
    if (a->kind == ALTER_RENAME && err->pos == a->to.pos) return true;
    for (u32 i = 0; i < a->options.len; i++) {
        const OptionDef *o = &a->options.at[i];
        if (err->pos == o->pos || err->pos == o->value_pos) return true;
    }
    return false;
}

Status
desk_alter(Desk *d, const Stmt *s, Err *err)
{
    const Alter *a = s->alter;
    bool known =
        a->kind == ALTER_RENAME || (!a->view && (a->kind == ALTER_SET || a->kind == ALTER_RESET));
    if (!known) {
        return desk_unsupported("this form of ALTER", a->kind_pos, a->kind_width, err);
    }
    Str name;
    TRY(desk_object_name(&a->name, &name, err));
    CatalogEntry e;
    bool found = false;
    TRY(catalog_find(d->weir->catalog, d->arena, CATALOG_TABLE, name, &e, &found, err));
    const char *what = a->view ? "view" : "table";
    if (!found || (e.kind == CATALOG_VIEW) != a->view) {
        if (a->if_exists) return desk_done(d, err, "%s %.*s does not exist", what, STR_ARG(name));
        Status st =
            err_set(err, W2002, a->name.pos, "%s \"%.*s\" does not exist", what, STR_ARG(name));
        err_at(err, a->name.pos, a->name.width);
        return st;
    }
    CatalogKind kind = e.kind;
    Stmt *stored = NULL;
    TRY(stored_stmt(d, &e, &stored, err));
    if (a->view) {
        TRY(desk_object_name(&a->to, &e.name, err));
        Path *p = &stored->create_view->name;
        p->at[p->len - 1].text = e.name;
    } else {
        Status st = alter_table(d, a, stored, &e, err);
        if (st && !place_is_new(a, err)) err_at(err, a->kind_pos, a->kind_width);
        if (st) return st;
    }
    e.sql = stmt_text(d, stored);
    TRY(catalog_replace(d->weir->catalog, kind, name, &e, a->name.pos, err));
    return desk_done(d, err, "%s %.*s altered", what, STR_ARG(name));
}

/* ---- DROP --------------------------------------------------------------------------------------
 */

Status
desk_drop(Desk *d, const Stmt *s, Err *err)
{
    const Drop *drop = s->drop;
    CatalogKind kind = CATALOG_TABLE;
    const char *what = "table";
    switch (drop->object) {
    case OBJECT_TABLE:
        break;
    case OBJECT_VIEW:
        kind = CATALOG_VIEW, what = "view";
        break;
    case OBJECT_FUNCTION:
        kind = CATALOG_FUNCTION, what = "function";
        break;
    case OBJECT_MODEL:
    case OBJECT_CATALOG:
    case OBJECT_DATABASE:
    case OBJECT_INDEX:
    case OBJECT_KIND_COUNT:
        return desk_unsupported("this DROP", s->pos, s->width, err);
    }
    Str name;
    TRY(desk_object_name(&drop->name, &name, err));
    bool done = false;
    Status st =
        catalog_drop(d->weir->catalog, kind, name, drop->if_exists, drop->name.pos, &done, err);
    if (st && err->code == W2002) return desk_no_object(d, kind, what, &drop->name, err);
    if (st && err->pos == drop->name.pos) err_at(err, drop->name.pos, drop->name.width);
    if (st) return st;
    if (kind == CATALOG_TABLE && done) memory_table_drop(d->weir->memory, name);
    return desk_done(d, err, done ? "%s %.*s dropped" : "%s %.*s does not exist", what,
                     STR_ARG(name));
}
