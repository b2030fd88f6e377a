/* width.h - how many columns text takes on a terminal, and text made safe to show there.
 *
 * Whatever comes from data or files may hold bytes that move the cursor, change colours, or turn
 * the direction of writing. Shown text never does: controls, bidirectional overrides and bytes that
 * are not UTF-8 appear as visible escapes. Pipes get data as it is; this is for people. */
#pragma once
#include "base/str.h"

u32 width_char(u32 code_point); /* 0, 1 or 2 columns */
/* Append s as it may be shown; returns its columns. \n, \t and \r appear as those two letters,
 * other controls as pictures (␛) or, without utf8, as \x1b. */
u32 width_show(StrBuf *out, Str s, bool utf8);
/* Bytes of shown text that fit into `columns`, without cutting a character; *ret_width is what
 * they take. */
u32 width_fit(Str shown, u32 columns, u32 *ret_width);
