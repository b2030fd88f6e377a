/* json_harness.h - runs the JSON format over a text in memory, for its test and its fuzzer. */
#pragma once
#include "base/mem.h"
#include "base/value_text.h"
#include "connectors/json_lines.h"
#include "connectors/json_scan.h"
#include "tests/unit/guarded_room.h"

#include <stdio.h>

typedef struct JsonRun {
    const char *const *columns; /* "name" and SQL type in turn, NULL at the end */
    Type types[16];
    JsonOptions options;
    u32 block;      /* bytes read at a time; 0: all */
    u32 batch_rows; /* 0: the most */
    bool walk;      /* simdjson for every line */
    CpuLevel level;
} JsonRun;

/* Appends the rows of b as lines of tab-separated values. */
static void
json_rows_print(StrBuf *out, const Batch *b)
{
    batch_check(b);
    for (u32 r = 0; r < b->rows; r++) {
        for (u32 c = 0; c < b->cols; c++) {
            const void *slot = vector_at(&b->col[c], r);
            if (c) strbuf_char(out, '\t');
            value_print(out, b->col[c].type, slot, NULL);
        }
        strbuf_char(out, '\n');
    }
}

/* Feeds text in blocks as a carrier would. */
static Status
json_feed(const JsonRun *run, const FormatScan *scan, const char *text, u32 len, StrBuf *out,
          ReadCounts *ret_counts, Err *err)
{
    FormatPart *part = format_json.part_open(scan, "a.jsonl");
    FormatReader *reader = format_json.reader_open(scan);
    GuardedRoom room = guarded_room_open((size_t)len + 1 + 128);
    u32 at = 0, block = run->block ? run->block : len;
    u64 line = 1;
    Status st = ERR_OK;
    while (at < len && !st) {
        u32 have = 0;
        TextChunk c = {.file = "a.jsonl", .part = part, .line = line};
        c.buf = buf_new(1); /* what texts hold on to; batches do not outlive the room */
        c.data = room.start + 64;
        while (c.len == 0 && !st) {
            have = MIN(have + block, len - at);
            memcpy(c.data, text + at, have);
            bool last = have == len - at;
            if (last && c.data[have - 1] != '\n') c.data[have++] = '\n';
            IndexInput input = last ? INDEX_LAST : INDEX_MORE;
            if (!last && have >= scan->record_bytes_max) input = INDEX_FULL;
            st = format_json.index(part, &c, have, input, err);
        }
        chunk_to_corner(&c, &room);
        Batch *b = NULL;
        while (!st && !(st = format_json.decode(reader, &c, &b, err)) && b) {
            json_rows_print(out, b);
            batch_free(b);
        }
        line += c.lines;
        at += c.len;
        buf_unref(c.buf);
    }
    *ret_counts = reader->counts;
    format_json.reader_close(reader);
    format_json.part_close(part);
    guarded_room_close(&room);
    return st;
}

/* The number loops of a level; csv_kernels() knows only this processor's. */
static const CsvKernels *
json_kernels_at(CpuLevel level)
{
#ifdef __x86_64__
    extern const CsvKernels csv_kernels_v2, csv_kernels_v3, csv_kernels_v4;
    if (level >= CPU_V4) return &csv_kernels_v4;
    return level >= CPU_V3 ? &csv_kernels_v3 : &csv_kernels_v2;
#else
    (void)level;
    return csv_kernels();
#endif
}

/* Rows, then the error's text if there is one, then how many records were left out. */
static Str
json_run(const JsonRun *run, Str text, StrBuf *out)
{
    FieldSpec fields[16];
    u32 wanted[16], n = 0;
    for (; run->columns[n]; n++) {
        fields[n] = (FieldSpec){.name = str_from(run->columns[n]), .type = run->types[n]};
        wanted[n] = n;
    }
    JsonOptions options = run->options;
    if (!options.record_bytes_max) options.record_bytes_max = 1 << 20;
    FormatOptions format = {&format_json, &options};
    TableSpec table = {.name = STR("t"), .fields = fields, .nfields = n, .format = &format};
    SourceWant want = {.table = &table, .fields = wanted, .nfields = n};
    want.batch_rows = run->batch_rows ? run->batch_rows : BATCH_ROWS_MAX;
    FormatScan *scan;
    u64 applied;
    Err err = {0};
    ReadCounts counts = {0};
    strbuf_clear(out);
    Status st = format_json.scan_open(&want, &scan, &applied, &err);
    if (!st) {
        JsonScan *json = (JsonScan *)scan;
        json->no_shapes = run->walk;
        CpuLevel level = run->level ? MIN(run->level, cpu_level()) : cpu_level();
        json->simd = json_simd_at(level);
        json->indexer = json_indexer_at(level);
        json->loops = json_loops_at(level);
        json->kernels = json_kernels_at(level);
        st = json_feed(run, scan, text.ptr, text.len, out, &counts, &err);
        format_json.scan_close(scan);
    }
    if (st) strbuf_printf(out, "%s %s\n", errcode_name(err.code), err.text);
    if (counts.skipped) strbuf_printf(out, "skipped %llu\n", (unsigned long long)counts.skipped);
    return strbuf_view(out);
}
