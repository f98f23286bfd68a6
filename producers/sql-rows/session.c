#include "base/log.h"
#include "run.h"
#include "seen/restore.h"
#include <errno.h>
#include <sys/stat.h>

/* Whether rows are compared with what was last written. */
static bool compares(const struct rows_options *options)
{
    return options->emit == ROWS_EMIT_CHANGES ||
           (options->emit == ROWS_EMIT_DEFAULT &&
            (options->key_columns.n > 0 || options->table != NULL));
}

/* <state dir>/<topic>: several of these services may share the folder. */
static bool open_seen(struct session *session, struct err *reterr)
{
    const struct rows_options *options = session->options;
    struct buf directory CLEANUP(buf) = {0};
    struct seen_restored restored = {0};
    const struct seen_source source = {.config = &options->kafka,
                                       .client_id = rows_service,
                                       .admin = session->writer.admin,
                                       .topic = options->topic,
                                       .position = session->progress.serial,
                                       .plain = options->format == ROWS_JSON,
                                       .avro = session->avro != NULL};

    if (mkdir(options->state_dir, 0700) != 0 && errno != EEXIST)
        return err_stop(reterr, EX_CANTCREAT, "--state-dir: %s: %s", options->state_dir,
                        strerror(errno));
    buf_printf(&directory, "%s/%s", options->state_dir, options->topic);
    const struct seen_config config = {.directory = buf_cstr(&directory),
                                       .map_bytes = options->state_bytes};
    if (!seen_open(&config, &session->seen, reterr) ||
        !seen_restore(session->seen, &source, &restored, reterr))
        return false;
    log_info("state", LOG_INT("keys", seen_count(session->seen)),
             LOG_INT("restored_records", restored.records));
    return true;
}

bool session_open(struct session *session, struct err *reterr)
{
    return writer_open(&session->writer, session->options, session->avro, session->metrics,
                       reterr) &&
           writer_read_progress(&session->writer, &session->progress, reterr) &&
           (!compares(session->options) || open_seen(session, reterr));
}

void session_close(struct session *session, bool clean)
{
    session->seen = seen_close(session->seen, clean);
    progress_done(&session->progress);
    writer_close(&session->writer);
}
