#include "service/account.h"

#include "base/log.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void account_begin(struct account *account, const char *service, const char *run,
                   int64_t now_unix_us, int64_t now_ms)
{
    *account = (struct account){.service = service,
                                .run = run,
                                .status = "failed",
                                .began_unix_us = now_unix_us,
                                .began_ms = now_ms,
                                .stage_ms = now_ms};
}

/* The place of a count: its own, or a new one behind the last of its layer. */
static struct account_count *place_of(struct account *account, const char *layer, const char *what)
{
    size_t at = account->counts_n;

    for (size_t i = 0; i < account->counts_n; i++) {
        if (strcmp(account->counts[i].layer, layer) != 0)
            continue;
        if (strcmp(account->counts[i].what, what) == 0)
            return &account->counts[i];
        at = i + 1;
    }
    assert(account->counts_n < ACCOUNT_COUNTS_MAX);
    memmove(&account->counts[at + 1], &account->counts[at],
            (account->counts_n++ - at) * sizeof(account->counts[0]));
    account->counts[at] = (struct account_count){layer, what, 0};
    return &account->counts[at];
}

void account_count(struct account *account, const char *layer, const char *what, int64_t n)
{
    place_of(account, layer, what)->n += n;
}

void account_stage(struct account *account, const char *name, int64_t now_ms)
{
    int64_t took_ms = now_ms - account->stage_ms;
    size_t i = 0;

    account->stage_ms = now_ms;
    while (i < account->stages_n && strcmp(account->stages[i].name, name) != 0)
        i++;
    assert(i < ACCOUNT_STAGES_MAX);
    if (i == account->stages_n)
        account->stages[account->stages_n++] = (struct account_stage){name, 0};
    account->stages[i].ms += took_ms;
}

void account_end(struct account *account, bool stopped, const char *error, int64_t now_ms)
{
    account->took_ms = now_ms - account->began_ms;
    account->error = error;
    account->status = error != NULL ? "failed" : stopped ? "stopped" : "success";
}

static bool begins_layer(const struct account *account, size_t i)
{
    return i == 0 || strcmp(account->counts[i].layer, account->counts[i - 1].layer) != 0;
}

void account_text(struct buf *out, const struct account *account)
{
    buf_printf(out, "%s in %lld ms", account->status, (long long)account->took_ms);
    for (size_t i = 0; i < account->counts_n; i++) {
        const struct account_count *count = &account->counts[i];

        if (begins_layer(account, i))
            buf_printf(out, "%s %s", i == 0 ? ":" : ",", count->layer);
        buf_printf(out, " %s=%lld", count->what, (long long)count->n);
    }
    for (size_t i = 0; i < account->stages_n; i++)
        buf_printf(out, "%s %s %lld ms", i == 0 ? ";" : ",", account->stages[i].name,
                   (long long)account->stages[i].ms);
    if (account->error != NULL)
        buf_printf(out, "; %s", account->error);
}

static void write_string(struct buf *out, const char *text)
{
    buf_char(out, '"');
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < 0x20)
            buf_printf(out, "\\u%04x", c);
        else
            buf_printf(out, c == '"' || c == '\\' ? "\\%c" : "%c", c);
    }
    buf_char(out, '"');
}

static void write_counts(struct buf *out, const struct account *account)
{
    buf_puts(out, "\"counts\":{");
    for (size_t i = 0; i < account->counts_n; i++) {
        const struct account_count *count = &account->counts[i];
        bool begins = begins_layer(account, i);

        buf_puts(out, i == 0 ? "" : begins ? "}," : ",");
        if (begins)
            buf_printf(out, "\"%s\":{", count->layer);
        buf_printf(out, "\"%s\":%lld", count->what, (long long)count->n);
    }
    buf_puts(out, account->counts_n == 0 ? "},\"stages_ms\":{" : "}},\"stages_ms\":{");
    for (size_t i = 0; i < account->stages_n; i++)
        buf_printf(out, "%s\"%s\":%lld", i == 0 ? "" : ",", account->stages[i].name,
                   (long long)account->stages[i].ms);
    buf_char(out, '}');
}

static void write_time(struct buf *out, int64_t unix_us)
{
    time_t seconds = (time_t)(unix_us / 1000000);
    char text[32];
    struct tm utc;

    gmtime_r(&seconds, &utc);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    buf_printf(out, "\"%s.%03dZ\"", text, (int)(unix_us % 1000000 / 1000));
}

void account_members(struct buf *out, const struct account *account)
{
    buf_puts(out, "\"service\":");
    write_string(out, account->service);
    buf_puts(out, ",\"run\":");
    write_string(out, account->run);
    buf_printf(out, ",\"status\":\"%s\",\"began\":", account->status);
    write_time(out, account->began_unix_us);
    buf_printf(out, ",\"duration_ms\":%lld", (long long)account->took_ms);
    if (account->error != NULL) {
        buf_puts(out, ",\"error\":");
        write_string(out, account->error);
    }
    buf_char(out, ',');
    write_counts(out, account);
}

void account_json(struct buf *out, const struct account *account)
{
    buf_char(out, '{');
    account_members(out, account);
    buf_char(out, '}');
}

void account_tell(const struct account *account, const char *what, struct str json)
{
    CLEANUP(buf) struct buf text = {0}, own = {0};

    account_text(&text, account);
    log_info("run ended", LOG_STR(what, account->run), LOG_STR("account", buf_cstr(&text)));
    if (json.at == NULL) {
        account_json(&own, account);
        json = buf_str(&own);
    }
    fwrite(json.at, 1, json.len, stdout);
    fputc('\n', stdout);
    fflush(stdout);
}
