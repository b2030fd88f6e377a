/* interval.h - texts of INTERVAL values: months, or microseconds. */
#pragma once
#include "base/datetime.h"

enum { INTERVAL_TEXT_MAX = 40 };
u32 interval_ym_print(char *to, i64 months); /* +2-00, -10-03 */
u32 interval_dt_print(char *to, i64 us);     /* +0 00:00:12.000; six digits if below 1 ms */

/* The text of INTERVAL '...' with its qualifier: YEAR, MONTH, YEAR TO MONTH, QUARTER, WEEK, DAY,
 * DAY TO HOUR .. DAY TO SECOND, HOUR TO .., MINUTE TO SECOND, SECOND, MILLISECOND, MICROSECOND.
 * `end` equals `start` without TO. A sign may lead. Months for YEAR, QUARTER, MONTH; else us.
 * Fields behind the first are bounded (months to 11, hours to 23, ...): TEXT_RANGE beyond. */
TextResult interval_parse(Str text, CalendarUnit start, CalendarUnit end, i64 *ret_value);
/* As CAST(string AS INTERVAL): the printed forms above. */
TextResult interval_ym_parse(Str text, i64 *ret_months);
TextResult interval_dt_parse(Str text, i64 *ret_us);
