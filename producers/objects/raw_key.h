/*
 * The key under which an object is kept as it came, by a template: text with {topic}, {name},
 * {date} (of the reading, in UTC) and {sha256}. Pure.
 */
#ifndef SLUICE_OBJECTS_RAW_KEY_H
#define SLUICE_OBJECTS_RAW_KEY_H

#include "base/buf.h"
#include "base/err.h"
#include <stdint.h>

/* What the template's words stand for. */
struct raw_key_words {
    const char *topic, *name, *sha256;
    int64_t read_unix_us;
};

/* The template has known words only. ERR_STOP (EX_USAGE) naming what it has else. */
WARN_UNUSED bool raw_key_check(const char *template, struct err *reterr);

/* Two contents never get the same key: it has {sha256}. */
bool raw_key_by_content(const char *template);

/* Appends the key. A name loses its scheme, empty segments, "." and "..", so that every store takes
 * it. */
void raw_key_print(struct buf *out, const char *template, const struct raw_key_words *words);

#endif
