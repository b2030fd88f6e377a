/* unary.tmpl.h - one loop over one column. Include once per kernel, after defining
 *
 *     KERNEL   name of the function to generate
 *     ARG      slot type of the argument           OUT  slot type of the result
 *     EXPR     the result, in terms of x; it must be defined for every value
 *
 * Every lane is computed, null or not, so the loop has no branch. */
static Status
KERNEL(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    const ARG *restrict xp = vector_data(&args[0], const ARG);
    OUT *restrict op = vector_data(out, OUT);
    u32 n = ctx->rows;

    if (args[0].form == VEC_FLAT) {
        for (u32 i = 0; i < n; i++) {
            ARG x = xp[i];
            op[i] = (OUT)(EXPR);
        }
    } else {
        ARG x = xp[0];
        OUT one = (OUT)(EXPR);
        for (u32 i = 0; i < n; i++) op[i] = one;
    }
    return ERR_OK;
}
#undef KERNEL
#undef ARG
#undef OUT
#undef EXPR
