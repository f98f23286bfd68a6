#include "record/xml_stream.h"

#include "base/arena.h"
#include "base/buf.h"
#include "record/json.h"
#include <expat.h>

enum { DEPTH_MAX = 60, NAMES_MAX = 1000, NODE_COST = 64, PIECE_MIN = 32 };

/* A run of text, with room for more: expat gives it in parts that depend on the chunks. */
struct piece {
    struct piece *next;
    size_t len, room;
    char at[];
};

/* An element or an attribute of the record being read. */
struct node {
    struct node *parent, *children, *last_child, *next;
    struct piece *text, *last_text;
    struct str name;
    bool done; /* it was written with an earlier one of its name */
};

struct xml_stream {
    XML_Parser parser;
    struct window window;
    char *element;
    size_t limit, size; /* of the present record */
    struct arena *arena;
    struct node *root, *open; /* NULL: outside a record */
    unsigned depth;           /* of elements that are not held, inside the record */
    uint64_t line;
    const char *why; /* the record is bad */
    bool suspended, whole, finished, failed;
    bool any, beside; /* a record was seen; text outside of records */
    struct buf json;
};

static bool has_room(struct xml_stream *stream, size_t bytes)
{
    stream->size += bytes;
    if (stream->size > stream->limit)
        stream->why = "the record is longer than --record-size";
    return stream->why == NULL;
}

static struct node *add_node(struct xml_stream *stream, struct str name)
{
    struct node *node = arena_zalloc(stream->arena, sizeof(*node)), *parent = stream->open;

    node->name = arena_copy(stream->arena, name);
    node->parent = parent;
    if (parent == NULL)
        stream->root = node;
    else if (parent->children == NULL)
        parent->children = node;
    else
        parent->last_child->next = node;
    if (parent != NULL)
        parent->last_child = node;
    return node;
}

/* Twice the room of the last, so that a text takes little more than its bytes however it comes. */
static struct piece *add_piece(struct xml_stream *stream, struct node *node, size_t len)
{
    size_t room = node->last_text == NULL ? PIECE_MIN : 2 * node->last_text->room;
    struct piece *piece = arena_alloc(stream->arena, sizeof(*piece) + (len > room ? len : room));

    *piece = (struct piece){NULL, 0, len > room ? len : room};
    if (node->last_text == NULL)
        node->text = piece;
    else
        node->last_text->next = piece;
    node->last_text = piece;
    return piece;
}

static void add_text(struct xml_stream *stream, struct node *node, struct str text)
{
    struct piece *piece = node->last_text;

    if (piece == NULL || piece->room - piece->len < text.len)
        piece = add_piece(stream, node, text.len);
    if (text.len > 0)
        memcpy(piece->at + piece->len, text.at, text.len);
    piece->len += text.len;
}

static void add_attributes(struct xml_stream *stream, const XML_Char **attributes)
{
    for (; *attributes != NULL; attributes += 2) {
        struct buf name CLEANUP(buf) = {0};

        if (!has_room(stream, strlen(attributes[0]) + strlen(attributes[1]) + NODE_COST))
            return;
        buf_printf(&name, "@%s", attributes[0]);
        add_text(stream, add_node(stream, buf_str(&name)), str_of(attributes[1]));
    }
}

static bool is_blank(struct str text)
{
    return str_trim(text, " \t\r\n").len == 0;
}

static unsigned depth_of(const struct node *node)
{
    unsigned depth = 0;

    for (; node != NULL; node = node->parent)
        depth++;
    return depth;
}

static void on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    struct xml_stream *stream = arg;

    if (stream->open == NULL && strcmp(name, stream->element) != 0)
        return;
    if (stream->open == NULL) {
        stream->line = XML_GetCurrentLineNumber(stream->parser);
        stream->size = 0;
        stream->why = NULL;
        stream->depth = 0;
        stream->any = true;
        arena_reset(stream->arena);
    } else if (depth_of(stream->open) >= DEPTH_MAX) {
        stream->why = "more than 60 nested elements";
    }
    if (stream->open != NULL && !has_room(stream, strlen(name) + NODE_COST)) {
        stream->depth++;
        return;
    }
    stream->open = add_node(stream, str_of(name));
    add_attributes(stream, attributes);
}

static void on_end(void *arg, const XML_Char *name)
{
    struct xml_stream *stream = arg;

    (void)name;
    if (stream->open == NULL)
        return;
    if (stream->depth > 0) {
        stream->depth--;
        return;
    }
    stream->open = stream->open->parent;
    if (stream->open != NULL)
        return;
    stream->whole = true;
    XML_StopParser(stream->parser, XML_TRUE);
}

static void on_text(void *arg, const XML_Char *text, int n)
{
    struct xml_stream *stream = arg;

    if (stream->open == NULL)
        stream->beside = stream->beside || !is_blank((struct str){text, (size_t)n});
    else if (has_room(stream, (size_t)n))
        add_text(stream, stream->open, (struct str){text, (size_t)n});
}

/* Entities of a DTD can blow a small document up to any size: none is taken. */
/* NOLINTNEXTLINE(readability-function-size): expat's */
static void on_entity(void *arg, const XML_Char *name, int is_parameter, const XML_Char *value,
                      int value_n, const XML_Char *base, const XML_Char *system,
                      const XML_Char *public, const XML_Char *notation)
{
    struct xml_stream *stream = arg;

    (void)name, (void)is_parameter, (void)value, (void)value_n, (void)base, (void)system;
    (void)public, (void)notation;
    stream->failed = true;
    XML_StopParser(stream->parser, XML_FALSE);
}

struct xml_stream *xml_stream_new(const char *element, size_t record_bytes_max)
{
    struct xml_stream *stream = err_calloc(1, sizeof(*stream));

    stream->parser = XML_ParserCreate(NULL);
    if (stream->parser == NULL)
        err_no_memory(0);
    stream->element = err_strdup(element);
    stream->limit = record_bytes_max;
    stream->window.limit = record_bytes_max;
    stream->arena = arena_new(record_bytes_max);
    XML_SetUserData(stream->parser, stream);
    XML_SetElementHandler(stream->parser, on_start, on_end);
    XML_SetCharacterDataHandler(stream->parser, on_text);
    XML_SetEntityDeclHandler(stream->parser, on_entity);
    return stream;
}

struct xml_stream *xml_stream_free(struct xml_stream *stream)
{
    if (stream == NULL)
        return NULL;
    XML_ParserFree(stream->parser);
    window_done(&stream->window);
    arena_free(stream->arena);
    buf_done(&stream->json);
    free(stream->element);
    free(stream);
    return NULL;
}

struct window *xml_stream_window(struct xml_stream *stream)
{
    return &stream->window;
}

/* The node's text as a JSON string. */
static void write_text(struct buf *out, const struct node *node)
{
    struct buf text CLEANUP(buf) = {0};

    for (const struct piece *piece = node->text; piece != NULL; piece = piece->next)
        buf_put(&text, (struct str){piece->at, piece->len});
    json_write_string(out, buf_str(&text));
}

static bool has_more_text(const struct node *node)
{
    for (const struct piece *piece = node->text; piece != NULL; piece = piece->next) {
        if (!is_blank((struct str){piece->at, piece->len}))
            return true;
    }
    return false;
}

static bool write_node(struct buf *out, struct node *node);

/* A member for the child and all later ones of its name. */
static bool write_member(struct buf *out, struct node *child)
{
    size_t from = out->len;
    bool several = false;

    json_write_string(out, child->name);
    buf_char(out, ':');
    size_t value_from = out->len;
    if (!write_node(out, child))
        return false;
    for (struct node *later = child->next; later != NULL; later = later->next) {
        if (!str_eq(later->name, child->name))
            continue;
        if (!several && buf_reserve(out, 1)) { /* the first value becomes an element */
            memmove(out->at + value_from + 1, out->at + value_from, out->len - value_from);
            out->at[value_from] = '[';
            out->len++;
        }
        several = true;
        later->done = true;
        buf_char(out, ',');
        if (!write_node(out, later))
            return false;
    }
    if (several)
        buf_char(out, ']');
    return out->len > from;
}

/* NOLINTNEXTLINE(misc-no-recursion): at most DEPTH_MAX deep */
static bool write_node(struct buf *out, struct node *node)
{
    unsigned names = 0;

    if (node->children == NULL) {
        write_text(out, node);
        return true;
    }
    buf_char(out, '{');
    for (struct node *child = node->children; child != NULL; child = child->next) {
        if (child->done)
            continue;
        if (names++ > 0)
            buf_char(out, ',');
        if (names > NAMES_MAX || !write_member(out, child))
            return false;
    }
    if (has_more_text(node)) {
        buf_puts(out, ",\"#text\":");
        write_text(out, node);
    }
    buf_char(out, '}');
    return true;
}

/* The record that was read to its end. */
static enum stream_step give(struct xml_stream *stream, struct xml_record *ret, struct err *reterr)
{
    stream->whole = false;
    buf_clear(&stream->json);
    if (stream->root->children == NULL) {
        buf_puts(&stream->json, "{\"#text\":");
        write_text(&stream->json, stream->root);
        buf_char(&stream->json, '}');
    } else if (!write_node(&stream->json, stream->root)) {
        stream->why = "more than 1000 different elements in one";
    }
    *ret = (struct xml_record){buf_str(&stream->json), stream->line};
    if (stream->why == NULL)
        return STREAM_RECORD;
    err_set(reterr, ERR_DEAD_LETTER, "%s", stream->why);
    return STREAM_BAD;
}

static enum stream_step broken(struct xml_stream *stream, struct xml_record *ret,
                               struct err *reterr)
{
    enum XML_Error code = XML_GetErrorCode(stream->parser);
    bool cut = code == XML_ERROR_NO_ELEMENTS || code == XML_ERROR_UNCLOSED_TOKEN ||
               code == XML_ERROR_PARTIAL_CHAR || code == XML_ERROR_UNCLOSED_CDATA_SECTION;

    buf_clear(&stream->json);
    *ret = (struct xml_record){STR(""), XML_GetCurrentLineNumber(stream->parser)};
    if (stream->failed)
        err_set(reterr, ERR_DEAD_LETTER, "the document declares entities");
    else
        err_set(reterr, ERR_DEAD_LETTER, "not well-formed XML: %s in line %lu, column %lu",
                cut ? "the document is cut off" : XML_ErrorString(code),
                (unsigned long)XML_GetCurrentLineNumber(stream->parser),
                (unsigned long)XML_GetCurrentColumnNumber(stream->parser));
    stream->finished = true;
    return STREAM_BROKEN;
}

/* The end. A document that says something, but in no record, is another than was meant: an error
 * page in the place of the feed. */
static enum stream_step end(struct xml_stream *stream, struct xml_record *ret, struct err *reterr)
{
    stream->finished = true;
    if (stream->any || !stream->beside)
        return STREAM_END;
    *ret = (struct xml_record){STR(""), XML_GetCurrentLineNumber(stream->parser)};
    err_set(reterr, ERR_DEAD_LETTER, "no element %s is in it, but text outside of one",
            stream->element);
    return STREAM_BROKEN;
}

enum stream_step xml_stream_next(struct xml_stream *stream, struct xml_record *ret,
                                 struct err *reterr)
{
    struct window *window = &stream->window;
    enum XML_Status status = XML_STATUS_OK;

    if (stream->finished)
        return STREAM_END;
    if (stream->suspended) {
        status = XML_ResumeParser(stream->parser);
    } else {
        struct str text = window_str(window);

        if (text.len == 0 && !window->ended)
            return STREAM_MORE;
        window->start = window->end;
        status = XML_Parse(stream->parser, text.at, (int)text.len, window->ended);
    }
    stream->suspended = status == XML_STATUS_SUSPENDED;
    if (stream->whole)
        return give(stream, ret, reterr);
    if (status == XML_STATUS_ERROR)
        return broken(stream, ret, reterr);
    return window->ended ? end(stream, ret, reterr) : STREAM_MORE;
}
