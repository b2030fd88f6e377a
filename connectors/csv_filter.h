/* csv_filter.h - a scan's predicates on a decoded column. */
#pragma once
#include "connectors/connector.h"

/* Can csv_filter compare slots of `type` with a constant of type `constant`? */
bool csv_filter_can(Type type, const SourcePredicate *p);
/* Keep of the chosen rows those for which `v op constant` is true (NULL is not true) and which are
 * not bad; returns how many. */
u32 csv_filter(const Vector *v, u32 op, const Vector *constant, u16 *chosen, u32 n, const u64 *bad);
