#include "replica/replica.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/block.h"
#include "replica/acks.h"
#include "replica/confirm.h"
#include "replica/copy.h"
#include "replica/follow.h"
#include "replica/handover.h"
#include "replica/peer.h"
#include "replica/quorum.h"
#include "replica/role.h"
#include "replica/whole.h"

static const char getack[] = "*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n";

struct replication *replica_new(struct engine *e, struct loop *l,
                                const struct replication_services *services, const char *run_id)
{
    struct replication *r = mem_zalloc(sizeof(*r));
    r->engine = e;
    r->loop = l;
    r->services = *services;
    r->run_id = run_id;
    dlist_init(&r->peers);
    r->copy = copy_new(r);
    e->replication = r;
    quorum_update(r);
    return r;
}

void replica_part(struct replication *r)
{
    confirm_end(r);
    follow_free(r->follow);
    r->follow = NULL;
}

void replica_free(struct replication *r)
{
    replica_part(r);
    r->engine->replication = NULL;
    copy_free(r->copy);
    backlog_free(&r->backlog);
    mem_free(r);
}

void replica_begin(struct replication *r, struct bytes tail)
{
    backlog_open(&r->backlog, r->engine->journal);
    backlog_fill(&r->backlog, tail);
    r->alone_ms = r->engine->steady_ms;
}

static struct peer *peer_at(struct dlist_node *n)
{
    return dlist_item(n, struct peer, node);
}

/* Adds to the stream after the turn's effects. Within a long script a group is open, whose effects
 * nobody sees yet. */
void replica_begin_flush(struct replication *r)
{
    const struct engine *e = r->engine;
    if (r->peer_n == 0 || replication_is_replica(r) || e->journal->depth ||
        replication_is_unconfirmed(r))
        return;
    whole_update(r);
    if (quorum_wants_ack(r) || r->wants_acks) {
        journal_stream_only(e->journal, bytes_text(getack));
        r->asked_end = e->journal->offset;
    }
    r->wants_acks = false;
    if (r->handover.state == HANDOVER_NONE &&
        e->steady_ms - r->pinged_ms >= e->settings->repl_ping_replica_period * 1000) {
        r->pinged_ms = e->steady_ms;
        journal_stream_only(e->journal, BYTES(REPLICATION_PING));
    }
}

/* Trims the backlog, but keeps what a replica still needs. */
static void trim(struct replication *r)
{
    struct backlog *b = &r->backlog;
    uint64_t size = (uint64_t)r->engine->settings->repl_backlog_size;
    if (b->end - b->base <= size)
        return;
    uint64_t from = b->end + 1 - size;
    for (struct dlist_node *n = r->peers.next; n != &r->peers; n = n->next) {
        const struct peer *p = peer_at(n);
        if (p->next && p->next < from && !(p->client->flags & CLIENT_CLOSING))
            from = p->next;
    }
    backlog_trim(b, from);
}

static void feed_peers(struct replication *r)
{
    backlog_take(&r->backlog);
    for (struct dlist_node *n = r->peers.next; n != &r->peers; n = n->next) {
        peer_send(peer_at(n));
        peer_limit(peer_at(n));
    }
    copy_send(r->copy);
    trim(r);
}

void replica_send(struct replication *r)
{
    if (backlog_is_open(&r->backlog))
        feed_peers(r);
    backlog_tidy(&r->backlog);
    struct follow *f = replication_link(r);
    if (f)
        follow_write(f);
}

void replica_end_turn(struct replication *r)
{
    copy_end_turn(r->copy);
}

void replica_copy_ended(struct replication *r, bool good)
{
    copy_ended(r->copy, good);
}

void replica_serve(struct replication *r)
{
    if (r->handover.state != HANDOVER_NONE)
        handover_run(r);
    if (!r->ack_came)
        return;
    r->ack_came = false;
    r->confirmation.whole_due = true;
    quorum_update(r);
    confirm_update(r);
    block_serve_confirming(r->engine);
}

/* Closes the backlog after a long time without replicas, unless a file keeps the stream. */
static void give_up_backlog(struct replication *r)
{
    const struct settings *s = r->engine->settings;
    if (!backlog_is_open(&r->backlog) || r->peer_n || !r->alone_ms || replication_is_replica(r) ||
        !s->repl_backlog_ttl || s->min_replicas_to_ack ||
        r->engine->steady_ms - r->alone_ms < s->repl_backlog_ttl * 1000)
        return;
    log_line(LOG_NOTICE, "Replication backlog freed after %lld seconds without connected replicas.",
             s->repl_backlog_ttl);
    backlog_close(&r->backlog);
}

void replica_tick(struct replication *r)
{
    acks_count_good(r);
    quorum_tick(r);
    confirm_update(r);
    r->confirmation.whole_due = true;
    if (r->engine->steady_ms - r->ticked_ms < 1000)
        return;
    r->ticked_ms = r->engine->steady_ms;
    for (struct dlist_node *n = r->peers.next; n != &r->peers; n = n->next)
        peer_tick(peer_at(n));
    give_up_backlog(r);
}

void replica_client_gone(struct client *c)
{
    struct peer *p = c->peer;
    if (!p)
        return;
    struct replication *r = p->replication;
    copy_leave(r->copy, p);
    peer_free(p);
    acks_count_good(r);
    quorum_update(r);
}

void replica_reset_statistics(struct replication *r)
{
    r->figures = (struct replication_figures){0};
}

void replica_read(struct replication *r)
{
    r->waits_ms = 0;
    if (r->follow) {
        role_settle(r);
        follow_read(r->follow);
        return;
    }
    confirm_settle(r);
    if (r->confirmation.fetch) {
        follow_read(r->confirmation.fetch);
        confirm_look_at_fetch(r);
    }
}

bool replica_has_work(const struct replication *r)
{
    const struct follow *f = replication_link(r);
    return (f && follow_has_work(f)) || backlog_has_work(&r->backlog);
}

void replica_load_turn(struct replication *r)
{
    struct follow *f = replication_link(r);
    if (f)
        follow_load_turn(f);
}

bool replica_has_lost_load(const struct replication *r)
{
    struct follow_figures f = {0};
    if (r->follow)
        follow_figures(r->follow, &f);
    return f.load_lost;
}

bool replica_receives_file(const struct replication *r)
{
    struct follow_figures f = {0};
    if (replication_link(r))
        follow_figures(replication_link(r), &f);
    return f.to_file;
}

bool replica_waits_long(struct replication *r)
{
    struct follow_figures f = {0};
    int64_t at = clock_steady_ms(); /* the turn's clock stands still */
    if (r->follow)
        follow_figures(r->follow, &f);
    if (!f.waits || !r->waits_ms)
        r->waits_ms = f.waits ? at : 0;
    if (!f.waits || at - r->waits_ms <= r->engine->settings->repl_timeout * 500)
        return false;
    r->waits_ms = at;
    return true;
}
