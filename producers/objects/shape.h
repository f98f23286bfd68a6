/*
 * What a row looks like in bronze, pure: from the fields of a CSV record or the text of a JSON
 * object to the JSON of its key and of its `after`. The order of columns is the source's; columns
 * that the key adds (_file, _line, lifted members) stand in front.
 */
#ifndef SLUICE_OBJECTS_SHAPE_H
#define SLUICE_OBJECTS_SHAPE_H

#include "base/arena.h"
#include "base/buf.h"
#include "columns.h"
#include "record/csv.h"

enum { KEY_PATH_MAX = 8 };

enum key_kind { KEY_MEMBER, KEY_LIFTED, KEY_FILE, KEY_LINE };

/* A column of the key: a member of the row, a nested one that is lifted under a name of its
 * own, or where the row was found. */
struct key_part {
    enum key_kind kind;
    char *name;  /* the column's */
    char *label; /* "name": as it stands in JSON */
    char *words; /* of the path, each terminated */
    const char *path[KEY_PATH_MAX];
    size_t path_n;
    size_t field; /* CSV: which one */
};

/* A column of a CSV object. */
struct shape_column {
    char *name;
    struct buf label;                /* {"name": or ,"name": */
    const struct declared *declared; /* NULL: text */
};

struct shape {
    struct key_part *key;
    size_t key_n;
    struct declared_list declared;
    char *null_text; /* NULL: none */
    bool header;     /* the first CSV record is one */
    struct shape_column *columns;
    size_t columns_n;
    struct arena *arena; /* for one row */
    struct buf key_text, after;
};

/* A shaped row; views until the next one. */
struct shaped {
    struct str key, after;
};

/* Where a row stands: the object's name, its line or ordinal. */
struct shape_place {
    struct str file;
    uint64_t line;
};

/* Makes a shape of the options' texts. ERR_STOP (EX_USAGE) when they are none. Free with shape_done. */
WARN_UNUSED bool shape_make(struct shape *shape, char *const *key, size_t key_n,
                            const char *columns, struct err *reterr);

/* Frees what the shape holds. */
void shape_done(struct shape *shape);

/*
 * Begins a CSV object by its header, or (fields NULL) by the declared columns. ERR_STOP
 * (EX_DATAERR) when a name stands there twice, one of the key or a declared one is missing, or it
 * is not UTF-8.
 */
WARN_UNUSED bool shape_begin(struct shape *shape, const struct str *fields, size_t fields_n,
                             struct err *reterr);

/* Shapes a CSV record. ERR_DEAD_LETTER: another number of fields than columns, not UTF-8, a field
 * that is not of its declared type. */
WARN_UNUSED bool shape_csv(struct shape *shape, const struct csv_record *record,
                           struct shape_place place, struct shaped *ret, struct err *reterr);

/*
 * Shapes a JSON record. Where columns are declared its members are theirs, in their order. ERR_DEAD_LETTER:
 * not JSON, not an object, a member of the key missing or null, one that is not declared where others
 * are, or not of its type.
 */
WARN_UNUSED bool shape_json(struct shape *shape, struct str text, struct shape_place place,
                            struct shaped *ret, struct err *reterr);

/* Appends the JSON value without blanks between its tokens, strings with the fewest escapes: equal
 * content gives equal bytes however it was printed. `json` must be good JSON. */
WARN_UNUSED bool shape_compact(struct buf *out, struct str json, struct arena *arena,
                               struct err *reterr);

/* The column is one that the key lifts out of the row's depth. */
bool shape_is_lifted(const struct shape *shape, const char *name);

/* Appends a key part that tells where the row was found. */
void shape_put_place(struct buf *out, const struct key_part *part, struct shape_place place);

/* The finished row, or ERR_DEAD_LETTER when it is too large. */
WARN_UNUSED bool shape_finish(struct shape *shape, struct shaped *ret, struct err *reterr);

#endif
