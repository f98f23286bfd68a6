#include "events.h"

#include <string.h>
#include <sysexits.h>

enum { EVENTS = 100000, USERS = 5000, BLOCK = 1000, DAYS = 7, LINE_MAX_BYTES = 512 };

/* What a line is; how many of a thousand. */
enum kind { GOOD, INVALID_USER, MISSING_FIELD, CUT, KINDS };
static const uint32_t kind_weights[KINDS] = {950, 25, 20, 5};

enum field { TIMESTAMP, USER, EVENT, DEVICE, LOCATION, FIELDS };
static const char *const names[] = {"login",  "view",   "purchase",   "logout",
                                    "signup", "search", "add_to_cart"};
static const char *const devices[] = {"mobile", "desktop", "tablet"};
static const char *const locations[] = {"Amsterdam", "Berlin", "Kraków", "Lagos",  "Lima",
                                        "New York",  "Osaka",  "Paris",  "Sydney", "Zürich"};
static const char *const pages[] = {"home", "category", "product", "cart", "checkout"};
static const char *const queries[] = {"shoes", "\"winter\" coat", "tea & cake", "lamp <led>",
                                      "größe 42"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PICK(random, array) (array)[random_below(random, COUNT(array))]

/* What each kind of event says besides. */
static void write_details(struct random *random, FILE *line, const char *event, uint32_t user)
{
    char amount[24];

    if (strcmp(event, "purchase") == 0) {
        out_hundredths(500 + random_below(random, 49501), amount, sizeof(amount));
        fprintf(line, ",\"product_id\":\"PROD_%04u\",\"amount\":%s,\"quantity\":%u",
                1 + random_below(random, 200), amount, 1 + random_below(random, 5));
    } else if (strcmp(event, "view") == 0) {
        fprintf(line, ",\"page\":\"%s\",\"duration_seconds\":%u", PICK(random, pages),
                1 + random_below(random, 300));
    } else if (strcmp(event, "search") == 0) {
        fputs(",\"query\":", line);
        out_json(line, PICK(random, queries));
    } else if (strcmp(event, "signup") == 0) {
        fprintf(line, ",\"email\":\"user%u@example.com\"", user);
    }
}

static void write_event(struct random *random, FILE *line, enum kind kind, int64_t today)
{
    uint32_t missing = kind == MISSING_FIELD ? random_below(random, FIELDS) : FIELDS;
    uint32_t before_s = random_below(random, DAYS * 86400), user = 1 + random_below(random, USERS);
    const char *event = PICK(random, names), *separator = "";
    int64_t second = today * 86400 - 1 - before_s;
    char day[16];

    out_day(second / 86400, day, sizeof(day));
    second %= 86400;
    putc('{', line);
    if (missing != TIMESTAMP) {
        fprintf(line, "\"timestamp\":\"%sT%02d:%02d:%02d\"", day, (int)(second / 3600),
                (int)(second / 60 % 60), (int)(second % 60));
        separator = ",";
    }
    if (kind == INVALID_USER)
        fprintf(line, "%s\"user_id\":\"invalid\"", separator);
    else if (missing != USER)
        fprintf(line, "%s\"user_id\":%u", separator, user);
    if (missing != EVENT)
        fprintf(line, ",\"event\":\"%s\"", event);
    if (missing != DEVICE)
        fprintf(line, ",\"device\":\"%s\"", PICK(random, devices));
    if (missing != LOCATION)
        fprintf(line, ",\"location\":\"%s\"", PICK(random, locations));
    write_details(random, line, event, user);
    putc('}', line);
}

/* One line; of a cut one half is left. */
static bool write_line(struct random *random, FILE *file, enum kind kind, int64_t today,
                       struct err *reterr)
{
    char text[LINE_MAX_BYTES];
    FILE *line = fmemopen(text, sizeof(text), "w");

    if (line == NULL)
        return err_stop(reterr, EX_OSERR, "no memory for a line");
    write_event(random, line, kind, today);
    fclose(line);
    fprintf(file, "%.*s\n", (int)(kind == CUT ? strlen(text) / 2 : strlen(text)), text);
    return true;
}

bool events_files(const struct files_config *config, struct err *reterr)
{
    static const char name[] = "events.ndjson";
    struct random random = {config->seed};
    int64_t rows = config->rows > 0 ? config->rows : EVENTS;
    unsigned char kinds[BLOCK];
    FILE *file = NULL;

    if (!out_open(config, name, &file, reterr))
        return false;
    for (int64_t at = 0; at < rows; at++) {
        if (at % BLOCK == 0)
            deal(&random, kinds, BLOCK, kind_weights, KINDS);
        if (!write_line(&random, file, kinds[at % BLOCK], config->today, reterr)) {
            fclose(file);
            return false;
        }
    }
    return out_close(file, config, name, reterr);
}
