/* Intersection, union and difference of several sets. */
#ifndef COMMANDS_SET_SET_ALGEBRA_H
#define COMMANDS_SET_SET_ALGEBRA_H

#include "engine/call.h"

enum set_algebra_operation { SET_INTERSECTION, SET_UNION, SET_DIFFERENCE };

/* "key...": replies with the result. */
void set_algebra_answer(struct call *call, enum set_algebra_operation op);
/* "destination key...": stores the result. event: see db_changed(). */
void set_algebra_store(struct call *call, enum set_algebra_operation op, const char *event);
/* "numkeys key... [LIMIT limit]": replies with the number of members. APPROX, allowed for a union,
 * is answered exactly. */
void set_algebra_count(struct call *call, enum set_algebra_operation op);

#endif
