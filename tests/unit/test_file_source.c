/* test_file_source.c - scans over files that go on where an epoch ended, folders that are watched,
 * folders by partition. */
#include "base/batch.h"
#include "base/rng.h"
#include "tests/unit/table_fixture.h"

#include <utime.h>
#include <zlib.h>
#include <zstd.h>

static const char columns[] = "a INT, b STRING";

typedef struct Scanned {
    const SourceDef *def;
    Source *s;
    SourceWant want;
    ConnectorEnv env;
    u32 numbers[64];
} Scanned;

static Status
scanned_open(Fixture *f, const char *cols, const char *settings, Scanned *ret)
{
    *ret = (Scanned){0};
    TableSpec *spec = fixture_table(f, &ret->env, cols, settings);
    if (!spec) return errcode_status(f->err.code);
    ret->want.env = &ret->env;
    fixture_want(f, spec, &ret->want, ret->numbers);
    ret->def = spec->connector->source;
    u64 applied;
    return ret->def->open(&ret->want, &ret->s, &applied, &f->err);
}

/* At most `most` chunks of a partition as rows behind f->rows; true when it has ended. */
static bool
scan_chunks(Fixture *f, Scanned *o, u32 partition, u32 most)
{
    Reader *r;
    bool ended = false;
    CHECK(!o->def->reader_open(o->s, &r, &f->err));
    for (u32 i = 0; i < most && !ended; i++) {
        FetchResult got;
        Chunk *c;
        Status st = o->def->fetch(o->s, partition, &got, &c, &f->err);
        if (st) fprintf(stderr, "%s: %s\n", errcode_name(f->err.code), f->err.text);
        CHECK(!st);
        ended = st || got == FETCH_END;
        if (st || got != FETCH_CHUNK) continue;
        CHECK(!fixture_decode(f, o->def, o->s, r, c));
        o->def->chunk_free(o->s, c);
    }
    o->def->reader_close(r);
    return ended;
}

/* ---- going on -------------------------------------------------------------------------------- */

typedef struct Text {
    const char *name, *settings;
    const char *front; /* of the file */
    bool json, last_line_open;
} Text;

static const Text texts[] = {
    {"a.csv", "", "", false, false},
    {"a.csv", "", "\xef\xbb\xbf", false, true},
    {"a.csv", "csv.header=true",
     "\xef\xbb\xbf"
     "b,a\n",
     false, true},
    {"a.csv", "csv.header=true;csv.allow-comments=true", "# one\n# two, \"\n\nb,a\n", false, false},
    {"a.csv.gz", "csv.header=true", "b,a\n", false, false},
    {"a.csv.zst", "csv.header=true", "b,a\n", false, true},
    {"a.json", "format=json", "", true, true},
};

static void
text_make(const Text *t, Rng *rng, StrBuf *text, StrBuf *rows)
{
    bool header = strstr(t->settings, "header") != NULL;
    u32 n = 1 + (u32)rng_below(rng, 120);
    strbuf_str(text, str_from(t->front));
    for (u32 i = 0; i < n; i++) {
        u32 len = (u32)rng_below(rng, rng_below(rng, 10) ? 20 : 300);
        char word[301];
        for (u32 k = 0; k < len; k++) word[k] = (char)('a' + rng_below(rng, 26));
        if (!t->json && len > 2) word[1] = rng_below(rng, 2) ? '\n' : ',';
        word[len] = 0;
        if (t->json)
            strbuf_printf(text, "{\"b\":\"%s\",\"a\":%u}\n", word, i);
        else if (header)
            strbuf_printf(text, "\"%s\",%u\n", word, i);
        else
            strbuf_printf(text, "%u,\"%s\"\n", i, word);
        strbuf_printf(rows, "%u|%s\n", i, word);
    }
    if (t->last_line_open) text->len--;
}

static void
text_write(Fixture *f, const Text *t, const StrBuf *text)
{
    size_t room = text->len * 2 + 1000, len = text->len;
    u8 *packed = mem_alloc(room);
    memcpy(packed, text->ptr, len);
    if (str_ends(str_from(t->name), STR(".gz"))) {
        z_stream z = {0};
        if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) abort();
        z.next_in = (Bytef *)text->ptr;
        z.avail_in = (uInt)text->len;
        z.next_out = packed;
        z.avail_out = (uInt)room;
        if (deflate(&z, Z_FINISH) != Z_STREAM_END) abort();
        len = z.total_out;
        deflateEnd(&z);
    } else if (str_ends(str_from(t->name), STR(".zst"))) {
        len = ZSTD_compress(packed, room, text->ptr, text->len, 3);
    }
    fixture_bytes(f, t->name, packed, len);
    mem_free(packed);
}

/* Many starts, each with blocks of another size and a look at the first row now and then. */
static void
go_on_until_the_end(Fixture *f, const Text *t, Rng *rng)
{
    StrBuf saved = {0};
    bool ended = false;
    for (u32 starts = 0; !ended && starts < 2000; starts++) {
        char settings[300];
        Scanned o;
        snprintf(settings, sizeof settings, "path=%s;source.block-bytes=%u%s%s",
                 fixture_path(f, t->name), 64 + (u32)rng_below(rng, 200), *t->settings ? ";" : "",
                 t->settings);
        CHECK(!scanned_open(f, columns, settings, &o));
        if (saved.len) CHECK(!o.def->restore(o.s, strbuf_view(&saved), &f->err));
        CHECK(o.def->partitions(o.s) == 1);
        if (rng_below(rng, 3) == 0) {
            size_t len = f->rows.len;
            scan_chunks(f, &o, 0, 1);
            f->rows.len = len;
            CHECK(!o.def->rewind(o.s, 0, &f->err));
        }
        ended = scan_chunks(f, &o, 0, (u32)rng_below(rng, 4));
        strbuf_clear(&saved);
        o.def->save(o.s, &saved);
        o.def->close(o.s);
    }
    CHECK(ended);
    strbuf_done(&saved);
}

static void
scans_go_on_where_an_epoch_ended(void)
{
    Rng rng = rng_seed(11);
    for (u32 round = 0; round < 210 && check_failures == 0; round++) {
        const Text *t = &texts[round % ARRAY_LEN(texts)];
        Fixture f = fixture_open();
        StrBuf text = {0}, rows = {0};
        text_make(t, &rng, &text, &rows);
        text_write(&f, t, &text);
        go_on_until_the_end(&f, t, &rng);
        Str got = {f.rows.ptr, (u32)f.rows.len};
        CHECK(str_eq(got, strbuf_view(&rows)));
        if (check_failures)
            fprintf(stderr, "round %u, got:\n%.*s\nexpected:\n%s\n", round, STR_ARG(got), rows.ptr);
        strbuf_done(&text);
        strbuf_done(&rows);
        fixture_close(&f);
    }
}

/* ---- files that changed ---------------------------------------------------------------------- */

static void
restore_fails(Fixture *f, Str saved, ErrCode code, const char *words)
{
    Scanned o;
    char settings[200];
    snprintf(settings, sizeof settings, "path=%s/d;source.block-bytes=64", f->dir);
    CHECK(!scanned_open(f, columns, settings, &o));
    Status st = o.def->restore(o.s, saved, &f->err);
    CHECK(st && f->err.code == code && strstr(f->err.text, words));
    if (st && !strstr(f->err.text, words)) fprintf(stderr, "%s\n", f->err.text);
    o.def->close(o.s);
}

static void
changed_files_are_told(void)
{
    Fixture f = fixture_open();
    Scanned o;
    StrBuf text = {0}, saved = {0};
    char settings[200];
    mkdir(fixture_path(&f, "d"), 0777);
    for (u32 i = 0; i < 20; i++) strbuf_printf(&text, "%u,some text\n", i);
    fixture_bytes(&f, "d/a.csv", text.ptr, text.len);
    fixture_file(&f, "d/b.csv", "1,x\n");
    snprintf(settings, sizeof settings, "path=%s/d;source.block-bytes=64", f.dir);
    CHECK(!scanned_open(&f, columns, settings, &o));
    CHECK(!scan_chunks(&f, &o, 0, 1) && scan_chunks(&f, &o, 1, 2)); /* b is read, a begun */
    o.def->save(o.s, &saved);
    o.def->close(o.s);

    /* The list stays, and of what was read nothing is asked. */
    fixture_file(&f, "d/0.csv", "9,new\n");
    CHECK(unlink(fixture_path(&f, "d/b.csv")) == 0);
    CHECK(!scanned_open(&f, columns, settings, &o));
    CHECK(!o.def->restore(o.s, strbuf_view(&saved), &f.err) && o.def->partitions(o.s) == 2);
    CHECK(strcmp(o.def->partition_name(o.s, 1), "b.csv") == 0);
    CHECK(scan_chunks(&f, &o, 0, 1000) && scan_chunks(&f, &o, 1, 1));
    o.def->close(o.s);
    StrBuf rows = {0};
    for (u32 i = 0; i < 20; i++) strbuf_printf(&rows, "%u|some text\n", i);
    CHECK(f.rows.len == rows.len + strlen("1|x\n"));

    struct utimbuf old = {1000, 1000};
    CHECK(utime(fixture_path(&f, "d/a.csv"), &old) == 0);
    restore_fails(&f, strbuf_view(&saved), W4003, "a.csv was changed");
    FILE *more = fopen(fixture_path(&f, "d/a.csv"), "a");
    CHECK(more && fputs("1,2\n", more) >= 0 && fclose(more) == 0);
    restore_fails(&f, strbuf_view(&saved), W4003, "a.csv was lengthened");
    CHECK(truncate(fixture_path(&f, "d/a.csv"), 10) == 0);
    restore_fails(&f, strbuf_view(&saved), W4003, "a.csv was shortened");
    CHECK(rename(fixture_path(&f, "d/0.csv"), fixture_path(&f, "d/a.csv")) == 0);
    restore_fails(&f, strbuf_view(&saved), W4003, "a.csv was replaced");
    CHECK(unlink(fixture_path(&f, "d/a.csv")) == 0);
    restore_fails(&f, strbuf_view(&saved), W4001, "a.csv: No such file");
    strbuf_done(&rows);
    strbuf_done(&text);
    strbuf_done(&saved);
    fixture_close(&f);
}

/* Bytes that passed their checksum and are none of ours: refused, or harmless. */
static void
damaged_positions_do_no_harm(void)
{
    Fixture f = fixture_open();
    Scanned o;
    StrBuf saved = {0};
    Rng rng = rng_seed(3);
    u32 refused = 0;
    fixture_file(&f, "a.csv", "b,a\nx,1\ny,2\nz,3\n");
    CHECK(!scanned_open(&f, columns, "csv.header=true;source.block-bytes=64", &o));
    scan_chunks(&f, &o, 0, 1);
    o.def->save(o.s, &saved);
    o.def->close(o.s);
    for (u32 i = 0; i < 2000; i++) {
        char *bytes = mem_strdup(saved.ptr, saved.len);
        size_t len = saved.len;
        if (i % 4 == 0) len = rng_below(&rng, saved.len);
        for (u32 k = 0; k < 3; k++)
            bytes[rng_below(&rng, saved.len)] ^= (char)(1 << rng_below(&rng, 8));
        CHECK(!scanned_open(&f, columns, "csv.header=true;source.block-bytes=64", &o));
        Status st = o.def->restore(o.s, (Str){bytes, (u32)len}, &f.err);
        refused += st != ERR_OK;
        FetchResult got;
        Chunk *c = NULL;
        for (u32 p = 0; !st && p < o.def->partitions(o.s); p++) {
            if (o.def->fetch(o.s, p, &got, &c, &f.err)) continue;
            if (got == FETCH_CHUNK) o.def->chunk_free(o.s, c);
        }
        o.def->close(o.s);
        mem_free(bytes);
    }
    CHECK(refused > 1000);
    strbuf_done(&saved);
    fixture_close(&f);
}

/* ---- watching -------------------------------------------------------------------------------- */

static void
file_at_time(Fixture *f, const char *name, const char *text, i64 seconds)
{
    struct utimbuf t = {seconds, seconds};
    fixture_file(f, name, text);
    CHECK(utime(fixture_path(f, name), &t) == 0);
}

static bool
name_is(const Scanned *o, u32 partition, const char *name)
{
    return partition < o->def->partitions(o->s) &&
           strcmp(o->def->partition_name(o->s, partition), name) == 0;
}

static void
watched_folders_grow(void)
{
    Fixture f = fixture_open();
    Scanned o;
    StrBuf saved = {0};
    char settings[200];
    mkdir(fixture_path(&f, "d"), 0777);
    snprintf(settings, sizeof settings, "path=%s/d;source.monitor-interval=1us", f.dir);
    CHECK(!scanned_open(&f, columns, settings, &o));
    CHECK(!o.def->bounded(o.s) && o.def->partitions(o.s) == 0 && o.def->bytes_total(o.s) == 0);
    file_at_time(&f, "d/y.csv", "1,y\n", 2000);
    file_at_time(&f, "d/z.csv", "1,z\n", 1000);
    file_at_time(&f, "d/x.csv", "1,x\n", 2000);
    CHECK(!o.def->discover(o.s, &f.err) && o.def->partitions(o.s) == 3);
    CHECK(name_is(&o, 0, "z.csv") && name_is(&o, 1, "x.csv") && name_is(&o, 2, "y.csv"));
    CHECK(scan_chunks(&f, &o, 0, 10) && scan_chunks(&f, &o, 1, 10));
    file_at_time(&f, "d/z.csv", "1,z\n2,behind what was read\n", 5000);
    for (u32 i = 0; i < 200; i++) {
        char name[30];
        snprintf(name, sizeof name, "d/n%u.csv", 999 - i);
        file_at_time(&f, name, "2,n\n", 3000 + i);
    }
    CHECK(!o.def->discover(o.s, &f.err) && o.def->partitions(o.s) == 203);
    CHECK(name_is(&o, 3, "n999.csv") && name_is(&o, 202, "n800.csv"));
    CHECK(scan_chunks(&f, &o, 202, 10));
    o.def->save(o.s, &saved);
    o.def->close(o.s);

    CHECK(unlink(fixture_path(&f, "d/x.csv")) == 0);
    file_at_time(&f, "d/late.csv", "3,late\n", 10);
    CHECK(!scanned_open(&f, columns, settings, &o));
    CHECK(!o.def->restore(o.s, strbuf_view(&saved), &f.err) && o.def->partitions(o.s) == 203);
    CHECK(!o.def->discover(o.s, &f.err) && o.def->partitions(o.s) == 204);
    CHECK(name_is(&o, 203, "late.csv") && name_is(&o, 2, "y.csv"));
    strbuf_clear(&f.rows);
    for (u32 p = 0; p < 204; p++) CHECK(scan_chunks(&f, &o, p, 10));
    u32 lines = 0;
    for (size_t i = 0; i < f.rows.len; i++) lines += f.rows.ptr[i] == '\n';
    CHECK(lines == 1 + 199 + 1); /* y, the other n, late */
    o.def->close(o.s);
    strbuf_done(&saved);

    snprintf(settings, sizeof settings, "path=%s/none*.csv;source.monitor-interval=1 h", f.dir);
    CHECK(!scanned_open(&f, columns, settings, &o) && o.def->partitions(o.s) == 0);
    fixture_file(&f, "none1.csv", "1,a\n");
    CHECK(!o.def->discover(o.s, &f.err) && o.def->partitions(o.s) == 0); /* not yet */
    o.def->close(o.s);
    fixture_close(&f);
}

/* ---- partitions by value --------------------------------------------------------------------- */

/* Rows of partition p in the order of the files; with a start for every chunk if `starts`. */
static void
value_rows(Fixture *f, const char *settings, u32 p, bool starts)
{
    StrBuf saved = {0};
    bool ended = false;
    strbuf_clear(&f->rows);
    while (!ended && check_failures == 0) {
        Scanned o;
        CHECK(!scanned_open(f, columns, settings, &o));
        if (saved.len) CHECK(!o.def->restore(o.s, strbuf_view(&saved), &f->err));
        size_t len = f->rows.len;
        scan_chunks(f, &o, p, 1);
        f->rows.len = len;
        CHECK(!o.def->rewind(o.s, p, &f->err));
        ended = scan_chunks(f, &o, p, starts ? 1 : 100000);
        strbuf_clear(&saved);
        o.def->save(o.s, &saved);
        o.def->close(o.s);
    }
    strbuf_done(&saved);
}

static void
values_are_partitions(void)
{
    static const i32 values[] = {-5, 3, 40};
    Fixture f = fixture_open();
    StrBuf rows[3] = {{0}, {0}, {0}};
    Rng rng = rng_seed(5);
    mkdir(fixture_path(&f, "d"), 0777);
    for (u32 file = 0; file < 4; file++) {
        StrBuf text = {0};
        char name[20];
        snprintf(name, sizeof name, "d/%u.csv", file);
        strbuf_printf(&text, "b,a\n");
        for (u32 i = 0; i < 60; i++) {
            u32 v = file == 2 ? 0 : (u32)rng_below(&rng, 3);
            strbuf_printf(&text, "%u of file %u,%d\n", i, file, values[v]);
            strbuf_printf(&rows[v], "%d|%u of file %u\n", values[v], i, file);
        }
        fixture_bytes(&f, name, text.ptr, text.len);
        strbuf_done(&text);
    }
    char settings[300];
    snprintf(settings, sizeof settings,
             "path=%s/d;csv.header=true;source.block-bytes=200;scan.partition-column=a", f.dir);
    Scanned o;
    CHECK(!scanned_open(&f, columns, settings, &o) && o.def->partitions(o.s) == 3);
    CHECK(name_is(&o, 0, "a = -5") && name_is(&o, 2, "a = 40") && o.def->bounded(o.s));
    o.def->close(o.s);
    for (u32 p = 0; p < 6; p++) {
        value_rows(&f, settings, p % 3, p >= 3);
        CHECK(str_eq(strbuf_view(&f.rows), strbuf_view(&rows[p % 3])));
    }
    f.wanted = "1"; /* the column itself is not delivered */
    CHECK(!scanned_open(&f, columns, settings, &o));
    strbuf_clear(&f.rows);
    CHECK(!fixture_scan(&f, o.def, o.s) && f.counted == 240);
    CHECK(strchr(f.rows.ptr, '|') == NULL);
    o.def->close(o.s);
    f.wanted = NULL;

    fixture_file(&f, "d/9.csv", "b,a\nx,1\ny,\n");
    CHECK(scanned_open(&f, columns, settings, &o) && f.err.code == W3103);
    for (u32 i = 0; i < 3; i++) strbuf_done(&rows[i]);
    fixture_close(&f);
}

TESTS(TEST(values_are_partitions), TEST(scans_go_on_where_an_epoch_ended),
      TEST(changed_files_are_told), TEST(damaged_positions_do_no_harm), TEST(watched_folders_grow))
