#include "asked.h"
#include "base/hash.h"
#include "stamp.h"

void asked_done(struct asked *asked)
{
    asked->encoder = encoder_free(asked->encoder);
    asked->arena = arena_free(asked->arena);
}

/* The value of a parameter of the query. */
static bool find_value(const struct rows_options *options, struct str name, struct str as_of,
                       struct str *ret, struct err *reterr)
{
    if (str_eq(name, STR("as_of"))) {
        *ret = as_of;
        return true;
    }
    for (size_t i = 0; i < options->parameters.n; i++) {
        size_t len = 0;
        const char *value = rows_parameter_value(options->parameters.items[i], &len);

        if (str_eq(name, (struct str){options->parameters.items[i], len})) {
            *ret = str_of(value);
            return true;
        }
    }
    return err_stop(reterr, EX_USAGE, "--query: :%.*s has no value (--parameter %.*s=...)",
                    STR_ARG(name), STR_ARG(name));
}

/* A parameter that the query does not use is a mistake in one of the two. */
static bool all_used(const struct rows_options *options, const struct statement_names *names,
                     struct err *reterr)
{
    for (size_t i = 0; i < options->parameters.n; i++) {
        size_t len = 0;
        bool used = false;

        rows_parameter_value(options->parameters.items[i], &len);
        for (size_t k = 0; k < names->n; k++)
            used |= str_eq(names->names[k], (struct str){options->parameters.items[i], len});
        if (!used)
            return err_stop(reterr, EX_USAGE, "--parameter: there is no :%.*s in the query",
                            (int)len, options->parameters.items[i]);
    }
    return true;
}

static bool make_from(struct asked *asked, const struct rows_options *options, int64_t now_us,
                      struct err *reterr)
{
    struct buf from CLEANUP(buf) = {0}, as_of CLEANUP(buf) = {0};
    struct statement_names names = {.n = 0};

    if (!stamp_as_of(&as_of, options->as_of, now_us, reterr))
        return false;
    struct str moment = arena_copy(asked->arena, buf_str(&as_of));
    if (options->table != NULL) {
        statement_identifier(&from, options->table, true);
    } else {
        /* a newline: the query may end in a comment */
        buf_char(&from, '(');
        if (!statement_bind(&from, str_of(options->query_text), options->sqlite == NULL, &names,
                            reterr))
            return false;
        buf_puts(&from, "\n)");
    }
    for (size_t i = 0; i < names.n; i++) {
        asked->params[i].class = SOURCE_TEXT;
        if (!find_value(options, names.names[i], moment, &asked->params[i].text, reterr))
            return false;
    }
    asked->shape.from = arena_copy(asked->arena, buf_str(&from)).at;
    asked->shape.params_n = names.n;
    return all_used(options, &names, reterr);
}

static bool make_key(struct asked *asked, struct source *source, const struct rows_options *options,
                     struct err *reterr)
{
    struct source_key key = {NULL, 0};

    asked->key_nullable = true;
    asked->shape.key = (const char *const *)options->key_columns.items;
    asked->shape.key_n = options->key_columns.n;
    if (options->key_columns.n == 0 && options->table != NULL) {
        if (!source->kind->primary_key(source, options->table, asked->arena, &key, reterr))
            return false;
        asked->shape.key = key.names;
        asked->shape.key_n = key.n;
        asked->key_unique = true;
        asked->key_nullable = options->sqlite != NULL; /* SQLite lets them be NULL */
    }
    return asked->shape.key_n <= STATEMENT_COLUMNS_MAX ||
           err_stop(reterr, EX_CONFIG, "--key-columns: more than %d", STATEMENT_COLUMNS_MAX);
}

static bool describe(struct asked *asked, struct source *source, struct err *reterr)
{
    struct buf sql CLEANUP(buf) = {0};

    statement_print(&sql, &asked->shape, PASS_WHOLE, BOUND_NONE);
    const struct source_query query = {
        .sql = buf_cstr(&sql), .params = asked->params, .params_n = asked->shape.params_n};
    return source->kind->describe(source, &query, asked->arena, &asked->columns, reterr);
}

static bool add_order(struct asked *asked, const char *flag, const char *name, struct err *reterr)
{
    int at = encoder_find(asked->encoder, name);

    for (size_t i = 0; i < asked->shape.order_n; i++) {
        if (strcmp(asked->shape.order[i], name) == 0)
            return true;
    }
    if (at < 0)
        return err_stop(reterr, EX_CONFIG, "--%s: there is no column \"%s\"", flag, name);
    if (asked->shape.order_n == STATEMENT_COLUMNS_MAX)
        return err_stop(reterr, EX_CONFIG, "--key-columns: too many");
    asked->order_at[asked->shape.order_n] = (uint16_t)at;
    asked->shape.order[asked->shape.order_n++] = name;
    return true;
}

/* Time, id, and what else of the key makes the order total. */
static bool make_order(struct asked *asked, const struct rows_options *options, struct err *reterr)
{
    for (size_t i = 0; i < asked->shape.key_n; i++)
        asked->key_at[i] = (uint16_t)encoder_find(asked->encoder, asked->shape.key[i]);
    if (options->mode == ROWS_FULL)
        return true;
    if (options->timestamp_column != NULL &&
        !add_order(asked, "timestamp-column", options->timestamp_column, reterr))
        return false;
    if (options->id_column != NULL && !add_order(asked, "id-column", options->id_column, reterr))
        return false;
    for (size_t i = 0; i < asked->shape.key_n; i++) {
        if (!add_order(asked, "key-columns", asked->shape.key[i], reterr))
            return false;
    }
    return true;
}

static uint64_t hash_of(const struct asked *asked, const struct rows_options *options)
{
    struct buf text CLEANUP(buf) = {0};

    buf_printf(&text, "%d %d %s", options->mode, options->format, asked->shape.from);
    if (options->value_format == VALUE_AVRO)
        buf_puts(&text, "\navro");
    for (size_t i = 0; i < asked->shape.key_n; i++)
        buf_printf(&text, "\nkey %s", asked->shape.key[i]);
    for (size_t i = 0; i < asked->shape.order_n; i++)
        buf_printf(&text, "\norder %s", asked->shape.order[i]);
    return hash64(text.at, text.len);
}

bool asked_make(struct asked *asked, struct source *source, const struct rows_options *options,
                const struct asked_moment *moment, struct err *reterr)
{
    asked->arena = arena_new(1 << 20);
    asked->shape.page_rows = options->page_rows;
    if (!make_from(asked, options, moment->now_us, reterr) || !describe(asked, source, reterr) ||
        !make_key(asked, source, options, reterr))
        return false;
    asked->source = (struct encode_source){.name = options->prefix,
                                           .database = options->sqlite != NULL ? options->sqlite
                                                                               : moment->database,
                                           .table = options->table,
                                           .kind = source->kind->name};
    if (!encoder_new(&asked->columns, asked->shape.key, asked->shape.key_n, &asked->source,
                     options->format == ROWS_DEBEZIUM, &asked->encoder, reterr) ||
        !make_order(asked, options, reterr))
        return false;
    asked->hash = hash_of(asked, options);
    return true;
}
