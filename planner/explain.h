/* explain.h - bound expressions as SQL, with the names of their input's columns. */
#pragma once
#include "planner/plan.h"

/* Casts that nobody wrote are not printed apart: CAST stands for both. */
void expr_explain(StrBuf *out, const BoundExpr *e, const Schema *input);
