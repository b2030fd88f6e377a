/* slt_run.c - one test file, record by record, in a session and a folder of its own. */
#include "base/caret.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/slt.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct Live {
    Str name;
    WeirJob *job;
    struct SltTest *test;
    StrBuf rows;
} Live;

typedef struct SltTest {
    const char *path;
    const SltOptions *options;
    Weir *weir;
    SltFile file;
    StrBuf *report;
    StrBuf got; /* of the record at hand */
    StrBuf types;
    WeirSummary summary;
    Live *lives;
    u32 nlives, lives_cap;
    char tmp[64];
    bool failed, skip, default_mode;
    StrBuf updated; /* the file as --update will write it */
    u32 copied;
} SltTest;

/* ---- what the session answers -------------------------------------------------------------- */

static Status
collect_rows(Weir *w, StrBuf *out, const Batch *b)
{
    StrBuf cell = {0};
    for (u32 i = 0; i < b->rows; i++) {
        if (out->len) strbuf_char(out, '\n');
        for (u32 c = 0; c < b->cols; c++) {
            if (c) strbuf_char(out, '\t');
            const void *slot = vector_at(&b->col[c], i);
            if (!slot) {
                strbuf_str(out, STR("NULL"));
                continue;
            }
            strbuf_clear(&cell);
            weir_value_print(w, &cell, b->col[c].type, slot);
            slt_escape(out, strbuf_view(&cell));
        }
    }
    strbuf_done(&cell);
    return ERR_OK;
}

static Status
test_begin(void *ctx, const WeirColumn *columns, u32 ncolumns, Err *err)
{
    (void)err;
    SltTest *t = ctx;
    strbuf_clear(&t->types);
    for (u32 i = 0; i < ncolumns; i++) {
        if (i) strbuf_char(&t->types, '\n');
        strbuf_str(&t->types, columns[i].name);
        strbuf_char(&t->types, '\t');
        type_print(&t->types, columns[i].type);
    }
    return ERR_OK;
}

static Status
test_rows(void *ctx, const Batch *b, Err *err)
{
    (void)err;
    SltTest *t = ctx;
    return collect_rows(t->weir, &t->got, b);
}

static Status
test_end(void *ctx, const WeirSummary *summary, Err *err)
{
    (void)err;
    ((SltTest *)ctx)->summary = *summary;
    return ERR_OK;
}

static Status
live_rows(void *ctx, const Batch *b, Err *err)
{
    (void)err;
    Live *l = ctx;
    return collect_rows(l->test->weir, &l->rows, b);
}

static Status
test_execute(SltTest *t, Str sql, Err *err)
{
    WeirOutput out = {.ctx = t, .begin = test_begin, .rows = test_rows, .end = test_end};
    u32 at = 0;
    strbuf_clear(&t->got);
    for (;;) {
        bool done = false;
        Status st = weir_execute(t->weir, sql, at, &out, &at, &done, err);
        if (st || done) return st;
    }
}

/* ---- reporting ----------------------------------------------------------------------------- */

static void
report_block(SltTest *t, const char *what, Str text)
{
    strbuf_printf(t->report, "  %s:\n", what);
    for (u32 at = 0; at < text.len;) {
        const char *end = memchr(text.ptr + at, '\n', text.len - at);
        u32 len = (u32)(end ? (size_t)(end - text.ptr) - at : text.len - at);
        strbuf_printf(t->report, "    %.*s\n", (int)len, text.ptr + at);
        at += len + 1;
    }
}

static void
test_fail(SltTest *t, const SltRecord *r, const char *why)
{
    t->failed = true;
    strbuf_printf(t->report, "%s:%u: %s\n", t->path, r->line, why);
    if (r->body.len) report_block(t, "sql", r->body);
}

static void
fail_with_error(SltTest *t, const SltRecord *r, Str sql, const Err *err)
{
    StrBuf picture = {0};
    caret_print(&picture, STR("sql"), sql, err, (CaretStyle){0});
    test_fail(t, r, "failed");
    report_block(t, "error", strbuf_view(&picture));
    strbuf_done(&picture);
}

/* Compare, or with --update put what came in the place of what was expected. */
static void
test_compare(SltTest *t, const SltRecord *r, StrBuf *got)
{
    if (!r->ordered && r->verb != SLT_EXPLAIN && r->verb != SLT_TYPES && r->verb != SLT_SUMMARY &&
        r->verb != SLT_STATEMENT_ERROR) {
        slt_sort_lines(got);
    }
    StrBuf want = {0};
    strbuf_str(&want, r->want);
    bool sorts = !r->ordered && (r->verb == SLT_QUERY || r->verb == SLT_EMITS ||
                                 r->verb == SLT_FINISH || r->verb == SLT_CAT);
    if (sorts) slt_sort_lines(&want);
    bool same = str_eq(strbuf_view(&want), strbuf_view(got));
    if (!same && t->options->update) {
        strbuf_add(&t->updated, t->file.text.ptr + t->copied, r->want_from - t->copied);
        strbuf_str(&t->updated, strbuf_view(got));
        bool was_empty = r->want_from == r->want_to;
        if (was_empty && got->len) strbuf_char(&t->updated, '\n');
        t->copied = r->want_to;
    } else if (!same) {
        test_fail(t, r, "not what was expected");
        report_block(t, "expected", strbuf_view(&want));
        report_block(t, "came", strbuf_view(got));
    }
    strbuf_done(&want);
}

/* ---- verbs --------------------------------------------------------------------------------- */

static void
run_error(SltTest *t, const SltRecord *r)
{
    Err err = {.pos = POS_NONE};
    Status st = test_execute(t, r->body, &err);
    if (!st) {
        test_fail(t, r, "succeeded, but should have failed");
        return;
    }
    if (!str_eq(r->arg, str_from(errcode_name(err.code)))) {
        fail_with_error(t, r, r->body, &err);
        return;
    }
    if (!r->expects) return;
    StrBuf picture = {0};
    caret_print(&picture, STR("sql"), r->body, &err, (CaretStyle){0});
    if (picture.len && picture.ptr[picture.len - 1] == '\n') picture.ptr[--picture.len] = '\0';
    /* Paths of the test's own folder differ from run to run. */
    StrBuf stable = {0};
    size_t n = strlen(t->tmp);
    for (size_t i = 0; i < picture.len;) {
        if (i + n <= picture.len && memcmp(picture.ptr + i, t->tmp, n) == 0) {
            strbuf_str(&stable, STR("${tmp}"));
            i += n;
        } else {
            strbuf_char(&stable, picture.ptr[i++]);
        }
    }
    test_compare(t, r, &stable);
    strbuf_done(&stable);
    strbuf_done(&picture);
}

static void
run_explain(SltTest *t, const SltRecord *r)
{
    if (!t->default_mode) return;
    StrBuf sql = {0};
    strbuf_printf(&sql, "EXPLAIN %.*s", STR_ARG(r->body));
    Err err = {.pos = POS_NONE};
    Status st = test_execute(t, strbuf_view(&sql), &err);
    if (st)
        fail_with_error(t, r, strbuf_view(&sql), &err);
    else
        test_compare(t, r, &t->got);
    strbuf_done(&sql);
}

static void
run_sql(SltTest *t, const SltRecord *r)
{
    Err err = {.pos = POS_NONE};
    t->summary = (WeirSummary){0};
    if (test_execute(t, r->body, &err)) {
        fail_with_error(t, r, r->body, &err);
        return;
    }
    if (r->verb == SLT_QUERY) test_compare(t, r, &t->got);
    if (r->verb == SLT_TYPES) test_compare(t, r, &t->types);
    if (r->verb != SLT_SUMMARY) return;
    StrBuf s = {0};
    strbuf_printf(&s, "rows in\t%llu\nrows out\t%llu\nlate\t%llu\nskipped\t%llu",
                  (unsigned long long)t->summary.rows_in, (unsigned long long)t->summary.rows_out,
                  (unsigned long long)t->summary.rows_late,
                  (unsigned long long)t->summary.rows_skipped);
    test_compare(t, r, &s);
    strbuf_done(&s);
}

static void
run_push(SltTest *t, const SltRecord *r)
{
    StrBuf cells = {0};
    Str *fields = NULL;
    u32 n = 0, cap = 0, rows = 0;
    bool ok = true;
    u32 *begins = NULL; /* cells grow, so remember offsets first */
    for (u32 at = 0; at < r->body.len; rows++) {
        const char *end = memchr(r->body.ptr + at, '\n', r->body.len - at);
        u32 line_end = (u32)(end ? end - r->body.ptr : r->body.len);
        while (at <= line_end) {
            const char *tab = memchr(r->body.ptr + at, '\t', line_end - at);
            u32 to = (u32)(tab ? tab - r->body.ptr : line_end);
            Str raw = {r->body.ptr + at, to - at};
            if (n == cap) begins = mem_realloc(begins, (cap ? cap * 2 : 16) * sizeof *begins);
            mem_grow(fields, n, cap);
            begins[n] = (u32)cells.len;
            bool null = str_eq(raw, STR("NULL"));
            if (!null && !str_eq(raw, STR("(empty)"))) ok &= slt_unescape(raw, &cells);
            fields[n] = (Str){null ? NULL : "", (u32)cells.len - begins[n]};
            n++;
            at = to + 1;
        }
    }
    for (u32 i = 0; i < n; i++) {
        if (fields[i].ptr && fields[i].len) fields[i].ptr = cells.ptr + begins[i];
    }
    Err err = {.pos = POS_NONE};
    if (!ok || (rows && n % rows)) {
        test_fail(t, r, "the rows are not well formed");
    } else if (rows && weir_push(t->weir, r->arg, fields, rows, n / rows, &err)) {
        fail_with_error(t, r, r->body, &err);
    }
    mem_free(begins);
    mem_free(fields);
    strbuf_done(&cells);
}

static Live *
find_live(SltTest *t, const SltRecord *r)
{
    for (u32 i = 0; i < t->nlives; i++) {
        if (str_eq(t->lives[i].name, r->arg) && t->lives[i].job) return &t->lives[i];
    }
    test_fail(t, r, "no live query of this name");
    return NULL;
}

static void
run_live(SltTest *t, const SltRecord *r)
{
    if (t->nlives == 8) {
        test_fail(t, r, "at most 8 live queries in a file");
        return;
    }
    if (!t->lives) t->lives = mem_array(Live, 8);
    Live *l = &t->lives[t->nlives++];
    *l = (Live){.name = r->arg, .test = t};
    WeirOutput out = {.ctx = l, .rows = live_rows};
    Err err = {.pos = POS_NONE};
    if (weir_job_start(t->weir, r->body, &out, &l->job, &err)) {
        fail_with_error(t, r, r->body, &err);
    }
}

static void
run_emits(SltTest *t, const SltRecord *r)
{
    Live *l = find_live(t, r);
    if (!l) return;
    Err err = {.pos = POS_NONE};
    Status st = r->verb == SLT_FINISH ? weir_job_finish(l->job, &err) : weir_job_pump(l->job, &err);
    if (st)
        fail_with_error(t, r, (Str){0}, &err);
    else
        test_compare(t, r, &l->rows);
    strbuf_clear(&l->rows);
    if (r->verb == SLT_FINISH) {
        weir_job_close(l->job);
        l->job = NULL;
    }
}

/* ---- files --------------------------------------------------------------------------------- */

static void
tmp_path(const SltTest *t, Str name, StrBuf *ret)
{
    strbuf_printf(ret, "%s/%.*s", t->tmp, STR_ARG(name));
}

static void
run_file(SltTest *t, const SltRecord *r)
{
    StrBuf path = {0}, text = {0};
    bool ok = true;
    for (u32 at = 0; at < r->body.len;) {
        const char *end = memchr(r->body.ptr + at, '\n', r->body.len - at);
        u32 len = (u32)(end ? (size_t)(end - r->body.ptr) - at : r->body.len - at);
        Str line = {r->body.ptr + at, len};
        bool open = str_ends(line, STR("\\c"));
        if (open) line.len -= 2;
        ok &= slt_unescape(line, &text);
        if (!open) strbuf_char(&text, '\n');
        at += len + 1;
    }
    tmp_path(t, r->arg, &path);
    FILE *f = ok ? fopen(path.ptr, "wb") : NULL;
    if (f) {
        ok = fwrite(text.ptr ? text.ptr : "", 1, text.len, f) == text.len;
        ok &= fclose(f) == 0;
    }
    if (!f || !ok) test_fail(t, r, "the file could not be written");
    strbuf_done(&path);
    strbuf_done(&text);
}

static void
run_cat(SltTest *t, const SltRecord *r)
{
    StrBuf path = {0}, text = {0}, escaped = {0};
    tmp_path(t, r->arg, &path);
    Err err = {.pos = POS_NONE};
    if (file_read(path.ptr, &text, &err)) {
        test_fail(t, r, "no such file");
    } else {
        for (size_t at = 0; at < text.len;) {
            const char *end = memchr(text.ptr + at, '\n', text.len - at);
            size_t len = end ? (size_t)(end - text.ptr) - at : text.len - at;
            if (escaped.len) strbuf_char(&escaped, '\n');
            slt_escape(&escaped, (Str){text.ptr + at, (u32)len});
            at += len + 1;
        }
        test_compare(t, r, &escaped);
    }
    strbuf_done(&path);
    strbuf_done(&text);
    strbuf_done(&escaped);
}

/* Nothing of that name, and nothing that was begun for it (its name with a suffix or a dot). */
static void
run_absent(SltTest *t, const SltRecord *r)
{
    DIR *dir = opendir(t->tmp);
    if (!dir) return;
    for (struct dirent *e; (e = readdir(dir));) {
        Str name = str_from(e->d_name);
        if (name.len && name.ptr[0] == '.') name = (Str){name.ptr + 1, name.len - 1};
        if (str_starts(name, r->arg)) test_fail(t, r, "the file is there");
    }
    (void)closedir(dir);
}

static void
remove_folder(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir) return;
    for (struct dirent *e; (e = readdir(dir));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        StrBuf inner = {0};
        strbuf_printf(&inner, "%s/%s", path, e->d_name);
        if (unlink(inner.ptr) != 0) remove_folder(inner.ptr);
        strbuf_done(&inner);
    }
    (void)closedir(dir);
    (void)rmdir(path);
}

/* ---- a file -------------------------------------------------------------------------------- */

static void
run_record(SltTest *t, const SltRecord *r)
{
    switch (r->verb) {
    case SLT_STATEMENT_OK:
    case SLT_QUERY:
    case SLT_TYPES:
    case SLT_SUMMARY:
        run_sql(t, r);
        break;
    case SLT_STATEMENT_ERROR:
        run_error(t, r);
        break;
    case SLT_EXPLAIN:
        run_explain(t, r);
        break;
    case SLT_PUSH:
        run_push(t, r);
        break;
    case SLT_LIVE:
        run_live(t, r);
        break;
    case SLT_EMITS:
    case SLT_FINISH:
        run_emits(t, r);
        break;
    case SLT_FILE:
        run_file(t, r);
        break;
    case SLT_CAT:
        run_cat(t, r);
        break;
    case SLT_ABSENT:
        run_absent(t, r);
        break;
    case SLT_NEEDS: {
        char *path = mem_strdup(r->arg.ptr, r->arg.len);
        t->skip |= access(path, F_OK) != 0;
        if (t->skip) strbuf_printf(t->report, "%s: skipped: no %s\n", t->path, path);
        mem_free(path);
        break;
    }
    case SLT_ONLY:
        t->skip |= !t->default_mode;
        break;
    }
}

static Status
test_params(SltTest *t, Err *err)
{
    const char *slash = strrchr(t->path, '/');
    Str dir = slash ? (Str){t->path, (u32)(slash - t->path)} : STR(".");
    TRY(weir_param(t->weir, STR("tmp"), str_from(t->tmp), err));
    return weir_param(t->weir, STR("dir"), dir, err);
}

static void
write_update(SltTest *t)
{
    if (!t->copied) return;
    strbuf_add(&t->updated, t->file.text.ptr + t->copied, t->file.text.len - t->copied);
    FILE *f = fopen(t->path, "wb");
    bool ok = f && fwrite(t->updated.ptr, 1, t->updated.len, f) == t->updated.len;
    if (f) ok &= fclose(f) == 0;
    strbuf_printf(t->report, ok ? "%s: updated\n" : "%s: could not be written\n", t->path);
    t->failed |= !ok;
}

static void
run_records(SltTest *t)
{
    Err err = {.pos = POS_NONE};
    Status st = weir_open(&t->options->weir, &t->weir, &err);
    if (!st) signals_watch(t->options->signals, t->weir);
    if (!st) st = test_params(t, &err);
    if (st) {
        t->failed = true;
        strbuf_printf(t->report, "%s: %s\n", t->path, err.text);
        return;
    }
    for (u32 i = 0; i < t->file.nrecords && !t->skip; i++) run_record(t, &t->file.records[i]);
    if (t->options->update) write_update(t);
    for (u32 i = 0; i < t->nlives; i++) {
        weir_job_close(t->lives[i].job);
        strbuf_done(&t->lives[i].rows);
    }
    mem_free(t->lives);
}

SltOutcome
slt_run(const char *path, const SltOptions *options, StrBuf *report)
{
    SltTest t = {.path = path, .options = options, .report = report};
    const WeirOptions *w = &options->weir;
    t.default_mode = w->threads == 2 && !w->seed && !w->no_optimize && !w->batch_rows;
    const char *base = getenv("TMPDIR");
    (void)snprintf(t.tmp, sizeof t.tmp, "%.40s/weir-slt-XXXXXX", base && *base ? base : "/tmp");
    StrBuf text = {0};
    Err err = {.pos = POS_NONE};
    u32 line = 0;
    Status st = file_read(path, &text, &err);
    if (!st) st = slt_parse(strbuf_view(&text), &t.file, &line, &err);
    if (!st && !mkdtemp(t.tmp)) {
        st = err_set(&err, W5001, POS_NONE, "%s: %s", t.tmp, strerror(errno));
    }
    if (st) {
        strbuf_printf(report, "%s:%u: %s\n", path, line, err.text);
        t.failed = true;
    } else {
        run_records(&t);
        remove_folder(t.tmp);
    }
    if (t.failed) strbuf_printf(report, "  again: weir test%s %s\n", options->replay, path);
    signals_watch(options->signals, NULL);
    weir_close(t.weir);
    slt_file_done(&t.file);
    strbuf_done(&t.got);
    strbuf_done(&t.types);
    strbuf_done(&t.updated);
    strbuf_done(&text);
    bool empty_skip = t.skip && t.report->len > 0;
    return t.failed ? SLT_FAILED : t.skip && empty_skip ? SLT_SKIPPED : SLT_PASSED;
}
