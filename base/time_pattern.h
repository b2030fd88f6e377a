/* time_pattern.h - patterns of DATE_FORMAT and TO_TIMESTAMP, as java.time's DateTimeFormatter
 * reads them (English names):
 *
 *   G era  y u year  M L month (M, MM, MMM Jan, MMMM January)  d day  D day of year  Q quarter
 *   E EEEE weekday name  e weekday number  a AM/PM  H hour 0-23  k 1-24  K 0-11  h 1-12
 *   m minute  s second  S fraction  n nano of second  A milli of day  'text'  ''
 *   X XX XXX x xx xxx Z offset  [ ] optional part
 *
 * A pattern is compiled once and is then immutable. */
#pragma once
#include "base/arena.h"
#include "base/datetime.h"
#include "base/err.h"

typedef struct TimePattern TimePattern;

/* W3006 for letters that mean nothing here. */
Status time_pattern_compile(Arena *a, Str pattern, TimePattern **ret_pattern, Err *err) MUST_USE;
/* us is local time, offset_s what X, x and Z print. */
void time_pattern_print(const TimePattern *p, i64 us, i32 offset_s, StrBuf *out);
/* Fields without a letter are those of 1970-01-01 00:00:00. Local time as written; digits past
 * microseconds are cut. An offset in the text is applied, so the result is then UTC, and
 * ret_has_offset (may be NULL) says so. Where the pattern does not match, Flink's TO_TIMESTAMP goes
 * on with timestamp_parse; that is the caller's business. */
TextResult time_pattern_parse(const TimePattern *p, Str text, i64 *ret_us, bool *ret_has_offset);
