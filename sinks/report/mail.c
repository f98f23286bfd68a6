#include "mail.h"

#include "base/clock.h"

enum { ATTEMPTS = 5 };

/* What a quoted file name could end with. */
static char *file_name(const char *file)
{
    char *copy = err_strdup(file);

    for (char *c = copy; *c != '\0'; c++)
        if (*c == '"' || *c == '\\' || *c < ' ' || *c > '~')
            *c = '_';
    return copy;
}

bool mail_begin(struct mail *mail, const char *name, const char *file, const char *media_type,
                struct err *reterr)
{
    if (mail->n == MAIL_REPORTS_MAX)
        return err_stop(reterr, EX_DATAERR, "--mail-to: more than %d reports in one mail",
                        MAIL_REPORTS_MAX);
    mail->reports[mail->n++] = (struct mail_report){
        .name = err_strdup(name), .file = file_name(file), .media_type = media_type};
    mail_fail(mail, "not finished");
    return true;
}

bool mail_add(struct mail *mail, struct str text, struct err *reterr)
{
    mail->bytes += text.len;
    if (mail->bytes > MAIL_BYTES_MAX)
        return err_stop(reterr, EX_DATAERR,
                        "--mail-to: the reports are larger than %d MiB together; send them to a "
                        "file or bucket (--out)",
                        MAIL_BYTES_MAX >> 20);
    buf_put(&mail->reports[mail->n - 1].body, text);
    return true;
}

void mail_end(struct mail *mail, uint64_t rows)
{
    struct mail_report *last = &mail->reports[mail->n - 1];

    free(last->error);
    last->error = NULL;
    last->rows = rows;
}

void mail_fail(struct mail *mail, const char *why)
{
    struct mail_report *last = &mail->reports[mail->n - 1];

    mail->bytes -= last->body.len;
    buf_done(&last->body);
    free(last->error);
    last->error = err_strdup(why);
}

size_t mail_whole(const struct mail *mail)
{
    size_t whole = 0;

    for (size_t i = 0; i < mail->n; i++)
        whole += mail->reports[i].error == NULL;
    return whole;
}

void mail_done(struct mail *mail)
{
    for (size_t i = 0; i < mail->n; i++) {
        free(mail->reports[i].name);
        free(mail->reports[i].file);
        free(mail->reports[i].error);
        buf_done(&mail->reports[i].body);
    }
    mail->n = mail->bytes = 0;
}

/* A line of the mail's text. */
static void describe(struct buf *text, const struct mail_report *report)
{
    if (report->error != NULL)
        buf_printf(text, "%s failed: %s\r\n", report->name, report->error);
    else
        buf_printf(text, "%s: %llu row%s\r\n", report->file, (unsigned long long)report->rows,
                   report->rows == 1 ? "" : "s");
}

static void write_mail(const struct mail *mail, const struct smtp_config *config, struct buf *out)
{
    struct attachment attachments[MAIL_REPORTS_MAX];
    struct buf text CLEANUP(buf) = {0}, subject CLEANUP(buf) = {0};
    size_t whole = 0;

    for (size_t i = 0; i < mail->n; i++) {
        const struct mail_report *report = &mail->reports[i];

        describe(&text, report);
        if (report->error != NULL)
            continue;
        buf_printf(&subject, "%s%s", whole == 0 ? "Reports: " : ", ", report->name);
        attachments[whole++] =
            (struct attachment){report->file, report->media_type, buf_str(&report->body)};
    }
    const struct message message = {.from = config->from,
                                    .to = &config->to,
                                    .subject = config->subject != NULL ? config->subject
                                                                       : buf_cstr(&subject),
                                    .text = buf_str(&text),
                                    .attachments = attachments,
                                    .attachments_n = whole,
                                    .unix_us = clock_wall_us(),
                                    .identity = (uint64_t)getpid()};
    message_write(out, &message);
}

static bool goes_on(void *arg)
{
    struct service *service = arg;

    service_beat(service);
    return !service_stopping(service);
}

bool mail_send(const struct mail *mail, const struct smtp_config *config, struct service *service,
               struct err *reterr)
{
    struct buf message CLEANUP(buf) = {0};
    unsigned attempt = 0;

    write_mail(mail, config, &message);
    const struct smtp_mail sending = {config, buf_str(&message), goes_on, service};
    while (!smtp_send(&sending, reterr)) {
        if (reterr->kind != ERR_RETRY)
            return err_prefix(reterr, "--mail-to");
        if (attempt == ATTEMPTS || !service_retry(service, "sending the mail", reterr, &attempt)) {
            reterr->kind = ERR_STOP;
            reterr->exit_status = EX_TEMPFAIL;
            return err_prefix(reterr, "--mail-to: not sent");
        }
    }
    return true;
}
