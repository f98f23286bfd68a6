#include "format.h"

#include <string.h>

const struct object_format *const object_formats[] = {&format_csv,     &format_json, &format_ndjson,
                                                      &format_parquet, &format_xml,  NULL};

const struct object_format *object_format_find(const char *name)
{
    for (const struct object_format *const *format = object_formats; *format != NULL; format++)
        if (strcmp((*format)->name, name) == 0)
            return *format;
    return NULL;
}
