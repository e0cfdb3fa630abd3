#include "replica/whole.h"

#include "base/buf.h"
#include "base/log.h"
#include "persist/wrap.h"
#include "replica/peer.h"

static struct peer *peer_at(struct dlist_node *n)
{
    return dlist_item(n, struct peer, node);
}

static bool is_there(const struct peer *p)
{
    return p->state == PEER_ONLINE && p->acked && !(p->client->flags & CLIENT_CLOSING);
}

/* WITNESS: N others that are whole; or all 2N - 1 possible others, whole or not, so that nobody is
 * left whom a promise forgotten by p could confirm. */
static bool has_witnesses(struct replication *r, const struct peer *p, size_t n)
{
    size_t whole = 0, all = 0;
    for (struct dlist_node *at = r->peers.next; at != &r->peers; at = at->next) {
        const struct peer *q = peer_at(at);
        if (q == p || !q->run || !is_there(q) || q->ack < p->whole_at)
            continue;
        all++;
        whole += q->whole;
    }
    if (whole >= n || all >= 2 * n - 1)
        return true;
    return r->peer_n == 1 && r->engine->steady_ms - r->confirmation.company_ms >=
                                 r->engine->settings->repl_timeout * 1000;
}

/* In state BEHIND the offset to be acknowledged is that of a byte written after p connected: an
 * older offset may have been acknowledged by a server that has disappeared since. */
static void ask_for_ack(struct replication *r, struct peer *p)
{
    struct journal *j = r->engine->journal;
    journal_stream_only(j, BYTES(REPLICATION_PING));
    p->whole_at = j->offset;
    r->wants_acks = true;
}

static void say(struct replication *r, struct peer *p)
{
    struct journal *j = r->engine->journal;
    struct buf plain = {0}, wrapped = {0};
    const struct bytes words[] = {BYTES("REPLCONF"), BYTES("WHOLE"), str_bytes(p->run)};
    journal_format(&plain, words, 3);
    wrap_format(&wrapped, buf_bytes(&plain));
    journal_stream_only(j, buf_bytes(&wrapped));
    p->whole_end = j->offset;
    buf_free(&plain);
    buf_free(&wrapped);
    log_line(LOG_NOTICE, "Replica %s has caught up and counts for min-replicas-to-ack again",
             peer_name(p).text);
}

static void update_one(struct replication *r, struct peer *p, size_t n)
{
    struct confirmation *c = &r->confirmation;
    if (p->whole || !p->run)
        return;
    c->whole_due = true;
    if (!is_there(p))
        return;
    if (p->whole_end) {
        p->whole = p->ack >= p->whole_end;
        r->ack_came |= p->whole; /* its ACKs count now: evaluate the quorum again */
    } else if (!p->whole_at) {
        ask_for_ack(r, p);
    } else if (p->ack >= p->whole_at && has_witnesses(r, p, n)) {
        say(r, p);
        r->wants_acks = true;
    }
}

void whole_update(struct replication *r)
{
    struct confirmation *c = &r->confirmation;
    size_t n = (size_t)r->engine->settings->min_replicas_to_ack;
    if (!c->whole_due || n == 0 || replication_is_replica(r) || replication_is_unconfirmed(r))
        return;
    c->whole_due = false;
    for (struct dlist_node *at = r->peers.next; at != &r->peers; at = at->next)
        update_one(r, peer_at(at), n);
}

bool whole_hear(struct replication *r, const struct bytes *argv, int argc)
{
    if (argc != 3 || !bytes_is(argv[0], "replconf") || !bytes_is(argv[1], "whole"))
        return false;
    if (bytes_equal(argv[2], bytes_text(r->run_id)))
        r->confirmation.whole = true;
    return true;
}
