/* job.h - a plan, running: the face of exec/ towards the front desk.
 *
 *     job_open -> (job_run | job_pump* -> job_run) -> job_close
 */
#pragma once
#include "exec/op.h"

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
} JobOptions;

/* Build tasks and operators and open sources and sinks. The plan must outlive the job. */
Status job_open(const Plan *plan, const JobOptions *options, Job **ret_job, Err *err) MUST_USE;
/* Work until every source has ended and every sink has finished. */
Status job_run(Job *j, Err *err) MUST_USE;
/* Work until live sources have nothing new. */
Status job_pump(Job *j, Err *err) MUST_USE;
const JobCounts *job_counts(const Job *j);
u64 job_bytes_total(const Job *j); /* of all bounded sources; 0: not known */
/* Sinks that did not finish leave nothing half-made. NULL is fine. */
void job_close(Job *j);
