/* shell_dot.c - commands of the shell: one row each, with the spelling of psql beside our own. */
#include "base/mem.h"
#include "cli/progress.h"
#include "cli/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { READ_DEPTH_MAX = 16 };

typedef struct DotRow {
    const char *name, *psql; /* psql: NULL if there is none */
    DotArg arg;
    const char *args; /* for .help */
    void (*run)(Shell *s, Str arg);
    const char *doc;
} DotRow;

static const DotRow *dot_at(u32 i);

/* ---- saying --------------------------------------------------------------------------------- */

static void
dot_say(Shell *s, const char *text)
{
    StrBuf line = {0};
    strbuf_printf(&line, "%s\n", text);
    if (!s->cli->opt.quiet) notice(strbuf_view(&line));
    strbuf_done(&line);
}

static void
dot_fail(Shell *s, Status st, const Err *err)
{
    (void)cli_fail(s->cli, st, err);
}

static void
dot_refused(Shell *s, const char *what, Str arg, const char *hint)
{
    Err err;
    Status st =
        err_set(&err, W8001, POS_NONE, "%s \"%.*s\"", what, (int)MIN(arg.len, 100u), arg.ptr);
    dot_fail(s, err_hint(&err, st, "%s", hint), &err);
}

/* ---- looking -------------------------------------------------------------------------------- */

static void
dot_list_each(void *ctx, Str name, Str detail)
{
    StrBuf *out = ctx;
    if (detail.len) {
        strbuf_printf(out, "%-24.*s %.*s\n", STR_ARG(name), STR_ARG(detail));
    } else {
        strbuf_printf(out, "%.*s\n", STR_ARG(name));
    }
}

static void
dot_list(Shell *s, WeirListKind kind, const char *none)
{
    StrBuf out = {0};
    weir_list(s->cli->weir, kind, (Str){0}, dot_list_each, &out);
    if (out.len) {
        shell_print(s, strbuf_view(&out));
    } else {
        dot_say(s, none);
    }
    strbuf_done(&out);
}

static void
dot_tables(Shell *s, Str arg)
{
    (void)arg;
    dot_list(s, WEIR_TABLES, "no tables");
}

static void
dot_views(Shell *s, Str arg)
{
    (void)arg;
    dot_list(s, WEIR_VIEWS, "no views");
}

static void
dot_functions(Shell *s, Str arg)
{
    (void)arg;
    dot_list(s, WEIR_FUNCTIONS, "no functions");
}

static void
dot_settings(Shell *s, Str arg)
{
    (void)arg;
    (void)shell_execute(s, STR("input"), STR("SET;"));
}

/* A statement about a name, which is quoted so that it can be any. */
static void
dot_statement(Shell *s, const char *before, Str name)
{
    StrBuf sql = {0};
    strbuf_printf(&sql, "%s `", before);
    for (u32 i = 0; i < name.len; i++) {
        if (name.ptr[i] == '`') strbuf_char(&sql, '`');
        strbuf_char(&sql, name.ptr[i]);
    }
    strbuf_str(&sql, STR("`;"));
    (void)shell_execute(s, STR("input"), strbuf_view(&sql));
    strbuf_done(&sql);
}

static void
dot_describe(Shell *s, Str arg)
{
    if (arg.len) {
        dot_statement(s, "DESCRIBE", arg);
    } else {
        dot_tables(s, arg);
    }
}

typedef struct NameList {
    StrBuf names; /* each ended by NUL */
    Str wanted;
    bool found;
} NameList;

static void
dot_collect(void *ctx, Str name, Str detail)
{
    (void)detail;
    NameList *list = ctx;
    if (str_eq(name, list->wanted)) list->found = true;
    strbuf_str(&list->names, name);
    strbuf_char(&list->names, '\0');
}

static void
dot_schema_all(Shell *s, WeirListKind kind, const char *before)
{
    NameList list = {0};
    weir_list(s->cli->weir, kind, (Str){0}, dot_collect, &list);
    for (size_t at = 0; at < list.names.len;) {
        Str name = str_from(list.names.ptr + at);
        dot_statement(s, before, name);
        at += name.len + 1;
    }
    strbuf_done(&list.names);
}

static void
dot_schema(Shell *s, Str arg)
{
    if (arg.len == 0) {
        dot_schema_all(s, WEIR_TABLES, "SHOW CREATE TABLE");
        dot_schema_all(s, WEIR_VIEWS, "SHOW CREATE VIEW");
        return;
    }
    NameList views = {.wanted = arg};
    weir_list(s->cli->weir, WEIR_VIEWS, (Str){0}, dot_collect, &views);
    dot_statement(s, views.found ? "SHOW CREATE VIEW" : "SHOW CREATE TABLE", arg);
    strbuf_done(&views.names);
}

/* ---- how results look ----------------------------------------------------------------------- */

static void
dot_mode(Shell *s, Str arg)
{
    StrBuf names = {0};
    const RenderDef *def = render_find(arg);
    if (def) {
        s->cli->format = def;
    } else if (str_eq_nocase(arg, STR("auto"))) {
        s->cli->format = NULL;
    } else {
        for (u32 i = 0; render_at(i); i++) strbuf_printf(&names, "%s, ", render_at(i)->name);
        strbuf_str(&names, STR("auto"));
        if (arg.len == 0) {
            StrBuf line = {0};
            strbuf_printf(&line, "mode is %s; there are %s",
                          s->cli->format ? s->cli->format->name : "auto", names.ptr);
            dot_say(s, line.ptr);
            strbuf_done(&line);
        } else {
            StrBuf hint = {0};
            strbuf_printf(&hint, "Write one of %s.", names.ptr);
            dot_refused(s, "there is no mode", arg, hint.ptr);
            strbuf_done(&hint);
        }
    }
    strbuf_done(&names);
}

static void
dot_expand(Shell *s, Str arg)
{
    (void)arg;
    bool on = s->cli->format != &render_line;
    if (on) s->format_was = s->cli->format;
    s->cli->format = on ? &render_line : s->format_was;
    dot_say(s, on ? "a line per column" : "a row per line");
}

/* on, off, or the other one. */
static bool
dot_switch(Shell *s, Str arg, bool *value)
{
    if (arg.len == 0) {
        *value = !*value;
    } else if (str_eq_nocase(arg, STR("on")) || str_eq_nocase(arg, STR("off"))) {
        *value = arg.len == 2;
    } else {
        dot_refused(s, "neither on nor off:", arg, "Write on or off.");
        return false;
    }
    return true;
}

static void
dot_timer(Shell *s, Str arg)
{
    if (dot_switch(s, arg, &s->cli->timer)) dot_say(s, s->cli->timer ? "timer on" : "timer off");
}

static void
dot_header(Shell *s, Str arg)
{
    if (dot_switch(s, arg, &s->cli->header)) {
        dot_say(s, s->cli->header ? "header on" : "header off");
    }
}

static void
dot_width(Shell *s, Str arg)
{
    i64 n = 0;
    if (arg.len && (!str_to_i64(arg, &n) || n < 0 || n > 100000)) {
        dot_refused(s, "not a width:", arg, "Write a number of columns; 0 is the terminal's.");
        return;
    }
    s->cli->columns = (u32)n;
}

static void
dot_null(Shell *s, Str arg)
{
    strbuf_clear(&s->cli->null_text);
    strbuf_str(&s->cli->null_text, arg);
    s->cli->null_set = arg.len > 0;
}

/* ---- files ---------------------------------------------------------------------------------- */

static void
dot_read(Shell *s, Str arg)
{
    Err err = {.pos = POS_NONE};
    StrBuf path = {0}, text = {0};
    strbuf_str(&path, arg);
    Status st = ERR_OK;
    if (arg.len == 0) {
        st = err_set(&err, W8001, POS_NONE, ".read needs a file");
    } else if (s->read_depth == READ_DEPTH_MAX) {
        st = err_set(&err, W7003, POS_NONE, ".read within .read, %d deep", READ_DEPTH_MAX);
    } else {
        st = file_read(path.ptr, &text, &err);
    }
    if (st) {
        dot_fail(s, st, &err);
    } else {
        s->read_depth++;
        (void)shell_execute(s, arg, strbuf_view(&text));
        s->read_depth--;
    }
    strbuf_done(&path);
    strbuf_done(&text);
}

static void
dot_output_close(Shell *s)
{
    Cli *cli = s->cli;
    Err err;
    Status st = output_flush(&cli->out, &err);
    if (st) dot_fail(s, st, &err);
    if (!cli->to_file) return;
    (void)close(cli->out.fd);
    mem_free((void *)(uintptr_t)cli->out.path);
    output_done(&cli->out);
    cli->out = output_make(STDOUT_FILENO, NULL);
    cli->to_file = false;
}

static void
dot_output(Shell *s, Str arg)
{
    dot_output_close(s);
    if (arg.len == 0) return;
    Err err;
    char *path = mem_strdup(arg.ptr, arg.len);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        Status st =
            err_set(&err, W4004, POS_NONE, "cannot write \"%.200s\": %s", path, strerror(errno));
        dot_fail(s, st, &err);
        mem_free(path);
        return;
    }
    output_done(&s->cli->out);
    s->cli->out = output_make(fd, path);
    s->cli->to_file = true;
}

/* ---- help, leaving -------------------------------------------------------------------------- */

static void
dot_help(Shell *s, Str arg)
{
    StrBuf out = {0};
    if (arg.len && arg.ptr[0] != '.') {
        Options saved = s->cli->opt;
        StrBuf topic = {0};
        strbuf_str(&topic, arg);
        char help[] = "help";
        char *words[] = {help, topic.ptr};
        s->cli->opt.operand = words;
        s->cli->opt.noperands = 2;
        (void)command_help(s->cli);
        s->cli->opt = saved;
        strbuf_done(&topic);
        return;
    }
    for (u32 i = 0; dot_at(i); i++) {
        const DotRow *row = dot_at(i);
        StrBuf head = {0};
        strbuf_printf(&head, "%s %s", row->name, row->args);
        strbuf_printf(&out, "  %-20s %-8s %s\n", head.ptr, row->psql ? row->psql : "", row->doc);
        strbuf_done(&head);
    }
    strbuf_str(&out, STR("Ctrl-C cancels what is typed or runs, Ctrl-D leaves, Tab completes.\n"));
    shell_print(s, strbuf_view(&out));
    strbuf_done(&out);
}

static void
dot_exit(Shell *s, Str arg)
{
    (void)arg;
    dot_output_close(s);
    s->leave = true;
}

static const DotRow rows[] = {
    {".help", "\\?", DOT_COMMAND, "[topic]", dot_help, "this list, or what `weir help` says"},
    {".tables", "\\dt", DOT_NONE, "", dot_tables, "tables"},
    {".views", "\\dv", DOT_NONE, "", dot_views, "views"},
    {".functions", "\\df", DOT_NONE, "", dot_functions, "functions"},
    {".describe", "\\d", DOT_TABLE, "[table]", dot_describe, "columns of a table or view"},
    {".schema", NULL, DOT_TABLE, "[table]", dot_schema, "CREATE statements"},
    {".settings", NULL, DOT_NONE, "", dot_settings, "settings and their values"},
    {".mode", NULL, DOT_FORMAT, "[format]", dot_mode, "how results look; auto by default"},
    {".expand", "\\x", DOT_NONE, "", dot_expand, "a line per column, or back"},
    {".header", NULL, DOT_SWITCH, "[on|off]", dot_header, "column names"},
    {".width", NULL, DOT_TEXT, "[columns]", dot_width, "widest table; 0: the terminal's width"},
    {".nullvalue", NULL, DOT_TEXT, "[text]", dot_null, "what to print for NULL"},
    {".timer", "\\timing", DOT_SWITCH, "[on|off]", dot_timer, "print how long statements take"},
    {".read", "\\i", DOT_FILE, "file", dot_read, "run a script"},
    {".output", "\\o", DOT_FILE, "[file]", dot_output, "results to a file, or to the screen again"},
    {".exit", NULL, DOT_NONE, "", dot_exit, "leave"},
    {".quit", "\\q", DOT_NONE, "", dot_exit, "leave"},
};

static const DotRow *
dot_at(u32 i)
{
    return i < ARRAY_LEN(rows) ? &rows[i] : NULL;
}

const char *
dot_name(u32 i, bool psql)
{
    /* A row without the spelling gives the other one: a list without holes. */
    if (i >= ARRAY_LEN(rows)) return NULL;
    return psql && rows[i].psql ? rows[i].psql : rows[i].name;
}

static const DotRow *
dot_find(Str name)
{
    for (u32 i = 0; i < ARRAY_LEN(rows); i++) {
        if (str_eq(name, str_from(rows[i].name))) return &rows[i];
        if (rows[i].psql && str_eq(name, str_from(rows[i].psql))) return &rows[i];
    }
    return NULL;
}

DotArg
dot_argument(Str command)
{
    const DotRow *row = dot_find(command);
    return row ? row->arg : DOT_NONE;
}

/* 'a file' and "a file" are one argument without the quotes. */
static Str
dot_unquote(Str arg)
{
    bool quoted = arg.len >= 2 && (arg.ptr[0] == '\'' || arg.ptr[0] == '"') &&
                  arg.ptr[arg.len - 1] == arg.ptr[0];
    return quoted ? (Str){arg.ptr + 1, arg.len - 2} : arg;
}

void
dot_run(Shell *s, Str line)
{
    u32 n = 0;
    while (n < line.len && line.ptr[n] != ' ' && line.ptr[n] != '\t' && line.ptr[n] != ';') n++;
    Str name = {line.ptr, n}, arg = str_trim((Str){line.ptr + n, line.len - n});
    if (arg.len && arg.ptr[arg.len - 1] == ';') arg = str_trim((Str){arg.ptr, arg.len - 1});
    const DotRow *row = dot_find(name);
    if (row) {
        row->run(s, dot_unquote(arg));
        return;
    }
    Nearest near = {0};
    for (u32 i = 0; i < ARRAY_LEN(rows); i++) {
        nearest_offer(&near, name, str_from(rows[i].name));
    }
    StrBuf hint = {0};
    if (near.best.len) {
        strbuf_printf(&hint, "Did you mean %.*s?", STR_ARG(near.best));
    } else {
        strbuf_str(&hint, STR(".help lists the commands."));
    }
    dot_refused(s, "there is no command", name, hint.ptr);
    strbuf_done(&hint);
}
