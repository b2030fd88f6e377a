/* kernels.c - which copy of the loops this processor runs. The copies are loops.c. */
#include "exec/kernels/kernels.h"

#include "base/cpu.h"

#if defined(__x86_64__)
extern const KernelTable kernel_loops_v2, kernel_loops_v3, kernel_loops_v4;
#else
extern const KernelTable kernel_loops_base;
#endif

const KernelTable *
kernel_table(void)
{
#if defined(__x86_64__)
    switch (cpu_level()) {
    case CPU_V4:
        return &kernel_loops_v4;
    case CPU_V3:
        return &kernel_loops_v3;
    case CPU_V2:
    case CPU_BASE:
        break;
    }
    return &kernel_loops_v2;
#else
    return &kernel_loops_base;
#endif
}
