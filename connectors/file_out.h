/* file_out.h - the state of a file sink: which files grow, which are finished, under which names.
 *
 *     file_sink.c    opening, rows into files
 *     file_out.c     one file: its names, making it, writing it, finishing it
 *     file_epoch.c   barrier, sync, commit, restore, close
 *
 *     growing      .part-<run>-<n>.csv.<owner>.tmp          one per partition folder
 *     finished     the same name, no longer open            waits for the epoch that ends
 *     published    part-<run>-<n>.csv                       after that epoch's commit
 *
 * `owner` names the sink (ConnectorEnv.job), so that a start finds what the last one left behind;
 * `run` is made once, when the job has no state yet, so that names never come again even where a
 * reader takes files away. A run without state writes part-N, the first N that is free. A path that
 * names one file has one growing file, published at the end. */
#pragma once
#include "base/timezone.h"
#include "connectors/filesystem.h"

enum {
    OPEN_FILES_MAX = 64,
    OWNER_DIGITS = 16,
    RUN_DIGITS = 8,
};

typedef struct OutFile {
    char *dir;  /* below the sink's folder, with a slash; "" for the folder itself */
    u64 number; /* of the part; 0 where the path is one file */
    int fd;
    StrBuf buf;    /* rows not yet written */
    u64 bytes;     /* written */
    u64 sealed;    /* of those, described by the last barrier */
    bool begun;    /* the header is written */
    bool fresh;    /* made since the last barrier: its folder is not synced */
    i64 opened_us; /* wall clock, kept over restarts */
    i64 row_us;    /* when the last row came */
    u64 used;      /* the sink's tick of that */
} OutFile;

/* What a barrier describes; the checkpoint thread works on a list of these. */
typedef struct SealedFile {
    char *dir;
    u64 number;
    u64 bytes;
    i64 opened_us;
    bool finished, fresh, published;
    bool unchanged; /* nothing to sync */
} SealedFile;

typedef struct SealedList {
    SealedFile *at;
    u32 len, cap;
} SealedList;

typedef struct RowGroup {
    OutFile *file;
    u32 n;
    u16 rows[BATCH_ROWS_MAX];
} RowGroup;

struct Sink {
    const TableSpec *table;
    TableSpec *inner; /* as the format sees it: without partition columns */
    u32 *inner_fields;
    const FilesystemOptions *options; /* NULL: standard output's own connector */
    const FormatDef *format;
    FormatEncoder *encoder;
    const TimeZone *zone;
    u32 number_field; /* takes the source partition; UINT32_MAX: none */

    bool direct; /* standard output, a pipe, a device: written as it comes, never renamed */
    int direct_fd;
    StrBuf direct_buf;
    bool begun; /* direct: the header is written */

    char *path;  /* the file, or the folder with a slash; for messages too */
    bool folder; /* path is one */
    bool made;   /* and was made by this sink */
    bool durable;
    bool clean; /* what an earlier start left behind is gone */
    char owner[OWNER_DIGITS + 1];
    char run[RUN_DIGITS + 1];
    u64 next; /* number of the next part */
    u64 tick;
    i64 checked_us; /* when times were last looked at */

    OutFile *open[OPEN_FILES_MAX];
    u32 nopen;
    SealedList done; /* finished since the last barrier */
    SealedList
        sealed;    /* of the last barrier, until its commit; the checkpoint thread's meanwhile */
    u64 free_part; /* commit(): no part number below is free in the folder free_dir */
    char *free_dir;
    char **made_dirs; /* by this sink, in order */
    u32 nmade, made_cap;
    RowGroup *groups; /* of the batch at hand; PARTITIONED BY only */
    u32 ngroups;
};

/* ---- file_out.c ------------------------------------------------------------------------------ */

/* The path while a file is written, and the one after it; appended to *out. */
void out_tmp_path(const Sink *s, const char *dir, u64 number, StrBuf *out);
void out_final_path(const Sink *s, const char *dir, u64 number, StrBuf *out);
/* errno as an error of this sink. */
Status out_error(const Sink *s, int fd, Err *err);
/* The growing file of a folder, made when there is none; another one is finished when too many are
 * open. Not freed by the caller. */
Status out_file_of(Sink *s, const char *dir, OutFile **ret_file, Err *err) MUST_USE;
/* Opens a growing file again at `bytes`, what lies behind is cut. W5001: gone, or shorter. */
Status out_reopen(Sink *s, const SealedFile *known, Err *err) MUST_USE;
Status out_flush(Sink *s, OutFile *f, Err *err) MUST_USE;
/* No more rows for this file: off the open ones, onto `done`. */
Status out_finish(Sink *s, OutFile *f, Err *err) MUST_USE;
void out_header_once(Sink *s, OutFile *f);
void out_file_free(OutFile *f);
SealedFile *sealed_add(SealedList *l, const char *dir, u64 number, u64 bytes);
void sealed_clear(SealedList *l);
/* All of buf to fd, at an offset, or where it stands (offset UINT64_MAX); buf is empty then. */
Status out_write(const Sink *s, int fd, u64 offset, StrBuf *buf, Err *err) MUST_USE;

/* ---- file_epoch.c ---------------------------------------------------------------------------- */

/* Deletes hidden files of this sink that are not growing. Once, before the first file is made. */
Status out_clean_once(Sink *s, Err *err) MUST_USE;
Status file_sink_barrier(Sink *s, u64 epoch, bool last, StrBuf *state, Err *err);
Status file_sink_sync(Sink *s, u64 epoch, Err *err);
Status file_sink_commit(Sink *s, u64 epoch, Err *err);
Status file_sink_restore(Sink *s, Str state, Err *err);
void file_sink_close(Sink *s, bool keep);
