/* bind_window.c - windows over time: the table functions, and the older GROUP BY TUMBLE(...).
 *
 * A table function becomes a WINDOW node that appends window_start, window_end and window_time;
 * the Rel remembers which columns those are, also through projections, so that bind_group.c can
 * fuse node and GROUP BY into one windowed aggregate. */
#include "planner/bind.h"

#include <stdio.h>

typedef enum WindowArg {
    WARG_DATA,
    WARG_TIME,
    WARG_SIZE, /* SESSION: the gap */
    WARG_SLIDE,
    WARG_OFFSET,
    WARG_COUNT
} WindowArg;

typedef struct WindowRow {
    const char *name;
    WindowKind kind;
    WindowArg order[WARG_COUNT]; /* positional arguments behind DATA and TIMECOL */
    u32 least, most;             /* of those */
    const char *slide_name, *size_name;
    const char *syntax;
} WindowRow;

static const WindowRow window_rows[] = {
    {"TUMBLE",
     WINDOW_TUMBLE,
     {WARG_SIZE, WARG_OFFSET},
     1,
     2,
     NULL,
     "SIZE",
     "TUMBLE(TABLE t, DESCRIPTOR(ts), size [, offset])"},
    {"HOP",
     WINDOW_HOP,
     {WARG_SLIDE, WARG_SIZE, WARG_OFFSET},
     2,
     3,
     "SLIDE",
     "SIZE",
     "HOP(TABLE t, DESCRIPTOR(ts), slide, size [, offset])"},
    {"CUMULATE",
     WINDOW_CUMULATE,
     {WARG_SLIDE, WARG_SIZE, WARG_OFFSET},
     2,
     3,
     "STEP",
     "SIZE",
     "CUMULATE(TABLE t, DESCRIPTOR(ts), step, size [, offset])"},
    {"SESSION",
     WINDOW_SESSION,
     {WARG_SIZE},
     1,
     1,
     NULL,
     "GAP",
     "SESSION(TABLE t [PARTITION BY k], DESCRIPTOR(ts), gap)"},
};

static const WindowRow *
window_row(Str name)
{
    for (u32 i = 0; i < ARRAY_LEN(window_rows); i++) {
        if (str_eq_nocase(name, str_from(window_rows[i].name))) return &window_rows[i];
    }
    return NULL;
}

bool
window_kind_find(Str name, WindowKind *ret_kind)
{
    const WindowRow *row = window_row(name);
    if (row) *ret_kind = row->kind;
    return row != NULL;
}

/* 10,000 years, so that no window's bound is too large for a time. */
static const i64 WINDOW_US_MAX = (i64)3652500 * 86400 * 1000000;

/* ---- arguments ------------------------------------------------------------------------------ */

static Status
window_interval(Binder *b, const Expr *e, bool positive, i64 *ret_us, Err *err)
{
    ExprScope s = {.clause = "a window's size"};
    BoundExpr *x;
    TRY(bind_expr(b, &s, e, &x, err));
    const Vector *v = bind_constant(b, x);
    if (!v || x->type.kind == TYPE_INTERVAL_YM || x->type.kind != TYPE_INTERVAL_DT) {
        Status st = bind_fail(b, v ? W2016 : W2015, e->pos, e->width, err,
                              "a window needs a constant interval of days, hours, minutes or "
                              "seconds here");
        return err_hint(err, st, "Write INTERVAL '1' MINUTE.");
    }
    const i64 *slot = vector_at(v, 0);
    if (!slot || (positive && *slot <= 0)) {
        return bind_fail(b, W2021, e->pos, e->width, err, "a window's interval must be above zero");
    }
    if (*slot > WINDOW_US_MAX || *slot < -WINDOW_US_MAX) {
        return bind_fail(b, W2021, e->pos, e->width, err,
                         "a window's interval is at most 10,000 years");
    }
    *ret_us = *slot;
    return ERR_OK;
}

static Status
window_sizes(Binder *b, const Expr *const *arg, TimeWindow *spec, Err *err)
{
    assert(arg[WARG_SIZE]);
    TRY(window_interval(b, arg[WARG_SIZE], true, &spec->size_us, err));
    if (arg[WARG_SLIDE]) TRY(window_interval(b, arg[WARG_SLIDE], true, &spec->slide_us, err));
    if (arg[WARG_OFFSET]) TRY(window_interval(b, arg[WARG_OFFSET], false, &spec->offset_us, err));
    assert(spec->kind != WINDOW_CUMULATE || spec->slide_us > 0);
    if (spec->kind == WINDOW_CUMULATE && spec->size_us % spec->slide_us != 0) {
        const Expr *e = arg[WARG_SIZE];
        return bind_fail(b, W2021, e->pos, e->width, err,
                         "the size of CUMULATE must be a multiple of its step");
    }
    return ERR_OK;
}

static Status
window_misuse(const Binder *b, const Expr *e, const WindowRow *row, const char *what, Err *err)
{
    Status st = bind_fail(b, W2005, e->pos, e->width, err, "%s in %s", what, row->name);
    return err_hint(err, st, "Write %s.", row->syntax);
}

static Status
window_named_arg(const Binder *b, const WindowRow *row, const Expr *e, WindowArg *ret, Err *err)
{
    Str name = e->named_arg.name.text;
    if (str_eq_nocase(name, STR("DATA"))) {
        *ret = WARG_DATA;
    } else if (str_eq_nocase(name, STR("TIMECOL"))) {
        *ret = WARG_TIME;
    } else if (str_eq_nocase(name, str_from(row->size_name))) {
        *ret = WARG_SIZE;
    } else if (row->slide_name && str_eq_nocase(name, str_from(row->slide_name))) {
        *ret = WARG_SLIDE;
    } else if (row->kind != WINDOW_SESSION && str_eq_nocase(name, STR("OFFSET"))) {
        *ret = WARG_OFFSET;
    } else {
        return window_misuse(b, e, row, "an argument of this name is not known", err);
    }
    return ERR_OK;
}

static Status
window_args(const Binder *b, const WindowRow *row, const Expr *call, const Expr **arg, Err *err)
{
    const ExprList *args = &call->call->args;
    bool named = false;
    for (u32 i = 0; i < args->len; i++) {
        const Expr *e = args->at[i];
        WindowArg which = WARG_SIZE;
        if (e->kind == EXPR_NAMED_ARG) {
            named = true;
            TRY(window_named_arg(b, row, e, &which, err));
            e = e->named_arg.arg;
        } else if (named || i >= row->most + 2) {
            return window_misuse(b, e, row, "an argument too many", err);
        } else {
            which = i < 2 ? (WindowArg)i : row->order[i - 2];
        }
        if (arg[which]) return window_misuse(b, e, row, "an argument is given twice", err);
        arg[which] = e;
    }
    bool slides = row->slide_name != NULL;
    if (!arg[WARG_DATA] || !arg[WARG_TIME] || !arg[WARG_SIZE] || (slides && !arg[WARG_SLIDE])) {
        return window_misuse(b, call, row, "an argument is missing", err);
    }
    return ERR_OK;
}

/* ---- the time column ------------------------------------------------------------------------ */

static Status
window_no_time(const Binder *b, const Rel *rel, u32 col, u32 pos, u32 width, Err *err)
{
    Str name = rel->at[col].column.name;
    Status st =
        bind_fail(b, W2016, pos, width, err, "column \"%.*s\" is not an event time", STR_ARG(name));
    for (u32 i = 0; i < rel->len; i++) {
        if (rel->at[i].column.attr != ATTR_ROWTIME) continue;
        return err_hint(err, st, "The event time of this input is %.*s.",
                        STR_ARG(rel->at[i].column.name));
    }
    return err_hint(err, st,
                    "Add to CREATE TABLE: WATERMARK FOR %.*s AS %.*s - INTERVAL '5' SECOND",
                    STR_ARG(name), STR_ARG(name));
}

Status
bind_time_column(const Binder *b, const Rel *rel, u32 col, u32 pos, u32 width, TimeWindow *spec,
                 Err *err)
{
    const RelColumn *c = &rel->at[col];
    Type t = c->column.type;
    if (t.kind != TYPE_TIMESTAMP && t.kind != TYPE_TIMESTAMP_LTZ) {
        Status st = bind_fail(b, W2016, pos, width, err,
                              "column \"%.*s\" is %s, a window needs a TIMESTAMP",
                              STR_ARG(c->column.name), bind_type_text(b, t));
        return err_hint(err, st, "Compute one in CREATE TABLE: ts AS TO_TIMESTAMP(...).");
    }
    spec->time_col = col;
    spec->time_type = t;
    spec->unit_us = type_time_unit_us(t);
    spec->event_time = c->column.attr != ATTR_PROCTIME;
    if (c->column.attr == ATTR_NONE) {
        bool other = false;
        for (u32 i = 0; i < rel->len; i++) {
            other = other || (rel->at[i].column.attr == ATTR_ROWTIME && !rel->at[i].loose);
        }
        if (!rel->bounded || other) return window_no_time(b, rel, col, pos, width, err);
        spec->bounded_only = true;
    }
    if (c->column.attr == ATTR_ROWTIME) spec->bounded_only = c->loose;
    return ERR_OK;
}

static Status
window_descriptor(const Binder *b, const Rel *rel, const Expr *e, const WindowRow *row,
                  TimeWindow *spec, Err *err)
{
    if (e->kind != EXPR_DESCRIPTOR || e->descriptor.len != 1) {
        return window_misuse(b, e, row, "DESCRIPTOR with one column is expected", err);
    }
    Name name = e->descriptor.at[0];
    Expr column = {.kind = EXPR_COLUMN, .pos = name.pos, .width = name.width};
    column.column = (Path){.at = &name, .len = 1, .pos = name.pos, .width = name.width};
    ExprScope s = {.rel = rel, .clause = "DESCRIPTOR"};
    BoundExpr *x;
    TRY(scope_column(b, &s, &column, &x, err));
    return bind_time_column(b, rel, x->column, name.pos, name.width, spec, err);
}

/* ---- table functions ------------------------------------------------------------------------ */

static Status
window_data(Binder *b, const WindowRow *row, const Expr *e, Rel *ret, Err *err)
{
    TableRef ref = {.kind = TABLE_NAME, .pos = e->pos, .width = e->width};
    switch ((int)e->kind) {
    case EXPR_TABLE_ARG:
        return bind_table_ref(b, e->table_arg.table, ret, err);
    case EXPR_COLUMN:
        ref.name.path = e->column;
        return bind_table_ref(b, &ref, ret, err);
    case EXPR_SUBQUERY:
        ref.kind = TABLE_QUERY;
        ref.query = e->query;
        return bind_table_ref(b, &ref, ret, err);
    default:
        return window_misuse(b, e, row, "a table is expected", err);
    }
}

static Status
window_partition(Binder *b, const WindowRow *row, const Expr *e, const Rel *rel, TimeWindow *spec,
                 Err *err)
{
    if (e->kind != EXPR_TABLE_ARG || e->table_arg.partition_by.len == 0) return ERR_OK;
    if (row->kind != WINDOW_SESSION) {
        return window_misuse(b, e, row, "PARTITION BY is for SESSION only and not known", err);
    }
    const ExprList *by = &e->table_arg.partition_by;
    ExprScope s = {.rel = rel, .clause = "PARTITION BY"};
    spec->partition = arena_array(b->a, u32, by->len);
    for (u32 i = 0; i < by->len; i++) {
        BoundExpr *x;
        TRY(bind_expr(b, &s, by->at[i], &x, err));
        if (x->kind != BOUND_COLUMN) {
            return bind_unsupported(b, by->at[i]->pos, by->at[i]->width,
                                    "PARTITION BY with an expression", err);
        }
        spec->partition[spec->npartition++] = x->column;
    }
    return ERR_OK;
}

Type
window_column_type(WindowRole role, Type time)
{
    Type t = type_timestamp(TYPE_TIMESTAMP, 3);
    if (role == ROLE_TIME) t = type_timestamp((TypeKind)time.kind, MAX(time.scale, 3u));
    return type_nullable(t, false);
}

/* A window over windowed rows calls its bounds window_start0 and so on, where all columns are asked
 * for; window_start means the new one. */
static Str
window_unique(Binder *b, const Rel *rel, const char *name)
{
    Str wanted = str_from(name);
    for (u32 i = 0; scope_find(rel, wanted) != UINT32_MAX; i++) {
        char text[32];
        int len = snprintf(text, sizeof text, "%s%u", name, i);
        wanted = (Str){arena_copy(b->a, text, (size_t)len), (u32)len};
    }
    return wanted;
}

static void
window_append(Binder *b, Rel *rel, const TimeWindow *spec, u32 pos)
{
    static const char *const names[] = {"", "window_start", "window_end", "window_time"};
    Type time = rel->at[spec->time_col].column.type;
    PlanNode *n = node_new(b->a, PLAN_WINDOW, 1, rel->len + 3);
    RelColumn *cols = arena_array(b->a, RelColumn, rel->len + 3);
    memcpy(cols, rel->at, rel->len * sizeof *cols);
    n->pos = bind_pos(b, pos);
    n->input[0] = rel->node;
    n->window.spec = *spec;
    for (u32 r = ROLE_START; r <= ROLE_TIME; r++) {
        RelColumn *c = &cols[rel->len + r - ROLE_START];
        c->table = rel->len ? rel->at[0].table : (Str){0};
        c->column.name = window_unique(b, rel, names[r]);
        c->column.type = window_column_type((WindowRole)r, time);
        c->column.attr =
            r == ROLE_TIME ? (spec->event_time ? ATTR_ROWTIME : ATTR_PROCTIME) : ATTR_NONE;
        c->loose = spec->bounded_only;
        c->hides = str_from(names[r]);
        c->role = (WindowRole)r;
        c->window = &n->window.spec;
    }
    for (u32 i = 0; i < rel->len; i++) {
        cols[i].role = ROLE_NONE; /* of an inner window: these rows belong to the new one */
        cols[i].hides = (Str){0};
        cols[i].column.attr = ATTR_NONE;
    }
    for (u32 i = 0; i < rel->len + 3; i++) n->schema.at[i] = cols[i].column;
    rel->node = n;
    rel->at = cols;
    rel->len += 3;
}

Status
bind_window_table(Binder *b, const TableRef *t, Rel *ret, Err *err)
{
    const Expr *call = t->func.call;
    const WindowRow *row = window_row(path_last(&call->call->func).text);
    assert(row);
    const Expr *arg[WARG_COUNT] = {0};
    TRY(window_args(b, row, call, arg, err));
    TimeWindow spec = {.kind = row->kind};
    Rel rel;
    TRY(window_data(b, row, arg[WARG_DATA], &rel, err));
    TRY(window_descriptor(b, &rel, arg[WARG_TIME], row, &spec, err));
    TRY(window_sizes(b, arg, &spec, err));
    TRY(window_partition(b, row, arg[WARG_DATA], &rel, &spec, err));
    window_append(b, &rel, &spec, call->pos);
    *ret = rel;
    return ERR_OK;
}

/* ---- GROUP BY TUMBLE(ts, size) and its bounds ----------------------------------------------- */

static Status
window_legacy_spec(Binder *b, const Rel *rel, const WindowRow *row, const Expr *e,
                   LegacyWindow *ret, Err *err)
{
    const ExprList *args = &e->call->args;
    const Expr *arg[WARG_COUNT] = {0};
    if (args->len < row->least + 1 || args->len > row->most + 1) {
        Status st = bind_fail(b, W2005, e->pos, e->width, err, "%s takes %u arguments here",
                              row->name, row->least + 1);
        return err_hint(err, st, "Write GROUP BY %s.",
                        row->slide_name ? "HOP(ts, slide, size)" : "TUMBLE(ts, size)");
    }
    for (u32 i = 1; i < args->len; i++) arg[row->order[i - 1]] = args->at[i];
    *ret = (LegacyWindow){.spec = {.kind = row->kind}, .pos = e->pos, .width = e->width};
    ExprScope s = {.rel = rel, .clause = "GROUP BY"};
    const Expr *time = args->at[0];
    BoundExpr *x;
    TRY(bind_expr(b, &s, time, &x, err));
    if (x->kind != BOUND_COLUMN) {
        return bind_fail(b, W2016, time->pos, time->width, err,
                         "a window needs a time column here, not an expression");
    }
    TRY(bind_time_column(b, rel, x->column, time->pos, time->width, &ret->spec, err));
    return window_sizes(b, arg, &ret->spec, err);
}

/* There is no GROUP BY CUMULATE(...), and so no CUMULATE_END. */
static Status
window_table_only(const Binder *b, const Expr *e, const WindowRow *row, Err *err)
{
    Status st =
        bind_fail(b, W2016, e->pos, e->width, err, "%s is a function of a table only", row->name);
    return err_hint(err, st, "Write FROM %s GROUP BY window_start, window_end.", row->syntax);
}

Status
bind_group_window(Binder *b, const Rel *rel, const Expr *e, LegacyWindow *ret, bool *ret_is,
                  Err *err)
{
    *ret_is = false;
    if (e->kind != EXPR_CALL) return ERR_OK;
    const WindowRow *row = window_row(path_last(&e->call->func).text);
    if (!row) return ERR_OK;
    if (row->kind == WINDOW_CUMULATE) return window_table_only(b, e, row, err);
    *ret_is = true;
    return window_legacy_spec(b, rel, row, e, ret, err);
}

/* TUMBLE_ROWTIME is the time of windows over event time, TUMBLE_PROCTIME of the others. */
typedef struct WindowBound {
    const char *suffix;
    WindowRole role;
    bool of_event, of_proc;
} WindowBound;

static const WindowBound window_bounds[] = {
    {"START", ROLE_START, true, true},
    {"END", ROLE_END, true, true},
    {"ROWTIME", ROLE_TIME, true, false},
    {"PROCTIME", ROLE_TIME, false, true},
};

static const WindowBound *
window_bound_row(Str suffix)
{
    for (u32 i = 0; i < ARRAY_LEN(window_bounds); i++) {
        if (str_eq_nocase(suffix, str_from(window_bounds[i].suffix))) return &window_bounds[i];
    }
    return NULL;
}

/* Does the call speak of GROUP BY's window? */
static Status
window_bound_check(const Binder *b, const LegacyWindow *legacy, const TimeWindow *x,
                   const WindowBound *bound, const Expr *e, Err *err)
{
    const TimeWindow *y = &legacy->spec;
    Str name = path_last(&e->call->func).text;
    if (x->kind != y->kind || x->time_col != y->time_col || x->size_us != y->size_us ||
        x->slide_us != y->slide_us || x->offset_us != y->offset_us) {
        return bind_fail(b, W2016, e->pos, e->width, err,
                         "\"%.*s\" speaks of another window than GROUP BY does", STR_ARG(name));
    }
    if (y->event_time ? bound->of_event : bound->of_proc) return ERR_OK;
    Status st =
        bind_fail(b, W2016, e->pos, e->width, err, "\"%.*s\" does not fit a window over %s time",
                  STR_ARG(name), y->event_time ? "event" : "processing");
    return err_hint(err, st, "Write %.*s_%s.", (int)(name.len - strlen(bound->suffix) - 1),
                    name.ptr, y->event_time ? "ROWTIME" : "PROCTIME");
}

Status
bind_group_window_bound(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret, Err *err)
{
    *ret = NULL;
    Str name = path_last(&e->call->func).text;
    const char *mark = name.len ? memchr(name.ptr, '_', name.len) : NULL;
    if (!mark) return ERR_OK;
    u32 cut = (u32)(mark - name.ptr);
    const WindowRow *row = window_row((Str){name.ptr, cut});
    const WindowBound *bound = window_bound_row((Str){mark + 1, name.len - cut - 1});
    if (!row || !bound) return ERR_OK;
    if (row->kind == WINDOW_CUMULATE) return window_table_only(b, e, row, err);
    if (!s->legacy || !s->rel || s->in_agg) {
        Status st = bind_fail(b, W2016, e->pos, e->width, err,
                              "\"%.*s\" belongs to a GROUP BY %s(...)", STR_ARG(name), row->name);
        return err_hint(err, st, "Add GROUP BY %s(...) with the same arguments.", row->name);
    }
    LegacyWindow w;
    TRY(window_legacy_spec(b, s->rel, row, e, &w, err));
    TRY(window_bound_check(b, s->legacy, &w.spec, bound, e, err));
    Type t = window_column_type(bound->role, w.spec.time_type);
    *ret = bound_column(b->a, (u32)SLOT_WINDOW + bound->role, t);
    (*ret)->pos = bind_pos(b, e->pos);
    (*ret)->width = bind_width(b, e->width);
    return ERR_OK;
}
