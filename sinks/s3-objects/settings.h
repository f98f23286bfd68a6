/* The options of sluice-s3-objects and what follows from them. */
#ifndef S3_OBJECTS_SETTINGS_H
#define S3_OBJECTS_SETTINGS_H

#include "base/options.h"
#include "format.h"
#include "http/registry.h"
#include "http/s3.h"
#include "kafka/client.h"
#include "key_template.h"
#include "plan.h"
#include "service/service.h"
#include "shape_options.h"
#include "window.h"

#define SERVICE_NAME "s3-objects"

enum { FORMATS_MAX = 16, PARALLEL_PARTS_MAX = 16 };

enum layout { LAYOUT_APPEND, LAYOUT_SNAPSHOT };

enum action { ACTION_WRITE, ACTION_VERSIONS, ACTION_READ, ACTION_RESTORE };

struct settings {
    struct option_list topics, format_names;
    char *pipeline, *group, *member_id;
    struct window_limits limits;
    int64_t buffer_bytes;
    char *key_template;
    int layout; /* enum layout */
    char *partition_by;
    struct option_list order_by;
    int64_t keep_versions, part_bytes, parallel_parts;
    bool once;
    int action; /* enum action */
    int64_t version;
    struct shape_options rows;
    struct kafka_config kafka;
    struct s3_config s3;
    struct registry_config registry;
    struct service_config service;

    /* by settings_complete: */
    char *own_group; /* when --group was not given */
    const char *group_id;
    char *control_topic, *dead_letter_topic, *transactional_id;
    const struct object_format *formats[FORMATS_MAX + 1]; /* in the table's order, ended by NULL */
    const char *template;
    struct object_shape *shapes; /* of each topic */
    struct arena *arena;
    char cfg[PLAN_CFG_CHARS + 1];
};

/* The rows that fill the service's own part of the struct. */
extern const struct option settings_options[];

/* Checks what one row can't and fills the second half. */
WARN_UNUSED bool settings_complete(struct settings *settings, struct err *reterr);

/* Frees what settings_complete made. */
void settings_done(struct settings *settings);

#endif
