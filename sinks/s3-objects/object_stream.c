#include "object_stream.h"

enum { GZIP_PIECE_BYTES = 64 * 1024 };

static bool is_zipped(const struct object_format *format, const struct object_shape *shape)
{
    return shape->gzip && !format->binary;
}

static void zip(struct object_stream *stream, bool last)
{
    if (stream->gzip == NULL || (!last && stream->text.len < GZIP_PIECE_BYTES))
        return;
    gzip_put(stream->gzip, buf_str(&stream->text), last, stream->out);
    buf_clear(&stream->text);
}

void object_stream_begin(struct object_stream *stream, const struct object_format *format,
                         const struct object_shape *shape, struct buf *out)
{
    bool zipped = is_zipped(format, shape);

    *stream = (struct object_stream){.gzip = zipped ? gzip_new() : NULL, .out = out};
    stream->writer = (struct object_writer){
        .format = format, .shape = shape, .out = zipped ? &stream->text : out};
    format->begin(&stream->writer);
    zip(stream, false);
}

void object_stream_row(struct object_stream *stream, const struct object_row *row)
{
    stream->writer.format->row(&stream->writer, row);
    stream->writer.rows++;
    zip(stream, false);
}

void object_stream_end(struct object_stream *stream)
{
    stream->writer.format->end(&stream->writer);
    zip(stream, true);
}

void object_stream_done(struct object_stream *stream)
{
    const struct object_format *format = stream->writer.format;

    if (format != NULL && format->drop != NULL && stream->writer.state != NULL)
        format->drop(&stream->writer);
    stream->gzip = gzip_free(stream->gzip);
    buf_done(&stream->text);
    stream->writer = (struct object_writer){0};
}

void object_stream_extension(struct buf *out, const struct object_format *format,
                             const struct object_shape *shape)
{
    buf_printf(out, "%s%s", format->extension, is_zipped(format, shape) ? ".gz" : "");
}

const char *object_stream_content_type(const struct object_format *format,
                                       const struct object_shape *shape)
{
    return is_zipped(format, shape) ? "application/gzip" : format->content_type;
}
