/* What the commands share that take the lowest or highest members out of a sorted set. */
#ifndef COMMANDS_ZSET_ZSET_POP_H
#define COMMANDS_ZSET_ZSET_POP_H

#include "commands/zset_args.h"

/* Takes the n (at most all, at least one) highest or lowest members out and answers them, each
 * with its score: flat, or as `pairs`. The header of the reply is sent before. Deletes the key with
 * its last member. */
void zset_pop_take(struct call *call, struct bytes key, struct entry *e, bool highest, size_t n,
                   bool pairs);
/* The first of n keys that holds a sorted set: 1; none: 0; -1 after WRONGTYPE. */
int zset_pop_first(struct call *call, const struct bytes *keys, int n, struct bytes *key,
                   struct entry **e);
/* Blocks the client until one of the keys has members or the timeout is over. */
void zset_pop_wait(struct call *call, const struct bytes *keys, int n, int64_t deadline_ms);
/* The command that does the same without waiting, for the journal. */
struct bytes zset_pop_word(bool highest);

#endif
