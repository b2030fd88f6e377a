/* guarded_room.h - memory with a page behind it that cannot be read, for tests of what reads a
 * chunk's slack: one byte too many ends the test, with or without a sanitizer. */
#pragma once
#include "connectors/format.h"

#include <sys/mman.h>

/* Readable from start to end. */
typedef struct GuardedRoom {
    char *start, *end;
} GuardedRoom;

enum { GUARD_BYTES = 1 << 16 }; /* at least a page, on any machine */

static GuardedRoom
guarded_room_open(size_t bytes)
{
    bytes = (bytes + GUARD_BYTES - 1) / GUARD_BYTES * GUARD_BYTES;
    char *p =
        mmap(NULL, bytes + GUARD_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert(p != MAP_FAILED);
    int failed = mprotect(p + bytes, GUARD_BYTES, PROT_NONE);
    assert(!failed);
    return (GuardedRoom){p, p + bytes};
}

static void
guarded_room_close(GuardedRoom *room)
{
    (void)munmap(room->start, (size_t)(room->end - room->start) + GUARD_BYTES);
}

/* Moves the chunk's text to where 64 bytes behind it are the last of the room, with junk around. */
static void
chunk_to_corner(TextChunk *c, const GuardedRoom *room)
{
    char *to = room->end - 64 - c->len;
    memmove(to, c->data, c->len);
    memset(to - 64, '"', 64);
    memset(to + c->len, '"', 64);
    c->data = to;
}
