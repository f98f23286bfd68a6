#include "input_s3.h"

struct input_s3 {
    int none;
};

bool input_s3_open(const struct s3_config *config, const char *place, struct input_s3 **ret,
                   struct err *reterr)
{
    (void)config, (void)ret;
    return err_stop(reterr, EX_USAGE, "--input %s: not yet", place);
}

struct input_s3 *input_s3_close(struct input_s3 *input)
{
    free(input);
    return NULL;
}

bool input_s3_list(struct input_s3 *input,
                   bool (*each)(void *arg, const char *key, const char *tag, int64_t size),
                   void *arg, struct err *reterr)
{
    (void)input, (void)each, (void)arg;
    return err_stop(reterr, EX_SOFTWARE, "not yet");
}

bool input_s3_get(struct input_s3 *input, const char *key, char *tag, size_t tag_room, int fd,
                  struct err *reterr)
{
    (void)input, (void)key, (void)tag, (void)tag_room, (void)fd;
    return err_stop(reterr, EX_SOFTWARE, "not yet");
}
