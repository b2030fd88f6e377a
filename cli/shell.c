/* shell.c - the interactive shell: lines into statements, statements into results.
 *
 * A statement ends with a semicolon, wherever it stands; until then the prompt says what is open. A
 * line that begins with . or \ where a statement would begin is a command of the shell itself. */
#include "cli/shell.h"
#include "base/mem.h"
#include "cli/screen.h"
#include "cli/width.h"
#include "grammar/parse.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* As wide as the first prompt, so that the lines of a statement stand below each other. */
static const struct {
    const char *plain, *colored;
} prompts[] = {
    [TEXT_EMPTY] = {"weir> ", "\1" SGR_BOLD "\1weir>\1" SGR_RESET "\1 "},
    [TEXT_COMPLETE] = {"weir> ", "\1" SGR_BOLD "\1weir>\1" SGR_RESET "\1 "},
    [TEXT_NO_END] = {"  ... ", "\1" SGR_DIM "\1  ...\1" SGR_RESET "\1 "},
    [TEXT_IN_PARENS] = {"   (. ", "\1" SGR_DIM "\1   (.\1" SGR_RESET "\1 "},
    [TEXT_IN_STRING] = {"   '. ", "\1" SGR_DIM "\1   '.\1" SGR_RESET "\1 "},
    [TEXT_IN_NAME] = {"   `. ", "\1" SGR_DIM "\1   `.\1" SGR_RESET "\1 "},
    [TEXT_IN_COMMENT] = {"  /*. ", "\1" SGR_DIM "\1  /*.\1" SGR_RESET "\1 "},
    [TEXT_IN_SET] = {"  END ", "\1" SGR_DIM "\1  END\1" SGR_RESET "\1 "},
};

void
shell_print(Shell *s, Str text)
{
    StrBuf *out = &s->cli->out.text;
    bool safe = !s->cli->term.out_tty || s->cli->to_file;
    for (u32 i = 0; i < text.len;) {
        const char *end = memchr(text.ptr + i, '\n', text.len - i);
        u32 n = end ? (u32)(end - (text.ptr + i)) : text.len - i;
        Str line = {text.ptr + i, n};
        if (safe) {
            strbuf_str(out, line);
        } else {
            (void)width_show(out, line, s->cli->term.utf8);
        }
        if (end) strbuf_char(out, '\n');
        i += n + (end != NULL);
    }
    Err err;
    if (output_flush(&s->cli->out, &err)) (void)cli_fail(s->cli, ERR_REMOTE, &err);
}

Status
shell_execute(Shell *s, Str name, Str text)
{
    Cli *cli = s->cli;
    signals_run(cli->signals, cli->opt.timeout_seconds);
    Status st = cli_script(cli, name, text);
    signals_idle(cli->signals);
    StopReason reason = signals_reason(cli->signals);
    bool gone = cli->out.gone;
    if (gone || reason == STOP_TERMINATE || reason == STOP_HANGUP) {
        s->leave = true;
        s->code = gone ? 0 : stop_exit(reason);
    }
    signals_drain(cli->signals);
    return st;
}

static void
shell_remember(Shell *s, Str text)
{
    Str entry;
    if (recall_add(s->recall, text, &entry)) edit_remember(s->edit, entry);
}

/* exit, quit and help are what people type first. */
static bool
shell_word(Shell *s, Str line)
{
    Str word = str_trim(line);
    if (word.len && word.ptr[word.len - 1] == ';') word = str_trim((Str){word.ptr, word.len - 1});
    if (str_eq_nocase(word, STR("exit")) || str_eq_nocase(word, STR("quit"))) {
        s->leave = true;
        return true;
    }
    if (!str_eq_nocase(word, STR("help"))) return false;
    dot_run(s, STR(".help"));
    return true;
}

/* A line has been typed: run what is complete. */
static void
shell_line(Shell *s, Str line)
{
    bool start = s->text.len == 0;
    Str trimmed = str_trim(line);
    if (start && trimmed.len == 0) return;
    if (start && (trimmed.ptr[0] == '.' || trimmed.ptr[0] == '\\')) {
        shell_remember(s, trimmed);
        dot_run(s, trimmed);
        return;
    }
    if (start && shell_word(s, line)) return;
    strbuf_str(&s->text, line);
    strbuf_char(&s->text, '\n');
    TextState state = text_state(strbuf_view(&s->text));
    if (state == TEXT_EMPTY) strbuf_clear(&s->text);
    if (state != TEXT_COMPLETE) return;
    shell_remember(s, strbuf_view(&s->text));
    (void)shell_execute(s, STR("input"), strbuf_view(&s->text));
    strbuf_clear(&s->text);
}

static void
shell_loop(Shell *s)
{
    while (!s->leave) {
        TextState state = s->text.len ? text_state(strbuf_view(&s->text)) : TEXT_EMPTY;
        bool color = s->cli->term.out_color;
        Str line;
        switch (edit_line(s->edit, color ? prompts[state].colored : prompts[state].plain, &line)) {
        case EDIT_LINE:
            shell_line(s, line);
            break;
        case EDIT_CANCEL:
            notice(STR("^C\n"));
            strbuf_clear(&s->text);
            switch (signals_reason(s->cli->signals)) {
            case STOP_TERMINATE:
            case STOP_HANGUP:
                s->code = stop_exit(signals_reason(s->cli->signals));
                s->leave = true;
                break;
            case STOP_NONE:
            case STOP_INTERRUPT:
            case STOP_TIMEOUT:
                break;
            }
            signals_drain(s->cli->signals);
            break;
        case EDIT_END:
            notice(STR("\n"));
            s->leave = true;
            break;
        }
    }
}

/* $XDG_CONFIG_HOME/weir/weirrc.sql: settings and macros; an error in it is shown and survived. */
static void
shell_read_rc(Shell *s)
{
    StrBuf path = {0}, text = {0};
    Err err = {.pos = POS_NONE};
    if (!s->cli->opt.no_rc && xdg_path(XDG_CONFIG, "weirrc.sql", &path) &&
        access(path.ptr, F_OK) == 0) {
        Status st = file_read(path.ptr, &text, &err);
        if (st) {
            (void)cli_fail(s->cli, st, &err);
        } else {
            s->cli->interactive = false; /* no messages about what it made */
            (void)shell_execute(s, strbuf_view(&path), strbuf_view(&text));
            s->cli->interactive = true;
        }
    }
    strbuf_done(&path);
    strbuf_done(&text);
}

static void
shell_greet(const Shell *s, const char *catalog)
{
    StrBuf line = {0};
    if (!s->cli->opt.quiet) {
        strbuf_printf(&line, "weir %s, catalog %s\n.help lists commands; statements end with ;\n",
                      weir_version(), catalog ? catalog : "in memory");
        notice(strbuf_view(&line));
    }
    strbuf_done(&line);
}

int
command_shell(Cli *cli)
{
    StrBuf path = {0};
    const char *catalog = cli->opt.catalog;
    if (!catalog && xdg_path(XDG_DATA, "catalog.db", &path)) catalog = path.ptr;
    int code = cli_open(cli, catalog);
    if (!code) {
        Shell s = {.cli = cli};
        cli->interactive = true;
        shell_greet(&s, catalog);
        s.recall = recall_open();
        s.edit = edit_open(&s);
        for (u32 i = 0; i < recall_len(s.recall); i++) {
            edit_remember(s.edit, recall_at(s.recall, i));
        }
        shell_read_rc(&s);
        shell_loop(&s);
        edit_close(s.edit);
        recall_close(s.recall);
        strbuf_done(&s.text);
        code = s.code;
    }
    strbuf_done(&path);
    return code;
}
