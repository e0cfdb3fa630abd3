/* XREDRIVE: dead letters go back to work. */
#ifndef BROKER_BROKER_REDRIVE_H
#define BROKER_BROKER_REDRIVE_H

#include "broker/broker_act.h"

struct broker_redrive {
    struct bytes to;           /* where everything goes; p NULL: where each died */
    struct bytes field, value; /* only entries with this pair; field.p NULL: all */
    int64_t delay_ms;          /* 0: at once */
    /* Whether the caller may write to the key that a letter names: it is no argument, so nobody has
     * asked before. */
    bool (*may_write)(const struct call *call, struct bytes key);
};

/* Moves one entry of the stream x->key, whose x->group is not used, and deletes it there. The
 * journal does not hear of the deletion yet: broker_redrive_end() tells those of the whole call at
 * once. False: the entry is absent, or has to stay. */
bool broker_redrive_move(const struct broker_group *x, const struct broker_redrive *r,
                         struct stream_id id);
/* XDEL of these, and the events of the call. */
void broker_redrive_end(const struct broker_group *x, const struct stream_id *moved, size_t n);

#endif
