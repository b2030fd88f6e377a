/* row_image.c - rows out of panes into bytes, and back with every doubt. */
#include "exec/state/row_image.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "exec/aggs/aggs.h"
#include "exec/state/pane_body.h"
#include "exec/state/pane_state.h"

typedef struct Span {
    u32 at, len; /* in the row */
} Span;

struct RowImage {
    const PaneShape *shape;
    u64 print;
    u32 bytes; /* of a row's plain parts */
    bool plain;
    u32 nspans;
    Span span[]; /* the first one begins with the keys */
};

static void
span_add(RowImage *img, u32 at, u32 len)
{
    if (len == 0) return;
    img->bytes += len;
    Span *last = img->nspans ? &img->span[img->nspans - 1] : NULL;
    if (last && last->at + last->len == at)
        last->len += len;
    else
        img->span[img->nspans++] = (Span){at, len};
}

RowImage *
row_image_new(const PaneShape *shape)
{
    const RowLayout *l = shape->layout;
    RowImage *img = mem_zalloc(sizeof *img + (l->naggs + 2) * sizeof(Span));
    img->shape = shape;
    img->plain = !l->has_text;
    span_add(img, l->keys_at, l->key_words * 8);
    for (u32 a = 0; a < l->naggs; a++) {
        const AggCall *c = shape->aggs[a];
        if (c->fns->save)
            img->plain = false;
        else
            span_add(img, l->agg_at[a], (c->state_bytes + 7) & ~7u);
    }
    span_add(img, l->extra_at, l->extra_bytes);
    img->plain &= img->bytes == l->row_bytes;
    StrBuf text = {0};
    pane_shape_describe(shape, &text);
    img->print = hash_bytes(text.ptr, text.len, 0);
    strbuf_done(&text);
    return img;
}

void
row_image_free(RowImage *img)
{
    mem_free(img);
}

bool
row_image_is_plain(const RowImage *img)
{
    return img->plain;
}

u64
row_image_print(const RowImage *img)
{
    return img->print;
}

/* ---- writing ------------------------------------------------------------------------------ */

static void
head_write(const RowImage *img, u32 n, u8 *to)
{
    u32 zero = 0;
    memcpy(to, &img->print, 8);
    memcpy(to + 8, &n, 4);
    memcpy(to + 12, &zero, 4);
}

void
row_image_write_plain(const RowImage *img, const u8 *rows, u32 n, u8 *to)
{
    assert(img->plain);
    head_write(img, n, to);
    memcpy(to + ROW_IMAGE_HEAD, rows, (size_t)n * img->bytes);
}

/* Pointers of long texts do not go into the image: their bytes follow in the rest. */
static void
row_write_spans(const RowImage *img, const u8 *row, u8 *to)
{
    const RowLayout *l = img->shape->layout;
    u8 *at = to;
    for (u32 i = 0; i < img->nspans; i++) {
        memcpy(at, row + img->span[i].at, img->span[i].len);
        at += img->span[i].len;
    }
    for (u32 k = 0; l->has_text && k < l->nkeys; k++) {
        if (type_phys[l->keys[k].type.kind] != PHYS_STR) continue;
        StrView s;
        memcpy(&s, to + l->keys[k].word * 8, sizeof s);
        if (s.len > STRVIEW_INLINE) memset(to + l->keys[k].word * 8 + 8, 0, 8);
    }
}

static void
row_write_rest(const RowImage *img, const u8 *row, StrBuf *out)
{
    const RowLayout *l = img->shape->layout;
    for (u32 k = 0; l->has_text && k < l->nkeys; k++) {
        if (type_phys[l->keys[k].type.kind] != PHYS_STR) continue;
        StrView s;
        memcpy(&s, row + l->keys_at + l->keys[k].word * 8, sizeof s);
        if (s.len > STRVIEW_INLINE) strbuf_add(out, s.ptr, s.len);
    }
    for (u32 a = 0; a < l->naggs; a++) {
        const AggCall *c = img->shape->aggs[a];
        if (c->fns->save) c->fns->save(c, row + l->agg_at[a], out);
    }
}

void
row_image_write(const RowImage *img, u8 *const *rows, u32 n, StrBuf *out)
{
    assert(n && n <= ROW_IMAGE_ROWS_MAX);
    size_t bytes = ROW_IMAGE_HEAD + (size_t)n * img->bytes;
    u8 *to = (u8 *)strbuf_room(out, bytes);
    head_write(img, n, to);
    to += ROW_IMAGE_HEAD;
    for (u32 i = 0; i < n; i++, to += img->bytes) row_write_spans(img, rows[i], to);
    out->len += bytes;
    if (img->plain) return;
    for (u32 i = 0; i < n; i++) row_write_rest(img, rows[i], out);
}

/* ---- reading ------------------------------------------------------------------------------ */

bool
row_image_open(const RowImage *img, Str image, RowImageReader *ret_reader)
{
    u64 print;
    u32 rows, zero;
    if (image.len < ROW_IMAGE_HEAD) return false;
    memcpy(&print, image.ptr, 8);
    memcpy(&rows, image.ptr + 8, 4);
    memcpy(&zero, image.ptr + 12, 4);
    if (print != img->print || zero || rows == 0 || rows > ROW_IMAGE_ROWS_MAX) return false;
    u64 plain = (u64)rows * img->bytes;
    if (image.len - ROW_IMAGE_HEAD < plain) return false;
    ret_reader->img = img;
    ret_reader->plain = (const u8 *)image.ptr + ROW_IMAGE_HEAD;
    ret_reader->rows = rows;
    ret_reader->rest =
        (Str){image.ptr + ROW_IMAGE_HEAD + plain, (u32)(image.len - ROW_IMAGE_HEAD - plain)};
    return true;
}

/* A short text is made anew, so that its unused bytes are zero; a long one is copied to the heap.
 */
static bool
row_read_text(RowImageReader *r, Pane *p, Type t, u8 *word)
{
    StrView s;
    memcpy(&s, word, sizeof s);
    Str text = strview_str(&s);
    if (s.len > STRVIEW_INLINE) {
        if (s.len > r->rest.len) return false;
        if (!p->heap) p->heap = strheap_new();
        char *copy = strheap_room(p->heap, s.len);
        memcpy(copy, r->rest.ptr, s.len);
        text.ptr = copy;
        r->rest.ptr += s.len;
        r->rest.len -= s.len;
    }
    if (type_is(t, KIND_TEXT) && !utf8_valid(text.ptr, text.len)) return false;
    s = strview_make(text.ptr, text.len);
    memcpy(word, &s, sizeof s);
    return true;
}

/* Null bits of columns that are there and may be NULL, over words of zero; BOOLEANs of 0 and 1. */
static bool
row_check_words(const RowLayout *l, const u64 *words)
{
    u64 nulls = l->null_word == UINT32_MAX ? 0 : words[l->null_word];
    if (l->nkeys < 64 && nulls >> l->nkeys) return false;
    for (u32 k = 0; k < l->nkeys; k++) {
        const KeyColumn *key = &l->keys[k];
        u32 phys = type_phys[key->type.kind];
        u64 any = words[key->word];
        if (phys == PHYS_U8 && any > 1) return false;
        if (!(nulls >> k & 1)) continue;
        if (phys == PHYS_I128 || phys == PHYS_STR) any |= words[key->word + 1];
        if (any || key->type.not_null) return false;
    }
    return true;
}

static bool
row_read(RowImageReader *r, Pane *p, u8 *row)
{
    const RowLayout *l = r->img->shape->layout;
    for (u32 i = 0; i < r->img->nspans; i++) {
        const Span *s = &r->img->span[i];
        memcpy(row + s->at, r->plain, s->len);
        r->plain += s->len;
    }
    for (u32 k = 0; l->has_text && k < l->nkeys; k++) {
        if (type_phys[l->keys[k].type.kind] != PHYS_STR) continue;
        if (!row_read_text(r, p, l->keys[k].type, row + l->keys_at + l->keys[k].word * 8)) {
            return false;
        }
    }
    if (!row_check_words(l, row_words(l, row))) return false;
    if (l->has_text) {
        u64 hash = key_words_hash_long(l, row_words(l, row));
        memcpy(row, &hash, sizeof hash);
    }
    if (r->img->plain) return true;
    for (u32 a = 0; a < l->naggs; a++) {
        const AggCall *c = r->img->shape->aggs[a];
        if (c->fns->load && !c->fns->load(c, row + l->agg_at[a], &r->rest)) return false;
    }
    return true;
}

bool
row_image_next(RowImageReader *r, Pane *p)
{
    assert(p->shape->layout->row_bytes == r->img->shape->layout->row_bytes);
    return row_read(r, p, pane_append_raw(p));
}

void
row_image_unget(Pane *p)
{
    u8 *row = pane_row(p, p->rows - 1);
    pane_row_done(p->shape, row);
    memset(row, 0, p->shape->layout->row_bytes);
    p->rows--;
}

bool
row_image_at_end(const RowImageReader *r)
{
    return r->rest.len == 0;
}
