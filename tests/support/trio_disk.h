/* The struct of a node (support/trio_node.h), and everything about its data outside of the engine:
 * the file, snapshots for replicas and from a primary, loading. */
#ifndef SUPPORT_TRIO_DISK_H
#define SUPPORT_TRIO_DISK_H

#include "base/mem.h"
#include "base/num.h"
#include "engine/exec.h"
#include "engine/feed.h"
#include "engine/gate.h"
#include "engine/rights.h"
#include "engine/session.h"
#include "engine/state.h"
#include "io/conn.h"
#include "io/file.h"
#include "persist/rdb_read.h"
#include "persist/rdb_write.h"
#include "persist/wrap.h"
#include "replica/replica.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NODE_CLIENTS 5
#define NODE_LINKS   8
#define NODE_ARGS    64

struct node_frame {
    size_t end;        /* end in the log */
    size_t stream_end; /* end in the stream */
    uint64_t offset;
    char id[HISTORY_ID_LENGTH + 1];
    int db;
};

/* What a start loads. */
struct node_file {
    bool whole;        /* false: there is no file */
    struct buf rdb;    /* the base; empty: no data */
    struct buf log;    /* commands */
    struct buf stream; /* the same as replicas received it; line ends for what is not kept */
    struct node_frame *frames;
    size_t n, cap;
};

struct node_link {
    struct node *node;
    struct conn *conn; /* NULL: unused */
    struct client *client;
    bool readable;
};

/* A client of the test. */
struct node_client {
    struct client *client; /* NULL: closed */
    struct buf heard;      /* replies that were sent */
};

/* The child that writes a snapshot. */
struct node_child {
    bool runs;
    int pipe; /* -1: it writes a file */
    struct buf bytes;
    size_t at;
};

/* What survives a restart, and the node's settings. */
struct node_setup {
    bool appendonly, diskless;
    int to_ack; /* min-replicas-to-ack */
    int delay_s;
    int own_port;
    int diskless_load; /* of repl-diskless-load */
    int timeout_s;     /* repl-timeout */
    int port;          /* its primary's; 0: it is a primary */
};

struct node {
    struct node_setup setup;
    char dir[80], run_id[41];
    bool up;
    int64_t *now_ms; /* the test's clock */
    struct settings *settings;
    struct engine engine;
    struct feed *feed;
    struct loop *loop;
    struct replication *r;
    struct node_link links[NODE_LINKS];
    struct node_client clients[NODE_CLIENTS];
    struct journal_reader reader;
    struct node_file file, next; /* next: collects effects until its base is written */
    bool has_next;
    struct node_child child;
    struct buf dump; /* the last snapshot file */
    unsigned loads;  /* full synchronisations */
};

static const struct node *node_inside; /* the node whose directory is the working directory */

static inline void node_enter(const struct node *n)
{
    if (n != node_inside && chdir(n->dir) < 0)
        abort();
    node_inside = n;
}

static inline void node_leave(void)
{
    if (chdir("/tmp") < 0)
        abort();
    node_inside = NULL;
}

/* ---- Files */

static inline void node_file_free(struct node_file *f)
{
    buf_free(&f->rdb);
    buf_free(&f->log);
    buf_free(&f->stream);
    mem_free(f->frames);
    *f = (struct node_file){0};
}

static inline void node_file_frame(struct node_file *f, const struct journal *j)
{
    if (f->n == f->cap) {
        f->cap = f->cap ? f->cap * 2 : 64;
        f->frames = mem_realloc(f->frames, f->cap * sizeof(*f->frames));
    }
    struct node_frame *x = &f->frames[f->n++];
    *x = (struct node_frame){
        .end = f->log.n, .stream_end = f->stream.n, .offset = j->offset, .db = j->stream_db};
    memcpy(x->id, history_id_of_data(&j->history, j->offset), sizeof(x->id));
}

/* Writes the data as a snapshot. */
static inline void node_rdb(struct node *n, int version, bool no_keys, struct buf *out)
{
    const struct journal *j = n->engine.journal;
    struct rdb_write_options o = {.version = version,
                                  .checksum = true,
                                  .journal_offset = j->offset,
                                  .stream_db = j->db,
                                  .no_keys = no_keys,
                                  .replication_id = history_id_of_data(&j->history, j->offset)};
    struct rdb_write_result r;
    struct bytes map;
    char path[32];
    int fd = memfd_create("snapshot", 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (fd < 0 || rdb_write(fd, n->engine.store, &o, &r) || file_map(path, &map))
        abort();
    buf_add(out, map);
    file_unmap(map);
    close(fd);
}

static inline void node_file_add(struct node_file *f, struct bytes kept)
{
    buf_add(&f->log, kept);
    buf_add(&f->stream, kept);
}

/* Moves new effects to the file: what is kept, and the stream as it was. */
static inline void node_file_take(struct node *n)
{
    struct node_file *f = n->has_next ? &n->next : &n->file;
    struct journal_batch b = journal_batch(&n->reader);
    uint64_t at = n->reader.offset, from = at, end = at + b.stream.n;
    if (journal_batch_is_empty(&b))
        return;
    for (size_t i = 0; i < b.note_n; i++) {
        const struct journal_note *x = &b.notes[i];
        node_file_add(f, bytes_of(b.stream.p + (at - from), (size_t)(x->offset - at)));
        at = x->offset;
        if (x->kind == JOURNAL_ONLY)
            buf_add(&f->log, bytes_of(b.text + x->at, x->n));
        for (size_t k = 0; k < x->n && x->kind == JOURNAL_SKIP; k++, at++)
            buf_add_char(&f->stream, '\n');
    }
    node_file_add(f, bytes_of(b.stream.p + (at - from), (size_t)(end - at)));
    journal_take_batch(&n->reader, b.stream.n, b.note_n);
    node_file_frame(f, n->engine.journal);
}

/* Begins a file with the present data; a start uses it after node_file_done(). */
static inline void node_file_begin(struct node *n)
{
    node_file_free(&n->next);
    n->has_next = true;
    node_rdb(n, 11, false, &n->next.rdb);
    node_file_frame(&n->next, n->engine.journal);
    journal_attach(n->engine.journal, &n->reader);
}

static inline void node_file_done(struct node *n)
{
    if (!n->has_next)
        return;
    node_file_free(&n->file);
    n->file = n->next;
    n->file.whole = true;
    n->next = (struct node_file){0};
    n->has_next = false;
}

static inline struct gate_promise node_promise(const struct node *n)
{
    bool open = n->reader.journal != NULL;
    return (struct gate_promise){.open = open,
                                 .durable = open && !n->has_next,
                                 .released = UINT64_MAX,
                                 .locals_released = UINT64_MAX,
                                 .locals_synced = UINT64_MAX,
                                 .synced = open && !n->has_next ? n->reader.offset : 0};
}

/* ---- Loading */

static inline struct client *node_replayer(struct node *n)
{
    struct client *c = client_new(&n->engine);
    rights_begin(c);
    c->flags |= CLIENT_REPLAY;
    client_set_anonymous(c, false);
    return c;
}

static inline bool node_replay(struct client *c, const struct bytes *argv, int argc)
{
    struct aof_parse_room room = {0};
    int inner = wrap_open(argv, argc, &room);
    struct exec_request q = {.argv = inner ? room.argv : argv, .argc = inner ? inner : argc};
    unsigned errors = c->reply.errors;
    q.command = registry_find_original(c->engine->registry, q.argv[0]);
    if (!q.command)
        return false;
    exec_request(c, &q);
    aof_parse_free(&room);
    return c->reply.errors == errors;
}

/* Commands beside the values run after all values are loaded. */
static inline bool node_keep_aside(void *context, int db, const struct bytes *argv, int argc)
{
    char text[NUM_INT_MAX];
    struct bytes select[] = {BYTES("SELECT"), bytes_of(text, num_print_int(text, db))};
    journal_format(context, select, 2);
    journal_format(context, argv, argc);
    return true;
}

/* Loads a snapshot into an empty store. */
static inline bool node_load(struct node *n, struct store *to, struct bytes rdb, struct buf *aside,
                             struct rdb_read_result *r)
{
    const struct engine *e = &n->engine;
    struct rdb_read_options o = {.verify = true,
                                 .now_ms = e->now_ms,
                                 .values = rdb_get_options_from(e->settings, to->streams),
                                 .apply = node_keep_aside,
                                 .context = aside};
    return rdb_read(to, rdb, &o, r);
}

/* Runs the commands of a file. */
static inline void node_load_log(struct node *n, struct bytes log)
{
    struct client *c = node_replayer(n);
    struct bytes argv[NODE_ARGS];
    int argc;
    for (const char *p = log.p, *end = p + log.n; log.n && p < end;) {
        size_t length = request_quick(p, end, argv, NODE_ARGS, &argc);
        if (length == 0 || !node_replay(c, argv, argc)) {
            printf("# a file holds what cannot be loaded: %.*s\n", (int)(end - p), p);
            fflush(stdout);
            abort();
        }
        p += length;
    }
    session_close(c);
}

/* True: there were data. *tail: the preceding part of the stream. */
static inline bool node_load_all(struct node *n, struct bytes *tail)
{
    struct engine *e = &n->engine;
    struct rdb_read_result r;
    struct node_file *f = &n->file;
    struct buf aside = {0};
    bool from_file = n->setup.appendonly && f->whole;
    struct bytes rdb = buf_bytes(from_file ? &f->rdb : &n->dump);
    if (rdb.n == 0)
        return false;
    state_set(e, ENGINE_LOADING, true);
    if (!node_load(n, e->store, rdb, &aside, &r))
        abort();
    node_load_log(n, buf_bytes(&aside));
    buf_free(&aside);
    journal_continue(e->journal, r.replication_id, r.journal_offset);
    int db = r.stream_db;
    if (from_file) {
        const struct node_frame *last = &f->frames[f->n - 1];
        size_t most = (size_t)e->settings->repl_backlog_size, end = last->stream_end;
        node_load_log(n, bytes_of(f->log.p, last->end));
        journal_continue(e->journal, last->id, last->offset);
        db = last->db;
        *tail = bytes_of(f->stream.p + (end > most ? end - most : 0), end > most ? most : end);
    }
    state_set(e, ENGINE_LOADING, false);
    journal_stream_in(e->journal, db);
    return true;
}

/* ---- Services */

static struct conn *node_connection(void *context, const struct client *c)
{
    struct node *n = context;
    for (int i = 0; i < NODE_LINKS; i++)
        if (n->links[i].client == c)
            return n->links[i].conn;
    return NULL;
}

static bool node_may_fork(void *context)
{
    const struct node *n = context;
    return !n->child.runs && !state_is_torn(&n->engine);
}

static pid_t node_fork(void *context, const struct replication_snapshot *s)
{
    struct node *n = context;
    struct node_child *child = &n->child;
    child->bytes.n = child->at = 0;
    node_rdb(n, s->version, s->no_keys, &child->bytes);
    child->runs = true;
    child->pipe = s->pipe ? dup(s->pipe[1]) : -1;
    if (s->pipe)
        buf_add_text(&child->bytes, s->mark);
    return 4711;
}

static void node_kill(void *context)
{
    struct node_child *child = &((struct node *)context)->child;
    if (child->runs && child->pipe >= 0)
        close(child->pipe);
    child->runs = false;
}

static void node_flush(struct node *n)
{
    for (int i = 0; i < n->engine.store->count; i++)
        db_flush(&n->engine.store->dbs[i]);
}

/* Ends files and children of the old data. */
static void node_leave_old(struct node *n)
{
    journal_detach(&n->reader);
    n->has_next = false;
    if (n->child.runs) {
        node_kill(n);
        replica_copy_ended(n->r, false);
    }
}

static enum replication_load node_load_copy(void *context, const char *path,
                                            enum replication_how how, int *db)
{
    struct node *n = context;
    struct engine *e = &n->engine;
    struct rdb_read_result r;
    struct buf aside = {0};
    struct bytes map;
    bool beside = how != REPLICATION_IN_PLACE;
    struct store *other = beside ? db_store_beside(e->store) : NULL;
    n->loads++;
    if (!beside) {
        node_leave_old(n);
        node_flush(n);
    }
    journal_pause(e->journal);
    bool good = file_map(path, &map) == 0;
    if (good) {
        replica_load_turn(n->r);
        good = node_load(n, beside ? other : e->store, map, &aside, &r);
        file_unmap(map);
    }
    state_set(e, ENGINE_LOADING, true);
    if (good && beside)
        db_exchange(e->store, other);
    if (good)
        node_load_log(n, buf_bytes(&aside));
    state_set(e, ENGINE_LOADING, false);
    buf_free(&aside);
    journal_resume(e->journal);
    db_store_free(other);
    if (good && beside)
        node_leave_old(n);
    if (!good && !beside)
        node_flush(n);
    *db = good ? r.stream_db : -1;
    return good ? REPLICATION_LOADED : beside ? REPLICATION_KEPT : REPLICATION_LOAD_FAILED;
}

static void node_load_ended(void *context)
{
    struct node *n = context;
    if (n->setup.appendonly)
        node_file_begin(n);
}

/* The child writes at most `most` more bytes; true: it has ended successfully. */
static inline bool node_child_step(struct node *n, size_t most)
{
    struct node_child *child = &n->child;
    size_t left = child->bytes.n - child->at;
    if (!child->runs || !n->up)
        return false;
    node_enter(n);
    if (child->pipe >= 0 && left) {
        ssize_t put = write(child->pipe, child->bytes.p + child->at, left < most ? left : most);
        child->at += put > 0 ? (size_t)put : 0;
        return false;
    }
    if (child->pipe < 0) {
        size_t written;
        int fd = file_create("dump.rdb");
        if (fd < 0 || file_write_all(fd, buf_bytes(&child->bytes), &written))
            abort();
        file_close(fd);
        n->dump.n = 0;
        buf_add(&n->dump, buf_bytes(&child->bytes));
    }
    node_kill(n);
    replica_copy_ended(n->r, true);
    return true;
}

static inline void node_child_fails(struct node *n)
{
    if (!n->child.runs)
        return;
    node_kill(n);
    replica_copy_ended(n->r, false);
}

#endif
