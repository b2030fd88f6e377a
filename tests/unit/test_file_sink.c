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

TESTS(TEST(cut_off_anywhere_every_row_comes_once))
