/* csv.h - what the files of the CSV format share.
 *
 *     csv_format.c   options, checks, scans and partitions: the FormatDef
 *     csv_kernels.c  hot loops, per processor level
 *     csv_index.c    records of a block: the fast index, the byte-by-byte one, headers
 *     csv_decode.c   a chunk's records to batches
 *     csv_field.c    one field looked at properly: quotes, NULL, rare forms; and what is wrong
 *     csv_encode.c   batches to text */
#pragma once
#include "base/decimal.h"
#include "base/value_text.h"
#include "connectors/csv_kernels.h"
#include "connectors/format.h"

typedef enum OnError { ON_ERROR_FAIL, ON_ERROR_SKIP, ON_ERROR_DEAD_LETTER } OnError;

typedef struct CsvOptions {
    u8 delimiter;
    u8 quote;
    u8 escape; /* 0: none */
    bool quotes_off;
    bool comments;
    bool ignore_errors;
    bool header;
    bool trim;
    bool null_set; /* null_literal was given, even if empty */
    bool scientific;
    Str null_literal;
    Str array_delimiter;
    u32 on_error; /* OnError */
    i64 record_bytes_max;
} CsvOptions;

/* A column that a scan decodes: one that it delivers, or one that only a predicate reads. */
typedef struct CsvColumn {
    const FieldSpec *field;
    Type type;
    u32 physical;      /* its place among the table's fields that are no metadata */
    CsvColumnFn *loop; /* NULL: every field goes through csv_field() */
    bool wide;         /* the loop makes i32 slots, to be narrowed to 8 or 16 bits */
    bool first;        /* predicates read it: decoded before the others, for all records */
} CsvColumn;

typedef struct CsvScan {
    FormatScan head;
    const CsvOptions *options;
    const SourceWant *want;
    const CsvKernels *kernels;
    i32 quote;         /* -1: none */
    bool slow_index;   /* options that the fast index does not know */
    u32 nphysical;     /* fields of a record without header */
    CsvColumn *column; /* the delivered ones in order, then predicates' own */
    u32 ncolumns;
    u32 *pred_column; /* column of each predicate */
    u64 applied;      /* predicates that decode() evaluates */
} CsvScan;

typedef struct CsvPart {
    FormatPart head;
    bool header_due; /* the next chunk starts with the header */
    u32 nfields;     /* of every record; 0: not known yet */
    u32 *field;      /* of each column of the scan */
} CsvPart;

/* TextChunk.state */
enum { CSV_BEGUN, CSV_RECORDS, CSV_TRIM, CSV_BAD_UTF8 };

/* Records [0, rows) of a batch: see CsvSpan. nfields + 1 entries per record when made by
 * csv_rows(), nfields when they are the chunk's own index. */
typedef struct CsvRows {
    const u32 *at;
    u32 stride;
    u32 trim; /* of the last field */
    u32 rows;
} CsvRows;

typedef struct CsvReader {
    FormatReader head;
    const CsvScan *scan;
    CsvLoop *loop; /* per column */
    u32 *rows_at;  /* for chunks that are not regular */
    u32 rows_cap;
    u32 *pairs;  /* start and end of one column's fields of the chosen records */
    u16 *odd;    /* rows that a loop left */
    u16 *chosen; /* records that passed the predicates */
    u32 nchosen;
    i32 *wide;                 /* slots to be narrowed */
    u64 bad[BATCH_MASK_WORDS]; /* records with a field that does not fit */
    u32 nbad;
    StrBuf scratch;
} CsvReader;

typedef enum CsvField {
    CSV_VALUE,
    CSV_NULL,
    CSV_BAD_TYPE,
    CSV_BAD_RANGE,
    CSV_BAD_UTF8_TEXT,
    CSV_BAD_QUOTE,
    CSV_BAD_NULL, /* no value in a NOT NULL column; never from csv_field() */
} CsvField;

/* csv_index.c */
Status csv_index(FormatPart *part, TextChunk *c, u32 have, IndexInput input, Err *err);
/* As CsvKernels.index, byte by byte and for all options; also says where the quote that is open at
 * the end began. */
void csv_index_slow(const CsvScan *scan, const char *data, u32 n, u32 *out, CsvIndex *ret,
                    u32 *ret_open);
/* Field names of the header, or the table's own order. */
void csv_part_columns(CsvPart *part);

/* csv_decode.c */
FormatReader *csv_reader_open(const FormatScan *scan);
Status csv_decode(FormatReader *r, TextChunk *c, Batch **ret_batch, Err *err);
void csv_reader_close(FormatReader *r);

/* csv_field.c */
/* One field as column `col` holds it. Text goes to *ret_text (in the chunk, or in *heap, made when
 * needed), other types into ret_slot. */
CsvField csv_field(const CsvScan *scan, const CsvColumn *col, const char *ptr, u32 len,
                   bool check_utf8, StrBuf *scratch, StrHeap **heap, Str *ret_text, void *ret_slot);
/* The content of a field: white space cut by csv.trim, quotes taken off. False: a quote is not
 * closed where the field ends. *ret_quoted: it had quotes. The result lies in the field or, when it
 * had to be changed, at `room`, which holds len bytes. */
bool csv_unquote(const CsvScan *scan, Str field, char *room, Str *ret_text, bool *ret_quoted);
/* The error of a field that csv_field() called `what`. */
Status csv_field_error(const TextChunk *c, const CsvColumn *col, const char *ptr, u32 len,
                       CsvField what, Err *err);
Status csv_count_error(const TextChunk *c, u32 from, u32 to, u32 got, u32 want, Err *err);

/* csv_encode.c */
Status csv_encoder_open(const TableSpec *table, const ConnectorEnv *env,
                        FormatEncoder **ret_encoder, Err *err);
void csv_encode_header(FormatEncoder *e, StrBuf *out);
Status csv_encode(FormatEncoder *e, const Batch *b, StrBuf *out, Err *err);
void csv_encoder_close(FormatEncoder *e);
