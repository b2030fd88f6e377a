/* weir.c - the front desk: text in, parse, bind, plan, run, outcome out.
 *
 *     weir_execute -> parse_statement -> desk_statement -+-> CREATE, DROP ...   weir_define.c
 *                                                        +-> SHOW, EXPLAIN ...  weir_look.c
 *                                                        +-> SET, RESET         weir_settings.c
 *                                                        '-> plan_query / plan_inserts
 *                                                              -> job_open, job_run -> rows
 * With weir_desk.h's other files the only place that knows every room. */
#include "base/clock.h"
#include "base/mem.h"
#include "connectors/options.h"
#include "exec/funcs/funcs.h"
#include "planner/explain.h"
#include "weir_desk.h"
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- sessions ------------------------------------------------------------------------------- */

static const char *
owned(const char *text)
{
    return text ? mem_strdup(text, strlen(text)) : NULL;
}

Status
weir_open(const WeirOptions *options, Weir **ret_weir, Err *err)
{
    if (options->batch_rows > BATCH_ROWS_MAX) {
        return err_set(err, W8001, POS_NONE, "a batch has at most %d rows", BATCH_ROWS_MAX);
    }
    Weir *w = mem_make(Weir);
    w->options = *options;
    w->options.catalog = owned(options->catalog);
    w->options.base_dir = owned(options->base_dir);
    w->options.jobs = owned(options->jobs);
    w->memory = memory_store_new();
    const char *zone = getenv("TZ");
    Status st = timezone_find(zone && *zone ? zone : "UTC", &w->zone, err);
    if (!st) st = catalog_open(w->options.catalog, &w->catalog, err);
    if (st) {
        weir_close(w);
        return st;
    }
    *ret_weir = w;
    return ERR_OK;
}

void
weir_close(Weir *w)
{
    if (!w) return;
    catalog_close(w->catalog);
    memory_store_free(w->memory);
    timezone_free(w->zone);
    weir_settings_free(w);
    weir_late_free(w);
    mem_free((void *)(uintptr_t)w->options.catalog);
    mem_free((void *)(uintptr_t)w->options.base_dir);
    mem_free((void *)(uintptr_t)w->options.jobs);
    mem_free(w);
}

void
weir_interrupt(Weir *w)
{
    atomic_store(&w->interrupt, true);
}

const char *
weir_version(void)
{
    return WEIR_VERSION;
}

void
weir_value_print(Weir *w, StrBuf *out, Type t, const void *slot)
{
    value_print(out, t, slot, w->zone);
}

/* ---- one statement --------------------------------------------------------------------------- */

/* The planner asks for the connector's view of a table. */
static Status
desk_table_spec(void *ctx, Arena *a, const TableDef *def, const OptionList *hints,
                const struct TableSpec **ret_spec, bool *ret_bounded, Err *err)
{
    Desk *d = ctx;
    u32 nhints = hints ? hints->len : 0, n = 0;
    FieldSpec *fields = arena_array(a, FieldSpec, def->nfields);
    for (u32 i = 0; i < def->ncolumns; i++) {
        const TableColumn *c = &def->columns[i];
        if (c->field == UINT32_MAX) continue;
        fields[c->field] = (FieldSpec){.name = c->column.name,
                                       .type = c->column.type,
                                       .pos = c->pos,
                                       .metadata = c->metadata_key};
    }
    OptionSetting *settings = arena_array(a, OptionSetting, def->options.len + nhints);
    for (u32 i = 0; i < def->options.len + nhints; i++) {
        bool hint = i >= def->options.len;
        const OptionDef *o = hint ? &hints->at[i - def->options.len] : &def->options.at[i];
        u32 at = n; /* a hint replaces the option of its name */
        for (u32 k = 0; hint && k < n; k++) {
            if (str_eq(settings[k].name, o->key)) at = k;
        }
        n = MAX(n, at + 1);
        settings[at] = (OptionSetting){.name = o->key,
                                       .value = o->value,
                                       .name_pos = o->pos,
                                       .name_width = o->width,
                                       .value_pos = o->value_pos,
                                       .value_width = o->value_width,
                                       .used = plan_owns_option(o->key)};
    }
    TableSpec *spec = NULL;
    TRY(table_spec_make(a, &d->connectors, def->name, fields, def->nfields, settings, n, def->pos,
                        &spec, err));
    u32 *folders = arena_array(a, u32, def->npartitioned_by);
    for (u32 i = 0; i < def->npartitioned_by; i++)
        folders[i] = def->columns[def->partitioned_by[i]].field;
    TRY(table_spec_partition(a, spec, folders, def->npartitioned_by, err));
    *ret_spec = spec;
    *ret_bounded = !spec->connector->bounded || spec->connector->bounded(spec);
    return ERR_OK;
}

u32
weir_threads(const Weir *w)
{
    i64 set = 0;
    if (w->options.seed) return 2; /* two subtasks for one worker to choose between */
    if (w->options.threads) return w->options.threads;
    if (str_to_i64(weir_setting(w, "parallelism.default"), &set) && set > 0) return (u32)set;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (u32)MIN(cores, 16L) : 1;
}

void
desk_open(Desk *d, Weir *w, const WeirOutput *out, bool check)
{
    static const WeirOutput nobody = {0};
    *d = (Desk){.weir = w, .out = out ? out : &nobody, .check = check};
    d->arena = arena_new();
    d->session = (Session){.zone = w->zone,
                           .start_time_us = clock_wall_us(),
                           .seed = w->options.seed ? w->options.seed : (u64)clock_wall_us()};
    d->connectors =
        (ConnectorEnv){.memory = w->memory, .zone = w->zone, .base_dir = w->options.base_dir};
    d->planner = (PlannerEnv){.ctx = d,
                              .catalog = w->catalog,
                              .funcs = &exec_func_table,
                              .session = &d->session,
                              .parallel = weir_threads(w),
                              .optimize = !w->options.no_optimize,
                              .duration = duration_parse,
                              .table_spec = desk_table_spec,
                              .state_table = desk_state_table,
                              .late_table = desk_late_table};
    (void)duration_parse(weir_setting(w, "table.exec.source.idle-timeout"),
                         &d->planner.idle_timeout_us);
}

void
desk_close(Desk *d)
{
    arena_free(d->arena);
}

Status
desk_unsupported(const char *what, u32 pos, u32 width, Err *err)
{
    Status st = err_set(err, W2001, pos, "%s is not supported yet", what);
    err_at(err, pos, width);
    return st;
}

Status
desk_object_name(const Path *path, Str *ret_name, Err *err)
{
    static const Str defaults[] = {{"default_database", 16}, {"default_catalog", 15}};
    for (u32 i = 1; i < path->len; i++) {
        Name part = path->at[path->len - 1 - i];
        if (i <= 2 && str_eq(part.text, defaults[i - 1])) continue;
        Status st = err_set(err, W2002, part.pos, "%s \"%.*s\" does not exist",
                            i == 1 ? "database" : "catalog", STR_ARG(part.text));
        err_at(err, part.pos, part.width);
        return err_hint(err, st,
                        "There is one catalog, default_catalog, with one database, "
                        "default_database.");
    }
    *ret_name = path_last(path).text;
    return ERR_OK;
}

Status
desk_done(Desk *d, Err *err, const char *fmt, ...)
{
    char text[300];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    WeirSummary summary = {.message = text};
    return d->out->end ? d->out->end(d->out->ctx, &summary, err) : ERR_OK;
}

/* ---- queries and INSERTs ----------------------------------------------------------------------
 */

/* What the job's callbacks need; rows and progress never reach the caller side by side. */
typedef struct Run {
    Desk *desk;
    Job *job;
    i64 start_us;
    pthread_mutex_t lock;
} Run;

static Status
run_rows(void *ctx, const Batch *b, Err *err)
{
    Run *r = ctx;
    const WeirOutput *out = r->desk->out;
    if (!out->rows) return ERR_OK;
    pthread_mutex_lock(&r->lock);
    Status st = out->rows(out->ctx, b, err);
    pthread_mutex_unlock(&r->lock);
    return st;
}

static void
run_tick(void *ctx)
{
    Run *r = ctx;
    const JobCounts *c = job_counts(r->job);
    i64 watermark = c->watermark_us;
    bool known = watermark != WATERMARK_NONE && watermark != WATERMARK_MAX;
    WeirProgress p = {.rows_in = c->rows_in,
                      .rows_out = c->rows_out,
                      .rows_late = c->rows_late,
                      .bytes_in = c->bytes_in,
                      .bytes_total = job_bytes_total(r->job),
                      .seconds = (f64)(clock_monotonic_us() - r->start_us) / 1e6,
                      .has_watermark = known,
                      .watermark_us = watermark};
    pthread_mutex_lock(&r->lock);
    r->desk->out->progress(r->desk->out->ctx, &p);
    pthread_mutex_unlock(&r->lock);
}

Status
desk_run_begin(Desk *d, const Plan *plan, Err *err)
{
    if (plan->roots[0]->kind != PLAN_RESULT || !d->out->begin) return ERR_OK;
    const Schema *s = &plan->roots[0]->schema;
    WeirColumn *columns = arena_array(d->arena, WeirColumn, s->len);
    for (u32 i = 0; i < s->len; i++) columns[i] = (WeirColumn){s->at[i].name, s->at[i].type};
    return d->out->begin(d->out->ctx, columns, s->len, err);
}

static void
run_keeps(Desk *d, const DeskState *state, JobOptions *options)
{
    options->store = state->store;
    options->job = state->job;
    options->stop = &d->weir->stop;
    options->checkpoint_us = weir_setting_quantity(d->weir, "execution.checkpointing.interval");
}

Status
desk_run_plan(Desk *d, const Plan *plan, DeskState *state, Err *err)
{
    Weir *w = d->weir;
    Run run = {.desk = d, .start_us = clock_monotonic_us()};
    JobOptions options = {.session = &d->session,
                          .env = &d->connectors,
                          .output = {.ctx = &run, .rows = run_rows},
                          .threads = weir_threads(w),
                          .batch_rows =
                              w->options.batch_rows ? w->options.batch_rows : BATCH_ROWS_MAX,
                          .seed = w->options.seed,
                          .interrupt = &w->interrupt,
                          .tick = d->out->progress ? run_tick : NULL,
                          .tick_ctx = &run,
                          .late_naming = expr_explain,
                          .memory_limit = (u64)weir_setting_quantity(w, "state.memory-limit")};
    if (state) run_keeps(d, state, &options);
    TRY(job_open(plan, &options, &run.job, err));
    pthread_mutex_init(&run.lock, NULL);
    Status st = desk_run_begin(d, plan, err);
    if (!st) st = job_run(run.job, err);
    if (state) state->finished = !st && job_finished(run.job);
    desk_keep_late(w, run.job);
    const JobCounts *c = job_counts(run.job);
    WeirSummary summary = {.ran = true,
                           .rows_in = c->rows_in,
                           .rows_out = c->rows_out,
                           .rows_late = c->rows_late,
                           .rows_skipped = c->rows_skipped,
                           .seconds = (f64)(clock_monotonic_us() - run.start_us) / 1e6};
    job_close(run.job);
    pthread_mutex_destroy(&run.lock);
    if (!st && d->out->end) st = d->out->end(d->out->ctx, &summary, err);
    return st;
}

static Status
desk_query(Desk *d, const Query *query, Err *err)
{
    Plan *plan = NULL;
    TRY(plan_query(&d->planner, d->arena, query, &plan, err));
    Status st = ERR_OK;
    if (!d->check && d->weir->options.restart_epochs)
        st = desk_run_restarting(d, plan, err);
    else if (!d->check)
        st = desk_run_plan(d, plan, NULL, err);
    plan_done(plan);
    return st;
}

Status
desk_plan_inserts(Desk *d, const Insert *const *inserts, u32 n, Plan **ret_plan, Err *err)
{
    for (u32 i = 0; i < n; i++) {
        const Path *table = &inserts[i]->table;
        if (!inserts[i]->overwrite) continue;
        return desk_unsupported("INSERT OVERWRITE", table->pos, table->width, err);
    }
    return plan_inserts(&d->planner, d->arena, inserts, n, ret_plan, err);
}

static Status
desk_inserts(Desk *d, const Insert *const *inserts, u32 n, Err *err)
{
    Plan *plan = NULL;
    TRY(desk_plan_inserts(d, inserts, n, &plan, err));
    Status st = d->check ? ERR_OK : desk_run_plan(d, plan, NULL, err);
    plan_done(plan);
    return st;
}

static Status
desk_statement_set(Desk *d, const StatementSet *set, Err *err)
{
    if (set->len == 0) return desk_done(d, err, "nothing to do");
    const Insert **inserts = arena_array(d->arena, const Insert *, set->len);
    for (u32 i = 0; i < set->len; i++) inserts[i] = set->at[i]->insert;
    return desk_inserts(d, inserts, set->len, err);
}

Status
desk_statement(Desk *d, const Stmt *s, Err *err)
{
    switch (s->kind) {
    case STMT_QUERY:
        return desk_query(d, s->query, err);
    case STMT_INSERT:
        return desk_inserts(d, (const Insert *const *)&s->insert, 1, err);
    case STMT_STATEMENT_SET:
        return desk_statement_set(d, s->set, err);
    case STMT_EXPLAIN:
        return desk_explain(d, s, err);
    case STMT_CREATE_TABLE:
        return desk_create_table(d, s, err);
    case STMT_CREATE_VIEW:
        return desk_create_view(d, s, err);
    case STMT_CREATE_FUNCTION:
        return desk_create_function(d, s, err);
    case STMT_CREATE_INDEX:
        return desk_create_index(d, s, err);
    case STMT_ALTER:
        return desk_alter(d, s, err);
    case STMT_DROP:
        return desk_drop(d, s, err);
    case STMT_SHOW:
        return desk_show(d, s, err);
    case STMT_DESCRIBE:
        return desk_describe(d, s, err);
    case STMT_USE:
        return desk_use(d, s, err);
    case STMT_SET:
        return desk_set(d, s, err);
    case STMT_RESET:
        return desk_reset(d, s, err);
    case STMT_CREATE_SPACE:
        return desk_unsupported(s->create_space->catalog ? "CREATE CATALOG" : "CREATE DATABASE",
                                s->pos, s->width, err);
    case STMT_COPY:
    case STMT_CREATE_MODEL:
    case STMT_SUMMARIZE:
    case STMT_STOP_JOB:
        return desk_unsupported(stmt_kind_text(s->kind), s->pos, s->width, err);
    case STMT_KIND_COUNT:
        break;
    }
    UNREACHABLE();
}

static Status
weir_one(Weir *w, Str script, u32 from, bool check, const WeirOutput *out, u32 *ret_next,
         bool *ret_done, Err *err)
{
    *ret_done = false;
    *ret_next = script.len;
    err->pos = POS_NONE;
    atomic_store(&w->interrupt, false);
    Expanded e = {0};
    TRY(weir_expand(w, script, from, &e, err));
    Desk d;
    desk_open(&d, w, out, check);
    Stmt *stmt = NULL;
    u32 next = 0;
    Status st = parse_statement(d.arena, e.script, expanded_pos(&e, from), &stmt, &next, err);
    *ret_next = expanded_back(&e, next);
    *ret_done = !st && !stmt;
    if (!st && stmt) st = desk_statement(&d, stmt, err);
    if (st && err->pos != POS_NONE) {
        u32 end = expanded_back(&e, err->pos + err->width);
        err->pos = expanded_back(&e, err->pos);
        err->width = end - err->pos;
    }
    desk_close(&d);
    expanded_done(&e);
    return st;
}

Status
weir_execute(Weir *w, Str script, u32 from, const WeirOutput *out, u32 *ret_next, bool *ret_done,
             Err *err)
{
    return weir_one(w, script, from, false, out, ret_next, ret_done, err);
}

Status
weir_check(Weir *w, Str script, u32 from, u32 *ret_next, bool *ret_done, Err *err)
{
    return weir_one(w, script, from, true, NULL, ret_next, ret_done, err);
}
