/* str.h - borrowed text, and a growing buffer to build text in. */
#pragma once
#include "base/base.h"

/* Borrowed bytes; owns nothing and dies with what it points into. Not NUL-terminated unless
 * somebody says so. ptr may be NULL only when len is 0. */
typedef struct Str {
    const char *ptr;
    u32 len;
} Str;

#define STR(literal) ((Str){(literal), (u32)sizeof(literal) - 1})
/* For printf's "%.*s". */
#define STR_ARG(s) (int)(s).len, (s).ptr

Str str_from(const char *text); /* up to the NUL */
bool str_eq(Str a, Str b);
bool str_eq_nocase(Str a, Str b); /* ASCII letters only */
int str_cmp(Str a, Str b);        /* memcmp order, shorter first on a tie */
bool str_starts(Str s, Str prefix);
bool str_ends(Str s, Str suffix);
Str str_trim(Str s); /* ASCII white space at both ends */
/* Damerau-Levenshtein distance ignoring ASCII case, capped at max + 1; for "did you mean". */
u32 str_distance(Str a, Str b, u32 max);
/* Whole text as a base-10 int64: optional sign, digits, nothing else, in range. */
bool str_to_i64(Str s, i64 *ret_value);

/* The candidate nearest to a misspelled name, kept while candidates are offered one by one.
 * Accepts at most a third of the name's length in edits. Start with {0}. */
typedef struct Nearest {
    Str best;
    u32 distance;
} Nearest;
void nearest_offer(Nearest *n, Str wanted, Str candidate);

/* Growing bytes. Start with {0}; text is NUL-terminated after every call that adds to it. */
typedef struct StrBuf {
    char *ptr;
    size_t len, cap;
} StrBuf;

void strbuf_done(StrBuf *b); /* frees; b is {0} again */
void strbuf_clear(StrBuf *b);
char *strbuf_room(StrBuf *b, size_t bytes); /* at least that many writable bytes at ptr + len */
void strbuf_add(StrBuf *b, const char *text, size_t len);
void strbuf_str(StrBuf *b, Str s);
void strbuf_char(StrBuf *b, char c);
void strbuf_printf(StrBuf *b, const char *fmt, ...) PRINTF(2, 3);
Str strbuf_view(const StrBuf *b);
