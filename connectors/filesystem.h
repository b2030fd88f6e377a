/* filesystem.h - what the two halves of the filesystem connector share. */
#pragma once
#include "connectors/format.h"

typedef struct FilesystemOptions {
    Str path;
    Str pattern;
    u32 codec; /* FileCodec */
    i64 block_bytes;
    Str monitor_interval;
} FilesystemOptions;

extern const SourceDef filesystem_source;
extern const SinkDef filesystem_sink;
