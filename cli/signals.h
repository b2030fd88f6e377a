/* signals.h - Ctrl-C, kill, hang-up and --timeout, all seen by one thread.
 *
 * The signals are blocked everywhere and a thread of their own waits for them, so nothing runs
 * inside a handler. The first one interrupts what runs (weir_interrupt) and is remembered; a second
 * one while the same thing still runs ends the process at once. At the shell's prompt nothing runs:
 * there a signal only wakes the reader up. */
#pragma once
#include "weir.h"

typedef struct Signals Signals;

typedef enum StopReason {
    STOP_NONE,
    STOP_INTERRUPT, /* Ctrl-C: exit 130 */
    STOP_TERMINATE, /* SIGTERM: exit 143 */
    STOP_HANGUP,    /* SIGHUP: exit 129 */
    STOP_TIMEOUT,   /* --timeout: exit 124 */
} StopReason;

/* Before any other thread is made. Never fails: without a thread there is no Ctrl-C, no more. */
Signals *signals_start(void);
void signals_stop(Signals *s); /* NULL is fine */
/* Whom to interrupt; NULL: nobody (the Weir is about to go). */
void signals_watch(Signals *s, Weir *w);
/* A statement, or a script, runs from now on; timeout_seconds 0: for as long as it likes. Forgets
 * what happened before, except a TERMINATE or HANGUP. */
void signals_run(Signals *s, f64 timeout_seconds);
void signals_idle(Signals *s);
/* What runs is a job with state: the first signal, or the end of --timeout, asks it to end its
 * epoch (weir_stop), and is an interruption only when that takes longer than stop_seconds. A
 * hang-up stops no job. Call after signals_run(). */
void signals_run_job(Signals *s, f64 stop_seconds);
/* Once more, what has been asked for: it may have come too early to be heard. */
void signals_repeat(Signals *s);
StopReason signals_reason(Signals *s);
/* Readable when something has happened while idle; signals_drain() makes it unreadable again and
 * forgets a Ctrl-C. */
int signals_wake_fd(const Signals *s);
void signals_drain(Signals *s);
int stop_exit(StopReason reason); /* the exit code; 0 for NONE */
