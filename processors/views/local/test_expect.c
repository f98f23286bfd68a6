#include "local/test_expect.h"

#include "base/err.h"
#include "local/test_reading.h"
#include "local/test_text.h"
#include "ops/table.h"
#include "record/json.h"
#include "record/key.h"
#include <stdlib.h>

enum { NAME_BYTES = 256 };

/* A row as it is compared: by values, so that 1.0 is 1.00. The bytes lie in the relation's arena. */
struct shown {
    struct str key; /* of the relation's key columns, when all are among the compared; else empty */
    struct str whole;
    const struct row *row;
};

struct side {
    struct shown *rows;
    uint32_t n;
    const struct schema *schema;
    const uint16_t *columns; /* NULL: the first ones */
};

/* What is compared. */
struct relation {
    const char *name;
    const struct schema *schema;
    struct arena *arena;
    const struct row *const *rows;
    uint32_t rows_n;
    struct test_columns columns;
};

/* ---- what is there ---- */

static void dead_letter_rows(const struct test_left_out *left_out, struct relation *relation)
{
    static struct column columns[] = {{.name = "source", .type = {.id = TYPE_TEXT, .typmod = -1}},
                                      {.name = "rule", .type = {.id = TYPE_TEXT, .typmod = -1}},
                                      {.name = "reason", .type = {.id = TYPE_TEXT, .typmod = -1}}};
    static const struct schema schema = {.columns = columns, .columns_n = 3};
    CLEANUP(row_builder) struct row_builder builder = {0};

    const struct row **rows = arena_alloc(relation->arena, (left_out->n + 1U) * sizeof(void *));

    for (uint32_t i = 0; i < left_out->n; i++) {
        row_begin(&builder, 3);
        row_set_bytes(&builder, 0, str_of(left_out->at[i].source));
        row_set_bytes(&builder, 1, str_of(left_out->at[i].rule));
        row_set_bytes(&builder, 2, str_of(left_out->at[i].reason));
        rows[i] = row_finish(&builder, relation->arena);
    }
    relation->schema = &schema;
    relation->rows = rows;
    relation->rows_n = left_out->n;
}

static bool find_relation(const struct test_found *found, struct test_reading *reading,
                          struct relation *ret, struct err *reterr)
{
    const struct plan *plan = found->subject->plan;
    struct test_reading before = *reading;
    char name[NAME_BYTES];

    test_take_name(reading, name, sizeof(name));
    if (strcmp(name, "dead_letters") == 0) {
        ret->name = "dead_letters";
        dead_letter_rows(found->left_out, ret);
        return true;
    }
    for (uint32_t i = 0; i < plan->views_n; i++) {
        if (strcmp(plan->views[i].name, name) == 0) {
            ret->name = plan->views[i].name;
            ret->schema = &plan->views[i].schema;
            return local_rows(found->local, i, ret->arena, &ret->rows, &ret->rows_n, reterr);
        }
    }
    return test_refuse(before.subject, test_rest(&before), reterr,
                       "the pipeline has no materialized view \"%s\"", name);
}

/* ---- rows side by side ---- */

static uint16_t column_at(const struct side *side, uint16_t i)
{
    return side->columns == NULL ? i : side->columns[i];
}

static void put_value(struct buf *out, const struct side *side, const struct row *row, uint16_t i)
{
    uint16_t column = column_at(side, i);
    struct type type = side->schema->columns[column].type;

    json_write_value(out, type, row_value(row, column, type.id));
}

static bool is_key(const struct relation *relation, uint16_t i)
{
    for (uint16_t k = 0; k < relation->schema->key_n; k++)
        if (relation->schema->key[k] == relation->columns.at[i])
            return true;
    return false;
}

/* name=value, ... of the compared columns, or of those in the key. */
static void put_row(struct buf *out, const struct relation *relation, const struct side *side,
                    const struct row *row, bool key)
{
    const char *join = "";

    for (uint16_t i = 0; i < relation->columns.n; i++) {
        if (key && !is_key(relation, i))
            continue;
        buf_printf(out, "%s%s=", join, relation->schema->columns[relation->columns.at[i]].name);
        put_value(out, side, row, i);
        join = ", ";
    }
}

static void put_bytes(struct buf *out, const struct side *side, const struct row *row, uint16_t i)
{
    key_append_column(out, side->schema, row, column_at(side, i));
}

/* The whole key is among the compared columns, so rows that differ can be paired. */
static bool has_key(const struct relation *relation)
{
    uint16_t n = 0;

    for (uint16_t i = 0; i < relation->columns.n; i++)
        n += is_key(relation, i);
    return n > 0 && n == relation->schema->key_n && n < relation->columns.n;
}

static int compare_shown(const void *a, const void *b)
{
    const struct shown *left = a, *right = b;
    int order = str_cmp(left->key, right->key);

    return order != 0 ? order : str_cmp(left->whole, right->whole);
}

static struct shown shown_row(const struct relation *relation, const struct side *side,
                              const struct row *row)
{
    CLEANUP(buf) struct buf key = {0}, whole = {0};

    for (uint16_t i = 0; i < relation->columns.n; i++) {
        put_bytes(&whole, side, row, i);
        if (has_key(relation) && is_key(relation, i))
            put_bytes(&key, side, row, i);
    }
    return (struct shown){arena_copy(relation->arena, buf_str(&key)),
                          arena_copy(relation->arena, buf_str(&whole)), row};
}

static void show_rows(const struct relation *relation, struct side *side,
                      const struct row *const *rows, uint32_t n)
{
    side->rows = arena_alloc(relation->arena, (n + 1U) * sizeof(*side->rows));
    side->n = n;
    for (uint32_t i = 0; i < n; i++)
        side->rows[i] = shown_row(relation, side, rows[i]);
    if (n > 1)
        qsort(side->rows, n, sizeof(*side->rows), compare_shown);
}

/* key: column is 2, expected 3; ... */
static void note_pair(struct buf *notes, const struct relation *relation, const struct side *wanted,
                      const struct side *found, uint32_t at[2])
{
    const struct row *left = wanted->rows[at[0]].row, *right = found->rows[at[1]].row;
    const char *join = "";

    buf_puts(notes, "#   different  ");
    put_row(notes, relation, found, right, true);
    buf_puts(notes, ": ");
    for (uint16_t i = 0; i < relation->columns.n; i++) {
        CLEANUP(buf) struct buf expected = {0}, is = {0};

        put_bytes(&expected, wanted, left, i);
        put_bytes(&is, found, right, i);
        if (str_eq(buf_str(&expected), buf_str(&is)))
            continue;
        buf_printf(notes, "%s%s is ", join,
                   relation->schema->columns[relation->columns.at[i]].name);
        put_value(notes, found, right, i);
        buf_puts(notes, ", expected ");
        put_value(notes, wanted, left, i);
        join = "; ";
    }
    buf_char(notes, '\n');
}

static bool same_key(const struct side *wanted, const struct side *found, const uint32_t at[2])
{
    return at[0] < wanted->n && at[1] < found->n && wanted->rows[at[0]].key.len > 0 &&
           str_eq(wanted->rows[at[0]].key, found->rows[at[1]].key);
}

static void note_differences(struct buf *notes, const struct relation *relation,
                             const struct side *wanted, const struct side *found)
{
    uint32_t at[2] = {0, 0};

    while (at[0] < wanted->n || at[1] < found->n) {
        int order = at[0] == wanted->n  ? 1
                    : at[1] == found->n ? -1
                                        : compare_shown(&wanted->rows[at[0]], &found->rows[at[1]]);

        if (order != 0 && same_key(wanted, found, at)) {
            note_pair(notes, relation, wanted, found, at);
            order = 0;
        }
        if (order != 0) {
            buf_puts(notes, order < 0 ? "#   missing    " : "#   too many   ");
            if (order < 0)
                put_row(notes, relation, wanted, wanted->rows[at[0]].row, false);
            else
                put_row(notes, relation, found, found->rows[at[1]].row, false);
            buf_char(notes, '\n');
        }
        at[0] += order <= 0;
        at[1] += order >= 0;
    }
}

/* ---- the expectation ---- */

bool test_expects_nothing(struct str remark)
{
    static const char *const words[] = {"rows", "no"}; /* from the end */

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        size_t n = strlen(words[i]);

        remark = str_trim(remark, STR_BLANKS);
        if (remark.len < n || !text_is((struct str){remark.at + remark.len - n, n}, words[i]))
            return false;
        remark.len -= n;
    }
    return true;
}

static bool wanted_rows(const struct test_found *found, const struct relation *relation,
                        struct str query, struct test_answer *ret, struct err *reterr)
{
    CLEANUP(test_query) struct test_query asked = {0};

    test_query_begin(&asked, found->subject, query);
    for (uint16_t i = 0; i < relation->columns.n; i++) {
        char name[16];

        snprintf(name, sizeof(name), "c%u", i);
        buf_puts(&asked.text, i == 0 ? "SELECT " : ", ");
        test_query_cast(&asked, str_of(name), &relation->schema->columns[relation->columns.at[i]]);
    }
    test_query_from(&asked, query, relation->columns.n);
    return test_query_ask(&asked, found->sources, ret, reterr);
}

static bool read_remark(const struct test_found *found, struct str remark,
                        struct relation *relation, struct err *reterr)
{
    struct test_reading reading = {found->subject, remark, 0};

    test_take_word(&reading, "then");
    if (!find_relation(found, &reading, relation, reterr) ||
        !test_take_columns(&reading, relation->schema, &relation->columns, reterr))
        return false;
    test_take_word(&reading, ":");
    if (test_take_word(&reading, "no"))
        test_take_word(&reading, "rows");
    return test_rest(&reading).len == 0 ||
           test_refuse_here(&reading, reterr,
                            "only \"then RELATION (columns)\" and \"no rows\" are understood");
}

static bool compare(const struct test_found *found, struct relation *relation, struct str remark,
                    struct str query, struct buf *notes, struct err *reterr)
{
    CLEANUP(test_answer) struct test_answer answer = {0};
    struct side wanted = {0}, is = {0};

    if (!read_remark(found, remark, relation, reterr))
        return false;
    if (query.at != NULL && !wanted_rows(found, relation, query, &answer, reterr))
        return false;
    wanted.schema = answer.schema;
    is.schema = relation->schema;
    is.columns = relation->columns.at;
    show_rows(relation, &wanted, answer.rows, answer.rows_n);
    show_rows(relation, &is, relation->rows, relation->rows_n);
    size_t before = notes->len;
    buf_printf(notes, "# line %lu: %s is not as expected\n",
               text_line(found->subject->text, (size_t)(remark.at - found->subject->text.at)),
               relation->name);
    size_t heading = notes->len;
    note_differences(notes, relation, &wanted, &is);
    if (notes->len == heading)
        notes->len = before;
    return true;
}

bool test_expect(const struct test_found *found, struct str remark, struct str query,
                 struct buf *notes, struct err *reterr)
{
    struct relation relation = {.arena = arena_new(SIZE_MAX)};
    bool ok = compare(found, &relation, remark, query, notes, reterr);

    cleanup_test_columns(&relation.columns);
    arena_free(relation.arena);
    return ok;
}
