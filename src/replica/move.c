/* States of a move:
 *
 *   DIALLING --> TALKING --> DELETING --> OVER
 *       |            |           |
 *       +------------+-----------+--> OVER, with an error that says where the keys are
 *
 * TALKING: [AUTH] [SELECT] and a RESTORE for each key are written at once, then as many replies are
 * read. A key counts as taken only if its RESTORE succeeded, and AUTH and SELECT too: else it may
 * have gone to the wrong database. DELETING: taken keys are deleted here, in one group, as soon as
 * the server may write (act_may()): it waits during a pause or while the disk fails. A server that
 * has become a replica deletes nothing.
 *
 * What can fail: the connection, at any time; the deadline passes; the other side replies an error.
 * Taken keys are deleted all the same, the others stay. Whether the other side has the first key
 * without a reply is unknown: the error names it. Nothing is lost, since only taken keys are
 * deleted.
 *
 * Connections are kept (replica/target) for the next move to the same server with the same
 * credentials. If a kept one turns out to be closed before any reply, it is replaced, once. */
#include "replica/move.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "engine/act.h"
#include "engine/block.h"
#include "engine/pause.h"
#include "engine/state.h"
#include "persist/dump.h"
#include "replica/target.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#define AGAIN_MS   10     /* between two checks whether the server may write */
#define LINE_MOST  4096   /* longest reply */
#define LOOK_NS    200000 /* between two checks while the whole server waits */
#define TEXT_MOST  512
#define SHOWN_MOST 64 /* of a key, in an error */

enum stage { DIALLING, TALKING, DELETING, OVER };

struct moving_key {
    struct str *name;
    bool taken;
};

struct move {
    struct dlist_node node; /* in moves.all */
    struct moves *all;
    enum stage stage;
    uint64_t client_id; /* of the client that waits; 0: none */
    struct db *db;
    struct target *target;
    struct buf host, auth; /* auth: the AUTH command, or empty */
    int port;
    long long to_db;
    int64_t deadline_ms; /* by the steady clock */
    bool copy;
    bool holds; /* writes to the keys are held */
    struct buf restores;
    struct chain out;
    struct buf in;
    bool told;      /* everything to be sent is in `out` */
    int heads;      /* replies before those of the keys */
    int answered;   /* including heads */
    bool head_good; /* AUTH and SELECT succeeded */
    struct moving_key *keys;
    int key_n;
    char error[TEXT_MOST]; /* "": none */
};

struct moves {
    struct engine *engine;
    struct tls_context *(*tls)(void *context);
    void *context;
    struct dlist_node all;
    struct targets targets;
    struct timer timer;
    bool due; /* the timer has fired */
};

static void note_due(struct timer *t)
{
    dlist_item(t, struct moves, timer)->due = true;
}

/* Sets the timer for the next deadline or retry. */
static void plan(struct moves *all)
{
    int64_t at_ms = target_next_ms(&all->targets);
    for (struct dlist_node *n = all->all.next; n != &all->all; n = n->next) {
        const struct move *m = dlist_item(n, struct move, node);
        int64_t its_ms = m->stage < DELETING ? m->deadline_ms : all->engine->steady_ms + AGAIN_MS;
        at_ms = its_ms < at_ms ? its_ms : at_ms;
    }
    if (at_ms == INT64_MAX)
        timer_stop(&all->engine->timers, &all->timer);
    else
        timer_set(&all->engine->timers, &all->timer, TIMER_STEADY, at_ms, note_due);
}

/* fresh: do not use a kept connection. */
static void take_target(struct move *m, bool fresh)
{
    struct moves *all = m->all;
    const struct settings *s = all->engine->settings;
    struct dial_to to = {.host = m->host.p, .port = m->port, .source = s->bind_source_addr};
    struct buf name = {0};
    buf_add(&name, buf_bytes(&m->host));
    buf_printf(&name, ":%d ", m->port);
    buf_add(&name, buf_bytes(&m->auth));
    m->target = fresh ? NULL : target_take(&all->targets, buf_bytes(&name));
    m->stage = m->target ? TALKING : DIALLING;
    m->told = false;
    if (s->tls_cluster)
        to.tls = all->tls(all->context);
    if (!m->target)
        m->target = target_new(&all->targets, buf_bytes(&name), &to);
    buf_free(&name);
}

/* ---- Requests */

static void add_bulk(struct buf *to, struct bytes x)
{
    buf_printf(to, "$%zu\r\n", x.n);
    buf_add(to, x);
    buf_add_text(to, "\r\n");
}

static void add_restore(struct move *m, struct entry *e, const struct move_order *o)
{
    const struct engine *engine = m->all->engine;
    char ttl[NUM_INT_MAX];
    int64_t left_ms = 0;
    struct buf value = {0};
    if (e->has_ttl) {
        left_ms = entry_deadline_ms(e) - engine->store->now_ms;
        left_ms = left_ms < 1 ? 1 : left_ms;
    }
    dump_write(&value, e, engine->settings->rdbcompression);
    buf_printf(&m->restores, "*%d\r\n$7\r\nRESTORE\r\n", o->replace ? 5 : 4);
    add_bulk(&m->restores, entry_key(e));
    add_bulk(&m->restores, bytes_of(ttl, num_print_int(ttl, left_ms)));
    add_bulk(&m->restores, buf_bytes(&value));
    if (o->replace)
        add_bulk(&m->restores, BYTES("REPLACE"));
    buf_free(&value);
}

static void add_auth(struct buf *to, const struct move_order *o)
{
    if (!o->password.p)
        return;
    buf_printf(to, "*%d\r\n$4\r\nAUTH\r\n", o->user.p ? 3 : 2);
    if (o->user.p)
        add_bulk(to, o->user);
    add_bulk(to, o->password);
}

/* Connected: queues all requests. */
static void begin_talking(struct move *m)
{
    struct target *t = m->target;
    struct buf head = {0};
    char db[NUM_INT_MAX];
    m->heads = m->answered = 0;
    m->head_good = true;
    m->in.n = 0;
    m->told = true;
    chain_free(&m->out);
    if (m->auth.n && !t->used) {
        buf_add(&head, buf_bytes(&m->auth));
        m->heads++;
    }
    if (t->db != m->to_db) {
        buf_add_text(&head, "*2\r\n$6\r\nSELECT\r\n");
        add_bulk(&head, bytes_of(db, num_print_int(db, m->to_db)));
        m->heads++;
    }
    chain_add(&m->out, buf_bytes(&head));
    chain_add(&m->out, buf_bytes(&m->restores));
    buf_free(&head);
    m->stage = TALKING;
}

/* ---- Finishing */

static int count_taken(const struct move *m)
{
    int n = 0;
    for (int i = 0; i < m->key_n; i++)
        n += m->keys[i].taken;
    return n;
}

/* Appends to an error of the connection where the keys are. */
static void append_where(struct move *m, const char *why)
{
    int n = (int)strlen(m->error), taken = count_taken(m), next = m->answered - m->heads;
    if (m->stage == DIALLING) {
        snprintf(m->error + n, (size_t)(TEXT_MOST - n), " (%s; nothing was sent)", why);
        return;
    }
    next = next < 0 ? 0 : next;
    struct bytes key = str_bytes(m->keys[next].name);
    snprintf(m->error + n, (size_t)(TEXT_MOST - n),
             " (%s; %d of %d keys %s; '%.*s'%s here and may be there as well)", why, taken,
             m->key_n, m->copy ? "are copied" : "have moved",
             (int)(key.n > SHOWN_MOST ? SHOWN_MOST : key.n), key.p,
             next + 1 < m->key_n ? " and those behind it are" : " is");
}

/* Makes a text fit into one line of an error. */
static void clean(char *text)
{
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < ' ')
            *p = ' ';
}

/* The connection is broken: keeps the replies received so far. */
static bool fail(struct move *m, const char *what, const char *why)
{
    snprintf(m->error, TEXT_MOST, "IOERR error or timeout %s", what);
    append_where(m, why);
    clean(m->error);
    target_free(m->target);
    m->target = NULL;
    m->stage = DELETING;
    return true;
}

static void release_keys(struct move *m)
{
    for (int i = 0; m->holds && i < m->key_n; i++)
        pause_key(m->all->engine, m->db, str_bytes(m->keys[i].name), false);
    m->holds = false;
}

static void hold_keys(struct move *m)
{
    for (int i = 0; i < m->key_n; i++)
        pause_key(m->all->engine, m->db, str_bytes(m->keys[i].name), true);
    m->holds = true;
}

static void delete_taken(struct move *m)
{
    struct engine *e = m->all->engine;
    for (int i = 0; i < m->key_n; i++) {
        struct bytes key = str_bytes(m->keys[i].name);
        if (!m->keys[i].taken || !db_write(m->db, key))
            continue; /* expired here, and will expire there */
        struct bytes argv[] = {BYTES("DEL"), key};
        db_delete(m->db, key);
        db_count_changes(e->store, 1);
        act_effect(e, m->db, argv, 2);
        db_changed(m->db, key, DB_EVENT_GENERIC, "del");
        db_ready(m->db, key);
    }
}

/* Finishes a move. True: nothing is left to be done. within: its effects are those of a running
 * command. */
static bool finish(struct move *m, bool within)
{
    struct engine *e = m->all->engine;
    if (m->target && m->head_good)
        target_keep(m->target, clock_steady_ms());
    else
        target_free(m->target);
    m->target = NULL;
    if (m->copy || count_taken(m) == 0) {
        m->stage = OVER;
    } else if (within) {
        delete_taken(m);
        m->stage = OVER;
    } else if (e->role != ROLE_PRIMARY) {
        snprintf(m->error, TEXT_MOST,
                 "ERR this server has become a replica: the other side has the "
                 "keys, and they are still here");
        m->stage = OVER;
    } else {
        release_keys(m);
        if (act_begin(e)) {
            delete_taken(m);
            act_end(e);
            m->stage = OVER;
        } else {
            hold_keys(m);
        }
    }
    if (m->stage == OVER)
        release_keys(m);
    return m->stage == OVER;
}

/* ---- Replies */

static void take_answer(struct move *m, struct bytes line)
{
    bool good = line.n && *line.p != '-';
    int number = m->answered++;
    if (!good && !*m->error) {
        snprintf(m->error, TEXT_MOST, "ERR Target instance replied with error: %.*s",
                 (int)(line.n ? line.n - 1 : 0), line.n ? line.p + 1 : "");
        clean(m->error);
    }
    if (number < m->heads)
        m->head_good &= good;
    else
        m->keys[number - m->heads].taken = good && m->head_good;
}

/* False: malformed. */
static bool take_answers(struct move *m)
{
    size_t at = 0;
    while (m->answered < m->heads + m->key_n) {
        const char *end = m->in.n > at ? memchr(m->in.p + at, '\n', m->in.n - at) : NULL;
        if (!end) {
            buf_consume(&m->in, at);
            return m->in.n < LINE_MOST;
        }
        size_t n = (size_t)(end - m->in.p) - at;
        n -= n && end[-1] == '\r';
        take_answer(m, bytes_of(m->in.p + at, n));
        at = (size_t)(end - m->in.p) + 1;
    }
    m->in.n = 0;
    m->target->db = m->head_good ? m->to_db : -1;
    m->stage = DELETING;
    return true;
}

/* The connection is broken. True: the move is over; false: it is retried on another one. */
static bool broken(struct move *m, const char *what, const char *why)
{
    if (!m->target->used || m->answered)
        return fail(m, what, why);
    target_free(m->target);
    take_target(m, true);
    return false;
}

static bool talk(struct move *m)
{
    struct conn *c = m->target->conn;
    long n = 1;
    while (n > 0 && chain_pending(&m->out))
        n = conn_write(c, &m->out, UINT64_MAX);
    if (n < 0 && n != -EAGAIN)
        return broken(m, "writing to target instance", strerror((int)-n));
    for (;;) {
        n = conn_read(c, buf_room(&m->in, LINE_MOST), LINE_MOST);
        if (n == -EAGAIN)
            break;
        if (n <= 0)
            return broken(m, "reading to target instance",
                          n ? strerror((int)-n) : "connection closed");
        m->in.n += (size_t)n;
        if (!take_answers(m))
            return fail(m, "reading to target instance", "no answer of RESTORE");
        if (m->stage == DELETING)
            return true;
    }
    conn_want(c, true, chain_pending(&m->out) > 0);
    return false;
}

/* True: the conversation is over. */
static bool converse(struct move *m)
{
    struct target *t = m->target;
    t->rings = false;
    if (m->stage == DIALLING) {
        int r = target_connect(t);
        if (r == -EAGAIN)
            return false;
        if (r < 0)
            return fail(
                m, r == -EADDRNOTAVAIL ? "connecting to the client" : "writing to target instance",
                dial_why(t->dial));
    }
    if (!m->told)
        begin_talking(m);
    return talk(m);
}

static void step(struct move *m, int64_t now_ms, bool within)
{
    if (m->stage < DELETING && (!m->target->rings || !converse(m)) && now_ms >= m->deadline_ms)
        fail(m, m->stage == DIALLING ? "writing to target instance" : "reading to target instance",
             "time is up");
    if (m->stage == DELETING)
        finish(m, within);
}

/* ---- Interface */

struct moves *move_all_new(struct engine *e, struct loop *l,
                           struct tls_context *(*tls)(void *context), void *context)
{
    struct moves *all = mem_zalloc(sizeof(*all));
    *all = (struct moves){.engine = e, .tls = tls, .context = context};
    dlist_init(&all->all);
    target_init(&all->targets, l);
    e->moves = all;
    return all;
}

static void move_free(struct move *m)
{
    release_keys(m);
    dlist_remove(&m->node);
    target_free(m->target);
    chain_free(&m->out);
    buf_free(&m->in);
    buf_free(&m->restores);
    buf_free(&m->host);
    buf_free(&m->auth);
    for (int i = 0; i < m->key_n; i++)
        str_unref(m->keys[i].name);
    mem_free(m->keys);
    mem_free(m);
}

void move_all_free(struct moves *all)
{
    if (!all)
        return;
    while (!dlist_empty(&all->all))
        move_free(dlist_item(all->all.next, struct move, node));
    target_end(&all->targets);
    timer_stop(&all->engine->timers, &all->timer);
    all->engine->moves = NULL;
    mem_free(all);
}

/* Collects the keys that exist, without duplicates. */
static void gather(struct move *m, const struct move_order *o)
{
    struct dict seen = {0};
    m->keys = mem_alloc((size_t)o->key_n * sizeof(*m->keys));
    for (int i = 0; i < o->key_n; i++) {
        struct entry *e = db_read(o->db, o->keys[i]);
        if (!e || dict_get(&seen, o->keys[i]))
            continue;
        dict_ensure(&seen, o->keys[i])->value = m;
        add_restore(m, e, o);
        m->keys[m->key_n++] = (struct moving_key){.name = str_new(o->keys[i])};
    }
    dict_clear(&seen);
}

struct move *move_begin(struct moves *all, const struct move_order *o, const struct client *waits)
{
    struct move *m = mem_zalloc(sizeof(*m));
    *m =
        (struct move){.all = all, .db = o->db, .port = o->port, .to_db = o->to_db, .copy = o->copy};
    dlist_append(&all->all, &m->node);
    gather(m, o);
    if (m->key_n == 0) {
        move_free(m);
        return NULL;
    }
    buf_add(&m->host, o->host);
    *buf_room(&m->host, 1) = 0;
    add_auth(&m->auth, o);
    m->deadline_ms = clock_steady_ms() + o->timeout_ms;
    m->client_id = waits ? waits->id : 0;
    if (waits && !m->copy)
        hold_keys(m);
    take_target(m, false);
    plan(all);
    return m;
}

void move_finish(struct move *m)
{
    const struct timespec pause = {.tv_nsec = LOOK_NS};
    while (m->stage != OVER) {
        if (m->target)
            m->target->rings = true;
        step(m, clock_steady_ms(), true);
        if (m->stage != OVER)
            nanosleep(&pause, NULL);
    }
}

struct move *move_of(const struct moves *all, const struct client *c)
{
    for (struct dlist_node *n = all->all.next; n != &all->all; n = n->next) {
        struct move *m = dlist_item(n, struct move, node);
        if (m->client_id == c->id)
            return m;
    }
    return NULL;
}

size_t move_kept(const struct moves *all)
{
    return all ? target_count_idle(&all->targets) : 0;
}

bool move_is_any_due(const struct moves *all)
{
    return all->due || all->targets.rings;
}

bool move_is_over(const struct move *m)
{
    return m->stage == OVER;
}

const char *move_error(const struct move *m)
{
    ASSERT(m->stage == OVER);
    return *m->error ? m->error : NULL;
}

void move_let_go(struct move *m)
{
    if (m->stage == OVER)
        move_free(m);
    else
        m->client_id = 0;
}

/* Runs the waiting client's command again, which takes the result; without one, frees the move. */
static void hand_over(struct move *m)
{
    struct moves *all = m->all;
    struct client *c = m->client_id ? client_by_id(all->engine, m->client_id) : NULL;
    if (c && block_end(c, false))
        m = move_of(all, c); /* still waiting: not allowed to run again */
    if (m)
        move_free(m);
}

void move_run_all(struct moves *all)
{
    if (!move_is_any_due(all))
        return;
    int64_t now_ms = all->engine->steady_ms;
    all->due = all->targets.rings = false;
    for (struct dlist_node *n = all->all.next; n != &all->all;) {
        struct move *m = dlist_item(n, struct move, node);
        n = n->next;
        step(m, now_ms, false);
        if (m->stage == OVER)
            hand_over(m);
    }
    target_drop_idle(&all->targets, now_ms);
    plan(all);
}
