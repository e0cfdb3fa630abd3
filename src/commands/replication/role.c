/* ROLE. */
#include "commands/index.h"

#include "replica/follow.h"
#include "replica/peer.h"

static struct peer *peer_at(struct dlist_node *n)
{
    return dlist_item(n, struct peer, node);
}

static void reply_replica(struct call *call)
{
    static const char *const names[] = {
        [FOLLOW_CONNECT] = "connect",     [FOLLOW_CONNECTING] = "connecting",
        [FOLLOW_PING] = "handshake",      [FOLLOW_INTRODUCE] = "handshake",
        [FOLLOW_ASK] = "handshake",       [FOLLOW_TRANSFER] = "sync",
        [FOLLOW_CONNECTED] = "connected",
    };
    struct follow_figures f;
    follow_figures(call->engine->replication->follow, &f);
    reply_array(call->reply, 5);
    reply_bulk_text(call->reply, "slave");
    reply_bulk_text(call->reply, f.host);
    reply_int(call->reply, f.port);
    reply_bulk_text(call->reply, names[f.state]);
    reply_int(call->reply, f.state == FOLLOW_CONNECTED ? (long long)f.offset : -1);
}

static void do_role(struct call *call)
{
    if (replication_is_replica(call->engine->replication)) {
        reply_replica(call);
        return;
    }
    struct dlist_node *peers = &call->engine->replication->peers;
    size_t online = 0;
    for (struct dlist_node *n = peers->next; n != peers; n = n->next)
        online += peer_at(n)->state == PEER_ONLINE;
    reply_array(call->reply, 3);
    reply_bulk_text(call->reply, "master");
    reply_int(call->reply, (long long)call->engine->journal->offset);
    reply_array(call->reply, online);
    for (struct dlist_node *n = peers->next; n != peers; n = n->next) {
        const struct peer *p = peer_at(n);
        if (p->state != PEER_ONLINE)
            continue;
        reply_array(call->reply, 3);
        reply_bulk_text(call->reply, peer_name(p).ip);
        reply_bulk_int(call->reply, p->port);
        reply_bulk_int(call->reply, (long long)p->ack);
    }
}

const struct command role_command = {
    .name = "role",
    .usage = "",
    .summary = "Returns the replication role of this server.",
    .since = "2.8.12",
    .complexity = "O(1)",
    .categories = "@admin",
    .group = GROUP_SERVER,
    .arity = 1,
    .flags = COMMAND_FAST | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_UNTRACKED |
             COMMAND_DANGEROUS,
    .handler = do_role,
};
