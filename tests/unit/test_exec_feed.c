/* test_exec_feed.c - which chunk comes next, and how far time has come, over a made-up source.
 *
 * The source's partitions are scripts: 'c' a chunk, 'i' nothing for now, and the end. */
#include "base/mem.h"
#include "connectors/connector.h"
#include "exec/feed.h"
#include "tests/unit/test.h"

typedef struct Fake {
    const char *script[3];
    u32 at[3], nparts, fetched, rewound;
} Fake;

struct Chunk {
    ChunkHead head;
};

static Status
fake_open(const SourceWant *want, Source **ret_source, u64 *ret_applied, Err *err)
{
    (void)err, (void)ret_applied;
    *ret_source = (Source *)(uintptr_t)want->table->options;
    return ERR_OK;
}

static u32
fake_partitions(const Source *s)
{
    return ((const Fake *)(const void *)s)->nparts;
}

static Status
fake_fetch(Source *s, u32 part, FetchResult *ret_result, Chunk **ret_chunk, Err *err)
{
    (void)err;
    Fake *f = (Fake *)(void *)s;
    char what = f->script[part][f->at[part]];
    if (what) f->at[part]++;
    *ret_result = what == 'c' ? FETCH_CHUNK : what == 'i' ? FETCH_IDLE : FETCH_END;
    if (what == 'c') *ret_chunk = mem_make(Chunk), f->fetched++;
    return ERR_OK;
}

static Status
fake_rewind(Source *s, u32 part, Err *err)
{
    (void)err;
    Fake *f = (Fake *)(void *)s;
    f->at[part]--; /* the chunk that was looked at comes again */
    f->rewound++;
    return ERR_OK;
}

static void
fake_chunk_free(Source *s, Chunk *c)
{
    (void)s;
    mem_free(c);
}

static void
fake_close(Source *s)
{
    (void)s;
}

static bool
fake_bounded(const Source *s)
{
    (void)s;
    return true;
}

static void
fake_save(const Source *s, StrBuf *out)
{
    const Fake *f = (const Fake *)(const void *)s;
    strbuf_add(out, (const char *)f->at, sizeof f->at);
}

static Status
fake_restore(Source *s, Str saved, Err *err)
{
    Fake *f = (Fake *)(void *)s;
    if (saved.len != sizeof f->at) return err_set(err, W5004, POS_NONE, "no position");
    memcpy(f->at, saved.ptr, sizeof f->at);
    return ERR_OK;
}

static const SourceDef fake_source = {.open = fake_open,
                                      .bounded = fake_bounded,
                                      .partitions = fake_partitions,
                                      .fetch = fake_fetch,
                                      .rewind = fake_rewind,
                                      .chunk_free = fake_chunk_free,
                                      .save = fake_save,
                                      .restore = fake_restore,
                                      .close = fake_close};

static Feed *
feed_over(Arena *a, Fake *fake, bool timed, bool ordered)
{
    Connector *c = arena_make(a, Connector);
    c->source = &fake_source;
    TableSpec *t = arena_make(a, TableSpec);
    t->connector = c;
    t->options = fake;
    PlanNode *scan = arena_make(a, PlanNode);
    scan->kind = PLAN_SCAN;
    scan->ordered = ordered;
    scan->scan.table = t;
    PlanNode *watermark = arena_make(a, PlanNode);
    watermark->kind = PLAN_WATERMARK;
    Feed *f = NULL;
    Err err;
    CHECK(feed_open(scan, timed ? watermark : NULL, NULL, 2048, 2, a, &f, &err) == ERR_OK);
    return f;
}

static TakeResult
take_in(Feed *f, u64 epoch, Taken *t)
{
    Err err;
    TakeResult r = TAKE_END;
    CHECK(feed_take(f, epoch, t, &r, &err) == ERR_OK);
    return r;
}

static TakeResult
take(Feed *f, Taken *t)
{
    return take_in(f, 0, t);
}

static void
maxima_pass_from_chunk_to_chunk(void)
{
    Arena *a = arena_new();
    Fake fake = {.script = {"cc"}, .nparts = 1};
    Feed *f = feed_over(a, &fake, true, false);
    Taken x, y;
    i64 wm;
    CHECK(take(f, &x) == TAKE_CHUNK && take(f, &y) == TAKE_CHUNK);
    CHECK(x.seq == 0 && y.seq == 1 && y.number == 1);
    CHECK(!feed_incoming(f, &y, &wm)); /* decoded first, but the earlier chunk has not posted */
    CHECK(feed_incoming(f, &x, &wm) && wm == WATERMARK_NONE);
    feed_post(f, &x, 70);
    CHECK(feed_watermark(f) == 70);
    CHECK(feed_incoming(f, &y, &wm) && wm == 70);
    feed_post(f, &y, 70); /* a chunk without rows leaves it */
    CHECK(feed_watermark(f) == 70);
    feed_return(f, &x);
    feed_return(f, &y);
    CHECK(take(f, &x) == TAKE_END && feed_watermark(f) == WATERMARK_MAX);
    feed_close(f);
    arena_free(a);
}

static void
probes_decide_who_is_first(void)
{
    Arena *a = arena_new();
    Fake fake = {.script = {"c", "c", ""}, .nparts = 3};
    Feed *f = feed_over(a, &fake, true, false);
    Taken x, y, z;
    Err err;
    CHECK(take(f, &x) == TAKE_CHUNK && x.probe && x.partition == 0);
    CHECK(take(f, &y) == TAKE_CHUNK && y.probe && y.partition == 1);
    CHECK(take(f, &z) == TAKE_WAIT && !feed_ready(f, 0)); /* the empty one ended meanwhile */
    CHECK(feed_watermark(f) == WATERMARK_NONE);
    feed_return(f, &x);
    feed_return(f, &y);
    CHECK(feed_probe(f, &x, 900, &err) == ERR_OK && feed_probe(f, &y, 100, &err) == ERR_OK);
    CHECK(feed_ready(f, 0) && fake.rewound == 2 && feed_watermark(f) == 100);
    CHECK(take(f, &x) == TAKE_CHUNK && !x.probe && x.partition == 1 && x.number == 0);
    i64 wm;
    CHECK(feed_incoming(f, &x, &wm) && wm == WATERMARK_NONE); /* a bound is no watermark of a row */
    feed_post(f, &x, 120);
    feed_return(f, &x);
    CHECK(take(f, &x) == TAKE_CHUNK && x.partition == 0);
    feed_return(f, &x);
    feed_close(f);
    arena_free(a);
}

static void
an_idle_partition_is_probed_later(void)
{
    Arena *a = arena_new();
    Fake fake = {.script = {"iiic", "c"}, .nparts = 2};
    Feed *f = feed_over(a, &fake, true, false);
    Taken x;
    Err err;
    CHECK(take(f, &x) == TAKE_CHUNK && x.probe && x.partition == 1);
    feed_return(f, &x);
    CHECK(feed_probe(f, &x, 50, &err) == ERR_OK);
    CHECK(feed_ready(f, 0)); /* nobody waits for rows that are not there */
    CHECK(take(f, &x) == TAKE_CHUNK && !x.probe && x.partition == 1);
    feed_post(f, &x, 60);
    feed_return(f, &x);
    CHECK(feed_watermark(f) == WATERMARK_NONE); /* it holds time back all the same */
    TakeResult r = TAKE_IDLE;
    for (u32 i = 0; i < 8 && r == TAKE_IDLE; i++) r = take(f, &x);
    CHECK(r == TAKE_CHUNK && x.probe && x.partition == 0); /* looked at once it has something */
    feed_return(f, &x);
    feed_close(f);
    arena_free(a);
}

/* Two subtasks: nobody takes on while the other still has a chunk of the epoch. */
static void
a_barrier_waits_for_chunks_in_hand(void)
{
    Arena *a = arena_new();
    Fake fake = {.script = {"cccc"}, .nparts = 1};
    Feed *f = feed_over(a, &fake, true, false);
    Taken x, y;
    CHECK(take(f, &x) == TAKE_CHUNK && take(f, &y) == TAKE_CHUNK);
    feed_barrier(f, 1);
    feed_post(f, &x, 10);
    feed_return(f, &x);
    CHECK(feed_ready(f, 0) && take_in(f, 0, &x) == TAKE_BARRIER);
    feed_passed(f);
    CHECK(!feed_ready(f, 1) && take_in(f, 1, &x) == TAKE_WAIT);
    feed_post(f, &y, 20);
    feed_return(f, &y);
    CHECK(take_in(f, 0, &y) == TAKE_BARRIER);
    feed_passed(f);
    CHECK(feed_ready(f, 1) && take_in(f, 1, &x) == TAKE_CHUNK && x.number == 2);
    feed_post(f, &x, 30);
    feed_return(f, &x);
    feed_barrier(f, 2);
    CHECK(take_in(f, 1, &x) == TAKE_BARRIER);
    feed_passed(f);
    feed_leave(f, 1); /* the other one has no more use for rows: nobody waits for it */
    CHECK(take_in(f, 2, &x) == TAKE_CHUNK && x.number == 3);
    feed_return(f, &x);
    feed_close(f);
    arena_free(a);
}

/* A subtask that has passed and then leaves does not count for one that has still to pass. */
static void
leaving_behind_a_barrier_is_no_pass(void)
{
    Arena *a = arena_new();
    Fake fake = {.script = {"cccc"}, .nparts = 1};
    Feed *f = feed_over(a, &fake, true, false);
    Taken x;
    CHECK(take(f, &x) == TAKE_CHUNK);
    feed_barrier(f, 1);
    feed_passed(f);
    feed_leave(f, 1);
    CHECK(feed_position(f).len == 0);
    feed_post(f, &x, 10);
    feed_return(f, &x);
    CHECK(take_in(f, 0, &x) == TAKE_BARRIER);
    feed_passed(f);
    CHECK(feed_position(f).len > 0);
    feed_leave(f, 1);
    feed_barrier(f, 2); /* nobody is left: it stands */
    CHECK(feed_position(f).len > 0);
    feed_close(f);
    arena_free(a);
}

/* Two partitions: one in its middle, one only looked at. */
static void
a_feed_goes_on_where_it_was(void)
{
    Arena *a = arena_new();
    Fake fake = {.script = {"ccc", "cc"}, .nparts = 2}, again = fake;
    Feed *f = feed_over(a, &fake, true, false);
    Taken x;
    Err err;
    for (u32 i = 0; i < 2; i++) {
        CHECK(take(f, &x) == TAKE_CHUNK && x.probe && x.partition == i);
        feed_return(f, &x);
        CHECK(feed_probe(f, &x, 100 * (i + 1), &err) == ERR_OK);
    }
    CHECK(take(f, &x) == TAKE_CHUNK && x.partition == 0);
    feed_post(f, &x, 150);
    feed_return(f, &x);
    feed_barrier(f, 1);
    feed_passed(f);
    feed_passed(f);
    Str position = feed_position(f);

    Feed *g = feed_over(a, &again, true, false);
    CHECK(feed_restore(g, position, &err) == ERR_OK);
    CHECK(feed_watermark(g) == 150 && feed_next_seq(g) == 1);
    i64 wm;
    CHECK(take(g, &x) == TAKE_CHUNK && !x.probe && x.partition == 0 && x.number == 1);
    CHECK(feed_incoming(g, &x, &wm) && wm == 150);
    feed_post(g, &x, 500);
    feed_return(g, &x);
    CHECK(take(g, &x) == TAKE_CHUNK && !x.probe && x.partition == 1 && x.number == 0);
    CHECK(feed_incoming(g, &x, &wm) && wm == WATERMARK_NONE);
    feed_return(g, &x);
    feed_close(g);

    for (u32 len = 0; len < position.len; len++) { /* what is cut off is no position */
        Fake cut = fake;
        Feed *h = feed_over(a, &cut, true, false);
        CHECK(feed_restore(h, (Str){position.ptr, len}, &err) != ERR_OK && err.code == W5004);
        feed_close(h);
    }
    feed_close(f);
    arena_free(a);
}

static void
ordered_partitions_go_one_chunk_at_a_time(void)
{
    Arena *a = arena_new();
    Fake fake = {.script = {"cc", "c"}, .nparts = 2};
    Feed *f = feed_over(a, &fake, false, true);
    Taken x, y;
    u32 order[4], n = 0;
    while (n < 4 && take(f, &x) == TAKE_CHUNK) {
        CHECK(take(f, &y) == TAKE_WAIT && !feed_ready(f, 0));
        CHECK(x.seq == n && feed_next_seq(f) == n + 1);
        order[n++] = x.partition;
        feed_return(f, &x);
        CHECK(feed_ready(f, 0));
    }
    CHECK(n == 3 && order[0] == 0 && order[1] == 0 && order[2] == 1);
    feed_close(f);
    arena_free(a);
}

TESTS(TEST(maxima_pass_from_chunk_to_chunk), TEST(probes_decide_who_is_first),
      TEST(an_idle_partition_is_probed_later), TEST(a_barrier_waits_for_chunks_in_hand),
      TEST(leaving_behind_a_barrier_is_no_pass), TEST(a_feed_goes_on_where_it_was),
      TEST(ordered_partitions_go_one_chunk_at_a_time))
