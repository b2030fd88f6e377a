/* mem.h - heap memory that is never refused.
 *
 * Out of memory is not an error that callers handle: one line on stderr, exit 7, and the next
 * start recovers. Everything whose size a user controls is bounded before it is asked for. */
#pragma once
#include "base/base.h"

void *mem_alloc(size_t bytes);                 /* not zeroed; 0 bytes is fine */
void *mem_zalloc(size_t bytes);                /* zeroed */
void *mem_realloc(void *p, size_t bytes);      /* p may be NULL */
void *mem_aligned(size_t align, size_t bytes); /* align a power of two; not zeroed */
/* Give what is free back to the system: after much more than usual was in use. Some milliseconds.
 */
void mem_trim(void);
void mem_free(void *p);                         /* NULL is fine */
char *mem_strdup(const char *text, size_t len); /* copies len bytes, adds a NUL */

#define mem_make(T) ((T *)mem_zalloc(sizeof(T)))
#define mem_array(T, n) ((T *)mem_zalloc((size_t)(n) * sizeof(T)))

/* Make room for one more element in a growing array `at` of `len` used and `cap` allocated. */
#define mem_grow(at, len, cap)                                                                     \
    do {                                                                                           \
        if ((len) == (cap)) {                                                                      \
            (cap) = (cap) ? (cap)*2 : 8;                                                           \
            (at) = mem_realloc((at), (size_t)(cap) * sizeof *(at));                                \
        }                                                                                          \
    } while (0)
