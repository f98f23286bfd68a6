#include "seen/seen.h"

#include "base/buf.h"
#include "base/disk.h"
#include "base/options.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <lmdb.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum {
    BOOT_ID_BYTES = 40,
    KEY_MAX = 511,             /* LMDB's */
    KEY_PREFIX = KEY_MAX - 16, /* of a longer one, before its hash */
    LOCK_BYTES = 16 * 1024,    /* of lock.mdb, which is mapped; LMDB wants the half */
    RELEASE_BYTES = 32 << 20,  /* of the file to hold mapped at most, about */
    MAPPED_BYTES = 64 * 1024,  /* by one read: the kernel maps what lies around it too */
    PAGE_BYTES = 4096,
    RENUMBER_SLACK = 1 << 20 /* numbers that may lie idle, beside as many as there are keys */
};

/* A key's entry; behind it stands the whole key when it is longer than KEY_MAX. `number` is its bit. */
struct entry {
    struct hash128 content;
    uint64_t number;
    struct seen_place place;
};

/* What the meta database holds under "stand". */
struct stand {
    struct seen_mark mark;
    uint64_t numbers; /* the next key's */
};

struct seen {
    char *directory;
    MDB_env *env;
    MDB_dbi entries, meta;
    MDB_txn *txn; /* the open batch, or NULL */
    int owner_fd;
    char boot_id[BOOT_ID_BYTES];
    struct stand stand; /* `numbers` runs ahead inside a batch */
    uint64_t committed_numbers;
    uint8_t *met; /* a bit a number */
    size_t met_bytes;
    struct seen_place resumed; /* met as well: what this run did not read again */
    struct buf swept;          /* the last key of the sweep in its stored form */
    bool sweeping;
    char *map_at; /* where data.mdb is mapped */
    size_t map_bytes;
    uint64_t touched;   /* reads since the pages were let go */
    uint64_t dirtied;   /* about how many pages the open batch holds written */
    uintptr_t dirty_at; /* the last one */
};

/* A write that was cut short for want of room is told as EIO. */
static bool failed(const struct seen *seen, int status, const char *doing, struct err *reterr)
{
    if (status == MDB_MAP_FULL)
        return err_stop(reterr, EX_CANTCREAT,
                        "the store of what was seen is full while %s: raise --state-size", doing);
    if (status == ENOSPC || (status == EIO && disk_is_full(seen->directory)))
        return err_stop(reterr, EX_CANTCREAT,
                        "--state-dir %s: No space left on device while %s: free some and start "
                        "again, nothing is lost",
                        seen->directory, doing);
    return err_stop(reterr, EX_IOERR, "the store of what was seen failed while %s: %s", doing,
                    mdb_strerror(status));
}

static MDB_val val_of(struct str s)
{
    MDB_val val = {.mv_size = s.len};

    memcpy(&val.mv_data, &s.at, sizeof(s.at)); /* LMDB does not write through it */
    return val;
}

/* ---- opening ---- */

static bool make_directories(const char *directory, struct err *reterr)
{
    char path[4096];
    size_t len = strlen(directory);

    if (len == 0 || len >= sizeof(path))
        return err_stop(reterr, EX_CANTCREAT, "--state-dir: no usable path");
    memcpy(path, directory, len + 1);
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        path[i] = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return err_stop(reterr, EX_CANTCREAT, "--state-dir %s: %s", path, strerror(errno));
        path[i] = directory[i];
    }
    return true;
}

static bool take_ownership(struct seen *seen, const char *directory, struct err *reterr)
{
    char path[4200];

    snprintf(path, sizeof(path), "%s/owner", directory);
    seen->owner_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (seen->owner_fd < 0)
        return err_stop(reterr, EX_CANTCREAT, "--state-dir %s: cannot write there: %s", directory,
                        strerror(errno));
    if (flock(seen->owner_fd, LOCK_EX | LOCK_NB) != 0)
        return err_set(reterr, ERR_RETRY, "--state-dir %s: another process holds it", directory);
    return true;
}

static bool open_environment(struct seen *seen, const struct seen_config *config,
                             struct err *reterr)
{
    MDB_txn *txn = NULL;

    if (!disk_reserve(config->directory, "lock.mdb", LOCK_BYTES, reterr))
        return err_prefix(reterr, "--state-dir");
    int status = mdb_env_create(&seen->env);

    if (status == 0)
        status = mdb_env_set_mapsize(seen->env, (size_t)config->map_bytes);
    if (status == 0)
        status = mdb_env_set_maxdbs(seen->env, 2);
    if (status == 0)
        status = mdb_env_open(seen->env, config->directory, MDB_NOSYNC | MDB_NOTLS | MDB_NORDAHEAD,
                              0600);
    if (status == 0)
        status = mdb_txn_begin(seen->env, NULL, 0, &txn);
    if (status == 0)
        status = mdb_dbi_open(txn, "seen", MDB_CREATE, &seen->entries);
    if (status == 0)
        status = mdb_dbi_open(txn, "meta", MDB_CREATE, &seen->meta);
    if (status == 0)
        status = mdb_txn_commit(txn);
    else if (txn != NULL)
        mdb_txn_abort(txn);
    return status == 0 || failed(seen, status, "opening --state-dir", reterr);
}

/* Where LMDB has mapped its file, which it does not tell: so that its pages can be let go. */
static void find_map(struct seen *seen, const char *directory)
{
    char line[4400], real[4200], path[4300];
    FILE *maps CLEANUP(file) = fopen("/proc/self/maps", "re");

    if (maps == NULL || realpath(directory, real) == NULL)
        return;
    snprintf(path, sizeof(path), "%s/data.mdb\n", real);
    while (fgets(line, sizeof(line), maps) != NULL) {
        const char *name = strchr(line, '/');
        uintptr_t from, to;

        if (name != NULL && strcmp(name, path) == 0 &&
            sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &from, &to) == 2) {
            memcpy(&seen->map_at, &from, sizeof(from));
            seen->map_bytes = (size_t)(to - from);
            return;
        }
    }
}

/* The map is shared and read only: what is let go comes back from the page cache at the next touch. */
static void release_pages(struct seen *seen)
{
    if (seen->touched * MAPPED_BYTES < RELEASE_BYTES || seen->map_at == NULL)
        return;
    madvise(seen->map_at, seen->map_bytes, MADV_DONTNEED);
    seen->touched = 0;
}

static int meta_get(const struct seen *seen, MDB_txn *txn, const char *name, void *into,
                    size_t size)
{
    MDB_val key = val_of(str_of(name)), value;
    int status = mdb_get(txn, seen->meta, &key, &value);

    memset(into, 0, size);
    if (status == 0 && value.mv_size == size)
        memcpy(into, value.mv_data, size);
    return status == MDB_NOTFOUND ? 0 : status;
}

static int meta_put(const struct seen *seen, MDB_txn *txn, const char *name, const void *from,
                    size_t size)
{
    MDB_val key = val_of(str_of(name)), value = val_of((struct str){from, size});

    return mdb_put(txn, seen->meta, &key, &value, 0);
}

/* Writes which boot this is and whether it ended cleanly; `emptying` also drops all else. */
static bool stamp_boot(struct seen *seen, bool clean, bool emptying, struct err *reterr)
{
    char record[BOOT_ID_BYTES + 1];
    MDB_txn *txn = NULL;
    int status = mdb_txn_begin(seen->env, NULL, 0, &txn);

    memcpy(record, seen->boot_id, BOOT_ID_BYTES);
    record[BOOT_ID_BYTES] = clean;
    if (status == 0 && emptying)
        status = mdb_drop(txn, seen->entries, 0);
    if (status == 0 && emptying)
        status = mdb_drop(txn, seen->meta, 0);
    if (status == 0)
        status = meta_put(seen, txn, "boot", record, sizeof(record));
    if (status == 0)
        status = mdb_txn_commit(txn);
    else if (txn != NULL)
        mdb_txn_abort(txn);
    return status == 0 || failed(seen, status, "marking the boot", reterr);
}

/* Another boot that did not end cleanly may have lost pages: start empty. */
static bool check_boot(struct seen *seen, struct err *reterr)
{
    char record[BOOT_ID_BYTES + 1];
    MDB_txn *txn = NULL;
    int status = mdb_txn_begin(seen->env, NULL, MDB_RDONLY, &txn);

    if (status != 0)
        return failed(seen, status, "opening", reterr);
    status = meta_get(seen, txn, "boot", record, sizeof(record));
    if (status == 0)
        status = meta_get(seen, txn, "stand", &seen->stand, sizeof(seen->stand));
    mdb_txn_abort(txn);
    if (status != 0)
        return failed(seen, status, "opening", reterr);
    bool same = memcmp(record, seen->boot_id, BOOT_ID_BYTES) == 0;
    bool empty = record[0] != '\0' && !same && record[BOOT_ID_BYTES] == 0;
    if (empty)
        seen->stand = (struct stand){0};
    seen->committed_numbers = seen->stand.numbers;
    return stamp_boot(seen, false, empty, reterr);
}

static bool read_boot_id(const struct seen_config *config, char *into, struct err *reterr)
{
    char *text CLEANUP(free) = NULL;

    if (config->boot_id == NULL &&
        !options_read_file("/proc/sys/kernel/random/boot_id", 256, &text, reterr))
        return false;
    snprintf(into, BOOT_ID_BYTES, "%s", config->boot_id != NULL ? config->boot_id : text);
    return true;
}

static bool need_txn(struct seen *seen, struct err *reterr)
{
    if (seen->txn != NULL)
        return true;
    int status = mdb_txn_begin(seen->env, NULL, 0, &seen->txn);
    return status == 0 || failed(seen, status, "beginning", reterr);
}

static bool end_txn(struct seen *seen, struct err *reterr)
{
    assert(seen->txn != NULL);
    int status = meta_put(seen, seen->txn, "stand", &seen->stand, sizeof(seen->stand));

    if (status == 0) {
        status = mdb_txn_commit(seen->txn);
        seen->txn = NULL;
    }
    if (status != 0)
        return failed(seen, status, "committing", reterr);
    seen->committed_numbers = seen->stand.numbers;
    seen->dirtied = 0;
    release_pages(seen);
    return true;
}

/* A page that is written is held in memory until the batch ends. Neighbours come one after the other. */
static void note_written(struct seen *seen, const void *at)
{
    uintptr_t page = (uintptr_t)at / PAGE_BYTES;

    seen->dirtied += page != seen->dirty_at;
    seen->dirty_at = page;
}

size_t seen_batch_bytes(const struct seen *seen)
{
    return (size_t)seen->dirtied * PAGE_BYTES;
}

/* Gives the keys numbers from 0 on, when keys that came and went have used up many. */
static bool renumber(struct seen *seen, struct err *reterr)
{
    uint64_t number = 0;
    MDB_cursor *cursor = NULL;
    MDB_val key, value;

    if (!need_txn(seen, reterr))
        return false;
    if (seen->stand.numbers <= 2 * seen_count(seen) + RENUMBER_SLACK)
        return true;
    int status = mdb_cursor_open(seen->txn, seen->entries, &cursor);
    while (status == 0 && (status = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        char *copy CLEANUP(free) = err_malloc(value.mv_size);

        memcpy(copy, value.mv_data, value.mv_size);
        memcpy(copy + offsetof(struct entry, number), &number, sizeof(number));
        number++;
        value.mv_data = copy;
        status = mdb_cursor_put(cursor, &key, &value, MDB_CURRENT);
    }
    if (cursor != NULL)
        mdb_cursor_close(cursor);
    if (status != MDB_NOTFOUND)
        return failed(seen, status, "numbering keys", reterr);
    seen->stand.numbers = number;
    return end_txn(seen, reterr);
}

bool seen_open(const struct seen_config *config, struct seen **ret, struct err *reterr)
{
    struct seen *seen = err_calloc(1, sizeof(*seen));

    seen->owner_fd = -1;
    seen->directory = err_strdup(config->directory);
    if (!read_boot_id(config, seen->boot_id, reterr) ||
        !make_directories(config->directory, reterr) ||
        !take_ownership(seen, config->directory, reterr) ||
        !open_environment(seen, config, reterr) || !check_boot(seen, reterr) ||
        !renumber(seen, reterr)) {
        seen_close(seen, false);
        return false;
    }
    find_map(seen, config->directory);
    *ret = seen;
    return true;
}

struct seen *seen_close(struct seen *seen, bool clean)
{
    struct err ignored;

    if (seen == NULL)
        return NULL;
    if (seen->txn != NULL)
        mdb_txn_abort(seen->txn);
    /* The mark is written between two syncs: it never stands on disk before what it vouches for. */
    if (clean && mdb_env_sync(seen->env, 1) == 0 && stamp_boot(seen, true, false, &ignored))
        mdb_env_sync(seen->env, 1);
    if (seen->env != NULL)
        mdb_env_close(seen->env);
    if (seen->owner_fd >= 0)
        close(seen->owner_fd);
    free(seen->directory);
    free(seen->met);
    buf_done(&seen->swept);
    free(seen);
    return NULL;
}

const struct seen_mark *seen_mark(const struct seen *seen)
{
    return &seen->stand.mark;
}

uint64_t seen_count(const struct seen *seen)
{
    MDB_stat stat = {0};
    MDB_txn *txn = seen->txn;

    if (txn == NULL && mdb_txn_begin(seen->env, NULL, MDB_RDONLY, &txn) != 0)
        return 0;
    if (mdb_stat(txn, seen->entries, &stat) != 0)
        stat.ms_entries = 0;
    if (txn != seen->txn)
        mdb_txn_abort(txn);
    return stat.ms_entries;
}

bool seen_empty(struct seen *seen, struct err *reterr)
{
    seen_abort(seen);
    if (!stamp_boot(seen, false, true, reterr))
        return false;
    seen->stand = (struct stand){0};
    seen->committed_numbers = 0;
    return true;
}

/* ---- the run ---- */

void seen_begin_run(struct seen *seen)
{
    if (seen->met_bytes > 0)
        memset(seen->met, 0, seen->met_bytes);
    seen->resumed = (struct seen_place){0};
    buf_clear(&seen->swept);
    seen->sweeping = false;
}

void seen_resume(struct seen *seen, struct seen_place place)
{
    seen->resumed = place;
}

static bool is_met(const struct seen *seen, const struct entry *entry)
{
    const struct seen_place *resumed = &seen->resumed;
    uint64_t number = entry->number;

    return (number / 8 < seen->met_bytes && (seen->met[number / 8] >> (number % 8) & 1U)) ||
           (entry->place.line <= resumed->line && entry->place.part == resumed->part &&
            entry->place.line > 0);
}

static void meet(struct seen *seen, uint64_t number)
{
    if (number / 8 >= seen->met_bytes) {
        size_t bytes = (size_t)(number / 8) * 2 + 4096;

        seen->met = err_realloc(seen->met, bytes);
        memset(seen->met + seen->met_bytes, 0, bytes - seen->met_bytes);
        seen->met_bytes = bytes;
    }
    seen->met[number / 8] = (uint8_t)(seen->met[number / 8] | 1U << (number % 8));
}

/* The key as LMDB takes it: itself, or its beginning and its hash. `room` holds KEY_MAX bytes. */
static struct str stored_key(struct str key, char *room)
{
    assert(key.len > 0);
    if (key.len <= KEY_MAX)
        return key;
    struct hash128 hash = hash128(key.at, key.len);

    memcpy(room, key.at, KEY_PREFIX);
    memcpy(room + KEY_PREFIX, &hash, sizeof(hash));
    return (struct str){room, KEY_MAX};
}

/* The key that an entry belongs to: what LMDB holds, or what stands behind the entry. */
static struct str whole_key(MDB_val key, MDB_val value)
{
    const char *bytes = value.mv_data;

    if (value.mv_size > sizeof(struct entry))
        return (struct str){bytes + sizeof(struct entry), value.mv_size - sizeof(struct entry)};
    return (struct str){key.mv_data, key.mv_size};
}

static bool look(struct seen *seen, struct str stored, bool *ret_found, struct entry *ret,
                 struct err *reterr)
{
    MDB_val key = val_of(stored), value;

    if (!need_txn(seen, reterr))
        return false;
    int status = mdb_get(seen->txn, seen->entries, &key, &value);
    if (status != 0 && status != MDB_NOTFOUND)
        return failed(seen, status, "reading", reterr);
    *ret_found = status == 0;
    if (status == 0)
        memcpy(ret, value.mv_data, sizeof(*ret));
    seen->touched++;
    release_pages(seen);
    return true;
}

static bool write_entry(struct seen *seen, struct str key, struct str stored,
                        const struct entry *entry, struct err *reterr)
{
    bool longer = key.at != stored.at;
    MDB_val lmdb_key = val_of(stored), value = {.mv_size = sizeof(*entry) + (longer ? key.len : 0)};
    int status = mdb_put(seen->txn, seen->entries, &lmdb_key, &value, MDB_RESERVE);

    if (status != 0)
        return failed(seen, status, "writing", reterr);
    note_written(seen, value.mv_data);
    memcpy(value.mv_data, entry, sizeof(*entry));
    if (longer)
        memcpy((char *)value.mv_data + sizeof(*entry), key.at, key.len);
    return true;
}

static bool same_hash(struct hash128 a, struct hash128 b)
{
    return a.high == b.high && a.low == b.low;
}

bool seen_visit(struct seen *seen, struct str key, struct hash128 content, struct seen_place place,
                struct seen_found *ret, struct err *reterr)
{
    char room[KEY_MAX];
    struct str stored = stored_key(key, room);
    struct entry entry = {{0}};
    bool found = false;

    if (!look(seen, stored, &found, &entry, reterr))
        return false;
    if (found && is_met(seen, &entry)) {
        *ret = (struct seen_found){SEEN_AGAIN, entry.place};
        return true;
    }
    bool same = found && same_hash(entry.content, content);
    bool moved = !found || entry.place.part != place.part || entry.place.line != place.line;
    if (!found)
        entry.number = seen->stand.numbers++;
    entry.content = content;
    entry.place = place;
    if ((!same || moved) && !write_entry(seen, key, stored, &entry, reterr))
        return false;
    meet(seen, entry.number);
    *ret = (struct seen_found){!found ? SEEN_NEW : same ? SEEN_SAME : SEEN_CHANGED, place};
    return true;
}

bool seen_keep(struct seen *seen, struct str key, bool *ret_known, struct err *reterr)
{
    char room[KEY_MAX];
    struct entry entry = {{0}};
    bool found = false;

    if (!look(seen, stored_key(key, room), &found, &entry, reterr))
        return false;
    if (found)
        meet(seen, entry.number);
    *ret_known = found;
    return true;
}

bool seen_put(struct seen *seen, struct str key, struct hash128 content, struct err *reterr)
{
    char room[KEY_MAX];
    struct str stored = stored_key(key, room);
    struct entry entry = {{0}};
    bool found = false;

    if (!look(seen, stored, &found, &entry, reterr))
        return false;
    if (!found)
        entry = (struct entry){.number = seen->stand.numbers++};
    entry.content = content;
    return write_entry(seen, key, stored, &entry, reterr);
}

bool seen_remove(struct seen *seen, struct str key, struct err *reterr)
{
    char room[KEY_MAX];
    MDB_val lmdb_key = val_of(stored_key(key, room));

    if (!need_txn(seen, reterr))
        return false;
    int status = mdb_del(seen->txn, seen->entries, &lmdb_key, NULL);
    seen->touched++;
    return status == 0 || status == MDB_NOTFOUND || failed(seen, status, "removing", reterr);
}

/* Moves to the first key behind the last one that was swept. */
static int sweep_start(struct seen *seen, MDB_cursor *cursor, MDB_val *key, MDB_val *value)
{
    if (!seen->sweeping)
        return mdb_cursor_get(cursor, key, value, MDB_FIRST);
    struct str from = buf_str(&seen->swept);
    *key = val_of(from);
    int status = mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
    if (status == 0 && str_eq((struct str){key->mv_data, key->mv_size}, from))
        status = mdb_cursor_get(cursor, key, value, MDB_NEXT);
    return status;
}

/* Hands out and removes the entry the cursor stands at. */
static bool sweep_one(struct seen *seen, const struct seen_sweep *sweep, MDB_cursor *cursor,
                      MDB_val key, MDB_val value, struct err *reterr)
{
    if (!sweep->each(sweep->arg, whole_key(key, value), reterr))
        return false;
    note_written(seen, key.mv_data);
    int status = mdb_cursor_del(cursor, 0);
    return status == 0 || failed(seen, status, "removing", reterr);
}

static bool sweep_on(struct seen *seen, struct seen_sweep *sweep, MDB_cursor *cursor,
                     struct err *reterr)
{
    MDB_val key = {0}, value = {0};
    size_t n = 0;
    int status = sweep_start(seen, cursor, &key, &value);

    for (; status == 0 && n < sweep->max; status = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        struct entry entry;

        memcpy(&entry, value.mv_data, sizeof(entry));
        seen->touched++;
        release_pages(seen); /* a walk over all keys is one batch */
        buf_clear(&seen->swept);
        buf_append(&seen->swept, key.mv_data, key.mv_size);
        seen->sweeping = true;
        if (is_met(seen, &entry))
            continue;
        n++;
        if (!sweep_one(seen, sweep, cursor, key, value, reterr))
            return false;
    }
    if (status != 0 && status != MDB_NOTFOUND)
        return failed(seen, status, "walking", reterr);
    sweep->more = status == 0;
    return true;
}

bool seen_sweep(struct seen *seen, struct seen_sweep *sweep, struct err *reterr)
{
    MDB_cursor *cursor = NULL;

    if (!need_txn(seen, reterr))
        return false;
    int status = mdb_cursor_open(seen->txn, seen->entries, &cursor);
    if (status != 0)
        return failed(seen, status, "walking", reterr);
    bool ok = sweep_on(seen, sweep, cursor, reterr);
    mdb_cursor_close(cursor);
    return ok;
}

bool seen_commit(struct seen *seen, const struct seen_mark *mark, struct err *reterr)
{
    if (!need_txn(seen, reterr))
        return false;
    seen->stand.mark = *mark;
    return end_txn(seen, reterr);
}

void seen_abort(struct seen *seen)
{
    if (seen->txn != NULL)
        mdb_txn_abort(seen->txn);
    seen->txn = NULL;
    seen->dirtied = 0;
    seen->stand.numbers = seen->committed_numbers;
    seen_begin_run(seen);
}
