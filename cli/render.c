/* render.c - the list of formats, and what all renderers share. */
#include "cli/render.h"
#include "base/mem.h"
#include "cli/width.h"

static const RenderDef *const formats[] = {
    &render_table, &render_box,   &render_csv,      &render_tsv,
    &render_json,  &render_jsonl, &render_markdown, &render_line,
};

const RenderDef *
render_at(u32 i)
{
    return i < ARRAY_LEN(formats) ? formats[i] : NULL;
}

const RenderDef *
render_find(Str name)
{
    for (u32 i = 0; i < ARRAY_LEN(formats); i++) {
        if (str_eq_nocase(name, str_from(formats[i]->name))) return formats[i];
    }
    return NULL;
}

void
render_open(Render *r, const RenderDef *def, const RenderStyle *style, Weir *w, Output *out,
            const WeirColumn *columns, u32 ncolumns)
{
    *r = (Render){.def = def,
                  .style = *style,
                  .weir = w,
                  .out = out,
                  .col = mem_array(RenderColumn, ncolumns),
                  .ncol = ncolumns};
    for (u32 i = 0; i < ncolumns; i++) {
        Str name = columns[i].name;
        r->col[i] =
            (RenderColumn){.name = {mem_strdup(name.len ? name.ptr : "", name.len), name.len},
                           .type = columns[i].type,
                           .kind = cell_kind(columns[i].type)};
    }
    def->begin(r);
}

void
render_close(Render *r)
{
    if (!r->def) return;
    if (r->def->done) r->def->done(r);
    for (u32 i = 0; i < r->ncol; i++) mem_free((void *)(uintptr_t)r->col[i].name.ptr);
    mem_free(r->col);
    *r = (Render){0};
}

void
render_row_safe(Render *r, size_t from)
{
    StrBuf *out = &r->out->text, safe = {0};
    assert(out->len > from && out->ptr[out->len - 1] == '\n');
    Str row = {out->ptr + from, (u32)(out->len - 1 - from)};
    for (u32 i = 0; i < row.len;) { /* tabs stay: they do no harm, and tsv is made of them */
        const char *tab = memchr(row.ptr + i, '\t', row.len - i);
        u32 n = tab ? (u32)(tab - (row.ptr + i)) : row.len - i;
        (void)width_show(&safe, (Str){row.ptr + i, n}, r->style.utf8);
        if (tab) strbuf_char(&safe, '\t');
        i += n + (tab != NULL);
    }
    out->len = from;
    strbuf_str(out, strbuf_view(&safe));
    strbuf_char(out, '\n');
    strbuf_done(&safe);
}
