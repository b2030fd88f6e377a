/* aggs.h - what the files of aggregate rows share. A family is a const array of rows ended by a row
 * without a name; exec/funcs/func_table.c lists them. */
#pragma once
#include "base/xsum.h"
#include "catalog/func.h"

/* Every merge() here leaves `other` as it was: panes are merged whole while others still read them
 * (exec/state/pane.h). */

extern const AggDef aggs_count[], aggs_sum[], aggs_extreme[], aggs_order[], aggs_stat[];

/* The mask word of lanes from..from+63, those past n off; lanes NULL: all. */
static inline u64
lanes_word(const u64 *lanes, u32 from, u32 n)
{
    u64 m = lanes ? lanes[from >> 6] : ~(u64)0;
    return n - from >= 64 ? m : m & (((u64)1 << (n - from)) - 1);
}

/* W2005 for an argument type that the aggregate has no meaning for. */
Status agg_misfit(const AggCall *c, Err *err);

/* AggFns.copy, save and load, or the state's own bytes where the call has none of them. */
void agg_state_copy(const AggCall *c, u8 *state, const u8 *from);
void agg_state_save(const AggCall *c, const u8 *state, StrBuf *out);
bool agg_state_load(const AggCall *c, u8 *state, Str *bytes);

/* Parts of saved states (AggFns.save, load). Each load takes its part off the front of *bytes;
 * false: there is none. */
void agg_save_i64(i64 x, StrBuf *out);
bool agg_load_i64(i64 *ret, Str *bytes);
void agg_save_xsum(const XSum *s, StrBuf *out);
bool agg_load_xsum(XSum *s, Str *bytes); /* s holds nothing before */
void agg_save_text(Str text, StrBuf *out);
/* *ret points into the bytes; text of character types must be UTF-8. */
bool agg_load_text(Type t, Str *ret, Str *bytes);
bool agg_load_bytes(void *to, u32 len, Str *bytes);

/* A sum of integers or unscaled DECIMALs in 192 bits: 2^64 values of 38 digits fit, so no order of
 * adding overflows. n counts the values. */
typedef struct WideSum {
    u64 lo, mid;
    i64 hi;
    i64 n;
} WideSum;

static inline void
widesum_add(WideSum *s, i128 x)
{
    u128 low = (u128)s->mid << 64 | s->lo, sum = low + (u128)x;
    s->hi += (x < 0 ? -1 : 0) + (sum < low);
    s->lo = (u64)sum;
    s->mid = (u64)(sum >> 64);
    s->n++;
}
static inline void
widesum_sub(WideSum *s, i128 x)
{
    u128 low = (u128)s->mid << 64 | s->lo, diff = low - (u128)x;
    s->hi -= (x < 0 ? -1 : 0) + (diff > low);
    s->lo = (u64)diff;
    s->mid = (u64)(diff >> 64);
    s->n--;
}
static inline void
widesum_merge(WideSum *s, const WideSum *other)
{
    u128 low = (u128)s->mid << 64 | s->lo;
    u128 sum = low + ((u128)other->mid << 64 | other->lo);
    s->hi += other->hi + (sum < low);
    s->lo = (u64)sum;
    s->mid = (u64)(sum >> 64);
    s->n += other->n;
}
static inline void
widesum_unmerge(WideSum *s, const WideSum *other)
{
    u128 low = (u128)s->mid << 64 | s->lo;
    u128 rest = low - ((u128)other->mid << 64 | other->lo);
    s->hi -= other->hi + (rest > low);
    s->lo = (u64)rest;
    s->mid = (u64)(rest >> 64);
    s->n -= other->n;
}
/* False if the sum has left 128 bits. */
static inline bool
widesum_value(const WideSum *s, i128 *ret)
{
    i128 v = (i128)((u128)s->mid << 64 | s->lo);
    *ret = v;
    return s->hi == (v < 0 ? -1 : 0);
}
