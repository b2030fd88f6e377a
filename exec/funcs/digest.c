/* digest.c - MD5 (RFC 1321), SHA-1 and the SHA-2 family (FIPS 180-4), from their papers.
 *
 * All five run over blocks the same way; only the block's size, the number of state words and the
 * compression differ. Not for secrets: nothing here hides its timing. The constants are the
 * fractional parts of sines, square roots and cube roots that the papers name. */
#include "exec/funcs/digest.h"

static const u32 md5_k[64] = {
    0xd76aa478u, 0xe8c7b756u, 0x242070dbu, 0xc1bdceeeu, 0xf57c0fafu, 0x4787c62au, 0xa8304613u,
    0xfd469501u, 0x698098d8u, 0x8b44f7afu, 0xffff5bb1u, 0x895cd7beu, 0x6b901122u, 0xfd987193u,
    0xa679438eu, 0x49b40821u, 0xf61e2562u, 0xc040b340u, 0x265e5a51u, 0xe9b6c7aau, 0xd62f105du,
    0x02441453u, 0xd8a1e681u, 0xe7d3fbc8u, 0x21e1cde6u, 0xc33707d6u, 0xf4d50d87u, 0x455a14edu,
    0xa9e3e905u, 0xfcefa3f8u, 0x676f02d9u, 0x8d2a4c8au, 0xfffa3942u, 0x8771f681u, 0x6d9d6122u,
    0xfde5380cu, 0xa4beea44u, 0x4bdecfa9u, 0xf6bb4b60u, 0xbebfbc70u, 0x289b7ec6u, 0xeaa127fau,
    0xd4ef3085u, 0x04881d05u, 0xd9d4d039u, 0xe6db99e5u, 0x1fa27cf8u, 0xc4ac5665u, 0xf4292244u,
    0x432aff97u, 0xab9423a7u, 0xfc93a039u, 0x655b59c3u, 0x8f0ccc92u, 0xffeff47du, 0x85845dd1u,
    0x6fa87e4fu, 0xfe2ce6e0u, 0xa3014314u, 0x4e0811a1u, 0xf7537e82u, 0xbd3af235u, 0x2ad7d2bbu,
    0xeb86d391u,
};
static const u8 md5_turns[16] = {7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};
static const u64 sha512_k[80] = {
    /* the first 64, cut to their upper halves, are SHA-256's */
    0x428a2f98d728ae22u, 0x7137449123ef65cdu, 0xb5c0fbcfec4d3b2fu, 0xe9b5dba58189dbbcu,
    0x3956c25bf348b538u, 0x59f111f1b605d019u, 0x923f82a4af194f9bu, 0xab1c5ed5da6d8118u,
    0xd807aa98a3030242u, 0x12835b0145706fbeu, 0x243185be4ee4b28cu, 0x550c7dc3d5ffb4e2u,
    0x72be5d74f27b896fu, 0x80deb1fe3b1696b1u, 0x9bdc06a725c71235u, 0xc19bf174cf692694u,
    0xe49b69c19ef14ad2u, 0xefbe4786384f25e3u, 0x0fc19dc68b8cd5b5u, 0x240ca1cc77ac9c65u,
    0x2de92c6f592b0275u, 0x4a7484aa6ea6e483u, 0x5cb0a9dcbd41fbd4u, 0x76f988da831153b5u,
    0x983e5152ee66dfabu, 0xa831c66d2db43210u, 0xb00327c898fb213fu, 0xbf597fc7beef0ee4u,
    0xc6e00bf33da88fc2u, 0xd5a79147930aa725u, 0x06ca6351e003826fu, 0x142929670a0e6e70u,
    0x27b70a8546d22ffcu, 0x2e1b21385c26c926u, 0x4d2c6dfc5ac42aedu, 0x53380d139d95b3dfu,
    0x650a73548baf63deu, 0x766a0abb3c77b2a8u, 0x81c2c92e47edaee6u, 0x92722c851482353bu,
    0xa2bfe8a14cf10364u, 0xa81a664bbc423001u, 0xc24b8b70d0f89791u, 0xc76c51a30654be30u,
    0xd192e819d6ef5218u, 0xd69906245565a910u, 0xf40e35855771202au, 0x106aa07032bbd1b8u,
    0x19a4c116b8d2d0c8u, 0x1e376c085141ab53u, 0x2748774cdf8eeb99u, 0x34b0bcb5e19b48a8u,
    0x391c0cb3c5c95a63u, 0x4ed8aa4ae3418acbu, 0x5b9cca4f7763e373u, 0x682e6ff3d6b2b8a3u,
    0x748f82ee5defb2fcu, 0x78a5636f43172f60u, 0x84c87814a1f0ab72u, 0x8cc702081a6439ecu,
    0x90befffa23631e28u, 0xa4506cebde82bde9u, 0xbef9a3f7b2c67915u, 0xc67178f2e372532bu,
    0xca273eceea26619cu, 0xd186b8c721c0c207u, 0xeada7dd6cde0eb1eu, 0xf57d4f7fee6ed178u,
    0x06f067aa72176fbau, 0x0a637dc5a2c898a6u, 0x113f9804bef90daeu, 0x1b710b35131c471bu,
    0x28db77f523047d84u, 0x32caab7b40c72493u, 0x3c9ebe0a15c9bebcu, 0x431d67c49c100d4cu,
    0x4cc5d4becb3e42b6u, 0x597f299cfc657e2au, 0x5fcb6fab3ad6faecu, 0x6c44198c4a475817u,
};
static const u64 sha512_start[8] = {
    0x6a09e667f3bcc908u, 0xbb67ae8584caa73bu, 0x3c6ef372fe94f82bu, 0xa54ff53a5f1d36f1u,
    0x510e527fade682d1u, 0x9b05688c2b3e6c1fu, 0x1f83d9abfb41bd6bu, 0x5be0cd19137e2179u,
};
static const u64 sha384_start[8] = {
    /* the lower halves are SHA-224's */
    0xcbbb9d5dc1059ed8u, 0x629a292a367cd507u, 0x9159015a3070dd17u, 0x152fecd8f70e5939u,
    0x67332667ffc00b31u, 0x8eb44a8768581511u, 0xdb0c2e0d64f98fa7u, 0x47b5481dbefa4fa4u,
};
static const u32 sha1_start[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};

typedef struct DigestState {
    u32 w[8];
    u64 x[8];
} DigestState;

static u32
turn_left(u32 v, u32 n)
{
    return v << n | v >> (32 - n);
}
static u32
turn_right(u32 v, u32 n)
{
    return v >> n | v << (32 - n);
}
static u64
turn_right64(u64 v, u32 n)
{
    return v >> n | v << (64 - n);
}
static u32
big32(const u8 *p)
{
    return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}
static u64
big64(const u8 *p)
{
    return (u64)big32(p) << 32 | big32(p + 4);
}

static void
md5_block(DigestState *s, const u8 *p)
{
    u32 a = s->w[0], b = s->w[1], c = s->w[2], d = s->w[3];
    for (u32 i = 0; i < 64; i++) {
        u32 f, at;
        if (i < 16)
            f = (b & c) | (~b & d), at = i;
        else if (i < 32)
            f = (d & b) | (~d & c), at = (5 * i + 1) % 16;
        else if (i < 48)
            f = b ^ c ^ d, at = (3 * i + 5) % 16;
        else
            f = c ^ (b | ~d), at = 7 * i % 16;
        const u8 *q = p + at * 4;
        u32 word = (u32)q[0] | (u32)q[1] << 8 | (u32)q[2] << 16 | (u32)q[3] << 24;
        u32 sum = a + f + md5_k[i] + word;
        a = d, d = c, c = b;
        b += turn_left(sum, md5_turns[i / 16 * 4 + i % 4]);
    }
    s->w[0] += a, s->w[1] += b, s->w[2] += c, s->w[3] += d;
}

static void
sha1_block(DigestState *s, const u8 *p)
{
    u32 w[80], v[5];
    for (u32 i = 0; i < 16; i++) w[i] = big32(p + i * 4);
    for (u32 i = 16; i < 80; i++) w[i] = turn_left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    memcpy(v, s->w, sizeof v);
    for (u32 i = 0; i < 80; i++) {
        u32 f, k;
        if (i < 20)
            f = (v[1] & v[2]) | (~v[1] & v[3]), k = 0x5a827999;
        else if (i < 40)
            f = v[1] ^ v[2] ^ v[3], k = 0x6ed9eba1;
        else if (i < 60)
            f = (v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3]), k = 0x8f1bbcdc;
        else
            f = v[1] ^ v[2] ^ v[3], k = 0xca62c1d6;
        u32 sum = turn_left(v[0], 5) + f + v[4] + k + w[i];
        v[4] = v[3], v[3] = v[2], v[2] = turn_left(v[1], 30), v[1] = v[0], v[0] = sum;
    }
    for (u32 i = 0; i < 5; i++) s->w[i] += v[i];
}

static void
sha256_block(DigestState *s, const u8 *p)
{
    u32 w[64], v[8];
    for (u32 i = 0; i < 16; i++) w[i] = big32(p + i * 4);
    for (u32 i = 16; i < 64; i++) {
        u32 a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (turn_right(a, 7) ^ turn_right(a, 18) ^ a >> 3) + w[i - 7] +
               (turn_right(b, 17) ^ turn_right(b, 19) ^ b >> 10);
    }
    memcpy(v, s->w, sizeof v);
    for (u32 i = 0; i < 64; i++) {
        u32 e = v[4], a = v[0];
        u32 t1 = v[7] + (turn_right(e, 6) ^ turn_right(e, 11) ^ turn_right(e, 25)) +
                 ((e & v[5]) ^ (~e & v[6])) + (u32)(sha512_k[i] >> 32) + w[i];
        u32 t2 = (turn_right(a, 2) ^ turn_right(a, 13) ^ turn_right(a, 22)) +
                 ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (u32 i = 0; i < 8; i++) s->w[i] += v[i];
}

static void
sha512_block(DigestState *s, const u8 *p)
{
    u64 w[80], v[8];
    for (u32 i = 0; i < 16; i++) w[i] = big64(p + i * 8);
    for (u32 i = 16; i < 80; i++) {
        u64 a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (turn_right64(a, 1) ^ turn_right64(a, 8) ^ a >> 7) + w[i - 7] +
               (turn_right64(b, 19) ^ turn_right64(b, 61) ^ b >> 6);
    }
    memcpy(v, s->x, sizeof v);
    for (u32 i = 0; i < 80; i++) {
        u64 e = v[4], a = v[0];
        u64 t1 = v[7] + (turn_right64(e, 14) ^ turn_right64(e, 18) ^ turn_right64(e, 41)) +
                 ((e & v[5]) ^ (~e & v[6])) + sha512_k[i] + w[i];
        u64 t2 = (turn_right64(a, 28) ^ turn_right64(a, 34) ^ turn_right64(a, 39)) +
                 ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (u32 i = 0; i < 8; i++) s->x[i] += v[i];
}

typedef struct DigestWay {
    void (*block)(DigestState *s, const u8 *p);
    u32 block_bytes, digest_bytes;
} DigestWay;

static const DigestWay ways[] = {
    [DIGEST_MD5] = {md5_block, 64, 16},        [DIGEST_SHA1] = {sha1_block, 64, 20},
    [DIGEST_SHA224] = {sha256_block, 64, 28},  [DIGEST_SHA256] = {sha256_block, 64, 32},
    [DIGEST_SHA384] = {sha512_block, 128, 48}, [DIGEST_SHA512] = {sha512_block, 128, 64},
};

static DigestState
digest_start(DigestKind kind)
{
    DigestState s = {0};
    memcpy(s.x, kind == DIGEST_SHA384 ? sha384_start : sha512_start, sizeof s.x);
    for (u32 i = 0; i < 8; i++) {
        if (kind == DIGEST_SHA256)
            s.w[i] = (u32)(sha512_start[i] >> 32);
        else if (kind == DIGEST_SHA224)
            s.w[i] = (u32)sha384_start[i];
        else
            s.w[i] = i < 5 ? sha1_start[i] : 0; /* MD5 begins with four of them */
    }
    return s;
}

u32
digest_bytes(DigestKind kind)
{
    return ways[kind].digest_bytes;
}

void
digest(DigestKind kind, const void *data, size_t len, u8 *to)
{
    const DigestWay *way = &ways[kind];
    DigestState s = digest_start(kind);
    const u8 *p = data;
    size_t left = len;
    for (; left >= way->block_bytes; left -= way->block_bytes, p += way->block_bytes)
        way->block(&s, p);

    /* The end: a 1 bit, zeros, the length in bits. */
    u8 tail[256] = {0};
    u32 room = way->block_bytes == 64 ? 8 : 16;
    u32 bytes = left + 1 + room <= way->block_bytes ? way->block_bytes : 2 * way->block_bytes;
    if (left) memcpy(tail, p, left);
    tail[left] = 0x80;
    for (u32 i = 0; i < 8; i++) {
        u8 part = (u8)((u64)len * 8 >> (8 * i));
        tail[kind == DIGEST_MD5 ? bytes - 8 + i : bytes - 1 - i] = part;
    }
    for (u32 at = 0; at < bytes; at += way->block_bytes) way->block(&s, tail + at);

    for (u32 i = 0; i < way->digest_bytes; i++) {
        if (kind == DIGEST_MD5)
            to[i] = (u8)(s.w[i / 4] >> (8 * (i % 4)));
        else if (way->block_bytes == 64)
            to[i] = (u8)(s.w[i / 4] >> (24 - 8 * (i % 4)));
        else
            to[i] = (u8)(s.x[i / 8] >> (56 - 8 * (i % 8)));
    }
}
