#include "replica/replica_metrics.h"

#include "replica/confirm.h"
#include "replica/handover.h"
#include "replica/move.h"
#include "replica/peer.h"
#include "replica/quorum.h"

#include <stdio.h>

struct figures {
    const struct replication *r;
    const struct backlog *backlog;
    uint64_t end, kept;
    uint64_t best; /* what the furthest of those online has told */
    size_t online;
    long long asked; /* min-replicas-to-ack, where it is in force; else 0 */
    size_t memory;
};

static struct peer *peer_at(struct dlist_node *n)
{
    return dlist_item(n, struct peer, node);
}

static const char *role(const struct figures *f)
{
    return f->r->engine->role == ROLE_PRIMARY ? "master" : "slave";
}

static bool asks_for_good(const struct figures *f)
{
    const struct settings *s = f->r->engine->settings;
    return s->min_replicas_to_write > 0 && s->min_replicas_max_lag > 0;
}

static void gather(const void *owner, void *figures)
{
    const struct replication *r = owner;
    struct figures *f = figures;
    *f = (struct figures){.r = r, .backlog = &r->backlog, .end = r->engine->journal->offset};
    if (r->engine->gate.replicated != UINT64_MAX)
        f->asked = r->engine->settings->min_replicas_to_ack;
    if (backlog_is_open(&r->backlog)) {
        f->kept = backlog_length(&r->backlog);
        f->memory = backlog_memory(&r->backlog);
    }
    for (struct dlist_node *n = r->peers.next; n != &r->peers; n = n->next) {
        const struct peer *p = peer_at(n);
        f->online += p->state == PEER_ONLINE;
        if (p->state == PEER_ONLINE && p->ack > f->best)
            f->best = p->ack;
    }
}

#define M(type, unit, flags, info, name, value, help)                                              \
    METRIC_GETTER(const struct figures *f, info, value)
#include "replica/replica_metrics.def"
#undef M

#define M METRIC_ROW
static const struct metric rows[] = {
#include "replica/replica_metrics.def"
};
#undef M

const struct metric_table replica_metrics = {
    .rows = rows, .n = METRIC_COUNT(rows), .figures = sizeof(struct figures), .gather = gather};

/* ---- Replicas */

enum { IP, PORT, STATE, OFFSET, LAG, COLUMNS };

static const struct metric columns[COLUMNS] = {
    [IP] = {"ip", NULL, "Address of the replica.", METRIC_TEXT, METRIC_WORDS, 0, NULL},
    [PORT] = {"port", NULL, "Port that the replica listens on.", METRIC_TEXT, METRIC_WORDS, 0,
              NULL},
    [STATE] = {"state", NULL, "State of its synchronization.", METRIC_TEXT, METRIC_WORDS, 0, NULL},
    [OFFSET] = {"offset", "redis_connected_slave_offset_bytes",
                "Offset acknowledged by the replica.", METRIC_GAUGE, METRIC_BYTES, 0, NULL},
    [LAG] = {"lag", "redis_connected_slave_lag_seconds", "Time since that acknowledgement.",
             METRIC_GAUGE, METRIC_SECONDS, 0, NULL},
};

static void walk(const void *owner, const struct metric_sink *sink)
{
    const struct replication *r = owner;
    unsigned number = 0;
    for (struct dlist_node *n = r->peers.next; n != &r->peers; n = n->next) {
        const struct peer *p = peer_at(n);
        struct peer_name name = peer_name(p);
        char label[12], port[12];
        snprintf(label, sizeof(label), "%u", number++);
        snprintf(port, sizeof(port), "%d", p->port);
        struct metric_cell cells[COLUMNS] = {
            {.metric = &columns[IP], .value = metric_text(name.ip)},
            {.metric = &columns[PORT], .value = metric_text(port)},
            {.metric = &columns[STATE], .value = metric_text(peer_state_name(p))},
            {.metric = &columns[OFFSET], .value = metric_unsigned(p->ack)},
            {.metric = &columns[LAG],
             .value = metric_signed(p->state == PEER_ONLINE ? peer_lag_s(p) : 0)},
        };
        sink->line(sink->to, bytes_text(label), cells, COLUMNS);
    }
}

static const struct metric_family peers = {"slave", "slave", NULL, columns, COLUMNS, walk};

const struct metric_table replica_metrics_peers = {.family = &peers};
