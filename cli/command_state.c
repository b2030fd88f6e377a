/* command_state.c - `weir state check|show|export JOB|FOLDER`. */
#include "cli/cli.h"
#include "cli/fault.h"
#include "cli/screen.h"

#include <unistd.h>

static const struct StateWord {
    const char *word;
    WeirStateLook look;
    const char *format; /* unless --format says otherwise; NULL: as queries */
} words[] = {
    {"check", WEIR_STATE_CHECK, NULL},
    {"show", WEIR_STATE_SHOW, NULL},
    {"export", WEIR_STATE_EXPORT, "jsonl"},
};

static Status
word_find(const Cli *cli, const struct StateWord **ret, Err *err)
{
    const Options *o = &cli->opt;
    for (u32 i = 0; o->noperands == 3 && i < ARRAY_LEN(words); i++) {
        *ret = &words[i];
        if (strcmp(o->operand[1], words[i].word) == 0) return ERR_OK;
    }
    Status st = err_set(err, W8001, POS_NONE, "state takes a word and a job, or a folder");
    return err_hint(err, st,
                    "Write weir state check JOB, weir state show JOB or weir state export "
                    "JOB.");
}

/* A folder that is there, else a job's name. */
static Status
folder_find(const char *operand, StrBuf *folder, Err *err)
{
    if (strchr(operand, '/') || access(operand, F_OK) == 0) {
        strbuf_str(folder, str_from(operand));
        return ERR_OK;
    }
    StrBuf jobs = {0};
    bool home = xdg_path(XDG_DATA, "jobs", &jobs);
    Status st = weir_job_folder(home ? jobs.ptr : NULL, str_from(operand), folder, err);
    strbuf_done(&jobs);
    return st;
}

int
command_state(Cli *cli)
{
    const struct StateWord *word = NULL;
    StrBuf folder = {0};
    Err err = {.pos = POS_NONE};
    Status st = word_find(cli, &word, &err);
    if (!st) st = folder_find(cli->opt.operand[2], &folder, &err);
    int code = st ? cli_fail(cli, st, &err) : cli_open(cli, NULL);
    if (!st && !code) {
        signals_run(cli->signals, cli->opt.timeout_seconds);
        fault_expect(folder.ptr);
        if (!cli->format && word->format) cli->format = render_find(str_from(word->format));
        Screen screen;
        screen_open(&screen, cli, (Str){0}, 0);
        st = weir_state(cli->weir, word->look, folder.ptr, &screen.output, &err);
        st = screen_close(&screen, st, &err);
        code = st ? cli_fail(cli, st, &err) : cli_exit(cli, st);
    }
    strbuf_done(&folder);
    return code;
}
