/* file_source.h - the state of a scan over files.
 *
 *     file_source.c   opening, descriptors, fetching blocks, decoding
 *     file_values.c   'scan.partition-column': the values that are partitions
 *     file_resume.c   what an epoch keeps of it, going on there, files that come later
 *
 * Each file is a partition. With 'scan.partition-column' each value of that column is one instead:
 * its rows of all files, one file after another. It has a FilePart for every file, which passes
 * over the rows of other values; so files are read once per value, and once before to learn the
 * values. Partitions are only ever added, and each stays where it is in memory: workers fetch and
 * decode while discover() looks for more. */
#pragma once
#include "connectors/file_list.h"
#include "connectors/filesystem.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    DESCRIPTORS_MAX = 64,
    POOL_MAX = 64, /* blocks; more are made when needed and freed at once */
    SLACK = 64,    /* before the data, and behind it beside the block's own */
    SEGMENT_FIRST = 64,
    SEGMENTS_MAX = 15, /* of 64, 128, 256, ... partitions: more than FILES_MAX */
};

/* Where a partition stands: what an epoch keeps of it. */
typedef struct FilePlace {
    u64 at;   /* bytes of content, decompressed, that the chunks handed out have used up */
    u64 line; /* number of the first line behind them, from 1 */
    u64 seq;  /* chunks handed out */
} FilePlace;

typedef struct FilePart {
    ListedFile file;
    u32 number;
    FileBytes *bytes; /* NULL before the first fetch and after the end */
    FormatPart *format;
    StrBuf carry;
    StrBuf first;    /* of a stream: the first chunk, until the second is fetched (rewind) */
    FilePlace start; /* after open() or restore(): where rewind() goes back to */
    FilePlace now;
    u64 told;   /* bytes reported by chunks so far */
    bool begun; /* a byte order mark can no longer come */
    u8 mark;    /* bytes of the one that came */
    bool ended; /* no more bytes; carry may hold the rest */
    bool added; /* a line end that the file does not have */
    bool done;
    bool busy; /* being fetched: not to be parked; under the source's mutex, as used */
    u64 used;
} FilePart;

typedef struct FileChunk {
    TextChunk text; /* first: a Chunk is a TextChunk is a FileChunk */
    const FilePart *part;
    u32 value; /* 'scan.partition-column': which value's rows are wanted */
    bool counted;
    struct FileChunk *next_free;
} FileChunk;

struct Source {
    SourceWant want;  /* as opened */
    SourceWant inner; /* for the format: without metadata and partition columns */
    TableSpec *inner_table;
    u32 *inner_fields;
    SourcePredicate *inner_preds;
    bool widens; /* batches are not the format's as they are */
    u64 *ours;   /* a bit per field of the table that is not the format's */
    const FormatDef *format;
    FormatScan *scan;
    u32 block_bytes;

    FilePart *segment[SEGMENTS_MAX];
    _Atomic(u32) nparts;
    u64 bytes_total;
    u32 value_field;  /* of the table: 'scan.partition-column'; UINT32_MAX: files are partitions */
    u32 value_column; /* of the format's batches */
    i64 *values;      /* sorted */
    char **value_names; /* of these partitions */
    u32 nvalues;
    u32 *known; /* hash of paths: partition number + 1; discover() only */
    u32 known_cap;
    i64 looked_us; /* monotonic clock; discover() only */
    bool restored;

    pthread_mutex_t mutex; /* over the rest */
    u32 open_parts[DESCRIPTORS_MAX];
    u32 nopen;
    u64 tick;
    Buf *pool[POOL_MAX];
    u32 npool;
    FileChunk *free_chunks;
};

/* ---- file_source.c --------------------------------------------------------------------------- */

FilePart *part_at(const Source *s, u32 number);
/* The next partition; path is copied, name_at is where the name for messages begins in it. */
FilePart *part_add(Source *s, Str path, size_t name_at, FileStamp stamp);
void part_close(Source *s, FilePart *p);
FileBytes *part_bytes(const Source *s, const FilePart *p);
FileChunk *chunk_take(Source *s, FilePart *p, u32 data_bytes);
void chunk_grow(FileChunk *c, u32 have, u32 data_bytes); /* a larger block, content kept */
void file_chunk_free(Source *s, Chunk *chunk);

Status source_open(const SourceWant *want, bool by_value, Source **ret_source, u64 *ret_applied,
                   Err *err) MUST_USE;

/* ---- file_values.c --------------------------------------------------------------------------- */

/* Reads all files for their values, and makes the FileParts of each. W3103: a row has none. */
Status values_open(Source *s, Err *err) MUST_USE;
/* The FilePart of a value that is to be read next; NULL: all are done. */
FilePart *values_part(const Source *s, u32 value);
/* FilePart number i of a value, NULL past the last. */
FilePart *values_part_at(const Source *s, u32 value, u32 i);
/* The rows of one value. b is taken; NULL: there are none. */
Batch *values_take(const Source *s, Batch *b, u32 value);
void values_close(Source *s);

/* ---- file_resume.c --------------------------------------------------------------------------- */

/* The list of files at open(). */
Status file_source_list(Source *s, Err *err) MUST_USE;
/* The partition's first fetch after restore(): its format knows what stands before now.at. */
Status part_resume(Source *s, FilePart *p, Err *err) MUST_USE;
void file_source_save(const Source *s, StrBuf *out);
Status file_source_restore(Source *s, Str saved, Err *err);
Status file_source_describe(Str saved, StrBuf *out, Err *err);
Status file_source_discover(Source *s, Err *err);
