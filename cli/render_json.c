/* render_json.c - json (one array of objects) and jsonl (an object a line).
 *
 * Every object starts with its keys already escaped: `keys` holds `{"a":`, `,"b":` ... one after
 * the other. A result that failed leaves its array open, so that nobody takes it for all of it. */
#include "base/mem.h"
#include "cli/render.h"

typedef struct JsonState {
    StrBuf keys;
    size_t *key_end; /* of each column, in keys */
    bool lines;
} JsonState;

static void
json_state(Render *r, bool lines)
{
    JsonState *s = mem_make(JsonState);
    s->lines = lines;
    s->key_end = mem_array(size_t, r->ncol);
    for (u32 i = 0; i < r->ncol; i++) {
        strbuf_char(&s->keys, i ? ',' : '{');
        json_string(&s->keys, r->col[i].name);
        strbuf_char(&s->keys, ':');
        s->key_end[i] = s->keys.len;
    }
    r->state = s;
}

static void
json_begin(Render *r)
{
    json_state(r, false);
    strbuf_char(&r->out->text, '[');
}

static void
jsonl_begin(Render *r)
{
    json_state(r, true);
}

static void
json_row(const Render *r, const JsonState *s, const Batch *b, u32 row)
{
    StrBuf *out = &r->out->text;
    size_t from = 0;
    for (u32 i = 0; i < r->ncol; i++) {
        const RenderColumn *c = &r->col[i];
        const void *slot = vector_at(&b->col[i], row);
        strbuf_add(out, s->keys.ptr + from, s->key_end[i] - from);
        from = s->key_end[i];
        if (slot) {
            cell_print_json(out, r->weir, c->kind, c->type, slot);
        } else {
            strbuf_add(out, "null", 4);
        }
    }
    if (r->ncol == 0) strbuf_char(out, '{');
    strbuf_char(out, '}');
}

static Status
json_rows(Render *r, const Batch *b, Err *err)
{
    const JsonState *s = r->state;
    for (u32 row = 0; row < b->rows; row++) {
        if (!s->lines) strbuf_str(&r->out->text, r->rows ? STR(",\n") : STR("\n"));
        json_row(r, s, b, row);
        if (s->lines) strbuf_char(&r->out->text, '\n');
        r->rows++;
        TRY(output_row(r->out, err));
    }
    return ERR_OK;
}

static Status
json_end(Render *r, bool failed, Err *err)
{
    const JsonState *s = r->state;
    if (!s->lines && !failed) strbuf_str(&r->out->text, r->rows ? STR("\n]\n") : STR("]\n"));
    return output_flush(r->out, err);
}

static void
json_done(Render *r)
{
    JsonState *s = r->state;
    strbuf_done(&s->keys);
    mem_free(s->key_end);
    mem_free(s);
}

const RenderDef render_json = {
    .name = "json",
    .doc = "one JSON array with an object per row",
    .begin = json_begin,
    .rows = json_rows,
    .end = json_end,
    .done = json_done,
};

const RenderDef render_jsonl = {
    .name = "jsonl",
    .doc = "a JSON object per line",
    .begin = jsonl_begin,
    .rows = json_rows,
    .end = json_end,
    .done = json_done,
};
