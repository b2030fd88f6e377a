/* bind_insert.h - INSERT INTO as a SINK node. */
#pragma once
#include "planner/bind.h"

Status bind_insert(Binder *b, const Insert *insert, PlanNode **ret_root, bool *ret_bounded,
                   Err *err) MUST_USE;
