/*
 * Names and text of XML 1.0, well-formed whatever the value held. Bytes in, bytes out; not a reader
 * (xml_stream.h).
 */
#ifndef SLUICE_RECORD_XML_TEXT_H
#define SLUICE_RECORD_XML_TEXT_H

#include "base/buf.h"
#include "record/json.h"

/* Appends the text of a string, or of any other value as it stands: & < > and CR as references, a
 * character that XML 1.0 can't hold as U+FFFD; returns how many of those. */
size_t xml_text(struct buf *out, struct str raw, bool escaped);

/* Appends a name; what a name can't hold is escaped as _xHHHH_ (ISO 9075-14). No name at all is
 * _x0000_. */
void xml_name(struct buf *out, struct str name);

#endif
