/* fuzz_csv.c - any bytes as a CSV file: no crash, and the same rows however it is cut in blocks,
 * with the fast index and with the slow one.
 *
 * The first byte chooses options, the second the block size; the rest is the file. */
#include "base/mem.h"
#include "base/value_text.h"
#include "connectors/csv.h"
#include "tests/unit/guarded_room.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static FieldSpec fields[] = {
    {.name = {"a", 1}, .type = {.kind = TYPE_BIGINT}},
    {.name = {"b", 1}, .type = {.kind = TYPE_VARCHAR, .precision = TYPE_LEN_MAX}},
    {.name = {"c", 1}, .type = {.kind = TYPE_DOUBLE}},
    {.name = {"d", 1}, .type = {.kind = TYPE_TIMESTAMP, .scale = 3}},
    {.name = {"e", 1}, .type = {.kind = TYPE_DECIMAL, .precision = 10, .scale = 2}},
    {.name = {"f", 1}, .type = {.kind = TYPE_DATE}},
};

typedef struct Run {
    StrBuf rows;
    Status st;
    Err err;
    u64 skipped;
} Run;

static void
batch_print(StrBuf *out, const Batch *b)
{
    batch_check(b);
    for (u32 row = 0; row < b->rows; row++) {
        for (u32 i = 0; i < b->cols; i++) {
            const void *slot = vector_at(&b->col[i], row);
            if (slot && type_is(b->col[i].type, KIND_HEAP)) {
                Str text = strview_str(slot);
                strbuf_printf(out, "<%u:", text.len);
                strbuf_str(out, text);
            } else {
                value_print(out, b->col[i].type, slot, NULL);
            }
            strbuf_char(out, i + 1 < b->cols ? '|' : '\n');
        }
    }
}

/* The carrier's part: `block` bytes more each time until index() finds a record. */
static void
run_blocks(const FormatDef *def, FormatPart *part, FormatReader *r, const u8 *data, u32 size,
           u32 block, Run *run)
{
    u32 at = 0;
    u64 line = 1;
    TextChunk c = {0};
    GuardedRoom room = guarded_room_open((size_t)size + 1 + 128);
    while (at < size && !run->st) {
        Buf *buf = buf_new(1); /* what texts hold on to; batches do not outlive the room */
        u32 *index = c.index, cap = c.index_cap;
        c = (TextChunk){.file = "f",
                        .part = part,
                        .buf = buf,
                        .data = room.start + 64,
                        .line = line,
                        .index = index,
                        .index_cap = cap};
        for (u32 have = MIN(block, size - at); !run->st; have = MIN(have + block, size - at)) {
            memcpy(c.data, data + at, have);
            bool last = at + have == size;
            u32 n = have;
            if (last && c.data[n - 1] != '\n') c.data[n++] = '\n';
            IndexInput input = last ? INDEX_LAST : INDEX_MORE;
            run->st = def->index(part, &c, n, input, &run->err);
            if (c.len > 0 || run->st) break;
            assert(!last);
        }
        chunk_to_corner(&c, &room);
        for (Batch *b = NULL; !run->st; batch_free(b)) {
            run->st = def->decode(r, &c, &b, &run->err);
            if (!b) break;
            batch_print(&run->rows, b);
        }
        at += MIN(c.len, size - at);
        line += c.lines;
        buf_unref(buf);
    }
    guarded_room_close(&room);
    mem_free(c.index);
}

static Run
run_make(const CsvOptions *o, bool slow, const u8 *data, u32 size, u32 block)
{
    Run run = {0};
    const FormatDef *def = format_find(STR("csv"));
    FormatOptions format = {def, o};
    TableSpec table = {.fields = fields, .nfields = ARRAY_LEN(fields), .format = &format};
    u32 wanted[] = {0, 1, 2, 3, 4, 5};
    SourceWant want = {.table = &table, .fields = wanted, .nfields = 6, .batch_rows = 7};
    FormatScan *scan;
    u64 applied;
    run.st = def->scan_open(&want, &scan, &applied, &run.err);
    assert(!run.st);
    if (slow) ((CsvScan *)scan)->slow_index = true;
    FormatPart *part = def->part_open(scan, "f");
    FormatReader *r = def->reader_open(scan);
    run_blocks(def, part, r, data, size, block, &run);
    run.skipped = r->counts.skipped;
    def->reader_close(r);
    def->part_close(part);
    def->scan_close(scan);
    return run;
}

int
LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    if (size < 3 || size > 1 << 16) return 0;
    CsvOptions o = {
        .delimiter = ',',
        .quote = '"',
        .header = data[0] & 1,
        .on_error = data[0] & 2 ? ON_ERROR_SKIP : ON_ERROR_FAIL,
        .ignore_errors = data[0] & 4,
        .trim = data[0] & 8,
        .comments = data[0] & 16,
        .escape = data[0] & 32 ? '\\' : 0,
        .null_set = data[0] & 64,
        .null_literal = data[0] & 128 ? STR("0") : STR("NULL"),
        .record_bytes_max = 1 << 24,
    };
    u32 block = 1 + data[1];
    Run whole = run_make(&o, false, data + 2, (u32)size - 2, 1 << 20);
    Run cut = run_make(&o, false, data + 2, (u32)size - 2, block);
    Run slow = run_make(&o, true, data + 2, (u32)size - 2, 1 << 20);
    Run *others[] = {&cut, &slow};
    for (u32 i = 0; i < ARRAY_LEN(others); i++) {
        assert(others[i]->st == whole.st && others[i]->skipped == whole.skipped);
        assert(!whole.st || strcmp(others[i]->err.text, whole.err.text) == 0);
        assert(whole.st || (others[i]->rows.len == whole.rows.len &&
                            (!whole.rows.len ||
                             memcmp(others[i]->rows.ptr, whole.rows.ptr, whole.rows.len) == 0)));
        strbuf_done(&others[i]->rows);
    }
    strbuf_done(&whole.rows);
    return 0;
}
