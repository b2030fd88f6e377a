/* fuzz_sql.c - no script may crash, hang or leak in any room, and what it answers must not depend
 * on how it was run.
 *
 * The input is a script. It runs statement by statement in two sessions with the same few memory
 * tables: batches of three rows with the optimiser, and full batches without it. Where a statement
 * succeeds in both, both must give the same rows, as a multiset. A script that begins with "--job"
 * runs as a job instead, one that begins with "--live" as a live query that rows are pushed to.
 *
 * Paths begin in a folder that cannot exist; texts that could lead out of it are left alone. A
 * statement is stopped after 2,000 rows or a tenth of a second of running: what plans or computes
 * for longer than that without looking up is found by libFuzzer's -timeout. */
#include "base/hash.h"
#include "base/mem.h"
#include "base/value_text.h"
#include "weir.h"
#include <stdio.h>
#include <stdlib.h>

#define STATEMENTS_MAX 16
#define ROWS_MAX 2000

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static const char tables[] =
    "CREATE TABLE t (b BOOLEAN, ti TINYINT, si SMALLINT, i INT, l BIGINT, f FLOAT, d DOUBLE,"
    " n DECIMAL(10, 2), w DECIMAL(38, 10), s STRING, c CHAR(3), v VARCHAR(20), y BYTES, x "
    "BINARY(2),"
    " da DATE, tm TIME(3), ts TIMESTAMP(3), lz TIMESTAMP_LTZ(6)) WITH ('connector' = 'memory');"
    "INSERT INTO t VALUES"
    " (TRUE, 1, 2, 3, 4, 1.5, 2.5, 1.25, 1.5, 'one', 'abc', 'x', x'00ff', x'0102',"
    " DATE '2024-02-29', TIME '12:34:56.789', TIMESTAMP '2024-01-01 00:00:01.500',"
    " TO_TIMESTAMP_LTZ(0, 3)),"
    " (FALSE, -128, -32768, -2147483648, -9223372036854775808, -1e38, -1e308, -99999999.99,"
    " -1.5, '', '', '', x'', x'0000', DATE '0001-01-01', TIME '00:00:00',"
    " TIMESTAMP '1969-12-31 23:59:59.999', TO_TIMESTAMP_LTZ(-1, 3)),"
    " (TRUE, 127, 32767, 2147483647, 9223372036854775807, 1e38, 1e308, 99999999.99, 1.5,"
    " '{\"a\": [1, {\"b\": null}], \"c\": \"text of more than twelve bytes\"}', 'zzz',"
    " '2024-01-01 00:00:00', x'ffffffff', x'ffff', DATE '9999-12-31', TIME '23:59:59.999',"
    " TIMESTAMP '9999-12-31 23:59:59.999', TO_TIMESTAMP_LTZ(253402300799999, 3)),"
    " (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
    " NULL, NULL, NULL),"
    " (TRUE, 0, 0, 0, 0, 0, 0, 0, 0, 'gr\xc3\xbc\xc3\x9f %_.*', 'a b', '12', x'61', x'6162',"
    " DATE '1970-01-01', TIME '01:00:00', TIMESTAMP '2024-03-31 02:30:00',"
    " TO_TIMESTAMP_LTZ(1711848600, 0));"
    "CREATE TABLE e (k STRING, n INT, ts TIMESTAMP(3), u AS n * 2, WATERMARK FOR ts AS ts -"
    " INTERVAL '2' SECOND) WITH ('connector' = 'memory');"
    "INSERT INTO e VALUES ('a', 1, TIMESTAMP '2024-01-01 00:00:01'),"
    " ('b', 2, TIMESTAMP '2024-01-01 00:00:03'), ('a', NULL, TIMESTAMP '2024-01-01 00:00:12'),"
    " (NULL, 4, TIMESTAMP '2024-01-01 00:00:02'), ('a', 5, TIMESTAMP '2024-01-01 00:01:00'),"
    " ('b', 2, TIMESTAMP '2024-01-01 00:00:59'), ('c', 7, TIMESTAMP '2024-01-01 00:02:00');"
    "CREATE TABLE z (i INT, s STRING) WITH ('connector' = 'memory');"
    "CREATE VIEW vw AS SELECT i AS a, s AS b, ts FROM t WHERE i IS NOT NULL;"
    "CREATE FUNCTION twice(q INT) RETURNS INT RETURN q * 2";

/* What one session answered, statement by statement. */
typedef struct Answers {
    Weir *weir;
    u64 rows, hash; /* of the running statement */
    bool cut;       /* stopped by us: what came out means nothing */
    StrBuf row;
    u32 n;
    struct Answer {
        Status st;
        bool cut;
        u64 rows, hash;
    } at[STATEMENTS_MAX];
} Answers;

static Status
answer_rows(void *ctx, const Batch *b, Err *err)
{
    Answers *a = ctx;
    batch_check(b);
    for (u32 r = 0; r < b->rows; r++) {
        strbuf_clear(&a->row);
        strbuf_char(&a->row, b->kind ? (char)b->kind->bytes[r] : ROW_INSERT);
        for (u32 i = 0; i < b->cols; i++) {
            const void *slot = vector_at(&b->col[i], r);
            if (slot) weir_value_print(a->weir, &a->row, b->col[i].type, slot);
            strbuf_add(&a->row, slot ? "\x01" : "\x02", 1);
        }
        a->hash += hash_bytes(a->row.ptr, a->row.len, 0); /* a sum: order does not matter */
    }
    a->rows += b->rows;
    if (a->rows <= ROWS_MAX) return ERR_OK;
    a->cut = true;
    return err_set(err, W8002, POS_NONE, "enough rows");
}

static void
answer_progress(void *ctx, const WeirProgress *p)
{
    Answers *a = ctx;
    (void)p;
    a->cut = true;
    weir_interrupt(a->weir);
}

static void
error_check(Status st, const Err *err, size_t size)
{
    if (!st) return;
    bool placed = err->pos != POS_NONE;
    bool ok = err->text[0] && err->code != W0000 && errcode_status(err->code) == st;
    /* At its end a script may be pointed at, one wide. */
    ok &= !placed || (err->pos <= size && err->width <= MAX(size - err->pos, (size_t)1));
    if (ok) return;
    fprintf(stderr, "a failure that is not one: status %s, %s at %u, %u of %zu: %s\n",
            status_name(st), errcode_name(err->code), err->pos, err->width, size, err->text);
    abort();
}

static WeirOutput
answers_output(Answers *a)
{
    return (WeirOutput){.ctx = a, .rows = answer_rows, .progress = answer_progress};
}

static void
answers_open(Answers *a, u32 batch_rows, bool no_optimize)
{
    *a = (Answers){0};
    Err err;
    WeirOptions options = {.base_dir = "/dev/null",
                           .threads = 1,
                           .batch_rows = batch_rows,
                           .no_optimize = no_optimize};
    Status st = weir_open(&options, &a->weir, &err);
    WeirOutput out = {0};
    bool done = false;
    for (u32 at = 0; !st && !done;) {
        st = weir_execute(a->weir, STR(tables), at, &out, &at, &done, &err);
    }
    if (!st) st = weir_param(a->weir, STR("p"), STR("i + 1"), &err);
    if (!st) st = weir_param(a->weir, STR("q"), STR("${p} '"), &err);
    if (!st) return;
    fprintf(stderr, "the tables cannot be made: %s\n", err.text);
    abort();
}

static void
answers_close(Answers *a)
{
    weir_close(a->weir);
    strbuf_done(&a->row);
}

static void
script_run(Answers *a, Str script)
{
    WeirOutput out = answers_output(a);
    bool done = false;
    u32 at = 0;
    while (a->n < STATEMENTS_MAX) {
        Err err;
        u32 next = 0;
        a->rows = a->hash = 0;
        a->cut = false;
        Status st = weir_execute(a->weir, script, at, &out, &next, &done, &err);
        error_check(st, &err, script.len);
        if (next > script.len || (next <= at && next != script.len)) abort();
        if (done) return;
        a->at[a->n++] = (struct Answer){st, a->cut, a->rows, a->hash};
        at = next;
        if (at == script.len) return;
    }
}

/* After a statement that only one of them did, the two sessions hold different things. */
static void
answers_compare(const Answers *a, const Answers *b)
{
    if (a->n != b->n) {
        fprintf(stderr, "%u statements, then %u\n", a->n, b->n);
        abort();
    }
    for (u32 i = 0; i < a->n; i++) {
        const struct Answer *x = &a->at[i], *y = &b->at[i];
        if (x->cut || y->cut || x->st != y->st) return;
        if (x->st || (x->rows == y->rows && x->hash == y->hash)) continue;
        fprintf(stderr, "statement %u: %llu rows, then %llu that differ\n", i + 1,
                (unsigned long long)x->rows, (unsigned long long)y->rows);
        abort();
    }
}

/* ---- jobs and live queries ------------------------------------------------------------------ */

static void
job_run_script(Answers *a, Str script)
{
    WeirOutput out = answers_output(a);
    Err err;
    error_check(weir_run_job(a->weir, script, true, NULL, &out, &err), &err, script.len);
    error_check(weir_run_job(a->weir, script, false, NULL, &out, &err), &err, script.len);
}

static Status
live_push(Answers *a, Err *err)
{
    static const Str rows[] = {STR("a"), STR("1"), STR("2024-01-01 00:00:30"),
                               {0},      {0},      STR("2024-01-01 00:05:00"),
                               STR("b"), STR("7"), STR("2024-01-01 00:00:00")};
    return weir_push(a->weir, STR("e"), rows, 3, 3, err);
}

static void
live_run(Answers *a, Str query)
{
    WeirOutput out = answers_output(a);
    WeirJob *job = NULL;
    Err err;
    Status st = weir_job_start(a->weir, query, &out, &job, &err);
    error_check(st, &err, query.len);
    if (st) return;
    for (u32 i = 0; i < 2 && !st; i++) {
        st = weir_job_pump(job, &err);
        if (!st) st = live_push(a, &err);
    }
    if (!st) st = weir_job_pump(job, &err);
    if (!st) st = weir_job_finish(job, &err);
    error_check(st, &err, query.len);
    weir_job_close(job);
}

/* ---- inputs --------------------------------------------------------------------------------- */

static bool
script_has(Str script, const char *text)
{
    Str wanted = str_from(text);
    for (u32 i = 0; i + wanted.len <= script.len; i++) {
        if (str_eq_nocase((Str){script.ptr + i, wanted.len}, wanted)) return true;
    }
    return false;
}

static bool
script_has_any(Str script, const char *const *texts, u32 n)
{
    for (u32 i = 0; i < n; i++) {
        if (script_has(script, texts[i])) return true;
    }
    return false;
}

/* Absolute paths, ways up, and escapes that could spell one. */
static const char *const paths[] = {"'/", "..", "file:", "\\0", "~"};
/* What answers by the clock, by chance, or with the plan itself. */
static const char *const moody[] = {"now",  "current",  "local",   "unix_timestamp", "uuid",
                                    "rand", "proctime", "datagen", "explain"};

int
LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    if (size > 1 << 14) return 0;
    char *exact = mem_alloc(size); /* no byte more, so that a read beyond is seen */
    if (size) memcpy(exact, data, size);
    Str script = {exact, (u32)size};
    Answers a, b;
    if (script_has_any(script, paths, ARRAY_LEN(paths))) {
        mem_free(exact);
        return 0;
    }
    answers_open(&a, 3, false);
    if (str_starts(script, STR("--job"))) {
        job_run_script(&a, script);
    } else if (str_starts(script, STR("--live"))) {
        live_run(&a, script);
    } else {
        answers_open(&b, 0, true);
        script_run(&a, script);
        script_run(&b, script);
        if (!script_has_any(script, moody, ARRAY_LEN(moody))) answers_compare(&a, &b);
        answers_close(&b);
    }
    answers_close(&a);
    mem_free(exact);
    return 0;
}
