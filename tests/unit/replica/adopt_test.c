#include "replica/adopt.h"

#include "primary.h"
#include "unit.h"

TEST(a_snapshot_takes_the_place_of_what_we_have)
{
    struct play p;
    play_begin(&p);
    const struct journal *j = p.bench->engine.journal;
    CHECK(play_connect(&p));
    p.load_db = 3;
    CHECK(adopt_snapshot(p.r, "x", ID_B, 7) == REPLICATION_LOADED && p.load_ended == 2);
    CHECK(strcmp(j->history.id, ID_B) == 0 && j->offset == 7 && j->db == 3);
    CHECK(backlog_length(&p.r->backlog) == 0 && p.r->backlog.end == 7);
    CHECK(adopt_snapshot(p.r, "x", NULL, 7) == REPLICATION_LOADED);
    CHECK(strcmp(j->history.id, ID_B) != 0 && j->offset == 0);
    play_end(&p);
}

TEST(a_failed_load_leaves_an_unknown_history)
{
    struct play p;
    play_begin(&p);
    const struct journal *j = p.bench->engine.journal;
    CHECK(play_connect(&p));
    p.load_ends = REPLICATION_LOAD_FAILED;
    CHECK(adopt_snapshot(p.r, "x", ID_B, 7) == REPLICATION_LOAD_FAILED && p.load_ended == 2);
    CHECK(strcmp(j->history.id, ID_A) != 0 && strcmp(j->history.id, ID_B) != 0 && j->offset == 0);
    play_end(&p);
}

TEST(a_load_that_is_stopped_changes_nothing)
{
    struct play p;
    play_begin(&p);
    const struct journal *j = p.bench->engine.journal;
    CHECK(play_connect(&p));
    p.load_ends = REPLICATION_STOPPED;
    CHECK(adopt_snapshot(p.r, "x", ID_B, 7) == REPLICATION_STOPPED && p.load_ended == 1);
    CHECK(strcmp(j->history.id, ID_A) == 0 && j->offset == 100);
    play_end(&p);
}

TEST(an_id_goes_on_where_we_stand)
{
    struct play p;
    play_begin(&p);
    const struct history *h = &p.bench->engine.journal->history;
    CHECK(play_connect(&p));
    adopt_id(p.r, ID_A);
    CHECK(h->second_offset == 0);
    adopt_id(p.r, ID_B);
    CHECK(strcmp(h->id, ID_B) == 0 && strcmp(h->id2, ID_A) == 0 && h->second_offset == 101);
    play_end(&p);
}

TEST(old_data_may_be_kept_until_the_new_is_loaded)
{
    struct play p;
    play_begin(&p);
    struct engine *e = &p.bench->engine;
    CHECK(play_connect(&p) && p.load_how == REPLICATION_IN_PLACE && !adopt_needs_no_disk(p.r));
    e->settings->repl_diskless_load = 1;
    CHECK(adopt_needs_no_disk(p.r));
    db_add(&e->store->dbs[3], string_new(BYTES("a"), BYTES("1")));
    CHECK(!adopt_needs_no_disk(p.r));
    e->settings->repl_diskless_load = 2;
    CHECK(adopt_needs_no_disk(p.r));
    p.load_ends = REPLICATION_KEPT;
    CHECK(adopt_snapshot(p.r, "x", ID_B, 7) == REPLICATION_KEPT && p.load_ended == 1);
    CHECK(p.load_how == REPLICATION_BESIDE && strcmp(e->journal->history.id, ID_A) == 0);
    CHECK(adopt_snapshot(p.r, "x", ID_A, 7) == REPLICATION_KEPT);
    CHECK(p.load_how == REPLICATION_BESIDE_SERVING && e->journal->offset == 100);
    play_end(&p);
}

UNIT_MAIN(T(old_data_may_be_kept_until_the_new_is_loaded),
          T(a_snapshot_takes_the_place_of_what_we_have), T(a_failed_load_leaves_an_unknown_history),
          T(a_load_that_is_stopped_changes_nothing), T(an_id_goes_on_where_we_stand))
