/* shell_history.c - what was typed, in $XDG_STATE_HOME/weir/history.
 *
 * One entry a line; a line end within an entry (in a string) is written \n, a backslash \\. Entries
 * are appended as they come, so that two shells lose nothing of each other; a file that has grown
 * to twice the limit is rewritten at start. 0600, in folders that are the owner's alone. */
#include "base/mem.h"
#include "cli/shell.h"
#include "grammar/lex.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ENTRY_BYTES_MAX = 64 * 1024 };

struct Recall {
    int fd; /* -1: memory only */
    Str *at;
    u32 len, cap;
    StrBuf entry;
};

static void
recall_push(Recall *h, Str entry)
{
    if (h->len == HISTORY_ENTRIES_MAX) {
        mem_free((void *)(uintptr_t)h->at[0].ptr);
        memmove(h->at, h->at + 1, (h->len - 1) * sizeof *h->at);
        h->len--;
    }
    mem_grow(h->at, h->len, h->cap);
    h->at[h->len++] = (Str){mem_strdup(entry.ptr, entry.len), entry.len};
}

static void
entry_encode(StrBuf *out, Str entry)
{
    for (u32 i = 0; i < entry.len; i++) {
        char c = entry.ptr[i];
        if (c == '\n' || c == '\\') strbuf_char(out, '\\');
        strbuf_char(out, c == '\n' ? 'n' : c);
    }
    strbuf_char(out, '\n');
}

static void
entry_decode(StrBuf *out, Str line)
{
    strbuf_clear(out);
    for (u32 i = 0; i < line.len; i++) {
        char c = line.ptr[i];
        bool escape = c == '\\' && i + 1 < line.len;
        if (escape) c = line.ptr[++i] == 'n' ? '\n' : line.ptr[i];
        strbuf_char(out, c);
    }
}

/* The file's lines; how many there are in all. */
static u32
recall_load(Recall *h, Str text)
{
    u32 lines = 0;
    for (u32 i = 0; i < text.len;) {
        const char *end = memchr(text.ptr + i, '\n', text.len - i);
        u32 n = end ? (u32)(end - (text.ptr + i)) : text.len - i;
        entry_decode(&h->entry, (Str){text.ptr + i, n});
        if (h->entry.len && h->entry.len <= ENTRY_BYTES_MAX) {
            recall_push(h, strbuf_view(&h->entry));
        }
        lines++;
        i += n + 1;
    }
    return lines;
}

/* The last entries go to a new file, which takes the place of the long one. */
static void
recall_shorten(const Recall *h, const char *path)
{
    StrBuf text = {0}, temp = {0};
    for (u32 i = 0; i < h->len; i++) entry_encode(&text, h->at[i]);
    strbuf_printf(&temp, "%s.tmp", path);
    int fd = open(temp.ptr, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool whole = fd >= 0 && write(fd, text.ptr, text.len) == (ssize_t)text.len;
    if (fd >= 0) (void)close(fd);
    if (fd >= 0 && (!whole || rename(temp.ptr, path) != 0)) (void)unlink(temp.ptr);
    strbuf_done(&text);
    strbuf_done(&temp);
}

static void
folders_make(const char *path)
{
    StrBuf b = {0};
    for (const char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
        strbuf_clear(&b);
        strbuf_add(&b, path, (size_t)(p - path));
        (void)mkdir(b.ptr, 0700); /* what fails here fails again at open() */
    }
    strbuf_done(&b);
}

Recall *
recall_open(void)
{
    Recall *h = mem_make(Recall);
    h->fd = -1;
    StrBuf path = {0}, text = {0};
    if (xdg_path(XDG_STATE, "history", &path)) {
        Err err;
        folders_make(path.ptr);
        if (access(path.ptr, F_OK) == 0 && !file_read(path.ptr, &text, &err)) {
            u32 lines = recall_load(h, strbuf_view(&text));
            if (lines > 2 * HISTORY_ENTRIES_MAX) recall_shorten(h, path.ptr);
        }
        h->fd = open(path.ptr, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    strbuf_done(&path);
    strbuf_done(&text);
    return h;
}

void
recall_close(Recall *h)
{
    if (!h) return;
    if (h->fd >= 0) (void)close(h->fd);
    for (u32 i = 0; i < h->len; i++) mem_free((void *)(uintptr_t)h->at[i].ptr);
    mem_free(h->at);
    strbuf_done(&h->entry);
    mem_free(h);
}

u32
recall_len(const Recall *h)
{
    return h->len;
}

Str
recall_at(const Recall *h, u32 i)
{
    assert(i < h->len);
    return h->at[i];
}

void
recall_flatten(StrBuf *out, Str text)
{
    bool space = false;
    for (u32 at = 0; at < text.len;) {
        LexToken t = lex_next(text, at);
        at = t.pos + t.width;
        if (t.class == LEX_SPACE || t.class == LEX_COMMENT) {
            space = out->len > 0;
            continue;
        }
        if (space) strbuf_char(out, ' ');
        space = false;
        strbuf_add(out, text.ptr + t.pos, t.width);
    }
}

static bool
text_has_secret(Str text)
{
    static const char *const words[] = {"password", "passwd", "secret", "api-key", "api_key"};
    for (size_t w = 0; w < ARRAY_LEN(words); w++) {
        u32 n = (u32)strlen(words[w]);
        for (u32 i = 0; i + n <= text.len; i++) {
            if (str_eq_nocase((Str){text.ptr + i, n}, (Str){words[w], n})) return true;
        }
    }
    return false;
}

bool
recall_add(Recall *h, Str text, Str *ret_entry)
{
    strbuf_clear(&h->entry);
    bool command = text.len && (text.ptr[0] == '.' || text.ptr[0] == '\\');
    if (command) {
        strbuf_str(&h->entry, str_trim(text));
    } else {
        recall_flatten(&h->entry, text);
    }
    Str entry = strbuf_view(&h->entry);
    if (entry.len == 0 || entry.len > ENTRY_BYTES_MAX || text_has_secret(text)) return false;
    if (h->len && str_eq(h->at[h->len - 1], entry)) return false;
    recall_push(h, entry);
    StrBuf line = {0};
    entry_encode(&line, entry);
    if (h->fd >= 0 && write(h->fd, line.ptr, line.len) < 0) h->fd = -1; /* memory goes on */
    strbuf_done(&line);
    *ret_entry = entry;
    return true;
}
