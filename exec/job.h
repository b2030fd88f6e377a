/* job.h - a plan, running: the face of exec/ towards the front desk.
 *
 *     job_open -> (job_run | job_pump* -> job_run) -> job_close
 */
#pragma once
#include "exec/late.h"
#include "exec/op.h"
#include "exec/state/store.h"

typedef struct Job Job;

typedef struct JobOptions {
    const Session *session;
    const ConnectorEnv *env;
    JobOutput output; /* of RESULT roots */
    u32 threads;      /* workers, >= 1 */
    u32 batch_rows;   /* 1..BATCH_ROWS_MAX */
    u64 seed;         /* see workers.h */
    const atomic_bool *interrupt;
    void (*tick)(void *ctx); /* about ten times a second, from the thread in job_run */
    void *tick_ctx;
    /* Durable state; store NULL: none, and a job that ends early leaves nothing. A store that has
     * an epoch is gone on from: the caller has compared the plans. */
    StateStore *store;
    const char *job; /* with a store: marks what sinks have not finished; the same at every start */
    i64 checkpoint_us;       /* between the ends of epochs; 0: as fast as they follow (tests) */
    const atomic_bool *stop; /* set: end an epoch and return, to go on another time */
    /* An epoch is durable and its files are visible. From any thread. May be NULL. */
    void (*committed)(void *ctx, u64 epoch);
    void *committed_ctx;
    u64 memory_limit;        /* of state, in bytes: what is beyond goes to files; 0: none */
    LateNaming *late_naming; /* of computed columns in late rows; NULL: they are not shown */
} JobOptions;

/* Build tasks and operators and open sources and sinks. The plan must outlive the job. */
Status job_open(const Plan *plan, const JobOptions *options, Job **ret_job, Err *err) MUST_USE;
/* Work until every source has ended and every sink has finished, or until `stop` was obeyed. */
Status job_run(Job *j, Err *err) MUST_USE;
/* After job_run: did it come to its end? Its store then says so ("finished" = "yes" in the meta;
 * "committing" from the last epoch until its files are visible). */
bool job_finished(const Job *j);
/* Work until live sources have nothing new. */
Status job_pump(Job *j, Err *err) MUST_USE;
const JobCounts *job_counts(Job *j); /* since job_open; valid until the next call */
/* In `committed` only: those that belong to the epoch and the ones before it. */
void job_epoch_counts(const Job *j, JobCounts *ret);
LateLog *job_late(Job *j);         /* the late rows of its tables, until job_close() */
u64 job_bytes_total(const Job *j); /* of all bounded sources; 0: not known */
/* Sinks that did not finish leave nothing half-made. NULL is fine. */
void job_close(Job *j);
