#include "replica/promise.h"

#include "engine_commands.h"
#include "peers.h"
#include "unit.h"

#define A      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B      "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define G1     "6d696c6c00000001aaaaaaaa1111111111111111"
#define G1_TOO "6d696c6c00000001aaaaaaaa4444444444444444"
#define G2     "6d696c6c00000002aaaaaaaa2222222222222222"
#define OF_B   "6d696c6c00000001bbbbbbbb3333333333333333"

static bool is_at(struct promise_place p, const char *id, uint64_t offset)
{
    return strcmp(p.id, id) == 0 && p.offset == offset;
}

TEST(our_place_is_that_of_the_last_byte)
{
    struct peers *t = peers_begin(engine_commands);
    struct replication *r = t->replication;
    struct journal *j = t->bench->engine.journal;
    journal_adopt(j, A, 100);
    CHECK(is_at(promise_our_place(r), A, 100));
    journal_shift(j, G1);
    CHECK(is_at(promise_our_place(r), A, 100));
    j->offset = j->effects_end = 101;
    CHECK(is_at(promise_our_place(r), G1, 101));
    r->confirmation.blank = true; /* whatever the journal says, there is nothing */
    CHECK(is_at(promise_our_place(r), "", 0));
    peers_end(t);
}

static bool ahead(const char *a, uint64_t at, const char *b, uint64_t bt)
{
    return promise_is_ahead((struct promise_place){a, at}, (struct promise_place){b, bt});
}

/* GENERATION */
TEST(ahead_is_a_greater_generation_then_a_greater_offset)
{
    CHECK(ahead(G2, 10, G1, 1000) && !ahead(G1, 1000, G2, 10));
    CHECK(ahead(G1, 1, A, 1000) && !ahead(A, 1000, G1, 1));
    CHECK(ahead(G1, 11, G1, 10) && !ahead(G1, 10, G1, 10) && !ahead(G1, 10, G1, 11));
    CHECK(ahead(G1_TOO, 11, G1, 10) && ahead(A, 11, B, 10) && ahead(A, 1, "", 0));
    CHECK(!ahead("", 0, A, 1) && !ahead("", 0, "", 0));
}

TEST(related_replication_ids)
{
    struct peers *t = peers_begin(engine_commands);
    struct replication *r = t->replication;
    journal_adopt(t->bench->engine.journal, A, 100);
    CHECK(promise_is_related(r, A) && promise_is_related(r, G2) && !promise_is_related(r, ""));
    CHECK(!promise_is_related(r, B) && !promise_is_related(r, OF_B));
    journal_shift(t->bench->engine.journal, G1);
    CHECK(promise_is_related(r, A) && promise_is_related(r, G2) && !promise_is_related(r, OF_B));
    /* Who has nothing is of none yet, and may become one of any. */
    r->confirmation.blank = true;
    CHECK(promise_is_related(r, OF_B) && promise_is_related(r, B) && !promise_is_related(r, ""));
    peers_end(t);
}

/* PROMISE: of what the primary holds all, and once. */
TEST(a_promise_is_given_when_all_is_there)
{
    struct peers *t = peers_begin(engine_commands);
    struct replication *r = t->replication;
    struct journal *j = t->bench->engine.journal;
    journal_adopt(j, A, 100);
    CHECK(!promise_is_due(r, "", 0) && !promise_is_due(r, G1, 101) && promise_is_due(r, G1, 100));
    CHECK(promise_give(r, G1, 101) && !*r->confirmation.promise); /* not yet */
    CHECK(promise_give(r, "", 0) && !*r->confirmation.promise);
    CHECK(promise_give(r, G1, 100) && strcmp(r->confirmation.promise, G1) == 0);
    CHECK(!promise_is_due(r, G1, 100) && promise_give(r, G1, 100));
    CHECK(!promise_is_due(r, "6D696C6C00000001AAAAAAAA1111111111111111", 100));
    peers_end(t);
}

TEST(a_promise_gives_way_to_a_greater_generation_alone)
{
    struct peers *t = peers_begin(engine_commands);
    struct replication *r = t->replication;
    char *promise = r->confirmation.promise;
    journal_adopt(t->bench->engine.journal, A, 100);
    CHECK(promise_give(r, G1, 1));
    CHECK(!promise_give(r, G1_TOO, 1) && strcmp(promise, G1) == 0);
    CHECK(promise_give(r, G2, 1) && strcmp(promise, G2) == 0);
    CHECK(!promise_give(r, G1, 1) && !promise_give(r, A, 1) && strcmp(promise, G2) == 0);
    /* What is not due is not in the way either. */
    CHECK(promise_give(r, G1, 101));
    /* Another family's has nothing to do with it. */
    CHECK(promise_give(r, OF_B, 1) && strcmp(promise, OF_B) == 0);
    peers_end(t);
}

/* WHOLE: who has lost its data has lost what it may have acknowledged. */
TEST(a_server_that_lost_its_data_is_blank_and_incomplete)
{
    struct peers *t = peers_begin(engine_commands);
    struct confirmation *c = &t->replication->confirmation;
    c->whole = true;
    promise_data_lost(t->replication);
    CHECK(!c->whole && c->blank && c->fetch_took);
    c->fetch_took = false;
    promise_data_came(t->replication);
    CHECK(!c->whole && !c->blank && c->fetch_took);
    peers_end(t);
}

UNIT_MAIN(T(our_place_is_that_of_the_last_byte),
          T(ahead_is_a_greater_generation_then_a_greater_offset), T(related_replication_ids),
          T(a_promise_is_given_when_all_is_there),
          T(a_promise_gives_way_to_a_greater_generation_alone),
          T(a_server_that_lost_its_data_is_blank_and_incomplete))
