/* XREDRIVE: returns dead letters to processing. */
#ifndef BROKER_BROKER_REDRIVE_H
#define BROKER_BROKER_REDRIVE_H

#include "broker/broker_act.h"

struct broker_redrive {
    struct bytes to;           /* the destination; p NULL: where each letter died */
    struct bytes field, value; /* only entries with this pair; field.p NULL: all */
    int64_t delay_ms;          /* 0: at once */
    /* Whether the client may write to the key that a letter names: it is not an argument, so the
     * command's own check did not cover it. */
    bool (*may_write)(const struct call *call, struct bytes key);
};

/* Moves one entry out of the stream x->key; ignores x->group. The journal gets the deletions of the
 * whole call at once, in broker_redrive_end(). False: the entry is absent, or has to stay. */
bool broker_redrive_move(const struct broker_group *x, const struct broker_redrive *r,
                         struct stream_id id);
/* Effect XDEL for these, and the events of the call. */
void broker_redrive_end(const struct broker_group *x, const struct stream_id *moved, size_t n);

#endif
