/*
 * xml: <rows><row>, a row a line, an element a column. As SQL/XML (ISO 9075-14) maps a table: names
 * that XML does not take are escaped as _xHHHH_, NULL is xsi:nil="true". The elements of an array
 * are <item>, the members of an object elements again. A character that XML 1.0 can't hold becomes
 * U+FFFD and is counted, so that the object is always well-formed. Numbers keep their lexeme.
 */
#include "format.h"

#include <assert.h>

enum { REPLACEMENT = 0xFFFD };

struct writer {
    struct buf *out;
    size_t replaced;
};

/* Writes a code point as UTF-8. */
static void put_utf8(struct buf *out, uint32_t point)
{
    if (point < 0x80) {
        buf_char(out, (char)point);
    } else if (point < 0x800) {
        buf_char(out, (char)(0xC0 | point >> 6));
        buf_char(out, (char)(0x80 | (point & 0x3F)));
    } else if (point < 0x10000) {
        buf_char(out, (char)(0xE0 | point >> 12));
        buf_char(out, (char)(0x80 | (point >> 6 & 0x3F)));
        buf_char(out, (char)(0x80 | (point & 0x3F)));
    } else {
        buf_char(out, (char)(0xF0 | point >> 18));
        buf_char(out, (char)(0x80 | (point >> 12 & 0x3F)));
        buf_char(out, (char)(0x80 | (point >> 6 & 0x3F)));
        buf_char(out, (char)(0x80 | (point & 0x3F)));
    }
}

/* The code point at *at, which is valid UTF-8 (the scanner has checked it); moves behind it. */
static uint32_t take_utf8(const char **at)
{
    const unsigned char *p = (const unsigned char *)*at;
    unsigned more = p[0] < 0x80 ? 0 : p[0] < 0xE0 ? 1 : p[0] < 0xF0 ? 2 : 3;
    uint32_t point = more == 0 ? p[0] : p[0] & (0x3FU >> more);

    for (unsigned i = 1; i <= more; i++)
        point = point << 6 | (p[i] & 0x3FU);
    *at += more + 1;
    return point;
}

/* The production Char of XML 1.0. */
static bool is_xml_char(uint32_t point)
{
    return point == '\t' || point == '\n' || point == '\r' || (point >= 0x20 && point <= 0xD7FF) ||
           (point >= 0xE000 && point <= 0xFFFD) || (point >= 0x10000 && point <= 0x10FFFF);
}

static void put_char(struct writer *writer, uint32_t point)
{
    switch (point) {
    case '&':
        buf_puts(writer->out, "&amp;");
        return;
    case '<':
        buf_puts(writer->out, "&lt;");
        return;
    case '>': /* for the sake of "]]>" */
        buf_puts(writer->out, "&gt;");
        return;
    case '\r': /* a bare one would be read as a line feed */
        buf_puts(writer->out, "&#13;");
        return;
    default:
        writer->replaced += is_xml_char(point) ? 0 : 1;
        put_utf8(writer->out, is_xml_char(point) ? point : REPLACEMENT);
    }
}

static uint32_t hex4(const char *at)
{
    uint32_t number = 0;

    for (int i = 0; i < 4; i++) {
        unsigned c = (unsigned char)at[i];

        number = number << 4 | (c <= '9' ? c - '0' : (c | 0x20U) - 'a' + 10);
    }
    return number;
}

static bool is_low_surrogate(const char *at, const char *end)
{
    return end - at >= 6 && at[0] == '\\' && at[1] == 'u' && hex4(at + 2) >= 0xDC00 &&
           hex4(at + 2) <= 0xDFFF;
}

/* The character of the escape at *at, which the scanner has checked; a lone surrogate gives itself,
 * which is no character of XML. Moves behind it. */
static uint32_t take_escape(const char **at, const char *end)
{
    static const char from[] = "bfnrt\"\\/", to[] = "\b\f\n\r\t\"\\/";
    char kind = (*at)[1];

    if (kind != 'u') {
        const char *found = strchr(from, kind);

        assert(found != NULL && kind != '\0');
        *at += 2;
        return (unsigned char)to[found - from];
    }
    uint32_t point = hex4(*at + 2);
    *at += 6;
    if (point < 0xD800 || point > 0xDBFF || !is_low_surrogate(*at, end))
        return point;
    point = 0x10000 + ((point - 0xD800) << 10) + (hex4(*at + 2) - 0xDC00);
    *at += 6;
    return point;
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '&' && c != '<' && c != '>' && c != '\\';
}

static void put_text(struct writer *writer, struct str raw, bool escaped)
{
    const char *at = raw.at, *end = raw.at + raw.len;

    while (at < end) {
        const char *run = at;

        while (at < end && is_plain((unsigned char)*at))
            at++;
        buf_put(writer->out, str_between(run, at));
        if (at < end)
            put_char(writer, escaped && *at == '\\' ? take_escape(&at, end) : take_utf8(&at));
    }
}

/* The productions NameStartChar and NameChar of XML 1.0, without the colon, which namespaces take.
 */
static bool is_name_start(uint32_t c)
{
    return (c >= 'A' && c <= 'Z') || c == '_' || (c >= 'a' && c <= 'z') ||
           (c >= 0xC0 && c <= 0xD6) || (c >= 0xD8 && c <= 0xF6) || (c >= 0xF8 && c <= 0x2FF) ||
           (c >= 0x370 && c <= 0x37D) || (c >= 0x37F && c <= 0x1FFF) || c == 0x200C ||
           c == 0x200D || (c >= 0x2070 && c <= 0x218F) || (c >= 0x2C00 && c <= 0x2FEF) ||
           (c >= 0x3001 && c <= 0xD7FF) || (c >= 0xF900 && c <= 0xFDCF) ||
           (c >= 0xFDF0 && c <= 0xFFFD) || (c >= 0x10000 && c <= 0xEFFFF);
}

static bool is_name_char(uint32_t c)
{
    return is_name_start(c) || c == '-' || c == '.' || (c >= '0' && c <= '9') || c == 0xB7 ||
           (c >= 0x300 && c <= 0x36F) || c == 0x203F || c == 0x2040;
}

static bool is_reserved(struct str name)
{
    return name.len >= 3 && (name.at[0] | 0x20) == 'x' && (name.at[1] | 0x20) == 'm' &&
           (name.at[2] | 0x20) == 'l';
}

/* No name at all is written as the one character that no name can hold. */
static void put_name(struct buf *out, struct str name)
{
    const char *at = name.at, *end = name.at + name.len;

    if (name.len == 0)
        buf_puts(out, "_x0000_");
    while (at < end) {
        bool first = at == name.at;
        bool like_escape = at[0] == '_' && end - at > 1 && at[1] == 'x';
        uint32_t point = take_utf8(&at);
        bool fits = first ? is_name_start(point) && !is_reserved(name) : is_name_char(point);

        if (fits && !like_escape)
            put_utf8(out, point);
        else
            buf_printf(out, "_x%04X_", point);
    }
}

static void put_element(struct writer *writer, struct str name, const struct json_value *value);

/* The next element of the array, or false at its end. The scanner has checked the text before. */
static bool next_element(struct json_cursor *cursor, struct json_value *ret)
{
    struct err ignored;

    while (cursor->at < cursor->end && (*cursor->at == ',' || (unsigned char)*cursor->at <= ' '))
        cursor->at++;
    return cursor->at < cursor->end && *cursor->at != ']' && json_read(cursor, ret, &ignored);
}

static void put_array(struct writer *writer, struct str raw)
{
    struct json_cursor cursor = json_open((struct str){raw.at + 1, raw.len - 1});
    struct json_value value;

    while (next_element(&cursor, &value))
        put_element(writer, STR("item"), &value);
}

static void put_object(struct writer *writer, struct str raw)
{
    CLEANUP(arena) struct arena *arena = arena_new(raw.len);
    struct json_cursor cursor = json_open(raw);
    bool first = true, more = true;
    struct str name = {0};
    struct json_value value;
    struct err ignored;

    if (!json_object_begin(&cursor, &ignored))
        return;
    while (json_object_next(&cursor, arena, &first, &more, &name, &ignored) && more &&
           json_read(&cursor, &value, &ignored))
        put_element(writer, name, &value);
}

/* Nested at most as deep as the scanner allows. NOLINTNEXTLINE(misc-no-recursion) */
static void put_element(struct writer *writer, struct str name, const struct json_value *value)
{
    buf_char(writer->out, '<');
    put_name(writer->out, name);
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
        put_text(writer, value->raw, value->escaped);
    buf_puts(writer->out, "</");
    put_name(writer->out, name);
    buf_char(writer->out, '>');
}

static void xml_begin(struct buf *out)
{
    buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<rows xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n");
}

static size_t xml_row(struct buf *out, const struct object_row *row, size_t index)
{
    struct writer writer = {out, 0};

    (void)index;
    buf_puts(out, "<row>");
    for (size_t i = 0; i < row->n; i++)
        put_element(&writer, row->members[i].name, &row->members[i].value);
    buf_printf(out, "<__op>%s</__op><__offset>%lld</__offset></row>\n", row->deleted ? "d" : "u",
               (long long)row->offset);
    return writer.replaced;
}

static void xml_end(struct buf *out)
{
    buf_puts(out, "</rows>\n");
}

const struct object_format format_xml = {.name = "xml",
                                         .extension = "xml",
                                         .content_type = "application/xml",
                                         .version = 1,
                                         .begin = xml_begin,
                                         .row = xml_row,
                                         .end = xml_end};
