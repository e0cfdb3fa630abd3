#include "commands/list/list_move.h"

struct bytes list_move_side(bool front)
{
    return front ? BYTES("LEFT") : BYTES("RIGHT");
}

void list_move_wait(struct call *call, const struct list_move *m)
{
    struct block_options o = {.keys = &m->from,
                              .key_count = 1,
                              .deadline_ms = m->deadline_ms,
                              .type = TYPE_LIST,
                              .null = BLOCK_NULL_ARRAY};
    block_on(call, &o);
}
