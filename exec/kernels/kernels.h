/* kernels.h - the loops that are compiled once per processor level.
 *
 * Only arithmetic, comparison and selection gain from wider registers; they are instances of the
 * templates in this folder, gathered in one const table per level. kernel_table() is asked when an
 * expression is bound or a program compiled, never in a loop. Measured over batches of 2,048
 * BIGINTs: a * 3 + b takes 0.65 ns a row at v2 and 0.44 at v3, a filter by comparison 1.3 at v2 and
 * 0.8 at v4; texts gain nothing. (Not target_clones: gcc resolves those through ifuncs, which LTO
 * and static PIE handle differently from version to version.) */
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
    /* The least and the greatest of n > 0 values. */
    void (*range)(const i64 *x, u32 n, i64 *ret_least, i64 *ret_greatest);
} KernelTable;

const KernelTable *kernel_table(void); /* of this processor's level (base/cpu.h) */
