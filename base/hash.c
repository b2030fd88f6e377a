/* hash.c - bytes to 64 bits, 16 at a time.
 *
 * Built on hash_mix (a folded 64 x 64 -> 128 multiply). The shape follows wyhash (Wang Yi, public
 * domain): short texts are read as two overlapping words, long ones in 48-byte strides by three
 * independent lanes. Written anew; the values are ours and are not wyhash's. */
#include "base/hash.h"

static const u64 hash_key[4] = {0x2D358DCCAA6C78A5u, 0x8BB84B93962EACC9u, 0x4B33A62ED433D4A3u,
                                0x4D5A2DA51DE1AA47u};

static inline u64
hash_load8(const u8 *p)
{
    u64 v;
    memcpy(&v, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

static inline u64
hash_load4(const u8 *p)
{
    u32 v;
    memcpy(&v, p, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap32(v);
#endif
    return v;
}

u64
hash_bytes(const void *ptr, size_t len, u64 seed)
{
    const u8 *p = ptr;
    u64 a, b;
    seed ^= hash_mix(seed ^ hash_key[0], hash_key[1]);
    if (LIKELY(len <= 16)) {
        if (len >= 8) {
            a = hash_load8(p);
            b = hash_load8(p + len - 8);
        } else if (len >= 4) {
            a = hash_load4(p);
            b = hash_load4(p + len - 4);
        } else if (len) {
            a = (u64)p[0] << 16 | (u64)p[len >> 1] << 8 | p[len - 1];
            b = 0;
        } else {
            a = b = 0;
        }
    } else {
        size_t left = len;
        if (UNLIKELY(left > 48)) {
            u64 lane1 = seed, lane2 = seed;
            do {
                seed = hash_mix(hash_load8(p) ^ hash_key[1], hash_load8(p + 8) ^ seed);
                lane1 = hash_mix(hash_load8(p + 16) ^ hash_key[2], hash_load8(p + 24) ^ lane1);
                lane2 = hash_mix(hash_load8(p + 32) ^ hash_key[3], hash_load8(p + 40) ^ lane2);
                p += 48;
                left -= 48;
            } while (left > 48);
            seed ^= lane1 ^ lane2;
        }
        while (left > 16) {
            seed = hash_mix(hash_load8(p) ^ hash_key[1], hash_load8(p + 8) ^ seed);
            p += 16;
            left -= 16;
        }
        a = hash_load8(p + left - 16);
        b = hash_load8(p + left - 8);
    }
    u128 m = (u128)(a ^ hash_key[1]) * (b ^ seed);
    return hash_mix((u64)m ^ hash_key[0] ^ len, (u64)(m >> 64) ^ hash_key[1]);
}
