/* command_run.c - `weir run FILE`: a file as one job that stops, dies and goes on. */
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/fault.h"
#include "cli/screen.h"

#include <stdlib.h>

static const f64 STOP_SECONDS = 30;

/* A stop that was asked for and obeyed is no failure; one by --timeout still says so. */
static int
run_exit(const Cli *cli, Status st)
{
    StopReason reason = signals_reason(cli->signals);
    if (st || reason == STOP_NONE) return cli_exit(cli, st);
    return reason == STOP_TIMEOUT ? stop_exit(reason) : 0;
}

static int
run_script(Cli *cli, const Script *s, const char *path)
{
    StrBuf jobs = {0};
    bool home = xdg_path(XDG_DATA, "jobs", &jobs);
    WeirRun run = {.path = path,
                   .name = cli->opt.job_name,
                   .state = cli->opt.state,
                   .jobs = home ? jobs.ptr : NULL,
                   .fresh = cli->opt.fresh,
                   .opened = fault_watch};
    f64 stop_seconds = cli->opt.stop_timeout_seconds;
    Err err = {.pos = POS_NONE};
    Screen screen;
    screen_open(&screen, cli, (Str){0}, 0);
    signals_run(cli->signals, cli->opt.timeout_seconds);
    signals_run_job(cli->signals, stop_seconds > 0 ? stop_seconds : STOP_SECONDS);
    Status st = weir_run_job(cli->weir, strbuf_view(&s->text), false, &run, &screen.output, &err);
    st = screen_close(&screen, st, &err);
    if (st) cli_report(cli, s->name, strbuf_view(&s->text), st, &err);
    strbuf_done(&jobs);
    return run_exit(cli, st);
}

int
command_run(Cli *cli)
{
    Script s = {0};
    const char *path = NULL;
    Err err = {.pos = POS_NONE};
    Status st = operand_one(cli, "file", &path, &err);
    if (!st) st = script_load(&s, true, path, &err);
    int code = st ? cli_fail(cli, st, &err) : cli_open(cli, NULL);
    if (!st && !code) {
        char *real = realpath(path, NULL);
        code = run_script(cli, &s, real ? real : path);
        free(real); /* tidy: ok, libc made it */
    }
    strbuf_done(&s.text);
    return code;
}
