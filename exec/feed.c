/* feed.c - which chunk next, and how far each partition's watermark has come. */
#include "exec/feed.h"
#include "base/mem.h"
#include <pthread.h>

typedef struct Part {
    pthread_mutex_t fetching; /* held while a chunk of it is fetched */
    bool ended;               /* no chunk is left to hand out */
    bool idle;                /* the last fetch found nothing */
    bool probing, probed;
    u64 taken;  /* chunks handed out */
    u64 posted; /* chunks whose maximum is known */
    i64 wm_us;  /* the maximum behind the last posted chunk, or the lower bound before the first */
    i64 max_us; /* without the lower bound: what the next chunk comes in with */
} Part;

struct Feed {
    pthread_mutex_t lock; /* all below; taken after a Part's, never before */
    const SourceDef *def;
    Source *source;
    Part *parts;
    u32 nparts;
    bool timed, serial, probe;
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

Status
feed_open(const PlanNode *scan, const ConnectorEnv *env, u32 batch_rows, bool timed, Arena *a,
          Feed **ret_feed, Err *err)
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
    f->nparts = f->def->partitions(f->source);
    f->parts = mem_array(Part, f->nparts);
    for (u32 i = 0; i < f->nparts; i++) {
        pthread_mutex_init(&f->parts[i].fetching, NULL);
        f->parts[i].wm_us = f->parts[i].max_us = WATERMARK_NONE;
    }
    pthread_mutex_init(&f->lock, NULL);
    f->timed = timed;
    f->serial = scan->ordered && f->nparts > 1;
    f->probe = timed && f->nparts > 1;
    *ret_feed = f;
    return ERR_OK;
}

void
feed_close(Feed *f)
{
    if (!f) return;
    assert(f->in_flight == 0);
    f->def->close(f->source);
    for (u32 i = 0; i < f->nparts; i++) pthread_mutex_destroy(&f->parts[i].fetching);
    pthread_mutex_destroy(&f->lock);
    mem_free(f->parts);
    mem_free(f);
}

/* ---- choosing ------------------------------------------------------------------------------- */

static Part *
choose_probe(Feed *f, bool *ret_wait)
{
    *ret_wait = false;
    for (u32 i = 0; f->probe && i < f->nparts; i++) {
        Part *p = &f->parts[i];
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
        Part *p = &f->parts[i];
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
        any |= f->parts[i].idle && !f->parts[i].ended;
        f->parts[i].idle = false;
    }
    return any;
}

static u32
part_number(const Feed *f, const Part *p)
{
    return (u32)(p - f->parts);
}

/* Fetch from p, whose `fetching` lock is held. */
static Status
part_fetch(Feed *f, Part *p, Taken *t, TakeResult *ret_result, Err *err)
{
    FetchResult got = FETCH_END;
    Chunk *chunk = NULL;
    Status st = p->ended ? ERR_OK : f->def->fetch(f->source, part_number(f, p), &got, &chunk, err);
    pthread_mutex_lock(&f->lock);
    bool probe = p->probing && !p->probed;
    p->idle = got == FETCH_IDLE;
    if (p->idle) p->probing = false; /* its first row is still to come */
    /* Nobody reads on behind a failure: what is found there would be another error, or the same one
     * in another place. */
    if (st || got == FETCH_END) p->ended = true;
    if (!st && got == FETCH_CHUNK) {
        *t = (Taken){.chunk = chunk, .partition = part_number(f, p), .probe = probe};
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
        *ret_why = TAKE_END;
        if (p || !wake_idle(f)) return p;
        *ret_why = TAKE_IDLE;
        if (*woken) return NULL;
        *woken = true;
    }
}

Status
feed_take(Feed *f, Taken *ret_taken, TakeResult *ret_result, Err *err)
{
    for (bool woken = false;;) {
        pthread_mutex_lock(&f->lock);
        Part *p = choose(f, &woken, ret_result);
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
feed_ready(Feed *f)
{
    bool wait = false;
    pthread_mutex_lock(&f->lock);
    const Part *p = choose_probe(f, &wait);
    bool ready = p || (!wait && !(f->serial && f->in_flight > 0));
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
    Part *p = &f->parts[t->partition];
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
    const Part *p = &f->parts[t->partition];
    bool known = p->posted == t->number;
    *ret_wm_us = p->max_us;
    pthread_mutex_unlock(&f->lock);
    return known;
}

void
feed_post(Feed *f, const Taken *t, i64 wm_us)
{
    pthread_mutex_lock(&f->lock);
    Part *p = &f->parts[t->partition];
    assert(p->posted == t->number);
    assert(wm_us >= p->max_us); /* a running maximum never goes back */
    p->posted++;
    p->max_us = wm_us;
    p->wm_us = MAX(p->wm_us, wm_us);
    pthread_mutex_unlock(&f->lock);
}

i64
feed_watermark(Feed *f)
{
    i64 wm = WATERMARK_MAX;
    pthread_mutex_lock(&f->lock);
    for (u32 i = 0; i < f->nparts; i++) {
        if (!f->parts[i].ended) wm = MIN(wm, f->parts[i].wm_us);
    }
    pthread_mutex_unlock(&f->lock);
    return wm;
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
