/*
 * The quality of a topic, read from Kafka up to the end it had at the start. Of the last records of
 * each key two readings are needed: which they are, then what they hold; when the topic has more
 * keys than the memory holds, the keys are gone through in parts by their hash.
 */
#ifndef SLUICE_REPORT_TOPIC_H
#define SLUICE_REPORT_TOPIC_H

#include "options.h"
#include "quality.h"

struct topic_counts {
    int64_t records, undecodable;
    int64_t parts; /* how often the topic was gone through */
};

/* Counts into `quality`. ERR_STOP (EX_NOINPUT): there is no such topic. ERR_RETRY: no broker
 * answers. */
WARN_UNUSED bool topic_quality(const struct report_options *options, struct quality *quality,
                               struct topic_counts *ret, struct err *reterr);

#endif
