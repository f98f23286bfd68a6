/*
 * Rows in, the bytes of an object out: a format, and gzip behind it when the shape says so. The
 * caller may take what stands in `out` away after any call, so an object need not fit into memory.
 * Pure.
 */
#ifndef S3_OBJECTS_OBJECT_STREAM_H
#define S3_OBJECTS_OBJECT_STREAM_H

#include "format.h"
#include "gzip.h"

struct object_stream {
    struct object_writer writer;
    struct gzip *gzip;
    struct buf text; /* not compressed yet */
    struct buf *out;
};

/* Starts an object; `out` gets its bytes. */
void object_stream_begin(struct object_stream *stream, const struct object_format *format,
                         const struct object_shape *shape, struct buf *out);

/* Adds a row that fits the shape. */
void object_stream_row(struct object_stream *stream, const struct object_row *row);

/* Ends the object. */
void object_stream_end(struct object_stream *stream);

/* Frees the stream, at its end or before. */
void object_stream_done(struct object_stream *stream);

/* CLEANUP(object_stream) for a local one. */
static inline void cleanup_object_stream(struct object_stream *stream)
{
    object_stream_done(stream);
}

/* Appends ".csv", ".csv.gz", ".parquet", ... without the point. */
void object_stream_extension(struct buf *out, const struct object_format *format,
                             const struct object_shape *shape);

/* The Content-Type. */
const char *object_stream_content_type(const struct object_format *format,
                                       const struct object_shape *shape);

#endif
