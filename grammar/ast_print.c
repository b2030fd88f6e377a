/* ast_print.c - statements as SQL: definitions, jobs and the small ones. */
#include "grammar/ast_print.h"
#include "grammar/print.h"

static void
flag_print(StrBuf *b, bool flag, const char *text)
{
    if (flag) text_print(b, text);
}

static void
comment_print(StrBuf *b, Str comment)
{
    if (!comment.ptr) return;
    text_print(b, " COMMENT ");
    string_print(b, comment);
}

static void
with_print(StrBuf *b, const OptionList *l)
{
    if (!l->len) return;
    text_print(b, " WITH (");
    options_print(b, l);
    strbuf_char(b, ')');
}

/* ---- What stands in the parentheses of CREATE TABLE ---- */

static void
column_print(StrBuf *b, const ColumnDef *c)
{
    name_print(b, c->name.text);
    if (c->type) {
        strbuf_char(b, ' ');
        type_name_print(b, c->type);
    }
    if (c->kind == COLUMN_COMPUTED) {
        text_print(b, " AS ");
        expr_print(b, c->expr);
    }
    flag_print(b, c->kind == COLUMN_METADATA, " METADATA");
    if (c->metadata_key.ptr) {
        text_print(b, " FROM ");
        string_print(b, c->metadata_key);
    }
    flag_print(b, c->is_virtual, " VIRTUAL");
    comment_print(b, c->comment);
    flag_print(b, c->place == PLACE_FIRST, " FIRST");
    if (c->place != PLACE_AFTER) return;
    text_print(b, " AFTER ");
    name_print(b, c->after.text);
}

static void
constraint_print(StrBuf *b, const ConstraintDef *c)
{
    if (c->name.text.ptr) {
        text_print(b, "CONSTRAINT ");
        name_print(b, c->name.text);
        strbuf_char(b, ' ');
    }
    text_print(b, c->kind == CONSTRAINT_PRIMARY_KEY ? "PRIMARY KEY (" : "UNIQUE (");
    names_print(b, &c->columns);
    strbuf_char(b, ')');
    flag_print(b, c->enforced == ENFORCED_NOT, " NOT ENFORCED");
    flag_print(b, c->enforced == ENFORCED_YES, " ENFORCED");
}

static void
watermark_print(StrBuf *b, const WatermarkDef *w)
{
    text_print(b, "WATERMARK FOR ");
    path_print(b, &w->column);
    text_print(b, " AS ");
    expr_print(b, w->expr);
}

static bool
elems_empty(const TableElems *e)
{
    return !e->columns_len && !e->constraints_len && !e->watermarks_len;
}

/* The elements with their parentheses, one a line. */
static void
elems_print(StrBuf *b, const TableElems *e)
{
    const char *glue = "(\n  ";
    for (u32 i = 0; i < e->columns_len; i++, glue = ",\n  ") {
        text_print(b, glue);
        column_print(b, &e->columns[i]);
    }
    for (u32 i = 0; i < e->watermarks_len; i++, glue = ",\n  ") {
        text_print(b, glue);
        watermark_print(b, &e->watermarks[i]);
    }
    for (u32 i = 0; i < e->constraints_len; i++, glue = ",\n  ") {
        text_print(b, glue);
        constraint_print(b, &e->constraints[i]);
    }
    text_print(b, "\n)");
}

static void
create_print(StrBuf *b, bool or_replace, bool temporary, const char *object, bool if_not_exists,
             const Path *name)
{
    text_print(b, "CREATE ");
    flag_print(b, or_replace, "OR REPLACE ");
    flag_print(b, temporary, "TEMPORARY ");
    text_print(b, object);
    flag_print(b, if_not_exists, " IF NOT EXISTS");
    strbuf_char(b, ' ');
    path_print(b, name);
}

static void
distribution_print(StrBuf *b, const CreateTable *t)
{
    if (t->distribution == DISTRIBUTION_NONE) return;
    text_print(b, "\nDISTRIBUTED");
    if (t->distributed_by.len) {
        text_print(b, " BY ");
        flag_print(b, t->distribution == DISTRIBUTION_HASH, "HASH ");
        flag_print(b, t->distribution == DISTRIBUTION_RANGE, "RANGE ");
        strbuf_char(b, '(');
        names_print(b, &t->distributed_by);
        strbuf_char(b, ')');
    }
    if (t->buckets >= 0) strbuf_printf(b, " INTO %lld BUCKETS", (long long)t->buckets);
}

static void
like_options_print(StrBuf *b, const CreateTable *t)
{
    static const char *const merges[] = {
        [LIKE_INCLUDING] = "INCLUDING ",
        [LIKE_EXCLUDING] = "EXCLUDING ",
        [LIKE_OVERWRITING] = "OVERWRITING ",
    };
    static const char *const features[] = {
        [LIKE_FEATURE_ALL] = "ALL",
        [LIKE_FEATURE_CONSTRAINTS] = "CONSTRAINTS",
        [LIKE_FEATURE_DISTRIBUTION] = "DISTRIBUTION",
        [LIKE_FEATURE_GENERATED] = "GENERATED",
        [LIKE_FEATURE_METADATA] = "METADATA",
        [LIKE_FEATURE_OPTIONS] = "OPTIONS",
        [LIKE_FEATURE_PARTITIONS] = "PARTITIONS",
        [LIKE_FEATURE_WATERMARKS] = "WATERMARKS",
    };
    for (u32 i = 0; i < t->like_options_len; i++) {
        text_print(b, i ? " " : " (");
        text_print(b, merges[t->like_options[i].merge]);
        text_print(b, features[t->like_options[i].feature]);
    }
    if (t->like_options_len) strbuf_char(b, ')');
}

static void
create_table_print(StrBuf *b, const CreateTable *t)
{
    create_print(b, t->or_replace, t->temporary, "TABLE", t->if_not_exists, &t->name);
    if (!elems_empty(&t->elems)) {
        strbuf_char(b, ' ');
        elems_print(b, &t->elems);
    }
    if (t->comment.ptr) {
        text_print(b, "\nCOMMENT ");
        string_print(b, t->comment);
    }
    distribution_print(b, t);
    if (t->partitioned_by.len) {
        text_print(b, "\nPARTITIONED BY (");
        names_print(b, &t->partitioned_by);
        strbuf_char(b, ')');
    }
    if (t->has_with) text_print(b, t->options.len ? "\nWITH (" : "\nWITH ()");
    for (u32 i = 0; i < t->options.len; i++) {
        OptionList one = {&t->options.at[i], 1};
        text_print(b, i ? ",\n  " : "\n  ");
        options_print(b, &one);
    }
    if (t->options.len) text_print(b, "\n)");
    if (t->like.len) {
        text_print(b, "\nLIKE ");
        path_print(b, &t->like);
        like_options_print(b, t);
    }
    if (t->query) text_print(b, "\nAS ");
    if (t->query) query_print(b, t->query);
}

/* ---- ALTER ---- */

static void
keys_print(StrBuf *b, const StrList *l)
{
    for (u32 i = 0; i < l->len; i++) {
        if (i) text_print(b, ", ");
        string_print(b, l->at[i]);
    }
}

static void
alter_columns_print(StrBuf *b, const Alter *a)
{
    text_print(b, " DROP (");
    for (u32 i = 0; i < a->columns_len; i++) {
        if (i) text_print(b, ", ");
        path_print(b, &a->columns[i]);
    }
    strbuf_char(b, ')');
}

static void
alter_kind_print(StrBuf *b, const Alter *a)
{
    switch (a->kind) {
    case ALTER_RENAME:
        text_print(b, " RENAME TO ");
        path_print(b, &a->to);
        return;
    case ALTER_RENAME_COLUMN:
        text_print(b, " RENAME ");
        path_print(b, &a->column);
        text_print(b, " TO ");
        name_print(b, a->new_column.text);
        return;
    case ALTER_SET:
        text_print(b, " SET (");
        options_print(b, &a->options);
        strbuf_char(b, ')');
        return;
    case ALTER_RESET:
        text_print(b, " RESET (");
        keys_print(b, &a->keys);
        strbuf_char(b, ')');
        return;
    case ALTER_ADD:
    case ALTER_MODIFY:
        text_print(b, a->kind == ALTER_ADD ? " ADD " : " MODIFY ");
        elems_print(b, &a->elems);
        return;
    case ALTER_DROP_COLUMNS:
        alter_columns_print(b, a);
        return;
    case ALTER_DROP_PRIMARY_KEY:
        text_print(b, " DROP PRIMARY KEY");
        return;
    case ALTER_DROP_CONSTRAINT:
        text_print(b, " DROP CONSTRAINT ");
        path_print(b, &a->column);
        return;
    case ALTER_DROP_WATERMARK:
        text_print(b, " DROP WATERMARK");
        return;
    case ALTER_AS:
        text_print(b, " AS ");
        query_print(b, a->query);
        return;
    }
}

static void
alter_print(StrBuf *b, const Alter *a)
{
    text_print(b, a->view ? "ALTER VIEW " : "ALTER TABLE ");
    flag_print(b, a->if_exists, "IF EXISTS ");
    path_print(b, &a->name);
    alter_kind_print(b, a);
}

/* ---- Other definitions ---- */

static void
create_view_print(StrBuf *b, const CreateView *v)
{
    create_print(b, v->or_replace, v->temporary, "VIEW", v->if_not_exists, &v->name);
    for (u32 i = 0; i < v->columns.len; i++) {
        text_print(b, i ? ", " : " (");
        name_print(b, v->columns.at[i].text);
        comment_print(b, v->column_comments.at[i]);
    }
    if (v->columns.len) strbuf_char(b, ')');
    comment_print(b, v->comment);
    text_print(b, " AS ");
    query_print(b, v->query);
}

static void
create_function_print(StrBuf *b, const CreateFunction *f)
{
    create_print(b, f->or_replace, f->temporary, "FUNCTION", f->if_not_exists, &f->name);
    if (f->class_name.ptr) {
        text_print(b, " AS ");
        string_print(b, f->class_name);
        if (f->language.ptr) text_print(b, " LANGUAGE ");
        if (f->language.ptr) name_print(b, f->language);
        return;
    }
    strbuf_char(b, '(');
    for (u32 i = 0; i < f->params_len; i++) {
        if (i) text_print(b, ", ");
        name_print(b, f->params[i].name.text);
        strbuf_char(b, ' ');
        type_name_print(b, f->params[i].type);
    }
    text_print(b, ") RETURNS ");
    type_name_print(b, f->returns);
    text_print(b, " RETURN ");
    expr_print(b, f->body);
}

static void
create_model_print(StrBuf *b, const CreateModel *m)
{
    create_print(b, m->or_replace, m->temporary, "MODEL", m->if_not_exists, &m->name);
    if (!elems_empty(&m->input) || !elems_empty(&m->output)) {
        text_print(b, "\nINPUT ");
        elems_print(b, &m->input);
        text_print(b, "\nOUTPUT ");
        elems_print(b, &m->output);
    }
    comment_print(b, m->comment);
    with_print(b, &m->options);
}

static void
create_space_print(StrBuf *b, const CreateSpace *s)
{
    create_print(b, false, false, s->catalog ? "CATALOG" : "DATABASE", s->if_not_exists, &s->name);
    comment_print(b, s->comment);
    with_print(b, &s->options);
}

static void
create_index_print(StrBuf *b, const CreateIndex *x)
{
    create_print(b, false, false, x->unique ? "UNIQUE INDEX" : "INDEX", x->if_not_exists, &x->name);
    text_print(b, " ON ");
    path_print(b, &x->table);
    text_print(b, " (");
    orders_print(b, &x->columns);
    strbuf_char(b, ')');
}

static void
drop_print(StrBuf *b, const Drop *d)
{
    text_print(b, "DROP ");
    flag_print(b, d->temporary, "TEMPORARY ");
    text_print(b, object_kind_text(d->object));
    flag_print(b, d->if_exists, " IF EXISTS");
    strbuf_char(b, ' ');
    path_print(b, &d->name);
    flag_print(b, d->cascade, " CASCADE");
    flag_print(b, d->restrict_, " RESTRICT");
}

/* ---- Jobs ---- */

static void
insert_print(StrBuf *b, const Insert *i)
{
    flag_print(b, i->execute, "EXECUTE ");
    text_print(b, i->overwrite ? "INSERT OVERWRITE " : "INSERT INTO ");
    path_print(b, &i->table);
    hints_print(b, &i->hints);
    for (u32 n = 0; n < i->partition_len; n++) {
        text_print(b, n ? ", " : " PARTITION (");
        name_print(b, i->partition[n].name.text);
        if (!i->partition[n].value) continue;
        text_print(b, " = ");
        expr_print(b, i->partition[n].value);
    }
    if (i->partition_len) strbuf_char(b, ')');
    if (i->columns.len) {
        text_print(b, " (");
        names_print(b, &i->columns);
        strbuf_char(b, ')');
    }
    strbuf_char(b, ' ');
    query_print(b, i->query);
}

static void
set_print(StrBuf *b, const StatementSet *s)
{
    text_print(b, s->begin_form ? "BEGIN STATEMENT SET;\n" : "EXECUTE STATEMENT SET BEGIN\n");
    for (u32 i = 0; i < s->len; i++) {
        insert_print(b, s->at[i]->insert);
        text_print(b, ";\n");
    }
    text_print(b, "END");
}

static void
explain_print(StrBuf *b, const Explain *e)
{
    static const struct {
        u32 bit;
        const char *text;
    } details[] = {
        {EXPLAIN_ESTIMATED_COST, "ESTIMATED_COST"},
        {EXPLAIN_CHANGELOG_MODE, "CHANGELOG_MODE"},
        {EXPLAIN_JSON, "JSON"},
        {EXPLAIN_PLAN_ADVICE, "PLAN_ADVICE"},
    };
    text_print(b, "EXPLAIN ");
    bool alone = e->details == EXPLAIN_ANALYZE;
    const char *glue = "";
    for (u32 i = 0; i < ARRAY_LEN(details); i++) {
        if (!(e->details & details[i].bit)) continue;
        text_print(b, glue);
        text_print(b, details[i].text);
        glue = ", ";
    }
    if (e->details & EXPLAIN_ANALYZE) text_print(b, alone ? "ANALYZE" : ", ANALYZE");
    if (e->details) strbuf_char(b, ' ');
    stmt_print(b, e->stmt);
}

static void
copy_print(StrBuf *b, const Copy *c)
{
    text_print(b, "COPY (");
    query_print(b, c->query);
    text_print(b, ") TO ");
    string_print(b, c->file);
    with_print(b, &c->options);
}

/* ---- Looking and settings ---- */

static void
show_print(StrBuf *b, const Show *s)
{
    bool from = s->kind == SHOW_TABLES || s->kind == SHOW_VIEWS || s->kind == SHOW_FUNCTIONS ||
                s->kind == SHOW_USER_FUNCTIONS || s->kind == SHOW_MODELS ||
                s->kind == SHOW_CATALOGS || s->kind == SHOW_DATABASES || s->kind == SHOW_COLUMNS ||
                s->kind == SHOW_SETTINGS || s->kind == SHOW_INDEXES;
    text_print(b, "SHOW ");
    text_print(b, show_kind_text(s->kind));
    if (s->name.len) {
        text_print(b, from ? " FROM " : " ");
        path_print(b, &s->name);
    }
    if (!s->like.ptr) return;
    flag_print(b, s->not_like, " NOT");
    text_print(b, s->ilike ? " ILIKE " : " LIKE ");
    string_print(b, s->like);
}

static void
describe_print(StrBuf *b, const Describe *d)
{
    static const char *const words[] = {
        [DESCRIBE_TABLE] = "",
        [DESCRIBE_FILE] = "",
        [DESCRIBE_FUNCTION] = "FUNCTION ",
        [DESCRIBE_MODEL] = "MODEL ",
        [DESCRIBE_CATALOG] = "CATALOG ",
        [DESCRIBE_DATABASE] = "DATABASE ",
        [DESCRIBE_JOB] = "JOB ",
        [DESCRIBE_QUERY] = "",
    };
    text_print(b, d->extended ? "DESCRIBE EXTENDED " : "DESCRIBE ");
    text_print(b, words[d->kind]);
    path_print(b, &d->name);
    if (d->text.ptr) string_print(b, d->text);
    if (d->query) query_print(b, d->query);
}

static void
use_print(StrBuf *b, const Use *u)
{
    static const char *const words[] = {
        [USE_DATABASE] = "USE ",
        [USE_CATALOG] = "USE CATALOG ",
        [USE_MODULES] = "USE MODULES ",
    };
    text_print(b, words[u->kind]);
    path_print(b, &u->name);
    names_print(b, &u->modules);
}

static void
setting_print(StrBuf *b, const char *word, const Setting *s, bool value)
{
    text_print(b, word);
    if (!s->key.ptr) return;
    strbuf_char(b, ' ');
    string_print(b, s->key);
    if (!value) return;
    text_print(b, " = ");
    string_print(b, s->value);
}

static void
stop_job_print(StrBuf *b, const StopJob *s)
{
    text_print(b, "STOP JOB ");
    string_print(b, s->job);
    flag_print(b, s->with_savepoint, " WITH SAVEPOINT");
    flag_print(b, s->with_drain, " WITH DRAIN");
}

static void
summarize_print(StrBuf *b, const Summarize *s)
{
    text_print(b, "SUMMARIZE ");
    if (s->table->kind == TABLE_QUERY)
        query_print(b, s->table->query);
    else
        table_ref_print(b, s->table);
}

void
stmt_print(StrBuf *b, const Stmt *s)
{
    switch (s->kind) {
    case STMT_QUERY:
        query_print(b, s->query);
        return;
    case STMT_INSERT:
        insert_print(b, s->insert);
        return;
    case STMT_STATEMENT_SET:
        set_print(b, s->set);
        return;
    case STMT_COPY:
        copy_print(b, s->copy);
        return;
    case STMT_EXPLAIN:
        explain_print(b, s->explain);
        return;
    case STMT_CREATE_TABLE:
        create_table_print(b, s->create_table);
        return;
    case STMT_ALTER:
        alter_print(b, s->alter);
        return;
    case STMT_CREATE_VIEW:
        create_view_print(b, s->create_view);
        return;
    case STMT_CREATE_FUNCTION:
        create_function_print(b, s->create_function);
        return;
    case STMT_CREATE_MODEL:
        create_model_print(b, s->create_model);
        return;
    case STMT_CREATE_SPACE:
        create_space_print(b, s->create_space);
        return;
    case STMT_CREATE_INDEX:
        create_index_print(b, s->create_index);
        return;
    case STMT_DROP:
        drop_print(b, s->drop);
        return;
    case STMT_SHOW:
        show_print(b, s->show);
        return;
    case STMT_DESCRIBE:
        describe_print(b, s->describe);
        return;
    case STMT_SUMMARIZE:
        summarize_print(b, s->summarize);
        return;
    case STMT_USE:
        use_print(b, s->use);
        return;
    case STMT_SET:
        setting_print(b, "SET", s->setting, true);
        return;
    case STMT_RESET:
        setting_print(b, "RESET", s->setting, false);
        return;
    case STMT_STOP_JOB:
        stop_job_print(b, s->stop_job);
        return;
    case STMT_KIND_COUNT:
        break;
    }
    UNREACHABLE();
}
