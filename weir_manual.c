/* weir_manual.c - the pages of the manual that are lists: connectors, functions, settings, errors.
 *
 * Each is made from the rows that the program works by, so it says what is there. `weir help`
 * prints them; those in docs/ are compared with them by tests/cli/docs.py. A page is Markdown that
 * reads well as text too: the columns of its tables stand in line, except for the last. */
#include "base/mem.h"
#include "connectors/format.h"
#include "exec/funcs/funcs.h"
#include "weir_desk.h"

/* ---- tables ------------------------------------------------------------------------------------
 */

enum { COLUMNS_MAX = 4 };

typedef struct Row {
    StrBuf cell[COLUMNS_MAX];
} Row;

typedef struct Table {
    Row *rows; /* the first is the head */
    u32 nrows, cap;
    u32 ncolumns;
} Table;

/* A row of plain texts; a cell may be extended afterwards. */
static Row *
table_row(Table *t, const char *const *texts)
{
    mem_grow(t->rows, t->nrows, t->cap);
    Row *row = &t->rows[t->nrows++];
    *row = (Row){0};
    for (u32 c = 0; c < t->ncolumns; c++) strbuf_str(&row->cell[c], str_from(texts[c]));
    return row;
}

static Table
table_open(const char *const *heads, u32 ncolumns)
{
    Table t = {.ncolumns = ncolumns};
    (void)table_row(&t, heads);
    return t;
}

/* A bar inside a cell would end it. */
static void
cell_escape(StrBuf *cell)
{
    StrBuf plain = *cell;
    *cell = (StrBuf){0};
    for (size_t i = 0; i < plain.len; i++) {
        if (plain.ptr[i] == '|') strbuf_char(cell, '\\');
        strbuf_char(cell, plain.ptr[i]);
    }
    strbuf_done(&plain);
}

static void
table_print(Table *t, StrBuf *out)
{
    size_t width[COLUMNS_MAX] = {0};
    for (u32 r = 0; r < t->nrows; r++) {
        for (u32 c = 0; c < t->ncolumns; c++) {
            cell_escape(&t->rows[r].cell[c]);
            width[c] = MAX(width[c], t->rows[r].cell[c].len);
        }
    }
    width[t->ncolumns - 1] = 0;
    for (u32 r = 0; r < t->nrows; r++) {
        for (u32 c = 0; c < t->ncolumns; c++) {
            Str cell = strbuf_view(&t->rows[r].cell[c]);
            strbuf_printf(out, "| %.*s%*s ", STR_ARG(cell),
                          (int)(width[c] > cell.len ? width[c] - cell.len : 0), "");
            strbuf_done(&t->rows[r].cell[c]);
        }
        strbuf_str(out, STR("|\n"));
        for (u32 c = 0; c < t->ncolumns && r == 0; c++) {
            strbuf_char(out, '|');
            for (size_t i = 0; i < MAX(width[c], 1) + 2; i++) strbuf_char(out, '-');
        }
        if (r == 0) strbuf_str(out, STR("|\n"));
    }
    strbuf_char(out, '\n');
    mem_free(t->rows);
}

/* ---- connectors and formats --------------------------------------------------------------------
 */

static const char *const option_heads[] = {"option", "type", "default", "meaning"};

static void
option_type(StrBuf *out, const Option *o)
{
    static const char *const names[] = {
        [OPTION_TEXT] = "text",         [OPTION_INT] = "integer",
        [OPTION_DOUBLE] = "number",     [OPTION_BOOL] = "boolean",
        [OPTION_DURATION] = "duration", [OPTION_BYTES] = "size",
        [OPTION_CHAR] = "character",    [OPTION_ENUM] = "",
    };
    strbuf_str(out, str_from(names[o->type]));
    for (const char *at = o->values; at && *at;) {
        const char *bar = strchr(at, '|');
        u32 len = bar ? (u32)(bar - at) : (u32)strlen(at);
        strbuf_printf(out, "%s`%.*s`", at == o->values ? "" : ", ", (int)len, at);
        at = bar ? bar + 1 : NULL;
    }
}

static void
option_row(Table *t, const Option *o)
{
    Row *row = table_row(t, (const char *const[]){"", "", "", o->doc});
    strbuf_printf(&row->cell[0], "`%s`", o->name);
    option_type(&row->cell[1], o);
    if (!o->initial)
        strbuf_str(&row->cell[2], STR("required"));
    else if (o->initial[0])
        strbuf_printf(&row->cell[2], "`%s`", o->initial);
}

static void
options_print(StrBuf *out, const Option *options, u32 n, const Option *column_options, u32 ncolumn)
{
    if (n + ncolumn == 0) {
        strbuf_str(out, STR("It has no options of its own.\n\n"));
        return;
    }
    Table t = table_open(option_heads, 4);
    for (u32 i = 0; i < n; i++) option_row(&t, &options[i]);
    for (u32 i = 0; i < ncolumn; i++) option_row(&t, &column_options[i]);
    table_print(&t, out);
}

static const char *
uses_text(bool reads, bool writes)
{
    if (reads && writes) return "For reading and writing";
    return reads ? "For reading" : "For writing";
}

static void
page_connectors(StrBuf *out)
{
    strbuf_str(out, STR("# Connectors and formats\n\n"
                        "What stands in `WITH ('option' = 'value', ...)` behind CREATE TABLE. "
                        "`'connector'` names what carries\nthe rows; a connector of files also "
                        "needs `'format'`, which says how a row is written as text.\n"
                        "A duration is written `'5 s'`, `'10 min'` or `'100 ms'`, a size `'64 mb'`"
                        " or `'1024'`, a character as\nitself or escaped, `'\\t'`. An option "
                        "without a default is unset.\n\n"));
    const Connector *c;
    for (u32 i = 0; (c = connector_at(i)) != NULL; i++) {
        strbuf_printf(out, "## Connector `%s`\n\n%s\n%s%s.\n\n", c->name, c->doc,
                      uses_text(c->source != NULL, c->sink != NULL),
                      c->has_format ? "; needs a format" : "");
        options_print(out, c->options, c->noptions, c->column_options, c->ncolumn_options);
    }
    const FormatDef *f;
    for (u32 i = 0; (f = format_at(i)) != NULL; i++) {
        strbuf_printf(out, "## Format `%s`\n\n%s\n%s.\n\n", f->name, f->doc,
                      uses_text(f->decode != NULL, f->encode != NULL));
        options_print(out, f->options, f->noptions, f->column_options, f->ncolumn_options);
    }
}

/* ---- functions ---------------------------------------------------------------------------------
 */

static void
function_item(StrBuf *out, const char *syntax, const char *doc, const char *example)
{
    strbuf_printf(out, "- `%s`\n", syntax);
    if (doc) strbuf_printf(out, "  %s\n", doc);
    if (example) strbuf_printf(out, "  Example: `%s`\n", example);
}

/* Overloads of which the same is said are one entry. */
static bool
function_first(const FuncDef *family, const FuncDef *def)
{
    for (const FuncDef *d = family; d < def; d++) {
        if (strcmp(d->name, def->name) == 0 && d->doc && strcmp(d->doc, def->doc) == 0)
            return false;
    }
    return true;
}

static void
functions_of(StrBuf *out, const char *category)
{
    if (strcmp(category, "json") == 0)
        strbuf_str(out, STR("## JSON\n\n"));
    else
        strbuf_printf(out, "## %c%s\n\n", category[0] - 'a' + 'A', category + 1);
    const FuncTable *t = &exec_func_table;
    for (u32 f = 0; f < t->nfamilies; f++) {
        for (const FuncDef *def = t->families[f]; def->name; def++) {
            if (!def->syntax || strcmp(def->category, category) != 0) continue;
            if (!function_first(t->families[f], def)) continue;
            function_item(out, def->syntax, def->doc, def->example);
        }
    }
    strbuf_char(out, '\n');
}

/* The categories, in the order in which the rows first name them. */
static u32
function_categories(const char **categories, u32 max)
{
    const FuncTable *t = &exec_func_table;
    u32 n = 0;
    for (u32 f = 0; f < t->nfamilies; f++) {
        for (const FuncDef *def = t->families[f]; def->name; def++) {
            bool seen = !def->category;
            for (u32 i = 0; i < n && !seen; i++) seen = strcmp(categories[i], def->category) == 0;
            if (seen) continue;
            assert(n < max);
            categories[n++] = def->category;
        }
    }
    return n;
}

static void
page_functions(StrBuf *out)
{
    strbuf_str(out, STR("# Functions and operators\n\n"
                        "What stands in brackets may be left out. An example shows what "
                        "`CAST(... AS STRING)` of the call gives;\nall of them are tests. `SHOW "
                        "FUNCTIONS` and `DESCRIBE FUNCTION name` tell the same. "
                        "AND, OR, CASE and BETWEEN are\nSQL's own and not listed.\n\n"));
    const char *categories[32];
    u32 n = function_categories(categories, ARRAY_LEN(categories));
    for (u32 i = 0; i < n; i++) functions_of(out, categories[i]);
    strbuf_str(out, STR("## Aggregates\n\nEach takes `FILTER (WHERE condition)` behind it.\n\n"));
    const FuncTable *t = &exec_func_table;
    for (u32 f = 0; f < t->nagg_families; f++) {
        for (const AggDef *def = t->agg_families[f]; def->name; def++) {
            bool internal = def->name[0] == '$';
            if (def->syntax && !internal) function_item(out, def->syntax, def->doc, def->example);
        }
    }
}

/* ---- settings and errors -----------------------------------------------------------------------
 */

static void
page_settings(StrBuf *out)
{
    static const char *const heads[] = {"setting", "default", "meaning"};
    strbuf_str(out, STR("# Settings\n\n"
                        "`SET 'key' = 'value';` changes one for the rest of the session or script, "
                        "`RESET 'key';` gives the default\nback, `SET;` lists them. An empty "
                        "default is explained beside it.\n\n"));
    Table t = table_open(heads, 3);
    const char *key, *doc, *initial;
    for (u32 i = 0; (key = weir_setting_at(i, &doc, &initial)) != NULL; i++) {
        Row *row = table_row(&t, (const char *const[]){"", "", doc});
        strbuf_printf(&row->cell[0], "`%s`", key);
        if (initial[0]) strbuf_printf(&row->cell[1], "`%s`", initial);
    }
    table_print(&t, out);
}

static void
errors_of(StrBuf *out, char group, const char *title)
{
    static const char *const heads[] = {"code", "exit", "meaning"};
    Table t = table_open(heads, 3);
    for (u32 c = W0000 + 1; c < ERRCODE_COUNT; c++) {
        const char *name = errcode_name((ErrCode)c);
        if (name[1] != group) continue;
        Row *row = table_row(&t, (const char *const[]){name, "", errcode_text((ErrCode)c)});
        strbuf_printf(&row->cell[1], "%d", status_exit(errcode_status((ErrCode)c)));
    }
    strbuf_printf(out, "## %s\n\n", title);
    table_print(&t, out);
}

static void
page_errors(StrBuf *out)
{
    static const char *const groups[] = {
        "1Text and grammar", "2Names, types and planning",
        "3Running and data", "4Outside systems",
        "5Integrity",        "7Limits",
        "8Command line",
    };
    strbuf_str(out,
               STR("# Errors\n\n"
                   "Every error has a code that stays the same, a place in the SQL where there "
                   "is one, and a hint that says\nwhat to write. `weir help W2013` explains "
                   "one. The program ends with the exit code of the first error;\n`weir help "
                   "exit-codes` lists those.\n\n"));
    for (u32 i = 0; i < ARRAY_LEN(groups); i++) errors_of(out, groups[i][0], groups[i] + 1);
}

/* ---- pages -------------------------------------------------------------------------------------
 */

static const struct Page {
    const char *name;
    void (*print)(StrBuf *out);
} pages[WEIR_PAGE_COUNT] = {
    [WEIR_PAGE_CONNECTORS] = {"connectors", page_connectors},
    [WEIR_PAGE_FUNCTIONS] = {"functions", page_functions},
    [WEIR_PAGE_SETTINGS] = {"settings", page_settings},
    [WEIR_PAGE_ERRORS] = {"errors", page_errors},
};

const char *
weir_page_name(WeirPage page)
{
    return pages[page].name;
}

void
weir_page(WeirPage page, StrBuf *out)
{
    pages[page].print(out);
    while (out->len > 1 && out->ptr[out->len - 2] == '\n') out->len--; /* one line end at the end */
}
