#include "local/test_change.h"

#include "base/err.h"
#include "expr/strings.h"
#include "local/test_reading.h"
#include <stdlib.h>

enum { NAME_BYTES = 256 };

/* A change in the making. */
struct change {
    const struct test_target *target;
    struct test_reading reading;
    uint32_t source;
    const struct schema *schema; /* the source's */
    struct row_builder builder;
};

static bool take_source(struct change *change, struct err *reterr)
{
    const struct plan *plan = change->target->subject->plan;
    struct test_reading before = change->reading;
    char name[NAME_BYTES];

    test_take_name(&change->reading, name, sizeof(name));
    for (uint32_t i = 0; i < plan->sources_n; i++) {
        if (strcmp(plan->sources[i].name, name) == 0) {
            change->source = i;
            change->schema = &plan->sources[i].schema;
            return true;
        }
    }
    return test_refuse(before.subject, test_rest(&before), reterr,
                       "the pipeline has no foreign table \"%s\"", name);
}

/* ---- rows to the sources ---- */

/* Columns [first, first + n) of a row as a row of the source: all of its columns, or those of its key. */
static const struct row *part_of(struct change *change, struct arena *arena, const struct row *row,
                                 uint16_t first, bool key)
{
    uint16_t n = key ? change->schema->key_n : change->schema->columns_n;

    row_begin(&change->builder, change->schema->columns_n);
    for (uint16_t i = 0; i < n; i++) {
        uint16_t column = key ? change->schema->key[i] : i;
        enum type_id type = change->schema->columns[column].type.id;

        row_set_value(&change->builder, column, type, row_value(row, (uint16_t)(first + i), type));
    }
    return row_finish(&change->builder, arena);
}

static bool send(struct change *change, const struct row *row, bool gone, struct err *reterr)
{
    struct local *local = change->target->local;

    if (change->target->subject->plan->sources[change->source].node == UINT32_MAX)
        return true; /* no view reads it */
    return local_take_row(local, change->source, row_copy(local_arena(local), row), gone, reterr);
}

static bool add_rows(struct change *change, const struct test_answer *answer, struct err *reterr)
{
    for (uint32_t i = 0; i < answer->rows_n; i++) {
        const struct row *row = part_of(change, answer->arena, answer->rows[i], 0, false);

        if (!test_sources_add(change->target->sources, change->source, row))
            return test_refuse(change->target->subject, change->reading.text, reterr,
                               "a row of %s with that key is there already",
                               change->target->subject->plan->sources[change->source].name);
        if (!send(change, row, false, reterr))
            return false;
    }
    return true;
}

/* The rows whose keys stand in the answer from column `first` on. */
static bool remove_rows(struct change *change, const struct test_answer *answer, uint16_t first,
                        struct err *reterr)
{
    for (uint32_t i = 0; i < answer->rows_n; i++) {
        const struct row *row = part_of(change, answer->arena, answer->rows[i], first, true);

        test_sources_remove(change->target->sources, change->source, row);
        if (!send(change, row, true, reterr))
            return false;
    }
    return true;
}

/* ---- the statements ---- */

static void put_inserted(struct test_query *query, const struct schema *schema,
                         const struct test_columns *columns)
{
    for (uint16_t c = 0; c < schema->columns_n; c++) {
        char name[16] = "NULL";

        for (uint16_t i = 0; i < columns->n; i++)
            if (columns->at[i] == c)
                snprintf(name, sizeof(name), "c%u", i);
        buf_puts(&query->text, c == 0 ? "SELECT " : ", ");
        test_query_cast(query, str_of(name), &schema->columns[c]);
    }
}

static bool insert(struct change *change, struct err *reterr)
{
    CLEANUP(test_query) struct test_query query = {0};
    CLEANUP(test_answer) struct test_answer answer = {0};
    CLEANUP(test_columns) struct test_columns columns = {0};

    if (!test_take_word(&change->reading, "into"))
        return test_refuse_here(&change->reading, reterr, "INTO is missing behind INSERT");
    if (!take_source(change, reterr) ||
        !test_take_columns(&change->reading, change->schema, &columns, reterr))
        return false;
    test_query_begin(&query, change->target->subject, change->reading.text);
    put_inserted(&query, change->schema, &columns);
    test_query_from(&query, test_rest(&change->reading), columns.n);
    return test_query_ask(&query, change->target->sources, &answer, reterr) &&
           add_rows(change, &answer, reterr);
}

/* SET a = e, b = e: the expressions by column. */
static bool take_settings(struct change *change, struct str *values, struct err *reterr)
{
    static const char *const ends[] = {",", "where", "from", "returning", NULL};
    uint16_t column = 0;

    do {
        if (!test_take_column(&change->reading, change->schema, &column, reterr))
            return false;
        if (!test_take_word(&change->reading, "="))
            return test_refuse_here(&change->reading, reterr, "a = is missing behind the column");
        values[column] = test_take_until(&change->reading, ends);
    } while (test_take_word(&change->reading, ","));
    return true;
}

/* FROM source alias WHERE ..., which ends the statement. */
static bool put_where(struct change *change, struct test_query *query, struct str alias,
                      struct err *reterr)
{
    struct test_reading rest = change->reading;

    if (test_rest(&rest).len > 0 && !test_take_word(&rest, "where"))
        return test_refuse_here(
            &rest, reterr,
            "only WHERE can stand here: a test's UPDATE and DELETE have no FROM, "
            "USING and RETURNING; write a subquery");
    buf_printf(&query->text, " FROM %s ",
               change->target->subject->plan->sources[change->source].name);
    test_query_quote(query, alias);
    test_query_quote(query, test_rest(&change->reading));
    return true;
}

/* The new rows, then their old keys. */
static bool put_updated(struct change *change, struct test_query *query, struct err *reterr)
{
    static const char *const set[] = {"set", NULL};
    const struct schema *schema = change->schema;
    CLEANUP(free) struct str *values = err_calloc(schema->columns_n + 1U, sizeof(*values));
    struct str alias = test_take_until(&change->reading, set);

    if (!test_take_word(&change->reading, "set"))
        return test_refuse_here(&change->reading, reterr, "SET is missing in UPDATE");
    if (!take_settings(change, values, reterr))
        return false;
    for (uint16_t c = 0; c < schema->columns_n; c++) {
        buf_puts(&query->text, c == 0 ? "SELECT " : ", ");
        if (values[c].len > 0)
            test_query_cast(query, values[c], &schema->columns[c]);
        else
            quote_identifier(&query->text, str_of(schema->columns[c].name));
    }
    for (uint16_t k = 0; k < schema->key_n; k++) {
        buf_puts(&query->text, ", ");
        quote_identifier(&query->text, str_of(schema->columns[schema->key[k]].name));
        buf_printf(&query->text, " AS sluice_key_%u", k);
    }
    return put_where(change, query, alias, reterr);
}

static bool update(struct change *change, struct err *reterr)
{
    CLEANUP(test_query) struct test_query query = {0};
    CLEANUP(test_answer) struct test_answer answer = {0};

    if (!take_source(change, reterr))
        return false;
    test_query_begin(&query, change->target->subject, change->reading.text);
    return put_updated(change, &query, reterr) &&
           test_query_ask(&query, change->target->sources, &answer, reterr) &&
           remove_rows(change, &answer, change->schema->columns_n, reterr) &&
           add_rows(change, &answer, reterr);
}

static bool delete_rows(struct change *change, struct err *reterr)
{
    static const char *const ends[] = {"where", "using", "returning", NULL};
    CLEANUP(test_query) struct test_query query = {0};
    CLEANUP(test_answer) struct test_answer answer = {0};

    if (!test_take_word(&change->reading, "from"))
        return test_refuse_here(&change->reading, reterr, "FROM is missing behind DELETE");
    if (!take_source(change, reterr))
        return false;
    test_query_begin(&query, change->target->subject, change->reading.text);
    for (uint16_t k = 0; k < change->schema->key_n; k++) {
        buf_puts(&query.text, k == 0 ? "SELECT " : ", ");
        quote_identifier(&query.text, str_of(change->schema->columns[change->schema->key[k]].name));
    }
    struct str alias = test_take_until(&change->reading, ends);
    return put_where(change, &query, alias, reterr) &&
           test_query_ask(&query, change->target->sources, &answer, reterr) &&
           remove_rows(change, &answer, 0, reterr);
}

static bool truncate_sources(struct change *change, struct err *reterr)
{
    const struct test_target *target = change->target;

    test_take_word(&change->reading, "table");
    do {
        if (!take_source(change, reterr))
            return false;
        test_sources_empty(target->sources, change->source);
        if (target->subject->plan->sources[change->source].node != UINT32_MAX &&
            !local_truncate(target->local, change->source, reterr))
            return false;
    } while (test_take_word(&change->reading, ","));
    return test_rest(&change->reading).len == 0 ||
           test_refuse_here(&change->reading, reterr, "TRUNCATE has only names in a test");
}

bool test_change(const struct test_target *target, struct str statement, struct err *reterr)
{
    struct change change = {.target = target, .reading = {target->subject, statement, 0}};
    struct test_reading *reading = &change.reading;
    bool ok = test_take_word(reading, "insert")   ? insert(&change, reterr)
              : test_take_word(reading, "update") ? update(&change, reterr)
              : test_take_word(reading, "delete") ? delete_rows(&change, reterr)
              : test_take_word(reading, "truncate")
                  ? truncate_sources(&change, reterr)
                  : test_refuse_here(reading, reterr,
                                     "only INSERT, UPDATE, DELETE, "
                                     "TRUNCATE, BEGIN and COMMIT "
                                     "can stand here");

    row_builder_done(&change.builder);
    return ok;
}
