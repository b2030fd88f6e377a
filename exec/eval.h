/* eval.h - running bound expressions over batches.
 *
 * A tree of BoundExpr becomes a flat list of instructions over numbered registers (EvalProgram,
 * read-only, shared by all subtasks). Each operator instance runs it with an EvalState of its own,
 * which holds the registers and keeps their buffers from batch to batch.
 *
 * Lanes are dense: every instruction computes whole columns, and a mask of active lanes only says
 * whose errors count. A branch of AND, OR or CASE that no lane enters is jumped over. */
#pragma once
#include "base/batch.h"
#include "planner/plan.h"

typedef struct EvalProgram EvalProgram;
typedef struct EvalState EvalState;

/* Program that computes n expressions. exprs and session must outlive it. */
EvalProgram *eval_compile(BoundExpr *const *exprs, u32 n, const Session *session);
/* Program that finds the rows for which a BOOLEAN expression is TRUE. */
EvalProgram *eval_compile_filter(BoundExpr *cond, const Session *session);
void eval_program_free(EvalProgram *p); /* NULL is fine; no state of it may be left */

EvalState *eval_state_new(const EvalProgram *p);
void eval_state_free(EvalState *s); /* NULL is fine */

/* Compute the expressions over b, which stays. ret_vectors has one entry per expression: FLAT,
 * CONST or DICT of b->rows, the caller's to drop; a plain column is shared, not copied. On failure
 * (a run-time error of a lane that matters, W3xxx) nothing is handed out. */
Status eval_run(EvalState *s, const Batch *b, Vector *ret_vectors, Err *err) MUST_USE;

/* For programs of eval_compile_filter: the numbers of the rows that pass, ascending, in ret_rows
 * (room for b->rows) and how many in *ret_n. */
Status eval_filter(EvalState *s, const Batch *b, u16 *ret_rows, u32 *ret_n, Err *err) MUST_USE;

/* The value of an expression that reads no column, as a CONST of length 1. */
Status eval_const(BoundExpr *e, const Session *session, Vector *ret, Err *err) MUST_USE;

/* Instructions and registers, for tests and EXPLAIN: one line each, "r3 = +(r0, r1) under m1". */
void eval_print(const EvalProgram *p, StrBuf *out);
