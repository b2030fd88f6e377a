/* test_row_codec.c - rows come back as they went, and damaged images do no harm. */
#include "base/mem.h"
#include "base/rng.h"
#include "exec/state/row_codec.h"
#include "tests/unit/test.h"
#include <stdlib.h>

enum { COLUMNS = 8 };

static Schema
schema_of_all(Column *at)
{
    const Type types[COLUMNS] = {
        type_of(TYPE_BOOLEAN),       type_nullable(type_of(TYPE_BIGINT), false),
        type_decimal(38, 4),         type_string(),
        type_of(TYPE_DOUBLE),        type_bytes(),
        type_of(TYPE_TIMESTAMP_LTZ), type_of(TYPE_SMALLINT),
    };
    for (u32 i = 0; i < COLUMNS; i++) at[i] = (Column){.type = types[i]};
    return (Schema){.at = at, .len = COLUMNS};
}

static void
fill_slot(Rng *rng, Vector *v, u32 i)
{
    if (type_phys[v->type.kind] == PHYS_STR) {
        static const char text[] = "the quick brown fox jumps over the lazy dog, twice";
        vector_set_str(v, i, text, (u32)rng_below(rng, sizeof text));
    } else if (v->type.kind == TYPE_BOOLEAN) {
        vector_data(v, u8)[i] = (u8)rng_below(rng, 2);
    } else if (v->type.kind == TYPE_DECIMAL) {
        vector_data(v, i128)[i] = (i128)(i64)rng_u64(rng) * (i64)rng_below(rng, 1000000);
    } else {
        u64 bits = rng_u64(rng);
        size_t slot = type_slot_bytes[v->type.kind];
        memcpy(v->data->bytes + i * slot, &bits, slot);
    }
}

static Vector
random_column(Rng *rng, Type t, u32 rows)
{
    u64 form = rng_below(rng, 4);
    if (form == 0) { /* one value for all, or none */
        if (!t.not_null && rng_below(rng, 2)) return vector_null(t, rows);
        Vector one = vector_new(t, 1);
        fill_slot(rng, &one, 0);
        Vector v = vector_const(t, rows, one.data->bytes);
        vector_done(&one);
        return v;
    }
    u32 slots = form == 1 ? 1 + (u32)rng_below(rng, 9) : rows;
    Vector v = vector_new(t, slots);
    for (u32 i = 0; i < slots; i++) fill_slot(rng, &v, i);
    if (form == 1) {
        Buf *codes = buf_new(rows * sizeof(u32));
        for (u32 i = 0; i < rows; i++) buf_data(codes, u32)[i] = (u32)rng_below(rng, slots);
        v = vector_dict(codes, rows, v);
        if (!t.not_null) vector_own_valid(&v);
        for (u32 i = 0; !t.not_null && i < rows; i += 3) bit_clear(vector_valid(&v), i);
    } else if (form == 2 && !t.not_null) {
        for (u32 i = 0; i < rows; i++) {
            if (rng_below(rng, 3) == 0) vector_set_null(&v, i);
        }
    }
    return v;
}

static Batch *
random_batch(Rng *rng, const Schema *s)
{
    u32 rows = rng_below(rng, 4) ? 1 + (u32)rng_below(rng, 150) : BATCH_ROWS_MAX;
    Batch *b = batch_new(s->len, rows);
    for (u32 c = 0; c < s->len; c++) b->col[c] = random_column(rng, s->at[c].type, rows);
    b->seq = rng_u64(rng);
    b->chunk = rng_u64(rng);
    b->table = (u32)rng_u64(rng);
    b->partition = (u32)rng_u64(rng);
    b->proc_time_us = (i64)rng_u64(rng);
    if (rng_below(rng, 2)) {
        b->kind = buf_new(rows);
        for (u32 i = 0; i < rows; i++) b->kind->bytes[i] = (u8)rng_below(rng, ROW_DELETE + 1);
    }
    if (rng_below(rng, 2)) {
        b->wm = buf_new(rows * sizeof(i64));
        for (u32 i = 0; i < rows; i++) buf_data(b->wm, i64)[i] = (i64)rng_u64(rng);
    }
    return b;
}

static bool
same_slot(const Vector *a, const Vector *b, u32 i)
{
    const void *x = vector_at(a, i), *y = vector_at(b, i);
    if (!x || !y) return x == y;
    if (type_phys[a->type.kind] == PHYS_STR) return strview_eq(x, y);
    return memcmp(x, y, type_slot_bytes[a->type.kind]) == 0;
}

static bool
same_bytes(const Buf *a, const Buf *b, size_t bytes)
{
    if (!a || !b) return a == b;
    return memcmp(a->bytes, b->bytes, bytes) == 0;
}

static bool
same_batch(const Batch *a, const Batch *b)
{
    bool same = a->rows == b->rows && a->cols == b->cols && a->seq == b->seq &&
                a->chunk == b->chunk && a->table == b->table && a->partition == b->partition &&
                a->proc_time_us == b->proc_time_us && same_bytes(a->kind, b->kind, a->rows) &&
                same_bytes(a->wm, b->wm, a->rows * sizeof(i64));
    for (u32 c = 0; same && c < a->cols; c++) {
        for (u32 i = 0; i < a->rows; i++) same = same && same_slot(&a->col[c], &b->col[c], i);
    }
    return same;
}

static void
rows_come_back(void)
{
    Rng rng = rng_seed(7);
    Column at[COLUMNS];
    Schema s = schema_of_all(at);
    for (u32 round = 0; round < 200; round++) {
        Batch *in[3];
        StrBuf bytes = {0};
        for (u32 i = 0; i < ARRAY_LEN(in); i++) {
            in[i] = random_batch(&rng, &s);
            size_t before = bytes.len;
            rows_encode(&s, in[i], &bytes);
            CHECK(bytes.len - before == rows_encoded_bytes(&s, in[i]));
        }
        Str left = strbuf_view(&bytes);
        for (u32 i = 0; i < ARRAY_LEN(in); i++) {
            Batch *b = NULL;
            Err err;
            CHECK(rows_decode(&s, &left, BATCH_ROWS_MAX, &b, &err) == ERR_OK);
            if (b) {
                batch_check(b);
                CHECK(same_batch(in[i], b));
            }
            batch_free(b);
            batch_free(in[i]);
        }
        CHECK(left.len == 0);
        strbuf_done(&bytes);
    }
}

/* Equal rows have equal bytes, however their vectors look: a state that did not change is not
 * written again because its validity words hold other junk. */
static void
junk_is_not_written(void)
{
    Column at = {.type = type_of(TYPE_BIGINT)};
    Schema s = {.at = &at, .len = 1};
    StrBuf bytes[2] = {{0}, {0}};
    for (u32 k = 0; k < 2; k++) {
        Batch *b = batch_new(1, 3);
        b->col[0] = vector_new(at.type, 3);
        for (u32 i = 0; i < 3; i++) vector_data(&b->col[0], i64)[i] = 5;
        vector_set_null(&b->col[0], 1);
        vector_data(&b->col[0], i64)[1] = k;
        vector_valid(&b->col[0])[0] ^= (u64)k << 40;
        rows_encode(&s, b, &bytes[k]);
        batch_free(b);
    }
    CHECK(str_eq(strbuf_view(&bytes[0]), strbuf_view(&bytes[1])));
    strbuf_done(&bytes[0]);
    strbuf_done(&bytes[1]);
}

/* In a copy of exactly that size, so that the sanitizers see a read past the end. */
static bool
decodes(const Schema *s, const char *bytes, size_t len, u32 rows_max)
{
    char *copy = mem_alloc(len);
    if (len) memcpy(copy, bytes, len);
    Str left = {copy, (u32)len};
    Batch *b = NULL;
    Err err;
    Status st = rows_decode(s, &left, rows_max, &b, &err);
    CHECK(st == ERR_OK || err.code == W5004);
    if (!st) batch_check(b);
    batch_free(b);
    mem_free(copy);
    return st == ERR_OK;
}

static void
damage_is_refused_or_harmless(void)
{
    Rng rng = rng_seed(8);
    Column at[COLUMNS];
    Schema s = schema_of_all(at);
    for (u32 round = 0; round < 60; round++) {
        Batch *b = random_batch(&rng, &s);
        StrBuf bytes = {0};
        rows_encode(&s, b, &bytes);
        if (b->rows > 1) CHECK(!decodes(&s, bytes.ptr, bytes.len, b->rows - 1));
        for (u32 i = 0; i < 60; i++) { /* cut off anywhere: never accepted */
            CHECK(!decodes(&s, bytes.ptr, rng_below(&rng, bytes.len), BATCH_ROWS_MAX));
        }
        for (u32 i = 0; i < 200; i++) {
            size_t where = rng_below(&rng, MIN(bytes.len, (size_t)(i & 1 ? 64 : bytes.len)));
            char was = bytes.ptr[where];
            bytes.ptr[where] = (char)rng_u64(&rng);
            (void)decodes(&s, bytes.ptr, bytes.len, BATCH_ROWS_MAX);
            if (rng_below(&rng, 4)) bytes.ptr[where] = was;
        }
        strbuf_done(&bytes);
        batch_free(b);
    }
}

TESTS(TEST(rows_come_back), TEST(junk_is_not_written), TEST(damage_is_refused_or_harmless))
