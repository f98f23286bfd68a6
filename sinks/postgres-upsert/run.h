/* The loop: membership, session, back-off. */
#ifndef SLUICE_POSTGRES_UPSERT_RUN_H
#define SLUICE_POSTGRES_UPSERT_RUN_H

#include "options.h"

/* Runs until a stop is asked for (true) or an error that nothing here mends. */
WARN_UNUSED bool upsert_run(const struct upsert_options *options, struct service *service,
                            struct err *reterr);

#endif
