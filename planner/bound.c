/* bound.c - making, copying, comparing and searching bound expressions.
 *
 * Recursion is bounded by the AST's height and by bound_small(), which callers ask before they
 * build larger trees out of parts. */
#include "planner/bound.h"

BoundExpr *
bound_new(Arena *a, BoundExprKind kind, Type type, u32 nargs)
{
    BoundExpr *e = arena_make(a, BoundExpr);
    e->kind = kind;
    e->type = type;
    e->nargs = nargs;
    if (nargs) e->args = arena_array(a, BoundExpr *, nargs);
    return e;
}

BoundExpr *
bound_column(Arena *a, u32 column, Type type)
{
    BoundExpr *e = bound_new(a, BOUND_COLUMN, type, 0);
    e->column = column;
    return e;
}

BoundExpr *
bound_and(Arena *a, BoundExpr *const *conds, u32 n)
{
    assert(n > 0);
    if (n == 1) return conds[0];
    BoundList flat = {0};
    bool not_null = true;
    for (u32 i = 0; i < n; i++) {
        not_null = not_null && conds[i]->type.not_null;
        bound_split(a, conds[i], &flat);
    }
    BoundExpr *e = bound_new(a, BOUND_AND, type_nullable(type_of(TYPE_BOOLEAN), !not_null), 0);
    e->args = flat.at;
    e->nargs = flat.len;
    e->pos = conds[0]->pos;
    e->width = conds[0]->width;
    return e;
}

u32
bound_facts(const BoundExpr *e)
{
    u32 facts = 0;
    if (e->kind == BOUND_COLUMN) return BOUND_READS;
    if (e->kind == BOUND_CONST) return 0;
    facts |= BOUND_CALLS;
    if (e->kind == BOUND_CALL) {
        u32 flags = e->call.def->flags;
        if (flags & FUNC_VOLATILE) facts |= BOUND_VOLATILE;
        if (flags & FUNC_STABLE) facts |= BOUND_STABLE;
        if (flags & FUNC_CAN_FAIL) facts |= BOUND_FAILS;
    }
    for (u32 i = 0; i < e->nargs; i++) facts |= bound_facts(e->args[i]);
    return facts;
}

bool
bound_const_equal(const Vector *a, const Vector *b)
{
    if (!type_eq(a->type, b->type)) return false;
    const void *x = vector_at(a, 0), *y = vector_at(b, 0);
    if (!x || !y) return x == y;
    if (type_phys[a->type.kind] == PHYS_STR) return strview_eq(x, y);
    return memcmp(x, y, type_slot_bytes[a->type.kind]) == 0;
}

bool
bound_equal(const BoundExpr *a, const BoundExpr *b)
{
    if (a->kind != b->kind || a->nargs != b->nargs || !type_eq(a->type, b->type)) return false;
    switch (a->kind) {
    case BOUND_COLUMN:
        return a->column == b->column;
    case BOUND_CONST:
        return bound_const_equal(&a->constant, &b->constant);
    case BOUND_CALL:
        if (a->call.def != b->call.def || a->call.kernel != b->call.kernel) return false;
        if (a->call.def->flags & FUNC_VOLATILE) return false;
        break;
    case BOUND_AND:
    case BOUND_OR:
    case BOUND_CASE:
        break;
    }
    for (u32 i = 0; i < a->nargs; i++) {
        if (!bound_equal(a->args[i], b->args[i])) return false;
    }
    return true;
}

static u32
bound_size(const BoundExpr *e, u32 max)
{
    u32 size = 1;
    for (u32 i = 0; i < e->nargs && size <= max; i++) size += bound_size(e->args[i], max - size);
    return size;
}

bool
bound_small(const BoundExpr *e)
{
    return bound_size(e, BOUND_SIZE_MAX) <= BOUND_SIZE_MAX;
}

bool
bound_is_column(const BoundExpr *e, u32 column)
{
    return e->kind == BOUND_COLUMN && e->column == column;
}

bool
bound_is_proctime(const BoundExpr *e)
{
    return e->kind == BOUND_CALL && strcmp(e->call.def->name, "PROCTIME") == 0;
}

bool
bound_is_true(const BoundExpr *e)
{
    if (e->kind != BOUND_CONST || e->type.kind != TYPE_BOOLEAN) return false;
    const u8 *slot = vector_at(&e->constant, 0);
    return slot && *slot;
}

bool
bound_is_never(const BoundExpr *e)
{
    if (e->kind != BOUND_CONST) return false;
    const u8 *slot = vector_at(&e->constant, 0);
    return !slot || (e->type.kind == TYPE_BOOLEAN && !*slot);
}

void
bound_mark(const BoundExpr *e, bool *used)
{
    if (e->kind == BOUND_COLUMN) used[e->column] = true;
    for (u32 i = 0; i < e->nargs; i++) bound_mark(e->args[i], used);
}

bool
bound_reads_only(const BoundExpr *e, const bool *set, u32 n)
{
    if (e->kind == BOUND_COLUMN) return e->column < n && set[e->column];
    for (u32 i = 0; i < e->nargs; i++) {
        if (!bound_reads_only(e->args[i], set, n)) return false;
    }
    return true;
}

static BoundExpr *
bound_copy(Arena *a, const BoundExpr *e)
{
    BoundExpr *c = arena_make(a, BoundExpr);
    *c = *e;
    if (e->nargs) c->args = arena_array(a, BoundExpr *, e->nargs);
    return c;
}

BoundExpr *
bound_replace(Arena *a, const BoundExpr *e, BoundExpr *const *by)
{
    if (e->kind == BOUND_COLUMN) return by[e->column];
    BoundExpr *c = bound_copy(a, e);
    for (u32 i = 0; i < e->nargs; i++) c->args[i] = bound_replace(a, e->args[i], by);
    return c;
}

BoundExpr *
bound_renumber(Arena *a, const BoundExpr *e, const u32 *map)
{
    BoundExpr *c = bound_copy(a, e);
    if (e->kind == BOUND_COLUMN) {
        c->column = map[e->column];
        assert(c->column != UINT32_MAX);
    }
    for (u32 i = 0; i < e->nargs; i++) c->args[i] = bound_renumber(a, e->args[i], map);
    return c;
}

void
bound_list_add(Arena *a, BoundList *l, BoundExpr *e)
{
    if (l->len == l->cap) {
        u32 cap = l->cap ? l->cap * 2 : 8;
        BoundExpr **at = arena_array(a, BoundExpr *, cap);
        if (l->len) memcpy(at, l->at, l->len * sizeof *at);
        l->at = at;
        l->cap = cap;
    }
    l->at[l->len++] = e;
}

void
bound_split(Arena *a, BoundExpr *cond, BoundList *ret_conds)
{
    if (cond->kind != BOUND_AND) {
        bound_list_add(a, ret_conds, cond);
        return;
    }
    for (u32 i = 0; i < cond->nargs; i++) bound_split(a, cond->args[i], ret_conds);
}
