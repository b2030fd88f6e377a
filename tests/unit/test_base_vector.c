/* test_base_vector.c - types, vectors in all three forms, text slots, heaps, batches, hashes. */
#include "base/batch.h"
#include "base/hash.h"
#include "tests/unit/test.h"

static const char long_text[] = "a text that is longer than twelve bytes";

static Vector
text_vector(u32 len)
{
    Vector v = vector_new(type_string(), len);
    for (u32 i = 0; i < len; i++) vector_set_str(&v, i, long_text, i % 30);
    return v;
}

static void
type_names_and_sizes(void)
{
    StrBuf b = {0};
    Type list[] = {type_decimal(10, 2),
                   type_string(),
                   type_nullable(type_timestamp(TYPE_TIMESTAMP, 3), false),
                   type_of(TYPE_CHAR),
                   type_of(TYPE_INTERVAL_DT),
                   type_bytes(),
                   type_of(TYPE_INTERVAL_YM)};
    for (u32 i = 0; i < ARRAY_LEN(list); i++) {
        type_print(&b, list[i]);
        strbuf_char(&b, ';');
    }
    CHECK(strcmp(b.ptr, "DECIMAL(10, 2);STRING;TIMESTAMP(3) NOT NULL;CHAR(1);"
                        "INTERVAL DAY TO SECOND(6);BYTES;INTERVAL YEAR TO MONTH;") == 0);
    strbuf_done(&b);
    CHECK(type_slot_bytes[TYPE_DECIMAL] == 16 && type_slot_bytes[TYPE_VARCHAR] == 16);
    CHECK(type_phys[TYPE_DATE] == PHYS_I32 && type_is(type_of(TYPE_INT), KIND_INTEGER));
}

static void
type_common_widens(void)
{
    Type t;
    CHECK(type_common(type_of(TYPE_INT), type_of(TYPE_BIGINT), &t) && t.kind == TYPE_BIGINT);
    CHECK(type_common(type_of(TYPE_INT), type_decimal(5, 2), &t));
    CHECK(type_eq(t, type_decimal(12, 2)));
    CHECK(type_common(type_decimal(38, 30), type_of(TYPE_BIGINT), &t));
    CHECK(type_eq(t, type_decimal(38, 19)));
    CHECK(type_common(type_of(TYPE_FLOAT), type_decimal(5, 2), &t) && t.kind == TYPE_DOUBLE);
    CHECK(type_common(type_of(TYPE_FLOAT), type_of(TYPE_INT), &t) && t.kind == TYPE_FLOAT);
    CHECK(type_common(type_of(TYPE_NULL), type_of(TYPE_DATE), &t) && t.kind == TYPE_DATE);
    CHECK(type_common(type_of(TYPE_DATE), type_timestamp(TYPE_TIMESTAMP, 3), &t));
    CHECK(type_eq(t, type_timestamp(TYPE_TIMESTAMP, 3)));
    Type a = type_of(TYPE_CHAR), b = type_of(TYPE_CHAR);
    a.precision = 3;
    b.precision = 5;
    CHECK(type_common(a, b, &t) && t.kind == TYPE_VARCHAR && t.precision == 5);
    CHECK(!type_common(type_of(TYPE_INT), type_string(), &t));
    CHECK(!type_common(type_of(TYPE_TIME), type_of(TYPE_DATE), &t));
    CHECK(type_implicit(type_of(TYPE_INT), type_of(TYPE_DOUBLE)));
    CHECK(!type_implicit(type_of(TYPE_DOUBLE), type_of(TYPE_INT)));
    CHECK(!type_implicit(type_string(), type_of(TYPE_INT)));
}

static void
text_slots_compare_as_bytes(void)
{
    static const char *const texts[] = {"",
                                        "a",
                                        "a\x01",
                                        "ab",
                                        "abcd",
                                        "abcde",
                                        "abcdefghijkl",
                                        "abcdefghijklm",
                                        "abcdefghijklz",
                                        "abd",
                                        "\x7f",
                                        "\xc3\xa4"};
    for (u32 i = 0; i < ARRAY_LEN(texts); i++) {
        for (u32 j = 0; j < ARRAY_LEN(texts); j++) {
            StrView a = strview_make(texts[i], (u32)strlen(texts[i]));
            StrView b = strview_make(texts[j], (u32)strlen(texts[j]));
            int want = (i > j) - (i < j), got = strview_cmp(&a, &b);
            CHECK((got > 0) - (got < 0) == want);
            CHECK(strview_eq(&a, &b) == (i == j));
        }
    }
    StrView nul = strview_make("a\0", 2), plain = strview_make("a", 1);
    CHECK(strview_cmp(&nul, &plain) > 0 && !strview_eq(&nul, &plain));
}

static void
forms_agree(void)
{
    Vector flat = vector_new(type_of(TYPE_BIGINT), 100);
    Buf *codes = buf_new(100 * sizeof(u32));
    Vector values = vector_new(type_of(TYPE_BIGINT), 7);
    for (u32 i = 0; i < 7; i++) vector_data(&values, i64)[i] = i * 10;
    for (u32 i = 0; i < 100; i++) {
        vector_data(&flat, i64)[i] = i % 7 * 10;
        buf_data(codes, u32)[i] = i % 7;
    }
    Vector dict = vector_dict(codes, 100, values);
    vector_check(&flat);
    vector_check(&dict);
    u16 rows[50];
    for (u16 i = 0; i < 50; i++) rows[i] = (u16)(99 - i * 2);
    Vector a = vector_take(&flat, rows, 50), b = vector_take(&dict, rows, 50);
    vector_done(&dict);
    Vector c = vector_share(&b);
    vector_flatten(&b);
    vector_check(&b);
    for (u32 i = 0; i < 50; i++) {
        CHECK(*(const i64 *)vector_at(&a, i) == *(const i64 *)vector_at(&b, i));
        CHECK(*(const i64 *)vector_at(&c, i) == *(const i64 *)vector_at(&b, i));
    }
    vector_done(&a);
    vector_done(&b);
    vector_done(&c);
    vector_done(&flat);
}

static void
nulls_survive_take_and_slice(void)
{
    Vector v = vector_new(type_of(TYPE_INT), 200);
    for (u32 i = 0; i < 200; i++) vector_data(&v, i32)[i] = (i32)i;
    Vector before = vector_share(&v);
    for (u32 i = 0; i < 200; i += 3) vector_set_null(&v, i);
    CHECK(!before.valid);
    Vector shared = vector_share(&v);
    vector_own_valid(&v); /* must not touch what `shared` sees */
    bit_clear(vector_valid(&v), 1);
    CHECK(!vector_is_null(&shared, 1) && vector_is_null(&v, 1));
    Vector s = vector_slice(&shared, 65, 100);
    for (u32 i = 0; i < 100; i++) {
        CHECK(vector_is_null(&s, i) == ((i + 65) % 3 == 0));
        if (!vector_is_null(&s, i)) CHECK(vector_data(&s, i32)[i] == (i32)i + 65);
    }
    u16 rows[3] = {199, 0, 4};
    Vector t = vector_take(&shared, rows, 3);
    CHECK(!vector_is_null(&t, 0) && vector_is_null(&t, 1) && !vector_is_null(&t, 2));
    CHECK(vector_at(&t, 1) == NULL && *(const i32 *)vector_at(&t, 2) == 4);
    vector_done(&before);
    vector_done(&shared);
    vector_done(&s);
    vector_done(&t);
    vector_done(&v);
}

static void
constants_flatten(void)
{
    StrView text = strview_make(long_text, (u32)strlen(long_text));
    Vector c = vector_const(type_string(), 5, &text);
    vector_check(&c);
    Vector n = vector_null(type_string(), 5);
    vector_flatten(&c);
    vector_flatten(&n);
    vector_check(&c);
    vector_check(&n);
    for (u32 i = 0; i < 5; i++) {
        CHECK(str_eq(strview_str(vector_at(&c, i)), str_from(long_text)));
        CHECK(vector_at(&n, i) == NULL);
        CHECK(vector_data(&n, StrView)[i].len == 0);
    }
    vector_done(&c);
    vector_done(&n);
}

static void
texts_outlive_their_vector(void)
{
    Vector v = text_vector(60);
    vector_check(&v);
    u16 rows[2] = {29, 59};
    Vector t = vector_take(&v, rows, 2);
    vector_set_str(&t, 0, long_text, 39); /* goes into a heap of t's own */
    vector_done(&v);
    CHECK(str_eq(strview_str(vector_at(&t, 0)), str_from(long_text)));
    CHECK(str_eq(strview_str(vector_at(&t, 1)), (Str){long_text, 29}));
    Buf *raw = buf_new(100);
    memset(raw->bytes, 'x', 100);
    strheap_keep_buf(t.heap, raw);
    vector_data(&t, StrView)[1] = strview_make((char *)raw->bytes, 100);
    buf_unref(raw);
    CHECK(strview_str(vector_at(&t, 1)).ptr[99] == 'x');
    CHECK(strheap_bytes(t.heap) >= 100);
    vector_done(&t);
}

static void
batches_take_and_slice(void)
{
    Batch *b = batch_new(2, 64);
    b->col[0] = vector_new(type_of(TYPE_SMALLINT), 64);
    b->col[1] = text_vector(64);
    b->kind = buf_zero(64);
    b->wm = buf_new(64 * sizeof(i64));
    for (u32 i = 0; i < 64; i++) {
        vector_data(&b->col[0], i16)[i] = (i16)i;
        buf_data(b->wm, i64)[i] = i;
    }
    b->kind->bytes[63] = ROW_DELETE;
    batch_check(b);
    Batch *s = batch_slice(b, 60, 4);
    batch_check(s);
    CHECK(s->kind->bytes[3] == ROW_DELETE && buf_data(s->wm, i64)[0] == 60);
    u16 all[64], some[2] = {63, 7};
    for (u16 i = 0; i < 64; i++) all[i] = i;
    b = batch_take(b, all, 64);
    CHECK(b->rows == 64);
    b = batch_take(b, some, 2);
    batch_check(b);
    CHECK(b->rows == 2 && vector_data(&b->col[0], i16)[0] == 63 && b->kind->bytes[1] == 0);
    CHECK(strview_str(vector_at(&b->col[1], 1)).len == 7);
    batch_free(b);
    batch_free(s);
    batch_free(NULL);
}

static void
hashes_spread(void)
{
    static u8 text[200];
    u64 seen[400];
    u32 n = 0;
    for (u32 len = 0; len < 200; len++) seen[n++] = hash_bytes(text, len, 1);
    for (u32 bit = 0; bit < 200; bit++) {
        text[bit] ^= 1;
        seen[n++] = hash_bytes(text, 200, 1);
        text[bit] ^= 1;
    }
    for (u32 i = 0; i < n; i++) {
        for (u32 j = 0; j < i; j++) CHECK(seen[i] != seen[j]);
    }
    CHECK(hash_bytes(text, 9, 1) != hash_bytes(text, 9, 2));
    /* Each input bit moves about half of the output's. */
    u32 moved = 0;
    for (u32 bit = 0; bit < 64; bit++) {
        moved += (u32)__builtin_popcountll(hash_u64(0, 7) ^ hash_u64((u64)1 << bit, 7));
    }
    CHECK(moved > 64 * 24 && moved < 64 * 40);
}

TESTS(TEST(type_names_and_sizes), TEST(type_common_widens), TEST(text_slots_compare_as_bytes),
      TEST(forms_agree), TEST(nulls_survive_take_and_slice), TEST(constants_flatten),
      TEST(texts_outlive_their_vector), TEST(batches_take_and_slice), TEST(hashes_spread))
