/* Shared by SPOP and SRANDMEMBER: random members of a set. */
#ifndef COMMANDS_SET_SET_RANDOM_H
#define COMMANDS_SET_SET_RANDOM_H

#include "commands/set/set_args.h"

/* n different members, n <= the count; the caller frees them by set_random_free(). */
struct str **set_random_choose(struct call *call, const struct set *s, size_t n);
void set_random_free(struct str **chosen, size_t n);

#endif
