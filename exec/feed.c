/* feed.c - which chunk next, and how far each partition's watermark has come. */
#include "exec/feed.h"
#include "base/clock.h"
#include "base/datetime.h"
#include "base/mem.h"
#include "exec/state/state.h"
#include <pthread.h>

typedef struct Part {
    pthread_mutex_t fetching; /* held while a chunk of it is fetched */
    bool ended;               /* no chunk is left to hand out */
    bool idle;                /* the last fetch found nothing */
    bool probing, probed;
    u32 number;
    u64 taken;   /* chunks handed out */
    u64 posted;  /* chunks whose maximum is known */
    i64 wm_us;   /* the maximum behind the last posted chunk, or the lower bound before the first */
    i64 max_us;  /* without the lower bound: what the next chunk comes in with */
    bool silent; /* has given nothing for the idle timeout: does not hold the watermark */
    i64 heard_us; /* when it last gave a chunk; monotonic */
} Part;

struct Feed {
    pthread_mutex_t lock; /* all below; taken after a Part's, never before */
    const SourceDef *def;
    Source *source;
    Part **parts;
    u32 nparts, parts_cap;
    bool bounded, timed, ordered;
    bool serial, probe;
    i64 idle_timeout_us;
    i64 wm_us; /* what feed_watermark answered last: it never goes back */
    i64 proc_time_us;
    u64 barrier;         /* the epoch declared last */
    u32 readers, passed; /* subtasks that read, and those of them that passed the barrier */
    bool left;           /* some read no more: they may have had a chunk in hand */
    StrBuf position;
    u64 seq;       /* of the next chunk */
    u32 in_flight; /* chunks being fetched, and those handed out and not returned */
};

static SourcePredicate *
feed_predicates(Arena *a, const PlanNode *scan)
{
    SourcePredicate *p = arena_array(a, SourcePredicate, scan->scan.npreds);
    for (u32 i = 0; i < scan->scan.npreds; i++) {
        const ScanPredicate *from = &scan->scan.preds[i];
        p[i] = (SourcePredicate){.field = scan->scan.source_col[from->column],
                                 .op = (u8)from->op,
                                 .constant = &from->constant};
    }
    return p;
}

/* The source may have more partitions than there are parts. With the lock held, or at the start. */
static void
parts_grow(Feed *f)
{
    u32 n = f->def->partitions(f->source);
    while (f->nparts < n) {
        mem_grow(f->parts, f->nparts, f->parts_cap);
        Part *p = f->parts[f->nparts++] = mem_make(Part);
        pthread_mutex_init(&p->fetching, NULL);
        p->number = f->nparts - 1;
        p->wm_us = p->max_us = WATERMARK_NONE;
        p->heard_us = clock_monotonic_us();
    }
    f->serial = f->ordered && f->nparts > 1;
    f->probe = f->timed && (f->nparts > 1 || (f->def->discover && !f->bounded));
}

Status
feed_open(const PlanNode *scan, const PlanNode *watermark, const ConnectorEnv *env, u32 batch_rows,
          u32 subtasks, Arena *a, Feed **ret_feed, Err *err)
{
    const TableSpec *table = scan->scan.table;
    if (!table->connector->source) {
        return err_set(err, W2024, scan->pos,
                       "table \"%s\" cannot be read: connector '%s' only writes", scan->scan.name,
                       table->connector->name);
    }
    SourceWant *want = arena_make(a, SourceWant);
    *want = (SourceWant){.table = table,
                         .fields = scan->scan.source_col,
                         .nfields = scan->schema.len,
                         .preds = feed_predicates(a, scan),
                         .npreds = scan->scan.npreds,
                         .batch_rows = batch_rows,
                         .env = env};
    Feed *f = mem_make(Feed);
    f->def = table->connector->source;
    u64 applied = 0;
    Status st = f->def->open(want, &f->source, &applied, err);
    if (st) {
        mem_free(f);
        return st;
    }
    pthread_mutex_init(&f->lock, NULL);
    f->bounded = f->def->bounded(f->source);
    f->timed = watermark != NULL;
    f->ordered = scan->ordered;
    f->idle_timeout_us = watermark ? watermark->watermark.idle_timeout_us : 0;
    f->wm_us = WATERMARK_NONE;
    f->readers = subtasks;
    parts_grow(f);
    *ret_feed = f;
    return ERR_OK;
}

void
feed_close(Feed *f)
{
    if (!f) return;
    assert(f->in_flight == 0);
    f->def->close(f->source);
    for (u32 i = 0; i < f->nparts; i++) {
        pthread_mutex_destroy(&f->parts[i]->fetching);
        mem_free(f->parts[i]);
    }
    pthread_mutex_destroy(&f->lock);
    strbuf_done(&f->position);
    mem_free(f->parts);
    mem_free(f);
}

/* ---- choosing ------------------------------------------------------------------------------- */

static Part *
choose_probe(Feed *f, bool *ret_wait)
{
    *ret_wait = false;
    for (u32 i = 0; f->probe && i < f->nparts; i++) {
        Part *p = f->parts[i];
        if (p->probed || p->ended || p->idle) continue;
        if (!p->probing) return p;
        *ret_wait = true;
    }
    return NULL;
}

/* The partition furthest behind, the first of equals, passing over those found idle. */
static Part *
choose_part(Feed *f)
{
    Part *best = NULL;
    for (u32 i = 0; i < f->nparts; i++) {
        Part *p = f->parts[i];
        if (p->ended || p->idle) continue;
        if (!best || (f->timed && p->wm_us < best->wm_us)) best = p;
    }
    return best;
}

/* True if a partition that has not ended was found idle; it gets another chance. */
static bool
wake_idle(Feed *f)
{
    bool any = false;
    for (u32 i = 0; i < f->nparts; i++) {
        any |= f->parts[i]->idle && !f->parts[i]->ended;
        f->parts[i]->idle = false;
    }
    return any;
}

/* Fetch from p, whose `fetching` lock is held. */
static Status
part_fetch(Feed *f, Part *p, Taken *t, TakeResult *ret_result, Err *err)
{
    FetchResult got = FETCH_END;
    Chunk *chunk = NULL;
    Status st = p->ended ? ERR_OK : f->def->fetch(f->source, p->number, &got, &chunk, err);
    pthread_mutex_lock(&f->lock);
    bool probe = p->probing && !p->probed;
    p->idle = got == FETCH_IDLE;
    if (got == FETCH_CHUNK) {
        p->heard_us = clock_monotonic_us();
        p->silent = false;
    }
    if (p->idle) p->probing = false; /* its first row is still to come */
    /* Nobody reads on behind a failure: what is found there would be another error, or the same one
     * in another place. */
    if (st || got == FETCH_END) p->ended = true;
    if (!st && got == FETCH_CHUNK) {
        *t = (Taken){.chunk = chunk, .partition = p->number, .probe = probe};
        t->number = p->taken;
        t->seq = f->seq;
        if (!probe) p->taken++, f->seq++;
    } else {
        f->in_flight--;
    }
    pthread_mutex_unlock(&f->lock);
    *ret_result = got == FETCH_CHUNK ? TAKE_CHUNK : got == FETCH_IDLE ? TAKE_IDLE : TAKE_END;
    return st;
}

/* The next partition to fetch from, or NULL and why there is none. *woken: idle ones had their
 * second chance in this call. */
static Part *
choose(Feed *f, bool *woken, TakeResult *ret_why)
{
    for (;;) {
        bool wait = false;
        Part *p = choose_probe(f, &wait);
        if (p) p->probing = true;
        wait |= f->serial && f->in_flight > 0;
        *ret_why = TAKE_WAIT;
        if (p || wait) return p;
        p = choose_part(f);
        *ret_why = f->bounded || !f->def->discover ? TAKE_END : TAKE_IDLE;
        if (p || !wake_idle(f)) return p;
        *ret_why = TAKE_IDLE;
        if (*woken) return NULL;
        *woken = true;
    }
}

/* Does an epoch's end keep the caller from taking? */
static bool
barrier_holds(const Feed *f, u64 epoch, TakeResult *ret_result)
{
    *ret_result = f->barrier > epoch ? TAKE_BARRIER : TAKE_WAIT;
    return f->barrier > epoch || (f->barrier && f->passed < f->readers);
}

/* Partitions that have appeared since. */
static Status
discover(Feed *f, Err *err)
{
    if (!f->def->discover) return ERR_OK;
    pthread_mutex_lock(&f->lock);
    Status st = f->def->discover(f->source, err);
    if (!st) parts_grow(f);
    pthread_mutex_unlock(&f->lock);
    return st;
}

Status
feed_take(Feed *f, u64 epoch, Taken *ret_taken, TakeResult *ret_result, Err *err)
{
    TRY(discover(f, err));
    for (bool woken = false;;) {
        pthread_mutex_lock(&f->lock);
        bool held = barrier_holds(f, epoch, ret_result);
        Part *p = held ? NULL : choose(f, &woken, ret_result);
        if (p) f->in_flight++; /* before it is fetched: one at a time is one at a time */
        pthread_mutex_unlock(&f->lock);
        if (!p) return ERR_OK;
        pthread_mutex_lock(&p->fetching);
        Status st = part_fetch(f, p, ret_taken, ret_result, err);
        pthread_mutex_unlock(&p->fetching);
        if (st || *ret_result == TAKE_CHUNK) return st;
    }
}

bool
feed_ready(Feed *f, u64 epoch)
{
    bool wait = false;
    TakeResult held;
    pthread_mutex_lock(&f->lock);
    const Part *p = choose_probe(f, &wait);
    bool ready = p || (!wait && !(f->serial && f->in_flight > 0));
    if (barrier_holds(f, epoch, &held)) ready = held == TAKE_BARRIER;
    pthread_mutex_unlock(&f->lock);
    return ready;
}

void
feed_return(Feed *f, Taken *t)
{
    if (!t->chunk) return;
    f->def->chunk_free(f->source, t->chunk);
    t->chunk = NULL;
    pthread_mutex_lock(&f->lock);
    f->in_flight--;
    pthread_mutex_unlock(&f->lock);
}

/* ---- watermarks ----------------------------------------------------------------------------- */

Status
feed_probe(Feed *f, const Taken *t, i64 bound_us, Err *err)
{
    Part *p = f->parts[t->partition];
    pthread_mutex_lock(&p->fetching);
    Status st = f->def->rewind(f->source, t->partition, err);
    pthread_mutex_unlock(&p->fetching);
    pthread_mutex_lock(&f->lock);
    p->wm_us = bound_us;
    p->probed = true;
    pthread_mutex_unlock(&f->lock);
    return st;
}

bool
feed_incoming(Feed *f, const Taken *t, i64 *ret_wm_us)
{
    pthread_mutex_lock(&f->lock);
    const Part *p = f->parts[t->partition];
    bool known = p->posted == t->number;
    *ret_wm_us = p->max_us;
    pthread_mutex_unlock(&f->lock);
    return known;
}

void
feed_post(Feed *f, const Taken *t, i64 wm_us)
{
    pthread_mutex_lock(&f->lock);
    Part *p = f->parts[t->partition];
    assert(p->posted == t->number);
    assert(wm_us >= p->max_us); /* a running maximum never goes back */
    p->posted++;
    p->max_us = wm_us;
    p->wm_us = MAX(p->wm_us, wm_us);
    pthread_mutex_unlock(&f->lock);
}

/* With nobody active in a live source, time stands where the farthest partition is; only a fixed
 * list that is used up ends time. */
static i64
watermark_now(Feed *f)
{
    i64 least = WATERMARK_MAX, most = WATERMARK_NONE, now = clock_monotonic_us();
    for (u32 i = 0; i < f->nparts; i++) {
        Part *p = f->parts[i];
        most = MAX(most, p->wm_us);
        if (!p->ended && f->idle_timeout_us && !f->bounded)
            p->silent = now - p->heard_us >= f->idle_timeout_us;
        if (!p->ended && !p->silent) least = MIN(least, p->wm_us);
    }
    return least == WATERMARK_MAX && !f->bounded ? most : least;
}

i64
feed_watermark(Feed *f)
{
    pthread_mutex_lock(&f->lock);
    i64 wm = f->wm_us = MAX(f->wm_us, watermark_now(f));
    pthread_mutex_unlock(&f->lock);
    return wm;
}

i64
feed_proc_time_us(Feed *f)
{
    i64 now = clock_wall_us();
    pthread_mutex_lock(&f->lock);
    now = f->proc_time_us = MAX(f->proc_time_us, now);
    pthread_mutex_unlock(&f->lock);
    return now;
}

/* ---- epochs --------------------------------------------------------------------------------- */

enum { POSITION_HEAD = 4 * 8, POSITION_PART = 5 * 8, PART_ENDED = 1, PART_PROBED = 2 };

/* Behind every time that a row can have; a unit may be added. */
#define WM_MAX_US (WATERMARK_MAX - 1000000)

static void
put_u64(StrBuf *out, u64 x)
{
    strbuf_add(out, (const char *)&x, sizeof x);
}

/* head | parts | what the source saved; with the lock held. */
static void
position_take(Feed *f)
{
    strbuf_clear(&f->position);
    if (!f->def->save) return;
    put_u64(&f->position, f->nparts);
    put_u64(&f->position, f->seq);
    put_u64(&f->position, (u64)f->wm_us);
    put_u64(&f->position, (u64)f->proc_time_us);
    for (u32 i = 0; i < f->nparts; i++) {
        const Part *p = f->parts[i];
        assert(p->posted == p->taken || !f->timed || f->left);
        put_u64(&f->position, (p->ended ? PART_ENDED : 0u) | (p->probed ? PART_PROBED : 0u));
        put_u64(&f->position, p->taken);
        put_u64(&f->position, p->posted);
        put_u64(&f->position, (u64)p->wm_us);
        put_u64(&f->position, (u64)p->max_us);
    }
    f->def->save(f->source, &f->position);
}

void
feed_barrier(Feed *f, u64 epoch)
{
    pthread_mutex_lock(&f->lock);
    assert(epoch > f->barrier && f->passed == (f->barrier ? f->readers : 0));
    f->barrier = epoch;
    f->passed = 0;
    if (f->readers == 0) position_take(f);
    pthread_mutex_unlock(&f->lock);
}

void
feed_passed(Feed *f)
{
    pthread_mutex_lock(&f->lock);
    assert(f->passed < f->readers);
    if (++f->passed == f->readers) position_take(f);
    pthread_mutex_unlock(&f->lock);
}

void
feed_leave(Feed *f, u64 epoch)
{
    pthread_mutex_lock(&f->lock);
    assert(f->readers);
    bool waited = f->barrier && f->passed < f->readers;
    f->readers--;
    if (f->barrier && epoch >= f->barrier) f->passed--;
    f->left = true;
    if (waited && f->passed == f->readers) position_take(f);
    pthread_mutex_unlock(&f->lock);
}

Str
feed_position(const Feed *f)
{
    return strbuf_view(&f->position);
}

bool
feed_resumes(const Feed *f)
{
    return f->def->save && f->def->restore;
}

static u64
get_u64(const char *at, size_t i)
{
    u64 x;
    memcpy(&x, at + i * 8, sizeof x);
    return x;
}

Status
feed_restore(Feed *f, Str position, Err *err)
{
    assert(feed_resumes(f));
    u64 nparts = position.len >= POSITION_HEAD ? get_u64(position.ptr, 0) : UINT64_MAX;
    if (nparts > (position.len - MIN(position.len, POSITION_HEAD)) / POSITION_PART)
        return state_damaged("a source's position", err);
    u32 head = POSITION_HEAD + (u32)nparts * POSITION_PART;
    TRY(f->def->restore(f->source, (Str){position.ptr + head, position.len - head}, err));
    parts_grow(f);
    if (nparts > f->nparts) return state_damaged("a source's partitions", err);
    f->seq = get_u64(position.ptr, 1);
    f->wm_us = (i64)get_u64(position.ptr, 2);
    f->proc_time_us = (i64)get_u64(position.ptr, 3);
    for (u32 i = 0; i < nparts; i++) {
        const char *at = position.ptr + POSITION_HEAD + i * POSITION_PART;
        Part *p = f->parts[i];
        p->ended = get_u64(at, 0) & PART_ENDED;
        p->taken = p->posted = get_u64(at, 1); /* all were used up, or nobody wants them */
        p->probed = p->probing = (get_u64(at, 0) & PART_PROBED) || p->taken; /* no rewind now */
        p->wm_us = (i64)get_u64(at, 3);
        p->max_us = (i64)get_u64(at, 4);
        if (MAX(p->wm_us, p->max_us) > WM_MAX_US || p->max_us > p->wm_us)
            return state_damaged("a partition's watermark", err);
    }
    return ERR_OK;
}

Status
feed_position_show(const SourceDef *def, Str position, StrBuf *out, Err *err)
{
    u64 nparts = position.len >= POSITION_HEAD ? get_u64(position.ptr, 0) : UINT64_MAX;
    if (nparts > (position.len - MIN(position.len, POSITION_HEAD)) / POSITION_PART)
        return state_damaged("a source's position", err);
    u32 head = POSITION_HEAD + (u32)nparts * POSITION_PART, ended = 0;
    for (u32 i = 0; i < nparts; i++) {
        ended += (u32)get_u64(position.ptr + POSITION_HEAD + i * POSITION_PART, 0) & PART_ENDED;
    }
    i64 wm_us = (i64)get_u64(position.ptr, 2);
    if (wm_us != WATERMARK_NONE && wm_us != WATERMARK_MAX) {
        char time[64];
        strbuf_printf(out, "watermark %.*s, ", (int)timestamp_print(time, wm_us, 3), time);
    }
    strbuf_printf(out, "%u of %llu partitions at their end", ended, (unsigned long long)nparts);
    if (!def->describe) return ERR_OK;
    return def->describe((Str){position.ptr + head, position.len - head}, out, err);
}

Status
feed_reader(Feed *f, Reader **ret_reader, Err *err)
{
    return f->def->reader_open(f->source, ret_reader, err);
}

const SourceDef *
feed_source(const Feed *f)
{
    return f->def;
}

u64
feed_bytes_total(const Feed *f)
{
    return f->def->bytes_total(f->source);
}

u64
feed_next_seq(Feed *f)
{
    pthread_mutex_lock(&f->lock);
    u64 seq = f->seq;
    pthread_mutex_unlock(&f->lock);
    return seq;
}
