#include "postgres/connection.h"
#include "base/clock.h"
#include "postgres/handle.h"
#include <assert.h>
#include <ctype.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>

const struct option postgres_options[] = {
    {.name = "postgres-url",
     .kind = OPTION_STRING,
     .offset = offsetof(struct postgres_config, url),
     .value_name = "URL",
     .help = "connection string or URI without a password; PGHOST, PGUSER and so on fill what it "
             "leaves out"},
    {.name = "postgres-password",
     .kind = OPTION_SECRET,
     .offset = offsetof(struct postgres_config, password),
     .value_name = "FILE",
     .help = "the role's password; PGPASSFILE is read when it is not given"},
    {.name = "postgres-connect-timeout",
     .kind = OPTION_DURATION,
     .offset = offsetof(struct postgres_config, connect_timeout_ms),
     .fallback = "5s",
     .min = 100,
     .max = 600000,
     .value_name = "DURATION",
     .help = "longest wait for the server's first answer"},
    {0}};

/* Every session prints values the same way, whatever the server or the role is set to. */
static const char session_settings[] =
    "-c TimeZone=UTC -c DateStyle=ISO,MDY -c IntervalStyle=postgres -c bytea_output=hex "
    "-c extra_float_digits=3";

enum { PARAMETERS_MAX = 96 };

/* What PQconnectStartParams takes. */
struct parameters {
    const char *names[PARAMETERS_MAX + 1], *values[PARAMETERS_MAX + 1];
    size_t n;
};

static void set_parameter(struct parameters *parameters, const char *name, const char *value)
{
    size_t i = 0;

    while (i < parameters->n && strcmp(parameters->names[i], name) != 0)
        i++;
    if (i == parameters->n) {
        assert(i < PARAMETERS_MAX);
        parameters->n++;
    }
    parameters->names[i] = name;
    parameters->values[i] = value;
}

static void silent(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

/* One line without the trailing blanks, and without the "LOCATION:" that the verbose form adds. */
static void one_line(struct buf *out, const char *text)
{
    const char *location = strstr(text, "\nLOCATION:");
    size_t len = location == NULL ? strlen(text) : (size_t)(location - text);

    while (len > 0 && isspace((unsigned char)text[len - 1]))
        len--;
    for (size_t i = 0; i < len; i++)
        buf_char(out, text[i] == '\n' || text[i] == '\t' ? ' ' : text[i]);
}

/* Finds "FATAL:  28P01: " in a verbose message: the only way to a failed connection's SQLSTATE. */
static bool find_sqlstate(const char *text, char *into)
{
    for (const char *at = strstr(text, ":  "); at != NULL; at = strstr(at + 1, ":  ")) {
        size_t n = 0;

        while (n < 5 && (isdigit((unsigned char)at[3 + n]) || isupper((unsigned char)at[3 + n])))
            n++;
        if (n == 5 && at[8] == ':') {
            memcpy(into, at + 3, 5);
            into[5] = '\0';
            return true;
        }
    }
    into[0] = '\0';
    return false;
}

static bool fail_to_connect(PGconn *conn, struct err *reterr)
{
    struct buf text CLEANUP(buf) = {0};
    char sqlstate[6];
    const char *message = PQerrorMessage(conn);

    one_line(&text, message);
    find_sqlstate(message, sqlstate);
    if (PQconnectionNeedsPassword(conn))
        return err_stop(
            reterr, EX_NOPERM,
            "--postgres-url: the server wants a password of user \"%s\", none was given "
            "(--postgres-password-file)",
            PQuser(conn));
    if (sqlstate[0] == '\0' && str_starts(buf_str(&text), STR("invalid "))) /* port, sslmode ... */
        return err_stop(reterr, EX_CONFIG, "--postgres-url: %s", buf_cstr(&text));
    if (sqlstate[0] == '\0' || pg_error_kind(sqlstate) == ERR_RETRY)
        return err_sql(reterr, ERR_RETRY, sqlstate, "--postgres-url: %s", buf_cstr(&text));
    err_sql(reterr, ERR_STOP, sqlstate, "%s: %s",
            strcmp(sqlstate, "28P01") == 0 ? "--postgres-url, --postgres-password-file"
                                           : "--postgres-url",
            buf_cstr(&text));
    reterr->exit_status =
        strncmp(sqlstate, "28", 2) == 0 || strcmp(sqlstate, "42501") == 0 ? EX_NOPERM : EX_CONFIG;
    return false;
}

/* Takes over what the URL says; a password in it would show in argv. */
static bool take_url(const char *url, PQconninfoOption **ret_info, struct parameters *parameters,
                     struct err *reterr)
{
    char *message = NULL;
    bool plain = strchr(url, '=') == NULL && strstr(url, "://") == NULL;

    if (plain) {
        set_parameter(parameters, "dbname", url);
        return true;
    }
    PQconninfoOption *info = PQconninfoParse(url, &message);
    if (info == NULL) {
        /* libpq's message may quote the text, and with it a password */
        PQfreemem(message);
        return err_stop(reterr, EX_CONFIG,
                        "--postgres-url: neither a connection URI nor a list of name=value");
    }
    *ret_info = info;
    for (; info->keyword != NULL; info++) {
        if (info->val == NULL)
            continue;
        if (strcmp(info->keyword, "password") == 0)
            return err_stop(reterr, EX_CONFIG,
                            "--postgres-url: holds a password; give it by "
                            "--postgres-password-file");
        if (parameters->n + 16 < PARAMETERS_MAX)
            set_parameter(parameters, info->keyword, info->val);
    }
    return true;
}

static void cleanup_conninfo(PQconninfoOption **info)
{
    PQconninfoFree(*info);
}

static void cleanup_conn(PGconn **conn)
{
    PQfinish(*conn);
}

/* Drives the connection to its end or the deadline. False: see PQerrorMessage, or *ret_late. */
static bool await_connection(PGconn *conn, int64_t timeout_ms, bool *ret_late)
{
    int64_t end_ms = clock_mono_ms() + timeout_ms;
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;

    while (status != PGRES_POLLING_OK) {
        if (status == PGRES_POLLING_FAILED)
            return false;
        int64_t left_ms = end_ms - clock_mono_ms();
        struct pollfd wait = {.fd = PQsocket(conn),
                              .events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT};
        if (left_ms <= 0) {
            *ret_late = true;
            return false;
        }
        poll(&wait, 1, (int)left_ms);
        if (wait.revents != 0)
            status = PQconnectPoll(conn);
    }
    return true;
}

static const char *parameter(const struct parameters *parameters, const char *name)
{
    for (size_t i = 0; i < parameters->n; i++) {
        if (strcmp(parameters->names[i], name) == 0)
            return parameters->values[i];
    }
    return NULL;
}

/* A peer that vanished without a word is noticed within half a minute. */
static void set_keepalive(struct parameters *parameters)
{
    static const char *const defaults[][2] = {{"keepalives_idle", "10"},
                                              {"keepalives_interval", "5"},
                                              {"keepalives_count", "3"},
                                              {"tcp_user_timeout", "30000"}};

    for (size_t i = 0; i < sizeof(defaults) / sizeof(*defaults); i++) {
        if (parameter(parameters, defaults[i][0]) == NULL)
            set_parameter(parameters, defaults[i][0], defaults[i][1]);
    }
}

/* A database that knows no encoding holds any bytes; asked for UTF-8 it refuses the statement that
 * meets others, and with it all good rows. So they come as they are, and whoever reads them looks. */
static bool take_bytes_as_they_are(PGconn *conn, struct err *reterr)
{
    const char *encoding = PQparameterStatus(conn, "server_encoding");

    if (encoding == NULL || strcmp(encoding, "SQL_ASCII") != 0 ||
        PQsetClientEncoding(conn, "SQL_ASCII") == 0)
        return true;
    return err_set(reterr, ERR_RETRY, "--postgres-url: %s", PQerrorMessage(conn));
}

bool pg_connect(const struct postgres_config *config, const char *application, enum pg_mode mode,
                struct pg **ret, struct err *reterr)
{
    struct parameters parameters = {.n = 0};
    PQconninfoOption *info CLEANUP(conninfo) = NULL;
    struct buf settings CLEANUP(buf) = {0};
    PGconn *conn CLEANUP(conn) = NULL;
    bool late = false;

    if (config->url != NULL && !take_url(config->url, &info, &parameters, reterr))
        return false;
    const char *options = parameter(&parameters, "options");
    if (options == NULL)
        options = getenv("PGOPTIONS");
    buf_printf(&settings, "%s %s", options == NULL ? "" : options, session_settings);
    set_parameter(&parameters, "options", buf_cstr(&settings));
    set_parameter(&parameters, "application_name", application);
    set_parameter(&parameters, "client_encoding", "UTF8");
    set_keepalive(&parameters);
    if (config->password != NULL)
        set_parameter(&parameters, "password", config->password);
    if (mode == PG_REPLICATION)
        set_parameter(&parameters, "replication", "database");

    conn = PQconnectStartParams(parameters.names, parameters.values, 0);
    if (conn == NULL)
        err_no_memory(0);
    PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
    PQsetNoticeProcessor(conn, silent, NULL);
    if (PQstatus(conn) == CONNECTION_BAD ||
        !await_connection(conn, config->connect_timeout_ms, &late)) {
        if (late)
            return err_set(reterr, ERR_RETRY, "--postgres-url: no answer from %s port %s in time",
                           PQhost(conn), PQport(conn));
        return fail_to_connect(conn, reterr);
    }
    PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
    if (!take_bytes_as_they_are(conn, reterr))
        return false;
    struct pg *pg = err_calloc(1, sizeof(*pg));
    pg->conn = conn;
    conn = NULL;
    *ret = pg;
    return true;
}

struct pg *pg_close(struct pg *pg)
{
    if (pg == NULL)
        return NULL;
    pg_drop_copied(pg);
    PQfinish(pg->conn);
    for (size_t i = 0; i < pg->prepared_n; i++)
        free(pg->prepared[i]);
    free(pg->prepared);
    free(pg);
    return NULL;
}

void pg_drop_copied(struct pg *pg)
{
    PQfreemem(pg->copied);
    pg->copied = NULL;
}

enum err_kind pg_error_kind(const char *sqlstate)
{
    static const char *const retry[] = {"08", "53", "55P03", "57", "40001", "40P01", "25006", "58"};

    if (sqlstate[0] == '\0')
        return ERR_RETRY;
    for (size_t i = 0; i < sizeof(retry) / sizeof(*retry); i++) {
        if (strncmp(sqlstate, retry[i], strlen(retry[i])) == 0)
            return ERR_RETRY;
    }
    if (strncmp(sqlstate, "22", 2) == 0 || strncmp(sqlstate, "23", 2) == 0)
        return ERR_DEAD_LETTER;
    return ERR_STOP;
}

bool pg_fail(struct pg *pg, const PGresult *result, const char *doing, struct err *reterr)
{
    struct buf text CLEANUP(buf) = {0};
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);

    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);

    snprintf(pg->constraint, sizeof(pg->constraint), "%s", constraint == NULL ? "" : constraint);
    if (sqlstate == NULL)
        sqlstate = "";
    one_line(&text, primary != NULL ? primary : PQerrorMessage(pg->conn));
    if (detail != NULL) {
        buf_puts(&text, " (");
        one_line(&text, detail);
        buf_char(&text, ')');
    }
    if (text.len == 0)
        buf_puts(&text, "the server gave no reason");
    enum err_kind kind = pg_error_kind(sqlstate);
    if (PQstatus(pg->conn) == CONNECTION_BAD)
        kind = ERR_RETRY;
    err_sql(reterr, kind, sqlstate, "%s: %s", doing, buf_cstr(&text));
    if (kind == ERR_STOP)
        reterr->exit_status = strcmp(sqlstate, "42501") == 0 ? EX_NOPERM : EX_CONFIG;
    return false;
}

bool pg_query(struct pg *pg, const char *sql, const char *const *params, int params_n,
              struct pg_result **ret, struct err *reterr)
{
    PGresult *result CLEANUP(pgresult) =
        PQexecParams(pg->conn, sql, params_n, NULL, params, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        return pg_fail(pg, result, "statement", reterr);
    if (ret != NULL) {
        struct pg_result *kept = err_malloc(sizeof(*kept));
        kept->result = result;
        result = NULL;
        *ret = kept;
    }
    return true;
}

bool pg_script(struct pg *pg, const char *sql, struct err *reterr)
{
    PGresult *result CLEANUP(pgresult) = PQexec(pg->conn, sql);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY)
        return pg_fail(pg, result, "script", reterr);
    return true;
}

struct pg_result *pg_result_free(struct pg_result *result)
{
    if (result != NULL)
        PQclear(result->result);
    free(result);
    return NULL;
}

int pg_rows(const struct pg_result *result)
{
    return PQntuples(result->result);
}

int pg_columns(const struct pg_result *result)
{
    return PQnfields(result->result);
}

struct str pg_field(const struct pg_result *result, int row, int column)
{
    if (PQgetisnull(result->result, row, column))
        return (struct str){NULL, 0};
    return (struct str){PQgetvalue(result->result, row, column),
                        (size_t)PQgetlength(result->result, row, column)};
}

const char *pg_column_name(const struct pg_result *result, int column)
{
    return PQfname(result->result, column);
}

uint32_t pg_column_type(const struct pg_result *result, int column, int32_t *ret_typmod)
{
    *ret_typmod = PQfmod(result->result, column);
    return PQftype(result->result, column);
}

int64_t pg_affected(const struct pg_result *result)
{
    return strtoll(PQcmdTuples(result->result), NULL, 10);
}

const char *pg_constraint(const struct pg *pg)
{
    return pg->constraint;
}

bool pg_broken(const struct pg *pg)
{
    return PQstatus(pg->conn) == CONNECTION_BAD;
}

void pg_quote_identifier(struct buf *out, const char *identifier)
{
    buf_char(out, '"');
    for (const char *c = identifier; *c != '\0'; c++) {
        if (*c == '"')
            buf_char(out, '"');
        buf_char(out, *c);
    }
    buf_char(out, '"');
}

void pg_quote_literal(struct buf *out, const char *text)
{
    buf_char(out, '\'');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\'')
            buf_char(out, '\'');
        buf_char(out, *c);
    }
    buf_char(out, '\'');
}
