/* distinct.h - DISTINCT for any aggregate: a set of the values seen, in front of its state. */
#pragma once
#include "planner/plan.h"

/* The call that feeds `inner` (one argument) each value only once. Lives in the arena; its states
 * own memory, so done() matters. Sets merge exactly: inner sees the union. */
const AggCall *distinct_call(Arena *a, const AggCall *inner);
