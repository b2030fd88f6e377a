/* tokens.h - what the lexer, the phrase pass and the parser hand to each other; private to the
 * room. TK_ numbers come from lemon; the LX_ ones, except the
 * end marker, never reach the parser. */
#pragma once
#include "base/str.h"
#include "grammar.h" /* generated from grammar.y */

enum {
    LX_END = 0, /* lemon's own end marker */
    LX_OUTSIDE = 1000,
    LX_SPACE,
    LX_COMMENT,
    LX_WORD, /* a plain name or keyword, before it is looked up */
    LX_BROKEN
};

/* Why a LX_BROKEN is one; in Token.sub. */
typedef enum BrokenKind {
    BROKEN_CHARACTER,
    BROKEN_UTF8,
    BROKEN_NUMBER,
    BROKEN_STRING, /* not closed, as the next three */
    BROKEN_NAME,
    BROKEN_COMMENT,
    BROKEN_DOUBLE_QUOTED_OPEN,
    BROKEN_DOUBLE_QUOTED, /* "x" */
    BROKEN_EMPTY_NAME     /* `` */
} BrokenKind;

typedef enum KeywordId {
    KW_NONE,
#define KEYWORD(word, token, reserved, callable) KW_##word,
#include "grammar/keywords.def"
#undef KEYWORD
    KW_LAST_PLUS_1
} KeywordId;

typedef struct Token {
    u32 pos, width;
    u16 kind; /* TK_... */
    u16 word; /* KW_...: set for unquoted keywords only */
    u8 sub;   /* what phrases.def says, or BrokenKind */
    bool negated;
    bool quoted; /* a name in backticks */
} Token;

/* The raw token at `from`; kind LX_END at the end, else width > 0. Keywords get their
 * standalone kind. The generated half of lexer.re finds the kind and the end. */
Token token_read(Str text, u32 from);
u16 lex_scan(const char *cursor, const char *limit, const char **ret_end, u8 *ret_broken);

/* Keyword table. */
KeywordId keyword_id(Str word); /* any case; KW_NONE when it is none */
u16 keyword_token(KeywordId id);
Str keyword_word(KeywordId id);
bool keyword_reserved(KeywordId id);
bool keyword_callable(KeywordId id);

/* Where a statement ends: told each token in turn, says whether this one, a semicolon, is the
 * end. Knows BEGIN STATEMENT SET; ... END; and EXECUTE STATEMENT SET BEGIN ... END;. */
typedef struct StmtScan {
    u16 last[3]; /* the newest three tokens' words, newest first; SCAN_SEMI for a semicolon */
    bool in_set;
} StmtScan;
bool stmt_scan(StmtScan *s, const Token *t);

/* Join words to phrases and settle words whose meaning hangs on what follows (phrases.def), in
 * place. Returns the new length. */
u32 phrase_pass(Str script, Token *at, u32 len);
