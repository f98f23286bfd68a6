#include "local/test_reading.h"

#include "base/err.h"
#include "local/test_text.h"
#include <ctype.h>
#include <stdlib.h>

enum { NAME_BYTES = 256 };

void cleanup_test_columns(struct test_columns *columns)
{
    free(columns->at);
}

bool test_take_word(struct test_reading *reading, const char *word)
{
    size_t at = reading->at;

    if (!text_is(text_word(reading->text, &at), word))
        return false;
    reading->at = at;
    return true;
}

struct str test_take_until(struct test_reading *reading, const char *const *words)
{
    size_t from = reading->at;

    reading->at = text_find(reading->text, from, words);
    return str_trim((struct str){reading->text.at + from, reading->at - from}, STR_BLANKS);
}

struct str test_rest(const struct test_reading *reading)
{
    return str_trim((struct str){reading->text.at + reading->at, reading->text.len - reading->at},
                    STR_BLANKS);
}

/* Appends a part of a name: what stands in quotes, doubled ones once, ... */
static size_t put_quoted(struct str part, char *into, size_t len, size_t size)
{
    for (size_t i = 1; i + 1 < part.len && len + 1 < size; i++) {
        i += part.at[i] == '"';
        into[len++] = part.at[i];
    }
    return len;
}

/* ... else all of it in lower case. */
static size_t put_part(struct str part, char *into, size_t len, size_t size)
{
    if (part.len >= 2 && *part.at == '"')
        len = put_quoted(part, into, len, size);
    else
        for (size_t i = 0; i < part.len && len + 1 < size; i++)
            into[len++] = (char)tolower((unsigned char)part.at[i]);
    into[len] = '\0';
    return len;
}

const char *test_take_name(struct test_reading *reading, char *into, size_t size)
{
    size_t at = reading->at;
    struct str part = text_word(reading->text, &at);

    into[0] = '\0';
    if (!text_is_name(part))
        return into;
    size_t len = put_part(part, into, 0, size);
    reading->at = at;
    if (text_is(text_word(reading->text, &at), ".") && len + 1 < size) {
        into[len++] = '.';
        put_part(text_word(reading->text, &at), into, len, size);
        reading->at = at;
    }
    return into;
}

bool test_refuse_here(const struct test_reading *reading, struct err *reterr, const char *reason)
{
    return test_refuse(reading->subject, test_rest(reading), reterr, "%s", reason);
}

bool test_take_column(struct test_reading *reading, const struct schema *schema, uint16_t *ret,
                      struct err *reterr)
{
    struct test_reading before = *reading;
    char name[NAME_BYTES];
    int column = schema_find(schema, str_of(test_take_name(reading, name, sizeof(name))));

    if (column < 0)
        return test_refuse(before.subject, test_rest(&before), reterr, "there is no column \"%s\"",
                           name);
    *ret = (uint16_t)column;
    return true;
}

static bool has(const struct test_columns *columns, uint16_t column)
{
    for (uint16_t i = 0; i < columns->n; i++)
        if (columns->at[i] == column)
            return true;
    return false;
}

bool test_take_columns(struct test_reading *reading, const struct schema *schema,
                       struct test_columns *ret, struct err *reterr)
{
    uint16_t column = 0;

    *ret = (struct test_columns){.at = err_calloc(schema->columns_n + 1U, sizeof(*ret->at))};
    if (!test_take_word(reading, "(")) {
        for (; ret->n < schema->columns_n; ret->n++)
            ret->at[ret->n] = ret->n;
        return true;
    }
    do {
        if (!test_take_column(reading, schema, &column, reterr))
            return false;
        if (has(ret, column))
            return test_refuse_here(reading, reterr, "a column stands in the list twice");
        ret->at[ret->n++] = column;
    } while (test_take_word(reading, ","));
    return test_take_word(reading, ")") ||
           test_refuse_here(reading, reterr, "a ) is missing behind the columns");
}
