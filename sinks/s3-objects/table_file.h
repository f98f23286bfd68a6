/*
 * The declared columns of a topic, out of a file of CREATE TABLE statements as `sluice-views --ddl`
 * prints them (schemas/NAME/target.sql). The topic acme.gold.open_orders is the table
 * gold.open_orders. Pure.
 */
#ifndef S3_OBJECTS_TABLE_FILE_H
#define S3_OBJECTS_TABLE_FILE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/options.h"
#include "record/types.h"

/*
 * The columns of the table that the topic's last two words name (or its last one, for a table
 * without a schema), in the arena; with `only`, those in that order. A type that is not
 * PostgreSQL's own is text. ERR_STOP (EX_CONFIG) when there is no such table or column, or the
 * statement can't be read.
 */
WARN_UNUSED bool table_file_columns(struct str text, const char *topic,
                                    const struct option_list *only, struct arena *arena,
                                    const struct schema **ret, struct err *reterr);

#endif
