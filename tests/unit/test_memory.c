/* test_memory.c - memory tables: order of insertion, snapshots, live scans, all-or-nothing sinks.
 */
#include "connectors/connector.h"
#include "connectors/memory.h"
#include "tests/unit/test.h"

typedef struct Fixture {
    MemoryStore *store;
    ConnectorEnv env;
    Arena *arena;
    FieldSpec fields[2];
    OptionSetting setting;
    TableSpec *table;
    u32 wanted[2];
    SourceWant want;
} Fixture;

static void
fixture_open(Fixture *f)
{
    Err err;
    memset(f, 0, sizeof *f);
    f->store = memory_store_new();
    f->env.memory = f->store;
    f->arena = arena_new();
    f->fields[0] = (FieldSpec){.name = STR("id"), .type = type_of(TYPE_BIGINT)};
    f->fields[1] = (FieldSpec){.name = STR("name"), .type = type_string()};
    f->setting = (OptionSetting){.name = STR("connector"), .value = STR("memory")};
    CHECK(table_spec_make(f->arena, &f->env, STR("t"), f->fields, 2, &f->setting, 1, 0, &f->table,
                          &err) == ERR_OK);
    f->wanted[0] = 0;
    f->wanted[1] = 1;
    f->want = (SourceWant){.table = f->table, .fields = f->wanted, .nfields = 2, .env = &f->env};
    f->want.batch_rows = BATCH_ROWS_MAX;
}

static void
fixture_close(Fixture *f)
{
    memory_store_free(f->store);
    arena_free(f->arena);
}

/* Rows id from .. from + n - 1. */
static Batch *
rows_make(i64 from, u32 n)
{
    Batch *b = batch_new(2, n);
    b->col[0] = vector_new(type_of(TYPE_BIGINT), n);
    b->col[1] = vector_new(type_string(), n);
    for (u32 i = 0; i < n; i++) {
        vector_data(&b->col[0], i64)[i] = from + i;
        vector_set_str(&b->col[1], i, "a name of more than twelve", 26);
    }
    return b;
}

/* What the scan gives until it idles or ends: ids must follow from `first`; returns how many. */
static u64
scan_ids(const Fixture *f, Source *s, i64 first, FetchResult *ret_last)
{
    const SourceDef *def = f->table->connector->source;
    Reader *r;
    Chunk *c;
    Batch *b;
    Err err;
    u64 rows = 0;
    CHECK(def->reader_open(s, &r, &err) == ERR_OK);
    while (def->fetch(s, 0, ret_last, &c, &err) == ERR_OK && *ret_last == FETCH_CHUNK) {
        while (def->decode(r, c, &b, &err) == ERR_OK && b) {
            batch_check(b);
            CHECK(b->rows <= f->want.batch_rows);
            for (u32 i = 0; i < b->rows; i++)
                CHECK(*(const i64 *)vector_at(&b->col[0], i) == first + (i64)rows + i);
            rows += b->rows;
            batch_free(b);
        }
        def->chunk_free(s, c);
    }
    CHECK(def->counts(r)->rows == rows);
    def->reader_close(r);
    return rows;
}

static void
scans_see_a_snapshot(void)
{
    Fixture f;
    fixture_open(&f);
    const SourceDef *def = f.table->connector->source;
    Source *s, *later;
    Err err;
    u64 applied;
    FetchResult last;
    memory_table_push(f.store, STR("t"), rows_make(0, 5));
    memory_table_push(f.store, STR("t"), rows_make(5, 2000));
    f.want.batch_rows = 3;
    CHECK(def->open(&f.want, &s, &applied, &err) == ERR_OK);
    CHECK(def->bounded(s) && def->partitions(s) == 1 && applied == 0);
    memory_table_push(f.store, STR("t"), rows_make(2005, 1));
    CHECK(scan_ids(&f, s, 0, &last) == 2005 && last == FETCH_END);
    CHECK(def->rewind(s, 0, &err) == ERR_OK);
    CHECK(scan_ids(&f, s, 0, &last) == 2005);
    CHECK(def->open(&f.want, &later, &applied, &err) == ERR_OK);
    CHECK(memory_table_rows(f.store, STR("t")) == 2006);
    memory_table_drop(f.store, STR("t"));
    CHECK(memory_table_rows(f.store, STR("t")) == 0);
    CHECK(scan_ids(&f, later, 0, &last) == 2006);
    def->close(s);
    def->close(later);
    fixture_close(&f);
}

static void
live_scans_wait_until_closed(void)
{
    Fixture f;
    fixture_open(&f);
    const SourceDef *def = f.table->connector->source;
    Source *s;
    Err err;
    u64 applied;
    FetchResult last;
    memory_table_set_live(f.store, STR("t"), true);
    CHECK(def->open(&f.want, &s, &applied, &err) == ERR_OK);
    CHECK(!def->bounded(s));
    CHECK(scan_ids(&f, s, 0, &last) == 0 && last == FETCH_IDLE);
    memory_table_push(f.store, STR("t"), rows_make(0, 3));
    CHECK(scan_ids(&f, s, 0, &last) == 3 && last == FETCH_IDLE);
    memory_table_push(f.store, STR("t"), rows_make(3, 1));
    memory_table_close(f.store, STR("t"));
    CHECK(scan_ids(&f, s, 3, &last) == 1 && last == FETCH_END);
    def->close(s);
    fixture_close(&f);
}

static void
sinks_are_all_or_nothing(void)
{
    Fixture f;
    fixture_open(&f);
    const SinkDef *def = f.table->connector->sink;
    Sink *s;
    Err err;
    Batch *b = rows_make(0, 4);
    b->kind = buf_zero(4);
    b->kind->bytes[2] = ROW_DELETE;
    CHECK(def->open(f.table, &f.env, &s, &err) == ERR_OK);
    CHECK(def->write(s, b, &err) == ERR_OK);
    CHECK(memory_table_rows(f.store, STR("t")) == 0);
    def->close(s, false);
    CHECK(memory_table_rows(f.store, STR("t")) == 0);
    CHECK(def->open(f.table, &f.env, &s, &err) == ERR_OK);
    CHECK(def->write(s, b, &err) == ERR_OK);
    CHECK(def->barrier(s, 1, true, NULL, &err) == ERR_OK);
    CHECK(def->commit(s, 1, &err) == ERR_OK);
    def->close(s, false);
    batch_free(b);
    CHECK(memory_table_rows(f.store, STR("t")) == 4);

    Source *source;
    Chunk *c;
    Reader *r;
    u64 applied;
    FetchResult got;
    const SourceDef *in = f.table->connector->source;
    f.want.nfields = 1; /* a column less, kinds kept */
    CHECK(in->open(&f.want, &source, &applied, &err) == ERR_OK);
    CHECK(in->reader_open(source, &r, &err) == ERR_OK);
    CHECK(in->fetch(source, 0, &got, &c, &err) == ERR_OK && got == FETCH_CHUNK);
    CHECK(in->decode(r, c, &b, &err) == ERR_OK && b);
    CHECK(b->cols == 1 && b->kind && b->kind->bytes[2] == ROW_DELETE);
    batch_free(b);
    in->chunk_free(source, c);
    in->reader_close(r);
    in->close(source);
    fixture_close(&f);
}

/* Rows behind the barrier wait for the next epoch; an epoch that is never decided leaves nothing.
 */
static void
sinks_show_epoch_by_epoch(void)
{
    Fixture f;
    fixture_open(&f);
    const SinkDef *def = f.table->connector->sink;
    Sink *s;
    Err err;
    Batch *b = rows_make(0, 4);
    CHECK(def->open(f.table, &f.env, &s, &err) == ERR_OK);
    for (u64 epoch = 1; epoch <= 3; epoch++) {
        CHECK(def->write(s, b, &err) == ERR_OK);
        CHECK(def->barrier(s, epoch, false, NULL, &err) == ERR_OK);
        CHECK(def->write(s, b, &err) == ERR_OK);
        CHECK(memory_table_rows(f.store, STR("t")) == (epoch - 1) * 8 - (epoch > 1 ? 4 : 0));
        CHECK(def->commit(s, epoch, &err) == ERR_OK);
        CHECK(memory_table_rows(f.store, STR("t")) == epoch * 8 - 4);
    }
    CHECK(def->barrier(s, 4, false, NULL, &err) == ERR_OK);
    CHECK(def->write(s, b, &err) == ERR_OK);
    def->close(s, true);
    CHECK(memory_table_rows(f.store, STR("t")) == 20);
    batch_free(b);
    fixture_close(&f);
}

/* A scan goes on behind the rows that were handed out, however they lie in batches now. */
static void
scans_go_on_where_they_were(void)
{
    Err err;
    u64 applied;
    FetchResult last;
    for (u32 live = 0; live < 2; live++) {
        Fixture f;
        fixture_open(&f);
        const SourceDef *def = f.table->connector->source;
        StrBuf saved = {0};
        Source *s;
        memory_table_set_live(f.store, STR("t"), live);
        memory_table_push(f.store, STR("t"), rows_make(0, 5));
        memory_table_push(f.store, STR("t"), rows_make(5, 7));
        CHECK(def->open(&f.want, &s, &applied, &err) == ERR_OK);
        CHECK(scan_ids(&f, s, 0, &last) == 12);
        def->save(s, &saved);
        def->close(s);
        memory_table_drop(f.store, STR("t"));

        memory_table_set_live(f.store, STR("t"), live);
        memory_table_push(f.store, STR("t"), rows_make(0, 11));
        if (!live) {
            CHECK(def->open(&f.want, &s, &applied, &err) == ERR_OK);
            Chunk *c;
            CHECK(def->restore(s, strbuf_view(&saved), &err) == ERR_OK);
            CHECK(def->fetch(s, 0, &last, &c, &err) != ERR_OK && err.code == W4003);
            def->close(s);
        }
        memory_table_push(f.store, STR("t"), rows_make(11, 2000));
        CHECK(def->open(&f.want, &s, &applied, &err) == ERR_OK);
        CHECK(def->restore(s, strbuf_view(&saved), &err) == ERR_OK);
        CHECK(scan_ids(&f, s, 12, &last) == 1999 && last == (live ? FETCH_IDLE : FETCH_END));
        CHECK(def->rewind(s, 0, &err) == ERR_OK);
        CHECK(scan_ids(&f, s, 12, &last) == 1999);
        CHECK(def->restore(s, STR("x"), &err) != ERR_OK && err.code == W5004);
        def->close(s);
        strbuf_done(&saved);
        fixture_close(&f);
    }
}

static void
other_columns_are_refused(void)
{
    Fixture f;
    fixture_open(&f);
    const SourceDef *def = f.table->connector->source;
    Source *s;
    Chunk *c;
    FetchResult got;
    Err err;
    u64 applied;
    Batch *b = batch_new(1, 1);
    b->col[0] = vector_new(type_of(TYPE_INT), 1);
    vector_data(&b->col[0], i32)[0] = 1;
    memory_table_push(f.store, STR("t"), b);
    CHECK(def->open(&f.want, &s, &applied, &err) == ERR_OK);
    CHECK(def->fetch(s, 0, &got, &c, &err) != ERR_OK && err.code == W2009);
    def->close(s);
    fixture_close(&f);
}

TESTS(TEST(scans_see_a_snapshot), TEST(live_scans_wait_until_closed),
      TEST(sinks_are_all_or_nothing), TEST(sinks_show_epoch_by_epoch),
      TEST(scans_go_on_where_they_were), TEST(other_columns_are_refused))
