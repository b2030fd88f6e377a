/* fn_encode.c - base64, hexadecimal and digests. The digests themselves are digest.c. */
#include "base/utf8.h"
#include "exec/funcs/digest.h"
#include "exec/funcs/funcs.h"

/* ---- base64 (RFC 4648) ---------------------------------------------------------------------- */

static const char base64_chars[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void
base64_encode(char *to, Str s)
{
    for (u32 i = 0; i < s.len; i += 3) {
        u32 left = MIN(s.len - i, 3u);
        u32 v = (u32)(u8)s.ptr[i] << 16;
        if (left > 1) v |= (u32)(u8)s.ptr[i + 1] << 8;
        if (left > 2) v |= (u8)s.ptr[i + 2];
        *to++ = base64_chars[v >> 18];
        *to++ = base64_chars[v >> 12 & 63];
        *to++ = left > 1 ? base64_chars[v >> 6 & 63] : '=';
        *to++ = left > 2 ? base64_chars[v & 63] : '=';
    }
}

void
base64_print(StrBuf *to, Str s)
{
    size_t bytes = ((size_t)s.len + 2) / 3 * 4;
    base64_encode(strbuf_room(to, bytes), s);
    to->len += bytes;
}

static i32
base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Writes at most len / 4 * 3 + 2 bytes; false if the text is no base64. */
static bool
base64_decode(char *to, Str s, u32 *ret_len)
{
    while (s.len && s.ptr[s.len - 1] == '=') s.len--;
    if (s.len % 4 == 1) return false;
    char *start = to;
    for (u32 i = 0; i < s.len; i += 4) {
        u32 v = 0, left = MIN(s.len - i, 4u);
        for (u32 k = 0; k < 4; k++) {
            i32 d = k < left ? base64_digit(s.ptr[i + k]) : 0;
            if (d < 0) return false;
            v = v << 6 | (u32)d;
        }
        *to++ = (char)(v >> 16);
        if (left > 2) *to++ = (char)(v >> 8);
        if (left > 3) *to++ = (char)v;
    }
    *ret_len = (u32)(to - start);
    return true;
}

static Status
to_base64_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs;
    char tmp[STRVIEW_INLINE];
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        Str s = lane_str(&args[0], i);
        u64 bytes = ((u64)s.len + 2) / 3 * 4;
        TEXT_LIMIT(bytes)
        char *to = text_room(out, tmp, bytes);
        base64_encode(to, s);
        lane_borrow(out, i, (Str){to, (u32)bytes});
    }
    return ERR_OK;
}

/* The bytes become a STRING, so those that are no UTF-8 are NULL. */
static Status
from_base64_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    StrBuf text = {0};
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        Str s = lane_str(&args[0], i);
        u32 len;
        char *to = strbuf_room(&text, (size_t)s.len + 4);
        if (base64_decode(to, s, &len) && utf8_valid(to, len))
            vector_set_str(out, i, to, len);
        else
            vector_set_null(out, i);
    }
    strbuf_done(&text);
    return ERR_OK;
}

/* ---- hexadecimal ---------------------------------------------------------------------------- */

static void
hex_write(char *to, const u8 *bytes, u32 len, const char *digits)
{
    for (u32 i = 0; i < len; i++) {
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15];
    }
}

static i32
hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static Status
hex_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs;
    char tmp[STRVIEW_INLINE];
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        Str s = lane_str(&args[0], i);
        u64 bytes = (u64)s.len * 2;
        TEXT_LIMIT(bytes)
        char *to = text_room(out, tmp, bytes);
        hex_write(to, (const u8 *)s.ptr, s.len, "0123456789ABCDEF");
        lane_borrow(out, i, (Str){to, (u32)bytes});
    }
    return ERR_OK;
}

/* An odd number of digits begins with half a byte: '146' is 01 46. */
static bool
unhex_lane(char *to, Str s)
{
    u32 odd = s.len & 1;
    i32 high = 0;
    for (u32 i = 0; i < s.len; i++) {
        i32 d = hex_digit(s.ptr[i]);
        if (d < 0) return false;
        if ((i + odd) % 2 == 0)
            high = d;
        else
            *to++ = (char)(high << 4 | d);
    }
    return true;
}

static Status
unhex_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    char tmp[STRVIEW_INLINE];
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        Str s = lane_str(&args[0], i);
        u32 bytes = (s.len + 1) / 2;
        char *to = text_room(out, tmp, bytes);
        if (unhex_lane(to, s))
            lane_borrow(out, i, (Str){to, bytes});
        else
            vector_set_null(out, i);
    }
    return ERR_OK;
}

/* ---- digests -------------------------------------------------------------------------------- */

static void
digest_lane(Vector *out, u32 i, DigestKind kind, Str s)
{
    u8 bytes[DIGEST_BYTES_MAX];
    char text[DIGEST_BYTES_MAX * 2];
    digest(kind, s.ptr, s.len, bytes);
    hex_write(text, bytes, digest_bytes(kind), "0123456789abcdef");
    vector_set_str(out, i, text, digest_bytes(kind) * 2);
}

#define DIGEST(kernel_name, kind)                                                                  \
    static Status kernel_name(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out,      \
                              Err *err)                                                            \
    {                                                                                              \
        (void)nargs, (void)err;                                                                    \
        for (u32 i = 0; i < ctx->rows; i++) {                                                      \
            if (!vector_is_null(out, i)) digest_lane(out, i, kind, lane_str(&args[0], i));         \
        }                                                                                          \
        return ERR_OK;                                                                             \
    }
DIGEST(md5_kernel, DIGEST_MD5)
DIGEST(sha1_kernel, DIGEST_SHA1)
DIGEST(sha224_kernel, DIGEST_SHA224)
DIGEST(sha256_kernel, DIGEST_SHA256)
DIGEST(sha384_kernel, DIGEST_SHA384)
DIGEST(sha512_kernel, DIGEST_SHA512)
#undef DIGEST

static bool
sha2_kind(i32 bits, DigestKind *ret_kind)
{
    switch (bits) {
    case 224:
        *ret_kind = DIGEST_SHA224;
        return true;
    case 256:
        *ret_kind = DIGEST_SHA256;
        return true;
    case 384:
        *ret_kind = DIGEST_SHA384;
        return true;
    case 512:
        *ret_kind = DIGEST_SHA512;
        return true;
    default:
        return false;
    }
}

#define KERNEL sha2_kernel
#define BODY                                                                                       \
    i32 bits = LANE(&args[1], i32, i);                                                             \
    DigestKind kind;                                                                               \
    if (!sha2_kind(bits, &kind)) {                                                                 \
        if (!eval_lane_counts(ctx, out, i)) continue;                                              \
        LANE_FAIL(W3006, "SHA2 has 224, 256, 384 or 512 bits, not %d", bits);                      \
    }                                                                                              \
    digest_lane(out, i, kind, lane_str(&args[0], i))
#include "exec/kernels/lanes.tmpl.h"

/* Each function takes a text or bytes: two rows. */
#define TEXT_OR_BYTES(func, ret_kind, more, kernel_name, doc_text, example_text, example_bytes)    \
    {.name = func,                                                                                 \
     .args = {ARG_STRING},                                                                         \
     .ret = ret_kind,                                                                              \
     .flags = more,                                                                                \
     .kernel = kernel_name,                                                                        \
     .category = "encoding",                                                                       \
     .syntax = func "(text)",                                                                      \
     .doc = doc_text,                                                                              \
     .example = example_text},                                                                     \
    {                                                                                              \
        .name = func, .args = {TYPE_VARBINARY}, .ret = ret_kind, .flags = more,                    \
        .kernel = kernel_name, .category = "encoding", .syntax = func "(bytes)", .doc = doc_text,  \
        .example = example_bytes                                                                   \
    }

const FuncDef funcs_encode[] = {
    TEXT_OR_BYTES("TO_BASE64", TYPE_VARCHAR, FUNC_CAN_FAIL, to_base64_kernel,
                  "The bytes in base64.",
                  "TO_BASE64('hello') -> aGVsbG8=", "TO_BASE64(x'01020304') -> AQIDBA=="),
    TEXT_OR_BYTES("FROM_BASE64", TYPE_VARCHAR, FUNC_NULLABLE, from_base64_kernel,
                  "The text that was encoded; NULL if it is no base64 or no UTF-8.",
                  "FROM_BASE64('aGVsbG8=') -> hello", "FROM_BASE64(x'61413D3D') -> h"),
    TEXT_OR_BYTES("HEX", TYPE_VARCHAR, FUNC_CAN_FAIL, hex_kernel,
                  "The bytes in hexadecimal digits.", "HEX('weir') -> 77656972",
                  "HEX(x'0aff') -> 0AFF"),
    {.name = "UNHEX",
     .args = {ARG_STRING},
     .ret = TYPE_VARBINARY,
     .flags = FUNC_NULLABLE,
     .kernel = unhex_kernel,
     .category = "encoding",
     .syntax = "UNHEX(text)",
     .doc = "The bytes that hexadecimal digits stand for; NULL if it is something else.",
     .example = "CAST(UNHEX('77656972') AS STRING) -> weir"},
    TEXT_OR_BYTES("MD5", TYPE_VARCHAR, 0, md5_kernel, "The MD5 digest in hexadecimal digits.",
                  "MD5('') -> d41d8cd98f00b204e9800998ecf8427e",
                  "MD5(x'') -> d41d8cd98f00b204e9800998ecf8427e"),
    TEXT_OR_BYTES("SHA1", TYPE_VARCHAR, 0, sha1_kernel, "The SHA-1 digest in hexadecimal digits.",
                  "SHA1('test') -> a94a8fe5ccb19ba61c4c0873d391e987982fbbd3",
                  "SHA1(x'') -> da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    TEXT_OR_BYTES("SHA224", TYPE_VARCHAR, 0, sha224_kernel,
                  "The SHA-224 digest in hexadecimal digits.", "LEFT(SHA224(''), 8) -> d14a028c",
                  "LEFT(SHA224(x''), 8) -> d14a028c"),
    TEXT_OR_BYTES("SHA256", TYPE_VARCHAR, 0, sha256_kernel,
                  "The SHA-256 digest in hexadecimal digits.", "LEFT(SHA256(''), 8) -> e3b0c442",
                  "LEFT(SHA256(x''), 8) -> e3b0c442"),
    TEXT_OR_BYTES("SHA384", TYPE_VARCHAR, 0, sha384_kernel,
                  "The SHA-384 digest in hexadecimal digits.", "LEFT(SHA384(''), 8) -> 38b060a7",
                  "LEFT(SHA384(x''), 8) -> 38b060a7"),
    TEXT_OR_BYTES("SHA512", TYPE_VARCHAR, 0, sha512_kernel,
                  "The SHA-512 digest in hexadecimal digits.", "LEFT(SHA512(''), 8) -> cf83e135",
                  "LEFT(SHA512(x''), 8) -> cf83e135"),
    {.name = "SHA2",
     .args = {ARG_STRING, TYPE_INT},
     .ret = TYPE_VARCHAR,
     .flags = FUNC_CAN_FAIL,
     .kernel = sha2_kernel,
     .category = "encoding",
     .syntax = "SHA2(text, bits)",
     .doc = "The SHA-2 digest of 224, 256, 384 or 512 bits in hexadecimal digits.",
     .example = "LEFT(SHA2('test', 256), 8) -> 9f86d081"},
    {.name = "SHA2",
     .args = {TYPE_VARBINARY, TYPE_INT},
     .ret = TYPE_VARCHAR,
     .flags = FUNC_CAN_FAIL,
     .kernel = sha2_kernel,
     .category = "encoding",
     .syntax = "SHA2(bytes, bits)",
     .doc = "The SHA-2 digest of 224, 256, 384 or 512 bits in hexadecimal digits.",
     .example = "LEFT(SHA2(x'', 256), 8) -> e3b0c442"},
    {0},
};
