#include "replica/acks.h"

#include "engine/state.h"
#include "replica/peer.h"

static struct peer *peer_at(struct dlist_node *n)
{
    return dlist_item(n, struct peer, node);
}

size_t acks_applied(const struct replication *r, uint64_t offset)
{
    size_t count = 0;
    for (struct dlist_node *n = r->peers.next; n != &r->peers; n = n->next)
        count += peer_at(n)->state == PEER_ONLINE && peer_at(n)->ack >= offset;
    return count;
}

size_t acks_synced(const struct replication *r, uint64_t offset)
{
    size_t count = 0;
    for (struct dlist_node *n = r->peers.next; n != &r->peers; n = n->next)
        count +=
            peer_at(n)->state == PEER_ONLINE && peer_at(n)->fsynced && peer_at(n)->fack >= offset;
    return count;
}

void acks_count_good(struct replication *r)
{
    size_t good = 0;
    for (struct dlist_node *n = r->peers.next; n != &r->peers; n = n->next)
        good += peer_is_good(peer_at(n), r->engine->settings->min_replicas_max_lag);
    state_count_replicas(r->engine, good);
}
