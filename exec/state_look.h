/* state_look.h - the state of one operator as rows, for people: SELECT * FROM state('job', 'op').
 *
 * They are the rows that the operator would give if its input ended with the last epoch: open
 * windows with what they have come to so far, the rows of a top-N, open sessions. */
#pragma once
#include "exec/op.h"
#include "exec/state/store.h"

/* n: a node of the job's plan with the id under which the state is stored. Batches of n's schema go
 * to output->rows, which copies what it keeps. W2001: the operator keeps no rows; W5004, W5005. */
Status state_look_rows(StateStore *s, const PlanNode *n, const Session *session,
                       const JobOutput *output, Err *err) MUST_USE;
