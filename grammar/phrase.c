/* phrase.c - between lexer and parser: words become phrases, and context settles names.
 *
 * Flink's grammar reserves hundreds of words so that one token of look-ahead is enough. Here the
 * look-ahead is spent on the token list instead: `NOT IN`, `IS NOT NULL` and the like become one
 * token each (phrases.def), DATE is a keyword only in front of a string, CUBE only in front of a
 * parenthesis. What is left over falls back to a name in the grammar (%fallback), where the
 * parser's state decides. A word behind a dot is a name, unless it is reserved.
 *
 * The pass works in place: it only ever makes the list shorter. */
#include "grammar/ast.h"
#include "grammar/drive.h"
#include "grammar/parse.h"

enum { WORDS_MAX = 7 };

typedef enum Follow {
    FOLLOW_ANY,
    FOLLOW_PAREN,
    FOLLOW_PAREN_AFTER_STAR,
    FOLLOW_PAREN_AFTER_COMPARISON,
    FOLLOW_PAREN_OR_NAME,
    FOLLOW_NOT_PAREN_NOR_DOT,
    FOLLOW_BRACKET,
    FOLLOW_LESS,
    FOLLOW_STRING,
    FOLLOW_NOT_STRING,
    FOLLOW_NOT_FOR,
    FOLLOW_SIGNED_VALUE, /* '1', - '1', 1 */
    FOLLOW_UNIT,
    FOLLOW_NAME,
    FOLLOW_NAME_AS,
    FOLLOW_INTO,      /* INTO or OVERWRITE */
    FOLLOW_STATEMENT, /* a word that begins a query or an INSERT */
    FOLLOW_FRAME,     /* a bound of a window frame */
    FOLLOW_VALUE      /* a number or a parenthesis */
} Follow;

typedef struct Phrase {
    u16 token;
    u8 sub;
    bool negated;
    u8 follow;
    u16 words[WORDS_MAX];
} Phrase;

static const Phrase phrases[] = {
#define PHRASE(token, sub, negated, follow, ...)                                                   \
    {TK_##token, sub, negated, FOLLOW_##follow, {__VA_ARGS__}},
#include "grammar/phrases.def"
#undef PHRASE
};

typedef struct Pass {
    Str script;
    const Token *at; /* the rest of the list, ends with LX_END */
    const Token *last;
    u16 before;         /* kind of the token in front */
    u16 open[NEST_MAX]; /* what stood before each open parenthesis */
    u32 nest;
} Pass;

static const Token *
pass_ahead(const Pass *p, u32 n)
{
    return p->at + n <= p->last ? p->at + n : p->last;
}

static bool
token_is_name(const Token *t)
{
    return t->kind == TK_ID || (t->word && !keyword_reserved((KeywordId)t->word));
}

static bool
kind_is_comparison(u16 kind)
{
    return kind == TK_EQ || kind == TK_NE || kind == TK_LT || kind == TK_LE || kind == TK_GT ||
           kind == TK_GE;
}

static bool
follow_value(const Pass *p, u32 n)
{
    u16 kind = pass_ahead(p, n)->kind;
    if (kind == TK_MINUS || kind == TK_PLUS) return pass_ahead(p, n + 1)->kind == TK_STRING;
    return kind == TK_STRING || kind == TK_INTEGER || kind == TK_DECIMAL;
}

static bool
follow_statement(const Token *next)
{
    return next->word == KW_INSERT || next->word == KW_SELECT || next->word == KW_WITH ||
           next->word == KW_VALUES;
}

static bool
follow_frame(const Token *next)
{
    return next->word == KW_BETWEEN || next->word == KW_UNBOUNDED || next->word == KW_CURRENT ||
           next->word == KW_INTERVAL || next->kind == TK_INTEGER || next->kind == TK_DECIMAL;
}

static bool
follow_fits(const Pass *p, Follow follow, u32 n)
{
    const Token *next = pass_ahead(p, n);
    bool paren = next->kind == TK_LPAREN;
    switch (follow) {
    case FOLLOW_ANY:
        return true;
    case FOLLOW_PAREN:
        return paren;
    case FOLLOW_PAREN_AFTER_STAR:
        return paren && p->before == TK_STAR;
    case FOLLOW_PAREN_AFTER_COMPARISON:
        return paren && kind_is_comparison(p->before);
    case FOLLOW_PAREN_OR_NAME:
        return paren || next->kind == TK_ID;
    case FOLLOW_NOT_PAREN_NOR_DOT:
        return !paren && next->kind != TK_DOT;
    case FOLLOW_BRACKET:
        return next->kind == TK_LBRACKET;
    case FOLLOW_LESS:
        return next->kind == TK_LT;
    case FOLLOW_STRING:
        return next->kind == TK_STRING;
    case FOLLOW_NOT_STRING:
        return next->kind != TK_STRING;
    case FOLLOW_NOT_FOR:
        return next->word != KW_FOR;
    case FOLLOW_SIGNED_VALUE:
        return follow_value(p, n);
    case FOLLOW_UNIT:
        return time_unit_find((Str){p->script.ptr + next->pos, next->width}) != UNIT_NONE;
    case FOLLOW_NAME:
        return token_is_name(next);
    case FOLLOW_NAME_AS:
        return token_is_name(next) && pass_ahead(p, n + 1)->word == KW_AS;
    case FOLLOW_INTO:
        return next->word == KW_INTO || next->word == KW_OVERWRITE;
    case FOLLOW_STATEMENT:
        return follow_statement(next);
    case FOLLOW_FRAME:
        return follow_frame(next);
    case FOLLOW_VALUE:
        return paren || next->kind == TK_INTEGER;
    }
    UNREACHABLE();
}

/* How many tokens the phrase takes here; 0 when it does not fit. */
static u32
phrase_fits(const Pass *p, const Phrase *phrase)
{
    u32 n = 0;
    for (; n < WORDS_MAX && phrase->words[n]; n++) {
        if (pass_ahead(p, n)->word != phrase->words[n]) return 0;
    }
    return follow_fits(p, (Follow)phrase->follow, n) ? n : 0;
}

/* U&'d!00e4' UESCAPE '!' is one string. */
static u32
pass_uescape(const Pass *p, const Token *t)
{
    char first = p->script.ptr[t->pos];
    bool unicode = t->kind == TK_STRING && (first == 'U' || first == 'u');
    bool fits = unicode && pass_ahead(p, 1)->word == KW_UESCAPE &&
                pass_ahead(p, 2)->kind == TK_STRING && pass_ahead(p, 2)->width == 3;
    return fits ? 3 : 1;
}

static u32
pass_word(const Pass *p, Token *t)
{
    if (p->before == TK_DOT && !keyword_reserved((KeywordId)t->word)) {
        t->kind = TK_ID;
        return 1;
    }
    if (t->word == KW_IN && p->nest && p->nest <= NEST_MAX && p->open[p->nest - 1] == TK_POSITION) {
        t->kind = TK_POSITION_IN;
        return 1;
    }
    for (u32 i = 0; i < ARRAY_LEN(phrases); i++) {
        if (phrases[i].words[0] != t->word) continue;
        u32 n = phrase_fits(p, &phrases[i]);
        if (!n) continue;
        t->kind = phrases[i].token;
        t->sub = phrases[i].sub;
        t->negated = phrases[i].negated;
        return n;
    }
    return 1;
}

static void
pass_nest(Pass *p, u16 kind)
{
    if (kind == TK_LPAREN) {
        if (p->nest < NEST_MAX) p->open[p->nest] = p->before;
        p->nest++;
    } else if (kind == TK_RPAREN && p->nest) {
        p->nest--;
    }
}

u32
phrase_pass(Str script, Token *at, u32 len)
{
    assert(len > 0 && at[len - 1].kind == LX_END);
    Pass p = {.script = script, .last = at + len - 1};
    u32 out = 0;
    for (u32 i = 0; i < len;) {
        Token t = at[i];
        p.at = at + i;
        u32 n = 1;
        if (t.word)
            n = pass_word(&p, &t);
        else if (t.kind == TK_STRING)
            n = pass_uescape(&p, &t);
        t.width = at[i + n - 1].pos + at[i + n - 1].width - t.pos;
        pass_nest(&p, t.kind);
        p.before = t.kind;
        at[out++] = t;
        i += n;
    }
    return out;
}

bool
phrase_words(u16 kind, StrBuf *b)
{
    if (kind == TK_ID) return false;
    for (u32 id = 1; id < KW_LAST_PLUS_1; id++) {
        if (keyword_token((KeywordId)id) != kind) continue;
        strbuf_str(b, keyword_word((KeywordId)id));
        return true;
    }
    for (u32 i = 0; i < ARRAY_LEN(phrases); i++) {
        if (phrases[i].token != kind) continue;
        for (u32 n = 0; n < WORDS_MAX && phrases[i].words[n]; n++) {
            if (n) strbuf_char(b, ' ');
            strbuf_str(b, keyword_word((KeywordId)phrases[i].words[n]));
        }
        return true;
    }
    return false;
}
