/* render.h - a result as text: one renderer per format, all fed alike.
 *
 *   begin(columns) -> rows(batch)* -> end()      text goes to r->out, which knows when to write
 *
 * A renderer adds a row, then calls output_row(), so that memory stays small whatever a row holds.
 */
#pragma once
#include "cli/cell.h"
#include "cli/output.h"
#include "cli/terminal.h"

/* What the person asked for; fixed for a result. */
typedef struct RenderStyle {
    bool header; /* column names; markdown has them always */
    Str null_text;
    bool null_set; /* else the format's own word */
    bool color;
    bool utf8;
    bool terminal; /* a person reads it: rows may be cut to the width */
    u32 columns;   /* of the terminal; 0: no limit */
} RenderStyle;

typedef struct RenderColumn {
    Str name; /* copied: the renderer's own */
    Type type;
    CellKind kind;
} RenderColumn;

typedef struct Render Render;

typedef struct RenderDef {
    const char *name;
    const char *doc;
    void (*begin)(Render *r);
    Status (*rows)(Render *r, const Batch *b, Err *err);
    /* failed: the statement stopped halfway; what was held back still appears. */
    Status (*end)(Render *r, bool failed, Err *err);
    void (*done)(Render *r);             /* frees r->state; NULL: nothing to free */
    Status (*tick)(Render *r, Err *err); /* time passes without rows; NULL: nothing to do */
    bool footer;                         /* the number of rows belongs below it */
} RenderDef;

struct Render {
    const RenderDef *def;
    RenderStyle style;
    Weir *weir;
    Output *out;
    RenderColumn *col;
    u32 ncol;
    u64 rows;    /* rendered so far */
    u32 hidden;  /* columns left out for want of room */
    void *state; /* the renderer's own */
};

extern const RenderDef render_table, render_box, render_csv, render_tsv, render_json, render_jsonl,
    render_markdown, render_line, render_plain;

/* By name; NULL if there is none. */
const RenderDef *render_find(Str name);
const RenderDef *render_at(u32 i); /* all that have a name to ask for; NULL past the last */

/* begin; render_close() releases r whatever happened. */
void render_open(Render *r, const RenderDef *def, const RenderStyle *style, Weir *w, Output *out,
                 const WeirColumn *columns, u32 ncolumns);
void render_close(Render *r); /* a zeroed r is fine */

/* Make the row that begins at `from` of the output's text safe for a terminal; its line end stays.
 * For formats that write data as it is. */
void render_row_safe(Render *r, size_t from);

/* The word for NULL: the person's, else the format's. */
static inline Str
render_null(const Render *r, Str own)
{
    return r->style.null_set ? r->style.null_text : own;
}
static inline bool
render_header(const Render *r)
{
    return r->style.header;
}
