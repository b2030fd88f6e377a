/* spill_save.c - the record that lists an epoch's layers, and layers out of it.
 *
 *     | files u32 | layers u32 | file: number u64, bytes u64 ... | layer: six u64 ... |
 *
 * A file that no live layer is in is left out of the record, and deleted at the save after: then
 * the epoch that left it out is decided. */
#include "base/mem.h"
#include "exec/state/pane_body.h"
#include "exec/state/spill_body.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_WORDS = 2, LAYER_WORDS = 6, HEAD_BYTES = 8 };

/* ---- saving ------------------------------------------------------------------------------- */

static Status
folder_sync(Spill *s, Err *err)
{
    int fd = open(s->spec.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int why = fd < 0 || fsync(fd) ? errno : 0;
    if (fd >= 0) (void)close(fd);
    return why ? spill_fail(s, why, "sync", err) : ERR_OK;
}

static Status
files_sync(Spill *s, Err *err)
{
    bool names = false;
    for (u32 i = 0; i < s->nfiles; i++) {
        SpillFile *f = &s->file[i];
        names |= !f->named_durably;
        if (f->synced) continue;
        if (fdatasync(f->fd)) return spill_fail(s, errno, "sync", err);
        f->synced = true;
    }
    if (!names) return ERR_OK;
    TRY(folder_sync(s, err));
    for (u32 i = 0; i < s->nfiles; i++) s->file[i].named_durably = true;
    return ERR_OK;
}

/* One epoch is in flight at a time: at this save, the one of the last save is decided. */
static void
gone_delete(Spill *s)
{
    for (u32 i = 0; i < s->ngone[1]; i++) {
        (void)unlink(s->gone[1][i]); /* left over, it is found at the next start */
        mem_free(s->gone[1][i]);
    }
    mem_free(s->gone[1]);
    s->gone[1] = s->gone[0];
    s->ngone[1] = s->ngone[0];
    s->gone_cap[1] = s->gone_cap[0];
    s->gone[0] = NULL;
    s->ngone[0] = s->gone_cap[0] = 0;
}

static void
add_word(StrBuf *out, u64 word)
{
    strbuf_add(out, (const char *)&word, sizeof word);
}

Status
spill_save(Spill *s, StateWriter *w, u16 table, Err *err)
{
    assert(s->spec.folder);
    TRY(spill_check(s, err));
    gone_delete(s);
    if (!s->changed) return ERR_OK;
    TRY(files_sync(s, err));
    StrBuf out = {0};
    strbuf_add(&out, (const char *)&s->nfiles, sizeof s->nfiles);
    strbuf_add(&out, (const char *)&s->nlayers, sizeof s->nlayers);
    for (u32 i = 0; i < s->nfiles; i++) {
        add_word(&out, s->file[i].number);
        add_word(&out, s->file[i].bytes);
    }
    for (u32 i = 0; i < s->nlayers; i++) {
        const SpillLayer *l = &s->layer[i];
        const u64 words[LAYER_WORDS] = {
            (u64)l->id.first_end_us, (u64)l->id.start_us, l->file, l->at, l->bytes, l->rows};
        strbuf_add(&out, (const char *)words, sizeof words);
    }
    state_put(w, (StateKey){.table = table}, strbuf_view(&out));
    strbuf_done(&out);
    s->changed = false;
    return ERR_OK;
}

/* ---- restoring ---------------------------------------------------------------------------- */

/* What one subtask's record lists. */
typedef struct Listed {
    u32 subtask;
    u64 (*file)[FILE_WORDS];
    u64 (*layer)[LAYER_WORDS];
    u32 nfiles, nlayers;
} Listed;

typedef struct Restore {
    Spill *s;
    Listed *listed;
    u32 n, cap;
} Restore;

static Status
record_read(void *ctx, const StateRecord *record, Err *err)
{
    Restore *x = ctx;
    Listed l = {.subtask = record->subtask};
    u32 count[2];
    if (record->image.len < HEAD_BYTES) return state_damaged("a list of spilled panes", err);
    memcpy(count, record->image.ptr, sizeof count);
    l.nfiles = count[0];
    l.nlayers = count[1];
    u64 files = (u64)l.nfiles * FILE_WORDS * 8, layers = (u64)l.nlayers * LAYER_WORDS * 8;
    if (record->image.len != HEAD_BYTES + files + layers) {
        return state_damaged("a list of spilled panes", err);
    }
    l.file = mem_alloc(files);
    l.layer = mem_alloc(layers);
    memcpy(l.file, record->image.ptr + HEAD_BYTES, files);
    memcpy(l.layer, record->image.ptr + HEAD_BYTES + files, layers);
    mem_grow(x->listed, x->n, x->cap);
    x->listed[x->n++] = l;
    return ERR_OK;
}

/* Open the files of a record; *ret_from is the first of them among s->file. */
static Status
files_open(Spill *s, const Listed *l, Err *err)
{
    for (u32 i = 0; i < l->nfiles; i++) {
        u64 number = l->file[i][0], bytes = l->file[i][1];
        if (number >= UINT32_MAX || (i && number <= l->file[i - 1][0])) {
            return state_damaged("a list of spilled panes", err);
        }
        StrBuf path = {0};
        struct stat info;
        spill_path(s, l->subtask, (u32)number, &path);
        int fd = open(path.ptr, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        Status st = ERR_OK;
        if (fd < 0 || fstat(fd, &info) || (u64)info.st_size < bytes) {
            st = err_set(err, W5004, POS_NONE, "the spilled state \"%.200s\" is %s", path.ptr,
                         fd < 0 ? "missing" : "cut off");
        }
        strbuf_done(&path);
        if (st) {
            if (fd >= 0) (void)close(fd);
            return st;
        }
        SpillFile *f = spill_file_add(s, (u32)number, fd, bytes);
        f->synced = f->named_durably = true;
        if (l->subtask == s->spec.subtask) s->next_number = MAX(s->next_number, (u32)number + 1);
    }
    return ERR_OK;
}

static Status
layers_open(Spill *s, const Listed *l, Err *err)
{
    for (u32 i = 0; i < l->nlayers; i++) {
        const u64 *w = l->layer[i];
        SpillLayer layer = {{(i64)w[0], (i64)w[1]}, (u32)w[2], w[3], w[4], w[5]};
        const SpillFile *f = w[2] < UINT32_MAX ? spill_file(s, layer.file) : NULL;
        bool bad = !f || layer.at > f->bytes || layer.bytes > f->bytes - layer.at;
        if (bad) return state_damaged("a list of spilled panes", err);
        spill_layer_end(s, &layer);
    }
    return ERR_OK;
}

/* Copy this subtask's share of a layer of `from` into a layer of s: the order stays. */
static Status
layer_copy_share(Spill *s, Spill *from, const SpillLayer *layer, u32 subtasks, Err *err)
{
    SpillCursor c = {.layer = layer};
    SpillLayer mine;
    Pane *kept = NULL;
    u32 most = spill_block_rows(s);
    u8 **rows = mem_array(u8 *, most);
    Status st = spill_layer_begin(s, layer->id, &mine, err);
    while (st == ERR_OK) {
        u32 n = 0;
        pane_unref(kept);
        kept = pane_new(s->spec.shape, layer->id);
        while ((st = spill_cursor_next(from, &c, err)) == ERR_OK && c.row) {
            u64 hash = pane_row_hash(s->spec.shape->layout, c.row);
            if (pane_share_of(hash, subtasks) != s->spec.subtask) continue;
            if (n == 0) pane_pin(kept);
            rows[n++] = spill_row_move(kept, c.row);
            if (n == most) break;
        }
        if (st == ERR_OK && n) st = spill_layer_add(s, &mine, rows, n, err);
        if (n < most) break;
    }
    if (st == ERR_OK && mine.rows) spill_layer_end(s, &mine);
    pane_unref(kept);
    spill_cursor_done(&c);
    mem_free(rows);
    return st;
}

/* The files of a subtask of then are read through a Spill of their own, and are deleted when the
 * first epoch from here on is decided, by one of the subtasks of now. */
static Status
share_of_listed(Spill *s, const Listed *l, u32 subtasks, Err *err)
{
    Spill *from = spill_new(&s->spec);
    from->spec.subtask = l->subtask;
    Status st = files_open(from, l, err);
    if (st == ERR_OK) st = layers_open(from, l, err);
    for (u32 i = 0; i < from->nlayers && st == ERR_OK; i++) {
        st = layer_copy_share(s, from, &from->layer[i], subtasks, err);
    }
    for (u32 i = 0; i < l->nfiles && l->subtask % subtasks == s->spec.subtask; i++) {
        spill_gone(s, l->subtask, (u32)l->file[i][0]);
    }
    spill_free(from);
    return st;
}

static bool
is_listed(const Restore *x, u32 subtask, u32 number)
{
    for (u32 i = 0; i < x->n; i++) {
        for (u32 k = 0; x->listed[i].subtask == subtask && k < x->listed[i].nfiles; k++) {
            if (x->listed[i].file[k][0] == number) return true;
        }
    }
    return false;
}

/* Files that no record lists were written after the last epoch. Each subtask deletes its own, the
 * first one those of subtasks that are no more. */
static void
unlisted_delete(Restore *x, u32 subtasks)
{
    Spill *s = x->s;
    DIR *folder = opendir(s->spec.folder);
    if (!folder) return;
    for (struct dirent *e; (e = readdir(folder));) {
        u32 op, subtask, number;
        int end = 0;
        if (sscanf(e->d_name, "spill-%u-%u-%u%n", &op, &subtask, &number, &end) != 3) continue;
        if (e->d_name[end] || op != s->spec.op) continue;
        bool mine = subtask == s->spec.subtask || (s->spec.subtask == 0 && subtask >= subtasks);
        if (!mine || is_listed(x, subtask, number)) continue;
        (void)unlinkat(dirfd(folder), e->d_name, 0);
    }
    (void)closedir(folder);
}

Status
spill_restore(Spill *s, StateReader *r, u16 table, u32 subtasks, Err *err)
{
    assert(s->spec.folder && s->nlayers == 0 && s->nfiles == 0);
    Restore x = {.s = s};
    bool same = state_subtasks_then(r) == subtasks;
    Status st = state_each(r, table, record_read, &x, err);
    if (st == ERR_OK) unlisted_delete(&x, subtasks);
    for (u32 i = 0; i < x.n && st == ERR_OK && !same; i++) {
        for (u32 k = 0; k < x.listed[i].nfiles; k++) { /* never a name that is listed */
            if (x.listed[i].subtask != s->spec.subtask) continue;
            s->next_number = MAX(s->next_number, (u32)x.listed[i].file[k][0] + 1);
        }
    }
    for (u32 i = 0; i < x.n && st == ERR_OK; i++) {
        const Listed *l = &x.listed[i];
        if (!same) {
            st = share_of_listed(s, l, subtasks, err);
        } else if (l->subtask == s->spec.subtask) {
            st = files_open(s, l, err);
            if (st == ERR_OK) st = layers_open(s, l, err);
            s->changed = false;
        }
    }
    if (!same) s->changed = true;
    for (u32 i = 0; i < x.n; i++) {
        mem_free(x.listed[i].file);
        mem_free(x.listed[i].layer);
    }
    mem_free(x.listed);
    return st;
}
