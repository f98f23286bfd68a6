#include "progress.h"
#include "record/json.h"
#include "record/position.h"
#include <assert.h>
#include <inttypes.h>

static const char *const state_names[PROGRESS_STATES] = {"no position",
                                                         "a snapshot",
                                                         "between transactions",
                                                         "before an unfinished transaction",
                                                         "in a repeated transaction",
                                                         "in a transaction"};

/* Which states each event may come in. */
enum event { SNAPSHOT_BEGINS, SNAPSHOT_ENDS, ADOPT, BEGINS, CHANGE, COMMITS, ADVANCE };

static const unsigned allowed[] = {
    [SNAPSHOT_BEGINS] = 1U << PROGRESS_NONE | 1U << PROGRESS_SNAPSHOT,
    [SNAPSHOT_ENDS] = 1U << PROGRESS_SNAPSHOT,
    [ADOPT] = 1U << PROGRESS_NONE,
    [BEGINS] = 1U << PROGRESS_BETWEEN | 1U << PROGRESS_RESUME,
    [CHANGE] = 1U << PROGRESS_REPEAT | 1U << PROGRESS_INSIDE,
    [COMMITS] = 1U << PROGRESS_INSIDE,
    [ADVANCE] = 1U << PROGRESS_BETWEEN,
};

static bool enter(const struct progress *progress, enum event event, const char *what,
                  struct err *reterr)
{
    if ((allowed[event] & 1U << progress->state) != 0)
        return true;
    return err_set(reterr, ERR_STOP, "position: %s came in the state \"%s\"", what,
                   state_names[progress->state]);
}

static bool backwards(struct err *reterr, const char *what, uint64_t lsn, uint64_t end_lsn)
{
    return err_set(reterr, ERR_STOP,
                   "position: %s at %" PRIX32 "/%" PRIX32
                   ", before what is stored already (%" PRIX32 "/%" PRIX32 ")",
                   what, (uint32_t)(lsn >> 32), (uint32_t)lsn, (uint32_t)(end_lsn >> 32),
                   (uint32_t)end_lsn);
}

bool progress_snapshot_begins(struct progress *progress, uint64_t consistent_lsn,
                              struct err *reterr)
{
    if (!enter(progress, SNAPSHOT_BEGINS, "a snapshot", reterr))
        return false;
    if (consistent_lsn < progress->end_lsn)
        return backwards(reterr, "a snapshot", consistent_lsn, progress->end_lsn);
    progress->state = PROGRESS_SNAPSHOT;
    progress->end_lsn = consistent_lsn;
    progress->attempt++;
    return true;
}

bool progress_snapshot_ends(struct progress *progress, struct err *reterr)
{
    if (!enter(progress, SNAPSHOT_ENDS, "the end of a snapshot", reterr))
        return false;
    progress->state = PROGRESS_BETWEEN;
    return true;
}

bool progress_adopt(struct progress *progress, uint64_t lsn, struct err *reterr)
{
    if (!enter(progress, ADOPT, "a start", reterr))
        return false;
    progress->state = PROGRESS_BETWEEN;
    progress->end_lsn = lsn;
    return true;
}

bool progress_begins(struct progress *progress, uint64_t final_lsn, struct err *reterr)
{
    if (!enter(progress, BEGINS, "a transaction", reterr))
        return false;
    if (final_lsn < progress->end_lsn)
        return backwards(reterr, "a transaction", final_lsn, progress->end_lsn);
    if (progress->state == PROGRESS_RESUME && final_lsn != progress->final_lsn)
        return err_set(reterr, ERR_STOP,
                       "position: the unfinished transaction %" PRIX32 "/%" PRIX32
                       " was not sent again, another one was (%" PRIX32 "/%" PRIX32 ")",
                       (uint32_t)(progress->final_lsn >> 32), (uint32_t)progress->final_lsn,
                       (uint32_t)(final_lsn >> 32), (uint32_t)final_lsn);
    progress->state = progress->state == PROGRESS_RESUME ? PROGRESS_REPEAT : PROGRESS_INSIDE;
    progress->final_lsn = final_lsn;
    progress->seen = 0;
    return true;
}

bool progress_change(struct progress *progress, uint64_t *ret_ordinal, bool *ret_new,
                     struct err *reterr)
{
    if (!enter(progress, CHANGE, "a change", reterr))
        return false;
    *ret_ordinal = ++progress->seen;
    *ret_new = progress->state == PROGRESS_INSIDE;
    if (*ret_new)
        progress->changes = progress->seen;
    else if (progress->seen == progress->changes)
        progress->state = PROGRESS_INSIDE;
    return true;
}

bool progress_commits(struct progress *progress, uint64_t end_lsn, struct err *reterr)
{
    if (!enter(progress, COMMITS, "a commit", reterr))
        return false;
    if (end_lsn <= progress->final_lsn)
        return backwards(reterr, "a commit", end_lsn, progress->final_lsn);
    progress->state = PROGRESS_BETWEEN;
    progress->end_lsn = end_lsn;
    progress->final_lsn = 0;
    progress->changes = progress->seen = 0;
    return true;
}

bool progress_advance(struct progress *progress, uint64_t lsn, struct err *reterr)
{
    if (!enter(progress, ADVANCE, "an idle advance", reterr))
        return false;
    if (lsn < progress->end_lsn)
        return backwards(reterr, "an idle advance", lsn, progress->end_lsn);
    progress->end_lsn = lsn;
    return true;
}

static void print_lsn(struct buf *out, const char *name, uint64_t lsn)
{
    buf_printf(out, ",\"%s\":\"%" PRIX32 "/%" PRIX32 "\"", name, (uint32_t)(lsn >> 32),
               (uint32_t)lsn);
}

void progress_print(struct buf *out, const struct progress *progress)
{
    bool unfinished = progress->changes > 0;

    buf_printf(out, "{\"system_id\":\"%s\",\"timeline\":%" PRIu32 ",\"slot\":", progress->system_id,
               progress->timeline);
    json_write_string(out, str_of(progress->slot));
    buf_printf(out, ",\"state\":\"%s\"",
               progress->state == PROGRESS_SNAPSHOT ? "snapshot" : "streaming");
    print_lsn(out, "end_lsn", progress->end_lsn);
    if (unfinished)
        print_lsn(out, "final_lsn", progress->final_lsn);
    else
        buf_puts(out, ",\"final_lsn\":null");
    buf_printf(out, ",\"changes\":%" PRIu64 ",\"attempt\":%" PRId64 "}", progress->changes,
               progress->attempt);
}

/* The members of a stored object that were met, to refuse one that lacks any. */
enum { MET_SYSTEM = 1, MET_TIMELINE = 2, MET_SLOT = 4, MET_STATE = 8, MET_END = 16, MET_ALL = 31 };

static bool copy_text(char *into, size_t room, struct str text)
{
    if (text.len >= room)
        return false;
    memcpy(into, text.at, text.len);
    into[text.len] = '\0';
    return true;
}

static bool read_number(struct str text, uint64_t *ret)
{
    uint64_t number = 0;

    if (text.len == 0 || text.len > 19)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(text.at[i] - '0');
    }
    *ret = number;
    return true;
}

static bool read_hex(struct str text, uint64_t *ret)
{
    uint64_t number = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if ((c < '0' || c > '9') && (c < 'A' || c > 'F'))
            return false;
        number = number << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'A' + 10);
    }
    *ret = number;
    return text.len > 0 && text.len <= 8;
}

static bool read_lsn(struct str text, uint64_t *ret)
{
    const char *slash = text.len == 0 ? NULL : memchr(text.at, '/', text.len);
    uint64_t high, low;

    if (slash == NULL || !read_hex(str_between(text.at, slash), &high) ||
        !read_hex(str_between(slash + 1, text.at + text.len), &low))
        return false;
    *ret = high << 32 | low;
    return true;
}

static bool read_state(struct str text, enum progress_state *ret)
{
    if (str_eq_c(text, "snapshot"))
        *ret = PROGRESS_SNAPSHOT;
    else if (str_eq_c(text, "streaming"))
        *ret = PROGRESS_BETWEEN;
    else
        return false;
    return true;
}

static bool read_member(struct progress *progress, unsigned *met, struct str name,
                        const struct json_value *value, struct str text)
{
    uint64_t number = 0;

    if (str_eq_c(name, "system_id")) {
        *met |= MET_SYSTEM;
        return copy_text(progress->system_id, sizeof(progress->system_id), text);
    }
    if (str_eq_c(name, "slot")) {
        *met |= MET_SLOT;
        return copy_text(progress->slot, sizeof(progress->slot), text);
    }
    if (str_eq_c(name, "state")) {
        *met |= MET_STATE;
        return read_state(text, &progress->state);
    }
    if (str_eq_c(name, "end_lsn")) {
        *met |= MET_END;
        return read_lsn(text, &progress->end_lsn);
    }
    if (str_eq_c(name, "final_lsn"))
        return value->kind == JSON_NULL || read_lsn(text, &progress->final_lsn);
    if (!str_eq_c(name, "timeline") && !str_eq_c(name, "changes") && !str_eq_c(name, "attempt"))
        return true; /* a later version's */
    if (value->kind != JSON_NUMBER || !read_number(value->raw, &number))
        return false;
    if (name.at[0] == 'c') {
        progress->changes = number;
    } else if (name.at[0] == 'a') {
        progress->attempt = (int64_t)number;
    } else {
        *met |= MET_TIMELINE;
        progress->timeline = (uint32_t)number;
    }
    return true;
}

static bool read_members(struct json_cursor *cursor, struct arena *arena, struct progress *progress,
                         unsigned *met, struct err *reterr)
{
    bool first = true, more = true;
    struct json_value value;
    struct str name, text;

    if (!json_object_begin(cursor, reterr))
        return false;
    for (;;) {
        if (!json_object_next(cursor, arena, &first, &more, &name, reterr))
            return false;
        if (!more)
            return json_at_end(cursor, reterr);
        if (!json_read(cursor, &value, reterr))
            return false;
        text = value.raw;
        if (value.kind == JSON_STRING && !json_text(&value, arena, &text, reterr))
            return false;
        if (!read_member(progress, met, name, &value, text))
            return err_set(reterr, ERR_STOP, "the member \"%.*s\" makes no sense", STR_ARG(name));
    }
}

bool progress_parse(struct str json, struct progress *ret, struct err *reterr)
{
    struct arena *arena CLEANUP(arena) = arena_new(1 << 16);
    struct json_cursor cursor = json_open(json);
    struct progress progress = {0};
    unsigned met = 0;

    if (!read_members(&cursor, arena, &progress, &met, reterr)) {
        reterr->kind = ERR_STOP;
        reterr->exit_status = EX_DATAERR;
        return err_prefix(reterr, "stored position");
    }
    bool unfinished = progress.changes > 0;
    if (met != MET_ALL || unfinished != (progress.final_lsn != 0) ||
        (unfinished && progress.state != PROGRESS_BETWEEN))
        return err_stop(reterr, EX_DATAERR, "stored position: members are missing or contradict");
    if (unfinished)
        progress.state = PROGRESS_RESUME;
    *ret = progress;
    return true;
}

static const char afresh[] =
    "to start afresh, drop the slot and delete the progress topic: a new snapshot is then taken, "
    "and what bronze holds beyond it is retracted";

static bool judge_identity(const struct progress *stored, const struct progress_found *found,
                           struct err *reterr)
{
    if (strcmp(stored->system_id, found->system_id) != 0)
        return err_stop(reterr, EX_CONFIG,
                        "the stored position belongs to the PostgreSQL cluster %s, this one is %s: "
                        "give the right --postgres-url, or another --topic-prefix",
                        stored->system_id, found->system_id);
    if (stored->timeline != found->timeline)
        return err_stop(reterr, EX_CONFIG,
                        "the stored position is on timeline %" PRIu32 ", the server on %" PRIu32
                        " (a failover or a restore): changes may be missing; %s",
                        stored->timeline, found->timeline, afresh);
    if (strcmp(stored->slot, found->slot) != 0)
        return err_stop(reterr, EX_CONFIG,
                        "the stored position belongs to the slot \"%s\", not to \"%s\": give "
                        "--slot %s, or another --topic-prefix",
                        stored->slot, found->slot, stored->slot);
    return true;
}

bool progress_judge(const struct progress *stored, const struct progress_found *found,
                    bool snapshot_wanted, enum progress_verdict *ret, struct err *reterr)
{
    if (stored->state == PROGRESS_NONE) {
        *ret = snapshot_wanted ? PROGRESS_DO_SNAPSHOT : PROGRESS_DO_ADOPT;
        return true;
    }
    if (!judge_identity(stored, found, reterr))
        return false;
    if (stored->state == PROGRESS_SNAPSHOT) {
        *ret = PROGRESS_DO_SNAPSHOT;
        return true;
    }
    assert(stored->state == PROGRESS_BETWEEN || stored->state == PROGRESS_RESUME);
    if (!found->slot_exists)
        return err_stop(reterr, EX_CONFIG,
                        "the slot \"%s\" is gone, a position is stored: changes may be missing; %s",
                        found->slot, afresh);
    if (found->slot_confirmed_lsn > stored->end_lsn)
        return err_stop(reterr, EX_CONFIG,
                        "the slot \"%s\" stands at %" PRIX32 "/%" PRIX32
                        ", ahead of the stored position %" PRIX32 "/%" PRIX32
                        ": it was recreated, or advanced by somebody else, and changes are "
                        "missing; %s",
                        found->slot, (uint32_t)(found->slot_confirmed_lsn >> 32),
                        (uint32_t)found->slot_confirmed_lsn, (uint32_t)(stored->end_lsn >> 32),
                        (uint32_t)stored->end_lsn, afresh);
    *ret = PROGRESS_DO_STREAM;
    return true;
}
