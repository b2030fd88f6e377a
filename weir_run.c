/* weir_run.c - a script as one job: its statements, its name, its folder, and what it left there.
 *
 *     <jobs>/<name>/   the store (exec/state/store.h), whose texts say whose state it is:
 *                      uuid, name, path and sql of the script, op.<id> = what the operator means,
 *                      and finished, once the job has come to its end
 *
 * A start is always the same: take the lock, compare, go on from the last epoch, which is the
 * beginning when there is none. */
#include "base/hash.h"
#include "base/mem.h"
#include "exec/state/store.h"
#include "weir_desk.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

/* ---- the script ----------------------------------------------------------------------------- */

Status
desk_collect_inserts(Desk *d, Str script, const Insert ***ret_inserts, u32 *ret_n, Err *err)
{
    u32 cap = 0;
    for (u32 at = 0;;) {
        Stmt *s = NULL;
        TRY(parse_statement(d->arena, script, at, &s, &at, err));
        if (!s) break;
        bool one = s->kind == STMT_INSERT;
        if (s->kind == STMT_QUERY) {
            Status st = err_set(err, W2020, s->pos, "a job has no place for a query's rows");
            err_at(err, s->pos, MIN(s->width, 6u));
            return err_hint(err, st, "Write INSERT INTO a table; run a query with weir -f.");
        }
        if (!one && s->kind != STMT_STATEMENT_SET) {
            TRY(desk_statement(d, s, err));
            continue;
        }
        u32 n = one ? 1 : s->set->len;
        for (u32 i = 0; i < n; i++) {
            mem_grow(*ret_inserts, *ret_n, cap);
            (*ret_inserts)[(*ret_n)++] = one ? s->insert : s->set->at[i]->insert;
        }
    }
    if (*ret_n) return ERR_OK;
    Status st = err_set(err, W2020, POS_NONE, "the job has no INSERT");
    return err_hint(err, st, "A job writes: INSERT INTO a table SELECT ... .");
}

/* ---- name and folder ------------------------------------------------------------------------ */

enum { JOB_NAME_MAX = 100 };

/* --name, else SET 'pipeline.name', else the file's name up to its last dot. */
static Str
job_name(const Weir *w, const WeirRun *run)
{
    if (run->name) return str_from(run->name);
    Str set = weir_setting(w, "pipeline.name");
    if (set.len) return set;
    const char *slash = strrchr(run->path, '/');
    Str name = str_from(slash ? slash + 1 : run->path);
    for (u32 i = name.len; i-- > 1;) {
        if (name.ptr[i] == '.') return (Str){name.ptr, i};
    }
    return name;
}

static Status
job_name_check(Str name, Err *err)
{
    bool ok = name.len > 0 && name.len <= JOB_NAME_MAX && name.ptr[0] != '.' && name.ptr[0] != '-';
    for (u32 i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        ok &= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '.' || c == '_' || c == '-';
    }
    if (ok) return ERR_OK;
    Status st = err_set(err, W8001, POS_NONE, "\"%.*s\" is no name for a job",
                        (int)MIN(name.len, 200u), name.ptr);
    return err_hint(err, st, "Give it one with --name: letters, digits, dot, _ and -, at most %d.",
                    JOB_NAME_MAX);
}

Status
weir_job_folder(const char *jobs, Str name, StrBuf *ret_path, Err *err)
{
    TRY(job_name_check(name, err));
    if (!jobs) {
        Status st = err_set(err, W8001, POS_NONE, "there is no folder for the state of jobs");
        return err_hint(err, st, "Set $HOME or $XDG_DATA_HOME, or name a folder with --state.");
    }
    strbuf_printf(ret_path, "%s/%.*s", jobs, STR_ARG(name));
    return ERR_OK;
}

/* ---- one start ------------------------------------------------------------------------------ */

typedef struct Start {
    Desk *desk;
    const WeirRun *run;
    Str name, sql;
    StrBuf folder, token;
    DeskState state;
    bool finished; /* at an earlier start */
    OpTexts then, now;
} Start;

static void PRINTF(2, 3) start_note(const Start *s, const char *fmt, ...)
{
    const WeirOutput *out = s->desk->out;
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (out->note) out->note(out->ctx, text);
}

static Status
text_then(void *ctx, Str name, Str value, Err *err)
{
    OpTexts *then = ctx;
    i64 id = 0;
    (void)err;
    Str number = {name.ptr + 3, name.len - 3};
    if (str_to_i64(number, &id) && id >= 0 && id <= UINT32_MAX && value.len) {
        op_texts_add(then, (u32)id, value);
    }
    return ERR_OK;
}

/* The same name from another file is most likely a mistake. */
static Status
path_compare(const Start *s, Err *err)
{
    StrBuf path = {0};
    bool there = false;
    Status st = state_store_meta(s->state.store, STR("path"), &path, &there, err);
    if (!st && there && !str_eq(strbuf_view(&path), str_from(s->run->path))) {
        st = err_set(err, W5005, POS_NONE, "the state of job \"%.*s\" belongs to \"%.*s\"",
                     STR_ARG(s->name), (int)MIN(path.len, 200u), path.ptr);
        (void)err_hint(err, st,
                       "Give this job a name of its own with --name; if the file was moved, begin "
                       "anew with --fresh.");
    }
    strbuf_done(&path);
    return st;
}

static Status
plan_compare(Start *s, Err *err)
{
    TRY(state_store_each_meta(s->state.store, STR("op."), text_then, &s->then, err));
    op_texts_sort(&s->then);
    if (op_texts_same(&s->then, &s->now)) return ERR_OK;
    u32 changed = op_texts_compare(s->desk->out, &s->then, &s->now);
    Status st =
        err_set(err, W5005, POS_NONE,
                "the query of job \"%.*s\" has changed: %u %s where the state says otherwise",
                STR_ARG(s->name), changed, changed == 1 ? "operator is" : "operators are");
    return err_hint(err, st, "Begin anew with --fresh, keep both with --name, or undo the change.");
}

static Status
start_resume(Start *s, Err *err)
{
    StrBuf value = {0};
    TRY(path_compare(s, err));
    TRY(plan_compare(s, err));
    Status st = state_store_meta(s->state.store, STR("finished"), &value, &s->finished, err);
    s->finished = s->finished && str_eq(strbuf_view(&value), STR("yes"));
    strbuf_done(&value);
    u64 epoch = state_store_epoch(s->state.store);
    if (!st && !s->finished) {
        start_note(s, "job %.*s goes on from epoch %llu", STR_ARG(s->name),
                   (unsigned long long)epoch);
    }
    return st;
}

static Status
note_uuid(StateStore *store, Err *err)
{
    u8 bytes[16];
    StrBuf text = {0};
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) {
        return err_set(err, W5001, POS_NONE, "there are no random numbers");
    }
    bytes[6] = (u8)((bytes[6] & 0x0F) | 0x40); /* RFC 4122, version 4 */
    bytes[8] = (u8)((bytes[8] & 0x3F) | 0x80);
    for (u32 i = 0; i < sizeof bytes; i++) {
        strbuf_printf(&text, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
    }
    state_store_note(store, STR("uuid"), strbuf_view(&text));
    strbuf_done(&text);
    return ERR_OK;
}

/* Everything that the first epoch says of the job; only the text may change later. */
static Status
start_describe(Start *s, Err *err)
{
    StateStore *store = s->state.store;
    state_store_note(store, STR("sql"), s->sql);
    if (state_store_epoch(store)) return ERR_OK;
    state_store_note(store, STR("name"), s->name);
    state_store_note(store, STR("path"), str_from(s->run->path));
    for (u32 i = 0; i < s->now.len; i++) {
        char name[24];
        int n = snprintf(name, sizeof name, "op.%u", s->now.at[i].id);
        state_store_note(store, (Str){name, (u32)n}, s->now.at[i].text);
    }
    return note_uuid(store, err);
}

/* Unfinished files of a sink carry the job's mark. It comes from the folder, so that a job that
 * begins anew, or that died before its first epoch, still knows what is its own. */
static void
start_token(Start *s)
{
    char *real = realpath(s->folder.ptr, NULL);
    Str folder = real ? str_from(real) : strbuf_view(&s->folder);
    strbuf_printf(&s->token, "%.*s-%016llx", STR_ARG(s->name),
                  (unsigned long long)hash_bytes(folder.ptr, folder.len, 0));
    free(real); /* tidy: ok, libc made it */
}

static Status
start_open(Start *s, Err *err)
{
    const WeirRun *run = s->run;
    s->name = job_name(s->desk->weir, run);
    TRY(job_name_check(s->name, err));
    if (run->state)
        strbuf_str(&s->folder, str_from(run->state));
    else
        TRY(weir_job_folder(run->jobs, s->name, &s->folder, err));
    TRY(state_store_open(s->folder.ptr, run->fresh ? STORE_FRESH : STORE_WRITE, &s->state.store,
                         err));
    start_token(s);
    s->state.job = s->token.ptr;
    if (!run->opened) return ERR_OK;
    const void *map;
    size_t bytes;
    state_store_map(s->state.store, &map, &bytes);
    run->opened(run->ctx, s->folder.ptr, map, bytes);
    return ERR_OK;
}

static Status
start_work(Start *s, const Plan *plan, Err *err)
{
    op_texts_of_plan(&s->now, plan);
    TRY(start_open(s, err));
    if (state_store_epoch(s->state.store)) TRY(start_resume(s, err));
    unsigned long long epoch = state_store_epoch(s->state.store);
    if (s->finished) {
        start_note(s, "job %.*s has finished at epoch %llu; --fresh runs it again",
                   STR_ARG(s->name), epoch);
        return ERR_OK;
    }
    TRY(start_describe(s, err));
    TRY(desk_run_plan(s->desk, plan, &s->state, err));
    epoch = state_store_epoch(s->state.store);
    start_note(s, s->state.finished ? "finished epoch=%llu" : "stopped epoch=%llu", epoch);
    return ERR_OK;
}

/* Nothing may be read from the map any more. */
static void
start_close(Start *s)
{
    if (s->state.store && s->run->opened) s->run->opened(s->run->ctx, NULL, NULL, 0);
    state_store_close(s->state.store);
    op_texts_done(&s->then);
    op_texts_done(&s->now);
    strbuf_done(&s->folder);
    strbuf_done(&s->token);
}

static Status
run_inserts(Desk *d, const Insert *const *inserts, u32 n, Str sql, const WeirRun *run, Err *err)
{
    Plan *plan = NULL;
    TRY(desk_plan_inserts(d, inserts, n, &plan, err));
    Status st = ERR_OK;
    if (!d->check && run) {
        Start s = {.desk = d, .run = run, .sql = sql};
        st = start_work(&s, plan, err);
        start_close(&s);
    } else if (!d->check) {
        st = desk_run_plan(d, plan, NULL, err);
    }
    plan_done(plan);
    return st;
}

void
weir_stop(Weir *w)
{
    atomic_store(&w->stop, true);
}

Status
weir_run_job(Weir *w, Str script, bool check, const WeirRun *run, const WeirOutput *out, Err *err)
{
    err->pos = POS_NONE;
    Expanded e = {0};
    TRY(weir_expand(w, script, 0, &e, err));
    Desk d;
    const Insert **inserts = NULL;
    u32 n = 0;
    desk_open(&d, w, out, check);
    atomic_store(&w->interrupt, false);
    atomic_store(&w->stop, false);
    Status st = desk_collect_inserts(&d, e.script, &inserts, &n, err);
    if (!st) st = run_inserts(&d, inserts, n, e.script, run, err);
    mem_free(inserts);
    if (st && err->pos != POS_NONE) err->pos = expanded_back(&e, err->pos);
    desk_close(&d);
    expanded_done(&e);
    return st;
}
