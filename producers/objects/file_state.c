#include "file_state.h"

#include "record/json.h"
#include <inttypes.h>

static const char *const names[] = {"", "IN_PROGRESS", "COMPLETED", "FAILED"};

static void print_text(struct buf *out, const char *label, const char *text)
{
    if (text[0] == '\0')
        return;
    buf_printf(out, ",\"%s\":", label);
    json_write_string(out, str_of(text));
}

bool file_state_done(const struct file_state *state, const char *tag)
{
    return state->status == FILE_COMPLETED && tag[0] != '\0' && strcmp(state->tag, tag) == 0;
}

uint64_t file_state_begin(struct file_state *state, const struct file_attempt *attempt)
{
    bool known =
        attempt->same || (attempt->tag[0] != '\0' && strcmp(state->tag, attempt->tag) == 0);
    uint64_t done = !known ? 0 : state->status == FILE_COMPLETED ? UINT64_MAX : state->line;

    if (!known) {
        state->line = 0;
        state->dead = 0;
        state->attempts = 1;
    }
    state->status = FILE_IN_PROGRESS;
    state->run = attempt->run;
    state->error[0] = '\0';
    snprintf(state->tag, sizeof(state->tag), "%s", attempt->tag);
    snprintf(state->modified, sizeof(state->modified), "%s", attempt->modified);
    return done;
}

void file_state_end(struct file_state *state, const char *reason, int64_t now_unix_us)
{
    state->status = reason == NULL ? FILE_COMPLETED : FILE_FAILED;
    snprintf(state->error, sizeof(state->error), "%.200s", reason == NULL ? "" : reason);
    state->updated_unix_us = now_unix_us;
}

const char *file_status_name(enum file_status status)
{
    return names[status];
}

void file_state_print(struct buf *out, const struct file_state *state)
{
    buf_printf(out,
               "{\"status\":\"%s\",\"run\":%" PRIu64 ",\"line\":%" PRIu64 ",\"rows\":%" PRId64
               ",\"dead\":%" PRId64 ",\"size\":%" PRId64 ",\"attempts\":%" PRId64
               ",\"updated_us\":%" PRId64,
               names[state->status], state->run, state->line, state->rows, state->dead, state->size,
               state->attempts, state->updated_unix_us);
    print_text(out, "tag", state->tag);
    print_text(out, "modified", state->modified);
    print_text(out, "sha256", state->sha256);
    print_text(out, "raw", state->raw);
    print_text(out, "error", state->error);
    buf_char(out, '}');
}

/* A member, whichever it is: a text or a number goes into the field of its name. */
struct member {
    const char *name;
    char *text; /* NULL: a number */
    size_t room;
    int64_t *number, least;
};

static bool take(const struct member *member, const struct json_value *value, struct arena *arena,
                 struct err *reterr)
{
    struct str text = value->raw;

    if (member->text == NULL)
        return value->kind == JSON_NUMBER && str_integer(value->raw, member->number) &&
               *member->number >= member->least;
    if (value->kind != JSON_STRING || !json_text(value, arena, &text, reterr) ||
        text.len >= member->room)
        return false;
    memcpy(member->text, text.at, text.len);
    member->text[text.len] = '\0';
    return true;
}

/* Reads an object's members that are in the table; others are a later version's. */
static bool read_members(struct str json, const struct member *table, struct err *reterr)
{
    struct arena *arena CLEANUP(arena) = arena_new(1 << 16);
    struct json_cursor cursor = json_open(json);
    bool first = true, more = true;
    struct json_value value;
    struct str name;

    if (!json_object_begin(&cursor, reterr))
        return false;
    for (;;) {
        if (!json_object_next(&cursor, arena, &first, &more, &name, reterr))
            return false;
        if (!more)
            return json_at_end(&cursor, reterr);
        if (!json_read(&cursor, &value, reterr))
            return false;
        for (const struct member *member = table; member->name != NULL; member++) {
            if (str_eq_c(name, member->name) && !take(member, &value, arena, reterr))
                return err_set(reterr, ERR_STOP, "the member \"%s\" makes no sense", member->name);
        }
    }
}

bool file_state_parse(struct str json, struct file_state *ret, struct err *reterr)
{
    struct file_state state = {.status = FILE_NONE};
    char status[16] = "";
    int64_t run = 0, line = 0;
    const struct member table[] = {
        {"status", status, sizeof(status), NULL, 0},
        {"tag", state.tag, sizeof(state.tag), NULL, 0},
        {"modified", state.modified, sizeof(state.modified), NULL, 0},
        {"sha256", state.sha256, sizeof(state.sha256), NULL, 0},
        {"raw", state.raw, sizeof(state.raw), NULL, 0},
        {"error", state.error, sizeof(state.error), NULL, 0},
        {"run", NULL, 0, &run, 0},
        {"line", NULL, 0, &line, 0},
        {"rows", NULL, 0, &state.rows, 0},
        {"dead", NULL, 0, &state.dead, 0},
        {"size", NULL, 0, &state.size, -1},
        {"attempts", NULL, 0, &state.attempts, 0},
        {"updated_us", NULL, 0, &state.updated_unix_us, 0},
        {0},
    };

    if (json.len > 0 && !read_members(json, table, reterr)) {
        reterr->kind = ERR_STOP;
        return false;
    }
    for (int i = FILE_IN_PROGRESS; i <= FILE_FAILED; i++) {
        if (strcmp(status, names[i]) == 0)
            state.status = (enum file_status)i;
    }
    state.run = (uint64_t)run;
    state.line = (uint64_t)line;
    *ret = state;
    return true;
}

void run_state_print(struct buf *out, const struct run_state *state)
{
    buf_printf(out, "{\"run\":%" PRIu64 ",\"commits\":%" PRIu64 ",\"complete\":%d}", state->run,
               state->commits, state->complete);
}

bool run_state_parse(struct str json, struct run_state *ret, struct err *reterr)
{
    int64_t run = 0, commits = 0, complete = 0;
    const struct member table[] = {{"run", NULL, 0, &run, 0},
                                   {"commits", NULL, 0, &commits, 0},
                                   {"complete", NULL, 0, &complete, 0},
                                   {0}};

    if (json.len > 0 && !read_members(json, table, reterr)) {
        reterr->kind = ERR_STOP;
        return false;
    }
    *ret = (struct run_state){(uint64_t)run, (uint64_t)commits, complete != 0};
    return true;
}
