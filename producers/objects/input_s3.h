/* The S3 side of the input: objects under a prefix, spooled in ranges so that none is held in memory. */
#ifndef SLUICE_OBJECTS_INPUT_S3_H
#define SLUICE_OBJECTS_INPUT_S3_H

#include "http/s3.h"
#include "service/service.h"

struct input_s3;

/* `place` is s3://BUCKET/PREFIX. `config` without a bucket; it and `service`, which beats between
 * ranges, must outlive the result. */
WARN_UNUSED bool input_s3_open(const struct s3_config *config, const char *place,
                               struct service *service, struct input_s3 **ret, struct err *reterr);

/* NULL is fine. Returns NULL. */
struct input_s3 *input_s3_close(struct input_s3 *input);

/* Calls `each` for every object under the prefix: its key, its ETag, its size. */
WARN_UNUSED bool input_s3_list(struct input_s3 *input,
                               bool (*each)(void *arg, const char *key, const char *tag,
                                            int64_t size),
                               void *arg, struct err *reterr);

/* Whether an object of a bucket lies under the prefix, and is no folder's mark. */
bool input_s3_holds(const struct input_s3 *input, struct str bucket, struct str key);

/* Writes the object to the file, and its ETag to `tag`. Bytes that are not those of its metadata "sha256", where it has
 * that, are fetched again. ERR_STOP, whatever it is. */
WARN_UNUSED bool input_s3_get(struct input_s3 *input, const char *key, char *tag, size_t tag_room,
                              int fd, struct err *reterr);

#endif
