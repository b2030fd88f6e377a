/* ast_equal.c - comparing queries, tables and statements. */
#include "grammar/equal.h"

static bool
item_equal(SelectItem a, SelectItem b)
{
    return expr_equal(a.expr, b.expr) && name_equal(a.alias, b.alias);
}

static bool
items_equal(SelectItemList a, SelectItemList b)
{
    return LIST_EQUAL(a.at, a.len, b.at, b.len, item_equal);
}

static bool
group_equal(const GroupElem *a, const GroupElem *b)
{
    return a->kind == b->kind && expr_equal(a->expr, b->expr) &&
           LIST_EQUAL(a->args, a->len, b->args, b->len, group_equal);
}

static bool
group_by_equal(const GroupBy *a, const GroupBy *b)
{
    return a->present == b->present && a->all == b->all &&
           LIST_EQUAL(a->at, a->len, b->at, b->len, group_equal);
}

static bool
window_equal(NamedWindow a, NamedWindow b)
{
    return name_equal(a.name, b.name) && spec_equal(a.spec, b.spec);
}

static bool
select_equal(const Select *a, const Select *b)
{
    return a->distinct == b->distinct && hints_equal(a->hints, b->hints) &&
           items_equal(a->items, b->items) && table_equal(a->from, b->from) &&
           expr_equal(a->where, b->where) && group_by_equal(&a->group_by, &b->group_by) &&
           expr_equal(a->having, b->having) && expr_equal(a->qualify, b->qualify) &&
           LIST_EQUAL(a->windows, a->windows_len, b->windows, b->windows_len, window_equal);
}

static bool
cte_equal(Cte a, Cte b)
{
    return name_equal(a.name, b.name) && names_equal(a.columns, b.columns) &&
           query_equal(a.query, b.query);
}

static bool
query_body_equal(const Query *a, const Query *b)
{
    switch (a->kind) {
    case QUERY_SELECT:
        return select_equal(a->select, b->select);
    case QUERY_VALUES:
        return exprs_equal(a->rows, b->rows);
    case QUERY_TABLE:
        return path_equal(a->table, b->table);
    case QUERY_SETOP:
        return a->setop.op == b->setop.op && a->setop.all == b->setop.all &&
               LIST_EQUAL(a->setop.at, a->setop.len, b->setop.at, b->setop.len, query_equal);
    case QUERY_NEST:
        return query_equal(a->inner, b->inner);
    }
    UNREACHABLE();
}

bool
query_equal(const Query *a, const Query *b)
{
    if (!a || !b) return a == b;
    return a->kind == b->kind && query_body_equal(a, b) &&
           LIST_EQUAL(a->ctes, a->ctes_len, b->ctes, b->ctes_len, cte_equal) &&
           orders_equal(a->order_by, b->order_by) && expr_equal(a->limit, b->limit) &&
           expr_equal(a->offset, b->offset);
}

/* ---- Tables ---- */

static bool
join_equal(const Join *a, const Join *b)
{
    return a->kind == b->kind && a->natural == b->natural && table_equal(a->left, b->left) &&
           table_equal(a->right, b->right) && expr_equal(a->on, b->on) &&
           names_equal(a->using_names, b->using_names);
}

static bool
pattern_equal(const MatchPattern *a, const MatchPattern *b)
{
    return a->kind == b->kind && name_equal(a->symbol, b->symbol) && a->min == b->min &&
           a->max == b->max && a->reluctant == b->reluctant &&
           LIST_EQUAL(a->args, a->len, b->args, b->len, pattern_equal);
}

static bool
subset_equal(MatchSubset a, MatchSubset b)
{
    return name_equal(a.name, b.name) && names_equal(a.symbols, b.symbols);
}

static bool
define_equal(MatchDefine a, MatchDefine b)
{
    return name_equal(a.name, b.name) && expr_equal(a.cond, b.cond);
}

static bool
match_equal(const Match *a, const Match *b)
{
    return table_equal(a->input, b->input) && exprs_equal(a->partition_by, b->partition_by) &&
           orders_equal(a->order_by, b->order_by) && items_equal(a->measures, b->measures) &&
           a->rows_per_match == b->rows_per_match && a->after == b->after &&
           name_equal(a->after_symbol, b->after_symbol) && a->anchor_start == b->anchor_start &&
           a->anchor_end == b->anchor_end && pattern_equal(a->pattern, b->pattern) &&
           expr_equal(a->within, b->within) &&
           LIST_EQUAL(a->subsets, a->subsets_len, b->subsets, b->subsets_len, subset_equal) &&
           LIST_EQUAL(a->defines, a->defines_len, b->defines, b->defines_len, define_equal);
}

static bool
table_body_equal(const TableRef *a, const TableRef *b)
{
    switch (a->kind) {
    case TABLE_NAME:
        return path_equal(a->name.path, b->name.path) &&
               hints_equal(a->name.hints, b->name.hints) &&
               expr_equal(a->name.as_of, b->name.as_of);
    case TABLE_FILE:
        return str_eq(a->file, b->file);
    case TABLE_QUERY:
        return query_equal(a->query, b->query);
    case TABLE_FUNC:
        return a->func.wrapped == b->func.wrapped && expr_equal(a->func.call, b->func.call);
    case TABLE_UNNEST:
        return a->unnest.ordinality == b->unnest.ordinality &&
               exprs_equal(a->unnest.args, b->unnest.args);
    case TABLE_JOIN:
        return join_equal(a->join, b->join);
    case TABLE_MATCH:
        return match_equal(a->match, b->match);
    }
    UNREACHABLE();
}

bool
table_equal(const TableRef *a, const TableRef *b)
{
    if (!a || !b) return a == b;
    return a->kind == b->kind && a->lateral == b->lateral && name_equal(a->alias, b->alias) &&
           names_equal(a->columns, b->columns) && table_body_equal(a, b);
}

/* ---- Statements: tables ---- */

static bool
column_equal(ColumnDef a, ColumnDef b)
{
    return name_equal(a.name, b.name) && a.kind == b.kind && type_equal(a.type, b.type) &&
           expr_equal(a.expr, b.expr) && text_equal(a.metadata_key, b.metadata_key) &&
           a.is_virtual == b.is_virtual && text_equal(a.comment, b.comment) && a.place == b.place &&
           name_equal(a.after, b.after);
}

static bool
constraint_equal(ConstraintDef a, ConstraintDef b)
{
    return a.kind == b.kind && a.enforced == b.enforced && name_equal(a.name, b.name) &&
           names_equal(a.columns, b.columns);
}

static bool
watermark_equal(WatermarkDef a, WatermarkDef b)
{
    return path_equal(a.column, b.column) && expr_equal(a.expr, b.expr);
}

static bool
elems_equal(const TableElems *a, const TableElems *b)
{
    return LIST_EQUAL(a->columns, a->columns_len, b->columns, b->columns_len, column_equal) &&
           LIST_EQUAL(a->constraints, a->constraints_len, b->constraints, b->constraints_len,
                      constraint_equal) &&
           LIST_EQUAL(a->watermarks, a->watermarks_len, b->watermarks, b->watermarks_len,
                      watermark_equal);
}

static bool
like_option_equal(LikeOption a, LikeOption b)
{
    return a.merge == b.merge && a.feature == b.feature;
}

static bool
create_table_equal(const CreateTable *a, const CreateTable *b)
{
    return path_equal(a->name, b->name) && a->or_replace == b->or_replace &&
           a->temporary == b->temporary && a->if_not_exists == b->if_not_exists &&
           elems_equal(&a->elems, &b->elems) && text_equal(a->comment, b->comment) &&
           names_equal(a->partitioned_by, b->partitioned_by) &&
           a->distribution == b->distribution &&
           names_equal(a->distributed_by, b->distributed_by) && a->buckets == b->buckets &&
           options_equal(a->options, b->options) && a->has_with == b->has_with &&
           path_equal(a->like, b->like) &&
           LIST_EQUAL(a->like_options, a->like_options_len, b->like_options, b->like_options_len,
                      like_option_equal) &&
           query_equal(a->query, b->query);
}

static bool
alter_equal(const Alter *a, const Alter *b)
{
    return a->view == b->view && a->if_exists == b->if_exists && path_equal(a->name, b->name) &&
           a->kind == b->kind && path_equal(a->to, b->to) && path_equal(a->column, b->column) &&
           name_equal(a->new_column, b->new_column) && options_equal(a->options, b->options) &&
           texts_equal(a->keys, b->keys) && elems_equal(&a->elems, &b->elems) &&
           LIST_EQUAL(a->columns, a->columns_len, b->columns, b->columns_len, path_equal) &&
           query_equal(a->query, b->query);
}

/* ---- Statements: other objects ---- */

static bool
create_view_equal(const CreateView *a, const CreateView *b)
{
    return path_equal(a->name, b->name) && a->or_replace == b->or_replace &&
           a->temporary == b->temporary && a->if_not_exists == b->if_not_exists &&
           names_equal(a->columns, b->columns) &&
           texts_equal(a->column_comments, b->column_comments) &&
           text_equal(a->comment, b->comment) && query_equal(a->query, b->query);
}

static bool
param_equal(MacroParam a, MacroParam b)
{
    return name_equal(a.name, b.name) && type_equal(a.type, b.type);
}

static bool
create_function_equal(const CreateFunction *a, const CreateFunction *b)
{
    return path_equal(a->name, b->name) && a->or_replace == b->or_replace &&
           a->temporary == b->temporary && a->if_not_exists == b->if_not_exists &&
           LIST_EQUAL(a->params, a->params_len, b->params, b->params_len, param_equal) &&
           type_equal(a->returns, b->returns) && expr_equal(a->body, b->body) &&
           text_equal(a->class_name, b->class_name) && text_equal(a->language, b->language);
}

static bool
create_model_equal(const CreateModel *a, const CreateModel *b)
{
    return path_equal(a->name, b->name) && a->or_replace == b->or_replace &&
           a->temporary == b->temporary && a->if_not_exists == b->if_not_exists &&
           elems_equal(&a->input, &b->input) && elems_equal(&a->output, &b->output) &&
           text_equal(a->comment, b->comment) && options_equal(a->options, b->options);
}

static bool
create_space_equal(const CreateSpace *a, const CreateSpace *b)
{
    return a->catalog == b->catalog && path_equal(a->name, b->name) &&
           a->if_not_exists == b->if_not_exists && text_equal(a->comment, b->comment) &&
           options_equal(a->options, b->options);
}

static bool
create_index_equal(const CreateIndex *a, const CreateIndex *b)
{
    return a->unique == b->unique && a->if_not_exists == b->if_not_exists &&
           path_equal(a->name, b->name) && path_equal(a->table, b->table) &&
           orders_equal(a->columns, b->columns);
}

static bool
drop_equal(const Drop *a, const Drop *b)
{
    return a->object == b->object && a->temporary == b->temporary && a->if_exists == b->if_exists &&
           a->cascade == b->cascade && a->restrict_ == b->restrict_ && path_equal(a->name, b->name);
}

/* ---- Statements: jobs, looking, settings ---- */

static bool
partition_equal(PartitionValue a, PartitionValue b)
{
    return name_equal(a.name, b.name) && expr_equal(a.value, b.value);
}

static bool
insert_equal(const Insert *a, const Insert *b)
{
    return a->overwrite == b->overwrite && a->execute == b->execute &&
           path_equal(a->table, b->table) && hints_equal(a->hints, b->hints) &&
           LIST_EQUAL(a->partition, a->partition_len, b->partition, b->partition_len,
                      partition_equal) &&
           names_equal(a->columns, b->columns) && query_equal(a->query, b->query);
}

static bool
copy_equal(const Copy *a, const Copy *b)
{
    return query_equal(a->query, b->query) && str_eq(a->file, b->file) &&
           options_equal(a->options, b->options);
}

static bool
show_equal(const Show *a, const Show *b)
{
    return a->kind == b->kind && path_equal(a->name, b->name) && a->not_like == b->not_like &&
           a->ilike == b->ilike && text_equal(a->like, b->like);
}

static bool
describe_equal(const Describe *a, const Describe *b)
{
    return a->kind == b->kind && a->extended == b->extended && path_equal(a->name, b->name) &&
           text_equal(a->text, b->text) && query_equal(a->query, b->query);
}

static bool
use_equal(const Use *a, const Use *b)
{
    return a->kind == b->kind && path_equal(a->name, b->name) &&
           names_equal(a->modules, b->modules);
}

static bool
setting_equal(const Setting *a, const Setting *b)
{
    return text_equal(a->key, b->key) && text_equal(a->value, b->value);
}

static bool
stop_job_equal(const StopJob *a, const StopJob *b)
{
    return str_eq(a->job, b->job) && a->with_savepoint == b->with_savepoint &&
           a->with_drain == b->with_drain;
}

bool
stmt_equal(const Stmt *a, const Stmt *b)
{
    if (!a || !b) return a == b;
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case STMT_QUERY:
        return query_equal(a->query, b->query);
    case STMT_INSERT:
        return insert_equal(a->insert, b->insert);
    case STMT_STATEMENT_SET:
        return a->set->begin_form == b->set->begin_form &&
               LIST_EQUAL(a->set->at, a->set->len, b->set->at, b->set->len, stmt_equal);
    case STMT_COPY:
        return copy_equal(a->copy, b->copy);
    case STMT_EXPLAIN:
        return a->explain->details == b->explain->details &&
               stmt_equal(a->explain->stmt, b->explain->stmt);
    case STMT_CREATE_TABLE:
        return create_table_equal(a->create_table, b->create_table);
    case STMT_ALTER:
        return alter_equal(a->alter, b->alter);
    case STMT_CREATE_VIEW:
        return create_view_equal(a->create_view, b->create_view);
    case STMT_CREATE_FUNCTION:
        return create_function_equal(a->create_function, b->create_function);
    case STMT_CREATE_MODEL:
        return create_model_equal(a->create_model, b->create_model);
    case STMT_CREATE_SPACE:
        return create_space_equal(a->create_space, b->create_space);
    case STMT_CREATE_INDEX:
        return create_index_equal(a->create_index, b->create_index);
    case STMT_DROP:
        return drop_equal(a->drop, b->drop);
    case STMT_SHOW:
        return show_equal(a->show, b->show);
    case STMT_DESCRIBE:
        return describe_equal(a->describe, b->describe);
    case STMT_SUMMARIZE:
        return table_equal(a->summarize->table, b->summarize->table);
    case STMT_USE:
        return use_equal(a->use, b->use);
    case STMT_SET:
    case STMT_RESET:
        return setting_equal(a->setting, b->setting);
    case STMT_STOP_JOB:
        return stop_job_equal(a->stop_job, b->stop_job);
    case STMT_KIND_COUNT:
        break;
    }
    UNREACHABLE();
}
