/* hash.h - 64-bit hashes of keys. Not cryptographic; seeded where input may be hostile. */
#pragma once
#include "base/base.h"

/* One 64 x 64 -> 128 multiply, folded (the idea is wyhash's, by Wang Yi, public domain). */
static inline u64
hash_mix(u64 a, u64 b)
{
    u128 p = (u128)a * b;
    return (u64)p ^ (u64)(p >> 64);
}
static inline u64
hash_u64(u64 x, u64 seed)
{
    return hash_mix(x ^ 0x9E3779B97F4A7C15u, seed ^ 0xE7037ED1A0B428DBu);
}
u64 hash_bytes(const void *ptr, size_t len, u64 seed);
