/* print.h - what the printing files share; private to the room. */
#pragma once
#include "grammar/ast_print.h"

void text_print(StrBuf *b, const char *text);
void names_print(StrBuf *b, const NameList *l);
void exprs_print(StrBuf *b, const ExprList *l);
void orders_print(StrBuf *b, const OrderList *l);
void window_spec_print(StrBuf *b, const WindowSpec *w);
void hints_print(StrBuf *b, const HintList *l);     /* with a space in front; nothing when empty */
void options_print(StrBuf *b, const OptionList *l); /* 'k' = 'v', ... */
void literal_print(StrBuf *b, const Literal *l);
bool name_is_plain(Str name); /* the lexer reads it as one word */
