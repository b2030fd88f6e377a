/* arena.c - blocks in a list, bumped; a request larger than a block gets a block of its own. */
#include "base/arena.h"
#include "base/mem.h"

/* 16 KiB: the AST and plan of an ordinary statement fit the first block. */
enum { BLOCK_BYTES = 16 * 1024 };

typedef struct Block {
    struct Block *next;
    size_t used, cap;
    _Alignas(16) u8 bytes[];
} Block;

struct Arena {
    Block *head; /* the block being bumped; full ones follow */
};

Arena *
arena_new(void)
{
    return mem_make(Arena);
}

void
arena_free(Arena *a)
{
    if (!a) return;
    for (Block *b = a->head; b;) {
        Block *next = b->next;
        mem_free(b);
        b = next;
    }
    mem_free(a);
}

static Block *
block_new(size_t cap)
{
    Block *b = mem_zalloc(sizeof(Block) + cap);
    b->cap = cap;
    return b;
}

void *
arena_alloc(Arena *a, size_t bytes, size_t align)
{
    assert(align && align <= 16 && (align & (align - 1)) == 0);
    if (bytes > BLOCK_BYTES / 4) { /* its own block, behind the head so that bumping goes on */
        Block *b = block_new(bytes);
        b->used = bytes;
        if (a->head) {
            b->next = a->head->next;
            a->head->next = b;
        } else {
            a->head = b;
        }
        return b->bytes;
    }
    Block *b = a->head;
    size_t at = b ? (b->used + align - 1) & ~(align - 1) : 0;
    if (!b || at + bytes > b->cap) {
        b = block_new(BLOCK_BYTES);
        b->next = a->head;
        a->head = b;
        at = 0;
    }
    b->used = at + bytes;
    return b->bytes + at;
}

char *
arena_copy(Arena *a, const char *text, size_t len)
{
    char *p = arena_alloc(a, len + 1, 1);
    if (len) memcpy(p, text, len);
    return p;
}
