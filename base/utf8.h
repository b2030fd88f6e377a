/* utf8.h - UTF-8 as bytes and characters (code points). Case is not here. */
#pragma once
#include "base/str.h"

/* Well formed: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool utf8_valid(const char *text, size_t len);
/* Bytes before the first one that is not valid; len if all are. */
size_t utf8_valid_prefix(const char *text, size_t len);
bool utf8_ascii(const char *text, size_t len);

/* The rest is for valid text, and stays within it for any bytes. */
u32 utf8_length(Str s); /* characters */
/* Byte offset of character n (0 is the first); s.len if there are fewer. */
u32 utf8_offset(Str s, u32 n);
/* Code point at byte `at` < s.len, and its length in bytes; a stray byte is U+FFFD of length 1. */
u32 utf8_decode(Str s, u32 at, u32 *ret_bytes);
u32 utf8_encode(char *to, u32 code_point); /* 1..4 bytes; to has room for 4 */
u32 utf8_next(Str s, u32 at);              /* offset behind the character at `at` */
u32 utf8_prev(Str s, u32 at);              /* offset of the character before `at` > 0 */
