/* Names that many records have: the groups of many streams are called the same. Of the names met
 * last each is one string, which all records share that were given it. */
#ifndef SURVEY_SURVEY_NAMES_H
#define SURVEY_SURVEY_NAMES_H

#include "base/str.h"

#define SURVEY_NAMES_KEPT 64

/* Zero-initialised is empty. */
struct survey_names {
    struct str *kept[SURVEY_NAMES_KEPT]; /* by hash, or NULL */
};

/* A counted reference to a string with this name. */
struct str *survey_names_share(struct survey_names *k, struct bytes name);
/* Drops the references of its own. */
void survey_names_forget(struct survey_names *k);
/* Makes *slot (counted; NULL: none yet) a string with this name, a new one if it has another.
 * False: it had this one. */
bool survey_names_set(struct str **slot, struct bytes name);

#endif
