/* shell_edit.c - the line editor: libedit with our reading of keys, completion and history.
 *
 * Keys are read by edit_getc(), which also listens to the signal thread, because a Ctrl-C arrives
 * there and not as an interrupted read(). ~/.editrc is obeyed. */
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/shell.h"
#include "cli/width.h"

#include <histedit.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct Edit {
    Shell *shell;
    EditLine *el;
    History *history;
    FILE *in, *out, *err;
    const char *prompt;
    bool cancelled;
    StrBuf line;
};

static Edit *
edit_of(EditLine *el)
{
    void *data = NULL;
    (void)el_get(el, EL_CLIENTDATA, &data);
    return data;
}

static char *
edit_prompt(EditLine *el)
{
    return (char *)(uintptr_t)edit_of(el)->prompt;
}

/* ---- keys ----------------------------------------------------------------------------------- */

/* Bytes of the character that begins with this one. */
static u32
lead_bytes(u8 lead)
{
    if (lead >= 0xF0) return 4;
    if (lead >= 0xE0) return 3;
    return lead >= 0xC0 ? 2 : 1;
}

static int
edit_getc(EditLine *el, wchar_t *ret)
{
    Edit *e = edit_of(el);
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = signals_wake_fd(e->shell->cli->signals), .events = POLLIN}};
    char bytes[4];
    do {
        fds[0].revents = fds[1].revents = 0;
    } while (poll(fds, 2, -1) <= 0);
    if (fds[1].revents) {
        e->cancelled = true;
        return 0;
    }
    if (read(STDIN_FILENO, bytes, 1) != 1) return 0;
    /* A Ctrl-D typed while a statement ran, in the terminal's line mode, is handed over as NUL. */
    if (bytes[0] == '\0') bytes[0] = 'D' & 0x1F;
    u32 wanted = lead_bytes((u8)bytes[0]), have = 1;
    while (have < wanted && read(STDIN_FILENO, bytes + have, 1) == 1) have++;
    u32 used = 1;
    *ret = (u8)bytes[0] < 0x80 ? (wchar_t)bytes[0]
                               : (wchar_t)utf8_decode((Str){bytes, have}, 0, &used);
    return 1;
}

/* ---- completion ----------------------------------------------------------------------------- */

/* Candidates below the line, in columns. */
static void
edit_list(Edit *e, const Completion *c)
{
    enum { SHOWN_MAX = 200 };
    StrBuf out = {0};
    u32 widest = 1, n = MIN(c->len, (u32)SHOWN_MAX), screen = terminal_columns();
    for (u32 i = 0; i < n; i++) widest = MAX(widest, (u32)strlen(c->word[i]));
    u32 columns = MAX(screen / (widest + 2), 1u), rows = (n + columns - 1) / columns;
    strbuf_char(&out, '\n');
    for (u32 row = 0; row < rows; row++) {
        for (u32 i = row; i < n; i += rows) {
            u32 w = width_show(&out, str_from(c->word[i]), e->shell->cli->term.utf8);
            for (; i + rows < n && w < widest + 2; w++) strbuf_char(&out, ' ');
        }
        strbuf_char(&out, '\n');
    }
    if (c->len > n) strbuf_printf(&out, "... and %u more\n", c->len - n);
    fwrite(out.ptr, 1, out.len, e->out);
    strbuf_done(&out);
}

/* Bytes that all candidates begin with (the first one's spelling). */
static u32
edit_shared(const Completion *c)
{
    u32 n = (u32)strlen(c->word[0]);
    for (u32 i = 1; i < c->len; i++) {
        u32 k = 0;
        while (k < n && c->word[i][k] == c->word[0][k]) k++;
        n = k;
    }
    while (n > 0 && ((u8)c->word[0][n] & 0xC0) == 0x80) n--;
    return n;
}

/* More is waiting to be read: this is a paste, and its tab is only white space. */
static bool
edit_pasting(void)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&in, 1, 0) > 0;
}

static unsigned char
edit_complete(EditLine *el, int key)
{
    (void)key;
    if (edit_pasting()) return el_insertstr(el, " ") == 0 ? CC_REFRESH : CC_ERROR;
    Edit *e = edit_of(el);
    const LineInfo *li = el_line(el);
    Str line = {li->buffer, (u32)(li->cursor - li->buffer)};
    Completion c = {0};
    unsigned char answer = CC_ERROR;
    complete_line(e->shell, strbuf_view(&e->shell->text), line, &c);
    if (c.len > 0) {
        u32 shared = edit_shared(&c);
        bool same =
            shared == c.prefix && memcmp(c.word[0], line.ptr + line.len - c.prefix, c.prefix) == 0;
        StrBuf insert = {0};
        strbuf_add(&insert, c.word[0], shared);
        if (c.len == 1 && c.after) strbuf_char(&insert, c.after);
        if (c.len > 1 && same) {
            edit_list(e, &c);
            answer = CC_REDISPLAY;
        } else if (shared >= c.prefix) {
            if (c.prefix)
                el_deletestr(el, (int)utf8_length((Str){line.ptr + line.len - c.prefix, c.prefix}));
            answer = el_insertstr(el, insert.ptr) == 0 ? CC_REFRESH : CC_ERROR;
        } else { /* spellings differ in case: nothing to insert, all to see */
            edit_list(e, &c);
            answer = CC_REDISPLAY;
        }
        strbuf_done(&insert);
    }
    complete_done(&c);
    return answer;
}

/* ---- life ----------------------------------------------------------------------------------- */

void
edit_remember(Edit *e, Str entry)
{
    HistEvent event;
    char *text = mem_strdup(entry.ptr, entry.len);
    (void)history(e->history, &event, H_ENTER, text);
    mem_free(text);
}

Edit *
edit_open(Shell *shell)
{
    Edit *e = mem_make(Edit);
    HistEvent event;
    e->shell = shell;
    e->in = fdopen(dup(STDIN_FILENO), "r");
    /* A prompt is not a result: it goes beside a stdout that is no terminal. */
    int to = shell->cli->term.out_tty ? STDOUT_FILENO : STDERR_FILENO;
    e->out = fdopen(dup(to), "w");
    e->err = fdopen(dup(STDERR_FILENO), "w");
    e->history = history_init();
    (void)history(e->history, &event, H_SETSIZE, HISTORY_ENTRIES_MAX);
    (void)history(e->history, &event, H_SETUNIQUE, 1);
    e->el = el_init("weir", e->in, e->out, e->err);
    (void)el_set(e->el, EL_CLIENTDATA, e);
    (void)el_set(e->el, EL_PROMPT_ESC, edit_prompt, '\1');
    (void)el_set(e->el, EL_EDITOR, "emacs");
    (void)el_set(e->el, EL_SIGNAL, 1);
    (void)el_set(e->el, EL_HIST, history, e->history);
    (void)el_set(e->el, EL_GETCFN, edit_getc);
    (void)el_wset(e->el, EL_ADDFN, L"weir-complete", L"complete names and keywords",
                  edit_complete); /* the narrow call leaks its strings */
    (void)el_set(e->el, EL_BIND, "^I", "weir-complete", NULL);
    (void)el_set(e->el, EL_BIND, "^R", "em-inc-search-prev", NULL);
    (void)el_source(e->el, NULL);
    return e;
}

void
edit_close(Edit *e)
{
    if (!e) return;
    el_end(e->el);
    history_end(e->history);
    if (e->in) (void)fclose(e->in);
    if (e->out) (void)fclose(e->out);
    if (e->err) (void)fclose(e->err);
    strbuf_done(&e->line);
    mem_free(e);
}

EditResult
edit_line(Edit *e, const char *prompt, Str *ret_line)
{
    int count = 0;
    e->prompt = prompt;
    e->cancelled = false;
    const char *text = el_gets(e->el, &count);
    if (e->cancelled) {
        el_reset(e->el);
        return EDIT_CANCEL;
    }
    if (!text || count <= 0) return EDIT_END;
    u32 n = (u32)strlen(text);
    while (n && (text[n - 1] == '\n' || text[n - 1] == '\r')) n--;
    strbuf_clear(&e->line);
    strbuf_add(&e->line, text, n);
    *ret_line = strbuf_view(&e->line);
    return EDIT_LINE;
}
