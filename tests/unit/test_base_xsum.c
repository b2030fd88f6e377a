/* test_base_xsum.c - exact sums against a plain fixed-point number that covers all doubles and
 * their products, in any order, split, merge and retraction. */
#include "base/rng.h"
#include "base/xsum.h"
#include "tests/unit/test.h"

#include <math.h>

/* 32 bits a digit, lowest first, digit 0 worth 2^-2176; digits carry late. */
enum { PLAIN_DIGITS = 142, PLAIN_UNIT = -2176 };
typedef struct Plain {
    i64 digit[PLAIN_DIGITS];
} Plain;

static void
plain_add_scaled(Plain *p, u64 mantissa, i32 exponent, i64 sign)
{
    u32 bit = (u32)(exponent - PLAIN_UNIT), at = bit / 32, shift = bit % 32;
    u128 v = (u128)mantissa << shift;
    for (u32 i = 0; i < 4; i++) p->digit[at + i] += sign * (i64)(u32)(v >> (32 * i));
}

static void
plain_add(Plain *p, f64 x, i64 sign)
{
    int e;
    f64 m = frexp(x, &e); /* m * 2^53 is whole */
    if (x < 0) sign = -sign;
    plain_add_scaled(p, (u64)(fabs(m) * 0x1p53), e - 53, sign);
}

static void
plain_add_product(Plain *p, f64 x, f64 y, i64 sign)
{
    int ex, ey;
    u64 a = (u64)(fabs(frexp(x, &ex)) * 0x1p53), b = (u64)(fabs(frexp(y, &ey)) * 0x1p53);
    if ((x < 0) != (y < 0)) sign = -sign;
    u128 product = (u128)a * b;
    /* A product of subnormals may lie below the unit with its trailing zeros. */
    i32 exponent = ex + ey - 106;
    while (exponent < PLAIN_UNIT && product) product >>= 1, exponent++;
    if (product == 0) return;
    plain_add_scaled(p, (u64)product & UINT32_MAX, exponent, sign);
    plain_add_scaled(p, (u64)(product >> 32) & UINT32_MAX, exponent + 32, sign);
    plain_add_scaled(p, (u64)(product >> 64), exponent + 64, sign);
}

static int
plain_sign(Plain *p) /* and carries */
{
    i64 carry = 0;
    bool any = false;
    for (u32 i = 0; i < PLAIN_DIGITS; i++) {
        i64 v = p->digit[i] + carry;
        carry = v >> 32;
        p->digit[i] = v & UINT32_MAX;
        any |= p->digit[i] != 0;
    }
    p->digit[PLAIN_DIGITS - 1] += carry * ((i64)1 << 32);
    return carry < 0 ? -1 : any;
}

static f64
next_up(f64 x, bool single)
{
    return single ? (f64)nextafterf((f32)x, INFINITY) : nextafter(x, INFINITY);
}

/* Is r the nearest to p, ties to even? The distance to r is at most half the gap on its side. */
static bool
plain_rounds_to(const Plain *p, f64 r, bool single)
{
    f64 max = single ? 0x1.fffffep127 : 0x1.fffffffffffffp1023;
    if (isnan(r)) return false;
    bool infinite = isinf(r);
    f64 at = infinite ? copysign(max, r) : r;
    Plain rest = *p, twice, gap = {{0}};
    plain_add(&rest, at, -1);
    int side = plain_sign(&rest);
    if (side == 0) return !infinite;
    /* Twice the distance against the gap to the neighbour on that side. */
    f64 up = side > 0 ? next_up(at, single) : -next_up(-at, single);
    f64 step = isinf(up) ? ldexp(1, single ? 104 : 971) : fabs(up - at);
    for (u32 i = 0; i < PLAIN_DIGITS; i++) twice.digit[i] = rest.digit[i] * 2 * side;
    plain_add(&gap, step, 1);
    for (u32 i = 0; i < PLAIN_DIGITS; i++) twice.digit[i] -= gap.digit[i];
    int over = plain_sign(&twice);
    if (infinite) return over >= 0 && (r > 0) == (side > 0);
    if (over) return over < 0;
    int e;
    f64 digits = single ? 0x1p24 : 0x1p53;
    f64 least = single ? 0x1p-149 : 0x1p-1074;
    f64 whole = fabs(at) < (single ? 0x1p-126 : 0x1p-1022) ? fabs(at) / least
                                                           : fabs(frexp(at, &e)) * digits;
    return fmod(whole, 2) == 0;
}

static bool
same_bits(f64 a, f64 b)
{
    return memcmp(&a, &b, 8) == 0 || (isnan(a) && isnan(b));
}

static f64
random_value(Rng *r, u32 kind)
{
    u64 bits = rng_u64(r);
    f64 x;
    switch (kind) {
    case 0: /* prices */
        return (f64)rng_below(r, 100000) / 100;
    case 1: /* any finite double */
        if ((bits >> 52 & 0x7FF) == 0x7FF) bits ^= (u64)1 << 62;
        memcpy(&x, &bits, 8);
        return x;
    case 2: /* subnormals */
        bits &= 0x801FFFFFFFFFFFFFu;
        memcpy(&x, &bits, 8);
        return x;
    case 3: /* a few powers of two, which cancel */
        return ldexp(rng_below(r, 2) ? 1 : -1, (int)rng_below(r, 120) - 60);
    case 4: /* near overflow */
        return ldexp(rng_f64(r) - 0.5, 1024);
    case 5:
        return (rng_f64(r) - 0.5) * 200;
    default: /* around one another's last bits: ties */
        return ldexp((f64)(i64)rng_below(r, 9) - 4, (int)rng_below(r, 3) * 53 - 53);
    }
}

static void
sums_round_once(void)
{
    Rng r = rng_seed(21);
    enum { N = 64 };
    for (u32 round = 0; round < 60000; round++) {
        f64 x[N];
        u32 n = (u32)rng_below(&r, N) + 1, kind = round % 8, mixed = kind == 7;
        if (round % 3) n = n % 5 + 1;
        Plain want = {{0}};
        XSum all = {0}, part[3] = {{0}, {0}, {0}}, back = {0};
        for (u32 i = 0; i < n; i++) {
            x[i] = random_value(&r, mixed ? (u32)rng_below(&r, 7) : kind);
            if (i && rng_below(&r, 6) == 0) x[i] = -x[i - 1];
            plain_add(&want, x[i], 1);
        }
        xsum_add_n(&all, x, n);
        f64 got = xsum_round(&all);
        CHECK(plain_rounds_to(&want, got, false));
        CHECK(plain_rounds_to(&want, (f64)xsum_round_f32(&all), true));

        /* Split three ways, in another order, with strangers added and taken off. */
        u32 step = n > 7 && n % 7 ? 7 : 1;
        for (u32 i = 0; i < n; i++) {
            XSum *p = &part[rng_below(&r, 3)];
            f64 stranger = random_value(&r, (u32)rng_below(&r, 7));
            xsum_add(p, stranger);
            xsum_add(p, x[i * step % n]);
            xsum_sub(&part[rng_below(&r, 3)], stranger);
        }
        for (u32 i = 1; i < 3; i++) xsum_merge(&part[0], &part[i]);
        CHECK(same_bits(xsum_round(&part[0]), got));

        u8 image[2][XSUM_IMAGE_MAX];
        u32 len = xsum_save(&all, image[0]);
        CHECK(len == xsum_save(&part[0], image[1]) && memcmp(image[0], image[1], len) == 0);
        CHECK(xsum_load(&back, image[0], len) && same_bits(xsum_round(&back), got));
        for (u32 i = 0; i < n; i++) xsum_sub(&back, x[i]);
        CHECK(same_bits(xsum_round(&back), 0.0));
        xsum_done(&all);
        xsum_done(&back);
        for (u32 i = 0; i < 3; i++) xsum_done(&part[i]);
        if (check_failures > 20) return;
    }
}

static void
products_are_exact(void)
{
    Rng r = rng_seed(22);
    for (u32 round = 0; round < 40000; round++) {
        u32 n = (u32)rng_below(&r, 12) + 1, kind = round % 8;
        Plain want = {{0}};
        XSum s = {0}, t = {0};
        for (u32 i = 0; i < n; i++) {
            f64 x = random_value(&r, kind == 7 ? (u32)rng_below(&r, 7) : kind);
            f64 y = rng_below(&r, 2) ? x : random_value(&r, (u32)rng_below(&r, 7));
            plain_add_product(&want, x, y, 1);
            xsum_add_product(&s, x, y);
            xsum_add(&t, 0.1);
            xsum_sub_product(&t, y, x);
            xsum_sub(&t, 0.1);
            if (rng_below(&r, 4) == 0) {
                plain_add(&want, x, 1);
                xsum_add(&s, x);
                xsum_sub(&t, x);
            }
        }
        f64 got = xsum_round(&s);
        CHECK(plain_rounds_to(&want, got, false));
        CHECK(same_bits(-xsum_round(&t) + 0.0, got));
        xsum_merge(&t, &s);
        CHECK(same_bits(xsum_round(&t), 0.0));
        xsum_done(&s);
        xsum_done(&t);
        if (check_failures > 20) return;
    }
}

static void
specials_retract(void)
{
    XSum s = {0};
    CHECK(same_bits(xsum_round(&s), 0.0));
    xsum_add(&s, -0.0);
    CHECK(same_bits(xsum_round(&s), 0.0));
    xsum_add(&s, 1.5);
    xsum_add(&s, INFINITY);
    CHECK(xsum_round(&s) == INFINITY && xsum_round_f32(&s) == INFINITY);
    xsum_add(&s, -INFINITY);
    CHECK(isnan(xsum_round(&s)));
    xsum_sub(&s, INFINITY);
    CHECK(xsum_round(&s) == -INFINITY);
    xsum_add(&s, NAN);
    CHECK(isnan(xsum_round(&s)));
    u8 image[XSUM_IMAGE_MAX];
    XSum t;
    CHECK(xsum_load(&t, image, xsum_save(&s, image)));
    xsum_merge(&s, &t);
    xsum_sub(&s, NAN);
    CHECK(isnan(xsum_round(&s)));
    xsum_sub(&s, NAN);
    xsum_sub(&s, -INFINITY);
    xsum_sub(&s, -INFINITY);
    CHECK(same_bits(xsum_round(&s), 3.0));
    xsum_add_product(&s, INFINITY, 0);
    CHECK(isnan(xsum_round(&s)));
    xsum_sub_product(&s, INFINITY, 0);
    CHECK(same_bits(xsum_round(&s), 3.0));
    CHECK(!xsum_load(&t, image, 7) && !xsum_load(&t, image, 33));
    xsum_done(&s);
    xsum_done(&t);
}

static void
integers_are_exact(void)
{
    XSum s = {0};
    xsum_add_i64(&s, INT64_MAX);
    xsum_add_i64(&s, INT64_MIN);
    CHECK(same_bits(xsum_round(&s), -1.0));
    xsum_add_i64(&s, 9007199254740993);
    xsum_add(&s, -9007199254740992.0);
    CHECK(same_bits(xsum_round(&s), 0.0));
    f32 x[3] = {0.1f, 0.2f, -0.1f};
    xsum_add_n32(&s, x, 3);
    CHECK(xsum_round_f32(&s) == 0.2f);
    xsum_done(&s);
}

/* Usual data must stay in the 32 bytes: no wide part. */
static void
usual_data_stays_small(void)
{
    Rng r = rng_seed(23);
    XSum s[4] = {{0}, {0}, {0}, {0}};
    for (u32 i = 0; i < 100000; i++) {
        xsum_add(&s[0], (f64)rng_below(&r, 100000) / 100);
        xsum_add(&s[1], 1.7e18 + (f64)rng_below(&r, 1 << 30));
        xsum_add(&s[2], pow(10, -9 + 6 * rng_f64(&r)));
        xsum_add_product(&s[3], (f64)rng_below(&r, 100000), (f64)rng_below(&r, 1000) / 8);
    }
    for (u32 i = 0; i < 4; i++) {
        if (s[i].wide) fprintf(stderr, "sum %u went wide\n", i);
        CHECK(!s[i].wide);
        u8 image[XSUM_IMAGE_MAX];
        XSum t;
        CHECK(xsum_load(&t, image, xsum_save(&s[i], image)) && !t.wide);
        CHECK(same_bits(xsum_round(&t), xsum_round(&s[i])));
    }
}

TESTS(TEST(sums_round_once), TEST(products_are_exact), TEST(specials_retract),
      TEST(integers_are_exact), TEST(usual_data_stays_small))
