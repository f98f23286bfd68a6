#include "output.h"

#include "base/disk.h"
#include "base/failpoint.h"
#include "base/log.h"
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

enum { PART_BYTES = 8 << 20 };

struct output {
    const char *place;
    FILE *file; /* the terminal's, or the part file's */
    char *part_path;
    char *bucket;
    struct s3_config s3_config;
    struct s3 *s3;
    struct s3_object object;
    struct s3_upload *upload;
    struct buf pending;
};

static bool cannot_write(const struct output *output, struct err *reterr)
{
    return err_stop(reterr, EX_CANTCREAT, "--out, --export-dir: cannot write %s: %s",
                    output->place == NULL ? "to standard output" : output->place, strerror(errno));
}

static bool open_file(struct output *output, struct err *reterr)
{
    CLEANUP(buf) struct buf path = {0};

    disk_make_folders(output->place);
    buf_printf(&path, "%s.part", output->place);
    output->part_path = err_strdup(buf_cstr(&path));
    output->file = fopen(output->part_path, "we");
    return output->file != NULL || cannot_write(output, reterr);
}

/* What a killed predecessor began to upload costs until it is given up. Whoever may not is told, and
 * goes on. */
static bool clear_uploads(struct output *output, struct err *reterr)
{
    size_t n = 0;

    if (s3_upload_clear(output->s3, output->object.key, &n, reterr)) {
        if (n > 0)
            log_warn("unfinished uploads given up", LOG_STR("place", output->place),
                     LOG_INT("uploads", (int64_t)n));
        return true;
    }
    if (reterr->kind == ERR_RETRY)
        return false;
    log_err(LOG_WARN, "giving up unfinished uploads", reterr);
    return true;
}

static bool open_object(struct output *output, struct err *reterr)
{
    const char *bucket = output->place + strlen("s3://"), *slash = strchr(bucket, '/');

    if (slash == NULL || slash == bucket || slash[1] == '\0')
        return err_stop(reterr, EX_USAGE, "--out %s: it must be s3://BUCKET/KEY", output->place);
    output->bucket = err_strdup(bucket);
    output->bucket[slash - bucket] = '\0';
    output->s3_config.bucket = output->bucket;
    output->object.key = slash + 1;
    return s3_open(&output->s3_config, &output->s3, reterr) &&
           s3_check_bucket(output->s3, reterr) && clear_uploads(output, reterr);
}

bool output_open(const char *place, const char *media_type, const struct s3_config *s3,
                 struct output **ret, struct err *reterr)
{
    struct output *made = err_calloc(1, sizeof(*made));
    bool ok = true;

    made->place = place;
    made->s3_config = *s3;
    made->object.content_type = media_type;
    if (place == NULL)
        made->file = stdout;
    else if (strncmp(place, "s3://", 5) == 0)
        ok = open_object(made, reterr);
    else
        ok = open_file(made, reterr);
    if (!ok)
        output_close(made);
    else
        *ret = made;
    return ok;
}

static bool send_part(struct output *output, struct err *reterr)
{
    struct str part = buf_str(&output->pending);

    if ((output->upload == NULL &&
         !s3_upload_begin(output->s3, &output->object, &output->upload, reterr)) ||
        !s3_upload_parts(output->upload, &part, 1, reterr))
        return false;
    buf_clear(&output->pending);
    failpoint("report.after-part");
    return true;
}

bool output_write(struct output *output, struct buf *text, struct err *reterr)
{
    bool ok = true;

    if (output->file != NULL)
        ok = fwrite(text->at, 1, text->len, output->file) == text->len ||
             cannot_write(output, reterr);
    else
        buf_put(&output->pending, buf_str(text));
    buf_clear(text);
    return ok && (output->pending.len < PART_BYTES || send_part(output, reterr));
}

static bool finish_object(struct output *output, struct err *reterr)
{
    bool existed = false;

    if (output->upload == NULL) {
        output->object.body = buf_str(&output->pending);
        return s3_put(output->s3, &output->object, &existed, reterr);
    }
    return (output->pending.len == 0 || send_part(output, reterr)) &&
           s3_upload_finish(output->upload, &existed, reterr);
}

bool output_finish(struct output *output, struct err *reterr)
{
    if (output->file == NULL)
        return finish_object(output, reterr);
    if (fflush(output->file) != 0)
        return cannot_write(output, reterr);
    if (output->part_path == NULL)
        return true;
    if (rename(output->part_path, output->place) != 0)
        return cannot_write(output, reterr);
    free(output->part_path);
    output->part_path = NULL;
    return true;
}

struct output *output_close(struct output *output)
{
    if (output == NULL)
        return NULL;
    if (output->file != NULL && output->file != stdout)
        fclose(output->file);
    if (output->part_path != NULL)
        remove(output->part_path);
    free(output->part_path);
    s3_upload_end(output->upload);
    s3_close(output->s3);
    free(output->bucket);
    buf_done(&output->pending);
    free(output);
    return NULL;
}
