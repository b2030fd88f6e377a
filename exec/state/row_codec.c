/* row_codec.c - batches as bytes.
 *
 *     | RowsHead | kinds, a byte each | watermarks, 8 bytes each | column | column | ...
 *     column:  | 1: has nulls | validity words | slots, or a length per text, then the texts |
 *
 * Only what a batch has is there: kinds, watermarks and validity words come where their flags say
 * so. Fixed-width columns are one memcpy each way. A reader believes nothing: every length, NULL in
 * a NOT NULL column, BOOLEAN, DECIMAL and UTF-8 text is checked, since kernels rely on them. */
#include "exec/state/row_codec.h"
#include "base/decimal.h"
#include "base/utf8.h"

enum { ROWS_KIND = 1, ROWS_WM = 2, ROWS_FLAGS = 3 };

typedef struct RowsHead {
    u16 rows, flags;
    u32 cols;
    u64 seq, chunk;
    u32 table, partition;
    i64 proc_time_us;
} RowsHead;
static_assert(sizeof(RowsHead) == 40, "no padding is written to disk");

static size_t
valid_bytes(u32 rows)
{
    return (rows + 63) / 64 * sizeof(u64);
}

/* ---- writing ------------------------------------------------------------------------------ */

size_t
rows_encoded_bytes(const Schema *s, const Batch *b)
{
    size_t bytes = sizeof(RowsHead) + (b->kind ? b->rows : 0) + (b->wm ? b->rows * sizeof(i64) : 0);
    for (u32 c = 0; c < s->len; c++) {
        const Vector *v = &b->col[c];
        bytes += 1 + (v->valid ? valid_bytes(b->rows) : 0);
        if (type_phys[v->type.kind] != PHYS_STR) {
            bytes += (size_t)b->rows * type_slot_bytes[v->type.kind];
            continue;
        }
        for (u32 i = 0; i < b->rows; i++) {
            const StrView *text = vector_at(v, i);
            bytes += sizeof(u32) + (text ? text->len : 0);
        }
    }
    return bytes;
}

/* Bits past the last row are anything in memory; on disk equal rows have equal bytes. */
static void
encode_valid(const Vector *v, StrBuf *out)
{
    const u64 *valid = vector_valid(v);
    for (u32 w = 0; w < valid_bytes(v->len) / sizeof(u64); w++) {
        u32 left = v->len - w * 64;
        u64 word = valid[w] & (left >= 64 ? ~(u64)0 : ((u64)1 << left) - 1);
        strbuf_add(out, (const char *)&word, sizeof word);
    }
}

static void
encode_texts(const Vector *v, StrBuf *out)
{
    const StrView *at = vector_data(v, const StrView);
    const u64 *valid = vector_valid(v);
    size_t bytes = 0;
    char *lens = strbuf_room(out, v->len * sizeof(u32));
    for (u32 i = 0; i < v->len; i++) {
        u32 len = valid && !bit_get(valid, i) ? 0 : at[i].len;
        memcpy(lens + i * sizeof(u32), &len, sizeof len);
        bytes += len;
    }
    out->len += v->len * sizeof(u32);
    char *to = strbuf_room(out, bytes);
    for (u32 i = 0; i < v->len; i++) {
        if (valid && !bit_get(valid, i)) continue;
        Str text = strview_str(&at[i]);
        if (text.len) memcpy(to, text.ptr, text.len);
        to += text.len;
    }
    out->len += bytes;
}

static void
encode_column(const Vector *col, StrBuf *out)
{
    Vector v = vector_share(col);
    vector_flatten(&v);
    strbuf_char(out, v.valid ? 1 : 0);
    if (v.valid) encode_valid(&v, out);
    if (type_phys[v.type.kind] == PHYS_STR) {
        encode_texts(&v, out);
    } else {
        size_t slot = type_slot_bytes[v.type.kind];
        const u8 *from = v.data->bytes;
        strbuf_add(out, (const char *)from, v.len * slot);
        u8 *slots = (u8 *)out->ptr + out->len - v.len * slot;
        const u64 *valid = vector_valid(&v);
        for (u32 i = 0; valid && i < v.len; i++) {
            if (!bit_get(valid, i)) memset(slots + i * slot, 0, slot);
        }
    }
    vector_done(&v);
}

void
rows_encode(const Schema *s, const Batch *b, StrBuf *out)
{
    assert(b->cols == s->len && b->rows && b->rows <= BATCH_ROWS_MAX);
    RowsHead h = {
        .rows = (u16)b->rows,
        .flags = (u16)((b->kind ? ROWS_KIND : 0) | (b->wm ? ROWS_WM : 0)),
        .cols = b->cols,
        .seq = b->seq,
        .chunk = b->chunk,
        .table = b->table,
        .partition = b->partition,
        .proc_time_us = b->proc_time_us,
    };
    strbuf_add(out, (const char *)&h, sizeof h);
    if (b->kind) strbuf_add(out, (const char *)b->kind->bytes, b->rows);
    if (b->wm) strbuf_add(out, (const char *)b->wm->bytes, b->rows * sizeof(i64));
    for (u32 c = 0; c < b->cols; c++) {
        assert(type_phys[b->col[c].type.kind] == type_phys[s->at[c].type.kind]);
        encode_column(&b->col[c], out);
    }
}

/* ---- reading ------------------------------------------------------------------------------ */

static bool
take_bytes(Str *bytes, size_t n, const char **ret_at)
{
    if (n > bytes->len) return false;
    *ret_at = bytes->ptr;
    bytes->ptr += n;
    bytes->len -= (u32)n;
    return true;
}

static bool
decode_head(const Schema *s, Str *bytes, u32 rows_max, RowsHead *ret)
{
    const char *at;
    if (!take_bytes(bytes, sizeof *ret, &at)) return false;
    memcpy(ret, at, sizeof *ret);
    if (ret->flags & ~ROWS_FLAGS) return false;
    return ret->rows && ret->rows <= MIN(rows_max, BATCH_ROWS_MAX) && ret->cols == s->len;
}

/* Validity is there and some slot is NULL, or it is not there. */
static bool
decode_valid(Vector *v, Str *bytes, bool not_null)
{
    const char *at;
    if (!take_bytes(bytes, 1, &at)) return false;
    if (*at == 0) return true;
    if (*at != 1 || !take_bytes(bytes, valid_bytes(v->len), &at)) return false;
    vector_own_valid(v);
    memcpy(v->valid->bytes, at, valid_bytes(v->len));
    for (u32 i = 0; not_null && i < v->len; i++) {
        if (vector_is_null(v, i)) return false;
    }
    return true;
}

static bool
decode_texts(Vector *v, Str *bytes)
{
    const char *lens, *texts;
    if (!take_bytes(bytes, v->len * sizeof(u32), &lens)) return false;
    size_t all = 0, kept = 0; /* kept: of those that do not fit their slot */
    for (u32 i = 0; i < v->len; i++) {
        u32 len;
        memcpy(&len, lens + i * sizeof len, sizeof len);
        if (len && vector_is_null(v, i)) return false;
        all += len;
        if (len > STRVIEW_INLINE) kept += len;
    }
    if (!take_bytes(bytes, all, &texts)) return false;
    bool is_text = type_is(v->type, KIND_TEXT);
    char *room = kept ? vector_room(v, kept) : NULL;
    StrView *slots = vector_data(v, StrView);
    for (u32 i = 0; i < v->len; i++) {
        u32 len;
        memcpy(&len, lens + i * sizeof len, sizeof len);
        if (is_text && !utf8_valid(texts, len)) return false;
        if (len > STRVIEW_INLINE) {
            memcpy(room, texts, len);
            slots[i] = strview_make(room, len);
            room += len;
        } else {
            slots[i] = strview_make(texts, len);
        }
        texts += len;
    }
    return true;
}

static bool
slots_make_sense(const Vector *v)
{
    if (v->type.kind == TYPE_BOOLEAN) {
        for (u32 i = 0; i < v->len; i++) {
            if (vector_data(v, const u8)[i] > 1) return false;
        }
    }
    if (v->type.kind == TYPE_DECIMAL) {
        for (u32 i = 0; i < v->len; i++) {
            if (!decimal_fits(vector_data(v, const i128)[i], v->type.precision)) return false;
        }
    }
    return true;
}

static bool
decode_column(Vector *v, Str *bytes, bool not_null)
{
    if (!decode_valid(v, bytes, not_null)) return false;
    if (type_phys[v->type.kind] == PHYS_STR) return decode_texts(v, bytes);
    const char *at;
    size_t n = (size_t)v->len * type_slot_bytes[v->type.kind];
    if (!take_bytes(bytes, n, &at)) return false;
    memcpy(v->data->bytes, at, n);
    return slots_make_sense(v);
}

static bool
decode_stamps(Batch *b, u16 flags, Str *bytes)
{
    const char *at;
    if (flags & ROWS_KIND) {
        if (!take_bytes(bytes, b->rows, &at)) return false;
        b->kind = buf_new(b->rows);
        memcpy(b->kind->bytes, at, b->rows);
        for (u32 i = 0; i < b->rows; i++) {
            if (b->kind->bytes[i] > ROW_DELETE) return false;
        }
    }
    if (flags & ROWS_WM) {
        if (!take_bytes(bytes, b->rows * sizeof(i64), &at)) return false;
        b->wm = buf_new(b->rows * sizeof(i64));
        memcpy(b->wm->bytes, at, b->rows * sizeof(i64));
    }
    return true;
}

Status
rows_decode(const Schema *s, Str *bytes, u32 rows_max, Batch **ret_batch, Err *err)
{
    RowsHead h;
    if (!decode_head(s, bytes, rows_max, &h)) return state_damaged("a batch of rows", err);
    Batch *b = batch_new(h.cols, h.rows);
    b->seq = h.seq;
    b->chunk = h.chunk;
    b->table = h.table;
    b->partition = h.partition;
    b->proc_time_us = h.proc_time_us;
    bool good = decode_stamps(b, h.flags, bytes);
    for (u32 c = 0; c < h.cols && good; c++) {
        Type t = s->at[c].type;
        b->col[c] = vector_new(t, b->rows);
        good = decode_column(&b->col[c], bytes, t.not_null);
    }
    if (!good) {
        batch_free(b);
        return state_damaged("a batch of rows", err);
    }
    *ret_batch = b;
    return ERR_OK;
}
