/*
 * A mail as text: headers, a plain part, attachments in base64 (RFC 5322, 2045 to 2047). Pure; the
 * caller brings time and identity.
 */
#ifndef SLUICE_REPORT_MESSAGE_H
#define SLUICE_REPORT_MESSAGE_H

#include "base/buf.h"
#include "base/options.h"

struct attachment {
    const char *name; /* of the file */
    const char *media_type;
    struct str body;
};

struct message {
    const char *from; /* addresses have nothing that could end a header: smtp_check */
    const struct option_list *to;
    const char *subject;
    struct str text; /* UTF-8 */
    const struct attachment *attachments;
    size_t attachments_n;
    int64_t unix_us;
    uint64_t identity; /* tells messages of the same moment apart */
};

/* Appends the message; its lines end in CRLF. */
void message_write(struct buf *out, const struct message *message);

#endif
