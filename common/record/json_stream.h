/*
 * JSON in chunks, one record at a time: NDJSON (a value a line), or the elements of an array,
 * which may lie inside an object ("data.items"). Finds where each value ends; whether it is good
 * JSON json.h says. The root "." takes a document that is one object as one record.
 *
 * Fill `window` when told STREAM_MORE.
 */
#ifndef SLUICE_RECORD_JSON_STREAM_H
#define SLUICE_RECORD_JSON_STREAM_H

#include "base/err.h"
#include "record/window.h"

enum { JSON_ROOT_MAX = 16 };

/* A walk to the end of one value, whatever the chunks are. */
struct json_span {
    uint32_t depth;
    bool begun, in_string, escaped, scalar;
};

enum json_place { JSON_AT_START, JSON_IN_OBJECT, JSON_SKIPPING, JSON_IN_ARRAY, JSON_BEHIND };

/* Made by json_lines or json_elements; `window.limit` must be set then. */
struct json_stream {
    struct window window;
    bool lines;
    struct str root[JSON_ROOT_MAX]; /* names on the way to the array: views of the caller's text */
    size_t root_n, depth;           /* how many objects are open on that way */
    bool object_is_record;          /* one object may stand for the array */
    enum json_place place;
    bool first, comma;     /* nothing of the present object or array was read; its comma was */
    bool in_element;       /* of the array */
    bool skipping_record;  /* one that was too long */
    struct json_span span; /* of what is skipped or being read */
    size_t scanned;        /* of the window's front: already walked by `span` */
    uint64_t line;         /* of the window's front, from 1; 0 at the beginning */
    uint64_t ordinal;      /* of the record, from 1 */
};

/* A record: its text, the line it begins in, and which one it is. */
struct json_record {
    struct str text; /* at most 64 KiB of it for STREAM_BAD and STREAM_BROKEN */
    uint64_t line, ordinal;
};

/* Reads a value a line; blank lines are passed over. */
void json_lines(struct json_stream *stream, size_t record_bytes_max);

/* Reads the elements of an array: of the document itself when `root` is empty, else of the
 * member found by its names with dots between; of "." the document, which may be one object
 * instead. `root` must outlive the stream. ERR_STOP (EX_USAGE) when it is no such path. */
WARN_UNUSED bool json_elements(struct json_stream *stream, struct str root, size_t record_bytes_max,
                               struct err *reterr);

/*
 * The next record. Its view lives until the next call, and until window_room. STREAM_BAD: the
 * record is too long (a line, an element). STREAM_BROKEN: cut in the middle, not an array,
 * something between the elements; *reterr (ERR_DEAD_LETTER) says which.
 */
enum stream_step json_stream_next(struct json_stream *stream, struct json_record *ret,
                                  struct err *reterr);

#endif
