/* test_grammar.c - what parses and prints back as the same tree, what does not and in which
 * words, where nodes and statements lie, the limits, and the shell's view of a text. */
#include "base/mem.h"
#include "grammar/ast_equal.h"
#include "grammar/ast_print.h"
#include "grammar/parse.h"
#include "tests/unit/test.h"
#include <stdlib.h>

/* ---- Parse, print, parse ---- */

typedef enum Trip { TRIP_SAME, TRIP_NO_PARSE, TRIP_DIFFERS } Trip;

static Trip
trip_stmt(Str text, Err *err)
{
    Arena *a = arena_new();
    Stmt *stmt = NULL, *again = NULL;
    u32 next = 0;
    Trip trip = TRIP_NO_PARSE;
    StrBuf b = {0};
    if (!parse_statement(a, text, 0, &stmt, &next, err) && stmt) {
        stmt_print(&b, stmt);
        Status st = parse_statement(a, strbuf_view(&b), 0, &again, &next, err);
        trip = !st && next == b.len && stmt_equal(stmt, again) ? TRIP_SAME : TRIP_DIFFERS;
        if (trip == TRIP_DIFFERS) fprintf(stderr, "%.*s\n  -> %s\n", STR_ARG(text), b.ptr);
    }
    strbuf_done(&b);
    arena_free(a);
    return trip;
}

static Trip
trip_expr(Str text, Err *err)
{
    Arena *a = arena_new();
    Expr *e = NULL, *again = NULL;
    Trip trip = TRIP_NO_PARSE;
    StrBuf b = {0};
    if (!parse_expression(a, text, &e, err)) {
        expr_print(&b, e);
        Status st = parse_expression(a, strbuf_view(&b), &again, err);
        trip = !st && expr_equal(e, again) ? TRIP_SAME : TRIP_DIFFERS;
        if (trip == TRIP_DIFFERS) fprintf(stderr, "%.*s\n  -> %s\n", STR_ARG(text), b.ptr);
    }
    strbuf_done(&b);
    arena_free(a);
    return trip;
}

static void
statements_print_back(void)
{
    static const char *const texts[] = {
#define OK(text) text,
#include "tests/unit/grammar_statements.def"
#undef OK
    };
    CHECK(ARRAY_LEN(texts) > 150);
    for (u32 i = 0; i < ARRAY_LEN(texts); i++) {
        Err err = {0};
        Trip trip = trip_stmt(str_from(texts[i]), &err);
        if (trip == TRIP_NO_PARSE) fprintf(stderr, "%s\n  %s\n", texts[i], err.text);
        CHECK(trip == TRIP_SAME);
    }
}

/* Equal trees are not enough: a printer that drops parentheses agrees with itself. */
static void
prints_are_canonical(void)
{
    static const struct {
        const char *text, *print;
    } rows[] = {
        {"a-(b-c)", "a - (b - c)"},
        {"(a-b)-c", "a - b - c"},
        {"(a or b) and not (c and d)", "(a OR b) AND NOT (c AND d)"},
        {"- - 1", "- -1"},
        {"x between 1 and 2 and y", "x BETWEEN 1 AND 2 AND y"},
        {"a = b is null", "a = b IS NULL"},
        {"a || b + c", "a || b + c"},
        {"(a || b) || c * (d + 1)", "a || b || c * (d + 1)"},
        {"not a is not null", "NOT a IS NOT NULL"},
        {"-a::int", "-CAST(a AS INT)"},
        {"(1).x", "(1).x"},
        {"substring(a from 1 for 2)", "substring(a, 1, 2)"},
        {"position('a' in b)", "position('a' IN b)"},
        {"trim('a' from b)", "trim(BOTH 'a' FROM b)"},
        {"`order` + `a b` + `c`", "`order` + `a b` + c"},
        {"u&'\\00e9'", "'\303\251'"},
        {"interval '10' minutes", "INTERVAL '10' MINUTE"},
        {"case when a then 249else 1end", "CASE WHEN a THEN 249 ELSE 1 END"},
        {"count(distinct a) filter (where b) over w", "count(DISTINCT a) FILTER (WHERE b) OVER w"},
    };
    for (u32 i = 0; i < ARRAY_LEN(rows); i++) {
        Arena *a = arena_new();
        Expr *e = NULL;
        Err err;
        StrBuf b = {0};
        CHECK(parse_expression(a, str_from(rows[i].text), &e, &err) == ERR_OK);
        if (e) expr_print(&b, e);
        bool same = str_eq(strbuf_view(&b), str_from(rows[i].print));
        if (!same) fprintf(stderr, "%s -> %s\n", rows[i].text, b.ptr);
        CHECK(same);
        strbuf_done(&b);
        arena_free(a);
    }
}

/* ---- Failing ---- */

static void
errors_say_what_is_meant(void)
{
    static const struct {
        const char *sql;
        ErrCode code;
        u32 pos, width;
        const char *text, *hint; /* hint: a part of it */
    } rows[] = {
        {"SELECT a FORM t", W1001, 9, 4, "syntax error at \"FORM\"", "Did you mean FROM?"},
        {"SELCT a FROM t", W1001, 0, 5, "syntax error at \"SELCT\"", "Did you mean SELECT?"},
        {"SELECT a FROM t GRUOP BY a", W1001, 16, 5, "syntax error at \"GRUOP\"",
         "Did you mean GROUP?"},
        {"SELECT a b c FROM t", W1001, 11, 1, "syntax error at \"c\"", "a comma missing"},
        {"SELECT a, FROM t", W1001, 10, 4, "syntax error at \"FROM\"", "Remove the comma"},
        {"SELECT a FROM t LIMIT 3 ORDER BY a", W1001, 24, 5, "syntax error at \"ORDER\"",
         "ORDER BY stands before LIMIT."},
        {"SELECT COUNT(a FROM t", W1001, 15, 4, "syntax error at \"FROM\"", "\")\" missing"},
        {"SELECT a) FROM t", W1001, 8, 1, "syntax error at \")\"", "closes nothing"},
        {"SELECT \"a\" FROM t", W1003, 7, 3, "double quotes are not used here", "backticks"},
        {"SELECT order FROM t", W1001, 7, 5, "syntax error at \"order\"", "`order`"},
        {"SELECT * FROM TUMBLE(DATA = TABLE t)", W1001, 28, 5, "syntax error at \"TABLE\"",
         "name => value"},
        {"CREATE TABLE t (a INT) WITH ('a' => 'b')", W1001, 33, 2, "syntax error at \"=>\"",
         "'key' = 'value'"},
        {"CREATE TABLE t (a INT) WITH ('a' = b)", W1001, 35, 1,
         "syntax error at \"b\", expected a string", ""},
        {"SELECT CAST(a INT)", W1001, 14, 3, "syntax error at \"INT\"", "Is AS missing"},
        {"SELECT a FROM t GROUP a", W1001, 22, 1, "syntax error at \"a\"", "Is BY missing"},
        {"SELECT a IS foo", W1001, 9, 2, "syntax error at \"IS\"", "IS is followed by"},
        {"SELECT INTERVAL '1'", W1006, 19, 1, "the statement ends too soon", "needs its unit"},
        {"SELECT INTERVAL '1' DAYY", W1001, 20, 4, "\"DAYY\" is not a unit of time", "DAY"},
        {"SELECT a FROM", W1006, 13, 1, "the statement ends too soon", ""},
        {"SELECT (1 +", W1006, 7, 1, "\"(\" is not closed", ""},
        {"SELECT 'a", W1002, 7, 1, "a string is not closed", "written twice"},
        {"SELECT `a", W1002, 7, 1, "a name in backticks is not closed", ""},
        {"SELECT /* a", W1002, 7, 2, "a comment is not closed", ""},
        {"SELECT a # b", W1003, 9, 1, "the character \"#\" has no meaning here", ""},
        {"SELECT '\xff'", W1003, 7, 3, "text is not valid UTF-8", ""},
        {"SELECT 1a", W1004, 7, 2, "\"1a\" is neither a number nor a name", "backticks"},
        {"SELECT X'abc'", W1004, 7, 6, "a binary literal needs an even number of hex digits", ""},
        {"UPDATE t SET a = 1", W2001, 0, 6, "UPDATE is not part of the language", "INSERT"},
        {"SELECT * FROM a JOIN b", W1001, 16, 4, "a join needs ON or USING", "CROSS JOIN"},
        {"EXPLAIN CHANGLOG_MODE SELECT 1", W1001, 8, 13, "syntax error at \"CHANGLOG_MODE\"",
         "CHANGELOG_MODE"},
    };
    for (u32 i = 0; i < ARRAY_LEN(rows); i++) {
        Arena *a = arena_new();
        Stmt *stmt = NULL;
        u32 next = 0;
        Err err = {0};
        Status st = parse_statement(a, str_from(rows[i].sql), 0, &stmt, &next, &err);
        bool same = st && err.code == rows[i].code && err.pos == rows[i].pos &&
                    err.width == rows[i].width && strcmp(err.text, rows[i].text) == 0 &&
                    strstr(err.hint, rows[i].hint);
        if (!same) {
            fprintf(stderr, "%s\n  %s %u+%u %s | %s\n", rows[i].sql, errcode_name(err.code),
                    err.pos, err.width, err.text, err.hint);
        }
        CHECK(same);
        arena_free(a);
    }
}

static void
parsing_goes_on_behind_the_semicolon(void)
{
    Str script = STR(" ; SELECT 1; SELECT FROM ';' ; -- x;\nBEGIN STATEMENT SET; INSERT INTO a "
                     "SELECT 1; END; SELECT 2");
    static const struct {
        bool ok;
        const char *begin, *end;
    } want[] = {{true, "SELECT 1;", " SELECT FROM"},
                {false, "", " -- x"},
                {true, "BEGIN", " SELECT 2"},
                {true, "SELECT 2", ""}};
    Arena *a = arena_new();
    u32 at = 0;
    for (u32 i = 0; i < ARRAY_LEN(want); i++) {
        Stmt *stmt = NULL;
        Err err;
        Status st = parse_statement(a, script, at, &stmt, &at, &err);
        CHECK((st == ERR_OK) == want[i].ok);
        Str found = {script.ptr, script.len};
        if (stmt) found = (Str){script.ptr + stmt->pos, script.len - stmt->pos};
        CHECK(str_starts(found, str_from(want[i].begin)));
        Str rest = {script.ptr + at, script.len - at};
        CHECK(str_starts(rest, str_from(want[i].end)));
    }
    Stmt *stmt = (Stmt *)&script;
    Err err;
    CHECK(parse_statement(a, script, at, &stmt, &at, &err) == ERR_OK);
    CHECK(stmt == NULL);
    CHECK(at == script.len);
    arena_free(a);
}

static void
nodes_know_their_place(void)
{
    Str sql = STR("SELECT a, (b + 1) * c AS x FROM t AS u JOIN v ON u.k = v.k");
    Arena *a = arena_new();
    Stmt *stmt = NULL;
    u32 next = 0;
    Err err;
    CHECK(parse_statement(a, sql, 0, &stmt, &next, &err) == ERR_OK);
    if (!stmt) return;
    Select *s = stmt->query->select;
    const Expr *e = s->items.at[1].expr;
    CHECK(e->pos == 10 && e->width == 11);
    CHECK(e->binary.left->pos == 10 && e->binary.left->width == 7);
    CHECK(s->items.at[1].alias.pos == 25);
    CHECK(s->from->pos == 32 && s->from->width == sql.len - 32);
    CHECK(s->from->join->left->width == 6);
    CHECK(s->from->join->on->pos == 49 && s->from->join->on->width == 9);
    CHECK(stmt->width == sql.len);
    arena_free(a);
}

/* ---- Limits ---- */

static Status
parse_repeated(const char *head, const char *unit, u32 times, const char *tail, Err *err)
{
    StrBuf b = {0};
    strbuf_add(&b, head, strlen(head));
    for (u32 i = 0; i < times; i++) strbuf_add(&b, unit, strlen(unit));
    strbuf_add(&b, tail, strlen(tail));
    Arena *a = arena_new();
    Stmt *stmt = NULL;
    u32 next = 0;
    Status st = parse_statement(a, strbuf_view(&b), 0, &stmt, &next, err);
    if (!st) {
        StrBuf print = {0};
        stmt_print(&print, stmt); /* must not run out of stack */
        strbuf_done(&print);
    }
    CHECK(next == b.len);
    arena_free(a);
    strbuf_done(&b);
    return st;
}

static void
long_texts_parse(void)
{
    Err err;
    CHECK(!parse_repeated("SELECT x", " AND x", 200000, "", &err));
    CHECK(!parse_repeated("SELECT x IN (1", ", 1", 300000, ")", &err));
    CHECK(!parse_repeated("SELECT 'x", "x", 1 << 20, "'", &err));
    CHECK(!parse_repeated("SELECT ", "x", 1 << 20, "", &err));
    CHECK(!parse_repeated("SELECT 1", "1", 1 << 20, "", &err));
    CHECK(!parse_repeated("SELECT 1", " UNION ALL SELECT 1", 50000, "", &err));
    CHECK(!parse_repeated("SELECT 1 /*", "*", 1 << 20, "*/", &err));
    CHECK(!parse_repeated("SELECT x", " + x", 900, "", &err));
    CHECK(parse_repeated("SELECT 'x", "''", 1 << 20, "", &err) == ERR_SYNTAX);
    CHECK(err.code == W1002);
}

static void
deep_texts_are_refused(void)
{
    static const struct {
        const char *head, *unit, *tail;
    } rows[] = {
        {"SELECT x", " + x", ""},
        {"SELECT ", "(", "1"},
        {"SELECT ", "- ", "1"},
        {"SELECT ", "NOT ", "x"},
        {"SELECT x", "::INT", ""},
        {"SELECT x", "[1]", ""},
        {"SELECT ", "CASE ", "x"},
        {"SELECT CAST(x AS ", "ARRAY<", "INT"},
        {"SELECT 1 FROM a", " CROSS JOIN a", ""},
        {"", "(", "SELECT 1"},
        {"SELECT CAST(x AS INT", " ARRAY", ")"},
        {"SELECT f", "(f", ""},
    };
    for (u32 i = 0; i < ARRAY_LEN(rows); i++) {
        Err err = {0};
        Status st = parse_repeated(rows[i].head, rows[i].unit, 100000, rows[i].tail, &err);
        if (err.code != W1005) fprintf(stderr, "%s: %s\n", rows[i].unit, err.text);
        CHECK(st == ERR_SYNTAX && err.code == W1005);
    }
}

/* ---- The shell's view ---- */

static void
text_states(void)
{
    static const struct {
        const char *text;
        TextState state;
    } rows[] = {
        {"", TEXT_EMPTY},
        {"  -- x\n/* ; */", TEXT_EMPTY},
        {"SELECT 1", TEXT_NO_END},
        {"SELECT 1;", TEXT_COMPLETE},
        {"SELECT 1; -- x", TEXT_COMPLETE},
        {"SELECT 1; SELECT", TEXT_NO_END},
        {"SELECT (1", TEXT_IN_PARENS},
        {"SELECT 'a;", TEXT_IN_STRING},
        {"SELECT `a;", TEXT_IN_NAME},
        {"SELECT /* ;", TEXT_IN_COMMENT},
        {"BEGIN STATEMENT SET; INSERT INTO a SELECT 1;", TEXT_IN_SET},
        {"BEGIN STATEMENT SET; INSERT INTO a SELECT 1; END;", TEXT_COMPLETE},
        {"EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; END;", TEXT_COMPLETE},
        {"SELECT CASE WHEN a THEN b END;", TEXT_COMPLETE},
    };
    for (u32 i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK(text_state(str_from(rows[i].text)) == rows[i].state);
    }
}

static void
tokens_cover_the_text(void)
{
    Str text = STR("SELECT a, 'x' -- c\n + 1.5e3 FROM `t` /*+ h */ # \"q\"");
    static const LexClass want[] = {
        LEX_KEYWORD, LEX_NAME, LEX_PUNCTUATION, LEX_STRING, LEX_COMMENT, LEX_OPERATOR, LEX_NUMBER,
        LEX_KEYWORD, LEX_NAME, LEX_HINT,        LEX_NAME,   LEX_HINT,    LEX_ERROR,    LEX_ERROR,
    };
    u32 at = 0, n = 0;
    for (;;) {
        LexToken t = lex_next(text, at);
        if (t.class == LEX_END) break;
        CHECK(t.pos == at && t.width > 0);
        if (t.class != LEX_SPACE) {
            CHECK(n < ARRAY_LEN(want) && t.class == want[n]);
            n++;
        }
        at += t.width;
    }
    CHECK(at == text.len && n == ARRAY_LEN(want));
}

static void
keywords_are_found(void)
{
    for (u32 i = 0; i < keyword_count(); i++) {
        Keyword k = keyword_at(i);
        CHECK(keyword_find(k.word) == (i32)i); /* so the table is in order, too */
        CHECK(name_needs_quotes(k.word));
    }
    CHECK(keyword_find(STR("select")) >= 0);
    CHECK(keyword_find(STR("selec")) == -1);
    CHECK(!name_needs_quotes(STR("name")));
    CHECK(name_needs_quotes(STR("1a")));
}

/* ---- The conformance cases, where they are ---- */

typedef struct Tally {
    u32 same, refused, differs;
} Tally;

static char *
file_read(const char *folder, const char *name, size_t *ret_len)
{
    StrBuf path = {0};
    strbuf_printf(&path, "%s/%s", folder, name);
    FILE *f = fopen(path.ptr, "rb");
    strbuf_done(&path);
    if (!f) return NULL;
    StrBuf b = {0};
    size_t n;
    do {
        n = fread(strbuf_room(&b, 1 << 16), 1, 1 << 16, f);
        b.len += n;
    } while (n);
    (void)fclose(f);
    *ret_len = b.len;
    (void)strbuf_room(&b, 1);
    b.ptr[b.len] = '\0';
    return b.ptr;
}

/* The JSON string that begins at s (behind its quote), decoded; *ret_end is behind it. Only the
 * escapes that the files hold. */
static void
json_text(const char *s, StrBuf *b, const char **ret_end)
{
    strbuf_clear(b);
    (void)strbuf_room(b, 1);
    for (; *s && *s != '"'; s++) {
        if (*s != '\\') {
            strbuf_char(b, *s);
            continue;
        }
        s++;
        if (*s == 'n')
            strbuf_char(b, '\n');
        else if (*s == 't')
            strbuf_char(b, '\t');
        else if (*s == 'r')
            strbuf_char(b, '\r');
        else if (*s == 'u') {
            strbuf_add(b, "\\u", 2); /* kept as it is: no matter for the grammar */
        } else {
            strbuf_char(b, *s);
        }
    }
    *ret_end = *s ? s + 1 : s;
}

static void
case_try(Tally *t, const StrBuf *b)
{
    Err err = {0};
    Trip trip = trip_stmt(strbuf_view(b), &err);
    if (trip == TRIP_NO_PARSE) trip = trip_expr(strbuf_view(b), &err);
    if (trip == TRIP_SAME)
        t->same++;
    else if (trip == TRIP_NO_PARSE)
        t->refused++;
    else
        t->differs++;
}

/* Every "sql": "..." and "sql": ["...", ...] of a file. */
static void
cases_try(Tally *t, const char *text)
{
    StrBuf b = {0};
    for (const char *s = strstr(text, "\"sql\": "); s; s = strstr(s, "\"sql\": ")) {
        s += strlen("\"sql\": ");
        bool list = *s == '[';
        if (list) s++;
        do {
            while (*s == ' ' || *s == ',' || *s == '\n') s++;
            if (*s != '"') break;
            json_text(s + 1, &b, &s);
            case_try(t, &b);
        } while (list);
    }
    strbuf_done(&b);
}

static void
conformance_texts_parse(void)
{
    /* Refused on purpose: r.* as an expression of its own (4), and two texts that must fail. */
    static const struct {
        const char *name;
        u32 refused_max;
    } files[] = {
        {"scalar_pairs.json", 4},     {"scalar_errors.json", 2}, {"function_cases.json", 0},
        {"doc_cases.json", 0},        {"stream_cases.json", 0},  {"stream_cases_extra.json", 0},
        {"stream_cases_ltz.json", 0}, {"stream_errors.json", 0}, {"table_programs.json", 0},
    };
    const char *folder = getenv("WEIR_CONFORMANCE");
    if (!folder) folder = "../shared/conformance";
    for (u32 i = 0; i < ARRAY_LEN(files); i++) {
        size_t len = 0;
        char *text = file_read(folder, files[i].name, &len);
        if (!text) {
            printf("%s: not there, skipped\n", files[i].name);
            continue;
        }
        Tally t = {0};
        cases_try(&t, text);
        printf("%s: %u parse and print back, %u refused\n", files[i].name, t.same, t.refused);
        CHECK(t.same > 0);
        CHECK(t.differs == 0);
        CHECK(t.refused <= files[i].refused_max);
        mem_free(text);
    }
}

TESTS(TEST(statements_print_back), TEST(prints_are_canonical), TEST(errors_say_what_is_meant),
      TEST(parsing_goes_on_behind_the_semicolon), TEST(nodes_know_their_place),
      TEST(long_texts_parse), TEST(deep_texts_are_refused), TEST(text_states),
      TEST(tokens_cover_the_text), TEST(keywords_are_found), TEST(conformance_texts_parse))
