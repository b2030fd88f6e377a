/* connector.h - what it takes to bring data in or carry it out.
 *
 * A source is split in partitions (a file, a Kafka partition), a partition in chunks. Fetching a
 * chunk is serial per partition and cheap: read the bytes, find where records end. Decoding
 * chunks is parallel:
 *
 *     partition 0   fetch -> chunk 0, chunk 1, chunk 2 ...     under the source's lock
 *                              |        |
 *                           decode    decode                   by any worker, batches out
 *
 * A connector sees batches; it never sees a plan, the catalog or state tables. */
#pragma once
#include "base/batch.h"
#include "base/err.h"
#include "connectors/options.h"

/* A physical column as the table declares it. */
typedef struct FieldSpec {
    Str name; /* of the column; formats find the field by it */
    Type type;
    u32 pos;      /* in the script, for errors about types that a format cannot hold */
    Str metadata; /* not empty: filled from this metadata key instead of the record */
} FieldSpec;

typedef struct Connector Connector;

/* A table as a connector sees it: physical and metadata columns, and its checked options.
 * Made by table_spec_make(), lives in the arena given there. */
typedef struct TableSpec {
    Str name; /* for messages */
    FieldSpec *fields;
    u32 nfields;
    u32 *partitioned_by; /* fields whose values are folders, not in the files */
    u32 npartitioned_by;
    const Connector *connector;
    const void *options;        /* the connector's own struct */
    const void *format;         /* FormatOptions of connectors/format.h; NULL if it has none */
    struct MemoryStore *memory; /* the session's memory tables */
    u32 pos;
} TableSpec;

/* Process-wide services of the session that runs the statement. */
typedef struct ConnectorEnv {
    struct MemoryStore *memory;  /* NULL: memory tables cannot be used */
    const struct TimeZone *zone; /* session zone, for TIMESTAMP_LTZ text */
    const char *base_dir;        /* relative paths start here; NULL: the working directory */
    u32 block_bytes;             /* tests: not 0: how much is read at a time, whatever tables say */
    const char *job; /* a sink of a job with state: its name, the same at every start and no other
                        sink's, so that it finds what it left behind; "": it has none. NULL: a run
                        without state */
} ConnectorEnv;

/* Check options and column types. name, fields and settings must outlive the spec. W2012, W2014,
 * W2019, W2001 for what is known but not built yet. */
Status table_spec_make(Arena *arena, const ConnectorEnv *env, Str name, FieldSpec *fields,
                       u32 nfields, OptionSetting *settings, u32 nsettings, u32 pos,
                       TableSpec **ret_spec, Err *err) MUST_USE;

/* PARTITIONED BY: these fields, in this order. Right after table_spec_make(); kept in the arena.
 * W2011; W2018 when no other column is left for the files. */
Status table_spec_partition(Arena *arena, TableSpec *spec, const u32 *fields, u32 n,
                            Err *err) MUST_USE;

/* ---- sources ------------------------------------------------------------------------------ */

typedef struct Source Source;
typedef struct Chunk Chunk;   /* starts with ChunkHead */
typedef struct Reader Reader; /* a worker's own decoding buffers */

/* A simple comparison that decode() may use to drop rows early. The rows that it delivers must
 * all satisfy the predicates that source_open accepted. */
typedef struct SourcePredicate {
    u32 field; /* of the table */
    u8 op;     /* ScanPredicate's op: EQ NE LT LE GT GE IS_NULL NOT_NULL = 0..7 */
    const Vector *constant;
} SourcePredicate;

/* What a scan wants. All live as long as the source. */
typedef struct SourceWant {
    const TableSpec *table;
    const u32 *fields; /* table fields to deliver, in the order of the batch's columns */
    u32 nfields;
    const SourcePredicate *preds;
    u32 npreds;
    u32 batch_rows; /* at most this many rows a batch, 1..BATCH_ROWS_MAX */
    const ConnectorEnv *env;
} SourceWant;

/* First member of every connector's chunk. Filled by fetch(). */
typedef struct ChunkHead {
    u32 partition;
    u64 seq_in_partition; /* 0, 1, 2, ... */
    u64 bytes;            /* consumed from the outside by this chunk, for progress */
} ChunkHead;

typedef enum FetchResult {
    FETCH_CHUNK, /* *ret_chunk is the next chunk of the partition; the caller owns it */
    FETCH_IDLE,  /* nothing now; ask again later */
    FETCH_END,   /* the partition has ended */
} FetchResult;

/* Counters that decode() adds to; one per reader, summed by exec for the summary. */
typedef struct ReadCounts {
    u64 rows; /* delivered or dropped by predicates */
    u64 bytes;
    u64 skipped; /* bad records left out by 'on-error' = 'skip' or the ignore-errors options */
} ReadCounts;

typedef struct SourceDef {
    /* Opens what must exist and lists partitions. ret_applied gets a bit per predicate that
     * decode() will apply. */
    Status (*open)(const SourceWant *want, Source **ret_source, u64 *ret_applied, Err *err);
    u32 (*partitions)(const Source *s);
    bool (*bounded)(const Source *s);
    u64 (*bytes_total)(const Source *s); /* for progress; 0 if not known */
    const char *(*partition_name)(const Source *s, u32 partition); /* "clicks.csv" */
    /* One caller at a time per partition (different partitions may run side by side). */
    Status (*fetch)(Source *s, u32 partition, FetchResult *ret_result, Chunk **ret_chunk, Err *err);
    /* The partition begins again at its start: used after a look at its first row. */
    Status (*rewind)(Source *s, u32 partition, Err *err);
    Status (*reader_open)(Source *s, Reader **ret_reader, Err *err);
    /* The next batch of the chunk, NULL when it is used up. Any thread, one reader each; chunk
     * and reader stay the same until the chunk is used up. */
    Status (*decode)(Reader *r, Chunk *c, Batch **ret_batch, Err *err);
    const ReadCounts *(*counts)(const Reader *r);
    void (*chunk_free)(Source *s, Chunk *c); /* any thread; also half-decoded ones */
    void (*reader_close)(Reader *r);
    void (*close)(Source *s);
    /* Append what restore() needs to go on behind the chunks fetched so far: the list of
     * partitions, with position and format state of each. No fetch is under way. */
    void (*save)(const Source *s, StrBuf *out);
    /* Right after open(): go on where save() was called; the same number means the same partition
     * as then. `saved` was written by this connector, but may come from a hostile file. W4003: a
     * file is not the one that was read then. W5004. Both NULL: cannot go on, only begin again. */
    Status (*restore)(Source *s, Str saved, Err *err);
    /* Look for new partitions (partitions() says how many there are afterwards). Called often; the
     * source knows how seldom it really looks. NULL: the list is fixed. */
    Status (*discover)(Source *s, Err *err);
    /* Append what save() wrote as words: "day-3.csv: byte 4,096 of 99,123". NULL: there are
     * none. */
    Status (*describe)(Str saved, StrBuf *out, Err *err);
} SourceDef;

/* ---- sinks -------------------------------------------------------------------------------- */

/* A run without state is one epoch: open, write*, barrier(last), sync, commit, close. With state,
 * epochs follow each other, and a crash leaves any of these between them:
 *
 *     barrier(n)  flush; describe files and lengths        worker thread
 *     sync(n)     fsync of what was flushed                checkpoint thread; write() goes on
 *     [decision: the state's transaction, which holds the description]
 *     commit(n)   rename finished files                    checkpoint thread; write() goes on
 *
 * One epoch is in flight at a time: barrier(n + 1) comes after commit(n). After a crash restore()
 * gets the description of the last decided epoch: it does what commit() may not have done, cuts
 * growing files to their length then, and deletes files that no decided epoch knows. */
typedef struct Sink Sink;

typedef struct SinkDef {
    Status (*open)(const TableSpec *table, const ConnectorEnv *env, Sink **ret_sink, Err *err);
    /* b stays the caller's. Columns are the table's fields in order. */
    Status (*write)(Sink *s, const Batch *b, Err *err);
    /* last: no more rows will come. state: append the description; may be left empty. */
    Status (*barrier)(Sink *s, u64 epoch, bool last, StrBuf *state, Err *err);
    Status (*sync)(Sink *s, u64 epoch, Err *err); /* NULL: nothing to do */
    Status (*commit)(Sink *s, u64 epoch, Err *err);
    /* Right after open(). The text may come from a hostile file. NULL: at least once. */
    Status (*restore)(Sink *s, Str state, Err *err);
    /* Release. NULL is fine. Of a run without state (keep false) nothing half-made stays behind;
     * else files of the undecided epoch may stay, for restore() to deal with. */
    void (*close)(Sink *s, bool keep);
    bool takes_updates; /* accepts batches with row kinds */
} SinkDef;

struct Connector {
    const char *name; /* 'connector' = 'name' */
    const char *doc;
    const Option *options;
    u32 noptions;
    size_t options_bytes;
    const Option *column_options; /* 'x.<column>.y', read by the connector itself; for the manual */
    u32 ncolumn_options;
    bool has_format;         /* 'format' = 'csv' | 'json' is required */
    const SourceDef *source; /* NULL: cannot be read */
    const SinkDef *sink;     /* NULL: cannot be written */
    /* Further checks once options are read; may be NULL. */
    Status (*check)(TableSpec *spec, OptionSetting *settings, u32 nsettings, Err *err);
    /* Does its source end, as far as the options tell? NULL: always. */
    bool (*bounded)(const TableSpec *spec);
};

const Connector *connector_find(Str name); /* NULL if there is none */
/* For completion and the manual: connector number i, NULL past the last. */
const Connector *connector_at(u32 i);
