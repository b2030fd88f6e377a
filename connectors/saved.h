/* saved.h - numbers and texts in what sources and sinks put into an epoch, and out of it again.
 *
 * Numbers are LEB128 (seven bits a byte, least first), signed ones folded so that small stays
 * small; a text is its length and its bytes. What is read may be hostile: a reader that meets its
 * end, or a number too long, is `bad` from then on and gives zeroes and empty texts; ask once, at
 * the end. */
#pragma once
#include "base/str.h"

void saved_u64(StrBuf *out, u64 value);
void saved_i64(StrBuf *out, i64 value);
void saved_text(StrBuf *out, Str text);

typedef struct SavedReader {
    Str left;
    bool bad;
} SavedReader;

u64 saved_read_u64(SavedReader *r);
u32 saved_read_u32(SavedReader *r); /* bad when larger */
i64 saved_read_i64(SavedReader *r);
Str saved_read_text(SavedReader *r); /* points into what is read */
/* Everything was read and all of it was there. */
bool saved_read_end(const SavedReader *r);
