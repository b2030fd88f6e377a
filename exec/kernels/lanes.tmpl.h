/* lanes.tmpl.h - a loop over the lanes that have a value, for kernels that are not worth
 * vectorising: text, dates, anything with a branch or an error in it. Include after defining
 *
 *     KERNEL     name of the function to generate
 *     BODY       what to do for lane i, with ctx, args, nargs, out and err at hand; it may
 *                `return err_set(...)` after eval_lane_counts() said that the lane matters
 *
 * Lanes without a value are passed over: their slots keep what vector_new() put there, and a
 * number is set to zero, so that no lane is ever uninitialised. */
static Status
KERNEL(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err, (void)args;
    u32 n = ctx->rows;
    if (out->valid) memset(out->data->bytes, 0, (size_t)n * type_slot_bytes[out->type.kind]);
    for (u32 i = 0; i < n; i++) {
        if (vector_is_null(out, i)) continue;
        BODY;
    }
    return ERR_OK;
}
#undef KERNEL
#undef BODY
