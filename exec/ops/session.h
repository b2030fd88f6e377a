/* session.h - SESSION windows: an aggregate over them, and rows with their session's bounds.
 *
 * Both run as one subtask. op_aggregate.c and op_window.c hand over when their window's kind is
 * WINDOW_SESSION; (*ret_op)->def is set then, which job.c takes for what the operator is. */
#pragma once
#include "exec/op.h"

/* AGGREGATE. W2001: an aggregate that depends on the order of rows beyond the first and last. */
Status session_agg_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err) MUST_USE;
/* WINDOW. */
Status session_window_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err) MUST_USE;
