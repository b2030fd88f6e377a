/* pass.h - rewrites of a bound plan, in the order in which planner.c runs them.
 *
 * A pass takes a root, and makes nodes anew where something changes. Column numbers in a node
 * speak of its input; a pass that changes an input's columns renumbers what is above. All of them
 * work on trees: no node has two parents. */
#pragma once
#include "planner/bind.h"

/* Needed: the legal plan depends on them. */

/* rn <= n above a rank becomes its limit. W2001 for ranks that would never end. */
Status pass_rank(Binder *b, PlanNode **root, Err *err) MUST_USE;

/* Optional: the plan is legal without them. */

/* Constant conditions and branches. */
void pass_fold(Binder *b, PlanNode **root);
/* WATERMARK nodes that nothing above needs. */
void pass_watermark(Binder *b, PlanNode **root);
/* Conditions move down, into the scan where it can apply them. */
void pass_pushdown_filter(Binder *b, PlanNode **root);
/* Columns that nobody reads; projections merged. */
void pass_prune(Binder *b, PlanNode **root);

/* Exchanges, local and global aggregates, order, parallelism, ids. W2001 for operators that are
 * not executed yet. */
Status physical_plan(Binder *b, PlanNode **roots, u32 nroots, Plan **ret_plan, Err *err) MUST_USE;
