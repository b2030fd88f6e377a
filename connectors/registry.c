/* registry.c - connectors and formats by name, and a table's settings checked into a TableSpec.
 *
 * The rows are in connectors.def. A table's settings are matched against three option tables (the
 * registry's 'connector' and 'format', the connector's, the format's); a key that none of them
 * reads is an error. Settings that somebody above has marked used (watermark options are the
 * planner's) are left alone. */
#include "connectors/format.h"

#define CONNECTOR(id, name) extern const Connector connector_##id;
#define CONNECTOR_LATER(name)
#define FORMAT(id, name) extern const FormatDef format_##id;
#define FORMAT_LATER(name)
#include "connectors/connectors.def"
#undef CONNECTOR
#undef CONNECTOR_LATER
#undef FORMAT
#undef FORMAT_LATER

#define CONNECTOR(id, name)
#define CONNECTOR_LATER(name)
#define FORMAT(id, name)
#define FORMAT_LATER(name)

static const Connector *const connectors[] = {
#undef CONNECTOR
#define CONNECTOR(id, name) &connector_##id,
#include "connectors/connectors.def"
#undef CONNECTOR
#define CONNECTOR(id, name)
};

static const char *const connectors_later[] = {
#undef CONNECTOR_LATER
#define CONNECTOR_LATER(name) name,
#include "connectors/connectors.def"
#undef CONNECTOR_LATER
#define CONNECTOR_LATER(name)
};

static const FormatDef *const formats[] = {
#undef FORMAT
#define FORMAT(id, name) &format_##id,
#include "connectors/connectors.def"
#undef FORMAT
#define FORMAT(id, name)
};

static const char *const formats_later[] = {
#undef FORMAT_LATER
#define FORMAT_LATER(name) name,
#include "connectors/connectors.def"
#undef FORMAT_LATER
#define FORMAT_LATER(name)
};

const Connector *
connector_at(u32 i)
{
    return i < ARRAY_LEN(connectors) ? connectors[i] : NULL;
}

const Connector *
connector_find(Str name)
{
    for (u32 i = 0; i < ARRAY_LEN(connectors); i++)
        if (str_eq_nocase(name, str_from(connectors[i]->name))) return connectors[i];
    return NULL;
}

const FormatDef *
format_at(u32 i)
{
    return i < ARRAY_LEN(formats) ? formats[i] : NULL;
}

const FormatDef *
format_find(Str name)
{
    for (u32 i = 0; i < ARRAY_LEN(formats); i++)
        if (str_eq_nocase(name, str_from(formats[i]->name))) return formats[i];
    return NULL;
}

static OptionSetting *
setting_find(OptionSetting *settings, u32 n, Str key)
{
    for (u32 i = 0; i < n; i++)
        if (str_eq_nocase(settings[i].name, key)) return &settings[i];
    return NULL;
}

/* W2001 for a name that is known but not built, W2019 with the nearest name for the rest. */
static Status
name_unknown(const char *kind, const OptionSetting *s, const char *const *later, u32 nlater,
             const char *(*name_at)(u32 i), Err *err)
{
    Status st;
    for (u32 i = 0; i < nlater; i++) {
        if (!str_eq_nocase(s->value, str_from(later[i]))) continue;
        st = err_set(err, W2001, s->value_pos, "%s \"%s\" is not supported yet", kind, later[i]);
        err_at(err, s->value_pos, s->value_width);
        return st;
    }
    Nearest near = {0};
    StrBuf known = {0};
    for (u32 i = 0; name_at(i); i++) {
        nearest_offer(&near, s->value, str_from(name_at(i)));
        strbuf_printf(&known, "%s%s", i ? ", " : "", name_at(i));
    }
    u32 len = MIN(s->value.len, 60);
    st =
        err_set(err, W2019, s->value_pos, "%s \"%.*s\" is not known", kind, (int)len, s->value.ptr);
    err_at(err, s->value_pos, s->value_width);
    if (near.best.len)
        err_hint(err, st, "Did you mean '%.*s'?", STR_ARG(near.best));
    else
        err_hint(err, st, "Known are %s.", known.ptr);
    strbuf_done(&known);
    return st;
}

static const char *
connector_name_at(u32 i)
{
    const Connector *c = connector_at(i);
    return c ? c->name : NULL;
}

static const char *
format_name_at(u32 i)
{
    const FormatDef *f = format_at(i);
    return f ? f->name : NULL;
}

static Status
connector_pick(TableSpec *spec, OptionSetting *settings, u32 n, Err *err)
{
    OptionSetting *s = setting_find(settings, n, STR("connector"));
    if (!s) {
        Status st = err_set(err, W2014, spec->pos, "table \"%.*s\" needs the option 'connector'",
                            STR_ARG(spec->name));
        return err_hint(err, st, "Write WITH ('connector' = 'filesystem', ...).");
    }
    s->used = true;
    spec->connector = connector_find(s->value);
    if (spec->connector) return ERR_OK;
    return name_unknown("connector", s, connectors_later, ARRAY_LEN(connectors_later),
                        connector_name_at, err);
}

static Status
format_pick(const TableSpec *spec, OptionSetting *settings, u32 n, const FormatDef **ret_format,
            Err *err)
{
    OptionSetting *s = setting_find(settings, n, STR("format"));
    if (!s) {
        Status st = err_set(err, W2014, spec->pos, "table \"%.*s\" needs the option 'format'",
                            STR_ARG(spec->name));
        return err_hint(err, st, "Write 'format' = 'csv' or 'format' = 'json'.");
    }
    s->used = true;
    *ret_format = format_find(s->value);
    if (*ret_format) return ERR_OK;
    return name_unknown("format", s, formats_later, ARRAY_LEN(formats_later), format_name_at, err);
}

/* Options given for a table whose connector has no format. */
static const Option registry_options[] = {
    {"connector", OPTION_TEXT, 0, "", NULL, "which connector carries the rows"},
    {"format", OPTION_TEXT, 0, "", NULL, "how a record is written as text: csv, json"},
};

Status
table_spec_make(Arena *arena, const ConnectorEnv *env, Str name, FieldSpec *fields, u32 nfields,
                OptionSetting *settings, u32 nsettings, u32 pos, TableSpec **ret_spec, Err *err)
{
    TableSpec *spec = arena_make(arena, TableSpec);
    spec->name = name;
    spec->fields = fields;
    spec->nfields = nfields;
    spec->memory = env ? env->memory : NULL;
    spec->pos = pos;
    TRY(connector_pick(spec, settings, nsettings, err));

    const Connector *c = spec->connector;
    void *options = arena_alloc(arena, MAX(c->options_bytes, 1), 16);
    TRY(options_read(c->options, c->noptions, settings, nsettings, pos, options, err));
    spec->options = options;

    const FormatDef *f = NULL;
    void *format_options = NULL;
    if (c->has_format) {
        TRY(format_pick(spec, settings, nsettings, &f, err));
        FormatOptions *fo = arena_make(arena, FormatOptions);
        format_options = arena_alloc(arena, MAX(f->options_bytes, 1), 16);
        TRY(options_read(f->options, f->noptions, settings, nsettings, pos, format_options, err));
        *fo = (FormatOptions){f, format_options};
        spec->format = fo;
    }
    if (c->check) TRY(c->check(spec, settings, nsettings, err));
    if (f && f->check) TRY(f->check(spec, format_options, settings, nsettings, err));

    const Option *tables[] = {registry_options, c->options, f ? f->options : NULL};
    u32 ns[] = {c->has_format ? 2 : 1, c->noptions, f ? f->noptions : 0};
    TRY(options_check_used(tables, ns, ARRAY_LEN(tables), settings, nsettings, err));
    *ret_spec = spec;
    return ERR_OK;
}

Status
table_spec_partition(Arena *arena, TableSpec *spec, const u32 *fields, u32 n, Err *err)
{
    if (n == 0 || !spec->connector->has_format) return ERR_OK; /* rows without files: no matter */
    u32 left = 0;
    for (u32 i = 0; i < spec->nfields; i++) left += spec->fields[i].metadata.len == 0;
    for (u32 i = 0; i < n; i++) {
        for (u32 k = 0; k < i; k++)
            if (fields[i] == fields[k])
                return err_set(err, W2011, spec->pos, "column \"%.*s\" is in PARTITIONED BY twice",
                               STR_ARG(spec->fields[fields[i]].name));
    }
    if (n >= left) {
        Status st =
            err_set(err, W2018, spec->pos, "table \"%.*s\" is partitioned by all of its columns",
                    STR_ARG(spec->name));
        return err_hint(err, st, "Folders hold their values: leave a column for the files.");
    }
    spec->partitioned_by = arena_array(arena, u32, n);
    memcpy(spec->partitioned_by, fields, n * sizeof *fields);
    spec->npartitioned_by = n;
    return ERR_OK;
}
