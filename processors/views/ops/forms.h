/*
 * The forms of equal values: 1.0 and 1.00, 30 days and 1 mon, -0 and 0 are one group, and the group
 * shows one of the texts that its rows have. Which one is a function of the rows alone: the smallest
 * by bytes, so that neither the order of changes nor rows that are gone matter. Kept only for groups
 * whose values can have several. For group.c; sql/ asks what is possible.
 */
#ifndef SLUICE_VIEWS_OPS_FORMS_H
#define SLUICE_VIEWS_OPS_FORMS_H

#include "ops/op.h"

/* How often each form is there; negative while a retraction waits for its insertion. */
struct forms {
    struct delta *at;
    uint32_t n, cap;
};

/* Equal values of the type can differ in bytes. */
bool forms_possible(enum type_id type);

/* Adds a row of values `weight` times. */
void forms_add(struct forms *forms, struct arena *arena, const struct row *row, int64_t weight);

/* The form that stands for all; NULL: none is there. */
const struct row *forms_pick(const struct forms *forms);

/* As stored in the group's value; the rows are views or copies in the arena. */
void forms_save(const struct forms *forms, struct buf *out);
void forms_load(struct forms *forms, struct arena *arena, struct str *from);

#endif
