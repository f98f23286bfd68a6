/*
 * The formats of objects. One format is one file with one `struct object_format`, listed in
 * formats.c. To add one: write format_NAME.c with its three functions and its table, name the table
 * here, list it in formats.c, add the file to CMakeLists.txt, and its expected text to
 * tests/unit/test_s3_objects_formats.c.
 *
 * The bytes of an object are a function of its rows alone: a crash between a plan and its end makes
 * the same object again, and the store compares the two. So no clock, no randomness, no order of a
 * hash table; when a format's bytes change, its version goes up.
 */
#ifndef S3_OBJECTS_FORMAT_H
#define S3_OBJECTS_FORMAT_H

#include "base/buf.h"
#include "object_row.h"

struct object_format {
    const char *name; /* what --format calls it */
    const char *extension, *content_type;
    int version;
    /* Appends what stands before the first row. */
    void (*begin)(struct buf *out);
    /* Appends one row; `index` counts from 0 inside the object. Returns how many characters had to
     * be replaced because the format can't hold them. */
    size_t (*row)(struct buf *out, const struct object_row *row, size_t index);
    /* Appends what stands behind the last row. */
    void (*end)(struct buf *out);
};

extern const struct object_format format_json;
extern const struct object_format format_ndjson;
extern const struct object_format format_xml;

/* All formats, ended by NULL. */
extern const struct object_format *const object_formats[];

/* Looks a format up by name; NULL when there is none. */
const struct object_format *object_format_find(const char *name);

#endif
