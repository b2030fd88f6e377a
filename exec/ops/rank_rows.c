/* rank_rows.c - sort, number, cut. */
#include "exec/ops/rank_rows.h"
#include "base/mem.h"
#include <stdlib.h>

RankPart *
rank_part_new(void)
{
    return mem_make(RankPart);
}

static void
row_free(RankRow *r)
{
    mem_free((void *)(uintptr_t)r->key);
}

void
rank_part_free(RankPart *p)
{
    if (!p) return;
    for (u32 i = 0; i < p->n; i++) row_free(&p->rows[i]);
    mem_free(p->rows);
    mem_free(p);
}

static int
bytes_cmp(const u8 *a, u32 na, const u8 *b, u32 nb)
{
    u32 n = MIN(na, nb);
    int c = n ? memcmp(a, b, n) : 0;
    return c ? c : (na > nb) - (na < nb);
}

static int
row_cmp(const void *a, const void *b, void *ctx)
{
    const RankRow *x = a, *y = b;
    const RankOrder *o = ctx;
    int c = bytes_cmp(x->key, x->key_bytes, y->key, y->key_bytes);
    if (c) return c;
    int later = (x->arrival > y->arrival) - (x->arrival < y->arrival);
    return o->ties == SORT_BY_LATEST ? -later : later;
}

static int
peer_cmp(const RankRow *a, const RankRow *b)
{
    return bytes_cmp(a->key, a->peer_bytes, b->key, b->peer_bytes);
}

bool
rank_part_refuses(const RankPart *p, const RankOrder *o, const RankRow *row)
{
    if (!p->full) return false;
    const RankRow *last = &p->rows[p->sorted - 1];
    if (o->kind == RANK_ROW_NUMBER || o->no_peers) {
        return row_cmp(row, last, (void *)(uintptr_t)o) > 0;
    }
    return peer_cmp(row, last) > 0;
}

/* Numbers the sorted rows; how many are within the limit. */
static u32
part_number(RankPart *p, const RankOrder *o)
{
    i64 rank = 0, dense = 0;
    u32 i = 0;
    for (; i < p->n; i++) {
        bool peer = i && !o->no_peers && peer_cmp(&p->rows[i - 1], &p->rows[i]) == 0;
        if (!peer) rank = (i64)i + 1, dense++;
        i64 number = o->kind == RANK_ROW_NUMBER ? (i64)i + 1 : o->kind == RANK_RANK ? rank : dense;
        if ((u64)number > o->limit) break;
        p->rows[i].number = number;
    }
    return i;
}

void
rank_part_finish(RankPart *p, const RankOrder *o, void (*drop)(void *ctx, u32 row), void *ctx)
{
    if (p->n > 1) qsort_r(p->rows, p->n, sizeof *p->rows, row_cmp, (void *)(uintptr_t)o);
    u32 kept = part_number(p, o);
    for (u32 i = kept; i < p->n; i++) {
        drop(ctx, p->rows[i].row);
        row_free(&p->rows[i]);
    }
    p->n = p->sorted = kept;
    /* Whatever the kind: a row behind the last one would have a number above the limit. */
    u64 used = kept == 0                    ? 0
               : o->kind == RANK_DENSE_RANK ? (u64)p->rows[kept - 1].number
                                            : (u64)kept;
    p->full = kept && used >= o->limit;
}

enum { CUT_MIN = 2 };

void
rank_part_add(RankPart *p, const RankOrder *o, const RankRow *row, void (*drop)(void *ctx, u32 row),
              void *ctx)
{
    if (p->n == p->cap) { /* most partitions of a small limit stay small */
        p->cap = p->cap ? p->cap * 2 : CUT_MIN;
        p->rows = mem_realloc(p->rows, p->cap * sizeof *p->rows);
    }
    RankRow *to = &p->rows[p->n++];
    *to = *row;
    u8 *key = mem_alloc(row->key_bytes);
    if (row->key_bytes) memcpy(key, row->key, row->key_bytes);
    to->key = key;
    if (p->cut_at == 0) p->cut_at = (u32)MAX(MIN(o->limit, UINT32_MAX / 4) * 2, (u64)CUT_MIN);
    if (p->n < p->cut_at || o->limit > UINT32_MAX / 4) return;
    rank_part_finish(p, o, drop, ctx);
    /* Peers may be more than the limit. */
    p->cut_at = MAX(p->cut_at, p->n * 2);
}
