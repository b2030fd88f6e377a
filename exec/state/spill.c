/* spill.c - layers of panes into files, and the record that lists them. */
#define XXH_INLINE_ALL
#include "base/failpoint.h"
#include "base/mem.h"
#include "exec/state/pane_body.h"
#include "exec/state/spill_body.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum { BLOCK_BYTES = 64 * 1024, FILE_BYTES_MAX = 1 << 30 };

int
pane_id_cmp(PaneId a, PaneId b)
{
    if (a.first_end_us != b.first_end_us) return a.first_end_us < b.first_end_us ? -1 : 1;
    return (a.start_us > b.start_us) - (a.start_us < b.start_us);
}

Spill *
spill_new(const SpillSpec *spec)
{
    Spill *s = mem_make(Spill);
    s->spec = *spec;
    s->image = row_image_new(spec->shape);
    return s;
}

static void
paths_free(char **paths, u32 n)
{
    for (u32 i = 0; i < n; i++) mem_free(paths[i]);
    mem_free(paths);
}

void
spill_free(Spill *s)
{
    if (!s) return;
    for (u32 i = 0; i < s->nfiles; i++) (void)close(s->file[i].fd);
    for (u32 i = 0; i < ARRAY_LEN(s->gone); i++) paths_free(s->gone[i], s->ngone[i]);
    mem_free(s->file);
    mem_free(s->layer);
    strbuf_done(&s->block);
    row_image_free(s->image);
    mem_free(s);
}

/* The first failure is the answer to every later call, too. */
Status
spill_fail(Spill *s, int why, const char *what, Err *err)
{
    bool full = why == ENOSPC || why == EDQUOT;
    s->failed =
        err_set(err, full ? W7002 : W5001, POS_NONE, "cannot %s spilled state in \"%.200s\": %s",
                what, s->spec.folder ? s->spec.folder : "/var/tmp", strerror(why));
    if (full) {
        s->failed = err_hint(err, s->failed, "Free some space, or raise 'state.memory-limit'.");
    }
    s->failure = *err;
    return s->failed;
}

Status
spill_check(const Spill *s, Err *err)
{
    if (s->failed) *err = s->failure;
    return s->failed;
}

/* ---- files -------------------------------------------------------------------------------- */

void
spill_path(const Spill *s, u32 subtask, u32 number, StrBuf *out)
{
    strbuf_printf(out, "%s/spill-%u-%u-%u", s->spec.folder, s->spec.op, subtask, number);
}

static int
open_unnamed(void)
{
    static const char *const folders[] = {"/var/tmp", "/tmp"};
    int fd = -1;
    for (u32 i = 0; fd < 0 && i < ARRAY_LEN(folders); i++) {
        fd = open(folders[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (fd >= 0) break;
        char path[] = "/var/tmp/weir-spill-XXXXXX", short_path[] = "/tmp/weir-spill-XXXXXX";
        char *made = i ? short_path : path;
        fd = mkostemp(made, O_CLOEXEC); /* a file system without O_TMPFILE */
        if (fd >= 0) (void)unlink(made);
    }
    return fd;
}

SpillFile *
spill_file_add(Spill *s, u32 number, int fd, u64 bytes)
{
    mem_grow(s->file, s->nfiles, s->files_cap);
    s->file[s->nfiles++] = (SpillFile){.number = number, .fd = fd, .bytes = bytes};
    return &s->file[s->nfiles - 1];
}

/* The file that is written to, with room for another layer. */
static Status
file_to_write(Spill *s, SpillFile **ret_file, Err *err)
{
    SpillFile *last = s->nfiles ? &s->file[s->nfiles - 1] : NULL;
    bool fits = last && last->bytes < FILE_BYTES_MAX && last->number + 1 == s->next_number;
    if (!fits) {
        StrBuf path = {0};
        if (s->spec.folder) spill_path(s, s->spec.subtask, s->next_number, &path);
        int fd = path.len
                     ? open(path.ptr, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600)
                     : open_unnamed();
        int why = errno;
        strbuf_done(&path);
        if (fd < 0) return spill_fail(s, why, "make a file for", err);
        last = spill_file_add(s, s->next_number++, fd, 0);
    }
    *ret_file = last;
    return ERR_OK;
}

SpillFile *
spill_file(const Spill *s, u32 number)
{
    for (u32 i = 0; i < s->nfiles; i++) {
        if (s->file[i].number == number) return &s->file[i];
    }
    return NULL;
}

void
spill_gone(Spill *s, u32 subtask, u32 number)
{
    StrBuf path = {0};
    spill_path(s, subtask, number, &path);
    mem_grow(s->gone[0], s->ngone[0], s->gone_cap[0]);
    s->gone[0][s->ngone[0]++] = mem_strdup(path.ptr, path.len);
    strbuf_done(&path);
}

/* A file without layers: its room is given back, at once or when no epoch lists it any more. */
static void
file_retire(Spill *s, SpillFile *f)
{
    if (s->spec.folder) spill_gone(s, s->spec.subtask, f->number);
    (void)close(f->fd);
    u32 i = (u32)(f - s->file);
    memmove(f, f + 1, (s->nfiles - i - 1) * sizeof *f);
    s->nfiles--;
}

static Status
write_all(Spill *s, SpillFile *f, const char *from, size_t len, Err *err)
{
    int why = failpoint(FAIL_SPILL_WRITE);
    if (why) return spill_fail(s, why, "write", err);
    while (len) {
        ssize_t n = pwrite(f->fd, from, len, (off_t)f->bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return spill_fail(s, n ? errno : EIO, "write", err);
        from += n;
        len -= (size_t)n;
        f->bytes += (u64)n;
    }
    f->synced = false;
    return ERR_OK;
}

u64
spill_checksum(const void *bytes, u32 len, u32 file, u64 at)
{
    return XXH3_64bits_withSeed(bytes, len, at * 2 + ((u64)file << 40));
}

/* ---- layers ------------------------------------------------------------------------------- */

u32
spill_layers_of(const Spill *s, PaneId id, u32 *ret_from)
{
    u32 from = 0, to;
    while (from < s->nlayers && pane_id_cmp(s->layer[from].id, id) < 0) from++;
    for (to = from; to < s->nlayers && pane_id_cmp(s->layer[to].id, id) == 0;) to++;
    *ret_from = from;
    return to;
}

bool
spill_has(const Spill *s, PaneId id)
{
    u32 from;
    return s && spill_layers_of(s, id, &from) > from;
}

bool
spill_id(const Spill *s, u32 i, PaneId *ret_id)
{
    for (u32 at = 0; at < s->nlayers; at++) {
        if (at && pane_id_cmp(s->layer[at - 1].id, s->layer[at].id) == 0) continue;
        if (i-- == 0) {
            *ret_id = s->layer[at].id;
            return true;
        }
    }
    return false;
}

u64
spill_bytes(const Spill *s)
{
    u64 bytes = 0;
    for (u32 i = 0; i < s->nlayers; i++) bytes += s->layer[i].bytes;
    return bytes;
}

void
spill_drop(Spill *s, PaneId id)
{
    u32 from, to = spill_layers_of(s, id, &from);
    if (from == to) return;
    for (u32 i = from; i < to; i++) {
        SpillFile *f = spill_file(s, s->layer[i].file);
        if (--f->layers == 0) file_retire(s, f);
    }
    memmove(s->layer + from, s->layer + to, (s->nlayers - to) * sizeof *s->layer);
    s->nlayers -= to - from;
    s->changed = true;
}

u32
spill_block_rows(const Spill *s)
{
    u32 rows = BLOCK_BYTES / s->spec.shape->layout->row_bytes;
    /* Texts and saved states come on top. */
    return MAX(row_image_is_plain(s->image) ? rows : rows / 4, 1u);
}

Status
spill_layer_begin(Spill *s, PaneId id, SpillLayer *ret_layer, Err *err)
{
    SpillFile *f = NULL;
    TRY(spill_check(s, err));
    TRY(file_to_write(s, &f, err));
    *ret_layer = (SpillLayer){.id = id, .file = f->number, .at = f->bytes};
    return ERR_OK;
}

Status
spill_layer_add(Spill *s, SpillLayer *layer, u8 *const *rows, u32 n, Err *err)
{
    SpillFile *f = spill_file(s, layer->file);
    SpillBlock head = {.rows = n};
    strbuf_clear(&s->block);
    strbuf_add(&s->block, (const char *)&head, sizeof head);
    row_image_write(s->image, rows, n, &s->block);
    assert(s->block.len < UINT32_MAX); /* a group is far smaller */
    head.len = (u32)(s->block.len - sizeof head);
    head.checksum = spill_checksum(s->block.ptr + sizeof head, head.len, f->number, f->bytes);
    memcpy(s->block.ptr, &head, sizeof head);
    TRY(write_all(s, f, s->block.ptr, s->block.len, err));
    layer->bytes += s->block.len;
    layer->rows += n;
    return ERR_OK;
}

void
spill_layer_end(Spill *s, const SpillLayer *layer)
{
    SpillFile *f = spill_file(s, layer->file);
    u32 from, to = spill_layers_of(s, layer->id, &from);
    mem_grow(s->layer, s->nlayers, s->layers_cap);
    memmove(s->layer + to + 1, s->layer + to, (s->nlayers - to) * sizeof *s->layer);
    s->layer[to] = *layer;
    s->nlayers++;
    f->layers++;
    s->changed = true;
}

Status
spill_pane(Spill *s, const Pane *p, Err *err)
{
    if (p->rows == 0) return spill_check(s, err);
    SpillLayer layer;
    TRY(spill_layer_begin(s, p->id, &layer, err));
    u32 *order = spill_order(s, p), most = spill_block_rows(s);
    u8 **rows = mem_array(u8 *, most);
    Status st = ERR_OK;
    for (u32 from = 0; from < p->rows && st == ERR_OK; from += most) {
        u32 n = MIN(most, p->rows - from);
        for (u32 i = 0; i < n; i++) rows[i] = pane_row(p, order[from + i]);
        st = spill_layer_add(s, &layer, rows, n, err);
    }
    mem_free(rows);
    mem_free(order);
    TRY(st);
    spill_layer_end(s, &layer);
    return ERR_OK;
}
