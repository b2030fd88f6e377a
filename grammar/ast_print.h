/* ast_print.h - the AST as canonical SQL.
 *
 * What is printed parses to an equal AST (ast_equal.h). Keywords are upper case, names are
 * quoted with backticks only where they must be (reserved words, odd characters), strings with
 * single quotes, parentheses only where precedence asks for them. One line, except that
 * CREATE TABLE and statement sets put each element on a line of its own. No closing semicolon.
 * Used by SHOW CREATE, EXPLAIN labels and stored views. All append to b. */
#pragma once
#include "grammar/ast.h"

void stmt_print(StrBuf *b, const Stmt *s);
void query_print(StrBuf *b, const Query *q);
void expr_print(StrBuf *b, const Expr *e);
void type_name_print(StrBuf *b, const TypeName *t);
void table_ref_print(StrBuf *b, const TableRef *t);
void path_print(StrBuf *b, const Path *p);
/* A name as an identifier: quoted with backticks when it would not lex as a plain name. */
void name_print(StrBuf *b, Str name);
/* A text as a string literal: 'it''s'. */
void string_print(StrBuf *b, Str text);
/* True when the name needs backticks. */
bool name_needs_quotes(Str name);
