/* funcs.h - what the files of function rows share: reading lanes, refusing arguments, the families.
 *
 * A kernel's arguments are FLAT or CONST; LANE() reads either. A family is a const array of rows
 * ended by a row without a name; func_table.c lists the families. */
#pragma once
#include "base/datetime.h"
#include "base/timezone.h"
#include "catalog/func.h"

extern const FuncTable exec_func_table; /* all functions, aggregates and casts of weir */

extern const FuncDef funcs_arith[], funcs_compare[], funcs_logic[], funcs_math[], funcs_round[],
    funcs_text[], funcs_edit[], funcs_match[], funcs_regexp[], funcs_encode[], funcs_charset[],
    funcs_url[], funcs_time[], funcs_clock[], funcs_time_text[], funcs_json[], funcs_cast[];

/* Slot of lane i of an argument. */
#define LANE(v, T, i) (vector_data((v), const T)[(v)->form == VEC_CONST ? 0 : (i)])

static inline Str
lane_str(const Vector *v, u32 i)
{
    return strview_str(&LANE(v, StrView, i));
}
/* Lane i of an argument is NULL, whatever its form. */
static inline bool
lane_is_null(const Vector *v, u32 i)
{
    return vector_is_null(v, i);
}
static inline void
lane_set_text(Vector *out, u32 i, Str s)
{
    vector_set_str(out, i, s.ptr, s.len);
}

/* The first place of part (not empty) in s, or NULL. In short texts, holding four bytes at a time
 * against the part's first four beats setting up memmem: 19 ns a row instead of 26 for a LIKE over
 * texts of 25 bytes. */
static inline const char *
text_search(Str s, Str part)
{
    if (part.len < 4 || s.len > 128) return memmem(s.ptr, s.len, part.ptr, part.len);
    if (s.len < part.len) return NULL;
    u32 head, here;
    memcpy(&head, part.ptr, 4);
    for (const char *p = s.ptr, *last = s.ptr + (s.len - part.len); p <= last; p++) {
        memcpy(&here, p, 4);
        if (here == head && memcmp(p + 4, part.ptr + 4, part.len - 4) == 0) return p;
    }
    return NULL;
}

/* Let out's long texts point into the texts of arg: call once per kernel, before the loop, then
 * lane_borrow() slots. out keeps the bytes alive. */
static inline void
text_borrow(Vector *out, const Vector *arg)
{
    if (!arg->heap) return;
    if (out->heap) {
        (void)vector_room(out, 0); /* a heap of its own, which may grow */
        strheap_keep(out->heap, arg->heap);
    } else {
        out->heap = strheap_ref(arg->heap);
    }
}
static inline void
lane_borrow(Vector *out, u32 i, Str s)
{
    vector_data(out, StrView)[i] = strview_make(s.ptr, s.len);
}

/* Where a text of len bytes is written before lane_borrow(): short ones in tmp, long ones in out's
 * heap, so that nothing is copied twice. */
static inline char *
text_room(Vector *out, char tmp[STRVIEW_INLINE], size_t len)
{
    return len <= STRVIEW_INLINE ? tmp : vector_room(out, len);
}
/* The longest text that a function makes; longer ones are refused (W7003) by TEXT_LIMIT. */
enum { TEXT_MAX_BYTES = 64 << 20 };

static inline const TimeZone *
ctx_zone(const EvalCtx *ctx)
{
    const TimeZone *zone = ctx->session ? ctx->session->zone : NULL;
    return zone ? zone : timezone_utc();
}

/* The text in small letters, added to `to`. */
void text_lower(StrBuf *to, Str s);
/* The bytes in base64 (RFC 4648), added to `to`. */
void base64_print(StrBuf *to, Str s);
/* -1, 0, 1 for two slots of one type; NaN is the greatest and equal to itself. */
int slot_cmp(Type t, const void *a, const void *b);
/* Bytes of a slot copied, by type. */
static inline void
slot_copy(Type t, void *to, const void *from)
{
    memcpy(to, from, type_slot_bytes[t.kind]);
}

/* W2005: these argument types are not accepted; the hint is the row's syntax. For bind hooks. */
Status call_misfit(const FuncCall *call, Err *err);
/* W2015 unless argument i is a constant text; NULL texts are refused too. */
Status call_const_text(const FuncCall *call, u32 i, Str *ret_text, Err *err) MUST_USE;
/* The types of arguments from..nargs-1 become their common type. W2005 if there is none. */
Status call_common_type(FuncCall *call, u32 from, Type *ret_type, Err *err) MUST_USE;
/* A constant (CONST of len 1) cast to another type; ret is the caller's to drop. */
Status const_cast_to(const FuncCall *call, const Vector *v, Type to, Vector *ret,
                     Err *err) MUST_USE;
/* "=" (or another comparison) for the two argument types at `types`, which it sets to what is to
 * be cast to. W2006 if they cannot be compared. */
Status compare_choose(FuncCall *call, const char *op, Type types[2], FuncKernel *ret_kernel,
                      const void **ret_data, Err *err) MUST_USE;

/* An error of the call at hand. */
#define LANE_FAIL(code, ...)                                                                       \
    do {                                                                                           \
        Status lane_st_ = err_set(err, (code), ctx->pos, __VA_ARGS__);                             \
        err->width = ctx->width;                                                                   \
        return lane_st_;                                                                           \
    } while (0)

/* In a lane loop: refuse to build a text of so many bytes (u64), or pass the lane over. */
#define TEXT_LIMIT(bytes)                                                                          \
    if (UNLIKELY((bytes) > TEXT_MAX_BYTES)) {                                                      \
        if (!eval_lane_counts(ctx, out, i)) continue;                                              \
        LANE_FAIL(W7003, "the text would be longer than %u MiB", TEXT_MAX_BYTES >> 20);            \
    }
