/* A primary with min-replicas-to-ack N >= 1, after its start or promotion, or when unseated:
 *
 *   propose()   an ID above all that were seen; replicas are closed; writes are held
 *     |  a replica that asks (confirm_judge()):
 *     |    has promised no less, or writes under no less   propose() again        UNSEATING, BYTES
 *     |    is ahead                                         fetch_from() it, then propose()  FETCH
 *     |    else                                             is served, and told the proposal
 *   is_confirmed()  enough of them hold our data exactly and have promised               QUORUM
 *     |
 *   confirm()   takes the new ID, sends PING, closes replicas so that all learn it; held writes run
 *
 * What can fail: no replica comes (writes are refused after replica-ack-timeout, reads are served);
 * or a fetch (what it received stays, and the next replica that asks is judged anew). */
#include "replica/confirm.h"

#include "base/assert.h"
#include "base/log.h"
#include "engine/gate.h"
#include "replica/follow.h"
#include "replica/peer.h"
#include "replica/promise.h"
#include "replica/quorum.h"

#include <stdio.h>
#include <string.h>

static size_t needed(const struct replication *r)
{
    return (size_t)r->engine->settings->min_replicas_to_ack;
}

static struct history *history_of(const struct replication *r)
{
    return &r->engine->journal->history;
}

/* The ID that we write under, or propose. */
static const char *own_id(const struct replication *r)
{
    return replication_is_unconfirmed(r) ? r->confirmation.proposal : history_of(r)->id;
}

static void note(struct replication *r, const char *id)
{
    uint32_t generation = promise_is_related(r, id) ? history_generation(id) : 0;
    if (generation > r->confirmation.seen)
        r->confirmation.seen = generation;
}

/* ---- Proposing */

static void stop_fetching(struct replication *r)
{
    follow_free(r->confirmation.fetch);
    r->confirmation.fetch = NULL;
}

/* Keeps PING and PUBLISH out of the stream: until the confirmation the current ID belongs to the
 * previous primary, and an ID must have only one writer. */
static void silence_stream(struct journal *j)
{
    if (j->mode != JOURNAL_RAW)
        journal_set_mode(j, JOURNAL_RAW);
}

/* Replicas are closed, which ends their promises to an earlier proposal. */
static void propose(struct replication *r)
{
    struct confirmation *c = &r->confirmation;
    stop_fetching(r);
    peer_close_all(r);
    note(r, history_of(r)->id);
    note(r, c->promise);
    if (c->seen < HISTORY_MOST_GENERATION)
        c->seen++;
    history_make(c->proposal, c->seen, history_of(r)->id);
    memcpy(c->promise, c->proposal, sizeof(c->promise)); /* OWN_PROMISE */
    c->quiet_ms = c->company_ms = r->engine->steady_ms;
    log_line(LOG_NOTICE,
             "Not confirmed as master yet: writes wait until %zu of the replicas have caught up "
             "and confirmed this master (proposed ID %s)",
             needed(r), c->proposal);
    quorum_waits_anew(r);
    quorum_update(r);
    /* Within a transaction that has had effects this is left to confirm_settle(). */
    const struct journal *j = r->engine->journal;
    if (j->depth == 0 || j->group_start == j->pending.n)
        silence_stream(r->engine->journal);
}

void confirm_begin(struct replication *r)
{
    struct confirmation *c = &r->confirmation;
    ASSERT(!replication_is_replica(r));
    c->company_ms = r->engine->steady_ms;
    if (needed(r))
        propose(r);
}

void confirm_end(struct replication *r)
{
    stop_fetching(r);
    r->confirmation.proposal[0] = 0;
}

void confirm_settle(struct replication *r)
{
    struct journal *j = r->engine->journal;
    ASSERT(j->depth == 0);
    if (!replication_is_unconfirmed(r))
        return;
    silence_stream(j);
    if (!backlog_is_open(&r->backlog))
        backlog_open(&r->backlog, j);
}

/* ---- Judging replicas */

bool confirm_tell(const struct replication *r, struct peer *p, uint64_t *offset)
{
    const struct history *h = history_of(r);
    p->told[0] = 0;
    if (needed(r) == 0 || replication_is_replica(r))
        return false;
    snprintf(p->told, sizeof(p->told), "%s", own_id(r));
    *offset = replication_is_unconfirmed(r) ? r->engine->journal->offset
                                            : h->second_offset - (h->second_offset > 0);
    return true;
}

/* It has promised another ID than ours of no lower generation, or holds bytes under one: then it
 * will not, or should not, acknowledge our writes. */
static bool unseats(const struct replication *r, const struct peer *p, struct promise_place its)
{
    const char *own = own_id(r);
    uint32_t generation = history_generation(own);
    /* PROMISE, UNSEATING: also unseats a confirmed primary. */
    if (promise_is_related(r, p->promise) && !history_same_id(p->promise, own) &&
        history_generation(p->promise) >= generation)
        return true;
    /* BYTES: after a restart it has forgotten its promise, but not its data. */
    return !replication_is_unconfirmed(r) && promise_is_related(r, its.id) &&
           !history_same_id(its.id, own) && history_generation(its.id) >= generation &&
           history_generation(its.id) > 0;
}

/* FETCH: before it is served, we fetch what it has more. */
static void fetch_from(struct replication *r, const struct peer *p, struct promise_place its)
{
    struct confirmation *c = &r->confirmation;
    struct peer_name name = peer_name(p);
    log_line(LOG_NOTICE,
             "Replica %s is ahead of this server (offset %llu of %s): fetching the missing writes "
             "from it",
             name.text, (unsigned long long)its.offset, its.id);
    c->fetch_ms = r->engine->steady_ms;
    c->fetch_until = its.offset;
    c->fetch_took = false;
    c->fetch = follow_new(r, name.ip, p->port, !c->blank, true);
}

static const char *judge_as_primary(struct replication *r, struct peer *p, struct promise_place its)
{
    struct confirmation *c = &r->confirmation;
    if (p->fetches)
        return "NOMASTERLINK This server is a master itself";
    if (!p->run) {
        log_line(
            LOG_WARNING,
            "Replica %s is not Millrace: it is served, but does not count for min-replicas-to-ack",
            peer_name(p).text);
        if (replication_is_unconfirmed(r) &&
            history_shares(history_of(r), its.id, its.offset + 1) &&
            promise_is_ahead(its, promise_our_place(r)))
            log_line(LOG_WARNING,
                     "Replica %s is ahead of this server, which cannot fetch writes from it: its "
                     "additional writes are lost",
                     peer_name(p).text);
        return NULL;
    }
    note(r, p->promise);
    note(r, its.id);
    if (unseats(r, p, its)) {
        log_line(LOG_WARNING,
                 "Replica %s has confirmed or followed another master: this server has to be "
                 "confirmed again",
                 peer_name(p).text);
        propose(r);
        return "NOMASTERLINK Another server may be the master: retry";
    }
    if (!history_same_id(p->told, own_id(r)))
        return "NOMASTERLINK The replication ID has changed: retry";
    if (replication_is_unconfirmed(r) && !c->fetch && promise_is_related(r, its.id) &&
        promise_is_ahead(its, promise_our_place(r)))
        fetch_from(r, p, its);
    return c->fetch ? "NOMASTERLINK Fetching writes from this replica" : NULL;
}

const char *confirm_judge(struct replication *r, struct peer *p, const char *id, uint64_t next)
{
    bool knows = next > 0 && history_is_id(id);
    struct promise_place its = {knows ? id : "", knows ? next - 1 : 0};
    if (needed(r) == 0)
        return NULL;
    r->confirmation.quiet_ms = r->engine->steady_ms;
    if (!replication_is_replica(r)) {
        if (r->peer_n >= 2 * needed(r))
            log_line(LOG_WARNING,
                     "More than %zu replicas: min-replicas-to-ack %zu is too low to guarantee that "
                     "acknowledged writes survive a failover",
                     2 * needed(r), needed(r));
        return judge_as_primary(r, p, its);
    }
    /* REFUSAL: a full synchronisation would lose what it has more. */
    if (p->run && promise_is_related(r, its.id) && promise_is_ahead(its, promise_our_place(r)))
        return "NOMASTERLINK This replica is behind you";
    return NULL;
}

/* ---- Confirmation */

/* EXACT: it has promised and holds exactly our data. Having been told the proposal means having
 * promised: before that it holds all that was asked for, and acknowledges nothing. */
static bool agrees(const struct replication *r, const struct peer *p)
{
    return p->state == PEER_ONLINE && p->acked && !(p->client->flags & CLIENT_CLOSING) &&
           history_same_id(p->told, r->confirmation.proposal) &&
           p->ack == r->engine->journal->offset;
}

static void confirm(struct replication *r)
{
    struct confirmation *c = &r->confirmation;
    struct journal *j = r->engine->journal;
    char id[HISTORY_ID_LENGTH + 1];
    memcpy(id, c->proposal, sizeof(id));
    c->proposal[0] = 0;
    c->whole = true;
    c->blank = false;
    if (j->mode != JOURNAL_EFFECTS)
        journal_set_mode(j, JOURNAL_EFFECTS);
    journal_shift(j, id);
    log_line(LOG_NOTICE,
             "Confirmed as master. Setting secondary replication ID to %s, valid up to offset: "
             "%llu. New replication ID is %s",
             j->history.id2, (unsigned long long)j->history.second_offset, j->history.id);
    /* PING: the new ID has a byte before any write. */
    r->pinged_ms = r->engine->steady_ms;
    peer_renew_all(r);
    journal_stream_only(j, BYTES(REPLICATION_PING));
    quorum_waits_anew(r);
    quorum_update(r);
}

/* QUORUM: enough replicas agree. */
static bool is_confirmed(struct replication *r)
{
    struct confirmation *c = &r->confirmation;
    size_t n = needed(r), agree = 0, whole = c->whole;
    for (const struct dlist_node *at = r->peers.next; at != &r->peers; at = at->next) {
        const struct peer *p = dlist_item(at, struct peer, node);
        if (!agrees(r, p))
            continue;
        agree++;
        whole += p->whole;
    }
    if (whole > n || agree > n)
        return true;
    int64_t now = r->engine->steady_ms;
    if (agree < n || agree < r->peer_n) {
        c->quiet_ms = now;
        return false;
    }
    if (now - c->quiet_ms < r->engine->settings->repl_timeout * 1000)
        return false;
    log_line(LOG_WARNING,
             "Only %zu of the replicas are connected, and no other server has requested "
             "confirmation for repl-timeout: assuming that they have all writes",
             agree);
    return true;
}

static bool fetch_loads(const struct replication *r)
{
    struct follow_figures f = {0};
    if (r->confirmation.fetch)
        follow_figures(r->confirmation.fetch, &f);
    return f.loads;
}

void confirm_update(struct replication *r)
{
    struct confirmation *c = &r->confirmation;
    if (r->peer_n > 1)
        c->company_ms = r->engine->steady_ms;
    if (!replication_is_unconfirmed(r) || r->engine->journal->depth)
        return;
    if (needed(r) == 0) {
        if (fetch_loads(r))
            return;
        log_line(LOG_WARNING, "min-replicas-to-ack is 0: no confirmation needed");
        stop_fetching(r);
        confirm(r);
    } else if (!c->fetch && is_confirmed(r)) {
        confirm(r);
    }
}

/* ---- Fetching */

const char *confirm_fetches_from(const struct replication *r)
{
    static char text[288];
    struct follow_figures f;
    if (!r->confirmation.fetch)
        return "";
    follow_figures(r->confirmation.fetch, &f);
    snprintf(text, sizeof(text), "%.250s:%d", f.host, f.port);
    return text;
}

void confirm_look_at_fetch(struct replication *r)
{
    struct confirmation *c = &r->confirmation;
    struct follow_figures f;
    int64_t most = r->engine->settings->replica_ack_timeout;
    if (!c->fetch)
        return;
    follow_figures(c->fetch, &f);
    if (f.loads)
        return;
    bool has_all = f.state == FOLLOW_CONNECTED && f.offset >= c->fetch_until;
    bool late = most && f.state < FOLLOW_TRANSFER && r->engine->steady_ms - c->fetch_ms > most;
    if (!has_all && !late && !f.ended)
        return;
    if (has_all)
        log_line(LOG_NOTICE, "Fetched the missing writes from %s:%d", f.host, f.port);
    else
        log_line(LOG_WARNING, "Fetching from %s:%d has failed: waiting for the next replica",
                 f.host, f.port);
    /* Replicas are closed, which ends promises to proposals made with less data. */
    if (c->fetch_took)
        propose(r);
    else
        stop_fetching(r);
}
