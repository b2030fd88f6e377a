/* json_shape.c - learning a line's shape from its index.
 *
 * A small parser of the marks: it follows objects and arrays by a stack, finds each key between an
 * opener and a colon, and walks the tree of wanted names along. It refuses whatever it does not
 * understand, for a refusal only costs speed. What the index pass has checked of lines without odd
 * blocks (see json_index.h) is not checked again. */
#include "connectors/json_shape.h"

enum {
    SHAPE_DEPTH_MAX = 32,
    SHAPE_OFFSET_MAX = JSON_WINDOW_SLACK - 7, /* eight bytes behind a window's last mark */
};

/* An open object or array. */
typedef struct Frame {
    const JsonNode *node; /* whose children its keys may name; NULL: nobody wants anything in it */
    bool is_array;
    bool kept; /* its text is a wanted value */
} Frame;

typedef struct Learner {
    JsonShape *shape;
    const JsonScan *scan;
    const char *text;
    const u16 *at; /* of the line */
    Frame frame[SHAPE_DEPTH_MAX];
    u32 depth;
    const JsonNode *met[SHAPE_KINDS_MAX]; /* wanted nodes whose keys were read */
    u32 nmet;
    const JsonNode *pending; /* the node of the key just read; NULL: not wanted */
    u8 pending_colon;
} Learner;

/* Comparisons for the bytes behind a mark up to text + to. A line that has the mark near the end of
 * the chunk is compared too, so none may reach further than the chunk's slack. */
static bool
piece_add(JsonShape *shape, const char *text, u32 mark, u32 mark_at, u32 to)
{
    for (u32 from = mark_at + 1; from < to; from += 8) {
        if (shape->npieces == SHAPE_PIECES_MAX || from - mark_at > SHAPE_OFFSET_MAX) return false;
        u32 bytes = MIN(to - from, 8);
        u64 mask = bytes == 8 ? UINT64_MAX : ((u64)1 << 8 * bytes) - 1;
        shape->piece[shape->npieces++] =
            (ShapePiece){load8(text + from) & mask, mask, mark, from - mark_at};
    }
    return true;
}

/* How many of the bytes of an unwanted key (its closing quote counts) tell it from all that is
 * wanted in its place. The key has no backslash, so nor have these bytes. */
static u32
key_telling(const Learner *l, const JsonNode *node, Str key)
{
    u32 most = 0;
    for (u32 c = 0; c < node->children; c++) {
        const JsonNode *n = &l->scan->nodes[node->first + c];
        u32 same = 0, len = MIN(n->name_len, key.len);
        while (same < len && n->name[same] == key.ptr[same]) same++;
        most = MAX(most, same + 1);
    }
    return most;
}

/* The key between mark i and the colon behind it. */
static bool
learn_key(Learner *l, u32 i)
{
    Frame *f = &l->frame[l->depth - 1];
    u32 from = l->at[i] + 1, to = l->at[i + 1];
    if (l->text[from] == ' ') from++;
    if (to - from < 2 || l->text[from] != '"' || l->text[to - 1] != '"') return false;
    Str key = {l->text + from + 1, to - from - 2};
    if (key.len && memchr(key.ptr, '\\', key.len)) return false;
    l->pending = NULL;
    l->pending_colon = (u8)(i + 1);
    if (!f->node) {
        /* A walk looks at no key in here, or only whether it is a text: at each of the record's,
         * and at the first of an object that it keeps. */
        bool looks = l->depth == 1 || (f->kept && l->shape->kind[i] == '{');
        return !looks || piece_add(l->shape, l->text, i, l->at[i], from + 1);
    }
    for (u32 c = 0; c < f->node->children; c++) {
        const JsonNode *n = &l->scan->nodes[f->node->first + c];
        if (!str_eq(key, (Str){n->name, n->name_len})) continue;
        for (u32 m = 0; m < l->nmet; m++)
            if (l->met[m] == n) return false;
        l->met[l->nmet++] = n;
        l->pending = n;
    }
    if (!l->pending) to = from + 1 + key_telling(l, f->node, key);
    return piece_add(l->shape, l->text, i, l->at[i], to);
}

/* The value that ends before mark `to` (end 0) or with it (end 1) belongs to node. */
static void
learn_value(Learner *l, const JsonNode *node, u8 from, u8 offset, u32 to, u8 end)
{
    if (!node || node->column == JSON_COLUMN_NONE) return;
    l->shape->value[node->column] = (ShapeValue){from, offset, (u8)to, end, false};
}

static bool
learn_open(Learner *l, bool is_array)
{
    if (l->depth == SHAPE_DEPTH_MAX) return false;
    bool wanted = l->pending && l->pending->children && !is_array;
    bool kept = l->pending && l->pending->column != JSON_COLUMN_NONE;
    l->frame[l->depth++] =
        (Frame){.node = wanted ? l->pending : NULL, .is_array = is_array, .kept = kept};
    l->pending = NULL;
    return true;
}

/* Marks i and on; returns whether the whole line is one object. */
static bool
learn_marks(Learner *l, u32 n)
{
    const u8 *kind = l->shape->kind;
    const JsonNode *owner[SHAPE_DEPTH_MAX]; /* of the value that is the frame */
    u8 colon[SHAPE_DEPTH_MAX];
    for (u32 i = 0; i + 1 < n; i++) {
        Frame *f = l->depth ? &l->frame[l->depth - 1] : NULL;
        u8 next = kind[i + 1];
        bool is_key_place = false;
        switch (kind[i]) {
        case '{':
        case '[':
            /* An element of an array, the record, or the value of the key just read. */
            if (i && !f) return false;
            if (i && kind[i - 1] != ':' && !f->is_array) return false;
            if (l->depth < SHAPE_DEPTH_MAX) {
                owner[l->depth] = l->pending;
                colon[l->depth] = l->pending_colon;
            }
            if (!learn_open(l, kind[i] == '[')) return false;
            is_key_place = kind[i] == '{' && next != '}';
            /* An object is empty only if its braces touch, in this line and in those that fit. */
            if (kind[i] == '{' && next == '}') {
                if (l->at[i + 1] != l->at[i] + 1) return false;
                if (!piece_add(l->shape, l->text, i, l->at[i], l->at[i] + 2)) return false;
            }
            break;
        case ',':
            if (!f) return false;
            is_key_place = !f->is_array;
            break;
        case ':':
            if (!f || f->is_array || l->pending_colon != i) return false;
            if (next == ':') return false;
            if (next == ',' || next == '}') learn_value(l, l->pending, (u8)i, 1, i + 1, 0);
            break;
        case '}':
        case ']':
            if (!f || f->is_array != (kind[i] == ']')) return false;
            l->depth--;
            if (l->depth) learn_value(l, owner[l->depth], colon[l->depth], 1, i, 1);
            if (l->depth == 0 && i + 2 != n) return false;
            if (l->depth && next != ',' && next != '}' && next != ']') return false;
            break;
        default:
            return false;
        }
        if (is_key_place) {
            if (next != ':' || !learn_key(l, i)) return false;
        } else if (kind[i] == ',' || kind[i] == '[') {
            if (next == ':') return false;
            l->pending = NULL;
        }
    }
    return l->depth == 0;
}

bool
shape_learn(JsonShape *shape, const JsonScan *scan, const char *text, const JsonIndex *ix, u32 from,
            u32 to)
{
    u32 n = to - from + 1;
    if (n < 3 || n > SHAPE_KINDS_MAX) return false;
    memset(shape->kind, 0, sizeof shape->kind);
    memcpy(shape->kind, ix->kind + from, n);
    if (shape->kind[0] != '{' || shape->kind[n - 1] != '\n') return false;
    shape->nkinds = n;
    shape->npieces = 0;
    u32 last = (n - 1) / 8 * 8; /* where shape_fits() compares the rest */
    shape->last_mask = n - last == 8 ? UINT64_MAX : ((u64)1 << 8 * (n - last)) - 1;
    for (u32 v = 0; v < scan->nvalues; v++) shape->value[v] = (ShapeValue){.missing = true};

    Learner l = {.shape = shape, .scan = scan, .text = text, .at = ix->at + from};
    l.pending = &scan->nodes[0];
    if (!learn_marks(&l, n)) return false;
    learn_value(&l, &scan->nodes[0], 0, 0, n - 2, 1);
    return true;
}
