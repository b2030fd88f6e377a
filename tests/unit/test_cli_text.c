/* test_cli_text.c - what the command line does to text before a terminal or a JSON reader gets it.
 *
 * cli/ is a program, not a library: its files are included. */
#include "cli/cell.c"
#include "cli/width.c"
#include "tests/unit/test.h"

static bool
shows(Str s, bool utf8, const char *wanted, u32 wanted_width)
{
    StrBuf out = {0};
    u32 width = width_show(&out, s, utf8);
    bool same = str_eq(strbuf_view(&out), str_from(wanted)) && width == wanted_width;
    if (!same) fprintf(stderr, "got \"%s\", %u columns\n", out.ptr, width);
    strbuf_done(&out);
    return same;
}

static void
ranges_are_in_order(void)
{
    for (u32 i = 0; i < ARRAY_LEN(ranges); i++) {
        CHECK(ranges[i].first <= ranges[i].last);
        CHECK(i == 0 || ranges[i - 1].last < ranges[i].first);
    }
}

static void
columns_of_characters(void)
{
    CHECK(width_char('a') == 1);
    CHECK(width_char(0xE9) == 1);
    CHECK(width_char(0x301) == 0);    /* combining acute */
    CHECK(width_char(0x200D) == 0);   /* zero width joiner */
    CHECK(width_char(0x65E5) == 2);   /* CJK */
    CHECK(width_char(0xFF21) == 2);   /* fullwidth A */
    CHECK(width_char(0x1F600) == 2);  /* emoji */
    CHECK(width_char(0x20ABC) == 2);  /* CJK extension B */
    CHECK(width_char(0xE0100) == 0);  /* variation selector */
    CHECK(width_char(0x2502) == 1);   /* box drawing */
    CHECK(width_char(0x10FFFF) == 1); /* past the last range */
}

static void
nothing_moves_the_cursor(void)
{
    CHECK(shows(STR("plain"), true, "plain", 5));
    CHECK(shows(STR(""), true, "", 0));
    CHECK(shows(STR("a\nb\tc\r"), true, "a\\nb\\tc\\r", 9));
    CHECK(shows(STR("\x1b[31m"), true, "\xe2\x90\x9b[31m", 5));
    CHECK(shows(STR("\x1b[31m"), false, "\\x1b[31m", 8));
    CHECK(shows(STR("\0\x7f"), true, "\xe2\x90\x80\xe2\x90\xa1", 2));
    CHECK(shows(STR("\xc2\x9b"
                    "31m"),
                true, "\\x9b31m", 7)); /* C1: CSI in eight bits */
    CHECK(shows(STR("\xe2\x80\xae"), true, "\\u202e", 6));
    CHECK(shows(STR("\xf3\xa0\x81\x81"), true, "\\ue0041", 7)); /* a tag character */
    CHECK(shows(STR("\xff\xc3"), true, "\\xff\\xc3", 8));
    CHECK(shows(STR("\xed\xa0\x80"), true, "\\xed\\xa0\\x80", 12)); /* surrogate */
    CHECK(shows(STR("\xe6\x97\xa5\x65\xcc\x81"), true, "\xe6\x97\xa5\x65\xcc\x81", 3));
}

/* Every byte pair, shown: printable ASCII or whole UTF-8 beyond the controls, and of the width that
 * is said. */
static void
shown_text_is_safe(void)
{
    StrBuf out = {0};
    for (u32 a = 0; a < 256; a++) {
        for (u32 b = 0; b < 256; b++) {
            char in[2] = {(char)a, (char)b};
            strbuf_clear(&out);
            u32 width = width_show(&out, (Str){in, 2}, true), again = 0;
            Str shown = strbuf_view(&out);
            CHECK(width_fit(shown, UINT32_MAX, &again) == shown.len && again == width);
            for (u32 i = 0; i < shown.len;) {
                u32 bytes = 1;
                u32 c = utf8_decode(shown, i, &bytes);
                CHECK(c >= 0x20 && c != 0x7F && !(c >= 0x80 && c < 0xA0) && c != 0xFFFD);
                i += bytes;
            }
        }
    }
    strbuf_done(&out);
}

static void
fitting_keeps_characters_whole(void)
{
    u32 width;
    Str s = STR("\xe6\x97\xa5\xe6\x9c\xac"
                "a\xcc\x81"
                "b");
    CHECK(width_fit(s, 1, &width) == 0 && width == 0);
    CHECK(width_fit(s, 2, &width) == 3 && width == 2);
    CHECK(width_fit(s, 3, &width) == 3 && width == 2);
    CHECK(width_fit(s, 5, &width) == 9 && width == 5); /* the accent stays with its letter */
    CHECK(width_fit(s, 100, &width) == s.len && width == 6);
}

static bool
json_is(Str s, const char *wanted)
{
    StrBuf out = {0};
    json_string(&out, s);
    bool same = str_eq(strbuf_view(&out), str_from(wanted));
    if (!same) fprintf(stderr, "got %s\n", out.ptr);
    strbuf_done(&out);
    return same;
}

static void
json_strings(void)
{
    CHECK(json_is(STR(""), "\"\""));
    CHECK(json_is(STR("a\"b\\c/d"), "\"a\\\"b\\\\c/d\""));
    CHECK(json_is(STR("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\""));
    CHECK(json_is(STR("\0\x1f\x7f"), "\"\\u0000\\u001f\\u007f\""));
    CHECK(json_is(STR("\xe6\x97\xa5"), "\"\xe6\x97\xa5\""));
    CHECK(json_is(STR("\xff"
                      "a\xe6\x97"),
                  "\"\xef\xbf\xbd"
                  "a\xef\xbf\xbd\xef\xbf\xbd\""));
    CHECK(json_is(STR("\xe2\x80\xa8\xc2\x85\xe2\x80\xae"), "\"\\u2028\\u0085\\u202e\""));
}

static bool
bytes_are(Str in, const char *hex, const char *base64)
{
    StrBuf out = {0};
    StrView v = strview_make(in.ptr, in.len);
    cell_print(&out, NULL, CELL_BYTES, type_bytes(), &v);
    bool same = str_eq(strbuf_view(&out), str_from(hex));
    strbuf_clear(&out);
    cell_print_base64(&out, NULL, CELL_BYTES, type_bytes(), &v);
    same = same && str_eq(strbuf_view(&out), str_from(base64));
    strbuf_done(&out);
    return same;
}

static void
bytes_as_text(void)
{
    CHECK(bytes_are(STR("f"), "x'66'", "Zg=="));
    CHECK(bytes_are(STR("fo"), "x'666f'", "Zm8="));
    CHECK(bytes_are(STR("foo"), "x'666f6f'", "Zm9v"));
    CHECK(bytes_are(STR("\xff\xef\xbe\x00"), "x'ffefbe00'", "/+++AA=="));
}

TESTS(TEST(ranges_are_in_order), TEST(columns_of_characters), TEST(nothing_moves_the_cursor),
      TEST(shown_text_is_safe), TEST(fitting_keeps_characters_whole), TEST(json_strings),
      TEST(bytes_as_text))
