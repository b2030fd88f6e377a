/* main.c - the command line: options first, then the command that they belong to.
 *
 *   weir                  stdin is a terminal: the shell; else its text is a script
 *   weir NAME ...         a row of `commands`
 *   weir [-c SQL] [FILE]  scripts
 *
 * Results go to stdout, everything else to stderr; exit codes are those of base/status.def. */
#include "cli/cli.h"

#include <fcntl.h>
#include <unistd.h>

static const CommandRow commands[] = {
    {"run", "FILE", command_run, "run a file as one job: all its INSERTs together"},
    {"state", "check|show|export JOB", command_state, "verify, describe or print a job's state"},
    {"check", "FILE", command_check, "find the errors of a file without running it"},
    {"explain", "FILE|SQL", command_explain, "show the plans of a file's or a text's statements"},
#ifdef WEIR_SLT
    {"test", "[PATHS]", command_test, "run golden files (.slt) and folders of them"},
#endif
    {"doctor", "", command_doctor, "say what this build has and where files are kept"},
    {"help", "[TOPIC]", command_help, "this text, or more on one topic"},
    {"version", "", command_version, "print the version"},
};

u32
command_rows(const CommandRow **ret_rows)
{
    *ret_rows = commands;
    return ARRAY_LEN(commands);
}

static const CommandRow *
command_find(const char *name)
{
    for (u32 i = 0; i < ARRAY_LEN(commands); i++) {
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    }
    return NULL;
}

/* A first operand that is no command and no file was meant to be one. */
static Status
command_missing(const char *name, Err *err)
{
    Nearest near = {0};
    for (u32 i = 0; i < ARRAY_LEN(commands); i++) {
        nearest_offer(&near, str_from(name), str_from(commands[i].name));
    }
    if (near.best.len) {
        Status st = err_set(err, W8001, POS_NONE, "there is no command \"%.100s\"", name);
        return err_hint(err, st, "Did you mean `weir %.*s`?", STR_ARG(near.best));
    }
    Status st = err_set(err, W4001, POS_NONE, "file \"%.200s\" does not exist", name);
    return err_hint(err, st, strchr(name, ' ') ? "Give SQL with -c." : "`weir help` says more.");
}

static int
command_choose(Cli *cli)
{
    Options *o = &cli->opt;
    Err err = {.pos = POS_NONE};
    if (o->version) return command_version(cli);
    if (o->help) return command_help(cli);
    if (o->nscripts == 0 && o->noperands > 0) {
        const CommandRow *row = command_find(o->operand[0]);
        if (row) return row->run(cli);
        if (strcmp(o->operand[0], "-") != 0 && access(o->operand[0], F_OK) != 0) {
            return cli_fail(cli, command_missing(o->operand[0], &err), &err);
        }
    }
    if (o->nscripts == 0 && o->noperands == 0 && cli->term.in_tty) return command_shell(cli);
    return command_script(cli);
}

/* A closed 0, 1 or 2 would become the next file that is opened, and rows would go into it. */
static void
standard_files_open(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) continue;
        int null = open("/dev/null", O_RDWR);
        assert(null == fd || null < 0);
    }
}

int
main(int argc, char **argv)
{
    Cli cli = {0};
    Err err = {.pos = POS_NONE};
    Status st = argc < 1 ? ERR_OK : options_parse((u32)argc - 1, argv + 1, &cli.opt, &err);
    standard_files_open();
    cli.term = terminal_look(cli.opt.color);
    cli.out = output_make(STDOUT_FILENO, NULL);
    cli.format = cli.opt.format;
    cli.header = !cli.opt.no_header;
    cli.null_set = cli.opt.null_text != NULL;
    if (cli.null_set) strbuf_str(&cli.null_text, str_from(cli.opt.null_text));
    if (st) return cli_fail(&cli, st, &err);

    cli.signals = signals_start();
    int code = command_choose(&cli);
    signals_watch(cli.signals, NULL);
    weir_close(cli.weir);
    signals_stop(cli.signals);
    output_done(&cli.out);
    strbuf_done(&cli.null_text);
    return code;
}
