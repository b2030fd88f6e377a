/* terminal.h - what is at the other end of stdin, stdout and stderr. */
#pragma once
#include "base/base.h"

typedef enum ColorMode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER } ColorMode;

typedef struct Terminal {
    bool in_tty, out_tty, err_tty;
    bool out_color, err_color;
    bool utf8;  /* the locale's encoding */
    bool moves; /* stderr understands cursor movement: a terminal that is not "dumb" */
} Terminal;

/* Reads the environment once: locale, TERM, NO_COLOR, CLICOLOR_FORCE. */
Terminal terminal_look(ColorMode mode);
/* Columns of the terminal at stdout (or stderr), now; COLUMNS of the environment wins. 80 when
 * nobody says. */
u32 terminal_columns(void);

/* ANSI sequences that we use. */
#define SGR_RESET "\x1b[0m"
#define SGR_BOLD "\x1b[1m"
#define SGR_DIM "\x1b[2m"
#define SGR_GREEN "\x1b[32m"
#define SGR_YELLOW "\x1b[33m"
#define SGR_RED "\x1b[31m"
#define LINE_ERASE "\r\x1b[K"
