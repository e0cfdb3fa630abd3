/* Intersection, union and difference of several sets. */
#ifndef COMMANDS_SET_SET_ALGEBRA_H
#define COMMANDS_SET_SET_ALGEBRA_H

#include "engine/call.h"

enum set_algebra_operation { SET_INTERSECTION, SET_UNION, SET_DIFFERENCE };

/* "key...": answers the result. */
void set_algebra_answer(struct call *call, enum set_algebra_operation op);
/* "destination key...": stores it. event as db_changed(). */
void set_algebra_store(struct call *call, enum set_algebra_operation op, const char *event);
/* "numkeys key... [LIMIT limit]": answers how many members it has. A union may be asked for with
 * APPROX; the exact count will do. */
void set_algebra_count(struct call *call, enum set_algebra_operation op);

#endif
