/* agg_lanes.c - FILTER and NULL arguments as a mask of lanes. */
#include "exec/ops/agg_lanes.h"

void
agg_args(const BoundAgg *agg, const Batch *b, Vector args[FUNC_ARGS_MAX])
{
    memset(args, 0, FUNC_ARGS_MAX * sizeof *args);
    for (u32 a = 0; a < agg->call.nargs; a++) {
        assert(agg->args[a]->kind == BOUND_COLUMN);
        args[a] = vector_share(&b->col[agg->args[a]->column]);
        vector_flatten(&args[a]);
    }
}

void
agg_args_done(Vector args[FUNC_ARGS_MAX])
{
    for (u32 a = 0; a < FUNC_ARGS_MAX; a++) {
        if (args[a].data) vector_done(&args[a]);
    }
}

static void
mask_filter(const BoundAgg *agg, const Batch *b, const u64 *keep, u64 *mask)
{
    Vector cond = vector_share(&b->col[agg->filter->column]);
    vector_flatten(&cond);
    const u8 *is_true = vector_data(&cond, const u8);
    const u64 *valid = vector_valid(&cond);
    for (u32 i = 0; i < b->rows; i++) {
        bool pass = is_true[i] && (!valid || bit_get(valid, i)) && (!keep || bit_get(keep, i));
        if (pass)
            bit_set(mask, i);
        else
            bit_clear(mask, i);
    }
    vector_done(&cond);
}

const u64 *
agg_lanes(const BoundAgg *agg, const Batch *b, const Vector *args, const u64 *keep,
          u64 mask[BATCH_MASK_WORDS])
{
    const u64 *lanes = keep;
    if (agg->filter) {
        mask_filter(agg, b, keep, mask);
        lanes = mask;
    }
    if (agg->call.def->flags & AGG_COUNTS_NULLS) return lanes;
    for (u32 a = 0; a < agg->call.nargs; a++) {
        const u64 *valid = vector_valid(&args[a]);
        if (!valid) continue;
        for (u32 w = 0; w < (b->rows + 63) / 64; w++) {
            mask[w] = (lanes ? lanes[w] : ~(u64)0) & valid[w];
        }
        lanes = mask;
    }
    return lanes;
}
