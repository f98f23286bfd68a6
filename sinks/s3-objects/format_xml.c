/*
 * xml, in two styles.
 *
 * rows: <rows><row>, a row a line, an element a column. As SQL/XML (ISO 9075-14) maps a table: NULL
 * is xsi:nil="true", the elements of an array are <item>, the members of an object elements again.
 * Numbers keep their lexeme. tree: xml_tree.h. Always well-formed: xml_text.h.
 */
#include "format.h"

#include "record/xml_text.h"
#include "xml_tree.h"

static void put_element(struct object_writer *writer, struct str name,
                        const struct json_value *value);

/* The next element of the array, or false at its end. The scanner has checked the text before. */
static bool next_element(struct json_cursor *cursor, struct json_value *ret)
{
    struct err ignored;

    while (cursor->at < cursor->end && (*cursor->at == ',' || (unsigned char)*cursor->at <= ' '))
        cursor->at++;
    return cursor->at < cursor->end && *cursor->at != ']' && json_read(cursor, ret, &ignored);
}

static void put_array(struct object_writer *writer, struct str raw)
{
    struct json_cursor cursor = json_open((struct str){raw.at + 1, raw.len - 1});
    struct json_value value;

    while (next_element(&cursor, &value))
        put_element(writer, STR("item"), &value);
}

static void put_object(struct object_writer *writer, struct str raw)
{
    struct json_cursor cursor = json_open(raw);
    bool first = true, more = true;
    struct str name = {0};
    struct json_value value;
    struct err ignored;

    if (!json_object_begin(&cursor, &ignored))
        return;
    while (json_object_next(&cursor, writer->state, &first, &more, &name, &ignored) && more &&
           json_read(&cursor, &value, &ignored))
        put_element(writer, name, &value);
}

/* Nested at most as deep as the scanner allows. NOLINTNEXTLINE(misc-no-recursion) */
static void put_element(struct object_writer *writer, struct str name,
                        const struct json_value *value)
{
    buf_char(writer->out, '<');
    xml_name(writer->out, name);
    if (value->kind == JSON_NULL) {
        buf_puts(writer->out, " xsi:nil=\"true\"/>");
        return;
    }
    buf_char(writer->out, '>');
    if (value->kind == JSON_ARRAY)
        put_array(writer, value->raw);
    else if (value->kind == JSON_OBJECT)
        put_object(writer, value->raw);
    else
        writer->replaced += xml_text(writer->out, value->raw, value->escaped);
    buf_puts(writer->out, "</");
    xml_name(writer->out, name);
    buf_char(writer->out, '>');
}

static struct str root_of(const struct object_writer *writer)
{
    const char *root = writer->shape->xml.root;

    return root == NULL ? STR("rows") : str_of(root);
}

static struct str record_of(const struct object_writer *writer)
{
    const char *record = writer->shape->xml.record;

    return record == NULL ? STR("row") : str_of(record);
}

static void xml_begin(struct object_writer *writer)
{
    writer->state = arena_new(0); /* for names with escapes */
    buf_puts(writer->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<");
    xml_name(writer->out, root_of(writer));
    if (writer->shape->xml.style == XML_ROWS)
        buf_puts(writer->out, " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"");
    buf_puts(writer->out, ">\n");
}

static void rows_row(struct object_writer *writer, const struct object_row *row)
{
    buf_char(writer->out, '<');
    xml_name(writer->out, record_of(writer));
    buf_char(writer->out, '>');
    for (size_t i = 0; i < row->n; i++)
        put_element(writer, row->members[i].name, &row->members[i].value);
    if (writer->shape->envelope)
        buf_printf(writer->out, "<__op>%s</__op><__offset>%lld</__offset>",
                   row->deleted ? "d" : "u", (long long)row->offset);
    buf_puts(writer->out, "</");
    xml_name(writer->out, record_of(writer));
    buf_puts(writer->out, ">\n");
}

static void xml_row(struct object_writer *writer, const struct object_row *row)
{
    arena_reset(writer->state);
    if (writer->shape->xml.style == XML_TREE)
        writer->replaced +=
            xml_tree_row(writer->out, writer->shape, record_of(writer), row, writer->state);
    else
        rows_row(writer, row);
}

static void xml_end(struct object_writer *writer)
{
    buf_puts(writer->out, "</");
    xml_name(writer->out, root_of(writer));
    buf_puts(writer->out, ">\n");
}

static void xml_drop(struct object_writer *writer)
{
    arena_free(writer->state);
}

const struct object_format format_xml = {.name = "xml",
                                         .extension = "xml",
                                         .content_type = "application/xml",
                                         .version = 2,
                                         .begin = xml_begin,
                                         .row = xml_row,
                                         .end = xml_end,
                                         .drop = xml_drop};
