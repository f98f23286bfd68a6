/*
 * How the rows of views become keys and values of their topics: as JSON, or as Avro in a registry's
 * framing with the schemas derived from the views. Both schemas of a view are registered before its
 * first record, as `<topic>-key` and `<topic>-value`.
 */
#ifndef SLUICE_VIEWS_TASK_CODEC_H
#define SLUICE_VIEWS_TASK_CODEC_H

#include "http/registry.h"
#include "ops/engine.h"

struct codec;

/* For the plan's views; it must outlive the codec. `registry` is NULL when no view is Avro. Free
 * with codec_free. */
struct codec *codec_new(const struct plan *plan, struct registry *registry);

/* NULL is fine. Returns NULL. */
struct codec *codec_free(struct codec *codec);

/* Registers the schemas of all views that are Avro, checked against what their subjects hold before
 * the first is. Errors as registry_register; safe to repeat. */
WARN_UNUSED bool codec_register(struct codec *codec, struct err *reterr);

/* Appends the key of a change. ERR_STOP when a value has no form in the format. */
WARN_UNUSED bool codec_key(struct codec *codec, const struct engine_change *change, struct buf *out,
                           struct err *reterr);

/* Appends the value of a change that has a row. ERR_STOP as codec_key. */
WARN_UNUSED bool codec_value(struct codec *codec, const struct engine_change *change,
                             struct buf *out, struct err *reterr);

#endif
