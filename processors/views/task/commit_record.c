#include "task/commit_record.h"

#include "record/json.h"

static const char *const phase_names[] = {"running", "rebuilding"};

void commit_record_print(struct buf *out, const struct commit_record *record,
                         const struct inputs *inputs)
{
    size_t n = 0;
    const struct kafka_offset *offsets = inputs_offsets(inputs, &n);

    buf_printf(out, "{\"v\":1,\"seq\":%llu,\"plan\":\"%016llx\",\"phase\":\"%s\",\"offsets\":[",
               (unsigned long long)record->seq, (unsigned long long)record->plan_hash,
               phase_names[record->phase]);
    for (size_t i = 0; i < n; i++) {
        buf_puts(out, i == 0 ? "[" : ",[");
        json_write_string(out, str_of(offsets[i].topic));
        buf_printf(out, ",%d,%lld]", (int)offsets[i].partition, (long long)offsets[i].offset);
    }
    buf_puts(out, "]}");
}

static bool parse_hash(struct str text, uint64_t *ret)
{
    *ret = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (hex_digit(text.at[i]) < 0)
            return false;
        *ret = *ret << 4 | (uint64_t)hex_digit(text.at[i]);
    }
    return text.len > 0 && text.len <= 16;
}

/* A count: from 0 to the limit. */
static bool parse_count(struct str text, int64_t limit, int64_t *ret)
{
    return str_integer(text, ret) && *ret >= 0 && *ret <= limit;
}

/* The next element; false at the array's end. */
static bool next_element(struct json_cursor *cursor, struct json_value *ret)
{
    struct err ignored;

    return json_array_more(cursor) && json_read(cursor, ret, &ignored);
}

static bool parse_offset(struct json_value entry, struct inputs *inputs)
{
    struct json_value topic, partition, next;
    int64_t partition_number = 0, next_number = 0;

    if (entry.kind != JSON_ARRAY)
        return false;
    struct json_cursor cursor = json_array_open(entry.raw);
    if (!next_element(&cursor, &topic) || !next_element(&cursor, &partition) ||
        !next_element(&cursor, &next) || topic.kind != JSON_STRING ||
        !parse_count(partition.raw, INT32_MAX, &partition_number) ||
        !parse_count(next.raw, INT64_MAX, &next_number))
        return false;
    inputs_seek(inputs, topic.raw, (int32_t)partition_number, next_number);
    return true;
}

static bool parse_offsets(struct json_value array, struct inputs *inputs)
{
    struct json_value entry;

    if (array.kind != JSON_ARRAY)
        return false;
    struct json_cursor cursor = json_array_open(array.raw);
    while (next_element(&cursor, &entry))
        if (!parse_offset(entry, inputs))
            return false;
    return true;
}

static bool parse_member(struct str name, struct json_value value, struct commit_record *record,
                         struct inputs *inputs)
{
    int64_t seq = 0;

    if (str_eq(name, STR("seq"))) {
        bool ok = parse_count(value.raw, INT64_MAX, &seq);
        record->seq = (uint64_t)seq;
        return ok;
    }
    if (str_eq(name, STR("plan")))
        return parse_hash(value.raw, &record->plan_hash);
    if (str_eq(name, STR("phase"))) {
        record->phase =
            str_eq_c(value.raw, phase_names[PHASE_REBUILDING]) ? PHASE_REBUILDING : PHASE_RUNNING;
        return true;
    }
    if (str_eq(name, STR("offsets")) && inputs != NULL)
        return parse_offsets(value, inputs);
    return true;
}

bool commit_record_parse(struct str text, struct commit_record *ret, struct inputs *inputs,
                         struct err *reterr)
{
    CLEANUP(arena) struct arena *arena = arena_new(4096);
    struct json_cursor cursor = json_open(text);
    struct commit_record record = {0};
    struct str name;
    struct json_value value;
    bool first = true, more = false;

    if (!json_object_begin(&cursor, reterr))
        goto unreadable;
    for (;;) {
        if (!json_object_next(&cursor, arena, &first, &more, &name, reterr))
            goto unreadable;
        if (!more)
            break;
        if (!json_read(&cursor, &value, reterr))
            goto unreadable;
        if (!parse_member(name, value, &record, inputs)) {
            err_set(reterr, ERR_STOP, "member \"%.*s\"", STR_ARG(name));
            goto unreadable;
        }
    }
    *ret = record;
    return true;
unreadable:
    return err_stop(reterr, EX_DATAERR, "the changelog's commit record can't be read: %s",
                    reterr->text);
}
