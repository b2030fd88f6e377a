/* slt.c - `weir test`: finds the test files, runs them, counts. */
#include "cli/slt.h"
#include "base/mem.h"
#include "cli/cli.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

typedef struct PathList {
    char **at;
    u32 len, cap;
} PathList;

static void
paths_add(PathList *l, const char *path)
{
    mem_grow(l->at, l->len, l->cap);
    l->at[l->len++] = mem_strdup(path, strlen(path));
}

static int
path_cmp(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Files that end in .slt, from a folder and those in it; a file is taken whatever its name. Folders
 * deeper than this are links in a circle. */
enum { FOLDER_DEPTH_MAX = 16 };

static bool
paths_find(PathList *l, const char *path, bool named, u32 depth)
{
    struct stat s;
    if (stat(path, &s) != 0) return false;
    if (!S_ISDIR(s.st_mode)) {
        if (named || str_ends(str_from(path), STR(".slt"))) paths_add(l, path);
        return true;
    }
    DIR *dir = depth < FOLDER_DEPTH_MAX ? opendir(path) : NULL;
    if (!dir) return false;
    for (struct dirent *e; (e = readdir(dir));) {
        if (e->d_name[0] == '.') continue;
        StrBuf inner = {0};
        strbuf_printf(&inner, "%s/%s", path, e->d_name);
        (void)paths_find(l, inner.ptr, false, depth + 1);
        strbuf_done(&inner);
    }
    (void)closedir(dir);
    return true;
}

static void
replay_text(const Options *o, StrBuf *out)
{
    if (o->batch_rows) strbuf_printf(out, " --batch %u", o->batch_rows);
    if (o->threads) strbuf_printf(out, " --threads %u", o->threads);
    if (o->seed) strbuf_printf(out, " --seed %llu", (unsigned long long)o->seed);
    if (o->restart_epochs) strbuf_printf(out, " --restart %u", o->restart_epochs);
    if (o->no_optimize) strbuf_printf(out, " --no-optimize");
}

static int
run_all(Cli *cli, const PathList *paths)
{
    const Options *o = &cli->opt;
    StrBuf replay = {0};
    replay_text(o, &replay);
    SltOptions options = {.weir = {.threads = o->threads ? o->threads : 2,
                                   .batch_rows = o->batch_rows,
                                   .seed = o->seed,
                                   .no_optimize = o->no_optimize,
                                   .restart_epochs = o->restart_epochs},
                          .signals = cli->signals,
                          .update = o->update,
                          .replay = replay.len ? replay.ptr : ""};
    u32 count[3] = {0};
    signals_run(cli->signals, o->timeout_seconds);
    for (u32 i = 0; i < paths->len && signals_reason(cli->signals) == STOP_NONE; i++) {
        StrBuf report = {0};
        count[slt_run(paths->at[i], &options, &report)]++;
        if (report.len) (void)fputs(report.ptr, stdout);
        strbuf_done(&report);
    }
    strbuf_done(&replay);
    (void)printf("%u passed, %u failed", count[SLT_PASSED], count[SLT_FAILED]);
    if (count[SLT_SKIPPED]) (void)printf(", %u skipped", count[SLT_SKIPPED]);
    (void)printf("\n");
    int stopped = stop_exit(signals_reason(cli->signals));
    return stopped ? stopped : count[SLT_FAILED] ? 1 : 0;
}

int
command_test(Cli *cli)
{
    const Options *o = &cli->opt;
    PathList paths = {0};
    Err err = {.pos = POS_NONE};
    Status st = ERR_OK;
    if (o->noperands < 2) {
        st = err_set(&err, W8001, POS_NONE, "test takes files or folders of test files");
    }
    for (u32 i = 1; i < o->noperands && !st; i++) {
        if (!paths_find(&paths, o->operand[i], true, 0)) {
            st = err_set(&err, W4001, POS_NONE, "%s: no such file or folder", o->operand[i]);
        }
    }
    if (paths.len) qsort(paths.at, paths.len, sizeof *paths.at, path_cmp);
    int code = st ? cli_fail(cli, st, &err) : run_all(cli, &paths);
    for (u32 i = 0; i < paths.len; i++) mem_free(paths.at[i]);
    mem_free(paths.at);
    return code;
}
