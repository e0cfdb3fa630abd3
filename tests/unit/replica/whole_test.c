#include "replica/whole.h"

#include "engine_commands.h"
#include "peers.h"
#include "unit.h"

#define RUN_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define RUN_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define RUN_C "cccccccccccccccccccccccccccccccccccccccc"
#define WORD(run)                                                                                  \
    "*2\r\n$4\r\nPING\r\n$76\r\n*3\r\n$8\r\nREPLCONF\r\n$5\r\nWHOLE\r\n$40\r\n" run "\r\n\r\n"

static uint64_t end_of(struct peers *t)
{
    return t->bench->engine.journal->offset;
}

/* A confirmed primary with min-replicas-to-ack n. */
static struct peers *begin(int n)
{
    struct peers *t = peers_begin(engine_commands);
    t->bench->settings->min_replicas_to_ack = n;
    t->bench->settings->repl_timeout = 60;
    t->bench->settings->repl_ping_replica_period = 3600;
    return t;
}

/* A replica that has all of the stream, and has not told so. run NULL: it is a Redis. */
static int online(struct peers *t, const char *run)
{
    int i = peers_add(t);
    struct peer *p = peers_of(t, i);
    p->run = run ? str_new(bytes_text(run)) : NULL;
    peer_wait(p);
    peer_join(p, t->replication->backlog.end + 1);
    p->state = PEER_COPYING;
    peer_is_copied(p, false);
    peers_turn(t);
    peers_got(t, i);
    return i;
}

/* A turn, in which the replica tells this offset in front. */
static void acks(struct peers *t, int i, uint64_t offset)
{
    peer_ack(peers_of(t, i), offset, NULL);
    replica_serve(t->replication);
    peers_turn(t);
}

static bool was_said(struct peers *t, int i, const char *word)
{
    return strstr(peers_got(t, i), word) != NULL;
}

/* BEHIND: an ACK of a byte that was there before it came does not do. */
TEST(a_replica_has_to_have_a_byte_that_was_written_after_it_came)
{
    struct peers *t = begin(1);
    int a = online(t, RUN_A), b = online(t, RUN_B);
    struct peer *p = peers_of(t, a);
    acks(t, b, 0);
    peers_got(t, a);
    uint64_t before = end_of(t);
    acks(t, a, before);
    CHECK(p->whole_at == before + 14 && !p->whole && !p->whole_end);
    CHECK(was_said(t, a, "*1\r\n$4\r\nPING\r\n*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK"));
    acks(t, b, end_of(t));
    acks(t, a, p->whole_at - 1);
    CHECK(!p->whole_end);
    acks(t, a, p->whole_at);
    CHECK(p->whole_end);
    peers_end(t);
}

/* WITNESS */
TEST(a_replica_is_whole_again_beside_another)
{
    struct peers *t = begin(1);
    int a = online(t, RUN_A), b = online(t, RUN_B);
    struct peer *p = peers_of(t, a);
    acks(t, a, end_of(t));
    acks(t, a, end_of(t));
    peers_got(t, a);
    CHECK(p->whole_at && !p->whole_end); /* nobody else has told anything */
    acks(t, b, end_of(t));
    CHECK(was_said(t, a, WORD(RUN_A)) && p->whole_end && !p->whole);
    /* It counts from the ACK of the word on. */
    acks(t, a, p->whole_end - 1);
    CHECK(!p->whole && t->bench->engine.pause.reasons == 1u << PAUSE_REPLICAS);
    acks(t, a, p->whole_end);
    CHECK(p->whole);
    replica_serve(t->replication);
    CHECK(t->bench->engine.pause.reasons == 0);
    peers_end(t);
}

TEST(a_witness_has_to_be_there_and_at_the_place)
{
    struct peers *t = begin(1);
    int a = online(t, RUN_A);
    peers_write(t, "x");
    peers_turn(t);
    acks(t, a, end_of(t));
    peers_write(t, "y"); /* so that b begins in front of the place */
    int b = online(t, RUN_B);
    struct peer *p = peers_of(t, a), *q = peers_of(t, b);
    acks(t, a, end_of(t));
    CHECK(p->whole_at && !p->whole_end);
    q->acked = true;
    q->ack = p->whole_at - 1;
    acks(t, a, end_of(t));
    CHECK(!p->whole_end);
    q->ack = p->whole_at;
    q->acked = false; /* a place that it was sent from is not one that it has told */
    acks(t, a, end_of(t));
    CHECK(!p->whole_end);
    q->acked = true;
    q->state = PEER_COPYING;
    acks(t, a, end_of(t));
    CHECK(!p->whole_end);
    q->state = PEER_ONLINE;
    acks(t, a, end_of(t));
    CHECK(p->whole_end);
    peers_end(t);
}

/* It promises nothing, so it may be somebody else's the next moment. */
TEST(a_redis_is_no_witness)
{
    struct peers *t = begin(1);
    int a = online(t, RUN_A), b = online(t, NULL);
    acks(t, a, end_of(t));
    acks(t, b, end_of(t));
    acks(t, a, end_of(t));
    CHECK(peers_of(t, a)->whole_at && !peers_of(t, a)->whole_end);
    peers_end(t);
}

/* With N of 2: two whole ones, or three of any kind. */
TEST(so_many_witnesses_as_are_asked_for)
{
    for (int whole = 0; whole <= 2; whole++) {
        struct peers *t = begin(2);
        int a = online(t, RUN_A), others[3];
        struct peer *p = peers_of(t, a);
        acks(t, a, end_of(t));
        CHECK(p->whole_at);
        for (int i = 0; i < 3; i++) {
            others[i] = online(t, RUN_B);
            peers_of(t, others[i])->whole = i < whole;
            acks(t, others[i], end_of(t));
            acks(t, a, end_of(t));
            CHECK((p->whole_end > 0) == (whole == 2 && i >= 1) || i == 2);
        }
        CHECK(p->whole_end);
        peers_end(t);
    }
}

TEST(a_pair_waits_for_repl_timeout)
{
    struct peers *t = begin(1);
    int a = online(t, RUN_A);
    struct peer *p = peers_of(t, a);
    t->replication->confirmation.company_ms = t->bench->engine.steady_ms;
    for (int i = 0; i < 6; i++) {
        acks(t, a, end_of(t));
        CHECK(!p->whole_end);
        peers_wait(t, 9999);
    }
    /* Company begins it anew. */
    int b = online(t, RUN_B);
    peers_wait(t, 10);
    client_close(t->clients[b]);
    peers_turn(t);
    for (int i = 0; i < 6; i++) {
        acks(t, a, end_of(t));
        CHECK(!p->whole_end);
        peers_wait(t, 9999);
    }
    peers_wait(t, 6);
    acks(t, a, end_of(t));
    CHECK(p->whole_end);
    acks(t, a, p->whole_end);
    CHECK(p->whole);
    peers_end(t);
}

TEST(complete_replicas_are_not_notified_and_a_redis_is_never_complete)
{
    struct peers *t = begin(1);
    int a = online(t, RUN_A), b = online(t, NULL);
    peers_of(t, a)->whole = true;
    for (int i = 0; i < 3; i++) {
        acks(t, a, end_of(t));
        acks(t, b, end_of(t));
    }
    CHECK(!was_said(t, a, "WHOLE") && !was_said(t, b, "WHOLE"));
    CHECK(!peers_of(t, b)->whole && !peers_of(t, b)->whole_end && !peers_of(t, a)->whole_end);
    peers_end(t);
}

TEST(an_unconfirmed_primary_declares_no_replica_complete)
{
    struct peers *t = begin(1);
    int a = online(t, RUN_A), b = online(t, RUN_B);
    struct confirmation *c = &t->replication->confirmation;
    snprintf(c->proposal, sizeof(c->proposal), RUN_A); /* not confirmed */
    for (int i = 0; i < 3; i++) {
        acks(t, a, end_of(t));
        acks(t, b, end_of(t));
        whole_update(t->replication);
    }
    CHECK(!peers_of(t, a)->whole_at);
    c->proposal[0] = 0;
    t->bench->settings->min_replicas_to_ack = 0;
    acks(t, a, end_of(t));
    whole_update(t->replication);
    CHECK(!peers_of(t, a)->whole_at);
    t->bench->settings->min_replicas_to_ack = 1;
    acks(t, a, end_of(t));
    CHECK(peers_of(t, a)->whole_at);
    peers_end(t);
}

TEST(the_word_is_heard_by_whom_it_names)
{
    struct peers *t = begin(1);
    struct replication *r = t->replication;
    struct bytes other[] = {BYTES("REPLCONF"), BYTES("WHOLE"), BYTES(RUN_A)};
    struct bytes ours[] = {BYTES("replconf"), BYTES("whole"), bytes_text(r->run_id)};
    CHECK(whole_hear(r, other, 3) && !r->confirmation.whole);
    CHECK(whole_hear(r, ours, 3) && r->confirmation.whole);
    CHECK(whole_hear(r, other, 3) && r->confirmation.whole);
    CHECK(!whole_hear(r, ours, 2) && !whole_hear(r, ours, 0));
    struct bytes none[] = {BYTES("REPLCONF"), BYTES("GETACK"), BYTES("*")};
    CHECK(!whole_hear(r, none, 3));
    none[0] = BYTES("SET");
    none[1] = BYTES("WHOLE");
    CHECK(!whole_hear(r, none, 3));
    peers_end(t);
}

UNIT_MAIN(T(a_replica_has_to_have_a_byte_that_was_written_after_it_came),
          T(a_replica_is_whole_again_beside_another), T(a_witness_has_to_be_there_and_at_the_place),
          T(a_redis_is_no_witness), T(so_many_witnesses_as_are_asked_for),
          T(a_pair_waits_for_repl_timeout),
          T(complete_replicas_are_not_notified_and_a_redis_is_never_complete),
          T(an_unconfirmed_primary_declares_no_replica_complete),
          T(the_word_is_heard_by_whom_it_names))
