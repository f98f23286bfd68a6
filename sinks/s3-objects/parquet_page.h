/* Compresses a page's bytes by one of Parquet's codecs. Pure. */
#ifndef S3_OBJECTS_PARQUET_PAGE_H
#define S3_OBJECTS_PARQUET_PAGE_H

#include "base/buf.h"
#include "shape.h"

/* Appends `plain`, compressed. */
void parquet_compress(enum parquet_codec codec, struct str plain, struct buf *out);

#endif
