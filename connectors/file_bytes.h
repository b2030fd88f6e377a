/* file_bytes.h - a file, or standard input, as a stream of bytes, decompressed.
 *
 * The descriptor is opened by the first read and may be closed between reads (parked): position
 * and decompressor state stay, the next read opens the file again. Each opening compares size,
 * time and inode with what the list of files said. */
#pragma once
#include "base/err.h"
#include "base/str.h"

typedef enum FileCodec { CODEC_AUTO, CODEC_NONE, CODEC_GZIP, CODEC_ZSTD } FileCodec;

/* What was seen when files were listed. */
typedef struct FileStamp {
    u64 size;
    u64 inode;
    u64 device;
    i64 mtime_ns;
    bool stream; /* standard input, a pipe, a device: no size, cannot be parked */
} FileStamp;

typedef struct FileBytes FileBytes;

/* Nothing is opened yet. path and name (for messages) must outlive it; path "-" is standard
 * input. codec is not CODEC_AUTO. */
FileBytes *file_bytes_new(const char *path, const char *name, FileStamp stamp, FileCodec codec);
void file_bytes_free(FileBytes *f); /* NULL is fine */

/* Read up to want bytes of content. Regular files fill the room unless they end; streams give what
 * is there. *ret_got == 0 and *ret_end false: a stream has nothing now. W4001, W4002, W4003
 * (shrunk or replaced), W3106 (compressed data damaged or cut off). */
Status file_bytes_read(FileBytes *f, void *to, size_t want, size_t *ret_got, bool *ret_end,
                       Err *err) MUST_USE;
/* Before the first read: it gives what stands behind the first `bytes` of content. W4003 at that
 * read when there are not so many. */
void file_bytes_skip(FileBytes *f, u64 bytes);
u64 file_bytes_consumed(const FileBytes *f); /* of the outside, compressed */
void file_bytes_park(FileBytes *f);          /* closes the descriptor; not for streams */

/* By suffix: .gz and .zst; else none. */
FileCodec file_codec_of(Str path);
