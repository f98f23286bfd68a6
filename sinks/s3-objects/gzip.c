#include "gzip.h"

#include "base/err.h"
#include <assert.h>
#define ZLIB_CONST
#include <zlib.h>

/* gzip -1's level: the objects are written once and read seldom, and this is what streams keep up
 * with. */
enum { LEVEL = 1, GZIP_WINDOW_BITS = 15 + 16, MEMORY_LEVEL = 8, PIECE_BYTES = 32 * 1024 };

struct gzip {
    z_stream stream;
};

struct gzip *gzip_new(void)
{
    struct gzip *gzip = err_calloc(1, sizeof(*gzip));

    if (deflateInit2(&gzip->stream, LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        err_no_memory(sizeof(*gzip));
    return gzip;
}

/* zlib takes 32-bit lengths. */
static void put_piece(struct gzip *gzip, struct str text, bool last, struct buf *out)
{
    z_stream *stream = &gzip->stream;
    int code = Z_OK;

    stream->next_in = (const Bytef *)text.at;
    stream->avail_in = (uInt)text.len;
    do {
        if (!buf_reserve(out, PIECE_BYTES))
            return;
        stream->next_out = (Bytef *)out->at + out->len;
        stream->avail_out = PIECE_BYTES;
        code = deflate(stream, last ? Z_FINISH : Z_NO_FLUSH);
        assert(code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR);
        out->len += PIECE_BYTES - stream->avail_out;
    } while (stream->avail_out == 0 || (last && code != Z_STREAM_END));
}

void gzip_put(struct gzip *gzip, struct str text, bool last, struct buf *out)
{
    enum { MOST = 1 << 30 };

    while (text.len > MOST) {
        put_piece(gzip, (struct str){text.at, MOST}, false, out);
        text = (struct str){text.at + MOST, text.len - MOST};
    }
    put_piece(gzip, text, last, out);
}

struct gzip *gzip_free(struct gzip *gzip)
{
    if (gzip != NULL) {
        deflateEnd(&gzip->stream);
        free(gzip);
    }
    return NULL;
}
