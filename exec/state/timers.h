/* timers.h - who is due when, for things whose time mostly moves on before it comes.
 *
 *     buckets of `width` by the time first expected    | 10:00 .. | 10:02 .. | 10:04 .. | ...
 *     the bucket that time has reached                 a heap by exact time
 *
 * A thing is put in once. When its bucket is reached it is handed out, and whoever asked looks
 * what time it has by now and puts it in again if that is later: one move for each time that it is
 * due, however often it moved on. Nothing is taken out otherwise: a thing that went away is told
 * from its successor by its turn. */
#pragma once
#include "base/base.h"

typedef struct Timers Timers;

typedef struct Timer {
    u32 thing, turn;
} Timer;

/* width_us > 0: a sixteenth of the time that things usually wait does well. */
Timers *timers_new(i64 width_us);
void timers_free(Timers *t); /* NULL is fine */
void timers_add(Timers *t, i64 due_us, Timer timer);
/* A timer that may be due at upto_us; false: none is left that could be. upto_us never goes back.
 * Every timer added with due_us <= upto_us comes. */
bool timers_take(Timers *t, i64 upto_us, Timer *ret_timer);
/* What timers_take() will hand out after `ahead` others, if that is known. */
bool timers_ahead(const Timers *t, u32 ahead, u32 *ret_thing);
