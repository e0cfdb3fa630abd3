/* FAILOVER, with the state names of INFO:
 *
 *   no-failover
 *      |  handover_begin(): writes are paused, replicas are asked for ACKs
 *   waiting-for-sync -- timeout, ABORT -----------------------> no-failover
 *      |  the target has everything; or timeout, and FORCE
 *   failover-in-progress -- PSYNC refused, ABORT: primary again, with a new ID --> no-failover
 *      |  we follow the target, and the link sends PSYNC ... FAILOVER: it becomes the primary,
 *      |  and grants it
 *   no-failover, as a replica
 *
 * The link to the target (replica/follow) sets handover.answer. While the target cannot be reached
 * the state and the pause stay; the operator may abort. The target has everything when it has
 * acknowledged the very end of the stream, including stream-only bytes: else we would ask it for
 * bytes beyond its end. */
#include "replica/handover.h"

#include "base/assert.h"
#include "base/log.h"
#include "base/str.h"
#include "engine/pause.h"
#include "replica/peer.h"
#include "replica/role.h"

#include <stdio.h>
#include <string.h>

static struct peer *peer_at(struct dlist_node *n)
{
    return dlist_item(n, struct peer, node);
}

static bool is_leaving(const struct peer *p)
{
    return p->client->flags & CLIENT_CLOSING;
}

static struct peer *find(struct replication *r, const char *host, int port)
{
    for (struct dlist_node *n = r->peers.next; n != &r->peers; n = n->next) {
        struct peer *p = peer_at(n);
        if (!is_leaving(p) && p->port == port && strcmp(peer_name(p).ip, host) == 0)
            return p;
    }
    return NULL;
}

static const char *check(struct replication *r, const struct handover_order *o)
{
    char host[sizeof(r->handover.host)];
    if (r->handover.state != HANDOVER_NONE)
        return "ERR FAILOVER already in progress.";
    if (replication_is_replica(r))
        return "ERR FAILOVER is not valid when server is a replica.";
    if (r->peer_n == 0)
        return "ERR FAILOVER requires connected replicas.";
    if (o->force && (!o->timeout_ms || !o->host.p))
        return "ERR FAILOVER with force option requires both a timeout and target HOST and IP.";
    if (!o->host.p)
        return NULL;
    snprintf(host, sizeof(host), "%.*s", (int)o->host.n, o->host.p);
    const struct peer *p = find(r, host, o->port);
    if (!p)
        return "ERR FAILOVER target HOST and PORT is not a replica.";
    return p->state == PEER_ONLINE ? NULL : "ERR FAILOVER target replica is not online.";
}

/* "host:port", or "any replica". */
static void name_target(const struct handover *h, char *to, size_t n)
{
    if (*h->host)
        snprintf(to, n, "%s:%d", h->host, h->port);
    else
        snprintf(to, n, "any replica");
}

const char *handover_begin(struct replication *r, const struct handover_order *o)
{
    const char *error = check(r, o);
    char target[288];
    if (error)
        return error;
    struct handover *h = &r->handover;
    *h = (struct handover){.state = HANDOVER_WAITS, .port = o->port, .force = o->force};
    if (o->host.p)
        snprintf(h->host, sizeof(h->host), "%.*s", (int)o->host.n, o->host.p);
    if (o->timeout_ms)
        h->until_ms = r->engine->steady_ms + o->timeout_ms;
    name_target(h, target, sizeof(target));
    log_line(LOG_NOTICE, "FAILOVER requested to %s.", target);
    pause_set(r->engine, PAUSE_FAILOVER, true);
    return NULL;
}

static void end(struct replication *r)
{
    r->handover.state = HANDOVER_NONE;
    pause_set(r->engine, PAUSE_FAILOVER, false);
}

static void give_up(struct replication *r, const char *why)
{
    char target[288];
    ASSERT(r->handover.state != HANDOVER_NONE);
    ASSERT(r->handover.answer != HANDOVER_GRANTED);
    name_target(&r->handover, target, sizeof(target));
    log_line(LOG_NOTICE, "FAILOVER to %s aborted: %s", target, why);
    if (r->handover.state == HANDOVER_RUNS)
        role_promote(r);
    end(r);
}

const char *handover_cancel(struct replication *r)
{
    /* The target has answered in this turn and is the primary now; its snapshot may be loading
     * already. It is too late to abort. */
    if (r->handover.state == HANDOVER_RUNS && r->handover.answer == HANDOVER_GRANTED)
        end(r);
    if (r->handover.state == HANDOVER_NONE)
        return "ERR No failover in progress.";
    give_up(r, "Failover manually aborted");
    return NULL;
}

static bool has_all(const struct replication *r, const struct peer *p)
{
    return p->state == PEER_ONLINE && !is_leaving(p) && p->acked &&
           p->ack == r->engine->journal->offset;
}

/* A replica that has everything and may take over; NULL: none yet. */
static struct peer *find_ready(struct replication *r)
{
    const struct handover *h = &r->handover;
    if (*h->host) {
        struct peer *p = find(r, h->host, h->port);
        return p && has_all(r, p) ? p : NULL;
    }
    for (struct dlist_node *n = r->peers.next; n != &r->peers; n = n->next)
        if (peer_at(n)->port && has_all(r, peer_at(n)))
            return peer_at(n);
    return NULL;
}

static void take_over(struct replication *r)
{
    r->handover.state = HANDOVER_RUNS;
    r->handover.answer = HANDOVER_NO_ANSWER;
    r->wants_acks = false;
    role_follow(r, r->handover.host, r->handover.port, false);
}

static void wait_for_sync(struct replication *r)
{
    struct handover *h = &r->handover;
    struct peer *p = find_ready(r);
    if (p) {
        struct peer_name name = peer_name(p);
        snprintf(h->host, sizeof(h->host), "%s", name.ip);
        h->port = p->port;
        log_line(LOG_NOTICE, "Failover target %s is synced, failing over.", name.text);
        take_over(r);
    } else if (r->asked_end != r->engine->journal->offset) {
        r->wants_acks = true;
    }
    if (!p && h->until_ms && r->engine->steady_ms >= h->until_ms) {
        if (!h->force) {
            give_up(r, "Replica never caught up before timeout");
            return;
        }
        log_line(LOG_NOTICE, "FAILOVER to %s:%d time out exceeded, failing over.", h->host,
                 h->port);
        take_over(r);
    }
}

void handover_run(struct replication *r)
{
    struct handover *h = &r->handover;
    if (h->state == HANDOVER_WAITS)
        wait_for_sync(r);
    else if (h->state == HANDOVER_RUNS && h->answer == HANDOVER_REFUSED)
        give_up(r, "Failover target rejected psync request");
    else if (h->state == HANDOVER_RUNS && h->answer == HANDOVER_GRANTED)
        end(r);
}

const char *handover_state_name(const struct replication *r)
{
    static const char *const names[] = {"no-failover", "waiting-for-sync", "failover-in-progress"};
    return names[r->handover.state];
}

/* ---- Shutdown */

static bool lacks(const struct replication *r, const struct peer *p)
{
    return !p->acked || p->ack < r->engine->journal->effects_end;
}

bool handover_all_have_all(const struct replication *r)
{
    for (struct dlist_node *n = r->peers.next; n != &r->peers; n = n->next)
        if (!is_leaving(peer_at(n)) && lacks(r, peer_at(n)))
            return false;
    return true;
}

void handover_tell(const struct replication *r)
{
    size_t all = 0, good = 0;
    for (struct dlist_node *n = r->peers.next; n != &r->peers; n = n->next) {
        const struct peer *p = peer_at(n);
        if (is_leaving(p))
            continue;
        all++;
        if (!lacks(r, p)) {
            good++;
            continue;
        }
        log_line(LOG_WARNING,
                 "Lagging replica %s reported offset %llu behind master, lag=%lld, state=%s.",
                 peer_name(p).text, (unsigned long long)(r->engine->journal->offset - p->ack),
                 (long long)peer_lag_s(p), peer_state_name(p));
    }
    if (all)
        log_line(LOG_NOTICE, "%zu of %zu replicas are in sync when shutting down.", good, all);
}
