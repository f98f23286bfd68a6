/*
 * csv: a header, a row a line, as PostgreSQL's COPY writes it (t and f, NULL is nothing and an
 * empty text is ""), or in another dialect (shape.h). Values of declared columns have the text that
 * psql shows; others stand as in the record.
 */
#include "format.h"

#include "python_text.h"
#include "record/chars.h"
#include "record/text.h"
#include "typed.h"
#include <assert.h>

struct csv {
    struct arena *arena;
    struct buf field;  /* the text of the field in hand */
    bool special[256]; /* bytes that call for quotes */
    bool alone;        /* one column: COPY quotes what would end its input */
};

static char delimiter_of(const struct csv_dialect *dialect)
{
    return dialect->delimiter == '\0' ? ',' : dialect->delimiter;
}

static void put_quoted(struct buf *out, struct str text)
{
    const char *end = text.at + text.len;

    buf_char(out, '"');
    for (const char *at = text.at; at < end;) {
        const char *quote = memchr(at, '"', (size_t)(end - at));

        buf_put(out, str_between(at, quote == NULL ? end : quote + 1));
        if (quote != NULL)
            buf_char(out, '"');
        at = quote == NULL ? end : quote + 1;
    }
    buf_char(out, '"');
}

static bool has_special(const struct csv *csv, struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (csv->special[(unsigned char)text.at[i]])
            return true;
    return false;
}

static void put_field(struct object_writer *writer, struct str text)
{
    const struct csv_dialect *dialect = &writer->shape->csv;
    const struct csv *csv = writer->state;
    bool like_null = dialect->quote == CSV_QUOTE_COPY && str_eq(text, str_of(dialect->null_text));

    if (dialect->quote == CSV_QUOTE_ALL || like_null || has_special(csv, text) ||
        (dialect->quote == CSV_QUOTE_COPY && csv->alone && str_eq_c(text, "\\.")))
        put_quoted(writer->out, text);
    else
        buf_put(writer->out, text);
}

/* A number whose text is already the one that psql shows. */
static bool stands_as_printed(const struct column *column, const struct json_value *value)
{
    struct str lexeme = value->raw;
    int precision = 0, scale = -1;
    const char *point = memchr(lexeme.at, '.', lexeme.len);

    if (value->kind != JSON_NUMBER || memchr(lexeme.at, 'e', lexeme.len) != NULL ||
        memchr(lexeme.at, 'E', lexeme.len) != NULL || lexeme.at[0] == '-')
        return false;
    if (column->type.id == TYPE_INT2 || column->type.id == TYPE_INT4 ||
        column->type.id == TYPE_INT8)
        return point == NULL;
    if (column->type.id != TYPE_NUMERIC)
        return false;
    if (!type_numeric_typmod(column->type.typmod, &precision, &scale))
        return true;
    return (point == NULL ? 0 : lexeme.at + lexeme.len - point - 1) == scale;
}

static void put_typed(struct object_writer *writer, const struct column *column,
                      const struct object_member *member)
{
    struct csv *csv = writer->state;
    struct value value = {.null = true};
    struct err ignored;

    if (stands_as_printed(column, &member->value)) {
        buf_put(&csv->field, member->value.raw);
        return;
    }
    /* typed_row_check has taken this row */
    bool read = typed_value(column, member, csv->arena, &value, &ignored);
    assert(read);
    if (read && !value.null)
        text_print(&csv->field, column->type, value);
}

static void put_value(struct object_writer *writer, const struct column *column,
                      const struct object_member *member)
{
    struct csv *csv = writer->state;
    const struct json_value *value = member == NULL ? NULL : &member->value;
    const struct csv_dialect *dialect = &writer->shape->csv;

    if (value == NULL || value->kind == JSON_NULL) {
        if (dialect->null_text != NULL)
            buf_puts(writer->out, dialect->null_text);
        return;
    }
    if (value->kind == JSON_STRING && !value->escaped &&
        (column == NULL || typed_as_text(column->type.id))) {
        put_field(writer, value->raw);
        return;
    }
    buf_clear(&csv->field);
    if (column != NULL && !typed_as_text(column->type.id))
        put_typed(writer, column, member);
    else if (value->kind == JSON_TRUE || value->kind == JSON_FALSE)
        buf_char(&csv->field, value->kind == JSON_TRUE ? 't' : 'f');
    else if (dialect->nested == CSV_NESTED_REPR &&
             (value->kind == JSON_OBJECT || value->kind == JSON_ARRAY))
        python_repr(&csv->field, value);
    else
        writer->replaced += chars_text(&csv->field, value);
    put_field(writer, buf_str(&csv->field));
}

/* How many columns each row has, the envelope's aside. */
static size_t columns_n(const struct object_shape *shape)
{
    return shape->schema != NULL    ? shape->schema->columns_n
           : shape->columns == NULL ? 0
                                    : shape->columns->n;
}

static const char *column_name(const struct object_shape *shape, size_t i)
{
    return shape->schema != NULL ? shape->schema->columns[i].name : shape->columns->items[i];
}

static void end_line(struct object_writer *writer)
{
    buf_puts(writer->out, writer->shape->csv.crlf ? "\r\n" : "\n");
}

static char in_case(char c, int header)
{
    bool small = c >= 'a' && c <= 'z', capital = c >= 'A' && c <= 'Z';

    if ((header == CSV_HEADER_UPPER && small) || (header == CSV_HEADER_LOWER && capital))
        return (char)(c ^ 0x20);
    return c;
}

static void put_header_name(struct object_writer *writer, const char *name)
{
    struct csv *csv = writer->state;

    buf_clear(&csv->field);
    for (; *name != '\0'; name++)
        buf_char(&csv->field, in_case(*name, writer->shape->csv.header));
    put_field(writer, buf_str(&csv->field));
}

static void put_header(struct object_writer *writer)
{
    const struct object_shape *shape = writer->shape;
    char delimiter = delimiter_of(&shape->csv);
    size_t n = columns_n(shape);

    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_char(writer->out, delimiter);
        put_header_name(writer, column_name(shape, i));
    }
    if (shape->envelope) {
        if (n > 0)
            buf_char(writer->out, delimiter);
        put_header_name(writer, "__op");
        buf_char(writer->out, delimiter);
        put_header_name(writer, "__offset");
    }
    end_line(writer);
}

static void csv_begin(struct object_writer *writer)
{
    struct csv *csv = err_calloc(1, sizeof(*csv));

    csv->arena = arena_new(0);
    csv->special[(unsigned char)delimiter_of(&writer->shape->csv)] = true;
    csv->special['"'] = csv->special['\n'] = csv->special['\r'] = true;
    csv->alone = columns_n(writer->shape) == 1 && !writer->shape->envelope;
    writer->state = csv;
    if (writer->shape->csv.header != CSV_HEADER_NONE)
        put_header(writer);
}

static void csv_row(struct object_writer *writer, const struct object_row *row)
{
    const struct object_shape *shape = writer->shape;
    char delimiter = delimiter_of(&shape->csv);
    struct csv *csv = writer->state;
    size_t n = columns_n(shape);

    arena_reset(csv->arena);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_char(writer->out, delimiter);
        put_value(writer, shape->schema == NULL ? NULL : &shape->schema->columns[i],
                  object_row_find(row, str_of(column_name(shape, i)), i));
    }
    if (shape->envelope) {
        if (n > 0)
            buf_char(writer->out, delimiter);
        put_field(writer, row->deleted ? STR("d") : STR("u"));
        buf_char(writer->out, delimiter);
        buf_clear(&csv->field);
        buf_i64(&csv->field, row->offset);
        put_field(writer, buf_str(&csv->field));
    }
    end_line(writer);
}

static void csv_end(struct object_writer *writer)
{
    (void)writer;
}

static void csv_drop(struct object_writer *writer)
{
    struct csv *csv = writer->state;

    arena_free(csv->arena);
    buf_done(&csv->field);
    free(csv);
}

const struct object_format format_csv = {.name = "csv",
                                         .extension = "csv",
                                         .content_type = "text/csv",
                                         .version = 1,
                                         .needs_columns = true,
                                         .begin = csv_begin,
                                         .row = csv_row,
                                         .end = csv_end,
                                         .drop = csv_drop};
