/* bind_option.c - the options of a table that are the planner's and not its connector's: those of
 * the watermark, and of late rows.
 *
 * Each is a row: its name as Flink has it, and what becomes of its value. Rows without a place are
 * accepted for Flink's sake: watermarks are aligned over all tables as it is, and are known before
 * every row. */
#include "planner/bind.h"

#include <stddef.h>

typedef struct WatermarkOption {
    const char *name;
    u32 offset; /* of an i64 in WatermarkOptions; NOWHERE: accepted, nothing becomes of it */
    i64 most;   /* a number from 0 on; 0: a duration */
} WatermarkOption;

enum { NOWHERE = UINT32_MAX };

static const WatermarkOption watermark_options[] = {
    {"scan.watermark.idle-timeout", offsetof(WatermarkOptions, idle_timeout_us), 0},
    {"scan.watermark.max-advance", offsetof(WatermarkOptions, max_advance_us), 0},
    {"late.keep", offsetof(WatermarkOptions, late_keep), LATE_KEEP_MAX},
    {"scan.watermark.emit.strategy", NOWHERE, 0},
    {"scan.watermark.emit.on-event.gap", NOWHERE, 0},
    {"scan.watermark.alignment.group", NOWHERE, 0},
    {"scan.watermark.alignment.max-drift", NOWHERE, 0},
    {"scan.watermark.alignment.update-interval", NOWHERE, 0},
};

static const WatermarkOption *
option_row(Str key)
{
    for (u32 i = 0; i < ARRAY_LEN(watermark_options); i++) {
        const WatermarkOption *o = &watermark_options[i];
        if (str_eq_nocase(key, str_from(o->name))) return o;
    }
    return NULL;
}

bool
plan_owns_option(Str key)
{
    return option_row(key) != NULL;
}

static Status
option_value(const Binder *b, const WatermarkOption *row, const OptionDef *o, i64 *ret, Err *err)
{
    i64 value = 0;
    bool fits = row->most ? str_to_i64(o->value, &value) && value <= row->most
                          : b->env->duration && b->env->duration(o->value, &value);
    if (fits && value >= 0) {
        *ret = value;
        return ERR_OK;
    }
    Status st = bind_fail(b, W2012, o->value_pos, o->value_width, err, "option '%s' needs a %s",
                          row->name, row->most ? "number of rows" : "duration");
    if (!row->most) return err_hint(err, st, "Write '30 s', '10 min' or '1 h'.");
    return err_hint(err, st, "Write a number from 0 to %lld.", (long long)row->most);
}

Status
bind_options(const Binder *b, const OptionList *list, WatermarkOptions *at, Err *err)
{
    for (u32 i = 0; i < list->len; i++) {
        const OptionDef *o = &list->at[i];
        for (u32 k = 0; k < i; k++) {
            if (!str_eq_nocase(list->at[k].key, o->key)) continue;
            return bind_fail(b, W2011, o->pos, o->width, err, "option '%.*s' is given twice",
                             (int)MIN(o->key.len, 100u), o->key.ptr);
        }
        const WatermarkOption *row = option_row(o->key);
        if (!row || row->offset == NOWHERE) continue;
        TRY(option_value(b, row, o, (i64 *)(void *)((u8 *)at + row->offset), err));
    }
    return ERR_OK;
}
