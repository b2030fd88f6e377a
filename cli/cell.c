/* cell.c - values as text: integers, floating point, decimals and text without a detour. */
#include "cli/cell.h"
#include "base/decimal.h"
#include "base/number.h"
#include "base/utf8.h"

#include <math.h>

CellKind
cell_kind(Type t)
{
    if (type_is(t, KIND_TEXT)) return CELL_TEXT;
    if (type_is(t, KIND_BYTES)) return CELL_BYTES;
    static const u8 kinds[TYPE_COUNT] = {
        [TYPE_BOOLEAN] = CELL_BOOL + 1, [TYPE_TINYINT] = CELL_I8 + 1,
        [TYPE_SMALLINT] = CELL_I16 + 1, [TYPE_INT] = CELL_I32 + 1,
        [TYPE_BIGINT] = CELL_I64 + 1,   [TYPE_DECIMAL] = CELL_DECIMAL + 1,
        [TYPE_FLOAT] = CELL_F32 + 1,    [TYPE_DOUBLE] = CELL_F64 + 1,
    };
    return kinds[t.kind] ? (CellKind)(kinds[t.kind] - 1) : CELL_OTHER;
}

bool
cell_is_number(CellKind kind)
{
    return kind >= CELL_I8 && kind <= CELL_DECIMAL;
}

static i64
cell_integer(CellKind kind, const void *slot)
{
    if (kind == CELL_I8) return *(const i8 *)slot;
    if (kind == CELL_I16) return *(const i16 *)slot;
    if (kind == CELL_I32) return *(const i32 *)slot;
    return *(const i64 *)slot;
}

static i128
cell_decimal(const void *slot)
{
    i128 v;
    memcpy(&v, slot, sizeof v);
    return v;
}

static void
cell_hex(StrBuf *out, Str bytes)
{
    static const char digits[] = "0123456789abcdef";
    strbuf_add(out, "x'", 2);
    char *to = strbuf_room(out, (size_t)bytes.len * 2);
    for (u32 i = 0; i < bytes.len; i++) {
        to[2 * (size_t)i] = digits[(u8)bytes.ptr[i] >> 4];
        to[2 * (size_t)i + 1] = digits[(u8)bytes.ptr[i] & 15];
    }
    out->len += (size_t)bytes.len * 2;
    strbuf_char(out, '\'');
}

static void
cell_base64(StrBuf *out, Str bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (u32 i = 0; i < bytes.len; i += 3) {
        u32 n = MIN(bytes.len - i, 3u), group = 0;
        for (u32 k = 0; k < 3; k++) group = group << 8 | (k < n ? (u8)bytes.ptr[i + k] : 0);
        char four[4] = {digits[group >> 18], digits[group >> 12 & 63],
                        n > 1 ? digits[group >> 6 & 63] : '=', n > 2 ? digits[group & 63] : '='};
        strbuf_add(out, four, 4);
    }
}

void
cell_print(StrBuf *out, Weir *w, CellKind kind, Type t, const void *slot)
{
    switch (kind) {
    case CELL_BOOL:
        strbuf_str(out, *(const u8 *)slot ? STR("TRUE") : STR("FALSE"));
        break;
    case CELL_I8:
    case CELL_I16:
    case CELL_I32:
    case CELL_I64:
        out->len += i64_print(strbuf_room(out, I64_TEXT_MAX), cell_integer(kind, slot));
        break;
    case CELL_F32:
        out->len += f32_print(strbuf_room(out, F64_TEXT_MAX), *(const f32 *)slot);
        break;
    case CELL_F64:
        out->len += f64_print(strbuf_room(out, F64_TEXT_MAX), *(const f64 *)slot);
        break;
    case CELL_DECIMAL:
        out->len += decimal_print(strbuf_room(out, DECIMAL_TEXT_MAX), cell_decimal(slot), t.scale);
        break;
    case CELL_TEXT:
        strbuf_str(out, strview_str(slot));
        break;
    case CELL_BYTES:
        cell_hex(out, strview_str(slot));
        break;
    case CELL_OTHER:
        weir_value_print(w, out, t, slot);
        break;
    }
}

void
cell_print_base64(StrBuf *out, Weir *w, CellKind kind, Type t, const void *slot)
{
    if (kind == CELL_BYTES) {
        cell_base64(out, strview_str(slot));
    } else {
        cell_print(out, w, kind, t, slot);
    }
}

/* ---- JSON ----------------------------------------------------------------------------------- */

/* Bytes that a JSON string holds as they are; the first one that needs care ends the run. */
static u32
json_plain_run(Str s, u32 from)
{
    u32 i = from;
    while (i < s.len && (u8)s.ptr[i] >= 0x20 && (u8)s.ptr[i] < 0x7F && s.ptr[i] != '"' &&
           s.ptr[i] != '\\') {
        i++;
    }
    return i - from;
}

static void
json_escape(StrBuf *out, u8 c)
{
    static const char short_form[] = "\b\t\n\f\r\"\\", letter[] = "btnfr\"\\";
    const char *at = c ? strchr(short_form, c) : NULL;
    if (at) {
        strbuf_char(out, '\\');
        strbuf_char(out, letter[at - short_form]);
    } else {
        strbuf_printf(out, "\\u%04x", c);
    }
}

/* Escaped though JSON allows them as they are: controls and direction marks, for terminals, and
 * the separators that end a line for some readers. */
static bool
json_treacherous(u32 c)
{
    return c < 0xA0 || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

void
json_string(StrBuf *out, Str s)
{
    strbuf_char(out, '"');
    for (u32 i = 0; i < s.len;) {
        u32 run = json_plain_run(s, i);
        strbuf_add(out, s.ptr + i, run);
        i += run;
        if (i == s.len) break;
        if ((u8)s.ptr[i] < 0x80) {
            json_escape(out, (u8)s.ptr[i++]);
            continue;
        }
        u32 bytes = 1;
        u32 c = utf8_decode(s, i, &bytes);
        if (bytes > 1 && json_treacherous(c)) {
            strbuf_printf(out, "\\u%04x", c);
        } else {
            strbuf_add(out, bytes == 1 ? "\xEF\xBF\xBD" : s.ptr + i, bytes == 1 ? 3 : bytes);
        }
        i += bytes;
    }
    strbuf_char(out, '"');
}

static void
json_quoted(StrBuf *out, Weir *w, CellKind kind, Type t, const void *slot)
{
    strbuf_char(out, '"'); /* what comes between needs no escapes: times, base64, NaN */
    cell_print_base64(out, w, kind, t, slot);
    strbuf_char(out, '"');
}

void
cell_print_json(StrBuf *out, Weir *w, CellKind kind, Type t, const void *slot)
{
    switch (kind) {
    case CELL_BOOL:
        strbuf_str(out, *(const u8 *)slot ? STR("true") : STR("false"));
        break;
    case CELL_TEXT:
        json_string(out, strview_str(slot));
        break;
    case CELL_F32:
        if (!isfinite(*(const f32 *)slot)) {
            json_quoted(out, w, kind, t, slot);
        } else {
            out->len += f32_print_plain(strbuf_room(out, F64_PLAIN_TEXT_MAX), *(const f32 *)slot);
        }
        break;
    case CELL_F64:
        if (!isfinite(*(const f64 *)slot)) {
            json_quoted(out, w, kind, t, slot);
        } else {
            out->len += f64_print_plain(strbuf_room(out, F64_PLAIN_TEXT_MAX), *(const f64 *)slot);
        }
        break;
    case CELL_BYTES:
    case CELL_OTHER:
        json_quoted(out, w, kind, t, slot);
        break;
    case CELL_I8:
    case CELL_I16:
    case CELL_I32:
    case CELL_I64:
    case CELL_DECIMAL:
        cell_print(out, w, kind, t, slot);
        break;
    }
}
