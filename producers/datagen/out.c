#include "out.h"

#include "base/disk.h"
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

/* FOLDER/NAME; hidden by a dot in front while it is written, so that who reads the folder passes it. */
static bool path_of(const char *folder, const char *dot, const char *name, char path[PATH_MAX],
                    struct err *reterr)
{
    if (snprintf(path, PATH_MAX, "%s/%s%s", folder, dot, name) >= PATH_MAX)
        return err_stop(reterr, EX_USAGE, "--out: the path is too long");
    return true;
}

bool out_open(const struct files_config *config, const char *name, FILE **ret, struct err *reterr)
{
    char path[PATH_MAX];
    FILE *file = NULL;

    if (!path_of(config->folder, ".", name, path, reterr))
        return false;
    disk_make_folders(path);
    file = fopen(path, "we");
    if (file == NULL)
        return err_stop(reterr, EX_CANTCREAT, "--out: cannot write %s: %s", path, strerror(errno));
    *ret = file;
    return true;
}

bool out_close(FILE *file, const struct files_config *config, const char *name, struct err *reterr)
{
    char hidden[PATH_MAX], path[PATH_MAX];
    bool bad = ferror(file) != 0;
    int64_t bytes = ftello(file);

    if (fclose(file) != 0 || bad)
        return err_stop(reterr, EX_IOERR, "cannot write %s: %s", name,
                        errno == 0 ? "an earlier write failed" : strerror(errno));
    if (!path_of(config->folder, ".", name, hidden, reterr) ||
        !path_of(config->folder, "", name, path, reterr))
        return false;
    if (rename(hidden, path) != 0)
        return err_stop(reterr, EX_CANTCREAT, "cannot write %s: %s", path, strerror(errno));
    *config->files += 1;
    *config->bytes += bytes;
    return true;
}

void out_csv(FILE *file, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, file);
        return;
    }
    putc('"', file);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            putc('"', file);
        putc(*text, file);
    }
    putc('"', file);
}

void out_json(FILE *file, const char *text)
{
    putc('"', file);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            fprintf(file, "\\%c", c);
        else if (c < 0x20)
            fprintf(file, "\\u%04x", c);
        else
            putc(c, file);
    }
    putc('"', file);
}

const char *out_hundredths(int64_t hundredths, char *to, size_t size)
{
    int64_t whole = hundredths / 100;
    int part = (int)(hundredths % 100);

    if (part == 0)
        snprintf(to, size, "%lld", (long long)whole);
    else if (part % 10 == 0)
        snprintf(to, size, "%lld.%d", (long long)whole, part / 10);
    else
        snprintf(to, size, "%lld.%02d", (long long)whole, part);
    return to;
}

const char *out_day(int64_t day, char *to, size_t size)
{
    time_t seconds = (time_t)(day * 86400);
    struct tm utc;

    gmtime_r(&seconds, &utc);
    strftime(to, size, "%Y-%m-%d", &utc);
    return to;
}

bool out_day_of(const char *text, int64_t *ret)
{
    struct tm utc = {0};
    const char *end = strptime(text, "%Y-%m-%d", &utc);

    if (end == NULL || *end != '\0')
        return false;
    *ret = (int64_t)timegm(&utc) / 86400;
    return true;
}

void deal(struct random *random, unsigned char *to, uint32_t n, const uint32_t *weights,
          uint32_t kinds)
{
    uint64_t all = 0, seen = 0;
    uint32_t at = 0;

    for (uint32_t kind = 0; kind < kinds; kind++)
        all += weights[kind];
    for (uint32_t kind = 0; kind < kinds; kind++) {
        seen += weights[kind];
        while (at < n && (uint64_t)at * all < seen * n)
            to[at++] = (unsigned char)kind;
    }
    for (uint32_t left = n; left > 1; left--) {
        uint32_t with = random_below(random, left);
        unsigned char kept = to[left - 1];

        to[left - 1] = to[with];
        to[with] = kept;
    }
}

double random_unit(struct random *random)
{
    return (double)(random_next(random) >> 11) * 0x1.0p-53;
}
