#include "http/fetch.h"

#include "base/clock.h"
#include "base/str.h"
#include "http/header.h"
#include <curl/curl.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>

enum { CONNECT_TIMEOUT_MS = 10000, REDIRECTS_MAX = 5, RETRY_AFTER_MAX_MS = 3600 * 1000 };

const struct option fetch_options[] = {
    {.name = "url-username",
     .kind = OPTION_STRING,
     .offset = offsetof(struct fetch_config, username),
     .value_name = "NAME",
     .help = "turns Basic authentication on"},
    {.name = "url-password",
     .kind = OPTION_SECRET,
     .offset = offsetof(struct fetch_config, password),
     .value_name = "FILE",
     .help = "file with its password"},
    {.name = "url-ca-file",
     .kind = OPTION_STRING,
     .offset = offsetof(struct fetch_config, ca_file),
     .value_name = "FILE",
     .help = "certificate authorities to trust in place of the system's"},
    {.name = "url-timeout",
     .kind = OPTION_DURATION,
     .offset = offsetof(struct fetch_config, timeout_ms),
     .fallback = "30s",
     .min = 100,
     .max = 3600000,
     .value_name = "DURATION",
     .help = "longest silence of a server"},
    {.name = "url-size",
     .kind = OPTION_SIZE,
     .offset = offsetof(struct fetch_config, size_max),
     .fallback = "8GiB",
     .min = 1,
     .max = INT64_C(1) << 46,
     .value_name = "SIZE",
     .help = "a longer answer is refused"},
    {.name = "url-attempts",
     .kind = OPTION_INT,
     .offset = offsetof(struct fetch_config, attempts),
     .fallback = "6",
     .min = 1,
     .max = 1000,
     .value_name = "N",
     .help = "how often a request is tried within one run"},
    {0}};

struct transfer {
    const struct fetch *fetch;
    struct fetch_answer *answer;
    CURL *curl;
    FILE *file;
    char retry_after[128];
    int64_t heard_ms;
    bool too_long, silent, stopped, disk_full;
};

static size_t on_body(char *bytes, size_t size, size_t n, void *arg)
{
    struct transfer *transfer = arg;
    long status = 0;

    transfer->heard_ms = clock_mono_ms();
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return size * n; /* an error page */
    transfer->answer->bytes += (int64_t)(size * n);
    transfer->too_long = transfer->answer->bytes > transfer->fetch->config->size_max;
    if (transfer->too_long)
        return 0;
    transfer->disk_full = fwrite(bytes, size, n, transfer->file) != n;
    return transfer->disk_full ? 0 : size * n;
}

/* Copies the value behind "name:" when the line has that name and the value fits. */
static void keep(struct str line, const char *name, char *into, size_t room)
{
    struct str value;

    if (header_value(line, name, &value) && value.len < room)
        snprintf(into, room, "%.*s", STR_ARG(value));
}

static size_t on_header(char *bytes, size_t size, size_t n, void *arg)
{
    struct transfer *transfer = arg;
    struct fetch_answer *answer = transfer->answer;
    struct str line = {bytes, size * n};

    transfer->heard_ms = clock_mono_ms();
    if (str_starts(line, STR("HTTP/")))
        answer->etag[0] = answer->modified[0] = transfer->retry_after[0] = '\0';
    keep(line, "etag", answer->etag, sizeof(answer->etag));
    keep(line, "last-modified", answer->modified, sizeof(answer->modified));
    keep(line, "retry-after", transfer->retry_after, sizeof(transfer->retry_after));
    return size * n;
}

static int on_progress(void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up_now)
{
    struct transfer *transfer = arg;
    const struct fetch *fetch = transfer->fetch;

    (void)total, (void)now, (void)up_total, (void)up_now;
    transfer->stopped = fetch->tick != NULL && !fetch->tick(fetch->arg);
    transfer->silent = clock_mono_ms() - transfer->heard_ms > fetch->config->timeout_ms;
    return transfer->stopped || transfer->silent;
}

static struct curl_slist *add_line(struct curl_slist *list, const char *name, const char *value)
{
    char line[512];

    snprintf(line, sizeof(line), "%s: %s", name, value);
    struct curl_slist *longer = curl_slist_append(list, line);
    if (longer == NULL)
        err_no_memory(sizeof(line));
    return longer;
}

static struct curl_slist *conditions(const struct fetch *fetch)
{
    struct curl_slist *lines = NULL;

    if (fetch->etag != NULL && fetch->etag[0] != '\0')
        lines = add_line(lines, "If-None-Match", fetch->etag);
    else if (fetch->modified != NULL && fetch->modified[0] != '\0')
        lines = add_line(lines, "If-Modified-Since", fetch->modified);
    return lines;
}

static void configure(struct transfer *transfer, struct curl_slist *lines, char *error)
{
    const struct fetch_config *config = transfer->fetch->config;
    CURL *curl = transfer->curl;

    curl_easy_setopt(curl, CURLOPT_URL, transfer->fetch->url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
    curl_easy_setopt(
        curl, CURLOPT_CONNECTTIMEOUT_MS,
        (long)(config->timeout_ms < CONNECT_TIMEOUT_MS ? config->timeout_ms : CONNECT_TIMEOUT_MS));
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "sluice/" SLUICE_VERSION);
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
    if (config->ca_file != NULL)
        curl_easy_setopt(curl, CURLOPT_CAINFO, config->ca_file);
    if (config->username != NULL) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(curl, CURLOPT_USERNAME, config->username);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, config->password == NULL ? "" : config->password);
    }
}

int64_t fetch_retry_after_ms(const char *value, int64_t now_unix_ms)
{
    char *end = NULL;
    int64_t ms = -1;

    if (value[0] >= '0' && value[0] <= '9') {
        long long seconds = strtoll(value, &end, 10);
        bool large = seconds > RETRY_AFTER_MAX_MS / 1000;

        ms = *end != '\0' ? -1 : large ? RETRY_AFTER_MAX_MS : seconds * 1000;
    } else if (value[0] != '\0') {
        time_t at = curl_getdate(value, NULL);

        ms = at == -1 ? -1 : (int64_t)at * 1000 - now_unix_ms;
        ms = at != -1 && ms < 0 ? 0 : ms;
    }
    return ms > RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : ms;
}

/* What went wrong before there was a whole answer. */
static bool transfer_failed(const struct transfer *transfer, CURLcode code, const char *detail,
                            struct err *reterr)
{
    const struct fetch_config *config = transfer->fetch->config;

    if (transfer->disk_full)
        return err_stop(reterr, EX_CANTCREAT, "the download can't be stored: %s", strerror(errno));
    if (transfer->too_long)
        return err_stop(reterr, EX_DATAERR, "the answer is longer than --url-size (%lld bytes)",
                        (long long)config->size_max);
    if (transfer->silent)
        return err_set(reterr, ERR_RETRY, "the server was silent for %lld ms",
                       (long long)config->timeout_ms);
    if (transfer->stopped)
        return err_set(reterr, ERR_RETRY, "stopped");
    switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_BAD_CONTENT_ENCODING:
        return err_stop(reterr, EX_CONFIG, "%s",
                        detail[0] == '\0' ? curl_easy_strerror(code) : detail);
    default:
        return err_set(reterr, ERR_RETRY, "%s",
                       detail[0] == '\0' ? curl_easy_strerror(code) : detail);
    }
}

static bool judge_status(long status, struct err *reterr)
{
    if (status == 200 || status == 304)
        return true;
    if (status == 408 || status == 425 || status == 429 || status >= 500)
        return err_set(reterr, ERR_RETRY, "HTTP status %ld", status);
    return err_stop(reterr,
                    status == 401 || status == 403   ? EX_NOPERM
                    : status == 404 || status == 410 ? EX_NOINPUT
                                                     : EX_PROTOCOL,
                    "HTTP status %ld", status);
}

static bool perform(struct transfer *transfer, struct err *reterr)
{
    struct fetch_answer *answer = transfer->answer;
    struct curl_slist *lines = conditions(transfer->fetch);
    char detail[CURL_ERROR_SIZE] = "";
    long status = 0;

    configure(transfer, lines, detail);
    CURLcode code = curl_easy_perform(transfer->curl);
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(lines);
    answer->retry_after_ms = fetch_retry_after_ms(transfer->retry_after, clock_wall_us() / 1000);
    if (code != CURLE_OK)
        return transfer_failed(transfer, code, detail, reterr);
    if (!judge_status(status, reterr))
        return false;
    answer->unchanged = status == 304;
    if (fflush(transfer->file) != 0)
        return err_stop(reterr, EX_CANTCREAT, "the download can't be stored: %s", strerror(errno));
    return true;
}

bool fetch_get(const struct fetch *fetch, struct fetch_answer *ret, struct err *reterr)
{
    struct transfer transfer = {.fetch = fetch, .answer = ret, .heard_ms = clock_mono_ms()};
    int fd = dup(fetch->fd);

    *ret = (struct fetch_answer){.retry_after_ms = -1};
    if (fd < 0 || ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0 ||
        (transfer.file = fdopen(fd, "wb")) == NULL) {
        if (fd >= 0)
            close(fd);
        return err_stop(reterr, EX_CANTCREAT, "the download can't be stored: %s", strerror(errno));
    }
    transfer.curl = curl_easy_init();
    if (transfer.curl == NULL)
        err_no_memory(0);
    bool ok = perform(&transfer, reterr);
    curl_easy_cleanup(transfer.curl);
    fclose(transfer.file);
    return ok;
}
