#include "thrift.h"

#include <assert.h>

enum { TRUE_FIELD = 1, FALSE_FIELD = 2, BYTE_FIELD = 3, LIST_FIELD = 9, SHORT_MAX = 15 };

void thrift_varint(struct buf *out, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        buf_char(out, (char)(0x80 | (number & 0x7F)));
    buf_char(out, (char)number);
}

static void put_zigzag(struct buf *out, int64_t number)
{
    thrift_varint(out, ((uint64_t)number << 1) ^ (number < 0 ? UINT64_MAX : 0));
}

static void put_field(struct thrift *thrift, int16_t id, int type)
{
    int delta = id - thrift->last[thrift->depth];

    assert(delta > 0 && delta <= SHORT_MAX);
    buf_char(thrift->out, (char)(delta << 4 | type));
    thrift->last[thrift->depth] = id;
}

void thrift_bool(struct thrift *thrift, int16_t id, bool value)
{
    put_field(thrift, id, value ? TRUE_FIELD : FALSE_FIELD);
}

void thrift_byte(struct thrift *thrift, int16_t id, int8_t value)
{
    put_field(thrift, id, BYTE_FIELD);
    buf_char(thrift->out, (char)value);
}

void thrift_i32(struct thrift *thrift, int16_t id, int32_t value)
{
    put_field(thrift, id, THRIFT_I32);
    put_zigzag(thrift->out, value);
}

void thrift_i64(struct thrift *thrift, int16_t id, int64_t value)
{
    put_field(thrift, id, THRIFT_I64);
    put_zigzag(thrift->out, value);
}

void thrift_text(struct thrift *thrift, int16_t id, struct str text)
{
    put_field(thrift, id, THRIFT_BINARY);
    thrift_item_text(thrift, text);
}

void thrift_begin(struct thrift *thrift, int16_t id)
{
    put_field(thrift, id, THRIFT_STRUCT);
    thrift_item_begin(thrift);
}

void thrift_list(struct thrift *thrift, int16_t id, enum thrift_type type, size_t n)
{
    put_field(thrift, id, LIST_FIELD);
    buf_char(thrift->out, (char)((n < SHORT_MAX ? n : SHORT_MAX) << 4 | (unsigned)type));
    if (n >= SHORT_MAX)
        thrift_varint(thrift->out, n);
}

void thrift_item_i32(struct thrift *thrift, int32_t value)
{
    put_zigzag(thrift->out, value);
}

void thrift_item_text(struct thrift *thrift, struct str text)
{
    thrift_varint(thrift->out, text.len);
    buf_put(thrift->out, text);
}

void thrift_item_begin(struct thrift *thrift)
{
    assert(thrift->depth + 1 < THRIFT_DEPTH_MAX);
    thrift->last[++thrift->depth] = 0;
}

void thrift_end(struct thrift *thrift)
{
    buf_char(thrift->out, '\0');
    thrift->depth--;
}
