/* fault.c - SIGBUS and SIGSEGV while state is mapped.
 *
 * A file that is cut off, or whose pages point anywhere, is found by a fault in the middle of
 * LMDB. Nothing can go on there, but it can be said what is wrong. Faults elsewhere are ours, and
 * end the process as they always did. */
#include "cli/fault.h"
#include "base/err.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

static const int fault_signals[] = {SIGBUS, SIGSEGV, SIGFPE, SIGABRT};

/* A handler has nothing but globals. Written before the handler is set. */
static struct Watched {
    char text[400];
    uintptr_t from, to;
    bool all;
} watched; /* tidy: ok, read by a signal handler */

static void
fault_caught(int sig, siginfo_t *info, void *context)
{
    (void)context;
    uintptr_t at = (uintptr_t)info->si_addr;
    bool mapped = sig == SIGBUS || (sig == SIGSEGV && at >= watched.from && at < watched.to);
    if (mapped || watched.all) {
        ssize_t n = write(STDERR_FILENO, watched.text, strlen(watched.text));
        (void)n;
        _exit(status_exit(ERR_IO));
    }
    (void)signal(sig, SIG_DFL);
    (void)raise(sig);
}

static void
fault_handlers(bool set)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    if (set)
        action.sa_sigaction = fault_caught;
    else
        action.sa_handler = SIG_DFL;
    u32 n = watched.all ? (u32)ARRAY_LEN(fault_signals) : 2;
    for (u32 i = 0; i < n; i++) (void)sigaction(fault_signals[i], &action, NULL);
}

static void
fault_text(const char *folder)
{
    (void)snprintf(watched.text, sizeof watched.text,
                   "error[%s]: state in \"%.250s\" is damaged: it cannot be read\n",
                   errcode_name(W5004), folder);
}

void
fault_watch(void *ctx, const char *folder, const void *map, size_t bytes)
{
    (void)ctx;
    if (!folder) {
        fault_handlers(false);
        return;
    }
    fault_text(folder);
    watched.from = (uintptr_t)map;
    watched.to = watched.from + bytes;
    fault_handlers(true);
}

void
fault_expect(const char *folder)
{
    fault_text(folder);
    watched.all = true;
    fault_handlers(true);
}
