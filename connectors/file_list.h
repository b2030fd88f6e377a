/* file_list.h - the files that a 'path' means: a file, a folder, a glob, "-".
 *
 * Sorted by name; names that start with '.' or '_' are left out below folders and globs, so that
 * half-made output of sinks is never read. */
#pragma once
#include "base/err.h"
#include "connectors/file_bytes.h"

typedef struct ListedFile {
    char *path;       /* to open */
    const char *name; /* for messages: the end of path that the table's 'path' leaves open */
    FileStamp stamp;
} ListedFile;

typedef struct FileList {
    ListedFile *at;
    u32 len, cap;
    u64 bytes; /* of all files; 0 with a stream among them */
} FileList;

/* path is what the table says ("file://" in front is fine); base_dir NULL means the working
 * directory. pattern: only files whose whole path matches this extended regular expression; empty:
 * all. may_be_empty: a glob that matches nothing is an empty list. W4001 nothing there, W4002
 * cannot be read, W2012 for the pattern, W7003 for more than FILES_MAX. */
Status file_list_make(FileList *list, Str path, const char *base_dir, Str pattern,
                      bool may_be_empty, Err *err);
void file_list_done(FileList *list);
/* path as a C string, relative ones under base_dir; the caller frees. */
char *file_path_make(Str path, const char *base_dir);

#define FILES_MAX 1000000
#define FOLDER_DEPTH_MAX 64
