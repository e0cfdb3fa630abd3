/* Union, intersection and difference of several sorted sets, or sets, whose members score 1. */
#ifndef COMMANDS_ZSET_ZSET_ALGEBRA_H
#define COMMANDS_ZSET_ZSET_ALGEBRA_H

#include "engine/call.h"

enum zset_algebra_operation { ZSET_UNION, ZSET_INTERSECTION, ZSET_DIFFERENCE };

/* "numkeys key... [WEIGHTS] [AGGREGATE] [WITHSCORES]": replies with the result. */
void zset_algebra_answer(struct call *call, enum zset_algebra_operation op);
/* "destination numkeys key... [WEIGHTS] [AGGREGATE]": stores the result under destination. event:
 * the keyspace event to announce, as for db_changed(). */
void zset_algebra_store(struct call *call, enum zset_algebra_operation op, const char *event);
/* "numkeys key... [LIMIT limit]": replies with the size of the intersection. */
void zset_algebra_count_common(struct call *call);

#endif
