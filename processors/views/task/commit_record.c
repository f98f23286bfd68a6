#include "task/commit_record.h"

#include "record/json.h"
#include <stdlib.h>

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

/* Digits of the given base, all of the view; false otherwise. */
static bool parse_unsigned(struct str text, int base, uint64_t *ret)
{
    char digits[24];
    char *end = NULL;

    if (text.len == 0 || text.len >= sizeof(digits))
        return false;
    memcpy(digits, text.at, text.len);
    digits[text.len] = '\0';
    *ret = strtoull(digits, &end, base);
    return *end == '\0' && digits[0] != '-';
}

/* The next element of an array whose opening bracket has been passed; false at its end or on a
 * fault (which the caller's parse will show). */
static bool next_element(struct json_cursor *cursor, struct json_value *ret)
{
    struct err ignored;

    while (cursor->at < cursor->end && (*cursor->at == ',' || *cursor->at == ' '))
        cursor->at++;
    return cursor->at < cursor->end && *cursor->at != ']' && json_read(cursor, ret, &ignored);
}

/* A cursor inside an array's brackets. */
static struct json_cursor enter_array(struct json_value array)
{
    return json_open((struct str){array.raw.at + 1, array.raw.len - 1});
}

static bool parse_offset(struct json_value entry, struct inputs *inputs)
{
    struct json_value topic, partition, next;
    uint64_t partition_number = 0, next_number = 0;

    if (entry.kind != JSON_ARRAY)
        return false;
    struct json_cursor cursor = enter_array(entry);
    if (!next_element(&cursor, &topic) || !next_element(&cursor, &partition) ||
        !next_element(&cursor, &next) || topic.kind != JSON_STRING ||
        !parse_unsigned(partition.raw, 10, &partition_number) ||
        !parse_unsigned(next.raw, 10, &next_number))
        return false;
    inputs_seek(inputs, topic.raw, (int32_t)partition_number, (int64_t)next_number);
    return true;
}

static bool parse_offsets(struct json_value array, struct inputs *inputs)
{
    struct json_value entry;

    if (array.kind != JSON_ARRAY)
        return false;
    struct json_cursor cursor = enter_array(array);
    while (next_element(&cursor, &entry))
        if (!parse_offset(entry, inputs))
            return false;
    return true;
}

static bool parse_member(struct str name, struct json_value value, struct commit_record *record,
                         struct inputs *inputs)
{
    if (str_eq(name, STR("seq")))
        return parse_unsigned(value.raw, 10, &record->seq);
    if (str_eq(name, STR("plan")))
        return parse_unsigned(value.raw, 16, &record->plan_hash);
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
