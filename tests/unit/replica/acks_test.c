#include "replica/acks.h"

#include "engine/state.h"
#include "engine_commands.h"
#include "peers.h"
#include "unit.h"

static struct peer *online(struct peers *t)
{
    struct peer *p = peers_of(t, peers_add(t));
    peer_wait(p);
    peer_join(p, t->replication->backlog.end + 1);
    p->state = PEER_COPYING;
    peer_is_copied(p, false);
    return p;
}

TEST(replicas_count_once_they_have_the_offset)
{
    struct peers *t = peers_begin(engine_commands);
    struct replication *r = t->replication;
    CHECK(acks_applied(r, 0) == 0);
    struct peer *a = online(t), *b = online(t), *waits = peers_of(t, peers_add(t));
    peer_wait(waits);
    for (int i = 0; i < 5; i++)
        peers_write(t, "a");
    peers_turn(t);
    peer_ack(a, 50, NULL);
    peer_ack(b, 60, &(uint64_t){40});
    CHECK(acks_applied(r, 0) == 2 && acks_applied(r, 50) == 2 && acks_applied(r, 51) == 1);
    CHECK(acks_applied(r, 61) == 0);
    /* On the disk is only what was said to be there. */
    CHECK(acks_synced(r, 0) == 1 && acks_synced(r, 40) == 1 && acks_synced(r, 41) == 0);
    peers_end(t);
}

TEST(too_few_good_ones_refuse_writes)
{
    struct peers *t = peers_begin(engine_commands);
    struct engine *e = &t->bench->engine;
    struct settings *s = t->bench->settings;
    struct buf why = {0};
    s->min_replicas_to_write = 2;
    s->min_replicas_max_lag = 10;
    state_compare_replicas(e);
    CHECK(state_refuses_writes(e, &why));
    struct peer *a = online(t), *b = online(t);
    replica_tick(t->replication);
    CHECK(e->good_replicas == 2 && !state_refuses_writes(e, &why));
    peers_wait(t, 11000);
    CHECK(e->good_replicas == 0 && state_refuses_writes(e, &why));
    peer_ack(a, 0, NULL);
    peer_ack(b, 0, NULL);
    peers_wait(t, 100);
    CHECK(!state_refuses_writes(e, &why));
    client_close(a->client); /* at once */
    peers_turn(t);
    CHECK(e->good_replicas == 1 && state_refuses_writes(e, &why));
    buf_free(&why);
    peers_end(t);
}

UNIT_MAIN(T(replicas_count_once_they_have_the_offset), T(too_few_good_ones_refuse_writes))
