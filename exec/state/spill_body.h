/* spill_body.h - how layers lie in files, for the files of exec/state that write and read them. */
#pragma once
#include "exec/state/row_image.h"
#include "exec/state/spill.h"

/* Before each block; len bytes of a row image follow. The checksum is of them, seeded with their
 * place, so that a block of elsewhere is found out. */
typedef struct SpillBlock {
    u32 len, rows;
    u64 checksum;
} SpillBlock;

typedef struct SpillFile {
    u32 number;
    i32 fd;
    u64 bytes;
    u32 layers; /* that live in it */
    bool synced;
    bool named_durably; /* its folder is synced since it was made */
} SpillFile;

typedef struct SpillLayer {
    PaneId id;
    u32 file; /* its number */
    u64 at, bytes, rows;
} SpillLayer;

struct Spill {
    SpillSpec spec;
    RowImage *image;
    SpillFile *file; /* ascending by number; the last one is written to */
    u32 nfiles, files_cap;
    u32 next_number;
    SpillLayer *layer; /* ascending by id, then as they came */
    u32 nlayers, layers_cap;
    bool changed; /* since the last save */
    Status failed;
    Err failure;
    char **gone[2]; /* paths: of files that the last epoch does not list, and the one before */
    u32 ngone[2], gone_cap[2];
    StrBuf block; /* scratch */
};

int pane_id_cmp(PaneId a, PaneId b);
Status spill_fail(Spill *s, int why, const char *what, Err *err);
Status spill_check(const Spill *s, Err *err); /* what failed before */
void spill_path(const Spill *s, u32 subtask, u32 number, StrBuf *out);
SpillFile *spill_file_add(Spill *s, u32 number, int fd, u64 bytes);
/* To be deleted when the epoch is decided that the next save belongs to. */
void spill_gone(Spill *s, u32 subtask, u32 number);
SpillFile *spill_file(const Spill *s, u32 number);
/* Layers at [*ret_from, return value) are those of the id. */
u32 spill_layers_of(const Spill *s, PaneId id, u32 *ret_from);
u64 spill_checksum(const void *bytes, u32 len, u32 file, u64 at);
/* Writing a layer: begin, blocks of rows in order, end. */
Status spill_layer_begin(Spill *s, PaneId id, SpillLayer *ret_layer, Err *err) MUST_USE;
Status spill_layer_add(Spill *s, SpillLayer *layer, u8 *const *rows, u32 n, Err *err) MUST_USE;
void spill_layer_end(Spill *s, const SpillLayer *layer);
u32 spill_block_rows(const Spill *s);

/* ---- order -------------------------------------------------------------------------------- */

/* What a row is ordered by first: the hash's upper half, or nothing where keys decide. */
u32 spill_rank(const Spill *s, const u8 *row);
/* Row numbers of a pane in the order of layers. */
u32 *spill_order(const Spill *s, const Pane *p);

/* ---- reading one layer -------------------------------------------------------------------- */

typedef struct SpillCursor {
    const SpillLayer *layer; /* NULL: rows of a pane in memory, in `order` */
    const Pane *live;
    u32 *order;
    u64 done_bytes, done_rows; /* of the layer */
    Pane *block;               /* of the layer: the rows read last */
    u32 at;                    /* row of the block or of the order */
    u32 rank;                  /* of the row it stands on */
    u8 *row;                   /* NULL: at the end */
} SpillCursor;

Status spill_cursor_next(Spill *s, SpillCursor *c, Err *err) MUST_USE;
void spill_cursor_done(SpillCursor *c);
/* Append a row of a cursor's block to a pane; its states move, and are zero behind. */
u8 *spill_row_move(Pane *to, u8 *from);
