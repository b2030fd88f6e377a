/* saved.c - numbers and texts of an epoch's records. */
#include "connectors/saved.h"

void
saved_u64(StrBuf *out, u64 value)
{
    for (; value > 127; value >>= 7) strbuf_char(out, (char)(u8)(value | 128));
    strbuf_char(out, (char)(u8)value);
}

void
saved_i64(StrBuf *out, i64 value)
{
    saved_u64(out, (u64)value << 1 ^ (u64)(value >> 63));
}

void
saved_text(StrBuf *out, Str text)
{
    saved_u64(out, text.len);
    strbuf_str(out, text);
}

u64
saved_read_u64(SavedReader *r)
{
    u64 value = 0;
    for (u32 shift = 0; shift < 64 && r->left.len > 0 && !r->bad; shift += 7) {
        u8 byte = (u8)*r->left.ptr;
        r->left = (Str){r->left.ptr + 1, r->left.len - 1};
        if (shift == 63 && byte > 1) break;
        value |= (u64)(byte & 127) << shift;
        if (byte < 128) return value;
    }
    r->bad = true;
    return 0;
}

u32
saved_read_u32(SavedReader *r)
{
    u64 value = saved_read_u64(r);
    r->bad |= value > UINT32_MAX;
    return r->bad ? 0 : (u32)value;
}

i64
saved_read_i64(SavedReader *r)
{
    u64 folded = saved_read_u64(r);
    return (i64)(folded >> 1 ^ (0 - (folded & 1)));
}

Str
saved_read_text(SavedReader *r)
{
    u64 len = saved_read_u64(r);
    r->bad |= len > r->left.len;
    if (r->bad) return STR("");
    Str text = {r->left.ptr, (u32)len};
    r->left = (Str){r->left.ptr + len, r->left.len - (u32)len};
    return text;
}

bool
saved_read_end(const SavedReader *r)
{
    return !r->bad && r->left.len == 0;
}
