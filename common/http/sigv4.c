#include "http/sigv4.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdlib.h>

enum { PAIRS_MAX = 64, DATE_CHARS = 8 };

static const char hex_digits[] = "0123456789abcdef";

static void to_hex(const unsigned char *bytes, size_t n, char *into)
{
    for (size_t i = 0; i < n; i++) {
        into[2 * i] = hex_digits[bytes[i] >> 4];
        into[2 * i + 1] = hex_digits[bytes[i] & 15];
    }
    into[2 * n] = '\0';
}

void sigv4_sha256_hex(struct str bytes, char *into)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    unsigned length = 0;

    int done =
        EVP_Digest(bytes.len == 0 ? "" : bytes.at, bytes.len, digest, &length, EVP_sha256(), NULL);
    assert(done == 1 && length == sizeof(digest));
    (void)done;
    to_hex(digest, sizeof(digest), into);
}

static bool unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void sigv4_escape(struct buf *out, struct str text, bool keep_slash)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if (unreserved(c) || (c == '/' && keep_slash))
            buf_char(out, (char)c);
        else
            buf_printf(out, "%%%02X", c);
    }
}

static void put_path(struct buf *out, const struct sigv4_request *request)
{
    CLEANUP(buf) struct buf once = {0};

    sigv4_escape(&once, str_of(request->path), true);
    if (request->double_encode_path)
        sigv4_escape(out, buf_str(&once), true);
    else
        buf_put(out, buf_str(&once));
}

/* A name and value in the form that is compared and signed; they lie behind one another in a buf.
 */
struct canonical {
    size_t name_at, value_at, end;
};

static struct str part(const struct buf *text, size_t from, size_t to)
{
    return (struct str){text->at == NULL ? "" : text->at + from, to - from};
}

/* Sorts by name, then (for queries) by value; stable, so that equal headers keep their order. */
static void sort(const struct buf *text, struct canonical *pairs, size_t n, bool by_value)
{
    for (size_t i = 1; i < n; i++) {
        struct canonical moved = pairs[i];
        size_t j = i;

        for (; j > 0; j--) {
            const struct canonical *left = &pairs[j - 1];
            int order = str_cmp(part(text, left->name_at, left->value_at),
                                part(text, moved.name_at, moved.value_at));
            if (order == 0 && by_value)
                order = str_cmp(part(text, left->value_at, left->end),
                                part(text, moved.value_at, moved.end));
            if (order <= 0)
                break;
            pairs[j] = *left;
        }
        pairs[j] = moved;
    }
}

static void put_query(struct buf *out, const struct sigv4_request *request)
{
    CLEANUP(buf) struct buf text = {0};
    struct canonical pairs[PAIRS_MAX];

    assert(request->query_n <= PAIRS_MAX);
    for (size_t i = 0; i < request->query_n; i++) {
        pairs[i].name_at = text.len;
        sigv4_escape(&text, str_of(request->query[i].name), false);
        pairs[i].value_at = text.len;
        sigv4_escape(&text, str_of(request->query[i].value), false);
        pairs[i].end = text.len;
    }
    sort(&text, pairs, request->query_n, true);
    for (size_t i = 0; i < request->query_n; i++) {
        if (i > 0)
            buf_char(out, '&');
        buf_put(out, part(&text, pairs[i].name_at, pairs[i].value_at));
        buf_char(out, '=');
        buf_put(out, part(&text, pairs[i].value_at, pairs[i].end));
    }
}

/* Blanks at both ends go, runs of blanks inside become one. */
static void put_trimmed(struct buf *out, const char *value)
{
    bool gap = false;
    size_t start = out->len;

    for (; *value != '\0'; value++) {
        if (*value == ' ' || *value == '\t') {
            gap = true;
            continue;
        }
        if (gap && out->len > start)
            buf_char(out, ' ');
        gap = false;
        buf_char(out, *value);
    }
}

static void put_lower(struct buf *out, const char *name)
{
    for (; *name != '\0'; name++)
        buf_char(out, *name >= 'A' && *name <= 'Z' ? (char)(*name + ('a' - 'A')) : *name);
}

/* Appends "name:value\n" a header to `lines` and "name;name" to `names`; equal names are one line
 * with the values behind commas. */
static void put_headers(struct buf *lines, struct buf *names, const struct sigv4_request *request)
{
    CLEANUP(buf) struct buf text = {0};
    struct canonical pairs[PAIRS_MAX];
    struct str previous = {0};

    assert(request->headers_n <= PAIRS_MAX);
    for (size_t i = 0; i < request->headers_n; i++) {
        pairs[i].name_at = text.len;
        put_lower(&text, request->headers[i].name);
        pairs[i].value_at = text.len;
        put_trimmed(&text, request->headers[i].value);
        pairs[i].end = text.len;
    }
    sort(&text, pairs, request->headers_n, false);
    for (size_t i = 0; i < request->headers_n; i++) {
        struct str name = part(&text, pairs[i].name_at, pairs[i].value_at);

        if (i > 0 && str_eq(name, previous)) {
            buf_char(lines, ',');
        } else {
            buf_puts(lines, i > 0 ? "\n" : "");
            buf_put(lines, name);
            buf_char(lines, ':');
            buf_puts(names, i > 0 ? ";" : "");
            buf_put(names, name);
        }
        buf_put(lines, part(&text, pairs[i].value_at, pairs[i].end));
        previous = name;
    }
    buf_char(lines, '\n');
}

void sigv4_canonical_request(struct buf *out, const struct sigv4_request *request)
{
    CLEANUP(buf) struct buf lines = {0}, names = {0};

    put_headers(&lines, &names, request);
    buf_printf(out, "%s\n", request->method);
    put_path(out, request);
    buf_char(out, '\n');
    put_query(out, request);
    buf_char(out, '\n');
    buf_put(out, buf_str(&lines));
    buf_char(out, '\n');
    buf_put(out, buf_str(&names));
    buf_printf(out, "\n%s", request->payload_sha256);
}

static void hmac(unsigned char *into, const void *key, size_t key_len, struct str text)
{
    unsigned length = 0;
    const unsigned char *done = HMAC(EVP_sha256(), key, (int)key_len,
                                     (const unsigned char *)text.at, text.len, into, &length);

    assert(done != NULL && length == SHA256_DIGEST_LENGTH);
    (void)done;
}

static void signing_key(const struct sigv4_request *request, unsigned char *key)
{
    CLEANUP(buf) struct buf secret = {0};
    const struct str parts[] = {str_of(request->region), str_of(request->service),
                                STR("aws4_request")};
    unsigned char next[SHA256_DIGEST_LENGTH];

    buf_printf(&secret, "AWS4%s", request->secret_key);
    hmac(key, secret.at, secret.len, (struct str){request->amz_date, DATE_CHARS});
    explicit_bzero(secret.at, secret.len);
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        hmac(next, key, sizeof(next), parts[i]);
        memcpy(key, next, sizeof(next));
    }
    explicit_bzero(next, sizeof(next));
}

void sigv4_authorization(struct buf *out, const struct sigv4_request *request)
{
    CLEANUP(buf) struct buf canonical = {0}, text = {0}, lines = {0}, names = {0}, scope = {0};
    unsigned char key[SHA256_DIGEST_LENGTH], signature[SHA256_DIGEST_LENGTH];
    char hash[2 * SHA256_DIGEST_LENGTH + 1], hex[2 * SHA256_DIGEST_LENGTH + 1];

    assert(strlen(request->amz_date) > DATE_CHARS);
    sigv4_canonical_request(&canonical, request);
    sigv4_sha256_hex(buf_str(&canonical), hash);
    buf_printf(&scope, "%.*s/%s/%s/aws4_request", DATE_CHARS, request->amz_date, request->region,
               request->service);
    buf_printf(&text, "AWS4-HMAC-SHA256\n%s\n%s\n%s", request->amz_date, buf_cstr(&scope), hash);
    signing_key(request, key);
    hmac(signature, key, sizeof(key), buf_str(&text));
    explicit_bzero(key, sizeof(key));
    to_hex(signature, sizeof(signature), hex);
    put_headers(&lines, &names, request);
    buf_printf(out, "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s",
               request->access_key, buf_cstr(&scope), buf_cstr(&names), hex);
}
