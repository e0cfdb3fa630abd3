/* Ranges of a sorted set as replies: ZRANGE, and the older commands for single forms of it. */
#ifndef COMMANDS_ZSET_ZRANGE_H
#define COMMANDS_ZSET_ZRANGE_H

#include "commands/zset_args.h"

/* Replies to "key min max" with options, for a command whose name implies some of these. */
void zrange_answer_by(struct call *call, enum zset_range_by by, bool backwards);

#endif
