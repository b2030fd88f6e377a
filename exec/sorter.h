/* sorter.h - rows collected and put in order; for SORT and RANK.
 *
 * Each row gets one normalised key: the bytes of all its sort columns, made so that memcmp is the
 * order asked for (NULLs, descending, signs, text ends included; the idea is as old as System R
 * and well told by G. Graefe, "Implementing Sorting in Database Systems", 2006). */
#pragma once
#include "planner/plan.h"

typedef struct Sorter Sorter;

/* What decides between rows with equal keys. */
typedef enum SortTies {
    SORT_BY_ARRIVAL, /* who came first */
    SORT_BY_LATEST,  /* who came last */
    SORT_BY_COLUMNS, /* all other columns: the order of arrival does not matter at all */
} SortTies;

/* columns: how many the batches have. */
Sorter *sorter_new(const SortKey *keys, u32 nkeys, u32 columns, SortTies ties);
void sorter_free(Sorter *s); /* NULL is fine */
/* Takes b. */
void sorter_add(Sorter *s, Batch *b);
u64 sorter_rows(const Sorter *s);
void sorter_sort(Sorter *s);
/* Keep the first `rows` of the sorted rows, and forget batches that no kept row is in. */
void sorter_truncate(Sorter *s, u64 rows);
/* The sorted rows from..from+n as one batch of its own; n <= BATCH_ROWS_MAX. */
Batch *sorter_batch(const Sorter *s, u64 from, u32 n);
/* Do the sorted rows i and i - 1 agree in their first `keys` sort columns? For RANK. */
bool sorter_same_prefix(const Sorter *s, u64 i, u32 keys);
/* The normalised key of one row, appended. */
void sorter_key(const SortKey *keys, u32 nkeys, const Batch *b, u32 row, StrBuf *out);
