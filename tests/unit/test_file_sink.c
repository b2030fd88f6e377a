/* test_file_sink.c - file sinks over epochs: runs cut off anywhere, folders by partition, rolling.
 *
 * A schedule drives one sink through write, barrier, sync, the decision and commit, and drops it at
 * a random place between two calls, as a kill would. A power failure is played too: what was not
 * synced is cut at a random length, and files that were never synced may be gone. Then the next
 * start restores, until the input has ended. What sources would see must be every row once. */
#include "base/batch.h"
#include "base/rng.h"
#include "tests/unit/table_fixture.h"

#include <dirent.h>
#include <fcntl.h>

/* ---- folders --------------------------------------------------------------------------------- */

typedef struct Seen {
    char path[300];
    off_t size;
} Seen;

typedef struct Folder {
    Seen at[400];
    u32 n;
} Folder;

static void
folder_list(Folder *f, const char *dir, u32 depth)
{
    DIR *d = opendir(dir);
    if (!d) return;
    for (struct dirent *e; (e = readdir(d));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        struct stat st;
        char path[300];
        if (snprintf(path, sizeof path, "%s/%s", dir, e->d_name) >= (int)sizeof path) abort();
        if (stat(path, &st) != 0) abort();
        if (S_ISDIR(st.st_mode)) {
            if (depth < 3) folder_list(f, path, depth + 1);
            continue;
        }
        if (f->n == ARRAY_LEN(f->at)) abort();
        memcpy(f->at[f->n].path, path, sizeof path);
        f->at[f->n++].size = st.st_size;
    }
    closedir(d);
}

static bool
hidden(const char *path)
{
    return strrchr(path, '/')[1] == '.';
}

static u32
count_files(const char *dir, bool want_hidden)
{
    Folder *f = mem_make(Folder);
    folder_list(f, dir, 0);
    u32 n = 0;
    for (u32 i = 0; i < f->n; i++) n += hidden(f->at[i].path) == want_hidden;
    mem_free(f);
    return n;
}

/* How often each id stands in the visible files; false if a line is no row of ours. */
static bool
visible_ids(const char *dir, u32 *seen, u32 total)
{
    Folder *f = mem_make(Folder);
    folder_list(f, dir, 0);
    bool good = true;
    for (u32 i = 0; i < f->n; i++) {
        if (hidden(f->at[i].path)) continue;
        FILE *in = fopen(f->at[i].path, "r");
        char line[100];
        while (in && fgets(line, sizeof line, in)) {
            u32 id, k = 0;
            if (strncmp(line, "id,", 3) == 0) continue;
            bool row = sscanf(line, "%u,row %u", &id, &k) == 2 && id < total && k == id * 7;
            good &= row && line[strlen(line) - 1] == '\n';
            if (row) seen[id]++;
        }
        if (in) fclose(in);
    }
    mem_free(f);
    return good;
}

/* ---- a schedule ------------------------------------------------------------------------------ */

enum { TOTAL = 90 };

typedef struct Play {
    Fixture *f;
    const TableSpec *table;
    const SinkDef *def;
    ConnectorEnv env;
    Rng rng;
    Folder *synced; /* what a power failure cannot take */
    Sink *sink;
    StrBuf described; /* of the last decided epoch */
    u32 decided;      /* rows in it */
    u32 at;           /* rows written */
    u32 kills;
    bool ended;
} Play;

static Batch *
rows_batch(const TableSpec *table, u32 from, u32 n)
{
    Batch *b = batch_new(table->nfields, n);
    b->col[0] = vector_new(type_of(TYPE_INT), n);
    b->col[1] = vector_new(type_string(), n);
    if (table->nfields > 2) b->col[2] = vector_new(type_of(TYPE_INT), n);
    for (u32 i = 0; i < n; i++) {
        char text[30];
        u32 id = from + i;
        int len = snprintf(text, sizeof text, "row %u", id * 7);
        vector_data(&b->col[0], i32)[i] = (i32)id;
        vector_set_str(&b->col[1], i, text, (u32)len);
        if (table->nfields > 2) vector_data(&b->col[2], i32)[i] = (i32)(id * 5 % 4);
    }
    return b;
}

static bool
strike(Play *p)
{
    return rng_below(&p->rng, 12) == 0;
}

static void
write_some(Play *p)
{
    u32 times = (u32)rng_below(&p->rng, 3);
    for (u32 i = 0; i < times && p->at < TOTAL; i++) {
        u32 n = 1 + (u32)rng_below(&p->rng, MIN(8, TOTAL - p->at));
        Batch *b = rows_batch(p->table, p->at, n);
        CHECK(!p->def->write(p->sink, b, &p->f->err));
        batch_free(b);
        p->at += n;
    }
}

/* One epoch; false when it was struck. */
static bool
play_epoch(Play *p)
{
    StrBuf state = {0};
    write_some(p);
    if (strike(p)) return false;
    bool last = p->at == TOTAL;
    u32 rows = p->at;
    CHECK(!p->def->barrier(p->sink, 1, last, &state, &p->f->err));
    if (!last) write_some(p);
    bool struck = strike(p);
    if (!struck) {
        CHECK(!p->def->sync(p->sink, 1, &p->f->err));
        p->synced->n = 0;
        folder_list(p->synced, p->f->dir, 0);
        struck = strike(p);
    }
    if (struck) {
        strbuf_done(&state);
        return false;
    }
    strbuf_done(&p->described);
    p->described = state;
    p->decided = rows;
    p->ended = last;
    if (!last) write_some(p);
    if (strike(p)) return false;
    CHECK(!p->def->commit(p->sink, 1, &p->f->err));
    if (!last) write_some(p);
    return !strike(p);
}

/* What is not on disk may be lost: hidden files are cut, or gone when nothing of them was synced.
 */
static void
power_fails(Play *p)
{
    Folder *now = mem_make(Folder);
    folder_list(now, p->f->dir, 0);
    for (u32 i = 0; i < now->n; i++) {
        if (!hidden(now->at[i].path)) continue;
        off_t least = -1;
        for (u32 k = 0; k < p->synced->n; k++)
            if (strcmp(p->synced->at[k].path, now->at[i].path) == 0) least = p->synced->at[k].size;
        if (least < 0 && rng_below(&p->rng, 2)) {
            CHECK(unlink(now->at[i].path) == 0);
            continue;
        }
        least = MAX(least, 0);
        off_t left = least + (off_t)rng_below(&p->rng, (u64)(now->at[i].size - least) + 1);
        CHECK(truncate(now->at[i].path, left) == 0);
    }
    mem_free(now);
}

static void
play(Play *p)
{
    bool over = false;
    for (u32 starts = 0; !over && check_failures == 0; starts++) {
        CHECK(starts < 1000);
        Status st = p->def->open(p->table, &p->env, &p->sink, &p->f->err);
        if (!st && p->described.len)
            st = p->def->restore(p->sink, strbuf_view(&p->described), &p->f->err);
        if (st) fprintf(stderr, "%s: %s\n", errcode_name(p->f->err.code), p->f->err.text);
        CHECK(!st);
        p->at = p->decided;
        p->synced->n = 0; /* the decided lengths were */
        if (p->described.len) folder_list(p->synced, p->f->dir, 0);
        over = p->ended; /* restore() did what was left */
        bool running = true;
        while (running && !p->ended) running = play_epoch(p);
        over |= running;
        p->kills += !over;
        p->def->close(p->sink, true);
        if (!over && rng_below(&p->rng, 2)) power_fails(p);
    }
}

typedef struct Shape {
    const char *columns, *settings;
    const char *path;
    bool partitioned;
} Shape;

static const Shape shapes[] = {
    {"id INT, s STRING", "csv.header=true", "out.csv", false},
    {"id INT, s STRING", "sink.rolling-policy.file-size=100", "out/", false},
    {"id INT, s STRING", "csv.header=true;sink.rolling-policy.file-size=300", "out/", false},
    {"id INT, s STRING, k INT", "sink.rolling-policy.file-size=90", "out/", true},
    {"id INT, s STRING, k INT",
     "sink.rolling-policy.rollover-interval=1 ms;"
     "sink.rolling-policy.check-interval=0",
     "out/", true},
};

/* In memory where there is such a place: thousands of fsyncs. */
static Fixture
quick_open(void)
{
    Fixture f = fixture_open();
    char quick[] = "/dev/shm/weir-test-XXXXXX";
    if (!mkdtemp(quick)) return f;
    CHECK(rmdir(f.dir) == 0);
    memcpy(f.dir, quick, sizeof quick);
    return f;
}

static void
schedule(const Shape *shape, u64 seed, u32 *ret_kills)
{
    Fixture f = quick_open();
    Play p = {.f = &f, .rng = rng_seed(seed), .synced = mem_make(Folder)};
    p.env.job = "a job#3";
    char settings[300];
    snprintf(settings, sizeof settings, "path=%s/%s;%s", f.dir, shape->path, shape->settings);
    TableSpec *table = fixture_table(&f, &p.env, shape->columns, settings);
    u32 by[] = {2};
    CHECK(table != NULL);
    if (shape->partitioned) CHECK(!table_spec_partition(f.arena, table, by, 1, &f.err));
    p.table = table;
    p.def = table->connector->sink;
    u32 before = check_failures;
    play(&p);
    u32 seen[TOTAL] = {0}, lost = 0, doubled = 0;
    CHECK(visible_ids(f.dir, seen, TOTAL));
    for (u32 i = 0; i < TOTAL; i++) {
        lost += seen[i] == 0;
        doubled += seen[i] > 1;
    }
    CHECK(lost == 0);
    CHECK(doubled == 0);
    CHECK(count_files(f.dir, true) == 0);
    if (check_failures > before)
        fprintf(stderr, "seed %llu, %s: %u lost, %u doubled\n", (unsigned long long)seed,
                shape->settings, lost, doubled);
    *ret_kills += p.kills;
    strbuf_done(&p.described);
    mem_free(p.synced);
    fixture_close(&f);
}

static void
cut_off_anywhere_every_row_comes_once(void)
{
    u32 kills = 0;
    for (u64 seed = 1; seed <= 1000 && check_failures == 0; seed++)
        schedule(&shapes[seed % ARRAY_LEN(shapes)], seed, &kills);
    CHECK(kills > 1000);
}

/* ---- one sink -------------------------------------------------------------------------------- */

typedef struct Written {
    Fixture *f;
    ConnectorEnv env;
    TableSpec *table;
    const SinkDef *def;
    Sink *sink;
} Written;

static Status
written_open(Fixture *f, const char *columns, const char *settings, const u32 *by, u32 nby,
             const char *job, Written *ret)
{
    *ret = (Written){.f = f, .env = {.job = job}};
    ret->table = fixture_table(f, &ret->env, columns, settings);
    if (!ret->table) return errcode_status(f->err.code);
    Status st = table_spec_partition(f->arena, ret->table, by, nby, &f->err);
    ret->def = ret->table->connector->sink;
    return st ? st : ret->def->open(ret->table, &ret->env, &ret->sink, &f->err);
}

static Status
written_epoch(Written *w, bool last, StrBuf *state)
{
    StrBuf own = {0};
    strbuf_clear(state ? state : &own);
    Status st = w->def->barrier(w->sink, 1, last, state ? state : &own, &w->f->err);
    if (!st) st = w->def->sync(w->sink, 1, &w->f->err);
    if (!st) st = w->def->commit(w->sink, 1, &w->f->err);
    strbuf_done(&own);
    return st;
}

static const char *
folder_setting(const Fixture *f, const char *more)
{
    StrBuf s = {0};
    strbuf_printf(&s, "path=%s/out/%s%s", f->dir, *more ? ";" : "", more);
    const char *copy = arena_copy(f->arena, s.ptr, s.len);
    strbuf_done(&s);
    return copy;
}

/* Values that a path could misread, NULL, the empty text; what is read back is what was written,
 * but for the empty text, which Hive's folders cannot tell from NULL. */
static void
partition_folders_hold_any_value(void)
{
    static const char types[] = "a INT, s STRING, d DATE, b BOOLEAN";
    static const char *const texts[] = {"plain", "a/b",       "..",      "x=y%2F",
                                        "",      "tab\there", "\xc3\xa4"};
    enum { ROWS = ARRAY_LEN(texts) + 1 };
    Fixture f = fixture_open();
    Written w;
    u32 by[] = {1, 3, 2};
    const char *settings = folder_setting(&f, "csv.header=true");
    CHECK(!written_open(&f, types, settings, by, 3, NULL, &w));
    Batch *b = batch_new(4, ROWS);
    b->col[0] = vector_new(type_of(TYPE_INT), ROWS);
    b->col[1] = vector_new(type_string(), ROWS);
    b->col[2] = vector_new(type_of(TYPE_DATE), ROWS);
    b->col[3] = vector_new(type_of(TYPE_BOOLEAN), ROWS);
    for (u32 i = 0; i < ROWS; i++) {
        vector_data(&b->col[0], i32)[i] = (i32)i;
        vector_data(&b->col[2], i32)[i] = 19000;
        vector_data(&b->col[3], u8)[i] = 1;
        if (i < ARRAY_LEN(texts)) vector_set_str(&b->col[1], i, texts[i], (u32)strlen(texts[i]));
    }
    vector_set_null(&b->col[1], ROWS - 1);
    CHECK(!w.def->write(w.sink, b, &f.err) && !written_epoch(&w, true, NULL));
    w.def->close(w.sink, false);
    batch_free(b);
    CHECK(access(fixture_path(&f, "out/s=a%2Fb/b=TRUE/d=2022-01-08/part-0.csv"), F_OK) == 0);
    CHECK(access(fixture_path(&f, "out/s=__HIVE_DEFAULT_PARTITION__/b=TRUE/d=2022-01-08/"
                                  "part-0.csv"),
                 F_OK) == 0);
    CHECK(count_files(fixture_path(&f, "out"), false) == ARRAY_LEN(texts));

    u32 numbers[] = {3, 2, 1, 0};
    SourceWant want = {.table = w.table, .fields = numbers, .nfields = 4, .batch_rows = 1000};
    want.env = &w.env;
    Source *s;
    u64 applied;
    CHECK(!w.table->connector->source->open(&want, &s, &applied, &f.err));
    strbuf_clear(&f.rows);
    CHECK(!fixture_scan(&f, w.table->connector->source, s));
    w.table->connector->source->close(s);
    const char *expected = "TRUE|2022-01-08|..|2\nTRUE|2022-01-08|NULL|4\nTRUE|2022-01-08|NULL|7\n"
                           "TRUE|2022-01-08|a/b|1\nTRUE|2022-01-08|plain|0\n"
                           "TRUE|2022-01-08|tab\there|5\nTRUE|2022-01-08|x=y%2F|3\n"
                           "TRUE|2022-01-08|\xc3\xa4|6\n";
    CHECK(strcmp(f.rows.ptr, expected) == 0);
    if (strcmp(f.rows.ptr, expected) != 0) fprintf(stderr, "%s", f.rows.ptr);
    fixture_close(&f);
}

/* More folders than may be open: the one used longest ago is finished for another, no row is lost,
 * and no more descriptors are used. */
static void
many_partitions_need_few_descriptors(void)
{
    enum { FOLDERS = 150, ROWS = 1500 };
    Fixture f = quick_open();
    Written w;
    u32 by[] = {1}, most = 0;
    CHECK(!written_open(&f, "a INT, k INT", folder_setting(&f, ""), by, 1, NULL, &w));
    for (u32 round = 0; round < 2; round++) {
        Batch *b = batch_new(2, ROWS);
        b->col[0] = vector_new(type_of(TYPE_INT), ROWS);
        b->col[1] = vector_new(type_of(TYPE_INT), ROWS);
        for (u32 i = 0; i < ROWS; i++) {
            vector_data(&b->col[0], i32)[i] = (i32)(round * ROWS + i);
            vector_data(&b->col[1], i32)[i] = (i32)(i * 7 % FOLDERS);
        }
        CHECK(!w.def->write(w.sink, b, &f.err));
        batch_free(b);
        u32 open = 0;
        for (int fd = 3; fd < 400; fd++) open += fcntl(fd, F_GETFD) >= 0;
        most = MAX(most, open);
    }
    CHECK(most > 32 && most < 80);
    CHECK(!written_epoch(&w, true, NULL));
    w.def->close(w.sink, false);
    CHECK(!fixture_read(&f, "a INT", folder_setting(&f, "")));
    bool seen[2 * ROWS] = {false};
    u32 rows = 0;
    for (const char *at = f.rows.ptr; at && *at; at = strchr(at, '\n') + 1) {
        u32 id = (u32)strtoul(at, NULL, 10);
        CHECK(id < 2 * ROWS && !seen[id]);
        seen[MIN(id, 2 * ROWS - 1)] = true;
        rows++;
    }
    CHECK(rows == 2 * ROWS);
    fixture_close(&f);
}

/* Hidden files of other sinks stay, and visible ones are never replaced. */
static void
what_is_not_its_own_is_left_alone(void)
{
    Fixture f = fixture_open();
    Written one, two;
    StrBuf state = {0};
    const char *settings = folder_setting(&f, ""), *out = fixture_path(&f, "out");
    CHECK(!written_open(&f, "id INT, s STRING", settings, NULL, 0, "one", &one));
    CHECK(!written_open(&f, "id INT, s STRING", settings, NULL, 0, "two", &two));
    Batch *b = rows_batch(one.table, 0, 10);
    CHECK(!one.def->write(one.sink, b, &f.err) && !two.def->write(two.sink, b, &f.err));
    CHECK(!written_epoch(&one, false, &state) && !written_epoch(&two, false, NULL));
    CHECK(count_files(out, true) == 2 && count_files(out, false) == 0);
    one.def->close(one.sink, true);
    /* Begins anew, knowing nothing: its old file goes, the other's stays. */
    CHECK(!written_open(&f, "id INT, s STRING", settings, NULL, 0, "one", &one));
    CHECK(!written_epoch(&one, false, NULL) && count_files(out, true) == 1);
    one.def->close(one.sink, true);
    CHECK(!written_open(&f, "id INT, s STRING", settings, NULL, 0, "one", &one));
    CHECK(one.def->restore(one.sink, strbuf_view(&state), &f.err) && f.err.code == W5001);
    one.def->close(one.sink, true);
    CHECK(!written_epoch(&two, true, NULL));
    two.def->close(two.sink, true);
    CHECK(count_files(out, true) == 0 && count_files(out, false) == 1);

    CHECK(!written_open(&f, "id INT, s STRING", settings, NULL, 0, NULL, &one));
    CHECK(!written_open(&f, "id INT, s STRING", settings, NULL, 0, NULL, &two));
    CHECK(!one.def->write(one.sink, b, &f.err) && !two.def->write(two.sink, b, &f.err));
    CHECK(!written_epoch(&one, true, NULL) && !written_epoch(&two, true, NULL));
    one.def->close(one.sink, false);
    two.def->close(two.sink, false);
    CHECK(count_files(out, false) == 3);
    CHECK(access(fixture_path(&f, "out/part-0.csv"), F_OK) == 0);
    CHECK(access(fixture_path(&f, "out/part-1.csv"), F_OK) == 0);
    strbuf_done(&state);
    batch_free(b);
    fixture_close(&f);
}

static void
shorter_files_are_told(void)
{
    Fixture f = fixture_open();
    Written w;
    StrBuf state = {0};
    char path[200], tmp[300];
    snprintf(path, sizeof path, "path=%s/out.csv", f.dir);
    CHECK(!written_open(&f, "id INT, s STRING", path, NULL, 0, "j", &w));
    Batch *b = rows_batch(w.table, 0, 10);
    CHECK(!w.def->write(w.sink, b, &f.err) && !written_epoch(&w, false, &state));
    w.def->close(w.sink, true);
    Folder *now = mem_make(Folder);
    folder_list(now, f.dir, 0);
    CHECK(now->n == 1 && hidden(now->at[0].path) && now->at[0].size > 50);
    snprintf(tmp, sizeof tmp, "%s", now->at[0].path);
    CHECK(truncate(tmp, 40) == 0);
    CHECK(!written_open(&f, "id INT, s STRING", path, NULL, 0, "j", &w));
    CHECK(w.def->restore(w.sink, strbuf_view(&state), &f.err) && f.err.code == W5001);
    CHECK(strstr(f.err.text, "holds 40 bytes") != NULL);
    w.def->close(w.sink, true);
    char other[200];
    snprintf(other, sizeof other, "path=%s/other.csv", f.dir);
    CHECK(!written_open(&f, "id INT, s STRING", other, NULL, 0, "j", &w));
    CHECK(w.def->restore(w.sink, strbuf_view(&state), &f.err) && f.err.code == W5005);
    w.def->close(w.sink, true);
    mem_free(now);
    strbuf_done(&state);
    batch_free(b);
    fixture_close(&f);
}

/* Descriptions that are none: nothing outside the sink's folder is touched. */
static void
damaged_descriptions_do_no_harm(void)
{
    Fixture f = quick_open();
    Written w;
    StrBuf state = {0};
    Rng rng = rng_seed(8);
    u32 by[] = {2}, refused = 0;
    const char *settings = folder_setting(&f, ""), *columns = "id INT, s STRING, k INT";
    CHECK(!written_open(&f, columns, settings, by, 1, "j", &w));
    Batch *b = rows_batch(w.table, 0, 30);
    CHECK(!w.def->write(w.sink, b, &f.err));
    strbuf_clear(&state);
    CHECK(!w.def->barrier(w.sink, 1, false, &state, &f.err));
    w.def->close(w.sink, true);
    fixture_file(&f, "kept", "outside");
    for (u32 i = 0; i < 1000; i++) {
        char *bytes = mem_strdup(state.ptr, state.len);
        size_t len = i % 4 ? state.len : rng_below(&rng, state.len);
        for (u32 k = 0; k < 2; k++)
            bytes[rng_below(&rng, state.len)] ^= (char)(1 << rng_below(&rng, 8));
        if (i % 5 == 0) { /* up and out of the folder */
            char *dir = memmem(bytes, state.len, "k=1/", 4);
            if (dir) memcpy(dir, "../k", 4);
        }
        CHECK(!written_open(&f, columns, settings, by, 1, "j", &w));
        Status st = w.def->restore(w.sink, (Str){bytes, (u32)len}, &f.err);
        refused += st != ERR_OK;
        CHECK(st || len > 0 || i % 4 == 0);
        w.def->close(w.sink, true);
        mem_free(bytes);
    }
    CHECK(refused > 900);
    CHECK(access(fixture_path(&f, "kept"), F_OK) == 0);
    CHECK(access(fixture_path(&f, "k"), F_OK) != 0);
    strbuf_done(&state);
    batch_free(b);
    fixture_close(&f);
}

static void
the_source_partition_is_written(void)
{
    Fixture f = fixture_open();
    Written w;
    const char *settings = folder_setting(&f, "sink.partition-column=k");
    CHECK(!written_open(&f, "id INT, s STRING, k INT", settings, NULL, 0, NULL, &w));
    for (u32 p = 0; p < 3; p++) {
        Batch *b = rows_batch(w.table, p, 1);
        b->partition = 40 + p;
        CHECK(!w.def->write(w.sink, b, &f.err));
        batch_free(b);
    }
    CHECK(!written_epoch(&w, true, NULL));
    w.def->close(w.sink, false);
    CHECK_ROWS(&f, "id INT, s STRING, k INT", folder_setting(&f, ""),
               "0|row 0|40\n1|row 7|41\n2|row 14|42\n");
    fixture_close(&f);
}

TESTS(TEST(cut_off_anywhere_every_row_comes_once), TEST(partition_folders_hold_any_value),
      TEST(many_partitions_need_few_descriptors), TEST(what_is_not_its_own_is_left_alone),
      TEST(shorter_files_are_told), TEST(damaged_descriptions_do_no_harm),
      TEST(the_source_partition_is_written))
