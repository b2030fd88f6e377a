/* test_store.c - epochs against a model in memory, locks, readers beside a writer, damaged files.
 */
#include "base/mem.h"
#include "base/rng.h"
#include "exec/state/store.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- a folder, and children --------------------------------------------------------------------
 */

static char folder[64];

static const char *
folder_new(void)
{
    snprintf(folder, sizeof folder, "/tmp/weir-store-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    return folder;
}

static const char *
folder_file(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void
folder_drop(void)
{
    static const char *const names[] = {"data.mdb", "lock.mdb", "lock", "epoch", "copy"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) (void)unlink(folder_file(names[i]));
    CHECK(rmdir(folder) == 0);
}

/* The exit code of work() in a process of its own; 1000 + signal when it was killed. LMDB wants a
 * file opened once per process, and faults and limits belong to a process. */
static int
child_run(int (*work)(void))
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) _exit(work());
    int status = 0;
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

static StateStore *
store_get(StoreMode mode)
{
    StateStore *s = NULL;
    Err err = {0};
    Status st = state_store_open(folder, mode, &s, &err);
    if (st) fprintf(stderr, "%s\n", err.text);
    CHECK(st == ERR_OK);
    return s;
}

/* ---- a model ------------------------------------------------------------------------------------
 */

enum { MODEL_MAX = 4000, IMAGE_MAX = 20000 };

typedef struct ModelRecord {
    u32 op;
    u16 subtask;
    StateKey key;
    u8 fill;
    u32 len;
} ModelRecord;

typedef struct Model {
    ModelRecord at[MODEL_MAX];
    u32 n;
} Model;

static int
model_compare(const void *left, const void *right)
{
    const ModelRecord *a = left, *b = right;
    i64 x[] = {a->op, a->key.table, a->subtask, a->key.pane[0], a->key.pane[1], a->key.chunk};
    i64 y[] = {b->op, b->key.table, b->subtask, b->key.pane[0], b->key.pane[1], b->key.chunk};
    for (size_t i = 0; i < ARRAY_LEN(x); i++) {
        if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
    }
    return 0;
}

static bool
model_matches(const ModelRecord *r, const StoreChange *c)
{
    if (r->op != c->op || r->subtask != c->subtask) return false;
    if (c->kind == STORE_DELETE_TABLE) {
        return c->key.table == ANY_TABLE || c->key.table == r->key.table;
    }
    bool pane = r->key.table == c->key.table && r->key.pane[0] == c->key.pane[0] &&
                r->key.pane[1] == c->key.pane[1];
    return pane && (c->kind == STORE_DELETE_PANE || r->key.chunk == c->key.chunk);
}

static void
model_apply(Model *m, const StoreChange *c)
{
    u32 kept = 0;
    for (u32 i = 0; i < m->n; i++) {
        if (!model_matches(&m->at[i], c)) m->at[kept++] = m->at[i];
    }
    m->n = kept;
    if (c->kind != STORE_PUT) return;
    assert(m->n < MODEL_MAX);
    m->at[m->n++] = (ModelRecord){c->op, c->subtask, c->key, c->len ? c->image[0] : (u8)0, c->len};
}

typedef struct ModelWalk {
    const Model *model;
    u32 op, at;
    bool same;
} ModelWalk;

static Status
model_next(void *ctx, const StateRecord *r, Err *err)
{
    ModelWalk *w = ctx;
    (void)err;
    if (w->at == w->model->n) {
        w->same = false;
        return ERR_OK;
    }
    const ModelRecord *m = &w->model->at[w->at++];
    ModelRecord got = {w->op, (u16)r->subtask, r->key, m->fill, m->len};
    bool same = model_compare(m, &got) == 0 && r->image.len == m->len;
    for (u32 i = 0; same && i < m->len; i++) same = (u8)r->image.ptr[i] == m->fill;
    w->same &= same;
    return ERR_OK;
}

enum { MODEL_OPS = 3 };

static bool
model_same(Model *m, StateStore *s)
{
    Err err = {0};
    qsort(m->at, m->n, sizeof m->at[0], model_compare);
    ModelWalk w = {.model = m, .same = true};
    for (w.op = 0; w.op < MODEL_OPS; w.op++) {
        Status st = state_store_each(s, w.op, ANY_TABLE, model_next, &w, &err);
        if (st) fprintf(stderr, "%s\n", err.text);
        if (st) return false;
    }
    StoreCheck check;
    Status st = state_store_check(s, &check, &err);
    if (st) fprintf(stderr, "%s\n", err.text);
    return !st && w.same && w.at == m->n && check.records == m->n &&
           check.epoch == state_store_epoch(s);
}

static u8 images[256][IMAGE_MAX];

static StoreChange
change_random(Rng *rng)
{
    static const i64 panes[] = {INT64_MIN, -5, -1, 0, 1, 1000, INT64_MAX};
    StoreChange c = {.op = (u32)rng_below(rng, MODEL_OPS), .subtask = (u16)rng_below(rng, 2)};
    u64 dice = rng_below(rng, 100);
    c.kind = dice < 90 ? STORE_PUT : dice < 96 ? STORE_DELETE_PANE : STORE_DELETE_TABLE;
    c.key = (StateKey){(u16)rng_below(rng, 3),
                       {panes[rng_below(rng, ARRAY_LEN(panes))], panes[rng_below(rng, 3)]},
                       (u32)rng_below(rng, 9)};
    if (dice == 99) c.key.table = ANY_TABLE;
    if (c.kind != STORE_PUT) return c;
    u8 fill = (u8)rng_below(rng, 256);
    memset(images[fill], fill, IMAGE_MAX);
    c.image = images[fill];
    c.len = (u32)rng_below(rng, rng_below(rng, 3) ? 200 : IMAGE_MAX);
    return c;
}

static void
epochs_follow_a_model(void)
{
    folder_new();
    Rng rng = rng_seed(7);
    Model *m = mem_make(Model);
    StateStore *s = store_get(STORE_WRITE);
    Err err = {0};
    for (u64 epoch = 1; s && epoch <= 60; epoch++) {
        StoreChange changes[40];
        u32 n = (u32)rng_below(&rng, ARRAY_LEN(changes) + 1);
        for (u32 i = 0; i < n; i++) {
            changes[i] = change_random(&rng);
            model_apply(m, &changes[i]);
        }
        CHECK(state_store_commit(s, epoch, changes, n, NULL, 0, &err) == ERR_OK);
        CHECK(model_same(m, s));
        if (epoch % 7) continue;
        state_store_close(s);
        s = store_get(STORE_WRITE);
        CHECK(state_store_epoch(s) == epoch);
        CHECK(model_same(m, s));
    }
    state_store_close(s);
    mem_free(m);
    folder_drop();
}

/* ---- texts --------------------------------------------------------------------------------------
 */

static Status
names_add(void *ctx, Str name, Str value, Err *err)
{
    (void)err;
    strbuf_printf(ctx, "%.*s=%.*s;", STR_ARG(name), STR_ARG(value));
    return ERR_OK;
}

static void
metas_are_kept(void)
{
    folder_new();
    Err err = {0};
    StateStore *s = store_get(STORE_WRITE);
    StoreMeta first[] = {
        {STR("sql"), STR("SELECT")}, {STR("op.1"), STR("a")}, {STR("op.2"), STR("")}};
    StoreMeta second[] = {{STR("op.1"), STR("bb")}, {STR("op."), STR("c")}};
    CHECK(state_store_commit(s, 1, NULL, 0, first, 3, &err) == ERR_OK);
    state_store_note(s, STR("op.1"), STR("lost")); /* what the commit itself says comes later */
    state_store_note(s, STR("name"), STR("n"));
    CHECK(state_store_commit(s, 5, NULL, 0, second, 2, &err) == ERR_OK);
    state_store_close(s);

    s = store_get(STORE_READ);
    StrBuf text = {0};
    bool there;
    CHECK(state_store_epoch(s) == 5);
    CHECK(state_store_each_meta(s, STR("op."), names_add, &text, &err) == ERR_OK);
    CHECK(str_eq(strbuf_view(&text), STR("op.=c;op.1=bb;op.2=;")));
    strbuf_clear(&text);
    CHECK(state_store_meta(s, STR("sql"), &text, &there, &err) == ERR_OK && there);
    CHECK(str_eq(strbuf_view(&text), STR("SELECT")));
    strbuf_clear(&text);
    CHECK(state_store_meta(s, STR("name"), &text, &there, &err) == ERR_OK && there);
    CHECK(str_eq(strbuf_view(&text), STR("n")));
    CHECK(state_store_meta(s, STR("sq"), &text, &there, &err) == ERR_OK && !there);
    strbuf_done(&text);
    state_store_close(s);
    folder_drop();
}

/* ---- who may open -------------------------------------------------------------------------------
 */

static int
child_writes(void)
{
    StateStore *s = NULL;
    Err err = {0};
    char pid[32];
    snprintf(pid, sizeof pid, "process %d", (int)getppid());
    Status st = state_store_open(folder, STORE_WRITE, &s, &err);
    return st == ERR_FENCED && strstr(err.text, pid) ? 0 : 1;
}

static int
child_reads(void)
{
    StateStore *s = NULL;
    Err err = {0};
    StoreCheck check = {0};
    if (state_store_open(folder, STORE_READ, &s, &err)) return 1;
    int code = state_store_check(s, &check, &err) || check.epoch != 1 || check.records != 1;
    state_store_close(s);
    return code;
}

static void
one_writer_many_readers(void)
{
    folder_new();
    Err err = {0};
    StateStore *none = NULL;
    CHECK(state_store_open(folder, STORE_READ, &none, &err) == ERR_REMOTE && !none);
    StateStore *s = store_get(STORE_WRITE);
    StoreChange put = {.kind = STORE_PUT, .image = (const u8 *)"x", .len = 1};
    CHECK(state_store_commit(s, 1, &put, 1, NULL, 0, &err) == ERR_OK);
    CHECK(child_run(child_writes) == 0);
    CHECK(child_run(child_reads) == 0);
    struct stat st;
    CHECK(stat(folder_file("data.mdb"), &st) == 0 && (st.st_mode & 0777) == 0600);
    CHECK(stat(folder_file("lock"), &st) == 0 && (st.st_mode & 0777) == 0600);
    state_store_close(s);

    s = store_get(STORE_FRESH);
    CHECK(state_store_epoch(s) == 0);
    state_store_close(s);
    folder_drop();
}

static void
a_scratch_store_goes(void)
{
    folder_new();
    strncat(folder, "/a/b", sizeof folder - strlen(folder) - 1);
    StateStore *s = store_get(STORE_SCRATCH);
    struct stat st;
    CHECK(stat(folder, &st) == 0 && (st.st_mode & 0777) == 0700);
    state_store_close(s);
    CHECK(stat(folder, &st) != 0);
    folder[strlen(folder) - 2] = '\0';
    CHECK(rmdir(folder) == 0);
    folder[strlen(folder) - 2] = '\0';
    CHECK(rmdir(folder) == 0);
}

/* ---- limits -------------------------------------------------------------------------------------
 */

enum { BIG_RECORDS = 600 };

static Status
record_count(void *ctx, const StateRecord *r, Err *err)
{
    (void)err;
    *(u64 *)ctx += r->image.len;
    return ERR_OK;
}

/* Little address space: a small map at first, which grows when it is full. */
static int
child_small_map(void)
{
    struct rlimit limit = {160 << 20, 160 << 20};
    StateStore *s = NULL;
    Err err = {0};
    u64 bytes = 0;
    if (setrlimit(RLIMIT_AS, &limit) != 0) return 1;
    if (state_store_open(folder, STORE_WRITE, &s, &err)) return 2;
    const void *map;
    size_t map_bytes;
    state_store_map(s, &map, &map_bytes);
    if (!map || map_bytes > (size_t)80 << 20) return 3;
    static StoreChange put[BIG_RECORDS];
    for (u64 epoch = 1; epoch <= 6; epoch++) { /* 6 x 11.4 MiB */
        for (u32 i = 0; i < BIG_RECORDS; i++) {
            put[i] = (StoreChange){.kind = STORE_PUT,
                                   .op = (u32)epoch,
                                   .key = {.chunk = i},
                                   .image = images[0],
                                   .len = IMAGE_MAX};
        }
        Status st = state_store_commit(s, epoch, put, BIG_RECORDS, NULL, 0, &err);
        if (st) fprintf(stderr, "%s\n", err.text);
        if (st) return 4;
    }
    for (u32 op = 1; op <= 6; op++) {
        if (state_store_each(s, op, 0, record_count, &bytes, &err)) return 5;
    }
    state_store_close(s);
    return bytes == (u64)6 * BIG_RECORDS * IMAGE_MAX ? 0 : 6;
}

static void
a_small_map_is_enough(void)
{
#if !defined(__SANITIZE_ADDRESS__)
    folder_new();
    CHECK(child_run(child_small_map) == 0);
    folder_drop();
#else
    (void)child_small_map; /* the sanitizer itself needs the address space */
#endif
}

/* ---- kills and failures ------------------------------------------------------------------------
 */

static const char *fail_at;

static int
child_fails(void)
{
    setenv("WEIR_FAIL", fail_at, 1);
    StateStore *s = NULL;
    Err err = {0};
    if (state_store_open(folder, STORE_WRITE, &s, &err)) return 99;
    u64 next = state_store_epoch(s) + 1;
    StoreChange put[100];
    for (u32 i = 0; i < 100; i++) {
        put[i] = (StoreChange){
            .kind = STORE_PUT, .key = {.chunk = i}, .image = images[next], .len = IMAGE_MAX};
    }
    Status st = state_store_commit(s, next, put, 100, NULL, 0, &err);
    Err again = {0};
    if (st && state_store_commit(s, next, NULL, 0, NULL, 0, &again) != st) return 98;
    state_store_close(s);
    return status_exit(st);
}

typedef struct Uniform {
    u8 fill;
    bool same;
    u32 n;
} Uniform;

static Status
record_uniform(void *ctx, const StateRecord *r, Err *err)
{
    Uniform *u = ctx;
    (void)err;
    u->n++;
    for (u32 i = 0; i < r->image.len; i++) u->same &= (u8)r->image.ptr[i] == u->fill;
    return ERR_OK;
}

static void
an_epoch_is_whole_or_absent(void)
{
    static const struct {
        const char *fail;
        int exit;
        bool decided;
    } cases[] = {
        {"store_begin:1", 1000 + SIGKILL, false},  {"store_put:2", 1000 + SIGKILL, false},
        {"store_commit:1", 1000 + SIGKILL, false}, {"store_committed:1", 1000 + SIGKILL, true},
        {"store_begin:1:eio", 5, false},           {"store_put:1:enospc", 7, false},
        {"store_commit:1:eio", 5, false},          {"store_committed:1:eio", 5, true},
        {"store_commit:1:delay=1", 0, true},
    };
    folder_new();
    for (u32 i = 0; i < 256; i++) memset(images[i], (int)i, IMAGE_MAX);
    u64 epoch = 0;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        fail_at = cases[i].fail;
        CHECK(child_run(child_fails) == cases[i].exit);
        epoch += cases[i].decided;
        StateStore *s = store_get(STORE_WRITE);
        Err err = {0};
        Uniform u = {.fill = (u8)epoch, .same = true};
        CHECK(state_store_epoch(s) == epoch);
        CHECK(state_store_each(s, 0, 0, record_uniform, &u, &err) == ERR_OK);
        CHECK(u.same && u.n == (epoch ? 100 : 0));
        state_store_close(s);
    }
    folder_drop();
}

/* ---- damage -------------------------------------------------------------------------------------
 */

static void
store_fill(void)
{
    StateStore *s = store_get(STORE_WRITE);
    Err err = {0};
    Rng rng = rng_seed(3);
    for (u64 epoch = 1; epoch <= 4; epoch++) {
        StoreChange put[120];
        for (u32 i = 0; i < 120; i++) put[i] = change_random(&rng);
        StoreMeta meta = {STR("sql"), STR("INSERT INTO t SELECT 1")};
        CHECK(state_store_commit(s, epoch, put, 120, &meta, 1, &err) == ERR_OK);
    }
    state_store_close(s);
}

static Status
record_digest(void *ctx, const StateRecord *r, Err *err)
{
    u64 *digest = ctx;
    (void)err;
    const u64 key[] = {r->key.table,        r->subtask,   (u64)r->key.pane[0],
                       (u64)r->key.pane[1], r->key.chunk, r->image.len};
    for (size_t i = 0; i < ARRAY_LEN(key); i++) *digest = *digest * 31 + key[i];
    for (u32 i = 0; i < r->image.len; i++) *digest = *digest * 31 + (u8)r->image.ptr[i];
    return ERR_OK;
}

static int digest_pipe;
static bool digest_checks;

static void
fault_exits(int sig)
{
    (void)sig;
    _exit(5);
}

/* Everything a reader sees goes into one number; 5: damage was found. */
static int
child_digest(void)
{
    signal(SIGSEGV, fault_exits);
    signal(SIGBUS, fault_exits);
    signal(SIGFPE, fault_exits);
    signal(SIGABRT, fault_exits);
    alarm(20);
    StateStore *s = NULL;
    Err err = {0};
    StoreCheck check;
    u64 digest = 0;
    StrBuf sql = {0};
    bool there;
    Status st = state_store_open(folder, STORE_READ, &s, &err);
    if (!st && digest_checks) st = state_store_check(s, &check, &err);
    for (u32 op = 0; op < MODEL_OPS && !st; op++) {
        digest += op;
        st = state_store_each(s, op, ANY_TABLE, record_digest, &digest, &err);
    }
    if (!st) st = state_store_meta(s, STR("sql"), &sql, &there, &err);
    if (st) return status_exit(st);
    for (size_t i = 0; i < sql.len; i++) digest = digest * 31 + (u8)sql.ptr[i];
    digest = digest * 31 + state_store_epoch(s);
    return write(digest_pipe, &digest, sizeof digest) == sizeof digest ? 0 : 1;
}

static int
digest_of(u64 *ret)
{
    int ends[2];
    CHECK(pipe(ends) == 0);
    digest_pipe = ends[1];
    int code = child_run(child_digest);
    (void)close(ends[1]);
    *ret = 0;
    ssize_t n = read(ends[0], ret, sizeof *ret);
    (void)close(ends[0]);
    CHECK(code != 0 || n == sizeof *ret);
    return code;
}

static void
file_load(StrBuf *bytes)
{
    int fd = open(folder_file("data.mdb"), O_RDONLY);
    for (;;) {
        ssize_t n = read(fd, strbuf_room(bytes, 1 << 20), 1 << 20);
        if (n <= 0) break;
        bytes->len += (size_t)n;
    }
    (void)close(fd);
}

static void
file_damage(const StrBuf *good, Rng *rng)
{
    int fd = open(folder_file("data.mdb"), O_WRONLY | O_TRUNC);
    u8 *bytes = mem_alloc(good->len);
    memcpy(bytes, good->ptr, good->len);
    size_t len = good->len;
    switch (rng_below(rng, 5)) {
    case 0:
        memset(bytes + rng_below(rng, len / 4096) * 4096, 0, 4096);
        break;
    case 1: {
        size_t at = rng_below(rng, len / 512) * 512;
        for (u32 i = 0; i < 512; i++) bytes[at + i] = (u8)rng_u64(rng);
        break;
    }
    case 2:
        len = rng_below(rng, len);
        break;
    case 3: /* the two pages on which everything hangs */
        bytes[rng_below(rng, 2) * 4096 + rng_below(rng, 160)] ^= (u8)(1u << rng_below(rng, 8));
        break;
    default:
        bytes[rng_below(rng, len)] ^= (u8)(1u << rng_below(rng, 8));
        break;
    }
    CHECK(write(fd, bytes, len) == (ssize_t)len);
    (void)close(fd);
    mem_free(bytes);
}

static void
damage_is_never_silent(void)
{
    enum { ROUNDS = 400 };
    u64 good, got;
    u32 found = 0, harmless = 0;
    folder_new();
    store_fill();
    StrBuf bytes = {0};
    file_load(&bytes);
    CHECK(digest_of(&good) == 0);
    Rng rng = rng_seed(11);
    for (u32 i = 0; i < ROUNDS; i++) {
        digest_checks = i % 2;
        file_damage(&bytes, &rng);
        int code = digest_of(&got);
        bool fine = code == 0 && got == good;
        if (code != 5 && !fine) {
            fprintf(stderr, "round %u: exit %d, %s\n", i, code, got == good ? "same" : "other");
        }
        CHECK(code == 5 || fine);
        found += code == 5;
        harmless += fine;
    }
    CHECK(found > ROUNDS / 10 && harmless > 0);
    strbuf_done(&bytes);
    folder_drop();
}

/* A file from before the last epoch is whole, and yet not the state of the job. */
static void
an_older_file_is_refused(void)
{
    folder_new();
    Err err = {0};
    StrBuf old = {0};
    StateStore *s = store_get(STORE_WRITE);
    CHECK(state_store_commit(s, 1, NULL, 0, NULL, 0, &err) == ERR_OK);
    state_store_close(s);
    file_load(&old);
    s = store_get(STORE_WRITE);
    CHECK(state_store_commit(s, 2, NULL, 0, NULL, 0, &err) == ERR_OK);
    state_store_close(s);
    int fd = open(folder_file("data.mdb"), O_WRONLY | O_TRUNC);
    CHECK(write(fd, old.ptr, old.len) == (ssize_t)old.len);
    (void)close(fd);
    strbuf_done(&old);
    s = NULL;
    CHECK(state_store_open(folder, STORE_WRITE, &s, &err) == ERR_IO && err.code == W5004);
    folder_drop();
}

static void
a_replaced_file_is_noticed(void)
{
    folder_new();
    Err err = {0};
    StateStore *s = store_get(STORE_WRITE);
    CHECK(state_store_commit(s, 1, NULL, 0, NULL, 0, &err) == ERR_OK);
    char from[128];
    snprintf(from, sizeof from, "%s", folder_file("data.mdb"));
    CHECK(rename(from, folder_file("copy")) == 0);
    CHECK(state_store_commit(s, 2, NULL, 0, NULL, 0, &err) == ERR_IO);
    CHECK(state_store_commit(s, 2, NULL, 0, NULL, 0, &err) == ERR_IO);
    state_store_close(s);
    folder_drop();
}

/* Failpoints are read once per process, so what sets them comes first. */
TESTS(TEST(an_epoch_is_whole_or_absent), TEST(epochs_follow_a_model), TEST(metas_are_kept),
      TEST(one_writer_many_readers), TEST(a_scratch_store_goes), TEST(a_small_map_is_enough),
      TEST(damage_is_never_silent), TEST(an_older_file_is_refused),
      TEST(a_replaced_file_is_noticed))
