/* Replicas for unit tests of module replica: clients of a bench with real sockets, whose other ends
 * the test reads. Snapshots are not forked: the test plays the child. */
#ifndef SUPPORT_PEERS_H
#define SUPPORT_PEERS_H

#include "base/log.h"
#include "engine.h"
#include "replica/peer.h"
#include "replica/replica.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEERS_MOST 8

struct peers {
    struct bench *bench;
    struct loop *loop;
    struct replication *replication;
    struct client *clients[PEERS_MOST];
    struct conn *conns[PEERS_MOST];
    int ends[PEERS_MOST]; /* the test's ends */
    int n;
    /* Calls of services.fork(), and its result. */
    int forks, kills, version;
    bool piped, no_keys, may_not_fork;
    int to_pipe; /* a copy of the writing end; -1: none */
    char mark[41];
    pid_t pid;
};

static struct conn *peers_connection(void *context, const struct client *c)
{
    struct peers *t = context;
    for (int i = 0; i < t->n; i++)
        if (t->clients[i] == c)
            return t->conns[i];
    return NULL;
}

static bool peers_may_fork(void *context)
{
    return !((struct peers *)context)->may_not_fork;
}

static pid_t peers_fork(void *context, const struct replication_snapshot *s)
{
    struct peers *t = context;
    t->forks++;
    t->version = s->version;
    t->piped = s->pipe != NULL;
    t->no_keys = s->no_keys;
    if (s->pipe && t->pid > 0) {
        if (t->to_pipe >= 0)
            close(t->to_pipe);
        t->to_pipe = dup(s->pipe[1]);
        snprintf(t->mark, sizeof(t->mark), "%s", s->mark);
    }
    return t->pid;
}

static void peers_kill(void *context)
{
    ((struct peers *)context)->kills++;
}

static inline struct peers *peers_begin(const struct command *const *commands)
{
    struct peers *t = mem_zalloc(sizeof(*t));
    log_set_level(LOG_WARNING + 1);
    t->bench = bench_begin(commands);
    t->loop = loop_new();
    t->to_pipe = -1;
    t->pid = 4711;
    t->replication = replica_new(&t->bench->engine, t->loop,
                                 &(struct replication_services){.context = t,
                                                                .connection = peers_connection,
                                                                .may_fork = peers_may_fork,
                                                                .fork = peers_fork,
                                                                .kill = peers_kill},
                                 "0123456789012345678901234567890123456789");
    return t;
}

static void peers_ready(void *context, int events)
{
    if (events & LOOP_WRITE)
        peer_has_room(context);
}

/* Adds a client with a socket, not a replica yet. Returns its number. */
static inline int peers_add(struct peers *t)
{
    int pair[2];
    if (t->n == PEERS_MOST || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0)
        abort();
    struct client *c = bench_client(t->bench);
    snprintf(c->address, sizeof(c->address), "127.0.0.1:%d", 40000 + t->n);
    t->clients[t->n] = c;
    t->ends[t->n] = pair[1];
    t->conns[t->n] = conn_new(t->loop, pair[0], peers_ready, c);
    return t->n++;
}

static inline struct peer *peers_of(struct peers *t, int i)
{
    return peer_of(t->replication, t->clients[i]);
}

/* Does a turn's work for replicas; frees closed clients. */
static inline void peers_turn(struct peers *t)
{
    loop_turn(t->loop, 0);
    replica_begin_flush(t->replication);
    replica_send(t->replication);
    for (int i = 0; i < t->n; i++) {
        struct client *c = t->clients[i];
        if (!c || !(c->flags & CLIENT_CLOSING))
            continue;
        replica_client_gone(c);
        conn_free(t->conns[i]);
        session_close(c);
        t->clients[i] = NULL;
    }
    replica_end_turn(t->replication);
}

/* Everything received since the last call; NUL-terminated, static. */
static inline const char *peers_got(struct peers *t, int i)
{
    static char got[1 << 16];
    size_t n = 0;
    for (ssize_t r;
         n < sizeof(got) - 1 && (r = read(t->ends[i], got + n, sizeof(got) - 1 - n)) > 0;)
        n += (size_t)r;
    got[n] = 0;
    return got;
}

static inline bool peers_is_closed(struct peers *t, int i)
{
    char c;
    return !t->clients[i] && read(t->ends[i], &c, 1) == 0;
}

/* Writes an effect with these bytes. */
static inline void peers_write(struct peers *t, const char *key)
{
    struct bytes argv[] = {BYTES("DEL"), bytes_text(key)};
    journal_add(t->bench->engine.journal, 0, argv, 2, bytes_of(NULL, 0));
}

static inline void peers_wait(struct peers *t, int64_t ms)
{
    bench_wait(t->bench, ms);
    replica_tick(t->replication);
    peers_turn(t);
}

static inline void peers_end(struct peers *t)
{
    for (int i = 0; i < t->n; i++) {
        if (t->clients[i])
            client_close(t->clients[i]);
        close(t->ends[i]);
    }
    peers_turn(t);
    replica_free(t->replication);
    if (t->to_pipe >= 0)
        close(t->to_pipe);
    bench_end(t->bench);
    loop_free(t->loop);
    mem_free(t);
}

#endif
