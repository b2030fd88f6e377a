/* aggs.h - what the files of aggregate rows share: the families, walking lanes, refusing arguments.
 *
 * update() is the hot loop of a query: a loop without masks when all lanes count, and one over the
 * set bits when not. States are exact, so any split of the rows gives the same bits. */
#pragma once
#include "catalog/func.h"

extern const AggDef aggs_count[], aggs_sum[], aggs_extreme[], aggs_order[], aggs_stat[];

/* Run BODY for every lane i < n that counts. */
#define FOR_LANES(i, n, lanes, BODY)                                                               \
    do {                                                                                           \
        if (!(lanes)) {                                                                            \
            for (u32 i = 0; i < (n); i++) BODY;                                                    \
        } else {                                                                                   \
            for (u32 w_ = 0; w_ * 64 < (n); w_++) {                                                \
                u64 bits_ = (lanes)[w_];                                                           \
                if ((n)-w_ * 64 < 64) bits_ &= ((u64)1 << ((n)-w_ * 64)) - 1;                      \
                for (; bits_; bits_ &= bits_ - 1) {                                                \
                    u32 i = w_ * 64 + (u32)__builtin_ctzll(bits_);                                 \
                    BODY;                                                                          \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
    } while (0)

/* The state of lane i, as a struct T. */
#define STATE(T, rows, i, at) ((T *)(void *)((rows)[i] + (at)))
#define STATE_ONE(T, state) ((T *)(void *)(state))

/* W2005: the aggregate does not take this argument. */
Status agg_misfit(const AggCall *call, Err *err);
