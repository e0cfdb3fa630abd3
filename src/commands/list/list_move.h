/* Shared by LMOVE and LMOVEM: moving elements from one list to another. */
#ifndef COMMANDS_LIST_LIST_MOVE_H
#define COMMANDS_LIST_LIST_MOVE_H

#include "commands/list/list_args.h"

struct list_move {
    struct bytes from, to;
    bool from_front, to_front;
    bool blocks;
    int64_t deadline_ms;
};

/* Blocks the client until the source has an element or the timeout has passed. */
void list_move_wait(struct call *call, const struct list_move *m);
/* LEFT or RIGHT. */
struct bytes list_move_side(bool front);

#endif
