/* screen.h - one statement's outcome on its way to the person: a WeirOutput over a renderer.
 *
 *   Screen s; screen_open(&s, cli, script, from);
 *   st = weir_execute(..., &s.output, ..., &err);
 *   st = screen_close(&s, st, &err);                 ends the result, also of a failed statement
 */
#pragma once
#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/render.h"

typedef struct Screen {
    Cli *cli;
    WeirOutput output; /* its ctx is the Screen: do not copy */
    Progress progress;
    Render render;
    bool has_rows; /* begin was called */
    bool plain;    /* the statement answers with text: EXPLAIN, SHOW CREATE */
} Screen;

/* script and from: the statement, whose first words say whether its answer is text. */
void screen_open(Screen *s, Cli *cli, Str script, u32 from);
Status screen_close(Screen *s, Status st, Err *err) MUST_USE;
