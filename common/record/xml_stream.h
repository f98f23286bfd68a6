/*
 * XML in chunks, by expat, one JSON object for each element of a given name: its attributes are
 * members "@name", an element with text alone is a string, one with elements an object, several of
 * one name an array, in the order of the document; an empty one is "". Text beside elements is the
 * member "#text". A DTD's entities are refused.
 *
 * Fill the window when told STREAM_MORE.
 */
#ifndef SLUICE_RECORD_XML_STREAM_H
#define SLUICE_RECORD_XML_STREAM_H

#include "base/err.h"
#include "record/window.h"

struct xml_stream;

/* A record as JSON, and the line its element begins in. */
struct xml_record {
    struct str json; /* for STREAM_BAD and STREAM_BROKEN what there is of it */
    uint64_t line;
};

/* Reads the elements called `element` (its name as it stands there), wherever they are; nested ones
 * belong to the outer. */
struct xml_stream *xml_stream_new(const char *element, size_t record_bytes_max);

/* NULL is fine. Returns NULL. */
struct xml_stream *xml_stream_free(struct xml_stream *stream);

/* The window to fill. */
struct window *xml_stream_window(struct xml_stream *stream);

/* The next record, whose view lives until the next call. STREAM_BAD: longer than the limit.
 * STREAM_BROKEN: not well-formed, with *reterr saying where, or with text and no record at all. */
enum stream_step xml_stream_next(struct xml_stream *stream, struct xml_record *ret,
                                 struct err *reterr);

#endif
