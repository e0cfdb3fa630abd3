#include "server/admit.h"

#include "acl/users.h"
#include "base/log.h"
#include "engine/client.h"

#include <string.h>

/* Of maxclients, those who have not authenticated may be a quarter, but so many in any case. */
#define ANONYMOUS_SHARE 4
#define ANONYMOUS_LEAST 8

static struct bytes address_of(const char *peer)
{
    const char *colon = strrchr(peer, ':');
    return bytes_of(peer, colon ? (size_t)(colon - peer) : 0);
}

static bool is_open(const struct engine *e)
{
    const struct user *u = e->users->default_user;
    return u->on && u->no_password;
}

/* The one who has waited longest. False: there is none. */
static bool drop_stranger(struct engine *e)
{
    struct dlist_node *n = e->clients.anonymous.next;
    while (n != &e->clients.anonymous &&
           (dlist_item(n, struct client, anonymous)->flags & CLIENT_CLOSING))
        n = n->next;
    if (n == &e->clients.anonymous)
        return false;
    struct client *c = dlist_item(n, struct client, anonymous);
    log_line(LOG_VERBOSE, "Closing client %s: too many have not authenticated", c->address);
    e->stats.rejected_connections++;
    client_close(c);
    return true;
}

/* A flood of strangers must not keep those out who are about to say who they are. */
static void limit_strangers(struct server *s)
{
    struct engine *e = &s->engine;
    size_t most = (size_t)(s->settings->maxclients / ANONYMOUS_SHARE);
    if (most < ANONYMOUS_LEAST)
        most = ANONYMOUS_LEAST;
    if (!is_open(e) && e->clients.anonymous_count >= most)
        drop_stranger(e);
}

/* Without a password the only strangers are handshakes that have not ended: they may take all
 * places, as many may begin at once, and give way when there is none left. */
static bool is_full(struct server *s)
{
    struct engine *e = &s->engine;
    return (long long)(e->clients.count - e->clients.closing_count) >= s->settings->maxclients &&
           !(is_open(e) && drop_stranger(e));
}

bool admit_connection(struct server *s, const char *peer, bool is_local, enum err *why)
{
    struct engine *e = &s->engine;
    long long most = s->settings->maxclients_per_address;
    *why = ERR_MAXCLIENTS;
    if (most && *peer && (long long)(uintptr_t)dict_get(&s->peers, address_of(peer)) >= most)
        return false;
    *why = ERR_DENIED;
    if (s->settings->protected_mode && is_open(e) && !is_local)
        return false;
    *why = ERR_MAXCLIENTS;
    if (is_full(s))
        return false;
    limit_strangers(s);
    return true;
}

struct dict_node *admit_peer(struct server *s, const char *peer)
{
    struct dict_node *n = dict_ensure(&s->peers, address_of(peer));
    n->value = (void *)((uintptr_t)n->value + 1);
    return n;
}

void admit_gone(struct server *s, struct dict_node *peer)
{
    peer->value = (void *)((uintptr_t)peer->value - 1);
    if (!peer->value)
        dict_remove(&s->peers, dict_key(peer));
}
