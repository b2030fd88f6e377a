/* arena.h - memory with one lifetime.
 *
 * Everything a statement needs (AST, bound plan, physical plan) comes from one arena and dies
 * with it in one call. Nothing allocated here is ever freed alone, and nothing here may own a
 * file, a lock or a handle: those need an owner with a close. */
#pragma once
#include "base/base.h"

typedef struct Arena Arena;

Arena *arena_new(void);
void arena_free(Arena *a);                                /* NULL is fine */
void *arena_alloc(Arena *a, size_t bytes, size_t align);  /* zeroed, never NULL */
char *arena_copy(Arena *a, const char *text, size_t len); /* adds a NUL after the copy */

#define arena_make(a, T) ((T *)arena_alloc((a), sizeof(T), _Alignof(T)))
#define arena_array(a, T, n) ((T *)arena_alloc((a), (size_t)(n) * sizeof(T), _Alignof(T)))
