/* cpu.c - the processor's level, by cpuid.
 *
 * The compiler's __builtin_cpu_supports also asks whether the system saves the wide registers.
 * The lists name what the flags of `cpu_levels` in meson.build let the compiler use; features
 * that every processor with the named ones has (lzcnt, movbe, f16c beside AVX2) are not asked. */
#include "base/cpu.h"

#include <stdlib.h>

const char *
cpu_level_name(CpuLevel level)
{
    static const char *const names[] = {
        [CPU_BASE] = "base", [CPU_V2] = "v2", [CPU_V3] = "v3", [CPU_V4] = "v4"};
    assert(level < ARRAY_LEN(names));
    return names[level];
}

#if defined(__x86_64__)
static bool
cpu_has_v4(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") &&
           __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512ifma") &&
           __builtin_cpu_supports("avx512bitalg") && __builtin_cpu_supports("avx512vpopcntdq") &&
           __builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("gfni");
}

static CpuLevel
cpu_detect(void)
{
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi") ||
        !__builtin_cpu_supports("bmi2") || !__builtin_cpu_supports("fma") ||
        !__builtin_cpu_supports("pclmul"))
        return CPU_V2;
    return cpu_has_v4() ? CPU_V4 : CPU_V3;
}
#else
static CpuLevel
cpu_detect(void)
{
    return CPU_BASE;
}
#endif

CpuLevel
cpu_level(void)
{
    CpuLevel best = cpu_detect();
    const char *wish = getenv("WEIR_CPU");
    for (CpuLevel level = CPU_V2; wish && level < best; level++)
        if (strcmp(wish, cpu_level_name(level)) == 0) return level;
    return best;
}
