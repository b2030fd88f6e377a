/* key_batch.c - the key columns of a batch as words and hashes. */
#include "base/mem.h"
#include "exec/state/pane_body.h"

KeyBatch *
key_batch_new(const RowLayout *layout)
{
    size_t words = (size_t)BATCH_ROWS_MAX * MAX(layout->key_words, 1u);
    KeyBatch *k = mem_alloc(sizeof(KeyBatch) + words * sizeof(u64));
    k->layout = layout;
    k->rows = 0;
    k->any_long = false;
    return k;
}

void
key_batch_free(KeyBatch *k)
{
    mem_free(k);
}

static u64
f64_word(f64 d)
{
    u64 w;
    if (d == 0) d = 0; /* -0.0 */
    if (d != d) return 0x7FF8000000000000u;
    memcpy(&w, &d, sizeof w);
    return w;
}

/* One loop per physical type: lane i's slot into its word. */
#define LOAD_WORDS(T, EXPR)                                                                        \
    do {                                                                                           \
        const T *restrict slots = vector_data(v, const T);                                         \
        for (u32 i = 0; i < n; i++) {                                                              \
            T x = slots[i];                                                                        \
            to[(size_t)i * stride] = (EXPR);                                                       \
        }                                                                                          \
    } while (0)

/* The greatest low half of a first word: of texts, the greatest length. */
static u32
key_load_two_words(u64 *to, u32 stride, const Vector *v, u32 n)
{
    const u64 *restrict slots = vector_data(v, const u64);
    u32 longest = 0;
    for (u32 i = 0; i < n; i++) {
        u64 first = slots[2 * i];
        longest = MAX(longest, (u32)first);
        to[(size_t)i * stride] = first;
        to[(size_t)i * stride + 1] = slots[2 * i + 1];
    }
    return longest;
}

/* True if a text is longer than its slot. */
static bool
key_load_flat(u64 *to, u32 stride, const Vector *v, u32 n)
{
    switch ((Phys)type_phys[v->type.kind]) {
    case PHYS_U8:
        LOAD_WORDS(u8, (u64)x);
        break;
    case PHYS_I8:
        LOAD_WORDS(i8, (u64)(i64)x);
        break;
    case PHYS_I16:
        LOAD_WORDS(i16, (u64)(i64)x);
        break;
    case PHYS_I32:
        LOAD_WORDS(i32, (u64)(i64)x);
        break;
    case PHYS_I64:
        LOAD_WORDS(i64, (u64)x);
        break;
    case PHYS_F32:
        LOAD_WORDS(f32, f64_word((f64)x));
        break;
    case PHYS_F64:
        LOAD_WORDS(f64, f64_word(x));
        break;
    case PHYS_I128:
        (void)key_load_two_words(to, stride, v, n);
        break;
    case PHYS_STR:
        return key_load_two_words(to, stride, v, n) > STRVIEW_INLINE;
    case PHYS_COUNT:
        UNREACHABLE();
    }
    return false;
}

/* A null's slot is zero by vector.h's law, but for types whose zero is not all bits zero there is
 * none; the null bit tells it from a real zero. */
static void
key_load_column(KeyBatch *k, u32 key, const Vector *col)
{
    const RowLayout *l = k->layout;
    u32 n = k->rows, stride = l->key_words;
    u64 *to = k->words + l->keys[key].word;
    Vector flat = vector_share(col);
    if (flat.form != VEC_FLAT) vector_flatten(&flat);
    const Vector *v = &flat;
    k->any_long |= key_load_flat(to, stride, v, n);
    const u64 *valid = vector_valid(v);
    if (valid && l->null_word != UINT32_MAX) {
        bool two = type_phys[v->type.kind] == PHYS_STR || type_phys[v->type.kind] == PHYS_I128;
        u64 *nulls = k->words + l->null_word;
        for (u32 i = 0; i < n; i++) {
            if (bit_get(valid, i)) continue;
            nulls[(size_t)i * stride] |= (u64)1 << key;
            to[(size_t)i * stride] = 0;
            if (two) to[(size_t)i * stride + 1] = 0;
        }
    }
    vector_done(&flat);
}

static bool
word_is_text(const RowLayout *l, u32 word, u32 *ret_key)
{
    for (u32 i = 0; i < l->nkeys; i++) {
        if (l->keys[i].word != word) continue;
        *ret_key = i;
        return type_phys[l->keys[i].type.kind] == PHYS_STR;
    }
    return false;
}

u64
key_words_hash_long(const RowLayout *l, const u64 *words)
{
    u64 h = HASH_SEED;
    for (u32 w = 0; w < l->hashed_words; w++) {
        u32 key;
        if (word_is_text(l, w, &key) && (u32)words[w] > STRVIEW_INLINE) {
            StrView s;
            memcpy(&s, words + w, sizeof s);
            h = hash_bytes(s.ptr, s.len, h);
            w++;
        } else {
            h = hash_u64(words[w], h);
        }
    }
    return h;
}

bool
key_words_equal_long(const RowLayout *l, const u64 *a, const u64 *b)
{
    for (u32 w = 0; w < l->key_words; w++) {
        u32 key;
        if (word_is_text(l, w, &key)) {
            StrView x, y;
            memcpy(&x, a + w, sizeof x);
            memcpy(&y, b + w, sizeof y);
            if (!strview_eq(&x, &y)) return false;
            w++;
        } else if (a[w] != b[w]) {
            return false;
        }
    }
    return true;
}

static inline __attribute__((always_inline)) void
hash_words(KeyBatch *k, u32 stride, u32 hashed)
{
    for (u32 i = 0; i < k->rows; i++) {
        k->hash[i] = key_words_hash(k->words + (size_t)i * stride, hashed);
    }
}

static void
key_batch_hash(KeyBatch *k)
{
    const RowLayout *l = k->layout;
    u32 stride = l->key_words;
    if (k->any_long) {
        for (u32 i = 0; i < k->rows; i++) {
            k->hash[i] = key_words_hash_long(l, k->words + (size_t)i * stride);
        }
        return;
    }
#define HASH_WORDS(n) hash_words(k, stride, n)
    FOR_WORDS(HASH_WORDS, l->hashed_words)
#undef HASH_WORDS
}

void
key_batch_load(KeyBatch *k, const Batch *b)
{
    const RowLayout *l = k->layout;
    k->rows = b->rows;
    k->any_long = false;
    if (l->null_word != UINT32_MAX) {
        u64 *nulls = k->words + l->null_word;
        for (u32 i = 0; i < b->rows; i++) nulls[(size_t)i * l->key_words] = 0;
    }
    for (u32 i = 0; i < l->nkeys; i++) key_load_column(k, i, &b->col[l->keys[i].col]);
    key_batch_hash(k);
}
