/* weir.h - the front desk: one statement in, one outcome out.
 *
 * The only header that cli/ and the tests' tools need beside base/. A Weir is a session: a catalog,
 * settings, memory tables. It is used by one thread at a time, except weir_interrupt(). */
#pragma once
#include "base/batch.h"
#include "base/err.h"
#include "base/str.h"

#define WEIR_API __attribute__((visibility("default")))

typedef struct Weir Weir;

typedef struct WeirOptions {
    const char *catalog;  /* path of the catalog; NULL: in memory */
    const char *jobs;     /* folder of the jobs' folders, for state('job', ..); NULL: none */
    const char *base_dir; /* where relative paths of tables start; NULL: the working directory */
    u32 threads;          /* 0: as many as processors */
    u32 batch_rows;       /* 0: 2048; tests use 1 and 3 */
    u64 seed;             /* not 0: one thread picks tasks in a seeded random order */
    bool no_optimize;     /* skip the optimiser's passes (tests) */
    u32 restart_epochs;   /* not 0: queries crash after so many epochs and go on (tests) */
} WeirOptions;

typedef struct WeirColumn {
    Str name;
    Type type;
} WeirColumn;

/* What a statement did; valid during the callback. */
typedef struct WeirSummary {
    const char *message; /* "table clicks created", or NULL for a statement with rows */
    bool ran;            /* a query or INSERT ran: the figures below mean something */
    u64 rows_in, rows_out, rows_late, rows_skipped;
    f64 seconds;
} WeirSummary;

typedef struct WeirProgress {
    u64 rows_in, rows_out, rows_late, bytes_in, bytes_total; /* bytes_total 0: not known */
    f64 seconds;
    bool has_watermark;
    i64 watermark_us;
} WeirProgress;

/* Where outcomes go. Called from one thread at a time, in this order: begin, rows*, end for a
 * statement with rows; end alone for one without. A failed statement may stop after begin or rows.
 * A callback's failure ends the statement with that status. Any of them may be NULL. */
typedef struct WeirOutput {
    void *ctx;
    Status (*begin)(void *ctx, const WeirColumn *columns, u32 ncolumns, Err *err);
    Status (*rows)(void *ctx, const Batch *b, Err *err); /* b stays the caller's */
    Status (*end)(void *ctx, const WeirSummary *summary, Err *err);
    void (*warning)(void *ctx, const char *text);
    void (*note)(void *ctx, const char *text); /* what a job has to say: resumed, stopped */
    void (*progress)(void *ctx, const WeirProgress *p); /* about ten times a second */
} WeirOutput;

WEIR_API Status weir_open(const WeirOptions *options, Weir **ret_weir, Err *err) MUST_USE;
WEIR_API void weir_close(Weir *w); /* NULL is fine */

/* Run the statement that begins at byte `from` of script. *ret_next is where the following one
 * begins, also on failure; *ret_done says that there was none left. err->pos speaks of script. */
WEIR_API Status weir_execute(Weir *w, Str script, u32 from, const WeirOutput *out, u32 *ret_next,
                             bool *ret_done, Err *err) MUST_USE;
/* Where a job keeps what it needs to go on after a stop or a crash. Texts are borrowed. */
typedef struct WeirRun {
    const char *path;  /* of the script, canonical: a name belongs to one file */
    const char *name;  /* NULL: SET 'pipeline.name', else the path's last part up to its last dot */
    const char *state; /* folder of the state; NULL: <jobs>/<name> */
    const char *jobs;  /* NULL: there is no such folder */
    bool fresh;        /* forget what is there */
    /* The state is mapped there from now on: a fault at these addresses is a damaged file. folder
     * NULL: no longer. May be NULL. */
    void (*opened)(void *ctx, const char *folder, const void *map, size_t bytes);
    void *ctx;
} WeirRun;

/* A script as one job: DDL and SET take effect in order in a private in-memory catalog over the
 * session's, all INSERTs run together at the end as one DAG. Other queries are refused.
 * check: parse, bind and plan only. run NULL: one run that keeps no state. Else the job goes on
 * where it was stopped or killed, and one that has finished does nothing. W5005: the state is that
 * of another query or file; W6001: another process runs it. */
WEIR_API Status weir_run_job(Weir *w, Str script, bool check, const WeirRun *run,
                             const WeirOutput *out, Err *err) MUST_USE;
/* Let a job with state end its epoch and return, unfinished; any thread. Others go on. */
WEIR_API void weir_stop(Weir *w);
typedef enum WeirStateLook {
    WEIR_STATE_CHECK,  /* read and verify all: a row per table */
    WEIR_STATE_SHOW,   /* whose it is; a row per operator, with what it means and where it stands */
    WEIR_STATE_EXPORT, /* a row per record */
} WeirStateLook;
/* Look at a folder of state, while its job may run. W4001: there is none; W5004: it is damaged. */
WEIR_API Status weir_state(Weir *w, WeirStateLook look, const char *folder, const WeirOutput *out,
                           Err *err) MUST_USE;
/* Append the folder of a job's state. W8001: the name cannot be one. */
WEIR_API Status weir_job_folder(const char *jobs, Str name, StrBuf *ret_path, Err *err) MUST_USE;
/* Bind and plan a statement without running it (`weir check`); DDL does take effect. */
WEIR_API Status weir_check(Weir *w, Str script, u32 from, u32 *ret_next, bool *ret_done,
                           Err *err) MUST_USE;

/* Stop the running statement as soon as possible with W8002; any thread, any signal handler. */
WEIR_API void weir_interrupt(Weir *w);

/* ${name} in scripts: set before weir_execute. Replaced inside text and code alike. */
WEIR_API Status weir_param(Weir *w, Str name, Str value, Err *err) MUST_USE;

/* ---- live queries, stepped by tests and later by the shell ---------------------------------- */

typedef struct WeirJob WeirJob;
/* Start a query over live memory tables; rows come to out as they are produced by weir_job_pump().
 */
WEIR_API Status weir_job_start(Weir *w, Str query, const WeirOutput *out, WeirJob **ret_job,
                               Err *err) MUST_USE;
/* Work until all inputs are idle. */
WEIR_API Status weir_job_pump(WeirJob *j, Err *err) MUST_USE;
/* The inputs end: windows close, the rest comes out. */
WEIR_API Status weir_job_finish(WeirJob *j, Err *err) MUST_USE;
WEIR_API void weir_job_close(WeirJob *j);
/* Append rows given as text fields (value_text rules, NULL pointer: NULL), row-major, to a memory
 * table; in a live job they are the next rows of its only partition. */
WEIR_API Status weir_push(Weir *w, Str table, const Str *fields, u32 nrows, u32 ncols,
                          Err *err) MUST_USE;

/* ---- pages of the manual, made from the tables that the program works by --------------------- */

typedef enum WeirPage {
    WEIR_PAGE_CONNECTORS,
    WEIR_PAGE_FUNCTIONS,
    WEIR_PAGE_SETTINGS,
    WEIR_PAGE_ERRORS,
    WEIR_PAGE_COUNT
} WeirPage;
/* "connectors", "functions", ...: how `weir help` and docs/ call the page. */
WEIR_API const char *weir_page_name(WeirPage page);
/* The page as Markdown, appended to out. */
WEIR_API void weir_page(WeirPage page, StrBuf *out);

/* ---- looking, for completion and .tables ------------------------------------------------------
 */

typedef enum WeirListKind {
    WEIR_TABLES,
    WEIR_VIEWS,
    WEIR_FUNCTIONS,
    WEIR_COLUMNS,
    WEIR_SETTINGS,
    WEIR_CONNECTORS,
    WEIR_OPTIONS
} WeirListKind;
/* Calls each with every name of the kind; of: the table for WEIR_COLUMNS, the connector for
 * WEIR_OPTIONS, else empty. */
WEIR_API void weir_list(Weir *w, WeirListKind kind, Str of,
                        void (*each)(void *ctx, Str name, Str detail), void *ctx);
WEIR_API const char *weir_version(void);
/* What `weir doctor` prints: one call per finding; ok false where something is missing. */
WEIR_API void weir_doctor(Weir *w, void (*each)(void *ctx, bool ok, const char *line), void *ctx);

/* A value as CAST(x AS STRING) prints it, in the session's zone. NULL value: does nothing. */
WEIR_API void weir_value_print(Weir *w, StrBuf *out, Type t, const void *slot);
