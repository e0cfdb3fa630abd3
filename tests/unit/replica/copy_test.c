#include "replica/copy.h"

#include "engine_commands.h"
#include "peers.h"
#include "unit.h"

#include <fcntl.h>

/* A replica that asks for everything. */
static int asks(struct peers *t, bool eof)
{
    int i = peers_add(t);
    struct peer *p = peers_of(t, i);
    p->eof = eof;
    peer_wait(p);
    return i;
}

static void child_writes(struct peers *t, const char *text)
{
    ssize_t n = write(t->to_pipe, text, strlen(text));
    (void)n;
}

static void child_closes(struct peers *t)
{
    close(t->to_pipe);
    t->to_pipe = -1;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

TEST(a_pipe_waits_for_others_and_ends_with_an_ack)
{
    struct peers *t = peers_begin(engine_commands);
    struct journal *j = t->bench->engine.journal;
    int a = asks(t, true);
    peers_wait(t, 4000);
    CHECK(t->forks == 0);
    int b = asks(t, true);
    peers_wait(t, 1000);
    CHECK(t->forks == 1 && t->piped && t->version == 10);
    char want[160];
    snprintf(want, sizeof(want), "+FULLRESYNC %s 0\r\n$EOF:%s\r\n", j->history.id, t->mark);
    const char *got = peers_got(t, b);
    CHECK(strcmp(got + strspn(got, "\n"), want) == 0);
    peers_got(t, a);
    child_writes(t, "some bytes");
    peers_turn(t);
    CHECK(strcmp(peers_got(t, a), "some bytes") == 0 && strcmp(peers_got(t, b), "some bytes") == 0);
    peers_write(t, "x");
    int late = asks(t, true); /* waits for the next one */
    peer_ack(peers_of(t, a), 0, NULL);
    child_closes(t);
    peers_turn(t);
    CHECK(peers_of(t, a)->state == PEER_COPYING); /* the child may have failed */
    replica_copy_ended(t->replication, true);
    peers_turn(t);
    CHECK(peers_of(t, a)->state == PEER_ONLINE && peers_of(t, a)->acked);
    /* One has loaded already: it need not tell again, a second later. */
    CHECK(begins(peers_got(t, a), "*2\r\n$6\r\nSELECT\r\n") && *peers_got(t, b) == 0);
    peer_ack(peers_of(t, b), 0, NULL);
    peers_turn(t);
    CHECK(begins(peers_got(t, b), "*2\r\n$6\r\nSELECT\r\n"));
    CHECK(peers_of(t, late)->state == PEER_WAITING && t->forks == 1);
    peers_end(t);
}

TEST(enough_replicas_begin_at_once)
{
    struct peers *t = peers_begin(engine_commands);
    t->bench->settings->repl_diskless_sync_max_replicas = 2;
    asks(t, true);
    peers_turn(t);
    CHECK(t->forks == 0);
    asks(t, true);
    t->may_not_fork = true; /* another child is at work */
    peers_turn(t);
    CHECK(t->forks == 0);
    t->may_not_fork = false;
    peers_turn(t);
    CHECK(t->forks == 1);
    peers_end(t);
}

TEST(the_slowest_replica_paces_the_transfer_and_a_lost_one_does_not)
{
    struct peers *t = peers_begin(engine_commands);
    t->bench->settings->repl_diskless_sync_delay = 0;
    int a = asks(t, true), b = asks(t, true);
    peers_turn(t);
    static char piece[65536];
    memset(piece, 'x', sizeof(piece));
    peers_got(t, a);
    peers_got(t, b);
    fcntl(t->to_pipe, F_SETFL, O_NONBLOCK);
    uint64_t written = 0, got = 0, before;
    for (int turns = 0; turns < 100; turns++) {
        ssize_t n = write(t->to_pipe, piece, sizeof(piece));
        written += n > 0 ? (uint64_t)n : 0;
        got += strlen(peers_got(t, a)); /* b reads nothing */
        peers_turn(t);
    }
    before = got;
    CHECK(written > got && got > 0);
    client_close(t->clients[b]);
    for (int turns = 0; turns < 100; turns++) {
        peers_turn(t);
        got += strlen(peers_got(t, a));
    }
    CHECK(got > before && got == written && t->kills == 0);
    client_close(t->clients[a]);
    peers_turn(t);
    CHECK(t->kills == 1); /* nobody wants it any more */
    int next = asks(t, true);
    peers_turn(t);
    CHECK(t->forks == 2 && peers_of(t, next)->state == PEER_COPYING);
    peers_end(t);
}

TEST(a_child_that_fails_closes_its_own)
{
    struct peers *t = peers_begin(engine_commands);
    t->bench->settings->repl_diskless_sync_delay = 0;
    int a = asks(t, true);
    peers_turn(t);
    int b = asks(t, true);
    child_writes(t, "half");
    child_closes(t);
    peers_turn(t);
    replica_copy_ended(t->replication, false);
    t->pid = -EAGAIN; /* nor can the next one be forked */
    peers_turn(t);
    CHECK(!t->clients[a] && t->clients[b] && t->forks == 2);
    peers_turn(t);
    CHECK(!t->clients[b]);
    peers_end(t);
}

TEST(one_file_serves_all_replicas_that_joined_in_time)
{
    struct peers *t = peers_begin(engine_commands);
    char name[] = "/tmp/copy_test_XXXXXX";
    int fd = mkstemp(name);
    CHECK(fd >= 0 && write(fd, "snapshot", 8) == 8);
    close(fd);
    struct settings *s = t->bench->settings;
    mem_free(s->dbfilename);
    s->dbfilename = mem_copy_text(name, strlen(name));
    int a = asks(t, false); /* must know the length: at once, although without a disk is set */
    peers_turn(t);
    CHECK(t->forks == 1 && !t->piped);
    peers_write(t, "x");
    peers_turn(t);
    int b = asks(t, true), filtered = asks(t, true);
    peers_of(t, filtered)->no_keys = true;
    peers_turn(t);
    CHECK(peers_of(t, b)->in_copy && peers_of(t, b)->next == 1 && t->forks == 1);
    CHECK(!peers_of(t, filtered)->in_copy);
    replica_copy_ended(t->replication, true);
    peers_turn(t);
    for (int i = a; i <= b; i++) {
        const char *got = peers_got(t, i);
        CHECK(begins(got, "+FULLRESYNC "));
        CHECK(begins(strstr(got, "\r\n"), "\r\n$8\r\nsnapshot*2\r\n$6\r\nSELECT\r\n"));
        CHECK(peers_of(t, i)->state == PEER_ONLINE && !peers_of(t, i)->file);
    }
    /* What lacks keys never goes to the disk. */
    peers_wait(t, 5000);
    CHECK(t->forks == 2 && t->piped && t->no_keys);
    unlink(name);
    peers_end(t);
}

static void write_file(const char *name, const char *text)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static void set_dbfilename(struct settings *s, const char *name)
{
    mem_free(s->dbfilename);
    s->dbfilename = mem_copy_text(name, strlen(name));
}

TEST(the_file_sent_is_the_one_that_the_child_wrote)
{
    struct peers *t = peers_begin(engine_commands);
    char directory[] = "/tmp/copy_test_XXXXXX", name[64], other[64];
    CHECK(mkdtemp(directory) != NULL);
    snprintf(name, sizeof(name), "%s/dump.rdb", directory);
    snprintf(other, sizeof(other), "%s/other.rdb", directory);
    set_dbfilename(t->bench->settings, name);
    int a = asks(t, false);
    peers_turn(t);
    CHECK(t->forks == 1 && !t->piped);
    write_file(name, "snapshot");
    write_file(other, "old");
    set_dbfilename(t->bench->settings, other); /* CONFIG SET */
    replica_copy_ended(t->replication, true);
    peers_turn(t);
    const char *got = peers_got(t, a);
    CHECK(strstr(got, "\r\n$8\r\nsnapshot"));
    unlink(name);
    unlink(other);
    rmdir(directory);
    peers_end(t);
}

TEST(nobody_joins_a_file_of_an_earlier_history)
{
    struct peers *t = peers_begin(engine_commands);
    struct journal *j = t->bench->engine.journal;
    char id[HISTORY_ID_LENGTH + 1];
    asks(t, false);
    peers_turn(t);
    CHECK(t->forks == 1 && !t->piped);
    peers_write(t, "x");
    peers_turn(t);
    /* Confirmed as primary. */
    history_make(id, 7, j->history.id);
    journal_shift(j, id);
    peer_renew_all(t->replication);
    int late = asks(t, false);
    peers_of(t, late)->run = str_new(BYTES("run"));
    peers_turn(t);
    CHECK(!peers_of(t, late)->in_copy && !strstr(peers_got(t, late), id));
    replica_copy_ended(t->replication, false);
    peers_turn(t);
    CHECK(t->forks == 2 && peers_of(t, late)->in_copy);
    CHECK(peers_of(t, late)->next == j->offset + 1);
    peers_end(t);
}

TEST(the_version_is_that_of_the_oldest)
{
    struct peers *t = peers_begin(engine_commands);
    t->bench->settings->repl_diskless_sync_delay = 0;
    int ours = asks(t, false);
    peers_of(t, ours)->run = str_new(BYTES("run"));
    peers_turn(t);
    CHECK(t->version == 11);
    int other = asks(t, false); /* cannot read what is being written */
    peers_turn(t);
    CHECK(!peers_of(t, other)->in_copy);
    replica_copy_ended(t->replication, false);
    peers_turn(t);
    CHECK(!t->clients[ours] && t->forks == 2 && t->version == 10);
    replica_copy_ended(t->replication, false);
    peers_turn(t);
    t->bench->settings->rdb_compat = 12; /* nobody is older than 7.4 */
    asks(t, false);
    peers_turn(t);
    CHECK(t->forks == 3 && t->version == 12);
    peers_end(t);
}

TEST(sync_has_no_first_line_and_rdb_only_no_stream)
{
    struct peers *t = peers_begin(engine_commands);
    char name[] = "/tmp/copy_test_XXXXXX";
    int fd = mkstemp(name);
    CHECK(fd >= 0 && write(fd, "snapshot", 8) == 8);
    close(fd);
    struct settings *s = t->bench->settings;
    mem_free(s->dbfilename);
    s->dbfilename = mem_copy_text(name, strlen(name));
    int a = peers_add(t), b = peers_add(t);
    peers_of(t, a)->by_sync = true;
    peers_of(t, a)->eof = true;
    peers_of(t, b)->rdb_only = true;
    peer_wait(peers_of(t, a));
    peer_wait(peers_of(t, b));
    peers_turn(t);
    CHECK(t->forks == 1 && !t->piped);
    replica_copy_ended(t->replication, true);
    peers_write(t, "x");
    peers_turn(t);
    CHECK(begins(peers_got(t, a), "$8\r\nsnapshot*2\r\n$6\r\nSELECT"));
    const char *got = peers_got(t, b);
    CHECK(strcmp(got + strlen(got) - 8, "snapshot") == 0 && peers_is_closed(t, b));
    unlink(name);
    peers_end(t);
}

/* redis-cli --functions-rdb. */
TEST(sync_of_libraries_alone_is_no_file)
{
    struct peers *t = peers_begin(engine_commands);
    int a = peers_add(t), b = peers_add(t);
    t->bench->settings->repl_diskless_sync_delay = 0;
    for (int i = a; i <= b; i++) {
        peers_of(t, i)->by_sync = true;
        peers_of(t, i)->eof = true;
    }
    peers_of(t, a)->no_keys = true;
    peer_wait(peers_of(t, a));
    peers_turn(t);
    CHECK(t->forks == 1 && t->piped && t->no_keys);
    peer_wait(peers_of(t, b)); /* wants all */
    replica_copy_ended(t->replication, false);
    peers_turn(t);
    CHECK(t->forks == 2 && !t->piped && !t->no_keys);
    replica_copy_ended(t->replication, false);
    peers_end(t);
}

UNIT_MAIN(T(a_pipe_waits_for_others_and_ends_with_an_ack), T(enough_replicas_begin_at_once),
          T(the_slowest_replica_paces_the_transfer_and_a_lost_one_does_not),
          T(a_child_that_fails_closes_its_own), T(one_file_serves_all_replicas_that_joined_in_time),
          T(the_file_sent_is_the_one_that_the_child_wrote),
          T(nobody_joins_a_file_of_an_earlier_history), T(the_version_is_that_of_the_oldest),
          T(sync_has_no_first_line_and_rdb_only_no_stream), T(sync_of_libraries_alone_is_no_file))
