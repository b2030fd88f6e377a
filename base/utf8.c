/* utf8.c - UTF-8: checking it, and counting in it.
 *
 * Checking skips ASCII 64 bytes at a time; the rest follows the table of well-formed sequences of
 * the Unicode standard (table 3-7). */
#include "base/utf8.h"

#define HIGH_BITS 0x8080808080808080u

static u64
word_at(const char *p)
{
    u64 v;
    memcpy(&v, p, 8);
    return v;
}

static size_t
ascii_prefix(const char *text, size_t len)
{
    size_t at = 0;
    for (; len - at >= 64; at += 64) {
        u64 any = 0;
        for (u32 i = 0; i < 64; i += 8) any |= word_at(text + at + i);
        if (any & HIGH_BITS) break;
    }
    while (len - at >= 8 && !(word_at(text + at) & HIGH_BITS)) at += 8;
    while (at < len && (u8)text[at] < 0x80) at++;
    return at;
}

bool
utf8_ascii(const char *text, size_t len)
{
    return ascii_prefix(text, len) == len;
}

/* Length of the well-formed sequence at p, 0 if there is none. */
static u32
sequence_bytes(const u8 *p, size_t left)
{
    u32 lead = p[0];
    if (lead < 0x80) return 1;
    if (lead < 0xC2 || left < 2) return 0;
    if (lead < 0xE0) return (p[1] & 0xC0) == 0x80 ? 2 : 0;
    if (lead < 0xF0) {
        u32 low = lead == 0xE0 ? 0xA0 : 0x80, high = lead == 0xED ? 0x9F : 0xBF;
        bool ok = left >= 3 && p[1] >= low && p[1] <= high && (p[2] & 0xC0) == 0x80;
        return ok ? 3 : 0;
    }
    u32 low = lead == 0xF0 ? 0x90 : 0x80, high = lead == 0xF4 ? 0x8F : 0xBF;
    bool ok = lead <= 0xF4 && left >= 4 && p[1] >= low && p[1] <= high && (p[2] & 0xC0) == 0x80 &&
              (p[3] & 0xC0) == 0x80;
    return ok ? 4 : 0;
}

size_t
utf8_valid_prefix(const char *text, size_t len)
{
    size_t at = 0;
    while (at < len) {
        at += ascii_prefix(text + at, len - at);
        /* Texts that are not ASCII tend to stay so: no block test between neighbours. */
        while (at < len && (u8)text[at] >= 0x80) {
            u32 bytes = sequence_bytes((const u8 *)text + at, len - at);
            if (bytes == 0) return at;
            at += bytes;
        }
    }
    return at;
}

bool
utf8_valid(const char *text, size_t len)
{
    return utf8_valid_prefix(text, len) == len;
}

/* Bytes among eight that begin a character, that is are not 10xxxxxx. */
static u32
word_starts(u64 w)
{
    u64 follows = w & ~(w << 1) & HIGH_BITS;
    return 8 - (u32)__builtin_popcountll(follows);
}

u32
utf8_length(Str s)
{
    u32 n = 0, at = 0;
    for (; s.len - at >= 8; at += 8) n += word_starts(word_at(s.ptr + at));
    for (; at < s.len; at++) n += ((u8)s.ptr[at] & 0xC0) != 0x80;
    return n;
}

u32
utf8_offset(Str s, u32 n)
{
    u32 at = 0;
    for (; s.len - at >= 8; at += 8) {
        u32 starts = word_starts(word_at(s.ptr + at));
        if (starts > n) break;
        n -= starts;
    }
    /* Here n characters must begin before the wanted one does. */
    for (; at < s.len; at++) {
        if (((u8)s.ptr[at] & 0xC0) == 0x80) continue;
        if (n == 0) return at;
        n--;
    }
    return s.len;
}

u32
utf8_decode(Str s, u32 at, u32 *ret_bytes)
{
    assert(at < s.len);
    const u8 *p = (const u8 *)s.ptr + at;
    u32 bytes = sequence_bytes(p, s.len - at);
    *ret_bytes = bytes ? bytes : 1;
    switch (bytes) {
    case 1:
        return p[0];
    case 2:
        return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
    case 3:
        return (p[0] & 0xFu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
    case 4:
        return (p[0] & 7u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
    default:
        return 0xFFFD;
    }
}

u32
utf8_encode(char *to, u32 code_point)
{
    u8 *p = (u8 *)to;
    if (code_point < 0x80) {
        p[0] = (u8)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        p[0] = (u8)(0xC0 | code_point >> 6);
        p[1] = (u8)(0x80 | (code_point & 0x3F));
        return 2;
    }
    if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point < 0xE000)) code_point = 0xFFFD;
    if (code_point < 0x10000) {
        p[0] = (u8)(0xE0 | code_point >> 12);
        p[1] = (u8)(0x80 | (code_point >> 6 & 0x3F));
        p[2] = (u8)(0x80 | (code_point & 0x3F));
        return 3;
    }
    p[0] = (u8)(0xF0 | code_point >> 18);
    p[1] = (u8)(0x80 | (code_point >> 12 & 0x3F));
    p[2] = (u8)(0x80 | (code_point >> 6 & 0x3F));
    p[3] = (u8)(0x80 | (code_point & 0x3F));
    return 4;
}

u32
utf8_next(Str s, u32 at)
{
    if (at >= s.len) return s.len;
    at++;
    while (at < s.len && ((u8)s.ptr[at] & 0xC0) == 0x80) at++;
    return at;
}

u32
utf8_prev(Str s, u32 at)
{
    assert(at > 0 && at <= s.len);
    at--;
    while (at > 0 && ((u8)s.ptr[at] & 0xC0) == 0x80) at--;
    return at;
}
