/* explain.h - bound expressions as SQL, with the names of their input's columns. */
#pragma once
#include "planner/plan.h"

/* Casts that nobody wrote are not printed apart: CAST stands for both. */
void expr_explain(StrBuf *out, const BoundExpr *e, const Schema *input);
/* The same for n of them: a, b + 1, c */
void expr_list_explain(StrBuf *out, BoundExpr *const *exprs, u32 n, const Schema *input);

/* The name of column col; $7 where s has no such column (or is NULL). */
void explain_column(StrBuf *out, const Schema *s, u32 col);
void explain_constant(StrBuf *out, const Vector *v);
/* us as a size: "1 min", "1 h 30 min". */
void explain_duration(StrBuf *out, i64 us);
