#include "replica/quorum.h"

#include "base/rng.h"
#include "engine/gate.h"
#include "engine_commands.h"
#include "replica/peer.h"
#include "replica/replica.h"
#include "unit.h"

#include <stdlib.h>

static int falling(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

TEST(the_nth_greatest_of_any_offsets)
{
    uint64_t some[] = {5, 9, 7};
    CHECK(quorum_nth(some, 3, 1) == 9 && quorum_nth(some, 3, 2) == 7 &&
          quorum_nth(some, 3, 3) == 5);
    CHECK(quorum_nth(some, 3, 4) == 0 && quorum_nth(some, 0, 1) == 0);
    struct rng r;
    rng_seed(&r, 11);
    for (int round = 0; round < 2000; round++) {
        uint64_t offsets[80], sorted[80];
        size_t count = (size_t)rng_below(&r, 80) + 1;
        for (size_t i = 0; i < count; i++)
            sorted[i] = offsets[i] = rng_below(&r, rng_below(&r, 2) ? 10 : 1000000);
        qsort(sorted, count, sizeof(*sorted), falling);
        for (size_t n = 1; n <= QUORUM_MOST; n += 1 + rng_below(&r, 5))
            CHECK(quorum_nth(offsets, count, n) == (n <= count ? sorted[n - 1] : 0));
    }
}

/* A primary whose replicas say what the test lets them say. */
struct set {
    struct bench *bench;
    struct engine *engine;
    struct replication *r;
    struct client *replica[3];
    struct peer *peer[3];
};

static struct conn *no_connection(void *context, const struct client *c)
{
    (void)context;
    (void)c;
    return NULL;
}

static void begin(struct set *s, int replicas, int needed)
{
    static const struct replication_services services = {.connection = no_connection};
    s->bench = bench_begin(engine_commands);
    s->engine = &s->bench->engine;
    s->engine->settings->min_replicas_to_ack = needed;
    s->r = replica_new(s->engine, NULL, &services, "run");
    for (int i = 0; i < replicas; i++) {
        s->replica[i] = bench_client(s->bench);
        s->peer[i] = peer_of(s->r, s->replica[i]);
        peer_wait(s->peer[i]);
        peer_join(s->peer[i], s->engine->journal->offset + 1);
        s->peer[i]->state = PEER_COPYING;
        peer_is_copied(s->peer[i], false);
        s->peer[i]->whole = true;
    }
    quorum_update(s->r);
}

static void end(struct set *s)
{
    for (int i = 0; i < 3; i++)
        if (s->peer[i])
            replica_client_gone(s->replica[i]);
    replica_free(s->r);
    bench_end(s->bench);
}

static void ack(struct set *s, int i, uint64_t offset)
{
    peer_ack(s->peer[i], offset, 0);
    quorum_update(s->r);
}

TEST(a_reply_waits_for_as_many_replicas_as_are_asked)
{
    struct set s = {0};
    begin(&s, 3, 2);
    struct client *c = bench_client(s.bench);
    CHECK(s.engine->pause.reasons == 0 && s.engine->gate.promise.armed);
    bench_says(c, "PUT k");
    uint64_t offset = s.engine->journal->offset;
    CHECK(offset > 0 && quorum_wants_ack(s.r) && !quorum_wants_ack(s.r));
    replica_send(s.r); /* into the backlog */
    CHECK(gate_sendable(c) == 0);
    ack(&s, 0, offset);
    CHECK(gate_sendable(c) == 0 && s.r->quorum.reached == 0);
    ack(&s, 2, offset);
    CHECK(gate_sendable(c) == 5 && s.r->quorum.reached == offset);
    /* Once reached, it stays reached: a replica goes, and one is too few now. */
    replica_client_gone(s.replica[2]);
    s.peer[2] = NULL;
    CHECK(s.r->quorum.reached == offset && s.engine->pause.reasons == 0);
    replica_client_gone(s.replica[1]);
    s.peer[1] = NULL;
    CHECK(s.r->quorum.reached == offset && s.engine->pause.reasons == 1u << PAUSE_REPLICAS);
    CHECK(gate_sendable(c) == 5);
    /* One is enough when one is asked. */
    s.engine->settings->min_replicas_to_ack = 1;
    quorum_update(s.r);
    CHECK(s.engine->pause.reasons == 0);
    s.engine->settings->min_replicas_to_ack = 0;
    quorum_update(s.r);
    CHECK(!s.engine->gate.promise.armed && s.engine->gate.replicated == UINT64_MAX);
    end(&s);
}

/* WHOLE of docs/decisions/0039 */
TEST(incomplete_replicas_do_not_count)
{
    struct set s = {0};
    begin(&s, 2, 1);
    struct client *c = bench_client(s.bench);
    bench_says(c, "PUT k");
    uint64_t offset = s.engine->journal->offset;
    replica_send(s.r);
    s.peer[0]->whole = false;
    ack(&s, 0, offset);
    CHECK(gate_sendable(c) == 0 && s.r->quorum.reached == 0 && s.engine->pause.reasons == 0);
    s.peer[1]->whole = false;
    quorum_update(s.r);
    CHECK(s.engine->pause.reasons == 1u << PAUSE_REPLICAS);
    s.peer[0]->whole = true;
    quorum_update(s.r);
    CHECK(gate_sendable(c) == 5 && s.engine->pause.reasons == 0);
    end(&s);
}

TEST(what_a_new_primary_holds_is_served)
{
    struct set s = {0};
    begin(&s, 1, 0);
    struct client *c = bench_client(s.bench), *d = bench_client(s.bench);
    bench_says(c, "PUT k");
    uint64_t held = s.engine->journal->offset;
    s.engine->settings->min_replicas_to_ack = 1;
    quorum_begin(s.r);
    CHECK(held > 0 && s.r->quorum.reached == held && !quorum_wants_ack(s.r));
    /* A transaction relies on all that there is. */
    bench_says(d, "MULTI");
    bench_says(d, "EXEC");
    CHECK(chain_end(&d->out) > 0 && gate_sendable(d) == chain_end(&d->out));
    end(&s);
}

TEST(what_takes_too_long_is_refused_or_closed)
{
    struct set s = {0};
    begin(&s, 1, 1);
    struct engine *e = s.engine;
    struct client *ran = bench_client(s.bench), *held = bench_client(s.bench);
    e->settings->replica_ack_timeout = 1000;
    e->settings->min_replicas_max_lag = 3;
    ack(&s, 0, 0);
    int64_t began = e->steady_ms;
    quorum_tick(s.r);
    bench_says(ran, "PUT k");
    replica_send(s.r);
    quorum_tick(s.r);
    CHECK(quorum_oldest_wait_ms(s.r) == 0);
    while (e->steady_ms < began + 900) {
        bench_wait(s.bench, 100);
        quorum_tick(s.r);
    }
    CHECK(!(ran->flags & CLIENT_CLOSING) && quorum_oldest_wait_ms(s.r) == 800);
    while (e->steady_ms < began + 1100) {
        bench_wait(s.bench, 100);
        quorum_tick(s.r);
    }
    CHECK((ran->flags & CLIENT_CLOSING) && s.r->quorum.timeouts == 1);
    /* Silent for longer than min-replicas-max-lag: it does not count any more. */
    while (e->steady_ms < began + 4100) {
        bench_wait(s.bench, 100);
        quorum_tick(s.r);
    }
    CHECK(e->pause.reasons == 1u << PAUSE_REPLICAS);
    bench_says(held, "PUT l");
    bench_wait(s.bench, 900);
    quorum_tick(s.r);
    CHECK(held->flags & CLIENT_PAUSED);
    bench_wait(s.bench, 100);
    quorum_tick(s.r);
    CHECK(!(held->flags & CLIENT_PAUSED) && (held->flags & CLIENT_HELD_LONG));
    CHECK(s.r->quorum.timeouts == 1);
    end(&s);
}

UNIT_MAIN(T(incomplete_replicas_do_not_count), T(the_nth_greatest_of_any_offsets),
          T(a_reply_waits_for_as_many_replicas_as_are_asked), T(what_a_new_primary_holds_is_served),
          T(what_takes_too_long_is_refused_or_closed))
