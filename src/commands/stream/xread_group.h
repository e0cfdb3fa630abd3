/* What XREADGROUP does with a group: entries that are new to it, entries that were pending for too
 * long (CLAIM), and the history of one consumer. The journal gets the outcome. */
#ifndef COMMANDS_STREAM_XREAD_GROUP_H
#define COMMANDS_STREAM_XREAD_GROUP_H

#include "broker/broker_read.h"
#include "commands/stream/xread_reply.h"

/* The consumer that reads, made when absent. */
void xread_group_begin(struct xread *x, struct xread_source *s);
/* One entry goes into the reply; before: as it was pending, or NULL. False: the reply is full. */
bool xread_group_put(struct xread *x, struct stream_entry *e,
                     const struct stream_pending_entry *before);
/* Delivers up to n > 0 entries from the cursor's on, which nobody in the group has read. Returns
 * how many. */
uint64_t xread_group_deliver(struct xread *x, struct xread_source *s, struct stream_cursor *c,
                             uint64_t n);
/* Pending entries that have been idle long enough and still exist. The array, NULL when there are
 * none, belongs to the caller. */
struct stream_pending_entry *xread_group_claimable(struct xread *x, struct xread_source *s,
                                                   uint64_t most, size_t *n);
/* Gives them to the consumer, until the reply is full. Returns how many. */
uint64_t xread_group_claim(struct xread *x, struct xread_source *s,
                           const struct stream_pending_entry *list, size_t n);
static inline struct broker_group xread_group_at(const struct xread *x,
                                                 const struct xread_source *s)
{
    return broker_act_in(x->call, s->key, s->own, s->group);
}
/* What was given with NOACK and no group needs any more goes, where a policy asks for that. */
void xread_group_delete_acked(struct xread *x, const struct xread_source *s);
/* Answers what the consumer has pending above s->after; each counts as delivered once more. */
void xread_group_history(struct xread *x, struct xread_source *s);
/* When the first pending entry will have been idle long enough, by the steady clock. */
int64_t xread_group_claim_due_ms(const struct xread *x, const struct xread_source *sources);

#endif
