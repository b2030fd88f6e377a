/* held.c - blocks of rows by column.
 *
 * A row's number is (block << 11 | row in the block). New rows go into one open block; a full one
 * only loses rows. The record of a block is the image of its live rows (row_codec.h), then their
 * places; numbers do not survive a restart, so nothing but the rows matters. */
#include "exec/state/held.h"
#include "base/mem.h"
#include "exec/state/row_codec.h"

enum { BLOCK_LOG2 = 11, BLOCK_MASK = (1 << BLOCK_LOG2) - 1, BLOCK_BYTES = 16 * 1024 };
enum { BLOCK_ROWS_MIN = 16, NO_BLOCK = UINT32_MAX };
static_assert(1 << BLOCK_LOG2 == BATCH_ROWS_MAX, "a block is at most one batch");

typedef struct Slot {
    HeldPlace place;
    u32 link;
} Slot;

typedef struct Block {
    Slot *slots;
    u64 live[BATCH_MASK_WORDS];
    u32 rows, nlive; /* rows: slots used so far */
    u64 text_bytes;
    bool dirty;
    bool stored; /* a record of it exists */
    Vector col[];
} Block;

struct Held {
    Schema schema;
    u32 block_rows;
    Block **blocks; /* NULL: free */
    u32 nblocks, blocks_cap;
    u32 *spare; /* free numbers of blocks */
    u32 nspare, spare_cap;
    u32 open; /* the block that takes new rows; NO_BLOCK: none */
    u64 rows;
    u32 in_memory;
    size_t row_bytes;
    u64 text_bytes;
    bool replace; /* the next save writes everything anew */
    u32 *gone;    /* blocks to delete from the store */
    u32 ngone, gone_cap;
};

int
held_place_cmp(const HeldPlace *a, const HeldPlace *b)
{
    if (a->wm_us != b->wm_us) return a->wm_us < b->wm_us ? -1 : 1;
    if (a->table != b->table) return a->table < b->table ? -1 : 1;
    if (a->partition != b->partition) return a->partition < b->partition ? -1 : 1;
    if (a->chunk != b->chunk) return a->chunk < b->chunk ? -1 : 1;
    return (a->arrival > b->arrival) - (a->arrival < b->arrival);
}

Held *
held_new(const Schema *schema)
{
    Held *h = mem_make(Held);
    h->schema = *schema;
    h->open = NO_BLOCK;
    size_t width = sizeof(Slot);
    for (u32 c = 0; c < schema->len; c++) width += type_slot_bytes[schema->at[c].type.kind];
    h->row_bytes = width;
    h->block_rows = (u32)MIN(MAX(BLOCK_BYTES / width, BLOCK_ROWS_MIN), BATCH_ROWS_MAX);
    return h;
}

/* ---- blocks ------------------------------------------------------------------------------- */

static Block *
block_new(const Held *h)
{
    u32 cols = h->schema.len;
    Block *b = mem_zalloc(sizeof *b + cols * sizeof b->col[0]);
    b->slots = mem_array(Slot, h->block_rows);
    for (u32 c = 0; c < cols; c++) {
        b->col[c] = vector_new(h->schema.at[c].type, h->block_rows);
        vector_own_valid(&b->col[c]);
    }
    return b;
}

static void
block_free(const Held *h, Block *b)
{
    if (!b) return;
    for (u32 c = 0; c < h->schema.len; c++) vector_done(&b->col[c]);
    mem_free(b->slots);
    mem_free(b);
}

void
held_free(Held *h)
{
    if (!h) return;
    for (u32 i = 0; i < h->nblocks; i++) block_free(h, h->blocks[i]);
    mem_free(h->blocks);
    mem_free(h->spare);
    mem_free(h->gone);
    mem_free(h);
}

static Block *
held_open(Held *h)
{
    if (h->open != NO_BLOCK && h->blocks[h->open]->rows < h->block_rows) return h->blocks[h->open];
    if (h->nspare) {
        h->open = h->spare[--h->nspare];
    } else {
        assert(h->nblocks < UINT32_MAX >> BLOCK_LOG2);
        mem_grow(h->blocks, h->nblocks, h->blocks_cap);
        h->open = h->nblocks++;
    }
    h->in_memory++;
    return h->blocks[h->open] = block_new(h);
}

/* Rows that come and go one by one need no new block each time. */
static bool
block_reuse(const Held *h, Block *b)
{
    for (u32 c = 0; c < h->schema.len; c++) {
        if (b->col[c].heap) return false; /* texts of the rows that went */
    }
    memset(b->live, 0, sizeof b->live);
    b->rows = 0;
    b->dirty = b->stored = false;
    return true;
}

static void
held_close(Held *h, u32 number)
{
    Block *b = h->blocks[number];
    if (b->stored) {
        mem_grow(h->gone, h->ngone, h->gone_cap);
        h->gone[h->ngone++] = number;
    }
    if (h->open == number && block_reuse(h, b)) return;
    h->text_bytes -= b->text_bytes;
    block_free(h, b);
    h->blocks[number] = NULL;
    if (h->open == number) h->open = NO_BLOCK;
    mem_grow(h->spare, h->nspare, h->spare_cap);
    h->spare[h->nspare++] = number;
    h->in_memory--;
}

static Block *
block_of(const Held *h, u32 row)
{
    assert(row >> BLOCK_LOG2 < h->nblocks);
    Block *b = h->blocks[row >> BLOCK_LOG2];
    assert(b && bit_get(b->live, row & BLOCK_MASK));
    return b;
}

/* ---- rows --------------------------------------------------------------------------------- */

/* Slot `from` of a FLAT vector into slot `to` of another of the same type. */
static void
slot_copy(Vector *v, u32 to, const Vector *source, u32 from)
{
    if (vector_is_null(source, from)) {
        vector_set_null(v, to);
        return;
    }
    if (v->valid) bit_set(vector_valid(v), to); /* the slot may have been another row's */
    if (type_phys[v->type.kind] == PHYS_STR) {
        Str text = strview_str(&vector_data(source, const StrView)[from]);
        vector_set_str(v, to, text.ptr, text.len);
        return;
    }
    size_t slot = type_slot_bytes[v->type.kind];
    memcpy(v->data->bytes + to * slot, source->data->bytes + from * slot, slot);
}

/* Of the next n slots, which are filled. */
static void
block_count_texts(Held *h, Block *b, u32 n)
{
    for (u32 c = 0; c < h->schema.len; c++) {
        if (!b->col[c].heap) continue;
        for (u32 i = 0; i < n; i++) {
            u32 len = vector_data(&b->col[c], const StrView)[b->rows + i].len;
            if (len <= STRVIEW_INLINE) continue;
            b->text_bytes += len;
            h->text_bytes += len;
        }
    }
}

void
held_add(Held *h, const Batch *b, const u16 *lanes, u32 n, const HeldPlace *places, u32 *ret_rows)
{
    assert(b->cols == h->schema.len);
    Vector *flat = mem_array(Vector, b->cols);
    for (u32 c = 0; c < b->cols; c++) {
        flat[c] = vector_share(&b->col[c]);
        vector_flatten(&flat[c]);
    }
    for (u32 from = 0, some; from < n; from += some) {
        Block *to = held_open(h);
        some = MIN(n - from, h->block_rows - to->rows);
        for (u32 c = 0; c < b->cols; c++) {
            for (u32 i = 0; i < some; i++) {
                slot_copy(&to->col[c], to->rows + i, &flat[c], lanes[from + i]);
            }
        }
        for (u32 i = 0; i < some; i++) {
            u32 slot = to->rows + i;
            to->slots[slot] = (Slot){.place = places[from + i]};
            bit_set(to->live, slot);
            ret_rows[from + i] = h->open << BLOCK_LOG2 | slot;
        }
        block_count_texts(h, to, some);
        to->rows += some;
        to->nlive += some;
        to->dirty = true;
    }
    h->rows += n;
    for (u32 c = 0; c < b->cols; c++) vector_done(&flat[c]);
    mem_free(flat);
}

void
held_drop(Held *h, u32 row)
{
    Block *b = block_of(h, row);
    bit_clear(b->live, row & BLOCK_MASK);
    b->dirty = true;
    h->rows--;
    if (--b->nlive == 0) held_close(h, row >> BLOCK_LOG2);
}

u64
held_rows(const Held *h)
{
    return h->rows;
}

u64
held_room(const Held *h)
{
    return (u64)h->in_memory * h->block_rows;
}

u64
held_bytes(const Held *h)
{
    return held_room(h) * h->row_bytes + h->text_bytes;
}

const HeldPlace *
held_place(const Held *h, u32 row)
{
    return &block_of(h, row)->slots[row & BLOCK_MASK].place;
}

u32 *
held_link(Held *h, u32 row)
{
    return &block_of(h, row)->slots[row & BLOCK_MASK].link;
}

/* Rows asked for together lie anywhere: how many before its own a value is brought closer. */
enum { AHEAD = 16 };

static void
value_prefetch(const Held *h, u32 column, u32 row)
{
    const Vector *v = &h->blocks[row >> BLOCK_LOG2]->col[column];
    __builtin_prefetch(v->data->bytes + (row & BLOCK_MASK) * type_slot_bytes[v->type.kind]);
}

Batch *
held_batch(const Held *h, const u32 *rows, u32 n)
{
    Batch *b = batch_new(h->schema.len, n);
    for (u32 c = 0; c < h->schema.len; c++) {
        b->col[c] = vector_new(h->schema.at[c].type, n);
        for (u32 i = 0; i < n; i++) {
            if (i + AHEAD < n) value_prefetch(h, c, rows[i + AHEAD]);
            slot_copy(&b->col[c], i, &block_of(h, rows[i])->col[c], rows[i] & BLOCK_MASK);
        }
    }
    b->wm = buf_new(n * sizeof(i64));
    for (u32 i = 0; i < n; i++) buf_data(b->wm, i64)[i] = held_place(h, rows[i])->wm_us;
    return b;
}

/* ---- state -------------------------------------------------------------------------------- */

static void
block_save(const Held *h, u32 number, StateWriter *w, u16 table, StrBuf *image)
{
    Block *from = h->blocks[number];
    u32 rows[BATCH_ROWS_MAX], n = 0;
    rows[0] = 0; /* gcc cannot see that a block is never without rows */
    for (u32 i = 0; i < from->rows; i++) {
        if (bit_get(from->live, i)) rows[n++] = number << BLOCK_LOG2 | i;
    }
    Batch *b = held_batch(h, rows, n);
    strbuf_clear(image);
    rows_encode(&h->schema, b, image);
    for (u32 i = 0; i < n; i++) {
        strbuf_add(image, (const char *)held_place(h, rows[i]), sizeof(HeldPlace));
    }
    batch_free(b);
    state_put(w, (StateKey){.table = table, .pane = {number, 0}}, strbuf_view(image));
    from->dirty = false;
    from->stored = true;
}

void
held_save(Held *h, StateWriter *w, u16 table)
{
    if (h->replace) state_delete_table(w, table);
    h->replace = false;
    for (u32 i = 0; i < h->ngone; i++) state_delete_pane(w, table, h->gone[i], 0);
    h->ngone = 0;
    StrBuf image = {0};
    for (u32 i = 0; i < h->nblocks; i++) {
        if (h->blocks[i] && h->blocks[i]->nlive && h->blocks[i]->dirty)
            block_save(h, i, w, table, &image);
    }
    strbuf_done(&image);
}

void
held_replace(Held *h)
{
    h->replace = true;
}

typedef struct Restoring {
    Held *h;
    void (*each)(void *ctx, u32 row);
    void *ctx;
} Restoring;

static Status
block_restore(void *ctx, const StateRecord *record, Err *err)
{
    Restoring *r = ctx;
    Str bytes = record->image;
    Batch *b;
    TRY(rows_decode(&r->h->schema, &bytes, BATCH_ROWS_MAX, &b, err));
    HeldPlace places[BATCH_ROWS_MAX];
    u16 lanes[BATCH_ROWS_MAX];
    u32 rows[BATCH_ROWS_MAX];
    if (bytes.len != b->rows * sizeof(HeldPlace)) {
        batch_free(b);
        return state_damaged("rows that are held", err);
    }
    memcpy(places, bytes.ptr, bytes.len);
    for (u32 i = 0; i < b->rows; i++) lanes[i] = (u16)i;
    held_add(r->h, b, lanes, b->rows, places, rows);
    for (u32 i = 0; i < b->rows; i++) r->each(r->ctx, rows[i]);
    batch_free(b);
    return ERR_OK;
}

Status
held_restore(Held *h, StateReader *r, u16 table, void (*each)(void *ctx, u32 row), void *ctx,
             Err *err)
{
    assert(h->rows == 0);
    held_replace(h);
    Restoring to = {.h = h, .each = each, .ctx = ctx};
    return state_each(r, table, block_restore, &to, err);
}

/* ---- the queue ---------------------------------------------------------------------------- */

static bool
queue_before(const HeldQueue *q, const Held *h, u32 a, u32 b)
{
    return held_place_cmp(held_place(h, q->rows[a]), held_place(h, q->rows[b])) < 0;
}

void
held_queue_add(HeldQueue *q, const Held *h, u32 row)
{
    mem_grow(q->rows, q->len, q->cap);
    q->rows[q->len++] = row;
    for (u32 at = q->len - 1; at && queue_before(q, h, at, (at - 1) / 2); at = (at - 1) / 2) {
        u32 above = q->rows[(at - 1) / 2];
        q->rows[(at - 1) / 2] = q->rows[at];
        q->rows[at] = above;
    }
}

u32
held_queue_take(HeldQueue *q, const Held *h)
{
    assert(q->len);
    u32 first = q->rows[0];
    q->rows[0] = q->rows[--q->len];
    for (u32 at = 0, child; (child = 2 * at + 1) < q->len; at = child) {
        if (child + 1 < q->len && queue_before(q, h, child + 1, child)) child++;
        if (!queue_before(q, h, child, at)) break;
        u32 below = q->rows[child];
        q->rows[child] = q->rows[at];
        q->rows[at] = below;
    }
    return first;
}

void
held_queue_done(HeldQueue *q)
{
    mem_free(q->rows);
    *q = (HeldQueue){0};
}
