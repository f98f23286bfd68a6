/*
 * Thrift's compact protocol, as far as Parquet's metadata needs it: structs are written field by
 * field, ids rising. Pure.
 */
#ifndef S3_OBJECTS_THRIFT_H
#define S3_OBJECTS_THRIFT_H

#include "base/buf.h"

enum thrift_type { THRIFT_I32 = 5, THRIFT_I64 = 6, THRIFT_BINARY = 8, THRIFT_STRUCT = 12 };

enum { THRIFT_DEPTH_MAX = 8 };

/* Where it writes, and the last field's id on each level. Zeroed but for `out`: at the outermost
 * struct. */
struct thrift {
    struct buf *out;
    int depth;
    int16_t last[THRIFT_DEPTH_MAX];
};

/* Fields of the struct in hand. */
void thrift_bool(struct thrift *thrift, int16_t id, bool value);
void thrift_byte(struct thrift *thrift, int16_t id, int8_t value);
void thrift_i32(struct thrift *thrift, int16_t id, int32_t value);
void thrift_i64(struct thrift *thrift, int16_t id, int64_t value);
void thrift_text(struct thrift *thrift, int16_t id, struct str text);

/* A field that is a struct: its fields follow, then thrift_end. */
void thrift_begin(struct thrift *thrift, int16_t id);

/* A field that is a list of n elements: they follow as thrift_item_* or as structs between
 * thrift_item_begin and thrift_end. */
void thrift_list(struct thrift *thrift, int16_t id, enum thrift_type type, size_t n);
void thrift_item_i32(struct thrift *thrift, int32_t value);
void thrift_item_text(struct thrift *thrift, struct str text);
void thrift_item_begin(struct thrift *thrift);

/* Ends the struct in hand, the outermost one too. */
void thrift_end(struct thrift *thrift);

/* Appends an unsigned number, seven bits a byte. */
void thrift_varint(struct buf *out, uint64_t number);

#endif
