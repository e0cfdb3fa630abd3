#include "server/loader.h"
#include "server/persistence.h"
#include "unit.h"
#include "world.h"

#include "base/clock.h"

#include <fcntl.h>

static struct loader *loader;
static struct copy_loader *copies;

static bool serve(void *context)
{
    (void)context;
    return true;
}

static struct persistence *begin(struct world **w, bool appendonly)
{
    *w = world_begin(appendonly);
    if (!*w)
        return NULL;
    struct world *x = *w;
    x->b->settings->save_point_n = 0;
    loader = loader_new(x->engine, x->aof, serve, NULL);
    copies = copy_loader_new(x->engine, serve, NULL);
    return persistence_new(&(struct persistence_parts){.engine = x->engine,
                                                       .aof = x->aof,
                                                       .loader = loader,
                                                       .copies = copies,
                                                       .snapshot = x->snapshot,
                                                       .durability = x->durability,
                                                       .rewrite = x->rewrite,
                                                       .lock = &x->lock});
}

static void end(struct world *w, struct persistence *p)
{
    persistence_free(p);
    loader_free(loader);
    copy_loader_free(copies);
    world_end(w);
}

static void save_point(struct world *w, long long seconds, long long changes)
{
    w->b->settings->save_points[0].seconds = seconds;
    w->b->settings->save_points[0].changes = changes;
    w->b->settings->save_point_n = 1;
}

/* Ticks until no child is at work. */
static void until_saved(struct world *w, struct persistence *p)
{
    for (int i = 0; i < 3000 && rewrite_work(w->rewrite) != REWRITE_WORK_NONE; i++) {
        usleep(1000);
        world_drain();
        persistence_tick(p);
    }
}

static struct persistence_figures figures(const struct persistence *p)
{
    struct persistence_figures f;
    persistence_figures(p, &f);
    return f;
}

TEST(one_child_at_a_time)
{
    struct world *w;
    struct persistence *p = begin(&w, false);
    CHECK(p);
    CHECK(persistence_background_save(p, false) == 0);
    CHECK(persistence_background_save(p, false) == -EALREADY);
    CHECK(persistence_background_save(p, true) == -EALREADY);
    CHECK(persistence_save(p) == -EBUSY);
    until_saved(w, p);
    CHECK(figures(p).save->ok && figures(p).save->count == 1);
    CHECK(file_exists("dump.rdb"));
    /* A rewrite: a snapshot waits for it, if asked to. */
    CHECK(rewrite_start(w->rewrite) == 0);
    CHECK(persistence_background_save(p, false) == -EBUSY);
    CHECK(persistence_background_save(p, true) == 1);
    until_saved(w, p);
    persistence_tick(p); /* begins it, if the rewrite has just ended */
    until_saved(w, p);
    CHECK(figures(p).save->count == 2);
    end(w, p);
}

TEST(a_transaction_is_never_saved_in_the_middle)
{
    struct world *w;
    struct persistence *p = begin(&w, false);
    CHECK(p);
    w->engine->journal->depth = 2;
    CHECK(persistence_save(p) == -EBUSY);
    CHECK(persistence_background_save(p, false) == 1);
    w->engine->journal->depth = 0;
    persistence_tick(p);
    CHECK(snapshot_child(w->snapshot) == SNAPSHOT_DUMP);
    until_saved(w, p);
    end(w, p);
}

TEST(a_save_point_begins_a_child)
{
    struct world *w;
    struct persistence *p = begin(&w, false);
    CHECK(p);
    struct client *c = bench_client(w->b);
    w->engine->steady_ms = clock_steady_ms();
    save_point(w, 60, 2);
    world_turn(w, c, "SET a 1", 1);
    bench_wait(w->b, 61000);
    persistence_tick(p);
    CHECK(rewrite_work(w->rewrite) == REWRITE_WORK_NONE); /* one change is too few */
    world_turn(w, c, "SET a 2", 1);
    persistence_tick(p);
    CHECK(rewrite_work(w->rewrite) == REWRITE_WORK_SAVE);
    world_turn(w, c, "SET a 3", 1); /* behind the fork */
    until_saved(w, p);
    CHECK(figures(p).changes == 1);
    end(w, p);
}

TEST(a_failed_snapshot_refuses_writes_until_one_is_good)
{
    struct world *w;
    struct persistence *p = begin(&w, false);
    CHECK(p);
    save_point(w, 1000000, 1000000);
    fail_writes = 1; /* the child inherits it */
    CHECK(persistence_background_save(p, false) == 0);
    fail_writes = 0;
    until_saved(w, p);
    CHECK(!figures(p).save->ok && !file_exists("dump.rdb"));
    CHECK(w->engine->slow_path & ENGINE_SAVE_FAILED);
    w->b->settings->stop_writes_on_bgsave_error = false;
    persistence_tick(p);
    CHECK(!(w->engine->slow_path & ENGINE_SAVE_FAILED));
    w->b->settings->stop_writes_on_bgsave_error = true;
    persistence_tick(p);
    CHECK(w->engine->slow_path & ENGINE_SAVE_FAILED);
    CHECK(persistence_save(p) == 0);
    persistence_tick(p);
    CHECK(!(w->engine->slow_path & ENGINE_SAVE_FAILED));
    end(w, p);
}

TEST(flushall_leaves_nothing_that_could_come_back)
{
    struct world *w;
    struct persistence *p = begin(&w, false);
    CHECK(p);
    struct client *c = bench_client(w->b);
    save_point(w, 1000000, 1000000);
    world_turn(w, c, "SET a 1", 1);
    CHECK(persistence_save(p) == 0);
    CHECK(persistence_background_save(p, false) == 0);
    world_turn(w, c, "DEL a", 1);
    w->engine->journal->depth = 2;
    persistence_all_flushed(p);
    CHECK(snapshot_child(w->snapshot) == SNAPSHOT_NONE); /* it would bring the key back */
    persistence_save_flushed(p);
    CHECK(figures(p).changes == 1); /* the transaction has not ended */
    w->engine->journal->depth = 0;
    persistence_save_flushed(p);
    CHECK(figures(p).changes == 0);
    end(w, p);
}

/* Whether the snapshot that is written now says so. */
static bool snapshot_names(struct world *w, const char *id)
{
    struct bytes map;
    if (snapshot_write(w->snapshot, "some.rdb", SNAPSHOT_DUMP) < 0 ||
        file_map("some.rdb", &map) < 0)
        return false;
    bool names = memmem(map.p, map.n, id, HISTORY_ID_LENGTH);
    file_unmap(map);
    unlink("some.rdb");
    return names;
}

/* STEPS of docs/decisions/0039. */
TEST(a_snapshot_names_the_id_of_the_last_byte)
{
    static const char *const g1 = "6d696c6c00000001aaaaaaaa1111111111111111";
    struct world *w;
    struct persistence *p = begin(&w, true);
    CHECK(p);
    w->b->settings->rdbcompression = false;
    struct journal *j = w->engine->journal;
    struct client *c = bench_client(w->b);
    world_turn(w, c, "SET a 1", 1);
    CHECK(snapshot_names(w, j->history.id));
    journal_shift(j, g1);
    CHECK(snapshot_names(w, j->history.id2) && !snapshot_names(w, g1));
    world_turn(w, c, "SET a 2", 1);
    CHECK(snapshot_names(w, g1) && !snapshot_names(w, j->history.id2));
    journal_shift(j, NULL);
    CHECK(snapshot_names(w, j->history.id) && !snapshot_names(w, g1));
    end(w, p);
}

TEST(the_end_saves_when_save_points_are_set)
{
    struct world *w;
    struct persistence *p = begin(&w, false);
    CHECK(p);
    CHECK(persistence_shutdown(p, 0) && !file_exists("dump.rdb"));
    save_point(w, 3600, 1);
    CHECK(persistence_shutdown(p, ENGINE_SHUTDOWN_NOSAVE) && !file_exists("dump.rdb"));
    fail_writes = 1;
    CHECK(!persistence_shutdown(p, 0));
    fail_writes = 0;
    w->engine->journal->depth = 2; /* a script is ended half-way */
    CHECK(persistence_shutdown(p, 0) && !file_exists("dump.rdb"));
    w->engine->journal->depth = 0;
    CHECK(persistence_shutdown(p, 0) && file_exists("dump.rdb"));
    end(w, p);
}

TEST(the_end_does_not_leave_a_file_without_its_base)
{
    struct world *w;
    struct persistence *p = begin(&w, false);
    const char *reason;
    CHECK(p);
    CHECK(persistence_switch_aof(p, true, &reason));
    CHECK(aof_is_open(w->aof) && !aof_has_base(w->aof));
    CHECK(persistence_shutdown(p, 0));
    CHECK(aof_has_base(w->aof));
    CHECK(rewrite_work(w->rewrite) == REWRITE_WORK_NONE);
    end(w, p);
}

TEST(the_file_is_turned_off_and_on)
{
    struct world *w;
    struct persistence *p = begin(&w, true);
    const char *reason;
    CHECK(p);
    CHECK(rewrite_start(w->rewrite) == 0);
    CHECK(persistence_switch_aof(p, false, &reason));
    CHECK(!aof_is_open(w->aof) && rewrite_work(w->rewrite) == REWRITE_WORK_NONE);
    CHECK(!w->engine->gate.promise.open);
    w->engine->journal->depth = 2;
    CHECK(persistence_switch_aof(p, true, &reason) && !aof_is_open(w->aof));
    CHECK(figures(p).rewrite->first_wanted);
    CHECK(persistence_switch_aof(p, false, &reason)); /* changed its mind */
    CHECK(!figures(p).rewrite->first_wanted);
    w->engine->journal->depth = 0;
    CHECK(persistence_switch_aof(p, true, &reason) && aof_is_open(w->aof));
    w->engine->slow_path |= ENGINE_LOADING;
    CHECK(!persistence_switch_aof(p, false, &reason) && aof_is_open(w->aof));
    w->engine->slow_path &= ~(unsigned)ENGINE_LOADING;
    end(w, p);
}

/* Closed while a primary's data replace ours, and the disk does not take a new one. */
TEST(the_file_is_opened_again_when_the_disk_takes_it)
{
    struct world *w;
    int db = 0;
    struct persistence *p = begin(&w, true);
    CHECK(p);
    w->engine->settings->appendonly = true;
    w->engine->steady_ms = 10000;
    for (int i = 0; i < 2; i++) { /* another snapshot may come before it is open */
        CHECK(persistence_load_copy(p, "absent.rdb", COPY_LOADER_IN_PLACE, &db) ==
              COPY_LOADER_FAILED);
        CHECK(!aof_is_open(w->aof));
        if (i == 0) /* a file is in the place of the directory */
            CHECK(rename("appendonlydir", "elsewhere") == 0 &&
                  close(creat("appendonlydir", 0600)) == 0);
        persistence_copy_ended(p);
        CHECK(!aof_is_open(w->aof) && figures(p).rewrite->first_wanted);
    }
    persistence_tick(p);
    CHECK(!aof_is_open(w->aof) && figures(p).rewrite->first_wanted);
    CHECK(unlink("appendonlydir") == 0 && rename("elsewhere", "appendonlydir") == 0);
    w->engine->steady_ms += 5000;
    persistence_tick(p);
    CHECK(aof_is_open(w->aof) && !figures(p).rewrite->first_wanted);
    end(w, p);
}

UNIT_MAIN(T(a_snapshot_names_the_id_of_the_last_byte), T(one_child_at_a_time),
          T(a_transaction_is_never_saved_in_the_middle), T(a_save_point_begins_a_child),
          T(a_failed_snapshot_refuses_writes_until_one_is_good),
          T(flushall_leaves_nothing_that_could_come_back),
          T(the_end_saves_when_save_points_are_set),
          T(the_end_does_not_leave_a_file_without_its_base), T(the_file_is_turned_off_and_on),
          T(the_file_is_opened_again_when_the_disk_takes_it))
