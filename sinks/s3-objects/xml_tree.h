/*
 * The style "tree" of the format xml: a row as nested elements, two blanks a level, one element a
 * line.
 *
 *   a scalar                         <k>v</k>
 *   an object                        <k>, its members, </k>
 *   an array that --xml-wrap names   <k>, each item in its wrapper, </k>
 *   another array                    <k>, the members of its objects in a row, other items as <item>, </k>
 *
 * Scalars print as Python's str does: numbers with a point or an exponent as floats (55.0, 18.5,
 * 1e-07, 1e+22), True, False, None. Pure.
 */
#ifndef S3_OBJECTS_XML_TREE_H
#define S3_OBJECTS_XML_TREE_H

#include "object_row.h"

/* Appends one row; returns how many characters XML could not hold. The arena is for names with
 * escapes. */
size_t xml_tree_row(struct buf *out, const struct object_shape *shape, struct str record,
                    const struct object_row *row, struct arena *arena);

#endif
