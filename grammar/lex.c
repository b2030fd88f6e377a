/* lex.c - tokens: keyword look-up, the colouring view, and where a statement ends.
 *
 * lexer.re says where a token ends; this file says what a word is. A statement ends at a
 * semicolon, except inside a statement set, which ends at the semicolon behind an END that
 * stands where a statement would begin. */
#include "grammar/lex.h"
#include "base/utf8.h"
#include "grammar/parse.h"
#include "grammar/tokens.h"

static const struct {
    Str word;
    u16 token;
    bool reserved, callable;
} keywords[KW_LAST_PLUS_1] = {
    [KW_NONE] = {{"", 0}, TK_ID, false, false},
#define KEYWORD(word, token, reserved, callable)                                                   \
    [KW_##word] = {{#word, sizeof #word - 1}, TK_##token, reserved, callable},
#include "grammar/keywords.def"
#undef KEYWORD
};

enum { KEYWORD_BYTES_MAX = 24 };

KeywordId
keyword_id(Str word)
{
    char upper[KEYWORD_BYTES_MAX];
    if (word.len > KEYWORD_BYTES_MAX) return KW_NONE;
    for (u32 i = 0; i < word.len; i++) {
        char c = word.ptr[i];
        upper[i] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
    }
    Str wanted = {upper, word.len};
    u32 low = 1, high = KW_LAST_PLUS_1;
    while (low < high) {
        u32 mid = (low + high) / 2;
        int c = str_cmp(wanted, keywords[mid].word);
        if (c == 0) return (KeywordId)mid;
        if (c < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return KW_NONE;
}

u16
keyword_token(KeywordId id)
{
    assert(id < KW_LAST_PLUS_1);
    return keywords[id].token;
}

Str
keyword_word(KeywordId id)
{
    assert(id < KW_LAST_PLUS_1);
    return keywords[id].word;
}

bool
keyword_reserved(KeywordId id)
{
    assert(id < KW_LAST_PLUS_1);
    return keywords[id].reserved;
}

bool
keyword_callable(KeywordId id)
{
    assert(id < KW_LAST_PLUS_1);
    return keywords[id].callable;
}

u32
keyword_count(void)
{
    return KW_LAST_PLUS_1 - 1;
}

Keyword
keyword_at(u32 index)
{
    assert(index < keyword_count());
    return (Keyword){keywords[index + 1].word, keywords[index + 1].reserved};
}

i32
keyword_find(Str word)
{
    return (i32)keyword_id(word) - 1;
}

static void
token_broken(Token *t, BrokenKind kind)
{
    t->kind = LX_BROKEN;
    t->sub = (u8)kind;
}

/* A byte that starts nothing: take its whole character, so that the error does not cut one. */
static u32
broken_width(Str text, u32 from)
{
    u32 width = 0;
    (void)utf8_decode(text, from, &width);
    return MAX(width, 1);
}

/* 249ELSE is a number and a keyword, as in Flink; 1a stays broken. */
static void
number_split(Token *t, Str s)
{
    u32 n = 0, dots = 0;
    while (n < s.len && ((s.ptr[n] >= '0' && s.ptr[n] <= '9') || s.ptr[n] == '.')) {
        dots += s.ptr[n++] == '.';
    }
    if (!keyword_id((Str){s.ptr + n, s.len - n})) return;
    t->kind = dots ? TK_DECIMAL : TK_INTEGER;
    t->width = n;
}

Token
token_read(Str text, u32 from)
{
    assert(from <= text.len);
    Token t = {.pos = from};
    if (from == text.len) return t;

    const char *end = NULL;
    u8 broken = 0;
    t.kind = lex_scan(text.ptr + from, text.ptr + text.len, &end, &broken);
    t.width = (u32)(end - (text.ptr + from));
    Str s = {text.ptr + from, t.width};
    if (t.kind == LX_BROKEN) {
        t.sub = broken;
        if (broken == BROKEN_CHARACTER) t.width = broken_width(text, from);
        if (broken == BROKEN_NUMBER) number_split(&t, s);
        if (t.kind != LX_BROKEN) t.sub = 0;
    } else if (t.kind == LX_WORD) {
        t.word = (u16)keyword_id(s);
        t.kind = keyword_token((KeywordId)t.word);
        if (!t.word && !utf8_valid(s.ptr, s.len)) token_broken(&t, BROKEN_UTF8);
    } else if (t.kind == TK_ID) {
        t.quoted = true;
        if (!utf8_valid(s.ptr, s.len))
            token_broken(&t, BROKEN_UTF8);
        else if (t.width == 2)
            token_broken(&t, BROKEN_EMPTY_NAME);
    } else if (t.kind == TK_STRING && !utf8_valid(s.ptr, s.len)) {
        token_broken(&t, BROKEN_UTF8);
    }
    return t;
}

static LexClass
token_class(const Token *t)
{
    switch (t->kind) {
    case LX_END:
        return LEX_END;
    case LX_SPACE:
        return LEX_SPACE;
    case LX_COMMENT:
        return LEX_COMMENT;
    case TK_HINT_BEGIN:
    case TK_HINT_END:
        return LEX_HINT;
    case TK_STRING:
    case TK_BINARY:
        return LEX_STRING;
    case TK_INTEGER:
    case TK_DECIMAL:
    case TK_DOUBLE:
        return LEX_NUMBER;
    case TK_LPAREN:
    case TK_RPAREN:
    case TK_LBRACKET:
    case TK_RBRACKET:
    case TK_LBRACE:
    case TK_RBRACE:
    case TK_COMMA:
    case TK_SEMI:
    case TK_DOT:
        return LEX_PUNCTUATION;
    case LX_BROKEN:
        return LEX_ERROR;
    case TK_EQ:
    case TK_NE:
    case TK_LE:
    case TK_GE:
    case TK_LT:
    case TK_GT:
    case TK_ARROW:
    case TK_CONCAT:
    case TK_PIPE:
    case TK_COLONS:
    case TK_COLON:
    case TK_PLUS:
    case TK_MINUS:
    case TK_STAR:
    case TK_SLASH:
    case TK_PERCENT:
    case TK_EXCLUDE_BEGIN:
    case TK_EXCLUDE_END:
    case TK_QUESTION:
    case TK_CARET:
    case TK_DOLLAR:
        return LEX_OPERATOR;
    default:
        return t->word ? LEX_KEYWORD : LEX_NAME;
    }
}

static bool
broken_is_open(u8 sub)
{
    return sub >= BROKEN_STRING && sub <= BROKEN_DOUBLE_QUOTED_OPEN;
}

LexToken
lex_next(Str text, u32 from)
{
    Token t = token_read(text, from);
    bool closed = t.kind != LX_BROKEN || !broken_is_open(t.sub);
    return (LexToken){token_class(&t), t.pos, t.width, closed};
}

enum { SCAN_SEMI = UINT16_MAX };

bool
stmt_scan(StmtScan *s, const Token *t)
{
    u16 word = t->kind == TK_SEMI ? (u16)SCAN_SEMI : t->word;
    bool at_end = false;
    if (t->kind != TK_SEMI) {
        if (word == KW_BEGIN && s->last[0] == KW_SET && s->last[1] == KW_STATEMENT) {
            s->in_set = true;
        }
    } else if (s->last[0] == KW_SET && s->last[1] == KW_STATEMENT && s->last[2] == KW_BEGIN) {
        s->in_set = true;
    } else if (s->in_set) {
        at_end = s->last[0] == KW_END && (s->last[1] == SCAN_SEMI || s->last[1] == KW_BEGIN);
    } else {
        at_end = true;
    }
    s->last[2] = s->last[1];
    s->last[1] = s->last[0];
    s->last[0] = word;
    return at_end;
}

static TextState
broken_state(u8 sub)
{
    if (sub == BROKEN_COMMENT) return TEXT_IN_COMMENT;
    return sub == BROKEN_NAME ? TEXT_IN_NAME : TEXT_IN_STRING;
}

TextState
text_state(Str text)
{
    StmtScan scan = {0};
    u32 parens = 0;
    bool inside = false, any = false; /* inside a statement; one was seen */
    for (u32 at = 0; at < text.len;) {
        Token t = token_read(text, at);
        at += t.width;
        if (t.kind == LX_SPACE || t.kind == LX_COMMENT) continue;
        if (t.kind == LX_BROKEN && broken_is_open(t.sub)) return broken_state(t.sub);
        if (t.kind == TK_SEMI && !inside) continue;
        inside = any = true;
        if (t.kind == TK_LPAREN || t.kind == TK_LBRACKET) parens++;
        if ((t.kind == TK_RPAREN || t.kind == TK_RBRACKET) && parens) parens--;
        if (!stmt_scan(&scan, &t)) continue;
        scan = (StmtScan){0};
        parens = 0;
        inside = false;
    }
    if (!inside) return any ? TEXT_COMPLETE : TEXT_EMPTY;
    if (scan.in_set) return TEXT_IN_SET;
    return parens ? TEXT_IN_PARENS : TEXT_NO_END;
}
