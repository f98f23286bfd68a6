#include "bytes.h"

#include "http/sha256.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

enum {
    IN_BYTES = 256 * 1024,
    ZIP_HEADER = 30,
    ZIP_STORED = 0,
    ZIP_DEFLATED = 8,
    ZIP_ENCRYPTED = 1,
    ZIP_SIZE_BEHIND = 8,
    GZIP_WINDOW = 15 + 16,
    RAW_WINDOW = -15,
    ZIP64_EXTRA = 1
};

enum kind { UNKNOWN, PLAIN, GZIP, ZIP };

struct bytes {
    int fd;
    enum kind kind;
    bool in_ended;  /* the file is read to its end */
    bool out_ended; /* of the compressed stream */
    bool stored;    /* zip: not compressed */
    bool inflating;
    uint32_t crc, crc_expected; /* zip */
    bool crc_known;
    uint64_t stored_left;
    int64_t size;
    struct sha256 *sum;
    z_stream z;
    size_t from, to; /* what of `in` is not used yet */
    unsigned char in[IN_BYTES];
};

struct bytes *bytes_open(int fd)
{
    struct bytes *bytes = err_calloc(1, sizeof(*bytes));

    bytes->fd = fd;
    bytes->sum = sha256_new();
    return bytes;
}

struct bytes *bytes_close(struct bytes *bytes)
{
    if (bytes == NULL)
        return NULL;
    if (bytes->inflating)
        inflateEnd(&bytes->z);
    sha256_free(bytes->sum);
    free(bytes);
    return NULL;
}

/* One read(2) into the caller's memory. */
static bool read_file(struct bytes *bytes, void *into, size_t room, size_t *ret_n,
                      struct err *reterr)
{
    ssize_t n;

    do
        n = read(bytes->fd, into, room);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_stop(reterr, EX_IOERR, "it can't be read: %s", strerror(errno));
    bytes->in_ended = n == 0;
    bytes->size += n;
    sha256_add(bytes->sum, (struct str){into, (size_t)n});
    *ret_n = (size_t)n;
    return true;
}

/* Fills `in` until `wanted` bytes are there or the file ends. */
static bool need(struct bytes *bytes, size_t wanted, struct err *reterr)
{
    if (bytes->to - bytes->from < wanted && bytes->from > 0) {
        memmove(bytes->in, bytes->in + bytes->from, bytes->to - bytes->from);
        bytes->to -= bytes->from;
        bytes->from = 0;
    }
    while (!bytes->in_ended && bytes->to - bytes->from < wanted) {
        size_t n = 0;

        if (!read_file(bytes, bytes->in + bytes->to, IN_BYTES - bytes->to, &n, reterr))
            return false;
        bytes->to += n;
    }
    return true;
}

static uint32_t little(const unsigned char *at, unsigned n)
{
    uint32_t number = 0;

    for (unsigned i = 0; i < n; i++)
        number |= (uint32_t)at[i] << (8 * i);
    return number;
}

static bool begin_inflate(struct bytes *bytes, int window)
{
    bytes->inflating = true;
    if (inflateInit2(&bytes->z, window) != Z_OK)
        err_no_memory(0);
    return true;
}

static bool zip_bad(struct err *reterr, const char *why)
{
    return err_stop(reterr, EX_DATAERR, "the zip archive %s", why);
}

/* What stands behind a file whose sizes its header does not have: the checksum and both sizes, of 4
 * or of 8 bytes, a mark before them or none. Takes it off the front. */
static void take_descriptor(struct bytes *bytes, const unsigned char **at, size_t *n)
{
    size_t mark = *n >= 4 && memcmp(*at, "PK\7\10", 4) == 0 ? 4 : 0, sizes = 8;

    if (*n >= mark + 16 && memcmp(*at + mark + 12, "PK", 2) != 0)
        sizes = 16;
    if (*n < mark + 4 + sizes)
        return;
    bytes->crc_expected = little(*at + mark, 4);
    *at += mark + 4 + sizes;
    *n -= mark + 4 + sizes;
}

/* Passes over a folder's content: none, or none deflated. */
static bool skip_folder(struct bytes *bytes, uint32_t flags, uint32_t method, struct err *reterr)
{
    if (!need(bytes, 32, reterr))
        return false;
    const unsigned char *at = bytes->in + bytes->from;
    size_t n = bytes->to - bytes->from;

    if (method == ZIP_DEFLATED && n >= 2 && memcmp(at, "\3\0", 2) == 0) {
        at += 2;
        n -= 2;
    }
    if ((flags & ZIP_SIZE_BEHIND) != 0)
        take_descriptor(bytes, &at, &n);
    bytes->from = bytes->to - n;
    return true;
}

/* The file's packed size: in a zip64 archive an extra field has it, when it is known at all. */
static uint64_t packed_size(const unsigned char *header, size_t header_n)
{
    uint64_t packed = little(header + 18, 4);
    size_t at = ZIP_HEADER + little(header + 26, 2);

    while (packed == UINT32_MAX && at + 4 <= header_n) {
        size_t n = little(header + at + 2, 2);

        if (little(header + at, 2) == ZIP64_EXTRA && n >= 16 && at + 4 + n <= header_n)
            return little(header + at + 12, 4) | (uint64_t)little(header + at + 16, 4) << 32;
        at += 4 + n;
    }
    return packed;
}

/* Reads the header of the next file in the archive; folders are passed over. */
static bool begin_zip(struct bytes *bytes, struct err *reterr)
{
    for (;;) {
        if (!need(bytes, ZIP_HEADER, reterr))
            return false;
        const unsigned char *at = bytes->in + bytes->from;
        if (bytes->to - bytes->from < ZIP_HEADER || memcmp(at, "PK\3\4", 4) != 0)
            return zip_bad(reterr, "holds no file");
        uint32_t flags = little(at + 6, 2), method = little(at + 8, 2);
        uint32_t crc = little(at + 14, 4);
        size_t name_n = little(at + 26, 2), header_n = ZIP_HEADER + name_n + little(at + 28, 2);

        if (!need(bytes, header_n, reterr))
            return false;
        if (bytes->to - bytes->from < header_n)
            return zip_bad(reterr, "is cut off");
        at = bytes->in + bytes->from;
        uint64_t packed = packed_size(at, header_n);
        bool folder = name_n > 0 && at[ZIP_HEADER + name_n - 1] == '/';
        bytes->from += header_n;
        if (folder) {
            if (!skip_folder(bytes, flags, method, reterr))
                return false;
            continue;
        }
        bytes->stored = method == ZIP_STORED;
        bytes->crc_known = (flags & ZIP_SIZE_BEHIND) == 0;
        bytes->crc_expected = crc;
        bytes->stored_left = packed;
        if ((flags & ZIP_ENCRYPTED) != 0 || (method != ZIP_STORED && method != ZIP_DEFLATED) ||
            (bytes->stored && !bytes->crc_known))
            return zip_bad(reterr, "is encrypted, or neither deflated nor stored with its size");
        return bytes->stored || begin_inflate(bytes, RAW_WINDOW);
    }
}

/* Behind the file: its checksum, and that no other follows. */
static bool end_zip(struct bytes *bytes, struct err *reterr)
{
    if (!need(bytes, 28, reterr))
        return false;
    const unsigned char *at = bytes->in + bytes->from;
    size_t n = bytes->to - bytes->from;
    if (!bytes->crc_known)
        take_descriptor(bytes, &at, &n);
    if (bytes->crc != bytes->crc_expected)
        return zip_bad(reterr, "is damaged: its checksum differs");
    if (n < 4 || (memcmp(at, "PK\1\2", 4) != 0 && memcmp(at, "PK\3\4", 4) != 0))
        return zip_bad(reterr, "is cut off");
    if (memcmp(at, "PK\3\4", 4) == 0)
        return zip_bad(reterr, "holds more than one file");
    bytes->from = bytes->to;
    while (!bytes->in_ended) { /* the directory, for the sum */
        bytes->from = bytes->to = 0;
        if (!need(bytes, 1, reterr))
            return false;
    }
    return true;
}

static bool recognise(struct bytes *bytes, struct err *reterr)
{
    if (!need(bytes, 4, reterr))
        return false;
    const unsigned char *at = bytes->in + bytes->from;
    size_t n = bytes->to - bytes->from;
    bytes->kind = PLAIN;
    if (n >= 2 && at[0] == 0x1F && at[1] == 0x8B) {
        bytes->kind = GZIP;
        return begin_inflate(bytes, GZIP_WINDOW);
    }
    if (n >= 4 && memcmp(at, "PK\3\4", 4) == 0) {
        bytes->kind = ZIP;
        return begin_zip(bytes, reterr);
    }
    return true;
}

/* Takes what is in `in` already. */
static size_t take_in(struct bytes *bytes, char *into, size_t room)
{
    size_t n = bytes->to - bytes->from;

    n = n < room ? n : room;
    memcpy(into, bytes->in + bytes->from, n);
    bytes->from += n;
    return n;
}

static bool read_stored(struct bytes *bytes, char *into, size_t room, size_t *ret_n,
                        struct err *reterr)
{
    if (bytes->stored_left == 0) {
        *ret_n = 0;
        bytes->out_ended = true;
        return end_zip(bytes, reterr);
    }
    if (!need(bytes, 1, reterr))
        return false;
    room = room < bytes->stored_left ? room : (size_t)bytes->stored_left;
    *ret_n = take_in(bytes, into, room);
    bytes->stored_left -= *ret_n;
    bytes->crc = (uint32_t)crc32(bytes->crc, (const unsigned char *)into, (uInt)*ret_n);
    return *ret_n > 0 || zip_bad(reterr, "is cut off");
}

/* The stream is over; another gzip member may follow. */
static bool end_stream(struct bytes *bytes, struct err *reterr)
{
    if (bytes->kind == ZIP) {
        bytes->out_ended = true;
        return end_zip(bytes, reterr);
    }
    if (!need(bytes, 2, reterr))
        return false;
    bytes->out_ended = bytes->to - bytes->from < 2 || bytes->in[bytes->from] != 0x1F ||
                       bytes->in[bytes->from + 1] != 0x8B;
    inflateReset(&bytes->z);
    return true;
}

static bool read_inflated(struct bytes *bytes, char *into, size_t room, size_t *ret_n,
                          struct err *reterr)
{
    size_t got = 0;

    while (got == 0 && !bytes->out_ended) {
        if (!need(bytes, 1, reterr))
            return false;
        bytes->z.next_in = bytes->in + bytes->from;
        bytes->z.avail_in = (uInt)(bytes->to - bytes->from);
        bytes->z.next_out = (unsigned char *)into;
        bytes->z.avail_out = (uInt)(room < IN_BYTES ? room : IN_BYTES);
        uInt out = bytes->z.avail_out;
        int status = inflate(&bytes->z, Z_NO_FLUSH);
        bytes->from = bytes->to - bytes->z.avail_in;
        got = out - bytes->z.avail_out;
        if (bytes->kind == ZIP)
            bytes->crc = (uint32_t)crc32(bytes->crc, (const unsigned char *)into, (uInt)got);
        if (status == Z_STREAM_END) {
            if (!end_stream(bytes, reterr))
                return false;
        } else if (status != Z_OK && !(status == Z_BUF_ERROR && !bytes->in_ended)) {
            return err_stop(reterr, EX_DATAERR, "the compressed data is %s",
                            status == Z_BUF_ERROR ? "cut off" : "damaged");
        }
    }
    *ret_n = got;
    return true;
}

bool bytes_read(struct bytes *bytes, char *into, size_t room, size_t *ret_n, struct err *reterr)
{
    if (bytes->kind == UNKNOWN && !recognise(bytes, reterr))
        return false;
    if (bytes->out_ended) {
        *ret_n = 0;
        return true;
    }
    if (bytes->kind == PLAIN) {
        *ret_n = take_in(bytes, into, room);
        return *ret_n > 0 || bytes->in_ended || read_file(bytes, into, room, ret_n, reterr);
    }
    return bytes->stored ? read_stored(bytes, into, room, ret_n, reterr)
                         : read_inflated(bytes, into, room, ret_n, reterr);
}

void bytes_sum(const struct bytes *bytes, char *into, int64_t *ret_size)
{
    sha256_hex(bytes->sum, into);
    *ret_size = bytes->size;
}

bool bytes_sum_file(int fd, char *into, struct err *reterr)
{
    struct bytes *bytes = bytes_open(fd);
    size_t n = 1;
    bool ok = lseek(fd, 0, SEEK_SET) == 0;

    while (ok && n > 0)
        ok = read_file(bytes, bytes->in, IN_BYTES, &n, reterr);
    if (ok)
        sha256_hex(bytes->sum, into);
    bytes_close(bytes);
    if (lseek(fd, 0, SEEK_SET) != 0)
        return err_stop(reterr, EX_IOERR, "it can't be read: %s", strerror(errno));
    return ok;
}
