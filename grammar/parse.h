/* parse.h - script text to AST, statement by statement.
 *
 * The text need not be NUL-terminated nor valid; nothing in it can crash the parser. A script
 * is at most SCRIPT_BYTES_MAX bytes (W7003 beyond). All positions, in nodes and in Err, are byte
 * offsets into the whole script; err->width is the bytes to underline.
 *
 *   u32 at = 0;
 *   do {
 *       st = parse_statement(arena, script, at, &stmt, &at, &err);
 *       ... on failure report; `at` is behind the statement that failed, so going on is fine
 *   } while (st || stmt);
 *
 * Errors: W1001 syntax, W1002 a string, name or comment that is not closed, W1003 a character
 * that starts no token, W1004 a literal that is not well formed, W1005 nested too deeply (256
 * brackets, or AST_HEIGHT_MAX levels of any kind), W1006 the statement ends too soon,
 * W2001 a statement that is not part of the language (UPDATE, DELETE, MERGE), W7003. */
#pragma once
#include "base/err.h"
#include "grammar/ast.h"
#include "grammar/lex.h"

enum { SCRIPT_BYTES_MAX = 1u << 30, NEST_MAX = 256 };

/* Parse the statement that begins at byte `from`, leading space, comments and empty statements
 * skipped. *ret_stmt is NULL at the end of the script. *ret_next is where the following
 * statement begins (behind the semicolon, or the end); it is set on failure too. `from` must be
 * 0 or a value that *ret_next gave for this script, and at most script.len.
 * Time and memory are linear in the statement's length. */
Status parse_statement(Arena *a, Str script, u32 from, Stmt **ret_stmt, u32 *ret_next,
                       Err *err) MUST_USE;

/* Parse one expression or query that fills the whole text (a final ; is not allowed); for tests. */
Status parse_expression(Arena *a, Str text, Expr **ret_expr, Err *err) MUST_USE;
Status parse_query(Arena *a, Str text, Query **ret_query, Err *err) MUST_USE;

/* What the text so far still waits for, for the shell's continuation prompt. Looks at tokens
 * only. BEGIN STATEMENT SET ... END counts as one statement. */
typedef enum TextState {
    TEXT_EMPTY,      /* nothing but space and comments */
    TEXT_COMPLETE,   /* ends with the semicolon of its last statement */
    TEXT_NO_END,     /* a statement without its semicolon */
    TEXT_IN_PARENS,  /* ( or [ not closed */
    TEXT_IN_STRING,  /* ' not closed */
    TEXT_IN_NAME,    /* ` not closed */
    TEXT_IN_COMMENT, /* block comment not closed */
    TEXT_IN_SET      /* a statement set without its END */
} TextState;
TextState text_state(Str text);
