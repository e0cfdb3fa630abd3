/* Ranges of a sorted set as replies: ZRANGE, and the older commands that are one of its forms. */
#ifndef COMMANDS_ZSET_ZRANGE_H
#define COMMANDS_ZSET_ZRANGE_H

#include "commands/zset_args.h"

/* Answers "key min max" with options, as a command whose name says the rest. */
void zrange_answer_by(struct call *call, enum zset_range_by by, bool backwards);

#endif
