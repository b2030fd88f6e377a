/* base64.c - bytes as text in CSV and JSON. */
#include "connectors/base64.h"

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
base64_encode(char *to, const char *bytes, u32 len)
{
    const u8 *in = (const u8 *)bytes;
    for (u32 i = 0; i < len; i += 3) {
        u32 left = len - i;
        u32 v = (u32)in[i] << 16;
        if (left > 1) v |= (u32)in[i + 1] << 8;
        if (left > 2) v |= in[i + 2];
        *to++ = base64_digits[v >> 18];
        *to++ = base64_digits[v >> 12 & 63];
        *to++ = left > 1 ? base64_digits[v >> 6 & 63] : '=';
        *to++ = left > 2 ? base64_digits[v & 63] : '=';
    }
}

/* 64 if c is no digit. */
static u32
base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') return (u32)(c - 'A');
    if (c >= 'a' && c <= 'z') return (u32)(c - 'a') + 26;
    if (c >= '0' && c <= '9') return (u32)(c - '0') + 52;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

bool
base64_decode(char *to, const char *text, u32 len, u32 *ret_bytes)
{
    if (len % 4 == 0 && len && text[len - 1] == '=') len -= text[len - 2] == '=' ? 2 : 1;
    if (len % 4 == 1) return false;
    u32 n = 0;
    for (u32 i = 0; i < len; i += 4) {
        u32 digits = MIN(len - i, 4), v = 0;
        for (u32 k = 0; k < 4; k++) {
            u32 d = k < digits ? base64_digit(text[i + k]) : 0;
            if (d > 63) return false;
            v = v << 6 | d;
        }
        to[n++] = (char)(v >> 16);
        if (digits > 2) to[n++] = (char)(v >> 8);
        if (digits > 3) to[n++] = (char)v;
    }
    *ret_bytes = n;
    return true;
}
