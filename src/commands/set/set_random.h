/* Some members of a set, chosen at random: what SPOP and SRANDMEMBER share. */
#ifndef COMMANDS_SET_SET_RANDOM_H
#define COMMANDS_SET_SET_RANDOM_H

#include "commands/set/set_args.h"

/* n different members, n <= the count: for the caller, who gives them to set_random_free(). */
struct str **set_random_choose(struct call *call, const struct set *s, size_t n);
void set_random_free(struct str **chosen, size_t n);

#endif
