/* agg_lanes.h - what one aggregate sees of a batch: its arguments, and the lanes that count. */
#pragma once
#include "planner/plan.h"

/* args[i] becomes argument i, FLAT; agg_args_done() drops them. */
void agg_args(const BoundAgg *agg, const Batch *b, Vector args[FUNC_ARGS_MAX]);
void agg_args_done(Vector args[FUNC_ARGS_MAX]);
/* Lanes of `keep` (NULL: all) that pass the FILTER and have all arguments, unless the aggregate
 * counts NULLs: keep itself, or mask, which is written. */
const u64 *agg_lanes(const BoundAgg *agg, const Batch *b, const Vector *args, const u64 *keep,
                     u64 mask[BATCH_MASK_WORDS]);
