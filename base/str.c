/* str.c - text: comparing, building, and finding what a misspelling meant. */
#include "base/str.h"
#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>

Str
str_from(const char *text)
{
    return (Str){text, (u32)strlen(text)};
}

bool
str_eq(Str a, Str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static char
ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool
str_eq_nocase(Str a, Str b)
{
    if (a.len != b.len) return false;
    for (u32 i = 0; i < a.len; i++) {
        if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i])) return false;
    }
    return true;
}

int
str_cmp(Str a, Str b)
{
    u32 n = MIN(a.len, b.len);
    int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
    return c ? c : (a.len > b.len) - (a.len < b.len);
}

bool
str_starts(Str s, Str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

bool
str_ends(Str s, Str suffix)
{
    if (s.len < suffix.len) return false;
    return suffix.len == 0 || memcmp(s.ptr + s.len - suffix.len, suffix.ptr, suffix.len) == 0;
}

static bool
ascii_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

Str
str_trim(Str s)
{
    while (s.len && ascii_space(s.ptr[0])) s = (Str){s.ptr + 1, s.len - 1};
    while (s.len && ascii_space(s.ptr[s.len - 1])) s.len--;
    return s;
}

/* Optimal string alignment over three rolling rows; names are short, long ones are far apart. */
enum { DISTANCE_LEN_MAX = 64 };

u32
str_distance(Str a, Str b, u32 max)
{
    if (a.len > DISTANCE_LEN_MAX || b.len > DISTANCE_LEN_MAX) return max + 1;
    u32 rows[3][DISTANCE_LEN_MAX + 1];
    for (u32 j = 0; j <= b.len; j++) rows[0][j] = j;
    for (u32 i = 1; i <= a.len; i++) {
        u32 *cur = rows[i % 3], *prev = rows[(i + 2) % 3], *prev2 = rows[(i + 1) % 3];
        cur[0] = i;
        for (u32 j = 1; j <= b.len; j++) {
            char x = ascii_lower(a.ptr[i - 1]), y = ascii_lower(b.ptr[j - 1]);
            u32 d = MIN(prev[j] + 1, cur[j - 1] + 1);
            d = MIN(d, prev[j - 1] + (x != y));
            bool swapped =
                i > 1 && j > 1 && x == ascii_lower(b.ptr[j - 2]) && y == ascii_lower(a.ptr[i - 2]);
            if (swapped) d = MIN(d, prev2[j - 2] + 1);
            cur[j] = d;
        }
    }
    return MIN(rows[a.len % 3][b.len], max + 1);
}

bool
str_to_i64(Str s, i64 *ret_value)
{
    u32 i = s.len && (s.ptr[0] == '-' || s.ptr[0] == '+');
    bool negative = i && s.ptr[0] == '-';
    if (i == s.len) return false;
    i64 v = 0;
    for (; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
        i64 digit = s.ptr[i] - '0';
        if (__builtin_mul_overflow(v, 10, &v)) return false;
        if (__builtin_sub_overflow(v, digit, &v)) return false; /* negative reaches INT64_MIN */
    }
    if (!negative && v == INT64_MIN) return false;
    *ret_value = negative ? v : -v;
    return true;
}

void
nearest_offer(Nearest *n, Str wanted, Str candidate)
{
    u32 max = MAX(wanted.len / 3, 1);
    u32 d = str_distance(wanted, candidate, max);
    if (d > max || (n->best.len && d >= n->distance)) return;
    n->best = candidate;
    n->distance = d;
}

void
strbuf_done(StrBuf *b)
{
    mem_free(b->ptr);
    *b = (StrBuf){0};
}

void
strbuf_clear(StrBuf *b)
{
    b->len = 0;
    if (b->ptr) b->ptr[0] = '\0';
}

char *
strbuf_room(StrBuf *b, size_t bytes)
{
    if (b->len + bytes + 1 > b->cap) {
        size_t cap = MAX(b->cap * 2, (size_t)64);
        while (cap < b->len + bytes + 1) cap *= 2;
        b->ptr = mem_realloc(b->ptr, cap);
        b->cap = cap;
    }
    return b->ptr + b->len;
}

void
strbuf_add(StrBuf *b, const char *text, size_t len)
{
    char *to = strbuf_room(b, len);
    if (len) memcpy(to, text, len);
    b->len += len;
    b->ptr[b->len] = '\0';
}

void
strbuf_str(StrBuf *b, Str s)
{
    strbuf_add(b, s.ptr, s.len);
}

void
strbuf_char(StrBuf *b, char c)
{
    strbuf_add(b, &c, 1);
}

void
strbuf_printf(StrBuf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    assert(n >= 0);
    char *to = strbuf_room(b, (size_t)n);
    (void)vsnprintf(to, (size_t)n + 1, fmt, again);
    va_end(again);
    b->len += (size_t)n;
}

Str
strbuf_view(const StrBuf *b)
{
    return (Str){b->ptr ? b->ptr : "", (u32)b->len};
}
