#include "admin/caller.h"

#include "acl/users.h"
#include "engine/exec.h"
#include "engine/gate.h"
#include "engine/rights.h"

#include <stdio.h>

bool caller_was_killed(const struct caller *k)
{
    return k->id && !client_by_id(k->engine, k->id);
}

struct client *caller_client(struct caller *k, const char *address)
{
    if (k->id)
        return client_by_id(k->engine, k->id);
    struct client *c = client_new(k->engine);
    c->fd = -1;
    /* Whoever looks at all clients finds a user, also while nobody has logged in. */
    rights_set_user(c, k->engine->users->default_user);
    /* Looking changes neither what is used nor how it is answered. */
    c->flags |= CLIENT_CONSOLE | CLIENT_NO_TOUCH;
    c->reply.resp = 3;
    snprintf(c->address, sizeof(c->address), "%s", address);
    client_set_text(c, &c->name, str_new(BYTES("console")));
    k->id = c->id;
    return c;
}

/* The reply is rendered and gone; its marks stay, for caller_is_held(). */
static void take_reply(struct client *c, struct render *r)
{
    struct iovec piece;
    while (chain_pieces(&c->out, &piece, 1, chain_end(&c->out) - c->out.taken)) {
        if (!render_feed(r, bytes_of(piece.iov_base, piece.iov_len)))
            r->w->failed = true;
        chain_take(&c->out, piece.iov_len);
    }
}

const struct command *caller_command(const struct engine *e, const struct bytes *words, size_t n)
{
    const struct command *c = n ? registry_find(e->registry, words[0]) : NULL;
    const struct command *sub =
        c && c->subcommands && n > 1 ? registry_subcommand(c, words[1]) : NULL;
    return sub ? sub : c;
}

/* Looks, and leaves no trace of that: neither hits and misses nor events of keys that are not
 * there. */
static enum exec_result look(struct client *c, const struct exec_request *q)
{
    struct store *s = c->engine->store;
    long long hits = s->hits, misses = s->misses;
    unsigned notify = s->notify;
    s->notify &= ~(unsigned)DB_EVENT_MISS;
    enum exec_result result = exec_request(c, q);
    s->notify = notify;
    s->hits = hits;
    s->misses = misses;
    return result;
}

static enum caller_result refuse(struct render *r, const char *why)
{
    buf_add_text(&r->error, why);
    return CALLER_REFUSED;
}

enum caller_result caller_run(struct caller *k, const struct caller_request *q, struct render *r)
{
    struct engine *e = k->engine;
    struct client *c = caller_client(k, q->address);
    struct exec_request request = {.argv = q->words, .argc = (int)q->n};
    const struct command *command = caller_command(e, q->words, q->n);
    if (!c)
        return CALLER_GONE;
    if (q->db >= e->settings->databases)
        return refuse(r, err_text(ERR_DB_INDEX).p);
    if (q->typed && command && command->of_connection)
        return refuse(
            r, "ERR This command acts on a connection, which an HTTP request does not have.");
    rights_set_user(c, q->user);
    c->db = &e->store->dbs[q->db];
    c->active_ms = e->steady_ms;
    exec_begin_clock(e);
    enum exec_result result = q->looks ? look(c, &request) : exec_request(c, &request);
    ASSERT(result != EXEC_BLOCKED); /* block_allowed() */
    take_reply(c, r);
    gate_note_point(e, &k->point);
    return result == EXEC_HOLD ? CALLER_PAUSED : caller_was_killed(k) ? CALLER_GONE : CALLER_DONE;
}

bool caller_is_held(const struct caller *k)
{
    struct client *c = k->id ? client_by_id(k->engine, k->id) : NULL;
    if (!c)
        return false;
    gate_sendable(c);
    return c->mark_n != 0;
}

bool caller_is_held_late(const struct caller *k)
{
    struct client *c = k->id ? client_by_id(k->engine, k->id) : NULL;
    return !gate_covers_point(k->engine, &k->point, c);
}

void caller_end(struct caller *k)
{
    struct client *c = k->id ? client_by_id(k->engine, k->id) : NULL;
    if (c)
        client_close(c);
    k->id = 0;
}
