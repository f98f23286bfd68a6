/* The options that say how rows are written, and the shapes that follow from them. */
#ifndef S3_OBJECTS_SHAPE_OPTIONS_H
#define S3_OBJECTS_SHAPE_OPTIONS_H

#include "base/arena.h"
#include "base/options.h"
#include "format.h"

struct shape_options {
    char *schema, *row_from;
    struct option_list columns, without;
    int compression;
    char *csv_delimiter, *csv_null;
    int csv_quote, csv_header, nested;
    bool csv_crlf;
    int xml_style;
    char *xml_root, *xml_record;
    struct option_list xml_wrap;
    int parquet_compression;
    bool parquet_doubles;
    int64_t parquet_row_group_bytes;
    bool envelope; /* no option: the layout says it */
};

/* The rows that fill struct shape_options; an option group "Rows". */
extern const struct option shape_option_rows[];

/*
 * Makes a shape for each topic, in the arena. Reads the file of --schema. ERR_STOP when a format (a
 * list ended by NULL) needs columns or types that are not declared, or an option can't be.
 */
WARN_UNUSED bool shape_options_build(const struct shape_options *options,
                                     const struct option_list *topics,
                                     const struct object_format *const *formats,
                                     struct arena *arena, struct object_shape **ret,
                                     struct err *reterr);

#endif
