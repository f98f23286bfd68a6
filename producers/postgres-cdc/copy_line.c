#include "copy_line.h"

static char unescape(char c)
{
    switch (c) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'v':
        return '\v';
    default:
        return c;
    }
}

/* Undoes the escapes of one value and returns its new end; NULL for a lone backslash at the end. */
static char *unescape_value(char *start, const char *end)
{
    char *out = memchr(start, '\\', (size_t)(end - start));

    if (out == NULL)
        return start + (end - start);
    for (const char *at = out; at < end; at++) {
        if (*at == '\\') {
            if (++at == end)
                return NULL;
            *out++ = unescape(*at);
        } else {
            *out++ = *at;
        }
    }
    return out;
}

bool copy_line_split(char *line, size_t len, struct debezium_datum *row, uint16_t n,
                     struct err *reterr)
{
    char *at = line, *end = line + len;

    for (uint16_t i = 0; i < n; i++) {
        char *tab = memchr(at, '\t', (size_t)(end - at));
        char *stop = tab == NULL ? end : tab;

        if ((tab == NULL) != (i == n - 1))
            return err_set(reterr, ERR_STOP, "COPY: a line does not have %u values", n);
        if (stop - at == 2 && memcmp(at, "\\N", 2) == 0) {
            row[i] = (struct debezium_datum){.presence = DEBEZIUM_NULL};
        } else {
            const char *value_end = unescape_value(at, stop);
            if (value_end == NULL)
                return err_set(reterr, ERR_STOP, "COPY: a line ends in a backslash");
            row[i] = (struct debezium_datum){.presence = DEBEZIUM_TEXT,
                                             .text = str_between(at, value_end)};
        }
        at = stop + 1;
    }
    return n > 0 || len == 0 ||
           err_set(reterr, ERR_STOP, "COPY: a line has values, the table has none");
}
