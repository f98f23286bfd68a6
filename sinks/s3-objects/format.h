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
