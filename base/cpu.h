/* cpu.h - which copy of the hot loops this processor can run.
 *
 * Hot loops are compiled once per level (`cpu_levels` in the root meson.build) with
 * WEIR_CPU_LEVEL set to v2, v3 or v4 (base on other architectures). A file of such loops names
 * its function table with CPU_SYMBOL(csv_kernels), which gives csv_kernels_v3, and the room picks
 * one table at start by cpu_level(). Nothing else in the program asks what the processor is. */
#pragma once
#include "base/base.h"

/* Ordered: a processor of one level runs the code of every level below it. */
typedef enum CpuLevel {
    CPU_BASE, /* not x86-64: only the portable loops exist */
    CPU_V2,   /* SSE4.2, popcnt: what the whole program needs on x86-64 */
    CPU_V3,   /* AVX2, BMI2, FMA, pclmul */
    CPU_V4,   /* AVX-512 as Ice Lake server and Zen 4 have it (F BW CD DQ VL VBMI VBMI2 ...) */
} CpuLevel;

/* The best level of this processor. WEIR_CPU=v2|v3|v4 in the environment lowers it, never raises
 * it, so that one machine can test all copies. Costs a few comparisons: call it when function
 * tables are chosen, not in loops. */
CpuLevel cpu_level(void);
const char *cpu_level_name(CpuLevel level); /* "base", "v2", "v3", "v4" */

#define CPU_JOIN2(a, b) a##_##b
#define CPU_JOIN(a, b) CPU_JOIN2(a, b)
/* CPU_SYMBOL(name) is name_v3 in a file compiled for v3. */
#ifdef WEIR_CPU_LEVEL
#define CPU_SYMBOL(name) CPU_JOIN(name, WEIR_CPU_LEVEL)
#endif
