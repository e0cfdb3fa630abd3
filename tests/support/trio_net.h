/* The nodes of a trio (support/trio.h) and the network between them. */
#ifndef SUPPORT_TRIO_NET_H
#define SUPPORT_TRIO_NET_H

#include "base/rng.h"
#include "trio_node.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#define TRIO_NODES    3
#define TRIO_PORT     7001
#define TRIO_WIRES    16
#define TRIO_NUMBERS  2048
#define TRIO_NEVER_S  1000000
#define TRIO_POINTS   8192 /* a power of two */
#define TRIO_LOG_DB   9    /* database of the numbers, used for nothing else */
#define TRIO_NUMBERER 0    /* the client that writes them; the last one is the administrator */
#define TRIO_ADMIN    (NODE_CLIENTS - 2)
#define TRIO_READER   (NODE_CLIENTS - 1) /* the client that reads them at the end */

/* A connection from a replica to its primary. Of both arrays, [0] is the replica's side. */
struct trio_wire {
    bool open;
    int from, to, ends[2];
    struct buf sent[2]; /* sent by that side, and not delivered yet */
    bool over[2];       /* that side has closed */
};

/* The data at an offset of a history. */
struct trio_point {
    bool used;
    char id[HISTORY_ID_LENGTH + 1];
    uint64_t offset;
    unsigned char digest[20];
};

/* A node's state when its data were last read. */
struct trio_read {
    bool valid;
    uint64_t offset;
    long long changes; /* changes of all kinds */
    unsigned char digest[20];
};

/* A node's state when it was last checked. */
struct trio_seen {
    struct trio_read read;
    uint64_t offset;
    unsigned loads;
    bool replica, fetched;
    char id[HISTORY_ID_LENGTH + 1];
    char proposal[HISTORY_ID_LENGTH + 1]; /* "": it is not a primary waiting for confirmation */
    uint64_t reached;                     /* the offset that replicas have confirmed */
};

/* A set of numbers. */
struct trio_numbers {
    bool has[TRIO_NUMBERS];
    unsigned n;
};

/* What one node could tell clients because of another one, at the last check. */
struct trio_pair {
    uint64_t offset, its;
    unsigned released;
};

/* The pending request of a client. */
struct trio_asked {
    int replies; /* replies it waits for; 0: none */
    unsigned number;
    char reads[HISTORY_ID_LENGTH + 1]; /* it reads the numbers from the primary confirmed with
                                          this ID */
};

enum trio_kind { TRIO_CHAOS, TRIO_SINGLE, TRIO_CONFIRMED };

struct trio {
    uint64_t seed;
    struct rng rng;
    int64_t now_ms;
    enum trio_kind kind;
    struct node nodes[TRIO_NODES];
    int turn_of; /* the node that takes its turn, and so connects */
    int primary; /* the intended primary */
    struct trio_wire wires[TRIO_WIRES];
    bool parted[TRIO_NODES][TRIO_NODES];
    bool frozen[TRIO_NODES];           /* takes no turns */
    bool sends[TRIO_NODES];            /* it may have sent or closed something since it was last
                                          read */
    bool held[TRIO_NODES][TRIO_NODES]; /* messages from the first to the second are not delivered */
    struct trio_asked asked[TRIO_NODES][NODE_CLIENTS];
    struct trio_seen seen[TRIO_NODES];
    struct trio_point *points;
    unsigned numbers;
    bool told[TRIO_NUMBERS];      /* its client was told that it is written */
    struct trio_numbers released; /* numbers that clients might have been told of */
    struct trio_pair pairs[TRIO_NODES][TRIO_NODES];
    bool may_lose, has_lost; /* one restart loses the end of the data, or all */
    char failed[256];        /* the reason; "": it has not failed */
    /* Counts of what happened, so that a test can check that it tests something. */
    unsigned acknowledged, compared, fulls, partials, crashes, promotions, confirmed, read;
};

static struct trio *trio_now; /* the trio that connect() belongs to */
static struct rng trio_ids;

static inline unsigned trio_below(struct trio *t, unsigned n)
{
    return (unsigned)rng_below(&t->rng, n);
}

__attribute__((format(printf, 2, 3))) static inline void trio_fail(struct trio *t,
                                                                   const char *format, ...)
{
    va_list ap;
    if (*t->failed)
        return;
    va_start(ap, format);
    vsnprintf(t->failed, sizeof(t->failed), format, ap);
    va_end(ap);
}

/* IDs come from the seed too, so that a schedule is reproducible. */
ssize_t getrandom(void *to, size_t n, unsigned flags)
{
    (void)flags;
    for (size_t i = 0; i < n; i++)
        ((unsigned char *)to)[i] = (unsigned char)(rng_next(&trio_ids) >> 32);
    return (ssize_t)n;
}

/* ---- The network */

/* Most turns send nothing: polling each socket after each turn would take a third of a schedule's
 * time. */
static inline void trio_note_sending(void)
{
    if (trio_now)
        trio_now->sends[trio_now->turn_of] = true;
}

ssize_t send(int fd, const void *from, size_t n, int flags)
{
    trio_note_sending();
    return syscall(SYS_sendto, fd, from, n, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
    trio_note_sending();
    return syscall(SYS_sendmsg, fd, m, flags);
}

ssize_t sendfile(int to, int from, off_t *at, size_t n)
{
    trio_note_sending();
    return syscall(SYS_sendfile, to, from, at, n);
}

int close(int fd)
{
    trio_note_sending();
    return (int)syscall(SYS_close, fd);
}

static inline void trio_cut(struct trio_wire *w)
{
    if (!w->open)
        return;
    for (int i = 0; i < 2; i++) {
        close(w->ends[i]);
        buf_free(&w->sent[i]);
    }
    *w = (struct trio_wire){0};
}

static inline void trio_cut_all(struct trio *t, int node)
{
    for (int i = 0; i < TRIO_WIRES; i++)
        if (t->wires[i].from == node || t->wires[i].to == node)
            trio_cut(&t->wires[i]);
}

/* Makes a socket pair: one end is the node's, the other the test's. It has a name, so that it is
 * not taken for a socket connected to itself. */
static inline bool trio_pair(int pair[2])
{
    const struct sockaddr_un unnamed = {.sun_family = AF_UNIX};
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0 &&
           bind(pair[1], (const struct sockaddr *)&unnamed, sizeof(sa_family_t)) == 0;
}

int connect(int fd, const struct sockaddr *address, socklen_t n)
{
    const struct sockaddr_in *a = (const void *)address;
    struct trio *t = trio_now;
    struct trio_wire *w = t->wires;
    int to = ntohs(a->sin_port) - TRIO_PORT, from = t->turn_of, near[2], far[2];
    (void)n;
    while (w < t->wires + TRIO_WIRES && w->open)
        w++;
    errno = ECONNREFUSED;
    if (address->sa_family != AF_INET || to < 0 || to >= TRIO_NODES || !t->nodes[to].up ||
        t->parted[from][to] || w == t->wires + TRIO_WIRES)
        return -1;
    if (!trio_pair(near) || !trio_pair(far) || dup2(near[0], fd) < 0)
        abort();
    close(near[0]);
    *w = (struct trio_wire){.open = true, .from = from, .to = to, .ends = {near[1], far[1]}};
    if (!node_accept(&t->nodes[to], far[0])) {
        close(far[0]);
        w->over[1] = true;
    }
    return 0;
}

/* Collects what a node has sent; closes connections that both sides have left. */
static inline void trio_collect(struct trio_wire *w, int node)
{
    if (!w->open)
        return;
    for (int i = 0; i < 2; i++)
        while (!w->over[i] && (i ? w->to : w->from) == node) {
            ssize_t got = recv(w->ends[i], buf_room(&w->sent[i], 65536), 65536, 0);
            if (got <= 0) {
                w->over[i] = got == 0 || errno != EAGAIN;
                break;
            }
            w->sent[i].n += (size_t)got;
        }
    if ((w->over[0] && w->sent[0].n == 0) || (w->over[1] && w->sent[1].n == 0))
        trio_cut(w);
}

/* Delivers n bytes of one side to the other. */
static inline void trio_deliver(struct trio_wire *w, int side, size_t n)
{
    struct buf *b = &w->sent[side];
    int from = side ? w->to : w->from, to = side ? w->from : w->to;
    if (!w->open || b->n == 0 || trio_now->held[from][to])
        return;
    ssize_t put = syscall(SYS_sendto, w->ends[!side], b->p, n < b->n ? n : b->n, MSG_NOSIGNAL, NULL,
                          0); /* not by a node */
    if (put > 0)
        buf_consume(b, (size_t)put);
    else if (errno != EAGAIN)
        b->n = 0;
}

static inline void trio_part(struct trio *t, int a, int b, bool parted)
{
    t->parted[a][b] = t->parted[b][a] = parted;
    for (int i = 0; parted && i < TRIO_WIRES; i++)
        if (t->wires[i].from + t->wires[i].to == a + b && t->wires[i].from != t->wires[i].to)
            trio_cut(&t->wires[i]);
}

#endif
