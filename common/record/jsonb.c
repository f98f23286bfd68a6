#include "record/jsonb.h"

#include "record/numeric.h"

static bool read_value(struct json_cursor *in, struct arena *arena, struct jsonb **ret,
                       struct err *reterr);

struct jsonb *jsonb_scalar(struct arena *arena, enum json_kind kind, struct str text)
{
    struct jsonb *value = arena_zalloc(arena, sizeof(*value));

    value->kind = kind;
    value->text = text;
    return value;
}

struct jsonb *jsonb_container(struct arena *arena, enum json_kind kind, uint32_t n)
{
    struct jsonb *value = jsonb_scalar(arena, kind, STR_NONE);

    value->n = n;
    value->items = arena_alloc(arena, (n + 1) * sizeof(struct jsonb *));
    if (kind == JSON_OBJECT)
        value->names = arena_alloc(arena, (n + 1) * sizeof(struct str));
    return value;
}

/* Makes room for one item more: at 0, 4, 8, 16 ... */
static void grow(struct arena *arena, struct jsonb *value)
{
    uint32_t n = value->n;

    if (n != 0 && (n < 4 || (n & (n - 1)) != 0))
        return;
    struct jsonb *larger = jsonb_container(arena, value->kind, n == 0 ? 4 : 2 * n);
    if (n > 0) {
        memcpy(larger->items, value->items, n * sizeof(struct jsonb *));
        if (value->names != NULL)
            memcpy(larger->names, value->names, n * sizeof(struct str));
    }
    value->items = larger->items;
    value->names = larger->names;
}

static bool read_object(struct json_cursor *in, struct arena *arena, struct jsonb *value,
                        struct err *reterr)
{
    bool first = true, more;
    struct str name;

    if (!json_object_begin(in, reterr))
        return false;
    for (;;) {
        if (!json_object_next(in, arena, &first, &more, &name, reterr))
            return false;
        if (!more)
            return true;
        grow(arena, value);
        value->names[value->n] = name;
        if (!read_value(in, arena, &value->items[value->n], reterr))
            return false;
        value->n++;
    }
}

static bool read_array(struct json_cursor *in, struct arena *arena, struct jsonb *value,
                       struct err *reterr)
{
    for (in->at++; json_array_more(in);) {
        grow(arena, value);
        if (!read_value(in, arena, &value->items[value->n], reterr))
            return false;
        value->n++;
    }
    return true;
}

static bool read_number(struct str lexeme, struct arena *arena, struct str *ret, struct err *reterr)
{
    CLEANUP(buf) struct buf out = {0};
    struct str packed;

    if (!numeric_parse(lexeme, arena, &packed, reterr))
        return false;
    numeric_print(&out, packed);
    *ret = arena_copy(arena, buf_str(&out));
    return true;
}

static bool read_value(struct json_cursor *in, struct arena *arena, struct jsonb **ret,
                       struct err *reterr)
{
    struct jsonb *value = jsonb_scalar(arena, JSON_NULL, STR_NONE);
    struct json_value scalar;

    *ret = value;
    while (in->at < in->end && strchr(" \t\r\n", *in->at) != NULL)
        in->at++;
    if (in->at < in->end && *in->at == '{') {
        value->kind = JSON_OBJECT;
        return read_object(in, arena, value, reterr);
    }
    if (in->at < in->end && *in->at == '[') {
        value->kind = JSON_ARRAY;
        return read_array(in, arena, value, reterr);
    }
    if (!json_read(in, &scalar, reterr))
        return false;
    value->kind = scalar.kind;
    if (scalar.kind == JSON_STRING)
        return json_text(&scalar, arena, &value->text, reterr);
    if (scalar.kind == JSON_NUMBER)
        return read_number(scalar.raw, arena, &value->text, reterr);
    return true;
}

bool jsonb_read(struct str document, struct arena *arena, struct jsonb **ret, struct err *reterr)
{
    struct json_cursor in = json_open(document);

    return read_value(&in, arena, ret, reterr);
}

struct jsonb *jsonb_open(struct str document, struct arena *arena)
{
    struct jsonb *value = NULL;
    struct err err;

    if (!jsonb_read(document, arena, &value, &err))
        value = jsonb_scalar(arena, JSON_NULL, STR_NONE); /* from a damaged store only */
    return value;
}

static int compare_names(struct str a, struct str b)
{
    return a.len != b.len ? (a.len > b.len ? 1 : -1) : str_cmp(a, b);
}

/* Insertion sort: members come mostly sorted, and few. Stable, so that the last of equals wins. */
void jsonb_settle(struct jsonb *object)
{
    uint32_t kept = 0;

    for (uint32_t i = 1; i < object->n; i++) {
        struct str name = object->names[i];
        struct jsonb *item = object->items[i];
        uint32_t at = i;

        for (; at > 0 && compare_names(object->names[at - 1], name) > 0; at--) {
            object->names[at] = object->names[at - 1];
            object->items[at] = object->items[at - 1];
        }
        object->names[at] = name;
        object->items[at] = item;
    }
    for (uint32_t i = 0; i < object->n; i++) {
        if (kept > 0 && str_eq(object->names[kept - 1], object->names[i]))
            kept--;
        object->names[kept] = object->names[i];
        object->items[kept++] = object->items[i];
    }
    object->n = kept;
}

struct jsonb *jsonb_member(const struct jsonb *object, struct str name)
{
    for (uint32_t i = object->n; i > 0; i--) {
        if (str_eq(object->names[i - 1], name))
            return object->items[i - 1];
    }
    return NULL;
}

static void write_items(struct buf *out, const struct jsonb *value)
{
    buf_char(out, value->kind == JSON_OBJECT ? '{' : '[');
    for (uint32_t i = 0; i < value->n; i++) {
        if (i > 0)
            buf_puts(out, ", ");
        if (value->kind == JSON_OBJECT) {
            json_write_string(out, value->names[i]);
            buf_puts(out, ": ");
        }
        jsonb_write(out, value->items[i]);
    }
    buf_char(out, value->kind == JSON_OBJECT ? '}' : ']');
}

void jsonb_write(struct buf *out, const struct jsonb *value)
{
    switch (value->kind) {
    case JSON_NULL:
        buf_puts(out, "null");
        return;
    case JSON_TRUE:
        buf_puts(out, "true");
        return;
    case JSON_FALSE:
        buf_puts(out, "false");
        return;
    case JSON_NUMBER:
        buf_put(out, value->text);
        return;
    case JSON_STRING:
        json_write_string(out, value->text);
        return;
    case JSON_OBJECT:
    case JSON_ARRAY:
        write_items(out, value);
        return;
    }
}

static void trim_numbers(struct jsonb *value)
{
    if (value->kind == JSON_NUMBER && memchr(value->text.at, '.', value->text.len) != NULL) {
        while (value->text.at[value->text.len - 1] == '0')
            value->text.len--;
        value->text.len -= value->text.at[value->text.len - 1] == '.';
    }
    for (uint32_t i = 0; i < value->n; i++)
        trim_numbers(value->items[i]);
}

void jsonb_write_canonical(struct buf *out, struct str document)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    struct jsonb *value = jsonb_open(document, arena);

    trim_numbers(value);
    jsonb_write(out, value);
}

struct str jsonb_text(struct arena *arena, const struct jsonb *value)
{
    CLEANUP(buf) struct buf out = {0};

    jsonb_write(&out, value);
    return arena_copy(arena, buf_str(&out));
}

/* What a value's bytes begin with. At the top an empty array is below all scalars and every other
 * array above them; inside, containers are above scalars. */
enum mark {
    MARK_EMPTY_ARRAY = 1,
    MARK_NULL,
    MARK_STRING,
    MARK_NUMBER,
    MARK_BOOL,
    MARK_ARRAY,
    MARK_OBJECT
};

/* NUL never occurs in a text. */
static void key_string(struct buf *out, struct str text)
{
    buf_put(out, text);
    buf_char(out, 0);
}

static void key_number(struct buf *out, struct str text, struct arena *arena)
{
    struct str packed;
    struct err err;

    if (numeric_parse(text, arena, &packed, &err))
        numeric_key(out, packed);
}

static void key_value(struct buf *out, const struct jsonb *value, struct arena *arena, bool top)
{
    switch (value->kind) {
    case JSON_NULL:
        buf_char(out, MARK_NULL);
        return;
    case JSON_STRING:
        buf_char(out, MARK_STRING);
        key_string(out, value->text);
        return;
    case JSON_NUMBER:
        buf_char(out, MARK_NUMBER);
        key_number(out, value->text, arena);
        return;
    case JSON_FALSE:
    case JSON_TRUE:
        buf_char(out, MARK_BOOL);
        buf_char(out, value->kind == JSON_TRUE);
        return;
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    bool object = value->kind == JSON_OBJECT;
    buf_char(out, object ? MARK_OBJECT : top && value->n == 0 ? MARK_EMPTY_ARRAY : MARK_ARRAY);
    buf_be(out, value->n, 4);
    for (uint32_t i = 0; i < value->n; i++) {
        if (object) {
            buf_char(out, MARK_STRING);
            key_string(out, value->names[i]);
        }
        key_value(out, value->items[i], arena, false);
    }
}

void jsonb_key(struct buf *out, struct str document)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);

    key_value(out, jsonb_open(document, arena), arena, true);
}

int jsonb_compare(struct str a, struct str b)
{
    CLEANUP(buf) struct buf key_a = {0};
    CLEANUP(buf) struct buf key_b = {0};

    if (str_eq(a, b))
        return 0;
    jsonb_key(&key_a, a);
    jsonb_key(&key_b, b);
    return str_cmp(buf_str(&key_a), buf_str(&key_b));
}

static bool same_numbers(struct str a, struct str b)
{
    CLEANUP(buf) struct buf key_a = {0};
    CLEANUP(buf) struct buf key_b = {0};
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);

    key_number(&key_a, a, arena);
    key_number(&key_b, b, arena);
    return str_eq(buf_str(&key_a), buf_str(&key_b));
}

bool jsonb_same(const struct jsonb *a, const struct jsonb *b)
{
    if (a->kind != b->kind || a->n != b->n)
        return false;
    if (a->kind == JSON_NUMBER)
        return str_eq(a->text, b->text) || same_numbers(a->text, b->text);
    if (a->kind == JSON_STRING)
        return str_eq(a->text, b->text);
    for (uint32_t i = 0; i < a->n; i++) {
        if (a->names != NULL && !str_eq(a->names[i], b->names[i]))
            return false;
        if (!jsonb_same(a->items[i], b->items[i]))
            return false;
    }
    return true;
}
