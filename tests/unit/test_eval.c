/* test_eval.c - expression programs over small batches: forms, masks, shared subexpressions,
 * filters, and the loops over masks. */
#include "base/rng.h"
#include "exec/eval.h"
#include "exec/funcs/funcs.h"
#include "exec/kernels/kernels.h"
#include "tests/unit/test.h"

static Arena *arena;
static const Session session = {.seed = 1};

/* ---- building expressions by hand ------------------------------------------------------------ */

static BoundExpr *
expr_new(BoundExprKind kind, Type type, u32 nargs)
{
    BoundExpr *e = arena_make(arena, BoundExpr);
    *e = (BoundExpr){.kind = kind, .type = type, .nargs = nargs, .pos = 3, .width = 2};
    e->args = arena_array(arena, BoundExpr *, nargs + 1);
    return e;
}

static BoundExpr *
col(u32 column, TypeKind kind)
{
    BoundExpr *e = expr_new(BOUND_COLUMN, kind == TYPE_VARCHAR ? type_string() : type_of(kind), 0);
    e->column = column;
    return e;
}

/* What the constants of a test hold, dropped by done(). */
static Vector *constants[256];
static u32 nconstants;

static BoundExpr *
constant(Type type, const void *slot)
{
    BoundExpr *e = expr_new(BOUND_CONST, type, 0);
    e->constant = slot ? vector_const(type, 1, slot) : vector_null(type, 1);
    constants[nconstants++] = &e->constant;
    return e;
}

static BoundExpr *
num(i64 v)
{
    return constant(type_of(TYPE_BIGINT), &v);
}

static BoundExpr *
text(const char *s)
{
    StrView v = strview_make(s, (u32)strlen(s));
    return constant(type_string(), &v);
}

static BoundExpr *
call(const char *name, BoundExpr *a, BoundExpr *b)
{
    BoundExpr *args[2] = {a, b};
    u32 n = b ? 2 : 1;
    FuncCall c = {.arena = arena,
                  .session = &session,
                  .nargs = n,
                  .arg_type = arena_array(arena, Type, n),
                  .constant = arena_array(arena, const Vector *, n)};
    for (u32 i = 0; i < n; i++) {
        c.arg_type[i] = args[i]->type;
        if (args[i]->kind == BOUND_CONST) c.constant[i] = &args[i]->constant;
    }
    Err err;
    Status st = func_resolve(&exec_func_table, str_from(name), &c, &err);
    assert(st == ERR_OK);
    BoundExpr *e = expr_new(BOUND_CALL, c.ret, n);
    for (u32 i = 0; i < n; i++) e->args[i] = args[i];
    e->call.def = c.def;
    e->call.kernel = c.kernel;
    e->call.data = c.data;
    return e;
}

static BoundExpr *
many(BoundExprKind kind, Type type, u32 n, BoundExpr **args)
{
    BoundExpr *e = expr_new(kind, type, n);
    for (u32 i = 0; i < n; i++) e->args[i] = args[i];
    return e;
}
#define MANY(kind, type, ...)                                                                      \
    many(kind, type_of(type), sizeof((BoundExpr *[]){__VA_ARGS__}) / sizeof(BoundExpr *),          \
         (BoundExpr *[]){__VA_ARGS__})

/* ---- batches
 * ------------------------------------------------------------------------------------- */

/* Column 0: BIGINT 0, 1, 2, ..., NULL where i % 7 == 6. Column 1: a dictionary of three texts.
 * Column 2: BIGINT i % 3. */
static Batch *
batch_make(u32 rows)
{
    static const char *const words[] = {"weir", "a longer text than twelve bytes", "x"};
    Batch *b = batch_new(3, rows);
    b->col[0] = vector_new(type_of(TYPE_BIGINT), rows);
    b->col[2] = vector_new(type_of(TYPE_BIGINT), rows);
    Buf *codes = buf_new(rows * sizeof(u32));
    Vector values = vector_new(type_string(), 3);
    for (u32 i = 0; i < 3; i++) vector_set_str(&values, i, words[i], (u32)strlen(words[i]));
    for (u32 i = 0; i < rows; i++) {
        vector_data(&b->col[0], i64)[i] = i;
        vector_data(&b->col[2], i64)[i] = i % 3;
        buf_data(codes, u32)[i] = i % 3;
    }
    for (u32 i = 6; i < rows; i += 7) vector_set_null(&b->col[0], i);
    b->col[1] = vector_dict(codes, rows, values);
    return b;
}

static Status
run(BoundExpr *e, u32 rows, Vector *ret, Err *err)
{
    EvalProgram *p = eval_compile(&e, 1, &session);
    EvalState *s = eval_state_new(p);
    Batch *b = batch_make(rows);
    Status st = eval_run(s, b, ret, err);
    if (!st) vector_check(ret);
    batch_free(b);
    eval_state_free(s);
    eval_program_free(p);
    return st;
}

static void
begin(void)
{
    arena = arena_new();
    nconstants = 0;
}

static void
done(void)
{
    for (u32 i = 0; i < nconstants; i++) vector_done(constants[i]);
    arena_free(arena);
}

/* ---- tests
 * ------------------------------------------------------------------------------------------ */

static void
columns_are_shared(void)
{
    begin();
    Vector v;
    Err err;
    CHECK(run(col(1, TYPE_VARCHAR), 10, &v, &err) == ERR_OK);
    CHECK(v.form == VEC_DICT && v.len == 10);
    vector_done(&v);
    done();
}

static void
nulls_pass_through_arithmetic(void)
{
    begin();
    Vector v;
    Err err;
    for (u32 rows = 1; rows <= BATCH_ROWS_MAX; rows = rows * 3 + 1) {
        CHECK(run(call("+", col(0, TYPE_BIGINT), num(10)), rows, &v, &err) == ERR_OK);
        for (u32 i = 0; i < rows; i++) {
            const i64 *x = vector_at(&v, i);
            CHECK(i % 7 == 6 ? x == NULL : x && *x == i + 10);
        }
        vector_done(&v);
    }
    done();
}

static void
constants_compute_one_lane(void)
{
    begin();
    Vector v;
    Err err;
    CHECK(run(call("*", num(6), num(7)), 100, &v, &err) == ERR_OK);
    CHECK(v.form == VEC_CONST && v.len == 100 && *(const i64 *)vector_at(&v, 99) == 42);
    vector_done(&v);
    CHECK(run(call("+", num(1), constant(type_of(TYPE_BIGINT), NULL)), 5, &v, &err) == ERR_OK);
    CHECK(v.form == VEC_CONST && vector_at(&v, 4) == NULL);
    vector_done(&v);
    done();
}

static void
dictionaries_stay_dictionaries(void)
{
    begin();
    Vector v;
    Err err;
    CHECK(run(call("UPPER", col(1, TYPE_VARCHAR), NULL), 50, &v, &err) == ERR_OK);
    CHECK(v.form == VEC_DICT && v.dict->len == 3);
    const StrView *x = vector_at(&v, 1);
    CHECK(str_eq(strview_str(x), STR("A LONGER TEXT THAN TWELVE BYTES")));
    vector_done(&v);
    /* More values than rows: not worth it. */
    CHECK(run(call("UPPER", col(1, TYPE_VARCHAR), NULL), 2, &v, &err) == ERR_OK);
    CHECK(v.form == VEC_FLAT);
    vector_done(&v);
    /* A NULL that a function makes of a value reaches the rows that hold it: none of these
     * texts is hexadecimal. */
    CHECK(run(call("UNHEX", col(1, TYPE_VARCHAR), NULL), 9, &v, &err) == ERR_OK);
    CHECK(v.form == VEC_DICT);
    for (u32 i = 0; i < 9; i++) CHECK(vector_at(&v, i) == NULL);
    vector_done(&v);
    done();
}

static void
dictionary_results_are_kept(void)
{
    begin();
    BoundExpr *e = call("UPPER", col(1, TYPE_VARCHAR), NULL);
    EvalProgram *p = eval_compile(&e, 1, &session);
    EvalState *s = eval_state_new(p);
    Batch *b = batch_make(30);
    Vector first, second;
    Err err;
    CHECK(eval_run(s, b, &first, &err) == ERR_OK);
    CHECK(eval_run(s, b, &second, &err) == ERR_OK);
    CHECK(first.dict == second.dict);
    vector_done(&first);
    vector_done(&second);
    batch_free(b);
    eval_state_free(s);
    eval_program_free(p);
    done();
}

/* c2 <> 0 AND 10 / c2 > 5: rows where c2 is 0 would divide by it. */
static void
and_guards_division(void)
{
    begin();
    Vector v;
    Err err = {0};
    BoundExpr *divide = call(">", call("/", num(10), col(2, TYPE_BIGINT)), num(5));
    BoundExpr *guard = call("<>", col(2, TYPE_BIGINT), num(0));
    CHECK(run(MANY(BOUND_AND, TYPE_BOOLEAN, guard, divide), 40, &v, &err) == ERR_OK);
    for (u32 i = 0; i < 40; i++) CHECK(*(const u8 *)vector_at(&v, i) == (i % 3 == 1));
    vector_done(&v);
    CHECK(run(MANY(BOUND_AND, TYPE_BOOLEAN, divide, guard), 40, &v, &err) == ERR_RUN);
    CHECK(err.code == W3001 && err.pos == 3 && err.width == 2);
    done();
}

static void
logic_is_three_valued(void)
{
    static const u8 no = 0, yes = 1;
    const u8 *const values[] = {&no, &yes, NULL};
    begin();
    for (u32 i = 0; i < 9; i++) {
        const u8 *a = values[i / 3], *b = values[i % 3];
        Type t = type_of(TYPE_BOOLEAN);
        Vector v;
        Err err;
        CHECK(run(MANY(BOUND_AND, TYPE_BOOLEAN, constant(t, a), constant(t, b)), 3, &v, &err) == 0);
        const u8 *x = vector_at(&v, 2);
        bool is_no = (a && !*a) || (b && !*b);
        CHECK(is_no ? x && !*x : a && b ? x && *x : !x);
        vector_done(&v);
        CHECK(run(MANY(BOUND_OR, TYPE_BOOLEAN, constant(t, a), constant(t, b)), 3, &v, &err) == 0);
        x = vector_at(&v, 2);
        bool is_yes = (a && *a) || (b && *b);
        CHECK(is_yes ? x && *x : a && b ? x && !*x : !x);
        vector_done(&v);
    }
    done();
}

/* CASE WHEN c2 = 0 THEN -1 WHEN c0 < 20 THEN 100 / c2 END */
static void
case_fills_lane_by_lane(void)
{
    begin();
    Vector v;
    Err err;
    BoundExpr *e =
        MANY(BOUND_CASE, TYPE_BIGINT, call("=", col(2, TYPE_BIGINT), num(0)), num(-1),
             call("<", col(0, TYPE_BIGINT), num(20)), call("/", num(100), col(2, TYPE_BIGINT)));
    CHECK(run(e, 200, &v, &err) == ERR_OK);
    for (u32 i = 0; i < 200; i++) {
        const i64 *x = vector_at(&v, i);
        bool null = i % 7 == 6;
        if (i % 3 == 0)
            CHECK(x && *x == -1);
        else if (null || i >= 20)
            CHECK(x == NULL);
        else
            CHECK(x && *x == 100 / (i % 3));
    }
    vector_done(&v);
    done();
}

static void
case_keeps_texts_alive(void)
{
    begin();
    Vector v;
    Err err;
    BoundExpr *e = MANY(BOUND_CASE, TYPE_VARCHAR, call("=", col(2, TYPE_BIGINT), num(1)),
                        col(1, TYPE_VARCHAR), text("another text of more than twelve bytes"));
    e->type = type_string();
    CHECK(run(e, 20, &v, &err) == ERR_OK);
    CHECK(str_eq(strview_str(vector_at(&v, 4)), STR("a longer text than twelve bytes")));
    CHECK(str_eq(strview_str(vector_at(&v, 5)), STR("another text of more than twelve bytes")));
    vector_done(&v);
    done();
}

static void
equal_subexpressions_are_computed_once(void)
{
    begin();
    BoundExpr *exprs[2] = {
        call("+", call("*", col(0, TYPE_BIGINT), num(3)), num(1)),
        call("-", call("*", col(0, TYPE_BIGINT), num(3)), num(1)),
    };
    EvalProgram *p = eval_compile(exprs, 2, &session);
    StrBuf listing = {0};
    eval_print(p, &listing);
    u32 products = 0;
    for (const char *at = listing.ptr; (at = strstr(at, "= *(")) != NULL; at++) products++;
    CHECK(products == 1);
    strbuf_done(&listing);
    eval_program_free(p);
    done();
}

static void
filters_select_rows(void)
{
    begin();
    BoundExpr *cond = MANY(BOUND_AND, TYPE_BOOLEAN, call(">=", col(0, TYPE_BIGINT), num(5)),
                           call("=", call("/", num(2), col(2, TYPE_BIGINT)), num(1)));
    BoundExpr *nonzero = call("<>", col(2, TYPE_BIGINT), num(0));
    BoundExpr *guarded = MANY(BOUND_AND, TYPE_BOOLEAN, nonzero, cond->args[0], cond->args[1]);
    EvalProgram *p = eval_compile_filter(guarded, &session);
    EvalState *s = eval_state_new(p);
    Err err;
    for (u32 rows = 1; rows <= BATCH_ROWS_MAX; rows = rows * 2 + 1) {
        u16 got[BATCH_ROWS_MAX];
        u32 n = 0, want = 0;
        Batch *b = batch_make(rows);
        CHECK(eval_filter(s, b, got, &n, &err) == ERR_OK);
        for (u32 i = 5; i < rows; i++) {
            if (i % 7 == 6 || i % 3 != 2) continue;
            CHECK(want < n && got[want] == i);
            want++;
        }
        CHECK(n == want);
        batch_free(b);
    }
    eval_state_free(s);
    eval_program_free(p);
    done();
}

static void
random_numbers_do_not_depend_on_batches(void)
{
    begin();
    BoundExpr *e = call("RAND", constant(type_of(TYPE_INT), &(i32){5}), NULL);
    EvalProgram *p = eval_compile(&e, 1, &session);
    EvalState *whole = eval_state_new(p), *parts = eval_state_new(p);
    Batch *b = batch_make(20);
    Vector v, part;
    Err err;
    CHECK(eval_run(whole, b, &v, &err) == ERR_OK);
    for (u32 from = 0; from < 20; from += 4) {
        Batch *slice = batch_slice(b, from, 4);
        CHECK(eval_run(parts, slice, &part, &err) == ERR_OK);
        for (u32 i = 0; i < 4; i++)
            CHECK(*(const f64 *)vector_at(&part, i) == *(const f64 *)vector_at(&v, from + i));
        vector_done(&part);
        batch_free(slice);
    }
    CHECK(*(const f64 *)vector_at(&v, 0) != *(const f64 *)vector_at(&v, 1));
    vector_done(&v);
    batch_free(b);
    eval_state_free(whole);
    eval_state_free(parts);
    eval_program_free(p);
    done();
}

static void
masks_pack_and_select(void)
{
    const KernelTable *k = kernel_table();
    Rng rng = rng_seed(3);
    for (u32 round = 0; round < 300; round++) {
        u8 bytes[BATCH_ROWS_MAX + 64] = {0}, back[BATCH_ROWS_MAX + 64];
        u64 bits[BATCH_MASK_WORDS];
        u16 rows[BATCH_ROWS_MAX];
        u32 n = 1 + (u32)rng_below(&rng, BATCH_ROWS_MAX), want = 0;
        u64 density = rng_below(&rng, 101);
        for (u32 i = 0; i < n; i++) bytes[i] = rng_below(&rng, 100) < density;
        k->pack(bytes, n, bits);
        k->unpack(bits, n, back);
        u32 kept = k->select(bits, n, rows);
        for (u32 i = 0; i < n; i++) {
            CHECK(back[i] == bytes[i]);
            if (!bytes[i]) continue;
            CHECK(want < kept && rows[want] == i);
            want++;
        }
        CHECK(kept == want);
    }
}

TESTS(TEST(columns_are_shared), TEST(nulls_pass_through_arithmetic),
      TEST(constants_compute_one_lane), TEST(dictionaries_stay_dictionaries),
      TEST(dictionary_results_are_kept), TEST(and_guards_division), TEST(logic_is_three_valued),
      TEST(case_fills_lane_by_lane), TEST(case_keeps_texts_alive),
      TEST(equal_subexpressions_are_computed_once), TEST(filters_select_rows),
      TEST(random_numbers_do_not_depend_on_batches), TEST(masks_pack_and_select))
