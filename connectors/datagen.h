/* datagen.h - what a column of generated rows is made of.
 *
 * Every value is a function of (seed, column, row number): a counter goes through splitmix64, so
 * row i is the same whatever the batch size, the worker or the other wanted columns are. */
#pragma once
#include "base/vector.h"

typedef enum DatagenKind { DATAGEN_RANDOM, DATAGEN_SEQUENCE } DatagenKind;

typedef struct DatagenField {
    Type type;
    DatagenKind kind;
    u64 key;       /* of the random numbers: seed and column */
    f64 null_rate; /* 0..1 */
    /* RANDOM, numbers and texts of numbers: inclusive; DATE and times do not use them. */
    i64 min, max;
    f64 float_min, float_max; /* FLOAT, DOUBLE: [min, max) */
    u32 skew;                 /* 0: even; k: (k + 1)-th power, small ranks are frequent */
    /* SEQUENCE: start + row * step; units of the slot, scaled for DECIMAL. */
    i64 start, end, step;
    bool ends;
    /* Texts and bytes. */
    u32 length;
    bool var_length;
    bool numbered; /* prefix and a number of min..max instead of hexadecimal digits */
    Str prefix;
    Str *values; /* one of these, if there are any */
    u32 nvalues;
    /* Times: the newest value may be that much in the past. */
    i64 max_past_us;
} DatagenField;

/* What random times count back from: the wall clock when row 0 was made. */
typedef struct DatagenClock {
    i64 start_us;
    i64 rows_per_second; /* 0: rows are made as fast as they are taken, now stays start_us */
} DatagenClock;

/* The field's values of rows [from, from + n). */
Vector datagen_column(const DatagenField *f, const DatagenClock *clock, u64 from, u32 n);
