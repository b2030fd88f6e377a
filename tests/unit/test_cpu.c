/* test_cpu.c - WEIR_CPU lowers the level, never raises it, and names round-trip. */
#include "base/cpu.h"
#include "tests/unit/test.h"

#include <stdlib.h>

static void
environment_lowers_only(void)
{
    unsetenv("WEIR_CPU");
    CpuLevel best = cpu_level();
    for (CpuLevel level = CPU_V2; level <= CPU_V4; level++) {
        setenv("WEIR_CPU", cpu_level_name(level), 1);
        CHECK(cpu_level() == MIN(level, best));
    }
    setenv("WEIR_CPU", "v9", 1);
    CHECK(cpu_level() == best);
    setenv("WEIR_CPU", "", 1);
    CHECK(cpu_level() == best);
    unsetenv("WEIR_CPU");
}

static void
level_fits_the_architecture(void)
{
#if defined(__x86_64__)
    CHECK(cpu_level() >= CPU_V2);
#else
    CHECK(cpu_level() == CPU_BASE);
#endif
    CHECK(strcmp(cpu_level_name(CPU_V3), "v3") == 0);
}

TESTS(TEST(environment_lowers_only), TEST(level_fits_the_architecture))
