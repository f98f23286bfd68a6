#include "http/sha256.h"

#include "base/err.h"
#include <openssl/evp.h>

struct sha256 {
    EVP_MD_CTX *context;
};

struct sha256 *sha256_new(void)
{
    struct sha256 *sum = err_calloc(1, sizeof(*sum));

    sum->context = EVP_MD_CTX_new();
    if (sum->context == NULL)
        err_no_memory(sizeof(*sum));
    sha256_reset(sum);
    return sum;
}

void sha256_reset(struct sha256 *sum)
{
    if (EVP_DigestInit_ex(sum->context, EVP_sha256(), NULL) != 1)
        err_no_memory(0);
}

void sha256_add(struct sha256 *sum, struct str bytes)
{
    if (EVP_DigestUpdate(sum->context, bytes.at, bytes.len) != 1)
        err_no_memory(0);
}

void sha256_hex(const struct sha256 *sum, char *into)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    EVP_MD_CTX *copy = EVP_MD_CTX_new();

    if (copy == NULL || EVP_MD_CTX_copy_ex(copy, sum->context) != 1 ||
        EVP_DigestFinal_ex(copy, digest, &n) != 1)
        err_no_memory(0);
    EVP_MD_CTX_free(copy);
    for (size_t i = 0; i < n; i++) {
        static const char hex[] = "0123456789abcdef";

        into[2 * i] = hex[digest[i] >> 4];
        into[2 * i + 1] = hex[digest[i] & 15];
    }
    into[2 * (size_t)n] = '\0';
}

struct sha256 *sha256_free(struct sha256 *sum)
{
    if (sum != NULL)
        EVP_MD_CTX_free(sum->context);
    free(sum);
    return NULL;
}
