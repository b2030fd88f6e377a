/* format.c - what every text format needs of its chunks: room, lines, quoting for messages. */
#include "connectors/format.h"
#include "base/mem.h"
#include "base/utf8.h"

void
chunk_index_room(TextChunk *c, u32 n)
{
    if (n <= c->index_cap) return;
    mem_free(c->index);
    c->index = mem_aligned(64, (size_t)n * sizeof(u32));
    c->index_cap = n;
}

static u32
lines_count(const char *data, size_t n)
{
    u32 lines = 0;
    for (size_t i = 0; i < n; i++) lines += data[i] == '\n';
    return lines;
}

u64
chunk_line_at(const TextChunk *c, u32 at)
{
    return c->line + lines_count(c->data, at);
}

const char *
text_escaped(char *out, const char *text, size_t len)
{
    static const char hex[] = "0123456789abcdef";
    enum { ROOM = 196 }; /* and an escape of 4 bytes, "..." and a NUL */
    size_t n = 0, i = 0;
    while (i < len && n < ROOM) {
        u8 ch = (u8)text[i];
        Str rest = {text + i, (u32)MIN(len - i, 4)};
        u32 bytes = 1;
        if (ch >= 128) {
            u32 code = utf8_decode(rest, 0, &bytes);
            bool valid = utf8_valid_prefix(rest.ptr, bytes) == bytes;
            /* C1 control characters and direction overrides do not belong on a terminal. */
            if (code < 0xA0 || (code >= 0x202A && code <= 0x202E)) valid = false;
            if (!valid) bytes = 0;
        }
        if (bytes > 0 && ch >= 32 && ch != 127 && ch != '"' && ch != '\\') {
            memcpy(out + n, text + i, bytes);
            n += bytes;
            i += bytes;
            continue;
        }
        static const char named[] = "\tt\nn\rr\"\"\\\\";
        const char *name = NULL;
        for (u32 k = 0; k < sizeof named - 1; k += 2)
            if ((u8)named[k] == ch) name = &named[k + 1];
        out[n++] = '\\';
        if (name) {
            out[n++] = *name;
        } else {
            out[n++] = 'x';
            out[n++] = hex[ch >> 4];
            out[n++] = hex[ch & 15];
        }
        i++;
    }
    if (i < len) {
        memcpy(out + n, "...", 3);
        n += 3;
    }
    assert(n < ESCAPED_MAX);
    out[n] = 0;
    return out;
}
