/* options.h - WITH ('key' = 'value') as a table: name, type, default, meaning, in one place.
 *
 * The table drives parsing, the error for a misspelled key, EXPLAIN and the manual. */
#pragma once
#include "base/err.h"
#include "base/str.h"

typedef enum OptionType {
    OPTION_TEXT,     /* Str */
    OPTION_INT,      /* i64 */
    OPTION_DOUBLE,   /* f64 */
    OPTION_BOOL,     /* bool */
    OPTION_DURATION, /* i64 microseconds: '5 s', '10 min', '1 h', '100 ms' as in Flink */
    OPTION_BYTES,    /* i64: '64 mb', '1 gb', '1024' as in Flink */
    OPTION_CHAR,     /* u8: one ASCII character; '\t' and U&'..' escapes as Flink has them */
    OPTION_ENUM,     /* u32: index into `values` */
} OptionType;

typedef struct Option {
    const char *name; /* "csv.field-delimiter" */
    OptionType type;
    u32 offset;          /* of the field in the options struct */
    const char *initial; /* default, as text; NULL: required; "": empty or unset */
    const char *values;  /* OPTION_ENUM: "fail|skip|dead-letter" */
    const char *doc;
} Option;

/* One 'key' = 'value' as written. */
typedef struct OptionSetting {
    Str name, value;
    u32 name_pos, value_pos;
    u32 name_width, value_width;
    bool used; /* set by options_read, for the check of unknown ones */
} OptionSetting;

/* Fill *ret_options (a struct that `table` describes) from the settings; marks those used. W2012
 * for a value that does not fit, W2014 for a required one that is missing. Text is borrowed. */
Status options_read(const Option *table, u32 n, OptionSetting *given, u32 ngiven, u32 pos,
                    void *ret_options, Err *err) MUST_USE;
/* W2012 with the nearest known name if a setting is not marked used. */
Status options_check_used(const Option *const *tables, const u32 *ns, u32 ntables,
                          const OptionSetting *given, u32 ngiven, Err *err) MUST_USE;
/* "5 s", "1min", "250 ms": microseconds; false if it is no duration. */
bool duration_parse(Str text, i64 *ret_us);
/* "64 mb", "1gb", "1024": bytes; false if it is no size. */
bool bytes_parse(Str text, i64 *ret_bytes);
