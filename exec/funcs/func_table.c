/* func_table.c - the list of function families, and what bind hooks share. */
#include "exec/funcs/funcs.h"

#include "exec/aggs/aggs.h"
#include "exec/funcs/cast.h"

static const FuncDef *const families[] = {
    funcs_arith, funcs_compare, funcs_logic,     funcs_math,   funcs_round,   funcs_text,
    funcs_edit,  funcs_match,   funcs_regexp,    funcs_encode, funcs_charset, funcs_url,
    funcs_time,  funcs_clock,   funcs_time_text, funcs_json,   funcs_cast,
};
static const AggDef *const agg_families[] = {aggs_count, aggs_sum, aggs_extreme, aggs_order,
                                             aggs_stat};

const FuncTable exec_func_table = {
    .families = families,
    .agg_families = agg_families,
    .nfamilies = ARRAY_LEN(families),
    .nagg_families = ARRAY_LEN(agg_families),
    .cast_bind = cast_bind,
};

Status
call_misfit(const FuncCall *call, Err *err)
{
    StrBuf text = {0};
    for (u32 i = 0; i < call->nargs; i++) {
        if (i) strbuf_add(&text, ", ", 2);
        type_print(&text, type_nullable(call->arg_type[i], true));
    }
    bool is_operator = call->def->flags & FUNC_OPERATOR;
    Status st = err_set(err, is_operator ? W2006 : W2005, call->pos,
                        "%s \"%s\" does not take (%.*s)", is_operator ? "operator" : "function",
                        call->def->name, STR_ARG(strbuf_view(&text)));
    err->width = call->width;
    strbuf_done(&text);
    return err_hint(err, st, "Write %s.", call->def->syntax);
}

Status
call_const_text(const FuncCall *call, u32 i, Str *ret_text, Err *err)
{
    const Vector *v = call->constant[i];
    if (!v || !type_is(v->type, KIND_TEXT) || vector_is_null(v, 0)) {
        Status st = err_set(err, W2015, call->arg_pos ? call->arg_pos[i] : call->pos,
                            "argument %u of function \"%s\" must be a constant text", i + 1,
                            call->def->name);
        return err_hint(err, st, "Write %s.", call->def->syntax);
    }
    *ret_text = lane_str(v, 0);
    return ERR_OK;
}

Status
call_common_type(FuncCall *call, u32 from, Type *ret_type, Err *err)
{
    Type t = call->arg_type[from];
    for (u32 i = from + 1; i < call->nargs; i++) {
        if (!type_common(t, call->arg_type[i], &t)) return call_misfit(call, err);
    }
    for (u32 i = from; i < call->nargs; i++) {
        bool not_null = call->arg_type[i].not_null;
        call->arg_type[i] = type_nullable(t, !not_null);
    }
    *ret_type = type_nullable(t, true);
    return ERR_OK;
}

Status
const_cast_to(const FuncCall *call, const Vector *v, Type to, Vector *ret, Err *err)
{
    if (type_eq(v->type, to)) {
        *ret = vector_share(v);
        return ERR_OK;
    }
    if (vector_is_null(v, 0)) {
        *ret = vector_null(to, 1);
        return ERR_OK;
    }
    Type type = v->type;
    const Vector *constant = v;
    FuncCall cast = {.arena = call->arena,
                     .session = call->session,
                     .nargs = 1,
                     .arg_type = &type,
                     .constant = &constant,
                     .pos = call->pos,
                     .width = call->width};
    TRY(cast_bind(&cast, to, false, err));
    EvalCtx ctx = {.session = call->session,
                   .rows = 1,
                   .data = cast.data,
                   .pos = call->pos,
                   .width = call->width};
    Vector out = vector_new(to, 1);
    Status st = cast.kernel(&ctx, v, 1, &out, err);
    if (st) {
        vector_done(&out);
        return st;
    }
    out.form = VEC_CONST;
    *ret = out;
    return ERR_OK;
}

static int
f64_cmp(f64 a, f64 b)
{
    bool nan_a = a != a, nan_b = b != b;
    if (nan_a || nan_b) return (int)nan_a - (int)nan_b;
    return (a > b) - (a < b);
}

int
slot_cmp(Type t, const void *a, const void *b)
{
#define CMP(T) (*(const T *)a > *(const T *)b) - (*(const T *)a < *(const T *)b)
    switch ((Phys)type_phys[t.kind]) {
    case PHYS_U8:
        return CMP(u8);
    case PHYS_I8:
        return CMP(i8);
    case PHYS_I16:
        return CMP(i16);
    case PHYS_I32:
        return CMP(i32);
    case PHYS_I64:
        return CMP(i64);
    case PHYS_I128:
        return CMP(i128);
    case PHYS_F32:
        return f64_cmp(*(const f32 *)a, *(const f32 *)b);
    case PHYS_F64:
        return f64_cmp(*(const f64 *)a, *(const f64 *)b);
    case PHYS_STR:
        return strview_cmp(a, b);
    case PHYS_COUNT:
        break;
    }
#undef CMP
    UNREACHABLE();
}
