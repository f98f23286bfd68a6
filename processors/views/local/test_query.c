#include "local/test_query.h"

#include "base/err.h"
#include "expr/strings.h"
#include "local/test_text.h"
#include <stdarg.h>
#include <stdlib.h>

DEFINE_CLEANUP(local, struct local *, local_free);

static const char view_name[] = "sluice_test.answer";

/* ---- the text ---- */

/* Notes that what is appended next is that part of the script. */
static void add_part(struct test_query *query, struct str part)
{
    const struct test_subject *subject = query->subject;

    if (query->parts_n == query->parts_cap) {
        query->parts_cap = query->parts_cap * 2 + 8;
        query->parts = err_realloc(query->parts, query->parts_cap * sizeof(*query->parts));
    }
    query->parts[query->parts_n++] =
        (struct pipeline_part){query->text.len, part.len, subject->path, subject->text,
                               (size_t)(part.at - subject->text.at)};
}

void test_query_begin(struct test_query *query, const struct test_subject *subject,
                      struct str statement)
{
    *query = (struct test_query){.subject = subject};
    buf_put(&query->text, subject->pipeline->text);
    buf_puts(&query->text, "\n;\n");
    add_part(query, (struct str){statement.at, 0});
    buf_printf(&query->text, "CREATE SCHEMA sluice_test; CREATE MATERIALIZED VIEW %s AS\n",
               view_name);
}

void cleanup_test_query(struct test_query *query)
{
    buf_done(&query->text);
    free(query->parts);
}

void test_query_quote(struct test_query *query, struct str part)
{
    add_part(query, part);
    buf_put(&query->text, part);
    buf_char(&query->text, '\n'); /* it may end in a comment */
}

static bool in_script(const struct test_query *query, struct str text)
{
    struct str script = query->subject->text;

    return text.at >= script.at && text.at <= script.at + script.len;
}

void test_query_cast(struct test_query *query, struct str text, const struct column *column)
{
    buf_puts(&query->text, "CAST(");
    if (in_script(query, text))
        test_query_quote(query, text);
    else
        buf_put(&query->text, text);
    buf_puts(&query->text, " AS ");
    type_print(&query->text, column->type);
    buf_puts(&query->text, ") AS ");
    quote_identifier(&query->text, str_of(column->name));
}

void test_query_from(struct test_query *query, struct str rows, uint16_t n)
{
    buf_puts(&query->text, " FROM (");
    test_query_quote(query, rows);
    buf_puts(&query->text, ") AS sluice_rows(");
    for (uint16_t i = 0; i < n; i++)
        buf_printf(&query->text, "%sc%u", i == 0 ? "" : ", ", i);
    buf_char(&query->text, ')');
}

bool test_refuse(const struct test_subject *subject, struct str part, struct err *reterr,
                 const char *format, ...)
{
    char reason[512];
    va_list args;

    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    return err_stop(reterr, EX_DATAERR, "%s:%lu: %s", subject->path,
                    text_line(subject->text, (size_t)(part.at - subject->text.at)), reason);
}

/* ---- the answer ---- */

/* The first thing that kept a row from the answer, in a node that no view of the pipeline has. */
struct obstacle {
    const bool *own; /* by node */
    bool met;
    struct err reason;
};

/* Marks the nodes that a view is made of. */
static void mark(const struct plan *plan, uint32_t node, bool *marks)
{
    if (marks[node])
        return;
    marks[node] = true;
    for (unsigned i = 0; i < plan_inputs_n(plan->nodes[node].kind); i++)
        mark(plan, plan->nodes[node].inputs[i], marks);
}

static const bool *own_nodes(struct arena *arena, const struct plan *plan, uint32_t view)
{
    bool *own = arena_zalloc(arena, plan->nodes_n), *other = arena_zalloc(arena, plan->nodes_n);

    for (uint32_t i = 0; i < plan->views_n; i++)
        mark(plan, plan->views[i].node, i == view ? own : other);
    for (uint32_t i = 0; i < plan->nodes_n; i++)
        own[i] = own[i] && !other[i];
    return own;
}

/* A row without a key: no statement means it. */
static void ignore_rejected(void *context, uint32_t source, const char *rule,
                            const struct err *reason)
{
    (void)context;
    (void)source;
    (void)rule;
    (void)reason;
}

static void note_withheld(void *context, const struct engine_quarantine *quarantine)
{
    struct obstacle *obstacle = context;

    if (quarantine->gone || obstacle->met || !obstacle->own[quarantine->node])
        return;
    obstacle->met = true;
    obstacle->reason = quarantine->reason;
}

static bool fill(struct local *local, const struct plan *plan, const struct test_sources *sources,
                 struct err *reterr)
{
    for (uint32_t s = 0; s < plan->sources_n; s++) {
        size_t n = 0;
        const struct row *const *rows = test_sources_rows(sources, s, &n);

        for (size_t i = 0; plan->sources[s].node != UINT32_MAX && i < n; i++)
            if (!local_take_row(local, s, row_copy(local_arena(local), rows[i]), false, reterr))
                return false;
    }
    return local_step(local, reterr);
}

static uint32_t view_of(const struct plan *plan)
{
    uint32_t i = 0;

    while (strcmp(plan->views[i].name, view_name) != 0)
        i++;
    return i;
}

/* The plan over sources that promise nothing: they hold rows that break a contract, too. */
static const struct plan *without_rules(struct arena *arena, const struct plan *plan)
{
    struct plan *copy = arena_alloc(arena, sizeof(*copy));
    struct plan_source *sources = arena_zalloc(arena, (plan->sources_n + 1) * sizeof(*sources));

    for (uint32_t i = 0; i < plan->sources_n; i++) {
        sources[i] = plan->sources[i];
        sources[i].rules_n = 0;
    }
    *copy = *plan;
    copy->sources = sources;
    return copy;
}

bool test_query_ask(struct test_query *query, const struct test_sources *sources,
                    struct test_answer *ret, struct err *reterr)
{
    struct obstacle obstacle = {0};
    struct pipeline_file file = *query->subject->pipeline;
    const struct plan *plan = NULL;
    CLEANUP(local) struct local *local = NULL;

    *ret = (struct test_answer){.arena = arena_new(SIZE_MAX)};
    buf_puts(&query->text, ";\n");
    file.text = arena_copy(ret->arena, buf_str(&query->text));
    file.parts = query->parts;
    file.parts_n = query->parts_n;
    if (!pipeline_plan_file(ret->arena, &file, &plan, reterr))
        return false;
    plan = without_rules(ret->arena, plan);
    uint32_t view = view_of(plan);
    const struct local_config config = {.plan = plan,
                                        .listener = {&obstacle, ignore_rejected, note_withheld}};
    obstacle.own = own_nodes(ret->arena, plan, view);
    if (!local_new(&config, &local, reterr) || !fill(local, plan, sources, reterr))
        return false;
    ret->schema = &plan->views[view].schema;
    if (obstacle.met)
        return err_stop(reterr, EX_DATAERR, "%s (%s)", obstacle.reason.text,
                        obstacle.reason.sqlstate);
    return local_rows(local, view, ret->arena, &ret->rows, &ret->rows_n, reterr);
}

void test_answer_done(struct test_answer *answer)
{
    arena_free(answer->arena);
    *answer = (struct test_answer){0};
}
