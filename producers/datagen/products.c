#include "products.h"

#include <string.h>

enum {
    PRODUCTS = 500,
    JSON_PART = 8,
    BAD_CHECK_EVERY = 50, /* ten of 500 */
    READY_DAYS = 365,     /* before today; a few are later */
    TEXT_BYTES = 96
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PICK(random, array) (array)[random_below(random, COUNT(array))]

static const char *const sizes[] = {"XS", "S", "M", "L", "XL"};
static const char *const colors[] = {"Night & Day", "Café", "Coral", "Indigo",
                                     "Ivory",       "Moss", "Slate", "<none>"};
static const char *const brands[] = {"Fjord",          "Alder & Co",     "Élan",
                                     "Birch <Studio>", "Cedar \"Line\"", "Dune's"};
static const char *const kinds[][2] = {{"Shirts", "Casual Shirts"},
                                       {"Skirts", "Midi Skirts"},
                                       {"Knit", "Pullover"},
                                       {"Jackets", "Rain Jackets"}};
static const char *const seasons[] = {"Spring", "Summer", "Autumn", "Winter", "All Season"};
static const char *const origins[] = {"TR", "CN", "IN", "PT", "BD"};
static const char *const fabrics[] = {"97% Cotton 3% Elastane", "100% Cotton",
                                      "75% Viscose, 25% Nylon"};
static const char *const washing[] = {"Machine Wash 40°", "Hand Wash < 30°", "Dry Clean Only"};
static const char *const statuses[] = {"created",     "created",  "created",
                                       "in_progress", "approved", "retired"};

/* An article; amounts in hundredths, days since 1970. */
struct product {
    char ean[16], style[16];
    const char *size, *color, *brand, *season, *origin, *fabric, *washing, *status;
    unsigned number, brandcode, kind;
    int64_t price, ready, created, updated;
    bool usd, gbp; /* whether it has that price */
};

/* Twelve digits and the one that checks them; one in fifty has another. Every hundredth begins with zeros. */
static void make_ean(struct product *product, char *to, size_t size)
{
    unsigned long long digits = product->number % 100 == 0 ? 1234567000ULL + product->number
                                                           : 571344760000ULL + product->number;
    unsigned sum = 0, check = 0;
    char text[16];

    snprintf(text, sizeof(text), "%012llu", digits);
    for (int i = 0; i < 12; i++)
        sum += (unsigned)(text[i] - '0') * (i % 2 == 0 ? 1 : 3);
    check = (10 - sum % 10) % 10;
    if (product->number % BAD_CHECK_EVERY == 13)
        check = (check + 1) % 10;
    snprintf(to, size, "%.12s%u", text, check);
}

static void make_product(struct random *random, const struct files_config *config, unsigned number,
                         struct product *ret)
{
    unsigned brand = random_below(random, COUNT(brands));

    *ret = (struct product){.number = number, .brand = brands[brand], .brandcode = brand + 1};
    make_ean(ret, ret->ean, sizeof(ret->ean));
    snprintf(ret->style, sizeof(ret->style), "%08u", number % 7 == 0 ? number : 16060000 + number);
    ret->size = PICK(random, sizes);
    ret->color = PICK(random, colors);
    ret->kind = random_below(random, COUNT(kinds));
    ret->season = PICK(random, seasons);
    ret->origin = PICK(random, origins);
    ret->fabric = PICK(random, fabrics);
    ret->washing = PICK(random, washing);
    ret->status = PICK(random, statuses);
    ret->price = 1500 + random_below(random, 14000);
    ret->price -= number % 6 == 0 ? ret->price % 100 : 0;
    ret->usd = random_below(random, 3) > 0;
    ret->gbp = random_below(random, 2) > 0;
    ret->ready = config->today + 7 - random_below(random, READY_DAYS);
    ret->created = ret->ready - random_below(random, 200);
    ret->updated = ret->ready + random_below(random, 300);
}

/* A text of the article behind a comma. */
static void csv_text(FILE *file, const char *text)
{
    putc(',', file);
    out_csv(file, text);
}

static void csv_amount(FILE *file, int64_t hundredths, bool given)
{
    char text[24];

    fprintf(file, ",%s", given ? out_hundredths(hundredths, text, sizeof(text)) : "");
}

static void csv_day(FILE *file, int64_t day)
{
    char text[16];

    fprintf(file, ",%sT00:00:00.000Z", out_day(day, text, sizeof(text)));
}

static void style_texts(const struct product *product, char *option, char *name, char *description)
{
    snprintf(option, TEXT_BYTES, "%s_%s", product->style, product->color);
    snprintf(name, TEXT_BYTES, "STYLE %03u", product->number);
    snprintf(description, TEXT_BYTES, "%s in %s from %s", kinds[product->kind][1], product->color,
             product->brand);
}

static void write_csv_row(FILE *file, const struct product *product, const char *end)
{
    char option[TEXT_BYTES], name[TEXT_BYTES], description[TEXT_BYTES], code[8];

    style_texts(product, option, name, description);
    snprintf(code, sizeof(code), "%02u", product->brandcode);
    fprintf(file, "%s,%s", product->ean, product->style);
    csv_text(file, option);
    csv_text(file, product->size);
    csv_text(file, product->color);
    csv_text(file, product->brand);
    csv_text(file, code);
    csv_text(file, product->number % 3 == 0 ? product->brand : "");
    csv_text(file, kinds[product->kind][0]);
    csv_text(file, kinds[product->kind][1]);
    csv_text(file, product->number % 2 == 0 ? "Female" : "Male");
    csv_text(file, product->season);
    csv_text(file, name);
    csv_text(file, product->origin);
    csv_amount(file, product->price, true);
    csv_amount(file, product->price * 6 / 5, product->usd);
    csv_amount(file, product->price * 9 / 10, product->gbp);
    csv_amount(file, product->price * 2 / 5, true);
    csv_day(file, product->ready);
    csv_text(file, product->status);
    csv_text(file, "ready");
    csv_day(file, product->created);
    csv_day(file, product->updated);
    csv_text(file, product->fabric);
    csv_text(file, product->washing);
    csv_text(file, description);
    fputs(end, file);
}

static void json_member(FILE *file, const char *name, const char *text)
{
    fprintf(file, ", \"%s\": ", name);
    out_json(file, text);
}

/* As Python prints a float: 55.0, 18.5, 39.99. */
static void json_amount(FILE *file, int64_t hundredths)
{
    char text[24];

    fprintf(file, "%s%s", out_hundredths(hundredths, text, sizeof(text)),
            hundredths % 100 == 0 ? ".0" : "");
}

static void json_price(FILE *file, const char *type, const char *currency, int64_t hundredths,
                       const char *where)
{
    fprintf(file, "{\"priceType\": \"%s\", \"priceCurrency\": \"%s\", \"price\": ", type, currency);
    json_amount(file, hundredths);
    fprintf(file,
            ", \"validInRegion\": \"%s\", \"validFrom\": \"1899-12-30T00:00:00.000Z\", "
            "\"validUntil\": \"9999-12-31T00:00:00.000Z\"}",
            where);
}

static void json_prices(FILE *file, const struct product *product)
{
    fprintf(file,
            ", \"countryOfOrigin\": [{\"language\": \"English\", \"value\": \"%s\"}], "
            "\"itemSellingPrices\": [",
            product->origin);
    json_price(file, "EDI Retail Price", "Euro", product->price, "Austria");
    if (product->usd) {
        fputs(", ", file);
        json_price(file, "EDI Retail Price", "US Dollar", product->price * 6 / 5, "USA");
    }
    if (product->gbp) {
        fputs(", ", file);
        json_price(file, "EDI Retail Price", "Pound", product->price * 9 / 10, "United Kingdom");
    }
    fputs("], \"itemGrossPrices\": [", file);
    json_price(file, "EDI Gross Price", "Euro", product->price * 2 / 5, "Worldwide");
    putc(']', file);
}

static void json_life(FILE *file, const struct product *product)
{
    char ready[16], created[16], updated[16];

    fprintf(file,
            ", \"b2bReadinessDate\": \"%sT00:00:00.000Z\", \"styleLifeCycle\": {\"createdOn\": "
            "\"%sT00:00:00.000Z\", "
            "\"lastUpdated\": \"%sT00:00:00.000Z\", \"articleStatus\": \"%s\", "
            "\"enrichmentStatus\": \"ready\"}",
            out_day(product->ready, ready, sizeof(ready)),
            out_day(product->created, created, sizeof(created)),
            out_day(product->updated, updated, sizeof(updated)), product->status);
}

static void write_json_row(FILE *file, const struct product *product)
{
    char option[TEXT_BYTES], name[TEXT_BYTES], description[TEXT_BYTES], code[8];

    style_texts(product, option, name, description);
    snprintf(code, sizeof(code), "%02u", product->brandcode);
    fprintf(file, "  {\"ean\": \"%s\", \"styleNumber\": \"%s\"", product->ean, product->style);
    json_member(file, "styleOption", option);
    json_member(file, "size", product->size);
    json_prices(file, product);
    json_life(file, product);
    json_member(file, "color", product->color);
    json_member(file, "brandName", product->brand);
    json_member(file, "brandcode", code);
    if (product->number % 3 == 0)
        json_member(file, "subbrandName", product->brand);
    json_member(file, "productCategory", kinds[product->kind][0]);
    json_member(file, "productSubcategory", kinds[product->kind][1]);
    json_member(file, "gender", product->number % 2 == 0 ? "Female" : "Male");
    if (product->number % 2 == 0)
        json_member(file, "ediSeason", product->season);
    if (product->number % 5 == 0)
        json_member(file, "ediStyleName", name);
    fputs(", \"fabricCompositions\": [{\"language\": \"English\", \"value\": ", file);
    out_json(file, product->fabric);
    fputs("}]}", file);
}

/* Values that XML and floats are hard on: control characters, odd numbers, an array of an unknown
 * name, nulls and booleans, and an object with nothing but its key. */
static const char *const odd_rows[] = {
    "  {\"ean\": \"0000000000017\", \"styleNumber\": \"A\\u0001B\\tC\\nD\\u001f\", \"color\": "
    "\"]]> & <b>\", "
    "\"brandName\": \"\\ud83d\\ude00 'quoted' \\\"twice\\\"\", \"size\": \"\"}",
    "  {\"ean\": \"0000000000024\", \"weights\": [{\"net\": 55.0, \"gross\": 18.50}, {\"net\": "
    "1e-07, \"gross\": 1e+22}], "
    "\"pieces\": 12, \"share\": 0.1}",
    "  {\"ean\": \"0000000000031\", \"ediSeason\": null, \"isVegan\": true, \"isSold\": false, "
    "\"tags\": [\"a\", \"b\"], "
    "\"fabricCompositions\": [], \"styleLifeCycle\": {}}",
    "  {\"ean\": \"0000000000048\"}"};

static const char header[] =
    "ean,styleNumber,styleOption,size,color,brandName,brandcode,subbrandName,productCategory,"
    "productSubcategory,gender,"
    "ediSeason,ediStyleName,countryOfOrigin,price_eur,price_usd,price_gbp,grossPrice_eur,"
    "b2bReadinessDate,articleStatus,"
    "enrichmentStatus,createdOn,lastUpdated,fabricComposition,washingInstructions,ediDescription";

static void write_both(FILE *csv, FILE *json, const struct files_config *config)
{
    struct random random = {config->seed};
    const char *end = config->crlf ? "\r\n" : "\n";
    unsigned rows = config->rows > 0 ? (unsigned)config->rows : PRODUCTS;
    struct product product;

    fprintf(csv, "%s%s", header, end);
    fputs("[", json);
    for (unsigned number = 0; number < rows; number++) {
        make_product(&random, config, number, &product);
        write_csv_row(csv, &product, end);
        if (number > rows / JSON_PART)
            continue;
        fputs(number == 0 ? "\n" : ",\n", json);
        write_json_row(json, &product);
    }
    for (size_t i = 0; i < COUNT(odd_rows); i++)
        fprintf(json, ",\n%s", odd_rows[i]);
    fputs("\n]\n", json);
    if (config->dirty) {
        make_product(&random, config, 1, &product);
        write_csv_row(csv, &product, end); /* a key twice */
        fprintf(csv, "5713447699999,few,fields%s", end);
    }
}

bool products_files(const struct files_config *config, struct err *reterr)
{
    FILE *csv = NULL, *json = NULL;

    if (!out_open(config, "products.csv", &csv, reterr))
        return false;
    if (!out_open(config, "products.json", &json, reterr)) {
        fclose(csv);
        return false;
    }
    write_both(csv, json, config);
    bool ok = out_close(csv, config, "products.csv", reterr);
    struct err other;

    return out_close(json, config, "products.json", ok ? reterr : &other) && ok;
}
