/* Dead letters: what was delivered too often, or was given up, goes to another stream. */
#ifndef BROKER_BROKER_DEAD_H
#define BROKER_BROKER_DEAD_H

#include "broker/broker_act.h"
#include "broker/broker_append.h"

#define BROKER_DEAD_FIELDS   8 /* pairs that tell where a letter died, behind its own */
#define BROKER_DEAD_RETRY_MS 60000

/* How an entry died. */
struct broker_death {
    bool fatal;            /* XNACK FATAL, else it was delivered as often as it may be */
    struct bytes text;     /* what was told, or what befell it */
    struct bytes consumer; /* its owner when it failed; empty: none */
};

/* A pending entry dies, as one transaction with what the caller does: its message is appended to
 * the dead-letter stream and acknowledged here (broker D3). With "" as dead-letter key it is only
 * acknowledged; without a message, its reference goes. When the dead-letter stream cannot take it,
 * the entry is deferred by a minute and tried again (D6). e is how it is now. */
void broker_dead_die(const struct broker_group *x, const struct stream_pending_entry *e,
                     const struct broker_death *d);
/* Of an entry that is used up and whose lease has ended, or that has no owner. */
void broker_dead_die_of_age(const struct broker_group *x, const struct stream_pending_entry *e);
/* Whether the entry must not be delivered any more: it has used up its deliveries, or is dead
 * already and waits for the dead-letter stream to take it. */
bool broker_dead_is_due(const struct stream_group *g, const struct stream_pending_entry *e);
/* Whether a message is a dead letter; *m loses the eight pairs, which are in out[0] to [7] by their
 * order in the letter: reason, text, key, group, id, consumer, count, delivered. */
bool broker_dead_open(struct broker_message *m, struct bytes out[BROKER_DEAD_FIELDS]);

#endif
