/* XREADGROUP in a group: new entries, entries pending for too long (CLAIM), and a consumer's
 * history. The journal gets the outcome. */
#ifndef COMMANDS_STREAM_XREAD_GROUP_H
#define COMMANDS_STREAM_XREAD_GROUP_H

#include "broker/broker_read.h"
#include "commands/stream/xread_reply.h"

/* The reading consumer, made when absent. */
void xread_group_begin(struct xread *x, struct xread_source *s);
/* Adds one entry to the reply; before: its former pending state, or NULL. False: the reply is full.
 */
bool xread_group_put(struct xread *x, struct stream_entry *e,
                     const struct stream_pending_entry *before);
/* Delivers up to n > 0 unread entries from the cursor on. Returns how many. */
uint64_t xread_group_deliver(struct xread *x, struct xread_source *s, struct stream_cursor *c,
                             uint64_t n);
/* Existing pending entries that have been idle for long enough. The caller frees the array, NULL if
 * there are none. */
struct stream_pending_entry *xread_group_claimable(struct xread *x, struct xread_source *s,
                                                   uint64_t most, size_t *n);
/* Claims them for the consumer, until the reply is full. Returns how many. */
uint64_t xread_group_claim(struct xread *x, struct xread_source *s,
                           const struct stream_pending_entry *list, size_t n);
static inline struct broker_group xread_group_at(const struct xread *x,
                                                 const struct xread_source *s)
{
    return broker_act_in(x->call, s->key, s->own, s->group);
}
/* Deletes entries delivered with NOACK that no group needs any more, where a policy asks for that.
 */
void xread_group_delete_acked(struct xread *x, const struct xread_source *s);
/* Answers the consumer's pending entries above s->after, counting one more delivery each. */
void xread_group_history(struct xread *x, struct xread_source *s);
/* When the first pending entry will have been idle for long enough, by the steady clock. */
int64_t xread_group_claim_due_ms(const struct xread *x, const struct xread_source *sources);

#endif
