/*
 * A record of a view's topic as a row of an object: the members of its JSON, values as the lexemes
 * that stand in the record, beside what was done and the offset. Pure.
 */
#ifndef S3_OBJECTS_OBJECT_ROW_H
#define S3_OBJECTS_OBJECT_ROW_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "record/json.h"
#include "shape.h"

struct object_member {
    struct str name; /* unescaped */
    struct json_value value;
};

struct object_row {
    const struct object_member
        *members; /* in the record's order, or that of shape->columns, without shape->without */
    size_t n;
    bool deleted;   /* members are the key's columns */
    int64_t offset; /* in the topic */
};

/*
 * Reads a record. A null value (with shape->row_from: that member null too) is a delete, whose key
 * must be a JSON object; otherwise the value must be one. Views live as long as `key`, `value` and
 * the arena. ERR_DEAD_LETTER says what is wrong; with an envelope a member named __op or __offset
 * is, since an object's rows have their own. The offset is left to the caller.
 */
WARN_UNUSED bool object_row_read(const struct object_shape *shape, struct str key, struct str value,
                                 struct arena *arena, struct object_row *ret, struct err *reterr);

/* The member of that name, looked for at `near` first; NULL when the row has none. */
const struct object_member *object_row_find(const struct object_row *row, struct str name,
                                            size_t near);

/* Appends the row as a JSON object: its members, values as they stand in the record (line breaks
 * inside a nested one too), then __op and __offset when there is an envelope. */
void object_row_write(struct buf *out, const struct object_row *row, bool envelope);

#endif
