/* rank_rows.h - the first rows of one partition in an order, while rows come.
 *
 * Rows are taken in until there are about twice as many as wanted; then they are sorted and cut,
 * and from then on a row behind the last kept one is refused at sight. So a row costs O(log limit)
 * at most, and nothing is held that could not be wanted. */
#pragma once
#include "base/str.h"
#include "exec/sorter.h"

/* What makes the order, for all partitions of an operator. */
typedef struct RankOrder {
    SortKey *keys;    /* the order asked for, then the columns that decide ties */
    u32 npeer, nkeys; /* equal in the first npeer: of one rank */
    SortTies ties;
    bool no_peers; /* no two rows are of one rank */
    int kind;      /* RANK_ROW_NUMBER, RANK_RANK, RANK_DENSE_RANK */
    u64 limit;
} RankOrder;

/* A row's place in the order; its key as sorter.h makes it. */
typedef struct RankRow {
    const u8 *key;
    u32 key_bytes, peer_bytes;
    u64 arrival;
    i64 number; /* after rank_part_finish() */
    u32 row;    /* the user's name for it */
} RankRow;

typedef struct RankPart {
    RankRow *rows; /* rows[0..sorted) in order; their keys are the part's */
    u32 n, cap, sorted, cut_at;
    bool full; /* what comes behind rows[sorted - 1] is not wanted */
} RankPart;

RankPart *rank_part_new(void);
void rank_part_free(RankPart *p); /* NULL is fine */
/* Would a row with this key and arrival be refused for good? */
bool rank_part_refuses(const RankPart *p, const RankOrder *o, const RankRow *row);
/* Takes a copy of the key. Rows that are cut off are told by `drop`. */
void rank_part_add(RankPart *p, const RankOrder *o, const RankRow *row,
                   void (*drop)(void *ctx, u32 row), void *ctx);
/* Exactly the wanted rows, in order and numbered. */
void rank_part_finish(RankPart *p, const RankOrder *o, void (*drop)(void *ctx, u32 row), void *ctx);
