/* session.c - opening weir for a command, running scripts through it, and saying what failed. */
#include "base/caret.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/screen.h"
#include "cli/width.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 1 << 30 }; /* SCRIPT_BYTES_MAX of grammar/parse.h */

/* ---- errors --------------------------------------------------------------------------------- */

/* A message made of someone else's text: nothing in it may move the cursor or fake a line. */
static void
err_text_safe(char *text, size_t size, bool utf8)
{
    StrBuf safe = {0};
    u32 width;
    (void)width_show(&safe, str_from(text), utf8);
    u32 len = width_fit(strbuf_view(&safe), (u32)size - 1, &width);
    while (len >= size) len--; /* zero-width characters took more bytes than columns */
    memcpy(text, safe.ptr ? safe.ptr : "", len);
    text[len] = '\0';
    strbuf_done(&safe);
}

void
cli_error(const Cli *cli, Str name, Str script, const Err *err)
{
    Err shown = *err;
    err_text_safe(shown.text, sizeof shown.text, cli->term.utf8);
    err_text_safe(shown.hint, sizeof shown.hint, cli->term.utf8);
    StrBuf picture = {0}, file = {0};
    (void)width_show(&file, name, cli->term.utf8);
    u32 width = cli->term.err_tty ? terminal_columns() : 0;
    caret_print(&picture, strbuf_view(&file), script, &shown,
                (CaretStyle){.color = cli->term.err_color, .width = width});
    notice(strbuf_view(&picture));
    strbuf_done(&picture);
    strbuf_done(&file);
}

int
cli_fail(const Cli *cli, Status st, const Err *err)
{
    if (cli->out.gone) return 0;
    Err shown = *err;
    shown.pos = POS_NONE;
    cli_error(cli, (Str){0}, (Str){0}, &shown);
    return status_exit(st);
}

int
cli_exit(const Cli *cli, Status st)
{
    if (cli->out.gone) return 0;
    StopReason reason = signals_reason(cli->signals);
    if (reason != STOP_NONE && (st == ERR_INTERRUPT || reason != STOP_TIMEOUT)) {
        return stop_exit(reason);
    }
    return status_exit(st);
}

/* An interrupted statement says why, once; a reader that left is nothing to talk about. */
void
cli_report(const Cli *cli, Str name, Str script, Status st, const Err *err)
{
    if (cli->out.gone) return;
    Err shown = *err;
    if (st == ERR_INTERRUPT && signals_reason(cli->signals) == STOP_TIMEOUT) {
        (void)err_set(&shown, W8003, POS_NONE, "timed out after %g s", cli->opt.timeout_seconds);
    } else if (st == ERR_INTERRUPT) {
        if (!cli->opt.quiet) notice(STR("interrupted\n"));
        return;
    }
    cli_error(cli, name, script, &shown);
}

/* ---- opening -------------------------------------------------------------------------------- */

int
cli_open(Cli *cli, const char *default_catalog)
{
    const Options *o = &cli->opt;
    WeirOptions options = {
        .catalog = o->catalog ? o->catalog : default_catalog,
        .threads = o->threads,
        .batch_rows = o->batch_rows,
        .seed = o->seed,
        .no_optimize = o->no_optimize,
        .restart_epochs = o->restart_epochs,
    };
    StrBuf jobs = {0};
    if (xdg_path(XDG_DATA, "jobs", &jobs)) options.jobs = jobs.ptr;
    Err err = {.pos = POS_NONE};
    Status st = weir_open(&options, &cli->weir, &err);
    for (u32 i = 0; i < o->nparams && !st; i++) {
        st = weir_param(cli->weir, o->param[i].name, o->param[i].value, &err);
    }
    strbuf_done(&jobs);
    if (st) return cli_fail(cli, st, &err);
    signals_watch(cli->signals, cli->weir);
    return 0;
}

Status
cli_script(Cli *cli, Str name, Str script)
{
    u32 at = 0;
    bool done = false;
    while (!done) {
        Err err = {.pos = POS_NONE};
        Screen screen;
        u32 next = at;
        screen_open(&screen, cli, script, at);
        Status st = weir_execute(cli->weir, script, at, &screen.output, &next, &done, &err);
        st = screen_close(&screen, st, &err);
        if (!st && signals_reason(cli->signals) != STOP_NONE) {
            st = err_set(&err, W8002, POS_NONE, "interrupted");
            if (done) st = ERR_OK; /* it came too late to stop anything */
        }
        if (st) {
            cli_report(cli, name, script, st, &err);
            return st;
        }
        assert(done || next > at);
        at = next;
    }
    return ERR_OK;
}

/* ---- files ---------------------------------------------------------------------------------- */

static Status
file_read_fd(int fd, const char *path, StrBuf *text, Err *err)
{
    for (;;) {
        char *room = strbuf_room(text, 64 * 1024);
        ssize_t n = read(fd, room, 64 * 1024);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            return err_set(err, W4002, POS_NONE, "cannot read \"%.200s\": %s", path,
                           strerror(errno));
        }
        text->len += (size_t)n;
        text->ptr[text->len] = '\0';
        if (n == 0) return ERR_OK;
        if (text->len > FILE_BYTES_MAX) {
            return err_set(err, W7003, POS_NONE, "script \"%.200s\" is longer than 1 GiB", path);
        }
    }
}

Status
file_read(const char *path, StrBuf *text, Err *err)
{
    if (strcmp(path, "-") == 0) return file_read_fd(STDIN_FILENO, "stdin", text, err);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        return err_set(err, W4001, POS_NONE, "file \"%.200s\" does not exist", path);
    }
    if (fd < 0) {
        return err_set(err, W4002, POS_NONE, "cannot open \"%.200s\": %s", path, strerror(errno));
    }
    Status st = file_read_fd(fd, path, text, err);
    (void)close(fd);
    return st;
}

bool
xdg_path(XdgFolder folder, const char *name, StrBuf *path)
{
    static const struct {
        const char *variable, *below_home;
    } folders[] = {
        [XDG_DATA] = {"XDG_DATA_HOME", ".local/share"},
        [XDG_STATE] = {"XDG_STATE_HOME", ".local/state"},
        [XDG_CONFIG] = {"XDG_CONFIG_HOME", ".config"},
    };
    const char *base = getenv(folders[folder].variable);
    const char *home = getenv("HOME");
    strbuf_clear(path);
    if (base && base[0] == '/') { /* the specification: a relative one is to be ignored */
        strbuf_printf(path, "%s/weir/%s", base, name);
    } else if (home && home[0]) {
        strbuf_printf(path, "%s/%s/weir/%s", home, folders[folder].below_home, name);
    } else {
        return false;
    }
    return true;
}
