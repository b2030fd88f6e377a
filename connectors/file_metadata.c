/* file_metadata.c - METADATA columns of files: where a row comes from. */
#include "connectors/file_metadata.h"

typedef struct MetadataKey {
    const char *name;
    TypeKind kind;
} MetadataKey;

static const MetadataKey metadata_keys[] = {
    {"file.path", TYPE_VARCHAR},
    {"file.name", TYPE_VARCHAR},
    {"file.size", TYPE_BIGINT},
    {"file.modification-time", TYPE_TIMESTAMP_LTZ},
};

Status
file_metadata_check(const FieldSpec *f, Err *err)
{
    Nearest near = {0};
    for (u32 i = 0; i < ARRAY_LEN(metadata_keys); i++) {
        const MetadataKey *k = &metadata_keys[i];
        nearest_offer(&near, f->metadata, str_from(k->name));
        if (!str_eq(f->metadata, str_from(k->name))) continue;
        if (f->type.kind == k->kind) return ERR_OK;
        StrBuf type = {0};
        type_print(&type, type_of(k->kind));
        Status st = err_set(err, W2005, f->pos, "metadata \"%s\" does not fit this type", k->name);
        err_hint(err, st, "Declare the column as %s.",
                 k->kind == TYPE_VARCHAR ? "STRING" : type.ptr);
        strbuf_done(&type);
        return st;
    }
    Status st = err_set(err, W2013, f->pos, "metadata \"%.*s\" does not exist in files",
                        (int)MIN(f->metadata.len, 60), f->metadata.ptr);
    if (near.best.len) return err_hint(err, st, "Did you mean '%.*s'?", STR_ARG(near.best));
    return err_hint(err, st, "There are file.path, file.name, file.size, file.modification-time.");
}

Vector
file_metadata_vector(const FieldSpec *f, const ListedFile *file, u32 rows)
{
    if (str_eq(f->metadata, STR("file.size"))) {
        i64 size = (i64)file->stamp.size;
        return vector_const(f->type, rows, &size);
    }
    if (str_eq(f->metadata, STR("file.modification-time"))) {
        i64 us = file->stamp.mtime_ns / 1000;
        us -= us % type_time_unit_us(f->type);
        return vector_const(f->type, rows, &us);
    }
    const char *slash = strrchr(file->path, '/');
    bool whole = str_eq(f->metadata, STR("file.path")) || !slash;
    Str text = str_from(whole ? file->path : slash + 1);
    StrView slot = strview_make(text.ptr, text.len);
    return vector_const(f->type, rows, &slot);
}
