/* diagnose.c - why a statement is not one, and what was probably meant.
 *
 * The parser stopped at a token. A guess is an edit of the token list: another keyword for a
 * misspelled word, a comma put in or taken out, a bracket closed. The edited list is parsed
 * again; when the parser then gets further, the guess is worth telling. So no hint is given that
 * would not help, and no table of "what people get wrong where" has to follow the grammar.
 *
 * The cost is a handful of parses of the statement, on failure only. */
#include "base/mem.h"
#include "base/utf8.h"
#include "grammar/drive.h"

typedef struct Diagnosis {
    Parse *p;
    const TokenList *raw;
    u16 start;
    u32 stopped;
    u32 k; /* index in raw of the token at which the parser stopped */
} Diagnosis;

enum { QUOTE_BYTES_MAX = 40 };

typedef struct Quote {
    char text[QUOTE_BYTES_MAX + 4];
} Quote;

/* A token for a message: one line, not long, no character cut in two. */
static Quote
token_quote(const Diagnosis *d, const Token *t)
{
    Quote q = {{0}};
    u32 n = MIN(t->width, (u32)QUOTE_BYTES_MAX);
    const char *s = d->p->script.ptr + t->pos;
    bool cut = n < t->width;
    while (cut && n && ((u8)s[n] & 0xc0) == 0x80) n--;
    for (u32 i = 0; i < n; i++) q.text[i] = (u8)s[i] < ' ' || s[i] == 127 ? ' ' : s[i];
    if (!utf8_valid(q.text, n)) {
        for (u32 i = 0; i < n; i++) {
            if ((u8)q.text[i] >= 0x80) q.text[i] = '?';
        }
    }
    if (cut) memcpy(q.text + n, "...", 4);
    return q;
}

/* ---- Edits and trials ---- */

typedef enum EditKind { EDIT_REPLACE, EDIT_INSERT, EDIT_REMOVE } EditKind;

/* Where the parser stops with the edit made; UINT32_MAX when it does not. */
static u32
edit_try(const Diagnosis *d, EditKind kind, u32 index, Token with)
{
    TokenList t = {0};
    for (u32 i = 0; i < d->raw->len; i++) {
        mem_grow(t.at, t.len, t.cap);
        if (i == index && kind == EDIT_REMOVE) continue;
        if (i == index && kind == EDIT_INSERT) {
            t.at[t.len++] = with;
            mem_grow(t.at, t.len, t.cap);
        }
        t.at[t.len++] = i == index && kind == EDIT_REPLACE ? with : d->raw->at[i];
    }
    Err err;
    Arena *scratch = arena_new();
    Parse trial = {.arena = scratch, .script = d->p->script, .err = &err};
    u32 stopped = 0;
    tokens_parse(&trial, &t, d->start, &stopped);
    arena_free(scratch);
    tokens_done(&t);
    return stopped;
}

static bool
edit_helps(const Diagnosis *d, EditKind kind, u32 index, Token with)
{
    return edit_try(d, kind, index, with) > d->stopped;
}

static Token
token_punctuation(u32 pos, u16 kind)
{
    return (Token){.pos = pos, .kind = kind};
}

/* The keyword that the word at raw[index] was probably meant to be; KW_NONE without one. The
 * parser must then also like the word behind, or INT would be taken for IN. */
static KeywordId
keyword_meant(const Diagnosis *d, u32 index)
{
    Token t = d->raw->at[index];
    bool plain = (t.kind == TK_ID && !t.quoted) || (t.word && !keyword_reserved((KeywordId)t.word));
    if (!plain || t.width < 2 || t.width > 20) return KW_NONE;
    Str word = {d->p->script.ptr + t.pos, t.width};
    u32 max = MAX(word.len / 3, 1u);
    u32 beyond = index == d->k && index + 2 < d->raw->len ? d->raw->at[index + 1].pos : d->stopped;
    for (u32 distance = 1; distance <= max; distance++) {
        KeywordId best = KW_NONE;
        u32 furthest = beyond;
        for (u32 id = 1; id < KW_LAST_PLUS_1; id++) {
            if (id == t.word) continue;
            if (str_distance(word, keyword_word((KeywordId)id), max) != distance) continue;
            Token meant = t;
            meant.word = (u16)id;
            meant.kind = keyword_token((KeywordId)id);
            u32 stopped = edit_try(d, EDIT_REPLACE, index, meant);
            if (stopped <= furthest) continue;
            best = (KeywordId)id;
            furthest = stopped;
        }
        if (best) return best;
    }
    return KW_NONE;
}

/* ---- What is said ---- */

static Status
fail_at(const Diagnosis *d, const Token *t)
{
    Quote q = token_quote(d, t);
    Status st = err_set(d->p->err, W1001, t->pos, "syntax error at \"%s\"", q.text);
    err_at(d->p->err, t->pos, t->width);
    return st;
}

static Status
fail_broken(const Diagnosis *d, const Token *t)
{
    Err *err = d->p->err;
    Quote q = token_quote(d, t);
    Status st = ERR_OK;
    const char *hint = NULL;
    u32 width = t->width;
    switch ((BrokenKind)t->sub) {
    case BROKEN_CHARACTER:
        st = err_set(err, W1003, t->pos, "the character \"%s\" has no meaning here", q.text);
        break;
    case BROKEN_UTF8:
        st = err_set(err, W1003, t->pos, "text is not valid UTF-8");
        break;
    case BROKEN_NUMBER:
        st = err_set(err, W1004, t->pos, "\"%s\" is neither a number nor a name", q.text);
        hint = "A name that begins with a digit needs backticks: `1a`.";
        break;
    case BROKEN_STRING:
        st = err_set(err, W1002, t->pos, "a string is not closed");
        hint = "A quote inside a string is written twice: 'it''s'.";
        width = 1;
        break;
    case BROKEN_NAME:
        st = err_set(err, W1002, t->pos, "a name in backticks is not closed");
        width = 1;
        break;
    case BROKEN_COMMENT:
        st = err_set(err, W1002, t->pos, "a comment is not closed");
        width = 2;
        break;
    case BROKEN_DOUBLE_QUOTED_OPEN:
        width = 1; /* fall through */
    case BROKEN_DOUBLE_QUOTED:
        st = err_set(err, W1003, t->pos, "double quotes are not used here");
        hint = "Names are quoted with backticks: `x`, strings with single quotes: 'x'.";
        break;
    case BROKEN_EMPTY_NAME:
        st = err_set(err, W1004, t->pos, "a name cannot be empty");
        break;
    }
    err_at(err, t->pos, width);
    return hint ? err_hint(err, st, "%s", hint) : st;
}

/* The last bracket that is open in front of raw[end]; -1 when there is none. */
static i64
bracket_open(const Diagnosis *d, u32 end)
{
    u32 closed = 0;
    for (u32 i = end; i-- > 0;) {
        u16 kind = d->raw->at[i].kind;
        if (kind == TK_RPAREN || kind == TK_RBRACKET) closed++;
        if (kind != TK_LPAREN && kind != TK_LBRACKET) continue;
        if (!closed) return i;
        closed--;
    }
    return -1;
}

typedef struct ClauseRank {
    u16 word;
    const char *text;
} ClauseRank;

/* In the order of writing. */
static const ClauseRank clauses[] = {
    {KW_FROM, "FROM"},      {KW_WHERE, "WHERE"},   {KW_GROUP, "GROUP BY"},
    {KW_HAVING, "HAVING"},  {KW_WINDOW, "WINDOW"}, {KW_QUALIFY, "QUALIFY"},
    {KW_ORDER, "ORDER BY"}, {KW_LIMIT, "LIMIT"},   {KW_OFFSET, "OFFSET"},
};

static i32
clause_rank(u16 word)
{
    for (u32 i = 0; i < ARRAY_LEN(clauses); i++) {
        if (clauses[i].word == word) return (i32)i;
    }
    return -1;
}

/* WHERE behind GROUP BY, ORDER BY behind LIMIT: the later clause of the same query, or -1. */
static i32
clause_before(const Diagnosis *d)
{
    i32 rank = clause_rank(d->raw->at[d->k].word);
    if (rank < 0) return -1;
    i32 found = -1;
    u32 closed = 0;
    for (u32 i = d->k; i-- > 0;) {
        const Token *t = &d->raw->at[i];
        if (t->kind == TK_RPAREN) closed++;
        if (t->kind == TK_LPAREN && !closed) break;
        if (t->kind == TK_LPAREN) closed--;
        if (closed) continue;
        if (t->word == KW_SELECT) break;
        i32 other = clause_rank(t->word);
        if (other > rank) found = other;
    }
    return found;
}

static bool
hint_order(const Diagnosis *d, const Token *t, Status *ret_st)
{
    i32 later = clause_before(d);
    if (later < 0) return false;
    *ret_st = err_hint(d->p->err, fail_at(d, t), "%s stands before %s.",
                       clauses[clause_rank(t->word)].text, clauses[later].text);
    return true;
}

static bool
hint_keyword(const Diagnosis *d, Status *ret_st)
{
    for (u32 back = 0; back <= 1 && back <= d->k; back++) {
        u32 index = d->k - back;
        KeywordId meant = keyword_meant(d, index);
        if (!meant) continue;
        Str word = keyword_word(meant);
        Status st = fail_at(d, &d->raw->at[index]);
        *ret_st = err_hint(d->p->err, st, "Did you mean %.*s?", STR_ARG(word));
        return true;
    }
    return false;
}

/* BY and END would also do as names nearly anywhere: look where they belong first. */
static bool
word_belongs(const Diagnosis *d, u16 word)
{
    u16 before = d->k ? d->raw->at[d->k - 1].word : (u16)KW_NONE;
    if (word == KW_BY) {
        return before == KW_GROUP || before == KW_ORDER || before == KW_PARTITION ||
               before == KW_PARTITIONED || before == KW_DISTRIBUTED;
    }
    if (word != KW_END) return true;
    for (u32 i = 0; i < d->k; i++) {
        if (d->raw->at[i].word == KW_CASE) return true;
    }
    return false;
}

/* A small word left out: GROUP a, CAST(a INT), INSERT t, CASE without END. */
static bool
hint_word(const Diagnosis *d, const Token *t, Status *ret_st)
{
    static const u16 words[] = {KW_BY, KW_AS, KW_INTO, KW_END};
    for (u32 i = 0; i < ARRAY_LEN(words); i++) {
        if (!word_belongs(d, words[i])) continue;
        u32 index = words[i] == KW_INTO ? d->k + 1 : d->k;
        Token word = {.pos = d->raw->at[MIN(index, d->raw->len - 1)].pos, .word = words[i]};
        word.kind = keyword_token((KeywordId)words[i]);
        if (!edit_helps(d, EDIT_INSERT, index, word)) continue;
        const Token *at = index == d->k ? t : &d->raw->at[index];
        Quote q = token_quote(d, at);
        *ret_st = err_hint(d->p->err, fail_at(d, at), "Is %.*s missing before \"%s\"?",
                           STR_ARG(keyword_word((KeywordId)words[i])), q.text);
        return true;
    }
    return false;
}

#define INTERVAL_HINT "An interval needs its unit: INTERVAL '10' MINUTE."

static bool
interval_bare(const Diagnosis *d)
{
    return d->k >= 2 && d->raw->at[d->k - 2].word == KW_INTERVAL &&
           d->raw->at[d->k - 1].kind == TK_STRING;
}

/* Places where one sentence says more than any edit. */
static bool
hint_place(const Diagnosis *d, const Token *t, Status *ret_st)
{
    const char *hint = NULL;
    if (t->word == KW_IS) {
        hint = "IS is followed by [NOT] NULL, TRUE, FALSE, UNKNOWN, DISTINCT FROM or JSON.";
    } else if (interval_bare(d)) {
        hint = INTERVAL_HINT;
    } else if (d->k == 0 && d->start == TK_START_STMT) {
        hint = "A statement begins with SELECT, WITH, INSERT, CREATE, SHOW, DESCRIBE, EXPLAIN, SET "
               "or a like word.";
    }
    if (!hint) return false;
    *ret_st = err_hint(d->p->err, fail_at(d, t), "%s", hint);
    return true;
}

/* Slips with punctuation. */
static bool
hint_punctuation(const Diagnosis *d, const Token *t, Status *ret_st)
{
    Err *err = d->p->err;
    Quote q = token_quote(d, t);
    u16 before = d->k ? d->raw->at[d->k - 1].kind : 0;
    if (t->kind == TK_RPAREN && bracket_open(d, d->k) < 0) {
        *ret_st = err_hint(err, fail_at(d, t), "This parenthesis closes nothing.");
        return true;
    }
    if (before == TK_COMMA && edit_helps(d, EDIT_REMOVE, d->k - 1, *t)) {
        *ret_st = err_hint(err, fail_at(d, t), "Remove the comma before \"%s\".", q.text);
        return true;
    }
    if (before == TK_EQ &&
        edit_helps(d, EDIT_REPLACE, d->k - 1, token_punctuation(t->pos - 1, TK_ARROW))) {
        *ret_st = err_hint(err, fail_at(d, t), "A named argument is written name => value.");
        return true;
    }
    if ((t->kind == TK_ARROW || t->kind == TK_COLON) &&
        edit_helps(d, EDIT_REPLACE, d->k, token_punctuation(t->pos, TK_EQ))) {
        *ret_st = err_hint(err, fail_at(d, t), "An option is written 'key' = 'value'.");
        return true;
    }
    if (edit_helps(d, EDIT_INSERT, d->k, token_punctuation(t->pos, TK_COMMA))) {
        *ret_st = err_hint(err, fail_at(d, t), "Is a comma missing before \"%s\"?", q.text);
        return true;
    }
    if (bracket_open(d, d->k) >= 0 &&
        edit_helps(d, EDIT_INSERT, d->k, token_punctuation(t->pos, TK_RPAREN))) {
        *ret_st = err_hint(err, fail_at(d, t), "Is a \")\" missing before \"%s\"?", q.text);
        return true;
    }
    return false;
}

/* A reserved word or a string where a name is meant. */
static bool
hint_name(const Diagnosis *d, const Token *t, Status *ret_st)
{
    bool reserved = t->word && keyword_reserved((KeywordId)t->word);
    if (!reserved && t->kind != TK_STRING) return false;
    Token name = *t;
    name.kind = TK_ID;
    name.word = KW_NONE;
    u32 next = d->raw->at[MIN(d->k + 1, d->raw->len - 1)].pos;
    if (edit_try(d, EDIT_REPLACE, d->k, name) <= next) return false;
    Quote q = token_quote(d, t);
    Status st = fail_at(d, t);
    *ret_st =
        reserved ? err_hint(d->p->err, st, "%s is a reserved word: write `%s` to use it as a name.",
                            q.text, q.text)
                 : err_hint(d->p->err, st, "Names are written plain or in backticks: `x`.");
    return true;
}

static bool
expected_text(u16 kind, StrBuf *b)
{
    static const struct {
        u16 kind;
        const char *text;
    } texts[] = {
        {TK_ID, "a name"},       {TK_STRING, "a string"}, {TK_INTEGER, "a number"},
        {TK_LPAREN, "\"(\""},    {TK_RPAREN, "\")\""},    {TK_LBRACKET, "\"[\""},
        {TK_RBRACKET, "\"]\""},  {TK_COMMA, "\",\""},     {TK_EQ, "\"=\""},
        {TK_SEMI, "\";\""},      {TK_LT, "\"<\""},        {TK_GT, "\">\""},
        {TK_HINT_END, "\"*/\""}, {TK_DOT, "\".\""},       {TK_RAW_VALUE, "a value"},
    };
    for (u32 i = 0; i < ARRAY_LEN(texts); i++) {
        if (texts[i].kind != kind) continue;
        strbuf_add(b, texts[i].text, strlen(texts[i].text));
        return true;
    }
    return phrase_words(kind, b);
}

/* ", expected X or Y" when there are few. */
static void
expected_add(const Diagnosis *d)
{
    enum { EXPECTED_MAX = 3 };
    u16 kinds[EXPECTED_MAX];
    Err err;
    Arena *scratch = arena_new();
    Parse trial = {.arena = scratch, .script = d->p->script, .err = &err};
    u32 n = tokens_expected(&trial, d->raw, d->start, d->stopped, kinds, EXPECTED_MAX);
    StrBuf b = {0};
    bool all = n > 0 && n <= EXPECTED_MAX;
    for (u32 i = 0; all && i < n; i++) {
        const char *glue = i == 0 ? ", expected " : i + 1 == n ? " or " : ", ";
        strbuf_add(&b, glue, strlen(glue));
        all = expected_text(kinds[i], &b);
    }
    Err *out = d->p->err;
    size_t used = strlen(out->text);
    if (all && used + b.len < sizeof out->text) memcpy(out->text + used, b.ptr, b.len + 1);
    strbuf_done(&b);
    arena_free(scratch);
}

static Status
fail_end(const Diagnosis *d, const Token *t)
{
    Err *err = d->p->err;
    i64 open = bracket_open(d, d->k);
    Status st;
    if (d->k == 0) {
        st = err_set(err, W1006, t->pos, "the text is empty");
        return st;
    }
    if (open >= 0) {
        const Token *bracket = &d->raw->at[open];
        Quote q = token_quote(d, bracket);
        st = err_set(err, W1006, bracket->pos, "\"%s\" is not closed", q.text);
        err_at(err, bracket->pos, bracket->width);
        return st;
    }
    st = err_set(err, W1006, t->pos, "the statement ends too soon");
    err_at(err, t->pos, 1);
    if (d->raw->at[0].word == KW_BEGIN || d->raw->at[d->k - 1].kind == TK_SEMI) {
        return err_hint(err, st,
                        "A statement set ends with END behind the semicolon of its last INSERT.");
    }
    if (interval_bare(d)) return err_hint(err, st, "%s", INTERVAL_HINT);
    expected_add(d);
    return st;
}

Status
diagnose(Parse *p, const TokenList *raw, u16 start, u32 stopped)
{
    Diagnosis d = {.p = p, .raw = raw, .start = start, .stopped = stopped};
    while (d.k < raw->len - 1 && raw->at[d.k].pos < stopped) d.k++;
    const Token *t = &raw->at[d.k];
    Status st = ERR_OK;
    if (t->kind == LX_BROKEN) return fail_broken(&d, t);
    if (t->kind == LX_END) return hint_keyword(&d, &st) ? st : fail_end(&d, t);
    if (hint_order(&d, t, &st) || hint_keyword(&d, &st) || hint_word(&d, t, &st) ||
        hint_punctuation(&d, t, &st) || hint_name(&d, t, &st) || hint_place(&d, t, &st)) {
        return st;
    }
    st = fail_at(&d, t);
    expected_add(&d);
    return st;
}
