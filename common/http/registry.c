#include "http/registry.h"

#include "base/clock.h"
#include "base/hash.h"
#include "http/sigv4.h"
#include "record/json.h"
#include <assert.h>
#include <curl/curl.h>
#include <strings.h>
#include <time.h>

enum {
    ATTEMPTS_MAX = 5,
    BACKOFF_BASE_MS = 50,
    BACKOFF_CAP_MS = 2000,
    CONNECT_TIMEOUT_MS = 5000,
    ANSWER_BYTES_MAX = 8 << 20,
    ARENA_BYTES = 64 * 1024
};

#define FIELD(member) offsetof(struct registry_config, member)

const struct option registry_options[] = {
    {.name = "schema-registry-url",
     .kind = OPTION_STRING,
     .offset = FIELD(url),
     .value_name = "URL",
     .help = "where the schemas of Avro records are, as http://registry:8081"},
    {.name = "schema-registry-username",
     .kind = OPTION_STRING,
     .offset = FIELD(username),
     .value_name = "NAME",
     .help = "user for Basic authentication"},
    {.name = "schema-registry-password",
     .kind = OPTION_SECRET,
     .offset = FIELD(password),
     .value_name = "FILE",
     .help = "file with the user's password"},
    {.name = "schema-registry-ca-file",
     .kind = OPTION_STRING,
     .offset = FIELD(ca_file),
     .value_name = "FILE",
     .help = "certificate authorities to trust in place of the system's"},
    {.name = "schema-registry-timeout",
     .kind = OPTION_DURATION,
     .offset = FIELD(timeout_ms),
     .fallback = "10s",
     .min = 100,
     .max = 600000,
     .value_name = "DURATION",
     .help = "longest time for one request"},
    {0}};

/* A schema that has an id: by the id with its shape, or by a hash of subject and text. */
struct known_shape {
    int32_t id;
    struct avro_shape *shape;
};
struct known_id {
    struct hash128 hash;
    int32_t id;
};

struct registry {
    const struct registry_config *config;
    CURL *curl;
    char *root; /* the URL without a slash at its end */
    struct known_shape *shapes;
    struct known_id *ids;
    size_t shapes_n, ids_n;
    struct buf json; /* of the record in the making */
};

/* `code` is the registry's own, 0 when it told none. */
struct answer {
    long status;
    int64_t code;
    struct buf body;
};

static void cleanup_answer(struct answer *answer)
{
    buf_done(&answer->body);
}

enum verdict { ANSWERED, AGAIN, HOPELESS };

struct registry *registry_open(const struct registry_config *config)
{
    struct registry *registry = err_calloc(1, sizeof(*registry));

    assert(config->url != NULL);
    registry->config = config;
    registry->root = err_strdup(config->url);
    for (size_t n = strlen(registry->root); n > 0 && registry->root[n - 1] == '/'; n--)
        registry->root[n - 1] = '\0';
    registry->curl = curl_easy_init();
    if (registry->curl == NULL)
        err_no_memory(sizeof(*registry));
    return registry;
}

struct registry *registry_close(struct registry *registry)
{
    if (registry == NULL)
        return NULL;
    for (size_t i = 0; i < registry->shapes_n; i++)
        avro_shape_free(registry->shapes[i].shape);
    curl_easy_cleanup(registry->curl);
    buf_done(&registry->json);
    free(registry->shapes);
    free(registry->ids);
    free(registry->root);
    free(registry);
    return NULL;
}

/* ---- one request ---- */

static size_t on_body(char *bytes, size_t size, size_t n, void *arg)
{
    struct buf *body = arg;

    buf_append(body, bytes, size * n);
    return buf_ok(body) ? size * n : 0;
}

/* The root without a user and password that may stand in it. */
static const char *shown(const struct registry *registry)
{
    const char *scheme = strstr(registry->root, "://");
    const char *at = strrchr(registry->root, '@');

    return at != NULL && scheme != NULL ? at + 1 : registry->root;
}

static bool is_loopback(const char *root)
{
    const char *host = strstr(root, "://");

    host = host == NULL ? root : host + 3;
    return strncmp(host, "127.", 4) == 0 || strncmp(host, "localhost", 9) == 0 ||
           strncmp(host, "[::1]", 5) == 0;
}

static void set_credentials(const struct registry *registry)
{
    const struct registry_config *config = registry->config;

    if (config->username == NULL)
        return;
    curl_easy_setopt(registry->curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
    curl_easy_setopt(registry->curl, CURLOPT_USERNAME, config->username);
    curl_easy_setopt(registry->curl, CURLOPT_PASSWORD,
                     config->password == NULL ? "" : config->password);
}

/* `body` without bytes: a GET. */
static CURLcode perform(struct registry *registry, const char *path, struct str body,
                        struct answer *answer, char *why)
{
    CLEANUP(buf) struct buf url = {0};
    CURL *curl = registry->curl;
    struct curl_slist *lines =
        curl_slist_append(NULL, "Content-Type: application/vnd.schemaregistry.v1+json");

    buf_printf(&url, "%s%s", registry->root, path);
    buf_clear(&answer->body);
    answer->body.limit = ANSWER_BYTES_MAX;
    answer->status = 0;
    why[0] = '\0';
    curl_easy_reset(curl); /* keeps the connection */
    curl_easy_setopt(curl, CURLOPT_URL, buf_cstr(&url));
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)registry->config->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer->body);
    if (body.len > 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.at);
    }
    if (is_loopback(registry->root)) /* a proxy of the environment can't reach this machine */
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
    if (registry->config->ca_file != NULL)
        curl_easy_setopt(curl, CURLOPT_CAINFO, registry->config->ca_file);
    set_credentials(registry);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    curl_slist_free_all(lines);
    return code;
}

/* ---- its answer ---- */

/* The member of the answer, in the arena; `raw.at` NULL when it has none or is no object. */
static struct json_value member(const struct answer *answer, const char *wanted,
                                struct arena *arena)
{
    struct json_cursor cursor = json_open(buf_str(&answer->body));
    struct json_value value, found = {0};
    bool first = true, more = true;
    struct str name;
    struct err ignored;

    if (!json_object_begin(&cursor, &ignored))
        return found;
    while (json_object_next(&cursor, arena, &first, &more, &name, &ignored) && more &&
           json_read(&cursor, &value, &ignored))
        if (str_eq_c(name, wanted))
            found = value;
    return found;
}

/* A whole number of at most 18 digits, or 0. */
static int64_t number_of(struct json_value value)
{
    int64_t number = 0;

    if (value.raw.at == NULL || value.kind != JSON_NUMBER || value.raw.len > 18)
        return 0;
    for (size_t i = 0; i < value.raw.len; i++) {
        if (value.raw.at[i] < '0' || value.raw.at[i] > '9')
            return 0;
        number = number * 10 + (value.raw.at[i] - '0');
    }
    return number;
}

/* What the registry says of its refusal, cut for an error's line. */
static const char *reason(const struct answer *answer, struct arena *arena)
{
    struct json_value message = member(answer, "message", arena);
    struct str text = STR("no reason given");
    struct err ignored;

    if (message.raw.at != NULL && message.kind == JSON_STRING &&
        !json_text(&message, arena, &text, &ignored))
        text = message.raw;
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] == '\n')
            text.len = i;
    return arena_printf(arena, "%.*s", (int)(text.len < 400 ? text.len : 400), text.at);
}

static enum verdict judge_connection(const struct registry *registry, CURLcode code,
                                     const char *why, struct err *reterr)
{
    if (why[0] == '\0')
        why = curl_easy_strerror(code);
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        err_stop(reterr, EX_CONFIG,
                 "%s: the certificate is not trusted (--schema-registry-ca-file): %s",
                 shown(registry), why);
        return HOPELESS;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        err_stop(reterr, EX_CONFIG, "--schema-registry-url %s: %s", shown(registry), why);
        return HOPELESS;
    case CURLE_WRITE_ERROR:
        err_stop(reterr, EX_SOFTWARE, "%s: the answer is larger than its limit", shown(registry));
        return HOPELESS;
    default:
        err_set(reterr, ERR_RETRY, "%s does not answer (--schema-registry-url): %s",
                shown(registry), why);
        return AGAIN;
    }
}

static enum verdict judge_answer(const struct registry *registry, struct answer *answer,
                                 struct err *reterr)
{
    CLEANUP(arena) struct arena *arena = arena_new(4096);

    answer->code = number_of(member(answer, "error_code", arena));
    if (answer->status == 429 || answer->status == 408 ||
        (answer->status >= 500 && answer->status != 501)) {
        err_set(reterr, ERR_RETRY, "%s answers %ld: %s", shown(registry), answer->status,
                reason(answer, arena));
        return AGAIN;
    }
    if (answer->status == 401 || answer->status == 403) {
        err_stop(reterr, EX_NOPERM,
                 "%s answers %ld: check --schema-registry-username and its password",
                 shown(registry), answer->status);
        return HOPELESS;
    }
    return ANSWERED;
}

static void pause_ms(int64_t ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&time, NULL);
}

/* True for every answer that no repetition changes, whatever its status. */
static bool ask(struct registry *registry, const char *path, struct str body, struct answer *answer,
                struct err *reterr)
{
    int64_t deadline = clock_mono_ms() + registry->config->timeout_ms;
    char why[CURL_ERROR_SIZE];

    for (unsigned attempt = 0;; attempt++) {
        CURLcode code = perform(registry, path, body, answer, why);
        enum verdict verdict = code == CURLE_OK ? judge_answer(registry, answer, reterr)
                                                : judge_connection(registry, code, why, reterr);

        if (verdict != AGAIN)
            return verdict == ANSWERED;
        if (attempt + 1 >= ATTEMPTS_MAX || clock_mono_ms() >= deadline)
            return false;
        pause_ms(clock_backoff_ms(attempt, BACKOFF_BASE_MS, BACKOFF_CAP_MS));
    }
}

static bool unexpected(const struct registry *registry, const struct answer *answer,
                       struct arena *arena, struct err *reterr)
{
    return err_stop(reterr, EX_CONFIG, "%s is no schema registry that we know: it answers %ld: %s",
                    shown(registry), answer->status, reason(answer, arena));
}

/* {"schema":"..."} */
static void write_request(struct buf *out, struct str schema)
{
    buf_puts(out, "{\"schema\":");
    json_write_string(out, schema);
    buf_char(out, '}');
}

/* "/subjects/NAME/versions", the name escaped. */
static const char *subject_path(struct arena *arena, const char *before, const char *subject,
                                const char *after)
{
    CLEANUP(buf) struct buf path = {0};

    buf_puts(&path, before);
    sigv4_escape(&path, str_of(subject), false);
    buf_puts(&path, after);
    return arena_copy(arena, buf_str(&path)).at;
}

/* ---- the four questions ---- */

bool registry_check(struct registry *registry, const char *subject, struct str schema,
                    bool *ret_compatible, struct buf *why, struct err *reterr)
{
    CLEANUP(arena) struct arena *arena = arena_new(ARENA_BYTES);
    CLEANUP(buf) struct buf request = {0};
    CLEANUP(answer) struct answer answer = {0};
    const char *path =
        subject_path(arena, "/compatibility/subjects/", subject, "/versions/latest?verbose=true");

    write_request(&request, schema);
    if (!ask(registry, path, buf_str(&request), &answer, reterr))
        return false;
    struct json_value compatible = member(&answer, "is_compatible", arena);
    if (answer.status == 404) { /* no such subject */
        *ret_compatible = true;
        return true;
    }
    if (answer.status != 200 || compatible.raw.at == NULL)
        return unexpected(registry, &answer, arena, reterr);
    *ret_compatible = compatible.kind == JSON_TRUE;
    if (!*ret_compatible)
        buf_put(why, member(&answer, "messages", arena).raw);
    return true;
}

static bool find_id(const struct registry *registry, struct hash128 hash, int32_t *ret)
{
    for (size_t i = 0; i < registry->ids_n; i++)
        if (registry->ids[i].hash.high == hash.high && registry->ids[i].hash.low == hash.low) {
            *ret = registry->ids[i].id;
            return true;
        }
    return false;
}

static struct hash128 hash_of(const char *subject, struct str schema)
{
    CLEANUP(buf) struct buf both = {0};

    buf_printf(&both, "%s\n", subject);
    buf_put(&both, schema);
    return hash128(both.at, both.len);
}

bool registry_knows(const struct registry *registry, const char *subject, struct str schema)
{
    int32_t id;

    return find_id(registry, hash_of(subject, schema), &id);
}

bool registry_refuses(const char *subject, struct str why, struct err *reterr)
{
    return err_stop(reterr, EX_CONFIG,
                    "subject %s: the schema is not compatible with its versions; add columns that "
                    "may be NULL, or write to another topic: %.*s",
                    subject, (int)(why.len < 500 ? why.len : 500), why.at);
}

/* The registry answered 409: says what it has against the schema. */
static bool incompatible(struct registry *registry, const char *subject, struct str schema,
                         const struct answer *answer, struct err *reterr)
{
    CLEANUP(arena) struct arena *arena = arena_new(4096);
    CLEANUP(buf) struct buf why = {0};
    bool compatible = false;
    struct err ignored;

    if (!registry_check(registry, subject, schema, &compatible, &why, &ignored) || why.len < 3) {
        buf_clear(&why);
        buf_puts(&why, reason(answer, arena));
    }
    return registry_refuses(subject, buf_str(&why), reterr);
}

bool registry_register(struct registry *registry, const char *subject, struct str schema,
                       int32_t *ret_id, struct err *reterr)
{
    CLEANUP(arena) struct arena *arena = arena_new(ARENA_BYTES);
    CLEANUP(buf) struct buf request = {0};
    CLEANUP(answer) struct answer answer = {0};
    struct hash128 hash = hash_of(subject, schema);

    if (find_id(registry, hash, ret_id))
        return true;
    write_request(&request, schema);
    if (!ask(registry, subject_path(arena, "/subjects/", subject, "/versions"), buf_str(&request),
             &answer, reterr))
        return false;
    if (answer.status == 409)
        return incompatible(registry, subject, schema, &answer, reterr);
    if (answer.status == 422)
        return err_stop(reterr, EX_CONFIG, "subject %s: the registry refuses the schema: %s",
                        subject, reason(&answer, arena));
    int64_t id = number_of(member(&answer, "id", arena));
    if (answer.status != 200 || id <= 0 || id > INT32_MAX)
        return unexpected(registry, &answer, arena, reterr);
    registry->ids = err_realloc(registry->ids, (registry->ids_n + 1) * sizeof(*registry->ids));
    registry->ids[registry->ids_n++] = (struct known_id){hash, (int32_t)id};
    *ret_id = (int32_t)id;
    return true;
}

/* Parses the answer's schema. ERR_DEAD_LETTER for one of another kind, or that we don't take. */
static bool read_schema(const struct registry *registry, const struct answer *answer,
                        struct arena *arena, struct avro_shape **ret, struct err *reterr)
{
    struct json_value schema = member(answer, "schema", arena);
    struct str text;

    if (answer->status != 200 || schema.raw.at == NULL || schema.kind != JSON_STRING)
        return unexpected(registry, answer, arena, reterr);
    if (json_text(&schema, arena, &text, reterr) && avro_shape_parse(text, ret, reterr))
        return true;
    reterr->kind = ERR_DEAD_LETTER;
    return false;
}

bool registry_latest(struct registry *registry, const char *subject, int32_t *ret_id,
                     struct avro_shape **ret, struct err *reterr)
{
    CLEANUP(arena) struct arena *arena = arena_new(ARENA_BYTES);
    CLEANUP(answer) struct answer answer = {0};

    if (!ask(registry, subject_path(arena, "/subjects/", subject, "/versions/latest"), STR_NONE,
             &answer, reterr))
        return false;
    if (answer.status == 404)
        return err_stop(reterr, EX_CONFIG, "the registry %s has no subject %s", shown(registry),
                        subject);
    int64_t id = number_of(member(&answer, "id", arena));
    if (id <= 0 || id > INT32_MAX)
        return unexpected(registry, &answer, arena, reterr);
    if (!read_schema(registry, &answer, arena, ret, reterr)) {
        reterr->kind = ERR_STOP;
        return err_prefix(reterr, "subject %s", subject);
    }
    *ret_id = (int32_t)id;
    return true;
}

/* Asks for the schema of an id and parses it. */
static bool fetch_shape(struct registry *registry, int32_t id, struct avro_shape **ret,
                        struct err *reterr)
{
    CLEANUP(arena) struct arena *arena = arena_new(ARENA_BYTES);
    CLEANUP(answer) struct answer answer = {0};

    if (!ask(registry, arena_printf(arena, "/schemas/ids/%d", id), STR_NONE, &answer, reterr))
        return false;
    if (answer.status == 404 && answer.code == 40403)
        return err_set(reterr, ERR_DEAD_LETTER, "the registry %s has no schema of id %d",
                       shown(registry), id);
    return read_schema(registry, &answer, arena, ret, reterr) ||
           err_prefix(reterr, "schema id %d", id);
}

bool registry_shape(struct registry *registry, int32_t id, const struct avro_shape **ret,
                    struct err *reterr)
{
    struct avro_shape *shape = NULL;

    for (size_t i = registry->shapes_n; i-- > 0;)
        if (registry->shapes[i].id == id) {
            *ret = registry->shapes[i].shape;
            return true;
        }
    if (!fetch_shape(registry, id, &shape, reterr))
        return false;
    registry->shapes =
        err_realloc(registry->shapes, (registry->shapes_n + 1) * sizeof(*registry->shapes));
    registry->shapes[registry->shapes_n++] = (struct known_shape){id, shape};
    *ret = shape;
    return true;
}

bool registry_json(struct registry *registry, struct str record, struct arena *arena,
                   struct str *ret, struct err *reterr)
{
    const struct avro_shape *shape = NULL;
    struct str body;
    int32_t id;

    if (!avro_is_framed(record)) {
        *ret = record;
        return true;
    }
    if (registry == NULL)
        return err_stop(reterr, EX_CONFIG,
                        "a record is Avro: give --schema-registry-url, where its schema is");
    buf_clear(&registry->json);
    if (!avro_frame_read(record, &id, &body, reterr) ||
        !registry_shape(registry, id, &shape, reterr) ||
        !avro_to_json(shape, body, &registry->json, reterr))
        return false;
    *ret = arena_copy(arena, buf_str(&registry->json));
    return true;
}
