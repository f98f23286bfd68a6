/*
 * Aggregates, grouping sets, windows and tops through whole plans: the same rows by any batches and
 * any detours give the same views as at once, nothing stays behind when all rows are gone, and
 * fixed rows give the answers that PostgreSQL 15 gave.
 */
#include "ops/engine.h"
#include "ops/store_memory.h"
#include "record/json.h"
#include "record/text.h"
#include "sql/pipeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { KEYS = 24, COLUMNS = 8, STEPS = 60, EVENTS_MAX = 12, ROUNDS = 3 };

static const char table[] =
    "CREATE FOREIGN TABLE b.t (id int PRIMARY KEY, k int, s text, n numeric, f double precision,"
    " b boolean, i smallint, d date) SERVER kafka OPTIONS (topic 't');\n";

/* A plan with its engine, store and the views' present rows, "view key" -> JSON. */
struct world {
    struct arena *arena, *scratch;
    const struct plan *plan;
    struct store_memory *memory;
    struct engine *engine;
    struct overlay *rows;
    int64_t withheld;
    uint64_t position;
};

static struct world *world_new(const char *select)
{
    struct world *world = calloc(1, sizeof(*world));
    struct err err;

    assert_non_null(world);
    world->arena = arena_new(SIZE_MAX);
    world->scratch = arena_new(SIZE_MAX);
    world->memory = store_memory_new();
    world->rows = overlay_new(1 << 30);
    const char *text =
        arena_printf(world->arena, "%sCREATE MATERIALIZED VIEW v AS %s;", table, select);
    if (!pipeline_plan(world->arena, "t.sql", str_of(text), "p", &world->plan, &err) ||
        !engine_new(world->plan, &world->memory->store, &world->engine, &err))
        fail_msg("%s", err.text);
    return world;
}

static void world_free(struct world *world)
{
    engine_free(world->engine);
    store_memory_free(world->memory);
    overlay_free(world->rows);
    arena_free(world->arena);
    arena_free(world->scratch);
    free(world);
}

static void keep(struct world *world, const struct engine_output *output)
{
    CLEANUP(buf) struct buf key = {0}, value = {0};

    for (uint32_t i = 0; i < output->changes_n; i++) {
        const struct engine_change *change = &output->changes[i];
        const struct schema *schema = &world->plan->views[change->view].schema;

        buf_clear(&key);
        buf_clear(&value);
        key_append_key(&key, schema, change->key_row);
        if (change->row != NULL)
            json_write_row(&value, schema, change->row);
        overlay_put(world->rows, buf_str(&key), change->row == NULL ? STR_NONE : buf_str(&value));
    }
    for (uint32_t i = 0; i < output->quarantines_n; i++)
        world->withheld += output->quarantines[i].gone ? -1 : 1;
}

static void step(struct world *world, struct engine_event *events, uint32_t n)
{
    struct engine_output output;
    struct err err;

    for (uint32_t i = 0; i < n; i++)
        events[i].position = (struct position){++world->position, 0};
    if (!engine_step(world->engine, events, n, world->scratch, &output, &err))
        fail_msg("%s", err.text);
    keep(world, &output);
    arena_reset(world->scratch);
}

static void first_step(struct world *world)
{
    struct engine_output output;
    struct err err;

    if (!engine_first_step(world->engine, world->scratch, &output, &err))
        fail_msg("%s", err.text);
    keep(world, &output);
    arena_reset(world->scratch);
}

/* All rows of the view, a line each, by key. */
static const char *dump(struct world *world)
{
    CLEANUP(buf) struct buf out = {0};

    for (const struct overlay_entry *entry = overlay_seek(world->rows, STR_NONE, false);
         entry != NULL; entry = overlay_next(world->rows, entry)) {
        if (entry->value.at == NULL)
            continue;
        buf_put(&out, entry->value);
        buf_char(&out, '\n');
    }
    return arena_copy(world->arena, buf_str(&out)).at;
}

/* A row from PostgreSQL's text forms; NULL: NULL. */
static const struct row *row_of(struct arena *arena, const struct schema *schema,
                                const char *const *texts)
{
    CLEANUP(row_builder) struct row_builder builder = {0};
    struct value value;
    struct err err;

    row_begin(&builder, schema->columns_n);
    for (uint16_t i = 0; i < schema->columns_n; i++) {
        if (texts[i] == NULL)
            continue;
        if (!text_parse(schema->columns[i].type, str_of(texts[i]), arena, &value, &err))
            fail_msg("%s", err.text);
        row_set_value(&builder, i, schema->columns[i].type.id, value);
    }
    return row_finish(&builder, arena);
}

static uint32_t pick(uint64_t *random, uint32_t n)
{
    *random = *random * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(*random >> 33) % n;
}

static const struct row *random_row(struct world *world, struct arena *arena, uint64_t *random,
                                    uint32_t id)
{
    static const char *const choices[COLUMNS][6] = {
        {NULL},
        {"0", "1", "2", NULL, "1", "0"},
        {"x", "", "yy", NULL, "zzz", "x"},
        {"1.0", "1.00", "-2.5", NULL, "NaN", "12345678901234567890.125"},
        {"0.1", "1e16", "-1e16", NULL, "Infinity", "2.5"},
        {"t", "f", "t", NULL, "f", "f"},
        {"1", "2", "-3", NULL, "7", "0"},
        {"2024-01-01", "2024-01-02", "2024-01-05", NULL, "2024-02-01", "2024-01-02"}};
    const char *texts[COLUMNS];

    texts[0] = arena_printf(arena, "%u", id);
    for (uint32_t i = 1; i < COLUMNS; i++)
        texts[i] = choices[i][pick(random, 6)];
    return row_of(arena, &world->plan->sources[0].schema, texts);
}

static struct engine_event event_of(struct world *world, struct arena *arena, uint32_t id,
                                    const struct row *row)
{
    const char *key[COLUMNS] = {arena_printf(arena, "%u", id)};

    return (struct engine_event){.op = row == NULL ? 'd' : 'u',
                                 .after = row,
                                 .key = row_of(arena, &world->plan->sources[0].schema, key)};
}

/* Any batches and detours, then the same rows at once into a second world. */
static void check_select(const char *select, uint64_t seed)
{
    struct world *world = world_new(select), *fresh = world_new(select);
    const struct row *rows[KEYS] = {NULL};
    struct engine_event events[KEYS + EVENTS_MAX];
    struct arena *arena = world->arena;
    uint64_t random = seed;
    uint32_t n;

    first_step(world);
    first_step(fresh);
    for (int i = 0; i < STEPS; i++) {
        n = pick(&random, EVENTS_MAX) + 1;
        for (uint32_t j = 0; j < n; j++) {
            uint32_t id = pick(&random, KEYS);

            rows[id] = pick(&random, 3) == 0 ? NULL : random_row(world, arena, &random, id);
            events[j] = event_of(world, arena, id, rows[id]);
        }
        step(world, events, n);
    }
    n = 0;
    for (uint32_t id = 0; id < KEYS; id++)
        if (rows[id] != NULL)
            events[n++] = event_of(fresh, arena, id, rows[id]);
    step(fresh, events, n);
    assert_string_equal(dump(world), dump(fresh));
    assert_int_equal(world->withheld, fresh->withheld);
    for (uint32_t id = 0; id < KEYS; id++)
        events[id] = event_of(world, arena, id, NULL);
    step(world, events, KEYS);
    assert_int_equal(world->withheld, 0);
    /* A source remembers the position of each key; a group without GROUP BY stays. */
    assert_true(store_memory_count(world->memory) <= KEYS + 1);
    world_free(world);
    world_free(fresh);
}

static void test_any_way_the_same(void **state)
{
    static const char *const selects[] = {
        "SELECT k, count(DISTINCT n) a, sum(DISTINCT i) b, count(*) FILTER (WHERE b) c FROM b.t "
        "GROUP BY k",
        "SELECT k, bool_and(b) a, bool_or(b) o, bit_and(i) x, bit_or(i) y, bit_xor(i) z FROM b.t "
        "GROUP BY k",
        "SELECT variance(n) a, stddev_pop(i) b, var_pop(f) c, stddev(f) d FROM b.t",
        "SELECT k, corr(f, i) a, regr_slope(i, f) b, regr_intercept(f, i) c, regr_count(f, n) d "
        "FROM b.t GROUP BY k",
        "SELECT k, string_agg(s, '-' ORDER BY d DESC, id) a, string_agg(DISTINCT s, ',') b FROM "
        "b.t GROUP BY k",
        "SELECT k, array_agg(i ORDER BY id) a, jsonb_agg(n ORDER BY id) b, jsonb_object_agg(id, s) "
        "c FROM b.t GROUP BY k",
        "SELECT k, percentile_cont(0.4) WITHIN GROUP (ORDER BY i) a, mode() WITHIN GROUP (ORDER BY "
        "s) b, percentile_disc(0.7) WITHIN GROUP (ORDER BY d DESC) c FROM b.t GROUP BY k",
        "SELECT k, sum(9223372036854775800 + i) s FROM b.t GROUP BY k",
        "SELECT k, i, percentile_disc(i) WITHIN GROUP (ORDER BY s) s FROM b.t GROUP BY k, i",
        "SELECT id, k, i FROM b.t ORDER BY i DESC FETCH FIRST 3 ROWS WITH TIES",
        "SELECT id, s FROM b.t ORDER BY s, id OFFSET 4",
        "SELECT k, id FROM (SELECT k, id, row_number() OVER (PARTITION BY k ORDER BY n, id) r FROM "
        "b.t) q WHERE r <= 2",
        "SELECT id, r FROM (SELECT id, rank() OVER (PARTITION BY k ORDER BY i) r FROM b.t) q WHERE "
        "r < 3",
        "SELECT id, rank() OVER w a, dense_rank() OVER w b, percent_rank() OVER w c, cume_dist() "
        "OVER w d FROM b.t WINDOW w AS (PARTITION BY k ORDER BY i)",
        "SELECT id, lag(s, 2, '?') OVER w a, lead(n) OVER w b, ntile(3) OVER w c, nth_value(s, 2) "
        "OVER w d FROM b.t WINDOW w AS (PARTITION BY k ORDER BY d, id)",
        "SELECT id, sum(n) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING) a, min(d) "
        "OVER (ORDER BY id ROWS 3 PRECEDING) b, sum(i) OVER (ORDER BY i RANGE BETWEEN 2 PRECEDING "
        "AND 2 FOLLOWING EXCLUDE TIES) c, sum(f) OVER (PARTITION BY k ORDER BY i GROUPS 1 "
        "PRECEDING) d FROM b.t",
        "SELECT DISTINCT ON (k, b) k, b, id, n FROM b.t ORDER BY k, b, d DESC, id",
        "SELECT k, i FROM b.t",
        "SELECT i, k FROM b.t ORDER BY i, k LIMIT 6",
        "SELECT k, i, count(*) c, sum(n) d, grouping(k) e FROM b.t GROUP BY CUBE (k, i)",
        "SELECT count(*) c FROM b.t GROUP BY ROLLUP (s)",
        "SELECT id, ntile(i) OVER (PARTITION BY k ORDER BY id) a FROM b.t",
        "SELECT k, count(*) a, rank() OVER (ORDER BY count(*) DESC) b FROM b.t GROUP BY k",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(selects) / sizeof(selects[0]); i++)
        for (uint64_t round = 0; round < ROUNDS; round++)
            check_select(selects[i], i * ROUNDS + round + 1);
}

/* ---- answers of PostgreSQL ---- */

static const char *const fixed_rows[][COLUMNS] = {
    {"1", "1", "a", "1.10", "0.5", "t", "3", "2024-01-01"},
    {"2", "1", "b", "2.200", "1.5", "f", "5", "2024-01-02"},
    {"3", "1", NULL, "3", "2.5", NULL, NULL, "2024-01-02"},
    {"4", "2", "a", "10.5", "-4", "t", "-1", "2024-01-04"},
    {"5", "2", "a", "10.50", "1e10", "t", "6", "2024-01-09"},
    {"6", NULL, "c", "0.001", NULL, "f", "6", NULL},
};

struct answer {
    const char *select, *rows;
};

static void check_answer(const struct answer *answer)
{
    enum { ROWS = sizeof(fixed_rows) / sizeof(fixed_rows[0]) };
    struct world *world = world_new(answer->select);
    struct engine_event events[ROWS];

    first_step(world);
    for (uint32_t i = 0; i < ROWS; i++)
        events[i] = event_of(world, world->arena, (uint32_t)atoi(fixed_rows[i][0]),
                             row_of(world->arena, &world->plan->sources[0].schema, fixed_rows[i]));
    step(world, events, ROWS);
    assert_string_equal(dump(world), answer->rows);
    world_free(world);
}

static const struct answer answers[] = {
    {"SELECT k, variance(n) a, stddev(n) b, var_pop(n) c, stddev_pop(i) d, stddev(i) "
     "e FROM b.t GROUP BY k",
     "{\"k\":1,\"a\":0.91000000000000000000,\"b\":0.95393920141694564915,\"c\":0.606666666666"
     "66666667,\"d\":1.00000000000000000000,\"e\":1.4142135623730950}\n"
     "{\"k\":2,\"a\":0,\"b\":0,\"c\":0,\"d\":3.5000000000000000,\"e\":4.9497474683058327}\n"
     "{\"k\":null,\"a\":null,\"b\":null,\"c\":0,\"d\":0,\"e\":null}\n"},
    {"SELECT count(DISTINCT n) a, count(DISTINCT s) b, sum(DISTINCT i) c, avg(DISTINC"
     "T i) d FROM b.t",
     "{\"a\":5,\"b\":3,\"c\":13,\"d\":3.2500000000000000}\n"},
    {"SELECT k, bool_and(b) a, bool_or(b) o, bit_and(i) x, bit_or(i) y, bit_xor(i) z "
     "FROM b.t GROUP BY k",
     "{\"k\":1,\"a\":false,\"o\":true,\"x\":1,\"y\":7,\"z\":6}\n"
     "{\"k\":2,\"a\":true,\"o\":true,\"x\":6,\"y\":-1,\"z\":-7}\n"
     "{\"k\":null,\"a\":false,\"o\":false,\"x\":6,\"y\":6,\"z\":6}\n"},
    {"SELECT string_agg(s, ', ' ORDER BY s DESC, id) a, string_agg(DISTINCT s, '') b,"
     " string_agg(s, s ORDER BY id) c FROM b.t",
     "{\"a\":\"c, b, a, a, a\",\"b\":\"abc\",\"c\":\"abbaaaacc\"}\n"},
    {"SELECT k, array_agg(i ORDER BY id DESC) a, jsonb_agg(n ORDER BY id) b, jsonb_ob"
     "ject_agg(id, d) c, json_object_agg(s, id ORDER BY id) FILTER (WHERE s IS NOT NU"
     "LL) d FROM b.t GROUP BY k",
     "{\"k\":1,\"a\":[null,5,3],\"b\":[1.10, 2.200, 3],\"c\":{\"1\": \"2024-01-01\", \"2\": "
     "\"2024-0"
     "1-02\", \"3\": \"2024-01-02\"},\"d\":{ \"a\" : 1, \"b\" : 2 }}\n"
     "{\"k\":2,\"a\":[6,-1],\"b\":[10.5, 10.50],\"c\":{\"4\": \"2024-01-04\", \"5\": "
     "\"2024-01-09\"},"
     "\"d\":{ \"a\" : 4, \"a\" : 5 }}\n"
     "{\"k\":null,\"a\":[6],\"b\":[0.001],\"c\":{\"6\": null},\"d\":{ \"c\" : 6 }}\n"},
    {"SELECT percentile_cont(0.4) WITHIN GROUP (ORDER BY i) a, percentile_disc(0.4) W"
     "ITHIN GROUP (ORDER BY s) b, mode() WITHIN GROUP (ORDER BY s DESC) c, percentile"
     "_cont(ARRAY[0.25, 1]) WITHIN GROUP (ORDER BY f DESC) d FROM b.t",
     "{\"a\":4.2,\"b\":\"a\",\"c\":\"a\",\"d\":[2.5,-4]}\n"},
    {"SELECT k, corr(i, f) a, regr_slope(i, f) b, regr_count(i, f) c, covar_pop(i, f)"
     " d, regr_r2(i, f) e FROM b.t GROUP BY k",
     "{\"k\":1,\"a\":1,\"b\":2,\"c\":2,\"d\":0.5,\"e\":1}\n"
     "{\"k\":2,\"a\":1,\"b\":6.999999997199999e-10,\"c\":2,\"d\":17500000007,\"e\":0."
     "999999999999"
     "9998}\n"
     "{\"k\":null,\"a\":null,\"b\":null,\"c\":0,\"d\":null,\"e\":null}\n"},
    {"SELECT id, row_number() OVER (PARTITION BY k ORDER BY id DESC) a, rank() OVER ("
     "ORDER BY i) b, dense_rank() OVER (ORDER BY d DESC NULLS LAST) c, ntile(4) OVER "
     "(ORDER BY id) d FROM b.t",
     "{\"id\":1,\"a\":3,\"b\":2,\"c\":4,\"d\":1}\n"
     "{\"id\":2,\"a\":2,\"b\":3,\"c\":3,\"d\":1}\n"
     "{\"id\":3,\"a\":1,\"b\":6,\"c\":3,\"d\":2}\n"
     "{\"id\":4,\"a\":2,\"b\":1,\"c\":2,\"d\":2}\n"
     "{\"id\":5,\"a\":1,\"b\":4,\"c\":1,\"d\":3}\n"
     "{\"id\":6,\"a\":1,\"b\":4,\"c\":5,\"d\":4}\n"},
    {"SELECT id, lag(s) OVER w a, lead(id, 2, -1) OVER w b, first_value(n) OVER w c, "
     "last_value(n) OVER w d, nth_value(id, 2) OVER w e FROM b.t WINDOW w AS (PARTITI"
     "ON BY k ORDER BY id)",
     "{\"id\":1,\"a\":null,\"b\":3,\"c\":1.10,\"d\":1.10,\"e\":null}\n"
     "{\"id\":2,\"a\":\"a\",\"b\":-1,\"c\":1.10,\"d\":2.200,\"e\":2}\n"
     "{\"id\":3,\"a\":\"b\",\"b\":-1,\"c\":1.10,\"d\":3,\"e\":2}\n"
     "{\"id\":4,\"a\":null,\"b\":-1,\"c\":10.5,\"d\":10.5,\"e\":null}\n"
     "{\"id\":5,\"a\":\"a\",\"b\":-1,\"c\":10.5,\"d\":10.50,\"e\":5}\n"
     "{\"id\":6,\"a\":null,\"b\":-1,\"c\":0.001,\"d\":0.001,\"e\":null}\n"},
    {"SELECT id, sum(n) OVER (ORDER BY id ROWS 1 PRECEDING) a, sum(i) OVER (ORDER BY "
     "i RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING) b, count(*) OVER (ORDER BY d RANGE"
     " BETWEEN '2 days' PRECEDING AND CURRENT ROW) c, sum(i) OVER (ORDER BY k GROUPS "
     "1 PRECEDING EXCLUDE CURRENT ROW) d FROM b.t",
     "{\"id\":1,\"a\":1.10,\"b\":3,\"c\":1,\"d\":5}\n"
     "{\"id\":2,\"a\":3.300,\"b\":17,\"c\":3,\"d\":3}\n"
     "{\"id\":3,\"a\":5.200,\"b\":null,\"c\":3,\"d\":8}\n"
     "{\"id\":4,\"a\":13.5,\"b\":-1,\"c\":3,\"d\":14}\n"
     "{\"id\":5,\"a\":21.00,\"b\":17,\"c\":1,\"d\":7}\n"
     "{\"id\":6,\"a\":10.501,\"b\":17,\"c\":1,\"d\":5}\n"},
    {"SELECT id, i FROM b.t ORDER BY i DESC NULLS LAST FETCH FIRST 1 ROW WITH TIES",
     "{\"id\":5,\"i\":6}\n"
     "{\"id\":6,\"i\":6}\n"},
};

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
        check_answer(&answers[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_way_the_same),
        cmocka_unit_test(test_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
