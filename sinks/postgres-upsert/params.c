#include "params.h"

#include <arpa/inet.h>
#include <assert.h>

/* Dimensions, "has NULLs", element type; then of the one dimension its length and lower bound. */
enum { HEADER_BYTES = 5 * 4, LENGTH_BYTES = 4, TEXT_FORMAT = 0, BINARY_FORMAT = 1 };

struct params *params_new(struct arena *arena, uint32_t cap)
{
    struct params *params = arena_alloc(arena, sizeof(*params));

    *params = (struct params){.arena = arena,
                              .values = arena_zalloc(arena, cap * sizeof(*params->values)),
                              .lengths = arena_zalloc(arena, cap * sizeof(*params->lengths)),
                              .formats = arena_zalloc(arena, cap * sizeof(*params->formats)),
                              .cap = (int)cap};
    return params;
}

static uint32_t element_type(enum wire wire)
{
    static const uint32_t types[] = {25, 21, 23, 20}; /* of pg_type: text, int2, int4, int8 */

    return types[wire];
}

static char *put_int32(char *at, uint32_t number)
{
    uint32_t wire = htonl(number);

    memcpy(at, &wire, sizeof(wire));
    return at + sizeof(wire);
}

static void add(struct params *params, const char *value, int length, int format)
{
    assert(params->n < params->cap);
    params->values[params->n] = value;
    params->lengths[params->n] = length;
    params->formats[params->n++] = format;
}

static char *put_element(char *at, struct str element)
{
    if (element.at == NULL)
        return put_int32(at, UINT32_MAX);
    at = put_int32(at, (uint32_t)element.len);
    if (element.len > 0)
        memcpy(at, element.at, element.len);
    return at + element.len;
}

void params_add_array(struct params *params, enum wire wire, const struct row_view *rows,
                      uint32_t n, uint32_t column)
{
    size_t size = HEADER_BYTES + (size_t)n * LENGTH_BYTES;
    bool nulls = false;

    for (uint32_t i = 0; i < n; i++) {
        size += rows[i].fields[column].len;
        nulls |= rows[i].fields[column].at == NULL;
    }
    assert(size < INT32_MAX); /* --batch-size is far below */
    char *begin = arena_alloc(params->arena, size);
    char *at = put_int32(begin, 1);
    at = put_int32(at, nulls);
    at = put_int32(at, element_type(wire));
    at = put_int32(at, n);
    at = put_int32(at, 1);
    for (uint32_t i = 0; i < n; i++)
        at = put_element(at, rows[i].fields[column]);
    assert(at == begin + size);
    add(params, begin, (int)size, BINARY_FORMAT);
}

void params_add_text(struct params *params, const char *text)
{
    add(params, text, 0, TEXT_FORMAT);
}

struct pg_statement params_statement(const struct params *params, const char *name, const char *sql)
{
    return (struct pg_statement){.name = name,
                                 .sql = sql,
                                 .values = params->values,
                                 .lengths = params->lengths,
                                 .formats = params->formats,
                                 .params_n = params->n};
}
