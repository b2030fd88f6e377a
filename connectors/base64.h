/* base64.h - bytes as text in CSV and JSON: RFC 4648, with padding. */
#pragma once
#include "base/base.h"

static inline u32
base64_encoded_bytes(u32 len)
{
    return (len + 2) / 3 * 4;
}
void base64_encode(char *to, const char *bytes, u32 len); /* base64_encoded_bytes(len), no NUL */
/* False if text is no base64 (padding may be missing); `to` has room for len / 4 * 3 + 3. */
bool base64_decode(char *to, const char *text, u32 len, u32 *ret_bytes);
