/* test.h - the whole unit test framework.
 *
 * A file tests/unit/test_x.c holds functions `static void arena_aligns(void)` that CHECK things,
 * and ends with TESTS(TEST(arena_aligns), TEST(...)). Dropping the file in adds the test: each
 * becomes a program of its own, linked with all rooms, whose last line counts its functions. */
#pragma once
#include "base/base.h"

#include <stdio.h>

static u32 check_failures;

/* Go on after a failure, so that one run shows all of them; a function with one failed. */
#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                             \
            check_failures++;                                                                      \
        }                                                                                          \
    } while (0)

typedef struct Test {
    const char *name;
    void (*run)(void);
} Test;

#define TEST(fn)                                                                                   \
    {                                                                                              \
#fn, fn                                                                                    \
    }
#define TESTS(...)                                                                                 \
    int main(void)                                                                                 \
    {                                                                                              \
        static const Test tests[] = {__VA_ARGS__};                                                 \
        return tests_run(tests, ARRAY_LEN(tests));                                                 \
    }

static int
tests_run(const Test *tests, size_t count)
{
    u32 failed = 0;
    for (size_t i = 0; i < count; i++) {
        check_failures = 0;
        tests[i].run();
        if (check_failures == 0) continue;
        fprintf(stderr, "%s: %u checks failed\n", tests[i].name, check_failures);
        failed++;
    }
    printf("%zu passed, %u failed\n", count - failed, failed);
    return failed != 0;
}
