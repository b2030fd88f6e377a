/* terminal.c - asking the system about its terminals.
 *
 * Colour: --color decides; else NO_COLOR (no-color.org) says no, CLICOLOR_FORCE yes, TERM=dumb no,
 * and what remains is whether the stream is a terminal. */
#include "cli/terminal.h"
#include "base/str.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool
env_set(const char *name)
{
    const char *v = getenv(name);
    return v && v[0];
}

static bool
color_wanted(ColorMode mode, bool tty, bool dumb)
{
    if (mode != COLOR_AUTO) return mode == COLOR_ALWAYS;
    if (env_set("NO_COLOR")) return false;
    if (env_set("CLICOLOR_FORCE") && strcmp(getenv("CLICOLOR_FORCE"), "0") != 0) return true;
    return tty && !dumb;
}

Terminal
terminal_look(ColorMode mode)
{
    (void)setlocale(LC_CTYPE, "");
    const char *term = getenv("TERM");
    bool dumb = !term || !term[0] || strcmp(term, "dumb") == 0;
    Terminal t = {
        .in_tty = isatty(STDIN_FILENO) == 1,
        .out_tty = isatty(STDOUT_FILENO) == 1,
        .err_tty = isatty(STDERR_FILENO) == 1,
        .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
    };
    t.out_color = color_wanted(mode, t.out_tty, dumb);
    t.err_color = color_wanted(mode, t.err_tty, dumb);
    t.moves = t.err_tty && !dumb;
    return t;
}

u32
terminal_columns(void)
{
    i64 columns = 0;
    const char *env = getenv("COLUMNS");
    if (env && str_to_i64(str_from(env), &columns) && columns > 0 && columns < 100000) {
        return (u32)columns;
    }
    struct winsize size = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col) return size.ws_col;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col) return size.ws_col;
    return 80;
}
