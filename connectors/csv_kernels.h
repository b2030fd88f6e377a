/* csv_kernels.h - the hot loops of CSV reading, one table of them per processor level.
 *
 * index() finds delimiters and line ends outside quotes; the column loops turn the fields of one
 * column of up to BATCH_ROWS_MAX records into slots. They take only the common form of a value:
 * anything else (NULL, quotes, signs and exponents that are rare, nonsense) leaves a zero slot and
 * its row in `odd`, for csv_decode.c to look at properly. */
#pragma once
#include "base/batch.h"

typedef struct CsvIndex {
    u32 n;            /* entries written */
    u32 records;      /* of them line ends */
    u32 quoted_lines; /* '\n' inside quotes */
    bool not_text;    /* a byte above 127 */
    bool quotes;      /* a quote character */
    bool odd;         /* quotes stand where only csv_index_slow() understands them */
} CsvIndex;

/* The fields of one column: that of record r starts `lead` bytes after at[r * stride] (1 in CSV:
 * behind the delimiter) and ends `trim` bytes before at[r * stride + 1]. Bytes from data - 64 to 64
 * behind the last field may be read. */
typedef struct CsvSpan {
    const char *data;
    const u32 *at;
    u32 stride;
    u32 lead;
    u32 trim;
    u32 rows;
} CsvSpan;

/* What a column loop knows beside its fields. */
typedef struct CsvLoop {
    i32 quote;        /* the quote character if the chunk has any, else -1: text loop */
    bool keep_quoted; /* every quoted text is odd: a null literal must not be taken for it */
    bool strict;      /* numbers as JSON has them: no needless zero in front, no bare point */
    u8 scale;         /* of the type */
    bool zoned;       /* TIMESTAMP_LTZ: wants a Z behind */
    bool in_quotes;   /* JSON's texts: a '"' stands before each */
    i128 limit;       /* DECIMAL: 10^precision */
    char minute[16];  /* the last "yyyy-MM-dd HH:mm" seen (DATE: its day) and what it is */
    i64 minute_us;
    i32 minute_days;
} CsvLoop;

/* What the time loops remember before the first row. */
#define CSV_LOOP_START ((CsvLoop){.quote = -1, .minute = {"1970-01-01 00:00"}})

/* Returns the number of rows in odd. */
typedef u32 CsvColumnFn(const CsvSpan *s, CsvLoop *l, void *out, u16 *odd);

typedef struct CsvKernels {
    /* Offsets into data[0, n), ascending; out has room for n + 64. quote < 0: none. Reads up to 64
     * bytes behind data + n. */
    void (*index)(const char *data, u32 n, u8 delimiter, i32 quote, u32 *out, CsvIndex *ret);
    /* Do `records` records of nfields entries each lie in at[1..]? *ret_crlf: how many line ends
     * follow a '\r'. */
    bool (*regular)(const char *data, const u32 *at, u32 records, u32 nfields, u32 *ret_crlf);
    CsvColumnFn *i64s, *i32s, *f64s, *f32s, *decimals, *bools, *dates, *timestamps, *texts;
} CsvKernels;

/* For this processor, or below: base/cpu.h. */
const CsvKernels *csv_kernels(void);
