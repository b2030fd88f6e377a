/* test_base_rng.c - seeds give the published sequences; clocks go forward. */
#include "base/clock.h"
#include "base/rng.h"
#include "tests/unit/test.h"

static void
sequences_are_the_published_ones(void)
{
    u64 state = 0; /* first outputs of splitmix64 from 0 */
    CHECK(rng_splitmix(&state) == 0xE220A8397B1DCDAFu);
    CHECK(rng_splitmix(&state) == 0x6E789E6AA1B965F4u);
    Rng r = {{1, 2, 3, 4}}; /* and of xoshiro256** from 1, 2, 3, 4 */
    CHECK(rng_u64(&r) == 11520 && rng_u64(&r) == 0 && rng_u64(&r) == 1509978240);
    CHECK(rng_u64(&r) == 1215971899390074240u);
}

static void
draws_stay_in_bounds(void)
{
    Rng a = rng_seed(9), b = rng_seed(9), c = rng_seed(10);
    u32 seen[10] = {0}, differ = 0;
    for (u32 i = 0; i < 10000; i++) {
        u64 x = rng_u64(&a);
        CHECK(x == rng_u64(&b));
        differ += x != rng_u64(&c);
        seen[rng_below(&a, 10)]++;
        (void)rng_u64(&b);
        f64 f = rng_f64(&c);
        CHECK(f >= 0 && f < 1);
    }
    CHECK(differ > 9990 && rng_below(&a, 1) == 0);
    for (u32 i = 0; i < 10; i++) CHECK(seen[i] > 800 && seen[i] < 1200);
}

static void
clocks_go_forward(void)
{
    i64 before = clock_monotonic_ns(), us = clock_monotonic_us();
    CHECK(clock_monotonic_ns() >= before && clock_monotonic_us() >= us);
    CHECK(clock_wall_us() > 1600000000000000); /* after 2020 */
}

TESTS(TEST(sequences_are_the_published_ones), TEST(draws_stay_in_bounds), TEST(clocks_go_forward))
