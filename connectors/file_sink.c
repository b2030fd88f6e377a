/* file_sink.c - files and standard output as a sink.
 *
 * Text is gathered to 1 MiB and written to ".<name>.<pid>.tmp" beside the file; finish() syncs it
 * and gives it its name, so nobody ever sees half an output, and a run that fails leaves what was
 * there before. The hidden name keeps sources from reading it.
 *
 * 'path' is the name of the file, which is replaced; when it is a folder, or ends with '/', the
 * file is part-N with the format's suffix and the first N that is free. Folders above must exist.
 */
#include "base/mem.h"
#include "connectors/file_list.h"
#include "connectors/filesystem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define OUT_BYTES (1 << 20)
#define PARTS_MAX 100000

struct Sink {
    const FormatDef *format;
    FormatEncoder *encoder;
    StrBuf out;
    int fd;
    bool to_stdout;
    bool folder; /* path is a folder: the file gets a free name in it */
    bool begun;  /* the header is written */
    char *path;  /* NULL for standard output */
    char *tmp;   /* NULL when there is none to remove */
};

static Status
write_error(const Sink *s, Err *err)
{
    int why = errno;
    struct statvfs fs;
    bool full = why == ENOSPC || why == EDQUOT ||
                (why == EIO && fstatvfs(s->fd, &fs) == 0 && fs.f_bavail == 0);
    const char *name = s->to_stdout ? "standard output" : s->path;
    if (why == EPIPE) return err_set(err, W5003, POS_NONE, "nobody reads %s any more", name);
    return err_set(err, full ? W7002 : W5001, POS_NONE, "cannot write %s: %s", name, strerror(why));
}

static Status
out_flush(Sink *s, Err *err)
{
    for (size_t at = 0; at < s->out.len;) {
        ssize_t n = write(s->fd, s->out.ptr + at, s->out.len - at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return write_error(s, err);
        at += (size_t)n;
    }
    strbuf_clear(&s->out);
    return ERR_OK;
}

/* "dir/" with the slash, or "" for the working directory. */
static Str
folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (Str){path, (u32)(slash - path) + 1} : STR("");
}

static Status
tmp_open(Sink *s, Err *err)
{
    StrBuf name = {0};
    Str folder = folder_of(s->path);
    const char *base = s->path + folder.len;
    for (u32 k = 0; k < 100; k++) {
        strbuf_clear(&name);
        strbuf_printf(&name, "%.*s.%s.%ld-%u.tmp", STR_ARG(folder), *base ? base : "part",
                      (long)getpid(), k);
        s->fd = open(name.ptr, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (s->fd >= 0 || errno != EEXIST) break;
    }
    if (s->fd >= 0) {
        s->tmp = mem_strdup(name.ptr, name.len);
        strbuf_done(&name);
        return ERR_OK;
    }
    strbuf_done(&name);
    int why = errno;
    Status st = err_set(err, W4004, POS_NONE, "cannot write %s: %s", s->path, strerror(why));
    if (why == ENOENT) return err_hint(err, st, "Make its folder first.");
    return st;
}

static Status
path_prepare(Sink *s, const TableSpec *table, Str path, const ConnectorEnv *env, Err *err)
{
    if (path.len == 0 || path.len > 4000 || memchr(path.ptr, 0, path.len))
        return err_set(err, W4004, table->pos, "the path is no name of a file");
    s->path = file_path_make(path, env ? env->base_dir : NULL);
    struct stat st;
    bool there = stat(s->path, &st) == 0;
    size_t len = strlen(s->path);
    s->folder = (there && S_ISDIR(st.st_mode)) || s->path[len - 1] == '/';
    if (s->folder && !there && mkdir(s->path, 0777) != 0)
        return err_set(err, W4004, table->pos, "cannot make folder %s: %s", s->path,
                       strerror(errno));
    if (s->folder && s->path[len - 1] != '/') {
        StrBuf with = {0};
        strbuf_printf(&with, "%s/", s->path);
        mem_free(s->path);
        s->path = mem_strdup(with.ptr, with.len);
        strbuf_done(&with);
    }
    if (there && !S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)) {
        /* A device or pipe cannot be renamed over: it is written as it is. */
        s->fd = open(s->path, O_WRONLY | O_CLOEXEC);
        if (s->fd >= 0) return ERR_OK;
        return err_set(err, W4004, table->pos, "cannot write %s: %s", s->path, strerror(errno));
    }
    return tmp_open(s, err);
}

static void file_sink_close(Sink *s, bool keep);

/* path "-" is standard output. */
static Status
sink_open(const TableSpec *table, const ConnectorEnv *env, Str path, Sink **ret_sink, Err *err)
{
    const FormatOptions *fo = table->format;
    if (table->npartitioned_by)
        return err_set(err, W2001, table->pos, "PARTITIONED BY sinks are not supported yet");
    if (!fo->def->encoder_open)
        return err_set(err, W2001, table->pos, "writing format \"%s\" is not supported yet",
                       fo->def->name);
    Sink *s = mem_make(Sink);
    s->format = fo->def;
    s->fd = -1;
    s->to_stdout = str_eq(path, STR("-"));
    Status st = ERR_OK;
    if (s->to_stdout)
        s->fd = STDOUT_FILENO;
    else
        st = path_prepare(s, table, path, env, err);
    if (!st) st = fo->def->encoder_open(table, env, &s->encoder, err);
    if (st) {
        file_sink_close(s, false);
        return st;
    }
    *ret_sink = s;
    return ERR_OK;
}

static Status
file_sink_open(const TableSpec *table, const ConnectorEnv *env, Sink **ret_sink, Err *err)
{
    const FilesystemOptions *o = table->options;
    FileCodec codec = (FileCodec)o->codec;
    if (codec == CODEC_AUTO) codec = file_codec_of(o->path);
    if (codec != CODEC_NONE)
        return err_set(err, W2001, table->pos, "writing compressed files is not supported yet");
    return sink_open(table, env, o->path, ret_sink, err);
}

static Status
stdout_sink_open(const TableSpec *table, const ConnectorEnv *env, Sink **ret_sink, Err *err)
{
    return sink_open(table, env, STR("-"), ret_sink, err);
}

static void
header_once(Sink *s)
{
    if (!s->begun && s->format->encode_header) s->format->encode_header(s->encoder, &s->out);
    s->begun = true;
}

static Status
file_sink_write(Sink *s, const Batch *b, Err *err)
{
    header_once(s);
    TRY(s->format->encode(s->encoder, b, &s->out, err));
    return s->to_stdout || s->out.len >= OUT_BYTES ? out_flush(s, err) : ERR_OK;
}

/* Give the temporary file the first free part name. */
static int
part_rename(Sink *s)
{
    StrBuf name = {0};
    int rc = -1;
    for (u32 n = 0; n < PARTS_MAX; n++) {
        strbuf_clear(&name);
        strbuf_printf(&name, "%spart-%u%s", s->path, n, s->format->suffix);
        rc = renameat2(AT_FDCWD, s->tmp, AT_FDCWD, name.ptr, RENAME_NOREPLACE);
        if (rc != 0 && errno == EINVAL) { /* a file system without that flag */
            rc = access(name.ptr, F_OK) == 0 ? -1 : rename(s->tmp, name.ptr);
            if (rc != 0 && access(name.ptr, F_OK) == 0) errno = EEXIST;
        }
        if (rc == 0 || errno != EEXIST) break;
    }
    strbuf_done(&name);
    return rc;
}

/* The rename is on disk once the folder is. */
static void
folder_sync(const char *path)
{
    Str folder = folder_of(path);
    char *name = folder.len ? mem_strdup(folder.ptr, folder.len) : mem_strdup(".", 1);
    int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd); /* not every file system can */
        close(fd);
    }
    mem_free(name);
}

static Status
file_sink_commit(Sink *s, u64 epoch, Err *err)
{
    (void)epoch;
    header_once(s);
    TRY(out_flush(s, err));
    if (s->to_stdout || !s->tmp) return ERR_OK;
    if (fsync(s->fd) != 0) return write_error(s, err);
    int fd = s->fd;
    s->fd = -1;
    if (close(fd) != 0) return write_error(s, err);
    if ((s->folder ? part_rename(s) : rename(s->tmp, s->path)) != 0)
        return err_set(err, W5001, POS_NONE, "cannot write %s: %s", s->path, strerror(errno));
    folder_sync(s->path);
    mem_free(s->tmp);
    s->tmp = NULL;
    return ERR_OK;
}

static void
file_sink_close(Sink *s, bool keep)
{
    (void)keep;
    if (!s) return;
    if (s->fd >= 0 && !s->to_stdout) close(s->fd);
    if (s->tmp) unlink(s->tmp);
    s->format->encoder_close(s->encoder);
    strbuf_done(&s->out);
    mem_free(s->path);
    mem_free(s->tmp);
    mem_free(s);
}

const SinkDef filesystem_sink = {
    .open = file_sink_open,
    .write = file_sink_write,
    .commit = file_sink_commit,
    .close = file_sink_close,
};

static const SinkDef stdout_sink = {
    .open = stdout_sink_open,
    .write = file_sink_write,
    .commit = file_sink_commit,
    .close = file_sink_close,
};

extern const Connector connector_stdout;
const Connector connector_stdout = {
    .name = "stdout",
    .doc = "Standard output in one format; 'filesystem' with 'path' = '-' is the same.",
    .has_format = true,
    .sink = &stdout_sink,
};
