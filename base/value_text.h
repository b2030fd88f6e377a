/* value_text.h - one slot of any type as text, and back: what CAST to and from STRING means.
 * Also how CHAR(n), VARCHAR(n), BINARY(n) and VARBINARY(n) pad and cut. */
#pragma once
#include "base/number.h"
#include "base/timezone.h"
#include "base/vector.h"

/* CAST(x AS STRING): TRUE, 1.0E10, DECIMAL with its full scale, TIMESTAMP(p) with exactly p digits,
 * intervals as +2-00, bytes as they are. A slot that is NULL is the caller's business (slot NULL
 * prints "NULL"). zone is for TIMESTAMP_LTZ; NULL means UTC.
 * TIME prints no fraction, as Flink's CAST does; time_print keeps it. */
void value_print(StrBuf *out, Type t, const void *slot, const TimeZone *zone);

enum {
    VALUE_CAST = 0,
    VALUE_STRICT = 1, /* integers take no fraction, DATE no time part: for files */
};

/* CAST(text AS t) for the types that are not text or bytes; white space around is ignored. Writes
 * the slot only when TEXT_OK. BOOLEAN: TRUE, T, YES, Y, ON, 1 and their opposites in any case. */
TextResult value_parse(Type t, Str text, const TimeZone *zone, u32 flags, void *ret_slot) MUST_USE;

/* Into slot i of a FLAT vector being built, any type; texts are copied, fitted to their length.
 * NULL is not among them. */
TextResult value_store(Vector *v, u32 i, Str text, const TimeZone *zone, u32 flags) MUST_USE;

/* A text or bytes value as type t holds it: cut to n characters (bytes), CHAR and BINARY padded
 * with spaces (zeros). Returns text itself when nothing changes, else a view into scratch. */
Str value_fit(Type t, Str text, StrBuf *scratch);
