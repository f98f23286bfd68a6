/*
 * The formats of objects. One format is one file with one `struct object_format`. To add one:
 *
 *   format_NAME.c           its three functions and its table
 *   format.h, formats.c     the table's declaration, its place in the list
 *   CMakeLists.txt          the file
 *   settings.c, main.c      its name in the text of --format and in the summary; then run
 *                           deploy/configuration
 *   README.md               what it looks like; also named in the README.md of the checkout
 *   tests/unit/test_s3_objects_formats.c    its expected text, also for the nastiest rows
 *   tests/component/test_s3_objects.py      its reader in READ, the list that a wrong --format shows
 *
 * A row's values are lexemes as they stand in the record (object_row.h): strings still escaped,
 * nested values with whatever white space they had, line breaks too.
 *
 * The bytes of an object are a function of its rows and its shape alone: a crash between a plan and
 * its end makes the same object again, and the store compares the two. So no clock, no randomness,
 * no order of a hash table; when a format's bytes change, its version goes up.
 */
#ifndef S3_OBJECTS_FORMAT_H
#define S3_OBJECTS_FORMAT_H

#include "base/buf.h"
#include "object_row.h"
#include "shape.h"

struct object_format;

/* An object in the making. What stands in `out` may be taken away between two calls. */
struct object_writer {
    const struct object_format *format;
    const struct object_shape *shape;
    struct buf *out;
    size_t rows;     /* so far */
    size_t replaced; /* characters that the format can't hold */
    void *state;     /* the format's own: made by begin, freed by drop */
};

struct object_format {
    const char *name; /* what --format calls it */
    const char *extension, *content_type;
    int version;
    bool needs_columns; /* names of columns must be known before the first row */
    bool needs_types;   /* their types too */
    bool binary;        /* compresses by itself */
    /* Appends what stands before the first row. */
    void (*begin)(struct object_writer *writer);
    /* Appends one row, which fits the shape (typed_row_check). */
    void (*row)(struct object_writer *writer, const struct object_row *row);
    /* Appends what stands behind the last row. */
    void (*end)(struct object_writer *writer);
    /* Frees the state; NULL when the format has none. */
    void (*drop)(struct object_writer *writer);
};

extern const struct object_format format_csv;
extern const struct object_format format_json;
extern const struct object_format format_ndjson;
extern const struct object_format format_parquet;
extern const struct object_format format_xml;

/* All formats, ended by NULL. */
extern const struct object_format *const object_formats[];

/* Looks a format up by name; NULL when there is none. */
const struct object_format *object_format_find(const char *name);

#endif
