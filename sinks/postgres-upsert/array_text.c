#include "array_text.h"

#include "record/json.h"
#include <assert.h>

/* The text so far; its room was taken for the worst case. */
struct literal {
    struct arena *arena;
    char *at;
};

static void put(struct literal *out, struct str text)
{
    memcpy(out->at, text.at, text.len);
    out->at += text.len;
}

static void put_quoted(struct literal *out, struct str text)
{
    *out->at++ = '"';
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"' || text.at[i] == '\\')
            *out->at++ = '\\';
        *out->at++ = text.at[i];
    }
    *out->at++ = '"';
}

static bool put_scalar(struct literal *out, const struct json_value *value, struct err *reterr)
{
    struct str text = value->raw;

    switch (value->kind) {
    case JSON_NULL:
        put(out, STR("NULL"));
        return true;
    case JSON_STRING:
        if (!json_text(value, out->arena, &text, reterr))
            return false;
        put_quoted(out, text);
        return true;
    case JSON_OBJECT:
        put_quoted(out, text);
        return true;
    default:
        put(out, text);
        return true;
    }
}

/* The scanner has checked the whole array: what stands between values is blanks and commas. */
static bool at_value(struct json_cursor *cursor)
{
    while (cursor->at < cursor->end && strchr(" \t\r\n,", *cursor->at) != NULL)
        cursor->at++;
    return cursor->at < cursor->end && *cursor->at != ']';
}

/* NOLINTNEXTLINE(misc-no-recursion): the scanner refuses more than 64 levels */
static bool put_array(struct literal *out, struct str json, struct err *reterr)
{
    struct json_cursor cursor = json_open(json);
    bool first = true;

    cursor.at++;
    *out->at++ = '{';
    while (at_value(&cursor)) {
        struct json_value value;

        if (!json_read(&cursor, &value, reterr))
            return false;
        if (!first)
            *out->at++ = ',';
        first = false;
        if (!(value.kind == JSON_ARRAY ? put_array(out, value.raw, reterr)
                                       : put_scalar(out, &value, reterr)))
            return false;
    }
    *out->at++ = '}';
    return true;
}

bool array_text(struct str json, struct arena *arena, struct str *ret, struct err *reterr)
{
    /* a byte becomes two at most; an object gets two quotes besides, and has two bytes at least */
    char *begin = arena_alloc(arena, json.len * 3);
    struct literal out = {arena, begin};

    assert(json.len >= 2 && json.at[0] == '[');
    if (!put_array(&out, json, reterr))
        return false;
    assert(out.at <= begin + json.len * 3);
    *ret = str_between(begin, out.at);
    return true;
}
