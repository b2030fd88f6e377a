/* json_format.c - 'format' = 'json': JSON lines, one object per line.
 *
 * The options are Flink's, plus 'on-error' and 'json.path.<column>' = '$.user.id', which fills a
 * column from within nested objects; without it the field is found by the column's name, dots and
 * all. The wanted paths of a scan become one tree of names, so that shared parents are entered
 * once. Finding records is finding line ends; the rest happens in json_decode.c. */
#include "base/mem.h"
#include "connectors/csv_filter.h"
#include "connectors/json_lines.h"

#define PATH_PREFIX "json.path."

static const Option options[] = {
    {"json.timestamp-format.standard", OPTION_ENUM, offsetof(JsonOptions, timestamp_format), "SQL",
     "SQL|ISO-8601",
     "how times are written: '2024-01-15 10:00:00.5' or '2024-01-15T10:00:00.5'; both are read"},
    {"json.fail-on-missing-field", OPTION_BOOL, offsetof(JsonOptions, fail_on_missing), "false",
     NULL, "a record without one of the columns is an error instead of NULL"},
    {"json.ignore-parse-errors", OPTION_BOOL, offsetof(JsonOptions, ignore_errors), "false", NULL,
     "a value that does not fit becomes NULL, a record that is not JSON is left out"},
    {"json.map-null-key.mode", OPTION_TEXT, offsetof(JsonOptions, null_key_mode), "", NULL,
     "for MAP columns; not supported yet"},
    {"json.map-null-key.literal", OPTION_TEXT, offsetof(JsonOptions, null_key_literal), "", NULL,
     "for MAP columns; not supported yet"},
    {"json.encode.decimal-as-plain-number", OPTION_BOOL, offsetof(JsonOptions, plain_decimals),
     "false", NULL, "write DECIMAL as 0.00000001 instead of 1E-8"},
    {"json.encode.ignore-null-fields", OPTION_BOOL, offsetof(JsonOptions, omit_nulls), "false",
     NULL, "leave NULL columns out of the record instead of writing null"},
    {"json.max-record-bytes", OPTION_BYTES, offsetof(JsonOptions, record_bytes_max), "16 mb", NULL,
     "a longer line is an error"},
    {"on-error", OPTION_ENUM, offsetof(JsonOptions, on_error), "fail", "fail|skip|dead-letter",
     "what a bad record does: ends the statement, or is left out and counted; dead-letter is not "
     "supported yet"},
};

static const Option column_options[] = {
    {PATH_PREFIX "<column>", OPTION_TEXT, 0, "", NULL,
     "where the column's value lies: '$.user.id', or '$['user name'].id' for other names; unset: "
     "the field with the column's name"},
};

/* --- paths --------------------------------------------------------------------------------- */

static Status
path_error(const OptionSetting *from, ErrCode code, const char *what, Err *err)
{
    Status st = err_set(err, code, from->value_pos, "path \"%.*s\" %s",
                        (int)MIN(from->value.len, 100), from->value.ptr, what);
    err_at(err, from->value_pos, from->value_width);
    return err_hint(err, st, "Write '$.user.id', or '$[''user name''].id' for other names.");
}

Status
json_path_parse(Str text, const OptionSetting *from, JsonPath *ret_path, Err *err)
{
    JsonPath path = {0};
    if (text.len == 0 || text.ptr[0] != '$')
        return path_error(from, W2012, "does not begin with $", err);
    u32 at = 1;
    while (at < text.len) {
        u32 begin, end;
        if (text.ptr[at] == '.') {
            begin = ++at;
            while (at < text.len && text.ptr[at] != '.' && text.ptr[at] != '[') at++;
            end = at;
        } else if (text.ptr[at] == '[' && at + 1 < text.len) {
            char quote = text.ptr[at + 1];
            if ((quote >= '0' && quote <= '9') || quote == '*')
                return path_error(from, W2001, "goes into an array, which is not supported yet",
                                  err);
            if (quote != '\'' && quote != '"') return path_error(from, W2012, "is malformed", err);
            begin = at + 2;
            const char *close = memchr(text.ptr + begin, quote, text.len - begin);
            end = close ? (u32)(close - text.ptr) : text.len;
            if (end + 1 >= text.len || text.ptr[end + 1] != ']')
                return path_error(from, W2012, "is malformed", err);
            at = end + 2;
        } else {
            return path_error(from, W2012, "is malformed", err);
        }
        if (begin == end) return path_error(from, W2012, "has an empty name", err);
        if (path.depth == JSON_PATH_DEPTH_MAX) return path_error(from, W2012, "is too deep", err);
        path.names[path.depth++] = (Str){text.ptr + begin, end - begin};
    }
    *ret_path = path;
    return ERR_OK;
}

/* The column that a setting's key 'json.path.<column>' names; empty if it is another key. */
static Str
setting_column(const OptionSetting *s)
{
    Str prefix = STR(PATH_PREFIX);
    if (s->name.len <= prefix.len) return (Str){0};
    if (!str_eq_nocase((Str){s->name.ptr, prefix.len}, prefix)) return (Str){0};
    return (Str){s->name.ptr + prefix.len, s->name.len - prefix.len};
}

Status
json_path_of(const JsonOptions *o, Str column, JsonPath *ret_path, Err *err)
{
    for (u32 i = 0; i < o->nsettings; i++) {
        if (str_eq(setting_column(&o->settings[i]), column))
            return json_path_parse(o->settings[i].value, &o->settings[i], ret_path, err);
    }
    *ret_path = (JsonPath){.names = {column}, .depth = 1};
    return ERR_OK;
}

static Status
setting_check(const TableSpec *spec, OptionSetting *s, Err *err)
{
    Str column = setting_column(s);
    JsonPath path;
    if (!column.len || s->used) return ERR_OK;
    s->used = true;
    Nearest near = {0};
    for (u32 i = 0; i < spec->nfields; i++) {
        nearest_offer(&near, column, spec->fields[i].name);
        if (str_eq(spec->fields[i].name, column)) return json_path_parse(s->value, s, &path, err);
    }
    Status st = err_set(err, W2013, s->name_pos, "column \"%.*s\" does not exist",
                        (int)MIN(column.len, 100), column.ptr);
    err_at(err, s->name_pos, s->name_width);
    if (near.best.len) return err_hint(err, st, "Did you mean \"%.*s\"?", STR_ARG(near.best));
    return st;
}

static Status
json_check(TableSpec *spec, void *to, OptionSetting *settings, u32 n, Err *err)
{
    JsonOptions *o = to;
    if (o->null_key_mode.len || o->null_key_literal.len)
        return err_set(err, W2001, spec->pos, "'json.map-null-key.*' is not supported yet");
    if (o->on_error == JSON_ON_ERROR_DEAD_LETTER)
        return err_set(err, W2001, spec->pos, "'on-error' = 'dead-letter' is not supported yet");
    if (o->record_bytes_max < 1 || o->record_bytes_max > (i64)1 << 30)
        return err_set(err, W2012, spec->pos, "'json.max-record-bytes' is not in 1..1 gb");
    o->settings = settings;
    o->nsettings = n;
    for (u32 i = 0; i < n; i++) TRY(setting_check(spec, &settings[i], err));
    return ERR_OK;
}

/* --- the tree of wanted names -------------------------------------------------------------- */

/* While it grows, children are a linked list; scan_open() then lays them side by side. */
typedef struct Sprout {
    Str name;
    u32 child, next; /* 0: none */
    u32 value;
} Sprout;

typedef struct Tree {
    Sprout *at;
    u32 n, cap;
    u32 nvalues;
} Tree;

static u32
tree_add(Tree *t, Str name)
{
    mem_grow(t->at, t->n, t->cap);
    t->at[t->n] = (Sprout){.name = name, .value = JSON_COLUMN_NONE};
    return t->n++;
}

static u32
tree_child(Tree *t, u32 parent, Str name)
{
    u32 last = 0;
    for (u32 c = t->at[parent].child; c; c = t->at[c].next) {
        if (str_eq(t->at[c].name, name)) return c;
        last = c;
    }
    u32 c = tree_add(t, name);
    if (last)
        t->at[last].next = c;
    else
        t->at[parent].child = c;
    return c;
}

static u32
tree_value(Tree *t, const JsonPath *path)
{
    u32 node = 0;
    for (u32 i = 0; i < path->depth; i++) node = tree_child(t, node, path->names[i]);
    if (t->at[node].value == JSON_COLUMN_NONE) t->at[node].value = t->nvalues++;
    return t->at[node].value;
}

/* Breadth first, so that the children of a node are neighbours. */
static void
tree_lay(const Tree *t, JsonScan *scan)
{
    u32 *order = mem_array(u32, t->n);
    scan->nodes = mem_array(JsonNode, t->n);
    scan->nnodes = 1;
    for (u32 i = 0; i < scan->nnodes; i++) {
        const Sprout *s = &t->at[order[i]];
        scan->nodes[i] = (JsonNode){
            .name = s->name.ptr,
            .name_len = s->name.len,
            .first = scan->nnodes,
            .column = s->value,
            .quoted = s->name.len && memchr(s->name.ptr, '"', s->name.len),
        };
        for (u32 c = s->child; c; c = t->at[c].next) {
            order[scan->nnodes++] = c;
            scan->nodes[i].children++;
        }
    }
    assert(scan->nnodes == t->n);
    scan->nvalues = t->nvalues;
    mem_free(order);
}

/* --- scans --------------------------------------------------------------------------------- */

static void
json_scan_close(FormatScan *base)
{
    JsonScan *scan = (JsonScan *)base;
    if (!scan) return;
    mem_free(scan->columns);
    mem_free(scan->nodes);
    mem_free(scan->preds);
    mem_free(scan);
}

/* Predicates on delivered columns are applied here; the others are left to the executor. */
static u64
scan_predicates(JsonScan *scan)
{
    const SourceWant *want = scan->want;
    u64 applied = 0;
    scan->preds = mem_array(JsonPredicate, MAX(want->npreds, 1));
    for (u32 p = 0; p < want->npreds && p < 64; p++) {
        const SourcePredicate *pred = &want->preds[p];
        for (u32 i = 0; i < want->nfields; i++) {
            if (want->fields[i] != pred->field) continue;
            if (!csv_filter_can(want->table->fields[pred->field].type, pred)) break;
            scan->preds[scan->npreds++] = (JsonPredicate){pred, i};
            applied |= (u64)1 << p;
            break;
        }
    }
    return applied;
}

static Status
json_scan_open(const SourceWant *want, FormatScan **ret_scan, u64 *ret_applied, Err *err)
{
    const FormatOptions *fo = want->table->format;
    JsonScan *scan = mem_make(JsonScan);
    scan->want = want;
    scan->options = fo->options;
    scan->base.record_bytes_max = (u32)scan->options->record_bytes_max;
    scan->ncolumns = want->nfields;
    scan->columns = mem_array(JsonColumn, MAX(want->nfields, 1));
    scan->batch_rows = want->batch_rows;
    scan->simd = json_simd_at(cpu_level());
    scan->indexer = json_indexer_at(cpu_level());
    scan->loops = json_loops_at(cpu_level());
    scan->kernels = csv_kernels();
    assert(scan->batch_rows > 0 && scan->batch_rows <= BATCH_ROWS_MAX);

    Tree tree = {0};
    Status st = ERR_OK;
    tree_add(&tree, (Str){0});
    for (u32 i = 0; i < want->nfields && !st; i++) {
        const FieldSpec *field = &want->table->fields[want->fields[i]];
        JsonPath path;
        st = json_path_of(scan->options, field->name, &path, err);
        if (!st) scan->columns[i] = (JsonColumn){field, tree_value(&tree, &path)};
    }
    if (!st) tree_lay(&tree, scan);
    mem_free(tree.at);
    if (st) {
        json_scan_close(&scan->base);
        return st;
    }
    *ret_applied = scan_predicates(scan);
    *ret_scan = &scan->base;
    return ERR_OK;
}

static FormatPart *
json_part_open(const FormatScan *scan, const char *file)
{
    FormatPart *part = mem_make(FormatPart);
    *part = (FormatPart){scan, file};
    return part;
}

static void
json_part_close(FormatPart *part)
{
    mem_free(part);
}

static void
json_part_rewind(FormatPart *part)
{
    (void)part;
}

static Status
json_find_lines(FormatPart *part, TextChunk *c, u32 have, IndexInput input, Err *err)
{
    const JsonScan *scan = (const JsonScan *)part->scan;
    const char *last = have ? memrchr(c->data, '\n', have) : NULL;
    c->len = last ? (u32)(last - c->data) + 1 : 0;
    c->lines = scan->indexer->lines(c->data, c->len);
    if (c->len || input == INDEX_MORE) return ERR_OK;
    return err_set(err, W3105, POS_NONE, "%s:%llu: the record is longer than %u bytes", part->file,
                   (unsigned long long)c->line, part->scan->record_bytes_max);
}

const FormatDef format_json = {
    .name = "json",
    .doc = "JSON lines: one object per line.",
    .options = options,
    .noptions = ARRAY_LEN(options),
    .column_options = column_options,
    .ncolumn_options = ARRAY_LEN(column_options),
    .options_bytes = sizeof(JsonOptions),
    .check = json_check,
    .scan_open = json_scan_open,
    .scan_close = json_scan_close,
    .part_open = json_part_open,
    .part_close = json_part_close,
    .part_rewind = json_part_rewind,
    .index = json_find_lines,
    .reader_open = json_reader_open,
    .decode = json_decode,
    .reader_close = json_reader_close,
    .encoder_open = json_encoder_open,
    .encode_header = json_encode_header,
    .encode = json_encode,
    .encoder_close = json_encoder_close,
    .suffix = ".json",
};
