/*
 * What the files of json functions share. Not for other rooms.
 */
#ifndef SLUICE_VIEWS_EXPR_DOCUMENTS_H
#define SLUICE_VIEWS_EXPR_DOCUMENTS_H

#include "expr/strings.h"
#include "record/jsonb.h"

/* Argument i as a tree. */
WARN_UNUSED bool document_of(const struct call *call, uint16_t i, struct jsonb **ret,
                             struct err *reterr);

/* The tree as the result; NULL gives NULL. */
bool jsonb_result(const struct call *call, const struct jsonb *value, struct value *ret);

/* One step into a document: by a name, which may be an array's number, or by a number alone. */
struct json_step {
    struct str name;
    bool by_number;
    int64_t number;
};

/* The bytes of a member or element within a document. */
WARN_UNUSED bool json_raw_step(struct str document, struct arena *arena, struct json_step step,
                               struct str *ret, bool *ret_found, struct err *reterr);

/* How many elements the array has. */
WARN_UNUSED bool json_count(struct str array, int64_t *ret, struct err *reterr);

/* The document as text: of a string what it says, of null NULL. */
WARN_UNUSED bool json_as_text(const struct call *call, struct str document, struct value *ret,
                              struct err *reterr);

#endif
