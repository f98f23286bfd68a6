/*
 * A schema registry that speaks Confluent's API: which id a schema has, which schema an id has. All
 * that was learnt is kept for the life of the handle, so the registry can be away while nothing new
 * comes. Requests are repeated with bounded full-jitter backoff before ERR_RETRY is returned.
 */
#ifndef SLUICE_HTTP_REGISTRY_H
#define SLUICE_HTTP_REGISTRY_H

#include "base/options.h"
#include "record/avro.h"

/* Filled from registry_options. */
struct registry_config {
    char *url;                 /* --schema-registry-url; NULL: there is none */
    char *username, *password; /* for Basic authentication */
    char *ca_file;             /* --schema-registry-ca-file */
    int64_t timeout_ms;        /* for one request */
};

/* The rows that fill struct registry_config; use as an option group "Schema registry". */
extern const struct option registry_options[];

struct registry;

/* One thread owns the handle; `config`, whose url is not NULL, must outlive it. Asks nothing yet. */
struct registry *registry_open(const struct registry_config *config);

/* NULL is fine. Returns NULL. */
struct registry *registry_close(struct registry *registry);

/*
 * The id of the schema, registered as the subject's newest version unless it is one already.
 * ERR_STOP (EX_CONFIG) when the subject's readers could not read what it writes, with the
 * registry's reasons, or when the registry refuses it otherwise; ERR_RETRY when it does not answer.
 */
WARN_UNUSED bool registry_register(struct registry *registry, const char *subject,
                                   struct str schema, int32_t *ret_id, struct err *reterr);

/*
 * Whether the schema could become the subject's newest version; a subject that is not there takes
 * any. When it could not, the registry's reasons are appended to `why`. Errors as
 * registry_register.
 */
WARN_UNUSED bool registry_check(struct registry *registry, const char *subject, struct str schema,
                                bool *ret_compatible, struct buf *why, struct err *reterr);

/* Whether the id of the subject's schema is known without asking: it was registered by this handle. */
bool registry_knows(const struct registry *registry, const char *subject, struct str schema);

/* Sets the error of a schema that the subject's readers could not read: ERR_STOP (EX_CONFIG), with
 * the registry's reasons. Returns false. */
bool registry_refuses(const char *subject, struct str why, struct err *reterr);

/* The subject's newest schema, parsed, and its id. ERR_STOP (EX_CONFIG) when there is no such
 * subject, ERR_RETRY when the registry does not answer. The caller frees the shape. */
WARN_UNUSED bool registry_latest(struct registry *registry, const char *subject, int32_t *ret_id,
                                 struct avro_shape **ret, struct err *reterr);

/* The schema of an id, parsed; alive until registry_close. ERR_DEAD_LETTER when the registry has no
 * such id, ERR_RETRY when it does not answer. */
WARN_UNUSED bool registry_shape(struct registry *registry, int32_t id,
                                const struct avro_shape **ret, struct err *reterr);

/*
 * A key or value as JSON: what is framed is decoded, in the arena; what is not, or not there, stays
 * as it is. `registry` NULL: there is none, and what is framed is ERR_STOP (EX_CONFIG) naming
 * --schema-registry-url. Errors else as registry_shape and avro_to_json.
 */
WARN_UNUSED bool registry_json(struct registry *registry, struct str record, struct arena *arena,
                               struct str *ret, struct err *reterr);

#endif
