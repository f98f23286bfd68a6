/*
 * The views' present rows, one a key, for snapshots: a private SQLite database that lives as long
 * as the process and spills to a temporary file (SQLITE_TMPDIR, TMPDIR) beyond a small cache. Built
 * anew from the topics at each start: they are compacted, so they are the state. Not thread-safe.
 */
#ifndef S3_OBJECTS_VIEW_STORE_H
#define S3_OBJECTS_VIEW_STORE_H

#include "base/err.h"
#include "base/options.h"
#include "base/str.h"
#include <stdint.h>

struct view_store;

/* `order_by`: members of the row that order it, ahead of partition and offset; `row_from` as in the
 * shape. */
WARN_UNUSED bool view_store_open(const struct option_list *order_by, const char *row_from,
                                 struct view_store **ret, struct err *reterr);

/* NULL is fine. Returns NULL. */
struct view_store *view_store_close(struct view_store *store);

/* A row of a topic (by its index in --topics). `by` is the part of the snapshot that it belongs to.
 * */
struct view_row {
    int topic, partition;
    int64_t offset;
    struct str key, value, by;
};

/* Puts the row in the place of the key's last one; the parts of both have changed. */
WARN_UNUSED bool view_store_put(struct view_store *store, const struct view_row *row,
                                struct err *reterr);

/* Takes the key's row away; its part has changed. */
WARN_UNUSED bool view_store_remove(struct view_store *store, int topic, struct str key,
                                   struct err *reterr);

/* Calls `each` for the parts of a topic that have changed, in order, with how many rows they have
 * now. */
WARN_UNUSED bool view_store_changed(struct view_store *store, int topic,
                                    bool (*each)(void *arg, struct str by, int64_t rows,
                                                 struct err *reterr),
                                    void *arg, struct err *reterr);

/* Marks a part as changed, whether it has rows or not. */
WARN_UNUSED bool view_store_touch(struct view_store *store, int topic, struct str by,
                                  struct err *reterr);

/* Forgets what has changed in a topic. */
WARN_UNUSED bool view_store_settle(struct view_store *store, int topic, struct err *reterr);

/* Calls `each` for the rows of a part, in their order. */
WARN_UNUSED bool view_store_rows(struct view_store *store, int topic, struct str by,
                                 bool (*each)(void *arg, const struct view_row *row,
                                              struct err *reterr),
                                 void *arg, struct err *reterr);

#endif
