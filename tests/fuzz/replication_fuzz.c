/* libFuzzer: what comes over a link of replication, with all commands (replica_fuzz has few, and
 * the answers of the handshake). The first byte chooses:
 *
 *   0  the stream, as our primary sends it, in two pieces; then everything that it made is used.
 *      Bit 4: the primary is a Redis
 *   1  the snapshot on its way to us, in small pieces; what is taken for whole is loaded and used
 *   2  what a replica of ours says: REPLCONF, PSYNC, SYNC, ACKs; a byte 0 is a turn of the server.
 *      Bit 8: there is a history already
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
#include "replica/peer.h"
#include "replica/receive.h"
#include "replica/replica.h"
#include "script/scripting.h"
#include "store/digest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

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
    ASSERT(!backlog_is_open(&s->r->backlog) || backlog_is_sound(&s->r->backlog));
}

/* lives: there is a history that the replica may know. */
static void replica(struct bytes x, bool lives)
{
    struct side s;
    int pair[2];
    begin(&s, of_replicas);
    if (lives) {
        journal_continue(s.engine.journal, "000000000000000000000000000000000000000a", 0);
        journal_attach(s.engine.journal, &s.file);
        replica_begin(s.r, (struct bytes){0});
    }
    struct client *c = s.client = client_new(&s.engine);
    rights_begin(c);
    c->link = &s;
    ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
    s.conn = conn_new(s.loop, pair[0], note, c);
    while (x.n && client_may_run(c)) {
        const char *zero = memchr(x.p, 0, x.n);
        size_t n = zero ? (size_t)(zero - x.p) : x.n;
        if (c->in_n) {
            struct buf all = {0};
            buf_add(&all, bytes_of(c->in, c->in_n));
            buf_add(&all, bytes_of(x.p, n));
            client_keep(c, all.p, all.n);
            buf_free(&all);
        }
        feed_begin(s.feed);
        feed_add(s.feed, c, c->in_n ? c->in : x.p, c->in_n ? c->in_n : n);
        feed_run(s.feed);
        turn(&s);
        x = bytes_of(x.p + n + (zero != NULL), x.n - n - (zero != NULL));
    }
    client_close(c);
    replica_client_gone(c);
    conn_free(s.conn);
    close(pair[1]);
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
    switch (data[0] % 3) {
    case 0:
        stream(x, data[0] & 4);
        break;
    case 1:
        snapshot(x);
        break;
    default:
        replica(x, data[0] & 8);
    }
    return 0;
}
