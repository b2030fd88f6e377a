/* weir_live.c - live queries that are stepped: rows are pushed into memory tables, the job works
 * until it is idle, and what came out is looked at. Used by the .slt runner's stream verbs. */
#include "base/mem.h"
#include "planner/explain.h"
#include "weir_desk.h"

struct WeirJob {
    Desk desk;
    Expanded script;
    Plan *plan;
    Job *job;
    WeirOutput out;
};

/* Memory tables are live while the job runs, and come to their end when it finishes. */
static void
live_tables(Weir *w, void (*each)(MemoryStore *store, Str name))
{
    Arena *a = arena_new();
    CatalogEntry *entries = NULL;
    u32 n = 0;
    Err err;
    if (catalog_list(w->catalog, a, CATALOG_TABLE, (Str){0}, &entries, &n, &err)) n = 0;
    for (u32 i = 0; i < n; i++) {
        if (entries[i].kind == CATALOG_TABLE) each(w->memory, entries[i].name);
    }
    arena_free(a);
}

static void
table_goes_live(MemoryStore *store, Str name)
{
    memory_table_set_live(store, name, true);
}

static void
table_ends(MemoryStore *store, Str name)
{
    memory_table_close(store, name);
}

static void
table_is_plain(MemoryStore *store, Str name)
{
    memory_table_set_live(store, name, false);
}

static Status
live_rows(void *ctx, const Batch *b, Err *err)
{
    const WeirOutput *out = ctx;
    return out->rows ? out->rows(out->ctx, b, err) : ERR_OK;
}

static Status
live_begin(WeirJob *j, Err *err)
{
    const PlanNode *root = j->plan->roots[0];
    if (root->kind != PLAN_RESULT || !j->out.begin) return ERR_OK;
    const Schema *s = &root->schema;
    WeirColumn *columns = arena_array(j->desk.arena, WeirColumn, s->len);
    for (u32 i = 0; i < s->len; i++) columns[i] = (WeirColumn){s->at[i].name, s->at[i].type};
    return j->out.begin(j->out.ctx, columns, s->len, err);
}

static Status
live_open(WeirJob *j, Weir *w, Str query, Err *err)
{
    TRY(weir_expand(w, query, 0, &j->script, err));
    Stmt *stmt = NULL;
    u32 next = 0;
    TRY(parse_statement(j->desk.arena, j->script.script, 0, &stmt, &next, err));
    if (!stmt || stmt->kind != STMT_QUERY) {
        return err_set(err, W8001, POS_NONE, "a live job is one query");
    }
    live_tables(w, table_goes_live);
    TRY(plan_query(&j->desk.planner, j->desk.arena, stmt->query, &j->plan, err));
    TRY(live_begin(j, err));
    JobOptions options = {.session = &j->desk.session,
                          .env = &j->desk.connectors,
                          .output = {.ctx = &j->out, .rows = live_rows},
                          .threads = w->options.threads ? w->options.threads : 1,
                          .batch_rows =
                              w->options.batch_rows ? w->options.batch_rows : BATCH_ROWS_MAX,
                          .seed = w->options.seed,
                          .interrupt = &w->interrupt,
                          .late_naming = expr_explain};
    return job_open(j->plan, &options, &j->job, err);
}

Status
weir_job_start(Weir *w, Str query, const WeirOutput *out, WeirJob **ret_job, Err *err)
{
    WeirJob *j = mem_make(WeirJob);
    j->out = *out;
    desk_open(&j->desk, w, &j->out, false);
    err->pos = POS_NONE;
    Status st = live_open(j, w, query, err);
    if (st) {
        weir_job_close(j);
        return st;
    }
    *ret_job = j;
    return ERR_OK;
}

Status
weir_job_pump(WeirJob *j, Err *err)
{
    return job_pump(j->job, err);
}

Status
weir_job_finish(WeirJob *j, Err *err)
{
    live_tables(j->desk.weir, table_ends);
    TRY(job_run(j->job, err));
    desk_keep_late(j->desk.weir, j->job);
    const JobCounts *c = job_counts(j->job);
    WeirSummary summary = {.ran = true,
                           .rows_in = c->rows_in,
                           .rows_out = c->rows_out,
                           .rows_late = c->rows_late,
                           .rows_skipped = c->rows_skipped};
    return j->out.end ? j->out.end(j->out.ctx, &summary, err) : ERR_OK;
}

void
weir_job_close(WeirJob *j)
{
    if (!j) return;
    job_close(j->job);
    live_tables(j->desk.weir, table_is_plain);
    plan_done(j->plan);
    expanded_done(&j->script);
    desk_close(&j->desk);
    mem_free(j);
}

/* ---- pushing rows ------------------------------------------------------------------------------
 */

static Status
push_cell(Vector *v, u32 i, const TableColumn *c, Str field, const TimeZone *zone, Err *err)
{
    if (!field.ptr) {
        vector_set_null(v, i);
        return ERR_OK;
    }
    if (value_store(v, i, field, zone, VALUE_CAST) == TEXT_OK) return ERR_OK;
    StrBuf type = {0};
    type_print(&type, c->column.type);
    Status st = err_set(err, W3102, POS_NONE, "column \"%.*s\": \"%.*s\" is not a %s",
                        STR_ARG(c->column.name), STR_ARG(field), type.ptr);
    strbuf_done(&type);
    return st;
}

static Status
push_batch(Desk *d, const TableDef *def, const Str *fields, u32 nrows, Batch **ret, Err *err)
{
    Batch *b = batch_new(def->nfields, nrows);
    Status st = ERR_OK;
    for (u32 i = 0; i < def->ncolumns; i++) {
        const TableColumn *c = &def->columns[i];
        if (c->field == UINT32_MAX) continue;
        b->col[c->field] = vector_new(c->column.type, nrows);
        for (u32 r = 0; r < nrows && !st; r++) {
            Str field = fields[(size_t)r * def->nfields + c->field];
            st = push_cell(&b->col[c->field], r, c, field, d->session.zone, err);
        }
    }
    *ret = b;
    return st;
}

Status
weir_push(Weir *w, Str table, const Str *fields, u32 nrows, u32 ncols, Err *err)
{
    Desk d;
    desk_open(&d, w, NULL, false);
    Name name = {.text = table};
    Path path = {.at = &name, .len = 1};
    TableDef *def = NULL;
    err->pos = POS_NONE;
    Status st = plan_find_table(&d.planner, d.arena, &path, &def, err);
    if (!st && ncols != def->nfields) {
        st = err_set(err, W2009, POS_NONE, "table \"%.*s\" has %u columns, a row has %u",
                     STR_ARG(table), def->nfields, ncols);
    }
    for (u32 from = 0; !st && from < nrows; from += BATCH_ROWS_MAX) {
        u32 n = MIN(nrows - from, (u32)BATCH_ROWS_MAX);
        Batch *b = NULL;
        st = push_batch(&d, def, fields + (size_t)from * ncols, n, &b, err);
        if (st)
            batch_free(b);
        else
            memory_table_push(w->memory, table, b);
    }
    table_def_done(def); /* its constants are not the arena's */
    desk_close(&d);
    return st;
}
