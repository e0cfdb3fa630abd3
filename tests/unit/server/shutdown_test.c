#include "commands/families.h"
#include "engine.h"
#include "replica/peer.h"
#include "script/scripting.h"
#include "server/shutdown.h"
#include "unit.h"

#include <signal.h>

struct host {
    unsigned how;
    int saves, stops;
    bool save_fails;
    struct replication replication;
};

static bool save(void *context, unsigned how)
{
    struct host *h = context;
    h->how = how;
    h->saves++;
    return !h->save_fails;
}

static void stop_listening(void *context)
{
    ((struct host *)context)->stops++;
}

static struct shutdown *begin(struct bench *b, struct host *h)
{
    *h = (struct host){0};
    h->replication.engine = &b->engine;
    dlist_init(&h->replication.peers);
    b->engine.replication = &h->replication;
    return shutdown_new(&b->engine, &(struct shutdown_actions){h, save, stop_listening});
}

TEST(saves_then_stops_listening)
{
    struct bench *b = bench_begin(families_all());
    struct host h;
    struct shutdown *d = begin(b, &h);
    CHECK(!shutdown_is_stopping(d));
    CHECK(shutdown_now(d, ENGINE_SHUTDOWN_NOSAVE) == ENGINE_SHUTDOWN_ENDS);
    CHECK(shutdown_is_stopping(d) && h.saves == 1 && h.how == ENGINE_SHUTDOWN_NOSAVE);
    CHECK(h.stops == 1);
    shutdown_free(d);
    bench_end(b);
}

TEST(a_save_that_fails_keeps_the_server)
{
    struct bench *b = bench_begin(families_all());
    struct host h;
    struct shutdown *d = begin(b, &h);
    h.save_fails = true;
    CHECK(shutdown_now(d, 0) == ENGINE_SHUTDOWN_REFUSED);
    CHECK(!shutdown_is_stopping(d) && h.stops == 0);
    CHECK(shutdown_now(d, ENGINE_SHUTDOWN_FORCE) == ENGINE_SHUTDOWN_ENDS);
    CHECK(shutdown_is_stopping(d) && h.stops == 1);
    shutdown_free(d);
    bench_end(b);
}

/* A replica that has told this offset. */
static struct peer *follower(struct bench *b, struct host *h, uint64_t ack)
{
    static struct peer p;
    p = (struct peer){.replication = &h->replication,
                      .client = bench_client(b),
                      .state = PEER_ONLINE,
                      .acked = true,
                      .ack = ack};
    dlist_append(&h->replication.peers, &p.node);
    return &p;
}

TEST(replicas_are_waited_for)
{
    struct bench *b = bench_begin(families_all());
    struct host h;
    struct shutdown *d = begin(b, &h);
    struct engine *e = &b->engine;
    e->journal->offset = e->journal->effects_end = 100;
    struct peer *p = follower(b, &h, 90);
    CHECK(shutdown_now(d, 0) == ENGINE_SHUTDOWN_WAITS && h.saves == 0);
    CHECK((e->slow_path & ENGINE_PAUSED) && h.replication.wants_acks);
    CHECK(e->ends_ms == e->steady_ms + 10000);
    CHECK(shutdown_ask(d, ENGINE_SHUTDOWN_ASK) == ENGINE_SHUTDOWN_WAITS);
    shutdown_obey(d);
    CHECK(!shutdown_is_stopping(d));
    CHECK(shutdown_now(d, ENGINE_SHUTDOWN_NOSAVE) == ENGINE_SHUTDOWN_WAITS); /* it is on its way */
    CHECK(shutdown_abort(d) && !shutdown_abort(d));
    CHECK(e->slow_path == 0 && e->ends_ms == 0 && h.replication.ack_came);
    CHECK(shutdown_ask(d, ENGINE_SHUTDOWN_ASK) == ENGINE_SHUTDOWN_REFUSED);
    /* It has everything: what follows the last effect is nobody's loss. */
    shutdown_now(d, 0);
    p->ack = 100;
    e->journal->offset = 137;
    shutdown_obey(d);
    CHECK(shutdown_is_stopping(d) && h.saves == 1 && h.how == 0);
    shutdown_free(d);
    bench_end(b);
}

TEST(replicas_are_not_waited_for_for_ever)
{
    static const struct {
        unsigned how;
        long long timeout_s;
        bool waits;
    } rows[] = {{0, 10, true}, {ENGINE_SHUTDOWN_NOW, 10, false}, {0, 0, false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench *b = bench_begin(families_all());
        struct host h;
        struct shutdown *d = begin(b, &h);
        b->settings->shutdown_timeout = rows[i].timeout_s;
        b->engine.journal->effects_end = 100;
        follower(b, &h, 90);
        CHECK((shutdown_now(d, rows[i].how) == ENGINE_SHUTDOWN_WAITS) == rows[i].waits);
        if (rows[i].waits) {
            bench_wait(b, 10000);
            h.save_fails = true;
            shutdown_obey(d);
            CHECK(h.saves == 1 && !shutdown_is_stopping(d) && b->engine.slow_path == 0);
            h.save_fails = false;
            CHECK(shutdown_now(d, 0) == ENGINE_SHUTDOWN_WAITS);
            CHECK(shutdown_now(d, ENGINE_SHUTDOWN_NOW) == ENGINE_SHUTDOWN_ENDS);
        }
        CHECK(shutdown_is_stopping(d));
        shutdown_free(d);
        bench_end(b);
    }
}

TEST(a_signal_waits_for_the_tick_and_can_be_taken_back)
{
    struct bench *b = bench_begin(families_all());
    struct host h;
    struct shutdown *d = begin(b, &h);
    CHECK(!shutdown_abort(d)); /* nothing to take back */
    shutdown_on_signal(d, SIGTERM);
    CHECK(!shutdown_is_stopping(d) && h.saves == 0);
    CHECK(shutdown_abort(d));
    shutdown_obey(d);
    CHECK(!shutdown_is_stopping(d) && h.saves == 0);
    shutdown_on_signal(d, SIGTERM);
    shutdown_obey(d);
    CHECK(shutdown_is_stopping(d) && h.saves == 1);
    CHECK(h.how == ENGINE_SHUTDOWN_SIGNAL);
    shutdown_free(d);
    bench_end(b);
}

TEST(each_signal_has_its_words)
{
    struct bench *b = bench_begin(families_all());
    struct host h;
    struct shutdown *d = begin(b, &h);
    b->settings->sigint_flags = SETTINGS_SHUTDOWN_NOSAVE;
    b->settings->sigterm_flags = SETTINGS_SHUTDOWN_SAVE | SETTINGS_SHUTDOWN_FORCE;
    h.save_fails = true;
    shutdown_on_signal(d, SIGINT);
    shutdown_obey(d);
    CHECK(h.how == (ENGINE_SHUTDOWN_SIGNAL | ENGINE_SHUTDOWN_NOSAVE));
    CHECK(!shutdown_is_stopping(d));
    shutdown_on_signal(d, SIGTERM);
    shutdown_obey(d);
    CHECK(h.how == (ENGINE_SHUTDOWN_SIGNAL | ENGINE_SHUTDOWN_SAVE | ENGINE_SHUTDOWN_FORCE));
    CHECK(shutdown_is_stopping(d));
    shutdown_free(d);
    bench_end(b);
}

/* No ticks run then. */
TEST(while_loading_a_signal_acts_at_once)
{
    struct bench *b = bench_begin(families_all());
    struct host h;
    struct shutdown *d = begin(b, &h);
    b->engine.slow_path |= ENGINE_LOADING;
    shutdown_on_signal(d, SIGTERM);
    CHECK(shutdown_is_stopping(d));
    b->engine.slow_path = 0;
    shutdown_free(d);
    bench_end(b);
}

UNIT_MAIN(T(saves_then_stops_listening), T(a_save_that_fails_keeps_the_server),
          T(replicas_are_waited_for), T(replicas_are_not_waited_for_for_ever),
          T(a_signal_waits_for_the_tick_and_can_be_taken_back), T(each_signal_has_its_words),
          T(while_loading_a_signal_acts_at_once))
