/* slt.h - test files (docs/slt.md): records, and running them. */
#pragma once
#include "base/err.h"
#include "base/str.h"
#include "cli/signals.h"
#include "weir.h"

typedef enum SltVerb {
    SLT_STATEMENT_OK,
    SLT_STATEMENT_ERROR,
    SLT_QUERY,
    SLT_TYPES,
    SLT_EXPLAIN,
    SLT_PUSH,
    SLT_LIVE,
    SLT_EMITS,
    SLT_FINISH,
    SLT_SUMMARY,
    SLT_FILE,
    SLT_CAT,
    SLT_ABSENT,
    SLT_NEEDS,
    SLT_ONLY,
} SltVerb;

typedef struct SltRecord {
    SltVerb verb;
    u32 line; /* of the verb, from 1 */
    Str arg;  /* name, code or path behind the verb; may be empty */
    bool ordered;
    Str body;               /* text under the verb line, without the last line end */
    bool expects;           /* has a ---- */
    Str want;               /* text under it, without the last line end */
    u32 want_from, want_to; /* bytes of the expectation in the file, for --update */
} SltRecord;

typedef struct SltFile {
    Str text; /* of the whole file */
    SltRecord *records;
    u32 nrecords, cap;
} SltFile;

/* Cut text into records. On failure *ret_line is the line at fault. W8001. */
Status slt_parse(Str text, SltFile *ret_file, u32 *ret_line, Err *err) MUST_USE;
void slt_file_done(SltFile *f);

/* C escapes away; appended to out. False if an escape is not known. */
bool slt_unescape(Str text, StrBuf *out);
/* A cell as it is written in a file. */
void slt_escape(StrBuf *out, Str cell);
/* The lines of a text in byte order, in place. */
void slt_sort_lines(StrBuf *text);

typedef struct SltOptions {
    WeirOptions weir;
    Signals *signals; /* a session that runs is interrupted by Ctrl-C and the like */
    bool update;
    const char *replay; /* the options as a person would type them, for the replay line */
} SltOptions;

typedef enum SltOutcome { SLT_PASSED, SLT_FAILED, SLT_SKIPPED } SltOutcome;

/* Run one file; reports of failures are appended to report. */
SltOutcome slt_run(const char *path, const SltOptions *options, StrBuf *report);
