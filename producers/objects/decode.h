/*
 * The records of an object, whatever its format: CSV fields, or the text of a JSON value. Reads
 * the object's bytes as it goes.
 */
#ifndef SLUICE_OBJECTS_DECODE_H
#define SLUICE_OBJECTS_DECODE_H

#include "bytes.h"
#include "options.h"
#include "record/csv.h"
#include "record/json_stream.h"
#include "record/xml_stream.h"

struct decoder {
    enum objects_format format; /* never FORMAT_AUTO */
    struct bytes *bytes;
    struct csv csv;
    struct json_stream json;
    struct xml_stream *xml;
};

/* A record, or what stands where one should be. `csv` is set for CSV, `json` else; `line` is the
 * number of its line, or of the element in a JSON array. */
struct decoded {
    enum stream_step step; /* never STREAM_MORE */
    struct csv_record csv;
    struct str json;
    struct str raw;
    uint64_t line;
};

/* The format that an object's name speaks of. ERR_STOP (EX_USAGE) when none. */
WARN_UNUSED bool decoder_format(const char *name, enum objects_format *ret, struct err *reterr);

/* Begins to read. `bytes` stays the caller's. ERR_STOP (EX_USAGE) when the options don't fit. */
WARN_UNUSED bool decoder_open(struct decoder *decoder, const struct objects_options *options,
                              enum objects_format format, struct bytes *bytes, struct err *reterr);

/* Frees what it holds. */
void decoder_close(struct decoder *decoder);

/*
 * The next record. For STREAM_BAD and STREAM_BROKEN *why says what is wrong with it. False: the
 * object can't be read on, *reterr says why. Views live until the next call.
 */
WARN_UNUSED bool decoder_next(struct decoder *decoder, struct decoded *ret, struct err *why,
                              struct err *reterr);

#endif
