/* json_scan.h - what the files of the JSON format share: options, the wanted columns of a scan, and
 * the rows of a batch while they are tokens.
 *
 *     lines --json_decode.c--> tokens per wanted value and row --json_value.c--> columns
 *
 * Between the two stands a JsonRows: value-major arrays of tokens that point into the chunk. */
#pragma once
#include "base/datetime.h"
#include "connectors/csv_kernels.h"
#include "connectors/format.h"
#include "connectors/json_simd.h"

enum { JSON_ON_ERROR_FAIL, JSON_ON_ERROR_SKIP, JSON_ON_ERROR_DEAD_LETTER };
enum { JSON_TIMES_SQL, JSON_TIMES_ISO };

typedef struct JsonOptions {
    u32 timestamp_format; /* JSON_TIMES_.. */
    u32 on_error;         /* JSON_ON_ERROR_.. */
    bool fail_on_missing;
    bool ignore_errors;
    bool plain_decimals;
    bool omit_nulls;
    i64 record_bytes_max;
    Str null_key_mode, null_key_literal; /* known, not supported yet */
    const OptionSetting *settings;       /* where 'json.path.<column>' are looked for again */
    u32 nsettings;
} JsonOptions;

/* One wanted field. Columns that name the same path share a value. */
typedef struct JsonColumn {
    const FieldSpec *field;
    u32 value; /* whose tokens */
} JsonColumn;

/* A predicate that decode() applies to the batch's column number `column`. */
typedef struct JsonPredicate {
    const SourcePredicate *of;
    u32 column;
} JsonPredicate;

typedef struct JsonScan {
    FormatScan base;
    const SourceWant *want;
    const JsonOptions *options;
    JsonColumn *columns; /* want->nfields */
    u32 ncolumns;
    JsonNode *nodes; /* children of a node lie side by side */
    u32 nnodes;
    u32 nvalues;
    JsonPredicate *preds;
    u32 npreds;
    u32 batch_rows;
    const JsonSimd *simd;
    const struct JsonIndexer *indexer;
    const struct JsonLoops *loops;
    const CsvKernels *kernels;
    bool no_shapes; /* tests: every line takes the general way */
} JsonScan;

/* The path of a column: names from the record inwards; 0 names: the record itself. */
typedef struct JsonPath {
    Str names[JSON_PATH_DEPTH_MAX];
    u32 depth;
} JsonPath;
/* '$.user.id', "$['user name'].id"; pos and width for the error. W2012, W2001 for what is more. */
Status json_path_parse(Str text, const OptionSetting *from, JsonPath *ret_path, Err *err) MUST_USE;
/* The path of a table's column: of its option, or its name. */
Status json_path_of(const JsonOptions *o, Str column, JsonPath *ret_path, Err *err) MUST_USE;

/* Why a value has no slot. */
typedef enum JsonVerdict {
    JSON_VALUE_FINE,
    JSON_VALUE_NULL,
    JSON_VALUE_MISSING, /* under 'json.fail-on-missing-field' */
    JSON_VALUE_NO_NULL, /* NULL for a NOT NULL column */
    JSON_VALUE_TYPE,    /* cannot be read as the column's type */
    JSON_VALUE_RANGE,
    JSON_VALUE_UTF8,   /* an unpaired surrogate */
    JSON_VALUE_BROKEN, /* not JSON */
} JsonVerdict;

/* How the usual values of a column are converted: all tokens of a window by one loop. */
typedef struct JsonLoop {
    CsvColumnFn *run; /* NULL: there is none, every value is looked at properly */
    CsvLoop state;
    u8 inset; /* quotes at both ends */
    bool text;
} JsonLoop;

/* The rows of one batch, before and while they become columns. */
typedef struct JsonRows {
    const JsonScan *scan;
    Buf *buf;         /* that text lies in */
    const char *text; /* tokens and lines count from here; see TextChunk.data */
    u32 n;
    JsonToken *tokens; /* of value v in row r: tokens[v * stride + r] */
    u32 stride;
    u32 line_at[BATCH_ROWS_MAX];
    /* What was found bad: rows to leave out, or the first row that ends the scan. */
    u64 drop[BATCH_MASK_WORDS];
    u32 dropped;
    u32 fail_row; /* UINT32_MAX: none */
    u32 fail_column;
    JsonVerdict fail_why;
    JsonLoop *loop;   /* per column */
    JsonToken *pairs; /* tokens of rows being filled, without flags */
    u16 *odd;         /* rows that a loop left */
    bool flagged;     /* tokens of rows being filled may have flags */
    bool keep_text;   /* a slot of the column being filled points into buf */
    bool *kept;       /* per column: its heap keeps buf already */
    StrBuf scratch;
} JsonRows;

JsonLoop json_loop_of(const JsonScan *scan, u32 column);
/* Rows [from, n) of column c into v; bad values go to drop, fail_row, or become NULL. */
void json_column_fill(JsonRows *rows, u32 c, u32 from, Vector *v);
/* The text between a JSON text's quotes with its escapes resolved; out has room for as many bytes.
 * False: verdict UTF8 or BROKEN. */
bool json_string_unescape(const char *text, u32 len, char *out, u32 *ret_len,
                          JsonVerdict *ret_verdict);
bool json_number_valid(const char *text, u32 len);

extern const FormatDef format_json;
/* json_encode.c */
Status json_encoder_open(const TableSpec *table, const ConnectorEnv *env,
                         FormatEncoder **ret_encoder, Err *err);
void json_encode_header(FormatEncoder *e, StrBuf *out);
Status json_encode(FormatEncoder *e, const Batch *b, StrBuf *out, Err *err);
void json_encoder_close(FormatEncoder *e);
/* json_decode.c */
FormatReader *json_reader_open(const FormatScan *scan);
Status json_decode(FormatReader *r, TextChunk *c, Batch **ret_batch, Err *err);
void json_reader_close(FormatReader *r);
