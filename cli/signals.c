/* signals.c - one thread in sigtimedwait(), which is also the clock of --timeout. */
#include "cli/signals.h"
#include "base/clock.h"
#include "base/mem.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    GRACE_US = 5 * 1000 * 1000, /* after --timeout, for a statement that does not listen */
    STOP_SIGNAL = SIGUSR2,      /* ends the thread */
    LOOK_SIGNAL = SIGUSR1,      /* there is a new deadline */
};

struct Signals {
    pthread_t thread;
    bool started;
    int wake; /* eventfd */
    sigset_t set;
    pthread_mutex_t lock; /* of all below */
    Weir *weir;
    bool running;
    StopReason reason;
    i64 deadline_us; /* 0: none */
    bool job;        /* what runs can be asked to stop */
    i64 stop_us;     /* how long that may take */
};

static void
signals_stop_work(Signals *s, StopReason reason)
{
    if (s->running && s->job && reason == STOP_HANGUP) return;
    if (s->running && s->reason != STOP_NONE) _exit(stop_exit(reason));
    s->reason = reason;
    if (s->running && s->weir && s->job) {
        weir_stop(s->weir);
        s->deadline_us = clock_monotonic_us() + s->stop_us;
    } else if (s->running && s->weir) {
        weir_interrupt(s->weir);
    }
    if (!s->running) {
        u64 one = 1;
        ssize_t n = write(s->wake, &one, sizeof one);
        (void)n; /* full means readable already */
    }
}

static void
signals_deadline(Signals *s)
{
    i64 now_us = clock_monotonic_us();
    if (!s->running || s->deadline_us == 0 || now_us < s->deadline_us) return;
    if (s->reason != STOP_NONE && !s->job) _exit(stop_exit(s->reason));
    s->deadline_us = now_us + GRACE_US;
    if (s->reason == STOP_NONE) {
        signals_stop_work(s, STOP_TIMEOUT);
    } else { /* the job did not stop in time */
        s->job = false;
        if (s->weir) weir_interrupt(s->weir);
    }
}

static StopReason
signal_reason(int sig)
{
    if (sig == SIGINT) return STOP_INTERRUPT;
    return sig == SIGHUP ? STOP_HANGUP : STOP_TERMINATE;
}

/* The next signal, or 0 when the deadline has come. */
static int
signals_wait(Signals *s)
{
    pthread_mutex_lock(&s->lock);
    i64 deadline_us = s->running ? s->deadline_us : 0;
    pthread_mutex_unlock(&s->lock);
    if (deadline_us == 0) return sigwaitinfo(&s->set, NULL);
    i64 left_us = MAX(deadline_us - clock_monotonic_us(), 0);
    struct timespec wait = {.tv_sec = left_us / 1000000, .tv_nsec = left_us % 1000000 * 1000};
    int sig = sigtimedwait(&s->set, NULL, &wait);
    return sig > 0 ? sig : 0;
}

static void *
signals_thread(void *arg)
{
    Signals *s = arg;
    for (;;) {
        int sig = signals_wait(s);
        if (sig == STOP_SIGNAL) return NULL;
        pthread_mutex_lock(&s->lock);
        if (sig > 0 && sig != LOOK_SIGNAL) signals_stop_work(s, signal_reason(sig));
        signals_deadline(s);
        pthread_mutex_unlock(&s->lock);
    }
}

Signals *
signals_start(void)
{
    Signals *s = mem_make(Signals);
    (void)signal(SIGPIPE, SIG_IGN); /* write() says EPIPE: output.c */
    sigemptyset(&s->set);
    static const int caught[] = {SIGINT, SIGTERM, SIGHUP, STOP_SIGNAL, LOOK_SIGNAL};
    for (size_t i = 0; i < ARRAY_LEN(caught); i++) {
        struct sigaction now;
        /* nohup and background jobs ignore some; that is kept. */
        bool ignored = sigaction(caught[i], NULL, &now) == 0 && now.sa_handler == SIG_IGN;
        if (!ignored || caught[i] == STOP_SIGNAL || caught[i] == LOOK_SIGNAL)
            sigaddset(&s->set, caught[i]);
    }
    (void)pthread_sigmask(SIG_BLOCK, &s->set, NULL);
    (void)pthread_mutex_init(&s->lock, NULL);
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->started = pthread_create(&s->thread, NULL, signals_thread, s) == 0;
    if (!s->started) (void)pthread_sigmask(SIG_UNBLOCK, &s->set, NULL);
    return s;
}

void
signals_stop(Signals *s)
{
    if (!s) return;
    if (s->started && pthread_kill(s->thread, STOP_SIGNAL) == 0) {
        (void)pthread_join(s->thread, NULL);
    }
    if (s->wake >= 0) (void)close(s->wake);
    (void)pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

void
signals_watch(Signals *s, Weir *w)
{
    pthread_mutex_lock(&s->lock);
    s->weir = w;
    pthread_mutex_unlock(&s->lock);
}

void
signals_run(Signals *s, f64 timeout_seconds)
{
    pthread_mutex_lock(&s->lock);
    bool final = s->reason == STOP_TERMINATE || s->reason == STOP_HANGUP;
    if (!final) s->reason = STOP_NONE;
    s->running = true;
    s->job = false;
    s->deadline_us =
        timeout_seconds > 0 ? clock_monotonic_us() + (i64)(timeout_seconds * 1e6) + 1 : 0;
    pthread_mutex_unlock(&s->lock);
    if (timeout_seconds > 0 && s->started) (void)pthread_kill(s->thread, LOOK_SIGNAL);
}

void
signals_run_job(Signals *s, f64 stop_seconds)
{
    pthread_mutex_lock(&s->lock);
    s->job = true;
    s->stop_us = (i64)(stop_seconds * 1e6);
    pthread_mutex_unlock(&s->lock);
}

void
signals_repeat(Signals *s)
{
    pthread_mutex_lock(&s->lock);
    if (s->running && s->weir && s->reason != STOP_NONE) {
        if (s->job)
            weir_stop(s->weir);
        else
            weir_interrupt(s->weir);
    }
    pthread_mutex_unlock(&s->lock);
}

void
signals_idle(Signals *s)
{
    pthread_mutex_lock(&s->lock);
    s->running = false;
    pthread_mutex_unlock(&s->lock);
}

StopReason
signals_reason(Signals *s)
{
    pthread_mutex_lock(&s->lock);
    StopReason reason = s->reason;
    pthread_mutex_unlock(&s->lock);
    return reason;
}

int
signals_wake_fd(const Signals *s)
{
    return s->wake;
}

void
signals_drain(Signals *s)
{
    u64 count;
    ssize_t n = read(s->wake, &count, sizeof count);
    (void)n; /* nothing to read is what is wanted */
    pthread_mutex_lock(&s->lock);
    if (s->reason == STOP_INTERRUPT) s->reason = STOP_NONE;
    pthread_mutex_unlock(&s->lock);
}

int
stop_exit(StopReason reason)
{
    switch (reason) {
    case STOP_NONE:
        return 0;
    case STOP_INTERRUPT:
        return status_exit(ERR_INTERRUPT);
    case STOP_TERMINATE:
        return 128 + SIGTERM;
    case STOP_HANGUP:
        return 128 + SIGHUP;
    case STOP_TIMEOUT:
        return status_exit(ERR_TIMEOUT);
    }
    return 1;
}
