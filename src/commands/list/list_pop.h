/* What the commands share that take elements off an end of a list. */
#ifndef COMMANDS_LIST_LIST_POP_H
#define COMMANDS_LIST_LIST_POP_H

#include "commands/list/list_args.h"

/* Answers n elements (at most all) and takes them off. The header of the reply is sent before. */
void list_pop_take(struct call *call, struct list *l, bool front, uint64_t n);
/* The first of n keys that holds a list: 1; none: 0; -1 after WRONGTYPE. */
int list_pop_first(struct call *call, const struct bytes *keys, int n, struct bytes *key,
                   struct list **l);
/* Blocks the client until one of the keys has elements or the timeout is over. */
void list_pop_wait(struct call *call, const struct bytes *keys, int n, int64_t deadline_ms);
/* The event that tells of it. */
const char *list_pop_event(bool front);
/* The command that does the same without waiting, for the journal. */
struct bytes list_pop_word(bool front);

#endif
