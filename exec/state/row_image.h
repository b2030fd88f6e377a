/* row_image.h - rows of a pane as bytes that mean the same in another process.
 *
 *     | print of the shape u64 | rows u32 | 0 u32 |
 *     | plain parts of row 0 | of row 1 | ...       keys, null bits, states that are plain bytes
 *     | rest of row 0 | of row 1 | ...              long texts, then saved states (AggFns.save)
 *
 * A row whose states are plain and whose keys are no texts is stored as it lies in memory. Hashes
 * are computed again. Reading trusts nothing: counts, lengths, texts, null bits are checked; bytes
 * are little-endian, as everything in a state directory. */
#pragma once
#include "exec/state/pane.h"

enum { ROW_IMAGE_HEAD = 16, ROW_IMAGE_ROWS_MAX = 1 << 16 };

typedef struct RowImage RowImage;
RowImage *row_image_new(const PaneShape *shape); /* the shape outlives it */
void row_image_free(RowImage *img);              /* NULL is fine */
/* Rows are stored as they lie in memory, so that n rows in a row are one copy. */
bool row_image_is_plain(const RowImage *img);
u64 row_image_print(const RowImage *img);

/* Append the image of n rows (1..ROW_IMAGE_ROWS_MAX). */
void row_image_write(const RowImage *img, u8 *const *rows, u32 n, StrBuf *out);
/* The same for a plain shape and n rows that lie one behind the other: ROW_IMAGE_HEAD bytes and n
 * rows to `to`. */
void row_image_write_plain(const RowImage *img, const u8 *rows, u32 n, u8 *to);

/* Reading: open, then `rows` times next. False at any time: the bytes are no image. */
typedef struct RowImageReader {
    const RowImage *img;
    const u8 *plain;
    u32 rows;
    Str rest;
} RowImageReader;
bool row_image_open(const RowImage *img, Str image, RowImageReader *ret_reader);
/* Append the next row to p, which is of the image's shape: raw, not in the index yet. */
bool row_image_next(RowImageReader *r, Pane *p);
/* Drop the row that next appended last. */
void row_image_unget(Pane *p);
/* After the last row: is there nothing behind it? */
bool row_image_at_end(const RowImageReader *r);
