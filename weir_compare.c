/* weir_compare.c - a job's stored plan beside the one it would run now, operator by operator.
 *
 * State is stored under the ids of operators, so a job goes on only when all texts are where they
 * were. What has changed is said by the longest common subsequence of the two lists of texts: what
 * is in it stayed, and between two such operators those of one kind are taken for each other. */
#include "base/mem.h"
#include "weir_desk.h"
#include <stdlib.h>

/* ---- the two lists -------------------------------------------------------------------------- */

void
op_texts_add(OpTexts *t, u32 id, Str text)
{
    mem_grow(t->at, t->len, t->cap);
    t->at[t->len++] = (OpText){id, {mem_strdup(text.ptr, text.len), text.len}};
}

void
op_texts_done(OpTexts *t)
{
    for (u32 i = 0; i < t->len; i++) mem_free((void *)(uintptr_t)t->at[i].text.ptr);
    mem_free(t->at);
    *t = (OpTexts){0};
}

static int
op_text_order(const void *left, const void *right)
{
    const OpText *a = left, *b = right;
    return a->id < b->id ? -1 : a->id > b->id;
}

static void
texts_of_node(OpTexts *t, const PlanNode *n)
{
    StrBuf text = {0};
    node_describe(n, &text);
    if (text.len) op_texts_add(t, n->id, strbuf_view(&text));
    strbuf_done(&text);
    for (u32 i = 0; i < n->ninputs; i++) texts_of_node(t, n->input[i]);
}

void
op_texts_of_plan(OpTexts *t, const Plan *plan)
{
    for (u32 i = 0; i < plan->nroots; i++) texts_of_node(t, plan->roots[i]);
    op_texts_sort(t);
}

void
op_texts_sort(OpTexts *t)
{
    if (t->len) qsort(t->at, t->len, sizeof *t->at, op_text_order);
}

bool
op_texts_same(const OpTexts *a, const OpTexts *b)
{
    bool same = a->len == b->len;
    for (u32 i = 0; same && i < a->len; i++) {
        same = a->at[i].id == b->at[i].id && str_eq(a->at[i].text, b->at[i].text);
    }
    return same;
}

/* ---- the comparison ------------------------------------------------------------------------- */

typedef struct Comparison {
    const WeirOutput *out;
    const OpTexts *then, *now;
    u32 *common; /* (then->len + 1) x (now->len + 1): length of what both have from there on */
    u32 changed;
} Comparison;

static u32 *
common_at(const Comparison *c, u32 i, u32 k)
{
    return &c->common[(size_t)i * (c->now->len + 1) + k];
}

static void
common_fill(Comparison *c)
{
    for (u32 i = c->then->len; i-- > 0;) {
        for (u32 k = c->now->len; k-- > 0;) {
            bool same = str_eq(c->then->at[i].text, c->now->at[k].text);
            *common_at(c, i, k) = same ? *common_at(c, i + 1, k + 1) + 1
                                       : MAX(*common_at(c, i + 1, k), *common_at(c, i, k + 1));
        }
    }
}

static void
say(Comparison *c, const char *what, u32 id, Str text)
{
    StrBuf line = {0};
    strbuf_printf(&line, "%-12s operator %u: %.*s", what, id, STR_ARG(text));
    if (c->out->note) c->out->note(c->out->ctx, line.ptr);
    strbuf_done(&line);
}

static bool
same_kind(Str a, Str b)
{
    u32 n = 0;
    while (n < a.len && a.ptr[n] != '(') n++;
    return b.len > n && memcmp(a.ptr, b.ptr, n) == 0 && b.ptr[n] == '(';
}

/* What is in neither common part: [i, iend) then, [k, kend) now. */
static void
compare_gap(Comparison *c, u32 i, u32 iend, u32 k, u32 kend)
{
    for (; i < iend; i++) {
        const OpText *then = &c->then->at[i];
        u32 partner = k;
        while (partner < kend && !same_kind(then->text, c->now->at[partner].text)) partner++;
        c->changed++;
        if (partner == kend) {
            say(c, "gone", then->id, then->text);
            continue;
        }
        for (; k < partner; k++, c->changed++) say(c, "new", c->now->at[k].id, c->now->at[k].text);
        say(c, "incompatible", then->id, then->text);
        say(c, "   now", c->now->at[k].id, c->now->at[k].text);
        k++;
    }
    for (; k < kend; k++, c->changed++) say(c, "new", c->now->at[k].id, c->now->at[k].text);
}

u32
op_texts_compare(const WeirOutput *out, const OpTexts *then, const OpTexts *now)
{
    Comparison c = {.out = out, .then = then, .now = now};
    c.common = mem_array(u32, (size_t)(then->len + 1) * (now->len + 1));
    common_fill(&c);
    u32 i = 0, k = 0;
    while (i < then->len || k < now->len) {
        u32 from_i = i, from_k = k;
        while (i < then->len && k < now->len && !str_eq(then->at[i].text, now->at[k].text)) {
            if (*common_at(&c, i + 1, k) >= *common_at(&c, i, k + 1))
                i++;
            else
                k++;
        }
        bool both = i < then->len && k < now->len;
        if (!both) i = then->len, k = now->len;
        compare_gap(&c, from_i, i, from_k, k);
        if (!both) break;
        bool moved = then->at[i].id != now->at[k].id;
        c.changed += moved;
        say(&c, moved ? "moved" : "kept", now->at[k].id, now->at[k].text);
        i++;
        k++;
    }
    mem_free(c.common);
    return c.changed;
}
