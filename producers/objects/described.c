#include "described.h"

/* Behind the members that all envelopes have; see feed.c. */
static const char source_fields[] =
    "{\"name\":\"run\",\"type\":\"long\"},"
    "{\"name\":\"file\",\"type\":[\"null\",\"string\"],\"default\":null},"
    "{\"name\":\"etag\",\"type\":[\"null\",\"string\"],\"default\":null},"
    "{\"name\":\"line\",\"type\":[\"null\",\"long\"],\"default\":null},"
    "{\"name\":\"element\",\"type\":[\"null\",\"long\"],\"default\":null}";

static const struct declared line_column = {.type = {TYPE_INT8, -1, NULL}};

/* The type of a column that the key adds. */
static const struct declared *added_type(const struct shape *shape, const struct key_part *part)
{
    return part->kind == KEY_LINE     ? &line_column
           : part->kind == KEY_LIFTED ? declared_find(&shape->declared, str_of(part->name))
                                      : NULL;
}

static bool is_key(const struct shape *shape, const char *name)
{
    for (size_t i = 0; i < shape->key_n; i++) {
        if (strcmp(shape->key[i].name, name) == 0)
            return true;
    }
    return false;
}

static void add(struct debezium_column *columns, uint16_t *n, const char *name,
                const struct declared *type, bool key)
{
    columns[*n] = declared_column(name, type);
    columns[(*n)++].key = key;
}

/* The columns in the order of `after`: what the key adds, then the row's own. */
static uint16_t add_columns(const struct shape *shape, bool csv, struct debezium_column *columns)
{
    uint16_t n = 0;

    for (size_t i = 0; i < shape->key_n; i++) {
        const struct key_part *part = &shape->key[i];

        if (part->kind != KEY_MEMBER)
            add(columns, &n, part->name, added_type(shape, part), true);
    }
    for (size_t i = 0; csv && i < shape->columns_n; i++)
        add(columns, &n, shape->columns[i].name, shape->columns[i].declared,
            is_key(shape, shape->columns[i].name));
    for (size_t i = 0; !csv && i < shape->declared.n; i++) {
        const struct declared *declared = &shape->declared.items[i];

        if (!shape_is_lifted(shape, declared->name))
            add(columns, &n, declared->name, declared, is_key(shape, declared->name));
    }
    return n;
}

/* The columns of the key in key order, as they stand among the others. */
static bool add_key(const struct shape *shape, const struct avro_table *table,
                    struct debezium_column *key, struct err *reterr)
{
    for (size_t i = 0; i < shape->key_n; i++) {
        uint16_t at = 0;

        while (at < table->columns_n && strcmp(table->columns[at].name, shape->key[i].name) != 0)
            at++;
        if (at == table->columns_n)
            return err_stop(reterr, EX_USAGE, "--columns: the key's column \"%s\" is missing",
                            shape->key[i].name);
        key[i] = table->columns[at];
    }
    return true;
}

bool described_table(const struct shape *shape, bool csv, const char *topic, struct arena *arena,
                     struct avro_table *ret, struct err *reterr)
{
    size_t most = shape->key_n + (csv ? shape->columns_n : shape->declared.n);
    struct debezium_column *columns = arena_zalloc(arena, (most + 1) * sizeof(*columns));
    struct debezium_column *key = arena_zalloc(arena, (shape->key_n + 1) * sizeof(*key));

    if (!csv && shape->declared.n == 0)
        return err_stop(reterr, EX_USAGE,
                        "--value-format avro: --columns must name the members of JSON and XML");
    if (most > UINT16_MAX)
        return err_stop(reterr, EX_DATAERR, "more than %d columns", UINT16_MAX);
    struct avro_table table = {.topic = topic,
                               .columns = columns,
                               .columns_n = add_columns(shape, csv, columns),
                               .key = key,
                               .key_n = (uint16_t)shape->key_n,
                               .source_fields = source_fields,
                               .source_namespace = "sluice.objects"};
    if (!add_key(shape, &table, key, reterr))
        return false;
    *ret = table;
    return true;
}
