/* bench_json.c - how fast a JSON lines file becomes columns: ns per row on one core.
 *
 *     bench_json FILE COLUMN:TYPE...
 *
 * Types are ts (TIMESTAMP(3)), bigint, int, double, string. The file is read in blocks of 256 KiB
 * as the filesystem source does; reading is timed apart. Prints the best of some rounds, first with
 * learned shapes, then with simdjson walking every line. */
#include "base/clock.h"
#include "base/mem.h"
#include "connectors/json_scan.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BLOCK = 256 * 1024, ROUNDS = 5 };

static Type
type_named(const char *name)
{
    if (!strcmp(name, "ts")) return type_timestamp(TYPE_TIMESTAMP, 3);
    if (!strcmp(name, "bigint")) return type_of(TYPE_BIGINT);
    if (!strcmp(name, "int")) return type_of(TYPE_INT);
    if (!strcmp(name, "double")) return type_of(TYPE_DOUBLE);
    return type_string();
}

typedef struct Round {
    u64 rows;
    i64 read_ns, index_ns, decode_ns;
} Round;

static Buf *
block_new(void)
{
    return buf_new(2 * BLOCK + 64);
}

/* One pass over the file. */
static Round
round_run(int fd, const FormatScan *scan, const char *name)
{
    Round r = {0};
    Err err;
    FormatPart *part = format_json.part_open(scan, name);
    FormatReader *reader = format_json.reader_open(scan);
    Buf *buf = block_new(), *other = block_new();
    u32 have = 0;
    u64 line = 1;
    (void)lseek(fd, 0, SEEK_SET);
    for (bool end = false; !end;) {
        TextChunk c = {.file = name, .part = part, .buf = buf, .data = (char *)buf->bytes + 64};
        c.line = line;
        i64 t0 = clock_monotonic_ns();
        ssize_t got = read(fd, c.data + have, BLOCK);
        if (got < 0) exit(1);
        end = got == 0;
        have += (u32)got;
        i64 t1 = clock_monotonic_ns();
        if (have == 0) break;
        Status st = format_json.index(part, &c, have, end ? INDEX_LAST : INDEX_MORE, &err);
        i64 t2 = clock_monotonic_ns();
        Batch *b = NULL;
        while (!st && !(st = format_json.decode(reader, &c, &b, &err)) && b) {
            r.rows += b->rows;
            batch_free(b);
        }
        if (st) {
            fprintf(stderr, "%s\n", err.text);
            exit(1);
        }
        i64 t3 = clock_monotonic_ns();
        r.read_ns += t1 - t0;
        r.index_ns += t2 - t1;
        r.decode_ns += t3 - t2;
        line += c.lines;
        have -= c.len;
        memcpy(other->bytes + 64, c.data + c.len, have);
        Buf *full = buf;
        buf = other;
        other = full;
    }
    buf_unref(buf);
    buf_unref(other);
    format_json.reader_close(reader);
    format_json.part_close(part);
    return r;
}

int
main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: bench_json FILE COLUMN:TYPE...\n");
        return 2;
    }
    u32 n = (u32)argc - 2;
    FieldSpec *fields = mem_array(FieldSpec, n);
    u32 *wanted = mem_array(u32, n);
    for (u32 i = 0; i < n; i++) {
        char *type = strchr(argv[i + 2], ':');
        fields[i].type = type_named(type ? type + 1 : "string");
        fields[i].name = (Str){argv[i + 2], (u32)(type ? type - argv[i + 2] : 0)};
        wanted[i] = i;
    }
    JsonOptions options = {.record_bytes_max = BLOCK};
    FormatOptions format = {&format_json, &options};
    TableSpec table = {.name = STR("t"), .fields = fields, .nfields = n, .format = &format};
    SourceWant want = {
        .table = &table, .fields = wanted, .nfields = n, .batch_rows = BATCH_ROWS_MAX};
    int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        perror(argv[1]);
        return 1;
    }
    for (u32 walk = 0; walk < 2; walk++) {
        FormatScan *scan;
        u64 applied;
        Err err;
        if (format_json.scan_open(&want, &scan, &applied, &err)) return 1;
        ((JsonScan *)scan)->no_shapes = walk;
        Round best = {0};
        for (u32 i = 0; i < ROUNDS; i++) {
            Round r = round_run(fd, scan, argv[1]);
            if (i == 0 || r.index_ns + r.decode_ns < best.index_ns + best.decode_ns) best = r;
        }
        f64 rows = (f64)MAX(best.rows, 1);
        printf("%-8s %llu rows, ns/row: read %.1f, lines %.1f, decode %.1f\n",
               walk ? "simdjson" : "shapes", (unsigned long long)best.rows,
               (f64)best.read_ns / rows, (f64)best.index_ns / rows, (f64)best.decode_ns / rows);
        format_json.scan_close(scan);
    }
    close(fd);
    mem_free(fields);
    mem_free(wanted);
    return 0;
}
