/* drive.h - running the parser over a token list; private to the room. */
#pragma once
#include "grammar/build.h"

/* A statement's tokens, ending in one LX_END. On the heap: tokens_done() frees. */
typedef struct TokenList {
    Token *at;
    u32 len, cap;
} TokenList;

/* Tokens of the statement at `from`, as the lexer has them. *ret_next is behind the statement;
 * len is 1 when there is no statement any more. */
TokenList tokens_collect(Str script, u32 from, u32 *ret_next);
/* The whole text as one piece, semicolons included. */
TokenList tokens_all(Str text);
void tokens_done(TokenList *t);

/* Settle settings and phrases in the list, then parse it. start is TK_START_... Fills p's result
 * or p->status. *ret_stopped is the byte position of the token at which the parser stopped, or
 * UINT32_MAX when it took them all. The list is changed. */
void tokens_parse(Parse *p, TokenList *t, u16 start, u32 *ret_stopped);

/* Say why the text that begins at `from` could not be parsed: fills p->err, and returns the
 * status. `stopped` is what tokens_parse() said. */
Status diagnose(Parse *p, const TokenList *raw, u16 start, u32 stopped);

/* Which of all token kinds the parser would take at the token that begins at `stopped`; kinds
 * has room for kinds_max. Returns how many there are, which may be more than kinds_max. */
u32 tokens_expected(Parse *p, const TokenList *raw, u16 start, u32 stopped, u16 *kinds,
                    u32 kinds_max);

/* The words of a phrase that makes this token, or of a keyword; false when it has none. */
bool phrase_words(u16 kind, StrBuf *b);
