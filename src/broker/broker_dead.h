/* Dead letters: entries that were delivered too often, or failed for good, move to another stream.
 */
#ifndef BROKER_BROKER_DEAD_H
#define BROKER_BROKER_DEAD_H

#include "broker/broker_act.h"
#include "broker/broker_append.h"

#define BROKER_DEAD_FIELDS   8 /* pairs that say where and why it died, behind the message's own */
#define BROKER_DEAD_RETRY_MS 60000

/* Why an entry died. */
struct broker_death {
    bool fatal;            /* XNACK FATAL; else its deliveries are used up */
    struct bytes text;     /* the reason given, or what happened */
    struct bytes consumer; /* its owner when it failed; empty: none */
};

/* A pending entry dies, in one transaction with the caller's changes: its message is appended to
 * the dead-letter stream and acknowledged here (broker D3). If the dead-letter key is "", it is
 * only acknowledged; if the message is gone, its reference is dropped. When the dead-letter stream
 * cannot take it, the entry is deferred by a minute and tried again (D6). e is the entry's present
 * state. */
void broker_dead_die(const struct broker_group *x, const struct stream_pending_entry *e,
                     const struct broker_death *d);
/* The same for an entry whose deliveries are used up and that has no owner, or whose lease has
 * ended. */
void broker_dead_die_of_age(const struct broker_group *x, const struct stream_pending_entry *e);
/* Whether the entry must not be delivered again: its deliveries are used up, or it died already and
 * waits for the dead-letter stream to take it. */
bool broker_dead_is_due(const struct stream_group *g, const struct stream_pending_entry *e);
/* Whether a message is a dead letter. If so, strips the eight pairs from *m, and returns their
 * values in out[0] to [7], in the order of the letter: reason, text, key, group, id, consumer,
 * count, delivered. */
bool broker_dead_open(struct broker_message *m, struct bytes out[BROKER_DEAD_FIELDS]);

#endif
