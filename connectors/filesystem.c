/* filesystem.c - 'connector' = 'filesystem': its options and what they must fit.
 *
 * Reading is file_source.c's, writing file_sink.c's. */
#include "connectors/filesystem.h"
#include "connectors/file_metadata.h"

#define FILESYSTEM_OPTION(name, type, field, initial, values, doc)                                 \
    {                                                                                              \
        name, OPTION_##type, offsetof(FilesystemOptions, field), initial, values, doc              \
    }

static const Option options[] = {
    FILESYSTEM_OPTION("path", TEXT, path, NULL, NULL,
                      "a file, a folder (all files below it), a glob, or - for standard input "
                      "and output; a folder, or a name that ends in /, is written as part-N"),
    FILESYSTEM_OPTION("compression", ENUM, codec, "auto", "auto|none|gzip|zstd",
                      "of files that are read; auto goes by the suffixes .gz and .zst"),
    FILESYSTEM_OPTION("source.path.regex-pattern", TEXT, pattern, "", NULL,
                      "read only files whose whole path matches this extended regular expression"),
    FILESYSTEM_OPTION("source.block-bytes", BYTES, block_bytes, "256 kb", NULL,
                      "read at a time; for measurements and tests"),
    FILESYSTEM_OPTION("source.monitor-interval", DURATION, monitor_us, "", NULL,
                      "look for new files that often, without end; a file is read once, as long as "
                      "it was when it was found. Unset: the list of files is fixed at the start"),
    FILESYSTEM_OPTION(
        "scan.partition-column", TEXT, partition_read, "", NULL,
        "each value of this INT or BIGINT column is a source partition, as the sink's option of "
        "this kind wrote it; files are read once more for every value"),
    FILESYSTEM_OPTION("sink.partition-column", TEXT, partition_written, "", NULL,
                      "this INT or BIGINT column takes the number of the source partition that a "
                      "row comes from"),
    FILESYSTEM_OPTION("sink.rolling-policy.file-size", BYTES, roll_bytes, "128 mb", NULL,
                      "in a folder: a file that has so much is finished"),
    FILESYSTEM_OPTION("sink.rolling-policy.rollover-interval", DURATION, roll_us, "30 min", NULL,
                      "in a folder, in jobs with state: a file is finished so long after it was "
                      "begun"),
    FILESYSTEM_OPTION("sink.rolling-policy.inactivity-interval", DURATION, idle_us, "30 min", NULL,
                      "the same, so long after its last row"),
    FILESYSTEM_OPTION("sink.rolling-policy.check-interval", DURATION, roll_check_us, "1 min", NULL,
                      "how often the two intervals are looked at"),
};

static Status
refuse(const OptionSetting *s, const char *text, Err *err)
{
    Status st = err_set(err, W2012, s->value_pos, "%.*s %s", STR_ARG(s->name), text);
    err_at(err, s->value_pos, s->value_width);
    return st;
}

/* A column that holds numbers of source partitions. */
static Status
partition_column_check(const TableSpec *spec, const OptionSetting *s, Err *err)
{
    for (u32 i = 0; i < spec->nfields; i++) {
        const FieldSpec *f = &spec->fields[i];
        if (!str_eq(f->name, s->value)) continue;
        if (f->metadata.len == 0 && (f->type.kind == TYPE_INT || f->type.kind == TYPE_BIGINT))
            return ERR_OK;
        return refuse(s, "must name an INT or BIGINT column of the table", err);
    }
    return refuse(s, "names no column of the table", err);
}

static Status
setting_check(const TableSpec *spec, const OptionSetting *s, Err *err)
{
    const FilesystemOptions *o = spec->options;
    if (str_eq_nocase(s->name, STR("source.monitor-interval"))) {
        if (o->monitor_us <= 0) return refuse(s, "must be longer than nothing", err);
        if (str_eq(o->path, STR("-"))) return refuse(s, "needs files, not standard input", err);
    }
    if (str_eq_nocase(s->name, STR("source.block-bytes")) &&
        (o->block_bytes < 64 || o->block_bytes > 1 << 28))
        return refuse(s, "must lie between 64 bytes and 256 mb", err);
    if (str_eq_nocase(s->name, STR("sink.partition-column")))
        return partition_column_check(spec, s, err);
    if (str_eq_nocase(s->name, STR("scan.partition-column"))) {
        TRY(partition_column_check(spec, s, err));
        if (o->monitor_us > 0 || str_eq(o->path, STR("-")))
            return err_set(err, W2001, s->name_pos,
                           "scan.partition-column is not supported yet of what has no end");
    }
    bool rolling = str_starts(s->name, STR("sink.rolling-policy."));
    if (rolling && (o->roll_bytes <= 0 || o->roll_us <= 0 || o->idle_us <= 0))
        return refuse(s, "must be more than nothing", err);
    return ERR_OK;
}

static Status
filesystem_check(TableSpec *spec, OptionSetting *settings, u32 nsettings, Err *err)
{
    for (u32 i = 0; i < nsettings; i++) TRY(setting_check(spec, &settings[i], err));
    for (u32 i = 0; i < spec->nfields; i++)
        if (spec->fields[i].metadata.len) TRY(file_metadata_check(&spec->fields[i], err));
    return ERR_OK;
}

/* A folder that is watched has no end. */
static bool
filesystem_ends(const TableSpec *spec)
{
    return ((const FilesystemOptions *)spec->options)->monitor_us == 0;
}

extern const Connector connector_filesystem;
const Connector connector_filesystem = {
    .name = "filesystem",
    .doc = "Files of one format: read as they are at the start, or as they come into a folder that "
           "is watched; written whole at the end. A job with state writes them exactly once: parts "
           "of a folder, part-RUN-N, are seen when they are finished, a single file at the end of "
           "the job. PARTITIONED BY columns are folders, column=value, and not in the files.",
    .options = options,
    .noptions = ARRAY_LEN(options),
    .options_bytes = sizeof(FilesystemOptions),
    .has_format = true,
    .source = &filesystem_source,
    .sink = &filesystem_sink,
    .check = filesystem_check,
    .bounded = filesystem_ends,
};
