/* json_simd.h - simdjson's On-Demand parser with a C face: one record in, the wanted values' bytes
 * out.
 *
 * Which kernel On-Demand uses is decided when json_simd.cc is compiled, so it is compiled once per
 * processor level and json_simd_at() picks a copy. The result of a walk is tokens: where each
 * wanted value lies in the text, not what it means; json_value.h converts them. */
#pragma once
#include "base/cpu.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A value's bytes, from its first to behind its last: `"text"` with its quotes, `12.5`, `null`,
 * `{...}`. Both count from the pointer that the reader of the token knows. Without length: the
 * field is missing. */
typedef struct JsonToken {
    uint32_t at;
    uint32_t end; /* with JSON_TOKEN_ESCAPED: the text may hold backslashes */
} JsonToken;
#define JSON_TOKEN_ESCAPED (1u << 31)
#define JSON_TOKEN_LEN(t) (((t).end & ~JSON_TOKEN_ESCAPED) - (t).at)

/* The wanted fields as a tree, by the names on their paths; node 0 is the record itself. */
typedef struct JsonNode {
    const char *name;
    uint32_t name_len;
    uint32_t first, children; /* nodes first .. first + children - 1 */
    uint32_t column;          /* where its token goes, or JSON_COLUMN_NONE */
    bool quoted;              /* the name has a quote in it: no key without escapes is it */
} JsonNode;
#define JSON_COLUMN_NONE UINT32_MAX
#define JSON_PATH_DEPTH_MAX 16 /* names on a path; bounds the recursion of a walk */

typedef enum JsonFault {
    JSON_FINE,
    JSON_NOT_OBJECT, /* the record is some other JSON value */
    JSON_BAD_UTF8,
    JSON_BROKEN, /* not JSON; *ret_why says more */
} JsonFault;

typedef struct JsonWalker JsonWalker;

typedef struct JsonSimd {
    JsonWalker *(*open)(void);
    void (*close)(JsonWalker *w); /* NULL is fine */
    /* Walk the record text[0, len), behind which 64 bytes are readable, and put the token of
     * column c to tokens[c * stride]; its `at` counts from base. Tokens of missing fields are left
     * as they are: zero them first. A key that occurs twice counts the last time, nested ones
     * too. Values that no node wants are only looked at as far as quotes and brackets go. */
    JsonFault (*walk)(JsonWalker *w, const JsonNode *nodes, const char *text, size_t len,
                      const char *base, JsonToken *tokens, size_t stride, const char **ret_why);
    bool (*utf8_valid)(const char *text, size_t len);
    const char *kernel; /* "haswell", for doctor and tests */
} JsonSimd;

const JsonSimd *json_simd_at(CpuLevel level);

#ifdef __cplusplus
}
#endif
