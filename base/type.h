/* type.h - SQL types: what a column, a literal or a result is. */
#pragma once
#include "base/arena.h"
#include "base/str.h"

enum {
    KIND_NUMERIC = 1,
    KIND_INTEGER = 2,
    KIND_APPROX = 4, /* FLOAT, DOUBLE */
    KIND_TEXT = 8,
    KIND_BYTES = 16,
    KIND_TIME = 32,
    KIND_INTERVAL = 64,
    KIND_HEAP = 128, /* slots are StrView */
};

typedef enum TypeKind {
#define TYPE(id, sql, slot, phys, flags) TYPE_##id,
#include "base/types.def"
#undef TYPE
    TYPE_COUNT
} TypeKind;

/* How a slot lies in memory; kernels are specialised by this, not by the SQL type. */
typedef enum Phys {
    PHYS_U8,
    PHYS_I8,
    PHYS_I16,
    PHYS_I32,
    PHYS_I64,
    PHYS_I128,
    PHYS_F32,
    PHYS_F64,
    PHYS_STR,
    PHYS_COUNT
} Phys;

/* precision: digits of DECIMAL (1..38), length of CHAR, VARCHAR, BINARY, VARBINARY in characters
 * or bytes; 0 elsewhere. scale: digits behind the point of DECIMAL; fraction digits 0..6 of TIME,
 * TIMESTAMP, TIMESTAMP_LTZ and INTERVAL DAY TO SECOND; 0 elsewhere. */
typedef struct Type {
    u8 kind; /* TypeKind */
    bool not_null;
    u8 scale;
    u32 precision;
} Type;

#define TYPE_LEN_MAX 2147483647u /* VARCHAR(2147483647) is STRING, VARBINARY(..) is BYTES */
#define DECIMAL_PRECISION_MAX 38
#define TIME_SCALE_MAX 6

extern const u8 type_flags[TYPE_COUNT];
extern const u8 type_slot_bytes[TYPE_COUNT];
extern const u8 type_phys[TYPE_COUNT];

Type type_of(TypeKind kind); /* nullable, with Flink's default parameters: DECIMAL(10, 0), CHAR(1),
                                VARCHAR(1), TIME(0), TIMESTAMP(6), INTERVAL (6) */
Type type_decimal(u32 precision, u32 scale);
Type type_string(void); /* VARCHAR(2147483647) */
Type type_bytes(void);
Type type_timestamp(TypeKind kind, u32 scale); /* TIME, TIMESTAMP or TIMESTAMP_LTZ */
static inline Type
type_nullable(Type t, bool nullable)
{
    t.not_null = !nullable;
    return t;
}
/* Same type, NOT NULL ignored. */
bool type_eq(Type a, Type b);
static inline bool
type_is(Type t, u32 flags) /* any of the flags */
{
    return (type_flags[t.kind] & flags) != 0;
}
/* SQL text as Flink prints it: "DECIMAL(10, 2)", "STRING", "TIMESTAMP(3) NOT NULL". */
void type_print(StrBuf *out, Type t);

/* The type that both convert to without loss of meaning (Flink's least restrictive type):
 * numbers widen, texts lengthen, DATE with TIMESTAMP gives TIMESTAMP. False if there is none. */
bool type_common(Type a, Type b, Type *ret_type);
/* May a value of `from` be used where `to` is wanted without CAST? */
bool type_implicit(Type from, Type to);
/* Event-time unit: 1,000 us for TIMESTAMP(p <= 3), 1 us above (DIALECT 4). */
static inline i64
type_time_unit_us(Type t)
{
    return t.scale <= 3 ? 1000 : 1;
}
