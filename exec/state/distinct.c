/* distinct.c - a value set per group and DISTINCT aggregate.
 *
 *     state: | ValueSet * | state of the inner aggregate |
 *
 * A set keeps each value as two words in the order of arrival and finds it by linear probing;
 * texts longer than 12 bytes are copied into its heap. Values reach the inner aggregate through a
 * mask of the lanes that are new. */
#include "exec/state/distinct.h"
#include "base/hash.h"
#include "base/mem.h"
#include "exec/aggs/aggs.h"

typedef struct Value {
    u64 word[2]; /* a text's StrView, or the slot's bytes with zeros behind */
} Value;

typedef struct ValueSet {
    Value *at;
    u32 len, cap;
    u32 *index; /* value number + 1; 0: free */
    u32 mask;
    StrHeap *heap;
} ValueSet;

enum { INNER_AT = 16 };

static const AggCall *
inner_of(const AggCall *c)
{
    return c->data;
}

static ValueSet **
set_of(u8 *state)
{
    return (ValueSet **)(void *)state;
}

static void
set_free(ValueSet *s)
{
    if (!s) return;
    mem_free(s->at);
    mem_free(s->index);
    strheap_unref(s->heap);
    mem_free(s);
}

static u64
value_hash(bool text, const Value *v)
{
    if (text) {
        StrView s;
        memcpy(&s, v, sizeof s);
        Str t = strview_str(&s);
        return hash_bytes(t.ptr, t.len, 1);
    }
    return hash_u64(v->word[1], hash_u64(v->word[0], 1));
}

static bool
value_eq(bool text, const Value *a, const Value *b)
{
    if (text) {
        StrView x, y;
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        return strview_eq(&x, &y);
    }
    return a->word[0] == b->word[0] && a->word[1] == b->word[1];
}

static void
set_reindex(ValueSet *s, bool text, u32 cap)
{
    mem_free(s->index);
    s->index = mem_array(u32, cap);
    s->mask = cap - 1;
    for (u32 i = 0; i < s->len; i++) {
        u32 at = (u32)(value_hash(text, &s->at[i]) >> 32) & s->mask;
        while (s->index[at]) at = (at + 1) & s->mask;
        s->index[at] = i + 1;
    }
}

static void
set_grow(ValueSet *s, bool text)
{
    set_reindex(s, text, s->index ? (s->mask + 1) * 2 : 8);
}

/* An empty set that will hold len values. */
static void
set_reserve(ValueSet *s, bool text, u32 len)
{
    u64 cap = 8;
    while (cap < (u64)len * 2 + 2) cap *= 2;
    assert(cap <= (u64)1 << 31);
    set_reindex(s, text, (u32)cap);
    s->at = mem_array(Value, len);
    s->cap = len;
}

static void
value_own_text(ValueSet *s, Value *v)
{
    StrView t;
    memcpy(&t, v, sizeof t);
    if (t.len <= STRVIEW_INLINE) return;
    if (!s->heap) s->heap = strheap_new();
    char *copy = strheap_room(s->heap, t.len);
    memcpy(copy, t.ptr, t.len);
    t.ptr = copy;
    memcpy(v, &t, sizeof t);
}

/* True if the value was not there before. */
static bool
set_add(ValueSet *s, bool text, const Value *v)
{
    if (!s->index || (u64)s->len * 2 >= (u64)s->mask + 1) set_grow(s, text);
    u32 at = (u32)(value_hash(text, v) >> 32) & s->mask;
    for (; s->index[at]; at = (at + 1) & s->mask) {
        if (value_eq(text, &s->at[s->index[at] - 1], v)) return false;
    }
    mem_grow(s->at, s->len, s->cap);
    s->at[s->len] = *v;
    if (text) value_own_text(s, &s->at[s->len]);
    s->index[at] = ++s->len;
    return true;
}

static Value
value_of(const Vector *v, u32 i)
{
    Value value = {{0, 0}};
    u32 bytes = type_slot_bytes[v->type.kind];
    memcpy(&value, v->data->bytes + (size_t)i * bytes, bytes);
    if (v->type.kind == TYPE_DOUBLE) {
        f64 d;
        memcpy(&d, &value, sizeof d);
        if (d == 0) value.word[0] = 0;
        if (d != d) value.word[0] = 0x7FF8000000000000u;
    } else if (v->type.kind == TYPE_FLOAT) {
        f32 d;
        memcpy(&d, &value, sizeof d);
        if (d == 0) value.word[0] = 0;
        if (d != d) value.word[0] = 0x7FC00000u;
    }
    return value;
}

static bool
state_add(u8 *state, const Vector *arg, u32 i)
{
    ValueSet **s = set_of(state);
    if (!*s) *s = mem_make(ValueSet);
    Value v = value_of(arg, i);
    return set_add(*s, type_phys[arg->type.kind] == PHYS_STR, &v);
}

static void
distinct_init(const AggCall *c, u8 *state)
{
    const AggCall *inner = inner_of(c);
    if (inner->fns->init) inner->fns->init(inner, state + INNER_AT);
}

static void
distinct_update(const AggCall *c, u8 *const *rows, u32 at, const Vector *args, const u64 *lanes,
                u32 n)
{
    u64 fresh[BATCH_MASK_WORDS] = {0};
    for (u32 i = 0; i < n; i++) {
        if (lanes && !bit_get(lanes, i)) continue;
        if (state_add(rows[i] + at, &args[0], i)) bit_set(fresh, i);
    }
    const AggCall *inner = inner_of(c);
    inner->fns->update(inner, rows, at + INNER_AT, args, fresh, n);
}

static void
distinct_update_one(const AggCall *c, u8 *state, const Vector *args, const u64 *lanes, u32 n)
{
    u64 fresh[BATCH_MASK_WORDS] = {0};
    for (u32 i = 0; i < n; i++) {
        if (lanes && !bit_get(lanes, i)) continue;
        if (state_add(state, &args[0], i)) bit_set(fresh, i);
    }
    const AggCall *inner = inner_of(c);
    inner->fns->update_one(inner, state + INNER_AT, args, fresh, n);
}

/* The values of `other` that are new here go through the inner aggregate a batch at a time. */
static void
distinct_merge(const AggCall *c, u8 *state, u8 *other)
{
    const AggCall *inner = inner_of(c);
    const ValueSet *from = *set_of(other);
    if (!from) return;
    ValueSet **to = set_of(state);
    if (!*to) *to = mem_make(ValueSet);
    bool text = type_phys[inner->arg_type[0].kind] == PHYS_STR;
    u32 bytes = type_slot_bytes[inner->arg_type[0].kind];
    for (u32 i = 0; i < from->len;) {
        Vector fresh = vector_new(inner->arg_type[0], BATCH_ROWS_MAX);
        u32 n = 0;
        for (; i < from->len && n < BATCH_ROWS_MAX; i++) {
            if (!set_add(*to, text, &from->at[i])) continue;
            memcpy(fresh.data->bytes + (size_t)n * bytes, &from->at[i], bytes);
            n++;
        }
        if (n) inner->fns->update_one(inner, state + INNER_AT, &fresh, NULL, n);
        vector_done(&fresh);
    }
}

static Status
distinct_finish(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n, Err *err)
{
    const AggCall *inner = inner_of(c);
    return inner->fns->finish(inner, rows, at + INNER_AT, out, n, err);
}

static void
distinct_done(const AggCall *c, u8 *state)
{
    const AggCall *inner = inner_of(c);
    if (inner->fns->done) inner->fns->done(inner, state + INNER_AT);
    set_free(*set_of(state));
    *set_of(state) = NULL;
}

static void
distinct_copy(const AggCall *c, u8 *state, const u8 *from)
{
    const AggCall *inner = inner_of(c);
    agg_state_copy(inner, state + INNER_AT, from + INNER_AT);
    const ValueSet *s = *(ValueSet *const *)(const void *)from;
    if (!s) return;
    bool text = type_phys[inner->arg_type[0].kind] == PHYS_STR;
    ValueSet *copy = *set_of(state) = mem_make(ValueSet);
    set_reserve(copy, text, s->len);
    for (u32 i = 0; i < s->len; i++) (void)set_add(copy, text, &s->at[i]);
}

static size_t
distinct_owned(const AggCall *c, const u8 *state)
{
    const AggCall *inner = inner_of(c);
    const ValueSet *s = *(ValueSet *const *)(const void *)state;
    size_t bytes = inner->fns->owned ? inner->fns->owned(inner, state + INNER_AT) : 0;
    if (!s) return bytes;
    bytes += sizeof *s + s->cap * sizeof *s->at + ((size_t)s->mask + 1) * sizeof *s->index;
    return bytes + (s->heap ? strheap_bytes(s->heap) : 0);
}

static void
distinct_save(const AggCall *c, const u8 *state, StrBuf *out)
{
    const AggCall *inner = inner_of(c);
    const ValueSet *s = *(ValueSet *const *)(const void *)state;
    u32 len = s ? s->len : 0, bytes = type_slot_bytes[inner->arg_type[0].kind];
    bool text = type_phys[inner->arg_type[0].kind] == PHYS_STR;
    strbuf_add(out, (const char *)&len, sizeof len);
    for (u32 i = 0; i < len; i++) {
        StrView v;
        memcpy(&v, &s->at[i], sizeof v);
        if (text)
            agg_save_text(strview_str(&v), out);
        else
            strbuf_add(out, (const char *)&s->at[i], bytes);
    }
    agg_state_save(inner, state + INNER_AT, out);
}

static bool
distinct_load(const AggCall *c, u8 *state, Str *bytes)
{
    const AggCall *inner = inner_of(c);
    Type t = inner->arg_type[0];
    u32 len, slot = type_slot_bytes[t.kind];
    bool text = type_phys[t.kind] == PHYS_STR;
    if (!agg_load_bytes(&len, sizeof len, bytes)) return false;
    if (len > bytes->len / (text ? (u32)sizeof(u32) : slot)) return false;
    ValueSet *s = len ? mem_make(ValueSet) : NULL;
    *set_of(state) = s;
    if (s) set_reserve(s, text, len);
    for (u32 i = 0; i < len; i++) {
        Value v = {{0, 0}};
        Str value;
        if (text) {
            if (!agg_load_text(t, &value, bytes)) return false;
            StrView view = strview_make(value.ptr, value.len);
            memcpy(&v, &view, sizeof v);
        } else if (!agg_load_bytes(&v, slot, bytes)) {
            return false;
        }
        if (!set_add(s, text, &v)) return false; /* twice */
    }
    return agg_state_load(inner, state + INNER_AT, bytes);
}

static const AggFns distinct_fns = {
    .init = distinct_init,
    .update = distinct_update,
    .update_one = distinct_update_one,
    .merge = distinct_merge,
    .finish = distinct_finish,
    .done = distinct_done,
    .copy = distinct_copy,
    .save = distinct_save,
    .load = distinct_load,
    .owned = distinct_owned,
};

const AggCall *
distinct_call(Arena *a, const AggCall *inner)
{
    assert(inner->nargs == 1);
    AggCall *c = arena_make(a, AggCall);
    *c = *inner;
    c->state_bytes = INNER_AT + inner->state_bytes;
    c->data = inner;
    c->fns = &distinct_fns;
    return c;
}
