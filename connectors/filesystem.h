/* filesystem.h - what the two halves of the filesystem connector share. */
#pragma once
#include "connectors/format.h"

typedef struct FilesystemOptions {
    Str path;
    Str pattern;
    u32 codec; /* FileCodec */
    i64 block_bytes;
    i64 monitor_us;        /* 0: the list of files is fixed */
    Str partition_read;    /* column whose values are source partitions; empty: none */
    Str partition_written; /* column that takes the number of a row's source partition */
    i64 roll_bytes;        /* a file that has so much is finished */
    i64 roll_us, idle_us;  /* one that is open, or without rows, for so long too */
    i64 roll_check_us;     /* how often times are looked at */
} FilesystemOptions;

extern const SourceDef filesystem_source;
extern const SinkDef filesystem_sink;
