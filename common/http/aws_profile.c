#include "http/aws_profile.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/options.h"
#include "base/str.h"
#include <stdlib.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 1 << 20 };

static const char *given(const char *variable)
{
    const char *value = getenv(variable);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The path of the file; "" when there is no home either. */
static void file_path(struct buf *into)
{
    const char *path = given("AWS_SHARED_CREDENTIALS_FILE"), *home = given("HOME");

    if (path != NULL)
        buf_puts(into, path);
    else if (home != NULL)
        buf_printf(into, "%s/.aws/credentials", home);
}

/* The field that a line's name is for; NULL: another one. */
static char **field_of(struct aws_profile *profile, struct str name)
{
    if (str_eq_c(name, "aws_access_key_id"))
        return &profile->access_key;
    if (str_eq_c(name, "aws_secret_access_key"))
        return &profile->secret_key;
    return str_eq_c(name, "aws_session_token") ? &profile->session_token : NULL;
}

static void take_setting(struct aws_profile *profile, struct str line)
{
    const char *equals = memchr(line.at, '=', line.len), *end = line.at + line.len;

    if (equals == NULL)
        return;
    char **field = field_of(profile, str_trim(str_between(line.at, equals), STR_BLANKS));
    struct str value = str_trim(str_between(equals + 1, end), STR_BLANKS);
    if (field == NULL)
        return;
    free(*field);
    *field = err_calloc(1, value.len + 1);
    if (value.len > 0)
        memcpy(*field, value.at, value.len);
}

/* "[name]" as its name, of any other line false. */
static bool section_name(struct str line, struct str *ret)
{
    if (line.len < 2 || line.at[0] != '[' || line.at[line.len - 1] != ']')
        return false;
    *ret = str_trim((struct str){line.at + 1, line.len - 2}, STR_BLANKS);
    return true;
}

/* Takes what stands under [name]; false: there is no such section. */
static bool take_section(struct aws_profile *profile, const char *text, const char *name)
{
    bool inside = false, found = false;

    for (const char *at = text; *at != '\0';) {
        const char *end = strchrnul(at, '\n');
        struct str line = str_trim(str_between(at, end), STR_BLANKS), section;
        if (section_name(line, &section))
            found |= inside = str_eq_c(section, name);
        else if (inside && line.len > 0 && !char_is_in(line.at[0], "#;"))
            take_setting(profile, line);
        at = *end == '\0' ? end : end + 1;
    }
    return found;
}

static bool has_keys(const struct aws_profile *profile)
{
    return profile->access_key[0] != '\0' && profile->secret_key[0] != '\0';
}

/* The section of a file that was read. */
static bool take_profile(struct aws_profile *ret, bool *ret_found, const char *path,
                         const char *text, struct err *reterr)
{
    const char *asked = given("AWS_PROFILE"), *name = asked == NULL ? "default" : asked;
    struct aws_profile profile = {err_strdup(""), err_strdup(""), err_strdup("")};
    bool there = take_section(&profile, text, name), keys = has_keys(&profile);

    if (there && keys) {
        *ret = profile;
        *ret_found = true;
        return true;
    }
    aws_profile_clear(&profile);
    *ret_found = false;
    if (!there)
        return asked == NULL ||
               err_stop(reterr, EX_CONFIG, "AWS_PROFILE %s: there is no [%s] in %s", name, name,
                        path);
    return err_stop(reterr, EX_CONFIG,
                    "[%s] in %s has no aws_access_key_id with its aws_secret_access_key", name,
                    path);
}

bool aws_profile_read(struct aws_profile *ret, bool *ret_found, struct err *reterr)
{
    CLEANUP(buf) struct buf path = {0};
    CLEANUP(free) char *text = NULL;
    const char *asked = given("AWS_PROFILE");

    file_path(&path);
    if (asked == NULL && (path.len == 0 || access(buf_cstr(&path), F_OK) != 0)) {
        *ret_found = false;
        return true;
    }
    if (!options_read_file(buf_cstr(&path), FILE_BYTES_MAX, &text, reterr))
        return asked == NULL ? false : err_prefix(reterr, "AWS_PROFILE %s", asked);
    return take_profile(ret, ret_found, buf_cstr(&path), text, reterr);
}

void aws_profile_clear(struct aws_profile *profile)
{
    free(profile->access_key);
    free(profile->secret_key);
    free(profile->session_token);
    *profile = (struct aws_profile){0};
}
