/* eval.c - runs a flat expression program over one batch.
 *
 *   regs     one column per register: shared with the batch, a constant, or computed
 *   spare    the buffer that a register's last value lived in, for the next batch: a filter and
 *            the inside of an expression allocate nothing after the first batch
 *   masks    64 lanes a word; mask 0 is all lanes
 *   memo     per call over a dictionary: the dictionary seen last and the result over its values
 *
 * The forms: constants are computed once, in one lane; a pure call that cannot fail over exactly
 * one dictionary is computed once per value and stays a dictionary; else dictionaries are laid
 * flat. The instructions are eval_compile.c's. */
#include "base/mem.h"
#include "exec/eval_program.h"
#include "exec/kernels/kernels.h"

typedef u64 EvalMask[BATCH_MASK_WORDS];

typedef struct DictMemo {
    Vector arg;    /* holds the dictionary that result was computed from */
    Vector result; /* DICT over the computed values */
} DictMemo;

struct EvalState {
    const EvalProgram *p;
    const KernelTable *kernels;
    Vector *regs;
    Buf **spare;
    EvalMask *masks;
    DictMemo *memo;       /* per instruction */
    EvalScratch *scratch; /* per instruction */
    Vector *args;         /* borrowed views, for the call at hand */
    const Batch *batch;
    u32 rows;
    u64 row_base; /* EvalCtx.row_base */
    u64 next_row; /* of the next batch, if it is of the same chunk */
};

EvalState *
eval_state_new(const EvalProgram *p)
{
    EvalState *s = mem_make(EvalState);
    s->p = p;
    s->kernels = kernel_table();
    s->regs = mem_array(Vector, p->nregs + 1);
    s->spare = mem_array(Buf *, p->nregs + 1);
    s->masks = mem_array(EvalMask, p->nmasks);
    s->memo = mem_array(DictMemo, p->len + 1);
    s->scratch = mem_array(EvalScratch, p->len + 1);
    s->args = mem_array(Vector, p->nargs_max + 1);
    return s;
}

void
eval_state_free(EvalState *s)
{
    if (!s) return;
    for (u32 i = 0; i < s->p->nregs; i++) {
        vector_done(&s->regs[i]);
        buf_unref(s->spare[i]);
    }
    for (u32 i = 0; i < s->p->len; i++) {
        vector_done(&s->memo[i].arg);
        vector_done(&s->memo[i].result);
        if (s->scratch[i].free) s->scratch[i].free(s->scratch[i].ptr);
    }
    mem_free(s->scratch);
    mem_free(s->regs);
    mem_free(s->spare);
    mem_free(s->masks);
    mem_free(s->memo);
    mem_free(s->args);
    mem_free(s);
}

/* ---- registers ------------------------------------------------------------------------------ */

/* Empty the register, keeping its buffer when nobody else holds it. */
static void
reg_clear(EvalState *s, u32 reg)
{
    Vector *v = &s->regs[reg];
    if (v->form == VEC_FLAT && v->data && v->data->refs == 1) {
        buf_unref(s->spare[reg]);
        s->spare[reg] = v->data;
        v->data = NULL;
    }
    vector_done(v);
}

static void
reg_set(EvalState *s, u32 reg, Vector v)
{
    reg_clear(s, reg);
    s->regs[reg] = v;
}

/* A FLAT column to be written, in the register's old buffer if that is large enough. */
static Vector
reg_room(EvalState *s, u32 reg, Type type, u32 n)
{
    reg_clear(s, reg);
    size_t bytes = (size_t)n * type_slot_bytes[type.kind];
    Buf *spare = s->spare[reg];
    if (!spare || spare->cap < bytes) return vector_new(type, n);
    s->spare[reg] = NULL;
    if (type_is(type, KIND_HEAP)) memset(spare->bytes, 0, bytes);
    return (Vector){.type = type, .form = VEC_FLAT, .len = n, .data = spare};
}

/* ---- masks ------------------------------------------------------------------------------------
 */

static u32
mask_words(const EvalState *s)
{
    return (s->rows + 63) / 64;
}

static void
mask_fill(const EvalState *s, u64 *mask, bool on)
{
    u32 words = mask_words(s);
    memset(mask, on ? 0xFF : 0, words * sizeof *mask);
    if (on && s->rows % 64) mask[words - 1] = ((u64)1 << s->rows % 64) - 1;
}

static bool
mask_empty(const EvalState *s, const u64 *mask)
{
    u64 any = 0;
    for (u32 i = 0; i < mask_words(s); i++) any |= mask[i];
    return any == 0;
}

static bool
mask_full(const EvalState *s, const u64 *mask)
{
    return memcmp(mask, s->masks[0], mask_words(s) * sizeof *mask) == 0;
}

/* The lanes where a BOOLEAN register is TRUE, and those where it is FALSE. */
static void
reg_bits(EvalState *s, u32 reg, u64 *yes, u64 *no)
{
    Vector *v = &s->regs[reg];
    if (v->form == VEC_DICT) vector_flatten(v);
    if (v->form == VEC_CONST) {
        bool null = vector_is_null(v, 0), value = *vector_data(v, const u8) != 0;
        mask_fill(s, yes, !null && value);
        mask_fill(s, no, !null && !value);
        return;
    }
    s->kernels->pack(vector_data(v, const u8), s->rows, yes);
    const u64 *valid = vector_valid(v);
    for (u32 i = 0; i < mask_words(s); i++) {
        u64 lanes = valid ? valid[i] & s->masks[0][i] : s->masks[0][i];
        no[i] = ~yes[i] & lanes;
        yes[i] &= lanes;
    }
}

/* ---- calls
 * --------------------------------------------------------------------------------------- */

/* Strict validity: a lane has a value where all arguments have one. */
static void
valid_and(Vector *out, const Vector *args, u32 nargs)
{
    for (u32 i = 0; i < nargs; i++) {
        if (args[i].form == VEC_CONST || !args[i].valid) continue;
        if (!out->valid) {
            out->valid = buf_ref(args[i].valid);
            continue;
        }
        if (out->valid == args[i].valid) continue;
        vector_own_valid(out);
        u64 *valid = vector_valid(out);
        const u64 *other = vector_valid(&args[i]);
        for (u32 w = 0; w < (out->len + 63) / 64; w++) valid[w] &= other[w];
    }
}

static EvalCtx
call_ctx(const EvalState *s, const EvalInstr *in, u32 rows)
{
    return (EvalCtx){
        .session = s->p->session,
        .rows = rows,
        .active = in->mask ? s->masks[in->mask] : NULL,
        .proc_time_us = s->batch->proc_time_us,
        .data = in->e->call.data,
        .pos = in->e->pos,
        .width = in->e->width,
        .row_base = s->row_base,
        .scratch = &s->scratch[in - s->p->at],
    };
}

static Status
call_const(EvalState *s, const EvalInstr *in, bool strict, Err *err)
{
    EvalCtx ctx = call_ctx(s, in, 1);
    ctx.active = NULL; /* somebody is active, or the branch would have been jumped over */
    Vector out = vector_new(in->e->type, 1);
    if (strict) valid_and(&out, s->args, in->nargs);
    Status st = in->e->call.kernel(&ctx, s->args, in->nargs, &out, err);
    if (st) {
        vector_done(&out);
        return st;
    }
    out.form = VEC_CONST;
    out.len = s->rows;
    reg_set(s, in->reg, out);
    return ERR_OK;
}

static Status
call_flat(EvalState *s, const EvalInstr *in, bool strict, Err *err)
{
    for (u32 i = 0; i < in->nargs; i++) {
        if (s->args[i].form != VEC_DICT) continue;
        vector_flatten(&s->regs[in->args[i]]);
        s->args[i] = s->regs[in->args[i]];
    }
    EvalCtx ctx = call_ctx(s, in, s->rows);
    Vector out = reg_room(s, in->reg, in->e->type, s->rows);
    if (strict) valid_and(&out, s->args, in->nargs);
    Status st = in->e->call.kernel(&ctx, s->args, in->nargs, &out, err);
    if (st)
        vector_done(&out);
    else
        s->regs[in->reg] = out;
    return st;
}

/* NULLs that a kernel made of dictionary values move to the lanes that use those values. */
static void
dict_nulls_to_lanes(Vector *v, const Buf *nulls)
{
    const u64 *value_valid = (const u64 *)(const void *)nulls->bytes;
    const u32 *codes = vector_data(v, const u32);
    vector_own_valid(v);
    u64 *valid = vector_valid(v);
    for (u32 i = 0; i < v->len; i++) {
        if (!bit_get(value_valid, codes[i])) bit_clear(valid, i);
    }
}

static Status
call_dict(EvalState *s, const EvalInstr *in, u32 dict_arg, Err *err)
{
    Vector arg = s->args[dict_arg];
    DictMemo *memo = &s->memo[in - s->p->at];
    if (memo->arg.dict == arg.dict) {
        Vector same = vector_share(&memo->result);
        buf_unref(same.data);
        same.data = buf_ref(arg.data);
        buf_unref(same.valid);
        same.valid = buf_ref(arg.valid);
        same.len = arg.len;
        reg_set(s, in->reg, same);
        return ERR_OK;
    }

    EvalCtx ctx = call_ctx(s, in, arg.dict->len);
    ctx.active = NULL; /* such a call cannot fail */
    Vector values = vector_new(in->e->type, arg.dict->len);
    s->args[dict_arg] = *arg.dict;
    Status st = in->e->call.kernel(&ctx, s->args, in->nargs, &values, err);
    assert(st == ERR_OK);
    Buf *nulls = values.valid;
    values.valid = NULL;
    Vector out = vector_dict(buf_ref(arg.data), arg.len, values);
    out.valid = buf_ref(arg.valid);
    if (nulls) {
        dict_nulls_to_lanes(&out, nulls);
        buf_unref(nulls);
    } else {
        vector_done(&memo->arg);
        vector_done(&memo->result);
        memo->arg = vector_share(&arg);
        memo->result = vector_share(&out);
    }
    reg_set(s, in->reg, out);
    return st;
}

static Status
run_call(EvalState *s, const EvalInstr *in, Err *err)
{
    const FuncDef *def = in->e->call.def;
    u32 flags = def->flags;
    bool strict = !(flags & FUNC_NULLS);
    u32 flat = 0, dicts = 0, dict_arg = 0;
    for (u32 i = 0; i < in->nargs; i++) {
        Vector v = s->args[i] = s->regs[in->args[i]];
        if (v.form == VEC_DICT)
            dicts++, dict_arg = i;
        else if (v.form == VEC_FLAT)
            flat++;
        else if (strict && vector_is_null(&v, 0)) {
            reg_set(s, in->reg, vector_null(in->e->type, s->rows));
            return ERR_OK;
        }
    }
    if (flat + dicts == 0 && !(flags & FUNC_VOLATILE)) return call_const(s, in, strict, err);
    if (dicts == 1 && flat == 0 && strict && !(flags & (FUNC_VOLATILE | FUNC_CAN_FAIL)) &&
        s->args[dict_arg].dict->len <= s->rows)
        return call_dict(s, in, dict_arg, err);
    return call_flat(s, in, strict, err);
}

/* ---- AND, OR
 * --------------------------------------------------------------------------------------- */

static void
run_logic_start(EvalState *s, const EvalInstr *in)
{
    bool is_and = in->op == EVAL_AND_START;
    mask_fill(s, s->masks[in->acc], is_and);
    mask_fill(s, s->masks[in->acc + 1], !is_and);
    memcpy(s->masks[in->inner], s->masks[in->mask], sizeof(EvalMask));
}

static void
run_logic_step(EvalState *s, const EvalInstr *in)
{
    bool is_and = in->op == EVAL_AND_STEP;
    u64 *yes = s->masks[in->acc], *no = s->masks[in->acc + 1];
    const u64 *mask = s->masks[in->mask];
    u64 *inner = s->masks[in->inner];
    EvalMask src_yes, src_no;
    reg_bits(s, in->src, src_yes, src_no);
    for (u32 i = 0; i < mask_words(s); i++) {
        yes[i] = is_and ? yes[i] & src_yes[i] : yes[i] | src_yes[i];
        no[i] = is_and ? no[i] | src_no[i] : no[i] & src_no[i];
        inner[i] = mask[i] & ~(is_and ? no[i] : yes[i]);
    }
}

static void
run_acc_store(EvalState *s, const EvalInstr *in)
{
    const u64 *yes = s->masks[in->acc], *no = s->masks[in->acc + 1];
    Vector out = reg_room(s, in->reg, type_of(TYPE_BOOLEAN), s->rows);
    s->kernels->unpack(yes, s->rows, vector_data(&out, u8));
    u64 unknown = 0;
    for (u32 i = 0; i < mask_words(s); i++) unknown |= s->masks[0][i] & ~(yes[i] | no[i]);
    if (unknown) {
        vector_own_valid(&out);
        u64 *valid = vector_valid(&out);
        for (u32 i = 0; i < mask_words(s); i++) valid[i] = yes[i] | no[i];
    }
    s->regs[in->reg] = out;
}

/* ---- CASE
 * --------------------------------------------------------------------------------------------- */

static void
run_case_start(EvalState *s, const EvalInstr *in)
{
    Vector out = reg_room(s, in->reg, in->e->type, s->rows);
    /* Lanes of an inactive branch are never filled, yet stay readable. */
    memset(out.data->bytes, 0, (size_t)s->rows * type_slot_bytes[out.type.kind]);
    s->regs[in->reg] = out;
    memcpy(s->masks[in->inner], s->masks[in->mask], sizeof(EvalMask));
}

static void
run_case_when(EvalState *s, const EvalInstr *in)
{
    u64 *inner = s->masks[in->inner], *hit = s->masks[in->acc];
    EvalMask yes, no;
    reg_bits(s, in->src, yes, no);
    for (u32 i = 0; i < mask_words(s); i++) {
        hit[i] = inner[i] & yes[i];
        inner[i] &= ~yes[i];
    }
}

/* For every lane i of mask: slot i of dst is slot i (or 0, if step is 0) of src. */
#define FILL(T)                                                                                    \
    do {                                                                                           \
        T *dp = (T *)(void *)dst;                                                                  \
        const T *sp = (const T *)(const void *)src;                                                \
        for (u32 w = 0; w < words; w++) {                                                          \
            for (u64 m = mask[w]; m; m &= m - 1) {                                                 \
                u32 i = w * 64 + (u32)__builtin_ctzll(m);                                          \
                dp[i] = sp[i * step];                                                              \
            }                                                                                      \
        }                                                                                          \
    } while (0)

static void
slots_fill(u8 *dst, const u8 *src, u32 slot_bytes, u32 step, const u64 *mask, u32 words)
{
    switch (slot_bytes) {
    case 1:
        FILL(u8);
        break;
    case 2:
        FILL(u16);
        break;
    case 4:
        FILL(u32);
        break;
    case 8:
        FILL(u64);
        break;
    default:
        FILL(i128);
        break;
    }
}
#undef FILL

static void
case_nulls(EvalState *s, Vector *out, const Vector *src, const u64 *mask)
{
    if (!src->valid) return;
    vector_own_valid(out);
    u64 *valid = vector_valid(out);
    const u64 *other = vector_valid(src);
    for (u32 i = 0; i < mask_words(s); i++) {
        u64 lanes = src->form == VEC_CONST ? (other[0] & 1 ? ~(u64)0 : 0) : other[i];
        valid[i] = (valid[i] & ~mask[i]) | (lanes & mask[i]);
    }
}

static void
run_case_fill(EvalState *s, const EvalInstr *in)
{
    const u64 *mask = s->masks[in->mask];
    Vector *src = &s->regs[in->src];
    if (mask_full(s, mask)) { /* everybody came here: nothing else was or will be filled */
        reg_set(s, in->reg, vector_share(src));
        return;
    }
    if (src->form == VEC_DICT) vector_flatten(src);
    Vector *out = &s->regs[in->reg];
    case_nulls(s, out, src, mask);
    slots_fill(out->data->bytes, src->data->bytes, type_slot_bytes[out->type.kind],
               src->form == VEC_CONST ? 0 : 1, mask, mask_words(s));
    if (src->heap && src->heap != out->heap) {
        if (!out->heap) out->heap = strheap_new();
        strheap_keep(out->heap, src->heap);
    }
}

static void
run_case_null(EvalState *s, const EvalInstr *in)
{
    Vector *out = &s->regs[in->reg];
    vector_own_valid(out);
    u64 *valid = vector_valid(out);
    for (u32 i = 0; i < mask_words(s); i++) valid[i] &= ~s->masks[in->inner][i];
}

/* ---- the loop
 * ------------------------------------------------------------------------------------------- */

static void
run_filter(EvalState *s, const EvalInstr *in)
{
    EvalMask yes, no;
    reg_bits(s, in->src, yes, no);
    for (u32 i = 0; i < mask_words(s); i++) s->masks[in->inner][i] = s->masks[in->mask][i] & yes[i];
}

/* Runs one instruction; true in *ret_jump if its jump is to be taken. */
static Status
run_instr(EvalState *s, const EvalInstr *in, bool *ret_jump, Err *err)
{
    *ret_jump = false;
    switch (in->op) {
    case EVAL_COLUMN:
        assert(in->e->column < s->batch->cols);
        reg_set(s, in->reg, vector_share(&s->batch->col[in->e->column]));
        break;
    case EVAL_CONST: {
        Vector v = vector_share(&in->e->constant);
        v.len = s->rows;
        reg_set(s, in->reg, v);
        break;
    }
    case EVAL_CALL:
        return run_call(s, in, err);
    case EVAL_AND_START:
    case EVAL_OR_START:
        run_logic_start(s, in);
        break;
    case EVAL_AND_STEP:
    case EVAL_OR_STEP:
        run_logic_step(s, in);
        *ret_jump = mask_empty(s, s->masks[in->inner]);
        break;
    case EVAL_ACC_STORE:
        run_acc_store(s, in);
        break;
    case EVAL_CASE_START:
        run_case_start(s, in);
        break;
    case EVAL_CASE_WHEN:
        run_case_when(s, in);
        *ret_jump = mask_empty(s, s->masks[in->acc]);
        break;
    case EVAL_CASE_FILL:
        run_case_fill(s, in);
        break;
    case EVAL_CASE_NULL:
        run_case_null(s, in);
        break;
    case EVAL_JUMP_EMPTY:
        *ret_jump = mask_empty(s, s->masks[in->inner]);
        break;
    case EVAL_FILTER:
        run_filter(s, in);
        *ret_jump = mask_empty(s, s->masks[in->inner]);
        break;
    }
    return ERR_OK;
}

static Status
program_run(EvalState *s, const Batch *b, Err *err)
{
    assert(b->rows > 0 && b->rows <= BATCH_ROWS_MAX);
    s->batch = b;
    s->rows = b->rows;
    s->row_base = s->next_row >> 32 == b->seq ? s->next_row : b->seq << 32;
    s->next_row = s->row_base + b->rows;
    mask_fill(s, s->masks[0], true);
    u32 at = 0;
    while (at < s->p->len) {
        const EvalInstr *in = &s->p->at[at];
        bool jump;
        TRY(run_instr(s, in, &jump, err));
        at = jump ? in->jump : at + 1;
    }
    return ERR_OK;
}

static void
regs_clear(EvalState *s)
{
    for (u32 i = 0; i < s->p->nregs; i++) reg_clear(s, i);
    s->batch = NULL;
}

Status
eval_run(EvalState *s, const Batch *b, Vector *ret_vectors, Err *err)
{
    assert(s->p->results);
    Status st = program_run(s, b, err);
    for (u32 i = 0; i < s->p->nresults && !st; i++)
        ret_vectors[i] = vector_share(&s->regs[s->p->results[i]]);
    regs_clear(s);
    return st;
}

Status
eval_filter(EvalState *s, const Batch *b, u16 *ret_rows, u32 *ret_n, Err *err)
{
    assert(s->p->filter_mask);
    Status st = program_run(s, b, err);
    if (!st) *ret_n = s->kernels->select(s->masks[s->p->filter_mask], s->rows, ret_rows);
    regs_clear(s);
    return st;
}

Status
eval_const(BoundExpr *e, const Session *session, Vector *ret, Err *err)
{
    EvalProgram *p = eval_compile(&e, 1, session);
    EvalState *s = eval_state_new(p);
    Batch *b = batch_new(0, 1);
    b->proc_time_us = session ? session->start_time_us : 0;
    Vector v = {0};
    Status st = eval_run(s, b, &v, err);
    if (!st) {
        vector_flatten(&v);
        v.form = VEC_CONST;
        *ret = v;
    }
    batch_free(b);
    eval_state_free(s);
    eval_program_free(p);
    return st;
}
