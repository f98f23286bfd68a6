/*
 * The mail of a run: reports are put into it as they are written, in bounded memory; then it is
 * sent, again when the server says "later".
 */
#ifndef SLUICE_REPORT_MAIL_H
#define SLUICE_REPORT_MAIL_H

#include "http/smtp.h"
#include "message.h"
#include "service/service.h"

enum { MAIL_REPORTS_MAX = 100, MAIL_BYTES_MAX = 20 << 20 };

/* Use zeroed. */
struct mail {
    struct mail_report {
        char *name, *file;
        const char *media_type;
        struct buf body;
        uint64_t rows;
        char *error; /* why there is none, or NULL */
    } reports[MAIL_REPORTS_MAX];
    size_t n, bytes;
};

/* Begins a report, of which the mail will say that it failed until mail_end. `file` is what its
 * attachment is called; both are copied, the type must be a literal. ERR_STOP (EX_DATAERR): one too
 * many. */
WARN_UNUSED bool mail_begin(struct mail *mail, const char *name, const char *file,
                            const char *media_type, struct err *reterr);

/* Adds to the last report. ERR_STOP (EX_DATAERR) when the mail becomes too large for any server. */
WARN_UNUSED bool mail_add(struct mail *mail, struct str text, struct err *reterr);

/* The last report is whole, with so many rows. */
void mail_end(struct mail *mail, uint64_t rows);

/* The last report failed: the mail says why instead. */
void mail_fail(struct mail *mail, const char *why);

/* How many reports are whole. */
size_t mail_whole(const struct mail *mail);

/* Sends it; must hold a report. ERR_STOP (EX_TEMPFAIL) after the last attempt. */
WARN_UNUSED bool mail_send(const struct mail *mail, const struct smtp_config *config,
                           struct service *service, struct err *reterr);

/* Frees. */
void mail_done(struct mail *mail);

#endif
