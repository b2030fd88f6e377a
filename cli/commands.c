/* commands.c - what `weir` does apart from jobs, the shell and help: scripts, check, explain,
 * doctor.
 *
 * Every command reads its scripts, opens a session (in memory unless --catalog names one), works,
 * and turns the outcome into an exit code. */
#include "cli/cli.h"
#include "cli/screen.h"
#include "grammar/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

Status
script_load(Script *s, bool is_file, const char *text, Err *err)
{
    if (!is_file) {
        s->name = STR("-c");
        strbuf_str(&s->text, str_from(text));
        return ERR_OK;
    }
    s->name = strcmp(text, "-") == 0 ? STR("stdin") : str_from(text);
    return file_read(text, &s->text, err);
}

/* ---- -c, -f, FILE, stdin ----------------------------------------------------------------------
 */

static Status
command_one_script(Cli *cli, bool is_file, const char *text)
{
    Script s = {0};
    Err err = {.pos = POS_NONE};
    Status st = script_load(&s, is_file, text, &err);
    if (st) {
        (void)cli_fail(cli, st, &err);
    } else {
        st = cli_script(cli, s.name, strbuf_view(&s.text));
    }
    strbuf_done(&s.text);
    return st;
}

int
command_script(Cli *cli)
{
    int code = cli_open(cli, NULL);
    if (code) return code;
    const Options *o = &cli->opt;
    signals_run(cli->signals, o->timeout_seconds);
    Status st = ERR_OK;
    for (u32 i = 0; i < o->nscripts && !st; i++) {
        st = command_one_script(cli, o->script[i].is_file, o->script[i].text);
    }
    for (u32 i = 0; i < o->noperands && !st; i++) st = command_one_script(cli, true, o->operand[i]);
    if (o->nscripts + o->noperands == 0) st = command_one_script(cli, true, "-");
    return cli_exit(cli, st);
}

Status
operand_one(const Cli *cli, const char *what, const char **ret, Err *err)
{
    const Options *o = &cli->opt;
    if (o->noperands != 2) {
        return err_set(err, W8001, POS_NONE, "%s takes one %s", o->operand[0], what);
    }
    *ret = o->operand[1];
    return ERR_OK;
}

/* ---- check ------------------------------------------------------------------------------------
 */

/* Goes on after an error: a person mends them all in one go. */
static Status
check_statements(Cli *cli, const Script *s, u32 *ret_good)
{
    Status first = ERR_OK;
    Str text = strbuf_view(&s->text);
    u32 at = 0;
    for (bool done = false; !done;) {
        Err err = {.pos = POS_NONE};
        u32 next = at;
        Status st = weir_check(cli->weir, text, at, &next, &done, &err);
        if (st) cli_error(cli, s->name, text, &err);
        if (st && !first) first = st;
        if (!st && !done) ++*ret_good;
        if (signals_reason(cli->signals) != STOP_NONE || (st && next <= at)) break;
        at = next;
    }
    return first;
}

int
command_check(Cli *cli)
{
    Script s = {0};
    const char *path = NULL;
    Err err = {.pos = POS_NONE};
    Status st = operand_one(cli, "file", &path, &err);
    if (!st) st = script_load(&s, true, path, &err);
    int code = st ? cli_fail(cli, st, &err) : cli_open(cli, NULL);
    if (!code) {
        signals_run(cli->signals, cli->opt.timeout_seconds);
        u32 good = 0;
        st = check_statements(cli, &s, &good);
        if (!st && !cli->opt.quiet) {
            StrBuf line = {0};
            strbuf_printf(&line, "%u %s, no errors\n", good,
                          good == 1 ? "statement" : "statements");
            notice(strbuf_view(&line));
            strbuf_done(&line);
        }
        code = cli_exit(cli, st);
    }
    strbuf_done(&s.text);
    return code;
}

/* ---- explain ----------------------------------------------------------------------------------
 */

static const char explain_word[] = "EXPLAIN ";
enum { EXPLAIN_BYTES = sizeof explain_word - 1 };

/* Has the statement that begins at `from` a plan? Others take effect, so that later ones find
 * their tables. */
static bool
statement_has_plan(Str text, u32 from)
{
    static const char *const words[] = {"SELECT", "WITH", "VALUES", "INSERT", "EXECUTE", "COPY"};
    for (;;) {
        LexToken t = lex_next(text, from);
        from = t.pos + t.width;
        if (t.class == LEX_SPACE || t.class == LEX_COMMENT) continue;
        Str word = {text.ptr + t.pos, t.width};
        for (size_t i = 0; i < ARRAY_LEN(words); i++) {
            if (str_eq_nocase(word, str_from(words[i]))) return true;
        }
        return str_eq(word, STR("("));
    }
}

/* One statement, with EXPLAIN before it if it has a plan. The rest of the script comes along: only
 * the parser knows where the statement ends. */
static Status
explain_statement(Cli *cli, const Script *s, u32 from, u32 *ret_next, bool *ret_done)
{
    Str text = strbuf_view(&s->text);
    Err err = {.pos = POS_NONE};
    StrBuf with = {0};
    u32 added = statement_has_plan(text, from) ? EXPLAIN_BYTES : 0;
    strbuf_add(&with, explain_word, added);
    strbuf_add(&with, text.ptr + from, text.len - from);

    Screen screen;
    u32 next = 0;
    screen_open(&screen, cli, strbuf_view(&with), 0);
    Status st =
        weir_execute(cli->weir, strbuf_view(&with), 0, &screen.output, &next, ret_done, &err);
    st = screen_close(&screen, st, &err);
    *ret_next = from + (next > added ? next - added : 0);
    if (st && err.pos != POS_NONE) err.pos = from + (err.pos > added ? err.pos - added : 0);
    if (st) cli_report(cli, s->name, text, st, &err);
    strbuf_done(&with);
    return st;
}

int
command_explain(Cli *cli)
{
    Script s = {0};
    const char *what = NULL;
    Err err = {.pos = POS_NONE};
    Status st = operand_one(cli, "file or statement", &what, &err);
    /* A text with a space that is no file's name is a statement. */
    bool is_sql = !st && access(what, F_OK) != 0 && strchr(what, ' ');
    if (!st) st = script_load(&s, !is_sql, what, &err);
    int code = st ? cli_fail(cli, st, &err) : cli_open(cli, NULL);
    if (!code) {
        signals_run(cli->signals, cli->opt.timeout_seconds);
        u32 at = 0;
        for (bool done = false; !done && !st && at < s.text.len;) {
            st = explain_statement(cli, &s, at, &at, &done);
        }
        code = cli_exit(cli, st);
    }
    strbuf_done(&s.text);
    return code;
}

/* ---- doctor -----------------------------------------------------------------------------------
 */

static void
doctor_line(void *ctx, bool ok, const char *line)
{
    Cli *cli = ctx;
    bool color = cli->term.out_color;
    strbuf_printf(&cli->out.text, "%s%s%s  %s\n", color ? ok ? SGR_GREEN : SGR_YELLOW : "",
                  ok ? "ok     " : "missing", color ? SGR_RESET : "", line);
}

static void
doctor_place(Cli *cli, XdgFolder folder, const char *name, const char *what)
{
    StrBuf path = {0}, line = {0};
    bool known = xdg_path(folder, name, &path);
    strbuf_printf(&line, "%s: %s", what, known ? path.ptr : "no home folder");
    if (known && access(path.ptr, F_OK) != 0) strbuf_str(&line, STR(" (not there yet)"));
    doctor_line(cli, known, line.ptr);
    strbuf_done(&path);
    strbuf_done(&line);
}

int
command_doctor(Cli *cli)
{
    int code = cli_open(cli, NULL);
    if (code) return code;
    weir_doctor(cli->weir, doctor_line, cli);
    doctor_place(cli, XDG_DATA, "catalog.db", "catalog of the shell");
    doctor_place(cli, XDG_STATE, "history", "history of the shell");
    doctor_place(cli, XDG_CONFIG, "weirrc.sql", "read by the shell when it starts");
    doctor_line(cli, cli->term.utf8,
                cli->term.utf8 ? "the locale is UTF-8"
                               : "the locale is not UTF-8: tables are drawn "
                                 "in ASCII (set LANG=C.UTF-8)");
    Err err = {.pos = POS_NONE};
    Status st = output_flush(&cli->out, &err);
    return st ? cli_fail(cli, st, &err) : 0;
}
