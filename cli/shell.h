/* shell.h - the interactive shell: what its files know of each other.
 *
 *   shell.c           reading statements, running them
 *   shell_edit.c      the line editor (libedit); shell_lines.c where there is none
 *   shell_history.c   what was typed, kept over sessions
 *   shell_complete.c  what could follow
 *   shell_dot.c       .commands */
#pragma once
#include "cli/cli.h"

typedef struct Edit Edit;
typedef struct Recall Recall;

typedef struct Shell {
    Cli *cli;
    Edit *edit;
    Recall *recall;
    StrBuf text; /* the statement so far, line by line */
    bool leave;
    int code;                    /* exit code when leaving */
    const RenderDef *format_was; /* before \x */
    u32 read_depth;              /* of .read within .read */
} Shell;

/* ---- the editor
 * --------------------------------------------------------------------------------*/

typedef enum EditResult {
    EDIT_LINE,
    EDIT_CANCEL, /* Ctrl-C */
    EDIT_END,    /* Ctrl-D, or the terminal has gone */
} EditResult;

Edit *edit_open(Shell *shell); /* never fails: at worst it reads plain lines */
void edit_close(Edit *e);      /* NULL is fine */
/* One line without its end; *ret_line is valid until the next call. */
EditResult edit_line(Edit *e, const char *prompt, Str *ret_line);
void edit_remember(Edit *e, Str entry); /* one history entry, for the arrow keys */

/* ---- history
 * -----------------------------------------------------------------------------------*/

enum { HISTORY_ENTRIES_MAX = 10000 };

/* Opens (and shortens, when it has grown) the file; without one the history lives in memory. */
Recall *recall_open(void);
void recall_close(Recall *h); /* NULL is fine */
u32 recall_len(const Recall *h);
Str recall_at(const Recall *h, u32 i); /* oldest first */
/* Add a statement or command as one entry: lines joined, comments dropped. Not kept: what is empty,
 * what equals the one before, what speaks of a password or secret. *ret_entry is the entry as kept,
 * valid until the next call. */
bool recall_add(Recall *h, Str text, Str *ret_entry);
/* A text as one line that means the same. */
void recall_flatten(StrBuf *out, Str text);

/* ---- completion
 * --------------------------------------------------------------------------------*/

typedef struct Completion {
    char **word; /* sorted, without duplicates */
    u32 len, cap;
    u32 prefix; /* bytes before the cursor that each word replaces */
    char after; /* what to add behind the only candidate; 0: nothing */
} Completion;

/* What may stand at the end of `line`, when `before` are the lines above it. */
void complete_line(Shell *s, Str before, Str line, Completion *ret);
void complete_done(Completion *c);

/* ---- commands
 * ----------------------------------------------------------------------------------*/

/* A line that begins with . or \ at the start of a statement. */
void dot_run(Shell *s, Str line);
/* Names of commands in both spellings, for completion; NULL past the last. */
const char *dot_name(u32 i, bool psql);
/* Kind of thing that a command's argument is, for completion. */
typedef enum DotArg {
    DOT_NONE,
    DOT_COMMAND,
    DOT_TABLE,
    DOT_FORMAT,
    DOT_SWITCH,
    DOT_FILE,
    DOT_TEXT,
    DOT_FUNCTION
} DotArg;
DotArg dot_argument(Str command);

/* Run SQL text (one or more statements) as if typed. */
Status shell_execute(Shell *s, Str name, Str text);
/* Print to stdout, escaped for a terminal line by line. */
void shell_print(Shell *s, Str text);
