#include "message.h"

#include "record/base64.h"
#include <time.h>

enum { LINE_BYTES = 57, WORD_BYTES = 42 }; /* 76 characters of base64; a word of at most 75 */

static bool is_plain_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

/* A header's text: as it is, or as encoded words, cut between characters. */
static void write_words(struct buf *out, const char *text)
{
    size_t left = strlen(text);

    if (is_plain_ascii(text) && left < 900) {
        buf_puts(out, text);
        return;
    }
    while (left > 0) {
        size_t taken = left < WORD_BYTES ? left : WORD_BYTES;

        while (taken < left && taken > 1 && ((unsigned char)text[taken] & 0xc0) == 0x80)
            taken--;
        buf_puts(out, "=?UTF-8?B?");
        base64_write(out, (struct str){text, taken});
        buf_puts(out, taken < left ? "?=\r\n " : "?=");
        text += taken;
        left -= taken;
    }
}

static void write_date(struct buf *out, int64_t unix_us)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(unix_us / 1000000);
    struct tm utc;

    gmtime_r(&seconds, &utc);
    buf_printf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[utc.tm_wday], utc.tm_mday,
               months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

static void write_headers(struct buf *out, const struct message *message)
{
    write_date(out, message->unix_us);
    buf_printf(out, "From: <%s>\r\nTo: ", message->from);
    for (size_t i = 0; i < message->to->n; i++)
        buf_printf(out, "%s<%s>", i == 0 ? "" : ",\r\n ", message->to->items[i]);
    buf_puts(out, "\r\nSubject: ");
    write_words(out, message->subject);
    buf_printf(out, "\r\nMessage-ID: <%llx.%llx@%s>\r\nMIME-Version: 1.0\r\n",
               (unsigned long long)message->unix_us, (unsigned long long)message->identity,
               strrchr(message->from, '@') + 1);
    buf_puts(out, "Auto-Submitted: auto-generated\r\n");
}

static void write_base64(struct buf *out, struct str body)
{
    for (size_t at = 0; at < body.len; at += LINE_BYTES) {
        size_t left = body.len - at;

        base64_write(out, (struct str){body.at + at, left < LINE_BYTES ? left : LINE_BYTES});
        buf_puts(out, "\r\n");
    }
}

static void write_part(struct buf *out, const char *boundary, const char *media_type,
                       const char *file, struct str body)
{
    buf_printf(out, "--%s\r\nContent-Type: %s\r\nContent-Transfer-Encoding: base64\r\n", boundary,
               media_type);
    if (file != NULL)
        buf_printf(out, "Content-Disposition: attachment; filename=\"%s\"\r\n", file);
    buf_puts(out, "\r\n");
    write_base64(out, body);
}

void message_write(struct buf *out, const struct message *message)
{
    char boundary[48];

    /* no line of base64 begins with two dashes */
    snprintf(boundary, sizeof(boundary), "part-%llx-%llx", (unsigned long long)message->unix_us,
             (unsigned long long)message->identity);
    write_headers(out, message);
    buf_printf(out, "Content-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n", boundary);
    write_part(out, boundary, "text/plain; charset=utf-8", NULL, message->text);
    for (size_t i = 0; i < message->attachments_n; i++) {
        const struct attachment *one = &message->attachments[i];

        write_part(out, boundary, one->media_type, one->name, one->body);
    }
    buf_printf(out, "--%s--\r\n", boundary);
}
