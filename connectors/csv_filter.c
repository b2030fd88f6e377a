/* csv_filter.c - a scan's predicates on a decoded column: one loop per slot type and operator. */
#include "connectors/csv_filter.h"

enum { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_IS_NULL, OP_NOT_NULL };

bool
csv_filter_can(Type type, const SourcePredicate *p)
{
    if (p->op >= OP_IS_NULL) return p->op <= OP_NOT_NULL;
    const Vector *c = p->constant;
    if (!c || c->len == 0 || !vector_at(c, 0)) return false;
    if (c->type.kind != type.kind) /* VARCHAR(3) with VARCHAR(5) is fine, CHAR pads */
        return false;
    if (type.kind == TYPE_DECIMAL) return c->type.scale == type.scale;
    return type.kind != TYPE_CHAR && type.kind != TYPE_BINARY;
}

/* Rows are kept without a branch: every row is written, the place moves on for those that pass. */
#define FILTER_ROWS(cond)                                                                          \
    do {                                                                                           \
        for (u32 k = 0; k < n; k++) {                                                              \
            u32 i = chosen[k];                                                                     \
            bool keep = (cond);                                                                    \
            chosen[kept] = (u16)i;                                                                 \
            kept += keep;                                                                          \
        }                                                                                          \
    } while (0)

#define FILTER_SLOTS(name, T)                                                                      \
    static u32 name(const void *data, u32 op, const void *constant, u16 *chosen, u32 n)            \
    {                                                                                              \
        const T *slot = data;                                                                      \
        T c;                                                                                       \
        memcpy(&c, constant, sizeof c);                                                            \
        u32 kept = 0;                                                                              \
        switch (op) {                                                                              \
        case OP_EQ:                                                                                \
            FILTER_ROWS(slot[i] == c);                                                             \
            break;                                                                                 \
        case OP_NE:                                                                                \
            FILTER_ROWS(slot[i] != c);                                                             \
            break;                                                                                 \
        case OP_LT:                                                                                \
            FILTER_ROWS(slot[i] < c);                                                              \
            break;                                                                                 \
        case OP_LE:                                                                                \
            FILTER_ROWS(slot[i] <= c);                                                             \
            break;                                                                                 \
        case OP_GT:                                                                                \
            FILTER_ROWS(slot[i] > c);                                                              \
            break;                                                                                 \
        case OP_GE:                                                                                \
            FILTER_ROWS(slot[i] >= c);                                                             \
            break;                                                                                 \
        default:                                                                                   \
            UNREACHABLE();                                                                         \
        }                                                                                          \
        return kept;                                                                               \
    }

FILTER_SLOTS(filter_u8, u8)
FILTER_SLOTS(filter_i8, i8)
FILTER_SLOTS(filter_i16, i16)
FILTER_SLOTS(filter_i32, i32)
FILTER_SLOTS(filter_i64, i64)
FILTER_SLOTS(filter_i128, i128)
FILTER_SLOTS(filter_f32, f32)
FILTER_SLOTS(filter_f64, f64)

static u32
filter_str(const void *data, u32 op, const void *constant, u16 *chosen, u32 n)
{
    const StrView *slot = data, *c = constant;
    u32 kept = 0;
    switch (op) {
    case OP_EQ:
        FILTER_ROWS(strview_eq(&slot[i], c));
        break;
    case OP_NE:
        FILTER_ROWS(!strview_eq(&slot[i], c));
        break;
    case OP_LT:
        FILTER_ROWS(strview_cmp(&slot[i], c) < 0);
        break;
    case OP_LE:
        FILTER_ROWS(strview_cmp(&slot[i], c) <= 0);
        break;
    case OP_GT:
        FILTER_ROWS(strview_cmp(&slot[i], c) > 0);
        break;
    case OP_GE:
        FILTER_ROWS(strview_cmp(&slot[i], c) >= 0);
        break;
    default:
        UNREACHABLE();
    }
    return kept;
}

u32
csv_filter(const Vector *v, u32 op, const Vector *constant, u16 *chosen, u32 n, const u64 *bad)
{
    typedef u32 FilterFn(const void *data, u32 op, const void *constant, u16 *chosen, u32 n);
    static FilterFn *const filters[PHYS_COUNT] = {
        [PHYS_U8] = filter_u8,   [PHYS_I8] = filter_i8,   [PHYS_I16] = filter_i16,
        [PHYS_I32] = filter_i32, [PHYS_I64] = filter_i64, [PHYS_I128] = filter_i128,
        [PHYS_F32] = filter_f32, [PHYS_F64] = filter_f64, [PHYS_STR] = filter_str,
    };
    const u64 *valid = vector_valid(v);
    u32 kept = 0;
    if (op == OP_IS_NULL)
        FILTER_ROWS(valid && !bit_get(valid, i));
    else if (valid)
        FILTER_ROWS(bit_get(valid, i));
    else
        kept = n;
    n = kept;
    kept = 0;
    FILTER_ROWS(!bit_get(bad, i));
    if (op >= OP_IS_NULL) return kept;
    return filters[type_phys[v->type.kind]](v->data->bytes, op, vector_at(constant, 0), chosen,
                                            kept);
}
