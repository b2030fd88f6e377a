/* row_layout.c - offsets of keys and aggregate states in a group table's rows. */
#include "exec/state/row_layout.h"

static u32
key_words(Type t)
{
    u8 phys = type_phys[t.kind];
    return phys == PHYS_I128 || phys == PHYS_STR ? 2 : 1;
}

RowLayout *
row_layout_new(Arena *a, const Schema *input, const u32 *keys, u32 nkeys, const u32 *state_bytes,
               u32 naggs)
{
    RowLayout *l = arena_make(a, RowLayout);
    l->keys = arena_array(a, KeyColumn, nkeys);
    l->nkeys = nkeys;
    l->null_word = UINT32_MAX;
    bool nullable = false;
    for (u32 i = 0; i < nkeys; i++) {
        assert(keys[i] < input->len);
        Type t = input->at[keys[i]].type;
        l->keys[i] = (KeyColumn){.type = t, .col = keys[i], .word = l->key_words};
        l->key_words += key_words(t);
        l->has_text |= type_phys[t.kind] == PHYS_STR;
        nullable |= !t.not_null;
    }
    assert(nkeys <= ROW_KEYS_MAX); /* one word of null bits */
    l->hashed_words = l->key_words;
    if (nullable) l->null_word = l->key_words++;
    l->keys_at = l->has_text ? (u32)sizeof(u64) : 0;

    u32 at = l->states_at = l->keys_at + l->key_words * 8;
    l->agg_at = arena_array(a, u32, naggs);
    l->naggs = naggs;
    for (u32 i = 0; i < naggs; i++) {
        l->agg_at[i] = at;
        at += (state_bytes[i] + 7) & ~7u;
    }
    l->states_bytes = at - l->states_at;
    l->extra_at = at;
    l->row_bytes = MAX(at, (u32)sizeof(u64)); /* a row without keys and aggregates is there, too */
    return l;
}

u32
row_layout_add(RowLayout *l, u32 bytes)
{
    u32 at = l->extra_at + l->extra_bytes;
    l->extra_bytes += (bytes + 7) & ~7u;
    l->row_bytes = MAX(l->extra_at + l->extra_bytes, (u32)sizeof(u64));
    return at;
}
