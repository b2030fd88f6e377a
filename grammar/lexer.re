/* lexer.re - where the token at the cursor ends, and what it is. Compiled by re2c.
 *
 * Reads nothing at or behind `limit`: the peek gives a NUL there, and no rule goes on over a NUL.
 * Quoted things and comments are only recognised by their opening here; a loop (memchr) finds
 * their end, so that a token of a megabyte costs a megabyte of memchr. */
#include "grammar/tokens.h"

/* The closing quote; a doubled one inside is a part of the text. */
static const char *
quote_end(const char *at, const char *limit, char quote)
{
    for (;;) {
        const char *end = at < limit ? memchr(at, quote, (size_t)(limit - at)) : NULL;
        if (!end) return NULL;
        if (end + 1 >= limit || end[1] != quote) return end + 1;
        at = end + 2;
    }
}

static const char *
comment_end(const char *at, const char *limit)
{
    while (at < limit) {
        const char *star = memchr(at, '*', (size_t)(limit - at));
        if (!star) return NULL;
        if (star + 1 < limit && star[1] == '/') return star + 2;
        at = star + 1;
    }
    return NULL;
}

u16
lex_scan(const char *cursor, const char *limit, const char **ret_end, u8 *ret_broken)
{
    const char *YYCURSOR = cursor, *YYMARKER = cursor, *end = NULL;
    char quote = '\'';
    u16 kind;
    u8 broken = BROKEN_CHARACTER;
    u8 open = BROKEN_STRING;
    (void)YYMARKER;
    /*!re2c
        re2c:api = custom;
        re2c:api:style = free-form;
        re2c:define:YYCTYPE = "unsigned char";
        re2c:define:YYPEEK = "(YYCURSOR < limit ? (unsigned char)*YYCURSOR : 0)";
        re2c:define:YYSKIP = "++YYCURSOR;";
        re2c:define:YYBACKUP = "YYMARKER = YYCURSOR;";
        re2c:define:YYRESTORE = "YYCURSOR = YYMARKER;";
        re2c:yyfill:enable = 0;

        letter = [a-zA-Z_\x80-\xff];
        digit  = [0-9];
        name   = letter (letter | digit | "$")*;
        number = digit+ | digit+ "." digit* | "." digit+;

        [ \t\r\n\f\v]+            { kind = LX_SPACE; goto done; }
        "\xc2\xa0"                { kind = LX_SPACE; goto done; }
        "\xef\xbb\xbf"            { kind = LX_SPACE; goto done; }
        "--" [^\n\x00]*           { kind = LX_COMMENT; goto done; }
        "/*+"                     { kind = TK_HINT_BEGIN; goto done; }
        "*" "/"                   { kind = TK_HINT_END; goto done; }
        "/*"                      { goto comment; }
        [nN]? "'"                 { goto string; }
        "_" [a-zA-Z] [a-zA-Z0-9_-]* "'" { goto string; }
        [uU] "&'"                 { goto string; }
        [xX] "'"                  { kind = TK_BINARY; goto quoted; }
        "`"                       { goto backticks; }
        "\""                      { goto double_quotes; }
        digit+                    { kind = TK_INTEGER; goto done; }
        number                    { kind = TK_DECIMAL; goto done; }
        number [eE] [+-]? digit+  { kind = TK_DOUBLE; goto done; }
        number letter (letter | digit | "$")* { broken = BROKEN_NUMBER; goto broken_token; }
        name                      { kind = LX_WORD; goto done; }
        "=" | "=="                { kind = TK_EQ; goto done; }
        "!=" | "<>"               { kind = TK_NE; goto done; }
        "<="                      { kind = TK_LE; goto done; }
        ">="                      { kind = TK_GE; goto done; }
        "<"                       { kind = TK_LT; goto done; }
        ">"                       { kind = TK_GT; goto done; }
        "=>"                      { kind = TK_ARROW; goto done; }
        "||"                      { kind = TK_CONCAT; goto done; }
        "|"                       { kind = TK_PIPE; goto done; }
        "::"                      { kind = TK_COLONS; goto done; }
        ":"                       { kind = TK_COLON; goto done; }
        "+"                       { kind = TK_PLUS; goto done; }
        "-"                       { kind = TK_MINUS; goto done; }
        "*"                       { kind = TK_STAR; goto done; }
        "/"                       { kind = TK_SLASH; goto done; }
        "%"                       { kind = TK_PERCENT; goto done; }
        "("                       { kind = TK_LPAREN; goto done; }
        ")"                       { kind = TK_RPAREN; goto done; }
        "["                       { kind = TK_LBRACKET; goto done; }
        "]"                       { kind = TK_RBRACKET; goto done; }
        "{"                       { kind = TK_LBRACE; goto done; }
        "}"                       { kind = TK_RBRACE; goto done; }
        "{-"                      { kind = TK_EXCLUDE_BEGIN; goto done; }
        "-}"                      { kind = TK_EXCLUDE_END; goto done; }
        ","                       { kind = TK_COMMA; goto done; }
        ";"                       { kind = TK_SEMI; goto done; }
        "."                       { kind = TK_DOT; goto done; }
        "?"                       { kind = TK_QUESTION; goto done; }
        "^"                       { kind = TK_CARET; goto done; }
        "$"                       { kind = TK_DOLLAR; goto done; }
        *                         { kind = LX_BROKEN; goto done; }
    */
broken_token:
    kind = LX_BROKEN;
    goto done;
comment:
    kind = LX_COMMENT;
    open = BROKEN_COMMENT;
    end = comment_end(YYCURSOR, limit);
    goto closed;
string:
    kind = TK_STRING;
    goto quoted;
backticks:
    kind = TK_ID;
    quote = '`';
    open = BROKEN_NAME;
    goto quoted;
double_quotes:
    kind = LX_BROKEN;
    broken = BROKEN_DOUBLE_QUOTED;
    quote = '"';
    open = BROKEN_DOUBLE_QUOTED_OPEN;
quoted:
    end = quote_end(YYCURSOR, limit, quote);
closed:
    YYCURSOR = end ? end : limit;
    if (!end) {
        kind = LX_BROKEN;
        broken = open;
    }
done:
    *ret_end = YYCURSOR;
    *ret_broken = broken;
    return kind;
}
