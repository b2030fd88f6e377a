/* test_spill.c - panes in layers of files: what is read back is what went in, in order, whatever
 * was frozen when; by epoch, by number of subtasks, from damaged files and onto full disks. */
#include "exec/state/pane_body.h"
#include "exec/state/spill.h"
#include "tests/unit/pane_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static Spill *
spill_make(Fixture *f, bool named, u32 subtask, bool by_key)
{
    SpillSpec spec = {.shape = &f->shape, .op = OP, .subtask = subtask, .by_key = by_key};
    spec.folder = named ? f->folder : NULL;
    return spill_new(&spec);
}

/* All groups of an id, in the order in which they are read, as one pane with an index. */
static Status
read_all(Fixture *f, Spill *s, const Pane *live, PaneId id, bool by_key, Pane **ret, Err *err)
{
    SpillRead *r = NULL;
    Pane *part = NULL, *all = pane_new(&f->shape, id);
    Status st = spill_read_new(s, live, id, &r, err);
    while (st == ERR_OK && (st = spill_read_next(r, &part, err)) == ERR_OK && part) {
        u32 before = pane_rows(all);
        pane_merge(all, part);
        CHECK(pane_rows(all) == before + pane_rows(part)); /* each group once */
        u32 last = pane_rows(all);
        for (u32 i = MAX(before, 1u); by_key && i < last; i++) {
            CHECK(pane_row_cmp(f->shape.layout, pane_row(all, i - 1), pane_row(all, i)) < 0);
        }
        pane_unref(part);
    }
    spill_read_free(r);
    *ret = all;
    return st;
}

static void
check_same(Fixture *f, Spill *s, const Pane *live, const Pane *want, bool by_key)
{
    Err err;
    Pane *got = NULL;
    CHECK(read_all(f, s, live, pane_id(want), by_key, &got, &err) == ERR_OK);
    StrBuf a = {0}, b = {0};
    pane_print(f, want, &a);
    pane_print(f, got, &b);
    CHECK(str_eq(strbuf_view(&a), strbuf_view(&b)));
    strbuf_done(&a);
    strbuf_done(&b);
    pane_unref(got);
}

/* The same rows into `whole`, and into a pane that is frozen now and then. */
typedef struct Grown {
    Pane *whole, *live;
} Grown;

static Grown
grow(Fixture *f, Spill *s, PaneId id, u32 batches)
{
    Grown g = {pane_new(&f->shape, id), pane_new(&f->shape, id)};
    Err err;
    for (u32 i = 0; i < batches; i++) {
        Pane *some = pane_new(&f->shape, id);
        add_rows(f, some, 1 + (u32)rng_below(&f->rng, 4000), 1 + (u32)rng_below(&f->rng, 2000));
        pane_merge(g.whole, some);
        pane_merge(g.live, some);
        pane_unref(some);
        if (rng_below(&f->rng, 3)) continue;
        CHECK(spill_pane(s, g.live, &err) == ERR_OK);
        pane_unref(g.live);
        g.live = pane_new(&f->shape, id);
    }
    return g;
}

static void
grown_done(Grown *g)
{
    pane_unref(g->whole);
    pane_unref(g->live);
}

static void
layers_and_the_live_pane_are_one(void)
{
    for (u64 seed = 0; seed < 12; seed++) {
        Fixture f = fixture_new(seed % 3 == 0, seed);
        bool by_key = seed % 2;
        Spill *s = spill_make(&f, seed % 4 < 2, 0, by_key);
        Grown a = grow(&f, s, (PaneId){20, 10}, 14), b = grow(&f, s, (PaneId){10, 5}, 6);
        PaneId id;
        CHECK(spill_has(s, pane_id(a.whole)) && !spill_has(s, (PaneId){20, 11}));
        CHECK(!spill_id(s, 0, &id) || id.first_end_us == 10 || !spill_has(s, pane_id(b.whole)));
        check_same(&f, s, a.live, a.whole, by_key);
        check_same(&f, s, a.live, a.whole, by_key); /* reading changes nothing */
        check_same(&f, s, b.live, b.whole, by_key);
        spill_drop(s, pane_id(a.whole));
        CHECK(!spill_has(s, pane_id(a.whole)));
        check_same(&f, s, a.live, a.live, by_key);
        check_same(&f, s, b.live, b.whole, by_key);
        spill_drop(s, pane_id(b.whole));
        CHECK(spill_bytes(s) == 0 && !spill_id(s, 0, &id));
        spill_free(s);
        grown_done(&a);
        grown_done(&b);
        fixture_done(&f);
    }
}

static u32
spill_files(const Fixture *f)
{
    u32 n = 0;
    DIR *d = opendir(f->folder);
    assert(d);
    for (struct dirent *e; (e = readdir(d));) n += strncmp(e->d_name, "spill-", 6) == 0;
    (void)closedir(d);
    return n;
}

static void
save_layers(Fixture *f, Spill *s, u32 subtask)
{
    StateChanges changes = {0};
    StateWriter w = {.to = &changes, .op = OP, .subtask = (u16)subtask};
    Err err;
    CHECK(spill_save(s, &w, TABLE_SPILL, &err) == ERR_OK);
    CHECK(state_store_commit(f->store, ++f->epoch, changes.at, changes.len, NULL, 0, &err) ==
          ERR_OK);
    state_changes_done(&changes);
}

static Spill *
restore_layers(Fixture *f, u32 then, u32 subtask, u32 now, Status *ret_st, Err *err)
{
    Spill *s = spill_make(f, true, subtask, false);
    StateReader r = {.store = f->store, .op = OP, .subtasks_then = then};
    *ret_st = spill_restore(s, &r, TABLE_SPILL, now, err);
    return s;
}

/* What was spilled after the last save is not there after a restart; and files go when the epoch
 * that does not list them any more is decided. */
static void
layers_belong_to_epochs(void)
{
    Fixture f = fixture_new(false, 5);
    Spill *s = spill_make(&f, true, 0, false);
    Grown a = grow(&f, s, (PaneId){20, 10}, 12);
    Err err;
    CHECK(spill_pane(s, a.live, &err) == ERR_OK);
    save_layers(&f, s, 0);
    u64 bytes = spill_bytes(s);
    CHECK(spill_files(&f) == 1);
    CHECK(spill_pane(s, a.whole, &err) == ERR_OK); /* then it crashes */
    spill_free(s);
    char path[64];
    (void)snprintf(path, sizeof path, "%s/spill-%d-0-9", f.folder, OP);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    CHECK(fd >= 0 && spill_files(&f) == 2);
    (void)close(fd);
    Status st;
    s = restore_layers(&f, 1, 0, 1, &st, &err);
    CHECK(st == ERR_OK && spill_bytes(s) == bytes && spill_files(&f) == 1);
    check_same(&f, s, NULL, a.whole, false);
    Grown b = grow(&f, s, (PaneId){30, 20}, 5); /* goes on in the same file */
    CHECK(spill_pane(s, b.live, &err) == ERR_OK);
    check_same(&f, s, NULL, b.whole, false);
    check_same(&f, s, NULL, a.whole, false);
    save_layers(&f, s, 0);
    spill_drop(s, pane_id(a.whole));
    spill_drop(s, pane_id(b.whole));
    CHECK(spill_files(&f) == 1);
    save_layers(&f, s, 0);
    CHECK(spill_files(&f) == 1);
    save_layers(&f, s, 0);
    CHECK(spill_files(&f) == 0);
    spill_free(s);
    grown_done(&a);
    grown_done(&b);
    fixture_done(&f);
}

static void
another_number_of_subtasks_copies_its_share(void)
{
    enum { THEN = 2, NOW = 3 };
    Fixture f = fixture_new(false, 6);
    Pane *whole = pane_new(&f.shape, (PaneId){20, 10}),
         *source = pane_new(&f.shape, (PaneId){20, 10});
    add_rows(&f, whole, 3000, 2000);
    pane_merge(source, whole);
    pane_share(source, THEN);
    Err err;
    for (u32 i = 0; i < THEN; i++) {
        Spill *s = spill_make(&f, true, i, false);
        Pane *mine = pane_new(&f.shape, (PaneId){20, 10});
        pane_merge_share(mine, source, i);
        CHECK(spill_pane(s, mine, &err) == ERR_OK);
        save_layers(&f, s, i);
        pane_unref(mine);
        spill_free(s);
    }
    Pane *sum = pane_new(&f.shape, (PaneId){20, 10});
    Spill *s[NOW];
    u32 rows = 0;
    for (u32 i = 0; i < NOW; i++) {
        Status st;
        Pane *mine = NULL;
        s[i] = restore_layers(&f, THEN, i, NOW, &st, &err);
        CHECK(st == ERR_OK);
        CHECK(read_all(&f, s[i], NULL, (PaneId){20, 10}, false, &mine, &err) == ERR_OK);
        rows += pane_rows(mine);
        pane_merge(sum, mine);
        pane_unref(mine);
    }
    StrBuf want = {0}, got = {0};
    pane_print(&f, whole, &want);
    pane_print(&f, sum, &got);
    CHECK(rows == pane_rows(whole) && str_eq(strbuf_view(&want), strbuf_view(&got)));
    CHECK(spill_files(&f) == THEN + NOW);
    for (u32 epoch = 0; epoch < 2; epoch++) {
        for (u32 i = 0; i < NOW; i++) save_layers(&f, s[i], i);
    }
    CHECK(spill_files(&f) == NOW);
    for (u32 i = 0; i < NOW; i++) spill_free(s[i]);
    strbuf_done(&want);
    strbuf_done(&got);
    pane_unref(sum);
    pane_unref(source);
    pane_unref(whole);
    fixture_done(&f);
}

static void
a_damaged_file_is_found_out(void)
{
    u32 found = 0;
    for (u64 seed = 0; seed < 60; seed++) {
        Fixture f = fixture_new(seed % 2, seed);
        Spill *s = spill_make(&f, true, 0, false);
        Pane *p = pane_new(&f.shape, (PaneId){20, 10}), *back = NULL;
        add_rows(&f, p, 500, 500);
        Err err;
        CHECK(spill_pane(s, p, &err) == ERR_OK);
        save_layers(&f, s, 0);
        u64 bytes = spill_bytes(s);
        spill_free(s);
        char path[64];
        (void)snprintf(path, sizeof path, "%s/spill-%d-0-0", f.folder, OP);
        if (seed % 5 == 0) {
            CHECK(truncate(path, (off_t)rng_below(&f.rng, bytes)) == 0);
        } else {
            u8 byte = 0;
            off_t at = (off_t)rng_below(&f.rng, bytes);
            int fd = open(path, O_RDWR);
            CHECK(fd >= 0 && pread(fd, &byte, 1, at) == 1);
            byte ^= (u8)(1 << rng_below(&f.rng, 8));
            CHECK(pwrite(fd, &byte, 1, at) == 1);
            (void)close(fd);
        }
        Status st;
        s = restore_layers(&f, 1, 0, 1, &st, &err);
        if (st == ERR_OK) st = read_all(&f, s, NULL, (PaneId){20, 10}, false, &back, &err);
        found += st != ERR_OK && err.code == W5004;
        pane_unref(back);
        spill_free(s);
        pane_unref(p);
        fixture_done(&f);
    }
    CHECK(found == 60);
}

/* In a process of its own, because failpoints are read once. */
static void
a_full_disk_is_final(void)
{
    pid_t child = fork();
    assert(child >= 0);
    if (child == 0) {
        (void)setenv("WEIR_FAIL", "spill_write:2:enospc", 1);
        Fixture f = fixture_new(true, 1);
        Spill *s = spill_make(&f, false, 0, false);
        Pane *p = pane_new(&f.shape, (PaneId){0, 0});
        add_rows(&f, p, 100, 100);
        Err err, again;
        bool right = spill_pane(s, p, &err) == ERR_OK && spill_pane(s, p, &err) == ERR_LIMIT &&
                     err.code == W7002 && spill_pane(s, p, &again) == ERR_LIMIT &&
                     again.code == W7002;
        pane_unref(p);
        spill_free(s);
        fixture_done(&f);
        _exit(right ? 0 : 1);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TESTS(TEST(a_full_disk_is_final), TEST(layers_and_the_live_pane_are_one),
      TEST(layers_belong_to_epochs), TEST(another_number_of_subtasks_copies_its_share),
      TEST(a_damaged_file_is_found_out))
