/* file_sink.c - files and standard output as a sink: opening, and rows into files.
 *
 * 'path' names one file, which is replaced at the end, or a folder (it is one, or the name ends in
 * '/'), which gets parts; with PARTITIONED BY they lie in folders below it, one growing part per
 * folder, at most OPEN_FILES_MAX of them: the one used longest ago is finished for another. Text is
 * gathered in memory and written to hidden files, which sources do not read; how they become
 * visible is file_epoch.c's.
 *
 * Standard output, pipes and devices cannot be renamed: they are written as it comes, so a restart
 * may write rows twice. */
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "connectors/file_list.h"
#include "connectors/file_out.h"
#include "connectors/file_partition.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    OUT_BYTES = 1 << 20,
    OUT_BYTES_PARTITIONED = 1 << 18, /* of each of many */
};

/* ---- opening --------------------------------------------------------------------------------- */

/* What only this sink has: an owner that comes back at every start when the job has a name. */
static void
tokens_make(Sink *s, const char *job)
{
    u64 random[2];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        random[0] = hash_u64((u64)clock_wall_us(), (u64)getpid());
        random[1] = hash_u64((u64)clock_monotonic_ns(), random[0]);
    }
    if (job && *job) random[0] = hash_bytes(job, strlen(job), 0);
    snprintf(s->owner, sizeof s->owner, "%016llx", (unsigned long long)random[0]);
    snprintf(s->run, sizeof s->run, "%08x", (u32)random[1]);
}

static Status
folder_prepare(Sink *s, bool there, u32 pos, Err *err)
{
    if (!there && mkdir(s->path, 0777) != 0)
        return err_set(err, W4004, pos, "cannot make folder %s: %s", s->path, strerror(errno));
    s->made = !there;
    size_t len = strlen(s->path);
    if (s->path[len - 1] == '/') return ERR_OK;
    StrBuf with = {0};
    strbuf_printf(&with, "%s/", s->path);
    mem_free(s->path);
    s->path = mem_strdup(with.ptr, with.len);
    strbuf_done(&with);
    return ERR_OK;
}

/* With state the hidden file is not made before it is known whether there is one already, but a
 * folder that is not there should be told at once. */
static Status
single_prepare(Sink *s, Err *err)
{
    OutFile *unused;
    if (!s->durable) return out_file_of(s, "", &unused, err);
    const char *slash = strrchr(s->path, '/');
    char *folder = slash ? mem_strdup(s->path, (size_t)(slash - s->path) + 1) : mem_strdup(".", 1);
    Status st = ERR_OK;
    if (access(folder, W_OK | X_OK) != 0) {
        bool none = errno == ENOENT;
        st = err_set(err, W4004, POS_NONE, "cannot write %s: %s", s->path, strerror(errno));
        if (none) err_hint(err, st, "Make its folder first.");
    }
    mem_free(folder);
    return st;
}

static Status
path_prepare(Sink *s, Str path, const ConnectorEnv *env, Err *err)
{
    u32 pos = s->table->pos;
    if (path.len == 0 || path.len > 4000 || memchr(path.ptr, 0, path.len))
        return err_set(err, W4004, pos, "the path is no name of a file");
    s->path = file_path_make(path, env ? env->base_dir : NULL);
    struct stat st;
    bool there = stat(s->path, &st) == 0;
    s->folder = (there && S_ISDIR(st.st_mode)) || s->path[strlen(s->path) - 1] == '/';
    if (s->table->npartitioned_by && !there) s->folder = true;
    if (s->folder) return folder_prepare(s, there, pos, err);
    if (s->table->npartitioned_by)
        return err_set(err, W4004, pos, "%s is a file: PARTITIONED BY needs a folder", s->path);
    if (!there || S_ISREG(st.st_mode)) return single_prepare(s, err);
    s->direct = true;
    s->direct_fd = open(s->path, O_WRONLY | O_CLOEXEC);
    if (s->direct_fd >= 0) return ERR_OK;
    return err_set(err, W4004, pos, "cannot write %s: %s", s->path, strerror(errno));
}

static Status
partitions_prepare(Sink *s, Err *err)
{
    const TableSpec *t = s->table;
    u64 *out = mem_array(u64, t->nfields / 64 + 1);
    for (u32 i = 0; i < t->npartitioned_by; i++) bit_set(out, t->partitioned_by[i]);
    s->inner = table_without(t, out, &s->inner_fields);
    mem_free(out);
    if (s->direct && t->npartitioned_by)
        return err_set(err, W4004, t->pos, "PARTITIONED BY needs a folder to write to");
    if (t->npartitioned_by) s->groups = mem_array(RowGroup, OPEN_FILES_MAX);
    s->number_field = UINT32_MAX;
    for (u32 i = 0; s->options && i < t->nfields; i++)
        if (s->options->partition_written.len &&
            str_eq(t->fields[i].name, s->options->partition_written))
            s->number_field = i;
    return ERR_OK;
}

/* path "-" is standard output. */
static Status
sink_open(const TableSpec *table, const FilesystemOptions *options, const ConnectorEnv *env,
          Str path, Sink **ret_sink, Err *err)
{
    const FormatOptions *fo = table->format;
    if (!fo->def->encoder_open)
        return err_set(err, W2001, table->pos, "writing format \"%s\" is not supported yet",
                       fo->def->name);
    Sink *s = mem_make(Sink);
    s->table = table;
    s->options = options;
    s->format = fo->def;
    s->zone = env ? env->zone : NULL;
    s->durable = env && env->job;
    s->direct_fd = STDOUT_FILENO;
    s->direct = str_eq(path, STR("-"));
    tokens_make(s, s->durable ? env->job : NULL);
    Status st = s->direct ? ERR_OK : path_prepare(s, path, env, err);
    if (!st) st = partitions_prepare(s, err);
    if (!st) st = fo->def->encoder_open(s->inner, env, &s->encoder, err);
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
    return sink_open(table, o, env, o->path, ret_sink, err);
}

static Status
stdout_sink_open(const TableSpec *table, const ConnectorEnv *env, Sink **ret_sink, Err *err)
{
    return sink_open(table, NULL, env, STR("-"), ret_sink, err);
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* The format's columns of b; the number of the source partition stands where the table wants it. */
static Batch *
inner_batch(const Sink *s, const Batch *b)
{
    Batch *inner = batch_new(s->inner->nfields, b->rows);
    for (u32 i = 0; i < s->inner->nfields; i++) {
        u32 field = s->inner_fields[i];
        if (field != s->number_field) {
            inner->col[i] = vector_share(&b->col[field]);
            continue;
        }
        Type type = type_nullable(s->table->fields[field].type, true);
        Vector one = vector_new(type, 1);
        vector_set_integer(&one, 0, b->partition);
        inner->col[i] = vector_const(type, b->rows, one.data->bytes);
        vector_done(&one);
    }
    inner->kind = buf_ref(b->kind);
    return inner;
}

static Status
rows_into(Sink *s, OutFile *f, const Batch *inner, Err *err)
{
    out_header_once(s, f);
    TRY(s->format->encode(s->encoder, inner, &f->buf, err));
    f->row_us = s->durable ? clock_wall_us() : f->row_us;
    size_t most = s->groups ? OUT_BYTES_PARTITIONED : OUT_BYTES;
    if (f->buf.len >= most) TRY(out_flush(s, f, err));
    bool full = s->folder && f->bytes + f->buf.len >= (u64)s->options->roll_bytes;
    return full ? out_finish(s, f, err) : ERR_OK;
}

static Status
groups_flush(Sink *s, const Batch *inner, Err *err)
{
    Status st = ERR_OK;
    for (u32 g = 0; g < s->ngroups && !st; g++) {
        const RowGroup *group = &s->groups[g];
        if (group->n == inner->rows) {
            st = rows_into(s, group->file, inner, err);
            continue;
        }
        Batch *some = batch_new(inner->cols, group->n);
        for (u32 c = 0; c < inner->cols; c++)
            some->col[c] = vector_take(&inner->col[c], group->rows, group->n);
        st = rows_into(s, group->file, some, err);
        batch_free(some);
    }
    s->ngroups = 0;
    return st;
}

static bool
same_partition(const Sink *s, const Batch *b, u32 row, u32 before)
{
    for (u32 i = 0; i < s->table->npartitioned_by; i++) {
        const Vector *v = &b->col[s->table->partitioned_by[i]];
        const void *x = vector_at(v, row), *y = vector_at(v, before);
        if (x == y) continue;
        if (!x || !y) return false;
        bool text = type_is(v->type, KIND_HEAP);
        if (text && !strview_eq(x, y)) return false;
        if (!text && memcmp(x, y, type_slot_bytes[v->type.kind]) != 0) return false;
    }
    return true;
}

/* Which group a row belongs to. Groups are as many as open files at most, so whatever file is
 * finished for a new one is in no group: those of the groups were used later. */
static Status
group_of(Sink *s, const Batch *b, const Batch *inner, u32 row, RowGroup **ret_group, Err *err)
{
    StrBuf dir = {0};
    for (u32 i = 0; i < s->table->npartitioned_by; i++) {
        u32 field = s->table->partitioned_by[i];
        partition_add(&dir, &s->table->fields[field], vector_at(&b->col[field], row), s->zone);
    }
    RowGroup *found = NULL;
    for (u32 g = 0; g < s->ngroups && !found; g++)
        if (strcmp(s->groups[g].file->dir, dir.ptr) == 0) found = &s->groups[g];
    Status st = ERR_OK;
    if (!found && s->ngroups == OPEN_FILES_MAX) st = groups_flush(s, inner, err);
    OutFile *file = NULL;
    if (!found && !st) st = out_file_of(s, dir.ptr, &file, err);
    if (!found && !st) {
        found = &s->groups[s->ngroups++];
        found->file = file;
        found->n = 0;
    }
    strbuf_done(&dir);
    *ret_group = found;
    return st;
}

static Status
rows_by_partition(Sink *s, const Batch *b, const Batch *inner, Err *err)
{
    RowGroup *group = NULL;
    for (u32 row = 0; row < b->rows; row++) {
        if (row == 0 || !same_partition(s, b, row, row - 1))
            TRY(group_of(s, b, inner, row, &group, err));
        group->rows[group->n++] = (u16)row;
    }
    return groups_flush(s, inner, err);
}

static Status
direct_write(Sink *s, const Batch *inner, Err *err)
{
    if (!s->begun && s->format->encode_header) s->format->encode_header(s->encoder, &s->direct_buf);
    s->begun = true;
    TRY(s->format->encode(s->encoder, inner, &s->direct_buf, err));
    bool now = s->direct_fd == STDOUT_FILENO || s->direct_buf.len >= OUT_BYTES;
    return now ? out_write(s, s->direct_fd, UINT64_MAX, &s->direct_buf, err) : ERR_OK;
}

static Status
file_sink_write(Sink *s, const Batch *b, Err *err)
{
    assert(b->cols == s->table->nfields);
    Batch *inner = inner_batch(s, b);
    Status st;
    if (s->direct) {
        st = direct_write(s, inner, err);
    } else if (s->groups) {
        st = rows_by_partition(s, b, inner, err);
    } else {
        OutFile *f = NULL;
        st = out_file_of(s, "", &f, err);
        if (!st) st = rows_into(s, f, inner, err);
    }
    batch_free(inner);
    return st;
}

const SinkDef filesystem_sink = {
    .open = file_sink_open,
    .write = file_sink_write,
    .barrier = file_sink_barrier,
    .sync = file_sink_sync,
    .commit = file_sink_commit,
    .restore = file_sink_restore,
    .close = file_sink_close,
};

static const SinkDef stdout_sink = {
    .open = stdout_sink_open,
    .write = file_sink_write,
    .barrier = file_sink_barrier,
    .sync = file_sink_sync,
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
