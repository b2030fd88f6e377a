/* fuzz_parse.c - no bytes may crash the parser, and what it accepts must print to a text that
 * parses to an equal tree. Errors point into the text, and recovery goes forward. */
#include "base/mem.h"
#include "grammar/ast_equal.h"
#include "grammar/ast_print.h"
#include "grammar/parse.h"
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void
tree_check(Arena *a, const Stmt *stmt)
{
    StrBuf b = {0};
    stmt_print(&b, stmt);
    Str text = strbuf_view(&b);
    Stmt *again = NULL;
    u32 next = 0;
    Err err;
    Status st = parse_statement(a, text, 0, &again, &next, &err);
    /* The print of a tree just below the depth limit may be over it: it has parentheses. */
    if (!st && !stmt_equal(stmt, again)) {
        fprintf(stderr, "prints as another tree: %s\n", b.ptr);
        abort();
    }
    if (st && err.code != W1005) {
        fprintf(stderr, "print does not parse: %s\n%s\n", err.text, b.ptr);
        abort();
    }
    strbuf_done(&b);
}

static void
tokens_check(Str text)
{
    u32 at = 0;
    while (at < text.len) {
        LexToken t = lex_next(text, at);
        if (t.pos != at || t.width == 0 || t.width > text.len - at) abort();
        at += t.width;
    }
    if (lex_next(text, at).class != LEX_END) abort();
    (void)text_state(text);
}

int
LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    if (size > 4096) return 0;
    char *exact = mem_alloc(size); /* no byte more, so that a read beyond is seen */
    if (size) memcpy(exact, data, size);
    Str text = {exact, (u32)size};
    Arena *a = arena_new();
    tokens_check(text);

    u32 at = 0;
    for (;;) {
        Stmt *stmt = NULL;
        u32 next = 0;
        Err err;
        Status st = parse_statement(a, text, at, &stmt, &next, &err);
        if (st && (err.pos > size || !err.text[0])) abort();
        if (next > size || (next <= at && next != size)) abort();
        if (!st && !stmt) break;
        if (!st) tree_check(a, stmt);
        at = next;
    }
    arena_free(a);
    mem_free(exact);
    return 0;
}
