/* PSYNC and SYNC: make the connection a replica's, which is sent the stream from the requested
 * offset if available, else everything. */
#include "commands/index.h"

#include "base/log.h"
#include "engine/client_line.h"
#include "replica/confirm.h"
#include "replica/peer.h"
#include "replica/role.h"

#include <stdio.h>

/* Checks before it becomes a replica. */
static bool may_ask(struct call *call)
{
    struct client *c = call->client;
    const struct peer *known = c->peer;
    /* A server that fetches wants our data as they are. */
    if (call->engine->role == ROLE_REPLICA_DOWN && !(known && known->fetches)) {
        reply_errorf(call->reply, "NOMASTERLINK Can't SYNC while not connected with my master");
        return false;
    }
    if (chain_pending(&c->out)) {
        reply_errorf(call->reply, "ERR SYNC and PSYNC are invalid with pending output");
        return false;
    }
    const struct peer *p = peer_of(call->engine->replication, c);
    if ((p->no_keys || p->no_libraries) && !p->eof) {
        reply_errorf(call->reply, "ERR Filtered replica requires EOF capability");
        return false;
    }
    log_line(LOG_NOTICE, "Replica %s asks for synchronization", peer_name(p).text);
    return true;
}

/* PSYNC FAILOVER, from our primary: makes this replica the primary. */
static bool fails_over(struct call *call)
{
    log_line(LOG_WARNING, "Failover request received for replid %.*s.", (int)call->argv[1].n,
             call->argv[1].p);
    if (!replication_is_replica(call->engine->replication)) {
        reply_errorf(call->reply, "ERR PSYNC FAILOVER can't be sent to a master.");
        return false;
    }
    struct bytes own = bytes_text(call->engine->journal->history.id);
    if (call->argv[1].n != own.n || strncasecmp(call->argv[1].p, own.p, own.n) != 0) {
        reply_errorf(call->reply, "ERR PSYNC FAILOVER replid must match my replid.");
        return false;
    }
    role_promote(call->engine->replication);
    struct buf who = {0};
    client_line_print(call->client, &who);
    log_line(LOG_NOTICE, "MASTER MODE enabled (failover request from '%.*s')",
             who.n ? (int)who.n - 1 : 0, who.p);
    buf_free(&who);
    return true;
}

static void do_psync(struct call *call)
{
    long long offset;
    bool takes_over = call->argc > 3 && bytes_is(call->argv[3], "failover");
    if (call->client->flags & CLIENT_REPLICA)
        return;
    if (takes_over && !fails_over(call))
        return;
    if (!may_ask(call))
        return;
    if (!call_int(call, 2, &offset)) {
        log_line(LOG_WARNING, "Replica %s asks for synchronization but with a wrong offset",
                 peer_name(call->client->peer).text);
        return;
    }
    char id[HISTORY_ID_LENGTH + 1];
    snprintf(id, sizeof(id), "%.*s", (int)call->argv[1].n, call->argv[1].p);
    struct peer *p = call->client->peer;
    /* Bytes are counted from 1. */
    uint64_t next = offset > 0 ? (uint64_t)offset : 0;
    if (takes_over && replication_is_unconfirmed(call->engine->replication)) {
        peer_grant(p);
        return;
    }
    const char *why = confirm_judge(call->engine->replication, p, id, next);
    if (why)
        reply_errorf(call->reply, "%s", why);
    else if (!peer_continue(p, id, next))
        peer_wait(p);
}

const struct command psync_command = {
    .name = "psync",
    .usage = "replicationid:string offset:int",
    .summary = "Starts a partial or full synchronization of a replica.",
    .since = "2.8.0",
    .complexity = "O(1), and a copy of all data when the changes are not at hand",
    .group = GROUP_SERVER,
    .arity = -3,
    .flags = COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_NO_ASYNC_LOADING | COMMAND_NO_MULTI |
             COMMAND_UNTRACKED,
    .of_connection = true,
    .handler = do_psync,
};

static void do_sync(struct call *call)
{
    if ((call->client->flags & CLIENT_REPLICA) || !may_ask(call))
        return;
    struct peer *p = call->client->peer;
    p->by_sync = true;
    peer_wait(p);
}

const struct command sync_command = {
    .name = "sync",
    .usage = "",
    .summary = "Starts a full synchronization of a replica older than 2.8.",
    .since = "1.0.0",
    .complexity = "O(N) with N the keys",
    .group = GROUP_SERVER,
    .arity = 1,
    .flags = COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_NO_ASYNC_LOADING | COMMAND_NO_MULTI |
             COMMAND_UNTRACKED,
    .of_connection = true,
    .handler = do_sync,
};
