/* type.c - facts about SQL types: sizes, names, and which type two of them share. */
#include "base/type.h"
#include "base/vector.h"

const u8 type_flags[TYPE_COUNT] = {
#define TYPE(id, sql, slot, phys, flags) [TYPE_##id] = (flags),
#include "base/types.def"
#undef TYPE
};

const u8 type_slot_bytes[TYPE_COUNT] = {
#define TYPE(id, sql, slot, phys, flags) [TYPE_##id] = sizeof(slot),
#include "base/types.def"
#undef TYPE
};

const u8 type_phys[TYPE_COUNT] = {
#define TYPE(id, sql, slot, phys, flags) [TYPE_##id] = PHYS_##phys,
#include "base/types.def"
#undef TYPE
};

static const char *const type_names[TYPE_COUNT] = {
#define TYPE(id, sql, slot, phys, flags) [TYPE_##id] = sql,
#include "base/types.def"
#undef TYPE
};

/* What a kind has when nothing is written in parentheses. */
static const struct {
    u8 precision, scale;
} type_defaults[TYPE_COUNT] = {
    [TYPE_DECIMAL] = {10, 0},    [TYPE_CHAR] = {1, 0},          [TYPE_VARCHAR] = {1, 0},
    [TYPE_BINARY] = {1, 0},      [TYPE_VARBINARY] = {1, 0},     [TYPE_TIMESTAMP] = {0, 6},
    [TYPE_INTERVAL_DT] = {0, 6}, [TYPE_TIMESTAMP_LTZ] = {0, 6},
};

Type
type_of(TypeKind kind)
{
    assert(kind < TYPE_COUNT);
    return (Type){.kind = (u8)kind,
                  .scale = type_defaults[kind].scale,
                  .precision = type_defaults[kind].precision};
}

Type
type_decimal(u32 precision, u32 scale)
{
    assert(precision >= 1 && precision <= DECIMAL_PRECISION_MAX && scale <= precision);
    return (Type){.kind = TYPE_DECIMAL, .scale = (u8)scale, .precision = precision};
}

Type
type_string(void)
{
    return (Type){.kind = TYPE_VARCHAR, .precision = TYPE_LEN_MAX};
}

Type
type_bytes(void)
{
    return (Type){.kind = TYPE_VARBINARY, .precision = TYPE_LEN_MAX};
}

Type
type_timestamp(TypeKind kind, u32 scale)
{
    assert(kind == TYPE_TIME || kind == TYPE_TIMESTAMP || kind == TYPE_TIMESTAMP_LTZ);
    assert(scale <= TIME_SCALE_MAX);
    return (Type){.kind = (u8)kind, .scale = (u8)scale};
}

bool
type_eq(Type a, Type b)
{
    return a.kind == b.kind && a.scale == b.scale && a.precision == b.precision;
}

void
type_print(StrBuf *out, Type t)
{
    bool longest = t.precision == TYPE_LEN_MAX;
    switch ((TypeKind)t.kind) {
    case TYPE_DECIMAL:
        strbuf_printf(out, "DECIMAL(%u, %u)", t.precision, t.scale);
        break;
    case TYPE_VARCHAR:
    case TYPE_VARBINARY:
        if (longest) {
            strbuf_str(out, t.kind == TYPE_VARCHAR ? STR("STRING") : STR("BYTES"));
            break;
        }
        strbuf_printf(out, "%s(%u)", type_names[t.kind], t.precision);
        break;
    case TYPE_CHAR:
    case TYPE_BINARY:
        strbuf_printf(out, "%s(%u)", type_names[t.kind], t.precision);
        break;
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        strbuf_printf(out, "%s(%u)", type_names[t.kind], t.scale);
        break;
    case TYPE_INTERVAL_DT:
        strbuf_printf(out, "INTERVAL DAY TO SECOND(%u)", t.scale);
        break;
    case TYPE_NULL:
    case TYPE_BOOLEAN:
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
    case TYPE_DATE:
    case TYPE_INTERVAL_YM:
        strbuf_str(out, str_from(type_names[t.kind]));
        break;
    case TYPE_COUNT:
        UNREACHABLE();
    }
    if (t.not_null) strbuf_str(out, STR(" NOT NULL"));
}

/* Digits that an exact number needs before and behind the point. */
static void
type_digits(Type t, u32 *ret_whole, u32 *ret_scale)
{
    static const u8 whole[TYPE_COUNT] = {
        [TYPE_TINYINT] = 3, [TYPE_SMALLINT] = 5, [TYPE_INT] = 10, [TYPE_BIGINT] = 19};
    if (t.kind == TYPE_DECIMAL) {
        *ret_whole = t.precision - t.scale;
        *ret_scale = t.scale;
    } else {
        *ret_whole = whole[t.kind];
        *ret_scale = 0;
    }
}

/* Floating point beats exact, and DOUBLE beats FLOAT unless both are FLOAT or FLOAT meets an
 * integer; DECIMAL with FLOAT is DOUBLE (Flink). */
static Type
type_common_number(Type a, Type b)
{
    if (type_is(a, KIND_APPROX) || type_is(b, KIND_APPROX)) {
        bool wide = a.kind == TYPE_DOUBLE || b.kind == TYPE_DOUBLE || a.kind == TYPE_DECIMAL ||
                    b.kind == TYPE_DECIMAL;
        return type_of(wide ? TYPE_DOUBLE : TYPE_FLOAT);
    }
    if (a.kind != TYPE_DECIMAL && b.kind != TYPE_DECIMAL) return type_of(MAX(a.kind, b.kind));
    u32 whole_a, whole_b, scale_a, scale_b;
    type_digits(a, &whole_a, &scale_a);
    type_digits(b, &whole_b, &scale_b);
    /* Beyond 38 digits those behind the point give way: a lost digit beats a lost value. */
    u32 whole = MAX(whole_a, whole_b), scale = MAX(scale_a, scale_b);
    whole = MIN(whole, DECIMAL_PRECISION_MAX);
    scale = MIN(scale, DECIMAL_PRECISION_MAX - whole);
    return type_decimal(MAX(whole + scale, 1), scale);
}

/* CHAR of one length stays CHAR; anything else varies up to the longer. */
static Type
type_common_text(Type a, Type b, TypeKind fixed, TypeKind varying)
{
    bool stays = a.kind == fixed && b.kind == fixed && a.precision == b.precision;
    return (Type){.kind = (u8)(stays ? fixed : varying),
                  .precision = MAX(a.precision, b.precision)};
}

bool
type_common(Type a, Type b, Type *ret_type)
{
    bool not_null = a.not_null && b.not_null;
    Type t;
    if (a.kind == TYPE_NULL) {
        t = b;
    } else if (b.kind == TYPE_NULL) {
        t = a;
    } else if (type_is(a, KIND_NUMERIC) && type_is(b, KIND_NUMERIC)) {
        t = type_common_number(a, b);
    } else if (type_is(a, KIND_TEXT) && type_is(b, KIND_TEXT)) {
        t = type_common_text(a, b, TYPE_CHAR, TYPE_VARCHAR);
    } else if (type_is(a, KIND_BYTES) && type_is(b, KIND_BYTES)) {
        t = type_common_text(a, b, TYPE_BINARY, TYPE_VARBINARY);
    } else if (a.kind == b.kind) {
        t = a;
        t.scale = MAX(a.scale, b.scale);
    } else if (type_is(a, KIND_TIME) && type_is(b, KIND_TIME) && a.kind != TYPE_TIME &&
               b.kind != TYPE_TIME) {
        /* DATE < TIMESTAMP < TIMESTAMP_LTZ, which is their order in types.def. */
        t = type_timestamp((TypeKind)MAX(a.kind, b.kind), MAX(a.scale, b.scale));
    } else {
        return false;
    }
    t.not_null = not_null;
    *ret_type = t;
    return true;
}

bool
type_implicit(Type from, Type to)
{
    if (from.kind == TYPE_NULL) return true;
    if (from.kind == to.kind) return true;
    if (type_is(from, KIND_TEXT) && type_is(to, KIND_TEXT)) return true;
    if (type_is(from, KIND_BYTES) && type_is(to, KIND_BYTES)) return true;
    if (type_is(from, KIND_NUMERIC) && type_is(to, KIND_NUMERIC)) {
        /* Up the ladder of types.def: TINYINT .. BIGINT, DECIMAL, FLOAT, DOUBLE. */
        return to.kind >= from.kind;
    }
    if (from.kind == TYPE_DATE) return to.kind == TYPE_TIMESTAMP || to.kind == TYPE_TIMESTAMP_LTZ;
    if (from.kind == TYPE_TIMESTAMP) return to.kind == TYPE_TIMESTAMP_LTZ;
    return from.kind == TYPE_TIMESTAMP_LTZ && to.kind == TYPE_TIMESTAMP;
}
