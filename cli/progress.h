/* progress.h - the line that says how a long statement is getting on; and notes on stderr.
 *
 * Drawn on a terminal only, from half a second on, and erased before anything else is printed. */
#pragma once
#include "cli/cli.h"

typedef struct Progress {
    const Cli *cli;
    bool drawn;
} Progress;

void progress_draw(Progress *p, const WeirProgress *now);
void progress_erase(Progress *p);

/* 1,234,567 */
void count_print(StrBuf *out, u64 n);
/* 0.042 s, 1.42 s, 2 min 5 s */
void seconds_print(StrBuf *out, f64 seconds);
/* stderr, in one write. */
void notice(Str text);
