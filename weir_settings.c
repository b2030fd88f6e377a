/* weir_settings.c - SET, RESET, and ${parameters} in scripts.
 *
 * Settings are rows: name, default, what a value must look like, meaning. Those that Flink knows
 * and that change no result here are accepted, so that a file runs in both places. */
#include "base/mem.h"
#include "weir_desk.h"

typedef enum SettingKind {
    SET_TEXT,
    SET_ZONE,
    SET_NUMBER,
    SET_BOOL,
    SET_DURATION,
    SET_BYTES,
    SET_CHOICE
} SettingKind;

typedef struct SettingDef {
    const char *name, *initial;
    SettingKind kind;
    const char *choices; /* SET_CHOICE: "a|b" */
    const char *doc;
} SettingDef;

static const SettingDef settings[] = {
    {"execution.checkpointing.interval", "1 s", SET_DURATION, NULL,
     "How often a long-running job makes its state durable; changes no result."},
    {"execution.runtime-mode", "streaming", SET_CHOICE, "streaming|batch|automatic",
     "Accepted for Flink's sake: one engine runs both, with the same rows."},
    {"parallelism.default", "", SET_NUMBER, NULL,
     "Workers; --threads wins. Empty: one per processor."},
    {"pipeline.name", "", SET_TEXT, NULL, "Name of the job."},
    {"sql-client.execution.result-mode", "table", SET_CHOICE, "table|changelog|tableau",
     "How the shell shows a live result."},
    {"state.memory-limit", "", SET_BYTES, NULL,
     "Memory for the state of a job, such as '512 mb'; what does not fit goes to disk. Empty: no "
     "limit."},
    {"table.exec.mini-batch.allow-latency", "0 s", SET_DURATION, NULL,
     "Accepted for Flink's sake; rows travel in batches anyway."},
    {"table.exec.mini-batch.enabled", "false", SET_BOOL, NULL,
     "Accepted for Flink's sake; rows travel in batches anyway."},
    {"table.exec.mini-batch.size", "-1", SET_NUMBER, NULL,
     "Accepted for Flink's sake; rows travel in batches anyway."},
    {"table.exec.source.idle-timeout", "0 ms", SET_DURATION, NULL,
     "A live source that is silent for so long no longer holds the watermark up; a table's "
     "'scan.watermark.idle-timeout' wins. 0: it always does."},
    {"table.local-time-zone", "", SET_ZONE, NULL,
     "Zone in which TIMESTAMP_LTZ is read and shown. Empty: $TZ, else UTC."},
};

const char *
weir_setting_at(u32 i, const char **ret_doc, const char **ret_initial)
{
    if (i >= ARRAY_LEN(settings)) return NULL;
    *ret_doc = settings[i].doc;
    *ret_initial = settings[i].initial;
    return settings[i].name;
}

static const SettingDef *
setting_find(Str key)
{
    for (u32 i = 0; i < ARRAY_LEN(settings); i++) {
        if (str_eq(key, str_from(settings[i].name))) return &settings[i];
    }
    return NULL;
}

static SettingValue *
setting_value(const Weir *w, Str key)
{
    for (u32 i = 0; i < w->nsettings; i++) {
        if (str_eq(w->settings[i].key, key)) return &w->settings[i];
    }
    return NULL;
}

Str
weir_setting(const Weir *w, const char *key)
{
    const SettingValue *v = setting_value(w, str_from(key));
    if (v) return v->value;
    const SettingDef *def = setting_find(str_from(key));
    assert(def);
    return str_from(def->initial);
}

i64
weir_setting_quantity(const Weir *w, const char *key)
{
    Str value = weir_setting(w, key);
    i64 number = 0;
    bool fits = setting_find(str_from(key))->kind == SET_BYTES ? bytes_parse(value, &number)
                                                               : duration_parse(value, &number);
    return fits ? number : 0;
}

static Str
str_own(Str s)
{
    return (Str){mem_strdup(s.ptr, s.len), s.len};
}

static void
str_disown(Str s)
{
    mem_free((void *)(uintptr_t)s.ptr);
}

void
weir_settings_free(Weir *w)
{
    for (u32 i = 0; i < w->nsettings; i++) {
        str_disown(w->settings[i].key);
        str_disown(w->settings[i].value);
    }
    mem_free(w->settings);
    for (u32 i = 0; i < w->nparams; i++) {
        str_disown(w->params[i].name);
        str_disown(w->params[i].value);
    }
    mem_free(w->params);
}

/* ---- SET and RESET ----------------------------------------------------------------------------
 */

static bool
choice_has(const char *choices, Str value)
{
    for (const char *p = choices; *p;) {
        const char *end = strchr(p, '|');
        u32 len = (u32)(end ? (size_t)(end - p) : strlen(p));
        if (str_eq_nocase((Str){p, len}, value)) return true;
        p += len + (end != NULL);
    }
    return false;
}

static bool
value_fits_kind(const SettingDef *def, Str value)
{
    i64 number;
    switch (def->kind) {
    case SET_TEXT:
    case SET_ZONE:
        return true;
    case SET_NUMBER:
        return str_to_i64(value, &number);
    case SET_BOOL:
        return choice_has("true|false", value);
    case SET_DURATION:
        return duration_parse(value, &number);
    case SET_BYTES:
        return value.len == 0 || bytes_parse(value, &number);
    case SET_CHOICE:
        return choice_has(def->choices, value);
    }
    UNREACHABLE();
}

static Status
set_zone(Desk *d, Str value, Err *err)
{
    Weir *w = d->weir;
    char *name = arena_copy(d->arena, value.ptr, value.len);
    TimeZone *zone = NULL;
    TRY(timezone_find(value.len ? name : "UTC", &zone, err));
    timezone_free(w->zone);
    w->zone = zone;
    d->session.zone = zone;
    d->connectors.zone = zone;
    return ERR_OK;
}

static Status
unknown_setting(const Setting *s, Err *err)
{
    Status st = err_set(err, W2017, s->key_pos, "setting \"%.*s\" is not known", STR_ARG(s->key));
    err_at(err, s->key_pos, s->key_width);
    Nearest near = {0};
    for (u32 i = 0; i < ARRAY_LEN(settings); i++) {
        nearest_offer(&near, s->key, str_from(settings[i].name));
    }
    if (near.best.len) (void)err_hint(err, st, "Did you mean \"%.*s\"?", STR_ARG(near.best));
    return st;
}

static Status
list_settings(Desk *d, Err *err)
{
    static const char *const columns[] = {"key", "value"};
    TextRows rows = {.columns = columns, .ncolumns = 2};
    for (u32 i = 0; i < ARRAY_LEN(settings); i++) {
        Str cells[2] = {str_from(settings[i].name), weir_setting(d->weir, settings[i].name)};
        text_rows_add(&rows, cells);
    }
    return desk_text(d, &rows, err);
}

Status
desk_set(Desk *d, const Stmt *stmt, Err *err)
{
    const Setting *s = stmt->setting;
    Weir *w = d->weir;
    if (!s->key.ptr) return list_settings(d, err);
    const SettingDef *def = setting_find(s->key);
    if (!def) return unknown_setting(s, err);
    if (!value_fits_kind(def, s->value)) {
        Status st = err_set(err, W2017, s->value_pos, "\"%.*s\" is no value of setting \"%s\"",
                            STR_ARG(s->value), def->name);
        err_at(err, s->value_pos, s->value_width);
        if (def->choices) (void)err_hint(err, st, "Known values: %s.", def->choices);
        return st;
    }
    if (def->kind == SET_ZONE) {
        Status st = set_zone(d, s->value, err);
        if (st) err_at(err, s->value_pos, s->value_width);
        if (st) return st;
    }
    SettingValue *v = setting_value(w, s->key);
    if (v) {
        str_disown(v->value);
    } else {
        mem_grow(w->settings, w->nsettings, w->settings_cap);
        v = &w->settings[w->nsettings++];
        v->key = str_own(s->key);
    }
    v->value = str_own(s->value);
    return desk_done(d, err, "%s = %.*s", def->name, STR_ARG(s->value));
}

Status
desk_reset(Desk *d, const Stmt *stmt, Err *err)
{
    const Setting *s = stmt->setting;
    Weir *w = d->weir;
    if (s->key.ptr && !setting_find(s->key)) return unknown_setting(s, err);
    for (u32 i = 0; i < w->nsettings;) {
        SettingValue *v = &w->settings[i];
        if (s->key.ptr && !str_eq(v->key, s->key)) {
            i++;
            continue;
        }
        if (setting_find(v->key)->kind == SET_ZONE) TRY(set_zone(d, (Str){0}, err));
        str_disown(v->key);
        str_disown(v->value);
        *v = w->settings[--w->nsettings];
    }
    return desk_done(d, err, "settings reset");
}

/* ---- ${parameters} ------------------------------------------------------------------------------
 */

Status
weir_param(Weir *w, Str name, Str value, Err *err)
{
    bool ok = name.len > 0;
    for (u32 i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        ok &= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-' || c == '.';
    }
    if (!ok) return err_set(err, W8001, POS_NONE, "\"%.*s\" is no parameter name", STR_ARG(name));
    for (u32 i = 0; i < w->nparams; i++) {
        if (!str_eq(w->params[i].name, name)) continue;
        str_disown(w->params[i].value);
        w->params[i].value = str_own(value);
        return ERR_OK;
    }
    mem_grow(w->params, w->nparams, w->params_cap);
    w->params[w->nparams++] = (Param){str_own(name), str_own(value)};
    return ERR_OK;
}

static const Param *
param_find(const Weir *w, Str name)
{
    for (u32 i = 0; i < w->nparams; i++) {
        if (str_eq(w->params[i].name, name)) return &w->params[i];
    }
    return NULL;
}

static void
replace_one(Expanded *e, Str script, u32 copied, u32 from, u32 len, Str value)
{
    strbuf_add(&e->text, script.ptr + copied, from - copied);
    mem_grow(e->replaced, e->nreplaced, e->cap);
    e->replaced[e->nreplaced++] = (struct Replacement){
        .from = from, .from_len = len, .to = (u32)e->text.len, .to_len = value.len};
    strbuf_str(&e->text, value);
}

Status
weir_expand(const Weir *w, Str script, u32 from, Expanded *ret, Err *err)
{
    Expanded e = {.script = script};
    u32 copied = 0;
    for (u32 i = from; i + 2 < script.len; i++) {
        const char *dollar = memchr(script.ptr + i, '$', script.len - i - 2);
        if (!dollar) break;
        i = (u32)(dollar - script.ptr);
        if (script.ptr[i + 1] != '{') continue;
        const char *end = memchr(script.ptr + i, '}', script.len - i);
        if (!end) break;
        u32 len = (u32)(end - (script.ptr + i)) + 1;
        Str name = {script.ptr + i + 2, len - 3};
        const Param *p = param_find(w, name);
        if (!p) {
            Status st = err_set(err, W8001, i, "parameter \"%.*s\" has no value", STR_ARG(name));
            err_at(err, i, len);
            expanded_done(&e);
            return err_hint(err, st, "Give it with --param %.*s=VALUE.", STR_ARG(name));
        }
        replace_one(&e, script, copied, i, len, p->value);
        copied = i + len;
        i += len - 1;
    }
    if (e.nreplaced) {
        strbuf_add(&e.text, script.ptr + copied, script.len - copied);
        e.script = strbuf_view(&e.text);
    }
    *ret = e;
    return ERR_OK;
}

void
expanded_done(Expanded *e)
{
    strbuf_done(&e->text);
    mem_free(e->replaced);
    *e = (Expanded){0};
}

u32
expanded_pos(const Expanded *e, u32 written)
{
    u32 pos = written;
    for (u32 i = 0; i < e->nreplaced; i++) {
        const struct Replacement *r = &e->replaced[i];
        if (written < r->from + r->from_len) break;
        pos = r->to + r->to_len + (written - r->from - r->from_len);
    }
    return pos;
}

u32
expanded_back(const Expanded *e, u32 expanded)
{
    u32 pos = expanded;
    for (u32 i = 0; i < e->nreplaced; i++) {
        const struct Replacement *r = &e->replaced[i];
        if (expanded < r->to) break;
        if (expanded < r->to + r->to_len) return r->from; /* inside the value: the ${name} */
        pos = r->from + r->from_len + (expanded - r->to - r->to_len);
    }
    return pos;
}
