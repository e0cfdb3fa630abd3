/* Shared by commands that remove the lowest or highest members of a sorted set. */
#ifndef COMMANDS_ZSET_ZSET_POP_H
#define COMMANDS_ZSET_ZSET_POP_H

#include "commands/zset_args.h"

/* Removes the n (at most all, at least one) highest or lowest members and replies with them and
 * their scores: flat, or as `pairs`. The header was sent before. Deletes the key with its last
 * member. */
void zset_pop_take(struct call *call, struct bytes key, struct entry *e, bool highest, size_t n,
                   bool pairs);
/* Finds the first of n keys that holds a sorted set: 1; none: 0; -1 after WRONGTYPE. */
int zset_pop_first(struct call *call, const struct bytes *keys, int n, struct bytes *key,
                   struct entry **e);
/* Blocks the client until one of the keys has members or the timeout has passed. */
void zset_pop_wait(struct call *call, const struct bytes *keys, int n, int64_t deadline_ms);
/* The name under which a pop is journalled: whoever replays it must not block. */
struct bytes zset_pop_word(bool highest);

#endif
