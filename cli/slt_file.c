/* slt_file.c - a test file's text as records, and its cells as text. */
#include "base/mem.h"
#include "cli/slt.h"
#include <stdlib.h>

typedef struct VerbRow {
    const char *words;
    SltVerb verb;
    bool arg;     /* something follows */
    bool body;    /* has text under it */
    bool expects; /* needs ---- */
} VerbRow;

static const VerbRow verbs[] = {
    {"statement ok", SLT_STATEMENT_OK, false, true, false},
    {"statement error", SLT_STATEMENT_ERROR, true, true, false},
    {"query", SLT_QUERY, false, true, true},
    {"types", SLT_TYPES, false, true, true},
    {"explain", SLT_EXPLAIN, false, true, true},
    {"push", SLT_PUSH, true, true, false},
    {"live", SLT_LIVE, true, true, false},
    {"emits", SLT_EMITS, true, false, true},
    {"finish", SLT_FINISH, true, false, true},
    {"summary", SLT_SUMMARY, false, true, true},
    {"file", SLT_FILE, true, true, false},
    {"cat", SLT_CAT, true, false, true},
    {"absent", SLT_ABSENT, true, false, false},
    {"needs", SLT_NEEDS, true, false, false},
    {"only default", SLT_ONLY, false, false, false},
};

/* The line at *at, without its end; *at moves behind it. */
static Str
next_line(Str text, u32 *at)
{
    const char *end = memchr(text.ptr + *at, '\n', text.len - *at);
    u32 len = (u32)(end ? (size_t)(end - text.ptr) - *at : text.len - *at);
    Str line = {text.ptr + *at, len};
    *at += len + (end != NULL);
    if (line.len && line.ptr[line.len - 1] == '\r') line.len--;
    return line;
}

static const VerbRow *
find_verb(Str line, Str *ret_rest)
{
    for (u32 i = 0; i < ARRAY_LEN(verbs); i++) {
        Str words = str_from(verbs[i].words);
        if (!str_starts(line, words)) continue;
        Str rest = {line.ptr + words.len, line.len - words.len};
        if (rest.len && rest.ptr[0] != ' ') continue;
        *ret_rest = str_trim(rest);
        return &verbs[i];
    }
    return NULL;
}

/* The lines up to a blank one or a ----. */
static Str
read_block(Str text, u32 *at, bool *ret_separator)
{
    u32 from = *at, end = *at;
    *ret_separator = false;
    while (*at < text.len) {
        u32 before = *at;
        Str line = next_line(text, at);
        if (line.len == 0) break;
        if (str_eq(line, STR("----"))) {
            *ret_separator = true;
            break;
        }
        end = before + line.len;
    }
    return (Str){text.ptr + from, end - from};
}

static Status
read_record(Str text, u32 *at, Str line, u32 number, SltRecord *ret, Err *err)
{
    Str rest = {0};
    const VerbRow *v = find_verb(line, &rest);
    if (!v) {
        return err_set(err, W8001, POS_NONE, "\"%.*s\" is no verb of a test file", STR_ARG(line));
    }
    *ret = (SltRecord){.verb = v->verb, .line = number};
    if (str_eq(rest, STR("ordered")) || str_ends(rest, STR(" ordered"))) {
        ret->ordered = true;
        rest = str_trim((Str){rest.ptr, rest.len - 7});
    }
    ret->arg = rest;
    if (v->arg != (rest.len > 0)) {
        return err_set(err, W8001, POS_NONE, "\"%s\" takes %s", v->words,
                       v->arg ? "a name" : "nothing behind it");
    }
    ret->body = read_block(text, at, &ret->expects);
    if (!v->body && ret->body.len) {
        return err_set(err, W8001, POS_NONE, "\"%s\" takes no text", v->words);
    }
    ret->want_from = ret->want_to = *at;
    if (ret->expects) {
        bool again = false;
        ret->want = read_block(text, at, &again);
        ret->want_to = ret->want_from + ret->want.len;
    } else if (v->expects) {
        return err_set(err, W8001, POS_NONE, "\"%s\" needs a line ---- and what it expects",
                       v->words);
    }
    return ERR_OK;
}

static u32
count_lines(Str text, u32 from, u32 to)
{
    u32 n = 0;
    for (u32 i = from; i < to; i++) n += text.ptr[i] == '\n';
    return n;
}

Status
slt_parse(Str text, SltFile *ret_file, u32 *ret_line, Err *err)
{
    SltFile f = {.text = text};
    u32 number = 1;
    for (u32 at = 0; at < text.len;) {
        u32 before = at;
        Str line = next_line(text, &at);
        *ret_line = number;
        if (line.len && line.ptr[0] != '#') {
            SltRecord r;
            Status st = read_record(text, &at, line, number, &r, err);
            if (st) {
                slt_file_done(&f);
                return st;
            }
            mem_grow(f.records, f.nrecords, f.cap);
            f.records[f.nrecords++] = r;
        }
        number += count_lines(text, before, at);
    }
    *ret_file = f;
    return ERR_OK;
}

void
slt_file_done(SltFile *f)
{
    mem_free(f->records);
    *f = (SltFile){0};
}

/* ---- cells --------------------------------------------------------------------------------- */

static i32
hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool
slt_unescape(Str text, StrBuf *out)
{
    for (u32 i = 0; i < text.len; i++) {
        if (text.ptr[i] != '\\') {
            strbuf_char(out, text.ptr[i]);
            continue;
        }
        if (++i == text.len) return false;
        switch (text.ptr[i]) {
        case 't':
            strbuf_char(out, '\t');
            break;
        case 'n':
            strbuf_char(out, '\n');
            break;
        case 'r':
            strbuf_char(out, '\r');
            break;
        case '\\':
            strbuf_char(out, '\\');
            break;
        case 'x': {
            if (i + 2 >= text.len) return false;
            i32 hi = hex_digit(text.ptr[i + 1]), lo = hex_digit(text.ptr[i + 2]);
            if (hi < 0 || lo < 0) return false;
            strbuf_char(out, (char)(hi * 16 + lo));
            i += 2;
            break;
        }
        default:
            return false;
        }
    }
    return true;
}

void
slt_escape(StrBuf *out, Str cell)
{
    if (cell.len == 0) {
        strbuf_str(out, STR("(empty)"));
        return;
    }
    bool special =
        str_eq(cell, STR("NULL")) || str_eq(cell, STR("(empty)")) || str_eq(cell, STR("----"));
    for (u32 i = 0; i < cell.len; i++) {
        char c = cell.ptr[i];
        if (c == '\t')
            strbuf_str(out, STR("\\t"));
        else if (c == '\n')
            strbuf_str(out, STR("\\n"));
        else if (c == '\r')
            strbuf_str(out, STR("\\r"));
        else if (c == '\\')
            strbuf_str(out, STR("\\\\"));
        else if ((special && i == 0) || (u8)c < 32 || c == 127) {
            strbuf_printf(out, "\\x%02x", (unsigned)(u8)c);
        } else {
            strbuf_char(out, c);
        }
    }
}

static int
line_cmp(const void *a, const void *b)
{
    return str_cmp(*(const Str *)a, *(const Str *)b);
}

void
slt_sort_lines(StrBuf *text)
{
    Str all = strbuf_view(text);
    u32 n = count_lines(all, 0, all.len) + 1, i = 0;
    Str *lines = mem_array(Str, n);
    for (u32 at = 0; at < all.len;) lines[i++] = next_line(all, &at);
    qsort(lines, i, sizeof *lines, line_cmp);
    StrBuf sorted = {0};
    for (u32 k = 0; k < i; k++) {
        if (k) strbuf_char(&sorted, '\n');
        strbuf_str(&sorted, lines[k]);
    }
    mem_free(lines);
    strbuf_done(text);
    *text = sorted;
}
