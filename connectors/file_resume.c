/* file_resume.c - what an epoch keeps of a scan over files, going on there, and files that come
 * later.
 *
 * Kept is the list of files, in the order of their partitions, with what was seen of each (size,
 * time, inode) and how many bytes of its content were handed out in whole chunks. Paths share their
 * beginning with the one before, so that only the rest is written. A start takes this list instead
 * of looking anew: the same number means the same file, and a list that is fixed stays fixed. Of
 * files not yet read to their end it verifies that they are still what they were.
 *
 * Compressed files are decoded up to the position. Where a format must have seen the front of a
 * file (the header of CSV), records are indexed again from there until it has.
 *
 * A watched folder is listed again at each interval. Files whose path is not known become
 * partitions in the order of (modification time, path). As in Flink, a file that was listed is
 * never looked at again: what is appended to it later is not read. Files should be moved into the
 * folder whole. */
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "connectors/file_source.h"
#include "connectors/saved.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { FORMAT_VERSION = 1 };

static const FilesystemOptions *
options_of(const Source *s)
{
    return s->want.table->options;
}

/* ---- paths that are known -------------------------------------------------------------------- */

static bool known_find(const Source *s, Str path, u32 *ret_slot);

static void
known_grow(Source *s)
{
    u32 n = s->nparts;
    if (s->known_cap && n < s->known_cap / 2) return;
    mem_free(s->known);
    s->known_cap = 256;
    while (s->known_cap <= 2 * n + 2) s->known_cap *= 2;
    s->known = mem_array(u32, s->known_cap);
    for (u32 i = 0; i < n; i++) {
        u32 slot;
        if (!known_find(s, str_from(part_at(s, i)->file.path), &slot)) s->known[slot] = i + 1;
    }
}

static bool
known_find(const Source *s, Str path, u32 *ret_slot)
{
    u32 slot = (u32)hash_bytes(path.ptr, path.len, 0) & (s->known_cap - 1);
    for (; s->known[slot]; slot = (slot + 1) & (s->known_cap - 1))
        if (str_eq(str_from(part_at(s, s->known[slot] - 1)->file.path), path)) return true;
    *ret_slot = slot;
    return false;
}

/* ---- listing --------------------------------------------------------------------------------- */

static int
newest_last(const void *a, const void *b)
{
    const ListedFile *x = a, *y = b;
    i64 tx = x->stamp.mtime_ns, ty = y->stamp.mtime_ns;
    return tx != ty ? (tx > ty) - (tx < ty) : strcmp(x->path, y->path);
}

Status
file_source_list(Source *s, Err *err)
{
    const FilesystemOptions *o = options_of(s);
    FileList list;
    bool watched = o->monitor_us > 0;
    TRY(file_list_make(&list, o->path, s->want.env ? s->want.env->base_dir : NULL, o->pattern,
                       watched, err));
    if (watched && list.len) qsort(list.at, list.len, sizeof *list.at, newest_last);
    if (watched) known_grow(s);
    Status st = ERR_OK;
    for (u32 i = 0; i < list.len && !st; i++) {
        const ListedFile *f = &list.at[i];
        Str path = str_from(f->path);
        u32 slot = 0;
        if (watched && known_find(s, path, &slot)) continue;
        if (s->nparts >= FILES_MAX) {
            st = err_set(err, W7003, POS_NONE, "more than %d files in one table", FILES_MAX);
            continue;
        }
        size_t name_at = str_eq(path, STR("-")) ? 0 : (size_t)(f->name - f->path);
        FilePart *p = part_add(s, path, name_at, f->stamp);
        if (!watched) continue;
        s->known[slot] = p->number + 1;
        known_grow(s);
    }
    s->looked_us = clock_monotonic_us();
    file_list_done(&list);
    return st;
}

Status
file_source_discover(Source *s, Err *err)
{
    i64 every = options_of(s)->monitor_us;
    if (every == 0) return ERR_OK;
    if (!s->restored && clock_monotonic_us() - s->looked_us < every) return ERR_OK;
    s->restored = false;
    return file_source_list(s, err);
}

/* ---- saving ---------------------------------------------------------------------------------- */

enum { PART_DONE = 1, PART_STREAM = 2 };

void
file_source_save(const Source *s, StrBuf *out)
{
    u32 n = s->nparts;
    const char *before = "";
    saved_u64(out, FORMAT_VERSION);
    saved_u64(out, n);
    for (u32 i = 0; i < n; i++) {
        const FilePart *p = part_at(s, i);
        const FileStamp *stamp = &p->file.stamp;
        const char *path = p->file.path;
        u32 same = 0;
        while (path[same] && path[same] == before[same]) same++;
        saved_u64(out, (p->done ? PART_DONE : 0u) | (stamp->stream ? PART_STREAM : 0u));
        saved_u64(out, same);
        saved_text(out, str_from(path + same));
        saved_u64(out, strcmp(path, "-") == 0 ? 0 : (u64)(p->file.name - path));
        before = path;
        if (p->done) continue;
        saved_u64(out, stamp->size);
        saved_u64(out, stamp->inode);
        saved_i64(out, stamp->mtime_ns);
        saved_u64(out, p->now.at);
        saved_u64(out, p->now.line);
        saved_u64(out, p->now.seq);
    }
    saved_u64(out, s->nvalues);
    for (u32 i = 0; i < s->nvalues; i++) saved_i64(out, s->values[i]);
}

/* ---- restoring ------------------------------------------------------------------------------- */

static Status
damaged(Err *err)
{
    Status st = err_set(err, W5004, POS_NONE, "the bytes stored for a scan of files are none");
    return err_hint(err, st, "Look at it with weir state check.");
}

/* A file that is still to be read must be the one that was listed. */
static Status
file_verify(FilePart *p, Err *err)
{
    struct stat st;
    FileStamp *was = &p->file.stamp;
    const char *how = NULL;
    if (was->stream) {
        Status rc = err_set(err, W4003, POS_NONE, "%s cannot be read again", p->file.name);
        return err_hint(err, rc, "Start anew with --fresh.");
    }
    if (stat(p->file.path, &st) != 0)
        return err_set(err, errno == ENOENT ? W4001 : W4002, POS_NONE, "cannot read %s: %s",
                       p->file.name, strerror(errno));
    i64 mtime_ns = (i64)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    if ((u64)st.st_ino != was->inode)
        how = "replaced";
    else if ((u64)st.st_size != was->size)
        how = (u64)st.st_size < was->size ? "shortened" : "lengthened";
    else if (mtime_ns != was->mtime_ns)
        how = "changed";
    was->device = (u64)st.st_dev;
    if (!how) return ERR_OK;
    Status rc = err_set(err, W4003, POS_NONE, "%s was %s since the job read it", p->file.name, how);
    return err_hint(err, rc, "Put the file back as it was, or start anew with --fresh.");
}

/* One partition; *path holds the path of the one before, and then its own. */
static Status
part_restore(Source *s, SavedReader *r, StrBuf *path, Err *err)
{
    u64 flags = saved_read_u64(r), same = saved_read_u64(r);
    Str rest = saved_read_text(r);
    u64 name_at = saved_read_u64(r);
    if (r->bad || same > path->len || (rest.len && memchr(rest.ptr, 0, rest.len)))
        return damaged(err);
    path->len = same;
    strbuf_str(path, rest);
    if (path->len > 100000 || name_at > path->len) return damaged(err);
    FileStamp stamp = {.stream = flags & PART_STREAM};
    FilePlace place = {.line = 1};
    bool done = flags & PART_DONE;
    if (!done) {
        stamp.size = saved_read_u64(r);
        stamp.inode = saved_read_u64(r);
        stamp.mtime_ns = saved_read_i64(r);
        place.at = saved_read_u64(r);
        place.line = saved_read_u64(r);
        place.seq = saved_read_u64(r);
    }
    if (r->bad || stamp.size > INT64_MAX || place.at > INT64_MAX) return damaged(err);
    FilePart *p = part_add(s, strbuf_view(path), name_at, stamp);
    p->start = p->now = place;
    p->done = p->ended = done;
    return done ? ERR_OK : file_verify(p, err);
}

Status
file_source_restore(Source *s, Str saved, Err *err)
{
    SavedReader r = {.left = saved};
    for (u32 i = 0; i < s->nparts; i++) part_close(s, part_at(s, i));
    s->nparts = 0;
    s->bytes_total = 0;
    s->restored = true;
    if (saved_read_u64(&r) != FORMAT_VERSION) return damaged(err);
    u64 n = saved_read_u64(&r);
    if (n > FILES_MAX) return damaged(err);
    StrBuf path = {0};
    strbuf_clear(&path);
    Status st = ERR_OK;
    for (u64 i = 0; i < n && !st; i++) st = part_restore(s, &r, &path, err);
    strbuf_done(&path);
    u64 nvalues = st ? 0 : saved_read_u64(&r);
    if (!st && nvalues != s->nvalues) st = damaged(err);
    for (u32 i = 0; i < s->nvalues && !st; i++)
        if (saved_read_i64(&r) != s->values[i]) st = damaged(err);
    if (!st && nvalues && n % nvalues != 0) st = damaged(err);
    if (!st && !saved_read_end(&r)) st = damaged(err);
    mem_free(s->known);
    s->known = NULL;
    s->known_cap = 0;
    return st;
}

/* Files that are read to their end are only counted. */
Status
file_source_describe(Str saved, StrBuf *out, Err *err)
{
    SavedReader r = {.left = saved};
    if (saved_read_u64(&r) != FORMAT_VERSION) return damaged(err);
    u64 n = saved_read_u64(&r);
    StrBuf path = {0};
    for (u64 i = 0; i < n && !r.bad; i++) {
        u64 flags = saved_read_u64(&r), same = saved_read_u64(&r);
        Str rest = saved_read_text(&r);
        (void)saved_read_u64(&r);
        if (r.bad || same > path.len) r.bad = true;
        if (r.bad) break;
        path.len = same;
        strbuf_str(&path, rest);
        if (flags & PART_DONE) continue;
        u64 size = saved_read_u64(&r);
        (void)saved_read_u64(&r);
        (void)saved_read_i64(&r);
        u64 at = saved_read_u64(&r), line = saved_read_u64(&r);
        (void)saved_read_u64(&r);
        if (at == 0) continue; /* not begun */
        strbuf_printf(out, "; %.*s: byte %llu of %llu, line %llu", STR_ARG(strbuf_view(&path)),
                      (unsigned long long)at, (unsigned long long)size, (unsigned long long)line);
    }
    strbuf_done(&path);
    return r.bad ? damaged(err) : ERR_OK;
}

/* Index again what stands before now.at, until the format has seen what it needs. */
static Status
format_replay(Source *s, FilePart *p, FileBytes *bytes, Err *err)
{
    u64 left = p->now.at;
    u32 have = 0, room = s->block_bytes;
    bool begun = false, ended = false;
    FileChunk *c = chunk_take(s, p, room);
    Status st = ERR_OK;
    while (!st && !s->format->part_ready(p->format) && (left > 0 || have > 0)) {
        while (!st && have < room && left > 0 && !ended) {
            size_t got = 0, want = (size_t)MIN((u64)(room - have), left);
            st = file_bytes_read(bytes, c->text.data + have, want, &got, &ended, err);
            have += (u32)got;
            left -= got;
        }
        if (ended) left = 0;
        if (!begun && have >= 3 && memcmp(c->text.data, "\xef\xbb\xbf", 3) == 0)
            memmove(c->text.data, c->text.data + 3, have -= 3);
        begun = true;
        if (left == 0 && have > 0 && c->text.data[have - 1] != '\n') c->text.data[have++] = '\n';
        if (!st && have == 0) break;
        bool full = have >= s->scan->record_bytes_max;
        IndexInput input = left == 0 ? INDEX_LAST : full ? INDEX_FULL : INDEX_MORE;
        if (!st) st = s->format->index(p->format, &c->text, have, input, err);
        u32 used = st ? 0 : c->text.len;
        if (used == 0) {
            room = MAX(MIN(room * 2, s->scan->record_bytes_max), have + 1);
            if (!st) chunk_grow(c, have, room);
            continue;
        }
        have -= used;
        memmove(c->text.data, c->text.data + used, have);
    }
    file_chunk_free(s, (Chunk *)c);
    return st;
}

Status
part_resume(Source *s, FilePart *p, Err *err)
{
    if (s->format->part_ready && !s->format->part_ready(p->format)) {
        FileBytes *front = part_bytes(s, p);
        Status st = format_replay(s, p, front, err);
        file_bytes_free(front);
        if (st) return st;
    }
    p->bytes = part_bytes(s, p);
    file_bytes_skip(p->bytes, p->now.at);
    p->begun = true;
    return ERR_OK;
}
