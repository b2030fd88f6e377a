/* test_filesystem.c - files, folders, globs, compressed files, files that change; the filesystem,
 * print and stdout sinks; how tables are refused. */
#include "base/batch.h"
#include "tests/unit/table_fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <zlib.h>
#include <zstd.h>

static const char columns[] = "a INT, b STRING";

static const char *
path_setting(const Fixture *f, const char *name)
{
    StrBuf s = {0};
    strbuf_printf(&s, "path=%s/%s", f->dir, name);
    const char *copy = arena_copy(f->arena, s.ptr, s.len);
    strbuf_done(&s);
    return copy;
}

static void
folders_and_globs_are_sorted_and_skip_hidden_names(void)
{
    Fixture f = fixture_open();
    mkdir(fixture_path(&f, "d"), 0777);
    mkdir(fixture_path(&f, "d/b"), 0777);
    mkdir(fixture_path(&f, "d/.hidden"), 0777);
    mkdir(fixture_path(&f, "d/empty"), 0777);
    fixture_file(&f, "d/c.csv", "3,c\n");
    fixture_file(&f, "d/a.csv", "1,a");
    fixture_file(&f, "d/b/x.csv", "2,b\n");
    fixture_file(&f, "d/_part.csv", "no\n");
    fixture_file(&f, "d/.a.csv.1-0.tmp", "no\n");
    fixture_file(&f, "d/.hidden/x.csv", "no\n");
    CHECK_ROWS(&f, columns, path_setting(&f, "d"), "1|a\n2|b\n3|c\n");
    CHECK_ROWS(&f, columns, path_setting(&f, "d/"), "1|a\n2|b\n3|c\n");
    CHECK_ROWS(&f, columns, path_setting(&f, "d/[ac].csv"), "1|a\n3|c\n");
    CHECK_ROWS(&f, columns, path_setting(&f, "d/*"), "1|a\n2|b\n3|c\n");
    CHECK_ROWS(&f, columns, path_setting(&f, "d/empty"), "");
    char both[300];
    snprintf(both, sizeof both, "%s;source.path.regex-pattern=.*/(b/.*|a.csv)",
             path_setting(&f, "d"));
    CHECK_ROWS(&f, columns, both, "1|a\n2|b\n");
    snprintf(both, sizeof both, "%s;source.path.regex-pattern=(", path_setting(&f, "d"));
    CHECK_FAILS(&f, columns, both, W2012, "is not valid");
    snprintf(both, sizeof both, "path=file://%s/d/a.csv", f.dir);
    CHECK_ROWS(&f, columns, both, "1|a\n");
    fixture_file(&f, "odd[1].csv", "9,z\n");
    CHECK_ROWS(&f, columns, path_setting(&f, "odd[1].csv"), "9|z\n");
    fixture_close(&f);
}

static void
what_cannot_be_read_is_said(void)
{
    Fixture f = fixture_open();
    CHECK_FAILS(&f, columns, path_setting(&f, "none.csv"), W4001, "none.csv: No such file");
    CHECK_FAILS(&f, columns, path_setting(&f, "*.csv"), W4001, "no file matches");
    fixture_file(&f, "a.csv", "1,a\n");
    CHECK_FAILS(&f, columns, path_setting(&f, "a.csv/b"), W4001, "Not a directory");
    CHECK_FAILS(&f, columns, "path=", W4001, "the path is empty");
    fixture_close(&f);
}

/* name's content for 1000 rows, and what they read as. */
static void
many_rows(StrBuf *text, StrBuf *rows)
{
    for (u32 i = 0; i < 1000; i++) {
        strbuf_printf(text, "%u,text %u\n", i, i * 7);
        strbuf_printf(rows, "%u|text %u\n", i, i * 7);
    }
}

static size_t
gzip_bytes(void *to, size_t room, const void *from, size_t len)
{
    z_stream z = {0};
    if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) abort();
    z.next_in = (Bytef *)(uintptr_t)from;
    z.avail_in = (uInt)len;
    z.next_out = to;
    z.avail_out = (uInt)room;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END) abort();
    size_t n = z.total_out;
    deflateEnd(&z);
    return n;
}

typedef struct Codec {
    const char *file;
    bool gzip;
} Codec;

static void
codec_check(Fixture *f, Codec codec)
{
    StrBuf text = {0}, rows = {0};
    many_rows(&text, &rows);
    size_t half = text.len / 2, room = 1 << 20;
    u8 *bytes = mem_alloc(room);
    size_t one = codec.gzip ? gzip_bytes(bytes, room, text.ptr, half)
                            : ZSTD_compress(bytes, room, text.ptr, half, 3);
    size_t two = codec.gzip
                     ? gzip_bytes(bytes + one, room - one, text.ptr + half, text.len - half)
                     : ZSTD_compress(bytes + one, room - one, text.ptr + half, text.len - half, 3);
    char small[300];
    const char *path = path_setting(f, codec.file);
    snprintf(small, sizeof small, "%s;source.block-bytes=100", path);
    fixture_bytes(f, codec.file, bytes, one + two);
    CHECK_ROWS(f, columns, path, rows.ptr);
    CHECK_ROWS(f, columns, small, rows.ptr);
    for (size_t cut = 1; cut < one + two; cut += 1 + (one + two) / 40) {
        if (cut == one) continue; /* a whole member is a whole file */
        fixture_bytes(f, codec.file, bytes, cut);
        CHECK_FAILS(f, columns, path, W3106, "data is cut off");
    }
    bytes[one / 2] ^= 0x55;
    bytes[one / 2 + 1] ^= 0x55;
    fixture_bytes(f, codec.file, bytes, one + two);
    CHECK(fixture_read(f, columns, path) != ERR_OK);
    fixture_file(f, codec.file, "1,x\n2,y\n3,z\n");
    CHECK_FAILS(f, columns, path, W3106, "data is damaged");
    snprintf(small, sizeof small, "%s;compression=none", path);
    CHECK_ROWS(f, columns, small, "1|x\n2|y\n3|z\n");
    fixture_file(f, codec.file, "");
    CHECK_ROWS(f, columns, path, "");
    mem_free(bytes);
    strbuf_done(&text);
    strbuf_done(&rows);
}

static void
compressed_files_are_read_whole_or_refused(void)
{
    Fixture f = fixture_open();
    codec_check(&f, (Codec){"a.csv.gz", true});
    codec_check(&f, (Codec){"a.csv.zst", false});
    u8 bytes[200] = {0};
    size_t n = gzip_bytes(bytes, sizeof bytes, "1,x\n", 4);
    fixture_bytes(&f, "a.csv.gz", bytes, n + 50); /* zeroes behind are padding */
    CHECK_ROWS(&f, columns, path_setting(&f, "a.csv.gz"), "1|x\n");
    bytes[n + 3] = 1;
    fixture_bytes(&f, "a.csv.gz", bytes, n + 50);
    CHECK_FAILS(&f, columns, path_setting(&f, "a.csv.gz"), W3106, "damaged");
    fixture_close(&f);
}

/* A source over a.csv, ready to fetch. */
typedef struct Opened {
    ConnectorEnv env;
    SourceWant want;
    u32 numbers[64];
    const SourceDef *def;
    Source *s;
} Opened;

static bool
opened_make(Fixture *f, const char *settings, Opened *o)
{
    *o = (Opened){.want.env = &o->env};
    const TableSpec *spec = fixture_table(f, &o->env, columns, settings);
    fixture_want(f, spec, &o->want, o->numbers);
    o->def = spec->connector->source;
    u64 applied;
    return o->def->open(&o->want, &o->s, &applied, &f->err) == ERR_OK;
}

static Status
fetch_all(Fixture *f, Opened *o, u32 partition)
{
    for (;;) {
        FetchResult result;
        Chunk *c;
        Status st = o->def->fetch(o->s, partition, &result, &c, &f->err);
        if (st || result != FETCH_CHUNK) return st;
        o->def->chunk_free(o->s, c);
    }
}

static void
files_that_change_are_refused(void)
{
    Fixture f = fixture_open();
    Opened o;
    StrBuf text = {0}, rows = {0};
    many_rows(&text, &rows);

    fixture_bytes(&f, "a.csv", text.ptr, text.len);
    CHECK(opened_make(&f, "source.block-bytes=1000", &o));
    FetchResult result;
    Chunk *c;
    CHECK(!o.def->fetch(o.s, 0, &result, &c, &f.err) && result == FETCH_CHUNK);
    o.def->chunk_free(o.s, c);
    CHECK(truncate(fixture_path(&f, "a.csv"), 5000) == 0);
    CHECK(fetch_all(&f, &o, 0) && f.err.code == W4003);
    o.def->close(o.s);

    fixture_bytes(&f, "a.csv", text.ptr, text.len);
    CHECK(opened_make(&f, "", &o));
    fixture_file(&f, "b.csv", "1,new\n");
    CHECK(rename(fixture_path(&f, "b.csv"), fixture_path(&f, "a.csv")) == 0);
    CHECK(fetch_all(&f, &o, 0) && f.err.code == W4003);
    o.def->close(o.s);

    /* What is appended is not read, and is no error. */
    fixture_file(&f, "a.csv", "1,x\n");
    CHECK(opened_make(&f, "", &o));
    FILE *more = fopen(fixture_path(&f, "a.csv"), "a");
    fputs("2,y\n", more);
    fclose(more);
    strbuf_clear(&f.rows);
    CHECK(!fixture_scan(&f, o.def, o.s) && strcmp(f.rows.ptr, "1|x\n") == 0);
    o.def->close(o.s);

    CHECK(opened_make(&f, "", &o));
    CHECK(unlink(fixture_path(&f, "a.csv")) == 0);
    CHECK(fetch_all(&f, &o, 0) && f.err.code == W4001);
    o.def->close(o.s);
    strbuf_done(&text);
    strbuf_done(&rows);
    fixture_close(&f);
}

static u32
descriptors_open(void)
{
    u32 n = 0;
    for (int fd = 0; fd < 1000; fd++) n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* All of 150 files in turns, a chunk each: 64 descriptors will do, compressed files too. */
static void
many_files_need_few_descriptors(void)
{
    enum { FILES = 150 };
    Fixture f = fixture_open();
    Opened o;
    mkdir(fixture_path(&f, "d"), 0777);
    for (u32 i = 0; i < FILES; i++) {
        char name[40], text[400];
        int n = 0;
        for (u32 k = 0; k < 10; k++)
            n += snprintf(text + n, sizeof text - (size_t)n, "%u,file %u row %u of ten\n", i, i, k);
        u8 packed[1000];
        size_t len = gzip_bytes(packed, sizeof packed, text, (size_t)n);
        snprintf(name, sizeof name, "d/%03u.csv%s", i, i % 2 ? ".gz" : "");
        fixture_bytes(&f, name, i % 2 ? (void *)packed : (void *)text, i % 2 ? len : (size_t)n);
    }
    char settings[200];
    snprintf(settings, sizeof settings, "%s;source.block-bytes=64", path_setting(&f, "d"));
    u32 before = descriptors_open(), most = 0;
    CHECK(opened_make(&f, settings, &o) && o.def->partitions(o.s) == FILES);
    Reader *r;
    CHECK(!o.def->reader_open(o.s, &r, &f.err));
    bool ended[FILES] = {false};
    for (u32 p = 0; p < FILES; p++) { /* a look at each first chunk, as the scheduler takes it */
        FetchResult result;
        Chunk *c;
        CHECK(!o.def->fetch(o.s, p, &result, &c, &f.err) && result == FETCH_CHUNK);
        o.def->chunk_free(o.s, c);
        CHECK(!o.def->rewind(o.s, p, &f.err) && descriptors_open() == before);
    }
    for (u32 left = FILES; left > 0;) {
        for (u32 p = 0; p < FILES; p++) {
            FetchResult result;
            Chunk *c;
            if (ended[p]) continue;
            Status st = o.def->fetch(o.s, p, &result, &c, &f.err);
            CHECK(!st);
            most = MAX(most, descriptors_open() - before);
            ended[p] = st || result == FETCH_END;
            left -= ended[p];
            if (st || result != FETCH_CHUNK) continue;
            CHECK(!fixture_decode(&f, o.def, o.s, r, c));
            o.def->chunk_free(o.s, c);
        }
    }
    CHECK(o.def->counts(r)->rows == FILES * 10);
    CHECK(most <= 64 && most > 8);
    o.def->reader_close(r);
    o.def->close(o.s);
    CHECK(descriptors_open() == before);
    fixture_close(&f);
}

static void
rewound_partitions_begin_again(void)
{
    Fixture f = fixture_open();
    Opened o;
    fixture_file(&f, "a.csv",
                 "\xef\xbb\xbf"
                 "b,a\n\"x\ny\",1\nz,2\n");
    CHECK(opened_make(&f, "csv.header=true;source.block-bytes=64", &o));
    for (u32 round = 0; round < 3; round++) {
        strbuf_clear(&f.rows);
        CHECK(!fixture_scan(&f, o.def, o.s) && strcmp(f.rows.ptr, "1|x\ny\n2|z\n") == 0);
        CHECK(!o.def->rewind(o.s, 0, &f.err));
    }
    o.def->close(o.s);
    fixture_close(&f);
}

/* Standard input: bytes as they come, a rewind after the first chunk. */
static void
standard_input_is_a_partition(void)
{
    Fixture f = fixture_open();
    Opened o;
    int ends[2], saved = dup(STDIN_FILENO);
    CHECK(pipe(ends) == 0 && dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    CHECK(opened_make(&f, "path=-", &o));
    FetchResult result;
    Chunk *c;
    CHECK(!o.def->fetch(o.s, 0, &result, &c, &f.err) && result == FETCH_IDLE);
    CHECK(write(ends[1], "1,x\n2", 5) == 5);
    CHECK(!o.def->fetch(o.s, 0, &result, &c, &f.err) && result == FETCH_CHUNK);
    o.def->chunk_free(o.s, c);
    CHECK(!o.def->fetch(o.s, 0, &result, &c, &f.err) && result == FETCH_IDLE);
    CHECK(!o.def->rewind(o.s, 0, &f.err));
    CHECK(write(ends[1], ",y\n3,z", 6) == 6);
    close(ends[1]);
    CHECK(!fixture_scan(&f, o.def, o.s) && strcmp(f.rows.ptr, "1|x\n2|y\n3|z\n") == 0);
    o.def->close(o.s);
    CHECK(dup2(saved, STDIN_FILENO) == STDIN_FILENO);
    close(saved);
    close(ends[0]);
    fixture_close(&f);
}

static void
metadata_comes_from_the_file(void)
{
    Fixture f = fixture_open();
    fixture_file(&f, "a.csv", "1,x\n2,y\n");
    CHECK_ROWS(&f,
               "name STRING METADATA file.name, a INT, size BIGINT METADATA file.size, b STRING",
               "", "a.csv|1|8|x\na.csv|2|8|y\n");
    CHECK_FAILS(&f, "a INT, s STRING METADATA file.nam", "", W2013, "does not exist");
    CHECK(strstr(f.err.hint, "file.name") != NULL);
    CHECK_FAILS(&f, "a INT, s STRING METADATA file.size", "", W2005, "does not fit");
    fixture_close(&f);
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void
tables_are_refused_with_the_nearest_name(void)
{
    static const struct {
        const char *settings;
        ErrCode code;
        const char *text, *hint;
    } cases[] = {
        {"connector=fliesystem", W2019, "connector \"fliesystem\" is not known", "filesystem"},
        {"connector=kafka", W2001, "connector \"kafka\" is not supported yet", ""},
        {"format=cvs", W2019, "format \"cvs\" is not known", "csv"},
        {"format=parquet", W2001, "format \"parquet\" is not supported yet", ""},
        {"csv.field-delimeter=;", W2012, "\"csv.field-delimeter\" is not known", "delimiter"},
        {"csv.field-delimiter=ab", W2012, "\"csv.field-delimiter\" cannot be \"ab\"", "character"},
        {"csv.field-delimiter=\"", W2012, "are the same", ""},
        {"csv.header=maybe", W2012, "cannot be \"maybe\"", "'true' or 'false'"},
        {"on-error=explode", W2012, "cannot be \"explode\"", "'fail', 'skip', 'dead-letter'"},
        {"on-error=dead-letter", W2001, "dead-letter", ""},
        {"csv.array-element-delimiter=x", W2001, "array-element-delimiter", ""},
        {"compression=bzip2", W2012, "bzip2", "'gzip'"},
        {"source.monitor-interval=0 s", W2012, "must be longer than nothing", ""},
        {"scan.partition-column=a;path=-", W2001, "scan.partition-column", ""},
        {"sink.partition-column=b", W2012, "must name an INT or BIGINT column", ""},
        {"sink.partition-column=z", W2012, "names no column", ""},
        {"sink.rolling-policy.file-size=0", W2012, "more than nothing", ""},
    };
    Fixture f = fixture_open();
    ConnectorEnv env = {0};
    for (u32 i = 0; i < ARRAY_LEN(cases); i++) {
        CHECK(!fixture_table(&f, &env, columns, cases[i].settings));
        bool right = f.err.code == cases[i].code && strstr(f.err.text, cases[i].text) &&
                     strstr(f.err.hint, cases[i].hint);
        CHECK(right);
        if (!right) fprintf(stderr, "%s: %s\n", errcode_name(f.err.code), f.err.text);
    }
    for (u32 i = 0; connector_at(i); i++)
        CHECK(connector_find(str_from(connector_at(i)->name)) == connector_at(i));
    CHECK(!connector_find(STR("nothing")));
    fixture_close(&f);
}

static void
option_values_are_parsed_as_flink_does(void)
{
    i64 us;
    CHECK(duration_parse(STR("5 s"), &us) && us == 5000000);
    CHECK(duration_parse(STR("10min"), &us) && us == 600000000);
    CHECK(duration_parse(STR(" 100 ms "), &us) && us == 100000);
    CHECK(duration_parse(STR("2 d"), &us) && us == 2 * 86400000000);
    CHECK(duration_parse(STR("7"), &us) && us == 7000);
    CHECK(!duration_parse(STR("5 parsecs"), &us) && !duration_parse(STR("s"), &us));
    CHECK(!duration_parse(STR("9223372036854775807 d"), &us) && !duration_parse(STR(""), &us));
}

/* ---- sinks ----------------------------------------------------------------------------------- */

static Batch *
sample_batch(void)
{
    Batch *b = batch_new(3, 3);
    b->col[0] = vector_new(type_of(TYPE_INT), 3);
    b->col[1] = vector_new(type_string(), 3);
    b->col[2] = vector_new(type_timestamp(TYPE_TIMESTAMP, 3), 3);
    const char *texts[] = {"plain", "a,b \"c\"\nd", ""};
    for (u32 i = 0; i < 3; i++) {
        vector_data(&b->col[0], i32)[i] = (i32)i - 1;
        vector_set_str(&b->col[1], i, texts[i], (u32)strlen(texts[i]));
        vector_data(&b->col[2], i64)[i] = (i64)i * 61001000 - 1000;
    }
    vector_set_null(&b->col[0], 1);
    return b;
}

static const char sample_columns[] = "a INT, b STRING, c TIMESTAMP(3)";

/* What a run without state does at its end. */
static Status
sink_finish(const SinkDef *def, Sink *s, Err *err)
{
    StrBuf state = {0};
    Status st = def->barrier ? def->barrier(s, 1, true, &state, err) : ERR_OK;
    if (!st && def->sync) st = def->sync(s, 1, err);
    if (!st) st = def->commit(s, 1, err);
    strbuf_done(&state);
    return st;
}

/* Writes the sample twice; the status of the first call that fails. */
static Status
sample_write(Fixture *f, const char *settings, bool finish)
{
    ConnectorEnv env = {0};
    const TableSpec *spec = fixture_table(f, &env, sample_columns, settings);
    if (!spec) return errcode_status(f->err.code);
    Sink *s = NULL;
    const SinkDef *def = spec->connector->sink;
    Status st = def->open(spec, &env, &s, &f->err);
    if (st) return st;
    Batch *b = sample_batch();
    for (u32 i = 0; i < 2 && !st; i++) st = def->write(s, b, &f->err);
    if (!st && finish) st = sink_finish(def, s, &f->err);
    batch_free(b);
    def->close(s, false);
    return st;
}

static bool
file_is(const Fixture *f, const char *name, const char *expected)
{
    char got[4096] = "";
    FILE *in = fopen(fixture_path(f, name), "rb");
    if (!in) return false;
    size_t n = fread(got, 1, sizeof got - 1, in);
    fclose(in);
    got[n] = 0;
    if (strcmp(got, expected) != 0) fprintf(stderr, "got:\n%s\n", got);
    return strcmp(got, expected) == 0;
}

static u32
names_in(const Fixture *f, const char *dir)
{
    char command[200];
    snprintf(command, sizeof command, "ls -A '%s' | wc -l", fixture_path(f, dir));
    FILE *in = popen(command, "r");
    u32 n = 0;
    if (!in || fscanf(in, "%u", &n) != 1) abort();
    pclose(in);
    return n;
}

static void
files_appear_whole_or_not_at_all(void)
{
    Fixture f = fixture_open();
    const char *once = "-1,plain,1969-12-31 23:59:59.999\n"
                       ",\"a,b \"\"c\"\"\nd\",1970-01-01 00:01:01.000\n"
                       "1,,1970-01-01 00:02:02.001\n";
    char twice[1000];
    snprintf(twice, sizeof twice, "%s%s", once, once);
    CHECK(!sample_write(&f, path_setting(&f, "out.csv"), true) && file_is(&f, "out.csv", twice));
    CHECK_ROWS(&f, sample_columns, path_setting(&f, "out.csv"),
               "-1|plain|1969-12-31 23:59:59.999\nNULL|a,b \"c\"\nd|1970-01-01 00:01:01.000\n"
               "1||1970-01-01 00:02:02.001\n-1|plain|1969-12-31 23:59:59.999\n"
               "NULL|a,b \"c\"\nd|1970-01-01 00:01:01.000\n1||1970-01-01 00:02:02.001\n");
    fixture_file(&f, "kept.csv", "before\n");
    CHECK(!sample_write(&f, path_setting(&f, "kept.csv"), false) &&
          file_is(&f, "kept.csv", "before\n"));
    CHECK(names_in(&f, ".") == 2);
    CHECK(!sample_write(&f, path_setting(&f, "kept.csv"), true) && file_is(&f, "kept.csv", twice));

    mkdir(fixture_path(&f, "d"), 0777);
    CHECK(!sample_write(&f, path_setting(&f, "d"), true));
    CHECK(!sample_write(&f, path_setting(&f, "d/"), true) && names_in(&f, "d") == 2);
    CHECK(file_is(&f, "d/part-0.csv", twice) && file_is(&f, "d/part-1.csv", twice));
    CHECK(!sample_write(&f, path_setting(&f, "new/"), true) && names_in(&f, "new") == 1);
    CHECK(sample_write(&f, path_setting(&f, "none/x.csv"), true) && f.err.code == W4004);
    CHECK(sample_write(&f, path_setting(&f, "x.csv.gz"), true) && f.err.code == W2001);
    fixture_close(&f);
}

static void
csv_options_hold_for_writing(void)
{
    Fixture f = fixture_open();
    char settings[300];
    const char *path = path_setting(&f, "out.csv");
    snprintf(settings, sizeof settings, "%s;csv.header=true;csv.null-literal=plain", path);
    CHECK(!sample_write(&f, settings, true));
    CHECK_ROWS(&f, sample_columns, settings,
               "-1|plain|1969-12-31 23:59:59.999\nNULL|a,b \"c\"\nd|1970-01-01 00:01:01.000\n"
               "1||1970-01-01 00:02:02.001\n-1|plain|1969-12-31 23:59:59.999\n"
               "NULL|a,b \"c\"\nd|1970-01-01 00:01:01.000\n1||1970-01-01 00:02:02.001\n");
    snprintf(settings, sizeof settings, "%s;csv.disable-quote-character=true", path);
    CHECK(sample_write(&f, settings, true) && f.err.code == W3102);
    CHECK(strstr(f.err.text, "column \"b\": \"a,b \\\"c\\\"\\nd\" cannot be written") != NULL);
    fixture_close(&f);
}

static u64
next_random(u64 *state)
{
    u64 z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* What is written is value_print's text, and reads back as the same values. */
static void
written_values_are_the_printed_ones(void)
{
    enum { ROWS = 2000 };
    static const char types[] = "d DOUBLE, t TIMESTAMP(6), u TIMESTAMP(0), i BIGINT";
    Fixture f = fixture_open();
    ConnectorEnv env = {0};
    u64 seed = 5;
    Batch *b = batch_new(4, ROWS);
    b->col[0] = vector_new(type_of(TYPE_DOUBLE), ROWS);
    b->col[1] = vector_new(type_timestamp(TYPE_TIMESTAMP, 6), ROWS);
    b->col[2] = vector_new(type_timestamp(TYPE_TIMESTAMP, 0), ROWS);
    b->col[3] = vector_new(type_of(TYPE_BIGINT), ROWS);
    for (u32 i = 0; i < ROWS; i++) {
        static const f64 scale[] = {1, 10, 100, 1000, 1e5, 1e-9};
        f64 whole = (f64)(i64)(next_random(&seed) >> (34 + next_random(&seed) % 30));
        f64 value = whole / scale[next_random(&seed) % ARRAY_LEN(scale)];
        vector_data(&b->col[0], f64)[i] = next_random(&seed) % 2 ? value : -value;
        i64 us = (i64)(next_random(&seed) % 200000000000000000u) - 50000000000000000;
        vector_data(&b->col[1], i64)[i] = us;
        vector_data(&b->col[2], i64)[i] = (i64)i * 7000000 - 3600000000;
        vector_data(&b->col[3], i64)[i] = (i64)next_random(&seed);
    }
    const TableSpec *spec = fixture_table(&f, &env, types, "");
    Sink *sink;
    const SinkDef *def = spec->connector->sink;
    CHECK(!def->open(spec, &env, &sink, &f.err) && !def->write(sink, b, &f.err) &&
          !sink_finish(def, sink, &f.err));
    def->close(sink, false);
    StrBuf printed = {0};
    fixture_print(&printed, b);
    CHECK_ROWS(&f, types, "", printed.ptr);
    for (size_t i = 0; i < printed.len; i++)
        if (printed.ptr[i] == '|') printed.ptr[i] = ',';
    FILE *in = fopen(fixture_path(&f, "a.csv"), "rb");
    char *got = mem_zalloc(printed.len + 2);
    CHECK(fread(got, 1, printed.len + 1, in) == printed.len && strcmp(got, printed.ptr) == 0);
    fclose(in);
    mem_free(got);
    strbuf_done(&printed);
    batch_free(b);
    fixture_close(&f);
}

/* Two workers: fetches one at a time, decoding side by side. */
typedef struct Team {
    Opened *opened;
    pthread_mutex_t mutex;
    bool ended;
    u64 rows;
    u64 sum;
    u32 failures;
} Team;

static void *
team_work(void *arg)
{
    Team *t = arg;
    const SourceDef *def = t->opened->def;
    Err err;
    Reader *r;
    u64 sum = 0;
    u32 failures = def->reader_open(t->opened->s, &r, &err) != ERR_OK;
    for (bool more = true; more;) {
        FetchResult result = FETCH_END;
        Chunk *c = NULL;
        pthread_mutex_lock(&t->mutex);
        if (!t->ended) failures += def->fetch(t->opened->s, 0, &result, &c, &err) != ERR_OK;
        t->ended |= result == FETCH_END;
        pthread_mutex_unlock(&t->mutex);
        more = result == FETCH_CHUNK;
        for (Batch *b = NULL; more; batch_free(b)) {
            failures += def->decode(r, c, &b, &err) != ERR_OK;
            if (!b) break;
            for (u32 i = 0; i < b->rows; i++) sum += (u64)vector_data(&b->col[0], i32)[i];
            for (u32 i = 0; i < b->rows; i++) sum += vector_data(&b->col[1], StrView)[i].len;
        }
        def->chunk_free(t->opened->s, c);
    }
    pthread_mutex_lock(&t->mutex);
    t->rows += def->counts(r)->rows;
    t->sum += sum;
    t->failures += failures;
    pthread_mutex_unlock(&t->mutex);
    def->reader_close(r);
    return NULL;
}

static void
workers_decode_side_by_side(void)
{
    enum { ROWS = 20000, WORKERS = 3 };
    Fixture f = fixture_open();
    Opened o;
    StrBuf text = {0};
    u64 sum = 0;
    for (u32 i = 0; i < ROWS; i++) {
        size_t before = text.len;
        strbuf_printf(&text, "%u,\"a text, number %u\"\n", i, i);
        sum += i + text.len - before - 2 - (u32)snprintf(NULL, 0, "%u,\"", i);
    }
    fixture_bytes(&f, "a.csv", text.ptr, text.len);
    CHECK(opened_make(&f, "source.block-bytes=2000", &o));
    Team team = {.opened = &o};
    pthread_mutex_init(&team.mutex, NULL);
    pthread_t threads[WORKERS];
    for (u32 i = 0; i < WORKERS; i++)
        if (pthread_create(&threads[i], NULL, team_work, &team) != 0) abort();
    for (u32 i = 0; i < WORKERS; i++) pthread_join(threads[i], NULL);
    CHECK(team.rows == ROWS && team.sum == sum && team.failures == 0);
    pthread_mutex_destroy(&team.mutex);
    o.def->close(o.s);
    strbuf_done(&text);
    fixture_close(&f);
}

static void
full_disks_are_told_apart(void)
{
    Fixture f = fixture_open();
    if (access("/dev/full", W_OK) == 0) {
        CHECK(sample_write(&f, "path=/dev/full", true) && f.err.code == W7002);
        CHECK(status_exit(errcode_status(W7002)) == 7);
    }
    fixture_close(&f);
}

/* What f writes to descriptor 1 while `settings` says where the sample goes. */
static void
stdout_check(const char *settings, const char *expected)
{
    Fixture f = fixture_open();
    int saved = dup(STDOUT_FILENO);
    fflush(NULL);
    int fd = open(fixture_path(&f, "stdout"), O_WRONLY | O_CREAT, 0666);
    CHECK(dup2(fd, STDOUT_FILENO) == STDOUT_FILENO);
    CHECK(!sample_write(&f, settings, true));
    CHECK(dup2(saved, STDOUT_FILENO) == STDOUT_FILENO);
    close(fd);
    close(saved);
    CHECK(file_is(&f, "stdout", expected));
    fixture_close(&f);
}

static void
rows_go_to_standard_output(void)
{
    const char *printed = "x> +I[-1, plain, 1969-12-31T23:59:59.999]\n"
                          "x> +I[null, a,b \"c\"\nd, 1970-01-01T00:01:01]\n"
                          "x> +I[1, , 1970-01-01T00:02:02.001]\n"
                          "x> +I[-1, plain, 1969-12-31T23:59:59.999]\n"
                          "x> +I[null, a,b \"c\"\nd, 1970-01-01T00:01:01]\n"
                          "x> +I[1, , 1970-01-01T00:02:02.001]\n";
    ConnectorEnv env = {0};
    Fixture f = fixture_open();
    CHECK(!fixture_table(&f, &env, columns, "connector=print") && f.err.code == W2012);
    fixture_close(&f);
    stdout_check("path=-", "-1,plain,1969-12-31 23:59:59.999\n"
                           ",\"a,b \"\"c\"\"\nd\",1970-01-01 00:01:01.000\n"
                           "1,,1970-01-01 00:02:02.001\n"
                           "-1,plain,1969-12-31 23:59:59.999\n"
                           ",\"a,b \"\"c\"\"\nd\",1970-01-01 00:01:01.000\n"
                           "1,,1970-01-01 00:02:02.001\n");
    stdout_check("only:connector=print;print-identifier=x", printed);
    stdout_check("only:connector=blackhole", "");
}

TESTS(TEST(folders_and_globs_are_sorted_and_skip_hidden_names), TEST(what_cannot_be_read_is_said),
      TEST(compressed_files_are_read_whole_or_refused), TEST(files_that_change_are_refused),
      TEST(many_files_need_few_descriptors), TEST(rewound_partitions_begin_again),
      TEST(standard_input_is_a_partition), TEST(metadata_comes_from_the_file),
      TEST(tables_are_refused_with_the_nearest_name), TEST(option_values_are_parsed_as_flink_does),
      TEST(files_appear_whole_or_not_at_all), TEST(csv_options_hold_for_writing),
      TEST(written_values_are_the_printed_ones), TEST(workers_decode_side_by_side),
      TEST(full_disks_are_told_apart), TEST(rows_go_to_standard_output))
