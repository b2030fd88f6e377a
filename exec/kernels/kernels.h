/* kernels.h - the loops that are compiled once per processor level.
 *
 * Only arithmetic, comparison and selection gain from wider registers; they are instances of the
 * templates in this folder, gathered in one const table per level. kernel_table() is asked when an
 * expression is bound or a program compiled, never in a loop. (Not target_clones: gcc resolves
 * those through ifuncs, which LTO and static PIE handle differently from version to version.) */
#pragma once
#include "catalog/func.h"

typedef enum ArithOp { ARITH_ADD, ARITH_SUB, ARITH_MUL, ARITH_COUNT } ArithOp;
typedef enum CompareOp {
    COMPARE_EQ,
    COMPARE_NE,
    COMPARE_LT,
    COMPARE_LE,
    COMPARE_GT,
    COMPARE_GE,
    COMPARE_COUNT
} CompareOp;

typedef struct KernelTable {
    /* Both arguments and the result have the same slots; integers wrap around. NULL for PHYS_U8,
     * PHYS_STR and (multiplication) PHYS_I128. */
    FuncKernel arith[ARITH_COUNT][PHYS_COUNT];
    FuncKernel negate[PHYS_COUNT];
    /* Both arguments have the same slots, the result is BOOLEAN. IEEE order for FLOAT, DOUBLE. */
    FuncKernel compare[COMPARE_COUNT][PHYS_COUNT];

    /* bits[i] = bytes[i] != 0 for i < n; the bits up to the next multiple of 64 become 0. Reads
     * bytes up to the next multiple of 8. */
    void (*pack)(const u8 *bytes, u32 n, u64 *bits);
    /* bytes[i] = bits[i] (0 or 1); writes bytes up to the next multiple of 8. */
    void (*unpack)(const u64 *bits, u32 n, u8 *bytes);
    /* The numbers of the set bits below n, ascending; returns how many. */
    u32 (*select)(const u64 *bits, u32 n, u16 *rows);
} KernelTable;

const KernelTable *kernel_table(void); /* of this processor's level (base/cpu.h) */
