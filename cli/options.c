/* options.c - the table of options and its parser: --name value, --name=value, -n value, -nvalue;
 * options and operands in any order, -- ends the options. */
#include "cli/options.h"
#include "base/number.h"

static Status
value_refused(const char *option, const char *value, const char *wanted, Err *err)
{
    return err_set(err, W8001, POS_NONE, "--%s takes %s, not \"%.100s\"", option, wanted, value);
}

static Status
value_u64(const char *option, const char *value, i64 min, i64 max, u64 *ret, Err *err)
{
    i64 n;
    if (!str_to_i64(str_from(value), &n) || n < min || n > max) {
        Status st = value_refused(option, value, "a whole number", err);
        return err_hint(err, st, "Write a number from %lld to %lld.", (long long)min,
                        (long long)max);
    }
    *ret = (u64)n;
    return ERR_OK;
}

static Status
script_add(Options *o, bool is_file, const char *text, Err *err)
{
    if (o->nscripts == SCRIPTS_MAX) {
        return err_set(err, W8001, POS_NONE, "more than %d of -c and -f", SCRIPTS_MAX);
    }
    o->script[o->nscripts++] = (ScriptArg){is_file, text};
    return ERR_OK;
}

static Status
set_command(Options *o, const char *v, Err *err)
{
    return script_add(o, false, v, err);
}

static Status
set_file(Options *o, const char *v, Err *err)
{
    return script_add(o, true, v, err);
}

static Status
set_format(Options *o, const char *v, Err *err)
{
    o->format = render_find(str_from(v));
    if (o->format) return ERR_OK;
    Status st = value_refused("format", v, "the name of a format", err);
    Nearest near = {0};
    StrBuf names = {0};
    for (u32 i = 0; render_at(i); i++) {
        nearest_offer(&near, str_from(v), str_from(render_at(i)->name));
        strbuf_printf(&names, "%s%s", i ? ", " : "", render_at(i)->name);
    }
    if (near.best.len) {
        st = err_hint(err, st, "Did you mean \"%.*s\"?", STR_ARG(near.best));
    } else {
        st = err_hint(err, st, "Formats are %s.", names.ptr);
    }
    strbuf_done(&names);
    return st;
}

static Status
set_color(Options *o, const char *v, Err *err)
{
    static const char *const words[] = {"auto", "always", "never"};
    for (u32 i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(v, words[i]) != 0) continue;
        o->color = (ColorMode)i;
        return ERR_OK;
    }
    return value_refused("color", v, "auto, always or never", err);
}

static Status
set_param(Options *o, const char *v, Err *err)
{
    const char *eq = strchr(v, '=');
    if (!eq || eq == v) return value_refused("param", v, "name=value", err);
    if (o->nparams == PARAMS_MAX) {
        return err_set(err, W8001, POS_NONE, "more than %d parameters", PARAMS_MAX);
    }
    o->param[o->nparams++] = (ParamArg){{v, (u32)(eq - v)}, str_from(eq + 1)};
    return ERR_OK;
}

static Status
set_threads(Options *o, const char *v, Err *err)
{
    u64 n = 0;
    TRY(value_u64("threads", v, 1, 1024, &n, err));
    o->threads = (u32)n;
    return ERR_OK;
}

static Status
set_batch(Options *o, const char *v, Err *err)
{
    u64 n = 0;
    TRY(value_u64("batch", v, 1, BATCH_ROWS_MAX, &n, err));
    o->batch_rows = (u32)n;
    return ERR_OK;
}

static Status
set_seed(Options *o, const char *v, Err *err)
{
    return value_u64("seed", v, 1, INT64_MAX, &o->seed, err);
}

static Status
set_restart(Options *o, const char *v, Err *err)
{
    u64 n = 0;
    TRY(value_u64("restart", v, 1, 1000, &n, err));
    o->restart_epochs = (u32)n;
    return ERR_OK;
}

static Status
set_timeout(Options *o, const char *v, Err *err)
{
    f64 seconds;
    if (f64_parse(v, (u32)strlen(v), &seconds) != TEXT_OK || !(seconds > 0 && seconds < 1e9)) {
        return value_refused("timeout", v, "a number of seconds above 0", err);
    }
    o->timeout_seconds = seconds;
    return ERR_OK;
}

static Status
set_stop_timeout(Options *o, const char *v, Err *err)
{
    f64 seconds;
    if (f64_parse(v, (u32)strlen(v), &seconds) != TEXT_OK || !(seconds > 0 && seconds < 1e9)) {
        return value_refused("stop-timeout", v, "a number of seconds above 0", err);
    }
    o->stop_timeout_seconds = seconds;
    return ERR_OK;
}

static Status
set_name(Options *o, const char *v, Err *err)
{
    if (!v[0]) return value_refused("name", v, "a name", err);
    o->job_name = v;
    return ERR_OK;
}

static Status
set_state(Options *o, const char *v, Err *err)
{
    if (!v[0]) return value_refused("state", v, "a folder", err);
    o->state = v;
    return ERR_OK;
}

static Status
set_null(Options *o, const char *v, Err *err)
{
    (void)err;
    o->null_text = v;
    return ERR_OK;
}

static Status
set_catalog(Options *o, const char *v, Err *err)
{
    if (!v[0]) return value_refused("catalog", v, "a path", err);
    o->catalog = v;
    return ERR_OK;
}

#define FLAG(field)                                                                                \
    static Status set_##field(Options *o, const char *v, Err *err)                                 \
    {                                                                                              \
        (void)v;                                                                                   \
        (void)err;                                                                                 \
        o->field = true;                                                                           \
        return ERR_OK;                                                                             \
    }
FLAG(no_header)
FLAG(no_optimize)
FLAG(no_rc)
FLAG(quiet)
FLAG(help)
FLAG(version)
FLAG(update)
FLAG(fresh)
#undef FLAG

static const OptionRow rows[] = {
    {"command", 'c', "SQL", set_command, "run these statements"},
    {"file", 'f', "FILE", set_file, "run the statements of a file (- is stdin); ends at an error"},
    {"param", 'v', "NAME=VALUE", set_param, "replace ${NAME} in the SQL"},
    {"format", 0, "NAME", set_format, "table, box, csv, tsv, json, jsonl, markdown or line"},
    {"no-header", 0, NULL, set_no_header, "no column names"},
    {"null", 0, "TEXT", set_null, "what to print for NULL"},
    {"color", 0, "WHEN", set_color, "auto, always or never"},
    {"quiet", 'q', NULL, set_quiet, "no notes, no progress, no row counts"},
    {"timeout", 0, "SECONDS", set_timeout, "give up after so long, with exit code 124"},
    {"catalog", 0, "PATH", set_catalog, "where tables and views are kept"},
    {"no-rc", 0, NULL, set_no_rc, "the shell does not read weirrc.sql"},
    {"name", 0, "NAME", set_name, "`weir run`: the job's name, if not the file's"},
    {"state", 0, "FOLDER", set_state, "`weir run`: where the job keeps its state"},
    {"fresh", 0, NULL, set_fresh, "`weir run`: forget the job's state and begin anew"},
    {"stop-timeout", 0, "SECONDS", set_stop_timeout,
     "`weir run`: how long a stop may take (30 if not given)"},
    {"threads", 0, "N", set_threads, "workers; as many as processors if not given"},
    {"batch", 0, "N", set_batch, "rows per batch, for tests (1 to 2048)"},
    {"restart", 0, "N", set_restart, "crash after every N epochs and go on, for tests"},
    {"seed", 0, "N", set_seed, "one thread, tasks in an order made from N, for tests"},
    {"no-optimize", 0, NULL, set_no_optimize, "leave out the optimiser's passes, for tests"},
    {"update", 0, NULL, set_update, "`weir test` writes what came out into the files"},
    {"help", 'h', NULL, set_help, "print this text"},
    {"version", 'V', NULL, set_version, "print the version"},
};

u32
option_rows(const OptionRow **ret_rows)
{
    *ret_rows = rows;
    return ARRAY_LEN(rows);
}

static Status
option_find(Str name, bool letter, const OptionRow **ret_row, Err *err)
{
    Nearest near = {0};
    for (u32 i = 0; i < ARRAY_LEN(rows); i++) {
        bool same = letter ? rows[i].letter == name.ptr[0] : str_eq(name, str_from(rows[i].name));
        if (same) {
            *ret_row = &rows[i];
            return ERR_OK;
        }
        if (!letter) nearest_offer(&near, name, str_from(rows[i].name));
    }
    Status st = err_set(err, W8001, POS_NONE, "there is no option %s%.*s", letter ? "-" : "--",
                        (int)MIN(name.len, 100u), name.ptr);
    if (near.best.len) return err_hint(err, st, "Did you mean --%.*s?", STR_ARG(near.best));
    return err_hint(err, st, "`weir help` lists the options.");
}

/* One option and its value; *at moves past both. */
static Status
option_take(u32 argc, char **argv, u32 *at, Options *o, Err *err)
{
    const char *text = argv[(*at)++];
    bool letter = text[1] != '-';
    Str name = str_from(text + (letter ? 1 : 2));
    const char *value = NULL;
    const char *eq = letter ? NULL : strchr(name.ptr, '=');
    if (eq) {
        name.len = (u32)(eq - name.ptr);
        value = eq + 1;
    } else if (letter && name.len > 1) {
        value = name.ptr + 1;
        name.len = 1;
    }
    const OptionRow *row = NULL;
    TRY(option_find(name, letter, &row, err));
    if (!row->arg && value) {
        return err_set(err, W8001, POS_NONE, "--%s takes no value", row->name);
    }
    if (row->arg && !value) {
        if (*at == argc) {
            Status st = err_set(err, W8001, POS_NONE, "--%s needs a value", row->name);
            return err_hint(err, st, "Write --%s %s.", row->name, row->arg);
        }
        value = argv[(*at)++];
    }
    return row->set(o, value, err);
}

Status
options_parse(u32 argc, char **argv, Options *ret_options, Err *err)
{
    Options *o = ret_options;
    u32 at = 0;
    o->operand = argv;
    bool options = true;
    while (at < argc) {
        const char *text = argv[at];
        if (options && strcmp(text, "--") == 0) {
            options = false;
            at++;
        } else if (options && text[0] == '-' && text[1]) {
            TRY(option_take(argc, argv, &at, o, err));
        } else {
            argv[o->noperands++] = argv[at++];
        }
    }
    return ERR_OK;
}
