#include "commands/families.h"
#include "engine.h"
#include "engine/state.h"
#include "script/scripting.h"
#include "server/lazy.h"
#include "server/memory.h"
#include "store/evict.h"
#include "unit.h"

struct host {
    struct bench *b;
    struct lazy *lazy;
    struct memory *m;
    struct client *c;
};

static struct memory *the_memory;

static bool on_holds(void *context, const struct db *db, const struct entry *e)
{
    (void)context;
    return memory_holds(the_memory, db, e);
}

static void begin(struct host *h)
{
    if (!the_memory)
        mem_thread_begin();
    h->b = bench_begin(families_all());
    h->lazy = lazy_new(NULL);
    h->m = the_memory = memory_new(&h->b->engine, h->lazy, NULL);
    h->b->engine.store->events.holds = on_holds;
    memory_begin(h->m);
    h->c = bench_client(h->b);
}

static void end(struct host *h)
{
    bench_end(h->b);
    lazy_free(h->lazy);
    memory_free(h->m);
}

static void fill(struct host *h, int keys)
{
    char line[1200];
    for (int i = 0; i < keys; i++) {
        snprintf(line, sizeof(line), "SET key%d %01000d", i, i);
        bench_says(h->c, line);
        bench_heard(h->c, "+OK|");
    }
}

/* Only jemalloc says what is in use. */
static bool is_counted(void)
{
    return mem_used() > 0;
}

/* So much less than is in use, as the limit counts it. */
static void limit_to(struct host *h, size_t less)
{
    struct engine_memory r;
    memory_report(h->m, &r);
    h->b->settings->maxmemory = (long long)(r.used - r.apart - less);
    memory_configure(h->m);
    memory_tick(h->m);
}

TEST(without_a_limit_there_is_room)
{
    struct host h;
    begin(&h);
    CHECK(!(h.b->engine.slow_path & (ENGINE_MAXMEMORY | ENGINE_CLIENT_LIMIT)));
    h.b->settings->maxmemory = 1LL << 40;
    memory_configure(h.m);
    CHECK(h.b->engine.slow_path & ENGINE_MAXMEMORY);
    CHECK(memory_make_room(h.m));
    end(&h);
}

TEST(noeviction_refuses)
{
    struct host h;
    if (!is_counted())
        return;
    begin(&h);
    fill(&h, 500);
    limit_to(&h, 100000);
    CHECK(!memory_make_room(h.m));
    CHECK(h.b->engine.store->dbs[0].keys.used == 500);
    end(&h);
}

TEST(evicts_until_there_is_room_and_no_further)
{
    struct host h;
    if (!is_counted())
        return;
    begin(&h);
    fill(&h, 2000);
    h.b->settings->maxmemory_policy = EVICT_ALL_RANDOM;
    h.b->settings->maxmemory_eviction_tenacity = 100; /* no limit on time */
    limit_to(&h, 200000);
    CHECK(memory_make_room(h.m));
    size_t left = h.b->engine.store->dbs[0].keys.used;
    CHECK(left < 1900 && left > 1500);
    CHECK(memory_make_room(h.m));
    CHECK(h.b->engine.store->dbs[0].keys.used == left);
    struct memory_figures f;
    memory_figures(h.m, &f);
    CHECK(f.evict_longest_us > 0);
    memory_reset_statistics(h.m);
    memory_figures(h.m, &f);
    CHECK(f.evict_longest_us == 0);
    end(&h);
}

/* While the disk fails nothing can be journalled. */
TEST(nothing_is_evicted_while_the_disk_fails)
{
    struct host h;
    if (!is_counted())
        return;
    begin(&h);
    fill(&h, 500);
    h.b->settings->maxmemory_policy = EVICT_ALL_RANDOM;
    limit_to(&h, 100000);
    h.b->engine.slow_path |= ENGINE_DISK_FAILED;
    CHECK(!memory_make_room(h.m));
    CHECK(h.b->engine.store->dbs[0].keys.used == 500);
    end(&h);
}

/* A replica leaves the limit to its primary, or heeds it by itself. */
TEST(a_replica_gives_up_keys_only_when_it_is_to)
{
    struct host h;
    if (!is_counted())
        return;
    begin(&h);
    fill(&h, 500);
    h.b->settings->maxmemory_policy = EVICT_ALL_RANDOM;
    h.b->settings->maxmemory_eviction_tenacity = 100;
    limit_to(&h, 100000);
    state_set_role(&h.b->engine, ROLE_REPLICA_UP);
    CHECK(memory_make_room(h.m));
    memory_begin_turn(h.m);
    CHECK(h.b->engine.store->dbs[0].keys.used == 500);
    h.b->settings->replica_ignore_maxmemory = false;
    CHECK(memory_make_room(h.m));
    CHECK(h.b->engine.store->dbs[0].keys.used < 500);
    end(&h);
}

TEST(queues_in_use_are_held)
{
    struct host h;
    begin(&h);
    struct db *db = &h.b->engine.store->dbs[0];
    bench_says(h.c, "XADD used 1-1 f v");
    bench_says(h.c, "XGROUP CREATE used g 0");
    bench_says(h.c, "XADD unused 1-1 f v");
    bench_says(h.c, "XADD later AT 253402300799999 * f v");
    CHECK(bench_heard(h.c, "$3|1-1|+OK|$3|1-1|$17|253402300799999-0|"));
    bench_says(h.c, "XCRON SET plan n CRON @daily FIELDS f v");
    CHECK(bench_heard(h.c, ":1700006400000|"));
    bench_says(h.c, "XCAPTURE ADD heard news.*");
    CHECK(bench_heard(h.c, ":1|"));
    const struct entry *used = db_find(db, BYTES("used")), *unused = db_find(db, BYTES("unused")),
                       *later = db_find(db, BYTES("later")), *plan = db_find(db, BYTES("plan")),
                       *heard = db_find(db, BYTES("heard"));
    h.b->settings->evict_queues = false;
    CHECK(memory_holds(h.m, db, used) && memory_holds(h.m, db, later));
    CHECK(memory_holds(h.m, db, plan) && memory_holds(h.m, db, heard));
    CHECK(!memory_holds(h.m, db, unused));
    h.b->settings->evict_queues = true;
    CHECK(!memory_holds(h.m, db, used));
    end(&h);
}

TEST(the_largest_clients_go_first)
{
    struct host h;
    char line[70000];
    begin(&h);
    struct client *small = bench_client(h.b), *large = bench_client(h.b);
    bench_says(h.c, "SET v 1");
    bench_heard(h.c, "+OK|");
    bench_says(small, "MULTI");
    bench_says(large, "MULTI");
    snprintf(line, sizeof(line), "SET v %060000d", 1);
    for (int i = 0; i < 4; i++) {
        bench_says(large, line);
        if (i == 0)
            bench_says(small, line);
    }
    h.b->settings->maxmemory_clients = 200000;
    memory_configure(h.m);
    CHECK(h.b->engine.slow_path & ENGINE_CLIENT_LIMIT);
    CHECK(large->flags & CLIENT_CLOSING);
    CHECK(!(small->flags & CLIENT_CLOSING) && !(h.c->flags & CLIENT_CLOSING));
    CHECK(h.b->engine.stats.evicted_clients == 1);
    bench_turn(h.b);
    end(&h);
}

/* A lower limit would close also the one that comes to raise it. */
TEST(a_limit_on_clients_has_a_least)
{
    struct host h;
    begin(&h);
    h.b->settings->maxmemory_clients = 1;
    memory_configure(h.m);
    CHECK(!(h.c->flags & CLIENT_CLOSING));
    end(&h);
}

TEST(time_over_the_limit_adds_up)
{
    struct host h;
    struct memory_figures f;
    if (!is_counted())
        return;
    begin(&h);
    fill(&h, 500);
    limit_to(&h, 100000);
    h.b->engine.steady_ms += 300;
    memory_figures(h.m, &f);
    CHECK(f.over_limit_now_ms == 300 && f.over_limit_ms == 300);
    h.b->settings->maxmemory = 0;
    memory_tick(h.m);
    h.b->engine.steady_ms += 500;
    memory_figures(h.m, &f);
    CHECK(f.over_limit_now_ms == 0 && f.over_limit_ms == 300);
    end(&h);
}

/* A block of 10 MB was freed between the two readings. */
TEST(a_measurement_that_is_disturbed_is_not_believed)
{
    struct memory_uncounted u = {1000, 1000};
    memory_uncounted_take(&u, 50001000 + (10 << 20), 50000000);
    CHECK(u.bytes == 1000);
    memory_uncounted_take(&u, 40002000, 40000000);
    CHECK(u.bytes == 1000);
    memory_uncounted_take(&u, 40003000, 40000000);
    CHECK(u.bytes == 3000);
    memory_uncounted_take(&u, 40003000 - (10 << 20), 40000000); /* allocated in between */
    CHECK(u.bytes == 3000);
    memory_uncounted_take(&u, 20 << 20, 0);
    memory_uncounted_take(&u, 20 << 20, 0); /* it lasts */
    CHECK(u.bytes == 20 << 20);
}

UNIT_MAIN(T(without_a_limit_there_is_room), T(noeviction_refuses),
          T(evicts_until_there_is_room_and_no_further), T(nothing_is_evicted_while_the_disk_fails),
          T(a_replica_gives_up_keys_only_when_it_is_to), T(queues_in_use_are_held),
          T(the_largest_clients_go_first), T(a_limit_on_clients_has_a_least),
          T(time_over_the_limit_adds_up), T(a_measurement_that_is_disturbed_is_not_believed))
