#include "task/outputs.h"

#include "record/json.h"

void outputs_done(struct outputs *outputs)
{
    buf_done(&outputs->key);
    buf_done(&outputs->value);
    buf_done(&outputs->position);
    buf_done(&outputs->time);
}

static bool write_change(struct outputs *outputs, struct kafka_producer *producer,
                         const struct engine_change *change, struct kafka_record *record,
                         struct err *reterr)
{
    const struct plan_view *view = &outputs->plan->views[change->view];

    buf_clear(&outputs->key);
    buf_clear(&outputs->value);
    if (!codec_key(outputs->codec, change, &outputs->key, reterr) ||
        (change->row != NULL && !codec_value(outputs->codec, change, &outputs->value, reterr)))
        return false;
    record->topic = view->topic;
    record->key = buf_str(&outputs->key);
    record->value = change->row == NULL ? STR_NONE : buf_str(&outputs->value);
    return kafka_produce(producer, record, reterr);
}

/* {"operator":"...","sqlstate":"22012","message":"division by zero","row":{...}} */
void outputs_quarantine_value(struct buf *out, const struct plan *plan,
                              const struct engine_quarantine *entry)
{
    const struct plan_node *node = &plan->nodes[entry->node];

    buf_puts(out, "{\"operator\":");
    json_write_string(out, str_of(node->label == NULL ? "" : node->label));
    buf_printf(out, ",\"sqlstate\":\"%s\",\"message\":", entry->reason.sqlstate);
    json_write_string(out, str_of(entry->reason.text));
    buf_puts(out, ",\"row\":");
    json_write_row(out, entry->schema, entry->row);
    buf_char(out, '}');
}

static bool write_quarantine(struct outputs *outputs, struct kafka_producer *producer,
                             const struct engine_quarantine *entry, struct kafka_record *record,
                             struct err *reterr)
{
    buf_clear(&outputs->value);
    if (!entry->gone)
        outputs_quarantine_value(&outputs->value, outputs->plan, entry);
    record->topic = outputs->quarantine_topic;
    record->key = entry->key;
    record->value = entry->gone ? STR_NONE : buf_str(&outputs->value);
    return kafka_produce(producer, record, reterr);
}

bool outputs_write(struct outputs *outputs, struct kafka_producer *producer,
                   const struct engine_output *output, struct output_stamp stamp,
                   struct err *reterr)
{
    buf_clear(&outputs->position);
    buf_clear(&outputs->time);
    position_print(&outputs->position, stamp.position);
    buf_i64(&outputs->time, stamp.commit_unix_us);
    const struct kafka_header headers[] = {{STR(POSITION_HEADER), buf_str(&outputs->position)},
                                           {STR(COMMIT_TIME_HEADER), buf_str(&outputs->time)}};
    struct kafka_record record = {.partition = -1, .headers = headers, .headers_n = 2};

    for (uint32_t i = 0; i < output->changes_n; i++)
        if (!write_change(outputs, producer, &output->changes[i], &record, reterr))
            return false;
    for (uint32_t i = 0; i < output->quarantines_n; i++)
        if (!write_quarantine(outputs, producer, &output->quarantines[i], &record, reterr))
            return false;
    return true;
}
