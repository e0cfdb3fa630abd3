#include "base/mem.h"
#include "commands/families.h"
#include "engine.h"
#include "server/lazy.h"
#include "unit.h"

static struct lazy *lazy;

static void on_discard(void *context, struct entry *e)
{
    (void)context;
    lazy_discard(lazy, e);
}

static struct bench *begin(void)
{
    struct bench *b = bench_begin(families_all());
    b->engine.store->events.discard = on_discard;
    return b;
}

static void add_members(struct client *c, int n)
{
    char line[64];
    for (int i = 0; i < n; i++) {
        snprintf(line, sizeof(line), "SADD s member-number-%d", i);
        bench_says(c, line);
        bench_heard(c, ":1|");
    }
}

TEST(large_values_go_to_the_thread)
{
    struct loop *l = loop_new();
    struct worker *w = worker_new(l, "lazy");
    struct bench *b = begin();
    struct client *c = bench_client(b);
    lazy = lazy_new(w);
    add_members(c, 1000);
    bench_says(c, "DEL s");
    CHECK(bench_heard(c, ":1|"));
    CHECK(lazy_figures(lazy)->pending == 1);
    CHECK(lazy_figures(lazy)->bytes > 1000 * 10);
    worker_drain(w);
    CHECK(lazy_figures(lazy)->pending == 0);
    CHECK(lazy_figures(lazy)->bytes == 0);
    CHECK(lazy_figures(lazy)->freed == 1);
    lazy_reset_statistics(lazy);
    CHECK(lazy_figures(lazy)->freed == 0);
    lazy_stop(lazy);
    bench_end(b);
    worker_free(w);
    lazy_free(lazy);
    loop_free(l);
}

TEST(small_ones_are_freed_at_once)
{
    struct loop *l = loop_new();
    struct worker *w = worker_new(l, "lazy");
    struct bench *b = begin();
    struct client *c = bench_client(b);
    lazy = lazy_new(w);
    bench_says(c, "SET a 1");
    CHECK(bench_heard(c, "+OK|"));
    add_members(c, 255); /* one less than is worth the way */
    bench_says(c, "DEL a s");
    CHECK(bench_heard(c, ":2|"));
    CHECK(lazy_figures(lazy)->pending == 0);
    worker_drain(w);
    CHECK(lazy_figures(lazy)->freed == 0);
    lazy_stop(lazy);
    bench_end(b);
    worker_free(w);
    lazy_free(lazy);
    loop_free(l);
}

/* At the end of the server the thread goes before the data. */
TEST(once_stopped_everything_is_freed_at_once)
{
    struct bench *b = begin();
    struct client *c = bench_client(b);
    lazy = lazy_new(NULL);
    add_members(c, 1000);
    bench_says(c, "DEL s");
    CHECK(bench_heard(c, ":1|"));
    CHECK(lazy_figures(lazy)->pending == 0 && lazy_figures(lazy)->bytes == 0);
    bench_end(b);
    lazy_free(lazy);
}

UNIT_MAIN(T(large_values_go_to_the_thread), T(small_ones_are_freed_at_once),
          T(once_stopped_everything_is_freed_at_once))
