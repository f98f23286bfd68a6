/*
 * JSON, bytes in and bytes out: a scanner that walks a document once without building a tree and
 * keeps numbers as their lexemes, and the writer of rows. Own code because it is the hot path of
 * every stage (tests/bench compares it with cJSON, which is also its oracle).
 */
#ifndef SLUICE_RECORD_JSON_H
#define SLUICE_RECORD_JSON_H

#include "record/row.h"

enum json_kind {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_OBJECT,
    JSON_ARRAY
};

/*
 * One value of a document. `raw` is its text: for a string the bytes between the quotes, still
 * escaped when `escaped`; for an object or array the whole text with its brackets; for a number its
 * lexeme. A view of the document.
 */
struct json_value {
    enum json_kind kind;
    bool escaped;
    struct str raw;
};

/* A cursor over a document; `at` moves. Depth is limited (64), every length is checked. */
struct json_cursor {
    const char *at, *end, *start;
};

/* A cursor at the start of the document, which must outlive it. */
struct json_cursor json_open(struct str document);

/* Reads the next value whole (skipping what is inside objects and arrays, checking it).
 * ERR_DEAD_LETTER with the offset on bad JSON. */
WARN_UNUSED bool json_read(struct json_cursor *cursor, struct json_value *ret, struct err *reterr);

/* Only blanks are left. */
WARN_UNUSED bool json_at_end(struct json_cursor *cursor, struct err *reterr);

/*
 * Iterates over the members of an object: json_object_begin after `{` is expected, then
 * json_object_next until *ret_more is false. The value is left to read: the caller must call
 * json_read (or begin a nested object) before the next json_object_next. The name is a raw view;
 * when it holds an escape, *ret_name is unescaped into the arena.
 */
WARN_UNUSED bool json_object_begin(struct json_cursor *cursor, struct err *reterr);
WARN_UNUSED bool json_object_next(struct json_cursor *cursor, struct arena *arena, bool *first,
                                  bool *ret_more, struct str *ret_name, struct err *reterr);

/* The first member of that name of an object; *ret_found false: it has none. What stands behind the
 * member is not looked at. Errors as json_read. */
WARN_UNUSED bool json_member(struct str object, const char *name, struct arena *arena,
                             struct json_value *ret, bool *ret_found, struct err *reterr);

/* The value's text as it stands in the document, a string's with its quotes. */
struct str json_whole(const struct json_value *value);

/* Inside the brackets of an array that is known to be well-formed, blanks before it or not. */
struct json_cursor json_array_open(struct str array);

/* Within an array that is known to be well-formed, behind its bracket or an element: skips to the
 * next element; false behind the closing bracket. */
bool json_array_more(struct json_cursor *cursor);

/* Every escape of a well-formed document is a character, whichever string it stands in; else 22P05
 * (\u0000) or 22P02 (half of a surrogate pair). */
WARN_UNUSED bool json_check_escapes(struct str document, struct err *reterr);

/* The string's text, unescaped into the arena when it has escapes, else a view of the document.
 * Refuses lone surrogates and \u0000. */
WARN_UNUSED bool json_text(const struct json_value *value, struct arena *arena, struct str *ret,
                           struct err *reterr);

/* Appends the text as a JSON string with quotes, raw UTF-8, escapes as PostgreSQL's to_json writes
 * them. */
void json_write_string(struct buf *out, struct str text);

/* Appends one value as row_to_json does: numbers bare (NaN, Infinity quoted), booleans, timestamps
 * as "2025-04-07T09:00:00.137", NULL as null, json as is. */
void json_write_value(struct buf *out, struct type type, struct value value);

/* Appends the row as a compact object, columns in order, nulls spelled out. */
void json_write_row(struct buf *out, const struct schema *schema, const struct row *row);

/* Appends the key columns as a compact object in key order, each in the canonical form of its
 * equality class; `{}` without key columns. */
void json_write_key(struct buf *out, const struct schema *schema, const struct row *row);

#endif
