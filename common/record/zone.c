/* Time zones from the system's tz database (TZif files under /usr/share/zoneinfo). */
#include "record/zone.h"

#include "base/buf.h"
#include "base/hash.h"
#include "record/time_fields.h"
#include <ctype.h>
#include <dirent.h>
#include <pthread.h>
#include <strings.h>

#define ZONE_FOLDER "/usr/share/zoneinfo"
#define UNIX_2000 INT64_C(946684800)
#define SECOND_LAST INT64_C(9223371331200) /* 294277-01-01 */

enum {
    ZONE_FILE_MAX = 1 << 16,
    ZONE_NAME_MAX = 64,
    ZONE_SLOTS = 256,
    ZONE_HOURS_MAX = 15,
    HEAD_SIZE = 44,
    FOOTER_MAX = 128
};

/* The version 2 part of a file: transitions in seconds since 1970 and the type each leads to. */
struct zone_file {
    struct zone_file *next; /* in its slot of the zones read */
    char name[ZONE_NAME_MAX];
    const uint8_t *times, *indexes, *types;
    const char *names; /* of types, each with its end */
    uint32_t times_n, types_n, names_n;
    bool has_rule; /* for what comes after the last transition */
    struct zone_rule rule;
    uint8_t bytes[];
};

/* Every zone that was asked for, as long as the process lives: at most as many as there are files.
 */
static struct {
    pthread_mutex_t lock; /* guards what follows */
    struct zone_file *slots[ZONE_SLOTS];
} zones = {.lock = PTHREAD_MUTEX_INITIALIZER};

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

/* ---- files ---- */

/* The bytes of one of the two parts, from its head on. */
static size_t part_size(const uint8_t *head, unsigned time_size)
{
    size_t isut = be_get(head + 20, 4), isstd = be_get(head + 24, 4), leap = be_get(head + 28, 4);
    size_t times = be_get(head + 32, 4), types = be_get(head + 36, 4), chars = be_get(head + 40, 4);

    return HEAD_SIZE + times * time_size + times + types * 6 + chars + leap * (time_size + 4) +
           isstd + isut;
}

/* The rule between two ends of line. */
static bool parse_footer(const char *at, size_t len, struct zone_rule *ret)
{
    char copy[FOOTER_MAX];
    const char *end = len < 2 ? NULL : memchr(at + 1, '\n', len - 1);
    size_t size = end == NULL ? 0 : (size_t)(end - at - 1);

    if (size == 0 || size >= sizeof(copy))
        return false;
    memcpy(copy, at + 1, size);
    copy[size] = '\0';
    return zone_rule_parse(copy, ret);
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
    ret->names = (const char *)ret->types + 6 * (size_t)ret->types_n;
    ret->names_n = (uint32_t)be_get(head + 40, 4);
    ret->has_rule = parse_footer((const char *)head + size, len - first - size, &ret->rule);
    return ret->types_n > 0;
}

/* NULL when there is none, or no zone in it. */
static struct zone_file *read_file(const char *path, const char *name)
{
    CLEANUP(file) FILE *in = fopen(path, "re");
    struct zone_file *file;
    long size;

    if (in == NULL || fseek(in, 0, SEEK_END) != 0)
        return NULL;
    size = ftell(in);
    if (size <= 0 || size > ZONE_FILE_MAX || fseek(in, 0, SEEK_SET) != 0)
        return NULL;
    file = calloc(1, sizeof(*file) + (size_t)size);
    if (file == NULL || fread(file->bytes, 1, (size_t)size, in) != (size_t)size ||
        !parse_file(file->bytes, (size_t)size, file)) {
        free(file);
        return NULL;
    }
    snprintf(file->name, sizeof(file->name), "%s", name);
    return file;
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

static struct zone_file *find_file(const char *name)
{
    char path[256] = ZONE_FOLDER, copy[ZONE_NAME_MAX], *rest = copy;

    snprintf(copy, sizeof(copy), "%s", name);
    while (rest != NULL) {
        if (!append_entry(path, sizeof(path), strsep(&rest, "/")))
            return NULL;
    }
    return read_file(path, name);
}

/* The zone of that name in small letters: one read before, or its file. The lock is held. */
static const struct zone_file *find_read(const char *name)
{
    struct zone_file **slot = &zones.slots[hash64(name, strlen(name)) % ZONE_SLOTS];

    for (const struct zone_file *file = *slot; file != NULL; file = file->next) {
        if (strcmp(file->name, name) == 0)
            return file;
    }
    struct zone_file *file = find_file(name);
    if (file != NULL) {
        file->next = *slot;
        *slot = file;
    }
    return file;
}

bool zone_named(struct str name, struct zone *ret)
{
    char copy[ZONE_NAME_MAX];
    const struct zone_file *file;

    if (name.len == 0 || name.len >= sizeof(copy) || memchr(name.at, '\0', name.len) != NULL)
        return false;
    for (size_t i = 0; i < name.len; i++)
        copy[i] = (char)tolower((unsigned char)name.at[i]);
    copy[name.len] = '\0';
    pthread_mutex_lock(&zones.lock);
    file = isalpha((unsigned char)copy[0]) ? find_read(copy) : NULL;
    pthread_mutex_unlock(&zones.lock);
    *ret = (struct zone){.file = file};
    return file != NULL || zone_rule_parse(copy, &ret->rule);
}

bool zone_find(struct str name, struct zone *ret)
{
    bool is_daylight;

    return zone_abbreviation(name, ret, &is_daylight) || zone_named(name, ret);
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

/* How many transitions there are up to that second since 1970. */
static uint32_t passed(const struct zone_file *file, int64_t unix_s)
{
    uint32_t low = 0, high = file->times_n;

    while (low < high) {
        uint32_t middle = (low + high) / 2;

        if (read_i64(file->times + 8 * (size_t)middle) <= unix_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int64_t second_of(int64_t utc_us)
{
    return utc_us / SECOND_US - (utc_us % SECOND_US < 0);
}

static int32_t file_offset_at(const struct zone_file *file, int64_t utc_s)
{
    uint32_t n = passed(file, utc_s + UNIX_2000);

    if (n == file->times_n && file->has_rule)
        return zone_rule_offset_at(&file->rule, utc_s);
    return n == 0 ? first_offset(file) : type_offset(file, file->indexes[n - 1]);
}

/* ---- abbreviations whose meaning changed ---- */

static bool is_type_named(const struct zone_file *file, uint32_t type, const char *name)
{
    uint8_t at = file->types[6 * (size_t)type + 5];

    return at < file->names_n && strncmp(file->names + at, name, file->names_n - at) == 0;
}

/* What the abbreviation meant at that moment: its last meaning up to then, else its first. False:
 * the zone does not know it. */
static bool abbreviation_offset(const struct zone *zone, int64_t utc_s, int32_t *ret)
{
    const struct zone_file *file = zone->file;
    uint32_t n;

    if (zone->abbreviation == NULL)
        return false;
    n = passed(file, utc_s + UNIX_2000);
    for (uint32_t i = n; i > 0; i--) {
        if (is_type_named(file, file->indexes[i - 1], zone->abbreviation)) {
            *ret = type_offset(file, file->indexes[i - 1]);
            return true;
        }
    }
    for (uint32_t i = n; i < file->times_n; i++) {
        if (is_type_named(file, file->indexes[i], zone->abbreviation)) {
            *ret = type_offset(file, file->indexes[i]);
            return true;
        }
    }
    return false;
}

int32_t zone_offset_at(const struct zone *zone, int64_t utc_us)
{
    int64_t utc_s = second_of(utc_us);
    int32_t offset;

    if (zone->file == NULL)
        return zone_rule_offset_at(&zone->rule, utc_s);
    return abbreviation_offset(zone, utc_s, &offset) ? offset : file_offset_at(zone->file, utc_s);
}

int64_t zone_to_utc(const struct zone *zone, int64_t local_us)
{
    struct zone plain = {.file = zone->file, .rule = zone->rule};
    int32_t before, after;
    int64_t by_before, by_after, utc_us;

    if (zone_is_fixed(zone, &before))
        return local_us - before * SECOND_US;
    /* a day away on both sides the offsets are settled */
    before = zone_offset_at(&plain, local_us - DAY_US);
    after = zone_offset_at(&plain, local_us + DAY_US);
    by_before = local_us - before * SECOND_US;
    by_after = local_us - after * SECOND_US;
    bool before_holds = zone_offset_at(&plain, by_before) == before;
    bool after_holds = zone_offset_at(&plain, by_after) == after;
    /* a gap: as if the clocks had not changed; a time that comes twice: the later */
    utc_us = before_holds != after_holds ? (before_holds ? by_before : by_after)
             : before_holds              ? by_after
                                         : by_before;
    return abbreviation_offset(zone, second_of(utc_us), &after) ? local_us - after * SECOND_US
                                                                : utc_us;
}

bool zone_is_settled(const struct zone *zone, int32_t *ret_offset_s)
{
    if (zone_is_fixed(zone, ret_offset_s))
        return true;
    if (zone->file == NULL || abbreviation_offset(zone, SECOND_LAST, ret_offset_s))
        return zone->file != NULL;
    *ret_offset_s = file_offset_at(zone->file, SECOND_LAST);
    return zone->file->has_rule && !zone->file->rule.has_daylight;
}

bool zone_is_fixed(const struct zone *zone, int32_t *ret_offset_s)
{
    const struct zone_file *file = zone->file;

    *ret_offset_s = file == NULL ? zone->rule.standard_s : type_offset(file, 0);
    if (file == NULL)
        return !zone->rule.has_daylight || zone->rule.daylight_s == zone->rule.standard_s;
    for (uint32_t i = 1; i < file->types_n; i++) {
        if (type_offset(file, i) != *ret_offset_s)
            return false;
    }
    return true;
}

enum zone_offset zone_read_offset(const char *text, int32_t *ret_offset_s)
{
    bool beyond = false;
    const char *at;
    int hours, minutes = 0, seconds = 0;

    if (*text != '+' && *text != '-')
        return ZONE_OFFSET_SYNTAX;
    hours = text_leading_int(text + 1, &at, &beyond);
    if (*at == ':') {
        minutes = text_leading_int(at + 1, &at, &beyond);
        if (*at == ':')
            seconds = text_leading_int(at + 1, &at, &beyond);
    } else if (*at == '\0' && at - text > 3) {
        minutes = hours % 100;
        hours /= 100;
    }
    if (beyond || hours < 0 || hours > ZONE_HOURS_MAX || minutes < 0 || minutes > 59 ||
        seconds < 0 || seconds > 59)
        return ZONE_OFFSET_RANGE;
    *ret_offset_s = ((hours * 60 + minutes) * 60 + seconds) * (*text == '-' ? -1 : 1);
    return *at == '\0' ? ZONE_OFFSET_OK : ZONE_OFFSET_SYNTAX;
}
