/* agg_state.c - states of any aggregate: copied, saved and loaded, whether they own memory or not;
 * and the parts that saved states are made of. */
#include "base/utf8.h"
#include "exec/aggs/aggs.h"

void
agg_state_copy(const AggCall *c, u8 *state, const u8 *from)
{
    if (c->fns->copy)
        c->fns->copy(c, state, from);
    else
        memcpy(state, from, c->state_bytes);
}

void
agg_state_save(const AggCall *c, const u8 *state, StrBuf *out)
{
    if (c->fns->save)
        c->fns->save(c, state, out);
    else
        strbuf_add(out, (const char *)state, c->state_bytes);
}

bool
agg_state_load(const AggCall *c, u8 *state, Str *bytes)
{
    if (c->fns->load) return c->fns->load(c, state, bytes);
    return agg_load_bytes(state, c->state_bytes, bytes);
}

bool
agg_load_bytes(void *to, u32 len, Str *bytes)
{
    if (bytes->len < len) return false;
    if (len) memcpy(to, bytes->ptr, len);
    bytes->ptr += len;
    bytes->len -= len;
    return true;
}

void
agg_save_i64(i64 x, StrBuf *out)
{
    strbuf_add(out, (const char *)&x, sizeof x);
}

bool
agg_load_i64(i64 *ret, Str *bytes)
{
    return agg_load_bytes(ret, sizeof *ret, bytes);
}

void
agg_save_xsum(const XSum *s, StrBuf *out)
{
    u8 packed[XSUM_PACK_MAX];
    strbuf_add(out, (const char *)packed, xsum_pack(s, packed));
}

bool
agg_load_xsum(XSum *s, Str *bytes)
{
    u32 used = xsum_unpack(s, (const u8 *)bytes->ptr, bytes->len);
    bytes->ptr += used;
    bytes->len -= used;
    return used != 0;
}

void
agg_save_text(Str text, StrBuf *out)
{
    strbuf_add(out, (const char *)&text.len, sizeof text.len);
    if (text.len) strbuf_add(out, text.ptr, text.len);
}

bool
agg_load_text(Type t, Str *ret, Str *bytes)
{
    u32 len;
    if (!agg_load_bytes(&len, sizeof len, bytes) || len > bytes->len) return false;
    *ret = (Str){bytes->ptr, len};
    bytes->ptr += len;
    bytes->len -= len;
    return !type_is(t, KIND_TEXT) || utf8_valid(ret->ptr, ret->len);
}
