/* libFuzzer: what comes over a link of replication, with all commands (replica_fuzz has few, and
 * the answers of the handshake). The first byte chooses, its rest by 4:
 *
 *   0  the stream, as our primary sends it, in two pieces; then everything that it made is used.
 *      Bit 4: the primary is a Redis
 *   1  the snapshot on its way to us, in small pieces; what is taken for whole is loaded and used
 *   2  what a replica of ours says: REPLCONF, PSYNC, SYNC, ACKs; a byte 0 is a turn of the server.
 *      Bit 8: there is a history already; bit 16: min-replicas-to-ack 1; bit 32: the history is
 *      one of a confirmation
 *   3  what a primary says, on a link of its own, from PING on, with all that comes of it; a byte
 *      255 is a turn. Bits 8 and 32 as above; bit 16: we are a primary that is not confirmed, and
 *      fetches
 *
 * Seeds: replication_seeds.py. */
#include "base/assert.h"
#include "base/crc.h"
#include "base/hash.h"
#include "base/log.h"
#include "commands/families.h"
#include "commands/index.h"
#include "engine/assemble.h"
#include "engine/feed.h"
#include "engine/gate.h"
#include "engine/rights.h"
#include "engine/session.h"
#include "io/file.h"
#include "persist/dump.h"
#include "persist/rdb_read.h"
#include "replica/apply.h"
#include "replica/confirm.h"
#include "replica/follow.h"
#include "replica/peer.h"
#include "replica/receive.h"
#include "replica/replica.h"
#include "replica/role.h"
#include "script/scripting.h"
#include "store/digest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define RANDOM_ID    "000000000000000000000000000000000000000a"
#define CONFIRMED_ID "6d696c6c0000000300000000000000000000000a"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct side {
    struct engine engine;
    struct settings *settings;
    struct loop *loop;
    struct feed *feed;
    struct replication *r;
    struct journal_reader file;
    struct client *client; /* who may be a replica */
    struct conn *conn;
};

static struct conn *connection(void *context, const struct client *c)
{
    const struct side *s = context;
    return c == s->client ? s->conn : NULL;
}

static bool may_fork(void *context)
{
    (void)context;
    return true;
}

static pid_t no_child(void *context, const struct replication_snapshot *q)
{
    const struct side *s = context;
    (void)q;
    return s->engine.steady_ms % 2 ? 4711 : -ENOMEM;
}

static void nothing(void *context)
{
    (void)context;
}

static bool stop(void *context)
{
    (void)context;
    return false;
}

static void begin(struct side *s, const struct command *const *commands)
{
    const struct replication_services services = {.context = s,
                                                  .connection = connection,
                                                  .may_fork = may_fork,
                                                  .fork = no_child,
                                                  .kill = nothing};
    *s = (struct side){.settings = settings_new(), .loop = loop_new(), .feed = feed_new()};
    struct engine *e = &s->engine;
    s->settings->busy_reply_threshold = 50;
    s->settings->repl_backlog_size = 16384;
    assemble_begin(e, s->settings, registry_new(commands), 1);
    e->services.all_flushed = nothing;
    e->services.busy_turn = stop;
    e->now_ms = e->store->now_ms = 1700000000000;
    e->steady_ms = 1000;
    e->scripting = scripting_new(e);
    s->r = replica_new(e, s->loop, &services, "0123456789012345678901234567890123456789");
}

static void end(struct side *s)
{
    struct engine *e = &s->engine;
    while (!dlist_empty(&e->clients.all))
        session_close(dlist_item(e->clients.all.next, struct client, all));
    replica_free(s->r);
    journal_detach(&s->file);
    scripting_free(e->scripting);
    assemble_end(e);
    loop_free(s->loop);
    feed_free(s->feed);
    settings_free(s->settings);
}

/* What was accepted can be added up, written, and read again. */
static void use(const struct engine *e)
{
    unsigned char digest[20];
    struct rdb_get_options o = rdb_get_options_from(e->settings, e->store->streams);
    digest_store(e->store, digest);
    for (int i = 0; i < e->store->count; i++) {
        struct table_walk walk;
        table_walk_start(&walk, &e->store->dbs[i].keys);
        for (struct entry *x; (x = table_walk_next(&walk));) {
            struct buf payload = {0};
            struct entry *again = NULL;
            dump_write(&payload, x, false);
            ASSERT(dump_read(buf_bytes(&payload), entry_key(x), &o, &again, &(const char *){NULL},
                             NULL) == DUMP_GOOD);
            value_free(again);
            buf_free(&payload);
        }
    }
}

static void clear(struct engine *e)
{
    for (int i = 0; i < e->store->count; i++)
        db_flush(&e->store->dbs[i]);
    scripting_flush_functions(e->scripting);
}

static bool is_id_or_none(const char *id)
{
    return !*id || history_is_id(id);
}

static void judge(const struct side *s)
{
    const struct replication *r = s->r;
    const struct confirmation *c = &r->confirmation;
    const struct journal *j = s->engine.journal;
    ASSERT(journal_is_sound(j) && history_is_sound(&j->history));
    ASSERT(!backlog_is_open(&r->backlog) || backlog_is_sound(&r->backlog));
    ASSERT(is_id_or_none(c->proposal) && is_id_or_none(c->promise));
    ASSERT(!*c->proposal || history_generation(c->proposal) > 0);
    ASSERT(!*c->proposal || history_same_id(c->proposal, c->promise));
    ASSERT(!replication_is_replica(r) || (!*c->proposal && !c->fetch));
    ASSERT(!c->fetch || *c->proposal);
}

/* ---- The stream */

static void stream(struct bytes x, bool foreign)
{
    static struct side s;
    static bool ready;
    struct engine *e = &s.engine;
    if (!ready) {
        begin(&s, families_all());
        journal_attach(e->journal, &s.file);
        journal_set_mode(e->journal, JOURNAL_RAW);
        replica_begin(s.r, (struct bytes){0});
        ready = true;
    }
    struct apply *a = apply_new(
        s.r,
        &(struct apply_options){.address = "", .local_address = "", .fd = -1, .foreign = foreign});
    uint64_t before = e->journal->offset, asked;
    bool good = true;
    for (size_t at = 0, piece = x.n / 2; at < x.n && good; at += piece, piece = x.n - at) {
        size_t room;
        char *to = apply_place(a, &room);
        piece = piece ? piece : 1;
        ASSERT(room >= piece);
        memcpy(to, x.p + at, piece);
        good = apply_run(a, piece);
    }
    if (apply_was_asked(a, &asked))
        ASSERT(asked >= before && asked <= e->journal->offset);
    ASSERT(e->journal->offset - before <= x.n && journal_is_sound(e->journal));
    apply_free(a);
    backlog_take(&s.r->backlog);
    backlog_trim(&s.r->backlog, s.r->backlog.end);
    struct journal_batch b = journal_batch(&s.file);
    journal_take_batch(&s.file, b.stream.n, b.note_n);
    use(e);
    clear(e);
}

/* ---- The snapshot */

static bool keep_nothing(void *context, int db, const struct bytes *argv, int argc)
{
    (void)context;
    (void)db;
    return argc > 0 && argv[0].n < 100;
}

static void load(const char *path)
{
    static struct side s;
    static bool ready;
    struct engine *e = &s.engine;
    struct bytes map;
    struct rdb_read_result r;
    if (!ready) {
        begin(&s, families_all());
        ready = true;
    }
    struct rdb_read_options o = {.now_ms = e->now_ms,
                                 .values = rdb_get_options_from(e->settings, e->store->streams),
                                 .apply = keep_nothing};
    ASSERT(file_map(path, &map) == 0);
    if (rdb_read(e->store, map, &o, &r))
        use(e);
    file_unmap(map);
    clear(e);
}

static void snapshot(struct bytes x)
{
    char path[64];
    snprintf(path, sizeof(path), "/dev/shm/millrace-fuzz-%d.rdb", (int)getpid());
    struct receive *to = receive_new(path, false);
    enum receive_state state = RECEIVE_MORE;
    for (size_t at = 0, piece = 1; at < x.n && state == RECEIVE_MORE; piece = piece * 3 % 61 + 1) {
        size_t used, n = piece < x.n - at ? piece : x.n - at;
        state = receive_take(to, bytes_of(x.p + at, n), &used);
        ASSERT(used <= n && (state != RECEIVE_MORE || used == n));
        at += used;
    }
    if (state == RECEIVE_WHOLE)
        load(receive_path(to));
    receive_free(to);
}

/* ---- A replica */

static const struct command *const of_replicas[] = {&psync_command, &sync_command,
                                                    &replconf_command, &ping_command, NULL};

static void note(void *context, int events)
{
    if (events & LOOP_WRITE)
        peer_has_room(context);
}

static void turn(struct side *s)
{
    static const struct bytes del[] = {BYTES("DEL"), BYTES("x")};
    struct engine *e = &s->engine;
    replica_read(s->r);
    uint64_t before = e->journal->offset;
    bool waits = replication_is_unconfirmed(s->r);
    if (!waits)
        journal_add(e->journal, 0, del, 2, bytes_of(NULL, 0));
    if (s->file.journal)
        journal_take(&s->file, journal_unread(&s->file).n);
    e->steady_ms += 777;
    loop_turn(s->loop, 0);
    replica_tick(s->r);
    replica_serve(s->r);
    replica_begin_flush(s->r);
    replica_send(s->r);
    replica_end_turn(s->r);
    replica_copy_ended(s->r, e->steady_ms % 3 != 0);
    /* The stream of a primary that is not confirmed stands still. */
    ASSERT(!waits || !replication_is_unconfirmed(s->r) || e->journal->offset == before);
    judge(s);
}

static struct tls_context *no_tls(void *context)
{
    (void)context;
    return NULL;
}

/* There is a history that others may know, as the first byte says. */
static void live(struct side *s, unsigned kind)
{
    journal_continue(s->engine.journal, kind & 32 ? CONFIRMED_ID : RANDOM_ID, 14);
    journal_attach(s->engine.journal, &s->file);
    replica_begin(s->r, BYTES(REPLICATION_PING));
}

static void replica(struct bytes x, unsigned kind)
{
    struct side s;
    int pair[2];
    begin(&s, of_replicas);
    if (kind & 8)
        live(&s, kind);
    s.settings->min_replicas_to_ack = kind & 16 ? 1 : 0;
    s.settings->tls_replication = true; /* nobody is dialled, wherever it says that it is */
    s.r->services.tls = no_tls;
    role_begin(s.r);
    struct client *c = s.client = client_new(&s.engine);
    rights_begin(c);
    c->link = &s;
    ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
    s.conn = conn_new(s.loop, pair[0], note, c);
    while (x.n && client_may_run(c)) {
        const char *zero = memchr(x.p, 0, x.n);
        size_t n = zero ? (size_t)(zero - x.p) : x.n, room = 0;
        /* As server/link reads: into what was kept, if there is any. */
        char *place = feed_place(c, n, &room);
        size_t took = place && room < n ? room : n;
        if (place && took) {
            memcpy(place, x.p, took);
            feed_placed(c, took);
        }
        feed_begin(s.feed, FEED_NO_END);
        feed_add(s.feed, c, place ? c->in : x.p, place ? c->in_n : n);
        feed_run(s.feed);
        turn(&s);
        took += took == n && zero;
        x = bytes_of(x.p + took, x.n - took);
    }
    client_close(c);
    replica_client_gone(c);
    conn_free(s.conn);
    close(pair[1]);
    end(&s);
}

/* ---- A primary */

static struct side *loading;

static enum replication_load load_copy(void *context, const char *path, enum replication_how how,
                                       int *db)
{
    struct engine *e = &loading->engine;
    struct bytes map;
    struct rdb_read_result r;
    struct rdb_read_options o = {.now_ms = e->now_ms,
                                 .values = rdb_get_options_from(e->settings, e->store->streams),
                                 .apply = keep_nothing};
    (void)context;
    (void)how;
    clear(e);
    ASSERT(file_map(path, &map) == 0);
    bool good = rdb_read(e->store, map, &o, &r);
    file_unmap(map);
    *db = good ? r.stream_db : -1;
    if (!good)
        clear(e);
    return good ? REPLICATION_LOADED : REPLICATION_LOAD_FAILED;
}

/* Where the other end of the link listens. */
static int listener(int *port)
{
    static int fd = -1;
    static struct sockaddr_in a;
    socklen_t n = sizeof(a);
    if (fd < 0) {
        a = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        ASSERT(fd >= 0 && bind(fd, (struct sockaddr *)&a, n) == 0 && listen(fd, 50) == 0);
        ASSERT(getsockname(fd, (struct sockaddr *)&a, &n) == 0);
    }
    *port = ntohs(a.sin_port);
    return fd;
}

static void follow_turn(struct side *s)
{
    struct engine *e = &s->engine;
    loop_turn(s->loop, 0);
    timer_run(&e->timers, e->steady_ms, e->now_ms);
    replica_read(s->r);
    if (s->file.journal) {
        struct journal_batch b = journal_batch(&s->file);
        journal_take_batch(&s->file, b.stream.n, b.note_n);
    }
    replica_tick(s->r);
    replica_serve(s->r);
    replica_begin_flush(s->r);
    replica_send(s->r);
    judge(s);
}

/* It is closed without being kept: there are many. */
static void hang_up(int fd)
{
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    close(fd);
}

static int accepted(struct side *s, int listening)
{
    for (int i = 0; i < 50; i++) {
        follow_turn(s);
        int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK);
        if (fd >= 0)
            return fd;
    }
    return -1;
}

/* The link is given what it says until it closes; then there is another one, on which it goes on.
 */
static void primary(struct bytes x, unsigned kind)
{
    static const struct command *const none[] = {
        &ping_command,   &set_command,   &del_command,  &incr_command,
        &select_command, &multi_command, &exec_command, NULL};
    struct side s;
    int port, listening = listener(&port);
    begin(&s, none);
    loading = &s;
    s.r->services.load = load_copy;
    s.r->services.load_ended = nothing;
    if (kind & 8)
        live(&s, kind);
    s.settings->min_replicas_to_ack = kind & 16 ? 1 : 0;
    if (kind & 16) {
        role_begin(s.r);
        struct confirmation *c = &s.r->confirmation;
        c->fetch_ms = s.engine.steady_ms;
        c->fetch_until = 60;
        c->fetch_took = false;
        c->fetch = follow_new(s.r, "127.0.0.1", port, !c->blank, true);
    } else {
        role_follow(s.r, "127.0.0.1", port, true);
    }
    int link = -1;
    while (x.n) {
        if (link < 0 && replication_link(s.r))
            link = accepted(&s, listening);
        const char *end = memchr(x.p, 255, x.n);
        size_t n = end ? (size_t)(end - x.p) : x.n;
        if (link >= 0 && n && send(link, x.p, n, MSG_NOSIGNAL) < 0) {
            hang_up(link);
            link = -1;
        }
        follow_turn(&s);
        s.engine.steady_ms += 200;
        x = bytes_of(x.p + n + (end != NULL), x.n - n - (end != NULL));
    }
    for (int i = 0; i < 3; i++)
        follow_turn(&s);
    if (link >= 0)
        hang_up(link);
    replica_part(s.r);
    use(&s.engine);
    for (int fd; (fd = accept(listening, NULL, NULL)) >= 0;)
        hang_up(fd);
    end(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static bool ready;
    if (!ready) {
        crc_init();
        hash_init("seed", 4);
        log_set_level(LOG_WARNING + 1);
        ready = true;
    }
    if (n < 2 || n > 16384)
        return 0;
    struct bytes x = bytes_of(data + 1, n - 1);
    switch (data[0] % 4) {
    case 0:
        stream(x, data[0] & 4);
        break;
    case 1:
        snapshot(x);
        break;
    case 2:
        replica(x, data[0]);
        break;
    default:
        primary(x, data[0]);
    }
    return 0;
}
