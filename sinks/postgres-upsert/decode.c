#include "decode.h"

#include "array_text.h"
#include "record/json.h"

/* Marks a column of which nothing was read yet; compared by address. */
static const char absent[1] = "";

static bool bad_value(const struct target_column *column, const char *sqlstate,
                      const struct json_value *value, struct err *reterr)
{
    size_t len = value->raw.len < 64 ? value->raw.len : 64;

    return err_sql(reterr, ERR_DEAD_LETTER, sqlstate, "column %s: %.*s is not of type %s",
                   column->name, (int)len, value->raw.at, column->type);
}

static unsigned wire_bytes(enum wire wire)
{
    return wire == WIRE_INT2 ? 2 : wire == WIRE_INT4 ? 4 : 8;
}

static bool read_integer(const struct target_column *column, const struct json_value *value,
                         struct arena *arena, struct str *ret, struct err *reterr)
{
    unsigned bytes = wire_bytes(column->wire);
    int64_t limit = bytes == 8 ? INT64_MAX : (INT64_C(1) << (bytes * 8 - 1)) - 1;
    int64_t number = 0;

    if (value->kind != JSON_NUMBER && value->kind != JSON_STRING)
        return bad_value(column, "22P02", value, reterr);
    if (!str_integer(value->raw, &number))
        return bad_value(column, "22P02", value, reterr);
    if (number > limit || number < -limit - 1)
        return bad_value(column, "22003", value, reterr);
    char *at = arena_alloc(arena, sizeof(number));
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (char)((uint64_t)number >> (8 * (bytes - 1 - i)));
    *ret = (struct str){at, bytes};
    return true;
}

static bool read_field(const struct target_column *column, const struct json_value *value,
                       struct arena *arena, struct str *ret, struct err *reterr)
{
    if (value->kind == JSON_NULL) {
        *ret = (struct str){NULL, 0};
        return true;
    }
    if (column->wire != WIRE_TEXT)
        return read_integer(column, value, arena, ret, reterr);
    if (column->form == FORM_JSON) {
        *ret = json_whole(value);
        return true;
    }
    if (column->form == FORM_ARRAY && value->kind == JSON_ARRAY)
        return array_text(value->raw, arena, ret, reterr);
    if (value->kind != JSON_STRING) {
        *ret = value->raw;
        return true;
    }
    return json_text(value, arena, ret, reterr);
}

static bool no_column(const struct target_table *table, struct str name, struct err *reterr)
{
    return err_stop(reterr, EX_CONFIG,
                    "topic %s: its field %.*s has no column in %s: ALTER TABLE %s ADD COLUMN "
                    "\"%.*s\" ... with the view's type (sluice-views --ddl prints it)",
                    table->topic, STR_ARG(name), table->quoted, table->quoted, STR_ARG(name));
}

/* Reads an object's members; with `only_absent` those of columns that were read before are left. */
static bool read_object(const struct target_table *table, struct str json, bool only_absent,
                        struct arena *arena, struct str *fields, struct err *reterr)
{
    struct json_cursor cursor = json_open(json);
    bool first = true, more = true;
    uint32_t next = 0;

    if (!json_object_begin(&cursor, reterr))
        return false;
    for (;;) {
        struct json_value value;
        struct str name;

        if (!json_object_next(&cursor, arena, &first, &more, &name, reterr))
            return false;
        if (!more)
            return json_at_end(&cursor, reterr);
        if (!json_read(&cursor, &value, reterr))
            return false;
        uint32_t column = table_column(table, name, next);
        if (column == table->columns_n)
            return no_column(table, name, reterr);
        if ((!only_absent || fields[column].at == absent) &&
            !read_field(&table->columns[column], &value, arena, &fields[column], reterr))
            return false;
        next = column + 1;
    }
}

static bool key_absent(const struct target_table *table, const struct str *fields,
                       uint32_t *ret_column)
{
    for (uint32_t i = 0; i < table->key_n; i++)
        if (fields[table->key[i]].at == absent) {
            *ret_column = table->key[i];
            return true;
        }
    return false;
}

/* A NULL that the key's column can't take, told here: the statement would tell it for a whole batch. */
static bool no_null_key(const struct target_table *table, const struct str *fields,
                        struct err *reterr)
{
    for (uint32_t i = 0; i < table->key_n; i++) {
        const struct target_column *column = &table->columns[table->key[i]];

        if (fields[table->key[i]].at == NULL && !column->nullable)
            return err_sql(reterr, ERR_DEAD_LETTER, "23502",
                           "null value in column \"%s\" of table %s, whose key it is", column->name,
                           table->quoted);
    }
    return true;
}

bool decode_record(const struct target_table *table, struct str key, struct str value,
                   struct arena *arena, struct str **ret_fields, struct err *reterr)
{
    struct str *fields = arena_alloc(arena, table->columns_n * sizeof(*fields));
    uint32_t missing = 0;

    for (uint32_t i = 0; i < table->columns_n; i++)
        fields[i] = (struct str){absent, 0};
    if (key.at == NULL)
        return err_sql(reterr, ERR_DEAD_LETTER, "", "the record has no key");
    if (value.at != NULL && !read_object(table, value, false, arena, fields, reterr))
        return err_prefix(reterr, "value");
    if (key_absent(table, fields, &missing) &&
        !read_object(table, key, true, arena, fields, reterr))
        return err_prefix(reterr, "key");
    if (key_absent(table, fields, &missing))
        return err_sql(reterr, ERR_DEAD_LETTER, "23502", "neither key nor value holds %s",
                       table->columns[missing].name);
    for (uint32_t i = 0; i < table->columns_n; i++)
        if (fields[i].at == absent)
            fields[i] = (struct str){NULL, 0};
    *ret_fields = fields;
    return value.at == NULL || no_null_key(table, fields, reterr);
}
