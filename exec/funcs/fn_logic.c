/* fn_logic.c - NOT, IS NULL and its kin, and the functions that choose among values.
 *
 * AND, OR and CASE are not functions: they decide which lanes matter (exec/eval_compile.c). The
 * choosing functions here compute all their arguments; a binder that turns IF, COALESCE, IFNULL
 * and NULLIF into CASE gains laziness and loses nothing. */
#include "exec/funcs/funcs.h"
#include "exec/kernels/kernels.h"

#define KERNEL not_kernel
#define ARG u8
#define OUT u8
#define EXPR !x
#include "exec/kernels/unary.tmpl.h"

/* ---- IS [NOT] NULL, TRUE, FALSE ------------------------------------------------------------- */

static Status
null_test(const EvalCtx *ctx, const Vector *arg, Vector *out, bool when_null)
{
    u8 *op = vector_data(out, u8);
    if (arg->form == VEC_CONST || !arg->valid) {
        bool null = vector_is_null(arg, 0);
        memset(op, null == when_null, ctx->rows);
        return ERR_OK;
    }
    kernel_table()->unpack(vector_valid(arg), ctx->rows, op);
    if (when_null) {
        for (u32 i = 0; i < ctx->rows; i++) op[i] ^= 1;
    }
    return ERR_OK;
}

static Status
is_null_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    return null_test(ctx, &args[0], out, true);
}

static Status
is_not_null_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    return null_test(ctx, &args[0], out, false);
}

/* TRUE where the argument is `wanted`, or where it is not (negated). */
static Status
truth_test(const EvalCtx *ctx, const Vector *arg, Vector *out, bool wanted, bool negated)
{
    u8 *op = vector_data(out, u8);
    for (u32 i = 0; i < ctx->rows; i++) {
        bool is = !vector_is_null(arg, i) && (LANE(arg, u8, i) != 0) == wanted;
        op[i] = is != negated;
    }
    return ERR_OK;
}

#define TRUTH(kernel_name, wanted, negated)                                                        \
    static Status kernel_name(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out,      \
                              Err *err)                                                            \
    {                                                                                              \
        (void)nargs, (void)err;                                                                    \
        return truth_test(ctx, &args[0], out, wanted, negated);                                    \
    }
TRUTH(is_true_kernel, true, false)
TRUTH(is_not_true_kernel, true, true)
TRUTH(is_false_kernel, false, false)
TRUTH(is_not_false_kernel, false, true)
#undef TRUTH

/* ---- choosing ------------------------------------------------------------------------------- */

static void
lane_take(Vector *out, u32 i, const Vector *from)
{
    size_t slot = type_slot_bytes[out->type.kind];
    u32 at = from->form == VEC_CONST ? 0 : i;
    memcpy(out->data->bytes + i * slot, from->data->bytes + at * slot, slot);
}

static void
args_borrow(const Vector *args, u32 from, u32 nargs, Vector *out)
{
    if (!type_is(out->type, KIND_HEAP)) return;
    for (u32 k = from; k < nargs; k++) text_borrow(out, &args[k]);
}

static Status
coalesce_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)err;
    args_borrow(args, 0, nargs, out);
    for (u32 i = 0; i < ctx->rows; i++) {
        u32 k = 0;
        while (k < nargs && vector_is_null(&args[k], i)) k++;
        if (k < nargs)
            lane_take(out, i, &args[k]);
        else
            vector_set_null(out, i);
    }
    return ERR_OK;
}

static Status
coalesce_bind(FuncCall *call, Err *err)
{
    bool not_null = false;
    for (u32 i = 0; i < call->nargs; i++) not_null |= call->arg_type[i].not_null;
    TRY(call_common_type(call, 0, &call->ret, err));
    call->ret.not_null = not_null;
    return ERR_OK;
}

static Status
if_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)err;
    args_borrow(args, 1, nargs, out);
    for (u32 i = 0; i < ctx->rows; i++) {
        bool yes = !vector_is_null(&args[0], i) && LANE(&args[0], u8, i);
        const Vector *from = yes ? &args[1] : &args[2];
        if (vector_is_null(from, i))
            vector_set_null(out, i);
        else
            lane_take(out, i, from);
    }
    return ERR_OK;
}

static Status
if_bind(FuncCall *call, Err *err)
{
    Type cond = call->arg_type[0];
    if (cond.kind != TYPE_BOOLEAN && cond.kind != TYPE_NULL) return call_misfit(call, err);
    call->arg_type[0] = type_nullable(type_of(TYPE_BOOLEAN), !cond.not_null);
    bool not_null = call->arg_type[1].not_null && call->arg_type[2].not_null;
    TRY(call_common_type(call, 1, &call->ret, err));
    call->ret.not_null = not_null;
    return ERR_OK;
}

typedef struct NullIfData {
    FuncKernel equal;
    const void *data;
} NullIfData;

static Status
nullif_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    const NullIfData *d = ctx->data;
    EvalCtx inner = *ctx;
    inner.data = d->data;
    Vector equal = vector_new(type_of(TYPE_BOOLEAN), ctx->rows);
    Status st = d->equal(&inner, args, nargs, &equal, err);
    args_borrow(args, 0, 1, out);
    for (u32 i = 0; i < ctx->rows && !st; i++) {
        bool same = !vector_is_null(&args[1], i) && !vector_is_null(&equal, i) &&
                    vector_data(&equal, u8)[i];
        if (same || vector_is_null(&args[0], i))
            vector_set_null(out, i);
        else
            lane_take(out, i, &args[0]);
    }
    vector_done(&equal);
    return st;
}

static Status
nullif_bind(FuncCall *call, Err *err)
{
    NullIfData *d = arena_make(call->arena, NullIfData);
    call->kernel = nullif_kernel;
    call->data = d;
    TRY(compare_choose(call, "=", call->arg_type, &d->equal, &d->data, err));
    call->ret = type_nullable(call->arg_type[0], true);
    return ERR_OK;
}

#define TEST_OF(op, arg, kernel_name, doc_text, example_text)                                      \
    {                                                                                              \
        .name = op, .args = {arg}, .ret = TYPE_BOOLEAN,                                            \
        .flags = FUNC_OPERATOR | FUNC_NULLS | FUNC_NOT_NULL, .kernel = kernel_name,                \
        .category = "logical", .syntax = "x " op, .doc = doc_text, .example = example_text         \
    }

const FuncDef funcs_logic[] = {
    {.name = "NOT",
     .args = {TYPE_BOOLEAN},
     .ret = TYPE_BOOLEAN,
     .flags = FUNC_OPERATOR,
     .kernel = not_kernel,
     .category = "logical",
     .syntax = "NOT x",
     .doc = "TRUE for FALSE, FALSE for TRUE, NULL for NULL.",
     .example = "NOT TRUE -> FALSE"},
    TEST_OF("IS NULL", ARG_ANY, is_null_kernel, "True if there is no value.", "1 IS NULL -> FALSE"),
    TEST_OF("IS NOT NULL", ARG_ANY, is_not_null_kernel, "True if there is a value.",
            "1 IS NOT NULL -> TRUE"),
    TEST_OF("IS TRUE", TYPE_BOOLEAN, is_true_kernel, "True if the condition is TRUE.",
            "(1 = 1) IS TRUE -> TRUE"),
    TEST_OF("IS NOT TRUE", TYPE_BOOLEAN, is_not_true_kernel,
            "True if the condition is FALSE or unknown.", "(1 = 1) IS NOT TRUE -> FALSE"),
    TEST_OF("IS FALSE", TYPE_BOOLEAN, is_false_kernel, "True if the condition is FALSE.",
            "(1 = 2) IS FALSE -> TRUE"),
    TEST_OF("IS NOT FALSE", TYPE_BOOLEAN, is_not_false_kernel,
            "True if the condition is TRUE or unknown.", "(1 = 2) IS NOT FALSE -> FALSE"),
    TEST_OF("IS UNKNOWN", TYPE_BOOLEAN, is_null_kernel, "True if the condition is unknown.",
            "(1 = NULL) IS UNKNOWN -> TRUE"),
    TEST_OF("IS NOT UNKNOWN", TYPE_BOOLEAN, is_not_null_kernel,
            "True if the condition is TRUE or FALSE.", "(1 = 2) IS NOT UNKNOWN -> TRUE"),
    {.name = "COALESCE",
     .args_min = 1,
     .args_max = 255,
     .flags = FUNC_NULLS,
     .kernel = coalesce_kernel,
     .bind = coalesce_bind,
     .category = "conditional",
     .syntax = "COALESCE(value, ...)",
     .doc = "The first of the values that is not NULL.",
     .example = "COALESCE(NULL, 5, 6) -> 5"},
    {.name = "IFNULL",
     .args_min = 2,
     .args_max = 2,
     .flags = FUNC_NULLS,
     .kernel = coalesce_kernel,
     .bind = coalesce_bind,
     .category = "conditional",
     .syntax = "IFNULL(value, instead)",
     .doc = "The value, or `instead` if it is NULL.",
     .example = "IFNULL(CAST(NULL AS INT), 7) -> 7"},
    {.name = "IF",
     .args_min = 3,
     .args_max = 3,
     .flags = FUNC_NULLS,
     .kernel = if_kernel,
     .bind = if_bind,
     .category = "conditional",
     .syntax = "IF(condition, then, else)",
     .doc = "`then` if the condition is TRUE, `else` if it is FALSE or unknown.",
     .example = "IF(2 > 1, 'yes', 'no') -> yes"},
    {.name = "NULLIF",
     .args_min = 2,
     .args_max = 2,
     .flags = FUNC_NULLS,
     .kernel = nullif_kernel,
     .bind = nullif_bind,
     .category = "conditional",
     .syntax = "NULLIF(a, b)",
     .doc = "NULL if both are equal, else a.",
     .example = "NULLIF(5, 0) -> 5"},
    {0},
};
