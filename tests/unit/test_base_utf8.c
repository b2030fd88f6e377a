/* test_base_utf8.c - UTF-8 against a plain decoder, and counting in texts of every shape. */
#include "base/rng.h"
#include "base/utf8.h"
#include "tests/unit/test.h"

/* Decode one code point the slow way; 0 bytes if it is not well formed. */
static u32
plain_bytes(const u8 *p, size_t left)
{
    static const u32 least[5] = {0, 0, 0x80, 0x800, 0x10000};
    u32 n = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
    if (n == 0 || n > left) return 0;
    u32 c = n == 1 ? p[0] : p[0] & (0x7Fu >> n);
    for (u32 i = 1; i < n; i++) {
        if (p[i] >> 6 != 2) return 0;
        c = c << 6 | (p[i] & 0x3F);
    }
    return c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF) ? 0 : n;
}

static void
validity_agrees_with_plain(void)
{
    Rng r = rng_seed(7);
    for (u32 round = 0; round < 200000; round++) {
        char b[160];
        u32 len = 0, want = (u32)rng_below(&r, 120);
        while (len < want) {
            bool ascii = rng_below(&r, 3) > 0;
            len += utf8_encode(b + len, (u32)rng_below(&r, ascii ? 128 : 0x120000));
        }
        if (len && round % 2) b[rng_below(&r, len)] = (char)rng_below(&r, 256);
        size_t at = 0;
        while (at < len) {
            u32 n = plain_bytes((u8 *)b + at, len - at);
            if (n == 0) break;
            at += n;
        }
        CHECK(utf8_valid_prefix(b, len) == at);
        CHECK(utf8_valid(b, len) == (at == len));
    }
    for (u32 lead = 0; lead < 256; lead++) {
        for (u32 second = 0; second < 256; second++) {
            char b[4] = {(char)lead, (char)second, (char)0x80, (char)0xBF};
            for (u32 len = 1; len <= 4; len++) {
                u32 n = plain_bytes((u8 *)b, len), bytes;
                bool whole = utf8_valid_prefix(b, len) >= 1;
                CHECK(whole == (n > 0));
                CHECK((utf8_decode((Str){b, len}, 0, &bytes) != 0xFFFD) == (n > 0));
                CHECK(bytes == (n ? n : 1));
            }
        }
    }
}

static void
characters_are_counted(void)
{
    Rng r = rng_seed(8);
    for (u32 round = 0; round < 20000; round++) {
        char b[400];
        u32 len = 0, n = (u32)rng_below(&r, 60), starts[64], codes[64];
        for (u32 i = 0; i < n; i++) {
            static const u32 limits[4] = {0x7F, 0x7FF, 0xD7FF, 0x10FFFF};
            starts[i] = len;
            codes[i] = (u32)rng_below(&r, limits[rng_below(&r, 4)]);
            if (codes[i] >= 0xD800 && codes[i] <= 0xDFFF) codes[i] = 'x';
            len += utf8_encode(b + len, codes[i]);
        }
        starts[n] = len;
        Str s = {b, len};
        CHECK(utf8_length(s) == n && utf8_offset(s, n) == len && utf8_offset(s, n + 9) == len);
        CHECK(utf8_next(s, len) == len);
        for (u32 i = 0; i < n; i++) {
            u32 bytes;
            CHECK(utf8_offset(s, i) == starts[i]);
            CHECK(utf8_decode(s, starts[i], &bytes) == codes[i] &&
                  bytes == starts[i + 1] - starts[i]);
            CHECK(utf8_next(s, starts[i]) == starts[i + 1] &&
                  utf8_prev(s, starts[i + 1]) == starts[i]);
        }
    }
    CHECK(utf8_ascii("", 0) && utf8_ascii("abc", 3) && !utf8_ascii("ab\xc3\xa4", 4));
    char e[4];
    CHECK(utf8_encode(e, 0xD800) == 3 && memcmp(e, "\xef\xbf\xbd", 3) == 0);
}

TESTS(TEST(validity_agrees_with_plain), TEST(characters_are_counted))
