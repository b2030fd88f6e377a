/* shell_lines.c - the shell's editor where there is no libedit: lines as the terminal gives them.
 */
#include "base/mem.h"
#include "cli/shell.h"

#include <poll.h>
#include <unistd.h>

struct Edit {
    Shell *shell;
    StrBuf line;
    StrBuf ahead; /* read, but behind the line */
};

Edit *
edit_open(Shell *shell)
{
    Edit *e = mem_make(Edit);
    e->shell = shell;
    return e;
}

void
edit_close(Edit *e)
{
    if (!e) return;
    strbuf_done(&e->line);
    strbuf_done(&e->ahead);
    mem_free(e);
}

void
edit_remember(Edit *e, Str entry)
{
    (void)e;
    (void)entry;
}

EditResult
edit_line(Edit *e, const char *prompt, Str *ret_line)
{
    const Signals *signals = e->shell->cli->signals;
    shell_print(e->shell, str_from(prompt));
    for (;;) {
        const char *end = e->ahead.len ? memchr(e->ahead.ptr, '\n', e->ahead.len) : NULL;
        if (end) {
            size_t n = (size_t)(end - e->ahead.ptr);
            strbuf_clear(&e->line);
            strbuf_add(&e->line, e->ahead.ptr, n);
            memmove(e->ahead.ptr, end + 1, e->ahead.len - n - 1);
            e->ahead.len -= n + 1;
            *ret_line = strbuf_view(&e->line);
            return EDIT_LINE;
        }
        struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                               {.fd = signals_wake_fd(signals), .events = POLLIN}};
        (void)poll(fds, 2, -1);
        if (fds[1].revents) return EDIT_CANCEL;
        ssize_t n = read(STDIN_FILENO, strbuf_room(&e->ahead, 4096), 4096);
        if (n <= 0) return EDIT_END;
        e->ahead.len += (size_t)n;
    }
}
