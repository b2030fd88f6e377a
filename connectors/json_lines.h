/* json_lines.h - the loops over rows of JSON lines, one table of them per processor level. Numbers
 * and times go through csv_kernels.h's: a token is the span of a field. */
#pragma once
#include "connectors/csv_kernels.h"
#include "connectors/json_shape.h"

/* Lines of an indexed window from one on, and where their tokens go. */
typedef struct JsonLines {
    const char *text; /* of the window */
    u32 base;         /* of the window in the chunk, which tokens count from */
    u32 from;         /* of the next line in the window */
    u32 mark;         /* its first */
    JsonToken *tokens;
    u32 *line_at;
    u32 stride;
    u32 nvalues;
} JsonLines;

typedef struct JsonLoops {
    /* The tokens of the next lines, as long as they fit the shape and lie in no odd block, at most
     * max. Returns how many; l stands behind them. */
    u32 (*match)(const JsonShape *shape, const JsonIndex *ix, u32 max, JsonLines *l);
    /* Texts without escapes; s leads to the first byte within quotes. Others are odd. */
    CsvColumnFn *texts;
} JsonLoops;

const JsonLoops *json_loops_at(CpuLevel level);
