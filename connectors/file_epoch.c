/* file_epoch.c - how a file sink's rows become durable and visible, and what a start finds.
 *
 * The description of an epoch lists every growing file with its length, and the files that were
 * finished in it and are due to be renamed. A rename is redone as long as the hidden name is there;
 * when it is gone the rename was done (nobody else takes hidden files away). So a start does:
 *
 *     finished in the epoch    hidden name there: rename     gone: done already
 *     growing in the epoch     cut to its length, go on behind it
 *     of this sink, but in neither list: of an epoch that never came to be: delete
 *
 * Files are flushed through new descriptors, since the writer may close its own meanwhile. */
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/hash.h"
#include "base/mem.h"
#include "connectors/file_out.h"
#include "connectors/file_partition.h"
#include "connectors/saved.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FORMAT_VERSION = 1,
    PARTS_MAX = 1000000, /* of runs without state in one folder */
};

/* ---- barrier --------------------------------------------------------------------------------- */

/* Finish what has been open, or without rows, for too long. */
static Status
roll_by_time(Sink *s, Err *err)
{
    const FilesystemOptions *o = s->options;
    i64 now = clock_wall_us();
    if (!s->durable || !s->folder || now - s->checked_us < o->roll_check_us) return ERR_OK;
    s->checked_us = now;
    for (u32 i = s->nopen; i-- > 0;) {
        OutFile *f = s->open[i];
        bool due = now - f->opened_us >= o->roll_us || now - f->row_us >= o->idle_us;
        if (due) TRY(out_finish(s, f, err));
    }
    return ERR_OK;
}

static void
seal(Sink *s)
{
    assert(s->sealed.len == 0);
    sealed_clear(&s->sealed);
    s->sealed = s->done;
    s->done = (SealedList){0};
    for (u32 i = 0; i < s->nopen; i++) {
        OutFile *f = s->open[i];
        SealedFile *g = sealed_add(&s->sealed, f->dir, f->number, f->bytes);
        g->opened_us = f->opened_us;
        g->fresh = f->fresh;
        g->unchanged = f->bytes == f->sealed && !f->fresh;
        f->sealed = f->bytes;
        f->fresh = false;
    }
}

static void
describe(const Sink *s, StrBuf *out)
{
    saved_u64(out, FORMAT_VERSION);
    saved_text(out, str_from(s->path));
    saved_text(out, str_from(s->owner));
    saved_text(out, str_from(s->run));
    saved_u64(out, s->next);
    saved_u64(out, s->sealed.len);
    for (u32 i = 0; i < s->sealed.len; i++) {
        const SealedFile *f = &s->sealed.at[i];
        saved_u64(out, f->finished);
        saved_text(out, str_from(f->dir));
        saved_u64(out, f->number);
        saved_u64(out, f->bytes);
        saved_i64(out, f->opened_us);
    }
}

Status
file_sink_barrier(Sink *s, u64 epoch, bool last, StrBuf *state, Err *err)
{
    (void)epoch;
    if (s->direct) {
        if (last && !s->begun && s->format->encode_header)
            s->format->encode_header(s->encoder, &s->direct_buf);
        return out_write(s, s->direct_fd, UINT64_MAX, &s->direct_buf, err);
    }
    TRY(out_clean_once(s, err));
    OutFile *single = NULL;
    if (last && !s->folder) TRY(out_file_of(s, "", &single, err)); /* without rows it is empty */
    TRY(roll_by_time(s, err));
    while (last && s->nopen) TRY(out_finish(s, s->open[s->nopen - 1], err));
    for (u32 i = 0; i < s->nopen; i++) TRY(out_flush(s, s->open[i], err));
    seal(s);
    describe(s, state);
    return ERR_OK;
}

/* ---- sync ------------------------------------------------------------------------------------ */

static Status
path_sync(const Sink *s, const char *path, int flags, Err *err)
{
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0) return out_error(s, -1, err);
    int rc = fsync(fd);
    bool folder = flags & O_DIRECTORY; /* not every file system can sync those */
    Status st = rc != 0 && !(folder && errno == EINVAL) ? out_error(s, fd, err) : ERR_OK;
    close(fd);
    return st;
}

/* A file's folder and those above it, up to the sink's own, or one more if the sink made that. */
static Status
dirs_sync(const Sink *s, const char *dir, Err *err)
{
    StrBuf path = {0};
    const char *slash = strrchr(s->path, '/');
    size_t least = slash ? (size_t)(slash - s->path) + 1 : 0;
    strbuf_add(&path, s->path, least);
    strbuf_str(&path, str_from(dir));
    Status st = path_sync(s, path.len ? path.ptr : ".", O_RDONLY | O_DIRECTORY, err);
    while (!st && (path.len > least || s->made)) {
        bool above = path.len <= least;
        path.len--;
        while (path.len > 0 && path.ptr[path.len - 1] != '/') path.len--;
        path.ptr[path.len] = 0;
        st = path_sync(s, path.len ? path.ptr : ".", O_RDONLY | O_DIRECTORY, err);
        if (above) break;
    }
    strbuf_done(&path);
    return st;
}

Status
file_sink_sync(Sink *s, u64 epoch, Err *err)
{
    (void)epoch;
    if (s->direct) return ERR_OK;
    errno = failpoint(FAIL_SINK_SYNC);
    if (errno) return out_error(s, -1, err);
    StrBuf path = {0};
    Status st = ERR_OK;
    const char *synced = NULL; /* the folder of the last new file */
    for (u32 i = 0; i < s->sealed.len && !st; i++) {
        const SealedFile *f = &s->sealed.at[i];
        if (f->unchanged) continue;
        strbuf_clear(&path);
        out_tmp_path(s, f->dir, f->number, &path);
        st = path_sync(s, path.ptr, O_RDONLY, err);
        if (st || !f->fresh || (synced && strcmp(synced, f->dir) == 0)) continue;
        st = dirs_sync(s, f->dir, err);
        synced = f->dir;
    }
    strbuf_done(&path);
    if (st) return st;
    errno = failpoint(FAIL_SINK_SYNCED);
    return errno ? out_error(s, -1, err) : ERR_OK;
}

/* ---- commit ---------------------------------------------------------------------------------- */

/* Rename, but never over a file that is there: EEXIST. */
static int
rename_new(const char *from, const char *to)
{
    int rc = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
    if (rc == 0 || errno != EINVAL) return rc;
    if (access(to, F_OK) == 0) { /* a file system without that flag */
        errno = EEXIST;
        return -1;
    }
    return rename(from, to);
}

/* A finished part gets its name: the one that only it has, or in a run without state the first
 * free one. */
static int
part_rename(Sink *s, const SealedFile *f, const char *tmp)
{
    StrBuf path = {0};
    int rc = -1;
    bool same = s->free_dir && strcmp(s->free_dir, f->dir) == 0;
    u64 n = s->durable ? f->number : same ? s->free_part : 0;
    for (u64 end = n + PARTS_MAX; n < end; n++) {
        strbuf_clear(&path);
        out_final_path(s, f->dir, n, &path);
        rc = rename_new(tmp, path.ptr);
        if (rc == 0 || errno != EEXIST || s->durable) break;
    }
    strbuf_done(&path);
    if (!same) {
        mem_free(s->free_dir);
        s->free_dir = mem_strdup(f->dir, strlen(f->dir));
    }
    s->free_part = n + 1;
    return rc;
}

/* redo: the hidden file may have its name already. */
static Status
publish(Sink *s, SealedFile *f, bool redo, Err *err)
{
    StrBuf tmp = {0};
    struct stat at;
    out_tmp_path(s, f->dir, f->number, &tmp);
    Status st = ERR_OK;
    int rc = stat(tmp.ptr, &at);
    if (rc != 0 && errno == ENOENT && redo) {
        strbuf_done(&tmp);
        return ERR_OK;
    }
    if (rc == 0 && (u64)at.st_size < f->bytes)
        st = err_set(err, W5001, POS_NONE, "%s holds %llu bytes, the job had written %llu", tmp.ptr,
                     (unsigned long long)at.st_size, (unsigned long long)f->bytes);
    else if (rc != 0 || (s->folder ? part_rename(s, f, tmp.ptr) : rename(tmp.ptr, s->path)) != 0)
        st = out_error(s, -1, err);
    f->published = !st;
    strbuf_done(&tmp);
    if (!st) {
        errno = failpoint(FAIL_SINK_RENAMED);
        if (errno) st = out_error(s, -1, err);
    }
    return st;
}

/* The renames are on disk once the folders are. */
static Status
publish_all(Sink *s, SealedList *l, bool redo, Err *err)
{
    Status st = ERR_OK;
    for (u32 i = 0; i < l->len && !st; i++)
        if (l->at[i].finished) st = publish(s, &l->at[i], redo, err);
    const char *synced = NULL;
    for (u32 i = 0; i < l->len && !st; i++) {
        const SealedFile *f = &l->at[i];
        if (!f->published || (synced && strcmp(synced, f->dir) == 0)) continue;
        st = dirs_sync(s, f->dir, err);
        synced = f->dir;
    }
    return st;
}

Status
file_sink_commit(Sink *s, u64 epoch, Err *err)
{
    (void)epoch;
    if (s->direct) return ERR_OK;
    errno = failpoint(FAIL_SINK_COMMIT);
    if (errno) return out_error(s, -1, err);
    TRY(publish_all(s, &s->sealed, false, err));
    sealed_clear(&s->sealed);
    return ERR_OK;
}

/* ---- what a start finds ---------------------------------------------------------------------- */

typedef struct Sweep {
    const Sink *sink;
    StrBuf path; /* of the folder, with a slash */
    char **keep; /* paths of growing files */
    u32 nkeep;
    char suffix[OWNER_DIGITS + 8];
} Sweep;

static Status
sweep_file(Sweep *w, const char *name, Err *err)
{
    if (name[0] != '.' || !str_ends(str_from(name), str_from(w->suffix))) return ERR_OK;
    size_t len = w->path.len;
    strbuf_str(&w->path, str_from(name));
    bool keep = false;
    for (u32 i = 0; i < w->nkeep; i++) keep |= strcmp(w->keep[i], w->path.ptr) == 0;
    Status st = ERR_OK;
    if (!keep && unlink(w->path.ptr) != 0 && errno != ENOENT)
        st = err_set(err, W5001, POS_NONE, "cannot delete %s: %s", w->path.ptr, strerror(errno));
    w->path.len = len;
    w->path.ptr[len] = 0;
    return st;
}

/* The depth is that of PARTITIONED BY, which bounds the recursion. */
static Status
sweep_folder(Sweep *w, u32 depth, Err *err)
{
    DIR *dir = opendir(w->path.len ? w->path.ptr : ".");
    if (!dir && (errno == ENOENT || errno == ENOTDIR)) return ERR_OK;
    if (!dir)
        return err_set(err, W5001, POS_NONE, "cannot look into %s: %s", w->path.ptr,
                       strerror(errno));
    size_t len = w->path.len;
    Status st = ERR_OK;
    for (struct dirent *e; !st && (e = readdir(dir));) {
        if (depth == 0) {
            st = sweep_file(w, e->d_name, err);
        } else if (strchr(e->d_name, '=')) {
            strbuf_printf(&w->path, "%s/", e->d_name);
            st = sweep_folder(w, depth - 1, err);
            w->path.len = len;
            w->path.ptr[len] = 0;
        }
    }
    closedir(dir);
    return st;
}

static Status
sweep(Sink *s, Err *err)
{
    Sweep w = {.sink = s};
    snprintf(w.suffix, sizeof w.suffix, ".%s.tmp", s->owner);
    w.keep = mem_array(char *, s->nopen + 1);
    for (u32 i = 0; i < s->nopen; i++) {
        StrBuf path = {0};
        out_tmp_path(s, s->open[i]->dir, s->open[i]->number, &path);
        w.keep[w.nkeep++] = mem_strdup(path.ptr, path.len);
        strbuf_done(&path);
    }
    const char *slash = strrchr(s->path, '/');
    strbuf_add(&w.path, s->path, slash ? (size_t)(slash - s->path) + 1 : 0);
    Status st = sweep_folder(&w, s->folder ? s->table->npartitioned_by : 0, err);
    for (u32 i = 0; i < w.nkeep; i++) mem_free(w.keep[i]);
    mem_free(w.keep);
    strbuf_done(&w.path);
    s->clean = !st;
    return st;
}

Status
out_clean_once(Sink *s, Err *err)
{
    return s->clean || !s->durable ? ERR_OK : sweep(s, err);
}

/* ---- restore --------------------------------------------------------------------------------- */

static Status
damaged(Err *err)
{
    Status st = err_set(err, W5004, POS_NONE, "the bytes stored for a file sink are none");
    return err_hint(err, st, "Look at it with weir state check.");
}

static bool
digits_read(SavedReader *r, char *to, u32 n)
{
    Str text = saved_read_text(r);
    bool hex = text.len == n;
    for (u32 i = 0; i < n && hex; i++)
        hex = (text.ptr[i] >= '0' && text.ptr[i] <= '9') ||
              (text.ptr[i] >= 'a' && text.ptr[i] <= 'f');
    if (hex) memcpy(to, text.ptr, n);
    return hex;
}

static bool
dir_valid(const Sink *s, Str dir)
{
    return s->folder ? partition_valid(dir, s->table) : dir.len == 0;
}

/* Reads the description; nothing is touched outside. *ret_path is where the files were. */
static Status
description_read(Sink *s, Str state, SealedList *files, Str *ret_path, Err *err)
{
    SavedReader r = {.left = state};
    u32 growing = 0;
    if (saved_read_u64(&r) != FORMAT_VERSION) return damaged(err);
    *ret_path = saved_read_text(&r);
    if (!digits_read(&r, s->owner, OWNER_DIGITS) || !digits_read(&r, s->run, RUN_DIGITS))
        return damaged(err);
    s->next = saved_read_u64(&r);
    u64 n = saved_read_u64(&r);
    for (u64 i = 0; i < n && !r.bad; i++) {
        bool finished = saved_read_u64(&r) != 0;
        Str dir = saved_read_text(&r);
        if (r.bad || !dir_valid(s, dir)) return damaged(err);
        char *name = mem_strdup(dir.ptr, dir.len);
        SealedFile *f = sealed_add(files, name, saved_read_u64(&r), 0);
        mem_free(name);
        f->bytes = saved_read_u64(&r);
        f->opened_us = saved_read_i64(&r);
        f->finished = finished;
        growing += !finished;
        if (f->bytes > INT64_MAX || growing > OPEN_FILES_MAX) return damaged(err);
        if (s->folder && f->number >= s->next) return damaged(err);
    }
    return saved_read_end(&r) ? ERR_OK : damaged(err);
}

static Status
restore_files(Sink *s, SealedList *files, Err *err)
{
    TRY(publish_all(s, files, true, err));
    for (u32 i = 0; i < files->len; i++)
        if (!files->at[i].finished) TRY(out_reopen(s, &files->at[i], err));
    TRY(sweep(s, err));
    errno = failpoint(FAIL_RESTORE_SINK);
    return errno ? out_error(s, -1, err) : ERR_OK;
}

Status
file_sink_restore(Sink *s, Str state, Err *err)
{
    if (s->direct || state.len == 0) return ERR_OK;
    SealedList files = {0};
    Str path = {0};
    errno = failpoint(FAIL_RESTORE_SINK);
    Status st = errno ? out_error(s, -1, err) : description_read(s, state, &files, &path, err);
    if (!st && files.len && !str_eq(path, str_from(s->path))) {
        st = err_set(err, W5005, POS_NONE, "the job wrote to %.*s, and the table says %s now",
                     (int)MIN(path.len, 200), path.ptr, s->path);
        err_hint(err, st, "Give the table its old path back, or start anew with --fresh.");
    }
    if (!st) st = restore_files(s, &files, err);
    sealed_clear(&files);
    return st;
}

/* ---- close ----------------------------------------------------------------------------------- */

static void
list_unlink(const Sink *s, const SealedList *l)
{
    StrBuf path = {0};
    for (u32 i = 0; i < l->len; i++) {
        if (l->at[i].published) continue;
        strbuf_clear(&path);
        out_tmp_path(s, l->at[i].dir, l->at[i].number, &path);
        unlink(path.ptr);
    }
    strbuf_done(&path);
}

void
file_sink_close(Sink *s, bool keep)
{
    if (!s) return;
    SealedList open = {0};
    for (u32 i = 0; i < s->nopen; i++) {
        sealed_add(&open, s->open[i]->dir, s->open[i]->number, 0);
        out_file_free(s->open[i]);
    }
    if (!keep && s->path) {
        list_unlink(s, &open);
        list_unlink(s, &s->done);
        list_unlink(s, &s->sealed);
        /* Only what is empty goes. */
        for (u32 i = s->nmade; i-- > 0;) (void)rmdir(s->made_dirs[i]);
    }
    for (u32 i = 0; i < s->nmade; i++) mem_free(s->made_dirs[i]);
    sealed_clear(&open);
    sealed_clear(&s->done);
    sealed_clear(&s->sealed);
    if (s->direct && s->direct_fd > STDERR_FILENO) close(s->direct_fd);
    s->format->encoder_close(s->encoder);
    strbuf_done(&s->direct_buf);
    table_without_free(s->inner);
    mem_free(s->inner_fields);
    mem_free(s->made_dirs);
    mem_free(s->free_dir);
    mem_free(s->groups);
    mem_free(s->path);
    mem_free(s);
}
