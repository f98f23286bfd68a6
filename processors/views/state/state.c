#include "state/state.h"

#include "base/disk.h"
#include "base/options.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <sys/file.h>
#include <sys/stat.h>

enum {
    BOOT_ID_BYTES = 40,
    CURSORS_MAX = 8,
    LOCK_BYTES = 16 * 1024,   /* of lock.mdb, which is mapped; LMDB wants the half */
    SPARE_BYTES = 256 * 1024, /* what a transaction writes beside its entries, generously */
    PATH_PAGES = 6,           /* from the root to an entry, with what a split adds */
    ENTRY_BYTES = 32,         /* what LMDB stores beside an entry, generously */
    APPLY_EVERY_MS = 10000
};

/* One entry of LMDB that was read ahead, and where the overlay stands. */
struct merge {
    MDB_cursor *cursor; /* stays where it was: a walk near the last one needs no descent */
    uint64_t renewals;  /* of the reader, when the cursor was */
    MDB_val key, value;
    bool below_valid;
    const struct overlay_entry *above;
};

/* The "boot" record of the meta database. */
struct boot_record {
    char boot_id[BOOT_ID_BYTES];
    uint8_t clean;
};

struct state {
    struct store store; /* first: the engine's view */
    char *directory;
    struct overlay *overlay;
    struct state_mark mark;
    int64_t applied_unix_ms; /* the mark's that was stored last */
    MDB_env *env;
    MDB_txn *reader;
    uint64_t renewals; /* of the reader */
    MDB_dbi entries, meta;
    int owner_fd;
    struct merge merges[CURSORS_MAX];
    unsigned merges_used;
    char boot_id[BOOT_ID_BYTES];
};

static bool lmdb_failed(int status, const char *doing, struct err *reterr)
{
    if (status == MDB_MAP_FULL)
        return err_stop(reterr, EX_CANTCREAT,
                        "the state store is full while %s: raise --state-size", doing);
    return err_stop(reterr, EX_IOERR, "the state store failed while %s: %s", doing,
                    mdb_strerror(status));
}

static MDB_val val_of(struct str s)
{
    MDB_val val = {.mv_size = s.len};

    memcpy(&val.mv_data, &s.at, sizeof(s.at)); /* LMDB does not write through it */
    return val;
}

static struct str str_of_val(MDB_val val)
{
    return (struct str){val.mv_data, val.mv_size};
}

static bool has_prefix(MDB_val key, struct str prefix)
{
    return str_starts(str_of_val(key), prefix);
}

/* ---- the store's operations
 * -------------------------------------------------------------------------------- */

static bool get(struct store *store, struct str key, struct str *ret_value, struct err *reterr)
{
    struct state *state = (struct state *)store;
    const struct overlay_entry *entry = overlay_get(state->overlay, key);
    MDB_val wanted = val_of(key), found;

    if (entry != NULL) {
        *ret_value = entry->value;
        return true;
    }
    int status = mdb_get(state->reader, state->entries, &wanted, &found);
    if (status != 0 && status != MDB_NOTFOUND)
        return lmdb_failed(status, "reading", reterr);
    *ret_value = status == 0 ? str_of_val(found) : STR_NONE;
    return true;
}

static void put(struct store *store, struct str key, struct str value)
{
    assert(key.len > 0 && key.len <= STORE_KEY_BYTES_MAX);
    overlay_put(((struct state *)store)->overlay, key, value);
}

/* Moves the LMDB side one entry on and notes whether it is still inside the prefix. */
static bool below_move(struct merge *merge, struct str prefix, MDB_cursor_op op, struct err *reterr)
{
    int status = mdb_cursor_get(merge->cursor, &merge->key, &merge->value, op);

    if (status != 0 && status != MDB_NOTFOUND)
        return lmdb_failed(status, "walking", reterr);
    merge->below_valid = status == 0 && has_prefix(merge->key, prefix);
    return true;
}

/* The least key above every key with the prefix, in `into`; its length 0 when there is none. */
static struct str prefix_end(struct str prefix, char *into)
{
    size_t length = prefix.len;

    memcpy(into, prefix.at, length);
    while (length > 0 && (unsigned char)into[length - 1] == 0xff)
        length--;
    if (length > 0)
        into[length - 1] = (char)(into[length - 1] + 1);
    return (struct str){into, length};
}

static bool below_start(struct merge *merge, const struct store_cursor *cursor, struct err *reterr)
{
    char end_bytes[STORE_KEY_BYTES_MAX];

    if (!cursor->reverse) {
        merge->key = val_of(cursor->prefix);
        if (cursor->prefix.len == 0)
            return below_move(merge, cursor->prefix, MDB_FIRST, reterr);
        return below_move(merge, cursor->prefix, MDB_SET_RANGE, reterr);
    }
    struct str end = prefix_end(cursor->prefix, end_bytes);
    merge->key = val_of(end);
    if (end.len == 0 ||
        mdb_cursor_get(merge->cursor, &merge->key, &merge->value, MDB_SET_RANGE) == MDB_NOTFOUND)
        return below_move(merge, cursor->prefix, MDB_LAST, reterr);
    return below_move(merge, cursor->prefix, MDB_PREV, reterr);
}

static const struct overlay_entry *above_start(const struct state *state,
                                               const struct store_cursor *cursor)
{
    char end_bytes[STORE_KEY_BYTES_MAX + 1];

    if (!cursor->reverse)
        return overlay_seek(state->overlay, cursor->prefix, false);
    struct str end = prefix_end(cursor->prefix, end_bytes);
    if (end.len == 0) {
        memset(end_bytes, 0xff, sizeof(end_bytes));
        end.len = sizeof(end_bytes);
    }
    return overlay_before(state->overlay, end);
}

static bool merge_open(struct state *state, struct store_cursor *cursor, struct err *reterr)
{
    assert(state->merges_used < CURSORS_MAX && cursor->prefix.len <= STORE_KEY_BYTES_MAX);
    struct merge *merge = &state->merges[state->merges_used];
    int status = 0;
    if (merge->cursor == NULL)
        status = mdb_cursor_open(state->reader, state->entries, &merge->cursor);
    else if (merge->renewals != state->renewals)
        status = mdb_cursor_renew(state->reader, merge->cursor);
    if (status != 0)
        return lmdb_failed(status, "opening a cursor", reterr);
    merge->renewals = state->renewals;
    state->merges_used++;
    cursor->below = merge;
    cursor->started = true;
    merge->above = above_start(state, cursor);
    return below_start(merge, cursor, reterr);
}

static const struct overlay_entry *above_move(const struct state *state,
                                              const struct store_cursor *cursor,
                                              const struct overlay_entry *entry)
{
    return cursor->reverse ? overlay_before(state->overlay, entry->key)
                           : overlay_next(state->overlay, entry);
}

/* Cursors nest: the one opened last ends first. */
static void end(struct store *store, struct store_cursor *cursor)
{
    struct state *state = (struct state *)store;

    if (!cursor->started)
        return;
    assert(cursor->below == &state->merges[state->merges_used - 1]);
    state->merges_used--;
    cursor->started = false;
}

/* Which side holds the next entry: below 0 the overlay, above 0 the file, 0 both, and the overlay
 * hides the file's. */
static int next_side(const struct merge *merge, const struct store_cursor *cursor, bool in_overlay)
{
    if (!in_overlay || !merge->below_valid)
        return in_overlay ? -1 : 1;
    int order = str_cmp(merge->above->key, str_of_val(merge->key));
    return cursor->reverse ? -order : order;
}

static bool next(struct store *store, struct store_cursor *cursor, bool *ret_more,
                 struct err *reterr)
{
    struct state *state = (struct state *)store;

    if (!cursor->started && !merge_open(state, cursor, reterr))
        return false;
    struct merge *merge = cursor->below;
    MDB_cursor_op onward = cursor->reverse ? MDB_PREV : MDB_NEXT;
    do {
        const struct overlay_entry *above = merge->above;
        bool in_overlay = above != NULL && str_starts(above->key, cursor->prefix);

        if (!in_overlay && !merge->below_valid) {
            end(store, cursor);
            *ret_more = false;
            return true;
        }
        int side = next_side(merge, cursor, in_overlay);
        cursor->key = side <= 0 ? above->key : str_of_val(merge->key);
        cursor->value = side <= 0 ? above->value : str_of_val(merge->value);
        if (side <= 0)
            merge->above = above_move(state, cursor, above);
        if (side >= 0 && !below_move(merge, cursor->prefix, onward, reterr))
            return false;
    } while (cursor->value.at == NULL);
    *ret_more = true;
    return true;
}

static const struct store_ops operations = {get, put, next, end};

/* ---- opening and closing
 * ----------------------------------------------------------------------------------- */

static bool read_boot_id(const struct state_config *config, char *into, struct err *reterr)
{
    CLEANUP(free) char *text = NULL;

    if (config->boot_id == NULL &&
        !options_read_file("/proc/sys/kernel/random/boot_id", 256, &text, reterr))
        return false;
    snprintf(into, BOOT_ID_BYTES, "%s", config->boot_id != NULL ? config->boot_id : text);
    return true;
}

static bool make_directories(const char *directory, struct err *reterr)
{
    char path[4096];

    if (snprintf(path, sizeof(path), "%s", directory) >= (int)sizeof(path))
        return err_stop(reterr, EX_USAGE, "--state-dir is longer than %zu bytes", sizeof(path));
    for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash != NULL)
            *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return err_stop(reterr, EX_CANTCREAT, "--state-dir %s: cannot create %s: %s", directory,
                            path, strerror(errno));
        if (slash == NULL)
            return true;
        *slash = '/';
    }
}

bool state_check_directory(const char *directory, struct err *reterr)
{
    if (!make_directories(directory, reterr))
        return false;
    return access(directory, W_OK | X_OK) == 0 ||
           err_stop(reterr, EX_CANTCREAT, "--state-dir %s: cannot write there: %s", directory,
                    strerror(errno));
}

static bool take_ownership(struct state *state, const char *directory, struct err *reterr)
{
    char path[4200];

    snprintf(path, sizeof(path), "%s/owner", directory);
    state->owner_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (state->owner_fd < 0)
        return err_stop(reterr, EX_CANTCREAT, "--state-dir %s: cannot write there: %s", directory,
                        strerror(errno));
    if (flock(state->owner_fd, LOCK_EX | LOCK_NB) != 0)
        return err_set(reterr, ERR_RETRY, "--state-dir %s: another process holds it", directory);
    return true;
}

/* Nothing may be written to the map where the disk has no room for it. */
static bool need_room(const struct state *state, uint64_t bytes, struct err *reterr)
{
    int64_t free_bytes = disk_free_bytes(state->directory);

    return free_bytes >= (int64_t)bytes ||
           err_stop(reterr, EX_CANTCREAT,
                    "--state-dir %s: No space left on device: %lld KiB are free and up to %lld may "
                    "be needed; free some and start again, nothing is lost",
                    state->directory, (long long)free_bytes / 1024, (long long)bytes / 1024);
}

/* At most what applying the overlay writes: pages on the way to each entry are written anew, but
 * no more of them than there are; a page that is split is half full. */
static bool need_room_for_overlay(struct state *state, struct err *reterr)
{
    uint64_t entries = overlay_count(state->overlay);
    MDB_envinfo info;
    MDB_stat stat;

    if (mdb_env_info(state->env, &info) != 0 || mdb_env_stat(state->env, &stat) != 0)
        return need_room(state, SPARE_BYTES, reterr);
    uint64_t page = stat.ms_psize, used = (info.me_last_pgno + 1) * page;
    uint64_t touched = entries * PATH_PAGES * page;
    return need_room(state,
                     SPARE_BYTES + (touched < used ? touched : used) +
                         2 * (overlay_bytes(state->overlay) + entries * ENTRY_BYTES),
                     reterr);
}

static bool open_environment(struct state *state, const struct state_config *config,
                             struct err *reterr)
{
    MDB_txn *txn = NULL;

    if (!disk_reserve(config->directory, "lock.mdb", LOCK_BYTES, reterr))
        return err_prefix(reterr, "--state-dir");
    if (!need_room(state, SPARE_BYTES, reterr))
        return false;
    int status = mdb_env_create(&state->env);

    if (status == 0)
        status = mdb_env_set_mapsize(state->env, (size_t)config->map_bytes);
    if (status == 0)
        status = mdb_env_set_maxdbs(state->env, 2);
    if (status == 0)
        status = mdb_env_open(state->env, config->directory,
                              MDB_NOSYNC | MDB_WRITEMAP | MDB_NOTLS | MDB_NORDAHEAD, 0600);
    if (status == 0)
        status = mdb_txn_begin(state->env, NULL, 0, &txn);
    if (status == 0)
        status = mdb_dbi_open(txn, "state", MDB_CREATE, &state->entries);
    if (status == 0)
        status = mdb_dbi_open(txn, "meta", MDB_CREATE, &state->meta);
    if (status == 0)
        status = mdb_txn_commit(txn);
    else if (txn != NULL)
        mdb_txn_abort(txn);
    return status == 0 || lmdb_failed(status, "opening --state-dir", reterr);
}

/* Reads a fixed-size meta record; zeros when it is not there or has another size. */
static void meta_get(MDB_txn *txn, MDB_dbi meta, const char *name, void *into, size_t size)
{
    MDB_val key = val_of(str_of(name)), value;

    memset(into, 0, size);
    if (mdb_get(txn, meta, &key, &value) == 0 && value.mv_size == size)
        memcpy(into, value.mv_data, size);
}

static int meta_put(MDB_txn *txn, MDB_dbi meta, const char *name, const void *record, size_t size)
{
    MDB_val key = val_of(str_of(name)), value = val_of((struct str){record, size});

    return mdb_put(txn, meta, &key, &value, 0);
}

/* Writes the boot record; `emptying` also drops every entry and the mark. */
static bool stamp_boot(struct state *state, bool clean, bool emptying, struct err *reterr)
{
    struct boot_record record = {.clean = clean};
    MDB_txn *txn = NULL;
    int status = mdb_txn_begin(state->env, NULL, 0, &txn);

    memcpy(record.boot_id, state->boot_id, BOOT_ID_BYTES);
    if (status == 0 && emptying)
        status = mdb_drop(txn, state->entries, 0);
    if (status == 0 && emptying)
        status = mdb_drop(txn, state->meta, 0);
    if (status == 0)
        status = meta_put(txn, state->meta, "boot", &record, sizeof(record));
    if (status == 0)
        status = mdb_txn_commit(txn);
    else if (txn != NULL)
        mdb_txn_abort(txn);
    return status == 0 || lmdb_failed(status, "marking the boot", reterr);
}

/* Another boot that did not end cleanly may have lost pages: start empty. */
static bool check_boot(struct state *state, bool *ret_emptied, struct err *reterr)
{
    struct boot_record record;
    MDB_txn *txn = NULL;
    int status = mdb_txn_begin(state->env, NULL, MDB_RDONLY, &txn);

    if (status != 0)
        return lmdb_failed(status, "opening", reterr);
    meta_get(txn, state->meta, "boot", &record, sizeof(record));
    mdb_txn_abort(txn);
    bool same_boot = memcmp(record.boot_id, state->boot_id, BOOT_ID_BYTES) == 0;
    *ret_emptied = record.boot_id[0] != '\0' && !same_boot && !record.clean;
    return stamp_boot(state, false, *ret_emptied, reterr);
}

static bool start_reading(struct state *state, struct err *reterr)
{
    int status = mdb_txn_begin(state->env, NULL, MDB_RDONLY, &state->reader);

    if (status != 0)
        return lmdb_failed(status, "opening", reterr);
    meta_get(state->reader, state->meta, "mark", &state->mark, sizeof(state->mark));
    state->applied_unix_ms = state->mark.applied_unix_ms;
    return true;
}

/* What is open stays so. */
static void take_names_away(const char *directory)
{
    static const char *const names[] = {"data.mdb", "lock.mdb", "owner"};
    char path[4200];

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        unlink(path);
    }
    rmdir(directory);
}

bool state_open(const struct state_config *config, struct state **ret, bool *ret_emptied,
                struct err *reterr)
{
    struct state *state = err_calloc(1, sizeof(*state));

    state->store.ops = &operations;
    state->owner_fd = -1;
    state->directory = err_strdup(config->directory);
    state->overlay = overlay_new((size_t)config->overlay_bytes);
    if (!read_boot_id(config, state->boot_id, reterr) ||
        !make_directories(config->directory, reterr) ||
        !take_ownership(state, config->directory, reterr) ||
        !open_environment(state, config, reterr) || !check_boot(state, ret_emptied, reterr) ||
        !start_reading(state, reterr)) {
        state_close(state, false);
        return false;
    }
    if (config->nameless)
        take_names_away(config->directory);
    *ret = state;
    return true;
}

/* Applies what is committed, unless something is there that is not. */
static void apply_rest(struct state *state)
{
    struct err ignored;

    if (state->reader != NULL && overlay_count(state->overlay) > 0 &&
        overlay_written(state->overlay) == NULL)
        (void)!state_apply(state, &state->mark, &ignored);
}

struct state *state_close(struct state *state, bool clean)
{
    struct err ignored;

    if (state == NULL)
        return NULL;
    if (clean)
        apply_rest(state);
    for (size_t i = 0; i < CURSORS_MAX; i++)
        if (state->merges[i].cursor != NULL)
            mdb_cursor_close(state->merges[i].cursor);
    if (state->reader != NULL)
        mdb_txn_abort(state->reader);
    /* The mark is written between two syncs: it never stands on disk before what it vouches for. */
    if (clean && mdb_env_sync(state->env, 1) == 0 && stamp_boot(state, true, false, &ignored))
        mdb_env_sync(state->env, 1);
    if (state->env != NULL)
        mdb_env_close(state->env);
    overlay_free(state->overlay);
    free(state->directory);
    if (state->owner_fd >= 0)
        close(state->owner_fd);
    free(state);
    return NULL;
}

struct store *state_store(struct state *state)
{
    return &state->store;
}

const struct overlay *state_overlay(const struct state *state)
{
    return state->overlay;
}

const struct state_mark *state_mark(const struct state *state)
{
    return &state->mark;
}

static int write_entry(MDB_cursor *cursor, const struct overlay_entry *entry)
{
    MDB_val key = val_of(entry->key), value = val_of(entry->value);

    if (entry->value.at != NULL)
        return mdb_cursor_put(cursor, &key, &value, 0);
    int status = mdb_cursor_get(cursor, &key, &value, MDB_SET);
    return status == 0 ? mdb_cursor_del(cursor, 0) : status;
}

/* Writes the overlay in key order through one cursor: a key on the cursor's leaf is found without a
 * descent. */
static int write_entries(const struct state *state, MDB_txn *txn)
{
    MDB_cursor *cursor = NULL;
    int status = mdb_cursor_open(txn, state->entries, &cursor);

    for (const struct overlay_entry *entry = overlay_seek(state->overlay, STR_NONE, false);
         entry != NULL && status == 0; entry = overlay_next(state->overlay, entry)) {
        status = write_entry(cursor, entry);
        if (status == MDB_NOTFOUND)
            status = 0;
    }
    mdb_cursor_close(cursor);
    return status;
}

static bool renew_reader(struct state *state, struct err *reterr)
{
    int status = mdb_txn_renew(state->reader);

    state->renewals++;
    return status == 0 || lmdb_failed(status, "reading on", reterr);
}

bool state_apply(struct state *state, const struct state_mark *mark, struct err *reterr)
{
    MDB_txn *txn = NULL;

    assert(state->merges_used == 0);
    if (!need_room_for_overlay(state, reterr))
        return false;
    mdb_txn_reset(state->reader);
    int status = mdb_txn_begin(state->env, NULL, 0, &txn);
    if (status == 0)
        status = write_entries(state, txn);
    if (status == 0)
        status = meta_put(txn, state->meta, "mark", mark, sizeof(*mark));
    if (status == 0)
        status = mdb_txn_commit(txn);
    else if (txn != NULL)
        mdb_txn_abort(txn);
    if (status != 0)
        return lmdb_failed(status, "applying a transaction", reterr);
    state->mark = *mark;
    state->applied_unix_ms = mark->applied_unix_ms;
    overlay_clear(state->overlay);
    return renew_reader(state, reterr);
}

bool state_commit(struct state *state, const struct state_mark *mark, struct err *reterr)
{
    overlay_commit(state->overlay);
    state->mark = *mark;
    return (!overlay_full(state->overlay) &&
            mark->applied_unix_ms - state->applied_unix_ms < APPLY_EVERY_MS) ||
           state_apply(state, mark, reterr);
}

bool state_empty(struct state *state, struct err *reterr)
{
    overlay_clear(state->overlay);
    mdb_txn_reset(state->reader);
    if (!stamp_boot(state, false, true, reterr))
        return false;
    state->mark = (struct state_mark){0};
    state->applied_unix_ms = 0;
    return renew_reader(state, reterr);
}

void state_size(struct state *state, uint64_t *ret_keys, uint64_t *ret_bytes)
{
    MDB_stat stat;

    *ret_keys = *ret_bytes = 0;
    if (mdb_stat(state->reader, state->entries, &stat) == 0) {
        *ret_keys = stat.ms_entries;
        *ret_bytes = (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages) *
                     (uint64_t)stat.ms_psize;
    }
}
