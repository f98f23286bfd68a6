/*
 * JSON documents as trees, for the functions that look into them or make new ones: a tree is read
 * from text that is known to be JSON, and written in jsonb's form (members by length of name, then
 * bytes; the last of equal names). Also jsonb's own order. Pure.
 */
#ifndef SLUICE_RECORD_JSONB_H
#define SLUICE_RECORD_JSONB_H

#include "record/json.h"

struct moment;

/* A value and what is in it. A number's text is as numeric prints it. Lives in an arena. */
struct jsonb {
    enum json_kind kind;
    struct str text;      /* of a string (unescaped) or a number */
    struct jsonb **items; /* elements, or the members' values */
    struct str *names;    /* of the members */
    uint32_t n;
    const struct moment *moment; /* of a string in which a path found a date or time; NULL: none */
};

/* Reads a document; views of it where possible. False (reterr set) only when a string of a json
 * can't be text (\u0000). */
WARN_UNUSED bool jsonb_read(struct str document, struct arena *arena, struct jsonb **ret,
                            struct err *reterr);

/* Reads jsonb's own text, which has no such strings. */
struct jsonb *jsonb_open(struct str document, struct arena *arena);

/* A value without items. */
struct jsonb *jsonb_scalar(struct arena *arena, enum json_kind kind, struct str text);

/* An array or an object with room for n items, n set. */
struct jsonb *jsonb_container(struct arena *arena, enum json_kind kind, uint32_t n);

/* Sorts an object's members and keeps the last of equal names. */
void jsonb_settle(struct jsonb *object);

/* The value of that member, or NULL. */
struct jsonb *jsonb_member(const struct jsonb *object, struct str name);

/* Appends the document as jsonb prints it. */
void jsonb_write(struct buf *out, const struct jsonb *value);

/* Appends the document with every number at its least scale: one text for all equal documents. */
void jsonb_write_canonical(struct buf *out, struct str document);

/* The text of the document, in the arena. */
struct str jsonb_text(struct arena *arena, const struct jsonb *value);

/* Orders as jsonb's btree does. Negative, 0, positive. */
int jsonb_compare(struct str a, struct str b);

/* Same value: numbers by value, not by scale. */
bool jsonb_same(const struct jsonb *a, const struct jsonb *b);

/* Appends bytes that order as jsonb_compare does, equal for equal documents. */
void jsonb_key(struct buf *out, struct str document);

#endif
