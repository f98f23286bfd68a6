/* http/sigv4: the published values of AWS's test suite and of the S3 documentation. */
#include "http/sigv4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define PAIRS_MAX 4

struct vector {
    const char *name, *method, *path;
    struct sigv4_pair query[PAIRS_MAX], headers[PAIRS_MAX];
    const char *body, *signed_headers, *signature;
};

static size_t count(const struct sigv4_pair *pairs)
{
    size_t n = 0;

    while (n < PAIRS_MAX && pairs[n].name != NULL)
        n++;
    return n;
}

static const struct vector suite[] = {
    {"get-vanilla",
     "GET",
     "/",
     {{0}},
     {{0}},
     "",
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla-query-order-key-case",
     "GET",
     "/",
     {{"Param2", "value2"}, {"Param1", "value1"}},
     {{0}},
     "",
     "host;x-amz-date",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"get-vanilla-query-order-value",
     "GET",
     "/",
     {{"Param1", "value2"}, {"Param1", "value1"}},
     {{0}},
     "",
     "host;x-amz-date",
     "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"},
    {"get-vanilla-utf8-query",
     "GET",
     "/",
     {{"\xe1\x88\xb4", "bar"}},
     {{0}},
     "",
     "host;x-amz-date",
     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {"get-unreserved",
     "GET",
     "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
     {{0}},
     {{0}},
     "",
     "host;x-amz-date",
     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
    {"get-utf8",
     "GET",
     "/\xe1\x88\xb4",
     {{0}},
     {{0}},
     "",
     "host;x-amz-date",
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {"get-space",
     "GET",
     "/example space/",
     {{0}},
     {{0}},
     "",
     "host;x-amz-date",
     "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
    {"get-header-value-trim",
     "GET",
     "/",
     {{0}},
     {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
     "",
     "host;my-header1;my-header2;x-amz-date",
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"get-header-key-duplicate",
     "GET",
     "/",
     {{0}},
     {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
     "",
     "host;my-header1;x-amz-date",
     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
    {"get-header-value-order",
     "GET",
     "/",
     {{0}},
     {{"My-Header1", "value4"},
      {"My-Header1", "value1"},
      {"My-Header1", "value3"},
      {"My-Header1", "value2"}},
     "",
     "host;my-header1;x-amz-date",
     "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
    {"post-vanilla",
     "POST",
     "/",
     {{0}},
     {{0}},
     "",
     "host;x-amz-date",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post-vanilla-query",
     "POST",
     "/",
     {{"Param1", "value1"}},
     {{0}},
     "",
     "host;x-amz-date",
     "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
    {"post-header-key-sort",
     "POST",
     "/",
     {{0}},
     {{"My-Header1", "value1"}},
     "",
     "host;my-header1;x-amz-date",
     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
    {"post-header-value-case",
     "POST",
     "/",
     {{0}},
     {{"My-Header1", "VALUE1"}},
     "",
     "host;my-header1;x-amz-date",
     "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
    {"post-x-www-form-urlencoded",
     "POST",
     "/",
     {{0}},
     {{"Content-Type", "application/x-www-form-urlencoded"}},
     "Param1=value1",
     "content-type;host;x-amz-date",
     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
    {0}};

static void the_test_suite(void **state)
{
    (void)state;
    for (const struct vector *v = suite; v->name != NULL; v++) {
        CLEANUP(buf) struct buf got = {0}, expected = {0};
        struct sigv4_pair headers[PAIRS_MAX + 2] = {{"Host", "example.amazonaws.com"},
                                                    {"X-Amz-Date", "20150830T123600Z"}};
        char hash[65];

        memcpy(headers + 2, v->headers, sizeof(v->headers));
        sigv4_sha256_hex(str_of(v->body), hash);
        const struct sigv4_request request = {.method = v->method,
                                              .path = v->path,
                                              .query = v->query,
                                              .query_n = count(v->query),
                                              .headers = headers,
                                              .headers_n = 2 + count(v->headers),
                                              .payload_sha256 = hash,
                                              .amz_date = "20150830T123600Z",
                                              .access_key = "AKIDEXAMPLE",
                                              .secret_key =
                                                  "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                                              .region = "us-east-1",
                                              .service = "service"};
        sigv4_authorization(&got, &request);
        buf_printf(&expected,
                   "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/"
                   "aws4_request, SignedHeaders=%s, Signature=%s",
                   v->signed_headers, v->signature);
        if (!str_eq(buf_str(&got), buf_str(&expected)))
            fail_msg("%s:\n%s instead of\n%s", v->name, buf_cstr(&got), buf_cstr(&expected));
    }
}

static void a_canonical_request(void **state)
{
    static const struct sigv4_pair headers[] = {{"Host", "example.amazonaws.com"},
                                                {"X-Amz-Date", "20150830T123600Z"}};
    static const struct sigv4_pair query[] = {{"Param2", "value2"}, {"Param1", "value1"}};
    const struct sigv4_request request = {.method = "GET",
                                          .path = "/",
                                          .query = query,
                                          .query_n = 2,
                                          .headers = headers,
                                          .headers_n = 2,
                                          .payload_sha256 = EMPTY_SHA256};
    CLEANUP(buf) struct buf got = {0};

    (void)state;
    sigv4_canonical_request(&got, &request);
    assert_string_equal(buf_cstr(&got),
                        "GET\n/\nParam1=value1&Param2=value2\nhost:example.amazonaws.com\n"
                        "x-amz-date:20150830T123600Z\n\nhost;x-amz-date\n" EMPTY_SHA256);
}

struct s3_example {
    const char *method, *path, *body;
    struct sigv4_pair query[PAIRS_MAX], headers[PAIRS_MAX];
    const char *signature;
};

static const struct s3_example examples[] = {
    {"GET",
     "/test.txt",
     "",
     {{0}},
     {{"range", "bytes=0-9"}},
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
    {"PUT",
     "/test$file.text",
     "Welcome to Amazon S3.",
     {{0}},
     {{"date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
    {"GET",
     "/",
     "",
     {{"lifecycle", ""}},
     {{0}},
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
    {"GET",
     "/",
     "",
     {{"max-keys", "2"}, {"prefix", "J"}},
     {{0}},
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
    {0}};

static void the_s3_documentation(void **state)
{
    (void)state;
    for (const struct s3_example *e = examples; e->method != NULL; e++) {
        CLEANUP(buf) struct buf got = {0};
        char hash[65];

        sigv4_sha256_hex(str_of(e->body), hash);
        struct sigv4_pair headers[PAIRS_MAX + 3] = {{"x-amz-date", "20130524T000000Z"},
                                                    {"x-amz-content-sha256", hash},
                                                    {"host", "examplebucket.s3.amazonaws.com"}};
        memcpy(headers + 3, e->headers, sizeof(e->headers));
        const struct sigv4_request request = {.method = e->method,
                                              .path = e->path,
                                              .query = e->query,
                                              .query_n = count(e->query),
                                              .headers = headers,
                                              .headers_n = 3 + count(e->headers),
                                              .payload_sha256 = hash,
                                              .amz_date = "20130524T000000Z",
                                              .access_key = "AKIAIOSFODNN7EXAMPLE",
                                              .secret_key =
                                                  "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                                              .region = "us-east-1",
                                              .service = "s3"};
        sigv4_authorization(&got, &request);
        const char *signature = strstr(buf_cstr(&got), "Signature=");
        assert_non_null(signature);
        assert_string_equal(signature + strlen("Signature="), e->signature);
    }
}

static void header_names_that_begin_alike_sort_by_name(void **state)
{
    static const struct sigv4_pair headers[] = {{"x-amz-meta-a-b", "1"}, {"x-amz-meta-a", "2"}};
    const struct sigv4_request request = {.method = "PUT",
                                          .path = "/a b+c=d",
                                          .headers = headers,
                                          .headers_n = 2,
                                          .payload_sha256 = "UNSIGNED-PAYLOAD",
                                          .double_encode_path = true};
    CLEANUP(buf) struct buf got = {0};

    (void)state;
    sigv4_canonical_request(&got, &request);
    assert_string_equal(buf_cstr(&got), "PUT\n/a%2520b%252Bc%253Dd\n\nx-amz-meta-a:2\n"
                                        "x-amz-meta-a-b:1\n\nx-amz-meta-a;x-amz-meta-a-b\n"
                                        "UNSIGNED-PAYLOAD");
}

static void escaping(void **state)
{
    CLEANUP(buf) struct buf got = {0};

    (void)state;
    sigv4_escape(&got, STR("a/b +=&?%~\xc3\xbc"), true);
    assert_string_equal(buf_cstr(&got), "a/b%20%2B%3D%26%3F%25~%C3%BC");
    buf_clear(&got);
    sigv4_escape(&got, STR("a/b*"), false);
    assert_string_equal(buf_cstr(&got), "a%2Fb%2A");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_test_suite),
        cmocka_unit_test(a_canonical_request),
        cmocka_unit_test(the_s3_documentation),
        cmocka_unit_test(header_names_that_begin_alike_sort_by_name),
        cmocka_unit_test(escaping),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
