/* test_base_decimal.c - decimals: texts, Flink's result types and values, and every operation
 * against schoolbook arithmetic on decimal digits. */
#include "base/decimal.h"
#include "base/rng.h"
#include "tests/unit/test.h"

#include <math.h>

static i128
dec(const char *text, u32 scale)
{
    i128 v = 0;
    CHECK(decimal_parse(text, (u32)strlen(text), 38, scale, &v) == TEXT_OK);
    return v;
}

static bool
shows(i128 v, u32 scale, const char *want)
{
    char b[DECIMAL_TEXT_MAX + 1];
    b[decimal_print(b, v, scale)] = '\0';
    if (strcmp(b, want)) fprintf(stderr, "got %s, want %s\n", b, want);
    return strcmp(b, want) == 0;
}

static void
texts_both_ways(void)
{
    static const struct {
        const char *text;
        u32 scale;
        const char *want;
    } rows[] = {
        {"1.234", 3, "1.234"},
        {"1.2", 3, "1.200"},
        {"0.0005", 3, "0.001"},
        {"-0.0005", 3, "-0.001"},
        {"0.00049999", 3, "0.000"},
        {".5", 0, "1"},
        {"5.", 1, "5.0"},
        {"1e3", 0, "1000"},
        {"1.5E-2", 3, "0.015"},
        {"-12300e-2", 0, "-123"},
        {"0", 2, "0.00"},
        {"0e99999999999999999999", 2, "0.00"},
        {"1e-99999999999999999999", 2, "0.00"},
        {"99999999999999999999999999999999999999", 0, "99999999999999999999999999999999999999"},
        {"0.00000000000000000000000000000000000001", 38,
         "0.00000000000000000000000000000000000001"},
        {"123456789012345678901234567890.12345678", 8, "123456789012345678901234567890.12345678"},
        {"000000000000000000000000000000000000000000012", 0, "12"},
        {"9.999", 2, "10.00"},
        {"-100", 2, "-100.00"},
        {"0.5", 0, "1"},
        {"0.05", 0, "0"},
        {"100.4999999999", 0, "100"}};
    for (u32 i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK(shows(dec(rows[i].text, rows[i].scale), rows[i].scale, rows[i].want));
    }
    i128 v;
    CHECK(decimal_parse("12345.6789", 10, 8, 4, &v) == TEXT_RANGE);
    CHECK(decimal_parse("9.999", 5, 3, 2, &v) == TEXT_RANGE);
    CHECK(decimal_parse("1e38", 4, 38, 0, &v) == TEXT_RANGE);
    CHECK(decimal_parse("1e999999999999", 14, 38, 0, &v) == TEXT_RANGE);
    static const char *const bad[] = {"",   "-",  ".",    "e5",  "1e", "1.2.3",
                                      "1x", " 1", "0x10", "NaN", "1e+"};
    for (u32 i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK(decimal_parse(bad[i], (u32)strlen(bad[i]), 38, 0, &v) == TEXT_MALFORMED);
    }
    Type t;
    CHECK(decimal_literal_type(STR("1.50"), &t) && t.precision == 3 && t.scale == 2);
    CHECK(!decimal_literal_type(STR("1234567890123456789012345678901234567890"), &t));
}

static bool
type_is_decimal(Type t, u32 precision, u32 scale)
{
    return t.kind == TYPE_DECIMAL && t.precision == precision && t.scale == scale;
}

static void
result_types_are_flinks(void)
{
    Type d30_0 = type_decimal(30, 0), d10_2 = type_decimal(10, 2), d10_4 = type_decimal(10, 4);
    Type d30_20 = type_decimal(30, 20), d20_2 = type_decimal(20, 2);
    CHECK(type_is_decimal(decimal_add_type(d10_2, d10_4), 13, 4));
    CHECK(type_is_decimal(decimal_add_type(type_decimal(38, 10), type_decimal(38, 28)), 38, 9));
    CHECK(type_is_decimal(decimal_mul_type(d30_20, d30_20), 38, 17));
    CHECK(type_is_decimal(decimal_mul_type(type_decimal(5, 2), d10_4), 16, 6));
    CHECK(type_is_decimal(decimal_div_type(d30_0, d30_0), 38, 8));
    CHECK(type_is_decimal(decimal_div_type(d20_2, type_decimal(2, 1)), 25, 6));
    CHECK(type_is_decimal(decimal_div_type(d20_2, type_decimal(20, 16)), 38, 6));
    CHECK(type_is_decimal(decimal_mod_type(d10_2, d10_4), 10, 4));
    CHECK(type_is_decimal(decimal_mod_type(d30_0, type_decimal(7, 0)), 7, 0));
    CHECK(type_is_decimal(decimal_round_type(type_decimal(10, 3), 1), 9, 1));
    CHECK(type_is_decimal(decimal_round_type(type_decimal(10, 3), -1), 8, 0));
    CHECK(type_is_decimal(decimal_avg_type(d10_2), 38, 6) &&
          type_is_decimal(decimal_sum_type(d10_2), 38, 2));
    Type both;
    CHECK(type_common(d10_2, d10_4, &both) && type_is_decimal(both, 12, 4));
    CHECK(type_is_decimal(decimal_of_integer(TYPE_BIGINT), 19, 0));
}

static void
values_are_flinks(void)
{
    i128 r;
    Type t = decimal_div_type(type_decimal(20, 2), type_decimal(4, 3));
    CHECK(decimal_div(dec("1", 2), 2, dec("3", 3), 3, t, &r) && shows(r, t.scale, "0.3333333"));
    t = decimal_add_type(type_decimal(38, 0), type_decimal(38, 0));
    i128 half = dec("50000000000000000000000000000000000000", 0);
    CHECK(!decimal_add(half, 0, half, 0, t, &r));
    t = decimal_div_type(type_decimal(30, 0), type_decimal(30, 20)); /* f39 / f40: NULL */
    CHECK(
        !decimal_div(dec("100000000000000000000", 0), 0, dec("0.000000000000001", 20), 20, t, &r));
    t = decimal_mul_type(type_decimal(38, 10), type_decimal(38, 10));
    CHECK(decimal_mul(dec("0.0000006", 10), 10, dec("1", 10), 10, t, &r) &&
          shows(r, t.scale, "0.000001"));
    CHECK(decimal_round(dec("646.646", 3), 3, 2, 38, &r) && shows(r, 2, "646.65"));
    CHECK(decimal_round(dec("646.646", 3), 3, -1, 38, &r) && shows(r, 0, "650"));
    CHECK(decimal_round(dec("646.646", 3), 3, -3, 38, &r) && shows(r, 0, "1000"));
    CHECK(decimal_round(dec("646.646", 3), 3, -4, 38, &r) && r == 0);
    CHECK(decimal_round(dec("646.646", 3), 3, -2000000000, 38, &r) && r == 0);
    CHECK(decimal_round(dec("-99.99", 2), 2, -1, 4, &r) && shows(r, 0, "-100"));
    CHECK(!decimal_round(decimal_pow10[38] - 1, 0, -1, 38, &r));
    CHECK(shows(decimal_truncate(dec("-646.646", 3), 3, 1), 1, "-646.6"));
    CHECK(decimal_truncate(dec("646", 0), 0, -2) == 600 && decimal_truncate(1, 0, -50) == 0);
    CHECK(decimal_floor(-5, 1) == -1 && decimal_ceil(5, 1) == 1 && decimal_floor(-10, 1) == -1);
    CHECK(decimal_whole(-19, 1) == -1);
    CHECK(decimal_mod(-3, 0, 5, 0, type_decimal(1, 0), &r) && r == -3);
    CHECK(decimal_mod(dec("3.1234", 4), 4, dec("5", 2), 2, type_decimal(10, 4), &r) && r == 31234);
    CHECK(decimal_cmp(100, 2, 10000, 4) == 0 && decimal_cmp(-1, 0, -11, 1) > 0);
    CHECK(decimal_cmp(decimal_pow10[38] - 1, 0, decimal_pow10[38] - 1, 38) > 0);
}

static void
doubles_convert(void)
{
    i128 r;
    CHECK(decimal_from_f64(3.123456, 8, 4, &r) && r == 31235);
    CHECK(decimal_from_f64((f64)-12.345f, 5, 3, &r) && r == -12345);
    CHECK(!decimal_from_f64(12345.678912, 8, 4, &r) && !decimal_from_f64(1.79e308, 38, 32, &r));
    CHECK(!decimal_from_f64(NAN, 38, 0, &r) && !decimal_from_f64(INFINITY, 38, 0, &r));
    CHECK(decimal_from_f64(1e-300, 38, 38, &r) && r == 0);
    CHECK(decimal_from_f64(1e37, 38, 0, &r) && r == decimal_pow10[37]);
    CHECK(decimal_from_f64(0.5, 5, 0, &r) && r == 1 && decimal_from_f64(-2.5, 5, 0, &r) && r == -3);
    CHECK(decimal_to_f64(dec("123456789.123456789123456789", 20), 20) == 123456789.12345679);
    CHECK(decimal_to_f64(-12345, 3) == -12.345 && decimal_to_f64(1, 38) == 1e-38);
    CHECK(decimal_to_f64(decimal_pow10[38] - 1, 0) == 1e38);
    CHECK(decimal_from_i64(-5, 5, 2, &r) && r == -500 && !decimal_from_i64(12345, 8, 4, &r));
}

/* Big naturals as 160 decimal digits, lowest first: slow and obvious. */
enum { BIG = 160 };
typedef struct Big {
    u8 d[BIG];
} Big;

static Big
big_of(u128 v)
{
    Big b = {0};
    for (u32 i = 0; v; v /= 10) b.d[i++] = (u8)(v % 10);
    return b;
}
static Big
big_shift(Big b, u32 up) /* times 10^up */
{
    Big r = {0};
    memcpy(r.d + up, b.d, BIG - up);
    return r;
}
static Big
big_mul(Big a, Big b)
{
    Big r = {0};
    for (u32 i = 0; i < 80; i++) {
        u32 carry = 0;
        for (u32 j = 0; i + j < BIG; j++) {
            carry += r.d[i + j] + a.d[i] * (u32)(j < 80 ? b.d[j] : 0);
            r.d[i + j] = (u8)(carry % 10);
            carry /= 10;
        }
    }
    return r;
}
static int
big_cmp(const Big *a, const Big *b)
{
    for (u32 i = BIG; i-- > 0;) {
        if (a->d[i] != b->d[i]) return a->d[i] < b->d[i] ? -1 : 1;
    }
    return 0;
}
static void
big_add(Big *a, const Big *b)
{
    u32 carry = 0;
    for (u32 i = 0; i < BIG; i++) {
        carry += (u32)a->d[i] + b->d[i];
        a->d[i] = (u8)(carry % 10);
        carry /= 10;
    }
}
static void
big_take(Big *a, const Big *b)
{
    i32 borrow = 0;
    for (u32 i = 0; i < BIG; i++) {
        borrow += a->d[i] - b->d[i];
        a->d[i] = (u8)((borrow + 10) % 10);
        borrow = borrow < 0 ? -1 : 0;
    }
}
static Big
big_div(Big a, Big b, Big *rest) /* schoolbook: b < 10^80 */
{
    Big q = {0};
    for (u32 shift = 80; shift-- > 0;) {
        Big s = big_shift(b, shift);
        while (big_cmp(&a, &s) >= 0) {
            big_take(&a, &s);
            q.d[shift]++;
        }
    }
    *rest = a;
    return q;
}
/* Drop `off` digits, half up; false from 10^precision on. */
static bool
big_settle(Big a, u32 off, bool negative, u32 precision, i128 *ret)
{
    Big r = {0};
    memcpy(r.d, a.d + off, BIG - off);
    if (off && a.d[off - 1] >= 5) {
        Big one = big_of(1);
        big_add(&r, &one);
    }
    for (u32 i = precision; i < BIG; i++) {
        if (r.d[i]) return false;
    }
    i128 v = 0;
    for (u32 i = precision; i-- > 0;) v = v * 10 + r.d[i];
    *ret = negative ? -v : v;
    return true;
}

static i128
random_decimal(Rng *r, u32 precision)
{
    u32 digits = (u32)rng_below(r, precision + 1);
    u128 v = ((u128)rng_u64(r) << 64 | rng_u64(r)) % (u128)decimal_pow10[digits];
    if (rng_below(r, 8) == 0) v = (u128)decimal_pow10[digits] - 1;
    if (rng_below(r, 8) == 0) v = (u128)decimal_pow10[MAX(digits, 1u) - 1] * 5;
    return rng_below(r, 2) ? (i128)v : -(i128)v;
}

static void
same(const char *op, bool ok, const i128 *got, bool ok_want, i128 want)
{
    if (ok != ok_want || (ok && *got != want)) {
        fprintf(stderr, "%s differs\n", op);
        check_failures++;
    }
}

static void
operations_are_exact(void)
{
    Rng r = rng_seed(11);
    for (u32 round = 0; round < 20000; round++) {
        u32 p1 = (u32)rng_below(&r, 38) + 1, p2 = (u32)rng_below(&r, 38) + 1;
        u32 s1 = (u32)rng_below(&r, p1 + 1), s2 = (u32)rng_below(&r, p2 + 1), s = MAX(s1, s2);
        Type a = type_decimal(p1, s1), b = type_decimal(p2, s2), t;
        i128 x = random_decimal(&r, p1), y = random_decimal(&r, p2), got = 0, want = 0;
        u128 mx = x < 0 ? 0 - (u128)x : (u128)x, my = y < 0 ? 0 - (u128)y : (u128)y;
        Big bx = big_of(mx), by = big_of(my), rest;
        Big ax = big_shift(bx, s - s1), ay = big_shift(by, s - s2);
        bool differ = (x < 0) != (y < 0);

        t = decimal_add_type(a, b);
        int c = big_cmp(&ax, &ay);
        Big sum = c >= 0 || !differ ? ax : ay, other = c >= 0 || !differ ? ay : ax;
        if (differ) {
            big_take(&sum, &other);
        } else {
            big_add(&sum, &other);
        }
        bool negative = c >= 0 || !differ ? x < 0 : y < 0;
        bool ok = big_settle(sum, s - t.scale, negative, t.precision, &want);
        same("add", decimal_add(x, s1, y, s2, t, &got), &got, ok, want);
        same("sub", decimal_sub(x, s1, -y, s2, t, &got), &got, ok, want);
        int sign = differ ? (x < 0 ? -1 : 1) : x < 0 || y < 0 ? -c : c;
        if (x == 0 && y == 0) sign = 0;
        CHECK(decimal_cmp(x, s1, y, s2) == sign || (differ && (x == 0 || y == 0)));

        t = decimal_mul_type(a, b);
        ok = big_settle(big_mul(bx, by), s1 + s2 - t.scale, differ, t.precision, &want);
        same("mul", decimal_mul(x, s1, y, s2, t, &got), &got, ok, want);
        if (y == 0) continue;

        t = decimal_div_type(a, b);
        /* One digit more than asked for, which then rounds. */
        i32 up = (i32)(t.scale + s2 + 1) - (i32)s1;
        Big q = up >= 0 ? big_div(big_shift(bx, (u32)up), by, &rest)
                        : big_div(bx, big_shift(by, (u32)-up), &rest);
        ok = big_settle(q, 1, differ, t.precision, &want);
        same("div", decimal_div(x, s1, y, s2, t, &got), &got, ok, want);

        t = decimal_mod_type(a, b);
        big_div(ax, ay, &rest);
        ok = big_settle(rest, s - t.scale, x < 0, t.precision, &want);
        same("mod", decimal_mod(x, s1, y, s2, t, &got), &got, ok, want);

        u32 to = (u32)rng_below(&r, 39);
        ok = big_settle(to > s1 ? big_shift(bx, to - s1) : bx, to < s1 ? s1 - to : 0, x < 0, 38,
                        &want);
        same("rescale", decimal_rescale(x, s1, to, 38, &got), &got, ok, want);
        char text[DECIMAL_TEXT_MAX];
        CHECK(decimal_parse(text, decimal_print(text, x, s1), 38, s1, &got) == TEXT_OK && got == x);
        TextResult parsed = decimal_parse(text, decimal_print(text, x, s1), 38, to, &got);
        same("parse", parsed == TEXT_OK, &got, ok, want);
    }
}

TESTS(TEST(texts_both_ways), TEST(result_types_are_flinks), TEST(values_are_flinks),
      TEST(doubles_convert), TEST(operations_are_exact))
