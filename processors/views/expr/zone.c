/* Time zones from the system's tz database (TZif files under /usr/share/zoneinfo). */
#include "expr/moment.h"

#include "record/text.h"
#include <ctype.h>
#include <dirent.h>
#include <strings.h>

#define ZONE_FOLDER "/usr/share/zoneinfo"
#define UNIX_2000 INT64_C(946684800)

enum { ZONE_FILE_MAX = 1 << 20, ZONE_NAME_MAX = 64, HEAD_SIZE = 44 };

/* The version 2 part of a file: transitions in seconds since 1970 and the type each leads to. */
struct zone_file {
    const uint8_t *times, *indexes, *types;
    uint32_t times_n, types_n;
    const char *rule; /* for what comes after the last transition */
    size_t rule_len;
};

/* A day on which clocks change every year, as POSIX writes it: Mm.w.d/time. */
struct rule_day {
    int month, week, day;
    int32_t time_s;
    bool valid;
};

struct rule {
    int32_t standard_s, daylight_s;
    bool has_daylight;
    struct rule_day start, end;
};

static int64_t read_i64(const uint8_t *at)
{
    return (int64_t)be_get(at, 8);
}

/* Offset of a type: six bytes each. */
static int32_t type_offset(const struct zone_file *file, uint32_t type)
{
    return (int32_t)(uint32_t)be_get(file->types + 6 * (size_t)type, 4);
}

static bool type_is_daylight(const struct zone_file *file, uint32_t type)
{
    return file->types[6 * (size_t)type + 4] != 0;
}

/* ---- the POSIX rule ---- */

static const char *skip_name(const char *at)
{
    if (*at == '<') {
        while (*at != '\0' && *at != '>')
            at++;
        return *at == '>' ? at + 1 : at;
    }
    while (isalpha((unsigned char)*at))
        at++;
    return at;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static const char *read_time(const char *at, int32_t *ret)
{
    int sign = *at == '-' ? -1 : 1, unit = 3600, total = 0;

    at += *at == '-' || *at == '+';
    for (;;) {
        int number = 0;

        while (isdigit((unsigned char)*at))
            number = number * 10 + (*at++ - '0');
        total += number * unit;
        unit /= 60;
        if (*at != ':' || unit == 0)
            break;
        at++;
    }
    *ret = sign * total;
    return at;
}

static const char *read_day(const char *at, struct rule_day *ret)
{
    int read = 0;

    *ret = (struct rule_day){.time_s = 7200};
    if (sscanf(at, ",M%d.%d.%d%n", &ret->month, &ret->week, &ret->day, &read) != 3)
        return at;
    ret->valid = true;
    at += read;
    return *at == '/' ? read_time(at + 1, &ret->time_s) : at;
}

static struct rule read_rule(const char *text, size_t len)
{
    char copy[128];
    struct rule rule = {0};
    const char *at = copy;

    if (len >= sizeof(copy))
        return rule;
    memcpy(copy, text, len);
    copy[len] = '\0';
    at = read_time(skip_name(at), &rule.standard_s);
    rule.standard_s = -rule.standard_s;
    rule.daylight_s = rule.standard_s + 3600;
    if (*at == '\0')
        return rule;
    at = skip_name(at);
    if (*at != ',' && *at != '\0') {
        at = read_time(at, &rule.daylight_s);
        rule.daylight_s = -rule.daylight_s;
    }
    at = read_day(at, &rule.start);
    read_day(at, &rule.end);
    rule.has_daylight = rule.start.valid && rule.end.valid;
    return rule;
}

/* When the day of the rule begins its change, in local seconds since 2000. */
static int64_t rule_moment(const struct rule_day *day, int year)
{
    int32_t first = text_days(year, day->month, 1);
    int shift = (day->day - day_of_week(first) + 7) % 7 + (day->week - 1) * 7;

    while (shift >= month_length(year, day->month))
        shift -= 7;
    return ((int64_t)first + shift) * 86400 + day->time_s;
}

static int32_t rule_offset_at(const struct zone_file *file, int64_t utc_s)
{
    struct rule rule = read_rule(file->rule, file->rule_len);
    int year, month, day;

    if (!rule.has_daylight)
        return rule.standard_s;
    text_date((int32_t)((utc_s + rule.standard_s) / 86400 - ((utc_s + rule.standard_s) < 0)), &year,
              &month, &day);
    int64_t start = rule_moment(&rule.start, year) - rule.standard_s;
    int64_t end = rule_moment(&rule.end, year) - rule.daylight_s;
    bool daylight = start < end ? utc_s >= start && utc_s < end : utc_s >= start || utc_s < end;
    return daylight ? rule.daylight_s : rule.standard_s;
}

/* ---- files ---- */

/* The bytes of one of the two parts, from its head on. */
static size_t part_size(const uint8_t *head, unsigned time_size)
{
    size_t isut = be_get(head + 20, 4), isstd = be_get(head + 24, 4), leap = be_get(head + 28, 4);
    size_t times = be_get(head + 32, 4), types = be_get(head + 36, 4), chars = be_get(head + 40, 4);

    return HEAD_SIZE + times * time_size + times + types * 6 + chars + leap * (time_size + 4) +
           isstd + isut;
}

static bool parse_file(const uint8_t *bytes, size_t len, struct zone_file *ret)
{
    size_t first, size;
    const uint8_t *head, *at;

    if (len < HEAD_SIZE || memcmp(bytes, "TZif", 4) != 0 || bytes[4] < '2')
        return false;
    first = part_size(bytes, 4);
    if (first + HEAD_SIZE > len)
        return false;
    head = bytes + first;
    size = part_size(head, 8);
    if (first + size >= len)
        return false;
    ret->times_n = (uint32_t)be_get(head + 32, 4);
    ret->types_n = (uint32_t)be_get(head + 36, 4);
    at = head + HEAD_SIZE;
    ret->times = at;
    ret->indexes = at + 8 * (size_t)ret->times_n;
    ret->types = ret->indexes + ret->times_n;
    ret->rule = (const char *)bytes + first + size + 1;
    const char *end = memchr(ret->rule, '\n', len - first - size - 1);
    ret->rule_len = end == NULL ? 0 : (size_t)(end - ret->rule);
    return ret->types_n > 0;
}

static const struct zone_file *read_file(const char *path, struct arena *arena)
{
    struct zone_file *file = arena_zalloc(arena, sizeof(*file));
    CLEANUP(file) FILE *in = fopen(path, "re");
    uint8_t *bytes;
    size_t len;

    if (in == NULL)
        return NULL;
    bytes = arena_alloc(arena, ZONE_FILE_MAX);
    len = fread(bytes, 1, ZONE_FILE_MAX, in);
    return parse_file(bytes, len, file) ? file : NULL;
}

/* Finds the entry of that name whatever its case; appends it to the path. */
static bool append_entry(char *path, size_t cap, const char *name)
{
    DIR *folder = opendir(path);
    bool found = false;

    if (folder == NULL)
        return false;
    for (struct dirent *entry = readdir(folder); entry != NULL && !found; entry = readdir(folder)) {
        if (strcasecmp(entry->d_name, name) != 0 || entry->d_name[0] == '.')
            continue;
        size_t len = strlen(path);

        found = snprintf(path + len, cap - len, "/%s", entry->d_name) < (int)(cap - len);
    }
    closedir(folder);
    return found;
}

static const struct zone_file *find_file(const char *name, struct arena *arena)
{
    char path[256] = ZONE_FOLDER, copy[ZONE_NAME_MAX], *rest = NULL;

    snprintf(copy, sizeof(copy), "%s", name);
    for (char *part = strtok_r(copy, "/", &rest); part != NULL; part = strtok_r(NULL, "/", &rest)) {
        if (!append_entry(path, sizeof(path), part))
            return NULL;
    }
    return read_file(path, arena);
}

/* PostgreSQL's default abbreviations that people write; the offset in minutes. */
static const struct {
    const char *name;
    int minutes;
} abbreviations[] = {
    {"utc", 0},     {"ut", 0},     {"z", 0},      {"zulu", 0},   {"gmt", 0},    {"wet", 0},
    {"west", 60},   {"bst", 60},   {"cet", 60},   {"met", 60},   {"cest", 120}, {"mest", 120},
    {"eet", 120},   {"eest", 180}, {"msk", 180},  {"est", -300}, {"edt", -240}, {"cst", -360},
    {"cdt", -300},  {"mst", -420}, {"mdt", -360}, {"pst", -480}, {"pdt", -420}, {"akst", -540},
    {"akdt", -480}, {"hst", -600}, {"jst", 540},  {"kst", 540},  {"hkt", 480},  {"aest", 600},
    {"aedt", 660},  {"acst", 570}, {"acdt", 630}, {"awst", 480}, {"nzst", 720}, {"nzdt", 780},
    {"ast", -240},  {"adt", -180}, {"nst", -210}, {"ndt", -150}, {"sast", 120},
};

static bool find_abbreviation(const char *name, struct zone *ret)
{
    for (size_t i = 0; i < sizeof(abbreviations) / sizeof(abbreviations[0]); i++) {
        if (strcasecmp(abbreviations[i].name, name) == 0) {
            *ret = (struct zone){NULL, abbreviations[i].minutes * 60};
            return true;
        }
    }
    return false;
}

/* "+05:30" and "UTC+3" as POSIX reads them: positive is west. */
static bool find_posix(const char *name, struct zone *ret)
{
    const char *at = name;
    int32_t west;

    if (*at == '<' || isalpha((unsigned char)*at))
        at = skip_name(at);
    if (*at != '+' && *at != '-' && !isdigit((unsigned char)*at))
        return false;
    at = read_time(at, &west);
    if (*at != '\0' || west > 167 * 3600 || west < -167 * 3600)
        return false;
    *ret = (struct zone){NULL, -west};
    return true;
}

void zone_find(struct str name, struct arena *arena, struct zone *ret, bool *ret_found)
{
    char copy[ZONE_NAME_MAX];
    const struct zone_file *file;

    *ret_found = false;
    if (name.len == 0 || name.len >= sizeof(copy) || memchr(name.at, '.', name.len) != NULL)
        return;
    memcpy(copy, name.at, name.len);
    copy[name.len] = '\0';
    *ret_found = find_abbreviation(copy, ret);
    if (*ret_found)
        return;
    file = isalpha((unsigned char)copy[0]) ? find_file(copy, arena) : NULL;
    if (file != NULL) {
        *ret = (struct zone){file, 0};
        *ret_found = true;
        return;
    }
    *ret_found = find_posix(copy, ret);
}

/* ---- offsets ---- */

/* The first type that is no daylight time rules before the first transition. */
static int32_t first_offset(const struct zone_file *file)
{
    for (uint32_t i = 0; i < file->types_n; i++) {
        if (!type_is_daylight(file, i))
            return type_offset(file, i);
    }
    return type_offset(file, 0);
}

int32_t zone_offset_at(const struct zone *zone, int64_t utc_us)
{
    const struct zone_file *file = zone->file;
    int64_t utc_s = utc_us / SECOND_US - (utc_us % SECOND_US < 0), unix_s = utc_s + UNIX_2000;
    uint32_t low = 0, high;

    if (file == NULL)
        return zone->offset_s;
    high = file->times_n;
    while (low < high) {
        uint32_t middle = (low + high) / 2;

        if (read_i64(file->times + 8 * (size_t)middle) <= unix_s)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == file->times_n && file->rule_len > 0)
        return rule_offset_at(file, utc_s);
    return low == 0 ? first_offset(file) : type_offset(file, file->indexes[low - 1]);
}

/* A day away on both sides the offsets are settled. Between: a time that does not exist, or exists
 * twice, is taken by the offset of standard time. */
int64_t zone_to_utc(const struct zone *zone, int64_t local_us)
{
    int32_t before = zone_offset_at(zone, local_us - DAY_US);
    int32_t after = zone_offset_at(zone, local_us + DAY_US);
    int64_t by_before = local_us - before * SECOND_US, by_after = local_us - after * SECOND_US;
    bool before_holds, after_holds;

    if (before == after)
        return by_before;
    before_holds = zone_offset_at(zone, by_before) == before;
    after_holds = zone_offset_at(zone, by_after) == after;
    if (before_holds != after_holds)
        return before_holds ? by_before : by_after;
    if (!before_holds) /* a gap: as if the clocks had not changed */
        return by_before;
    return by_after; /* twice: the later, standard time */
}

bool zone_of(const struct call *call, struct str name, struct zone *ret, struct err *reterr)
{
    bool found;

    if (call->prepared != NULL) {
        *ret = *(const struct zone *)call->prepared;
        return true;
    }
    zone_find(name, call->scratch, ret, &found);
    return found || err_sql(reterr, ERR_DEAD_LETTER, "22023", "time zone \"%.*s\" not recognized",
                            STR_ARG(name));
}
