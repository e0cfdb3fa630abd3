/* Shared by commands that remove elements from an end of a list. */
#ifndef COMMANDS_LIST_LIST_POP_H
#define COMMANDS_LIST_LIST_POP_H

#include "commands/list/list_args.h"

/* Replies with n elements (at most all) and removes them. The header was sent before. */
void list_pop_take(struct call *call, struct list *l, bool front, uint64_t n);
/* Finds the first of n keys that holds a list: 1; none: 0; -1 after WRONGTYPE. */
int list_pop_first(struct call *call, const struct bytes *keys, int n, struct bytes *key,
                   struct list **l);
/* Blocks the client until one of the keys has elements or the timeout has passed. */
void list_pop_wait(struct call *call, const struct bytes *keys, int n, int64_t deadline_ms);
/* The event of a pop. */
const char *list_pop_event(bool front);
/* The name under which a pop is journalled: whoever replays it must not block. */
struct bytes list_pop_word(bool front);

#endif
