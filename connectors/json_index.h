/* json_index.h - where the punctuation of JSON lines stands, 64 bytes at a time.
 *
 * A window is whole lines of at most JSON_WINDOW bytes. Its index lists every { } [ ] : , and line
 * end outside of texts, in two arrays that run side by side:
 *
 *     {"ts":5,"page":"/a"}\n     at   0 5 7 14 19 20      offsets from the window's start
 *                                kind { : ,  :  }  \n     the bytes there
 *
 * The index pass also checks, vector-wide, how tokens lie next to each other, so that a line whose
 * blocks are not marked odd has exactly one value or key between two neighbours of the index, where
 * there can be one, none where there cannot, at most one white space before it and none behind it,
 * and no raw control character in a text. What remains to be checked is the order of kinds.
 *
 * The quote and escape masks are those of simdjson ("Parsing Gigabytes of JSON per Second",
 * Langdale and Lemire, 2019); compressing masks to positions is its icelake kernel's idea. */
#pragma once
#include "base/cpu.h"

/* 16 KiB: text and index together stay in a 48 KiB first-level cache. Offsets fit 16 bits. */
#define JSON_WINDOW 16384u
#define JSON_WINDOW_SLACK 64

typedef struct JsonIndex {
    u32 n;
    bool odd_any;   /* some block is odd */
    bool run_over;  /* a text runs over a line end: the index means nothing from there on */
    bool escapes;   /* a backslash somewhere */
    bool not_ascii; /* a byte above 127 somewhere: UTF-8 is not checked here */
    u8 odd[JSON_WINDOW / 64]; /* per block of 64 bytes: look at lines in it more closely */
    u16 at[JSON_WINDOW + JSON_WINDOW_SLACK];
    u8 kind[JSON_WINDOW + JSON_WINDOW_SLACK]; /* what is behind the first n is anything */
} JsonIndex;

/* Is some block that holds a byte of text[from, to) odd? */
static inline bool
blocks_odd(const JsonIndex *ix, u32 from, u32 to)
{
    for (u32 block = from / 64; block <= (to - 1) / 64; block++)
        if (ix->odd[block]) return true;
    return false;
}

typedef struct JsonIndexer {
    /* Fill ix from text[0, len), len <= JSON_WINDOW, which ends in '\n'. Reads 64
     * bytes more, and the byte before. */
    void (*run)(const char *text, u32 len, JsonIndex *ix);
    u32 (*lines)(const char *text, size_t len); /* '\n' in it */
} JsonIndexer;

const JsonIndexer *json_indexer_at(CpuLevel level);
