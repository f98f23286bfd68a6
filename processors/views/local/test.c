#include "local/test.h"

#include "base/err.h"
#include "local/test_change.h"
#include "local/test_expect.h"
#include "local/test_text.h"
#include "ops/table.h"

/* The run of a script. `begun`: a test is under way; `given_up`: it could not be understood. */
struct script {
    const struct test_subject *subject;
    struct text_cursor cursor;
    FILE *out;
    struct local *local;
    struct test_sources *sources;
    struct test_left_out left_out;
    struct str name;
    struct buf notes; /* what failed */
    bool begun, given_up, in_transaction;
    uint32_t tests_n, failed_n;
};

/* ---- one test's life ---- */

static void note_rejected(void *context, uint32_t source, const char *rule,
                          const struct err *reason)
{
    struct script *script = context;
    struct test_left_out *left = &script->left_out;

    left->at = array_grow(left->arena, left->at, left->n, &left->cap, sizeof(*left->at));
    left->at[left->n++] = (struct test_dead_letter){script->subject->plan->sources[source].name,
                                                    arena_printf(left->arena, "%s", rule),
                                                    arena_printf(left->arena, "%s", reason->text)};
}

static void ignore_withheld(void *context, const struct engine_quarantine *quarantine)
{
    (void)context;
    (void)quarantine;
}

static void close_test(struct script *script)
{
    script->local = local_free(script->local);
    script->sources = test_sources_free(script->sources);
    script->left_out.arena = arena_free(script->left_out.arena);
}

static void end_test(struct script *script)
{
    bool failed = script->notes.len > 0;

    if (!script->begun)
        return;
    script->failed_n += failed;
    fprintf(script->out, "%sok %u - %.*s\n%.*s", failed ? "not " : "", script->tests_n,
            STR_ARG(script->name), (int)script->notes.len, failed ? script->notes.at : "");
    script->begun = false;
    close_test(script);
}

static bool begin_test(struct script *script, struct str name, struct err *reterr)
{
    const struct local_config config = {.plan = script->subject->plan,
                                        .listener = {script, note_rejected, ignore_withheld}};

    end_test(script);
    buf_clear(&script->notes);
    script->name = name;
    script->begun = true;
    script->given_up = script->in_transaction = false;
    script->tests_n++;
    script->sources = test_sources_new(script->subject->plan);
    script->left_out = (struct test_left_out){.arena = arena_new(SIZE_MAX)};
    return local_new(&config, &script->local, reterr);
}

/* ---- what stands in it ---- */

static bool is_word(struct str statement, const char *word)
{
    size_t at = 0;

    return text_is(text_word(statement, &at), word) && str_trim(statement, STR_BLANKS).len == at;
}

static bool run_statement(struct script *script, struct str statement, struct err *reterr)
{
    const struct test_target target = {script->subject, script->sources, script->local};

    if (is_word(statement, "begin")) {
        script->in_transaction = true;
        return true;
    }
    if (is_word(statement, "commit"))
        script->in_transaction = false;
    else if (!test_change(&target, statement, reterr))
        return false;
    return script->in_transaction || local_step(script->local, reterr);
}

/* The query behind a remark. */
static bool take_query(struct script *script, struct str *ret)
{
    struct text_cursor cursor = script->cursor;
    struct text_item item;

    if (!text_next(&cursor, &item) || item.remark)
        return false;
    script->cursor = cursor;
    *ret = item.text;
    return true;
}

static bool expect(struct script *script, struct str remark, struct err *reterr)
{
    const struct test_found found = {script->subject, script->sources, script->local,
                                     &script->left_out};
    struct str query = STR_NONE;

    if (!test_expects_nothing(remark) && !take_query(script, &query))
        return test_refuse(script->subject, remark, reterr,
                           "VALUES or SELECT is missing behind it, or the words \"no rows\"");
    return local_step(script->local, reterr) &&
           test_expect(&found, remark, query, &script->notes, reterr);
}

/* The name behind `test` or `test:`. */
static struct str name_of(struct str remark)
{
    size_t at = 0;

    text_word(remark, &at);
    struct str name = str_trim((struct str){remark.at + at, remark.len - at}, STR_BLANKS);
    if (name.len > 0 && *name.at == ':')
        name = str_trim((struct str){name.at + 1, name.len - 1}, STR_BLANKS);
    return name;
}

static void note_error(struct script *script, const struct err *err)
{
    buf_puts(&script->notes, "# ");
    for (const char *at = err->text; *at != '\0'; at++)
        buf_printf(&script->notes, *at == '\n' ? "\n# " : "%c", *at);
    buf_char(&script->notes, '\n');
    script->given_up = true;
}

static bool run_item(struct script *script, const struct text_item *item, struct err *reterr)
{
    struct err err;
    size_t at = 0;
    bool ok;

    if (item->remark && text_is(text_word(item->text, &at), "test"))
        return begin_test(script, name_of(item->text), reterr);
    if (!script->begun && !begin_test(script, STR("(without a name)"), reterr))
        return false;
    if (script->given_up)
        return true;
    ok = item->remark ? expect(script, item->text, &err) : run_statement(script, item->text, &err);
    if (!ok)
        note_error(script, &err);
    return true;
}

bool views_test(const struct test_subject *subject, FILE *out, uint32_t *ret_failed,
                struct err *reterr)
{
    struct script script = {.subject = subject, .cursor = {subject->text, 0}, .out = out};
    struct text_item item;
    bool ok = true;

    fputs("TAP version 13\n", out);
    while (ok && text_next(&script.cursor, &item))
        ok = run_item(&script, &item, reterr);
    if (ok)
        end_test(&script);
    close_test(&script);
    if (ok)
        fprintf(out, "1..%u\n", script.tests_n);
    buf_done(&script.notes);
    *ret_failed = script.failed_n;
    return ok;
}
