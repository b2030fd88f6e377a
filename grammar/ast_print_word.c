/* ast_print_word.c - names, lists, types and literals as SQL. */
#include "grammar/ast_print.h"
#include "grammar/print.h"
#include "grammar/tokens.h"

void
text_print(StrBuf *b, const char *text)
{
    strbuf_add(b, text, strlen(text));
}

static void
quoted_print(StrBuf *b, Str s, char quote)
{
    strbuf_char(b, quote);
    for (u32 i = 0; i < s.len; i++) {
        if (s.ptr[i] == quote) strbuf_char(b, quote);
        strbuf_char(b, s.ptr[i]);
    }
    strbuf_char(b, quote);
}

bool
name_is_plain(Str name)
{
    if (!name.len) return false;
    const char *end = NULL;
    u8 broken = 0;
    u16 kind = lex_scan(name.ptr, name.ptr + name.len, &end, &broken);
    return kind == LX_WORD && end == name.ptr + name.len;
}

bool
name_needs_quotes(Str name)
{
    return !name_is_plain(name) || keyword_id(name) != KW_NONE;
}

void
name_print(StrBuf *b, Str name)
{
    if (name_needs_quotes(name))
        quoted_print(b, name, '`');
    else
        strbuf_str(b, name);
}

void
string_print(StrBuf *b, Str text)
{
    quoted_print(b, text, '\'');
}

void
path_print(StrBuf *b, const Path *p)
{
    for (u32 i = 0; i < p->len; i++) {
        if (i) strbuf_char(b, '.');
        name_print(b, p->at[i].text);
    }
}

void
names_print(StrBuf *b, const NameList *l)
{
    for (u32 i = 0; i < l->len; i++) {
        if (i) text_print(b, ", ");
        name_print(b, l->at[i].text);
    }
}

void
exprs_print(StrBuf *b, const ExprList *l)
{
    for (u32 i = 0; i < l->len; i++) {
        if (i) text_print(b, ", ");
        expr_print(b, l->at[i]);
    }
}

void
orders_print(StrBuf *b, const OrderList *l)
{
    for (u32 i = 0; i < l->len; i++) {
        const OrderItem *o = &l->at[i];
        if (i) text_print(b, ", ");
        expr_print(b, o->expr);
        if (o->desc) text_print(b, " DESC");
        if (o->nulls == ORDER_NULLS_FIRST) text_print(b, " NULLS FIRST");
        if (o->nulls == ORDER_NULLS_LAST) text_print(b, " NULLS LAST");
    }
}

/* ---- Types ---- */

static void
qual_print(StrBuf *b, const IntervalQual *q)
{
    text_print(b, time_unit_text(q->start));
    bool end = q->end != UNIT_NONE;
    if (q->precision >= 0 && q->fraction >= 0 && !end) {
        strbuf_printf(b, "(%d, %d)", q->precision, q->fraction);
        return;
    }
    if (q->precision >= 0) strbuf_printf(b, "(%d)", q->precision);
    if (!end) return;
    strbuf_printf(b, " TO %s", time_unit_text(q->end));
    if (q->fraction >= 0) strbuf_printf(b, "(%d)", q->fraction);
}

static void
fields_print(StrBuf *b, const TypeName *t)
{
    text_print(b, "ROW<");
    for (u32 i = 0; i < t->fields_len; i++) {
        const TypeField *f = &t->fields[i];
        if (i) text_print(b, ", ");
        name_print(b, f->name.text);
        strbuf_char(b, ' ');
        type_name_print(b, f->type);
        if (!f->comment.ptr) continue;
        strbuf_char(b, ' ');
        string_print(b, f->comment);
    }
    strbuf_char(b, '>');
}

/* A name that the lexer takes for a type word, not for anything else the grammar knows. */
static void
type_word_print(StrBuf *b, Str name)
{
    static const Str words[] = {{"DATE", 4}, {"TIME", 4}, {"TIMESTAMP", 9}, {"TIMESTAMP_LTZ", 13}};
    for (u32 i = 0; i < ARRAY_LEN(words); i++) {
        if (!str_eq(name, words[i])) continue;
        strbuf_str(b, name);
        return;
    }
    name_print(b, name);
}

static void
type_body_print(StrBuf *b, const TypeName *t)
{
    if (t->args[0]) {
        strbuf_str(b, t->name);
        strbuf_char(b, '<');
        type_name_print(b, t->args[0]);
        if (t->args[1]) text_print(b, ", ");
        if (t->args[1]) type_name_print(b, t->args[1]);
        strbuf_char(b, '>');
        return;
    }
    if (t->fields_len) {
        fields_print(b, t);
        return;
    }
    if (t->interval.start) {
        text_print(b, "INTERVAL ");
        qual_print(b, &t->interval);
        return;
    }
    type_word_print(b, t->name);
    if (t->params == 1) strbuf_printf(b, "(%lld)", (long long)t->param[0]);
    if (t->params == 2) {
        strbuf_printf(b, "(%lld, %lld)", (long long)t->param[0], (long long)t->param[1]);
    }
    for (u32 i = 0; i < t->texts.len; i++) {
        text_print(b, i ? ", " : "(");
        string_print(b, t->texts.at[i]);
    }
    if (t->texts.len) strbuf_char(b, ')');
}

void
type_name_print(StrBuf *b, const TypeName *t)
{
    type_body_print(b, t);
    if (t->nulls == NULLS_NOT) text_print(b, " NOT NULL");
    if (t->nulls == NULLS_ALLOWED) text_print(b, " NULL");
}

/* ---- Literals ---- */

static void
binary_print(StrBuf *b, Str bytes)
{
    text_print(b, "X'");
    for (u32 i = 0; i < bytes.len; i++) strbuf_printf(b, "%02X", (unsigned)(u8)bytes.ptr[i]);
    strbuf_char(b, '\'');
}

void
literal_print(StrBuf *b, const Literal *l)
{
    switch (l->kind) {
    case LITERAL_NULL:
        text_print(b, "NULL");
        return;
    case LITERAL_BOOL:
        text_print(b, l->boolean ? "TRUE" : "FALSE");
        return;
    case LITERAL_INTEGER:
    case LITERAL_DECIMAL:
    case LITERAL_DOUBLE:
        strbuf_str(b, l->text);
        return;
    case LITERAL_STRING:
        break;
    case LITERAL_BINARY:
        binary_print(b, l->text);
        return;
    case LITERAL_DATE:
        text_print(b, "DATE ");
        break;
    case LITERAL_TIME:
        text_print(b, "TIME ");
        break;
    case LITERAL_TIMESTAMP:
        text_print(b, "TIMESTAMP ");
        break;
    case LITERAL_TIMESTAMP_LTZ:
        text_print(b, "TIMESTAMP_LTZ ");
        break;
    case LITERAL_INTERVAL:
        text_print(b, l->negative ? "INTERVAL -" : "INTERVAL ");
        string_print(b, l->text);
        strbuf_char(b, ' ');
        qual_print(b, &l->interval);
        return;
    }
    string_print(b, l->text);
}
