/* clock.h - what time it is: the only place that asks. Operators never do (DESIGN 2). */
#pragma once
#include "base/base.h"

i64 clock_wall_us(void);      /* since 1970-01-01 UTC */
i64 clock_monotonic_us(void); /* since some start; never goes back */
i64 clock_monotonic_ns(void);
