/*
 * Where objects come from: a file, a folder, a pattern, the standard input, a URL, an S3 prefix.
 * Lists them by name and opens one: always as a file descriptor, downloads are spooled first, so
 * that a body that is cut off never gives a row.
 */
#ifndef SLUICE_OBJECTS_INPUT_H
#define SLUICE_OBJECTS_INPUT_H

#include "file_state.h"
#include "options.h"
#include "service/service.h"

/* An object. `name` tells it apart and shows in events, `place` is where it is opened. `tag` as in
 * file_state; for a URL it is known only after it was opened. */
struct item {
    char *name, *place;
    char tag[FILE_TAG_MAX], modified[64];
    int64_t size; /* -1: not known */
    bool told;    /* of by a notification: it may be gone by now, of which another one tells */
};

struct item_list {
    struct item *items;
    size_t n;
};

struct input;

/* Makes the input that --input names. ERR_STOP (EX_USAGE, EX_CONFIG) when it is none. `options`
 * and `service` must outlive it. */
WARN_UNUSED bool input_open(const struct objects_options *options, struct service *service,
                            struct input **ret, struct err *reterr);

/* NULL is fine. Returns NULL. */
struct input *input_close(struct input *input);

/* The objects in the order of their names. ERR_STOP (EX_NOINPUT) when there is none, ERR_RETRY
 * when the store does not answer. The caller frees with item_list_done. */
WARN_UNUSED bool input_list(struct input *input, struct item_list *ret, struct err *reterr);

/* Whether an object of a bucket is one of --input. */
bool input_holds(const struct input *input, struct str bucket, struct str key);

/* Adds an S3 object to a list that is in order; `name` is its key, `tag` its ETag or "". */
void input_add_object(struct item_list *list, const char *name, const char *tag, int64_t size);

/* Frees the list. */
void item_list_done(struct item_list *list);

/*
 * Opens an object and fills in its tag. `known`: what was read last, to ask only for what is new
 * (NULL: unconditionally); *ret_unchanged then, and no descriptor. The caller closes *ret_fd.
 * ERR_STOP, whatever it is: this object can't be had in this run.
 */
WARN_UNUSED bool input_fetch(struct input *input, struct item *item, const struct file_state *known,
                             int *ret_fd, bool *ret_unchanged, struct err *reterr);

/* The object that was read to its end is still the one that was opened; ERR_STOP when it has
 * changed meanwhile. */
WARN_UNUSED bool input_same(const struct input *input, const struct item *item, int fd,
                            struct err *reterr);

#endif
