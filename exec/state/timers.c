/* timers.c - a sorted run of buckets, and a binary heap for the times that have begun.
 *
 * Buckets beyond a fixed number are not made: their timers go into the heap, which is slower but
 * never bad, so that times scattered over years cost a logarithm each. */
#include "exec/state/timers.h"
#include "base/mem.h"

enum { BUCKETS_MAX = 1024 };

typedef struct Bucket {
    i64 number; /* times number * width .. (number + 1) * width - 1 */
    Timer *at;
    u32 len, cap;
} Bucket;

typedef struct Exact {
    i64 due_us;
    Timer timer;
} Exact;

struct Timers {
    i64 width_us;
    i64 reached; /* buckets up to this number have been opened */
    bool any_reached;
    Bucket *buckets; /* buckets[first..nbuckets), ascending */
    u32 first, nbuckets, buckets_cap;
    Bucket opened; /* being handed out */
    Exact *heap;
    u32 nheap, heap_cap;
};

Timers *
timers_new(i64 width_us)
{
    assert(width_us > 0);
    Timers *t = mem_make(Timers);
    t->width_us = width_us;
    return t;
}

void
timers_free(Timers *t)
{
    if (!t) return;
    for (u32 i = t->first; i < t->nbuckets; i++) mem_free(t->buckets[i].at);
    mem_free(t->opened.at);
    mem_free(t->buckets);
    mem_free(t->heap);
    mem_free(t);
}

/* ---- the heap ----------------------------------------------------------------------------- */

static void
heap_add(Timers *t, i64 due_us, Timer timer)
{
    mem_grow(t->heap, t->nheap, t->heap_cap);
    u32 at = t->nheap++;
    for (; at && t->heap[(at - 1) / 2].due_us > due_us; at = (at - 1) / 2) {
        t->heap[at] = t->heap[(at - 1) / 2];
    }
    t->heap[at] = (Exact){due_us, timer};
}

static Timer
heap_take(Timers *t)
{
    Timer first = t->heap[0].timer;
    Exact last = t->heap[--t->nheap];
    u32 at = 0;
    for (u32 child; (child = 2 * at + 1) < t->nheap; at = child) {
        if (child + 1 < t->nheap && t->heap[child + 1].due_us < t->heap[child].due_us) child++;
        if (t->heap[child].due_us >= last.due_us) break;
        t->heap[at] = t->heap[child];
    }
    if (t->nheap) t->heap[at] = last;
    return first;
}

/* ---- buckets ------------------------------------------------------------------------------ */

static i64
bucket_number(const Timers *t, i64 us)
{
    return us / t->width_us - (us % t->width_us < 0);
}

/* Where the bucket is, or has to be put in. */
static u32
bucket_place(const Timers *t, i64 number)
{
    u32 lo = t->first, hi = t->nbuckets;
    if (hi > lo && t->buckets[hi - 1].number < number) return hi;
    while (lo < hi) {
        u32 mid = lo + (hi - lo) / 2;
        if (t->buckets[mid].number < number)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* NULL: there are too many already. */
static Bucket *
bucket_get(Timers *t, i64 number)
{
    u32 at = bucket_place(t, number);
    if (at < t->nbuckets && t->buckets[at].number == number) return &t->buckets[at];
    if (t->nbuckets - t->first == BUCKETS_MAX) return NULL;
    if (t->nbuckets == t->buckets_cap && t->first) {
        memmove(t->buckets, t->buckets + t->first, (t->nbuckets - t->first) * sizeof(Bucket));
        t->nbuckets -= t->first;
        at -= t->first;
        t->first = 0;
    }
    mem_grow(t->buckets, t->nbuckets, t->buckets_cap);
    memmove(t->buckets + at + 1, t->buckets + at, (t->nbuckets - at) * sizeof(Bucket));
    t->nbuckets++;
    t->buckets[at] = (Bucket){.number = number};
    return &t->buckets[at];
}

void
timers_add(Timers *t, i64 due_us, Timer timer)
{
    i64 number = bucket_number(t, due_us);
    bool begun = t->any_reached && number <= t->reached;
    Bucket *b = begun ? NULL : bucket_get(t, number);
    if (!b) {
        heap_add(t, due_us, timer);
        return;
    }
    mem_grow(b->at, b->len, b->cap);
    b->at[b->len++] = timer;
}

/* The next bucket that has begun by then. */
static bool
bucket_open(Timers *t, i64 upto)
{
    if (t->first == t->nbuckets || t->buckets[t->first].number > upto) return false;
    mem_free(t->opened.at);
    t->opened = t->buckets[t->first++];
    return true;
}

bool
timers_take(Timers *t, i64 upto_us, Timer *ret_timer)
{
    i64 upto = bucket_number(t, upto_us);
    if (!t->any_reached || upto > t->reached) t->reached = upto;
    t->any_reached = true;
    while (t->opened.len == 0) {
        if (bucket_open(t, upto)) continue;
        if (t->nheap == 0 || t->heap[0].due_us > upto_us) return false;
        *ret_timer = heap_take(t);
        return true;
    }
    *ret_timer = t->opened.at[--t->opened.len];
    return true;
}

bool
timers_ahead(const Timers *t, u32 ahead, u32 *ret_thing)
{
    if (t->opened.len <= ahead) return false;
    *ret_thing = t->opened.at[t->opened.len - 1 - ahead].thing;
    return true;
}
