/* caret.h - the picture of an error (DIALECT 8):
 *
 *     error[W2013]: column "user_idd" does not exist
 *       --> job.sql:7:8
 *      7 | SELECT user_idd, COUNT(*) FROM clicks
 *        |        ^^^^^^^^
 *     hint: did you mean "user_id"?
 */
#pragma once
#include "base/err.h"
#include "base/str.h"

typedef struct CaretStyle {
    bool color; /* ANSI escapes */
    u32 width;  /* columns of the terminal; 0: long lines are not trimmed */
} CaretStyle;

/* Append the picture. err->pos is an offset into script, or POS_NONE: then only text and hint
 * appear. Lines and columns count from 1, columns by characters. Bytes
 * that would move the cursor or are not UTF-8 appear escaped, in the file's name and the text too.
 * Ends with a line end. */
void caret_print(StrBuf *out, Str file, Str script, const Err *err, CaretStyle style);
/* Line and column of an offset (clamped to the script's end). */
void caret_place(Str script, u32 pos, u32 *ret_line, u32 *ret_col);
