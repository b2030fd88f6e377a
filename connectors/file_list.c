/* file_list.c - the files that a 'path' means. */
#include "connectors/file_list.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <regex.h>
#include <stdlib.h>
#include <sys/stat.h>

char *
file_path_make(Str path, const char *base_dir)
{
    if (str_starts(path, STR("file://"))) path = (Str){path.ptr + 7, path.len - 7};
    StrBuf out = {0};
    bool absolute = path.len && path.ptr[0] == '/';
    if (base_dir && !absolute && !str_eq(path, STR("-"))) strbuf_printf(&out, "%s/", base_dir);
    strbuf_str(&out, path);
    char *copy = mem_strdup(out.ptr ? out.ptr : "", out.len);
    strbuf_done(&out);
    return copy;
}

static FileStamp
stamp_of(const struct stat *st)
{
    return (FileStamp){
        .size = (u64)st->st_size,
        .inode = (u64)st->st_ino,
        .device = (u64)st->st_dev,
        .mtime_ns = (i64)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
        .stream = !S_ISREG(st->st_mode),
    };
}

static Status
list_add(FileList *l, const char *path, size_t name_at, FileStamp stamp, Err *err)
{
    if (l->len >= FILES_MAX)
        return err_set(err, W7003, POS_NONE, "more than %d files in one table", FILES_MAX);
    mem_grow(l->at, l->len, l->cap);
    ListedFile *f = &l->at[l->len++];
    f->path = mem_strdup(path, strlen(path));
    f->name = f->path + name_at;
    f->stamp = stamp;
    l->bytes += stamp.stream ? 0 : stamp.size;
    return ERR_OK;
}

static Status
unreadable(const char *path, Err *err)
{
    return err_set(err, errno == ENOENT || errno == ENOTDIR ? W4001 : W4002, POS_NONE,
                   "cannot read %s: %s", path, strerror(errno));
}

static Status list_folder(FileList *l, StrBuf *path, size_t name_at, u32 depth, Err *err);

static Status
list_entry(FileList *l, StrBuf *path, size_t name_at, u32 depth, Err *err)
{
    struct stat st;
    if (stat(path->ptr, &st) != 0) {
        if (errno == ENOENT) return ERR_OK; /* gone since, or a link to nowhere */
        return unreadable(path->ptr, err);
    }
    if (S_ISDIR(st.st_mode)) return list_folder(l, path, name_at, depth + 1, err);
    if (!S_ISREG(st.st_mode)) return ERR_OK;
    return list_add(l, path->ptr, name_at, stamp_of(&st), err);
}

static bool
name_hidden(const char *name)
{
    return name[0] == '.' || name[0] == '_';
}

static Status
list_folder(FileList *l, StrBuf *path, size_t name_at, u32 depth, Err *err)
{
    if (depth > FOLDER_DEPTH_MAX)
        return err_set(err, W7003, POS_NONE, "folders are nested more than %d deep: %s",
                       FOLDER_DEPTH_MAX, path->ptr);
    DIR *dir = opendir(path->ptr);
    if (!dir) return unreadable(path->ptr, err);
    size_t len = path->len;
    Status st = ERR_OK;
    for (struct dirent *e; !st && (e = readdir(dir));) {
        if (name_hidden(e->d_name)) continue;
        if (len && path->ptr[len - 1] != '/') strbuf_char(path, '/');
        strbuf_add(path, e->d_name, strlen(e->d_name));
        st = list_entry(l, path, name_at, depth, err);
        path->len = len;
        path->ptr[len] = 0;
    }
    closedir(dir);
    return st;
}

static size_t
basename_at(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

static Status
list_glob(FileList *l, const char *path, bool may_be_empty, Err *err)
{
    glob_t found;
    int rc = glob(path, GLOB_NOSORT, NULL, &found);
    if (rc == GLOB_NOMATCH && may_be_empty) return ERR_OK;
    if (rc == GLOB_NOMATCH) {
        Status st = err_set(err, W4001, POS_NONE, "no file matches %s", path);
        return err_hint(err, st, "Relative paths start where weir was started.");
    }
    if (rc != 0) return err_set(err, W4002, POS_NONE, "cannot read %s", path);
    /* Names start where the pattern does. */
    size_t fixed = strcspn(path, "*?[");
    while (fixed > 0 && path[fixed - 1] != '/') fixed--;
    Status st = ERR_OK;
    for (size_t i = 0; i < found.gl_pathc && !st; i++) {
        const char *one = found.gl_pathv[i];
        if (name_hidden(one + basename_at(one))) continue;
        StrBuf copy = {0};
        strbuf_add(&copy, one, strlen(one));
        st = list_entry(l, &copy, MIN(fixed, strlen(one)), 0, err);
        strbuf_done(&copy);
    }
    globfree(&found);
    return st;
}

static Status
list_path(FileList *l, const char *path, bool may_be_empty, Err *err)
{
    if (strcmp(path, "-") == 0) {
        TRY(list_add(l, path, 0, (FileStamp){.stream = true}, err));
        l->at[0].name = "stdin";
        return ERR_OK;
    }
    struct stat st;
    if (stat(path, &st) != 0) {
        if (errno == ENOENT && strpbrk(path, "*?[")) return list_glob(l, path, may_be_empty, err);
        return unreadable(path, err);
    }
    if (S_ISDIR(st.st_mode)) {
        StrBuf copy = {0};
        strbuf_add(&copy, path, strlen(path));
        if (path[strlen(path) - 1] != '/') strbuf_char(&copy, '/');
        Status rc = list_folder(l, &copy, copy.len, 0, err);
        strbuf_done(&copy);
        return rc;
    }
    if (S_ISSOCK(st.st_mode) || S_ISBLK(st.st_mode))
        return err_set(err, W4002, POS_NONE, "cannot read %s: neither a file nor a folder", path);
    return list_add(l, path, basename_at(path), stamp_of(&st), err);
}

static int
listed_cmp(const void *a, const void *b)
{
    return strcmp(((const ListedFile *)a)->path, ((const ListedFile *)b)->path);
}

static Status
list_filter(FileList *l, Str pattern, Err *err)
{
    char *text = mem_strdup(pattern.ptr, pattern.len);
    StrBuf whole = {0};
    strbuf_printf(&whole, "^(%s)$", text);
    mem_free(text);
    regex_t re;
    int rc = regcomp(&re, whole.ptr, REG_EXTENDED | REG_NOSUB);
    strbuf_done(&whole);
    if (rc != 0)
        return err_set(err, W2012, POS_NONE, "source.path.regex-pattern \"%.*s\" is not valid",
                       (int)MIN(pattern.len, 100), pattern.ptr);
    u32 kept = 0;
    for (u32 i = 0; i < l->len; i++) {
        if (regexec(&re, l->at[i].path, 0, NULL, 0) == 0) {
            l->at[kept++] = l->at[i];
            continue;
        }
        l->bytes -= l->at[i].stamp.size;
        mem_free(l->at[i].path);
    }
    l->len = kept;
    regfree(&re);
    return ERR_OK;
}

Status
file_list_make(FileList *list, Str path, const char *base_dir, Str pattern, bool may_be_empty,
               Err *err)
{
    *list = (FileList){0};
    if (path.len == 0) return err_set(err, W4001, POS_NONE, "the path is empty");
    if (path.len > 4000 || memchr(path.ptr, 0, path.len))
        return err_set(err, W4001, POS_NONE, "the path is no name of a file");
    char *full = file_path_make(path, base_dir);
    Status st = list_path(list, full, may_be_empty, err);
    mem_free(full);
    if (!st && pattern.len) st = list_filter(list, pattern, err);
    if (st) {
        file_list_done(list);
        return st;
    }
    if (list->len) qsort(list->at, list->len, sizeof *list->at, listed_cmp);
    return ERR_OK;
}

void
file_list_done(FileList *list)
{
    for (u32 i = 0; i < list->len; i++) mem_free(list->at[i].path);
    mem_free(list->at);
    *list = (FileList){0};
}
