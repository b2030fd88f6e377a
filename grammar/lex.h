/* lex.h - the tokens of a script one by one, for syntax colours and completion.
 *
 * Goes through any bytes without failing: what is no token has class LEX_ERROR and is at least
 * one byte wide. Every byte of the text belongs to exactly one token, spaces included, so a
 * colouring shell prints the tokens one after the other. */
#pragma once
#include "base/str.h"

typedef enum LexClass {
    LEX_END, /* width 0 */
    LEX_SPACE,
    LEX_COMMENT,
    LEX_HINT,    /* the opening and closing marks of a hint; what is between them are tokens */
    LEX_KEYWORD, /* reserved, or a word that has a meaning somewhere in the grammar */
    LEX_NAME,    /* plain or in backticks */
    LEX_STRING,
    LEX_NUMBER,
    LEX_OPERATOR,
    LEX_PUNCTUATION, /* ( ) [ ] , ; . */
    LEX_ERROR        /* not closed, or a byte that starts no token */
} LexClass;

typedef struct LexToken {
    LexClass class;
    u32 pos, width;
    bool closed; /* false: a string, name or comment that reaches the end of the text */
} LexToken;

/* The token at byte `from`; the next one begins at pos + width. */
LexToken lex_next(Str text, u32 from);

/* The keywords, upper case, in alphabetical order. */
typedef struct Keyword {
    Str word;
    bool reserved; /* needs backticks to be a name */
} Keyword;
u32 keyword_count(void);
Keyword keyword_at(u32 index); /* index < keyword_count() */
/* The keyword's index, any case; -1 when the word is none. */
i32 keyword_find(Str word);
