#include "declared.h"
#include "record/text.h"
#include <ctype.h>

enum { NAME_BYTES = 64 };

/* The declaration's name in lower case, and its one or two numbers in parentheses (-1: none). */
struct declaration {
    char name[NAME_BYTES];
    int32_t first, second;
};

static void read_declaration(const char *text, struct declaration *ret)
{
    size_t n = 0;

    *ret = (struct declaration){.first = -1, .second = -1};
    for (; *text != '\0' && *text != '(' && n + 1 < sizeof(ret->name); text++)
        ret->name[n++] = (char)tolower((unsigned char)*text);
    while (n > 0 && ret->name[n - 1] == ' ')
        n--;
    ret->name[n] = '\0';
    if (*text == '(' && sscanf(text, "( %6d , %6d", &ret->first, &ret->second) < 1)
        ret->first = -1;
}

struct mapping {
    enum type_id id;
    enum rows_oid oid;
};

static const struct mapping mappings[] = {
    {TYPE_BOOL, ROWS_OID_BOOL},           {TYPE_INT2, ROWS_OID_INT2},
    {TYPE_INT4, ROWS_OID_INT8},                                           /* INTEGER has 8 bytes */
    {TYPE_INT8, ROWS_OID_INT8},           {TYPE_FLOAT4, ROWS_OID_FLOAT8}, /* REAL too */
    {TYPE_FLOAT8, ROWS_OID_FLOAT8},       {TYPE_NUMERIC, ROWS_OID_NUMERIC},
    {TYPE_TEXT, ROWS_OID_TEXT},           {TYPE_VARCHAR, ROWS_OID_VARCHAR},
    {TYPE_BPCHAR, ROWS_OID_BPCHAR},       {TYPE_BYTEA, ROWS_OID_BYTEA},
    {TYPE_DATE, ROWS_OID_DATE},           {TYPE_TIME, ROWS_OID_TIME},
    {TYPE_TIMESTAMP, ROWS_OID_TIMESTAMP}, {TYPE_TIMESTAMPTZ, ROWS_OID_TIMESTAMPTZ},
    {TYPE_UUID, ROWS_OID_UUID},           {TYPE_JSON, ROWS_OID_JSON},
    {TYPE_JSONB, ROWS_OID_JSONB},
};

static int32_t typmod_of(enum rows_oid oid, const struct declaration *declared)
{
    if (declared->first < 0)
        return -1;
    switch (oid) {
    case ROWS_OID_VARCHAR:
    case ROWS_OID_BPCHAR:
        return declared->first + 4;
    case ROWS_OID_NUMERIC:
        return type_numeric_make_typmod(declared->first,
                                        declared->second < 0 ? 0 : declared->second);
    case ROWS_OID_TIME:
    case ROWS_OID_TIMESTAMP:
    case ROWS_OID_TIMESTAMPTZ:
        return declared->first;
    default:
        return -1;
    }
}

/* SQLite's own rule for what PostgreSQL has no name for, as far as it gives a certain class. */
static enum rows_oid by_affinity(const char *name)
{
    if (strstr(name, "int") != NULL)
        return ROWS_OID_INT8;
    if (strstr(name, "char") != NULL || strstr(name, "clob") != NULL ||
        strstr(name, "text") != NULL)
        return ROWS_OID_TEXT;
    if (strstr(name, "blob") != NULL)
        return ROWS_OID_BYTEA;
    if (strstr(name, "real") != NULL || strstr(name, "floa") != NULL ||
        strstr(name, "doub") != NULL)
        return ROWS_OID_FLOAT8;
    return ROWS_OID_ANY;
}

void declared_type(const char *declaration, uint32_t *ret_oid, int32_t *ret_typmod)
{
    struct declaration declared;
    enum type_id id;

    *ret_oid = ROWS_OID_ANY;
    *ret_typmod = -1;
    if (declaration == NULL)
        return;
    read_declaration(declaration, &declared);
    if (strcmp(declared.name, "datetime") == 0)
        strcpy(declared.name, "timestamp");
    enum rows_oid oid = by_affinity(declared.name);
    if (type_find(str_of(declared.name), &id)) {
        for (size_t i = 0; i < sizeof(mappings) / sizeof(*mappings); i++) {
            if (mappings[i].id == id)
                oid = mappings[i].oid;
        }
    }
    *ret_oid = (uint32_t)oid;
    *ret_typmod = typmod_of(oid, &declared);
}

void declared_real(struct buf *out, double real)
{
    size_t start = out->len;

    text_print_real(out, real, false);
    for (size_t i = start; i < out->len; i++) {
        char c = out->at[i];
        if (c != '-' && (c < '0' || c > '9'))
            return;
    }
    buf_puts(out, ".0");
}

/* "1e-07" as "0.0000001"; what is no number stays as it is. */
static void plain_decimal(struct buf *out, struct str text)
{
    struct arena *arena CLEANUP(arena) = arena_new(1 << 12);
    struct type numeric = {TYPE_NUMERIC, -1, NULL};
    struct value value;
    struct err err;

    if (text_parse(numeric, text, arena, &value, &err))
        text_print(out, numeric, value);
    else
        buf_put(out, text);
}

static void boolean(struct buf *out, struct str text)
{
    static const char *const yes[] = {"1", "t", "true", "TRUE"};
    static const char *const no[] = {"0", "f", "false", "FALSE"};

    for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
        if (str_eq_c(text, yes[i]) || str_eq_c(text, no[i])) {
            buf_char(out, str_eq_c(text, yes[i]) ? 't' : 'f');
            return;
        }
    }
    buf_put(out, text);
}

void declared_text(struct buf *out, uint32_t oid, const struct source_value *value)
{
    if (oid == ROWS_OID_BOOL)
        boolean(out, value->text);
    else if (oid == ROWS_OID_NUMERIC && value->class == SOURCE_REAL)
        plain_decimal(out, value->text);
    else
        buf_put(out, value->text);
}
