/* fn_compare.c - comparison, IN, GREATEST and LEAST.
 *
 * Numbers meet at their common type, except DECIMALs, which are compared exactly at their own
 * scales. TIMESTAMP and TIMESTAMP_LTZ are compared by their slots, as Flink does. A text beside a
 * date or time is read as one: a constant when the statement is bound, else lane by lane, where a
 * text that is no date compares as NULL. */
#include "base/decimal.h"
#include "base/value_text.h"
#include "exec/funcs/funcs.h"
#include "exec/kernels/kernels.h"

static const char *const op_names[COMPARE_COUNT] = {"=", "<>", "<", "<=", ">", ">="};

static CompareOp
compare_op(const char *name)
{
    for (u32 i = 0; i < COMPARE_COUNT; i++) {
        if (strcmp(op_names[i], name) == 0) return (CompareOp)i;
    }
    UNREACHABLE();
}

static bool
compare_holds(CompareOp op, int c)
{
    switch (op) {
    case COMPARE_EQ:
        return c == 0;
    case COMPARE_NE:
        return c != 0;
    case COMPARE_LT:
        return c < 0;
    case COMPARE_LE:
        return c <= 0;
    case COMPARE_GT:
        return c > 0;
    case COMPARE_GE:
        return c >= 0;
    case COMPARE_COUNT:
        break;
    }
    UNREACHABLE();
}

/* What the kernels below need to know; lives in the plan's arena. */
typedef struct CompareData {
    CompareOp op;
    u32 scale[2]; /* of DECIMALs */
    u32 text_arg; /* which side is the text */
    Type time;    /* the type of the other side */
} CompareData;

#define KERNEL compare_decimals
#define BODY                                                                                       \
    const CompareData *d = ctx->data;                                                              \
    int c =                                                                                        \
        decimal_cmp(LANE(&args[0], i128, i), d->scale[0], LANE(&args[1], i128, i), d->scale[1]);   \
    vector_data(out, u8)[i] = compare_holds(d->op, c)
#include "exec/kernels/lanes.tmpl.h"

static void
compare_text_lane(const EvalCtx *ctx, const Vector *args, Vector *out, u32 i)
{
    const CompareData *d = ctx->data;
    _Alignas(16) u8 slot[16];
    Str text = lane_str(&args[d->text_arg], i);
    if (value_parse(d->time, text, ctx_zone(ctx), VALUE_CAST, slot) != TEXT_OK) {
        vector_set_null(out, i);
        return;
    }
    const Vector *time = &args[1 - d->text_arg];
    const u8 *other = time->data->bytes;
    if (time->form == VEC_FLAT) other += (size_t)i * type_slot_bytes[d->time.kind];
    int c = slot_cmp(d->time, slot, other);
    vector_data(out, u8)[i] = compare_holds(d->op, d->text_arg == 0 ? c : -c);
}

#define KERNEL compare_text_time
#define BODY compare_text_lane(ctx, args, out, i)
#include "exec/kernels/lanes.tmpl.h"

static Status
compare_text_with_time(FuncCall *call, u32 text_arg, Type types[2], CompareData *d,
                       FuncKernel *ret_kernel)
{
    if (call->constant && call->constant[text_arg]) {
        types[text_arg] = type_nullable(types[1 - text_arg], true);
        *ret_kernel = kernel_table()->compare[d->op][type_phys[types[text_arg].kind]];
        return ERR_OK;
    }
    d->text_arg = text_arg;
    d->time = types[1 - text_arg];
    *ret_kernel = compare_text_time;
    return ERR_OK;
}

/* Two dates or times, or two intervals. */
static bool
compare_times(Type types[2])
{
    TypeKind a = (TypeKind)types[0].kind, b = (TypeKind)types[1].kind;
    if (a == b) return true;
    if (!type_is(types[0], KIND_TIME) || !type_is(types[1], KIND_TIME)) return false;
    if (a == TYPE_TIME || b == TYPE_TIME) return false;
    if (a == TYPE_DATE) types[0] = type_nullable(types[1], !types[0].not_null);
    if (b == TYPE_DATE) types[1] = type_nullable(types[0], !types[1].not_null);
    return true;
}

static Status
compare_mismatch(const FuncCall *call, const char *op, const Type types[2], Err *err)
{
    StrBuf a = {0}, b = {0};
    type_print(&a, type_nullable(types[0], true));
    type_print(&b, type_nullable(types[1], true));
    Status st = err_set(err, W2006, call->pos, "%.*s and %.*s cannot be compared with \"%s\"",
                        STR_ARG(strbuf_view(&a)), STR_ARG(strbuf_view(&b)), op);
    err->width = call->width;
    st = err_hint(err, st, "Write CAST(... AS %.*s) on one side.", STR_ARG(strbuf_view(&a)));
    strbuf_done(&a);
    strbuf_done(&b);
    return st;
}

Status
compare_choose(FuncCall *call, const char *op, Type types[2], FuncKernel *ret_kernel,
               const void **ret_data, Err *err)
{
    CompareData *d = arena_make(call->arena, CompareData);
    d->op = compare_op(op);
    *ret_data = d;
    Type a = types[0], b = types[1], both;
    if (a.kind == TYPE_NULL) types[0] = a = type_nullable(b, true);
    if (b.kind == TYPE_NULL) types[1] = b = type_nullable(a, true);

    if (type_is(a, KIND_NUMERIC) && type_is(b, KIND_NUMERIC)) {
        bool exact = !type_is(a, KIND_APPROX) && !type_is(b, KIND_APPROX);
        if (exact && (a.kind == TYPE_DECIMAL || b.kind == TYPE_DECIMAL)) {
            for (u32 i = 0; i < 2; i++) {
                if (types[i].kind == TYPE_DECIMAL) continue;
                bool not_null = types[i].not_null;
                types[i] = type_nullable(decimal_of_integer((TypeKind)types[i].kind), !not_null);
            }
            d->scale[0] = types[0].scale;
            d->scale[1] = types[1].scale;
            *ret_kernel = d->scale[0] == d->scale[1] ? kernel_table()->compare[d->op][PHYS_I128]
                                                     : compare_decimals;
            return ERR_OK;
        }
        if (!type_common(a, b, &both)) return compare_mismatch(call, op, types, err);
        types[0] = type_nullable(both, !a.not_null);
        types[1] = type_nullable(both, !b.not_null);
    } else if (type_is(a, KIND_TEXT) && type_is(b, KIND_TIME)) {
        return compare_text_with_time(call, 0, types, d, ret_kernel);
    } else if (type_is(b, KIND_TEXT) && type_is(a, KIND_TIME)) {
        return compare_text_with_time(call, 1, types, d, ret_kernel);
    } else if (!(type_is(a, KIND_TEXT) && type_is(b, KIND_TEXT)) &&
               !(type_is(a, KIND_BYTES) && type_is(b, KIND_BYTES)) && !compare_times(types)) {
        return compare_mismatch(call, op, types, err);
    }
    *ret_kernel = kernel_table()->compare[d->op][type_phys[types[0].kind]];
    return ERR_OK;
}

static Status
compare_bind(FuncCall *call, Err *err)
{
    call->ret = type_of(TYPE_BOOLEAN);
    return compare_choose(call, call->def->name, call->arg_type, &call->kernel, &call->data, err);
}

/* ---- IS [NOT] DISTINCT FROM ----------------------------------------------------------------- */

typedef struct DistinctData {
    FuncKernel kernel; /* "<>" or "=" */
    const void *data;
    bool negated; /* IS NOT DISTINCT FROM */
} DistinctData;

static Status
distinct_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    const DistinctData *d = ctx->data;
    EvalCtx inner = *ctx;
    inner.data = d->data;
    TRY(d->kernel(&inner, args, nargs, out, err));
    if (!args[0].valid && !args[1].valid) return ERR_OK;
    u8 *op = vector_data(out, u8);
    for (u32 i = 0; i < ctx->rows; i++) {
        bool a = vector_is_null(&args[0], i), b = vector_is_null(&args[1], i);
        if (a || b) op[i] = (a != b) != d->negated;
    }
    return ERR_OK;
}

static Status
distinct_bind(FuncCall *call, Err *err)
{
    DistinctData *d = arena_make(call->arena, DistinctData);
    d->negated = strcmp(call->def->name, "IS NOT DISTINCT FROM") == 0;
    /* A NULL lane's text is empty: it must not be read as a date, so dates win here. */
    for (u32 i = 0; i < 2; i++) {
        if (type_is(call->arg_type[i], KIND_TEXT) && type_is(call->arg_type[1 - i], KIND_TIME))
            call->arg_type[i] = type_nullable(call->arg_type[1 - i], true);
    }
    call->ret = type_of(TYPE_BOOLEAN);
    call->kernel = distinct_kernel;
    call->data = d;
    return compare_choose(call, d->negated ? "=" : "<>", call->arg_type, &d->kernel, &d->data, err);
}

/* ---- GREATEST, LEAST ------------------------------------------------------------------------ */

static void
extreme_lane(const Vector *args, u32 nargs, Vector *out, u32 i, int wanted)
{
    Type t = out->type;
    size_t slot = type_slot_bytes[t.kind];
    const u8 *best = NULL;
    for (u32 k = 0; k < nargs; k++) {
        const u8 *at = args[k].data->bytes + (args[k].form == VEC_CONST ? 0 : i * slot);
        if (!best || slot_cmp(t, at, best) == wanted) best = at;
    }
    memcpy(out->data->bytes + i * slot, best, slot);
}

static void
extreme_heaps(const Vector *args, u32 nargs, Vector *out)
{
    for (u32 k = 0; k < nargs; k++) text_borrow(out, &args[k]);
}

static Status
greatest_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)err;
    extreme_heaps(args, nargs, out);
    for (u32 i = 0; i < ctx->rows; i++) extreme_lane(args, nargs, out, i, 1);
    return ERR_OK;
}

static Status
least_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)err;
    extreme_heaps(args, nargs, out);
    for (u32 i = 0; i < ctx->rows; i++) extreme_lane(args, nargs, out, i, -1);
    return ERR_OK;
}

static Status
extreme_bind(FuncCall *call, Err *err)
{
    return call_common_type(call, 0, &call->ret, err);
}

/* ---- IN (constants) ------------------------------------------------------------------------- */

typedef struct InSet {
    Type type;
    u8 *slots; /* ascending, each once */
    u32 len;
    bool has_null;
} InSet;

/* Index of the first slot >= key. */
static u32
in_set_find(const InSet *set, const void *key)
{
    size_t slot = type_slot_bytes[set->type.kind];
    u32 from = 0, to = set->len;
    while (from < to) {
        u32 middle = from + (to - from) / 2;
        if (slot_cmp(set->type, set->slots + middle * slot, key) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static bool
in_set_holds(const InSet *set, const void *key)
{
    u32 at = in_set_find(set, key);
    const u8 *found = set->slots + at * (size_t)type_slot_bytes[set->type.kind];
    return at < set->len && slot_cmp(set->type, found, key) == 0;
}

#define KERNEL in_kernel
#define BODY                                                                                       \
    const InSet *set = ctx->data;                                                                  \
    size_t slot = type_slot_bytes[set->type.kind];                                                 \
    bool found =                                                                                   \
        in_set_holds(set, args[0].data->bytes + (args[0].form == VEC_CONST ? 0 : i * slot));       \
    if (!found && set->has_null)                                                                   \
        vector_set_null(out, i);                                                                   \
    else                                                                                           \
        vector_data(out, u8)[i] = found
#include "exec/kernels/lanes.tmpl.h"

/* Into its place; the text of a long slot is copied to where the plan lives. */
static void
in_set_add(InSet *set, Arena *arena, const void *value)
{
    size_t slot = type_slot_bytes[set->type.kind];
    if (in_set_holds(set, value)) return;
    u32 at = in_set_find(set, value);
    u8 *to = set->slots + at * slot;
    memmove(to + slot, to, (set->len - at) * slot);
    memcpy(to, value, slot);
    if (type_is(set->type, KIND_HEAP)) {
        StrView *v = (StrView *)(void *)to;
        if (v->len > STRVIEW_INLINE) v->ptr = arena_copy(arena, v->ptr, v->len);
    }
    set->len++;
}

static Status
in_bind(FuncCall *call, Err *err)
{
    Type t = call->arg_type[0];
    bool text = type_is(t, KIND_TEXT);
    for (u32 i = 1; i < call->nargs; i++) {
        if (!call->constant[i]) {
            return err_set(err, W2015, call->arg_pos ? call->arg_pos[i] : call->pos,
                           "value %u of the IN list must be a constant", i);
        }
        Type other = call->arg_type[i];
        if (type_is(t, KIND_TIME) && type_is(other, KIND_TEXT)) continue;
        if (!type_common(t, other, &t)) return call_misfit(call, err);
    }
    InSet *set = arena_make(call->arena, InSet);
    set->type = text ? type_string() : type_nullable(t, true);
    set->slots = arena_alloc(call->arena, (size_t)call->nargs * type_slot_bytes[t.kind], 16);
    for (u32 i = 1; i < call->nargs; i++) {
        Vector v;
        TRY(const_cast_to(call, call->constant[i], set->type, &v, err));
        if (vector_is_null(&v, 0))
            set->has_null = true;
        else
            in_set_add(set, call->arena, v.data->bytes);
        vector_done(&v);
    }
    if (!text) call->arg_type[0] = type_nullable(t, !call->arg_type[0].not_null);
    call->ret = type_of(TYPE_BOOLEAN);
    call->kernel = in_kernel;
    call->data = set;
    return ERR_OK;
}

/* A NULL in the list must not make every lane NULL, so IN sees NULLs; only x matters. */
static Status
in_strict_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    if (args[0].valid && vector_is_null(&args[0], 0) && args[0].form == VEC_CONST) {
        for (u32 i = 0; i < ctx->rows; i++) vector_set_null(out, i);
        return ERR_OK;
    }
    if (args[0].form == VEC_FLAT) out->valid = buf_ref(args[0].valid);
    return in_kernel(ctx, args, nargs, out, err);
}

static Status
in_bind_nulls(FuncCall *call, Err *err)
{
    TRY(in_bind(call, err));
    call->kernel = in_strict_kernel;
    const InSet *set = call->data;
    call->ret.not_null = call->arg_type[0].not_null && !set->has_null;
    return ERR_OK;
}

#define COMPARE(op, doc_text, example_text)                                                        \
    {                                                                                              \
        .name = op, .args_min = 2, .args_max = 2, .flags = FUNC_OPERATOR, .bind = compare_bind,    \
        .category = "comparison", .syntax = "a " op " b", .doc = doc_text, .example = example_text \
    }

const FuncDef funcs_compare[] = {
    COMPARE("=", "True if both are equal; NULL if one is NULL.", "1 = 1.0 -> TRUE"),
    COMPARE("<>", "True if both differ; NULL if one is NULL. != is the same.",
            "'a' <> 'b' -> TRUE"),
    COMPARE("<", "True if the left value is smaller or earlier.",
            "DATE '2024-01-01' < DATE '2024-01-02' -> TRUE"),
    COMPARE("<=", "True if the left value is not greater.", "2 <= 2 -> TRUE"),
    COMPARE(">", "True if the left value is greater or later.", "2 > 10 -> FALSE"),
    COMPARE(">=", "True if the left value is not smaller.", "'b' >= 'a' -> TRUE"),
    {.name = "IS DISTINCT FROM",
     .args_min = 2,
     .args_max = 2,
     .flags = FUNC_OPERATOR | FUNC_NULLS | FUNC_NOT_NULL,
     .bind = distinct_bind,
     .category = "comparison",
     .syntax = "a IS DISTINCT FROM b",
     .doc = "As <>, but two NULLs are the same and NULL differs from every value.",
     .example = "1 IS DISTINCT FROM NULL -> TRUE"},
    {.name = "IS NOT DISTINCT FROM",
     .args_min = 2,
     .args_max = 2,
     .flags = FUNC_OPERATOR | FUNC_NULLS | FUNC_NOT_NULL,
     .bind = distinct_bind,
     .category = "comparison",
     .syntax = "a IS NOT DISTINCT FROM b",
     .doc = "As =, but two NULLs are the same and NULL differs from every value.",
     .example = "1 IS NOT DISTINCT FROM 1 -> TRUE"},
    {.name = "IN",
     .args_min = 2,
     .args_max = 255,
     .flags = FUNC_OPERATOR | FUNC_NULLS,
     .bind = in_bind_nulls,
     .category = "comparison",
     .syntax = "x IN (value, ...)",
     .doc = "True if x equals one of the constants; NULL if none does and one of them is NULL.",
     .example = "2 IN (1, 2, 3) -> TRUE"},
    {.name = "GREATEST",
     .args_min = 1,
     .args_max = 255,
     .kernel = greatest_kernel,
     .bind = extreme_bind,
     .category = "conditional",
     .syntax = "GREATEST(value, ...)",
     .doc = "The greatest of the values; NULL if one is NULL.",
     .example = "GREATEST(3, 10, 2) -> 10"},
    {.name = "LEAST",
     .args_min = 1,
     .args_max = 255,
     .kernel = least_kernel,
     .bind = extreme_bind,
     .category = "conditional",
     .syntax = "LEAST(value, ...)",
     .doc = "The least of the values; NULL if one is NULL.",
     .example = "LEAST('pear', 'apple') -> apple"},
    {0},
};
