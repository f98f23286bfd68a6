#include "sql/ast.h"

#include "sql/pipeline.h"
#include <ctype.h>
#include <stdarg.h>

enum {
    SHOWN_LINE_MAX = 200, /* bytes of the source line in a message */
    LIST_FIRST = 8
};

/* What the grammar's field names mean to a person, and what to write instead. */
static const struct {
    const char *field, *words;
} words[] = {
    {"window_clause", "WINDOW is not supported"},
    {"over", "window functions are not supported; write a second GROUP BY and join it"},
    {"locking_clause", "FOR UPDATE and FOR SHARE have no meaning in a view; leave them out"},
    {"agg_filter", "FILTER in an aggregate is not supported; write sum(CASE WHEN ... THEN 1 END)"},
    {"agg_order", "ORDER BY inside an aggregate is not supported"},
    {"agg_distinct", "DISTINCT inside an aggregate is not supported; group twice instead"},
    {"agg_within_group", "WITHIN GROUP is not supported"},
    {"values_lists", "VALUES is not supported; a view reads sources and views"},
    {"into_clause", "SELECT INTO is not supported; write CREATE MATERIALIZED VIEW"},
    {"group_distinct", "GROUP BY DISTINCT is not supported"},
    {"array_bounds", "array types are not supported yet; declare the column as text"},
    {"lateral", "LATERAL is not supported; write a join"},
    {"is_natural", "NATURAL JOIN is not supported; write JOIN ... USING (columns)"},
    {"recursive", "WITH RECURSIVE is not supported"},
    {"catalogname", "a database name before the schema is not supported; leave it out"},
    {"agg_star", "(*) is not supported here"},
    {"raw_default", "DEFAULT has no meaning in a source: its rows come whole; leave it out"},
    {"access_method", "USING access method is not supported; leave it out"},
    {"table_space_name", "TABLESPACE is not supported; leave it out"},
    {"skip_data", "WITH NO DATA is not supported: a view always holds its data; leave it out"},
    {"inh_relations", "INHERITS is not supported; name every column"},
};

void list_add(struct list *list, struct arena *arena, const void *item)
{
    if (list->n == list->cap) {
        uint32_t cap = list->cap == 0 ? LIST_FIRST : list->cap * 2;
        void **at = arena_alloc(arena, cap * sizeof(*at));

        if (list->n > 0)
            memcpy(at, list->at, list->n * sizeof(*at));
        list->at = at;
        list->cap = cap;
    }
    memcpy(&list->at[list->n++], &item, sizeof(item));
}

/* Line and column, counted from 1 in characters, and the line itself. */
struct place {
    const char *path;
    uint32_t line, column;
    struct str source; /* the whole line */
    size_t offset;     /* of the place in the line, in bytes */
};

static struct place place_of(struct str text, size_t location)
{
    struct place place = {.line = 1, .column = 1};
    size_t start = 0, end;

    if (location > text.len)
        location = text.len;
    for (size_t i = 0; i < location; i++) {
        if (text.at[i] == '\n') {
            place.line++;
            place.column = 1;
            start = i + 1;
        } else if (((unsigned char)text.at[i] & 0xC0U) != 0x80U) {
            place.column++;
        }
    }
    end = start;
    while (end < text.len && text.at[end] != '\n' && text.at[end] != '\r')
        end++;
    place.source = (struct str){text.at + start, end - start};
    place.offset = location - start;
    return place;
}

/* The place in the file that a person wrote. */
static struct place place_in(const struct ast *ast, size_t location)
{
    const struct pipeline_file *file = ast->file;
    const struct pipeline_part *part = NULL;

    for (size_t i = 0; i < file->parts_n && file->parts[i].from <= location; i++)
        part = &file->parts[i];
    struct place place;
    if (part == NULL) {
        place = place_of(ast->text, location);
        place.path = file->path;
    } else {
        size_t into = location - part->from;

        place = place_of(part->text, part->at + (into < part->len ? into : part->len));
        place.path = part->path;
    }
    return place;
}

/* Appends the source line and, under it, a caret; tabs stay tabs so that the caret stands right. */
static void show_line(struct buf *out, struct place place)
{
    if (place.source.len == 0 || place.offset > SHOWN_LINE_MAX)
        return;
    if (place.source.len > SHOWN_LINE_MAX)
        place.source.len = SHOWN_LINE_MAX;
    buf_char(out, '\n');
    buf_put(out, place.source);
    buf_char(out, '\n');
    for (size_t i = 0; i < place.offset && i < place.source.len; i++) {
        if (place.source.at[i] == '\t')
            buf_char(out, '\t');
        else if (((unsigned char)place.source.at[i] & 0xC0U) != 0x80U)
            buf_char(out, ' ');
    }
    buf_char(out, '^');
}

bool ast_refuse(struct ast *ast, int location, const char *format, ...)
{
    CLEANUP(buf) struct buf out = {0};
    char reason[640];
    va_list args;

    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    if (location < 0) {
        buf_printf(&out, "%s: %s", ast->file->path, reason);
    } else {
        struct place place = place_in(ast, (size_t)location);

        buf_printf(&out, "%s:%u:%u: %s", place.path, place.line, place.column, reason);
        show_line(&out, place);
    }
    return err_stop(ast->reterr, EX_DATAERR, "%s", buf_cstr(&out));
}

static void *tree_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void tree_free(void *arena, void *pointer)
{
    (void)arena;
    (void)pointer;
}

/* The byte offset of the n-th character (from 1), as PostgreSQL counts an error's place. */
static int byte_of_character(struct str text, int character)
{
    int seen = 0;

    for (size_t i = 0; i < text.len; i++)
        if (((unsigned char)text.at[i] & 0xC0U) != 0x80U && ++seen == character)
            return (int)i;
    return (int)text.len;
}

static bool parse_error(struct ast *ast, const PgQueryError *error)
{
    return ast_refuse(ast, byte_of_character(ast->text, error->cursorpos), "%s", error->message);
}

static bool scan(struct ast *ast)
{
    ProtobufCAllocator allocator = {tree_alloc, tree_free, ast->arena};
    PgQueryScanResult result = pg_query_scan(ast->text.at);
    bool ok = true;

    if (result.error != NULL)
        ok = parse_error(ast, result.error);
    else
        ast->tokens = pg_query__scan_result__unpack(&allocator, result.pbuf.len,
                                                    (const uint8_t *)result.pbuf.data);
    pg_query_free_scan_result(result);
    if (ok && ast->tokens == NULL)
        ok = ast_refuse(ast, -1, "the parser's tokens can't be read");
    return ok;
}

bool ast_parse(struct ast *ast, struct arena *arena, const struct pipeline_file *file,
               struct err *reterr)
{
    ProtobufCAllocator allocator = {tree_alloc, tree_free, arena};
    PgQueryProtobufParseResult result;
    bool ok = true;

    *ast = (struct ast){.arena = arena, .file = file, .reterr = reterr};
    ast->text = arena_copy(arena, file->text);
    if (memchr(ast->text.at, '\0', ast->text.len) != NULL)
        return ast_refuse(ast, -1, "the file holds a NUL byte; it must be UTF-8 text");
    if (!scan(ast) || !ast_check_depth(ast))
        return false;
    result = pg_query_parse_protobuf(ast->text.at);
    if (result.error != NULL)
        ok = parse_error(ast, result.error);
    else
        ast->tree = pg_query__parse_result__unpack(&allocator, result.parse_tree.len,
                                                   (const uint8_t *)result.parse_tree.data);
    pg_query_free_protobuf_parse_result(result);
    if (ok && ast->tree == NULL)
        ok = ast_refuse(ast, -1, "the parser's tree can't be read");
    return ok;
}

/* The value of a field of a message: pointer to where it lies. */
static const void *field_at(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (const char *)message + field->offset;
}

static uint32_t field_quantifier(const ProtobufCMessage *message,
                                 const ProtobufCFieldDescriptor *field)
{
    uint32_t n;

    memcpy(&n, (const char *)message + field->quantifier_offset, sizeof(n));
    return n;
}

static const void *field_pointer(const ProtobufCMessage *message,
                                 const ProtobufCFieldDescriptor *field)
{
    const void *pointer;

    memcpy(&pointer, field_at(message, field), sizeof(pointer));
    return pointer;
}

static bool number_is_zero(const void *at, size_t size)
{
    static const char zeros[8];

    return memcmp(at, zeros, size) == 0;
}

/* The field holds something else than its default. */
static bool field_is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const void *at = field_at(message, field);

    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t n;

        memcpy(&n, (const char *)message + field->quantifier_offset, sizeof(n));
        return n > 0;
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
        return field_quantifier(message, field) == field->id;
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        return field_pointer(message, field) != NULL;
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = field_pointer(message, field);

        return text != NULL && text[0] != '\0';
    }
    case PROTOBUF_C_TYPE_BOOL:
        return !number_is_zero(at, sizeof(protobuf_c_boolean));
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return !number_is_zero(at, sizeof(uint64_t));
    default:
        return !number_is_zero(at, sizeof(uint32_t));
    }
}

static bool is_listed(const char *name, const char *names)
{
    size_t len = strlen(name);

    for (const char *at = names; (at = strstr(at, name)) != NULL; at += len)
        if ((at == names || at[-1] == ' ') && (at[len] == '\0' || at[len] == ' '))
            return true;
    return false;
}

static int location_of(const ProtobufCMessage *message);

/* The first place inside a field that holds messages. */
static int location_in_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const void *pointer = field_pointer(message, field);

    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        const ProtobufCMessage *first;

        memcpy(&first, pointer, sizeof(void *));
        return location_of(first);
    }
    return location_of(pointer);
}

static int location_of(const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *kind = message->descriptor;
    int best = -1;

    for (unsigned i = 0; i < kind->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &kind->fields[i];
        int32_t own;

        if (strcmp(field->name, "location") == 0) {
            memcpy(&own, field_at(message, field), sizeof(own));
            return own;
        }
    }
    for (unsigned i = 0; i < kind->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &kind->fields[i];
        int inner;

        if (field->type != PROTOBUF_C_TYPE_MESSAGE || !field_is_set(message, field))
            continue;
        inner = location_in_field(message, field);
        if (inner >= 0 && (best < 0 || inner < best))
            best = inner;
    }
    return best;
}

int ast_location(const void *message)
{
    return message == NULL ? -1 : location_of(message);
}

static bool refuse_field(struct ast *ast, const ProtobufCMessage *message,
                         const ProtobufCFieldDescriptor *field)
{
    int location = -1;

    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        location = location_in_field(message, field);
    if (location < 0)
        location = location_of(message);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(words[i].field, field->name) == 0)
            return ast_refuse(ast, location, "%s", words[i].words);
    return ast_refuse(ast, location, "%s of %s is not supported; leave it out", field->name,
                      message->descriptor->short_name);
}

bool ast_only(struct ast *ast, const void *message, const char *fields)
{
    const ProtobufCMessage *of = message;

    for (unsigned i = 0; i < of->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &of->descriptor->fields[i];

        if (strcmp(field->name, "location") != 0 && !is_listed(field->name, fields) &&
            field_is_set(of, field))
            return refuse_field(ast, of, field);
    }
    return true;
}

bool ast_any(const void *message, bool (*test)(void *of, const void *part), void *of)
{
    const ProtobufCMessage *whole = message;

    for (unsigned i = 0; i < whole->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &whole->descriptor->fields[i];
        const ProtobufCMessage *const *parts;
        size_t n;

        if (field->type != PROTOBUF_C_TYPE_MESSAGE || !field_is_set(whole, field))
            continue;
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            if (test(of, field_pointer(whole, field)))
                return true;
            continue;
        }
        memcpy(&n, (const char *)whole + field->quantifier_offset, sizeof(n));
        parts = field_pointer(whole, field);
        for (size_t k = 0; k < n; k++)
            if (test(of, parts[k]))
                return true;
    }
    return false;
}

static bool holds_subquery(void *of, const void *part)
{
    return ast_is(part, &pg_query__sub_link__descriptor) || ast_any(part, holds_subquery, of);
}

bool ast_has_subquery(const PgQuery__Node *node)
{
    return holds_subquery(NULL, node);
}

static bool holds_name(void *of, const void *part)
{
    return ast_is(part, &pg_query__sub_link__descriptor) ||
           ast_is(part, &pg_query__column_ref__descriptor) || ast_any(part, holds_name, of);
}

bool ast_is_constant(const PgQuery__Node *node)
{
    return !holds_name(NULL, node);
}

bool ast_is(const void *message, const ProtobufCMessageDescriptor *kind)
{
    return ((const ProtobufCMessage *)message)->descriptor == kind;
}

/* How SQL calls some kinds of nodes. */
static const struct {
    const char *kind, *sql;
} kinds[] = {
    {"CreateStmt", "CREATE TABLE"},
    {"InsertStmt", "INSERT"},
    {"UpdateStmt", "UPDATE"},
    {"DeleteStmt", "DELETE"},
    {"SelectStmt", "a SELECT by itself"},
    {"IndexStmt", "CREATE INDEX"},
    {"CreateFunctionStmt", "CREATE FUNCTION"},
    {"VariableSetStmt", "SET"},
    {"TransactionStmt", "a transaction"},
    {"DropStmt", "DROP"},
    {"RangeTableSample", "TABLESAMPLE"},
    {"RangeFunction", "a function"},
    {"A_ArrayExpr", "ARRAY"},
    {"A_Indirection", "a subscript or field"},
    {"NamedArgExpr", "a named argument"},
    {"XmlExpr", "an XML function"},
};

const char *ast_kind(const PgQuery__Node *node)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(node->base.descriptor, (unsigned)node->node_case);
    const ProtobufCMessageDescriptor *kind = field == NULL ? NULL : field->descriptor;

    for (size_t i = 0; kind != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i].kind, kind->short_name) == 0)
            return kinds[i].sql;
    return kind == NULL ? "an empty node" : kind->short_name;
}

const char *ast_string(const PgQuery__Node *node)
{
    return node != NULL && node->node_case == PG_QUERY__NODE__NODE_STRING ? node->string->sval
                                                                          : NULL;
}

uint32_t ast_token_at(const struct ast *ast, int location)
{
    uint32_t i = 0;

    while (i < ast->tokens->n_tokens && ast->tokens->tokens[i]->start < location)
        i++;
    return i;
}

uint32_t ast_token_closing(const struct ast *ast, uint32_t open)
{
    uint32_t i, depth = 0;

    for (i = open; i < ast->tokens->n_tokens; i++) {
        PgQuery__Token token = ast->tokens->tokens[i]->token;

        if (token == PG_QUERY__TOKEN__ASCII_40)
            depth++;
        else if (token == PG_QUERY__TOKEN__ASCII_41 && --depth == 0)
            break;
    }
    return i;
}

/* PostgreSQL's scanner calls the word an identifier or a keyword that may name anything. */
static bool is_free_word(const char *name)
{
    PgQueryScanResult result = pg_query_scan(name);
    PgQuery__ScanResult *tokens = NULL;
    bool is_free = false;

    if (result.error == NULL)
        tokens =
            pg_query__scan_result__unpack(NULL, result.pbuf.len, (const uint8_t *)result.pbuf.data);
    if (tokens != NULL && tokens->n_tokens == 1) {
        PgQuery__KeywordKind kind = tokens->tokens[0]->keyword_kind;

        is_free = kind == PG_QUERY__KEYWORD_KIND__NO_KEYWORD ||
                  kind == PG_QUERY__KEYWORD_KIND__UNRESERVED_KEYWORD;
    }
    if (tokens != NULL)
        pg_query__scan_result__free_unpacked(tokens, NULL);
    pg_query_free_scan_result(result);
    return is_free;
}

void ast_identifier(struct buf *out, const char *name)
{
    bool plain = islower((unsigned char)name[0]) || name[0] == '_';

    for (const char *at = name; *at != '\0' && plain; at++)
        plain = islower((unsigned char)*at) || isdigit((unsigned char)*at) || *at == '_';
    if (plain && is_free_word(name)) {
        buf_puts(out, name);
        return;
    }
    buf_char(out, '"');
    for (const char *at = name; *at != '\0'; at++) {
        if (*at == '"')
            buf_char(out, '"');
        buf_char(out, *at);
    }
    buf_char(out, '"');
}

void ast_literal(struct buf *out, const char *text)
{
    if (strchr(text, '\\') != NULL)
        buf_char(out, 'E');
    buf_char(out, '\'');
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '\'' || *at == '\\')
            buf_char(out, *at);
        buf_char(out, *at);
    }
    buf_char(out, '\'');
}
