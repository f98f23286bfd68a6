/*
 * From the text of a pipeline file to a plan: parse (libpg_query), bind, plan; and what can be
 * printed of it. The only room that includes pg_query.h. What can't be kept equal to PostgreSQL is
 * refused: "file:line:column: reason; what to write instead", then the line and a caret, exit
 * status 65 (EX_DATAERR).
 */
#ifndef SLUICE_VIEWS_SQL_PIPELINE_H
#define SLUICE_VIEWS_SQL_PIPELINE_H

#include "sql/plan.h"

/* Where bytes of a text come from: `len` of them from `from` on stand at `at` in the text of another
 * file; what follows up to the next part belongs to their end. */
struct pipeline_part {
    size_t from, len;
    const char *path;
    struct str text;
    size_t at;
};

/* A pipeline file, and what is said beside it. */
struct pipeline_file {
    const char *path; /* for messages */
    struct str text;
    const struct pipeline_part *parts; /* of a text put together, ascending: messages point there */
    size_t parts_n;
    const char *pipeline; /* the name, which topics start with */
    const char *as_of;    /* --as-of: what now() is in all of it; NULL: now() is refused */
    bool strict;          /* --contract=strict: rules that are named as lenient are enforced */
    bool derives_before;  /* no source trusts: for a run over rows, or over parts of a topic */
};

/* Plans the text. `path` is for messages. All of *ret_plan lies in the arena, which keeps what it
 * needs of the text. */
WARN_UNUSED bool pipeline_plan(struct arena *arena, const char *path, struct str text,
                               const char *pipeline, const struct plan **ret_plan,
                               struct err *reterr);

/* The same with all that can be said. An --as-of that is no timestamp is a usage error. */
WARN_UNUSED bool pipeline_plan_file(struct arena *arena, const struct pipeline_file *file,
                                    const struct plan **ret_plan, struct err *reterr);

/* The plan with `format` for the views that say none themselves; what is Avro is part of its hash. */
const struct plan *pipeline_with_format(struct arena *arena, const struct plan *plan,
                                        enum plan_view_format format);

/* --avro-schemas: the schema of the view's values, or of its keys, on lines of its own. Appends.
 * ERR_STOP when two columns come to one name. */
WARN_UNUSED bool pipeline_avro(struct buf *out, const struct plan_view *view, bool key,
                               struct err *reterr);

/* --explain: operators, keys, state, topics, cost notes, from the plan itself. Appends. */
void pipeline_explain(struct buf *out, const struct plan *plan);

/* --explain --format json: the same as one JSON object. Appends. */
void pipeline_explain_json(struct buf *out, const struct plan *plan);

/* --oracle: the file for psql: sources as tables (types, NOT NULL, CHECK kept, options removed),
 * views in order; now() and the like are the moment of --as-of; session settings first (TimeZone
 * UTC, DateStyle ISO, IntervalStyle postgres). Appends. */
WARN_UNUSED bool pipeline_oracle(struct buf *out, const struct pipeline_file *file,
                                 struct err *reterr);

/* --ddl: target tables of the silver and gold views: CREATE SCHEMA/TABLE IF NOT EXISTS, types, NOT
 * NULL, PRIMARY KEY or UNIQUE NULLS NOT DISTINCT, comments. Appends. */
void pipeline_ddl(struct buf *out, const struct plan *plan);

/* Appends the functions that stand over windows alone, as --functions shows them. */
void window_list(struct buf *out);

#endif
