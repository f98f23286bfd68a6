#include "parquet_page.h"

#include "base/err.h"
#include "gzip.h"
#include <assert.h>
#include <snappy-c.h>
#include <zstd.h>

enum { ZSTD_LEVEL = 1 };

static void put_snappy(struct str plain, struct buf *out)
{
    size_t size = snappy_max_compressed_length(plain.len);

    if (!buf_reserve(out, size))
        return;
    snappy_status status = snappy_compress(plain.at, plain.len, out->at + out->len, &size);
    assert(status == SNAPPY_OK);
    out->len += status == SNAPPY_OK ? size : 0;
}

static void put_zstd(struct str plain, struct buf *out)
{
    size_t size = ZSTD_compressBound(plain.len);

    if (!buf_reserve(out, size))
        return;
    size = ZSTD_compress(out->at + out->len, size, plain.at, plain.len, ZSTD_LEVEL);
    if (ZSTD_isError(size))
        err_no_memory(plain.len);
    out->len += size;
}

void parquet_compress(enum parquet_codec codec, struct str plain, struct buf *out)
{
    switch (codec) {
    case PARQUET_SNAPPY:
        put_snappy(plain, out);
        return;
    case PARQUET_ZSTD:
        put_zstd(plain, out);
        return;
    case PARQUET_GZIP: {
        struct gzip *gzip = gzip_new();

        gzip_put(gzip, plain, true, out);
        gzip_free(gzip);
        return;
    }
    case PARQUET_NONE:
        buf_put(out, plain);
        return;
    }
}
