/* shell_complete.c - what could stand at the cursor, from the tokens before it.
 *
 *   at the start, . or \       commands, then what the command takes
 *   after FROM, JOIN, INTO...  tables and views
 *   within WITH ( '...         options; behind 'connector' = the connectors
 *   within SET '...            settings
 *   within other quotes        file names
 *   a word                     keywords, functions, tables, columns of the tables named so far
 *
 * Keywords and functions are found in any case and keep the case that was begun. */
#include "base/mem.h"
#include "cli/shell.h"
#include "grammar/lex.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
    WORDS_MAX = 10000, /* a folder of files may hold any number */
    TOKENS_BACK = 64,  /* how far back WITH ( or SET is looked for */
};

typedef struct Collect {
    Completion *out;
    Str prefix;
    bool any_case;
    bool lower; /* the prefix is lower case: so are the words */
} Collect;

static void
collect_word(Collect *c, Str word)
{
    if (word.len < c->prefix.len || c->out->len == WORDS_MAX) return;
    Str head = {word.ptr, c->prefix.len};
    if (!(c->any_case ? str_eq_nocase(head, c->prefix) : str_eq(head, c->prefix))) return;
    char *copy = mem_strdup(word.ptr, word.len);
    for (u32 i = 0; c->lower && i < word.len; i++) {
        if (copy[i] >= 'A' && copy[i] <= 'Z') copy[i] = (char)(copy[i] + 32);
    }
    mem_grow(c->out->word, c->out->len, c->out->cap);
    c->out->word[c->out->len++] = copy;
}

static void
collect_each(void *ctx, Str name, Str detail)
{
    (void)detail;
    collect_word(ctx, name);
}

static void
collect_list(Collect *c, Shell *s, WeirListKind kind, Str of)
{
    weir_list(s->cli->weir, kind, of, collect_each, c);
}

static int
word_order(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void
complete_done(Completion *c)
{
    for (u32 i = 0; i < c->len; i++) mem_free(c->word[i]);
    mem_free(c->word);
    *c = (Completion){0};
}

static void
complete_sort(Completion *c)
{
    if (c->len == 0) return;
    qsort(c->word, c->len, sizeof *c->word, word_order);
    u32 n = 1;
    for (u32 i = 1; i < c->len; i++) {
        if (strcmp(c->word[i], c->word[n - 1]) == 0) {
            mem_free(c->word[i]);
        } else {
            c->word[n++] = c->word[i];
        }
    }
    c->len = n;
}

/* ---- files ---------------------------------------------------------------------------------- */

static void
complete_files(Completion *out, Str typed)
{
    u32 slash = typed.len;
    while (slash > 0 && typed.ptr[slash - 1] != '/') slash--;
    StrBuf folder = {0}, name = {0};
    strbuf_str(&folder, slash ? (Str){typed.ptr, slash} : STR("./"));
    Collect c = {.out = out, .prefix = {typed.ptr + slash, typed.len - slash}};
    DIR *dir = opendir(folder.ptr);
    for (struct dirent *d; dir && (d = readdir(dir)) != NULL;) {
        bool hidden = d->d_name[0] == '.' && (c.prefix.len == 0 || c.prefix.ptr[0] != '.');
        if (hidden || strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0) continue;
        strbuf_clear(&name);
        strbuf_str(&name, strbuf_view(&folder));
        strbuf_str(&name, str_from(d->d_name));
        struct stat about;
        bool is_folder = stat(name.ptr, &about) == 0 && S_ISDIR(about.st_mode);
        strbuf_clear(&name);
        strbuf_printf(&name, "%s%s", d->d_name, is_folder ? "/" : "");
        collect_word(&c, strbuf_view(&name));
    }
    if (dir) (void)closedir(dir);
    out->prefix = c.prefix.len;
    bool folder_only = out->len == 1 && out->word[0][strlen(out->word[0]) - 1] == '/';
    if (folder_only) out->after = 0;
    strbuf_done(&folder);
    strbuf_done(&name);
}

/* ---- tokens before the cursor --------------------------------------------------------------- */

/* The last tokens of the text, spaces and comments left out; newest first. */
typedef struct Recent {
    LexToken at[TOKENS_BACK];
    u32 len;
} Recent;

static void
recent_tokens(Recent *r, Str text)
{
    r->len = 0;
    for (u32 at = 0; at < text.len;) {
        LexToken t = lex_next(text, at);
        at = t.pos + t.width;
        if (t.class == LEX_SPACE || t.class == LEX_COMMENT) continue;
        memmove(r->at + 1, r->at, (TOKENS_BACK - 1) * sizeof *r->at);
        r->at[0] = t;
        r->len = MIN(r->len + 1, (u32)TOKENS_BACK);
    }
}

static Str
recent_text(const Recent *r, Str text, u32 back)
{
    if (back >= r->len) return (Str){0};
    return (Str){text.ptr + r->at[back].pos, r->at[back].width};
}

static bool
recent_is(const Recent *r, Str text, u32 back, const char *word)
{
    return str_eq_nocase(recent_text(r, text, back), str_from(word));
}

/* A text without its quotes. */
static Str
quoted_inside(Str s)
{
    if (s.len >= 2 && s.ptr[0] == '\'') return (Str){s.ptr + 1, s.len - 2};
    return (Str){0};
}

/* 'connector' = 'x' within the options that are being written; empty when not said yet. */
static Str
recent_connector(const Recent *r, Str text)
{
    for (u32 i = 0; i + 2 < r->len; i++) {
        if (recent_is(r, text, i + 2, "'connector'") && recent_is(r, text, i + 1, "=")) {
            return quoted_inside(recent_text(r, text, i));
        }
        if (recent_is(r, text, i, ";")) break;
    }
    return (Str){0};
}

static bool
recent_in_with(const Recent *r, Str text)
{
    for (u32 i = 0; i + 1 < r->len; i++) {
        if (recent_is(r, text, i, ")") || recent_is(r, text, i, ";")) return false;
        if (recent_is(r, text, i, "(")) return recent_is(r, text, i + 1, "WITH");
    }
    return false;
}

/* ---- inside quotes -------------------------------------------------------------------------- */

static void
complete_each_connector(void *ctx, Str name, Str detail)
{
    (void)detail;
    strbuf_str(ctx, name);
    strbuf_char(ctx, '\0');
}

/* Options of the connector, or of all when it is not named yet. */
static void
complete_options(Shell *s, Collect *c, Str connector)
{
    collect_word(c, STR("connector"));
    if (connector.len) {
        collect_list(c, s, WEIR_OPTIONS, connector);
        return;
    }
    StrBuf names = {0};
    weir_list(s->cli->weir, WEIR_CONNECTORS, (Str){0}, complete_each_connector, &names);
    for (size_t at = 0; at < names.len;) {
        Str name = str_from(names.ptr + at);
        collect_list(c, s, WEIR_OPTIONS, name);
        at += name.len + 1;
    }
    strbuf_done(&names);
}

/* before: the text up to the opening quote; typed: what follows it. */
static void
complete_quoted(Shell *s, Str before, Str typed, Completion *out)
{
    Recent r;
    recent_tokens(&r, before);
    Collect c = {.out = out, .prefix = typed};
    out->prefix = typed.len;
    out->after = '\'';
    bool value = recent_is(&r, before, 0, "=");
    if (value && recent_is(&r, before, 1, "'connector'")) {
        collect_list(&c, s, WEIR_CONNECTORS, (Str){0});
    } else if (value && recent_is(&r, before, 1, "'format'")) {
        collect_word(&c, STR("csv"));
        collect_word(&c, STR("json"));
    } else if (recent_is(&r, before, 0, "SET") || recent_is(&r, before, 0, "RESET")) {
        collect_list(&c, s, WEIR_SETTINGS, (Str){0});
    } else if (!value && recent_in_with(&r, before)) {
        complete_options(s, &c, recent_connector(&r, before));
    } else {
        complete_files(out, typed);
    }
}

/* ---- words ---------------------------------------------------------------------------------- */

static bool
word_wants_table(const Recent *r, Str text)
{
    static const char *const words[] = {"FROM", "JOIN", "INTO",     "TABLE",
                                        "VIEW", "DESC", "DESCRIBE", "SUMMARIZE"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (recent_is(r, text, 0, words[i])) return true;
    }
    return false;
}

/* Columns of every table that the text names; of all tables while it names none, for the select
 * list comes before FROM. */
static void
complete_columns(Shell *s, Collect *c, Str text)
{
    Completion tables = {0};
    Collect all = {.out = &tables};
    collect_list(&all, s, WEIR_TABLES, (Str){0});
    collect_list(&all, s, WEIR_VIEWS, (Str){0});
    bool named = false;
    for (u32 at = 0; at < text.len;) {
        LexToken t = lex_next(text, at);
        at = t.pos + t.width;
        if (t.class != LEX_NAME && t.class != LEX_KEYWORD) continue;
        Str name = {text.ptr + t.pos, t.width};
        for (u32 i = 0; i < tables.len; i++) {
            if (!str_eq(name, str_from(tables.word[i]))) continue;
            collect_list(c, s, WEIR_COLUMNS, name);
            named = true;
        }
    }
    for (u32 i = 0; i < tables.len && !named; i++) {
        collect_list(c, s, WEIR_COLUMNS, str_from(tables.word[i]));
    }
    complete_done(&tables);
}

static bool
text_is_lower(Str s)
{
    bool letter = false;
    for (u32 i = 0; i < s.len; i++) {
        if (s.ptr[i] >= 'A' && s.ptr[i] <= 'Z') return false;
        letter = letter || (s.ptr[i] >= 'a' && s.ptr[i] <= 'z');
    }
    return letter;
}

static void
complete_word(Shell *s, Str text, Str before, Str prefix, Completion *out)
{
    Recent r;
    recent_tokens(&r, before);
    Collect names = {.out = out, .prefix = prefix};
    Collect words = {
        .out = out, .prefix = prefix, .any_case = true, .lower = text_is_lower(prefix)};
    out->prefix = prefix.len;
    out->after = ' ';
    bool member = recent_is(&r, before, 0, ".");
    if (!member) {
        collect_list(&names, s, WEIR_TABLES, (Str){0});
        collect_list(&names, s, WEIR_VIEWS, (Str){0});
    }
    if (!member && word_wants_table(&r, before) && out->len) return;
    complete_columns(s, &names, text);
    if (member || prefix.len == 0) return;
    for (u32 i = 0; i < keyword_count(); i++) collect_word(&words, keyword_at(i).word);
    collect_list(&words, s, WEIR_FUNCTIONS, (Str){0});
}

/* ---- commands ------------------------------------------------------------------------------- */

static void
complete_command(Shell *s, Str line, Completion *out)
{
    u32 n = 0;
    while (n < line.len && line.ptr[n] != ' ') n++;
    Collect c = {.out = out, .prefix = line};
    out->after = ' ';
    out->prefix = line.len;
    if (n == line.len) {
        bool psql = line.ptr[0] == '\\';
        for (u32 i = 0; dot_name(i, psql); i++) collect_word(&c, str_from(dot_name(i, psql)));
        return;
    }
    u32 from = line.len;
    while (from > n && line.ptr[from - 1] != ' ' && line.ptr[from - 1] != '\'') from--;
    c.prefix = (Str){line.ptr + from, line.len - from};
    out->prefix = c.prefix.len;
    switch (dot_argument((Str){line.ptr, n})) {
    case DOT_COMMAND:
        for (u32 i = 0; dot_name(i, false); i++) collect_word(&c, str_from(dot_name(i, false)));
        break;
    case DOT_TABLE:
        collect_list(&c, s, WEIR_TABLES, (Str){0});
        collect_list(&c, s, WEIR_VIEWS, (Str){0});
        break;
    case DOT_FORMAT:
        for (u32 i = 0; render_at(i); i++) collect_word(&c, str_from(render_at(i)->name));
        break;
    case DOT_SWITCH:
        collect_word(&c, STR("on"));
        collect_word(&c, STR("off"));
        break;
    case DOT_FUNCTION:
        collect_list(&c, s, WEIR_FUNCTIONS, (Str){0});
        break;
    case DOT_FILE:
        complete_files(out, c.prefix);
        break;
    case DOT_NONE:
    case DOT_TEXT:
        break;
    }
}

void
complete_line(Shell *s, Str before, Str line, Completion *ret)
{
    *ret = (Completion){0};
    if (before.len == 0 && line.len && (line.ptr[0] == '.' || line.ptr[0] == '\\')) {
        complete_command(s, line, ret);
        complete_sort(ret);
        return;
    }
    StrBuf text = {0};
    strbuf_str(&text, before);
    strbuf_str(&text, line);
    Str all = strbuf_view(&text);
    LexToken last = {.class = LEX_SPACE, .pos = all.len};
    for (u32 at = 0; at < all.len; at = last.pos + last.width) last = lex_next(all, at);
    Str word = {all.ptr + last.pos, last.width};
    bool quote = word.len && word.ptr[0] == '\'' && !last.closed;
    if (quote) {
        complete_quoted(s, (Str){all.ptr, last.pos}, (Str){word.ptr + 1, word.len - 1}, ret);
    } else if (last.class == LEX_KEYWORD || last.class == LEX_NAME) {
        complete_word(s, all, (Str){all.ptr, last.pos}, word, ret);
    } else if (last.class != LEX_COMMENT) {
        complete_word(s, all, all, (Str){0}, ret);
    }
    complete_sort(ret);
    strbuf_done(&text);
}
