/* A scripted primary: the test sends and checks every byte. The replica has no server: its engine,
 * loop and clock belong to the test. */
#ifndef SUPPORT_PRIMARY_H
#define SUPPORT_PRIMARY_H

#include "replica_commands.h"

#include "replica/follow.h"
#include "replica/replica.h"
#include "replica/role.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define RUN_ID "1111111111111111111111111111111111111111"
#define ID_A   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B   "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

struct play {
    struct bench *bench;
    struct loop *loop;
    struct replication *r;
    int listening, link, port; /* link -1: none */
    char port_text[8];
    char heard[8192];
    /* The result of services.load(). */
    enum replication_load load_ends;
    unsigned loads, load_ended;
    int load_db;
    enum replication_how load_how;
    char loaded[64]; /* the start of the file that was loaded */
};

static inline enum replication_load play_load(void *context, const char *path,
                                              enum replication_how how, int *db)
{
    struct play *p = context;
    FILE *f = fopen(path, "r");
    memset(p->loaded, 0, sizeof(p->loaded));
    if (f) {
        size_t n = fread(p->loaded, 1, sizeof(p->loaded) - 1, f);
        p->loaded[n] = 0;
        fclose(f);
    }
    p->loads++;
    p->load_how = how;
    *db = p->load_db;
    return p->load_ends;
}

static inline void play_load_ended(void *context)
{
    ((struct play *)context)->load_ended++;
}

static inline void play_begin(struct play *p)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);
    *p = (struct play){.bench = bench_begin(replica_commands), .link = -1};
    p->loop = loop_new();
    p->r = replica_new(&p->bench->engine, p->loop,
                       &(struct replication_services){
                           .context = p, .load = play_load, .load_ended = play_load_ended},
                       RUN_ID);
    p->listening = socket(AF_INET, SOCK_STREAM, 0);
    bind(p->listening, (struct sockaddr *)&a, n);
    listen(p->listening, 5);
    getsockname(p->listening, (struct sockaddr *)&a, &n);
    p->port = ntohs(a.sin_port);
}

static inline void play_end(struct play *p)
{
    replica_part(p->r);
    replica_free(p->r);
    loop_free(p->loop);
    bench_end(p->bench);
    close(p->listening);
    if (p->link >= 0)
        close(p->link);
}

static inline void play_turn(struct play *p)
{
    struct engine *e = &p->bench->engine;
    loop_turn(p->loop, 2);
    timer_run(&e->timers, e->steady_ms, e->now_ms);
    replica_read(p->r);
    replica_send(p->r);
}

/* Advances the clock, and lets the replica do what is due. */
static inline void play_wait(struct play *p, int64_t ms)
{
    bench_wait(p->bench, ms);
    play_turn(p);
}

/* Whether it connects; closes an earlier link. */
static inline bool play_accepts(struct play *p)
{
    if (p->link >= 0)
        close(p->link);
    p->link = -1;
    for (int i = 0; i < 200; i++) {
        struct pollfd f = {.fd = p->listening, .events = POLLIN};
        play_turn(p);
        if (poll(&f, 1, 0) == 1) {
            p->link = accept(p->listening, NULL, NULL);
            setsockopt(p->link, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
            return true;
        }
    }
    return false;
}

/* What it sends until it is quiet; "|" stands for a line end. */
static inline const char *play_hears(struct play *p)
{
    size_t n = 0;
    char c;
    for (int quiet = 0; quiet < 10; quiet++) {
        play_turn(p);
        while (n < sizeof(p->heard) - 1 && recv(p->link, &c, 1, MSG_DONTWAIT) == 1) {
            quiet = 0;
            if (c != '\r')
                p->heard[n++] = c == '\n' ? '|' : c;
        }
    }
    p->heard[n] = 0;
    return p->heard;
}

static inline void play_says_bytes(struct play *p, const char *text, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t sent = send(p->link, text + at, n - at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0)
            at += (size_t)sent;
        play_turn(p);
        if (sent < 0 && errno != EAGAIN)
            break;
    }
    for (int i = 0; i < 4; i++)
        play_turn(p);
}

static inline void play_says(struct play *p, const char *text)
{
    play_says_bytes(p, text, strlen(text));
}

/* Whether it sends this next. */
static inline bool play_is(struct play *p, const char *want)
{
    const char *got = play_hears(p);
    if (strcmp(got, want) != 0)
        printf("# heard <%s>, wanted <%s>\n", got, want);
    return strcmp(got, want) == 0;
}

static inline bool play_has_left(struct play *p)
{
    char rest[1024];
    for (int i = 0; i < 20; i++) {
        play_turn(p);
        ssize_t n = recv(p->link, rest, sizeof(rest), MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            return true;
    }
    return false;
}

static inline enum follow_state play_state(const struct play *p)
{
    struct follow_figures f;
    follow_figures(p->r->follow, &f);
    return f.state;
}

/* From REPLICAOF to PSYNC: whether the handshake is as it must be; PSYNC is to be read next. */
static inline bool play_shakes_hands(struct play *p)
{
    if (!play_is(p, "*1|$4|PING|"))
        return false;
    play_says(p, "+PONG\r\n");
    bool same = play_is(p, "*3|$8|REPLCONF|$14|listening-port|$4|6379|"
                           "*5|$8|REPLCONF|$4|capa|$3|eof|$4|capa|$6|psync2|"
                           "*3|$8|REPLCONF|$7|version|$5|9.0.0|"
                           "*6|$8|REPLCONF|$8|millrace|$1|1|$40|" RUN_ID "|$1|-|$1|0|");
    play_says(p, "+OK\r\n+OK\r\n-ERR Unrecognized REPLCONF option: version\r\n"
                 "-ERR Unrecognized REPLCONF option: millrace\r\n");
    return same;
}

#define SNAPSHOT "$18\r\nREDIS0010\xff"
/* Sends a snapshot without keys. */
static inline void play_sends_snapshot(struct play *p)
{
    static const char text[] = "$18\r\nREDIS0010\xff\0\0\0\0\0\0\0\0";
    play_says_bytes(p, text, sizeof(text) - 1);
}

/* Connects, with a full synchronisation from the history ID_A at offset 100. */
static inline bool play_connect(struct play *p)
{
    role_follow(p->r, "127.0.0.1", p->port, false);
    if (!play_accepts(p) || !play_shakes_hands(p))
        return false;
    play_hears(p);
    play_says(p, "+FULLRESYNC " ID_A " 100\r\n");
    play_sends_snapshot(p);
    return play_is(p, "|*3|$8|REPLCONF|$3|ACK|$3|100|");
}

#endif
