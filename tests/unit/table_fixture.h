/* table_fixture.h - a table over text in a temporary folder, read into lines that a test compares.
 *
 *     Fixture f = fixture_open();
 *     fixture_file(&f, "a.csv", "1,x\n");
 *     CHECK_ROWS(&f, "id INT, name STRING", "", "1|x\n");
 *
 * Columns are "name TYPE [NOT NULL], ..."; settings are "key=value;key=value" beside connector,
 * path and format, which may be overwritten ("only:key=value" has none of them). Rows print as
 * value_print() does, fields between '|'.
 */
#pragma once
#include "base/mem.h"
#include "base/value_text.h"
#include "connectors/format.h"
#include "tests/unit/test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Fixture {
    char dir[64];
    Arena *arena;
    StrBuf rows; /* of the last fixture_read() */
    u64 skipped; /* its counts */
    u64 counted;
    u32 batch_rows;
    u32 npreds;
    SourcePredicate preds[4];
    const char *wanted; /* "2,0": field numbers to deliver; NULL: all */
    Err err;
} Fixture;

static inline Fixture
fixture_open(void)
{
    Fixture f = {.dir = "/tmp/weir-test-XXXXXX", .arena = arena_new(), .batch_rows = 2048};
    if (!mkdtemp(f.dir)) abort();
    return f;
}

static inline void
fixture_close(Fixture *f)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", f->dir);
    if (system(command) != 0) abort();
    arena_free(f->arena);
    strbuf_done(&f->rows);
}

static inline const char *
fixture_path(const Fixture *f, const char *name)
{
    StrBuf path = {0};
    strbuf_printf(&path, "%s/%s", f->dir, name);
    const char *copy = arena_copy(f->arena, path.ptr, path.len);
    strbuf_done(&path);
    return copy;
}

static inline void
fixture_bytes(Fixture *f, const char *name, const void *bytes, size_t len)
{
    FILE *out = fopen(fixture_path(f, name), "wb");
    if (!out || fwrite(bytes, 1, len, out) != len || fclose(out) != 0) abort();
}

static inline void
fixture_file(Fixture *f, const char *name, const char *text)
{
    fixture_bytes(f, name, text, strlen(text));
}

static inline Type
fixture_type(Str name)
{
    static const struct {
        const char *name;
        Type type;
    } types[] = {
        {"BOOLEAN", {.kind = TYPE_BOOLEAN}},
        {"TINYINT", {.kind = TYPE_TINYINT}},
        {"SMALLINT", {.kind = TYPE_SMALLINT}},
        {"INT", {.kind = TYPE_INT}},
        {"BIGINT", {.kind = TYPE_BIGINT}},
        {"FLOAT", {.kind = TYPE_FLOAT}},
        {"DOUBLE", {.kind = TYPE_DOUBLE}},
        {"DECIMAL(10_2)", {.kind = TYPE_DECIMAL, .precision = 10, .scale = 2}},
        {"DECIMAL(38_4)", {.kind = TYPE_DECIMAL, .precision = 38, .scale = 4}},
        {"STRING", {.kind = TYPE_VARCHAR, .precision = TYPE_LEN_MAX}},
        {"BYTES", {.kind = TYPE_VARBINARY, .precision = TYPE_LEN_MAX}},
        {"DATE", {.kind = TYPE_DATE}},
        {"TIME", {.kind = TYPE_TIME}},
        {"TIMESTAMP(0)", {.kind = TYPE_TIMESTAMP}},
        {"TIMESTAMP(3)", {.kind = TYPE_TIMESTAMP, .scale = 3}},
        {"TIMESTAMP(6)", {.kind = TYPE_TIMESTAMP, .scale = 6}},
        {"TIMESTAMP_LTZ(3)", {.kind = TYPE_TIMESTAMP_LTZ, .scale = 3}},
    };
    Type type = {0};
    if (str_ends(name, STR(" NOT NULL"))) {
        type.not_null = true;
        name.len -= 9;
    }
    for (u32 i = 0; i < ARRAY_LEN(types); i++) {
        if (!str_eq(name, str_from(types[i].name))) continue;
        return type_nullable(types[i].type, !type.not_null);
    }
    abort();
}

/* "a INT, b STRING METADATA file.name" */
static inline u32
fixture_fields(const char *columns, FieldSpec *fields)
{
    u32 n = 0;
    for (const char *at = columns; *at;) {
        const char *end = strchr(at, ',');
        Str one = str_trim((Str){at, end ? (u32)(end - at) : (u32)strlen(at)});
        const char *space = memchr(one.ptr, ' ', one.len);
        Str type = {space + 1, one.len - (u32)(space + 1 - one.ptr)};
        fields[n] = (FieldSpec){.name = {one.ptr, (u32)(space - one.ptr)}};
        for (u32 i = 0; i + 10 < type.len; i++) {
            if (memcmp(type.ptr + i, " METADATA ", 10) != 0) continue;
            fields[n].metadata = (Str){type.ptr + i + 10, type.len - i - 10};
            type.len = i;
        }
        fields[n++].type = fixture_type(type);
        at = end ? end + 1 : one.ptr + one.len;
    }
    return n;
}

static inline void
fixture_set(OptionSetting *all, u32 *n, Str name, Str value)
{
    u32 i = 0;
    while (i < *n && !str_eq(all[i].name, name)) i++;
    all[i] = (OptionSetting){.name = name, .value = value};
    if (i == *n) ++*n;
}

/* NULL with f->err set if the table is refused. */
static inline TableSpec *
fixture_table(Fixture *f, const ConnectorEnv *env, const char *columns, const char *settings)
{
    FieldSpec *fields = arena_array(f->arena, FieldSpec, 64);
    OptionSetting *all = arena_array(f->arena, OptionSetting, 32);
    u32 nfields = fixture_fields(columns, fields), n = 0;
    if (strncmp(settings, "only:", 5) == 0) {
        settings += 5;
    } else {
        fixture_set(all, &n, STR("connector"), STR("filesystem"));
        fixture_set(all, &n, STR("format"), STR("csv"));
        fixture_set(all, &n, STR("path"), str_from(fixture_path(f, "a.csv")));
    }
    for (const char *at = arena_copy(f->arena, settings, strlen(settings)); *at;) {
        const char *eq = strchr(at, '='), *end = strchr(at, ';');
        if (!end) end = at + strlen(at);
        fixture_set(all, &n, (Str){at, (u32)(eq - at)}, (Str){eq + 1, (u32)(end - eq - 1)});
        at = *end ? end + 1 : end;
    }
    TableSpec *spec = NULL;
    Status st =
        table_spec_make(f->arena, env, STR("t"), fields, nfields, all, n, 0, &spec, &f->err);
    return st ? NULL : spec;
}

static inline void
fixture_print(StrBuf *out, const Batch *b)
{
    for (u32 row = 0; row < b->rows; row++) {
        for (u32 i = 0; i < b->cols; i++) {
            if (i) strbuf_char(out, '|');
            value_print(out, b->col[i].type, vector_at(&b->col[i], row), NULL);
        }
        strbuf_char(out, '\n');
    }
}

static inline Status
fixture_decode(Fixture *f, const SourceDef *def, Source *s, Reader *r, Chunk *c)
{
    for (;;) {
        Batch *b = NULL;
        Status st = def->decode(r, c, &b, &f->err);
        if (st || !b) return st;
        batch_check(b);
        CHECK(b->rows <= f->batch_rows);
        fixture_print(&f->rows, b);
        batch_free(b);
    }
    (void)s;
}

/* All rows of all partitions, one after another, into f->rows. */
static inline Status
fixture_scan(Fixture *f, const SourceDef *def, Source *s)
{
    Reader *r;
    Status st = def->reader_open(s, &r, &f->err);
    for (u32 p = 0; !st && p < def->partitions(s);) {
        FetchResult result;
        Chunk *c = NULL;
        st = def->fetch(s, p, &result, &c, &f->err);
        if (st) break;
        if (result == FETCH_END) p++;
        if (result != FETCH_CHUNK) continue;
        st = fixture_decode(f, def, s, r, c);
        def->chunk_free(s, c);
    }
    f->skipped = def->counts(r)->skipped;
    f->counted = def->counts(r)->rows;
    def->reader_close(r);
    return st;
}

static inline void
fixture_want(const Fixture *f, const TableSpec *spec, SourceWant *want, u32 *numbers)
{
    u32 n = 0;
    for (const char *at = f->wanted; at && *at; at += *at == ',')
        numbers[n++] = (u32)strtoul(at, (char **)(void *)&at, 10);
    if (!f->wanted)
        for (; n < spec->nfields; n++) numbers[n] = n;
    want->table = spec;
    want->fields = numbers;
    want->nfields = n;
    want->preds = f->preds;
    want->npreds = f->npreds;
    want->batch_rows = f->batch_rows;
}

static inline Status
fixture_read(Fixture *f, const char *columns, const char *settings)
{
    ConnectorEnv env = {0};
    u32 numbers[64];
    strbuf_clear(&f->rows);
    f->err = (Err){0};
    const TableSpec *spec = fixture_table(f, &env, columns, settings);
    if (!spec) return errcode_status(f->err.code);
    SourceWant want = {.env = &env};
    fixture_want(f, spec, &want, numbers);
    const SourceDef *def = spec->connector->source;
    Source *s;
    u64 applied = 0;
    Status st = def->open(&want, &s, &applied, &f->err);
    if (st) return st;
    CHECK(applied == ((u64)1 << f->npreds) - 1);
    st = fixture_scan(f, def, s);
    def->close(s);
    return st;
}

static inline bool
fixture_rows_are(Fixture *f, const char *columns, const char *settings, const char *expected)
{
    Status st = fixture_read(f, columns, settings);
    if (st) fprintf(stderr, "error[%s]: %s\n", errcode_name(f->err.code), f->err.text);
    const char *got = f->rows.ptr ? f->rows.ptr : "";
    if (st || strcmp(got, expected) == 0) return !st;
    fprintf(stderr, "got:\n%s\nexpected:\n%s\n", got, expected);
    return false;
}

static inline bool
fixture_fails(Fixture *f, const char *columns, const char *settings, ErrCode code, const char *text)
{
    Status st = fixture_read(f, columns, settings);
    if (st && f->err.code == code && strstr(f->err.text, text)) return true;
    fprintf(stderr, "got %s: %s\n", st ? errcode_name(f->err.code) : "rows",
            st            ? f->err.text
            : f->rows.ptr ? f->rows.ptr
                          : "");
    return false;
}

#define CHECK_ROWS(f, columns, settings, expected)                                                 \
    CHECK(fixture_rows_are(f, columns, settings, expected))
#define CHECK_FAILS(f, columns, settings, code, text)                                              \
    CHECK(fixture_fails(f, columns, settings, code, text))
