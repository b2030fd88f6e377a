/* clicks.c - the clickstream that ./dev bench measures with: the same rows for the same number.
 *
 *   clicks ROWS FOLDER     writes FOLDER/clicks.csv (with a header line) and FOLDER/clicks.jsonl
 *
 * ts TIMESTAMP(3), user_id BIGINT, page STRING, action STRING, price DOUBLE, country STRING, dur
 * INT: ten rows per millisecond from 2024-01-01, one in a hundred up to 999 ms late; a million
 * users, uniform; a thousand pages, page 0 the most viewed (product of two uniform numbers); three
 * views in four actions. Random numbers are xorshift64 (Marsaglia 2003), drawn in a fixed order, so
 * the rows of N are the first rows of every larger number. */
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

enum { OUT_BYTES = 1 << 20, LINE_BYTES_MAX = 256 };

typedef struct Out {
    FILE *file;
    size_t len;
    char *bytes;
} Out;

typedef struct Click {
    u64 ts_ms;
    u64 user;
    u32 page;
    u32 price_cents;
    u32 dur;
    const char *action;
    const char *country;
} Click;

static void
stop(const char *what)
{
    perror(what);
    exit(1);
}

static void
out_open(Out *o, const char *folder, const char *name)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (n < 0 || (size_t)n >= sizeof path) stop("folder");
    o->file = fopen(path, "wb");
    if (!o->file) stop(path);
    o->len = 0;
    o->bytes = mem_alloc(OUT_BYTES);
}

static void
out_flush(Out *o)
{
    if (fwrite(o->bytes, 1, o->len, o->file) != o->len) stop("write");
    o->len = 0;
}

static void
out_close(Out *o)
{
    out_flush(o);
    if (fclose(o->file) != 0) stop("close");
    mem_free(o->bytes);
}

static char *
put_text(char *at, const char *text)
{
    size_t len = strlen(text);
    memcpy(at, text, len);
    return at + len;
}

static char *
put_number(char *at, u64 n)
{
    char digits[20];
    u32 len = 0;
    do {
        digits[len++] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    while (len) *at++ = digits[--len];
    return at;
}

/* Exactly `width` digits. */
static char *
put_padded(char *at, u64 n, u32 width)
{
    for (u32 i = width; i-- > 0; n /= 10) at[i] = (char)('0' + n % 10);
    return at + width;
}

static char *
put_time(char *at, u64 ts_ms)
{
    u64 day = ts_ms / 86400000;
    if (day > 30) stop("more rows than January 2024 has room for");
    at = put_padded(put_text(at, "2024-01-"), day + 1, 2);
    at = put_padded(put_text(at, " "), ts_ms / 3600000 % 24, 2);
    at = put_padded(put_text(at, ":"), ts_ms / 60000 % 60, 2);
    at = put_padded(put_text(at, ":"), ts_ms / 1000 % 60, 2);
    return put_padded(put_text(at, "."), ts_ms % 1000, 3);
}

static char *
put_price(char *at, u32 cents)
{
    at = put_number(at, cents / 100);
    return put_padded(put_text(at, "."), cents % 100, 2);
}

static void
out_csv(Out *o, const Click *c)
{
    if (o->len + LINE_BYTES_MAX > OUT_BYTES) out_flush(o);
    char *at = put_time(o->bytes + o->len, c->ts_ms);
    at = put_number(put_text(at, ","), c->user);
    at = put_number(put_text(at, ",/p/"), c->page);
    at = put_text(put_text(at, ","), c->action);
    at = put_price(put_text(at, ","), c->price_cents);
    at = put_text(put_text(at, ","), c->country);
    at = put_text(put_number(put_text(at, ","), c->dur), "\n");
    o->len = (size_t)(at - o->bytes);
}

static void
out_json(Out *o, const Click *c)
{
    if (o->len + LINE_BYTES_MAX > OUT_BYTES) out_flush(o);
    char *at = put_time(put_text(o->bytes + o->len, "{\"ts\":\""), c->ts_ms);
    at = put_number(put_text(at, "\",\"user_id\":"), c->user);
    at = put_number(put_text(at, ",\"page\":\"/p/"), c->page);
    at = put_text(put_text(at, "\",\"action\":\""), c->action);
    at = put_price(put_text(at, "\",\"price\":"), c->price_cents);
    at = put_text(put_text(at, ",\"country\":\""), c->country);
    at = put_text(put_number(put_text(at, "\",\"dur\":"), c->dur), "}\n");
    o->len = (size_t)(at - o->bytes);
}

static u64
draw(u64 *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static f64
draw_unit(u64 *state) /* 24 bits in [0, 1) */
{
    return (f64)(draw(state) & 0xffffff) / 0x1000000;
}

static Click
click_draw(u64 *state, u64 row)
{
    static const char *const countries[] = {"US", "DE", "FR", "IN", "BR", "JP", "GB", "CN"};
    static const char *const actions[] = {"view", "click", "cart", "buy"};
    Click c = {.ts_ms = row / 10};
    if (draw(state) % 100 == 0) {
        u64 late_ms = draw(state) % 1000;
        c.ts_ms = c.ts_ms > late_ms ? c.ts_ms - late_ms : 0;
    }
    c.user = draw(state) % 1000000;
    f64 x = draw_unit(state);
    c.page = (u32)(x * draw_unit(state) * 1000);
    c.country = countries[draw(state) & 7];
    bool plain = (draw(state) & 15) < 11;
    c.action = actions[plain ? 0 : draw(state) & 3];
    c.price_cents = (u32)(draw(state) % 100000);
    c.dur = (u32)(draw(state) % 30000);
    return c;
}

int
main(int argc, char **argv)
{
    char *end = NULL;
    u64 rows = argc == 3 ? strtoull(argv[1], &end, 10) : 0;
    if (!end || *end || rows == 0) {
        fprintf(stderr, "usage: clicks ROWS FOLDER\n");
        return 2;
    }
    Out csv, json;
    out_open(&csv, argv[2], "clicks.csv");
    out_open(&json, argv[2], "clicks.jsonl");
    csv.len =
        (size_t)(put_text(csv.bytes, "ts,user_id,page,action,price,country,dur\n") - csv.bytes);
    u64 state = 88172645463325252u;
    for (u64 row = 0; row < rows; row++) {
        Click c = click_draw(&state, row);
        out_csv(&csv, &c);
        out_json(&json, &c);
    }
    out_close(&csv);
    out_close(&json);
    return 0;
}
