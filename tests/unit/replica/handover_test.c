#include "replica/handover.h"

#include "engine/pause.h"
#include "engine_commands.h"
#include "peers.h"
#include "unit.h"

#define TO(h, p)                                                                                   \
    &(struct handover_order)                                                                       \
    {                                                                                              \
        .host = BYTES(h), .port = (p)                                                              \
    }

/* One that listens at this port and has told that it has the stream up to `ack`. */
static struct peer *follower(struct peers *t, int port, uint64_t ack)
{
    struct peer *p = peers_of(t, peers_add(t));
    p->port = port;
    peer_wait(p);
    peer_join(p, t->replication->backlog.end + 1);
    p->state = PEER_COPYING;
    peer_is_copied(p, false);
    p->acked = true;
    p->ack = ack;
    return p;
}

static bool says(const char *got, const char *want)
{
    if (got && strstr(got, want))
        return true;
    printf("# <%s>\n", got ? got : "");
    return false;
}

TEST(what_cannot_be_is_said)
{
    struct peers *t = peers_begin(engine_commands);
    struct replication *r = t->replication;
    CHECK(says(handover_begin(r, TO("127.0.0.1", 7)), "requires connected replicas"));
    struct peer *p = follower(t, 7, 0);
    CHECK(says(handover_begin(r, TO("127.0.0.1", 8)), "is not a replica"));
    CHECK(says(handover_begin(r, &(struct handover_order){.force = true}), "requires both"));
    p->state = PEER_WAITING;
    CHECK(says(handover_begin(r, TO("127.0.0.1", 7)), "is not online"));
    p->state = PEER_ONLINE;
    CHECK(r->engine->slow_path == 0 && says(handover_state_name(r), "no-failover"));
    CHECK(!handover_begin(r, TO("127.0.0.1", 7)));
    CHECK(says(handover_begin(r, TO("127.0.0.1", 7)), "already in progress"));
    CHECK((r->engine->slow_path & ENGINE_PAUSED) && says(handover_state_name(r), "waiting-for"));
    CHECK(!handover_cancel(r));
    CHECK(r->engine->slow_path == 0 && r->handover.state == HANDOVER_NONE);
    peers_end(t);
}

TEST(it_waits_until_the_target_has_everything)
{
    struct peers *t = peers_begin(engine_commands);
    struct replication *r = t->replication;
    struct peer *p = follower(t, 7, 0), *q = follower(t, 8, 0);
    peers_write(t, "a");
    peers_turn(t);
    uint64_t end = t->bench->engine.journal->offset;
    CHECK(!handover_begin(r, TO("127.0.0.1", 7)));
    q->ack = end; /* not the one that was asked for */
    p->ack = end - 1;
    handover_run(r);
    CHECK(r->handover.state == HANDOVER_WAITS && !replication_is_replica(r));
    /* It is asked once; what else would move the end of the stream on stays out of it. */
    r->engine->steady_ms += 100000;
    peers_turn(t);
    end += 37;
    CHECK(t->bench->engine.journal->offset == end);
    peers_turn(t);
    handover_run(r);
    peers_turn(t);
    CHECK(t->bench->engine.journal->offset == end);
    p->ack = end;
    handover_run(r);
    CHECK(r->handover.state == HANDOVER_RUNS && replication_is_replica(r));
    CHECK(r->engine->slow_path & ENGINE_PAUSED);
    r->handover.answer = HANDOVER_GRANTED;
    handover_run(r);
    CHECK(r->handover.state == HANDOVER_NONE && replication_is_replica(r));
    CHECK(!(r->engine->slow_path & ENGINE_PAUSED));
    CHECK(says(handover_begin(r, TO("127.0.0.1", 7)), "is not valid when server is a replica"));
    replica_part(r);
    peers_end(t);
}

/* Any of them: the first that has everything, and that can be found. */
TEST(a_refused_failover_leaves_the_primary_unchanged)
{
    struct peers *t = peers_begin(engine_commands);
    struct replication *r = t->replication;
    uint64_t end = t->bench->engine.journal->offset;
    follower(t, 0, end); /* has not told where it listens */
    follower(t, 9, end);
    CHECK(!handover_begin(r, &(struct handover_order){0}));
    handover_run(r);
    CHECK(r->handover.state == HANDOVER_RUNS && r->handover.port == 9);
    r->handover.answer = HANDOVER_REFUSED;
    handover_run(r);
    CHECK(r->handover.state == HANDOVER_NONE && !replication_is_replica(r));
    CHECK(r->engine->role == ROLE_PRIMARY && r->engine->slow_path == 0);
    peers_end(t);
}

TEST(time_passes)
{
    for (int force = 0; force < 2; force++) {
        struct peers *t = peers_begin(engine_commands);
        struct replication *r = t->replication;
        follower(t, 7, 0);
        peers_write(t, "a");
        peers_turn(t);
        struct handover_order o = {
            .host = BYTES("127.0.0.1"), .port = 7, .timeout_ms = 100, .force = force};
        CHECK(!handover_begin(r, &o));
        r->engine->steady_ms += 99;
        handover_run(r);
        CHECK(r->handover.state == HANDOVER_WAITS);
        r->engine->steady_ms += 1;
        handover_run(r);
        CHECK(r->handover.state == (force ? HANDOVER_RUNS : HANDOVER_NONE));
        CHECK(replication_is_replica(r) == force);
        if (force)
            CHECK(!handover_cancel(r));
        CHECK(!replication_is_replica(r) && r->engine->slow_path == 0);
        peers_end(t);
    }
}

TEST(all_have_what_changes_data)
{
    struct peers *t = peers_begin(engine_commands);
    struct replication *r = t->replication;
    CHECK(handover_all_have_all(r));
    struct peer *p = follower(t, 7, 0);
    peers_write(t, "a");
    peers_turn(t);
    CHECK(!handover_all_have_all(r));
    p->ack = t->bench->engine.journal->effects_end;
    journal_stream_only(t->bench->engine.journal, BYTES("*1\r\n$4\r\nPING\r\n"));
    CHECK(t->bench->engine.journal->offset > p->ack && handover_all_have_all(r));
    p->acked = false;
    CHECK(!handover_all_have_all(r));
    client_close(p->client);
    CHECK(handover_all_have_all(r));
    peers_end(t);
}

UNIT_MAIN(T(what_cannot_be_is_said), T(it_waits_until_the_target_has_everything),
          T(a_refused_failover_leaves_the_primary_unchanged), T(time_passes),
          T(all_have_what_changes_data))
