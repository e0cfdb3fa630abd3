#include "admin/caller.h"

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

enum caller_result caller_run(struct caller *k, const char *address, struct user *u, int db,
                              const struct bytes *words, int n, struct render *r)
{
    struct engine *e = k->engine;
    struct client *c = caller_client(k, address);
    if (!c)
        return CALLER_GONE;
    if (db >= e->settings->databases)
        return CALLER_NO_DB;
    rights_set_user(c, u);
    c->db = &e->store->dbs[db];
    c->active_ms = e->steady_ms;
    exec_begin_clock(e);
    enum exec_result result = exec_request(c, &(struct exec_request){.argv = words, .argc = n});
    ASSERT(result != EXEC_BLOCKED); /* no route has a command that waits */
    take_reply(c, r);
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

void caller_end(struct caller *k)
{
    struct client *c = k->id ? client_by_id(k->engine, k->id) : NULL;
    if (c)
        client_close(c);
    k->id = 0;
}
