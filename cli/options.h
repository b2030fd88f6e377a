/* options.h - the command line: options and commands as rows of two tables.
 *
 * The same rows drive parsing, the nearest name for a misspelled one, and `weir help`. */
#pragma once
#include "base/err.h"
#include "cli/render.h"

enum { SCRIPTS_MAX = 64, PARAMS_MAX = 256 };

/* One -c or -f, in the order given. */
typedef struct ScriptArg {
    bool is_file;
    const char *text; /* SQL, or a path; "-": stdin */
} ScriptArg;

typedef struct ParamArg {
    Str name, value;
} ParamArg;

typedef struct Options {
    ScriptArg script[SCRIPTS_MAX];
    u32 nscripts;
    ParamArg param[PARAMS_MAX];
    u32 nparams;
    const RenderDef *format; /* NULL: table on a terminal, else csv */
    ColorMode color;
    const char *null_text; /* NULL: the format's own */
    const char *catalog;   /* NULL: by the command */
    bool no_header, no_optimize, no_rc, quiet, help, version, update, fresh;
    u32 threads, batch_rows;
    u32 restart_epochs;
    u64 seed;
    f64 timeout_seconds, stop_timeout_seconds; /* 0: not given */
    const char *job_name, *state;              /* NULL: by the script */
    char **operand;                            /* what is no option, in order; points into argv */
    u32 noperands;
} Options;

typedef struct OptionRow {
    const char *name; /* without -- */
    char letter;      /* 0: none */
    const char *arg;  /* what follows, as the manual names it; NULL: nothing */
    Status (*set)(Options *o, const char *value, Err *err);
    const char *doc;
} OptionRow;

u32 option_rows(const OptionRow **ret_rows);
/* argv without the program's name; it is reordered: operands first. W8001 with a hint. */
Status options_parse(u32 argc, char **argv, Options *ret_options, Err *err) MUST_USE;
