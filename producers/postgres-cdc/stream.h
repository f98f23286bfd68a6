/* The changes after the snapshot, for ever: frames in, Kafka transactions out, confirmations back.
 */
#ifndef SLUICE_POSTGRES_CDC_STREAM_H
#define SLUICE_POSTGRES_CDC_STREAM_H

#include "session.h"

/* Streams from the session's position until a stop is asked for (true) or an error. */
WARN_UNUSED bool stream_run(struct session *session, unsigned *attempt, struct err *reterr);

#endif
