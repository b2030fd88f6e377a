/* test_base_number.c - numbers to text and back against strtod, printf and the table's definition.
 */
#include "base/number.h"
#include "base/rng.h"
#include "tests/unit/test.h"

#include <math.h>
#include <stdlib.h>

static bool
prints(f64 x, const char *want)
{
    char b[F64_TEXT_MAX + 1];
    b[f64_print(b, x)] = '\0';
    if (strcmp(b, want)) fprintf(stderr, "got %s, want %s\n", b, want);
    return strcmp(b, want) == 0;
}

static bool
prints32(f32 x, const char *want)
{
    char b[F64_TEXT_MAX + 1];
    b[f32_print(b, x)] = '\0';
    if (strcmp(b, want)) fprintf(stderr, "got %s, want %s\n", b, want);
    return strcmp(b, want) == 0;
}

static bool
prints_plain(f64 x, const char *want)
{
    char b[F64_PLAIN_TEXT_MAX + 1];
    b[f64_print_plain(b, x)] = '\0';
    if (strcmp(b, want)) fprintf(stderr, "got %s, want %s\n", b, want);
    return strcmp(b, want) == 0;
}

static void
doubles_print_as_java(void)
{
    CHECK(prints(0.0, "0.0") && prints(-0.0, "-0.0") && prints(1, "1.0") && prints(-1.5, "-1.5"));
    CHECK(prints(1e7, "1.0E7") && prints(9999999, "9999999.0") && prints(12345678, "1.2345678E7"));
    CHECK(prints(1e-3, "0.001") && prints(9.99e-4, "9.99E-4") && prints(1e10, "1.0E10"));
    CHECK(prints(1.23e-5, "1.23E-5") && prints(123456.789, "123456.789") && prints(100, "100.0"));
    CHECK(prints(1.7976931348623157e308, "1.7976931348623157E308"));
    CHECK(prints(2.2250738585072014e-308, "2.2250738585072014E-308"));
    CHECK(prints(4.9e-324, "4.9E-324") && prints(9.9e-324, "9.9E-324"));
    CHECK(prints(1.5e-323, "1.5E-323") && prints(2e-323, "2.0E-323") &&
          prints(9.9e-323, "9.9E-323"));
    CHECK(prints(2e23, "2.0E23") && prints(1e23, "1.0E23") && prints(8.41e21, "8.41E21"));
    CHECK(prints(9007199254740993.0, "9.007199254740992E15"));
    CHECK(prints(NAN, "NaN") && prints(INFINITY, "Infinity") && prints(-INFINITY, "-Infinity"));
    CHECK(prints32(123.456f, "123.456") && prints32(-3276913443134.0f, "-3.2769135E12"));
    CHECK(prints32(1.4e-45f, "1.4E-45") && prints32(3.4028235e38f, "3.4028235E38"));
    CHECK(prints32(0.1f, "0.1") && prints32(1.0f, "1.0") && prints32(16777216.0f, "1.6777216E7"));
    CHECK(prints_plain(1, "1") && prints_plain(1e16, "1e16") && prints_plain(0.0001, "0.0001"));
    CHECK(prints_plain(1.5e-5, "1.5e-5") && prints_plain(-1234567890123456.0, "-1234567890123456"));
}

/* The value of printed text must be the same bits, and no shorter text may have that property. */
static void
doubles_round_trip_and_are_shortest(void)
{
    Rng r = rng_seed(1);
    for (u32 i = 0; i < 300000; i++) {
        u64 bits = rng_u64(&r);
        if (i % 4 == 1) bits = (u64)(i64)(f64)(bits >> 40), bits = bits << 30 ^ (u64)1000 << 52;
        f64 x, back;
        memcpy(&x, &bits, 8);
        if (i % 4 == 2) x = (f64)(i64)(bits >> 30) / 100;
        if (i % 4 == 3) x = ldexp(1, (i32)(bits % 2090) - 1070);
        if (!isfinite(x) || x == 0) continue;
        char b[F64_TEXT_MAX + 1], shorter[40];
        b[f64_print(b, x)] = '\0';
        CHECK(strtod(b, NULL) == x);
        CHECK(f64_parse(b, (u32)strlen(b), &back) == TEXT_OK && back == x);
        b[f64_print_plain(b, x)] = '\0';
        CHECK(f64_parse(b, (u32)strlen(b), &back) == TEXT_OK && back == x);
        ShortDecimal d = f64_shortest(x);
        int n = snprintf(shorter, sizeof shorter, "%llu", (unsigned long long)d.digits);
        if (n > 1 + (fabs(x) < 1e-321)) { /* there Java wants two digits */
            (void)snprintf(shorter, sizeof shorter, "%.*e", n - 2, x);
            CHECK(strtod(shorter, NULL) != x);
        }
        /* Of that length it is the nearest, if the nearest one reads back at all. */
        (void)snprintf(shorter, sizeof shorter, "%.*e", n - 1, fabs(x));
        if (n > 1 && strtod(shorter, NULL) == fabs(x)) {
            memmove(shorter + 1, shorter + 2, strlen(shorter + 1)); /* no point */
            CHECK(strtoull(shorter, NULL, 10) == d.digits);
        }
    }
    for (u32 bits = 1; bits < 0x7F800000; bits += 9973) {
        f32 x, back;
        memcpy(&x, &bits, 4);
        char b[F64_TEXT_MAX + 1];
        b[f32_print(b, x)] = '\0';
        CHECK(strtof(b, NULL) == x);
        CHECK(f32_parse(b, (u32)strlen(b), &back) == TEXT_OK && back == x);
    }
}

static bool
same_as_libc(const char *text)
{
    f64 x, want = strtod(text, NULL);
    f32 y, want32 = strtof(text, NULL);
    bool ok = f64_parse(text, (u32)strlen(text), &x) == TEXT_OK && memcmp(&x, &want, 8) == 0 &&
              f32_parse(text, (u32)strlen(text), &y) == TEXT_OK && memcmp(&y, &want32, 4) == 0;
    if (!ok) fprintf(stderr, "%.60s\n", text);
    return ok;
}

static void
doubles_parse_exactly(void)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "1",
        "1.",
        ".5",
        "+1.5e3",
        "1e-400",
        "1e400",
        "-1e400",
        "123456789012345678901234",
        "0.000000000000000000000000000000000000000000000000012345678901234567890123",
        "9007199254740993",
        "9007199254740992.99999999999999999999999999999999999999999999",
        "9007199254740993.00000000000000000000000000000000000000000000000000000000000001",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "4.9e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "16777217",
        "16777216.99999999999999999",
        "33554431",
        "3.4028235677973366e38",
        "3.4028235677973367e38",
        "7.0064923216240853e-46",
        "7.0064923216240854e-46",
        "0e999999999999999999999",
        "100000e-5",
        "8.5e22",
        "1.00000005960464477539062499",
        "1.000000059604644775390625",
        "1.00000005960464477539062501",
        "1e23",
        "6.0221409e+23"};
    for (u32 i = 0; i < ARRAY_LEN(texts); i++) CHECK(same_as_libc(texts[i]));
    Rng r = rng_seed(2);
    char text[1200];
    for (u32 i = 0; i < 200000; i++) {
        u32 n = 0,
            digits = i % 200 == 0 ? (u32)rng_below(&r, 1000) + 1 : (u32)rng_below(&r, 25) + 1;
        u64 point = rng_below(&r, digits + 1);
        for (u32 k = 0; k < digits; k++) {
            if (k == point) text[n++] = '.';
            text[n++] = (char)('0' + rng_below(&r, 10));
        }
        (void)snprintf(text + n, 20, "e%d", (int)rng_below(&r, 700) - 350);
        CHECK(same_as_libc(text));
    }
    /* Exact ties: halfway between neighbours, written out in full, and a touch beside. */
    for (u32 i = 0; i < 3000; i++) {
        u64 bits = rng_u64(&r) & 0x7FFFFFFFFFFFFFFFu;
        bits = (bits & 0xFFFFFFFFFFFFFu) | (rng_below(&r, 1200) + 1) << 52;
        f64 x;
        memcpy(&x, &bits, 8);
        long double half = ((long double)x + (long double)nextafter(x, INFINITY)) / 2;
        int n = snprintf(text, 1100, "%.800Le", half);
        CHECK(n > 0 && same_as_libc(text));
        char *e = strchr(text, 'e');
        e[-1] = '1';
        CHECK(same_as_libc(text));
    }
}

static void
not_numbers_are_refused(void)
{
    static const char *const bad[] = {"",    "-",    "+",     ".",   "e5",    "1e",
                                      "1e+", "1..2", "1.2.3", "0x1", " 1",    "1 ",
                                      "1,2", "nanx", "infi",  "--1", "1e5.5", "1d"};
    f64 x;
    f32 y;
    for (u32 i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK(f64_parse(bad[i], (u32)strlen(bad[i]), &x) == TEXT_MALFORMED);
        CHECK(f32_parse(bad[i], (u32)strlen(bad[i]), &y) == TEXT_MALFORMED);
    }
    CHECK(f64_parse("NaN", 3, &x) == TEXT_OK && isnan(x));
    CHECK(f64_parse("-Infinity", 9, &x) == TEXT_OK && x == -INFINITY);
    CHECK(f64_parse("+INF", 4, &x) == TEXT_OK && x == INFINITY);
}

static void
integers_round_trip(void)
{
    Rng r = rng_seed(3);
    char b[I64_TEXT_MAX + 1], want[32];
    for (u32 i = 0; i < 200000; i++) {
        i64 v = (i64)rng_u64(&r) >> rng_below(&r, 64), back = 0;
        b[i64_print(b, v)] = '\0';
        (void)snprintf(want, sizeof want, "%lld", (long long)v);
        CHECK(strcmp(b, want) == 0);
        CHECK(i64_parse(b, (u32)strlen(b), &back) == TEXT_OK && back == v);
    }
    u64 p = 1;
    for (u32 i = 0; i < 20; i++, p *= 10) {
        for (u64 v = p - 1; v <= p + 1; v++) {
            b[u64_print(b, v)] = '\0';
            (void)snprintf(want, sizeof want, "%llu", (unsigned long long)v);
            CHECK(strcmp(b, want) == 0);
        }
    }
}

static TextResult
int_text(const char *text, i64 *v)
{
    return int_parse(text, (u32)strlen(text), INT8_MIN, INT8_MAX, v);
}
static TextResult
cut_text(const char *text, i64 *v)
{
    return int_parse_cut(text, (u32)strlen(text), INT8_MIN, INT8_MAX, v);
}

static void
integers_have_ranges(void)
{
    i64 v;
    CHECK(int_text("127", &v) == TEXT_OK && v == 127);
    CHECK(int_text("-128", &v) == TEXT_OK && v == -128);
    CHECK(int_text("+0000000000000000000000000000000000012", &v) == TEXT_OK && v == 12);
    CHECK(int_text("128", &v) == TEXT_RANGE && int_text("-129", &v) == TEXT_RANGE);
    CHECK(int_text("99999999999999999999999999", &v) == TEXT_RANGE);
    CHECK(int_text("1.0", &v) == TEXT_MALFORMED && int_text("", &v) == TEXT_MALFORMED);
    CHECK(int_text("99999999999999999999999999x", &v) == TEXT_MALFORMED);
    CHECK(int_text("-", &v) == TEXT_MALFORMED && int_text("1 ", &v) == TEXT_MALFORMED);
    CHECK(cut_text("1.999", &v) == TEXT_OK && v == 1);
    CHECK(cut_text("-.5", &v) == TEXT_OK && v == 0);
    CHECK(cut_text("-128.999999999999999999999999", &v) == TEXT_OK && v == -128);
    CHECK(cut_text(".", &v) == TEXT_MALFORMED && cut_text("1.2.3", &v) == TEXT_MALFORMED);
    CHECK(i64_parse("9223372036854775807", 19, &v) == TEXT_OK && v == INT64_MAX);
    CHECK(i64_parse("9223372036854775808", 19, &v) == TEXT_RANGE);
    CHECK(i64_parse("-9223372036854775808", 20, &v) == TEXT_OK && v == INT64_MIN);
    CHECK(i64_parse("-9223372036854775809", 20, &v) == TEXT_RANGE);
    CHECK(f64_to_i64(1e19) == INT64_MAX && f64_to_i64(-1e300) == INT64_MIN);
    CHECK(f64_to_i64(NAN) == 0 && f64_to_i64(-1.9) == -1 && f64_to_i32(1e10) == INT32_MAX);
}

/* The table against plain multiplication of big numbers: 10^k = 5^k * 2^k, and 10^-k by long
 * division of a power of two. */
static void
powers_of_ten_are_right(void)
{
    static const u64 table[][2] = {
#define POW10(hi, lo) {hi, lo},
#include "base/pow10.def"
#undef POW10
    };
    CHECK(ARRAY_LEN(table) == 668);
    u32 big[40] = {1}; /* 5^k, little-endian words */
    for (u32 k = 0; k <= 342; k++) {
        u32 top = 39;
        while (!big[top]) top--;
        if (k <= 325) {
            u32 bits = top * 32 + 32 - (u32)__builtin_clz(big[top]);
            u64 word[2] = {0};
            for (u32 i = 0; i < 128; i++) {
                u32 bit = bits - 1 - i;
                bool one = i < bits && big[bit >> 5] >> (bit & 31) & 1;
                word[i >> 6] = word[i >> 6] << 1 | one;
            }
            CHECK(word[0] == table[342 + k][0] && word[1] == table[342 + k][1]);
        }
        if (k > 0) { /* 2^n / 5^k: shift in zeros behind a one, take 128 quotient bits */
            u32 rest[41] = {1}, got = 0;
            u64 word[2] = {0};
            while (got < 128) {
                u32 carry = 0;
                for (u32 i = 0; i < 41; i++) {
                    u32 next = rest[i] >> 31;
                    rest[i] = rest[i] << 1 | carry;
                    carry = next;
                }
                i32 c = rest[40] ? 1 : 0;
                for (i32 i = 39; i >= 0 && !c; i--) c = (rest[i] > big[i]) - (rest[i] < big[i]);
                bool one = c >= 0;
                if (one) {
                    i64 borrow = 0;
                    for (u32 i = 0; i < 41; i++) {
                        borrow += (i64)rest[i] - (i < 40 ? big[i] : 0);
                        rest[i] = (u32)borrow;
                        borrow >>= 32;
                    }
                }
                if (one || got) {
                    word[got >> 6] = word[got >> 6] << 1 | one;
                    got++;
                }
            }
            word[0] += ++word[1] == 0; /* rounded up */
            CHECK(word[0] == table[342 - k][0] && word[1] == table[342 - k][1]);
        }
        u64 carry = 0;
        for (u32 i = 0; i < 40; i++) {
            carry += (u64)big[i] * 5;
            big[i] = (u32)carry;
            carry >>= 32;
        }
    }
}

TESTS(TEST(doubles_print_as_java), TEST(doubles_round_trip_and_are_shortest),
      TEST(doubles_parse_exactly), TEST(not_numbers_are_refused), TEST(integers_round_trip),
      TEST(integers_have_ranges), TEST(powers_of_ten_are_right))
