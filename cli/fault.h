/* fault.h - a damaged state file that is mapped: a fault at its addresses is said, with its path.
 */
#pragma once
#include "base/base.h"

/* The state of `folder` is mapped at these addresses: a SIGBUS, or a fault in between, prints the
 * path and ends the process with exit code 5. folder NULL: no longer. One at a time. */
void fault_watch(void *ctx, const char *folder, const void *map, size_t bytes);
/* While a folder is looked at that may be damaged: every fault is taken for damage. */
void fault_expect(const char *folder);
