/* mem.c - malloc, or an exit with code 7. */
#include "base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <unistd.h>

static _Noreturn void
mem_exhausted(size_t bytes)
{
    char line[80];
    int n = snprintf(line, sizeof line, "weir: out of memory (%zu bytes asked)\n", bytes);
    if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0) _exit(7);
    _exit(7);
}

void *
mem_alloc(size_t bytes)
{
    void *p = malloc(bytes ? bytes : 1);
    if (!p) mem_exhausted(bytes);
    return p;
}

void *
mem_zalloc(size_t bytes)
{
    void *p = calloc(1, bytes ? bytes : 1);
    if (!p) mem_exhausted(bytes);
    return p;
}

void *
mem_realloc(void *p, size_t bytes)
{
    p = realloc(p, bytes ? bytes : 1);
    if (!p) mem_exhausted(bytes);
    return p;
}

void *
mem_aligned(size_t align, size_t bytes)
{
    void *p = aligned_alloc(align, (bytes + align - 1) / align * align);
    if (!p) mem_exhausted(bytes);
    return p;
}

void
mem_free(void *p)
{
    free(p);
}

void
mem_trim(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}

char *
mem_strdup(const char *text, size_t len)
{
    char *p = mem_alloc(len + 1);
    if (len) memcpy(p, text, len);
    p[len] = '\0';
    return p;
}
