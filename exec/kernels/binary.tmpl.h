/* binary.tmpl.h - one loop over two columns. Include once per kernel, after defining
 *
 *     KERNEL   name of the function to generate
 *     LEFT     slot type of the first argument     RIGHT  of the second
 *     OUT      slot type of the result
 *     EXPR     the result, in terms of l and r; it must be defined for every value
 *
 * Every lane is computed, null or not (vector.h promises readable slots), so the flat loops have
 * no branch and the compiler vectorises them. A constant side is read once, before the loop. */
static Status
KERNEL(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    const LEFT *restrict lp = vector_data(&args[0], const LEFT);
    const RIGHT *restrict rp = vector_data(&args[1], const RIGHT);
    OUT *restrict op = vector_data(out, OUT);
    u32 n = ctx->rows;

    if (args[0].form == VEC_FLAT && args[1].form == VEC_FLAT) {
        for (u32 i = 0; i < n; i++) {
            LEFT l = lp[i];
            RIGHT r = rp[i];
            op[i] = (OUT)(EXPR);
        }
    } else if (args[0].form == VEC_FLAT) {
        RIGHT r = rp[0];
        for (u32 i = 0; i < n; i++) {
            LEFT l = lp[i];
            op[i] = (OUT)(EXPR);
        }
    } else if (args[1].form == VEC_FLAT) {
        LEFT l = lp[0];
        for (u32 i = 0; i < n; i++) {
            RIGHT r = rp[i];
            op[i] = (OUT)(EXPR);
        }
    } else { /* a fold: one lane */
        LEFT l = lp[0];
        RIGHT r = rp[0];
        OUT both = (OUT)(EXPR);
        for (u32 i = 0; i < n; i++) op[i] = both;
    }
    return ERR_OK;
}
#undef KERNEL
#undef LEFT
#undef RIGHT
#undef OUT
#undef EXPR
