#include "replica/replica.h"

#include "engine_commands.h"
#include "peers.h"
#include "unit.h"

/* A replica that has everything and its place in the stream. */
static int online(struct peers *t)
{
    int i = peers_add(t);
    peer_wait(peers_of(t, i));
    peer_join(peers_of(t, i), t->replication->backlog.end + 1);
    peers_of(t, i)->state = PEER_COPYING;
    peer_is_copied(peers_of(t, i), false);
    peers_turn(t);
    peers_got(t, i);
    return i;
}

TEST(a_server_is_a_primary_without_replicas)
{
    struct peers *t = peers_begin(engine_commands);
    struct replication *r = t->replication;
    CHECK(t->bench->engine.replication == r && !replication_is_replica(r) && r->peer_n == 0);
    peers_wait(t, 20000);
    CHECK(!backlog_is_open(&r->backlog) && !t->bench->engine.journal->on);
    peers_end(t);
}

TEST(signs_of_life_and_questions_are_in_the_stream)
{
    struct peers *t = peers_begin(engine_commands);
    struct journal *j = t->bench->engine.journal;
    int i = online(t);
    peers_wait(t, 9999);
    CHECK(strcmp(peers_got(t, i), "") == 0);
    peers_wait(t, 1);
    CHECK(strcmp(peers_got(t, i), "*1\r\n$4\r\nPING\r\n") == 0 && j->effects_end == 0);
    peers_wait(t, 9000);
    CHECK(strcmp(peers_got(t, i), "") == 0);
    /* One question behind the turn's effects, however many ask. */
    t->replication->wants_acks = true;
    peers_write(t, "a");
    peers_turn(t);
    CHECK(strcmp(peers_got(t, i), "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*2\r\n$3\r\nDEL\r\n$1\r\na\r\n"
                                  "*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n") == 0);
    peers_turn(t);
    CHECK(strcmp(peers_got(t, i), "") == 0);
    /* Nothing is put into a group that is open. */
    journal_group_begin(j);
    t->replication->wants_acks = true;
    peers_turn(t);
    CHECK(strcmp(peers_got(t, i), "") == 0);
    journal_group_end(j);
    peers_turn(t);
    CHECK(strstr(peers_got(t, i), "GETACK"));
    peers_end(t);
}

TEST(a_file_learns_at_once_that_there_is_a_replica)
{
    struct peers *t = peers_begin(engine_commands);
    struct journal_reader file = {0};
    journal_attach(t->bench->engine.journal, &file);
    int i = online(t);
    peers_turn(t);
    CHECK(t->bench->engine.journal->offset == 14 && journal_batch(&file).note_n == 1);
    peers_wait(t, 9999);
    CHECK(strcmp(peers_got(t, i), "") == 0);
    journal_detach(&file);
    peers_end(t);
}

TEST(without_replicas_the_backlog_ends_after_a_while)
{
    struct peers *t = peers_begin(engine_commands);
    struct journal *j = t->bench->engine.journal;
    char id[HISTORY_ID_LENGTH + 1];
    t->bench->settings->repl_backlog_ttl = 5;
    int i = online(t);
    memcpy(id, j->history.id, sizeof(id));
    peers_wait(t, 20000);
    peers_wait(t, 20000);
    CHECK(j->on);
    client_close(t->clients[i]);
    peers_turn(t);
    peers_wait(t, 4000);
    CHECK(j->on && history_same_id(id, j->history.id));
    peers_wait(t, 1500);
    CHECK(!j->on && !backlog_is_open(&t->replication->backlog));
    /* What changes now is counted by nobody: the next history is another one. */
    online(t);
    CHECK(j->on && !history_same_id(id, j->history.id));
    peers_end(t);
}

TEST(the_backlog_is_cut_to_its_size)
{
    struct peers *t = peers_begin(engine_commands);
    struct backlog *b = &t->replication->backlog;
    t->bench->settings->repl_backlog_size = 100000;
    int i = online(t);
    struct bytes argv[] = {BYTES("DEL"), bytes_of(mem_zalloc(50000), 50000)};
    for (int k = 0; k < 40; k++) {
        journal_add(t->bench->engine.journal, 0, argv, 2, bytes_of(NULL, 0));
        peers_turn(t);
        peers_got(t, i);
    }
    mem_free((char *)(uintptr_t)argv[1].p);
    CHECK(b->end > 2000000 && backlog_length(b) >= 100000);
    CHECK(backlog_length(b) <= 100000 + BACKLOG_BLOCK);
    peers_end(t);
}

TEST(counters_are_reset)
{
    struct peers *t = peers_begin(engine_commands);
    online(t);
    CHECK(t->replication->figures.full == 1);
    replica_reset_statistics(t->replication);
    CHECK(t->replication->figures.full == 0);
    peers_end(t);
}

UNIT_MAIN(T(a_server_is_a_primary_without_replicas),
          T(signs_of_life_and_questions_are_in_the_stream),
          T(a_file_learns_at_once_that_there_is_a_replica),
          T(without_replicas_the_backlog_ends_after_a_while), T(the_backlog_is_cut_to_its_size),
          T(counters_are_reset))
