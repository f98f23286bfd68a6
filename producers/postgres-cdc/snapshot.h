/*
 * The initial snapshot: every row of every table as it was at one point of the WAL, so that
 * streaming from that point goes on without gap or overlap.
 *
 * The point and the snapshot come from a temporary slot, not from the slot that is streamed later:
 * so a slot that was given works like one created here, and after a crash nothing needs dropping.
 * An attempt that was cut short left rows in bronze; the next one retracts those it does not hold.
 */
#ifndef SLUICE_POSTGRES_CDC_SNAPSHOT_H
#define SLUICE_POSTGRES_CDC_SNAPSHOT_H

#include "session.h"

/* Takes the snapshot and stores that it is done. Returns true early, with the position still in
 * the snapshot, when a stop was asked for. */
WARN_UNUSED bool snapshot_take(struct session *session, struct err *reterr);

#endif
