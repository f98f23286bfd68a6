/*
 * A profile of AWS's shared credentials file, as its own tools write and read it. Private to the room; profiles that
 * ask somebody for their keys (roles, processes, single sign-on) are none of it.
 */
#ifndef SLUICE_HTTP_AWS_PROFILE_H
#define SLUICE_HTTP_AWS_PROFILE_H

#include "base/err.h"

/* Each is "" where the profile has none. */
struct aws_profile {
    char *access_key, *secret_key, *session_token;
};

/*
 * Reads the profile AWS_PROFILE [default] of AWS_SHARED_CREDENTIALS_FILE [~/.aws/credentials] into `ret`, which is to
 * be freed with aws_profile_clear. *ret_found is false, and `ret` untouched, when nobody asked for a profile by its
 * name and there is no file or no default in it. ERR_STOP when the named one is not there, or has no keys.
 */
WARN_UNUSED bool aws_profile_read(struct aws_profile *ret, bool *ret_found, struct err *reterr);

/* Frees what it holds; all of NULL is fine. */
void aws_profile_clear(struct aws_profile *profile);

#endif
