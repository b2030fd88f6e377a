/* weir_desk.h - what the files of the front desk share: the session, and how it answers.
 *
 *   weir.c           sessions; one statement in, one outcome out; queries and INSERTs
 *   weir_define.c    CREATE, ALTER, DROP
 *   weir_look.c      SHOW, DESCRIBE, EXPLAIN, lists for completion, doctor
 *   weir_manual.c    pages of the manual
 *   weir_settings.c  SET, RESET, ${parameters}
 *   weir_live.c      live queries that tests step through
 *   weir_run.c       a script as one job that stops and goes on
 *   weir_restart.c   queries that crash on the way, for tests
 *   weir_state.c     the state of jobs, looked at
 *   weir_late.c      late rows, kept to be read
 *   weir_compare.c   its stored plan beside the one it would run now
 */
#pragma once
#include "base/timezone.h"
#include "base/value_text.h"
#include "connectors/connector.h"
#include "connectors/memory.h"
#include "exec/job.h"
#include "grammar/parse.h"
#include "planner/planner.h"
#include "weir.h"

typedef struct SettingValue {
    Str key, value; /* owned */
} SettingValue;

typedef struct Param {
    Str name, value; /* owned */
} Param;

typedef struct LateKept LateKept;

struct Weir {
    WeirOptions options; /* its texts are owned */
    Catalog *catalog;
    MemoryStore *memory;
    TimeZone *zone;
    SettingValue *settings; /* those that were SET */
    u32 nsettings, settings_cap;
    Param *params;
    u32 nparams, params_cap;
    LateKept *late; /* by table: see weir_late.c */
    u32 nlate, late_cap;
    atomic_bool interrupt, stop;
};

/* One statement while it runs. */
typedef struct Desk {
    Weir *weir;
    Arena *arena;
    const WeirOutput *out;
    bool check; /* bind and plan, but run nothing */
    Session session;
    ConnectorEnv connectors;
    PlannerEnv planner;
} Desk;

void desk_open(Desk *d, Weir *w, const WeirOutput *out, bool check);
void desk_close(Desk *d);
/* What a job with state runs on. */
typedef struct DeskState {
    struct StateStore *store;
    const char *job; /* marks what its sinks have not finished */
    bool finished;   /* after the run: it came to its end, and was not stopped */
} DeskState;

/* Run a plan to its end, rows to d->out. state NULL: none is kept. */
Status desk_run_plan(Desk *d, const Plan *plan, DeskState *state, Err *err) MUST_USE;
/* Tell d->out the columns of a query. */
Status desk_run_begin(Desk *d, const Plan *plan, Err *err) MUST_USE;
/* The same for a query that crashes after every options.restart_epochs epochs (tests). */
Status desk_run_restarting(Desk *d, const Plan *plan, Err *err) MUST_USE;
u32 weir_threads(const Weir *w);
/* All INSERTs of a job's script, in order; everything else takes effect at once. *ret_inserts is
 * the caller's to free, on failure too. */
Status desk_collect_inserts(Desk *d, Str script, const Insert ***ret_inserts, u32 *ret_n,
                            Err *err) MUST_USE;
/* A temporary memory table, in place of an older one; create: its CREATE statement. */
Status desk_make_table(Desk *d, const char *create, Str table, Err *err) MUST_USE;
/* PlannerEnv.state_table: the rows of an operator's state, as a table of the session. */
Status desk_state_table(void *ctx, Arena *a, Str job, Str op, Str *ret_table, Err *err) MUST_USE;
/* After a run: its late rows are what t$late has from now on, for each table t that it read. */
void desk_keep_late(Weir *w, Job *job);
void weir_late_free(Weir *w);
/* PlannerEnv.late_table. W2002: no run has read the table, it has no watermark, or keeps none. */
Status desk_late_table(void *ctx, Arena *a, Str table, Str *ret_table, Err *err) MUST_USE;
/* desk_make_table() for batches of late_schema. */
Status desk_make_late_table(Desk *d, Str table, Err *err) MUST_USE;
/* plan_inserts(), but for what cannot run yet. plan_done() is the caller's. */
Status desk_plan_inserts(Desk *d, const Insert *const *inserts, u32 n, Plan **ret_plan,
                         Err *err) MUST_USE;
/* W2001 at a place: "X is not supported yet". */
Status desk_unsupported(const char *what, u32 pos, u32 width, Err *err) MUST_USE;
/* The last part of a name; W2002 if its catalog or database is not the one there is. */
Status desk_object_name(const Path *path, Str *ret_name, Err *err) MUST_USE;
/* W2002 for an object that is not there, with the nearest name as a hint. */
Status desk_no_object(Desk *d, CatalogKind kind, const char *what, const Path *path,
                      Err *err) MUST_USE;
/* End of a statement without rows. */
Status desk_done(Desk *d, Err *err, const char *fmt, ...) PRINTF(3, 4);

/* ---- results made of text ------------------------------------------------------------------ */

typedef struct TextRows {
    const char *const *columns;
    u32 ncolumns;
    Str *cells; /* row-major; ptr NULL: NULL */
    u32 nrows, cap;
} TextRows;

void text_rows_add(TextRows *t, const Str *cells); /* texts must live until desk_text */
/* Send the rows as STRING columns and free them. */
Status desk_text(Desk *d, TextRows *t, Err *err) MUST_USE;

/* ---- what operators mean -------------------------------------------------------------------- */

typedef struct OpText {
    u32 id;
    Str text; /* owned */
} OpText;

typedef struct OpTexts {
    OpText *at; /* by id, once sorted */
    u32 len, cap;
} OpTexts;

void op_texts_add(OpTexts *t, u32 id, Str text); /* copies */
void op_texts_of_plan(OpTexts *t, const Plan *plan);
void op_texts_sort(OpTexts *t);
void op_texts_done(OpTexts *t);
bool op_texts_same(const OpTexts *a, const OpTexts *b);
/* A note for each operator: kept, moved, incompatible, new or gone. Returns how many are not kept.
 */
u32 op_texts_compare(const WeirOutput *out, const OpTexts *then, const OpTexts *now);

/* ---- statements ----------------------------------------------------------------------------- */

Status desk_statement(Desk *d, const Stmt *s, Err *err) MUST_USE;

Status desk_create_table(Desk *d, const Stmt *s, Err *err) MUST_USE;
Status desk_create_view(Desk *d, const Stmt *s, Err *err) MUST_USE;
Status desk_create_function(Desk *d, const Stmt *s, Err *err) MUST_USE;
Status desk_create_index(Desk *d, const Stmt *s, Err *err) MUST_USE;
Status desk_alter(Desk *d, const Stmt *s, Err *err) MUST_USE;
Status desk_drop(Desk *d, const Stmt *s, Err *err) MUST_USE;

Status desk_show(Desk *d, const Stmt *s, Err *err) MUST_USE;
Status desk_describe(Desk *d, const Stmt *s, Err *err) MUST_USE;
Status desk_explain(Desk *d, const Stmt *s, Err *err) MUST_USE;
Status desk_use(Desk *d, const Stmt *s, Err *err) MUST_USE;

Status desk_set(Desk *d, const Stmt *s, Err *err) MUST_USE;
Status desk_reset(Desk *d, const Stmt *s, Err *err) MUST_USE;
/* The value of a setting of the kind duration (us) or size (bytes); 0 when it has none. */
i64 weir_setting_quantity(const Weir *w, const char *key);
/* The setting's value, or its default; empty if it has none. */
Str weir_setting(const Weir *w, const char *key);
void weir_settings_free(Weir *w);
/* Known settings, one by one; NULL past the last. */
const char *weir_setting_at(u32 i, const char **ret_doc, const char **ret_initial);

/* A script with its ${names} replaced, and the way back for positions. */
typedef struct Expanded {
    Str script;
    StrBuf text; /* owns it when anything was replaced */
    struct Replacement {
        u32 from, from_len; /* in the script as written */
        u32 to, to_len;     /* in the expanded one */
    } * replaced;
    u32 nreplaced, cap;
} Expanded;

/* What is before byte `from` has run and stays as it is. W8001 naming a parameter that was not
 * given. */
Status weir_expand(const Weir *w, Str script, u32 from, Expanded *ret, Err *err) MUST_USE;
void expanded_done(Expanded *e);
u32 expanded_pos(const Expanded *e, u32 written);   /* written -> expanded */
u32 expanded_back(const Expanded *e, u32 expanded); /* expanded -> written */
