/* agg_order.c - FIRST_VALUE and LAST_VALUE: the value of the first or last row that has one.
 *
 * The operator hands rows over in the canonical order (AGG_ORDERED) and merges states in that order
 * too: `other` is the later one. State: the slot as it is, long texts copied. */
#include "base/mem.h"
#include "exec/aggs/aggs.h"

typedef struct OrderValue {
    union {
        u64 words[2];
        StrView text;
    };
    u64 has;
} OrderValue;

static OrderValue *
value_at(u8 *state)
{
    return (OrderValue *)(void *)state;
}

static bool
is_first(const AggCall *c)
{
    return c->def->name[0] == 'F';
}

static bool
is_text(const AggCall *c)
{
    return type_is(c->ret, KIND_HEAP);
}

static void
value_drop(const AggCall *c, OrderValue *v)
{
    if (is_text(c) && v->has && v->text.len > STRVIEW_INLINE) {
        char *owned;
        memcpy(&owned, &v->text.ptr, sizeof owned);
        mem_free(owned);
    }
    *v = (OrderValue){0};
}

static void
value_set(const AggCall *c, OrderValue *v, const u8 *slot)
{
    OrderValue fresh = {.has = 1};
    memcpy(fresh.words, slot, type_slot_bytes[c->ret.kind]);
    if (is_text(c) && fresh.text.len > STRVIEW_INLINE) {
        char *copy = mem_alloc(fresh.text.len);
        memcpy(copy, fresh.text.ptr, fresh.text.len);
        fresh.text = strview_make(copy, fresh.text.len);
    }
    value_drop(c, v);
    *v = fresh;
}

static void
order_update(const AggCall *c, u8 *const *rows, u32 at, const Vector *args, const u64 *lanes, u32 n)
{
    size_t slot = type_slot_bytes[c->ret.kind];
    for (u32 from = 0; from < n; from += 64) {
        for (u64 m = lanes_word(lanes, from, n); m; m &= m - 1) {
            u32 i = from + (u32)__builtin_ctzll(m);
            OrderValue *v = value_at(rows[i] + at);
            if (!v->has || !is_first(c)) value_set(c, v, args[0].data->bytes + i * slot);
        }
    }
}

static void
order_update_one(const AggCall *c, u8 *state, const Vector *args, const u64 *lanes, u32 n)
{
    size_t slot = type_slot_bytes[c->ret.kind];
    u32 found = n;
    for (u32 from = 0; from < n; from += 64) {
        u64 m = lanes_word(lanes, from, n);
        if (!m) continue;
        found = from + (u32)(is_first(c) ? __builtin_ctzll(m) : 63 - __builtin_clzll(m));
        if (is_first(c)) break;
    }
    OrderValue *v = value_at(state);
    if (found < n && (!v->has || !is_first(c))) value_set(c, v, args[0].data->bytes + found * slot);
}

static void
order_merge(const AggCall *c, u8 *state, u8 *other)
{
    OrderValue *a = value_at(state), *b = value_at(other);
    if (b->has && (!a->has || !is_first(c))) value_set(c, a, (const u8 *)b->words);
}

static Status
order_finish(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n, Err *err)
{
    (void)err;
    size_t slot = type_slot_bytes[c->ret.kind];
    for (u32 i = 0; i < n; i++) {
        const OrderValue *v = value_at(rows[i] + at);
        if (!v->has) {
            vector_set_null(out, i);
        } else if (is_text(c)) {
            Str text = strview_str(&v->text);
            vector_set_str(out, i, text.ptr, text.len);
        } else {
            memcpy(out->data->bytes + i * slot, v->words, slot);
        }
    }
    return ERR_OK;
}

static void
order_done(const AggCall *c, u8 *state)
{
    value_drop(c, value_at(state));
}

static void
order_copy(const AggCall *c, u8 *state, const u8 *from)
{
    const OrderValue *v = (const OrderValue *)(const void *)from;
    if (v->has) value_set(c, value_at(state), (const u8 *)v->words);
}

static size_t
order_owned(const AggCall *c, const u8 *state)
{
    (void)c;
    u32 len = ((const OrderValue *)(const void *)state)->text.len;
    return len > STRVIEW_INLINE ? len : 0;
}

static void
order_save(const AggCall *c, const u8 *state, StrBuf *out)
{
    (void)c;
    const OrderValue *v = (const OrderValue *)(const void *)state;
    strbuf_char(out, v->has != 0);
    if (v->has) agg_save_text(strview_str(&v->text), out);
}

static bool
order_load(const AggCall *c, u8 *state, Str *bytes)
{
    u8 has;
    Str text;
    if (!agg_load_bytes(&has, 1, bytes) || has > 1) return false;
    if (!has) return true;
    if (!agg_load_text(c->ret, &text, bytes)) return false;
    StrView slot = strview_make(text.ptr, text.len);
    value_set(c, value_at(state), (const u8 *)&slot);
    return true;
}

#define FNS                                                                                        \
    .update = order_update, .update_one = order_update_one, .merge = order_merge,                  \
    .finish = order_finish
static const AggFns order_fns = {FNS};
static const AggFns order_text_fns = {FNS,
                                      .done = order_done,
                                      .copy = order_copy,
                                      .save = order_save,
                                      .load = order_load,
                                      .owned = order_owned};

static Status
order_bind(AggCall *c, Err *err)
{
    (void)err;
    if (c->arg_type[0].kind == TYPE_NULL) c->arg_type[0] = type_of(TYPE_INT);
    c->ret = type_nullable(c->arg_type[0], true);
    c->fns = is_text(c) ? &order_text_fns : &order_fns;
    c->state_bytes = sizeof(OrderValue);
    return ERR_OK;
}

const AggDef aggs_order[] = {
    {.name = "FIRST_VALUE",
     .args_min = 1,
     .args_max = 1,
     .flags = AGG_ORDERED,
     .bind = order_bind,
     .syntax = "FIRST_VALUE(x)",
     .doc = "The first value that is not NULL, in the order of the rows.",
     .example = "FIRST_VALUE(x) over NULL, 2, 3 -> 2"},
    {.name = "LAST_VALUE",
     .args_min = 1,
     .args_max = 1,
     .flags = AGG_ORDERED,
     .bind = order_bind,
     .syntax = "LAST_VALUE(x)",
     .doc = "The last value that is not NULL, in the order of the rows.",
     .example = "LAST_VALUE(x) over 2, 3, NULL -> 3"},
    {0},
};
