/* Replicas that wait for a snapshot and can all be sent the same one form a group. Two ways:
 *
 *   on disk   IDLE --fork--> FILE: the child writes dbfilename; replicas that ask meanwhile join.
 *             At its end each is sent the open file (replica/peer), and the state is IDLE again.
 *   a pipe    IDLE --fork--> PIPE: the child writes into a pipe, and each piece is sent to all
 *             before the next is read, at the pace of the slowest. The end of the pipe and the exit
 *             of the child come in any order; after both, all have the whole snapshot. Replicas
 *             that ask meanwhile wait for the next one.
 *
 * A pipe needs replicas that understand a snapshot without a length. A snapshot without keys or
 * libraries must not replace dbfilename. The stream of the whole group begins at the fork: the
 * backlog keeps what follows (peer.next).
 *
 * What can fail: fork or child: the group's replicas are closed, and ask again. One that takes
 * nothing from a pipe for repl-timeout is closed (peer_tick()). When the last one is gone, the
 * child is killed. */
#include "replica/copy.h"

#include "base/assert.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "io/child.h"
#include "io/file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PIECE         ((size_t)64 << 10)
#define PIECES_A_TURN 16
#define MARK          40

/* Versions of the RDB format: the one that every Redis from 7.0 on reads; the one from 7.4 on, for
 * rdb-compat; and the one for replicas that are Millrace. */
enum { VERSION_OF_70 = 10, VERSION_OF_74 = 12, VERSION_OF_OURS = 11 };

enum copy_state { COPY_IDLE, COPY_FILE, COPY_PIPE };

struct copy {
    struct replication *replication;
    enum copy_state state;
    int version;
    uint64_t next;                  /* stream offset of the first byte that the snapshot lacks */
    char id[HISTORY_ID_LENGTH + 1]; /* of the stream at the fork */
    char *path;                     /* dbfilename at the fork: it may be set meanwhile */
    /* For a pipe. */
    int fd; /* -1: closed */
    struct loop_fd *watch;
    char *piece;
    size_t piece_n;
    bool child_ended; /* successfully */
    char mark[MARK + 1];
};

static void nothing_to_note(void *context, int events)
{
    (void)context; /* the turn reads it anyway */
    (void)events;
}

struct copy *copy_new(struct replication *r)
{
    struct copy *c = mem_zalloc(sizeof(*c));
    c->replication = r;
    c->fd = -1;
    return c;
}

static void close_pipe(struct copy *c)
{
    if (c->fd < 0)
        return;
    loop_fd_free(c->watch);
    close(c->fd);
    mem_free(c->piece);
    c->fd = -1;
    c->watch = NULL;
    c->piece = NULL;
    c->piece_n = 0;
}

void copy_free(struct copy *c)
{
    close_pipe(c);
    mem_free(c->path);
    mem_free(c);
}

/* The next replica after the given one (NULL: the first) that is not being closed. */
static struct peer *next_peer(const struct copy *c, const struct peer *after)
{
    struct dlist_node *list = &c->replication->peers;
    struct dlist_node *n = after ? after->node.next : list->next;
    for (; n != list; n = n->next) {
        struct peer *p = dlist_item(n, struct peer, node);
        if (!(p->client->flags & CLIENT_CLOSING))
            return p;
    }
    return NULL;
}

static struct peer *next_member(const struct copy *c, const struct peer *after)
{
    struct peer *p = next_peer(c, after);
    while (p && !p->in_copy)
        p = next_peer(c, p);
    return p;
}

static void close_members(struct copy *c)
{
    for (struct peer *p = next_member(c, NULL); p; p = next_member(c, p))
        client_close(p->client);
}

/* ---- The pipe */

/* The pipe has ended, and the child has succeeded. */
static void finish_pipe(struct copy *c)
{
    c->state = COPY_IDLE;
    for (struct peer *p = next_member(c, NULL); p; p = next_member(c, p))
        peer_is_copied(p, true);
}

/* Sends the current piece. True: all replicas have all of it. */
static bool send_piece(struct copy *c)
{
    bool all = true;
    struct bytes piece = bytes_of(c->piece, c->piece_n);
    for (struct peer *p = next_member(c, NULL); p; p = next_member(c, p))
        if (!peer_send_piece(p, piece) && !(p->client->flags & CLIENT_CLOSING))
            all = false;
    return all;
}

/* Reads the next piece, or the end. False: nothing now. */
static bool read_piece(struct copy *c)
{
    ssize_t n = read(c->fd, c->piece, PIECE);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n > 0) {
        c->piece_n = (size_t)n;
        for (struct peer *p = next_member(c, NULL); p; p = next_member(c, p))
            p->piece_at = 0;
        return true;
    }
    unsigned up = 0;
    for (struct peer *p = next_member(c, NULL); p; p = next_member(c, p))
        up++;
    log_line(LOG_WARNING, "Diskless rdb transfer, done reading from pipe, %u replicas still up.",
             up);
    close_pipe(c);
    return false;
}

void copy_send(struct copy *c)
{
    if (c->fd < 0)
        return;
    bool waits = false; /* for a socket, which will wake us */
    for (int i = 0; i < PIECES_A_TURN; i++) {
        waits = !send_piece(c);
        if (waits || !read_piece(c))
            break;
    }
    if (c->fd >= 0)
        loop_fd_want(c->watch, waits ? 0 : LOOP_READ);
    else if (c->child_ended)
        finish_pipe(c);
}

/* ---- Groups */

static bool wants_the_same(const struct peer *a, const struct peer *b)
{
    return a->no_keys == b->no_keys && a->no_libraries == b->no_libraries;
}

static int version_for(const struct copy *c, const struct peer *p)
{
    if (p->run)
        return VERSION_OF_OURS;
    return c->replication->engine->settings->rdb_compat >= VERSION_OF_74 ? VERSION_OF_74
                                                                         : VERSION_OF_70;
}

/* The group that a snapshot made now would serve. */
struct group {
    struct peer *first; /* NULL: nobody waits */
    long long n;
    int version;
    bool pipe;
};

static bool is_in(const struct group *g, const struct peer *p)
{
    return p->state == PEER_WAITING && !p->in_copy && (!g->first || wants_the_same(g->first, p));
}

static struct group find_group(const struct copy *c)
{
    struct group g = {.version = VERSION_OF_74, .pipe = true};
    bool can_pipe = true;
    for (struct peer *p = next_peer(c, NULL); p; p = next_peer(c, p)) {
        if (!is_in(&g, p))
            continue;
        if (!g.first)
            g.first = p;
        g.n++;
        can_pipe &= peer_can_pipe(p);
        if (version_for(c, p) < g.version)
            g.version = version_for(c, p);
    }
    bool partial = g.first && (g.first->no_keys || g.first->no_libraries);
    g.pipe = can_pipe && (partial || c->replication->engine->settings->repl_diskless_sync);
    return g;
}

/* A pipe's start waits for more replicas, which cannot join later. */
static bool is_due(const struct copy *c, const struct group *g)
{
    const struct engine *e = c->replication->engine;
    const struct settings *s = e->settings;
    long long enough = s->repl_diskless_sync_max_replicas;
    return !g->pipe || (enough && g->n >= enough) ||
           e->steady_ms - g->first->since_ms >= s->repl_diskless_sync_delay * 1000;
}

static pid_t fork_file(struct copy *c)
{
    const struct replication_services *s = &c->replication->services;
    pid_t pid = s->fork(s->context, &(struct replication_snapshot){.version = c->version});
    if (pid > 0) {
        const char *path = c->replication->engine->settings->dbfilename;
        log_line(LOG_NOTICE, "Background saving started by pid %d", (int)pid);
        mem_free(c->path);
        c->path = mem_copy_text(path, strlen(path));
        c->state = COPY_FILE;
    }
    return pid;
}

static pid_t fork_pipe(struct copy *c, const struct peer *wants)
{
    const struct replication_services *s = &c->replication->services;
    int ends[2], error = child_pipe(ends);
    if (error)
        return error;
    rng_hex(c->mark, MARK);
    pid_t pid =
        s->fork(s->context, &(struct replication_snapshot){.version = c->version,
                                                           .pipe = ends,
                                                           .mark = c->mark,
                                                           .no_keys = wants->no_keys,
                                                           .no_libraries = wants->no_libraries});
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return pid;
    }
    log_line(LOG_NOTICE, "Background RDB transfer started by pid %d", (int)pid);
    c->fd = ends[0];
    c->watch = loop_fd_new(c->replication->loop, c->fd, nothing_to_note, c);
    loop_fd_want(c->watch, LOOP_READ);
    c->piece = mem_alloc(PIECE);
    c->piece_n = 0;
    c->child_ended = false;
    c->state = COPY_PIPE;
    return pid;
}

static void join(struct copy *c, struct peer *p)
{
    peer_join(p, c->next);
    if (c->state == COPY_PIPE) {
        p->state = PEER_COPYING;
        p->piece_at = 0;
        p->sent_ms = c->replication->engine->steady_ms;
        peer_say(p, "$EOF:%s\r\n", c->mark);
    }
    peer_send(p);
}

static void start(struct copy *c, const struct group *g)
{
    struct replication *r = c->replication;
    log_line(LOG_NOTICE, "Starting BGSAVE for SYNC with target: %s",
             g->pipe ? "replicas sockets" : "disk");
    /* The data are at this offset, and the backlog keeps what follows. */
    backlog_take(&r->backlog);
    ASSERT(r->backlog.end == r->engine->journal->offset);
    /* Repeats SELECT, for replicas that ignore AUX fields. Not on a replica, which must not change
     * its primary's stream. */
    if (!replication_is_replica(r))
        journal_forget_db(r->engine->journal);
    c->next = r->backlog.end + 1;
    memcpy(c->id, r->engine->journal->history.id, sizeof(c->id));
    c->version = g->version;
    pid_t pid = g->pipe ? fork_pipe(c, g->first) : fork_file(c);
    if (pid < 0)
        log_line(LOG_WARNING, "BGSAVE for replication failed: %s", strerror((int)-pid));
    for (struct peer *p = next_peer(c, NULL); p; p = next_peer(c, p)) {
        if (!is_in(g, p) || p == g->first)
            continue;
        if (pid < 0)
            client_close(p->client);
        else
            join(c, p);
    }
    if (pid < 0)
        client_close(g->first->client);
    else
        join(c, g->first);
}

/* Adds waiting replicas that can read the file being written, as long as the backlog reaches back
 * to its fork. STEPS: not after a change of the ID, which those copies would bear without the bytes
 * that precede it. */
static void add_latecomers(struct copy *c)
{
    if (!history_same_id(c->id, c->replication->engine->journal->history.id))
        return;
    for (struct peer *p = next_peer(c, NULL); p; p = next_peer(c, p))
        if (p->state == PEER_WAITING && !p->in_copy && !p->no_keys && !p->no_libraries &&
            version_for(c, p) >= c->version && backlog_reaches(&c->replication->backlog, c->next))
            join(c, p);
}

void copy_end_turn(struct copy *c)
{
    const struct replication_services *s = &c->replication->services;
    if (c->replication->peer_n == 0)
        return;
    if (c->state == COPY_FILE)
        add_latecomers(c);
    if (c->state != COPY_IDLE)
        return;
    struct group g = find_group(c);
    if (g.first && is_due(c, &g) && s->may_fork(s->context))
        start(c, &g);
}

/* ---- The child's exit */

static void send_file_to_all(struct copy *c)
{
    int fd = file_open_read(c->path);
    int64_t size = fd < 0 ? fd : file_size(fd);
    if (size < 0) {
        log_line(LOG_WARNING, "Can't send %s to replicas: %s", c->path, strerror((int)-size));
        close_members(c);
        if (fd >= 0)
            file_close(fd);
        return;
    }
    struct peer_file *f = mem_alloc(sizeof(*f));
    *f = (struct peer_file){.fd = fd, .users = 1, .size = (uint64_t)size};
    for (struct peer *p = next_member(c, NULL); p; p = next_member(c, p))
        if (p->state == PEER_WAITING)
            peer_send_file(p, f);
    peer_file_unref(f);
}

void copy_ended(struct copy *c, bool good)
{
    enum copy_state state = c->state;
    if (state == COPY_IDLE)
        return;
    if (state == COPY_PIPE && good) {
        c->child_ended = true; /* the pipe may hold more */
        if (c->fd < 0)
            finish_pipe(c);
        return;
    }
    c->state = COPY_IDLE;
    if (good) {
        send_file_to_all(c);
        return;
    }
    close_pipe(c);
    for (struct peer *p = next_member(c, NULL); p; p = next_member(c, p))
        if (!p->file)
            client_close(p->client);
}

void copy_leave(struct copy *c, struct peer *p)
{
    const struct replication_services *s = &c->replication->services;
    bool of_pipe = c->state == COPY_PIPE && p->in_copy;
    p->in_copy = false;
    if (!of_pipe || next_member(c, NULL))
        return;
    log_line(LOG_NOTICE, "Diskless rdb transfer, last replica dropped, killing fork child.");
    if (!c->child_ended)
        s->kill(s->context);
    close_pipe(c);
    c->state = COPY_IDLE;
}
