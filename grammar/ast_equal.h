/* ast_equal.h - do two ASTs mean the same text? Positions and widths are not compared, all
 * else is; names and strings byte by byte, symbols and types as the parser canonised them.
 * NULL equals NULL only. */
#pragma once
#include "grammar/ast.h"

bool stmt_equal(const Stmt *a, const Stmt *b);
bool query_equal(const Query *a, const Query *b);
bool expr_equal(const Expr *a, const Expr *b);
bool type_equal(const TypeName *a, const TypeName *b);
