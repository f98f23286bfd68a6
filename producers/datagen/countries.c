#include "countries.h"

#include <string.h>

enum {
    COUNTRIES = 250,
    ANTARCTIC_FROM = 245, /* the last five have neither subregion nor much else */
    NAME_STARTS = 25,
    ZONES = 39,
    SNAPSHOTS = 6
};

enum region { AFRICA, AMERICAS, EUROPE, ASIA, OCEANIA, ANTARCTIC, REGIONS };

static const struct {
    const char *name;
    unsigned countries;
    const char *subregions[7];
} regions[REGIONS] = {
    {"Africa",
     59,
     {"Northern Africa", "Eastern Africa", "Middle Africa", "Southern Africa", "Western Africa"}},
    {"Americas", 56, {"Caribbean", "Central America", "North America", "South America"}},
    {"Europe",
     53,
     {"Central Europe", "Eastern Europe", "Northern Europe", "Southeast Europe", "Southern Europe",
      "Western Europe"}},
    {"Asia",
     50,
     {"Central Asia", "Eastern Asia", "South-Eastern Asia", "Southern Asia", "Western Asia"}},
    {"Oceania", 27, {"Australia and New Zealand", "Melanesia", "Micronesia", "Polynesia"}},
    {"Antarctic", 5, {""}}};

static const char *const name_starts[NAME_STARTS] = {
    "Al",  "Bel", "Cor", "Dar",  "El",  "Fen", "Gal", "Hel", "Ist", "Jor",  "Kal", "Lor", "Mar",
    "Nor", "Os",  "Pal", "Quin", "Ros", "Sel", "Tor", "Ul",  "Ver", "West", "Yor", "Zan"};
static const char *const name_ends[] = {"avia", "burg",  "dor", "ia",   "land",
                                        "mark", "nesia", "ora", "stan", "ua"};
/* Names that a careless writer of CSV, SQL or JSON gets wrong. */
static const struct {
    unsigned at;
    const char *name;
} odd_names[] = {{3, "Côte d'Azur"},         {17, "Saint Hélène, Ascension and Tristan"},
                 {60, "The \"Free\" Isles"}, {111, "Åsgård Islands"},
                 {160, "São Tomás"},         {203, "Curaçau"},
                 {230, "Back\\slash Keys"}};
static const char *const languages[][2] = {
    {"eng", "English"},          {"fra", "French"},  {"ara", "Arabic"}, {"spa", "Spanish"},
    {"por", "Portuguese"},       {"grn", "Guaraní"}, {"deu", "German"}, {"zho", "Chinese"},
    {"nob", "Norwegian Bokmål"}, {"swa", "Swahili"}, {"msa", "Malay"}};
enum { LANGUAGES = sizeof(languages) / sizeof(languages[0]) };

/* A country; what changes has a version, and its text follows from it. */
struct country {
    enum region region;
    unsigned subregion, number; /* of the world's first state: names follow from it */
    unsigned name_version, flags_version, currency_version, capital_version, language_version;
    int64_t area, population; /* in hundredths; people */
    bool renamed, gone;
};

struct world {
    struct random random;
    struct country countries[COUNTRIES + 1];
    unsigned n;
    unsigned char order[COUNTRIES]; /* who changes first */
};

static void common_name(const struct country *one, char *to, size_t size)
{
    for (size_t i = 0; i < sizeof(odd_names) / sizeof(odd_names[0]); i++) {
        if (odd_names[i].at == one->number) {
            snprintf(to, size, "%s", odd_names[i].name);
            return;
        }
    }
    snprintf(to, size, "%s%s%s", one->renamed ? "North " : "",
             name_starts[one->number % NAME_STARTS],
             one->number == COUNTRIES ? "topia" : name_ends[one->number / NAME_STARTS]);
}

static void make_world(struct world *world)
{
    uint32_t once[COUNTRIES];
    unsigned at = 0;

    for (enum region region = AFRICA; region < REGIONS; region++) {
        unsigned subregions = 1;

        while (subregions < 7 && regions[region].subregions[subregions] != NULL)
            subregions++;
        for (unsigned i = 0; i < regions[region].countries; i++, at++) {
            struct country *one = &world->countries[at];

            *one = (struct country){.region = region, .number = at, .subregion = i % subregions};
            one->area = 100 * (int64_t)(1 + random_below(&world->random, 2000000));
            if (at % 25 == 7)
                one->area = 49 + at / 25 * 1151; /* 0.49, 12, 23.51 ... */
            one->population = 1 + random_below(&world->random, 60000000);
        }
    }
    world->n = COUNTRIES;
    for (unsigned i = ANTARCTIC_FROM; i < ANTARCTIC_FROM + 3; i++)
        world->countries[i].population = 0;
    for (unsigned i = 0; i < COUNTRIES; i++)
        once[i] = 1;
    deal(&world->random, world->order, COUNTRIES, once, COUNTRIES);
}

static void write_flags(FILE *file, const struct country *one, const char *name)
{
    fprintf(file,
            "\"flags\":{\"png\":\"https://flags.example/w320/%u.v%u.png\",\"svg\":\"https://"
            "flags.example/%u.v%u.svg\",\"alt\":",
            one->number, one->flags_version, one->number, one->flags_version);
    if (one->number % 4 == 1 && one->number < 228) { /* 57 of 250 */
        fputs("\"\"", file);
    } else {
        char alt[160];

        snprintf(alt, sizeof(alt),
                 "The flag of %s has %u bands — one is \"new\", since version %u.", name,
                 2 + one->number % 3, one->flags_version);
        out_json(file, alt);
    }
    putc('}', file);
}

static void write_name(FILE *file, const struct country *one, const char *name)
{
    char official[128], native[128];

    snprintf(official, sizeof(official), "%s of %s",
             one->name_version > 0 ? "Federal Union" : "Republic", name);
    snprintf(native, sizeof(native), "Ñ %s", name);
    fputs(",\"name\":{\"common\":", file);
    out_json(file, name);
    fputs(",\"official\":", file);
    out_json(file, official);
    fprintf(file, ",\"nativeName\":{\"%s\":{\"official\":", languages[one->number % LANGUAGES][0]);
    out_json(file, official);
    fputs(",\"common\":", file);
    out_json(file, native);
    fputs("}}}", file);
}

/* 36 share one, 20 another, three have none; each other has its own. */
static void write_currencies(FILE *file, const struct country *one)
{
    const char *new_name = one->currency_version == 0   ? ""
                           : one->currency_version == 1 ? " (new)"
                                                        : " (newest)";

    if (one->number >= ANTARCTIC_FROM && one->number < ANTARCTIC_FROM + 3)
        fputs(",\"currencies\":{}", file);
    else if (one->region == EUROPE && one->number < 59 + 56 + 36)
        fprintf(file, ",\"currencies\":{\"EUR\":{\"name\":\"euro%s\",\"symbol\":\"€\"}}", new_name);
    else if (one->region == AMERICAS && one->number % 3 == 0)
        fprintf(file,
                ",\"currencies\":{\"USD\":{\"name\":\"dollar%s\",\"symbol\":\"$\"},\"Q%c%c\":{"
                "\"name\":\"peso %u\",\"symbol\":\"\\\"\"}}",
                new_name, (char)('A' + one->number / 26), (char)('A' + one->number % 26),
                one->number);
    else
        fprintf(file, ",\"currencies\":{\"X%c%c\":{\"name\":\"crown %u%s\",\"symbol\":\"kr.\"}}",
                (char)('A' + one->number / 26), (char)('A' + one->number % 26), one->number,
                new_name);
}

/* Four have no capital, two have several. */
static void write_capitals(FILE *file, const struct country *one)
{
    unsigned n = one->number == 40                                                   ? 2
                 : one->number == 80                                                 ? 3
                 : one->number >= ANTARCTIC_FROM && one->number < ANTARCTIC_FROM + 4 ? 0
                                                                                     : 1;
    char capital[96];

    fputs(",\"capital\":[", file);
    for (unsigned i = 0; i < n; i++) {
        snprintf(capital, sizeof(capital), "%s%s%s", one->number % 5 == 2 ? "Saint John's-" : "",
                 name_starts[(one->number + i + 7 * one->capital_version) % NAME_STARTS],
                 name_ends[(one->number + i) % 10]);
        fputs(i == 0 ? "" : ",", file);
        out_json(file, capital);
    }
    putc(']', file);
}

static void write_places(FILE *file, const struct country *one)
{
    char area[32];

    fprintf(file, ",\"region\":\"%s\",\"subregion\":\"%s\",\"languages\":{",
            regions[one->region].name, regions[one->region].subregions[one->subregion]);
    for (unsigned i = 0; i < 1 + one->number % 3 && one->number != ANTARCTIC_FROM; i++) {
        const char *const *language =
            languages[(one->number + 3 * i + one->language_version) % LANGUAGES];

        fprintf(file, "%s\"%s\":\"%s\"", i == 0 ? "" : ",", language[0], language[1]);
    }
    fprintf(file, "},\"area\":%s,\"population\":%lld,\"timezones\":[",
            out_hundredths(one->area, area, sizeof(area)), (long long)one->population);
    for (unsigned i = 0; i < 1 + (one->number % 11 == 0) * 2; i++)
        fprintf(file, "%s\"UTC%c%02u:%02u\"", i == 0 ? "" : ",", one->number % 2 == 0 ? '+' : '-',
                (one->number % ZONES / 2 + i) % 13, one->number % 13 == 0 ? 30U : 0U);
    fputs("]}", file);
}

static void write_country(FILE *file, const struct country *one)
{
    char name[64];

    common_name(one, name, sizeof(name));
    putc('{', file);
    write_flags(file, one, name);
    write_name(file, one, name);
    write_currencies(file, one);
    write_capitals(file, one);
    write_places(file, one);
}

/* Countries of which just one thing is wrong; no name, and an empty one, among them. */
static const struct {
    const char *name, *region, *area, *population, *capital, *currencies, *timezones;
} broken[] = {
    {"{\"official\":\"No Common Name\"}", "Europe", "1", "1", "[]", "{}", "[]"},
    {"{\"common\":\"\",\"official\":\"Empty\"}", "Europe", "1", "1", "[]", "{}", "[]"},
    {"{\"common\":\"Dirty Region\"}", "Atlantis", "1", "1", "[]", "{}", "[]"},
    {"{\"common\":\"Dirty Area\"}", "Europe", "0", "1", "[]", "{}", "[]"},
    {"{\"common\":\"Dirty Population\"}", "Europe", "1", "-1", "[]", "{}", "[]"},
    {"{\"common\":\"Dirty Fraction\"}", "Europe", "1", "1.5", "[]", "{}", "[]"},
    {"{\"common\":\"Dirty Capital\"}", "Europe", "1", "1", "null", "{}", "[]"},
    {"{\"common\":\"Dirty Currencies\"}", "Europe", "1", "1", "[]", "[]", "[]"},
    {"{\"common\":\"Dirty Timezones\"}", "Europe", "1", "1", "[]", "{}", "{}"},
};

/* The first country once more, and a country for each rule. */
static void write_broken(FILE *file, const struct country *first)
{
    struct country again = *first;

    again.population++;
    fputs(",\n", file);
    write_country(file, &again);
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
        fprintf(
            file,
            ",\n{\"flags\":{\"png\":\"\",\"svg\":\"\",\"alt\":\"\"},\"name\":%s,\"currencies\":%s,"
            "\"capital\":%s,\"region\":\"%s\",\"subregion\":\"\",\"languages\":{},"
            "\"area\":%s,\"population\":%s,\"timezones\":%s}",
            broken[i].name, broken[i].currencies, broken[i].capital, broken[i].region,
            broken[i].area, broken[i].population, broken[i].timezones);
}

static bool write_snapshot(const struct world *world, const struct files_config *config, int number,
                           struct err *reterr)
{
    const char *separator = "\n";
    char name[32];
    FILE *file = NULL;

    snprintf(name, sizeof(name), "countries_%d.json", number);
    if (!out_open(config, name, &file, reterr))
        return false;
    putc('[', file);
    for (unsigned i = 0; i < world->n; i++) {
        if (world->countries[i].gone)
            continue;
        fputs(separator, file);
        write_country(file, &world->countries[i]);
        separator = ",\n";
    }
    if (config->dirty)
        write_broken(file, &world->countries[0]);
    fputs("\n]\n", file);
    return out_close(file, config, name, reterr);
}

/* The i-th country to change; those of the Antarctic, where much is empty, come last. */
static struct country *changing(struct world *world, unsigned i)
{
    for (unsigned at = 0, seen = 0; at < COUNTRIES; at++)
        if (world->order[at] < ANTARCTIC_FROM && seen++ == i)
            return &world->countries[world->order[at]];
    return &world->countries[ANTARCTIC_FROM + i % (COUNTRIES - ANTARCTIC_FROM)];
}

/* Nine countries: currencies 5, capital 2, languages 1, name 1. */
static void change_to_2(struct world *world)
{
    for (unsigned i = 0; i < 5; i++)
        changing(world, i)->currency_version++;
    changing(world, 5)->capital_version++;
    changing(world, 6)->capital_version++;
    changing(world, 7)->language_version++;
    changing(world, 8)->name_version++;
}

/* All but three: population 247, flags 2; two countries are empty from now on. */
static void change_to_3(struct world *world)
{
    for (unsigned i = 0; i < COUNTRIES; i++)
        if (world->countries[i].population > 0)
            world->countries[i].population += 1 + random_below(&world->random, 90000);
    world->countries[ANTARCTIC_FROM + 3].population =
        world->countries[ANTARCTIC_FROM + 4].population = 0;
    changing(world, 0)->flags_version++;
    changing(world, 1)->flags_version++;
}

/* 97: flags 60, currencies 36, area 17, population 1. */
static void change_to_4(struct world *world)
{
    for (unsigned i = 0; i < 60; i++)
        changing(world, i)->flags_version++;
    for (unsigned i = 60; i < 96; i++)
        changing(world, i)->currency_version++;
    for (unsigned i = 0; i < 17; i++)
        changing(world, i)->area += 125;
    changing(world, 96)->population++;
}

/* One: capital 1. */
static void change_to_5(struct world *world)
{
    changing(world, 9)->capital_version++;
}

/* An insert, a delete, a renamed key. */
static void change_to_6(struct world *world)
{
    world->countries[COUNTRIES] =
        (struct country){.region = OCEANIA, .number = COUNTRIES, .area = 1250, .population = 11};
    world->n = COUNTRIES + 1;
    world->countries[100].gone = true;
    world->countries[150].renamed = true;
}

bool countries_files(const struct files_config *config, struct err *reterr)
{
    static void (*const changes[SNAPSHOTS])(struct world * world) = {
        NULL, change_to_2, change_to_3, change_to_4, change_to_5, change_to_6};
    struct world world = {.random = {config->seed}};

    make_world(&world);
    for (int i = 0; i < SNAPSHOTS; i++) {
        if (changes[i] != NULL)
            changes[i](&world);
        if (!write_snapshot(&world, config, i + 1, reterr))
            return false;
    }
    return true;
}
