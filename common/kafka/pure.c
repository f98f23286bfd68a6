#include "kafka/pure.h"

#include <stdint.h>

static bool take_string(const char **at, const char *end, struct str *ret)
{
    const char *nul = *at < end ? memchr(*at, '\0', (size_t)(end - *at)) : NULL;

    if (nul == NULL)
        return false;
    *ret = str_between(*at, nul);
    *at = nul + 1;
    return true;
}

bool kafka_member_parse(const void *blob, size_t size, int32_t *ret_generation,
                        struct str *ret_member)
{
    static const char magic[] = "CGMDv2:";
    enum { MAGIC_BYTES = sizeof(magic) - 1 };
    const char *at = blob;
    const char *end = at + size;
    struct str group, member;
    int32_t generation = -1;

    if (size < MAGIC_BYTES + sizeof(generation) || memcmp(at, magic, MAGIC_BYTES) != 0)
        return false;
    memcpy(&generation, at + MAGIC_BYTES, sizeof(generation));
    at += MAGIC_BYTES + sizeof(generation);
    if (!take_string(&at, end, &group) || !take_string(&at, end, &member) || at == end)
        return false;
    *ret_generation = generation;
    *ret_member = member;
    return true;
}

void dead_letter_headers(struct dead_letter_reason *reason,
                         struct kafka_header into[DEAD_LETTER_HEADERS])
{
    snprintf(reason->numbers[0], sizeof(reason->numbers[0]), "%d", reason->partition);
    snprintf(reason->numbers[1], sizeof(reason->numbers[1]), "%lld", (long long)reason->offset);
    into[0] = (struct kafka_header){STR("sluice.error.topic"), str_of(reason->topic)};
    into[1] = (struct kafka_header){STR("sluice.error.partition"), str_of(reason->numbers[0])};
    into[2] = (struct kafka_header){STR("sluice.error.offset"), str_of(reason->numbers[1])};
    into[3] = (struct kafka_header){STR("sluice.error.rule"), str_of(reason->rule)};
    into[4] = (struct kafka_header){STR("sluice.error.sqlstate"), str_of(reason->err->sqlstate)};
    into[5] = (struct kafka_header){STR("sluice.error.message"), str_of(reason->err->text)};
}

bool kafka_property_printable(const char *name)
{
    static const char *const secret[] = {"password", "secret", ".pem", "jaas", "oauthbearer"};

    for (size_t i = 0; i < sizeof(secret) / sizeof(*secret); i++)
        if (strstr(name, secret[i]) != NULL)
            return false;
    return true;
}

bool kafka_property_reserved(const char *name)
{
    static const char *const ours[] = {
        "auto.offset.reset",
        "bootstrap.servers",
        "client.id",
        "enable.auto.commit",
        "enable.auto.offset.store",
        "enable.idempotence",
        "enable.partition.eof",
        "group.id",
        "group.instance.id",
        "isolation.level",
        "metadata.broker.list",
        "partition.assignment.strategy",
        "partitioner",
        "transactional.id",
    };

    for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
        if (strcmp(name, ours[i]) == 0)
            return true;
    return false;
}
