/* rng.h - seeded random numbers, equal on every machine: what RAND, tests and schedules draw from.
 *
 * splitmix64 (Steele, Lea, Flood) spreads the seed; xoshiro256** (Blackman, Vigna) runs. Both are
 * public domain algorithms. Not for secrets. */
#pragma once
#include "base/base.h"

typedef struct Rng {
    u64 s[4];
} Rng;

static inline u64
rng_splitmix(u64 *state)
{
    u64 z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}
static inline Rng
rng_seed(u64 seed)
{
    Rng r;
    for (u32 i = 0; i < 4; i++) r.s[i] = rng_splitmix(&seed);
    return r;
}
static inline u64
rng_u64(Rng *r)
{
    u64 *s = r->s, x = s[1] * 5, t = s[1] << 17;
    u64 result = (x << 7 | x >> 57) * 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = s[3] << 45 | s[3] >> 19;
    return result;
}
/* 0 <= result < below, below > 0; the bias is under 2^-64 * below. */
static inline u64
rng_below(Rng *r, u64 below)
{
    return (u64)((u128)rng_u64(r) * below >> 64);
}
static inline f64
rng_f64(Rng *r) /* [0, 1) */
{
    return (f64)(rng_u64(r) >> 11) * 0x1p-53;
}
