/* weir_state.c - the state of jobs as people see it: weir state check, show and export, and
 * SELECT ... FROM state('job', 'operator').
 *
 * What operators mean is not stored in a form to compute with: the job's text is, so it is planned
 * again, in a session of its own. All is read from the last epoch, while the job may go on. */
#include "base/mem.h"
#include "exec/feed.h"
#include "exec/state_look.h"
#include "exec/task.h"
#include "weir_desk.h"
#include <stdarg.h>
#include <stdio.h>

/* ---- rows of numbers and texts -------------------------------------------------------------- */

typedef struct LookColumn {
    const char *name;
    bool number;
} LookColumn;

enum { LOOK_COLUMNS_MAX = 8, LOOK_BATCH = 64 };

/* Rows on their way to the output. */
typedef struct LookRows {
    Desk *desk;
    const LookColumn *columns;
    u32 ncolumns;
    Batch *batch; /* being filled */
    u32 rows;
} LookRows;

static Type
look_type(const LookColumn *c)
{
    return c->number ? type_of(TYPE_BIGINT) : type_string();
}

static Status
look_begin(LookRows *r, Desk *d, const LookColumn *columns, u32 n, Err *err)
{
    assert(n <= LOOK_COLUMNS_MAX);
    *r = (LookRows){.desk = d, .columns = columns, .ncolumns = n};
    WeirColumn names[LOOK_COLUMNS_MAX];
    for (u32 i = 0; i < n; i++) {
        names[i] = (WeirColumn){str_from(columns[i].name), look_type(&columns[i])};
    }
    return d->out->begin ? d->out->begin(d->out->ctx, names, n, err) : ERR_OK;
}

static Status
look_flush(LookRows *r, Err *err)
{
    const WeirOutput *out = r->desk->out;
    if (!r->rows) return ERR_OK;
    Batch *b = batch_slice(r->batch, 0, r->rows);
    Status st = out->rows ? out->rows(out->ctx, b, err) : ERR_OK;
    batch_free(b);
    batch_free(r->batch);
    r->batch = NULL;
    r->rows = 0;
    return st;
}

/* Numbers and texts in the order of the columns: a text without ptr is NULL. */
static Status
look_row(LookRows *r, const i64 *numbers, const Str *texts, Err *err)
{
    if (!r->batch) {
        r->batch = batch_new(r->ncolumns, LOOK_BATCH);
        for (u32 i = 0; i < r->ncolumns; i++) {
            r->batch->col[i] = vector_new(look_type(&r->columns[i]), LOOK_BATCH);
        }
    }
    for (u32 i = 0, n = 0, t = 0; i < r->ncolumns; i++) {
        Vector *v = &r->batch->col[i];
        if (r->columns[i].number) {
            vector_data(v, i64)[r->rows] = numbers[n++];
        } else if (texts[t].ptr) {
            vector_set_str(v, r->rows, texts[t].ptr, texts[t].len);
            t++;
        } else {
            vector_set_null(v, r->rows);
            t++;
        }
    }
    return ++r->rows == LOOK_BATCH ? look_flush(r, err) : ERR_OK;
}

static Status
look_end(LookRows *r, Status st, Err *err)
{
    const WeirOutput *out = r->desk->out;
    WeirSummary none = {0};
    if (!st) st = look_flush(r, err);
    batch_free(r->batch);
    r->batch = NULL;
    return !st && out->end ? out->end(out->ctx, &none, err) : st;
}

static void PRINTF(2, 3) look_note(const Desk *d, const char *fmt, ...)
{
    char text[600];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (d->out->note) d->out->note(d->out->ctx, text);
}

/* ---- one store ------------------------------------------------------------------------------ */

/* A store that is looked at, and the plan that it was written under. */
typedef struct Looked {
    Desk *desk; /* of who looks */
    StateStore *store;
    OpTexts texts;
    Weir *inner; /* the job's text is planned in there; NULL: not planned */
    Desk inner_desk;
    bool inner_open;
    StrBuf sql;
    Plan *plan; /* NULL: the text no longer has one */
} Looked;

static void
looked_close(Looked *k)
{
    plan_done(k->plan);
    if (k->inner_open) desk_close(&k->inner_desk);
    weir_close(k->inner);
    strbuf_done(&k->sql);
    op_texts_done(&k->texts);
    state_store_close(k->store);
}

static Status
text_of_op(void *ctx, Str name, Str value, Err *err)
{
    OpTexts *texts = ctx;
    i64 id = 0;
    (void)err;
    if (str_to_i64((Str){name.ptr + 3, name.len - 3}, &id) && id >= 0 && id < UINT32_MAX) {
        op_texts_add(texts, (u32)id, value);
    }
    return ERR_OK;
}

static Status
looked_open(Looked *k, Desk *d, const char *folder, Err *err)
{
    *k = (Looked){.desk = d};
    TRY(state_store_open(folder, STORE_READ, &k->store, err));
    TRY(state_store_each_meta(k->store, STR("op."), text_of_op, &k->texts, err));
    op_texts_sort(&k->texts);
    return ERR_OK;
}

static Status
looked_plan(Looked *k, Err *err)
{
    bool there = false;
    const Insert **inserts = NULL;
    u32 n = 0;
    WeirOptions options = {.threads = 1};
    TRY(state_store_meta(k->store, STR("sql"), &k->sql, &there, err));
    TRY(weir_open(&options, &k->inner, err));
    desk_open(&k->inner_desk, k->inner, NULL, true);
    k->inner_open = true;
    Status st = desk_collect_inserts(&k->inner_desk, strbuf_view(&k->sql), &inserts, &n, err);
    if (!st) st = desk_plan_inserts(&k->inner_desk, inserts, n, &k->plan, err);
    mem_free(inserts);
    err->pos = POS_NONE; /* it speaks of the job's text */
    return st;
}

static const PlanNode *
node_find(const PlanNode *n, u32 id)
{
    if (n->id == id && n->kind != PLAN_LOCAL_AGG && n->kind != PLAN_EXCHANGE) return n;
    for (u32 i = 0; i < n->ninputs; i++) {
        const PlanNode *found = node_find(n->input[i], id);
        if (found) return found;
    }
    return NULL;
}

static const PlanNode *
looked_node(const Looked *k, u32 id)
{
    for (u32 i = 0; k->plan && i < k->plan->nroots; i++) {
        const PlanNode *found = node_find(k->plan->roots[i], id);
        if (found) return found;
    }
    return NULL;
}

/* "Aggregate" of "Aggregate(...)". */
static Str
op_kind(Str text)
{
    u32 n = 0;
    while (n < text.len && text.ptr[n] != '(') n++;
    return (Str){text.ptr, n};
}

static Str
looked_text(const Looked *k, u32 id)
{
    for (u32 i = 0; i < k->texts.len; i++) {
        if (k->texts.at[i].id == id) return k->texts.at[i].text;
    }
    return (Str){0};
}

/* ---- check ---------------------------------------------------------------------------------- */

typedef struct TableWalk {
    const Looked *looked;
    LookRows *rows;
    u32 op; /* show: of which to sum up */
    u64 records, bytes;
} TableWalk;

static Status
check_table(void *ctx, const StoreTable *t, Err *err)
{
    TableWalk *w = ctx;
    i64 numbers[] = {t->op, t->table, (i64)t->records, (i64)t->bytes};
    Str kind = op_kind(looked_text(w->looked, t->op));
    return look_row(w->rows, numbers, &kind, err);
}

static Status
state_check(Looked *k, Err *err)
{
    static const LookColumn columns[] = {
        {"operator", true}, {"kind", false}, {"table", true}, {"records", true}, {"bytes", true}};
    StoreCheck check;
    LookRows rows;
    TRY(state_store_check(k->store, &check, err));
    TRY(look_begin(&rows, k->desk, columns, ARRAY_LEN(columns), err));
    TableWalk w = {.looked = k, .rows = &rows};
    Status st = state_store_each_table(k->store, check_table, &w, err);
    TRY(look_end(&rows, st, err));
    look_note(k->desk, "epoch %llu: %llu records, %llu bytes, no damage",
              (unsigned long long)check.epoch, (unsigned long long)check.records,
              (unsigned long long)check.bytes);
    return ERR_OK;
}

/* ---- show ----------------------------------------------------------------------------------- */

static Status
show_sum(void *ctx, const StoreTable *t, Err *err)
{
    TableWalk *w = ctx;
    (void)err;
    if (t->op != w->op) return ERR_OK;
    w->records += t->records;
    w->bytes += t->bytes;
    return ERR_OK;
}

typedef struct PositionText {
    const PlanNode *scan;
    StrBuf text;
    const TimeZone *zone;
} PositionText;

static Status
show_position(void *ctx, const StateRecord *record, Err *err)
{
    PositionText *p = ctx;
    const SourceDef *source = p->scan->scan.table->connector->source;
    return feed_position_show(source, record->image, &p->text, err);
}

static Status
show_op(Looked *k, LookRows *rows, const OpText *op, Err *err)
{
    TableWalk w = {.op = op->id};
    TRY(state_store_each_table(k->store, show_sum, &w, err));
    const PlanNode *n = looked_node(k, op->id);
    PositionText p = {.scan = n};
    Status st = ERR_OK;
    if (n && n->kind == PLAN_SCAN) {
        st = state_store_each(k->store, op->id, FEED_TABLE, show_position, &p, err);
    }
    i64 numbers[] = {op->id, (i64)w.records, (i64)w.bytes};
    Str texts[] = {op->text, strbuf_view(&p.text)};
    if (!texts[1].len) texts[1].ptr = NULL;
    if (!st) st = look_row(rows, numbers, texts, err);
    strbuf_done(&p.text);
    return st;
}

static Status
show_job(Looked *k, Err *err)
{
    static const char *const names[] = {"name", "path", "uuid", "finished"};
    StrBuf value = {0};
    bool there;
    Status st = ERR_OK;
    for (u32 i = 0; i < ARRAY_LEN(names) && !st; i++) {
        strbuf_clear(&value);
        st = state_store_meta(k->store, str_from(names[i]), &value, &there, err);
        if (!st && there) look_note(k->desk, "%s: %.400s", names[i], value.ptr);
    }
    strbuf_done(&value);
    if (!st) look_note(k->desk, "epoch: %llu", (unsigned long long)state_store_epoch(k->store));
    return st;
}

static Status
state_show(Looked *k, Err *err)
{
    static const LookColumn columns[] = {{"operator", true},
                                         {"records", true},
                                         {"bytes", true},
                                         {"meaning", false},
                                         {"position", false}};
    Err why;
    LookRows rows;
    TRY(show_job(k, err));
    if (looked_plan(k, &why)) look_note(k->desk, "the job's text has no plan now: %s", why.text);
    TRY(look_begin(&rows, k->desk, columns, ARRAY_LEN(columns), err));
    Status st = ERR_OK;
    for (u32 i = 0; i < k->texts.len && !st; i++) st = show_op(k, &rows, &k->texts.at[i], err);
    return look_end(&rows, st, err);
}

/* ---- export --------------------------------------------------------------------------------- */

static void
hex_print(StrBuf *out, Str bytes)
{
    static const char digits[] = "0123456789abcdef";
    char *to = strbuf_room(out, (size_t)bytes.len * 2 + 1);
    for (u32 i = 0; i < bytes.len; i++) {
        to[2 * i] = digits[(u8)bytes.ptr[i] >> 4];
        to[2 * i + 1] = digits[(u8)bytes.ptr[i] & 15];
    }
    out->len += (size_t)bytes.len * 2;
    out->ptr[out->len] = '\0';
}

typedef struct ExportWalk {
    const Looked *looked;
    LookRows *rows;
    u32 op;
} ExportWalk;

static Status
export_record(void *ctx, const StateRecord *r, Err *err)
{
    ExportWalk *w = ctx;
    StrBuf hex = {0};
    hex_print(&hex, r->image);
    i64 numbers[] = {w->op, r->key.table, r->subtask, r->key.pane[0], r->key.pane[1], r->key.chunk};
    Str texts[] = {op_kind(looked_text(w->looked, w->op)), strbuf_view(&hex)};
    if (!hex.len) texts[1] = STR("");
    Status st = look_row(w->rows, numbers, texts, err);
    strbuf_done(&hex);
    return st;
}

static Status
export_table(void *ctx, const StoreTable *t, Err *err)
{
    ExportWalk *w = ctx;
    w->op = t->op;
    return state_store_each(w->looked->store, t->op, t->table, export_record, w, err);
}

static Status
state_export(Looked *k, Err *err)
{
    static const LookColumn columns[] = {{"operator", true}, {"kind", false}, {"table", true},
                                         {"subtask", true},  {"pane", true},  {"slice", true},
                                         {"chunk", true},    {"bytes", false}};
    LookRows rows;
    TRY(look_begin(&rows, k->desk, columns, ARRAY_LEN(columns), err));
    ExportWalk w = {.looked = k, .rows = &rows};
    Status st = state_store_each_table(k->store, export_table, &w, err);
    return look_end(&rows, st, err);
}

Status
weir_state(Weir *w, WeirStateLook look, const char *folder, const WeirOutput *out, Err *err)
{
    static Status (*const looks[])(Looked *, Err *) = {
        [WEIR_STATE_CHECK] = state_check,
        [WEIR_STATE_SHOW] = state_show,
        [WEIR_STATE_EXPORT] = state_export,
    };
    Desk d;
    Looked k = {0};
    err->pos = POS_NONE;
    desk_open(&d, w, out, false);
    Status st = looked_open(&k, &d, folder, err);
    if (!st) st = looks[look](&k, err);
    looked_close(&k);
    desk_close(&d);
    return st;
}

/* ---- state('job', 'operator') --------------------------------------------------------------- */

/* Instead of an operator: 't$late'. */
static const Str late_suffix = {"$late", 5};

/* The operator by its number, or by the beginning of its text, of which there must be one. */
static Status
operator_find(const Looked *k, Str wanted, u32 *ret_id, Err *err)
{
    i64 id = 0;
    u32 found = 0;
    bool number = str_to_i64(wanted, &id);
    for (u32 i = 0; i < k->texts.len; i++) {
        const OpText *t = &k->texts.at[i];
        bool same = number ? t->id == id : str_eq_nocase(op_kind(t->text), wanted);
        if (!same && !number && !str_starts(t->text, wanted)) continue;
        if (number && !same) continue;
        *ret_id = t->id;
        found++;
    }
    if (found == 1) return ERR_OK;
    Status st = found ? err_set(err, W2010, POS_NONE, "%u operators of the job are \"%.*s\"", found,
                                (int)MIN(wanted.len, 100u), wanted.ptr)
                      : err_set(err, W2002, POS_NONE, "the job has no operator \"%.*s\"",
                                (int)MIN(wanted.len, 100u), wanted.ptr);
    StrBuf names = {0};
    for (u32 i = 0; i < k->texts.len && names.len < 180; i++) {
        strbuf_printf(&names, "%s%u %.*s", i ? ", " : "", k->texts.at[i].id,
                      STR_ARG(op_kind(k->texts.at[i].text)));
    }
    st = err_hint(err, st, "Name it by its number: %s.", names.ptr ? names.ptr : "it has none");
    strbuf_done(&names);
    return st;
}

/* CREATE TEMPORARY TABLE for the operator's rows. A name that is there twice gets a number. */
static void
table_text(const PlanNode *n, Str table, StrBuf *out)
{
    strbuf_printf(out, "CREATE TEMPORARY TABLE `%.*s` (", STR_ARG(table));
    for (u32 i = 0; i < n->schema.len; i++) {
        Str name = n->schema.at[i].name;
        bool again = name.len == 0;
        for (u32 k = 0; k < i; k++) again |= str_eq(name, n->schema.at[k].name);
        strbuf_str(out, i ? STR(", `") : STR("`"));
        for (u32 c = 0; c < name.len; c++) {
            if (name.ptr[c] == '`') strbuf_char(out, '`');
            strbuf_char(out, name.ptr[c]);
        }
        if (again) strbuf_printf(out, "$%u", i);
        strbuf_str(out, STR("` "));
        type_print(out, type_nullable(n->schema.at[i].type, true));
    }
    strbuf_str(out, STR(") WITH ('connector' = 'memory')"));
}

typedef struct TableFill {
    Weir *weir;
    Str table;
} TableFill;

static Status
table_rows(void *ctx, const Batch *b, Err *err)
{
    const TableFill *f = ctx;
    (void)err;
    memory_table_push(f->weir->memory, f->table, batch_slice(b, 0, b->rows));
    return ERR_OK;
}

/* Made anew each time, so that each query sees the epoch of its start. */
Status
desk_make_table(Desk *d, const char *create, Str table, Err *err)
{
    Stmt *stmt = NULL;
    u32 next = 0;
    bool done;
    static const WeirOutput nobody = {0};
    TRY(catalog_drop(d->weir->catalog, CATALOG_TABLE, table, true, POS_NONE, &done, err));
    memory_table_drop(d->weir->memory, table);
    TRY(parse_statement(d->arena, str_from(create), 0, &stmt, &next, err));
    const WeirOutput *out = d->out;
    d->out = &nobody;
    Status st = desk_statement(d, stmt, err);
    d->out = out;
    return st;
}

/* The late rows of a table, however often the job reads it. */
static Status
late_rows_below(const Looked *k, const PlanNode *n, Str table, TableFill *fill, bool *ret_any,
                Err *err)
{
    for (u32 i = 0; i < n->ninputs; i++) {
        TRY(late_rows_below(k, n->input[i], table, fill, ret_any, err));
    }
    if (n->kind != PLAN_SCAN || !str_eq(str_from(n->scan.name), table)) return ERR_OK;
    *ret_any = true;
    return late_store_read(k->store, n->id, table_rows, fill, err);
}

static Status
late_table_fill(Looked *k, Str wanted, Str table, Err *err)
{
    Str name = {wanted.ptr, wanted.len - late_suffix.len};
    TableFill fill = {k->desk->weir, table};
    bool any = false;
    TRY(looked_plan(k, err));
    TRY(desk_make_late_table(k->desk, table, err));
    for (u32 i = 0; i < k->plan->nroots; i++) {
        TRY(late_rows_below(k, k->plan->roots[i], name, &fill, &any, err));
    }
    if (any) return ERR_OK;
    return err_set(err, W2002, POS_NONE, "the job does not read a table \"%.*s\"",
                   (int)MIN(name.len, 100u), name.ptr);
}

static Status
state_table_fill(Looked *k, Str wanted, Str table, Err *err)
{
    u32 id = 0;
    if (str_ends(wanted, late_suffix)) return late_table_fill(k, wanted, table, err);
    TRY(operator_find(k, wanted, &id, err));
    TRY(looked_plan(k, err));
    const PlanNode *n = looked_node(k, id);
    if (!n) return err_set(err, W5005, POS_NONE, "the job's text has no operator %u now", id);
    StrBuf create = {0};
    table_text(n, table, &create);
    Status st = desk_make_table(k->desk, create.ptr, table, err);
    strbuf_done(&create);
    TableFill fill = {k->desk->weir, table};
    JobOutput output = {.ctx = &fill, .rows = table_rows};
    if (!st) st = state_look_rows(k->store, n, &k->inner_desk.session, &output, err);
    return st;
}

Status
desk_state_table(void *ctx, Arena *a, Str job, Str op, Str *ret_table, Err *err)
{
    Desk *d = ctx;
    StrBuf folder = {0}, table = {0};
    Looked k = {0};
    bool path = memchr(job.ptr ? job.ptr : "", '/', job.len) != NULL;
    Status st = ERR_OK;
    if (path)
        strbuf_str(&folder, job);
    else
        st = weir_job_folder(d->weir->options.jobs, job, &folder, err);
    strbuf_printf(&table, "state$%.*s$%.*s", STR_ARG(job), STR_ARG(op));
    *ret_table = (Str){arena_copy(a, table.ptr, table.len), (u32)table.len};
    for (u32 i = 0; i < ret_table->len; i++) { /* quotes would end its name */
        char *c = (char *)(uintptr_t)ret_table->ptr + i;
        if (*c == '`' || *c < ' ') *c = '_';
    }
    if (!st) st = looked_open(&k, d, folder.ptr, err);
    if (!st) st = state_table_fill(&k, op, *ret_table, err);
    looked_close(&k);
    strbuf_done(&folder);
    strbuf_done(&table);
    return st;
}
