/* Clients: creation, accounting, closing.
 *
 *   staying  --CLIENT KILL by another, an error of the socket, a limit-->  CLIENT_CLOSING
 *            --QUIT, a protocol error, CLIENT KILL by itself------------>  CLIENT_CLOSE_AFTER
 *
 *   CLIENT_CLOSING      nothing more is sent; in clients.closing, freed at the end of the turn
 *   CLIENT_CLOSE_AFTER  reads no more; closed when its output has been sent
 *
 * No client is freed in the middle of a turn: others may hold pointers to it, and its own command
 * may be running. client_is_staying() is false in both states.
 *
 * A client is linked into lists by its own nodes; client_free() unlinks all of them. Pushed output
 * is announced by client_has_output(), replies by client_has_reply(): replies are sent first.
 *
 * Memory kept for clients is counted as it grows (client_holds(), client_count_input()), so the
 * total is known without a walk; each addition must be matched by an equal subtraction. */
#include "engine/client.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/engine.h"

#define ANONYMOUS_OUT 16384 /* limit of output for a client that has not authenticated */
#define AUTH_MS       10000 /* time limit for authentication */
#define DELAY_MS      100   /* after the first wrong password; doubles with each further one */
#define DELAY_DOUBLED 5     /* at most so often */

static void output_passed(struct chain *out)
{
    client_over_output_limit(dlist_item(out, struct client, out));
}

/* Output to our primary has no limit: it is tiny. */
static const struct setting_limit *limit_of(const struct client *c)
{
    static const struct setting_limit none;
    enum client_class k = client_class(c);
    return k == CLASS_PRIMARY ? &none : &c->engine->settings->output_limits[k];
}

/* Sets the limit of its output. */
static void choose_limit(struct client *c)
{
    c->out.most = &limit_of(c)->hard;
}

struct client *client_new(struct engine *engine)
{
    struct client *c = mem_zalloc(sizeof(*c));
    c->engine = engine;
    c->id = ++engine->clients.last_id;
    c->db = &engine->store->dbs[0];
    c->reply = (struct reply){.out = &c->out, .resp = 2};
    c->out.pool = &engine->clients.blocks;
    c->out.passed = output_passed;
    choose_limit(c);
    c->created_ms = c->active_ms = engine->steady_ms;
    c->fd = -1;
    dlist_append(&engine->clients.all, &c->all);
    engine->clients.count++;
    dict_ensure(&engine->clients.by_id, bytes_of(&c->id, sizeof(c->id)))->value = c;
    return c;
}

struct client *client_new_internal(struct engine *engine, unsigned flags)
{
    struct client *c = mem_zalloc(sizeof(*c));
    c->engine = engine;
    c->db = &engine->store->dbs[0];
    c->reply = (struct reply){.out = &c->out, .resp = 2};
    c->out.pool = &engine->clients.blocks;
    c->fd = -1;
    c->flags = flags;
    return c;
}

void client_free(struct client *c)
{
    struct engine *e = c->engine;
    ASSERT(!c->wait && !c->txn && !c->subscriber && !c->pushing && !c->attached && !c->awaiting);
    ASSERT(!c->tracking && !c->peer);
    ASSERT(e->clients.input >= c->input && (e->gate.held_count > 0 || c->mark_n == 0));
    e->gate.held_count -= c->mark_n > 0;
    dlist_remove(&c->all);
    dlist_remove(&c->outgoing);
    dlist_remove(&c->resuming);
    dlist_remove(&c->closing);
    dlist_remove(&c->pushed);
    client_set_anonymous(c, false);
    timer_stop(&e->timers, &c->auth_delay);
    client_holds(c, 0, c->held);
    e->clients.input -= c->input;
    e->clients.closing_count -= (c->flags & CLIENT_CLOSING) != 0;
    if (!(c->flags & CLIENT_INTERNAL)) {
        e->clients.count--;
        dict_remove(&e->clients.by_id, bytes_of(&c->id, sizeof(c->id)));
    }
    if (c->partial) {
        request_free(c->partial);
        mem_free(c->partial);
    }
    chain_free(&c->out);
    mem_free(c->in);
    mem_free(c->marks);
    str_unref(c->name);
    str_unref(c->lib_name);
    str_unref(c->lib_version);
    mem_free(c);
}

void client_close(struct client *c)
{
    c->engine->clients.closing_count += !(c->flags & CLIENT_CLOSING);
    c->flags |= CLIENT_CLOSING;
    if (!dlist_linked(&c->closing))
        dlist_append(&c->engine->clients.closing, &c->closing);
}

void client_close_by(struct client *c, const struct client *by)
{
    /* A script's commands run as another client, which has its caller's id. */
    if (c->id == by->id) {
        c->flags |= CLIENT_KILLED_SELF;
        client_close_after_reply(c);
    } else {
        client_close(c);
    }
}

void client_close_after_reply(struct client *c)
{
    c->flags |= CLIENT_CLOSE_AFTER;
    client_has_output(c);
}

void client_has_output(struct client *c)
{
    if (!dlist_linked(&c->outgoing))
        dlist_append(&c->engine->clients.outgoing, &c->outgoing);
}

void client_has_reply(struct client *c)
{
    if (!dlist_linked(&c->outgoing))
        dlist_append(&c->engine->clients.replying, &c->outgoing);
}

void client_order_output(struct engine *e)
{
    dlist_splice(&e->clients.replying, &e->clients.outgoing);
    dlist_splice(&e->clients.outgoing, &e->clients.replying);
}

void client_keep(struct client *c, const char *data, size_t n)
{
    if (c->in && data >= c->in && data < c->in + c->in_cap) {
        if (data != c->in && n)
            memmove(c->in, data, n);
    } else if (n) {
        if (c->in_cap < n) {
            mem_free(c->in);
            c->in_cap = n < 1024 ? 1024 : n;
            c->in = mem_alloc(c->in_cap);
        }
        memcpy(c->in, data, n);
    }
    c->in_n = n;
    ASSERT(n <= c->in_cap);
    if (n == 0) {
        mem_free(c->in);
        c->in = NULL;
        c->in_cap = 0;
    }
}

/* It has not authenticated, or finished its TLS handshake, in time. */
static void auth_deadline_came(struct timer *t)
{
    struct client *c = dlist_item(t, struct client, auth_deadline);
    if (!c->link || (c->flags & CLIENT_CLOSING))
        return;
    log_line(LOG_VERBOSE, "Closing client %s that has not authenticated in time", c->address);
    client_close(c);
}

void client_set_anonymous(struct client *c, bool anonymous)
{
    struct engine *e = c->engine;
    if (anonymous == ((c->flags & CLIENT_ANONYMOUS) != 0))
        return;
    c->flags ^= CLIENT_ANONYMOUS;
    if (anonymous) {
        dlist_append(&e->clients.anonymous, &c->anonymous);
        e->clients.anonymous_count++;
        timer_set(&e->timers, &c->auth_deadline, TIMER_STEADY, e->steady_ms + AUTH_MS,
                  auth_deadline_came);
    } else {
        ASSERT(e->clients.anonymous_count > 0);
        dlist_remove(&c->anonymous);
        e->clients.anonymous_count--;
        timer_stop(&e->timers, &c->auth_deadline);
    }
}

static void auth_delay_ended(struct timer *t)
{
    struct client *c = dlist_item(t, struct client, auth_delay);
    c->flags &= ~(unsigned)CLIENT_AUTH_DELAYED;
    if (!dlist_linked(&c->resuming))
        dlist_append(&c->engine->clients.resuming, &c->resuming);
}

void client_delay_auth(struct client *c)
{
    struct engine *e = c->engine;
    unsigned doubled = c->failed_auths < DELAY_DOUBLED ? c->failed_auths : DELAY_DOUBLED;
    c->failed_auths++;
    c->flags |= CLIENT_AUTH_DELAYED;
    /* The turn's clock is truncated to milliseconds: add one, so that no delay is shorter. */
    timer_set(&e->timers, &c->auth_delay, TIMER_STEADY,
              e->steady_ms + 1 + ((int64_t)DELAY_MS << doubled), auth_delay_ended);
}

enum client_class client_class(const struct client *c)
{
    return c->flags & CLIENT_REPLICA      ? CLASS_REPLICA
           : c->flags & CLIENT_PRIMARY    ? CLASS_PRIMARY
           : c->flags & CLIENT_SUBSCRIBED ? CLASS_PUBSUB
                                          : CLASS_NORMAL;
}

void client_holds(struct client *c, size_t more, size_t less)
{
    ASSERT(c->held + more >= less);
    c->held += more - less;
    c->engine->clients.held += more - less;
}

void client_set_input(struct client *c, size_t bytes)
{
    ASSERT(c->engine->clients.input >= c->input);
    c->engine->clients.input += bytes - c->input;
    c->input = bytes;
}

size_t client_memory(const struct client *c)
{
    return sizeof(*c) + c->in_cap + c->out.memory + c->mark_cap * sizeof(*c->marks) +
           (c->partial ? request_memory(c->partial) : 0) + c->held +
           (c->subscriber ? c->subscriber->memory : 0);
}

void client_set_text(struct client *c, struct str **slot, struct str *value)
{
    client_holds(c, value ? mem_block_size(value) : 0, *slot ? mem_block_size(*slot) : 0);
    str_unref(*slot);
    *slot = value;
}

void client_set_replica(struct client *c)
{
    c->flags |= CLIENT_REPLICA;
    choose_limit(c);
}

void client_set_subscribed(struct client *c, bool subscribed)
{
    if (subscribed)
        c->flags |= CLIENT_SUBSCRIBED;
    else
        c->flags &= ~(unsigned)CLIENT_SUBSCRIBED;
    choose_limit(c);
}

void client_over_output_limit(struct client *c)
{
    if (c->flags & CLIENT_CLOSING)
        return;
    log_line(LOG_WARNING,
             "Client %s scheduled to be closed ASAP for overcoming of output buffer limits.",
             c->address);
    c->engine->stats.output_limit_disconnections++;
    client_close(c);
}

bool client_is_over_output_limit(struct client *c)
{
    const struct engine *e = c->engine;
    const struct setting_limit *l = limit_of(c);
    long long waiting = (long long)chain_waiting(&c->out);
    if ((c->flags & CLIENT_ANONYMOUS) && chain_pending(&c->out) > ANONYMOUS_OUT)
        return true;
    if (l->hard && waiting > l->hard)
        return true;
    if (!l->soft || waiting <= l->soft) {
        c->over_soft_ms = 0;
        return false;
    }
    if (!c->over_soft_ms)
        c->over_soft_ms = e->steady_ms;
    return e->steady_ms - c->over_soft_ms > l->seconds * 1000;
}

bool client_is_idle(const struct client *c)
{
    const struct engine *e = c->engine;
    /* Clients that are blocked, held or only listening are not idle. */
    if ((c->flags & (CLIENT_BLOCKED | CLIENT_SUBSCRIBED | CLIENT_PAUSED | CLIENT_AUTH_DELAYED |
                     CLIENT_REPLICA)) ||
        dlist_linked(&c->monitoring) || (c->pushing && c->pushing->subscriptions))
        return false;
    return e->settings->timeout && e->steady_ms - c->active_ms > e->settings->timeout * 1000;
}

struct client *client_by_id(struct engine *engine, uint64_t id)
{
    struct client *c = dict_get(&engine->clients.by_id, bytes_of(&id, sizeof(id)));
    return c && (c->flags & CLIENT_CLOSING) ? NULL : c;
}
