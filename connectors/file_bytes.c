/* file_bytes.c - a file, or standard input, as a stream of bytes, decompressed.
 *
 * Regular files are read with pread at an offset of our own, so that a descriptor can go and come.
 * Only the size that was seen at the listing is read: what somebody appends meanwhile belongs to
 * the next run, what somebody cuts off is an error. gzip (concatenated members too, RFC 1952) by
 * zlib, zstd (frames one behind another, RFC 8878) by libzstd. */
#include "connectors/file_bytes.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define RAW_BYTES (128 * 1024)
/* A stream that has nothing is asked again after this; the caller does other things meanwhile. */
#define STREAM_WAIT_MS 10

struct FileBytes {
    const char *path;
    const char *name;
    FileStamp stamp;
    FileCodec codec;
    int fd; /* -1: not open */
    u64 offset;
    u64 skip; /* bytes of content still to be passed over */

    u8 *raw; /* compressed bytes not yet used: raw[raw_at, raw_len) */
    size_t raw_at, raw_len;
    bool raw_end;
    bool in_frame; /* inside a gzip member or zstd frame */
    bool any_frame;
    z_stream *gzip;
    ZSTD_DStream *zstd;
};

FileCodec
file_codec_of(Str path)
{
    if (str_ends(path, STR(".gz"))) return CODEC_GZIP;
    if (str_ends(path, STR(".zst"))) return CODEC_ZSTD;
    return CODEC_NONE;
}

FileBytes *
file_bytes_new(const char *path, const char *name, FileStamp stamp, FileCodec codec)
{
    assert(codec != CODEC_AUTO);
    FileBytes *f = mem_make(FileBytes);
    f->path = path;
    f->name = name;
    f->stamp = stamp;
    f->codec = codec;
    f->fd = -1;
    return f;
}

void
file_bytes_park(FileBytes *f)
{
    if (f->fd > STDIN_FILENO) close(f->fd);
    f->fd = -1;
}

void
file_bytes_free(FileBytes *f)
{
    if (!f) return;
    file_bytes_park(f);
    if (f->gzip) inflateEnd(f->gzip);
    mem_free(f->gzip);
    ZSTD_freeDStream(f->zstd);
    mem_free(f->raw);
    mem_free(f);
}

u64
file_bytes_consumed(const FileBytes *f)
{
    return f->offset;
}

static Status
file_changed(const FileBytes *f, const char *how, Err *err)
{
    return err_set(err, W4003, POS_NONE, "%s was %s while it was read", f->name, how);
}

static Status
file_open(FileBytes *f, Err *err)
{
    if (strcmp(f->path, "-") == 0) {
        f->fd = STDIN_FILENO;
        return ERR_OK;
    }
    int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_set(err, errno == ENOENT ? W4001 : W4002, POS_NONE, "cannot read %s: %s",
                       f->name, strerror(errno));
    if (fd == STDIN_FILENO) { /* standard input is closed: its number means "-" here */
        int higher = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        close(fd);
        fd = higher;
    }
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        int why = errno;
        if (fd >= 0) close(fd);
        return err_set(err, W4002, POS_NONE, "cannot read %s: %s", f->name, strerror(why));
    }
    f->fd = fd;
    if (f->stamp.stream) return ERR_OK;
    if ((u64)st.st_ino != f->stamp.inode || (u64)st.st_dev != f->stamp.device)
        return file_changed(f, "replaced", err);
    if ((u64)st.st_size < f->stamp.size) return file_changed(f, "shortened", err);
    posix_fadvise(fd, (off_t)f->offset, 0, POSIX_FADV_SEQUENTIAL);
    return ERR_OK;
}

static Status
stream_read(FileBytes *f, void *to, size_t want, size_t *ret_got, bool *ret_end, Err *err)
{
    struct pollfd p = {.fd = f->fd, .events = POLLIN};
    int ready = poll(&p, 1, STREAM_WAIT_MS);
    if (ready == 0 || (ready < 0 && errno == EINTR)) return ERR_OK;
    ssize_t n = read(f->fd, to, want);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return ERR_OK;
    if (n < 0) return err_set(err, W4002, POS_NONE, "cannot read %s: %s", f->name, strerror(errno));
    *ret_got = (size_t)n;
    *ret_end = n == 0;
    f->offset += (u64)n;
    return ERR_OK;
}

/* Bytes as they are outside. */
static Status
raw_read(FileBytes *f, void *to, size_t want, size_t *ret_got, bool *ret_end, Err *err)
{
    *ret_got = 0;
    *ret_end = false;
    if (f->fd < 0) TRY(file_open(f, err));
    if (f->stamp.stream) return stream_read(f, to, want, ret_got, ret_end, err);
    size_t got = 0;
    want = MIN(want, f->stamp.size - f->offset);
    while (got < want) {
        ssize_t n = pread(f->fd, (char *)to + got, want - got, (off_t)f->offset);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0)
            return err_set(err, W4002, POS_NONE, "cannot read %s: %s", f->name, strerror(errno));
        if (n == 0) return file_changed(f, "shortened", err);
        got += (size_t)n;
        f->offset += (u64)n;
    }
    *ret_got = got;
    *ret_end = f->offset == f->stamp.size;
    return ERR_OK;
}

static Status
codec_open(FileBytes *f, Err *err)
{
    if (f->raw) return ERR_OK;
    f->raw = mem_alloc(RAW_BYTES);
    if (f->codec == CODEC_GZIP) {
        f->gzip = mem_make(z_stream);
        if (inflateInit2(f->gzip, 15 + 16) == Z_OK) return ERR_OK;
    } else {
        f->zstd = ZSTD_createDStream();
        if (f->zstd) return ERR_OK;
    }
    return err_set(err, W7001, POS_NONE, "no memory to decompress %s", f->name);
}

static Status
codec_damaged(const FileBytes *f, const char *what, Err *err)
{
    return err_set(err, W3106, POS_NONE, "%s: %s data is %s", f->name,
                   f->codec == CODEC_GZIP ? "gzip" : "zstd", what);
}

/* Use raw bytes, make at most `want` bytes of content. */
static Status
gzip_step(FileBytes *f, u8 *to, size_t want, size_t *ret_made, Err *err)
{
    z_stream *z = f->gzip;
    z->next_in = f->raw + f->raw_at;
    z->avail_in = (uInt)(f->raw_len - f->raw_at);
    z->next_out = to;
    z->avail_out = (uInt)MIN(want, (size_t)1 << 30);
    uInt room = z->avail_out;
    f->in_frame = true;
    int rc = inflate(z, Z_NO_FLUSH);
    f->raw_at = f->raw_len - z->avail_in;
    *ret_made = room - z->avail_out;
    if (rc == Z_STREAM_END) {
        f->in_frame = false;
        f->any_frame = true;
        inflateReset(z);
        return ERR_OK;
    }
    if (rc == Z_OK || rc == Z_BUF_ERROR) return ERR_OK;
    if (rc == Z_MEM_ERROR)
        return err_set(err, W7001, POS_NONE, "no memory to decompress %s", f->name);
    return codec_damaged(f, "damaged", err);
}

static Status
zstd_step(FileBytes *f, u8 *to, size_t want, size_t *ret_made, Err *err)
{
    ZSTD_inBuffer in = {f->raw, f->raw_len, f->raw_at};
    ZSTD_outBuffer out = {to, want, 0};
    size_t rc = ZSTD_decompressStream(f->zstd, &out, &in);
    f->raw_at = in.pos;
    *ret_made = out.pos;
    if (ZSTD_isError(rc)) return codec_damaged(f, "damaged", err);
    f->in_frame = rc != 0;
    f->any_frame |= rc == 0;
    return ERR_OK;
}

/* Zeroes may stand behind the last gzip member (tapes pad so); anything else there is damage. */
static bool
gzip_padding(FileBytes *f)
{
    if (f->codec != CODEC_GZIP || f->in_frame || !f->any_frame) return false;
    while (f->raw_at < f->raw_len && f->raw[f->raw_at] == 0) f->raw_at++;
    return f->raw_at == f->raw_len;
}

void
file_bytes_skip(FileBytes *f, u64 bytes)
{
    assert(f->offset == 0 && f->skip == 0);
    if (f->codec == CODEC_NONE)
        f->offset = bytes;
    else
        f->skip = bytes;
}

static Status
content_read(FileBytes *f, void *to, size_t want, size_t *ret_got, bool *ret_end, Err *err)
{
    if (f->codec == CODEC_NONE && f->offset > f->stamp.size && !f->stamp.stream)
        return file_changed(f, "shortened", err);
    if (f->codec == CODEC_NONE) return raw_read(f, to, want, ret_got, ret_end, err);
    *ret_got = 0;
    *ret_end = false;
    TRY(codec_open(f, err));
    while (*ret_got < want) {
        if (f->raw_at == f->raw_len && !f->raw_end) {
            size_t got;
            TRY(raw_read(f, f->raw, RAW_BYTES, &got, &f->raw_end, err));
            f->raw_at = 0;
            f->raw_len = got;
            if (got == 0 && !f->raw_end) return ERR_OK;
        }
        if (f->raw_at == f->raw_len || gzip_padding(f)) {
            if (!f->raw_end) continue;
            *ret_end = true;
            break;
        }
        size_t made;
        u8 *at = (u8 *)to + *ret_got;
        if (f->codec == CODEC_GZIP)
            TRY(gzip_step(f, at, want - *ret_got, &made, err));
        else
            TRY(zstd_step(f, at, want - *ret_got, &made, err));
        *ret_got += made;
    }
    /* A decompressor may hold back content after it took the last byte. */
    if (*ret_end && f->in_frame) {
        size_t made = 0;
        if (*ret_got < want) {
            u8 *at = (u8 *)to + *ret_got;
            TRY(f->codec == CODEC_GZIP ? gzip_step(f, at, want - *ret_got, &made, err)
                                       : zstd_step(f, at, want - *ret_got, &made, err));
            *ret_got += made;
        }
        if (f->in_frame && made == 0) return codec_damaged(f, "cut off", err);
        *ret_end = !f->in_frame;
    }
    return ERR_OK;
}

Status
file_bytes_read(FileBytes *f, void *to, size_t want, size_t *ret_got, bool *ret_end, Err *err)
{
    while (f->skip > 0 && want > 0) {
        size_t got;
        bool end;
        TRY(content_read(f, to, (size_t)MIN((u64)want, f->skip), &got, &end, err));
        f->skip -= got;
        if (end && f->skip > 0) return file_changed(f, "shortened", err);
        *ret_got = 0;
        *ret_end = end;
        if (end) return ERR_OK;
    }
    return content_read(f, to, want, ret_got, ret_end, err);
}
