#include "commands/families.h"
#include "engine.h"
#include "script/scripting.h"
#include "server/shutdown.h"
#include "unit.h"

#include <signal.h>

struct host {
    unsigned how;
    int saves, stops;
    bool save_fails;
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
    return shutdown_new(&b->engine, &(struct shutdown_actions){h, save, stop_listening});
}

TEST(saves_then_stops_listening)
{
    struct bench *b = bench_begin(families_all());
    struct host h;
    struct shutdown *d = begin(b, &h);
    CHECK(!shutdown_is_stopping(d));
    CHECK(shutdown_now(d, ENGINE_SHUTDOWN_NOSAVE));
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
    CHECK(!shutdown_now(d, 0));
    CHECK(!shutdown_is_stopping(d) && h.stops == 0);
    CHECK(shutdown_now(d, ENGINE_SHUTDOWN_FORCE));
    CHECK(shutdown_is_stopping(d) && h.stops == 1);
    shutdown_free(d);
    bench_end(b);
}

TEST(a_signal_waits_for_the_tick_and_can_be_taken_back)
{
    struct bench *b = bench_begin(families_all());
    struct host h;
    struct shutdown *d = begin(b, &h);
    CHECK(!shutdown_now(d, ENGINE_SHUTDOWN_ABORT)); /* nothing to take back */
    shutdown_on_signal(d, SIGTERM);
    CHECK(!shutdown_is_stopping(d) && h.saves == 0);
    CHECK(shutdown_now(d, ENGINE_SHUTDOWN_ABORT));
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
          T(a_signal_waits_for_the_tick_and_can_be_taken_back), T(each_signal_has_its_words),
          T(while_loading_a_signal_acts_at_once))
