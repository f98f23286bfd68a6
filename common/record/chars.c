#include "record/chars.h"

#include <assert.h>

void chars_put(struct buf *out, uint32_t point)
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

uint32_t chars_take(const char **at, const char *end, bool escaped)
{
    return escaped && **at == '\\' ? take_escape(at, end) : take_utf8(at);
}

size_t chars_text(struct buf *out, const struct json_value *value)
{
    const char *at = value->raw.at, *end = at + value->raw.len;
    size_t replaced = 0;

    if (!value->escaped) {
        buf_put(out, value->raw);
        return 0;
    }
    while (at < end) {
        const char *run = at;

        while (at < end && *at != '\\')
            at++;
        buf_put(out, str_between(run, at));
        if (at == end)
            break;
        uint32_t point = take_escape(&at, end);
        bool none = point == 0 || (point >= 0xD800 && point <= 0xDFFF);
        chars_put(out, none ? CHARS_REPLACEMENT : point);
        replaced += none ? 1 : 0;
    }
    return replaced;
}
