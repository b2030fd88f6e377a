/* cli.h - the program's one big struct, and the commands that work on it. */
#pragma once
#include "cli/options.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "cli/terminal.h"
#include "weir.h"

typedef struct Cli {
    Options opt;
    Terminal term;
    Signals *signals;
    Weir *weir;
    Output out; /* stdout, or what .output names */

    /* What the shell can change while it runs. */
    bool interactive;
    const RenderDef *format; /* NULL: by where the output goes */
    bool header;
    bool timer;   /* print how long a statement took, whatever the format */
    u32 columns;  /* widest table; 0: the terminal's */
    bool to_file; /* .output: not a terminal, whatever stdout is */
    StrBuf null_text;
    bool null_set;
} Cli;

/* ---- session (session.c) ----------------------------------------------------------------------
 */

/* Open the Weir with the options' catalog (else default_catalog; NULL: in memory) and parameters.
 * 0, or the exit code after the error was printed. */
int cli_open(Cli *cli, const char *default_catalog);
/* Print an error with its picture on stderr. name is the script's, for `--> name:line:col`. */
void cli_error(const Cli *cli, Str name, Str script, const Err *err);
/* What a failed statement of a script has to say: its error, a time-out, "interrupted", or nothing
 * when the output's reader has gone. */
void cli_report(const Cli *cli, Str name, Str script, Status st, const Err *err);
/* The exit code for what a script came to: knows of Ctrl-C, --timeout and readers that left. */
int cli_exit(const Cli *cli, Status st);
/* "error: ..." with a hint, without a script. Returns the exit code. */
int cli_fail(const Cli *cli, Status st, const Err *err);
/* Run all statements of a script; stops at the first failure, whose error is printed. */
Status cli_script(Cli *cli, Str name, Str script);
/* A script and what to call it in `--> name:line:col`. */
typedef struct Script {
    Str name;
    StrBuf text;
} Script;
/* is_file: text is a path, "-" stdin; else it is the SQL. The caller frees s->text. */
Status script_load(Script *s, bool is_file, const char *text, Err *err) MUST_USE;
/* The one operand of a command; `what` names it in the error. W8001. */
Status operand_one(const Cli *cli, const char *what, const char **ret, Err *err) MUST_USE;
/* Whole file into text (appended); "-" is stdin. W4001, W4002, W7003. */
Status file_read(const char *path, StrBuf *text, Err *err) MUST_USE;
/* A path below a folder of the XDG base directory specification: $XDG_DATA_HOME/weir/name or
 * ~/.local/share/weir/name. False when there is neither variable nor home. */
typedef enum XdgFolder { XDG_DATA, XDG_STATE, XDG_CONFIG } XdgFolder;
bool xdg_path(XdgFolder folder, const char *name, StrBuf *path);

/* ---- commands; each returns the exit code -----------------------------------------------------
 */

int command_script(Cli *cli);  /* -c, -f, a file, or SQL on stdin */
int command_run(Cli *cli);     /* a file as one job (command_run.c) */
int command_state(Cli *cli);   /* look at a job's state (command_state.c) */
int command_check(Cli *cli);   /* a file, without running it */
int command_explain(Cli *cli); /* the plans of a file's or a text's statements */
int command_doctor(Cli *cli);
int command_test(Cli *cli); /* slt.c: the paths are opt.operand[1..] */
int command_help(Cli *cli);
int command_version(Cli *cli);
int command_shell(Cli *cli);

/* A command as `weir NAME`; operands include the name. */
typedef struct CommandRow {
    const char *name;
    const char *args;
    int (*run)(Cli *cli);
    const char *doc;
} CommandRow;
u32 command_rows(const CommandRow **ret_rows);
