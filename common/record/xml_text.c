#include "record/xml_text.h"

#include "record/chars.h"

/* The production Char of XML 1.0. */
static bool is_xml_char(uint32_t point)
{
    return point == '\t' || point == '\n' || point == '\r' || (point >= 0x20 && point <= 0xD7FF) ||
           (point >= 0xE000 && point <= 0xFFFD) || (point >= 0x10000 && point <= 0x10FFFF);
}

static size_t put_char(struct buf *out, uint32_t point)
{
    switch (point) {
    case '&':
        buf_puts(out, "&amp;");
        return 0;
    case '<':
        buf_puts(out, "&lt;");
        return 0;
    case '>': /* for the sake of "]]>" */
        buf_puts(out, "&gt;");
        return 0;
    case '\r': /* a bare one would be read as a line feed */
        buf_puts(out, "&#13;");
        return 0;
    default:
        chars_put(out, is_xml_char(point) ? point : CHARS_REPLACEMENT);
        return is_xml_char(point) ? 0 : 1;
    }
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '&' && c != '<' && c != '>' && c != '\\';
}

size_t xml_text(struct buf *out, struct str raw, bool escaped)
{
    const char *at = raw.at, *end = raw.at + raw.len;
    size_t replaced = 0;

    while (at < end) {
        const char *run = at;

        while (at < end && is_plain((unsigned char)*at))
            at++;
        buf_put(out, str_between(run, at));
        if (at < end)
            replaced += put_char(out, chars_take(&at, end, escaped));
    }
    return replaced;
}

/* The productions NameStartChar and NameChar of XML 1.0, without the colon, which namespaces take,
 * and without what lies beyond 16 bits, which expat and others refuse. */
static bool is_name_start(uint32_t c)
{
    return (c >= 'A' && c <= 'Z') || c == '_' || (c >= 'a' && c <= 'z') ||
           (c >= 0xC0 && c <= 0xD6) || (c >= 0xD8 && c <= 0xF6) || (c >= 0xF8 && c <= 0x2FF) ||
           (c >= 0x370 && c <= 0x37D) || (c >= 0x37F && c <= 0x1FFF) || c == 0x200C ||
           c == 0x200D || (c >= 0x2070 && c <= 0x218F) || (c >= 0x2C00 && c <= 0x2FEF) ||
           (c >= 0x3001 && c <= 0xD7FF) || (c >= 0xF900 && c <= 0xFDCF) ||
           (c >= 0xFDF0 && c <= 0xFFFD);
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

/* What most names are: ASCII, and no underscore that could be read as the begin of an escape. */
static bool all_plain(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.at[i];
        bool letter = (c | 0x20U) >= 'a' && (c | 0x20U) <= 'z';
        bool underscore = c == '_' && !(i + 1 < name.len && name.at[i + 1] == 'x');

        if (!letter && !underscore && !(i > 0 && c >= '0' && c <= '9'))
            return false;
    }
    return name.len > 0 && !is_reserved(name);
}

void xml_name(struct buf *out, struct str name)
{
    const char *at = name.at, *end = name.at + name.len;

    if (all_plain(name)) {
        buf_put(out, name);
        return;
    }
    if (name.len == 0)
        buf_puts(out, "_x0000_");
    while (at < end) {
        bool first = at == name.at;
        bool like_escape = at[0] == '_' && end - at > 1 && at[1] == 'x';
        uint32_t point = chars_take(&at, end, false);
        bool fits = first ? is_name_start(point) && !is_reserved(name) : is_name_char(point);

        if (fits && !like_escape)
            chars_put(out, point);
        else
            buf_printf(out, "_x%04X_", point);
    }
}
