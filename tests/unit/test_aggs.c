/* test_aggs.c - aggregates: the example of every row, and that no split of the rows into states, no
 * merging order, no mask and no retraction changes a bit of a result. */
#include "base/mem.h"
#include "base/rng.h"
#include "base/value_text.h"
#include "exec/aggs/aggs.h"
#include "exec/funcs/funcs.h"
#include "exec/state/distinct.h"
#include "tests/unit/test.h"

enum { ROWS = 700, GROUPS = 5, STATE_MAX = 128 };

static Arena *arena;

static AggCall
agg_call(const char *name, Type type)
{
    AggCall c = {.arena = arena, .nargs = 1, .arg_type = {type}};
    Err err;
    Status st = agg_resolve(&exec_func_table, str_from(name), &c, &err);
    if (st) fprintf(stderr, "%s\n", err.text);
    assert(st == ERR_OK && c.state_bytes <= STATE_MAX);
    return c;
}

static u8 *
state_new(const AggCall *c)
{
    u8 *state = mem_zalloc(STATE_MAX);
    if (c->fns->init) c->fns->init(c, state);
    return state;
}

static void
state_free(const AggCall *c, u8 *state)
{
    if (c->fns->done) c->fns->done(c, state);
    mem_free(state);
}

static Vector
state_result(const AggCall *c, u8 *state)
{
    Err err;
    Vector out = vector_new(c->ret, 1);
    Status st = c->fns->finish(c, &state, 0, &out, 1, &err);
    assert(st == ERR_OK);
    vector_check(&out);
    return out;
}

static bool
same_result(const Vector *a, const Vector *b)
{
    const void *x = vector_at(a, 0), *y = vector_at(b, 0);
    if (!x || !y) return x == y;
    if (type_is(a->type, KIND_HEAP)) return strview_eq(x, y);
    return memcmp(x, y, type_slot_bytes[a->type.kind]) == 0;
}

/* Numbers over the whole range, with cancellation; texts short and long. */
static Vector
values_make(Type t, Rng *rng)
{
    Vector v = vector_new(t, ROWS);
    for (u32 i = 0; i < ROWS; i++) {
        i64 x = (i64)rng_u64(rng) >> rng_below(rng, 60);
        char text[48];
        int len = snprintf(text, sizeof text, "%lld of a text", (long long)x);
        switch ((Phys)type_phys[t.kind]) {
        case PHYS_U8:
            vector_data(&v, u8)[i] = x & 1;
            break;
        case PHYS_I8:
            vector_data(&v, i8)[i] = (i8)x;
            break;
        case PHYS_I16:
            vector_data(&v, i16)[i] = (i16)x;
            break;
        case PHYS_I32:
            vector_data(&v, i32)[i] = (i32)x;
            break;
        case PHYS_I64:
            vector_data(&v, i64)[i] = x;
            break;
        case PHYS_I128:
            vector_data(&v, i128)[i] = x;
            break;
        case PHYS_F32:
            vector_data(&v, f32)[i] = (f32)x * 1e-7f;
            break;
        case PHYS_F64:
            vector_data(&v, f64)[i] = (f64)x * (i % 3 ? 1e-9 : -1e30);
            break;
        case PHYS_STR:
            vector_set_str(&v, i, text, (u32)len - (i % 2 ? 10 : 0));
            break;
        case PHYS_COUNT:
            break;
        }
    }
    return v;
}

static void
check_splits(const char *name, Type type, u64 seed)
{
    Rng rng = rng_seed(seed);
    AggCall c = agg_call(name, type);
    Vector values = values_make(c.arg_type[0], &rng);
    u64 lanes[(ROWS + 63) / 64];
    for (u32 i = 0; i < ARRAY_LEN(lanes); i++) lanes[i] = rng_u64(&rng);

    u8 *one = state_new(&c), *groups[GROUPS], *rows[ROWS];
    for (u32 i = 0; i < GROUPS; i++) groups[i] = state_new(&c);
    for (u32 i = 0; i < ROWS; i++) rows[i] = groups[rng_below(&rng, GROUPS)];
    c.fns->update_one(&c, one, &values, NULL, ROWS);
    c.fns->update_one(&c, one, &values, lanes, ROWS);
    c.fns->update(&c, rows, 0, &values, NULL, ROWS);
    c.fns->update(&c, rows, 0, &values, lanes, ROWS);
    if (c.fns->retract) { /* in other groups than they came from is no use: the same ones */
        c.fns->update(&c, rows, 0, &values, lanes, ROWS - 3);
        c.fns->retract(&c, rows, 0, &values, lanes, ROWS - 3);
    }
    for (u32 i = GROUPS - 1; i > 0; i--) c.fns->merge(&c, groups[i - 1], groups[i]);

    Vector whole = state_result(&c, one), merged = state_result(&c, groups[0]);
    if (!same_result(&whole, &merged)) fprintf(stderr, "%s differs\n", name);
    CHECK(same_result(&whole, &merged));
    vector_done(&whole);
    vector_done(&merged);
    for (u32 i = 0; i < GROUPS; i++) state_free(&c, groups[i]);
    state_free(&c, one);
    vector_done(&values);
}

static void
splits_change_no_bit(void)
{
    arena = arena_new();
    const Type types[] = {type_of(TYPE_TINYINT), type_of(TYPE_SMALLINT), type_of(TYPE_INT),
                          type_of(TYPE_BIGINT),  type_decimal(38, 4),    type_of(TYPE_FLOAT),
                          type_of(TYPE_DOUBLE)};
    const char *const numeric[] = {"SUM",   "AVG",        "SUM0",        "MIN",     "MAX",
                                   "COUNT", "STDDEV_POP", "STDDEV_SAMP", "VAR_POP", "VAR_SAMP"};
    for (u32 i = 0; i < ARRAY_LEN(numeric); i++) {
        for (u32 k = 0; k < ARRAY_LEN(types); k++) check_splits(numeric[i], types[k], i * 31 + k);
    }
    const Type others[] = {type_string(), type_of(TYPE_BOOLEAN), type_of(TYPE_DATE),
                           type_timestamp(TYPE_TIMESTAMP, 3)};
    for (u32 k = 0; k < ARRAY_LEN(others); k++) {
        check_splits("MIN", others[k], k);
        check_splits("MAX", others[k], k);
        check_splits("COUNT", others[k], k);
    }
    arena_free(arena);
}

/* ---- subtract, copy, save, load ----------------------------------------------------------- */

static void
check_same(const AggCall *c, u8 *a, u8 *b, const char *what)
{
    Vector x = state_result(c, a), y = state_result(c, b);
    if (!same_result(&x, &y)) fprintf(stderr, "%s: %s differs\n", c->def->name, what);
    CHECK(same_result(&x, &y));
    vector_done(&x);
    vector_done(&y);
}

/* Bytes that were changed are refused or give some state, which can be used and dropped. */
static void
check_hostile(const AggCall *c, Str bytes, const Vector *values, Rng *rng)
{
    for (u32 i = 0; i < 60; i++) {
        char *bad = mem_strdup(bytes.ptr, bytes.len);
        Str cut = {bad, bytes.len};
        u32 changes = (u32)rng_below(rng, 4);
        for (u32 k = 0; k < changes && cut.len; k++) {
            bad[rng_below(rng, cut.len)] = (char)rng_u64(rng);
        }
        if (i % 3 == 0) cut.len = (u32)rng_below(rng, cut.len + 1);
        char *tight = mem_strdup(cut.ptr, cut.len); /* so that reading on is found out */
        tight = mem_realloc(tight, cut.len);
        Str left = {tight, cut.len};
        u8 *state = mem_zalloc(STATE_MAX);
        if (agg_state_load(c, state, &left)) {
            CHECK(left.len <= cut.len && left.ptr + left.len == tight + cut.len);
            c->fns->update_one(c, state, values, NULL, 10);
            Vector out = state_result(c, state);
            vector_done(&out);
        }
        state_free(c, state);
        mem_free(tight);
        mem_free(bad);
    }
}

static void
check_state(const AggCall *c, u64 seed)
{
    Rng rng = rng_seed(seed);
    Vector values = values_make(c->arg_type[0], &rng);
    u64 lanes[(ROWS + 63) / 64];
    for (u32 i = 0; i < ARRAY_LEN(lanes); i++) lanes[i] = rng_u64(&rng);
    u8 *a = state_new(c), *b = state_new(c), *copy = mem_zalloc(STATE_MAX);
    u8 *loaded = mem_zalloc(STATE_MAX), *empty = state_new(c);
    c->fns->update_one(c, a, &values, NULL, 1 + (u32)rng_below(&rng, ROWS));
    c->fns->update_one(c, b, &values, lanes, ROWS);

    agg_state_copy(c, copy, a);
    check_same(c, a, copy, "a copy");
    StrBuf saved = {0};
    agg_state_save(c, a, &saved);
    u32 len = strbuf_view(&saved).len;
    strbuf_add(&saved, "behind", 6);
    Str bytes = strbuf_view(&saved);
    CHECK(agg_state_load(c, loaded, &bytes) && str_eq(bytes, STR("behind")));
    check_same(c, a, loaded, "what was saved");
    check_hostile(c, (Str){saved.ptr, len}, &values, &rng);

    /* Merged states stay as they were, share nothing, and can be taken off again. */
    u8 *before = mem_zalloc(STATE_MAX);
    agg_state_copy(c, before, b);
    c->fns->merge(c, copy, b);
    c->fns->merge(c, loaded, b);
    check_same(c, b, before, "merge's other");
    check_same(c, copy, loaded, "a merge into what was saved");
    if (c->fns->subtract) {
        c->fns->subtract(c, copy, b);
        check_same(c, a, copy, "what is left");
        c->fns->subtract(c, copy, a);
        check_same(c, empty, copy, "nothing");
        CHECK(memcmp(empty, copy, c->state_bytes) == 0); /* it is as small as it was, too */
    }
    u8 *all[] = {a, b, copy, loaded, before, empty};
    for (u32 i = 0; i < ARRAY_LEN(all); i++) state_free(c, all[i]);
    strbuf_done(&saved);
    vector_done(&values);
}

static void
states_travel(void)
{
    arena = arena_new();
    const Type types[] = {type_of(TYPE_TINYINT), type_of(TYPE_INT),   type_of(TYPE_BIGINT),
                          type_decimal(38, 4),   type_of(TYPE_FLOAT), type_of(TYPE_DOUBLE),
                          type_string()};
    const char *const names[] = {"COUNT", "SUM", "AVG",         "STDDEV_POP",
                                 "MIN",   "MAX", "FIRST_VALUE", "LAST_VALUE"};
    for (u32 i = 0; i < ARRAY_LEN(names) * ARRAY_LEN(types); i++) {
        const char *name = names[i % ARRAY_LEN(names)];
        Type t = types[i / ARRAY_LEN(names)];
        bool numeric = i % ARRAY_LEN(names) >= 1 && i % ARRAY_LEN(names) <= 3;
        if (numeric && t.kind == TYPE_VARCHAR) continue;
        AggCall c = agg_call(name, t);
        CHECK(!c.fns->save == !c.fns->load && !c.fns->done == !c.fns->copy);
        CHECK(!c.fns->owned == !c.fns->done);
        for (u64 seed = 0; seed < 5; seed++) {
            check_state(&c, seed);
            check_state(distinct_call(arena, &c), seed);
        }
    }
    arena_free(arena);
}

/* "SUM(x) over 1, 2, NULL -> 3": x is an INT column. */
static void
check_example(const AggDef *d)
{
    const char *over = strstr(d->example, " over "), *arrow = strstr(d->example, " -> ");
    CHECK(over && arrow);
    if (!over || !arrow) return;
    AggCall c = agg_call(d->name, type_of(TYPE_INT));
    Vector v = vector_new(c.arg_type[0], 8);
    u64 lanes = 0;
    u32 n = 0;
    for (const char *at = over + 6; at < arrow; n++) {
        u32 len = (u32)strcspn(at, ", ");
        if (strncmp(at, "NULL", 4) != 0) {
            Str text = {at, len};
            TextResult r = value_parse(v.type, text, NULL, VALUE_CAST,
                                       v.data->bytes + n * type_slot_bytes[v.type.kind]);
            CHECK(r == TEXT_OK);
            lanes |= (u64)1 << n;
        }
        at += len + strspn(at + len, ", ");
        if (strncmp(at, "->", 2) == 0) at = arrow;
    }
    u8 *state = state_new(&c);
    c.fns->update_one(&c, state, &v, &lanes, n);
    Vector out = state_result(&c, state);
    StrBuf text = {0};
    value_print(&text, out.type, vector_at(&out, 0), NULL);
    bool same = str_eq(strbuf_view(&text), str_from(arrow + 4));
    if (!same) fprintf(stderr, "%s gave %s\n", d->example, text.ptr);
    CHECK(same);
    strbuf_done(&text);
    vector_done(&out);
    state_free(&c, state);
    vector_done(&v);
}

static void
examples_hold(void)
{
    arena = arena_new();
    for (u32 i = 0; i < exec_func_table.nagg_families; i++) {
        for (const AggDef *d = exec_func_table.agg_families[i]; d->name; d++) check_example(d);
    }
    arena_free(arena);
}

static void
result_types_are_flinks(void)
{
    arena = arena_new();
    CHECK(agg_call("SUM", type_of(TYPE_INT)).ret.kind == TYPE_INT);
    CHECK(agg_call("AVG", type_of(TYPE_BIGINT)).ret.kind == TYPE_BIGINT);
    CHECK(type_eq(agg_call("SUM", type_decimal(10, 2)).ret, type_decimal(38, 2)));
    CHECK(type_eq(agg_call("AVG", type_decimal(10, 2)).ret, type_decimal(38, 6)));
    CHECK(agg_call("COUNT", type_string()).ret.not_null);
    AggCall c = {.arena = arena, .nargs = 1, .arg_type = {type_string()}};
    Err err;
    CHECK(agg_resolve(&exec_func_table, STR("SUM"), &c, &err) == ERR_BIND && err.code == W2005);
    CHECK(agg_resolve(&exec_func_table, STR("SUMM"), &c, &err) == ERR_BIND && err.code == W2004);
    arena_free(arena);
}

/* SUM(INT) wraps as Java's int does. A DECIMAL sum beyond 38 digits is NULL, unless later values
 * bring it back. */
static void
sums_overflow_as_flink(void)
{
    arena = arena_new();
    AggCall c = agg_call("SUM", type_of(TYPE_INT));
    Vector v = vector_new(type_of(TYPE_INT), 2);
    vector_data(&v, i32)[0] = INT32_MAX;
    vector_data(&v, i32)[1] = 1;
    u8 *state = state_new(&c);
    c.fns->update_one(&c, state, &v, NULL, 2);
    Vector out = state_result(&c, state);
    CHECK(*(const i32 *)vector_at(&out, 0) == INT32_MIN);
    vector_done(&out);
    vector_done(&v);
    state_free(&c, state);

    c = agg_call("SUM", type_decimal(38, 0));
    v = vector_new(type_decimal(38, 0), 4);
    i128 big = 1;
    for (u32 i = 0; i < 37; i++) big *= 10;
    for (u32 i = 0; i < 4; i++) vector_data(&v, i128)[i] = big * 9;
    state = state_new(&c);
    c.fns->update_one(&c, state, &v, NULL, 4);
    out = state_result(&c, state);
    CHECK(vector_at(&out, 0) == NULL);
    vector_done(&out);
    u8 *rows[4] = {state, state, state, state};
    u64 three = 7;
    c.fns->retract(&c, rows, 0, &v, &three, 4);
    out = state_result(&c, state);
    CHECK(*(const i128 *)vector_at(&out, 0) == big * 9);
    vector_done(&out);
    vector_done(&v);
    state_free(&c, state);
    arena_free(arena);
}

TESTS(TEST(splits_change_no_bit), TEST(states_travel), TEST(examples_hold),
      TEST(result_types_are_flinks), TEST(sums_overflow_as_flink))
