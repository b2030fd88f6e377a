/* digest.h - MD5, SHA-1 and SHA-2 of a run of bytes. */
#pragma once
#include "base/base.h"

typedef enum DigestKind {
    DIGEST_MD5,
    DIGEST_SHA1,
    DIGEST_SHA224,
    DIGEST_SHA256,
    DIGEST_SHA384,
    DIGEST_SHA512
} DigestKind;

enum { DIGEST_BYTES_MAX = 64 };
u32 digest_bytes(DigestKind kind);
void digest(DigestKind kind, const void *data, size_t len, u8 *to); /* writes digest_bytes(kind) */
