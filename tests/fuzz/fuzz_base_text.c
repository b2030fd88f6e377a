/* fuzz_base_text.c - every reader of base over any bytes: what is read prints, and reads back as
 * the same value. The first byte picks the reader. */
#include "base/arena.h"
#include "base/interval.h"
#include "base/mem.h"
#include "base/time_pattern.h"
#include "base/utf8.h"
#include "base/value_text.h"
#include "base/xsum.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void
value_reads_back(Type t, Str text)
{
    _Alignas(16) u8 slot[16] = {0}, again[16] = {0};
    if (value_parse(t, text, NULL, VALUE_CAST, slot) != TEXT_OK) return;
    StrBuf out = {0};
    value_print(&out, t, slot, NULL);
    assert(value_parse(t, strbuf_view(&out), NULL, VALUE_CAST, again) == TEXT_OK);
    /* NaNs may differ in bits; TIME prints no fraction. */
    bool loses = t.kind == TYPE_TIME || t.kind == TYPE_DOUBLE || t.kind == TYPE_FLOAT;
    assert(loses || memcmp(slot, again, type_slot_bytes[t.kind]) == 0);
    if (t.kind == TYPE_DOUBLE) {
        f64 x, y;
        memcpy(&x, slot, 8);
        memcpy(&y, again, 8);
        assert(x == y || (x != x && y != y));
    }
    strbuf_done(&out);
}

static void
pattern_survives(Str text)
{
    u32 cut = text.len ? (u8)text.ptr[0] % text.len : 0;
    Str pattern = {text.ptr, cut}, rest = {text.ptr + cut, text.len - cut};
    Arena *a = arena_new();
    TimePattern *p;
    Err err;
    i64 us;
    if (time_pattern_compile(a, pattern, &p, &err) == ERR_OK) {
        if (time_pattern_parse(p, rest, &us, NULL) == TEXT_OK) {
            StrBuf out = {0};
            time_pattern_print(p, us, 0, &out);
            strbuf_done(&out);
        }
    }
    arena_free(a);
}

static void
cuts_are_valid(Str text)
{
    size_t valid = utf8_valid_prefix(text.ptr, text.len);
    Str good = {text.ptr, (u32)valid};
    for (u32 i = 0; i <= 4; i++) assert(utf8_valid(text.ptr, utf8_offset(good, i)));
    Type t = type_of(TYPE_CHAR);
    t.precision = 7;
    StrBuf scratch = {0};
    Str fitted = value_fit(t, good, &scratch);
    assert(utf8_length(fitted) == 7 && utf8_valid(fitted.ptr, fitted.len));
    strbuf_done(&scratch);
}

static void
sums_survive(Str text)
{
    XSum forth = {0}, back = {0};
    u32 n = text.len / 8;
    for (u32 i = 0; i < n; i++) {
        f64 x;
        memcpy(&x, text.ptr + i * 8, 8);
        xsum_add(&forth, x);
        memcpy(&x, text.ptr + (n - 1 - i) * 8, 8);
        xsum_add(&back, x);
    }
    f64 a = xsum_round(&forth), b = xsum_round(&back);
    assert(a == b || (a != a && b != b));
    XSum loaded;
    if (xsum_load(&loaded, (const u8 *)text.ptr, text.len)) {
        (void)xsum_round(&loaded);
        xsum_done(&loaded);
    }
    xsum_done(&forth);
    xsum_done(&back);
}

int
LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    if (size == 0 || size > 4096) return 0;
    /* A copy of exactly that size, so that one byte too far is seen. */
    u32 len = (u32)size - 1;
    char *copy = mem_alloc(len);
    memcpy(copy, data + 1, len);
    Str text = {copy, len};
    static const TypeKind kinds[] = {TYPE_BOOLEAN,     TYPE_INT,          TYPE_BIGINT,
                                     TYPE_FLOAT,       TYPE_DOUBLE,       TYPE_DATE,
                                     TYPE_TIME,        TYPE_TIMESTAMP,    TYPE_INTERVAL_YM,
                                     TYPE_INTERVAL_DT, TYPE_TIMESTAMP_LTZ};
    u32 choice = data[0] % (ARRAY_LEN(kinds) + 5);
    switch (choice) {
    case 0:
        value_reads_back(type_decimal(38, 12), text);
        break;
    case 1:
        timezone_free(timezone_read("x", text.ptr, text.len));
        break;
    case 2:
        pattern_survives(text);
        break;
    case 3:
        cuts_are_valid(text);
        break;
    case 4:
        sums_survive(text);
        break;
    default:
        value_reads_back(type_of(kinds[choice - 5]), text);
    }
    mem_free(copy);
    return 0;
}
