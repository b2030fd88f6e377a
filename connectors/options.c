/* options.c - WITH ('key' = 'value') against a table of rows.
 *
 * Keys ignore case. Defaults are parsed by the same code as what a person writes, so a default
 * that does not fit its own type is an assertion failure at the first use of the table. */
#include "connectors/options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

typedef struct UnitName {
    const char *name;
    i64 factor;
} UnitName;

/* Flink's TimeUtils; a bare number is milliseconds there. */
static const UnitName duration_units[] = {
    {"", 1000},
    {"us", 1},
    {"\xc2\xb5s", 1},
    {"micro", 1},
    {"micros", 1},
    {"microsecond", 1},
    {"microseconds", 1},
    {"ms", 1000},
    {"milli", 1000},
    {"millis", 1000},
    {"millisecond", 1000},
    {"milliseconds", 1000},
    {"s", 1000000},
    {"sec", 1000000},
    {"secs", 1000000},
    {"second", 1000000},
    {"seconds", 1000000},
    {"m", 60000000},
    {"min", 60000000},
    {"minute", 60000000},
    {"minutes", 60000000},
    {"h", 3600000000},
    {"hour", 3600000000},
    {"hours", 3600000000},
    {"d", 86400000000},
    {"day", 86400000000},
    {"days", 86400000000},
};

/* Flink's MemorySize: powers of 1024, whatever the spelling. */
static const UnitName byte_units[] = {
    {"", 1},
    {"b", 1},
    {"bytes", 1},
    {"k", 1 << 10},
    {"kb", 1 << 10},
    {"kibibytes", 1 << 10},
    {"m", 1 << 20},
    {"mb", 1 << 20},
    {"mebibytes", 1 << 20},
    {"g", 1 << 30},
    {"gb", 1 << 30},
    {"gibibytes", 1 << 30},
    {"t", (i64)1 << 40},
    {"tb", (i64)1 << 40},
    {"tebibytes", (i64)1 << 40},
};

/* digits, white space, unit: the number times the unit's factor. */
static bool
quantity_parse(Str text, const UnitName *units, u32 nunits, i64 *ret_value)
{
    text = str_trim(text);
    u32 digits = 0;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9') digits++;
    i64 number = 0;
    if (digits == 0 || !str_to_i64((Str){text.ptr, digits}, &number)) return false;
    Str unit = str_trim((Str){text.ptr + digits, text.len - digits});
    for (u32 i = 0; i < nunits; i++) {
        if (!str_eq_nocase(unit, str_from(units[i].name))) continue;
        return !__builtin_mul_overflow(number, units[i].factor, ret_value);
    }
    return false;
}

bool
duration_parse(Str text, i64 *ret_us)
{
    return quantity_parse(text, duration_units, ARRAY_LEN(duration_units), ret_us);
}

bool
bytes_parse(Str text, i64 *ret_bytes)
{
    return quantity_parse(text, byte_units, ARRAY_LEN(byte_units), ret_bytes);
}

static bool
double_parse(Str text, f64 *ret_value)
{
    char copy[64];
    text = str_trim(text);
    if (text.len == 0 || text.len >= sizeof copy) return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    char *end = NULL;
    f64 value = strtod(copy, &end);
    if (end != copy + text.len || !isfinite(value)) return false;
    *ret_value = value;
    return true;
}

/* One ASCII character as it is, or a Java escape: \t \n \r \\ \" \' and \uXXXX. */
static bool
char_parse(Str text, u8 *ret_char)
{
    static const char from[] = "tnr\\\"'", to[] = "\t\n\r\\\"'";
    u32 value = 256;
    if (text.len == 1) {
        value = (u8)text.ptr[0];
    } else if (text.len == 2 && text.ptr[0] == '\\') {
        const char *at = strchr(from, text.ptr[1]);
        if (at && *at) value = (u8)to[at - from];
    } else if (text.len == 6 && text.ptr[0] == '\\' && text.ptr[1] == 'u') {
        value = 0;
        for (u32 i = 2; i < 6; i++) {
            const char *hex = "0123456789abcdef";
            const char *at = text.ptr[i] ? strchr(hex, text.ptr[i] | 0x20) : NULL;
            if (!at) return false;
            value = value * 16 + (u32)(at - hex);
        }
    }
    if (value == 0 || value > 127) return false;
    *ret_char = (u8)value;
    return true;
}

/* Place of text among "a|b|c". */
static bool
enum_parse(Str text, const char *values, u32 *ret_index)
{
    u32 index = 0;
    for (const char *at = values;; index++) {
        const char *bar = strchr(at, '|');
        Str one = {at, bar ? (u32)(bar - at) : (u32)strlen(at)};
        if (str_eq_nocase(text, one)) {
            *ret_index = index;
            return true;
        }
        if (!bar) return false;
        at = bar + 1;
    }
}

static bool
bool_parse(Str text, bool *ret_value)
{
    *ret_value = str_eq_nocase(text, STR("true"));
    return *ret_value || str_eq_nocase(text, STR("false"));
}

static bool
option_parse(const Option *o, Str text, void *field)
{
    switch (o->type) {
    case OPTION_TEXT:
        *(Str *)field = text;
        return true;
    case OPTION_INT:
        return str_to_i64(str_trim(text), (i64 *)field);
    case OPTION_DOUBLE:
        return double_parse(text, (f64 *)field);
    case OPTION_BOOL:
        return bool_parse(str_trim(text), (bool *)field);
    case OPTION_DURATION:
        return duration_parse(text, (i64 *)field);
    case OPTION_BYTES:
        return quantity_parse(text, byte_units, ARRAY_LEN(byte_units), (i64 *)field);
    case OPTION_CHAR:
        return char_parse(text, (u8 *)field);
    case OPTION_ENUM:
        return enum_parse(str_trim(text), o->values, (u32 *)field);
    }
    UNREACHABLE();
}

static Status
option_error(const Option *o, const OptionSetting *s, Err *err)
{
    static const char *const wants[] = {
        [OPTION_TEXT] = "a text",
        [OPTION_INT] = "a whole number",
        [OPTION_DOUBLE] = "a number",
        [OPTION_BOOL] = "'true' or 'false'",
        [OPTION_DURATION] = "a duration such as '5 s', '10 min', '100 ms'",
        [OPTION_BYTES] = "a size such as '64 mb', '1 gb', '1024'",
        [OPTION_CHAR] = "one ASCII character, or an escape such as '\\t'",
    };
    Status st = err_set(err, W2012, s->value_pos, "option \"%s\" cannot be \"%.*s\"", o->name,
                        (int)MIN(s->value.len, 60), s->value.ptr);
    err_at(err, s->value_pos, s->value_width);
    if (o->type != OPTION_ENUM) return err_hint(err, st, "Write %s.", wants[o->type]);
    StrBuf list = {0};
    for (const char *at = o->values; at && *at;) {
        const char *bar = strchr(at, '|');
        u32 len = bar ? (u32)(bar - at) : (u32)strlen(at);
        strbuf_printf(&list, "%s'%.*s'", list.len ? ", " : "", (int)len, at);
        at = bar ? bar + 1 : NULL;
    }
    err_hint(err, st, "Write one of %s.", list.ptr);
    strbuf_done(&list);
    return st;
}

/* An optional option that is not given: an empty default leaves the zeroes. */
static void
option_default(const Option *o, void *field)
{
    if (o->initial[0] == 0 && o->type != OPTION_TEXT) return;
    bool fits = option_parse(o, str_from(o->initial), field);
    assert(fits);
    (void)fits;
}

Status
options_read(const Option *table, u32 n, OptionSetting *given, u32 ngiven, u32 pos,
             void *ret_options, Err *err)
{
    for (u32 i = 0; i < n; i++) {
        const Option *o = &table[i];
        void *field = (char *)ret_options + o->offset;
        OptionSetting *found = NULL;
        for (u32 g = 0; g < ngiven; g++) {
            if (!str_eq_nocase(given[g].name, str_from(o->name))) continue;
            if (found) {
                Status st =
                    err_set(err, W2012, given[g].name_pos, "option \"%s\" is given twice", o->name);
                err_at(err, given[g].name_pos, given[g].name_width);
                return st;
            }
            found = &given[g];
            found->used = true;
        }
        if (found) {
            if (!option_parse(o, found->value, field)) return option_error(o, found, err);
        } else if (o->initial) {
            option_default(o, field);
        } else {
            Status st = err_set(err, W2014, pos, "the option \"%s\" is missing", o->name);
            return err_hint(err, st, "Add '%s' = '...' to WITH: %s.", o->name, o->doc);
        }
    }
    return ERR_OK;
}

Status
options_check_used(const Option *const *tables, const u32 *ns, u32 ntables,
                   const OptionSetting *given, u32 ngiven, Err *err)
{
    for (u32 g = 0; g < ngiven; g++) {
        const OptionSetting *s = &given[g];
        if (s->used) continue;
        Nearest near = {0};
        for (u32 t = 0; t < ntables; t++)
            for (u32 i = 0; i < ns[t]; i++)
                nearest_offer(&near, s->name, str_from(tables[t][i].name));
        Status st = err_set(err, W2012, s->name_pos, "option \"%.*s\" is not known here",
                            (int)MIN(s->name.len, 80), s->name.ptr);
        err_at(err, s->name_pos, s->name_width);
        if (near.best.len) err_hint(err, st, "Did you mean '%.*s'?", STR_ARG(near.best));
        return st;
    }
    return ERR_OK;
}
