/*
 * Sending one mail over SMTP, by libcurl: TLS unless told otherwise, authentication when there is a
 * user name. It is one attempt. What the message says is the caller's: it comes as text with its
 * headers.
 */
#ifndef SLUICE_HTTP_SMTP_H
#define SLUICE_HTTP_SMTP_H

#include "base/err.h"
#include "base/options.h"
#include "base/str.h"

enum smtp_tls { SMTP_TLS_REQUIRED, SMTP_TLS_OFF };

/* Filled from smtp_options. */
struct smtp_config {
    struct option_list to;     /* --mail-to */
    char *from;                /* --mail-from */
    char *subject;             /* --mail-subject */
    char *url;                 /* --smtp-url smtp://HOST:PORT or smtps://HOST:PORT */
    char *username, *password; /* --smtp-username, --smtp-password-file */
    char *ca_file;             /* --smtp-ca-file */
    int tls;                   /* --smtp-tls: enum smtp_tls */
    int64_t timeout_ms;        /* --smtp-timeout */
};

/* The rows that fill struct smtp_config; use as an option group "Mail". */
extern const struct option smtp_options[];

/* Without --mail-to: fine. Else all that a mail needs must be there, and addresses be such that
 * nothing can hide in them. ERR_STOP (EX_USAGE). */
WARN_UNUSED bool smtp_check(const struct smtp_config *config, struct err *reterr);

/* A message on its way: lines end in CRLF. `tick` (or NULL) is called all the while; false ends it.
 */
struct smtp_mail {
    const struct smtp_config *config;
    struct str message;
    bool (*tick)(void *arg);
    void *arg;
};

/*
 * Sends the message to everyone in config->to, or, when the server refuses one of them, to nobody.
 * ERR_RETRY when the server does not answer or says "later" (4xx), or the tick has ended it;
 * ERR_STOP else, EX_NOPERM for refused credentials or no TLS, EX_NOUSER for a refused mail.
 */
WARN_UNUSED bool smtp_send(const struct smtp_mail *mail, struct err *reterr);

#endif
