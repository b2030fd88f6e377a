/* file_partition.c - folders that hold the values of PARTITIONED BY columns.
 *
 * The characters that are escaped are those of Hive's FileUtils, which Flink has too. Flink's own
 * name for NULL, "__DEFAULT_PARTITION__", is understood when reading. */
#include "connectors/file_partition.h"
#include "base/mem.h"
#include "base/value_text.h"
#include "connectors/format.h"

static bool
must_escape(char c)
{
    return (u8)c < 32 || c == 127 || strchr("\"#%'*/:=?\\{[]^", c) != NULL;
}

static void
escape_add(StrBuf *out, Str text)
{
    for (u32 i = 0; i < text.len; i++) {
        if (must_escape(text.ptr[i]))
            strbuf_printf(out, "%%%02X", (u8)text.ptr[i]);
        else
            strbuf_char(out, text.ptr[i]);
    }
}

void
partition_add(StrBuf *out, const FieldSpec *field, const void *slot, const TimeZone *zone)
{
    escape_add(out, field->name);
    strbuf_char(out, '=');
    StrBuf value = {0};
    if (slot) value_print(&value, field->type, slot, zone);
    escape_add(out, value.len ? strbuf_view(&value) : STR(PARTITION_NULL));
    strbuf_done(&value);
    strbuf_char(out, '/');
}

static i32
hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

static void
unescape_add(StrBuf *out, Str text)
{
    for (u32 i = 0; i < text.len; i++) {
        i32 high = -1, low = -1;
        if (text.ptr[i] == '%' && text.len - i > 2) {
            high = hex_digit(text.ptr[i + 1]);
            low = hex_digit(text.ptr[i + 2]);
        }
        bool escaped = high >= 0 && low >= 0;
        strbuf_char(out, escaped ? (char)(u8)(high * 16 + low) : text.ptr[i]);
        i += escaped ? 2 : 0;
    }
}

/* The next part of a path, without its slash. */
static Str
part_next(Str *left)
{
    const char *slash = left->len ? memchr(left->ptr, '/', left->len) : NULL;
    Str part = {left->ptr, slash ? (u32)(slash - left->ptr) : left->len};
    u32 used = part.len + (slash ? 1 : 0);
    *left = (Str){left->ptr + used, left->len - used};
    return part;
}

/* "name=value" into both, unescaped; false if it has no '='. */
static bool
part_split(Str part, StrBuf *name, StrBuf *value)
{
    const char *eq = part.len ? memchr(part.ptr, '=', part.len) : NULL;
    if (!eq) return false;
    u32 at = (u32)(eq - part.ptr);
    strbuf_clear(name);
    strbuf_clear(value);
    unescape_add(name, (Str){part.ptr, at});
    unescape_add(value, (Str){eq + 1, part.len - at - 1});
    return true;
}

bool
partition_find(Str path, Str column, StrBuf *scratch, bool *ret_null)
{
    StrBuf name = {0}, value = {0};
    bool found = false;
    while (path.len) {
        Str part = part_next(&path);
        if (!path.len) break; /* the file's own name */
        if (!part_split(part, &name, &value) || !str_eq(strbuf_view(&name), column)) continue;
        found = true;
        strbuf_clear(scratch);
        strbuf_str(scratch, strbuf_view(&value));
    }
    Str text = strbuf_view(scratch);
    *ret_null = !found || text.len == 0 || str_eq(text, STR(PARTITION_NULL)) ||
                str_eq(text, STR("__DEFAULT_PARTITION__"));
    strbuf_done(&name);
    strbuf_done(&value);
    return found;
}

Status
partition_vector(const FieldSpec *field, const char *path, u32 rows, const TimeZone *zone,
                 Vector *ret_vector, Err *err)
{
    StrBuf text = {0};
    bool null;
    Status st = ERR_OK;
    if (!partition_find(str_from(path), field->name, &text, &null)) {
        st = err_set(err, W4002, POS_NONE, "%s lies in no folder \"%.*s=...\"", path,
                     STR_ARG(field->name));
    } else if (null && field->type.not_null) {
        st = err_set(err, W3103, POS_NONE, "%s: column \"%.*s\" is NOT NULL", path,
                     STR_ARG(field->name));
    } else if (null) {
        *ret_vector = vector_null(field->type, rows);
    } else {
        Vector one = vector_new(field->type, 1);
        char shown[ESCAPED_MAX];
        if (value_store(&one, 0, strbuf_view(&text), zone, VALUE_STRICT) == TEXT_OK)
            *ret_vector = vector_const(field->type, rows, vector_at(&one, 0));
        else
            st = err_set(err, W3102, POS_NONE, "%s: \"%s\" does not fit column \"%.*s\"", path,
                         text_escaped(shown, text.ptr, text.len), STR_ARG(field->name));
        vector_done(&one);
    }
    strbuf_done(&text);
    return st;
}

bool
partition_valid(Str dir, const TableSpec *table)
{
    StrBuf name = {0}, value = {0};
    bool valid = !(dir.len && memchr(dir.ptr, 0, dir.len));
    for (u32 i = 0; i < table->npartitioned_by && valid; i++) {
        Str part = part_next(&dir);
        valid = part_split(part, &name, &value) &&
                str_eq(strbuf_view(&name), table->fields[table->partitioned_by[i]].name);
    }
    strbuf_done(&name);
    strbuf_done(&value);
    return valid && dir.len == 0;
}

/* ---- a table without its partition columns --------------------------------------------------- */

TableSpec *
table_without(const TableSpec *table, const u64 *left_out, u32 **ret_fields)
{
    TableSpec *inner = mem_make(TableSpec);
    *inner = *table;
    inner->fields = mem_array(FieldSpec, table->nfields + 1);
    *ret_fields = mem_array(u32, table->nfields + 1);
    inner->nfields = inner->npartitioned_by = 0;
    for (u32 i = 0; i < table->nfields; i++) {
        if (bit_get(left_out, i)) continue;
        (*ret_fields)[inner->nfields] = i;
        inner->fields[inner->nfields++] = table->fields[i];
    }
    return inner;
}

void
table_without_free(TableSpec *inner)
{
    if (!inner) return;
    mem_free(inner->fields);
    mem_free(inner);
}
