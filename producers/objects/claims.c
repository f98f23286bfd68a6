#include "claims.h"

#include "base/clock.h"
#include "base/log.h"
#include "postgres/connection.h"
#include "record/json.h"
#include <inttypes.h>

enum { LIST_AT_ONCE = 1000, NUMBER_MAX = 24 };

struct claims {
    const struct objects_options *options;
    struct service *service;
    struct pg *pg;             /* NULL: not connected */
    struct buf table;          /* quoted */
    struct buf open, lane;     /* its indexes, quoted */
    char worker[320];          /* this process: host:pid:since */
    char lease[NUMBER_MAX];    /* milliseconds, as a parameter */
    char run_began[64];        /* by the database's clock */
    struct claim claim;        /* name NULL: none is held */
    char attempts[NUMBER_MAX]; /* the claim's, as a parameter */
    int64_t renewed_ms;
};

static void cleanup_result(struct pg_result **result)
{
    pg_result_free(*result);
}

/* ---- the connection ---- */

static void name_index(struct buf *out, const char *table, const char *what)
{
    struct buf name CLEANUP(buf) = {0};

    buf_printf(&name, "%s_%s", table, what);
    pg_quote_identifier(out, buf_cstr(&name));
}

/* "schema.table" quoted, and the names of its indexes. */
static bool take_name(struct claims *claims, struct err *reterr)
{
    const char *name = claims->options->state_table;
    const char *dot = strchr(name, '.');
    const char *table = dot == NULL ? name : dot + 1;
    struct buf part CLEANUP(buf) = {0};

    if (table[0] == '\0' || dot == name || strchr(table, '.') != NULL || strlen(table) > 50)
        return err_stop(reterr, EX_USAGE, "--state-table %s: it must be [SCHEMA.]TABLE", name);
    if (dot != NULL) {
        buf_put(&part, str_between(name, dot));
        pg_quote_identifier(&claims->table, buf_cstr(&part));
        buf_char(&claims->table, '.');
    }
    pg_quote_identifier(&claims->table, table);
    name_index(&claims->open, table, "open");
    name_index(&claims->lane, table, "lane");
    return true;
}

/* Two that make the table at once would meet in the catalog: one after the other. */
static bool make_table(struct claims *claims, struct err *reterr)
{
    struct buf sql CLEANUP(buf) = {0};
    const char *table = buf_cstr(&claims->table);

    buf_printf(&sql,
               "SELECT pg_advisory_xact_lock(hashtext('sluice-objects'));"
               "CREATE TABLE IF NOT EXISTS %s ("
               " topic text NOT NULL, name text NOT NULL, status text NOT NULL DEFAULT 'PENDING'"
               "  CHECK (status IN ('PENDING', 'IN_PROGRESS', 'COMPLETED', 'FAILED')),"
               " place text NOT NULL, lane integer NOT NULL, tag text NOT NULL, size bigint,"
               " sha256 text, rows bigint, dead bigint, attempts bigint NOT NULL DEFAULT 0,"
               " reason text, worker text, lease_until timestamptz,"
               " updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),"
               " PRIMARY KEY (topic, name));"
               "CREATE INDEX IF NOT EXISTS %s ON %s (topic, name) WHERE status <> 'COMPLETED';"
               "CREATE UNIQUE INDEX IF NOT EXISTS %s ON %s (topic, lane)"
               " WHERE status = 'IN_PROGRESS'",
               table, buf_cstr(&claims->open), table, buf_cstr(&claims->lane), table);
    return pg_script(claims->pg, buf_cstr(&sql), reterr);
}

static void disconnect(struct claims *claims)
{
    claims->pg = pg_close(claims->pg);
}

static bool connect(struct claims *claims, struct err *reterr)
{
    if (claims->pg != NULL && !pg_broken(claims->pg))
        return true;
    disconnect(claims);
    if (!pg_connect(&claims->options->postgres, "sluice-objects", PG_ORDINARY, &claims->pg, reterr))
        return false;
    if (make_table(claims, reterr))
        return true;
    disconnect(claims);
    return false;
}

/* Runs a statement in which "%s" is the table. What the database does not take is for a person to
 * mend. */
static bool ask(struct claims *claims, const char *form, const char *const *params, int params_n,
                struct pg_result **ret, struct err *reterr)
{
    struct buf sql CLEANUP(buf) = {0};
    const char *mark = strstr(form, "%s");

    for (; mark != NULL; form = mark + 2, mark = strstr(form, "%s")) {
        buf_put(&sql, str_between(form, mark));
        buf_put(&sql, buf_str(&claims->table));
    }
    buf_puts(&sql, form);
    if (connect(claims, reterr) &&
        pg_query(claims->pg, buf_cstr(&sql), params, params_n, ret, reterr))
        return true;
    if (strcmp(reterr->sqlstate, "42P01") == 0) { /* dropped: the next connection makes it anew */
        disconnect(claims);
        reterr->kind = ERR_RETRY;
    } else if (reterr->kind == ERR_DEAD_LETTER) {
        reterr->kind = ERR_STOP;
        reterr->exit_status = EX_CONFIG;
    }
    return err_prefix(reterr, "--state-table %s", claims->options->state_table);
}

/* ---- what is held ---- */

static void forget(struct claims *claims)
{
    free(claims->claim.name);
    free(claims->claim.place);
    claims->claim = (struct claim){0};
}

/* A parameter list that begins with whose claim it is. */
#define OURS claims->options->topic, claims->claim.name, claims->worker, claims->attempts
#define WHERE_OURS                                                                                 \
    " WHERE topic = $1 AND name = $2 AND worker = $3 AND attempts = $4::bigint"                    \
    " AND status = 'IN_PROGRESS'"

/* Runs a statement upon our claim; when it met none, another worker has it. */
static bool upon_ours(struct claims *claims, const char *form, const char *const *params, int n,
                      struct err *reterr)
{
    struct pg_result *result CLEANUP(result) = NULL;

    if (!ask(claims, form, params, n, &result, reterr))
        return false;
    if (pg_affected(result) == 0)
        log_warn("the lease of an object has passed to another worker",
                 LOG_STR("object", claims->claim.name));
    return true;
}

/* At a beat: the lease is renewed when a third of it is over. That it can't be is no harm. */
static void renew(void *arg)
{
    struct claims *claims = arg;
    int64_t now_ms = clock_mono_ms();
    struct err err;

    if (claims->claim.name == NULL || now_ms - claims->renewed_ms < claims->options->lease_ms / 3)
        return;
    claims->renewed_ms = now_ms;
    const char *const params[] = {OURS, claims->lease};
    if (!upon_ours(claims,
                   "UPDATE %s SET lease_until = clock_timestamp() + $5::float8 * interval '1 ms',"
                   " updated_at = clock_timestamp()" WHERE_OURS,
                   params, 5, &err))
        log_err(LOG_WARN, "the lease is not renewed", &err);
}

bool claims_open(const struct objects_options *options, struct service *service,
                 struct claims **ret, struct err *reterr)
{
    char host[256] = "";

    if (options->state_table == NULL) {
        *ret = NULL;
        return true;
    }
    struct claims *claims = err_calloc(1, sizeof(*claims));
    claims->options = options;
    claims->service = service;
    gethostname(host, sizeof(host) - 1);
    snprintf(claims->worker, sizeof(claims->worker), "%s:%d:%08" PRIx32, host, (int)getpid(),
             (uint32_t)clock_wall_us());
    snprintf(claims->lease, sizeof(claims->lease), "%" PRId64, options->lease_ms);
    if (!take_name(claims, reterr)) {
        claims_close(claims);
        return false;
    }
    service_on_beat(service, renew, claims);
    *ret = claims;
    return true;
}

struct claims *claims_close(struct claims *claims)
{
    if (claims == NULL)
        return NULL;
    service_on_beat(claims->service, NULL, NULL);
    claims_release(claims);
    disconnect(claims);
    buf_done(&claims->table);
    buf_done(&claims->open);
    buf_done(&claims->lane);
    free(claims);
    return NULL;
}

/* ---- the run ---- */

static void print_item(struct buf *out, const struct item *item, int32_t lane)
{
    buf_puts(out, out->len == 0 ? "[" : ",");
    buf_puts(out, "{\"name\":");
    json_write_string(out, str_of(item->name));
    buf_puts(out, ",\"place\":");
    json_write_string(out, str_of(item->place));
    buf_puts(out, ",\"tag\":");
    json_write_string(out, str_of(item->tag));
    buf_printf(out, ",\"lane\":%" PRId32, lane);
    if (item->size >= 0)
        buf_printf(out, ",\"size\":%" PRId64, item->size);
    buf_char(out, '}');
}

static bool list_some(struct claims *claims, struct buf *items, struct err *reterr)
{
    buf_char(items, ']');
    const char *const params[] = {claims->options->topic, buf_cstr(items)};
    bool ok = ask(claims,
                  "INSERT INTO %s AS t (topic, name, place, lane, tag, size)"
                  " SELECT $1, name, place, lane, tag, size FROM jsonb_to_recordset($2::jsonb)"
                  "  AS x (name text, place text, lane integer, tag text, size bigint)"
                  " ON CONFLICT (topic, name) DO UPDATE"
                  " SET status = 'PENDING', place = excluded.place, tag = excluded.tag,"
                  "  size = excluded.size, attempts = 0, updated_at = clock_timestamp()"
                  " WHERE t.tag <> excluded.tag AND t.status <> 'IN_PROGRESS'",
                  params, 2, NULL, reterr);
    buf_clear(items);
    return ok;
}

bool claims_list(struct claims *claims, const struct item_list *list,
                 int32_t (*lane)(void *arg, const char *name), void *arg, struct err *reterr)
{
    struct pg_result *result CLEANUP(result) = NULL;
    struct buf items CLEANUP(buf) = {0};

    if (!ask(claims, "SELECT clock_timestamp()::text", NULL, 0, &result, reterr))
        return false;
    snprintf(claims->run_began, sizeof(claims->run_began), "%.*s", STR_ARG(pg_field(result, 0, 0)));
    for (size_t i = 0; i < list->n; i++) {
        const struct item *item = &list->items[i];

        print_item(&items, item, lane(arg, item->name));
        if (((i + 1) % LIST_AT_ONCE == 0 || i + 1 == list->n) && !list_some(claims, &items, reterr))
            return false;
    }
    return true;
}

static int64_t number_of(const struct pg_result *result, int column)
{
    int64_t number = 0;

    return str_integer(pg_field(result, 0, column), &number) ? number : 0;
}

static char *text_of(const struct pg_result *result, int column)
{
    struct str text = pg_field(result, 0, column);
    char *copy = err_calloc(1, text.len + 1);

    memcpy(copy, text.at, text.len);
    return copy;
}

static void hold(struct claims *claims, const struct pg_result *result)
{
    struct claim *claim = &claims->claim;

    claim->name = text_of(result, 0);
    claim->place = text_of(result, 1);
    snprintf(claim->tag, sizeof(claim->tag), "%.*s", STR_ARG(pg_field(result, 0, 2)));
    claim->lane = (int32_t)number_of(result, 3);
    claim->attempts = number_of(result, 4);
    claim->number = (uint64_t)number_of(result, 5);
    snprintf(claims->attempts, sizeof(claims->attempts), "%" PRId64, claim->attempts);
    claims->renewed_ms = clock_mono_ms();
}

/* What of this run's work is not done, though it could not be taken. */
static bool look_left(struct claims *claims, enum claims_left *ret, struct err *reterr)
{
    struct pg_result *result CLEANUP(result) = NULL;
    const char *const params[] = {claims->options->topic, claims->run_began};

    if (!ask(claims,
             "SELECT FROM %s WHERE topic = $1 AND (status IN ('PENDING', 'IN_PROGRESS')"
             " OR (status = 'FAILED' AND updated_at < $2::timestamptz)) LIMIT 1",
             params, 2, &result, reterr))
        return false;
    *ret = pg_rows(result) > 0 ? CLAIMS_BUSY : CLAIMS_NONE;
    return true;
}

/* Takes a row. When two take objects of one lane at once, the index lets one of them: the other one
 * looks again, and sees that. */
static bool take(struct claims *claims, struct pg_result **ret, struct err *reterr)
{
    const char *const params[] = {claims->options->topic, claims->run_began, claims->worker,
                                  claims->lease};

    while (
        !ask(claims,
             "WITH next AS (SELECT name FROM %s AS f WHERE topic = $1"
             "  AND (status = 'PENDING' OR (status = 'FAILED' AND updated_at < $2::timestamptz)"
             "   OR (status = 'IN_PROGRESS' AND (lease_until < clock_timestamp() OR worker = $3)))"
             "  AND NOT EXISTS (SELECT FROM %s AS o WHERE o.topic = $1 AND o.lane = f.lane"
             "   AND o.name <> f.name AND o.status = 'IN_PROGRESS')"
             "  ORDER BY status <> 'IN_PROGRESS', name LIMIT 1 FOR UPDATE SKIP LOCKED)"
             " UPDATE %s AS t SET status = 'IN_PROGRESS', worker = $3, attempts = attempts + 1,"
             "  lease_until = clock_timestamp() + $4::float8 * interval '1 ms',"
             "  updated_at = clock_timestamp()"
             " FROM next WHERE t.topic = $1 AND t.name = next.name"
             " RETURNING t.name, t.place, t.tag, t.lane, t.attempts,"
             "  (extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
             params, 4, ret, reterr)) {
        if (strcmp(reterr->sqlstate, "23505") != 0)
            return false;
    }
    return true;
}

bool claims_take(struct claims *claims, const struct claim **ret, enum claims_left *ret_left,
                 struct err *reterr)
{
    struct pg_result *result CLEANUP(result) = NULL;

    forget(claims);
    if (!take(claims, &result, reterr))
        return false;
    if (pg_rows(result) == 0)
        return look_left(claims, ret_left, reterr);
    hold(claims, result);
    *ret = &claims->claim;
    *ret_left = CLAIMS_TAKEN;
    return true;
}

bool claims_finish(struct claims *claims, const struct file_state *state, struct err *reterr)
{
    char size[NUMBER_MAX], rows[NUMBER_MAX], dead[NUMBER_MAX];

    snprintf(size, sizeof(size), "%" PRId64, state->size);
    snprintf(rows, sizeof(rows), "%" PRId64, state->rows);
    snprintf(dead, sizeof(dead), "%" PRId64, state->dead);
    const char *const params[] = {
        OURS,        file_status_name(state->status), state->tag, state->sha256, size, rows, dead,
        state->error};
    if (!upon_ours(claims,
                   "UPDATE %s SET status = $5, tag = CASE WHEN $6 = '' THEN tag ELSE $6 END,"
                   " sha256 = NULLIF($7, ''), size = $8::bigint, rows = $9::bigint,"
                   " dead = $10::bigint, reason = NULLIF($11, ''), lease_until = NULL,"
                   " updated_at = clock_timestamp()" WHERE_OURS,
                   params, 11, reterr))
        return false;
    forget(claims);
    return true;
}

void claims_release(struct claims *claims)
{
    struct err err;

    if (claims->claim.name == NULL)
        return;
    const char *const params[] = {OURS};
    if (claims->pg != NULL && !pg_broken(claims->pg) &&
        !upon_ours(claims,
                   "UPDATE %s SET status = 'PENDING', lease_until = NULL,"
                   " updated_at = clock_timestamp()" WHERE_OURS,
                   params, 4, &err))
        log_err(LOG_WARN, "the object is not given back", &err);
    forget(claims);
}
