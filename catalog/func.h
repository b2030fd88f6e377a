/* func.h - what a scalar or aggregate function is, to the binder and to the executor.
 *
 * Functions are rows of const tables (exec/funcs/, exec/aggs/), found by name through a FuncTable
 * that the front desk hands to the planner. A row carries what the manual says of it and an
 * example, which a test runs. */
#pragma once
#include "base/arena.h"
#include "base/batch.h"
#include "base/err.h"

/* What a kernel may know beside its arguments. Settings are fixed for a statement's life. */
typedef struct Session {
    const struct TimeZone *zone; /* table.local-time-zone */
    i64 start_time_us;           /* wall clock when the statement began (CURRENT_TIMESTAMP in
                                    bounded runs), us since 1970 UTC */
    u64 seed;                    /* of RAND, UUID */
} Session;

/* What one call keeps between batches, such as a compiled pattern. The evaluator's instance owns
 * it, so no two threads share it; free(ptr) is called when the instance goes. */
typedef struct EvalScratch {
    void *ptr;
    void (*free)(void *ptr);
} EvalScratch;

typedef struct EvalCtx {
    const Session *session;
    u32 rows;             /* lanes to compute: args are FLAT of this length, or CONST */
    const u64 *active;    /* lanes whose errors count (CASE branches, AND); NULL: all */
    i64 proc_time_us;     /* of the batch */
    const void *data;     /* what bind() prepared, else NULL */
    u32 pos, width;       /* of the call in the script, for errors */
    u64 row_base;         /* number of lane 0: rows before it in its source chunk, and the chunk's
                             number << 32; what RAND and UUID draw by, whatever the batch size */
    EvalScratch *scratch; /* NULL where nothing lasts (folding): make it, use it, free it */
} EvalCtx;

/* Compute rows lanes of out from args. out is FLAT of the call's type with ctx->rows slots. Unless
 * the row says FUNC_NULLS, out's validity is already the AND of the arguments' and lanes without a
 * value may be computed or skipped, but never raise an error; a kernel may clear more lanes
 * (vector_set_null). A lane whose `active` bit is 0 never raises an error either. */
typedef Status (*FuncKernel)(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out,
                             Err *err);

/* True if an error in lane i of out counts. */
static inline bool
eval_lane_counts(const EvalCtx *ctx, const Vector *out, u32 i)
{
    if (ctx->active && !bit_get(ctx->active, i)) return false;
    return !vector_is_null(out, i);
}

enum { FUNC_ARGS_MAX = 8 };

/* Parameter kinds beside the TypeKinds, for rows without a bind hook. */
enum {
    ARG_END = 0,   /* no further parameter (TYPE_NULL is never a parameter) */
    ARG_ANY = 200, /* any type, passed as it is */
    ARG_STRING = TYPE_VARCHAR,
};

enum {
    FUNC_NULLS = 1,      /* sees NULLs itself: no strict validity */
    FUNC_VARIADIC = 2,   /* the last parameter repeats (once or more) */
    FUNC_VOLATILE = 4,   /* differs from call to call (RAND, UUID): never folded */
    FUNC_STABLE = 8,     /* fixed within a statement (CURRENT_DATE): folded at start only */
    FUNC_CAN_FAIL = 16,  /* may raise a run-time error: AND/CASE guard it by masks */
    FUNC_NOT_NULL = 32,  /* never returns NULL even if arguments are (IS NULL, COUNT) */
    FUNC_OPERATOR = 64,  /* written as an operator: name is "+", "<", "AND", ... */
    FUNC_NULLABLE = 128, /* may return NULL for arguments that are not */
};

typedef struct FuncDef FuncDef;

/* One call, while it is bound. In: arg types, constants, positions. A bind hook sets
 * arg_type[i] to what argument i is to be cast to, ret, kernel, and optionally data. */
typedef struct FuncCall {
    Arena *arena; /* lives as long as the plan */
    const Session *session;
    const FuncDef *def;
    u32 nargs;
    Type *arg_type;
    const Vector **constant; /* per argument: its value if constant (CONST of len 1), else NULL */
    const u32 *arg_pos;
    u32 pos, width;
    Type ret;
    FuncKernel kernel;
    const void *data;
} FuncCall;

struct FuncDef {
    const char *name;       /* upper case; operators as written */
    u8 args[FUNC_ARGS_MAX]; /* TypeKind or ARG_*; ends at ARG_END */
    u8 args_min;            /* fewer than the listed ones may be given (optional tail); 0: all
                               of them, unless bind is set, which checks nargs itself within
                               args_min..args_max */
    u8 args_max;            /* with bind: at most; 255: any number */
    u8 ret;                 /* TypeKind of the result without bind (default parameters;
                               VARCHAR means STRING) */
    u16 flags;
    FuncKernel kernel;
    Status (*bind)(FuncCall *call, Err *err); /* decides types and kernel; NULL: the row does */
    const char *category;                     /* for the manual: "string", "temporal", ... */
    const char *syntax;  /* for the manual: "SUBSTRING(text, start [, length])" */
    const char *doc;     /* one or two sentences */
    const char *example; /* "SUBSTRING('weir', 2, 2) -> ei"; runs as a test */
};

/* ---- aggregates ------------------------------------------------------------------------- */

/* One aggregate call, bound. state_bytes is rounded up to 8 by the caller. */
typedef struct AggDef AggDef;
typedef struct AggCall {
    Arena *arena;
    const AggDef *def;
    u32 nargs;
    Type arg_type[FUNC_ARGS_MAX]; /* in: actual; bind sets what to cast to */
    const Vector *constant[FUNC_ARGS_MAX];
    u32 pos, width;
    Type ret;
    u32 state_bytes;
    const void *data;
    const struct AggFns *fns; /* chosen by bind */
} AggCall;

/* The functions of one aggregate over one physical type. A state lies 8-byte aligned inside a
 * row; row pointers plus `at` give it. All are exact: any split of the rows into states, merged in
 * any order, gives the same bits. */
typedef struct AggFns {
    void (*init)(const AggCall *c, u8 *state); /* memory is zero before; NULL: zero is right */
    /* Add lane i of args to the state in rows[i], for i < n. lanes: which lanes count (FILTER and
     * NULL arguments taken off already); NULL: all. args are FLAT. */
    void (*update)(const AggCall *c, u8 *const *rows, u32 at, const Vector *args, const u64 *lanes,
                   u32 n);
    /* The same when all lanes belong to one group. */
    void (*update_one)(const AggCall *c, u8 *state, const Vector *args, const u64 *lanes, u32 n);
    void (*merge)(const AggCall *c, u8 *state, u8 *other); /* other is spent, but done() follows */
    /* Take lane values off again; NULL where that is not exact or not defined. */
    void (*retract)(const AggCall *c, u8 *const *rows, u32 at, const Vector *args, const u64 *lanes,
                    u32 n);
    /* out lane i from the state in rows[i] + at; may set NULL. An error names the call. */
    Status (*finish)(const AggCall *c, u8 *const *rows, u32 at, Vector *out, u32 n, Err *err);
    void (*done)(const AggCall *c, u8 *state); /* frees what the state owns; NULL: nothing */
    /* Take a state that was merged in off again, to the bit; other stays. NULL: not possible. */
    void (*subtract)(const AggCall *c, u8 *state, const u8 *other);
    /* An equal state that shares nothing with `from`, into zeroed memory. NULL: the bytes do (and
     * then merge leaves `other` as it was). */
    void (*copy)(const AggCall *c, u8 *state, const u8 *from);
    /* The state as bytes that mean the same in another process, appended to out. load() reads one
     * off the front of *bytes into zeroed memory; false: these are no state of this call. Both
     * NULL: the state's own bytes do, as they are. */
    void (*save)(const AggCall *c, const u8 *state, StrBuf *out);
    bool (*load)(const AggCall *c, u8 *state, Str *bytes);
    /* What the state owns beside its own bytes, for the memory limit. NULL: nothing. */
    size_t (*owned)(const AggCall *c, const u8 *state);
} AggFns;

enum {
    AGG_COUNTS_NULLS = 1, /* update sees NULL arguments (COUNT(*) has none at all) */
    AGG_ORDERED = 2,      /* depends on the order of rows */
};

struct AggDef {
    const char *name;
    u8 args_min, args_max;
    u16 flags;
    Status (*bind)(AggCall *call, Err *err);
    const char *syntax, *doc, *example; /* example: "SUM(x) over 1, 2, NULL -> 3" */
};

/* ---- look-up ---------------------------------------------------------------------------- */

typedef struct FuncTable {
    const FuncDef *const *families; /* arrays of rows, each ended by a row without a name */
    const AggDef *const *agg_families;
    u32 nfamilies, nagg_families;
    /* Kernel that casts from one type to another; NULL if there is no such cast. try_cast gives
     * NULL instead of an error. implicit: the quiet conversions only. */
    Status (*cast_bind)(FuncCall *call, Type to, bool try_cast, Err *err);
} FuncTable;

/* Does any scalar / aggregate function have this name (any case)? */
bool func_exists(const FuncTable *t, Str name);
const AggDef *agg_find(const FuncTable *t, Str name);
/* Choose the overload of `name` for call->arg_type and fill the call: def, arg_type (what to cast
 * to), ret, kernel, data. W2004 with the nearest name, W2005 naming what is accepted. */
Status func_resolve(const FuncTable *t, Str name, FuncCall *call, Err *err) MUST_USE;
Status agg_resolve(const FuncTable *t, Str name, AggCall *call, Err *err) MUST_USE;
