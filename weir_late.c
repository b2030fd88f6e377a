/* weir_late.c - t$late: the late rows of table t, as the last run that read it has left them.
 *
 * A session keeps them by the table's name. The planner asks for t$late when nothing in the catalog
 * has that name; what it gets is a memory table, made anew for each statement. Those of a job are
 * in its state: weir_state.c. */
#include "base/mem.h"
#include "weir_desk.h"

struct LateKept {
    Str table; /* owned */
    Batch **at;
    u32 len, cap;
};

static void
late_forget(LateKept *k)
{
    for (u32 i = 0; i < k->len; i++) batch_free(k->at[i]);
    k->len = 0;
}

void
weir_late_free(Weir *w)
{
    for (u32 i = 0; i < w->nlate; i++) {
        late_forget(&w->late[i]);
        mem_free(w->late[i].at);
        mem_free((void *)(uintptr_t)w->late[i].table.ptr);
    }
    mem_free(w->late);
}

static LateKept *
late_find(Weir *w, Str table)
{
    for (u32 i = 0; i < w->nlate; i++) {
        if (str_eq(w->late[i].table, table)) return &w->late[i];
    }
    return NULL;
}

static Status
late_keep_rows(void *ctx, const Batch *b, Err *err)
{
    LateKept *k = ctx;
    (void)err;
    mem_grow(k->at, k->len, k->cap);
    k->at[k->len++] = batch_slice(b, 0, b->rows);
    return ERR_OK;
}

/* A run that reads a table twice has late rows of both. */
void
desk_keep_late(Weir *w, Job *job)
{
    LateLog *log = job_late(job);
    Err err;
    for (u32 i = 0; i < late_log_tables(log); i++) {
        Str name = late_log_name(log, i);
        LateKept *k = late_find(w, name);
        if (k) {
            late_forget(k);
            continue;
        }
        mem_grow(w->late, w->nlate, w->late_cap);
        w->late[w->nlate++] = (LateKept){.table = {mem_strdup(name.ptr, name.len), name.len}};
    }
    for (u32 i = 0; i < late_log_tables(log); i++) {
        LateKept *k = late_find(w, late_log_name(log, i));
        Status st = late_log_read(log, i, late_keep_rows, k, &err);
        assert(!st); /* nothing in there can fail */
    }
}

Status
desk_make_late_table(Desk *d, Str table, Err *err)
{
    StrBuf create = {0};
    strbuf_printf(&create, "CREATE TEMPORARY TABLE `%.*s` (", STR_ARG(table));
    for (u32 i = 0; i < late_schema.len; i++) {
        strbuf_printf(&create, "%s`%.*s` ", i ? ", " : "", STR_ARG(late_schema.at[i].name));
        type_print(&create, late_schema.at[i].type);
    }
    strbuf_str(&create, STR(") WITH ('connector' = 'memory')"));
    Status st = desk_make_table(d, create.ptr, table, err);
    strbuf_done(&create);
    return st;
}

static Status
late_none(const TableDef *def, bool ran, Err *err)
{
    Str t = def->name;
    if (def->watermark_col == UINT32_MAX) {
        Status st = err_set(err, W2002, POS_NONE,
                            "table \"%.*s\" has no watermark, so no late rows", STR_ARG(t));
        return err_hint(err, st, "Declare one: WATERMARK FOR ts AS ts - INTERVAL '5' SECOND.");
    }
    if (def->watermark_options.late_keep == 0) {
        Status st = err_set(err, W2002, POS_NONE, "table \"%.*s\" keeps no late rows", STR_ARG(t));
        return err_hint(err, st, "Its option 'late.keep' is 0; give it a number of rows.");
    }
    if (ran) return ERR_OK;
    Status st = err_set(err, W2002, POS_NONE, "no query has read table \"%.*s\" in this session",
                        STR_ARG(t));
    return err_hint(err, st,
                    "Run a query with a window over it first; its late rows are then in "
                    "%.*s$late. Those of a job: state('job', '%.*s$late').",
                    STR_ARG(t), STR_ARG(t));
}

Status
desk_late_table(void *ctx, Arena *a, Str table, Str *ret_table, Err *err)
{
    Desk *d = ctx;
    Name name = {.text = table, .pos = POS_NONE};
    Path path = {.at = &name, .len = 1, .pos = POS_NONE};
    TableDef *def = NULL;
    TRY(plan_find_table(&d->planner, a, &path, &def, err));
    const LateKept *k = late_find(d->weir, table);
    Status st = late_none(def, k || d->check, err);
    table_def_done(def);
    if (st) return st;
    StrBuf text = {0};
    strbuf_printf(&text, "late$%.*s", STR_ARG(table));
    *ret_table = (Str){arena_copy(a, text.ptr, text.len), (u32)text.len};
    strbuf_done(&text);
    for (u32 i = 0; i < ret_table->len; i++) { /* a quote would end its name */
        char *c = (char *)(uintptr_t)ret_table->ptr + i;
        if (*c == '`') *c = '_';
    }
    TRY(desk_make_late_table(d, *ret_table, err));
    for (u32 i = 0; k && i < k->len; i++) {
        memory_table_push(d->weir->memory, *ret_table, batch_slice(k->at[i], 0, k->at[i]->rows));
    }
    return ERR_OK;
}
