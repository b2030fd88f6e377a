/* func.c - finding the function that a call means.
 *
 * Rows are const tables (func.h); a name may have several. Among the rows without a bind hook the
 * one wins whose parameters need the cheapest implicit casts; ties go to the first. Rows with a
 * hook judge the arguments themselves and are asked when no plain row fits. Casts themselves, and
 * which exist, are exec's (FuncTable.cast_bind). */
#include "catalog/func.h"

#include "base/decimal.h"

/* A call that no row takes: more than any sum of casts. */
enum { COST_NEVER = 1000000 };

static bool
name_is(const char *row, Str name)
{
    return str_eq_nocase(str_from(row), name);
}

bool
func_exists(const FuncTable *t, Str name)
{
    for (u32 f = 0; f < t->nfamilies; f++) {
        for (const FuncDef *d = t->families[f]; d->name; d++) {
            if (name_is(d->name, name)) return true;
        }
    }
    return agg_find(t, name) != NULL;
}

const AggDef *
agg_find(const FuncTable *t, Str name)
{
    for (u32 f = 0; f < t->nagg_families; f++) {
        for (const AggDef *d = t->agg_families[f]; d->name; d++) {
            if (name_is(d->name, name)) return d;
        }
    }
    return NULL;
}

/* ---- parameters ---------------------------------------------------------------------------- */

/* Parameter kind for argument i; ARG_END if the row takes no such argument. */
static u8
param_kind(const FuncDef *d, u32 i)
{
    u32 listed = 0;
    while (listed < FUNC_ARGS_MAX && d->args[listed] != ARG_END) listed++;
    if (i < listed) return d->args[i];
    return d->flags & FUNC_VARIADIC && listed ? d->args[listed - 1] : ARG_END;
}

static bool
def_takes_count(const FuncDef *d, u32 nargs)
{
    if (d->bind) return nargs >= d->args_min && (d->args_max == 255 || nargs <= d->args_max);
    u32 listed = 0;
    while (listed < FUNC_ARGS_MAX && d->args[listed] != ARG_END) listed++;
    u32 least = d->args_min ? d->args_min : listed;
    return nargs >= least && (nargs <= listed || d->flags & FUNC_VARIADIC);
}

/* The type that an argument is cast to where a parameter of this kind is wanted. Lengths, digits
 * and scales of the argument are kept. */
static Type
param_type(u8 kind, Type actual)
{
    bool same = actual.kind == kind;
    switch (kind) {
    case ARG_ANY:
        return actual;
    case TYPE_VARCHAR:
        return type_is(actual, KIND_TEXT) ? actual : type_string();
    case TYPE_VARBINARY:
        return type_is(actual, KIND_BYTES) ? actual : type_bytes();
    case TYPE_DECIMAL:
        if (same) return actual;
        return type_is(actual, KIND_INTEGER) ? decimal_of_integer((TypeKind)actual.kind)
                                             : type_of(TYPE_DECIMAL);
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        if (same) return actual;
        return type_is(actual, KIND_TIME) ? type_timestamp((TypeKind)kind, actual.scale)
                                          : type_of((TypeKind)kind);
    default:
        return type_of((TypeKind)kind);
    }
}

static u32
param_cost(u8 kind, Type actual)
{
    if (kind == ARG_ANY) return 40;
    if (actual.kind == TYPE_NULL) return 1;
    if (actual.kind == kind) return 0;
    if (kind == TYPE_VARCHAR && type_is(actual, KIND_TEXT)) return 0;
    if (kind == TYPE_VARBINARY && type_is(actual, KIND_BYTES)) return 0;
    Type to = param_type(kind, actual);
    if (!type_implicit(actual, to)) return COST_NEVER;
    /* Kinds stand in order of width in types.def, so the distance ranks widenings. A TIMESTAMP
     * without a zone is taken for one with only where nothing else fits. */
    return kind > actual.kind ? 2u + kind - actual.kind : 20;
}

static u32
def_cost(const FuncDef *d, const FuncCall *call)
{
    u32 cost = 0;
    for (u32 i = 0; i < call->nargs; i++) {
        u32 one = param_cost(param_kind(d, i), call->arg_type[i]);
        if (one >= COST_NEVER) return COST_NEVER;
        cost += one;
    }
    return cost;
}

/* ---- choosing -------------------------------------------------------------------------------- */

static Status
call_unknown(const FuncTable *t, Str name, u32 pos, u32 width, Err *err)
{
    Status st = err_set(err, W2004, pos, "function \"%.*s\" does not exist", STR_ARG(name));
    err->width = width;
    Nearest near = {0};
    for (u32 f = 0; f < t->nfamilies; f++) {
        for (const FuncDef *d = t->families[f]; d->name; d++) {
            if (!(d->flags & FUNC_OPERATOR)) nearest_offer(&near, name, str_from(d->name));
        }
    }
    for (u32 f = 0; f < t->nagg_families; f++) {
        for (const AggDef *d = t->agg_families[f]; d->name; d++)
            nearest_offer(&near, name, str_from(d->name));
    }
    if (!near.best.len) return st;
    return err_hint(err, st, "Did you mean \"%.*s\"?", STR_ARG(near.best));
}

static void
types_print(StrBuf *out, const Type *types, u32 n)
{
    strbuf_char(out, '(');
    for (u32 i = 0; i < n; i++) {
        if (i) strbuf_add(out, ", ", 2);
        type_print(out, type_nullable(types[i], true));
    }
    strbuf_char(out, ')');
}

static Status
call_does_not_fit(const FuncDef *d, const Type *types, const FuncCall *call, Err *err)
{
    StrBuf text = {0};
    types_print(&text, types, call->nargs);
    Status st = err_set(
        err, d->flags & FUNC_OPERATOR ? W2006 : W2005, call->pos, "%s \"%s\" does not take %.*s",
        d->flags & FUNC_OPERATOR ? "operator" : "function", d->name, STR_ARG(strbuf_view(&text)));
    err->width = call->width;
    strbuf_done(&text);
    if (!d->syntax) return st;
    return err_hint(err, st, "Write %s.", d->syntax);
}

static Status
call_take_plain(const FuncDef *d, FuncCall *call)
{
    for (u32 i = 0; i < call->nargs; i++) {
        bool not_null = call->arg_type[i].not_null;
        call->arg_type[i] = param_type(param_kind(d, i), call->arg_type[i]);
        call->arg_type[i].not_null = not_null;
    }
    call->def = d;
    call->kernel = d->kernel;
    call->data = NULL;
    call->ret = d->ret == TYPE_VARCHAR     ? type_string()
                : d->ret == TYPE_VARBINARY ? type_bytes()
                                           : type_of((TypeKind)d->ret);
    return ERR_OK;
}

/* Flags decide whether NULL may come out; only NULL-aware hooks know better. */
static void
call_set_nullable(FuncCall *call, const Type *actual)
{
    u16 flags = call->def->flags;
    if (flags & FUNC_NOT_NULL) {
        call->ret.not_null = true;
    } else if (flags & FUNC_NULLABLE) {
        call->ret.not_null = false;
    } else if (!(flags & FUNC_NULLS)) {
        call->ret.not_null = true;
        for (u32 i = 0; i < call->nargs; i++) call->ret.not_null &= actual[i].not_null;
    }
}

/* Ask the hooks in order. The first that objects is the one to quote, unless another accepts. */
static Status
call_ask_hooks(const FuncTable *t, Str name, FuncCall *call, const Type *actual, bool *ret_found,
               Err *err)
{
    Status first = ERR_OK;
    for (u32 f = 0; f < t->nfamilies; f++) {
        for (const FuncDef *d = t->families[f]; d->name; d++) {
            if (!d->bind || !name_is(d->name, name) || !def_takes_count(d, call->nargs)) continue;
            memcpy(call->arg_type, actual, call->nargs * sizeof *actual);
            call->def = d;
            call->kernel = d->kernel;
            call->data = NULL;
            Err local;
            Status st = d->bind(call, first ? &local : err);
            if (!st) {
                *ret_found = true;
                return ERR_OK;
            }
            if (!first) first = st;
        }
    }
    return first;
}

Status
func_resolve(const FuncTable *t, Str name, FuncCall *call, Err *err)
{
    const FuncDef *best = NULL, *named = NULL;
    u32 best_cost = COST_NEVER;
    for (u32 f = 0; f < t->nfamilies; f++) {
        for (const FuncDef *d = t->families[f]; d->name; d++) {
            if (!name_is(d->name, name)) continue;
            if (!named) named = d;
            if (d->bind || !def_takes_count(d, call->nargs)) continue;
            u32 cost = def_cost(d, call);
            if (cost < best_cost) best = d, best_cost = cost;
        }
    }
    if (!named) return call_unknown(t, name, call->pos, call->width, err);

    Type *actual = arena_array(call->arena, Type, call->nargs + 1);
    if (call->nargs) memcpy(actual, call->arg_type, call->nargs * sizeof *actual);
    bool found = false;
    if (best) {
        TRY(call_take_plain(best, call));
        found = true;
    } else {
        TRY(call_ask_hooks(t, name, call, actual, &found, err));
    }
    if (!found) return call_does_not_fit(named, actual, call, err);
    assert(call->kernel);
    call_set_nullable(call, actual);
    return ERR_OK;
}

Status
agg_resolve(const FuncTable *t, Str name, AggCall *call, Err *err)
{
    const AggDef *d = agg_find(t, name);
    if (!d) return call_unknown(t, name, call->pos, call->width, err);
    if (call->nargs < d->args_min || call->nargs > d->args_max) {
        Status st = err_set(err, W2005, call->pos, "aggregate \"%s\" does not take %u arguments",
                            d->name, call->nargs);
        err->width = call->width;
        return err_hint(err, st, "Write %s.", d->syntax);
    }
    call->def = d;
    TRY(d->bind(call, err));
    assert(call->fns && call->fns->update && call->fns->finish);
    return ERR_OK;
}
