/* bound.h - making, copying, comparing and searching bound expressions.
 *
 * Bound expressions are never changed once they are part of a plan: whoever wants another one
 * copies. Parts may be shared between expressions. Sharing makes trees whose size as a tree is far
 * above what is in memory, so every place that uses a part twice asks bound_small() before. */
#pragma once
#include "planner/plan.h"

/* 10,000: a SELECT of a thousand columns with ten operators each; its walk takes microseconds. */
enum { BOUND_SIZE_MAX = 10000 };

/* Facts about a whole tree, for bound_facts(). */
enum {
    BOUND_VOLATILE = 1, /* differs from call to call */
    BOUND_STABLE = 2,   /* fixed for a statement, not before it runs */
    BOUND_FAILS = 4,    /* may raise a run-time error */
    BOUND_READS = 8,    /* reads a column */
    BOUND_CALLS = 16,   /* is more than a column or a constant */
};

/* pos and width are 0 and 0 until the caller sets them. */
BoundExpr *bound_new(Arena *a, BoundExprKind kind, Type type, u32 nargs);
BoundExpr *bound_column(Arena *a, u32 column, Type type);
/* AND of n > 0 conditions, flat; one condition is returned as it is. */
BoundExpr *bound_and(Arena *a, BoundExpr *const *conds, u32 n);

u32 bound_facts(const BoundExpr *e);
/* Same value for the same row: structure, kernels and constants agree; positions do not count.
 * Volatile calls equal nothing. */
bool bound_equal(const BoundExpr *a, const BoundExpr *b);
bool bound_const_equal(const Vector *a, const Vector *b);
/* At most BOUND_SIZE_MAX nodes when counted as a tree. */
bool bound_small(const BoundExpr *e);
bool bound_is_column(const BoundExpr *e, u32 column);
/* PROCTIME(): a column of it is a processing-time attribute. */
bool bound_is_proctime(const BoundExpr *e);
/* The constant TRUE; the constant FALSE or NULL. */
bool bound_is_true(const BoundExpr *e);
bool bound_is_never(const BoundExpr *e);

/* used[c] = true for every column c that e reads; used has room for all of them. */
void bound_mark(const BoundExpr *e, bool *used);
/* All columns that e reads lie in the set; columns from n on do not. */
bool bound_reads_only(const BoundExpr *e, const bool *set, u32 n);

/* Copies with column c replaced by what by[c] points at; types are the replacements'. */
BoundExpr *bound_replace(Arena *a, const BoundExpr *e, BoundExpr *const *by);
/* Copies with column c becoming map[c]. */
BoundExpr *bound_renumber(Arena *a, const BoundExpr *e, const u32 *map);

/* Conjuncts: a growing list in the arena. Start with {0}. */
typedef struct BoundList {
    BoundExpr **at;
    u32 len, cap;
} BoundList;
void bound_list_add(Arena *a, BoundList *l, BoundExpr *e);
/* The parts of a condition that AND connects at the top. */
void bound_split(Arena *a, BoundExpr *cond, BoundList *ret_conds);
