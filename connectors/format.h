/* format.h - the seam between carriers of bytes (filesystem) and the meaning of bytes (csv, json).
 *
 *     bytes of a partition -> index() cuts whole records -> TextChunk -> decode() -> Batch
 *     Batch -> encode() -> text in a StrBuf -> bytes
 *
 * The carrier reads blocks into counted buffers, strips a byte order mark, keeps the partial last
 * record for the next block, and ends the last record with a '\n' if the input does not. The
 * format says where the last whole record ends (in the partition's serial part: be quick) and
 * later turns the chunk into batches (in parallel). Formats are text formats: a chunk is whole
 * lines. Metadata columns are the carrier's business: a format never sees them among the wanted
 * fields, nor as fields of a record. */
#pragma once
#include "connectors/connector.h"

typedef struct FormatDef FormatDef;

/* What TableSpec.format points to. */
typedef struct FormatOptions {
    const FormatDef *def;
    const void *options; /* the format's own struct */
} FormatOptions;

/* A run of whole records of one partition, and where its decoding stands. The carrier fills the
 * first part, index() the second; decode() owns the cursor. Chunks are reused: reset by the
 * carrier, except that index and index_cap stay. */
typedef struct TextChunk {
    ChunkHead head;
    const char *file;        /* the partition's name, for messages */
    struct FormatPart *part; /* of the partition */
    Buf *buf;                /* holds data: strheap_keep_buf() it instead of copying text */
    char *data;              /* 64 readable bytes before it and behind data + len */
    u64 line;                /* number of data's first line in the file, from 1 */

    u32 len;       /* bytes of whole records from data on; 0: no whole record yet */
    u32 lines;     /* '\n' in them */
    u32 skipped;   /* bad records that index() left out under 'on-error' = 'skip' */
    bool not_text; /* has a byte above 127 (when index() tells; else false) */
    bool quotes;   /* the format's own use */
    bool regular;  /* the format's own use */
    u32 *index;    /* offsets into data, the format's own use; freed by the carrier */
    u32 nindex;
    u32 index_cap;

    u32 next;     /* 0 at first: where decode() goes on; meaning is the format's */
    u32 state[7]; /* zero at first: more of the format's own */
} TextChunk;

/* Shared by all partitions and readers of a scan; immutable after scan_open(). */
typedef struct FormatScan {
    u32 record_bytes_max; /* a longer record fails; the carrier grows blocks up to this */
} FormatScan;

/* Per partition; changed only by index(), so under the partition's lock. What decode() reads of it
 * must not change after the partition's first chunk. Starts as {file, scan}. */
typedef struct FormatPart {
    const FormatScan *scan;
    const char *file;
} FormatPart;

/* A worker's buffers for decoding. */
typedef struct FormatReader {
    ReadCounts counts;
} FormatReader;

typedef enum IndexInput {
    INDEX_MORE, /* the partition goes on behind these bytes */
    INDEX_LAST, /* they are its last */
    INDEX_FULL, /* they are record_bytes_max and more, and index() found no whole record before */
} IndexInput;

typedef struct FormatEncoder FormatEncoder;

struct FormatDef {
    const char *name; /* 'format' = 'name' */
    const char *doc;
    const Option *options; /* 'on-error' is among them where a format knows it */
    u32 noptions;
    size_t options_bytes;
    const Option *column_options; /* 'x.<column>', read by check(); for the manual */
    u32 ncolumn_options;
    /* Are the options consistent and can the format hold these columns? May mark settings of its
     * own as used ('json.path.<column>') and so may change *options, which is the format's. */
    Status (*check)(TableSpec *spec, void *options, OptionSetting *settings, u32 nsettings,
                    Err *err);

    /* ---- reading: all NULL if it cannot be read ---- */
    /* want lives as long as the scan and has no metadata field, in its predicates neither.
     * ret_applied gets a bit per predicate that decode() applies. */
    Status (*scan_open)(const SourceWant *want, FormatScan **ret_scan, u64 *ret_applied, Err *err);
    void (*scan_close)(FormatScan *scan); /* NULL is fine */
    FormatPart *(*part_open)(const FormatScan *scan, const char *file);
    void (*part_close)(FormatPart *part);  /* NULL is fine */
    void (*part_rewind)(FormatPart *part); /* the next chunk is the file's first again */
    /* May records from the middle of the partition be indexed and decoded, or must those before
     * them be indexed first (a header)? NULL: they may. */
    bool (*part_ready)(const FormatPart *part);
    /* Find the whole records in c->data[0, have): set len, lines, index and flags. With
     * INDEX_LAST and INDEX_FULL, len must become > 0 or an error is returned (W3101, W3105).
     * May be called again for the same bytes and more behind them while it answers len 0. */
    Status (*index)(FormatPart *part, TextChunk *c, u32 have, IndexInput input, Err *err);
    FormatReader *(*reader_open)(const FormatScan *scan);
    /* As SourceDef.decode. Counts rows and skipped (c->skipped once); the carrier counts bytes. */
    Status (*decode)(FormatReader *r, TextChunk *c, Batch **ret_batch, Err *err);
    void (*reader_close)(FormatReader *r); /* NULL is fine */

    /* ---- writing: all NULL if it cannot be written ---- */
    Status (*encoder_open)(const TableSpec *table, const ConnectorEnv *env,
                           FormatEncoder **ret_encoder, Err *err);
    void (*encode_header)(FormatEncoder *e, StrBuf *out); /* once, before the first row */
    Status (*encode)(FormatEncoder *e, const Batch *b, StrBuf *out, Err *err);
    void (*encoder_close)(FormatEncoder *e); /* NULL is fine */
    const char *suffix;                      /* of its files: ".csv" */
    bool takes_updates;                      /* has a place for row kinds */
};

const FormatDef *format_find(Str name); /* NULL if there is none */
const FormatDef *format_at(u32 i);      /* NULL past the last */

/* Room for n entries in c->index, old content not kept. */
void chunk_index_room(TextChunk *c, u32 n);
/* Number of the line that holds data[at], in the file. */
u64 chunk_line_at(const TextChunk *c, u32 at);
/* At most 200 bytes of hostile text as it may stand in a message: control characters, quotes and
 * bytes that are no UTF-8 escaped, cut with "..." behind. out holds ESCAPED_MAX bytes. */
#define ESCAPED_MAX 208
const char *text_escaped(char *out, const char *text, size_t len);
