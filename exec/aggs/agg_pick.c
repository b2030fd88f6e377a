/* agg_pick.c - aggregates that pick one of the values: MIN, MAX, FIRST_VALUE, LAST_VALUE.
 *
 * FIRST_VALUE and LAST_VALUE go by the order of the rows (AGG_ORDERED) and pass over NULL, as
 * Flink's do. Texts longer than 12 bytes are copied, since a state outlives the batch: the state
 * owns them. NaN is larger than every number, as in Flink. Nothing can be taken off again
 * (retract). */
#include "base/mem.h"
#include "exec/aggs/aggs.h"

/* The last argument is true if x, which comes later, is to take the place of y. */
#define PICK(NAME, T, ...)                                                                         \
    typedef struct NAME##_State {                                                                  \
        T value;                                                                                   \
        i64 any;                                                                                   \
    } NAME##_State;                                                                                \
    static void NAME##_take(NAME##_State *s, T x)                                                  \
    {                                                                                              \
        T y = s->value;                                                                            \
        bool better = !s->any || (__VA_ARGS__);                                                    \
        s->value = better ? x : y;                                                                 \
        s->any = 1;                                                                                \
    }                                                                                              \
    static void NAME##_update(const AggCall *c, u8 *const *rows, u32 at, const Vector *args,       \
                              const u64 *lanes, u32 n)                                             \
    {                                                                                              \
        (void)c;                                                                                   \
        const T *x = vector_data(&args[0], const T);                                               \
        FOR_LANES(i, n, lanes, { NAME##_take(STATE(NAME##_State, rows, i, at), x[i]); });          \
    }                                                                                              \
    static void NAME##_update_one(const AggCall *c, u8 *state, const Vector *args,                 \
                                  const u64 *lanes, u32 n)                                         \
    {                                                                                              \
        (void)c;                                                                                   \
        const T *x = vector_data(&args[0], const T);                                               \
        NAME##_State s = *STATE_ONE(NAME##_State, state);                                          \
        FOR_LANES(i, n, lanes, { NAME##_take(&s, x[i]); });                                        \
        *STATE_ONE(NAME##_State, state) = s;                                                       \
    }                                                                                              \
    static void NAME##_merge(const AggCall *c, u8 *state, u8 *other)                               \
    {                                                                                              \
        (void)c;                                                                                   \
        const NAME##_State *o = STATE_ONE(NAME##_State, other);                                    \
        if (o->any) NAME##_take(STATE_ONE(NAME##_State, state), o->value);                         \
    }                                                                                              \
    static Status NAME##_finish(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n,     \
                                Err *err)                                                          \
    {                                                                                              \
        (void)c, (void)err;                                                                        \
        for (u32 i = 0; i < n; i++) {                                                              \
            const NAME##_State *s = STATE(NAME##_State, rows, i, at);                              \
            if (s->any)                                                                            \
                vector_data(out, T)[i] = s->value;                                                 \
            else                                                                                   \
                vector_set_null(out, i);                                                           \
        }                                                                                          \
        return ERR_OK;                                                                             \
    }

#define PICK_FNS(NAME)                                                                             \
    {                                                                                              \
        .update = NAME##_update, .update_one = NAME##_update_one, .merge = NAME##_merge,           \
        .finish = NAME##_finish                                                                    \
    }

PICK(min_u8, u8, x < y)
PICK(min_i8, i8, x < y)
PICK(min_i16, i16, x < y)
PICK(min_i32, i32, x < y)
PICK(min_i64, i64, x < y)
PICK(min_i128, i128, x < y)
PICK(min_f32, f32, x < y || (y != y && x == x))
PICK(min_f64, f64, x < y || (y != y && x == x))
PICK(max_u8, u8, x > y)
PICK(max_i8, i8, x > y)
PICK(max_i16, i16, x > y)
PICK(max_i32, i32, x > y)
PICK(max_i64, i64, x > y)
PICK(max_i128, i128, x > y)
PICK(max_f32, f32, x > y || (x != x && y == y))
PICK(max_f64, f64, x > y || (x != x && y == y))

#define PICK_BY_ORDER(T)                                                                           \
    PICK(first_##T, T, (void)x, (void)y, false)                                                    \
    PICK(last_##T, T, (void)x, (void)y, true)
PICK_BY_ORDER(u8)
PICK_BY_ORDER(i8)
PICK_BY_ORDER(i16)
PICK_BY_ORDER(i32)
PICK_BY_ORDER(i64)
PICK_BY_ORDER(i128)
PICK_BY_ORDER(f32)
PICK_BY_ORDER(f64)

/* ---- texts and bytes ----------------------------------------------------------------------- */

typedef struct TextState {
    StrView value; /* a long one's bytes are the state's own */
    u64 any;
} TextState;

static void
text_done(const AggCall *c, u8 *state)
{
    (void)c;
    TextState *s = STATE_ONE(TextState, state);
    if (s->any && s->value.len > STRVIEW_INLINE) mem_free((void *)(uintptr_t)s->value.ptr);
    *s = (TextState){0};
}

typedef enum Pick { PICK_MIN, PICK_MAX, PICK_FIRST, PICK_LAST } Pick;

static bool
text_better(Pick pick, const StrView *x, const StrView *y)
{
    switch (pick) {
    case PICK_MIN:
        return strview_cmp(x, y) < 0;
    case PICK_MAX:
        return strview_cmp(x, y) > 0;
    case PICK_FIRST:
        return false;
    case PICK_LAST:
        return true;
    }
    UNREACHABLE();
}

static void
text_take(TextState *s, const StrView *x, Pick pick)
{
    if (s->any && !text_better(pick, x, &s->value)) return;
    text_done(NULL, (u8 *)s);
    s->value = *x;
    s->any = 1;
    if (x->len > STRVIEW_INLINE) s->value.ptr = mem_strdup(x->ptr, x->len);
}

#define PICK_TEXT(NAME, HOW)                                                                       \
    static void NAME##_update(const AggCall *c, u8 *const *rows, u32 at, const Vector *args,       \
                              const u64 *lanes, u32 n)                                             \
    {                                                                                              \
        (void)c;                                                                                   \
        const StrView *x = vector_data(&args[0], const StrView);                                   \
        FOR_LANES(i, n, lanes, { text_take(STATE(TextState, rows, i, at), &x[i], HOW); });         \
    }                                                                                              \
    static void NAME##_update_one(const AggCall *c, u8 *state, const Vector *args,                 \
                                  const u64 *lanes, u32 n)                                         \
    {                                                                                              \
        (void)c;                                                                                   \
        const StrView *x = vector_data(&args[0], const StrView);                                   \
        FOR_LANES(i, n, lanes, { text_take(STATE_ONE(TextState, state), &x[i], HOW); });           \
    }                                                                                              \
    static void NAME##_merge(const AggCall *c, u8 *state, u8 *other)                               \
    {                                                                                              \
        (void)c;                                                                                   \
        const TextState *o = STATE_ONE(TextState, other);                                          \
        if (o->any) text_take(STATE_ONE(TextState, state), &o->value, HOW);                        \
    }
PICK_TEXT(min_text, PICK_MIN)
PICK_TEXT(max_text, PICK_MAX)
PICK_TEXT(first_text, PICK_FIRST)
PICK_TEXT(last_text, PICK_LAST)

static Status
text_finish(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n, Err *err)
{
    (void)c, (void)err;
    for (u32 i = 0; i < n; i++) {
        const TextState *s = STATE(TextState, rows, i, at);
        Str text = strview_str(&s->value);
        if (s->any)
            vector_set_str(out, i, text.ptr, text.len);
        else
            vector_set_null(out, i);
    }
    return ERR_OK;
}

#define TEXT_FNS(NAME)                                                                             \
    {                                                                                              \
        .update = NAME##_update, .update_one = NAME##_update_one, .merge = NAME##_merge,           \
        .finish = text_finish, .done = text_done                                                   \
    }

/* ---- rows ---------------------------------------------------------------------------------- */

#define PICK_TABLE(NAME)                                                                           \
    static const AggFns NAME##_fns[PHYS_COUNT] = {                                                 \
        [PHYS_U8] = PICK_FNS(NAME##_u8),    [PHYS_I8] = PICK_FNS(NAME##_i8),                       \
        [PHYS_I16] = PICK_FNS(NAME##_i16),  [PHYS_I32] = PICK_FNS(NAME##_i32),                     \
        [PHYS_I64] = PICK_FNS(NAME##_i64),  [PHYS_I128] = PICK_FNS(NAME##_i128),                   \
        [PHYS_F32] = PICK_FNS(NAME##_f32),  [PHYS_F64] = PICK_FNS(NAME##_f64),                     \
        [PHYS_STR] = TEXT_FNS(NAME##_text),                                                        \
    };
PICK_TABLE(min)
PICK_TABLE(max)
PICK_TABLE(first)
PICK_TABLE(last)

static Status
pick_bind(AggCall *call, const AggFns *fns)
{
    u8 phys = type_phys[call->arg_type[0].kind];
    call->ret = type_nullable(call->arg_type[0], true);
    call->state_bytes = phys == PHYS_I128  ? sizeof(min_i128_State)
                        : phys == PHYS_STR ? sizeof(TextState)
                                           : sizeof(min_i64_State);
    call->fns = &fns[phys];
    return ERR_OK;
}

static Status
min_bind(AggCall *call, Err *err)
{
    (void)err;
    return pick_bind(call, min_fns);
}

static Status
max_bind(AggCall *call, Err *err)
{
    (void)err;
    return pick_bind(call, max_fns);
}

static Status
first_bind(AggCall *call, Err *err)
{
    (void)err;
    return pick_bind(call, first_fns);
}

static Status
last_bind(AggCall *call, Err *err)
{
    (void)err;
    return pick_bind(call, last_fns);
}

const AggDef aggs_order[] = {
    {.name = "FIRST_VALUE",
     .args_min = 1,
     .args_max = 1,
     .flags = AGG_ORDERED,
     .bind = first_bind,
     .syntax = "FIRST_VALUE(x)",
     .doc = "First value in the order of the rows that is not NULL.",
     .example = "FIRST_VALUE(x) over 2, 1, NULL -> 2"},
    {.name = "LAST_VALUE",
     .args_min = 1,
     .args_max = 1,
     .flags = AGG_ORDERED,
     .bind = last_bind,
     .syntax = "LAST_VALUE(x)",
     .doc = "Last value in the order of the rows that is not NULL.",
     .example = "LAST_VALUE(x) over 2, 1, NULL -> 1"},
    {0},
};

const AggDef aggs_extreme[] = {
    {.name = "MIN",
     .args_min = 1,
     .args_max = 1,
     .bind = min_bind,
     .syntax = "MIN(x)",
     .doc = "Least value that is not NULL; NULL if there is none.",
     .example = "MIN(x) over 2, 1, NULL -> 1"},
    {.name = "MAX",
     .args_min = 1,
     .args_max = 1,
     .bind = max_bind,
     .syntax = "MAX(x)",
     .doc = "Greatest value that is not NULL; NULL if there is none.",
     .example = "MAX(x) over 2, 1, NULL -> 2"},
    {0},
};
