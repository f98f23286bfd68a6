#include "http/smtp.h"

#include "base/buf.h"
#include <curl/curl.h>
#include <stddef.h>
#include <strings.h>

enum { CONNECT_TIMEOUT_MS = 10000, ADDRESS_BYTES_MAX = 254 };

static const char *const tls_names[] = {"required", "off", NULL};

#define FIELD(member) offsetof(struct smtp_config, member)

const struct option smtp_options[] = {
    {.name = "mail-to",
     .kind = OPTION_LIST,
     .offset = FIELD(to),
     .value_name = "ADDRESS",
     .help = "send the reports there as well, as a mail's attachments"},
    {.name = "mail-from",
     .kind = OPTION_STRING,
     .offset = FIELD(from),
     .value_name = "ADDRESS",
     .help = "the sender"},
    {.name = "mail-subject",
     .kind = OPTION_STRING,
     .offset = FIELD(subject),
     .value_name = "TEXT",
     .help = "the subject (default: the reports' names)"},
    {.name = "smtp-url",
     .kind = OPTION_STRING,
     .offset = FIELD(url),
     .value_name = "URL",
     .help = "the mail server: smtp://HOST:587, or smtps://HOST:465"},
    {.name = "smtp-username",
     .kind = OPTION_STRING,
     .offset = FIELD(username),
     .value_name = "NAME",
     .help = "turns authentication on"},
    {.name = "smtp-password",
     .kind = OPTION_SECRET,
     .offset = FIELD(password),
     .value_name = "FILE",
     .help = "file with its password"},
    {.name = "smtp-ca-file",
     .kind = OPTION_STRING,
     .offset = FIELD(ca_file),
     .value_name = "FILE",
     .help = "certificate authorities to trust in place of the system's"},
    {.name = "smtp-tls",
     .kind = OPTION_CHOICE,
     .offset = FIELD(tls),
     .fallback = "required",
     .choices = tls_names,
     .value_name = "WHETHER",
     .help = "off sends mails, and a password, in the clear"},
    {.name = "smtp-timeout",
     .kind = OPTION_DURATION,
     .offset = FIELD(timeout_ms),
     .fallback = "60s",
     .min = 100,
     .max = 3600000,
     .value_name = "DURATION",
     .help = "longest time that sending may take"},
    {0}};

/* What a command of SMTP or a header could be broken with has no place in an address. */
static bool is_address(const char *text)
{
    const char *at = strrchr(text, '@');

    for (const char *c = text; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~' || strchr("<>,;\"\\", *c) != NULL)
            return false;
    return at != NULL && at != text && at[1] != '\0' && strlen(text) <= ADDRESS_BYTES_MAX;
}

static bool check_url(const char *url, struct err *reterr)
{
    bool known = strncasecmp(url, "smtp://", 7) == 0 || strncasecmp(url, "smtps://", 8) == 0;

    if (!known || strchr(url, '@') != NULL)
        return err_stop(reterr, EX_USAGE,
                        "--smtp-url: it must be smtp://HOST:PORT or smtps://HOST:PORT, with the "
                        "user in --smtp-username");
    return true;
}

bool smtp_check(const struct smtp_config *config, struct err *reterr)
{
    if (config->to.n == 0)
        return true;
    if (config->from == NULL || config->url == NULL)
        return err_stop(reterr, EX_USAGE, "--mail-to needs --mail-from and --smtp-url");
    if (!is_address(config->from))
        return err_stop(reterr, EX_USAGE, "--mail-from \"%s\" is no address", config->from);
    for (size_t i = 0; i < config->to.n; i++)
        if (!is_address(config->to.items[i]))
            return err_stop(reterr, EX_USAGE, "--mail-to \"%s\" is no address",
                            config->to.items[i]);
    if (config->subject != NULL && strpbrk(config->subject, "\r\n") != NULL)
        return err_stop(reterr, EX_USAGE, "--mail-subject must be one line");
    if ((config->username == NULL) != (config->password == NULL))
        return err_stop(reterr, EX_USAGE,
                        "--smtp-username and --smtp-password-file belong together");
    return check_url(config->url, reterr);
}

struct sending {
    const struct smtp_mail *mail;
    struct str left;
    CURL *curl;
    char why[CURL_ERROR_SIZE];
};

static size_t on_read(char *into, size_t size, size_t n, void *arg)
{
    struct sending *sending = arg;
    struct str *left = &sending->left;
    size_t taken = left->len < size * n ? left->len : size * n;

    memcpy(into, left->at, taken);
    *left = (struct str){left->at + taken, left->len - taken};
    return taken;
}

static int on_progress(void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up_now)
{
    const struct sending *sending = arg;
    const struct smtp_mail *mail = sending->mail;

    (void)total, (void)now, (void)up_total, (void)up_now;
    return mail->tick != NULL && !mail->tick(mail->arg);
}

static struct curl_slist *recipients_of(const struct smtp_config *config)
{
    struct curl_slist *list = NULL;

    for (size_t i = 0; i < config->to.n; i++) {
        struct buf address CLEANUP(buf) = {0};

        buf_printf(&address, "<%s>", config->to.items[i]);
        struct curl_slist *longer = curl_slist_append(list, buf_cstr(&address));
        if (longer == NULL)
            err_no_memory(address.len);
        list = longer;
    }
    return list;
}

static void set_server(CURL *curl, const struct smtp_config *config)
{
    curl_easy_setopt(curl, CURLOPT_URL, config->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)config->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_USE_SSL,
                     (long)(config->tls == SMTP_TLS_REQUIRED ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    if (config->ca_file != NULL)
        curl_easy_setopt(curl, CURLOPT_CAINFO, config->ca_file);
    if (config->username != NULL) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, config->username);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, config->password);
    }
}

static void set_message(struct sending *sending, struct curl_slist *recipients)
{
    struct buf from CLEANUP(buf) = {0};
    CURL *curl = sending->curl;

    buf_printf(&from, "<%s>", sending->mail->config->from);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, sending->why);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, buf_cstr(&from));
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(curl, CURLOPT_READDATA, sending);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)sending->left.len);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, sending);
}

/* What a failed transfer means; `code` is the server's last answer, 0: none. */
static bool explain(const struct sending *sending, CURLcode result, long code, struct err *reterr)
{
    const char *said = sending->why[0] == '\0' ? curl_easy_strerror(result) : sending->why;
    const char *url = sending->mail->config->url;

    switch (result) {
    case CURLE_LOGIN_DENIED:
        return err_stop(reterr, EX_NOPERM, "%s refuses --smtp-username with its password (%ld): %s",
                        url, code, said);
    case CURLE_USE_SSL_FAILED:
        return err_stop(reterr, EX_NOPERM,
                        "%s offers no TLS, and --smtp-tls=required: nothing was sent", url);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return err_stop(reterr, EX_NOPERM,
                        "%s: its certificate is not trusted (--smtp-ca-file): %s", url, said);
    case CURLE_URL_MALFORMAT:
        return err_stop(reterr, EX_USAGE, "--smtp-url %s: %s", url, said);
    default:
        break;
    }
    if (code >= 500)
        return err_stop(reterr, EX_NOUSER, "%s refuses the mail (%ld): %s", url, code, said);
    return err_set(reterr, ERR_RETRY, "%s does not take the mail (%ld): %s", url, code, said);
}

bool smtp_send(const struct smtp_mail *mail, struct err *reterr)
{
    struct sending sending = {.mail = mail, .left = mail->message, .curl = curl_easy_init()};
    long code = 0;

    if (sending.curl == NULL)
        err_no_memory(0);
    struct curl_slist *recipients = recipients_of(mail->config);
    set_server(sending.curl, mail->config);
    set_message(&sending, recipients);
    CURLcode result = curl_easy_perform(sending.curl);
    curl_easy_getinfo(sending.curl, CURLINFO_RESPONSE_CODE, &code);
    bool ok = result == CURLE_OK || explain(&sending, result, code, reterr);
    curl_slist_free_all(recipients);
    curl_easy_cleanup(sending.curl);
    return ok;
}
