/* store_key.c - keys and checksums of the store. Numbers are big-endian, those with a sign have it
 * turned, so that the order of bytes is the order of numbers. */
#define XXH_INLINE_ALL
#include "base/mem.h"
#include "exec/state/store_file.h"
#include <xxhash.h>

static void
key_u64(StoreKey *k, u64 value, u32 bytes)
{
    for (u32 i = bytes; i-- > 0;) k->at[k->len++] = (u8)(value >> (8 * i));
}

static u64
key_number(const u8 *at, u32 bytes)
{
    u64 value = 0;
    for (u32 i = 0; i < bytes; i++) value = value << 8 | at[i];
    return value;
}

StoreKey
store_key_kind(StoreKind kind)
{
    return (StoreKey){.at = {(u8)kind}, .len = 1};
}

StoreKey
store_key_root(void)
{
    return store_key_kind(STORE_KIND_ROOT);
}

StoreKey
store_key_meta(Str name)
{
    StoreKey k = store_key_kind(STORE_KIND_META);
    assert(name.len <= STORE_META_NAME_MAX);
    if (name.len) memcpy(k.at + 1, name.ptr, name.len);
    k.len += name.len;
    return k;
}

StoreKey
store_key_op(StoreKind kind, u32 op)
{
    StoreKey k = store_key_kind(kind);
    key_u64(&k, op, 4);
    return k;
}

StoreKey
store_key_table(u32 op, u16 table)
{
    StoreKey k = store_key_op(STORE_KIND_TABLE, op);
    key_u64(&k, table, 2);
    assert(k.len == STORE_TABLE_KEY_BYTES);
    return k;
}

StoreKey
store_key_subtask(u32 op, u16 table, u16 subtask)
{
    StoreKey k = store_key_op(STORE_KIND_RECORD, op);
    key_u64(&k, table, 2);
    key_u64(&k, subtask, 2);
    return k;
}

static const u64 sign_bit = (u64)1 << 63;

StoreKey
store_key_pane(u32 op, u16 subtask, StateKey key)
{
    StoreKey k = store_key_subtask(op, key.table, subtask);
    key_u64(&k, (u64)key.pane[0] ^ sign_bit, 8);
    key_u64(&k, (u64)key.pane[1] ^ sign_bit, 8);
    return k;
}

StoreKey
store_key_record(u32 op, u16 subtask, StateKey key)
{
    StoreKey k = store_key_pane(op, subtask, key);
    key_u64(&k, key.chunk, 4);
    assert(k.len == STORE_RECORD_KEY_BYTES);
    return k;
}

bool
store_key_begins(const MDB_val *key, const StoreKey *prefix)
{
    return key->mv_size >= prefix->len && memcmp(key->mv_data, prefix->at, prefix->len) == 0;
}

void
store_key_read(const MDB_val *key, u32 *ret_op, StateRecord *ret)
{
    const u8 *at = key->mv_data;
    *ret_op = (u32)key_number(at + 1, 4);
    ret->key.table = (u16)key_number(at + 5, 2);
    if (key->mv_size < STORE_RECORD_KEY_BYTES) return;
    ret->subtask = (u32)key_number(at + 7, 2);
    ret->key.pane[0] = (i64)(key_number(at + 9, 8) ^ sign_bit);
    ret->key.pane[1] = (i64)(key_number(at + 17, 8) ^ sign_bit);
    ret->key.chunk = (u32)key_number(at + 25, 4);
}

u64
store_checksum(const MDB_val *key, const void *bytes, size_t len)
{
    return XXH3_64bits_withSeed(bytes, len, XXH3_64bits(key->mv_data, key->mv_size));
}

u64
store_sum_at(const MDB_val *value)
{
    u64 sum;
    memcpy(&sum, (const u8 *)value->mv_data + value->mv_size - sizeof sum, sizeof sum);
    return sum;
}

StoreTally *
store_tally_of(StoreTallies *t, u32 op, u16 table, bool *ret_new)
{
    *ret_new = false;
    for (u32 i = t->len; i-- > 0;) { /* the one in use is mostly the newest */
        if (t->at[i].op == op && t->at[i].table == table) return &t->at[i];
    }
    mem_grow(t->at, t->len, t->cap);
    StoreTally *tally = &t->at[t->len++];
    *tally = (StoreTally){.op = op, .table = table};
    *ret_new = true;
    return tally;
}
