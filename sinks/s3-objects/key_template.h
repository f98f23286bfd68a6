/*
 * The keys of objects, from a template: text with names in braces.
 *
 *   {topic}      acme.gold.open_orders            {table}    its last word, open_orders
 *   {ext}        csv, csv.gz, parquet, ...
 *   {partition}  of the topic                     {start} {end}   offsets, 20 digits          (append)
 *   {by}         day=2026-01-14/ or nothing       {sha256}   16 characters of it, {version}   (snapshot)
 *
 * Pure.
 */
#ifndef S3_OBJECTS_KEY_TEMPLATE_H
#define S3_OBJECTS_KEY_TEMPLATE_H

#include "base/buf.h"
#include "base/err.h"

#define KEY_TEMPLATE_APPEND "{topic}/{partition}/{topic}+{partition}+{start}-{end}.{ext}"
#define KEY_TEMPLATE_SNAPSHOT "{topic}/data/{by}{sha256}.{ext}"

/* What the names stand for. */
struct key_parts {
    const char *topic;
    int32_t partition;
    int64_t start, end;
    const char *ext;
    const char *by; /* ends with a slash, or is empty */
    const char *sha256;
    int64_t version;
};

/* Only names of the list (ended by NULL) stand in the template, and of `needed` each one. ERR_STOP
 * (EX_USAGE). */
WARN_UNUSED bool key_template_check(const char *template, const char *const *known,
                                    const char *const *needed, struct err *reterr);

/* The template has this name, without braces. */
bool key_template_has(const char *template, const char *name);

/* Appends the key. */
void key_template_render(struct buf *out, const char *template, const struct key_parts *parts);

/* Appends the key up to the first name of the list (ended by NULL): what its listing begins with.
 * */
void key_template_prefix(struct buf *out, const char *template, const struct key_parts *parts,
                         const char *const *stop);

/* Reads {start} and {end} out of a key that was rendered with the other parts; false for any other
 * key. */
bool key_template_parse(struct str key, const char *template, const struct key_parts *parts,
                        int64_t *ret_start, int64_t *ret_end);

#endif
