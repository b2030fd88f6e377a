/* store.c - the store's folder: lock, file, map; what failures mean. Epochs are written by
 * store_commit.c and read by store_look.c; store_file.h has the layout.
 *
 * The map is as large as can be had, because its size can only change while nobody reads: it is
 * address space, not memory. */
#include "exec/state/store.h"
#include "base/mem.h"
#include "exec/state/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { FOLDER_MODE = 0700, FILE_MODE = 0600, READERS_MAX = 254 };
static const size_t map_bytes_most = (size_t)1 << 40, map_bytes_least = (size_t)1 << 24;
static const char *const store_files[] = {"data.mdb", "lock.mdb", "epoch"};

/* ---- failures ------------------------------------------------------------------------------- */

Status
store_damaged(const StateStore *s, Err *err, const char *fmt, ...)
{
    char what[256];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    Status st =
        err_set(err, W5004, POS_NONE, "state in \"%.200s\" is damaged: %s", s->folder, what);
    return err_hint(err, st,
                    "Restore the folder from a copy, or begin anew with weir run --fresh.");
}

/* A short write is EIO to LMDB, whether the disk is full or broken. */
static bool
disk_is_full(const StateStore *s, u64 bytes)
{
    struct statvfs fs;
    if (statvfs(s->folder, &fs) != 0) return false;
    u64 left = (u64)fs.f_bavail * fs.f_frsize;
    return left < MAX(bytes, (u64)1 << 20);
}

Status
store_error(StateStore *s, int rc, const char *what, u64 bytes, Err *err)
{
    switch (rc) {
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
    case MDB_CURSOR_FULL:
    case MDB_PAGE_FULL:
    case MDB_BAD_VALSIZE:
    case MDB_NOTFOUND:
    case MDB_KEYEXIST:
    case MDB_BAD_DBI:
        return store_damaged(s, err, "%s: %s", what, mdb_strerror(rc));
    case MDB_READERS_FULL:
        return err_set(err, W7003, POS_NONE, "more than %d readers of the state in \"%.200s\"",
                       READERS_MAX, s->folder);
    case ENOMEM:
        return err_set(err, W7001, POS_NONE, "no address space for the state in \"%.200s\"",
                       s->folder);
    default:
        break;
    }
    if (rc == ENOSPC || rc == EDQUOT || (bytes && rc == EIO && disk_is_full(s, bytes))) {
        Status st = err_set(err, W7002, POS_NONE, "disk full: \"%.200s\" needs about %llu MiB",
                            s->folder, (unsigned long long)(bytes >> 20) + 1);
        return err_hint(err, st, "Free some space and start the job again: it goes on.");
    }
    return err_set(err, W5001, POS_NONE, "cannot %s in \"%.200s\": %s", what, s->folder,
                   mdb_strerror(rc));
}

Status
store_latch(StateStore *s, Status st, const Err *err)
{
    pthread_mutex_lock(&s->lock);
    if (st && !s->failed) {
        s->failed = st;
        s->failure = *err;
    }
    pthread_mutex_unlock(&s->lock);
    return st;
}

Status
store_latched(StateStore *s, Err *err)
{
    pthread_mutex_lock(&s->lock);
    Status st = s->failed;
    if (st) *err = s->failure;
    pthread_mutex_unlock(&s->lock);
    return st;
}

/* Where an assertion goes to; a thread works on one store at a time. */
static _Thread_local jmp_buf *assertion_jump; /* tidy: ok, LMDB's callback has no other way out */

static void
store_assertion(MDB_env *env, const char *text)
{
    StateStore *s = mdb_env_get_userctx(env);
    (void)snprintf(s->assertion, sizeof s->assertion, "%s", text);
    if (assertion_jump) longjmp(*assertion_jump, 1);
}

Status
store_guarded(StateStore *s, Status (*work)(void *ctx, Err *err), void *ctx, Err *err)
{
    jmp_buf here;
    jmp_buf *volatile outer = assertion_jump;
    if (setjmp(here)) {
        assertion_jump = outer;
        Status st = store_damaged(s, err, "%s", s->assertion);
        return store_latch(s, st, err);
    }
    assertion_jump = &here;
    Status st = work(ctx, err);
    assertion_jump = outer;
    return st;
}

/* ---- folder and lock ------------------------------------------------------------------------ */

static char *
folder_path(const char *folder, const char *file)
{
    StrBuf path = {0};
    strbuf_printf(&path, "%s/%s", folder, file);
    return path.ptr;
}

static int
folder_sync(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return errno;
    int rc = fsync(fd) == 0 ? 0 : errno;
    (void)close(fd);
    return rc;
}

/* The folder and those above it that are missing; each new name is made durable. */
static int
folder_make(const char *folder)
{
    if (mkdir(folder, FOLDER_MODE) != 0) {
        if (errno == EEXIST) return 0;
        if (errno != ENOENT) return errno;
        const char *slash = strrchr(folder, '/');
        if (!slash || slash == folder) return ENOENT;
        char *above = mem_strdup(folder, (size_t)(slash - folder));
        int rc = folder_make(above);
        mem_free(above);
        if (rc) return rc;
        if (mkdir(folder, FOLDER_MODE) != 0) return errno == EEXIST ? 0 : errno;
    }
    const char *slash = strrchr(folder, '/');
    char *above = mem_strdup(folder, slash ? MAX((size_t)(slash - folder), 1u) : 0);
    int rc = folder_sync(slash ? above : ".");
    mem_free(above);
    return rc;
}

/* LMDB forbids file systems on which mmap and locks of two machines do not meet. */
static Status
folder_is_local(StateStore *s, Err *err)
{
    enum { NFS = 0x6969, SMB = 0x517B, SMB2 = (int)0xFE534D42u, CIFS = (int)0xFF534D42u };
    struct statfs fs;
    if (statfs(s->folder, &fs) != 0) return store_error(s, errno, "look", 0, err);
    int magic = (int)fs.f_type;
    if (magic != NFS && magic != SMB && magic != SMB2 && magic != CIFS) return ERR_OK;
    Status st = err_set(err, W5001, POS_NONE, "\"%.200s\" is on a network file system", s->folder);
    return err_hint(err, st, "State needs a local disk: name a folder there with --state.");
}

static Status
lock_refused(StateStore *s, Err *err)
{
    char text[32] = {0};
    ssize_t n = pread(s->lock_fd, text, sizeof text - 1, 0);
    i64 pid = 0;
    bool known = n > 0 && str_to_i64(str_trim(str_from(text)), &pid) && pid > 0;
    Status st =
        known ? err_set(err, W6001, POS_NONE, "the state in \"%.200s\" is held by process %lld",
                        s->folder, (long long)pid)
              : err_set(err, W6001, POS_NONE, "the state in \"%.200s\" is held by another process",
                        s->folder);
    return err_hint(err, st, "A job runs once at a time: stop the other one first.");
}

static Status
lock_take(StateStore *s, Err *err)
{
    char *path = folder_path(s->folder, "lock");
    s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    int rc = s->lock_fd < 0 ? errno : 0;
    mem_free(path);
    if (rc) return store_error(s, rc, "open the lock", 0, err);
    while (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return lock_refused(s, err);
        if (errno != EINTR) return store_error(s, errno, "lock", 0, err);
    }
    char pid[32];
    int n = snprintf(pid, sizeof pid, "%lld\n", (long long)getpid());
    bool told = ftruncate(s->lock_fd, 0) == 0 && pwrite(s->lock_fd, pid, (size_t)n, 0) == n;
    return told ? ERR_OK : store_error(s, errno, "write the lock", 1, err);
}

static Status
files_remove(StateStore *s, Err *err)
{
    for (u32 i = 0; i < ARRAY_LEN(store_files); i++) {
        char *path = folder_path(s->folder, store_files[i]);
        int rc = unlink(path) == 0 || errno == ENOENT ? 0 : errno;
        mem_free(path);
        if (rc) return store_error(s, rc, "remove the old state", 0, err);
    }
    int rc = folder_sync(s->folder);
    return rc ? store_error(s, rc, "remove the old state", 0, err) : ERR_OK;
}

/* ---- the file ------------------------------------------------------------------------------- */

/* When the new map cannot be had the old one is gone already, so the address space is tried first.
 */
static bool
address_space_has(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at != MAP_FAILED && munmap(at, bytes) == 0;
}

/* Half of the address space at most, where that is limited. */
static size_t
map_bytes_wanted(void)
{
    struct rlimit limit;
    size_t bytes = map_bytes_most;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return bytes;
    while (bytes > limit.rlim_cur / 2 && bytes > map_bytes_least) bytes /= 2;
    return bytes;
}

/* mdb_env_open() with the largest map that can be had. An environment that failed to open can only
 * be closed. */
static int
env_open(StateStore *s)
{
    unsigned flags = MDB_NOTLS | (s->mode == STORE_READ ? MDB_RDONLY : 0);
    for (size_t bytes = map_bytes_wanted();; bytes /= 2) {
        int rc = mdb_env_create(&s->env);
        if (rc) return rc;
        (void)mdb_env_set_userctx(s->env, s);
        (void)mdb_env_set_assert(s->env, store_assertion);
        (void)mdb_env_set_maxreaders(s->env, READERS_MAX);
        rc = mdb_env_set_mapsize(s->env, bytes);
        if (!rc) rc = mdb_env_open(s->env, s->folder, flags, FILE_MODE);
        if (!rc) return 0;
        mdb_env_close(s->env);
        s->env = NULL;
        if (rc == EINVAL) return MDB_CORRUPTED; /* the file asks for a map that cannot be */
        if (rc != ENOMEM) return rc;
        if (bytes > map_bytes_least) continue;
        return address_space_has(map_bytes_least) ? MDB_CORRUPTED : rc;
    }
}

/* LMDB does not tell where its map is: the process's list of maps does. Without that list values
 * are taken on trust, and a damaged length is a fault instead of an error. */
static void
map_find(StateStore *s)
{
    s->map = NULL;
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[1024];
    while (maps && !s->map && fgets(line, sizeof line, maps)) {
        unsigned long long from, to, ino;
        int name = 0;
        int n = sscanf(line, "%llx-%llx %*s %*x %*s %llu %n", &from, &to, &ino, &name);
        if (n < 3 || ino != (u64)s->ino || !strstr(line + name, "data.mdb")) continue;
        s->map = (const u8 *)(uintptr_t)from;
        s->map_bytes = (size_t)(to - from);
    }
    if (maps) (void)fclose(maps);
}

/* A file that ends before its last page would fault later on. state_store_commit() sees to it that
 * an undamaged one never does. */
static Status
file_is_whole(StateStore *s, Err *err)
{
    int fd = -1;
    MDB_envinfo info;
    MDB_stat stat;
    struct stat st;
    int rc = mdb_env_get_fd(s->env, &fd);
    if (!rc) rc = mdb_env_info(s->env, &info);
    if (!rc) rc = mdb_env_stat(s->env, &stat);
    if (!rc && fstat(fd, &st) != 0) rc = errno;
    if (rc) return store_error(s, rc, "look at the file", 0, err);
    s->dev = st.st_dev;
    s->ino = st.st_ino;
    map_find(s);
    if ((u64)st.st_size / MAX(stat.ms_psize, 1u) > info.me_last_pgno) return ERR_OK;
    return store_damaged(s, err, "the file is cut off");
}

static int
dbi_open(StateStore *s)
{
    MDB_txn *txn = NULL;
    unsigned flags = 0;
    int rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn);
    if (rc) return rc;
    rc = mdb_dbi_open(txn, NULL, 0, &s->dbi);
    if (!rc) rc = mdb_dbi_flags(txn, s->dbi, &flags);
    mdb_txn_abort(txn);
    if (!rc && flags) rc = MDB_INCOMPATIBLE; /* the order of keys, among others */
    return rc;
}

/* Without the file, there is nothing to compare with: state of an earlier day, or a crash during
 * the first epoch. */
static Status
epoch_promised(StateStore *s, u64 *ret_epoch, Err *err)
{
    char text[32] = {0};
    i64 epoch = 0;
    ssize_t n = s->epoch_fd < 0 ? 0 : pread(s->epoch_fd, text, sizeof text - 1, 0);
    if (n < 0) return store_error(s, errno, "read the epoch", 0, err);
    if (n && !(str_to_i64(str_trim(str_from(text)), &epoch) && epoch >= 0)) {
        return store_damaged(s, err, "its file \"epoch\" holds no number");
    }
    *ret_epoch = (u64)epoch;
    return ERR_OK;
}

/* What is there is read once; the file `epoch` before it, because a running job may go on. */
static Status
store_verify(void *ctx, Err *err)
{
    StateStore *s = ctx;
    u64 promised = 0;
    TRY(file_is_whole(s, err));
    TRY(epoch_promised(s, &promised, err));
    int rc = dbi_open(s);
    if (rc) return store_error(s, rc, "open the state", 0, err);
    StoreLook look;
    Status st = store_look_open(s, &look, err);
    if (!st) st = store_look_verify(&look, err);
    if (!st && look.root.epoch < promised) {
        st = store_damaged(s, err, "epoch %llu was committed, and epoch %llu is there",
                           (unsigned long long)promised, (unsigned long long)look.root.epoch);
    }
    s->epoch = look.root.epoch;
    store_look_close(&look);
    return st;
}

static Status
store_file_open(StateStore *s, Err *err)
{
    bool reads = s->mode == STORE_READ;
    char *path = folder_path(s->folder, "data.mdb");
    bool there = access(path, F_OK) == 0;
    mem_free(path);
    if (reads && !there) {
        return err_set(err, W4001, POS_NONE, "there is no state in \"%.200s\"", s->folder);
    }
    path = folder_path(s->folder, "epoch");
    s->epoch_fd =
        open(path, (reads ? O_RDONLY : O_RDWR | O_CREAT) | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    int rc = s->epoch_fd < 0 && !(reads && errno == ENOENT) ? errno : 0;
    mem_free(path);
    if (!rc) rc = env_open(s);
    if (!rc && !there) rc = folder_sync(s->folder);
    if (rc) return store_error(s, rc, "open the state", reads ? 0 : 1, err);
    TRY(store_guarded(s, store_verify, s, err));
    int dead = 0;
    if (!reads) rc = mdb_reader_check(s->env, &dead);
    return rc ? store_error(s, rc, "look for dead readers", 0, err) : ERR_OK;
}

static Status
store_open(StateStore *s, Err *err)
{
    if (s->mode != STORE_READ) {
        int rc = folder_make(s->folder);
        if (rc) return store_error(s, rc, "make the folder", 1, err);
        TRY(folder_is_local(s, err));
        TRY(lock_take(s, err));
        if (s->mode == STORE_FRESH) TRY(files_remove(s, err));
    }
    return store_file_open(s, err);
}

Status
state_store_open(const char *folder, StoreMode mode, StateStore **ret_store, Err *err)
{
    StateStore *s = mem_make(StateStore);
    s->folder = mem_strdup(folder, strlen(folder));
    s->mode = mode;
    s->lock_fd = s->epoch_fd = -1;
    (void)pthread_mutex_init(&s->lock, NULL);
    Status st = store_open(s, err);
    if (st) {
        state_store_close(s);
        return st;
    }
    *ret_store = s;
    return ERR_OK;
}

void
state_store_close(StateStore *s)
{
    if (!s) return;
    if (s->env) mdb_env_close(s->env);
    store_notes_clear(s);
    mem_free(s->notes);
    if (s->mode == STORE_SCRATCH && s->lock_fd >= 0) {
        Err ignored;
        (void)files_remove(s, &ignored);
        char *path = folder_path(s->folder, "lock");
        (void)unlink(path);
        (void)rmdir(s->folder);
        mem_free(path);
    }
    if (s->epoch_fd >= 0) (void)close(s->epoch_fd);
    if (s->lock_fd >= 0) (void)close(s->lock_fd);
    (void)pthread_mutex_destroy(&s->lock);
    mem_free(s->folder);
    mem_free(s);
}

static Str
text_own(Str s)
{
    return (Str){mem_strdup(s.ptr, s.len), s.len};
}

void
state_store_note(StateStore *s, Str name, Str value)
{
    mem_grow(s->notes, s->nnotes, s->notes_cap);
    s->notes[s->nnotes++] = (StoreMeta){text_own(name), text_own(value)};
}

void
store_notes_clear(StateStore *s)
{
    for (u32 i = 0; i < s->nnotes; i++) {
        mem_free((void *)(uintptr_t)s->notes[i].name.ptr);
        mem_free((void *)(uintptr_t)s->notes[i].value.ptr);
    }
    s->nnotes = 0;
}

u64
state_store_epoch(const StateStore *s)
{
    return s->epoch;
}

const char *
state_store_folder(const StateStore *s)
{
    return s->folder;
}

void
state_store_map(const StateStore *s, const void **ret_from, size_t *ret_bytes)
{
    *ret_from = s->map;
    *ret_bytes = s->map_bytes;
}

/* When the new map cannot be had the old one is gone already, so the address space is tried first.
 */
int
store_map_grow(StateStore *s)
{
    MDB_envinfo info;
    int rc = mdb_env_info(s->env, &info);
    if (rc) return rc;
    size_t more = info.me_mapsize;
    while (!address_space_has(more)) {
        more /= 2;
        if (more < map_bytes_least / 4) return ENOMEM;
    }
    rc = mdb_env_set_mapsize(s->env, info.me_mapsize + more);
    if (!rc) map_find(s);
    return rc;
}
