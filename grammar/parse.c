/* parse.c - one statement: lexer, phrases, lemon.
 *
 *   script --token_read--> raw tokens up to the ; --phrase_pass--> tokens --weir_parser--> AST
 *
 * The tokens of a statement are collected first, so a statement that fails still ends where its
 * semicolon is, and the next one is parsed. What went wrong is worked out afterwards, at leisure,
 * in diagnose.c. */
#include "grammar/parse.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "grammar/drive.h"

/* Lemon's three, and two of our own in grammar.y. */
void *weir_parserAlloc(void *(*alloc)(size_t));
void weir_parserFree(void *parser, void (*release)(void *));
void weir_parser(void *parser, int token, Token value, Parse *p);
bool weir_parser_accepts(void *parser, int token);
int weir_parser_kinds(void);

static void
tokens_add(TokenList *t, Token token)
{
    mem_grow(t->at, t->len, t->cap);
    t->at[t->len++] = token;
}

void
tokens_done(TokenList *t)
{
    mem_free(t->at);
    *t = (TokenList){0};
}

static void
tokens_end(TokenList *t, u32 from)
{
    Token end = {.pos = from};
    if (t->len) end.pos = t->at[t->len - 1].pos + t->at[t->len - 1].width;
    tokens_add(t, end);
}

TokenList
tokens_collect(Str script, u32 from, u32 *ret_next)
{
    TokenList t = {0};
    StmtScan scan = {0};
    u32 at = from;
    while (at < script.len) {
        Token token = token_read(script, at);
        at += token.width;
        if (token.kind == LX_SPACE || token.kind == LX_COMMENT) continue;
        if (token.kind == TK_SEMI && !t.len) continue;
        if (stmt_scan(&scan, &token)) break;
        tokens_add(&t, token);
    }
    *ret_next = at;
    tokens_end(&t, at);
    return t;
}

TokenList
tokens_all(Str text)
{
    TokenList t = {0};
    for (u32 at = 0; at < text.len;) {
        Token token = token_read(text, at);
        at += token.width;
        if (token.kind != LX_SPACE && token.kind != LX_COMMENT) tokens_add(&t, token);
    }
    tokens_end(&t, text.len);
    return t;
}

static bool
tokens_touch(const Token *a, const Token *b)
{
    return a->pos + a->width == b->pos;
}

/* Join the tokens from..to into one without looking at them: the value of a SET. */
static void
tokens_join(TokenList *t, u32 from, u32 to, u16 kind)
{
    Token *first = &t->at[from];
    const Token *last = &t->at[to - 1];
    first->width = last->pos + last->width - first->pos;
    first->kind = kind;
    first->word = KW_NONE;
    memmove(first + 1, t->at + to, (t->len - to) * sizeof *first);
    t->len -= to - from - 1;
}

static bool
tokens_joinable(const TokenList *t, u32 from, u32 to, bool spaces)
{
    for (u32 i = from; i < to; i++) {
        const Token *token = &t->at[i];
        bool bad = token->kind == LX_BROKEN && token->sub != BROKEN_NUMBER &&
                   token->sub != BROKEN_CHARACTER;
        bool apart = !spaces && i > from && !tokens_touch(token - 1, token);
        if (bad || apart || token->kind == TK_STRING) return false;
    }
    return from < to;
}

/* SET table.local-time-zone = UTC: keys hold minus signs and values may be any words. */
static void
setting_pass(Str script, TokenList *t)
{
    if (t->at[0].word != KW_SET && t->at[0].word != KW_RESET) return;
    const Token *last = &t->at[t->len - 1];
    if (!utf8_valid(script.ptr + t->at[0].pos, last->pos - t->at[0].pos)) return;
    u32 key_end = 1;
    while (key_end < t->len - 1 && t->at[key_end].kind != TK_EQ) key_end++;
    if (!tokens_joinable(t, 1, key_end, false) && t->at[1].kind != TK_STRING) return;
    if (tokens_joinable(t, key_end + 1, t->len - 1, true) && t->at[0].word == KW_SET) {
        tokens_join(t, key_end + 1, t->len - 1, TK_RAW_VALUE);
    }
    if (tokens_joinable(t, 1, key_end, false)) tokens_join(t, 1, key_end, TK_RAW_KEY);
}

static bool
nest_check(Parse *p, const TokenList *t)
{
    u32 nest = 0;
    for (u32 i = 0; i < t->len; i++) {
        u16 kind = t->at[i].kind;
        if (kind == TK_LPAREN || kind == TK_LBRACKET) nest++;
        if ((kind == TK_RPAREN || kind == TK_RBRACKET) && nest) nest--;
        if (nest <= NEST_MAX) continue;
        parse_fail(p, W1005, t->at[i].pos, 1, "brackets are nested more than 256 deep",
                   "Split the statement with WITH or a view.");
        return false;
    }
    return true;
}

/* Feed tokens until the parser is done, has failed, or stands in front of byte `before`. */
static void
tokens_feed(Parse *p, void *parser, const TokenList *t, u16 start, u32 before, u32 *ret_stopped)
{
    *ret_stopped = UINT32_MAX;
    p->end = t->at[0].pos;
    weir_parser(parser, start, (Token){.pos = p->end}, p);
    for (u32 i = 0; i < t->len; i++) {
        Token token = t->at[i];
        if (token.pos >= before) return;
        if (token.kind != LX_BROKEN) weir_parser(parser, token.kind, token, p);
        if (p->status || p->failed || token.kind == LX_BROKEN) {
            *ret_stopped = token.pos;
            p->failed = true;
            return;
        }
        p->end = token.pos + token.width;
    }
}

void
tokens_parse(Parse *p, TokenList *t, u16 start, u32 *ret_stopped)
{
    *ret_stopped = UINT32_MAX;
    if (!nest_check(p, t)) return;
    if (start == TK_START_STMT) setting_pass(p->script, t);
    t->len = phrase_pass(p->script, t->at, t->len);
    void *parser = weir_parserAlloc(mem_alloc);
    tokens_feed(p, parser, t, start, UINT32_MAX, ret_stopped);
    weir_parserFree(parser, mem_free);
}

u32
tokens_expected(Parse *p, const TokenList *raw, u16 start, u32 stopped, u16 *kinds, u32 kinds_max)
{
    TokenList t = {0};
    for (u32 i = 0; i < raw->len; i++) tokens_add(&t, raw->at[i]);
    assert(t.len > 0); /* the end is a token too */
    if (start == TK_START_STMT) setting_pass(p->script, &t);
    t.len = phrase_pass(p->script, t.at, t.len);
    void *parser = weir_parserAlloc(mem_alloc);
    u32 ignored = 0, found = 0;
    tokens_feed(p, parser, &t, start, stopped, &ignored);
    u16 kinds_end = (u16)weir_parser_kinds();
    for (u16 kind = 1; kind < kinds_end && !p->failed; kind++) {
        if (!weir_parser_accepts(parser, kind)) continue;
        if (found < kinds_max) kinds[found] = kind;
        found++;
    }
    weir_parserFree(parser, mem_free);
    tokens_done(&t);
    return found;
}

/* Statements that other dialects have; said plainly, as their words are otherwise just names. */
static Status
stmt_refused(const TokenList *t, Err *err)
{
    static const struct {
        u16 word;
        const char *hint;
    } refused[] = {
        {KW_UPDATE, "Results change by themselves: write the change as INSERT INTO ... SELECT."},
        {KW_DELETE, "Write INSERT INTO ... SELECT with a WHERE that keeps what is wanted."},
        {KW_MERGE, "A table with a PRIMARY KEY takes INSERT INTO ... SELECT as an upsert."},
        {KW_TRUNCATE, "DROP TABLE and CREATE TABLE make it empty."},
        {KW_CALL, "There are no stored procedures."},
        {KW_LOAD, "There are no modules."},
        {KW_UNLOAD, "There are no modules."},
        {KW_COMPILE, "A plan is made anew at each start; EXPLAIN shows it."},
    };
    for (u32 i = 0; i < ARRAY_LEN(refused); i++) {
        if (t->at[0].word != refused[i].word) continue;
        Status st = err_set(err, W2001, t->at[0].pos, "%.*s is not part of the language",
                            STR_ARG(keyword_word((KeywordId)t->at[0].word)));
        err_at(err, t->at[0].pos, t->at[0].width);
        return err_hint(err, st, "%s", refused[i].hint);
    }
    return ERR_OK;
}

static Status
size_check(Str text, Err *err)
{
    if (text.len <= SCRIPT_BYTES_MAX) return ERR_OK;
    return err_set(err, W7003, 0, "the text is longer than 1 GiB");
}

/* Parse the list; on a failure that the actions have not explained, explain it. */
static Status
list_parse(Parse *p, TokenList *t, u16 start)
{
    TokenList raw = {0};
    for (u32 i = 0; i < t->len; i++) tokens_add(&raw, t->at[i]);
    u32 stopped = UINT32_MAX;
    tokens_parse(p, t, start, &stopped);
    if (!p->status && p->failed) p->status = diagnose(p, &raw, start, stopped);
    tokens_done(&raw);
    return p->status;
}

Status
parse_statement(Arena *a, Str script, u32 from, Stmt **ret_stmt, u32 *ret_next, Err *err)
{
    assert(from <= script.len);
    *ret_next = script.len;
    TRY(size_check(script, err));
    TokenList t = tokens_collect(script, from, ret_next);
    Parse p = {.arena = a, .script = script, .err = err};
    Status st = ERR_OK;
    if (t.len > 1) {
        st = stmt_refused(&t, err);
        if (!st) st = list_parse(&p, &t, TK_START_STMT);
    }
    tokens_done(&t);
    if (!st) *ret_stmt = p.stmt;
    return st;
}

static Status
text_parse(Arena *a, Str text, u16 start, Parse *p, Err *err)
{
    TRY(size_check(text, err));
    *p = (Parse){.arena = a, .script = text, .err = err};
    TokenList t = tokens_all(text);
    Status st = list_parse(p, &t, start);
    tokens_done(&t);
    return st;
}

Status
parse_expression(Arena *a, Str text, Expr **ret_expr, Err *err)
{
    Parse p;
    TRY(text_parse(a, text, TK_START_EXPR, &p, err));
    *ret_expr = p.expr;
    return ERR_OK;
}

Status
parse_query(Arena *a, Str text, Query **ret_query, Err *err)
{
    Parse p;
    TRY(text_parse(a, text, TK_START_QUERY, &p, err));
    *ret_query = p.query;
    return ERR_OK;
}
