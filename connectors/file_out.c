/* file_out.c - one file of a sink: its names, making it, writing it, finishing it. */
#include "connectors/file_out.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* ---- names ----------------------------------------------------------------------------------- */

static void
part_name(const Sink *s, u64 number, StrBuf *out)
{
    if (s->durable) strbuf_printf(out, "part-%s-%llu", s->run, (unsigned long long)number);
    if (!s->durable) strbuf_printf(out, "part-%llu", (unsigned long long)number);
    strbuf_str(out, str_from(s->format->suffix));
}

void
out_tmp_path(const Sink *s, const char *dir, u64 number, StrBuf *out)
{
    const char *slash = strrchr(s->path, '/');
    size_t folder = slash ? (size_t)(slash - s->path) + 1 : 0;
    strbuf_add(out, s->path, folder);
    if (s->folder) {
        strbuf_printf(out, "%s.", dir);
        part_name(s, number, out);
    } else {
        strbuf_printf(out, ".%s", s->path + folder);
    }
    strbuf_printf(out, ".%s.tmp", s->owner);
}

void
out_final_path(const Sink *s, const char *dir, u64 number, StrBuf *out)
{
    strbuf_str(out, str_from(s->path));
    if (!s->folder) return;
    strbuf_str(out, str_from(dir));
    part_name(s, number, out);
}

Status
out_error(const Sink *s, int fd, Err *err)
{
    int why = errno;
    struct statvfs fs;
    int rc = fd >= 0 ? fstatvfs(fd, &fs) : s->path ? statvfs(s->path, &fs) : -1;
    bool full = why == ENOSPC || why == EDQUOT || (why == EIO && rc == 0 && fs.f_bavail == 0);
    const char *name = s->path ? s->path : "standard output";
    if (why == EPIPE) return err_set(err, W5003, POS_NONE, "nobody reads %s any more", name);
    return err_set(err, full ? W7002 : W5001, POS_NONE, "cannot write %s: %s", name, strerror(why));
}

/* ---- lists ----------------------------------------------------------------------------------- */

SealedFile *
sealed_add(SealedList *l, const char *dir, u64 number, u64 bytes)
{
    mem_grow(l->at, l->len, l->cap);
    SealedFile *f = &l->at[l->len++];
    *f = (SealedFile){.dir = mem_strdup(dir, strlen(dir)), .number = number, .bytes = bytes};
    return f;
}

void
sealed_clear(SealedList *l)
{
    for (u32 i = 0; i < l->len; i++) mem_free(l->at[i].dir);
    mem_free(l->at);
    *l = (SealedList){0};
}

void
out_file_free(OutFile *f)
{
    if (!f) return;
    if (f->fd >= 0) close(f->fd);
    strbuf_done(&f->buf);
    mem_free(f->dir);
    mem_free(f);
}

/* ---- making ---------------------------------------------------------------------------------- */

static Status
cannot_make(const Sink *s, const char *path, Err *err)
{
    int why = errno;
    bool full = why == ENOSPC || why == EDQUOT;
    Status st =
        err_set(err, full ? W7002 : W4004, POS_NONE, "cannot write %s: %s", path, strerror(why));
    if (why == ENOENT && !s->folder) return err_hint(err, st, "Make its folder first.");
    return st;
}

/* The folders of `dir`, one below the other. */
static Status
dirs_make(Sink *s, const char *dir, Err *err)
{
    StrBuf path = {0};
    Status st = ERR_OK;
    strbuf_str(&path, str_from(s->path));
    for (const char *at = dir, *slash; !st && (slash = strchr(at, '/')); at = slash + 1) {
        strbuf_add(&path, at, (size_t)(slash - at));
        if (mkdir(path.ptr, 0777) == 0) {
            mem_grow(s->made_dirs, s->nmade, s->made_cap);
            s->made_dirs[s->nmade++] = mem_strdup(path.ptr, path.len);
        } else if (errno != EEXIST) {
            st = cannot_make(s, path.ptr, err);
        }
        strbuf_char(&path, '/');
    }
    strbuf_done(&path);
    return st;
}

static OutFile *
file_add(Sink *s, const char *dir, u64 number, int fd)
{
    assert(s->nopen < OPEN_FILES_MAX);
    OutFile *f = mem_make(OutFile);
    f->dir = mem_strdup(dir, strlen(dir));
    f->number = number;
    f->fd = fd;
    f->opened_us = f->row_us = clock_wall_us();
    f->used = ++s->tick;
    s->open[s->nopen++] = f;
    return f;
}

static Status
file_make(Sink *s, const char *dir, OutFile **ret_file, Err *err)
{
    TRY(out_clean_once(s, err));
    if (*dir) TRY(dirs_make(s, dir, err));
    u64 number = s->folder ? s->next++ : 0;
    StrBuf path = {0};
    out_tmp_path(s, dir, number, &path);
    int fd = open(path.ptr, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    Status st = fd >= 0 ? ERR_OK : cannot_make(s, s->folder ? path.ptr : s->path, err);
    strbuf_done(&path);
    if (st) return st;
    *ret_file = file_add(s, dir, number, fd);
    (*ret_file)->fresh = true;
    return ERR_OK;
}

static OutFile *
least_used(const Sink *s)
{
    OutFile *least = s->open[0];
    for (u32 i = 1; i < s->nopen; i++)
        if (s->open[i]->used < least->used) least = s->open[i];
    return least;
}

Status
out_file_of(Sink *s, const char *dir, OutFile **ret_file, Err *err)
{
    for (u32 i = 0; i < s->nopen; i++) {
        if (strcmp(s->open[i]->dir, dir) != 0) continue;
        *ret_file = s->open[i];
        (*ret_file)->used = ++s->tick;
        return ERR_OK;
    }
    if (s->nopen == OPEN_FILES_MAX) TRY(out_finish(s, least_used(s), err));
    return file_make(s, dir, ret_file, err);
}

Status
out_reopen(Sink *s, const SealedFile *known, Err *err)
{
    StrBuf path = {0};
    struct stat at;
    Status st = ERR_OK;
    out_tmp_path(s, known->dir, known->number, &path);
    int fd = open(path.ptr, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &at) != 0) {
        st = err_set(err, W5001, POS_NONE, "%s, which the job was writing, cannot be opened: %s",
                     path.ptr, strerror(errno));
    } else if ((u64)at.st_size < known->bytes) {
        st = err_set(err, W5001, POS_NONE, "%s holds %llu bytes, the job had written %llu",
                     path.ptr, (unsigned long long)at.st_size, (unsigned long long)known->bytes);
    } else if (ftruncate(fd, (off_t)known->bytes) != 0) {
        st = out_error(s, fd, err);
    }
    if (st) {
        if (fd >= 0) close(fd);
        err_hint(err, st, "Rows are lost with it: start anew with --fresh.");
    } else {
        OutFile *f = file_add(s, known->dir, known->number, fd);
        f->bytes = f->sealed = known->bytes;
        f->begun = known->bytes > 0;
        f->opened_us = known->opened_us;
    }
    strbuf_done(&path);
    return st;
}

/* ---- writing --------------------------------------------------------------------------------- */

Status
out_write(const Sink *s, int fd, u64 offset, StrBuf *buf, Err *err)
{
    for (size_t at = 0; at < buf->len;) {
        ssize_t n = offset == UINT64_MAX
                        ? write(fd, buf->ptr + at, buf->len - at)
                        : pwrite(fd, buf->ptr + at, buf->len - at, (off_t)(offset + at));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return out_error(s, fd, err);
        at += (size_t)n;
    }
    strbuf_clear(buf);
    return ERR_OK;
}

Status
out_flush(Sink *s, OutFile *f, Err *err)
{
    size_t len = f->buf.len;
    if (!len) return ERR_OK;
    errno = failpoint(FAIL_SINK_WRITE);
    if (errno) return out_error(s, f->fd, err);
    TRY(out_write(s, f->fd, f->bytes, &f->buf, err));
    f->bytes += len;
    return ERR_OK;
}

void
out_header_once(Sink *s, OutFile *f)
{
    if (!f->begun && s->format->encode_header) s->format->encode_header(s->encoder, &f->buf);
    f->begun = true;
}

Status
out_finish(Sink *s, OutFile *f, Err *err)
{
    out_header_once(s, f);
    TRY(out_flush(s, f, err));
    int fd = f->fd;
    f->fd = -1;
    if (close(fd) != 0) return out_error(s, -1, err);
    SealedFile *done = sealed_add(&s->done, f->dir, f->number, f->bytes);
    done->finished = true;
    done->fresh = f->fresh;
    done->unchanged = f->bytes == f->sealed && !f->fresh;
    u32 kept = 0;
    for (u32 i = 0; i < s->nopen; i++)
        if (s->open[i] != f) s->open[kept++] = s->open[i];
    s->nopen = kept;
    out_file_free(f);
    return ERR_OK;
}
