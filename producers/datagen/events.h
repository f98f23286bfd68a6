/*
 * What a shop's visitors do, as one JSON object a line: seven kinds of events of the last seven
 * days. One in twenty is malformed: a user id that is none, a field that is missing, a line that is
 * cut off.
 */
#ifndef SLUICE_DATAGEN_EVENTS_H
#define SLUICE_DATAGEN_EVENTS_H

#include "out.h"

/* Writes events.ndjson: 100,000 lines, 5,000 of them malformed, dirty or not. */
WARN_UNUSED bool events_files(const struct files_config *config, struct err *reterr);

#endif
