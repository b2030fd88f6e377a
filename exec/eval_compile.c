/* eval_compile.c - from a tree of BoundExpr to a flat list of instructions.
 *
 * Equal subexpressions are computed once: `known` lists what registers hold, newest last, chained
 * by hash. A branch of AND, OR or CASE opens a scope; what was computed inside is forgotten at its
 * end, because the branch may be jumped over, and its registers and masks are used again. What was
 * computed outside may be used inside: a branch's lanes are always some of the lanes around it.
 *
 * Recursion is as deep as the expression, which the parser bounds. */
#include "base/hash.h"
#include "base/mem.h"
#include "exec/eval_program.h"

typedef struct KnownExpr {
    const BoundExpr *e;
    u64 hash;
    u32 reg;
    u32 next; /* of the same bucket, older; counted from 1, 0: none */
} KnownExpr;

typedef struct Compiler {
    EvalProgram *p;
    KnownExpr *known;
    u32 *buckets; /* known by hash, newest; counted from 1, 0: none */
    u32 nknown, known_cap, nbuckets;
    u32 regs, masks; /* in use now */
} Compiler;

typedef struct Scope {
    u32 nknown, regs, masks;
} Scope;

static u32 compile_expr(Compiler *c, const BoundExpr *e, u32 mask);

/* ---- equal expressions ---------------------------------------------------------------------- */

static u64
const_hash(const BoundExpr *e)
{
    const Vector *v = &e->constant;
    u64 h = hash_u64(e->type.kind, 1);
    if (vector_is_null(v, 0)) return h;
    if (!type_is(e->type, KIND_HEAP))
        return hash_bytes(v->data->bytes, type_slot_bytes[e->type.kind], h);
    Str text = strview_str(vector_data(v, const StrView));
    return hash_bytes(text.ptr, text.len, h);
}

static u64
expr_hash(const BoundExpr *e)
{
    u64 h = hash_u64((u64)e->kind, 7);
    if (e->kind == BOUND_COLUMN) return hash_u64(e->column, h);
    if (e->kind == BOUND_CONST) return hash_mix(h, const_hash(e));
    if (e->kind == BOUND_CALL) h = hash_u64((u64)(uintptr_t)e->call.kernel, h);
    for (u32 i = 0; i < e->nargs; i++) h = hash_u64(expr_hash(e->args[i]), h);
    return h;
}

static bool
const_equal(const BoundExpr *a, const BoundExpr *b)
{
    bool null_a = vector_is_null(&a->constant, 0);
    if (null_a != vector_is_null(&b->constant, 0)) return false;
    if (null_a) return true;
    const void *x = a->constant.data->bytes, *y = b->constant.data->bytes;
    if (type_is(a->type, KIND_HEAP)) return strview_eq(x, y);
    return memcmp(x, y, type_slot_bytes[a->type.kind]) == 0;
}

static bool
expr_equal(const BoundExpr *a, const BoundExpr *b)
{
    if (a == b) return true;
    if (a->kind != b->kind || !type_eq(a->type, b->type) || a->nargs != b->nargs) return false;
    if (a->kind == BOUND_COLUMN) return a->column == b->column;
    if (a->kind == BOUND_CONST) return const_equal(a, b);
    /* data is what bind() made of constant arguments, so equal arguments mean equal data, except
     * where a hook keeps the call's own type or place there: those differ in type. */
    if (a->kind == BOUND_CALL && (a->call.kernel != b->call.kernel || a->call.def != b->call.def))
        return false;
    for (u32 i = 0; i < a->nargs; i++) {
        if (!expr_equal(a->args[i], b->args[i])) return false;
    }
    return true;
}

static bool
expr_volatile(const BoundExpr *e)
{
    if (e->kind == BOUND_CALL && e->call.def && e->call.def->flags & FUNC_VOLATILE) return true;
    for (u32 i = 0; i < e->nargs; i++) {
        if (expr_volatile(e->args[i])) return true;
    }
    return false;
}

/* ---- emitting ------------------------------------------------------------------------------- */

static u32
reg_new(Compiler *c)
{
    u32 reg = c->regs++;
    c->p->nregs = MAX(c->p->nregs, c->regs);
    return reg;
}

static u32
mask_new(Compiler *c, u32 count)
{
    u32 mask = c->masks;
    c->masks += count;
    c->p->nmasks = MAX(c->p->nmasks, c->masks);
    return mask;
}

/* The returned number stays right when the list moves; pointers into it do not. */
static u32
emit(Compiler *c, EvalInstr in)
{
    mem_grow(c->p->at, c->p->len, c->p->cap);
    c->p->at[c->p->len] = in;
    return c->p->len++;
}

static bool
known_find(const Compiler *c, const BoundExpr *e, u64 hash, u32 *ret_reg)
{
    if (!c->nbuckets) return false;
    for (u32 at = c->buckets[hash & (c->nbuckets - 1)]; at; at = c->known[at - 1].next) {
        const KnownExpr *k = &c->known[at - 1];
        if (k->hash != hash || !expr_equal(k->e, e)) continue;
        *ret_reg = k->reg;
        return true;
    }
    return false;
}

static void
known_link(Compiler *c, u32 i)
{
    u32 *bucket = &c->buckets[c->known[i].hash & (c->nbuckets - 1)];
    c->known[i].next = *bucket;
    *bucket = i + 1;
}

static void
known_add(Compiler *c, const BoundExpr *e, u64 hash, u32 reg)
{
    mem_grow(c->known, c->nknown, c->known_cap);
    c->known[c->nknown++] = (KnownExpr){e, hash, reg, 0};
    if (c->nknown <= c->nbuckets) {
        known_link(c, c->nknown - 1);
        return;
    }
    c->nbuckets = c->nbuckets ? c->nbuckets * 2 : 64;
    mem_free(c->buckets);
    c->buckets = mem_array(u32, c->nbuckets);
    for (u32 i = 0; i < c->nknown; i++) known_link(c, i);
}

/* Newest first, so each is the first of its bucket. */
static void
known_forget(Compiler *c, u32 kept)
{
    while (c->nknown > kept) {
        const KnownExpr *k = &c->known[--c->nknown];
        c->buckets[k->hash & (c->nbuckets - 1)] = k->next;
    }
}

static void
compiler_done(Compiler *c)
{
    mem_free(c->known);
    mem_free(c->buckets);
}

static Scope
scope_open(const Compiler *c)
{
    return (Scope){c->nknown, c->regs, c->masks};
}

static void
scope_close(Compiler *c, Scope s)
{
    known_forget(c, s.nknown);
    c->regs = s.regs;
    c->masks = s.masks;
}

/* ---- AND, OR -------------------------------------------------------------------------------- */

static u32
compile_logic(Compiler *c, const BoundExpr *e, u32 mask)
{
    assert(e->nargs > 0);
    bool is_and = e->kind == BOUND_AND;
    u32 reg = reg_new(c);
    Scope outer = scope_open(c);
    u32 acc = mask_new(c, 2), inner = mask_new(c, 1);
    u32 first_step = 0;

    emit(c, (EvalInstr){.op = is_and ? EVAL_AND_START : EVAL_OR_START,
                        .mask = mask,
                        .inner = inner,
                        .acc = acc});
    for (u32 i = 0; i < e->nargs; i++) {
        Scope branch = scope_open(c);
        u32 src = compile_expr(c, e->args[i], i == 0 ? mask : inner);
        u32 step = emit(c, (EvalInstr){.op = is_and ? EVAL_AND_STEP : EVAL_OR_STEP,
                                       .src = src,
                                       .mask = mask,
                                       .inner = inner,
                                       .acc = acc});
        if (i == 0)
            first_step = step;
        else
            scope_close(c, branch);
    }
    u32 store = emit(c, (EvalInstr){.op = EVAL_ACC_STORE, .reg = reg, .acc = acc});
    for (u32 i = first_step; i < store; i++) {
        EvalInstr *in = &c->p->at[i];
        if ((in->op == EVAL_AND_STEP || in->op == EVAL_OR_STEP) && in->acc == acc) in->jump = store;
    }
    c->masks = outer.masks;
    return reg;
}

/* ---- CASE ----------------------------------------------------------------------------------- */

static u32
compile_case(Compiler *c, const BoundExpr *e, u32 mask)
{
    assert(e->nargs >= 2);
    u32 reg = reg_new(c);
    u32 masks_before = c->masks;
    u32 inner = mask_new(c, 1), hit = mask_new(c, 1);

    emit(c, (EvalInstr){.op = EVAL_CASE_START, .reg = reg, .mask = mask, .inner = inner, .e = e});
    for (u32 i = 0; i + 1 < e->nargs; i += 2) {
        Scope branch = scope_open(c);
        /* From the second condition on, everything may have been decided already. */
        u32 empty = i ? emit(c, (EvalInstr){.op = EVAL_JUMP_EMPTY, .inner = inner}) : 0;
        u32 cond = compile_expr(c, e->args[i], i ? inner : mask);
        u32 when =
            emit(c, (EvalInstr){.op = EVAL_CASE_WHEN, .src = cond, .inner = inner, .acc = hit});
        Scope value_scope = scope_open(c);
        u32 value = compile_expr(c, e->args[i + 1], hit);
        emit(c, (EvalInstr){.op = EVAL_CASE_FILL, .reg = reg, .src = value, .mask = hit});
        c->p->at[when].jump = c->p->len;
        if (i) c->p->at[empty].jump = c->p->len;
        scope_close(c, i ? branch : value_scope);
    }
    Scope branch = scope_open(c);
    u32 empty = emit(c, (EvalInstr){.op = EVAL_JUMP_EMPTY, .inner = inner});
    if (e->nargs % 2) {
        u32 value = compile_expr(c, e->args[e->nargs - 1], inner);
        emit(c, (EvalInstr){.op = EVAL_CASE_FILL, .reg = reg, .src = value, .mask = inner});
    } else {
        emit(c, (EvalInstr){.op = EVAL_CASE_NULL, .reg = reg, .inner = inner});
    }
    c->p->at[empty].jump = c->p->len;
    scope_close(c, branch);
    c->masks = masks_before;
    return reg;
}

/* ---- everything ----------------------------------------------------------------------------- */

static u32
compile_call(Compiler *c, const BoundExpr *e, u32 mask)
{
    u32 *args = arena_array(c->p->arena, u32, e->nargs + 1);
    for (u32 i = 0; i < e->nargs; i++) args[i] = compile_expr(c, e->args[i], mask);
    c->p->nargs_max = MAX(c->p->nargs_max, e->nargs);
    u32 reg = reg_new(c);
    emit(c,
         (EvalInstr){
             .op = EVAL_CALL, .reg = reg, .mask = mask, .e = e, .nargs = e->nargs, .args = args});
    return reg;
}

static u32
compile_leaf(Compiler *c, const BoundExpr *e, EvalOp op)
{
    u32 reg = reg_new(c);
    emit(c, (EvalInstr){.op = op, .reg = reg, .e = e});
    return reg;
}

static u32
compile_expr(Compiler *c, const BoundExpr *e, u32 mask)
{
    u64 hash = expr_hash(e);
    u32 reg = 0;
    if (known_find(c, e, hash, &reg)) return reg;

    switch (e->kind) {
    case BOUND_COLUMN:
        reg = compile_leaf(c, e, EVAL_COLUMN);
        break;
    case BOUND_CONST:
        reg = compile_leaf(c, e, EVAL_CONST);
        break;
    case BOUND_CALL:
        reg = compile_call(c, e, mask);
        break;
    case BOUND_AND:
    case BOUND_OR:
        reg = compile_logic(c, e, mask);
        break;
    case BOUND_CASE:
        reg = compile_case(c, e, mask);
        break;
    }
    if (!expr_volatile(e)) known_add(c, e, hash, reg);
    return reg;
}

static EvalProgram *
program_new(Compiler *c, const Session *session)
{
    EvalProgram *p = mem_make(EvalProgram);
    p->arena = arena_new();
    p->session = session;
    p->nmasks = 1;
    *c = (Compiler){.p = p, .masks = 1};
    return p;
}

EvalProgram *
eval_compile(BoundExpr *const *exprs, u32 n, const Session *session)
{
    Compiler c;
    EvalProgram *p = program_new(&c, session);
    p->nresults = n;
    p->results = arena_array(p->arena, u32, n + 1);
    for (u32 i = 0; i < n; i++) p->results[i] = compile_expr(&c, exprs[i], 0);
    compiler_done(&c);
    return p;
}

/* A filter needs no three-valued result: each conjunct takes lanes off one mask. */
EvalProgram *
eval_compile_filter(BoundExpr *cond, const Session *session)
{
    assert(cond->type.kind == TYPE_BOOLEAN);
    Compiler c;
    EvalProgram *p = program_new(&c, session);
    u32 n = cond->kind == BOUND_AND ? cond->nargs : 1;
    p->filter_mask = mask_new(&c, 1);
    for (u32 i = 0; i < n; i++) {
        const BoundExpr *e = cond->kind == BOUND_AND ? cond->args[i] : cond;
        u32 mask = i ? p->filter_mask : 0;
        u32 src = compile_expr(&c, e, mask);
        emit(&c, (EvalInstr){.op = EVAL_FILTER, .src = src, .mask = mask, .inner = p->filter_mask});
    }
    for (u32 i = 0; i < p->len; i++) {
        if (p->at[i].op == EVAL_FILTER) p->at[i].jump = p->len;
    }
    compiler_done(&c);
    return p;
}

void
eval_program_free(EvalProgram *p)
{
    if (!p) return;
    arena_free(p->arena);
    mem_free(p->at);
    mem_free(p);
}

/* ---- printing ---------------------------------------------------------------------------------
 */

static const char *const op_text[] = {
    [EVAL_COLUMN] = "column",
    [EVAL_CONST] = "const",
    [EVAL_CALL] = "call",
    [EVAL_AND_START] = "and_start",
    [EVAL_AND_STEP] = "and_step",
    [EVAL_OR_START] = "or_start",
    [EVAL_OR_STEP] = "or_step",
    [EVAL_ACC_STORE] = "store",
    [EVAL_CASE_START] = "case_start",
    [EVAL_CASE_WHEN] = "when",
    [EVAL_CASE_FILL] = "fill",
    [EVAL_CASE_NULL] = "fill_null",
    [EVAL_JUMP_EMPTY] = "jump_empty",
    [EVAL_FILTER] = "filter",
};

void
eval_print(const EvalProgram *p, StrBuf *out)
{
    for (u32 i = 0; i < p->len; i++) {
        const EvalInstr *in = &p->at[i];
        strbuf_printf(out, "%u: ", i);
        switch (in->op) {
        case EVAL_COLUMN:
            strbuf_printf(out, "r%u = column %u", in->reg, in->e->column);
            break;
        case EVAL_CONST:
            strbuf_printf(out, "r%u = const", in->reg);
            break;
        case EVAL_CALL:
            strbuf_printf(out, "r%u = %s(", in->reg, in->e->call.def ? in->e->call.def->name : "?");
            for (u32 k = 0; k < in->nargs; k++)
                strbuf_printf(out, "%sr%u", k ? ", " : "", in->args[k]);
            strbuf_char(out, ')');
            if (in->mask) strbuf_printf(out, " under m%u", in->mask);
            break;
        case EVAL_AND_START:
        case EVAL_AND_STEP:
        case EVAL_OR_START:
        case EVAL_OR_STEP:
        case EVAL_ACC_STORE:
        case EVAL_CASE_START:
        case EVAL_CASE_WHEN:
        case EVAL_CASE_FILL:
        case EVAL_CASE_NULL:
        case EVAL_JUMP_EMPTY:
        case EVAL_FILTER:
            strbuf_printf(out, "%s r%u r%u m%u m%u", op_text[in->op], in->reg, in->src, in->mask,
                          in->inner);
            if (in->jump) strbuf_printf(out, " else %u", in->jump);
            break;
        }
        strbuf_char(out, '\n');
    }
}
