/* row_codec.h - rows of a schema as bytes, and back: for whatever keeps rows in its state.
 *
 * An image holds one batch: where its rows come from, their kinds and watermarks, then column by
 * column. Images lie one behind the other and say themselves where they end. They belong to the
 * machine that wrote them: numbers are as they lie in memory. */
#pragma once
#include "base/str.h"
#include "exec/state/state.h"
#include "planner/plan.h"

/* Append the image of b, whose columns are those of s, in any vector form. */
void rows_encode(const Schema *s, const Batch *b, StrBuf *out);
/* About how many bytes rows_encode() will append. */
size_t rows_encoded_bytes(const Schema *s, const Batch *b);
/* Take one image off the front of *bytes, as a batch with FLAT columns that shares nothing with
 * them. rows_max: how many rows the caller takes, mostly BATCH_ROWS_MAX; an image that says more is
 * no image. W5004: these bytes are no rows of s; *bytes is then anywhere. */
Status rows_decode(const Schema *s, Str *bytes, u32 rows_max, Batch **ret_batch, Err *err) MUST_USE;
