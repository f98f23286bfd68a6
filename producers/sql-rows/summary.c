#include "summary.h"
#include "record/json.h"
#include "stamp.h"

static void member_text(struct buf *out, const char *name, struct str text)
{
    if (out->at[out->len - 1] != '{')
        buf_char(out, ',');
    json_write_string(out, str_of(name));
    buf_char(out, ':');
    json_write_string(out, text);
}

static void member(struct buf *out, const char *name, int64_t number)
{
    if (out->at[out->len - 1] != '{')
        buf_char(out, ',');
    json_write_string(out, str_of(name));
    buf_char(out, ':');
    buf_i64(out, number);
}

/* A whole number stands bare: {"articleStatus":"created","days_back":30} */
static void criterion(struct buf *out, const char *parameter)
{
    size_t len = 0;
    const char *value = rows_parameter_value(parameter, &len);
    char name[128];
    bool whole = *value != '\0' && strlen(value) < 16 &&
                 value[strspn(value, "0123456789")] == '\0' && (*value != '0' || value[1] == '\0');

    snprintf(name, sizeof(name), "%.*s", (int)len, parameter);
    if (whole)
        member(out, name, strtoll(value, NULL, 10));
    else
        member_text(out, name, str_of(value));
}

void summary_begin(struct summary *summary, const struct rows_options *options, int64_t now_us,
                   int64_t now_ms)
{
    *summary = (struct summary){.began_us = now_us};
    account_begin(&summary->account, rows_service, options->topic, now_us, now_ms);
}

void summary_end(struct summary *summary, const char *error, int64_t now_ms)
{
    struct account *account = &summary->account;

    account_count(account, "source", "read", summary->read);
    account_count(account, "bronze", "snapshot", summary->snapshot);
    account_count(account, "bronze", "created", summary->created);
    account_count(account, "bronze", "updated", summary->updated);
    account_count(account, "bronze", "deleted", summary->deleted);
    account_count(account, "bronze", "dead_letters", summary->dead);
    account_end(account, false, error, now_ms);
}

void summary_print(struct buf *out, const struct rows_options *options,
                   const struct summary *summary)
{
    struct buf time CLEANUP(buf) = {0};

    stamp_iso(&time, summary->began_us);
    buf_char(out, '{');
    member_text(out, "pipeline", str_of(options->pipeline));
    member_text(out, "execution_time", buf_str(&time));
    member(out, options->count_name,
           summary->snapshot + summary->created + summary->updated + summary->deleted);
    member_text(out, "kafka_topic", str_of(options->topic));
    buf_puts(out, ",\"query_criteria\":{");
    for (size_t i = 0; i < options->parameters.n; i++)
        criterion(out, options->parameters.items[i]);
    if (options->as_of != NULL)
        member_text(out, "as_of", str_of(options->as_of));
    buf_puts(out, "},");
    account_members(out, &summary->account);
    buf_char(out, '}');
}
